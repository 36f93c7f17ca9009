/* The journal on disk, little-endian:
     file    16 bytes of magic, then records
     record  48 bytes of header, then the payload
   A header is checked by its own CRC, a payload by the CRC in its header, so that records can be
   counted without reading payloads. Ahead of the first task computed on a kind of machine stands a record whose
   payload is the name of that kind. */
#ifndef EVL_JOURNAL_PRIV_H
#define EVL_JOURNAL_PRIV_H

#include "store_file_priv.h"

#define JOURNAL_MAGIC_BYTES 16
extern const char evl_journal_magic[JOURNAL_MAGIC_BYTES];

typedef struct record_header {
  uint64_t magic;
  uint8_t key[16];
  uint64_t bytes;       /* of the payload */
  uint32_t payload_crc; /* CRC32C */
  uint32_t machine;     /* CRC32C of the name of the kind of machine that computed the payload */
  uint32_t kind;        /* RECORD_TASK or RECORD_MACHINE */
  uint32_t header_crc;  /* CRC32C of all before */
} record_header;
_Static_assert(sizeof(record_header) == 48, "header without padding");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "journals are little-endian");

enum { RECORD_TASK, RECORD_MACHINE };

bool evl_journal_header_valid(const record_header *header);

/* "FOLDER/rank_000012.journal" in `path` of PATH_MAX characters. */
evl_status evl_journal_name(const char *folder, int rank, char *path) EVL_MUST_USE;
bool evl_journal_name_is(const char *name); /* without folder */

typedef struct journal_found { /* zero it first */
  evl_record *record;   /* of tasks, by offset; malloc, freed by the caller */
  int64_t n, capacity;
  evl_machine *machine; /* named in the file; malloc, freed by the caller */
  int n_machines;
  uint64_t machine_end; /* of the last record that names one */
  uint64_t end;         /* of the last whole record: a torn tail begins here */
  uint64_t size;        /* of the file */
  int64_t skipped_bytes;
  bool ours;            /* the magic is there, or the beginning of one in a shorter file */
} journal_found;

/* Local. The records of one file, which are marked with index `file`. A file that is absent has none. EVL_USAGE: a
   journal of another format. */
evl_status evl_journal_scan_file(const char *path, int32_t file, journal_found *found) EVL_MUST_USE;
void evl_journal_found_free(journal_found *found);
/* Collective. EVL_USAGE where a rank does not see the folder that rank 0 sees; EVL_OK where rank 0 sees none. */
evl_status evl_folder_shared(const char *folder) EVL_MUST_USE;
#define SHARED_TOKEN "shared.token" /* its file in the folder; a killed run may leave it */
/* Adds a kind to a list (realloc) that does not have it yet. */
evl_status evl_machines_add(evl_machine **list, int *n, const evl_machine *machine) EVL_MUST_USE;
/* Local. CRC of one payload by blocks into `scratch`. */
bool evl_journal_payload_intact(int fd, const evl_record *record, void *scratch, size_t scratch_bytes);

#endif
