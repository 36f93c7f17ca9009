/* edf: EDF, EDF+C, EDF+D and their 24-bit siblings BDF. */
#include "edf_priv.h"

#include <string.h>

#include "damage_priv.h"
#include "tal_priv.h"

enum { WINDOW = 1 << 16 };

static bool knows(const uint8_t *first, size_t n, const char *path) {
  (void)path;
  if (n < 8) return false;
  if (memcmp(first, "\xFF" "BIOSEMI", 8) == 0) return true;
  if (first[0] != '0') return false;
  for (int i = 1; i < 8; i++)
    if (first[i] != ' ' && first[i] != 0) return false;
  return true;
}

/* Bytes of one signal of one record after the other through a window: many small records come
   with one read, of large ones only what is asked for is read. */
typedef struct window { int64_t offset; size_t n; uint8_t byte[WINDOW]; } window;

static evl_status window_bytes(const evl_reader *reader, window *view, int64_t offset, size_t n,
                               const uint8_t **bytes) {
  if (offset < view->offset || offset + (int64_t)n > view->offset + (int64_t)view->n) {
    int64_t left = reader->header.bytes - offset;
    size_t ahead = reader->record_bytes <= WINDOW / 4 ? WINDOW : n;
    view->n = 0;
    if ((int64_t)ahead > left) ahead = (size_t)left;
    EVL_TRY(evl_reader_bytes(reader, offset, view->byte, ahead));
    view->offset = offset;
    view->n = ahead;
  }
  *bytes = view->byte + (offset - view->offset);
  return EVL_OK;
}

/* ---- annotations -------------------------------------------------------------------- */

typedef struct shift { evl_tal_see *see; void *context; double first_onset_s; } shift;

/* Times of the file count from its start; ours from the start of the first record. */
static evl_status see_shifted(void *context, double onset_s, double duration_s, const char *text) {
  const shift *from = context;
  return from->see(from->context, onset_s - from->first_onset_s, duration_s, text);
}

evl_status evl_edf_annotations(evl_reader *reader,
                               evl_status (*see)(void *context, double onset_s, double duration_s, const char *text),
                               void *context) {
  const evl_edf *edf = reader->state;
  shift from = {see, context, edf->first_onset_s};
  window view;
  evl_tal tal = {0};
  view.offset = 0;
  view.n = 0;
  if (edf->time_signal < 0) return EVL_OK;
  for (int64_t r = 0; r < reader->header.n_records; r++)
    for (int s = edf->time_signal; s < reader->header.n_signals; s++) {
      if (reader->header.signal[s].kind != EVL_SIGNAL_ANNOTATION) continue;
      int64_t offset = evl_edf_record_offset(reader, r) + edf->signal[s].offset;
      size_t left = evl_edf_signal_bytes(reader, s);
      evl_tal_begin(&tal);
      while (left > 0) {
        const uint8_t *bytes;
        size_t n = left < WINDOW ? left : WINDOW;
        EVL_TRY(window_bytes(reader, &view, offset, n, &bytes));
        EVL_TRY(evl_tal_feed(&tal, bytes, n, see_shifted, &from));
        offset += (int64_t)n;
        left -= n;
      }
    }
  return EVL_OK;
}

/* ---- opening --------------------------------------------------------------------------- */

/* Records that are there against records that were promised. */
static evl_status check_size(evl_reader *reader) {
  evl_header *header = &reader->header;
  const evl_edf *edf = reader->state;
  int64_t data = header->bytes - edf->header_bytes, record = (int64_t)reader->record_bytes;
  int64_t whole = data / record;
  if (edf->promised == 0) return evl_fail(EVL_FORMAT, "%s: expected at least 1 data record, found 0", reader->path);
  if (whole == 0)
    return evl_fail(EVL_FORMAT, "%s: expected data records of %lld bytes, found %lld bytes of data", reader->path,
                    (long long)record, (long long)data);
  header->n_records = whole;
  if (edf->promised < 0) {
    header->truncated = data % record != 0;
    evl_reader_note(reader, "number of records unknown to the header, %lld by the size", (long long)whole);
    if (header->truncated) evl_reader_note(reader, "the last record is cut and left out");
  } else if (whole < edf->promised) {
    header->truncated = true;
    evl_reader_note(reader, "truncated: %lld of %lld records are there", (long long)whole, (long long)edf->promised);
  } else {
    header->n_records = edf->promised;
    if (data > edf->promised * record)
      evl_reader_note(reader, "%lld bytes after the last record are ignored",
                      (long long)(data - edf->promised * record));
  }
  return EVL_OK;
}

