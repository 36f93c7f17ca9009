/* simulate: cohorts whose physics and outcome mechanism are known, and the EDF+ writer. */
#ifndef EVEIL_SIMULATE_H
#define EVEIL_SIMULATE_H

#include "eveil/base.h"

/* ---- edf_write.c: EDF+C -------------------------------------------------------------- */

typedef struct evl_edf_annotation {
  double onset_s, duration_s;
  const char *text;
} evl_edf_annotation; /* duration < 0: none */

/* Signals in microvolt, int16. No patient, no date: the header says X and 01.01.2000. */
typedef struct evl_edf_spec {
  int n_signals;
  const char *const *label; /* 1 to 16 printable ASCII characters */
  double fs_hz, record_s; /* fs_hz * record_s: a whole number */
  double physical_max_uv; /* symmetric range of all signals; 0: each signal's own largest value (evl_edf_write only) */
  int n_annotations;
  const evl_edf_annotation *annotation; /* of evl_edf_write; may be NULL */
  int annotation_bytes; /* of one record; 0: what `annotation` needs, at least 120 */
} evl_edf_spec;

/* x[s * ld + t], n samples a signal, n a whole number of records. The file appears whole (written
   aside, renamed). Errors: EVL_USAGE (a spec that no EDF header can hold), EVL_LIMIT (a value
   beyond the range, annotations that do not fit), EVL_NUMERIC (NaN), EVL_IO. */
evl_status evl_edf_write(const char *path, const evl_edf_spec *spec, const double *x, size_t ld, int64_t n,
                         evl_arena *arena) EVL_MUST_USE;

/* The same in pieces: memory is one block of records, whatever the length. After an error only abandon is allowed. */
typedef struct evl_edf_writer evl_edf_writer;
evl_status evl_edf_begin(const char *path, const evl_edf_spec *spec, evl_arena *arena,
                         evl_edf_writer **writer) EVL_MUST_USE;
/* Any n. */
evl_status evl_edf_append(evl_edf_writer *writer, const double *x, size_t ld, int64_t n) EVL_MUST_USE;
/* Goes into the next record that has room; few may wait at a time (EVL_LIMIT). */
evl_status evl_edf_annotate(evl_edf_writer *writer, const evl_edf_annotation *annotation) EVL_MUST_USE;
/* Completes the header and renames. EVL_USAGE where the last record is not full. The writer is gone either way. */
evl_status evl_edf_end(evl_edf_writer *writer) EVL_MUST_USE;
void evl_edf_abandon(evl_edf_writer *writer); /* removes what was written; NULL allowed */

/* ---- the cohort --------------------------------------------------------------------------- */

/* The group `simulate` of a configuration. */
extern const evl_param evl_simulate_params[];

typedef struct evl_simulation evl_simulation;
/* Draws the cohort's tables (subjects, sites, outcomes, truth) from (params, seed). Same on every
   rank; a subject's draws depend on (seed, its id) alone, so a larger cohort holds the smaller one.
   `params` must outlive the simulation. */
evl_status evl_simulation_plan(const evl_params *params, uint64_t seed, evl_arena *arena,
                               evl_simulation **simulation) EVL_MUST_USE;
int evl_simulation_recordings(const evl_simulation *simulation);
/* "24 subjects (13 poor), 2 sites, 24 recordings of 180 s" */
const char *evl_simulation_summary(const evl_simulation *simulation);
/* Writes recording i below `root` (local; ranks share the recordings out). `scratch` is returned as it was. */
evl_status evl_simulation_write(const evl_simulation *simulation, const char *root, int i,
                                evl_arena *scratch) EVL_MUST_USE;
/* Writes participants.tsv, recordings.tsv, truth.tsv, dataset_description.json and the sidecars (one rank). */
evl_status evl_simulation_write_tables(const evl_simulation *simulation, const char *root) EVL_MUST_USE;

#endif
