/* The area under the ROC curve with DeLong's variance in O(n log n) (Sun & Xu 2014, doi:10.1109/LSP.2014.2337313). */
#include <math.h>
#include <string.h>

#include "eveil/math.h"
#include "eveil/prognosis.h"

/* Doubles as integers of the same order; -0 and 0 are one value. */
static uint64_t key_of(double x) {
  uint64_t bits;
  x += 0.0;
  memcpy(&bits, &x, sizeof bits);
  return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

/* order[n]: indices by ascending key; six stable passes of 11 bits, those in which all digits agree left out. */
static evl_status sort_order(int n, const double *x, int **order, evl_arena *arena) {
  enum { BITS = 11, DIGITS = 1 << BITS, PASSES = 6 };
  uint64_t *key, *key_next;
  int *index, *index_next, *count;
  EVL_NEW(arena, key, n);
  EVL_NEW(arena, key_next, n);
  EVL_NEW(arena, index, n);
  EVL_NEW(arena, index_next, n);
  EVL_NEW(arena, count, PASSES * DIGITS);
  for (int i = 0; i < n; i++) {
    key[i] = key_of(x[i]);
    index[i] = i;
    for (int pass = 0; pass < PASSES; pass++) count[pass * DIGITS + (int)(key[i] >> (pass * BITS) & (DIGITS - 1))]++;
  }
  for (int pass = 0; pass < PASSES; pass++) {
    int *c = count + pass * DIGITS, sum = 0;
    if (c[key[0] >> (pass * BITS) & (DIGITS - 1)] == n) continue;
    for (int d = 0; d < DIGITS; d++) {
      int here = c[d];
      c[d] = sum;
      sum += here;
    }
    for (int i = 0; i < n; i++) {
      int to = c[key[i] >> (pass * BITS) & (DIGITS - 1)]++;
      key_next[to] = key[i];
      index_next[to] = index[i];
    }
    uint64_t *k = key; key = key_next; key_next = k;
    int *x_ = index; index = index_next; index_next = x_;
  }
  *order = index;
  return EVL_OK;
}

/* component[i]: for a positive the share of negatives below it (V10), for a negative the share of positives above it
 * (V01). */
static evl_status components(int n, const double *score, const double *y, double *component, double *auc,
                             int *n_positive, evl_arena *arena) {
  int m = 0, *order;
  for (int i = 0; i < n; i++) {
    if (isnan(score[i])) return evl_fail(EVL_NUMERIC, "AUC: score %d of %d is NaN", i + 1, n);
    m += y[i] != 0;
  }
  if (m == 0 || m == n) return evl_fail(EVL_NUMERIC, "AUC: expected both outcomes, found %d positive of %d", m, n);
  EVL_TRY(sort_order(n, score, &order, arena));
  const double n_pos = m, n_neg = n - m;
  double below_pos = 0, below_neg = 0, sum = 0;
  for (int i = 0, end; i < n; i = end) {
    double tied_pos = 0, tied_neg = 0;
    for (end = i; end < n && score[order[end]] == score[order[i]]; end++) {
      if (y[order[end]] != 0) tied_pos++;
      else tied_neg++;
    }
    const double v10 = (below_neg + 0.5 * tied_neg) / n_neg, v01 = 1 - (below_pos + 0.5 * tied_pos) / n_pos;
    for (int k = i; k < end; k++) component[order[k]] = y[order[k]] != 0 ? v10 : v01;
    sum += tied_pos * (below_neg + 0.5 * tied_neg);
    below_pos += tied_pos;
    below_neg += tied_neg;
  }
  *auc = sum / n_pos / n_neg;
  *n_positive = m;
  return EVL_OK;
}

/* S10/m + S01/n of two sets of components around their AUC. */
static double covariance_of(int n, int m, const double *a, double auc_a, const double *b, double auc_b,
                            const double *y) {
  double s10 = 0, s01 = 0;
  for (int i = 0; i < n; i++) {
    const double product = (a[i] - auc_a) * (b[i] - auc_b);
    if (y[i] != 0) s10 += product;
    else s01 += product;
  }
  if (m < 2 || n - m < 2) return NAN;
  return s10 / (m - 1) / m + s01 / (n - m - 1) / (n - m);
}

evl_status evl_auc_delong(int n, const double *score, const double *y, double *auc, double *variance,
                          evl_arena *scratch) {
  const evl_mark mark = evl_arena_mark(scratch);
  int m;
  double *v;
  EVL_NEW(scratch, v, n);
  evl_status status = components(n, score, y, v, auc, &m, scratch);
  if (status == EVL_OK) *variance = covariance_of(n, m, v, *auc, v, *auc, y);
  evl_arena_release(scratch, mark);
  return status;
}

evl_status evl_auc_delong_covariance(int n, const double *score_a, const double *score_b, const double *y,
                                     double *covariance, evl_arena *scratch) {
  const evl_mark mark = evl_arena_mark(scratch);
  int m;
  double *a, *b, auc_a, auc_b;
  EVL_NEW(scratch, a, n);
  EVL_NEW(scratch, b, n);
  evl_status status = components(n, score_a, y, a, &auc_a, &m, scratch);
  if (status == EVL_OK) status = components(n, score_b, y, b, &auc_b, &m, scratch);
  if (status == EVL_OK) *covariance = covariance_of(n, m, a, auc_a, b, auc_b, y);
  evl_arena_release(scratch, mark);
  return status;
}

void evl_auc_interval(double auc, double variance, double level, double *low, double *high) {
  *low = *high = NAN;
  if (!(variance > 0) || !(auc > 0 && auc < 1)) return;
  const double logit = log(auc / (1 - auc));
  const double half = evl_normal_quantile(0.5 + 0.5 * level) * sqrt(variance) / (auc * (1 - auc));
  *low = evl_logistic(logit - half);
  *high = evl_logistic(logit + half);
}

void evl_auc_interval_wald(double auc, double variance, double level, double *low, double *high) {
  *low = *high = NAN;
  if (!(variance > 0)) return;
  const double half = evl_normal_quantile(0.5 + 0.5 * level) * sqrt(variance);
  *low = fmax(0, auc - half);
  *high = fmin(1, auc + half);
}
