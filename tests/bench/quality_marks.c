/* Marks of raw numbers, for studies of the rules.
   usage: quality_marks CONFIG FS_HZ LINE_HZ LABEL,LABEL,... IN OUT [REPEATS]   IN: float64 [signal][sample], microvolt;
   OUT: uint16 [signal][cell]. CONFIG: keys of the group `conditioning`. Prints the causes of bad signals and, with
   REPEATS, the processor's nanoseconds a sample and signal of the best pass. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eveil/conditioning.h"
#include "eveil/math.h"

static void must(evl_status status) {
  if (status == EVL_OK) return;
  fprintf(stderr, "quality_marks: %s\n", evl_error_message());
  exit(1);
}

static double processor_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

typedef struct recording { int n_signals; int64_t n; const double *x; } recording;

static evl_status fetch(void *context, int source, int64_t first, int64_t n, double *x) {
  const recording *r = context;
  memcpy(x, r->x + source * r->n + first, (size_t)n * sizeof *x);
  return EVL_OK;
}

/* Offsets, and up to 16 segments of 4 s, as a run takes them. */
static void learn(evl_quality *quality, const recording *r, double fs_hz, const evl_source *source) {
  int64_t length = (int64_t)(4 * fs_hz);
  if (length > r->n) length = r->n;
  int count = (int)(r->n / (2 * length));
  count = count < 1 ? 1 : count > 16 ? 16 : count;
  double *x = malloc((size_t)(r->n_signals * length) * sizeof *x);
  for (int i = 0; i < count; i++) {
    int64_t at = (int64_t)((double)r->n * (i + 0.5) / count) - length / 2;
    if (at < 0) at = 0;
    for (int s = 0; s < r->n_signals; s++)
      for (int64_t t = 0; t < length; t++) x[s * length + t] = r->x[s * r->n + at + t] - source[s].offset;
    evl_quality_learn(quality, x, (size_t)length, (int)length);
  }
  free(x);
  evl_quality_settle(quality);
}

static void read_input(const char *path, recording *r) {
  FILE *in = fopen(path, "rb");
  if (!in) must(evl_fail(EVL_IO, "%s: cannot be read", path));
  fseek(in, 0, SEEK_END);
  size_t bytes = (size_t)ftell(in);
  rewind(in);
  double *x = malloc(bytes);
  if (fread(x, 1, bytes, in) != bytes) must(evl_fail(EVL_IO, "%s: cannot be read", path));
  fclose(in);
  r->x = x;
  r->n = (int64_t)(bytes / sizeof *x) / r->n_signals;
}

int main(int argc, char **argv) {
  static evl_source source[512];
  recording r = {0};
  if (argc < 7) must(evl_fail(EVL_USAGE, "expected CONFIG FS_HZ LINE_HZ LABELS IN OUT [REPEATS]"));
  evl_arena *arena = evl_arena_create();
  evl_config *config;
  evl_params *params;
  evl_quality *quality;
  const evl_param *const *tables;
  int n_tables = evl_conditioning_tables(&tables), repeats = argc > 7 ? atoi(argv[7]) : 0;
  double fs_hz = strtod(argv[2], NULL);
  must(evl_config_parse(argv[1], "keys", &config));
  must(evl_group_params(evl_config_root(config), "conditioning", tables, n_tables, NULL, NULL, arena, &params));
  for (char *label = strtok(argv[4], ","); label && r.n_signals < 512; label = strtok(NULL, ","))
    source[r.n_signals++] = (evl_source){.label = label, .fs_hz = fs_hz, .usable = true};
  read_input(argv[5], &r);
  for (int s = 0; s < r.n_signals; s++) {
    double mean = evl_mean(r.x + s * r.n, (size_t)r.n);
    source[s].offset = mean == mean ? mean : 0;
  }
  must(evl_quality_plan(params, r.n_signals, source, strtod(argv[3], NULL), (double)r.n / fs_hz, arena, &quality));
  learn(quality, &r, fs_hz, source);
  int64_t cells = evl_quality_cells(quality, r.n);
  double best_s = 1e30;
  for (int i = 0; i < (repeats > 0 ? repeats : 1); i++) {
    double began_s = processor_seconds();
    must(evl_quality_run(quality, fetch, &r, r.n, 0, cells));
    double now_s = processor_seconds() - began_s;
    if (now_s < best_s) best_s = now_s;
  }
  if (repeats) printf("ns %.2f\n", 1e9 * best_s / (double)(r.n * r.n_signals));
  FILE *out = fopen(argv[6], "wb");
  for (int s = 0; s < r.n_signals; s++) {
    fwrite(evl_quality_marks(quality, s), sizeof(uint16_t), (size_t)cells, out);
    for (int c = 0; c < EVL_CAUSES; c++)
      if (evl_quality_bad(quality, s) >> c & 1) printf("bad %s %s\n", source[s].label, evl_cause_name[c]);
  }
  fclose(out);
  evl_arena_free(arena);
  evl_config_free(config);
  return 0;
}
