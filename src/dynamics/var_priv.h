/* var_priv: the parts of the vector autoregression: its fit (var_fit.c) and its eigenmodes (var_modes.c). */
#ifndef EVEIL_VAR_PRIV_H
#define EVEIL_VAR_PRIV_H

#include "eveil/dynamics.h"
#include "eveil/math.h"

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
  int *used;         /* [n_channels] their numbers */
  double *sd;        /* [n_channels] of the used ones in the training part */
  int order;
  double bic;        /* nats a sample */
  double mse_train, mse_test, mse_persistence; /* in units of the training variance; NaN where undefined */
} evl_var;

/* Memory for a shape. Errors: more than 2048 lags times channels (EVL_USAGE), memory. */
evl_status evl_var_fit_plan(evl_var *var, evl_arena *arena) EVL_MUST_USE;
/* EVL_WHY_VALUE, UNDEFINED (no usable channel, too short), UNCONVERGED (not positive definite: only without ridge). */
int evl_var_fit(evl_var *var, const evl_window *window);

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

#endif
