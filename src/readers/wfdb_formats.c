/* wfdb_formats: how signal files pack samples (signal(5)). */
#include <string.h>

#include "wfdb_priv.h"

static int32_t extend(uint32_t value, int bits) { return (int32_t)(value << (32 - bits)) >> (32 - bits); }

static void unpack_8(const uint8_t *bytes, int64_t n, void *sample) {
  for (int64_t i = 0; i < n; i++) ((int32_t *)sample)[i] = (int8_t)bytes[i];
}

static void unpack_61(const uint8_t *bytes, int64_t n, void *sample) {
  for (int64_t i = 0; i < n; i++) ((int16_t *)sample)[i] = (int16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
}

static void unpack_80(const uint8_t *bytes, int64_t n, void *sample) {
  for (int64_t i = 0; i < n; i++) ((int16_t *)sample)[i] = (int16_t)(bytes[i] - 128);
}

static void unpack_160(const uint8_t *bytes, int64_t n, void *sample) {
  for (int64_t i = 0; i < n; i++)
    ((int16_t *)sample)[i] = (int16_t)((bytes[2 * i] | bytes[2 * i + 1] << 8) - 32768);
}

/* Loads four bytes of three. */
static void unpack_24(const uint8_t *bytes, int64_t n, void *sample) {
  for (int64_t i = 0; i < n; i++) {
    uint32_t word;
    memcpy(&word, bytes + 3 * i, sizeof word);
    ((int32_t *)sample)[i] = extend(word, 24);
  }
}

/* Two samples of 12 bits in three bytes: the high bits of both share the middle one. */
static void unpack_212(const uint8_t *bytes, int64_t n, void *sample) {
  int16_t *out = sample;
  for (int64_t i = 0; i < n; i++) {
    uint32_t word;
    memcpy(&word, bytes + 3 * i, sizeof word);
    out[2 * i] = (int16_t)extend(word, 12);
    out[2 * i + 1] = (int16_t)extend((word >> 16 & 0xFF) | (word >> 4 & 0xF00), 12);
  }
}

/* Three samples of 10 bits in two words: bits 1 to 10 of each word, and the high five of both. */
static void unpack_310(const uint8_t *bytes, int64_t n, void *sample) {
  int16_t *out = sample;
  for (int64_t i = 0; i < n; i++) {
    uint32_t word;
    memcpy(&word, bytes + 4 * i, sizeof word);
    out[3 * i] = (int16_t)extend(word >> 1, 10);
    out[3 * i + 1] = (int16_t)extend(word >> 17, 10);
    out[3 * i + 2] = (int16_t)extend((word >> 11 & 0x1F) | (word >> 22 & 0x3E0), 10);
  }
}

static void unpack_311(const uint8_t *bytes, int64_t n, void *sample) {
  int16_t *out = sample;
  for (int64_t i = 0; i < n; i++) {
    uint32_t word;
    memcpy(&word, bytes + 4 * i, sizeof word);
    for (int k = 0; k < 3; k++) out[3 * i + k] = (int16_t)extend(word >> 10 * k, 10);
  }
}

static const evl_wfdb_format formats[] = {
  {8, 1, 1, EVL_PLANE_I32, INT32_MIN, true, unpack_8},
  {16, 1, 2, EVL_PLANE_I16, -32768, false, NULL},
  {24, 1, 3, EVL_PLANE_I32, -8388608, false, unpack_24},
  {32, 1, 4, EVL_PLANE_I32, INT32_MIN, false, NULL},
  {61, 1, 2, EVL_PLANE_I16, -32768, false, unpack_61},
  {80, 1, 1, EVL_PLANE_I16, -128, false, unpack_80},
  {160, 1, 2, EVL_PLANE_I16, -32768, false, unpack_160},
  {212, 2, 3, EVL_PLANE_I16, -2048, false, unpack_212},
  {310, 3, 4, EVL_PLANE_I16, -512, false, unpack_310},
  {311, 3, 4, EVL_PLANE_I16, -512, false, unpack_311},
};

const evl_wfdb_format *evl_wfdb_format_of(int number) {
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (formats[i].number == number) return &formats[i];
  return NULL;
}

/* What a unit that was begun takes: [format][samples of it]; a last unit may be written in part. */
static int part_bytes(const evl_wfdb_format *format, int samples) {
  if (samples == 0) return 0;
  if (format->number == 310) return samples == 1 ? 2 : 4;
  return samples == 1 ? 2 : format->samples == 3 ? 3 : format->bytes; /* 12 bits, 10 and 20 bits */
}

int64_t evl_wfdb_samples_in(const evl_wfdb_format *format, int64_t bytes) {
  int64_t whole = bytes / format->bytes;
  int more = 0;
  while (more + 1 < format->samples && part_bytes(format, more + 1) <= bytes % format->bytes) more++;
  return whole * format->samples + more;
}

int64_t evl_wfdb_bytes_of(const evl_wfdb_format *format, int64_t samples) {
  return samples / format->samples * format->bytes + part_bytes(format, (int)(samples % format->samples));
}
