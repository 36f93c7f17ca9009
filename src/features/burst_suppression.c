/* burst_suppression: the share of a window in which the envelope stays below a threshold. */
#include <string.h>

#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_fft *fft;
  int n_samples, n_points;
  double threshold_uv;
  double *smooth; /* [EVL_FFT_BATCH][n_samples] */
} kernel;

static const evl_param params[] = {
    {"threshold_uv", EVL_REAL, "5.0", 1e-6, 1e6, NULL, "uV", "Envelope up to which the signal counts as suppressed."},
    {"smooth_s", EVL_REAL, "0.04", 0.0, 10.0, NULL, "s", "Length of the moving average; 10 samples at 250 Hz."},
    {0}};

static const evl_output outputs[] = {
    {"ratio", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0, "Share of samples whose envelope is at most threshold_uv."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->threshold_uv = evl_params_real(p, "threshold_uv");
  k->n_points = (int)fmax(1.0, round(evl_params_real(p, "smooth_s") * shape->fs_hz));
  EVL_TRY(evl_fft_plan(k->n_samples, arena, &k->fft));
  EVL_NEW(arena, k->smooth, EVL_FFT_BATCH * (size_t)k->n_samples);
  *planned = k;
  return EVL_OK;
}

/* Moving average with zeros beyond the ends; an even number of points reaches one sample further back. */
static void smooth(const kernel *k, const double *x, double *y) {
  memset(y, 0, (size_t)k->n_samples * sizeof *y);
  for (int i = 0; i < k->n_points; i++) {
    const int shift = i - k->n_points / 2;
    const int first = shift < 0 ? -shift : 0, end = shift > 0 ? k->n_samples - shift : k->n_samples;
    for (int t = first; t < end; t++) y[t] += x[t + shift];
  }
  for (int t = 0; t < k->n_samples; t++) y[t] /= k->n_points;
}

/* Hilbert transform of all rows of the batch: every positive frequency times -i, the zero and the Nyquist
   frequency times 0. Leaves it in the input buffer, times the length. */
static void transform(const kernel *k) {
  size_t stride;
  evl_fft_forward(k->fft, &stride);
  double *spectrum = evl_fft_spectrum(k->fft, &stride);
  for (size_t row = 0; row < EVL_FFT_BATCH; row++) {
    double *z = spectrum + 2 * row * stride;
    const int inner = (k->n_samples - 1) / 2;
    for (int f = 1; f <= inner; f++) {
      const double re = z[2 * f];
      z[2 * f] = z[2 * f + 1];
      z[2 * f + 1] = -re;
    }
    z[0] = z[1] = 0.0;
    if (k->n_samples % 2 == 0) z[k->n_samples] = z[k->n_samples + 1] = 0.0;
  }
  evl_fft_backward(k->fft);
}

static double share_below(const kernel *k, const double *real, const double *imaginary) {
  const double threshold2 = k->threshold_uv * k->threshold_uv, scale = 1.0 / k->n_samples;
  long long below = 0;
  for (int t = 0; t < k->n_samples; t++) {
    const double h = imaginary[t] * scale;
    below += real[t] * real[t] + h * h <= threshold2;
  }
  return (double)below / k->n_samples;
}

static void run_batch(const kernel *k, const evl_window *window, const int *channel, int filled, evl_out *out) {
  size_t stride;
  double *input = evl_fft_input(k->fft, &stride);
  for (int i = 0; i < EVL_FFT_BATCH; i++) {
    double *row = input + (size_t)i * stride, *kept = k->smooth + (size_t)i * (size_t)k->n_samples;
    if (i < filled)
      smooth(k, window->x + (size_t)channel[i] * window->ld, kept);
    else
      memset(kept, 0, (size_t)k->n_samples * sizeof *kept);
    memcpy(row, kept, (size_t)k->n_samples * sizeof *row);
  }
  transform(k);
  for (int i = 0; i < filled; i++)
    evl_put(out, (size_t)channel[i],
            share_below(k, k->smooth + (size_t)i * (size_t)k->n_samples, input + (size_t)i * stride));
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  int channel[EVL_FFT_BATCH], filled = 0;
  if (k->n_samples < 2 * k->n_points) return;
  for (int c = 0; c < window->n_channels; c++) {
    if (usable[c]) channel[filled++] = c;
    if (filled < EVL_FFT_BATCH && !(filled > 0 && c + 1 == window->n_channels)) continue;
    run_batch(k, window, channel, filled, out);
    filled = 0;
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  const double batches = ceil((double)shape->n_channels / EVL_FFT_BATCH);
  return EVL_FFT_BATCH * batches * shape->n_samples * (4e-3 + 4e-4 * log2(shape->n_samples + 1.0));
}

const evl_entry evl_feature_burst_suppression = {
    .name = "burst_suppression",
    .summary = "Burst-suppression ratio of the I-CARE consortium: the share of samples with a low envelope.",
    .definition = "y = moving average of x over smooth_s; e = |y + i H(y)|, H the Hilbert transform over the window; "
                  "ratio = share of samples with e <= threshold_uv. Meant for signals without drift (high-pass at 0.5 "
                  "Hz).",
    .cite = "Amorim et al. 2023, doi:10.1097/CCM.0000000000006074",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
