/* Epochs and their reductions, weighted permutation entropy, wSMI and the Kolmogorov complexity by cases with known
   answers. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "eveil/math.h"
#include "../../src/features/parts_priv.h"

enum { N = 15000 };
static const double FS_HZ = 250.0;
static double x[2 * N];

static bound bind(const char *entry, const char *config, int n_channels, int n_samples) {
  bound b;
  const evl_status status = bound_begin(&b, evl_feature_find(entry), config, n_channels, n_samples, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return b;
}

static void fill_noise(double *to, int n, uint64_t index) {
  evl_random random;
  evl_random_begin(&random, 12, "test", "nice", index);
  for (int t = 0; t < n; t++) to[t] = evl_random_normal(&random);
}

/* Against sorting, with ties, either sign, huge and tiny values. */
static void test_reductions(void) {
  static double v[301 * EVL_PART_LANES], sorted[301];
  for (int n = 1; n <= 301; n += n < 40 ? 1 : 29) {
    fill_noise(v, n * EVL_PART_LANES, (uint64_t)n);
    for (int i = 0; i < n; i++) {
      double *row = v + i * EVL_PART_LANES;
      row[1] = round(row[1]);
      row[2] = exp(40.0 * row[2]);
      row[3] = 7.0;
      row[4] = i % 3 ? row[4] : 1e200;
      row[5] = i % 2 ? 0.0 : -0.0;
    }
    double trimmed[EVL_PART_LANES], median[EVL_PART_LANES];
    evl_reduce_columns(EVL_REDUCE_TRIMMED, v, n, trimmed);
    evl_reduce_columns(EVL_REDUCE_MEDIAN, v, n, median);
    for (int k = 0; k < EVL_PART_LANES; k++) {
      for (int i = 0; i < n; i++) sorted[i] = v[i * EVL_PART_LANES + k];
      evl_sort(sorted, (size_t)n);
      const double expected = evl_trimmed_mean_sorted(sorted, (size_t)n, 0.1), tie = fmax(fabs(expected), 1.0);
      CHECK(fabs(trimmed[k] - expected) <= 1e-14 * tie);
      CHECK(fabs(median[k] - evl_quantile_sorted(sorted, (size_t)n, 0.5)) <= 1e-15 * fabs(median[k]));
    }
  }
  v[8 * 20 + 6] = NAN;
  double one[EVL_PART_LANES];
  evl_reduce_columns(EVL_REDUCE_TRIMMED, v, 50, one);
  CHECK(isnan(one[6]) && !isnan(one[0]));
}

/* Values of epochs by themselves, then the mean; a flat epoch does not count. */
static void test_epochs(void) {
  enum { EPOCH = 250, EPOCHS = 12 };
  fill_noise(x, EPOCHS * EPOCH, 1);
  for (int t = 0; t < EPOCH; t++) x[3 * EPOCH + t] = 5.0;
  double sum = 0.0;
  bound part = bind("permutation_entropy", "tau = (2);", 1, EPOCH);
  for (int e = 0; e < EPOCHS; e++) {
    if (e == 3) continue;
    bound_run(&part, x + e * EPOCH, EPOCH);
    sum += bound_value(&part, "entropy", 0, 0);
  }
  bound whole = bind("permutation_entropy", "tau = (2); epoch_s = 1.0; reduce = \"mean\";", 1, EPOCHS * EPOCH + 99);
  bound_run(&whole, x, N);
  CHECK_NEAR(bound_value(&whole, "entropy", 0, 0), sum / (EPOCHS - 1), 1e-14);
  CHECK_NEAR(bound_value(&whole, "mean_entropy", 0, 0), sum / (EPOCHS - 1), 1e-14);
  bound refused;
  CHECK(bound_begin(&refused, evl_feature_find("wsmi"), "convention = \"nice\";", 2, 200, FS_HZ) == EVL_USAGE);
  bound_free(&part);
  bound_free(&whole);
  bound_free(&refused);
}

/* 0 1 2 0 1 2 ...: patterns 012, 120, 201 of equal variance; with 0 1 20 they weigh as their samples do. */
static void test_weighted_entropy(void) {
  for (int order = 3; order <= 4; order++) {
    char config[40];
    snprintf(config, sizeof config, "order = %d; tau = (1);", order);
    for (int t = 0; t < N; t++) x[t] = t % 3;
    bound b = bind("permutation_entropy", config, 1, 300 + order - 1);
    bound_run(&b, x, N);
    if (order == 3) CHECK_NEAR(bound_value(&b, "weighted", 0, 0), log(3.0) / log(6.0), 1e-14);
    CHECK(bound_value(&b, "weighted", 0, 0) > 0.0);
    bound_free(&b);
  }
  /* Rising by 1, but 10 times as fast in one of two halves, then falling back: weights 1 and 100. */
  for (int t = 0; t < 52; t++) x[t] = t;
  for (int t = 52; t < 104; t++) x[t] = x[t - 1] - 10.0;
  bound b = bind("permutation_entropy", "tau = (1);", 1, 104);
  bound_run(&b, x, N);
  /* 50 rises of weight 1 + 1 + 4, one turn (x, x + 1, x - 9) of 1 + 81 + 100, 51 falls of 600 */
  const double w[3] = {50 * 6.0, 1.0 + 81.0 + 100.0, 51 * 600.0}, total = w[0] + w[1] + w[2];
  double expected = 0.0;
  for (int i = 0; i < 3; i++) expected -= w[i] / total * log(w[i] / total) / log(6.0);
  CHECK_NEAR(bound_value(&b, "weighted", 0, 0), expected, 1e-14);
  bound_free(&b);
}

