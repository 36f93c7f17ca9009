/* TAL: time-stamped annotation lists of EDF+ and BDF+,
   onset [0x15 duration] 0x14 text 0x14 ... text 0x14 0x00 (EDF+ specification, 2.2.2). */
#ifndef EVEIL_TAL_PRIV_H
#define EVEIL_TAL_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eveil/base.h"

/* Longest onset that is understood, sign and 0x14 included. */
#define EVL_TAL_ONSET 32
/* Longer annotation texts are cut here. */
#define EVL_TAL_TEXT 1024

/* The onset at `bytes`: its length with the mark behind it (0x14, or 0x15 before a duration);
   0 where there is none. */
size_t evl_tal_onset(const uint8_t *bytes, size_t n, double *onset_s);

typedef evl_status evl_tal_see(void *context, double onset_s, double duration_s, const char *text);

/* Takes annotations apart byte by byte, so that a channel of any length needs no memory. */
typedef struct evl_tal {
  enum { EVL_TAL_START, EVL_TAL_IN_ONSET, EVL_TAL_IN_DURATION, EVL_TAL_IN_TEXT, EVL_TAL_BROKEN } state;
  char number[EVL_TAL_ONSET];
  size_t number_n, text_n;
  uint8_t text[EVL_TAL_TEXT];
  double onset_s, duration_s;
  int64_t broken; /* lists that do not follow the grammar, skipped */
} evl_tal;

/* Start of an annotation signal of a record: a list does not cross it. */
void evl_tal_begin(evl_tal *tal);
/* Calls `see` for every annotation with a text; duration 0 where none is given. */
evl_status evl_tal_feed(evl_tal *tal, const uint8_t *bytes, size_t n, evl_tal_see *see, void *context) EVL_MUST_USE;

#endif
