/* Spectral entries by closed forms. */
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

static void fill_sine(double *y, double amplitude, double hz) {
  for (int t = 0; t < N; t++) y[t] = amplitude * sin(2.0 * M_PI * hz * t / FS_HZ + 0.3);
}

static void fill_noise(double *y, double sd, uint64_t index) {
  evl_random random;
  evl_random_begin(&random, 7, "test", "noise", index);
  for (int t = 0; t < N; t++) y[t] = sd * evl_random_normal(&random);
}

/* A sine on a frequency of the grid: all its power A^2 / 2 within one bin of it. */
static void test_sine_power(void) {
  static const char *const taper[] = {"taper = \"hann\";", "taper = \"hamming\";", "taper = \"boxcar\";"};
  for (int i = 0; i < 3; i++) {
    bound b = bind("band_power", taper[i], 2, N);
    fill_sine(x, 10.0, 10.0);
    fill_sine(x + N, 3.0, 20.0);
    bound_run(&b, x, N);
    CHECK_NEAR(bound_value(&b, "absolute", 2, 0), 50.0, 1e-12); /* alpha */
    CHECK_NEAR(bound_value(&b, "relative", 2, 0), 1.0, 1e-12);
    CHECK_NEAR(bound_value(&b, "db", 2, 0), 10.0 * log10(50.0), 1e-12);
    CHECK_NEAR(bound_value(&b, "absolute", 3, 1), 4.5, 1e-12); /* beta */
    CHECK(bound_value(&b, "relative", 0, 1) < 1e-12);
    bound_free(&b);
  }
}

/* White noise of variance v has density 2 v / fs: relative powers are shares of the range. */
static void test_white_noise(void) {
  bound b = bind("band_power", "segment_s = 1.0;", 1, N);
  fill_noise(x, 4.0, 0);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "absolute", 3, 0), 16.0 * 2.0 / FS_HZ * 18.0, 0.08);
  double sum = 0.0;
  for (int i = 0; i < 5; i++) sum += bound_value(&b, "relative", i, 0);
  CHECK_NEAR(sum, 1.0, 1e-14); /* half-open bands tile the range */
  bound_free(&b);
}

/* The median over segments, corrected, estimates the same density as the mean. */
static void test_median_average(void) {
  bound mean = bind("band_power", "segment_s = 0.4;", 1, N);
  bound median = bind("band_power", "segment_s = 0.4; average = \"median\";", 1, N);
  fill_noise(x, 1.0, 1);
  bound_run(&mean, x, N);
  bound_run(&median, x, N);
  CHECK_NEAR(bound_value(&median, "absolute", 3, 0) / bound_value(&mean, "absolute", 3, 0), 1.0, 0.06);
  bound_free(&mean);
  bound_free(&median);
}

/* Nyquist and zero frequency count once: with a boxcar and one segment the density integrates to the mean square. */
static void test_parseval(void) {
  static const char *const config[] = {
      "detrend = \"none\"; taper = \"boxcar\"; segment_s = 4.0; total_hz = (0.0, 125.0); convention = \"mne_features\";"
      "bands : { all = (0.0, 125.0); };",
      "detrend = \"none\"; taper = \"boxcar\"; segment_s = 4.0; nfft = 2048; convention = \"mne_features\";"
      "bands : { all = (0.0, 125.0); };"};
  for (int i = 0; i < 2; i++) {
    bound b = bind("band_power", config[i], 1, 1000);
    fill_noise(x, 2.0, 2);
    double square = 0.0;
    for (int t = 0; t < 1000; t++) x[t] += 1.5 + (t % 2 ? -0.7 : 0.7);
    for (int t = 0; t < 1000; t++) square += x[t] * x[t] / 1000.0;
    bound_run(&b, x, N);
    CHECK_NEAR(bound_value(&b, "absolute", 0, 0), square, 1e-12);
    bound_free(&b);
  }
}

