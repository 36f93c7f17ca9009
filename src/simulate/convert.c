/* convert: two passes over a source. The first learns ranges and what is missing, the second writes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert_priv.h"

static const double BLOCK_S = 4;

void evl_convert_note(evl_convert *c, const char *format, ...) {
  size_t used = strlen(c->note);
  if (used) used += (size_t)snprintf(c->note + used, sizeof c->note - used, "; ");
  if (used >= sizeof c->note) return;
  va_list list;
  va_start(list, format);
  vsnprintf(c->note + used, sizeof c->note - used, format, list);
  va_end(list);
}

/* ---- blocks of frames ---- */

typedef struct block {
  double **x;        /* [n_signals] */
  int64_t frames;    /* room */
} block;

static evl_status plan_block(const evl_convert_source *source, int64_t least, evl_arena *arena, block *b) {
  b->frames = (int64_t)fmax(1, floor(BLOCK_S / source->frame_s));
  if (b->frames > source->most_frames) b->frames = source->most_frames;
  b->frames = b->frames / least * least;
  if (b->frames < least) b->frames = least;
  EVL_NEW(arena, b->x, source->n_signals);
  for (int s = 0; s < source->n_signals; s++) EVL_NEW(arena, b->x[s], b->frames * source->signal[s].samples);
  return EVL_OK;
}

/* Of any length: a record may be longer than what is read at once. */
static evl_status read_frames(const evl_convert_source *source, int stretch, int64_t first, int64_t n, block *b,
                              double **at) {
  for (int s = 0; s < source->n_signals; s++) at[s] = b->x[s];
  while (n > 0) {
    int64_t m = n < source->most_frames ? n : source->most_frames;
    EVL_TRY(source->read(source->context, stretch, first, m, at));
    for (int s = 0; s < source->n_signals; s++) at[s] += m * source->signal[s].samples;
    first += m;
    n -= m;
  }
  return EVL_OK;
}

/* ---- the first pass ---- */

static void see_samples(const double *x, int64_t n, evl_convert_seen *seen) {
  static const double tens[EVL_CONVERT_DECIMALS] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};
  for (int64_t i = 0; i < n; i++) {
    if (!isfinite(x[i])) {
      seen->n_missing++;
      continue;
    }
    if (!seen->n++ || x[i] < seen->low) seen->low = x[i];
    if (seen->n == 1 || x[i] > seen->high) seen->high = x[i];
    for (int d = 0; d < EVL_CONVERT_DECIMALS; d++) {
      if (seen->off[d] > 1e-6) continue;
      double scaled = x[i] * tens[d], off = fabs(scaled - nearbyint(scaled));
      if (off > seen->off[d]) seen->off[d] = off;
    }
  }
}

static evl_status see_all(evl_convert *c, block *b, double **at) {
  const evl_convert_source *source = c->source;
  for (int k = 0; k < source->n_stretches; k++)
    for (int64_t first = 0, n; first < source->stretch[k].n_records; first += n) {
      n = source->stretch[k].n_records - first < b->frames ? source->stretch[k].n_records - first : b->frames;
      EVL_TRY(read_frames(source, k, first, n, b, at));
      for (int s = 0; s < source->n_signals; s++) see_samples(b->x[s], n * source->signal[s].samples, &c->seen[s]);
    }
  return EVL_OK;
}

/* ---- pieces: stretches without what is missing ---- */

static evl_status add_frames(evl_convert *c, int stretch, int64_t first, int64_t n, evl_arena *arena) {
  evl_convert_piece *last = c->n_pieces ? &c->piece[c->n_pieces - 1] : NULL;
  if (last && last->stretch == stretch && last->first + last->n == first) {
    last->n += n;
    return EVL_OK;
  }
  if (c->n_pieces == c->piece_capacity) {
    evl_convert_piece *wider;
    c->piece_capacity = 4 * c->piece_capacity + 16;
    EVL_NEW(arena, wider, c->piece_capacity);
    if (c->n_pieces) memcpy(wider, c->piece, (size_t)c->n_pieces * sizeof *wider);
    c->piece = wider;
  }
  c->piece[c->n_pieces++] = (evl_convert_piece){stretch, first, n};
  return EVL_OK;
}

