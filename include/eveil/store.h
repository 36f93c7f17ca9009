/* store: the only room with HDF5. Journals of finished tasks, one parallel HDF5 file, its reading
   and its hash. The room knows datasets, scales and bytes; what they mean is the cohort's. */
#ifndef EVEIL_STORE_H
#define EVEIL_STORE_H

#include "eveil/base.h"

/* ---- journals: STORE.journal/rank_%06d.journal ------------------------------------ */

typedef struct evl_record {  /* one finished task in some journal */
  evl_key key;
  int32_t file;              /* index into evl_journals.path; of a rank of this run: the rank */
  uint32_t machine;          /* that computed it: evl_machine.id */
  uint64_t offset;           /* of the payload */
  uint64_t bytes;            /* of the payload */
} evl_record;

/* A kind of machine by its name: processor and libraries, whatever changes the last bits. */
typedef struct evl_machine { uint32_t id; char name[508]; } evl_machine;
evl_machine evl_machine_named(const char *name); /* id: CRC32C of the name, cut to its room */

typedef struct evl_journals {
  int n_files;  const char **path;   /* file i < evl_size() is the journal of rank i, there yet or not */
  int64_t n;    evl_record *record;  /* sorted by key, then file, then offset */
  int n_machines; evl_machine *machine; /* of the records, by id; a name may be lost to damage: then no entry */
  int n_foreign; const char **foreign; /* files in the folder that are not journals, left alone */
  int n_torn;                        /* tails cut */
  int64_t n_skipped_bytes;           /* bytes between records that are no record (flipped header bytes) */
  int *descriptor, n_open;           /* of evl_journals_read: file descriptors or -1, and how many are open */
} evl_journals;

/* Collective. Creates the folder where missing, scans all journals (record headers by length; after a damaged
   header the next valid one is searched for). Each rank scans a share; all get everything. Torn tails are ignored (a rank
   truncates its own file when it opens it). */
evl_status evl_journals_scan(const char *folder, bool create, evl_arena *arena, evl_journals **journals) EVL_MUST_USE;
/* Local: reads `bytes` of a payload from `from`; keeps the file open between calls. */
evl_status evl_journals_read(evl_journals *journals, const evl_record *record, uint64_t from, void *data, size_t bytes) EVL_MUST_USE;
/* Local: checks the CRC of a payload; false where it is damaged. `scratch` of any size >= 4096. */
bool evl_journals_intact(evl_journals *journals, const evl_record *record, void *scratch, size_t scratch_bytes);
void evl_journals_close(evl_journals *journals);

typedef struct evl_journal evl_journal; /* the one this rank appends to */
/* Local. Cuts a torn tail, then appends records of this machine. EVL_USAGE where the file is not a journal or another run
   holds it (after 3 s). flush_s: longest time without a sync. The folder must exist (evl_journals_scan). */
evl_status evl_journal_open(const char *folder, int rank, double flush_s, const evl_machine *machine, evl_arena *arena,
                            evl_journal **journal) EVL_MUST_USE;
/* One write of header + payload. The payload's first evl_journal_header_bytes() bytes must be left free by the caller:
   `record` points at them, `payload_bytes` follow. *synced tells whether everything appended so far is on disk. */
size_t evl_journal_header_bytes(void);
evl_status evl_journal_append(evl_journal *journal, const evl_key *key, void *record, size_t payload_bytes,
                              evl_record *where, bool *synced) EVL_MUST_USE;
/* Syncs if something has waited for flush_s: to be called now and then while nothing is appended. Once a sync has
   failed the journal has failed: what was appended since the last good one is cut off, and every later call returns
   the same error. */
evl_status evl_journal_tick(evl_journal *journal, bool *synced) EVL_MUST_USE;
evl_status evl_journal_sync(evl_journal *journal) EVL_MUST_USE;
const char *evl_journal_path(const evl_journal *journal);
evl_status evl_journal_close(evl_journal *journal) EVL_MUST_USE; /* syncs; NULL allowed */
/* Local, rank 0: removes the journal files (not foreign ones) and the folder if it is empty then. */
evl_status evl_journals_remove(const char *folder) EVL_MUST_USE;

