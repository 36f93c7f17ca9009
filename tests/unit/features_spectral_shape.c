/* Shapes of spectra: peaks, slopes, moments, ratios and asymmetries by closed forms and noise of known exponents. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "eveil/math.h"
#include "../../src/features/aperiodic_priv.h"

enum { N = 15000 };
static const double FS_HZ = 250.0;
static double x[5 * N];

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

static void add_noise(double *y, double sd, uint64_t index) {
  evl_random random;
  evl_random_begin(&random, 7, "test", "noise", index);
  for (int t = 0; t < N; t++) y[t] += sd * evl_random_normal(&random);
}

/* An impulse in one segment without a taper has the same density in every bin. */
#define PLAIN "detrend = \"none\"; taper = \"boxcar\";"

static void fill_impulse(double *y) {
  memset(y, 0, N * sizeof *y);
  y[500] = 10.0;
}

/* Noise of density (hz)^-exponent: normal Fourier coefficients of that variance. */
static void fill_coloured(double *y, double exponent, uint64_t index) {
  evl_arena *arena = evl_arena_create();
  evl_fft *fft;
  evl_random random;
  size_t stride;
  CHECK(evl_fft_plan(N, arena, &fft) == EVL_OK);
  evl_random_begin(&random, 7, "test", "coloured", index);
  double *spectrum = evl_fft_spectrum(fft, &stride);
  for (int k = 0; k <= N / 2; k++) {
    const double size = k == 0 || k == N / 2 ? 0.0 : pow(k * FS_HZ / N, -0.5 * exponent);
    spectrum[2 * k] = size * evl_random_normal(&random);
    spectrum[2 * k + 1] = size * evl_random_normal(&random);
  }
  evl_fft_backward(fft);
  memcpy(y, evl_fft_input(fft, &stride), N * sizeof *y);
  evl_arena_free(arena);
}

/* ---- peaks -------------------------------------------------------------------------- */

/* A sine of power A^2 / 2 in white noise: its frequency between the bins, and the width of Hann's taper, 1.44 bins. */
static void test_peak_of_sine(void) {
  bound b = bind("spectral_peak", "", 2, N);
  fill_sine(x, 6.0, 10.1);
  fill_sine(x + N, 6.0, 8.75);
  add_noise(x, 2.0, 1);
  add_noise(x + N, 2.0, 2);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "frequency", 0, 0), 10.1, 0.03);
  CHECK_NEAR(bound_value(&b, "frequency", 0, 1), 8.75, 0.01);
  CHECK_NEAR(bound_value(&b, "centre", 0, 0), 10.1, 0.05);
  CHECK_NEAR(bound_value(&b, "centre", 0, 1), 8.75, 0.05);
  CHECK_NEAR(bound_value(&b, "power", 0, 1), 18.0, 0.7);
  CHECK_NEAR(bound_value(&b, "width", 0, 1), 1.44 * 0.25, 0.25 * 0.25); /* linear between bins */
  CHECK_NEAR(bound_value(&b, "height", 0, 1), 10.0 * log10(18.0 / (1.5 * 0.25) / (2.0 * 4.0 / FS_HZ)), 0.6);
  bound_free(&b);
}

/* Nothing is told of noise, white or coloured. */
static void test_no_peak(void) {
  bound b = bind("spectral_peak", "", 1, N);
  for (uint64_t i = 0; i < 10; i++) {
    fill_coloured(x, i % 2 ? 1.5 : 0.0, i);
    bound_run(&b, x, N);
    for (int v = 0; v < 5; v++) CHECK(b.out.why[v] == EVL_WHY_UNDEFINED && isnan(b.out.value[v]));
  }
  bound_free(&b);
}

/* A wide rhythm on a steep spectrum: Klimesch's centre of gravity is drawn down, the excess' is not. */
static void test_centre_conventions(void) {
  bound excess = bind("spectral_peak", "range_hz = (6.0, 14.0);", 1, N);
  bound whole = bind("spectral_peak", "range_hz = (6.0, 14.0); convention = \"klimesch\";", 1, N);
  double sine[N];
  fill_coloured(x, 2.0, 40);
  fill_sine(sine, 1.0, 10.0);
  double power = 0.0;
  for (int t = 0; t < N; t++) power += x[t] * x[t] / N;
  for (int t = 0; t < N; t++) x[t] += 0.2 * sqrt(power) * sine[t];
  bound_run(&excess, x, N);
  bound_run(&whole, x, N);
  CHECK_NEAR(bound_value(&excess, "centre", 0, 0), 10.0, 0.2);
  CHECK(bound_value(&whole, "centre", 0, 0) < bound_value(&excess, "centre", 0, 0));
  bound_free(&excess);
  bound_free(&whole);
}

