/* Equations of known systems, found from their series and written out: waves, products, forcing, delays, next samples. */
#include "../../src/dynamics/derivative_priv.h"
#include "../../src/dynamics/sindy_priv.h"
#include "check.h"

enum { N = 4000, MOST = 64 };
static const double DT = 0.01;

static evl_arena *arena;
static double z[3][N], dz[2][N], theta[MOST * N], w[2 * MOST];

static evl_library *library_of(evl_library_spec spec) {
  evl_library *library;
  if (evl_library_plan(&spec, arena, &library) != EVL_OK || evl_library_terms(library) > MOST) exit(1);
  return library;
}

/* Fits targets y[d][N] of samples [first, N - 1). */
static evl_fit fit(const evl_library *library, int d, const double *y, int first, double threshold) {
  evl_gram gram;
  evl_sparse *sparse;
  evl_sparse_options o = evl_sparse_defaults(EVL_STLSQ);
  const int p = evl_library_terms(library);
  o.threshold = threshold;
  o.alpha = 1e-6;
  if (evl_gram_plan(p, d, arena, &gram) != EVL_OK || evl_sparse_plan(p, d, arena, &sparse) != EVL_OK) exit(1);
  evl_library_rows(library, z[0], N, first, N - 1 - first, theta, N);
  evl_gram_rows(&gram, theta, N, y + first, N, N - 1 - first);
  return evl_sparse_solve(sparse, &gram, &o, w);
}

static void check_text(const evl_library *library, int j, bool discrete, const char *expected) {
  char text[400];
  evl_equation_text(library, j, w + j * evl_library_terms(library), discrete, 3, text, sizeof text);
  CHECK_TEXT(text, expected);
}

/* Two states of a flow, the input to z[2]; derivatives by differences of order 6. */
static void integrate(evl_flow *flow, double x0, double x1) {
  double x[3] = {x0, x1, 0.0}, work[9];
  const evl_derivative_spec spec = {EVL_DIFFERENCE, .order = 6};
  evl_derivative *derivative;
  for (int t = 0; t < N; t++) {
    for (int k = 0; k < 2; k++) z[k][t] = x[k];
    z[2][t] = cos(1.3 * x[2]);
    for (int s = 0; s < 10; s++) evl_ode_rk4(flow, NULL, 3, DT / 10, x, work);
  }
  if (evl_derivative_plan(&spec, N, "test", arena, &derivative) != EVL_OK) exit(1);
  static double same[N];
  for (int k = 0; k < 2; k++) CHECK(evl_derivative_run(derivative, z[k], N, DT, same, dz[k]));
}

static void driven_pendulum(void *system, int stage, const double *x, double *dx) {
  (void)system, (void)stage;
  dx[0] = x[1];
  dx[1] = -0.25 * x[1] - 4.0 * sin(x[0]) + 2.0 * cos(1.3 * x[2]);
  dx[2] = 1.0;
}

static void waves_and_forcing(void) {
  static const char *const names[] = {"angle", "speed", "push"};
  const evl_library *l = library_of((evl_library_spec){.n_states = 2, .degree = 1, .constant = true, .n_frequencies = 1,
                                                       .n_inputs = 1, .names = names});
  integrate(driven_pendulum, 1.0, 0.0);
  CHECK(fit(l, 2, dz[0], 0, 0.1) == EVL_FIT_DONE);
  check_text(l, 0, false, "angle' = speed");
  check_text(l, 1, false, "speed' = -0.25 speed + 2 push - 4 sin(angle)");
}

static void swinging(void *system, int stage, const double *x, double *dx) {
  (void)system, (void)stage;
  dx[0] = x[1];
  dx[1] = -2.0 * x[0] * cos(x[0]) - 0.1 * x[1] + 0.5 * cos(1.3 * x[2]);
  dx[2] = 1.0;
}

static void products(void) {
  const evl_library *l = library_of((evl_library_spec){.n_states = 2, .degree = 1, .n_frequencies = 1, .products = true,
                                                       .n_inputs = 1});
  integrate(swinging, 0.3, 0.0);
  CHECK(fit(l, 2, dz[0], 0, 0.05) == EVL_FIT_DONE);
  check_text(l, 0, false, "x0' = x1");
  check_text(l, 1, false, "x1' = -0.1 x1 + 0.5 u0 - 2 x0 cos(x0)");
}

/* A map with a memory of 4 samples and a random input. */
static void delays(void) {
  enum { DELAY = 4 };
  const evl_library *l = library_of((evl_library_spec){.n_states = 1, .degree = 2, .constant = true, .n_delays = 1,
                                                       .delay = DELAY, .n_inputs = 1});
  evl_random random;
  evl_random_begin(&random, 3, "equations", "input", 0);
  for (int t = 0; t < N; t++) z[1][t] = evl_random_normal(&random), z[0][t] = 0.0;
  for (int t = DELAY; t < N - 1; t++)
    z[0][t + 1] = 0.02 + 0.8 * z[0][t] - 0.3 * z[0][t - DELAY] + 0.1 * z[0][t] * z[0][t - DELAY] + 0.25 * z[1][t];
  CHECK(fit(l, 1, z[0] + 1, DELAY, 0.01) == EVL_FIT_DONE);
  check_text(l, 0, true, "x0(t+1) = 0.02 + 0.8 x0 - 0.3 x0(t-4) + 0.25 u0 + 0.1 x0 x0(t-4)");
}

static void maps(void) {
  const evl_library *l = library_of((evl_library_spec){.n_states = 2, .degree = 2, .constant = true});
  z[0][0] = 0.1, z[1][0] = 0.1;
  for (int t = 0; t < N - 1; t++) { /* Henon */
    z[0][t + 1] = 1.0 - 1.4 * z[0][t] * z[0][t] + z[1][t];
    z[1][t + 1] = 0.3 * z[0][t];
  }
  CHECK(fit(l, 2, z[0] + 1, 0, 0.05) == EVL_FIT_DONE);
  check_text(l, 0, true, "x0(t+1) = 1 + x1 - 1.4 x0^2");
  check_text(l, 1, true, "x1(t+1) = 0.3 x0");
}

static void text(void) {
  const evl_library *l = library_of((evl_library_spec){.n_states = 2, .degree = 2, .constant = true});
  const double some[6] = {-1.0, 0.99951, -1e-7, 123456.0, 0.0, -1.0};
  char all[100], part[12];
  CHECK(evl_equation_text(l, 1, some, false, 3, all, sizeof all) == strlen(all));
  CHECK_TEXT(all, "x1' = -1 + x0 - 1e-07 x1 + 1.23e+05 x0^2 - x1^2");
  CHECK(evl_equation_text(l, 1, some, false, 3, part, sizeof part) == strlen(all));
  CHECK_TEXT(part, "x1' = -1 + ");
  CHECK(evl_equation_text(l, 1, some, false, 3, NULL, 0) == strlen(all));
  memset(w, 0, sizeof w);
  check_text(l, 0, false, "x0' = 0");
}

int main(void) {
  if (!(arena = evl_arena_create())) return 1;
  RUN(waves_and_forcing);
  RUN(products);
  RUN(delays);
  RUN(maps);
  RUN(text);
  evl_arena_free(arena);
  CHECK_DONE();
}