/* nice: closed bands, the plain sum in V^2 under the logarithm. */
static void test_nice_decibels(void) {
  bound b = bind("band_power", "convention = \"nice\"; total_hz = (1.0, 45.0);", 1, 1000);
  fill_noise(x, 5.0, 3);
  bound_run(&b, x, N);
  const double step = FS_HZ / 4096;
  CHECK_NEAR(bound_value(&b, "db", 0, 0), 10.0 * log10(bound_value(&b, "absolute", 0, 0) / step * 1e-12), 1e-13);
  double sum = 0.0;
  for (int i = 0; i < 5; i++) sum += bound_value(&b, "relative", i, 0);
  CHECK(sum > 1.0); /* inner edges count twice */
  bound_free(&b);
}

/* An impulse has a constant density: Simpson's rule gives width times height for odd and even numbers of bins. */
static void test_simpson_constant(void) {
  bound b = bind("band_power",
                 "convention = \"yasa\"; detrend = \"none\"; taper = \"boxcar\";"
                 "bands : { odd = (2.0, 4.0); even = (2.0, 4.25); };",
                 1, 1000);
  memset(x, 0, sizeof x);
  x[500] = 10.0;
  bound_run(&b, x, N);
  const double density = 2.0 * 100.0 / (FS_HZ * 1000.0);
  CHECK_NEAR(bound_value(&b, "absolute", 0, 0), density * 2.0, 1e-13);
  CHECK_NEAR(bound_value(&b, "absolute", 1, 0), density * 2.25, 1e-13);
  bound_free(&b);
}

static void test_beyond_nyquist(void) {
  bound b;
  CHECK(bound_begin(&b, evl_feature_find("band_power"), "", 1, 800, 80.0) == EVL_OK);
  fill_noise(x, 1.0, 4);
  bound_run(&b, x, N);
  CHECK(bound_why(&b, "absolute", 3, 0) == EVL_WHY_VALUE);
  CHECK(bound_why(&b, "absolute", 4, 0) == EVL_WHY_UNDEFINED); /* 30 to 45 Hz at 80 Hz */
  CHECK(bound_why(&b, "relative", 0, 0) == EVL_WHY_UNDEFINED); /* total_hz to 45 Hz */
  bound_free(&b);
}

/* One segment as it is. */
#define PLAIN "detrend = \"none\"; taper = \"boxcar\";"

static void test_edges(void) {
  bound b = bind("spectral_edge", PLAIN "range_hz = (0.25, 50.0); share = (0.25, 0.5, 0.95);", 2, 1000);
  memset(x, 0, sizeof x);
  x[500] = 10.0; /* a flat spectrum: bins 1 to 200 of 0.25 Hz */
  fill_sine(x + N, 5.0, 10.0);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "edge", 0, 0), 0.125 + 12.5, 1e-12);
  CHECK_NEAR(bound_value(&b, "edge", 1, 0), 0.125 + 25.0, 1e-12);
  CHECK_NEAR(bound_value(&b, "edge", 2, 0), 0.125 + 47.5, 1e-12);
  CHECK_NEAR(bound_value(&b, "edge", 1, 1), 10.0, 1e-9);
  bound_free(&b);
}

static void test_edge_conventions(void) {
  memset(x, 0, sizeof x);
  x[500] = 10.0;
  bound first = bind("spectral_edge",
                     PLAIN "range_hz = (0.25, 50.0); share = (0.501); convention = \"mne_features\";", 1, 1000);
  bound nearest = bind("spectral_edge",
                       PLAIN "range_hz = (0.25, 50.0); share = (0.501); convention = \"nice\";"
                             "segment_s = 4.0; overlap = 0.5; nfft = 0; epoch_s = 0.0;",
                       1, 1000);
  bound_run(&first, x, N);
  bound_run(&nearest, x, N);
  CHECK_NEAR(bound_value(&first, "edge", 0, 0), 25.25, 1e-12);  /* bin 101 is the first at 0.505 */
  CHECK_NEAR(bound_value(&nearest, "edge", 0, 0), 25.0, 1e-12); /* bin 100 at 0.500 is nearer */
  bound_free(&first);
  bound_free(&nearest);
}

