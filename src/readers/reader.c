/* reader: opens a recording by its content and passes calls on to its format. */
#include "reader_priv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define X(name) extern const evl_format evl_format_##name;
#include "readers.def"
#undef X

const evl_format *const evl_formats[] = {
#define X(name) &evl_format_##name,
#include "readers.def"
#undef X
  NULL};

#define FIRST_BYTES 512

void evl_reader_note(evl_reader *reader, const char *format, ...) {
  char *note = reader->header.note;
  size_t size = sizeof reader->header.note, used = strlen(note), between = used ? 2 : 0;
  if (used + between >= size) return;
  va_list list;
  va_start(list, format);
  int n = vsnprintf(note + used + between, size - used - between, format, list);
  va_end(list);
  if (n < 0 || (size_t)n >= size - used - between) note[used] = 0;
  else if (between) memcpy(note + used, "; ", between);
}

evl_status evl_reader_signals(evl_reader *reader, int n) {
  evl_signal *signal;
  EVL_NEW(reader->arena, signal, n);
  for (int s = 0; s < n; s++)
    signal[s] = (evl_signal){.physical_min = NAN, .physical_max = NAN, .step = NAN, .xyz = {NAN, NAN, NAN}};
  reader->header.signal = signal;
  reader->header.n_signals = n;
  return EVL_OK;
}

evl_status evl_reader_add_stretch(evl_reader *reader, int *room, evl_stretch stretch) {
  enum { MOST = 1 << 18 };
  evl_header *header = &reader->header;
  if (header->n_stretches == *room) {
    if (*room == MOST)
      return evl_fail(EVL_LIMIT, "%s: expected at most %d stretches without gap, found more", reader->path, MOST);
    evl_stretch *wider;
    *room = *room ? 4 * *room : 16;
    EVL_NEW(reader->arena, wider, *room);
    if (header->n_stretches) memcpy(wider, header->stretch, (size_t)header->n_stretches * sizeof *wider);
    header->stretch = wider;
  }
  header->stretch[header->n_stretches++] = stretch;
  return EVL_OK;
}

bool evl_reader_unchanged(const evl_reader *reader) {
  const evl_known *known = reader->known;
  const evl_header *header = &reader->header;
  return known && known->bytes == header->bytes && known->mtime_ns == header->mtime_ns &&
         memcmp(&known->header_key, &header->header_key, sizeof header->header_key) == 0;
}

static evl_status find_format(evl_reader *reader) {
  uint8_t first[FIRST_BYTES];
  size_t n = reader->header.bytes < FIRST_BYTES ? (size_t)reader->header.bytes : FIRST_BYTES;
  if (n == 0) return evl_fail(EVL_FORMAT, "%s: expected a recording, found an empty file", reader->path);
  EVL_TRY(evl_reader_bytes(reader, 0, first, n));
  for (int i = 0; evl_formats[i]; i++)
    if (evl_formats[i]->knows(first, n, reader->path)) {
      reader->format = evl_formats[i];
      return EVL_OK;
    }
  char known[256] = "";
  for (int i = 0; evl_formats[i]; i++) {
    size_t used = strlen(known);
    snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", evl_formats[i]->name);
  }
  return evl_fail(EVL_FORMAT, "%s: expected a recording (known formats: %s), found none of them in its first bytes",
                  reader->path, known);
}

/* Parameters of the found format. */
static evl_status take_options(evl_reader *reader, const evl_format_options *options) {
  const evl_param *table = reader->format->params;
  if (!table) return EVL_OK;
  if (options) reader->told_hz = options->told_hz;
  for (int i = 0; options && options->params && evl_formats[i]; i++)
    if (evl_formats[i] == reader->format) reader->params = options->params[i];
  if (reader->params) return EVL_OK;
  evl_params *params;
  EVL_TRY(evl_params_default(table, reader->arena, &params));
  reader->params = params;
  return EVL_OK;
}

evl_status evl_reader_open(const char *path, const evl_format_options *options, size_t raw_bytes, evl_arena *arena,
                           evl_reader **reader) {
  return evl_reader_reopen(path, options, NULL, raw_bytes, arena, reader);
}

