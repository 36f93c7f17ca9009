/* decorrelation_time: how long the signal remembers. */
#include <string.h>

#include "autocorrelation_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_autocorrelation *autocorrelation;
  int n, most;     /* lags: of the window; that are looked at */
  bool circular;
  double level;
} kernel;

static const evl_param params[] = {
    {"level", EVL_REAL, "0.0", 0.0, 0.99, NULL, "",
     "The time is the first lag at which the autocorrelation is not above this; 0.3679 for 1/e."},
    {"convention", EVL_STRING, "\"linear\"", 0, 0, "linear|mne_features", "",
     "linear: products within the window; mne_features: the window taken for a circle, whose end is followed by its "
     "start, and at most 50 lags."},
    {0}};

static const evl_output outputs[] = {
    {"time", EVL_PER_CHANNEL, NULL, false, "s", 0.0, EVL_ANY_MAX, "First lag whose autocorrelation is at most level."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n = shape->n_samples;
  k->level = evl_params_real(p, "level");
  k->circular = !strcmp(evl_params_string(p, "convention"), "mne_features");
  k->most = k->circular && k->n > 51 ? 51 : k->n;
  *planned = k;
  return evl_autocorrelation_plan(products, arena, &k->autocorrelation);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  for (int c = 0; c < window->n_channels; c++) {
    if (!usable[c]) continue;
    const double *value = evl_autocorrelation_channel(k->autocorrelation, window, c);
    int lag = 1;
    while (lag < k->most && !(value[lag] + (k->circular ? value[k->n - lag] : 0.0) <= k->level)) lag++;
    if (lag < k->most) evl_put(out, (size_t)c, lag / window->fs_hz);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return shape->n_channels * evl_correlator_cost_us(shape->n_samples, shape->n_samples);
}

const evl_entry evl_feature_decorrelation_time = {
    .name = "decorrelation_time",
    .summary = "Decorrelation time: the first zero of the autocorrelation.",
    .definition = "r(l) = sum_t (x_t - m) (x_{t+l} - m), m the mean; time = min { l : r(l) <= level r(0) } / rate. "
                  "Undefined where the autocorrelation stays above the level (mne_features: -1).",
    .cite = "Teixeira et al. 2011, doi:10.1016/j.jneumeth.2011.07.002",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
