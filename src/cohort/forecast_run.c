/* forecast_run: what a whole run would take: start, two rounds of tasks, gather; and where more ranks are waste. */
#include <math.h>
#include <string.h>

#include "costs_priv.h"
#include "deal_priv.h"
#include "eveil/parallel.h"
#include "forecast_priv.h"

enum { ROUNDS = TASK_ROUNDS, MOST_RANKS = 1 << 20 };

typedef struct forecaster {
  const evl_study *study;
  evl_forecast_machine machine;
  evl_expected_round round[ROUNDS];
  evl_expected sum;         /* of all tasks */
  double journal_mb, store_mb, longest_s;
} forecaster;

/* ---- the machine ---- */

/* As measured by runs here, in the unit of the table of costs. */
static double measured(const evl_study *s, const char *name) {
  double price = evl_costs_price(s->costs, name, evl_study_processor());
  return price > 0 ? price : NAN;
}

static void choose(double *figure, double here, double assumed) {
  if (isnan(*figure)) *figure = isnan(here) ? assumed : here;
}

/* Assumed is a machine like those on which this was written; a run measures all but messages and bandwidth. */
static void complete(const evl_study *s, evl_forecast_machine *m) {
  choose(&m->start_s, measured(s, "machine.start"), 0.5);
  choose(&m->header_us, 1e6 * measured(s, "machine.header"), 300);
  choose(&m->share_us, 1e6 * measured(s, "machine.share"), 10);
  choose(&m->plan_s, measured(s, "machine.plan"), 0.2);
  choose(&m->task_us, 1e6 * measured(s, "machine.task"), 5);
  choose(&m->request_us, NAN, evl_deal_request_us());
  choose(&m->latency_us, NAN, 10);
  choose(&m->net_mb_s, NAN, 1000);
  choose(&m->journal_mb_s, 1 / measured(s, "machine.journal"), 500);
  choose(&m->sync_ms, 1e3 * measured(s, "machine.sync"), 5);
  choose(&m->layout_s, measured(s, "machine.layout"), 0.1);
  choose(&m->gather_mb_s, 1 / measured(s, "machine.gather"), 50);
  choose(&m->read_mb_s, NAN, 0);
  choose(&m->write_mb_s, NAN, 0);
  choose(&m->cost_times, NAN, 1);
}

/* ---- the tasks ---- */

static double windows_of(const evl_study *s, const evl_task *task) {
  double n = 0;
  for (int a = 0; a < s->n_analyses && task->span >= 0; a++) {
    int64_t first, k;
    evl_span_windows(&s->analysis[a], s->probe[task->recording].duration_s, s->task_s, task->span, &first, &k);
    n += (double)k;
  }
  return fmax(n, 1);
}

static double payload_mb(const evl_study *s, const evl_task *task) {
  evl_section window[EVL_MOST_ANALYSES];
  evl_finish_section finish[EVL_MOST_ANALYSES];
  size_t piece[EVL_MOST_ANALYSES];
  size_t bytes = s->probe[task->recording].status != EVL_OK ? sizeof(evl_task_head)
                 : task->span < FINISH ? evl_piece_sections(s->n_analyses, s->analysis, piece)
                 : task->span == FINISH
                     ? evl_finish_sections(s->n_analyses, s->analysis, finish)
                     : evl_window_sections(s->n_analyses, s->analysis, s->probe[task->recording].duration_s,
                                           s->task_s, task->span, window);
  return 1e-6 * (double)(bytes + evl_journal_header_bytes());
}

static evl_expected_task expect(forecaster *f, int64_t t) {
  const evl_study *s = f->study;
  const evl_task *task = &s->task[t];
  evl_expected e = evl_task_expected(s, t);
  double mb = payload_mb(s, task), times = f->machine.cost_times;
  e.condition_s *= times;
  e.compute_s *= times;
  e.other_s *= times;
  if (s->replay) { /* it sleeps, and looks for messages as often as a sleeper does */
    double asleep_s = s->replay_speed > 0 ? 1e-6 * times * (double)task->cost_us / s->replay_speed : 0;
    e = (evl_expected){.compute_s = asleep_s};
  }
  double work_s = e.condition_s + e.compute_s + e.other_s;
  f->sum.read_mb += e.read_mb;
  f->sum.read_s += e.read_s;
  f->sum.condition_s += e.condition_s;
  f->sum.compute_s += e.compute_s;
  f->sum.other_s += e.other_s;
  f->journal_mb += mb;
  f->longest_s = fmax(f->longest_s, e.read_s + work_s);
  double tick_s = s->replay ? EVL_REPLAY_TICK_S : fmax(e.compute_s / windows_of(s, task), 1e-6);
  return (evl_expected_task){.read_s = (float)e.read_s,
                             .read_mb = (float)e.read_mb,
                             .silent_s = (float)(e.condition_s + e.other_s),
                             .work_s = (float)work_s,
                             .tick_s = (float)tick_s,
                             .journal_mb = (float)mb};
}

