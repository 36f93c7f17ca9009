/* An open store, and the way to the numbers and texts of a dataset. */
#ifndef EVL_STORE_READ_PRIV_H
#define EVL_STORE_READ_PRIV_H

#include "hdf5_priv.h"

struct evl_store {
  char *path;
  hid_t file;
};

typedef struct open_dataset {
  hid_t id;
  evl_type type;
  int n_dims;
  uint64_t dim[4];       /* 1 beyond n_dims: a scalar is one row of one element */
  uint64_t row_elements; /* dim[1] * dim[2] * dim[3] */
} open_dataset;

/* EVL_FORMAT: absent, or not of a kind that stores have. Close the id after success. */
evl_status evl_h5_open(evl_store *store, const char *path, open_dataset *open) EVL_MUST_USE;
/* Rows [row, row + n) as `memory_type`; EVL_FORMAT where there are fewer. */
evl_status evl_h5_read(const evl_store *store, const char *path, const open_dataset *open, hid_t memory_type,
                       uint64_t row, uint64_t n, void *data) EVL_MUST_USE;

/* Called with `n` texts at a time, in order. */
typedef evl_status (*take_texts)(void *context, uint64_t first, uint64_t n, const char *const *text);
/* All texts of a dataset by blocks; variable or fixed length. */
evl_status evl_h5_each_text(const evl_store *store, const char *path, const open_dataset *open, take_texts take,
                            void *context) EVL_MUST_USE;

#endif
