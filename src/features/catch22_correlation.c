/* catch22_correlation: features of autocorrelations, of the series and of what is left of it. */
#include "catch22_priv.h"
#include "lanes_priv.h"

/* Orthonormal splines: powers and the cube from the knot on, made orthogonal twice. */
static void fill_splines(double *spline, int n) {
  enum { SPLINES = 5 };
  const int knot = n / 2 - 1;
  for (int i = 0; i < SPLINES; i++) {
    double *p = spline + (size_t)i * (size_t)n;
    for (int t = 0; t < n; t++) {
      const double u = (t - 0.5 * (n - 1)) / n, v = t > knot ? (double)(t - knot) / n : 0.0;
      p[t] = i < 4 ? pow(u, i) : v * v * v;
    }
    for (int again = 0; again < 2; again++)
      for (int j = 0; j < i; j++) {
        const double *q = spline + (size_t)j * (size_t)n;
        double dot = 0.0;
        for (int t = 0; t < n; t++) dot += p[t] * q[t];
        for (int t = 0; t < n; t++) p[t] -= dot * q[t];
      }
    double squares = 0.0;
    for (int t = 0; t < n; t++) squares += p[t] * p[t];
    for (int t = 0; t < n; t++) p[t] /= sqrt(squares);
  }
}

static int third_of(int n) { return (n + 2) / 3; }

evl_status evl_catch22_plan_correlation(evl_catch22 *k, evl_arena *arena) {
  EVL_TRY(evl_autocorrelation_plan(k->products, arena, &k->autocorrelation));
  EVL_TRY(evl_correlator_plan(k->n, k->n, arena, &k->residual));
  EVL_TRY(evl_correlator_plan(k->n, third_of(k->n) + 1, arena, &k->detrended));
  EVL_NEW(arena, k->spline, 5 * (size_t)k->n);
  fill_splines(k->spline, k->n);
  return EVL_OK;
}

int evl_catch22_first_zero(const double *acf, int n) {
  int lag = 0;
  while (lag < n && acf[lag] > 0.0) lag++;
  return lag;
}

/* CO_f1ecac: where the autocorrelation falls below 1/e, between lags by a straight line. */
double evl_catch22_acf_timescale(const evl_catch22 *k) {
  const double level = 1.0 / exp(1.0);
  for (int l = 0; l < k->n - 2; l++)
    if (k->acf[l + 1] < level) return l + (level - k->acf[l]) / (k->acf[l + 1] - k->acf[l]);
  return k->n;
}

/* CO_FirstMin_ac */
double evl_catch22_acf_first_min(const evl_catch22 *k) {
  for (int l = 1; l < k->n - 1; l++)
    if (k->acf[l] < k->acf[l - 1] && k->acf[l] < k->acf[l + 1]) return l;
  return k->n;
}

enum { MOST_LAGS = 40 };

/* Sums of one lag each: of the later samples; products about the means of the earlier and of the later ones. */
typedef struct lagged { double first[MOST_LAGS], second[MOST_LAGS], xy[MOST_LAGS], xx[MOST_LAGS], yy[MOST_LAGS]; } lagged;

static inline void add_products(lagged *s, const double *y, int t, int n_lags) {
  for (int l = 0; l < n_lags; l++) {
    const double a = y[t] - s->first[l], b = y[t + l + 1] - s->second[l];
    s->xy[l] += a * b;
    s->xx[l] += a * a;
    s->yy[l] += b * b;
  }
}

/* Pearson's correlation of samples 1, 2, ... n_lags apart. All lags side by side, each in the order of time: in periodic
   series r^2 is 1 but for rounding, and the program's minimum hangs on which side of 1 it falls. */
static void correlate(const double *y, int n, int n_lags, double *r) {
  lagged s = {{0}, {0}, {0}, {0}, {0}};
  double sum = 0.0;
  for (int t = 0; t < n; t++) {
    const int lag = n - 2 - t; /* what ends here is the first part of this one */
    sum += y[t];
    if (lag >= 0 && lag < n_lags) s.first[lag] = sum / (t + 1);
    if (t >= MOST_LAGS)
      for (int l = 0; l < MOST_LAGS; l++) s.second[l] += y[t];
    else
      for (int l = 0; l < t && l < n_lags; l++) s.second[l] += y[t];
  }
  for (int l = 0; l < n_lags; l++) s.second[l] /= n - 1 - l;
  int t = 0;
  if (n_lags == MOST_LAGS)
    for (; t + MOST_LAGS < n; t++) add_products(&s, y, t, MOST_LAGS);
  for (; t < n - 1; t++) add_products(&s, y, t, n - 1 - t < n_lags ? n - 1 - t : n_lags);
  for (int l = 0; l < n_lags; l++) r[l] = s.xy[l] / sqrt(s.xx[l] * s.yy[l]);
}

/* IN_AutoMutualInfoStats_40_gaussian_fmmi: first minimum of the mutual information -ln(1 - r^2) / 2 at lags 1..40,
   counted from 0. */
double evl_catch22_ami_timescale(const evl_catch22 *k) {
  const int half = (k->n + 1) / 2, n = half < MOST_LAGS ? half : MOST_LAGS;
  double ami[MOST_LAGS];
  correlate(k->y, k->n, n, ami);
  for (int l = 0; l < n; l++) ami[l] = -0.5 * log(1.0 - ami[l] * ami[l]);
  for (int l = 1; l < n - 1; l++)
    if (ami[l] < ami[l - 1] && ami[l] < ami[l + 1]) return l;
  return n;
}

/* FC_LocalSimple_mean1_tauresrat: first zero of the autocorrelation of differences over that of the series. */
double evl_catch22_whiten_timescale(const evl_catch22 *k) {
  const int n = k->n - 1;
  double *residual = k->work, *acf = residual + k->n;
  for (int t = 0; t < n; t++) residual[t] = k->y[t + 1] - k->y[t];
  evl_correlator_run(k->residual, residual, n, evl_mean(residual, (size_t)n), acf);
  return acf[0] > 0.0 ? (double)evl_catch22_first_zero(acf, n) / k->first_zero : NAN;
}

/* PD_PeriodicityWang_th0_01: what the least-squares spline leaves; the first peak of its autocovariance that is not
   negative and stands 0.01 above the trough before it, counted from 0 at lag 1; 0: none. */
double evl_catch22_periodicity(const evl_catch22 *k) {
  const int n = k->n, n_lags = third_of(n);
  double *left = k->work, *product = left + n;
  if (n_lags < 4) return 0.0;
  for (int t = 0; t < n; t++) left[t] = k->y[t];
  for (int i = 0; i < 5; i++) {
    const double *q = k->spline + (size_t)i * (size_t)n;
    evl_lanes dots = {0};
    int t = 0;
    for (; t + EVL_LANES <= n; t += EVL_LANES) dots += evl_load(q + t) * evl_load(left + t);
    double dot = evl_fold(dots);
    for (; t < n; t++) dot += q[t] * left[t];
    for (t = 0; t < n; t++) left[t] -= dot * q[t];
  }
  evl_correlator_run(k->detrended, left, n, 0.0, product);
  double *acf = product + 1;
  for (int l = 0; l < n_lags; l++) acf[l] /= n - 1 - l;
  int trough = -1;
  for (int l = 1; l < n_lags - 1; l++) {
    const double in = acf[l] - acf[l - 1], out = acf[l + 1] - acf[l];
    if (in < 0.0 && out > 0.0) trough = l;
    if (in > 0.0 && out < 0.0 && trough >= 0 && acf[l] - acf[trough] >= 0.01 && acf[l] >= 0.0) return l;
  }
  return 0.0;
}
