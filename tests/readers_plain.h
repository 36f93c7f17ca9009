/* readers_plain: EDF and BDF decoded once more in the plainest way, from bytes in memory, as an
   independent witness for the reader. Trusts its input only as far as it checks. */
#ifndef EVEIL_READERS_PLAIN_H
#define EVEIL_READERS_PLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct plain {
  const uint8_t *bytes;
  size_t n;
  long n_signals, n_records;
  int width;
  double record_s;
  size_t data, record_bytes;
} plain;

static inline double plain_number(const plain *p, size_t offset, int width) {
  char text[32] = "";
  memcpy(text, p->bytes + offset, (size_t)width);
  return strtod(text, NULL);
}

/* Field `before` (bytes a signal before its column) of a signal. */
static inline double plain_field(const plain *p, int before, int signal) {
  return plain_number(p, 256 + (size_t)p->n_signals * (size_t)before + 8 * (size_t)signal, 8);
}

static inline long plain_samples(const plain *p, int signal) { return (long)plain_field(p, 216, signal); }

static inline void plain_text(const plain *p, int before, int width, int signal, char *text) {
  memcpy(text, p->bytes + 256 + (size_t)p->n_signals * (size_t)before + (size_t)width * (size_t)signal, (size_t)width);
  text[width] = 0;
  while (width > 0 && text[width - 1] == ' ') text[--width] = 0;
}

static inline plain plain_open(const uint8_t *bytes, size_t n) {
  plain p = {.bytes = bytes, .n = n, .width = bytes[0] == 0xFF ? 3 : 2};
  p.n_signals = (long)plain_number(&p, 252, 4);
  p.n_records = (long)plain_number(&p, 236, 8);
  p.record_s = plain_number(&p, 244, 8);
  p.data = 256 * (size_t)(p.n_signals + 1);
  for (int s = 0; s < p.n_signals; s++) p.record_bytes += (size_t)plain_samples(&p, s) * (size_t)p.width;
  return p;
}

/* What a sample of one signal needs. */
typedef struct plain_scale { size_t offset; long per_record; double low, high, first, last; } plain_scale;

static inline plain_scale plain_signal(const plain *p, int signal) {
  plain_scale c = {p->data, plain_samples(p, signal), plain_field(p, 104, signal), plain_field(p, 112, signal),
                   plain_field(p, 120, signal), plain_field(p, 128, signal)};
  for (int s = 0; s < signal; s++) c.offset += (size_t)plain_samples(p, s) * (size_t)p->width;
  return c;
}

/* Sample `index` counted over whole records, in microvolt where the unit is a voltage. */
static inline double plain_sample(const plain *p, const plain_scale *c, long index, double factor) {
  size_t at = c->offset + (size_t)(index / c->per_record) * p->record_bytes;
  at += (size_t)(index % c->per_record) * (size_t)p->width;
  long digital = p->bytes[at] + 256L * p->bytes[at + 1] + (p->width == 3 ? 65536L * p->bytes[at + 2] : 0);
  long half = p->width == 3 ? 1L << 23 : 1L << 15;
  if (digital >= half) digital -= 2 * half;
  return factor * (c->low + ((double)digital - c->first) / (c->last - c->first) * (c->high - c->low));
}

/* What is left of a value after rounding: of the physical range, digital values far outside included. */
static inline double plain_range(const plain *p, const plain_scale *c, double factor) {
  double half = p->width == 3 ? 8388608.0 : 32768.0;
  double gain = (c->high - c->low) / (c->last - c->first), reach = half + (c->first < 0 ? -c->first : c->first);
  double range = (gain < 0 ? -gain : gain) * reach + (c->low < 0 ? -c->low : c->low);
  return factor * (range > 0.0 ? range : 1.0);
}

/* To microvolt; 0 where the unit is no voltage. */
static inline double plain_factor(const plain *p, int signal) {
  static const struct { const char *unit; double factor; } known[] = {
    {"uV", 1.0}, {"\xB5V", 1.0}, {"\xC2\xB5V", 1.0}, {"\xCE\xBCV", 1.0}, {"mV", 1e3}, {"nV", 1e-3}, {"V", 1e6}};
  const uint8_t *unit = p->bytes + 256 + (size_t)p->n_signals * 96 + 8 * (size_t)signal;
  char bare[9];
  size_t n = 0;
  for (int i = 0; i < 8; i++)
    if (unit[i] > 32 && unit[i] != 127) bare[n++] = (char)unit[i];
  bare[n] = 0;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcasecmp(bare, known[i].unit) == 0) return known[i].factor;
  return 0.0;
}

static inline uint8_t *plain_file(const char *path, size_t *n) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  *n = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(*n + 1);
  if (bytes && fread(bytes, 1, *n, file) != *n) *n = 0;
  fclose(file);
  return bytes;
}

static inline bool plain_write(const char *path, const uint8_t *bytes, size_t n) {
  FILE *file = fopen(path, "wb");
  if (!file) return false;
  bool good = fwrite(bytes, 1, n, file) == n;
  return fclose(file) == 0 && good;
}

/* LF to CR LF, or CR LF to LF; `out` holds 2 n bytes. */
static inline size_t plain_text_mode(const uint8_t *bytes, size_t n, bool add, uint8_t *out) {
  size_t m = 0;
  for (size_t i = 0; i < n; i++) {
    if (add && bytes[i] == '\n') out[m++] = '\r';
    if (!add && bytes[i] == '\r' && i + 1 < n && bytes[i + 1] == '\n') continue;
    out[m++] = bytes[i];
  }
  return m;
}

#endif
