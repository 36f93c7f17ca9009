/* Nonlinear measures against nolds on the reference signal and on its own series, and against brute-force values.

   nolds fits its lines by RANSAC where scikit-learn is installed, which is random; the reference values are those of
   its least squares (polyfit) and agree to rounding. Tolerances: 1e-13 for slopes of up to 55 points that agree to
   rounding, 1e-11 for products of 2,000 fitted maps. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "truth_table.h"

enum { C = TRUTH_CHANNELS, T = TRUTH_SAMPLES, N = 2000 };
#define SLOPES 1e-13
#define MAPS 1e-11

static double *x;

/* All samples as they are: no surrogates, no other rate. */
#define AS_IT_IS "surrogates = 0; rate_hz = 250.0; end_match = 0.0;"
#define NOLDS_DIMENSION AS_IT_IS "convention = \"nolds\"; norm = \"euclidean\"; theiler_s = 0.0; delay_s = 0.004;" \
  "radius_low = 0.1; radius_high = 0.5; radius_ratio = 1.03; fit = (0.0, 1.0);"

static void begin(bound *b, const char *entry, const char *config) {
  if (bound_begin(b, evl_feature_find(entry), config, C, N, TRUTH_FS_HZ) == EVL_OK) return;
  printf("# %s: %s\n", entry, evl_error_message());
  exit(1);
}

static void compare(const char *entry, const char *config, const char *output, double unit, const char *feature,
                    double tolerance) {
  bound b;
  double ours[C];
  begin(&b, entry, config);
  bound_run(&b, x, T);
  for (int c = 0; c < C; c++) ours[c] = bound_value(&b, output, 0, c) * unit;
  truth_compare(entry, "nolds", feature, 1, 0, ours, C, tolerance);
  bound_free(&b);
}

static void test_correlation_dimension(void) {
  compare("correlation_dimension", NOLDS_DIMENSION "dimension = 2;", "dimension", 1.0, "corr_dim_m2", SLOPES);
  compare("correlation_dimension", NOLDS_DIMENSION "dimension = 10;", "dimension", 1.0, "corr_dim_m10", SLOPES);
}

/* lag 2 and min_tsep 25 of the reference run, 20 steps. */
static void test_rosenstein(void) {
  compare("lyapunov_rosenstein",
          AS_IT_IS "norm = \"euclidean\"; dimension = 10; delay_s = 0.008; theiler_s = 0.1; fit_s = (0.0, 0.08);",
          "exponent", 1.0 / TRUTH_FS_HZ, "lyap_r_lag_tsep", SLOPES);
}

static void test_spectrum(void) {
  bound b;
  double ours[C];
  begin(&b, "lyapunov_spectrum", AS_IT_IS "convention = \"nolds\"; theiler_s = 0.0;");
  bound_run(&b, x, T);
  for (int e = 0; e < 4; e++) {
    for (int c = 0; c < C; c++) ours[c] = bound_value(&b, "exponent", e, c) / TRUTH_FS_HZ;
    truth_compare("lyapunov_spectrum", "nolds", "lyap_e", 4, e, ours, C, MAPS);
  }
  bound_free(&b);
}

int main(int n_arguments, char **argument) {
  (void)n_arguments;
  x = truth_signal();
  if (!x) {
    printf("skip features_nonlinear_truth: no reference signal in %s\n", truth_folder());
    return 0;
  }
  truth_make(argument[0], "truth_values.py", "ref19x15000.peers.json");
  RUN(test_correlation_dimension);
  RUN(test_rosenstein);
  RUN(test_spectrum);
  free(x);
  CHECK_DONE();
}
