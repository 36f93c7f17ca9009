/* series: what formats share whose files hold nothing but channels at one rate. One record is one frame: a sample of
   every channel. */
#ifndef EVEIL_SERIES_PRIV_H
#define EVEIL_SERIES_PRIV_H

#include "planes_priv.h"

/* The state of such a format begins with this. */
typedef struct evl_series {
  evl_plane_type type;
  evl_plane_scale scale;
  evl_planes_read *fetch;
} evl_series;

/* Beyond these a shape is wrong. */
enum { EVL_SERIES_CHANNELS = 10000 };

/* Keys that they share: rate, unit, names. `where` is said of the rate. */
#define EVL_SERIES_PARAMS                                                                                             \
  {"fs_hz", EVL_REAL, "0.0", 0, 1e6, NULL, "Hz", "Rate of all channels; 0: what the file or a BIDS sidecar says."},   \
  {"unit", EVL_STRING, "\"uV\"", 0, 0, NULL, "",                                                                      \
   "Unit of the numbers; analyses take voltages alone (V, mV, uV, nV)."},                                             \
  {"labels", EVL_STRINGS, "[]", 0, 0, NULL, "",                                                                       \
   "Names of the channels, in their order; none: what the file says, or 1, 2, ..."}

/* The rate by the key fs_hz, else by the file (0: it has none), else by a sidecar. EVL_USAGE: nowhere. */
evl_status evl_series_rate(const evl_reader *reader, double file_hz, double *fs_hz) EVL_MUST_USE;
/* Fills header and signals for one stretch; names are numbers, or those of the key labels (EVL_USAGE: not so many);
   unit and scale by the key unit. reader->state is the series, its type set. */
evl_status evl_series_header(evl_reader *reader, int64_t n_channels, int64_t n_samples, double fs_hz) EVL_MUST_USE;
/* The unit of all signals, and the scale that goes with it. */
void evl_series_unit(evl_reader *reader, const char *unit);
/* load and channel of such a format. */
evl_status evl_series_load(evl_reader *reader, int stretch, double from_s, double to_s) EVL_MUST_USE;
evl_status evl_series_channel(evl_reader *reader, int signal, int64_t first, int64_t n, double *x) EVL_MUST_USE;
/* annotations of formats that have none. */
evl_status evl_series_no_annotations(evl_reader *reader,
                                     evl_status (*see)(void *context, double onset_s, double duration_s,
                                                       const char *text), void *context) EVL_MUST_USE;

/* ---- matrix.c: such numbers in a row ---- */

typedef struct evl_matrix {
  evl_series series;
  /* Numbers [start, start + n) of all; NULL: they are plain bytes of a file, as the next three say. */
  evl_status (*numbers)(evl_reader *reader, int64_t start, int64_t n, void *into);
  int file;                /* of the header */
  int64_t offset;          /* of the first number */
  bool swapped;            /* big-endian */
  bool by_channel;         /* one channel after the other; else one frame after the other */
  size_t chunk_frames;
  uint8_t *chunk;          /* frames before they are sorted into channels */
} evl_matrix;

/* Whether the rows of a matrix hold channels, by the key channels ("auto|rows|columns"; auto: the longer side is time; a
   single row or column is one channel). EVL_USAGE: auto, and both are equal. */
evl_status evl_matrix_side(const evl_reader *reader, int64_t rows, int64_t columns, bool *by_rows) EVL_MUST_USE;
evl_status evl_matrix_fetch(evl_reader *reader, int64_t first, int64_t n) EVL_MUST_USE;
/* Sets fetch, takes memory. The other fields are set, the header tells channels and samples. */
evl_status evl_matrix_plan(evl_reader *reader, evl_matrix *matrix) EVL_MUST_USE;

#endif
