/* The vector autoregression against numpy, which writes the regressors out and solves (var_numpy.py).

   Tolerances: 1e-10. Both sides solve normal equations of condition up to 1e5 (the ridge bounds it) in double
   precision, and eigenvalues of a companion matrix react to its entries up to a hundredfold. The quantities
   proper differ by far less. */
#include "eveil/dynamics.h"
#include "bound_entry.h"
#include "truth_table.h"

enum { C = TRUTH_CHANNELS, T = TRUTH_SAMPLES };

static double *x;

static void compare_case(const char *peer, const char *config, const double *signal) {
  static const char *const single[] = {"order", "bic", "error_train", "error_held_out", "error_persistence",
                                       "error_ratio", "lambda_max", "lambda_top5", "lambda_above"};
  static const char *const four[] = {"lambda", "frequency", "damping"};
  bound b;
  if (bound_begin(&b, evl_model_find("var"), config, C, T, TRUTH_FS_HZ) != EVL_OK) {
    printf("# var: %s\n", evl_error_message());
    exit(1);
  }
  bound_run(&b, signal, T);
  for (size_t i = 0; i < sizeof single / sizeof *single; i++)
    truth_compare("var", peer, single[i], 1, 0, b.out.value + bound_index(&b, single[i], 0), 1, 1e-10);
  for (int i = 0; i < 3; i++)
    truth_compare("var", peer, four[i], 1, 0, b.out.value + bound_index(&b, four[i], 0), 4, 1e-10);
  const int lags = (int)bound_value(&b, "order", 0, 0); /* the peer has no zeros beyond */
  truth_compare("var", peer, "coefficients", 1, 0, b.tensor_data[0], lags * C * C, 1e-10);
  bound_free(&b);
}

static void test_order_by_bic(void) { compare_case("numpy_bic", "cut = 0.85;", x); }
static void test_fixed_order(void) { compare_case("numpy_order8", "order = 8; cut = 0.85;", x); }

/* The average reference makes one direction vanish; there the ridge decides. */
static void test_average_reference(void) {
  static double referenced[C * T];
  for (int t = 0; t < T; t++) {
    double mean = 0.0;
    for (int c = 0; c < C; c++) mean += x[c * T + t] / C;
    for (int c = 0; c < C; c++) referenced[c * T + t] = x[c * T + t] - mean;
  }
  compare_case("numpy_average", "order = 3; cut = 0.85;", referenced);
}

int main(int n_arguments, char **argument) {
  (void)n_arguments;
  x = truth_signal();
  if (!x || !truth_python_can("import numpy")) {
    printf("skip dynamics_truth: %s\n", x ? "no numpy" : "no reference signal");
    return 0;
  }
  truth_make(argument[0], "var_numpy.py", "ref19x15000.npy");
  RUN(test_order_by_bic);
  RUN(test_fixed_order);
  RUN(test_average_reference);
  free(x);
  CHECK_DONE();
}
