/* Journals: what is appended comes back; torn, cut and damaged files lose only what was damaged.
   Over 400 lines: every case stands on the same journals, made and broken by the helpers at the top. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "eveil/store.h"

enum { HEAD = 48, MAGIC = 16 };
#define MACHINE "a kind of machine"
enum { FIRST = MAGIC + HEAD + sizeof MACHINE - 1 }; /* where the first task's record begins */

static evl_arena *arena;
static evl_machine machine;
static char folder[64], file[128];

static void fresh(void) {
  char command[160];
  snprintf(command, sizeof command, "rm -rf '%s' && mkdir '%s'", folder, folder);
  CHECK(system(command) == 0);
}

/* Ours instead of the C library's: a clock that jumps, a disk that fails. */
static long jump_s;
static int sync_error;

int clock_gettime(clockid_t clock, struct timespec *now) {
  long done = syscall(SYS_clock_gettime, clock, now);
  now->tv_sec += jump_s;
  return (int)done;
}

int fdatasync(int fd) {
  errno = sync_error;
  return sync_error ? -1 : (int)syscall(SYS_fdatasync, fd);
}

static evl_key key_of(int task) {
  evl_key key = {0};
  key.byte[0] = (uint8_t)(task >> 8);
  key.byte[1] = (uint8_t)task;
  return key;
}

static size_t bytes_of(int task) { return (size_t)(task * 37 % 501); } /* 0 too */

static void fill_payload(uint8_t *data, int task) {
  for (size_t i = 0; i < bytes_of(task); i++) data[i] = (uint8_t)(i * 31 + (size_t)task);
}

static void append(int rank, int first, int n) {
  evl_journal *journal;
  evl_record where;
  bool synced;
  uint8_t record[1024];
  CHECK(evl_journal_header_bytes() == HEAD);
  CHECK(evl_journal_open(folder, rank, 0, &machine, arena, &journal) == EVL_OK);
  for (int t = first; t < first + n; t++) {
    evl_key key = key_of(t);
    fill_payload(record + HEAD, t);
    CHECK(evl_journal_append(journal, &key, record, bytes_of(t), &where, &synced) == EVL_OK);
    CHECK(synced && where.file == rank && where.bytes == bytes_of(t));
  }
  CHECK(evl_journal_close(journal) == EVL_OK);
}

/* Scans and checks every record against its task; marks those that are there. */
static evl_journals *scan(bool *there, int n) {
  static uint8_t scratch[4096];
  uint8_t data[1024], expected[1024];
  evl_journals *j = NULL;
  memset(there, 0, (size_t)n);
  CHECK(evl_journals_scan(folder, false, arena, &j) == EVL_OK);
  for (int64_t i = 0; j && i < j->n; i++) {
    int task = j->record[i].key.byte[0] << 8 | j->record[i].key.byte[1];
    CHECK(task < n && j->record[i].bytes == bytes_of(task));
    if (!evl_journals_intact(j, &j->record[i], scratch, sizeof scratch)) continue;
    CHECK(evl_journals_read(j, &j->record[i], 0, data, bytes_of(task)) == EVL_OK);
    fill_payload(expected, task);
    CHECK(memcmp(data, expected, bytes_of(task)) == 0);
    if (bytes_of(task) > 10) {
      CHECK(evl_journals_read(j, &j->record[i], 7, data, 3) == EVL_OK && memcmp(data, expected + 7, 3) == 0);
      CHECK(evl_journals_read(j, &j->record[i], bytes_of(task) - 2, data, 3) == EVL_USAGE);
    }
    if (i > 0) CHECK(memcmp(&j->record[i - 1].key, &j->record[i].key, sizeof(evl_key)) <= 0);
    there[task] = true;
  }
  return j;
}

static int count(const bool *there, int n) {
  int found = 0;
  for (int i = 0; i < n; i++) found += there[i];
  return found;
}

static void written_and_read(void) {
  bool there[600];
  fresh();
  append(0, 0, 200);
  append(3, 200, 200);   /* of a run on more ranks */
  append(0, 400, 200);   /* resumed */
  evl_journals *j = scan(there, 600);
  CHECK(j->n == 600 && count(there, 600) == 600 && j->n_torn == 0 && j->n_skipped_bytes == 0 && j->n_foreign == 0);
  CHECK(j->n_files == 2 && strstr(j->path[0], "rank_000000.journal") && strstr(j->path[1], "rank_000003.journal"));
  evl_journals_close(j);
  CHECK(evl_journals_remove(folder) == EVL_OK);
  CHECK(access(folder, F_OK) != 0);
}

