/* A recording as eveil convert takes it: as it is, or the conditioned channels of an analysis. */
#ifndef EVEIL_CONVERT_INPUT_PRIV_H
#define EVEIL_CONVERT_INPUT_PRIV_H

#include "eveil/cohort.h"
#include "eveil/simulate.h"

/* What holds for all files of the command. */
typedef struct evl_convert_job {
  const char *to;             /* file or folder */
  bool to_file, bids, replace;
  evl_convert_format format;
  const char *config, *conditioned; /* NULL: none */
  evl_format_options options;
  evl_keep keep;
} evl_convert_job;

typedef struct evl_convert_opened {
  evl_convert_input input;    /* of the file; its source where nothing is conditioned */
  evl_conditioned conditioned;
  int *of;                    /* channels of the montage that are there */
  double *x;                  /* [montage->n][most_frames] */
  evl_convert_source own;     /* of the conditioned channels */
  evl_convert_source *source; /* one of the two */
  const char **type;          /* [source->n_signals] of BIDS */
  evl_annotations annotations;
} evl_convert_opened;

/* To be closed after an error, too. */
evl_status evl_convert_take(const evl_convert_job *job, const char *path, evl_arena *arena,
                            evl_convert_opened *opened) EVL_MUST_USE;
void evl_convert_drop(evl_convert_opened *opened);

#endif
