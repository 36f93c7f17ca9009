/* tasks: the work list of a study and its keys. A key is content: recording, what changes values, span. */
#include <stdlib.h>
#include <string.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "eveil/math.h"
#include "study_priv.h"


const char *evl_study_cpu(void) {
  static char kind[64];
#ifdef __x86_64__
  unsigned a = 0, b = 0, c = 0, d = 0, e = 0, f = 0;
  char vendor[13] = "";
  __get_cpuid(0, &a, &b, &c, &d);
  memcpy(vendor, &b, 4);
  memcpy(vendor + 4, &d, 4);
  memcpy(vendor + 8, &c, 4);
  __get_cpuid(1, &a, &b, &c, &d);
  unsigned family = (a >> 8 & 15) + (a >> 20 & 255), model = (a >> 4 & 15) | (a >> 12 & 0xf0);
  __get_cpuid_count(7, 0, &e, &f, &c, &d);
  snprintf(kind, sizeof kind, "%s family %u model %u%s", vendor, family, model, f >> 16 & 1 ? " avx512" : "");
#else
  snprintf(kind, sizeof kind, "other");
#endif
  return kind;
}

static void add_layout(evl_sha256 *hash, const evl_analysis *analysis) {
  const evl_layout *l = analysis->layout;
  for (int c = 0; c < l->n_columns; c++) evl_sha256_text(hash, l->column[c].name);
  for (int c = 0; c < l->n_recording_columns; c++) evl_sha256_text(hash, l->recording_column[c].name);
  for (int t = 0; t < l->n_tensors; t++) {
    evl_sha256_text(hash, l->tensor[t].model);
    evl_sha256_text(hash, l->tensor[t].tensor.name);
    evl_sha256_add(hash, &l->tensor[t].tensor.size, sizeof(size_t));
  }
}

static void add_analysis(evl_sha256 *hash, const evl_analysis *analysis) {
  evl_sha256_text(hash, analysis->name);
  evl_sha256_add(hash, &analysis->window_s, sizeof(double));
  evl_sha256_add(hash, &analysis->step_s, sizeof(double));
  evl_params_hash(analysis->conditioning, hash);
  for (int s = 0; evl_steps[s]; s++) evl_sha256_add(hash, &evl_steps[s]->version, sizeof(int));
  for (int c = 0; c < analysis->montage->n; c++) evl_sha256_text(hash, analysis->montage->name[c]);
  for (int s = 0; s < analysis->layout->n_slots; s++) {
    const evl_slot *slot = &analysis->layout->slot[s];
    evl_sha256_text(hash, slot->entry->name);
    evl_sha256_add(hash, &slot->entry->version, sizeof(int));
    evl_params_hash(slot->params, hash);
  }
  add_layout(hash, analysis);
}

static evl_key values_key(const evl_study *study) {
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  evl_sha256_text(&hash, EVL_VERSION);
  evl_sha256_add(&hash, &study->seed, sizeof study->seed);
  evl_sha256_add(&hash, &study->task_s, sizeof study->task_s);
  evl_sha256_text(&hash, evl_study_cpu());
  evl_sha256_text(&hash, evl_fft_library());
  evl_sha256_text(&hash, evl_blas_library());
  evl_sha256_text(&hash, __VERSION__);
  for (int a = 0; a < study->n_analyses; a++) add_analysis(&hash, &study->analysis[a]);
  return evl_sha256_key(&hash);
}

static evl_key layout_key(const evl_study *study) {
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  for (int a = 0; a < study->n_analyses; a++) {
    evl_sha256_text(&hash, study->analysis[a].name);
    add_layout(&hash, &study->analysis[a]);
  }
  return evl_sha256_key(&hash);
}

/* What identifies the input of a recording: id, size, time, header, and what its sidecars say of its signals; of a file
   that cannot be read what is wrong with it. Never where it lies. */
