/* One set of terms for several subjects, against each subject's own least squares. */
#include "eveil/dynamics.h"
#include "check.h"
#include "eveil/math.h"

enum { P = 6, D = 2, SUBJECTS = 5, ROWS = 300 };
static const bool truth[D][P] = {{false, true, false, true, false, false}, {true, false, false, false, false, true}};
static double theta[SUBJECTS][P][ROWS], y[SUBJECTS][D][ROWS];
static double terms[SUBJECTS][P][P], targets[SUBJECTS][D][P], squares[SUBJECTS][D];

static double dot(const double *a, const double *b) {
  double sum = 0.0;
  for (int t = 0; t < ROWS; t++) sum += a[t] * b[t];
  return sum;
}

/* Each subject has coefficients and noise of its own. */
static evl_common *begin(evl_arena *arena, double size) {
  evl_common *common;
  evl_random r;
  evl_random_begin(&r, 6, "test", "common", 0);
  CHECK(evl_common_plan(P, D, SUBJECTS, arena, &common) == EVL_OK);
  for (int s = 0; s < SUBJECTS; s++) {
    for (int i = 0; i < P; i++)
      for (int t = 0; t < ROWS; t++) theta[s][i][t] = evl_random_normal(&r) + (i > 0 ? 0.4 * theta[s][i - 1][t] : 0.0);
    for (int j = 0; j < D; j++) {
      double w[P];
      for (int i = 0; i < P; i++) w[i] = truth[j][i] ? size * (1.0 + 0.3 * evl_random_normal(&r)) : 0.0;
      for (int t = 0; t < ROWS; t++) {
        y[s][j][t] = (1.0 + s) * evl_random_normal(&r);
        for (int i = 0; i < P; i++) y[s][j][t] += (1.0 + s) * w[i] * theta[s][i][t];
      }
    }
    for (int i = 0; i < P; i++)
      for (int k = 0; k < P; k++) terms[s][i][k] = dot(theta[s][i], theta[s][k]);
    for (int j = 0; j < D; j++) {
      for (int i = 0; i < P; i++) targets[s][j][i] = dot(theta[s][i], y[s][j]);
      squares[s][j] = dot(y[s][j], y[s][j]);
    }
    CHECK(evl_common_subject(common, s, &(evl_subject_sums){ROWS, terms[s][0], targets[s][0], squares[s]}));
  }
  return common;
}

static double bic(double rss, int k) { return ROWS * log(rss / ROWS) + k * log(ROWS); }

/* The costs are what each subject's BIC gains. */
static void test_costs(void) {
  evl_arena *arena = evl_arena_create();
  evl_common *common = begin(arena, 0.3);
  double w[P], sd[P], cost[P] = {0.0};
  uint8_t mask[P] = {1, 1, 0, 1, 1, 1};
  for (int s = 0; s < SUBJECTS; s++) {
    evl_common_begin(common, s, 0);
    evl_common_drop(common, s, 2);
    evl_common_costs(common, s, s == 1 ? 2.0 : 1.0, cost);
  }
  CHECK(cost[2] == 0.0);
  for (int i = 0; i < P; i++) {
    if (i == 2) continue;
    double want = 0.0;
    for (int s = 0; s < SUBJECTS; s++) {
      const double with = evl_common_fit(common, s, 0, mask, w, sd);
      mask[i] = 0;
      const double without = evl_common_fit(common, s, 0, mask, w, sd);
      mask[i] = 1;
      want += (s == 1 ? 2.0 : 1.0) * (bic(without, 4) - bic(with, 5));
    }
    CHECK_NEAR(cost[i], want, 1e-9);
  }
  evl_arena_free(arena);
}

/* All together find the terms. */
static void test_together(void) {
  evl_arena *arena = evl_arena_create();
  evl_common *common = begin(arena, 0.25);
  for (int j = 0; j < D; j++) {
    bool left[P];
    memset(left, true, sizeof left);
    for (int s = 0; s < SUBJECTS; s++) evl_common_begin(common, s, j);
    for (int n = P; n > 0; n--) {
      double cost[P] = {0.0};
      int term = -1;
      for (int s = 0; s < SUBJECTS; s++) evl_common_costs(common, s, 1.0, cost);
      for (int i = 0; i < P; i++)
        if (left[i] && (term < 0 || cost[i] < cost[term])) term = i;
      if (cost[term] >= 0.0) break;
      left[term] = false;
      for (int s = 0; s < SUBJECTS; s++) evl_common_drop(common, s, term);
    }
    CHECK(!memcmp(left, truth[j], sizeof left));
  }
  evl_arena_free(arena);
}

/* Coefficients and standard errors of one subject by the textbook: one term, sum of squares, residual variance. */
static void test_one_term(void) {
  evl_arena *arena = evl_arena_create();
  evl_common *common = begin(arena, 0.3);
  const uint8_t mask[P] = {0, 0, 0, 1, 0, 0}, none[P] = {0};
  double w[P], sd[P];
  const double rss = evl_common_fit(common, 2, 0, mask, w, sd), want = targets[2][0][3] / terms[2][3][3];
  CHECK_NEAR(w[3], want, 1e-12);
  CHECK_NEAR(rss, squares[2][0] - want * targets[2][0][3], 1e-10);
  CHECK_NEAR(sd[3], sqrt(rss / (ROWS - 1) / terms[2][3][3]), 1e-12);
  CHECK(w[0] == 0.0 && sd[0] == 0.0);
  CHECK(evl_common_fit(common, 2, 0, none, w, sd) == squares[2][0] && w[3] == 0.0);
  CHECK(evl_common_rows(common, 2) == ROWS);
  evl_subject_sums few = {P, terms[0][0], targets[0][0], squares[0]};
  CHECK(!evl_common_subject(common, 0, &few) && isnan(evl_common_fit(common, 0, 0, mask, w, sd)) && isnan(w[3]));
  evl_arena_free(arena);
}

int main(void) {
  RUN(test_costs);
  RUN(test_together);
  RUN(test_one_term);
  CHECK_DONE();
}
