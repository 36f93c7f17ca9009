/* Library and sums of products against loops and closed forms. */
#include "../../src/dynamics/sindy_priv.h"
#include "check.h"

enum { N = 3, INPUTS = 1, LD = 200, FIRST = 7, LONG = 150 };

static void series(double *z) {
  for (int r = 0; r < N + INPUTS; r++)
    for (int t = 0; t < LD; t++) z[r * LD + t] = sin(0.1 * t * (r + 1)) + 0.3 * r;
}

static evl_library *library_of(evl_library_spec spec, evl_arena *arena) {
  evl_library *library = NULL;
  CHECK(evl_library_plan(&spec, arena, &library) == EVL_OK);
  return library;
}

static void test_names(void) {
  evl_arena *arena = evl_arena_create();
  evl_library *l = library_of((evl_library_spec){.n_states = 3, .degree = 3, .constant = true}, arena);
  static const char *const want[] = {"1",       "x0",      "x1",      "x2",   "x0^2",    "x0 x1",    "x0 x2",
                                     "x1^2",    "x1 x2",   "x2^2",    "x0^3", "x0^2 x1", "x0^2 x2",  "x0 x1^2",
                                     "x0 x1 x2", "x0 x2^2", "x1^3",    "x1^2 x2", "x1 x2^2", "x2^3"};
  CHECK(evl_library_terms(l) == 20);
  for (int i = 0; i < 20; i++) CHECK_TEXT(evl_library_name(l, i), want[i]);
  static const char *const name[] = {"v", "w"};
  l = library_of((evl_library_spec){.n_states = 1, .degree = 1, .n_delays = 1, .delay = 4, .n_inputs = 1,
                                    .n_frequencies = 2, .products = true, .names = name}, arena);
  CHECK(evl_library_terms(l) == 3 + 12 + 36);
  CHECK_TEXT(evl_library_name(l, 1), "v(t-4)");
  CHECK_TEXT(evl_library_name(l, 2), "w");
  CHECK_TEXT(evl_library_name(l, 9), "sin(2 v)");
  CHECK_TEXT(evl_library_name(l, 17), "w sin(v)");
  CHECK(evl_library_terms(library_of((evl_library_spec){.n_states = 8, .degree = 3, .constant = true}, arena)) == 165);
  CHECK(evl_library_plan(&(evl_library_spec){.n_states = 60, .degree = 3}, arena, &l) == EVL_USAGE);
  CHECK(evl_library_plan(&(evl_library_spec){.n_states = 2}, arena, &l) == EVL_USAGE);
  evl_arena_free(arena);
}

/* The rows against the terms of one state, and a few of these against their closed form. */
static void test_rows(void) {
  evl_arena *arena = evl_arena_create();
  evl_library *l = library_of((evl_library_spec){.n_states = N, .degree = 4, .constant = true, .n_frequencies = 2,
                                                 .products = true, .n_delays = 1, .delay = FIRST, .n_inputs = INPUTS},
                              arena);
  static double z[(N + INPUTS) * LD];
  series(z);
  const int p = evl_library_terms(l), n_variables = 2 * N + INPUTS;
  double *theta = malloc((size_t)p * LONG * sizeof *theta), *at = malloc((size_t)p * sizeof *at);
  evl_library_rows(l, z, LD, FIRST, LONG, theta, LONG);
  bool same = true;
  for (int t = 0; t < LONG; t++) {
    double state[2 * N + INPUTS];
    for (int r = 0; r < N; r++) state[r] = z[r * LD + FIRST + t], state[N + r] = z[r * LD + t];
    state[2 * N] = z[N * LD + FIRST + t];
    evl_library_at(l, state, at);
    for (int i = 0; i < p; i++) same = same && theta[i * LONG + t] == at[i];
    CHECK_NEAR(at[1 + n_variables + 1], state[0] * state[1], 1e-15);
    for (int i = 0; i < p; i++)
      if (!strcmp(evl_library_name(l, i), "x0 x1^2 u0"))
        CHECK_NEAR(at[i], state[0] * state[1] * state[1] * state[6], 1e-15);
    for (int i = 0; i < p; i++)
      if (!strcmp(evl_library_name(l, i), "x2 cos(2 x1(t-7))"))
        CHECK_NEAR(at[i], state[2] * cos(2.0 * state[4]), 1e-15);
  }
  CHECK(same);
  free(theta);
  free(at);
  evl_arena_free(arena);
}

static void test_gram(void) {
  evl_arena *arena = evl_arena_create();
  enum { D = 2 };
  evl_library *l = library_of((evl_library_spec){.n_states = N + INPUTS, .degree = 4, .constant = true}, arena);
  static double z[(N + INPUTS) * LD];
  series(z);
  const int p = evl_library_terms(l);
  double *theta = malloc((size_t)p * LD * sizeof *theta), *w = calloc((size_t)p, sizeof *w);
  evl_library_rows(l, z, LD, 0, LD, theta, LD);
  evl_gram gram, part;
  CHECK(evl_gram_plan(p, D, arena, &gram) == EVL_OK && evl_gram_plan(p, D, arena, &part) == EVL_OK);
  evl_gram_rows(&gram, theta, LD, z, LD, LONG);
  evl_gram_rows(&part, theta + LONG, LD, z + LONG, LD, LD - LONG);
  evl_gram_add(&gram, 2.0, &part);
  CHECK_NEAR(gram.n, LONG + 2.0 * (LD - LONG), 0.0);
  w[1] = 0.5;
  w[p - 1] = -0.25;
  double rss = 0.0;
  for (int i = 0; i < p; i++)
    for (int j = 0; j < p; j++) {
      double sum = 0.0, b = 0.0, yy = 0.0;
      for (int t = 0; t < LD; t++) {
        const double weight = t < LONG ? 1.0 : 2.0;
        sum += weight * theta[i * LD + t] * theta[j * LD + t];
        b += weight * theta[i * LD + t] * z[LD + t];
        yy += weight * z[LD + t] * z[LD + t];
      }
      CHECK_NEAR(gram.g[i * p + j], sum, 1e-12);
      CHECK_NEAR(gram.b[p + i], b, 1e-12);
      CHECK_NEAR(gram.yy[1], yy, 1e-12);
    }
  for (int t = 0; t < LD; t++) {
    const double e = z[LD + t] - 0.5 * theta[LD + t] + 0.25 * theta[(p - 1) * LD + t];
    rss += (t < LONG ? 1.0 : 2.0) * e * e;
  }
  CHECK_NEAR(evl_gram_rss(&gram, 1, w), rss, 1e-12);
  evl_gram_clear(&gram);
  CHECK(gram.n == 0.0 && gram.g[p] == 0.0 && gram.b[p] == 0.0 && gram.yy[0] == 0.0);
  free(theta);
  free(w);
  evl_arena_free(arena);
}

int main(void) {
  evl_blas_one_thread();
  RUN(test_names);
  RUN(test_rows);
  RUN(test_gram);
  CHECK_DONE();
}
