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
  /* The variance of 800 uV^2 falls below 50 only after 105 ms ln 16, and rises above within 105 ms ln 16/15. */
  CHECK_NEAR(value("background_continuity", "rule = \"westover\";", "continuity", 0, N),
             0.3 + 0.0105 * (log(16.0) - log(16.0 / 15.0)), 0.005);
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
    x[t] = in < 3.0 || (in > 6.0 && in < 6.4) ? 40.0 * sin(2.0 * M_PI * 5.0 * in) : 0.0;
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

/* ---- amplitude-integrated EEG ---- */

/* A sine at the geometric mean of the band keeps its peak to trough; out of the band it vanishes. */
static void test_amplitude_integrated(void) {
  const double f0 = sqrt(2.0 * 15.0);
  for (int t = 0; t < N; t++)
    x[t] = 15.0 * sin(2.0 * M_PI * f0 * t / FS_HZ) + 40.0 * sin(2.0 * M_PI * 30.0 * t / FS_HZ) + 70.0;
  CHECK_NEAR(value("amplitude_integrated_eeg", "", "amplitude", 3, N), 30.0, 0.005);
  CHECK_NEAR(value("amplitude_integrated_eeg", "", "pattern", 0, N), 0.0, 0.0);
  CHECK(value("amplitude_integrated_eeg", "", "bandwidth", 0, N) < 3.0); /* 0.5 s hold no whole number of half waves */
  for (int t = 0; t < N; t++) x[t] = 10.0 * sin(2.0 * M_PI * 10.0 * t / FS_HZ); /* 12 dB a decade: f^0.6 */
  CHECK_NEAR(value("amplitude_integrated_eeg", "", "amplitude", 3, N), 20.0 * pow(10.0 / f0, 0.6), 0.005);
  make_bursts();
  for (int t = 0; t < N; t++) x[t] *= 0.5;
  CHECK_NEAR(value("amplitude_integrated_eeg", "", "pattern", 0, N), 1.0, 0.0);
  for (int t = 0; t < N; t++) x[t] = 2.0 * sin(2.0 * M_PI * 10.0 * t / FS_HZ);
  CHECK_NEAR(value("amplitude_integrated_eeg", "", "pattern", 0, N), 2.0, 0.0);
}

/* ---- between channels ---- */

enum { PAIRS_N = 15000 };
static double channels[4][PAIRS_N];

static double of_channels(const char *entry, const char *config, const char *output) {
  bound b = bind(entry, config, 4, PAIRS_N);
  bound_run(&b, channels[0], PAIRS_N);
  const double v = b.out.value[bound_index(&b, output, 0)];
  bound_free(&b);
  return v;
}

/* F3 and P3 times `left`, F4 and P4 times `right` the same noise: |r^2 - l^2| / (r^2 + l^2). */
static void make_sides(double left, double right) {
  evl_random random;
  evl_random_begin(&random, 6, "test", "sides", 0);
  for (int t = 0; t < PAIRS_N; t++) {
    const double v = evl_random_normal(&random), w = evl_random_normal(&random);
    channels[0][t] = left * v;
    channels[1][t] = right * v;
    channels[2][t] = left * w;
    channels[3][t] = right * w;
  }
}

static void test_symmetry(void) {
  make_sides(1.0, 1.0);
  CHECK_NEAR(of_channels("brain_symmetry_index", "", "index"), 0.0, 1e-12);
  make_sides(1.0, 2.0);
  CHECK_NEAR(of_channels("brain_symmetry_index", "", "index"), 0.6, 1e-12);
  CHECK_NEAR(of_channels("brain_symmetry_index", "", "lateralisation"), 0.6, 1e-12);
  CHECK_NEAR(of_channels("brain_symmetry_index", "convention = \"pairwise\";", "index"), 0.6, 1e-12);
  make_sides(3.0, 1.0);
  CHECK_NEAR(of_channels("brain_symmetry_index", "", "index"), 0.8, 1e-12);
  CHECK_NEAR(of_channels("brain_symmetry_index", "", "lateralisation"), -0.8, 1e-12);
  /* One pair leans left, the other right: that cancels between pairs, or in the hemispheres' spectra. */
  make_sides(1.0, 1.0);
  for (int t = 0; t < PAIRS_N; t++) channels[0][t] *= 3.0, channels[3][t] *= 3.0;
  CHECK(of_channels("brain_symmetry_index", "convention = \"pairwise\";", "index") < 1e-10);
}

/* A common source of power c in channels of power 1: coherence c^2 and the bias (1 - c^2)^2 / segments; independent
   ones 1 / segments. Segments that do not overlap, boxcar: exact for noise; the sd of the mean is below 0.01. */
static void test_coherence(void) {
  static const char *const config = "segment_s = 2.0; overlap = 0.0; taper = \"boxcar\"; range_hz = (0.5, 30.0);";
  static const double common[] = {0.0, 0.5, 1.0};
  const double segments = PAIRS_N / 500.0;
  for (int i = 0; i < 3; i++) {
    evl_random random;
    evl_random_begin(&random, 7, "test", "common", (uint64_t)i);
    for (int t = 0; t < PAIRS_N; t++) {
      const double v = sqrt(common[i]) * evl_random_normal(&random);
      for (int c = 0; c < 4; c++) channels[c][t] = v + sqrt(1.0 - common[i]) * evl_random_normal(&random);
    }
    const double square = common[i] * common[i], bias = (1.0 - square) * (1.0 - square) / segments;
    CHECK_NEAR(of_channels("delta_coherence", config, "coherence"), square + bias, 0.03);
  }
  /* With alpha = 0.05 one in twenty independent ones is left: sum of the tail, about 0.05 (z + 1 / segments). */
  evl_random random;
  evl_random_begin(&random, 8, "test", "alone", 0);
  for (int t = 0; t < PAIRS_N; t++)
    for (int c = 0; c < 4; c++) channels[c][t] = evl_random_normal(&random);
  const double z = 1.0 - pow(0.05, 1.0 / (segments - 1.0));
  CHECK_NEAR(of_channels("delta_coherence", "segment_s = 2.0; overlap = 0.0; taper = \"boxcar\"; range_hz = (0.5, "
                         "30.0); zero_alpha = 0.05;", "coherence"), 0.05 * (z + (1.0 - z) / segments), 0.003);
}

