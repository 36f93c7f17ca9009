/* Speed of derivatives and of solvers on Grams: 8 coordinates of 60 s at 250 Hz, degree 3 (165 terms); and all of STLSQ
   on 3 x 10,000 samples of 3 coordinates (20 terms), from derivatives to coefficients. CPU time, the best of
   several. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../src/dynamics/derivative_priv.h"
#include "../../src/dynamics/sindy_priv.h"

enum { D = 8, N = 15000 };

static double *z, *slope, *smooth, *theta;

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static void say(const char *name, double ms, const char *bound, const char *beside) {
  printf("%s\t%.4g\tms\t%s\tmost\t%s\n", name, ms, bound, beside);
}

/* Damped oscillators that drive one another, with noise. */
static void make_series(int d) {
  evl_random r;
  evl_random_begin(&r, 1, "bench", "sparse", 0);
  double x[D] = {0};
  for (int t = 0; t < N; t++)
    for (int k = 0; k < d; k++) {
      x[k] += 0.05 * (x[(k + 1) % d] - x[(k + d - 1) % d]) - 0.02 * x[k] * x[k] * x[k] + 0.1 * evl_random_normal(&r);
      z[k * N + t] = x[k];
    }
}

static void time_derivatives(void) {
  static const struct { const char *name; evl_derivative_spec spec; } each[] = {
      {"sindy: differences of order 4, 8 x 15,000 samples", {.method = EVL_DIFFERENCE, .order = 4}},
      {"sindy: Savitzky-Golay of 31 samples, 8 x 15,000",
       {.method = EVL_SAVITZKY_GOLAY, .window = 31, .polynomial = 3}},
      {"sindy: smoothing spline by cross-validation, 8 x 15,000", {.method = EVL_SPLINE}},
      {"sindy: slope of least variation, 8 x 15,000", {.method = EVL_VARIATION}}};
  for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
    evl_arena *arena = evl_arena_create();
    evl_derivative *derivative;
    double best = INFINITY;
    if (evl_derivative_plan(&each[i].spec, N, "bench", arena, &derivative) != EVL_OK) exit(1);
    for (int k = 0; k < 3; k++) {
      const double start = now_ms();
      for (int j = 0; j < D; j++)
        if (!evl_derivative_run(derivative, z + j * N, N, 0.004, smooth + j * N, slope + j * N)) exit(1);
      best = fmin(best, now_ms() - start);
    }
    say(each[i].name, best, "", "");
    evl_arena_free(arena);
  }
}

static void time_solvers(void) {
  static const char *const name[] = {"STLSQ", "SR3", "SSR", "FROLS", "evidence"};
  const evl_library_spec spec = {.n_states = D, .degree = 3, .constant = true};
  const evl_derivative_spec two = {.method = EVL_DIFFERENCE, .order = 2};
  evl_arena *arena = evl_arena_create();
  evl_derivative *derivative;
  evl_library *library;
  evl_sparse *sparse;
  evl_gram gram;
  char text[100];
  if (evl_library_plan(&spec, arena, &library) != EVL_OK ||
      evl_derivative_plan(&two, N, "", arena, &derivative) != EVL_OK)
    exit(1);
  const int p = evl_library_terms(library);
  double *w = malloc((size_t)p * D * sizeof *w);
  if (evl_gram_plan(p, D, arena, &gram) != EVL_OK || evl_sparse_plan(p, D, arena, &sparse) != EVL_OK) exit(1);
  for (int j = 0; j < D; j++)
    if (!evl_derivative_run(derivative, z + j * N, N, 0.004, smooth, slope + j * N)) exit(1);
  evl_library_rows(library, z, N, 0, N, theta, N);
  evl_gram_rows(&gram, theta, N, slope, N, N);
  for (int method = EVL_STLSQ; method <= EVL_EVIDENCE; method++) {
    evl_sparse_options o = evl_sparse_defaults((evl_sparse_method)method);
    double best = INFINITY;
    o.threshold = 1.0;
    for (int k = 0; k < 5; k++) {
      const double start = now_ms();
      const evl_fit fit = evl_sparse_solve(sparse, &gram, &o, w);
      if (fit != EVL_FIT_DONE && fit != EVL_FIT_UNSETTLED) exit(1);
      best = fmin(best, now_ms() - start);
    }
    snprintf(text, sizeof text, "sindy: %s, 165 terms, 8 equations", name[method]);
    say(text, best, "", "");
  }
  free(w);
  evl_arena_free(arena);
}

/* PySINDy's plainest case, whose median time stands in ../shared/truth/dynamics (clean_FD2). */
static void time_all(void) {
  const evl_library_spec spec = {.n_states = 3, .degree = 3, .constant = true};
  const evl_derivative_spec two = {.method = EVL_DIFFERENCE, .order = 2};
  const evl_sparse_options o = evl_sparse_defaults(EVL_STLSQ);
  enum { SERIES = 3, SAMPLES = 10000 };
  evl_arena *arena = evl_arena_create();
  evl_derivative *derivative;
  evl_library *library;
  evl_sparse *sparse;
  evl_gram gram;
  double w[60], best = INFINITY;
  if (evl_library_plan(&spec, arena, &library) != EVL_OK || evl_gram_plan(20, 3, arena, &gram) != EVL_OK ||
      evl_sparse_plan(20, 3, arena, &sparse) != EVL_OK ||
      evl_derivative_plan(&two, SAMPLES, "", arena, &derivative) != EVL_OK)
    exit(1);
  for (int k = 0; k < 10; k++) {
    const double start = now_ms();
    evl_gram_clear(&gram);
    for (int s = 0; s < SERIES; s++) {
      for (int j = 0; j < 3; j++)
        if (!evl_derivative_run(derivative, z + j * N, SAMPLES, 0.01, smooth, slope + j * N)) exit(1);
      evl_library_rows(library, z, N, 0, SAMPLES, theta, SAMPLES);
      evl_gram_rows(&gram, theta, SAMPLES, slope, N, SAMPLES);
    }
    if (evl_sparse_solve(sparse, &gram, &o, w) != EVL_FIT_DONE) exit(1);
    best = fmin(best, now_ms() - start);
  }
  say("sindy: differences to STLSQ, 3 x 10,000 samples, 20 terms", best, "", "PySINDy 80 ms (reference file)");
  evl_arena_free(arena);
}

int main(void) {
  z = malloc(D * N * sizeof *z);
  smooth = malloc(D * N * sizeof *smooth);
  slope = malloc(D * N * sizeof *slope);
  theta = malloc((size_t)N * 165 * sizeof *theta);
  if (!z || !smooth || !slope || !theta) return 1;
  evl_blas_one_thread();
  make_series(D);
  time_derivatives();
  time_solvers();
  make_series(3);
  time_all();
  free(z), free(smooth), free(slope), free(theta);
  return 0;
}
