/* simulate: cohorts whose physics and outcome mechanism are known, and the EDF+ writer. */
#ifndef EVEIL_SIMULATE_H
#define EVEIL_SIMULATE_H

#include "eveil/base.h"

/* Writes EDF+C: n_signals signals of n samples each, in microvolt, x[s * ld + t], int16, records of record_s. The file
   appears whole (written aside, renamed). Annotations may be NULL. */
typedef struct evl_edf_annotation { double onset_s, duration_s; const char *text; } evl_edf_annotation;
typedef struct evl_edf_spec {
  int n_signals; const char *const *label; double fs_hz, record_s;
  double physical_max_uv;    /* symmetric range */
  int n_annotations; const evl_edf_annotation *annotation;
} evl_edf_spec;
evl_status evl_edf_write(const char *path, const evl_edf_spec *spec, const double *x, size_t ld, int64_t n, evl_arena *arena) EVL_MUST_USE;

/* The group `simulate` of a configuration. */
extern const evl_param evl_simulate_params[];

typedef struct evl_simulation evl_simulation;
/* Draws the cohort's tables (subjects, sites, outcomes, truth) from (params, seed). Same on every rank. */
evl_status evl_simulation_plan(const evl_params *params, uint64_t seed, evl_arena *arena, evl_simulation **simulation) EVL_MUST_USE;
int evl_simulation_recordings(const evl_simulation *simulation);
/* Writes recording i below `root` (local; ranks share the recordings out). */
evl_status evl_simulation_write(const evl_simulation *simulation, const char *root, int i, evl_arena *scratch) EVL_MUST_USE;
/* Writes participants.tsv, truth.tsv, dataset_description.json and sidecars (one rank). */
evl_status evl_simulation_write_tables(const evl_simulation *simulation, const char *root) EVL_MUST_USE;

#endif
