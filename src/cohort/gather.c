/* gather: every record checked, then one store written by all ranks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "costs_priv.h"
#include "eveil/math.h"
#include "eveil/parallel.h"
#include "gather_priv.h"

/* ---- every CRC ---- */

bool evl_task_intact(evl_study *s, evl_task *task, void *scratch, size_t bytes) {
  const evl_journals *j = s->journals;
  evl_record tried = task->where;
  if (evl_journals_intact(s->journals, &tried, scratch, bytes)) return true;
  for (int64_t i = 0; i < j->n; i++) {
    if (memcmp(&j->record[i].key, &task->key, sizeof(evl_key)) || j->record[i].machine != tried.machine) continue;
    task->where = j->record[i];
    if (evl_journals_intact(s->journals, &task->where, scratch, bytes)) return true;
  }
  return false;
}

typedef struct checked { int64_t task; int32_t done, status, rank; double seconds; evl_record where; } checked;
/* Heads of which the store tells more: those of recording stages and of window tasks that failed. */
typedef struct told { int64_t task; evl_task_head head; evl_annotation_head annotated; } told;

typedef struct share { checked *task; told *head; size_t n, n_heads, heads; } share; /* `heads` have room */

static evl_status tell(share *mine, int64_t task, const evl_task_head *head, const evl_annotation_head *annotated) {
  if (mine->n_heads == mine->heads) {
    size_t heads = 2 * mine->heads + 64;
    told *more = realloc(mine->head, heads * sizeof *more);
    if (!more) return evl_fail(EVL_MEMORY, "no memory for the heads of %zu tasks", heads);
    mine->head = more;
    mine->heads = heads;
  }
  mine->head[mine->n_heads++] = (told){task, *head, *annotated};
  return EVL_OK;
}

static evl_status check_share(gather *g, share *mine, evl_arena *scratch) {
  evl_study *s = g->study;
  enum { BLOCK = 1 << 20 };
  void *block = evl_arena_alloc(scratch, BLOCK);
  int failed = -1; /* one head a recording is enough */
  if (!block) return EVL_MEMORY;
  EVL_NEW(scratch, mine->task, s->n_tasks / evl_size() + 2);
  for (int64_t t = evl_rank(); t < s->n_tasks; t += evl_size()) {
    evl_task *task = &s->task[t];
    if (!task->done) continue;
    checked *c = &mine->task[mine->n++];
    *c = (checked){.task = t, .done = evl_task_intact(s, task, block, BLOCK)};
    if (!c->done) continue;
    evl_task_head head;
    EVL_TRY(evl_journals_read(s->journals, &task->where, 0, &head, sizeof head));
    c->status = head.status;
    c->rank = head.rank;
    c->seconds = head.seconds;
    c->where = task->where;
    if (task->span != FINISH && (head.status == EVL_OK || task->recording == failed)) continue;
    failed = task->recording;
    evl_annotation_head annotated = {0};
    if (task->span == FINISH && head.status == EVL_OK) EVL_TRY(evl_gather_annotation_head(s, task, &annotated));
    EVL_TRY(tell(mine, t, &head, &annotated));
  }
  return EVL_OK;
}

/* The stage of a recording whose windows are missing. */
static void undo_recording(evl_study *s, int r) {
  for (int i = 0; i < s->n_pieces; i++) s->task[piece_task(s, r, i)].done = false;
  s->task[finish_task(s, r)].done = false;
}

static evl_status take_tasks(gather *g, const checked *all, size_t n) {
  evl_study *s = g->study;
  EVL_NEW(g->arena, g->task_status, s->n_tasks + 1);
  EVL_NEW(g->arena, g->task_rank, s->n_tasks + 1);
  EVL_NEW(g->arena, g->task_seconds, s->n_tasks + 1);
  for (size_t i = 0; i < n; i++) {
    const checked *c = &all[i];
    s->task[c->task].done = c->done;
    s->task[c->task].where = c->where;
    g->task_status[c->task] = c->status;
    g->task_rank[c->task] = c->rank;
    g->task_seconds[c->task] = c->seconds;
  }
  /* A recording whose windows must run again is not finished either. */
  for (int r = 0; r < s->n_recordings; r++)
    for (int64_t t = s->first_task[r]; t < s->first_task[r + 1]; t++)
      if (!s->task[t].done && !g->partial) undo_recording(s, r);
  for (int r = 0; r < s->n_recordings; r++)
    for (int i = 0; i < s->n_pieces; i++)
      if (!s->task[piece_task(s, r, i)].done && !g->partial) s->task[finish_task(s, r)].done = false;
  for (int64_t t = 0; t < s->n_tasks; t++) g->missing += !s->task[t].done;
  return EVL_OK;
}

/* The head of a recording's own stage; before that, of its first failed window task, which fails it. */
static evl_status take_heads(gather *g, const told *all, size_t n, evl_arena *scratch) {
  evl_study *s = g->study;
  int64_t *from;
  EVL_NEW(g->arena, g->finish, s->n_recordings + 1);
  EVL_NEW(g->arena, g->annotated, s->n_recordings + 1);
  EVL_NEW(scratch, from, s->n_recordings + 1);
  for (int r = 0; r < s->n_recordings; r++) from[r] = INT64_MAX;
  for (size_t i = 0; i < n; i++) {
    int r = s->task[all[i].task].recording;
    int64_t order = all[i].task == finish_task(s, r) ? -1 : all[i].task;
    if (order > from[r]) continue;
    from[r] = order;
    g->finish[r] = all[i].head;
    g->annotated[r] = all[i].annotated;
  }
  for (int r = 0; r < s->n_recordings; r++) g->failed += evl_recording_why(g, r) == EVL_WHY_FAILED;
  return EVL_OK;
}

