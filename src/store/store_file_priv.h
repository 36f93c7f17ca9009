/* Files and folders below journals and stores: whole reads and writes, durable names. Local. */
#ifndef EVL_STORE_FILE_PRIV_H
#define EVL_STORE_FILE_PRIV_H

#include <sys/types.h>

#include "eveil/store.h"

/* Reads until `bytes` are there or the file ends; the number read, or -1 with errno. */
ssize_t evl_pread_all(int fd, void *data, size_t bytes, uint64_t offset);
/* Makes a folder and those above it; EVL_IO. */
evl_status evl_folder_make(const char *folder) EVL_MUST_USE;
/* A new, renamed or removed name is durable only once its folder is synced. */
evl_status evl_folder_sync(const char *folder) EVL_MUST_USE;
/* The same for the folder that holds `path`. */
evl_status evl_folder_of_sync(const char *path) EVL_MUST_USE;
/* What this process still writes to `path` goes nowhere, and succeeds: HDF5 does not survive a file that it cannot close. */
void evl_file_let_go(const char *path);

#endif
