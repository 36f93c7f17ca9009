/* matlab: a matrix of a MATLAB file, version 4 to 7. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "matlab_priv.h"

enum { MOST_VARIABLES = 64 };
static const int64_t MOST_WHOLE = (int64_t)4 << 30;

static const evl_param params[] = {
  EVL_SERIES_PARAMS,
  {"channels", EVL_STRING, "\"auto\"", 0, 0, "auto|rows|columns", "",
   "What holds a channel, a row or a column of the matrix; auto: its longer side is time."},
  {"variable", EVL_STRING, "\"\"", 0, 0, NULL, "",
   "The matrix: a name, or a.b for a field of a structure; empty: the only one of numbers."},
  {"fs_variable", EVL_STRING, "\"auto\"", 0, 0, NULL, "",
   "Where the rate is, where fs_hz does not tell it; auto: a number named fs, srate, sfreq or sampling_rate."},
  {"labels_variable", EVL_STRING, "\"auto\"", 0, 0, NULL, "",
   "Where the names are, where labels does not tell them, as cells or rows of text; auto: labels, channels or ch_names."},
  {0}};

static bool knows(const uint8_t *first, size_t n, const char *path) {
  size_t length = strlen(path);
  evl_mat_version version = evl_mat_recognise(first, n);
  return version == EVL_MAT_5 || version == EVL_MAT_73 ||
         (version == EVL_MAT_4 && length > 4 && strcasecmp(path + length - 4, ".mat") == 0);
}

/* ---- samples ---- */

static evl_status whole_numbers(evl_reader *reader, int64_t start, int64_t n, void *into) {
  const evl_mat_matrix *m = reader->state;
  size_t width = evl_plane_width(m->matrix.series.type);
  memcpy(into, m->whole + (size_t)start * width, (size_t)n * width);
  return EVL_OK;
}

static evl_status linear_numbers(evl_reader *reader, int64_t start, int64_t n, void *into) {
  const evl_mat_matrix *m = reader->state;
  return evl_mat_numbers(reader, m->mat, m->value, start, n, into);
}

static evl_status open_value(evl_reader *reader, evl_mat_matrix *m) {
  EVL_TRY(evl_mat_open(reader, &m->mat));
  m->value = evl_mat_find(m->mat, m->path);
  evl_mat_facts facts = {.real_matrix = false};
  if (m->value) facts = evl_mat_look(m->value);
  /* A second variable of that name, or another file by now. */
  if (facts.real_matrix && facts.type == m->matrix.series.type && facts.rows * facts.columns == m->n) return EVL_OK;
  return evl_fail(EVL_FORMAT, "%s: expected %s to be one matrix of %lld numbers, found another", reader->path, m->path,
                  (long long)m->n);
}

static evl_status fetch(evl_reader *reader, int64_t first, int64_t n) {
  evl_mat_matrix *m = reader->state;
  evl_status status = EVL_OK;
  m->mat = NULL;
  if (!m->whole || !m->read) status = open_value(reader, m);
  if (status == EVL_OK && m->whole && !m->read) {
    status = evl_mat_numbers(reader, m->mat, m->value, 0, m->n, m->whole);
    m->read = status == EVL_OK;
  }
  if (status == EVL_OK) status = evl_matrix_fetch(reader, first, n);
  evl_mat_close(m->mat);
  return status;
}

evl_status evl_mat_plan(evl_reader *reader, evl_mat_matrix *m, const char *path, const evl_mat_facts *facts) {
  snprintf(m->path, sizeof m->path, "%s", path);
  m->n = facts->rows * facts->columns;
  m->matrix.numbers = facts->compressed ? whole_numbers : linear_numbers;
  int64_t bytes = m->n * (int64_t)evl_plane_width(m->matrix.series.type);
  if (facts->compressed && bytes > MOST_WHOLE)
    return evl_fail(EVL_LIMIT, "%s: expected a compressed matrix of at most %lld bytes, found %lld: save it with -v6",
                    reader->path, (long long)MOST_WHOLE, (long long)bytes);
  /* Not touched before samples are asked for. */
  if (facts->compressed && !(m->whole = evl_arena_raw(reader->arena, (size_t)bytes))) return EVL_MEMORY;
  EVL_TRY(evl_matrix_plan(reader, &m->matrix));
  m->matrix.series.fetch = fetch;
  return EVL_OK;
}

/* ---- opening ---- */

typedef struct choice {
  evl_mat_value *matrix;
  evl_mat_facts facts;
  const char *path;
  char names[160];          /* of the matrices that could be meant */
  int n;
} choice;

static bool is_name(const char *name) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  return *name && !name[strspn(name, letters)];
}

