/* The main chain on one core: reading, conditioning and band_power on windows of 4 s, as `eveil run` does them.
   usage: recording_chain FILE REPEATS OUT. Prints the best wall and processor seconds of a pass over the file; OUT gets
   the absolute band powers, f64 [window][band][channel]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eveil/features.h"
#include "eveil/recording.h"

static const double task_s = 600.0;

static void must(evl_status status) {
  if (status == EVL_OK) return;
  fprintf(stderr, "recording_chain: %s\n", evl_error_message());
  exit(1);
}

static double processor_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* band_power of the defaults on windows of 4 s side by side, under the default conditioning. */
static evl_analysis plan_analysis(const evl_probe *probe, evl_arena *arena) {
  const evl_param *const *tables;
  int n = evl_conditioning_tables(&tables);
  evl_analysis analysis = {.name = "spectral", .window_s = 4.0, .step_s = 4.0};
  evl_slot slot = {.entry = evl_feature_find("band_power")};
  evl_params *conditioning, *own;
  evl_montage *montage;
  evl_layout *layout;
  const char **label = evl_arena_alloc(arena, (size_t)probe->n_sources * sizeof *label);
  for (int i = 0; i < probe->n_sources; i++) label[i] = probe->source[i].label;
  must(evl_group_params(NULL, "conditioning", tables, n, NULL, NULL, arena, &conditioning));
  must(evl_params_default(slot.entry->params, arena, &own));
  slot.params = own;
  must(evl_montage_plan(conditioning, probe->n_sources, label, arena, &montage));
  must(evl_layout_plan(1, &slot, montage, arena, &layout));
  analysis.conditioning = conditioning;
  analysis.montage = montage;
  analysis.layout = layout;
  return analysis;
}

/* One pass over all spans; the absolute powers of each to `out` where it is open. */
static void pass(evl_worker *worker, const evl_analysis *analysis, const char *path, const evl_probe *probe,
                 uint8_t *payload, FILE *out) {
  int spans = evl_spans(1, analysis, probe->duration_s, task_s);
  size_t columns = (size_t)analysis->layout->n_columns, absolute = columns / 3, bytes;
  for (int span = 0; span < spans; span++) {
    evl_section section;
    must(evl_worker_windows(worker, path, probe, span, payload, &bytes));
    evl_window_sections(1, analysis, probe->duration_s, task_s, span, &section);
    const evl_task_head *head = (const evl_task_head *)payload;
    if (head->status != EVL_OK) must(evl_fail((evl_status)head->status, "%s", head->message));
    for (int64_t row = 0; out && row < section.n; row++)
      fwrite(payload + section.value + (size_t)row * columns * sizeof(double), sizeof(double), absolute, out);
  }
}

int main(int argc, char **argv) {
  if (argc != 4) return 1;
  evl_arena *arena = evl_arena_create();
  evl_probe probe, other;
  must(evl_recording_probe(argv[1], arena, &probe, NULL, NULL));
  must(probe.status == EVL_OK ? EVL_OK : evl_fail(probe.status, "%s", probe.message));
  other = probe; /* another address makes the worker open the file anew */
  evl_analysis analysis = plan_analysis(&probe, arena);
  evl_worker *worker;
  must(evl_worker_plan(1, &analysis, 1, &probe, task_s, arena, &worker));
  uint8_t *payload = evl_arena_alloc(arena, evl_worker_payload_bytes(worker));
  FILE *out = fopen(argv[3], "wb");
  if (!payload || !out) return 1;
  pass(worker, &analysis, argv[1], &probe, payload, out);
  fclose(out);
  double best_s = 1e30, best_cpu_s = 1e30;
  for (int i = 0; i < atoi(argv[2]); i++) {
    double wall_s = evl_seconds(), cpu_s = processor_seconds();
    pass(worker, &analysis, argv[1], i % 2 ? &probe : &other, payload, NULL);
    wall_s = evl_seconds() - wall_s;
    cpu_s = processor_seconds() - cpu_s;
    best_s = wall_s < best_s ? wall_s : best_s;
    best_cpu_s = cpu_s < best_cpu_s ? cpu_s : best_cpu_s;
  }
  printf("{\"signal_s\": %.17g, \"wall_s\": %.6f, \"cpu_s\": %.6f}\n", probe.duration_s, best_s, best_cpu_s);
  evl_worker_free(worker);
  evl_arena_free(arena);
  return 0;
}
