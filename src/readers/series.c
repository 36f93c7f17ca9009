/* series: header, loading and decoding of files that hold channels at one rate. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "series_priv.h"

evl_status evl_series_rate(const evl_reader *reader, double file_hz, double *fs_hz) {
  *fs_hz = evl_params_real(reader->params, "fs_hz");
  if (*fs_hz > 0) return EVL_OK;
  *fs_hz = file_hz > 0 ? file_hz : reader->told_hz;
  if (*fs_hz > 0) return EVL_OK;
  return evl_fail(EVL_USAGE, "%s: expected a rate, found none: set formats.%s.fs_hz, or SamplingFrequency in a sidecar",
                  reader->path, reader->format->name);
}

void evl_series_unit(evl_reader *reader, const char *unit) {
  evl_series *series = reader->state;
  double gain = evl_unit_microvolt(unit);
  series->scale = (evl_plane_scale){0, gain > 0 ? gain : 1, EVL_NONE_MISSING};
  for (int c = 0; c < reader->header.n_signals; c++) {
    evl_signal *signal = &reader->header.signal[c];
    signal->kind = gain > 0 ? EVL_SIGNAL_VOLTAGE : EVL_SIGNAL_OTHER;
    evl_text_utf8((const uint8_t *)unit, strlen(unit), signal->unit, sizeof signal->unit);
  }
}

static evl_status name_signals(evl_reader *reader) {
  const evl_header *header = &reader->header;
  const evl_value *labels = evl_params_value(reader->params, "labels");
  if (labels->n && labels->n != header->n_signals)
    return evl_fail(EVL_USAGE, "%s: expected %d labels (formats.%s.labels) for as many channels, found %d",
                    reader->path, header->n_signals, reader->format->name, labels->n);
  for (int c = 0; c < header->n_signals; c++) {
    evl_signal *signal = &header->signal[c];
    if (!labels->n) snprintf(signal->label, sizeof signal->label, "%d", c + 1);
    else evl_text_utf8((const uint8_t *)labels->strings[c], strlen(labels->strings[c]), signal->label,
                       sizeof signal->label);
  }
  return EVL_OK;
}

evl_status evl_series_header(evl_reader *reader, int64_t n_channels, int64_t n_samples, double fs_hz) {
  evl_header *header = &reader->header;
  evl_series *series = reader->state;
  if (n_channels < 1 || n_channels > EVL_SERIES_CHANNELS || n_samples < 1 || n_samples > (int64_t)1 << 48)
    return evl_fail(EVL_FORMAT, "%s: expected 1 to %d channels with samples, found %lld of %lld samples", reader->path,
                    EVL_SERIES_CHANNELS, (long long)n_channels, (long long)n_samples);
  EVL_TRY(evl_reader_signals(reader, (int)n_channels));
  for (int c = 0; c < header->n_signals; c++) {
    header->signal[c].fs_hz = fs_hz;
    header->signal[c].samples_per_record = 1;
  }
  header->record_s = 1 / fs_hz;
  header->n_records = n_samples;
  header->duration_s = (double)n_samples / fs_hz;
  header->start_clock_s = NAN;
  EVL_NEW(reader->arena, header->stretch, 1);
  header->n_stretches = 1;
  header->stretch[0] = (evl_stretch){.duration_s = header->duration_s, .n_records = n_samples};
  evl_planes_begin(reader, series->type);
  if (!reader->params) return EVL_OK;
  evl_series_unit(reader, evl_params_string(reader->params, "unit"));
  return name_signals(reader);
}

evl_status evl_series_load(evl_reader *reader, int stretch, double from_s, double to_s) {
  const evl_series *series = reader->state;
  int64_t first, n;
  EVL_TRY(evl_reader_span(reader, stretch, from_s, to_s, &first, &n));
  /* Analyses of other conditioning ask for the same span again, and text takes its time. */
  if (reader->loaded_stretch == stretch && reader->loaded_first <= first &&
      first + n <= reader->loaded_first + reader->loaded_records)
    return EVL_OK;
  return evl_planes_load(reader, stretch, from_s, to_s, series->fetch);
}

evl_status evl_series_channel(evl_reader *reader, int signal, int64_t first, int64_t n, double *x) {
  const evl_series *series = reader->state;
  int64_t earlier = reader->loaded_first - reader->header.stretch[reader->loaded_stretch].first_record;
  evl_planes_decode(series->type, evl_planes_at(reader, series->type, signal, first - earlier), n, &series->scale, x);
  return EVL_OK;
}

evl_status evl_series_no_annotations(evl_reader *reader,
                                     evl_status (*see)(void *context, double onset_s, double duration_s,
                                                       const char *text), void *context) {
  (void)reader, (void)see, (void)context;
  return EVL_OK;
}
