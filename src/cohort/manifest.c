/* The manifest: finds the tables, runs the steps, and checks one table against the other. */
#include "manifest_steps_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const evl_param evl_cohort_params[] = {
    {"root", EVL_STRING, NULL, 0, 0, NULL, "",
      "Folder of the recordings, absolute or relative to the configuration file's folder."},
    {"participants", EVL_STRING, "\"participants.tsv\"", 0, 0, NULL, "",
      "Table of the subjects (participant_id and further columns), in the root or beside the configuration file; "
      "may be absent unless named."},
    {"recordings", EVL_STRING, "\"\"", 0, 0, NULL, "",
      "Table of the recordings (subject, session, file and further columns); empty: recordings.tsv of the root, else "
      "the BIDS layout, the folders of I-CARE, a file RECORDS, or the files in the root."},
    {NULL, EVL_STRING, NULL, 0, 0, NULL, NULL, NULL}
};

static const char *join(evl_arena *arena, const char *folder, const char *name) {
  if (*name == '/' || !*folder) return evl_arena_text(arena, name);
  return evl_arena_format(arena, "%s/%s", folder, name);
}

static bool exists(const char *path) {
  struct stat info;
  return stat(path, &info) == 0;
}

static evl_status find_root(const char *root, const char *config_folder, evl_arena *arena, const char **result) {
  if (!*root) return evl_fail(EVL_USAGE, "cohort.root: expected a folder, found an empty text");
  const char *joined = join(arena, config_folder, root);
  char *path = joined ? evl_arena_text(arena, joined) : NULL;
  if (!path) return EVL_MEMORY;
  for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--) path[n - 1] = '\0';
  struct stat info;
  if (stat(path, &info) != 0) return evl_fail(EVL_USAGE, "cohort.root: %s cannot be read: %s", path, strerror(errno));
  if (!S_ISDIR(info.st_mode)) return evl_fail(EVL_USAGE, "cohort.root: expected a folder, found the file %s", path);
  *result = path;
  return EVL_OK;
}

/* Path of a table in the root or beside the configuration file; "" where it is in neither. */
static evl_status find_table(const char *name, const char *root, const char *config_folder, evl_arena *arena,
                             const char **path) {
  const char *folders[] = {root, config_folder};
  for (int i = 0; i < 2; i++) {
    if (!(*path = join(arena, folders[i], name))) return EVL_MEMORY;
    if (exists(*path)) return EVL_OK;
  }
  *path = "";
  return EVL_OK;
}

static evl_status no_table(const char *key, const char *name, const char *root, const char *config_folder) {
  if (*name == '/') return evl_fail(EVL_USAGE, "cohort.%s: expected the table %s, which is not there", key, name);
  return evl_fail(EVL_USAGE, "cohort.%s: expected the table %s in %s or in %s, found it in neither", key, name, root,
                  *config_folder ? config_folder : "the current folder");
}

static evl_status read_tables(const evl_params *cohort, const char *config_folder, evl_draft *draft) {
  evl_manifest *m = draft->manifest;
  const char *recordings = evl_params_string(cohort, "recordings");
  const char *participants = evl_params_string(cohort, "participants");
  if (*recordings) {
    EVL_TRY(find_table(recordings, m->root, config_folder, draft->arena, &m->recordings_table));
    if (!*m->recordings_table) return no_table("recordings", recordings, m->root, config_folder);
  } else {
    /* Not beside the configuration file: a folder of configurations may hold tables of other cohorts. */
    if (!(m->recordings_table = join(draft->arena, m->root, "recordings.tsv"))) return EVL_MEMORY;
    if (!exists(m->recordings_table)) m->recordings_table = "";
  }
  m->participants_table = "";
  if (*participants) EVL_TRY(find_table(participants, m->root, config_folder, draft->arena, &m->participants_table));
  if (evl_params_value(cohort, "participants")->given && *participants && !*m->participants_table)
    return no_table("participants", participants, m->root, config_folder);
  EVL_TRY(*m->recordings_table ? evl_manifest_from_table(draft, m->recordings_table) : evl_manifest_from_folder(draft));
  return *m->participants_table ? evl_manifest_participants(draft, m->participants_table) : EVL_OK;
}

/* ---- one table against the other ---------------------------------------------------------------- */

static int by_address(const evl_recording *a, const evl_recording *b) { return (a > b) - (a < b); }

static int by_file(const void *a, const void *b) {
  const evl_recording *x = *(evl_recording *const *)a, *y = *(evl_recording *const *)b;
  int order = strcmp(x->file, y->file);
  return order ? order : by_address(x, y);
}

static int by_subject(const void *a, const void *b) {
  const evl_recording *x = *(evl_recording *const *)a, *y = *(evl_recording *const *)b;
  int order = strcmp(x->subject, y->subject);
  return order ? order : by_address(x, y);
}

static evl_status sorted_recordings(evl_draft *draft, int (*order)(const void *, const void *),
                                    evl_recording ***sorted) {
  evl_manifest *m = draft->manifest;
  EVL_NEW(draft->arena, *sorted, m->n_recordings);
  for (int i = 0; i < m->n_recordings; i++) (*sorted)[i] = &m->recording[i];
  qsort(*sorted, (size_t)m->n_recordings, sizeof **sorted, order);
  return EVL_OK;
}

static int line_of(const evl_draft *draft, const evl_recording *recording) {
  return draft->recording_line[recording - draft->manifest->recording];
}

/* A file belongs to one row: under two subjects it would stand on both sides of a fold. Unique files make
   unique ids. */