/* Missing samples of all kept signals in frame f of a block; *which: one that misses. */
static int64_t missing_in(const evl_convert *c, const block *b, int64_t f, int64_t *all, int *which) {
  int64_t missing = 0;
  *all = 0;
  for (int s = 0; s < c->n_signals; s++) {
    int64_t n = c->source->signal[c->of[s]].samples;
    const double *x = b->x[c->of[s]] + f * n;
    for (int64_t i = 0; i < n; i++)
      if (!isfinite(x[i])) {
        missing++;
        *which = c->of[s];
      }
    *all += n;
  }
  return missing;
}

static evl_status split_block(evl_convert *c, const block *b, int stretch, int64_t first, int64_t n,
                              evl_arena *arena) {
  for (int64_t f = 0; f < n; f++) {
    int which = 0;
    int64_t all, missing = missing_in(c, b, f, &all, &which);
    if (missing == 0) EVL_TRY(add_frames(c, stretch, first + f, 1, arena));
    if (missing == 0 || missing == all) continue;
    double at_s = c->source->stretch[stretch].start_s + (double)(first + f) * c->source->frame_s;
    return evl_fail(EVL_FORMAT, "%s: signal %s has no sample at %.9g s where others have: EDF has gaps of all signals "
                    "together alone, and no number is made up for it", c->source->path, c->source->signal[which].label,
                    at_s);
  }
  return EVL_OK;
}

static evl_status split_all(evl_convert *c, block *b, double **at, evl_arena *arena) {
  const evl_convert_source *source = c->source;
  int64_t missing = 0;
  for (int s = 0; s < c->n_signals; s++) missing += c->seen[c->of[s]].n_missing;
  for (int k = 0; k < source->n_stretches; k++) {
    int64_t all = source->stretch[k].n_records;
    if (!missing && all > 0) EVL_TRY(add_frames(c, k, 0, all, arena));
    for (int64_t first = 0, n; missing && first < all; first += n) {
      n = all - first < b->frames ? all - first : b->frames;
      EVL_TRY(read_frames(source, k, first, n, b, at));
      EVL_TRY(split_block(c, b, k, first, n, arena));
    }
  }
  if (c->n_pieces == 0) return evl_fail(EVL_FORMAT, "%s: no sample of any signal is there", source->path);
  c->start_s = evl_convert_start_s(source, &c->piece[0]);
  return EVL_OK;
}

/* ---- tracks ---- */

/* Printable ASCII of at most `most` characters; the micro sign and the Greek mu become u. */
static void plain_text(const char *from, size_t most, char *to) {
  size_t n = 0;
  for (const unsigned char *p = (const unsigned char *)from; *p && n < most; p++) {
    if ((*p & 0xC0) == 0x80) continue; /* the rest of a character */
    bool micro = (p[0] == 0xC2 && p[1] == 0xB5) || (p[0] == 0xCE && p[1] == 0xBC);
    to[n++] = micro ? 'u' : *p < 32 || *p > 126 ? '?' : (char)*p;
  }
  while (n > 0 && to[n - 1] == ' ') n--;
  to[n] = 0;
}

/* Different labels stay different when they are cut; one that means annotations means nothing else. */
static evl_status take_label(evl_convert *c, int s, evl_arena *arena) {
  const evl_convert_signal *signal = &c->source->signal[c->of[s]];
  char *label, plain[17];
  EVL_NEW(arena, label, 24);
  plain_text(signal->label, 16, label);
  if (!*label || !strcmp(label, "EDF Annotations") || !strcmp(label, "BDF Annotations"))
    snprintf(label, 24, "signal %d", c->of[s] + 1);
  memcpy(plain, label, sizeof plain);
  for (int i = 0, again = 2; i < s; i++) {
    if (strcmp(c->track[i].label, label) || !strcmp(c->source->signal[c->of[i]].label, signal->label)) continue;
    snprintf(label, 24, "%.*s~%d", again < 10 ? 14 : 12, plain, again);
    again++;
    i = -1;
  }
  c->track[s].label = label;
  if (strcmp(label, signal->label)) evl_convert_note(c, "signal %d is called %s", c->of[s] + 1, label);
  return EVL_OK;
}

