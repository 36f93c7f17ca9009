/* bands_priv: frequency bands of entries on spectra of all channels together. */
#ifndef EVEIL_BANDS_PRIV_H
#define EVEIL_BANDS_PRIV_H

#include "features_priv.h"

#define EVL_BANDS_PARAMS                                                                                               \
  {"bands", EVL_BANDS,                                                                                                 \
   "{ delta = (1.0, 4.0); theta = (4.0, 8.0); alpha = (8.0, 12.0); beta = (12.0, 30.0); gamma = (30.0, 45.0); }", 0.0, \
   1e5, NULL, "Hz", "Frequency bands."},                                                                               \
  {"edges", EVL_STRING, "\"half_open\"", 0, 0, "half_open|closed", "",                                                 \
   "Whether a band has its upper edge; half_open: low <= f < high, neighbouring bands share no frequency; closed: "    \
   "as mne_connectivity and spectral_connectivity."}

/* Of a band: first <= k < end; 0, 0 where it goes beyond half the rate. */
typedef struct evl_band_bins { int first, end; } evl_band_bins;
/* Bins of every band by the parameters above, of a transform of `length` samples. Errors (EVL_USAGE, naming the
   entry): a band without a bin. */
evl_status evl_band_bins_find(const evl_params *params, double fs_hz, int length, const char *entry,
                              evl_band_bins *bins) EVL_MUST_USE;

/* The power of two that brings the spread of a signal near 1, so that no square leaves the range; 1 of a flat one. */
double evl_near_one(const double *x, int n);

#endif
