/* catch22 on signals whose values are known, and its quick ways against the plain ones. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "eveil/math.h"

enum { N = 20000 };
static const double FS_HZ = 250.0;
static double x[N];
static bound now;

/* Runs on the first n samples of x; the values stay in `now`. */
static void run_on(int n) {
  if (now.arena) bound_free(&now);
  CHECK(bound_begin(&now, evl_feature_find("catch22"), "", 1, n, FS_HZ) == EVL_OK);
  bound_run(&now, x, N);
}
static double of(const char *output) { return bound_value(&now, output, 0, 0); }

static void fill_noise(uint64_t index) {
  evl_random random;
  evl_random_begin(&random, 17, "test", "catch22", index);
  for (int t = 0; t < N; t++) x[t] = evl_random_normal(&random);
}

static void test_white_noise(void) {
  fill_noise(0);
  run_on(N);
  CHECK_NEAR(of("entropy_pairs"), log(9.0), 1e-3);
  CHECK_NEAR(of("ami2"), 0.0, 2e-3);  /* 16 / 2 N and its scatter */
  CHECK_NEAR(of("trev"), 0.0, 0.15);  /* differences have sd 1.4 and 15 as mean square of cubes */
  CHECK_NEAR(of("forecast_error"), sqrt(4.0 / 3.0), 0.02);
  CHECK_NEAR(of("low_freq_power"), 0.2, 0.02);
  CHECK_NEAR(of("centroid_freq"), M_PI / 2.0, 0.05);
  CHECK_NEAR(of("high_fluctuation"), erfc(0.04 / 2.0), 5e-3); /* |d| of sd sqrt 2 over 0.04 */
  CHECK_NEAR(of("acf_timescale"), 1.0 - exp(-1.0), 0.02);     /* from 1 to about 0 in one lag */
  CHECK_NEAR(of("transition_matrix"), 0.0, 1e-3);
  CHECK_NEAR(of("outlier_timing_pos"), 0.0, 0.1);
  CHECK_NEAR(of("mean"), 0.0, 0.03);
  CHECK_NEAR(of("SD"), 1.0, 0.03);
}

static void test_sine(void) {
  for (int t = 0; t < N; t++) x[t] = 3.0 + 2.0 * sin(2.0 * M_PI * (t + 0.3) / 40.0);
  run_on(4000);
  CHECK(of("acf_first_min") == 20.0);
  CHECK(of("periodicity") == 39.0); /* a period of 40, counted from 0 at lag 1 */
  CHECK(of("stretch_high") == 21.0);       /* 20 samples: the program counts from the last one below to the next */
  CHECK(of("stretch_decreasing") == 21.0); /* 20 steps */
  CHECK(of("ami_timescale") == 9.0); /* no correlation at a quarter of the period, counted from 0 at lag 1 */
  CHECK_NEAR(of("acf_timescale"), 40.0 * acos(exp(-1.0)) / (2.0 * M_PI), 0.02);
  CHECK_NEAR(of("centroid_freq"), 2.0 * M_PI / 40.0, 2e-3);
  CHECK_NEAR(of("low_freq_power"), 1.0, 0.01);
  CHECK_NEAR(of("trev"), 0.0, 1e-4);
  CHECK_NEAR(of("mean"), 3.0, 1e-3);
}

/* What a cubic spline with a knot in the middle follows is no period. */
static void test_trend_and_period(void) {
  for (int t = 0; t < 3000; t++) {
    const double u = t / 3000.0, kink = t > 1499 ? u - 1499.0 / 3000.0 : 0.0;
    x[t] = sin(2.0 * M_PI * t / 33.0) + 40.0 * u - 90.0 * u * u + 300.0 * kink * kink * kink;
  }
  run_on(3000);
  CHECK(of("periodicity") == 32.0);
}

/* An increase that is steep and a decrease that is not: time runs forwards. */
static void test_sawtooth(void) {
  for (int t = 0; t < N; t++) x[t] = t % 10 == 0 ? 9.0 : 9.0 - t % 10;
  run_on(1000);
  const double sd = of("SD"), step = 1.0 / sd;
  CHECK_NEAR(of("trev"), (99.0 * pow(9.0 * step, 3.0) - 900.0 * pow(step, 3.0)) / 999.0, 1e-9);
  CHECK(of("stretch_decreasing") == 10.0);
}

