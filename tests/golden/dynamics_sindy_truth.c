/* Sparse regression against PySINDy (commit c4421fc), case by case: derivatives, libraries, solvers, on its data.

   Both sides solve a least-squares problem on the support they found: PySINDy by the singular values of theta, here by
   the Gram of theta, whose condition is the square: what that costs is the difference printed. Tolerance 1e-10 (of the
   largest coefficient); 1e-8 for SR3, whose result is a mix of all 20 terms of condition 7e5, and where PySINDy inverts
   the unscaled Gram. */
#include "../../src/dynamics/derivative_priv.h"
#include "../../src/dynamics/sindy_priv.h"
#include "truth_table.h"

enum { SERIES = 3, SAMPLES = 10000, STATES = 3 };

static evl_arena *arena;
static double *series[5]; /* [SERIES][SAMPLES][STATES] of noise 0, 0.001, 0.01, 0.05, 0.1 */
static const char *const noise_name[5] = {"", "_noise0.001", "_noise0.01", "_noise0.05", "_noise0.1"};
static double found[STATES * 20];

/* Doubles of a file of the data folder, in the order they lie in; ends the program where it is none. */
static double *read_array(const char *name, size_t n) {
  char path[1200];
  unsigned char start[10];
  snprintf(path, sizeof path, "%s/dynamics/data/%s.npy", truth_folder(), name);
  FILE *file = fopen(path, "rb");
  double *x = malloc(n * sizeof *x);
  const size_t head = file ? fread(start, 1, sizeof start, file) : 0;
  if (head != sizeof start || fseek(file, 10 + start[8] + 256 * start[9], SEEK_SET) ||
      fread(x, sizeof *x, n, file) != n) {
    printf("not ok %s: not the array expected\n", path);
    exit(1);
  }
  fclose(file);
  return x;
}

static evl_library *make_library(int states, int degree) {
  const evl_library_spec spec = {.n_states = states, .degree = degree, .constant = true};
  evl_library *library;
  if (evl_library_plan(&spec, arena, &library) != EVL_OK) exit(1);
  return library;
}

/* Adds a series x[t][states] to a Gram: its library (of what the derivative is of) against its derivative, or xdot. */
static void add_series(evl_gram *gram, const evl_library *library, const evl_derivative_spec *spec, const double *x,
                       const double *xdot, int n, int states, double dt) {
  const size_t p = (size_t)evl_library_terms(library), ld = (size_t)n;
  evl_mark mark = evl_arena_mark(arena);
  evl_derivative *derivative;
  double *row = evl_arena_alloc(arena, ld * sizeof *row), *z = evl_arena_alloc(arena, ld * 3 * sizeof *z);
  double *dz = evl_arena_alloc(arena, ld * 3 * sizeof *dz), *theta = evl_arena_alloc(arena, ld * p * sizeof *theta);
  if (!row || !z || !dz || !theta || evl_derivative_plan(spec, n, "truth", arena, &derivative) != EVL_OK) exit(1);
  for (int s = 0; s < states; s++) {
    for (int t = 0; t < n; t++) row[t] = x[t * states + s];
    if (!evl_derivative_run(derivative, row, n, dt, z + (size_t)s * ld, dz + (size_t)s * ld)) exit(1);
    for (int t = 0; xdot && t < n; t++) dz[(size_t)s * ld + (size_t)t] = xdot[t * states + s];
  }
  evl_library_rows(library, z, ld, 0, n, theta, ld);
  evl_gram_rows(gram, theta, ld, dz, ld, n);
  evl_arena_release(arena, mark);
}

static void solve(const evl_gram *gram, const evl_sparse_options *options) {
  evl_mark mark = evl_arena_mark(arena);
  evl_sparse *sparse;
  if (evl_sparse_plan(gram->p, gram->d, arena, &sparse) != EVL_OK) exit(1);
  const evl_fit fit = evl_sparse_solve(sparse, gram, options, found);
  CHECK(fit == EVL_FIT_DONE || fit == EVL_FIT_UNSETTLED);
  evl_arena_release(arena, mark);
}

