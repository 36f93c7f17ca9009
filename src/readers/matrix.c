/* matrix: numbers in a row, one frame or one channel after the other. */
#include <byteswap.h>
#include <string.h>

#include "series_priv.h"

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

static evl_status file_numbers(evl_reader *reader, int64_t start, int64_t n, void *into) {
  const evl_matrix *matrix = reader->state;
  size_t width = evl_plane_width(matrix->series.type);
  EVL_TRY(evl_reader_file_bytes(reader, matrix->file, matrix->offset + start * (int64_t)width, into, (size_t)n * width));
  if (matrix->swapped) swap(into, (size_t)n, width);
  return EVL_OK;
}

static evl_status fetch_channels(evl_reader *reader, int64_t first, int64_t n) {
  const evl_matrix *matrix = reader->state;
  size_t width = evl_plane_width(matrix->series.type);
  for (int c = 0; c < reader->header.n_signals; c++) {
    uint8_t *to = reader->raw + (size_t)c * (size_t)n * width;
    EVL_TRY(matrix->numbers(reader, c * reader->header.n_records + first, n, to));
  }
  return EVL_OK;
}

static evl_status fetch_frames(evl_reader *reader, int64_t first, int64_t n) {
  const evl_matrix *matrix = reader->state;
  size_t width = evl_plane_width(matrix->series.type), channels = (size_t)reader->header.n_signals;
  for (int64_t done = 0; done < n;) {
    int64_t m = n - done < (int64_t)matrix->chunk_frames ? n - done : (int64_t)matrix->chunk_frames;
    EVL_TRY(matrix->numbers(reader, (first + done) * (int64_t)channels, m * (int64_t)channels, matrix->chunk));
    evl_planes_split(matrix->chunk, m, channels, (int)channels, width, reader->raw + (size_t)done * width, (size_t)n);
    done += m;
  }
  return EVL_OK;
}

evl_status evl_matrix_fetch(evl_reader *reader, int64_t first, int64_t n) {
  const evl_matrix *matrix = reader->state;
  return matrix->by_channel ? fetch_channels(reader, first, n) : fetch_frames(reader, first, n);
}

evl_status evl_matrix_side(const evl_reader *reader, int64_t rows, int64_t columns, bool *by_rows) {
  const char *channels = evl_params_string(reader->params, "channels");
  *by_rows = strcmp(channels, "auto") == 0 || rows == 1 || columns == 1 ? rows < columns : strcmp(channels, "rows") == 0;
  if (strcmp(channels, "auto") != 0 || rows != columns || rows == 1) return EVL_OK;
  return evl_fail(EVL_USAGE, "%s: expected a longer side of the matrix, which is time, found %lld x %lld: set "
                  "formats.%s.channels", reader->path, (long long)rows, (long long)columns, reader->format->name);
}

evl_status evl_matrix_plan(evl_reader *reader, evl_matrix *matrix) {
  size_t frame = reader->record_bytes;
  matrix->series.fetch = evl_matrix_fetch;
  if (!matrix->numbers) matrix->numbers = file_numbers;
  if (matrix->by_channel) return EVL_OK;
  matrix->chunk_frames = frame < EVL_PIECE_BYTES ? EVL_PIECE_BYTES / frame : 1;
  EVL_NEW(reader->arena, matrix->chunk, matrix->chunk_frames * frame);
  return EVL_OK;
}
