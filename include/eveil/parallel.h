/* parallel: the only room with MPI. Every function works without MPI too (one rank).
   "Collective" functions must be called by all ranks in the same order. */
#ifndef EVEIL_PARALLEL_H
#define EVEIL_PARALLEL_H

#include "eveil/base.h"

/* Starts MPI. Only commands that need ranks call it. */
evl_status evl_parallel_start(int *argc, char ***argv) EVL_MUST_USE;
void evl_parallel_stop(void);
/* Ends all ranks at once with this exit code; for run-circle errors outside collectives. Does not return. */
void evl_parallel_abort(int code);
bool evl_parallel_on(void);
int evl_rank(void);
int evl_size(void);
const char *evl_parallel_library(void); /* "Open MPI v4.1.4 ..." or "serial" */

/* Collective. Bytes of any size (more than 2 GiB too). */
void evl_broadcast(void *data, size_t bytes, int root);
/* Collective. A buffer of a size that only root knows: others get it allocated in `arena`. */
evl_status evl_broadcast_block(void **data, size_t *bytes, int root, evl_arena *arena) EVL_MUST_USE;
/* Collective. Concatenates every rank's block in rank order, on all ranks, in `arena`. offset[size+1]. */
evl_status evl_gather_all(const void *mine, size_t bytes, evl_arena *arena, void **all, size_t **offset) EVL_MUST_USE;
void evl_barrier(void);
/* Collective. A barrier that calls `meanwhile` again and again as long as some rank is still on its way. */
void evl_barrier_while(void (*meanwhile)(void *context), void *context);
int64_t evl_sum_i64(int64_t mine);
int64_t evl_max_i64(int64_t mine);
double evl_max_f64(double mine);
void evl_sum_u64_array(uint64_t *data, size_t n); /* exact, hence the same for any number of ranks */
/* Local. EVL_PARALLEL once a communication has failed on this rank: functions without a status keep
   their failure for this and for the next evl_agree. */
evl_status evl_parallel_status(void) EVL_MUST_USE;

/* Collective. All ranks return the same status: OK if all are, otherwise that of the lowest
   failing rank, whose message becomes the message of all. */
evl_status evl_agree(evl_status mine) EVL_MUST_USE;

/* Small messages (rank to rank, to the own rank too, up to 512 bytes), never waiting for the receiver;
   in order from one rank and tag. A longer message or a smaller `capacity` is a bug and aborts. */
void evl_message_send(int to, int tag, const void *data, size_t bytes);
/* Takes one waiting message with this tag, if any. */
bool evl_message_poll(int tag, int *from, void *data, size_t capacity, size_t *bytes);

#endif
