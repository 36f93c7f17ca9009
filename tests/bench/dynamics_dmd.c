/* Speed of dynamic mode decomposition: 20 channels x 1000 samples at 250 Hz, three planted modes, noise, rank 6; processor
   time, the best of some passes. One line a figure: name, value, unit, bound, "most", what stands beside it (PyDMD's times
   are those of the reference values, of another machine). */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../src/dynamics/dmd_priv.h"

enum { C = 20, N = 1000, RANK = 6, PASSES = 20 };
static const double FS_HZ = 250.0;
static double x[C * N], gram[C * C], vector[C * RANK], value[RANK], work[100 * C], y[RANK * N];

static double processor_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static void must(bool good) {
  if (good) return;
  fprintf(stderr, "dynamics_dmd: %s\n", evl_error_message());
  exit(1);
}

static void make_signal(void) {
  static const double hz[] = {2.0, 10.0, 21.5}, decay[] = {0.5, 1.0, 2.0};
  evl_random random;
  evl_random_begin(&random, 1, "bench", "dmd", 0);
  for (int c = 0; c < C; c++) {
    double phase[3], size[3];
    for (int i = 0; i < 3; i++) phase[i] = 6.28 * evl_random_uniform(&random), size[i] = evl_random_normal(&random);
    for (int t = 0; t < N; t++) {
      const double s = t / FS_HZ;
      x[c * N + t] = 0.5 * evl_random_normal(&random);
      for (int i = 0; i < 3; i++) x[c * N + t] += size[i] * exp(-decay[i] * s) * cos(6.283185 * hz[i] * s + phase[i]);
    }
  }
}

int main(void) {
  evl_arena *arena = evl_arena_create();
  evl_dmd_start *start;
  evl_dmd_fit *fit;
  evl_rates rates, first, half;
  static int sample[N];
  static double part[RANK * N];
  must(evl_dmd_start_plan(RANK, 50, RANK, arena, &start) == EVL_OK);
  must(evl_dmd_fit_plan(C, N, RANK, arena, &fit) == EVL_OK);
  must(evl_rates_plan(RANK, arena, &rates) == EVL_OK && evl_rates_plan(RANK, arena, &first) == EVL_OK);
  must(evl_rates_plan(RANK, arena, &half) == EVL_OK);
  evl_blas_one_thread();
  make_signal();
  for (int k = 0; k < N / 2; k++) {
    sample[k] = 2 * k + k % 2;
    for (int i = 0; i < RANK; i++) part[i * N + k] = 0.0;
  }
  double best[5] = {1e9, 1e9, 1e9, 1e9, 1e9};
  for (int pass = 0; pass < PASSES; pass++) {
    const double began = processor_ms();
    evl_gemm(true, false, C, C, N, 1.0, x, N, x, N, 0.0, gram, C);
    must(evl_symmetric_largest(C, gram, C, RANK, value, vector, C, work) == EVL_OK);
    evl_gemm(false, false, N, RANK, C, 1.0, x, N, vector, C, 0.0, y, N);
    must(evl_dmd_start_find(start, false, y, N, RANK, N, 16, 5, RANK, &first) == EVL_FIT_DONE);
    const double started = processor_ms();
    evl_rates_copy(&rates, &first);
    must(evl_dmd_optimise(fit, y, N, RANK, N, 0, NULL, true, 200, &rates) == EVL_FIT_DONE);
    const double optimised = processor_ms();
    evl_rates_copy(&half, &rates);
    for (int i = 0; i < RANK; i++)
      for (int k = 0; k < N / 2; k++) part[i * N + k] = y[i * N + sample[k]];
    must(evl_dmd_optimise(fit, part, N, RANK, N / 2, 0, sample, true, 200, &half) == EVL_FIT_DONE);
    const double bagged = processor_ms();
    evl_rates_copy(&rates, &first);
    must(evl_dmd_optimise(fit, x, N, C, N, 0, NULL, true, 200, &rates) == EVL_FIT_DONE);
    const double whole = processor_ms();
    must(evl_dmd_start_find(start, false, y, N, RANK, N, 50, 1, RANK, &rates) == EVL_FIT_DONE);
    const double took[5] = {optimised - began, started - began, bagged - optimised, whole - bagged,
                            processor_ms() - whole};
    for (int i = 0; i < 5; i++) best[i] = fmin(best[i], took[i]);
  }
  printf("optimised DMD, 20 x 1000, r = 6, from the samples\t%.3f\tms\t10\tmost\tPyDMD 44 to 97\n", best[0]);
  printf("its start by 16 delays, in that\t%.3f\tms\t\tmost\t\n", best[1]);
  printf("a trial on half of the samples\t%.3f\tms\t10\tmost\tPyDMD 27 to 33\n", best[2]);
  printf("the same fit without projection\t%.3f\tms\t\tmost\t20 rows for 6\n", best[3]);
  printf("Hankel DMD, 50 delays\t%.3f\tms\t\tmost\tPyDMD 51 to 61\n", best[4]);
  evl_arena_free(arena);
  return 0;
}
