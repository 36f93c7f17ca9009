/* envelope: the modulus of the analytic signal of a smoothed channel. */
#include <string.h>

#include "background_priv.h"

struct evl_envelope {
  evl_fft *fft;
  int n_samples, n_points;
  double *smooth; /* [n_samples] */
};

evl_status evl_envelope_plan(int n_points, const evl_shape *shape, evl_arena *arena, evl_envelope **envelope) {
  evl_envelope *e;
  EVL_NEW(arena, e, 1);
  e->n_samples = shape->n_samples;
  e->n_points = n_points;
  EVL_TRY(evl_fft_plan(e->n_samples, arena, &e->fft));
  EVL_NEW(arena, e->smooth, e->n_samples);
  *envelope = e;
  return EVL_OK;
}

/* Moving average with zeros beyond the ends; an even number of points reaches one sample further back. */
static void smooth(const evl_envelope *e, const double *x, double *y) {
  memset(y, 0, (size_t)e->n_samples * sizeof *y);
  for (int i = 0; i < e->n_points; i++) {
    const int shift = i - e->n_points / 2;
    const int first = shift < 0 ? -shift : 0, end = shift > 0 ? e->n_samples - shift : e->n_samples;
    for (int t = first; t < end; t++) y[t] += x[t + shift];
  }
  for (int t = 0; t < e->n_samples; t++) y[t] /= e->n_points;
}

/* Hilbert transform of the first row: every positive frequency times -i, the zero and the Nyquist frequency times 0.
   Returns it times the length. */
static const double *transform(const evl_envelope *e, const double *y) {
  size_t stride, row;
  double *input = evl_fft_input(e->fft, &row);
  memset(input, 0, EVL_FFT_BATCH * row * sizeof *input);
  memcpy(input, y, (size_t)e->n_samples * sizeof *y);
  evl_fft_forward(e->fft, &stride);
  double *z = evl_fft_spectrum(e->fft, &stride);
  const int inner = (e->n_samples - 1) / 2;
  for (int f = 1; f <= inner; f++) {
    const double re = z[2 * f];
    z[2 * f] = z[2 * f + 1];
    z[2 * f + 1] = -re;
  }
  z[0] = z[1] = 0.0;
  if (e->n_samples % 2 == 0) z[e->n_samples] = z[e->n_samples + 1] = 0.0;
  evl_fft_backward(e->fft);
  return input;
}

void evl_envelope_squared(evl_envelope *e, const double *x, double *squared) {
  smooth(e, x, e->smooth);
  const double *imaginary = transform(e, e->smooth), scale = 1.0 / e->n_samples;
  for (int t = 0; t < e->n_samples; t++) {
    const double h = imaginary[t] * scale;
    squared[t] = e->smooth[t] * e->smooth[t] + h * h;
  }
}

double evl_envelope_cost_us(const evl_shape *shape) {
  return shape->n_channels * (double)shape->n_samples * (8e-3 + 6e-4 * log2(shape->n_samples + 1.0));
}
