/* Entropies of symbols, angles and distances by closed forms. Statistical bounds are four standard errors or more. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "eveil/math.h"

enum { MOST = 40000 };
static const double FS_HZ = 250.0;
static double x[MOST];

static double value_of(const char *entry, const char *config, int n, const char *output) {
  bound b;
  const evl_status status = bound_begin(&b, evl_feature_find(entry), config, 1, n, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  bound_run(&b, x, MOST);
  const double v = bound_value(&b, output, 0, 0);
  bound_free(&b);
  return v;
}

static double value(const char *entry, const char *config, int n) { return value_of(entry, config, n, "entropy"); }

static bool is_zero(double v) { return v == 0.0 && !signbit(v); }

static void refused(const char *entry, const char *config, const char *says) {
  bound b;
  CHECK(bound_begin(&b, evl_feature_find(entry), config, 1, 1000, FS_HZ) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), says) != NULL);
  bound_free(&b);
}

static void normal(int n, uint64_t index) {
  evl_random random;
  evl_random_begin(&random, 41, "test", "words", index);
  for (int t = 0; t < n; t++) x[t] = evl_random_normal(&random);
}

/* ---- dispersion ---- */

/* Two classes in turn: words 01 and 10 of four kinds. */
static void test_dispersion_in_turn(void) {
  for (int t = 0; t < MOST; t++) x[t] = t % 2 ? 3.0 : -3.0;
  CHECK_NEAR(value("dispersion_entropy", "classes = 2;", 1001), 0.5, 1e-12);
  CHECK_NEAR(value_of("dispersion_entropy", "classes = 2;", 1001, "reverse"), 1.0 / 3.0, 1e-12);
  CHECK_NEAR(value("dispersion_entropy", "classes = 2; transform = \"linear\";", 1001), 0.5, 1e-12);
  CHECK_NEAR(value("dispersion_entropy", "classes = 2; fluctuation = true;", 1001), log(2.0) / log(3.0), 1e-12);
  CHECK(is_zero(value("dispersion_entropy", "classes = 2; delay = 2; fluctuation = true;", 1001)));
}

/* Normal values fill the classes of ncdf equally: all words are as frequent but for chance. */
static void test_dispersion_noise(void) {
  normal(MOST, 0);
  CHECK_NEAR(value("dispersion_entropy", "", MOST), 1.0, 36.0 / MOST);
  CHECK(value_of("dispersion_entropy", "", MOST, "reverse") < 4.0 * 36.0 / MOST);
  CHECK(isnan(value("dispersion_entropy", "", 36)));
  CHECK(!isnan(value("dispersion_entropy", "", 37)));
  refused("dispersion_entropy", "order = 10; classes = 10;", "2^20");
  refused("dispersion_entropy", "order = 1; fluctuation = true;", "order");
}

/* ---- bubble ---- */

/* Swaps of random orders: numbers of Mahon, (1 1) / 2 and (1 2 2 1) / 6 and (1 3 5 6 5 3 1) / 24. */
static void test_bubble_noise(void) {
  normal(MOST, 1);
  CHECK_NEAR(value("bubble_entropy", "order = 2;", MOST), log(3.6 / 2.0) / log(3.0), 0.01);
  CHECK_NEAR(value("bubble_entropy", "order = 3;", MOST), log(576.0 / 106.0 / 3.6) / log(2.0), 0.02);
  CHECK_NEAR(value("bubble_entropy", "order = 3; delay = 5;", MOST), log(576.0 / 106.0 / 3.6) / log(2.0), 0.02);
}

static void test_bubble_zero(void) {
  for (int t = 0; t < MOST; t++) x[t] = exp(1e-4 * t);
  CHECK(is_zero(value("bubble_entropy", "", 2000)));
  for (int t = 0; t < MOST; t++) x[t] = -exp(1e-4 * t);
  CHECK(is_zero(value("bubble_entropy", "", 2000)));
  CHECK(isnan(value("bubble_entropy", "order = 30;", 400)));
}

/* ---- phase ---- */

