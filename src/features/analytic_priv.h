/* analytic_priv: analytic signals of all channels in frequency bands, a product (see analytic.c). */
#ifndef EVEIL_ANALYTIC_PRIV_H
#define EVEIL_ANALYTIC_PRIV_H

#include "bands_priv.h"

/* Parameters of every entry on analytic signals; entries whose parameters are equal share them. */
#define EVL_ANALYTIC_PARAMS                                                                                            \
  EVL_BANDS_PARAMS,                                                                                                    \
  {"edge_s", EVL_REAL, "0.5", 0.0, 3600.0, NULL, "s",                                                                  \
   "Left out at both ends of the window, where its end runs into its beginning."}

typedef struct evl_analytic evl_analytic;
/* Errors (EVL_USAGE, naming the entry): a band without a frequency, fewer than two samples inside edge_s. */
evl_status evl_analytic_plan(const evl_params *params, const evl_shape *shape, const char *entry,
                             evl_products *products, evl_arena *arena, evl_analytic **analytic);
/* Samples and the doubles between rows of a band, a multiple of 4; 0 where the band goes beyond half the rate. */
int evl_analytic_samples(const evl_analytic *analytic, int band);
size_t evl_analytic_stride(const evl_analytic *analytic, int band);
size_t evl_analytic_most(const evl_analytic *analytic); /* the largest stride of all bands */

/* Rows of usable channels, re + i im, divided by unit[c] uV; zeros between the last sample and the stride. */
typedef struct evl_signals { int n; size_t stride; const double *re, *im, *unit; } evl_signals;
/* Valid until another band is asked for; the samples are evenly spaced, no more than the band needs. */
evl_signals evl_analytic_band(evl_analytic *analytic, const evl_window *window, int band);
double evl_analytic_cost_us(const evl_params *params, const evl_shape *shape);

#endif
