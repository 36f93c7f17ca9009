/* reader_check: what only all bytes of a recording tell. */
#include "damage_priv.h"

enum { CHUNK = 1 << 16 };

static evl_status check_file(evl_reader *reader, int file, evl_damage *damage) {
  uint8_t chunk[CHUNK];
  int64_t bytes = reader->header.file[file].bytes;
  for (int64_t at = 0; at < bytes; at += CHUNK) {
    size_t n = bytes - at < CHUNK ? (size_t)(bytes - at) : CHUNK;
    EVL_TRY(evl_reader_file_bytes(reader, file, at, chunk, n));
    EVL_TRY(evl_reader_check(reader, file, at, chunk, n));
    if (damage) evl_damage_feed(damage, chunk, n);
  }
  return evl_reader_check(reader, file, bytes, chunk, 0);
}

evl_status evl_reader_check(evl_reader *reader, int file, int64_t offset, const uint8_t *bytes, size_t n) {
  return reader->format->check ? reader->format->check(reader, file, offset, bytes, n) : EVL_OK;
}

evl_status evl_reader_check_sums(evl_reader *reader) {
  for (int f = 0; f < reader->header.n_files; f++) EVL_TRY(check_file(reader, f, NULL));
  return EVL_OK;
}

evl_status evl_reader_check_all(evl_reader *reader) {
  evl_damage damage;
  evl_damage_begin(&damage, &reader->header);
  for (int f = 0; f < reader->header.n_files; f++) EVL_TRY(check_file(reader, f, f == 0 ? &damage : NULL));
  return evl_damage_verdict(&damage, reader->path);
}
