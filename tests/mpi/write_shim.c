/* Ends the process at one of its writes, as a power cut or a kill would, or lets writes fail: LD_PRELOAD this library.

     EVL_SHIM_FOLDER  only files below this folder count (absolute, resolved)
     EVL_SHIM_AT      end before the K-th call, counted from 1; absent or 0: only count
     EVL_SHIM_TORN    1: the first half of the K-th call's bytes is written before the end
     EVL_SHIM_SLOW_MS a pause before every call, of all ranks that count: a slow disk
     EVL_SHIM_HALT    1: instead of ending, stop (SIGSTOP) before the K-th call, so that somebody else can kill
     EVL_SHIM_ERROR   instead of ending, the K-th call and all later ones fail with this number (errno)
     EVL_SHIM_ONCE    1: the K-th alone fails
     EVL_SHIM_CALLS   "write", "sync", "rename", "truncate", "unlink" or several with commas: only these count; absent: all
     EVL_SHIM_RANK    only this rank (OMPI_COMM_WORLD_RANK) counts; absent: all, each for itself
     EVL_SHIM_COUNT   a file outside the folder: at a normal end "RANK CALLS" is appended

   Counted: write pwrite writev pwritev aio_write fsync fdatasync ftruncate rename unlink; reservations of space (fallocate)
   as writes where they may fail. Exit code 137. */
#include <aio.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name)               \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static const char *folder;
static long at, calls;
static int torn, halt, error, once, kinds;
enum { WRITE = 1, SYNC_ = 2, RENAME = 4, TRUNCATE_ = 8, UNLINK = 16 };
static useconds_t pause_us;

__attribute__((constructor)) static void begin(void) {
  const char *rank = getenv("EVL_SHIM_RANK"), *mine = getenv("OMPI_COMM_WORLD_RANK"), *k = getenv("EVL_SHIM_AT");
  const char *half = getenv("EVL_SHIM_TORN"), *stop = getenv("EVL_SHIM_HALT"), *slow = getenv("EVL_SHIM_SLOW_MS");
  if (rank && strcmp(rank, mine ? mine : "0") != 0) return;
  folder = getenv("EVL_SHIM_FOLDER");
  at = k ? atol(k) : 0;
  torn = half && *half == '1';
  halt = stop && *stop == '1';
  static const char *const name[] = {"write", "sync", "rename", "truncate", "unlink"};
  const char *number = getenv("EVL_SHIM_ERROR"), *only = getenv("EVL_SHIM_ONCE"), *chosen = getenv("EVL_SHIM_CALLS");
  error = number ? atoi(number) : 0;
  once = only && *only == '1';
  for (int i = 0; i < 5; i++) kinds |= !chosen || strstr(chosen, name[i]) ? 1 << i : 0;
  pause_us = slow ? (useconds_t)atol(slow) * 1000 : 0;
}

static ssize_t plain_write(int fd, const void *data, size_t n) {
  REAL(write);
  return real(fd, data, n);
}

__attribute__((destructor)) static void end(void) {
  const char *path = getenv("EVL_SHIM_COUNT"), *mine = getenv("OMPI_COMM_WORLD_RANK");
  if (!folder || !path || calls == 0) return;
  char line[64];
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0666),
      n = snprintf(line, sizeof line, "%s %ld\n", mine ? mine : "0", calls);
  if (fd >= 0 && plain_write(fd, line, (size_t)n) == n) close(fd);
}

static int below(const char *path) { return folder && strncmp(path, folder, strlen(folder)) == 0; }

static int counts(int fd) {
  char link[64], path[PATH_MAX];
  if (!folder) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n < 0) return 0;
  path[n] = 0;
  return below(path);
}

/* Whether this is the call at which to end. */
/* Whether this call is the one, or a failing one behind it. */
static int now(int kind) {
  if (!(kinds & kind)) return 0;
  if (pause_us) usleep(pause_us);
  long call = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
  int here = call == at || (error && !once && at && call > at);
  if (here && halt) raise(SIGSTOP);
  return here && !halt;
}

