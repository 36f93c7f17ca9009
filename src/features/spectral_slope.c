/* spectral_slope: the straight line through a spectrum on logarithmic axes. */
#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_psd *psd;
  evl_bins range;
  double *log_hz, *log_power; /* [bins of range] */
} kernel;

static const evl_param params[] = {
    {"range_hz", EVL_REALS, "(1.0, 40.0)", 1e-3, 1e5, NULL, "Hz", "Range of the line, both ends included."},
    EVL_PSD_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"slope", EVL_PER_CHANNEL, NULL, false, "1", -EVL_ANY_MAX, EVL_ANY_MAX, "Slope of log10 power on log10 frequency."},
    {"intercept", EVL_PER_CHANNEL, NULL, false, "log10(uV^2/Hz)", -EVL_ANY_MAX, EVL_ANY_MAX, "The line at 1 Hz."},
    {"error", EVL_PER_CHANNEL, NULL, false, "1", 0.0, EVL_ANY_MAX, "Mean squared distance from the line."},
    {"r2", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0, "Share of the variance of log10 power that it explains."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  EVL_TRY(evl_psd_plan(p, shape, products, arena, &k->psd));
  EVL_TRY(evl_psd_range(k->psd, p, "spectral_slope", "range_hz", &k->range));
  const int n = k->range.end - k->range.first;
  if (k->range.complete && n < 3)
    return evl_fail(EVL_USAGE, "spectral_slope.range_hz holds %d frequencies: expected three or more", n);
  if (k->range.complete) {
    EVL_NEW(arena, k->log_hz, n);
    EVL_NEW(arena, k->log_power, n);
    for (int i = 0; i < n; i++) k->log_hz[i] = log10((k->range.first + i) * evl_psd_step_hz(k->psd));
  }
  *planned = k;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const int n = k->range.end - k->range.first;
  const size_t n_channels = (size_t)window->n_channels;
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c] || !k->range.complete) continue;
    const double *density = evl_psd_channel(k->psd, window, (int)c) + k->range.first;
    for (int i = 0; i < n; i++) k->log_power[i] = log10(density[i]);
    const evl_straight line = evl_straight_fit(k->log_hz, k->log_power, (size_t)n);
    if (!isfinite(line.slope)) continue;
    evl_put(out, c, line.slope);
    evl_put(out, n_channels + c, line.intercept);
    evl_put(out, 2 * n_channels + c, line.mean_square);
    evl_put(out, 3 * n_channels + c, line.r2);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const evl_value *range = evl_params_value(p, "range_hz");
  const double bins_hz = range->n == 2 ? range->reals[1] - range->reals[0] : 0.0;
  return evl_psd_cost_us(p, shape) + 0.02 * shape->n_channels * bins_hz * evl_params_real(p, "segment_s");
}

const evl_entry evl_feature_spectral_slope = {
    .name = "spectral_slope",
    .summary = "Least-squares line through log power on log frequency: slope, intercept, error.",
    .definition = "log10 P(f_k) = intercept + slope log10 f_k, by least squares over the bins of range_hz. Peaks bend "
                  "it: aperiodic fits them too. mne_features: range_hz = (0.1, 50.0), segments of 256 samples, "
                  "taper = \"hamming\", overlap = 0.",
    .cite = "Demanuele et al. 2007, doi:10.1186/1744-9081-3-62; Colombo et al. 2019, "
            "doi:10.1016/j.neuroimage.2019.01.024",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