/* A channel and itself: SMI is the entropy of its symbols, wSMI nothing; likewise with its negative. */
static void test_wsmi_of_copies(void) {
  for (int order = 3; order <= 4; order++)
    for (int sign = -1; sign <= 1; sign += 2) {
      char config[80];
      snprintf(config, sizeof config, "order = %d; tau = (1, 3); lowpass = \"none\";", order);
      fill_noise(x, N, 7);
      for (int t = 0; t < N; t++) x[N + t] = sign * x[t];
      bound b = bind("wsmi", config, 2, N), entropy = bind("permutation_entropy", "tau = (1, 3);", 1, N);
      if (order == 4) {
        bound_free(&entropy);
        entropy = bind("permutation_entropy", "order = 4; tau = (1, 3);", 1, N);
      }
      bound_run(&b, x, N);
      bound_run(&entropy, x, N);
      for (int d = 0; d < 2; d++) {
        CHECK_NEAR(bound_value(&b, "mutual", d, 0), bound_value(&entropy, "entropy", d, 0), 1e-13);
        CHECK_NEAR(bound_value(&b, "weighted", d, 0), 0.0, 1e-13);
      }
      bound_free(&b);
      bound_free(&entropy);
    }
}

/* Independent noise: the bias (m! - 1)^2 / (2 n ln m!), times what overlapping patterns add, and no more. */
static void test_wsmi_of_strangers(void) {
  fill_noise(x, N, 8);
  fill_noise(x + N, N, 9);
  bound b = bind("wsmi", "tau = (1); lowpass = \"none\";", 2, N);
  bound_run(&b, x, N);
  CHECK(bound_value(&b, "mutual", 0, 0) > 0.0 && bound_value(&b, "mutual", 0, 0) < 5.0 * 25.0 / (2.0 * N * log(6.0)));
  bound_free(&b);
}

/* Noise in 32 letters needs nearly their entropy, a slow ramp next to nothing. */
static void test_kolmogorov(void) {
  fill_noise(x, N, 10);
  bound b = bind("kolmogorov", "", 1, N);
  bound_run(&b, x, N);
  const double noise = bound_value(&b, "complexity", 0, 0);
  CHECK(noise > 0.6 && noise < 0.75); /* 5 bits of 8, the outer letters oftener */
  for (int t = 0; t < N; t++) x[t] = t;
  bound_run(&b, x, N);
  CHECK(bound_value(&b, "complexity", 0, 0) < 0.02);
  for (int t = 0; t < N; t++) x[t] = t == 5;
  bound_run(&b, x, N);
  CHECK(bound_why(&b, "complexity", 0, 0) == EVL_WHY_UNDEFINED);
  bound_free(&b);
}

/* Densities refined from short transforms are those of long ones, which the median of one segment computes. */
static void test_refined_spectra(void) {
  fill_noise(x, N, 11);
  for (int t = 1; t < N; t++) x[t] += 0.98 * x[t - 1];
  static const char *const common = "taper = \"hamming\"; segment_s = 0.512; overlap = 0.0; nfft = 4096; epoch_s = 1.0; "
                                    "reduce = \"mean\"; average = ";
  char config[200];
  double value[2][5];
  for (int i = 0; i < 2; i++) {
    snprintf(config, sizeof config, "%s\"%s\";", common, i ? "median" : "mean");
    bound b = bind("band_power", config, 1, 2500);
    bound_run(&b, x, N);
    for (int k = 0; k < 5; k++) value[i][k] = bound_value(&b, "absolute", k, 0);
    bound_free(&b);
  }
  for (int k = 0; k < 5; k++) CHECK_NEAR(value[0][k] / value[1][k], 1.0, 1e-12);
}

int main(void) {
  RUN(test_reductions);
  RUN(test_epochs);
  RUN(test_weighted_entropy);
  RUN(test_wsmi_of_copies);
  RUN(test_wsmi_of_strangers);
  RUN(test_kolmogorov);
  RUN(test_refined_spectra);
  CHECK_DONE();
}
