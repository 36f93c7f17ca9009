/* global_field_power: how strong the scalp field is, whatever its shape. */
#include "field_priv.h"

typedef struct kernel {
  evl_products *products;
  int n_channels, n_samples;
  double fs_hz;
  int *channel; /* [n_channels] in the field */
  double *mean; /* [n_channels] of the window */
  double *gfp;  /* [n_samples] */
} kernel;

static const evl_param params[] = {{0}};

static const evl_output outputs[] = {
    {"mean", EVL_PER_WINDOW, NULL, false, "uV", 0.0, EVL_ANY_MAX, "Mean over time."},
    {"sd", EVL_PER_WINDOW, NULL, false, "uV", 0.0, EVL_ANY_MAX, "Standard deviation over time."},
    {"variation", EVL_PER_WINDOW, NULL, false, "1", 0.0, EVL_ANY_MAX, "sd over mean."},
    {"peak_rate", EVL_PER_WINDOW, NULL, false, "1/s", 0.0, EVL_ANY_MAX, "Local maxima a second."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)p;
  kernel *k;
  EVL_NEW(arena, k, 1);
  *k = (kernel){.products = products, .n_channels = shape->n_channels, .n_samples = shape->n_samples,
                .fs_hz = shape->fs_hz};
  EVL_NEW(arena, k->channel, k->n_channels);
  EVL_NEW(arena, k->mean, k->n_channels);
  EVL_NEW(arena, k->gfp, k->n_samples);
  *planned = k;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  const int n = evl_field_channels(k->products, k->channel);
  if (n < EVL_FIELD_FEWEST || k->n_samples < 3) return;
  evl_field_power(window, k->channel, n, k->mean, k->gfp);
  const double mean = evl_mean(k->gfp, (size_t)k->n_samples);
  const double sd = sqrt(evl_variance(k->gfp, (size_t)k->n_samples, 0));
  if (!(mean > 0.0) || !isfinite(mean)) return;
  int peaks = 0;
  for (int t = 1; t + 1 < k->n_samples; t++) peaks += evl_is_peak(k->gfp, t);
  evl_put(out, 0, mean);
  evl_put(out, 1, sd);
  evl_put(out, 2, sd / mean);
  evl_put(out, 3, peaks / (k->n_samples / k->fs_hz));
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return 1.5e-3 * shape->n_channels * shape->n_samples;
}

const evl_entry evl_feature_global_field_power = {
    .name = "global_field_power",
    .summary = "Global field power: the spatial standard deviation of the scalp field, over time.",
    .definition =
        "GFP(t) = sqrt(mean_c (v_c(t) - mean_c v_c(t))^2), v_c a channel less its mean over the window; independent of "
        "the reference. Channels with a place on the head (all, where no place is known) that are not flat, at least "
        "three. Peaks: GFP(t-1) < GFP(t) >= GFP(t+1).",
    .cite = "Lehmann and Skrandies 1980, doi:10.1016/0013-4694(80)90419-8, eq. 1a",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
