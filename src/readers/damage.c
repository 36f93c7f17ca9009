/* damage: finds text-mode transfers by what they do to the bytes.

   A transfer that turned LF into CR LF added a byte before every LF; one that turned CR LF
   into LF took one away. Either way what follows slipped. Three witnesses, the first
   the strongest:
   1. time-keeping annotations (EDF+): each record holds one at a fixed place. A record
      without it there, but with one elsewhere, slipped. One in its place proves that nothing before
      it slipped, so the others look only at what comes after it.
   2. pairs of bytes: every LF follows a CR; or CR LF is missing although its neighbours are not.
   3. phases: the smooth byte of the samples is not the high one any more. */
#include "damage_priv.h"

#include <string.h>

size_t evl_damage_size(void) { return sizeof(evl_damage); }

static void find_places(evl_damage *damage, const evl_header *header) {
  evl_places *places = &damage->places;
  bool inside = false;
  places->offset = places->last_right = -1;
  for (int s = 0; s < header->n_signals; s++) {
    int64_t bytes = header->signal[s].samples_per_record * damage->width;
    bool annotation = header->signal[s].kind == EVL_SIGNAL_ANNOTATION;
    if (annotation && places->offset < 0) {
      places->offset = damage->record_bytes;
      places->bytes = bytes;
      inside = true;
    }
    inside &= annotation;
    if (inside) places->sound_bytes += bytes;
    damage->record_bytes += bytes;
  }
}

void evl_damage_begin(evl_damage *damage, const evl_header *header) {
  memset(damage, 0, sizeof *damage);
  const char *format = header->format;
  damage->known = strncmp(format, "EDF", 3) == 0 || strncmp(format, "BDF", 3) == 0;
  damage->whole = true;
  damage->width = format[0] == 'B' ? 3 : 2;
  damage->record_s = header->record_s;
  damage->discontinuous = strlen(format) == 5 && format[4] == 'D';
  damage->truncated = header->truncated;
  damage->file_bytes = header->bytes;
  damage->data_start = 256 * ((int64_t)header->n_signals + 1);
  damage->n_records = header->n_records;
  find_places(damage, header);
  damage->known &= damage->record_bytes > 0;
}

void evl_damage_scan(evl_damage *damage) {
  size_t n = damage->filled;
  if (n == 0) return;
  int64_t start = damage->position - damage->data_start - (int64_t)n;
  uint8_t *block = damage->bytes + EVL_DAMAGE_CARRY;
  int64_t sound = damage->sound;
  if (damage->places.offset >= 0) evl_places_scan(damage, start, n);
  if (damage->sound > sound) {
    damage->pairs = (evl_pairs){0};
    evl_phases_sound(&damage->phases);
  }
  int64_t from = damage->sound > start ? damage->sound - start : 0;
  if (from < (int64_t)n) evl_pairs_scan(&damage->pairs, block + from, n - (size_t)from);
  evl_phases_scan(damage, start, block, n);
  memmove(damage->bytes, damage->bytes + n, EVL_DAMAGE_CARRY);
  damage->filled = 0;
}

void evl_damage_feed(evl_damage *damage, const uint8_t *bytes, size_t n) {
  if (!damage->known) return;
  if (damage->position < damage->data_start) {
    int64_t header = damage->data_start - damage->position;
    size_t skipped = (int64_t)n < header ? n : (size_t)header;
    damage->position += (int64_t)skipped;
    bytes += skipped;
    n -= skipped;
  }
  while (n > 0) {
    size_t room = EVL_DAMAGE_BLOCK - damage->filled, taken = n < room ? n : room;
    memcpy(damage->bytes + EVL_DAMAGE_CARRY + damage->filled, bytes, taken);
    damage->filled += taken;
    damage->position += (int64_t)taken;
    bytes += taken;
    n -= taken;
    if (damage->filled == EVL_DAMAGE_BLOCK) evl_damage_scan(damage);
  }
}

void evl_damage_skip(evl_damage *damage, int64_t position) {
  evl_damage_scan(damage);
  damage->whole = false;
  damage->position = position;
  damage->places.place = EVL_PLACE_UNSEEN;
  damage->places.strays = 0;
  damage->places.cursor = position - damage->data_start;
  memset(damage->bytes, 0, EVL_DAMAGE_CARRY);
}

evl_status evl_damage_verdict(const evl_damage *damage, const char *path) {
  if (!damage->known) return EVL_OK;
  evl_damage end = *damage; /* the rest of the block is scanned in a copy: more may be fed */
  evl_damage_scan(&end);
  const evl_places *places = &end.places;
  bool all_seen = end.whole && end.position >= end.file_bytes;
  int64_t excess = all_seen ? end.file_bytes - end.data_start - end.n_records * end.record_bytes : 0;
  int64_t misplaced = places->misplaced + (places->place == EVL_PLACE_WRONG ? places->strays : 0);
  const char *trace = misplaced > 0 ? "annotations that keep the time are not in their places" : NULL;
  if (!trace) trace = evl_pairs_judge(&end.pairs, excess);
  if (!trace && evl_phases_judge(&end.phases, end.truncated)) trace = "high and low bytes of samples changed places";
  if (!trace) return EVL_OK;
  return evl_fail(EVL_FORMAT, "%s: expected the bytes as recorded, found the traces of a text-mode transfer (%s): "
                  "copy the file again in binary mode", path, trace);
}
