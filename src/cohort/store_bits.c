/* store_bits: the bits of a store. Every dataset has a SHA-256; the total covers what results are made of. */
#include <string.h>

#include "study_priv.h"

/* Not results: when and where something was computed. */
static bool in_total(const char *path) {
  static const char *const left_out[] = {"/config", "/recordings/seconds", "/recordings/mtime", "/tasks/", "/costs/"};
  for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
    if (!strncmp(path, left_out[i], strlen(left_out[i]))) return false;
  return true;
}

static evl_status walk(evl_store *store, const char *group, evl_sha256 *total, evl_arena *arena, FILE *out) {
  int n;
  const char **name;
  EVL_TRY(evl_store_list(store, group, arena, &n, &name));
  for (int i = 0; i < n; i++) {
    char *path = evl_arena_format(arena, "%s%s%s", group, group[1] ? "/" : "", name[i]);
    if (!path) return EVL_MEMORY;
    size_t length = strlen(path);
    if (path[length - 1] == '/') {
      path[length - 1] = 0;
      EVL_TRY(walk(store, path, total, arena, out));
      continue;
    }
    uint8_t digest[32];
    char text[65];
    EVL_TRY(evl_store_hash(store, path, digest));
    evl_hex(digest, 32, text);
    bool counted = in_total(path);
    fprintf(out, "%s  %s%s\n", text, path, counted ? "" : "  (not in the total)");
    if (!counted) continue;
    evl_sha256_add(total, path, length + 1);
    evl_sha256_add(total, digest, sizeof digest);
  }
  return EVL_OK;
}

evl_status evl_store_print_hash(const char *path, FILE *out) {
  evl_store *store;
  EVL_TRY(evl_store_open(path, &store));
  evl_arena *arena = evl_arena_create();
  evl_sha256 total;
  evl_sha256_begin(&total);
  evl_status status = arena ? walk(store, "/", &total, arena, out) : evl_fail(EVL_MEMORY, "out of memory");
  if (status == EVL_OK) {
    uint8_t digest[32];
    char text[65];
    evl_sha256_end(&total, digest);
    evl_hex(digest, 32, text);
    fprintf(out, "%s  total\n", text);
  }
  evl_arena_free(arena);
  evl_store_close(store);
  return status;
}
