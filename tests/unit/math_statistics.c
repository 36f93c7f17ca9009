/* Moments and order statistics against closed forms. */
#include "eveil/math.h"
#include "check.h"

static void test_mean_and_variance(void) {
  double x[1000];
  for (size_t n = 1; n <= 1000; n += 37) {
    for (size_t i = 0; i < n; i++) x[i] = (double)i;
    const double size = (double)n;
    CHECK_NEAR(evl_mean(x, n), (size - 1.0) / 2.0, 1e-15);
    CHECK_NEAR(evl_variance(x, n, 0), (size * size - 1.0) / 12.0, 1e-13);
    if (n > 1) CHECK_NEAR(evl_variance(x, n, 1), size * (size + 1.0) / 12.0, 1e-13);
  }
  CHECK(isnan(evl_mean(x, 0)));
  CHECK(isnan(evl_variance(x, 1, 1)));
}

/* A large offset costs only the digits that storing the data costs. */
static void test_offset(void) {
  double x[4096];
  for (int i = 0; i < 4096; i++) x[i] = 1e9 + (i % 2 ? 0.25 : -0.25);
  CHECK(evl_mean(x, 4096) == 1e9);
  CHECK_NEAR(evl_variance(x, 4096, 0), 0.0625, 1e-12);
  for (int i = 0; i < 4096; i++) x[i] = 0.1;
  CHECK(evl_mean(x, 4096) == 0.1);
  CHECK(evl_variance(x, 4096, 0) == 0.0);
}

static void test_flat(void) {
  double x[100];
  for (int i = 0; i < 100; i++) x[i] = 17.3;
  CHECK(evl_is_flat(x, 100));
  x[99] = 17.3 * (1.0 + 1e-15);
  CHECK(evl_is_flat(x, 100));
  x[99] = 17.3 + 1e-9;
  CHECK(!evl_is_flat(x, 100));
  for (int i = 0; i < 100; i++) x[i] = 1e-300 * i;
  CHECK(evl_is_flat(x, 100));
  for (int i = 0; i < 100; i++) x[i] = 1e-90 * i;
  CHECK(!evl_is_flat(x, 100));
  CHECK(evl_is_flat(x, 1) && evl_is_flat(x, 0));
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Random, few values, sorted, reversed, organ pipe, a pattern that is bad for median of three, near and far apart. */
static void test_sort(void) {
  enum { N = 20000 };
  static double x[N], y[N], z[N], scratch[N];
  evl_random random;
  evl_random_begin(&random, 1, "test", "sort", 0);
  for (int kind = 0; kind < 8; kind++)
    for (int n = 0; n <= N; n = n < 100 ? n + 1 : n * 3) {
      for (int i = 0; i < n; i++)
        x[i] = kind == 0   ? evl_random_normal(&random)
               : kind == 1 ? (double)evl_random_below(&random, 3)
               : kind == 2 ? i
               : kind == 3 ? -i
               : kind == 4 ? (i < n / 2 ? i : n - i)
               : kind == 5 ? (i % 2 ? i + n / 2 : i / 2)
               : kind == 6 ? -1 - 1e-12 * evl_random_normal(&random) /* equal in their upper bits */
                           : (i % 7 ? pow(-3, i % 600 - 300) : INFINITY);
      memcpy(y, x, (size_t)n * sizeof *x);
      memcpy(z, x, (size_t)n * sizeof *x);
      evl_sort(x, (size_t)n);
      evl_radix_sort(z, (size_t)n, scratch);
      qsort(y, (size_t)n, sizeof *y, ascending);
      CHECK(!memcmp(x, y, (size_t)n * sizeof *x) && !memcmp(z, y, (size_t)n * sizeof *x));
    }
}

/* Every rank of signals with and without ties, of sorted ones and of many lengths, against the sorted signal. */
static void test_select(void) {
  evl_random random;
  evl_random_begin(&random, 5, "test", "select", 0);
  for (size_t n = 1; n < 300; n += n < 20 ? 1 : 37)
    for (int kind = 0; kind < 3; kind++) {
      double x[300], sorted[300], mixed[300];
      for (size_t i = 0; i < n; i++)
        sorted[i] = x[i] = kind == 0   ? evl_random_normal(&random)
                           : kind == 1 ? floor(4.0 * evl_random_uniform(&random))
                                       : (double)i;
      evl_sort(sorted, n);
      bool good = true;
      for (size_t rank = 0; rank < n; rank++) {
        memcpy(mixed, x, n * sizeof *x);
        good = good && evl_select(mixed, n, rank) == sorted[rank];
        for (size_t i = 0; i < n; i++) good = good && (i < rank ? mixed[i] <= sorted[rank] : mixed[i] >= sorted[rank]);
        evl_sort(mixed, n);
        good = good && !memcmp(mixed, sorted, n * sizeof *x);
      }
      CHECK(good);
    }
}

static void test_quantile(void) {
  const double x[] = {1.0, 2.0, 4.0, 8.0};
  CHECK_NEAR(evl_quantile_sorted(x, 4, 0.0), 1.0, 0.0);
  CHECK_NEAR(evl_quantile_sorted(x, 4, 1.0), 8.0, 0.0);
  CHECK_NEAR(evl_quantile_sorted(x, 4, 0.5), 3.0, 1e-15);
  CHECK_NEAR(evl_quantile_sorted(x, 4, 0.05), 1.15, 1e-15);
  CHECK_NEAR(evl_quantile_sorted(x, 4, 0.95), 7.4, 1e-15);
  CHECK_NEAR(evl_quantile_sorted(x, 1, 0.3), 1.0, 0.0);
  CHECK(isnan(evl_quantile_sorted(x, 0, 0.5)));
  CHECK(isnan(evl_quantile_sorted(x, 4, 1.5)));
  CHECK(isnan(evl_quantile_sorted(x, 4, NAN)));
}

static void test_trimmed_mean(void) {
  const double x[] = {-1000.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9000.0, 9001.0};
  CHECK_NEAR(evl_trimmed_mean_sorted(x, 10, 0.1), 4.5, 1e-15);
  CHECK_NEAR(evl_trimmed_mean_sorted(x, 11, 0.1), 9036.0 / 9.0, 1e-15); /* k = 1 of 11 */
  CHECK_NEAR(evl_trimmed_mean_sorted(x, 1, 0.1), -1000.0, 0.0);
  CHECK(isnan(evl_trimmed_mean_sorted(x, 10, 0.5)));
}

static void test_slope(void) {
  double t[50], y[50];
  for (int i = 0; i < 50; i++) t[i] = 1e6 + 0.5 * i, y[i] = 3.0 - 0.25 * t[i];
  CHECK_NEAR(evl_slope(t, y, 50), -0.25, 1e-9);
  const double ts[] = {0.0, 1.0, 2.0}, ys[] = {1.0, 0.0, 5.0};
  CHECK_NEAR(evl_slope(ts, ys, 3), 2.0, 1e-15);
  CHECK(isnan(evl_slope(ts, ys, 1)));
  const double same[] = {2.0, 2.0, 2.0};
  CHECK(isnan(evl_slope(same, ys, 3)));
}

int main(void) {
  RUN(test_mean_and_variance);
  RUN(test_offset);
  RUN(test_flat);
  RUN(test_sort);
  RUN(test_select);
  RUN(test_quantile);
  RUN(test_trimmed_mean);
  RUN(test_slope);
  CHECK_DONE();
}
