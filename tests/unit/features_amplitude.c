/* Amplitudes, Teager and Kaiser's energy, wavelets and filters by closed forms. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "eveil/math.h"
#include "../../src/features/wavelet_priv.h"

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

/* Counted by hand: 1 3 -2 0 0 -2, mean 0; steps 2 5 2 0 2. */
static void test_by_hand(void) {
  static const double six[6] = {1.0, 3.0, -2.0, 0.0, 0.0, -2.0};
  memcpy(x, six, sizeof six);
  bound b = bind("amplitude", "quantiles = (0.0, 0.5, 0.9);", 1, 6);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "mean", 0, 0), 0.0, 1e-15);
  CHECK_NEAR(bound_value(&b, "variance", 0, 0), 3.0, 1e-14);
  CHECK_NEAR(bound_value(&b, "sd", 0, 0), sqrt(3.0), 1e-14);
  CHECK_NEAR(bound_value(&b, "rms", 0, 0), sqrt(3.0), 1e-14);
  CHECK_NEAR(bound_value(&b, "skewness", 0, 0), 2.0 / (3.0 * sqrt(3.0)), 1e-14);
  CHECK_NEAR(bound_value(&b, "kurtosis", 0, 0), 19.0 / 9.0, 1e-14);
  CHECK(bound_value(&b, "minimum", 0, 0) == -2.0 && bound_value(&b, "maximum", 0, 0) == 3.0);
  CHECK(bound_value(&b, "peak_to_peak", 0, 0) == 5.0);
  CHECK(bound_value(&b, "quantile", 0, 0) == -2.0 && bound_value(&b, "quantile", 1, 0) == 0.0);
  CHECK_NEAR(bound_value(&b, "quantile", 2, 0), 2.0, 1e-14);
  CHECK_NEAR(bound_value(&b, "line_length", 0, 0), 11.0 * FS_HZ / 5.0, 1e-11);
  CHECK_NEAR(bound_value(&b, "zero_crossings", 0, 0), 3.0 * FS_HZ / 5.0, 1e-11); /* + + - 0 0 - with 0 above */
  bound_free(&b);
  bound mne = bind("amplitude", "convention = \"mne_features\";", 1, 6);
  bound antropy = bind("amplitude", "convention = \"antropy\";", 1, 6);
  bound_run(&mne, x, N);
  bound_run(&antropy, x, N);
  CHECK_NEAR(bound_value(&mne, "variance", 0, 0), 3.6, 1e-14);
  CHECK_NEAR(bound_value(&mne, "line_length", 0, 0), 2.2, 1e-14);
  CHECK(bound_value(&mne, "zero_crossings", 0, 0) == 3.0); /* 3 to -2, and two zeros */
  CHECK(bound_value(&antropy, "zero_crossings", 0, 0) == 3.0);
  bound_free(&mne);
  bound_free(&antropy);
}

/* A sine of 10 Hz under an offset: 20 crossings of the mean a second, four amplitudes of length a period. */
static void test_sine(void) {
  bound b = bind("amplitude", "", 1, N);
  fill_sine(x, 5.0, 10.0);
  for (int t = 0; t < N; t++) x[t] += 1000.0;
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "zero_crossings", 0, 0), 20.0, 0.03);
  CHECK_NEAR(bound_value(&b, "line_length", 0, 0), 4.0 * 5.0 * 10.0, 1.0);
  CHECK_NEAR(bound_value(&b, "kurtosis", 0, 0), 1.5, 1e-9);
  CHECK_NEAR(bound_value(&b, "rms", 0, 0), sqrt(1e6 + 12.5), 1e-9);
  CHECK_NEAR(bound_value(&b, "sd", 0, 0), sqrt(12.5), 1e-9);
  bound_free(&b);
}

/* White noise of sd s: steps have sd s sqrt(2), half of them change the sign. */
static void test_noise(void) {
  bound b = bind("amplitude", "", 1, N);
  fill_noise(x, 3.0, 0);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "kurtosis", 0, 0), 3.0, 3.5 * sqrt(24.0 / N));
  CHECK_NEAR(bound_value(&b, "skewness", 0, 0), 0.0, 3.5 * sqrt(6.0 / N));
  CHECK_NEAR(bound_value(&b, "line_length", 0, 0) / FS_HZ, 3.0 * 2.0 / sqrt(M_PI), 0.12);
  CHECK_NEAR(bound_value(&b, "zero_crossings", 0, 0) / FS_HZ, 0.5, 3.5 * 0.5 / sqrt(N));
  CHECK_NEAR(bound_value(&b, "quantile", 4, 0), 3.0 * evl_normal_quantile(0.95), 3.5 * 3.0 * 2.1 / sqrt(N));
  bound_free(&b);
}

