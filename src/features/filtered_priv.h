/* filtered_priv: windows behind a zero-phase Butterworth filter, a product (see filtered.c). */
#ifndef EVEIL_FILTERED_PRIV_H
#define EVEIL_FILTERED_PRIV_H

#include "features_priv.h"

typedef struct evl_filtered evl_filtered;

/* low_hz < f < high_hz, forward and backward as scipy's butter and filtfilt with their padding; low_hz 0: low-pass,
   high_hz at or beyond half the rate: high-pass, both: the signal as it is. Errors: impossible edges (EVL_USAGE). */
evl_status evl_filtered_plan(int order, double low_hz, double high_hz, evl_products *products, evl_arena *arena,
                             evl_filtered **filtered) EVL_MUST_USE;
/* [n_samples] of a usable channel; computed for all channels at the first call in a window. */
const double *evl_filtered_channel(evl_filtered *filtered, const evl_window *window, int channel);
double evl_filtered_cost_us(int order, double low_hz, double high_hz, const evl_shape *shape);

#endif
