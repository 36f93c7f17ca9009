/* A small store with everything in it that a real one has: strings, scales, tables, empty dimensions,
   tensors, values by rows. value(w, c) is known in closed form. */
#ifndef STORE_SAMPLE_H
#define STORE_SAMPLE_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eveil/store.h"

enum { SAMPLE_COLUMNS = 7, SAMPLE_RECORDINGS = 3, SAMPLE_STATISTICS = 2, SAMPLE_CHANNELS = 19, SAMPLE_DATASETS = 24 };

typedef struct sample {
  evl_dataset dataset[SAMPLE_DATASETS];
  int n, values, why, tensor, start, recording;
  uint64_t windows;
  evl_store_plan plan;
  int fails_on; /* rank whose fill fails from `fails_at` rows on; -1 none */
  uint64_t fails_at;
  int rank;
} sample;

/* Bits that hardly compress, so that chunks differ in size; some cells have no value. */
static double sample_value(uint64_t w, uint64_t c) {
  uint64_t n = w * 7 + c, bits = n * UINT64_C(0x9e3779b97f4a7c15);
  return n % 101 == 5 ? NAN : (double)(bits >> 11) * 0x1p-53 + (double)c;
}
static double sample_tensor(uint64_t w, uint64_t k) { return (double)w - 0.5 * (double)k; }

static evl_status sample_fill(void *context, int dataset, uint64_t row, uint64_t n, void *rows) {
  sample *s = context;
  if (s->rank == s->fails_on && row + n > s->fails_at)
    return evl_fail(EVL_FORMAT, "recording x.edf: damaged at row %d", (int)row);
  for (uint64_t i = 0; i < n; i++) {
    uint64_t w = row + i;
    if (dataset == s->values)
      for (uint64_t c = 0; c < SAMPLE_COLUMNS; c++) ((double *)rows)[i * SAMPLE_COLUMNS + c] = sample_value(w, c);
    else if (dataset == s->why)
      for (uint64_t c = 0; c < SAMPLE_COLUMNS; c++)
        ((uint8_t *)rows)[i * SAMPLE_COLUMNS + c] = isnan(sample_value(w, c)) ? 2 : 0;
    else if (dataset == s->tensor)
      for (uint64_t k = 0; k < SAMPLE_CHANNELS * 2; k++)
        ((float *)rows)[i * SAMPLE_CHANNELS * 2 + k] = (float)sample_tensor(w, k);
    else if (dataset == s->start) ((double *)rows)[i] = 2.0 * (double)w;
    else if (dataset == s->recording) ((int32_t *)rows)[i] = (int32_t)(w * SAMPLE_RECORDINGS / s->windows);
  }
  return EVL_OK;
}

static int sample_add(sample *s, evl_dataset d) {
  s->dataset[s->n] = d;
  return s->n++;
}

#define SAMPLE_SCALE(p, t, size, content) \
  sample_add(s, (evl_dataset){.path = p, .type = t, .n_dims = 1, .dim = {size}, .is_scale = true, .data = content})

