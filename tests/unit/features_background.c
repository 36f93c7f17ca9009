/* Background and coma measures by closed forms and signals whose events are known. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "eveil/math.h"

enum { N = 75000 };
static const double FS_HZ = 250.0;
static double x[2 * N];

static bound bind(const char *entry, const char *config, int n_channels, int n_samples) {
  bound b;
  const evl_status status = bound_begin(&b, evl_feature_find(entry), config, n_channels, n_samples, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return b;
}

/* A value of the first channel's N samples. */
static double value(const char *entry, const char *config, const char *output, int item, int n) {
  bound b = bind(entry, config, 1, n);
  bound_run(&b, x, N);
  const double v = bound_value(&b, output, item, 0);
  bound_free(&b);
  return v;
}

static bool refuses(const char *entry, const char *config) {
  bound b;
  const evl_status status = bound_begin(&b, evl_feature_find(entry), config, 1, N, FS_HZ);
  bound_free(&b);
  return status == EVL_USAGE;
}

/* Every 10 s a burst of 3 s, a sine of 40 uV at 5 Hz, from 2 s on; between them a sine of 2 uV at 10 Hz. */
static void make_bursts(void) {
  for (int t = 0; t < N; t++) {
    const double s = t / FS_HZ, in = fmod(s + 8.0, 10.0);
    x[t] = in < 3.0 ? 40.0 * sin(2.0 * M_PI * 5.0 * in) : 2.0 * sin(2.0 * M_PI * 10.0 * s);
  }
}

/* ---- amplitudes ---- */

static void test_voltage_fraction(void) {
  for (int t = 0; t < N; t++) x[t] = (t % 2 ? -1.0 : 1.0) * (t % 10); /* 0 .. 9, a tenth each */
  CHECK_NEAR(value("voltage_fraction", "", "fraction", 0, N), 0.5, 1e-15);
  CHECK_NEAR(value("voltage_fraction", "", "fraction", 1, N), 1.0, 0.0);
}

static void test_range_eeg(void) {
  for (int t = 0; t < N; t++) x[t] = (1 + t / 500) * sin(2.0 * M_PI * t / 100.0); /* ranges 2, 4, ... 300 uV */
  CHECK_NEAR(value("range_eeg", "", "mean", 0, N), 151.0, 1e-12);
  CHECK_NEAR(value("range_eeg", "", "median", 0, N), 151.0, 1e-12);
  CHECK_NEAR(value("range_eeg", "", "p5", 0, N), 2.0 + 298.0 * 0.05, 1e-12);
  CHECK_NEAR(value("range_eeg", "percentile = \"midpoint\";", "p5", 0, N), 2.0 * (150 * 0.05 + 0.5), 1e-12);
  CHECK_NEAR(value("range_eeg", "", "width", 0, N), 298.0 * 0.9, 1e-12);
  CHECK_NEAR(value("range_eeg", "", "sd", 0, N), 2.0 * sqrt(150.0 * 151.0 / 12.0), 1e-10);
  CHECK_NEAR(value("range_eeg", "", "asymmetry", 0, N), 0.0, 1e-12);
  CHECK_NEAR(value("range_eeg", "scale = \"log_linear\";", "p95", 0, N),
             50.0 / log(50.0) * (0.45 * log(284.0) + 0.55 * log(286.0)), 1e-10);
}

/* A band passes its sines and stops the others. */
static void test_range_eeg_bands(void) {
  for (int t = 0; t < N; t++)
    x[t] = 10.0 * sin(2.0 * M_PI * 2.0 * t / FS_HZ) + 30.0 * sin(2.0 * M_PI * 10.0 * t / FS_HZ);
  static const char *const bands = "bands : { d = (0.5, 4.0); a = (7.0, 13.0); all = (0.0, 1000.0); };";
  CHECK_NEAR(value("range_eeg", bands, "median", 0, N), 20.0, 0.05);
  CHECK_NEAR(value("range_eeg", bands, "median", 1, N), 60.0, 0.05);
  CHECK(value("range_eeg", bands, "median", 2, N) > 75.0);
  CHECK(isnan(value("range_eeg", "bands : { beyond = (130.0, 200.0); };", "median", 0, N)));
}

static void test_regularity(void) {
  for (int t = 0; t < N; t++) x[t] = t % 2 ? 7.0 : -7.0; /* constant power but for the first half second */
  CHECK_NEAR(value("regularity", "", "regularity", 0, N), 1.0, 1e-3);
  CHECK_NEAR(value("regularity", "smooth_s = 0.0;", "regularity", 0, N), 1.0, 1e-12);
  /* Power in the first share s: sqrt(s^2), but for the edge. */
  for (int t = 0; t < N; t++) x[t] = t < N / 4 ? 1e-90 : 0.0;
  CHECK_NEAR(value("regularity", "", "regularity", 0, N), 0.25, 1e-3);
  /* A burst leaves nothing behind: from 1e9 to 1e-3 and the same share. */
  for (int t = 0; t < N; t++) x[t] = t < 1000 ? 1e9 : 1e-3;
  CHECK_NEAR(value("regularity", "average = \"centred\";", "regularity", 0, N), 1000.0 / N, 3e-3);
}

