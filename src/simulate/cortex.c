/* Noise -> coloured sources below the electrodes and alpha generators -> electrodes. The noise is one stream in order
   of time, so a recording does not depend on how it is cut into blocks. */
#include "simulate_priv.h"

#include <math.h>

enum { WARM_UP_S = 8, GENERATORS = 3 };

struct evl_cortex {
  evl_random random;
  evl_coloured coloured;
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
  evl_rhythm_run(&cortex->rhythm, cortex->s + EVL_HEAD_BACKGROUND, EVL_HEAD_CORTEX, n);
}

evl_status evl_cortex_plan(const evl_cortex_spec *spec, const evl_making *making, evl_arena *arena,
                           evl_cortex **cortex) {
  evl_cortex *c;
  EVL_NEW(arena, c, 1);
  EVL_NEW(arena, c->s, (size_t)EVL_GENERATOR_BLOCK * EVL_HEAD_CORTEX);
  evl_random_begin(&c->random, making->seed, making->id, "background", making->recording);
  evl_coloured_design(spec->exponent, making->fs_hz, &c->coloured);
  evl_rhythm_design(spec->alpha_hz, spec->alpha_width_hz, making->fs_hz, &c->rhythm);
  evl_head_mix(c->mix);
  for (int k = 0; k < EVL_HEAD_CORTEX; k++)
    for (int e = 0; e < EVL_HEAD_BACKGROUND; e++)
      c->mix[k][e] *= k < EVL_HEAD_BACKGROUND ? spec->background_uv : spec->alpha_uv;
  double rms = sqrt(evl_coloured_band(&c->coloured, 1e-3, making->fs_hz / 2, making->fs_hz)) * spec->background_uv;
  c->limit_uv = 12 * (rms + spec->alpha_uv);
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

double evl_cortex_limit_uv(const evl_cortex *cortex) { return cortex->limit_uv; }
