/* Steps of evl_manifest_read, and the list of what they found wrong. */
#ifndef EVEIL_MANIFEST_STEPS_PRIV_H
#define EVEIL_MANIFEST_STEPS_PRIV_H

#include "manifest_priv.h"

/* X(name, fatal, what; the number of cases stands before it) */
#define EVL_COMPLAINT_LIST(X)                                                              \
  X(FOLDER, true, "folder(s) cannot be read")                                              \
  X(SUBJECT, true, "row(s) without a usable subject")                                      \
  X(FILE, true, "row(s) or file(s) without a usable name")                                 \
  X(MISPLACED, true, "file(s) named after another subject than their folder")              \
  X(REPEATED, true, "file(s) given more than once")                                        \
  X(PARTICIPANT_REPEATED, true, "participant(s) given more than once")                     \
  X(UNKNOWN_SUBJECT, true, "subject(s) with recordings that the participants table lacks") \
  X(START_H, true, "value(s) of start_h that are no number")                               \
  X(COLUMN_NAME, true, "column(s) whose name the store cannot hold ('/' or '.')")          \
  X(MISSING, false, "recording(s) whose file is not there; they will be marked as failed") \
  X(START_H_UNKNOWN, false, "recording(s) without start_h")                                \
  X(UNUSED, false, "participant(s) without recording")                                     \
  X(EMPTY_FOLDER, false, "subject folder(s) without recording")                            \
  X(OUTSIDE, false, "recording(s) in the root left out, because it has sub- folders")      \
  X(STEM, false, "file(s) taken each for a subject of its own; a recordings.tsv tells which belong together") \
  X(OTHER_SIGNALS, false, "record(s) of other signals than EEG left out")                  \
  X(NEARLY_NUMBERS, false, "column(s) of numbers kept as text because of some cells")

typedef enum {
#define EVL_COMPLAINT_ENUM(name, fatal, what) EVL_COMPLAINT_##name,
  EVL_COMPLAINT_LIST(EVL_COMPLAINT_ENUM)
#undef EVL_COMPLAINT_ENUM
  EVL_N_COMPLAINTS
} evl_complaint;

#define EVL_CASES_SHOWN 20

typedef struct evl_complaints {
  struct { int n; const char *shown[EVL_CASES_SHOWN]; } kind[EVL_N_COMPLAINTS];
} evl_complaints;

typedef struct evl_draft {
  evl_manifest *manifest;
  evl_arena *arena;
  evl_complaints complaints;
  const int *recording_line;   /* [n_recordings] in the table; NULL where found by walking */
  const int *participant_line; /* [n_participants] in the table, or numbers of patients; NULL where there is none */
} evl_draft;

/* Notes one case (printf format). EVL_MEMORY only. */
evl_status evl_complain(evl_draft *draft, evl_complaint kind, const char *format, ...) EVL_PRINTF(3, 4) EVL_MUST_USE;
/* EVL_USAGE with everything in one message if a fatal kind has cases, else the warnings of the manifest. */
evl_status evl_complaints_verdict(evl_draft *draft) EVL_MUST_USE;

/* Fill recording[] (all but id and participant) and column[]. */
evl_status evl_manifest_from_table(evl_draft *draft, const char *path) EVL_MUST_USE;
evl_status evl_manifest_from_folder(evl_draft *draft) EVL_MUST_USE;
/* Fills subject[] and participant_column[] from a table. */
evl_status evl_manifest_participants(evl_draft *draft, const char *path) EVL_MUST_USE;

/* The same from a table that was read; `key`: its column of identifiers. */
evl_status evl_manifest_participants_fill(evl_draft *draft, const evl_table *table, int key) EVL_MUST_USE;

/* Columns of a table but those in `key` (indices, `n_keys` of them). */
evl_status evl_columns_read(evl_draft *draft, const evl_table *table, const int *key, int n_keys, int *n,
                            evl_variable **column) EVL_MUST_USE;

/* Fills subject, session, file and path from raw texts; `where` names the place in messages ("line 7"). */
evl_status evl_recording_fill(evl_draft *draft, const char *where, const char *subject, const char *session,
                              const char *file, evl_recording *recording) EVL_MUST_USE;
/* The first of the `names` (ended by NULL) that is a column, in any case; -1. */
int evl_manifest_key_column(const evl_table *table, const char *const *names);
/* Without "sub-" or "ses-" (`prefix`); n/a is "". */
const char *evl_entity_value(const char *prefix, const char *text);
/* Whether it can stand in identifiers: not empty, no '/', no control characters. */
bool evl_entity_usable(const char *text);

#endif