/* 0 1 0 -1: differences 1 -1 -1 1 make the angles 315, 225, 135 and 45 degrees as often: weights 7 5 3 1 over 16. */
static void test_phase_angles(void) {
  static const double level[4] = {0.0, 1.0, 0.0, -1.0};
  double h = 0.0;
  for (int t = 0; t < MOST; t++) x[t] = level[t % 4];
  for (int w = 1; w < 8; w += 2) h -= w / 16.0 * log(w / 16.0);
  CHECK_NEAR(value("phase_entropy", "sectors = 4;", 1002), h / log(4.0), 1e-12);
  CHECK_NEAR(value("phase_entropy", "sectors = 8;", 1002), h / log(8.0), 1e-12);
  for (int t = 0; t < MOST; t++) x[t] = level[t / 3 % 4];
  CHECK_NEAR(value("phase_entropy", "sectors = 4; delay = 3;", 3006), h / log(4.0), 1e-12);
  for (int t = 0; t < MOST; t++) x[t] = t;
  CHECK(is_zero(value("phase_entropy", "", 1000)));
}

/* ---- slope ---- */

static void test_slope_in_turn(void) {
  for (int t = 0; t < MOST; t++) x[t] = t % 2 ? 1.0 : -1.0;
  CHECK_NEAR(value("slope_entropy", "order = 2;", 1001), log(2.0) / log(5.0), 1e-12);
  CHECK_NEAR(value("slope_entropy", "order = 3; levels_deg = (10);", 1002), log(2.0) / log(9.0), 1e-12);
  for (int t = 0; t < MOST; t++) x[t] = 0.2 * t;
  CHECK(is_zero(value("slope_entropy", "order = 3;", 1000)));
}

/* In microvolt: rises of 0.05, 0.5, 5, -0.05, -0.5, -5 are five letters, the two gentle ones one. */
static void test_slope_letters(void) {
  static const double rise[6] = {0.05, 0.5, 5.0, -0.05, -0.5, -5.0};
  x[0] = 0.0;
  for (int t = 1; t < MOST; t++) x[t] = x[t - 1] + rise[t % 6];
  const double h = 4.0 / 6.0 * log(6.0) + 2.0 / 6.0 * log(3.0);
  CHECK_NEAR(value("slope_entropy", "order = 2; amplitude = \"uv\"; levels_deg = (5, 45);", 601), h / log(5.0), 1e-12);
  refused("slope_entropy", "levels_deg = (45, 5);", "ascending");
  refused("slope_entropy", "order = 10;", "2^20");
}

/* ---- attention ---- */

static void test_attention_periodic(void) {
  for (int t = 0; t < MOST; t++) x[t] = sin(2.0 * M_PI * (t + 0.3) / 25.0);
  CHECK(is_zero(value("attention_entropy", "", 5000)));
  for (int t = 0; t < MOST; t++) x[t] = t % 40 < 10 ? 0.0 : t % 40 < 15 ? 5.0 : t % 40 < 33 ? 1.0 : 2.0; /* flat tops */
  CHECK(is_zero(value_of("attention_entropy", "", 5000, "max_min")) == false);
  CHECK_NEAR(value_of("attention_entropy", "", 40 * 101, "max_max"), 1.0, 1e-3); /* 14 then 26 samples */
  for (int t = 0; t < MOST; t++) x[t] = t;
  CHECK(isnan(value("attention_entropy", "", 5000)));
}

/* Ramps of 3 or 7 samples by chance: one bit for each, and 3 + 3, 3 + 7, 7 + 7 for two: one and a half. */
static void test_attention_ramps(void) {
  evl_random random;
  evl_random_begin(&random, 42, "test", "ramps", 0);
  for (int t = 0, left = 0, up = 1; t < MOST; t++, left--) {
    if (left == 0) {
      left = evl_random_below(&random, 2) ? 3 : 7;
      up = !up;
    }
    x[t] = (t ? x[t - 1] : 0.0) + (up ? 1.0 : -1.0);
  }
  CHECK_NEAR(value_of("attention_entropy", "", MOST, "max_min"), 1.0, 2e-3);
  CHECK_NEAR(value_of("attention_entropy", "", MOST, "min_min"), 1.5, 0.03);
  CHECK_NEAR(value("attention_entropy", "", MOST), 1.25, 0.02);
}

/* ---- cosine similarity ---- */

static double two_outcomes(double p) { return -p * log2(p) - (1.0 - p) * log2(1.0 - p); }

