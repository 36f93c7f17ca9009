/* Steps of conditioning on 64 channels of 250 Hz, one core: what each adds to a chain without it.
   usage: steps REPEATS. Prints a list of {"step", "times_real_time" (of the step alone), "chain_times_real_time"}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eveil/conditioning.h"
#include "eveil/math.h"

enum { CHANNELS = 64, FS_HZ = 250, BLOCK_S = 300 };
static const int64_t samples = (int64_t)BLOCK_S * FS_HZ;

static void must(evl_status status) {
  if (status == EVL_OK) return;
  fprintf(stderr, "steps: %s\n", evl_error_message());
  exit(1);
}

static evl_status fetch(void *context, int source, int64_t first, int64_t n, double *x) {
  const double *const *signal = context;
  memcpy(x, signal[source] + first, (size_t)n * sizeof *x);
  return EVL_OK;
}

/* Best seconds of a block of the chain that `keys` ask for. */
static double seconds_of(const char *keys, int repeats, int n_bad, const double **signal, double *x) {
  static const char *const montage_keys = "montage = \"10-10\"; resample_hz = 0; ";
  evl_arena *arena = evl_arena_create();
  evl_config *config;
  evl_params *params;
  evl_montage *montage;
  evl_chain *chain;
  evl_source source[CHANNELS];
  const evl_param *const *tables;
  int n_tables = evl_conditioning_tables(&tables);
  char text[400];
  double best_s = 1e30;
  snprintf(text, sizeof text, "%s%s", montage_keys, keys);
  must(evl_config_parse(text, "steps", &config));
  must(evl_group_params(evl_config_root(config), "conditioning", tables, n_tables, NULL, NULL, arena, &params));
  must(evl_montage_plan(params, 0, NULL, arena, &montage));
  for (int i = 0; i < CHANNELS; i++)
    source[i] = (evl_source){.label = montage->name[i], .fs_hz = FS_HZ, .usable = true, .bad = i < n_bad};
  must(evl_chain_plan(params, montage, CHANNELS, source, NULL, 50.0, BLOCK_S, arena, &chain));
  for (int r = 0; r < repeats; r++) {
    double began_s = evl_seconds();
    must(evl_chain_run(chain, fetch, signal, samples, 0, samples, x, (size_t)samples));
    double took_s = evl_seconds() - began_s;
    if (took_s < best_s) best_s = took_s;
  }
  evl_config_free(config);
  evl_arena_free(arena);
  return best_s;
}

int main(int argc, char **argv) {
  static const struct { const char *step, *keys, *without; int n_bad; } cases[] = {
    {"csd", "notch = \"none\"; reference = \"csd\";", "notch = \"none\"; reference = \"none\";", 0},
    {"rest", "notch = \"none\"; reference = \"rest\";", "notch = \"none\"; reference = \"none\";", 0},
    {"interpolate 4 of 64, then average", "notch = \"none\"; interpolate = true;",
     "notch = \"none\"; reference = \"none\";", 4},
    {"line by regression", "notch_method = \"regression\"; reference = \"none\"; band_hz = (0.5, 0);",
     "notch = \"none\"; reference = \"none\"; band_hz = (0.5, 0);", 0}};
  int repeats = argc > 1 ? atoi(argv[1]) : 3;
  const double *signal[CHANNELS];
  double *x = malloc((size_t)CHANNELS * (size_t)samples * sizeof *x);
  double *raw = malloc((size_t)CHANNELS * (size_t)samples * sizeof *raw);
  if (!x || !raw) return 1;
  evl_blas_one_thread();
  evl_random random;
  evl_random_begin(&random, 1, "steps", "", 0);
  for (int64_t i = 0; i < CHANNELS * samples; i++) raw[i] = 20.0 * evl_random_normal(&random);
  for (int c = 0; c < CHANNELS; c++) signal[c] = raw + c * samples;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    double with_s = seconds_of(cases[i].keys, repeats, cases[i].n_bad, signal, x);
    double without_s = seconds_of(cases[i].without, repeats, cases[i].n_bad, signal, x), step_s = with_s - without_s;
    printf("%s{\"step\": \"%s\", \"times_real_time\": %.0f, \"chain_times_real_time\": %.0f}%s\n", i ? " " : "[",
           cases[i].step, BLOCK_S / (step_s > 1e-6 ? step_s : 1e-6), BLOCK_S / with_s,
           i + 1 < sizeof cases / sizeof *cases ? "," : "]");
  }
  free(x);
  free(raw);
  return 0;
}
