/* products_priv: the shared products of a window, known to products.c and psd.c only. */
#ifndef EVEIL_PRODUCTS_PRIV_H
#define EVEIL_PRODUCTS_PRIV_H

#include "features_priv.h"

typedef enum { EVL_TAPER_HANN, EVL_TAPER_HAMMING, EVL_TAPER_BOXCAR } evl_taper;

/* All that the values depend on; in samples. */
typedef struct evl_psd_spec { int segment, step, nfft, taper, subtract_mean, median; } evl_psd_spec;

struct evl_psd {
  evl_psd *next;
  evl_products *products;
  evl_psd_spec spec;
  double fs_hz, scale;       /* scale: |X|^2 to density of an inner bin */
  int n_segments, n_bins;
  evl_fft *fft;
  double *taper;             /* [segment] */
  double *density;           /* [n_channels][n_bins] */
  double *periodogram;       /* [n_segments][n_bins] of one channel, for the median; NULL */
  double *sorted;            /* [n_segments] */
  bool done;                 /* for the present window */
};

struct evl_products {
  evl_shape shape;
  uint8_t *usable; /* [n_channels] */
  evl_psd *psd; /* list */
};

#endif
