/* npy: NumPy's array file, versions 1 to 3. The header is a literal of a dictionary with three keys. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "series_priv.h"

enum { MAGIC = 6, MOST_HEADER = 1 << 16 };

static const evl_param params[] = {
  EVL_SERIES_PARAMS,
  {"channels", EVL_STRING, "\"auto\"", 0, 0, "auto|rows|columns", "",
   "What holds a channel, a row or a column of the array; auto: its longer side is time."},
  {0}};

static bool knows(const uint8_t *first, size_t n, const char *path) {
  (void)path;
  return n >= MAGIC && memcmp(first, "\x93NUMPY", MAGIC) == 0;
}

typedef struct extent { int n; int64_t size[2]; bool fortran; } extent;

/* Behind the key and its colon; NULL where the header lacks it. */
static const char *value_of(const char *header, const char *key) {
  const char *at = strstr(header, key);
  if (!at) return NULL;
  at += strlen(key);
  at += strspn(at, " ");
  return *at == ':' ? at + 1 + strspn(at + 1, " ") : NULL;
}

static evl_status wrong(const evl_reader *reader, const char *expected, const char *found) {
  char text[64];
  size_t n = strcspn(found, "\n");
  evl_text_utf8((const uint8_t *)found, n < 40 ? n : 40, text, sizeof text);
  return evl_fail(EVL_FORMAT, "%s: expected %s in the header of the array, found %s", reader->path, expected,
                  *text ? text : "nothing");
}

static evl_status read_number(const evl_reader *reader, const char *descr, evl_matrix *matrix) {
  static const struct { const char *code; evl_plane_type type; } known[] = {
    {"f4", EVL_PLANE_F32}, {"f8", EVL_PLANE_F64}, {"i2", EVL_PLANE_I16}, {"i4", EVL_PLANE_I32}};
  if (!descr || (*descr != '\'' && *descr != '"') || !descr[1] || !strchr("<>|", descr[1]))
    return wrong(reader, "a type of number ('descr')", descr ? descr : "");
  matrix->swapped = descr[1] == '>';
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strncmp(descr + 2, known[i].code, 2) == 0 && descr[4] == descr[0]) {
      matrix->series.type = known[i].type;
      return EVL_OK;
    }
  return wrong(reader, "numbers of the type f4, f8, i2 or i4", descr);
}

static evl_status read_shape(const evl_reader *reader, const char *text, extent *shape) {
  if (!text || *text != '(') return wrong(reader, "a shape", text ? text : "");
  const char *at = text + 1;
  while (*(at += strspn(at, " ")) != ')') {
    if (*at < '0' || *at > '9' || shape->n == 2) return wrong(reader, "a shape of one or two sizes", text);
    char *end;
    long long size = strtoll(at, &end, 10);
    if (size < 1 || size > 1LL << 48) return wrong(reader, "sizes from 1 to 2^48", text);
    shape->size[shape->n++] = size;
    at = end + strspn(end, " L");
    if (*at == ',') at++;
    else if (*at != ')') return wrong(reader, "a shape of one or two sizes", text);
  }
  return shape->n ? EVL_OK : wrong(reader, "a shape of one or two sizes", text);
}

static evl_status read_dictionary(evl_reader *reader, evl_matrix *matrix, extent *shape) {
  uint8_t start[12];
  size_t n = 0;
  if (reader->header.bytes < (int64_t)sizeof start)
    return evl_fail(EVL_FORMAT, "%s: expected a header of at least %zu bytes, found a file of %lld", reader->path,
                    sizeof start, (long long)reader->header.bytes);
  EVL_TRY(evl_reader_bytes(reader, 0, start, sizeof start));
  int version = start[MAGIC], width = version == 1 ? 2 : 4;
  if (version < 1 || version > 3)
    return evl_fail(EVL_FORMAT, "%s: expected version 1 to 3 of the array file, found %d", reader->path, version);
  for (int i = width; i-- > 0;) n = n << 8 | start[MAGIC + 2 + i];
  matrix->offset = MAGIC + 2 + width + (int64_t)n;
  if (n > MOST_HEADER || matrix->offset > reader->header.bytes)
    return evl_fail(EVL_FORMAT, "%s: expected a header of at most %d bytes inside the file of %lld, found %zu",
                    reader->path, MOST_HEADER, (long long)reader->header.bytes, n);
  char *text;
  EVL_NEW(reader->arena, text, n + 1);
  EVL_TRY(evl_reader_bytes(reader, MAGIC + 2 + width, text, n));
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  evl_sha256_add(&hash, start, MAGIC + 2);
  evl_sha256_add(&hash, text, n);
  evl_reader_key(reader, &hash);
  const char *order = value_of(text, "'fortran_order'");
  EVL_TRY(read_number(reader, value_of(text, "'descr'"), matrix));
  if (!order || (strncmp(order, "True", 4) != 0 && strncmp(order, "False", 5) != 0))
    return wrong(reader, "True or False for 'fortran_order'", order ? order : "");
  shape->fortran = *order == 'T';
  return read_shape(reader, value_of(text, "'shape'"), shape);
}

static evl_status open_npy(evl_reader *reader) {
  evl_matrix *matrix;
  extent shape = {.size = {1, 1}};
  bool rows;
  double fs_hz;
  EVL_NEW(reader->arena, matrix, 1);
  reader->state = matrix;
  reader->header.format = "NPY";
  EVL_TRY(read_dictionary(reader, matrix, &shape));
  EVL_TRY(evl_matrix_side(reader, shape.size[0], shape.size[1], &rows));
  double asked = (double)shape.size[0] * (double)shape.size[1] * (double)evl_plane_width(matrix->series.type);
  double data = (double)(reader->header.bytes - matrix->offset);
  if (asked > data)
    return evl_fail(EVL_FORMAT, "%s: expected %.0f bytes of %lld x %lld numbers, found %.0f: the file is cut",
                    reader->path, asked, (long long)shape.size[0], (long long)shape.size[1], data);
  if (asked < data) evl_reader_note(reader, "%.0f bytes after the array are ignored", data - asked);
  matrix->by_channel = rows != shape.fortran;
  EVL_TRY(evl_series_rate(reader, 0, &fs_hz));
  EVL_TRY(evl_series_header(reader, shape.size[!rows], shape.size[rows], fs_hz));
  return evl_matrix_plan(reader, matrix);
}

const evl_format evl_format_npy = {
  .name = "npy",
  .summary = "NumPy array of one or two dimensions (.npy): channels at one rate",
  .cite = "NumPy Enhancement Proposal 1, https://numpy.org/neps/nep-0001-npy-format.html",
  .suffixes = ".npy",
  .params = params,
  .knows = knows,
  .open = open_npy,
  .load = evl_series_load,
  .channel = evl_series_channel,
  .annotations = evl_series_no_annotations,
};
