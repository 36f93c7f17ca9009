/* damage_open: how much of a file is looked at when it is opened. */
#include "damage_priv.h"

enum { CHUNK = 1 << 16, SMALL_FILE = 2 << 20, HEAD = 128 << 10, TAIL = 128 << 10, LONGEST_TAIL = 1 << 20 };

static evl_status feed_range(const evl_reader *reader, evl_damage *damage, int64_t from, int64_t to) {
  uint8_t chunk[CHUNK];
  for (int64_t at = from; at < to;) {
    size_t n = to - at < CHUNK ? (size_t)(to - at) : CHUNK;
    EVL_TRY(evl_reader_bytes(reader, at, chunk, n));
    evl_damage_feed(damage, chunk, n);
    at += (int64_t)n;
  }
  return EVL_OK;
}

/* The last `bytes` of the file, from where a piece begins. */
static int64_t tail_start(const evl_damage *damage, int64_t bytes) {
  int64_t data = damage->file_bytes - damage->data_start - bytes;
  return damage->data_start + (data > 0 ? data - data % EVL_DAMAGE_PIECE : 0);
}

evl_status evl_damage_open(evl_reader *reader) {
  evl_damage damage;
  evl_damage_begin(&damage, &reader->header);
  if (!damage.known) return EVL_OK;
  if (damage.places.offset >= 0) {
    /* Two records hold a time-keeper, in its place or out of it. */
    int64_t tail = 2 * damage.record_bytes + CHUNK;
    evl_damage_skip(&damage, tail_start(&damage, tail < LONGEST_TAIL ? tail : LONGEST_TAIL));
    EVL_TRY(feed_range(reader, &damage, damage.position, damage.file_bytes));
    EVL_TRY(evl_damage_verdict(&damage, reader->path));
    evl_damage_scan(&damage);
    if (damage.places.last_right >= damage.n_records - 1 && !damage.truncated) return EVL_OK;
    evl_damage_begin(&damage, &reader->header);
  }
  int64_t head = damage.file_bytes <= SMALL_FILE ? damage.file_bytes : damage.data_start + HEAD;
  EVL_TRY(feed_range(reader, &damage, 0, head));
  if (head < damage.file_bytes) {
    int64_t tail = tail_start(&damage, TAIL);
    evl_damage_skip(&damage, tail > head ? tail : head);
    EVL_TRY(feed_range(reader, &damage, damage.position, damage.file_bytes));
  }
  return evl_damage_verdict(&damage, reader->path);
}
