/* voltage_fraction: the share of samples below given amplitudes. */
#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  int n_limits;
  const double *limit_uv;
} kernel;

static const evl_param params[] = {
    {"below_uv", EVL_REALS, "(5.0, 10.0, 20.0)", 1e-9, 1e9, NULL, "uV", "Amplitudes below which samples count."},
    {0}};

static const evl_output outputs[] = {
    {"fraction", EVL_PER_CHANNEL, "below_uv", false, "1", 0.0, 1.0, "Share of samples with |x| below the amplitude."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)shape;
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_limits = evl_params_value(p, "below_uv")->n;
  k->limit_uv = evl_params_value(p, "below_uv")->reals;
  *planned = k;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels;
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c]) continue;
    const double *x = window->x + c * window->ld;
    for (int i = 0; i < k->n_limits; i++) {
      const double limit_uv = k->limit_uv[i];
      int64_t below = 0;
      for (int t = 0; t < window->n_samples; t++) below += fabs(x[t]) < limit_uv;
      evl_put(out, (size_t)i * n_channels + c, (double)below / window->n_samples);
    }
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return 4e-4 * shape->n_channels * (double)shape->n_samples * evl_params_value(p, "below_uv")->n;
}

const evl_entry evl_feature_voltage_fraction = {
    .name = "voltage_fraction",
    .summary = "Fractions of time at low voltage: the share of samples below given amplitudes.",
    .definition = "fraction = #{t: |x_t| < below_uv} / n. A fraction of time, as the name says; some programs return "
                  "the mean of the samples below the amplitude under this name. Meant for signals without drift.",
    .cite = "Amorim et al. 2023, doi:10.1097/CCM.0000000000006074",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 120.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
