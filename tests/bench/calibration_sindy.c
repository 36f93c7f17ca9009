/* How often 90 % intervals of coefficients of sparse equations hold the truth, over 500 draws of trajectories and noise. One
   line a row, tab-separated: model, parameter, noise, draws, coverage, verdict. Noise is white, in sd of each coordinate; it
   is found and taken off, the terms are chosen, and the intervals are those of the entry sindy. A term that was not
   chosen counts as not covered. usage: calibration_sindy [DRAWS [SEED]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/dynamics/sindy_model_priv.h"

enum { N = 10000, BEFORE = 500, MOST_HALF = 50, BLOCKS = 50, MOST_D = 3, RESAMPLES = 100, MOST_TRUE = 10 };
static int draws = 500;
static uint64_t seed = 1;

typedef struct truth { int equation; const char *term; double value; } truth;
typedef struct system {
  const char *name;
  int d, degree;
  double dt, start[MOST_D];
  evl_flow *flow;
  truth truth[MOST_TRUE];
} system_of;

static void lorenz63(void *context, int stage, const double *x, double *dx) {
  (void)context, (void)stage;
  dx[0] = 10.0 * (x[1] - x[0]);
  dx[1] = x[0] * (28.0 - x[2]) - x[1];
  dx[2] = x[0] * x[1] - 8.0 / 3.0 * x[2];
}

static void roessler(void *context, int stage, const double *x, double *dx) {
  (void)context, (void)stage;
  dx[0] = -x[1] - x[2];
  dx[1] = x[0] + 0.2 * x[1];
  dx[2] = 0.2 + x[2] * (x[0] - 5.7);
}

static void van_der_pol(void *context, int stage, const double *x, double *dx) {
  (void)context, (void)stage;
  dx[0] = x[1];
  dx[1] = 2.0 * (1.0 - x[0] * x[0]) * x[1] - x[0];
}

static const system_of systems[] = {
    {"lorenz63", 3, 2, 0.01, {1.0, 2.0, 20.0}, lorenz63,
     {{0, "x0", -10.0}, {0, "x1", 10.0}, {1, "x0", 28.0}, {1, "x1", -1.0}, {1, "x0 x2", -1.0}, {2, "x2", -8.0 / 3.0},
      {2, "x0 x1", 1.0}}},
    {"roessler", 3, 2, 0.05, {1.0, 1.0, 0.0}, roessler,
     {{0, "x1", -1.0}, {0, "x2", -1.0}, {1, "x0", 1.0}, {1, "x1", 0.2}, {2, "1", 0.2}, {2, "x2", -5.7}, {2, "x0 x2", 1.0}}},
    {"van_der_pol", 2, 3, 0.02, {1.0, 0.0}, van_der_pol,
     {{0, "x1", 1.0}, {1, "x0", -1.0}, {1, "x1", 2.0}, {1, "x0^2 x1", -2.0}}}};

static void must(evl_status status) {
  if (status == EVL_OK) return;
  fprintf(stderr, "calibration_sindy: %s\n", evl_error_message());
  exit(1);
}

/* z[d][N], begun at random. */
static void draw(const system_of *s, double noise, int index, double *z) {
  enum { FINE = 4 };
  double x[MOST_D], work[3 * MOST_D];
  evl_random random;
  evl_random_begin(&random, seed, "calibration_sindy", s->name, (uint64_t)index);
  for (int i = 0; i < s->d; i++) x[i] = s->start[i] + 0.5 * evl_random_normal(&random);
  for (int t = -BEFORE; t < N; t++) {
    for (int k = 0; k < FINE; k++) evl_ode_rk4(s->flow, NULL, s->d, s->dt / FINE, x, work);
    for (int i = 0; i < s->d && t >= 0; i++) z[i * N + t] = x[i];
  }
  for (int i = 0; i < s->d; i++) {
    const double sd = noise * sqrt(evl_variance(z + i * N, N, 0));
    for (int t = 0; t < N; t++) z[i * N + t] += sd * evl_random_normal(&random);
  }
}

