/* stretches: a window cut into equal stretches, for entries whose time grows with the square of the length: pairs of
   samples are taken within a stretch only. */
#ifndef EVEIL_STRETCHES_PRIV_H
#define EVEIL_STRETCHES_PRIV_H

#include "features_priv.h"

#define EVL_STRETCH_PARAM(fallback)                                                                                   \
  {"stretch_s", EVL_REAL, fallback, 0.0, 3600.0, NULL, "s",                                                            \
   "Templates are compared within equal stretches of at most this length, so that the time grows with the window and " \
   "not with its square; 0: all with all."}

/* Samples of a stretch: the window's n in as few equal ones as the longest allows, the rest of less than one a stretch
   left out. */
static inline int evl_stretch(const evl_params *params, const evl_shape *shape) {
  const double longest = evl_params_real(params, "stretch_s") * shape->fs_hz, n = shape->n_samples;
  if (!(longest > 0.0) || longest >= n) return shape->n_samples;
  const int length = (int)(n / ceil(n / longest));
  return length > 1 ? length : 1;
}

#endif
