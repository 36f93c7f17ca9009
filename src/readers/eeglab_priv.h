/* EEGLAB data sets inside. */
#ifndef EVEIL_EEGLAB_PRIV_H
#define EVEIL_EEGLAB_PRIV_H

#include "matlab_priv.h"

typedef struct evl_eeglab_event { double onset_s, duration_s; const char *text; } evl_eeglab_event;

typedef struct evl_eeglab {
  evl_mat_matrix samples;
  evl_mat *mat;            /* while opening */
  evl_mat_value *eeg;      /* NULL: an older file */
  int64_t n_channels, points, trials;
  double fs_hz;
  int n_events;
  evl_eeglab_event *event; /* in order of the file, boundaries left out */
} evl_eeglab;

/* ---- eeglab_events.c ---- */
/* Events and stretches. */
evl_status evl_eeglab_events(evl_reader *reader) EVL_MUST_USE;
evl_status evl_eeglab_annotations(evl_reader *reader,
                                  evl_status (*see)(void *context, double onset_s, double duration_s, const char *text),
                                  void *context) EVL_MUST_USE;

#endif
