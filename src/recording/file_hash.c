/* file_hash: one read of all files of a recording, for their SHA-256, checksums and traces of a text-mode transfer. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker_priv.h"

/* The windows were read from a file of this size and time. */
static evl_status check_unchanged(const evl_file *known, int file) {
  struct stat now;
  if (fstat(file, &now)) return evl_fail(EVL_IO, "%s: could not be examined: %s", known->path, strerror(errno));
  if (now.st_size == known->bytes && (int64_t)now.st_mtim.tv_sec * 1000000000 + now.st_mtim.tv_nsec == known->mtime_ns)
    return EVL_OK;
  return evl_fail(EVL_FORMAT, "%s: changed while it was read; run again", known->path);
}

static evl_status read_whole(evl_worker *w, int index, int file, evl_sha256 *hash) {
  const evl_file *known = &evl_reader_header(w->reader)->file[index];
  for (int64_t offset = 0;;) {
    ssize_t n = read(file, w->io, HASH_BLOCK);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return evl_fail(EVL_IO, "%s: cannot be read: %s", known->path, strerror(errno));
    if (n == 0) EVL_TRY(check_unchanged(known, file)); /* else a changed file would fail by its checksum */
    EVL_TRY(evl_reader_check(w->reader, index, offset, w->io, (size_t)n));
    if (n == 0) return EVL_OK;
    evl_sha256_add(hash, w->io, (size_t)n);
    if (index == 0) evl_damage_feed(w->damage, w->io, (size_t)n);
    offset += n;
    if (w->tick) w->tick(w->tick_context);
  }
}

evl_status evl_worker_hash_file(evl_worker *w, const char *path, uint8_t digest[32]) {
  const evl_header *h = evl_reader_header(w->reader);
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  evl_damage_begin(w->damage, h);
  for (int i = 0; i < h->n_files; i++) {
    int file = open(h->file[i].path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return evl_fail(EVL_IO, "%s: cannot be opened: %s", h->file[i].path, strerror(errno));
    evl_status status = read_whole(w, i, file, &hash);
    close(file);
    EVL_TRY(status);
  }
  evl_sha256_end(&hash, digest);
  return evl_damage_verdict(w->damage, path);
}
