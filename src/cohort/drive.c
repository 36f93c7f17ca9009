/* drive: a run. Three rounds (windows, pieces of recordings, recordings), every task into the journal, then the gather. */
#include <string.h>
#include <unistd.h>

#include "costs_priv.h"
#include "drive_stage_priv.h"
#include "eveil/parallel.h"

typedef struct driver {
  evl_study *study;
  const evl_run_options *options;
  evl_journal *journal;
  uint8_t *record;          /* header and payload of one record */
  size_t n_done;            /* records of this rank in the present round */
  int64_t *done;            /* their tasks */
  evl_stage_reader stage;
  double began_s, spoke_s;
  int64_t *list;            /* [n_tasks] the present round, dearest first */
  float *cost_us;           /* [n_tasks] of the list */
  bool waiting;             /* a record for its sync */
} driver;

/* ---- the journal, and its time ---- */

static void count_sync(driver *d, double began_s, bool synced) {
  evl_timing *t = &d->study->timing;
  double seconds = evl_seconds() - began_s;
  t->seconds[PHASE_JOURNAL] += seconds;
  if (synced && d->waiting) {
    t->n_syncs++;
    t->sync_s += seconds;
  }
  d->waiting = d->waiting && !synced;
}

static evl_status append(driver *d, evl_task *task, size_t bytes) {
  bool synced;
  double began_s = evl_seconds();
  EVL_TRY(evl_journal_append(d->journal, &task->key, d->record, bytes, &task->where, &synced));
  d->waiting = true;
  count_sync(d, began_s, synced);
  d->study->timing.journal_bytes += (double)(bytes + evl_journal_header_bytes());
  d->study->timing.n_tasks++;
  return EVL_OK;
}

static evl_status tick_journal(driver *d) {
  bool synced;
  double began_s = evl_seconds();
  EVL_TRY(evl_journal_tick(d->journal, &synced));
  count_sync(d, began_s, synced);
  return EVL_OK;
}

/* ---- progress ---- */

/* What must not wait for the end of a task or of a wait: the sync of what is finished, and SIGTERM. */
static void keep(driver *d) {
  /* An error comes back with the next append. */
  evl_status status = tick_journal(d);
  if (!evl_stop_at_once()) return;
  if (status == EVL_OK) status = evl_journal_sync(d->journal);
  evl_log(EVL_LOG_INFO, "%s", status == EVL_OK ? "stopped on request; run again to go on" : evl_error_message());
  evl_lock_release(d->study->lock);
  evl_parallel_abort(evl_exit_code(status == EVL_OK ? EVL_STOPPED : status));
}

static void progress(void *context, int64_t finished, int64_t n) {
  driver *d = context;
  keep(d);
  double now_s = evl_seconds();
  bool terminal = isatty(2);
  if (evl_rank() != 0 || d->options->quiet || now_s - d->spoke_s < (terminal ? 1 : 30)) return;
  d->spoke_s = now_s;
  double rate = (double)finished / (now_s - d->began_s);
  evl_log(EVL_LOG_INFO, "%lld of %lld tasks, %.3g a second, about %.0f s left", (long long)finished, (long long)n, rate,
          rate > 0 ? (double)(n - finished) / rate : 0);
}

/* ---- work ---- */

static void tick(void *context) {
  evl_schedule_tick(NULL);
  keep(context);
}

/* The recording stage: piece `piece`, or its end (piece < 0). *bytes = 0: a record before it is damaged. The gather finds
   it too, and then both tasks run again. */
static evl_status run_stage(driver *d, int r, int piece, void *payload, size_t *bytes) {
  evl_study *s = d->study;
  *bytes = 0;
  if (!evl_stage_intact(&d->stage, r, piece < 0, payload)) return EVL_OK;
  const evl_probe *probe = &s->probe[r];
  evl_status failed = probe->status;
  char message[sizeof((evl_task_head *)0)->message];
  snprintf(message, sizeof message, "%s", probe->message);
  if (failed == EVL_OK) EVL_TRY(evl_stage_sum(&d->stage, r, &failed, message, sizeof message));
  if (failed == EVL_OK && piece < 0) EVL_TRY(evl_stage_pieces(&d->stage, r, &failed, message, sizeof message));
  const char *path = s->manifest->recording[r].path;
  if (s->replay && failed == EVL_OK) {
    if (piece < 0) evl_replay_finish(s, &s->task[finish_task(s, r)], tick, d, payload, bytes);
    else evl_replay_piece(s, &s->task[piece_task(s, r, piece)], tick, d, payload, bytes);
    return EVL_OK;
  }
  if (piece < 0)
    return evl_worker_finish(s->worker, path, probe, failed, message, d->stage.state, d->stage.pieces, payload, bytes);
  return evl_worker_piece(s->worker, path, probe, failed, message, d->stage.state, piece, payload, bytes);
}

