/* base: errors, log, arena, parameters, configuration, text tables, hashes, and
   the record by which every table of the project describes an entry.

   Every function is local to a rank and safe to call without MPI. Functions
   that can fail return evl_status; the message is in evl_error_message().
   Over 400 lines: one public header a room, and every room stands on this one. */
#ifndef EVEIL_BASE_H
#define EVEIL_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVL_VERSION "0.1.0"
#define EVL_MUST_USE __attribute__((warn_unused_result))
#define EVL_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))

/* ---- errors ------------------------------------------------------------- */

/* X(name, exit code of the program, what it means) */
#define EVL_STATUS_LIST(X)                                              \
  X(OK, 0, "all well")                                                  \
  X(USAGE, 1, "usage or configuration")                                 \
  X(IO, 2, "a file could not be read or written")                       \
  X(FORMAT, 2, "a file is damaged or not of the format it claims")      \
  X(MEMORY, 2, "out of memory")                                         \
  X(LIMIT, 2, "a documented limit was exceeded")                        \
  X(NUMERIC, 2, "a computation did not converge")                       \
  X(PARALLEL, 2, "communication failed")                                \
  X(PARTIAL, 3, "finished, some recordings failed")                     \
  X(STOPPED, 4, "stopped on request, run again")

typedef enum evl_status {
#define EVL_STATUS_ENUM(name, code, text) EVL_##name,
  EVL_STATUS_LIST(EVL_STATUS_ENUM)
#undef EVL_STATUS_ENUM
} evl_status;

/* Sets the message of this rank (printf format) and returns `status`.
   A message names the file, what was expected, what was found. */
evl_status evl_fail(evl_status status, const char *format, ...) EVL_PRINTF(2, 3);
/* Puts context in front of the present message: "context: message". */
evl_status evl_fail_in(evl_status status, const char *format, ...) EVL_PRINTF(2, 3);
const char *evl_error_message(void);
void evl_error_clear(void);
int evl_exit_code(evl_status status);
const char *evl_status_text(evl_status status);

#define EVL_TRY(call)                          \
  do {                                         \
    evl_status evl_try_status_ = (call);       \
    if (evl_try_status_ != EVL_OK) return evl_try_status_; \
  } while (0)

/* Why a cell holds no value. X(name, code, text) */
#define EVL_WHY_LIST(X)                                        \
  X(VALUE, 0, "value")                                         \
  X(ABSENT, 1, "channel absent")                               \
  X(UNDEFINED, 2, "undefined here (flat, constant, too short)") \
  X(UNCONVERGED, 3, "not converged")                           \
  X(PENDING, 4, "not computed yet")                            \
  X(FAILED, 5, "recording failed")                             \
  X(ARTEFACT, 6, "artefact or gap")                            \
  X(UNCHOSEN, 7, "not chosen")

enum {
#define EVL_WHY_ENUM(name, code, text) EVL_WHY_##name = code,
  EVL_WHY_LIST(EVL_WHY_ENUM)
#undef EVL_WHY_ENUM
};

/* ---- log: stderr of the program, never from kernels -------------------------- */

typedef enum { EVL_LOG_ERROR, EVL_LOG_WARNING, EVL_LOG_INFO, EVL_LOG_DETAIL } evl_log_level;
void evl_log_set(evl_log_level most, bool this_rank_speaks);
/* Prints "eveil: ..." on stderr if the level is on and this rank speaks. */
void evl_log(evl_log_level level, const char *format, ...) EVL_PRINTF(2, 3);

/* ---- arena: grows while planning, frozen in run ------------------------------- */

typedef struct evl_arena evl_arena;
evl_arena *evl_arena_create(void);         /* NULL when out of memory */
void evl_arena_free(evl_arena *arena);     /* NULL allowed */
/* Zeroed, 64-byte aligned; NULL when out of memory, or frozen and full
   (message set). Freed only with the arena or by release. */
