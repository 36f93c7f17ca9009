/* simulate: cohorts whose physics and outcome mechanism are known, and the writer of EDF+ and BDF+. */
#ifndef EVEIL_SIMULATE_H
#define EVEIL_SIMULATE_H

#include "eveil/base.h"

/* ---- edf_write.c: EDF+ and BDF+ -------------------------------------------------------- */

typedef struct evl_edf_annotation {
  double onset_s, duration_s;
  const char *text;
} evl_edf_annotation; /* duration < 0: none */

/* A signal of a file whose signals differ. */
typedef struct evl_edf_track {
  const char *label; /* 1 to 16 printable ASCII characters */
  const char *unit; /* at most 8 of them; of the samples and of their range */
  int64_t samples; /* of a record */
  double physical_min, physical_max; /* of 8 characters: evl_edf_number */
  int32_t digital_min, digital_max;
} evl_edf_track;

/* No patient, no date: the header says X and 01.01.2000. Transducer and filter stay plain. */
typedef struct evl_edf_spec {
  int n_signals;
  const char *const *label; /* 1 to 16 printable ASCII characters each; signals in microvolt at fs_hz */
  double fs_hz, record_s; /* fs_hz * record_s: a whole number */
  double physical_max_uv; /* symmetric range of all signals; 0: each signal's own largest value (evl_edf_write only) */
  const evl_edf_track *track; /* [n_signals] in place of label, fs_hz and physical_max_uv; NULL: none */
  bool wide; /* BDF: 24 bits in place of 16 */
  int n_annotations;
  const evl_edf_annotation *annotation; /* of evl_edf_write; may be NULL */
  int annotation_bytes; /* of one record; 0: what `annotation` needs, at least 120 */
} evl_edf_spec;

/* The number that a header field of `width` <= 8 characters can hold, and its text: the nearest to `value`, the
   nearest not below it (side 1) or not above it (side -1). NaN where none fits. */
double evl_edf_number(double value, int side, int width, char text[16]);

/* x[s * ld + t], n samples a signal, n a whole number of records. The file appears whole (written
   aside, renamed). Errors: EVL_USAGE (a spec that no EDF header can hold), EVL_LIMIT (a value
   beyond the range, annotations that do not fit), EVL_NUMERIC (NaN), EVL_IO. */
evl_status evl_edf_write(const char *path, const evl_edf_spec *spec, const double *x, size_t ld, int64_t n,
                         evl_arena *arena) EVL_MUST_USE;

/* The same in pieces: memory is one block of records, whatever the length. After an error only abandon is allowed. */
typedef struct evl_edf_writer evl_edf_writer;
evl_status evl_edf_begin(const char *path, const evl_edf_spec *spec, evl_arena *arena,
                         evl_edf_writer **writer) EVL_MUST_USE;
/* Any n, where all signals have the same rate (EVL_USAGE). */
evl_status evl_edf_append(evl_edf_writer *writer, const double *x, size_t ld, int64_t n) EVL_MUST_USE;
/* n whole records, of any rates: x[s] holds n times the samples of a record. */
evl_status evl_edf_records(evl_edf_writer *writer, const double *const *x, int64_t n) EVL_MUST_USE;
/* Nothing is recorded for so long, above 0: the next record starts later, and the file is EDF+D (BDF+D). Between
   records only (EVL_USAGE). */
evl_status evl_edf_gap(evl_edf_writer *writer, double seconds) EVL_MUST_USE;
/* Goes into the next record that has room; few may wait at a time (EVL_LIMIT). */
evl_status evl_edf_annotate(evl_edf_writer *writer, const evl_edf_annotation *annotation) EVL_MUST_USE;
/* Bytes of an annotation in a record. */
int evl_edf_annotation_bytes(const evl_edf_annotation *annotation);
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
