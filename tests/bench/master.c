/* How many requests a second the master answers: the schedule of a run with the tasks of a study, which here take next
   to nothing; rank 0 computes and looks for messages between its windows.

     mpirun -np RANKS master CFG WINDOW_US ROUNDS    ->  one line of JSON */
#include <stdlib.h>

#include "../../src/cohort/deal_priv.h"
#include "../../src/cohort/study_priv.h"
#include "eveil/parallel.h"

enum { WINDOWS = 50 }; /* of a task of the master */

static double window_us, ticks_s; /* ticks_s: of the master, in which it answers */
static int64_t n_done;

static evl_status work(void *context, int64_t task) {
  (void)context, (void)task;
  for (int i = 0; i < WINDOWS && evl_rank() == 0; i++) {
    double began_s = evl_seconds();
    while (evl_seconds() - began_s < 1e-6 * window_us) continue;
    began_s = evl_seconds();
    evl_schedule_tick(NULL);
    ticks_s += evl_seconds() - began_s;
  }
  n_done++;
  return EVL_OK;
}

static void progress(void *context, int64_t finished, int64_t n) { (void)context, (void)finished, (void)n; }

static evl_status measure(evl_study *s, int rounds) {
  int64_t *list;
  float *cost_us;
  evl_round_report report = {0};
  double seconds = 0;
  EVL_NEW(s->arena, list, s->n_tasks + 1);
  EVL_NEW(s->arena, cost_us, s->n_tasks + 1);
  const evl_round round = {.n = evl_study_order(s, 0, s->n_window_tasks, list, cost_us),
                           .task = list,
                           .cost_us = cost_us,
                           .dynamic = true,
                           .work = work,
                           .progress = progress,
                           .report = &report};
  for (int i = 0; i < rounds; i++) {
    evl_barrier();
    double began_s = evl_seconds();
    EVL_TRY(evl_schedule_round(&round));
    seconds += evl_seconds() - began_s;
  }
  int64_t done = evl_sum_i64(n_done);
  if (done != rounds * round.n) return evl_fail(EVL_NUMERIC, "%lld tasks were run", (long long)done);
  if (evl_rank() == 0)
    printf("{\"ranks\": %d, \"window_us\": %g, \"requests\": %lld, \"tasks\": %lld, \"master_tasks\": %lld, "
           "\"seconds\": %.6f, \"ticks_s\": %.6f, \"request_us\": %g}\n",
           evl_size(), window_us, (long long)report.requests, (long long)done, (long long)n_done, seconds, ticks_s,
           evl_deal_request_us());
  return EVL_OK;
}

int main(int argc, char **argv) {
  evl_study *study = NULL;
  evl_status status = evl_parallel_start(&argc, &argv);
  if (status == EVL_OK && argc != 4) status = evl_fail(EVL_USAGE, "master CFG WINDOW_US ROUNDS");
  if (status == EVL_OK) {
    evl_log_set(EVL_LOG_ERROR, false);
    window_us = strtod(argv[2], NULL);
    status = evl_study_open(argv[1], &study);
  }
  if (status == EVL_OK) status = evl_study_expect(study);
  if (status == EVL_OK) status = measure(study, (int)strtol(argv[3], NULL, 10));
  if (status != EVL_OK) fprintf(stderr, "%s\n", evl_error_message());
  evl_study_close(study);
  evl_parallel_stop();
  return status != EVL_OK;
}
