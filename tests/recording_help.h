/* What the tests of `recording` share: small EDF files of any signal, with gaps; analyses from text; payloads. */
#ifndef EVEIL_RECORDING_HELP_H
#define EVEIL_RECORDING_HELP_H

#include "check.h"
#include "conditioning_help.h"
#include "eveil/dynamics.h"
#include "eveil/features.h"
#include "eveil/readers.h"
#include "eveil/recording.h"
#include "scratch.h"

/* ---- files ------------------------------------------------------------------------------------- */

enum { FILE_SIGNALS = 24, FILE_TAL_BYTES = 32 };

/* Records of record_s; signal i has rate[i] samples a second (fs_hz where 0). */
typedef struct test_file {
  int n_signals;
  const char *label[FILE_SIGNALS];
  double fs_hz, rate[FILE_SIGNALS], record_s;
  int n_records;
  const double *onset_s; /* [n_records] EDF+D; NULL: EDF */
  double (*wave)(int signal, double t_s); /* microvolt */
} test_file;

static inline void file_field(FILE *f, int width, const char *text) { fprintf(f, "%-*.*s", width, width, text); }

static inline int file_samples(const test_file *d, int i) {
  return (int)lround((d->rate[i] > 0 ? d->rate[i] : d->fs_hz) * d->record_s);
}

static inline void file_header(FILE *f, const test_file *d) {
  int n = d->n_signals, all = n + (d->onset_s != NULL);
  fprintf(f, "%-8s%-80s%-80s%-8s%-8s%-8d%-44s%-8d%-8g%-4d", "0", "X X X X", "Startdate 02-MAR-2015 X X X", "02.03.15",
          "13.14.15", 256 * (all + 1), d->onset_s ? "EDF+D" : "", d->n_records, d->record_s, all);
  for (int i = 0; i < all; i++) file_field(f, 16, i < n ? d->label[i] : "EDF Annotations");
  for (int i = 0; i < all; i++) file_field(f, 80, "");
  for (int i = 0; i < all; i++) file_field(f, 8, i < n ? "uV" : "");
  for (int i = 0; i < all; i++) file_field(f, 8, i < n ? "-3276.8" : "-1");
  for (int i = 0; i < all; i++) file_field(f, 8, i < n ? "3276.7" : "1");
  for (int i = 0; i < all; i++) file_field(f, 8, "-32768");
  for (int i = 0; i < all; i++) file_field(f, 8, "32767");
  for (int i = 0; i < all; i++) file_field(f, 80, "");
  for (int i = 0; i < all; i++) fprintf(f, "%-8d", i < n ? file_samples(d, i) : FILE_TAL_BYTES / 2);
  for (int i = 0; i < all; i++) file_field(f, 32, "");
}

static inline const char *file_write(const char *name, const test_file *d) {
  const char *path = scratch_path(name);
  FILE *f = fopen(path, "wb");
  if (!f) exit(1);
  file_header(f, d);
  for (int r = 0; r < d->n_records; r++) {
    double from_s = d->onset_s ? d->onset_s[r] : r * d->record_s;
    for (int i = 0; i < d->n_signals; i++)
      for (int t = 0, n = file_samples(d, i); t < n; t++) {
        int x = (int)lround(fmax(-3276.8, fmin(3276.7, d->wave(i, from_s + t * d->record_s / n))) * 10);
        fputc(x & 255, f);
        fputc(x >> 8 & 255, f);
      }
    char tal[FILE_TAL_BYTES] = "";
    if (d->onset_s) {
      snprintf(tal, sizeof tal, "+%.6f\x14\x14", from_s);
      fwrite(tal, 1, sizeof tal, f);
    }
  }
  if (fclose(f)) exit(1);
  return path;
}

/* Noise without memory: the same at the same time, whatever is asked for before. */
static inline double noise(int signal, double t_s, double scale) {
  uint64_t z = (uint64_t)llround(t_s * 1e6) * 0x9e3779b97f4a7c15u + (uint64_t)signal * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return scale * ((double)(z >> 11) / 9007199254740992.0 - 0.5);
}

/* ---- a study in memory ----------------------------------------------------------------------------- */

enum { STUDY_ANALYSES = 4, STUDY_RECORDINGS = 4 };

