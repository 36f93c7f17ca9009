/* readers: one file a format. A recording as its files tell it, in physical units.

   Opening reads the header and checks it against the sizes; `load` reads raw bytes of a
   stretch of time once; `channel` decodes one signal from them. Damage is found, not decoded.
   A sample that the format marks as missing, or that is no number, is decoded as NaN. */
#ifndef EVEIL_READERS_H
#define EVEIL_READERS_H

#include "eveil/base.h"

typedef enum {
  EVL_SIGNAL_VOLTAGE,    /* a voltage: decoded in microvolt */
  EVL_SIGNAL_OTHER,      /* decoded in the file's unit */
  EVL_SIGNAL_ANNOTATION  /* holds no samples */
} evl_signal_kind;

typedef struct evl_signal {
  char label[81];          /* as written, trailing blanks cut, made valid UTF-8 */
  char unit[33];           /* as written */
  evl_signal_kind kind;
  double fs_hz;
  int64_t samples_per_record;
  double physical_min, physical_max; /* what the converter could hold: microvolt or the unit; NaN: unknown */
  double step;             /* between neighbouring values of the converter, above 0, in the same unit; NaN: unknown */
  double xyz[3];           /* of the electrode: right, front, up, in a length of the file's own; NaN: unknown */
} evl_signal;

typedef struct evl_file { const char *path; int64_t bytes, mtime_ns; } evl_file;

/* A stretch without gap. Times count from the start of the first record. */
typedef struct evl_stretch { double start_s, duration_s; int64_t first_record, n_records; } evl_stretch;

typedef struct evl_header evl_header;
struct evl_header {
  const char *format;      /* "EDF", "EDF+C", "EDF+D", "BDF", "BDF+C", "BDF+D" */
  int n_signals;
  evl_signal *signal;
  double record_s;         /* duration of a data record (of a frame, where there are no records); 0: annotations only */
  int64_t n_records;       /* whole records that are there */
  double duration_s;       /* first sample to last, gaps included */
  int n_stretches;         /* 0: no signal holds samples */
  evl_stretch *stretch;
  double start_clock_s;    /* of the first record: seconds after midnight, with their fraction; NaN: none */
  double line_hz;          /* mains frequency, where the file tells it; else 0 */
  int year, month, day;    /* of the start, 0 where the header has none */
  int n_files;
  const evl_file *file;    /* the one that was opened first, then those that it names */
  int64_t bytes;           /* of all files */
  int64_t mtime_ns;        /* of the newest file */
  evl_key header_key;      /* hash of the header bytes, the sizes of the other files, and the format's options */
  bool truncated;          /* whole records are kept, the rest is not there */
  char note[256];          /* what is odd but readable; "" */
};

typedef struct evl_reader evl_reader;

/* What is said of files that do not say everything themselves. */
typedef struct evl_format_options {
  const evl_params *const *params; /* one a format, in the order of the table; NULL where it has none; NULL: defaults */
  double told_hz;          /* rate by a sidecar, for formats without one; 0: none */
} evl_format_options;

/* The group `formats` of a configuration (NULL: all defaults): { NAME: { keys of the format }; }. */
evl_status evl_format_options_read(evl_group *formats, evl_arena *arena, evl_format_options *options) EVL_MUST_USE;

/* What a format provides; the table is src/readers/readers.def. */
typedef struct evl_format {
  const char *name, *summary, *cite;
  const char *suffixes;    /* ".edf .rec": a folder's files with them are recordings; "": only files that a table names */
  const evl_param *params; /* keys of the group formats.NAME; NULL: none */
  bool (*knows)(const uint8_t *first, size_t n, const char *path); /* first: up to 512 bytes */
  evl_status (*open)(evl_reader *reader);
  evl_status (*load)(evl_reader *reader, int stretch, double from_s, double to_s);
  evl_status (*channel)(evl_reader *reader, int signal, int64_t first, int64_t n, double *x);
  /* Calls `see` for each annotation, in file order; stops on its error. Onsets count from the start of the
     first record, as stretches do; the duration is 0 where the file has none; `text` is valid UTF-8. */
  evl_status (*annotations)(evl_reader *reader,
                            evl_status (*see)(void *context, double onset_s, double duration_s, const char *text),
                            void *context);
  /* Checksums that the format keeps of its samples: sees every file from its first byte in blocks of any size, then
     n = 0 at its end. EVL_FORMAT names the file and the signal. NULL: the format has none. */
  evl_status (*check)(evl_reader *reader, int file, int64_t offset, const uint8_t *bytes, size_t n);
} evl_format;