/* Offset and scale only reach mean and SD. */
static void test_invariance(void) {
  double before[24], after[24];
  fill_noise(1);
  for (int t = 1; t < N; t++) x[t] += 0.9 * x[t - 1];
  run_on(5000);
  memcpy(before, now.out.value, sizeof before);
  for (int t = 0; t < N; t++) x[t] = 1024.0 + 8.0 * x[t];
  run_on(5000);
  memcpy(after, now.out.value, sizeof after);
  for (int i = 0; i < 22; i++) CHECK_NEAR(after[i], before[i], 1e-9);
  CHECK_NEAR(after[22], 1024.0 + 8.0 * before[22], 1e-12);
  CHECK_NEAR(after[23], 8.0 * before[23], 1e-12);
}

/* ---- outlier timing and symbols by their definitions ---- */

static double median(double *v, int n) {
  evl_sort(v, (size_t)n);
  return n % 2 ? v[n / 2] : 0.5 * (v[n / 2] + v[n / 2 - 1]);
}

/* Every level from the start: places of the samples that reach it. */
static double plain_timing(const double *y, int n, double sign) {
  static double place[N], timing[N];
  int total = 0, levels = 0, last_many = 0, first_single = -1;
  double highest = -INFINITY;
  for (int t = 0; t < n; t++) {
    total += sign * y[t] >= 0.0;
    highest = fmax(highest, sign * y[t]);
  }
  if (highest < 0.01) return 0.0;
  for (; levels * 0.01 <= highest; levels++) {
    int count = 0;
    for (int t = 0; t < n; t++)
      if (sign * y[t] >= levels * 0.01) place[count++] = t + 1;
    if (100.0 * (count - 1) / total > 2.0) last_many = levels;
    if (count == 1 && first_single < 0) first_single = levels;
    timing[levels] = median(place, count) / (n / 2.0) - 1.0;
  }
  if (first_single < 0) first_single = levels - 1;
  return median(timing, (last_many < first_single ? last_many : first_single) + 1);
}

static void test_outlier_timing(void) {
  static double y[N];
  evl_random random;
  evl_random_begin(&random, 18, "test", "catch22", 0);
  for (int trial = 0; trial < 200; trial++) {
    const int n = 12 + (int)evl_random_below(&random, 400), steps = 1 + (int)evl_random_below(&random, 30);
    const bool quantised = trial % 2;
    for (int t = 0; t < n; t++) {
      x[t] = evl_random_normal(&random) * (trial % 5 ? 1.0 : exp(evl_random_normal(&random)));
      if (quantised) x[t] = round(x[t] * steps);
    }
    if (evl_is_flat(x, (size_t)n)) continue;
    run_on(n);
    double sum = 0.0, squares = 0.0;
    for (int t = 0; t < n; t++) sum += x[t];
    const double mean = sum / n;
    for (int t = 0; t < n; t++) squares += (x[t] - mean) * (x[t] - mean);
    for (int t = 0; t < n; t++) y[t] = (x[t] - mean) / sqrt(squares / (n - 1));
    CHECK_NEAR(of("outlier_timing_pos"), plain_timing(y, n, 1.0), 1e-12);
    CHECK_NEAR(of("outlier_timing_neg"), plain_timing(y, n, -1.0), 1e-12);
  }
}

/* Three equally frequent letters in a fixed order: three pairs. */
static void test_entropy_of_a_cycle(void) {
  for (int t = 0; t < N; t++) x[t] = t % 3;
  run_on(3001);
  CHECK_NEAR(of("entropy_pairs"), log(3.0), 1e-6);
}

/* A ramp: every step alike, so that distances have no spread, and no peak. */
static void test_ramp(void) {
  for (int t = 0; t < N; t++) x[t] = t;
  run_on(1000);
  CHECK(of("embedding_dist") == 0.0);
  CHECK(of("stretch_decreasing") == 1.0);
  CHECK(of("stretch_high") == 499.0);       /* from the last one below the mean to the last but one of all */
  CHECK_NEAR(of("mode_5"), 0.0, 1e-9);      /* five bins of equal count: the mean of their middles */
}

static void test_short_series(void) {
  fill_noise(2);
  for (int n = 2; n < 40; n++) {
    run_on(n);
    for (int i = 0; i < now.n_values; i++) CHECK(isfinite(now.out.value[i]) == (now.out.why[i] == EVL_WHY_VALUE));
    CHECK_NEAR(of("SD"), sqrt(evl_variance(x, (size_t)n, 1)), 1e-12);
    if (n < 32) CHECK(of("dfa") == 0.0 && of("rs_range") == 0.0);
    if (n < 10) CHECK(of("periodicity") == 0.0);
  }
}

int main(void) {
  RUN(test_white_noise);
  RUN(test_sine);
  RUN(test_trend_and_period);
  RUN(test_sawtooth);
  RUN(test_invariance);
  RUN(test_outlier_timing);
  RUN(test_entropy_of_a_cycle);
  RUN(test_ramp);
  RUN(test_short_series);
  CHECK_DONE();
}