static void sample_build(sample *s, const char *path, uint64_t windows, bool compress, size_t memory_bytes, int rank) {
  static int32_t count[64];
  static int64_t *window;
  static double table[SAMPLE_RECORDINGS][SAMPLE_COLUMNS][SAMPLE_STATISTICS];
  static const double xyz[SAMPLE_CHANNELS][3];
  static const char *columns[SAMPLE_COLUMNS] = {"a.mean", "a.mean[Fz]", "a.mean[Fz,Cz]", "b.délai", "b.x",
                                                "b.y",    "b.z"};
  static const char *ids[SAMPLE_RECORDINGS] = {"sub-01/éveil 1", NULL, "sub-03"};
  static const char *statistics[SAMPLE_STATISTICS] = {"mean", "sd"};
  static const char *config = "run: { seed = 1; };\n";
  static const char *version = "0.1.0", *units = "uV", *meanings = "value absent";
  static const uint8_t flags[] = {0, 1};
  static const double window_s[] = {4.0}, hours[] = {72.0, 120.0};
  static const int64_t seed = INT64_C(9007199254740993);
  static evl_attribute root[3], of_values[1], of_why[2], of_analysis[2];
  for (int i = 0; i < 64; i++) count[i] = i;
  window = realloc(window, (size_t)(windows + 1) * sizeof *window);
  for (uint64_t w = 0; w < windows; w++) window[w] = (int64_t)w;
  for (int r = 0; r < SAMPLE_RECORDINGS; r++)
    for (int c = 0; c < SAMPLE_COLUMNS; c++)
      for (int k = 0; k < SAMPLE_STATISTICS; k++) table[r][c][k] = r + 0.1 * c + 0.01 * k;
  root[0] = (evl_attribute){"eveil_version", EVL_TEXT, 1, &version};
  root[1] = (evl_attribute){"seed", EVL_I64, 1, &seed};
  root[2] = (evl_attribute){"hours", EVL_F64, 2, hours};
  of_values[0] = (evl_attribute){"units", EVL_TEXT, 1, &units};
  of_why[0] = (evl_attribute){"flag_values", EVL_U8, 2, flags};
  of_why[1] = (evl_attribute){"flag_meanings", EVL_TEXT, 1, &meanings};
  of_analysis[0] = (evl_attribute){"window_s", EVL_F64, 1, window_s};
  of_analysis[1] = (evl_attribute){"columns", EVL_TEXT, 3, columns};
  *s = (sample){.windows = windows, .rank = rank, .fails_on = -1};
  s->plan = (evl_store_plan){.path = path,
                             .dataset = s->dataset,
                             .n_attributes = 3,
                             .attribute = root,
                             .compress = compress,
                             .memory_bytes = memory_bytes};
#define A "/analyses/spectral/"
  SAMPLE_SCALE("/recordings/recording", EVL_I32, SAMPLE_RECORDINGS, count);
  sample_add(s, (evl_dataset){.path = "/recordings/id",
                              .type = EVL_TEXT,
                              .n_dims = 1,
                              .dim = {SAMPLE_RECORDINGS},
                              .scale = {"/recordings/recording"},
                              .data = ids});
  sample_add(s, (evl_dataset){.path = "/config", .type = EVL_TEXT, .data = &config});
  SAMPLE_SCALE("/channels/channel", EVL_I32, SAMPLE_CHANNELS, count);
  SAMPLE_SCALE("/channels/axis", EVL_I32, 3, count);
  sample_add(s, (evl_dataset){.path = "/channels/channel_xyz",
                              .type = EVL_F64,
                              .n_dims = 2,
                              .dim = {SAMPLE_CHANNELS, 3},
                              .scale = {"/channels/channel", "/channels/axis"},
                              .data = xyz});
  SAMPLE_SCALE(A "window", EVL_I64, windows, window);
  SAMPLE_SCALE(A "column", EVL_I32, SAMPLE_COLUMNS, count);
  SAMPLE_SCALE(A "recording", EVL_I32, SAMPLE_RECORDINGS, count);
  SAMPLE_SCALE(A "statistic", EVL_I32, SAMPLE_STATISTICS, count);
  s->recording = sample_add(
      s, (evl_dataset){
             .path = A "window_recording", .type = EVL_I32, .n_dims = 1, .dim = {windows}, .scale = {A "window"}});
  s->start = sample_add(
      s,
      (evl_dataset){.path = A "window_start_s", .type = EVL_F64, .n_dims = 1, .dim = {windows}, .scale = {A "window"}});
  sample_add(s, (evl_dataset){.path = A "column_name",
                              .type = EVL_TEXT,
                              .n_dims = 1,
                              .dim = {SAMPLE_COLUMNS},
                              .scale = {A "column"},
                              .data = columns,
                              .n_attributes = 2,
                              .attribute = of_analysis});
  s->values = sample_add(s, (evl_dataset){.path = A "values",
                                          .type = EVL_F64,
                                          .n_dims = 2,
                                          .dim = {windows, SAMPLE_COLUMNS},
                                          .scale = {A "window", A "column"},
                                          .n_attributes = 1,
                                          .attribute = of_values});
  s->why = sample_add(s, (evl_dataset){.path = A "why",
                                       .type = EVL_U8,
                                       .n_dims = 2,
                                       .dim = {windows, SAMPLE_COLUMNS},
                                       .scale = {A "window", A "column"},
                                       .n_attributes = 2,
                                       .attribute = of_why});
  sample_add(s, (evl_dataset){.path = A "summary",
                              .type = EVL_F64,
                              .n_dims = 3,
                              .dim = {SAMPLE_RECORDINGS, SAMPLE_COLUMNS, SAMPLE_STATISTICS},
                              .scale = {A "recording", A "column", A "statistic"},
                              .data = table});
  sample_add(s, (evl_dataset){.path = A "summary_statistic",
                              .type = EVL_TEXT,
                              .n_dims = 1,
                              .dim = {SAMPLE_STATISTICS},
                              .scale = {A "statistic"},
                              .data = statistics});
  SAMPLE_SCALE(A "models/var/window", EVL_I64, windows, window);
  SAMPLE_SCALE(A "models/var/channel", EVL_I32, SAMPLE_CHANNELS, count);
  SAMPLE_SCALE(A "models/var/lag", EVL_I32, 2, count);
  s->tensor =
      sample_add(s, (evl_dataset){.path = A "models/var/coefficient",
                                  .type = EVL_F32,
                                  .n_dims = 3,
                                  .dim = {windows, SAMPLE_CHANNELS, 2},
                                  .scale = {A "models/var/window", A "models/var/channel", A "models/var/lag"}});
  SAMPLE_SCALE("/analyses/empty/window", EVL_I64, 0, window);
  SAMPLE_SCALE("/analyses/empty/column", EVL_I32, SAMPLE_COLUMNS, count);
  sample_add(s, (evl_dataset){.path = "/analyses/empty/values",
                              .type = EVL_F64,
                              .n_dims = 2,
                              .dim = {0, SAMPLE_COLUMNS},
                              .scale = {"/analyses/empty/window", "/analyses/empty/column"}});
#undef A
  s->plan.n_datasets = s->n;
}