static evl_status expect_all(forecaster *f) {
  const evl_study *s = f->study;
  int64_t *list;
  EVL_NEW(s->arena, list, s->n_tasks + 1);
  for (int i = 0; i < ROUNDS; i++) {
    evl_expected_round *r = &f->round[i];
    int64_t from = round_begin(s, i), to = round_begin(s, i + 1);
    float *cost_us;
    evl_expected_task *task;
    EVL_NEW(s->arena, cost_us, to - from + 1);
    r->n = evl_study_order(s, from, to, list, cost_us);
    EVL_NEW(s->arena, task, r->n + 1);
    for (int64_t k = 0; k < r->n; k++) {
      task[k] = expect(f, list[k]);
      cost_us[k] *= (float)f->machine.cost_times;
    }
    r->task = task;
    r->cost_us = cost_us;
    r->dynamic = !strcmp(evl_params_string(s->run, "schedule"), "dynamic");
    r->flush_s = evl_params_real(s->run, "flush_s");
  }
  for (int a = 0; a < s->n_analyses; a++)
    f->store_mb += 1e-6 * (double)s->first_window[a][s->n_recordings] * evl_row_bytes(&s->analysis[a]);
  return EVL_OK;
}

/* ---- a run ---- */

/* Checks and rows read the journals twice; the slower of processors and file system decides. */
static double gather_s(const forecaster *f, int ranks) {
  const evl_forecast_machine *m = &f->machine;
  double s = f->store_mb / (m->gather_mb_s * ranks);
  double disk_s = (m->read_mb_s > 0 ? 2 * f->journal_mb / m->read_mb_s : 0) +
                  (m->write_mb_s > 0 ? f->store_mb / m->write_mb_s : 0);
  return m->layout_s + fmax(s, disk_s);
}

/* All ranks learn so many bytes of which each had a share; at thousands of ranks round by round of a ring. */
static double told_s(const forecaster *f, int ranks, double bytes) {
  return ranks > 1 ? 1e-6 * (f->machine.latency_us * ranks + bytes / f->machine.net_mb_s) : 0;
}

/* Headers with their signals, as they are packed. */
static double probes_bytes(const evl_study *s) {
  double bytes = 0;
  for (int r = 0; r < s->n_recordings; r++) bytes += (double)sizeof(evl_probe) + 24.0 * s->probe[r].n_sources;
  return bytes;
}

/* What becomes known to all before rows are written: of every task where it lies, of every recording its head. */
static double heads_bytes(const evl_study *s) {
  return (double)s->n_tasks * (double)sizeof(evl_record) + (double)s->n_recordings * (double)sizeof(evl_task_head);
}

