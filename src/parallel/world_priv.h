/* What the files of this room share: the communicator and the memory of a failed call. */
#ifndef EVL_WORLD_PRIV_H
#define EVL_WORLD_PRIV_H

#include <mpi.h>

#include "eveil/parallel.h"

/* Collectives and messages have a communicator each, so that neither can take what belongs to
   the other. MPI_COMM_NULL while MPI is off. */
MPI_Comm evl_world_collective(void);
MPI_Comm evl_world_message(void);

/* Keeps the first failure, for evl_parallel_status. */
void evl_world_failed(const char *what, const char *why);
/* The same of an MPI call ("MPI_Bcast"); false where `error` is one. */
bool evl_world_ok(int error, const char *call);

evl_status evl_messages_start(void) EVL_MUST_USE;
/* Collective. Waits until every message of every rank has been taken or dropped. */
void evl_messages_stop(void);

#endif
