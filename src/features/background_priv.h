/* background_priv: envelopes, and bursts told from suppressions by the published rules (see suppression.c). */
#ifndef EVEIL_BACKGROUND_PRIV_H
#define EVEIL_BACKGROUND_PRIV_H

#include "filtered_priv.h"

/* ---- envelope.c ---------------------------------------------------------------- */

typedef struct evl_envelope evl_envelope;
/* Of a window's channels smoothed by a moving average of n_points (1: as they are). */
evl_status evl_envelope_plan(int n_points, const evl_shape *shape, evl_arena *arena,
                             evl_envelope **envelope) EVL_MUST_USE;
/* squared [n_samples] = y^2 + H(y)^2, y the smoothed x, H the Hilbert transform over the window. */
void evl_envelope_squared(evl_envelope *envelope, const double *x, double *squared);
double evl_envelope_cost_us(const evl_shape *shape); /* of all channels */

/* ---- suppression.c ------------------------------------------------------------- */

/* Parameters of every entry that tells bursts from suppressions; `fallback`: its rule. */
#define EVL_SUPPRESSION_PARAMS(fallback)                                                                               \
  {"rule", EVL_STRING, "\"" fallback "\"", 0, 0, "amplitude|ruijter|icare|westover", "",                               \
   "Suppression is where, amplitude: |x| < threshold_uv / 2; ruijter: the same of x band-passed from 0.5 to 30 Hz, "   \
   "1 s at both ends left out; icare: the envelope of x averaged over 40 ms, less the mean of its lowest 1.5 s, is "   \
   "below threshold_uv; westover: the recursive variance (105 ms) is below threshold_uv^2 / 2, 50 uV^2."},             \
  {"threshold_uv", EVL_REAL, "10.0", 1e-6, 1e6, NULL, "uV",                                                            \
   "Peak to trough (amplitude, ruijter), envelope (icare) or amplitude of a sine (westover) of what is suppressed."},  \
  {"min_suppression_s", EVL_REAL, "-1.0", -1.0, 60.0, NULL, "s",                                                       \
   "Shorter suppressions are activity; -1: the rule's own, 0.5 (amplitude, ruijter), 0.25 (icare), 0 (westover)."},    \
  {"min_burst_s", EVL_REAL, "-1.0", -1.0, 60.0, NULL, "s",                                                             \
   "Shorter activity within suppression belongs to it; -1: the rule's own, 0.2 (amplitude, ruijter, westover), "       \
   "0.25 (icare)."}

typedef struct evl_suppression evl_suppression;
/* By an entry's parameters; entries with equal ones get the same. */
evl_status evl_suppression_plan(const evl_params *params, const evl_shape *shape, evl_products *products,
                                evl_arena *arena, evl_suppression **suppression) EVL_MUST_USE;
/* Of a usable channel, [n_samples]: 1 where it is suppressed; samples outside first <= t < end mean nothing. */
const uint8_t *evl_suppression_channel(evl_suppression *suppression, const evl_window *window, int channel);
int evl_suppression_first(const evl_suppression *suppression);
int evl_suppression_end(const evl_suppression *suppression);
/* The signal that the rule looked at [n_samples]: the window's, or band-passed. */
const double *evl_suppression_signal(evl_suppression *suppression, const evl_window *window, int channel);
double evl_suppression_cost_us(const evl_params *params, const evl_shape *shape);

/* Samples begin <= t < end of one state. */
typedef struct evl_stretch { int begin, end; } evl_stretch;
/* The stretch that begins at `begin` < n. */
static inline evl_stretch evl_stretch_at(const uint8_t *mask, int begin, int n) {
  int end = begin + 1;
  while (end < n && mask[end] == mask[begin]) end++;
  return (evl_stretch){begin, end};
}
/* Gives stretches of `state` in [first, end) that are shorter than n_least the other state. */
void evl_stretch_absorb(uint8_t *mask, int first, int end, uint8_t state, int n_least);

/* ---- periodicity.c --------------------------------------------------------------- */

/* The period in samples of signal [n], between lags first and last: of the maxima of its autocorrelation the first that
   is at least 0.85 of the highest, because multiples of a period are nearly as high; `height` is its correlation. NaN,
   both, where there is no maximum above 0. work [EVL_PERIODICITY_WORK(n)]. */
#define EVL_PERIODICITY_WORK(n) (3 * (size_t)(n) + 3)
double evl_periodicity(const double *signal, int n, int first, int last, double *work, double *height);

#endif
