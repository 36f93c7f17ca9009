/* The study: what the configuration and the headers fix before the first window. */
#ifndef EVEIL_STUDY_PRIV_H
#define EVEIL_STUDY_PRIV_H

#include "eveil/cohort.h"
#include "eveil/recording.h"
#include "eveil/store.h"
#include "manifest_priv.h"

typedef struct evl_task {
  int32_t recording;
  int32_t span;       /* FINISH: the recording stage */
  evl_key key;
  bool done;          /* `where` holds its record */
  evl_record where;
  float cost_us;
} evl_task;

enum { FINISH = -1 };

struct evl_study {
  evl_arena *arena;
  evl_config *config;
  const char *config_path, *config_text;
  const evl_params *run, *output;
  uint64_t seed;
  double task_s;
  const char *store, *journal_folder;
  bool replay;                /* tasks sleep instead of computing */
  double replay_speed;        /* for their cost divided by this; 0: not at all */
  evl_manifest *manifest;
  int n_recordings;
  evl_probe *probe;           /* [n_recordings] */
  int n_analyses;
  evl_analysis *analysis;
  int64_t **first_window;     /* [n_analyses][n_recordings + 1] rows of the store */
  evl_key values_key;         /* of what changes values */
  evl_key plan_key;           /* of everything in the store */
  evl_key layout_key;
  int64_t n_window_tasks, n_tasks;
  evl_task *task;             /* window tasks by recording and span, then one finish task a recording */
  int64_t *first_task;        /* [n_recordings + 1] among the window tasks */
  evl_worker *worker;         /* planned on demand */
  evl_journals *journals;
  int n_machines;
  const evl_machine *machine; /* [n_machines] kinds of this job's ranks, that of rank 0 first */
};

static inline int64_t finish_task(const evl_study *study, int recording) { return study->n_window_tasks + recording; }

/* Local. The groups that a configuration may have. */
evl_status evl_config_check(evl_config *config, evl_arena *arena) EVL_MUST_USE;

/* Local steps of evl_study_open, in this order. */
evl_status evl_study_configure(evl_study *study) EVL_MUST_USE;       /* groups run, output; checks the top level */
evl_status evl_study_probe(evl_study *study, const evl_params *cohort) EVL_MUST_USE; /* collective */
evl_status evl_study_analyses(evl_study *study) EVL_MUST_USE;
evl_status evl_study_tasks(evl_study *study) EVL_MUST_USE;

/* Plans the evl_worker (memory of the run); its cost estimates then stand in the tasks. */
evl_status evl_study_worker(evl_study *study) EVL_MUST_USE;
/* Collective. Scans the journals and marks what is done. `run`: makes their folder, and tries again what failed for want
   of reading. */
evl_status evl_study_scan(evl_study *study, bool run) EVL_MUST_USE;
/* Local. Whether the payload of a task's record has its CRC; of equal keys `where` becomes the first intact
   one. `scratch` of any size. */
bool evl_task_intact(evl_study *study, evl_task *task, void *scratch, size_t bytes) EVL_MUST_USE;
/* Gathers (collective): CRC of every record first; a damaged one becomes unfinished, and nothing is written unless
   `partial`. *missing: tasks without record, *failed: failed recordings. */
evl_status evl_gather_store(evl_study *study, const evl_run_options *options, bool partial, int64_t *missing,
                            int *failed) EVL_MUST_USE;
/* Local. run.gather_mb must hold the rows that the gather needs together: known before anything runs (EVL_USAGE). */
evl_status evl_gather_fits(const evl_study *study, int analysis, int64_t most_windows) EVL_MUST_USE;

/* Local, rank 0. Warns of columns of the finished store that have a value in no recording. */
evl_status evl_study_say_empty(const evl_study *study) EVL_MUST_USE;

/* ---- describe.c ---- */
void evl_print_duration(double seconds, FILE *out); /* in s, min or h */

/* ---- output.c ---- */
/* Collective. *complete where the whole store of this plan is there. EVL_USAGE where something else is. */
evl_status evl_output_check(const evl_study *study, const evl_run_options *options, bool *complete) EVL_MUST_USE;

/* ---- keys.c ---- */
evl_key evl_values_key(const evl_study *study);   /* of what changes values */
evl_key evl_layout_key(const evl_study *study);
/* What identifies the input of a recording: id, size, time, header, and what its sidecars say of its signals; of a file
   that cannot be read what is wrong with it. Never where it lies. */
evl_key evl_input_key(const evl_study *study, int recording);
evl_key evl_task_key(const evl_study *study, const evl_key *input, int span);
evl_key evl_plan_key(const evl_study *study);     /* of everything that the store holds */

/* ---- machine.c ---- */
const evl_machine *evl_machine_here(void); /* of this rank */
/* Collective. The kinds of this job's ranks. */
evl_status evl_study_machines(evl_study *study) EVL_MUST_USE;
/* Local. Finished tasks of other kinds than rank 0's: how many, and "N on KIND, M on KIND". */
evl_status evl_study_other_kinds(const evl_study *study, evl_arena *arena, int64_t *n, const char **text) EVL_MUST_USE;
/* Local, the same on all ranks. EVL_USAGE where there are such tasks and no flag allows them. */
evl_status evl_study_one_kind(const evl_study *study, const evl_run_options *options) EVL_MUST_USE;
/* The processor of a store; all kinds that contributed, with their libraries, where there are several. NULL: no memory. */
const char *evl_study_cpu(const evl_study *study, evl_arena *arena);

/* ---- schedule.c ---- */
typedef struct evl_round_report {
  double wait_s;             /* of this rank: for tasks, then for the others */
  int64_t requests;          /* answered by the master */
} evl_round_report;

typedef struct evl_round {
  int64_t n;
  const int64_t *task;       /* order of preference */
  const float *cost_us;      /* [n] expected */
  bool dynamic;
  evl_status (*work)(void *context, int64_t task);
  void (*progress)(void *context, int64_t finished, int64_t n); /* also called while a rank waits */
  void *context;
  evl_round_report *report;  /* added to */
} evl_round;
/* Collective. Runs each task of the round on one rank. EVL_STOPPED where some rank was asked to stop. */
evl_status evl_schedule_round(const evl_round *round) EVL_MUST_USE;
/* Between windows: the master answers, stop requests travel. */
void evl_schedule_tick(void *context);

/* ---- replay.c ---- */
/* Local. In place of evl_worker_windows and evl_worker_finish: cheap numbers instead of results, `tick` while asleep. */
void evl_replay_windows(const evl_study *study, const evl_task *task, void (*tick)(void *context), void *context,
                        void *payload, size_t *bytes);
void evl_replay_finish(const evl_study *study, const evl_task *task, void (*tick)(void *context), void *context,
                       void *payload, size_t *bytes);

/* ---- stop.c ---- */
bool evl_stop_asked(void);        /* SIGUSR1 or SIGTERM came */
bool evl_stop_at_once(void);      /* SIGTERM */

#endif
