/* heartbeats_priv: the R waves of a window and the intervals between them, a product. */
#ifndef EVEIL_HEARTBEATS_PRIV_H
#define EVEIL_HEARTBEATS_PRIV_H

#include "features_priv.h"

#define EVL_HEART_PARAMS                                                                                               \
  {"channel", EVL_STRINGS, "[\"*ECG*\", \"*EKG*\"]", 0, 0, NULL, "",                                                   \
   "Patterns (* ? [...]) of the channel with the heart; the first channel like one of them. Where none is like the "   \
   "default ones there are no values."},                                                                               \
  {"tolerance", EVL_REAL, "0.25", 0.05, 1.0, NULL, "1",                                                                \
   "Intervals farther than this from the median of the eleven around them, relative to it, do not count."}

typedef struct evl_heartbeats {
  evl_products *products;
  uint64_t serial;       /* of the window that all this is of */
  int channel;           /* -1: none */
  double tolerance, fs_hz;
  int n_samples, most;
  evl_biquad section[EVL_MAX_SECTIONS];
  int n_sections, pad, half; /* half: of the energy's average */
  double *padded;        /* [n_samples + 2 pad] */
  double *energy;        /* [n_samples] */
  double *block;         /* [most] highest energy of blocks */
  int n;                 /* beats */
  double *at_s;          /* [most] of the window */
  double *interval_s;    /* [most] interval i: from beat i to beat i + 1 */
  uint8_t *accepted;     /* [most] of intervals */
  int n_accepted;
} evl_heartbeats;

/* Errors (EVL_USAGE, naming the entry): a pattern that the configuration gives and no channel is like. */
evl_status evl_heartbeats_plan(const evl_params *params, const char *entry, const evl_shape *shape,
                               evl_products *products, evl_arena *arena, evl_heartbeats **beats) EVL_MUST_USE;
/* Finds them, once a window. False where fewer than three intervals or less than half of them are accepted. */
bool evl_heartbeats_find(evl_heartbeats *beats, const evl_window *window);
double evl_heartbeats_cost_us(const evl_shape *shape);

#endif
