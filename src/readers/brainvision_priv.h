/* BrainVision inside: a header of sections and keys, a marker file, samples by frames or by channels.

   BrainVision Core Data Format 1.0,
   https://www.brainproducts.com/support-resources/brainvision-core-data-format-1-0/ */
#ifndef EVEIL_BRAINVISION_PRIV_H
#define EVEIL_BRAINVISION_PRIV_H

#include "planes_priv.h"

typedef struct evl_brainvision {
  char data_file[256], marker_file[256];  /* as written */
  bool vectorized, big_endian, is_unsigned, segmented;
  evl_plane_type type;
  double fs_hz;
  int64_t n_channels, n_points, segment_points; /* n_points 0: untold */
  int64_t n_said;                         /* channels by the amplifier's part of the comment; 0: untold */
  evl_plane_scale *scale;                 /* [channels] */
  int data, markers;                      /* files; markers -1: none */
  uint8_t *buffer;
} evl_brainvision;

/* Text of the header to state and signals. */
evl_status evl_brainvision_header(evl_reader *reader, char *text) EVL_MUST_USE;

/* A line of the marker file. */
typedef struct evl_marker {
  char type[128], text[1024];
  int64_t position, points;               /* position counts from 1 */
  int year, month, day;                   /* year 0: no date */
  int64_t microsecond;                    /* of the day */
} evl_marker;
/* Calls `see` for each; `hash` (may be NULL) takes the bytes of the file. */
evl_status evl_brainvision_markers(evl_reader *reader, evl_status (*see)(void *context, const evl_marker *marker),
                                   void *context, evl_sha256 *hash) EVL_MUST_USE;
/* Stretches from the markers "New Segment" and from segments of equal length. */
evl_status evl_brainvision_stretches(evl_reader *reader, evl_sha256 *hash) EVL_MUST_USE;

#endif
