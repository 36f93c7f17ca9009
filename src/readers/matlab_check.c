/* matlab_check: the sizes that a MATLAB file states, followed through all of it.

   MAT-File Format, MathWorks, version 5: elements with a tag of type and bytes; a matrix is an element whose parts are
   elements; a compressed element inflates to one. Version 4: a header of five numbers, a name, numbers. */
#include <byteswap.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "matlab_priv.h"

enum { HEADER = 128, DEEPEST = 32, CHUNK = 1 << 15, MATRIX = 14, COMPRESSED = 15, UTF8 = 16 };
enum { CELL = 1, STRUCT = 2, OBJECT = 3, TEXT = 4, SPARSE = 5, FIRST_NUMERIC = 6, LAST_NUMERIC = 15 };

/* Bytes one after the other: of the file, or inflated from it. */
typedef struct source {
  const evl_reader *reader;
  bool swapped, inflating, ended; /* ended: the checksum was right */
  int64_t at, end;         /* in the file */
  int64_t given;           /* bytes given */
  z_stream z;
  uint8_t in[CHUNK];
} source;

static evl_status broken(const evl_reader *reader, const char *expected, int64_t found) {
  return evl_fail(EVL_FORMAT, "%s: expected %s, found %lld: the file is damaged or cut", reader->path, expected,
                  (long long)found);
}

static evl_status refill(source *s) {
  size_t n = s->end - s->at < CHUNK ? (size_t)(s->end - s->at) : CHUNK;
  if (n == 0) return broken(s->reader, "a compressed part that ends", s->given);
  EVL_TRY(evl_reader_bytes(s->reader, s->at, s->in, n));
  s->at += (int64_t)n;
  s->z.next_in = s->in;
  s->z.avail_in = (unsigned)n;
  return EVL_OK;
}

/* The next n bytes; NULL: they are skipped. */
static evl_status take(source *s, void *into, int64_t n) {
  uint8_t waste[4096];
  s->given += n;
  if (!s->inflating) {
    if (n > s->end - s->at) return broken(s->reader, "a part that lies inside what holds it, bytes beyond", n);
    if (into) EVL_TRY(evl_reader_bytes(s->reader, s->at, into, (size_t)n));
    s->at += n;
    return EVL_OK;
  }
  while (n > 0) {
    unsigned here = into ? (unsigned)n : n < (int64_t)sizeof waste ? (unsigned)n : (unsigned)sizeof waste;
    s->z.next_out = into ? into : waste;
    s->z.avail_out = here;
    while (s->z.avail_out) {
      if (!s->z.avail_in && !s->ended) EVL_TRY(refill(s));
      int code = s->ended ? Z_STREAM_END : inflate(&s->z, Z_NO_FLUSH);
      s->ended = code == Z_STREAM_END;
      if (s->ended && s->z.avail_out == 0) break;
      if (code != Z_OK) return broken(s->reader, "compressed bytes that inflate, code of zlib", code);
    }
    n -= here;
    if (into) break;
  }
  return EVL_OK;
}

static uint32_t word(const source *s, const uint8_t *bytes) {
  uint32_t w;
  memcpy(&w, bytes, sizeof w);
  return s->swapped ? bswap_32(w) : w;
}

typedef struct tag { uint32_t type; int64_t n, padded; uint8_t small[4]; bool is_small; } tag;

/* A tag and, where they stand in it, its bytes. */
static evl_status take_tag(source *s, tag *t) {
  uint8_t bytes[8];
  EVL_TRY(take(s, bytes, sizeof bytes));
  t->type = word(s, bytes);
  t->n = word(s, bytes + 4);
  t->is_small = t->type >> 16 != 0;
  t->padded = (t->n + 7) & ~(int64_t)7;
  if (!t->is_small) return EVL_OK;
  t->n = t->type >> 16;
  t->type &= 0xFFFF;
  t->padded = 0;
  memcpy(t->small, bytes + 4, 4);
  return t->n <= 4 ? EVL_OK : broken(s->reader, "at most 4 bytes in a short part", t->n);
}

/* The bytes of an element, at most `most` of them. */
static evl_status take_bytes(source *s, const tag *t, uint8_t *into, int64_t most) {
  if (t->n > most) return broken(s->reader, "fewer bytes in the head of a matrix", t->n);
  if (t->is_small) memcpy(into, t->small, (size_t)t->n);
  else EVL_TRY(take(s, into, t->n));
  return t->is_small ? EVL_OK : take(s, NULL, t->padded - t->n);
}

static int type_bytes(uint32_t type) {
  static const uint8_t bytes[] = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8, 0, 0, 8, 8, 0, 0, 1, 2, 4};
  return type < sizeof bytes ? bytes[type] : 0;
}

