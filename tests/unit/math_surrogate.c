/* Surrogates: what they keep, to rounding; what the iterations bring near; lengths, ties and constants. */
#include "check.h"
#include "eveil/math.h"

enum { C = 3, LONGEST = 4096 };

static double x[C][LONGEST], y[C][LONGEST], again[C][LONGEST];

/* Skewed, correlated channels. */
static void make(int n) {
  evl_random random;
  double state[C] = {0};
  evl_random_begin(&random, 1, "surrogate", "signal", 0);
  for (int t = 0; t < n; t++) {
    double common = evl_random_normal(&random);
    for (int c = 0; c < C; c++) {
      state[c] = 0.9 * state[c] + 0.5 * common + evl_random_normal(&random);
      x[c][t] = 100 * c + exp(0.25 * state[c]);
    }
  }
}

static int run(int channels, int n, int most, uint64_t index, double (*to)[LONGEST]) {
  evl_arena *arena = evl_arena_create();
  evl_surrogate *surrogate;
  evl_random random;
  int done = -1;
  evl_random_begin(&random, 1, "surrogate", "phases", index);
  CHECK(evl_surrogate_plan(channels, n, arena, &surrogate) == EVL_OK);
  evl_arena_freeze(arena);
  done = evl_surrogate_run(surrogate, &x[0][0], LONGEST, most, &random, &to[0][0], LONGEST);
  evl_arena_free(arena);
  return done;
}

/* Of v - offset. */
static void fourier(const double *v, double offset, int n, int k, double z[2]) {
  z[0] = z[1] = 0;
  for (int t = 0; t < n; t++) {
    double angle = 2 * M_PI * (double)((int64_t)k * t % n) / n;
    z[0] += (v[t] - offset) * cos(angle);
    z[1] -= (v[t] - offset) * sin(angle);
  }
}

/* Cross-periodograms of x and y agree to rounding at some frequencies. */
static void check_spectra(int n) {
  for (int j = 0; j <= 20; j++) {
    int k = j * (n / 2) / 20;
    double a[C][2], b[C][2], largest = 0;
    for (int c = 0; c < C; c++) {
      fourier(x[c], x[c][0], n, k, a[c]);
      fourier(y[c], x[c][0], n, k, b[c]);
      largest = fmax(largest, hypot(a[c][0], a[c][1]));
    }
    for (int c = 0; c < C; c++)
      for (int d = 0; d < C; d++)
        for (int part = 0; part < 2; part++) {
          double of_x = part ? a[c][1] * a[d][0] - a[c][0] * a[d][1] : a[c][0] * a[d][0] + a[c][1] * a[d][1];
          double of_y = part ? b[c][1] * b[d][0] - b[c][0] * b[d][1] : b[c][0] * b[d][0] + b[c][1] * b[d][1];
          CHECK(fabs(of_x - of_y) <= 1e-9 * (largest * largest + 1e-6));
        }
  }
}

static void lengths(void) {
  const int length[] = {1, 2, 3, 4, 5, 97, 512, 1021, 2000, 4096};
  for (size_t i = 0; i < sizeof length / sizeof *length; i++) {
    make(length[i]);
    CHECK(run(C, length[i], 50, 0, y) <= 50);
    check_spectra(length[i]);
  }
}

/* Largest distance of the sorted values, in standard deviations of x, without the largest and smallest hundredth. */
static double distance(int channels, int n) {
  static double a[LONGEST], b[LONGEST];
  double worst = 0;
  for (int c = 0; c < channels; c++) {
    memcpy(a, x[c], (size_t)n * sizeof *a);
    memcpy(b, y[c], (size_t)n * sizeof *b);
    double sd = sqrt(evl_variance(a, (size_t)n, 1));
    evl_sort(a, (size_t)n);
    evl_sort(b, (size_t)n);
    for (int t = n / 100; t < n - n / 100; t++) worst = fmax(worst, fabs(a[t] - b[t]) / sd);
  }
  return worst;
}

static double skewness(const double *v, int n) {
  double mean = evl_mean(v, (size_t)n), sd = sqrt(evl_variance(v, (size_t)n, 0)), sum = 0;
  for (int t = 0; t < n; t++) sum += pow((v[t] - mean) / sd, 3);
  return sum / n;
}

/* Without iterations a surrogate is Gaussian. They bring the skewed values of one channel back; three channels share
   the phases and get nearer. */
static void distribution(void) {
  make(LONGEST);
  CHECK(run(C, LONGEST, 0, 0, y) == 0);
  double before = distance(C, LONGEST);
  CHECK(fabs(skewness(y[0], LONGEST)) < 0.5);
  CHECK(run(C, LONGEST, 100, 0, y) > 0);
  CHECK(distance(C, LONGEST) < 0.5 * before);
  CHECK(run(1, LONGEST, 100, 0, y) > 0);
  CHECK(distance(1, LONGEST) < 0.05 * before);
  CHECK_NEAR(skewness(y[0], LONGEST), skewness(x[0], LONGEST), 0.05);
}

static void another_start_another_surrogate(void) {
  make(LONGEST);
  run(C, LONGEST, 20, 0, y);
  run(C, LONGEST, 20, 0, again);
  CHECK(memcmp(y, again, sizeof y) == 0);
  run(C, LONGEST, 20, 1, again);
  double product = 0, mean = evl_mean(y[0], LONGEST);
  for (int t = 0; t < LONGEST; t++) product += (y[0][t] - mean) * (again[0][t] - mean);
  CHECK(fabs(product) < 0.3 * LONGEST * evl_variance(y[0], LONGEST, 0));
}

static void in_place(void) {
  make(2000);
  run(C, 2000, 20, 0, y);
  run(C, 2000, 20, 0, x);
  for (int c = 0; c < C; c++) CHECK(memcmp(x[c], y[c], 2000 * sizeof *y[c]) == 0);
}

/* A channel of three values, a constant one with a large offset, a channel of two samples that differ. */
static void ties_and_constants(void) {
  make(1000);
  for (int t = 0; t < 1000; t++) {
    x[0][t] = round(fmin(1, fmax(-1, x[0][t] - 1)));
    x[1][t] = 1e6 + 0.1;
    x[2][t] = t == 500;
  }
  CHECK(run(C, 1000, 100, 0, y) > 0);
  for (int c = 0; c < C; c++)
    for (int t = 0; t < 1000; t++) CHECK(isfinite(y[c][t]));
  for (int t = 0; t < 1000; t++) CHECK(y[1][t] == x[1][t]);
  check_spectra(1000);
  for (int c = 0; c < C; c++)
    for (int t = 0; t < 1000; t++) x[c][t] = -7;
  run(C, 1000, 100, 0, y);
  CHECK(memcmp(x[0], y[0], 1000 * sizeof *y[0]) == 0);
}

static void impossible(void) {
  evl_arena *arena = evl_arena_create();
  evl_surrogate *surrogate;
  CHECK(evl_surrogate_plan(0, 10, arena, &surrogate) == EVL_USAGE);
  CHECK(evl_surrogate_plan(1, 0, arena, &surrogate) == EVL_USAGE);
  CHECK(evl_surrogate_plan(1, (1 << 26) + 1, arena, &surrogate) == EVL_LIMIT);
  evl_arena_free(arena);
}

int main(void) {
  RUN(lengths);
  RUN(distribution);
  RUN(another_start_another_surrogate);
  RUN(in_place);
  RUN(ties_and_constants);
  RUN(impossible);
  CHECK_DONE();
}
