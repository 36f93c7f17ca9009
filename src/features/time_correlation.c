/* time_correlation: correlation of the signals of pairs of channels, without delay. */
#include <string.h>

#include "correlation_priv.h"

typedef struct kernel { evl_products *products; evl_correlation *correlation; int n_samples; } kernel;

static const evl_param params[] = {EVL_CORRELATION_PARAMS, {0}};

static const evl_output outputs[] = {EVL_CORRELATION_OUTPUTS("signals"), {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  *planned = k;
  return evl_correlation_plan(p, "time_correlation", shape->n_samples, products, arena, &k->correlation);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  for (int c = 0; c < window->n_channels; c++)
    if (usable[c])
      memcpy(evl_correlation_row(k->correlation, c), window->x + (size_t)c * window->ld,
             (size_t)k->n_samples * sizeof(double));
  evl_correlation_put(k->correlation, out);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return evl_correlation_cost_us(shape->n_channels, shape->n_samples);
}

const evl_entry evl_feature_time_correlation = {
    .name = "time_correlation",
    .summary = "Correlation of pairs of channels, and the largest eigenvalues of their matrix.",
    .definition = "correlation = Pearson's r of the samples of two channels; eigenvalue: of the matrix of all usable "
                  "channels, their sum is the number of channels. across_channels = true is mne-features' time_corr.",
    .cite = "Schindler et al. 2007, doi:10.1093/brain/awl304 (eigenvalues)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