/* Characters of UTF-8 take one byte or more. */
static evl_status check_numbers(source *s, int64_t count) {
  tag t;
  EVL_TRY(take_tag(s, &t));
  int width = type_bytes(t.type);
  if (!width) return broken(s->reader, "a type of number", t.type);
  bool utf8 = t.type == UTF8 && t.n >= count && t.n <= 4 * count;
  if (t.n != count * width && !utf8) return broken(s->reader, "as many numbers as the sizes of a matrix say, bytes", t.n);
  return take(s, NULL, t.padded);
}

static evl_status check_matrix(source *s, int64_t bytes, int depth);

static evl_status check_element(source *s, int depth) {
  tag t;
  EVL_TRY(take_tag(s, &t));
  if (t.type != MATRIX || t.is_small) return broken(s->reader, "a matrix (type 14) inside another, type", t.type);
  return check_matrix(s, t.n, depth);
}

/* Names of fields, then the fields of all elements. */
static evl_status check_struct(source *s, int64_t count, int depth) {
  tag t;
  uint8_t bytes[8];
  EVL_TRY(take_tag(s, &t));
  EVL_TRY(take_bytes(s, &t, bytes, 4));
  int64_t length = t.n == 4 ? word(s, bytes) : 0;
  EVL_TRY(take_tag(s, &t));
  if (length < 1 || length > 1024 || t.n % length) return broken(s->reader, "names of fields in equal lengths", t.n);
  int64_t fields = t.n / length;
  EVL_TRY(take(s, NULL, t.padded));
  for (int64_t i = 0; i < count * fields; i++) EVL_TRY(check_element(s, depth + 1));
  return EVL_OK;
}

static evl_status check_contents(source *s, int kind, bool complex, int64_t count, int depth) {
  if (kind >= FIRST_NUMERIC || kind == TEXT) {
    EVL_TRY(check_numbers(s, count));
    return complex ? check_numbers(s, count) : EVL_OK;
  }
  if (kind == STRUCT) return check_struct(s, count, depth);
  for (int64_t i = 0; i < count; i++) EVL_TRY(check_element(s, depth + 1));
  return EVL_OK;
}

/* A matrix of `bytes` behind its tag. Kinds that we do not read (objects, sparse ones, functions) are skipped. */
static evl_status check_matrix(source *s, int64_t bytes, int depth) {
  uint8_t head[8 * 32];
  int64_t begin = s->given, count = 1;
  tag t;
  if (bytes == 0) return EVL_OK; /* an empty matrix */
  if (depth > DEEPEST) return broken(s->reader, "fewer structures inside each other", depth);
  EVL_TRY(take_tag(s, &t));
  EVL_TRY(take_bytes(s, &t, head, 8));
  if (t.n != 8) return broken(s->reader, "flags of 8 bytes in a matrix", t.n);
  int kind = word(s, head) & 0xFF;
  bool complex = word(s, head) & 0x800, known = kind == CELL || kind == STRUCT || kind == TEXT ||
                                                (kind >= FIRST_NUMERIC && kind <= LAST_NUMERIC);
  if (known) {
    EVL_TRY(take_tag(s, &t));
    EVL_TRY(take_bytes(s, &t, head, sizeof head));
    for (int64_t i = 0; i < t.n / 4; i++) {
      int64_t size = word(s, head + 4 * i);
      if (size > INT32_MAX || (size && count > ((int64_t)1 << 48) / size))
        return broken(s->reader, "sizes of a matrix below 2^48", size);
      count *= size;
    }
    if (t.n < 8 || t.n % 4) return broken(s->reader, "sizes of at least two dimensions in a matrix", t.n);
    EVL_TRY(take_tag(s, &t));
    EVL_TRY(take(s, NULL, t.padded));
    EVL_TRY(check_contents(s, kind, complex, count, depth));
  }
  int64_t used = s->given - begin;
  if (used > bytes || (known && used != bytes)) return broken(s->reader, "a matrix as long as its parts, bytes", bytes);
  return take(s, NULL, bytes - used);
}

static evl_status check_compressed(source *s, int64_t n) {
  tag t;
  s->inflating = true;
  s->ended = false;
  s->end = s->at + n;
  s->given = 0;
  s->z = (z_stream){0};
  if (inflateInit(&s->z) != Z_OK) return evl_fail(EVL_MEMORY, "%s: out of memory", s->reader->path);
  evl_status status = take_tag(s, &t);
  if (status == EVL_OK && t.type != MATRIX) status = broken(s->reader, "a compressed matrix (type 14), type", t.type);
  if (status == EVL_OK) status = check_matrix(s, t.n, 0);
  /* The checksum is told with the end. */
  uint8_t none;
  while (status == EVL_OK && !s->ended) {
    if (!s->z.avail_in) status = refill(s);
    s->z.next_out = &none;
    s->z.avail_out = 1;
    int code = status == EVL_OK ? inflate(&s->z, Z_NO_FLUSH) : Z_OK;
    s->ended = code == Z_STREAM_END && s->z.avail_out == 1;
    if (status == EVL_OK && !s->ended && (code != Z_OK || s->z.avail_out == 0))
      status = broken(s->reader, "a compressed part that ends with its checksum, code of zlib", code);
  }
  inflateEnd(&s->z);
  s->inflating = false;
  s->at = s->end;
  return status;
}

