/* AUC with DeLong's variance against the definition, intervals, calibration, exact proportions. */
#include "check.h"
#include "eveil/math.h"
#include "eveil/prognosis.h"

static evl_arena *arena;

/* By definition: all pairs. */
static void by_pairs(int n, const double *s, const double *y, double *auc, double *variance) {
  double m = 0, k = 0, sum = 0, s10 = 0, s01 = 0;
  for (int i = 0; i < n; i++) {
    if (y[i] != 0) m++;
    else k++;
  }
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      if (y[i] == 1 && y[j] == 0) sum += s[i] > s[j] ? 1 : s[i] == s[j] ? 0.5 : 0;
  *auc = sum / (m * k);
  for (int i = 0; i < n; i++) {
    double v = 0;
    for (int j = 0; j < n; j++) {
      if (y[i] == y[j]) continue;
      double above = y[i] == 1 ? s[i] - s[j] : s[j] - s[i];
      v += (above > 0 ? 1 : above == 0 ? 0.5 : 0) / (y[i] == 1 ? k : m);
    }
    if (y[i] == 1) s10 += (v - *auc) * (v - *auc);
    else s01 += (v - *auc) * (v - *auc);
  }
  *variance = s10 / (m - 1) / m + s01 / (k - 1) / k;
}

static void by_hand(void) {
  const double y[] = {0, 0, 1, 1, 1}, s[] = {1, 2, 2, 3, 0};
  double auc, variance;
  CHECK(evl_auc_delong(5, s, y, &auc, &variance, arena) == EVL_OK);
  CHECK_NEAR(auc, 3.5 / 6, 1e-15); /* pairs: 1 + .5, 1 + 1, 0 + 0 */
  /* V10 = .75, 1, 0; V01 = 2/3, 1/2 */
  double a = 3.5 / 6, s10 = ((0.75 - a) * (0.75 - a) + (1 - a) * (1 - a) + a * a) / 2;
  double s01 = (2.0 / 3 - a) * (2.0 / 3 - a) + (0.5 - a) * (0.5 - a);
  CHECK_NEAR(variance, s10 / 3 + s01 / 2, 1e-15);
}

static void agrees_with_all_pairs(void) {
  evl_random random;
  evl_random_begin(&random, 3, "delong", "", 0);
  for (int trial = 0; trial < 200; trial++) {
    double s[60], t[60], y[60], auc, variance, auc_p, variance_p, covariance;
    int n = 8 + (int)evl_random_below(&random, 50);
    for (int i = 0; i < n; i++) {
      y[i] = i < 2 ? 0 : i < 4 ? 1 : (double)evl_random_below(&random, 2);
      s[i] = trial % 2 ? (double)evl_random_below(&random, 5) - 2 : evl_random_normal(&random) + 0.5 * y[i];
      t[i] = -s[i];
    }
    by_pairs(n, s, y, &auc_p, &variance_p);
    CHECK(evl_auc_delong(n, s, y, &auc, &variance, arena) == EVL_OK);
    CHECK_NEAR(auc, auc_p, 1e-14);
    CHECK_NEAR(variance, variance_p, 1e-14);
    CHECK(evl_auc_delong_covariance(n, s, s, y, &covariance, arena) == EVL_OK);
    CHECK_NEAR(covariance, variance, 1e-15);
    CHECK(evl_auc_delong_covariance(n, s, t, y, &covariance, arena) == EVL_OK);
    CHECK_NEAR(covariance, -variance, 1e-14);
    CHECK(evl_auc_delong(n, t, y, &auc_p, &variance_p, arena) == EVL_OK); /* never turned round */
    CHECK_NEAR(auc_p, 1 - auc, 1e-14);
  }
}

static void order_of_doubles(void) {
  const double s[] = {-0.0, 0.0, -INFINITY, INFINITY, -1e-310, 1e-310}, y[] = {0, 1, 0, 1, 0, 1};
  double auc, variance;
  CHECK(evl_auc_delong(6, s, y, &auc, &variance, arena) == EVL_OK);
  CHECK_NEAR(auc, 8.5 / 9, 1e-15); /* -0 and 0 tie */
}

static void large(void) {
  /* m n = 5.6e9 does not fit 32 bits; scores i and i + .5 interleave. */
  enum { N = 150000 };
  double *s = malloc(N * sizeof *s), *y = malloc(N * sizeof *y), auc, variance;
  for (int i = 0; i < N; i++) {
    y[i] = i % 2;
    s[i] = i;
  }
  CHECK(evl_auc_delong(N, s, y, &auc, &variance, arena) == EVL_OK);
  CHECK_NEAR(auc, 0.5 + 0.5 / (N / 2), 1e-14); /* (n + 1) / 2n */
  CHECK(variance > 0 && variance < 1e-5);
  free(s);
  free(y);
}

