/* catch22_symbols: features of the series as letters, the lower, middle and upper third of its values. */
#include <string.h>

#include "catch22_priv.h"

enum { LETTERS = 3 };

/* Quantile between the order statistics at (i + 0.5) / n; p within these. */
static double quantile(const double *sorted, int n, double p) {
  const double place = n * p - 0.5;
  const int left = (int)floor(place), right = (int)ceil(place);
  return right > left ? sorted[left] + (place - left) * (sorted[right] - sorted[left]) : sorted[left];
}

/* Letter of every step-th sample; their number. sorted [2 n] is scratch. */
static int letters(const double *y, int n, int step, double *sorted, uint8_t *letter) {
  const double third = 1.0 / LETTERS;
  const int m = (n - 1) / step + 1;
  for (int i = 0; i < m; i++) sorted[i] = y[(size_t)i * (size_t)step];
  evl_radix_sort(sorted, (size_t)m, sorted + m);
  double low = sorted[0], high = sorted[m - 1];
  if (m > 1) {
    low = quantile(sorted, m, third);
    high = quantile(sorted, m, third + third);
  }
  for (int i = 0; i < m; i++) {
    const double v = y[(size_t)i * (size_t)step];
    letter[i] = (uint8_t)((v > low) + (v > high));
  }
  return m;
}

static void count_pairs(const uint8_t *letter, int n, double pair[LETTERS][LETTERS]) {
  int count[LETTERS * LETTERS] = {0};
  for (int t = 1; t < n; t++) count[letter[t - 1] * LETTERS + letter[t]]++;
  for (int i = 0; i < LETTERS * LETTERS; i++) pair[i / LETTERS][i % LETTERS] = (double)count[i] / (n - 1);
}

/* SB_MotifThree_quantile_hh: entropy of pairs of letters, nats. */
double evl_catch22_entropy_pairs(const evl_catch22 *k) {
  double pair[LETTERS][LETTERS], sum = 0.0;
  count_pairs(k->letter, letters(k->y, k->n, 1, k->work, k->letter), pair);
  for (int i = 0; i < LETTERS; i++)
    for (int j = 0; j < LETTERS; j++)
      if (pair[i][j] > 0.0) sum -= pair[i][j] * log(pair[i][j]);
  return sum;
}

/* SB_TransitionMatrix_3ac_sumdiagcov: of every tau-th sample, tau the first zero of the autocorrelation; sum of the
   variances of the columns of the transition probabilities. */
double evl_catch22_transition_matrix(const evl_catch22 *k) {
  double pair[LETTERS][LETTERS], sum = 0.0;
  if (k->first_zero >= k->n) return NAN;
  count_pairs(k->letter, letters(k->y, k->n, k->first_zero, k->work, k->letter), pair);
  for (int j = 0; j < LETTERS; j++) {
    const double column[LETTERS] = {pair[0][j], pair[1][j], pair[2][j]};
    sum += evl_variance(column, LETTERS, 1);
  }
  return sum;
}
