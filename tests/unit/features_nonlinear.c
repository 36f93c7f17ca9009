/* Nonlinear measures of maps and flows whose exponents and dimensions are known. Published values: Sprott, Chaos and
   Time-Series Analysis, Oxford 2003, appendix A; of the logistic map ln 2 and 1 in closed form. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "eveil/math.h"

enum { MOST = 5000 };
static double x[MOST];

/* One sample a second, taken as it is. */
#define MAP "rate_hz = 1.0; end_match = 0.0; surrogates = 0;"

static bound bind_at(const char *entry, const char *config, int n, double fs_hz) {
  bound b;
  const evl_status status = bound_begin(&b, evl_feature_find(entry), config, 1, n, fs_hz);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return b;
}

static double value_at(const char *entry, const char *config, int n, double fs_hz, const char *output, int item) {
  bound b = bind_at(entry, config, n, fs_hz);
  bound_run(&b, x, MOST);
  const double v = bound_value(&b, output, item, 0);
  bound_free(&b);
  return v;
}

static double value(const char *entry, const char *config, int n, const char *output, int item) {
  return value_at(entry, config, n, 1.0, output, item);
}

static void fill_logistic(void) {
  double v = 0.3141;
  for (int t = 0; t < 100 + MOST; t++) {
    v = 4.0 * v * (1.0 - v);
    if (t >= 100) x[t - 100] = v;
  }
}

static void fill_henon(void) {
  double a = 0.1, b = 0.1;
  for (int t = 0; t < 100 + MOST; t++) {
    const double next = 1.0 - 1.4 * a * a + b;
    b = 0.3 * a;
    a = next;
    if (t >= 100) x[t - 100] = a;
  }
}

static void lorenz(void *system, int stage, const double *v, double *dv) {
  (void)system;
  (void)stage;
  dv[0] = 10.0 * (v[1] - v[0]);
  dv[1] = v[0] * (28.0 - v[2]) - v[1];
  dv[2] = v[0] * v[1] - 8.0 / 3.0 * v[2];
}

static void roessler(void *system, int stage, const double *v, double *dv) {
  (void)system;
  (void)stage;
  dv[0] = -v[1] - v[2];
  dv[1] = v[0] + 0.2 * v[1];
  dv[2] = 0.2 + v[2] * (v[0] - 5.7);
}

/* The first coordinate every `step`, after a transient. */
static void fill_flow(evl_flow *flow, double step) {
  enum { FINE = 10 };
  double v[3] = {1.0, 1.5, 20.0}, work[9];
  if (flow == roessler) v[2] = 0.1;
  for (int t = 0; t < 1000 + MOST; t++) {
    for (int i = 0; i < FINE; i++) evl_ode_rk4(flow, NULL, 3, step / FINE, v, work);
    if (t >= 1000) x[t - 1000] = v[0];
  }
}

static bool near(double v, double truth, double share, const char *what) {
  printf("# %s: %.4f, %.4f is true\n", what, v, truth);
  return fabs(v - truth) <= share * fabs(truth);
}

#define APART MAP "delay_s = 1.0; theiler_s = 10.0;"

static void test_logistic_exponent(void) {
  fill_logistic();
  CHECK(near(value("lyapunov_rosenstein", APART "dimension = 2; fit_s = (0.0, 6.0);", MOST, "exponent", 0), log(2.0),
             0.02, "logistic map, Rosenstein"));
  CHECK(near(value("lyapunov_kantz", APART "dimension = 1; radius = 0.002; least = 2; fit_s = (0.0, 5.0);", MOST,
                   "exponent", 0), log(2.0), 0.02, "logistic map, Kantz"));
}

static void test_henon_exponent(void) {
  fill_henon();
  CHECK(near(value("lyapunov_rosenstein", APART "dimension = 2; fit_s = (0.0, 8.0);", MOST, "exponent", 0), 0.41922,
             0.03, "Henon map, Rosenstein"));
  CHECK(near(value("lyapunov_kantz", APART "dimension = 2; radius = 0.01; least = 2; fit_s = (1.0, 7.0);", MOST,
                   "exponent", 0), 0.41922, 0.03, "Henon map, Kantz"));
}

/* The strong contraction is seen across a set that is thinner than the neighbourhoods, so it comes out too small. */
static void test_henon_spectrum(void) {
  fill_henon();
  bound b = bind_at("lyapunov_spectrum",
                    MAP "matrix_dimension = 2; dimension = 2; theiler_s = 10.0; neighbours = 7; exponents = (1, 2);",
                    MOST, 1.0);
  bound_run(&b, x, MOST);
  const double first = bound_value(&b, "exponent", 0, 0), second = bound_value(&b, "exponent", 1, 0);
  CHECK(near(first, 0.41922, 0.01, "Henon map, first of the spectrum"));
  CHECK(near(second, -1.62319, 0.06, "Henon map, second of the spectrum"));
  bound_free(&b);
}

