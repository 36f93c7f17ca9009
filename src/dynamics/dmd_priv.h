/* dmd_priv: the parts of dynamic mode decomposition. A series y of q rows, y[row * ld + k] at sample number first + k,
   is a sum of r functions exp(growth t) cos(turn t), exp(growth t) sin(turn t) with amplitudes of every row. Rates by
   linear algebra (dmd_start.c), by nonlinear least squares (dmd_fit.c). Time in samples throughout. */
#ifndef EVEIL_DMD_PRIV_H
#define EVEIL_DMD_PRIV_H

#include "fit_priv.h"

/* Eigenvalues growth +- i turn of a real system: one of a pair, turn in (0, pi); real ones, turn 0, or pi where the
   sign alternates. Basis functions: two a pair, cosine first, one a real eigenvalue. */
typedef struct evl_rates {
  int n, n_basis;
  double *growth, *turn; /* [n] 1/sample, rad/sample */
} evl_rates;
evl_status evl_rates_plan(int most_basis, evl_arena *arena, evl_rates *rates) EVL_MUST_USE;
void evl_rates_copy(evl_rates *to, const evl_rates *from);
static inline bool evl_rate_is_pair(const evl_rates *rates, int i) {
  return rates->turn[i] > 0.0 && rates->turn[i] < M_PI;
}
/* basis[function][ld] at samples first, first + 1, ..., first + n - 1. */
void evl_rates_basis(const evl_rates *rates, int first, int n, double *basis, size_t ld);
/* All functions at one time, which need not be an integer. */
void evl_rates_at(const evl_rates *rates, double t, double *basis);

/* ---- dmd_start.c: rates by linear algebra ---------------------------------------------------------------- */

/* Products of delays: block (k, l) of `to`, (rows delays)^2 column-major, is the sum over t = 0 .. n - 1 of
   y(t + from + k step) y(t + by + l step)'. */
void evl_dmd_delay_products(const double *y, size_t ld, int n_rows, int n, int delays, int step, int from, int by,
                            double *to);
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
  double apart;        /* smallest part of a function, of 1, that is not of the functions before it */
  double total;        /* that of the series */
  int n_rows;
  int evaluations;
} evl_dmd_fit;
evl_status evl_dmd_fit_plan(int most_rows, int most_samples, int most_basis, evl_arena *arena,
                            evl_dmd_fit **fit) EVL_MUST_USE;
/* Amplitudes of the rates by least squares. COLLINEAR where two rates are one to rounding. sample: [n] ascending, the
   numbers of the columns of y; NULL: first, first + 1, ... */
evl_fit evl_dmd_amplitudes(evl_dmd_fit *fit, const double *y, size_t ld, int n_rows, int n, int first,
                           const int *sample, const evl_rates *rates);
/* The rates and amplitudes of least squares, from `rates` to the nearest minimum (Askham and Kutz 2018; Golub and
   Pereyra 1973, equation 5.4); `stable`: growth <= 0. UNSETTLED where it is not reached in so many evaluations. */
evl_fit evl_dmd_optimise(evl_dmd_fit *fit, const double *y, size_t ld, int n_rows, int n, int first, const int *sample,
                         bool stable, int most_evaluations, evl_rates *rates);
/* Of the last fit: share of the sum of squares of the series in rate number i alone. */
double evl_dmd_share(const evl_dmd_fit *fit, const evl_rates *rates, int i);

/* ---- dmd_series.c: what the rates of a window are fitted to ------------------------------------------------------ */

typedef enum { EVL_DMD_COVARIANCE, EVL_DMD_SEGMENTS, EVL_DMD_WINDOW } evl_dmd_kind;

typedef struct evl_dmd_series {
  /* by plan: the kind, coordinates, samples of training, rows and columns of the series */
  evl_dmd_kind kind;
  int n, n_train, n_rows, length, n_parts;
  size_t ld;
  /* of the window */
  double *y;         /* [n_rows][ld] the whole; of covariances lags 1, 2, ..., row j n + i: <z_i(t + lag) z_j(t)> */
  int first;         /* sample number of the first column */
  /* of a choice of parts */
  const double *chosen;
  size_t chosen_ld;
  int chosen_rows, chosen_length;
  const int *sample; /* NULL: all from `first` on */
  struct evl_dmd_parts *parts;
} evl_dmd_series;
/* length: lags, or samples of a segment; block: samples of a part of covariances. */
evl_status evl_dmd_series_plan(evl_dmd_kind kind, int n, int n_train, int length, int block, int most_reduced,
                               evl_arena *arena, evl_dmd_series *series) EVL_MUST_USE;
/* From z[n][ld]. */
void evl_dmd_series_fill(evl_dmd_series *series, const double *z, size_t ld);
/* The series of `count` of its n_parts blocks of time, segments or samples, ascending; NULL: of all. */
void evl_dmd_series_choose(evl_dmd_series *series, const int *part, int count);
/* Its `rows` principal directions over time in place of the chosen rows: fewer where there are fewer. False where they
   do not come. */
bool evl_dmd_series_reduce(evl_dmd_series *series, int rows);

/* ---- dmd_forecast.c: modes and forecasts ------------------------------------------------------------------------- */

typedef struct evl_dmd_predictor {
  int n, past, n_basis;
  double *mode;      /* [n_basis][n] pattern of each function: real part, and minus the imaginary part, of a pair's */
  double *gain;      /* [n_basis][n][past n]: from the last samples, newest first, to what its function carries on */
  evl_rates rates;
  double *room;
} evl_dmd_predictor;
evl_status evl_dmd_predictor_plan(int n, int past, int most_basis, evl_arena *arena,
                                  evl_dmd_predictor *predictor) EVL_MUST_USE;
/* From amplitudes of the whole series of z[n][ld]. COLLINEAR where the past has no inverse covariance. */
evl_fit evl_dmd_predictor_fit(evl_dmd_predictor *predictor, const evl_dmd_series *series, const double *z, size_t ld,
                              const evl_dmd_fit *fit, const evl_rates *rates);
/* Regression of all channels of a window on the coordinates in the training part: cross [channel][n]; own n x n is
   scratch. False where the coordinates are collinear. */
bool evl_dmd_channels(const evl_latent *latent, const evl_window *window, double *own, double *cross);
/* Pattern of rate number i over the channels used, of length 1, turned so that the largest is real and positive. */
void evl_dmd_pattern(const evl_dmd_predictor *predictor, int i, const double *cross, const evl_window *window,
                     double *re, double *im);
/* An evl_ahead. */
bool evl_dmd_ahead(void *predictor, const evl_latent *latent, int t, int steps, double *ahead);

/* ---- havok_fit.c: a linear system with forcing ------------------------------------------------------------ */

typedef struct evl_havok {
  int n;               /* coordinates, the last one the forcing */
  double *system;   /* [n][n] row i: derivative of coordinate i, 1/s; the last column is the forcing's share */
  double r2, r2_forcing; /* of the derivatives of the first n - 1 coordinates together, of the last one */
  double *slope, *gram;
  size_t ld;
} evl_havok;
evl_status evl_havok_plan(int n, int most_samples, evl_arena *arena, evl_havok *havok) EVL_MUST_USE;
/* From v[n][ld] of n_samples; derivatives by central differences of order 2 (one-sided of order 2 at the ends) or 4
   (without the two samples at each end). SHORT, COLLINEAR. */
evl_fit evl_havok_fit(evl_havok *havok, const double *v, size_t ld, int n_samples, double fs_hz, int order);

#endif
