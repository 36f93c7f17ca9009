/* The schedule at any number of ranks, which are threads here: every task on exactly one rank, errors and stops reach
   all. Messages, barrier and agreement below stand in for those of `parallel`. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "../../src/cohort/study_priv.h"
#include "check.h"
#include "eveil/parallel.h"

enum { MOST_RANKS = 7, MOST_TASKS = 200, MOST_LETTERS = 4096 };

/* ---- the ranks ---- */

typedef struct letter { int from, to, tag; size_t bytes; char data[64]; bool taken; } letter;

static pthread_mutex_t mail = PTHREAD_MUTEX_INITIALIZER;
static letter letters[MOST_LETTERS];
static int n_letters, n_ranks;
static atomic_int arrived; /* at the end of a round */
static pthread_barrier_t all_here;
static int64_t said[MOST_RANKS];
static _Thread_local int me;

int evl_rank(void) { return me; }
int evl_size(void) { return n_ranks; }
evl_status evl_parallel_status(void) { return EVL_OK; }
void evl_barrier(void) { pthread_barrier_wait(&all_here); }

void evl_barrier_while(void (*meanwhile)(void *context), void *context) {
  atomic_fetch_add(&arrived, 1);
  while (atomic_load(&arrived) < n_ranks) meanwhile(context);
}

int64_t evl_max_i64(int64_t mine) {
  said[me] = mine;
  evl_barrier();
  for (int r = 0; r < n_ranks; r++) mine = said[r] > mine ? said[r] : mine;
  evl_barrier();
  return mine;
}

evl_status evl_agree(evl_status mine) { return (evl_status)evl_max_i64(mine); }

void evl_message_send(int to, int tag, const void *data, size_t bytes) {
  pthread_mutex_lock(&mail);
  if (n_letters == MOST_LETTERS || bytes > sizeof letters[0].data) abort();
  letter *l = &letters[n_letters++];
  *l = (letter){.from = me, .to = to, .tag = tag, .bytes = bytes};
  memcpy(l->data, data, bytes);
  pthread_mutex_unlock(&mail);
}

bool evl_message_poll(int tag, int *from, void *data, size_t capacity, size_t *bytes) {
  bool found = false;
  pthread_mutex_lock(&mail);
  for (int i = 0; i < n_letters && !found; i++) {
    letter *l = &letters[i];
    if (l->taken || l->to != me || l->tag != tag) continue;
    if (l->bytes > capacity) abort();
    l->taken = found = true;
    *from = l->from;
    *bytes = l->bytes;
    memcpy(data, l->data, l->bytes);
  }
  pthread_mutex_unlock(&mail);
  return found;
}

/* ---- the work ---- */

static atomic_int times[MOST_TASKS];
static double load[MOST_RANKS]; /* cost of what a rank has run */
static int fails_at, stops_at, n_tasks;
static float costs[MOST_TASKS]; /* of the list */
static int64_t list[MOST_TASKS];
static bool dynamic;

static double cost_us_of(int64_t task) { return 2.0 * (double)task; }

static evl_status work(void *context, int64_t task) {
  (void)context;
  times[task]++;
  load[me] += cost_us_of(task);
  if (task == stops_at) raise(SIGUSR1);
  const struct timespec while_s = {0, (long)cost_us_of(task) * 1000};
  nanosleep(&while_s, NULL);
  return task == fails_at ? evl_fail(EVL_IO, "task %d", fails_at) : EVL_OK;
}

static void progress(void *context, int64_t finished, int64_t n) {
  (void)context;
  CHECK(finished >= 0 && finished <= n);
}

static void *rank_main(void *rank) {
  evl_round_report report = {0};
  const evl_round round = {.n = n_tasks, .task = list, .cost_us = costs, .dynamic = dynamic, .work = work,
                           .progress = progress, .report = &report};
  me = *(const int *)rank;
  return (void *)(intptr_t)evl_schedule_round(&round);
}

/* All ranks must return the same. */
static evl_status run_round(int ranks, int n, bool by_master) {
  pthread_t thread[MOST_RANKS];
  int rank[MOST_RANKS];
  void *status[MOST_RANKS];
  n_letters = 0;
  atomic_store(&arrived, 0);
  n_ranks = ranks;
  n_tasks = n;
  dynamic = by_master;
  memset(load, 0, sizeof load);
  for (int t = 0; t < n; t++) {
    times[t] = 0;
    list[t] = n - 1 - t; /* dearest first, as a run sorts them */
    costs[t] = (float)cost_us_of(list[t]);
  }
  pthread_barrier_init(&all_here, NULL, (unsigned)ranks);
  for (int r = 0; r < ranks; r++) {
    rank[r] = r;
    pthread_create(&thread[r], NULL, rank_main, &rank[r]);
  }
  for (int r = 0; r < ranks; r++) pthread_join(thread[r], &status[r]);
  pthread_barrier_destroy(&all_here);
  for (int r = 1; r < ranks; r++) CHECK(status[r] == status[0]);
  return (evl_status)(intptr_t)status[0];
}

static int at_most_once(void) {
  int sum = 0;
  for (int t = 0; t < n_tasks; t++) {
    CHECK(times[t] <= 1);
    sum += times[t];
  }
  return sum;
}

static void every_task_once(void) {
  static const int counts[] = {1, 2, 5, 60, MOST_TASKS};
  fails_at = stops_at = -1;
  for (int by_master = 0; by_master < 2; by_master++)
    for (int ranks = 1; ranks <= MOST_RANKS; ranks++)
      for (int k = 0; k < 5; k++) {
        CHECK(run_round(ranks, counts[k], by_master) == EVL_OK);
        CHECK(at_most_once() == counts[k]);
      }
}

/* Longest first to the least loaded rank: no rank has more than the mean and one task. */
static void static_shares_are_even(void) {
  fails_at = stops_at = -1;
  for (int ranks = 2; ranks <= MOST_RANKS; ranks++) {
    CHECK(run_round(ranks, 90, false) == EVL_OK);
    double mean = 89.0 * 90.0 / ranks, largest = 2 * 89;
    for (int r = 0; r < ranks; r++) CHECK(load[r] > mean - largest && load[r] < mean + largest);
  }
}

static void an_error_ends_the_round_on_all_ranks(void) {
  stops_at = -1;
  for (int by_master = 0; by_master < 2; by_master++)
    for (int ranks = 1; ranks <= MOST_RANKS; ranks++)
      for (fails_at = 0; fails_at < 60; fails_at += 23) {
        CHECK(run_round(ranks, 60, by_master) == EVL_IO);
        CHECK(times[fails_at] == 1);
        at_most_once();
      }
  fails_at = -1;
}

/* The last case: a stop that was asked for stays asked for. */
static void a_stop_reaches_all_ranks(void) {
  evl_stop_install();
  fails_at = -1;
  stops_at = 55; /* among the first */
  CHECK(run_round(4, 60, true) == EVL_STOPPED);
  CHECK(at_most_once() < 60);
  stops_at = -1;
  for (int by_master = 0; by_master < 2; by_master++) {
    CHECK(run_round(4, 60, by_master) == EVL_STOPPED);
    CHECK(at_most_once() < 60);
  }
}

int main(void) {
  RUN(every_task_once);
  RUN(static_shares_are_even);
  RUN(an_error_ends_the_round_on_all_ranks);
  RUN(a_stop_reaches_all_ranks);
  CHECK_DONE();
}
