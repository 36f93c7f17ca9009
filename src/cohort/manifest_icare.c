/* Folders of I-CARE patients: records by hours, and what P.txt says of the patient.

   Amorim et al. 2023, doi:10.13026/m33r-bj81. */
#include "manifest_walk_priv.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { MOST_KEYS = 64, TEXT_BYTES = 1 << 16 };

typedef struct patient { const char *name, *value[MOST_KEYS]; struct patient *next; } patient;

typedef struct patients {
  evl_walk *walk;
  const char *inner;       /* "" or "training/" */
  int n, n_keys;
  const char *key[MOST_KEYS]; /* [0]: participant_id */
  patient *last;
  int n_denied;
  const char *denied;      /* the first */
} patients;

/* ---- texts ---- */

static char *trimmed(char *text) {
  while (isspace((unsigned char)*text)) text++;
  for (size_t n = strlen(text); n > 0 && isspace((unsigned char)text[n - 1]);) text[--n] = '\0';
  return text;
}

/* "Shockable Rhythm" is the column shockable_rhythm. */
static evl_status key_index(patients *all, char *key, int *index) {
  for (char *c = key; *c; c++) *c = *c == ' ' ? '_' : (char)tolower((unsigned char)*c);
  for (*index = 1; *index < all->n_keys; ++*index)
    if (strcmp(all->key[*index], key) == 0) return EVL_OK;
  if (all->n_keys == MOST_KEYS) return evl_fail(EVL_USAGE, "%s: expected at most %d keys, found more", key, MOST_KEYS);
  all->key[all->n_keys++] = key;
  return EVL_OK;
}

static evl_status read_text(patients *all, patient *p, const char *file) {
  evl_draft *draft = all->walk->draft;
  char *text;
  size_t bytes;
  const char *path = evl_arena_format(draft->arena, "%s/%s", draft->manifest->root, file);
  if (!path) return EVL_MEMORY;
  EVL_TRY(evl_file_text(path, draft->arena, &text, &bytes));
  if (bytes > TEXT_BYTES || evl_utf8_valid(text, bytes) < bytes || strlen(text) < bytes)
    return evl_fail(EVL_USAGE, "%s: expected at most %d bytes of UTF-8 in lines \"Key: value\", found other bytes",
                    path, TEXT_BYTES);
  for (char *line = text, *next; line; line = next) {
    if ((next = strchr(line, '\n'))) *next++ = '\0';
    char *colon = strchr(line, ':');
    int index;
    if (!colon) continue;
    *colon = '\0';
    char *key = trimmed(line), *value = trimmed(colon + 1);
    if (strcasecmp(key, "Patient") == 0) {
      if (strcmp(value, p->name) != 0) EVL_TRY(evl_complain(draft, EVL_COMPLAINT_MISPLACED, "%s", file));
    } else if (*key) {
      EVL_TRY(key_index(all, key, &index));
      p->value[index] = strcasecmp(value, "nan") == 0 ? "n/a" : value;
    }
  }
  return EVL_OK;
}

/* ---- records ---- */

static bool ends(const char *text, size_t n, const char *end) {
  size_t m = strlen(end);
  return n > m && strncasecmp(text + n - m, end, m) == 0;
}

/* A number of digits that ends before an underscore or at `end`; its digits. */
static size_t digits(const char *text, const char *end) {
  size_t n = 0;
  while (text + n < end && isdigit((unsigned char)text[n])) n++;
  return n > 0 && n < 9 && (text + n == end || text[n] == '_') ? n : 0;
}

/* P_SEGMENT_HOUR_EEG.hea; a record of another name is one without hours. */
static evl_status add_record(patients *all, const patient *p, const char *folder, const char *name, size_t stem) {
  evl_walk *w = all->walk;
  const char *file = evl_arena_format(w->draft->arena, "%s/%s", folder, name), *session = "";
  if (!file) return EVL_MEMORY;
  if (ends(name, stem, "_ECG") || ends(name, stem, "_REF") || ends(name, stem, "_OTHER"))
    return evl_complain(w->draft, EVL_COMPLAINT_OTHER_SIGNALS, "%s", file);
  size_t n = strlen(p->name), segment = 0, hour = 0;
  if (strncmp(name, p->name, n) != 0 || name[n] != '_')
    EVL_TRY(evl_complain(w->draft, EVL_COMPLAINT_MISPLACED, "%s", file));
  else if ((segment = digits(name + n + 1, name + stem)) && name[n + 1 + segment] == '_')
    hour = digits(name + n + 1 + segment + 1, name + stem);
  if (!hour) return evl_walk_add(w, p->name, session, file, NAN);
  session = evl_arena_format(w->draft->arena, "%.*s", (int)segment, name + n + 1);
  if (!session) return EVL_MEMORY;
  return evl_walk_add(w, p->name, session, file, strtod(name + n + 1 + segment + 1, NULL));
}

