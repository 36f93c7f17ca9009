/* matlab_matio: the only file that knows libmatio. */
#include <math.h>
#include <matio.h>
#include <stdlib.h>
#include <string.h>

#include "matlab_priv.h"

enum { MOST = 64 };

struct evl_mat {
  mat_t *file;
  int n;
  matvar_t *variable[MOST]; /* to be freed */
};

static matvar_t *of(const evl_mat_value *value) { return (matvar_t *)(uintptr_t)value; }

evl_status evl_mat_open(const evl_reader *reader, evl_mat **opened) {
  evl_mat *mat = calloc(1, sizeof *mat);
  *opened = mat;
  if (!mat) return evl_fail(EVL_MEMORY, "%s: out of memory", reader->path);
  mat->file = Mat_Open(reader->path, MAT_ACC_RDONLY);
  if (mat->file) return EVL_OK;
  free(mat);
  *opened = NULL;
  return evl_fail(EVL_FORMAT, "%s: expected a MATLAB file of version 4 to 7, found none by libmatio", reader->path);
}

void evl_mat_close(evl_mat *mat) {
  if (!mat) return;
  for (int i = 0; i < mat->n; i++) Mat_VarFree(mat->variable[i]);
  Mat_Close(mat->file);
  free(mat);
}

static evl_mat_value *keep(evl_mat *mat, matvar_t *variable) {
  if (!variable) return NULL;
  if (mat->n < MOST) {
    mat->variable[mat->n++] = variable;
    return (evl_mat_value *)variable;
  }
  Mat_VarFree(variable);
  return NULL;
}

evl_mat_value *evl_mat_next(evl_mat *mat) { return keep(mat, Mat_VarReadNextInfo(mat->file)); }

evl_mat_value *evl_mat_find(evl_mat *mat, const char *path) {
  char name[256];
  size_t n = strcspn(path, ".");
  if (n >= sizeof name) return NULL;
  memcpy(name, path, n);
  name[n] = 0;
  evl_mat_value *value = keep(mat, Mat_VarReadInfo(mat->file, name));
  while (value && path[n] == '.') {
    path += n + 1;
    n = strcspn(path, ".");
    if (n >= sizeof name) return NULL;
    memcpy(name, path, n);
    name[n] = 0;
    value = evl_mat_field(value, name, 0);
  }
  return value;
}

evl_mat_facts evl_mat_look(const evl_mat_value *value) {
  const matvar_t *v = of(value);
  evl_mat_facts facts = {.name = v->name ? v->name : "", .kind = EVL_MAT_NUMBERS, .rows = 1, .columns = 1};
  bool plane = true;
  switch (v->class_type) {
    case MAT_C_DOUBLE: facts.type = EVL_PLANE_F64; break;
    case MAT_C_SINGLE: facts.type = EVL_PLANE_F32; break;
    case MAT_C_INT16: facts.type = EVL_PLANE_I16; break;
    case MAT_C_INT32: facts.type = EVL_PLANE_I32; break;
    case MAT_C_INT8: case MAT_C_UINT8: case MAT_C_UINT16: case MAT_C_UINT32: case MAT_C_INT64: case MAT_C_UINT64:
      plane = false;
      break;
    case MAT_C_CHAR: facts.kind = EVL_MAT_TEXT; break;
    case MAT_C_CELL: facts.kind = EVL_MAT_CELLS; break;
    case MAT_C_STRUCT: facts.kind = EVL_MAT_STRUCT; break;
    default: facts.kind = EVL_MAT_OTHER; break;
  }
  for (int i = 0; i < v->rank; i++) *(i ? &facts.columns : &facts.rows) *= (int64_t)v->dims[i];
  facts.compressed = v->compression == MAT_COMPRESSION_ZLIB;
  facts.real_matrix = facts.kind == EVL_MAT_NUMBERS && plane && !v->isComplex && v->rank >= 2;
  return facts;
}

bool evl_mat_load(evl_mat *mat, evl_mat_value *value) {
  if (!value) return false;
  matvar_t *v = of(value);
  /* Structures and cells have their parts from the start, but not what the parts hold. */
  bool parts = v->class_type == MAT_C_STRUCT || v->class_type == MAT_C_CELL;
  return (v->data && !parts) || Mat_VarReadDataAll(mat->file, v) == 0;
}