void *evl_arena_alloc(evl_arena *arena, size_t bytes) EVL_MUST_USE;
/* The same, not cleared: for large buffers that are written before they are read. */
void *evl_arena_raw(evl_arena *arena, size_t bytes) EVL_MUST_USE;
char *evl_arena_text(evl_arena *arena, const char *text) EVL_MUST_USE;
char *evl_arena_format(evl_arena *arena, const char *format, ...) EVL_PRINTF(2, 3) EVL_MUST_USE;
char *evl_arena_vformat(evl_arena *arena, const char *format, va_list arguments) EVL_PRINTF(2, 0) EVL_MUST_USE;
/* Guarantees that `bytes` more can be taken after the freeze. */
evl_status evl_arena_reserve(evl_arena *arena, size_t bytes) EVL_MUST_USE;
void evl_arena_freeze(evl_arena *arena);
typedef struct { void *block; size_t used; } evl_mark;
evl_mark evl_arena_mark(const evl_arena *arena);
void evl_arena_release(evl_arena *arena, evl_mark mark); /* frees what came after the mark */
size_t evl_arena_bytes(const evl_arena *arena);

/* Bytes of an array; more than any arena gives where the product has no size_t. */
static inline size_t evl_array_bytes(size_t n, size_t each) { return n > SIZE_MAX / each ? SIZE_MAX : n * each; }

/* var = n zeroed elements, or return EVL_MEMORY from the calling function. */
#define EVL_NEW(arena, var, n)                                                        \
  do {                                                                                \
    (var) = evl_arena_alloc((arena), evl_array_bytes((size_t)(n), sizeof *(var)));    \
    if (!(var)) return EVL_MEMORY;                                                    \
  } while (0)

/* ---- hashes -------------------------------------------------------------------- */

typedef struct { uint64_t length; uint32_t state[8]; uint8_t block[64]; } evl_sha256;
typedef struct { uint8_t byte[16]; } evl_key; /* first 16 bytes of a SHA-256 */
void evl_sha256_begin(evl_sha256 *hash);
void evl_sha256_add(evl_sha256 *hash, const void *data, size_t bytes);
void evl_sha256_text(evl_sha256 *hash, const char *text); /* with its NUL: where it ends is part of the hash */
void evl_sha256_end(evl_sha256 *hash, uint8_t digest[32]);
evl_key evl_sha256_key(evl_sha256 *hash); /* ends it */
void evl_hex(const uint8_t *bytes, size_t n, char *text); /* 2n+1 characters */
uint32_t evl_crc32c(uint32_t crc, const void *data, size_t bytes); /* start with 0 */

/* ---- parameters: one table feeds parser, ranges, help, catalogue, hashes ----- */

typedef enum {
  EVL_INT, EVL_REAL, EVL_BOOL, EVL_STRING,
  EVL_REALS,   /* list of numbers */
  EVL_STRINGS, /* list of strings; a single string is a list of one */
  EVL_BANDS,   /* group: name = (low, high); in Hz */
  EVL_PATTERNS /* group: name = "pattern" or a list of them; a plain list names each by itself */
} evl_param_type;

typedef struct evl_param {
  const char *name;
  evl_param_type type;
  const char *fallback; /* default, in libconfig syntax; NULL: must be given */
  double min, max;      /* of numbers; both 0: any finite number */
  const char *choices;  /* "a|b|c" for strings; NULL: any */
  const char *unit;     /* "" where there is none */
  const char *text;     /* one sentence */
} evl_param;            /* tables end with an entry whose name is NULL */

typedef struct evl_band { const char *name; double low_hz, high_hz; } evl_band;

/* A pattern of the shell (* ? [...]), case ignored. name_index: of its name, in order of first appearance. */
typedef struct evl_pattern { const char *name, *pattern; int name_index; } evl_pattern;

typedef struct evl_value {
  const evl_param *param;
  bool given;           /* false: the default */
  int n;                /* of lists */
  int64_t integer;      /* INT, BOOL */
  double real;          /* REAL, INT */
  const char *string;
  const double *reals;
  const char *const *strings;
  const evl_band *bands;
  const evl_pattern *patterns;
} evl_value;

typedef struct evl_params { int n; evl_value *value; } evl_params;

