/* NICE's resting markers in NICE's conventions on 19 channels of 300 s at 250 Hz, one core: white noise of 20 uV in epochs
   of 1 s. usage: nice_set [REPEATS]. Prints one JSON object: processor seconds of each marker by itself and of the set in
   one go, where the spectra are computed once, with one delay (8, as the peer was timed) and with four; best of REPEATS. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "eveil/features.h"
#include "eveil/math.h"

enum { CHANNELS = 19, FS_HZ = 250, SAMPLES = 300 * FS_HZ, MARKERS = 8, ONE_DELAY = 6 };

static const struct { const char *label, *entry, *config; } marker[MARKERS] = {
    {"bands", "band_power", "convention = \"nice\";"},
    {"spectral entropy", "spectral_entropy", "convention = \"nice\";"},
    {"spectral edges", "spectral_edge", "convention = \"nice\";"},
    {"Kolmogorov", "kolmogorov", "convention = \"nice\";"},
    {"permutation entropy, tau 8", "permutation_entropy", "convention = \"nice\"; tau = (8);"},
    {"wSMI, tau 8", "wsmi", "convention = \"nice\"; tau = (8);"},
    {"permutation entropy, four taus", "permutation_entropy", "convention = \"nice\";"},
    {"wSMI, four taus", "wsmi", "convention = \"nice\";"}};

static double x[CHANNELS][SAMPLES] __attribute__((aligned(64)));
static uint8_t channel_why[CHANNELS];

static void must(evl_status status) {
  if (status == EVL_OK) return;
  fprintf(stderr, "nice_set: %s\n", evl_error_message());
  exit(1);
}

static void *some(evl_arena *arena, size_t bytes) {
  void *memory = evl_arena_alloc(arena, bytes);
  if (!memory) must(EVL_MEMORY);
  return memory;
}

static double processor_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

typedef struct planned { const evl_entry *entry; void *kernel; evl_out out; } planned;

static planned plan(int i, const evl_shape *shape, evl_products *products, evl_arena *arena) {
  planned p = {.entry = evl_feature_find(marker[i].entry)};
  evl_config *config;
  evl_params *params;
  must(evl_config_parse(marker[i].config, "nice_set", &config));
  must(evl_group_params(evl_config_root(config), p.entry->name, &p.entry->params, 1, NULL, NULL, arena, &params));
  evl_config_free(config);
  must(p.entry->plan(params, shape, products, arena, &p.kernel));
  const size_t n = (size_t)evl_entry_columns(p.entry, params, shape->montage, false);
  p.out = (evl_out){.value = some(arena, n * sizeof(double)), .why = some(arena, n)};
  return p;
}

/* Best processor seconds of the markers together. */
static double seconds_of(const int *which, int n, int repeats) {
  static const char *name[CHANNELS];
  evl_arena *arena = evl_arena_create();
  if (!arena) must(EVL_MEMORY);
  for (int c = 0; c < CHANNELS; c++) name[c] = evl_arena_format(arena, "C%d", c);
  const evl_montage montage = {CHANNELS, name, NULL};
  const evl_shape shape = {.n_channels = CHANNELS, .n_samples = SAMPLES, .fs_hz = FS_HZ, .montage = &montage};
  const evl_window window = {.x = x[0], .ld = SAMPLES, .n_channels = CHANNELS, .n_samples = SAMPLES, .fs_hz = FS_HZ,
                             .channel_why = channel_why};
  evl_products *products;
  planned entry[MARKERS];
  double best_s = 1e30;
  must(evl_products_create(&shape, arena, &products));
  for (int i = 0; i < n; i++) entry[i] = plan(which[i], &shape, products, arena);
  evl_products_give_scratch(products, some(arena, evl_products_scratch_bytes(products)));
  for (int r = 0; r < repeats; r++) {
    const double began_s = processor_s();
    evl_products_begin(products, &window);
    for (int i = 0; i < n; i++) entry[i].entry->run(entry[i].kernel, &window, &entry[i].out);
    const double took_s = processor_s() - began_s;
    if (took_s < best_s) best_s = took_s;
  }
  evl_arena_free(arena);
  return best_s;
}

int main(int argc, char **argv) {
  static const int set[] = {0, 1, 2, 3, 4, 5}, four[] = {0, 1, 2, 3, 6, 7};
  const int repeats = argc > 1 ? atoi(argv[1]) : 7;
  evl_random random;
  evl_random_begin(&random, 1, "bench", "nice_set", 0);
  for (int c = 0; c < CHANNELS; c++)
    for (int t = 0; t < SAMPLES; t++) x[c][t] = 20.0 * evl_random_normal(&random);
  evl_blas_one_thread();
  printf("{");
  for (int i = 0; i < MARKERS; i++) printf("\"%s\": %.6f, ", marker[i].label, seconds_of(&i, 1, repeats));
  printf("\"set\": %.6f, \"set, four taus\": %.6f}\n", seconds_of(set, ONE_DELAY, repeats),
         seconds_of(four, ONE_DELAY, repeats));
  return 0;
}
