/* katz: Katz' fractal dimension. */
#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  int n;
} kernel;

static const evl_param params[] = {{0}};

static const evl_output outputs[] = {
    {"dimension", EVL_PER_CHANNEL, NULL, false, "1", 1.0 - 1e-12, EVL_ANY_MAX,
     "1 for a straight line, more the longer the path is against its extent."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)p;
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n = shape->n_samples;
  *planned = k;
  return EVL_OK;
}

static double dimension(const double *x, int n) {
  enum { LANES = 16 };
  double sum[LANES] = {0}, far[LANES] = {0}, path = 0.0, extent = 0.0;
  int t = 1;
  for (; t + LANES <= n; t += LANES)
    for (int i = 0; i < LANES; i++) {
      const double away = fabs(x[t + i] - x[0]);
      sum[i] += fabs(x[t + i] - x[t + i - 1]);
      far[i] = away > far[i] ? away : far[i];
    }
  for (int i = 0; t < n; t++, i++) {
    sum[i] += fabs(x[t] - x[t - 1]);
    far[i] = fmax(far[i], fabs(x[t] - x[0]));
  }
  for (int i = 0; i < LANES; i++) {
    path += sum[i];
    extent = fmax(extent, far[i]);
  }
  const double steps = log(n - 1.0), ratio = log(extent / path) + steps; /* ln(extent / mean step) */
  return ratio > 0.0 ? steps / ratio : NAN;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  if (k->n < 3) return;
  for (size_t c = 0; c < (size_t)window->n_channels; c++)
    if (usable[c]) evl_put(out, c, dimension(window->x + c * window->ld, k->n));
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return 4e-4 * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_katz = {
    .name = "katz",
    .summary = "Katz' fractal dimension of the curve.",
    .definition = "L = sum |x_{t+1} - x_t|, a = L / (N - 1), d = max |x_t - x_0|; dimension = ln(L / a) / ln(d / a). "
                  "Distances are of amplitude alone, as all programs have it: with time on the other axis the value "
                  "would depend on the units. Undefined where the curve never leaves its first step, d <= a.",
    .cite = "Katz 1988, doi:10.1016/0010-4825(88)90041-8, eq. 5; Esteller et al. 2001, doi:10.1109/81.904882",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
