/* The study: what the configuration and the headers fix before the first window. */
#ifndef EVEIL_STUDY_PRIV_H
#define EVEIL_STUDY_PRIV_H

#include "eveil/cohort.h"
#include "eveil/recording.h"
#include "eveil/store.h"
#include "manifest_priv.h"

typedef struct evl_task {
  int32_t recording;
  int32_t span;       /* FINISH: the end of the recording stage; below it its pieces, see piece_span */
  evl_key key;
  bool done;          /* `where` holds its record */
  evl_record where;
  float cost_us;
} evl_task;

enum { FINISH = -1 };

/* X(PHASE, text): seconds of a rank, apart from each other; the last is the sum with what lies between. */
#define EVL_PHASES(X)         \
  X(START, "start")           \
  X(PROBE, "probe")           \
  X(PLAN, "plan")             \
  X(READ, "read")             \
  X(CONDITION, "condition")   \
  X(COMPUTE, "compute")       \
  X(OTHER, "other")           \
  X(JOURNAL, "journal")       \
  X(WAIT, "wait")             \
  X(GATHER, "gather")         \
  X(TOTAL, "total")
typedef enum evl_phase {
#define X(phase, text) PHASE_##phase,
  EVL_PHASES(X)
#undef X
  N_PHASES
} evl_phase;

typedef struct evl_timing {
  double began_s, lap_s;      /* of the process; of the present phase */
  double seconds[N_PHASES];
  double sync_s, journal_bytes; /* of the journal's time: in syncs; what was written */
  double headers_s;             /* of the probe: this rank's own headers */
  double tasks_s;               /* of the plan: what grows with the number of tasks */
  double layout_from_s, layout_s; /* of the gather: when the store was begun, and for how long without rows */
  int64_t n_tasks, n_syncs, n_requests;
} evl_timing;

struct evl_study {
  evl_arena *arena;
  evl_config *config;
  const char *config_path, *config_text;
  const evl_params *run, *output;
  evl_format_options formats;
  uint64_t seed;
  double task_s;
  const char *store, *journal_folder;
  bool replay;                /* tasks sleep instead of computing */
  double replay_speed;        /* for their cost divided by this; 0: not at all */
  evl_manifest *manifest;
  int n_recordings;
  evl_probe *probe;           /* [n_recordings] */
  evl_keep keep;
  int n_analyses;
  evl_analysis *analysis;
  int n_cohort_models;
  struct evl_cohort_model *cohort_model;
  int64_t **first_window;     /* [n_analyses][n_recordings + 1] rows of the store */
  evl_key values_key;         /* of what changes values */
  evl_key plan_key;           /* of everything in the store */
  evl_key layout_key;
  int64_t n_window_tasks, n_tasks;
  int n_pieces;               /* of the recording stage of each recording */
  evl_task *task;             /* window tasks by recording and span, then pieces by recording, then finish tasks */
  int64_t *first_task;        /* [n_recordings + 1] among the window tasks */
  evl_worker *worker;         /* planned on demand */
  const char *costs_path;
  struct evl_costs *costs;    /* rank 0: what earlier runs measured */
  int n_learned;              /* rank 0: parts of the work whose cost was measured */
  evl_journals *journals;
  evl_timing timing;
  struct evl_lock *lock;      /* rank 0: of the output; NULL: not held */
  int n_machines;
  const evl_machine *machine; /* [n_machines] kinds of this job's ranks, that of rank 0 first */
};

static inline int64_t piece_task(const evl_study *study, int recording, int piece) {
  return study->n_window_tasks + (int64_t)recording * study->n_pieces + piece;
}
static inline int64_t finish_task(const evl_study *study, int recording) {
  return piece_task(study, study->n_recordings, 0) + recording;
}
static inline int piece_span(int piece) { return FINISH - 1 - piece; }
static inline int piece_of(int span) { return FINISH - 1 - span; } /* below 0: no piece */
/* Tasks of a round: windows, pieces, the ends of the recording stage. */
enum { TASK_ROUNDS = 3 };
static inline int64_t round_begin(const evl_study *study, int round) {
  return round == 0   ? 0
         : round == 1 ? study->n_window_tasks
         : round == 2 ? finish_task(study, 0)
                      : study->n_tasks;
}

/* Local. The groups that a configuration may have. */
evl_status evl_config_check(evl_config *config, evl_arena *arena) EVL_MUST_USE;

