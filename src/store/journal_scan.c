/* Which records are there: headers by length, the payload of the last record of each file by its CRC. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal_priv.h"

#define WINDOW_BYTES ((size_t)256 << 10)
#define EXPECTED 64 /* headers asked for ahead */

typedef struct window { /* the part of a file that is in memory */
  int fd;
  uint64_t start, file_bytes;
  size_t n;
  bool failed;   /* a read: errno tells */
  uint8_t *data; /* WINDOW_BYTES */
} window;

/* Bytes [at, at + need) of the file: NULL where it ends before or cannot be read. Reads `ahead` bytes. */
static const uint8_t *view(window *w, uint64_t at, size_t need, size_t ahead) {
  if (at >= w->start && at + need <= w->start + w->n) return w->data + (at - w->start);
  if (at + need > w->file_bytes) return NULL;
  ssize_t n = evl_pread_all(w->fd, w->data, ahead > need ? ahead : need, at);
  w->failed = n < 0;
  w->start = at;
  w->n = n > 0 ? (size_t)n : 0;
  return w->n >= need ? w->data : NULL;
}

/* The next valid header at or behind `at` whose record lies in the file, or the end of the file. */
static uint64_t search(window *w, uint64_t at, record_header *header) {
  for (; at + sizeof *header <= w->file_bytes; at++) {
    const uint8_t *p = view(w, at, sizeof *header, WINDOW_BYTES);
    if (!p) break;
    memcpy(header, p, sizeof *header);
    if (evl_journal_header_valid(header) && header->bytes <= w->file_bytes - at - sizeof *header) return at;
  }
  return w->file_bytes;
}

evl_machine evl_machine_named(const char *name) {
  evl_machine machine = {0};
  snprintf(machine.name, sizeof machine.name, "%s", name);
  machine.id = evl_crc32c(0, machine.name, strlen(machine.name));
  return machine;
}

evl_status evl_machines_add(evl_machine **list, int *n, const evl_machine *machine) {
  for (int i = 0; i < *n; i++)
    if ((*list)[i].id == machine->id) return EVL_OK;
  evl_machine *more = realloc(*list, ((size_t)*n + 1) * sizeof *more);
  if (!more) return evl_fail(EVL_MEMORY, "no memory for %d kinds of machines", *n + 1);
  *list = more;
  more[(*n)++] = *machine;
  return EVL_OK;
}

void evl_journal_found_free(journal_found *found) {
  free(found->record);
  free(found->machine);
  found->record = NULL;
  found->machine = NULL;
}

/* EVL_IO: see errno. A name whose bytes are damaged is no name. */
static evl_status keep_machine(window *w, journal_found *found, const record_header *header, uint64_t at) {
  char name[sizeof((evl_machine *)0)->name] = "";
  if (header->bytes >= sizeof name) return EVL_OK;
  ssize_t n = evl_pread_all(w->fd, name, (size_t)header->bytes, at + sizeof *header);
  if (n < 0) return EVL_IO;
  evl_machine machine = evl_machine_named(name);
  found->machine_end = at + sizeof *header + header->bytes;
  return machine.id == header->machine ? evl_machines_add(&found->machine, &found->n_machines, &machine) : EVL_OK;
}

static evl_status keep(journal_found *found, const record_header *header, int32_t file, uint64_t at) {
  if (found->n == found->capacity) {
    int64_t capacity = found->capacity ? 2 * found->capacity : 256;
    evl_record *more = realloc(found->record, (size_t)capacity * sizeof *more);
    if (!more) return evl_fail(EVL_MEMORY, "no memory for %lld journal records", (long long)capacity);
    found->record = more;
    found->capacity = capacity;
  }
  evl_record *record = &found->record[found->n++];
  memset(record, 0, sizeof *record);
  memcpy(record->key.byte, header->key, sizeof header->key);
  record->file = file;
  record->machine = header->machine;
  record->offset = at + sizeof *header;
  record->bytes = header->bytes;
  return EVL_OK;
}

