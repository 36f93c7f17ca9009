/* reader_files: the files of a recording, opened when they are needed. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reader_priv.h"

/* A record of hundreds of segments must not use up the descriptors of a process. */
enum { MOST_OPEN = 16 };

struct evl_open_file { int fd; };

static evl_status open_file(const char *path, int *fd, evl_file *file) {
  struct stat status;
  /* O_NONBLOCK: a pipe in place of a file must not hang us. */
  *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (*fd < 0) return evl_fail(EVL_IO, "%s: could not be opened: %s", path, strerror(errno));
  if (fstat(*fd, &status) != 0) return evl_fail(EVL_IO, "%s: could not be examined: %s", path, strerror(errno));
  if (S_ISDIR(status.st_mode)) return evl_fail(EVL_IO, "%s: expected a file, found a directory", path);
  if (!S_ISREG(status.st_mode))
    return evl_fail(EVL_IO, "%s: expected a regular file, found a device, pipe or socket", path);
  *file = (evl_file){path, (int64_t)status.st_size,
                     (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec};
  return EVL_OK;
}

static evl_status widen(evl_reader *reader) {
  int n = reader->header.n_files, room = reader->files_room ? 4 * reader->files_room : 4;
  struct evl_open_file *files;
  evl_file *file;
  if (n < reader->files_room) return EVL_OK;
  EVL_NEW(reader->arena, files, room);
  EVL_NEW(reader->arena, file, room);
  if (n) memcpy(files, reader->files, (size_t)n * sizeof *files);
  if (n) memcpy(file, reader->header.file, (size_t)n * sizeof *file);
  for (int i = n; i < room; i++) files[i].fd = -1;
  reader->files = files;
  reader->header.file = file;
  reader->files_room = room;
  return EVL_OK;
}

static void shut(evl_reader *reader, int file) {
  if (reader->files[file].fd < 0) return;
  close(reader->files[file].fd);
  reader->files[file].fd = -1;
  reader->n_open--;
}

void evl_reader_close_files(evl_reader *reader) {
  for (int i = 0; i < reader->header.n_files; i++) shut(reader, i);
}

/* The file becomes the header's last. */
static evl_status add(evl_reader *reader, const char *path) {
  evl_header *header = &reader->header;
  EVL_TRY(widen(reader));
  evl_file *file = (evl_file *)&header->file[header->n_files];
  int *fd = &reader->files[header->n_files].fd;
  if (reader->n_open == MOST_OPEN)
    for (int i = 1; i < header->n_files; i++) shut(reader, i);
  evl_status status = open_file(path, fd, file);
  if (*fd >= 0) {
    header->n_files++;
    reader->n_open++;
  }
  EVL_TRY(status);
  header->bytes += file->bytes;
  if (header->n_files == 1 || file->mtime_ns > header->mtime_ns) header->mtime_ns = file->mtime_ns;
  return EVL_OK;
}

evl_status evl_reader_first_file(evl_reader *reader) { return add(reader, reader->path); }

static char *beside(const evl_reader *reader, evl_arena *arena, const char *name) {
  const char *slash = strrchr(reader->path, '/');
  return evl_arena_format(arena, "%.*s%s", slash ? (int)(slash - reader->path + 1) : 0, reader->path, name);
}

bool evl_reader_beside(const evl_reader *reader, const char *name) {
  evl_mark mark = evl_arena_mark(reader->arena);
  const char *path = beside(reader, reader->arena, name);
  bool is = path && *name && !strchr(name, '/') && access(path, F_OK) == 0;
  evl_arena_release(reader->arena, mark);
  return is;
}

evl_status evl_reader_add_file(evl_reader *reader, const char *said, const char *name, int *file) {
  if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
    return evl_fail(EVL_FORMAT, "%s: expected %s to name a file beside it, found a path or nothing", reader->path,
                    said);
  const char *path = beside(reader, reader->arena, name);
  if (!path) return EVL_MEMORY;
  for (*file = 0; *file < reader->header.n_files; ++*file)
    if (strcmp(reader->header.file[*file].path, path) == 0) return EVL_OK;
  evl_status status = add(reader, path);
  return status == EVL_OK ? EVL_OK : evl_fail_in(status, "%s: a file named by %s", reader->path, said);
}

static evl_status opened(evl_reader *reader, int file) {
  const evl_file *known = &reader->header.file[file];
  evl_file now;
  if (reader->files[file].fd >= 0) return EVL_OK;
  if (reader->n_open == MOST_OPEN)
    for (int i = 1; i < reader->header.n_files; i++) shut(reader, i);
  evl_status status = open_file(known->path, &reader->files[file].fd, &now);
  reader->n_open += reader->files[file].fd >= 0;
  EVL_TRY(status);
  if (now.bytes == known->bytes && now.mtime_ns == known->mtime_ns) return EVL_OK;
  return evl_fail(EVL_FORMAT, "%s: changed while it was read; run again", known->path);
}

static evl_status read_at(int fd, const char *path, int64_t offset, void *into, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    ssize_t n = pread(fd, (char *)into + done, bytes - done, (off_t)(offset + (int64_t)done));
    if (n > 0) {
      done += (size_t)n;
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return evl_fail(EVL_IO, "%s: could not be read: %s", path, strerror(errno));
    return evl_fail(EVL_IO, "%s: expected %zu bytes from offset %lld, found %zu: the file has become shorter", path,
                    bytes, (long long)offset, done);
  }
  return EVL_OK;
}

evl_status evl_reader_bytes(const evl_reader *reader, int64_t offset, void *into, size_t bytes) {
  return read_at(reader->files[0].fd, reader->path, offset, into, bytes);
}

evl_status evl_reader_file_bytes(evl_reader *reader, int file, int64_t offset, void *into, size_t bytes) {
  EVL_TRY(opened(reader, file));
  return read_at(reader->files[file].fd, reader->header.file[file].path, offset, into, bytes);
}

evl_status evl_reader_text(evl_reader *reader, int file, size_t most, char **text) {
  const evl_file *f = &reader->header.file[file];
  if (f->bytes > (int64_t)most)
    return evl_fail(EVL_FORMAT, "%s: expected a text of at most %zu bytes, found %lld", f->path, most,
                    (long long)f->bytes);
  EVL_NEW(reader->arena, *text, f->bytes + 1);
  return evl_reader_file_bytes(reader, file, 0, *text, (size_t)f->bytes);
}

void evl_reader_key(evl_reader *reader, evl_sha256 *hash) {
  evl_header *header = &reader->header;
  for (int i = 1; i < header->n_files; i++)
    evl_sha256_add(hash, &header->file[i].bytes, sizeof header->file[i].bytes);
  if (reader->params) {
    evl_params_hash(reader->params, hash);
    evl_sha256_add(hash, &reader->told_hz, sizeof reader->told_hz);
  }
  header->header_key = evl_sha256_key(hash);
}
