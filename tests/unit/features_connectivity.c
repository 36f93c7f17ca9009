/* Connectivity of signals whose dependence is known; estimates within four standard errors or more, seeds fixed. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "eveil/math.h"

enum { N = 75000, MOST = 12, BANDS = 5 };
static const double FS_HZ = 250.0;
static double x[MOST * N];

static bound bind(const char *entry, const char *config, int n_channels, int n_samples) {
  bound b;
  const evl_status status = bound_begin(&b, evl_feature_find(entry), config, n_channels, n_samples, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return b;
}

static double *row(int channel) { return x + (size_t)channel * N; }

static void fill_noise(double *y, uint64_t index) {
  evl_random random;
  evl_random_begin(&random, 11, "test", "connectivity", index);
  for (int t = 0; t < N; t++) y[t] = evl_random_normal(&random);
}

/* ---- cross-spectra ---- */

/* y = a x + e: squared coherence a^2 / (a^2 + s^2) at every frequency. n = 299 spectra, of which the overlap of Hann
   tapers takes 5 %: sd of the estimate at a frequency sqrt(2 / n) |C| (1 - |C|^2), neighbours correlate by 4/9; bias
   (1 - |C|^2)^2 / n. */
static void test_coherence_of_mixture(void) {
  static const double share[] = {0.1, 0.5, 0.9};
  static const int bins[] = {6, 8, 8, 36, 30};
  for (int i = 0; i < 3; i++) {
    bound b = bind("coherence", "", 2, N);
    fill_noise(row(0), 0);
    fill_noise(row(1), 1);
    for (int t = 0; t < N; t++) row(1)[t] = sqrt(share[i]) * x[t] + sqrt(1.0 - share[i]) * row(1)[t];
    bound_run(&b, x, N);
    const double n = 0.95 * 299.0, bias = (1.0 - share[i]) * (1.0 - share[i]) / n;
    for (int band = 0; band < BANDS; band++) {
      const double sd = sqrt(2.0 * share[i] / n) * (1.0 - share[i]) * sqrt(2.0 / bins[band]);
      CHECK(fabs(bound_value(&b, "squared", band, 0) - share[i] - bias) < 4.0 * sd + bias);
      /* no lag: the imaginary part is chance, of sd sqrt((1 - |C|^2) / 2n) at a frequency and mean size 0.8 sd */
      const double chance = sqrt((1.0 - share[i]) / (2.0 * n));
      CHECK_NEAR(bound_value(&b, "imaginary", band, 0), 0.8 * chance, 4.0 * 0.6 * chance * sqrt(2.0 / bins[band]));
    }
    bound_free(&b);
  }
}

/* 75 segments of 4 s under seven prolate tapers are 525 spectra. */
static void test_multitaper(void) {
  fill_noise(row(0), 0);
  fill_noise(row(1), 1);
  for (int t = 0; t < N; t++) row(1)[t] += x[t];
  bound b = bind("coherence", "estimator = \"multitaper\"; segment_s = 4.0; overlap = 0.0;", 2, N);
  bound_run(&b, x, N);
  /* neighbours within the tapers' band of 8 bins are alike: 72 bins of beta are 9 */
  CHECK_NEAR(bound_value(&b, "squared", 3, 0), 0.5 + 0.25 / 525.0, 4.0 * sqrt(2.0 * 0.5 / 525.0) * 0.5 / sqrt(9.0));
  bound_free(&b);
}

