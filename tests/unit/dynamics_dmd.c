/* Dynamic mode decomposition: minima of the variable projection, planted modes of transients and of driven systems,
   standard errors against the spread over draws, forecasts, windows without a fit. */
#include "../../src/dynamics/dmd_priv.h"
#include "bound_entry.h"

static const double FS_HZ = 250.0;
enum { C = 4 };
static const double hz[] = {3.0, 10.5}, damping[] = {6.0, 12.0};
static const double seen[C][4] = {
    {1.0, 0.2, 0.5, 0.0}, {0.3, -0.8, 0.9, 0.4}, {-0.5, 0.6, 0.1, 1.0}, {0.7, 0.7, -0.6, 0.3}};

/* Two oscillators driven by noise, seen by four sensors with white noise. */
static double *driven(int n, double noise, uint64_t index) {
  evl_random random;
  evl_random_begin(&random, 5, "test", "dmd", index);
  double *x = calloc((size_t)C * (size_t)n, sizeof *x), state[4] = {0};
  for (int t = -2000; t < n; t++) {
    for (int i = 0; i < 2; i++) {
      const double r = exp(-damping[i] / FS_HZ), w = 2.0 * M_PI * hz[i] / FS_HZ, a = state[2 * i], b = state[2 * i + 1];
      state[2 * i] = r * (cos(w) * a - sin(w) * b) + evl_random_normal(&random) * sqrt(1.0 - r * r);
      state[2 * i + 1] = r * (sin(w) * a + cos(w) * b) + evl_random_normal(&random) * sqrt(1.0 - r * r);
    }
    for (int c = 0; c < C; c++) {
      double v = noise * evl_random_normal(&random);
      for (int i = 0; i < 4; i++) v += seen[c][i] * state[i];
      if (t >= 0) x[c * n + t] = 30.0 * v;
    }
  }
  return x;
}

