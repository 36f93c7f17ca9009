/* catch22_increments: features of successive samples. */
#include "catch22_priv.h"

/* CO_trev_1_num */
double evl_catch22_trev(const evl_catch22 *k) {
  double sum = 0.0;
  for (int t = 1; t < k->n; t++) {
    const double d = k->y[t] - k->y[t - 1];
    sum += d * d * d;
  }
  return sum / (k->n - 1);
}

/* MD_hrv_classic_pnn40: share of steps over 0.04. */
double evl_catch22_high_fluctuation(const evl_catch22 *k) {
  int count = 0;
  for (int t = 1; t < k->n; t++) count += fabs(k->y[t] - k->y[t - 1]) * 1000.0 > 40.0;
  return (double)count / (k->n - 1);
}

/* FC_LocalSimple_mean3_stderr: sd of a sample less the mean of the three before. */
double evl_catch22_forecast_error(const evl_catch22 *k) {
  const int n = k->n - 3;
  if (n < 2) return NAN;
  for (int t = 0; t < n; t++) k->work[t] = k->y[t + 3] - (k->y[t] + k->y[t + 1] + k->y[t + 2]) / 3.0;
  return sqrt(evl_variance(k->work, (size_t)n, 1));
}

/* Longest stretch as the program counts it: distance between samples outside, the first sample and the last but one of
   the series taken for such. */
typedef struct stretch { int last, longest; } stretch;
static void step(stretch *s, int t, bool outside) {
  if (!outside) return;
  s->longest = t - s->last > s->longest ? t - s->last : s->longest;
  s->last = t;
}

/* SB_BinaryStats_mean_longstretch1: samples above the mean. */
double evl_catch22_stretch_high(const evl_catch22 *k) {
  stretch s = {0, 0};
  for (int t = 0; t < k->n - 1; t++) step(&s, t, k->y[t] - k->mean <= 0.0 || t == k->n - 2);
  return s.longest;
}

/* SB_BinaryStats_diff_longstretch0: steps that fall. */
double evl_catch22_stretch_decreasing(const evl_catch22 *k) {
  stretch s = {0, 0};
  for (int t = 0; t < k->n - 1; t++) step(&s, t, k->y[t + 1] - k->y[t] >= 0.0 || t == k->n - 2);
  return s.longest;
}
