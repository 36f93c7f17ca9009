/* gaussian_noise: fractional Gaussian noise of known exponent, exactly, by circulant embedding (Davies and Harte 1987,
   doi:10.1093/biomet/74.1.95). */
#ifndef EVEIL_TESTS_GAUSSIAN_NOISE_H
#define EVEIL_TESTS_GAUSSIAN_NOISE_H

#include "check.h"
#include "eveil/math.h"

/* x[n] of variance 1 and autocovariance (|k+1|^2H - 2 |k|^2H + |k-1|^2H) / 2. */
static inline void fractional_noise(double *x, int n, double hurst, uint64_t index) {
  evl_arena *arena = evl_arena_create();
  evl_fft *fft;
  size_t stride;
  if (!arena || evl_fft_plan(2 * n, arena, &fft) != EVL_OK) abort();
  double *row = evl_fft_input(fft, &stride), *eigenvalue = evl_arena_alloc(arena, (size_t)(n + 1) * sizeof *eigenvalue);
  for (int k = 0; k < 2 * n; k++) {
    const double lag = k <= n ? k : 2 * n - k;
    row[k] = 0.5 * (pow(lag + 1.0, 2.0 * hurst) - 2.0 * pow(lag, 2.0 * hurst) + pow(fabs(lag - 1.0), 2.0 * hurst));
  }
  const double *transform = evl_fft_forward(fft, &stride);
  for (int k = 0; k <= n; k++) eigenvalue[k] = fmax(transform[2 * k], 0.0);
  evl_random random;
  evl_random_begin(&random, 11, "test", "fractional noise", index);
  double *spectrum = evl_fft_spectrum(fft, &stride);
  for (int k = 0; k <= n; k++) {
    const bool real = k == 0 || k == n;
    const double scale = sqrt(eigenvalue[k] / (2.0 * n) * (real ? 1.0 : 0.5));
    spectrum[2 * k] = scale * evl_random_normal(&random);
    spectrum[2 * k + 1] = real ? 0.0 : scale * evl_random_normal(&random);
  }
  evl_fft_backward(fft);
  memcpy(x, row, (size_t)n * sizeof *x);
  evl_arena_free(arena);
}

#endif