static bound bind(const char *config, int n_channels, int n_samples) {
  bound b;
  const evl_status status = bound_begin(&b, evl_model_find("dmd"), config, n_channels, n_samples, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return b;
}

/* Sums of decays, three rows: a pair, a slow and an alternating real rate. */
enum { Q = 3, N = 400 };
static const struct { double growth, turn; } planted[] = {{-0.004, 0.3}, {-0.02, 0.0}, {-0.01, 3.14159265358979323846}};

static void transient(double noise, double y[Q][N]) {
  evl_random random;
  evl_random_begin(&random, 5, "test", "transient", 0);
  for (int q = 0; q < Q; q++)
    for (int t = 0; t < N; t++) {
      y[q][t] = noise * evl_random_normal(&random);
      for (int i = 0; i < 3; i++)
        y[q][t] += exp(planted[i].growth * t) * ((q + 1 + (i == q)) * cos(planted[i].turn * t) +
                                                 (i == 0) * (2 - q) * sin(planted[i].turn * t));
    }
}

static evl_arena *arena;
static evl_dmd_start *start;
static evl_dmd_fit *fit;

static void check_planted(const evl_rates *rates, double tolerance) {
  CHECK(rates->n == 3 && rates->n_basis == 4);
  for (int i = 0; i < 3; i++) {
    double nearest = INFINITY;
    for (int k = 0; k < rates->n; k++)
      nearest = fmin(nearest, hypot(rates->growth[k] - planted[i].growth, rates->turn[k] - planted[i].turn));
    CHECK(nearest < tolerance);
  }
}

static void test_transient(void) {
  static double y[Q][N];
  evl_rates rates;
  CHECK(evl_rates_plan(4, arena, &rates) == EVL_OK);
  transient(0.0, y);
  CHECK(evl_dmd_start_find(start, false, y[0], N, Q, N, 8, 5, 4, &rates) == EVL_FIT_DONE);
  check_planted(&rates, 1e-9);
  for (int i = 0; i < rates.n; i++) {
    rates.growth[i] -= 0.002;
    if (evl_rate_is_pair(&rates, i)) rates.turn[i] += 0.003;
  }
  CHECK(evl_dmd_optimise(fit, y[0], N, Q, N, 0, NULL, true, 200, &rates) == EVL_FIT_DONE);
  check_planted(&rates, 1e-12);
  CHECK(fit->residual < 1e-24);
  int sample[N], n = 0; /* from any samples */
  for (int t = 3; t < N; t += 1 + t % 3) sample[n++] = t;
  for (int q = 0; q < Q; q++)
    for (int k = 0; k < n; k++) y[q][k] = y[q][sample[k]];
  for (int i = 0; i < rates.n; i++) rates.growth[i] -= 0.001;
  CHECK(evl_dmd_optimise(fit, y[0], N, Q, n, 0, sample, true, 200, &rates) == EVL_FIT_DONE);
  check_planted(&rates, 1e-11);
}

/* With noise: any way from the minimum is up, and evenly so. */
static void test_minimum(void) {
  static double y[Q][N];
  evl_rates rates, near;
  CHECK(evl_rates_plan(4, arena, &rates) == EVL_OK && evl_rates_plan(4, arena, &near) == EVL_OK);
  transient(2.0, y);
  CHECK(evl_dmd_start_find(start, false, y[0], N, Q, N, 20, 10, 4, &rates) == EVL_FIT_DONE);
  CHECK(evl_dmd_optimise(fit, y[0], N, Q, N, 0, NULL, true, 200, &rates) == EVL_FIT_DONE);
  const double least = fit->residual;
  for (int i = 0; i < rates.n; i++)
    for (int of_turn = 0; of_turn < (evl_rate_is_pair(&rates, i) ? 2 : 1); of_turn++) {
      double up[2];
      if (!of_turn && rates.growth[i] == 0.0) continue; /* at its bound */
      for (int side = 0; side < 2; side++) {
        evl_rates_copy(&near, &rates);
        (of_turn ? near.turn : near.growth)[i] += (side ? -1e-5 : 1e-5);
        CHECK(evl_dmd_amplitudes(fit, y[0], N, Q, N, 0, NULL, &near) == EVL_FIT_DONE);
        up[side] = fit->residual - least;
        CHECK(up[side] > 0.0);
      }
      CHECK(fabs(up[0] - up[1]) < 0.02 * (up[0] + up[1]));
    }
}

static void test_growth(void) {
  static double y[Q][N];
  evl_rates rates;
  CHECK(evl_rates_plan(4, arena, &rates) == EVL_OK);
  for (int q = 0; q < Q; q++)
    for (int t = 0; t < N; t++) y[q][t] = exp(0.004 * t) * cos(0.2 * t + q) + exp(-0.01 * t) * sin(0.5 * t + q * q);
  CHECK(evl_dmd_start_find(start, false, y[0], N, Q, N, 8, 5, 4, &rates) == EVL_FIT_DONE);
  CHECK_NEAR(fmax(rates.growth[0], rates.growth[1]), 0.004, 1e-9);
  CHECK(evl_dmd_optimise(fit, y[0], N, Q, N, 0, NULL, false, 200, &rates) == EVL_FIT_DONE);
  CHECK_NEAR(fmax(rates.growth[0], rates.growth[1]), 0.004, 1e-9);
  CHECK(evl_dmd_optimise(fit, y[0], N, Q, N, 0, NULL, true, 200, &rates) == EVL_FIT_DONE);
  CHECK(fmax(rates.growth[0], rates.growth[1]) == 0.0);
}

/* Directions are counted: one row carries four rates under delays and none more without. */
static void test_rank(void) {
  static double y[Q][N];
  evl_rates rates;
  CHECK(evl_rates_plan(4, arena, &rates) == EVL_OK);
  transient(0.0, y);
  CHECK(evl_dmd_start_find(start, false, y[0], N, 1, N, 8, 5, 4, &rates) == EVL_FIT_DONE);
  check_planted(&rates, 1e-7);
  CHECK(evl_dmd_start_find(start, false, y[0], N, 1, N, 1, 1, 4, &rates) == EVL_FIT_RANK);
  memcpy(y[1], y[0], sizeof y[0]);
  memcpy(y[2], y[0], sizeof y[0]);
  CHECK(evl_dmd_start_find(start, false, y[0], N, Q, N, 1, 1, 3, &rates) == EVL_FIT_RANK);
  for (int t = 0; t < N; t++) y[0][t] = cos(0.3 * t);
  CHECK(evl_dmd_start_find(start, false, y[0], N, 1, N, 8, 5, 4, &rates) == EVL_FIT_RANK);
  CHECK(evl_dmd_start_find(start, false, y[0], N, 1, 40, 8, 5, 4, &rates) == EVL_FIT_SHORT);
  rates.n = 2, rates.n_basis = 4;
  rates.turn[0] = rates.turn[1] = 0.3;
  rates.growth[0] = rates.growth[1] = -0.01;
  CHECK(evl_dmd_amplitudes(fit, y[0], N, 1, N, 0, NULL, &rates) == EVL_FIT_COLLINEAR);
}

/* Damping of a driven system is in its covariances, and noise of the sensors does not add to it; the standard error is
   the spread over recordings; segments of the same system hardly decay. */
static void test_driven(void) {
  enum { SAMPLES = 7500, DRAWS = 30 };
  double value[4][DRAWS], error[4][DRAWS], ratio = 0.0, of_segments = 0.0;
  bound b = bind("rank = 4; mode = (1, 2); order = \"frequency\"; trials = 30;", C, SAMPLES);
  bound s = bind("rank = 4; mode = (1, 2); order = \"frequency\"; trials = 0; fit_to = \"segments\";", C, SAMPLES);
  for (int draw = 0; draw < DRAWS; draw++) {
    double *x = driven(SAMPLES, 0.5, (uint64_t)draw);
    bound_run(&b, x, SAMPLES);
    CHECK(bound_value(&b, "fit", 0, 0) == EVL_FIT_DONE);
    for (int m = 0; m < 2; m++) {
      value[m][draw] = bound_value(&b, "frequency", m, 0), error[m][draw] = bound_value(&b, "frequency_sd", m, 0);
      value[2 + m][draw] = bound_value(&b, "damping", m, 0), error[2 + m][draw] = bound_value(&b, "damping_sd", m, 0);
    }
    ratio += bound_value(&b, "error", 1, 0) / bound_value(&b, "error_var", 1, 0) / DRAWS;
    CHECK(bound_value(&b, "error", 2, 0) < bound_value(&b, "error_persistence", 2, 0));
    bound_run(&s, x, SAMPLES);
    of_segments += bound_value(&s, "damping", 1, 0) / DRAWS;
    free(x);
  }
  for (int i = 0; i < 4; i++) {
    const double truth = i < 2 ? hz[i] : damping[i - 2], mean = evl_mean(value[i], DRAWS);
    const double sd = sqrt(evl_variance(value[i], DRAWS, 1));
    evl_sort(error[i], DRAWS);
    const double said = evl_quantile_sorted(error[i], DRAWS, 0.5);
    printf("# %s %g: mean %.3f, sd over draws %.3f, standard error %.3f\n", i < 2 ? "frequency" : "damping", truth,
           mean, sd, said);
    CHECK(fabs(mean - truth) < 5.0 * sd / sqrt(DRAWS) + 0.02 * truth);
    CHECK(said > 0.5 * sd && said < 2.0 * sd);
  }
  printf("# error 5 samples ahead over the VAR's: %.3f; damping by segments %.2f\n", ratio, of_segments);
  CHECK(ratio < 1.02 && of_segments < 0.5 * damping[1]);
  bound_free(&b);
  bound_free(&s);
}

/* Patterns over channels are those by which the sensors see the states, up to a turn. */
static void test_patterns(void) {
  enum { SAMPLES = 60000 };
  double *x = driven(SAMPLES, 0.1, 99);
  bound b = bind("rank = 4; mode = (1, 2); order = \"frequency\"; trials = 0; latent = \"channels\";", C, SAMPLES);
  bound_run(&b, x, SAMPLES);
  for (int m = 0; m < 2; m++) { /* the states turn as (cos, sin): pattern seen[0] - i seen[1] of the future */
    const double *re = b.tensor_data[0] + (size_t)m * 2 * C, *im = re + C;
    double dot_re = 0.0, dot_im = 0.0, length = 0.0, own = 0.0;
    for (int c = 0; c < C; c++) {
      const double p = seen[c][2 * m], q = -seen[c][2 * m + 1];
      dot_re += re[c] * p + im[c] * q;
      dot_im += im[c] * p - re[c] * q;
      length += p * p + q * q;
      own += re[c] * re[c] + im[c] * im[c];
    }
    CHECK_NEAR(own, 1.0, 1e-12);
    CHECK(hypot(dot_re, dot_im) / sqrt(length) > 0.98);
  }
  bound_free(&b);
  free(x);
}

/* A sine that never ends is foretold without error. */
static void test_forecast(void) {
  enum { SAMPLES = 5000 };
  static const char *const kinds[] = {"covariance", "segments", "window"};
  double *x = calloc(2 * SAMPLES, sizeof *x);
  for (int c = 0; c < 2; c++)
    for (int t = 0; t < SAMPLES; t++) {
      const double turn = 2.0 * M_PI * t / FS_HZ;
      x[c * SAMPLES + t] = 20.0 * cos(10.0 * turn + c) + 10.0 * cos(4.0 * turn + 2 * c);
    }
  for (int k = 0; k < 3; k++) {
    char config[200];
    snprintf(config, sizeof config, "dimension = 2; rank = 4; mode = (1, 2); trials = 4; fit_to = \"%s\";", kinds[k]);
    bound b = bind(config, 2, SAMPLES);
    bound_run(&b, x, SAMPLES);
    CHECK(bound_value(&b, "fit", 0, 0) == EVL_FIT_DONE);
    CHECK_NEAR(bound_value(&b, "frequency", 0, 0), 10.0, 1e-3);
    CHECK_NEAR(bound_value(&b, "frequency", 1, 0), 4.0, 1e-3);
    CHECK(fabs(bound_value(&b, "damping", 0, 0)) < 0.01);
    CHECK(bound_value(&b, "error", 2, 0) < 0.01);
    bound_free(&b);
  }
  free(x);
}

static void test_refused(void) {
  enum { SAMPLES = 5000 };
  double *x = driven(SAMPLES, 0.5, 7);
  bound b = bind("dimension = 1; rank = 2; mode = (1); method = \"exact\"; fit_to = \"window\";", C, SAMPLES);
  bound_run(&b, x, SAMPLES);
  CHECK(bound_value(&b, "fit", 0, 0) == EVL_FIT_RANK && bound_why(&b, "damping", 0, 0) == EVL_WHY_UNCONVERGED);
  CHECK(bound_why(&b, "error_var", 0, 0) == EVL_WHY_VALUE); /* the rivals stay */
  bound_free(&b);
  b = bind("length_s = 30.0;", C, SAMPLES);
  bound_run(&b, x, SAMPLES);
  CHECK(bound_value(&b, "fit", 0, 0) == EVL_FIT_SHORT);
  bound_free(&b);
  b = bind("stable = false; fit_to = \"window\"; rank = 4; mode = (1); method = \"hankel\";", C, SAMPLES);
  for (int c = 0; c < C; c++)
    for (int t = 0; t < SAMPLES; t++)
      x[c * SAMPLES + t] = exp(0.002 * t) * cos(0.1 * t + c) + sin(0.5 * t + c * c) + cos(0.9 * t * (c + 1));
  bound_run(&b, x, SAMPLES);
  CHECK(bound_value(&b, "fit", 0, 0) == EVL_FIT_UNSTABLE);
  bound_free(&b);
  CHECK(bound_begin(&b, evl_model_find("dmd"), "mode = (9);", C, SAMPLES, FS_HZ) == EVL_USAGE);
  bound_free(&b);
  CHECK(bound_begin(&b, evl_model_find("dmd"), "past = 1;", C, SAMPLES, FS_HZ) == EVL_USAGE);
  bound_free(&b);
  free(x);
}

int main(void) {
  arena = evl_arena_create();
  if (!arena || evl_dmd_start_plan(Q, 20, 4, arena, &start) != EVL_OK ||
      evl_dmd_fit_plan(Q, N, 4, arena, &fit) != EVL_OK)
    return 1;
  RUN(test_transient);
  RUN(test_minimum);
  RUN(test_growth);
  RUN(test_rank);
  RUN(test_driven);
  RUN(test_patterns);
  RUN(test_forecast);
  RUN(test_refused);
  evl_arena_free(arena);
  CHECK_DONE();
}
