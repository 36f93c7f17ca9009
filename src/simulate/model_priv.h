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
  double warm_up_s;  /* steps that nobody sees; the means of the sources over the second half are taken off */
} evl_sampler_spec;
/* Makes one step and writes what the sources show then, [n_sources]. */
typedef void evl_step(void *model, double *source);
typedef struct evl_sampler evl_sampler;
/* Runs the warm-up. Flat within 0.01 dB up to 0.8 of the lower Nyquist frequency, less than -90 dB where it folds. */
evl_status evl_sampler_plan(const evl_sampler_spec *spec, evl_step *step, void *model, evl_arena *arena,
                            evl_sampler **sampler) EVL_MUST_USE;
/* The next n <= EVL_GENERATOR_BLOCK samples into x[channel * ld + t]. */
void evl_sampler_run(evl_sampler *sampler, double *x, size_t ld, int n);
/* What is reached at the electrodes by sources that stay from `low` to `high` and go no further than eight times as far
   from their means as in the warm-up; noise (12 sd) included. */
double evl_sampler_limit_uv(const evl_sampler *sampler, double low, double high);

/* ---- right-hand sides -------------------------------------------------------------------------- */

enum { EVL_NODES = EVL_HEAD_BACKGROUND }; /* one below each electrode, padded */

typedef struct evl_jansen_rit {
  double A, B, a, b, v0, e0, r, C1, C2, C3, C4; /* mV, 1/s; names of the paper */
  double p;                                     /* pulses a second */
} evl_jansen_rit;
extern const evl_jansen_rit evl_jansen_rit_standard; /* p = 0 */
/* evl_flow: system is an evl_jansen_rit, x[6][EVL_NODES]. */
void evl_jansen_rit_flow(void *system, int stage, const double *x, double *slope);

/* z' = (growth + i frequency) z - saturation (1 + i shear) |z|^2 z + input: growth 1/s, frequency rad/s, saturation 1/s. */
typedef struct evl_stuart_landau {
  double growth, saturation, shear, frequency[EVL_NODES];
  double input[3][2 * EVL_NODES]; /* at the start, in the middle, at the end of the step; real parts, then imaginary */
} evl_stuart_landau;
/* evl_flow: system is an evl_stuart_landau, x[2][EVL_NODES]. */
void evl_stuart_landau_flow(void *system, int stage, const double *x, double *slope);

/* Rates, 1/s, and weights; names of neurolib. */
typedef struct evl_wilson_cowan {
  double tau_exc, tau_inh, tau_ou; /* s */
  double c_excexc, c_excinh, c_inhexc, c_inhinh, a_exc, a_inh, mu_exc, mu_inh, exc_ext, inh_ext;
} evl_wilson_cowan;
extern const evl_wilson_cowan evl_wilson_cowan_standard; /* no input */
/* evl_flow: system is an evl_wilson_cowan, x[4][EVL_NODES]: excitatory, inhibitory, noise of either. */
void evl_wilson_cowan_flow(void *system, int stage, const double *x, double *slope);

/* ---- robinson.c: the corticothalamic field, linear about its fixed point ------------------------ */

/* Gains as in the paper (G_ei and G_sr, G_rs negative products as given), rates 1/s, delay of the whole loop. */
typedef struct evl_robinson {
  double Gee, Gei, Ges, Gse, Gsr, Gre, Grs;
  double alpha, beta, gamma, t0_s, re_m;
} evl_robinson;
enum { EVL_ROBINSON_SIDE = 9, EVL_ROBINSON_GRID = EVL_ROBINSON_SIDE * EVL_ROBINSON_SIDE };
#define EVL_ROBINSON_SHEET_M 0.5
#define EVL_ROBINSON_BLUR_M 0.1 /* 1 / k0 */
/* The gains of the awake state (Abeysuriya et al. 2015) changed to have these X, Y, Z: G_ei, G_es, G_sr and
   G_ese G_esre are kept. alpha, beta and t0 are taken from `model`. */
void evl_robinson_gains(double X, double Y, double Z, evl_robinson *model);
/* Sum over the modes m, n = -4..4 of |T / (k^2 re^2 + q^2 re^2)|^2 exp(-k^2 / k0^2). */
double evl_robinson_power(const evl_robinson *model, double hz);
/* Minus the largest real part of the modes' eigenvalues up to 60 Hz, 1/s; above 0: stable. */
double evl_robinson_damping(const evl_robinson *model);

#endif
