/* store_cell: one value of a store by its names: recording, analysis and column. */
#include <math.h>
#include <string.h>

#include "study_priv.h"

typedef struct cell {
  evl_store *store;
  evl_arena *arena;
  const char *path, *group;
  uint64_t recording, column, n_columns;
} cell;

static evl_status find(const cell *c, const char *dataset, const char *name, const char *what, uint64_t *index,
                       uint64_t *n) {
  const char **text;
  evl_guess guess = {.word = name};
  EVL_TRY(evl_store_texts(c->store, dataset, c->arena, n, &text));
  for (uint64_t i = 0; i < *n; i++) {
    if (!strcmp(text[i], name)) {
      *index = i;
      return EVL_OK;
    }
    evl_guess_try(&guess, text[i]);
  }
  return evl_fail(EVL_USAGE, "%s: no %s \"%s\"; did you mean \"%s\"?", c->path, what, name,
                  guess.best ? guess.best : "");
}

static const char *part(const cell *c, const char *name) { return evl_arena_format(c->arena, "%s/%s", c->group, name); }

static void print_value(const char *name, double x, FILE *out) {
  if (isnan(x)) fprintf(out, "  %-16s no value\n", name);
  else fprintf(out, "  %-16s %.17g\n", name, x);
}

static evl_status print_summary(const cell *c, FILE *out) {
  uint64_t k;
  const char **statistic, *names = part(c, "summary_statistic"), *summary = part(c, "summary");
  const char *count = part(c, "summary_count"), *why = part(c, "summary_why");
  double *value, *counts, *whys;
  if (!summary || !count || !why || !names) return EVL_MEMORY;
  EVL_TRY(evl_store_texts(c->store, names, c->arena, &k, &statistic));
  EVL_NEW(c->arena, value, c->n_columns * k);
  EVL_NEW(c->arena, counts, c->n_columns);
  EVL_NEW(c->arena, whys, c->n_columns);
  EVL_TRY(evl_store_read(c->store, summary, EVL_F64, c->recording, 1, value));
  EVL_TRY(evl_store_read(c->store, count, EVL_F64, c->recording, 1, counts));
  EVL_TRY(evl_store_read(c->store, why, EVL_F64, c->recording, 1, whys));
  fprintf(out, "  %-16s %.0f\n  %-16s %.0f\n", "windows", counts[c->column], "why", whys[c->column]);
  for (uint64_t i = 0; i < k; i++) print_value(statistic[i], value[c->column * k + i], out);
  return EVL_OK;
}

/* Window i of the recording, counted from its first. */
static evl_status print_window(const cell *c, uint64_t window, FILE *out) {
  uint64_t n, first = 0, of = 0, dim[4];
  int n_dims;
  evl_type type;
  double *recording, *value, *start;
  const char *paths[] = {part(c, "window_recording"), part(c, "values"), part(c, "window_start_s")};
  if (!paths[0] || !paths[1] || !paths[2]) return EVL_MEMORY;
  EVL_TRY(evl_store_shape(c->store, paths[0], &type, &n_dims, dim));
  n = dim[0];
  EVL_NEW(c->arena, recording, n + 1);
  EVL_NEW(c->arena, value, c->n_columns);
  EVL_NEW(c->arena, start, 1);
  if (n) EVL_TRY(evl_store_read(c->store, paths[0], EVL_F64, 0, n, recording));
  while (first < n && recording[first] < (double)c->recording) first++;
  while (first + of < n && recording[first + of] == (double)c->recording) of++;
  if (window >= of)
    return evl_fail(EVL_USAGE, "%s: the recording has %llu windows there, found --window=%llu", c->path,
                    (unsigned long long)of, (unsigned long long)window);
  EVL_TRY(evl_store_read(c->store, paths[1], EVL_F64, first + window, 1, value));
  EVL_TRY(evl_store_read(c->store, paths[2], EVL_F64, first + window, 1, start));
  print_value("start_s", start[0], out);
  print_value("value", value[c->column], out);
  return EVL_OK;
}

static evl_status no_analysis(const cell *c, const char *name) {
  int n = 0;
  const char **known;
  evl_guess guess = {.word = name};
  if (evl_store_has(c->store, "/analyses")) EVL_TRY(evl_store_list(c->store, "/analyses", c->arena, &n, &known));
  for (int i = 0; i < n; i++) evl_guess_try(&guess, known[i]);
  return evl_fail(EVL_USAGE, "%s: no analysis \"%s\"; did you mean \"%.*s\"?", c->path, name,
                  guess.best ? (int)strcspn(guess.best, "/") : 0, guess.best ? guess.best : "");
}

static evl_status print_cell(cell *c, const char *analysis, const char *column, const char *recording, int64_t window,
                             FILE *out) {
  uint64_t n;
  if (!(c->group = evl_arena_format(c->arena, "/analyses/%s", analysis))) return EVL_MEMORY;
  const char *names = part(c, "column_name");
  if (!names) return EVL_MEMORY;
  const char *values = part(c, "values");
  if (!values) return EVL_MEMORY;
  if (!evl_store_has(c->store, names)) return no_analysis(c, analysis);
  if (window >= 0 && !evl_store_has(c->store, values))
    return evl_fail(EVL_USAGE, "%s: of analysis \"%s\" the store keeps the summary alone, no windows", c->path,
                    analysis);
  EVL_TRY(find(c, names, column, "column", &c->column, &c->n_columns));
  EVL_TRY(find(c, "/recordings/id", recording, "recording", &c->recording, &n));
  fprintf(out, "%s, %s, %s\n", recording, analysis, column);
  return window >= 0 ? print_window(c, (uint64_t)window, out) : print_summary(c, out);
}

evl_status evl_store_print_cell(const char *path, const char *analysis, const char *column, const char *recording,
                                int64_t window, FILE *out) {
  cell c = {.path = path, .arena = evl_arena_create()};
  if (!c.arena) return evl_fail(EVL_MEMORY, "out of memory");
  evl_status status = evl_store_open(path, &c.store);
  if (status == EVL_OK) {
    status = print_cell(&c, analysis, column, recording, window, out);
    evl_store_close(c.store);
  }
  evl_arena_free(c.arena);
  return status;
}
