/* Connectivity against what other programs return for the reference signal. 1e-12 of a column's largest value: the same
   sums in another order; 1e-11 under prolate tapers, which come from another eigenproblem solver and its rounding. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "truth_table.h"

#define SUMS 1e-12
#define PROLATE 1e-11

enum { C = TRUTH_CHANNELS, T = TRUTH_SAMPLES, PAIRS = C * (C - 1) / 2, BANDS = 5 };

static double *x;

static void begin(bound *b, const char *entry, const char *config, int n_channels, int n_samples) {
  if (bound_begin(b, evl_feature_find(entry), config, n_channels, n_samples, TRUTH_FS_HZ) == EVL_OK) return;
  printf("# %s: %s\n", entry, evl_error_message());
  exit(1);
}

/* Our place of the peer's pair: a < b in order of a, or of b (the lower triangle by rows). */
static int pair_of(int i, bool lower) {
  if (!lower) return i;
  int b = 1;
  while (i >= b) i -= b++;
  return i * C - i * (i + 1) / 2 + b - i - 1;
}

/* An output of pairs over the bands, all of it; `sign` -1: the peer takes the later channel of a pair first. */
static void compare_bands(const char *entry, const char *config, const char *output, const char *peer,
                          const char *feature, bool lower, double sign) {
  static double ours[PAIRS * BANDS];
  bound b;
  begin(&b, entry, config, C, T);
  bound_run(&b, x, T);
  for (int i = 0; i < PAIRS; i++)
    for (int band = 0; band < BANDS; band++)
      ours[i * BANDS + band] = sign * bound_value(&b, output, band, pair_of(i, lower));
  truth_compare(entry, peer, feature, 1, 0, ours, PAIRS * BANDS, PROLATE);
  bound_free(&b);
}

#define EPOCHS "segment_s = 4.0; overlap = 0.0; edges = \"closed\";"

static void test_mne_connectivity(void) {
  static const char *const config = EPOCHS "estimator = \"mne_connectivity\";";
  static const struct { const char *entry, *output, *feature; } row[] = {
      {"coherence", "magnitude", "coh"}, {"phase_locking", "plv", "plv"}, {"phase_locking", "ppc", "ppc"},
      {"phase_lag", "pli", "pli"},       {"phase_lag", "wpli", "wpli"},   {"phase_lag", "dwpli", "wpli2_debiased"}};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++)
    compare_bands(row[i].entry, config, row[i].output, "mne_connectivity", row[i].feature, true, 1.0);
  compare_bands("coherence", EPOCHS "estimator = \"mne_connectivity\"; keep_sign = true;", "imaginary",
                "mne_connectivity", "imcoh", true, -1.0);
}

static void test_spectral_connectivity(void) {
  static const char *const config = EPOCHS "estimator = \"spectral_connectivity\"; half_bandwidth = 2.0;";
  static const struct { const char *entry, *output, *feature; } row[] = {
      {"coherence", "squared", "coherence_magnitude"},
      {"coherence", "imaginary", "imaginary_coherence"},
      {"phase_locking", "plv", "phase_locking_value"},
      {"phase_locking", "ppc", "pairwise_phase_consistency"},
      {"phase_lag", "dwpli", "debiased_squared_weighted_phase_lag_index"}};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++)
    compare_bands(row[i].entry, config, row[i].output, "spectral_connectivity", row[i].feature, false, 1.0);
  compare_bands("phase_lag",
                EPOCHS "estimator = \"spectral_connectivity\"; half_bandwidth = 2.0; keep_sign = true;", "wpli",
                "spectral_connectivity", "weighted_phase_lag_index", false, 1.0);
}

/* Mean squared coherence in the delta band, scipy's estimate. */
static void test_delta_coherence(void) {
  double ours[PAIRS];
  bound b;
  begin(&b, "coherence", "segment_s = 4.0; edges = \"closed\"; bands : { delta = (1.0, 4.0); };", C, T);
  bound_run(&b, x, T);
  for (int i = 0; i < PAIRS; i++) ours[i] = bound_value(&b, "squared", 0, i);
  truth_compare("coherence", "scipy", "msc_delta_pairs", 1, 0, ours, PAIRS, SUMS);
  bound_free(&b);
}

