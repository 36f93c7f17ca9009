/* B-splines on uniform knots, band matrices and the smoothing spline against closed forms. */
#include "check.h"
#include "eveil/math.h"

static void test_functions(void) {
  for (int degree = 0; degree <= EVL_BSPLINE_DEGREE; degree++) {
    const evl_bspline s = {.degree = degree, .n_intervals = 5, .first = -1.0, .step = 0.4};
    double value[EVL_BSPLINE_DEGREE + 1], slope[EVL_BSPLINE_DEGREE + 1], before[EVL_BSPLINE_DEGREE + 1];
    for (int i = 0; i <= 40; i++) {
      const double t = -1.0 + 0.05 * i, h = 1e-5;
      double sum = 0.0, flat = 0.0;
      const int interval = evl_bspline_at(&s, t, 0, value);
      CHECK(interval >= 0 && interval < 5 && t >= -1.0 + 0.4 * interval - 1e-12 && t <= -0.6 + 0.4 * interval + 1e-12);
      evl_bspline_at(&s, t, 1, slope);
      for (int a = 0; a <= degree; a++) {
        CHECK(value[a] >= -1e-15);
        sum += value[a];
        flat += slope[a];
      }
      CHECK_NEAR(sum, 1.0, 1e-14);
      CHECK_NEAR(flat, 0.0, 1e-13);
      if (evl_bspline_at(&s, t - h, 0, before) != interval || evl_bspline_at(&s, t + h, 0, value) != interval) continue;
      for (int a = 0; a <= degree; a++) CHECK_NEAR((value[a] - before[a]) / (2.0 * h), slope[a], 1e-7);
    }
  }
  /* A derivative beyond the degree is none; the last but one is constant. */
  const evl_bspline s = {.degree = 3, .n_intervals = 2, .step = 2.0};
  double value[4];
  evl_bspline_at(&s, 1.0, 4, value);
  for (int a = 0; a < 4; a++) CHECK(value[a] == 0.0);
  evl_bspline_at(&s, 1.0, 3, value);
  const double third[4] = {-1.0, 3.0, -3.0, 1.0};
  for (int a = 0; a < 4; a++) CHECK_NEAR(value[a], third[a] / 8.0, 1e-15);
}

/* Of cubics at distance 0 to 3, knots 1 apart: 151/315, 397/1680, 1/42, 1/5040; of their slopes 2/3, -1/8, -1/5,
   -1/120; of their second derivatives 8/3, -3/2, 0, 1/6. */
static void test_gram(void) {
  static const double expected[3][4] = {{151.0 / 315.0, 397.0 / 1680.0, 1.0 / 42.0, 1.0 / 5040.0},
                                        {2.0 / 3.0, -1.0 / 8.0, -1.0 / 5.0, -1.0 / 120.0},
                                        {8.0 / 3.0, -3.0 / 2.0, 0.0, 1.0 / 6.0}};
  const evl_bspline s = {.degree = 3, .n_intervals = 12, .first = 5.0, .step = 0.5};
  double band[15 * 4];
  for (int d = 0; d < 3; d++) {
    evl_bspline_gram(&s, d, band, 4);
    for (int k = 0; k < 4; k++) CHECK_NEAR(band[5 * 4 + k], expected[d][k] * pow(0.5, 1 - 2 * d), 1e-12);
  }
}

static void test_gauss(void) {
  for (int n = 1; n <= 8; n++) {
    double node[8], weight[8];
    evl_gauss_legendre(n, node, weight);
    for (int power = 0; power < 2 * n; power++) {
      double sum = 0.0;
      for (int i = 0; i < n; i++) sum += weight[i] * pow(node[i], power);
      CHECK_NEAR(sum, 1.0 / (power + 1), 1e-14);
    }
  }
}

/* A random band matrix: solution and elements of the inverse beside the dense ones. */
static void test_band(void) {
  enum { N = 23, BELOW = 4, LD = 6 };
  double band[N * LD] = {0}, dense[N * N] = {0}, b[N], x[N], work[BELOW + 1], unit[N * N] = {0};
  evl_random random;
  evl_random_begin(&random, 5, "test", "band", 0);
  for (int j = 0; j < N; j++) {
    b[j] = x[j] = evl_random_normal(&random);
    unit[j * N + j] = 1.0;
    for (int i = j; i < N && i <= j + BELOW; i++)
      dense[j * N + i] = dense[i * N + j] = band[j * LD + i - j] = evl_random_normal(&random) + (i == j ? 8.0 : 0.0);
  }
  CHECK(evl_band_cholesky(N, BELOW, band, LD) == EVL_OK);
  evl_band_solve(N, BELOW, 1, band, LD, x, N);
  for (int i = 0; i < N; i++) {
    double sum = 0.0;
    for (int j = 0; j < N; j++) sum += dense[j * N + i] * x[j];
    CHECK_NEAR(sum, b[i], 1e-13);
  }
  evl_band_inverse(N, BELOW, band, LD, work);
  CHECK(evl_cholesky(N, dense, N) == EVL_OK);
  evl_cholesky_solve(N, N, dense, N, unit, N);
  for (int j = 0; j < N; j++)
    for (int i = j; i < N && i <= j + BELOW; i++) CHECK_NEAR(band[j * LD + i - j], unit[j * N + i], 1e-14);
  band[3 * LD] = -1.0;
  CHECK(evl_band_cholesky(N, BELOW, band, LD) == EVL_NUMERIC);
  evl_error_clear();
}