static void empty_and_absent(void) {
  bool there[1];
  fresh();
  rmdir(folder);
  CHECK(scan(there, 1)->n == 0);
  evl_journals *j;
  CHECK(evl_journals_scan(folder, true, arena, &j) == EVL_OK && j->n == 0 && j->n_files == 1);
  CHECK(access(folder, F_OK) == 0);
  close(creat(file, 0666)); /* zero bytes: killed before the magic */
  CHECK(scan(there, 1)->n == 0);
  append(0, 0, 1);
  CHECK(scan(there, 1)->n == 1);
}

/* The last of two records cut at every byte: the first survives, and the journal goes on. */
static void cut_anywhere(void) {
  bool there[4];
  fresh();
  append(0, 1, 2);
  off_t whole = FIRST + 2 * HEAD + (off_t)(bytes_of(1) + bytes_of(2)), second = FIRST + HEAD + (off_t)bytes_of(1);
  for (off_t size = 0; size < whole; size++) {
    fresh();
    append(0, 1, 2);
    CHECK(truncate(file, size) == 0);
    evl_journals *j = scan(there, 4);
    CHECK(j->n == (size >= second));
    CHECK(j->n_torn == (size != 0 && size != MAGIC && size != FIRST && size != second));
    CHECK(j->n_foreign == 0);
    evl_journals_close(j);
    append(0, 3, 1);
    j = scan(there, 4);
    CHECK(there[3] && there[1] == (size >= second) && !there[2] && j->n_torn == 0 && j->n_skipped_bytes == 0);
    evl_journals_close(j);
  }
}

/* Every byte of five records flipped in turn: one task lost at most, never a wrong payload. */
static void flipped_anywhere(void) {
  bool there[6];
  fresh();
  append(0, 1, 5);
  struct stat info;
  CHECK(stat(file, &info) == 0);
  for (off_t at = FIRST; at < info.st_size; at += at % 7 == 0 ? 5 : 1) {
    int fd = open(file, O_RDWR);
    uint8_t byte;
    CHECK(pread(fd, &byte, 1, at) == 1);
    byte ^= (uint8_t)(1 << at % 8);
    CHECK(pwrite(fd, &byte, 1, at) == 1);
    evl_journals *j = scan(there, 6);
    CHECK(count(there, 6) == 4);
    evl_journals_close(j);
    byte ^= (uint8_t)(1 << at % 8);
    CHECK(pwrite(fd, &byte, 1, at) == 1);
    close(fd);
  }
  CHECK(count(there, 6) == 4 && scan(there, 6)->n == 5);
}

/* A run appends behind a damaged header in the middle: found again by search, and counted. */
static void goes_on_after_damage(void) {
  bool there[6];
  fresh();
  append(0, 1, 3);
  int fd = open(file, O_RDWR);
  CHECK(pwrite(fd, "x", 1, FIRST + HEAD + (off_t)bytes_of(1) + 9) == 1); /* in the header of task 2 */
  close(fd);
  append(0, 4, 1);
  evl_journals *j = scan(there, 6);
  CHECK(there[1] && !there[2] && there[3] && there[4]);
  CHECK(j->n_skipped_bytes == HEAD + (int64_t)bytes_of(2) && j->n_torn == 0);
  evl_journals_close(j);
}

static void foreign_files(void) {
  char path[200];
  bool there[2];
  fresh();
  append(0, 0, 2);
  snprintf(path, sizeof path, "%s/notes.txt", folder);
  FILE *notes = fopen(path, "w");
  fputs("mine\n", notes);
  fclose(notes);
  snprintf(path, sizeof path, "%s/rank_000001.journal", folder);
  FILE *other = fopen(path, "w");
  fputs("Another program's file of that name\n", other);
  fclose(other);
  snprintf(path, sizeof path, "%s/rank_000002.journal", folder);
  CHECK(mkdir(path, 0777) == 0);
  snprintf(path, sizeof path, "%s/rank_000004.journal", folder);
  CHECK(mkfifo(path, 0666) == 0);
  evl_journals *j = scan(there, 2);
  CHECK(j->n == 2 && j->n_foreign == 4);
  evl_journals_close(j);
  evl_journal *journal;
  CHECK(evl_journal_open(folder, 1, 0, &machine, arena, &journal) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "rank_000001.journal") != NULL);
  CHECK(unlink(path) == 0);
  snprintf(path, sizeof path, "%s/rank_000002.journal", folder);
  CHECK(rmdir(path) == 0);
  CHECK(evl_journals_remove(folder) == EVL_OK);
  CHECK(access(file, F_OK) != 0);
  snprintf(path, sizeof path, "%s/notes.txt", folder);
  CHECK(access(path, F_OK) == 0);
  snprintf(path, sizeof path, "%s/rank_000001.journal", folder);
  CHECK(access(path, F_OK) == 0);
}

