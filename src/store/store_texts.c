/* Texts of datasets and attributes, of variable or fixed length, and attributes as text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_read_priv.h"

#define BLOCK_TEXTS 4096 /* texts in memory at a time */

static const char none[] = "";

/* One block of rows: pointers into HDF5's memory, given back afterwards. */
static evl_status variable_block(const evl_store *store, const char *path, const open_dataset *open, uint64_t row,
                                 uint64_t rows, char **text, take_texts take, void *context) {
  uint64_t n = rows * open->row_elements;
  hid_t type = H5Dget_type(open->id), native = H5Tcopy(type);
  memset(text, 0, (size_t)n * sizeof *text);
  evl_status status = evl_h5_read(store, path, open, native, row, rows, text);
  char **original = malloc((size_t)n * sizeof *original);
  if (!original && status == EVL_OK) status = evl_fail(EVL_MEMORY, "%s: %s: no memory for texts", store->path, path);
  if (original) memcpy(original, text, (size_t)n * sizeof *text);
  for (uint64_t i = 0; i < n; i++)
    if (!text[i]) text[i] = (char *)(uintptr_t)none;
  if (status == EVL_OK) status = take(context, row * open->row_elements, n, (const char *const *)text);
  if (original) {
    hsize_t count = n;
    hid_t space = H5Screate_simple(1, &count, NULL);
    EVL_H5_RECLAIM(native, space, H5P_DEFAULT, original);
    H5Sclose(space);
  }
  free(original);
  H5Tclose(native);
  H5Tclose(type);
  return status;
}

static evl_status fixed_block(const evl_store *store, const char *path, const open_dataset *open, uint64_t row,
                              uint64_t rows, char **text, take_texts take, void *context) {
  uint64_t n = rows * open->row_elements;
  hid_t type = H5Dget_type(open->id);
  size_t length = H5Tget_size(type);
  hid_t memory = H5Tcopy(type);
  H5Tset_size(memory, length + 1);
  H5Tset_strpad(memory, H5T_STR_NULLTERM);
  char *bytes = length < ((size_t)1 << 20) ? calloc((size_t)n, length + 1) : NULL;
  evl_status status = bytes
                          ? evl_h5_read(store, path, open, memory, row, rows, bytes)
                          : evl_fail(EVL_MEMORY, "%s: %s: no memory for texts of %zu bytes", store->path, path, length);
  for (uint64_t i = 0; i < n && bytes; i++) text[i] = bytes + i * (length + 1);
  if (status == EVL_OK) status = take(context, row * open->row_elements, n, (const char *const *)text);
  free(bytes);
  H5Tclose(memory);
  H5Tclose(type);
  return status;
}

evl_status evl_h5_each_text(const evl_store *store, const char *path, const open_dataset *open, take_texts take,
                            void *context) {
  if (open->type != EVL_TEXT) return evl_fail(EVL_FORMAT, "%s: %s: texts expected, found numbers", store->path, path);
  if (open->row_elements == 0 || open->dim[0] == 0) return EVL_OK;
  hid_t type = H5Dget_type(open->id);
  bool variable = H5Tis_variable_str(type) > 0;
  H5Tclose(type);
  if (open->row_elements > ((uint64_t)1 << 24))
    return evl_fail(EVL_LIMIT, "%s: %s: too many texts in a row", store->path, path);
  uint64_t rows = BLOCK_TEXTS / open->row_elements ? BLOCK_TEXTS / open->row_elements : 1;
  char **text = malloc((size_t)(rows * open->row_elements) * sizeof *text);
  evl_status status = text ? EVL_OK : evl_fail(EVL_MEMORY, "%s: %s: no memory for texts", store->path, path);
  for (uint64_t row = 0; row < open->dim[0] && status == EVL_OK; row += rows) {
    uint64_t n = open->dim[0] - row < rows ? open->dim[0] - row : rows;
    status = (variable ? variable_block : fixed_block)(store, path, open, row, n, text, take, context);
  }
  free(text);
  return status;
}

typedef struct copy {
  evl_arena *arena;
  const char **text;
} copy;

static evl_status copy_texts(void *context, uint64_t first, uint64_t n, const char *const *text) {
  copy *to = context;
  for (uint64_t i = 0; i < n; i++)
    if (!(to->text[first + i] = evl_arena_text(to->arena, text[i]))) return EVL_MEMORY;
  return EVL_OK;
}

