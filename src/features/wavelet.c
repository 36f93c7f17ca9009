/* wavelet: the discrete wavelet transform by db4 (Daubechies 1988, doi:10.1002/cpa.3160410705, table 1), the signal
   mirrored about its ends, as PyWavelets has it. */
#include <string.h>

#include "wavelet_priv.h"

enum { TAPS = 8, HALF = TAPS / 2 };

static const double LOW[TAPS] = {-0.010597401785069032105, 0.032883011666885199735, 0.030841381835560763627,
                                 -0.18703481171909308408,  -0.027983769416859854211, 0.63088076792985890788,
                                 0.71484657055291564709,   0.23037781330889650086};

struct evl_wavelet {
  evl_products *products;
  int depth;
  int length[EVL_WAVELET_DEEPEST + 1]; /* of level 1 to depth; 0: of the approximation */
  size_t place[EVL_WAVELET_DEEPEST + 1];
  size_t size;                         /* of a channel's coefficients */
  double *coefficient;                 /* [n_channels][size] */
  double *even, *odd, *approximation;  /* of one step */
  uint64_t serial;
};

/* Deeper ones would be all edge. */
static int deepest(int n) {
  int depth = 0;
  while (depth < EVL_WAVELET_DEEPEST && n >= (TAPS - 1) << (depth + 1)) depth++;
  return depth;
}

static int half_of(int n) { return (n + TAPS - 1) / 2; }

static evl_status plan_new(int depth, evl_products *products, evl_arena *arena, evl_wavelet **wavelet) {
  const evl_shape *shape = evl_products_shape(products);
  evl_wavelet *w;
  EVL_NEW(arena, w, 1);
  w->products = products;
  w->depth = depth < deepest(shape->n_samples) ? depth : deepest(shape->n_samples);
  int n = shape->n_samples;
  for (int level = 1; level <= w->depth; level++) {
    w->length[level] = n = half_of(n);
    w->place[level] = w->size;
    w->size += (size_t)n;
  }
  w->length[0] = n;
  w->place[0] = w->size;
  w->size += (size_t)n;
  EVL_NEW(arena, w->coefficient, (size_t)shape->n_channels * w->size);
  EVL_NEW(arena, w->even, half_of(shape->n_samples) + HALF);
  EVL_NEW(arena, w->odd, half_of(shape->n_samples) + HALF);
  EVL_NEW(arena, w->approximation, half_of(shape->n_samples));
  *wavelet = w;
  return EVL_OK;
}

evl_status evl_wavelet_plan(int depth, evl_products *products, evl_arena *arena, evl_wavelet **wavelet) {
  evl_product *product;
  EVL_TRY(evl_product_find(products, "wavelet", &depth, sizeof depth, arena, &product));
  if (!product->own) {
    EVL_TRY(plan_new(depth, products, arena, wavelet));
    product->own = *wavelet;
  }
  *wavelet = product->own;
  return EVL_OK;
}

int evl_wavelet_depth(const evl_wavelet *wavelet) { return wavelet->depth; }

/* x mirrored about its ends, the outer samples twice. */
static double mirrored(const double *x, int n, int t) { return x[t < 0 ? -1 - t : t >= n ? 2 * n - 1 - t : t]; }

/* x [n] to low and high [half_of(n)]: sum over j of tap_j x_(2 k + 1 - j), even and odd samples apart so that the sums
   run over neighbours. `low` may be x. */
static void halve(const evl_wavelet *w, const double *x, int n, double *low, double *high) {
  const int half = half_of(n);
  for (int i = 0; i < half + HALF; i++) {
    const int t = 2 * (i - HALF);
    const bool inside = t >= 0 && t + 1 < n;
    w->even[i] = inside ? x[t] : mirrored(x, n, t);
    w->odd[i] = inside ? x[t + 1] : mirrored(x, n, t + 1);
  }
  for (int k = 0; k < half; k++) {
    const double *even = w->even + k + HALF, *odd = w->odd + k + HALF;
    double l = 0.0, h = 0.0;
    for (int j = 0; j < HALF; j++) {
      l += LOW[2 * j] * odd[-j] + LOW[2 * j + 1] * even[-j];
      h += LOW[TAPS - 2 - 2 * j] * even[-j] - LOW[TAPS - 1 - 2 * j] * odd[-j]; /* its quadrature mirror */
    }
    low[k] = l;
    high[k] = h;
  }
}

static void compute(evl_wavelet *w, const evl_window *window) {
  const uint8_t *usable = evl_products_usable(w->products);
  for (size_t c = 0; c < (size_t)window->n_channels; c++) {
    if (!usable[c]) continue;
    double *out = w->coefficient + c * w->size;
    const double *x = window->x + c * window->ld;
    int n = window->n_samples;
    for (int level = 1; level <= w->depth; level++) {
      halve(w, x, n, w->approximation, out + w->place[level]);
      x = w->approximation;
      n = w->length[level];
    }
    if (w->depth > 0) memcpy(out + w->place[0], x, (size_t)n * sizeof *x);
  }
}

const double *evl_wavelet_level(evl_wavelet *w, const evl_window *window, int channel, int level, int *n) {
  if (w->serial != evl_products_serial(w->products)) compute(w, window);
  w->serial = evl_products_serial(w->products);
  *n = w->length[level];
  return w->coefficient + (size_t)channel * w->size + w->place[level];
}

double evl_wavelet_cost_us(const evl_shape *shape) { return 6e-3 * shape->n_channels * (double)shape->n_samples; }

evl_status evl_wavelet_levels(const evl_params *params, const char *entry, int least, int *most) {
  const evl_value *levels = evl_params_value(params, "levels");
  *most = 0;
  for (int i = 0; i < levels->n; i++) {
    const double level = levels->reals[i];
    if (level != floor(level) || level < least)
      return evl_fail(EVL_USAGE, "%s.levels: expected whole numbers from %d to %d, found %g", entry, least,
                      (int)EVL_WAVELET_DEEPEST, level);
    if (level > *most) *most = (int)level;
  }
  return EVL_OK;
}
