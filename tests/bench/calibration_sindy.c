/* How often 90 % intervals of coefficients of sparse equations hold the truth, over 500 draws of trajectories and noise. One
   line a row, tab-separated: model, parameter, noise, draws, coverage, verdict. Noise is white, in sd of each coordinate; it
   is found and taken off, the terms are chosen, and the intervals are those of the entry sindy. A term that was not
   chosen counts as not covered. usage: calibration_sindy [DRAWS [SEED]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/dynamics/sindy_model_priv.h"

enum { N = 10000, BEFORE = 500, BLOCKS = 50, MOST_D = 3, RESAMPLES = 100, MOST_TRUE = 10 };
static int draws = 500;
static uint64_t seed = 1;

typedef struct truth { int equation; const char *term; double value; } truth;
typedef struct system { const char *name; int d, degree, half; double dt; double start[MOST_D]; evl_flow *flow; truth truth[MOST_TRUE]; } system_of;

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
    {"lorenz63", 3, 2, 20, 0.01, {1.0, 2.0, 20.0}, lorenz63,
     {{0, "x0", -10.0}, {0, "x1", 10.0}, {1, "x0", 28.0}, {1, "x1", -1.0}, {1, "x0 x2", -1.0}, {2, "x2", -8.0 / 3.0},
      {2, "x0 x1", 1.0}}},
    {"roessler", 3, 2, 20, 0.05, {1.0, 1.0, 0.0}, roessler,
     {{0, "x1", -1.0}, {0, "x2", -1.0}, {1, "x0", 1.0}, {1, "x1", 0.2}, {2, "1", 0.2}, {2, "x2", -5.7}, {2, "x0 x2", 1.0}}},
    {"van_der_pol", 2, 3, 20, 0.02, {1.0, 0.0}, van_der_pol,
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
  evl_weak *weak;
  evl_choice *choice;
  evl_ensemble *ensemble;
} fitter;

static fitter begin(const system_of *s, evl_arena *arena) {
  fitter f;
  must(evl_library_plan(&(evl_library_spec){.n_states = s->d, .degree = s->degree, .constant = true}, arena, &f.library));
  const int p = evl_library_terms(f.library);
  must(evl_weak_plan(&(evl_weak_spec){.library = f.library, .dt_s = s->dt, .most_half = s->half, .most_blocks = BLOCKS}, 1,
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

static void say(const char *system, const char *what, double noise, double share) {
  printf("sindy, %s\t%s\t%g\t%d\t%.3f\t%s\n", system, what, noise, draws, share,
         share >= 0.86 && share <= 0.94 ? "within 0.86 to 0.94" : "OUTSIDE");
}

static void cover(const system_of *s, double noise) {
  evl_arena *arena = evl_arena_create();
  if (!arena) must(EVL_MEMORY);
  fitter f = begin(s, arena);
  double *z = calloc((size_t)(s->d * N), sizeof *z), covered[MOST_TRUE] = {0.0}, by_moments = 0.0, all = 0.0;
  int n = 0;
  while (n < MOST_TRUE && s->truth[n].term) n++;
  for (int k = 0; k < draws; k++) {
    double sd[MOST_D];
    draw(s, noise, k, z);
    for (int i = 0; i < s->d; i++) sd[i] = evl_noise_sd(z + i * N, N);
    evl_weak_begin(f.weak, s->half, N, sd);
    if (evl_weak_add(f.weak, z, N, 0, N) != EVL_FIT_DONE) continue;
    evl_choice_run(f.choice, f.weak, NULL, NULL);
    evl_ensemble_begin(f.ensemble, f.weak->n_blocks, f.weak->block);
    evl_random random;
    evl_random_begin(&random, seed, "calibration_sindy", "resamples", (uint64_t)k);
    if (evl_ensemble_run(f.ensemble, f.choice->w, keep, f.choice, &random) != EVL_FIT_DONE) continue;
    const double t = evl_student_bound(0.9, f.weak->n_blocks - 1.0);
    for (int i = 0; i < n; i++) {
      const int at = place(&f, &s->truth[i]);
      const double value = s->truth[i].value;
      covered[i] += f.ensemble->low[at] < value && value < f.ensemble->high[at];
      by_moments += fabs(f.choice->w[at] - value) < t * f.choice->sd[at];
    }
  }
  for (int i = 0; i < n; i++) {
    char what[80];
    snprintf(what, sizeof what, "%s in x%d'", s->truth[i].term, s->truth[i].equation);
    say(s->name, what, noise, covered[i] / draws);
    all += covered[i] / draws / n;
  }
  say(s->name, "mean of the coefficients", noise, all);
  if (getenv("BOTH")) say(s->name, "mean, by moments", noise, by_moments / draws / n);
  free(z);
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
  return 0;
}
