/* periodicity: the period of a short signal by its autocorrelation. */
#include <string.h>

#include "background_priv.h"

/* Correlation of x_t with x_{t + lag} over the n - lag samples that have both. */
static double correlation(const double *x, const double *squares, int n, int lag) {
  enum { LANES = 4 };
  double lane[LANES] = {0};
  int t = 0;
  for (; t + LANES <= n - lag; t += LANES)
    for (int i = 0; i < LANES; i++) lane[i] += x[t + i] * x[t + lag + i];
  for (; t < n - lag; t++) lane[0] += x[t] * x[t + lag];
  const double sum = (lane[0] + lane[2]) + (lane[1] + lane[3]);
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
