/* convert_frames: how many frames of the source make a record of the file. Stretches hold whole records: best a number
   that divides all pieces, else their last records are filled up. */
#include <math.h>

#include "convert_priv.h"

enum { MOST_RECORD_BYTES = 8 << 20 }; /* readers take 10 MB */
static const double SHORTEST_S = 0.1, LONGEST_S = 64;

static int64_t common_divisor(int64_t a, int64_t b) {
  while (b) {
    int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

typedef struct choice { int64_t frames; double record_s, rate_error, length_error; } choice;

static size_t frame_bytes(const evl_convert *c) {
  size_t samples = 0;
  for (int s = 0; s < c->n_signals; s++) samples += (size_t)c->source->signal[c->of[s]].samples;
  return samples * (c->wide ? 3 : 2);
}

/* A duration whose rate is exact beats all others, then the one nearest to a second. */
static void try_frames(const evl_convert *c, int64_t frames, double shortest_s, choice *best) {
  char text[16];
  double length_s = (double)frames * c->source->frame_s;
  choice new = {
      .frames = frames, .record_s = evl_edf_number(length_s, 0, 8, text), .length_error = fabs(log(length_s))};
  if (length_s < shortest_s || length_s > LONGEST_S || (size_t)frames > MOST_RECORD_BYTES / frame_bytes(c)) return;
  if (!(new.record_s > 0)) return;
  new.rate_error = fabs(new.record_s / length_s - 1);
  if (new.rate_error < 1e-12) new.rate_error = 0;
  bool exact = new.rate_error == 0, was_exact = best->frames && best->rate_error == 0;
  if (best->frames && (exact != was_exact ? was_exact : best->length_error <= new.length_error)) return;
  *best = new;
}

static choice best_divisor(const evl_convert *c, int64_t n, double shortest_s) {
  choice best = {0};
  for (int64_t d = 1; d * d <= n; d++) {
    if (n % d) continue;
    try_frames(c, d, shortest_s, &best);
    try_frames(c, n / d, shortest_s, &best);
  }
  return best;
}

/* Whether the last records of all pieces end before the next piece. */
static bool fills_fit(const evl_convert *c, int64_t frames) {
  for (int p = 0; p + 1 < c->n_pieces; p++) {
    double start_s = evl_convert_start_s(c->source, &c->piece[p]);
    double next_s = evl_convert_start_s(c->source, &c->piece[p + 1]);
    double records = ceil((double)c->piece[p].n / (double)frames);
    if (start_s + records * (double)frames * c->source->frame_s > next_s + 0.25 * c->source->frame_s) return false;
  }
  return true;
}

/* The longest record up to about a second whose filling fits; with one frame nothing is filled. */
static choice filled(const evl_convert *c) {
  for (int64_t most = (int64_t)(1 / c->source->frame_s);; most /= 2) {
    choice best = {0};
    for (int64_t frames = most > 100 ? most - 100 : 1; frames <= most; frames++) try_frames(c, frames, 0, &best);
    if (best.frames && (fills_fit(c, best.frames) || most <= 1)) return best;
    if (most <= 1) return best;
  }
}

evl_status evl_convert_records(evl_convert *c) {
  int64_t n = 0;
  for (int p = 0; p < c->n_pieces; p++) n = common_divisor(n, c->piece[p].n);
  choice best = {0};
  if (c->source->frame_s >= SHORTEST_S) try_frames(c, 1, 0, &best); /* records of the source */
  if (!best.frames || best.rate_error > 0) best = best_divisor(c, n, SHORTEST_S);
  if (!best.frames && (double)n * c->source->frame_s < SHORTEST_S && c->n_pieces == 1) best = best_divisor(c, n, 0);
  if (!best.frames) best = filled(c);
  if (!best.frames)
    return evl_fail(EVL_LIMIT, "%s: no duration of a record fits frames of %.17g s", c->source->path,
                    c->source->frame_s);
  c->frames = best.frames;
  c->record_s = best.record_s;
  c->padded = n % best.frames != 0;
  for (int s = 0; s < c->n_signals; s++) c->track[s].samples = best.frames * c->source->signal[c->of[s]].samples;
  if (best.rate_error > 0)
    evl_convert_note(c, "rates are %.1e off, because a record's duration has 8 characters", best.rate_error);
  return EVL_OK;
}
