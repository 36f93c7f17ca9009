#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_file_priv.h"

ssize_t evl_pread_all(int fd, void *data, size_t bytes, uint64_t offset) {
  size_t done = 0;
  while (done < bytes) {
    ssize_t n = pread(fd, (char *)data + done, bytes - done, (off_t)(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    done += (size_t)n;
  }
  return (ssize_t)done;
}

static evl_status copy_path(const char *path, char copy[PATH_MAX]) {
  size_t n = strlen(path);
  if (n == 0 || n >= PATH_MAX)
    return evl_fail(EVL_IO, "\"%.200s\": a path of 1 to %d characters expected", path, PATH_MAX - 1);
  memcpy(copy, path, n + 1);
  while (n > 1 && copy[n - 1] == '/') copy[--n] = 0;
  return EVL_OK;
}

void evl_file_let_go(const char *path) {
  struct stat file, open_file;
  int nowhere = memfd_create("nowhere", MFD_CLOEXEC);
  DIR *entries = nowhere < 0 || stat(path, &file) != 0 ? NULL : opendir("/proc/self/fd");
  for (struct dirent *entry; entries && (entry = readdir(entries));) {
    int fd = atoi(entry->d_name);
    if (entry->d_name[0] == '.' || fstat(fd, &open_file) != 0) continue;
    if (open_file.st_ino == file.st_ino && open_file.st_dev == file.st_dev) dup3(nowhere, fd, O_CLOEXEC);
  }
  if (entries) closedir(entries);
  if (nowhere >= 0) close(nowhere);
}

static evl_status make_one(const char *folder) {
  struct stat info;
  if (mkdir(folder, 0777) == 0) return EVL_OK;
  int error = errno;
  if (stat(folder, &info) == 0 && S_ISDIR(info.st_mode)) return EVL_OK;
  return evl_fail(EVL_IO, "%s: the folder cannot be made: %s", folder, strerror(error));
}

evl_status evl_folder_make(const char *folder) {
  char path[PATH_MAX];
  struct stat info;
  EVL_TRY(copy_path(folder, path));
  if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return EVL_OK;
  for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    EVL_TRY(make_one(path));
    *slash = '/';
  }
  EVL_TRY(make_one(path));
  return evl_folder_of_sync(path);
}

evl_status evl_folder_sync(const char *folder) {
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return evl_fail(EVL_IO, "%s: the folder cannot be opened: %s", folder, strerror(errno));
  int error = fsync(fd) ? errno : 0;
  close(fd);
  /* Some file systems have no sync of folders; their names are durable by themselves. */
  if (error && error != EINVAL && error != ENOTSUP)
    return evl_fail(EVL_IO, "%s: the folder cannot be synced: %s", folder, strerror(error));
  return EVL_OK;
}

evl_status evl_folder_of_sync(const char *path) {
  char folder[PATH_MAX];
  EVL_TRY(copy_path(path, folder));
  char *slash = strrchr(folder, '/');
  if (!slash) return evl_folder_sync(".");
  slash[slash == folder] = 0;
  return evl_folder_sync(folder);
}

evl_status evl_folder_of_make(const char *path) {
  char folder[PATH_MAX];
  EVL_TRY(copy_path(path, folder));
  char *slash = strrchr(folder, '/');
  if (!slash || slash == folder) return EVL_OK;
  *slash = 0;
  return evl_folder_make(folder);
}
