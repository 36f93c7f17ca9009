/* autocorrelation: the inverse transform of the squared spectrum of the padded series (Wiener and Khinchin). */
#include <string.h>

#include "autocorrelation_priv.h"

struct evl_correlator {
  int n_lags;
  evl_fft *fft;
};

/* The next length without prime factors over 5. */
static int smooth_length(int least) {
  for (int n = least;; n++) {
    int rest = n;
    while (rest % 2 == 0) rest /= 2;
    while (rest % 3 == 0) rest /= 3;
    while (rest % 5 == 0) rest /= 5;
    if (rest == 1) return n;
  }
}

evl_status evl_correlator_plan(int n, int n_lags, evl_arena *arena, evl_correlator **correlator) {
  evl_correlator *c;
  EVL_NEW(arena, c, 1);
  c->n_lags = n_lags;
  *correlator = c;
  return evl_fft_plan(smooth_length(n + n_lags), arena, &c->fft);
}

/* Of (x - mean) * unit. */
static void correlate(evl_correlator *c, const double *x, int n, double mean, double unit, double *product) {
  const int length = evl_fft_length(c->fft);
  size_t stride;
  double *row = evl_fft_input(c->fft, &stride);
  for (int t = 0; t < n; t++) row[t] = (x[t] - mean) * unit;
  memset(row + n, 0, (size_t)(length - n) * sizeof *row);
  evl_fft_forward(c->fft, &stride);
  double *spectrum = evl_fft_spectrum(c->fft, &stride);
  for (int k = 0; k <= length / 2; k++) {
    const double re = spectrum[2 * k], im = spectrum[2 * k + 1];
    spectrum[2 * k] = (re * re + im * im) / length;
    spectrum[2 * k + 1] = 0.0;
  }
  evl_fft_backward(c->fft);
  memcpy(product, row, (size_t)(n < c->n_lags ? n : c->n_lags) * sizeof *row);
}

void evl_correlator_run(evl_correlator *c, const double *x, int n, double mean, double *product) {
  correlate(c, x, n, mean, 1.0, product);
}

/* A power of two that brings the largest deviation to about 1, so that squares stay in the range of a double. */
static double unit_of(const double *x, int n, double mean) {
  double most = 0.0;
  int exponent;
  for (int t = 0; t < n; t++) most = fmax(most, fabs(x[t] - mean));
  frexp(most, &exponent);
  return ldexp(1.0, -exponent);
}

double evl_correlator_cost_us(int n, int n_lags) {
  const double length = (double)n + n_lags;
  return length * (4e-3 + 5e-4 * log2(length));
}

struct evl_autocorrelation {
  evl_products *products;
  int n;
  evl_correlator *correlator;
  double *value;     /* [n_channels][n] */
  uint64_t *serial;  /* [n_channels] of the window that a row is of */
};

evl_status evl_autocorrelation_plan(evl_products *products, evl_arena *arena,
                                    evl_autocorrelation **autocorrelation) {
  const evl_shape *shape = evl_products_shape(products);
  evl_product *product;
  EVL_TRY(evl_product_find(products, "autocorrelation", "", 0, arena, &product));
  if (!product->own) {
    evl_autocorrelation *a;
    EVL_NEW(arena, a, 1);
    a->products = products;
    a->n = shape->n_samples;
    EVL_TRY(evl_correlator_plan(a->n, a->n, arena, &a->correlator));
    EVL_NEW(arena, a->value, (size_t)shape->n_channels * (size_t)a->n);
    EVL_NEW(arena, a->serial, shape->n_channels);
    product->own = a;
  }
  *autocorrelation = product->own;
  return EVL_OK;
}

const double *evl_autocorrelation_channel(evl_autocorrelation *a, const evl_window *window, int channel) {
  const uint64_t serial = evl_products_serial(a->products);
  double *value = a->value + (size_t)channel * (size_t)a->n;
  if (a->serial[channel] == serial) return value;
  a->serial[channel] = serial;
  const double *x = window->x + (size_t)channel * window->ld;
  const double mean = evl_mean(x, (size_t)a->n);
  correlate(a->correlator, x, a->n, mean, unit_of(x, a->n, mean), value);
  const double at_zero = value[0];
  for (int l = 0; l < a->n; l++) value[l] /= at_zero;
  return value;
}