/* Records know their kind of machine, and journals the names of kinds. */
static void two_kinds_of_machines(void) {
  bool there[5];
  fresh();
  append(0, 1, 1);
  machine = evl_machine_named("another kind");
  append(0, 2, 2);
  append(1, 4, 1);
  evl_journals *j = scan(there, 5);
  CHECK(j->n == 4 && j->n_machines == 2 && j->machine[0].id != j->machine[1].id);
  for (int i = 0; i < 2; i++) CHECK(j->machine[i].id == evl_machine_named(j->machine[i].name).id);
  for (int i = 0; i < 4; i++)
    CHECK((j->record[i].machine == evl_machine_named(MACHINE).id) == (j->record[i].key.byte[1] == 1));
  evl_journals_close(j);
  machine = evl_machine_named(MACHINE);
}

/* The name of a kind damaged: the records stay, the name is lost, and the next run of that kind writes it again. */
static void name_of_a_kind_damaged(void) {
  bool there[3];
  fresh();
  append(0, 1, 1);
  int fd = open(file, O_RDWR);
  CHECK(pwrite(fd, "x", 1, MAGIC + HEAD + 1) == 1);
  close(fd);
  evl_journals *j = scan(there, 3);
  CHECK(j->n == 1 && j->n_machines == 0 && there[1]);
  evl_journals_close(j);
  append(0, 2, 1);
  j = scan(there, 3);
  CHECK(j->n == 2 && j->n_machines == 1 && !strcmp(j->machine[0].name, MACHINE));
  evl_journals_close(j);
}

static void another_format(void) {
  evl_journals *j;
  evl_journal *journal;
  fresh();
  append(0, 1, 2);
  int fd = open(file, O_RDWR);
  CHECK(pwrite(fd, "1", 1, MAGIC - 2) == 1);
  close(fd);
  CHECK(evl_journals_scan(folder, true, arena, &j) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), file) && strstr(evl_error_message(), "\"Eveil journal 1\""));
  CHECK(evl_journal_open(folder, 0, 0, &machine, arena, &journal) == EVL_USAGE);
}

/* With flush_s a record may wait, until tick or close. */
static void waits_for_sync(void) {
  evl_journal *journal;
  evl_record where;
  bool synced = true, there[2];
  uint8_t record[1024];
  fresh();
  CHECK(evl_journal_open(folder, 0, 3600, &machine, arena, &journal) == EVL_OK);
  evl_key key = key_of(1);
  fill_payload(record + HEAD, 1);
  CHECK(evl_journal_append(journal, &key, record, bytes_of(1), &where, &synced) == EVL_OK && !synced);
  CHECK(evl_journal_tick(journal, &synced) == EVL_OK && !synced);
  CHECK(evl_journal_sync(journal) == EVL_OK);
  CHECK(evl_journal_tick(journal, &synced) == EVL_OK && synced);
  CHECK_TEXT(evl_journal_path(journal), file);
  CHECK(evl_journal_close(journal) == EVL_OK);
  CHECK(scan(there, 2)->n == 1);
}

static evl_status append_one(evl_journal *journal, int task, bool *synced) {
  uint8_t record[1024];
  evl_record where;
  evl_key key = key_of(task);
  fill_payload(record + HEAD, task);
  return evl_journal_append(journal, &key, record, bytes_of(task), &where, synced);
}

/* A clock set back by hours must not hold syncs up for hours. */
static void clock_jumps(void) {
  evl_journal *journal;
  bool synced;
  fresh();
  CHECK(evl_journal_open(folder, 0, 60, &machine, arena, &journal) == EVL_OK);
  CHECK(append_one(journal, 1, &synced) == EVL_OK && !synced);
  jump_s = -7200;
  CHECK(evl_journal_tick(journal, &synced) == EVL_OK && synced);
  CHECK(append_one(journal, 2, &synced) == EVL_OK && !synced);
  jump_s = 7200;
  CHECK(evl_journal_tick(journal, &synced) == EVL_OK && synced);
  CHECK(append_one(journal, 3, &synced) == EVL_OK && !synced);
  jump_s = 0;
  CHECK(evl_journal_close(journal) == EVL_OK);
}