static void test_amplitude_entropy(void) {
  for (int t = 0; t < N; t++) x[t] = t % 8 + 0.5; /* eight bins alike */
  CHECK_NEAR(value("amplitude_entropy", "", "shannon", 0, N), 3.0, 1e-12);
  CHECK_NEAR(value("amplitude_entropy", "bin_uv = 2.0;", "shannon", 0, N), 3.0, 1e-12); /* a density: 2 bits + 1 */
  CHECK_NEAR(value("amplitude_entropy", "", "tsallis", 0, N), 1.0 - 1.0 / 8.0, 1e-12);
  CHECK_NEAR(value("amplitude_entropy", "", "tsallis", 1, N), (1.0 - 1.0 / 64.0) / 2.0, 1e-12);
  CHECK_NEAR(value("amplitude_entropy", "q = (1.0);", "tsallis", 0, N), log(8.0), 1e-12);
  for (int t = 0; t < N; t++) x[t] = t % 8 + 300.0;
  CHECK(isnan(value("amplitude_entropy", "", "shannon", 0, N)));
  CHECK(refuses("amplitude_entropy", "range_uv = (5.0, 1.0);") && refuses("amplitude_entropy", "bin_uv = 1e4;"));
}

/* ---- bursts ---- */

static void test_continuity(void) {
  make_bursts();
  CHECK_NEAR(value("background_continuity", "", "continuity", 0, N), 0.3, 0.002);
  CHECK_NEAR(value("background_continuity", "", "amplitude_ratio", 0, N), 20.0, 0.2);
  CHECK_NEAR(value("background_continuity", "rule = \"ruijter\";", "continuity", 0, N), 0.3, 0.02);
  CHECK_NEAR(value("background_continuity", "rule = \"icare\";", "continuity", 0, N), 0.3, 0.01);
  /* The variance of 800 uV^2 falls below 100 only after 105 ms ln 8, and rises above within 105 ms ln 8/7. */
  CHECK_NEAR(value("background_continuity", "rule = \"westover\";", "continuity", 0, N),
             0.3 + 0.0105 * (log(8.0) - log(8.0 / 7.0)), 0.005);
  for (int t = 0; t < N; t++) x[t] *= 0.1;
  CHECK_NEAR(value("background_continuity", "", "continuity", 0, N), 0.0, 0.0);
  CHECK_NEAR(value("background_continuity", "", "amplitude_ratio", 0, N), 1.0, 0.0);
}

static void test_bursts(void) {
  make_bursts();
  CHECK_NEAR(value("bursts", "", "suppression_ratio", 0, N), 0.7, 0.002);
  CHECK_NEAR(value("bursts", "", "rate", 0, N), 6.0, 1e-12);
  CHECK_NEAR(value("bursts", "", "discharge_rate", 0, N), 0.0, 0.0);
  CHECK_NEAR(value("bursts", "", "burst_mean", 0, N), 3.0, 0.02);
  CHECK_NEAR(value("bursts", "", "burst_sd", 0, N), 0.0, 0.01);
  CHECK_NEAR(value("bursts", "", "suppression_mean", 0, N), 7.0, 0.02);
  CHECK_NEAR(value("bursts", "", "ibi_median", 0, N), 7.0, 0.02);
  CHECK_NEAR(value("bursts", "", "ibi_p95", 0, N), 7.0, 0.02);
  CHECK_NEAR(value("bursts", "", "burst_uv", 0, N), 80.0, 0.1);
  CHECK_NEAR(value("bursts", "", "burst_rms", 0, N), 40.0 / sqrt(2.0), 0.1);
  /* All of the power is at 5 Hz, and suppressions do not dilute it. */
  CHECK_NEAR(value("bursts", "", "power", 1, N), 800.0, 40.0);
  CHECK(value("bursts", "", "power", 2, N) < 8.0);
}

