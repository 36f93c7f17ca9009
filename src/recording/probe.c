/* probe: the header of a recording, as planning needs it. */
#include <string.h>

#include "eveil/readers.h"
#include "eveil/recording.h"

static evl_status take_sources(const evl_header *h, evl_arena *arena, evl_probe *probe) {
  evl_source *source;
  EVL_NEW(arena, source, h->n_signals);
  for (int i = 0; i < h->n_signals; i++) {
    const evl_signal *signal = &h->signal[i];
    source[i] = (evl_source){.label = evl_arena_text(arena, signal->label),
                             .fs_hz = signal->fs_hz,
                             .physical_min = signal->physical_min,
                             .physical_max = signal->physical_max,
                             .xyz = {signal->xyz[0], signal->xyz[1], signal->xyz[2]},
                             .usable = signal->kind == EVL_SIGNAL_VOLTAGE && signal->fs_hz > 0};
    if (!source[i].label) return EVL_MEMORY;
    if (!source[i].usable) continue;
    probe->n_usable++;
    if (signal->fs_hz > probe->fs_hz) probe->fs_hz = signal->fs_hz;
  }
  probe->n_sources = h->n_signals;
  probe->source = source;
  if (evl_sources_centre(h->n_signals, source)) return EVL_OK;
  probe->message = evl_arena_format(arena, "%s%sthe electrodes' positions lie on no sphere and are not used",
                                    probe->message, *probe->message ? "; " : "");
  return probe->message ? EVL_OK : EVL_MEMORY;
}

/* Beyond these a header is wrong, and sizes derived from it would be absurd. */
static evl_status check_limits(const evl_header *h, const char *path) {
  const double most_s = 366.0 * 86400.0, most_hz = 1e6;
  if (!(h->duration_s <= most_s))
    return evl_fail(EVL_FORMAT, "%s: expected a duration of at most %g s, found %g s", path, most_s, h->duration_s);
  for (int i = 0; i < h->n_signals; i++)
    if (!(h->signal[i].fs_hz <= most_hz))
      return evl_fail(EVL_FORMAT, "%s: expected at most %g Hz, found %g Hz of signal %d", path, most_hz,
                      h->signal[i].fs_hz, i + 1);
  return EVL_OK;
}

static evl_status take_header(evl_reader *reader, evl_arena *arena, evl_probe *probe) {
  const evl_header *h = evl_reader_header(reader);
  probe->bytes = h->bytes;
  probe->mtime_ns = h->mtime_ns;
  probe->header_key = h->header_key;
  probe->format = h->format;
  probe->duration_s = h->duration_s;
  probe->record_s = h->record_s;
  probe->start_clock_s = h->start_clock_s;
  probe->n_records = h->n_records;
  probe->n_stretches = h->n_stretches;
  probe->truncated = h->truncated;
  probe->sidecar_line_hz = h->line_hz;
  if (h->n_records > 0) probe->record_bytes = evl_reader_raw_bytes(reader, h->duration_s) / (size_t)h->n_records;
  probe->message = evl_arena_text(arena, h->note);
  if (!probe->message) return EVL_MEMORY;
  return take_sources(h, arena, probe);
}

evl_status evl_recording_probe(const char *path, const evl_format_options *options, evl_arena *arena, evl_probe *probe,
                               evl_status (*look)(void *context, const evl_header *header), void *context) {
  *probe = (evl_probe){.message = "", .format = ""};
  if (options) probe->options = *options;
  evl_arena *own = evl_arena_create();
  if (!own) return evl_fail(EVL_MEMORY, "%s: out of memory", path);
  evl_reader *reader;
  evl_status status = evl_reader_open(path, options, 0, own, &reader);
  if (status == EVL_OK) status = check_limits(evl_reader_header(reader), path);
  if (status == EVL_OK) {
    probe->header_memory = evl_arena_bytes(own);
    status = take_header(reader, arena, probe);
    if (status == EVL_OK && look) status = look(context, evl_reader_header(reader));
  } else if (status != EVL_MEMORY) {
    probe->status = status;
    probe->message = evl_arena_text(arena, evl_error_message());
    status = probe->message ? EVL_OK : EVL_MEMORY;
    evl_error_clear();
  }
  evl_reader_close(reader);
  evl_arena_free(own);
  return status;
}
