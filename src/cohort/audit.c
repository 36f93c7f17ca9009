/* audit: random rows of a store computed again from their recordings, and compared bit by bit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eveil/math.h"
#include "study_priv.h"

typedef struct auditor {
  evl_study *study;
  evl_store *store;
  FILE *out;
  uint8_t *payload;
  double *stored;
  uint8_t *stored_why;
  int compared, different, skipped;
} auditor;

/* f32 stores hold rounded values. */
static bool same(const evl_analysis *analysis, double a, double b) {
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
  return analysis->single ? (float)a == (float)b : a == b;
}

typedef struct drawn { int recording, span, analysis; int64_t window; } drawn;

static evl_status compare(auditor *u, const drawn *drawn_row, const evl_section *section) {
  const evl_study *s = u->study;
  int a = drawn_row->analysis, r = drawn_row->recording;
  int64_t i = drawn_row->window;
  const evl_analysis *analysis = &s->analysis[a];
  int c = analysis->layout->n_columns, wrong = 0;
  char path[256];
  uint64_t row = (uint64_t)(s->first_window[a][r] + i);
  snprintf(path, sizeof path, "/analyses/%s/values", analysis->name);
  EVL_TRY(evl_store_read(u->store, path, EVL_F64, row, 1, u->stored));
  snprintf(path, sizeof path, "/analyses/%s/why", analysis->name);
  EVL_TRY(evl_store_read(u->store, path, EVL_U8, row, 1, u->stored_why));
  const double *value = (const double *)(u->payload + section[a].value) + (i - section[a].first) * c;
  const uint8_t *why = u->payload + section[a].why + (i - section[a].first) * c;
  for (int j = 0; j < c; j++) {
    if (same(analysis, value[j], u->stored[j]) && why[j] == u->stored_why[j]) continue;
    if (wrong++ < 3)
      fprintf(u->out, "differs  %s, %s at %g s, %s: stored %.17g (why %d), recomputed %.17g (why %d)\n", analysis->name,
              s->manifest->recording[r].id, (double)i * analysis->step_s, analysis->layout->column[j].name,
              u->stored[j], u->stored_why[j], value[j], why[j]);
  }
  u->compared++;
  u->different += wrong > 0;
  return EVL_OK;
}

/* A row of a recording that fails today: equal if it failed when the store was made. */
static evl_status compare_failed(auditor *u, const drawn *row, const evl_task_head *head) {
  const evl_study *s = u->study;
  uint64_t at = (uint64_t)(s->first_window[row->analysis][row->recording] + row->window);
  bool failed = true;
  char path[256];
  snprintf(path, sizeof path, "/analyses/%s/why", s->analysis[row->analysis].name);
  EVL_TRY(evl_store_read(u->store, path, EVL_U8, at, 1, u->stored_why));
  for (int c = 0; c < s->analysis[row->analysis].layout->n_columns; c++)
    failed = failed && u->stored_why[c] == EVL_WHY_FAILED;
  u->compared += failed;
  u->skipped += !failed;
  if (!failed) fprintf(u->out, "not checked  %s: %s\n", s->manifest->recording[row->recording].id, head->message);
  return EVL_OK;
}

/* ---- the draw ---- */

/* One of all window rows of the store, uniformly. */
static drawn draw(const evl_study *s, evl_random *random, int64_t total) {
  int64_t row = (int64_t)evl_random_below(random, (uint64_t)total);
  int a = 0, r = 0;
  while (s->analysis[a].summary_only || row >= s->first_window[a][s->n_recordings]) {
    if (!s->analysis[a].summary_only) row -= s->first_window[a][s->n_recordings];
    a++;
  }
  while (s->first_window[a][r + 1] <= row) r++;
  int64_t i = row - s->first_window[a][r], first, n;
  return (drawn){r, evl_window_span(&s->analysis[a], s->probe[r].duration_s, s->task_s, i, &first, &n), a, i};
}

static int by_task(const void *a, const void *b) {
  const drawn *x = a, *y = b;
  if (x->recording != y->recording) return x->recording < y->recording ? -1 : 1;
  if (x->span != y->span) return x->span < y->span ? -1 : 1;
  if (x->analysis != y->analysis) return x->analysis < y->analysis ? -1 : 1;
  return (x->window > y->window) - (x->window < y->window);
}

/* Rows in order of their tasks: each task is computed once. */
static evl_status audit_rows(auditor *u, const drawn *row, int n) {
  evl_study *s = u->study;
  evl_section section[EVL_MOST_ANALYSES];
  const evl_task_head *head = (const evl_task_head *)u->payload;
  for (int k = 0; k < n; k++) {
    int r = row[k].recording;
    size_t bytes;
    if (k == 0 || r != row[k - 1].recording || row[k].span != row[k - 1].span) {
      evl_window_sections(s->n_analyses, s->analysis, s->probe[r].duration_s, s->task_s, row[k].span, section);
      EVL_TRY(evl_worker_windows(s->worker, s->manifest->recording[r].path, &s->probe[r], row[k].span, u->payload,
                                 &bytes));
    }
    EVL_TRY(head->status == EVL_OK ? compare(u, &row[k], section) : compare_failed(u, &row[k], head));
  }
  return EVL_OK;
}

