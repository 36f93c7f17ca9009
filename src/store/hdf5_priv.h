/* What the files with HDF5 share: one beginning, messages, types. Calls common to 1.10 to 1.14. */
#ifndef EVL_HDF5_PRIV_H
#define EVL_HDF5_PRIV_H

#include <hdf5.h>

#include "eveil/store.h"

#if H5_VERSION_GE(1, 12, 0)
#define EVL_H5_RECLAIM H5Treclaim
#else
#define EVL_H5_RECLAIM H5Dvlen_reclaim
#endif

/* First call of every function that touches HDF5: its own printing off; no work of its own at
   exit, where MPI is gone. */
void evl_h5_begin(void);

/* "FILE: WHAT NAME: reason of HDF5" as EVL_IO, EVL_FORMAT...; `name` (a dataset) may be NULL. */
evl_status evl_h5_fail(evl_status status, const char *file, const char *name, const char *what);

/* File access: no lock of HDF5's own. Files come into being under another name and are only read
   afterwards, and locks fail on some parallel file systems. HDF5_USE_FILE_LOCKING still decides where set. */
hid_t evl_h5_access(void);

hid_t evl_h5_file_type(evl_type type);   /* little-endian, constants of the library: do not close */
hid_t evl_h5_memory_type(evl_type type);
hid_t evl_h5_text_type(void);            /* variable-length UTF-8; to be closed */

#endif
