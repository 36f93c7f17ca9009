/* welch_priv: power spectral density of one signal. */
#ifndef EVEIL_WELCH_PRIV_H
#define EVEIL_WELCH_PRIV_H

#include "features_priv.h"

/* One taper, or many weighted by their concentration (Thomson 1982, doi:10.1109/PROC.1982.12433). */
typedef enum { EVL_TAPER_HANN, EVL_TAPER_HAMMING, EVL_TAPER_BOXCAR } evl_taper;

/* All that the values depend on; in samples. Clear it before filling: compared as bytes. */
typedef struct evl_welch_spec {
  int segment, step, nfft, taper, subtract_mean, median;
  double time_bandwidth; /* of multitaper; 0: the one taper */
} evl_welch_spec;

typedef struct evl_welch evl_welch;
int evl_welch_segments(const evl_welch_spec *spec, int n_samples);
int evl_welch_transforms(const evl_welch_spec *spec, int n_samples); /* at most */
/* For signals of at most max_samples. */
evl_status evl_welch_plan(const evl_welch_spec *spec, int max_samples, evl_arena *arena, evl_welch **welch) EVL_MUST_USE;
/* x [n_samples], at least a segment, sampled at fs_hz; density [nfft / 2 + 1], one-sided, in unit^2/Hz. */
void evl_welch_run(evl_welch *welch, const double *x, int n_samples, double fs_hz, double *density);

/* The spec by an entry's parameters (EVL_PSD_PARAMS). Errors: EVL_USAGE. */
evl_status evl_welch_spec_of(const evl_params *params, const evl_shape *shape, evl_welch_spec *spec) EVL_MUST_USE;

#endif