/* Local. The group `annotations`; config NULL: defaults. */
evl_status evl_config_keep(evl_config *config, evl_arena *arena, evl_keep *keep) EVL_MUST_USE;

/* Local steps of evl_study_open, in this order. */
evl_status evl_study_configure(evl_study *study) EVL_MUST_USE;       /* groups run, output; checks the top level */
evl_status evl_study_probe(evl_study *study, const evl_params *cohort) EVL_MUST_USE; /* collective */
evl_status evl_study_analyses(evl_study *study) EVL_MUST_USE;
/* Local. In place of the cohort one recording, with its sidecars from its folder up to `root`. */
evl_status evl_study_probe_alone(evl_study *study, const char *root, const char *path) EVL_MUST_USE;
evl_status evl_study_tasks(evl_study *study) EVL_MUST_USE;

/* Local. Plans the worker: memory of the run. */
evl_status evl_study_worker(evl_study *study) EVL_MUST_USE;
/* Local. What a task is expected to take. */
evl_expected evl_task_expected(const evl_study *study, int64_t task);
/* Collective. Adds what this run has spent to the table of costs and to the timing. A table that cannot be written is a
   warning. */
evl_status evl_study_keep_costs(evl_study *study) EVL_MUST_USE;
/* Local, rank 0. Adds figures of the machine to the table of costs. */
typedef struct evl_figure { const char *name, *unit; evl_spent spent; } evl_figure;
evl_status evl_study_keep_figures(evl_study *study, int n, const evl_figure *figure) EVL_MUST_USE;
/* Local. The tasks of [from, to) that are not done, in the order in which they are dealt, with their costs; their
   number. Rooms for all. */
int64_t evl_study_order(const evl_study *study, int64_t from, int64_t to, int64_t *list, float *cost_us);
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

/* ---- cohort_models_configure.c ---- */
typedef struct evl_cohort_model evl_cohort_model;
extern const evl_param evl_cohort_model_params[];
/* Local. The list `cohort_models`, once analyses and participants are known. */
evl_status evl_study_cohort_models(evl_study *study) EVL_MUST_USE;
void evl_cohort_models_hash(const evl_study *study, evl_sha256 *hash);

/* ---- timing.c ---- */
void evl_timing_begin(evl_timing *timing);                  /* first of all */
void evl_timing_lap(evl_timing *timing, evl_phase phase);   /* the time since the last lap */
void evl_timing_spent(evl_timing *timing, int n, const evl_cost *cost, const evl_spent *spent);
/* Collective. A table of rank, host, phase and value. */
evl_status evl_timing_write(evl_study *study, const char *path) EVL_MUST_USE;

/* ---- describe.c ---- */
void evl_print_duration(double seconds, FILE *out); /* in s, min or h */

/* ---- plan_print.c ---- */
double evl_row_bytes(const evl_analysis *analysis); /* of a window in journal and store, before compression */

/* ---- output.c ---- */
/* Collective. *complete where the whole store of this plan is there. EVL_USAGE where something else is, or another run. */
evl_status evl_output_check(evl_study *study, const evl_run_options *options, bool *complete) EVL_MUST_USE;

/* ---- lock.c ---- */
typedef struct evl_lock evl_lock;
/* Local, one rank. STORE.lock, until it is released: EVL_USAGE where another run has it. That of a dead run is taken over:
   at once on its host, after half a minute on another. */
evl_status evl_lock_take(const char *store, evl_lock **lock) EVL_MUST_USE;
void evl_lock_release(evl_lock *lock); /* NULL allowed */
bool evl_lock_is_there(const char *store);

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
const char *evl_study_processor(void);     /* of this rank: the first part of its name */
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
static const double EVL_REPLAY_TICK_S = 0.005; /* from tick to tick */
/* Local. In place of evl_worker_windows and evl_worker_finish: cheap numbers instead of results, `tick` while asleep. */
void evl_replay_windows(const evl_study *study, const evl_task *task, void (*tick)(void *context), void *context,
                        void *payload, size_t *bytes);
void evl_replay_piece(const evl_study *study, const evl_task *task, void (*tick)(void *context), void *context,
                      void *payload, size_t *bytes);
void evl_replay_finish(const evl_study *study, const evl_task *task, void (*tick)(void *context), void *context,
                       void *payload, size_t *bytes);

/* ---- stop.c ---- */
bool evl_stop_asked(void);        /* SIGUSR1 or SIGTERM came */
bool evl_stop_at_once(void);      /* SIGTERM */

#endif
