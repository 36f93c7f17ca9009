/* The ranks: collectives, agreement, messages; without MPI in this process, then by starting
   itself under mpirun on 1 to 4 ranks and alone with MPI. */
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "eveil/parallel.h"

static evl_arena *arena;

static void collectives(void) {
  int rank = evl_rank(), size = evl_size();
  CHECK(evl_sum_i64(rank + 1) == (int64_t)size * (size + 1) / 2);
  CHECK(evl_max_i64(-rank) == 0);
  CHECK(evl_max_f64(0.5 * rank) == 0.5 * (size - 1));
  uint64_t sums[3] = {1, (uint64_t)rank, UINT64_MAX / 8};
  evl_sum_u64_array(sums, 3);
  CHECK(sums[0] == (uint64_t)size && sums[1] == (uint64_t)(size * (size - 1) / 2) &&
        sums[2] == UINT64_MAX / 8 * (uint64_t)size);
  int last = size - 1, news = rank == last ? 4711 : 0;
  evl_broadcast(&news, sizeof news, last);
  CHECK(news == 4711);
  char text[] = "names";
  void *data = rank == 0 ? text : NULL;
  size_t bytes = rank == 0 ? sizeof text : 0;
  CHECK(evl_broadcast_block(&data, &bytes, 0, arena) == EVL_OK);
  CHECK(bytes == sizeof text);
  CHECK_TEXT((char *)data, "names");
  bytes = 0;
  CHECK(evl_broadcast_block(&data, &bytes, 0, arena) == EVL_OK && bytes == 0);
  evl_barrier();
}

/* Blocks of rank + 1 bytes; those of odd ranks are empty. */
static void gather_small(void) {
  int rank = evl_rank(), size = evl_size();
  uint8_t mine[16];
  size_t bytes = rank % 2 ? 0 : (size_t)rank + 1, *offset;
  memset(mine, 'a' + rank, sizeof mine);
  void *all;
  CHECK(evl_gather_all(mine, bytes, arena, &all, &offset) == EVL_OK);
  CHECK(offset[0] == 0);
  for (int i = 0; i < size; i++) {
    size_t n = offset[i + 1] - offset[i];
    CHECK(n == (i % 2 ? 0 : (size_t)i + 1));
    for (size_t k = 0; k < n; k++) CHECK(((uint8_t *)all)[offset[i] + k] == 'a' + i);
  }
}

/* Larger than the block in which data travel: the way of counts beyond an int. */
static void gather_large(void) {
  int rank = evl_rank(), size = evl_size();
  size_t n = ((size_t)70 << 20) / 8 + (size_t)rank, *offset;
  uint64_t *mine = malloc(n * 8);
  for (size_t i = 0; i < n; i++) mine[i] = i * 2654435761u + (uint64_t)rank;
  evl_mark mark = evl_arena_mark(arena);
  void *all;
  CHECK(evl_gather_all(mine, n * 8, arena, &all, &offset) == EVL_OK);
  int wrong = 0;
  for (int r = 0; r < size; r++) {
    const uint64_t *part = (const uint64_t *)((char *)all + offset[r]);
    CHECK(offset[r + 1] - offset[r] == (((size_t)70 << 20) / 8 + (size_t)r) * 8);
    for (size_t i = 0; i < (offset[r + 1] - offset[r]) / 8; i++) wrong += part[i] != i * 2654435761u + (uint64_t)r;
  }
  CHECK(wrong == 0);
  evl_arena_release(arena, mark);
  evl_sum_u64_array(mine, ((size_t)70 << 20) / 8);
  for (size_t i = 0; i < ((size_t)70 << 20) / 8; i += 4099)
    wrong += mine[i] != (uint64_t)size * (i * 2654435761u) + (uint64_t)(size * (size - 1) / 2);
  CHECK(wrong == 0);
  free(mine);
}

static void agreement(void) {
  int rank = evl_rank(), size = evl_size();
  CHECK(evl_agree(EVL_OK) == EVL_OK);
  /* All but rank 0 fail; the lowest of them speaks. Alone, there is nobody to fail. */
  evl_status mine = rank > 0 ? evl_fail(rank == 1 ? EVL_IO : EVL_FORMAT, "rank %d: no disk", rank) : EVL_OK;
  evl_status all = evl_agree(mine);
  CHECK(all == (size > 1 ? EVL_IO : EVL_OK));
  if (size > 1) CHECK_TEXT(evl_error_message(), "rank 1: no disk");
  all = evl_agree(evl_fail(EVL_LIMIT, "rank %d: too large", rank));
  CHECK(all == EVL_LIMIT);
  CHECK_TEXT(evl_error_message(), "rank 0: too large");
  CHECK(evl_agree(EVL_OK) == EVL_OK);
}

