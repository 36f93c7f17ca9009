/* output: what stands where the store shall be. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eveil/parallel.h"
#include "study_priv.h"

/* Rank 0. What stands at the output: *complete where it is the whole store of this plan. */
static evl_status look_at_output(const evl_study *s, const evl_run_options *options, bool *complete) {
  *complete = false;
  struct stat info;
  if (stat(s->store, &info)) return EVL_OK;
  if (!S_ISREG(info.st_mode))
    return evl_fail(EVL_USAGE, "%s: expected a file or nothing, found a folder or device", s->store);
  evl_store *store;
  evl_arena *scratch = evl_arena_create();
  if (!scratch) return evl_fail(EVL_MEMORY, "out of memory");
  evl_status status = evl_store_open(s->store, &store);
  const char *plan = NULL, *whole = NULL;
  if (status == EVL_OK) {
    status = evl_store_attribute(store, "/", "plan_hash", scratch, &plan);
    if (status == EVL_OK) status = evl_store_attribute(store, "/", "complete", scratch, &whole);
    evl_store_close(store);
  }
  char today[33];
  evl_hex(s->plan_key.byte, 16, today);
  if (status == EVL_OK && plan && whole) {
    bool same = !strcmp(plan, today);
    *complete = same && !strcmp(whole, "1");
    if (!same && !strcmp(whole, "1") && !options->replace)
      status = evl_fail(EVL_USAGE, "%s: holds the finished store of another plan (cohort or configuration differ); "
                        "expected plan %s, found %s. Move it away, choose another output.store, or pass --replace",
                        s->store, today, plan);
  } else if (status != EVL_MEMORY) {
    status = EVL_OK;
    if (!options->replace)
      status = evl_fail(EVL_USAGE, "%s: exists and is not a whole store of this program. Move it away, or pass "
                        "--replace", s->store);
  }
  evl_arena_free(scratch);
  return status;
}

/* Rank 0. What a complete store needs no lock for: it may lie on a read-only disk. Its journals are removed by the holder
   of the lock alone; they may be those of a run of another plan. */
static evl_status look_and_lock(evl_study *s, const evl_run_options *options, bool *complete) {
  EVL_TRY(look_at_output(s, options, complete));
  if (*complete) {
    bool left = access(s->journal_folder, F_OK) == 0 || evl_lock_is_there(s->store);
    if (left && evl_lock_take(s->store, &s->lock) != EVL_OK) evl_error_clear();
    return EVL_OK;
  }
  EVL_TRY(evl_lock_take(s->store, &s->lock));
  return look_at_output(s, options, complete); /* another run may have ended just now */
}

evl_status evl_output_check(evl_study *s, const evl_run_options *options, bool *complete) {
  evl_status status = EVL_OK;
  if (evl_rank() == 0) {
    status = evl_folder_of_make(s->store);
    if (status == EVL_OK) status = evl_folder_of_make(s->journal_folder);
    if (status == EVL_OK) status = look_and_lock(s, options, complete);
  }
  EVL_TRY(evl_agree(status));
  evl_broadcast(complete, sizeof *complete, 0);
  return EVL_OK;
}
