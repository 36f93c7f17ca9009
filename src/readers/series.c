/* series: header, loading and decoding of files that hold channels at one rate. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "series_priv.h"

size_t evl_number_bytes(evl_number number) {
  static const size_t bytes[] = {1, 1, 2, 2, 4, 4, 8};
  return bytes[number];
}

/* x - x is 0 for finite x alone; a select that vectors have. */
#define DECODE(name, type)                                                                     \
  static void name(const type *restrict raw, int64_t n, double gain, double *restrict x) {     \
    for (int64_t i = 0; i < n; i++) {                                                          \
      double value = (double)raw[i];                                                           \
      x[i] = value - value == 0 ? value * gain : NAN;                                          \
    }                                                                                          \
  }
DECODE(decode_int8, int8_t)
DECODE(decode_uint8, uint8_t)
DECODE(decode_int16, int16_t)
DECODE(decode_uint16, uint16_t)
DECODE(decode_int32, int32_t)
DECODE(decode_float32, float)
DECODE(decode_float64, double)
#undef DECODE

void evl_number_decode(evl_number number, const void *raw, int64_t n, double gain, double *x) {
  switch (number) {
    case EVL_INT8: decode_int8(raw, n, gain, x); break;
    case EVL_UINT8: decode_uint8(raw, n, gain, x); break;
    case EVL_INT16: decode_int16(raw, n, gain, x); break;
    case EVL_UINT16: decode_uint16(raw, n, gain, x); break;
    case EVL_INT32: decode_int32(raw, n, gain, x); break;
    case EVL_FLOAT32: decode_float32(raw, n, gain, x); break;
    case EVL_FLOAT64: decode_float64(raw, n, gain, x); break;
  }
}

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
  series->gain = gain > 0 ? gain : 1;
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
  reader->record_bytes = (size_t)n_channels * evl_number_bytes(series->number);
  if (!reader->params) return EVL_OK;
  evl_series_unit(reader, evl_params_string(reader->params, "unit"));
  return name_signals(reader);
}

evl_status evl_series_load(evl_reader *reader, int stretch, double from_s, double to_s) {
  const evl_series *series = reader->state;
  int64_t first, n;
  EVL_TRY(evl_reader_span(reader, stretch, from_s, to_s, &first, &n));
  if (reader->loaded_stretch == stretch && reader->loaded_first <= first &&
      reader->loaded_first + reader->loaded_records >= first + n)
    return EVL_OK;
  reader->loaded_stretch = -1;
  EVL_TRY(series->fetch(reader, first, n));
  reader->loaded_first = first;
  reader->loaded_records = n;
  reader->loaded_stretch = stretch;
  return EVL_OK;
}

evl_status evl_series_channel(evl_reader *reader, int signal, int64_t first, int64_t n, double *x) {
  const evl_series *series = reader->state;
  int64_t earlier = reader->loaded_first - reader->header.stretch[reader->loaded_stretch].first_record;
  size_t at = (size_t)(signal * reader->loaded_records + first - earlier);
  evl_number_decode(series->number, reader->raw + at * evl_number_bytes(series->number), n, series->gain, x);
  return EVL_OK;
}

evl_status evl_series_no_annotations(evl_reader *reader,
                                     evl_status (*see)(void *context, double onset_s, double duration_s,
                                                       const char *text), void *context) {
  (void)reader, (void)see, (void)context;
  return EVL_OK;
}
