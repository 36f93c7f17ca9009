/* Derivatives of sampled series: polynomials exactly, published weights, orders of convergence, noise. */
#include "../../src/dynamics/derivative_priv.h"
#include "check.h"

enum { N = 400 };

static double x[N], smooth[N], slope[N];
static const double dt = 0.01;

static evl_status run(evl_derivative_spec spec, int n, bool *settled) {
  evl_arena *arena = evl_arena_create();
  evl_derivative *derivative;
  const evl_status status = evl_derivative_plan(&spec, n, "test", arena, &derivative);
  if (status == EVL_OK) *settled = evl_derivative_run(derivative, x, n, dt, smooth, slope);
  evl_arena_free(arena);
  return status;
}

static void fill_powers(int n, int degree) {
  for (int i = 0; i < n; i++) x[i] = pow(i * dt - 1.0, degree);
}

/* Largest error of the slope of (t - 1)^degree. */
static double worst_of_powers(int n, int degree) {
  double worst = 0.0;
  for (int i = 0; i < n; i++)
    worst = fmax(worst, fabs(slope[i] - (degree ? degree * pow(i * dt - 1.0, degree - 1) : 0.0)));
  return worst;
}

/* All samples, the ends too: exact to the degree that the width allows. */
static void differences_of_polynomials(void) {
  bool settled = false;
  for (int order = 2; order <= 6; order += 2)
    for (int degree = 0; degree <= order; degree++) {
      fill_powers(N, degree);
      CHECK(run((evl_derivative_spec){EVL_DIFFERENCE, .order = order}, N, &settled) == EVL_OK && settled);
      CHECK(worst_of_powers(N, degree) < 1e-9);
      CHECK(memcmp(smooth, x, sizeof x) == 0);
    }
}

static double error_of_sine(int order, int n) {
  bool settled;
  double worst = 0.0;
  for (int i = 0; i < n; i++) x[i] = sin(10.0 * i / n);
  if (run((evl_derivative_spec){EVL_DIFFERENCE, .order = order}, n, &settled) != EVL_OK) return NAN;
  for (int i = 0; i < n; i++) worst = fmax(worst, fabs(slope[i] * dt * n - 10.0 * cos(10.0 * i / n)));
  return worst;
}

static void differences_converge(void) {
  for (int order = 2; order <= 6; order += 2)
    CHECK_NEAR(log2(error_of_sine(order, 200) / error_of_sine(order, 400)), order, 0.1);
}

static void published_weights(void) {
  static const double smoothing[5] = {-3, 12, 17, 12, -3}, first[5] = {-2, -1, 0, 1, 2}; /* / 35, / 10: their table */
  static const double forward[3] = {-1.5, 2.0, -0.5}, sixth[7] = {-1, 9, -45, 0, 45, -9, 1}; /* / 60 */
  double value[25], derivative[25], work[30], stencil[49];
  evl_polynomial_stencil(5, 2, work, value, derivative);
  for (int i = 0; i < 5; i++) {
    CHECK_NEAR(value[10 + i], smoothing[i] / 35.0, 1e-15);
    CHECK_NEAR(derivative[10 + i], first[i] / 10.0, 1e-15);
  }
  evl_difference_stencil(3, stencil);
  for (int i = 0; i < 3; i++) CHECK_NEAR(stencil[i], forward[i], 1e-15);
  evl_difference_stencil(7, stencil);
  for (int i = 0; i < 7; i++) CHECK_NEAR(stencil[21 + i], sixth[i] / 60.0, 1e-14);
}

/* A cubic passes a window of 11 and degree 3 unchanged, the ends too, and its slope comes out. */
static void savitzky_golay_of_polynomials(void) {
  bool settled = false;
  for (int method = EVL_SMOOTHED; method <= EVL_SAVITZKY_GOLAY; method++)
    for (int degree = 0; degree <= 3; degree++) {
      fill_powers(N, degree);
      const evl_derivative_spec spec = {(evl_derivative_method)method, .order = 4, .window = 11, .polynomial = 3};
      CHECK(run(spec, N, &settled) == EVL_OK && settled);
      CHECK(worst_of_powers(N, degree) < 1e-8);
      for (int i = 0; i < N; i++) CHECK_NEAR(smooth[i], x[i], 1e-12);
    }
}

/* Root mean squared error of the slope of 2 sin(5 t) with noise of sd 0.02. */
static double error_with_noise(evl_derivative_spec spec) {
  bool settled;
  double sum = 0.0;
  evl_random random;
  evl_random_begin(&random, 7, "derivative", "noise", 0);
  for (int i = 0; i < N; i++) x[i] = 2.0 * sin(5.0 * i * dt) + 0.02 * evl_random_normal(&random);
  if (run(spec, N, &settled) != EVL_OK || !settled) return NAN;
  for (int i = 0; i < N; i++) sum += pow(slope[i] - 10.0 * cos(5.0 * i * dt), 2) / N;
  return sqrt(sum);
}

static void noise(void) {
  const double plain = error_with_noise((evl_derivative_spec){EVL_DIFFERENCE, .order = 2});
  CHECK_NEAR(plain, 0.02 / (dt * sqrt(2.0)), 0.2); /* the noise's share; sd sqrt(2) sd / 2 dt */
  CHECK(error_with_noise((evl_derivative_spec){EVL_SMOOTHED, .order = 2, .window = 31, .polynomial = 3}) < 0.2 * plain);
  CHECK(error_with_noise((evl_derivative_spec){EVL_SAVITZKY_GOLAY, .window = 31, .polynomial = 3}) < 0.2 * plain);
  CHECK(error_with_noise((evl_derivative_spec){.method = EVL_SPLINE}) < 0.2 * plain);
  CHECK(error_with_noise((evl_derivative_spec){EVL_VARIATION, .lambda = 0.2}) < 0.5 * plain);
  CHECK(error_with_noise((evl_derivative_spec){.method = EVL_VARIATION}) < 0.5 * plain);
}

