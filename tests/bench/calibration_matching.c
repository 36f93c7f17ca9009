/* How far off generalised profiling is and how often its 90 % intervals hold the truth: noisy pieces of trajectories of
   ordinary differential equations (delta method), and oscillators that noise drives (density of the data, sandwich over
   pieces). One line a row, tab-separated: model, parameter, noise (share of each state's sd), draws, coverage, verdict.
   usage: calibration_matching [DRAWS [SEED]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/dynamics/profiling_priv.h"

enum { STATES = 3, PARAMETERS = 5, PIECE = 101, SUBSTEPS = 20, MOST_PIECES = 40 };
static const double NORMAL_90 = 1.6448536269514722;
static int draws = 200;
static uint64_t seed = 1;

typedef struct trial {
  const evl_ode *ode;
  double theta[PARAMETERS], start[STATES], dt;
  int pieces;
  uint64_t transient; /* samples, at most; on its cycle an oscillator does not tell frequency from shear */
} trial;

static void must(evl_status status) {
  if (status == EVL_OK) return;
  fprintf(stderr, "calibration_matching: %s\n", evl_error_message());
  exit(1);
}

static void drive(void *system, int stage, const double *x, double *dx) {
  (void)stage;
  const trial *t = system;
  t->ode->flow(t->ode->context, x, t->theta, dx);
}

/* Clean states x[i * ld + t] after a transient of a random length, and their sd. */
static void simulate(trial *t, evl_random *random, double *x, int ld, double *sd) {
  const int n = t->ode->n_states;
  double at[STATES], work[3 * STATES];
  memcpy(at, t->start, sizeof at);
  for (int s = -(int)evl_random_below(random, t->transient) * SUBSTEPS; s < ld * SUBSTEPS; s++) {
    for (int i = 0; s >= 0 && s % SUBSTEPS == 0 && i < n; i++) x[i * ld + s / SUBSTEPS] = at[i];
    evl_ode_rk4(drive, t, n, t->dt / SUBSTEPS, at, work);
  }
  for (int i = 0; i < n; i++) sd[i] = sqrt(evl_variance(x + i * ld, (size_t)ld, 0));
}

/* One row a parameter: how many of the draws settle, and of those how many intervals hold the truth. */
static void rows(const char *name, const evl_ode *ode, double noise, int settled, const int *held, const double *square,
                 const double *truth) {
  for (int k = 0; k < ode->n_parameters; k++) {
    const double cover = settled ? (double)held[k] / settled : NAN, sure = 2.6 * sqrt(0.09 / fmax(settled, 1.0));
    printf("%s\t%s, rms error %.2g of %.4g\t%g\t%d of %d\t%.3f\t%s\n", name, ode->parameter[k].name,
           sqrt(square[k] / settled), truth[k], noise, settled, draws, cover,
           fabs(cover - 0.9) <= fmax(sure, 0.04) ? "covers" : cover > 0.9 ? "too wide" : "too narrow");
  }
  fflush(stdout);
}

static void tally(const evl_profile *f, const double *truth, const double *sd, int *held, double *square) {
  for (int k = 0; k < f->spec.ode->n_parameters; k++) {
    const double e = f->theta[k] - truth[k];
    held[k] += fabs(e) <= NORMAL_90 * sd[k];
    square[k] += e * e;
  }
}

/* Noise of that share of each state's sd; lambda upwards in decades to where the equations hold to rounding of it. */
static void deterministic(trial *t, double noise) {
  const evl_ode *ode = t->ode;
  const int n = ode->n_states, ld = t->pieces * PIECE;
  int settled = 0, held[PARAMETERS] = {0}, first[MOST_PIECES];
  double square[PARAMETERS] = {0}, *x = calloc((size_t)(2 * STATES * ld), sizeof *x), *y = x + STATES * ld;
  for (int p = 0; p < t->pieces; p++) first[p] = p * PIECE;
  for (int draw = 0; draw < draws; draw++) {
    evl_random random;
    evl_random_begin(&random, seed, "calibration_matching", ode->name, (uint64_t)draw);
    double sd[STATES], observe[STATES * STATES] = {0};
    simulate(t, &random, x, ld, sd);
    for (int i = 0; i < n; i++) { /* in units of the noise */
      observe[i * n + i] = 1.0 / (noise * sd[i]);
      for (int s = 0; s < ld; s++) {
        x[i * ld + s] += noise * sd[i] * evl_random_normal(&random);
        y[i * ld + s] = x[i * ld + s] / (noise * sd[i]);
      }
    }
    evl_arena *arena = evl_arena_create();
    evl_profile *f;
    const evl_path_spec spec = {.ode = ode, .n_samples = PIECE, .dt = t->dt, .knot = 2, .degree = 4, .n_observed = n,
                                .observe = observe, .scale = sd};
    must(evl_profile_plan(&spec, t->pieces, arena, &f));
    for (int p = 0; p < t->pieces; p++) evl_path_through(f->path, x + p * PIECE, (size_t)ld, evl_profile_piece(f, p));
    for (int k = 0; k < ode->n_parameters; k++) f->theta[k] = ode->parameter[k].typical;
    evl_fit fit = evl_profile_match(f, t->pieces);
    for (double lambda = 0.1; fit == EVL_FIT_DONE && lambda <= 100.0; lambda *= 10.0)
      fit = evl_profile_run(f, lambda / (noise * noise), y, (size_t)ld, first, t->pieces, 1e-8);
    if (fit == EVL_FIT_DONE) tally(f, t->theta, f->sd, held, square);
    settled += fit == EVL_FIT_DONE;
    evl_arena_free(arena);
  }
  rows(ode->name, ode, noise, settled, held, square, t->theta);
  free(x);
}