static void refuses(void) {
  const double s[] = {1, 2, NAN}, y[] = {0, 1, 1}, one[] = {1, 1, 1}, plain[] = {3, 1, 2};
  double auc, variance;
  CHECK(evl_auc_delong(3, s, y, &auc, &variance, arena) == EVL_NUMERIC);
  CHECK(strstr(evl_error_message(), "NaN"));
  CHECK(evl_auc_delong(3, plain, one, &auc, &variance, arena) == EVL_NUMERIC);
  CHECK(strstr(evl_error_message(), "both outcomes"));
  CHECK(evl_auc_delong(3, plain, y, &auc, &variance, arena) == EVL_OK); /* one negative: no variance */
  CHECK_NEAR(auc, 0, 0);
  CHECK(isnan(variance));
}

static void intervals(void) {
  double low, high;
  evl_auc_interval(0.8, 0.0025, 0.95, &low, &high);
  CHECK_NEAR(log(low / (1 - low)), log(4) - 1.959963984540054 * 0.05 / 0.16, 1e-13);
  CHECK_NEAR(log(high / (1 - high)), log(4) + 1.959963984540054 * 0.05 / 0.16, 1e-13);
  evl_auc_interval_wald(0.99, 0.0025, 0.95, &low, &high);
  CHECK(high == 1 && fabs(low - (0.99 - 1.959963984540054 * 0.05)) < 1e-14);
  evl_auc_interval(1, 0, 0.95, &low, &high);
  CHECK(isnan(low) && isnan(high));
  evl_auc_interval_wald(1, 0, 0.95, &low, &high);
  CHECK(isnan(low) && isnan(high));
}

static void calibration(void) {
  /* Counts made so that the recalibration is exact: at logit z the odds of y are 3^(2 z / log 3 ...): slope 2,
   * intercept 0. */
  double p[800], y[800], slope, intercept, offset;
  const double odds[] = {1.0 / 3, 3}; /* p = 1/4, 3/4 */
  int n = 0;
  for (int k = 0; k < 2; k++)
    for (int i = 0; i < 400; i++, n++) {
      p[n] = odds[k] / (1 + odds[k]);
      y[n] = i < (k ? 360 : 40); /* odds 9 and 1/9: twice the logit */
    }
  CHECK(evl_calibration(n, p, y, &slope, &intercept, arena) == EVL_OK);
  CHECK_NEAR(slope, 2, 1e-12);
  CHECK_NEAR(intercept, 0, 1e-12);
  CHECK(evl_calibration_in_the_large(n, p, y, &offset, arena) == EVL_OK);
  CHECK_NEAR(offset, 0, 1e-12);
  CHECK_NEAR(evl_brier(n, p, y), 0.9 * 0.0625 + 0.1 * 0.5625, 1e-14);
  CHECK_NEAR(evl_log_loss(n, p, y), -0.9 * log(0.75) - 0.1 * log(0.25), 1e-14);
  for (int i = 0; i < n; i++) y[i] = p[i] > 0.5;
  CHECK(evl_calibration(n, p, y, &slope, &intercept, arena) == EVL_NUMERIC); /* separated */
  for (int i = 0; i < n; i++) p[i] = 0.3;
  CHECK(evl_calibration(n, p, y, &slope, &intercept, arena) == EVL_NUMERIC); /* one probability */
  CHECK(evl_calibration_in_the_large(n, p, y, &offset, arena) == EVL_OK);
  CHECK_NEAR(offset, log(7.0 / 3), 1e-12);
  p[0] = 1;
  p[1] = 0;
  y[0] = 1;
  CHECK(isfinite(evl_log_loss(n, p, y)));
  p[2] = NAN;
  CHECK(evl_calibration(n, p, y, &slope, &intercept, arena) == EVL_NUMERIC);
}

static void proportions(void) {
  double low, high;
  for (int n = 1; n < 500; n += 61) {
    evl_clopper_pearson(0, n, 0.95, &low, &high);
    CHECK(low == 0);
    CHECK_NEAR(high, -expm1(log(0.025) / n), 1e-12);
    evl_clopper_pearson(n, n, 0.95, &low, &high);
    CHECK(high == 1);
    CHECK_NEAR(low, exp(log(0.025) / n), 1e-12);
  }
  evl_clopper_pearson(3, 2, 0.95, &low, &high);
  CHECK(isnan(low) && isnan(high));
  evl_clopper_pearson(0, 0, 0.95, &low, &high);
  CHECK(isnan(low) && isnan(high));
}

int main(void) {
  arena = evl_arena_create();
  RUN(by_hand);
  RUN(agrees_with_all_pairs);
  RUN(order_of_doubles);
  RUN(large);
  RUN(refuses);
  RUN(intervals);
  RUN(calibration);
  RUN(proportions);
  evl_arena_free(arena);
  CHECK_DONE();
}
