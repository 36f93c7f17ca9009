/* Background measures against the published formulas as plain numpy computes them for the reference signal.

   Tolerances as in features_truth.c; 1e-9 where the peer filters by the coefficients of a polynomial of degree 6, which
   loses seven digits next to z = 1 (ours filters by sections). */
#include "eveil/features.h"
#include "bound_entry.h"
#include "truth_table.h"

#define SUMS 1e-12
#define EXACT 1e-14
#define FILTERED 1e-9

enum { C = TRUTH_CHANNELS, T = TRUTH_SAMPLES };

static double *x;

/* Column `column` of the peer's `n_columns`: one output over the whole signal. */
static void compare(const char *entry, const char *config, const char *output, int item, const char *feature,
                    int n_columns, int column, double tolerance) {
  bound b;
  double ours[C];
  if (bound_begin(&b, evl_feature_find(entry), config, C, T, TRUTH_FS_HZ) != EVL_OK) {
    printf("# %s: %s\n", entry, evl_error_message());
    exit(1);
  }
  bound_run(&b, x, T);
  for (int c = 0; c < C; c++) ours[c] = bound_value(&b, output, item, c);
  truth_compare(entry, "reference", feature, n_columns, column, ours, C, tolerance);
  bound_free(&b);
}

static void test_regularity(void) { compare("regularity", "", "regularity", 0, "regularity_cri", 1, 0, SUMS); }

static void test_amplitude_entropy(void) {
  compare("amplitude_entropy", "", "shannon", 0, "shannon_amp_entropy_1uV", 1, 0, SUMS);
}

static void test_background_continuity(void) {
  compare("background_continuity", "rule = \"ruijter\";", "continuity", 0, "bci_bsar_ruijter", 2, 0, EXACT);
  compare("background_continuity", "rule = \"ruijter\";", "amplitude_ratio", 0, "bci_bsar_ruijter", 2, 1, FILTERED);
}

static void test_range_eeg(void) {
  static const char *const output[] = {"mean", "median", "p5", "p95", "width", "sd", "cv", "asymmetry"};
  for (int i = 0; i < 8; i++) compare("range_eeg", "", output[i], 0, "rEEG", 8, i, SUMS);
}

static void test_voltage_fraction(void) {
  for (int i = 0; i < 3; i++) compare("voltage_fraction", "", "fraction", i, "frac_below_5_10_20uV", 3, i, EXACT);
}

int main(int n_arguments, char **argument) {
  (void)n_arguments;
  x = truth_signal();
  if (!x) {
    printf("skip features_background_truth: no reference signal in %s\n", truth_folder());
    return 0;
  }
  truth_make(argument[0], "truth_values.py", "ref19x15000.peers.json");
  RUN(test_regularity);
  RUN(test_amplitude_entropy);
  RUN(test_background_continuity);
  RUN(test_range_eeg);
  RUN(test_voltage_fraction);
  free(x);
  CHECK_DONE();
}
