/* spectra_priv: power spectral densities of the epochs of a window, a product (see spectra.c). */
#ifndef EVEIL_SPECTRA_PRIV_H
#define EVEIL_SPECTRA_PRIV_H

#include "parts_priv.h"
#include "welch_priv.h"

/* Presets of NICE's spectra: 128 samples at 250 Hz, 28 apart. */
#define EVL_NICE_SPECTRA                                                                                               \
  {"segment_s", 0.512, NULL}, {"overlap", 0.78125, NULL}, {"taper", 0, "hamming"}, {"nfft", 4096, NULL},               \
  {"detrend", 0, "constant"}, {"average", 0, "mean"}, {"epoch_s", 1.0, NULL}

/* What an entry makes of one usable channel: alive [epochs], 1 where the epoch counts; density of bin k in an epoch at
   density[epoch * ld + k], of the bins that the entry asked for. */
typedef void evl_spectra_use(void *kernel, int channel, const uint8_t *alive, const double *density, size_t ld);

typedef struct evl_spectra evl_spectra;

/* By the parameters of psd and epochs; `use` is called for every usable channel by evl_spectra_compute, of the first
   entry with equal parameters that calls it in a window: densities of one channel exist at a time. Errors as of
   evl_psd_plan. */
evl_status evl_spectra_plan(const evl_params *params, const evl_parts *epochs, evl_products *products, evl_arena *arena,
                            evl_spectra_use *use, void *kernel, evl_spectra **spectra) EVL_MUST_USE;
/* Bins that `use` reads; as evl_psd_between and evl_psd_range. */
evl_bins evl_spectra_between(evl_spectra *spectra, double low_hz, double high_hz, bool closed);
evl_status evl_spectra_range(evl_spectra *spectra, const evl_params *params, const char *entry, const char *name,
                             evl_bins *bins) EVL_MUST_USE;
double evl_spectra_step_hz(const evl_spectra *spectra);
void evl_spectra_compute(evl_spectra *spectra, const evl_window *window);
double evl_spectra_cost_us(const evl_params *params, const evl_shape *shape);

#endif
