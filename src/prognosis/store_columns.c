/* Which columns of which analyses of a store enter a design, and the values of one recording. */
#include <math.h>
#include <string.h>

#include "store_columns_priv.h"

static evl_status expect_shape(evl_store *store, const char *path, int n_dims, const uint64_t *dim) {
  evl_type type;
  int found;
  uint64_t size[4];
  EVL_TRY(evl_store_shape(store, path, &type, &found, size));
  bool good = found == n_dims;
  for (int k = 0; good && k < n_dims; k++) good = size[k] == dim[k];
  return good ? EVL_OK : evl_fail(EVL_FORMAT, "%s: expected the shape of its names, found another", path);
}

/* One block (summary or recording_values) of an analysis: chosen (name, statistic) pairs. */
static evl_status add_block(evl_store_columns *columns, evl_store *store, const char *analysis, const char *path,
                            uint64_t n_names, const char *const *name, uint64_t n_statistics,
                            const char *const *statistic, const evl_value *patterns, const evl_value *statistics,
                            evl_arena *arena) {
  const uint64_t dim[3] = {columns->n_recordings, n_names, n_statistics};
  EVL_TRY(expect_shape(store, path, statistic ? 3 : 2, dim));
  evl_store_block *block = &columns->block[columns->n_blocks];
  const uint64_t per_name = statistic ? n_statistics : 1;
  block->path = path;
  block->width = n_names * per_name;
  EVL_NEW(arena, block->at, block->width);
  const char **title;
  EVL_NEW(arena, title, block->width);
  for (uint64_t c = 0; c < n_names; c++) {
    if (!evl_glob_any(patterns, name[c])) continue;
    for (uint64_t k = 0; k < per_name; k++) {
      if (statistic && !evl_glob_any(statistics, statistic[k])) continue;
      title[block->n] = statistic ? evl_arena_format(arena, "%s/%s:%s", analysis, name[c], statistic[k])
                                  : evl_arena_format(arena, "%s/%s", analysis, name[c]);
      if (!title[block->n]) return EVL_MEMORY;
      block->at[block->n++] = c * per_name + k;
    }
  }
  block->title = title;
  if (block->n == 0) return EVL_OK;
  columns->n += block->n;
  columns->n_blocks++;
  if (block->width > columns->widest) columns->widest = block->width;
  return EVL_OK;
}

static evl_status add_analysis(evl_store_columns *columns, evl_store *store, const char *analysis,
                               const evl_value *patterns, const evl_value *statistics, const char **example,
                               evl_arena *arena) {
  const char *root = evl_arena_format(arena, "/analyses/%s", analysis);
  char *names = evl_arena_format(arena, "%s/column_name", root), *path = evl_arena_format(arena, "%s/summary", root);
  char *statistic_path = evl_arena_format(arena, "%s/summary_statistic", root);
  if (!root || !names || !path || !statistic_path) return EVL_MEMORY;
  uint64_t n, n_statistics;
  const char **name, **statistic;
  if (evl_store_has(store, path)) {
    EVL_TRY(evl_store_texts(store, names, arena, &n, &name));
    EVL_TRY(evl_store_texts(store, statistic_path, arena, &n_statistics, &statistic));
    if (patterns->n > 0 && n > 0) {
      const char *near = evl_nearest(patterns->strings[0], (int)n, name);
      if (!*example ||
          evl_text_distance(patterns->strings[0], near) < evl_text_distance(patterns->strings[0], *example))
        *example = near;
    }
    EVL_TRY(add_block(columns, store, analysis, path, n, name, n_statistics, statistic, patterns, statistics, arena));
  }
  names = evl_arena_format(arena, "%s/recording_column_name", root);
  path = evl_arena_format(arena, "%s/recording_values", root);
  if (!names || !path) return EVL_MEMORY;
  if (!evl_store_has(store, path) || !evl_store_has(store, names)) return EVL_OK;
  EVL_TRY(evl_store_texts(store, names, arena, &n, &name));
  return add_block(columns, store, analysis, path, n, name, 1, NULL, patterns, statistics, arena);
}

