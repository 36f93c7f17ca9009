/* Least squares within bounds on problems of known minima. */
#include "check.h"
#include "eveil/math.h"

static const double NONE[3] = {-INFINITY, -INFINITY, -INFINITY}, ANY[3] = {INFINITY, INFINITY, INFINITY};

/* Rosenbrock's valley: residuals 10 (y - x^2), 1 - x; minimum 0 at (1, 1). */
static void valley(void *context, const double *x, double *residual, double *jacobian) {
  (void)context;
  residual[0] = 10.0 * (x[1] - x[0] * x[0]);
  residual[1] = 1.0 - x[0];
  if (!jacobian) return;
  const double j[4] = {-20.0 * x[0], -1.0, 10.0, 0.0};
  memcpy(jacobian, j, sizeof j);
}

static void test_valley(void) {
  evl_arena *arena = evl_arena_create();
  evl_least_squares *solver;
  CHECK(evl_least_squares_plan(2, 2, arena, &solver) == EVL_OK);
  double x[2] = {-1.2, 1.0};
  CHECK(evl_least_squares_run(solver, valley, NULL, 2, 2, x, NONE, ANY, 1e-12, 1000) == EVL_OK);
  CHECK_NEAR(x[0], 1.0, 1e-9);
  CHECK_NEAR(x[1], 1.0, 1e-9);
  /* x at most 0.5: then y = x^2 and the rest is (1 - 0.5)^2, on the bound. */
  double y[2] = {-1.2, 1.0};
  const double high[2] = {0.5, INFINITY};
  CHECK(evl_least_squares_run(solver, valley, NULL, 2, 2, y, NONE, high, 1e-12, 1000) == EVL_OK);
  CHECK_NEAR(y[0], 0.5, 1e-6);
  CHECK_NEAR(y[1], 0.25, 1e-6);
  CHECK(y[0] <= 0.5);
  double z[2] = {-1.2, 1.0};
  CHECK(evl_least_squares_run(solver, valley, NULL, 2, 2, z, NONE, ANY, 1e-12, 3) == EVL_NUMERIC);
  evl_arena_free(arena);
}

enum { POINTS = 40 };

/* a exp(-b t) + c at t = 0, 0.1, ... */
static void decay(void *context, const double *x, double *residual, double *jacobian) {
  const double *y = context;
  for (int i = 0; i < POINTS; i++) {
    const double t = 0.1 * i, e = exp(-x[1] * t);
    residual[i] = x[0] * e + x[2] - y[i];
    if (!jacobian) continue;
    jacobian[i] = e;
    jacobian[POINTS + i] = -x[0] * t * e;
    jacobian[2 * POINTS + i] = 1.0;
  }
}

static void test_decay(void) {
  evl_arena *arena = evl_arena_create();
  evl_least_squares *solver;
  double y[POINTS];
  for (int i = 0; i < POINTS; i++) y[i] = 3.0 * exp(-1.7 * 0.1 * i) + 0.5;
  CHECK(evl_least_squares_plan(POINTS, 3, arena, &solver) == EVL_OK);
  double x[3] = {1.0, 0.3, 0.0};
  const double low[3] = {0.0, 0.0, 0.0}, high[3] = {10.0, 5.0, 2.0};
  CHECK(evl_least_squares_run(solver, decay, y, POINTS, 3, x, low, high, 1e-12, 1000) == EVL_OK);
  CHECK_NEAR(x[0], 3.0, 1e-6);
  CHECK_NEAR(x[1], 1.7, 1e-6);
  CHECK_NEAR(x[2], 0.5, 1e-6);
  evl_arena_free(arena);
}

/* A straight line, its error and the share it explains. */
static void test_straight(void) {
  const double t[4] = {0.0, 1.0, 2.0, 3.0}, y[4] = {1.0, 4.0, 5.0, 8.0};
  const evl_straight line = evl_straight_fit(t, y, 4);
  CHECK_NEAR(line.slope, 2.2, 1e-14);
  CHECK_NEAR(line.intercept, 1.2, 1e-14);
  CHECK_NEAR(line.mean_square, 0.2, 1e-14); /* rests -0.2, 0.6, -0.6, 0.2 */
  CHECK_NEAR(line.r2, 1.0 - 0.8 / 25.0, 1e-14);
  CHECK(isnan(evl_straight_fit(t, t, 1).slope));
}

/* A sine below half of both rates stays one, in phase, but for the ends. */
static void test_rational(void) {
  enum { N = 1000 };
  static const int ratio[][2] = {{11, 10}, {10, 11}, {3, 2}, {1, 2}, {20, 37}};
  static double x[N], y[2 * N], work[2 * N];
  for (int t = 0; t < N; t++) x[t] = sin(0.2 * t + 0.3);
  for (int i = 0; i < 5; i++) {
    evl_arena *arena = evl_arena_create();
    evl_rational *rational;
    const double step = (double)ratio[i][1] / ratio[i][0];
    CHECK(evl_rational_plan(3 * ratio[i][0], 3 * ratio[i][1], arena, &rational) == EVL_OK);
    const int n = evl_rational_samples(rational, N);
    CHECK(n == (N * ratio[i][0] + ratio[i][1] - 1) / ratio[i][1]);
    CHECK(evl_rational_work(rational, N) <= 2 * N);
    evl_rational_run(rational, x, N, work, y);
    double worst = 0.0;
    for (int t = n / 10; t < n - n / 10; t++) worst = fmax(worst, fabs(y[t] - sin(0.2 * t * step + 0.3)));
    CHECK(worst < 2e-3); /* ripple of Kaiser's window of shape 5 */
    evl_arena_free(arena);
  }
  evl_arena *arena = evl_arena_create();
  evl_rational *rational;
  CHECK(evl_rational_plan(0, 1, arena, &rational) == EVL_USAGE);
  CHECK(evl_rational_plan(20011, 20021, arena, &rational) == EVL_USAGE);
  evl_arena_free(arena);
}

int main(void) {
  RUN(test_valley);
  RUN(test_decay);
  RUN(test_straight);
  RUN(test_rational);
  CHECK_DONE();
}