enum { N = 200 };

static evl_smoothed smoothed_of(int knot, int degree, double dt, const double *y, double lambda, double *fit) {
  evl_arena *arena = evl_arena_create();
  evl_smoother *s;
  CHECK(evl_smoother_plan(N, dt, knot, degree, arena, &s) == EVL_OK);
  const evl_bspline *basis = evl_smoother_basis(s);
  double *c;
  c = calloc((size_t)evl_bspline_functions(basis), sizeof *c);
  evl_smoothed result;
  CHECK(evl_smoother_run(s, y, lambda, c, &result) == EVL_OK);
  for (int i = 0; i < N; i++) fit[i] = evl_bspline_value(basis, c, 1, i * dt, 0);
  free(c);
  evl_arena_free(arena);
  return result;
}

/* Without a bound on roughness it interpolates; with a stiff one it is the straight line of least squares. */
static void test_limits(void) {
  double y[N], t[N], fit[N];
  evl_random random;
  evl_random_begin(&random, 5, "test", "smoother", 0);
  for (int i = 0; i < N; i++) {
    t[i] = 0.02 * i;
    y[i] = evl_random_normal(&random);
  }
  evl_smoothed r = smoothed_of(1, 3, 0.02, y, 1e-14, fit);
  for (int i = 0; i < N; i++) CHECK_NEAR(fit[i], y[i], 1e-4);
  CHECK_NEAR(r.freedom, N, 1e-4);
  r = smoothed_of(3, 3, 0.02, y, 1e6, fit);
  const evl_straight line = evl_straight_fit(t, y, N);
  for (int i = 0; i < N; i++) CHECK_NEAR(fit[i], line.intercept + line.slope * t[i], 1e-4);
  CHECK_NEAR(r.freedom, 2.0, 1e-4);
  /* Degrees of freedom are the sum of what each fitted value moves with its own sample. */
  r = smoothed_of(2, 4, 0.02, y, 1e-4, fit);
  double sum = 0.0, moved[N];
  for (int i = 0; i < N; i++) {
    y[i] += 1.0;
    smoothed_of(2, 4, 0.02, y, 1e-4, moved);
    sum += moved[i] - fit[i];
    y[i] -= 1.0;
  }
  CHECK_NEAR(sum, r.freedom, 1e-9);
}

/* Cross-validation finds nearly the error of the best lambda there is. */
static void test_cross_validation(void) {
  evl_random random;
  for (uint64_t draw = 0; draw < 10; draw++) {
    double y[N], truth[N], fit[N];
    evl_random_begin(&random, 6, "test", "smoother", draw);
    for (int i = 0; i < N; i++) {
      truth[i] = sin(0.06 * i) + 0.5 * cos(0.15 * i);
      y[i] = truth[i] + 0.3 * evl_random_normal(&random);
    }
    double best = INFINITY, chosen = 0.0;
    for (int k = 0; k < 40; k++) {
      double e = 0.0;
      smoothed_of(2, 3, 1.0, y, pow(10.0, -3.0 + 0.2 * k), fit);
      for (int i = 0; i < N; i++) e += (fit[i] - truth[i]) * (fit[i] - truth[i]);
      best = fmin(best, e);
    }
    const evl_smoothed r = smoothed_of(2, 3, 1.0, y, 0.0, fit);
    for (int i = 0; i < N; i++) chosen += (fit[i] - truth[i]) * (fit[i] - truth[i]);
    CHECK(chosen < 1.8 * best);
    CHECK(sqrt(r.rss / (N - r.freedom)) > 0.24 && sqrt(r.rss / (N - r.freedom)) < 0.36);
  }
}

int main(void) {
  RUN(test_functions);
  RUN(test_gram);
  RUN(test_gauss);
  RUN(test_band);
  RUN(test_limits);
  RUN(test_cross_validation);
  CHECK_DONE();
}