/* Two sources reach four channels at once: coherent, phases locked, no lag in expectation. */
static void test_volume_conduction(void) {
  static const double gain[4][2] = {{1.0, 0.2}, {0.8, 0.5}, {0.4, 0.9}, {0.6, -0.7}};
  bound coherence = bind("coherence", "keep_sign = true;", 4, N), lag = bind("phase_lag", "", 4, N);
  bound locking = bind("phase_locking", "", 4, N);
  fill_noise(row(4), 2);
  fill_noise(row(5), 3);
  for (int c = 0; c < 4; c++) {
    fill_noise(row(c), 10 + (uint64_t)c);
    for (int t = 0; t < N; t++) row(c)[t] = 0.3 * row(c)[t] + gain[c][0] * row(4)[t] + gain[c][1] * row(5)[t];
  }
  bound_run(&coherence, x, N);
  bound_run(&lag, x, N);
  bound_run(&locking, x, N);
  CHECK(bound_value(&coherence, "magnitude", 2, 0) > 0.8 && bound_value(&locking, "plv", 2, 0) > 0.7);
  for (int band = 0; band < BANDS; band++)
    for (int pair = 0; pair < 6; pair++) {
      /* sd at most sqrt(1 / 2n) at a frequency, six frequencies of a band or more */
      CHECK(fabs(bound_value(&coherence, "imaginary", band, pair)) < 4.5 * sqrt(1.0 / (2.0 * 284.0) * 2.0 / 6.0));
      CHECK(fabs(bound_value(&lag, "dwpli", band, pair)) < 0.03);
    }
  bound_free(&coherence);
  bound_free(&lag);
  bound_free(&locking);
}

/* A copy, also scaled, has no lag at all: pli 0, wpli undefined, everything else 1. */
static void test_copy(void) {
  static const double scale[] = {1.0, -0.3, 1e100};
  fill_noise(row(0), 4);
  for (int i = 0; i < 3; i++) {
    for (int t = 0; t < N; t++) row(1)[t] = scale[i] * x[t];
    bound coherence = bind("coherence", "", 2, N), lag = bind("phase_lag", "", 2, N);
    bound locking = bind("phase_locking", "", 2, N);
    bound_run(&coherence, x, N);
    bound_run(&lag, x, N);
    bound_run(&locking, x, N);
    for (int band = 0; band < BANDS; band++) {
      CHECK_NEAR(bound_value(&coherence, "magnitude", band, 0), 1.0, 1e-12);
      CHECK_NEAR(bound_value(&coherence, "imaginary", band, 0), 0.0, 1e-12);
      CHECK_NEAR(bound_value(&locking, "plv", band, 0), 1.0, 1e-12);
      CHECK_NEAR(bound_value(&locking, "ppc", band, 0), 1.0, 1e-12);
      CHECK(bound_value(&lag, "pli", band, 0) == 0.0);
      CHECK(bound_why(&lag, "wpli", band, 0) == EVL_WHY_UNDEFINED);
      CHECK(bound_why(&lag, "dwpli", band, 0) == EVL_WHY_UNDEFINED);
    }
    bound_free(&coherence);
    bound_free(&lag);
    bound_free(&locking);
  }
}

/* The first channel is 3 samples ahead: phases of 2 pi f 3 / fs, the same in every segment but for its ends. */
static void test_constant_lag(void) {
  enum { LAG = 3 };
  fill_noise(row(0), 5);
  for (int t = 0; t < N; t++) row(1)[t] = t < LAG ? 0.0 : x[t - LAG];
  bound coherence = bind("coherence", "keep_sign = true;", 2, N), lag = bind("phase_lag", "keep_sign = true;", 2, N);
  bound locking = bind("phase_locking", "", 2, N);
  bound_run(&coherence, x, N);
  bound_run(&lag, x, N);
  bound_run(&locking, x, N);
  for (int band = 1; band < 4; band++) { /* below 41.7 Hz, where the lag is half a period */
    CHECK(bound_value(&locking, "plv", band, 0) > 0.995);
    CHECK(bound_value(&lag, "pli", band, 0) > 0.99);
    CHECK(bound_value(&lag, "wpli", band, 0) > 0.999);
    CHECK(bound_value(&lag, "dwpli", band, 0) > 0.998);
  }
  double sine = 0.0;
  for (int k = 16; k < 24; k++) sine += sin(2.0 * M_PI * 0.5 * k * LAG / FS_HZ) / 8.0; /* of alpha, 8 <= f < 12 Hz */
  CHECK_NEAR(bound_value(&coherence, "imaginary", 2, 0), sine, 0.01);
  bound_free(&coherence);
  bound_free(&lag);
  bound_free(&locking);
}