/* ---- the aperiodic part ------------------------------------------------------------------ */

enum { BINS = 157 };

static void make_model(double *hz, double *y, double offset, double knee, double exponent, const evl_gaussian *peak,
                       int n_peaks) {
  for (int i = 0; i < BINS; i++) {
    hz[i] = 1.0 + 0.25 * i;
    y[i] = offset - log10(knee + pow(hz[i], exponent));
    for (int p = 0; p < n_peaks; p++) {
      const double from = (hz[i] - peak[p].centre_hz) / peak[p].sd_hz;
      y[i] += peak[p].height * exp(-0.5 * from * from);
    }
  }
}

/* Spectra that are the model: its parameters come back. */
static void test_model_recovered(void) {
  static const evl_gaussian peak[] = {{6.1, 0.5, 0.8}, {10.3, 1.1, 1.0}, {21.0, 0.4, 2.2}};
  static const evl_aperiodic_settings settings = {.max_peaks = 6, .low_width_hz = 1.0, .high_width_hz = 12.0,
                                                  .threshold = 2.0, .min_height = 0.05, .tolerance = 1e-10};
  double hz[BINS], y[BINS];
  evl_aperiodic_fit fit;
  for (int knee = 0; knee < 2; knee++) {
    evl_arena *arena = evl_arena_create();
    evl_aperiodic *model;
    evl_aperiodic_settings s = settings;
    s.knee = knee == 1;
    make_model(hz, y, 1.7, knee ? 60.0 : 0.0, knee ? 2.1 : 1.4, peak, 0);
    CHECK(evl_aperiodic_plan(&s, hz, BINS, arena, &model) == EVL_OK);
    CHECK(evl_aperiodic_run(model, y, &fit) == EVL_OK);
    CHECK(fit.n_peaks == 0);
    CHECK_NEAR(fit.exponent, knee ? 2.1 : 1.4, 1e-5);
    CHECK_NEAR(fit.offset, 1.7, 1e-5);
    CHECK_NEAR(fit.knee, knee ? 60.0 : 0.0, 1e-2);
    CHECK_NEAR(fit.r2, 1.0, 1e-9);
    make_model(hz, y, 1.7, knee ? 60.0 : 0.0, knee ? 2.1 : 1.4, peak, 3);
    CHECK(evl_aperiodic_run(model, y, &fit) == EVL_OK);
    CHECK(fit.n_peaks >= 3 && fit.error < 0.02);
    CHECK_NEAR(fit.exponent, knee ? 2.1 : 1.4, knee ? 0.2 : 0.05);
    if (knee) break; /* the knee takes a part of the peaks */
    const evl_gaussian *highest = fit.peak;
    for (int p = 1; p < fit.n_peaks; p++)
      if (fit.peak[p].height > highest->height) highest = &fit.peak[p];
    CHECK_NEAR(highest->centre_hz, 10.3, 0.05);
    CHECK_NEAR(highest->height, 1.1, 0.06);
    CHECK_NEAR(highest->sd_hz, 1.0, 0.06);
    evl_arena_free(arena);
  }
}

/* Mean of an output over replicates of coloured noise against the truth: 3.5 standard errors and `bias`. */
static void check_exponent(const char *entry, const char *output, double sign, double exponent, double bias) {
  enum { REPLICATES = 12 };
  double value[REPLICATES];
  bound b = bind(entry, "range_hz = (2.0, 30.0);", 1, N);
  for (int i = 0; i < REPLICATES; i++) {
    fill_coloured(x, exponent, (uint64_t)(100 + i));
    bound_run(&b, x, N);
    value[i] = sign * bound_value(&b, output, 0, 0);
  }
  const double sd = sqrt(evl_variance(value, REPLICATES, 1));
  CHECK(sd < 0.12);
  CHECK_NEAR(evl_mean(value, REPLICATES), exponent, 3.5 * sd / sqrt(REPLICATES) + bias);
  bound_free(&b);
}

