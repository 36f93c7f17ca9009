/* plan_print: what a run would do, before it does it. */
#include <math.h>
#include <sys/stat.h>

#include "eveil/parallel.h"
#include "study_priv.h"

double evl_row_bytes(const evl_analysis *analysis) {
  const evl_layout *l = analysis->layout;
  return 9.0 * l->n_columns + 8.0 * (double)l->window_tensor_size + 16;
}

typedef struct totals {
  double signal_s, core_s, longest_s, read_mb, journal_bytes, store_bytes;
  int unreadable, useful_ranks;
} totals;

static totals add_up(const evl_study *s) {
  totals t = {.journal_bytes = (double)s->n_tasks * (double)(evl_journal_header_bytes() + sizeof(evl_task_head))};
  for (int64_t i = 0; i < s->n_tasks; i++) {
    double seconds = 1e-6 * (double)s->task[i].cost_us;
    t.core_s += seconds;
    t.longest_s = fmax(t.longest_s, seconds);
    t.read_mb += evl_task_expected(s, i).read_mb;
  }
  for (int r = 0; r < s->n_recordings; r++) {
    t.unreadable += s->probe[r].status != EVL_OK;
    if (s->probe[r].status == EVL_OK) t.signal_s += s->probe[r].duration_s;
  }
  for (int a = 0; a < s->n_analyses; a++) {
    const evl_layout *l = s->analysis[a].layout;
    double rows = (double)s->first_window[a][s->n_recordings] * evl_row_bytes(&s->analysis[a]);
    double stages = 9.0 * l->n_recording_columns + 8.0 * (double)l->recording_tensor_size;
    t.journal_bytes += rows + s->n_recordings * (stages + 8.0 * (double)l->pieces_size);
    t.store_bytes += (s->analysis[a].summary_only ? 0 : rows) + s->n_recordings * (61.0 * l->n_columns + stages);
  }
  /* Beyond this many ranks the longest task, or a handful of tasks a rank, decides. */
  double most = fmin(t.longest_s > 0 ? t.core_s / t.longest_s : 1, (double)s->n_window_tasks / 4);
  t.useful_ranks = most < 1 ? 1 : most > 1e6 ? 1000000 : (int)most;
  return t;
}

static double wall_s(const totals *t, double ranks) { return t->core_s / ranks + t->longest_s + 2; }

static void print_unreadable(const evl_study *s, int n, FILE *out) {
  for (int r = 0, shown = 0; r < s->n_recordings && shown < 20; r++)
    if (s->probe[r].status != EVL_OK) {
      fprintf(out, "  unreadable    %s\n", s->probe[r].message);
      shown++;
    }
  if (n > 20) fprintf(out, "  unreadable    and %d more\n", n - 20);
}

/* What stands on the disk at the same time: journals, the store in the making, and the one that it replaces. */
static void print_disk(const evl_study *s, const totals *t, FILE *out) {
  struct stat present;
  double old = stat(s->store, &present) ? 0 : (double)present.st_size;
  fprintf(out, "  disk          %.4g MB at once: %.4g MB of journals", 1e-6 * (t->journal_bytes + t->store_bytes + old),
          1e-6 * t->journal_bytes);
  fprintf(out, ", at most %.4g MB of store", 1e-6 * t->store_bytes);
  if (old > 0) fprintf(out, ", %.4g MB of the present store", 1e-6 * old);
  fprintf(out, "; in the end the store\n  files         a journal a rank, the store, its costs\n");
}

evl_status evl_study_print_plan(evl_study *s, FILE *out) {
  int n_costs;
  if (evl_rank() != 0) return EVL_OK;
  totals t = add_up(s);
  fprintf(out, "%s\n  recordings    %d of %d participants, %.4g h of signal\n", s->config_path, s->n_recordings,
          s->manifest->n_participants, t.signal_s / 3600);
  print_unreadable(s, t.unreadable, out);
  for (int a = 0; a < s->n_analyses; a++) {
    const evl_analysis *n = &s->analysis[a];
    fprintf(out, "  analysis      %-14s %lld windows of %g s every %g s, %d channels, ", n->name,
            (long long)s->first_window[a][s->n_recordings], n->window_s, n->step_s, n->montage->n);
    fprintf(out, "%d columns, %d recording columns, %d tensors\n", n->layout->n_columns, n->layout->n_recording_columns,
            n->layout->n_tensors);
    if (n->epochs) fprintf(out, "    counts        %s\n", n->epochs->text);
  }
  fprintf(out, "  tasks         %lld of %g s of signal, ", (long long)s->n_window_tasks, s->task_s);
  if (s->n_pieces) fprintf(out, "%lld pieces of recordings, ", (long long)s->n_recordings * s->n_pieces);
  fprintf(out, "and %d recordings to finish\n", s->n_recordings);
  fprintf(out, "  reading       %.4g MB\n", t.read_mb);
  print_disk(s, &t, out);
  fprintf(out, "  cost          %.4g core-hours, longest task ", t.core_s / 3600);
  evl_print_duration(t.longest_s, out);
  (void)evl_worker_costs(s->worker, &n_costs);
  if (s->n_learned)
    fprintf(out, "; %d of %d parts of the work were measured here (%s)\n", s->n_learned, n_costs, s->costs_path);
  else fprintf(out, "; estimated: no run has measured it yet (%s)\n", s->costs_path);
  fprintf(out, "  suggestion    up to %d ranks, about ", t.useful_ranks);
  evl_print_duration(wall_s(&t, t.useful_ranks), out);
  fprintf(out, " of wall time on those\n");
  return EVL_OK;
}

/* ---- options of a batch job ---- */

/* Memory of a rank: the plan, the worker, rows of the gather, MPI; with a fifth to spare. */
static double rank_mb(const evl_study *s) {
  enum { MPI_MB = 150 };
  return 1.2 * (1e-6 * (double)(evl_arena_bytes(s->arena) + evl_worker_bytes(s->worker)) +
                1.5 * (double)evl_params_int(s->run, "gather_mb") + MPI_MB);
}

void evl_study_print_slurm(const evl_study *s, const evl_slurm_options *options, FILE *out) {
  if (evl_rank() != 0) return;
  totals t = add_up(s);
  double measured = s->n_learned ? 1.3 : 3; /* estimates are off by more */
  double goal_s = 3600 * options->wall_h, work_s = measured * t.core_s;
  int cores = options->cores_per_node, most = (t.useful_ranks + cores - 1) / cores;
  int nodes = (int)fmin(fmax(1, ceil(work_s / goal_s / cores)), most);
  int ranks = nodes == 1 && t.useful_ranks < cores ? t.useful_ranks : cores;
  double minutes = measured * wall_s(&t, (double)nodes * ranks) / 60 + 10;
  int limit = (int)fmin(5 * ceil(minutes / 5), 60 * options->limit_h);
  fprintf(out, "--nodes=%d\n--ntasks-per-node=%d\n--time=%02d:%02d:00\n--mem-per-cpu=%.0fM\n", nodes, ranks, limit / 60,
          limit % 60, ceil(rank_mb(s)));
}
