/* The journal on disk, little-endian:
     file    16 bytes of magic, then records
     record  40 bytes of header, then the payload
   A header is checked by its own CRC, a payload by the CRC in its header, so that records can be
   counted without reading payloads. */
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
  uint32_t header_crc;  /* CRC32C of all before */
} record_header;
_Static_assert(sizeof(record_header) == 40, "header without padding");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "journals are little-endian");

record_header evl_journal_header(const evl_key *key, const void *payload, size_t bytes);
bool evl_journal_header_valid(const record_header *header);

/* "FOLDER/rank_000012.journal" in `path` of PATH_MAX characters. */
evl_status evl_journal_name(const char *folder, int rank, char *path) EVL_MUST_USE;
bool evl_journal_name_is(const char *name); /* without folder */

typedef struct journal_found { /* zero it first */
  evl_record *record;   /* by offset; malloc, freed by the caller */
  int64_t n, capacity;
  uint64_t end;         /* of the last whole record: a torn tail begins here */
  uint64_t size;        /* of the file */
  int64_t skipped_bytes;
  bool ours;            /* the magic is there, or the beginning of one in a shorter file */
} journal_found;

/* Local. The records of one file, which are marked with index `file`. A file that is absent has none. */
evl_status evl_journal_scan_file(const char *path, int32_t file, journal_found *found) EVL_MUST_USE;
/* Local. CRC of one payload by blocks into `scratch`. */
bool evl_journal_payload_intact(int fd, const evl_record *record, void *scratch, size_t scratch_bytes);

#endif
