/* How probabilities agree with outcomes: Brier score, log loss, logistic recalibration; exact intervals of proportions.
 */
#include <math.h>

#include "eveil/math.h"
#include "eveil/prognosis.h"

double evl_brier(int n, const double *probability, const double *y) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += (probability[i] - y[i]) * (probability[i] - y[i]);
  return sum / n;
}

static double kept_inside(double p) { return fmin(fmax(p, 1e-15), 1 - 1e-15); }

double evl_log_loss(int n, const double *probability, const double *y) {
  double sum = 0;
  for (int i = 0; i < n; i++) {
    const double p = kept_inside(probability[i]);
    sum -= y[i] != 0 ? log(p) : log1p(-p);
  }
  return sum / n;
}

static double mean_loss(int n, const double *z, const double *y, double a, double b) {
  double sum = 0;
  for (int i = 0; i < n; i++) {
    const double eta = a + b * z[i];
    sum += log1p(exp(-fabs(eta))) + (eta > 0 ? eta : 0) - y[i] * eta;
  }
  return sum / n;
}

/* Newton's method on (a, b), or on a alone. */
static evl_status recalibrate(int n, const double *z, const double *y, bool slope_too, double *a, double *b) {
  *a = 0;
  *b = 1;
  double loss = mean_loss(n, z, y, *a, *b);
  for (int k = 0; k < 100; k++) {
    double g0 = 0, g1 = 0, h00 = 0, h01 = 0, h11 = 0;
    for (int i = 0; i < n; i++) {
      const double p = evl_logistic(*a + *b * z[i]), r = p - y[i], w = p * (1 - p);
      g0 += r;
      g1 += r * z[i];
      h00 += w;
      h01 += w * z[i];
      h11 += w * z[i] * z[i];
    }
    double da, db = 0;
    if (slope_too) {
      const double determinant = h00 * h11 - h01 * h01;
      if (!(determinant > 1e-14 * h00 * h11)) break;
      da = -(h11 * g0 - h01 * g1) / determinant;
      db = -(h00 * g1 - h01 * g0) / determinant;
    } else {
      if (!(h00 > 0)) break;
      da = -g0 / h00;
    }
    double t = 1, next = 0;
    for (int half = 0; half < 50; half++, t *= 0.5) {
      next = mean_loss(n, z, y, *a + t * da, *b + t * db);
      if (next <= loss + 1e-14 * (1 + loss)) break;
    }
    loss = next;
    *a += t * da;
    *b += t * db;
    if (!(fabs(*a) < 1e4 && fabs(*b) < 1e4)) break; /* separated: the estimate runs away */
    if (fabs(t * da) <= 1e-10 * (1 + fabs(*a)) && fabs(t * db) <= 1e-10 * (1 + fabs(*b))) return EVL_OK;
  }
  return evl_fail(EVL_NUMERIC, "calibration: no finite estimate (outcomes separated, or one probability for all)");
}

static evl_status logits(int n, const double *probability, evl_arena *arena, double **z) {
  EVL_NEW(arena, *z, n);
  for (int i = 0; i < n; i++) {
    const double p = kept_inside(probability[i]);
    (*z)[i] = log(p) - log1p(-p);
    if (isnan((*z)[i])) return evl_fail(EVL_NUMERIC, "calibration: probability %d of %d is NaN", i + 1, n);
  }
  return EVL_OK;
}

evl_status evl_calibration(int n, const double *probability, const double *y, double *slope, double *intercept,
                           evl_arena *scratch) {
  const evl_mark mark = evl_arena_mark(scratch);
  double *z;
  evl_status status = logits(n, probability, scratch, &z);
  if (status == EVL_OK) status = recalibrate(n, z, y, true, intercept, slope);
  evl_arena_release(scratch, mark);
  return status;
}

evl_status evl_calibration_in_the_large(int n, const double *probability, const double *y, double *offset,
                                        evl_arena *scratch) {
  const evl_mark mark = evl_arena_mark(scratch);
  double *z, one;
  evl_status status = logits(n, probability, scratch, &z);
  if (status == EVL_OK) status = recalibrate(n, z, y, false, offset, &one);
  evl_arena_release(scratch, mark);
  return status;
}

void evl_clopper_pearson(int k, int n, double level, double *low, double *high) {
  *low = *high = NAN;
  if (n <= 0 || k < 0 || k > n) return;
  const double tail = 0.5 * (1 - level);
  *low = k == 0 ? 0 : evl_beta_quantile(tail, k, n - k + 1);
  *high = k == n ? 1 : evl_beta_quantile(1 - tail, k + 1, n - k);
}
