/* var_priv: the parts of the vector autoregression: its fit (var_fit.c), eigenmodes (var_modes.c), transfer functions
   (var_spectrum.c), and what its entries share. */
#ifndef EVEIL_VAR_PRIV_H
#define EVEIL_VAR_PRIV_H

#include <math.h>

#include "eveil/dynamics.h"
#include "eveil/math.h"

/* Parameters of every entry that fits it. */
#define EVL_VAR_PARAMS                                                                                                \
  {"order", EVL_INT, "0", 0, 64, NULL, "samples", "Number of lags; 0: chosen by BIC from 1 to max_order."},            \
  {"max_order", EVL_INT, "8", 1, 64, NULL, "samples", "Highest order tried; without effect where order is given."},    \
  {"ridge", EVL_REAL, "1e-3", 0.0, 100.0, NULL, "1",                                                                   \
   "Penalty in units of a channel's variance, like white noise of that power added to the predictors. Without such "   \
   "a floor ever higher orders extrapolate a low-pass filtered signal ever better, which tells of the filter only."}

typedef struct evl_var {
  /* by plan */
  int n_channels, n_samples, n_train, n_gap, max_order;
  bool choose_order;
  double ridge;
  size_t ld;         /* of z */
  double *z;         /* [n_used][ld] standardised channels */
  double *gram;      /* ((max_order + 1) n_used)^2, lower: lag products; then the Cholesky factor but for block 0 */
  double *half;      /* (max_order n_used) x n_used: inv(L) s, s the products of lags and present */
  double *beta;      /* (max_order n_used) x n_used: row (i - 1) n_used + b, column a: from b, i samples ago, to a */
  double *residual;  /* n_used x n_used, and its factor behind it */
  double *error;     /* (n_samples - n_train) x n_used */
  /* by the fit */
  int n_used, n_fit; /* channels; samples fitted */
  int n_lags;        /* highest order that the window is long enough for */
  int *used;         /* [n_channels] their numbers */
  double *sd;        /* [n_channels] of the used ones in the training part */
  int order;
  double bic;        /* nats a sample */
  double mse_train, mse_test, mse_persistence; /* in units of the training variance; NaN where undefined */
} evl_var;

/* Number of the pair of channels a < b of n. */
static inline size_t evl_var_pair(int n, int a, int b) {
  return (size_t)a * (size_t)(2 * n - a - 1) / 2 + (size_t)(b - a - 1);
}
/* Lags by the parameters: the order given, or the highest tried. */
int evl_var_lags(const evl_params *params);
/* By the parameters, fitted on the first n_train samples of a window. */
evl_status evl_var_plan(const evl_params *params, const evl_shape *shape, int n_train, int n_gap, evl_var *var,
                        evl_arena *arena) EVL_MUST_USE;
/* Memory for a shape. Errors: more than 2048 lags times channels (EVL_USAGE), memory. */
evl_status evl_var_fit_plan(evl_var *var, evl_arena *arena) EVL_MUST_USE;
/* EVL_WHY_VALUE, UNDEFINED (no usable channel, too short), UNCONVERGED (not positive definite: only without ridge). */
int evl_var_fit(evl_var *var, const evl_window *window);
/* Of the last fit, in standardised units. Cholesky factor (lower, column-major) of the lag products with their ridge,
   and inv(L) times the products of lags and present: rows (i - 1) n_used + b, as beta. */
const double *evl_var_factor(const evl_var *var, int *ld);
const double *evl_var_half(const evl_var *var, int *ld);
/* Penalised products of residuals of the order chosen, n_used x n_used; over n_fit: their covariance. */
void evl_var_residual(const evl_var *var, double *products);

/* ahead[step][n_used]: the `steps` samples that follow sample t of the fitted window, standardised; false where the past
   does not reach or they diverge. */
bool evl_var_ahead(const evl_var *var, int t, int steps, double *ahead);

/* Eigenvalues of the companion matrix of a fit. */
typedef struct evl_modes {
  int n;             /* order * n_used */
  double *companion; /* n x n */
  double *real, *imaginary, *work;
  double *radius;    /* [n] ascending */
  int n_oscillating; /* complex pairs, one of each, largest radius first */
  int *oscillating;  /* [n] index into real, imaginary */
} evl_modes;
evl_status evl_modes_plan(evl_modes *modes, int n, evl_arena *arena) EVL_MUST_USE;
int evl_modes_find(evl_modes *modes, const evl_var *var); /* why */

/* A(f) = I - sum_k A_k exp(-2 pi i f k / fs) and H(f) = inv(A(f)) on a grid of frequencies, for bands (low, high) of
   the parameters "bands" and "step_hz". */
typedef struct evl_transfer {
  int n_channels, n_bands, n_frequencies;
  double fs_hz, step_hz;
  struct evl_grid { int first, end; } *band; /* [n_bands] frequencies low <= f < high; end 0: beyond half the rate */
  double *a, *h;                             /* [2][n_used][n_used] real and imaginary, row: to, column: from */
  double *work;                              /* [2][n_used][2 n_used] */
} evl_transfer;
#define EVL_TRANSFER_PARAMS                                                                                           \
  {"bands", EVL_BANDS,                                                                                                \
   "{ delta = (1.0, 4.0); theta = (4.0, 8.0); alpha = (8.0, 12.0); beta = (12.0, 30.0); gamma = (30.0, 45.0); }", 0.0, \
   1e5, NULL, "Hz", "Bands; the lower edge belongs to a band, the upper one to the next."},                            \
  {"step_hz", EVL_REAL, "0.5", 0.01, 10.0, NULL, "Hz", "Between the frequencies that are averaged over a band."}
/* Errors: a band without a frequency of the grid (EVL_USAGE). */
evl_status evl_transfer_plan(const evl_params *params, const evl_shape *shape, const char *entry,
                             evl_transfer *transfer, evl_arena *arena) EVL_MUST_USE;
double evl_transfer_cost_us(const evl_params *params, const evl_shape *shape); /* with the fit */
/* Fills a at frequency number `f`; arguments as below. */
void evl_transfer_denominator(evl_transfer *transfer, const double *beta, int rows, int n, int order, int f);
/* Fills a and h at frequency number `f` (f step_hz) of a model of n channels: beta as in evl_var, `rows` its leading
   dimension. False where A is singular. */
bool evl_transfer_at(evl_transfer *transfer, const double *beta, int rows, int n, int order, int f);

#endif
