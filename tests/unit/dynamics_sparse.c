/* Solvers on Grams: closed forms for orthonormal columns, optimality where there are none, what is no problem at all. */
#include "../../src/dynamics/sindy_priv.h"
#include "check.h"

enum { P = 6, D = 2, N = 200 };

static evl_arena *arena;
static evl_gram gram;
static evl_sparse *sparse;
static double theta[P][N], y[D][N], w[D][P];

static void sum_up(void) {
  evl_gram_clear(&gram);
  evl_gram_rows(&gram, theta[0], N, y[0], N, N);
}

/* Columns of length 1, at right angles; y_j = 3, 2, 1, .5, 0, -.25 of them (j 0), .1 to .6 (j 1). */
static const double truth[D][P] = {{3, 2, 1, 0.5, 0, -0.25}, {0.1, 0.2, 0.3, 0.4, 0.5, 0.6}};
static void orthonormal(void) {
  for (int i = 0; i < P; i++)
    for (int t = 0; t < N; t++) theta[i][t] = sqrt(2.0 / N) * cos(M_PI * (i + 1) * (t + 0.5) / N);
  for (int j = 0; j < D; j++)
    for (int t = 0; t < N; t++) {
      y[j][t] = 0.0;
      for (int i = 0; i < P; i++) y[j][t] += truth[j][i] * theta[i][t];
    }
  sum_up();
}

/* Correlated columns of unequal length, and noise. */
static void correlated(uint64_t index, double noise) {
  evl_random r;
  evl_random_begin(&r, 11, "sparse", "columns", index);
  for (int t = 0; t < N; t++) {
    const double common = evl_random_normal(&r);
    for (int i = 0; i < P; i++) theta[i][t] = pow(10.0, i - 2) * (evl_random_normal(&r) + common);
    for (int j = 0; j < D; j++) {
      y[j][t] = noise * evl_random_normal(&r);
      for (int i = j; i < P; i += 2) y[j][t] += (i + 1) * pow(10.0, 2 - i) * theta[i][t];
    }
  }
  sum_up();
}

static void check_all(double expected[D][P], double tolerance) {
  for (int j = 0; j < D; j++)
    for (int i = 0; i < P; i++) CHECK_NEAR(w[j][i], expected[j][i], tolerance);
}

static void least_squares(void) {
  uint8_t mask[P] = {1, 0, 1, 0, 1, 0};
  correlated(0, 0.0);
  CHECK(evl_sparse_least_squares(sparse, &gram, 0, mask, 0.0, w[0]) == EVL_FIT_DONE);
  for (int i = 0; i < P; i++) CHECK_NEAR(w[0][i] * pow(10.0, i - 2), mask[i] * (i + 1), 1e-12);
  correlated(1, 5.0);
  CHECK(evl_sparse_least_squares(sparse, &gram, 1, NULL, 7.0, w[1]) == EVL_FIT_DONE);
  for (int k = 0; k < P; k++) { /* the gradient of |y - theta w|^2 + 7 |w|^2 is none */
    double sum = gram.b[P + k] - 7.0 * w[1][k];
    for (int i = 0; i < P; i++) sum -= gram.g[k * P + i] * w[1][i];
    CHECK(fabs(sum) < 1e-9 * sqrt(gram.g[k * P + k] * gram.yy[1]));
  }
  memset(mask, 0, sizeof mask);
  CHECK(evl_sparse_least_squares(sparse, &gram, 0, mask, 0.0, w[0]) == EVL_FIT_EMPTY);
}

