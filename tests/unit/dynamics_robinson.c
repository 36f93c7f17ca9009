/* The corticothalamic field: closed forms, stability against a scan of every 0.02 Hz, planted parameters found again. */
#include <complex.h>

#include "../../src/dynamics/robinson_priv.h"
#include "bound_entry.h"

static double uniform(evl_random *r, double low, double high) { return low + (high - low) * evl_random_uniform(r); }

static evl_loops any_loops(evl_random *r, bool gains) {
  const double alpha = uniform(r, 10.0, 100.0), beta = uniform(r, 100.0, 800.0), t0_s = uniform(r, 0.075, 0.14);
  if (!gains) {
    const evl_robinson_xyz p = {uniform(r, 0.0, 1.0), uniform(r, -1.0, 1.0), uniform(r, 0.0, 1.0), alpha, beta, t0_s};
    return evl_robinson_of_xyz(&p);
  }
  const evl_robinson_gains g = {uniform(r, 0.0, 20.0), uniform(r, -40.0, 0.0), uniform(r, 0.0, 40.0),
                                uniform(r, -40.0, 0.0), uniform(r, -5.0, 0.0), alpha, beta, t0_s};
  return evl_robinson_of_gains(&g);
}

/* D_k(i w), term by term. */
static double complex equation(const evl_loops *p, double stiffness, double w) {
  const double complex s = I * w, L = 1.0 / ((1.0 + s / p->alpha) * (1.0 + s / p->beta));
  double complex sum = 0.0, power = 1.0;
  for (int k = 0; k < EVL_LOOPS; k++) {
    sum += power * (p->a[k] * ((1.0 + s / 116.0) * (1.0 + s / 116.0) + stiffness) - p->b[k] -
                    p->c[k] * cexp(-s * p->t0_s));
    power *= L;
  }
  return sum;
}

static double stiffness_of(int m, int n) {
  const double k = 2.0 * M_PI / 0.5 * 0.086;
  return k * k * (m * m + n * n);
}

static bool scanned_stable(const evl_loops *p, double stiffness) {
  double complex last = equation(p, stiffness, 0.0);
  if (!(creal(last) > 0.0)) return false;
  for (int i = 1; i <= 5000; i++) {
    const double complex next = equation(p, stiffness, 2.0 * M_PI * 0.02 * i);
    if (creal(next) < 0.0 && cimag(last) * cimag(next) < 0.0) return false;
    last = next;
  }
  return true;
}

/* 400 parameters of either model: the same verdict, and a positive distance where it is stable. */
static void test_stability(void) {
  static const int mode[4][2] = {{0, 0}, {1, 0}, {1, 1}, {2, 0}};
  evl_random r;
  int stable = 0;
  evl_random_begin(&r, 5, "test", "robinson", 0);
  for (int i = 0; i < 800; i++) {
    const evl_loops p = any_loops(&r, i % 2);
    bool expected = true;
    for (int k = 0; k < 4; k++) expected = expected && scanned_stable(&p, stiffness_of(mode[k][0], mode[k][1]));
    CHECK(evl_robinson_stable(&p) == expected);
    stable += expected;
    if (expected && i % 2 == 0) CHECK(evl_robinson_distance(&p) > 0.0);
  }
  CHECK(stable > 200 && stable < 600);
}

/* Without thalamus (1 + s / gamma)^2 = X: distance gamma (1 - sqrt(X)); and with it, distance 0 where X + Y = 1. */
static void test_distance(void) {
  for (double x = 0.1; x < 0.95; x += 0.2) {
    const evl_robinson_xyz p = {x, 0.0, 0.0, 60.0, 500.0, 0.085};
    const evl_loops loops = evl_robinson_of_xyz(&p);
    CHECK_NEAR(evl_robinson_distance(&loops), 116.0 * (1.0 - sqrt(x)), 1e-8);
  }
  const evl_robinson_xyz edge = {0.8, 0.2, 0.05, 60.0, 500.0, 0.085};
  const evl_loops loops = evl_robinson_of_xyz(&edge);
  CHECK(fabs(evl_robinson_distance(&loops)) < 1e-6);
}

/* The sum over all 81 modes one by one. */
static void test_spectrum(void) {
  enum { N = 45 };
  evl_arena *arena = evl_arena_create();
  evl_robinson_grid grid;
  double power[N + 3];
  evl_random r;
  evl_random_begin(&r, 5, "test", "robinson", 1);
  CHECK(evl_robinson_grid_plan(N, 1.0, 1.0, arena, &grid) == EVL_OK && grid.padded <= N + 3);
  for (int trial = 0; trial < 20; trial++) {
    const evl_loops p = any_loops(&r, trial % 2);
    double worst = 0.0;
    evl_robinson_spectrum(&grid, &p, power);
    for (int f = 0; f < N; f++) {
      const double w = 2.0 * M_PI * (f + 1), k2 = pow(2.0 * M_PI / 0.5 * 0.1, 2);
      const double drive = pow((1.0 + pow(w / p.alpha, 2)) * (1.0 + pow(w / p.beta, 2)), -p.drive);
      double sum = 0.0;
      for (int m = -4; m <= 4; m++)
        for (int n = -4; n <= 4; n++)
          sum += drive / pow(cabs(equation(&p, stiffness_of(m, n), w)), 2) * exp(-k2 * (m * m + n * n));
      worst = fmax(worst, fabs(power[f] / sum - 1.0));
    }
    CHECK(worst < 1e-9); /* near a resonance of an unstable draw phases count a lot */
  }
  evl_arena_free(arena);
}