typedef struct fitter {
  evl_library *library;
  evl_width *width;
  evl_weak *weak;
  evl_choice *choice;
  evl_ensemble *ensemble;
} fitter;

static fitter begin(const system_of *s, evl_arena *arena) {
  fitter f;
  const evl_library_spec spec = {.n_states = s->d, .degree = s->degree, .constant = true};
  must(evl_library_plan(&spec, arena, &f.library));
  must(evl_width_plan(&spec, s->dt, MOST_HALF, 1, N, arena, &f.width));
  const int p = evl_library_terms(f.library);
  must(evl_weak_plan(&(evl_weak_spec){.library = f.library, .dt_s = s->dt, .most_half = MOST_HALF, .most_blocks = BLOCKS}, 1,
                     arena, &f.weak));
  must(evl_choice_plan(p, s->d, BLOCKS + 1, arena, &f.choice));
  must(evl_ensemble_plan(p, s->d, BLOCKS + 1, RESAMPLES, 0.9, arena, &f.ensemble));
  return f;
}

/* Nothing is chosen anew: inclusion is not asked for. */
static evl_fit keep(void *context, const double *weight, const evl_gram *sum, double *w) {
  const evl_choice *c = context;
  (void)weight;
  memcpy(w, c->w, (size_t)(sum->p * sum->d) * sizeof *w);
  return EVL_FIT_DONE;
}

static int place(const fitter *f, const truth *t) {
  int i = 0;
  while (strcmp(evl_library_name(f->library, i), t->term)) i++;
  return t->equation * evl_library_terms(f->library) + i;
}

static void say(const char *system, const char *what, double noise, double share, const char *reason) {
  const bool within = share >= 0.86 && share <= 0.94;
  printf("sindy, %s\t%s\t%g\t%d\t%.3f\t%s%s\n", system, what, noise, draws, share,
         within ? "within 0.86 to 0.94" : "outside", within || !reason ? "" : reason);
}

static void cover(const system_of *s, double noise) {
  evl_arena *arena = evl_arena_create();
  if (!arena) must(EVL_MEMORY);
  fitter f = begin(s, arena);
  double *z = calloc((size_t)(s->d * N), sizeof *z), covered[MOST_TRUE] = {0.0}, all = 0.0;
  int n = 0;
  while (n < MOST_TRUE && s->truth[n].term) n++;
  for (int k = 0; k < draws; k++) {
    double sd[MOST_D];
    draw(s, noise, k, z);
    for (int i = 0; i < s->d; i++) sd[i] = evl_noise_sd(z + i * N, N);
    const evl_series series = {z, N, 0, N};
    evl_weak_begin(f.weak, evl_width_choose(f.width, &series, 1, sd), N, sd);
    if (evl_weak_add(f.weak, z, N, 0, N) != EVL_FIT_DONE) continue;
    evl_choice_run(f.choice, f.weak, NULL, NULL);
    evl_ensemble_begin(f.ensemble, f.weak->n_blocks, f.weak->block);
    evl_random random;
    evl_random_begin(&random, seed, "calibration_sindy", "resamples", (uint64_t)k);
    if (evl_ensemble_run(f.ensemble, f.choice->w, keep, f.choice, &random) != EVL_FIT_DONE) continue;
    for (int i = 0; i < n; i++) {
      const int at = place(&f, &s->truth[i]);
      const double value = s->truth[i].value;
      covered[i] += f.ensemble->low[at] < value && value < f.ensemble->high[at];
    }
  }
  for (int i = 0; i < n; i++) {
    char what[80];
    snprintf(what, sizeof what, "%s in x%d'", s->truth[i].term, s->truth[i].equation);
    say(s->name, what, noise, covered[i] / draws, NULL);
    all += covered[i] / draws / n;
  }
  say(s->name, "mean of the coefficients", noise, all, NULL);
  free(z);
  evl_arena_free(arena);
}

