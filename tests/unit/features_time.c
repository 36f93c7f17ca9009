/* Entries of the time domain by closed forms. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "eveil/math.h"
#include "../../src/features/features_priv.h"

enum { N = 10000 };
static const double FS_HZ = 250.0;
static double x[2 * N];

static bound bind(const char *entry, const char *config, int n_channels, int n_samples) {
  bound b;
  const evl_status status = bound_begin(&b, evl_feature_find(entry), config, n_channels, n_samples, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return b;
}

/* ---- hjorth ---- */

/* A sine of frequency w per sample: differences are sines of amplitude 2 sin(w / 2) times as large. */
static void test_hjorth_sine(void) {
  const double w = 2.0 * M_PI * 10.0 / FS_HZ;
  for (int t = 0; t < N; t++) x[t] = 20.0 * sin(w * t + 0.1);
  bound b = bind("hjorth", "", 1, N);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "activity", 0, 0), 200.0, 1e-12);
  CHECK_NEAR(bound_value(&b, "mobility", 0, 0), 2.0 * sin(w / 2.0) * FS_HZ, 1e-4);
  CHECK_NEAR(bound_value(&b, "complexity", 0, 0), 1.0, 5e-4); /* one or two samples of 10,000 are cut */
  bound_free(&b);
}

/* White noise: var dx = 2 v, var ddx = 6 v. */
static void test_hjorth_noise(void) {
  evl_random random;
  evl_random_begin(&random, 3, "test", "hjorth", 0);
  for (int t = 0; t < N; t++) x[t] = evl_random_normal(&random);
  bound b = bind("hjorth", "convention = \"antropy\";", 1, N);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "mobility", 0, 0), sqrt(2.0), 0.03);
  CHECK_NEAR(bound_value(&b, "complexity", 0, 0), sqrt(3.0) / sqrt(2.0), 0.03);
  bound_free(&b);
}

/* By hand: x = 0 1 4 9 16; dx = 1 3 5 7; ddx = 2 2 2. */
static void test_hjorth_by_hand(void) {
  for (int t = 0; t < 5; t++) x[t] = t * t;
  bound b = bind("hjorth", "convention = \"antropy\";", 1, 5);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "activity", 0, 0), 34.8, 1e-15);
  CHECK_NEAR(bound_value(&b, "mobility", 0, 0), sqrt(5.0 / 34.8), 1e-15);
  CHECK_NEAR(bound_value(&b, "complexity", 0, 0), 0.0, 1e-15);
  bound_free(&b);
}

/* ---- permutation entropy ---- */

static double entropy(const char *config, int n_samples) {
  bound b = bind("permutation_entropy", config, 1, n_samples);
  bound_run(&b, x, N);
  const double value = bound_value(&b, "entropy", 0, 0);
  bound_free(&b);
  return value;
}

static void test_monotone_is_zero(void) {
  for (int order = 3; order <= 7; order++) {
    char config[64];
    snprintf(config, sizeof config, "order = %d; tau = (1);", order);
    for (int t = 0; t < N; t++) x[t] = exp(1e-3 * t);
    CHECK(entropy(config, N) == 0.0);
    for (int t = 0; t < N; t++) x[t] = -t;
    CHECK(entropy(config, N) == 0.0 && !signbit(entropy(config, N)));
  }
}

/* Period 3 gives the three patterns of a rotation equally often. */
static void test_three_patterns(void) {
  for (int t = 0; t < N; t++) x[t] = t % 3;
  CHECK_NEAR(entropy("tau = (1);", 302), log(3.0) / log(6.0), 1e-14); /* 300 patterns */
  for (int t = 0; t < N; t++) x[t] = t / 2 % 3 + (t % 2 ? 100 : 0);
  CHECK_NEAR(entropy("tau = (2);", 604), log(3.0) / log(6.0), 1e-14);
}

/* Every order against a count that sorts indices, equal values in order of time. */
static void test_against_sorting(void) {
  enum { M = 6000 };
  static char key[M][8];
  evl_random random;
  evl_random_begin(&random, 5, "test", "patterns", 0);
  for (int t = 0; t < M; t++) x[t] = (double)evl_random_below(&random, 40);
  for (int order = 3; order <= 7; order++) {
    const int n = M - (order - 1) * 3;
    for (int t = 0; t < n; t++) {
      char *k = key[t];
      memset(k, 0, 8);
      for (int i = 0; i < order; i++) k[i] = (char)('a' + i);
      for (int i = 1; i < order; i++)
        for (int j = i; j > 0 && x[t + 3 * (k[j - 1] - 'a')] > x[t + 3 * (k[j] - 'a')]; j--) {
          const char swap = k[j];
          k[j] = k[j - 1];
          k[j - 1] = swap;
        }
    }
    qsort(key, (size_t)n, sizeof *key, (int (*)(const void *, const void *))strcmp);
    double sum = 0.0, maximum = lgamma(order + 1.0);
    for (int i = 0, j; i < n; i = j) {
      for (j = i; j < n && !strcmp(key[i], key[j]);) j++;
      const double p = (double)(j - i) / n;
      sum -= p * log(p);
    }
    char config[64];
    snprintf(config, sizeof config, "order = %d; tau = (3);", order);
    CHECK_NEAR(entropy(config, M), sum / maximum, 1e-12);
  }
}