/* Independent channels: ppc and dwpli average to 0, plv^2 to 1 / n, wpli stays far above 0. */
static void test_unbiased(void) {
  enum { SHORT = 5000, PAIRS = MOST * (MOST - 1) / 2 };
  static const char *const config = "overlap = 0.0; bands : { all = (1.0, 100.0); };";
  for (int c = 0; c < MOST; c++) fill_noise(row(c), 20 + (uint64_t)c);
  bound lag = bind("phase_lag", config, MOST, SHORT), locking = bind("phase_locking", config, MOST, SHORT);
  double mean[4] = {0}, square[4] = {0};
  int n = 0;
  for (int start = 0; start + SHORT <= N; start += SHORT) {
    bound_run(&lag, x + start, N);
    bound_run(&locking, x + start, N);
    for (int pair = 0; pair < PAIRS; pair++, n++) {
      const double v[4] = {bound_value(&lag, "dwpli", 0, pair), bound_value(&locking, "ppc", 0, pair),
                           bound_value(&lag, "wpli", 0, pair), bound_value(&locking, "plv", 0, pair)};
      for (int i = 0; i < 4; i++) mean[i] += v[i], square[i] += v[i] * v[i];
    }
  }
  for (int i = 0; i < 4; i++) mean[i] /= n, square[i] = sqrt((square[i] / n - mean[i] * mean[i]) / n);
  CHECK(fabs(mean[0]) < 4.0 * square[0]); /* the error of a mean of all: what pairs share cancels in sums of signs */
  CHECK(fabs(mean[1]) < 4.0 * square[1]);
  CHECK(mean[2] > 0.2);
  CHECK_NEAR(mean[3], sqrt(M_PI / (4.0 * 10.0)), 0.01); /* of 10 phases, Rayleigh */
  bound_free(&lag);
  bound_free(&locking);
}

/* Segments in which a channel is flat do not count. */
static void test_flat_segments(void) {
  fill_noise(row(0), 6);
  fill_noise(row(1), 7);
  bound b = bind("phase_locking", "overlap = 0.0;", 2, 10000), half = bind("phase_locking", "overlap = 0.0;", 2, 5000);
  bound_run(&half, x, N);
  for (int t = 5000; t < 10000; t++) row(1)[t] = 4.0;
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "plv", 3, 0), bound_value(&half, "plv", 3, 0), 1e-12);
  bound_free(&b);
  bound_free(&half);
}

static void test_refusals(void) {
  bound b;
  CHECK(bound_begin(&b, evl_feature_find("coherence"), "", 2, 700, FS_HZ) == EVL_USAGE); /* a segment and a half */
  CHECK(strstr(evl_error_message(), "coherence: expected two segments") != NULL);
  bound_free(&b);
  CHECK(bound_begin(&b, evl_feature_find("phase_lag"), "bands : { a = (1.1, 1.3); };", 2, N, FS_HZ) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "phase_lag.bands: a") != NULL);
  bound_free(&b);
}

/* ---- analytic signals ---- */

/* A modulated rhythm of whole periods: envelope A (1 + m cos), mean A and sd A m / sqrt 2. */
static void test_modulated(void) {
  for (int t = 0; t < N; t++)
    x[t] = 1e6 + 20.0 * (1.0 + 0.5 * cos(2.0 * M_PI * 0.2 * t / FS_HZ)) * cos(2.0 * M_PI * 10.0 * t / FS_HZ);
  bound b = bind("amplitude_envelope", "edge_s = 0.0;", 1, N);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "mean", 2, 0), 20.0, 1e-9);
  CHECK_NEAR(bound_value(&b, "cv", 2, 0), 0.5 / sqrt(2.0), 1e-9);
  bound_free(&b);
}

