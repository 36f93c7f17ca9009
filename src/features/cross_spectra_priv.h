/* cross_spectra_priv: cross-spectra of all pairs of channels in frequency bands, and what coherences and phase measures
   make of them. */
#ifndef EVEIL_CROSS_SPECTRA_PRIV_H
#define EVEIL_CROSS_SPECTRA_PRIV_H

#include "bands_priv.h"

/* Parameters of every entry on cross-spectra; entries whose parameters are equal share them. A band's value is the mean
   of the values at its frequencies. */
#define EVL_CROSS_PARAMS(segment)                                                                                      \
  EVL_BANDS_PARAMS,                                                                                                    \
  {"segment_s", EVL_REAL, segment, 0.02, 3600.0, NULL, "s", "Length of a segment; its mean is subtracted."},           \
  {"overlap", EVL_REAL, "0.5", 0.0, 0.95, NULL, "", "Share of a segment that the next one covers."},                   \
  {"estimator", EVL_STRING, "\"welch\"", 0, 0, "welch|multitaper|mne_connectivity|spectral_connectivity", "",          \
   "Spectra of a segment. welch: one, periodic Hann taper; multitaper: one a prolate taper, each an observation of "   \
   "its own; spectral_connectivity: the same with symmetric tapers; mne_connectivity: prolate tapers weighted by "     \
   "their concentration and summed to one cross-spectrum a segment, before phases are taken."},                        \
  {"half_bandwidth", EVL_REAL, "4.0", 0.5, 100.0, NULL, "",                                                            \
   "Time half-bandwidth product of prolate tapers; those that hold over 0.9 of their energy within it are used."}

/* Of coherency C = S_xy / sqrt(S_xx S_yy) and of the imaginary parts and phases of the observations of S_xy. Signed: x
   before y of a pair is positive, with x the channel that comes first. */
typedef enum evl_cross_kind {
  EVL_CROSS_MAGNITUDE, EVL_CROSS_SQUARED, EVL_CROSS_IMAGINARY, EVL_CROSS_IMAGINARY_SIGNED, EVL_CROSS_PLV, EVL_CROSS_PPC,
  EVL_CROSS_PLI, EVL_CROSS_PLI_SIGNED, EVL_CROSS_WPLI, EVL_CROSS_WPLI_SIGNED, EVL_CROSS_WPLI_DEBIASED, EVL_CROSS_KINDS
} evl_cross_kind;

typedef struct evl_cross evl_cross;

/* `epoch`: samples of the parts of the window that are estimated by themselves, 0: the window is one. Errors
   (EVL_USAGE, naming the entry): a band without a frequency, an epoch of less than two segments. */
evl_status evl_cross_plan(const evl_params *params, const evl_shape *shape, const char *entry, int epoch,
                          evl_products *products, evl_arena *arena, evl_cross **cross);
int evl_cross_epochs(const evl_cross *cross);
/* Measure [n_channels (n_channels - 1) / 2] of one epoch in one band, pairs a < b in order; NaN where undefined. All
   measures and bands are computed when an epoch is first asked for in a window, and valid until the next one is. */
const double *evl_cross_pairs(evl_cross *cross, const evl_window *window, int epoch, evl_cross_kind kind, int band);
/* Writes measures of a whole window as outputs of pairs over bands. */
void evl_cross_put(evl_cross *cross, const evl_window *window, const evl_cross_kind *kind, int n_kinds, evl_out *out);
double evl_cross_cost_us(const evl_params *params, const evl_shape *shape);

/* ---- cross_sums.c ------------------------------------------------------------------ */

/* Sums over observations of the cross-spectrum S of one pair at one frequency. */
typedef struct evl_cross_sums {
  double real, imaginary, size, square, sign, phase_real, phase_imaginary;
} evl_cross_sums;

enum { EVL_CROSS_BLOCK = 128 }; /* spectra of a channel at a time; a multiple of the lanes of a vector */
/* Adds the first n observations: spectra x and y, [within][re, im][EVL_CROSS_BLOCK], zeros from the n-th to a whole
   vector; S = sum over `within` of x conj(y). */
void evl_cross_add(const double *x, const double *y, int within, int n, evl_cross_sums *sums);
double evl_cross_power(const double *x, int within, int n);
/* All measures from n >= 2 observations and the summed powers; NaN where undefined. */
void evl_cross_measures(const evl_cross_sums *sums, double power_x, double power_y, int n, double *measure);

#endif