static evl_status check_5(evl_reader *reader, source *s) {
  int64_t size = reader->header.bytes;
  for (s->at = HEADER; s->at < size;) {
    tag t;
    s->end = size;
    EVL_TRY(take_tag(s, &t));
    if (t.n > size - s->at || t.is_small)
      return broken(reader, "variables that end inside the file, bytes missing", t.n - (size - s->at));
    if (t.type == COMPRESSED) {
      EVL_TRY(check_compressed(s, t.n));
    } else if (t.type == MATRIX) {
      s->end = s->at + t.n;
      EVL_TRY(check_matrix(s, t.n, 0));
    } else {
      return broken(reader, "a variable (type 14 or 15), type", t.type);
    }
  }
  return EVL_OK;
}

typedef struct head_4 { int64_t type, rows, columns, complex, name; } head_4;

static bool read_4(const uint8_t *bytes, bool *swapped, head_4 *h) {
  uint32_t w[5];
  memcpy(w, bytes, sizeof w);
  *swapped = w[0] > 5000;
  for (int i = 0; i < 5; i++) w[i] = *swapped ? bswap_32(w[i]) : w[i];
  *h = (head_4){w[0], w[1], w[2], w[3], w[4]};
  int64_t order = h->type / 1000, zero = h->type / 100 % 10, number = h->type / 10 % 10, kind = h->type % 10;
  return order == *swapped && zero == 0 && number <= 5 && kind <= 2 && h->complex <= 1 && h->name >= 2 &&
         h->name <= 64 && h->rows <= INT32_MAX && h->columns <= INT32_MAX;
}

static evl_status check_4(evl_reader *reader) {
  static const int width[] = {8, 4, 4, 2, 2, 1};
  int64_t size = reader->header.bytes, at = 0;
  while (at < size) {
    uint8_t bytes[20];
    bool swapped;
    head_4 h;
    if (size - at < (int64_t)sizeof bytes) return broken(reader, "a header of 20 bytes, bytes", size - at);
    EVL_TRY(evl_reader_bytes(reader, at, bytes, sizeof bytes));
    if (!read_4(bytes, &swapped, &h)) return broken(reader, "the header of a variable of version 4 at byte", at);
    double n = (double)h.rows * (double)h.columns * width[h.type / 10 % 10] * (h.complex ? 2 : 1);
    if (n > (double)(size - at - 20 - h.name))
      return broken(reader, "variables that end inside the file, bytes missing",
                    (int64_t)(n - (double)(size - at - 20 - h.name)));
    at += 20 + h.name + (int64_t)n;
  }
  return EVL_OK;
}

evl_mat_version evl_mat_recognise(const uint8_t *first, size_t n) {
  bool swapped;
  head_4 h;
  if (n >= HEADER && memcmp(first, "MATLAB 7.3", 10) == 0) return EVL_MAT_73;
  if (n >= HEADER && (memcmp(first + 124, "\0\1IM", 4) == 0 || memcmp(first + 124, "\1\0MI", 4) == 0)) return EVL_MAT_5;
  return n >= 20 && read_4(first, &swapped, &h) && h.rows * h.columns > 0 ? EVL_MAT_4 : EVL_MAT_NONE;
}

evl_status evl_mat_check(evl_reader *reader) {
  uint8_t first[HEADER];
  size_t n = reader->header.bytes < HEADER ? (size_t)reader->header.bytes : HEADER;
  evl_sha256 hash;
  EVL_TRY(evl_reader_bytes(reader, 0, first, n));
  evl_sha256_begin(&hash);
  evl_sha256_add(&hash, first, n);
  evl_reader_key(reader, &hash);
  evl_mat_version version = evl_mat_recognise(first, n);
  if (version == EVL_MAT_73)
    return evl_fail(EVL_FORMAT, "%s: expected a MATLAB file of version 4 to 7, found version 7.3, which is HDF5: save it "
                    "with -v7 in MATLAB", reader->path);
  if (evl_reader_unchanged(reader)) return EVL_OK;
  if (version == EVL_MAT_4) return check_4(reader);
  source *s;
  EVL_NEW(reader->arena, s, 1);
  s->reader = reader;
  s->swapped = first[126] == 'M';
  return check_5(reader, s);
}