static evl_key input_key(const evl_study *study, int r) {
  const evl_probe *p = &study->probe[r];
  const char *path = study->manifest->recording[r].path, *message = p->status == EVL_OK ? "" : p->message;
  if (!strncmp(message, path, strlen(path))) message += strlen(path);
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  evl_sha256_text(&hash, study->manifest->recording[r].id);
  evl_sha256_add(&hash, &p->bytes, sizeof p->bytes);
  evl_sha256_add(&hash, &p->mtime_ns, sizeof p->mtime_ns);
  evl_sha256_add(&hash, &p->header_key, sizeof p->header_key);
  evl_sha256_add(&hash, &p->sidecar_line_hz, sizeof p->sidecar_line_hz);
  evl_sha256_text(&hash, message);
  for (int i = 0; i < p->n_sources; i++) {
    const uint8_t flags[2] = {p->source[i].usable, p->source[i].bad};
    evl_sha256_add(&hash, flags, 2);
  }
  return evl_sha256_key(&hash);
}

static evl_key task_key(const evl_study *study, const evl_key *input, int span) {
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  evl_sha256_add(&hash, &study->values_key, sizeof study->values_key);
  evl_sha256_add(&hash, input, sizeof *input);
  evl_sha256_add(&hash, &span, sizeof span);
  return evl_sha256_key(&hash);
}

static evl_status place_windows(evl_study *study) {
  EVL_NEW(study->arena, study->first_window, study->n_analyses);
  for (int a = 0; a < study->n_analyses; a++) {
    int64_t *first, most = 0;
    EVL_NEW(study->arena, first, study->n_recordings + 1);
    for (int r = 0; r < study->n_recordings; r++) {
      const evl_probe *p = &study->probe[r];
      int64_t n = p->status == EVL_OK ? evl_windows(&study->analysis[a], p->duration_s) : 0;
      first[r + 1] = first[r] + n;
      most = n > most ? n : most;
    }
    if (first[study->n_recordings] > INT32_MAX)
      return evl_fail(EVL_LIMIT, "analysis \"%s\" has %lld windows, more than 2^31", study->analysis[a].name,
                      (long long)first[study->n_recordings]);
    study->first_window[a] = first;
    EVL_TRY(evl_gather_fits(study, a, most));
  }
  return EVL_OK;
}

/* Window tasks by recording, then one finish task each. */
static evl_status count_tasks(evl_study *study) {
  EVL_NEW(study->arena, study->first_task, study->n_recordings + 1);
  for (int r = 0; r < study->n_recordings; r++) {
    const evl_probe *p = &study->probe[r];
    bool readable = p->status == EVL_OK;
    int spans = readable ? evl_spans(study->n_analyses, study->analysis, p->duration_s, study->task_s) : 0;
    study->first_task[r + 1] = study->first_task[r] + spans;
  }
  study->n_window_tasks = study->first_task[study->n_recordings];
  study->n_tasks = study->n_window_tasks + study->n_recordings;
  return study->n_tasks <= INT32_MAX
             ? EVL_OK
             : evl_fail(EVL_LIMIT, "%lld tasks, more than 2^31: raise run.task_s", (long long)study->n_tasks);
}

static void add_variables(evl_sha256 *hash, const evl_variable *variable, int n, int n_rows) {
  for (int v = 0; v < n; v++) {
    evl_sha256_text(hash, variable[v].name);
    for (int r = 0; r < n_rows && variable[v].text; r++) evl_sha256_text(hash, variable[v].text[r]);
    if (variable[v].number) evl_sha256_add(hash, variable[v].number, (size_t)n_rows * sizeof(double));
  }
}