static evl_status signal_start(const evl_reader *reader, int s, size_t *length, double *onset_s) {
  const evl_edf *edf = reader->state;
  uint8_t bytes[EVL_TAL_ONSET];
  size_t n = evl_edf_signal_bytes(reader, s);
  if (n > sizeof bytes) n = sizeof bytes;
  EVL_TRY(evl_reader_bytes(reader, edf->header_bytes + edf->signal[s].offset, bytes, n));
  *length = evl_tal_onset(bytes, n, onset_s);
  return EVL_OK;
}

evl_status evl_edf_annotated(evl_reader *reader) {
  evl_header *header = &reader->header;
  evl_edf *edf = reader->state;
  const char *name = edf->width == 3 ? "BDF Annotations" : "EDF Annotations";
  size_t length;
  double onset;
  for (int s = 0; s < header->n_signals; s++) {
    if (header->signal[s].kind == EVL_SIGNAL_ANNOTATION || strcmp(header->signal[s].label, name) != 0) continue;
    EVL_TRY(signal_start(reader, s, &length, &onset));
    if (length == 0) continue;
    header->signal[s].kind = EVL_SIGNAL_ANNOTATION;
    if (edf->time_signal < 0) edf->time_signal = s;
    evl_reader_note(reader, "signal %d holds annotations although the header does not say %.3s+", s + 1, name);
  }
  if (edf->time_signal < 0) return EVL_OK;
  EVL_TRY(signal_start(reader, edf->time_signal, &length, &onset));
  if (length > 0) {
    edf->first_onset_s = onset;
    header->start_clock_s += onset;
  }
  return EVL_OK;
}

static evl_status open_edf(evl_reader *reader) {
  evl_header *header = &reader->header;
  EVL_TRY(evl_edf_header(reader));
  EVL_TRY(check_size(reader));
  EVL_TRY(evl_edf_annotated(reader));
  for (int s = 0; s < header->n_signals; s++) {
    evl_signal *signal = &header->signal[s];
    if (signal->kind == EVL_SIGNAL_ANNOTATION) continue;
    if (!(header->record_s > 0.0))
      return evl_fail(EVL_FORMAT, "%s: expected a record duration above 0 s for signals with samples, found 0",
                      reader->path);
    signal->fs_hz = (double)signal->samples_per_record / header->record_s;
  }
  if (!evl_reader_unchanged(reader)) EVL_TRY(evl_damage_open(reader));
  return evl_edf_stretches(reader);
}

/* ---- loading ------------------------------------------------------------------------------ */

static evl_status load(evl_reader *reader, int stretch, double from_s, double to_s) {
  int64_t first, n;
  reader->loaded_stretch = -1;
  EVL_TRY(evl_reader_span(reader, stretch, from_s, to_s, &first, &n));
  EVL_TRY(evl_reader_bytes(reader, evl_edf_record_offset(reader, first), reader->raw,
                           (size_t)n * reader->record_bytes));
  reader->loaded_first = first;
  reader->loaded_records = n;
  reader->loaded_stretch = stretch;
  evl_status status = evl_edf_check_loaded(reader);
  if (status != EVL_OK) reader->loaded_stretch = -1;
  return status;
}

const evl_format evl_format_edf = {
  .name = "edf",
  .summary = "European Data Format and its 24-bit sibling BDF, with annotations and gaps (EDF+, BDF+)",
  .cite = "Kemp et al. 1992, doi:10.1016/0013-4694(92)90009-7; Kemp and Olivan 2003, doi:10.1016/S1388-2457(03)00123-8",
  .suffixes = ".edf .rec .bdf",
  .knows = knows,
  .open = open_edf,
  .load = load,
  .channel = evl_edf_channel,
  .annotations = evl_edf_annotations,
};
