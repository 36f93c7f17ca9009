/* cohort: all recordings of a study: plan, run, resume, gather, describe, audit, export.

   A study is everything that the configuration and the headers fix before the first window. Functions marked
   collective are called by all ranks; without MPI there is one. */
#ifndef EVEIL_COHORT_H
#define EVEIL_COHORT_H

#include <stdio.h>

#include "eveil/base.h"
#include "eveil/readers.h"
#include "eveil/recording.h"

typedef struct evl_study evl_study;

/* Collective. Reads the configuration (rank 0), the cohort's tables and headers (all ranks), fixes layout, tasks and
   keys. `libraries`: versions for the store's attributes. Errors: everything wrong in the configuration or manifest. */
evl_status evl_study_open(const char *config_path, evl_study **study) EVL_MUST_USE;
/* Collective. Tasks of this one sleep for their expected cost divided by `speed` (0: not at all) instead of computing;
   store, journals and keys are others than those of a run. */
evl_status evl_study_open_replay(const char *config_path, double speed, evl_study **study) EVL_MUST_USE;
void evl_study_close(evl_study *study);

/* Collective. Expected costs, by what earlier runs measured; before what follows. */
evl_status evl_study_expect(evl_study *study) EVL_MUST_USE;
/* Rank 0. What a run would do: recordings, windows, columns, disk, core-hours, longest task, suggested ranks. */
evl_status evl_study_print_plan(evl_study *study, FILE *out) EVL_MUST_USE;
/* Rank 0. Options of sbatch for a run, one a line: as few nodes as finish it within wall_h, if that can be. */
typedef struct evl_slurm_options { int cores_per_node; double wall_h, limit_h; } evl_slurm_options;
void evl_study_print_slurm(const evl_study *study, const evl_slurm_options *options, FILE *out);

/* X(field, option, may be 0, text): figures of the machine of a forecast; MB are 10^6 bytes. */
#define EVL_FORECAST_FIGURES(X)                                                                       \
  X(start_s, "start-s", true, "s until all ranks of a job have started")                              \
  X(header_us, "header-us", true, "us of reading a header; shared out over the ranks")                \
  X(share_us, "share-us", true, "us of taking over a header that another rank read; on every rank")   \
  X(plan_s, "plan-s", true, "s of planning kernels and memory; on every rank")                        \
  X(task_us, "task-us", true, "us of planning a task; on every rank")                                 \
  X(request_us, "request-us", true, "us of answering a request; on the master")                       \
  X(latency_us, "latency-us", true, "us of a message, from rank to rank")                             \
  X(net_mb_s, "net-mb-s", false, "MB/s that a rank sends or receives")                                \
  X(journal_mb_s, "journal-mb-s", false, "MB/s of appending to a journal; a rank")                    \
  X(sync_ms, "sync-ms", true, "ms of a sync of a journal")                                            \
  X(layout_s, "layout-s", true, "s of laying out the store; rank 0 alone")                            \
  X(gather_mb_s, "gather-mb-s", false, "MB/s of checking, compressing and writing rows; a rank")      \
  X(read_mb_s, "read-mb-s", true, "MB/s that the file system reads for all ranks together; 0: any")   \
  X(write_mb_s, "write-mb-s", true, "MB/s that the file system writes for all ranks together; 0: any") \
  X(cost_times, "cost-times", false, "tasks so many times as dear")

typedef struct evl_forecast_machine {
#define X(field, option, zero, text) double field;
  EVL_FORECAST_FIGURES(X)
#undef X
  double cores_per_node;
} evl_forecast_machine; /* NAN: as measured by runs on this machine, else an assumption */

/* Collective. What a run would take on ranks[n] ranks, by a simulation of its schedule with measured costs: printed
   on rank 0, and written as a table to `tsv` (NULL: none). */
evl_status evl_study_forecast(evl_study *study, int n, const int *ranks, const evl_forecast_machine *machine,
                              const char *tsv, FILE *out) EVL_MUST_USE;

typedef struct evl_run_options {
  bool replace;          /* a complete store of another plan may be overwritten */
  bool other_cpu;        /* finished tasks of other kinds of machines are taken */
  bool quiet;
  const char *timing;    /* file for the time of every rank and phase; NULL: none */
  const char *command;   /* for the store's attribute */
  const char *revision;
} evl_run_options;

/* Collective. Runs what is left, gathers, removes the journals. EVL_PARTIAL where recordings failed, EVL_STOPPED on
   SIGUSR1 or SIGTERM. */
evl_status evl_study_run(evl_study *study, const evl_run_options *options) EVL_MUST_USE;
/* Collective. A store of what is finished so far. */
evl_status evl_study_gather(evl_study *study, const evl_run_options *options) EVL_MUST_USE;
/* Local. Finished and total tasks, failures, disk, of a run that is going on, interrupted or done. */
evl_status evl_study_print_state(evl_study *study, FILE *out) EVL_MUST_USE;