enum { N_HZ = 177, SEGMENTS = 149 };

/* Fits the spectrum of these parameters, seen for five minutes, in the entry's own state. */
static void fit(bound *b, const char *config, const evl_robinson_xyz *p, uint64_t index) {
  if (bound_begin(b, evl_model_find("robinson"), config, 1, 15000, 250.0) != EVL_OK) {
    printf("# %s\n", evl_error_message());
    exit(1);
  }
  evl_arena *arena = evl_arena_create();
  evl_robinson_grid grid;
  static double power[N_HZ + 3];
  evl_random r;
  evl_random_begin(&r, 6, "test", "robinson", index);
  if (evl_robinson_grid_plan(N_HZ, 1.0, 0.25, arena, &grid) != EVL_OK) exit(1);
  const evl_loops loops = evl_robinson_of_xyz(p);
  evl_robinson_spectrum(&grid, &loops, power);
  for (int k = 0; k < N_HZ; k++) {
    double chi2 = 0.0;
    for (int d = 0; d < 140; d++) {
      const double x = evl_random_normal(&r);
      chi2 += x * x;
    }
    b->out.state[k] = power[k] * chi2 / 140.0 * SEGMENTS;
  }
  b->out.state[N_HZ] = SEGMENTS;
  bound_finish(b);
  evl_arena_free(arena);
}

static void check_found(const bound *b, const char *name, double truth) {
  char sd[32];
  snprintf(sd, sizeof sd, "%s_sd", name);
  const double mean = bound_recording_value(b, name, 0), error = bound_recording_value(b, sd, 0);
  if (!(fabs(mean - truth) < 4.5 * error)) printf("# %s: %g +- %g, planted %g\n", name, mean, error, truth);
  CHECK(fabs(mean - truth) < 4.5 * error);
}

static void test_recovery(void) {
  const evl_robinson_xyz awake = {0.45, 0.4, 0.1, 83.0, 769.0, 0.085};
  const evl_loops loops = evl_robinson_of_xyz(&awake);
  bound b;
  fit(&b, "emg = (0.0, 0.0);", &awake, 0);
  CHECK(bound_recording_value(&b, "fit", 0) == EVL_FIT_DONE);
  CHECK(bound_recording_value(&b, "r_hat", 0) < 1.01 && bound_recording_value(&b, "ess", 0) >= 400.0);
  check_found(&b, "x", awake.X);
  check_found(&b, "y", awake.Y);
  check_found(&b, "z", awake.Z);
  check_found(&b, "t0", 1e3 * awake.t0_s);
  check_found(&b, "distance", evl_robinson_distance(&loops));
  CHECK(bound_recording_value(&b, "emg", 0) == 0.0 && bound_recording_value(&b, "t0_sd", 0) < 1.0);
  CHECK(bound_recording_value(&b, "t0_kl", 0) > 2.0 && bound_recording_value(&b, "misfit", 0) < 0.1);
  CHECK(b.tensor_data[1][0] < b.tensor_data[1][2 * N_HZ]); /* 5 % below 95 % */
  bound_free(&b);
}

/* Sleep without an alpha peak: everything but the delay. */
static void test_no_peak(void) {
  const evl_robinson_xyz sleep = {0.9, -0.1, 0.05, 45.0, 185.0, 0.085};
  bound b;
  fit(&b, "emg = (0.0, 0.0);", &sleep, 1);
  const int t0 = bound_index(&b, "t0", 0);
  CHECK(bound_recording_value(&b, "fit", 0) == EVL_FIT_NO_PEAK);
  CHECK(isnan(b.recording_out.value[t0]) && b.recording_out.why[t0] == EVL_WHY_UNCONVERGED);
  check_found(&b, "x", sleep.X);
  check_found(&b, "y", sleep.Y);
  bound_free(&b);
}

/* Chains that are given no time to mix say so and nothing else. */
static void test_unmixed(void) {
  const evl_robinson_xyz awake = {0.45, 0.4, 0.1, 83.0, 769.0, 0.085};
  bound b;
  fit(&b, "evaluations = 5000;", &awake, 0);
  CHECK(bound_recording_value(&b, "fit", 0) == EVL_FIT_UNMIXED);
  for (int i = 1; i < b.n_recording_values; i++)
    CHECK(isnan(b.recording_out.value[i]) && b.recording_out.why[i] == EVL_WHY_UNCONVERGED);
  CHECK(isnan(b.tensor_data[2][0]));
  bound_free(&b);
  CHECK(bound_begin(&b, evl_model_find("robinson"), "t0_ms = (90.0, 80.0);", 1, 15000, 250.0) == EVL_USAGE);
  bound_free(&b);
}

int main(void) {
  RUN(test_stability);
  RUN(test_distance);
  RUN(test_spectrum);
  RUN(test_recovery);
  RUN(test_no_peak);
  RUN(test_unmixed);
  CHECK_DONE();
}