static void test_exponents(void) {
  static const double exponent[] = {0.0, 0.7, 1.3, 2.0};
  for (int i = 0; i < 4; i++) {
    check_exponent("spectral_slope", "slope", -1.0, exponent[i], 0.0);
    check_exponent("irasa", "exponent", 1.0, exponent[i], 0.02);     /* its low-pass is not perfect */
    check_exponent("aperiodic", "exponent", 1.0, exponent[i], 0.08); /* chance peaks and the lower half of the points */
  }
}

/* A rhythm leaves IRASA's exponent and the model's nearly alone, and tilts the plain line. */
static void test_exponent_under_rhythm(void) {
  double sine[N], power = 0.0, value[2][3];
  bound b[3] = {bind("spectral_slope", "range_hz = (2.0, 30.0);", 1, N), bind("irasa", "range_hz = (2.0, 30.0);", 1, N),
                bind("aperiodic", "range_hz = (2.0, 30.0); width_hz = (0.3, 12.0);", 1, N)};
  static const char *const output[] = {"slope", "exponent", "exponent"};
  fill_coloured(x, 1.0, 60);
  for (int t = 0; t < N; t++) power += x[t] * x[t] / N;
  fill_sine(sine, sqrt(power), 24.0);
  for (int with = 0; with < 2; with++) {
    for (int t = 0; t < N; t++) x[t] += with * sine[t];
    for (int i = 0; i < 3; i++) {
      bound_run(&b[i], x, N);
      value[with][i] = bound_value(&b[i], output[i], 0, 0);
    }
    if (with) CHECK(bound_value(&b[1], "oscillatory", 0, 0) > 0.3);
  }
  CHECK(value[1][0] - value[0][0] > 0.15);
  CHECK_NEAR(value[1][1], value[0][1], 0.05);
  CHECK_NEAR(value[1][2], value[0][2], 0.1); /* another set of chance peaks */
  for (int i = 0; i < 3; i++) bound_free(&b[i]);
}

/* ---- flatness, moments, ratios, amplitudes ------------------------------------------------- */

static void test_flatness(void) {
  bound b = bind("spectral_flatness", PLAIN, 2, 1000);
  fill_impulse(x);
  fill_sine(x + N, 3.0, 10.0);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "flatness", 0, 0), 1.0, 1e-12);
  CHECK_NEAR(bound_value(&b, "db", 0, 0), 0.0, 1e-11);
  CHECK(bound_value(&b, "flatness", 0, 1) < 1e-20);
  bound_free(&b);
  bound one = bind("spectral_flatness", "taper = \"boxcar\"; segment_s = 60.0;", 1, N); /* 2641 exponential bins */
  memset(x, 0, sizeof x);
  add_noise(x, 1.0, 5);
  bound_run(&one, x, N);
  const double sd = 0.56 * sqrt((M_PI * M_PI / 6.0 - 1.0) / 2641.0);
  CHECK_NEAR(bound_value(&one, "flatness", 0, 0), exp(-0.57721566490153286), 3.5 * sd);
  bound_free(&one);
}

static void test_moments(void) {
  bound b = bind("spectral_moments", PLAIN "range_hz = (0.25, 50.0);", 2, 1000);
  fill_impulse(x); /* bins 1 to 200 of 0.25 Hz */
  fill_sine(x + N, 5.0, 10.0);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "centroid", 0, 0), 0.25 * 100.5, 1e-11);
  CHECK_NEAR(bound_value(&b, "spread", 0, 0), 0.25 * sqrt((200.0 * 200.0 - 1.0) / 12.0), 1e-11);
  CHECK_NEAR(bound_value(&b, "centroid", 0, 1), 10.0, 1e-9);
  CHECK_NEAR(bound_value(&b, "mobility", 0, 1), 2.0 * M_PI * 10.0, 1e-8);
  CHECK_NEAR(bound_value(&b, "complexity", 0, 1), 1.0, 1e-9);
  bound_free(&b);
  bound sums = bind("spectral_moments", PLAIN "range_hz = (0.25, 1.0); convention = \"mne_features\";", 1, 1000);
  bound_run(&sums, x, N);
  const double density = 2.0 * 100.0 / (FS_HZ * 1000.0);
  CHECK_NEAR(bound_value(&sums, "mobility", 0, 0), density * (1 + 4 + 9 + 16) / 16.0, 1e-12);
  CHECK_NEAR(bound_value(&sums, "complexity", 0, 0), density * (1 + 16 + 81 + 256) / 256.0, 1e-12);
  bound_free(&sums);
}