static void test_flow_exponents(void) {
  fill_flow(lorenz, 0.03);
  CHECK(near(value_at("lyapunov_rosenstein", "rate_hz = 33.3333333; end_match = 0.0; surrogates = 0; dimension = 5;"
                      "delay_s = 0.09; theiler_s = 1.5; norm = \"euclidean\"; fit_s = (0.5, 2.0);", MOST, 1.0 / 0.03,
                      "exponent", 0), 0.9056, 0.03, "Lorenz, Rosenstein"));
  CHECK(near(value_at("lyapunov_kantz", "rate_hz = 33.3333333; end_match = 0.0; surrogates = 0; dimension = 5;"
                      "delay_s = 0.09; theiler_s = 1.5; radius = 0.1; fit_s = (0.5, 2.0);", MOST, 1.0 / 0.03,
                      "exponent", 0), 0.9056, 0.06, "Lorenz, Kantz"));
  /* In 30 s distances grow eightfold and begin to reach the size of the set. */
  fill_flow(roessler, 0.25);
  CHECK(near(value_at("lyapunov_rosenstein", "rate_hz = 4.0; end_match = 0.0; surrogates = 0; dimension = 3;"
                      "delay_s = 1.5; theiler_s = 10.0; norm = \"euclidean\"; fit_s = (6.0, 30.0);", MOST, 4.0,
                      "exponent", 0), 0.0714, 0.35, "Roessler, Rosenstein"));
  CHECK(near(value_at("lyapunov_kantz", "rate_hz = 4.0; end_match = 0.0; surrogates = 0; dimension = 3;"
                      "delay_s = 1.5; theiler_s = 10.0; radius = 0.05; fit_s = (6.0, 30.0);", MOST, 4.0,
                      "exponent", 0), 0.0714, 0.35, "Roessler, Kantz"));
}

/* ---- ranks among surrogates ---- */

/* Ranks of a measure over `windows` of signals from `fill`, one channel of n samples at 1 Hz. */
typedef void filler(evl_random *random, int n);

static void ar(evl_random *random, int n) {
  double a = 0.0, b = 0.0;
  for (int t = -200; t < n; t++) {
    const double next = 1.2 * a - 0.5 * b + evl_random_normal(random);
    b = a;
    a = next;
    if (t >= 0) x[t] = next;
  }
}

static void noisy_henon(evl_random *random, int n) {
  double a = 0.1 * evl_random_uniform(random), b = 0.1;
  for (int t = -100; t < n; t++) {
    const double next = 1.0 - 1.4 * a * a + b;
    b = 0.3 * a;
    a = next;
    if (t >= 0) x[t] = a + 0.02 * evl_random_normal(random);
  }
}

/* Mean of the ranks over signals, less their mean under the hypothesis, in its standard errors. */
static double rank_z(const char *entry, const char *config, const char *output, filler *fill, int n, int signals) {
  enum { SURROGATES = 19 };
  const double values = SURROGATES + 1.0, mean = 0.5 + 0.5 / values;
  const double sd = sqrt((values * values - 1.0) / 12.0) / values;
  bound b = bind_at(entry, config, n, 1.0);
  double sum = 0.0;
  for (int i = 0; i < signals; i++) {
    evl_random random;
    evl_random_begin(&random, 5, "rank", entry, (uint64_t)i);
    fill(&random, n);
    bound_run(&b, x, MOST);
    CHECK(bound_why(&b, output, 0, 0) == EVL_WHY_VALUE);
    sum += bound_value(&b, output, 0, 0);
  }
  bound_free(&b);
  const double z = (sum / signals - mean) / sd * sqrt(signals);
  printf("# %s.%s: mean rank %.3f, %.1f standard errors\n", entry, output, sum / signals, z);
  return z;
}

#define RANKED "rate_hz = 1.0; delay_s = 2.0; theiler_s = 10.0;"

/* Linear Gaussian noise: ranks are uniform, here to 3.5 standard errors of their mean (once in 2,000 each). */
static void test_ranks_of_noise(void) {
  enum { LENGTH = 500, SIGNALS = 60 };
  CHECK(fabs(rank_z("prediction_error", RANKED "dimension = 3; horizon_s = 1.0;", "error_rank", ar, LENGTH,
                    SIGNALS)) < 3.5);
  CHECK(fabs(rank_z("correlation_dimension", RANKED "dimension = 3;", "dimension_rank", ar, LENGTH, SIGNALS)) < 3.5);
  CHECK(fabs(rank_z("lyapunov_rosenstein", RANKED "dimension = 3; fit_s = (0.0, 6.0);", "exponent_rank", ar, LENGTH,
                    SIGNALS)) < 3.5);
  CHECK(fabs(rank_z("recurrence", RANKED "dimension = 3;", "det_rank", ar, LENGTH, SIGNALS)) < 3.5);
  CHECK(fabs(rank_z("irreversibility", "rate_hz = 1.0; delay_s = (1.0);", "asymmetry_rank", ar, LENGTH, SIGNALS)) < 3.5);
  CHECK(fabs(rank_z("zero_one_chaos", "rate_hz = 1.0; oversampling = \"none\";", "k_rank", ar, LENGTH, SIGNALS)) < 3.5);
}

/* Chaos is told from linear noise of the same spectrum and values: extreme in (nearly) every window. */
static void test_ranks_of_chaos(void) {
  enum { LENGTH = 400, SIGNALS = 12 };
  CHECK(rank_z("prediction_error", "rate_hz = 1.0; delay_s = 1.0; theiler_s = 10.0; dimension = 2; horizon_s = 1.0;",
               "error_rank", noisy_henon, LENGTH, SIGNALS) < -5.0);
  CHECK(fabs(rank_z("irreversibility", "rate_hz = 1.0; delay_s = (1.0);", "asymmetry_rank", noisy_henon, LENGTH,
                    SIGNALS)) > 5.0);
}

int main(void) {
  RUN(test_logistic_exponent);
  RUN(test_henon_exponent);
  RUN(test_henon_spectrum);
  RUN(test_flow_exponents);
  RUN(test_ranks_of_noise);
  RUN(test_ranks_of_chaos);
  CHECK_DONE();
}