static evl_sparse_options threshold(double value) {
  evl_sparse_options o = evl_sparse_defaults(EVL_STLSQ);
  o.threshold = value;
  return o;
}

static void lorenz(int noise, int degree, evl_derivative_spec derivative, evl_sparse_options options) {
  evl_mark mark = evl_arena_mark(arena);
  evl_library *library = make_library(STATES, degree);
  evl_gram gram;
  if (evl_gram_plan(evl_library_terms(library), STATES, arena, &gram) != EVL_OK) exit(1);
  for (int s = 0; s < SERIES; s++)
    add_series(&gram, library, &derivative, series[noise] + s * SAMPLES * STATES, NULL, SAMPLES, STATES, 0.01);
  solve(&gram, &options);
  evl_arena_release(arena, mark);
}

static evl_derivative_spec differences(int order) { return (evl_derivative_spec){EVL_DIFFERENCE, .order = order}; }
static evl_derivative_spec smoothed(int window, int polynomial) {
  return (evl_derivative_spec){EVL_SMOOTHED, .order = 2, .window = window, .polynomial = polynomial};
}

static void compare(const char *name, double tolerance) {
  truth_compare("sindy", name, "coef", 1, 0, found, STATES * 20, tolerance);
}

static void test_derivatives(void) {
  static const struct { const char *name; int noise, window, polynomial; double threshold; } smooth[] = {
      {"clean_SFD_STLSQ_t0.5", 0, 11, 3, 0.5},          {"noise0.001_SFD11_3_STLSQ_t0.5", 1, 11, 3, 0.5},
      {"noise0.001_SFD31_3_STLSQ_t0.5", 1, 31, 3, 0.5}, {"noise0.01_SFD11_3_STLSQ_t0.5", 2, 11, 3, 0.5},
      {"noise0.01_SFD31_3_STLSQ_t0.5", 2, 31, 3, 0.5},  {"noise0.05_SFD11_3_STLSQ_t0.5", 3, 11, 3, 0.5},
      {"noise0.05_SFD31_3_STLSQ_t0.5", 3, 31, 3, 0.5},  {"noise0.1_SFD11_3_STLSQ_t0.5", 4, 11, 3, 0.5},
      {"noise0.1_SFD31_3_STLSQ_t0.5", 4, 31, 3, 0.5},   {"noise0.1_SFD15_3_STLSQ_t0.5", 4, 15, 3, 0.5},
      {"noise0.1_SFD21_5_STLSQ_t0.5", 4, 21, 5, 0.5}};
  for (int i = 1; i < 5; i++) {
    static const char *const name[] = {"", "noise0.001_FD2_STLSQ_t0.5", "noise0.01_FD2_STLSQ_t0.5",
                                       "noise0.05_FD2_STLSQ_t0.5", "noise0.1_FD2_STLSQ_t0.5"};
    lorenz(i, 3, differences(2), threshold(0.5));
    compare(name[i], 1e-10);
  }
  for (size_t i = 0; i < sizeof smooth / sizeof *smooth; i++) {
    lorenz(smooth[i].noise, 3, smoothed(smooth[i].window, smooth[i].polynomial), threshold(smooth[i].threshold));
    compare(smooth[i].name, 1e-10);
  }
}

static void test_clean(void) {
  evl_sparse_options biased = threshold(0.1);
  biased.unbias = false;
  lorenz(0, 3, differences(2), threshold(0.1));
  compare("clean_FD2_STLSQ_t0.1_a0.05", 1e-10);
  lorenz(0, 3, differences(2), threshold(0.5));
  compare("clean_FD2_STLSQ_t0.5_a0.05", 1e-10);
  lorenz(0, 3, differences(2), biased);
  compare("clean_FD2_STLSQ_t0.1_nobias", 1e-10);
  lorenz(0, 3, differences(4), threshold(0.1));
  compare("clean_FD4_STLSQ_t0.1_a0.05", 1e-10);
}

