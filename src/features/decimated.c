/* decimated: decimated, standardised channels of a window, shared by entries of information theory. */
#include <string.h>

#include "information_priv.h"

typedef struct decimated_spec { double noise; int factor, unused; } decimated_spec;

struct evl_decimated {
  evl_products *products;
  decimated_spec spec;
  int n_channels, length;
  double rate_hz;
  double *x;          /* [n_channels][length] */
  uint8_t *usable;    /* [n_channels] */
  uint64_t serial;
};

static decimated_spec spec_of(const evl_params *params, const evl_shape *shape) {
  decimated_spec s;
  memset(&s, 0, sizeof s); /* compared as bytes */
  const double rate_hz = evl_params_real(params, "decimate_hz");
  s.factor = rate_hz > 0.0 ? (int)fmin(fmax(round(shape->fs_hz / rate_hz), 1.0), shape->n_samples) : 1;
  s.noise = evl_params_real(params, "noise");
  return s;
}

evl_status evl_decimated_plan(const evl_params *params, const evl_shape *shape, evl_products *products,
                              evl_arena *arena, evl_decimated **series) {
  const decimated_spec spec = spec_of(params, shape);
  evl_product *product;
  EVL_TRY(evl_product_find(products, "decimated", &spec, sizeof spec, arena, &product));
  if (!product->own) {
    evl_decimated *s;
    EVL_NEW(arena, s, 1);
    *s = (evl_decimated){.products = products, .spec = spec, .n_channels = shape->n_channels,
                      .length = shape->n_samples / spec.factor, .rate_hz = shape->fs_hz / spec.factor};
    EVL_NEW(arena, s->x, (size_t)s->n_channels * (size_t)s->length);
    EVL_NEW(arena, s->usable, s->n_channels);
    product->own = s;
  }
  *series = product->own;
  return EVL_OK;
}

int evl_decimated_length(const evl_decimated *series) { return series->length; }
double evl_decimated_rate_hz(const evl_decimated *series) { return series->rate_hz; }
int evl_decimated_length_of(const evl_params *params, const evl_shape *shape) {
  return shape->n_samples / spec_of(params, shape).factor;
}

/* In units of the largest deviation first, so that no square leaves the range of a double. */
bool evl_standardise(double *y, int n) {
  if (n < 2 || evl_is_flat(y, (size_t)n)) return false;
  double largest = 0.0;
  const double first = y[0];
  for (int t = 0; t < n; t++) y[t] -= first;
  for (int t = 0; t < n; t++) largest = fmax(largest, fabs(y[t]));
  if (!(largest > 0.0) || !isfinite(largest)) return false;
  for (int t = 0; t < n; t++) y[t] /= largest;
  const double mean = evl_mean(y, (size_t)n), sd = sqrt(evl_variance(y, (size_t)n, 1));
  for (int t = 0; t < n; t++) y[t] = (y[t] - mean) / sd;
  return true;
}

static void add_noise(const evl_decimated *s, const evl_window *window, int channel, double *y) {
  evl_random random;
  evl_random_begin(&random, window->key, "information", evl_products_shape(s->products)->montage->name[channel], 0);
  for (int t = 0; t < s->length; t++) y[t] += s->spec.noise * evl_random_normal(&random);
}

static void compute(evl_decimated *s, const evl_window *window) {
  const uint8_t *usable = evl_products_usable(s->products);
  for (int c = 0; c < s->n_channels; c++) {
    double *y = s->x + (size_t)c * (size_t)s->length;
    const double *x = window->x + (size_t)c * window->ld;
    s->usable[c] = usable[c];
    if (!usable[c]) continue;
    for (int t = 0; t < s->length; t++) {
      double sum = 0.0;
      for (int i = 0; i < s->spec.factor; i++) sum += x[t * s->spec.factor + i];
      y[t] = sum / s->spec.factor;
    }
    s->usable[c] = evl_standardise(y, s->length);
    if (s->usable[c] && s->spec.noise > 0.0) add_noise(s, window, c, y);
  }
}

const double *evl_decimated_channel(evl_decimated *series, const evl_window *window, int channel) {
  if (series->serial != evl_products_serial(series->products)) compute(series, window);
  series->serial = evl_products_serial(series->products);
  return series->usable[channel] ? series->x + (size_t)channel * (size_t)series->length : NULL;
}
