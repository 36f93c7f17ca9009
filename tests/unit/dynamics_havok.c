/* HAVOK: a linear system has no forcing, Lorenz's has one; the matrix exponential. */
#include "eveil/dynamics.h"
#include "bound_entry.h"
#include "eveil/math.h"

static const double FS_HZ = 250.0;

static bound bind(const char *config, int n_samples) {
  bound b;
  const evl_status status = bound_begin(&b, evl_model_find("havok"), config, 1, n_samples, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return b;
}

/* exp of a rotation, of a nilpotent and of a large stable matrix. */
static void test_exponential(void) {
  double work[12], turn[4] = {0.0, 2.5, -2.5, 0.0}, shear[4] = {0.0, 0.0, 3.0, 0.0};
  double stiff[4] = {-700.0, 0.0, 10.0, -2.0};
  CHECK(evl_matrix_exponential(2, turn, work)); /* column-major */
  CHECK_NEAR(turn[0], cos(2.5), 1e-14);
  CHECK_NEAR(turn[1], sin(2.5), 1e-14);
  CHECK_NEAR(turn[2], -sin(2.5), 1e-14);
  CHECK(evl_matrix_exponential(2, shear, work));
  CHECK(shear[0] == 1.0 && shear[1] == 0.0 && shear[2] == 3.0 && shear[3] == 1.0);
  CHECK(evl_matrix_exponential(2, stiff, work));
  CHECK_NEAR(stiff[3], exp(-2.0), 1e-12);
  CHECK_NEAR(stiff[2], 10.0 * exp(-2.0) / 698.0, 1e-12);
  double infinite[1] = {INFINITY};
  CHECK(!evl_matrix_exponential(1, infinite, work));
}

/* Two sines: four delay coordinates close on themselves, but for the mean of a broken period. */
static void test_sines(void) {
  enum { N = 6000 };
  static double x[N];
  for (int t = 0; t < N; t++) /* the mean over the training part, which is no whole number of periods, is 1e-3 of it */
    x[t] = 30.0 * cos(2.0 * M_PI * 10.0 * t / FS_HZ) + 20.0 * cos(2.0 * M_PI * 4.0 * t / FS_HZ + 1.0);
  bound b = bind("dimension = 4; mode = (1);", N);
  bound_run(&b, x, N);
  CHECK(bound_value(&b, "fit", 0, 0) == 0.0);
  CHECK(bound_value(&b, "r2", 0, 0) > 1.0 - 1e-5 && bound_value(&b, "r2_forcing", 0, 0) > 1.0 - 1e-4);
  CHECK(bound_value(&b, "burst_share", 0, 0) == 0.0 && bound_value(&b, "kurtosis", 0, 0) < 2.5);
  bound_free(&b);
  b = bind("dimension = 6; mode = (1);", N); /* there are four */
  bound_run(&b, x, N);
  CHECK(bound_value(&b, "fit", 0, 0) == 4.0 && bound_why(&b, "kurtosis", 0, 0) == EVL_WHY_UNCONVERGED);
  bound_free(&b);
}

static void lorenz(void *system, int stage, const double *x, double *dx) {
  (void)system, (void)stage;
  dx[0] = 10.0 * (x[1] - x[0]);
  dx[1] = x[0] * (28.0 - x[2]) - x[1];
  dx[2] = x[0] * x[1] - 8.0 / 3.0 * x[2];
}

/* The forcing of Lorenz's system comes in bursts, that of a driven oscillator does not. */
static void test_forcing(void) {
  enum { N = 30000 };
  static double x[N];
  double state[3] = {1.0, 2.0, 20.0}, work[9], kurtosis[2], share[2];
  bound b = bind("dimension = 11; hankel_rows = 100;", N);
  for (int t = 0; t < N; t++) {
    evl_ode_rk4(lorenz, NULL, 3, 0.004, state, work);
    x[t] = state[0];
  }
  bound_run(&b, x, N);
  kurtosis[0] = bound_value(&b, "kurtosis", 0, 0), share[0] = bound_value(&b, "burst_share", 0, 0);
  CHECK(bound_value(&b, "r2", 0, 0) > 0.95);
  evl_random random;
  evl_random_begin(&random, 3, "test", "havok", 0);
  double u = 0.0, v = 0.0;
  for (int t = 0; t < N; t++) {
    const double w = 1.9 * u - 0.95 * v + evl_random_normal(&random);
    v = u, u = x[t] = w;
  }
  bound_run(&b, x, N);
  kurtosis[1] = bound_value(&b, "kurtosis", 0, 0), share[1] = bound_value(&b, "burst_share", 0, 0);
  printf("# kurtosis %.2f and %.2f, bursts %.4f and %.4f\n", kurtosis[0], kurtosis[1], share[0], share[1]);
  CHECK(kurtosis[0] > 5.0 && fabs(kurtosis[1] - 3.0) < 0.6);
  CHECK(share[0] > 0.02 && share[1] < 0.01);
  bound_free(&b);
}

static void test_refused(void) {
  bound b;
  CHECK(bound_begin(&b, evl_model_find("havok"), "latent = \"pca\"; dimension = 2;", 4, 5000, FS_HZ) == EVL_USAGE);
  bound_free(&b);
  CHECK(bound_begin(&b, evl_model_find("havok"), "difference_order = 3;", 4, 5000, FS_HZ) == EVL_USAGE);
  bound_free(&b);
}

int main(void) {
  RUN(test_exponential);
  RUN(test_sines);
  RUN(test_forcing);
  RUN(test_refused);
  CHECK_DONE();
}
