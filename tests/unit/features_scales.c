/* Multiscale, fuzzy and SVD entropy by closed forms and by comparing every pair. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "eveil/math.h"

enum { MOST = 30000 };
static const double FS_HZ = 250.0;
static double x[MOST];

static double item_of(const char *entry, const char *config, int n, const char *output, int item) {
  bound b;
  const evl_status status = bound_begin(&b, evl_feature_find(entry), config, 1, n, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  bound_run(&b, x, MOST);
  const double v = bound_value(&b, output, item, 0);
  bound_free(&b);
  return v;
}

static double value(const char *entry, const char *config, int n) {
  return item_of(entry, config, n, "entropy", 0);
}

static void noise(int n, uint64_t index) {
  evl_random random;
  evl_random_begin(&random, 51, "test", "scales", index);
  for (int t = 0; t < n; t++) x[t] = evl_random_normal(&random);
}

/* ---- multiscale ---- */

/* White noise (Costa et al. 2005): averages of s samples differ by a normal variable of variance 2 / s. */
static void test_multiscale_noise(void) {
  static const char *const config[2] = {"scale = (1, 2, 4);", "scale = (1, 2, 4); method = \"coarse\";"};
  noise(MOST, 0);
  for (int method = 0; method < 2; method++)
    for (int i = 0; i < 3; i++) {
      const double s = 1 << i, p = 2.0 * evl_normal_cdf(0.2 * sqrt(s / 2.0)) - 1.0, n = MOST / s;
      const double pairs = 0.5 * n * n * p * p * p;
      CHECK_NEAR(item_of("multiscale_entropy", config[method], MOST, "entropy", i), -log(p),
                 8.0 / -log(p) / sqrt(pairs));
    }
}

/* The entropies of averaged signals, by averaging here. */
static void test_multiscale_by_sample_entropy(void) {
  static double whole[MOST];
  const int n = 4001, scale = 3;
  double sum = 0.0, coarse = 0.0;
  char config[100];
  noise(n, 1);
  for (int t = 1; t < n; t++) x[t] += 0.8 * x[t - 1];
  memcpy(whole, x, sizeof whole);
  snprintf(config, sizeof config, "tolerance_uv = %.17g;", 0.2 * sqrt(evl_variance(x, (size_t)n, 0)));
  const double own = value("sample_entropy", config, n);
  for (int offset = scale - 1; offset >= 0; offset--) {
    const int m = (n - offset) / scale;
    for (int j = 0; j < m; j++)
      x[j] = (whole[offset + 3 * j] + whole[offset + 3 * j + 1] + whole[offset + 3 * j + 2]) / 3.0;
    coarse = value("sample_entropy", config, m);
    sum += coarse;
  }
  const double rescaled = value("sample_entropy", "", n / scale);
  memcpy(x, whole, sizeof whole);
  CHECK(value("multiscale_entropy", "scale = (1);", n) == own);
  CHECK_NEAR(value("multiscale_entropy", "scale = (3); method = \"coarse\";", n), coarse, 1e-14);
  CHECK_NEAR(value("multiscale_entropy", "scale = (3); method = \"composite\";", n), sum / 3.0, 1e-14);
  CHECK_NEAR(value("multiscale_entropy", "scale = (3);", n), sum / 3.0, 0.05);
  CHECK_NEAR(value("multiscale_entropy", "scale = (3); method = \"coarse\"; rescale = true;", n), rescaled, 1e-14);
  CHECK_NEAR(item_of("multiscale_entropy", "scale = (1, 3); method = \"coarse\";", n, "complexity", 0), own + coarse,
             1e-14);
  bound b;
  CHECK(bound_begin(&b, evl_feature_find("multiscale_entropy"), "scale = (1.5);", 1, 1000, FS_HZ) == EVL_USAGE);
  bound_free(&b);
}

static void test_multiscale_undefined(void) {
  noise(100, 2);
  CHECK(isnan(item_of("multiscale_entropy", "scale = (2, 90);", 100, "entropy", 1)));
  CHECK(isnan(item_of("multiscale_entropy", "scale = (2, 90);", 100, "complexity", 0)));
  CHECK(isnan(item_of("multiscale_entropy", "scale = (1, 200);", 100, "entropy", 1)));
}

/* ---- fuzzy ---- */

/* Every pair by itself. width: of a match; stretch in samples. */
static double fuzzy_by_hand(int n, int stretch, int order, int delay, double width, int exponent, bool local) {
  double sum[2] = {0.0, 0.0};
  for (int from = 0; from + stretch <= n; from += stretch)
    for (int i = from; i + order * delay < from + stretch; i++)
      for (int j = i + 1; j + order * delay < from + stretch; j++)
        for (int longer = 0; longer < 2; longer++) {
          double mean_i = 0.0, mean_j = 0.0, d = 0.0;
          const int length = order + longer;
          for (int k = 0; k < length && local; k++) {
            mean_i += x[i + k * delay] / length;
            mean_j += x[j + k * delay] / length;
          }
          for (int k = 0; k < length; k++) d = fmax(d, fabs(x[i + k * delay] - mean_i - x[j + k * delay] + mean_j));
          sum[longer] += exp(-pow(d / width, exponent));
        }
  return log(sum[0] / sum[1]);
}

