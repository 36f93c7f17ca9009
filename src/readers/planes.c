/* planes: frames taken apart into planes, and planes decoded. */
#include "planes_priv.h"

#include <math.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "samples are little-endian and copied as they are");

void evl_planes_begin(evl_reader *reader, evl_plane_type type) {
  reader->record_bytes = 0;
  for (int s = 0; s < reader->header.n_signals; s++)
    reader->record_bytes += (size_t)reader->header.signal[s].samples_per_record * evl_plane_width(type);
}

evl_status evl_planes_load(evl_reader *reader, int stretch, double from_s, double to_s, evl_planes_read *read) {
  int64_t first, n;
  reader->loaded_stretch = -1;
  EVL_TRY(evl_reader_span(reader, stretch, from_s, to_s, &first, &n));
  reader->loaded_first = first;
  reader->loaded_records = n;
  EVL_TRY(read(reader, first, n));
  reader->loaded_stretch = stretch;
  return EVL_OK;
}

uint8_t *evl_planes_at(const evl_reader *reader, evl_plane_type type, int signal, int64_t frame) {
  const evl_signal *s = reader->header.signal;
  int64_t before = 0;
  for (int i = 0; i < signal; i++) before += s[i].samples_per_record;
  return reader->raw + (size_t)(before * reader->loaded_records + frame * s[signal].samples_per_record) *
                         evl_plane_width(type);
}

#define PICK(type)                                                                              \
  for (int64_t f = 0; f < n; f++)                                                               \
    for (int64_t i = 0; i < count; i++)                                                         \
      ((type *)plane)[f * count + i] = ((const type *)from)[(size_t)f * stride + (size_t)i]

void evl_planes_pick(const void *from, int64_t n, size_t stride, int64_t count, size_t width, void *plane) {
  if (width == 2) PICK(uint16_t);
  else if (width == 4) PICK(uint32_t);
  else PICK(uint64_t);
}
#undef PICK

/* ---- n x signals to signals x n ---- */

/* A block of 8 frames x 8 signals of 16 bits: three rounds of interleaving halves. */
typedef uint16_t lane16 __attribute__((vector_size(16)));

static inline lane16 low16(lane16 a, lane16 b) {
  return __builtin_shuffle(a, b, (lane16){0, 8, 1, 9, 2, 10, 3, 11});
}

static inline lane16 high16(lane16 a, lane16 b) {
  return __builtin_shuffle(a, b, (lane16){4, 12, 5, 13, 6, 14, 7, 15});
}

static void block16(const uint16_t *from, size_t stride, uint16_t *plane, size_t ld) {
  lane16 a[8], b[8];
  for (size_t f = 0; f < 8; f++) memcpy(&a[f], from + f * stride, sizeof a[f]);
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 4; i++) b[2 * i] = low16(a[i], a[i + 4]), b[2 * i + 1] = high16(a[i], a[i + 4]);
    memcpy(a, b, sizeof a);
  }
  for (size_t c = 0; c < 8; c++) memcpy(plane + c * ld, &a[c], sizeof a[c]);
}

/* The same of 32 bits: two rounds on two halves of 4 x 4. */
typedef uint32_t lane32 __attribute__((vector_size(16)));

static void block32(const uint32_t *from, size_t stride, uint32_t *plane, size_t ld) {
  lane32 a[4], b[4];
  for (size_t f = 0; f < 4; f++) memcpy(&a[f], from + f * stride, sizeof a[f]);
  for (int i = 0; i < 2; i++) {
    b[2 * i] = __builtin_shuffle(a[i], a[i + 2], (lane32){0, 4, 1, 5});
    b[2 * i + 1] = __builtin_shuffle(a[i], a[i + 2], (lane32){2, 6, 3, 7});
  }
  for (int i = 0; i < 2; i++) {
    a[2 * i] = __builtin_shuffle(b[i], b[i + 2], (lane32){0, 4, 1, 5});
    a[2 * i + 1] = __builtin_shuffle(b[i], b[i + 2], (lane32){2, 6, 3, 7});
  }
  for (size_t c = 0; c < 4; c++) memcpy(plane + c * ld, &a[c], sizeof a[c]);
}

