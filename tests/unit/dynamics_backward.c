/* Elimination by downdating against least squares of every subset, solved anew. */
#include "../../src/dynamics/backward_priv.h"
#include "check.h"

enum { P = 9, D = 2, N = 400 };

typedef struct problem { evl_arena *arena; evl_gram gram; evl_backward backward; evl_sparse *sparse; } problem;

/* Terms of very unequal lengths, correlated; y0 is made of terms 1, 4, 7 and y1 of 0 and 8, with noise. */
static problem begin(double noise) {
  problem q;
  static double theta[P][N], y[D][N];
  evl_random random;
  evl_random_begin(&random, 3, "test", "backward", 0);
  for (int t = 0; t < N; t++) {
    double last = 0.0;
    for (int i = 0; i < P; i++) {
      last = 0.6 * last + evl_random_normal(&random);
      theta[i][t] = last * pow(10.0, i - 4);
    }
    y[0][t] = theta[1][t] * 1e3 - 2.0 * theta[4][t] + theta[7][t] / 1e3 + noise * evl_random_normal(&random);
    y[1][t] = theta[0][t] * 1e4 + theta[8][t] / 1e4 + noise * evl_random_normal(&random);
  }
  q.arena = evl_arena_create();
  CHECK(evl_gram_plan(P, D, q.arena, &q.gram) == EVL_OK);
  CHECK(evl_backward_plan(P, q.arena, &q.backward) == EVL_OK);
  CHECK(evl_sparse_plan(P, D, q.arena, &q.sparse) == EVL_OK);
  evl_gram_rows(&q.gram, &theta[0][0], N, &y[0][0], N, N);
  return q;
}

/* At every step the weights, the sum of squares and every loss are those of the subset left. */
static void test_steps_are_least_squares(void) {
  problem q = begin(0.3);
  evl_backward *b = &q.backward;
  static const int order[P] = {3, 0, 5, 2, 4, 1, 0, 1, 0}; /* which of those left goes */
  CHECK(evl_backward_begin(b, &q.gram, NULL) == EVL_FIT_DONE);
  for (int j = 0; j < D; j++) {
    evl_backward_target(b, &q.gram, j);
    uint8_t mask[P];
    memset(mask, 1, sizeof mask);
    for (int step = 0; step < P; step++) {
      double w[P];
      CHECK(evl_sparse_least_squares(q.sparse, &q.gram, j, mask, 0.0, w) == EVL_FIT_DONE);
      const double rss = evl_gram_rss(&q.gram, j, w);
      CHECK_NEAR(b->rss / rss, 1.0, 1e-9);
      for (int i = 0; i < b->k; i++) {
        const int term = b->term[i];
        CHECK(mask[term]);
        CHECK_NEAR(b->w[i] * b->scale[term] / w[term], 1.0, 1e-9);
        if (b->k == 1) continue;
        double without[P];
        mask[term] = 0;
        CHECK(evl_sparse_least_squares(q.sparse, &q.gram, j, mask, 0.0, without) == EVL_FIT_DONE);
        mask[term] = 1;
        CHECK(fabs(evl_backward_loss(b, i) - (evl_gram_rss(&q.gram, j, without) - rss)) < 1e-8 * q.gram.yy[j]);
      }
      mask[b->term[order[step]]] = 0;
      evl_backward_drop(b, order[step]);
    }
    CHECK(b->k == 0);
    CHECK_NEAR(b->rss / q.gram.yy[j], 1.0, 1e-9);
  }
  evl_arena_free(q.arena);
}

static void test_path_keeps_what_matters(void) {
  problem q = begin(0.3);
  evl_backward *b = &q.backward;
  int left[P];
  double rss[P + 1];
  CHECK(evl_backward_begin(b, &q.gram, NULL) == EVL_FIT_DONE);
  evl_backward_target(b, &q.gram, 0);
  CHECK(evl_backward_path(b, left, rss) == P);
  for (int i = 0; i < P; i++) CHECK((left[i] >= 1 && left[i] <= 3) == (i == 1 || i == 4 || i == 7));
  for (int k = 1; k <= P; k++) CHECK(rss[k] <= rss[k - 1]);
  CHECK(rss[2] > 2.0 * rss[3] && rss[3] < 1.05 * rss[P]);
  evl_backward_target(b, &q.gram, 1); /* of the same begin */
  evl_backward_path(b, left, rss);
  for (int i = 0; i < P; i++) CHECK((left[i] == 1 || left[i] == 2) == (i == 0 || i == 8));
  evl_arena_free(q.arena);
}

static void test_refusals(void) {
  problem q = begin(0.3);
  evl_backward *b = &q.backward;
  uint8_t mask[P] = {0};
  CHECK(evl_backward_begin(b, &q.gram, mask) == EVL_FIT_EMPTY);
  mask[2] = mask[6] = 1;
  CHECK(evl_backward_begin(b, &q.gram, mask) == EVL_FIT_DONE);
  evl_backward_target(b, &q.gram, 0);
  CHECK(b->k == 2 && b->term[0] == 2 && b->term[1] == 6);
  for (int i = 0; i < P; i++) q.gram.g[5 * P + i] = q.gram.g[i * P + 5] = 0.0; /* a term that is zero everywhere */
  CHECK(evl_backward_begin(b, &q.gram, NULL) == EVL_FIT_DONE && b->n_first == P - 1);
  for (int i = 0; i < P; i++) q.gram.g[5 * P + i] = q.gram.g[3 * P + i]; /* and the same term twice */
  for (int i = 0; i < P; i++) q.gram.g[i * P + 5] = q.gram.g[i * P + 3];
  CHECK(evl_backward_begin(b, &q.gram, NULL) == EVL_FIT_COLLINEAR);
  evl_arena_free(q.arena);
}

int main(void) {
  RUN(test_steps_are_least_squares);
  RUN(test_path_keeps_what_matters);
  RUN(test_refusals);
  CHECK_DONE();
}
