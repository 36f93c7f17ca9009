/* wavelet_priv: Daubechies' wavelets with four vanishing moments (db4), shared by the entries that ask for them. */
#ifndef EVEIL_WAVELET_PRIV_H
#define EVEIL_WAVELET_PRIV_H

#include "features_priv.h"

enum { EVL_WAVELET_DEEPEST = 16 };

typedef struct evl_wavelet evl_wavelet;
/* `depth` levels, or as many as the window has room for. */
evl_status evl_wavelet_plan(int depth, evl_products *products, evl_arena *arena, evl_wavelet **wavelet) EVL_MUST_USE;
int evl_wavelet_depth(const evl_wavelet *wavelet);
/* Coefficients of a usable channel: details of level 1 (fs/4 to fs/2) to depth; 0: the deepest approximation. */
const double *evl_wavelet_level(evl_wavelet *wavelet, const evl_window *window, int channel, int level, int *n);
double evl_wavelet_cost_us(const evl_shape *shape);

/* A parameter `levels`, whole numbers from `least` on. Errors: EVL_USAGE. */
evl_status evl_wavelet_levels(const evl_params *params, const char *entry, int least, int *deepest) EVL_MUST_USE;

#endif
