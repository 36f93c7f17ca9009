/* Fractal dimensions, Lempel-Ziv complexity and fluctuation analyses against what other programs return for the
   reference signal.

   Tolerances: 1e-12 of a column's largest value for the same sums in another order; 1e-9 where the peer divides by a
   variance of the abscissa plus 1e-9 (antropy's regressions), or sums ratios of which some have hardly a denominator:
   two neighbouring samples that are nearly equal (mne_features' prefixes); 1e-14 for counts. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "truth_table.h"

#define SUMS 1e-12
#define RIDGE 1e-9
#define ROUNDED 1e-9
#define EXACT 1e-14

enum { C = TRUTH_CHANNELS, T = TRUTH_SAMPLES, SHORT = 2000 };

static double *x;

static void compare(const char *entry, const char *config, int n_samples, const char *output, const char *peer,
                    const char *feature, int step, int from, double tolerance) {
  bound b;
  double ours[C];
  if (bound_begin(&b, evl_feature_find(entry), config, C, n_samples, TRUTH_FS_HZ) != EVL_OK) {
    printf("# %s: %s\n", entry, evl_error_message());
    exit(1);
  }
  bound_run(&b, x, T);
  for (int c = 0; c < C; c++) ours[c] = bound_value(&b, output, 0, c);
  bound_free(&b);
  truth_compare(entry, peer, feature, step, from, ours, C, tolerance);
}

static void test_lempel_ziv(void) {
  compare("lempel_ziv", "", SHORT, "lz76", "antropy", "lziv_complexity_median", 1, 0, EXACT);
}

static void test_dimensions(void) {
  static const char *const antropy = "convention = \"antropy\";", *const pyeeg = "convention = \"pyeeg\";";
  compare("higuchi", antropy, T, "dimension", "antropy", "higuchi_fd", 1, 0, RIDGE);
  compare("higuchi", antropy, T, "dimension", "mne_features", "uni/higuchi_fd", 1, 0, SUMS);
  compare("higuchi", pyeeg, SHORT, "dimension", "pyeeg", "hfd", 1, 0, SUMS);
  compare("katz", "", T, "dimension", "antropy", "katz_fd", 1, 0, SUMS);
  compare("katz", "", T, "dimension", "mne_features", "uni/katz_fd", 1, 0, SUMS);
  compare("petrosian", antropy, T, "dimension", "antropy", "petrosian_fd", 1, 0, EXACT);
  compare("petrosian", pyeeg, SHORT, "dimension", "pyeeg", "pfd", 1, 0, EXACT);
}

static void test_decorrelation_time(void) {
  compare("decorrelation_time", "convention = \"mne_features\";", T, "time", "mne_features", "uni/decorr_time", 1, 0,
          EXACT);
}

static void test_dfa(void) {
  compare("dfa", "smallest = 4;", T, "exponent", "antropy", "detrended_fluctuation", 1, 0, RIDGE);
  compare("dfa", "smallest = 4; boxes = \"overlapping\";", SHORT, "exponent", "nolds", "dfa", 1, 0, SUMS);
  compare("dfa", "boxes = \"pyeeg\";", SHORT, "exponent", "pyeeg", "dfa", 1, 0, SUMS);
}

static void test_hurst(void) {
  compare("hurst", "convention = \"nolds\";", SHORT, "exponent", "nolds", "hurst_rs", 1, 0, SUMS);
  compare("hurst", "convention = \"mne_features\";", T, "exponent", "mne_features", "uni/hurst_exp", 1, 0, ROUNDED);
  compare("hurst", "convention = \"pyeeg\";", SHORT, "exponent", "pyeeg", "hurst", 1, 0, SUMS);
}

/* Its own square roots of n included. */
static void test_hjorth(void) {
  compare("hjorth", "convention = \"pyeeg\";", SHORT, "mobility", "pyeeg", "hjorth", 2, 0, SUMS);
  compare("hjorth", "convention = \"pyeeg\";", SHORT, "complexity", "pyeeg", "hjorth", 2, 1, SUMS);
}

int main(int n_arguments, char **argument) {
  (void)n_arguments;
  x = truth_signal();
  if (!x) {
    printf("skip features_fractal_truth: no reference signal in %s\n", truth_folder());
    return 0;
  }
  truth_make(argument[0], "truth_values.py", "ref19x15000.peers.json");
  RUN(test_lempel_ziv);
  RUN(test_dimensions);
  RUN(test_decorrelation_time);
  RUN(test_dfa);
  RUN(test_hurst);
  RUN(test_hjorth);
  free(x);
  CHECK_DONE();
}