/* Rice: the envelope of Gaussian noise has sd / mean sqrt(4 / pi - 1). */
static void test_noise_envelope(void) {
  fill_noise(row(0), 8);
  bound b = bind("amplitude_envelope", "", 1, N);
  bound_run(&b, x, N);
  for (int band = 2; band < BANDS; band++) CHECK_NEAR(bound_value(&b, "cv", band, 0), sqrt(4.0 / M_PI - 1.0), 0.03);
  bound_free(&b);
}

static void test_phase_synchrony(void) {
  const double w = 2.0 * M_PI * 10.0 / FS_HZ;
  for (int t = 0; t < N; t++) {
    row(0)[t] = cos(w * t);
    row(1)[t] = 3.0 * cos(w * t - 0.4);
    row(2)[t] = -2.0 * cos(w * t);
    row(3)[t] = cos(w * t * 1.1);
  }
  bound b = bind("phase_synchrony", "", 4, N);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "plv", 2, 0), 1.0, 1e-12); /* pairs 01 02 03 */
  CHECK_NEAR(bound_value(&b, "ciplv", 2, 0), 1.0, 1e-9);
  CHECK_NEAR(bound_value(&b, "plv", 2, 1), 1.0, 1e-12);
  CHECK(bound_why(&b, "ciplv", 2, 1) == EVL_WHY_UNDEFINED);
  CHECK(bound_value(&b, "plv", 2, 2) < 0.01);
  bound_free(&b);
}

/* Carriers 10 and 10.5 Hz under one envelope m = 1 + a cos: |Im x conj(y)| / |y| = m |sin|, and |sin| has mean 2 / pi
   and mean square 1 / 2 whatever m is, but for its corners between the samples. */
static void test_envelope_correlation(void) {
  const double a = 0.6, turn = 2.0 * M_PI / FS_HZ;
  for (int t = 0; t < N; t++) {
    const double m = 1.0 + a * cos(turn * 0.07 * t);
    row(0)[t] = m * cos(turn * 10.0 * t);
    row(1)[t] = 7.0 * m * cos(turn * 10.5 * t);
    row(2)[t] = -0.7 * row(0)[t];
  }
  bound b = bind("envelope_correlation", "edge_s = 0.0;", 3, N);
  bound_run(&b, x, N);
  const double variance = a * a / 2.0, spread = 0.5 * (1.0 + variance) - 4.0 / (M_PI * M_PI);
  CHECK_NEAR(bound_value(&b, "orthogonalised", 2, 0), 2.0 / M_PI * sqrt(variance / spread), 5e-3);
  CHECK_NEAR(bound_value(&b, "plain", 2, 0), 1.0, 1e-9);
  CHECK_NEAR(bound_value(&b, "plain", 2, 1), 1.0, 1e-12);
  CHECK(bound_why(&b, "orthogonalised", 2, 1) == EVL_WHY_UNDEFINED); /* a copy: nothing is left */
  bound_free(&b);
}

/* The same carriers, logarithms of power: 2 ln m + 2 ln |sin| against 2 ln m, and ln |sin| has variance pi^2 / 12. */
static void test_log_envelopes(void) {
  static double log_m[N];
  const double turn = 2.0 * M_PI / FS_HZ;
  for (int t = 0; t < N; t++) {
    const double m = 1.0 + 0.6 * cos(turn * 0.07 * t);
    row(0)[t] = m * cos(turn * 10.0 * t);
    row(1)[t] = m * cos(turn * 10.5037 * t);
    log_m[t] = log(m);
  }
  bound b = bind("envelope_correlation", "log = true;", 2, N);
  bound_run(&b, x, N);
  const double variance = evl_variance(log_m, N, 0);
  CHECK_NEAR(bound_value(&b, "orthogonalised", 2, 0), sqrt(variance / (variance + M_PI * M_PI / 12.0)), 0.02);
  CHECK_NEAR(bound_value(&b, "plain", 2, 0), 1.0, 1e-3);
  bound_free(&b);
}