static void test_fuzzy_every_pair(void) {
  const int n = 1300;
  noise(n, 3);
  for (int t = 2; t < n; t++) x[t] += 1.2 * x[t - 1] - 0.5 * x[t - 2];
  const double sd = sqrt(evl_variance(x, (size_t)n, 0));
  CHECK_NEAR(value("fuzzy_entropy", "stretch_s = 0.0;", n), fuzzy_by_hand(n, n, 2, 1, 0.2 * sd, 2, true), 1e-12);
  CHECK_NEAR(value("fuzzy_entropy", "", n), fuzzy_by_hand(n, n / 6, 2, 1, 0.2 * sd, 2, true), 1e-12);
  static const char *const other = "exponent = 1; r = 0.3; centre = \"global\"; order = 3; delay = 4; stretch_s = 2.0;";
  CHECK_NEAR(value("fuzzy_entropy", other, n),
             fuzzy_by_hand(n, n / 3, 3, 4, 0.3 * sd, 1, false), 1e-12);
  CHECK_NEAR(value("fuzzy_entropy", "convention = \"entropyhub\"; order = 1; r = 0.49; stretch_s = 2.0;", n),
             fuzzy_by_hand(n, n / 3, 1, 1, 0.7, 2, true), 1e-12);
}

/* One sample about its own mean is zero: every pair matches fully, whatever the signal. */
static void test_fuzzy_bounds(void) {
  noise(1000, 4);
  const double rough = value("fuzzy_entropy", "", 1000);
  for (int t = 0; t < MOST; t++) x[t] = sin(2.0 * M_PI * t / 50.0);
  CHECK(value("fuzzy_entropy", "", 1000) < 0.2 * rough);
  for (int t = 0; t < MOST; t++) x[t] = t;
  const double ramp = value("fuzzy_entropy", "", 1000); /* all templates have one shape */
  CHECK(ramp == 0.0 && !signbit(ramp));
  CHECK(isnan(value("fuzzy_entropy", "", 3)));
}

/* ---- svd ---- */

/* Order 2: shares p and q from the two eigenvalues of a matrix of sums. */
static void test_fisher_by_hand(void) {
  static const double signal[6] = {1.0, 2.0, -1.0, 0.5, 3.0, -2.0};
  double a = 0.0, b = 0.0, c = 0.0;
  memcpy(x, signal, sizeof signal);
  for (int t = 0; t < 5; t++) {
    a += x[t] * x[t];
    b += x[t + 1] * x[t + 1];
    c += x[t] * x[t + 1];
  }
  const double middle = 0.5 * (a + b), spread = sqrt(0.25 * (a - b) * (a - b) + c * c);
  const double s1 = sqrt(middle + spread), s2 = sqrt(middle - spread), p = s1 / (s1 + s2), q = s2 / (s1 + s2);
  static const char *const config = "order = 2; delay = 1; centre = false;";
  CHECK_NEAR(value("svd_entropy", config, 6), -(p * log(p) + q * log(q)) / log(2.0), 1e-14);
  CHECK_NEAR(item_of("svd_entropy", config, 6, "fisher", 0), (p - q) * (p - q) / p, 1e-14);
}

/* Period 4 and a little of period 2: the squares of the singular values over n are a^2, and the two with sum
   a^2 / 2 + 3 e^2 and product a^2 e^2. With e = 1e-6 a the third is lost in a covariance. */
static void test_small_singular_value(void) {
  static const double wave[4] = {0.0, 1.0, 0.0, -1.0};
  const double a = 20.0, e = 2e-5;
  const int n = 4002;
  for (int t = 0; t < n; t++) x[t] = a * wave[t % 4] + (t % 2 ? -e : e);
  const double sum = 0.5 * a * a + 3.0 * e * e, product = a * a * e * e;
  const double large = 0.5 * (sum + sqrt(sum * sum - 4.0 * product));
  const double s[3] = {a, sqrt(large), sqrt(product / large)}, all = s[0] + s[1] + s[2];
  double entropy = 0.0;
  for (int i = 0; i < 3; i++) entropy -= s[i] / all * log(s[i] / all);
  const double fisher = pow(s[1] - s[0], 2.0) / s[0] / all + pow(s[2] - s[1], 2.0) / s[1] / all;
  static const char *const config = "order = 3; delay = 1; centre = false;";
  CHECK_NEAR(value("svd_entropy", config, n), entropy / log(3.0), 1e-12);
  CHECK_NEAR(item_of("svd_entropy", config, n, "fisher", 0), fisher, 1e-12);
}

static void test_svd_entropy_bounds(void) {
  noise(MOST, 5);
  CHECK_NEAR(value("svd_entropy", "", MOST), 1.0, 1e-3);
  for (int t = 0; t < MOST; t++) x[t] = sin(2.0 * M_PI * t / 40.0) + 5e3; /* a quarter period apart, about its mean */
  CHECK_NEAR(value("svd_entropy", "order = 2; delay = 10;", 4010), 1.0, 1e-5);
  CHECK_NEAR(item_of("svd_entropy", "order = 2; delay = 10;", 4010, "fisher", 0), 0.0, 1e-5);
  CHECK(value("svd_entropy", "order = 2; delay = 10; centre = false;", 4010) < 0.01);
  CHECK(isnan(value("svd_entropy", "", 27)));
  CHECK(!isnan(value("svd_entropy", "", 28)));
}

int main(void) {
  RUN(test_multiscale_noise);
  RUN(test_multiscale_by_sample_entropy);
  RUN(test_multiscale_undefined);
  RUN(test_fuzzy_every_pair);
  RUN(test_fuzzy_bounds);
  RUN(test_fisher_by_hand);
  RUN(test_small_singular_value);
  RUN(test_svd_entropy_bounds);
  CHECK_DONE();
}