/* A folder P with a text P.txt. Of other folders nothing is asked, but that a patient's may not vanish unseen. */
static evl_status is_patient(patients *all, const char *name, bool *is) {
  evl_walk *w = all->walk;
  EVL_TRY(evl_walk_is_folder(w, all->inner, name, is));
  if (!*is) return EVL_OK;
  const char *root = w->draft->manifest->root;
  const char *path = evl_arena_format(w->draft->arena, "%s/%s%s/%s.txt", root, all->inner, name, name);
  if (!path) return EVL_MEMORY;
  *is = access(path, F_OK) == 0;
  if (!*is && errno == EACCES && all->n_denied++ == 0) all->denied = name;
  return EVL_OK;
}

static evl_status walk_patient(patients *all, const char *name) {
  evl_walk *w = all->walk;
  evl_listing list;
  const char *folder = evl_arena_format(w->draft->arena, "%s%s", all->inner, name);
  const char *text = evl_arena_format(w->draft->arena, "%s.txt", name);
  if (!folder || !text) return EVL_MEMORY;
  EVL_TRY(evl_walk_list(w, folder, &list));
  patient *p;
  EVL_NEW(w->draft->arena, p, 1);
  *p = (patient){.name = name, .next = all->last};
  all->last = p;
  all->n++;
  const char *file = evl_arena_format(w->draft->arena, "%s/%s", folder, text);
  if (!file) return EVL_MEMORY;
  if (!*w->draft->manifest->participants_table) EVL_TRY(read_text(all, p, file));
  for (int i = 0; i < list.n; i++) {
    size_t stem = evl_listing_stem(&list, i);
    if (stem > 0 && strcmp(list.name[i], text) != 0) EVL_TRY(add_record(all, p, folder, list.name[i], stem));
  }
  return EVL_OK;
}

/* ---- all patients ---- */

/* A table of participants, as if it had been a file. */
static evl_status fill_participants(patients *all) {
  evl_draft *draft = all->walk->draft;
  evl_table table = {.path = draft->manifest->root, .n_rows = all->n, .n_columns = all->n_keys, .name = all->key};
  int *line, row = all->n;
  EVL_NEW(draft->arena, table.cell, (size_t)all->n * (size_t)all->n_keys);
  EVL_NEW(draft->arena, line, all->n);
  table.line = line;
  for (const patient *p = all->last; p; p = p->next) {
    const char **cell = table.cell + (size_t)--row * (size_t)all->n_keys;
    line[row] = row + 1;
    cell[0] = p->name;
    for (int k = 1; k < all->n_keys; k++) cell[k] = p->value[k] ? p->value[k] : "n/a";
  }
  return evl_manifest_participants_fill(draft, &table, 0);
}

static evl_status walk_patients(patients *all, const evl_listing *list) {
  for (int i = 0; i < list->n; i++) {
    bool is;
    EVL_TRY(is_patient(all, list->name[i], &is));
    if (is) EVL_TRY(walk_patient(all, list->name[i]));
  }
  if (all->n > 0 && all->n_denied > 0)
    EVL_TRY(evl_complain(all->walk->draft, EVL_COMPLAINT_FOLDER, "%s%s and %d more (%s)", all->inner, all->denied,
                         all->n_denied - 1, strerror(EACCES)));
  return EVL_OK;
}

evl_status evl_walk_icare(evl_walk *w, const evl_listing *root, bool *is) {
  patients all = {.walk = w, .inner = "", .n_keys = 1, .key = {"participant_id"}};
  EVL_TRY(walk_patients(&all, root));
  if (all.n == 0 && evl_listing_has(root, "training")) {
    evl_listing list;
    EVL_TRY(evl_walk_is_folder(w, "", "training", is));
    if (*is) {
      all.inner = "training/";
      EVL_TRY(evl_walk_list(w, "training", &list));
      EVL_TRY(walk_patients(&all, &list));
    }
  }
  *is = w->hours = all.n > 0;
  return *is && !*w->draft->manifest->participants_table ? fill_participants(&all) : EVL_OK;
}
