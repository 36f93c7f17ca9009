/* tal: the grammar of annotation lists. */
#include "tal_priv.h"

#include <string.h>

#include "reader_priv.h"

enum { MARK_TEXT = 0x14, MARK_DURATION = 0x15 };

static bool in_number(uint8_t byte) { return (byte >= '0' && byte <= '9') || byte == '.'; }

size_t evl_tal_onset(const uint8_t *bytes, size_t n, double *onset_s) {
  if (n < 3 || (bytes[0] != '+' && bytes[0] != '-')) return 0;
  size_t i = 1;
  while (i < n && i < EVL_TAL_ONSET - 1 && in_number(bytes[i])) i++;
  if (i == n || (bytes[i] != MARK_TEXT && bytes[i] != MARK_DURATION)) return 0;
  return evl_text_decimal((const char *)bytes, i, onset_s) ? i + 1 : 0;
}

void evl_tal_begin(evl_tal *tal) {
  tal->state = EVL_TAL_START;
  tal->number_n = tal->text_n = 0;
}

static void start_list(evl_tal *tal, uint8_t byte) {
  if (byte == 0) return;
  tal->number_n = 1;
  tal->number[0] = (char)byte;
  tal->duration_s = 0.0;
  tal->state = byte == '+' || byte == '-' ? EVL_TAL_IN_ONSET : EVL_TAL_BROKEN;
}

/* The number read so far, and what follows it. */
static void end_number(evl_tal *tal, uint8_t mark) {
  double *value = tal->state == EVL_TAL_IN_ONSET ? &tal->onset_s : &tal->duration_s;
  bool good = evl_text_decimal(tal->number, tal->number_n, value);
  bool duration_next = mark == MARK_DURATION && tal->state == EVL_TAL_IN_ONSET;
  tal->number_n = tal->text_n = 0;
  tal->state = !good ? EVL_TAL_BROKEN
               : mark == MARK_TEXT ? EVL_TAL_IN_TEXT
               : duration_next ? EVL_TAL_IN_DURATION : EVL_TAL_BROKEN;
}

static evl_status end_text(evl_tal *tal, evl_tal_see *see, void *context) {
  char text[2 * EVL_TAL_TEXT + 1];
  size_t n = tal->text_n;
  tal->text_n = 0;
  if (n == 0) return EVL_OK;
  evl_text_utf8(tal->text, n, text, sizeof text);
  return text[0] ? see(context, tal->onset_s, tal->duration_s, text) : EVL_OK;
}

evl_status evl_tal_feed(evl_tal *tal, const uint8_t *bytes, size_t n, evl_tal_see *see, void *context) {
  for (size_t i = 0; i < n; i++) {
    uint8_t byte = bytes[i];
    switch (tal->state) {
      case EVL_TAL_START: start_list(tal, byte); break;
      case EVL_TAL_IN_ONSET:
      case EVL_TAL_IN_DURATION:
        if (in_number(byte) && tal->number_n < sizeof tal->number) tal->number[tal->number_n++] = (char)byte;
        else end_number(tal, byte);
        break;
      case EVL_TAL_IN_TEXT:
        if (byte == MARK_TEXT) EVL_TRY(end_text(tal, see, context));
        else if (byte == 0) tal->state = EVL_TAL_START;
        else if (tal->text_n < sizeof tal->text) tal->text[tal->text_n++] = byte;
        break;
      case EVL_TAL_BROKEN: break;
    }
    if (tal->state == EVL_TAL_BROKEN && byte == 0) {
      tal->broken++;
      tal->state = EVL_TAL_START;
    }
  }
  return EVL_OK;
}
