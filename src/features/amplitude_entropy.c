/* amplitude_entropy: Shannon's and Tsallis' entropy of the histogram of amplitudes. */
#include <string.h>

#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  double bin_uv, low_uv, high_uv;
  int n_bins, n_orders;
  const double *order;
  int64_t *count; /* [n_bins] */
} kernel;

static const evl_param params[] = {
    {"bin_uv", EVL_REAL, "1.0", 1e-3, 1e6, NULL, "uV", "Width of a bin; 1 in the Cerebral Recovery Index."},
    {"range_uv", EVL_REALS, "(-200.0, 200.0)", -1e9, 1e9, NULL, "uV",
     "Range of the histogram; samples beyond are left out."},
    {"q", EVL_REALS, "(2.0, 3.0)", 1e-3, 100, NULL, "1", "Orders of Tsallis' entropy; 1 is Shannon's in nats."},
    {0}};

static const evl_output outputs[] = {
    {"shannon", EVL_PER_CHANNEL, NULL, false, "bit", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Shannon's entropy of the amplitudes' density per uV; with bins of 1 uV that of the histogram."},
    {"tsallis", EVL_PER_CHANNEL, "q", false, "1", 0.0, EVL_ANY_MAX, "Tsallis' entropy of the histogram."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)shape;
  double range_uv[2];
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_params_pair(p, "amplitude_entropy", "range_uv", range_uv));
  k->products = products;
  k->bin_uv = evl_params_real(p, "bin_uv");
  k->low_uv = range_uv[0];
  const double bins = round((range_uv[1] - range_uv[0]) / k->bin_uv);
  if (!(bins >= 2.0 && bins <= 1 << 20))
    return evl_fail(EVL_USAGE, "amplitude_entropy: range_uv holds %g bins of bin_uv: expected 2 to %d", bins, 1 << 20);
  k->n_bins = (int)bins;
  k->high_uv = k->low_uv + k->n_bins * k->bin_uv;
  k->n_orders = evl_params_value(p, "q")->n;
  k->order = evl_params_value(p, "q")->reals;
  EVL_NEW(arena, k->count, k->n_bins);
  *planned = k;
  return EVL_OK;
}

/* Samples in range; the last bin holds its upper edge. */
static int64_t fill(const kernel *k, const double *x, int n) {
  int64_t inside = 0;
  memset(k->count, 0, (size_t)k->n_bins * sizeof *k->count);
  for (int t = 0; t < n; t++) {
    if (!(x[t] >= k->low_uv && x[t] <= k->high_uv)) continue;
    const int bin = (int)((x[t] - k->low_uv) / k->bin_uv);
    k->count[bin < k->n_bins ? bin : k->n_bins - 1]++;
    inside++;
  }
  return inside;
}

/* ln N - sum c ln c / N, exactly 0 for a single bin. */
static double nats(const kernel *k, double n) {
  double sum = n * log(n);
  for (int i = 0; i < k->n_bins; i++)
    if (k->count[i] > 0) sum -= (double)k->count[i] * log((double)k->count[i]);
  return fmax(sum, 0.0) / n;
}

static double tsallis(const kernel *k, double n, double q) {
  if (q == 1.0) return nats(k, n);
  double sum = 0.0;
  for (int i = 0; i < k->n_bins; i++)
    if (k->count[i] > 0) {
      const double p = (double)k->count[i] / n;
      sum += p - (q == 2.0 ? p * p : pow(p, q));
    }
  return fmax(sum / (q - 1.0), 0.0);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels;
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c]) continue;
    const double n = (double)fill(k, window->x + c * window->ld, window->n_samples);
    if (!(n > 0.0)) continue;
    evl_put(out, c, nats(k, n) / M_LN2 + log2(k->bin_uv));
    for (int i = 0; i < k->n_orders; i++)
      evl_put(out, (size_t)(1 + i) * n_channels + c, tsallis(k, n, k->order[i]));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double bins = fabs(evl_params_value(p, "range_uv")->reals[1] - evl_params_value(p, "range_uv")->reals[0]) /
                      evl_params_real(p, "bin_uv");
  return shape->n_channels * (3e-3 * shape->n_samples + 2e-2 * fmin(bins, 1e6) * (1.0 + evl_params_value(p, "q")->n));
}

const evl_entry evl_feature_amplitude_entropy = {
    .name = "amplitude_entropy",
    .summary = "Shannon's and Tsallis' entropy of amplitudes, from a histogram in microvolt.",
    .definition = "p_i: share of samples in bin i of width w = bin_uv over range_uv. shannon = - sum p_i log2(p_i / "
                  "w), so that widths compare; tsallis = (1 - sum p_i^q) / (q - 1). Amplitudes are not scaled first: "
                  "low voltage is part of what is measured.",
    .cite = "Tjepkema-Cloostermans et al. 2013, doi:10.1186/cc13078; Tsallis 1988, doi:10.1007/BF01016429",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_ORDER,
    .usual_window_s = 120.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
