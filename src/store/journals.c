/* All journals of a store: what they hold, read by any rank, removed at the end. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eveil/parallel.h"
#include "journal_priv.h"

#define MOST_OPEN 64 /* files kept open by a rank */

typedef struct names {
  char *text;
  size_t bytes, capacity;
  int n;
} names; /* NUL behind each */

static evl_status names_add(names *list, const char *name) {
  size_t n = strlen(name) + 1;
  if (list->bytes + n > list->capacity) {
    size_t capacity = 2 * list->capacity + n + 4096;
    char *more = realloc(list->text, capacity);
    if (!more) return evl_fail(EVL_MEMORY, "no memory for %zu bytes of file names", capacity);
    list->text = more;
    list->capacity = capacity;
  }
  memcpy(list->text + list->bytes, name, n);
  list->bytes += n;
  list->n++;
  return EVL_OK;
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }
static int is_listed(const struct dirent *entry) {
  return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && strcmp(entry->d_name, SHARED_TOKEN) != 0;
}

/* Sorted by byte; an absent folder is empty. */
static evl_status list_folder(const char *folder, names *list) {
  struct dirent **entry;
  int n = scandir(folder, &entry, is_listed, by_name);
  if (n < 0 && errno == ENOENT) return EVL_OK;
  if (n < 0) return evl_fail(EVL_IO, "%s: the folder cannot be read: %s", folder, strerror(errno));
  evl_status status = EVL_OK;
  for (int i = 0; i < n; i++) {
    if (status == EVL_OK) status = names_add(list, entry[i]->d_name);
    free(entry[i]);
  }
  free(entry);
  return status;
}

/* Rank 0 looks, all know. */
static evl_status list_on_all(const char *folder, bool create, evl_arena *arena, char **text, size_t *bytes) {
  names list = {0};
  evl_status status = EVL_OK;
  if (evl_rank() == 0) {
    if (create) status = evl_folder_make(folder);
    if (status == EVL_OK) status = list_folder(folder, &list);
  }
  status = evl_agree(status);
  void *data = NULL;
  if (status == EVL_OK && evl_rank() == 0) {
    data = evl_arena_alloc(arena, list.bytes + 1);
    if (!data) status = EVL_MEMORY;
    else if (list.bytes) memcpy(data, list.text, list.bytes);
  }
  *bytes = list.bytes;
  free(list.text);
  EVL_TRY(evl_agree(status));
  EVL_TRY(evl_broadcast_block(&data, bytes, 0, arena));
  *text = data;
  return EVL_OK;
}

/* File i < evl_size() is the journal of rank i, there yet or not; then journals of a run on more
   ranks. All others are foreign. */
static evl_status assign_files(const char *folder, const char *text, size_t bytes, evl_arena *arena, evl_journals *j) {
  char path[PATH_MAX];
  int most = evl_size();
  for (size_t at = 0; at < bytes; at += strlen(text + at) + 1) most++;
  EVL_NEW(arena, j->path, most);
  EVL_NEW(arena, j->descriptor, most);
  EVL_NEW(arena, j->foreign, most);
  for (int i = 0; i < most; i++) j->descriptor[i] = -1;
  for (; j->n_files < evl_size(); j->n_files++) {
    EVL_TRY(evl_journal_name(folder, j->n_files, path));
    if (!(j->path[j->n_files] = evl_arena_text(arena, path))) return EVL_MEMORY;
  }
  for (size_t at = 0; at < bytes; at += strlen(text + at) + 1) {
    const char *name = text + at;
    bool ours = evl_journal_name_is(name);
    if (ours && atoi(name + 5) < evl_size()) continue;
    const char *whole = evl_arena_format(arena, "%s/%s", folder, name);
    if (!whole) return EVL_MEMORY;
    if (ours) j->path[j->n_files++] = whole;
    else j->foreign[j->n_foreign++] = whole;
  }
  return EVL_OK;
}

typedef struct share { /* what a rank found in one file; its records follow */
  int32_t file, ours, torn;
  int64_t n, skipped_bytes;
} share;