/* The name must be in the table: anything else is a bug and aborts. */
const evl_value *evl_params_value(const evl_params *params, const char *name);
int64_t evl_params_int(const evl_params *params, const char *name);
double evl_params_real(const evl_params *params, const char *name);
bool evl_params_bool(const evl_params *params, const char *name);
const char *evl_params_string(const evl_params *params, const char *name);
/* All defaults of a table; tests and kernels of other kernels use it. */
evl_status evl_params_default(const evl_param *table, evl_arena *arena, evl_params **params) EVL_MUST_USE;
/* "name = value; ..." of every parameter in table order, in `arena`; NULL when out of memory. */
const char *evl_params_text(const evl_params *params, evl_arena *arena) EVL_MUST_USE;
/* The first pattern that `text`, without the blanks around it, is like as a whole; NULL where none is. */
const evl_pattern *evl_pattern_find(const evl_value *patterns, const char *text);
bool evl_pattern_is_like(const evl_pattern *pattern, const char *text);
int evl_pattern_names(const evl_value *patterns); /* different names */
/* Adds name and value of every parameter in table order to a hash. */
void evl_params_hash(const evl_params *params, evl_sha256 *hash);

/* ---- configuration (libconfig) --------------------------------------------------- */

typedef struct evl_config evl_config;
typedef struct evl_group evl_group; /* a group inside it; NULL stands for an absent, empty one */

/* `name` stands in messages ("study.cfg"). */
evl_status evl_config_parse(const char *text, const char *name, evl_config **config) EVL_MUST_USE;
void evl_config_free(evl_config *config);
evl_group *evl_config_root(evl_config *config);
const char *evl_config_name(const evl_config *config);
/* The group `key` of `parent`, or NULL; an error if `key` is something else. */
evl_status evl_group_child(evl_group *parent, const char *key, evl_group **child) EVL_MUST_USE;
/* The list of groups `key` ("analyses"): count, then one by one. */
evl_status evl_group_list(evl_group *parent, const char *key, int *n) EVL_MUST_USE;
evl_status evl_group_item(evl_group *parent, const char *key, int i, evl_group **item) EVL_MUST_USE;
/* Reads every key of `group` by the tables (each ended as above, `n_tables` of
   them, read in that order into one evl_params). Keys that are neither in a table nor in
   `subgroups` (NULL-terminated, may be NULL) are errors that name the nearest
   known one, with file and line. Ranges, choices and types are checked. `above`: values that
   stand in for defaults where a key is not given (an analysis inheriting the cohort's
   conditioning), may be NULL. */
evl_status evl_group_params(evl_group *group, const char *where, const evl_param *const *tables,
                            int n_tables, const char *const *subgroups, const evl_params *above,
                            evl_arena *arena, evl_params **params) EVL_MUST_USE;
/* "file.cfg:12" of a group, for messages. */
const char *evl_group_where(const evl_group *group);

/* ---- text tables: TSV and CSV with a header line ------------------------------------ */

typedef struct evl_table {
  const char *path;
  int n_rows, n_columns;
  const char **name;  /* [n_columns] */
  const char **cell;  /* [row * n_columns + column]; "" where a row is short */
  const int *line;    /* [n_rows] line number in the file */
} evl_table;

/* `separator` '\t', ',' or ';'; 0: by the suffix, tabs unless it is .csv, and there ',' unless the header line has
   only ';'. Accepts UTF-8 with or without BOM, LF and CR LF, quoted cells (in TSV a quote counts only where it encloses
   a whole cell). Blanks around a cell outside quotes are cut, rows without content skipped. Errors: unreadable, no header,
   duplicate or empty column names, rows with too many cells (all named by line), a NUL byte, text that is not UTF-8. */
evl_status evl_table_read(const char *path, char separator, evl_arena *arena, evl_table **table) EVL_MUST_USE;
int evl_table_column(const evl_table *table, const char *name); /* -1 where absent */
static inline const char *evl_table_cell(const evl_table *t, int row, int column) {
  return t->cell[(size_t)row * (size_t)t->n_columns + (size_t)column];
}
/* A number of a cell: NaN for "n/a", "NA", "nan", ""; false where it is not a number. */
bool evl_cell_number(const char *cell, double *number);
/* Leading bytes of `text` that are valid UTF-8. */
size_t evl_utf8_valid(const char *text, size_t bytes);
/* The whole file as text with a NUL behind; `bytes` may be NULL. A folder or pipe is an error (EVL_IO). */
evl_status evl_file_text(const char *path, evl_arena *arena, char **text, size_t *bytes) EVL_MUST_USE;
/* A path as the configuration at `config` means it: relative ones start at its folder. NULL: out of memory. */
const char *evl_path_from(const char *config, const char *path, evl_arena *arena);
/* Edit distance with transpositions, case ignored; for "did you mean". */
int evl_text_distance(const char *a, const char *b);
/* The known word nearest to `word`: begin with {.word = word}, then try all known ones; the first of equals. */
typedef struct evl_guess { const char *word, *best; int distance; } evl_guess;
void evl_guess_try(evl_guess *guess, const char *known);
double evl_seconds(void); /* monotonic clock */

