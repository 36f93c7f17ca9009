/* describe: a run in words and numbers. */
#include <string.h>
#include <sys/stat.h>

#include "eveil/parallel.h"
#include "study_priv.h"

/* ---- a run ---- */

void evl_print_duration(double seconds, FILE *out) {
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
  int64_t others;
  const char *kinds;
  EVL_TRY(evl_study_other_kinds(s, s->arena, &others, &kinds));
  if (others)
    fprintf(out, "  other kinds   %lld of them on other kinds of machines than this one (--allow-other-cpu): %s\n",
            (long long)others, kinds);
  fprintf(out, "  work          ");
  evl_print_duration(seconds, out);
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
    const char *plan = NULL, *whole = NULL, *missing = NULL;
    EVL_TRY(evl_store_open(s->store, &store));
    evl_status status = evl_store_attribute(store, "/", "plan_hash", s->arena, &plan);
    if (status == EVL_OK) status = evl_store_attribute(store, "/", "complete", s->arena, &whole);
    if (status == EVL_OK) status = evl_store_attribute(store, "/", "missing_tasks", s->arena, &missing);
    evl_store_close(store);
    EVL_TRY(status);
    bool same = plan && !strcmp(plan, today), complete = whole && !strcmp(whole, "1");
    fprintf(out, "  store         %s, %.1f MB, %s%s\n", s->store, 1e-6 * (double)info.st_size,
            complete ? "complete" : missing && !strcmp(missing, "0") ? "complete but for failed recordings"
                                                                     : "not complete",
            same ? "" : ", of another plan");
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
