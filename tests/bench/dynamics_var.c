/* Speed of the vector autoregression: 19 channels, 60 s at 250 Hz, order 8; processor time, the best of some passes.
   One line a figure: name, value, unit, bound, "most", what stands beside it. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../src/dynamics/var_priv.h"

enum { C = 19, N = 15000, ORDER = 8, PASSES = 15 };
static const double FS_HZ = 250.0;
static double x[C * N];

static double processor_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static void must(evl_status status) {
  if (status == EVL_OK) return;
  fprintf(stderr, "dynamics_var: %s\n", evl_error_message());
  exit(1);
}

/* Coupled slow noise. */
static void make_signal(void) {
  evl_random random;
  evl_random_begin(&random, 1, "bench", "var", 0);
  for (int t = 1; t < N; t++)
    for (int c = 0; c < C; c++)
      x[c * N + t] = 0.85 * x[c * N + t - 1] + 0.1 * x[(c + 1) % C * N + t - 1] + evl_random_normal(&random);
}

int main(void) {
  static const uint8_t there[C];
  evl_arena *arena = evl_arena_create();
  const evl_window window = {.x = x, .ld = N, .n_channels = C, .n_samples = N, .fs_hz = FS_HZ, .channel_why = there};
  const evl_shape shape = {.n_channels = C, .n_samples = N, .fs_hz = FS_HZ};
  const evl_var_spec given = {.n_channels = C, .n_samples = N, .n_train = N, .max_order = ORDER, .n_ridges = 1,
                              .ridge = {1e-3}};
  evl_var_spec bic = given;
  bic.choose = EVL_VAR_BIC;
  evl_products *products;
  evl_var *var, *by_bic;
  evl_modes modes;
  evl_var_error error;
  must(evl_products_create(&shape, arena, &products));
  must(evl_var_find(&given, "bench", NULL, arena, &var));
  must(evl_var_find(&bic, "bench", NULL, arena, &by_bic));
  must(evl_modes_plan(&modes, ORDER * C, arena));
  must(evl_var_error_plan(&given, products, arena, &error));
  evl_products_give_scratch(products, evl_arena_alloc(arena, evl_products_scratch_bytes(products)));
  evl_blas_one_thread();
  make_signal();
  double best[4] = {1e9, 1e9, 1e9, 1e9};
  for (int pass = 0; pass < PASSES; pass++) {
    const double began = processor_ms();
    if (evl_var_fit(var, &window) != EVL_WHY_VALUE) exit(1);
    const double fitted = processor_ms();
    if (evl_modes_find(&modes, var->unbiased, C, ORDER) != EVL_WHY_VALUE) exit(1);
    const double found = processor_ms();
    evl_var_error_find(var, &error);
    const double known = processor_ms();
    if (evl_var_fit(by_bic, &window) != EVL_WHY_VALUE) exit(1);
    const double took[4] = {fitted - began, found - fitted, known - found, processor_ms() - known};
    for (int i = 0; i < 4; i++) best[i] = fmin(best[i], took[i]);
  }
  printf("VAR(8) of 19 channels on 60 s: fit\t%.3f\tms\t10\tmost\tblock autocovariances\n", best[0]);
  printf("the same, order by BIC up to 8\t%.3f\tms\t10\tmost\t\n", best[3]);
  printf("its 152 eigenvalues\t%.3f\tms\t\tmost\tLAPACK\n", best[1]);
  printf("its standard errors\t%.3f\tms\t\tmost\t2888 coefficients\n", best[2]);
  evl_arena_free(arena);
  return 0;
}