static evl_status scan_share(evl_journals *j, char **block, size_t *bytes, evl_machine **machine, int *n_machines) {
  for (int i = evl_rank(); i < j->n_files; i += evl_size()) {
    journal_found found = {0};
    evl_status status = evl_journal_scan_file(j->path[i], i, &found);
    size_t more = sizeof(share) + (size_t)found.n * sizeof *found.record;
    char *grown = status == EVL_OK ? realloc(*block, *bytes + more) : NULL;
    if (grown) {
      share head = {.file = i,
                    .ours = found.ours,
                    .torn = found.ours && found.size > found.end,
                    .n = found.n,
                    .skipped_bytes = found.skipped_bytes};
      memcpy(grown + *bytes, &head, sizeof head);
      if (found.n) memcpy(grown + *bytes + sizeof head, found.record, more - sizeof head);
      *block = grown;
      *bytes += more;
    } else if (status == EVL_OK) {
      status = evl_fail(EVL_MEMORY, "%s: no memory for its %lld records", j->path[i], (long long)found.n);
    }
    for (int m = 0; m < found.n_machines && status == EVL_OK; m++)
      status = evl_machines_add(machine, n_machines, &found.machine[m]);
    evl_journal_found_free(&found);
    EVL_TRY(status);
  }
  return EVL_OK;
}

static int by_id(const void *a, const void *b) {
  const evl_machine *x = a, *y = b;
  return (x->id > y->id) - (x->id < y->id);
}

/* Collective. The kinds of all ranks' shares, each once. */
static evl_status share_machines(const evl_machine *mine, int n, evl_arena *arena, evl_journals *j) {
  void *all = NULL;
  size_t *offset = NULL;
  EVL_TRY(evl_gather_all(mine, (size_t)n * sizeof *mine, arena, &all, &offset));
  size_t total = offset[evl_size()] / sizeof *mine;
  j->machine = all;
  if (total) qsort(j->machine, total, sizeof *j->machine, by_id);
  for (size_t i = 0; i < total; i++)
    if (!j->n_machines || j->machine[j->n_machines - 1].id != j->machine[i].id) j->machine[j->n_machines++] = j->machine[i];
  return EVL_OK;
}

static int by_key(const void *a, const void *b) {
  const evl_record *x = a, *y = b;
  int order = memcmp(x->key.byte, y->key.byte, sizeof x->key.byte);
  if (order) return order;
  if (x->file != y->file) return x->file < y->file ? -1 : 1;
  return (x->offset > y->offset) - (x->offset < y->offset);
}

static evl_status collect(const char *all, size_t bytes, evl_arena *arena, evl_journals *j) {
  share head;
  int64_t n = 0;
  for (size_t at = 0; at < bytes; at += sizeof head + (size_t)head.n * sizeof(evl_record)) {
    memcpy(&head, all + at, sizeof head);
    n += head.n;
  }
  EVL_NEW(arena, j->record, n);
  for (size_t at = 0; at < bytes; at += sizeof head + (size_t)head.n * sizeof(evl_record)) {
    memcpy(&head, all + at, sizeof head);
    if (head.n) memcpy(j->record + j->n, all + at + sizeof head, (size_t)head.n * sizeof(evl_record));
    j->n += head.n;
    j->n_torn += head.torn;
    j->n_skipped_bytes += head.skipped_bytes;
    if (!head.ours) j->foreign[j->n_foreign++] = j->path[head.file];
  }
  if (n) qsort(j->record, (size_t)n, sizeof *j->record, by_key);
  return EVL_OK;
}

evl_status evl_journals_scan(const char *folder, bool create, evl_arena *arena, evl_journals **journals) {
  char *text = NULL, *block = NULL;
  size_t names_bytes = 0, bytes = 0, *offset = NULL;
  void *all = NULL;
  evl_machine *machine = NULL;
  int n_machines = 0;
  EVL_TRY(list_on_all(folder, create, arena, &text, &names_bytes));
  EVL_TRY(evl_folder_shared(folder));
  evl_journals *j = evl_arena_alloc(arena, sizeof *j);
  evl_status status = j ? assign_files(folder, text, names_bytes, arena, j) : EVL_MEMORY;
  if (status == EVL_OK) status = scan_share(j, &block, &bytes, &machine, &n_machines);
  status = evl_agree(status);
  if (status == EVL_OK) status = evl_gather_all(block, bytes, arena, &all, &offset);
  if (status == EVL_OK) status = share_machines(machine, n_machines, arena, j);
  free(block);
  free(machine);
  EVL_TRY(status);
  EVL_TRY(evl_agree(collect(all, offset[evl_size()], arena, j)));
  *journals = j;
  return EVL_OK;
}

