/* matrix: numbers as plain bytes of a file, one frame or one channel after the other. */
#include <byteswap.h>
#include <string.h>

#include "series_priv.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "little-endian numbers are copied as they are");

enum { CHUNK = 1 << 16 };

static void swap(uint8_t *bytes, size_t n, size_t width) {
  for (size_t i = 0; i < n; i++, bytes += width) {
    uint16_t w2;
    uint32_t w4;
    uint64_t w8;
    switch (width) {
      case 2: memcpy(&w2, bytes, 2), w2 = bswap_16(w2), memcpy(bytes, &w2, 2); break;
      case 4: memcpy(&w4, bytes, 4), w4 = bswap_32(w4), memcpy(bytes, &w4, 4); break;
      case 8: memcpy(&w8, bytes, 8), w8 = bswap_64(w8), memcpy(bytes, &w8, 8); break;
      default: break;
    }
  }
}

/* One channel of a chunk that fits into the cache: strided reads, writes in order. */
#define GATHER(name, type)                                                                                      \
  static void name(const void *restrict frames, size_t stride, int64_t n, void *restrict channel) {             \
    const type *from = frames;                                                                                  \
    type *to = channel;                                                                                         \
    for (int64_t i = 0; i < n; i++) to[i] = from[(size_t)i * stride];                                           \
  }
GATHER(gather_1, uint8_t)
GATHER(gather_2, uint16_t)
GATHER(gather_4, uint32_t)
GATHER(gather_8, uint64_t)
#undef GATHER

static void gather(size_t width, const void *frames, size_t stride, int64_t n, void *channel) {
  switch (width) {
    case 1: gather_1(frames, stride, n, channel); break;
    case 2: gather_2(frames, stride, n, channel); break;
    case 4: gather_4(frames, stride, n, channel); break;
    default: gather_8(frames, stride, n, channel); break;
  }
}

static evl_status fetch_channels(evl_reader *reader, int64_t first, int64_t n) {
  const evl_matrix *matrix = reader->state;
  size_t width = evl_number_bytes(matrix->series.number);
  for (int c = 0; c < reader->header.n_signals; c++) {
    int64_t at = matrix->offset + (c * reader->header.n_records + first) * (int64_t)width;
    uint8_t *to = reader->raw + (size_t)c * (size_t)n * width;
    EVL_TRY(evl_reader_file_bytes(reader, matrix->file, at, to, (size_t)n * width));
    if (matrix->swapped) swap(to, (size_t)n, width);
  }
  return EVL_OK;
}

static evl_status fetch_frames(evl_reader *reader, int64_t first, int64_t n) {
  const evl_matrix *matrix = reader->state;
  size_t width = evl_number_bytes(matrix->series.number), channels = (size_t)reader->header.n_signals;
  for (int64_t done = 0; done < n;) {
    int64_t m = n - done < (int64_t)matrix->chunk_frames ? n - done : (int64_t)matrix->chunk_frames;
    int64_t at = matrix->offset + (first + done) * (int64_t)(channels * width);
    EVL_TRY(evl_reader_file_bytes(reader, matrix->file, at, matrix->chunk, (size_t)m * channels * width));
    if (matrix->swapped) swap(matrix->chunk, (size_t)m * channels, width);
    for (size_t c = 0; c < channels; c++)
      gather(width, matrix->chunk + c * width, channels, m, reader->raw + (c * (size_t)n + (size_t)done) * width);
    done += m;
  }
  return EVL_OK;
}

evl_status evl_matrix_plan(evl_reader *reader, evl_matrix *matrix) {
  size_t frame = reader->record_bytes;
  matrix->series.fetch = matrix->by_channel ? fetch_channels : fetch_frames;
  if (matrix->by_channel) return EVL_OK;
  matrix->chunk_frames = frame < CHUNK ? CHUNK / frame : 1;
  EVL_NEW(reader->arena, matrix->chunk, matrix->chunk_frames * frame);
  return EVL_OK;
}
