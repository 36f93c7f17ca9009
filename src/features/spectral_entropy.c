/* spectral_entropy: Shannon entropy of the normalised spectrum. */
#include <string.h>

#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_psd *psd;
  bool bits_without_first; /* mne_features */
  evl_bins range;
} kernel;

static const evl_param params[] = {
    {"range_hz", EVL_REALS, "(1.0, 45.0)", 0.0, 1e5, NULL, "Hz", "Range whose power counts, both ends included."},
    {"convention", EVL_STRING, "\"normalised\"", 0, 0, "normalised|mne_features", "",
     "normalised: over the logarithm of the number of bins, 0 to 1 (also NICE's and antropy's); mne_features: in bits, "
     "the first bin counts in the total but not in the sum."},
    EVL_PSD_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"entropy", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 64.0,
     "Entropy of the spectrum, at most 1 (mne_features: bits, at most the logarithm of the number of bins)."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->bits_without_first = !strcmp(evl_params_string(p, "convention"), "mne_features");
  EVL_TRY(evl_psd_plan(p, shape, products, arena, &k->psd));
  EVL_TRY(evl_psd_range(k->psd, p, "spectral_entropy", "range_hz", &k->range));
  if (k->range.complete && k->range.end - k->range.first < 2)
    return evl_fail(EVL_USAGE, "spectral_entropy.range_hz holds one frequency: expected two or more");
  *planned = k;
  return EVL_OK;
}

/* In nats; 0 ln 0 = 0. */
static double entropy(const double *density, int first, int n, double total) {
  double sum = 0.0;
  for (int k = first; k < n; k++) {
    const double p = density[k] / total;
    if (p > 0.0) sum -= p * log(p);
  }
  return sum;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const int n = k->range.end - k->range.first;
  for (int c = 0; c < window->n_channels; c++) {
    if (!usable[c] || !k->range.complete) continue;
    const double *density = evl_psd_channel(k->psd, window, c) + k->range.first;
    const double total = evl_sum(density, n);
    if (!(total > 0.0)) continue;
    const double value = k->bits_without_first ? entropy(density, 1, n, total) / M_LN2
                                               : fmin(entropy(density, 0, n, total) / log(n), 1.0);
    evl_put(out, (size_t)c, value);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const evl_value *range = evl_params_value(p, "range_hz");
  const double bins_hz = range->n == 2 ? range->reals[1] - range->reals[0] : 0.0;
  return evl_psd_cost_us(p, shape) + 0.01 * shape->n_channels * bins_hz * evl_params_real(p, "segment_s");
}

const evl_entry evl_feature_spectral_entropy = {
    .name = "spectral_entropy",
    .summary = "Shannon entropy of the normalised power spectrum.",
    .definition = "p_k = P(f_k) / sum_j P(f_j) over the n bins of range_hz; entropy = - sum_k p_k ln p_k / ln n.",
    .cite = "Inouye et al. 1991, doi:10.1016/0013-4694(91)90138-T",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