/* Independent channels: signed correlations average to 0, magnitudes do not; one source in both shows in plain only. */
static void test_leakage(void) {
  fill_noise(row(2), 40);
  for (int c = 0; c < 2; c++) {
    fill_noise(row(c), 41 + (uint64_t)c);
    for (int t = 0; t < N; t++) row(c)[t] += row(2)[t];
  }
  bound b = bind("envelope_correlation", "", 2, N);
  bound_run(&b, x, N);
  CHECK(bound_value(&b, "plain", 3, 0) > 0.15); /* 0.25 of Gaussian signals of coherence 0.5, nearly */
  CHECK(fabs(bound_value(&b, "orthogonalised", 3, 0)) < 0.05);
  bound_free(&b);
}

/* ---- correlations ---- */

/* Against the sums themselves: one block and several, lags both ways and one way. */
static void test_cross_correlation_sums(void) {
  static const int length[] = {60, 700, 2500};
  for (int i = 0; i < 3; i++)
    for (int one_way = 0; one_way < 2; one_way++) {
      const int n = length[i], lags = 125 < n - 1 ? 125 : n - 1;
      fill_noise(row(0), 50);
      fill_noise(row(1), 51);
      for (int t = 0; t < n; t++) row(1)[t] = row(1)[t] + 0.2 * (t > 17 ? x[t - 17] : 0.0) + 1e4;
      bound b = bind("cross_correlation",
                     one_way ? "keep_sign = true; convention = \"mne_features\";" : "keep_sign = true;", 2, n);
      bound_run(&b, x, N);
      const double mx = evl_mean(row(0), (size_t)n), my = evl_mean(row(1), (size_t)n);
      const double sx = sqrt(evl_variance(row(0), (size_t)n, one_way));
      const double sy = sqrt(evl_variance(row(1), (size_t)n, one_way));
      double most = -1.0;
      int lag = 0;
      for (int d = one_way ? 0 : -lags; d <= lags; d++) {
        double sum = 0.0;
        for (int t = d < 0 ? -d : 0; t < n && t + d < n; t++) sum += (x[t + d] - mx) / sx * ((row(1)[t] - my) / sy);
        sum = fabs(sum) / (one_way ? n - d : n);
        if (sum > most) most = sum, lag = d;
      }
      CHECK_NEAR(bound_value(&b, "maximum", 0, 0), most, 1e-11);
      CHECK_NEAR(bound_value(&b, "lag", 0, 0), -lag / FS_HZ, 1e-12);
      bound_free(&b);
    }
}

static void test_correlation(void) {
  fill_noise(row(0), 60);
  fill_noise(row(1), 61);
  for (int t = 0; t < N; t++) row(1)[t] = 1e5 - 3.0 * (row(1)[t] + x[t]);
  bound b = bind("time_correlation", "rank = (1, 2, 3);", 2, N);
  bound_run(&b, x, N);
  const double r = bound_value(&b, "correlation", 0, 0);
  CHECK_NEAR(r, -sqrt(0.5), 4.0 * 0.5 / sqrt(N));
  CHECK_NEAR(bound_value(&b, "eigenvalue", 0, 0), 1.0 - r, 1e-12);
  CHECK_NEAR(bound_value(&b, "eigenvalue", 1, 0), 1.0 + r, 1e-12);
  CHECK(bound_why(&b, "eigenvalue", 2, 0) == EVL_WHY_UNDEFINED);
  bound_free(&b);
}