/* Elements of a structure or cell array. */
static int64_t count(const matvar_t *v) {
  int64_t n = v->rank > 0;
  for (int i = 0; i < v->rank; i++) n *= (int64_t)v->dims[i];
  return n;
}

evl_mat_value *evl_mat_field(const evl_mat_value *value, const char *name, int64_t i) {
  matvar_t *v = of(value);
  if (!v || v->class_type != MAT_C_STRUCT || !v->data || i < 0 || i >= count(v)) return NULL;
  return (evl_mat_value *)Mat_VarGetStructFieldByName(v, name, (size_t)i);
}

evl_mat_value *evl_mat_cell(const evl_mat_value *value, int64_t i) {
  matvar_t *v = of(value);
  if (!v || v->class_type != MAT_C_CELL || !v->data || i < 0 || i >= count(v)) return NULL;
  return (evl_mat_value *)Mat_VarGetCell(v, (int)i);
}

double evl_mat_number(const evl_mat_value *value) {
  const matvar_t *v = of(value);
  if (!v || !v->data || count(v) < 1 || v->isComplex) return NAN;
  switch (v->class_type) {
    case MAT_C_DOUBLE: return *(const double *)v->data;
    case MAT_C_SINGLE: return (double)*(const float *)v->data;
    case MAT_C_INT8: return *(const int8_t *)v->data;
    case MAT_C_UINT8: return *(const uint8_t *)v->data;
    case MAT_C_INT16: return *(const int16_t *)v->data;
    case MAT_C_UINT16: return *(const uint16_t *)v->data;
    case MAT_C_INT32: return *(const int32_t *)v->data;
    case MAT_C_UINT32: return *(const uint32_t *)v->data;
    default: return NAN;
  }
}

/* Characters of two bytes and more become UTF-8; bytes are what evl_text_utf8 makes of them. */
void evl_mat_text(const evl_mat_value *value, int64_t i, char *text, size_t size) {
  const matvar_t *v = of(value);
  uint8_t bytes[1024];
  size_t n = 0;
  *text = 0;
  if (!v || v->class_type != MAT_C_CHAR || !v->data || v->rank < 2 || i < 0 || i >= (int64_t)v->dims[0]) return;
  size_t width = v->data_size > 0 ? (size_t)v->data_size : 1, have = v->nbytes / width;
  bool utf8 = v->data_type == MAT_T_UTF8 && v->dims[0] == 1; /* then sizes count characters, not bytes */
  for (size_t k = 0; k < (utf8 ? have : v->dims[1]) && n + 3 < sizeof bytes; k++) {
    size_t at = k * v->dims[0] + (size_t)i;
    if (at >= have) break;
    uint32_t c = 0;
    memcpy(&c, (const uint8_t *)v->data + at * width, width <= 4 ? width : 4);
    if (width == 1 || c < 0x80) bytes[n++] = (uint8_t)c;
    else if (c < 0x800) bytes[n++] = (uint8_t)(0xC0 | c >> 6), bytes[n++] = (uint8_t)(0x80 | (c & 0x3F));
    else {
      bytes[n++] = (uint8_t)(0xE0 | (c >> 12 & 0xF));
      bytes[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
      bytes[n++] = (uint8_t)(0x80 | (c & 0x3F));
    }
  }
  evl_text_utf8(bytes, n, text, size);
}

evl_status evl_mat_numbers(const evl_reader *reader, evl_mat *mat, evl_mat_value *value, int64_t start, int64_t n,
                           void *into) {
  enum { MOST_AT_ONCE = 1 << 28 }; /* libmatio counts in int */
  size_t width = Mat_SizeOfClass(of(value)->class_type);
  while (n > 0) {
    int here = n < MOST_AT_ONCE ? (int)n : MOST_AT_ONCE;
    if (start > INT32_MAX || Mat_VarReadDataLinear(mat->file, of(value), into, (int)start, 1, here) != 0)
      return evl_fail(EVL_FORMAT, "%s: expected %d numbers of %s from %lld on, found less by libmatio", reader->path, here,
                      of(value)->name, (long long)start);
    into = (uint8_t *)into + (size_t)here * width;
    start += here;
    n -= here;
  }
  return EVL_OK;
}
