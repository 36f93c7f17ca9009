/* statistics: moments, order statistics, slope. Sums run over fixed lanes, so that they are fast, their
   order never depends on the compiler, and rounding grows with n / 16 only. */
#include <float.h>
#include <math.h>

#include "eveil/math.h"

enum { LANES = 16 };

static double fold(double *lane) {
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int k = 0; k < half; k++) lane[k] += lane[k + half];
  return lane[0];
}

/* Sum of x - shift. */
static double sum_about(const double *x, size_t n, double shift) {
  double lane[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t k = 0; k < LANES; k++) lane[k] += x[i + k] - shift;
  for (size_t k = 0; i + k < n; k++) lane[k] += x[i + k] - shift;
  return fold(lane);
}

static double sum_of_squares_about(const double *x, size_t n, double shift) {
  double lane[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t k = 0; k < LANES; k++) lane[k] += (x[i + k] - shift) * (x[i + k] - shift);
  for (size_t k = 0; i + k < n; k++) lane[k] += (x[i + k] - shift) * (x[i + k] - shift);
  return fold(lane);
}

/* About the first value, so that nothing is rounded off under a large offset. */
double evl_mean(const double *x, size_t n) {
  if (n == 0) return NAN;
  const double rough = x[0] + sum_about(x, n, x[0]) / (double)n;
  return isfinite(rough) ? rough : sum_about(x, n, 0.0) / (double)n;
}

double evl_variance(const double *x, size_t n, int ddof) {
  if (ddof < 0 || n <= (size_t)ddof) return NAN;
  return sum_of_squares_about(x, n, evl_mean(x, n)) / (double)(n - (size_t)ddof);
}

/* Introsort; qsort is free to allocate, and glibc's does. */
static void swap(double *a, double *b) {
  const double t = *a;
  *a = *b;
  *b = t;
}

static void insertion_sort(double *x, size_t n) {
  for (size_t i = 1; i < n; i++) {
    const double v = x[i];
    size_t k = i;
    for (; k > 0 && x[k - 1] > v; k--) x[k] = x[k - 1];
    x[k] = v;
  }
}

static void sift_down(double *x, size_t root, size_t n) {
  for (size_t child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && x[child + 1] > x[child]) child++;
    if (!(x[child] > x[root])) return;
    swap(&x[child], &x[root]);
  }
}

static void heap_sort(double *x, size_t n) {
  for (size_t root = n / 2; root-- > 0;) sift_down(x, root, n);
  for (size_t end = n; end-- > 1;) {
    swap(&x[0], &x[end]);
    sift_down(x, 0, end);
  }
}

/* Splits around the median of three: x[0..k) <= pivot <= x[k..n), 0 < k < n. */
static size_t split(double *x, size_t n) {
  double *a = &x[0], *b = &x[n / 2], *c = &x[n - 1];
  if (*b < *a) swap(a, b);
  if (*c < *b) swap(b, c);
  if (*b < *a) swap(a, b);
  const double pivot = *b;
  size_t i = 0, k = n - 1;
  for (;;) {
    while (x[i] < pivot) i++;
    while (x[k] > pivot) k--;
    if (i >= k) return i > 0 ? i : 1;
    swap(&x[i++], &x[k--]);
  }
}

static void sort_within(double *x, size_t n, int depth) {
  enum { SMALL = 24 };
  while (n > SMALL) {
    if (depth-- == 0) {
      heap_sort(x, n);
      return;
    }
    const size_t k = split(x, n);
    if (k < n - k) {
      sort_within(x, k, depth);
      x += k;
      n -= k;
    } else {
      sort_within(x + k, n - k, depth);
      n = k;
    }
  }
  insertion_sort(x, n);
}

void evl_sort(double *x, size_t n) {
  int depth = 0;
  for (size_t k = n; k > 1; k /= 2) depth += 2;
  sort_within(x, n, depth);
}

double evl_select(double *x, size_t n, size_t rank) {
  enum { SMALL = 12 };
  int depth = 0;
  for (size_t k = n; k > 1; k /= 2) depth += 2;
  while (n > SMALL && depth-- > 0) {
    const size_t k = split(x, n);
    if (rank < k) {
      n = k;
    } else {
      x += k;
      n -= k;
      rank -= k;
    }
  }
  sort_within(x, n, depth > 0 ? depth : 1);
  return x[rank];
}

double evl_quantile_sorted(const double *x, size_t n, double p) {
  if (n == 0 || !(p >= 0.0 && p <= 1.0)) return NAN;
  const double place = p * (double)(n - 1);
  const size_t k = (size_t)place;
  if (k + 1 >= n) return x[n - 1];
  return x[k] + (place - (double)k) * (x[k + 1] - x[k]);
}

double evl_trimmed_mean_sorted(const double *x, size_t n, double share) {
  if (n == 0 || !(share >= 0.0 && share < 0.5)) return NAN;
  const size_t k = (size_t)(share * (double)n);
  return evl_mean(x + k, n - 2 * k);
}

double evl_slope(const double *t, const double *y, size_t n) {
  if (n < 2) return NAN;
  const double t_mean = evl_mean(t, n), y_mean = evl_mean(y, n);
  double tt = 0.0, ty = 0.0;
  for (size_t i = 0; i < n; i++) {
    tt += (t[i] - t_mean) * (t[i] - t_mean);
    ty += (t[i] - t_mean) * (y[i] - y_mean);
  }
  return tt > 0.0 ? ty / tt : NAN;
}

evl_straight evl_straight_fit(const double *t, const double *y, size_t n) {
  const double slope = evl_slope(t, y, n), t_mean = evl_mean(t, n), y_mean = evl_mean(y, n);
  double left = 0.0, all = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double from = y[i] - y_mean, rest = from - slope * (t[i] - t_mean);
    left += rest * rest;
    all += from * from;
  }
  return (evl_straight){y_mean - slope * t_mean, slope, left / (double)n, all > 0.0 ? fmax(1.0 - left / all, 0.0) : NAN};
}
