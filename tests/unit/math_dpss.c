/* Prolate tapers by what defines them. */
#include "eveil/math.h"
#include "check.h"

enum { MOST = 301, K = 8 };
static double taper[K * MOST], concentration[K];

static void make(int n, double half_bandwidth, int n_tapers, bool periodic) {
  evl_arena *arena = evl_arena_create();
  CHECK(evl_dpss(n, half_bandwidth, n_tapers, periodic, arena, taper, concentration) == EVL_OK);
  evl_arena_free(arena);
}

static double dot(const double *a, const double *b, int n) {
  double sum = 0.0;
  for (int t = 0; t < n; t++) sum += a[t] * b[t];
  return sum;
}

/* Orthonormal eigenvectors of the concentration kernel, every row of it. */
static void test_eigenvectors(void) {
  static const int length[] = {64, 301};
  for (int i = 0; i < 2; i++) {
    const int n = length[i];
    const double bandwidth = 4.0 / n;
    make(n, 4.0, K, false);
    for (int k = 0; k < K; k++) {
      const double *v = taper + k * n;
      for (int j = 0; j <= k; j++) CHECK_NEAR(dot(v, taper + j * n, n), j == k, 1e-12);
      for (int s = 0; s < n; s++) {
        double sum = 0.0;
        for (int t = 0; t < n; t++)
          sum += v[t] * (s == t ? 2.0 * bandwidth : sin(2.0 * M_PI * bandwidth * (s - t)) / (M_PI * (s - t)));
        CHECK_NEAR(sum, concentration[k] * v[s], 1e-12);
      }
      CHECK(concentration[k] < 1.0 + 1e-14 && (k == 0 || concentration[k] < concentration[k - 1] + 1e-14));
    }
  }
}

/* Of two samples they are the sum and the difference, with shares 2 W +- sin(2 pi W) / pi. */
static void test_two_samples(void) {
  make(2, 0.5, 2, false);
  CHECK_NEAR(taper[0], sqrt(0.5), 1e-15);
  CHECK_NEAR(taper[1], sqrt(0.5), 1e-15);
  CHECK_NEAR(taper[2], sqrt(0.5), 1e-15);
  CHECK_NEAR(taper[3], -sqrt(0.5), 1e-15);
  CHECK_NEAR(concentration[0], 0.5 + 1.0 / M_PI, 1e-15);
  CHECK_NEAR(concentration[1], 0.5 - 1.0 / M_PI, 1e-15);
}

static void test_periodic(void) {
  static double longer[3 * 65];
  make(65, 3.0, 3, false);
  memcpy(longer, taper, sizeof longer);
  make(64, 3.0, 3, true);
  for (int k = 0; k < 3; k++)
    for (int t = 0; t < 64; t++) CHECK_NEAR(taper[k * 64 + t], longer[k * 65 + t], 1e-15);
}

static void test_impossible(void) {
  evl_arena *arena = evl_arena_create();
  CHECK(evl_dpss(8, 4.0, 2, false, arena, taper, concentration) == EVL_USAGE);
  CHECK(evl_dpss(8, 2.0, 9, false, arena, taper, concentration) == EVL_USAGE);
  CHECK(evl_dpss(8, 0.0, 1, false, arena, taper, concentration) == EVL_USAGE);
  evl_arena_free(arena);
}

int main(void) {
  RUN(test_eigenvectors);
  RUN(test_two_samples);
  RUN(test_periodic);
  RUN(test_impossible);
  CHECK_DONE();
}