/* Relative L2 error of all coefficients, of p terms a state in the order of the 20. */
static double error_of(const double *w, int p) {
  double truth[STATES * 20], square = 0.0, all = 0.0;
  if (truth_values("pysindy", "true", truth, STATES * 20) != STATES * 20) return NAN;
  for (int j = 0; j < STATES; j++)
    for (int i = 0; i < 20; i++) {
      const double e = (i < p ? w[j * p + i] : 0.0) - truth[j * 20 + i];
      square += e * e;
      all += truth[j * 20 + i] * truth[j * 20 + i];
    }
  return sqrt(square / all);
}

/* What a second pass over the rows wins back of the digits that the square of the condition costs: the residuals of the
   rows, fitted on the same support, are added to the coefficients. xdot becomes the residuals. */
static void refine_by_rows(const evl_library *library, double *xdot) {
  const evl_derivative_spec none = differences(2);
  evl_sparse *sparse;
  evl_gram gram;
  double theta[20], more[20];
  if (evl_gram_plan(20, STATES, arena, &gram) != EVL_OK || evl_sparse_plan(20, STATES, arena, &sparse) != EVL_OK)
    exit(1);
  for (int t = 0; t < SERIES * SAMPLES; t++) {
    evl_library_at(library, series[0] + t * STATES, theta);
    for (int j = 0; j < STATES; j++)
      for (int i = 0; i < 20; i++) xdot[t * STATES + j] = fma(-found[j * 20 + i], theta[i], xdot[t * STATES + j]);
  }
  for (int s = 0; s < SERIES; s++) {
    const size_t at = (size_t)s * SAMPLES * STATES;
    add_series(&gram, library, &none, series[0] + at, xdot + at, SAMPLES, STATES, 0.01);
  }
  for (int j = 0; j < STATES; j++) {
    uint8_t mask[20];
    for (int i = 0; i < 20; i++) mask[i] = found[j * 20 + i] != 0.0;
    CHECK(evl_sparse_least_squares(sparse, &gram, j, mask, 0.0, more) == EVL_FIT_DONE);
    for (int i = 0; i < 20; i++) found[j * 20 + i] += more[i];
  }
}

static void test_exact(void) {
  evl_mark mark = evl_arena_mark(arena);
  const evl_derivative_spec none = differences(2);
  const evl_sparse_options options = threshold(0.1);
  evl_library *library = make_library(STATES, 3);
  evl_gram gram;
  double *xdot = read_array("lorenz63_3x10000_dt0.01_xdot", SERIES * SAMPLES * STATES), theirs[STATES * 20];
  if (evl_gram_plan(20, STATES, arena, &gram) != EVL_OK) exit(1);
  for (int s = 0; s < SERIES; s++) {
    const size_t at = (size_t)s * SAMPLES * STATES;
    add_series(&gram, library, &none, series[0] + at, xdot + at, SAMPLES, STATES, 0.01);
  }
  solve(&gram, &options);
  compare("exact_xdot_STLSQ_t0.1_a0.05", 1e-12);
  truth_values("exact_xdot_STLSQ_t0.1_a0.05", "coef", theirs, STATES * 20);
  const double once = error_of(found, 20);
  refine_by_rows(library, xdot);
  printf("# sindy exact derivatives: relative error of all coefficients %.2g, after a second pass over the rows %.2g, "
         "PySINDy %.2g\n", once, error_of(found, 20), error_of(theirs, 20));
  CHECK(error_of(found, 20) < 1e-15);
  free(xdot);
  evl_arena_release(arena, mark);
}

