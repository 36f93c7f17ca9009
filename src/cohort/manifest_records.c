/* PhysioNet's RECORDS: names of records, without the suffix where they are WFDB. */
#include "manifest_walk_priv.h"

#include <math.h>
#include <string.h>

enum { MOST_DEPTH = 3 }; /* of lists that name folders with lists */

/* The last folder of a record is its subject; without one, its stem. */
static evl_status add_record(evl_walk *w, const char *file) {
  evl_arena *arena = w->draft->arena;
  const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file, *from = file;
  size_t n = slash ? (size_t)(slash - file) : evl_walk_stem(name);
  for (const char *c = file; slash && c < slash; c++)
    if (*c == '/') from = c + 1;
  if (slash) n = (size_t)(slash - from);
  const char *subject = evl_arena_format(arena, "%.*s", (int)n, from);
  if (!subject) return EVL_MEMORY;
  if (!slash) EVL_TRY(evl_complain(w->draft, EVL_COMPLAINT_STEM, "%s", name));
  return evl_walk_add(w, subject, "", file, NAN);
}

static evl_status read_list(evl_walk *w, const char *inner, int depth) {
  evl_arena *arena = w->draft->arena;
  char *text;
  size_t bytes;
  const char *path = evl_arena_format(arena, "%s/%sRECORDS", w->draft->manifest->root, inner);
  if (!path) return EVL_MEMORY;
  EVL_TRY(evl_file_text(path, arena, &text, &bytes));
  if (strlen(text) < bytes) return evl_fail(EVL_USAGE, "%s: expected names of records, found a NUL byte", path);
  for (char *line = text, *next; line; line = next) {
    if ((next = strchr(line, '\n'))) *next++ = '\0';
    line[strcspn(line, "\r")] = '\0';
    size_t n = strlen(line);
    if (n == 0) continue;
    if (*line == '/' || strstr(line, ".."))
      return evl_fail(EVL_USAGE, "%s: expected names inside its folder, found \"%.200s\"", path, line);
    bool folder = line[n - 1] == '/', suffixed = evl_walk_stem(line) > 0;
    const char *file = evl_arena_format(arena, "%s%s%s", inner, line, folder || suffixed ? "" : ".hea");
    if (!file) return EVL_MEMORY;
    if (folder && depth == MOST_DEPTH)
      return evl_fail(EVL_USAGE, "%s: expected lists of at most %d levels, found more", path, MOST_DEPTH);
    EVL_TRY(folder ? read_list(w, file, depth + 1) : add_record(w, file));
  }
  return EVL_OK;
}

evl_status evl_walk_records(evl_walk *w, const evl_listing *root, bool *is) {
  *is = evl_listing_has(root, "RECORDS");
  if (*is) EVL_TRY(evl_walk_is_folder(w, "", "RECORDS", is));
  else return EVL_OK;
  *is = !*is;
  return *is ? read_list(w, "", 1) : EVL_OK;
}
