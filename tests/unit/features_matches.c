/* Counts of matching templates against comparing every pair, and the entropies made of them by closed forms. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "eveil/math.h"
#include "../../src/features/matches_priv.h"

enum { MOST = 20000 };
static const double FS_HZ = 250.0;
static double x[MOST];

/* ---- signals ---- */

static void white(int n, uint64_t index) {
  evl_random random;
  evl_random_begin(&random, 31, "test", "white", index);
  for (int t = 0; t < n; t++) x[t] = evl_random_normal(&random);
}

static void eeg_like(int n) {
  evl_random random;
  evl_random_begin(&random, 32, "test", "eeg", 0);
  double a = 0.0, b = 0.0;
  for (int t = 0; t < n; t++) {
    const double v = 1.6 * a - 0.7 * b + evl_random_normal(&random);
    b = a;
    a = v;
    x[t] = 1e6 + (t % 700 > 400 ? 0.05 : 1.0) * (3.0 * v + 8.0 * sin(2.0 * M_PI * 9.3 * t / FS_HZ));
  }
}

static void quantised(int n) {
  white(n, 1);
  for (int t = 0; t < n; t++) x[t] = round(3.0 * x[t]) / 10.0;
}

static void steps(int n) { /* rises by the same step, falls back */
  for (int t = 0; t < n; t++) x[t] = 0.1 * (t % 37) - 3.0;
}

static void two_levels(int n) { /* of values that differ in their last bits only */
  white(n, 2);
  for (int t = 0; t < n; t++) x[t] = (x[t] > 0.3 ? 1e4 : -1e4) + 1e-9 * x[t];
}

static void signal_of(int kind, int n) {
  if (kind == 0) white(n, 0);
  else if (kind == 1) eeg_like(n);
  else if (kind == 2) quantised(n);
  else if (kind == 3) steps(n);
  else two_levels(n);
}

/* ---- every pair ---- */

static bool match(const evl_matching *m, int i, int j, int length, double r) {
  for (int k = 0; k < length; k++) {
    const double d = fabs(x[i + k * m->delay] - x[j + k * m->delay]);
    if (m->open ? d >= r : d > r) return false;
  }
  return true;
}

static evl_match_pairs pairs_by_hand(const evl_matching *m, int n, double r) {
  const int longer = n - m->order * m->delay, shorter = m->every ? longer + m->delay : longer;
  evl_match_pairs pairs = {0, 0};
  for (int i = 0; i < shorter; i++)
    for (int j = i + 1; j < shorter; j++) {
      if (!match(m, i, j, m->order, r)) continue;
      pairs.shorter++;
      pairs.longer += j < longer && match(m, i, j, m->order + 1, r);
    }
  return pairs;
}

static evl_match_logs logs_by_hand(const evl_matching *m, int n, double r) {
  evl_match_logs logs = {0.0, 0.0};
  for (int length = m->order; length <= m->order + 1; length++) {
    const int templates = n - (length - 1) * m->delay;
    double sum = 0.0;
    for (int i = 0; i < templates; i++) {
      int c = 0;
      for (int j = 0; j < templates; j++) c += match(m, i, j, length, r);
      sum += log((double)c / templates);
    }
    *(length == m->order ? &logs.shorter : &logs.longer) = sum / templates;
  }
  return logs;
}

static void test_counts_of_every_pair(void) {
  static const evl_matching forms[] = {{2, 1, false, false}, {2, 1, true, false}, {2, 1, false, true},
                                       {1, 1, false, false}, {3, 2, true, true},  {5, 4, false, false}};
  static const int lengths[] = {3, 4, 10, 65, 511, 513, 517, 1030, 2500};
  for (size_t f = 0; f < sizeof forms / sizeof *forms; f++)
    for (int kind = 0; kind < 5; kind++)
      for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        const int n = lengths[l];
        if (n <= forms[f].order * forms[f].delay) continue;
        signal_of(kind, n);
        void *scratch = aligned_alloc(64, evl_matches_bytes(&forms[f], n));
        for (int tolerance = 0; tolerance < 3; tolerance++) {
          /* a step of the quantised ones exactly, a fifth of the sd, and nearly everything */
          const double r = tolerance == 0 ? 0.1 : (tolerance == 1 ? 0.2 : 6.0) * sqrt(evl_variance(x, (size_t)n, 0));
          const evl_match_pairs ours = evl_count_pairs(&forms[f], x, n, r, scratch);
          const evl_match_pairs all = pairs_by_hand(&forms[f], n, r);
          CHECK(ours.shorter == all.shorter && ours.longer == all.longer);
        }
        free(scratch);
      }
}

