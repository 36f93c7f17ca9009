/* gradient_matching on oscillators that noise drives: parameters within their errors, forecasts beside a VAR's. */
#include "bound_entry.h"
#include "eveil/dynamics.h"
#include "eveil/math.h"

enum { N = 15000, CHANNELS = 2 };
static const double FS_HZ = 250.0;

/* dz = ((g + i w) z) dt + sqrt(drive) dW, the real part seen with noise of sd 0.1; stationary variance drive / -2 g a
   part. */
static double *driven(double growth, double hz, double drive, uint64_t index) {
  double *x = calloc((size_t)CHANNELS * N, sizeof *x);
  for (int c = 0; c < CHANNELS; c++) {
    evl_random random;
    evl_random_begin(&random, 4, "test", "driven", 2 * index + (uint64_t)c);
    double a = 0.0, b = 0.0;
    const double w = 2.0 * M_PI * (hz + c), turn_a = exp(growth / FS_HZ) * cos(w / FS_HZ);
    const double turn_b = exp(growth / FS_HZ) * sin(w / FS_HZ);
    const double kick = sqrt(drive * (1.0 - exp(2.0 * growth / FS_HZ)) / (-2.0 * growth));
    for (int t = -1000; t < N; t++) {
      const double before = a;
      a = turn_a * a - turn_b * b + kick * evl_random_normal(&random);
      b = turn_b * before + turn_a * b + kick * evl_random_normal(&random);
      if (t >= 0) x[c * N + t] = a + 0.1 * evl_random_normal(&random);
    }
  }
  return x;
}

/* At knots an eighth of the period apart and closer growth is short of the truth by a tenth to a fifth. */
static void test_driven(void) {
  bound b;
  CHECK(bound_begin(&b, evl_model_find("gradient_matching"),
                    "latent = \"channels\"; coordinate = (1, 2); knot_s = 0.016;", CHANNELS, N, FS_HZ) == EVL_OK);
  double *x = driven(-4.0, 8.0, 8.0, 0);
  bound_run(&b, x, N);
  CHECK(bound_value(&b, "fit", 0, 0) == 0.0);
  for (int c = 0; c < CHANNELS; c++) {
    const double growth = bound_value(&b, "growth", c, 0), sd = bound_value(&b, "growth_sd", c, 0);
    CHECK(fabs(growth + 3.5) < 0.8 + 3.5 * sd && sd > 0.1 && sd < 1.2 && growth < -1.0);
    CHECK(fabs(bound_value(&b, "frequency", c, 0) - 8.0 - c) < 4.0 * bound_value(&b, "frequency_sd", c, 0) + 0.05);
    CHECK(bound_value(&b, "saturation", c, 0) == 0.0);
    CHECK_NEAR(b.tensor_data[0][c * 2], growth, 1e-12);
  }
  for (int i = 0; i < 3; i++) {
    CHECK(bound_value(&b, "error", i, 0) < 1.15 * bound_value(&b, "error_var", i, 0));
    CHECK(bound_value(&b, "error", i, 0) < bound_value(&b, "error_persistence", i, 0));
  }
  printf("# growth %.3g (sd %.2g), errors %.3g %.3g, of the VAR %.3g %.3g\n", bound_value(&b, "growth", 0, 0),
         bound_value(&b, "growth_sd", 0, 0), bound_value(&b, "error", 0, 0), bound_value(&b, "error", 2, 0),
         bound_value(&b, "error_var", 0, 0), bound_value(&b, "error_var", 2, 0));
  bound_free(&b);
  free(x);
}

/* Refusals: fewer pieces than a fit needs, and configurations that cannot be. */
static void test_refusals(void) {
  bound b;
  CHECK(bound_begin(&b, evl_model_find("gradient_matching"), "latent = \"channels\"; piece_s = 20.0;", CHANNELS, N,
                    FS_HZ) == EVL_OK);
  double *x = driven(-4.0, 8.0, 8.0, 1);
  bound_run(&b, x, N);
  CHECK(bound_value(&b, "fit", 0, 0) == 2.0);
  CHECK(isnan(bound_value(&b, "growth", 0, 0)) && bound_why(&b, "growth", 0, 0) == EVL_WHY_UNCONVERGED);
  bound_free(&b);
  CHECK(bound_begin(&b, evl_model_find("gradient_matching"), "coordinate = (1.5);", CHANNELS, N, FS_HZ) == EVL_USAGE);
  bound_free(&b);
  evl_error_clear();
  free(x);
}

int main(void) {
  RUN(test_driven);
  RUN(test_refusals);
  CHECK_DONE();
}