/* Standardised against each other, three unrelated channels correlate by -1/2: why it is not the default. */
static void test_across_channels(void) {
  for (int c = 0; c < 3; c++) fill_noise(row(c), 62 + (uint64_t)c);
  bound b = bind("time_correlation", "across_channels = true;", 3, N), plain = bind("time_correlation", "", 3, N);
  bound_run(&b, x, N);
  bound_run(&plain, x, N);
  for (int pair = 0; pair < 3; pair++) {
    CHECK_NEAR(bound_value(&b, "correlation", 0, pair), -0.5, 0.02);
    CHECK(fabs(bound_value(&plain, "correlation", 0, pair)) < 4.5 / sqrt(N));
  }
  bound_free(&b);
  bound_free(&plain);
}

/* Correlation over 1 to 120 Hz of the decibels of two autoregressions of order 1: densities 1 / (1 + a^2 - 2 a cos). */
static double correlation_of_poles(double a, double b) {
  double u[477], v[477], mean_u, mean_v, sum = 0.0;
  for (int k = 0; k < 477; k++) {
    const double cosine = cos(2.0 * M_PI * (1.0 + 0.25 * k) / FS_HZ);
    u[k] = -log(1.0 + a * a - 2.0 * a * cosine);
    v[k] = -log(1.0 + b * b - 2.0 * b * cosine);
  }
  mean_u = evl_mean(u, 477);
  mean_v = evl_mean(v, 477);
  for (int k = 0; k < 477; k++) sum += (u[k] - mean_u) * (v[k] - mean_v);
  return sum / 477.0 / sqrt(evl_variance(u, 477, 0) * evl_variance(v, 477, 0));
}

static void test_spectral_correlation(void) {
  static const double pole[3] = {0.9, 0.9, -0.9};
  for (int c = 0; c < 3; c++) {
    fill_noise(row(c), 70 + (uint64_t)c);
    for (int t = 1; t < N; t++) row(c)[t] += pole[c] * row(c)[t - 1];
  }
  bound b = bind("spectral_correlation", "range_hz = (1.0, 120.0); rank = (1);", 3, N);
  bound_run(&b, x, N);
  const double opposite = correlation_of_poles(0.9, -0.9);
  CHECK_NEAR(bound_value(&b, "correlation", 0, 0), 1.0, 0.02);
  CHECK_NEAR(bound_value(&b, "correlation", 0, 1), opposite, 0.02);
  /* the largest eigenvalue of [1 1 r; 1 1 r; r r 1] */
  CHECK_NEAR(bound_value(&b, "eigenvalue", 0, 0), 1.5 + sqrt(0.25 + 2.0 * opposite * opposite), 0.04);
  bound_free(&b);
}

/* Identical states: 1 (mne-features sums both directions: 2); unrelated ones: neighbours of the other are not near. */
static void test_nonlinear_interdependence(void) {
  fill_noise(row(0), 80);
  fill_noise(row(2), 81);
  for (int t = 0; t < N; t++) row(1)[t] = -5.0 * x[t] + 100.0;
  bound b = bind("nonlinear_interdependence", "dimension = 3;", 3, 2000);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "s", 0, 0), 1.0, 1e-10);
  CHECK(bound_value(&b, "s", 0, 1) < 0.05);
  bound_free(&b);
  b = bind("nonlinear_interdependence", "convention = \"mne_features\";", 2, 500);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "s", 0, 0), 2.0, 1e-10);
  bound_free(&b);
}

int main(void) {
  RUN(test_coherence_of_mixture);
  RUN(test_multitaper);
  RUN(test_volume_conduction);
  RUN(test_copy);
  RUN(test_constant_lag);
  RUN(test_unbiased);
  RUN(test_flat_segments);
  RUN(test_refusals);
  RUN(test_modulated);
  RUN(test_noise_envelope);
  RUN(test_phase_synchrony);
  RUN(test_envelope_correlation);
  RUN(test_log_envelopes);
  RUN(test_leakage);
  RUN(test_cross_correlation_sums);
  RUN(test_correlation);
  RUN(test_across_channels);
  RUN(test_spectral_correlation);
  RUN(test_nonlinear_interdependence);
  CHECK_DONE();
}