/* Of a sine: A^2 sin^2(w), the same at every sample (Kaiser 1990, eq. 7). */
static void test_teager_kaiser(void) {
  bound b = bind("teager_kaiser", "", 1, N);
  fill_sine(x, 7.0, 10.0); /* whole periods: no mean to take away */
  bound_run(&b, x, N);
  const double s = sin(2.0 * M_PI * 10.0 / FS_HZ);
  CHECK_NEAR(bound_value(&b, "mean", 0, 0), 49.0 * s * s, 1e-9);
  CHECK_NEAR(bound_value(&b, "sd", 0, 0), 0.0, 1e-9);
  bound_free(&b);
}

/* Four vanishing moments: the details of a cubic are 0 but at the ends; the transform of an inner impulse keeps its
   energy (the filters are orthonormal). */
static void test_wavelet_moments(void) {
  bound b = bind("wavelet_energy", "levels = (1, 2, 3);", 1, 2000);
  evl_wavelet *wavelet;
  evl_arena *arena = evl_arena_create();
  int n;
  CHECK(evl_wavelet_plan(3, b.products, arena, &wavelet) == EVL_OK);
  for (int t = 0; t < 2000; t++) x[t] = pow(t / 500.0 - 2.0, 3.0);
  bound_run(&b, x, N);
  evl_window window = bound_window(&b, x, N);
  for (int level = 1; level <= 3; level++) {
    const double *d = evl_wavelet_level(wavelet, &window, 0, level, &n);
    double worst = 0.0;
    for (int k = 10; k < n - 10; k++) worst = fmax(worst, fabs(d[k]));
    CHECK(worst < 1e-10);
  }
  memset(x, 0, sizeof x);
  x[1001] = 3.0;
  bound_run(&b, x, N);
  double energy = 0.0;
  for (int level = 0; level <= 3; level++) {
    const double *d = evl_wavelet_level(wavelet, &window, 0, level, &n);
    for (int k = 0; k < n; k++) energy += d[k] * d[k];
  }
  CHECK_NEAR(energy, 9.0, 1e-12);
  evl_arena_free(arena);
  bound_free(&b);
}

/* White noise: level l has 2^-l of the coefficients, each of the noise's variance. */
static void test_wavelet_noise(void) {
  bound b = bind("wavelet_energy", "levels = (1, 2, 3);", 1, N);
  fill_noise(x, 2.0, 1);
  bound_run(&b, x, N);
  double entropy = 0.0;
  for (int l = 0; l < 3; l++) {
    const double share = pow(0.5, l + 1);
    CHECK_NEAR(bound_value(&b, "energy", l, 0), 4.0 * share, 3.5 * 4.0 * share * sqrt(2.0 / (share * N)));
    CHECK_NEAR(bound_value(&b, "relative", l, 0), share / 0.875, 0.03);
    entropy -= share / 0.875 * log(share / 0.875) / log(3.0);
  }
  CHECK_NEAR(bound_value(&b, "entropy", 0, 0), entropy, 0.02);
  bound_free(&b);
  bound deep = bind("wavelet_energy", "levels = (1, 9);", 1, 2000); /* 2000 samples have room for eight levels */
  bound_run(&deep, x, N);
  CHECK(bound_why(&deep, "energy", 0, 0) == EVL_WHY_VALUE && bound_why(&deep, "energy", 1, 0) == EVL_WHY_UNDEFINED);
  CHECK(bound_why(&deep, "entropy", 0, 0) == EVL_WHY_UNDEFINED);
  bound_free(&deep);
}

/* Within a band a sine passes whole, far outside it does not; the filter's ripple is below 0.3 %. */
static void test_band_energy(void) {
  bound b = bind("band_energy", "", 2, N);
  fill_sine(x, 10.0, 10.5);
  fill_sine(x + N, 4.0, 2.0);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "energy", 2, 0), 50.0, 0.5);
  CHECK(bound_value(&b, "energy", 0, 0) < 0.05 && bound_value(&b, "energy", 4, 0) < 0.05);
  CHECK_NEAR(bound_value(&b, "energy", 0, 1), 8.0, 0.1);
  bound_free(&b);
  bound two = bind("band_energy", "bands : { slow = (0.5, 4.0); fast = (20.0, 40.0); beyond = (100.0, 125.0); };", 1,
                   1000);
  bound_run(&two, x, N); /* 1651 taps for 0.5 Hz do not fit */
  CHECK(bound_why(&two, "energy", 0, 0) == EVL_WHY_UNDEFINED && bound_why(&two, "energy", 1, 0) == EVL_WHY_VALUE);
  CHECK(bound_why(&two, "energy", 2, 0) == EVL_WHY_UNDEFINED);
  bound_free(&two);
}

static void test_refused(void) {
  bound b;
  CHECK(bound_begin(&b, evl_feature_find("wavelet_energy"), "levels = (1.5);", 1, N, FS_HZ) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "wavelet_energy.levels") != NULL);
  bound_free(&b);
}

int main(void) {
  RUN(test_by_hand);
  RUN(test_sine);
  RUN(test_noise);
  RUN(test_teager_kaiser);
  RUN(test_wavelet_moments);
  RUN(test_wavelet_noise);
  RUN(test_band_energy);
  RUN(test_refused);
  CHECK_DONE();
}