/* The variable by its key, or the only one that could be. */
static evl_status choose(const evl_reader *reader, evl_mat *mat, choice *c) {
  c->path = evl_params_string(reader->params, "variable");
  if (*c->path) {
    c->matrix = evl_mat_find(mat, c->path);
    if (!c->matrix)
      return evl_fail(EVL_USAGE, "%s: formats.matlab.variable: found no \"%s\" in the file", reader->path, c->path);
    c->facts = evl_mat_look(c->matrix);
    if (c->facts.real_matrix) return EVL_OK;
    return evl_fail(EVL_FORMAT, "%s: expected %s to be a real matrix of double, single, int16 or int32, found another kind",
                    reader->path, c->path);
  }
  evl_mat_value *value;
  for (int i = 0; i < MOST_VARIABLES && (value = evl_mat_next(mat)); i++) {
    evl_mat_facts facts = evl_mat_look(value);
    if (!facts.real_matrix || facts.rows * facts.columns < 2 || !is_name(facts.name)) continue;
    size_t used = strlen(c->names);
    snprintf(c->names + used, sizeof c->names - used, "%s%s", c->n++ ? ", " : "", facts.name);
    c->matrix = value;
    c->facts = facts;
    c->path = facts.name;
  }
  if (c->n == 1) return EVL_OK;
  return evl_fail(EVL_USAGE, "%s: expected one matrix of double, single, int16 or int32, found %d%s%s: set "
                  "formats.matlab.variable", reader->path, c->n, c->n ? ": " : "", c->names);
}

/* The first of some variables that is there, loaded; NULL: none. */
static evl_mat_value *first_of(evl_mat *mat, const char *key, const char *const *names) {
  const char *const own[] = {key, NULL};
  if (!*key) return NULL;
  for (const char *const *name = strcmp(key, "auto") ? own : names; *name; name++) {
    evl_mat_value *value = evl_mat_find(mat, *name);
    if (value && evl_mat_load(mat, value)) return value;
  }
  return NULL;
}

static double find_rate(const evl_reader *reader, evl_mat *mat) {
  static const char *const names[] = {"fs", "Fs", "FS", "srate", "sfreq", "sampling_rate", "sampling_frequency", NULL};
  if (evl_params_real(reader->params, "fs_hz") > 0) return 0;
  double fs_hz = evl_mat_number(first_of(mat, evl_params_string(reader->params, "fs_variable"), names));
  return isfinite(fs_hz) && fs_hz > 0 ? fs_hz : 0;
}

/* Names of exactly as many channels, or none. */
static void find_labels(evl_reader *reader, evl_mat *mat) {
  static const char *const names[] = {"labels", "channels", "ch_names", "channel_names", NULL};
  if (evl_params_value(reader->params, "labels")->n) return;
  evl_mat_value *value = first_of(mat, evl_params_string(reader->params, "labels_variable"), names);
  if (!value) return;
  evl_mat_facts facts = evl_mat_look(value);
  int64_t n = facts.kind == EVL_MAT_TEXT ? facts.rows : facts.kind == EVL_MAT_CELLS ? facts.rows * facts.columns : 0;
  if (n != reader->header.n_signals) return;
  for (int c = 0; c < reader->header.n_signals; c++) {
    evl_signal *signal = &reader->header.signal[c];
    char label[sizeof signal->label];
    bool cells = facts.kind == EVL_MAT_CELLS;
    evl_mat_text(cells ? evl_mat_cell(value, c) : value, cells ? 0 : c, label, sizeof label);
    if (*label) memcpy(signal->label, label, sizeof label);
  }
}

static evl_status open_matrix(evl_reader *reader, evl_mat *mat, evl_mat_matrix *m) {
  choice c = {.n = 0};
  bool rows;
  double fs_hz;
  EVL_TRY(choose(reader, mat, &c));
  char path[sizeof m->path];
  snprintf(path, sizeof path, "%s", c.path);
  EVL_TRY(evl_matrix_side(reader, c.facts.rows, c.facts.columns, &rows));
  m->matrix.series.type = c.facts.type;
  m->matrix.by_channel = !rows;
  EVL_TRY(evl_series_rate(reader, find_rate(reader, mat), &fs_hz));
  EVL_TRY(evl_series_header(reader, rows ? c.facts.rows : c.facts.columns, rows ? c.facts.columns : c.facts.rows, fs_hz));
  find_labels(reader, mat);
  return evl_mat_plan(reader, m, path, &c.facts);
}

static evl_status open_matlab(evl_reader *reader) {
  evl_mat_matrix *m;
  evl_mat *mat;
  EVL_NEW(reader->arena, m, 1);
  reader->state = m;
  reader->header.format = "MATLAB";
  EVL_TRY(evl_mat_check(reader));
  EVL_TRY(evl_mat_open(reader, &mat));
  evl_status status = open_matrix(reader, mat, m);
  evl_mat_close(mat);
  return status;
}

const evl_format evl_format_matlab = {
  .name = "matlab",
  .summary = "MATLAB matrix (.mat, versions 4 to 7): channels at one rate",
  .cite = "MAT-File Format, The MathWorks, 2023; read by libmatio, https://github.com/tbeu/matio",
  .suffixes = "",
  .params = params,
  .knows = knows,
  .open = open_matlab,
  .load = evl_series_load,
  .channel = evl_series_channel,
  .annotations = evl_series_no_annotations,
};