/* EVL_IO: see errno. */
static evl_status read_headers(window *w, int32_t file, journal_found *found) {
  uint64_t at = JOURNAL_MAGIC_BYTES;
  size_t ahead = WINDOW_BYTES;
  while (at < w->file_bytes) {
    record_header header;
    const uint8_t *p = view(w, at, sizeof header, ahead);
    if (w->failed) return EVL_IO;
    if (p) memcpy(&header, p, sizeof header);
    if (!p || !evl_journal_header_valid(&header) || header.bytes > w->file_bytes - at - sizeof header) {
      uint64_t next = search(w, at + 1, &header);
      if (w->failed) return EVL_IO;
      if (next == w->file_bytes) return EVL_OK; /* a torn tail */
      found->skipped_bytes += (int64_t)(next - at);
      at = next;
    }
    if (header.kind == RECORD_TASK) EVL_TRY(keep(found, &header, file, at));
    else EVL_TRY(keep_machine(w, found, &header, at));
    at += sizeof header + header.bytes;
    found->end = at;
    /* Long records: only the headers come from the disk. */
    ahead = header.bytes < WINDOW_BYTES / 8 ? WINDOW_BYTES : sizeof header;
    /* Neighbours are as long, most of the time: the disk fetches many headers at once. */
    if (ahead < WINDOW_BYTES)
      posix_fadvise(w->fd, (off_t)(at + EXPECTED * (sizeof header + header.bytes)), sizeof header, POSIX_FADV_WILLNEED);
  }
  return EVL_OK;
}

bool evl_journal_payload_intact(int fd, const evl_record *record, void *scratch, size_t scratch_bytes) {
  record_header header;
  if (record->offset < sizeof header ||
      evl_pread_all(fd, &header, sizeof header, record->offset - sizeof header) != (ssize_t)sizeof header) return false;
  if (!evl_journal_header_valid(&header) || header.bytes != record->bytes ||
      memcmp(header.key, record->key.byte, sizeof header.key) != 0) return false;
  uint32_t crc = 0;
  for (uint64_t done = 0; done < record->bytes;) {
    size_t n = record->bytes - done < scratch_bytes ? (size_t)(record->bytes - done) : scratch_bytes;
    if (evl_pread_all(fd, scratch, n, record->offset + done) != (ssize_t)n) return false;
    crc = evl_crc32c(crc, scratch, n);
    done += n;
  }
  return crc == header.payload_crc;
}

/* After a power failure the tail may have its length but not its bytes. */
static void drop_damaged_tail(window *w, journal_found *found) {
  while (found->n > 0) {
    const evl_record *last = &found->record[found->n - 1];
    if (last->offset < found->machine_end || evl_journal_payload_intact(w->fd, last, w->data, WINDOW_BYTES)) return;
    found->n--;
    found->end = last->offset - sizeof(record_header);
  }
}

static evl_status other_format(const char *path, const char magic[JOURNAL_MAGIC_BYTES]) {
  return evl_fail(EVL_USAGE, "%s: expected \"%.*s\", found \"%.*s\" of another version of this program: finish the run "
                  "with that version, or move the folder away and run anew", path, JOURNAL_MAGIC_BYTES - 1,
                  evl_journal_magic, JOURNAL_MAGIC_BYTES - 1, magic);
}

static evl_status scan_open_file(window *w, const char *path, int32_t file, journal_found *found) {
  enum { NUMBER = JOURNAL_MAGIC_BYTES - 2 }; /* of the format, in the magic */
  char magic[JOURNAL_MAGIC_BYTES];
  ssize_t n = evl_pread_all(w->fd, magic, sizeof magic, 0);
  if (n < 0) return EVL_IO;
  found->ours = memcmp(magic, evl_journal_magic, (size_t)n) == 0;
  if (!found->ours && n == JOURNAL_MAGIC_BYTES && !memcmp(magic, evl_journal_magic, NUMBER) && magic[NUMBER + 1] == '\n')
    return other_format(path, magic);
  if (!found->ours || n < JOURNAL_MAGIC_BYTES) return EVL_OK;
  found->end = JOURNAL_MAGIC_BYTES;
  EVL_TRY(read_headers(w, file, found));
  drop_damaged_tail(w, found);
  return EVL_OK;
}

evl_status evl_journal_scan_file(const char *path, int32_t file, journal_found *found) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe of that name must not hold us */
  if (fd < 0 && errno == ENOENT) {
    found->ours = true;
    return EVL_OK;
  }
  if (fd < 0) return evl_fail(EVL_IO, "%s: the journal cannot be read: %s", path, strerror(errno));
  struct stat info;
  window w = {.fd = fd, .data = malloc(WINDOW_BYTES)};
  evl_status status = EVL_OK;
  if (!w.data) status = evl_fail(EVL_MEMORY, "%s: no memory to scan it", path);
  else if (fstat(fd, &info) != 0) status = EVL_IO;
  else if (S_ISREG(info.st_mode)) {
    found->size = w.file_bytes = (uint64_t)info.st_size;
    posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM); /* the window is the read-ahead */
    status = scan_open_file(&w, path, file, found);
  }
  if (status == EVL_IO) (void)evl_fail(EVL_IO, "%s: the journal cannot be read: %s", path, strerror(errno));
  free(w.data);
  close(fd);
  return status;
}
