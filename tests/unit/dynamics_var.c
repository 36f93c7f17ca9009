/* The vector autoregression: planted models, a brute-force fit, hostile windows. */
#include "eveil/dynamics.h"
#include "bound_entry.h"
#include "eveil/math.h"

static const double FS_HZ = 250.0;

static bound bind(const char *config, int n_channels, int n_samples) {
  bound b;
  const evl_status status = bound_begin(&b, evl_model_find("var"), config, n_channels, n_samples, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return b;
}

/* x_c(t) = sum_k sum_d a[k][c][d] x_d(t - k - 1) + noise; returns [c][n], to be freed. */
static double *simulate(int c, int order, const double *a, int n, uint64_t index) {
  evl_random random;
  evl_random_begin(&random, 2, "test", "var", index);
  double *x = calloc((size_t)c * (size_t)n, sizeof *x);
  for (int t = 0; t < n; t++)
    for (int i = 0; i < c; i++) {
      double v = evl_random_normal(&random);
      for (int k = 0; k < order && k < t; k++)
        for (int j = 0; j < c; j++) v += a[(k * c + i) * c + j] * x[j * n + t - k - 1];
      x[i * n + t] = v;
    }
  return x;
}

static const double planted[2][3][3] = {{{0.9, 0.3, 0.0}, {0.0, 0.7, 0.2}, {-0.2, 0.0, 0.8}},
                                        {{-0.5, 0.0, 0.1}, {0.0, -0.4, 0.0}, {0.1, 0.0, -0.3}}};

/* Standard errors of the coefficients are about 1 / sqrt(n) = 0.004 here. */
static void test_planted_is_recovered(void) {
  enum { N = 80000 };
  double *x = simulate(3, 2, &planted[0][0][0], N, 0);
  bound b = bind("ridge = 1e-9;", 3, N);
  bound_run(&b, x, N);
  CHECK(bound_value(&b, "order", 0, 0) == 2.0); /* by BIC from 8 */
  CHECK(bound_value(&b, "channels", 0, 0) == 3.0);
  for (int k = 0; k < 8; k++)
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++) {
        const double found = b.tensor_data[0][(k * 3 + i) * 3 + j];
        if (k < 2) CHECK(fabs(found - planted[k][i][j]) < 0.02);
        if (k >= 2) CHECK(found == 0.0);
      }
  CHECK(bound_value(&b, "error_ratio", 0, 0) < 1.0);
  CHECK(fabs(bound_value(&b, "error_held_out", 0, 0) / bound_value(&b, "error_train", 0, 0) - 1.0) < 0.05);
  bound_free(&b);
  free(x);
}

/* One damped oscillator: x(t) = 2 r cos(w) x(t-1) - r^2 x(t-2) + noise. */
static void test_frequency_and_damping(void) {
  enum { N = 60000 };
  static const double hz[] = {2.0, 10.0, 30.0}, damping[] = {4.0, 8.0, 20.0};
  for (int i = 0; i < 3; i++) {
    const double r = exp(-damping[i] / FS_HZ), w = 2.0 * M_PI * hz[i] / FS_HZ, a[2] = {2.0 * r * cos(w), -r * r};
    double *x = simulate(1, 2, a, N, 10 + (uint64_t)i);
    bound b = bind("order = 2; ridge = 1e-9; mode = (1, 2);", 1, N);
    bound_run(&b, x, N);
    CHECK(fabs(bound_value(&b, "frequency", 0, 0) - hz[i]) < 0.5);
    CHECK(fabs(bound_value(&b, "damping", 0, 0) / damping[i] - 1.0) < 0.25);
    CHECK_NEAR(bound_value(&b, "lambda_max", 0, 0), exp(-bound_value(&b, "damping", 0, 0) / FS_HZ), 1e-12);
    CHECK(bound_why(&b, "frequency", 1, 0) == EVL_WHY_UNDEFINED); /* there is one pair */
    bound_free(&b);
    free(x);
  }
}

/* Without noise the modes are exact: two sines of whole periods in the training part, so that its mean is 0. */
static void test_noise_free(void) {
  enum { N = 1000 };
  double x[N];
  for (int t = 0; t < N; t++)
    x[t] = 50.0 * cos(2.0 * M_PI * 10.0 * t / FS_HZ) + 30.0 * cos(2.0 * M_PI * 40.0 * t / FS_HZ + 1.0);
  bound b = bind("order = 4; ridge = 0.0; mode = (1, 2); gap_s = 0.2;", 1, N);
  bound_run(&b, x, N);
  const double f = bound_value(&b, "frequency", 0, 0), g = bound_value(&b, "frequency", 1, 0);
  CHECK_NEAR(fmin(f, g), 10.0, 1e-8);
  CHECK_NEAR(fmax(f, g), 40.0, 1e-8);
  CHECK(fabs(bound_value(&b, "damping", 0, 0)) < 1e-6 && fabs(bound_value(&b, "damping", 1, 0)) < 1e-6);
  CHECK(bound_value(&b, "error_held_out", 0, 0) < 1e-16);
  bound_free(&b);
}

