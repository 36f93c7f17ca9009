/* lock: one run at a time writes an output. STORE.lock says who: kernel, host, process, since when, on how many ranks.

   Within one kernel flock decides: it ends with its process, however that dies. Between kernels it may not be shared
   (Lustre and NFS can be mounted with local locks, some file systems have none), so the holder touches the file every
   BEAT_S, and who finds the lock of another kernel watches it for WATCH_S: only a living holder moves its time.
   That compares no clocks. New files are made exclusively, which is one step on all of these file systems. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "eveil/parallel.h"
#include "study_priv.h"

enum { BEAT_S = 5, WATCH_S = 30, NOTE = 256 };

struct evl_lock {
  int fd, stop[2];          /* a pipe: its end ends the beat */
  bool beats;
  pthread_t beat;
  char path[PATH_MAX];
};

/* ---- who holds it ---- */

static void read_kernel(char kernel[40]) {
  FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
  if (!file || !fgets(kernel, 40, file)) snprintf(kernel, 40, "unknown");
  if (file) fclose(file);
  kernel[strcspn(kernel, "\n")] = 0;
}

/* Of one length, so that one write replaces another; the kernel first, so that a torn one still tells it. */
static void compose(char note[NOTE]) {
  char kernel[40], host[65] = "", now[32];
  time_t clock = time(NULL);
  struct tm utc;
  read_kernel(kernel);
  gethostname(host, sizeof host - 1);
  strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&clock, &utc));
  int n = snprintf(note, NOTE, "kernel %s\nhost %s\nprocess %ld\nsince %s\nranks %d\n", kernel, host, (long)getpid(), now,
                   evl_size());
  memset(note + n, '\n', (size_t)(NOTE - n));
}

static void read_note(int fd, char note[NOTE + 1]) {
  ssize_t n = pread(fd, note, NOTE, 0);
  note[n > 0 ? n : 0] = 0;
}

static evl_status refuse(const char *path, const char *note) {
  char host[65] = "an unknown host", since[32] = "an unknown time";
  long process = 0;
  int ranks = 0;
  sscanf(note, "kernel %*39s host %64s process %ld since %31s ranks %d", host, &process, since, &ranks);
  return evl_fail(EVL_USAGE, "%s: another run has this output: process %ld on %s, on %d rank%s, since %s. Wait for it, stop "
                  "it, or choose another output.store", path, process, host, ranks, ranks == 1 ? "" : "s", since);
}

static bool is_of_this_kernel(const char *note) {
  char kernel[40], theirs[40] = "";
  read_kernel(kernel);
  return sscanf(note, "kernel %39s", theirs) == 1 && !strcmp(kernel, theirs);
}

/* Opened anew for every look: network file systems then ask their server. */
static bool look(const char *path, struct stat *info) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  bool there = fd >= 0 && fstat(fd, info) == 0;
  if (fd >= 0) close(fd);
  return there;
}

/* Whether somebody touches, replaces or removes the file within WATCH_S. */
static bool is_alive(const char *path) {
  struct stat first, now;
  if (!look(path, &first)) return true;
  evl_log(EVL_LOG_INFO, "%s: left by another host; watching for %d s whether its run lives", path, WATCH_S);
  for (int i = 0; i < 2 * WATCH_S; i++) {
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    if (!look(path, &now) || now.st_ino != first.st_ino || now.st_mtim.tv_sec != first.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != first.st_mtim.tv_nsec)
      return true;
  }
  return false;
}

/* ---- taking it ---- */

static bool is_still(const char *path, int fd) {
  struct stat ours, there;
  return fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

/* EVL_USAGE where somebody else holds it; *again where the file was removed in the meantime. */
static evl_status take(const char *path, int fd, bool fresh, bool *again) {
  char note[NOTE + 1], ours[NOTE];
  int error;
  while ((error = flock(fd, LOCK_EX | LOCK_NB) ? errno : 0) == EINTR) {}
  read_note(fd, note);
  if (error == EWOULDBLOCK) return refuse(path, note);
  *again = !is_still(path, fd);
  if (*again) return EVL_OK;
  bool watch = !fresh && (error ? true : *note && !is_of_this_kernel(note));
  if (watch && is_alive(path)) {
    *again = !is_still(path, fd);
    return *again ? EVL_OK : refuse(path, note);
  }
  compose(ours);
  errno = 0;
  if (pwrite(fd, ours, NOTE, 0) != NOTE) {
    error = errno ? errno : ENOSPC;
    unlink(path); /* nobody's: it names no run */
    return evl_fail(EVL_IO, "%s: the lock cannot be written: %s; make room and run again", path,
                    strerror(error));
  }
  if (!watch) return EVL_OK;
  nanosleep(&(struct timespec){.tv_sec = 1}, NULL); /* another run that watched, too, may have been as fast */
  read_note(fd, note);
  return memcmp(note, ours, NOTE) ? refuse(path, note) : EVL_OK;
}

/* -1 with errno. */
static int open_or_make(const char *path, bool *fresh) {
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  *fresh = fd >= 0;
  return fd < 0 && errno == EEXIST ? open(path, O_RDWR | O_CLOEXEC) : fd;
}

/* ---- the beat ---- */

static void *beat(void *context) {
  const evl_lock *lock = context;
  struct pollfd stop = {.fd = lock->stop[0]};
  while (poll(&stop, 1, BEAT_S * 1000) == 0) (void)futimens(lock->fd, NULL);
  return NULL;
}

/* A thread, because no call of the main one is short for certain: a collective write may take minutes. */
static void start_beat(evl_lock *lock) {
  sigset_t all, before;
  if (pipe2(lock->stop, O_CLOEXEC) != 0) return;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  lock->beats = pthread_create(&lock->beat, NULL, beat, lock) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static evl_status name_of(const char *store, char path[PATH_MAX]) {
  int n = snprintf(path, PATH_MAX, "%s.lock", store);
  return n < PATH_MAX ? EVL_OK : evl_fail(EVL_IO, "%.200s: the path is too long", store);
}

bool evl_lock_is_there(const char *store) {
  char path[PATH_MAX];
  return name_of(store, path) == EVL_OK && access(path, F_OK) == 0;
}

evl_status evl_lock_take(const char *store, evl_lock **lock) {
  evl_lock *l = calloc(1, sizeof *l);
  *lock = NULL;
  if (!l) return evl_fail(EVL_MEMORY, "out of memory");
  evl_status status = name_of(store, l->path);
  bool again = true, fresh;
  while (status == EVL_OK && again) {
    l->fd = open_or_make(l->path, &fresh);
    if (l->fd < 0 && errno == ENOENT) continue; /* removed between the two */
    if (l->fd < 0) status = evl_fail(EVL_IO, "%s: the lock cannot be made: %s", l->path, strerror(errno));
    else status = take(l->path, l->fd, fresh, &again);
    if (l->fd >= 0 && (again || status != EVL_OK)) close(l->fd);
  }
  if (status != EVL_OK) {
    free(l);
    return status;
  }
  start_beat(l);
  *lock = l;
  return EVL_OK;
}

void evl_lock_release(evl_lock *lock) {
  if (!lock) return;
  if (lock->beats) {
    close(lock->stop[1]);
    pthread_join(lock->beat, NULL);
    close(lock->stop[0]);
  }
  if (is_still(lock->path, lock->fd)) unlink(lock->path);
  close(lock->fd);
  free(lock);
}