evl_status evl_store_texts(evl_store *store, const char *path, evl_arena *arena, uint64_t *n, const char ***text) {
  open_dataset open;
  EVL_TRY(evl_h5_open(store, path, &open));
  uint64_t count;
  evl_status status = EVL_OK;
  if (__builtin_mul_overflow(open.dim[0], open.row_elements, &count) || count > SIZE_MAX / 64)
    status = evl_fail(EVL_FORMAT, "%s: %s: impossible dimensions", store->path, path);
  else if (open.type != EVL_TEXT)
    status = evl_fail(EVL_FORMAT, "%s: %s: texts expected, found numbers", store->path, path);
  copy to = {.arena = arena,
             .text = status == EVL_OK ? evl_arena_alloc(arena, (size_t)(count + 1) * sizeof *to.text) : NULL};
  if (status == EVL_OK && !to.text) status = EVL_MEMORY;
  if (status == EVL_OK) status = evl_h5_each_text(store, path, &open, copy_texts, &to);
  H5Dclose(open.id);
  if (status != EVL_OK) return status;
  *n = count;
  *text = to.text;
  return EVL_OK;
}

/* Numbers of an attribute with spaces between: integers exactly, others %.17g. */
static const char *numbers_as_text(hid_t id, bool integers, uint64_t n, evl_arena *arena) {
  enum { WIDEST = 26 };
  union {
    double real;
    int64_t integer;
  } *value = malloc((size_t)n * sizeof *value);
  char *text = evl_arena_alloc(arena, (size_t)n * WIDEST + 1);
  bool read = value && text && H5Aread(id, integers ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE, value) >= 0;
  size_t at = 0;
  for (uint64_t i = 0; read && i < n; i++) {
    const char *space = i ? " " : "";
    at += (size_t)(integers ? snprintf(text + at, WIDEST + 1, "%s%lld", space, (long long)value[i].integer)
                            : snprintf(text + at, WIDEST + 1, "%s%.17g", space, value[i].real));
  }
  free(value);
  return read ? text : NULL;
}

/* Texts of an attribute, a line each. */
static const char *texts_as_text(hid_t id, hid_t type, hid_t space, uint64_t n, evl_arena *arena) {
  const char *all = NULL;
  if (H5Tis_variable_str(type) > 0) {
    char **text = calloc((size_t)n + 1, sizeof *text);
    if (text && H5Aread(id, type, text) >= 0) {
      all = evl_arena_text(arena, text[0] ? text[0] : "");
      for (uint64_t i = 1; i < n && all; i++) all = evl_arena_format(arena, "%s\n%s", all, text[i] ? text[i] : "");
      EVL_H5_RECLAIM(type, space, H5P_DEFAULT, text);
    }
    free(text);
  } else if (n == 1) {
    size_t length = H5Tget_size(type);
    char *text = calloc(length + 1, 1);
    if (text && H5Aread(id, type, text) >= 0) all = evl_arena_text(arena, text);
    free(text);
  }
  return all;
}

evl_status evl_store_attribute(evl_store *store, const char *path, const char *name, evl_arena *arena,
                               const char **text) {
  *text = NULL;
  bool root = strcmp(path, "/") == 0;
  if (!root && !evl_store_has(store, path)) return EVL_OK;
  hid_t object = H5Oopen(store->file, path, H5P_DEFAULT);
  if (object < 0) return evl_h5_fail(EVL_FORMAT, store->path, path, "the object is unreadable");
  evl_status status = EVL_OK;
  if (H5Aexists(object, name) > 0) {
    hid_t id = H5Aopen(object, name, H5P_DEFAULT), type = H5Aget_type(id), space = H5Aget_space(id);
    hssize_t n = H5Sget_simple_extent_npoints(space);
    H5T_class_t kind = H5Tget_class(type);
    if (n >= 1 && n <= 1 << 20 && kind == H5T_STRING) *text = texts_as_text(id, type, space, (uint64_t)n, arena);
    if (n >= 1 && n <= 1 << 20 && (kind == H5T_INTEGER || kind == H5T_FLOAT))
      *text = numbers_as_text(id, kind == H5T_INTEGER, (uint64_t)n, arena);
    if (!*text) status = evl_h5_fail(EVL_FORMAT, store->path, path, "an attribute is unreadable");
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(id);
  }
  H5Oclose(object);
  return status == EVL_OK ? EVL_OK : evl_fail_in(status, "attribute %s", name);
}
