/* Switching autoregressions: planted regimes are found and timed, a stationary process has one. */
#include "../../src/dynamics/switching_priv.h"
#include "bound_entry.h"
#include "eveil/dynamics.h"

enum { C = 3, N = 15000 };
static const double FS_HZ = 250.0;

/* Three oscillators of 10 Hz, in every second stretch of `stretch` samples of 20 Hz with other damping; 0: never. */
static double *simulate(int stretch, uint64_t index) {
  evl_random random;
  evl_random_begin(&random, 4, "test", "switching", index);
  double *x = calloc(C * N, sizeof *x);
  for (int c = 0; c < C; c++)
    for (int t = 2; t < N; t++) {
      const bool other = stretch > 0 && t / stretch % 2 == 1;
      const double w = 2.0 * M_PI * (other ? 20.0 : 10.0) / FS_HZ, r = other ? 0.9 : 0.95;
      x[c * N + t] = 2.0 * r * cos(w) * x[c * N + t - 1] - r * r * x[c * N + t - 2] + evl_random_normal(&random) +
                     0.06 * (c > 0 ? x[(c - 1) * N + t - 1] : 0.0);
    }
  return x;
}

static bound bind(const char *config) {
  bound b;
  const evl_status status = bound_begin(&b, evl_model_find("switching_var"), config, C, N, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return b;
}

/* Stretches of 4 s: 48 s of training hold 11 changes. */
static void test_planted_regimes(void) {
  double *x = simulate(1000, 0);
  bound b = bind("latent = \"channels\";");
  bound_run(&b, x, N);
  CHECK(bound_value(&b, "fit", 0, 0) == 0.0 && bound_value(&b, "regimes", 0, 0) == 2.0);
  CHECK(bound_value(&b, "gain", 0, 0) > 0.05 && bound_value(&b, "choice_gain", 0, 0) > 0.05);
  CHECK(fabs(bound_value(&b, "share", 0, 0) - 0.5) < 0.1);
  CHECK(fabs(bound_value(&b, "dwell_s", 0, 0) - 4.0) < 0.7);
  CHECK(fabs(bound_value(&b, "switches_per_s", 0, 0) - 0.24) < 0.05);
  CHECK(bound_value(&b, "distance", 0, 0) > 0.1);
  CHECK(bound_value(&b, "error", 1, 0) < bound_value(&b, "error_var", 1, 0)); /* five samples ahead */
  const double *transition = b.tensor_data[0];
  CHECK_NEAR(transition[0] + transition[1], 1.0, 1e-12);
  CHECK(transition[0] > 0.75 && transition[4] > 0.75 && isnan(transition[8]));
  bound_free(&b);
  free(x);
}

static void test_one_regime(void) {
  int more = 0;
  bound b = bind("latent = \"channels\";");
  for (uint64_t i = 0; i < 12; i++) {
    double *x = simulate(0, 10 + i);
    bound_run(&b, x, N);
    CHECK(bound_value(&b, "fit", 0, 0) == 0.0);
    more += bound_value(&b, "regimes", 0, 0) > 1.0;
    if (bound_value(&b, "regimes", 0, 0) == 1.0) {
      CHECK(bound_value(&b, "gain", 0, 0) == 0.0 && bound_value(&b, "switches_per_s", 0, 0) == 0.0);
      CHECK(fabs(bound_value(&b, "error", 1, 0) - bound_value(&b, "error_var", 1, 0)) < 0.05);
    }
    free(x);
  }
  printf("# stationary processes given more than one regime: %d of 12\n", more);
  CHECK(more <= 3);
  bound_free(&b);
}

/* The likelihood by sums is that of every sample. */
static void test_likelihood(void) {
  double *x = simulate(0, 40);
  evl_arena *arena = evl_arena_create();
  evl_switching s = {.n = C, .order = 2, .length = 200, .most = 1, .most_segments = 2, .ridge = 1e-3};
  CHECK(evl_switching_plan(&s, "test", arena) == EVL_OK);
  for (int k = 0; k < 2; k++) evl_switching_sum(&s, x, N, 2 + 200 * k, s.gram + k * s.wide * s.wide);
  CHECK(evl_switching_fit(&s, 2, 1));
  double found = 0.0, covariance[C][C];
  for (int a = 0; a < C; a++)
    for (int b = 0; b < C; b++) {
      covariance[a][b] = 0.0;
      for (int k = 0; k <= (a < b ? a : b); k++) covariance[a][b] += s.factor[k * C + a] * s.factor[k * C + b];
    }
  for (int t = 202; t < 402; t++) {
    double e[C], solved[C], copy[C * C];
    int pivot[C];
    for (int a = 0; a < C; a++) {
      e[a] = x[a * N + t];
      for (int r = 0; r < 2 * C; r++) e[a] -= s.beta[a * 2 * C + r] * x[r % C * N + t - 1 - r / C];
      solved[a] = e[a];
      for (int b = 0; b < C; b++) copy[b * C + a] = covariance[a][b];
    }
    CHECK(evl_solve(C, 1, copy, C, pivot, solved, C) == EVL_OK);
    found -= 0.5 * (C * log(2.0 * M_PI) + s.log_determinant[0]);
    for (int a = 0; a < C; a++) found -= 0.5 * e[a] * solved[a];
  }
  CHECK_NEAR(evl_switching_likelihood(&s, s.gram + s.wide * s.wide, 0) / found, 1.0, 1e-10);
  evl_arena_free(arena);
  free(x);
}

static void test_too_short(void) {
  bound b;
  double *x = simulate(0, 50);
  b = bind("latent = \"channels\"; segment_s = 20.0;");
  bound_run(&b, x, N);
  CHECK(bound_value(&b, "fit", 0, 0) == 2.0 && bound_why(&b, "regimes", 0, 0) == EVL_WHY_UNCONVERGED);
  bound_free(&b);
  free(x);
}

int main(void) {
  RUN(test_planted_regimes);
  RUN(test_one_regime);
  RUN(test_likelihood);
  RUN(test_too_short);
  CHECK_DONE();
}
