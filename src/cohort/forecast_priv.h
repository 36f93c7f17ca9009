/* What a forecast works with: tasks, the figures of a machine, and what comes out. */
#ifndef EVEIL_FORECAST_PRIV_H
#define EVEIL_FORECAST_PRIV_H

#include "study_priv.h"

typedef struct evl_expected_task {
  float read_s, read_mb;    /* alone on the machine */
  float silent_s, work_s;   /* besides reading: before the first window, and all of it */
  float tick_s;             /* from window to window */
  float journal_mb;
} evl_expected_task;

typedef struct evl_expected_round {
  int64_t n;
  const evl_expected_task *task; /* in the order in which they are dealt */
  const float *cost_us;          /* by which they are dealt */
  bool dynamic;
  double flush_s;                /* between syncs */
} evl_expected_round;

typedef struct evl_round_forecast {
  double length_s;
  double read_s, work_s, journal_s; /* summed over ranks */
  double master_s, end_s;           /* waiting for an answer; for the others at the end */
  double busiest_s;                 /* of the rank that worked longest */
  int64_t n_requests, n_syncs;
} evl_round_forecast;

/* Local. A round on so many ranks, event by event. */
evl_status evl_forecast_round(const evl_expected_round *round, const evl_forecast_machine *machine, int ranks,
                              evl_round_forecast *forecast) EVL_MUST_USE;

/* A run. Seconds are means over ranks, but for the length of all of it and of what all do together. */
typedef struct evl_run_forecast {
  int ranks, nodes;
  double wall_s, start_s, probe_s, plan_s, read_s, condition_s, compute_s, other_s, journal_s, master_s, end_s,
      gather_s;
  double efficiency;        /* against one rank: its time over ranks times this one's */
  double imbalance;         /* busiest rank over the mean */
  double longest_s;         /* of a task */
  double read_mb_s, write_mb_s; /* asked of the file system: while tasks run, and in the gather */
  double requests_s;        /* asked of the master, a second */
  const char *limit;        /* what takes most of what is lost */
} evl_run_forecast;

/* Local. Table for people, and for programs. */
void evl_forecast_print(const evl_forecast_machine *machine, int n, const evl_run_forecast *run, int most_ranks,
                        FILE *out);
evl_status evl_forecast_write(int n, const evl_run_forecast *run, const char *path) EVL_MUST_USE;

#endif
