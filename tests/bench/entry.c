/* Any feature or model on 19 channels of 300 s at 250 Hz, one core. usage: entry NAME [CONFIG [FILE [WINDOW_S [PASSES]]]]
   NAME: also several, "coherence+phase_lag", that share their products; CONFIG: parameters in libconfig syntax, the same for all; FILE: float64 [19][75000], native byte order, "-" for white noise of 20 uV;
   WINDOW_S: windows side by side, default one of 300 s; 0: the entry's usual one. Prints one JSON object: seconds of processor
   time, the best of several passes over all windows, and the share of values that are numbers. PASSES: so many over the first
   window alone, for counting instructions; its window is 4 s at most, or the entry's shortest. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eveil/dynamics.h"
#include "eveil/features.h"
#include "eveil/math.h"

enum { CHANNELS = 19, FS_HZ = 250, SAMPLES = 300 * FS_HZ, MOST_PASSES = 20, MOST_ENTRIES = 32 };
static const double enough_s = 3.0; /* of processor time for all passes */

static double x[CHANNELS][SAMPLES] __attribute__((aligned(64)));

typedef struct subject {
  const evl_entry *entry;
  evl_params *params;
  evl_shape shape;
  evl_products *products; /* the same one of all */
  void *kernel;
  evl_out out;
  int n_values;
  uint8_t *channel_why;
} subject;

