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
                                                     'u', 'r', 'n', 'a', 'l', ' ', '2', '\n'};
static const uint64_t record_magic = UINT64_C(0xa55a1ee1d0c5b8f7);

struct evl_journal {
  const char *path;
  int rank, fd;
  uint32_t machine;
  uint64_t end;             /* of the last whole record */
  uint64_t synced_end;      /* of the last one that is on disk */
  double flush_s, synced_s; /* longest time without a sync; when the last one was (evl_seconds) */
  bool synced;
  const char *failure;      /* of a sync: the message; NULL: none */
  char failure_text[1024];
};

static record_header header_of(const evl_key *key, uint32_t machine, uint32_t kind, const void *payload, size_t bytes) {
  record_header header = {.magic = record_magic,
                          .bytes = bytes,
                          .payload_crc = evl_crc32c(0, payload, bytes),
                          .machine = machine,
                          .kind = kind};
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

/* What must stand ahead of this run's records: the magic in a new file, the kind of machine where it is not named. */
static evl_status begin(evl_journal *journal, const evl_machine *machine, bool named) {
  char block[JOURNAL_MAGIC_BYTES + sizeof(record_header) + sizeof machine->name];
  size_t n = 0, length = strlen(machine->name);
  if (journal->end == 0) {
    memcpy(block, evl_journal_magic, JOURNAL_MAGIC_BYTES);
    n = JOURNAL_MAGIC_BYTES;
  }
  if (!named) {
    record_header header = header_of(&(evl_key){{0}}, machine->id, RECORD_MACHINE, machine->name, length);
    memcpy(block + n, &header, sizeof header);
    memcpy(block + n + sizeof header, machine->name, length);
    n += sizeof header + length;
  }
  return n ? write_at_end(journal, block, n) : EVL_OK;
}

/* Brings the file to the end of its last whole record. */
static evl_status prepare(evl_journal *journal, const evl_machine *machine) {
  journal_found found = {0};
  evl_status status = evl_journal_scan_file(journal->path, journal->rank, &found);
  bool named = false;
  for (int i = 0; i < found.n_machines; i++) named = named || found.machine[i].id == machine->id;
  evl_journal_found_free(&found);
  EVL_TRY(status);
  if (!found.ours)
    return evl_fail(EVL_USAGE, "%s: a journal of an Eveil run expected, found a file of something else; move it away",
                    journal->path);
  journal->end = found.end < JOURNAL_MAGIC_BYTES ? 0 : found.end;
  if (found.size > journal->end && ftruncate(journal->fd, (off_t)journal->end) != 0)
    return evl_fail(EVL_IO, "%s: the torn tail cannot be cut off: %s", journal->path, strerror(errno));
  journal->synced_end = journal->end;
  return begin(journal, machine, named);
}

evl_status evl_journal_open(const char *folder, int rank, double flush_s, const evl_machine *machine, evl_arena *arena,
                            evl_journal **journal) {
  char path[PATH_MAX];
  evl_journal *j;
  EVL_TRY(evl_journal_name(folder, rank, path));
  EVL_NEW(arena, j, 1);
  *j = (evl_journal){.path = evl_arena_text(arena, path), .rank = rank, .machine = machine->id, .flush_s = flush_s};
  if (!j->path) return EVL_MEMORY;
  j->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (j->fd < 0) return evl_fail(EVL_IO, "%s: the journal cannot be opened for writing: %s", path, strerror(errno));
  evl_status status = lock(path, j->fd);
  if (status == EVL_OK) status = prepare(j, machine);
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
  if (journal->failure) return evl_fail(EVL_IO, "%s", journal->failure);
  record_header header = header_of(key, journal->machine, RECORD_TASK, (char *)record + sizeof header, payload_bytes);
  memcpy(record, &header, sizeof header);
  uint64_t start = journal->end;
  EVL_TRY(write_at_end(journal, record, sizeof header + payload_bytes));
  journal->synced = false;
  *where = (evl_record){.key = *key,
                        .file = journal->rank,
                        .machine = journal->machine,
                        .offset = start + sizeof header,
                        .bytes = payload_bytes};
  return evl_journal_tick(journal, synced);
}

evl_status evl_journal_tick(evl_journal *journal, bool *synced) {
  double waited_s = evl_seconds() - journal->synced_s;
  bool due = waited_s >= journal->flush_s || waited_s < 0; /* a clock that was set back */
  *synced = false;
  if (journal->failure || (!journal->synced && due)) EVL_TRY(evl_journal_sync(journal));
  *synced = journal->synced;
  return EVL_OK;
}

/* After a failed sync the kernel may have dropped what it could not write, and a later one would say nothing of that:
   the records since the last good sync never count as finished. */
static evl_status sync_failed(evl_journal *journal, int error) {
  const char *left = ftruncate(journal->fd, (off_t)journal->synced_end) == 0 ? "run again" : "may be damaged, run again";
  snprintf(journal->failure_text, sizeof journal->failure_text,
           "%s: sync failed: %s: check the disk; what finished since the last good sync (%llu bytes) %s", journal->path,
           strerror(error), (unsigned long long)(journal->end - journal->synced_end), left);
  journal->failure = journal->failure_text;
  return evl_fail(EVL_IO, "%s", journal->failure);
}

evl_status evl_journal_sync(evl_journal *journal) {
  if (journal->failure) return evl_fail(EVL_IO, "%s", journal->failure);
  if (!journal->synced && fdatasync(journal->fd) != 0) return sync_failed(journal, errno);
  journal->synced = true;
  journal->synced_end = journal->end;
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
