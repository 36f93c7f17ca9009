/* The journal to which this rank appends. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "journal_priv.h"

const char evl_journal_magic[JOURNAL_MAGIC_BYTES] = {'E', 'v', 'e', 'i', 'l', ' ', 'j', 'o',
                                                     'u', 'r', 'n', 'a', 'l', ' ', '1', '\n'};
static const uint64_t record_magic = UINT64_C(0xa55a1ee1d0c5b8f7);

struct evl_journal {
  const char *path;
  int rank, fd;
  uint64_t end;             /* of the last whole record */
  double flush_s, synced_s; /* longest time without a sync; when the last one was (evl_seconds) */
  bool synced;
};

record_header evl_journal_header(const evl_key *key, const void *payload, size_t bytes) {
  record_header header = {.magic = record_magic, .bytes = bytes, .payload_crc = evl_crc32c(0, payload, bytes)};
  memcpy(header.key, key->byte, sizeof header.key);
  header.header_crc = evl_crc32c(0, &header, offsetof(record_header, header_crc));
  return header;
}

bool evl_journal_header_valid(const record_header *header) {
  return header->magic == record_magic &&
         header->header_crc == evl_crc32c(0, header, offsetof(record_header, header_crc));
}

evl_status evl_journal_name(const char *folder, int rank, char *path) {
  int n = snprintf(path, PATH_MAX, "%s/rank_%06d.journal", folder, rank);
  return n < PATH_MAX ? EVL_OK : evl_fail(EVL_IO, "%.200s: the path is too long for a journal", folder);
}

bool evl_journal_name_is(const char *name) {
  int rank, n = 0;
  return sscanf(name, "rank_%6d.journal%n", &rank, &n) == 1 && n == 19 && name[n] == 0 &&
         strspn(name + 5, "0123456789") == 6;
}

/* Two runs on one journal would overwrite each other. Ranks of a run that was just killed may
   live for some seconds more; file systems without locks go without. */
static evl_status lock(const char *path, int fd) {
  for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; tries++) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return EVL_OK;
    if (tries == 30)
      return evl_fail(EVL_USAGE, "%s: another run is appending to this journal; wait for it or stop it", path);
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
  }
  return EVL_OK;
}

static evl_status write_failed(const evl_journal *journal, size_t bytes, int error) {
  struct statvfs disk;
  char free_bytes[64] = "";
  if (fstatvfs(journal->fd, &disk) == 0)
    snprintf(free_bytes, sizeof free_bytes, ", %llu bytes are free", (unsigned long long)disk.f_bavail * disk.f_frsize);
  return evl_fail(
      EVL_IO, "%s: %s: a record of %zu bytes could not be written%s; nothing finished is lost, make room and run again",
      journal->path, strerror(error), bytes, free_bytes);
}

/* One write; the rest of a short one. What was begun is cut off again when it fails. */
static evl_status write_at_end(evl_journal *journal, const void *data, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    ssize_t n = pwrite(journal->fd, (const char *)data + done, bytes - done, (off_t)(journal->end + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      int error = n < 0 ? errno : ENOSPC;
      evl_status status = write_failed(journal, bytes, error);
      if (ftruncate(journal->fd, (off_t)journal->end) != 0)
        return evl_fail_in(status, "%s: the torn record could not be cut off (%s) and will be skipped", journal->path,
                           strerror(errno));
      return status;
    }
    done += (size_t)n;
  }
  journal->end += bytes;
  return EVL_OK;
}

/* Brings the file to the end of its last whole record, with the magic in front. */
static evl_status prepare(evl_journal *journal) {
  journal_found found = {0};
  evl_status status = evl_journal_scan_file(journal->path, journal->rank, &found);
  free(found.record);
  EVL_TRY(status);
  if (!found.ours)
    return evl_fail(EVL_USAGE, "%s: a journal of an Eveil run expected, found a file of something else; move it away",
                    journal->path);
  bool empty = found.end < JOURNAL_MAGIC_BYTES;
  journal->end = empty ? 0 : found.end;
  if (found.size > journal->end && ftruncate(journal->fd, (off_t)journal->end) != 0)
    return evl_fail(EVL_IO, "%s: the torn tail cannot be cut off: %s", journal->path, strerror(errno));
  return empty ? write_at_end(journal, evl_journal_magic, JOURNAL_MAGIC_BYTES) : EVL_OK;
}

evl_status evl_journal_open(const char *folder, int rank, double flush_s, evl_arena *arena, evl_journal **journal) {
  char path[PATH_MAX];
  evl_journal *j;
  EVL_TRY(evl_journal_name(folder, rank, path));
  EVL_NEW(arena, j, 1);
  *j = (evl_journal){.path = evl_arena_text(arena, path), .rank = rank, .flush_s = flush_s};
  if (!j->path) return EVL_MEMORY;
  j->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (j->fd < 0) return evl_fail(EVL_IO, "%s: the journal cannot be opened for writing: %s", path, strerror(errno));
  evl_status status = lock(path, j->fd);
  if (status == EVL_OK) status = prepare(j);
  if (status == EVL_OK) status = evl_journal_sync(j);
  if (status == EVL_OK) status = evl_folder_sync(folder);
  if (status != EVL_OK) {
    close(j->fd);
    return status;
  }
  *journal = j;
  return EVL_OK;
}

size_t evl_journal_header_bytes(void) { return sizeof(record_header); }

evl_status evl_journal_append(evl_journal *journal, const evl_key *key, void *record, size_t payload_bytes,
                              evl_record *where, bool *synced) {
  record_header header = evl_journal_header(key, (char *)record + sizeof header, payload_bytes);
  memcpy(record, &header, sizeof header);
  uint64_t start = journal->end;
  EVL_TRY(write_at_end(journal, record, sizeof header + payload_bytes));
  journal->synced = false;
  *where = (evl_record){.key = *key, .file = journal->rank, .offset = start + sizeof header, .bytes = payload_bytes};
  return evl_journal_tick(journal, synced);
}

evl_status evl_journal_tick(evl_journal *journal, bool *synced) {
  if (!journal->synced && evl_seconds() - journal->synced_s >= journal->flush_s) EVL_TRY(evl_journal_sync(journal));
  *synced = journal->synced;
  return EVL_OK;
}

evl_status evl_journal_sync(evl_journal *journal) {
  if (!journal->synced && fdatasync(journal->fd) != 0)
    return evl_fail(EVL_IO, "%s: sync failed: %s; tasks since the last sync may be lost, run again", journal->path,
                    strerror(errno));
  journal->synced = true;
  journal->synced_s = evl_seconds();
  return EVL_OK;
}

const char *evl_journal_path(const evl_journal *journal) { return journal->path; }

evl_status evl_journal_close(evl_journal *journal) {
  if (!journal) return EVL_OK;
  evl_status status = evl_journal_sync(journal);
  close(journal->fd);
  return status;
}
