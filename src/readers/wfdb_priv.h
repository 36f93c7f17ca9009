/* WFDB inside: text headers, signal files of many sample formats, segments.

   WFDB Applications Guide, header(5), signal(5), annot(5), https://physionet.org/physiotools/wag/;
   Goldberger et al. 2000, doi:10.1161/01.CIR.101.23.e215. */
#ifndef EVEIL_WFDB_PRIV_H
#define EVEIL_WFDB_PRIV_H

#include "planes_priv.h"

/* How samples are packed: `samples` of them in `bytes`. */
typedef struct evl_wfdb_format {
  int number, samples, bytes;
  evl_plane_type type;     /* of what `unpack` writes */
  int64_t missing;
  bool differences;        /* what it writes are differences to the sample before */
  void (*unpack)(const uint8_t *bytes, int64_t n_units, void *sample); /* NULL: they are as `type` has them */
} evl_wfdb_format;

const evl_wfdb_format *evl_wfdb_format_of(int number); /* NULL: not read */
int64_t evl_wfdb_samples_in(const evl_wfdb_format *format, int64_t bytes); /* whole samples in the first bytes */
int64_t evl_wfdb_bytes_of(const evl_wfdb_format *format, int64_t samples);

/* A line of a header: one signal. */
typedef struct evl_wfdb_line {
  const char *file, *label, *unit; /* file "~": none */
  const evl_wfdb_format *format;   /* of a line with a file */
  int64_t per_frame, skew, offset, baseline, initial, position; /* position: of its first sample in a frame */
  double gain;                     /* steps a unit; 0: not calibrated */
  int resolution;                  /* bits; 0: unknown */
  int64_t zero;                    /* middle of the converter's range */
  bool has_checksum;
  uint16_t checksum;
} evl_wfdb_line;

typedef struct evl_wfdb_segment { const char *name; int64_t n_frames; } evl_wfdb_segment; /* name "~": a gap */

typedef struct evl_wfdb_header {
  int n_segments;                  /* 0: an ordinary record */
  int n_lines;
  double fs_hz;                    /* frames a second */
  int64_t n_frames;                /* 0: untold */
  double start_clock_s, line_hz;   /* NaN, 0: untold */
  int year, month, day;
  evl_wfdb_line *line;
  evl_wfdb_segment *segment;
} evl_wfdb_header;

/* `path` for messages; `text` is cut into pieces that stay in use. */
evl_status evl_wfdb_header_parse(const char *path, char *text, evl_arena *arena, evl_wfdb_header **header) EVL_MUST_USE;

/* Lines that share a signal file. */
typedef struct evl_wfdb_group {
  int file, first_line, n_lines;
  const evl_wfdb_format *format;
  int64_t offset, per_frame, frames_there;
  int64_t at;                      /* of differences: frames summed so far */
  int32_t *value, *initial;        /* [n_lines] the same: last samples */
} evl_wfdb_group;

/* An ordinary record, or a segment with samples. */
typedef struct evl_wfdb_part {
  int64_t start, first, n;         /* frames: in time, among those recorded, count */
  bool truncated;
  const evl_wfdb_header *header;
  int n_groups;
  evl_wfdb_group *group;
  int *signal_of;                  /* [lines] -1: not among the record's signals */
  evl_plane_scale *scale;          /* [signals] */
  bool *has;                       /* [signals] */
} evl_wfdb_part;

enum { EVL_WFDB_ANNOTATORS = 4 };

typedef struct evl_wfdb {
  bool nu_is_microvolt, standard_gain;
  evl_plane_type type;
  int n_parts;
  evl_wfdb_part *part;
  uint8_t *bytes;                  /* read at once, then EVL_RAW_PAD */
  size_t most_bytes;
  uint8_t *piece;                  /* unpacked samples of a piece */
  int64_t most_samples;
  int n_annotations, annotation_file[EVL_WFDB_ANNOTATORS];
  struct evl_wfdb_sums *sums;
} evl_wfdb;

/* From the header of the record to its parts, and the reader's header. */
evl_status evl_wfdb_assemble(evl_reader *reader, const evl_wfdb_header *header) EVL_MUST_USE;
/* Groups of a header's signal files, their frames, and how many frames are there of all. */
evl_status evl_wfdb_files(evl_reader *reader, evl_wfdb_part *part) EVL_MUST_USE;
/* A signal file in the clothes of a MATLAB v4 matrix: rows, columns and type must be those of the header. */
evl_status evl_wfdb_matlab(evl_reader *reader, const evl_wfdb_group *group, int64_t n_frames) EVL_MUST_USE;

evl_status evl_wfdb_read(evl_reader *reader, int64_t first, int64_t n) EVL_MUST_USE;

evl_status evl_wfdb_sums_plan(evl_reader *reader) EVL_MUST_USE;
evl_status evl_wfdb_check(evl_reader *reader, int file, int64_t offset, const uint8_t *bytes, size_t n) EVL_MUST_USE;

evl_status evl_wfdb_annotations(evl_reader *reader,
                                evl_status (*see)(void *context, double onset_s, double duration_s, const char *text),
                                void *context) EVL_MUST_USE;

#endif
