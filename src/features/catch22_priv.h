/* catch22: the groups of its features. Each gets the z-scored series, in the arithmetic of the published program where
   a count hangs on it: quantised signals lie on the edges of bins. */
#ifndef EVEIL_CATCH22_PRIV_H
#define EVEIL_CATCH22_PRIV_H

#include "autocorrelation_priv.h"
#include "detrend_priv.h"

enum { EVL_CATCH22_SPARE = 8 };

typedef struct evl_catch22 {
  evl_products *products;
  int n;
  evl_autocorrelation *autocorrelation;
  evl_correlator *residual, *detrended;  /* all lags; a third of them */
  evl_fft *fft;                          /* of the spectrum: the power of two from n on */
  double *spline;                        /* [5][n] orthonormal: cubic splines with one knot in the middle */
  evl_detrend boxes;                     /* of rs_range and dfa; none where the series is too short */

  /* of the present channel */
  const double *y;    /* [n] z-scored */
  double low, high, mean; /* of y; the mean is 0 but for rounding */
  const double *acf;  /* [n] */
  int first_zero;     /* of acf; n where there is none */
  double *work;       /* [2 n + EVL_CATCH22_SPARE] */
  double *level;      /* [2 evl_catch22_levels(n)] */
  uint8_t *letter;    /* [n] */
} evl_catch22;

int evl_catch22_levels(int n);

/* Each feature group plans what it needs; errors: memory. */
evl_status evl_catch22_plan_correlation(evl_catch22 *k, evl_arena *arena) EVL_MUST_USE;
evl_status evl_catch22_plan_fluctuation(evl_catch22 *k, evl_arena *arena) EVL_MUST_USE;

/* NaN: undefined. Sums run in the order of time. */
double evl_catch22_sum(const double *x, int n);

void evl_catch22_range(const double *x, int n, double *low, double *high);
double evl_catch22_mode(const evl_catch22 *k, int n_bins);
double evl_catch22_ami2(const evl_catch22 *k);
double evl_catch22_embedding_dist(const evl_catch22 *k);

int evl_catch22_first_zero(const double *acf, int n);
double evl_catch22_acf_timescale(const evl_catch22 *k);
double evl_catch22_acf_first_min(const evl_catch22 *k);
double evl_catch22_ami_timescale(const evl_catch22 *k);
double evl_catch22_whiten_timescale(const evl_catch22 *k);
double evl_catch22_periodicity(const evl_catch22 *k);

double evl_catch22_trev(const evl_catch22 *k);
double evl_catch22_high_fluctuation(const evl_catch22 *k);
double evl_catch22_forecast_error(const evl_catch22 *k);
double evl_catch22_stretch_high(const evl_catch22 *k);
double evl_catch22_stretch_decreasing(const evl_catch22 *k);

double evl_catch22_entropy_pairs(const evl_catch22 *k);
double evl_catch22_transition_matrix(const evl_catch22 *k);

double evl_catch22_outlier_timing(const evl_catch22 *k, double sign);

void evl_catch22_spectrum(const evl_catch22 *k, double *low_freq_power, double *centroid_freq);
double evl_catch22_rs_range(const evl_catch22 *k);
double evl_catch22_dfa(const evl_catch22 *k);

#endif
