/* The features against what other programs return for the reference signal.

   Tolerances: 1e-12 of a column's largest value wherever both sides compute the same sums in another order (15,000
   samples of rounding 1e-16 each, with room for the condition of logarithms and ratios); 1e-14 for counts and for
   values that are a frequency of the grid, where a single other symbol or bin shows as 1e-5 or more. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "truth_table.h"

#define SUMS 1e-12
#define EXACT 1e-14

enum { C = TRUTH_CHANNELS, T = TRUTH_SAMPLES };

static double *x;

static void begin(bound *b, const char *entry, const char *config, int n_samples) {
  if (bound_begin(b, evl_feature_find(entry), config, C, n_samples, TRUTH_FS_HZ) == EVL_OK) return;
  printf("# %s: %s\n", entry, evl_error_message());
  exit(1);
}

/* All values of one output over the first samples. */
static void values(const char *entry, const char *config, int n_samples, const char *output, int item, double *ours) {
  bound b;
  begin(&b, entry, config, n_samples);
  bound_run(&b, x, T);
  for (int c = 0; c < C; c++) ours[c] = bound_value(&b, output, item, c);
  bound_free(&b);
}

static void compare(const char *entry, const char *config, int n_samples, const char *output, int item,
                    const char *peer, const char *feature, double tolerance) {
  double ours[C];
  values(entry, config, n_samples, output, item, ours);
  truth_compare(entry, peer, feature, 1, 0, ours, C, tolerance);
}

static void test_band_power_scipy(void) {
  static const char *const feature[] = {"bandpower_abs_delta", "bandpower_abs_theta", "bandpower_abs_alpha",
                                        "bandpower_abs_beta", "bandpower_abs_gamma"};
  for (int b = 0; b < 5; b++) compare("band_power", "", T, "absolute", b, "scipy", feature[b], SUMS);
}

static void test_psd_scipy(void) {
  bound b;
  double ours[181];
  begin(&b, "spectrum", "", T);
  bound_run(&b, x, T);
  memcpy(ours, b.out.state, sizeof ours);
  truth_compare("spectrum", "scipy", "welch_psd_ch0_0_45Hz", 1, 0, ours, 181, SUMS);
  bound_free(&b);
}

static void test_band_power_yasa(void) {
  static const char *const config =
      "convention = \"yasa\"; taper = \"hamming\"; average = \"median\"; total_hz = (0.5, 40.0);"
      "bands : { d = (0.5, 4.0); t = (4.0, 8.0); a = (8.0, 12.0); s = (12.0, 16.0); b = (16.0, 30.0); "
      "g = (30.0, 40.0); };";
  for (int b = 0; b < 6; b++) {
    double ours[C];
    values("band_power", config, T, "absolute", b, ours);
    truth_compare("band_power", "yasa", "bandpower_absolute", 6, b, ours, C, SUMS);
    values("band_power", config, T, "relative", b, ours);
    truth_compare("band_power", "yasa", "bandpower_relative", 6, b, ours, C, SUMS);
  }
}

#define MNE_WELCH "taper = \"hamming\"; segment_s = 1.024; overlap = 0.0;"

static void test_band_power_mne_features(void) {
  for (int b = 0; b < 5; b++) {
    double ours[C];
    values("band_power",
           "convention = \"mne_features\"; total_hz = (0.0, 125.0);" MNE_WELCH
           "bands : { a = (0.5, 4.0); b = (4.0, 8.0); c = (8.0, 13.0); d = (13.0, 30.0); e = (30.0, 100.0); };",
           T, "relative", b, ours);
    truth_compare("band_power", "mne_features", "uni/pow_freq_bands", 5, b, ours, C, SUMS);
  }
}

static void test_edge_and_entropy(void) {
  compare("spectral_edge", "convention = \"mne_features\"; share = (0.5); range_hz = (0.0, 125.0);" MNE_WELCH, T,
          "edge", 0, "mne_features", "uni/spect_edge_freq", EXACT);
  compare("spectral_entropy", "convention = \"mne_features\"; range_hz = (0.0, 125.0);" MNE_WELCH, T, "entropy", 0,
          "mne_features", "uni/spect_entropy", SUMS);
  compare("spectral_entropy", "range_hz = (0.0, 125.0);", T, "entropy", 0, "antropy", "spectral_entropy_welch", SUMS);
  compare("spectral_entropy", "range_hz = (0.0, 125.0); segment_s = 60.0; taper = \"boxcar\";", T, "entropy", 0,
          "antropy", "spectral_entropy_fft", SUMS);
}

static void test_hjorth(void) {
  compare("hjorth", "convention = \"antropy\";", T, "mobility", 0, "antropy", "hjorth_mobility", SUMS);
  compare("hjorth", "convention = \"antropy\";", T, "complexity", 0, "antropy", "hjorth_complexity", SUMS);
  compare("hjorth", "convention = \"mne_features\";", T, "activity", 0, "mne_features", "uni/variance", SUMS);
  compare("hjorth", "convention = \"mne_features\";", T, "mobility", 0, "mne_features", "uni/hjorth_mobility", SUMS);
  compare("hjorth", "convention = \"mne_features\";", T, "complexity", 0, "mne_features",
          "uni/hjorth_complexity", SUMS);
}

static void test_permutation_entropy(void) {
  double ours[C];
  compare("permutation_entropy", "tau = (1);", T, "entropy", 0, "antropy", "perm_entropy_o3", SUMS);
  compare("permutation_entropy", "tau = (8);", T, "entropy", 0, "antropy", "perm_entropy_o3_d8", SUMS);
  values("permutation_entropy", "tau = (1);", 2000, "entropy", 0, ours);
  for (int c = 0; c < C; c++) ours[c] *= log(6.0); /* in nats there */
  truth_compare("permutation_entropy", "entropyhub", "PermEn", 1, 0, ours, C, SUMS);
}

static void test_burst_suppression(void) {
  compare("burst_suppression", "", T, "ratio", 0, "reference", "bsr_env5uV_2min", EXACT);
}

int main(int n_arguments, char **argument) {
  (void)n_arguments;
  x = truth_signal();
  if (!x) {
    printf("skip features_truth: no reference signal in %s\n", truth_folder());
    return 0;
  }
  truth_make(argument[0], "truth_values.py", "ref19x15000.peers.json");
  RUN(test_psd_scipy);
  RUN(test_band_power_scipy);
  RUN(test_band_power_yasa);
  RUN(test_band_power_mne_features);
  RUN(test_edge_and_entropy);
  RUN(test_hjorth);
  RUN(test_permutation_entropy);
  RUN(test_burst_suppression);
  free(x);
  CHECK_DONE();
}