static void test_logs_of_every_row(void) {
  static const evl_matching forms[] = {{2, 1, false, true}, {1, 3, true, true}, {3, 1, false, true}};
  for (int f = 0; f < 3; f++)
    for (int kind = 0; kind < 5; kind++) {
      const int n = 1300;
      signal_of(kind, n);
      void *scratch = aligned_alloc(64, evl_matches_bytes(&forms[f], n));
      const double r = 0.2 * sqrt(evl_variance(x, (size_t)n, 0));
      const evl_match_logs ours = evl_mean_logs(&forms[f], x, n, r, scratch), all = logs_by_hand(&forms[f], n, r);
      CHECK_NEAR(ours.shorter, all.shorter, 1e-12);
      CHECK_NEAR(ours.longer, all.longer, 1e-12);
      free(scratch);
    }
}

/* ---- the entries ---- */

static double value(const char *entry, const char *config, int n, const char *output) {
  bound b;
  const evl_status status = bound_begin(&b, evl_feature_find(entry), config, 1, n, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  bound_run(&b, x, MOST);
  const double v = bound_value(&b, output, 0, 0);
  bound_free(&b);
  return v;
}

/* Independent values: -ln P(|x - y| <= r). Uniform on [0, 1): P = 2 r - r^2; normal: 2 Phi(r / sqrt 2) - 1. The count
   A of M = n^2 P^3 / 2 pairs varies by about sqrt(A) and as much again because pairs share templates; four of these. */
static void test_independent_values(void) {
  const int n = 6000;
  evl_random random;
  evl_random_begin(&random, 33, "test", "uniform", 0);
  for (int t = 0; t < n; t++) x[t] = evl_random_uniform(&random);
  double p = 2.0 * 0.05 - 0.05 * 0.05;
  CHECK_NEAR(value("sample_entropy", "tolerance_uv = 0.05;", n, "entropy"), -log(p),
             4.0 / -log(p) * 2.0 / sqrt(0.5 * n * n * p * p * p));
  white(n, 3);
  p = 2.0 * evl_normal_cdf(0.2 / sqrt(2.0)) - 1.0;
  CHECK_NEAR(value("sample_entropy", "", n, "entropy"), -log(p), 4.0 / -log(p) * 2.0 / sqrt(0.5 * n * n * p * p * p));
}

/* A chain of two states that stays with probability s: two templates that match go on alike with s^2 + (1 - s)^2. */
static void test_markov_chain(void) {
  const int n = 20000;
  evl_random random;
  evl_random_begin(&random, 34, "test", "chain", 0);
  for (int t = 0, state = 0; t < n; t++) {
    if (evl_random_uniform(&random) > 0.8) state = !state;
    x[t] = state;
  }
  const double h = -log(0.8 * 0.8 + 0.2 * 0.2);
  CHECK_NEAR(value("sample_entropy", "", n, "entropy"), h, 0.02);
  CHECK_NEAR(value("approximate_entropy", "", n, "entropy"), -0.8 * log(0.8) - 0.2 * log(0.2), 0.02);
}

static void test_periodic_is_zero(void) {
  for (int t = 0; t < MOST; t++) x[t] = t % 50;
  const double h = value("sample_entropy", "r = 0.05;", 5000, "entropy"); /* below a step */
  CHECK(h == 0.0 && !signbit(h));
  CHECK_NEAR(value("approximate_entropy", "r = 0.05;", 5000, "entropy"), 0.0, 1e-3); /* 4,999 and 4,998 templates */
  for (int t = 0; t < MOST; t++) x[t] = t;
  CHECK(value("sample_entropy", "", 5000, "entropy") == 0.0);
}

/* Integers and a tolerance of one: the border is most of the matches, and no length makes a difference. */
static void test_borders(void) {
  white(6000, 4);
  for (int t = 0; t < 6000; t++) x[t] = round(4.0 * x[t]);
  const double closed = value("sample_entropy", "tolerance_uv = 1.0;", 5000, "entropy");
  const double open = value("sample_entropy", "tolerance_uv = 1.0; border = \"open\";", 5000, "entropy");
  CHECK(open > closed + 0.8);
  CHECK(value("sample_entropy", "tolerance_uv = 1.0; convention = \"antropy\";", 5000, "entropy") == closed);
  CHECK_NEAR(value("sample_entropy", "tolerance_uv = 1.0; convention = \"antropy\";", 4999, "entropy"), open, 0.01);
  CHECK(value("sample_entropy", "tolerance_uv = 1.0; convention = \"nolds\";", 5000, "entropy") == open);
}

static void test_undefined(void) {
  for (int t = 0; t < 100; t++) x[t] = t * t * t; /* nothing matches twice */
  CHECK(isnan(value("sample_entropy", "tolerance_uv = 0.5;", 100, "entropy")));
  white(3, 5);
  CHECK(isnan(value("sample_entropy", "", 3, "entropy")));
  CHECK(isnan(value("approximate_entropy", "", 2, "entropy")));
}

int main(void) {
  RUN(test_counts_of_every_pair);
  RUN(test_logs_of_every_row);
  RUN(test_independent_values);
  RUN(test_markov_chain);
  RUN(test_periodic_is_zero);
  RUN(test_borders);
  RUN(test_undefined);
  CHECK_DONE();
}
