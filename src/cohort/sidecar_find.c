/* Which sidecars of a folder apply to a stem. Recordings come sorted, so the folders of the last ones are
   remembered: a cohort of n files in one folder is listed once and not n times. */
#include "sidecar_priv.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDERS = 8, PARTS_MAX = 10, NAME_MAX_BYTES = 512 };

static const char *const endings[EVL_SIDECAR_KINDS] = {"_channels.tsv", "_eeg.json", "_events.tsv",
                                                      "_electrodes.tsv"};
/* Electrodes may stand in a named space; the first that is there is taken. */
static const char *const spaces[] = {"_space-CapTrak_electrodes.tsv",   "_space-EEGLAB_electrodes.tsv",
                                     "_space-EEGLAB-HJ_electrodes.tsv", "_space-CTF_electrodes.tsv",
                                     "_space-ACPC_electrodes.tsv",      "_space-MNI305_electrodes.tsv",
                                     "_space-Other_electrodes.tsv"};

typedef struct folder {
  evl_arena *arena;  /* NULL: not used yet */
  const char *path;
  int n;
  const char **name; /* of sidecars, sorted by bytes */
  uint64_t last_use;
} folder;

struct evl_sidecars {
  char *root;
  folder folder[FOLDERS];
  uint64_t n_uses;
};

evl_status evl_sidecars_create(const char *root, evl_sidecars **sidecars) {
  evl_sidecars *s = calloc(1, sizeof *s);
  if (s) s->root = strdup(root);
  if (!s || !s->root) {
    free(s);
    return evl_fail(EVL_MEMORY, "%s: out of memory", root);
  }
  *sidecars = s;
  return EVL_OK;
}

void evl_sidecars_free(evl_sidecars *sidecars) {
  if (!sidecars) return;
  for (int i = 0; i < FOLDERS; i++) evl_arena_free(sidecars->folder[i].arena);
  free(sidecars->root);
  free(sidecars);
}

const char *evl_sidecars_root(const evl_sidecars *sidecars) { return sidecars->root; }

/* ---- folders ---------------------------------------------------------------------------------------- */

static bool is_sidecar(const char *name) {
  size_t n = strlen(name);
  for (int k = 0; k < EVL_SIDECAR_KINDS; k++) {
    size_t ending = strlen(endings[k]);
    if (n > ending && strcmp(name + n - ending, endings[k]) == 0) return true;
  }
  return false;
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static evl_status read_names(DIR *dir, folder *f) {
  int room = 0;
  for (struct dirent *entry; (entry = readdir(dir));) {
    if (!is_sidecar(entry->d_name)) continue;
    if (f->n == room) {
      room = 2 * room + 64;
      const char **more;
      EVL_NEW(f->arena, more, room);
      if (f->n > 0) memcpy(more, f->name, (size_t)f->n * sizeof *more);
      f->name = more;
    }
    if (!(f->name[f->n++] = evl_arena_text(f->arena, entry->d_name))) return EVL_MEMORY;
  }
  if (f->n > 0) qsort(f->name, (size_t)f->n, sizeof *f->name, by_bytes);
  return EVL_OK;
}

/* A folder that cannot be listed counts as empty: that is the manifest's business, and the recording may still open. */
static evl_status list_folder(const char *path, folder *f) {
  evl_arena_free(f->arena);
  *f = (folder){.arena = evl_arena_create()};
  if (!f->arena) return evl_fail(EVL_MEMORY, "%s: out of memory", path);
  DIR *dir = opendir(*path ? path : "/");
  evl_status status = dir ? read_names(dir, f) : EVL_OK;
  if (dir) closedir(dir);
  if (status != EVL_OK) return status;
  f->path = evl_arena_text(f->arena, path);
  return f->path ? EVL_OK : EVL_MEMORY;
}

static evl_status folder_of(evl_sidecars *sidecars, const char *path, folder **found) {
  folder *oldest = &sidecars->folder[0];
  for (folder *f = sidecars->folder; f < sidecars->folder + FOLDERS; f++) {
    if (f->path && strcmp(f->path, path) == 0) {
      f->last_use = ++sidecars->n_uses;
      *found = f;
      return EVL_OK;
    }
    if (f->last_use < oldest->last_use) oldest = f;
  }
  EVL_TRY(list_folder(path, oldest));
  oldest->last_use = ++sidecars->n_uses;
  *found = oldest;
  return EVL_OK;
}

/* ---- names ------------------------------------------------------------------------------------------- */

typedef struct part { const char *text; size_t n; } part;

/* The key-value parts of a stem, at most PARTS_MAX of them (BIDS knows no name with as many). */
static int key_value_parts(const char *stem, part parts[PARTS_MAX]) {
  int n_parts = 0;
  while (*stem && n_parts < PARTS_MAX) {
    size_t n = strcspn(stem, "_");
    if (memchr(stem, '-', n)) parts[n_parts++] = (part){stem, n};
    stem += n + (stem[n] == '_');
  }
  return n_parts;
}

static const char *look_up(const folder *f, const char *name) {
  const char **hit = f->n ? bsearch(&name, f->name, (size_t)f->n, sizeof *f->name, by_bytes) : NULL;
  return hit ? *hit : NULL;
}

/* "part_part_ending" of the parts in `mask`, in the order of the stem as BIDS demands. Number of parts, 0 where it
   would be too long. */
static int compose(const part *parts, int n_parts, unsigned mask, const char *ending, char name[NAME_MAX_BYTES]) {
  size_t used = 0;
  int n = 0;
  for (int i = 0; i < n_parts; i++) {
    if (!(mask >> i & 1)) continue;
    if (used + parts[i].n + 2 + strlen(ending) > NAME_MAX_BYTES) return 0;
    if (n++) name[used++] = '_';
    memcpy(name + used, parts[i].text, parts[i].n);
    used += parts[i].n;
  }
  memcpy(name + used, ending, strlen(ending) + 1);
  return n;
}

static const char *best_of(const folder *f, const char *stem, const char *ending) {
  part parts[PARTS_MAX];
  char name[NAME_MAX_BYTES];
  const part whole = {stem, strlen(stem)};
  const char *best = compose(&whole, 1, 1, ending, name) ? look_up(f, name) : NULL;
  if (best || f->n == 0) return best;
  int n_parts = key_value_parts(stem, parts), most = 0;
  for (unsigned mask = 1; mask < 1u << n_parts; mask++) {
    int n = compose(parts, n_parts, mask, ending, name);
    const char *hit = n >= most && n > 0 ? look_up(f, name) : NULL;
    if (!hit || (n == most && strcmp(hit, best) > 0)) continue;
    best = hit;
    most = n;
  }
  return best;
}

evl_status evl_sidecars_apply(evl_sidecars *sidecars, const char *path, const char *stem,
                              const char *best[EVL_SIDECAR_KINDS]) {
  folder *f;
  EVL_TRY(folder_of(sidecars, path, &f));
  for (int k = 0; k < EVL_SIDECAR_KINDS; k++) best[k] = best_of(f, stem, endings[k]);
  for (size_t i = 0; i < sizeof spaces / sizeof *spaces && !best[EVL_SIDECAR_ELECTRODES]; i++)
    best[EVL_SIDECAR_ELECTRODES] = best_of(f, stem, spaces[i]);
  return EVL_OK;
}
