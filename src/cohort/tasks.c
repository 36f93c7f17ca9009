/* tasks: the work list of a study, with costs. */
#include "study_priv.h"


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

evl_status evl_study_tasks(evl_study *study) {
  study->values_key = evl_values_key(study);
  study->layout_key = evl_layout_key(study);
  EVL_TRY(place_windows(study));
  EVL_TRY(count_tasks(study));
  EVL_NEW(study->arena, study->task, study->n_tasks);
  for (int r = 0; r < study->n_recordings; r++) {
    evl_key input = evl_input_key(study, r);
    for (int64_t t = study->first_task[r]; t < study->first_task[r + 1]; t++) {
      int span = (int)(t - study->first_task[r]);
      study->task[t] = (evl_task){.recording = r, .span = span, .key = evl_task_key(study, &input, span)};
    }
    evl_key key = evl_task_key(study, &input, FINISH);
    study->task[finish_task(study, r)] = (evl_task){.recording = r, .span = FINISH, .key = key};
  }
  study->plan_key = evl_plan_key(study);
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
