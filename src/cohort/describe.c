/* describe: a recording, a store or a run in words and numbers. */
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "eveil/parallel.h"
#include "eveil/readers.h"
#include "study_priv.h"

/* ---- a recording ---- */

static evl_status count_one(void *context, double onset_s, double duration_s, const char *text) {
  (void)onset_s, (void)duration_s, (void)text;
  ++*(int64_t *)context;
  return EVL_OK;
}

static void print_header(const evl_header *h, FILE *out) {
  fprintf(out, "  format        %s\n  size          %lld bytes\n  records       %lld of %g s\n", h->format,
          (long long)h->bytes, (long long)h->n_records, h->record_s);
  fprintf(out, "  duration      %g s in %d stretch%s\n", h->duration_s, h->n_stretches,
          h->n_stretches == 1 ? "" : "es");
  if (h->truncated) fprintf(out, "  truncated     yes: whole records are kept\n");
  if (*h->note) fprintf(out, "  note          %s\n", h->note);
  fprintf(out, "  signals       %d\n", h->n_signals);
  for (int i = 0; i < h->n_signals; i++) {
    static const char *const kinds[] = {"voltage", "other", "annotations"};
    evl_electrode e;
    evl_electrode_parse(h->signal[i].label, &e);
    fprintf(out, "    %3d  %-18s %-11s %8.6g Hz  %-6s%s%s\n", i, h->signal[i].label, kinds[h->signal[i].kind],
            h->signal[i].fs_hz, h->signal[i].unit, e.known ? "  is " : "", e.known ? e.name : "");
  }
  for (int s = 0; s < h->n_stretches && h->n_stretches > 1; s++)
    fprintf(out, "    stretch %d from %g s, %g s long\n", s, h->stretch[s].start_s, h->stretch[s].duration_s);
}

evl_status evl_recording_print(const char *path, FILE *out) {
  evl_arena *arena = evl_arena_create();
  if (!arena) return evl_fail(EVL_MEMORY, "out of memory");
  evl_reader *reader;
  int64_t annotations = 0;
  evl_status status = evl_reader_open(path, 0, arena, &reader);
  if (status == EVL_OK) {
    fprintf(out, "%s\n", path);
    print_header(evl_reader_header(reader), out);
    status = evl_reader_annotations(reader, count_one, &annotations);
    if (status == EVL_OK) fprintf(out, "  annotations   %lld\n", (long long)annotations);
    evl_reader_close(reader);
  }
  evl_arena_free(arena);
  return status;
}

/* ---- a run ---- */

static void print_duration(double seconds, FILE *out) {
  if (seconds < 120) fprintf(out, "%.3g s", seconds);
  else if (seconds < 7200) fprintf(out, "%.3g min", seconds / 60);
  else fprintf(out, "%.3g h", seconds / 3600);
}

static double journal_bytes(const evl_journals *j) {
  double sum = 0;
  for (int i = 0; i < j->n_files; i++) {
    struct stat info;
    if (!stat(j->path[i], &info)) sum += (double)info.st_size;
  }
  return sum;
}

static evl_status print_journal_state(evl_study *s, FILE *out) {
  EVL_TRY(evl_study_scan(s, false));
  int64_t done = 0;
  int failed = 0, finished = 0;
  double seconds = 0;
  for (int64_t t = 0; t < s->n_tasks; t++) {
    const evl_task *task = &s->task[t];
    if (!task->done) continue;
    evl_task_head head;
    EVL_TRY(evl_journals_read(s->journals, &task->where, 0, &head, sizeof head));
    done++;
    seconds += head.seconds;
    if (task->span != FINISH) continue;
    finished++;
    if (head.status == EVL_OK) continue;
    failed++;
    fprintf(out, "  failed        %s: %s\n", s->manifest->recording[task->recording].id, head.message);
  }
  fprintf(out, "  tasks         %lld finished of %lld\n  recordings    %d finished of %d, %d failed\n", (long long)done,
          (long long)s->n_tasks, finished, s->n_recordings, failed);
  fprintf(out, "  work          ");
  print_duration(seconds, out);
  fprintf(out, " of one core, %.3g tasks a second and core\n", seconds > 0 ? (double)done / seconds : 0);
  fprintf(out, "  journals      %lld records, %.1f MB in %s\n", (long long)s->journals->n,
          1e-6 * journal_bytes(s->journals), s->journal_folder);
  return EVL_OK;
}

