/* cross_correlation: the largest correlation of two channels over a range of delays. */
#include <stdlib.h>
#include <string.h>

#include "bands_priv.h"

typedef struct kernel {
  evl_products *products;
  bool keep_sign, mne_features;
  int n_channels, n_samples, n_lags;  /* lags -n_lags..n_lags */
  int hop, n_bins;                    /* samples of a block */
  double fs_hz;
  evl_fft *fft;
} kernel;

static const evl_param params[] = {
    {"max_lag_s", EVL_REAL, "0.5", 0.0, 60.0, NULL, "s", "Largest delay, either way."},
    {"convention", EVL_STRING, "\"normalised\"", 0, 0, "normalised|mne_features", "",
     "normalised: sums over the overlap divided by the whole window's length, at most 1 and falling with the delay, so "
     "that chance maxima at long delays do not win; mne_features: divided by the overlap, sd with n - 1, and only "
     "delays of the first channel behind the second."},
    {"keep_sign", EVL_BOOL, "false", 0, 0, NULL, "",
     "Keep the sign of lag, positive where the first channel of the pair leads; else its magnitude."},
    {0}};

static const evl_output outputs[] = {
    {"maximum", EVL_PER_PAIR, NULL, false, "1", 0.0, EVL_ANY_MAX, "Largest magnitude of the cross-correlation."},
    {"lag", EVL_PER_PAIR, NULL, false, "s", -60.0, 60.0, "Delay at which it occurs, the shortest of equals."},
    {0}};

static int lags_of(const evl_params *p, const evl_shape *shape) {
  return (int)fmin(floor(evl_params_real(p, "max_lag_s") * shape->fs_hz + 1e-9), shape->n_samples - 1.0);
}

/* A block's second channel is padded by n_lags zeros on both sides, its first one reaches as far beyond. */
static int block_of(int n_lags) {
  int length = 1024;
  while (length < 8 * n_lags) length *= 2;
  return length;
}

static size_t spectra_size(const kernel *k) { return 4 * (size_t)k->n_channels * (size_t)k->n_bins; }

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->keep_sign = evl_params_bool(p, "keep_sign");
  k->mne_features = strcmp(evl_params_string(p, "convention"), "normalised") != 0;
  k->n_channels = shape->n_channels;
  k->n_samples = shape->n_samples;
  k->fs_hz = shape->fs_hz;
  k->n_lags = lags_of(p, shape);
  const int length = block_of(k->n_lags);
  k->hop = length - 2 * k->n_lags;
  k->n_bins = length / 2 + 1;
  const size_t n_pairs = (size_t)k->n_channels * (size_t)(k->n_channels - 1) / 2;
  evl_scratch_plan(products, (spectra_size(k) + 2 * n_pairs * (size_t)k->n_bins + (size_t)k->n_channels *
                              (size_t)k->n_samples) * sizeof(double));
  *planned = k;
  return evl_fft_plan(length, arena, &k->fft);
}

static void standardise(const kernel *k, const double *x, double *z) {
  const size_t n = (size_t)k->n_samples;
  const double mean = evl_mean(x, n), scale = evl_near_one(x, k->n_samples);
  for (size_t t = 0; t < n; t++) z[t] = (x[t] - mean) * scale;
  const double inverse = 1.0 / sqrt(evl_variance(z, n, k->mne_features ? 1 : 0));
  for (size_t t = 0; t < n; t++) z[t] *= inverse;
}

/* Samples first <= t < end of z, those of the window, at input[t - from]; zeros elsewhere. To re, im [n_bins]. */
static void transform(const kernel *k, const double *z, int from, int first, int end, double *re, double *im) {
  size_t stride;
  double *input = evl_fft_input(k->fft, &stride);
  memset(input, 0, (size_t)evl_fft_length(k->fft) * sizeof *input);
  if (first < 0) first = 0;
  if (end > k->n_samples) end = k->n_samples;
  memcpy(input + (first - from), z + first, (size_t)(end - first) * sizeof *input);
  const double *spectrum = evl_fft_forward(k->fft, &stride);
  for (int b = 0; b < k->n_bins; b++) {
    re[b] = spectrum[2 * b];
    im[b] = spectrum[2 * b + 1];
  }
}