typedef struct study {
  evl_arena *arena;
  int n_analyses, n_recordings;
  evl_analysis analysis[STUDY_ANALYSES];
  const char *path[STUDY_RECORDINGS];
  evl_probe probe[STUDY_RECORDINGS];
  double task_s;
  evl_worker *worker;
  uint8_t *payload;
  size_t bytes;
  evl_section section[STUDY_ANALYSES];
  evl_finish_section finish[STUDY_ANALYSES];
} study;

static inline void study_begin(study *s, double task_s) {
  *s = (study){.arena = evl_arena_create(), .task_s = task_s};
  if (!s->arena) abort();
}

static inline void study_end(study *s) {
  evl_worker_free(s->worker);
  evl_arena_free(s->arena);
}

/* One entry, with the keys of `entry_text`. */
static inline void study_analysis(study *s, double window_s, double step_s, const char *conditioning, const char *entry,
                                  const char *entry_text) {
  evl_analysis *a = &s->analysis[s->n_analyses];
  evl_slot slot = {.entry = evl_feature_find(entry)};
  evl_config *config;
  evl_params *params;
  evl_montage *montage;
  evl_layout *layout;
  if (!slot.entry) slot = (evl_slot){.entry = evl_model_find(entry), .dynamic = true};
  a->name = evl_arena_format(s->arena, "a%d", s->n_analyses++);
  a->window_s = window_s;
  a->step_s = step_s;
  a->conditioning = help_params(s->arena, conditioning);
  bool good = a->conditioning && evl_config_parse(entry_text, "entry.cfg", &config) == EVL_OK &&
              evl_group_params(evl_config_root(config), entry, &slot.entry->params, 1, NULL, NULL, s->arena,
                               &params) == EVL_OK;
  slot.params = params;
  good = good && evl_montage_plan(a->conditioning, 0, NULL, s->arena, &montage) == EVL_OK;
  a->montage = montage;
  good = good && evl_layout_plan(1, &slot, montage, NULL, s->arena, &layout) == EVL_OK;
  a->layout = layout;
  if (!good) {
    printf("# %s\n", evl_error_message());
    exit(1);
  }
  evl_config_free(config);
}

static inline evl_probe *study_recording(study *s, const char *path) {
  evl_probe *probe = &s->probe[s->n_recordings];
  s->path[s->n_recordings++] = evl_arena_text(s->arena, path);
  CHECK(evl_recording_probe(path, NULL, s->arena, probe, NULL, NULL) == EVL_OK);
  return probe;
}

static inline evl_status study_plan(study *s) {
  EVL_TRY(evl_worker_plan(s->n_analyses, s->analysis, s->n_recordings, s->probe, s->task_s, NULL, s->arena, &s->worker));
  s->payload = evl_arena_alloc(s->arena, evl_worker_payload_bytes(s->worker));
  evl_finish_sections(s->n_analyses, s->analysis, s->finish);
  return s->payload ? EVL_OK : EVL_MEMORY;
}

static inline int study_spans(const study *s, int r) {
  return evl_spans(s->n_analyses, s->analysis, s->probe[r].duration_s, s->task_s);
}

/* The window task of a span; its head. */
static inline const evl_task_head *study_windows(study *s, int r, int span) {
  evl_window_sections(s->n_analyses, s->analysis, s->probe[r].duration_s, s->task_s, span, s->section);
  CHECK(evl_worker_windows(s->worker, s->path[r], &s->probe[r], span, s->payload, &s->bytes) == EVL_OK);
  CHECK(s->bytes <= evl_worker_payload_bytes(s->worker));
  return (const evl_task_head *)s->payload;
}

static inline const evl_task_head *study_finish(study *s, int r, double *const *state) {
  CHECK(evl_worker_finish(s->worker, s->path[r], &s->probe[r], EVL_OK, "", state, NULL, s->payload, &s->bytes) == EVL_OK);
  return (const evl_task_head *)s->payload;
}

/* Row `row` of the present payload. */
static inline const double *study_values(const study *s, int a, int64_t row) {
  return (const double *)(s->payload + s->section[a].value) + row * s->analysis[a].layout->n_columns;
}
static inline const uint8_t *study_whys(const study *s, int a, int64_t row) {
  return s->payload + s->section[a].why + row * s->analysis[a].layout->n_columns;
}
static inline float study_clean(const study *s, int a, int64_t row) {
  return ((const float *)(s->payload + s->section[a].clean))[row];
}

#endif