/* A burst too short or too simple is a discharge, and an interval goes over it. */
static void test_discharges(void) {
  for (int t = 0; t < N; t++) {
    const double in = fmod(t / FS_HZ + 8.0, 10.0);
    x[t] = in < 3.0 ? 40.0 * sin(2.0 * M_PI * 5.0 * in) : in > 6.0 && in < 6.4 ? 40.0 * sin(2.0 * M_PI * 5.0 * in) : 0.0;
  }
  CHECK_NEAR(value("bursts", "", "rate", 0, N), 6.0, 1e-12);
  CHECK_NEAR(value("bursts", "", "discharge_rate", 0, N), 6.0, 1e-12);
  CHECK_NEAR(value("bursts", "", "ibi_median", 0, N), 7.0, 0.05);
  CHECK_NEAR(value("bursts", "burst_s = (0.0, 60.0); min_phases = 0;", "rate", 0, N), 12.0, 1e-12);
  CHECK_NEAR(value("bursts", "min_phases = 60;", "rate", 0, N), 0.0, 0.0);
  CHECK(isnan(value("bursts", "min_phases = 60;", "burst_mean", 0, N)));
  CHECK(refuses("bursts", "burst_s = (3.0, 1.0);"));
}

static void test_probability(void) {
  make_bursts();
  CHECK_NEAR(value("burst_suppression_probability", "", "mean", 0, N), 0.68, 0.02);
  CHECK(value("burst_suppression_probability", "memory_s = 0.1;", "low", 0, N) < 0.01);
  CHECK(value("burst_suppression_probability", "memory_s = 0.1;", "high", 0, N) > 0.99);
  const double spread = value("burst_suppression_probability", "", "high", 0, N) -
                        value("burst_suppression_probability", "", "low", 0, N);
  CHECK(spread > 0.1 && spread < 0.5);
}

/* Bursts of noise: each anew, or all the same with heights of their own. */
static void test_similarity(void) {
  for (int identical = 0; identical < 2; identical++) {
    evl_random random;
    double a = 0.0, b = 0.0, height = 1.0;
    for (int t = 0; t < N; t++) {
      const int in = (t + 1500) % 2500;
      if (in == 0) {
        evl_random_begin(&random, 5, "test", "burst", identical ? 0 : (uint64_t)t);
        a = b = 0.0;
        height = 1.0 + t % 7 / 7.0;
      }
      if (in >= 750 || t < 1000) {
        x[t] = 0.0;
        continue;
      }
      const double v = 1.9 * a - 0.93 * b + 3.0 * evl_random_normal(&random);
      b = a;
      a = v;
      x[t] = height * v;
    }
    const double mean = value("burst_similarity", "", "correlation", 0, N);
    const double share = value("burst_similarity", "", "identical", 0, N);
    if (identical) CHECK(mean > 0.9 && share > 0.95);
    else CHECK(fabs(mean) < 0.6 && share < 0.2);
  }
}

/* ---- ACNS ---- */

/* A share of 60 s windows at 5 uV peak to trough, the rest at 80 uV, or at 30 uV (attenuated). */
static void test_acns(void) {
  static const struct { double share, uv, class_2012, class_2021; } c[] = {
      {0.0, 5, 0, 0},  {0.006, 5, 1, 0}, {0.05, 5, 1, 1},  {0.3, 5, 2, 2},
      {0.3, 30, 2, 2}, {0.7, 5, 3, 3},   {0.994, 5, 3, 4}, {1.0, 5, 4, 4}};
  for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
    for (int t = 0; t < N; t++) {
      const double uv = t < c[i].share * N ? c[i].uv : 80.0;
      x[t] = 0.5 * uv * sin(2.0 * M_PI * 5.0 * t / FS_HZ) + 1e3; /* an offset is no voltage */
    }
    CHECK_NEAR(value("acns_background", "", "continuity_2012", 0, N), c[i].class_2012, 0.0);
    CHECK_NEAR(value("acns_background", "", "continuity_2021", 0, N), c[i].class_2021, 0.0);
    CHECK_NEAR(value("acns_background", "", c[i].uv < 10 ? "suppressed" : "attenuated", 0, N), c[i].share, 0.002);
    CHECK_NEAR(value("acns_background", "", c[i].uv < 10 ? "attenuated" : "suppressed", 0, N), 0.0, 0.005);
    CHECK_NEAR(value("acns_background", "", "voltage", 0, N), c[i].share < 1.0 ? 80.0 : 5.0, 0.2);
    CHECK_NEAR(value("acns_background", "", "voltage_class", 0, N), c[i].share < 1.0 ? 2.0 : 0.0, 0.0);
  }
  for (int t = 0; t < N; t++) x[t] = 7.5 * sin(0.1 * t);
  CHECK_NEAR(value("acns_background", "", "voltage_class", 0, N), 1.0, 0.0);
  CHECK(refuses("acns_background", "normal_uv = 5.0;"));
}

int main(void) {
  RUN(test_voltage_fraction);
  RUN(test_range_eeg);
  RUN(test_range_eeg_bands);
  RUN(test_regularity);
  RUN(test_amplitude_entropy);
  RUN(test_continuity);
  RUN(test_bursts);
  RUN(test_discharges);
  RUN(test_probability);
  RUN(test_similarity);
  RUN(test_acns);
  CHECK_DONE();
}
