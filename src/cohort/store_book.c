/* store_book: a store that is open for printing. */
#include "store_book_priv.h"

evl_status evl_book_texts(evl_book *b, const char *group, const char *name, uint64_t *n, const char ***text) {
  const char *path = evl_arena_format(b->arena, "%s/%s", group, name);
  return path ? evl_store_texts(b->store, path, b->arena, n, text) : EVL_MEMORY;
}

evl_status evl_book_numbers(evl_book *b, const char *group, const char *name, uint64_t *n, double **x) {
  evl_type type;
  int n_dims;
  uint64_t dim[4];
  const char *path = evl_arena_format(b->arena, "%s/%s", group, name);
  if (!path) return EVL_MEMORY;
  EVL_TRY(evl_store_shape(b->store, path, &type, &n_dims, dim));
  uint64_t all = 1;
  for (int k = 0; k < n_dims; k++) all *= dim[k];
  EVL_NEW(b->arena, *x, all + 1);
  if (n) *n = n_dims ? dim[0] : 1;
  return all ? evl_store_read(b->store, path, EVL_F64, 0, n_dims ? dim[0] : 1, *x) : EVL_OK;
}

evl_status evl_book_open(const char *path, evl_book *b) {
  b->path = path;
  b->arena = evl_arena_create();
  if (!b->arena) return evl_fail(EVL_MEMORY, "out of memory");
  const char *version;
  EVL_TRY(evl_store_open(path, &b->store));
  EVL_TRY(evl_store_attribute(b->store, "/", "eveil_version", b->arena, &version));
  return version ? EVL_OK : evl_fail(EVL_FORMAT, "%s: not a store: an HDF5 file of another program", path);
}

void evl_book_close(evl_book *b) {
  if (b->store) evl_store_close(b->store);
  evl_arena_free(b->arena);
}