/* ---- entries: what a table of the project says of one thing ---------------------------- */

/* Names of the channels that windows carry, fixed for an analysis, and where they are on the unit sphere (right, front,
   up; of a pair the point between): [n], 0 where unknown; NULL where all are. */
typedef struct evl_montage { int n; const char *const *name; const double (*xyz)[3]; } evl_montage;

typedef struct evl_shape {
  int n_channels, n_samples;
  double fs_hz;
  const evl_montage *montage;
  double step_s;                /* between the starts of windows; 0: there is one window */
  int n_kinds;                  /* of events, by the configuration's annotations.keep */
  const char *const *kind;      /* [n_kinds] */
} evl_shape;

/* Something that happened in a window or reaches into it; times from its start. */
typedef struct evl_moment { double onset_s, duration_s; int kind; } evl_moment;

/* What an entry sees: channels x samples in microvolt (or the unit of the file
   for other sensors), x[c * ld + t], 64-byte aligned rows, no NaN. */
typedef struct evl_window {
  const double *x;
  size_t ld;
  int n_channels, n_samples;
  double fs_hz, start_s;
  const uint8_t *channel_why; /* [n_channels]; 0: use it. Rows of the others mean nothing. */
  uint64_t key;               /* of this window's random numbers: by seed, recording, analysis and place in time */
  int n_moments;
  const evl_moment *moment;   /* [n_moments], by onset */
} evl_window;

typedef enum { EVL_PER_WINDOW, EVL_PER_CHANNEL, EVL_PER_PAIR } evl_expand;

typedef struct evl_output {
  const char *name;
  evl_expand per;
  const char *over;   /* a list parameter: one output a value (name_delta, name_tau8); NULL */
  bool of_recording;  /* from the recording stage: a column of recording_values */
  const char *unit;
  double min, max;    /* possible values, checked by the property tests */
  const char *text;
} evl_output;         /* tables end with name NULL */

typedef struct evl_dimension {
  const char *name;            /* "channel", "channel_b", "frequency", "lag" */
  int size;
  const double *coordinate;    /* or NULL */
  const char *const *label;    /* or NULL */
  const char *unit;
} evl_dimension;

#define EVL_MAX_DIMENSIONS 3
typedef struct evl_tensor {
  const char *name, *unit, *text;
  bool of_recording;
  int n_dimensions;
  evl_dimension dimension[EVL_MAX_DIMENSIONS];
  size_t size;                 /* product */
} evl_tensor;

/* Where an entry writes. Before the call every value is NaN with why UNDEFINED and
   every tensor element NaN; afterwards the caller sets why ABSENT or ARTEFACT for absent channels.
   Order of values: outputs in table order (window outputs only, or recording outputs only in
   `finish`), each expanded over its parameter, each over channels or pairs a < b. */
typedef struct evl_out {
  double *value;
  uint8_t *why;
  double *const *tensor;  /* one pointer a tensor of this stage */
  double *state;          /* recording stage: this task's sums, add to them; NULL where none */
} evl_out;

/* Writes a value, or leaves the cell undefined where it is not a number; -0.0 becomes 0.0. */
void evl_put(evl_out *out, size_t i, double value);

enum { /* invariances that an entry claims; property tests hold it to them */
  EVL_INVARIANT_OFFSET = 1, /* x + constant a channel: same values */
  EVL_INVARIANT_SCALE = 2,  /* x * constant > 0: same values */
  EVL_INVARIANT_ORDER = 4,  /* channels permuted: values permuted alike */
  EVL_INVARIANT_SIGN = 8    /* -x: same values */
};

/* ---- products: what several entries need of one window, each computed at most once --------- */

typedef struct evl_products evl_products;
evl_status evl_products_create(const evl_shape *shape, evl_arena *arena, evl_products **products) EVL_MUST_USE;
/* Once all entries are planned: bytes that their runs share, and the block for them (64-byte aligned; products of other
   analyses may have the same one). */
