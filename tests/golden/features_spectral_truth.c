/* Spectral and amplitude entries against what other programs return for the reference signal.

   Tolerances: 1e-12 of a column's largest value wherever both sides compute the same sums in another order; 1e-14 for
   counts and for values that are samples. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "truth_table.h"

#define SUMS 1e-12
#define EXACT 1e-14

enum { C = TRUTH_CHANNELS, T = TRUTH_SAMPLES, SHORT = 2000 };

static double *x;

/* All values of one output over the first samples. */
static void values(const char *entry, const char *config, int n_samples, const char *output, int item, double *ours) {
  bound b;
  if (bound_begin(&b, evl_feature_find(entry), config, C, n_samples, TRUTH_FS_HZ) != EVL_OK) {
    printf("# %s: %s\n", entry, evl_error_message());
    exit(1);
  }
  bound_run(&b, x, T);
  for (int c = 0; c < C; c++) ours[c] = bound_value(&b, output, item, c);
  bound_free(&b);
}

/* Item `item` of an output against column `from` of `step`. */
static void compare(const char *entry, const char *config, int n_samples, const char *output, int item,
                    const char *peer, const char *feature, int step, int from, double tolerance) {
  double ours[C];
  values(entry, config, n_samples, output, item, ours);
  truth_compare(entry, peer, feature, step, from, ours, C, tolerance);
}

static void test_amplitude(void) {
  static const char *const name[][2] = {
      {"mean", "uni/mean"}, {"sd", "uni/std"}, {"skewness", "uni/skewness"}, {"kurtosis", "uni/kurtosis"},
      {"rms", "uni/rms"}, {"peak_to_peak", "uni/ptp_amp"}, {"quantile", "uni/quantile"},
      {"line_length", "uni/line_length"}};
  static const char *const config = "convention = \"mne_features\"; quantiles = (0.75);";
  for (size_t i = 0; i < sizeof name / sizeof *name; i++)
    compare("amplitude", config, T, name[i][0], 0, "mne_features", name[i][1], 1, 0, SUMS);
  compare("amplitude", config, T, "zero_crossings", 0, "mne_features", "uni/zero_crossings", 1, 0, EXACT);
  compare("amplitude", "convention = \"antropy\";", T, "zero_crossings", 0, "antropy", "num_zerocross", 1, 0, EXACT);
}

/* Two channels of 2000 samples; columns sum, median, mean, length, sd, variance, rms, maximum, largest magnitude,
   minimum. */
static void test_tsfresh(void) {
  static const char *const name[] = {"mean", "quantile", "mean",    NULL, "sd",
                                     "variance", "rms",  "maximum", NULL, "minimum"};
  double ours[10][C];
  for (int i = 0; i < 10; i++)
    if (name[i]) values("amplitude", "quantiles = (0.5);", SHORT, name[i], 0, ours[i]);
  for (int c = 0; c < 2; c++) {
    ours[0][c] *= SHORT;
    ours[3][c] = SHORT;
    ours[8][c] = fmax(ours[7][c], -ours[9][c]);
  }
  for (int i = 0; i < 10; i++) truth_compare("amplitude", "tsfresh", "minimal", 10, i, ours[i], 2, SUMS);
}

#define MNE_WELCH "taper = \"hamming\"; segment_s = 1.024; overlap = 0.0;"

static void test_slope(void) {
  static const char *const output[] = {"intercept", "slope", "error", "r2"};
  for (int i = 0; i < 4; i++)
    compare("spectral_slope", "range_hz = (0.1, 50.0);" MNE_WELCH, T, output[i], 0, "mne_features", "uni/spect_slope",
            4, i, SUMS);
}

static void test_moments(void) {
  static const char *const config = "convention = \"mne_features\"; range_hz = (0.0, 125.0);" MNE_WELCH;
  compare("spectral_moments", config, T, "mobility", 0, "mne_features", "uni/hjorth_mobility_spect", 1, 0, SUMS);
  compare("spectral_moments", config, T, "complexity", 0, "mne_features", "uni/hjorth_complexity_spect", 1, 0, SUMS);
}

static void test_ratio(void) {
  compare("spectral_ratio", "ratios = \"alpha_over_delta\"; bands : { delta = (0.5, 4.0); alpha = (8.0, 13.0); };", T,
          "ratio", 0, "reference", "adr", 1, 0, SUMS);
}

static void test_bin_power(void) {
  for (int b = 0; b < 8; b++)
    compare("band_amplitude",
            "convention = \"pyeeg\"; segment_s = 8.0; taper = \"boxcar\"; detrend = \"none\";"
            "bands : { d = (0.5, 4.0); t = (4.0, 8.0); a = (8.0, 13.0); b = (13.0, 30.0); };",
            SHORT, b < 4 ? "absolute" : "relative", b % 4, "pyeeg", "bin_power", 8, b, SUMS);
}

static void test_band_energy(void) {
  for (int b = 0; b < 5; b++)
    compare("band_energy",
            "convention = \"mne_features\"; bands : { a = (0.5, 4.0); b = (4.0, 8.0); c = (8.0, 13.0);"
            "d = (13.0, 30.0); e = (30.0, 100.0); };",
            T, "energy", b, "mne_features", "uni/energy_freq_bands", 5, b, SUMS);
}

/* Columns: the approximation, then details from the deepest on, mean and sd of each. */
static void test_wavelets(void) {
  for (int i = 0; i < 14; i++)
    compare("teager_kaiser", "levels = (0, 6, 5, 4, 3, 2, 1);", T, i % 2 ? "wavelet_sd" : "wavelet_mean", i / 2,
            "mne_features", "uni/teager_kaiser_energy", 14, i, SUMS);
  for (int i = 0; i < 6; i++)
    compare("wavelet_energy", "convention = \"mne_features\";", T, "energy", i, "mne_features",
            "uni/wavelet_coef_energy", 6, i, SUMS);
}

/* specparam ends its optimiser at 1e-5, on the way down: the last digits are those of its forward differences. */
#define STOPPED 2e-6

static void test_aperiodic(void) {
  static const char *const config = "segment_s = 2.0; tolerance = 1e-5;";
  compare("aperiodic", config, T, "offset", 0, "specparam", "aperiodic_fixed_offset_exponent", 2, 0, STOPPED);
  compare("aperiodic", config, T, "exponent", 0, "specparam", "aperiodic_fixed_offset_exponent", 2, 1, STOPPED);
}

/* YASA fits a straight line with an optimiser, whose differences of 1.5e-8 for derivatives leave 1e-9. */
#define DIFFERENCES 3e-9

static void test_irasa(void) {
  static const char *const output[] = {"offset", "exponent", "r2"};
  for (int i = 0; i < 3; i++)
    compare("irasa", "convention = \"yasa\"; taper = \"hamming\"; average = \"median\";", T, output[i], 0, "yasa",
            "irasa_intercept_slope_r2", 3, i, i < 2 ? DIFFERENCES : SUMS);
}

int main(int n_arguments, char **argument) {
  (void)n_arguments;
  x = truth_signal();
  if (!x) {
    printf("skip features_spectral_truth: no reference signal in %s\n", truth_folder());
    return 0;
  }
  truth_make(argument[0], "truth_values.py", "ref19x15000.peers.json");
  RUN(test_amplitude);
  RUN(test_tsfresh);
  RUN(test_slope);
  RUN(test_moments);
  RUN(test_ratio);
  RUN(test_bin_power);
  RUN(test_band_energy);
  RUN(test_wavelets);
  RUN(test_aperiodic);
  RUN(test_irasa);
  free(x);
  CHECK_DONE();
}
