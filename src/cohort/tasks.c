/* tasks: the work list of a study, with costs. */
#include <stdlib.h>
#include <string.h>

#include "costs_priv.h"
#include "eveil/parallel.h"
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

/* Window tasks by recording, then pieces, then one finish task each. */
static evl_status count_tasks(evl_study *study) {
  EVL_NEW(study->arena, study->first_task, study->n_recordings + 1);
  for (int r = 0; r < study->n_recordings; r++) {
    const evl_probe *p = &study->probe[r];
    bool readable = p->status == EVL_OK;
    int spans = readable ? evl_spans(study->n_analyses, study->analysis, p->duration_s, study->task_s) : 0;
    study->first_task[r + 1] = study->first_task[r] + spans;
  }
  study->n_window_tasks = study->first_task[study->n_recordings];
  study->n_pieces = evl_pieces(study->n_analyses, study->analysis);
  study->n_tasks = study->n_window_tasks + (int64_t)study->n_recordings * (study->n_pieces + 1);
  return study->n_tasks <= INT32_MAX
             ? EVL_OK
             : evl_fail(EVL_LIMIT, "%lld tasks, more than 2^31: raise run.task_s", (long long)study->n_tasks);
}

evl_status evl_study_tasks(evl_study *study) {
  double began_s = evl_seconds();
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
    for (int i = 0; i < study->n_pieces; i++)
      study->task[piece_task(study, r, i)] = (evl_task){
          .recording = r, .span = piece_span(i), .key = evl_task_key(study, &input, piece_span(i))};
    evl_key key = evl_task_key(study, &input, FINISH);
    study->task[finish_task(study, r)] = (evl_task){.recording = r, .span = FINISH, .key = key};
  }
  study->plan_key = evl_plan_key(study);
  study->timing.tasks_s += evl_seconds() - began_s;
  return EVL_OK;
}

static evl_status plan_worker(evl_study *study) {
  evl_status status = evl_worker_plan(study->n_analyses, study->analysis, study->n_recordings, study->probe,
                                      study->task_s, &study->keep, study->arena, &study->worker);
  return status == EVL_USAGE ? evl_fail_in(status, "%s", study->config_path) : status;
}

evl_status evl_study_worker(evl_study *study) { return study->worker ? EVL_OK : plan_worker(study); }

/* ---- costs ---- */

static evl_status learn(evl_study *study, double *learned_s) {
  int n;
  evl_cost *cost = evl_worker_costs(study->worker, &n);
  EVL_TRY(evl_costs_read(study->costs_path, study->arena, &study->costs));
  study->n_learned = evl_costs_learn(study->costs, evl_study_processor(), n, cost);
  for (int i = 0; i < n; i++) learned_s[i] = cost[i].learned_s;
  return EVL_OK;
}

evl_status evl_study_expect(evl_study *study) {
  int n;
  EVL_TRY(evl_agree(evl_study_worker(study)));
  evl_cost *cost = evl_worker_costs(study->worker, &n);
  double *learned_s;
  EVL_NEW(study->arena, learned_s, n);
  EVL_TRY(evl_agree(evl_rank() == 0 ? learn(study, learned_s) : EVL_OK));
  evl_broadcast(learned_s, (size_t)n * sizeof *learned_s, 0);
  for (int i = 0; i < n; i++) cost[i].learned_s = learned_s[i];
  double began_s = evl_seconds();
  for (int64_t t = 0; t < study->n_tasks; t++) {
    evl_expected e = evl_task_expected(study, t);
    study->task[t].cost_us = (float)(1e6 * (e.read_s + e.condition_s + e.compute_s + e.other_s));
  }
  study->timing.tasks_s += evl_seconds() - began_s;
  return EVL_OK;
}

evl_expected evl_task_expected(const evl_study *study, int64_t t) {
  const evl_task *task = &study->task[t];
  const evl_probe *probe = &study->probe[task->recording];
  return task->span == FINISH  ? evl_finish_expected(study->worker, probe)
         : task->span < FINISH ? evl_piece_expected(study->worker, probe, piece_of(task->span))
                               : evl_span_expected(study->worker, probe, task->span);
}

static evl_status write_costs(evl_study *study) {
  evl_status status = evl_costs_write(study->costs);
  if (status == EVL_IO) evl_log(EVL_LOG_WARNING, "%s", evl_error_message());
  return status == EVL_IO ? EVL_OK : status;
}

static evl_status keep(evl_study *study, int n, const evl_spent *all) {
  evl_spent *sum;
  EVL_NEW(study->arena, sum, n);
  for (int r = 0; r < evl_size(); r++)
    for (int i = 0; i < n; i++) {
      sum[i].seconds += all[r * n + i].seconds;
      sum[i].units += all[r * n + i].units;
    }
  EVL_TRY(evl_costs_add(study->costs, study->arena, evl_study_processor(), n, evl_worker_costs(study->worker, &n),
                        sum));
  return write_costs(study);
}

evl_status evl_study_keep_costs(evl_study *study) {
  int n;
  void *all;
  size_t *offset;
  const evl_cost *cost = evl_worker_costs(study->worker, &n);
  evl_spent *mine = evl_worker_spent(study->worker);
  evl_timing_spent(&study->timing, n, cost, mine);
  EVL_TRY(evl_gather_all(mine, (size_t)n * sizeof *mine, study->arena, &all, &offset));
  memset(mine, 0, (size_t)n * sizeof *mine);
  return study->replay ? EVL_OK : evl_agree(evl_rank() == 0 ? keep(study, n, all) : EVL_OK);
}

evl_status evl_study_keep_figures(evl_study *study, int n, const evl_figure *figure) {
  for (int i = 0; i < n; i++)
    EVL_TRY(evl_costs_add_figure(study->costs, study->arena, evl_study_processor(), &figure[i]));
  return write_costs(study);
}

/* ---- order ---- */

static const evl_study *sorted;

/* Dearest first, so that the last tasks are small; equal costs keep recordings together. */
static int by_cost(const void *a, const void *b) {
  int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;
  float x = sorted->task[i].cost_us, y = sorted->task[j].cost_us;
  return x != y ? (x < y) - (x > y) : (i > j) - (i < j);
}

int64_t evl_study_order(const evl_study *study, int64_t from, int64_t to, int64_t *list, float *cost_us) {
  int64_t n = 0;
  for (int64_t t = from; t < to; t++)
    if (!study->task[t].done) list[n++] = t;
  sorted = study;
  qsort(list, (size_t)n, sizeof *list, by_cost);
  for (int64_t i = 0; i < n; i++) cost_us[i] = study->task[list[i]].cost_us;
  return n;
}
