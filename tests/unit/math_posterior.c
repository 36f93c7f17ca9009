/* The sampler, by densities whose means and spreads are known; the agreement of chains, by chains made to disagree. */
#include "check.h"
#include "eveil/math.h"

enum { MOST = 6 };
static evl_arena *arena;
static evl_posterior *posterior;

static void begin(int n) {
  evl_posterior_spec spec = EVL_POSTERIOR_USUAL;
  spec.max_unknowns = n;
  spec.max_derived = 2;
  arena = evl_arena_create();
  CHECK(evl_posterior_plan(&spec, arena, &posterior) == EVL_OK);
  evl_arena_freeze(arena);
}

/* Within 4.5 standard errors by the effective size: 6 unknowns and few cases fail less than once in a thousand. */
static void check_unknown(int k, double mean, double sd) {
  const evl_summary *s = &posterior->summary[k];
  const double ess = fmin(s->ess, s->ess_tail);
  CHECK(s->r_hat < 1.01 && ess >= 400.0);
  if (!(fabs(s->mean - mean) < 4.5 * sd / sqrt(ess))) printf("# unknown %d: mean %g, expected %g\n", k, s->mean, mean);
  CHECK(fabs(s->mean - mean) < 4.5 * sd / sqrt(ess));
  if (!(fabs(s->sd / sd - 1.0) < 4.5 / sqrt(ess))) printf("# unknown %d: sd %g, expected %g\n", k, s->sd, sd);
  CHECK(fabs(s->sd / sd - 1.0) < 4.5 / sqrt(ess)); /* no tail here is heavier than the normal one */
}

static double gaussian(void *context, const double *x) {
  const double *sd = context;
  double sum = 0.0;
  for (int k = 0; k < MOST; k++) sum += pow((x[k] - 0.1 * k) / sd[k], 2.0);
  return -0.5 * sum;
}

/* Narrow and wide at once; the evidence is that of the Gaussian over the volume of the box. */
static void test_gaussian(void) {
  double sd[MOST] = {1e-3, 1e-2, 0.05, 0.1, 0.02, 0.3}, expected = 0.0, kl = 0.0, low[MOST], high[MOST];
  for (int k = 0; k < MOST; k++) {
    low[k] = -4.0, high[k] = 5.0;
    expected += log(sd[k] * sqrt(2.0 * M_PI) / 9.0);
    kl += -0.5 * log(2.0 * M_PI * M_E) - log(sd[k] / 9.0);
  }
  begin(MOST);
  CHECK(evl_posterior_run(posterior, gaussian, sd, MOST, low, high, 1) == EVL_OK);
  for (int k = 0; k < MOST; k++) {
    check_unknown(k, 0.1 * k, sd[k]);
    const double expected_kl = -0.5 * log(2.0 * M_PI * M_E) - log(sd[k] / 9.0);
    CHECK(fabs(posterior->summary[k].kl - expected_kl) < 4.5 * sqrt(0.5 / posterior->summary[k].ess)); /* of -ln p */
  }
  CHECK_NEAR(posterior->log_evidence, expected, 0.01);
  CHECK_NEAR(posterior->kl, kl, 0.02);
  printf("# gaussian: %ld evaluations, accepted %.2f\n", (long)posterior->evaluations, posterior->accepted);
  evl_arena_free(arena);
}

/* Correlation 0.99; the third unknown is fixed. */
static double correlated(void *context, const double *x) {
  (void)context;
  const double r = 0.99, a = x[0], b = x[1];
  return -0.5 * (a * a - 2.0 * r * a * b + b * b) / (1.0 - r * r) + x[2];
}

static void test_correlated(void) {
  const double low[3] = {-20.0, -20.0, 7.0}, high[3] = {20.0, 20.0, 7.0};
  begin(3);
  CHECK(evl_posterior_run(posterior, correlated, NULL, 3, low, high, 2) == EVL_OK);
  check_unknown(0, 0.0, 1.0);
  check_unknown(1, 0.0, 1.0);
  CHECK(posterior->summary[2].mean == 7.0 && posterior->summary[2].sd == 0.0);
  CHECK(posterior->draw[2 * posterior->chains * posterior->draws] == 7.0);
  evl_arena_free(arena);
}

/* A standard normal x, and y = x^2 + 0.1 times another one. */
static double banana(void *context, const double *x) {
  (void)context;
  return -0.5 * x[0] * x[0] - 0.5 * pow((x[1] - x[0] * x[0]) / 0.1, 2.0);
}

