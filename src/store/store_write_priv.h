/* The steps of evl_store_write. */
#ifndef EVL_STORE_WRITE_PRIV_H
#define EVL_STORE_WRITE_PRIV_H

#include "hdf5_priv.h"

/* Local. Refuses plans that make no sense: EVL_USAGE names the dataset. */
evl_status evl_store_check(const evl_store_plan *plan) EVL_MUST_USE;

uint64_t evl_dataset_elements(const evl_dataset *dataset, int from_dim); /* product of dim[from_dim...]; 1 for none */
/* Chunks of about 512 KiB; false: contiguous (empty, small, text, or not compressed). */
bool evl_dataset_chunk(const evl_store_plan *plan, const evl_dataset *dataset, hsize_t chunk[4]);

/* The size of the laid out file at most: rows of compressed datasets come later. */
uint64_t evl_store_layout_bytes(const evl_store_plan *plan);
/* Rank 0. Makes the file with the serial driver: groups, attributes, datasets with data, addresses of the others.
   `fd`: the same file, to reserve space. */
evl_status evl_store_layout(const evl_store_plan *plan, const char *path, int fd) EVL_MUST_USE;
/* Rank 0. Marks scales and attaches them; ids of all datasets, open. */
evl_status evl_store_attach_scales(const evl_store_plan *plan, const char *path, const hid_t *dataset) EVL_MUST_USE;

/* Collective. Rows of the datasets with by_rows[i], through MPI where it is on. `fd`: of rank 0, to reserve space. */
evl_status evl_store_write_rows(const evl_store_plan *plan, const char *path, const uint8_t *by_rows, int fd,
                                evl_fill fill, void *context) EVL_MUST_USE;
/* Rank 0. Makes sure that bytes [from, from + bytes) of the file fit on the disk; EVL_IO tells what is free. */
evl_status evl_store_reserve(const char *path, int fd, uint64_t from, uint64_t bytes) EVL_MUST_USE;

#endif