static evl_status descriptor_of(evl_journals *j, int32_t file, int *fd) {
  if (file < 0 || file >= j->n_files) return evl_fail(EVL_USAGE, "journal %d of %d asked for", (int)file, j->n_files);
  if (j->descriptor[file] < 0) {
    if (j->n_open == MOST_OPEN) evl_journals_close(j);
    j->descriptor[file] = open(j->path[file], O_RDONLY | O_CLOEXEC);
    if (j->descriptor[file] < 0)
      return evl_fail(EVL_IO, "%s: the journal cannot be read: %s", j->path[file], strerror(errno));
    j->n_open++;
  }
  *fd = j->descriptor[file];
  return EVL_OK;
}

evl_status evl_journals_read(evl_journals *journals, const evl_record *record, uint64_t from, void *data,
                             size_t bytes) {
  int fd = -1;
  if (from > record->bytes || bytes > record->bytes - from)
    return evl_fail(EVL_USAGE, "bytes %llu to %llu of a journal record of %llu asked for", (unsigned long long)from,
                    (unsigned long long)(from + bytes), (unsigned long long)record->bytes);
  EVL_TRY(descriptor_of(journals, record->file, &fd));
  ssize_t n = evl_pread_all(fd, data, bytes, record->offset + from);
  if (n < 0 || (size_t)n < bytes)
    return evl_fail(EVL_IO, "%s: %zu bytes expected at %llu, found %lld: %s", journals->path[record->file], bytes,
                    (unsigned long long)(record->offset + from), (long long)n,
                    n < 0 ? strerror(errno) : "the file ends");
  return EVL_OK;
}

bool evl_journals_intact(evl_journals *journals, const evl_record *record, void *scratch, size_t scratch_bytes) {
  int fd = -1;
  return descriptor_of(journals, record->file, &fd) == EVL_OK &&
         evl_journal_payload_intact(fd, record, scratch, scratch_bytes);
}

void evl_journals_close(evl_journals *journals) {
  for (int i = 0; i < journals->n_files; i++) {
    if (journals->descriptor[i] >= 0) close(journals->descriptor[i]);
    journals->descriptor[i] = -1;
  }
  journals->n_open = 0;
}

static evl_status remove_one(const char *path) {
  char magic[JOURNAL_MAGIC_BYTES];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return EVL_OK;
  if (fd < 0) return evl_fail(EVL_IO, "%s: the journal cannot be read: %s", path, strerror(errno));
  ssize_t n = evl_pread_all(fd, magic, sizeof magic, 0);
  close(fd);
  if (n < 0 || memcmp(magic, evl_journal_magic, (size_t)n) != 0) return EVL_OK; /* not ours */
  return unlink(path) == 0 ? EVL_OK : evl_fail(EVL_IO, "%s: the journal cannot be removed: %s", path, strerror(errno));
}

evl_status evl_journals_remove(const char *folder) {
  names list = {0};
  char path[PATH_MAX];
  if (access(folder, F_OK) != 0 && errno == ENOENT) return EVL_OK; /* nothing to write, on a read-only disk too */
  evl_status status = list_folder(folder, &list);
  for (size_t at = 0; status == EVL_OK && at < list.bytes; at += strlen(list.text + at) + 1) {
    if (!evl_journal_name_is(list.text + at)) continue;
    int n = snprintf(path, sizeof path, "%s/%s", folder, list.text + at);
    status = n < PATH_MAX ? remove_one(path) : evl_fail(EVL_IO, "%.200s: the path is too long", folder);
  }
  free(list.text);
  EVL_TRY(status);
  if (snprintf(path, sizeof path, "%s/%s", folder, SHARED_TOKEN) < PATH_MAX && access(path, F_OK) == 0) unlink(path);
  if (rmdir(folder) != 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST)
    return evl_fail(EVL_IO, "%s: the folder cannot be removed: %s", folder, strerror(errno));
  return evl_folder_of_sync(folder);
}
