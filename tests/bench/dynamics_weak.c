/* Speed of the weak form and of the choice of terms: three series of 10,000 samples of 3 coordinates (20 terms), and 8
   coordinates of 60 s at 250 Hz (165 terms). CPU time, the best of several. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../src/dynamics/weak_priv.h"

enum { REPEATS = 5, BLOCKS = 250, MOST = 120000 };

static double z[MOST];

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static void say(const char *name, double ms, const char *bound, const char *beside) {
  printf("%s\t%.4g\tms\t%s\tmost\t%s\n", name, ms, bound, beside);
}

/* Oscillators that drive one another, with noise. */
static void make_series(int d, int n) {
  evl_random r;
  evl_random_begin(&r, 1, "bench", "weak", 0);
  double x[8] = {0};
  for (int t = 0; t < n; t++)
    for (int k = 0; k < d; k++) {
      x[k] += 0.05 * (x[(k + 1) % d] - x[(k + d - 1) % d]) - 0.02 * x[k] * x[k] * x[k] + 0.1 * evl_random_normal(&r);
      z[k * n + t] = x[k] + 0.05 * evl_random_normal(&r);
    }
}

typedef struct timing { double sums, corrected, choice, again, width; int windows; } timing;

static timing measure(int d, int n, int series, int half) {
  timing best = {INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, 0};
  const evl_library_spec spec = {.n_states = d, .degree = 3, .constant = true};
  const int each = n / series;
  double noise_sd[8];
  evl_series part[3];
  evl_arena *arena = evl_arena_create();
  evl_library *library;
  evl_weak *weak;
  evl_choice *choice;
  evl_width *width;
  if (evl_library_plan(&spec, arena, &library) != EVL_OK) exit(1);
  const evl_weak_spec one = {.library = library, .dt_s = 0.01, .most_half = half, .most_blocks = BLOCKS};
  if (evl_weak_plan(&one, series, arena, &weak) != EVL_OK ||
      evl_choice_plan(evl_library_terms(library), d, BLOCKS + series, arena, &choice) != EVL_OK ||
      evl_width_plan(&spec, 0.01, 60, series, n, arena, &width) != EVL_OK)
    exit(1);
  make_series(d, n);
  for (int j = 0; j < d; j++) noise_sd[j] = evl_noise_sd(z + j * n, n);
  for (int s = 0; s < series; s++) part[s] = (evl_series){z, (size_t)n, s * each, each};
  for (int k = 0; k < REPEATS; k++) {
    double start;
    for (int corrected = 0; corrected < 2; corrected++) {
      start = now_ms();
      evl_weak_begin(weak, half, n, corrected ? noise_sd : NULL);
      for (int s = 0; s < series; s++)
        if (evl_weak_add(weak, z, (size_t)n, s * each, each) != EVL_FIT_DONE) exit(1);
      double *to = corrected ? &best.corrected : &best.sums;
      *to = fmin(*to, now_ms() - start);
    }
    start = now_ms();
    evl_choice_run(choice, weak, NULL, NULL);
    best.choice = fmin(best.choice, now_ms() - start);
    start = now_ms();
    evl_choice_run(choice, weak, NULL, choice->near);
    best.again = fmin(best.again, now_ms() - start);
    start = now_ms();
    evl_width_choose(width, part, series, noise_sd);
    best.width = fmin(best.width, now_ms() - start);
  }
  best.windows = series * ((each - 2 * half - 1) / weak->step + 1);
  evl_arena_free(arena);
  return best;
}

int main(void) {
  char name[120];
  evl_blas_one_thread();
  const timing small = measure(3, 30000, 3, 80), dense = measure(3, 30000, 3, 16), large = measure(8, 15000, 1, 16);
  snprintf(name, sizeof name, "sindy: weak sums, 3 x 10,000 samples, 20 terms, %d windows", small.windows);
  say(name, small.sums, "10", "PySINDy 2,500");
  snprintf(name, sizeof name, "sindy: weak sums, 3 x 10,000 samples, 20 terms, %d windows, noise taken off",
           dense.windows);
  say(name, dense.corrected, "", "");
  say("sindy: choice of terms, 3 equations of 20", dense.choice, "", "");
  say("sindy: width of windows, 3 x 10,000 samples, 20 terms", dense.width, "", "");
  snprintf(name, sizeof name, "sindy: weak sums, 8 x 15,000 samples, 165 terms, %d windows, noise taken off",
           large.windows);
  say(name, large.corrected, "", "");
  say("sindy: choice of terms, 8 equations of 165", large.choice, "", "");
  say("sindy: the same for a resample, of terms near the chosen", large.again, "", "");
  say("sindy: width of windows, 8 x 15,000 samples, 165 terms", large.width, "", "");
  return 0;
}