static void thresholded(void) {
  double expected[D][P] = {{3, 2, 1, 0.5, 0, 0}, {0, 0, 0, 0, 0.5, 0.6}};
  evl_sparse_options o = evl_sparse_defaults(EVL_STLSQ);
  orthonormal();
  o.threshold = 0.45;
  CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_DONE);
  check_all(expected, 1e-13);
  o.alpha = 0.25; /* shrinks to 0.8: 0.5 falls below */
  expected[0][3] = expected[1][4] = 0.0;
  CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_DONE);
  check_all(expected, 1e-13);
  o.unbias = false;
  for (int j = 0; j < D; j++)
    for (int i = 0; i < P; i++) expected[j][i] *= 0.8;
  CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_DONE);
  check_all(expected, 1e-13);
  o.threshold = 10.0;
  CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_EMPTY);
}

/* With columns of length 1 their units do not count. */
static void normalised(void) {
  static const evl_sparse_method method[] = {EVL_STLSQ, EVL_SSR, EVL_FROLS, EVL_EVIDENCE};
  for (int k = 0; k < 4; k++) {
    double before[D][P];
    evl_sparse_options o = evl_sparse_defaults(method[k]);
    o.normalise = true;
    o.threshold = 5.0;
    correlated(2, 1.0);
    CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_DONE);
    memcpy(before, w, sizeof w);
    for (int i = 0; i < P; i++)
      for (int t = 0; t < N; t++) theta[i][t] *= pow(2.0, 7 * i - 20);
    sum_up();
    CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_DONE);
    for (int j = 0; j < D; j++)
      for (int i = 0; i < P; i++) {
        const double size = 1.0 + fabs(before[j][i]);
        CHECK_NEAR(w[j][i] * pow(2.0, 7 * i - 20) / size, before[j][i] / size, 1e-9);
      }
  }
}

/* Fixed points for orthonormal columns: L0 b; L1 b - lambda (1 + nu); L2: see there. */
static void relaxed(void) {
  double expected[D][P];
  evl_sparse_options o = evl_sparse_defaults(EVL_SR3);
  orthonormal();
  o.most = 500;
  o.tolerance = 1e-12;
  o.nu = 2.0;
  o.weight = 0.35 * 0.35 / 4.0; /* L0 cuts below 0.35 */
  CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_DONE);
  for (int j = 0; j < D; j++)
    for (int i = 0; i < P; i++) expected[j][i] = fabs(truth[j][i]) > 0.35 ? truth[j][i] : 0.0;
  check_all(expected, 1e-11);
  o.prox = EVL_PROX_L1;
  o.weight = 0.1;
  CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_DONE);
  for (int j = 0; j < D; j++)
    for (int i = 0; i < P; i++) expected[j][i] = copysign(fmax(fabs(truth[j][i]) - 0.1 * 3.0, 0.0), truth[j][i]);
  check_all(expected, 1e-10);
  o.prox = EVL_PROX_L2; /* w (1 + 1 / nu) = b + v / nu, v = w / (1 + 2 lambda nu) */
  CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_DONE);
  for (int j = 0; j < D; j++)
    for (int i = 0; i < P; i++) expected[j][i] = truth[j][i] / (1.5 * 1.4 - 0.5);
  check_all(expected, 1e-10);
  o.most = 1;
  CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_UNSETTLED);
}