static void from_parabola(void *context, const double *x, double *derived) {
  (void)context;
  derived[0] = x[1] - x[0] * x[0];
  derived[1] = 3.0;
}

static void test_banana(void) {
  const double low[2] = {-6.0, -5.0}, high[2] = {6.0, 36.0};
  begin(2);
  posterior->derive = from_parabola;
  posterior->n_derived = 2;
  CHECK(evl_posterior_run(posterior, banana, NULL, 2, low, high, 3) == EVL_OK);
  check_unknown(0, 0.0, 1.0);
  const evl_summary *s = &posterior->summary[1];
  CHECK(fabs(s->mean - 1.0) < 4.5 * sqrt(2.01 / s->ess));
  const evl_summary *rest = posterior->derived_summary;
  CHECK(rest[0].ess >= 400.0 && rest[0].r_hat < 1.01 && fabs(rest[0].mean) < 4.5 * 0.1 / sqrt(rest[0].ess));
  CHECK(rest[1].mean == 3.0 && rest[1].sd == 0.0);
  printf("# banana: %ld evaluations, accepted %.2f\n", (long)posterior->evaluations, posterior->accepted);
  evl_arena_free(arena);
}

/* An exponential and a half normal law against the bounds, and an unknown of which nothing is known. */
static double cut(void *context, const double *x) {
  (void)context;
  return -x[0] / 0.02 - 0.5 * pow((x[1] - 1.0) / 0.05, 2.0);
}

static void test_truncated(void) {
  const double low[3] = {0.0, 0.0, 2.0}, high[3] = {1.0, 1.0, 4.0};
  begin(3);
  CHECK(evl_posterior_run(posterior, cut, NULL, 3, low, high, 4) == EVL_OK);
  const evl_summary *s = posterior->summary;
  CHECK(fabs(s[0].mean - 0.02) < 4.5 * 0.02 / sqrt(s[0].ess));
  CHECK(fabs(s[0].sd / 0.02 - 1.0) < 4.5 * sqrt(2.0 / s[0].ess)); /* kurtosis 9 */
  check_unknown(1, 1.0 - 0.05 * sqrt(2.0 / M_PI), 0.05 * sqrt(1.0 - 2.0 / M_PI));
  check_unknown(2, 3.0, 2.0 / sqrt(12.0));
  CHECK(s[2].kl < 0.05 && s[0].kl > 1.0);
  for (int i = 0; i < 3 * posterior->chains * posterior->draws; i++) {
    const int k = i / (posterior->chains * posterior->draws);
    CHECK(posterior->draw[i] >= low[k] && posterior->draw[i] <= high[k]);
  }
  evl_arena_free(arena);
}

/* Two Gaussians of weights 0.3 and 0.7, thirty of their sd apart, in four unknowns. */
static double two_modes(void *context, const double *x) {
  (void)context;
  double a = 0.0, b = 0.0;
  for (int k = 0; k < 4; k++) {
    a += pow((x[k] - 0.3) / 0.02, 2.0);
    b += pow((x[k] - 0.6) / 0.02, 2.0);
  }
  return log(0.3 * exp(-0.5 * a) + 0.7 * exp(-0.5 * b) + 1e-300);
}

static void test_two_modes(void) {
  const double low[4] = {0.0, 0.0, 0.0, 0.0}, high[4] = {1.0, 1.0, 1.0, 1.0};
  begin(4);
  CHECK(evl_posterior_run(posterior, two_modes, NULL, 4, low, high, 5) == EVL_OK);
  const double share = 0.7, sd = sqrt(0.02 * 0.02 + share * (1.0 - share) * 0.09);
  for (int k = 0; k < 4; k++) check_unknown(k, 0.3 + 0.3 * share, sd);
  printf("# two modes: %ld evaluations, accepted %.2f\n", (long)posterior->evaluations, posterior->accepted);
  evl_arena_free(arena);
}

/* A share of the box without a density, a density nowhere, and one that no sampler can mix: a needle a point of the box. */
static double quarter(void *context, const double *x) {
  (void)context;
  return x[0] + x[1] < 0.7 ? 0.0 : -INFINITY;
}
static double nowhere(void *context, const double *x) {
  (void)context;
  (void)x;
  return NAN;
}
static double needles(void *context, const double *x) {
  (void)context;
  double sum = 0.0;
  for (int k = 0; k < MOST; k++) sum -= 400.0 * pow(sin(40.0 * x[k]), 2.0);
  return sum;
}

