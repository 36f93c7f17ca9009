/* catch22_fluctuation: where the scaling of fluctuations breaks, and the spectrum. */
#include "catch22_priv.h"
#include "lanes_priv.h"

enum { MOST_SIZES = 50, FEWEST_SIZES = 12, LEAST_POINTS = 6 };

/* Different ones of 50 box lengths from 5 to n / 2, equally apart in their logarithm. */
static int box_sizes(int n, int *size) {
  const double low = log(5.0), step = (log(n / 2) - low) / (MOST_SIZES - 1);
  int count = 0;
  for (int i = 0; i < MOST_SIZES; i++) {
    const int next = (int)round(exp(low + i * step));
    if (count == 0 || next != size[count - 1]) size[count++] = next;
  }
  return count;
}

evl_status evl_catch22_plan_fluctuation(evl_catch22 *k, evl_arena *arena) {
  int size[MOST_SIZES], count = k->n >= 10 ? box_sizes(k->n, size) : 0, length = 1;
  if (count < FEWEST_SIZES) count = 0;
  EVL_TRY(evl_detrend_plan_sizes(size, count, 1, arena, &k->boxes));
  while (length < k->n) length *= 2;
  return evl_fft_plan(length, arena, &k->fft);
}

/* Norm of the distances of n points from their least-squares line. */
static double distance_from_line(const double *x, const double *y, int n) {
  const double slope = evl_slope(x, y, (size_t)n), x_mean = evl_mean(x, (size_t)n), y_mean = evl_mean(y, (size_t)n);
  double squares = 0.0;
  for (int i = 0; i < n; i++) {
    const double d = slope * (x[i] - x_mean) + y_mean - y[i];
    squares += d * d;
  }
  return sqrt(squares);
}

/* Share of box lengths up to the break of two straight lines that share it and fit ln F best; both have 6 points. */
static double best_break(const evl_detrend *boxes, const double *fluctuation) {
  double x[MOST_SIZES], y[MOST_SIZES], least = INFINITY;
  const int n = boxes->n_sizes;
  int best = 1;
  for (int i = 0; i < n; i++) {
    x[i] = log(boxes->size[i]);
    y[i] = log(fluctuation[i]);
  }
  for (int i = LEAST_POINTS; i <= n - LEAST_POINTS; i++) {
    const double both = distance_from_line(x, y, i) + distance_from_line(x + i - 1, y + i - 1, n - i + 1);
    if (both < least) {
      least = both;
      best = i;
    }
  }
  return (double)best / n;
}

/* SC_FluctAnal_2_dfa_50_1_2_logi_prop_r1: rms of boxes of the sum of every second sample. 0 for too few box lengths, as
   in the program. */
double evl_catch22_dfa(const evl_catch22 *k) {
  double fluctuation[MOST_SIZES], *walk = k->work, sum = 0.0;
  const int n = k->n / 2;
  if (k->boxes.n_sizes == 0) return 0.0;
  for (int t = 0; t < n; t++) walk[t] = sum += k->y[2 * t];
  for (int i = 0; i < k->boxes.n_sizes; i++) {
    const int size = k->boxes.size[i], count = n / size;
    double squares = 0.0;
    for (int b = 0; b < count; b++) squares += evl_detrend_box(&k->boxes, i, walk + (size_t)b * (size_t)size);
    fluctuation[i] = sqrt(squares / ((double)count * size));
  }
  return best_break(&k->boxes, fluctuation);
}

/* Range of n samples about their line; p: the line orthonormal to the constant. */
static double detrended_range(const double *walk, const double *p, int n) {
  const double origin = walk[0];
  evl_lanes sums = {0}, dots = {0};
  int t = 0;
  for (; t + EVL_LANES <= n; t += EVL_LANES) {
    const evl_lanes v = evl_load(walk + t) - origin;
    sums += v;
    dots += v * evl_load(p + t);
  }
  double sum = evl_fold(sums), dot = evl_fold(dots);
  for (; t < n; t++) {
    sum += walk[t] - origin;
    dot += (walk[t] - origin) * p[t];
  }
  return evl_range_about(walk, p, origin, dot, n); /* the mean makes no difference */
}

/* SC_FluctAnal_2_rsrangefit_50_1_logi_prop_r1: rms of the ranges of boxes of the sum. */
double evl_catch22_rs_range(const evl_catch22 *k) {
  double fluctuation[MOST_SIZES], *walk = k->work, sum = 0.0;
  if (k->boxes.n_sizes == 0) return 0.0;
  for (int t = 0; t < k->n; t++) walk[t] = sum += k->y[t];
  for (int i = 0; i < k->boxes.n_sizes; i++) {
    const int size = k->boxes.size[i], count = k->n / size;
    double squares = 0.0;
    for (int b = 0; b < count; b++) {
      const double range = detrended_range(walk + (size_t)b * (size_t)size, k->boxes.basis[i], size);
      squares += range * range;
    }
    fluctuation[i] = sqrt(squares / count);
  }
  return best_break(&k->boxes, fluctuation);
}

/* SP_Summaries_welch_rect_area_5_1 and _centroid, of the periodogram of the series padded to a power of two: power in
   the lowest fifth of bins; the angular frequency that halves the sum of all. */
void evl_catch22_spectrum(const evl_catch22 *k, double *low_freq_power, double *centroid_freq) {
  const double pi = 3.14159265359; /* the program's, to that digit */
  const int length = evl_fft_length(k->fft), n_bins = length / 2 + 1;
  size_t stride;
  double *row = evl_fft_input(k->fft, &stride), *power = k->work, total = 0.0, low = 0.0, half = 0.0;
  for (int t = 0; t < length; t++) row[t] = t < k->n ? k->y[t] - k->mean : 0.0;
  const double *spectrum = evl_fft_forward(k->fft, &stride);
  for (int i = 0; i < n_bins; i++) {
    const double square = spectrum[2 * i] * spectrum[2 * i] + spectrum[2 * i + 1] * spectrum[2 * i + 1];
    power[i] = square / k->n * (i > 0 && i < n_bins - 1 ? 2.0 : 1.0) / (2.0 * pi);
    total += power[i];
    if (i < n_bins / 5) low += power[i];
  }
  int i = 0;
  for (; i < n_bins && !(half > 0.5 * total); i++) half += power[i];
  *low_freq_power = low * (2.0 * pi / length);
  *centroid_freq = 2.0 * pi * (i - 1) / length;
}
