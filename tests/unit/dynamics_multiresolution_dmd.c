/* Multi-resolution DMD: rhythms are found at their time scale and in their place; energies add up. */
#include "eveil/dynamics.h"
#include "bound_entry.h"
#include "eveil/math.h"

static const double FS_HZ = 250.0;
enum { C = 3, N = 2000 }; /* 8 s: bins of level l hold 16 / 2^l s of two cycles */

static bound bind(const char *config) {
  bound b;
  const evl_status status = bound_begin(&b, evl_model_find("multiresolution_dmd"), config, C, N, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return b;
}

static double map(const bound *b, int level, int bin) { return b->tensor_data[0][level * 128 + bin]; }

/* A wave of 0.2 Hz throughout, and 3 Hz in the third quarter alone. */
static void test_places(void) {
  static double x[C * N];
  for (int c = 0; c < C; c++)
    for (int t = 0; t < N; t++) {
      const double s = t / FS_HZ, burst = s >= 4.0 && s < 6.0 ? 25.0 * sin(2.0 * M_PI * 3.0 * s + c) : 0.0;
      x[c * N + t] = 40.0 * cos(2.0 * M_PI * 0.2 * s + 0.4 * c) + burst;
    }
  bound b = bind("");
  bound_run(&b, x, N);
  CHECK(bound_value(&b, "fit", 0, 0) == 0.0);
  double sum = bound_value(&b, "rest", 0, 0), late = 0.0, other = 0.0;
  for (int level = 0; level < 8; level++)
    for (int bin = 0; bin < 1 << level; bin++) {
      sum += map(&b, level, bin);
      if (level >= 2) *(4 * bin >> level == 2 ? &late : &other) += map(&b, level, bin);
    }
  printf("# slow wave %.3f, burst in its quarter %.3f, elsewhere %.3f, delta %.3f\n", map(&b, 0, 0), late, other,
         bound_value(&b, "band_energy", 0, 0));
  CHECK_NEAR(sum, 1.0, 1e-9);
  CHECK(map(&b, 0, 0) > 0.75);   /* 1600 of 1600 + 312 / 4 parts of variance, less what a burst costs */
  CHECK(late > 0.02 && other < 0.5 * late);
  CHECK(isnan(map(&b, 1, 2)));
  bound_free(&b);
}

/* Noise: nothing stands out, and all bins of a level are alike; a rhythm that comes and goes varies. */
static void test_variability(void) {
  static double x[C * N];
  double steady, bursting;
  evl_random random;
  bound b = bind("level = (5);");
  for (int bursts = 0; bursts < 2; bursts++) {
    evl_random_begin(&random, 4, "test", "multiresolution", 0);
    for (int c = 0; c < C; c++)
      for (int t = 0; t < N; t++)
        x[c * N + t] = 5.0 * evl_random_normal(&random) +
                       (!bursts || t / 250 % 4 == 1) * 30.0 * sin(2.0 * M_PI * 6.0 * t / FS_HZ + c);
    bound_run(&b, x, N);
    *(bursts ? &bursting : &steady) = bound_value(&b, "variability", 0, 0);
    CHECK(bound_value(&b, "energy", 0, 0) > 0.05);
  }
  printf("# variability %.2f of a steady rhythm, %.2f of one in bursts\n", steady, bursting);
  CHECK(bursting > 1.5 * steady);
  bound_free(&b);
}

static void test_refused(void) {
  static double x[C * N];
  bound b = bind("");
  bound_run(&b, x, N);
  CHECK(bound_value(&b, "fit", 0, 0) == 1.0 && bound_why(&b, "rest", 0, 0) == EVL_WHY_UNCONVERGED);
  bound_free(&b);
  CHECK(bound_begin(&b, evl_model_find("multiresolution_dmd"), "levels = 4;", C, N, FS_HZ) == EVL_USAGE);
  bound_free(&b);
}

int main(void) {
  RUN(test_places);
  RUN(test_variability);
  RUN(test_refused);
  CHECK_DONE();
}
