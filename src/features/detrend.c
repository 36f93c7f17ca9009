/* detrend: residual sums of squares by projection onto orthonormal polynomials. */
#include "detrend_priv.h"
#include "lanes_priv.h"

/* p_1..p_order on 0..n-1, orthonormal among each other and to the constant: Gram-Schmidt on powers of the last. */
static void fill_basis(double *basis, int n, int order) {
  for (int k = 0; k < order; k++) {
    double *p = basis + (size_t)k * (size_t)n;
    const double centre = 0.5 * (n - 1);
    for (int t = 0; t < n; t++) p[t] = (t - centre) / n * (k ? p[t - n] : 1.0);
    for (int again = 0; again < 2; again++) {
      const double mean = evl_mean(p, (size_t)n);
      for (int t = 0; t < n; t++) p[t] -= mean;
      for (int j = 0; j < k; j++) {
        const double *q = basis + (size_t)j * (size_t)n;
        double dot = 0.0;
        for (int t = 0; t < n; t++) dot += p[t] * q[t];
        for (int t = 0; t < n; t++) p[t] -= dot * q[t];
      }
    }
    double squares = 0.0;
    for (int t = 0; t < n; t++) squares += p[t] * p[t];
    for (int t = 0; t < n; t++) p[t] /= sqrt(squares);
  }
}

evl_status evl_detrend_plan_sizes(const int *size, int n_sizes, int order, evl_arena *arena, evl_detrend *d) {
  d->n_sizes = n_sizes;
  d->order = order;
  EVL_NEW(arena, d->size, n_sizes);
  EVL_NEW(arena, d->basis, n_sizes);
  for (int i = 0; i < n_sizes; i++) {
    double *basis;
    EVL_NEW(arena, basis, (size_t)order * (size_t)size[i]);
    d->size[i] = size[i];
    fill_basis(basis, size[i], order);
    d->basis[i] = basis;
  }
  return EVL_OK;
}

int evl_log_sizes(int smallest, double largest, double ratio, int size[EVL_MOST_SIZES]) {
  int n = 0;
  for (int i = 0; n < EVL_MOST_SIZES && smallest * pow(ratio, i) <= largest; i++) {
    const int next = (int)(smallest * pow(ratio, i));
    if (n == 0 || next > size[n - 1]) size[n++] = next;
  }
  return n;
}

evl_status evl_detrend_plan(int smallest, double largest, double ratio, int order, evl_arena *arena, evl_detrend *d) {
  int size[EVL_MOST_SIZES];
  const int n = evl_log_sizes(smallest, largest, ratio, size);
  return evl_detrend_plan_sizes(size, n, order, arena, d);
}

/* About the first sample of the box: nothing is rounded off where the walk has gone far. */
double evl_detrend_box(const evl_detrend *d, int i, const double *walk) {
  const int n = d->size[i];
  const double *p = d->basis[i], origin = walk[0];
  evl_lanes sums = {0}, squares = {0}, line = {0};
  int t = 0;
  for (; t + EVL_LANES <= n; t += EVL_LANES) {
    const evl_lanes v = evl_load(walk + t) - origin;
    sums += v;
    squares += v * v;
    line += v * evl_load(p + t);
  }
  double sum = evl_fold(sums), square = evl_fold(squares), dot = evl_fold(line);
  for (; t < n; t++) {
    const double v = walk[t] - origin;
    sum += v;
    square += v * v;
    dot += v * p[t];
  }
  double left = square - sum * sum / n - dot * dot;
  for (int k = 1; k < d->order; k++) {
    p += n;
    evl_lanes higher = {0};
    for (t = 0; t + EVL_LANES <= n; t += EVL_LANES) higher += (evl_load(walk + t) - origin) * evl_load(p + t);
    dot = evl_fold(higher);
    for (; t < n; t++) dot += (walk[t] - origin) * p[t];
    left -= dot * dot;
  }
  /* Less than this is rounding: the box lies on its trend. */
  return left > 1e-14 * n * square ? left : 0.0;
}

double evl_range_about(const double *walk, const double *p, double origin, double slope, int n) {
  double low[EVL_LANES], high[EVL_LANES];
  int t = 0;
  for (int i = 0; i < EVL_LANES; i++) low[i] = high[i] = walk[0] - origin - slope * p[0];
  for (; t + EVL_LANES <= n; t += EVL_LANES)
    for (int i = 0; i < EVL_LANES; i++) {
      const double v = walk[t + i] - origin - slope * p[t + i];
      low[i] = v < low[i] ? v : low[i];
      high[i] = v > high[i] ? v : high[i];
    }
  for (; t < n; t++) {
    const double v = walk[t] - origin - slope * p[t];
    low[0] = v < low[0] ? v : low[0];
    high[0] = v > high[0] ? v : high[0];
  }
  return fmax(fmax(high[0], high[1]), fmax(high[2], high[3])) - fmin(fmin(low[0], low[1]), fmin(low[2], low[3]));
}

void evl_detrend_walk(const double *x, int n, double *walk) {
  const double mean = evl_mean(x, (size_t)n);
  double sum = 0.0;
  for (int t = 0; t < n; t++) walk[t] = sum += x[t] - mean;
}