static void must(evl_status status) {
  if (status == EVL_OK) return;
  fprintf(stderr, "entry: %s\n", evl_error_message());
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

/* The first n samples of every channel. */
static void signal(const char *path, int n) {
  if (strcmp(path, "-")) {
    FILE *file = fopen(path, "rb");
    const size_t found = file ? fread(x, sizeof **x, (size_t)CHANNELS * SAMPLES, file) : 0;
    if (file) fclose(file);
    if (found == (size_t)CHANNELS * SAMPLES) return;
    fprintf(stderr, "entry: %s: expected %d float64, found %zu\n", path, CHANNELS * SAMPLES, found);
    exit(1);
  }
  evl_random random;
  for (int c = 0; c < CHANNELS; c++) {
    evl_random_begin(&random, 1, "bench", "entry", (uint64_t)c);
    for (int t = 0; t < n; t++) x[c][t] = 20.0 * evl_random_normal(&random);
  }
}

static const evl_montage *montage(evl_arena *arena) {
  static const char *const name[CHANNELS] = {"Fp1", "Fp2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2",
                                             "F7", "F8", "T7", "T8", "P7", "P8", "Fz", "Cz", "Pz"};
  double(*xyz)[3] = some(arena, CHANNELS * sizeof *xyz);
  for (int c = 0; c < CHANNELS; c++) { /* a spiral over the upper half: apart from each other is what matters here */
    const double z = (c + 0.5) / CHANNELS, r = sqrt(1.0 - z * z);
    xyz[c][0] = r * cos(2.4 * c), xyz[c][1] = r * sin(2.4 * c), xyz[c][2] = z;
  }
  evl_montage *m = some(arena, sizeof *m);
  *m = (evl_montage){.n = CHANNELS, .name = name, .xyz = (const double(*)[3])xyz};
  return m;
}

static void bind(subject *s, const char *config, double window_s, evl_products *shared, evl_arena *arena) {
  evl_config *parsed;
  must(evl_config_parse(config, "bench", &parsed));
  must(evl_group_params(evl_config_root(parsed), s->entry->name, &s->entry->params, 1, NULL, NULL, arena, &s->params));
  evl_config_free(parsed);
  s->shape = (evl_shape){.n_channels = CHANNELS, .n_samples = (int)(window_s * FS_HZ), .fs_hz = FS_HZ,
                         .montage = montage(arena), .step_s = window_s};
  s->products = shared;
  if (!shared) must(evl_products_create(&s->shape, arena, &s->products));
  must(s->entry->plan(s->params, &s->shape, s->products, arena, &s->kernel));
  s->n_values = evl_entry_columns(s->entry, s->params, s->shape.montage, false);
  s->out.value = some(arena, (size_t)s->n_values * sizeof(double));
  s->out.why = some(arena, (size_t)s->n_values);
  s->channel_why = some(arena, CHANNELS);
  const size_t n_state = s->entry->state_size ? s->entry->state_size(s->params, s->shape.montage) : 0;
  s->out.state = n_state ? some(arena, n_state * sizeof(double)) : NULL;
  int n_tensors = 0;
  evl_tensor *tensor;
  if (s->entry->tensors) must(s->entry->tensors(s->params, s->shape.montage, arena, &tensor, &n_tensors));
  double **data = some(arena, (size_t)n_tensors * sizeof *data);
  for (int i = 0; i < n_tensors; i++) data[i] = some(arena, tensor[i].size * sizeof(double));
  s->out.tensor = data;
}

/* Values that are numbers, over all windows. */
static long pass(const subject *s, int n, int windows) {
  long numbers = 0;
  for (int w = 0; w < windows; w++) {
    const int from = w * s->shape.n_samples;
    const evl_window window = {.x = &x[0][from], .ld = SAMPLES, .n_channels = CHANNELS,
                               .n_samples = s->shape.n_samples, .fs_hz = FS_HZ, .start_s = (double)from / FS_HZ,
                               .channel_why = s->channel_why, .key = (uint64_t)from + 1};
    evl_products_begin(s->products, &window);
    for (int e = 0; e < n; e++) {
      evl_out out = s[e].out;
      memset(out.why, EVL_WHY_UNDEFINED, (size_t)s[e].n_values);
      s[e].entry->run(s[e].kernel, &window, &out);
      for (int i = 0; i < s[e].n_values; i++) numbers += out.why[i] == EVL_WHY_VALUE;
    }
  }
  return numbers;
}

static double window_of(const evl_entry *entry, const char *told, bool counting) {
  const double usual_s = evl_usual_window_s(entry), given_s = told ? atof(told) : 300.0;
  if (counting && !(given_s > 0.0)) return fmax(fmin(usual_s, 4.0), entry->min_window_s);
  return given_s > 0.0 ? given_s : usual_s;
}

/* Best of several passes, in seconds. */
static double best_of(const subject *s, int n, int windows, long *numbers) {
  double best = INFINITY, spent = 0.0;
  for (int i = 0; i < MOST_PASSES && spent < enough_s; i++) {
    const double began = processor_s();
    *numbers = pass(s, n, windows);
    const double took = processor_s() - began;
    best = fmin(best, took);
    spent += took;
  }
  return best;
}

/* The entries of "a+b"; their number, 0 where one is unknown. */
static int entries(char *names, subject *s) {
  int n = 0;
  for (char *name = strtok(names, "+"); name && n < MOST_ENTRIES; name = strtok(NULL, "+")) {
    s[n].entry = evl_feature_find(name);
    if (!s[n].entry) s[n].entry = evl_model_find(name);
    if (!s[n++].entry) return 0;
  }
  return n;
}

int main(int argc, char **argv) {
  subject s[MOST_ENTRIES] = {0};
  char names[1000];
  snprintf(names, sizeof names, "%s", argc > 1 ? argv[1] : "");
  const int n = entries(names, s);
  const bool counting = argc > 5;
  const double window_s = n ? window_of(s[0].entry, argc > 4 ? argv[4] : NULL, counting) : 0.0;
  if (!n || window_s * FS_HZ < 1.0 || window_s > 300.0) {
    fprintf(stderr, "usage: entry NAME[+NAME...] [CONFIG [FILE|- [WINDOW_S [PASSES]]]]\n");
    return 1;
  }
  evl_arena *arena = evl_arena_create();
  if (!arena) return 1;
  evl_blas_one_thread();
  double values = 0.0, estimate_us = 0.0, best_s = 0.0;
  for (int e = 0; e < n; e++) {
    bind(&s[e], argc > 2 ? argv[2] : "", window_s, s[0].products, arena);
    values += s[e].n_values;
    estimate_us += s[e].entry->cost_us(s[e].params, &s[e].shape);
  }
  evl_products_give_scratch(s->products, some(arena, evl_products_scratch_bytes(s->products)));
  signal(argc > 3 ? argv[3] : "-", counting ? s->shape.n_samples : SAMPLES);
  const int windows = counting ? 1 : SAMPLES / s->shape.n_samples;
  long numbers = 0;
  for (int i = 0; counting && i < atoi(argv[5]); i++) numbers = pass(s, n, windows);
  if (!counting) best_s = best_of(s, n, windows, &numbers);
  printf("{\"entry\": \"%s\", \"windows\": %d, \"window_s\": %g, \"seconds\": %.6f, \"estimate_s\": %.6f, \"values\": %.4f, "
         "\"megabytes\": %.1f}\n", argv[1], windows, window_s, best_s, 1e-6 * windows * estimate_us,
         (double)numbers / fmax(values * windows, 1.0), (double)evl_arena_bytes(arena) / 1048576.0);
  evl_arena_free(arena);
  return 0;
}
