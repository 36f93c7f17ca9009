/* simulate: cohorts whose physics, artefacts and outcome are known, and the writer of EDF+ and BDF+. */
#ifndef EVEIL_SIMULATE_H
#define EVEIL_SIMULATE_H

#include "eveil/base.h"
#include "eveil/readers.h"

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

/* ---- convert.c: any recording into EDF+ or BDF+ ------------------------------------------------ */

typedef struct evl_convert_signal {
  const char *label, *unit; /* any UTF-8; what EDF cannot hold is cut and replaced */
  int64_t samples; /* of a frame */
  double physical_min, physical_max, step; /* of the source; NaN: unknown */
} evl_convert_signal;

/* Where the samples come from, frame by frame. */
typedef struct evl_convert_source {
  const char *path; /* for messages */
  int n_signals;
  const evl_convert_signal *signal;
  double frame_s;
  int n_stretches;
  const evl_stretch *stretch; /* [n_stretches] start_s, n_records: frames */
  /* Frames [first, first + n) of a stretch, n <= most_frames: x[s] takes n times the samples of a frame; NaN where
     missing. */
  evl_status (*read)(void *context, int stretch, int64_t first, int64_t n, double *const *x);
  void *context;
  int64_t most_frames;
  int n_annotations;
  const evl_edf_annotation *annotation; /* times from the start of the first stretch; texts that may be told */
} evl_convert_source;

/* A recording as such a source, without its annotations: `source.annotation` is the caller's to set. To be closed after
   an error, too. */
typedef struct evl_convert_input {
  evl_reader *reader;
  const evl_header *header;
  int *of; /* [source.n_signals] signal of the file */
  evl_convert_source source; /* its context is this record: not to be copied */
} evl_convert_input;
evl_status evl_convert_open(const char *path, const evl_format_options *options, evl_arena *arena,
                            evl_convert_input *input) EVL_MUST_USE;
void evl_convert_close(evl_convert_input *input);

typedef enum { EVL_CONVERT_ANY, EVL_CONVERT_EDF, EVL_CONVERT_BDF } evl_convert_format;

/* What the file will be. */
typedef struct evl_convert evl_convert;
typedef struct evl_convert_report {
  bool wide; /* BDF */
  bool gaps;
  int n_signals, n_stretches; /* signals without any sample are left out */
  double duration_s, start_s; /* start_s: of the first sample that is there, in the source */
  const char *note; /* what the file cannot hold, in words; "" */
} evl_convert_report;
/* A first pass over all samples: ranges, missing samples, gaps, the duration of a record. Digital steps are those of
   the source where they are known, from the header or as decimals; ANY: BDF where 16 bits would lose digits. Memory does
   not depend on the length, but for 24 bytes a gap. Errors: EVL_FORMAT (samples missing in some signals alone), EVL_LIMIT
   (a range that no header can hold), those of read. */
evl_status evl_convert_plan(const evl_convert_source *source, evl_convert_format format, evl_arena *arena,
                            evl_convert **convert, evl_convert_report *report) EVL_MUST_USE;
/* The second pass: the file, whole or none. */
evl_status evl_convert_write(const evl_convert *convert, const char *path, evl_arena *arena) EVL_MUST_USE;
/* Files beside it in a BIDS folder (Pernet 2019, doi:10.1038/s41597-019-0104-8): ROOT/STEM_eeg.json, _channels.tsv,
   and _events.tsv where there are annotations. type [source signals]: "EEG", "MISC", "n/a". */
evl_status evl_convert_sidecars(const evl_convert *convert, const char *root, const char *stem, const char *task,
                                const char *const *type, evl_arena *arena) EVL_MUST_USE;
/* ROOT/dataset_description.json and participants.tsv of these subjects, some of which may be there more than once. */
evl_status evl_convert_dataset(const char *root, int n, const char *const *subject, evl_arena *arena) EVL_MUST_USE;

/* ---- what the tables say: mechanisms.def, artefacts.def; one file an entry ------------------ */

enum { EVL_HEAD_CHANNELS = 19, EVL_GENERATOR_BLOCK = 1024 };

typedef struct evl_truth_item { const char *name, *unit, *text; } evl_truth_item; /* lists end with name NULL */

/* What a mechanism or an artefact is planned for. */
typedef struct evl_making {
  uint64_t seed, recording; /* recording: number within the subject */
  const char *id;           /* of the subject: random numbers are keyed (seed, id, purpose, index) */
  double fs_hz, duration_s, line_hz;
  double start_h;           /* hours since the event at which the recording starts */
} evl_making;

