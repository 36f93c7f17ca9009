/* Who gets which tasks: every task once, few enough requests, a level end. */
#include "../../src/cohort/deal_priv.h"
#include "check.h"

enum { MOST = 200000 };
static float cost_us[MOST];

/* Deals all n tasks to ranks that ask whenever they are idle; wall time of the slowest, and the requests. */
static double deal_out(int n, int ranks, int64_t *requests) {
  static double busy_us[1 << 14];
  evl_deal deal;
  double end_us = 0;
  int64_t next = 0;
  evl_deal_begin(&deal, n, cost_us, ranks);
  for (int r = 0; r < ranks; r++) busy_us[r] = 0;
  for (*requests = 0;; ++*requests) {
    int idle = 0;
    for (int r = 1; r < ranks; r++)
      if (busy_us[r] < busy_us[idle]) idle = r;
    evl_hand hand = evl_deal_next(&deal, false);
    if (!hand.n) break;
    CHECK(hand.from == next && hand.n > 0);
    next += hand.n;
    for (int64_t i = hand.from; i < hand.from + hand.n; i++) busy_us[idle] += (double)cost_us[i];
    if (busy_us[idle] > end_us) end_us = busy_us[idle];
  }
  CHECK(next == n);
  return end_us;
}

static double sum_us(int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += (double)cost_us[i];
  return sum;
}

static void every_task_once_and_a_level_end(void) {
  static const int ranks[] = {1, 2, 7, 64, 500};
  static const int tasks[] = {0, 1, 3, 1000, 20000};
  for (int i = 0; i < 5; i++)
    for (int k = 0; k < 5; k++) {
      int64_t requests;
      for (int t = 0; t < tasks[k]; t++) cost_us[t] = 50000.0f - 2.0f * (float)t; /* dearest first */
      double end_us = deal_out(tasks[k], ranks[i], &requests), mean_us = sum_us(tasks[k]) / ranks[i];
      CHECK(requests <= tasks[k]);
      CHECK(tasks[k] == 0 || end_us <= mean_us + (double)cost_us[0]);
    }
}

/* A hundred thousand tasks of 1 ms on 1,000 ranks: a request a task would be a million a second. */
static void the_master_is_not_asked_too_often(void) {
  int64_t requests;
  for (int t = 0; t < 100000; t++) cost_us[t] = 1000;
  double end_us = deal_out(100000, 1000, &requests), ideal_us = sum_us(100000) / 1000;
  CHECK(requests < 25000);
  CHECK(end_us < 1.1 * ideal_us);
  /* Where tasks are long, each is asked for. */
  for (int t = 0; t < 5000; t++) cost_us[t] = 10e6;
  deal_out(5000, 1000, &requests);
  CHECK(requests == 5000);
}

static void the_master_takes_one_at_a_time(void) {
  evl_deal deal;
  for (int t = 0; t < 1000; t++) cost_us[t] = 1;
  evl_deal_begin(&deal, 1000, cost_us, 64);
  CHECK(evl_deal_next(&deal, true).n == 1);
  CHECK(evl_deal_next(&deal, false).n > 1);
  CHECK(evl_deal_master_works(2) && !evl_deal_master_works(10000));
}

static void beforehand_is_level_too(void) {
  static int32_t owner[1000];
  double load_us[37] = {0};
  for (int t = 0; t < 1000; t++) cost_us[t] = 2000.0f - (float)t;
  CHECK(evl_deal_beforehand(1000, cost_us, 37, owner) == EVL_OK);
  for (int t = 0; t < 1000; t++) {
    CHECK(owner[t] >= 0 && owner[t] < 37);
    load_us[owner[t]] += (double)cost_us[t];
  }
  for (int r = 0; r < 37; r++) CHECK(fabs(load_us[r] - sum_us(1000) / 37) <= 2000);
}

int main(void) {
  RUN(every_task_once_and_a_level_end);
  RUN(the_master_is_not_asked_too_often);
  RUN(the_master_takes_one_at_a_time);
  RUN(beforehand_is_level_too);
  CHECK_DONE();
}