/* Directions of noise are uniform: on the circle p = r, on the sphere p = (1 - cos pi r) / 2. */
static void test_cosine_noise(void) {
  normal(5000, 2);
  CHECK_NEAR(value_of("cosine_similarity_entropy", "", 5000, "similar"), 0.1, 0.004);
  CHECK_NEAR(value("cosine_similarity_entropy", "", 5000), two_outcomes(0.1), 0.02);
  CHECK_NEAR(value_of("cosine_similarity_entropy", "order = 3; r = 0.2;", 5000, "similar"),
             (1.0 - cos(0.2 * M_PI)) / 2.0, 0.005);
}

/* Counting by sorted angles and by products is the same. */
static void test_cosine_against_products(void) {
  const int n = 800;
  normal(n, 3);
  for (int t = 0; t < n; t++) x[t] = t % 5 ? round(2.0 * x[t]) : 0.0; /* directions that tie, templates of zeros */
  long similar = 0;
  for (int i = 0; i + 1 < n; i++)
    for (int j = i + 1; j + 1 < n; j++) {
      const double product = x[i] * x[j] + x[i + 1] * x[j + 1];
      similar += product > 0.0 && product >= cos(0.123 * M_PI) * hypot(x[i], x[i + 1]) * hypot(x[j], x[j + 1]);
    }
  CHECK_NEAR(value_of("cosine_similarity_entropy", "r = 0.123; centre = \"none\";", n, "similar"),
             (double)similar / (0.5 * (n - 1) * (n - 2)), 1e-14);
}

static void test_cosine_in_turn(void) {
  for (int t = 0; t < MOST; t++) x[t] = t % 2 ? 1.0 : -1.0; /* two directions, opposite */
  const double m = 500.0, p = 2.0 * (0.5 * m * (m - 1.0)) / (0.5 * 2.0 * m * (2.0 * m - 1.0));
  CHECK_NEAR(value("cosine_similarity_entropy", "", 1001), two_outcomes(p), 1e-12);
  for (int t = 0; t < MOST; t++) x[t] = 1.0 + 1e-3 * (t % 3); /* all in one direction */
  CHECK(is_zero(value("cosine_similarity_entropy", "centre = \"none\";", 1001)));
}

/* ---- distribution ---- */

/* Distances of uniform values have density 2 (1 - d). */
static void test_distribution_uniform(void) {
  enum { BINS = 16 };
  const int n = 3000;
  evl_random random;
  evl_random_begin(&random, 43, "test", "uniform", 0);
  for (int t = 0; t < n; t++) x[t] = evl_random_uniform(&random);
  double h = 0.0;
  for (int b = 0; b < BINS; b++) {
    const double p = 2.0 / BINS * (1.0 - (b + 0.5) / BINS);
    h -= p * log(p);
  }
  CHECK_NEAR(value("distribution_entropy", "order = 1; bins = 16; stretch_s = 0.0;", n), h / log(BINS), 0.005);
  CHECK_NEAR(value("distribution_entropy", "order = 1; bins = 16;", n), h / log(BINS), 0.02);
}

/* A ramp: n - d distances of size d; bins of ten sizes. */
static void test_distribution_ramp(void) {
  for (int t = 0; t < MOST; t++) x[t] = t;
  double h = 0.0, all = 101.0 * 100.0 / 2.0;
  for (int b = 0; b < 10; b++) {
    double count = 0.0;
    for (int d = 1; d <= 100; d++) count += (d - 1 == 99 ? 9 : (int)((d - 1) / 9.9)) == b ? 101 - d : 0;
    if (count > 0.0) h -= count / all * log(count / all);
  }
  CHECK_NEAR(value("distribution_entropy", "bins = 10; stretch_s = 0.0;", 102), h / log(10.0), 1e-12);
  for (int t = 0; t < MOST; t++) x[t] = t % 2;
  CHECK(isnan(value("distribution_entropy", "bins = 10;", 3)));
  refused("distribution_entropy", "bins = 1;", "bins");
}

int main(void) {
  RUN(test_dispersion_in_turn);
  RUN(test_dispersion_noise);
  RUN(test_bubble_noise);
  RUN(test_bubble_zero);
  RUN(test_phase_angles);
  RUN(test_slope_in_turn);
  RUN(test_slope_letters);
  RUN(test_attention_periodic);
  RUN(test_attention_ramps);
  RUN(test_cosine_noise);
  RUN(test_cosine_against_products);
  RUN(test_cosine_in_turn);
  RUN(test_distribution_uniform);
  RUN(test_distribution_ramp);
  CHECK_DONE();
}