/* ---- writing: a list of datasets, laid out by rank 0, filled by all ------------------- */

typedef enum { EVL_F64, EVL_F32, EVL_I32, EVL_I64, EVL_U8, EVL_U32, EVL_TEXT } evl_type;
size_t evl_type_bytes(evl_type type);

typedef struct evl_attribute { const char *name; evl_type type; int n; const void *data; } evl_attribute; /* TEXT: const char *const * */

typedef struct evl_dataset {
  const char *path;            /* "/analyses/spectral/values"; groups are made as needed */
  evl_type type;
  int n_dims;                  /* 0: scalar */
  uint64_t dim[4];
  const char *scale[4];        /* path of the scale of each dimension; NULL: none (scalars, scales themselves) */
  bool is_scale;
  const void *data;            /* whole content (needed on rank 0 only; TEXT: const char *const *), or NULL: rows come from `fill` */
  int n_attributes;
  const evl_attribute *attribute;
} evl_dataset;

/* Rows [row, row + n) of a dataset without `data`, called on the rank that owns them. */
typedef evl_status (*evl_fill)(void *context, int dataset, uint64_t row, uint64_t n, void *rows);

/* Attributes of a group that holds datasets. */
typedef struct evl_group_attributes { const char *path; int n_attributes; const evl_attribute *attribute; } evl_group_attributes;

typedef struct evl_store_plan {
  const char *path;            /* written as path.tmp, then renamed */
  int n_datasets; const evl_dataset *dataset;
  int n_attributes; const evl_attribute *attribute; /* of the root */
  int n_groups; const evl_group_attributes *group;
  bool compress;               /* chunked, shuffle, deflate 1; else contiguous */
  size_t memory_bytes;         /* bound of the row buffers of a rank */
} evl_store_plan;

/* Collective. */
evl_status evl_store_write(const evl_store_plan *plan, evl_fill fill, void *context) EVL_MUST_USE;
const char *evl_store_library(void); /* "HDF5 1.10.8" */

/* Local. Makes the folder of a file, and those above it. */
evl_status evl_folder_of_make(const char *path) EVL_MUST_USE;

/* ---- reading: serial, read-only ---------------------------------------------------------- */

typedef struct evl_store evl_store;
/* EVL_IO where absent, EVL_FORMAT where it is not HDF5. */
evl_status evl_store_open(const char *path, evl_store **store) EVL_MUST_USE;
void evl_store_close(evl_store *store);
bool evl_store_has(evl_store *store, const char *path);
/* Names of the objects in a group, sorted; groups end with '/'. */
evl_status evl_store_list(evl_store *store, const char *group, evl_arena *arena, int *n, const char ***name) EVL_MUST_USE;
evl_status evl_store_shape(evl_store *store, const char *path, evl_type *type, int *n_dims, uint64_t dim[4]) EVL_MUST_USE;
/* Rows [row, row + n) converted to `type` (numbers); whole scalars with row 0, n 1. */
evl_status evl_store_read(evl_store *store, const char *path, evl_type type, uint64_t row, uint64_t n, void *data) EVL_MUST_USE;
evl_status evl_store_texts(evl_store *store, const char *path, evl_arena *arena, uint64_t *n, const char ***text) EVL_MUST_USE;
/* Attribute of "/" or an object as text (numbers printed with %.17g); NULL where absent. */
evl_status evl_store_attribute(evl_store *store, const char *path, const char *name, evl_arena *arena, const char **text) EVL_MUST_USE;
/* SHA-256 of one dataset: type class, dimensions, little-endian content, strings with their NUL. */
evl_status evl_store_hash(evl_store *store, const char *path, uint8_t digest[32]) EVL_MUST_USE;

#endif
