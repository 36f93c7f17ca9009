/* The main chain on one core: reading, conditioning and band_power on windows of 4 s, as `eveil run` does them.
   usage: recording_chain STEP_S REPEATS OUT FILE... of one montage. Prints the best wall and processor seconds of a
   pass over all windows of all files, and of the same with headers, planning and release; OUT gets the absolute band
   powers, f64 [window][band][channel]. */
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

/* band_power of the defaults on windows of 4 s, under the default conditioning. */
static evl_analysis plan_analysis(const evl_probe *probe, double step_s, evl_arena *arena) {
  const evl_param *const *tables;
  int n = evl_conditioning_tables(&tables);
  evl_analysis analysis = {.name = "spectral", .window_s = 4.0, .step_s = step_s};
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
  must(evl_layout_plan(1, &slot, montage, NULL, arena, &layout));
  analysis.conditioning = conditioning;
  analysis.montage = montage;
  analysis.layout = layout;
  return analysis;
}

/* All spans of a file; the absolute powers of each to `out` where it is open. */
static void run_file(evl_worker *worker, const evl_analysis *analysis, const char *path, const evl_probe *probe,
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

typedef struct times { double wall_s, cpu_s; } times;

static times now(void) { return (times){evl_seconds(), processor_seconds()}; }

static void keep_best(times *best, times began) {
  times end = now();
  if (end.wall_s - began.wall_s < best->wall_s) best->wall_s = end.wall_s - began.wall_s;
  if (end.cpu_s - began.cpu_s < best->cpu_s) best->cpu_s = end.cpu_s - began.cpu_s;
}

/* Everything once: returns the seconds of signal. */
static double run_all(char **path, int n, double step_s, FILE *out, times *windows, times *whole) {
  double signal_s = 0.0;
  times began = now();
  evl_arena *arena = evl_arena_create();
  evl_probe *probe = evl_arena_alloc(arena, (size_t)n * sizeof *probe);
  for (int i = 0; i < n; i++) {
    must(evl_recording_probe(path[i], NULL, arena, &probe[i], NULL, NULL));
    must(probe[i].status == EVL_OK ? EVL_OK : evl_fail(probe[i].status, "%s", probe[i].message));
    signal_s += probe[i].duration_s;
  }
  evl_analysis analysis = plan_analysis(&probe[0], step_s, arena);
  evl_worker *worker;
  must(evl_worker_plan(1, &analysis, n, probe, task_s, NULL, arena, &worker));
  uint8_t *payload = evl_arena_alloc(arena, evl_worker_payload_bytes(worker));
  if (!payload) exit(1);
  times planned = now();
  for (int i = 0; i < n; i++) run_file(worker, &analysis, path[i], &probe[i], payload, out);
  keep_best(windows, planned);
  evl_worker_free(worker);
  evl_arena_free(arena);
  keep_best(whole, began);
  return signal_s;
}

int main(int argc, char **argv) {
  if (argc < 5) return 1;
  times windows = {1e30, 1e30}, whole = windows;
  FILE *out = fopen(argv[3], "wb");
  if (!out) return 1;
  double signal_s = run_all(argv + 4, argc - 4, atof(argv[1]), out, &windows, &whole);
  fclose(out);
  windows = whole = (times){1e30, 1e30};
  for (int i = 0; i < atoi(argv[2]); i++) run_all(argv + 4, argc - 4, atof(argv[1]), NULL, &windows, &whole);
  printf("{\"signal_s\": %.17g, \"wall_s\": %.6f, \"cpu_s\": %.6f, ", signal_s, windows.wall_s, windows.cpu_s);
  printf("\"with_plan_wall_s\": %.6f, \"with_plan_cpu_s\": %.6f}\n", whole.wall_s, whole.cpu_s);
  return 0;
}