/* sum [re, im][n_bins] += x conj(y), both [re, im][n_bins]. */
static void add_product(const double *x, const double *y, int n, double *restrict sum) {
  const double *xi = x + n, *yi = y + n;
  double *restrict si = sum + n;
  for (int b = 0; b < n; b++) {
    sum[b] += x[b] * y[b] + xi[b] * yi[b];
    si[b] += xi[b] * y[b] - x[b] * yi[b];
  }
}

static void add_block(const kernel *k, const uint8_t *usable, const double *z, int at, double *spectra, double *sums) {
  const int n_lags = k->n_lags;
  const size_t n = (size_t)k->n_bins, n_samples = (size_t)k->n_samples;
  for (size_t c = 0; c < (size_t)k->n_channels; c++) {
    double *far = spectra + 4 * c * n, *near = far + 2 * n;
    if (!usable[c]) continue;
    transform(k, z + c * n_samples, at - n_lags, at - n_lags, at + k->hop + n_lags, far, far + n);
    transform(k, z + c * n_samples, at - n_lags, at, at + k->hop, near, near + n);
  }
  for (size_t i = 0; i < (size_t)k->n_channels; i++)
    for (size_t j = i + 1; j < (size_t)k->n_channels; j++, sums += 2 * n)
      if (usable[i] && usable[j]) add_product(spectra + 4 * i * n, spectra + 4 * j * n + 2 * n, k->n_bins, sums);
}

/* Correlations at all lags from a pair's summed products; lags of the first channel behind the second are positive. */
static void put_pair(const kernel *k, const double *sum, size_t pair, size_t n_pairs, evl_out *out) {
  size_t stride;
  double *spectrum = evl_fft_spectrum(k->fft, &stride);
  const int length = evl_fft_length(k->fft);
  for (int b = 0; b < k->n_bins; b++) {
    spectrum[2 * b] = sum[b];
    spectrum[2 * b + 1] = sum[k->n_bins + b];
  }
  evl_fft_backward(k->fft);
  const double *r = evl_fft_input(k->fft, &stride);
  double most = -1.0;
  int lag = 0;
  for (int d = 0; d <= k->n_lags; d++)
    for (int side = 1; side >= (k->mne_features ? 1 : -1); side -= 2) {
      const double value = fabs(r[side > 0 ? d : (length - d) % length]) / length /
                           (k->mne_features ? k->n_samples - d : k->n_samples);
      if (!(value > most)) continue;
      most = value;
      lag = side * d;
    }
  evl_put(out, pair, k->mne_features ? most : fmin(most, 1.0));
  evl_put(out, n_pairs + pair, (k->keep_sign ? -lag : abs(lag)) / k->fs_hz);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)k->n_channels, n_pairs = n_channels * (n_channels - 1) / 2;
  double *spectra = evl_scratch(k->products), *sums = spectra + spectra_size(k);
  double *z = sums + 2 * n_pairs * (size_t)k->n_bins;
  memset(sums, 0, 2 * n_pairs * (size_t)k->n_bins * sizeof *sums);
  for (size_t c = 0; c < n_channels; c++)
    if (usable[c]) standardise(k, window->x + c * window->ld, z + c * (size_t)k->n_samples);
  for (int at = 0; at < k->n_samples; at += k->hop) add_block(k, usable, z, at, spectra, sums);
  for (size_t i = 0, pair = 0; i < n_channels; i++)
    for (size_t j = i + 1; j < n_channels; j++, pair++)
      if (usable[i] && usable[j]) put_pair(k, sums + 2 * pair * (size_t)k->n_bins, pair, n_pairs, out);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const int n_lags = lags_of(p, shape), length = block_of(n_lags);
  const double blocks = ceil(shape->n_samples / (length - 2.0 * n_lags)), c = shape->n_channels;
  return c * shape->n_samples * 2.5e-3 + blocks * length * (c * 6e-3 + c * (c - 1.0) / 2.0 * 4e-4) +
         c * (c - 1.0) / 2.0 * length * 5e-3;
}

const evl_entry evl_feature_cross_correlation = {
    .name = "cross_correlation",
    .summary = "Largest cross-correlation of pairs of channels over delays, and the delay.",
    .definition = "With z-scores u, v of the window: r(tau) = sum_t u(t + tau) v(t) / n over the t at which both "
                  "exist, |tau| <= max_lag_s; maximum = max |r|, lag = where. Volume conduction gives lag 0.",
    .cite = "Mormann et al. 2005, doi:10.1016/j.clinph.2004.08.025 (maximum linear cross-correlation)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
