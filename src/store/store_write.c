/* evl_store_write: laid out by rank 0, filled by all, durable, then under its name: readers see the
   whole store, the previous one, or none. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "eveil/parallel.h"
#include "store_file_priv.h"
#include "store_write_priv.h"

static evl_status disk_full(const char *path, uint64_t bytes, const struct statvfs *disk) {
  return evl_fail(EVL_IO,
                  "%s: no space: %llu bytes more needed, %llu free; nothing finished is lost, make room and run again",
                  path, (unsigned long long)bytes, (unsigned long long)disk->f_bavail * disk->f_frsize);
}

evl_status evl_store_reserve(const char *path, int fd, uint64_t from, uint64_t bytes) {
  struct statvfs disk;
  if (bytes == 0) return EVL_OK;
  int error = fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)bytes) ? errno : 0;
  if (error == 0) return EVL_OK;
  if (fstatvfs(fd, &disk) != 0) return EVL_OK; /* nothing known against it */
  if (error == ENOSPC || error == EDQUOT) return disk_full(path, bytes, &disk);
  /* No reservation on this file system: at least look. */
  return (uint64_t)disk.f_bavail * disk.f_frsize < bytes ? disk_full(path, bytes, &disk) : EVL_OK;
}

/* Ranks that disagree on the datasets would wait for each other for ever. */
static evl_status same_plan(const evl_store_plan *plan) {
  uint8_t mine[32], root[32];
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  for (int i = 0; i < plan->n_datasets; i++) {
    const evl_dataset *d = &plan->dataset[i];
    evl_sha256_add(&hash, d->path, strlen(d->path) + 1);
    evl_sha256_add(&hash, &d->type, sizeof d->type);
    evl_sha256_add(&hash, d->dim, (size_t)d->n_dims * sizeof d->dim[0]);
  }
  evl_sha256_add(&hash, &plan->compress, sizeof plan->compress);
  evl_sha256_add(&hash, &plan->memory_bytes, sizeof plan->memory_bytes);
  evl_sha256_end(&hash, mine);
  memcpy(root, mine, sizeof root);
  evl_broadcast(root, sizeof root, 0);
  bool same = memcmp(root, mine, sizeof root) == 0;
  return evl_agree(
      same ? EVL_OK
           : evl_fail(EVL_USAGE, "%s: rank %d has another plan of the store than rank 0", plan->path, evl_rank()));
}

/* Open MPI tries locks with files beside the one it opens ("PATH.locktest.1"); a killed run may leave them. */
static void remove_lock_tests(const char *path) {
  char folder[PATH_MAX], other[PATH_MAX + 256];
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  size_t n = strlen(name);
  snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash + 1 - path) : 1, slash ? path : ".");
  DIR *entries = opendir(folder);
  for (struct dirent *entry; entries && (entry = readdir(entries));) {
    if (strncmp(entry->d_name, name, n) != 0 || strncmp(entry->d_name + n, ".locktest.", 10) != 0) continue;
    snprintf(other, sizeof other, "%s/%s", folder, entry->d_name);
    unlink(other);
  }
  if (entries) closedir(entries);
}

/* Rank 0. */
static evl_status begin_file(const evl_store_plan *plan, const char *path, int *fd, uint8_t *by_rows) {
  EVL_TRY(evl_store_check(plan));
  remove_lock_tests(path);
  *fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (*fd < 0) return evl_fail(EVL_IO, "%s: the file cannot be made: %s", path, strerror(errno));
  for (int i = 0; i < plan->n_datasets; i++)
    by_rows[i] = !plan->dataset[i].data && evl_dataset_elements(&plan->dataset[i], 0) > 0;
  /* A full disk is known before anything is made; HDF5 does not survive a file that it cannot close. */
  EVL_TRY(evl_store_reserve(path, *fd, 0, evl_store_layout_bytes(plan)));
  EVL_TRY(evl_store_layout(plan, path, *fd));
  struct stat info;
  if (fstat(*fd, &info) != 0) return evl_fail(EVL_IO, "%s: %s", path, strerror(errno));
  return evl_store_reserve(path, *fd, 0, (uint64_t)info.st_size);
}

/* Rank 0. */
static evl_status end_file(const evl_store_plan *plan, const char *path, int fd) {
  if (fsync(fd) != 0) return evl_fail(EVL_IO, "%s: sync failed: %s", path, strerror(errno));
  if (rename(path, plan->path) != 0)
    return evl_fail(EVL_IO, "%s: cannot be renamed to %s: %s", path, plan->path, strerror(errno));
  return evl_folder_of_sync(plan->path);
}

static evl_status write_file(const evl_store_plan *plan, const char *path, int *fd, uint8_t *by_rows, evl_fill fill,
                             void *context) {
  EVL_TRY(evl_agree(evl_rank() == 0 ? begin_file(plan, path, fd, by_rows) : EVL_OK));
  evl_broadcast(by_rows, (size_t)plan->n_datasets, 0);
  EVL_TRY(evl_agree(EVL_OK)); /* the broadcast */
  EVL_TRY(evl_store_write_rows(plan, path, by_rows, *fd, fill, context));
  return evl_agree(evl_rank() == 0 ? end_file(plan, path, *fd) : EVL_OK);
}

/* Whatever the disk or HDF5 said, this is what to do. */
static evl_status advise(evl_status status) {
  char message[2048];
  if (status != EVL_IO || strstr(evl_error_message(), "run again")) return status;
  snprintf(message, sizeof message, "%s", evl_error_message());
  return evl_fail(status, "%s; nothing finished is lost, check the disk and run again", message);
}

evl_status evl_store_write(const evl_store_plan *plan, evl_fill fill, void *context) {
  char path[PATH_MAX];
  int fd = -1;
  evl_h5_begin();
  EVL_TRY(same_plan(plan));
  int n = snprintf(path, sizeof path, "%s.tmp", plan->path);
  uint8_t *by_rows = calloc((size_t)plan->n_datasets + 1, 1);
  evl_status status = EVL_OK;
  if (n >= PATH_MAX) status = evl_fail(EVL_IO, "%.200s: the path is too long", plan->path);
  else if (!by_rows) status = evl_fail(EVL_MEMORY, "%s: no memory for %d datasets", plan->path, plan->n_datasets);
  status = evl_agree(status);
  if (status == EVL_OK) status = write_file(plan, path, &fd, by_rows, fill, context);
  if (fd >= 0) {
    close(fd);
    if (status != EVL_OK) unlink(path);
  }
  free(by_rows);
  return advise(status);
}