/* Least squares written out: regressors in full, Gaussian elimination. */
static void brute_force(const double *x, int c, int n, int lags, double ridge, double *beta, double *train,
                        double *test, double *persistence) {
  enum { MOST = 40 };
  const int n_train = (int)(0.8 * n), rows = c * lags, gap = (int)FS_HZ;
  double *z = malloc((size_t)c * (size_t)n * sizeof *z), a[MOST][MOST * 2] = {{0}};
  for (int i = 0; i < c; i++) {
    double mean = 0.0, var = 0.0;
    for (int t = 0; t < n_train; t++) mean += x[i * n + t] / n_train;
    for (int t = 0; t < n_train; t++) var += (x[i * n + t] - mean) * (x[i * n + t] - mean) / n_train;
    for (int t = 0; t < n; t++) z[i * n + t] = (x[i * n + t] - mean) / sqrt(var);
  }
  for (int t = lags; t < n_train; t++)
    for (int p = 0; p < rows; p++) {
      const double zp = z[p % c * n + t - 1 - p / c];
      for (int q = 0; q < rows; q++) a[p][q] += zp * z[q % c * n + t - 1 - q / c];
      for (int i = 0; i < c; i++) a[p][rows + i] += zp * z[i * n + t];
    }
  for (int p = 0; p < rows; p++) a[p][p] += ridge * (n_train - lags);
  for (int p = 0; p < rows; p++)
    for (int q = 0; q < rows; q++) {
      if (q == p) continue;
      const double factor = a[q][p] / a[p][p];
      for (int k = p; k < rows + c; k++) a[q][k] -= factor * a[p][k];
    }
  for (int p = 0; p < rows; p++)
    for (int i = 0; i < c; i++) beta[i * rows + p] = a[p][rows + i] / a[p][p];
  *train = *test = *persistence = 0.0;
  const int first = n_train + gap + lags;
  for (int i = 0; i < c; i++)
    for (int t = lags; t < n; t++) {
      double e = z[i * n + t];
      for (int p = 0; p < rows; p++) e -= beta[i * rows + p] * z[p % c * n + t - 1 - p / c];
      const double d = z[i * n + t] - z[i * n + t - 1];
      if (t < n_train) *train += e * e / ((double)c * (n_train - lags));
      if (t >= first) *test += e * e / ((double)c * (n - first)), *persistence += d * d / ((double)c * (n - first));
    }
  free(z);
}

static void test_against_brute_force(void) {
  enum { N = 3001 };
  double *x = simulate(3, 2, &planted[0][0][0], N, 20), beta[3 * 12], train, test, persistence;
  for (int i = 0; i < 3 * N; i++) x[i] = 40.0 * x[i] + 7.0;
  bound b = bind("order = 4; ridge = 1e-2;", 3, N);
  bound_run(&b, x, N);
  brute_force(x, 3, N, 4, 1e-2, beta, &train, &test, &persistence);
  CHECK_NEAR(bound_value(&b, "error_train", 0, 0), train, 1e-11);
  CHECK_NEAR(bound_value(&b, "error_held_out", 0, 0), test, 1e-11);
  CHECK_NEAR(bound_value(&b, "error_persistence", 0, 0), persistence, 1e-11);
  CHECK_NEAR(bound_value(&b, "error_ratio", 0, 0), test / persistence, 1e-11);
  for (int k = 0; k < 4; k++)
    for (int i = 0; i < 3; i++) CHECK_NEAR(b.tensor_data[0][(k * 3 + i) * 3 + i], beta[i * 12 + k * 3 + i], 1e-10);
  bound_free(&b);
  free(x);
}

