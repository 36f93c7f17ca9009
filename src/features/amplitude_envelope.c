/* amplitude_envelope: how large the oscillations of a band are, and how much that varies within a window. */
#include "analytic_priv.h"

typedef struct kernel { evl_products *products; evl_analytic *analytic; int n_bands; } kernel;

static const evl_param params[] = {EVL_ANALYTIC_PARAMS, {0}};

static const evl_output outputs[] = {
    {"mean", EVL_PER_CHANNEL, "bands", false, "uV", 0.0, EVL_ANY_MAX, "Mean of the envelope."},
    {"cv", EVL_PER_CHANNEL, "bands", false, "1", 0.0, EVL_ANY_MAX,
     "Standard deviation of the envelope over its mean; 0.52 for Gaussian noise, below it for a steady rhythm, above "
     "it for bursts."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_bands = evl_params_value(p, "bands")->n;
  EVL_TRY(evl_analytic_plan(p, shape, "amplitude_envelope", products, arena, &k->analytic));
  evl_scratch_plan(products, evl_analytic_most(k->analytic) * sizeof(double));
  *planned = k;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels;
  double *envelope = evl_scratch(k->products);
  for (size_t b = 0; b < (size_t)k->n_bands; b++) {
    if (evl_analytic_samples(k->analytic, (int)b) == 0) continue;
    const evl_signals s = evl_analytic_band(k->analytic, window, (int)b);
    for (size_t c = 0; c < n_channels; c++) {
      if (!usable[c]) continue;
      const double *re = s.re + c * s.stride, *im = s.im + c * s.stride;
      for (int t = 0; t < s.n; t++) envelope[t] = sqrt(re[t] * re[t] + im[t] * im[t]);
      const double mean = evl_mean(envelope, (size_t)s.n);
      if (!(mean > 0.0)) continue;
      evl_put(out, b * n_channels + c, mean * s.unit[c]);
      evl_put(out, ((size_t)k->n_bands + b) * n_channels + c, sqrt(evl_variance(envelope, (size_t)s.n, 0)) / mean);
    }
  }
}

const evl_entry evl_feature_amplitude_envelope = {
    .name = "amplitude_envelope",
    .summary = "Amplitude of the oscillations in frequency bands and its variation within the window.",
    .definition = "a(t) = |x_b(t) + i H x_b(t)|, x_b the signal in the band (frequencies outside set to 0), H the "
                  "Hilbert transform; mean and sd / mean over the window but for edge_s at both ends.",
    .cite = "Gabor 1946, doi:10.1049/ji-3-2.1946.0074 (analytic signal)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 30.0,
    .cost_us = evl_analytic_cost_us,
    .plan = plan,
    .run = run,
};