/* Collective. EVL_USAGE where ranks run different programs or libraries; without `other_cpu` also where they are on different
   kinds of machines. `offered`: the command has the flag that allows them. */
evl_status evl_same_program(const char *revision, bool offered, bool other_cpu) EVL_MUST_USE;

/* Signals that ask a run to stop; call before evl_parallel_start. */
void evl_stop_install(void);

/* Local. The group `formats` of the configuration `config` (NULL: none), or of a piece of one, `text` ("text: { fs_hz =
   250; };", NULL: none). */
evl_status evl_formats_read(const char *config, const char *text, evl_arena *arena,
                            evl_format_options *options) EVL_MUST_USE;
/* Local. The group `annotations` of the configuration `config` (NULL: none, nothing is kept). */
evl_status evl_keep_read(const char *config, evl_arena *arena, evl_keep *keep) EVL_MUST_USE;
/* Local. One recording as the windows of an analysis of the configuration see it: the conditioned channels. */
typedef struct evl_conditioned {
  evl_study *study;
  int analysis;
  const evl_header *header;    /* of the recording */
  const evl_montage *montage;
  const uint8_t *why;          /* [montage->n] 0: the channel is there */
  double fs_hz;
  int64_t most;                /* samples that may be read at once */
} evl_conditioned;
/* To be closed after an error, too. EVL_USAGE: no analysis of this name. */
evl_status evl_conditioned_open(const char *config, const char *analysis, const char *path,
                                evl_conditioned *conditioned) EVL_MUST_USE;
void evl_conditioned_close(evl_conditioned *conditioned);
int64_t evl_conditioned_samples(const evl_conditioned *conditioned, int stretch);
/* x[channel * ld + t], n <= most; rows of channels with a why are zero. */
evl_status evl_conditioned_read(evl_conditioned *conditioned, int stretch, int64_t first, int64_t n, double *x,
                                size_t ld) EVL_MUST_USE;
/* Local. A recording, described; options NULL: defaults. Annotations by their names in `keep`, never by their texts. */
evl_status evl_recording_print(const char *path, const evl_format_options *options, const evl_keep *keep,
                               FILE *out) EVL_MUST_USE;
/* Local. A store: attributes, recordings, analyses. */
evl_status evl_store_print(const char *path, FILE *out) EVL_MUST_USE;
/* Local. One column of one recording, by names: its summary (window -1), or its value in a window. Names that are not
   there are errors that say the nearest (EVL_USAGE). */
evl_status evl_store_print_cell(const char *path, const char *analysis, const char *column, const char *recording,
                                int64_t window, FILE *out) EVL_MUST_USE;
/* Local. SHA-256 of every dataset and the total. */
evl_status evl_store_print_hash(const char *path, FILE *out) EVL_MUST_USE;
/* Local. CSV files of a store, below `folder`. */
evl_status evl_store_export(const char *path, const char *folder, FILE *out) EVL_MUST_USE;
/* Local. Recomputes n random rows of a store by the configuration `config` (NULL: the one that it was made from) and
   compares; prints what differs. EVL_NUMERIC if anything does. */
evl_status evl_store_audit(const char *path, const char *config, int n, uint64_t seed, FILE *out) EVL_MUST_USE;

/* Local. The group `output`: two files. */
evl_status evl_output_read(evl_config *config, evl_arena *arena, evl_params **output) EVL_MUST_USE;

/* Local. The default configuration, generated from the tables. */
evl_status evl_config_print(FILE *out) EVL_MUST_USE;
/* A configuration with all features, and what models say of pairs of channels ("full"); with the default set of other
   models ("dynamics"); with all of them ("models"). */
typedef enum { EVL_CONFIG_FULL, EVL_CONFIG_DYNAMICS, EVL_CONFIG_MODELS } evl_config_set;
bool evl_config_set_find(const char *word, evl_config_set *set);
void evl_config_print_set(evl_config_set set, FILE *out);
/* Local. Tables: kind NULL: all of evl_list_kinds (and no name); name NULL: all entries of a kind. */
extern const char *const evl_list_kinds[]; /* ends with NULL */
evl_status evl_list_print(const char *kind, const char *name, FILE *out) EVL_MUST_USE;
/* Local. Parameters as the text of a configuration, each with its explanation; those without a default of their own
   (they must be given, or come from the group `above`, NULL: none) as comments. */
void evl_params_print(const evl_param *table, const evl_param *above, const char *indent, FILE *out);
/* Collective. Rank 0 reads the file, all parse it; the top level is checked. `*config` is the caller's, also after an
   error (NULL or to be freed). EVL_USAGE: no file, no text, a mistake. */
evl_status evl_config_read(const char *path, evl_arena *arena, const char **text, evl_config **config) EVL_MUST_USE;

extern const evl_param evl_output_params[], evl_run_params[], evl_analysis_params[], evl_cohort_params[];

#endif
