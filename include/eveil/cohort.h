/* cohort: all recordings of a study: plan, run, resume, gather, describe, audit, export.

   A study is everything that the configuration and the headers fix before the first window. Functions marked
   collective are called by all ranks; without MPI there is one. */
#ifndef EVEIL_COHORT_H
#define EVEIL_COHORT_H

#include <stdio.h>

#include "eveil/base.h"

typedef struct evl_study evl_study;

/* Collective. Reads the configuration (rank 0), the cohort's tables and headers (all ranks), fixes layout, tasks and
   keys. `libraries`: versions for the store's attributes. Errors: everything wrong in the configuration or manifest. */
evl_status evl_study_open(const char *config_path, evl_study **study) EVL_MUST_USE;
void evl_study_close(evl_study *study);

/* Collective. What a run would do, printed on rank 0: recordings, windows, columns, bytes, core-hours, longest
   task, suggested ranks and wall time. */
evl_status evl_study_print_plan(evl_study *study, FILE *out) EVL_MUST_USE;

typedef struct evl_run_options {
  bool replace;          /* a complete store of another plan may be overwritten */
  bool quiet;
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

/* Signals that ask a run to stop; call before evl_parallel_start. */
void evl_stop_install(void);

/* Local. A recording, described. */
evl_status evl_recording_print(const char *path, FILE *out) EVL_MUST_USE;
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
/* Local. Makes the folder in which an output will stand. */
evl_status evl_output_folder(const char *path) EVL_MUST_USE;

/* Local. The default configuration, generated from the tables. */
evl_status evl_config_print(FILE *out) EVL_MUST_USE;
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
