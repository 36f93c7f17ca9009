/* The store on any number of ranks: run by tests/mpi under mpirun (or alone with EVL_NO_MPI=1).
     store_np write STORE WINDOWS COMPRESS MEMORY [FAILING_RANK FAILING_ROW]
     store_np run STORE WINDOWS COMPRESS TASKS REPORT   journals, resume, gather; REPORT_<rank> names
                                                        each task once it is synced
     store_np check STORE WINDOWS                       values read back
     store_np tasks STORE TASKS                         whole records in the journals, one number a line
   Exit: the status of the program's own rules. Without arguments: write and check in the build folder. */
#include <fcntl.h>
#include <unistd.h>

#include "check.h"
#include "eveil/parallel.h"
#include "store_sample.h"

static evl_arena *arena;

static int end(evl_status status) {
  if (status != EVL_OK && evl_rank() == 0) fprintf(stderr, "store_np: %s\n", evl_error_message());
  evl_parallel_stop();
  return evl_exit_code(status);
}

static evl_status write_sample(const char *store, uint64_t windows, bool compress, size_t memory, int failing_rank,
                               uint64_t failing_row) {
  sample s;
  sample_build(&s, store, windows, compress, memory, evl_rank());
  s.fails_on = failing_rank;
  s.fails_at = failing_row;
  double begin = evl_seconds();
  EVL_TRY(evl_store_write(&s.plan, sample_fill, &s));
  double seconds = evl_seconds() - begin, bytes = (double)windows * (SAMPLE_COLUMNS * 9 + SAMPLE_CHANNELS * 8 + 12);
  if (evl_rank() == 0) fprintf(stderr, "# %.0f MB in %.3f s: %.0f MB/s\n", bytes / 1e6, seconds, bytes / 1e6 / seconds);
  return EVL_OK;
}

static evl_key key_of(int task) {
  evl_key key = {0};
  memcpy(key.byte, &task, sizeof task);
  return key;
}

typedef struct gather { /* tasks cut the rows into equal spans */
  sample s;
  evl_journals *journals;
  uint64_t span;
} gather;

/* One value a row and column travels through the journals; the rest is computed. */
static evl_status gather_fill(void *context, int dataset, uint64_t row, uint64_t n, void *rows) {
  gather *g = context;
  if (dataset != g->s.values) return sample_fill(&g->s, dataset, row, n, rows);
  for (uint64_t i = 0; i < n; i++) {
    uint64_t task = (row + i) / g->span, at = (row + i) % g->span;
    const evl_record *record = NULL;
    evl_key key = key_of((int)task);
    for (int64_t k = 0; k < g->journals->n; k++)
      if (memcmp(&g->journals->record[k].key, &key, sizeof key) == 0) record = &g->journals->record[k];
    if (!record) return evl_fail(EVL_FORMAT, "task %d is missing", (int)task);
    EVL_TRY(evl_journals_read(g->journals, record, at * SAMPLE_COLUMNS * 8, (double *)rows + i * SAMPLE_COLUMNS,
                              SAMPLE_COLUMNS * 8));
  }
  return EVL_OK;
}

static bool has(const evl_journals *journals, int task) {
  evl_key key = key_of(task);
  for (int64_t k = 0; k < journals->n; k++)
    if (memcmp(&journals->record[k].key, &key, sizeof key) == 0) return true;
  return false;
}

