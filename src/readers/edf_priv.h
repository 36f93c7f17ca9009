/* EDF and BDF inside: what the header parser, the annotations, the stretches and the
   decoder know of a file.

   Kemp et al. 1992, doi:10.1016/0013-4694(92)90009-7 (EDF); Kemp and Olivan 2003,
   doi:10.1016/S1388-2457(03)00123-8 (EDF+); BDF is EDF with three bytes a sample. */
#ifndef EVEIL_EDF_PRIV_H
#define EVEIL_EDF_PRIV_H

#include "reader_priv.h"

/* x = physical_min + (digital - digital_min) * gain, in microvolt or the file's unit. */
typedef struct evl_edf_signal {
  int64_t offset;          /* bytes from the start of a record */
  double gain, digital_min, physical_min;
} evl_edf_signal;

typedef struct evl_edf {
  int width;               /* bytes a sample: 2 or 3 */
  bool discontinuous;      /* EDF+D: each record tells when it starts */
  int64_t header_bytes;
  int64_t promised;        /* records by the header; -1: unknown */
  int time_signal;         /* first annotation signal; -1: none */
  double first_onset_s;    /* of record 0, from the start of the recording; 0 where untold */
  evl_edf_signal *signal;
} evl_edf;

/* Header bytes to header, state and record_bytes. */
evl_status evl_edf_header(evl_reader *reader) EVL_MUST_USE;
/* Which signals of a plain file hold annotations all the same, and when the first record starts. */
evl_status evl_edf_annotated(evl_reader *reader) EVL_MUST_USE;
/* Records that follow each other, by the onset of each record (EDF+D) or all of them. */
evl_status evl_edf_stretches(evl_reader *reader) EVL_MUST_USE;
/* EVL_FORMAT unless the loaded records of a discontinuous file start when the stretch says. */
evl_status evl_edf_check_loaded(const evl_reader *reader) EVL_MUST_USE;
evl_status evl_edf_annotations(evl_reader *reader,
                               evl_status (*see)(void *context, double onset_s, double duration_s, const char *text),
                               void *context) EVL_MUST_USE;
evl_status evl_edf_channel(evl_reader *reader, int signal, int64_t first, int64_t n, double *x) EVL_MUST_USE;

static inline int64_t evl_edf_record_offset(const evl_reader *reader, int64_t record) {
  const evl_edf *edf = reader->state;
  return edf->header_bytes + record * (int64_t)reader->record_bytes;
}

static inline size_t evl_edf_signal_bytes(const evl_reader *reader, int signal) {
  const evl_edf *edf = reader->state;
  return (size_t)(reader->header.signal[signal].samples_per_record * edf->width);
}

#endif
