/* features_priv: what the entries of this room share: power spectral densities, writing of values. */
#ifndef EVEIL_FEATURES_PRIV_H
#define EVEIL_FEATURES_PRIV_H

#include <math.h>

#include "eveil/features.h"
#include "eveil/math.h"

/* Bounds of a quantity without an upper one. */
#define EVL_ANY_MAX INFINITY

/* ---- psd.c: one-sided density in uV^2/Hz (Welch 1967, doi:10.1109/TAU.1967.1161901) ---- */

/* Parameters of every spectral entry. */
#define EVL_PSD_PARAMS                                                                                                \
  {"estimator", EVL_STRING, "\"welch\"", 0, 0, "welch|multitaper", "",                                                \
   "welch: one taper a segment; multitaper: Slepian's tapers of bandwidth_hz, weighted by their concentration, for "  \
   "short windows."},                                                                                                 \
  {"bandwidth_hz", EVL_REAL, "2.0", 1e-3, 1e5, NULL, "Hz", "Full bandwidth of multitaper."},                          \
  {"segment_s", EVL_REAL, "4.0", 0.02, 3600.0, NULL, "s", "Length of a Welch segment, cut to the window."},            \
  {"overlap", EVL_REAL, "0.5", 0.0, 0.95, NULL, "", "Share of a segment that the next one covers."},                   \
  {"taper", EVL_STRING, "\"hann\"", 0, 0, "hann|hamming|boxcar", "", "Periodic taper of a segment."},                  \
  {"nfft", EVL_INT, "0", 0, 1 << 22, NULL, "samples", "Transform length, zero-padded; 0: the segment."},               \
  {"detrend", EVL_STRING, "\"constant\"", 0, 0, "constant|none", "", "What is subtracted from each segment."},         \
  {"average", EVL_STRING, "\"mean\"", 0, 0, "mean|median", "",                                                         \
   "Average over segments; the median is corrected for its bias (Allen et al. 2012, doi:10.1103/PhysRevD.85.122006)."}

typedef struct evl_psd evl_psd;

/* The estimate by an entry's parameters; entries with equal ones get the same. Errors: nfft below the segment
   (EVL_USAGE), memory. */
evl_status evl_psd_plan(const evl_params *params, const evl_shape *shape, evl_products *products, evl_arena *arena,
                        evl_psd **psd) EVL_MUST_USE;
double evl_psd_step_hz(const evl_psd *psd);
int evl_psd_bins(const evl_psd *psd); /* bin k is at k * step_hz, the last one at or just below half the rate */
/* Density [bins] of a usable channel; computed for all channels at the first call in a window. */
const double *evl_psd_channel(evl_psd *psd, const evl_window *window, int channel);
double evl_psd_cost_us(const evl_params *params, const evl_shape *shape);

/* Bins first <= k < end in [low, high), or in [low, high] if `closed`. `complete` is false where the range goes
   beyond half the sampling rate. */
typedef struct evl_bins { int first, end; bool complete; } evl_bins;
/* of a transform of length nfft */
evl_bins evl_bins_between(double fs_hz, int nfft, double low_hz, double high_hz, bool closed);
evl_bins evl_psd_between(const evl_psd *psd, double low_hz, double high_hz, bool closed);

/* A parameter that is a range (low, high) in Hz, as closed bins. Errors: not two numbers in order, no bin
   (EVL_USAGE). */
evl_status evl_bins_range(double fs_hz, int nfft, const evl_params *params, const char *entry, const char *name,
                          evl_bins *bins) EVL_MUST_USE;
evl_status evl_psd_range(const evl_psd *psd, const evl_params *params, const char *entry, const char *name,
                         evl_bins *bins) EVL_MUST_USE;

double evl_sum(const double *x, int n); /* in a fixed order */

/* ---- parameters.c ------------------------------------------------------------------ */

/* A list of two numbers, the lower first. Errors: EVL_USAGE. */
evl_status evl_params_pair(const evl_params *params, const char *entry, const char *name, double pair[2]) EVL_MUST_USE;

/* ---- homologues.c ------------------------------------------------------------------ */

/* Pairs of channels at mirrored places, `tolerance` head radii apart at most; a channel without a place by its name of
   the 10-20 system (F3, F4). pair [n] by the left one. */
typedef struct evl_homologues { int left, right; } evl_homologues;
evl_status evl_homologues_find(const evl_montage *montage, double tolerance, evl_arena *arena, int *n,
                               evl_homologues **pair) EVL_MUST_USE;

/* ---- zero_phase.c ------------------------------------------------------------------ */

/* Forward-backward cascade of biquads with odd extension of `pad` samples and steady initial states (Gustafsson's
   simpler alternative, as scipy's filtfilt). y [n + 2 pad]; the result begins at y + pad. pad < n. */
void evl_zero_phase(const evl_biquad *section, int n_sections, const double *x, int n, int pad, double *y);
/* The same for up to EVL_ZERO_PHASE_LANES signals at once, each with the bits it has alone: y[i] [n], without padding;
   abreast [n + 2 pad][EVL_ZERO_PHASE_LANES]. */
enum { EVL_ZERO_PHASE_LANES = 4 };
void evl_zero_phase_rows(const evl_biquad *section, int n_sections, const double *const *x, int n_rows, int n, int pad,
                         double *abreast, double *const *y);

#endif
