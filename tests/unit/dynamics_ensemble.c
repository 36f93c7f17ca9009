/* Block bootstraps on sums of products: known standard errors, coverage, inclusion. */
#include "../../src/dynamics/ensemble_priv.h"
#include "check.h"

enum { P = 4, D = 2, BLOCKS = 24, ROWS = 50, RESAMPLES = 200 };
static const double truth[D][P] = {{1.0, 0.0, -2.0, 0.0}, {0.0, 0.5, 0.0, 0.0}};

typedef struct trial { evl_arena *arena; evl_gram block[BLOCKS]; evl_ensemble *ensemble; evl_sparse *sparse; double w[D][P]; } trial;

static trial begin(int n_resamples) {
  trial t;
  t.arena = evl_arena_create();
  for (int b = 0; b < BLOCKS; b++) CHECK(evl_gram_plan(P, D, t.arena, &t.block[b]) == EVL_OK);
  CHECK(evl_ensemble_plan(P, D, BLOCKS, n_resamples, 0.9, t.arena, &t.ensemble) == EVL_OK);
  CHECK(evl_sparse_plan(P, D, t.arena, &t.sparse) == EVL_OK);
  return t;
}

/* Normal terms of variance 1, noise of variance 1 whose part `shared` is the same throughout a block. */
static void draw(trial *t, double shared, uint64_t index) {
  evl_random random;
  evl_random_begin(&random, 5, "test", "ensemble", index);
  for (int b = 0; b < BLOCKS; b++) {
    double theta[P][ROWS], y[D][ROWS], common[D];
    for (int j = 0; j < D; j++) common[j] = evl_random_normal(&random);
    for (int r = 0; r < ROWS; r++) {
      for (int i = 0; i < P; i++) theta[i][r] = evl_random_normal(&random);
      theta[2][r] = 1.0; /* a constant: its coefficient feels what is shared */
      for (int j = 0; j < D; j++) {
        y[j][r] = sqrt(shared) * common[j] + sqrt(1.0 - shared) * evl_random_normal(&random);
        for (int i = 0; i < P; i++) y[j][r] += truth[j][i] * theta[i][r];
      }
    }
    evl_gram_clear(&t->block[b]);
    evl_gram_rows(&t->block[b], &theta[0][0], ROWS, &y[0][0], ROWS, ROWS);
  }
}

/* Least squares on all terms, then those of less than 0.2 are out. */
static evl_fit choose(void *context, const double *weight, const evl_gram *sum, double *w) {
  double n = 0.0;
  for (int b = 0; b < BLOCKS; b++) n += weight[b];
  CHECK(n == BLOCKS && sum->n == BLOCKS * ROWS);
  for (int j = 0; j < D; j++) {
    if (evl_sparse_least_squares(context, sum, j, NULL, 0.0, w + j * P) != EVL_FIT_DONE) return EVL_FIT_COLLINEAR;
    for (int i = 0; i < P; i++)
      if (fabs(w[j * P + i]) < 0.2) w[j * P + i] = 0.0;
  }
  return EVL_FIT_DONE;
}

static void fit(trial *t) {
  static const uint8_t mask[D][P] = {{1, 0, 1, 0}, {0, 1, 0, 0}};
  evl_ensemble_begin(t->ensemble, BLOCKS, t->block);
  for (int j = 0; j < D; j++)
    CHECK(evl_sparse_least_squares(t->sparse, &t->ensemble->total, j, mask[j], 0.0, t->w[j]) == EVL_FIT_DONE);
}

static evl_fit run(trial *t, uint64_t key) {
  evl_random random;
  evl_random_begin(&random, key, "test", "resamples", 0);
  return evl_ensemble_run(t->ensemble, &t->w[0][0], choose, t->sparse, &random);
}