static void test_too_few_patterns(void) {
  for (int t = 0; t < N; t++) x[t] = sin(t);
  CHECK(isnan(entropy("tau = (1);", 7)));        /* 5 patterns of 6 kinds */
  CHECK(!isnan(entropy("tau = (1);", 8)));
  CHECK(isnan(entropy("tau = (600);", 1000)));
  CHECK(isnan(entropy("order = 7; tau = (1);", 5000)));
  CHECK(isnan(entropy("tau = (1); lowpass = \"nice\";", 21)));
  bound b;
  CHECK(bound_begin(&b, evl_feature_find("permutation_entropy"), "tau = (1.5);", 1, 1000, FS_HZ) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "integers") != NULL);
  bound_free(&b);
}

/* The low-pass takes away fast noise: patterns of the slow wave remain. */
static void test_lowpass(void) {
  evl_random random;
  evl_random_begin(&random, 6, "test", "lowpass", 0);
  for (int t = 0; t < N; t++) x[t] = 10.0 * sin(2.0 * M_PI * t / FS_HZ) + 3.0 * evl_random_normal(&random);
  CHECK(entropy("tau = (8); lowpass = \"nice\";", 2500) < 0.75 * entropy("tau = (8);", 2500));
}

/* ---- zero-phase filter ---- */

static void test_zero_phase(void) {
  enum { T = 1000, PAD = 21 };
  static double y[T + 2 * PAD];
  evl_biquad section[EVL_MAX_SECTIONS];
  int n;
  CHECK(evl_butterworth_low(6, 20.0, FS_HZ, section, &n) == EVL_OK);
  for (int t = 0; t < T; t++) x[t] = 42.0;
  evl_zero_phase(section, n, x, T, PAD, y);
  for (int t = 0; t < T; t++) CHECK_NEAR(y[PAD + t], 42.0, 1e-12); /* settled from the first sample */
  for (int t = 0; t < T; t++) x[t] = sin(2.0 * M_PI * 5.0 * t / FS_HZ);
  evl_zero_phase(section, n, x, T, PAD, y);
  const double gain = pow(evl_biquad_gain(section, n, 5.0, FS_HZ), 2.0);
  for (int t = 200; t < 800; t++) CHECK_NEAR(y[PAD + t], gain * x[t], 1e-6); /* no phase */
}

/* Abreast, each signal has the bits that it has alone. */
static void test_zero_phase_rows(void) {
  enum { T = 1000, PAD = 21, ROWS = 3 };
  static double y[T + 2 * PAD], abreast[EVL_ZERO_PHASE_LANES * (T + 2 * PAD)], row[ROWS][T];
  evl_biquad section[EVL_MAX_SECTIONS];
  evl_random random;
  int n;
  evl_random_begin(&random, 13, "test", "rows", 0);
  CHECK(evl_butterworth_band(3, 0.5, 30.0, FS_HZ, section, &n) == EVL_OK);
  for (int t = 0; t < ROWS * T; t++) x[t] = 20.0 * evl_random_normal(&random);
  evl_zero_phase_rows(section, n, (const double *const[]){x, x + T, x + 2 * T}, ROWS, T, PAD, abreast,
                      (double *const[]){row[0], row[1], row[2]});
  for (int i = 0; i < ROWS; i++) {
    evl_zero_phase(section, n, x + i * T, T, PAD, y);
    CHECK(!memcmp(row[i], y + PAD, sizeof row[i]));
  }
}

/* ---- burst suppression ---- */

static double ratio(const char *config, int n) {
  bound b = bind("burst_suppression", config, 1, n);
  bound_run(&b, x, N);
  const double value = bound_value(&b, "ratio", 0, 0);
  bound_free(&b);
  return value;
}

/* The envelope of a sine is its amplitude times the response of the moving average. */
static void test_suppression_sine(void) {
  const double w = 2.0 * M_PI * 5.0 / FS_HZ, response = fabs(sin(10 * w / 2.0) / (10.0 * sin(w / 2.0)));
  for (int n = 5000; n <= 5050; n += 50) { /* whole periods, even and odd halves */
    for (int t = 0; t < N; t++) x[t] = 5.2 / response * sin(w * t);
    CHECK(ratio("", n) < 0.01);
    for (int t = 0; t < N; t++) x[t] = 4.8 / response * sin(w * t);
    CHECK(ratio("", n) > 0.99);
  }
}

/* Bursts in 30 % of the time. */
static void test_suppression_share(void) {
  evl_random random;
  evl_random_begin(&random, 9, "test", "bursts", 0);
  for (int t = 0; t < N; t++) x[t] = (t % 1000 < 300 ? 60.0 * sin(0.2 * t) : 0.0) + 0.3 * evl_random_normal(&random);
  CHECK_NEAR(ratio("", N), 0.7, 0.03);
  CHECK_NEAR(ratio("threshold_uv = 1e5;", N), 1.0, 0.0);
  CHECK(isnan(ratio("", 19)));
}

int main(void) {
  RUN(test_hjorth_sine);
  RUN(test_hjorth_noise);
  RUN(test_hjorth_by_hand);
  RUN(test_monotone_is_zero);
  RUN(test_three_patterns);
  RUN(test_against_sorting);
  RUN(test_too_few_patterns);
  RUN(test_lowpass);
  RUN(test_zero_phase);
  RUN(test_zero_phase_rows);
  RUN(test_suppression_sine);
  RUN(test_suppression_share);
  CHECK_DONE();
}