/* One failed sync, in whatever call: from then on the journal has failed, although later syncs would succeed. */
static void sync_fails_once(void) {
  bool there[5], synced;
  for (int by = 0; by < 4; by++) { /* tick, append, sync, close */
    evl_journal *journal;
    fresh();
    CHECK(evl_journal_open(folder, 0, by == 1 ? 0 : 3600, &machine, arena, &journal) == EVL_OK);
    CHECK(append_one(journal, 1, &synced) == EVL_OK && evl_journal_sync(journal) == EVL_OK);
    if (by != 1) CHECK(append_one(journal, 2, &synced) == EVL_OK && !synced);
    sync_error = EIO;
    jump_s = by == 0 ? 7200 : 0;
    evl_status status = by == 0   ? evl_journal_tick(journal, &synced)
                        : by == 1 ? append_one(journal, 2, &synced)
                        : by == 2 ? evl_journal_sync(journal)
                                  : evl_journal_close(journal);
    sync_error = 0;
    jump_s = 0;
    CHECK(status == EVL_IO && strstr(evl_error_message(), file) && strstr(evl_error_message(), "sync failed"));
    if (by < 3) {
      evl_error_clear();
      CHECK(append_one(journal, 3, &synced) == EVL_IO && strstr(evl_error_message(), "sync failed"));
      CHECK(evl_journal_tick(journal, &synced) == EVL_IO && !synced && evl_journal_sync(journal) == EVL_IO);
      CHECK(evl_journal_close(journal) == EVL_IO);
    }
    evl_journals *j = scan(there, 5);
    CHECK(j->n == 1 && there[1] && j->n_torn == 0); /* what no sync vouches for is cut off */
    evl_journals_close(j);
    append(0, 2, 2);
    j = scan(there, 5);
    CHECK(j->n == 3);
    evl_journals_close(j);
  }
}

/* A file size limit stands for a full disk: the write is short, then fails. What was there stays whole. */
static void limit_reached(void) {
  evl_journal *journal;
  evl_record where;
  bool synced, there[40];
  uint8_t record[1024];
  int last = -1;
  evl_status status = EVL_OK;
  CHECK(evl_journal_open(folder, 0, 0, &machine, arena, &journal) == EVL_OK);
  for (int t = 0; t < 40 && status == EVL_OK; t++) {
    evl_key key = key_of(t);
    fill_payload(record + HEAD, t);
    status = evl_journal_append(journal, &key, record, bytes_of(t), &where, &synced);
    if (status == EVL_OK) last = t;
  }
  CHECK(status == EVL_IO && last > 3 && last < 39);
  CHECK(strstr(evl_error_message(), file) && strstr(evl_error_message(), "nothing finished is lost"));
  CHECK(evl_journal_close(journal) == EVL_OK);
  evl_journals *j = scan(there, 40);
  CHECK(j->n == last + 1 && j->n_torn == 0 && count(there, 40) == last + 1);
  evl_journals_close(j);
}

static void file_too_large(void) {
  fresh();
  pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){4000, 4000});
    int fd = open("/dev/null", O_WRONLY);
    dup2(fd, 1);
    limit_reached();
    _exit(check_failures);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void disk_full(void) {
  fresh();
  if (mount("tmpfs", folder, "tmpfs", 0, "size=8k") != 0) SKIP("no right to mount a small tmpfs");
  limit_reached();
  CHECK(umount(folder) == 0);
}

/* A second run on the same journal is refused. */
static void held_by_another_run(void) {
  fresh();
  int hold[2];
  CHECK(pipe(hold) == 0);
  pid_t child = fork();
  if (child == 0) {
    evl_journal *journal;
    if (evl_journal_open(folder, 0, 0, &machine, arena, &journal) != EVL_OK) _exit(1);
    close(hold[0]);
    for (;;) {
      if (write(hold[1], "x", 1) != 1) _exit(2);
      pause();
    }
  }
  char ready;
  CHECK(read(hold[0], &ready, 1) == 1);
  evl_journal *journal;
  CHECK(evl_journal_open(folder, 0, 0, &machine, arena, &journal) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "another run") != NULL);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  CHECK(evl_journal_open(folder, 0, 0, &machine, arena, &journal) == EVL_OK);
  CHECK(evl_journal_close(journal) == EVL_OK);
}

int main(void) {
  arena = evl_arena_create();
  machine = evl_machine_named(MACHINE);
  /* In memory where there is such a folder: thousands of syncs. */
  strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/evl_journal_XXXXXX" : "/tmp/evl_journal_XXXXXX");
  if (!mkdtemp(folder)) return 1;
  snprintf(file, sizeof file, "%s/rank_000000.journal", folder);
  RUN(written_and_read);
  RUN(empty_and_absent);
  RUN(cut_anywhere);
  RUN(flipped_anywhere);
  RUN(goes_on_after_damage);
  RUN(foreign_files);
  RUN(two_kinds_of_machines);
  RUN(name_of_a_kind_damaged);
  RUN(another_format);
  RUN(waits_for_sync);
  RUN(clock_jumps);
  RUN(sync_fails_once);
  RUN(file_too_large);
  RUN(disk_full);
  RUN(held_by_another_run);
  fresh();
  rmdir(folder);
  evl_arena_free(arena);
  CHECK_DONE();
}