evl_status evl_reader_reopen(const char *path, const evl_format_options *options, const evl_known *known,
                             size_t raw_bytes, evl_arena *arena, evl_reader **opened) {
  *opened = NULL;
  evl_mark mark = evl_arena_mark(arena);
  evl_reader *reader;
  EVL_NEW(arena, reader, 1);
  reader->loaded_stretch = -1;
  reader->arena = arena;
  reader->known = known;
  reader->raw_bytes = raw_bytes;
  reader->path = evl_arena_text(arena, path);
  evl_status status = reader->path ? evl_reader_first_file(reader) : EVL_MEMORY;
  if (status == EVL_OK) status = find_format(reader);
  if (status == EVL_OK) status = take_options(reader, options);
  if (status == EVL_OK) status = reader->format->open(reader);
  if (status == EVL_OK && raw_bytes > 0) {
    reader->raw = raw_bytes < SIZE_MAX - EVL_RAW_PAD ? evl_arena_raw(arena, raw_bytes + EVL_RAW_PAD) : NULL;
    if (!reader->raw) status = evl_fail(EVL_MEMORY, "%s: no memory for %zu raw bytes", path, raw_bytes);
  }
  reader->arena = NULL;
  reader->known = NULL;
  if (status != EVL_OK) {
    evl_reader_close(reader);
    evl_arena_release(arena, mark);
    return status;
  }
  *opened = reader;
  return EVL_OK;
}

void evl_reader_close(evl_reader *reader) {
  if (reader) evl_reader_close_files(reader);
}

const evl_header *evl_reader_header(const evl_reader *reader) { return &reader->header; }

size_t evl_reader_raw_bytes(const evl_reader *reader, double seconds) {
  const evl_header *header = &reader->header;
  if (!(seconds > 0.0) || !(header->record_s > 0.0)) return 0;
  /* One record more because a span may start inside one, one for the rounding of times. */
  double records = ceil(seconds / header->record_s) + 2.0;
  if (records > (double)header->n_records) records = (double)header->n_records;
  return (size_t)records * reader->record_bytes;
}

evl_status evl_reader_span(const evl_reader *reader, int stretch, double from_s, double to_s, int64_t *first,
                           int64_t *n) {
  const evl_stretch *span = &reader->header.stretch[stretch];
  int64_t from = (int64_t)floor(from_s / reader->header.record_s), to = (int64_t)ceil(to_s / reader->header.record_s);
  if (from > span->n_records - 1) from = span->n_records - 1;
  if (to > span->n_records) to = span->n_records;
  if (to <= from) to = from + 1;
  size_t bytes = (size_t)(to - from) * reader->record_bytes;
  if (!reader->raw || bytes > reader->raw_bytes)
    return evl_fail(EVL_LIMIT, "%s: expected at most %zu raw bytes at once, found %zu for [%g, %g) s", reader->path,
                    reader->raw_bytes, bytes, from_s, to_s);
  *first = span->first_record + from;
  *n = to - from;
  return EVL_OK;
}

evl_status evl_reader_load(evl_reader *reader, int stretch, double from_s, double to_s) {
  if (stretch < 0 || stretch >= reader->header.n_stretches)
    return evl_fail(EVL_USAGE, "%s: expected a stretch below %d, found %d", reader->path, reader->header.n_stretches,
                    stretch);
  double length = reader->header.stretch[stretch].duration_s;
  if (!(from_s < to_s) || !(from_s < length) || !(to_s > 0.0))
    return evl_fail(EVL_USAGE, "%s: expected a span inside the %g s of stretch %d, found [%g, %g) s", reader->path,
                    length, stretch, from_s, to_s);
  return reader->format->load(reader, stretch, fmax(from_s, 0.0), fmin(to_s, length));
}

evl_status evl_reader_channel(evl_reader *reader, int signal, int64_t first, int64_t n, double *x) {
  const evl_header *header = &reader->header;
  if (signal < 0 || signal >= header->n_signals || header->signal[signal].kind == EVL_SIGNAL_ANNOTATION)
    return evl_fail(EVL_USAGE, "%s: signal %d of %d holds no samples", reader->path, signal, header->n_signals);
  if (reader->loaded_stretch < 0) return evl_fail(EVL_USAGE, "%s: nothing is loaded", reader->path);
  const evl_stretch *stretch = &header->stretch[reader->loaded_stretch];
  int64_t per_record = header->signal[signal].samples_per_record;
  int64_t low = (reader->loaded_first - stretch->first_record) * per_record;
  int64_t high = low + reader->loaded_records * per_record;
  if (n < 0 || first < low || first > high || n > high - first)
    return evl_fail(EVL_USAGE, "%s: expected samples in [%lld, %lld) of signal %d, which are loaded, found %lld from "
                    "%lld", reader->path, (long long)low, (long long)high, signal, (long long)n, (long long)first);
  return reader->format->channel(reader, signal, first, n, x);
}

int64_t evl_reader_samples(const evl_reader *reader, int signal, int stretch) {
  const evl_signal *s = &reader->header.signal[signal];
  return s->kind == EVL_SIGNAL_ANNOTATION ? 0 : reader->header.stretch[stretch].n_records * s->samples_per_record;
}

evl_status evl_reader_annotations(evl_reader *reader,
                                  evl_status (*see)(void *context, double onset_s, double duration_s, const char *text),
                                  void *context) {
  return reader->format->annotations(reader, see, context);
}
