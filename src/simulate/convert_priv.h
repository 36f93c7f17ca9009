/* A conversion's parts. */
#ifndef EVEIL_CONVERT_PRIV_H
#define EVEIL_CONVERT_PRIV_H

#include "eveil/simulate.h"

enum { EVL_CONVERT_DECIMALS = 7 }; /* 1, 0.1, ... 0.000001 */

/* What the first pass saw of a signal. */
typedef struct evl_convert_seen {
  int64_t n, n_missing;
  double low, high;
  double off[EVL_CONVERT_DECIMALS]; /* farthest from a multiple of 10^-i, in such multiples */
} evl_convert_seen;

/* Frames that follow each other without gap, all there. */
typedef struct evl_convert_piece { int stretch; int64_t first, n; } evl_convert_piece;

struct evl_convert {
  const evl_convert_source *source;
  evl_convert_seen *seen;       /* [source->n_signals] */
  int n_pieces, piece_capacity;
  evl_convert_piece *piece;
  int n_signals, *of;           /* [n_signals] in the source */
  bool wide;
  evl_edf_track *track;         /* [n_signals] samples of a record */
  int64_t frames;               /* of a record */
  double record_s;              /* as the header has it */
  bool padded;                  /* last records of pieces are filled up */
  int annotation_bytes;
  double start_s;               /* of the first piece */
  char note[512];
};

static inline double evl_convert_start_s(const evl_convert_source *source, const evl_convert_piece *piece) {
  return source->stretch[piece->stretch].start_s + (double)piece->first * source->frame_s;
}

void evl_convert_note(evl_convert *convert, const char *format, ...) EVL_PRINTF(2, 3);
/* convert_range.c: `wide`, and the range and digits of every track. */
evl_status evl_convert_ranges(evl_convert *convert, evl_convert_format format) EVL_MUST_USE;
/* convert_frames.c: frames, record_s and padded. */
evl_status evl_convert_records(evl_convert *convert) EVL_MUST_USE;

#endif
