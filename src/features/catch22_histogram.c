/* catch22_histogram: features of histograms with equal bins. */
#include <string.h>

#include "catch22_priv.h"

typedef struct histogram { double low, step; int n_bins, *count; } histogram;

void evl_catch22_range(const double *x, int n, double *low, double *high) {
  *low = *high = x[0];
  for (int t = 1; t < n; t++) {
    *low = x[t] < *low ? x[t] : *low;
    *high = x[t] > *high ? x[t] : *high;
  }
}

/* Bins of equal width from low to high, the smallest and the largest value. count [n_bins]. */
static histogram count_equal(const double *x, int n, double low, double high, int n_bins, int *count) {
  const double step = (high - low) / n_bins;
  memset(count, 0, (size_t)n_bins * sizeof *count);
  for (int t = 0; t < n; t++) {
    const int bin = (int)((x[t] - low) / step);
    count[bin < n_bins ? bin : n_bins - 1]++;
  }
  return (histogram){low, step, n_bins, count};
}

/* Twice the middle of a bin. */
static double edges(const histogram *h, int bin) { return (bin * h->step + h->low) + ((bin + 1) * h->step + h->low); }

/* DN_HistogramMode_5, _10: middle of the fullest bin; of several, their mean. */
double evl_catch22_mode(const evl_catch22 *k, int n_bins) {
  int count[10], most = 0, ties = 1;
  const histogram h = count_equal(k->y, k->n, k->low, k->high, n_bins, count);
  double sum = 0.0;
  for (int i = 0; i < n_bins; i++) {
    if (count[i] > most) {
      most = count[i];
      ties = 1;
      sum = 0.5 * edges(&h, i);
    } else if (count[i] == most) {
      ties++;
      sum += 0.5 * edges(&h, i);
    }
  }
  return sum / ties;
}

/* CO_HistogramAMI_even_2_5: mutual information of y_t and y_{t+2} in nats; five bins reach 0.1 beyond the values. */
double evl_catch22_ami2(const evl_catch22 *k) {
  enum { BINS = 5, LAG = 2 };
  const double *y = k->y;
  const int n = k->n - LAG;
  double edge[BINS + 1];
  int pair[BINS][BINS] = {{0}}, first[BINS] = {0}, second[BINS] = {0};
  if (n < 1) return NAN;
  const double step = (k->high - k->low + 0.2) / BINS;
  for (int i = 0; i <= BINS; i++) edge[i] = k->low + step * i - 0.1;
  uint8_t *bin = k->letter;
  for (int t = 0; t < k->n; t++) {
    int b = 0;
    for (int i = 1; i < BINS; i++) b += y[t] >= edge[i];
    bin[t] = (uint8_t)b;
  }
  for (int t = 0; t < n; t++) pair[bin[t]][bin[t + LAG]]++;
  for (int i = 0; i < BINS; i++)
    for (int j = 0; j < BINS; j++) {
      first[i] += pair[i][j];
      second[j] += pair[i][j];
    }
  double sum = 0.0;
  for (int i = 0; i < BINS; i++)
    for (int j = 0; j < BINS; j++)
      if (pair[i][j] > 0)
        sum += (double)pair[i][j] / n * log((double)pair[i][j] * n / ((double)first[i] * second[j]));
  return sum;
}

/* CO_Embed2_Dist_tau_d_expfit_meandiff: distances between successive points (y_t, y_{t+tau}), tau the first zero of the
   autocorrelation, at most n / 10; mean difference of their histogram from the exponential density of the same mean.
   Without spread of the distances 0, as in the program. */
double evl_catch22_embedding_dist(const evl_catch22 *k) {
  const int tau = k->first_zero > k->n / 10.0 ? k->n / 10 : k->first_zero, n = k->n - tau - 1;
  double *d = k->work, low, high, squares = 0.0;
  if (n < 2) return NAN;
  for (int t = 0; t < n; t++) {
    const double a = k->y[t + 1] - k->y[t], b = k->y[t + tau] - k->y[t + tau + 1];
    d[t] = sqrt(a * a + b * b);
  }
  evl_catch22_range(d, n, &low, &high);
  const double mean = evl_catch22_sum(d, n) / n;
  for (int t = 0; t < n; t++) squares += (d[t] - mean) * (d[t] - mean);
  const double sd = sqrt(squares / (n - 1));
  if (sd < 0.001) return 0.0;
  const int n_bins = (int)ceil((high - low) / (3.5 * sd / pow(n, 1 / 3.)));
  const histogram h = count_equal(d, n, low, high, n_bins, (int *)(d + n));
  double sum = 0.0;
  for (int i = 0; i < n_bins; i++)
    sum += fabs((double)h.count[i] / n - exp(-edges(&h, i) * 0.5 / mean) / mean);
  return sum / n_bins;
}
