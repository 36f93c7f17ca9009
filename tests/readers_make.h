/* readers_make: small EDF and BDF files for tests, with anything wrong on purpose. */
#ifndef EVEIL_READERS_MAKE_H
#define EVEIL_READERS_MAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAKE_SIGNALS = 8, MAKE_BYTES = 1 << 20 };

typedef struct make_signal {
  const char *label, *unit, *physical_min, *physical_max, *digital_min, *digital_max, *samples;
} make_signal;

/* A field that is NULL has the value in brackets. */
typedef struct make {
  bool bdf;
  const char *reserved;  /* [""] */
  const char *n_records; /* ["1"] */
  const char *record_s;  /* ["1"] */
  const char *n_signals, *header_bytes; /* [right] */
  int n;
  make_signal signal[MAKE_SIGNALS];
} make;

static uint8_t make_bytes[MAKE_BYTES];
static size_t make_n;

static inline void make_field(size_t at, int width, const char *text) {
  memset(make_bytes + at, ' ', (size_t)width);
  memcpy(make_bytes + at, text, strlen(text) < (size_t)width ? strlen(text) : (size_t)width);
}

/* The header into make_bytes; make_data adds to it. */
static inline void make_header(const make *m) {
  static const struct { int before, width; } column[] = {{0, 16},  {96, 8},  {104, 8}, {112, 8},
                                                         {120, 8}, {128, 8}, {216, 8}};
  char number[24];
  make_n = 256 * (size_t)(m->n + 1);
  memset(make_bytes, ' ', make_n);
  make_field(0, 8, m->bdf ? "\xFF" "BIOSEMI" : "0");
  make_field(8, 80, "X F 01-JAN-1900 Secret_Name");
  make_field(88, 80, "Startdate 02-MAR-2015 X Secret_Doctor X");
  make_field(168, 16, "02.03.1513.14.15");
  snprintf(number, sizeof number, "%zu", make_n);
  make_field(184, 8, m->header_bytes ? m->header_bytes : number);
  make_field(192, 44, m->reserved ? m->reserved : "");
  make_field(236, 8, m->n_records ? m->n_records : "1");
  make_field(244, 8, m->record_s ? m->record_s : "1");
  snprintf(number, sizeof number, "%d", m->n);
  make_field(252, 4, m->n_signals ? m->n_signals : number);
  for (int s = 0; s < m->n; s++) {
    const make_signal *g = &m->signal[s];
    const char *text[] = {g->label,       g->unit,        g->physical_min, g->physical_max,
                          g->digital_min, g->digital_max, g->samples};
    for (int c = 0; c < 7; c++)
      make_field(256 + (size_t)(m->n * column[c].before + s * column[c].width), column[c].width, text[c]);
  }
}

static inline void make_sample(int32_t digital, int width) {
  for (int b = 0; b < width; b++) make_bytes[make_n++] = (uint8_t)((uint32_t)digital >> (8 * b));
}

/* Text of an annotation signal, `bytes` long with NULs behind it; "\1" stands for a NUL inside. */
static inline void make_annotation(const char *text, size_t bytes) {
  memset(make_bytes + make_n, 0, bytes);
  for (size_t i = 0; text[i] && i < bytes; i++) make_bytes[make_n + i] = text[i] == 1 ? 0 : (uint8_t)text[i];
  make_n += bytes;
}

/* Initialisers of usual signals. */
#define MAKE_EEG {"EEG Fp1", "uV", "-3276.8", "3276.7", "-32768", "32767", "8"}
#define MAKE_TAL {"EDF Annotations", "", "-1", "1", "-32768", "32767", "32"}

#endif