/* Messages of the store name the file as the manifest does: where the data lie is not a result. */
static void name_file(char *message, size_t size, const evl_recording *recording) {
  size_t n = strlen(recording->path);
  if (strncmp(message, recording->path, n)) return;
  char rest[sizeof((evl_task_head *)0)->message];
  snprintf(rest, sizeof rest, "%s", message + n);
  snprintf(message, size, "%s%s", recording->file, rest);
}

static evl_status work(void *context, int64_t t) {
  driver *d = context;
  evl_study *s = d->study;
  evl_task *task = &s->task[t];
  uint8_t *payload = d->record + evl_journal_header_bytes();
  size_t bytes;
  double began_s = evl_seconds();
  if (task->span < 0) EVL_TRY(run_stage(d, task->recording, piece_of(task->span), payload, &bytes));
  else if (s->replay) evl_replay_windows(s, task, tick, d, payload, &bytes);
  else EVL_TRY(evl_worker_windows(s->worker, s->manifest->recording[task->recording].path, &s->probe[task->recording],
                                  task->span, payload, &bytes));
  if (bytes == 0) return EVL_OK;
  if (s->replay) s->timing.seconds[PHASE_COMPUTE] += evl_seconds() - began_s;
  evl_task_head *head = (evl_task_head *)payload;
  head->rank = evl_rank();
  name_file(head->message, sizeof head->message, &s->manifest->recording[task->recording]);
  EVL_TRY(append(d, task, bytes));
  task->done = true;
  d->done[d->n_done++] = t;
  return EVL_OK;
}

/* ---- rounds ---- */

/* Collective. Where every rank's new records lie. */
static evl_status share_records(driver *d) {
  typedef struct placed { int64_t task; evl_record where; } placed;
  evl_study *s = d->study;
  evl_arena *scratch = evl_arena_create();
  placed *mine = scratch ? evl_arena_alloc(scratch, (d->n_done + 1) * sizeof *mine) : NULL;
  for (size_t i = 0; mine && i < d->n_done; i++) mine[i] = (placed){d->done[i], s->task[d->done[i]].where};
  void *all;
  size_t *offset;
  evl_status status = evl_agree(mine ? EVL_OK : evl_fail(EVL_MEMORY, "out of memory"));
  if (status == EVL_OK) status = evl_gather_all(mine, d->n_done * sizeof *mine, scratch, &all, &offset);
  for (size_t i = 0; status == EVL_OK && i < offset[evl_size()] / sizeof(placed); i++) {
    const placed *p = (const placed *)all + i;
    s->task[p->task].where = p->where;
    s->task[p->task].done = true;
  }
  evl_arena_free(scratch);
  d->n_done = 0;
  return status;
}

static evl_status run_round(driver *d, int64_t from, int64_t to) {
  evl_study *s = d->study;
  evl_round_report report = {0};
  int64_t n = evl_study_order(s, from, to, d->list, d->cost_us);
  const evl_round round = {.n = n,
                           .task = d->list,
                           .cost_us = d->cost_us,
                           .dynamic = !strcmp(evl_params_string(s->run, "schedule"), "dynamic"),
                           .work = work,
                           .progress = progress,
                           .context = d,
                           .report = &report};
  d->began_s = d->spoke_s = evl_seconds();
  evl_status status = n ? evl_schedule_round(&round) : EVL_OK;
  s->timing.seconds[PHASE_WAIT] += report.wait_s;
  s->timing.n_requests += report.requests;
  double began_s = evl_seconds();
  evl_status synced = evl_journal_sync(d->journal);
  count_sync(d, began_s, synced == EVL_OK);
  synced = evl_agree(synced);
  EVL_TRY(synced);
  EVL_TRY(status);
  return share_records(d);
}