static evl_fit keep_driven(void *context, const double *weight, const evl_gram *sum, double *w) {
  (void)weight;
  memcpy(w, context, (size_t)(sum->p * sum->d) * sizeof *w);
  return EVL_FIT_DONE;
}

/* z(t + 1) = r R(angle) z(t) + noise that drives it, form discrete: terms by evidence, intervals as above. */
static void cover_driven(double noise) {
  enum { D = 2, P = 6, SAMPLES = 6000, PARTS = 24, EACH = SAMPLES / PARTS };
  const double r = 0.97, angle = 0.2, want[D] = {r * cos(angle), -r * sin(angle)};
  static double x[D][SAMPLES + 1], theta[P][EACH];
  double covered[D] = {0.0, 0.0}, w[D * P];
  evl_arena *arena = evl_arena_create();
  evl_library *library;
  evl_gram block[PARTS];
  evl_ensemble *ensemble;
  evl_sparse *sparse;
  const evl_sparse_options evidence = evl_sparse_defaults(EVL_EVIDENCE);
  if (!arena) must(EVL_MEMORY);
  must(evl_library_plan(&(evl_library_spec){.n_states = D, .degree = 2, .constant = true}, arena, &library));
  for (int b = 0; b < PARTS; b++) must(evl_gram_plan(P, D, arena, &block[b]));
  must(evl_sparse_plan(P, D, arena, &sparse));
  must(evl_ensemble_plan(P, D, PARTS, RESAMPLES, 0.9, arena, &ensemble));
  for (int k = 0; k < draws; k++) {
    double z[D] = {0.0, 0.0};
    evl_random random;
    evl_random_begin(&random, seed, "calibration_sindy", "driven", (uint64_t)k);
    for (int t = -BEFORE; t <= SAMPLES; t++) {
      const double next = r * (cos(angle) * z[0] - sin(angle) * z[1]) + evl_random_normal(&random);
      z[1] = r * (sin(angle) * z[0] + cos(angle) * z[1]) + evl_random_normal(&random);
      z[0] = next;
      for (int i = 0; i < D && t >= 0; i++) x[i][t] = z[i] + noise / sqrt(1.0 - r * r) * evl_random_normal(&random);
    }
    for (int b = 0; b < PARTS; b++) {
      evl_library_rows(library, x[0], SAMPLES + 1, b * EACH, EACH, theta[0], EACH);
      evl_gram_clear(&block[b]);
      evl_gram_rows(&block[b], theta[0], EACH, x[0] + b * EACH + 1, SAMPLES + 1, EACH);
    }
    evl_ensemble_begin(ensemble, PARTS, block);
    if (evl_sparse_solve(sparse, &ensemble->total, &evidence, w) != EVL_FIT_DONE ||
        evl_ensemble_run(ensemble, w, keep_driven, w, &random) != EVL_FIT_DONE)
      continue;
    for (int i = 0; i < D; i++) covered[i] += ensemble->low[1 + i] < want[i] && want[i] < ensemble->high[1 + i];
  }
  const char *reason = noise > 0.0 ? ": noise of observation is in the predictors" : NULL;
  say("driven rotation, discrete", "x0 in x0'", noise, covered[0] / draws, reason);
  say("driven rotation, discrete", "x1 in x0'", noise, covered[1] / draws, reason);
  say("driven rotation, discrete", "mean of the coefficients", noise, 0.5 * (covered[0] + covered[1]) / draws, reason);
  evl_arena_free(arena);
}

int main(int argc, char **argv) {
  evl_blas_one_thread();
  if (argc > 1) draws = atoi(argv[1]);
  if (argc > 2) seed = (uint64_t)atoll(argv[2]);
  for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
    cover(&systems[i], 0.01);
    cover(&systems[i], 0.05);
  }
  cover_driven(0.0);
  cover_driven(0.05);
  return 0;
}
