/* file_hash: one read of the whole file, for its SHA-256 and for traces of a text-mode transfer. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker_priv.h"

/* The windows were read from a file of this size and time. */
static evl_status check_unchanged(const evl_worker *w, const char *path, int file) {
  const evl_header *h = evl_reader_header(w->reader);
  struct stat now;
  if (fstat(file, &now)) return evl_fail(EVL_IO, "%s: could not be examined: %s", path, strerror(errno));
  if (now.st_size == h->bytes && (int64_t)now.st_mtim.tv_sec * 1000000000 + now.st_mtim.tv_nsec == h->mtime_ns)
    return EVL_OK;
  return evl_fail(EVL_FORMAT, "%s: changed while it was read; run again", path);
}

static evl_status read_whole(evl_worker *w, const char *path, int file, uint8_t digest[32]) {
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  evl_damage_begin(w->damage, evl_reader_header(w->reader));
  for (;;) {
    ssize_t n = read(file, w->io, HASH_BLOCK);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return evl_fail(EVL_IO, "%s: cannot be read: %s", path, strerror(errno));
    if (n == 0) break;
    evl_sha256_add(&hash, w->io, (size_t)n);
    evl_damage_feed(w->damage, w->io, (size_t)n);
    if (w->tick) w->tick(w->tick_context);
  }
  evl_sha256_end(&hash, digest);
  EVL_TRY(check_unchanged(w, path, file));
  return evl_damage_verdict(w->damage, path);
}

evl_status evl_worker_hash_file(evl_worker *w, const char *path, uint8_t digest[32]) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return evl_fail(EVL_IO, "%s: cannot be opened: %s", path, strerror(errno));
  evl_status status = read_whole(w, path, file, digest);
  close(file);
  return status;
}
