/* Collectives over all ranks. Without MPI the data of the one rank is already the answer. */
#include <stdio.h>
#include <string.h>

#include "world_priv.h"

/* MPI counts are ints: larger data goes in blocks. Large enough for full bandwidth. */
#define BLOCK_BYTES ((size_t)64 << 20)

void evl_broadcast(void *data, size_t bytes, int root) {
  if (evl_size() == 1) return;
  for (size_t done = 0; done < bytes;) {
    size_t n = bytes - done < BLOCK_BYTES ? bytes - done : BLOCK_BYTES;
    if (!evl_world_ok(MPI_Bcast((char *)data + done, (int)n, MPI_BYTE, root, evl_world_collective()), "MPI_Bcast"))
      return;
    done += n;
  }
}

evl_status evl_broadcast_block(void **data, size_t *bytes, int root, evl_arena *arena) {
  if (evl_size() == 1) return EVL_OK;
  uint64_t size = *bytes;
  evl_broadcast(&size, sizeof size, root);
  evl_status status = evl_parallel_status();
  if (status == EVL_OK && evl_rank() != root) {
    *bytes = (size_t)size;
    *data = evl_arena_alloc(arena, (size_t)size + 1); /* no bytes: still a valid pointer */
    if (!*data) status = EVL_MEMORY;
  }
  EVL_TRY(evl_agree(status));
  evl_broadcast(*data, (size_t)size, root);
  return evl_parallel_status();
}

/* In one call where counts fit into ints, else rank by rank. */
static void gather_blocks(const void *mine, char *all, const size_t *offset, int *count, int *start) {
  int size = evl_size(), rank = evl_rank();
  size_t bytes = offset[rank + 1] - offset[rank];
  if (offset[size] <= BLOCK_BYTES) {
    for (int i = 0; i < size; i++) {
      count[i] = (int)(offset[i + 1] - offset[i]);
      start[i] = (int)offset[i];
    }
    evl_world_ok(MPI_Allgatherv(mine, (int)bytes, MPI_BYTE, all, count, start, MPI_BYTE, evl_world_collective()),
                 "MPI_Allgatherv");
    return;
  }
  if (bytes) memcpy(all + offset[rank], mine, bytes);
  for (int i = 0; i < size; i++) evl_broadcast(all + offset[i], offset[i + 1] - offset[i], i);
}

evl_status evl_gather_all(const void *mine, size_t bytes, evl_arena *arena, void **all, size_t **offset) {
  int size = evl_size();
  evl_status status = EVL_OK;
  size_t *ends = evl_arena_alloc(arena, ((size_t)size + 1) * sizeof *ends);
  int *count = evl_arena_alloc(arena, 2 * (size_t)size * sizeof *count);
  if (!ends || !count) status = EVL_MEMORY;
  EVL_TRY(evl_agree(status));
  uint64_t my_bytes = bytes;
  if (size == 1) ends[1] = bytes;
  else
    evl_world_ok(MPI_Allgather(&my_bytes, 1, MPI_UINT64_T, ends + 1, 1, MPI_UINT64_T, evl_world_collective()),
                 "MPI_Allgather");
  EVL_TRY(evl_agree(EVL_OK));
  for (int i = 0; i < size; i++) ends[i + 1] += ends[i];
  *offset = ends;
  *all = evl_arena_alloc(arena, ends[size] + 1);
  EVL_TRY(evl_agree(*all ? EVL_OK : EVL_MEMORY));
  if (size == 1) {
    if (bytes) memcpy(*all, mine, bytes);
    return EVL_OK;
  }
  gather_blocks(mine, *all, ends, count, count + size);
  return evl_parallel_status();
}

void evl_barrier(void) {
  if (evl_size() > 1) evl_world_ok(MPI_Barrier(evl_world_collective()), "MPI_Barrier");
}

void evl_barrier_while(void (*meanwhile)(void *context), void *context) {
  if (evl_size() == 1) return;
  MPI_Request all;
  if (!evl_world_ok(MPI_Ibarrier(evl_world_collective(), &all), "MPI_Ibarrier")) return;
  for (int reached = 0; !reached;) {
    if (!evl_world_ok(MPI_Test(&all, &reached, MPI_STATUS_IGNORE), "MPI_Test")) return;
    if (!reached) meanwhile(context);
  }
}

/* In place; only associative and commutative operations, so that any number of ranks gives the same. */
static void reduce(void *data, int n, MPI_Datatype type, MPI_Op operation) {
  if (evl_size() > 1)
    evl_world_ok(MPI_Allreduce(MPI_IN_PLACE, data, n, type, operation, evl_world_collective()), "MPI_Allreduce");
}

int64_t evl_sum_i64(int64_t mine) {
  reduce(&mine, 1, MPI_INT64_T, MPI_SUM);
  return mine;
}

int64_t evl_max_i64(int64_t mine) {
  reduce(&mine, 1, MPI_INT64_T, MPI_MAX);
  return mine;
}

double evl_max_f64(double mine) {
  reduce(&mine, 1, MPI_DOUBLE, MPI_MAX);
  return mine;
}

void evl_sum_u64_array(uint64_t *data, size_t n) {
  for (size_t done = 0; done < n;) {
    size_t left = n - done, block = BLOCK_BYTES / sizeof *data;
    int count = (int)(left < block ? left : block);
    reduce(data + done, count, MPI_UINT64_T, MPI_SUM);
    done += (size_t)count;
  }
}

evl_status evl_agree(evl_status mine) {
  if (mine == EVL_OK) mine = evl_parallel_status();
  if (evl_size() == 1) return mine;
  int first = mine == EVL_OK ? evl_size() : evl_rank();
  reduce(&first, 1, MPI_INT, MPI_MIN);
  if (first == evl_size()) return evl_parallel_status();
  struct {
    int32_t status;
    char text[2044];
  } news = {.status = (int32_t)mine};
  if (first == evl_rank()) snprintf(news.text, sizeof news.text, "%s", evl_error_message());
  evl_broadcast(&news, sizeof news, first);
  if (first == evl_rank()) return mine;
  /* A failed communication leaves no news to repeat. */
  if (news.status == EVL_OK) return evl_parallel_status();
  return evl_fail((evl_status)news.status, "%s", news.text);
}