void evl_planes_split(const void *from, int64_t n, size_t stride, int signals, size_t width, void *plane, size_t ld) {
  int64_t whole = width == 2 ? n - n % 8 : width == 4 ? n - n % 4 : 0;
  int c = 0;
  if (width == 2)
    for (; c + 8 <= signals; c += 8)
      for (int64_t f = 0; f < whole; f += 8)
        block16((const uint16_t *)from + (size_t)f * stride + c, stride, (uint16_t *)plane + (size_t)c * ld + f, ld);
  else if (width == 4)
    for (; c + 4 <= signals; c += 4)
      for (int64_t f = 0; f < whole; f += 4)
        block32((const uint32_t *)from + (size_t)f * stride + c, stride, (uint32_t *)plane + (size_t)c * ld + f, ld);
  for (int s = 0; s < signals; s++) {
    int64_t done = s < c ? whole : 0;
    const uint8_t *first = (const uint8_t *)from + ((size_t)done * stride + (size_t)s) * width;
    evl_planes_pick(first, n - done, stride, 1, width, (uint8_t *)plane + ((size_t)s * ld + (size_t)done) * width);
  }
}

enum { READ_BYTES = 1 << 18 };

size_t evl_planes_buffer(const evl_reader *reader, evl_plane_type type) {
  size_t frame = (size_t)reader->header.n_signals * evl_plane_width(type);
  return frame > READ_BYTES ? frame : READ_BYTES;
}

evl_status evl_planes_read_frames(evl_reader *reader, int file, int64_t offset, evl_plane_type type, int64_t first,
                                  int64_t n, uint8_t *buffer) {
  size_t width = evl_plane_width(type), signals = (size_t)reader->header.n_signals, frame = signals * width;
  int64_t most = (int64_t)(evl_planes_buffer(reader, type) / frame), tile = (int64_t)(EVL_PIECE_BYTES / frame);
  if (tile < 8) tile = 8; /* what a block takes */
  for (int64_t f = 0; f < n; f += most) {
    int64_t many = n - f < most ? n - f : most;
    EVL_TRY(evl_reader_file_bytes(reader, file, offset + (first + f) * (int64_t)frame, buffer, (size_t)many * frame));
    for (int64_t t = 0; t < many; t += tile)
      evl_planes_split(buffer + (size_t)t * frame, many - t < tile ? many - t : tile, signals, (int)signals, width,
                       evl_planes_at(reader, type, 0, f + t), (size_t)reader->loaded_records);
  }
  return EVL_OK;
}

/* ---- decoding ---- */

/* Compared as doubles, so that all lanes of a vector have one width; a choice of the factor needs no branch. */
#define DECODE_WHOLE(type)                                                  \
  for (int64_t i = 0; i < n; i++) {                                         \
    type v;                                                                 \
    memcpy(&v, (const uint8_t *)plane + (size_t)i * sizeof v, sizeof v);    \
    double d = (double)v, factor = d == missing ? NAN : gain;               \
    x[i] = (d - zero) * factor;                                             \
  }

/* A difference with itself is 0 for finite numbers alone. */
#define DECODE_REAL(type)                                                   \
  for (int64_t i = 0; i < n; i++) {                                         \
    type v;                                                                 \
    memcpy(&v, (const uint8_t *)plane + (size_t)i * sizeof v, sizeof v);    \
    double y = ((double)v - zero) * gain;                                   \
    x[i] = y - y == 0.0 ? y : NAN;                                          \
  }

static void decode_i16(const void *restrict plane, int64_t n, double zero, double gain, double missing,
                       double *restrict x) {
  DECODE_WHOLE(int16_t)
}

static void decode_i32(const void *restrict plane, int64_t n, double zero, double gain, double missing,
                       double *restrict x) {
  DECODE_WHOLE(int32_t)
}

static void decode_f32(const void *restrict plane, int64_t n, double zero, double gain, double *restrict x) {
  DECODE_REAL(float)
}

static void decode_f64(const void *restrict plane, int64_t n, double zero, double gain, double *restrict x) {
  DECODE_REAL(double)
}

void evl_planes_decode(evl_plane_type type, const void *plane, int64_t n, const evl_plane_scale *scale, double *x) {
  double zero = scale->zero, gain = scale->gain;
  double missing = scale->missing == EVL_NONE_MISSING ? INFINITY : (double)scale->missing;
  if (type == EVL_PLANE_F32) decode_f32(plane, n, zero, gain, x);
  else if (type == EVL_PLANE_F64) decode_f64(plane, n, zero, gain, x);
  else if (type == EVL_PLANE_I16) decode_i16(plane, n, zero, gain, missing, x);
  else decode_i32(plane, n, zero, gain, missing, x);
}