static evl_status take_tracks(evl_convert *c, evl_arena *arena) {
  int n = c->source->n_signals;
  EVL_NEW(arena, c->of, n);
  for (int s = 0; s < n; s++) {
    if (c->seen[s].n) c->of[c->n_signals++] = s;
    else evl_convert_note(c, "signal %s has no sample and is left out", c->source->signal[s].label);
  }
  if (c->n_signals == 0) return evl_fail(EVL_FORMAT, "%s: no sample of any signal is there", c->source->path);
  EVL_NEW(arena, c->track, c->n_signals);
  for (int s = 0; s < c->n_signals; s++) {
    char *unit;
    EVL_NEW(arena, unit, 9);
    plain_text(c->source->signal[c->of[s]].unit, 8, unit);
    c->track[s].unit = unit;
    EVL_TRY(take_label(c, s, arena));
  }
  return EVL_OK;
}

/* ---- the plan ---- */

/* Half a sample of the fastest signal is where readers see a gap. */
static bool is_gap(const evl_convert *c, double gap_s) {
  int64_t most = 1;
  for (int s = 0; s < c->n_signals; s++) most = c->track[s].samples > most ? c->track[s].samples : most;
  return gap_s > 0.5 * c->record_s / (double)most;
}

static double piece_s(const evl_convert *c, const evl_convert_piece *piece) {
  return (double)piece->n * c->source->frame_s;
}

/* Bytes of the fullest record, if each annotation goes into that of its onset. */
static evl_status count_annotations(evl_convert *c) {
  const evl_convert_source *source = c->source;
  double record = -1;
  int64_t bytes = 0, most = 0;
  for (int i = 0; i < source->n_annotations; i++) {
    double of = floor((source->annotation[i].onset_s - c->start_s) / c->record_s);
    int64_t own = evl_edf_annotation_bytes(&source->annotation[i]);
    bytes = of == record ? bytes + own : own;
    record = of;
    most = bytes > most ? bytes : most;
  }
  c->annotation_bytes = (int)fmin((double)most + 128, 1 << 15); /* more waits for the next records */
  return EVL_OK;
}

static int count_gaps(const evl_convert *c) {
  int n = 0;
  for (int p = 0; p + 1 < c->n_pieces; p++) {
    double end_s = evl_convert_start_s(c->source, &c->piece[p]) + piece_s(c, &c->piece[p]);
    n += is_gap(c, evl_convert_start_s(c->source, &c->piece[p + 1]) - end_s);
  }
  return n;
}

static void report_on(evl_convert *c, evl_convert_report *report) {
  const evl_convert_piece *last = &c->piece[c->n_pieces - 1];
  int gaps = count_gaps(c), joined = c->n_pieces - 1 - gaps;
  if (joined)
    evl_convert_note(c, "%d place%s where the recording was stopped without a gap in time %s not marked", joined,
                     joined == 1 ? "" : "s", joined == 1 ? "is" : "are");
  *report = (evl_convert_report){.wide = c->wide,
                                 .gaps = gaps > 0,
                                 .n_signals = c->n_signals,
                                 .n_stretches = gaps + 1,
                                 .duration_s = evl_convert_start_s(c->source, last) + piece_s(c, last) - c->start_s,
                                 .start_s = c->start_s,
                                 .note = c->note};
}

evl_status evl_convert_plan(const evl_convert_source *source, evl_convert_format format, evl_arena *arena,
                            evl_convert **convert, evl_convert_report *report) {
  evl_convert *c;
  block b;
  double **at;
  EVL_NEW(arena, c, 1);
  EVL_NEW(arena, c->seen, source->n_signals);
  EVL_NEW(arena, at, source->n_signals);
  c->source = source;
  EVL_TRY(plan_block(source, 1, arena, &b));
  EVL_TRY(see_all(c, &b, at));
  EVL_TRY(take_tracks(c, arena));
  EVL_TRY(split_all(c, &b, at, arena));
  EVL_TRY(evl_convert_ranges(c, format));
  EVL_TRY(evl_convert_records(c));
  EVL_TRY(count_annotations(c));
  if (c->start_s > 0) evl_convert_note(c, "the first %.9g s are missing and times start behind them", c->start_s);
  report_on(c, report);
  *convert = c;
  return EVL_OK;
}

