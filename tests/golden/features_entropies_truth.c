/* The entropies against what other programs return for the reference signal, at the parameters that peers.json names or
   that are these programs' defaults. Counts of pairs are integers: ratios of them differ by rounding only. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "truth_table.h"

#define SUMS 1e-12

enum { C = TRUTH_CHANNELS, T = TRUTH_SAMPLES, SHORT = 2000 };

static double *x;

/* One output over the first samples, times `unit` (of the logarithm, or a maximum), against a column of the peer's. */
static void compare_column(const char *entry, const char *config, int n, const char *output, int item, double unit,
                           const char *peer, const char *feature, int columns, int column, int n_channels) {
  bound b;
  double ours[C];
  if (bound_begin(&b, evl_feature_find(entry), config, C, n, TRUTH_FS_HZ) != EVL_OK) {
    printf("# %s: %s\n", entry, evl_error_message());
    exit(1);
  }
  bound_run(&b, x, T);
  for (int c = 0; c < n_channels; c++) ours[c] = unit * bound_value(&b, output, item, c);
  bound_free(&b);
  truth_compare(entry, peer, feature, columns, column, ours, n_channels, SUMS);
}

static void compare(const char *entry, const char *config, int n, double unit, const char *peer, const char *feature) {
  compare_column(entry, config, n, "entropy", 0, unit, peer, feature, 1, 0, C);
}

static void test_sample_entropy(void) {
  compare("sample_entropy", "convention = \"antropy\";", SHORT, 1.0, "antropy", "sample_entropy");
  compare("sample_entropy", "convention = \"antropy\";", 4999, 1.0, "antropy", "sample_entropy_4999");
  compare("sample_entropy", "convention = \"entropyhub\";", SHORT, 1.0, "entropyhub", "SampEn");
  compare("sample_entropy", "convention = \"mne_features\";", SHORT, 1.0, "mne_features", "uni/samp_entropy");
  compare("sample_entropy", "convention = \"nolds\";", SHORT, 1.0, "nolds", "sampen");
  compare_column("sample_entropy", "convention = \"pyeeg\";", SHORT, "entropy", 0, 1.0, "pyeeg", "samp_entropy", 1, 0,
                 2);
}

static void test_approximate_entropy(void) {
  compare("approximate_entropy", "convention = \"antropy\";", SHORT, 1.0, "antropy", "app_entropy");
  compare("approximate_entropy", "convention = \"entropyhub\";", SHORT, 1.0, "entropyhub", "ApEn");
  compare("approximate_entropy", "convention = \"mne_features\";", SHORT, 1.0, "mne_features", "uni/app_entropy");
}

/* Unnormalised there. */
static void test_symbols(void) {
  compare("dispersion_entropy", "", SHORT, log(36.0), "entropyhub", "DispEn");
  compare("bubble_entropy", "order = 2;", SHORT, 1.0, "entropyhub", "BubbEn");
  compare("slope_entropy", "order = 2; levels_deg = (5, 45); amplitude = \"uv\";", SHORT, log2(5.0), "entropyhub",
          "SlopEn");
  compare("attention_entropy", "", SHORT, 1.0, "entropyhub", "AttnEn");
}

static void test_all_pairs(void) {
  compare("cosine_similarity_entropy", "convention = \"entropyhub\"; centre = \"none\";", SHORT, 1.0, "entropyhub",
          "CoSiEn");
  compare("distribution_entropy", "stretch_s = 0.0;", SHORT, 1.0, "entropyhub", "DistEn");
}

static void test_multiscale(void) {
  for (int s = 0; s < 5; s++)
    compare_column("multiscale_entropy", "scale = (1, 2, 3, 4, 5); method = \"coarse\";", SHORT, "entropy", s, 1.0,
                   "entropyhub", "MSE_5", 5, s, C);
}

static void test_fuzzy_entropy(void) {
  compare("fuzzy_entropy", "convention = \"entropyhub\"; stretch_s = 0.0;", SHORT, 1.0, "entropyhub", "FuzzEn");
}

/* pyeeg's fisher_info is a copy of its svd_entropy. */
static void test_svd_entropy(void) {
  static const char *const of_ten = "centre = false;";
  compare("svd_entropy", "order = 3; delay = 1; centre = false;", T, 1.0, "antropy", "svd_entropy");
  compare("svd_entropy", of_ten, SHORT, log2(10.0), "mne_features", "uni/svd_entropy");
  compare("svd_entropy", of_ten, SHORT, log(10.0), "pyeeg", "svd_entropy");
  compare("svd_entropy", of_ten, SHORT, log(10.0), "pyeeg", "fisher_info");
  compare_column("svd_entropy", of_ten, SHORT, "fisher", 0, 1.0, "mne_features", "uni/svd_fisher_info", 1, 0, C);
}

int main(int n_arguments, char **argument) {
  (void)n_arguments;
  x = truth_signal();
  if (!x) {
    printf("skip features_entropies_truth: no reference signal in %s\n", truth_folder());
    return 0;
  }
  truth_make(argument[0], "truth_values.py", "ref19x15000.peers.json");
  RUN(test_sample_entropy);
  RUN(test_approximate_entropy);
  RUN(test_multiscale);
  RUN(test_fuzzy_entropy);
  RUN(test_svd_entropy);
  RUN(test_symbols);
  RUN(test_all_pairs);
  free(x);
  CHECK_DONE();
}
