/* band_amplitude: amplitude in frequency bands. */
#include <string.h>

#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_psd *psd;
  int n_bands;
  evl_bins *band;      /* [n_bands] */
  double to_magnitude; /* pyeeg: of the transform's square over an inner bin's density; 0 else */
} kernel;

static const evl_param params[] = {
    {"bands", EVL_BANDS,
     "{ delta = (1.0, 4.0); theta = (4.0, 8.0); alpha = (8.0, 13.0); beta = (13.0, 30.0); }", 0.0, 1e5, NULL, "Hz",
     "Bands, low <= f < high."},
    {"convention", EVL_STRING, "\"rms\"", 0, 0, "rms|pyeeg", "",
     "rms: root of the band's power, which the length of the window does not change; pyeeg: its bin_power, the sum "
     "of magnitudes of the whole window's transform from bin floor(low n / fs) to before floor(high n / fs), with "
     "segment_s the window, taper = \"boxcar\" and detrend = \"none\"."},
    EVL_PSD_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"absolute", EVL_PER_CHANNEL, "bands", false, "uV", 0.0, EVL_ANY_MAX, "Amplitude in the band."},
    {"relative", EVL_PER_CHANNEL, "bands", false, "1", 0.0, 1.0, "It over the sum of those of all bands."},
    {0}};

/* pyeeg's bins; bins are `length` over the rate apart. */
static evl_bins floored(const evl_psd *psd, const evl_band *band, const evl_shape *shape, double length) {
  evl_bins bins = evl_psd_between(psd, band->low_hz, band->high_hz, false);
  bins.first = (int)fmin(floor(band->low_hz / shape->fs_hz * length), evl_psd_bins(psd));
  bins.end = (int)fmin(floor(band->high_hz / shape->fs_hz * length), evl_psd_bins(psd));
  return bins;
}

/* pyeeg transforms the window once, as it is. */
static evl_status check_pyeeg(const evl_params *p, const evl_shape *shape, double step_hz) {
  if (fabs(shape->fs_hz / step_hz - shape->n_samples) < 0.5 && !strcmp(evl_params_string(p, "estimator"), "welch") &&
      !strcmp(evl_params_string(p, "taper"), "boxcar") && !strcmp(evl_params_string(p, "detrend"), "none"))
    return EVL_OK;
  return evl_fail(EVL_USAGE, "band_amplitude: pyeeg: expected segment_s = %g, taper = \"boxcar\", detrend = "
                  "\"none\"", shape->n_samples / shape->fs_hz);
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const evl_value *bands = evl_params_value(p, "bands");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_bands = bands->n;
  EVL_NEW(arena, k->band, k->n_bands);
  EVL_TRY(evl_psd_plan(p, shape, products, arena, &k->psd));
  const double step_hz = evl_psd_step_hz(k->psd);
  const bool pyeeg = !strcmp(evl_params_string(p, "convention"), "pyeeg");
  if (pyeeg) EVL_TRY(check_pyeeg(p, shape, step_hz));
  if (pyeeg) k->to_magnitude = 0.5 * shape->fs_hz * shape->n_samples;
  for (int b = 0; b < k->n_bands; b++) {
    const evl_band *band = &bands->bands[b];
    k->band[b] = pyeeg ? floored(k->psd, band, shape, shape->fs_hz / step_hz)
                       : evl_psd_between(k->psd, band->low_hz, band->high_hz, false);
    if (k->band[b].complete && k->band[b].first >= k->band[b].end)
      return evl_fail(EVL_USAGE, "band_amplitude: %s (%g to %g Hz) is too narrow for frequencies %g Hz apart",
                      band->name, band->low_hz, band->high_hz, step_hz);
  }
  *planned = k;
  return EVL_OK;
}

/* The zero frequency has no mirror image: its magnitude is the root of twice as much. */
static double amplitude(const kernel *k, const double *density, evl_bins bins) {
  if (k->to_magnitude == 0.0)
    return sqrt(evl_sum(density + bins.first, bins.end - bins.first) * evl_psd_step_hz(k->psd));
  double sum = 0.0;
  for (int i = bins.first; i < bins.end; i++) sum += sqrt(density[i] * k->to_magnitude * (i == 0 ? 2.0 : 1.0));
  return sum;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels, n_bands = (size_t)k->n_bands;
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c]) continue;
    const double *density = evl_psd_channel(k->psd, window, (int)c);
    double total = 0.0;
    for (size_t b = 0; b < n_bands; b++) total += k->band[b].complete ? amplitude(k, density, k->band[b]) : NAN;
    for (size_t b = 0; b < n_bands; b++) {
      if (!k->band[b].complete) continue;
      const double value = amplitude(k, density, k->band[b]);
      evl_put(out, b * n_channels + c, value);
      if (total > 0.0) evl_put(out, (n_bands + b) * n_channels + c, value / total);
    }
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return evl_psd_cost_us(p, shape) + 0.2 * shape->n_channels * evl_params_value(p, "bands")->n;
}

const evl_entry evl_feature_band_amplitude = {
    .name = "band_amplitude",
    .summary = "Amplitude in frequency bands, absolute and relative.",
    .definition = "absolute = sqrt(sum over bins low <= f_k < high of P(f_k) df), the rms amplitude of the band's "
                  "activity; relative = absolute / its sum over bands. Amplitudes weigh fast activity more than powers "
                  "do, and many clinical trends show them.",
    .cite = "Bao et al. 2011, doi:10.1155/2011/406391 (pyeeg)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