/* Two equations that share a coefficient, and one whose value is known. */
static void constrained(void) {
  evl_constraints *c;
  evl_sparse_options o = evl_sparse_defaults(EVL_SR3);
  correlated(3, 3.0);
  for (int i = 0; i < P; i++) /* of one size, for one threshold */
    for (int t = 0; t < N; t++) theta[i][t] *= pow(10.0, 2 - i);
  sum_up();
  CHECK(evl_constraints_plan(P, D, 2, arena, &c) == EVL_OK);
  evl_constraints_row(c, 0)[0 * P + 2] = 1.0;
  evl_constraints_row(c, 0)[1 * P + 3] = -1.0;
  evl_constraints_row(c, 1)[1 * P + 5] = 2.0;
  evl_constraints_value(c, 1, 9.0);
  o.constraints = c;
  o.unbias = true;
  o.weight = 0.1;
  CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_DONE);
  CHECK_NEAR(w[0][2], w[1][3], 1e-12);
  CHECK_NEAR(w[1][5], 4.5, 1e-12);
  double slope[D][P];
  for (int j = 0; j < D; j++)
    for (int k = 0; k < P; k++) {
      slope[j][k] = gram.b[j * P + k];
      for (int i = 0; i < P; i++) slope[j][k] -= gram.g[k * P + i] * w[j][i];
    }
  for (int j = 0; j < D; j++) /* of terms that are free nothing is to be gained */
    for (int k = 0; k < P; k++)
      if (w[j][k] != 0.0 && !(j == 0 && k == 2) && !(j == 1 && (k == 3 || k == 5))) CHECK(fabs(slope[j][k]) < 1e-8);
  CHECK_NEAR(slope[0][2], -slope[1][3], 1e-9); /* both are the multiplier */
  CHECK(w[0][2] != 0.0 && w[0][0] != 0.0);
  memcpy(evl_constraints_row(c, 1), evl_constraints_row(c, 0), D * P * sizeof(double)); /* against the first */
  CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_COLLINEAR);
}

static void stepwise(void) {
  double expected[D][P] = {{3, 2, 1, 0.5, 0, -0.25}, {0.1, 0.2, 0.3, 0.4, 0.5, 0.6}};
  evl_sparse_options o = evl_sparse_defaults(EVL_SSR);
  orthonormal();
  o.alpha = 0.0;
  o.term_cost = 0.15; /* drops what explains less: |w| < sqrt(.15) = .387 */
  for (int j = 0; j < D; j++)
    for (int i = 0; i < P; i++)
      if (fabs(expected[j][i]) < 0.387) expected[j][i] = 0.0;
  for (int by = 0; by < 2; by++) {
    o.by_residual = by == 1;
    CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_DONE);
    check_all(expected, 1e-13);
  }
  o.term_cost = 0.0; /* the last true term raises the residual by the largest factor, from rounding */
  CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_DONE);
  for (int i = 0; i < P; i++) CHECK((w[0][i] != 0.0) == (truth[0][i] != 0.0));
  o.together = true;
  o.term_cost = 0.15; /* the fourth of both explains 0.25 + 0.09 for 0.3, the fifth 0.0625 + 0.04 */
  CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_DONE);
  int n[D] = {0};
  for (int j = 0; j < D; j++)
    for (int i = 0; i < P; i++) n[j] += w[j][i] != 0.0;
  CHECK(n[0] == 4 && n[1] == 4);
}

/* y = 3 q0 + 2 q1 + q2 + ...: shares 9, 4, 1, .25, .0625 of 14.3125. */
static void forward(void) {
  static const struct { double rest; int terms; } stop[] = {{0.4, 1}, {0.1, 2}, {0.03, 3}, {0.01, 4}, {0.001, 5}};
  evl_sparse_options o = evl_sparse_defaults(EVL_FROLS);
  orthonormal();
  for (int k = 0; k < 5; k++) {
    int n = 0;
    o.rest = stop[k].rest;
    CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_DONE);
    for (int i = 0; i < P; i++) {
      n += w[0][i] != 0.0;
      if (w[0][i] != 0.0) CHECK_NEAR(w[0][i], truth[0][i], 1e-13);
    }
    CHECK(n == stop[k].terms);
  }
  o.rest = 0.0; /* BIC, with noise: the terms that are there */
  correlated(4, 0.5);
  CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_DONE);
  for (int j = 0; j < D; j++)
    for (int i = j; i < P; i += 2) CHECK_NEAR(w[j][i] * pow(10.0, i - 2), i + 1, 0.1);
}

