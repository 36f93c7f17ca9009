/* dmd_priv: the parts of dynamic mode decomposition. A series y of q rows, y[row * ld + k] at sample number first + k,
   is a sum of r functions exp(growth t) cos(turn t), exp(growth t) sin(turn t) with amplitudes of every row. Rates by
   linear algebra (dmd_start.c), by nonlinear least squares (dmd_fit.c). Time in samples throughout. */
#ifndef EVEIL_DMD_PRIV_H
#define EVEIL_DMD_PRIV_H

#include "fit_priv.h"

/* Eigenvalues growth +- i turn of a real system: one of a pair, turn in (0, pi); real ones, turn 0, or pi where the sign
   alternates. Basis functions: two a pair, cosine first, one a real eigenvalue. */
typedef struct evl_rates {
  int n, n_basis;
  double *growth, *turn; /* [n] 1/sample, rad/sample */
} evl_rates;
evl_status evl_rates_plan(int most_basis, evl_arena *arena, evl_rates *rates) EVL_MUST_USE;
void evl_rates_copy(evl_rates *to, const evl_rates *from);
static inline bool evl_rate_is_pair(const evl_rates *rates, int i) { return rates->turn[i] > 0.0 && rates->turn[i] < M_PI; }
/* basis[function][ld] at samples first, first + 1, ..., first + n - 1. */
void evl_rates_basis(const evl_rates *rates, int first, int n, double *basis, size_t ld);
/* All functions at one time, which need not be an integer. */
void evl_rates_at(const evl_rates *rates, double t, double *basis);

/* ---- dmd_start.c: rates by linear algebra ------------------------------------------------------------------- */

typedef enum { EVL_DMD_OPTIMISED, EVL_DMD_HANKEL, EVL_DMD_FORWARD_BACKWARD, EVL_DMD_EXACT } evl_dmd_method;

typedef struct evl_dmd_start evl_dmd_start;
/* For series of at most that many rows, delays and rates. */
evl_status evl_dmd_start_plan(int most_rows, int most_delays, int most_rank, evl_arena *arena,
                              evl_dmd_start **start) EVL_MUST_USE;
/* Exact DMD of rank `rank` of the series under `delays` delays, `step` samples apart (1: none), forward or
   forward-backward (Dawson et al. 2016, equation 17), in logarithms of the eigenvalues a sample. RANK where the delayed
   series has fewer directions, SHORT, UNSETTLED. */
evl_fit evl_dmd_start_find(evl_dmd_start *start, bool backward_too, const double *y, size_t ld, int n_rows, int n,
                           int delays, int step, int rank, evl_rates *rates);

/* ---- dmd_fit.c: variable projection ------------------------------------------------------------------------- */

typedef struct evl_dmd_fit {
  /* by plan */
  int most_rows, most_samples, most_basis;
  struct evl_dmd_room *room;
  /* by a fit */
  double *amplitude;   /* [row][n_basis] */
  double residual;     /* sum of squares that is left, over that of the series */
  int evaluations;
} evl_dmd_fit;
evl_status evl_dmd_fit_plan(int most_rows, int most_samples, int most_basis, evl_arena *arena,
                            evl_dmd_fit **fit) EVL_MUST_USE;
/* Amplitudes of the rates by least squares. COLLINEAR where two rates are one to rounding. sample: [n] ascending, the
   numbers of the columns of y; NULL: first, first + 1, ... */
evl_fit evl_dmd_amplitudes(evl_dmd_fit *fit, const double *y, size_t ld, int n_rows, int n, int first, const int *sample,
                           const evl_rates *rates);
/* The rates and amplitudes of least squares, from `rates` to the nearest minimum (Askham and Kutz 2018; Golub and Pereyra
   1973, equation 5.4); `stable`: growth <= 0. UNSETTLED where it is not reached in so many evaluations. */
evl_fit evl_dmd_optimise(evl_dmd_fit *fit, const double *y, size_t ld, int n_rows, int n, int first, const int *sample,
                         bool stable, int most_evaluations, evl_rates *rates);

#endif
