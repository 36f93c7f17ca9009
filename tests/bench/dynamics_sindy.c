/* Speed of sindy: a window of 60 s of 19 channels at 250 Hz, 8 coordinates, degree 3, 165 terms, 100 bootstraps: coordinates,
   sums, choice, ensemble and forecasts together. One line a figure, as dynamics.py reads it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "eveil/dynamics.h"
#include "eveil/math.h"

enum { CHANNELS = 19, SOURCES = 8, N = 15000, TRIES = 3 };
static const double FS_HZ = 250.0;

static double processor_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Damped rhythms of 2 to 25 Hz, mixed, and a little noise. */
static double *signal(void) {
  static const double hz[SOURCES] = {2.0, 4.0, 6.0, 10.0, 10.5, 12.0, 20.0, 25.0};
  double *x = calloc(CHANNELS * N, sizeof *x), mix[CHANNELS][SOURCES];
  if (!x) abort();
  evl_random random;
  evl_random_begin(&random, 1, "bench", "sindy", 0);
  for (int c = 0; c < CHANNELS; c++)
    for (int s = 0; s < SOURCES; s++) mix[c][s] = evl_random_normal(&random);
  for (int s = 0; s < SOURCES; s++) {
    const double r = exp(-6.0 / FS_HZ), a = 2.0 * r * cos(2.0 * M_PI * hz[s] / FS_HZ);
    double now = 0.0, last = 0.0;
    for (int t = 0; t < N; t++) {
      const double next = a * now - r * r * last + evl_random_normal(&random);
      last = now;
      now = next;
      for (int c = 0; c < CHANNELS; c++) x[c * N + t] += mix[c][s] * now;
    }
  }
  for (int i = 0; i < CHANNELS * N; i++) x[i] += evl_random_normal(&random);
  return x;
}

static void must(evl_status status) {
  if (status == EVL_OK) return;
  fprintf(stderr, "dynamics_sindy: %s\n", evl_error_message());
  exit(1);
}

static void *some(evl_arena *arena, size_t n, size_t each) {
  void *memory = evl_arena_alloc(arena, n * each);
  if (!memory) must(EVL_MEMORY);
  return memory;
}

static void take(const char *name, const char *text, const double *x, const char *bound) {
  static const char *const channel[CHANNELS] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j",
                                                "k", "l", "m", "n", "o", "p", "q", "r", "s"};
  const evl_entry *entry = evl_model_find("sindy");
  const evl_montage montage = {.n = CHANNELS, .name = channel};
  const evl_shape shape = {.n_channels = CHANNELS, .n_samples = N, .fs_hz = FS_HZ, .montage = &montage};
  evl_arena *arena = evl_arena_create();
  evl_config *config;
  evl_params *params;
  evl_products *products;
  evl_tensor *tensor;
  void *kernel;
  int n_tensors;
  if (!arena) must(EVL_MEMORY);
  must(evl_config_parse(text, "bench", &config));
  must(evl_group_params(evl_config_root(config), "sindy", &entry->params, 1, NULL, NULL, arena, &params));
  must(evl_products_create(&shape, arena, &products));
  must(entry->plan(params, &shape, products, arena, &kernel));
  must(entry->tensors(params, &montage, arena, &tensor, &n_tensors));
  double **data = some(arena, (size_t)n_tensors, sizeof *data), best = INFINITY;
  for (int i = 0; i < n_tensors; i++) data[i] = some(arena, tensor[i].size, sizeof *data[i]);
  const size_t n = (size_t)evl_entry_columns(entry, params, &montage, false);
  evl_out out = {.value = some(arena, n, sizeof(double)), .why = some(arena, n, 1), .tensor = data};
  evl_products_give_scratch(products, some(arena, evl_products_scratch_bytes(products), 1));
  const evl_window window = {.x = x, .ld = N, .n_channels = CHANNELS, .n_samples = N, .fs_hz = FS_HZ, .key = 1,
                             .channel_why = some(arena, CHANNELS, 1)};
  for (int k = 0; k < TRIES; k++) {
    const double start = processor_s();
    evl_products_begin(products, &window);
    entry->run(kernel, &window, &out);
    best = fmin(best, processor_s() - start);
  }
  if (out.value[0] != 0.0) fprintf(stderr, "dynamics_sindy: %s: fit %g\n", text, out.value[0]), exit(1);
  printf("%s\t%.4g\ts\t%s\tmost\t\n", name, best, bound);
  evl_config_free(config);
  evl_arena_free(arena);
}

int main(void) {
  evl_blas_one_thread();
  double *x = signal();
  take("sindy: 8 coordinates, 165 terms, 100 bootstraps, 60 s", "dimension = 8; degree = 3;", x, "0.6");
  take("sindy: the same in the weak form", "dimension = 8; degree = 3; form = \"weak\";", x, "");
  take("sindy: a window of 60 s, defaults", "", x, "");
  free(x);
  return 0;
}
