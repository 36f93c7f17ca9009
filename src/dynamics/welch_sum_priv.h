/* welch_sum_priv: the spectrum of a recording, one a channel, for models that are fitted to it. A state that windows
   add to: sums of Hann-tapered periodograms at 50 % overlap, and how many. */
#ifndef EVEIL_WELCH_SUM_PRIV_H
#define EVEIL_WELCH_SUM_PRIV_H

#include "fit_priv.h"

/* low and high: texts. */
#define EVL_WELCH_SUM_PARAMS(low, high)                                                                            \
  {"segment_s", EVL_REAL, "4.0", 0.25, 60.0, NULL, "s",                                                            \
   "Length of the segments that the spectrum is the mean over; frequencies are 1 / segment_s apart, or nearly where " \
   "the rate and an FFT do not allow it."},                                                                        \
  {"low_hz", EVL_REAL, low, 0.1, 1e4, NULL, "Hz", "Lowest frequency of the fit."},                                 \
  {"high_hz", EVL_REAL, high, 0.5, 1e4, NULL, "Hz", "Highest frequency of the fit."}

enum { EVL_WELCH_MOST = 4096 }; /* frequencies */

typedef struct evl_welch_sum {
  int n;                  /* frequencies below the Nyquist frequency */
  double *hz;             /* [n] */
  double dof_per_segment; /* of a bin: below 2, for overlap and taper make neighbours in time and frequency alike */
  struct evl_welch_make *make;
} evl_welch_sum;

/* Frequencies that the parameters ask for, at least 0, and the first one's number of steps of 1 / segment_s. */
int evl_welch_sum_frequencies(const evl_params *params, int *first);
/* Doubles of state: for entry->state_size. */
size_t evl_welch_sum_size(const evl_params *params, const evl_montage *montage);
/* One a specification and analysis. Errors (EVL_USAGE): a segment longer than the window, no frequency in the range. */
evl_status evl_welch_sum_plan(const evl_params *params, const evl_shape *shape, const char *entry,
                              evl_products *products, evl_arena *arena, evl_welch_sum **sum) EVL_MUST_USE;
/* Adds a window to `state`; flat channels, and those whose squares overflow, are left out. Where windows overlap, each
   segment counts once. */
void evl_welch_sum_add(evl_welch_sum *sum, const evl_window *window, double *state);
/* One-sided density of a channel in unit^2/Hz over its mean in `scale`: power [n] of mean 1. Returns the degrees of
   freedom of a bin; 0 where there is no spectrum. */
double evl_welch_sum_power(const evl_welch_sum *sum, const double *state, int channel, double *power, double *scale);
double evl_welch_sum_cost_us(const evl_params *params, const evl_shape *shape);

/* Whittle's log likelihood of a spectrum whose bins are the model times chi-square over dof, up to what does not
   depend on the model: - dof / 2 sum (ln model + power / model); model [n] > 0 within 1e-30 and 1e30. */
double evl_whittle(const double *model, const double *power, int n, double dof);
/* Its two sums: of ln model and of power / model. */
void evl_whittle_sums(const double *model, const double *power, int n, double *logarithms, double *ratios);

#endif
