/* planes: a loaded block of a format whose samples come in frames (one sample of every signal, or some), as one
   plane a signal: its samples one after the other, in the width of the file.

   Files are read and taken apart in pieces that stay in the first cache; fetching a signal then streams. */
#ifndef EVEIL_PLANES_PRIV_H
#define EVEIL_PLANES_PRIV_H

#include "reader_priv.h"

typedef enum { EVL_PLANE_I16, EVL_PLANE_I32, EVL_PLANE_F32, EVL_PLANE_F64 } evl_plane_type;

static inline size_t evl_plane_width(evl_plane_type type) {
  return type == EVL_PLANE_I16 ? 2 : type == EVL_PLANE_F64 ? 8 : 4;
}

/* x = (v - zero) * gain; NaN where v is `missing` (planes of whole numbers) or not finite (others). */
typedef struct evl_plane_scale { double zero, gain; int64_t missing; } evl_plane_scale;
#define EVL_NONE_MISSING INT64_MIN

/* Bytes of a piece: half of a first cache. A format whose frames are wider takes one frame. */
enum { EVL_PIECE_BYTES = 16384 };

/* Sets record_bytes and loaded_*: a record of the header is a frame of samples_per_record of each signal. Then `read`
   is to fill the planes with frames [first, first + n) of the recorded ones. */
typedef evl_status evl_planes_read(evl_reader *reader, int64_t first, int64_t n);
void evl_planes_begin(evl_reader *reader, evl_plane_type type);
evl_status evl_planes_load(evl_reader *reader, int stretch, double from_s, double to_s, evl_planes_read *read)
  EVL_MUST_USE;

/* Where sample 0 of loaded frame `frame` of a signal lies. */
uint8_t *evl_planes_at(const evl_reader *reader, evl_plane_type type, int signal, int64_t frame);

/* n frames of `stride` samples each, of which `count` from the first pointed at go to a plane, one frame after the
   other. Samples have `width` bytes (2, 4, 8). */
void evl_planes_pick(const void *from, int64_t n, size_t stride, int64_t count, size_t width, void *plane);
/* The same of `signals` signals of one sample a frame each, which follow each other in frame and planes (`ld` samples
   apart). */
void evl_planes_split(const void *from, int64_t n, size_t stride, int signals, size_t width, void *plane, size_t ld);

/* The whole of `read` for a file of frames of one sample a signal, from byte `offset`: buffer of evl_planes_buffer
   bytes, taken while opening. */
evl_status evl_planes_read_frames(evl_reader *reader, int file, int64_t offset, evl_plane_type type, int64_t first,
                                  int64_t n, uint8_t *buffer) EVL_MUST_USE;
size_t evl_planes_buffer(const evl_reader *reader, evl_plane_type type);

void evl_planes_decode(evl_plane_type type, const void *plane, int64_t n, const evl_plane_scale *scale, double *x);

#endif
