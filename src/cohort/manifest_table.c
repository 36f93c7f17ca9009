/* The manifest from tables: recordings.tsv and participants.tsv. */
#include "manifest_steps_priv.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *evl_entity_value(const char *prefix, const char *text) {
  if (strcasecmp(text, "n/a") == 0) return "";
  size_t n = strlen(prefix);
  return strncmp(text, prefix, n) == 0 ? text + n : text;
}

static bool has_control(const char *text) {
  for (; *text; text++)
    if (iscntrl((unsigned char)*text)) return true;
  return false;
}

bool evl_entity_usable(const char *text) { return *text && !strchr(text, '/') && !has_control(text); }

/* Without "./", "//" and the root in front, so that one file has one name. */
static char *tidy(evl_arena *arena, const char *root, const char *file) {
  char *copy = evl_arena_text(arena, file), *to = copy;
  if (!copy) return NULL;
  for (const char *from = copy; *from;) {
    bool begins = to == copy || to[-1] == '/';
    if (begins && from[0] == '.' && (from[1] == '/' || !from[1])) from += 1 + (from[1] == '/');
    else if (*from == '/' && to > copy && to[-1] == '/') from++;
    else *to++ = *from++;
  }
  *to = '\0';
  size_t n = strlen(root);
  if (*root == '/' && strncmp(copy, root, n) == 0 && copy[n] == '/') copy += n + 1;
  return copy;
}

/* A name in pure ASCII for messages about names that are not UTF-8. */
static const char *escaped(evl_arena *arena, const char *text) {
  size_t n = strlen(text), used = 0;
  char *out = evl_arena_alloc(arena, 4 * n + 1);
  if (!out) return NULL;
  for (size_t i = 0; i < n; i++) {
    unsigned char byte = (unsigned char)text[i];
    used += (size_t)snprintf(out + used, 5, byte < 32 || byte > 126 ? "\\x%02x" : "%c", byte);
  }
  return out;
}

evl_status evl_recording_fill(evl_draft *draft, const char *where, const char *subject, const char *session,
                              const char *file, evl_recording *recording) {
  evl_arena *arena = draft->arena;
  const char *root = draft->manifest->root, *clean = tidy(arena, root, file);
  if (!clean) return EVL_MEMORY;
  size_t n = strlen(clean);
  if (n == 0 || strcasecmp(clean, "n/a") == 0 || has_control(clean) || evl_utf8_valid(clean, n) < n) {
    if (!(clean = escaped(arena, clean))) return EVL_MEMORY;
    EVL_TRY(evl_complain(draft, EVL_COMPLAINT_FILE, "\"%s\" in %s", clean, where));
  }
  *recording = (evl_recording){.file = clean, .start_h = NAN, .participant = -1};
  recording->subject = evl_entity_value("sub-", subject);
  recording->session = evl_entity_value("ses-", session);
  if (!evl_entity_usable(recording->subject) || (*recording->session && !evl_entity_usable(recording->session)))
    EVL_TRY(evl_complain(draft, EVL_COMPLAINT_SUBJECT, "\"%s\" \"%s\" in %s", subject, session, where));
  recording->path = *clean == '/' ? clean : evl_arena_format(arena, "%s/%s", root, clean);
  recording->id = evl_arena_format(arena, "%s/%s/%s", recording->subject, recording->session, clean);
  return recording->path && recording->id ? EVL_OK : EVL_MEMORY;
}

int evl_manifest_key_column(const evl_table *table, const char *const *names) {
  for (; *names; names++)
    for (int i = 0; i < table->n_columns; i++)
      if (strcasecmp(table->name[i], *names) == 0) return i;
  return -1;
}

static evl_status lacks(const evl_table *table, const char *expected) {
  char found[512] = "";
  size_t used = 0;
  for (int i = 0; i < table->n_columns && used < sizeof found - 128; i++)
    used += (size_t)snprintf(found + used, sizeof found - used, "%s%.100s", i ? ", " : "", table->name[i]);
  return evl_fail(EVL_USAGE, "%s: expected a column %s, found the columns %s", table->path, expected, found);
}

static const char *const subject_names[] = {"subject", "participant_id", NULL};
static const char *const participant_names[] = {"participant_id", "subject", NULL};
static const char *const session_names[] = {"session", NULL};
static const char *const file_names[] = {"file", NULL};

evl_status evl_manifest_from_table(evl_draft *draft, const char *path) {
  evl_manifest *m = draft->manifest;
  evl_table *table;
  EVL_TRY(evl_table_read(path, 0, draft->arena, &table));
  const int subject = evl_manifest_key_column(table, subject_names);
  const int session = evl_manifest_key_column(table, session_names);
  const int file = evl_manifest_key_column(table, file_names);
  if (subject < 0) return lacks(table, "\"subject\"");
  if (file < 0) return lacks(table, "\"file\"");
  if (table->n_rows == 0) return evl_fail(EVL_USAGE, "%s: expected recordings, found only a header line", path);
  m->n_recordings = table->n_rows;
  draft->recording_line = table->line;
  EVL_NEW(draft->arena, m->recording, table->n_rows);
  for (int row = 0; row < table->n_rows; row++) {
    char where[32];
    snprintf(where, sizeof where, "line %d", table->line[row]);
    EVL_TRY(evl_recording_fill(draft, where, evl_table_cell(table, row, subject),
                               session < 0 ? "" : evl_table_cell(table, row, session),
                               evl_table_cell(table, row, file), &m->recording[row]));
  }
  const int key[] = {subject, session, file};
  EVL_TRY(evl_columns_read(draft, table, key, 3, &m->n_columns, &m->column));
  for (int c = 0; c < m->n_columns; c++)
    if (strcmp(m->column[c].name, "start_h") == 0)
      for (int row = 0; row < table->n_rows; row++) m->recording[row].start_h = m->column[c].number[row];
  return EVL_OK;
}

evl_status evl_manifest_participants_fill(evl_draft *draft, const evl_table *table, int key) {
  evl_manifest *m = draft->manifest;
  m->n_participants = table->n_rows;
  draft->participant_line = table->line;
  EVL_NEW(draft->arena, m->subject, table->n_rows);
  for (int row = 0; row < table->n_rows; row++) {
    const char *cell = evl_table_cell(table, row, key);
    m->subject[row] = evl_entity_value("sub-", cell);
    if (!evl_entity_usable(m->subject[row]))
      EVL_TRY(evl_complain(draft, EVL_COMPLAINT_SUBJECT, "\"%s\" in line %d of %s", cell, table->line[row],
                           table->path));
  }
  return evl_columns_read(draft, table, &key, 1, &m->n_participant_columns, &m->participant_column);
}

evl_status evl_manifest_participants(evl_draft *draft, const char *path) {
  evl_table *table;
  EVL_TRY(evl_table_read(path, 0, draft->arena, &table));
  const int key = evl_manifest_key_column(table, participant_names);
  if (key < 0) return lacks(table, "\"participant_id\"");
  return evl_manifest_participants_fill(draft, table, key);
}
