/* eeglab: the .set file of EEGLAB, a MATLAB structure EEG (in older files its fields as variables), with the samples in
   it or beside it in an .fdt file (single precision, frame after frame; .dat: channel after channel).

   An event "boundary" of a continuous file marks where samples were cut out: a gap of its duration. Trials of an epoched
   file have lost their places in time: they follow each other, each a stretch of its own, so that no window and no
   filter reaches from one into another. Delorme and Makeig 2004, doi:10.1016/j.jneumeth.2003.10.009. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "eeglab_priv.h"

static bool knows(const uint8_t *first, size_t n, const char *path) {
  size_t length = strlen(path);
  evl_mat_version version = evl_mat_recognise(first, n);
  return length > 4 && strcasecmp(path + length - 4, ".set") == 0 && (version == EVL_MAT_5 || version == EVL_MAT_73);
}

/* ---- fields ---- */

/* A field of EEG, or a variable of an older file, loaded; NULL: not there. */
static evl_mat_value *field(const evl_eeglab *e, const char *name) {
  evl_mat_value *value = e->eeg ? evl_mat_field(e->eeg, name, 0) : evl_mat_find(e->mat, name);
  return value && evl_mat_load(e->mat, value) ? value : NULL;
}

static evl_status whole_number(const evl_reader *reader, const char *name, double most, int64_t *value) {
  double x = evl_mat_number(field(reader->state, name));
  if (!(x >= 1 && x <= most && x == floor(x)))
    return evl_fail(EVL_FORMAT, "%s: expected EEG.%s to be a whole number from 1, found %g", reader->path, name, x);
  *value = (int64_t)x;
  return EVL_OK;
}

static evl_status read_shape(evl_reader *reader) {
  evl_eeglab *e = reader->state;
  e->eeg = evl_mat_find(e->mat, "EEG");
  if (!e->eeg && !evl_mat_find(e->mat, "nbchan"))
    return evl_fail(EVL_FORMAT, "%s: expected a structure EEG, found none", reader->path);
  EVL_TRY(whole_number(reader, "nbchan", EVL_SERIES_CHANNELS, &e->n_channels));
  EVL_TRY(whole_number(reader, "pnts", 1e12, &e->points));
  e->trials = 1;
  if (field(e, "trials")) EVL_TRY(whole_number(reader, "trials", 1e6, &e->trials));
  e->fs_hz = evl_mat_number(field(e, "srate"));
  if (e->fs_hz > 0 && e->fs_hz <= 1e6) return EVL_OK;
  return evl_fail(EVL_FORMAT, "%s: expected EEG.srate to be a rate in Hz, found %g", reader->path, e->fs_hz);
}

/* ---- samples ---- */

/* The name without folders of either kind. */
static const char *base_name(const char *path) {
  const char *base = path;
  for (const char *c = path; *c; c++)
    if (*c == '/' || *c == '\\') base = c + 1;
  return base;
}

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), m = strlen(end);
  return n > m && strcasecmp(text + n - m, end) == 0;
}

/* The file that EEG.data names; one of the .set file's own name where that is gone: both were renamed. */
static evl_status plan_beside(evl_reader *reader, const char *said) {
  evl_eeglab *e = reader->state;
  evl_matrix *matrix = &e->samples.matrix;
  const char *name = base_name(said), *own = base_name(reader->path);
  char other[512];
  snprintf(other, sizeof other, "%.*s.fdt", (int)(strlen(own) - 4), own);
  if (!evl_reader_beside(reader, name) && evl_reader_beside(reader, other)) {
    evl_reader_note(reader, "the file of samples that it names is not there, %.80s is", other);
    name = other;
  }
  EVL_TRY(evl_reader_add_file(reader, "EEG.data", name, &matrix->file));
  const evl_file *file = &reader->header.file[matrix->file];
  double bytes = 4.0 * (double)e->n_channels * (double)e->points * (double)e->trials;
  if ((double)file->bytes != bytes)
    return evl_fail(EVL_FORMAT, "%s: expected %.0f bytes (%lld channels, %lld samples, %lld trials in single precision), "
                    "found %lld", file->path, bytes, (long long)e->n_channels, (long long)e->points,
                    (long long)e->trials, (long long)file->bytes);
  matrix->series.type = EVL_PLANE_F32;
  matrix->by_channel = ends_with(name, ".dat");
  EVL_TRY(evl_series_header(reader, e->n_channels, e->points * e->trials, e->fs_hz));
  return evl_matrix_plan(reader, matrix);
}

