/* Mutual information, transfer entropy, synchronisation likelihood: the tree against every pair of points, closed forms
   of normal and discrete variables. */
#include "../../src/features/information_priv.h"
#include "bound_entry.h"

enum { N = 2000, REPEATS = 12 };
static const double FS_HZ = 50.0; /* of the default decimation: every sample counts */

static void begin(bound *b, const char *entry, const char *config, int n_channels, int n) {
  const evl_status status = bound_begin(b, evl_feature_find(entry), config, n_channels, n, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
}

/* ---- the tree --------------------------------------------------------------------------- */

static double apart(const evl_points *p, int a, int b) {
  double far = 0.0;
  for (int d = 0; d < p->dimension; d++) far = fmax(far, fabs(p->column[d][a] - p->column[d][b]));
  return far;
}

/* The k-th smallest distance, ties in order of time, and its point. */
static int brute_nearest(const evl_points *p, int t, int k, int gap, double *distance) {
  int found = -1;
  double last = -1.0;
  for (int i = 0; i < k; i++) {
    int best = -1;
    for (int s = 0; s < p->n; s++) {
      const double d = apart(p, s, t);
      if (abs(s - t) <= gap || d < last || (d == last && s <= found)) continue;
      if (best < 0 || d < apart(p, best, t)) best = s;
    }
    found = best;
    last = apart(p, best, t);
  }
  *distance = last;
  return found;
}

/* The last two coordinates carried, each with a reach of its own, the last one put in later. */
static int wrong_counts(evl_tree *tree, const evl_points *p, int gap) {
  evl_points part = *p;
  part.dimension -= 2;
  part.carried = 2;
  part.column[p->dimension - 1] = p->column[0];
  evl_tree_build(tree, &part);
  evl_tree_carry(tree, p->dimension - 1, p->column[p->dimension - 1]);
  int wrong = 0;
  for (int t = 0; t < p->n; t++) {
    evl_counts expected = {0, 0, 0};
    for (int s = 0; s < p->n; s++) {
      bool within = abs(s - t) > gap;
      for (int d = 0; d < part.dimension; d++) within = within && fabs(p->column[d][s] - p->column[d][t]) < 0.7;
      const double *x = p->column[part.dimension], *y = p->column[part.dimension + 1];
      expected.all += within;
      expected.x += within && fabs(x[s] - x[t]) < 0.4;
      expected.y += within && fabs(y[s] - y[t]) < 1.1;
    }
    const evl_counts c = evl_tree_count_carried(tree, t, 0.7, 1, 0.4, 1.1, gap);
    wrong += c.all != expected.all || c.x != expected.x || c.y != expected.y;
  }
  return wrong;
}

static void check_tree(int dimension, int n, int gap, bool coarse) {
  enum { MOST = 600, K = 5 };
  static double x[5][MOST];
  evl_arena *arena = evl_arena_create();
  evl_points p = {.n = n, .dimension = dimension};
  evl_random r;
  evl_tree *tree;
  evl_random_begin(&r, 3, "test", "tree", (uint64_t)(dimension * 10 + gap));
  for (int d = 0; d < dimension; d++) {
    p.column[d] = x[d];
    for (int t = 0; t < n; t++) x[d][t] = coarse ? round(evl_random_normal(&r)) : evl_random_normal(&r);
  }
  CHECK(evl_tree_plan(MOST, dimension, arena, &tree) == EVL_OK);
  evl_tree_build(tree, &p);
  int seen = 0, wrong = 0;
  for (int place = 0; place < evl_tree_places(tree); place++) {
    const int t = evl_tree_point(tree, place);
    if (t < 0) continue;
    int neighbour[K], inside = 0;
    double distance, reach[5];
    const int expected = brute_nearest(&p, t, K, gap, &distance);
    wrong += evl_tree_nearest(tree, place, K, gap, neighbour) != distance || neighbour[K - 1] != expected;
    for (int d = 0; d < dimension; d++) reach[d] = distance * (1.0 + 0.5 * d);
    for (int s = 0; s < n; s++) {
      bool within = abs(s - t) > gap;
      for (int d = 0; d < dimension; d++) within = within && fabs(x[d][s] - x[d][t]) < reach[d];
      inside += within;
    }
    wrong += evl_tree_count(tree, t, reach, gap) != inside;
    seen++;
  }
  if (dimension > 2) wrong += wrong_counts(tree, &p, gap);
  CHECK(seen == n && wrong == 0);
  evl_arena_free(arena);
}

static void test_tree(void) {
  for (int dimension = 1; dimension <= 5; dimension++)
    for (int coarse = 0; coarse < 2; coarse++) {
      check_tree(dimension, 600, 0, coarse);
      check_tree(dimension, 331, 7, coarse);
      check_tree(dimension, 20, 2, coarse);
    }
}

/* ---- closed forms ------------------------------------------------------------------------ */

/* Mean over repeats and its standard error. */
typedef struct estimate { double mean, error; } estimate;

static estimate average(const double *v, int n) {
  return (estimate){evl_mean(v, (size_t)n), sqrt(evl_variance(v, (size_t)n, 1) / n)};
}

/* Within 5 standard errors and the bias of the estimator for this many points, below 0.01 nats. */
static void check_estimate(const double *v, int n, double truth) {
  const estimate e = average(v, n);
  if (fabs(e.mean - truth) > 5.0 * e.error + 0.01) printf("# %.5f +- %.5f, truth %.5f\n", e.mean, e.error, truth);
  CHECK(fabs(e.mean - truth) <= 5.0 * e.error + 0.01);
  CHECK(e.error < 0.02);
}

/* I = - ln(1 - rho^2) / 2 of normal variables, whatever monotone map they went through. */
static void test_normal(void) {
  static const double rho[] = {0.0, 0.5, -0.9};
  static const char *const config[] = {"estimator = \"ksg1\";", "estimator = \"ksg2\";", "estimator = \"binned\";"};
  static double x[2 * N];
  for (int c = 0; c < 3; c++)
    for (int i = 0; i < 3; i++) {
      double v[REPEATS], coefficient = 0.0;
      bound b;
      begin(&b, "mutual_information", config[c], 2, N);
      for (int repeat = 0; repeat < REPEATS; repeat++) {
        evl_random r;
        evl_random_begin(&r, 4, "test", "normal", (uint64_t)repeat);
        for (int t = 0; t < N; t++) {
          x[t] = evl_random_normal(&r);
          x[N + t] = 5.0 + 40.0 * (rho[i] * x[t] + sqrt(1.0 - rho[i] * rho[i]) * evl_random_normal(&r));
        }
        bound_run(&b, x, N);
        v[repeat] = bound_value(&b, "information", 0, 0);
        coefficient += bound_value(&b, "coefficient", 0, 0) / REPEATS;
      }
      /* Sixteen bins lose some of what strongly coupled variables share. */
      if (c == 2 && i == 2)
        CHECK(evl_mean(v, REPEATS) > 0.6 && evl_mean(v, REPEATS) < 0.83);
      else
        check_estimate(v, REPEATS, -0.5 * log1p(-rho[i] * rho[i]));
      if (i > 0) CHECK(fabs(coefficient - fabs(rho[i])) < 0.06);
      bound_free(&b);
    }
}

/* Two states: all repeats are exact, so that the estimate is that of counts: ln 2 for a copy, 0 for coins. */
static void test_two_states(void) {
  static double x[3 * N];
  evl_random r;
  evl_random_begin(&r, 5, "test", "states", 0);
  for (int t = 0; t < N; t++) {
    x[t] = t % 2;
    x[N + t] = 1.0 - x[t];
    x[2 * N + t] = evl_random_uniform(&r) < 0.5;
  }
  for (int algorithm = 1; algorithm <= 2; algorithm++) {
    char config[100];
    bound b;
    snprintf(config, sizeof config, "estimator = \"ksg%d\"; theiler_s = 0.0;", algorithm);
    begin(&b, "mutual_information", config, 3, N);
    bound_run(&b, x, N);
    CHECK_NEAR(bound_value(&b, "information", 0, 0), log(2.0), 1e-3);
    CHECK(fabs(bound_value(&b, "information", 0, 1)) < 5.0 / N); /* chi2_1 / 2N */
    bound_free(&b);
  }
}

/* y' = 0.5 y + 0.6 x + e: T = ln(1 + 0.36) / 2 forward, 0 backward; with delay 3 only where it is looked for. */
static void test_driven(void) {
  static double x[2 * N];
  static const struct { const char *config; int delay; double truth; } kind[] = {
      {"history = 1; theiler_s = 0.0;", 1, 0.5}, {"history = 1; algorithm = 2;", 1, 0.5},
      {"history = 2; source_history = 2;", 1, 0.5}, {"history = 1; delay = 3;", 3, 0.5}, {"history = 1;", 3, 0.0}};
  for (size_t i = 0; i < sizeof kind / sizeof *kind; i++) {
    double forward[REPEATS], backward[REPEATS];
    bound b;
    begin(&b, "transfer_entropy", kind[i].config, 2, N);
    for (int repeat = 0; repeat < REPEATS; repeat++) {
      evl_random r;
      evl_random_begin(&r, 6, "test", "driven", (uint64_t)repeat);
      for (int t = 0; t < N; t++) {
        x[t] = evl_random_normal(&r);
        x[N + t] = t < 3 ? 0.0 : 0.5 * x[N + t - 1] + 0.6 * x[t - kind[i].delay] + evl_random_normal(&r);
      }
      bound_run(&b, x, N);
      forward[repeat] = bound_value(&b, "forward", 0, 0);
      backward[repeat] = bound_value(&b, "backward", 0, 0);
    }
    check_estimate(forward, REPEATS, kind[i].truth * log(1.36));
    check_estimate(backward, REPEATS, 0.0);
    bound_free(&b);
  }
}

/* Means of five samples; the exchange of channels exchanges the directions, to the bit. */
static void test_decimation_and_exchange(void) {
  static double fine[2 * 5 * 500], coarse[2 * 500], turned[2 * 500];
  evl_random r;
  evl_random_begin(&r, 7, "test", "decimation", 0);
  for (int i = 0; i < 2 * 500; i++) {
    coarse[i] = turned[(i + 500) % 1000] = evl_random_normal(&r);
    for (int k = 0; k < 5; k++) fine[5 * i + k] = coarse[i] + (k - 2);
  }
  bound a, b;
  begin(&a, "transfer_entropy", "", 2, 500);
  CHECK(bound_begin(&b, evl_feature_find("transfer_entropy"), "", 2, 2500, 250.0) == EVL_OK);
  bound_run(&a, coarse, 500);
  const double forward = bound_value(&a, "forward", 0, 0), backward = bound_value(&a, "backward", 0, 0);
  bound_run(&b, fine, 2500);
  CHECK_NEAR(bound_value(&b, "forward", 0, 0), forward, 1e-9);
  bound_run(&a, turned, 500);
  CHECK(bound_value(&a, "forward", 0, 0) == backward && bound_value(&a, "backward", 0, 0) == forward);
  bound_free(&a);
  bound_free(&b);
}

/* ---- synchronisation likelihood ------------------------------------------------------------ */

/* Copies, scaled and turned over, return at the same times; independent channels at the share p_ref; a shared part lies
   between. */
static void test_synchronisation(void) {
  enum { LENGTH = 6000, CHANNELS = 6 };
  static double x[CHANNELS * LENGTH];
  static const char *const config[] = {"bands: { alpha = (8.0, 12.0); beta = (12.0, 30.0); beyond = (30.0, 200.0); };",
                                       "bands: { alpha = (8.0, 12.0); beta = (12.0, 30.0); }; p_ref = 0.05;"};
  for (int kind = 0; kind < 2; kind++) {
    bound b;
    evl_random r;
    evl_random_begin(&r, 9, "test", "synchronisation", (uint64_t)kind);
    for (int t = 0; t < LENGTH; t++) {
      const double shared = evl_random_normal(&r);
      for (int c = 0; c < CHANNELS; c++) x[c * LENGTH + t] = evl_random_normal(&r) + (c >= 4 ? 4.0 * shared : 0.0);
      x[LENGTH + t] = -30.0 * x[t];
    }
    CHECK(bound_begin(&b, evl_feature_find("synchronisation_likelihood"), config[kind], CHANNELS, LENGTH, 250.0) ==
          EVL_OK);
    bound_run(&b, x, LENGTH);
    const double p_ref = kind ? 0.05 : 0.01;
    for (int band = 0; band < 2; band++) {
      double sum = 0.0;
      int pair = 0;
      for (int i = 0; i < CHANNELS; i++)
        for (int j = i + 1; j < CHANNELS; j++, pair++) {
          const double v = bound_value(&b, "likelihood", band, pair);
          if (i == 0 && j == 1) CHECK(v == 1.0);
          if (i == 4 && j == 5) CHECK(v > 2.0 * p_ref && v < 0.9); /* correlation 16 / 17 */
          if (i > 0 && i < 4) sum += v / 9.0; /* 9 independent pairs of about 40 x 24 s of alpha each */
        }
      CHECK(fabs(sum / p_ref - 1.0) < 0.35);
    }
    if (kind == 0) CHECK(bound_why(&b, "likelihood", 2, 0) == EVL_WHY_UNDEFINED);
    bound_free(&b);
  }
}

int main(void) {
  RUN(test_tree);
  RUN(test_normal);
  RUN(test_two_states);
  RUN(test_driven);
  RUN(test_decimation_and_exchange);
  RUN(test_synchronisation);
  CHECK_DONE();
}
