/* The ranks: starting, ending, and how a broken MPI call is told.

   MPI returns its errors (MPI_ERRORS_RETURN). Functions without a status keep the first failure;
   it comes out of the next evl_agree or of evl_parallel_status. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world_priv.h"

static struct {
  bool on;
  int rank, size;
  MPI_Comm collective, message;
  bool failed;
  char failure[256];
  char library[128];
} world = {.size = 1, .collective = MPI_COMM_NULL, .message = MPI_COMM_NULL, .library = "serial"};

MPI_Comm evl_world_collective(void) { return world.collective; }
MPI_Comm evl_world_message(void) { return world.message; }
bool evl_parallel_on(void) { return world.on; }
int evl_rank(void) { return world.rank; }
int evl_size(void) { return world.size; }
const char *evl_parallel_library(void) { return world.library; }

void evl_world_failed(const char *what, const char *why) {
  if (world.failed) return;
  world.failed = true;
  snprintf(world.failure, sizeof world.failure, "%s failed on rank %d: %.180s", what, world.rank, why);
}

bool evl_world_ok(int error, const char *call) {
  if (error == MPI_SUCCESS) return true;
  char text[MPI_MAX_ERROR_STRING] = "unknown error";
  int length = 0;
  MPI_Error_string(error, text, &length);
  evl_world_failed(call, text);
  return false;
}

evl_status evl_parallel_status(void) {
  return world.failed ? evl_fail(EVL_PARALLEL, "%s", world.failure) : EVL_OK;
}

static void read_library(void) {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  if (MPI_Get_library_version(text, &length) != MPI_SUCCESS) return;
  text[strcspn(text, ",\n")] = 0; /* the version alone, without builder and date */
  snprintf(world.library, sizeof world.library, "%.*s", (int)sizeof world.library - 1, text);
}

evl_status evl_parallel_start(int *argc, char ***argv) {
  if (world.on) return EVL_OK;
  int provided;
  if (!evl_world_ok(MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread"))
    return evl_parallel_status();
  world.on = true;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN); /* the copies inherit it */
  MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
  if (evl_world_ok(MPI_Comm_rank(MPI_COMM_WORLD, &world.rank), "MPI_Comm_rank") &&
      evl_world_ok(MPI_Comm_size(MPI_COMM_WORLD, &world.size), "MPI_Comm_size") &&
      evl_world_ok(MPI_Comm_dup(MPI_COMM_WORLD, &world.collective), "MPI_Comm_dup"))
    evl_world_ok(MPI_Comm_dup(MPI_COMM_WORLD, &world.message), "MPI_Comm_dup");
  read_library();
  EVL_TRY(evl_parallel_status());
  return evl_agree(evl_messages_start());
}

void evl_parallel_stop(void) {
  if (!world.on) {
    evl_messages_stop();
    return;
  }
  evl_messages_stop();
  if (world.collective != MPI_COMM_NULL) MPI_Comm_free(&world.collective);
  if (world.message != MPI_COMM_NULL) MPI_Comm_free(&world.message);
  MPI_Finalize();
  world.on = false;
  world.rank = 0;
  world.size = 1;
}

void evl_parallel_abort(int code) {
  if (world.on) MPI_Abort(MPI_COMM_WORLD, code);
  _Exit(code);
}