/* ---- discharges, seizures, sleep ---- */

/* Triangles of 100 ms and 100 uV in all channels every 0.8 s on a little noise; a sine of 1.25 Hz is none. */
static void test_periodic_discharges(void) {
  evl_random random;
  for (int sine = 0; sine < 2; sine++) {
    evl_random_begin(&random, 9, "test", "discharges", 0);
    for (int t = 0; t < PAIRS_N; t++) {
      const double in = fmod(t / FS_HZ, 0.8);
      const double v = 100.0 * (sine ? sin(2.0 * M_PI * 1.25 * t / FS_HZ) : fmax(0.0, 1.0 - fabs(in - 0.3) / 0.05));
      for (int c = 0; c < 4; c++) channels[c][t] = v + 0.3 * evl_random_normal(&random);
    }
    if (sine) {
      CHECK_NEAR(of_channels("periodic_discharges", "", "share"), 0.0, 0.0);
      CHECK_NEAR(of_channels("periodic_discharges", "", "rate"), 0.0, 0.0);
      continue;
    }
    CHECK_NEAR(of_channels("periodic_discharges", "", "rate"), 1.25, 0.003);
    CHECK_NEAR(of_channels("periodic_discharges", "", "count"), 75.0, 0.02);
    CHECK_NEAR(of_channels("periodic_discharges", "", "share"), 1.0, 0.0);
    CHECK(of_channels("periodic_discharges", "", "regularity") > 0.95);
    CHECK(of_channels("periodic_discharges", "", "irregularity") < 0.03);
  }
}

/* A chirp from 9 to 2 Hz within 40 s, a steady rhythm, noise. */
static void test_seizure_index(void) {
  double found[3];
  for (int i = 0; i < 3; i++) {
    evl_random random;
    evl_random_begin(&random, 10, "test", "seizure", 0);
    double phase = 0.0;
    for (int t = 0; t < N; t++) {
      const double s = t / FS_HZ, way = (s - 100.0) / 40.0;
      const bool in = way >= 0.0 && way < 1.0;
      phase += 2.0 * M_PI * (i == 0 && in ? 9.0 * pow(2.0 / 9.0, way) : 6.0) / FS_HZ;
      x[t] = 5.0 * evl_random_normal(&random) + ((i == 0 && in) || i == 1 ? 50.0 * sin(phase) : 0.0);
    }
    found[i] = value("seizure_index", "", "index", 0, N);
    if (i == 0) CHECK_NEAR(value("seizure_index", "", "share", 0, N), 40.0 / 300.0, 0.1);
    else CHECK_NEAR(value("seizure_index", "", "share", 0, N), 0.0, 0.0);
  }
  CHECK(found[0] > 0.8 && found[1] < 0.05 && found[2] < 0.1);
}

/* One second of 13 Hz every 12 s in noise. */
static void test_spindles(void) {
  evl_random random;
  evl_random_begin(&random, 11, "test", "spindles", 0);
  for (int t = 0; t < N; t++) {
    const double s = fmod(t / FS_HZ, 12.0) - 5.0;
    x[t] = 5.0 * evl_random_normal(&random) +
           (s > 0.0 && s < 1.0 ? 40.0 * sin(M_PI * s) * sin(M_PI * s) * sin(2.0 * M_PI * 13.0 * s) : 0.0);
  }
  CHECK_NEAR(value("spindles", "", "density", 0, N), 5.0, 0.05);
  CHECK_NEAR(value("spindles", "", "amplitude", 0, N), 80.0, 0.1);
  CHECK_NEAR(value("spindles", "", "duration", 0, N), 0.9, 0.2);
  CHECK_NEAR(value("spindles", "", "frequency", 0, N), 13.0, 0.01);
  CHECK(isnan(value("spindles", "core = 50.0;", "amplitude", 0, N)));
  CHECK_NEAR(value("spindles", "core = 50.0;", "density", 0, N), 0.0, 0.0);
}

/* A sine of 1 Hz: 60 waves a minute of 0.5 s, from the trough to zero in a quarter of a second. */
static void test_slow_waves(void) {
  for (int t = 0; t < N; t++) x[t] = 50.0 * sin(2.0 * M_PI * t / FS_HZ + 0.3) + 300.0;
  CHECK_NEAR(value("slow_waves", "", "density", 0, N), 60.0, 0.01);
  CHECK_NEAR(value("slow_waves", "", "amplitude", 0, N), 100.0, 0.03);
  CHECK_NEAR(value("slow_waves", "", "slope", 0, N), 200.0, 0.04);
  CHECK_NEAR(value("slow_waves", "", "duration", 0, N), 0.5, 0.002);
  CHECK_NEAR(value("slow_waves", "least_uv = 150.0;", "density", 0, N), 0.0, 0.0);
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
  RUN(test_amplitude_integrated);
  RUN(test_symmetry);
  RUN(test_coherence);
  RUN(test_periodic_discharges);
  RUN(test_seizure_index);
  RUN(test_spindles);
  RUN(test_slow_waves);
  CHECK_DONE();
}
