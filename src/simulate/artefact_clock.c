/* A sampling clock that is not what the header says: the brain's activity read by the wrong clock. */
#include <math.h>
#include <stdio.h>

#include "artefacts_priv.h"

enum { TAPS = 16 }; /* of the interpolation: half of them before, half behind */

static const evl_param params[] = {
    {"clock_ppm", EVL_REALS, "(-100.0, 100.0)", -10000, 10000, NULL, "ppm",
     "How much too fast the clock of a recording runs: lowest, highest."},
    {0}};

typedef struct clock {
  double ratio; /* true seconds of a second by the clock */
  double ppm, duration_s;
  int64_t delay, size; /* samples; of the ring */
  double *ring;        /* [size][EVL_HEAD_CHANNELS] */
  char note[32];
} clock;

static evl_status plan(const evl_params *p, const evl_making *making, evl_arena *arena, void **state) {
  clock *s;
  double range[2];
  EVL_NEW(arena, s, 1);
  EVL_TRY(evl_slots_range(p, "clock_ppm", range));
  s->ppm = evl_slots_own(making, "clock_ppm", range, false);
  s->ratio = 1 / (1 + 1e-6 * s->ppm);
  s->duration_s = making->duration_s;
  double drift = making->duration_s * making->fs_hz * (s->ratio - 1); /* above 0: samples to come would be asked for */
  s->delay = TAPS / 2 + (int64_t)ceil(fmax(0, drift));
  s->size = s->delay + TAPS + (int64_t)ceil(fabs(drift)) + 1;
  EVL_NEW(arena, s->ring, s->size * EVL_HEAD_CHANNELS);
  snprintf(s->note, sizeof s->note, "%+.6g ppm", s->ppm);
  *state = s;
  return EVL_OK;
}

/* A sinc within a Hann window; weights sum to 1. */
static void weigh(double part, double weight[TAPS]) {
  double pi = acos(-1.0), sum = 0;
  for (int k = 0; k < TAPS; k++) {
    double u = k - (TAPS / 2 - 1) - part, window = 0.5 + 0.5 * cos(2 * pi * u / TAPS);
    weight[k] = fabs(u) < 1e-12 ? 1 : window * sin(pi * u) / (pi * u);
    sum += weight[k];
  }
  for (int k = 0; k < TAPS; k++) weight[k] /= sum;
}

static evl_status run(void *state, int64_t first, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  clock *s = state;
  double weight[TAPS];
  if (s->ppm == 0) return EVL_OK;
  for (int t = 0; t < n; t++) {
    int64_t now = first + t;
    double *row = s->ring + now % s->size * EVL_HEAD_CHANNELS;
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++) row[c] = x[(size_t)c * ld + (size_t)t];
    double at = (double)now * s->ratio - (double)s->delay;
    int64_t whole = (int64_t)floor(at);
    weigh(at - (double)whole, weight);
    double y[EVL_HEAD_CHANNELS] = {0};
    for (int k = 0; k < TAPS; k++) {
      int64_t from = whole + k - (TAPS / 2 - 1);
      const double *past = s->ring + (from > 0 ? from % s->size : 0) * EVL_HEAD_CHANNELS; /* none before the first */
      for (int c = 0; c < EVL_HEAD_CHANNELS; c++) y[c] += weight[k] * past[c];
    }
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++) x[(size_t)c * ld + (size_t)t] = y[c];
  }
  return first > 0 ? EVL_OK : tell(context, &(evl_event){"clock", 0, s->duration_s, 0, EVL_ALL_CHANNELS, s->note});
}

static double limit_uv(const void *state) { return (void)state, 0; }

const evl_artefact evl_artefact_clock = {
    .name = "clock",
    .summary = "a sampling clock that runs too fast or too slow",
    .definition =
        "Sample n is the brain's activity at n / (1 + 1e-6 ppm) - d samples by a true clock, d = 8, or so many more"
        " as a slow clock will have lost by the end (before the start: the first sample); sinc of 16 points within "
        "a Hann window. Artefacts come behind it and keep the times of the file. Mask: everything; its note tells "
        "the ppm.",
    .cite = "Smith 2011, Spectral Audio Signal Processing, windowed-sinc interpolation",
    .version = 1,
    .params = params,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
