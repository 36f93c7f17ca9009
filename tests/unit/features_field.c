/* Entries on the field over the whole scalp: closed forms of planted fields. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "eveil/math.h"

static const double FS_HZ = 250.0;
enum { N = 5000, C = 5 }; /* F3 F4 P3 P4 ECG */

static void begin(bound *b, const char *entry, const char *config) {
  const evl_status status = bound_begin(b, evl_feature_find(entry), config, C, N, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
}

/* v_c = g_c s with a sine of amplitude A: GFP = sd(g) |s|, whose mean is 2 A / pi sd(g), with two peaks a period. The
   ECG, which has no place, does not count, and neither do offsets. */
static void test_global_field_power(void) {
  static const double g[C] = {3.0, -1.0, 0.5, 2.0, 100.0};
  static double x[C * N];
  double mean = 0.0, square = 0.0;
  for (int c = 0; c < 4; c++) mean += g[c] / 4.0, square += g[c] * g[c] / 4.0;
  const double sd = sqrt(square - mean * mean), amplitude = 10.0;
  for (int c = 0; c < C; c++)
    for (int t = 0; t < N; t++) x[c * N + t] = 50.0 * c + g[c] * amplitude * sin(2.0 * M_PI * 5.0 * (t + 0.3) / FS_HZ);
  bound b;
  begin(&b, "global_field_power", "");
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "mean", 0, 0), 2.0 / M_PI * amplitude * sd, 1e-3); /* of 50 samples a period */
  CHECK_NEAR(bound_value(&b, "sd", 0, 0), sqrt(0.5 - 4.0 / M_PI / M_PI) * amplitude * sd, 3e-3);
  CHECK_NEAR(bound_value(&b, "peak_rate", 0, 0), 10.0, 1e-9);
  CHECK_NEAR(bound_value(&b, "variation", 0, 0), bound_value(&b, "sd", 0, 0) / bound_value(&b, "mean", 0, 0), 1e-15);
  b.channel_why[0] = b.channel_why[1] = EVL_WHY_ABSENT;
  bound_run(&b, x, N);
  CHECK(bound_why(&b, "mean", 0, 0) == EVL_WHY_UNDEFINED); /* two are no field */
  bound_free(&b);
}

/* Levels that lie on a plane over the head are found exactly. */
static void test_topography(void) {
  static double x[C * N];
  static const double front = -6.0, right = 2.5;
  evl_random r;
  evl_random_begin(&r, 10, "test", "topography", 0);
  bound b;
  begin(&b, "topography", "");
  for (int t = 0; t < N; t++) {
    const double s = evl_random_normal(&r);
    for (int c = 0; c < C; c++) {
      const double *place = b.montage->xyz[c];
      x[c * N + t] = 7.0 * s * pow(10.0, (front * place[1] + right * place[0]) / 20.0);
    }
  }
  bound_run(&b, x, N);
  for (int band = 0; band < 6; band++) {
    CHECK_NEAR(bound_value(&b, "anterior_posterior", band, 0), front, 1e-10);
    CHECK_NEAR(bound_value(&b, "left_right", band, 0), right, 1e-10);
    CHECK_NEAR(bound_value(&b, "explained", band, 0), 1.0, 1e-12);
  }
  b.channel_why[3] = EVL_WHY_ABSENT;
  bound_run(&b, x, N);
  CHECK(bound_why(&b, "left_right", 0, 0) == EVL_WHY_UNDEFINED); /* three channels always lie on a plane */
  bound_free(&b);
}

int main(void) {
  RUN(test_global_field_power);
  RUN(test_topography);
  CHECK_DONE();
}
