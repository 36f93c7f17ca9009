/* recording: one recording through, from file to rows. Neither MPI nor HDF5.

   `plan` binds analyses to shapes and takes all memory; `windows` and `finish` run one task each and write a
   payload: plain bytes whose sections have places known from the plan alone. */
#ifndef EVEIL_RECORDING_H
#define EVEIL_RECORDING_H

#include "eveil/base.h"
#include "eveil/conditioning.h"
#include "eveil/readers.h"

/* ---- probe: what planning needs of a file -------------------------------------------- */

typedef struct evl_probe {
  evl_status status;        /* not OK: no header could be read, `message` says why */
  const char *message;      /* also what is odd but readable; "" */
  bool truncated;
  int64_t bytes, mtime_ns;
  evl_key header_key;
  const char *format;
  double duration_s, record_s, fs_hz; /* fs_hz: highest rate of a usable signal */
  double start_clock_s;
  int64_t n_records;
  int n_stretches;
  int n_usable;
  double sidecar_line_hz;   /* by a sidecar, else by the header; 0: unknown */
  double start_h;           /* hours since the event, by the cohort's table; NaN: unknown */
  uint64_t random_key;      /* of random numbers: by seed and recording; 0 where none are wanted */
  evl_format_options options; /* by which it was opened, and will be again */
  size_t header_memory;     /* arena bytes that opening takes */
  size_t record_bytes;      /* of a data record */
  int n_sources;
  const evl_source *source; /* in the order of the file's signals; offsets 0 */
} evl_probe;

/* Header only; options NULL: defaults. A file that cannot be read gives status and message in the probe, and EVL_OK. `look` (may be NULL) sees
   the header while it is open. */
evl_status evl_recording_probe(const char *path, const evl_format_options *options, evl_arena *arena, evl_probe *probe,
                               evl_status (*look)(void *context, const evl_header *header), void *context) EVL_MUST_USE;

/* ---- annotations ------------------------------------------------------------------------ */

/* The group `annotations`: which annotations of the files are kept, under which names. All others may be free text. */
extern const evl_param evl_annotation_params[];
typedef struct evl_keep {
  const evl_value *patterns;
  int n_names;
  const char *const *name;
  int most;                   /* of a recording */
} evl_keep;
evl_status evl_keep_plan(const evl_params *params, evl_arena *arena, evl_keep *keep) EVL_MUST_USE;
void evl_keep_hash(const evl_keep *keep, evl_sha256 *hash);

typedef struct evl_annotation { double onset_s, duration_s; int64_t name; } evl_annotation; /* as the reader has times */
typedef struct evl_annotations {
  int n;
  evl_annotation *item;       /* [keep->most], by onset */
  int64_t kept, others;       /* of the file; kept may be more than n */
} evl_annotations;
/* `item` is the caller's room. */
evl_status evl_annotations_read(evl_reader *reader, const evl_keep *keep, evl_annotations *annotations) EVL_MUST_USE;

/* ---- epochs: which windows of an analysis count ----------------------------------------------- */

/* The group `epochs` of an analysis. */
extern const evl_param evl_epoch_params[];
typedef struct evl_epochs {
  bool hours, inside, cleanest;
  double from_h, to_h;        /* of window starts, since the event */
  double seconds;             /* of the cleanest windows */
  int n_inside, n_outside;
  const int *inside_name, *outside_name; /* names of evl_keep */
  const char *text;           /* the rule in words */
} evl_epochs;
/* Errors (EVL_USAGE): keys that contradict each other, names that annotations.keep does not have. */
evl_status evl_epochs_plan(const evl_params *params, const evl_keep *keep, double window_s, const char *where,
                           evl_arena *arena, const evl_epochs **epochs) EVL_MUST_USE;
bool evl_epochs_need_annotations(const evl_epochs *epochs); /* NULL allowed: all windows */
/* Of what is decided before a window runs. */
void evl_epochs_hash(const evl_epochs *epochs, const evl_keep *keep, evl_sha256 *hash);
/* Whether window [from_s, to_s) may run, by all rules but `cleanest`. start_h: of the recording, NaN where unknown. An
   annotation without duration lasts until the next one that is kept where windows are inside it, and for no time where
   they are outside. */
bool evl_epochs_choose(const evl_epochs *epochs, const evl_annotations *annotations, double start_h, double from_s,
                       double to_s);