/* Adds the share of clean samples of every window of an analysis that counts to its recording. */
static evl_status add_quality(evl_store_columns *columns, evl_store *store, const char *analysis, double *sum,
                              double *count, evl_arena *arena) {
  enum { AT_ONCE = 65536 };
  char *recording_path = evl_arena_format(arena, "/analyses/%s/window_recording", analysis);
  char *clean_path = evl_arena_format(arena, "/analyses/%s/window_clean", analysis);
  char *chosen_path = evl_arena_format(arena, "/analyses/%s/window_chosen", analysis);
  if (!recording_path || !clean_path || !chosen_path) return EVL_MEMORY;
  if (!evl_store_has(store, recording_path) || !evl_store_has(store, clean_path)) return EVL_OK;
  evl_type type;
  int n_dims;
  uint64_t dim[4];
  int32_t *recording;
  double *clean;
  uint8_t *chosen;
  const bool choice = evl_store_has(store, chosen_path);
  EVL_TRY(evl_store_shape(store, recording_path, &type, &n_dims, dim));
  EVL_TRY(expect_shape(store, clean_path, 1, dim));
  EVL_NEW(arena, recording, AT_ONCE);
  EVL_NEW(arena, clean, AT_ONCE);
  EVL_NEW(arena, chosen, AT_ONCE);
  if (choice) EVL_TRY(expect_shape(store, chosen_path, 1, dim));
  for (uint64_t row = 0; row < dim[0]; row += AT_ONCE) {
    const uint64_t n = dim[0] - row < AT_ONCE ? dim[0] - row : AT_ONCE;
    EVL_TRY(evl_store_read(store, recording_path, EVL_I32, row, n, recording));
    EVL_TRY(evl_store_read(store, clean_path, EVL_F64, row, n, clean));
    if (choice) EVL_TRY(evl_store_read(store, chosen_path, EVL_U8, row, n, chosen));
    for (uint64_t i = 0; i < n; i++) {
      const int32_t r = recording[i];
      if (r < 0 || (uint64_t)r >= columns->n_recordings)
        return evl_fail(EVL_FORMAT, "%s: expected a recording below %llu, found %d", recording_path,
                        (unsigned long long)columns->n_recordings, r);
      if (isnan(clean[i]) || (choice && !chosen[i])) continue;
      sum[r] += clean[i];
      count[r]++;
    }
  }
  return EVL_OK;
}

evl_status evl_store_columns_find(evl_store *store, const evl_params *params, uint64_t n_recordings, const char *where,
                                  evl_arena *arena, evl_store_columns *columns) {
  const evl_value *analyses = evl_params_value(params, "analyses"), *patterns = evl_params_value(params, "columns");
  const evl_value *statistics = evl_params_value(params, "statistics");
  int n_groups = 0, n_analyses = 0;
  const char **group, *example = "";
  double *sum, *count;
  *columns = (evl_store_columns){.n_recordings = n_recordings};
  if (patterns->n == 0) return EVL_OK;
  EVL_TRY(evl_store_list(store, "/analyses", arena, &n_groups, &group));
  EVL_NEW(arena, columns->block, 2 * (size_t)n_groups);
  EVL_NEW(arena, columns->quality, n_recordings);
  EVL_NEW(arena, sum, n_recordings);
  EVL_NEW(arena, count, n_recordings);
  for (int g = 0; g < n_groups; g++) {
    char *analysis = evl_arena_text(arena, group[g]);
    if (!analysis) return EVL_MEMORY;
    analysis[strcspn(analysis, "/")] = 0;
    if (!evl_glob_any(analyses, analysis)) continue;
    n_analyses++;
    const int before = columns->n;
    EVL_TRY(add_analysis(columns, store, analysis, patterns, statistics, &example, arena));
    if (columns->n > before) EVL_TRY(add_quality(columns, store, analysis, sum, count, arena));
  }
  if (n_analyses == 0)
    return evl_fail(EVL_USAGE, "%s: no analysis of the store matches \"%s\"", where,
                    analyses->n ? analyses->strings[0] : "");
  if (columns->n == 0)
    return evl_fail(EVL_USAGE,
                    "%s: no column and statistic of the store match \"%s\" and \"%s\"; the nearest column is \"%s\"",
                    where, patterns->strings[0], statistics->n ? statistics->strings[0] : "", example);
  for (uint64_t r = 0; r < n_recordings; r++) columns->quality[r] = count[r] > 0 ? sum[r] / count[r] : NAN;
  EVL_NEW(arena, columns->row, columns->widest);
  return EVL_OK;
}

evl_status evl_store_columns_read(evl_store *store, const evl_store_columns *columns, uint64_t recording,
                                  double *value) {
  for (int b = 0; b < columns->n_blocks; b++) {
    const evl_store_block *block = &columns->block[b];
    EVL_TRY(evl_store_read(store, block->path, EVL_F64, recording, 1, columns->row));
    for (int k = 0; k < block->n; k++) *value++ = columns->row[block->at[k]];
  }
  return EVL_OK;
}