/* ---- the second pass ---- */

typedef struct writing {
  const evl_convert *c;
  evl_edf_writer *writer;
  block b;
  double **at;             /* [source->n_signals] */
  const double **out;      /* [n_signals] */
  int next;                /* annotation */
  double end_s;            /* of what was written */
} writing;

/* Annotations whose onset lies before `to_s`, counted from the start of the file. */
static evl_status annotate(writing *w, double to_s) {
  const evl_convert_source *source = w->c->source;
  for (; w->next < source->n_annotations; w->next++) {
    evl_edf_annotation a = source->annotation[w->next];
    a.onset_s -= w->c->start_s;
    if (a.onset_s >= to_s) break;
    EVL_TRY(evl_edf_annotate(w->writer, &a));
  }
  return EVL_OK;
}

/* The last record of a piece is filled up with its last samples, and says so. */
static evl_status fill_up(writing *w, int64_t there, int64_t frames, double end_s) {
  for (int s = 0; s < w->c->source->n_signals; s++) {
    int64_t n = w->c->source->signal[s].samples;
    double *x = w->b.x[s], last = x[there * n - 1];
    for (int64_t i = there * n; i < frames * n; i++) x[i] = last;
  }
  return evl_edf_annotate(w->writer, &(evl_edf_annotation){end_s, (double)(frames - there) * w->c->source->frame_s,
                                                           "padding"});
}

static evl_status write_piece(writing *w, const evl_convert_piece *piece, bool last) {
  const evl_convert *c = w->c;
  double start_s = evl_convert_start_s(c->source, piece) - c->start_s;
  if (is_gap(c, start_s - w->end_s)) {
    EVL_TRY(evl_edf_gap(w->writer, start_s - w->end_s));
    w->end_s = start_s;
  }
  for (int64_t first = 0, n; first < piece->n; first += n) {
    n = piece->n - first < w->b.frames ? piece->n - first : w->b.frames;
    int64_t records = (n + c->frames - 1) / c->frames;
    EVL_TRY(read_frames(c->source, piece->stretch, piece->first + first, n, &w->b, w->at));
    if (n % c->frames)
      EVL_TRY(fill_up(w, n, records * c->frames, start_s + (double)(first + n) * c->source->frame_s));
    for (int64_t r = 0; r < records; r++) {
      for (int s = 0; s < c->n_signals; s++) w->out[s] = w->b.x[c->of[s]] + r * c->track[s].samples;
      bool end = last && first + n == piece->n && r + 1 == records;
      EVL_TRY(annotate(w, end ? INFINITY : start_s + (double)(first + (r + 1) * c->frames) * c->source->frame_s));
      EVL_TRY(evl_edf_records(w->writer, w->out, 1));
    }
    w->end_s += (double)records * c->record_s;
  }
  return EVL_OK;
}

static evl_status write_pieces(writing *w) {
  for (int p = 0; p < w->c->n_pieces; p++) EVL_TRY(write_piece(w, &w->c->piece[p], p + 1 == w->c->n_pieces));
  return EVL_OK;
}

evl_status evl_convert_write(const evl_convert *c, const char *path, evl_arena *arena) {
  writing w = {.c = c};
  EVL_TRY(plan_block(c->source, c->frames, arena, &w.b));
  EVL_NEW(arena, w.at, c->source->n_signals);
  EVL_NEW(arena, w.out, c->n_signals);
  const evl_edf_spec spec = {.n_signals = c->n_signals,
                             .record_s = c->record_s,
                             .track = c->track,
                             .wide = c->wide,
                             .annotation_bytes = c->annotation_bytes};
  EVL_TRY(evl_edf_begin(path, &spec, arena, &w.writer));
  evl_status status = write_pieces(&w);
  if (status == EVL_OK) return evl_edf_end(w.writer);
  evl_edf_abandon(w.writer);
  return status;
}