static evl_status plan_driver(driver *d) {
  evl_study *s = d->study;
  /* The payload behind the header is what must be aligned. */
  size_t ahead = (evl_journal_header_bytes() + 63) & ~(size_t)63;
  EVL_NEW(s->arena, d->record, ahead + evl_worker_payload_bytes(s->worker));
  d->record += ahead - evl_journal_header_bytes();
  EVL_NEW(s->arena, d->done, s->n_tasks + 1);
  EVL_NEW(s->arena, d->list, s->n_tasks + 1);
  EVL_NEW(s->arena, d->cost_us, s->n_tasks + 1);
  EVL_TRY(evl_stage_reader_plan(s, &d->stage));
  evl_worker_tick(s->worker, tick, d);
  return evl_journal_open(s->journal_folder, evl_rank(), evl_params_real(s->run, "flush_s"), evl_machine_here(),
                          s->arena, &d->journal);
}

static evl_status run_tasks(driver *d) {
  evl_study *s = d->study;
  evl_status status = EVL_OK;
  for (int i = 0; i < TASK_ROUNDS && status == EVL_OK; i++)
    status = run_round(d, round_begin(s, i), round_begin(s, i + 1));
  if (status != EVL_OK && status != EVL_STOPPED) return status;
  EVL_TRY(evl_study_keep_costs(s));
  return status == EVL_STOPPED ? evl_fail(EVL_STOPPED, "stopped on request; run again to go on") : EVL_OK;
}

/* What this machine takes for what is not a task. */
static evl_status keep_figures(driver *d, double gathered_s) {
  const evl_study *s = d->study;
  const evl_timing *t = &s->timing;
  double mb = 0;
  for (int a = 0; a < s->n_analyses; a++)
    mb += 1e-6 * (double)s->first_window[a][s->n_recordings] * evl_row_bytes(&s->analysis[a]);
  const evl_figure figure[] = {
      {"machine.start", "run", {t->seconds[PHASE_START], 1}},
      {"machine.header", "header", {t->headers_s * evl_size(), s->n_recordings}},
      {"machine.share", "header", {t->seconds[PHASE_PROBE] - t->headers_s, s->n_recordings}},
      {"machine.plan", "run", {t->seconds[PHASE_PLAN] - t->tasks_s, 1}},
      {"machine.task", "task", {t->tasks_s, (double)s->n_tasks}},
      {"machine.journal", "MB", {t->seconds[PHASE_JOURNAL] - t->sync_s, 1e-6 * t->journal_bytes}},
      {"machine.sync", "sync", {t->sync_s, (double)t->n_syncs}},
      {"machine.layout", "store", {t->layout_s, 1}},
      {"machine.gather", "MB", {(gathered_s - t->layout_s) * evl_size(), mb}},
  };
  if (s->replay) return EVL_OK;
  return evl_agree(evl_rank() == 0 ? evl_study_keep_figures(d->study, sizeof figure / sizeof *figure, figure) : EVL_OK);
}

/* ---- the run ---- */

static void say_journals(const evl_study *s) {
  int64_t done = 0;
  for (int64_t t = 0; t < s->n_tasks; t++) done += s->task[t].done;
  const evl_journals *j = s->journals;
  for (int i = 0; i < j->n_foreign; i++) evl_log(EVL_LOG_WARNING, "%s: not a journal, left alone", j->foreign[i]);
  if (j->n_torn) evl_log(EVL_LOG_INFO, "%d journal(s) end in a torn record: that task runs again", j->n_torn);
  if (j->n_skipped_bytes)
    evl_log(EVL_LOG_WARNING, "%lld damaged bytes in the journals: those tasks run again",
            (long long)j->n_skipped_bytes);
  if (done) evl_log(EVL_LOG_INFO, "resuming: %lld of %lld tasks are finished", (long long)done, (long long)s->n_tasks);
  if (j->n > done)
    evl_log(EVL_LOG_INFO, "%lld further records, of other plans or run again, are kept in %s",
            (long long)(j->n - done), s->journal_folder);
}