/* A sum over channels that vanishes, and two equal channels: defined, and the model of the others does not suffer. */
static void test_collinear(void) {
  enum { N = 20000 };
  double *x = simulate(3, 2, &planted[0][0][0], N, 30), *four = malloc(4 * N * sizeof *four);
  bound b = bind("", 3, N), dependent = bind("", 4, N);
  bound_run(&b, x, N);
  for (int kind = 0; kind < 2; kind++) {
    memcpy(four, x, 3 * N * sizeof *x);
    for (int t = 0; t < N; t++) four[3 * N + t] = kind ? x[t] : -(x[t] + x[N + t] + x[2 * N + t]);
    bound_run(&dependent, four, N);
    CHECK(bound_why(&dependent, "lambda_max", 0, 0) == EVL_WHY_VALUE);
    CHECK_NEAR(bound_value(&dependent, "lambda_max", 0, 0), bound_value(&b, "lambda_max", 0, 0), 1e-3);
    CHECK(bound_value(&dependent, "error_ratio", 0, 0) < 1.0);
    CHECK(bound_value(&dependent, "order", 0, 0) == bound_value(&b, "order", 0, 0));
  }
  bound_free(&b);
  bound_free(&dependent);
  bound without = bind("ridge = 0.0; order = 2;", 4, N);
  for (int t = 0; t < N; t++) four[3 * N + t] = 0.0;
  for (int t = 0; t < N; t++) four[3 * N + t] = four[t] = four[N + t];
  bound_run(&without, four, N);
  const int why = bound_why(&without, "order", 0, 0); /* rounding may leave it positive, never a NaN with why 0 */
  CHECK(why == EVL_WHY_UNCONVERGED || isfinite(bound_value(&without, "order", 0, 0)));
  bound_free(&without);
  free(four);
  free(x);
}

/* Absent and flat channels stay out: the fit of the others is the fit without them, their coefficients NaN. */
static void test_left_out(void) {
  enum { N = 5000 };
  double *x = simulate(3, 2, &planted[0][0][0], N, 40), *five = calloc(5 * N, sizeof *five);
  for (int c = 0; c < 3; c++) memcpy(five + (c == 0 ? 0 : c == 1 ? 2 : 4) * N, x + c * N, N * sizeof *x);
  for (int t = 0; t < N; t++) five[N + t] = 55.0;
  for (int t = 0; t < N; t++) five[3 * N + t] = t;
  bound few = bind("order = 3;", 3, N), all = bind("order = 3;", 5, N);
  all.channel_why[3] = EVL_WHY_ABSENT;
  bound_run(&few, x, N);
  bound_run(&all, five, N);
  CHECK(all.n_values == few.n_values && !memcmp(all.out.value, few.out.value, (size_t)few.n_values * sizeof(double)));
  CHECK(bound_value(&all, "channels", 0, 0) == 3.0);
  for (int k = 0; k < 3; k++)
    for (int i = 0; i < 5; i++)
      for (int j = 0; j < 5; j++) {
        const double found = all.tensor_data[0][(k * 5 + i) * 5 + j];
        if (i % 2 || j % 2)
          CHECK(isnan(found));
        else
          CHECK(found == few.tensor_data[0][(k * 3 + i / 2) * 3 + j / 2]);
      }
  bound_free(&few);
  bound_free(&all);
  free(x);
  free(five);
}

/* Two samples a coefficient are the least; a short rest has no held-out error but modes. */
static void test_short(void) {
  double *x = simulate(3, 2, &planted[0][0][0], 4000, 50);
  bound b = bind("order = 4;", 3, 34); /* 27 fitted at most, 23 without the lags, 24 needed */
  bound_run(&b, x, 4000);
  for (int i = 0; i < b.n_values; i++) CHECK(b.out.why[i] == EVL_WHY_UNDEFINED && isnan(b.out.value[i]));
  bound_free(&b);
  b = bind("order = 4;", 3, 35);
  bound_run(&b, x, 4000);
  CHECK(bound_why(&b, "lambda_max", 0, 0) == EVL_WHY_VALUE);
  CHECK(bound_why(&b, "error_ratio", 0, 0) == EVL_WHY_UNDEFINED);
  bound_free(&b);
  b = bind("max_order = 32;", 3, 200); /* orders that fit are tried */
  bound_run(&b, x, 4000);
  CHECK(bound_why(&b, "order", 0, 0) == EVL_WHY_VALUE);
  bound_free(&b);
  free(x);
}

static void test_refused(void) {
  bound b;
  CHECK(bound_begin(&b, evl_model_find("var"), "order = 64;", 64, 5000, FS_HZ) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "2048") != NULL);
  bound_free(&b);
  CHECK(bound_begin(&b, evl_model_find("var"), "mode = (1.5);", 4, 5000, FS_HZ) == EVL_USAGE);
  bound_free(&b);
}

int main(void) {
  RUN(test_planted_is_recovered);
  RUN(test_frequency_and_damping);
  RUN(test_noise_free);
  RUN(test_against_brute_force);
  RUN(test_collinear);
  RUN(test_left_out);
  RUN(test_short);
  RUN(test_refused);
  CHECK_DONE();
}
