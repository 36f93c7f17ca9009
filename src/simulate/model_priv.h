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
/* Runs the warm-up; EVL_NUMERIC where the model diverges in it. Flat within 0.01 dB up to 0.8 of the lower Nyquist frequency, less than -90 dB where it folds. */
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

/* z' = (growth + i frequency) z - saturation (1 + i shear) |z|^2 z + input: growth 1/s, frequency rad/s, saturation
   1/s. */
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

/* ---- driven.c: low-dimensional systems, driven by noise -------------------------------------------- */

/* mix[j][c]: state j of n sits at electrode floor(19 j / n) and reaches the others with a Gaussian of the angle (sd 0.7
   radian): 1 / sd[j] at its own. */
void evl_driven_mix(int n, const double *sd, double uv, double (*mix)[EVL_HEAD_BACKGROUND]);

typedef struct evl_driven_spec {
  const char *name; /* of the random stream */
  evl_flow *flow;
  const void *system; /* copied */
  size_t system_bytes;
  int n;
  double h;                         /* units of the model's time a step */
  const double *start, *sd;         /* [n]; sd: of the states on the attractor */
  double process, observation_uv;   /* process: noise of every state, in its sd, after one unit of time */
  double units_per_s, amplitude_uv; /* amplitude: of a state of sd 1 at its electrode */
} evl_driven_spec;
evl_status evl_driven_plan(const evl_driven_spec *spec, const evl_making *making, evl_arena *arena,
                           void **state) EVL_MUST_USE;
void evl_driven_run(void *state, double *x, size_t ld, int n);
double evl_driven_limit_uv(const void *state);
/* What all of them draw: units_per_s and amplitude_uv at value[0] and [1], the parameter `name` at [2]. */
evl_status evl_driven_draw(const evl_params *params, const char *name, uint64_t seed, const char *id, double *value,
                           double *z) EVL_MUST_USE;

/* evl_flow of each; n states. */
typedef struct evl_lorenz63 { double sigma, rho, beta; } evl_lorenz63;
void evl_lorenz63_flow(void *system, int stage, const double *x, double *slope);
typedef struct evl_lorenz96 { int n; double forcing; } evl_lorenz96;
void evl_lorenz96_flow(void *system, int stage, const double *x, double *slope);
typedef struct evl_roessler { double a, b, c; } evl_roessler;
void evl_roessler_flow(void *system, int stage, const double *x, double *slope);
/* past: x a delay ago, by stage. */
typedef struct evl_mackey_glass { double beta, gamma, exponent, past[3]; } evl_mackey_glass;
void evl_mackey_glass_flow(void *system, int stage, const double *x, double *slope);

#endif