/* Collective. By the holder of the lock, rank 0. */
static evl_status drop_journals(const evl_study *s) {
  if (evl_params_bool(s->run, "keep_journals")) return EVL_OK;
  return evl_agree(s->lock ? evl_journals_remove(s->journal_folder) : EVL_OK);
}

static evl_status end_run(evl_study *s, int failed) {
  EVL_TRY(evl_agree(evl_rank() == 0 && failed < s->n_recordings ? evl_study_say_empty(s) : EVL_OK));
  if (evl_rank() == 0) {
    evl_log(EVL_LOG_INFO, "%s: %d recordings, %d failed", s->store, s->n_recordings, failed);
    if (failed)
      evl_log(EVL_LOG_INFO, "the journals are kept, so that repaired files cost only themselves: %s",
              s->journal_folder);
  }
  if (failed)
    return evl_fail(EVL_PARTIAL, "%d of %d recordings failed: eveil info %s lists them", failed, s->n_recordings,
                    s->store);
  return drop_journals(s);
}

/* Damaged records become unfinished at the gather: their tasks run again, a few times at most. */
static evl_status run_and_gather(driver *d) {
  enum { TRIES = 3 };
  for (int i = 0; i < TRIES; i++) {
    int64_t missing;
    int failed;
    EVL_TRY(run_tasks(d));
    double began_s = d->study->timing.lap_s = evl_seconds();
    EVL_TRY(evl_gather_store(d->study, d->options, false, &missing, &failed));
    evl_timing_lap(&d->study->timing, PHASE_GATHER);
    if (missing == 0) {
      EVL_TRY(keep_figures(d, evl_seconds() - began_s));
      return end_run(d->study, failed);
    }
    if (evl_rank() == 0) evl_log(EVL_LOG_WARNING, "damaged records found: %lld tasks run again", (long long)missing);
  }
  return evl_fail(EVL_IO, "%s: records are damaged again and again: check the disk", d->study->journal_folder);
}

evl_status evl_study_run(evl_study *s, const evl_run_options *options) {
  bool complete;
  EVL_TRY(evl_output_check(s, options, &complete));
  if (complete) {
    if (evl_rank() == 0) evl_log(EVL_LOG_INFO, "%s: complete, nothing to do", s->store);
    if (s->lock) evl_costs_tidy(s->costs_path);
    return drop_journals(s); /* a run that was killed between its gather and this left them */
  }
  EVL_TRY(evl_study_scan(s, true));
  EVL_TRY(evl_study_one_kind(s, options));
  EVL_TRY(evl_study_expect(s));
  if (evl_rank() == 0) say_journals(s);
  driver d = {.study = s, .options = options};
  EVL_TRY(evl_agree(plan_driver(&d)));
  evl_timing_lap(&s->timing, PHASE_PLAN);
  evl_status status = run_and_gather(&d);
  evl_status closed = evl_journal_close(d.journal);
  if (status == EVL_OK) status = closed;
  if (options->timing && (status == EVL_OK || status == EVL_PARTIAL)) EVL_TRY(evl_timing_write(s, options->timing));
  return status;
}

evl_status evl_study_gather(evl_study *s, const evl_run_options *options) {
  bool complete;
  int64_t missing;
  int failed;
  EVL_TRY(evl_output_check(s, options, &complete));
  if (complete) {
    if (evl_rank() == 0) evl_log(EVL_LOG_INFO, "%s: complete, nothing to do", s->store);
    return EVL_OK;
  }
  EVL_TRY(evl_study_scan(s, false));
  EVL_TRY(evl_study_one_kind(s, options));
  EVL_TRY(evl_agree(evl_rank() == 0 ? evl_costs_read(s->costs_path, s->arena, &s->costs) : EVL_OK));
  EVL_TRY(evl_gather_store(s, options, true, &missing, &failed));
  if (evl_rank() == 0)
    evl_log(EVL_LOG_INFO, "%s: %lld of %lld tasks gathered, %d recordings failed so far", s->store,
            (long long)(s->n_tasks - missing), (long long)s->n_tasks, failed);
  return EVL_OK;
}
