/* What the formats of this room share behind evl_reader. */
#ifndef EVEIL_READER_PRIV_H
#define EVEIL_READER_PRIV_H

#include "eveil/readers.h"

struct evl_reader {
  const evl_format *format;
  const char *path;
  struct evl_open_file *files; /* behind header.file, in its order */
  int files_room, n_open;
  evl_arena *arena;        /* valid during open only */
  const evl_known *known;  /* the same; NULL: a first opening */
  const evl_params *params; /* of the format; NULL: it has none */
  double told_hz;          /* rate by a sidecar; 0: none */
  evl_header header;
  void *state;             /* of the format */
  size_t record_bytes;     /* that a data record takes in `raw` */
  uint8_t *raw;            /* raw_bytes, then EVL_RAW_PAD readable bytes */
  size_t raw_bytes;
  int loaded_stretch;      /* -1: nothing loaded */
  int64_t loaded_first, loaded_records; /* counted from the first record of the file */
};

/* A decoder may look this far behind the last sample. */
#define EVL_RAW_PAD 8

/* Exactly `bytes` of the first file from `offset`; EVL_IO where it ends before. */
evl_status evl_reader_bytes(const evl_reader *reader, int64_t offset, void *into, size_t bytes) EVL_MUST_USE;
/* The same of any file. Files behind the first are opened when they are needed. */
evl_status evl_reader_file_bytes(evl_reader *reader, int file, int64_t offset, void *into, size_t bytes) EVL_MUST_USE;
/* While opening: adds the file `name` (no path) of the first file's folder, once, to the header's files, bytes and
   time; its number. `said`: who names it, for messages. EVL_IO where it is not there. */
evl_status evl_reader_add_file(evl_reader *reader, const char *said, const char *name, int *file) EVL_MUST_USE;
/* Whether there is such a file beside the first. */
bool evl_reader_beside(const evl_reader *reader, const char *name);
/* While opening: all bytes of a file, with a NUL behind, in the arena. EVL_FORMAT for more than `most`. */
evl_status evl_reader_text(evl_reader *reader, int file, size_t most, char **text) EVL_MUST_USE;
/* While opening: opens the file `path` as the first one. */
evl_status evl_reader_first_file(evl_reader *reader) EVL_MUST_USE;
void evl_reader_close_files(evl_reader *reader);
/* Ends the hash of the header's texts with the sizes of the files behind the first and the options: the header's key. */
void evl_reader_key(evl_reader *reader, evl_sha256 *hash);
/* header.signal: n of them, with all that may be unknown unknown. */
evl_status evl_reader_signals(evl_reader *reader, int n) EVL_MUST_USE;
/* While opening: one stretch more behind header.stretch, which has *room. EVL_LIMIT: too many. */
evl_status evl_reader_add_stretch(evl_reader *reader, int *room, evl_stretch stretch) EVL_MUST_USE;
/* All files through the checksums of the format. */
evl_status evl_reader_check_sums(evl_reader *reader) EVL_MUST_USE;
/* Whether it was opened before and is still the same. */
bool evl_reader_unchanged(const evl_reader *reader);
/* Records [first, first + n), from the first of the file, that hold a span of a stretch. EVL_LIMIT where `raw` does not
   hold them. */
evl_status evl_reader_span(const evl_reader *reader, int stretch, double from_s, double to_s, int64_t *first,
                           int64_t *n) EVL_MUST_USE;
/* Adds a remark to header.note, "; " between remarks; what does not fit is dropped. */
void evl_reader_note(evl_reader *reader, const char *format, ...) EVL_PRINTF(2, 3);

/* `n` bytes of UTF-8 or latin-1 as valid UTF-8: bytes that are not UTF-8 as a whole are
   taken as latin-1, control characters become blanks or '?', blanks at the end and what exceeds
   `size` are cut. */
void evl_text_utf8(const uint8_t *bytes, size_t n, char *text, size_t size);
/* Factor from a unit to microvolt ("uV", "mV", " V ", "nV", "µV"); 0 for anything else.
   Case is ignored: nobody records megavolts. */
double evl_unit_microvolt(const char *unit);
/* A decimal number that fills `n` characters but for blanks and NULs around it; correctly
   rounded, whatever the locale. False for anything else and beyond 15 digits or 1e22. */
bool evl_text_decimal(const char *text, size_t n, double *number);
/* The decimal number at the start of [text, end), of any length and size that a double holds, correctly rounded;
   where it ends, NULL where there is none. */
const char *evl_text_number(const char *text, const char *end, double *number);

#endif