static evl_status plan_inside(evl_reader *reader, const char *path, const evl_mat_facts *facts) {
  evl_eeglab *e = reader->state;
  if (!facts->real_matrix || facts->rows != e->n_channels || facts->columns != e->points * e->trials)
    return evl_fail(EVL_FORMAT, "%s: expected EEG.data to be a real matrix of %lld x %lld, found %s%lld x %lld",
                    reader->path, (long long)e->n_channels, (long long)(e->points * e->trials),
                    facts->real_matrix ? "" : "another kind, ", (long long)facts->rows, (long long)facts->columns);
  e->samples.matrix.series.type = facts->type;
  EVL_TRY(evl_series_header(reader, e->n_channels, e->points * e->trials, e->fs_hz));
  return evl_mat_plan(reader, &e->samples, path, facts);
}

static evl_status plan_samples(evl_reader *reader) {
  evl_eeglab *e = reader->state;
  const char *path = e->eeg ? "EEG.data" : "data";
  char name[512];
  evl_mat_value *data = e->eeg ? evl_mat_field(e->eeg, "data", 0) : evl_mat_find(e->mat, "data");
  evl_mat_facts facts = {.kind = EVL_MAT_OTHER};
  if (data) facts = evl_mat_look(data);
  if (facts.kind == EVL_MAT_NUMBERS) return plan_inside(reader, path, &facts);
  evl_mat_text(field(e, "data"), 0, name, sizeof name);
  if (*name) return plan_beside(reader, name);
  return evl_fail(EVL_FORMAT, "%s: expected EEG.data to hold samples or to name their file, found neither", reader->path);
}

/* ---- signals ---- */

/* EEGLAB: X to the nose, Y to the left ear; ours: right, front, up. */
static void read_places(evl_reader *reader) {
  const evl_eeglab *e = reader->state;
  evl_mat_value *places = field(e, "chanlocs");
  for (int c = 0; c < reader->header.n_signals; c++) {
    evl_signal *signal = &reader->header.signal[c];
    snprintf(signal->label, sizeof signal->label, "%d", c + 1);
    if (!places) continue;
    char label[sizeof signal->label];
    evl_mat_text(evl_mat_field(places, "labels", c), 0, label, sizeof label);
    if (*label) memcpy(signal->label, label, sizeof label);
    double x = evl_mat_number(evl_mat_field(places, "X", c)), y = evl_mat_number(evl_mat_field(places, "Y", c));
    double z = evl_mat_number(evl_mat_field(places, "Z", c));
    if (!isfinite(x + y + z)) continue;
    signal->xyz[0] = -y;
    signal->xyz[1] = x;
    signal->xyz[2] = z;
  }
}

/* ---- opening ---- */

static evl_status open_inside(evl_reader *reader) {
  EVL_TRY(read_shape(reader));
  EVL_TRY(plan_samples(reader));
  evl_series_unit(reader, "uV");
  read_places(reader);
  return evl_eeglab_events(reader);
}

static evl_status open_eeglab(evl_reader *reader) {
  evl_eeglab *e;
  EVL_NEW(reader->arena, e, 1);
  reader->state = e;
  reader->header.format = "EEGLAB";
  EVL_TRY(evl_mat_check(reader));
  EVL_TRY(evl_mat_open(reader, &e->mat));
  evl_status status = open_inside(reader);
  evl_mat_close(e->mat);
  e->mat = NULL;
  e->eeg = NULL;
  return status;
}

const evl_format evl_format_eeglab = {
  .name = "eeglab",
  .summary = "EEGLAB data set (.set, with .fdt): positions, events, boundaries as gaps, trials as stretches",
  .cite = "Delorme and Makeig 2004, doi:10.1016/j.jneumeth.2003.10.009",
  .suffixes = ".set",
  .knows = knows,
  .open = open_eeglab,
  .load = evl_series_load,
  .channel = evl_series_channel,
  .annotations = evl_eeglab_annotations,
};
