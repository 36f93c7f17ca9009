/* Text files that appear whole: written aside, renamed. */
#include "simulate_priv.h"

#include <errno.h>
#include <string.h>

evl_status evl_text_begin(const char *root, const char *name, evl_arena *scratch, evl_text_file *f) {
  f->file = NULL;
  f->path = root ? evl_arena_format(scratch, "%s/%s", root, name) : evl_arena_text(scratch, name);
  f->aside = f->path ? evl_arena_format(scratch, "%s.tmp", f->path) : NULL;
  if (!f->aside) return EVL_MEMORY;
  EVL_TRY(evl_simulation_folders(f->path, scratch));
  f->file = fopen(f->aside, "w");
  return f->file ? EVL_OK : evl_fail(EVL_IO, "%s: cannot create: %s", f->aside, strerror(errno));
}

evl_status evl_text_end(evl_text_file *f) {
  int failed = ferror(f->file);
  failed |= fclose(f->file);
  f->file = NULL;
  if (!failed && rename(f->aside, f->path) == 0) return EVL_OK;
  evl_status status = evl_fail(EVL_IO, "%s: cannot write: %s", f->path, strerror(errno));
  remove(f->aside);
  return status;
}

void evl_text_abandon(evl_text_file *f) {
  if (!f->file) return;
  fclose(f->file);
  f->file = NULL;
  remove(f->aside);
}
