/* field_priv: what entries on the field over the whole scalp share. */
#ifndef EVEIL_FIELD_PRIV_H
#define EVEIL_FIELD_PRIV_H

#include "features_priv.h"

enum { EVL_FIELD_FEWEST = 3 }; /* channels */

/* Numbers of the channels that carry the field in this window: usable, with a place on the head where any channel has
   one (an ECG has none); how many. */
int evl_field_channels(const evl_products *products, int *channel);
bool evl_field_has_place(const evl_shape *shape, int channel);
/* Global field power in uV of these channels, each less its mean over the window: mean[n] and gfp[n_samples]. */
void evl_field_power(const evl_window *window, const int *channel, int n, double *mean, double *gfp);
static inline bool evl_is_peak(const double *x, int t) { return x[t - 1] < x[t] && x[t] >= x[t + 1]; }

#endif