static evl_status share_checks(gather *g, const share *mine, evl_arena *scratch) {
  size_t *offset;
  void *tasks, *heads;
  EVL_TRY(evl_gather_all(mine->task, mine->n * sizeof *mine->task, scratch, &tasks, &offset));
  EVL_TRY(evl_agree(take_tasks(g, tasks, offset[evl_size()] / sizeof(checked))));
  EVL_TRY(evl_gather_all(mine->head, mine->n_heads * sizeof *mine->head, scratch, &heads, &offset));
  return evl_agree(take_heads(g, heads, offset[evl_size()] / sizeof(told), scratch));
}

/* Collective. Each rank checks a share of the records, all know the result. */
static evl_status check_all(gather *g) {
  share mine = {0};
  evl_arena *scratch = evl_arena_create();
  evl_status status = scratch ? check_share(g, &mine, scratch) : evl_fail(EVL_MEMORY, "out of memory");
  status = evl_agree(status);
  if (status == EVL_OK) status = share_checks(g, &mine, scratch);
  free(mine.head);
  evl_arena_free(scratch);
  return status;
}

/* ---- attributes of the root ---- */

typedef struct root { const char *text[16]; evl_attribute attribute[16]; int n; } root;

static void note(root *at, const char *name, const char *text) {
  at->text[at->n] = text ? text : "";
  at->attribute[at->n] = (evl_attribute){name, EVL_TEXT, 1, &at->text[at->n]};
  at->n++;
}

static const char *hex_of(gather *g, const evl_key *key) {
  char text[33];
  evl_hex(key->byte, 16, text);
  return evl_arena_text(g->arena, text);
}

static void describe(gather *g, root *at) {
  const evl_study *s = g->study;
  char now[32];
  time_t clock = time(NULL);
  struct tm utc;
  gmtime_r(&clock, &utc);
  strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", &utc);
  note(at, "eveil_version", EVL_VERSION);
  note(at, "git_revision", g->options->revision);
  note(at, "created_utc", evl_arena_text(g->arena, now));
  note(at, "seed", evl_arena_format(g->arena, "%llu", (unsigned long long)s->seed));
  note(at, "layout_hash", hex_of(g, &s->layout_key));
  note(at, "plan_hash", hex_of(g, &s->plan_key));
  note(at, "libraries", evl_arena_format(g->arena, "%s; %s; %s; %s; compiler %s", evl_store_library(),
                                         evl_parallel_library(), evl_fft_library(), evl_blas_library(), __VERSION__));
  note(at, "cpu", evl_study_cpu(s, g->arena));
  note(at, "command", g->options->command);
  if (s->replay) note(at, "replay", "1");
  char *whole = realpath(s->config_path, NULL); /* a store is audited from any folder */
  note(at, "config_file", evl_arena_text(g->arena, whole ? whole : s->config_path));
  free(whole);
  note(at, "complete", g->missing == 0 && g->failed == 0 ? "1" : "0");
  note(at, "missing_tasks", evl_arena_format(g->arena, "%lld", (long long)g->missing));
}

static evl_status prepare(gather *g) {
  g->buffer_bytes = evl_gather_buffer_bytes(g->study);
  g->buffer = malloc(g->buffer_bytes); /* not cleared: what no recording needs is never touched */
  if (!g->buffer) return evl_fail(EVL_MEMORY, "%s: no memory for rows of %zu bytes", g->study->store, g->buffer_bytes);
  return evl_gather_layout(g);
}

static evl_status write_store(gather *g) {
  const evl_study *s = g->study;
  root at = {.n = 0};
  g->study->timing.layout_from_s = evl_seconds();
  EVL_TRY(evl_gather_cohort_models(g));
  g->n_costs = (int)evl_max_i64(s->costs ? evl_costs_count(s->costs) : 0);
  EVL_TRY(evl_agree(prepare(g)));
  describe(g, &at);
  const evl_store_plan plan = {.path = s->store,
                               .n_datasets = g->n_datasets,
                               .dataset = g->dataset,
                               .n_attributes = at.n,
                               .attribute = at.attribute,
                               .n_groups = g->n_groups,
                               .group = g->group,
                               .compress = evl_params_bool(s->run, "compress"),
                               .memory_bytes = g->buffer_bytes};
  return evl_store_write(&plan, evl_gather_rows, g);
}

evl_status evl_gather_store(evl_study *study, const evl_run_options *options, bool partial, int64_t *missing,
                            int *failed) {
  gather g = {.study = study, .options = options, .partial = partial, .arena = evl_arena_create()};
  evl_status status = evl_agree(g.arena ? EVL_OK : evl_fail(EVL_MEMORY, "out of memory"));
  if (status == EVL_OK) status = check_all(&g);
  if (status == EVL_OK && (g.missing == 0 || partial)) status = write_store(&g);
  *missing = g.missing;
  *failed = g.failed;
  free(g.buffer);
  free(g.chosen.window);
  evl_arena_free(g.arena);
  return status;
}
