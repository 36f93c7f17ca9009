/* amplitude_integrated_eeg: margins of the smoothed, rectified EEG behind an asymmetric filter. */
#include <string.h>

#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_fft *fft;
  int n_samples, n_smooth, n_points, n_percentiles;
  const double *percentile;
  double *gain; /* [n_samples / 2 + 1], the inverse transform's 1 / n included */
} kernel;

static const evl_param params[] = {
    {"band_hz", EVL_REALS, "(2.0, 15.0)", 0.01, 1e5, NULL, "Hz", "Band that passes the filter."},
    {"slope_db", EVL_REAL, "12.0", -60.0, 60.0, NULL, "dB/decade",
     "Rise of the gain within the band; the gain is 1 at the geometric mean of its edges."},
    {"smooth_s", EVL_REAL, "0.5", 0.01, 60.0, NULL, "s", "Over which the rectified signal is averaged."},
    {"percentiles", EVL_REALS, "(5, 10, 25, 50, 75, 90, 95)", 0.0, 100.0, NULL, "1", "Percentiles over the window."},
    {0}};

static const evl_output outputs[] = {
    {"amplitude", EVL_PER_CHANNEL, "percentiles", false, "uV", 0.0, EVL_ANY_MAX,
     "Percentile of the amplitude, peak to trough; 10 and 90 are the usual margins."},
    {"bandwidth", EVL_PER_CHANNEL, NULL, false, "uV", 0.0, EVL_ANY_MAX, "Upper (90 %) less lower (10 %) margin."},
    {"pattern", EVL_PER_CHANNEL, NULL, false, "class", 0.0, 2.0,
     "0 normal: lower margin over 5 uV, upper over 10; 1 moderately abnormal: lower up to 5, upper over 10; 2 "
     "suppressed."},
    {0}};

/* A cosine of 1 Hz (or a fifth of the edge) beyond both edges keeps the impulse response short. */
static double gain_at(double hz, double low_hz, double high_hz, double slope_db) {
  const double below_hz = fmin(0.5 * low_hz, 1.0), above_hz = fmax(0.2 * high_hz, 1.0);
  if (hz <= low_hz - below_hz || hz >= high_hz + above_hz) return 0.0;
  const double gain = pow(hz / sqrt(low_hz * high_hz), slope_db / 20.0);
  if (hz < low_hz) return gain * (0.5 + 0.5 * cos(M_PI * (low_hz - hz) / below_hz));
  if (hz > high_hz) return gain * (0.5 + 0.5 * cos(M_PI * (hz - high_hz) / above_hz));
  return gain;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const evl_value *percentiles = evl_params_value(p, "percentiles");
  double band_hz[2];
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_params_pair(p, "amplitude_integrated_eeg", "band_hz", band_hz));
  k->products = products;
  k->n_samples = shape->n_samples;
  k->n_smooth = (int)fmin(fmax(round(evl_params_real(p, "smooth_s") * shape->fs_hz), 1.0), shape->n_samples);
  k->n_points = shape->n_samples / k->n_smooth;
  k->n_percentiles = percentiles->n;
  k->percentile = percentiles->reals;
  EVL_TRY(evl_fft_plan(k->n_samples, arena, &k->fft));
  EVL_NEW(arena, k->gain, k->n_samples / 2 + 1);
  for (int f = 0; f <= k->n_samples / 2; f++)
    k->gain[f] = gain_at(f * shape->fs_hz / k->n_samples, band_hz[0], band_hz[1],
                         evl_params_real(p, "slope_db")) / k->n_samples;
  evl_scratch_plan(products, (size_t)k->n_points * sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* pi times the mean of |y| is the peak to trough of a sine. */
static void envelope(const kernel *k, const double *x, double *amplitude) {
  size_t row, stride;
  double *y = evl_fft_input(k->fft, &row);
  const double mean = evl_mean(x, (size_t)k->n_samples);
  memset(y, 0, EVL_FFT_BATCH * row * sizeof *y);
  for (int t = 0; t < k->n_samples; t++) y[t] = x[t] - mean;
  evl_fft_forward(k->fft, &stride);
  double *z = evl_fft_spectrum(k->fft, &stride);
  for (int f = 0; f <= k->n_samples / 2; f++) {
    z[2 * f] *= k->gain[f];
    z[2 * f + 1] *= k->gain[f];
  }
  evl_fft_backward(k->fft);
  for (int i = 0; i < k->n_points; i++) {
    double sum = 0.0;
    for (int t = 0; t < k->n_smooth; t++) sum += fabs(y[(size_t)i * (size_t)k->n_smooth + (size_t)t]);
    amplitude[i] = M_PI * sum / k->n_smooth;
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels, n = (size_t)k->n_points;
  const size_t n_percentiles = (size_t)k->n_percentiles;
  double *amplitude = evl_scratch(k->products);
  if (n < 4) return; /* margins of three points are the points */
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c]) continue;
    envelope(k, window->x + c * window->ld, amplitude);
    evl_sort(amplitude, n);
    for (size_t i = 0; i < n_percentiles; i++)
      evl_put(out, i * n_channels + c, evl_quantile_sorted(amplitude, n, k->percentile[i] / 100.0));
    const double lower = evl_quantile_sorted(amplitude, n, 0.1), upper = evl_quantile_sorted(amplitude, n, 0.9);
    evl_put(out, n_percentiles * n_channels + c, upper - lower);
    evl_put(out, (n_percentiles + 1) * n_channels + c, upper <= 10.0 ? 2.0 : lower <= 5.0 ? 1.0 : 0.0);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return shape->n_channels * (double)shape->n_samples * (4e-3 + 4e-4 * log2(shape->n_samples + 1.0));
}

const evl_entry evl_feature_amplitude_integrated_eeg = {
    .name = "amplitude_integrated_eeg",
    .summary = "Amplitude-integrated EEG: percentiles of the rectified and smoothed EEG behind an asymmetric filter.",
    .definition = "y = x with its Fourier amplitudes times (f / f0)^(slope_db / 20) in band_hz, f0 = sqrt(low high), "
                  "and 0 beyond (cosine edges); a_i = pi times the mean of |y| over smooth_s, the peak to trough of a "
                  "sine. Percentiles of a. Devices differ in gain: this one is 1 at f0 = 5.5 Hz. The pattern is that "
                  "of al Naqeeb for newborns, used after cardiac arrest, too.",
    .cite = "Maynard et al. 1969, doi:10.1136/bmj.4.5682.545-a; Zhang and Ding 2013, doi:10.4236/health.2013.55116; al "
            "Naqeeb et al. 1999, doi:10.1542/peds.103.6.1263",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 120.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