size_t evl_products_scratch_bytes(const evl_products *products);
void evl_products_give_scratch(evl_products *products, void *scratch);
/* A new window: call before the first entry runs on it. */
void evl_products_begin(evl_products *products, const evl_window *window);

/* Of the window that began, [n_channels]: 1 where the channel is present and not flat (evl_is_flat). */
const uint8_t *evl_products_usable(const evl_products *products);
const evl_shape *evl_products_shape(const evl_products *products);
/* Number of the window that began: a product keeps it beside what it computed, and computes again under another one. */
uint64_t evl_products_serial(const evl_products *products);

/* A product: computed in the first entry's run that asks for it, in memory of its own. */
typedef struct evl_product {
  struct evl_product *next;
  const char *kind;
  const void *spec;
  size_t spec_bytes;
  void *own;             /* set by who finds it NULL: it is new */
} evl_product;
/* The product of a kind with these bytes of specification; clear a struct's padding before filling it. */
evl_status evl_product_find(evl_products *products, const char *kind, const void *spec, size_t spec_bytes,
                            evl_arena *arena, evl_product **product) EVL_MUST_USE;

/* Scratch of entries, one block for all: an entry's plan asks for the most it needs and its run has it until it returns,
   contents undefined, 64-byte aligned. Products must not use it: they are computed in the middle of an entry's run. */
void evl_scratch_plan(evl_products *products, size_t bytes);
void *evl_scratch(const evl_products *products);

/* Every sample is within 64 units of rounding of the first, or within 1e-100, where squares leave the range of a
   double. */
bool evl_is_flat(const double *x, size_t n);

/* ---- the record ---------------------------------------------------------------------------- */

/* What the recording stage of an entry sees. */
typedef struct evl_stage {
  const double *state;        /* [state_size] sum over the window tasks in order of time */
  const uint8_t *channel_why; /* [n_channels] of the whole recording; 0: use it */
  uint64_t key;               /* of its random numbers: by seed, recording and analysis */
  const double *piece;        /* finish: [pieces][piece_size] results; NULL before */
  void (*tick)(void *context); /* to be called about every 10 ms of a long computation: the run answers others; NULL */
  void *tick_context;
} evl_stage;

typedef struct evl_entry {
  const char *name;        /* "band_power" */
  const char *summary;     /* one sentence */
  const char *definition;  /* the equations, plain text or LaTeX without packages */
  const char *cite;        /* authors year, DOI, equation */
  int version;             /* goes up when values change: part of the record key */
  const evl_param *params;
  const evl_output *outputs;
  unsigned invariant;
  double min_window_s;     /* shorter windows are refused in the configuration; 0: any */
  double usual_window_s, usual_step_s; /* what it is made for, as `eveil config full` and `models` have it; 0: 4 s, and the window */
  bool sees_moments;       /* wants the window's moments */
  /* Tensors by parameters and montage alone (never by the rate); NULL where none. */
  evl_status (*tensors)(const evl_params *, const evl_montage *, evl_arena *, evl_tensor **tensor, int *n);
  /* Doubles of recording-stage state; NULL where there is no such stage. */
  size_t (*state_size)(const evl_params *, const evl_montage *);
  double (*cost_us)(const evl_params *, const evl_shape *); /* estimate a window */
  /* All thinking and memory. Errors: parameters impossible for this shape (EVL_USAGE). */
  evl_status (*plan)(const evl_params *, const evl_shape *, evl_products *, evl_arena *, void **kernel);
  void (*run)(void *kernel, const evl_window *, evl_out *);      /* no allocation, no I/O */
  /* Recording stage, once the windows are done: pieces that are tasks of their own (channels, chains), then one
     `finish`. Pieces by parameters and montage alone; NULL: none. `result` is 0 before. No allocation, no I/O. */
  int (*pieces)(const evl_params *, const evl_montage *);
  size_t (*piece_size)(const evl_params *, const evl_montage *); /* doubles */
  double (*piece_cost_us)(const evl_params *, const evl_shape *);
  void (*piece)(void *kernel, const evl_stage *, int piece, double *result);
  void (*finish)(void *kernel, const evl_stage *, evl_out *);
} evl_entry;