static void test_impossible(void) {
  const double low[MOST] = {0.0}, high[MOST] = {1.0, 1.0, 1.0, 1.0, 1.0, 1.0};
  begin(MOST);
  CHECK(evl_posterior_run(posterior, quarter, NULL, 2, low, high, 6) == EVL_OK);
  check_unknown(0, 0.7 / 3.0, 0.7 / sqrt(18.0));
  CHECK_NEAR(posterior->log_evidence, log(0.245), 0.05);
  CHECK(evl_posterior_run(posterior, nowhere, NULL, 2, low, high, 6) == EVL_NUMERIC);
  CHECK(evl_posterior_run(posterior, needles, NULL, MOST, low, high, 6) == EVL_NUMERIC);
  CHECK(posterior->evaluations < 100000);
  CHECK(evl_posterior_run(posterior, quarter, NULL, 2, low, low, 6) == EVL_USAGE);
  evl_error_clear();
  evl_arena_free(arena);
}

static void test_same_bits(void) {
  const double low[2] = {-6.0, -5.0}, high[2] = {6.0, 36.0};
  double *first = NULL;
  for (int i = 0; i < 2; i++) {
    begin(2);
    if (i) CHECK(evl_posterior_run(posterior, banana, NULL, 2, low, high, 9) == EVL_OK); /* leaves no trace */
    CHECK(evl_posterior_run(posterior, banana, NULL, 2, low, high, 8) == EVL_OK);
    const size_t bytes = 2 * (size_t)(posterior->chains * posterior->draws) * sizeof *first;
    if (i) CHECK(!memcmp(first, posterior->draw, bytes));
    else first = memcpy(malloc(bytes), posterior->draw, bytes);
    evl_arena_free(arena);
  }
  free(first);
}

enum { CHAINS = 4, DRAWS = 1000 };
static double chain[CHAINS][DRAWS];

/* AR(1) of coefficient r: effective size n (1 - r) / (1 + r). */
static void autoregression(double r) {
  for (int c = 0; c < CHAINS; c++) {
    evl_random random;
    evl_random_begin(&random, 3, "test", "chain", (uint64_t)c);
    double x = evl_random_normal(&random);
    for (int t = 0; t < DRAWS; t++) {
      chain[c][t] = x;
      x = r * x + sqrt(1.0 - r * r) * evl_random_normal(&random);
    }
  }
}

static void test_agreement(void) {
  arena = evl_arena_create();
  evl_draws *draws;
  CHECK(evl_draws_plan(CHAINS, DRAWS, arena, &draws) == EVL_OK);
  static const double r[] = {0.0, 0.5, 0.8};
  for (int i = 0; i < 3; i++) {
    autoregression(r[i]);
    const evl_summary s = evl_draws_summary(draws, &chain[0][0], -8.0, 8.0);
    const double expected = CHAINS * DRAWS * (1.0 - r[i]) / (1.0 + r[i]);
    CHECK(fabs(s.ess / expected - 1.0) < 0.25);
    CHECK(s.ess_tail > 0.5 * expected && s.r_hat < 1.02);
    CHECK_NEAR(s.kl, log(16.0) - 0.5 * log(2.0 * M_PI * M_E), 0.05);
  }
  autoregression(0.0);
  for (int t = 0; t < DRAWS; t++) chain[2][t] += 2.0; /* elsewhere */
  CHECK(evl_draws_summary(draws, &chain[0][0], 0.0, 0.0).r_hat > 1.2);
  autoregression(0.0);
  for (int t = 0; t < DRAWS; t++) chain[2][t] *= 4.0; /* wider: seen by the folded draws alone */
  CHECK(evl_draws_summary(draws, &chain[0][0], 0.0, 0.0).r_hat > 1.1);
  autoregression(0.0);
  for (int c = 0; c < CHAINS; c++)
    for (int t = 0; t < DRAWS; t++) chain[c][t] += 3.0 * t / DRAWS; /* all drift alike: seen by halves */
  CHECK(evl_draws_summary(draws, &chain[0][0], 0.0, 0.0).r_hat > 1.2);
  for (int c = 0; c < CHAINS; c++)
    for (int t = 0; t < DRAWS; t++) chain[c][t] = c; /* stuck */
  CHECK(isinf(evl_draws_summary(draws, &chain[0][0], 0.0, 0.0).r_hat));
  evl_arena_free(arena);
}

int main(void) {
  RUN(test_gaussian);
  RUN(test_correlated);
  RUN(test_banana);
  RUN(test_truncated);
  RUN(test_two_modes);
  RUN(test_impossible);
  RUN(test_same_bits);
  RUN(test_agreement);
  CHECK_DONE();
}