/* Of N rows: sd of a coefficient sqrt(1 / N); of the constant's under noise shared by blocks sqrt(shared / BLOCKS + ...). */
static void test_standard_errors(void) {
  enum { DRAWS = 40 };
  const double shared = 0.5;
  trial t = begin(RESAMPLES);
  double sum[3] = {0};
  for (uint64_t k = 0; k < DRAWS; k++) {
    draw(&t, shared, k);
    fit(&t);
    CHECK(run(&t, k) == EVL_FIT_DONE);
    CHECK(t.ensemble->n_done == RESAMPLES);
    sum[0] += t.ensemble->sd[0] * t.ensemble->sd[0] / DRAWS;
    sum[1] += t.ensemble->sd[2] * t.ensemble->sd[2] / DRAWS;
    sum[2] += t.ensemble->sd[P + 1] * t.ensemble->sd[P + 1] / DRAWS;
  }
  const double plain = 1.0 / (BLOCKS * ROWS), constant = shared / BLOCKS + (1.0 - shared) * plain;
  CHECK(fabs(sum[0] / plain - 1.0) < 0.25);    /* a variance of 23 degrees of freedom over 40 draws: sd 0.05 */
  CHECK(fabs(sum[1] / constant - 1.0) < 0.25);
  CHECK(fabs(sum[2] / plain - 1.0) < 0.25);
  evl_arena_free(t.arena);
}

static void test_intervals_cover(void) {
  enum { DRAWS = 300 };
  trial t = begin(100);
  int covered = 0;
  for (uint64_t k = 0; k < DRAWS; k++) {
    draw(&t, 0.3, 1000 + k);
    fit(&t);
    CHECK(run(&t, k) == EVL_FIT_DONE);
    const evl_ensemble *e = t.ensemble;
    covered += e->low[0] < truth[0][0] && truth[0][0] < e->high[0];
    covered += e->low[2] < truth[0][2] && truth[0][2] < e->high[2];
    covered += e->low[P + 1] < truth[1][1] && truth[1][1] < e->high[P + 1];
  }
  const double share = covered / (3.0 * DRAWS); /* of 900, nearly independent: sd 0.01 */
  CHECK(share > 0.865 && share < 0.935);
  evl_arena_free(t.arena);
}

static void test_inclusion_and_zeros(void) {
  trial t = begin(RESAMPLES);
  draw(&t, 0.0, 7);
  fit(&t);
  CHECK(run(&t, 1) == EVL_FIT_DONE);
  const evl_ensemble *e = t.ensemble;
  for (int j = 0; j < D; j++)
    for (int i = 0; i < P; i++) {
      const int at = j * P + i;
      CHECK(e->inclusion[at] == (truth[j][i] != 0.0)); /* 0.2 and 0.5 are 7 and 10 standard errors */
      CHECK((e->sd[at] > 0.0) == (truth[j][i] != 0.0) && (e->low[at] < e->high[at]) == (truth[j][i] != 0.0));
    }
  evl_arena_free(t.arena);
}

static evl_fit never(void *context, const double *weight, const evl_gram *sum, double *w) {
  (void)context, (void)weight, (void)sum, (void)w;
  return EVL_FIT_COLLINEAR;
}

static void test_refusals(void) {
  trial t = begin(20);
  draw(&t, 0.0, 8);
  fit(&t);
  evl_random random;
  evl_random_begin(&random, 1, "test", "resamples", 0);
  CHECK(evl_ensemble_run(t.ensemble, &t.w[0][0], never, NULL, &random) == EVL_FIT_UNSETTLED);
  evl_ensemble_begin(t.ensemble, 3, t.block);
  CHECK(evl_ensemble_run(t.ensemble, &t.w[0][0], choose, t.sparse, &random) == EVL_FIT_SHORT);
  evl_arena_free(t.arena);
}

/* Tables of Student's t. */
static void test_student(void) {
  CHECK_NEAR(evl_student_bound(0.9, 1.0), 6.313751514675043, 1e-9);
  CHECK_NEAR(evl_student_bound(0.95, 10.0), 2.228138851986273, 1e-9);
  CHECK_NEAR(evl_student_bound(0.9, 23.0), 1.713871527747048, 1e-9);
}

int main(void) {
  RUN(test_standard_errors);
  RUN(test_intervals_cover);
  RUN(test_inclusion_and_zeros);
  RUN(test_refusals);
  RUN(test_student);
  CHECK_DONE();
}
