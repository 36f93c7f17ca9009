/* spectral_flatness: how near a spectrum is to white. */
#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_psd *psd;
  evl_bins range;
} kernel;

static const evl_param params[] = {
    {"range_hz", EVL_REALS, "(1.0, 45.0)", 0.0, 1e5, NULL, "Hz", "Range of the spectrum, both ends included."},
    EVL_PSD_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"flatness", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0, "1 for a white spectrum, towards 0 for a line."},
    {"db", EVL_PER_CHANNEL, NULL, false, "dB", -EVL_ANY_MAX, 0.0, "10 log10 of it, Wiener's entropy."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  EVL_TRY(evl_psd_plan(p, shape, products, arena, &k->psd));
  EVL_TRY(evl_psd_range(k->psd, p, "spectral_flatness", "range_hz", &k->range));
  *planned = k;
  return EVL_OK;
}

/* ln of the geometric mean over the arithmetic one; NaN where a density is not positive. */
static double log_flatness(const double *density, int n) {
  const double mean = evl_sum(density, n) / n;
  double sum = 0.0;
  for (int k = 0; k < n; k++) sum += log(density[k] / mean);
  return sum > 0.0 ? 0.0 : sum / n; /* by rounding */
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  for (int c = 0; c < window->n_channels; c++) {
    if (!usable[c] || !k->range.complete) continue;
    const double *density = evl_psd_channel(k->psd, window, c) + k->range.first;
    const double value = log_flatness(density, k->range.end - k->range.first);
    if (!isfinite(value)) continue;
    evl_put(out, (size_t)c, exp(value));
    evl_put(out, (size_t)(window->n_channels + c), 10.0 / M_LN10 * value);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const evl_value *range = evl_params_value(p, "range_hz");
  const double bins_hz = range->n == 2 ? range->reals[1] - range->reals[0] : 0.0;
  return evl_psd_cost_us(p, shape) + 0.01 * shape->n_channels * bins_hz * evl_params_real(p, "segment_s");
}

const evl_entry evl_feature_spectral_flatness = {
    .name = "spectral_flatness",
    .summary = "Geometric over arithmetic mean of the power spectrum.",
    .definition = "flatness = exp(mean_k ln P(f_k)) / mean_k P(f_k) over the bins of range_hz. Estimates from one "
                  "segment scatter and look less flat: white noise gives exp(-gamma) = 0.56 there, 1 - 1/(2 m) with m "
                  "independent segments.",
    .cite = "Gray and Markel 1974, doi:10.1109/TASSP.1974.1162572, eq. 8",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