/* Everything that the store holds: tasks, the tables, what is kept. Never where the data lie. */
static evl_key plan_key(const evl_study *study) {
  const evl_manifest *m = study->manifest;
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  for (int64_t t = 0; t < study->n_tasks; t++) evl_sha256_add(&hash, &study->task[t].key, sizeof(evl_key));
  for (int r = 0; r < m->n_recordings; r++) {
    evl_sha256_text(&hash, m->recording[r].id);
    evl_sha256_text(&hash, m->recording[r].subject);
    evl_sha256_text(&hash, m->recording[r].session);
    evl_sha256_add(&hash, &m->recording[r].start_h, sizeof(double));
  }
  add_variables(&hash, m->column, m->n_columns, m->n_recordings);
  for (int p = 0; p < m->n_participants; p++) evl_sha256_text(&hash, m->subject[p]);
  add_variables(&hash, m->participant_column, m->n_participant_columns, m->n_participants);
  for (int a = 0; a < study->n_analyses; a++) {
    const uint8_t kept[2] = {study->analysis[a].summary_only, study->analysis[a].single};
    evl_sha256_add(&hash, kept, 2);
  }
  return evl_sha256_key(&hash);
}

evl_status evl_study_tasks(evl_study *study) {
  study->values_key = values_key(study);
  study->layout_key = layout_key(study);
  EVL_TRY(place_windows(study));
  EVL_TRY(count_tasks(study));
  EVL_NEW(study->arena, study->task, study->n_tasks);
  for (int r = 0; r < study->n_recordings; r++) {
    evl_key input = input_key(study, r);
    for (int64_t t = study->first_task[r]; t < study->first_task[r + 1]; t++) {
      int span = (int)(t - study->first_task[r]);
      study->task[t] = (evl_task){.recording = r, .span = span, .key = task_key(study, &input, span)};
    }
    evl_key key = task_key(study, &input, FINISH);
    study->task[finish_task(study, r)] = (evl_task){.recording = r, .span = FINISH, .key = key};
  }
  study->plan_key = plan_key(study);
  return EVL_OK;
}

evl_status evl_study_worker(evl_study *study) {
  if (study->worker) return EVL_OK;
  evl_status status = evl_worker_plan(study->n_analyses, study->analysis, study->n_recordings, study->probe,
                                      study->task_s, study->arena, &study->worker);
  if (status != EVL_OK) return status == EVL_USAGE ? evl_fail_in(status, "%s", study->config_path) : status;
  for (int64_t t = 0; t < study->n_window_tasks; t++) {
    evl_task *task = &study->task[t];
    task->cost_us = (float)evl_span_cost_us(study->worker, &study->probe[task->recording], task->span);
  }
  /* The recording stage reads the file once: about 1 GB/s. */
  for (int r = 0; r < study->n_recordings; r++)
    study->task[finish_task(study, r)].cost_us = 2000 + 1e-3f * (float)study->probe[r].bytes;
  return EVL_OK;
}

static int by_key(const void *key, const void *record) {
  return memcmp(key, &((const evl_record *)record)->key, sizeof(evl_key));
}

/* A file that could not be read for a while, though its header can: worth another try in a new run. */
static evl_status is_transient(evl_study *study, const evl_task *task, bool *transient) {
  evl_task_head head;
  *transient = false;
  if (task->where.bytes != sizeof head || study->probe[task->recording].status != EVL_OK) return EVL_OK;
  EVL_TRY(evl_journals_read(study->journals, &task->where, 0, &head, sizeof head));
  *transient = head.status == EVL_IO;
  return EVL_OK;
}

evl_status evl_study_scan(evl_study *study, bool run) {
  EVL_TRY(evl_journals_scan(study->journal_folder, run, study->arena, &study->journals));
  const evl_journals *j = study->journals;
  for (int64_t t = 0; t < study->n_tasks; t++) {
    evl_task *task = &study->task[t];
    const evl_record *found = j->n ? bsearch(task->key.byte, j->record, (size_t)j->n, sizeof *j->record, by_key) : NULL;
    task->done = found != NULL;
    if (!found) continue;
    while (found > j->record && !memcmp(&found[-1].key, &task->key, sizeof(evl_key))) found--;
    task->where = *found;
    /* Of a failure and a later success the success counts: it is longer. */
    for (; found < j->record + j->n && !memcmp(&found->key, &task->key, sizeof(evl_key)); found++)
      if (found->bytes > task->where.bytes) task->where = *found;
    bool transient = false;
    if (run) EVL_TRY(is_transient(study, task, &transient));
    task->done = !transient;
  }
  return EVL_OK;
}
