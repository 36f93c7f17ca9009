/* damage_places: the first witness, time-keeping annotations in and out of their places. */
#include "damage_priv.h"

#include <math.h>
#include <string.h>

enum { TEXT_MARK = 0x14 };

/* A stray time-keeper must tell a time that its record could have; so chance bytes are none. A slip
   moves it by far less than an eighth of the file. */
static bool plausible(const evl_damage *damage, int64_t record, double onset_s) {
  if (damage->discontinuous) return onset_s >= 0.0;
  double expected = (double)record * damage->record_s;
  return fabs(onset_s - expected) <= expected / 8.0 + 2.0 * damage->record_s + 1.0;
}

/* An onset followed at once by the end of an empty text whose second mark is bytes[end]. */
static const uint8_t *time_keeper(const uint8_t *bytes, size_t end, double *onset_s) {
  size_t first = end - 1, longest = EVL_TAL_ONSET - 1;
  while (longest > 0 && first > 0) {
    uint8_t byte = bytes[first - 1];
    if (byte == '+' || byte == '-') {
      const uint8_t *sign = bytes + first - 1;
      return evl_tal_onset(sign, end - first + 1, onset_s) == end - first + 1 ? sign : NULL;
    }
    if ((byte < '0' || byte > '9') && byte != '.') return NULL;
    first--;
    longest--;
  }
  return NULL;
}

/* Counts time-keepers that end in bytes [from, to) and do not start where one should. */
static void count_strays(evl_damage *damage, int64_t start, size_t from, size_t to, int64_t record) {
  evl_places *places = &damage->places;
  const uint8_t *bytes = damage->bytes;
  int64_t right = record * damage->record_bytes + places->offset;
  for (size_t i = from; i < to; i++) {
    const uint8_t *mark = memchr(bytes + i, TEXT_MARK, to - i);
    if (!mark) return;
    i = (size_t)(mark - bytes);
    if (bytes[i - 1] != TEXT_MARK) continue;
    double onset;
    const uint8_t *sign = time_keeper(bytes, i, &onset);
    if (!sign || start + (sign - bytes) - EVL_DAMAGE_CARRY == right) continue;
    if (plausible(damage, record, onset)) places->strays++;
  }
}

static void end_record(evl_places *places) {
  if (places->place == EVL_PLACE_WRONG) places->misplaced += places->strays;
  places->place = EVL_PLACE_UNSEEN;
  places->strays = 0;
}

void evl_places_scan(evl_damage *damage, int64_t start, size_t n) {
  evl_places *places = &damage->places;
  int64_t end = start + (int64_t)n, need = places->bytes < EVL_TAL_ONSET ? places->bytes : EVL_TAL_ONSET;
  while (places->cursor < end) {
    int64_t record = places->cursor / damage->record_bytes, next = (record + 1) * damage->record_bytes;
    int64_t to = next < end ? next : end, right = record * damage->record_bytes + places->offset;
    size_t shift = (size_t)(EVL_DAMAGE_CARRY + places->cursor - start);
    count_strays(damage, start, shift, shift + (size_t)(to - places->cursor), record);
    if (places->place == EVL_PLACE_UNSEEN && right + need <= to && right + need > places->cursor &&
        right - start >= -EVL_DAMAGE_CARRY) {
      double onset;
      bool found = evl_tal_onset(damage->bytes + EVL_DAMAGE_CARRY + (right - start), (size_t)need, &onset) > 0;
      places->place = found ? EVL_PLACE_RIGHT : EVL_PLACE_WRONG;
      if (found) {
        places->last_right = record;
        damage->sound = right + places->sound_bytes;
      }
    }
    if (to == next) end_record(places);
    places->cursor = to;
  }
}
