/* correlation_priv: correlation matrices of rows of samples or spectra, and their eigenvalues (see correlation.c). */
#ifndef EVEIL_CORRELATION_PRIV_H
#define EVEIL_CORRELATION_PRIV_H

#include "features_priv.h"

#define EVL_CORRELATION_PARAMS                                                                                         \
  {"across_channels", EVL_BOOL, "false", 0, 0, NULL, "",                                                               \
   "First standardise the channels against each other at every point, as mne-features: removes what all have in "      \
   "common, and correlations then average -1 / (channels - 1) whatever the signals."},                                 \
  {"rank", EVL_REALS, "(1, 2, 3)", 1, 4096, NULL, "", "Which eigenvalues, 1 the largest; integers."}

#define EVL_CORRELATION_OUTPUTS(of)                                                                                    \
  {"correlation", EVL_PER_PAIR, NULL, false, "1", -1.0, 1.0, "Correlation of the " of " of the two channels."},        \
      {"eigenvalue", EVL_PER_WINDOW, "rank", false, "1", 0.0, EVL_ANY_MAX,                                            \
       "Eigenvalue of the correlation matrix of all usable channels; 1 each where channels are unrelated."}

typedef struct evl_correlation evl_correlation;
/* Of rows of n_points; their memory is scratch. Errors: a rank that is no integer (EVL_USAGE, naming the entry). */
evl_status evl_correlation_plan(const evl_params *params, const char *entry, int n_points, evl_products *products,
                                evl_arena *arena, evl_correlation **correlation);
/* The row [n_points] of a usable channel: fill them, then put. */
double *evl_correlation_row(const evl_correlation *correlation, int channel);
/* Standardises the rows in place and writes both outputs; a row without variance has no correlations. */
void evl_correlation_put(evl_correlation *correlation, evl_out *out);
double evl_correlation_cost_us(int n_channels, int n_points);

#endif
