/* edf_decode: little-endian samples of two or three bytes to physical values. */
#include "edf_priv.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "samples are little-endian and copied as they are");

/* x[i] = low + (digital[i] - zero) * gain, i in [0, n). */
static void decode_16(const uint8_t *restrict raw, int64_t n, double zero, double gain, double low,
                      double *restrict x) {
  for (int64_t i = 0; i < n; i++) {
    int16_t digital;
    memcpy(&digital, raw + 2 * i, sizeof digital);
    x[i] = low + ((double)digital - zero) * gain;
  }
}

/* Loads four bytes a sample, so one byte behind the last sample is read: EVL_RAW_PAD. */
static void decode_24(const uint8_t *restrict raw, int64_t n, double zero, double gain, double low,
                      double *restrict x) {
  for (int64_t i = 0; i < n; i++) {
    uint32_t word;
    memcpy(&word, raw + 3 * i, sizeof word);
    int32_t digital = (int32_t)(word << 8) >> 8;
    x[i] = low + ((double)digital - zero) * gain;
  }
}

evl_status evl_edf_channel(evl_reader *reader, int signal, int64_t first, int64_t n, double *x) {
  const evl_edf *edf = reader->state;
  const evl_edf_signal *scale = &edf->signal[signal];
  const evl_stretch *stretch = &reader->header.stretch[reader->loaded_stretch];
  int64_t per_record = reader->header.signal[signal].samples_per_record;
  int64_t record = first / per_record, within = first % per_record;
  int64_t loaded = stretch->first_record + record - reader->loaded_first;
  while (n > 0) {
    int64_t here = n < per_record - within ? n : per_record - within;
    const uint8_t *raw =
      reader->raw + (size_t)loaded * reader->record_bytes + (size_t)(scale->offset + within * edf->width);
    (edf->width == 2 ? decode_16 : decode_24)(raw, here, scale->digital_min, scale->gain, scale->physical_min, x);
    x += here;
    n -= here;
    within = 0;
    loaded++;
  }
  return EVL_OK;
}
