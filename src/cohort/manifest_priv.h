/* manifest: what the cohort is. Recordings, subjects and every further column of both tables, read once
   (rank 0), sent to the others as one block.

     cohort: { root = "/data/study"; participants = "participants.tsv"; recordings = "recordings.tsv"; };

   Where things are. `root` is relative to the configuration file's folder (a batch job may start
   anywhere) or absolute. The two tables are looked for in the root, then beside the configuration file, because
   shared data are often read-only. Files in the recordings table are relative to the root, wherever the
   table stands, or absolute.

   Which recordings. A table: columns subject (or participant_id), session (optional), file, and further
   ones. Without the key: recordings.tsv of the root where there is one (BIDS has no such file, so somebody put it
   there on purpose); otherwise *_eeg.SUFFIX in root/sub-X/eeg and root/sub-X/ses-Y/eeg; otherwise, where the root
   has no sub-X folder, P_SEGMENT_HOUR_EEG.hea of root/P (or root/training/P) beside P.txt, as I-CARE has them: subject
   P, session SEGMENT, start_h HOUR; otherwise the records of a file RECORDS, of the subject that their folder is;
   otherwise every recording in the root itself: its subject is X for sub-X[_...], else the whole stem.
   Suffixes are those of the readers, in any case; of files that belong together, the header is the recording. Tables
   keep their order; what was found by walking is sorted by bytes.

   Participants. participants.tsv or .csv by participant_id (or subject), with or without "sub-". May be absent
   unless it is named in the configuration; then the participants are the subjects, sorted by bytes (of I-CARE: the
   patients, whose P.txt gives the columns: age, sex, hospital, rosc, ohca, shockable_rhythm, ttm, outcome, cpc). A
   recording whose subject is not in an existing table is an error: it is a typing mistake or a patient without outcome,
   and either must be seen. */
#ifndef EVEIL_MANIFEST_PRIV_H
#define EVEIL_MANIFEST_PRIV_H

#include "eveil/base.h"

typedef struct evl_recording {
  const char *id;      /* "subject/session/file", unique, the same on any machine (absolute files excepted) */
  const char *subject; /* without "sub-" */
  const char *session; /* without "ses-"; "" where there is none */
  const char *file;    /* relative to the root, or absolute */
  const char *path;    /* to open */
  double start_h;      /* column start_h: hours since the event at the first sample; NaN where not known */
  int participant;     /* index into evl_manifest.subject */
} evl_recording;

/* A further column. It holds numbers if every cell is a number or n/a and none looks like an identifier
   (0284, integers beyond 2^53). */
typedef struct evl_variable {
  const char *name;
  const double *number;    /* [rows], NaN for n/a; NULL: a column of text */
  const char *const *text; /* [rows], as written; NULL: a column of numbers */
} evl_variable;

typedef struct evl_manifest {
  const char *root;
  const char *recordings_table;   /* path, "" where found by walking */
  const char *participants_table; /* path, "" where there is none */
  int n_recordings;
  evl_recording *recording;
  int n_columns; /* of the recordings table, start_h among them */
  evl_variable *column;
  int n_participants;
  const char **subject;
  int n_participant_columns;
  evl_variable *participant_column;
  int n_warnings;
  const char **warning; /* one sentence a kind */
} evl_manifest;

extern const evl_param evl_cohort_params[]; /* of the group `cohort` */

/* Local (rank 0). `config_folder`: of the configuration file, "" for the current one. All that is wrong with the
   cohort is in one message (EVL_USAGE). Missing files are warnings: such recordings fail later, each for itself. */
evl_status evl_manifest_read(const evl_params *cohort, const char *config_folder, evl_arena *arena,
                             evl_manifest **manifest) EVL_MUST_USE;

/* One block of bytes, the same for the same manifest; in `arena`. */
evl_status evl_manifest_pack(evl_manifest *manifest, evl_arena *arena, void **bytes, size_t *size) EVL_MUST_USE;
/* The texts of the manifest stay in `bytes`, which must outlive it. EVL_FORMAT where the block is not a whole one. */
evl_status evl_manifest_unpack(const void *bytes, size_t size, evl_arena *arena, evl_manifest **manifest) EVL_MUST_USE;

#endif