/* Makes the brain's part of a recording. */
typedef struct evl_mechanism {
  const char *name, *summary, *definition, *cite;
  int version;
  const evl_param *params;       /* keys of the group simulate.NAME; of what differs between subjects: (mean, sd) or
                                    (lowest, highest) */
  const evl_truth_item *truths;  /* of a subject */
  const evl_truth_item *courses; /* one value a second of the recording (mean over it); NULL: none */
  /* A subject's truths from (seed, id, name of the truth): value[i], and z[i], mean 0 and sd 1 in the population, for
     the outcome law. Errors: EVL_USAGE (impossible keys). */
  evl_status (*draw)(const evl_params *, uint64_t seed, const char *id, double *value, double *z);
  evl_status (*plan)(const evl_params *, const double *truth, const evl_making *, evl_arena *, void **state);
  /* The next n <= EVL_GENERATOR_BLOCK samples into x[channel * ld + t], microvolt, head channels; where recordings
     are closed to circles, a few seconds more than duration_s. No allocation. Any cut into blocks gives the same
     bits. */
  void (*run)(void *state, double *x, size_t ld, int n);
  /* Means of the courses over second s, asked once that second has been made: at most EVL_COURSE_SECONDS
     ago. NULL without courses. */
  void (*course)(void *state, int64_t second, double *value);
  double (*limit_uv)(const void *state); /* a bound that samples reach with negligible probability */
} evl_mechanism;

/* channels: bit c = head channel c; duration: where the truth mask is set; height at the electrode, before the
   amplifier's gain. */
typedef struct evl_event {
  const char *kind;
  double onset_s, duration_s, height_uv;
  uint32_t channels;
  const char *note; /* NULL, or what else is to be told; kept by the artefact */
} evl_event;
typedef evl_status evl_tell(void *context, const evl_event *event);

/* Changes the samples of a recording; the table is in order of application: body, electrodes, device. */
typedef struct evl_artefact {
  const char *name, *summary, *definition, *cite;
  int version;
  bool of_device;          /* acts behind the amplifier's gain and filters */
  const evl_param *params; /* keys of the group simulate.NAME */
  evl_status (*plan)(const evl_params *, const evl_making *, evl_arena *, void **state);
  /* Samples [first, first + n), n <= EVL_GENERATOR_BLOCK, in place; NaN: missing (a record of a file in which all
     are missing becomes a gap; elsewhere the file holds its lowest value). Tells every event whose onset lies in them,
     in order of onset. Blocks come in order of time; any cut into them gives the same bits. No allocation. */
  evl_status (*run)(void *state, int64_t first, double *x, size_t ld, int n, evl_tell *tell, void *context);
  double (*limit_uv)(const void *state); /* what it can add */
} evl_artefact;

extern const evl_mechanism *const evl_mechanisms[]; /* end with NULL */
extern const evl_artefact *const evl_artefacts[];
const evl_mechanism *evl_mechanism_find(const char *name); /* NULL: none */
const evl_artefact *evl_artefact_find(const char *name);

/* ---- the cohort --------------------------------------------------------------------------- */

/* The keys of the group `simulate` but for its groups, each named after a mechanism or an artefact. */
extern const evl_param evl_simulate_params[];

typedef struct evl_simulation evl_simulation;
/* Reads the group `simulate` (NULL: all defaults) and draws the cohort's tables (subjects, sites, outcomes, truth) from
   it and the seed. Same on every rank; a subject's draws depend on (seed, its id) alone, so a larger cohort holds the
   smaller one. The configuration may be freed afterwards. */
evl_status evl_simulation_plan(evl_group *simulate, uint64_t seed, evl_arena *arena,
                               evl_simulation **simulation) EVL_MUST_USE;
int evl_simulation_recordings(const evl_simulation *simulation);
/* "24 subjects (13 poor), 2 sites, 24 recordings of 180 s" */
const char *evl_simulation_summary(const evl_simulation *simulation);
/* Writes recording i and the truth beside it below `root` (local; ranks share the recordings out). `scratch` is
   returned as it was. */
evl_status evl_simulation_write(const evl_simulation *simulation, const char *root, int i,
                                evl_arena *scratch) EVL_MUST_USE;
/* Writes participants.tsv, recordings.tsv, truth.tsv, dataset_description.json and the sidecars (one rank). */
evl_status evl_simulation_write_tables(const evl_simulation *simulation, const char *root) EVL_MUST_USE;

#endif
