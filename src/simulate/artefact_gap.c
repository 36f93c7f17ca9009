/* Gaps: nothing is recorded for a while; the samples are NaN, and EDF+ files become discontinuous (EDF+D). */
#include <math.h>
#include <string.h>

#include "artefacts_priv.h"

#define SLOT_S 120.0
#define MOST_S 100.0

static const evl_param params[] = {
    {"gaps_per_min", EVL_REAL, "0.3", 0, 0.5, NULL, "1/min", "Gaps, at most one in 120 s."},
    {"gap_s", EVL_REALS, "(1.0, 30.0)", 1, MOST_S, NULL, "s",
     "Their length: lowest, highest, uniform in the logarithm; a whole number of data records."},
    {"gap_of", EVL_STRING, "\"all\"", 0, 0, "all|channel", "", "Nothing is recorded, or one channel is missing."},
    {0}};

typedef struct gaps {
  evl_slots slots;
  double range_s[2], record_s;
  bool single;
} gaps;

static evl_status plan(const evl_params *p, const evl_making *making, evl_arena *arena, void **state) {
  gaps *s;
  EVL_NEW(arena, s, 1);
  EVL_TRY(evl_slots_range(p, "gap_s", s->range_s));
  s->record_s = evl_site_record_s(&(evl_site){.fs_hz = making->fs_hz});
  s->single = !strcmp(evl_params_string(p, "gap_of"), "channel");
  *state = s;
  return evl_slots_plan(making, "gaps", SLOT_S, evl_params_real(p, "gaps_per_min"), &s->slots);
}

/* On records; a recording begins and ends with one that is there. */
static bool draw(const gaps *s, int64_t slot, evl_event *event) {
  evl_random random;
  if (!evl_slots_draw(&s->slots, slot, &random)) return false;
  double length_s = s->range_s[0] * pow(s->range_s[1] / s->range_s[0], evl_random_uniform(&random));
  double onset_s = SLOT_S * (double)slot + (SLOT_S - length_s) * evl_random_uniform(&random);
  double first = fmax(1, floor(onset_s / s->record_s)), n = fmax(1, round(length_s / s->record_s));
  n = fmin(n, floor(s->slots.making.duration_s / s->record_s) - 1 - first);
  *event = (evl_event){.kind = "gap",
                       .onset_s = first * s->record_s,
                       .duration_s = n * s->record_s,
                       .channels = s->single ? 1u << evl_random_below(&random, EVL_HEAD_CHANNELS) : EVL_ALL_CHANNELS};
  return n > 0;
}

static evl_status run(void *state, int64_t first, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  const gaps *s = state;
  double fs_hz = s->slots.making.fs_hz;
  int64_t slot = (int64_t)((double)first / fs_hz / SLOT_S);
  for (slot = slot > 0 ? slot - 1 : 0; (double)slot * SLOT_S < (double)(first + n) / fs_hz; slot++) {
    evl_event event; /* of the slot before: rounding may have moved its end beyond it */
    if (!draw(s, slot, &event)) continue;
    int64_t begin = llround(event.onset_s * fs_hz), end = llround((event.onset_s + event.duration_s) * fs_hz);
    for (int64_t t = begin > first ? begin : first; t < end && t < first + n; t++)
      for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
        if (event.channels >> c & 1) x[(size_t)c * ld + (size_t)(t - first)] = NAN;
    if (begin >= first && begin < first + n) EVL_TRY(tell(context, &event));
  }
  return EVL_OK;
}

static double limit_uv(const void *state) { return (void)state, 0; }

const evl_artefact evl_artefact_gap = {
    .name = "gap",
    .summary = "times in which nothing is recorded: NaN, a discontinuous file",
    .definition =
        "At most one in every slot of 120 s, on whole data records, never the first or the last of the recording. "
        "Samples are NaN; an EDF+ file has no record where no channel was recorded, and its lowest value where one "
        "channel is missing. Mask: those channels.",
    .cite = "Kemp & Olivan 2003, doi:10.1016/S1388-2457(03)00123-8 (EDF+D)",
    .version = 1,
    .of_device = true,
    .params = params,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
