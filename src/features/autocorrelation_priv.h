/* autocorrelation: lagged products by FFT, of any series and, as a shared product, of every channel. */
#ifndef EVEIL_AUTOCORRELATION_PRIV_H
#define EVEIL_AUTOCORRELATION_PRIV_H

#include "features_priv.h"

typedef struct evl_correlator evl_correlator;
/* For series of at most n samples and n_lags <= n lags from 0 on. */
evl_status evl_correlator_plan(int n, int n_lags, evl_arena *arena, evl_correlator **correlator) EVL_MUST_USE;
/* product[l] = sum_t (x[t] - mean) (x[t + l] - mean) of n samples, l < min(n_lags, n); mean may be 0. */
void evl_correlator_run(evl_correlator *correlator, const double *x, int n, double mean, double *product);
double evl_correlator_cost_us(int n, int n_lags);

typedef struct evl_autocorrelation evl_autocorrelation;
/* Of all lags, about the mean of the channel, divided by that of lag 0. */
evl_status evl_autocorrelation_plan(evl_products *products, evl_arena *arena,
                                    evl_autocorrelation **autocorrelation) EVL_MUST_USE;
/* [n_samples] of a usable channel; computed at the first call in a window. */
const double *evl_autocorrelation_channel(evl_autocorrelation *autocorrelation, const evl_window *window, int channel);

#endif