/* With the defaults in. */
double evl_usual_window_s(const evl_entry *entry);
double evl_usual_step_s(const evl_entry *entry);

/* Expanded outputs of an entry: count for one stage, and names. */
int evl_entry_columns(const evl_entry *, const evl_params *, const evl_montage *, bool of_recording);

/* ---- layout: what every column means, fixed before the first window ---------------------- */

typedef struct evl_column {
  const char *name;      /* feature.output, feature.output_over[Fz] or feature.output[Fz,Cz] */
  const char *feature, *output, *channel, *channel_b, *unit, *text, *cite;
  int version;
} evl_column;

/* One entry of an analysis, with the places of its outputs. */
typedef struct evl_slot {
  const evl_entry *entry;
  const evl_params *params;
  bool dynamic;                       /* from the dynamics table */
  int column, n_columns;              /* window columns */
  int recording_column, n_recording_columns;
  int tensor, n_tensors;              /* in tensor[] */
  size_t state, state_size;           /* in the state of the analysis */
  int n_pieces;                       /* of the recording stage */
  size_t piece, piece_size;           /* in the record of one piece of the analysis */
  size_t pieces;                      /* in all its results: [n_pieces][piece_size] */
} evl_slot;

/* A tensor with its place: offset in doubles among the tensors of its stage (a window's, or a recording's). */
typedef struct evl_place { evl_tensor tensor; const char *model; size_t offset; } evl_place;

/* Columns more: statistics of per-channel outputs over a region, and of per-pair outputs over the pairs within a region
   and between two. X(name, what a column's text says) */
#define EVL_OVER_LIST(X)                                     \
  X(MEAN, "mean", "Mean")                                    \
  X(SD, "sd", "Standard deviation (n - 1)")                  \
  X(MEDIAN, "median", "Median")                              \
  X(TRIMMED, "trimmed_mean80", "Mean of the middle 80 %")
typedef enum {
#define EVL_OVER_ENUM(name, word, text) EVL_OVER_##name,
  EVL_OVER_LIST(EVL_OVER_ENUM)
#undef EVL_OVER_ENUM
} evl_over;

typedef struct evl_region { const char *name; int n; const int *channel; } evl_region; /* ascending */
typedef struct evl_picked { int n; const int *cell; } evl_picked;
typedef struct evl_regions {
  int n;
  const evl_region *region;
  const evl_picked *pairs;  /* [n][n] of regions r <= q: pairs with one end in each, by their place among all pairs */
  int n_statistics;
  const evl_over *statistic;
} evl_regions;
/* patterns: EVL_PATTERNS for names of channels, or for the two ends of pairs "Fp1-F7"; statistics: words. Errors
   (EVL_USAGE): a region without a channel, unknown or repeated words. */
evl_status evl_regions_plan(const evl_value *patterns, const evl_value *statistics, const evl_montage *montage,
                            evl_arena *arena, evl_regions **regions) EVL_MUST_USE;

const char *evl_over_name(evl_over statistic); /* "sd" */
const char *evl_over_text(evl_over statistic); /* "Standard deviation (n - 1)" */

/* column: statistic of the columns from + cells.cell[i]. */
typedef struct evl_reduction { int column, from; evl_over statistic; evl_picked cells; } evl_reduction;

typedef struct evl_layout {
  int n_slots;             evl_slot *slot;
  int n_columns;           evl_column *column;
  int n_recording_columns; evl_column *recording_column;
  int n_tensors;           evl_place *tensor;
  size_t window_tensor_size, recording_tensor_size; /* doubles */
  size_t state_size;                                /* doubles */
  int n_pieces;                                     /* most of any slot */
  size_t piece_size, pieces_size;                   /* doubles of one piece, of all */
  const evl_regions *regions;                       /* NULL: none */
  int n_reductions;        evl_reduction *reduction; /* the last columns */
} evl_layout;

/* `slot` holds entry, params and dynamic; the rest is filled here. regions: NULL for none. Errors (EVL_USAGE): a name
   with one of "/,[]", the same entry or column twice. */
evl_status evl_layout_plan(int n_slots, const evl_slot *slot, const evl_montage *montage, const evl_regions *regions,
                           evl_arena *arena, evl_layout **layout) EVL_MUST_USE;

#endif