/* In a call of this kind: fail, or do what ends the process. */
#define AT(kind, ending)   \
  do {                     \
    if (!now(kind)) break; \
    if (error) {           \
      errno = error;       \
      return -1;           \
    }                      \
    ending;                \
  } while (0)

static void end_with(int fd, const void *data, size_t n, off_t offset, int has_offset) {
  if (torn && n > 1) {
    if (!has_offset) offset = lseek(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    lseek(fd, offset, SEEK_SET);
    if (plain_write(fd, data, n / 2) < 0) _exit(136);
  }
  _exit(137);
}

static void end_with_vector(int fd, const struct iovec *part, int n_parts, off_t offset, int has_offset) {
  size_t bytes = 0;
  for (int i = 0; i < n_parts; i++) bytes += part[i].iov_len;
  char *all = malloc(bytes + 1);
  bytes = 0;
  for (int i = 0; all && i < n_parts; i++) {
    memcpy(all + bytes, part[i].iov_base, part[i].iov_len);
    bytes += part[i].iov_len;
  }
  end_with(fd, all, bytes, offset, has_offset);
}

ssize_t write(int fd, const void *data, size_t n) {
  if (counts(fd)) AT(WRITE, end_with(fd, data, n, 0, 0));
  return plain_write(fd, data, n);
}

#define PWRITE(name, offset_type)                                        \
  ssize_t name(int fd, const void *data, size_t n, offset_type offset) { \
    REAL(name);                                                          \
    if (counts(fd)) AT(WRITE, end_with(fd, data, n, (off_t)offset, 1));  \
    return real(fd, data, n, offset);                                    \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t writev(int fd, const struct iovec *part, int n) {
  REAL(writev);
  if (counts(fd)) AT(WRITE, end_with_vector(fd, part, n, 0, 0));
  return real(fd, part, n);
}

#define PWRITEV(name, offset_type)                                            \
  ssize_t name(int fd, const struct iovec *part, int n, offset_type offset) { \
    REAL(name);                                                               \
    if (counts(fd)) AT(WRITE, end_with_vector(fd, part, n, (off_t)offset, 1)); \
    return real(fd, part, n, offset);                                         \
  }
PWRITEV(pwritev, off_t)
PWRITEV(pwritev64, off64_t)

#define AIO_WRITE(name, control)                                                                                     \
  int name(struct control *request) {                                                                                \
    REAL(name);                                                                                                      \
    if (counts(request->aio_fildes))                                                                                 \
      AT(WRITE, end_with(request->aio_fildes, (const void *)request->aio_buf, request->aio_nbytes,                   \
                         (off_t)request->aio_offset, 1));                                                            \
    return real(request);                                                                                            \
  }
AIO_WRITE(aio_write, aiocb)
AIO_WRITE(aio_write64, aiocb64)

#define FALLOCATE(name, offset_type)                                \
  int name(int fd, int mode, offset_type offset, offset_type n) {   \
    REAL(name);                                                     \
    if (error && counts(fd)) AT(WRITE, );                           \
    return real(fd, mode, offset, n);                               \
  }
FALLOCATE(fallocate, off_t)
FALLOCATE(fallocate64, off64_t)

#define SYNC(name)                          \
  int name(int fd) {                        \
    REAL(name);                             \
    if (counts(fd)) AT(SYNC_, _exit(137));  \
    return real(fd);                        \
  }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name, offset_type)      \
  int name(int fd, offset_type size) {   \
    REAL(name);                          \
    if (counts(fd)) AT(TRUNCATE_, _exit(137)); \
    return real(fd, size);               \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

int rename(const char *from, const char *to) {
  REAL(rename);
  char path[PATH_MAX];
  if (folder && realpath(from, path) && below(path)) AT(RENAME, _exit(137));
  return real(from, to);
}

int unlink(const char *name) {
  REAL(unlink);
  char path[PATH_MAX];
  if (folder && realpath(name, path) && below(path)) AT(UNLINK, _exit(137));
  return real(name);
}
