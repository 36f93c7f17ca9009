/* The forecast of a round against what can be counted by hand. */
#include "../../src/cohort/deal_priv.h"
#include "../../src/cohort/forecast_priv.h"
#include "check.h"

enum { MOST = 4000 };

static evl_expected_task task[MOST];
static float cost_us[MOST];
static const evl_forecast_machine swift = {.journal_mb_s = 1e9, .cores_per_node = 40};

/* Dearest first, as a run deals. */
static void make(int n, double first_s, double last_s, double read_s, double read_mb) {
  for (int i = 0; i < n; i++) {
    double work_s = first_s + (last_s - first_s) * i / (n > 1 ? n - 1 : 1);
    task[i] = (evl_expected_task){.read_s = (float)read_s,
                                  .read_mb = (float)read_mb,
                                  .work_s = (float)work_s,
                                  .tick_s = (float)(work_s / 100),
                                  .journal_mb = 1};
    cost_us[i] = (float)(1e6 * (read_s + work_s));
  }
}

static evl_round_forecast forecast(int n, int ranks, bool dynamic, const evl_forecast_machine *machine) {
  evl_round_forecast r;
  const evl_expected_round round = {.n = n, .task = task, .cost_us = cost_us, .dynamic = dynamic, .flush_s = 10};
  CHECK(evl_forecast_round(&round, machine, ranks, &r) == EVL_OK);
  return r;
}

static void one_rank_takes_the_sum(void) {
  evl_forecast_machine m = swift;
  m.journal_mb_s = 2;
  m.sync_ms = 100;
  make(50, 1, 1, 0.5, 10);
  for (int dynamic = 0; dynamic < 2; dynamic++) {
    evl_round_forecast r = forecast(50, 1, dynamic, &m);
    CHECK_NEAR(r.work_s, 50, 1e-5);
    CHECK_NEAR(r.read_s, 25, 1e-5);
    /* 0.5 s of appending a task, a sync of 0.1 s after every 10 s and one at the end. */
    CHECK_NEAR(r.journal_s, 25 + 0.1 * (double)r.n_syncs + 0.1, 1e-5);
    CHECK(r.n_syncs >= 6 && r.n_syncs <= 10);
    CHECK_NEAR(r.length_s, r.work_s + r.read_s + r.journal_s, 1e-5);
    CHECK(r.n_requests == 0);
  }
}

static void equal_shares_take_equal_time(void) {
  make(240, 2, 2, 0, 0);
  evl_round_forecast r = forecast(240, 24, false, &swift);
  CHECK_NEAR(r.length_s, 20, 1e-5);
  CHECK_NEAR(r.end_s, 0, 1e-4);
  CHECK_NEAR(r.busiest_s, 20, 1e-5);
}

/* Never better than the mean, never worse than that and one task (and the first answers). */
static void the_end_is_level(void) {
  static const int ranks[] = {2, 3, 7, 64, 127, 128, 500};
  evl_forecast_machine m = swift;
  m.request_us = 20;
  m.latency_us = 10;
  make(MOST, 3, 0.2, 0.1, 0);
  double sum_s = 0;
  for (int i = 0; i < MOST; i++) sum_s += 1e-6 * (double)cost_us[i];
  for (int k = 0; k < 7; k++) {
    int working = ranks[k] - !evl_deal_master_works(ranks[k]);
    evl_round_forecast r = forecast(MOST, ranks[k], true, &m);
    CHECK(r.length_s >= sum_s / working);
    CHECK(r.length_s <= sum_s / working + 3.1 + 0.05);
    CHECK(r.n_requests >= ranks[k] - 1);
  }
}

/* Whatever a rank does is told: the sum over what it can do is the length of the round. */
static void no_time_is_lost(void) {
  static const int ranks[] = {1, 5, 100, 300};
  evl_forecast_machine m = swift;
  m.request_us = 100;
  m.latency_us = 50;
  m.sync_ms = 3;
  m.journal_mb_s = 100;
  m.read_mb_s = 300;
  make(2000, 2, 0.5, 0.05, 5);
  for (int k = 0; k < 4; k++) {
    evl_round_forecast r = forecast(2000, ranks[k], true, &m);
    double told_s = r.read_s + r.work_s + r.journal_s + r.master_s + r.end_s;
    double answers_s = 1e-6 * m.request_us * (double)r.n_requests; /* some of them while it works */
    CHECK(told_s <= ranks[k] * r.length_s + 1e-6);
    CHECK(told_s + answers_s >= ranks[k] * (r.length_s - 0.001));
  }
}

static void a_slow_disk_decides(void) {
  evl_forecast_machine m = swift;
  m.read_mb_s = 50;
  make(1000, 0.1, 0.1, 0.01, 20);
  evl_round_forecast r = forecast(1000, 100, false, &m);
  CHECK(r.length_s >= 1000 * 20 / 50.0);
  CHECK(r.length_s <= 1000 * 20 / 50.0 + 2);
  m.read_mb_s = 1e6;
  CHECK(forecast(1000, 100, false, &m).length_s < 2);
}

static void a_slow_master_decides(void) {
  evl_forecast_machine m = swift;
  m.request_us = 2e5; /* one task at a time: tasks are long beside what a run assumes */
  make(1000, 1, 1, 0, 0);
  evl_round_forecast r = forecast(1000, 201, true, &m);
  CHECK(r.n_requests == 1200);
  CHECK(r.length_s >= 1200 * 0.2);
  CHECK(r.length_s <= 1200 * 0.2 + 2);
}

/* A master that computes answers between its windows: its workers wait for one at most. */
static void a_working_master_answers_between_windows(void) {
  evl_forecast_machine m = swift;
  make(400, 1, 1, 0, 0);
  for (int i = 0; i < 400; i++) task[i].tick_s = 0.25f;
  evl_round_forecast often = forecast(400, 4, true, &m);
  CHECK(often.length_s >= 100 && often.length_s <= 101.3);
}

static void a_forecast_is_repeatable(void) {
  evl_forecast_machine m = swift;
  m.request_us = 30;
  m.latency_us = 5;
  make(MOST, 1, 0.01, 0.01, 1);
  evl_round_forecast a = forecast(MOST, 77, true, &m), b = forecast(MOST, 77, true, &m);
  CHECK(!memcmp(&a, &b, sizeof a));
}

static void nothing_to_do_takes_no_time(void) {
  evl_round_forecast r = forecast(0, 10, true, &swift);
  CHECK(r.length_s == 0 && r.n_requests == 0);
  make(3, 1, 1, 0, 0); /* more ranks than tasks */
  CHECK_NEAR(forecast(3, 50, false, &swift).length_s, 1, 1e-5);
  CHECK(forecast(3, 50, true, &swift).length_s < 1.01);
}

int main(void) {
  RUN(one_rank_takes_the_sum);
  RUN(equal_shares_take_equal_time);
  RUN(the_end_is_level);
  RUN(no_time_is_lost);
  RUN(a_slow_disk_decides);
  RUN(a_slow_master_decides);
  RUN(a_working_master_answers_between_windows);
  RUN(a_forecast_is_repeatable);
  RUN(nothing_to_do_takes_no_time);
  CHECK_DONE();
}
