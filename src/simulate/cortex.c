/* Noise -> coloured sources below the electrodes and alpha generators -> electrodes. The noise is one stream in order
   of time, so a recording does not depend on how it is cut into blocks. */
#include "simulate_priv.h"

#include <math.h>
#include <string.h>

enum { WARM_UP_S = 8, GENERATORS = 3 };

struct evl_cortex {
  const char *purpose;
  evl_random random;
  evl_coloured coloured;
  evl_edges edges;
  evl_rhythm rhythm;
  double mix[EVL_HEAD_CORTEX][EVL_HEAD_BACKGROUND]; /* amplitudes included */
  double *s;                                        /* [EVL_GENERATOR_BLOCK][EVL_HEAD_CORTEX] */
  double limit_uv;
};

static void make_sources(evl_cortex *cortex, int n) {
  for (int t = 0; t < n; t++) {
    double *s = cortex->s + (size_t)t * EVL_HEAD_CORTEX;
    for (int k = 0; k < EVL_HEAD_CHANNELS; k++) s[k] = evl_random_normal(&cortex->random);
    for (int k = 0; k < GENERATORS; k++) s[EVL_HEAD_BACKGROUND + k] = evl_random_normal(&cortex->random);
  }
  evl_coloured_run(&cortex->coloured, cortex->s, EVL_HEAD_CORTEX, n);
  evl_edges_run(&cortex->edges, cortex->s, EVL_HEAD_CORTEX, n);
  evl_rhythm_run(&cortex->rhythm, cortex->s + EVL_HEAD_BACKGROUND, EVL_HEAD_CORTEX, n);
}

/* Share of the background's power from 0.5 to 45 Hz that the edges leave, by Simpson's rule in the logarithm. */
static double power_left(const evl_cortex *c, double fs_hz) {
  enum { STEPS = 256 };
  double step = log(fmin(45, fs_hz / 2) / 0.5) / STEPS, sum = 0, whole = 0;
  if (c->edges.n == 0) return 1;
  for (int i = 0; i <= STEPS; i++) {
    double hz = 0.5 * exp(i * step), weight = i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2;
    double gain = evl_biquad_gain(c->edges.section, c->edges.n, hz, fs_hz);
    double power = weight * hz * evl_coloured_power(&c->coloured, hz, fs_hz);
    sum += power * gain * gain;
    whole += power;
  }
  return sum / whole;
}

/* The states of the filters stay. */
static void tune(evl_cortex *c, const evl_cortex_spec *spec, double fs_hz) {
  evl_coloured coloured;
  evl_rhythm rhythm = {0};
  evl_coloured_design(spec->exponent, fs_hz, &coloured);
  if (spec->alpha_hz > 0) evl_rhythm_design(spec->alpha_hz, spec->alpha_width_hz, fs_hz, &rhythm);
  memcpy(coloured.in, c->coloured.in, sizeof coloured.in);
  memcpy(coloured.out, c->coloured.out, sizeof coloured.out);
  memcpy(rhythm.past, c->rhythm.past, sizeof rhythm.past);
  c->coloured = coloured;
  c->rhythm = rhythm;
  double height_uv = spec->background_uv / sqrt(power_left(c, fs_hz));
  evl_head_mix(c->mix);
  for (int k = 0; k < EVL_HEAD_CORTEX; k++)
    for (int e = 0; e < EVL_HEAD_BACKGROUND; e++)
      c->mix[k][e] *= k < EVL_HEAD_BACKGROUND ? height_uv : spec->alpha_uv;
  double rms = sqrt(evl_coloured_band(&c->coloured, 1e-3, fs_hz / 2, fs_hz)) * height_uv;
  c->limit_uv = 12 * (rms + spec->alpha_uv);
}

evl_status evl_cortex_plan(const evl_cortex_spec *spec, const evl_making *making, evl_arena *arena,
                           evl_cortex **cortex) {
  evl_cortex *c;
  EVL_NEW(arena, c, 1);
  EVL_NEW(arena, c->s, (size_t)EVL_GENERATOR_BLOCK * EVL_HEAD_CORTEX);
  c->purpose = spec->purpose ? spec->purpose : "background";
  evl_random_begin(&c->random, making->seed, making->id, c->purpose, making->recording);
  EVL_TRY(evl_edges_design(spec->edge_hz, making->fs_hz, &c->edges));
  tune(c, spec, making->fs_hz);
  int64_t warm_up = (int64_t)(WARM_UP_S * making->fs_hz); /* e^-5 of the slowest pole's start is left */
  for (int64_t left = warm_up; left > 0; left -= EVL_GENERATOR_BLOCK)
    make_sources(c, left < EVL_GENERATOR_BLOCK ? (int)left : EVL_GENERATOR_BLOCK);
  *cortex = c;
  return EVL_OK;
}

void evl_cortex_run(evl_cortex *cortex, const double *factor, double *x, size_t ld, int n) {
  double y[EVL_HEAD_BACKGROUND];
  make_sources(cortex, n);
  for (int t = 0; t < n; t++) {
    const double *s = cortex->s + (size_t)t * EVL_HEAD_CORTEX;
    for (int c = 0; c < EVL_HEAD_BACKGROUND; c++) y[c] = 0;
    for (int k = 0; k < EVL_HEAD_CORTEX; k++)
      for (int c = 0; c < EVL_HEAD_BACKGROUND; c++) y[c] += cortex->mix[k][c] * s[k];
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++) x[(size_t)c * ld + (size_t)t] = factor ? factor[t] * y[c] : y[c];
  }
}

void evl_cortex_restart(evl_cortex *cortex, const evl_making *making, uint64_t index) {
  evl_random_begin(&cortex->random, making->seed, making->id, cortex->purpose, index);
  memset(cortex->coloured.in, 0, sizeof cortex->coloured.in);
  memset(cortex->coloured.out, 0, sizeof cortex->coloured.out);
  memset(cortex->edges.state, 0, sizeof cortex->edges.state);
  memset(cortex->rhythm.past, 0, sizeof cortex->rhythm.past);
}

void evl_cortex_retune(evl_cortex *cortex, const evl_cortex_spec *spec, double fs_hz) { tune(cortex, spec, fs_hz); }

double evl_cortex_limit_uv(const evl_cortex *cortex) { return cortex->limit_uv; }
