/* The EDF writer's parts: Kemp & Olivan 2003, doi:10.1016/S1388-2457(03)00123-8; the EDF+ specification at
   edfplus.info. BDF is EDF with three bytes a sample (biosemi.com/faq/file_format.htm). */
#ifndef EVEIL_EDF_WRITE_PRIV_H
#define EVEIL_EDF_WRITE_PRIV_H

#include "eveil/simulate.h"

enum { EVL_EDF_TIME_BYTES = 48, EVL_EDF_WAITING_BYTES = 1 << 16, EVL_EDF_RESERVED = 192, EVL_EDF_RECORDS = 236 };

/* digital = x * scale + zero, rounded to even. */
typedef struct evl_edf_coder {
  double scale, zero;
  size_t offset; /* bytes in a record */
} evl_edf_coder;

struct evl_edf_writer {
  char *path, *aside;
  int file; /* -1: none */
  bool wide;
  int n_signals, width; /* bytes a sample */
  evl_edf_track *track; /* [n_signals] */
  evl_edf_coder *coder; /* [n_signals] */
  double record_s, gaps_s; /* gaps_s: so far */
  bool gaps;
  int64_t per_record; /* samples of every signal; 0: they differ */
  int64_t n_records; /* finished, the block's included */
  int64_t filled; /* samples in the record under way */
  size_t record_bytes, annotation_bytes, block_records, block_used;
  uint8_t *block; /* [block_records][record_bytes] */
  char *waiting; /* annotation lists that wait for a record, each ended by NUL */
  size_t waiting_used;
};

/* A header field: left-justified, padded with blanks. */
char *evl_edf_field(char *at, size_t width, const char *text);
/* The tracks of a spec, checked; range_uv [n_signals] or NULL stands in for physical_max_uv. */
evl_status evl_edf_tracks(const char *path, const evl_edf_spec *spec, const double *range_uv, evl_arena *arena,
                          evl_edf_track **track) EVL_MUST_USE;
/* The whole header, its number of records -1. */
evl_status evl_edf_header_text(const evl_edf_writer *writer, evl_arena *arena, char **header, size_t *bytes) EVL_MUST_USE;
/* Samples of a record of a spec without tracks. */
evl_status evl_edf_per_record(const char *path, const evl_edf_spec *spec, int64_t *samples) EVL_MUST_USE;
/* evl_edf_begin with a range of each signal, or NULL. */
evl_status evl_edf_begin_ranges(const char *path, const evl_edf_spec *spec, const double *range_uv, evl_arena *arena,
                                evl_edf_writer **writer) EVL_MUST_USE;
/* A time-stamped annotation list: onset, 0x15 and duration, 0x14, text, 0x14, NUL; its bytes. -1: more than `size`. */
int evl_edf_put_list(char *to, size_t size, const evl_edf_annotation *annotation);
void evl_edf_put_time(double time_s, bool with_sign, char text[EVL_EDF_TIME_BYTES]);

#endif
