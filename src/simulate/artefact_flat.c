/* Flat channels: an input that is shorted or switched off, for a time or throughout. */
#include <math.h>

#include "artefacts_priv.h"

#define SLOT_S 120.0
#define MOST_S 100.0

static const evl_param params[] = {
    {"flats_per_min", EVL_REAL, "0.3", 0, 0.5, NULL, "1/min", 
     "Times in which one channel is flat, at most one in 120 s."},
    {"flat_s", EVL_REALS, "(1.0, 20.0)", 0.1, MOST_S, NULL, "s",
     "Their length: lowest, highest, uniform in the logarithm."},
    {"flat_channels", EVL_INT, "0", 0, EVL_HEAD_CHANNELS, NULL, "", "Channels that are flat throughout, at random."},
    {0}};

typedef struct flats {
  evl_slots slots;
  double range_s[2];
  uint32_t whole; /* channels flat throughout */
} flats;

static evl_status plan(const evl_params *p, const evl_making *making, evl_arena *arena, void **state) {
  flats *s;
  evl_random random;
  int order[EVL_HEAD_CHANNELS];
  EVL_NEW(arena, s, 1);
  EVL_TRY(evl_slots_range(p, "flat_s", s->range_s));
  evl_random_begin(&random, making->seed, making->id, "flat_channels", making->recording);
  evl_random_permutation(&random, order, EVL_HEAD_CHANNELS);
  for (int i = 0; i < evl_params_int(p, "flat_channels"); i++) s->whole |= 1u << order[i];
  *state = s;
  return evl_slots_plan(making, "flats", SLOT_S, evl_params_real(p, "flats_per_min"), &s->slots);
}

/* On whole samples, so that the mask is exact. */
static bool draw(const flats *s, int64_t slot, evl_event *event) {
  evl_random random;
  double fs_hz = s->slots.making.fs_hz;
  if (!evl_slots_draw(&s->slots, slot, &random)) return false;
  double length_s = s->range_s[0] * pow(s->range_s[1] / s->range_s[0], evl_random_uniform(&random));
  double onset_s = SLOT_S * (double)slot + (SLOT_S - length_s) * evl_random_uniform(&random);
  *event = (evl_event){.kind = "flat",
                       .onset_s = ceil(onset_s * fs_hz) / fs_hz,
                       .channels = 1u << evl_random_below(&random, EVL_HEAD_CHANNELS)};
  double end_s = fmin(ceil((onset_s + length_s) * fs_hz) / fs_hz, s->slots.making.duration_s);
  event->duration_s = end_s - event->onset_s;
  return event->duration_s > 0;
}

static void flatten(uint32_t channels, double *x, size_t ld, int from, int to) {
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
    for (int t = from; t < to && channels >> c & 1; t++) x[(size_t)c * ld + (size_t)t] = 0;
}

static evl_status run(void *state, int64_t first, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  const flats *s = state;
  double fs_hz = s->slots.making.fs_hz;
  flatten(s->whole, x, ld, 0, n);
  if (first == 0 && s->whole)
    EVL_TRY(tell(context, &(evl_event){"flat", 0, s->slots.making.duration_s, 0, s->whole, NULL}));
  double end_s = (double)(first + n) / fs_hz;
  for (int64_t slot = (int64_t)((double)first / fs_hz / SLOT_S); (double)slot * SLOT_S < end_s; slot++) {
    evl_event event;
    if (!draw(s, slot, &event)) continue;
    int64_t begin = llround(event.onset_s * fs_hz), end = llround((event.onset_s + event.duration_s) * fs_hz);
    if (begin < first + n && end > first)
      flatten(event.channels, x, ld, begin > first ? (int)(begin - first) : 0,
              end < first + n ? (int)(end - first) : n);
    if (begin >= first && begin < first + n) EVL_TRY(tell(context, &event));
  }
  return EVL_OK;
}

static double limit_uv(const void *state) { return (void)state, 0; }

const evl_artefact evl_artefact_flat = {
    .name = "flat",
    .summary = "channels that are exactly 0, for a time or throughout",
    .definition =
        "At most one time in every slot of 120 s, inside it, on one channel; flat_channels channels throughout. "
        "Mask: those samples.",
    .cite = "Tatum et al. 2011, doi:10.1097/WNP.0b013e31821c3c93",
    .version = 1,
    .of_device = true,
    .params = params,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