static void test_entropy(void) {
  bound b = bind("spectral_entropy", PLAIN, 2, 1000);
  memset(x, 0, sizeof x);
  x[500] = 10.0;
  fill_sine(x + N, 5.0, 10.0);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "entropy", 0, 0), 1.0, 1e-12);
  CHECK(bound_value(&b, "entropy", 0, 0) <= 1.0);
  CHECK_NEAR(bound_value(&b, "entropy", 0, 1), 0.0, 1e-12);
  bound_free(&b);
  bound mne = bind("spectral_entropy", PLAIN "range_hz = (1.0, 8.75); convention = \"mne_features\";", 1, 1000);
  bound_run(&mne, x, N);
  CHECK_NEAR(bound_value(&mne, "entropy", 0, 0), 5.0 * 31.0 / 32.0, 1e-12); /* 32 equal bins, the first left out */
  bound_free(&mne);
}

/* Equal parameters share one estimate; any difference makes another. */
static void test_shared(void) {
  evl_arena *arena = evl_arena_create();
  evl_products *products;
  evl_params *a, *b;
  evl_psd *first, *second, *third;
  const evl_shape shape = {.n_channels = 2, .n_samples = 1000, .fs_hz = FS_HZ}, other = shape;
  CHECK(evl_products_create(&shape, arena, &products) == EVL_OK);
  CHECK(evl_params_default(evl_feature_find("band_power")->params, arena, &a) == EVL_OK);
  CHECK(evl_params_default(evl_feature_find("spectral_edge")->params, arena, &b) == EVL_OK);
  CHECK(evl_psd_plan(a, &shape, products, arena, &first) == EVL_OK);
  CHECK(evl_psd_plan(b, &other, products, arena, &second) == EVL_OK);
  CHECK(first == second);
  for (int i = 0; i < b->n; i++)
    if (!strcmp(b->value[i].param->name, "overlap")) b->value[i].real = 0.25;
  CHECK(evl_psd_plan(b, &shape, products, arena, &third) == EVL_OK);
  CHECK(third != first);
  evl_arena_free(arena);
}

static void refused(const char *entry, const char *config, const char *in_message) {
  bound b;
  CHECK(bound_begin(&b, evl_feature_find(entry), config, 1, 1000, FS_HZ) == EVL_USAGE);
  if (!strstr(evl_error_message(), in_message)) printf("# message: %s\n", evl_error_message());
  CHECK(strstr(evl_error_message(), in_message) != NULL);
  bound_free(&b);
}

static void test_refused(void) {
  refused("band_power", "nfft = 128;", "nfft");
  refused("band_power", "bands : { thin = (1.05, 1.1); };", "thin");
  refused("band_power", "total_hz = (1.0, 2.0, 3.0);", "total_hz");
  refused("band_power", "convention = \"yasa\"; bands : { point = (1.0, 1.2); };", "point");
  refused("spectral_edge", "range_hz = (45.0, 1.0);", "range_hz");
  refused("spectral_edge", "range_hz = (1.05, 1.1);", "range_hz");
  refused("spectral_entropy", "range_hz = (1.0, 1.2);", "range_hz");
  refused("spectrum", "alpha_hz = (7.0);", "alpha_hz");
  refused("spectrum", "segment_s = 8.0;", "segment_s");
  refused("spectrum", "segment_s = 3600.0; max_hz = 1e5;", "max_hz");
}

int main(void) {
  RUN(test_sine_power);
  RUN(test_white_noise);
  RUN(test_median_average);
  RUN(test_parseval);
  RUN(test_nice_decibels);
  RUN(test_simpson_constant);
  RUN(test_beyond_nyquist);
  RUN(test_edges);
  RUN(test_edge_conventions);
  RUN(test_entropy);
  RUN(test_shared);
  RUN(test_refused);
  CHECK_DONE();
}