int64_t evl_epochs_cleanest(const evl_epochs *epochs, double window_s); /* windows, at least 1 */

/* ---- analyses and their window grids -------------------------------------------------- */

enum { EVL_MOST_ANALYSES = 64 };

typedef struct evl_analysis {
  const char *name;
  double window_s, step_s;
  const evl_params *conditioning;
  const evl_montage *montage;
  const evl_layout *layout;
  const evl_epochs *epochs; /* NULL: all windows */
  bool summary_only;        /* store = "summary": no window rows */
  bool single;              /* f32 in the store */
} evl_analysis;

/* Window i starts at i * step_s and ends inside the recording. */
int64_t evl_windows(const evl_analysis *analysis, double duration_s);
/* Spans of task_s in which a window of any analysis starts. */
int evl_spans(int n_analyses, const evl_analysis *analysis, double duration_s, double task_s);
/* Windows [*first, *first + *n) that start in a span. */
void evl_span_windows(const evl_analysis *analysis, double duration_s, double task_s, int span, int64_t *first,
                      int64_t *n);
/* The span in which a window of the recording starts, and the windows of that span. */
int evl_window_span(const evl_analysis *analysis, double duration_s, double task_s, int64_t window, int64_t *first,
                    int64_t *n);

/* ---- payloads ---------------------------------------------------------------------------- */

typedef struct evl_task_head { /* the first bytes of every payload */
  int32_t status;              /* evl_status of the task */
  int32_t rank;
  double seconds;
  double line_hz;              /* finish tasks */
  uint8_t sha256[32];          /* finish tasks: of the file */
  char message[456];
} evl_task_head;

/* Where the parts of one analysis lie in a window payload, bytes from its start. Rows are windows. */
typedef struct evl_section {
  int64_t first, n;            /* windows */
  size_t clean;                /* f32 [n] */
  size_t chosen;               /* u8  [n] may run by the rules of its analysis */
  size_t value;                /* f64 [n][columns] */
  size_t why;                  /* u8  [n][columns] */
  size_t tensor;               /* f64 [n][window_tensor_size] */
  size_t state;                /* f64 [state_size] */
  size_t quality;              /* u32 [channels][EVL_QUALITY_COUNTS] cells that start in the span */
  size_t end;
} evl_section;

/* Counts of cells of a channel: all, marked ones, then by cause. */
enum { EVL_QUALITY_COUNTS = 2 + EVL_CAUSES };

/* What became of a channel in a recording. X(name, code, text) */
#define EVL_CHANNEL_LIST(X)                                          \
  X(GOOD, 0, "good")                                                 \
  X(ABSENT, 1, "not in the file")                                    \
  X(TOLD_BAD, 2, "bad by its sidecar")                               \
  X(FOUND_BAD, 3, "found bad by the rules of quality")               \
  X(INTERPOLATED, 4, "interpolated from its neighbours")             \
  X(UNDEFINED, 5, "zero by construction (the reference itself)")     \
  X(UNKNOWN, 6, "recording failed or not finished")
enum {
#define EVL_CHANNEL_ENUM(name, code, text) EVL_CHANNEL_##name = code,
  EVL_CHANNEL_LIST(EVL_CHANNEL_ENUM)
#undef EVL_CHANNEL_ENUM
};

/* Sections of a window task; returns the bytes of the whole payload. A failed task is a head alone. */
size_t evl_window_sections(int n_analyses, const evl_analysis *analysis, double duration_s, double task_s, int span,
                           evl_section *section);

/* Where the parts of one analysis lie in the payload of a finish task. */
typedef struct evl_finish_section {
  size_t value, why, tensor;
  size_t channel;              /* u8 [channels] EVL_CHANNEL_* */
  size_t causes;               /* u16 [channels] for which the whole channel was found bad */
  size_t end;
} evl_finish_section;
size_t evl_finish_sections(int n_analyses, const evl_analysis *analysis, evl_finish_section *section);

/* A piece of the recording stage: f64 [layout->piece_size] of each analysis; the bytes of the whole payload. */
size_t evl_piece_sections(int n_analyses, const evl_analysis *analysis, size_t *section);
int evl_pieces(int n_analyses, const evl_analysis *analysis); /* of a recording: the most that an entry has */