/* 2 log evidence of target j with the terms of mask, written out. variance 0: integrated out. */
static double evidence(const uint8_t *mask, int j, double variance) {
  double a[P * P], scale[P], b[P], x[P], ridges = 0.0;
  int index[P], m = 0;
  for (int i = 0; i < P; i++)
    if (mask[i]) index[m++] = i;
  for (int k = 0; k < m; k++) {
    const double square = gram.g[index[k] * (P + 1)], ridge = variance > 0.0 ? square * variance : square / N;
    ridges += log(ridge);
    scale[k] = sqrt(square + ridge);
    b[k] = gram.b[j * P + index[k]];
  }
  for (int k = 0; k < m; k++)
    for (int i = 0; i < m; i++) a[k * m + i] = i == k ? 1.0 : gram.g[index[k] * P + index[i]] / (scale[i] * scale[k]);
  double misfit = gram.yy[j], determinant = 0.0;
  if (m > 0) {
    CHECK(evl_cholesky(m, a, m) == EVL_OK);
    for (int k = 0; k < m; k++) x[k] = b[k] / scale[k], determinant += 2.0 * log(scale[k]);
    evl_cholesky_solve(m, 1, a, m, x, m);
    determinant += evl_cholesky_log_determinant(m, a, m);
    for (int k = 0; k < m; k++) misfit -= b[k] * x[k] / scale[k];
  }
  return ridges - determinant - (variance > 0.0 ? misfit / variance : N * log(misfit));
}

/* No single term that is in should be out. With unit information hardly any term is in that should not be. */
static void most_evident(void) {
  evl_sparse_options o = evl_sparse_defaults(EVL_EVIDENCE);
  int exact = 0;
  for (int k = 0; k < 20; k++) {
    o.variance = k % 2 ? 1.0 : 0.0;
    correlated(20 + (uint64_t)k, 1.0);
    CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_DONE);
    bool right = true;
    for (int j = 0; j < D; j++) {
      uint8_t mask[P];
      for (int i = 0; i < P; i++) mask[i] = w[j][i] != 0.0, right &= mask[i] == (i >= j && (i - j) % 2 == 0);
      const double best = evidence(mask, j, o.variance);
      for (int i = 0; i < P; i++) {
        if (!mask[i]) continue;
        mask[i] = 0;
        CHECK(evidence(mask, j, o.variance) <= best + 1e-6);
        mask[i] = 1;
      }
    }
    exact += right && k % 2 == 0;
  }
  CHECK(exact >= 5); /* of 10; each of 6 false terms enters with chance 0.02, P(chi^2 > log 200) */
}

static void no_problem(void) {
  evl_sparse_options o;
  for (int method = EVL_STLSQ; method <= EVL_EVIDENCE; method++) {
    o = evl_sparse_defaults((evl_sparse_method)method);
    correlated(5, 1.0);
    for (int t = 0; t < N; t++) theta[5][t] = theta[1][t] - 3.0 * theta[3][t];
    sum_up();
    CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_COLLINEAR);
    for (int i = 0; i < P; i++) CHECK(w[0][i] == 0.0 && w[1][i] == 0.0);
    memset(theta[5], 0, sizeof theta[5]);
    sum_up();
    CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_COLLINEAR);
    correlated(5, 1.0);
    gram.n = P - 1;
    CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_SHORT);
    correlated(5, 1.0);
    memset(y, 0, sizeof y);
    sum_up();
    CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_EMPTY);
    correlated(5, 1.0);
    gram.g[0] = NAN;
    CHECK(evl_sparse_solve(sparse, &gram, &o, w[0]) == EVL_FIT_COLLINEAR);
  }
}

int main(void) {
  if (!(arena = evl_arena_create()) || evl_gram_plan(P, D, arena, &gram) != EVL_OK ||
      evl_sparse_plan(P, D, arena, &sparse) != EVL_OK)
    return 1;
  RUN(least_squares);
  RUN(thresholded);
  RUN(normalised);
  RUN(relaxed);
  RUN(constrained);
  RUN(stepwise);
  RUN(forward);
  RUN(most_evident);
  RUN(no_problem);
  evl_arena_free(arena);
  CHECK_DONE();
}
