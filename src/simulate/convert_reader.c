/* convert_reader: a recording of any format as a source of frames. */
#include <math.h>

#include "convert_priv.h"

static const double LOAD_S = 8;

static evl_status read_frames(void *context, int stretch, int64_t first, int64_t n, double *const *x) {
  const evl_convert_input *o = context;
  double frame_s = o->header->record_s;
  double from_s = ((double)first + 0.25) * frame_s, to_s = ((double)(first + n) - 0.25) * frame_s;
  EVL_TRY(evl_reader_load(o->reader, stretch, from_s, to_s));
  for (int s = 0; s < o->source.n_signals; s++) {
    int64_t each = o->source.signal[s].samples;
    EVL_TRY(evl_reader_channel(o->reader, o->of[s], first * each, n * each, x[s]));
  }
  return EVL_OK;
}

static evl_status take_signals(evl_convert_input *o, evl_arena *arena) {
  const evl_header *h = o->header;
  evl_convert_signal *signal;
  EVL_NEW(arena, signal, h->n_signals + 1);
  EVL_NEW(arena, o->of, h->n_signals + 1);
  for (int i = 0; i < h->n_signals; i++) {
    const evl_signal *s = &h->signal[i];
    if (s->kind == EVL_SIGNAL_ANNOTATION) continue;
    o->of[o->source.n_signals] = i;
    signal[o->source.n_signals++] =
        (evl_convert_signal){.label = s->label, .unit = s->kind == EVL_SIGNAL_VOLTAGE ? "uV" : s->unit,
                             .samples = s->samples_per_record, .physical_min = s->physical_min,
                             .physical_max = s->physical_max, .step = s->step};
  }
  o->source.signal = signal;
  if (o->source.n_signals > 0 && h->n_stretches > 0) return EVL_OK;
  return evl_fail(EVL_FORMAT, "%s: expected samples to convert, found a file without any", o->source.path);
}

evl_status evl_convert_open(const char *path, const evl_format_options *options, evl_arena *arena,
                            evl_convert_input *o) {
  *o = (evl_convert_input){.source = {.path = path, .read = read_frames, .context = o}};
  EVL_TRY(evl_reader_open(path, options, 0, arena, &o->reader));
  const evl_header *h = evl_reader_header(o->reader);
  const evl_known known = {h->header_key, h->bytes, h->mtime_ns};
  double load_s = fmax(LOAD_S, h->record_s);
  size_t raw_bytes = evl_reader_raw_bytes(o->reader, load_s);
  evl_reader_close(o->reader);
  EVL_TRY(evl_reader_reopen(path, options, &known, raw_bytes, arena, &o->reader));
  evl_status sound = evl_reader_check_all(o->reader);
  if (sound != EVL_OK) evl_reader_close(o->reader);
  EVL_TRY(sound);
  o->header = h = evl_reader_header(o->reader);
  o->source.frame_s = h->record_s;
  o->source.n_stretches = h->n_stretches;
  o->source.stretch = h->stretch;
  o->source.most_frames = h->record_s > 0 ? (int64_t)floor(load_s / h->record_s) : 1;
  return take_signals(o, arena);
}

void evl_convert_close(evl_convert_input *o) { evl_reader_close(o->reader); }