extern const evl_format *const evl_formats[]; /* ends with NULL */

/* Opens by content. Memory: `arena` (header) and, for loads, the raw buffer of `raw_bytes`
   taken from it at once (0: headers only). Messages name the path.
   EVL_IO: missing, unreadable, a directory. EVL_FORMAT: not a known format, or damaged. */
evl_status evl_reader_open(const char *path, const evl_format_options *options, size_t raw_bytes, evl_arena *arena,
                           evl_reader **reader) EVL_MUST_USE;
/* The same for a file that was opened before: if size, time and header are still those, it is not searched for damage
   again. */
typedef struct evl_known { evl_key header_key; int64_t bytes, mtime_ns; } evl_known;
evl_status evl_reader_reopen(const char *path, const evl_format_options *options, const evl_known *known,
                             size_t raw_bytes, evl_arena *arena, evl_reader **reader) EVL_MUST_USE;
void evl_reader_close(evl_reader *reader); /* NULL allowed */
const evl_header *evl_reader_header(const evl_reader *reader);
/* Raw bytes needed to load `seconds` of this file at once. */
size_t evl_reader_raw_bytes(const evl_reader *reader, double seconds);
/* Reads the raw bytes that hold [from_s, to_s) of a stretch (times from the start of the stretch, cut to it).
   EVL_LIMIT where raw_bytes do not hold it. */
evl_status evl_reader_load(evl_reader *reader, int stretch, double from_s, double to_s) EVL_MUST_USE;
/* Samples [first, first + n) of a signal, counted from the start of the loaded stretch, in microvolt
   (voltages) or the file's unit. They must lie inside what was loaded. */
evl_status evl_reader_channel(evl_reader *reader, int signal, int64_t first, int64_t n, double *x) EVL_MUST_USE;
int64_t evl_reader_samples(const evl_reader *reader, int signal, int stretch); /* of the whole stretch */
evl_status evl_reader_annotations(evl_reader *reader,
                                  evl_status (*see)(void *context, double onset_s, double duration_s, const char *text),
                                  void *context) EVL_MUST_USE;

/* Checksums of the samples, where the format has them: feed every file of the header from its first byte, in order,
   and n = 0 at its end (the recording task does while it hashes; opening does for small files). */
evl_status evl_reader_check(evl_reader *reader, int file, int64_t offset, const uint8_t *bytes, size_t n) EVL_MUST_USE;

/* Reads all files of a recording for what only all bytes tell, checksums and text-mode transfers: for programs that use a
   recording without a recording task. */
evl_status evl_reader_check_all(evl_reader *reader) EVL_MUST_USE;

/* Text-mode transfer (LF to CR LF, or CR LF to LF), found from the bytes; opening looks at up to 2 MiB of a file
   by the same rules. Feed the whole file from its first byte, in order (the recording task does while it hashes),
   or a first part of it (the probe). */
typedef struct evl_damage evl_damage;
size_t evl_damage_size(void);
void evl_damage_begin(evl_damage *damage, const evl_header *header);
void evl_damage_feed(evl_damage *damage, const uint8_t *bytes, size_t n);
/* EVL_FORMAT with a message that names `path` where the bytes speak for a transfer. */
evl_status evl_damage_verdict(const evl_damage *damage, const char *path) EVL_MUST_USE;

#endif
