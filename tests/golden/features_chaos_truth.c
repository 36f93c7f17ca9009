/* Nonlinear measures against brute-force values of the Lorenz system and of maps.

   Tolerances: counts of pairs to rounding (1e-12), slopes and sums of ratios over all vectors 1e-10. 1e-6 for the 0-1 test,
   because ours takes the mean off first, so that an offset changes nothing, and the brute force only its growing part. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "eveil/math.h"
#include "truth_table.h"

enum { MOST = 5000 };
static double x[MOST];
static int n_x;

#define AS_IT_IS "surrogates = 0; rate_hz = 1.0; end_match = 0.0;"
#define LORENZ AS_IT_IS "delay_s = 16.0; theiler_s = 50.0; norm = \"euclidean\";"

static void load(const char *series, int n) {
  n_x = truth_values("series", series, x, MOST);
  if (n_x < n) printf("# %s: %d samples\n", series, n_x);
  CHECK(n_x >= n);
  n_x = n;
}

static double sd(void) { return sqrt(evl_variance(x, (size_t)n_x, 0)); }

static void begin(bound *b, const char *entry, const char *config) {
  if (bound_begin(b, evl_feature_find(entry), config, 1, n_x, 1.0) != EVL_OK) {
    printf("# %s: %s\n", entry, evl_error_message());
    exit(1);
  }
  bound_run(b, x, MOST);
}

static void compare(const char *entry, const char *config, const char *output, int items, const char *peer,
                    const char *feature, int step, int from, double tolerance) {
  bound b;
  double ours[64];
  begin(&b, entry, config);
  for (int i = 0; i < items; i++) ours[i] = bound_value(&b, output, i, 0);
  truth_compare(entry, peer, feature, step, from, ours, items, tolerance);
  bound_free(&b);
}

static void test_dimensions(void) {
  char config[600];
  load("nld_lorenz_x3000", 3000);
  for (int m = 3; m <= 5; m += 2) {
    char feature[64];
    snprintf(feature, sizeof feature, "corrsum_m%d_theiler50/slope_C1e-3..1e-1", m);
    snprintf(config, sizeof config, LORENZ "dimension = %d; radius_low = %.17g; radius_high = %.17g;"
             "radius_ratio = 1.2589254117941673;", m, pow(10.0, -0.3) / sd(), 1.0001 * pow(10.0, 1.1) / sd());
    compare("correlation_dimension", config, "dimension", 1, "brute_force", feature, 1, 0, 1e-10);
  }
}

static void test_neighbours(void) {
  load("nld_lorenz_x3000", 3000);
  compare("false_neighbours", LORENZ "references = 3000; dimensions = (1, 2, 3, 4, 5, 6, 7);", "fraction", 7,
          "brute_force", "fnn_kennel_rtol15_atol2_theiler50_tau16_m1..7", 1, 0, 1e-12);
#define CAO AS_IT_IS "delay_s = 16.0; theiler_s = 50.0; references = 3000;"
  compare("cao", CAO, "e1", 6, "brute_force", "cao_E1_m1..6", 1, 0, 1e-10);
  compare("cao", CAO, "e2", 6, "brute_force", "cao_E2_m1..6", 1, 0, 1e-10);
}

static void test_information(void) {
  load("nld_lorenz_x3000", 3000);
  char config[900] = AS_IT_IS "bins = 64; binning = \"equal_width\"; most_lag_s = 60.0; lag_s = (0.0";
  for (int lag = 1; lag <= 60; lag++) snprintf(config + strlen(config), 16, ", %d.0", lag);
  strcat(config, ");");
  compare("auto_mutual_information", config, "information", 61, "brute_force", "ami_bits_64bins_lag0..60", 1, 0, 1e-10);
  compare("auto_mutual_information", config, "first_minimum", 1, "brute_force", "ami_first_min", 1, 0, 1e-12);
}

static void test_recurrence(void) {
  static const char *const output[] = {"rr", "det", "l", "l_max", "entr", "lam", "tt", "v_max"};
  char config[300];
  load("nld_lorenz_x3000", 1032); /* 1000 vectors */
  snprintf(config, sizeof config, AS_IT_IS "dimension = 3; delay_s = 16.0; theiler_s = 0.0; norm = \"euclidean\";"
           "radius = %.17g;", 3.0 / sd());
  for (int i = 0; i < 8; i++)
    compare("recurrence", config, output[i], 1, "brute_force", "rqa_N1000_eps3_m3_tau16", 8, i, 1e-12);
}

static void test_zero_one(void) {
#define PLAIN AS_IT_IS "oversampling = \"none\";"
  load("logistic4_10000", 2000);
  compare("zero_one_chaos", PLAIN, "k", 1, "brute_force", "K01", 4, 0, 1e-6);
  load("henon_10000", 2000);
  compare("zero_one_chaos", PLAIN, "k", 1, "brute_force", "K01", 4, 1, 1e-6);
}

int main(int n_arguments, char **argument) {
  (void)n_arguments;
  char path[1200];
  snprintf(path, sizeof path, "%s/dynamics/dynamics_reference.json", truth_folder());
  FILE *file = fopen(path, "rb");
  if (!file || !truth_python_can("import numpy")) {
    printf("skip features_chaos_truth: %s\n", file ? "no numpy" : "no dynamics_reference.json");
    return 0;
  }
  fclose(file);
  truth_make(argument[0], "nonlinear_values.py", "dynamics/dynamics_reference.json");
  RUN(test_dimensions);
  RUN(test_neighbours);
  RUN(test_information);
  RUN(test_recurrence);
  RUN(test_zero_one);
  CHECK_DONE();
}