static evl_status check_repeated(evl_draft *draft) {
  if (!draft->recording_line) return EVL_OK;
  evl_recording **sorted;
  EVL_TRY(sorted_recordings(draft, by_file, &sorted));
  for (int i = 1; i < draft->manifest->n_recordings; i++)
    if (*sorted[i]->file && strcmp(sorted[i - 1]->file, sorted[i]->file) == 0)
      EVL_TRY(evl_complain(draft, EVL_COMPLAINT_REPEATED, "%s in the lines %d and %d", sorted[i]->file,
                           line_of(draft, sorted[i - 1]), line_of(draft, sorted[i])));
  return EVL_OK;
}

/* The reader will say it again when the recording's turn comes; here all of them are seen before anything runs. */
static evl_status check_missing(evl_draft *draft) {
  for (int i = 0; i < draft->manifest->n_recordings; i++) {
    const evl_recording *r = &draft->manifest->recording[i];
    struct stat info;
    if (!*r->file) continue; /* said already */
    const char *why = stat(r->path, &info) != 0 ? strerror(errno) : S_ISREG(info.st_mode) ? NULL : "not a file";
    if (why && draft->recording_line)
      EVL_TRY(evl_complain(draft, EVL_COMPLAINT_MISSING, "%s in line %d (%s)", r->file, line_of(draft, r), why));
    else if (why)
      EVL_TRY(evl_complain(draft, EVL_COMPLAINT_MISSING, "%s (%s)", r->file, why));
  }
  return EVL_OK;
}

typedef struct person { const char *subject; int index; int n_recordings; } person;

static int by_person(const void *a, const void *b) {
  const person *x = a, *y = b;
  int order = strcmp(x->subject, y->subject);
  return order ? order : (x->index > y->index) - (x->index < y->index);
}

static bool has_twin(const person *p, int n, int i) {
  return (i > 0 && strcmp(p[i - 1].subject, p[i].subject) == 0) ||
         (i < n - 1 && strcmp(p[i].subject, p[i + 1].subject) == 0);
}

static int is_person(const void *subject, const void *p) { return strcmp(subject, ((const person *)p)->subject); }

static evl_status sorted_persons(evl_draft *draft, person **persons) {
  const evl_manifest *m = draft->manifest;
  person *p;
  EVL_NEW(draft->arena, p, m->n_participants);
  for (int i = 0; i < m->n_participants; i++) p[i] = (person){m->subject[i], i, 0};
  qsort(p, (size_t)m->n_participants, sizeof *p, by_person);
  for (int i = 1; i < m->n_participants; i++)
    if (*p[i].subject && strcmp(p[i - 1].subject, p[i].subject) == 0)
      EVL_TRY(evl_complain(draft, EVL_COMPLAINT_PARTICIPANT_REPEATED, "\"%s\" in the lines %d and %d of %s",
                           p[i].subject, draft->participant_line[p[i - 1].index],
                           draft->participant_line[p[i].index], m->participants_table));
  *persons = p;
  return EVL_OK;
}

static evl_status complain_unknown(evl_draft *draft, const evl_recording *first) {
  if (!evl_entity_usable(first->subject)) return EVL_OK; /* said already */
  if (!draft->recording_line) return evl_complain(draft, EVL_COMPLAINT_UNKNOWN_SUBJECT, "\"%s\"", first->subject);
  return evl_complain(draft, EVL_COMPLAINT_UNKNOWN_SUBJECT, "\"%s\" in line %d", first->subject, line_of(draft, first));
}

static evl_status match_participants(evl_draft *draft, evl_recording **sorted) {
  evl_manifest *m = draft->manifest;
  person *persons;
  EVL_TRY(sorted_persons(draft, &persons));
  for (int i = 0; i < m->n_recordings; i++) {
    person *found = bsearch(sorted[i]->subject, persons, (size_t)m->n_participants, sizeof *persons, is_person);
    if (found) {
      sorted[i]->participant = found->index;
      found->n_recordings++;
    } else if (i == 0 || strcmp(sorted[i - 1]->subject, sorted[i]->subject) != 0) {
      EVL_TRY(complain_unknown(draft, sorted[i]));
    }
  }
  for (int i = 0; i < m->n_participants; i++)
    if (persons[i].n_recordings == 0 && *persons[i].subject && !has_twin(persons, m->n_participants, i))
      EVL_TRY(evl_complain(draft, EVL_COMPLAINT_UNUSED, "\"%s\"", persons[i].subject));
  return EVL_OK;
}

/* Without a table the participants are the subjects. */
static evl_status make_participants(evl_draft *draft, evl_recording **sorted) {
  evl_manifest *m = draft->manifest;
  EVL_NEW(draft->arena, m->subject, m->n_recordings);
  for (int i = 0; i < m->n_recordings; i++) {
    if (i == 0 || strcmp(sorted[i - 1]->subject, sorted[i]->subject) != 0)
      m->subject[m->n_participants++] = sorted[i]->subject;
    sorted[i]->participant = m->n_participants - 1;
  }
  return EVL_OK;
}

evl_status evl_manifest_read(const evl_params *cohort, const char *config_folder, evl_arena *arena,
                             evl_manifest **manifest) {
  evl_draft draft = {.arena = arena};
  EVL_NEW(arena, draft.manifest, 1);
  EVL_TRY(find_root(evl_params_string(cohort, "root"), config_folder, arena, &draft.manifest->root));
  EVL_TRY(read_tables(cohort, config_folder, &draft));
  EVL_TRY(check_repeated(&draft));
  EVL_TRY(check_missing(&draft));
  evl_recording **sorted;
  EVL_TRY(sorted_recordings(&draft, by_subject, &sorted));
  EVL_TRY(draft.participant_line ? match_participants(&draft, sorted) : make_participants(&draft, sorted));
  EVL_TRY(evl_complaints_verdict(&draft));
  *manifest = draft.manifest;
  return EVL_OK;
}
