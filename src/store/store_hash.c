/* SHA-256 of a dataset, in blocks: type, number of dimensions, dimensions, content. How it is chunked
   or compressed does not enter. */
#include <stdlib.h>
#include <string.h>

#include "store_read_priv.h"

#define BLOCK_BYTES ((uint64_t)4 << 20)

static evl_status add_texts(void *context, uint64_t first, uint64_t n, const char *const *text) {
  (void)first;
  for (uint64_t i = 0; i < n; i++) evl_sha256_add(context, text[i], strlen(text[i]) + 1);
  return EVL_OK;
}

/* Whole chunks at a time, so that none is decompressed twice. */
static uint64_t rows_of_block(const open_dataset *open, uint64_t row_bytes) {
  hsize_t chunk[H5S_MAX_RANK] = {1};
  uint64_t rows = BLOCK_BYTES / row_bytes ? BLOCK_BYTES / row_bytes : 1;
  hid_t create = H5Dget_create_plist(open->id);
  if (H5Pget_layout(create) == H5D_CHUNKED && H5Pget_chunk(create, H5S_MAX_RANK, chunk) > 0 && chunk[0] <= open->dim[0])
    rows = rows < chunk[0] ? chunk[0] : rows / chunk[0] * chunk[0];
  H5Pclose(create);
  return rows < open->dim[0] ? rows : open->dim[0];
}

static evl_status add_numbers(const evl_store *store, const char *path, const open_dataset *open, evl_sha256 *hash) {
  uint64_t row_bytes = open->row_elements * evl_type_bytes(open->type);
  if (row_bytes == 0 || open->dim[0] == 0) return EVL_OK;
  uint64_t rows = rows_of_block(open, row_bytes), bytes;
  if (__builtin_mul_overflow(rows, row_bytes, &bytes) || bytes > (uint64_t)1 << 32)
    return evl_fail(EVL_LIMIT, "%s: %s: rows or chunks of more than 4 GiB", store->path, path);
  void *data = malloc((size_t)bytes);
  evl_status status = data ? EVL_OK : evl_fail(EVL_MEMORY, "%s: %s: no memory for its rows", store->path, path);
  for (uint64_t row = 0; row < open->dim[0] && status == EVL_OK; row += rows) {
    uint64_t n = open->dim[0] - row < rows ? open->dim[0] - row : rows;
    status = evl_h5_read(store, path, open, evl_h5_file_type(open->type), row, n, data);
    if (status == EVL_OK) evl_sha256_add(hash, data, (size_t)(n * row_bytes));
  }
  free(data);
  return status;
}

evl_status evl_store_hash(evl_store *store, const char *path, uint8_t digest[32]) {
  open_dataset open;
  evl_sha256 hash;
  EVL_TRY(evl_h5_open(store, path, &open));
  uint8_t head[2] = {(uint8_t)open.type, (uint8_t)open.n_dims};
  evl_sha256_begin(&hash);
  evl_sha256_add(&hash, head, sizeof head);
  evl_sha256_add(&hash, open.dim, (size_t)open.n_dims * sizeof open.dim[0]);
  evl_status status = open.type == EVL_TEXT ? evl_h5_each_text(store, path, &open, add_texts, &hash)
                                            : add_numbers(store, path, &open, &hash);
  evl_sha256_end(&hash, digest);
  H5Dclose(open.id);
  return status;
}
