/* The gather's parts: the list of datasets, and what fills their rows. */
#ifndef EVEIL_GATHER_PRIV_H
#define EVEIL_GATHER_PRIV_H

#include "study_priv.h"

/* X(name, text): statistics over the windows of a recording, in the store's order. */
#define EVL_STATISTIC_LIST(X)                       \
  X(MEAN, "mean")                                   \
  X(SD, "sd")                                       \
  X(TRIMMED, "trimmed_mean_80")                     \
  X(MEDIAN, "median")                               \
  X(P5, "p5")                                       \
  X(P95, "p95")                                     \
  X(SLOPE, "slope")

enum {
#define EVL_STATISTIC_ENUM(name, text) STATISTIC_##name,
  EVL_STATISTIC_LIST(EVL_STATISTIC_ENUM)
#undef EVL_STATISTIC_ENUM
  N_STATISTICS
};

typedef enum {
  /* by window */
  ROWS_VALUES, ROWS_WHY, ROWS_CLEAN, ROWS_CHOSEN, ROWS_RECORDING, ROWS_START, ROWS_TENSOR,
  /* by recording */
  ROWS_SUMMARY, ROWS_COUNT, ROWS_SUMMARY_WHY, ROWS_RECORDING_VALUES, ROWS_RECORDING_WHY, ROWS_RECORDING_TENSOR,
  ROWS_QUALITY, ROWS_CHANNEL_STATUS, ROWS_CHANNEL_CAUSES
} rows_kind;

typedef struct rows { rows_kind kind; int analysis, tensor; } rows;

/* Of one recording, the latest that was asked for: 1 where a window counts. */
typedef struct chosen_windows { uint8_t *window; int analysis, recording; } chosen_windows; /* NULL: none */

typedef struct gather {
  evl_study *study;
  const evl_run_options *options;
  evl_arena *arena;
  evl_task_head *finish;     /* [n_recordings] heads of the recording stage; before it, of a failed window task */
  evl_annotation_head *annotated; /* [n_recordings] of finished ones */
  chosen_windows chosen;
  int32_t *task_status, *task_rank;
  double *task_seconds;      /* [n_tasks] */
  int64_t missing;
  int failed;
  int n_costs;               /* lines of the table of costs, on all ranks */
  bool partial;
  int n_datasets, capacity;
  evl_dataset *dataset;
  rows *rows;                /* [n_datasets], of those without data */
  evl_group_attributes *group; /* [n_groups]: of analyses, then of models of the cohort */
  int n_groups;
  struct evl_cohort_fit *cohort_fit; /* [n_cohort_models] */
  uint8_t *buffer;           /* rows of one recording, for summaries */
  size_t buffer_bytes;
} gather;

/* Half of the gather's memory; rows about to be written have the other half. */
static inline size_t evl_gather_buffer_bytes(const evl_study *study) {
  return (size_t)evl_params_int(study->run, "gather_mb") << 19;
}

/* gather_layout.c: all datasets of the store. */
evl_status evl_gather_layout(gather *g) EVL_MUST_USE;
/* gather_rows.c: an evl_fill. */
evl_status evl_gather_rows(void *context, int dataset, uint64_t row, uint64_t n, void *data) EVL_MUST_USE;
/* summary.c: `statistic` [C][K]; `count` [C] or `why` [C] may be NULL. */
evl_status evl_gather_summary(gather *g, int analysis, int recording, double *statistic) EVL_MUST_USE;
evl_status evl_gather_counts(gather *g, int analysis, int recording, uint32_t *count, uint8_t *why) EVL_MUST_USE;
/* quality_rows.c: what the rules of quality found of a recording. `share` [channels][EVL_QUALITIES] of the time that was
   looked at; `status` [channels]; `causes` [channels]. */
enum { EVL_QUALITIES = 1 + EVL_CAUSES }; /* any, then by cause */
evl_status evl_gather_quality(gather *g, int analysis, int recording, float *share) EVL_MUST_USE;
evl_status evl_gather_channels(gather *g, int analysis, int recording, uint8_t *status, uint32_t *causes) EVL_MUST_USE;
/* quality_layout.c */
evl_status evl_gather_lay_quality(gather *g, int analysis, const char *group, const char *recording) EVL_MUST_USE;

/* gather_layout.c, for the others that lay out. A dataset of no dimensions yet; never NULL (memory was counted
   beforehand), path NULL when out of memory. */
evl_dataset *evl_gather_add(gather *g, evl_type type, const void *data, const char *unit, const char *format, ...)
    EVL_PRINTF(5, 6);
void evl_gather_dimension(evl_dataset *dataset, uint64_t size, const char *scale);
/* An integer scale 0, 1, 2, ...; its path. */
const char *evl_gather_scale(gather *g, uint64_t n, const char *path);
/* A dataset whose rows evl_gather_rows fills. */
evl_dataset *evl_gather_add_rows(gather *g, rows what, evl_type type, const char *unit, const char *group,
                                 const char *name);

/* gather_chosen.c: [windows of the recording], valid until the next call. */
evl_status evl_gather_chosen(gather *g, int analysis, int recording, const uint8_t **chosen) EVL_MUST_USE;
void evl_gather_lay_chosen(gather *g, int analysis, const char *group, const char *window, uint64_t n);
/* gather_annotations.c */
evl_status evl_gather_annotation_head(const evl_study *study, const evl_task *task,
                                      evl_annotation_head *head) EVL_MUST_USE;
evl_status evl_gather_lay_annotations(gather *g, const char *recording) EVL_MUST_USE;
/* cohort_models.c: collective, before the layout; then their datasets. */
evl_status evl_gather_cohort_models(gather *g) EVL_MUST_USE;
evl_status evl_gather_lay_cohort_models(gather *g) EVL_MUST_USE;
enum { EVL_COHORT_DATASETS = 20 }; /* at most, of one model */
/* Rows [first, first + n) of one part of the windows of a recording: of each row of row_bytes the `bytes` from
   `offset` on. What is not there is NaN with its why. */
evl_status evl_gather_windows(gather *g, rows_kind kind, int analysis, int recording, int64_t first, int64_t n,
                              size_t row_bytes, size_t offset, size_t bytes, uint8_t *out) EVL_MUST_USE;
/* 0 or FAILED for a whole recording. */
uint8_t evl_recording_why(const gather *g, int recording);

#endif