#define WHOLE "bands : { all = (0.0, 125.0); }; edges = \"closed\"; edge_s = 0.0;"

static void test_analytic(void) {
  double ours[PAIRS];
  bound b;
  begin(&b, "amplitude_envelope", WHOLE, C, T);
  bound_run(&b, x, T);
  for (int c = 0; c < C; c++) ours[c] = bound_value(&b, "mean", 0, c);
  truth_compare("amplitude_envelope", "scipy", "hilbert_envelope_mean", 1, 0, ours, C, SUMS);
  bound_free(&b);
  begin(&b, "phase_synchrony", WHOLE, C, T);
  bound_run(&b, x, T);
  for (int i = 0; i < PAIRS; i++) ours[i] = bound_value(&b, "plv", 0, i);
  truth_compare("phase_synchrony", "mne_features", "bi/phase_lock_val", 1, 0, ours, PAIRS, SUMS);
  bound_free(&b);
}

/* Means over epochs of 1 s. */
static void test_envelope_correlation(void) {
  enum { EPOCH = 250 };
  double ours[PAIRS] = {0};
  bound b;
  begin(&b, "envelope_correlation", WHOLE "absolute = true;", C, EPOCH);
  for (int t = 0; t < T; t += EPOCH) {
    bound_run(&b, x + t, T);
    for (int i = 0; i < PAIRS; i++) ours[i] += bound_value(&b, "orthogonalised", 0, pair_of(i, true)) / (T / EPOCH);
  }
  truth_compare("envelope_correlation", "mne_connectivity", "envelope_corr_orth", 1, 0, ours, PAIRS, SUMS);
  bound_free(&b);
}

/* Pairs of an output without bands over the first channels and samples. */
static void compare_pairs(const char *entry, const char *config, int n_channels, int n_samples, const char *output,
                          const char *feature) {
  double ours[PAIRS];
  const int n_pairs = n_channels * (n_channels - 1) / 2;
  bound b;
  begin(&b, entry, config, n_channels, n_samples);
  bound_run(&b, x, T);
  for (int i = 0; i < n_pairs; i++) ours[i] = bound_value(&b, output, 0, i);
  truth_compare(entry, "mne_features", feature, 1, 0, ours, n_pairs, SUMS);
  bound_free(&b);
}

/* Correlations, then eigenvalues in ascending order. */
static void compare_matrix(const char *entry, const char *config, const char *feature) {
  double ours[PAIRS + C];
  char whole[400];
  bound b;
  snprintf(whole, sizeof whole,
           "%sacross_channels = true; "
           "rank = (19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1);",
           config);
  begin(&b, entry, whole, C, T);
  bound_run(&b, x, T);
  for (int i = 0; i < PAIRS; i++) ours[i] = bound_value(&b, "correlation", 0, i);
  for (int i = 0; i < C; i++) ours[PAIRS + i] = bound_value(&b, "eigenvalue", i, 0);
  truth_compare(entry, "mne_features", feature, 1, 0, ours, PAIRS + C, SUMS);
  bound_free(&b);
}

static void test_mne_features(void) {
  compare_pairs("cross_correlation", "convention = \"mne_features\";", C, T, "maximum", "bi/max_cross_corr");
  compare_pairs("nonlinear_interdependence", "convention = \"mne_features\";", 4, 1000, "s", "bi/nonlin_interdep");
  compare_matrix("time_correlation", "", "bi/time_corr");
  compare_matrix("spectral_correlation",
                 "db = false; range_hz = (0.0, 125.0); taper = \"hamming\"; segment_s = 1.024; overlap = 0.0;",
                 "bi/spect_corr");
}

int main(int n_arguments, char **argument) {
  (void)n_arguments;
  x = truth_signal();
  if (!x) {
    printf("skip features_connectivity_truth: no reference signal in %s\n", truth_folder());
    return 0;
  }
  truth_make(argument[0], "truth_values.py", "ref19x15000.peers.json");
  RUN(test_mne_connectivity);
  RUN(test_spectral_connectivity);
  RUN(test_delta_coherence);
  RUN(test_analytic);
  RUN(test_envelope_correlation);
  RUN(test_mne_features);
  free(x);
  CHECK_DONE();
}