/* The number of wrong elements in what stands at `path`; -1 where it cannot be read. */
static int64_t sample_wrong(const char *path, uint64_t windows) {
  evl_store *store;
  if (evl_store_open(path, &store) != EVL_OK) return -1;
  double *values = malloc((size_t)(windows + 1) * SAMPLE_COLUMNS * 8), *start = malloc((size_t)(windows + 1) * 8);
  uint8_t *why = malloc((size_t)(windows + 1) * SAMPLE_COLUMNS);
  float *tensor = malloc((size_t)(windows + 1) * SAMPLE_CHANNELS * 2 * 4);
  int64_t wrong = -1;
  if (evl_store_read(store, "/analyses/spectral/values", EVL_F64, 0, windows, values) == EVL_OK &&
      evl_store_read(store, "/analyses/spectral/why", EVL_U8, 0, windows, why) == EVL_OK &&
      evl_store_read(store, "/analyses/spectral/window_start_s", EVL_F64, 0, windows, start) == EVL_OK &&
      evl_store_read(store, "/analyses/spectral/models/var/coefficient", EVL_F32, 0, windows, tensor) == EVL_OK) {
    wrong = 0;
    for (uint64_t w = 0; w < windows; w++) {
      wrong += start[w] != 2.0 * (double)w;
      for (uint64_t c = 0; c < SAMPLE_COLUMNS; c++) {
        double expected = sample_value(w, c), found = values[w * SAMPLE_COLUMNS + c];
        wrong += isnan(expected) ? !isnan(found) : found != expected;
        wrong += why[w * SAMPLE_COLUMNS + c] != (isnan(expected) ? 2 : 0);
      }
      for (uint64_t k = 0; k < SAMPLE_CHANNELS * 2; k++)
        wrong += tensor[w * SAMPLE_CHANNELS * 2 + k] != (float)sample_tensor(w, k);
    }
  }
  evl_store_close(store);
  free(values);
  free(start);
  free(why);
  free(tensor);
  return wrong;
}

#endif