/* Equal densities: ratios of widths. */
static void test_ratios(void) {
  bound b = bind("spectral_ratio", PLAIN, 1, 1000);
  fill_impulse(x);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "ratio", 0, 0), 5.0 / 3.0, 1e-12);
  CHECK_NEAR(bound_value(&b, "ratio", 1, 0), 4.0 / 3.0, 1e-12);
  CHECK_NEAR(bound_value(&b, "ratio", 3, 0), 7.0 / 22.0, 1e-12);
  CHECK_NEAR(bound_value(&b, "log", 3, 0), log(7.0 / 22.0), 1e-12);
  bound_free(&b);
}

/* Two sines of amplitudes 10 and 3: rms amplitudes, and shares of their sum. */
static void test_band_amplitude(void) {
  bound b = bind("band_amplitude", "", 1, N);
  double other[N];
  fill_sine(x, 10.0, 10.0);
  fill_sine(other, 3.0, 20.0);
  for (int t = 0; t < N; t++) x[t] += other[t];
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "absolute", 2, 0), 10.0 / sqrt(2.0), 1e-9);
  CHECK_NEAR(bound_value(&b, "absolute", 3, 0), 3.0 / sqrt(2.0), 1e-9);
  CHECK_NEAR(bound_value(&b, "relative", 2, 0), 10.0 / 13.0, 1e-6);
  bound_free(&b);
}

/* F3, F4, P3, P4: twice the amplitude on the right, three times in front. */
static void test_asymmetry(void) {
  static const double amplitude[] = {6.0, 12.0, 2.0, 4.0, 50.0};
  bound b = bind("spectral_asymmetry", "", 5, N);
  for (int c = 0; c < 5; c++) fill_sine(x + c * N, amplitude[c], 10.0);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "left_right", 2, 0), log(4.0), 1e-9);
  CHECK_NEAR(bound_value(&b, "anterior_posterior", 2, 0), log(9.0), 1e-9);
  fill_sine(x, 24.0, 10.0); /* the front leans to the left now */
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "left_right", 2, 0), 0.0, 1e-9);
  CHECK_NEAR(bound_value(&b, "left_right_size", 2, 0), log(4.0), 1e-9);
  b.channel_why[0] = EVL_WHY_ABSENT;
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "left_right", 2, 0), log(4.0), 1e-9);
  bound_free(&b);
}

static void test_pairs_by_name(void) {
  static const char *const name[] = {"Fz", "Fp2", "C3", "fp1", "C4", "T10", "T9", "A1x", "EKG"};
  const evl_montage montage = {9, name, NULL};
  evl_arena *arena = evl_arena_create();
  evl_homologues *pair;
  int n;
  CHECK(evl_homologues_find(&montage, 0.15, arena, &n, &pair) == EVL_OK);
  CHECK(n == 3);
  CHECK(pair[0].left == 2 && pair[0].right == 4);
  CHECK(pair[1].left == 3 && pair[1].right == 1);
  CHECK(pair[2].left == 6 && pair[2].right == 5);
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
  refused("spectral_ratio", "ratios = \"alpha\";", "ratios");
  refused("spectral_ratio", "ratios = \"alpha_over_gamma\";", "gamma");
  refused("spectral_peak", "background_hz = (8.0, 12.0);", "background_hz");
  refused("spectral_slope", "range_hz = (1.0, 1.3);", "range_hz");
  refused("aperiodic", "width_hz = (3.0, 1.0);", "width_hz");
  refused("aperiodic", "range_hz = (1.0, 4.0);", "range_hz");
  refused("band_amplitude", "convention = \"pyeeg\";", "pyeeg");
  refused("band_amplitude", PLAIN "convention = \"pyeeg\"; segment_s = 2.0;", "segment_s");
  refused("irasa", "rates = (1.5);", "rates");
  refused("irasa", "", "segment_s"); /* 4 s of 4 s, at 1.9 times the rate */
}

int main(void) {
  RUN(test_peak_of_sine);
  RUN(test_no_peak);
  RUN(test_centre_conventions);
  RUN(test_model_recovered);
  RUN(test_exponents);
  RUN(test_exponent_under_rhythm);
  RUN(test_flatness);
  RUN(test_moments);
  RUN(test_ratios);
  RUN(test_band_amplitude);
  RUN(test_asymmetry);
  RUN(test_pairs_by_name);
  RUN(test_refused);
  CHECK_DONE();
}
