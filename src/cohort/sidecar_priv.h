/* sidecar: what stands beside a recording (BIDS): channels (type, units, bad ones), electrodes (positions), line
   frequency, sampling frequency, whether there are events. What a sidecar says and the file contradicts is reported,
   and the file is believed.

   Which sidecars. Beside the recording and in every folder above it up to the root, the nearest first (the
   inheritance principle of BIDS): X_channels.tsv, X_electrodes.tsv (in any space, X_space-CapTrak_electrodes.tsv),
   X_eeg.json, X_events.tsv where X is the recording's stem without "_eeg", or where X consists of key-value pairs
   (task-rest) of the stem in the stem's order. Of two such in one folder the one with more pairs applies. Of the JSON
   files the nearest that has a key tells its value; of the tables the nearest file is taken whole. */
#ifndef EVEIL_SIDECAR_PRIV_H
#define EVEIL_SIDECAR_PRIV_H

#include "eveil/base.h"
#include "eveil/readers.h"

typedef struct evl_sidecar_channel {
  const char *name;
  const char *type;  /* as written ("EEG", "EOG"); "" where not told */
  const char *units; /* as written; "" where not told */
  double fs_hz;      /* column sampling_frequency; NaN where not told */
  bool bad;          /* status is "bad" */
} evl_sidecar_channel;

typedef struct evl_sidecar_electrode {
  const char *name;
  double xyz[3]; /* NaN where not told */
} evl_sidecar_electrode;

typedef struct evl_sidecar {
  int n_channels;    /* 0 where there is no table */
  evl_sidecar_channel *channel;
  int n_electrodes;
  evl_sidecar_electrode *electrode; /* axes and unit of the file's own: angles between electrodes are what counts */
  double line_hz;    /* PowerLineFrequency; 0 where not told */
  double fs_hz;      /* SamplingFrequency; 0 where not told */
  const char *channels_path, *electrodes_path, *events_path; /* "" where there is none */
  const char *note;  /* sidecars that could not be used and why; "" */
} evl_sidecar;

/* The sidecars of a cohort: remembers the folders listed last. Local; use one for many recordings in their order. */
typedef struct evl_sidecars evl_sidecars;
evl_status evl_sidecars_create(const char *root, evl_sidecars **sidecars) EVL_MUST_USE;
void evl_sidecars_free(evl_sidecars *sidecars); /* NULL allowed */
/* `path` as in the manifest. A broken sidecar is a note and costs nothing else; EVL_MEMORY only. */
evl_status evl_sidecars_read(evl_sidecars *sidecars, const char *path, evl_arena *arena,
                             evl_sidecar **sidecar) EVL_MUST_USE;
/* The same for one recording. */
evl_status evl_sidecar_read(const char *path, const char *root, evl_arena *arena, evl_sidecar **sidecar) EVL_MUST_USE;
/* Index of the channel with this label, by exact name, else in any case; -1. */
int evl_sidecar_find(const evl_sidecar *sidecar, const char *label);
/* Position of the electrode with this label, found likewise; NULL. */
const double *evl_sidecar_position(const evl_sidecar *sidecar, const char *label);
/* The note and every conflict with the header as one line of text (at most 1 KiB of conflicts); "" where there is
   none. Names sidecars by their file name alone, so that the text is the same on any machine. EVL_MEMORY only. */
evl_status evl_sidecar_conflicts(const evl_sidecar *sidecar, const evl_header *header, evl_arena *arena,
                                 const char **text) EVL_MUST_USE;

/* ---- between sidecar*.c ---- */

enum { EVL_SIDECAR_CHANNELS, EVL_SIDECAR_JSON, EVL_SIDECAR_EVENTS, EVL_SIDECAR_ELECTRODES, EVL_SIDECAR_KINDS };
const char *evl_sidecars_root(const evl_sidecars *sidecars);
/* The names in the folder `path` that apply to a stem, one a kind, NULL where none; valid until the next call. */
evl_status evl_sidecars_apply(evl_sidecars *sidecars, const char *path, const char *stem,
                              const char *best[EVL_SIDECAR_KINDS]) EVL_MUST_USE;

typedef struct evl_json_item {
  const char *key;    /* wanted */
  bool found, is_number;
  double number;
  const char *string; /* first byte behind the quote, escapes as written; NULL where it is no string */
  size_t length;
} evl_json_item;

/* Scans a whole JSON object strictly (RFC 8259, numbers finite, nesting to 64) and fills those of the `n`
   items whose keys stand at its top. What is wrong (with *line), or NULL; then items are as far as was read. */
const char *evl_json_scan(const char *text, evl_json_item *item, int n, int *line);

#endif