/* Behind the sections of a finish task: the kept annotations, by onset. */
typedef struct evl_annotation_head { int64_t n, kept, others; } evl_annotation_head; /* then n evl_annotation */
size_t evl_annotations_bytes(int64_t n);

/* ---- the worker ------------------------------------------------------------------------------ */

typedef struct evl_worker evl_worker;

/* All memory of the run. `probe` of all recordings (their shapes are planned for). keep: annotations that finish tasks
   write, by which windows are chosen, and which entries see; NULL: none. */
evl_status evl_worker_plan(int n_analyses, const evl_analysis *analysis, int n_probes, const evl_probe *probe,
                           double task_s, const evl_keep *keep, evl_arena *arena, evl_worker **worker) EVL_MUST_USE;
void evl_worker_free(evl_worker *worker);
/* Called between windows: the master answers its workers there. */
void evl_worker_tick(evl_worker *worker, void (*tick)(void *context), void *context);
size_t evl_worker_payload_bytes(const evl_worker *worker); /* of the largest payload */
size_t evl_worker_bytes(const evl_worker *worker);         /* of memory, beside the arena of the plan */

/* Runs one window task; damage of the file ends in the head's status. `payload` is 64-byte aligned. */
evl_status evl_worker_windows(evl_worker *worker, const char *path, const evl_probe *probe, int span, void *payload,
                              size_t *bytes) EVL_MUST_USE;
/* The recording stage: state[a] is the sum of the tasks' states of analysis a, in order of span; `status` and
   `message` of the first failed task before it (EVL_OK: none). Its pieces, then its end, which has
   pieces[a][pieces_size] results and reads the whole file for its hash. */
evl_status evl_worker_piece(evl_worker *worker, const char *path, const evl_probe *probe, evl_status status,
                            const char *message, double *const *state, int piece, void *payload,
                            size_t *bytes) EVL_MUST_USE;
evl_status evl_worker_finish(evl_worker *worker, const char *path, const evl_probe *probe, evl_status status,
                             const char *message, double *const *state, double *const *pieces, void *payload,
                             size_t *bytes) EVL_MUST_USE;

/* ---- conditioned samples: what windows are cut from ------------------------------------------- */

/* Opens a recording of the plan; the rest is about the one that is open. */
evl_status evl_worker_bind(evl_worker *worker, const char *path, const evl_probe *probe) EVL_MUST_USE;
const evl_header *evl_worker_header(const evl_worker *worker);
double evl_worker_fs_hz(const evl_worker *worker, int analysis);
const uint8_t *evl_worker_channel_why(const evl_worker *worker, int analysis); /* [channels of the montage] */
int64_t evl_worker_samples(const evl_worker *worker, int analysis, int stretch);
/* Samples [first, first + n) of a stretch into x[channel * ld + t], at most a task and a window long (EVL_LIMIT). */
evl_status evl_worker_conditioned(evl_worker *worker, int analysis, int stretch, int64_t first, int64_t n, double *x,
                                  size_t ld) EVL_MUST_USE;

/* ---- costs: measured in every run, for the next plan ------------------------------------------ */

typedef enum { EVL_COST_READ, EVL_COST_CONDITION, EVL_COST_COMPUTE, EVL_COST_OTHER } evl_cost_kind;

typedef struct evl_cost {      /* of one part of the work */
  evl_cost_kind kind;
  const char *name, *unit;     /* "spectral.band_power", "window" */
  evl_key key;                 /* of what it depends on, but for the processor */
  double learned_s;            /* a unit; 0: not known, estimates stand in */
} evl_cost;

typedef struct evl_spent { double seconds, units; } evl_spent;

/* [n]; learned_s may be set before anything is expected. */
evl_cost *evl_worker_costs(evl_worker *worker, int *n);
evl_spent *evl_worker_spent(evl_worker *worker); /* [n] since the plan, or since the caller cleared it */

typedef struct evl_expected { double read_mb, read_s, condition_s, compute_s, other_s; } evl_expected;
/* Of a window task, and of the recording stage: a piece, the end. */
evl_expected evl_span_expected(const evl_worker *worker, const evl_probe *probe, int span);
evl_expected evl_piece_expected(const evl_worker *worker, const evl_probe *probe, int piece);
evl_expected evl_finish_expected(const evl_worker *worker, const evl_probe *probe);

#endif