/* The rows and columns of today's study must be the store's. */
static evl_status check_rows(const auditor *u) {
  const evl_study *s = u->study;
  for (int a = 0; a < s->n_analyses; a++) {
    evl_type type;
    int n_dims;
    uint64_t dim[4] = {0}, rows = (uint64_t)s->first_window[a][s->n_recordings];
    uint64_t columns = (uint64_t)s->analysis[a].layout->n_columns;
    char path[256];
    snprintf(path, sizeof path, "/analyses/%.200s/values", s->analysis[a].name);
    if (s->analysis[a].summary_only) continue;
    if (!evl_store_has(u->store, path))
      return evl_fail(EVL_USAGE, "%s has an analysis \"%s\" that the store has not", s->config_path,
                      s->analysis[a].name);
    EVL_TRY(evl_store_shape(u->store, path, &type, &n_dims, dim));
    if (dim[0] != rows || dim[1] != columns)
      return evl_fail(EVL_USAGE, "%s: analysis \"%s\" has %llu rows of %llu columns today, the store %llu of %llu; "
                      "expected the configuration and the recordings that the store was made from", s->config_path,
                      s->analysis[a].name, (unsigned long long)rows, (unsigned long long)columns,
                      (unsigned long long)dim[0], (unsigned long long)dim[1]);
  }
  return EVL_OK;
}

static evl_status audit(auditor *u, int n, uint64_t seed) {
  evl_study *s = u->study;
  int64_t total = 0;
  int columns = 1;
  const char *plan;
  char today[33];
  EVL_TRY(check_rows(u));
  EVL_TRY(evl_store_attribute(u->store, "/", "plan_hash", s->arena, &plan));
  evl_hex(s->plan_key.byte, 16, today);
  if (!plan || strcmp(plan, today))
    fprintf(u->out, "note: the configuration, recordings or this machine are not those that the store was made from; "
                    "differences may follow\n");
  EVL_TRY(evl_study_worker(s));
  for (int a = 0; a < s->n_analyses; a++) {
    if (!s->analysis[a].summary_only) total += s->first_window[a][s->n_recordings];
    if (s->analysis[a].layout->n_columns > columns) columns = s->analysis[a].layout->n_columns;
  }
  if (total == 0) return evl_fail(EVL_USAGE, "the store has no window rows to audit");
  EVL_NEW(s->arena, u->payload, evl_worker_payload_bytes(s->worker));
  EVL_NEW(s->arena, u->stored, columns);
  EVL_NEW(s->arena, u->stored_why, columns);
  drawn *row;
  EVL_NEW(s->arena, row, n);
  evl_random random;
  evl_random_begin(&random, seed, "audit", "rows", 0);
  for (int i = 0; i < n; i++) row[i] = draw(s, &random, total);
  qsort(row, (size_t)n, sizeof *row, by_task);
  EVL_TRY(audit_rows(u, row, n));
  fprintf(u->out, "%d rows recomputed: %d equal, %d different, %d not checked\n", u->compared,
          u->compared - u->different, u->different, u->skipped);
  if (u->different) return evl_fail(EVL_NUMERIC, "%d of %d rows differ from the store", u->different, u->compared);
  if (u->skipped)
    return evl_fail(EVL_PARTIAL, "%d of %d rows could not be recomputed", u->skipped, u->compared + u->skipped);
  return EVL_OK;
}

/* The configuration that the store names, where none is given. */
static evl_status config_of(auditor *u, const char *path, evl_arena *arena, const char **config) {
  const char *replay;
  EVL_TRY(evl_store_attribute(u->store, "/", "replay", arena, &replay));
  if (replay) return evl_fail(EVL_USAGE, "%s: expected the store of a run, found that of a replay: no result", path);
  if (*config) return EVL_OK;
  EVL_TRY(evl_store_attribute(u->store, "/", "config_file", arena, config));
  return *config ? EVL_OK : evl_fail(EVL_FORMAT, "%s: not a store: it names no configuration", path);
}

evl_status evl_store_audit(const char *path, const char *config, int n, uint64_t seed, FILE *out) {
  auditor u = {.out = out};
  evl_arena *arena = evl_arena_create();
  if (!arena) return evl_fail(EVL_MEMORY, "out of memory");
  evl_status status = evl_store_open(path, &u.store);
  if (status == EVL_OK) status = config_of(&u, path, arena, &config);
  if (status == EVL_OK) status = evl_study_open(config, &u.study);
  if (status == EVL_OK) status = audit(&u, n, seed);
  evl_study_close(u.study);
  if (u.store) evl_store_close(u.store);
  evl_arena_free(arena);
  return status;
}
