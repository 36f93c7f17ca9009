/* plan_print: what a run would do, before it does it. */
#include <math.h>

#include "eveil/parallel.h"
#include "study_priv.h"

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
  evl_print_duration(t.longest_s, out);
  /* Beyond this many ranks the longest task, or a handful of tasks a rank, decides. */
  double most = fmin(t.longest_s > 0 ? t.core_s / t.longest_s : 1, (double)s->n_window_tasks / 4);
  int ranks = most < 1 ? 1 : (int)most;
  fprintf(out, "\n  suggestion    up to %d ranks, about ", ranks);
  evl_print_duration(t.core_s / ranks + t.longest_s + 2, out);
  fprintf(out, " of wall time on those\n");
  return EVL_OK;
}