/* dz = (g + i w) z dt + sqrt(-2 g) dW, 32 pieces of 1.5 s at 250 Hz of its real part, exact steps. */
static void driven(double growth, double hz, double noise, int knot) {
  enum { PIECES = 32, LONG = 376, N = PIECES * LONG };
  const double fs_hz = 250.0, truth[PARAMETERS] = {growth, 2.0 * M_PI * hz}, first_state[2] = {1.0, 0.0};
  const double decay = exp(growth / fs_hz), kick = sqrt(1.0 - decay * decay), ca = decay * cos(truth[1] / fs_hz),
               sa = decay * sin(truth[1] / fs_hz);
  int settled = 0, held[PARAMETERS] = {0}, first[PIECES];
  double square[PARAMETERS] = {0}, *y = calloc(2 * N, sizeof *y);
  for (int p = 0; p < PIECES; p++) first[p] = p * LONG;
  const int most = draws;
  for (int draw = 0; draw < most; draw++) {
    evl_random random;
    evl_random_begin(&random, seed, "calibration_matching", "driven", (uint64_t)draw);
    double a = evl_random_normal(&random), b = evl_random_normal(&random);
    for (int t = 0; t < N; t++) {
      const double before = a;
      a = ca * a - sa * b + kick * evl_random_normal(&random);
      b = sa * before + ca * b + kick * evl_random_normal(&random);
      y[t] = a + noise * evl_random_normal(&random);
      y[N + t] = -b; /* the start of the search only */
    }
    evl_arena *arena = evl_arena_create();
    evl_profile *f;
    const evl_path_spec spec = {.ode = &evl_ode_linear, .n_samples = LONG, .dt = 1.0 / fs_hz, .knot = knot, .degree = 3,
                                .n_observed = 1, .observe = first_state};
    must(evl_profile_plan(&spec, PIECES, arena, &f));
    for (int p = 0; p < PIECES; p++) evl_path_through(f->path, y + first[p], N, evl_profile_piece(f, p));
    f->theta[1] = truth[1];
    const evl_fit fit = evl_profile_marginal(f, 0.01, y, N, first, PIECES);
    if (fit == EVL_FIT_DONE) tally(f, truth, f->robust_sd, held, square);
    settled += fit == EVL_FIT_DONE;
    evl_arena_free(arena);
  }
  char name[80];
  snprintf(name, sizeof name, "driven linear, knots %d ms", 4 * knot);
  rows(name, &evl_ode_linear, noise, settled, held, square, truth);
  free(y);
}

int main(int n_arguments, char **argument) {
  if (n_arguments > 1) draws = atoi(argument[1]);
  if (n_arguments > 2) seed = (uint64_t)atoll(argument[2]);
  evl_blas_one_thread();
  trial all[] = {
      {&evl_ode_lorenz63, {10.0, 28.0, 8.0 / 3.0}, {-8.0, 7.0, 27.0}, 0.01, 4, 1000},
      {&evl_ode_roessler, {0.2, 0.2, 5.7}, {1.0, 1.0, 0.0}, 0.05, 4, 1000},
      {&evl_ode_fitzhugh_nagumo, {0.2, 0.2, 3.0, 1.0, 1.0}, {-1.0, 1.0, 0.0}, 0.05, 4, 1000},
      {&evl_ode_van_der_pol, {0.5, 1.0, 0.5}, {1.0, 0.0, 0.0}, 0.1, 4, 1000},
      {&evl_ode_stuart_landau, {2.0, 12.0, 1.0, 0.5}, {0.05, 0.0, 0.0}, 0.01, 4, 50},
  };
  static const double noises[] = {0.01, 0.05, 0.1};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    for (int k = 0; k < 3; k++) deterministic(&all[i], noises[k]);
  draws = draws / 4 > 0 ? draws / 4 : 1; /* dearer */
  driven(-4.0, 8.0, 0.1, 4);
  driven(-4.0, 8.0, 0.1, 2);
  return 0;
}