evl_status evl_study_print_state(evl_study *s, FILE *out) {
  struct stat info;
  fprintf(out, "%s\n", s->config_path);
  char today[33];
  evl_hex(s->plan_key.byte, 16, today);
  if (!stat(s->store, &info)) {
    evl_store *store;
    const char *plan = NULL, *whole = NULL;
    EVL_TRY(evl_store_open(s->store, &store));
    evl_status status = evl_store_attribute(store, "/", "plan_hash", s->arena, &plan);
    if (status == EVL_OK) status = evl_store_attribute(store, "/", "complete", s->arena, &whole);
    evl_store_close(store);
    EVL_TRY(status);
    bool same = plan && !strcmp(plan, today), complete = whole && !strcmp(whole, "1");
    fprintf(out, "  store         %s, %.1f MB, %s%s\n", s->store, 1e-6 * (double)info.st_size,
            complete ? "complete" : "not complete", same ? "" : ", of another plan");
    if (same && complete) {
      fprintf(out, "  tasks         %lld finished of %lld\n", (long long)s->n_tasks, (long long)s->n_tasks);
      return EVL_OK;
    }
  } else {
    fprintf(out, "  store         %s, not there yet\n", s->store);
  }
  if (stat(s->journal_folder, &info)) {
    fprintf(out, "  tasks         0 finished of %lld\n", (long long)s->n_tasks);
    return EVL_OK;
  }
  return print_journal_state(s, out);
}

/* ---- a plan ---- */

typedef struct totals {
  double signal_s, core_s, longest_s, rows_bytes;
  int64_t windows;
  int columns, unreadable;
} totals;

static totals add_up(const evl_study *s) {
  totals t = {0};
  for (int64_t i = 0; i < s->n_tasks; i++) {
    double seconds = 1e-6 * (double)s->task[i].cost_us;
    t.core_s += seconds;
    t.longest_s = fmax(t.longest_s, seconds);
  }
  for (int r = 0; r < s->n_recordings; r++) {
    t.unreadable += s->probe[r].status != EVL_OK;
    if (s->probe[r].status == EVL_OK) t.signal_s += s->probe[r].duration_s;
  }
  for (int a = 0; a < s->n_analyses; a++) {
    const evl_layout *l = s->analysis[a].layout;
    int64_t w = s->first_window[a][s->n_recordings];
    t.windows += w;
    t.columns += l->n_columns + l->n_recording_columns;
    t.rows_bytes += (double)w * (9.0 * l->n_columns + 8.0 * (double)l->window_tensor_size + 16);
  }
  return t;
}

evl_status evl_study_print_plan(evl_study *s, FILE *out) {
  EVL_TRY(evl_agree(evl_study_worker(s)));
  if (evl_rank() != 0) return EVL_OK;
  totals t = add_up(s);
  fprintf(out, "%s\n  recordings    %d of %d participants, %.4g h of signal\n", s->config_path, s->n_recordings,
          s->manifest->n_participants, t.signal_s / 3600);
  for (int r = 0, shown = 0; r < s->n_recordings && shown < 20; r++)
    if (s->probe[r].status != EVL_OK) {
      fprintf(out, "  unreadable    %s\n", s->probe[r].message);
      shown++;
    }
  if (t.unreadable > 20) fprintf(out, "  unreadable    and %d more\n", t.unreadable - 20);
  for (int a = 0; a < s->n_analyses; a++) {
    const evl_analysis *n = &s->analysis[a];
    fprintf(out, "  analysis      %-14s %lld windows of %g s every %g s, %d channels, ", n->name,
            (long long)s->first_window[a][s->n_recordings], n->window_s, n->step_s, n->montage->n);
    fprintf(out, "%d columns, %d recording columns, %d tensors\n", n->layout->n_columns, n->layout->n_recording_columns,
            n->layout->n_tensors);
  }
  fprintf(out, "  tasks         %lld of %g s of signal, and %d recordings to finish\n", (long long)s->n_window_tasks,
          s->task_s, s->n_recordings);
  fprintf(out, "  disk          %.4g MB of journals, at most as much again for the store\n", 1e-6 * t.rows_bytes);
  fprintf(out, "  cost          %.4g core-hours, longest task ", t.core_s / 3600);
  print_duration(t.longest_s, out);
  /* Beyond this many ranks the longest task, or a handful of tasks a rank, decides. */
  double most = fmin(t.longest_s > 0 ? t.core_s / t.longest_s : 1, (double)s->n_window_tasks / 4);
  int ranks = most < 1 ? 1 : (int)most;
  fprintf(out, "\n  suggestion    up to %d ranks, about ", ranks);
  print_duration(t.core_s / ranks + t.longest_s + 2, out);
  fprintf(out, " of wall time on those\n");
  return EVL_OK;
}