/* A saw tooth with noise: the slopes are two numbers. The optimum proves itself: x - s = D'z with |z| <= lambda, and
   |z| = lambda, of the sign of the jump, where the slope jumps. */
static void least_variation(void) {
  const double lambda = 0.3;
  bool settled = false;
  evl_random random;
  evl_random_begin(&random, 6, "derivative", "variation", 0);
  for (int i = 0; i < N; i++) x[i] = (i % 100 < 50 ? i % 50 : 50 - i % 50) * dt + 0.003 * evl_random_normal(&random);
  CHECK(run((evl_derivative_spec){EVL_VARIATION, .lambda = lambda}, N, &settled) == EVL_OK && settled);
  for (int i = 20; i < N - 20; i++)
    if (i % 50 >= 12 && i % 50 < 38) CHECK(fabs(slope[i] - (i % 100 < 50 ? 1.0 : -1.0)) < 0.08);
  double before = 0.0, last = 0.0;
  int jumps = 0;
  for (int i = 0; i < N - 2; i++) {
    const double z = x[i] - smooth[i] + 2.0 * last - before, jump = smooth[i] - 2.0 * smooth[i + 1] + smooth[i + 2];
    CHECK(fabs(z) < lambda * (1.0 + 1e-6));
    if (fabs(jump) > 1e-4) {
      CHECK_NEAR(z, copysign(lambda, jump), 1e-3);
      jumps++;
    }
    before = last;
    last = z;
  }
  CHECK(jumps >= 7 && jumps < 60);
}

/* So dear a jump that none is left: the least-squares line. */
static void a_line(void) {
  enum { SHORT = 100 };
  double t[SHORT];
  bool settled = false;
  for (int i = 0; i < SHORT; i++) t[i] = i * dt, x[i] = sin(0.08 * i) + 0.3 * i * dt;
  CHECK(run((evl_derivative_spec){EVL_VARIATION, .lambda = 1e3}, SHORT, &settled) == EVL_OK && settled);
  const evl_straight line = evl_straight_fit(t, x, SHORT);
  double worst = 0.0;
  for (int i = 0; i < SHORT; i++) worst = fmax(worst, fabs(smooth[i] - (line.intercept + line.slope * t[i])));
  CHECK(worst < 1e-3);
  for (int i = 0; i < N; i++) x[i] = 3.0 - 2.0 * i * dt;
  CHECK(run((evl_derivative_spec){EVL_SPLINE, .lambda = 1.0}, N, &settled) == EVL_OK && settled);
  worst = 0.0;
  for (int i = 0; i < N; i++) worst = fmax(worst, fabs(slope[i] + 2.0));
  CHECK(worst < 1e-7);
}

/* A plan serves shorter series too, as if made for them. */
static void shorter_series(void) {
  static double alone[N];
  for (int method = EVL_DIFFERENCE; method <= EVL_VARIATION; method++) {
    const evl_derivative_spec spec = {(evl_derivative_method)method, .order = 4, .window = 9, .polynomial = 2};
    evl_arena *arena = evl_arena_create();
    evl_derivative *derivative;
    bool settled = false;
    for (int i = 0; i < N; i++) x[i] = sin(0.05 * i) + 0.01 * cos(1.7 * i * i);
    CHECK(run(spec, 150, &settled) == EVL_OK && settled);
    memcpy(alone, slope, sizeof alone);
    CHECK(evl_derivative_plan(&spec, N, "test", arena, &derivative) == EVL_OK);
    CHECK(evl_derivative_run(derivative, x, N, dt, smooth, slope));
    CHECK(evl_derivative_run(derivative, x, 150, dt, smooth, slope));
    CHECK(memcmp(alone, slope, 150 * sizeof *slope) == 0);
    CHECK(!evl_derivative_run(derivative, x, N + 1, dt, smooth, slope));
    evl_arena_free(arena);
  }
}

static void refusals(void) {
  bool settled = true;
  CHECK(run((evl_derivative_spec){EVL_DIFFERENCE, .order = 3}, N, &settled) == EVL_USAGE);
  CHECK_TEXT(evl_error_message(), "test: expected differences of order 2, 4 or 6, found 3");
  CHECK(run((evl_derivative_spec){EVL_SAVITZKY_GOLAY, .window = 10, .polynomial = 3}, N, &settled) == EVL_USAGE);
  CHECK(run((evl_derivative_spec){EVL_SAVITZKY_GOLAY, .window = 5, .polynomial = 5}, N, &settled) == EVL_USAGE);
  evl_error_clear();
  CHECK(run((evl_derivative_spec){EVL_DIFFERENCE, .order = 6}, 6, &settled) == EVL_OK && !settled);
}

int main(void) {
  RUN(differences_of_polynomials);
  RUN(differences_converge);
  RUN(published_weights);
  RUN(savitzky_golay_of_polynomials);
  RUN(noise);
  RUN(least_variation);
  RUN(a_line);
  RUN(shorter_series);
  RUN(refusals);
  CHECK_DONE();
}