/* Every rank sends 300 messages to every rank before anyone receives: no send may wait. */
static void messages(void) {
  enum { EACH = 300 };
  int rank = evl_rank(), size = evl_size(), from, wrong = 0;
  struct {
    int from, number;
    char fill[504];
  } letter = {.from = rank}, read;
  size_t bytes;
  CHECK(!evl_message_poll(7, &from, &read, sizeof read, &bytes));
  evl_barrier();
  for (int i = 0; i < EACH; i++)
    for (int to = 0; to < size; to++) {
      letter.number = i;
      memset(letter.fill, i, sizeof letter.fill);
      evl_message_send(to, 7 + i % 2, &letter, i % 3 ? sizeof letter : 2 * sizeof(int));
    }
  int *next = calloc((size_t)size * 2, sizeof *next);
  for (int r = 0; r < size; r++) next[2 * r + 1] = 1;
  for (int taken = 0; taken < EACH * size;)
    for (int tag = 7; tag <= 8; tag++) {
      if (!evl_message_poll(tag, &from, &read, sizeof read, &bytes)) continue;
      taken++;
      wrong += read.from != from || read.number != next[2 * from + tag - 7]; /* in order for one rank and tag */
      wrong += bytes != (read.number % 3 ? sizeof read : 2 * sizeof(int));
      if (bytes == sizeof read) wrong += (uint8_t)read.fill[503] != (uint8_t)read.number;
      next[2 * from + tag - 7] += 2;
    }
  CHECK(wrong == 0);
  CHECK(!evl_message_poll(7, &from, &read, sizeof read, &bytes) &&
        !evl_message_poll(8, &from, &read, sizeof read, &bytes));
  evl_message_send((rank + 1) % size, 9, NULL, 0);
  while (!evl_message_poll(9, &from, NULL, 0, &bytes))
    ;
  CHECK(from == (rank + size - 1) % size && bytes == 0);
  free(next);
  CHECK(evl_parallel_status() == EVL_OK);
}

static void all_cases(void) {
  collectives();
  gather_small();
  if (evl_size() <= 2) gather_large(); /* memory of the machine */
  agreement();
  messages();
}

/* What a rank under mpirun does. Messages nobody takes must not keep the ranks from ending. */
static int rank_main(int argc, char **argv, int ranks) {
  check_case = "rank";
  if (evl_parallel_start(&argc, &argv) != EVL_OK) return 1;
  CHECK(evl_parallel_on() && evl_size() == ranks);
  CHECK(strstr(evl_parallel_library(), "MPI") != NULL);
  all_cases();
  char stray[512] = "stray";
  for (int i = 0; i < 100; i++) evl_message_send((evl_rank() + 1) % evl_size(), 20, stray, sizeof stray);
  int failures = (int)evl_sum_i64(check_failures);
  evl_parallel_stop();
  CHECK(!evl_parallel_on() && evl_rank() == 0 && evl_size() == 1);
  return failures || check_failures;
}

static char self[4096];

static int shell(const char *format, ...) {
  char command[8192];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(command, sizeof command, format, arguments);
  va_end(arguments);
  int status = system(command);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static bool no_mpirun(void) { return shell("command -v mpirun >/dev/null") != 0; }

static void mpirun(int ranks) {
  setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
  setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
  CHECK(shell("timeout -k 5 60 mpirun -np %d --oversubscribe '%s' ranks %d", ranks, self, ranks) == 0);
}

static void without_mpi(void) {
  CHECK(!evl_parallel_on() && evl_size() == 1);
  CHECK_TEXT(evl_parallel_library(), "serial");
  all_cases();
}
static void mpi_without_mpirun(void) { CHECK(shell("timeout -k 5 60 '%s' ranks 1", self) == 0); }
static void ranks_1(void) {
  if (no_mpirun()) SKIP("no mpirun");
  mpirun(1);
}
static void ranks_2(void) {
  if (no_mpirun()) SKIP("no mpirun");
  mpirun(2);
}
static void ranks_3(void) {
  if (no_mpirun()) SKIP("no mpirun");
  mpirun(3);
}
static void ranks_4(void) {
  if (no_mpirun()) SKIP("no mpirun");
  mpirun(4);
}
/* One rank ends all with its code while the others wait for it. */
static void abort_ends_all(void) {
  if (no_mpirun()) SKIP("no mpirun");
  setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
  setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
  CHECK(shell("timeout -k 5 60 mpirun -np 3 --oversubscribe '%s' abort 2>/dev/null", self) == 2);
  CHECK(shell("'%s' abort-alone", self) == 3);
}

int main(int argc, char **argv) {
  arena = evl_arena_create();
  if (argc == 3 && strcmp(argv[1], "ranks") == 0) return rank_main(argc, argv, atoi(argv[2]));
  if (argc == 2 && strcmp(argv[1], "abort") == 0) {
    if (evl_parallel_start(&argc, &argv) != EVL_OK) return 1;
    if (evl_rank() == 1) evl_parallel_abort(2);
    evl_barrier();
    for (;;) pause();
  }
  if (argc == 2 && strcmp(argv[1], "abort-alone") == 0) evl_parallel_abort(3);
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  if (n < 0) return 1;
  RUN(without_mpi);
  RUN(mpi_without_mpirun);
  RUN(ranks_1);
  RUN(ranks_2);
  RUN(ranks_3);
  RUN(ranks_4);
  RUN(abort_ends_all);
  evl_arena_free(arena);
  CHECK_DONE();
}
