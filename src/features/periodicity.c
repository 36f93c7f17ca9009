/* periodicity: the period of a short signal by its autocorrelation. */
#include "background_priv.h"
#include "lanes_priv.h"

/* Correlation of x_t with x_{t + lag} over the n - lag samples that have both. */
static double correlation(const double *x, const double *squares, int n, int lag) {
  evl_lanes a = {0}, b = {0};
  double rest = 0.0;
  int t = 0;
  for (; t + 2 * EVL_LANES <= n - lag; t += 2 * EVL_LANES) {
    a += evl_load(x + t) * evl_load(x + t + lag);
    b += evl_load(x + t + EVL_LANES) * evl_load(x + t + EVL_LANES + lag);
  }
  for (; t < n - lag; t++) rest += x[t] * x[t + lag];
  const double sum = evl_fold(a + b) + rest;
  const double norm = sqrt(squares[n - lag] * (squares[n] - squares[lag]));
  return norm > 0.0 ? sum / norm : 0.0;
}

/* Between lags by a parabola through the maximum and its neighbours. */
static double refine(const double *r, int lag) {
  const double curvature = r[lag - 1] - 2.0 * r[lag] + r[lag + 1];
  return lag + (curvature < 0.0 ? 0.5 * (r[lag - 1] - r[lag + 1]) / curvature : 0.0);
}

double evl_periodicity(const double *signal, int n, int first, int last, double *work, double *height) {
  double *x = work, *squares = x + n, *r = squares + n + 1;
  const double mean = evl_mean(signal, (size_t)n);
  double most = 0.0, highest = 0.0;
  *height = NAN;
  for (int t = 0; t < n; t++) most = fmax(most, fabs(x[t] = signal[t] - mean));
  if (!(most > 0.0) || !isfinite(most) || first < 1 || last + 1 >= n) return NAN;
  squares[0] = 0.0;
  for (int t = 0; t < n; t++) {
    x[t] /= most;
    squares[t + 1] = squares[t] + x[t] * x[t];
  }
  for (int lag = first - 1; lag <= last + 1; lag++) r[lag] = correlation(x, squares, n, lag);
  for (int lag = first; lag <= last; lag++)
    if (r[lag] > r[lag - 1] && r[lag] >= r[lag + 1]) highest = fmax(highest, r[lag]);
  for (int lag = first; lag <= last && highest > 0.0; lag++) {
    if (!(r[lag] > r[lag - 1] && r[lag] >= r[lag + 1] && r[lag] >= 0.85 * highest)) continue;
    *height = fmin(r[lag], 1.0);
    return refine(r, lag);
  }
  return NAN;
}
