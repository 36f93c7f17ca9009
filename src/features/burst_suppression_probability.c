/* burst_suppression_probability: the probability of suppression, followed through a window. */
#include "background_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_suppression *suppression;
  int n_memory;
  double keep;
} kernel;

static const evl_param params[] = {
    EVL_SUPPRESSION_PARAMS("westover"),
    {"memory_s", EVL_REAL, "10.0", 0.1, 3600.0, NULL, "s", "Time constant of the probability."},
    {0}};

static const evl_output outputs[] = {
    {"mean", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0, "Mean probability of suppression."},
    {"low", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0, "Lowest probability in the window."},
    {"high", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0, "Highest probability in the window."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const double memory = evl_params_real(p, "memory_s") * shape->fs_hz;
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->keep = exp(-1.0 / memory);
  k->n_memory = (int)fmax(fmin(round(memory), shape->n_samples), 1.0);
  EVL_TRY(evl_suppression_plan(p, shape, products, arena, &k->suppression));
  *planned = k;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const int first = evl_suppression_first(k->suppression), n = evl_suppression_end(k->suppression) - first;
  const size_t n_channels = (size_t)window->n_channels;
  if (n < 2) return;
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c]) continue;
    const uint8_t *mask = evl_suppression_channel(k->suppression, window, (int)c) + first;
    const int n_begin = k->n_memory < n ? k->n_memory : n;
    double p = 0.0, sum = 0.0, low = 1.0, high = 0.0;
    for (int t = 0; t < n_begin; t++) p += mask[t];
    p /= n_begin;
    for (int t = 0; t < n; t++) {
      p = k->keep * p + (1.0 - k->keep) * mask[t];
      sum += p;
      low = fmin(low, p);
      high = fmax(high, p);
    }
    evl_put(out, c, fmin(sum / n, 1.0));
    evl_put(out, n_channels + c, low);
    evl_put(out, 2 * n_channels + c, fmin(high, 1.0));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return evl_suppression_cost_us(p, shape) + 3e-3 * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_burst_suppression_probability = {
    .name = "burst_suppression_probability",
    .summary = "Burst suppression probability after recursive segmentation: its mean, lowest and highest value.",
    .definition = "Suppression z_t: m_t = b m_{t-1} + (1 - b) x_t, v_t = b v_{t-1} + (1 - b) (x_t - m_t)^2, z_t = 1 "
                  "where v_t < threshold_uv^2 / 2, b = exp(-1 / (0.105 s fs)), 0.9534 at 200 Hz; p_t = k p_{t-1} + (1 "
                  "- k) z_t, k = exp(-1 / (memory_s fs)), begun at the mean of z over the first memory_s.",
    .cite = "Westover et al. 2013, doi:10.1016/j.jneumeth.2013.07.003; Chemali et al. 2013, "
            "doi:10.1088/1741-2560/10/5/056017",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 120.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
