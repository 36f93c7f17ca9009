/* The manifest from a folder: the BIDS layout, patients of I-CARE, a list of records, or recordings that lie in the
   root itself. The depth is fixed, so that a loop of symbolic links cannot be followed. */
#include "manifest_walk_priv.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "eveil/readers.h"

/* ---- folders ------------------------------------------------------------------------------------ */

static int by_bytes(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static evl_status read_names(DIR *folder, evl_arena *arena, evl_listing *list) {
  typedef struct item { struct item *next; const char *name; } item;
  item *first = NULL;
  int n = 0;
  errno = 0;
  for (struct dirent *entry; (entry = readdir(folder)); errno = 0) {
    if (entry->d_name[0] == '.') continue;
    item *this;
    EVL_NEW(arena, this, 1);
    *this = (item){first, evl_arena_text(arena, entry->d_name)};
    if (!this->name) return EVL_MEMORY;
    first = this;
    n++;
  }
  if (errno) return EVL_IO;
  EVL_NEW(arena, list->name, n);
  for (; first; first = first->next) list->name[list->n++] = first->name;
  qsort(list->name, (size_t)list->n, sizeof *list->name, by_bytes);
  return EVL_OK;
}

evl_status evl_walk_list(evl_walk *w, const char *inner, evl_listing *list) {
  evl_arena *arena = w->draft->arena;
  const char *path = evl_arena_format(arena, "%s/%s", w->draft->manifest->root, inner);
  if (!path) return EVL_MEMORY;
  *list = (evl_listing){0, NULL};
  DIR *folder = opendir(path);
  evl_status status = folder ? read_names(folder, arena, list) : EVL_IO;
  if (status == EVL_IO)
    status = evl_complain(w->draft, EVL_COMPLAINT_FOLDER, "%s (%s)", *inner ? inner : path, strerror(errno));
  if (folder) closedir(folder);
  return status;
}

bool evl_listing_has(const evl_listing *list, const char *name) {
  return list->n > 0 && bsearch(&name, list->name, (size_t)list->n, sizeof *list->name, by_bytes);
}

evl_status evl_walk_is_folder(const evl_walk *w, const char *inner, const char *name, bool *is) {
  const char *path = evl_arena_format(w->draft->arena, "%s/%s%s", w->draft->manifest->root, inner, name);
  if (!path) return EVL_MEMORY;
  struct stat info;
  *is = stat(path, &info) == 0 ? S_ISDIR(info.st_mode) : !strchr(name, '.');
  return EVL_OK;
}

/* ---- names ---------------------------------------------------------------------------------------- */

size_t evl_walk_stem(const char *name) {
  size_t n = strlen(name);
  for (const evl_format *const *format = evl_formats; *format; format++)
    for (const char *s = (*format)->suffixes; *s;) {
      size_t length = strcspn(s, " ");
      if (length > 0 && n > length && strncasecmp(name + n - length, s, length) == 0) return n - length;
      s += length + (s[length] == ' ');
    }
  return 0;
}

size_t evl_listing_stem(const evl_listing *list, int i) {
  const char *name = list->name[i];
  size_t stem = evl_walk_stem(name), n = strlen(name);
  char header[512];
  if (n < 5 || n >= sizeof header || strcasecmp(name + n - 4, ".mat") != 0) return stem;
  memcpy(header, name, n + 1);
  memcpy(header + n - 4, ".hea", 4);
  return evl_listing_has(list, header) ? 0 : stem;
}

static bool begins(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

evl_status evl_walk_add(evl_walk *w, const char *subject, const char *session, const char *file, double start_h) {
  evl_found *f;
  EVL_NEW(w->draft->arena, f, 1);
  *f = (evl_found){subject, session, file, start_h, w->last};
  w->last = f;
  w->n++;
  return EVL_OK;
}

/* ---- the layouts ------------------------------------------------------------------------------------ */

/* root/inner, an eeg folder: sub-X[_...]_eeg.SUFFIX. */
static evl_status walk_eeg(evl_walk *w, const char *inner, const char *subject, const char *session) {
  evl_listing list;
  EVL_TRY(evl_walk_list(w, inner, &list));
  size_t n_subject = strlen(subject);
  for (int i = 0; i < list.n; i++) {
    const char *name = list.name[i];
    size_t stem = evl_listing_stem(&list, i);
    if (stem < 4 || strncmp(name + stem - 4, "_eeg", 4) != 0) continue;
    const char *file = evl_arena_format(w->draft->arena, "%s/%s", inner, name);
    if (!file) return EVL_MEMORY;
    if (!begins(name, subject) || name[n_subject] != '_')
      EVL_TRY(evl_complain(w->draft, EVL_COMPLAINT_MISPLACED, "%s", file));
    EVL_TRY(evl_walk_add(w, subject, session, file, NAN));
  }
  return EVL_OK;
}

/* root/inner, the folder of a subject or (with `session`) of a session: an eeg folder, session folders. */
static evl_status walk_level(evl_walk *w, const char *inner, const char *subject, const char *session) {
  evl_listing list;
  EVL_TRY(evl_walk_list(w, inner, &list));
  const char *slash = evl_arena_format(w->draft->arena, "%s/", inner);
  if (!slash) return EVL_MEMORY;
  for (int i = 0; i < list.n; i++) {
    const char *name = list.name[i];
    bool eeg = strcmp(name, "eeg") == 0, deeper = !*session && begins(name, "ses-"), is;
    if (!eeg && !deeper) continue;
    EVL_TRY(evl_walk_is_folder(w, slash, name, &is));
    const char *folder = evl_arena_format(w->draft->arena, "%s%s", slash, name);
    if (!folder) return EVL_MEMORY;
    if (is) EVL_TRY(eeg ? walk_eeg(w, folder, subject, session) : walk_level(w, folder, subject, name));
  }
  return EVL_OK;
}

static evl_status walk_subjects(evl_walk *w, const evl_listing *root, bool *bids) {
  *bids = false;
  for (int i = 0; i < root->n; i++) {
    const char *name = root->name[i];
    bool is = false;
    int n_before = w->n;
    if (begins(name, "sub-")) EVL_TRY(evl_walk_is_folder(w, "", name, &is));
    if (!is) continue;
    *bids = true;
    EVL_TRY(walk_level(w, name, name, ""));
    if (w->n == n_before) EVL_TRY(evl_complain(w->draft, EVL_COMPLAINT_EMPTY_FOLDER, "%s", name));
  }
  return EVL_OK;
}

/* The value of an entity ("sub-") in a name of BIDS, "" where it has none. */
static const char *entity(evl_arena *arena, const char *name, size_t stem, const char *prefix) {
  size_t at = 0;
  while (at < stem && !begins(name + at, prefix)) {
    at += strcspn(name + at, "_");
    at += at < stem;
  }
  if (at >= stem) return "";
  size_t n = strcspn(name + at, "_");
  return evl_arena_format(arena, "%.*s", (int)(n < stem - at ? n : stem - at), name + at);
}

/* A recording in the root: its subject is the stem, or what a name of BIDS says. */
static evl_status add_plain(evl_walk *w, const char *name, size_t stem) {
  evl_arena *arena = w->draft->arena;
  bool named = begins(name, "sub-");
  const char *subject = named ? entity(arena, name, stem, "sub-") : evl_arena_format(arena, "%.*s", (int)stem, name);
  const char *session = named ? entity(arena, name, stem, "ses-") : "";
  if (!subject || !session) return EVL_MEMORY;
  if (!named) EVL_TRY(evl_complain(w->draft, EVL_COMPLAINT_STEM, "%s", name));
  return evl_walk_add(w, subject, session, name, NAN);
}

static evl_status walk_root(evl_walk *w) {
  evl_listing list;
  bool known;
  EVL_TRY(evl_walk_list(w, "", &list));
  EVL_TRY(walk_subjects(w, &list, &known));
  bool bids = known;
  if (!known) EVL_TRY(evl_walk_icare(w, &list, &known));
  if (!known) EVL_TRY(evl_walk_records(w, &list, &known));
  for (int i = 0; i < list.n && (bids || !known); i++) {
    size_t stem = evl_listing_stem(&list, i);
    if (stem == 0) continue;
    EVL_TRY(bids ? evl_complain(w->draft, EVL_COMPLAINT_OUTSIDE, "%s", list.name[i])
                 : add_plain(w, list.name[i], stem));
  }
  return EVL_OK;
}

static int by_file(const void *a, const void *b) {
  return strcmp(((const evl_found *)a)->file, ((const evl_found *)b)->file);
}

/* The column start_h of recordings whose names tell it. */
static evl_status fill_hours(evl_draft *draft, const evl_found *sorted) {
  evl_manifest *m = draft->manifest;
  double *hour;
  EVL_NEW(draft->arena, hour, m->n_recordings);
  EVL_NEW(draft->arena, m->column, 1);
  for (int i = 0; i < m->n_recordings; i++) {
    hour[i] = m->recording[i].start_h = sorted[i].start_h;
    if (isnan(hour[i])) EVL_TRY(evl_complain(draft, EVL_COMPLAINT_START_H_UNKNOWN, "%s", sorted[i].file));
  }
  m->column[m->n_columns++] = (evl_variable){.name = "start_h", .number = hour};
  return EVL_OK;
}

evl_status evl_manifest_from_folder(evl_draft *draft) {
  evl_manifest *m = draft->manifest;
  evl_walk w = {.draft = draft};
  EVL_TRY(walk_root(&w));
  if (w.n == 0 && draft->complaints.kind[EVL_COMPLAINT_FOLDER].n == 0)
    return evl_fail(EVL_USAGE, "%s: found no recording below it; expected recordings.tsv, sub-*/eeg/*_eeg.edf, "
                    "P/P.txt and P/P_*_EEG.hea (I-CARE), RECORDS, or *.edf in the folder itself (other formats: eveil "
                    "list readers)", m->root);
  evl_found *sorted;
  EVL_NEW(draft->arena, sorted, w.n);
  for (const evl_found *f = w.last; f; f = f->next) sorted[m->n_recordings++] = *f;
  qsort(sorted, (size_t)w.n, sizeof *sorted, by_file);
  for (int i = 1; i < w.n; i++)
    if (strcmp(sorted[i - 1].file, sorted[i].file) == 0)
      EVL_TRY(evl_complain(draft, EVL_COMPLAINT_REPEATED, "%s", sorted[i].file));
  EVL_NEW(draft->arena, m->recording, w.n);
  for (int i = 0; i < w.n; i++)
    EVL_TRY(evl_recording_fill(draft, "the folder", sorted[i].subject, sorted[i].session, sorted[i].file,
                               &m->recording[i]));
  return w.hours ? fill_hours(draft, sorted) : EVL_OK;
}
