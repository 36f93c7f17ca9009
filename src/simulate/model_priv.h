/* What the mechanisms that integrate a model share, and their right-hand sides, which the tests compare with external
   truth. */
#ifndef EVEIL_MODEL_PRIV_H
#define EVEIL_MODEL_PRIV_H

#include "simulate_priv.h"

/* ---- sampler.c: a model with its own step, seen by the electrodes at fs ---------------------- */

typedef struct evl_sampler_spec {
  const evl_making *making;
  double model_hz;   /* steps a second */
  int n_sources;     /* values that a step hands out */
  const double *mix; /* [n_sources][EVL_HEAD_BACKGROUND], microvolt a unit */
  double noise_uv;   /* sd of white noise of each channel at fs */
  double warm_up_s;  /* steps that nobody sees */
} evl_sampler_spec;
/* Makes one step and writes what the sources show then, [n_sources]. */
typedef void evl_step(void *model, double *source);
typedef struct evl_sampler evl_sampler;
/* Runs the warm-up. Flat within 0.01 dB up to 0.8 of the lower Nyquist frequency, less than -90 dB where it folds. */
evl_status evl_sampler_plan(const evl_sampler_spec *spec, evl_step *step, void *model, evl_arena *arena,
                            evl_sampler **sampler) EVL_MUST_USE;
/* The next n <= EVL_GENERATOR_BLOCK samples into x[channel * ld + t]. */
void evl_sampler_run(evl_sampler *sampler, double *x, size_t ld, int n);
/* What sources that stay within `bound` reach at the electrodes, noise (12 sd) included. */
double evl_sampler_limit_uv(const evl_sampler *sampler, double bound);

/* ---- right-hand sides -------------------------------------------------------------------------- */

enum { EVL_NODES = EVL_HEAD_BACKGROUND }; /* one below each electrode, padded */

typedef struct evl_jansen_rit {
  double A, B, a, b, v0, e0, r, C1, C2, C3, C4; /* mV, 1/s; names of the paper */
  double p;                                     /* pulses a second */
} evl_jansen_rit;
extern const evl_jansen_rit evl_jansen_rit_standard; /* p = 0 */
/* evl_flow: system is an evl_jansen_rit, x[6][EVL_NODES]. */
void evl_jansen_rit_flow(void *system, int stage, const double *x, double *slope);

#endif