static evl_status simulate(const forecaster *f, int ranks, evl_run_forecast *run) {
  const evl_study *s = f->study;
  const evl_forecast_machine *m = &f->machine;
  double busiest_s = 0, busy_s = 0, requests = 0, rounds_s = 0;
  *run = (evl_run_forecast){.ranks = ranks,
                            .nodes = (int)ceil(ranks / m->cores_per_node),
                            .start_s = m->start_s,
                            .probe_s = 1e-6 * s->n_recordings * (m->header_us / ranks + m->share_us) +
                                       told_s(f, ranks, probes_bytes(s)),
                            .plan_s = m->plan_s + 1e-6 * (double)s->n_tasks * m->task_us,
                            .condition_s = f->sum.condition_s / ranks,
                            .compute_s = f->sum.compute_s / ranks,
                            .other_s = f->sum.other_s / ranks,
                            .gather_s = gather_s(f, ranks) + told_s(f, ranks, heads_bytes(s)),
                            .longest_s = f->longest_s};
  for (int i = 0; i < ROUNDS; i++) {
    evl_round_forecast r;
    EVL_TRY(evl_forecast_round(&f->round[i], m, ranks, &r));
    double record_bytes = (double)(sizeof(evl_record) + sizeof(int64_t));
    rounds_s += r.length_s + told_s(f, ranks, (double)f->round[i].n * record_bytes);
    run->read_s += r.read_s / ranks;
    run->journal_s += r.journal_s / ranks;
    run->master_s += r.master_s / ranks;
    run->end_s += r.end_s / ranks;
    busiest_s += r.busiest_s;
    busy_s += (r.read_s + r.work_s) / ranks;
    requests += (double)r.n_requests;
  }
  run->wall_s = run->start_s + run->probe_s + run->plan_s + rounds_s + run->gather_s;
  run->imbalance = busy_s > 0 ? busiest_s / busy_s : 1;
  run->read_mb_s = rounds_s > 0 ? f->sum.read_mb / rounds_s : 0;
  run->write_mb_s = run->gather_s > m->layout_s ? f->store_mb / (run->gather_s - m->layout_s) : 0;
  run->requests_s = rounds_s > 0 ? requests / rounds_s : 0;
  return EVL_OK;
}

/* Efficiency, and the largest loss: rank-seconds beyond those of one rank. */
static void judge(const evl_run_forecast *one, evl_run_forecast *run) {
  const struct { const char *name; double lost_s; } loss[] = {
      {"start", run->ranks * (run->start_s + run->probe_s + run->plan_s) - one->start_s - one->probe_s - one->plan_s},
      {"reading", run->ranks * run->read_s - one->read_s},
      {"journals", run->ranks * run->journal_s - one->journal_s},
      {"master", run->ranks * run->master_s - one->master_s},
      {run->wall_s < 2 * run->longest_s ? "longest task" : "balance", run->ranks * run->end_s - one->end_s},
      {"gather", run->ranks * run->gather_s - one->gather_s}};
  double all_s = run->ranks * run->wall_s, most_s = 0.02 * all_s;
  run->efficiency = one->wall_s / all_s;
  run->limit = "compute"; /* nothing else takes more than a fiftieth */
  for (size_t i = 0; i < sizeof loss / sizeof *loss; i++) {
    if (loss[i].lost_s <= most_s) continue;
    most_s = loss[i].lost_s;
    run->limit = loss[i].name;
  }
}

/* The most ranks of which at least half of the time is work: by halving, to a twentieth. */
static evl_status find_most(const forecaster *f, const evl_run_forecast *one, int *most) {
  double low = 1, high = 2;
  evl_run_forecast run;
  for (bool enough = true; enough && low < MOST_RANKS;) {
    EVL_TRY(simulate(f, (int)high, &run));
    judge(one, &run);
    enough = run.efficiency >= 0.5;
    if (enough) low = high, high *= 4;
  }
  while (low < MOST_RANKS && high > 1.05 * low && high - low > 1) {
    double middle = fmax(floor(sqrt(low * high)), low + 1);
    EVL_TRY(simulate(f, (int)middle, &run));
    judge(one, &run);
    if (run.efficiency >= 0.5) low = middle;
    else high = middle;
  }
  *most = (int)low;
  return EVL_OK;
}

static evl_status forecast(forecaster *f, int n, const int *ranks, const char *tsv, FILE *out) {
  evl_run_forecast one, *run;
  int most = 0;
  EVL_NEW(f->study->arena, run, n + 1);
  complete(f->study, &f->machine);
  EVL_TRY(expect_all(f));
  EVL_TRY(simulate(f, 1, &one));
  for (int i = 0; i < n; i++) {
    EVL_TRY(simulate(f, ranks[i], &run[i]));
    judge(&one, &run[i]);
  }
  EVL_TRY(find_most(f, &one, &most));
  evl_forecast_print(&f->machine, n, run, most, out);
  return tsv ? evl_forecast_write(n, run, tsv) : EVL_OK;
}

evl_status evl_study_forecast(evl_study *study, int n, const int *ranks, const evl_forecast_machine *machine,
                              const char *tsv, FILE *out) {
  forecaster f = {.study = study, .machine = *machine};
  return evl_agree(evl_rank() == 0 ? forecast(&f, n, ranks, tsv, out) : EVL_OK);
}