static void test_relaxed(void) {
  evl_sparse_options o = evl_sparse_defaults(EVL_SR3);
  o.weight = 0.5 * 0.5 / 2.0; /* a threshold of 0.5 */
  lorenz(2, 3, differences(2), o);
  compare("noise0.01_SR3_L0_default", 1e-8);
  o.prox = EVL_PROX_L1;
  o.weight = 0.5;
  o.nu = 0.1;
  lorenz(2, 3, differences(2), o);
  compare("noise0.01_SR3_L1", 1e-8);
}

static void test_stepwise(void) {
  evl_sparse_options o = evl_sparse_defaults(EVL_SSR);
  o.together = true;
  lorenz(2, 3, differences(2), o);
  compare("noise0.01_SSR_cv", 1e-10);
  o.term_cost = 1e3; /* kappa times the condition of theta, 7e5; the same from 3e2 to 8e4 */
  lorenz(2, 3, differences(2), o);
  compare("noise0.01_SSR_cv_kappa", 1e-10);
}

static void test_weak_system(void) {
  static double theta[600 * 20], y[600 * 3];
  evl_mark mark = evl_arena_mark(arena);
  evl_sparse_options o = threshold(0.5);
  evl_gram gram;
  CHECK(truth_values("system", "theta", theta, 600 * 20) == 600 * 20);
  CHECK(truth_values("system", "y", y, 600 * 3) == 600 * 3);
  if (evl_gram_plan(20, STATES, arena, &gram) != EVL_OK) exit(1);
  evl_gram_rows(&gram, theta, 600, y, 600, 600);
  solve(&gram, &o);
  compare("weak_noise0_K200_H0.25_a0.05", 1e-10);
  o.alpha = 1e-8;
  solve(&gram, &o);
  compare("weak_noise0_K200_H0.25_a1e-08", 1e-10);
  evl_arena_release(arena, mark);
}

static void write_out(const evl_library *library, const char *name, bool discrete) {
  char text[400];
  const int p = evl_library_terms(library);
  for (int j = 0; j < evl_library_specification(library)->n_states; j++) {
    evl_equation_text(library, j, found + j * p, discrete, 4, text, sizeof text);
    printf("# sindy %s: %s\n", name, text);
  }
}

/* The example of the documentation: 10 terms, t = 0 to 2 by 0.002. */
static void test_example(void) {
  evl_mark mark = evl_arena_mark(arena);
  const evl_derivative_spec two = differences(2);
  double *x = read_array("lorenz63_docexample_dt0.002", 1000 * STATES);
  evl_library *library = make_library(STATES, 2);
  evl_gram gram;
  if (evl_gram_plan(10, STATES, arena, &gram) != EVL_OK) exit(1);
  add_series(&gram, library, &two, x, NULL, 1000, STATES, 0.002);
  evl_sparse_options o = threshold(0.1);
  o.alpha = 0.5;
  solve(&gram, &o);
  truth_compare("sindy", "docexample_STLSQ", "coef", 1, 0, found, STATES * 10, 1e-10);
  write_out(library, "docexample_STLSQ", false);
  o = evl_sparse_defaults(EVL_SSR);
  o.together = true;
  solve(&gram, &o);
  truth_compare("sindy", "docexample_SSR", "coef", 1, 0, found, STATES * 10, 1e-10);
  o = evl_sparse_defaults(EVL_SR3);
  solve(&gram, &o);
  truth_compare("sindy", "docexample_SR3", "coef", 1, 0, found, STATES * 10, 1e-8);
  free(x);
  evl_arena_release(arena, mark);
}

/* x[k + 1] = f(x[k]): the targets are the next samples. */
static void test_discrete(void) {
  enum { N = 10000 };
  evl_mark mark = evl_arena_mark(arena);
  double *x = read_array("logistic4_10000", N), *theta = evl_arena_alloc(arena, 3 * N * sizeof *theta);
  evl_library *library = make_library(1, 2);
  const evl_sparse_options o = threshold(0.1);
  evl_gram gram;
  if (!theta || evl_gram_plan(3, 1, arena, &gram) != EVL_OK) exit(1);
  evl_library_rows(library, x, N, 0, N - 1, theta, N);
  evl_gram_rows(&gram, theta, N, x + 1, N, N - 1);
  solve(&gram, &o);
  truth_compare("sindy", "logistic_discrete", "coef", 1, 0, found, 3, 1e-12);
  write_out(library, "logistic_discrete", true);
  free(x);
  evl_arena_release(arena, mark);
}

