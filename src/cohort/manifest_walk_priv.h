/* What the layouts of folders share. */
#ifndef EVEIL_MANIFEST_WALK_PRIV_H
#define EVEIL_MANIFEST_WALK_PRIV_H

#include "manifest_steps_priv.h"

typedef struct evl_found { const char *subject, *session, *file; double start_h; struct evl_found *next; } evl_found;

typedef struct evl_walk {
  evl_draft *draft;
  evl_found *last;
  int n;
  bool hours;              /* start_h is told by the layout */
} evl_walk;

typedef struct evl_listing { int n; const char **name; } evl_listing;

/* Names in root/inner, sorted by bytes, without hidden ones (macOS leaves "._" twins of every file). A folder that
   cannot be read is noted and empty. */
evl_status evl_walk_list(evl_walk *walk, const char *inner, evl_listing *list) EVL_MUST_USE;
bool evl_listing_has(const evl_listing *list, const char *name);
/* Whether root/inner/name is a folder. A link that leads nowhere counts as one (unless its name looks like a
   file's): a patient behind it must not vanish unseen, and listing it says why it cannot be read. */
evl_status evl_walk_is_folder(const evl_walk *walk, const char *inner, const char *name, bool *is) EVL_MUST_USE;
/* Length of `name` without the suffix of a known format; 0 where it has none. */
size_t evl_walk_stem(const char *name);
/* The same of an entry of a list; 0 also for samples in MATLAB clothes beside their WFDB header. */
size_t evl_listing_stem(const evl_listing *list, int i);
evl_status evl_walk_add(evl_walk *walk, const char *subject, const char *session, const char *file, double start_h)
  EVL_MUST_USE;

/* I-CARE: a folder a patient, P/P.txt of lines "Key: value" and records P_SEGMENT_HOUR_EEG.hea, in the root or its
   folder training. Participants are the patients and their texts unless a table says them. *is: whether the root has
   this layout. */
evl_status evl_walk_icare(evl_walk *walk, const evl_listing *root, bool *is) EVL_MUST_USE;
/* PhysioNet's file RECORDS: a record a line, or a folder with a RECORDS of its own; the subject is the folder of a
   record. */
evl_status evl_walk_records(evl_walk *walk, const evl_listing *root, bool *is) EVL_MUST_USE;

#endif