static evl_status do_tasks(const char *folder, const evl_journals *journals, int tasks, uint64_t span,
                           const char *report) {
  char name[4200], line[32];
  snprintf(name, sizeof name, "%s_%d", report, evl_rank());
  int fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0666);
  evl_journal *journal;
  evl_record where;
  bool synced;
  const evl_machine machine = evl_machine_named("a kind of machine");
  EVL_TRY(evl_journal_open(folder, evl_rank(), 0, &machine, arena, &journal));
  size_t head = evl_journal_header_bytes(), bytes = (size_t)span * SAMPLE_COLUMNS * 8;
  char *record = malloc(head + bytes);
  evl_status status = EVL_OK;
  for (int t = 0; t < tasks && status == EVL_OK; t++) {
    if (t % evl_size() != evl_rank() || has(journals, t)) continue;
    double *value = (double *)(record + head);
    for (uint64_t w = 0; w < span; w++)
      for (uint64_t c = 0; c < SAMPLE_COLUMNS; c++)
        value[w * SAMPLE_COLUMNS + c] = sample_value((uint64_t)t * span + w, c);
    evl_key key = key_of(t);
    status = evl_journal_append(journal, &key, record, bytes, &where, &synced);
    if (status == EVL_OK && synced && write(fd, line, (size_t)sprintf(line, "%d\n", t)) < 0) status = EVL_IO;
  }
  free(record);
  close(fd);
  evl_status closed = evl_journal_close(journal);
  return status == EVL_OK ? closed : status;
}

static evl_status run(const char *store, uint64_t windows, bool compress, int tasks, const char *report) {
  char folder[4096];
  gather g = {.span = windows / (uint64_t)tasks};
  snprintf(folder, sizeof folder, "%s.journal", store);
  EVL_TRY(evl_journals_scan(folder, true, arena, &g.journals));
  EVL_TRY(evl_agree(do_tasks(folder, g.journals, tasks, g.span, report)));
  EVL_TRY(evl_journals_scan(folder, false, arena, &g.journals));
  sample_build(&g.s, store, windows, compress, 1 << 16, evl_rank());
  evl_status status = evl_store_write(&g.s.plan, gather_fill, &g);
  evl_journals_close(g.journals);
  EVL_TRY(status);
  return evl_agree(evl_rank() == 0 ? evl_journals_remove(folder) : EVL_OK);
}

static evl_status print_tasks(const char *store, int tasks) {
  char folder[4096], scratch[4096];
  evl_journals *journals;
  snprintf(folder, sizeof folder, "%s.journal", store);
  EVL_TRY(evl_journals_scan(folder, false, arena, &journals));
  for (int64_t k = 0; k < journals->n; k++) {
    int task;
    memcpy(&task, journals->record[k].key.byte, sizeof task);
    if (task < 0 || task >= tasks || !evl_journals_intact(journals, &journals->record[k], scratch, sizeof scratch))
      return evl_fail(EVL_FORMAT, "record %d is damaged", task);
    printf("%d\n", task);
  }
  evl_journals_close(journals);
  return EVL_OK;
}

static void write_and_check(void) {
  char path[] = "/tmp/evl_store_np_XXXXXX";
  CHECK(mkdtemp(path) != NULL);
  char store[64];
  snprintf(store, sizeof store, "%s/store.h5", path);
  CHECK(write_sample(store, 5000, true, 1 << 20, -1, 0) == EVL_OK);
  CHECK(sample_wrong(store, 5000) == 0);
  unlink(store);
  CHECK(rmdir(path) == 0);
}

int main(int argc, char **argv) {
  arena = evl_arena_create();
  if (argc == 1) {
    RUN(write_and_check);
    CHECK_DONE();
  }
  const char *what = argv[1], *store = argc > 2 ? argv[2] : "";
  uint64_t windows = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
  if (strcmp(what, "check") == 0) {
    int64_t wrong = sample_wrong(store, windows);
    if (wrong) fprintf(stderr, "store_np: %s: %lld wrong: %s\n", store, (long long)wrong, evl_error_message());
    return wrong != 0;
  }
  if (strcmp(what, "tasks") == 0) return end(print_tasks(store, (int)windows));
  if (!getenv("EVL_NO_MPI") && evl_parallel_start(&argc, &argv) != EVL_OK) return 2;
  if (strcmp(what, "write") == 0 && argc >= 6)
    return end(write_sample(store, windows, atoi(argv[4]), strtoull(argv[5], NULL, 10), argc > 7 ? atoi(argv[6]) : -1,
                            argc > 7 ? strtoull(argv[7], NULL, 10) : 0));
  if (strcmp(what, "run") == 0 && argc == 7) return end(run(store, windows, atoi(argv[4]), atoi(argv[5]), argv[6]));
  return end(evl_fail(EVL_USAGE, "unknown arguments"));
}