/* The best of PySINDy's sweep over windows and thresholds: the error of its coefficients. */
static void test_sweep(void) {
  static const struct {
    const char *name, *which;
    int noise, degree, window, polynomial;
    double threshold;
  } sweep[] = {
      {"noise0.01_deg2_SFD", "best_exact_support", 2, 2, 15, 5, 0.05},
      {"noise0.01_deg3_SFD", "best_exact_support", 2, 3, 15, 5, 0.05},
      {"noise0.05_deg2_SFD", "best_exact_support", 3, 2, 15, 5, 0.1},
      {"noise0.05_deg3_SFD", "best_exact_support", 3, 3, 15, 5, 0.05},
      {"noise0.1_deg2_SFD", "best_exact_support", 4, 2, 7, 3, 0.5},
      {"noise0.1_deg3_SFD", "best_exact_support", 4, 3, 21, 3, 0.5},
      {"noise0.1_deg2_SFD", "best_any", 4, 2, 11, 3, 0.2},
      {"noise0.1_deg3_SFD", "best_any", 4, 3, 15, 3, 0.3}};
  for (size_t i = 0; i < sizeof sweep / sizeof *sweep; i++) {
    evl_derivative_spec derivative = smoothed(sweep[i].window, sweep[i].polynomial);
    derivative.order = 4;
    lorenz(sweep[i].noise, sweep[i].degree, derivative, threshold(sweep[i].threshold));
    const double error = error_of(found, sweep[i].degree == 2 ? 10 : 20);
    truth_compare("sindy", sweep[i].name, sweep[i].which, 1, 0, &error, 1, 1e-8);
  }
}

/* What is random or wrong there is no truth. */
static void say_what_is_left_out(void) {
  printf("# sindy weak_noise*: random sub-domains; compared where the system is given (K200, H 0.25)\n");
  printf("# sindy noise0.05_SFD31_Ensemble_bag20_STLSQ_t0.5: rows drawn at random\n");
  printf("# sindy noise0.01_FROLS*: adds errors over equations, not over steps, and returned 30 terms or none of 60;\n"
         "# the right rule stands against a closed form in tests/unit/dynamics_sparse.c\n");
}

int main(int n_arguments, char **argument) {
  char path[1200];
  (void)n_arguments;
  snprintf(path, sizeof path, "%s/dynamics/dynamics_reference.json", truth_folder());
  FILE *file = fopen(path, "r");
  if (file) fclose(file);
  if (!file || !truth_python_can("import numpy")) {
    printf("skip dynamics_sindy_truth: %s\n", file ? "no numpy" : "no reference values");
    return 0;
  }
  truth_make(argument[0], "sindy_values.py", "dynamics/dynamics_reference.json");
  if (!(arena = evl_arena_create())) return 1;
  for (int i = 0; i < 5; i++) {
    snprintf(path, sizeof path, "lorenz63_3x10000_dt0.01%s", noise_name[i]);
    series[i] = read_array(path, SERIES * SAMPLES * STATES);
  }
  RUN(test_exact);
  RUN(test_clean);
  RUN(test_derivatives);
  RUN(test_relaxed);
  RUN(test_stepwise);
  RUN(test_weak_system);
  RUN(test_example);
  RUN(test_discrete);
  RUN(test_sweep);
  say_what_is_left_out();
  for (int i = 0; i < 5; i++) free(series[i]);
  evl_arena_free(arena);
  CHECK_DONE();
}
