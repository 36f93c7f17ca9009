/* burst_suppression: the share of a window in which the envelope stays below a threshold. */
#include "background_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_envelope *envelope;
  int n_samples, n_points;
  double threshold_uv;
} kernel;

static const evl_param params[] = {
    {"threshold_uv", EVL_REAL, "5.0", 1e-6, 1e6, NULL, "uV", "Envelope up to which the signal counts as suppressed."},
    {"smooth_s", EVL_REAL, "0.04", 0.0, 10.0, NULL, "s", "Length of the moving average; 10 samples at 250 Hz."},
    {0}};

static const evl_output outputs[] = {
    {"ratio", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0, "Share of samples whose envelope is at most threshold_uv."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->threshold_uv = evl_params_real(p, "threshold_uv");
  k->n_points = (int)fmax(1.0, round(evl_params_real(p, "smooth_s") * shape->fs_hz));
  EVL_TRY(evl_envelope_plan(k->n_points, shape, arena, &k->envelope));
  evl_scratch_plan(products, (size_t)k->n_samples * sizeof(double));
  *planned = k;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const double threshold2 = k->threshold_uv * k->threshold_uv;
  double *squared = evl_scratch(k->products);
  if (k->n_samples < 2 * k->n_points) return;
  for (int c = 0; c < window->n_channels; c++) {
    if (!usable[c]) continue;
    int64_t below = 0;
    evl_envelope_squared(k->envelope, window->x + (size_t)c * window->ld, squared);
    for (int t = 0; t < k->n_samples; t++) below += squared[t] <= threshold2;
    evl_put(out, (size_t)c, (double)below / k->n_samples);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return evl_envelope_cost_us(shape);
}

const evl_entry evl_feature_burst_suppression = {
    .name = "burst_suppression",
    .summary = "Burst-suppression ratio of the I-CARE consortium: the share of samples with a low envelope.",
    .definition = "y = moving average of x over smooth_s; e = |y + i H(y)|, H the Hilbert transform over the window; "
                  "ratio = share of samples with e <= threshold_uv. Meant for signals without drift (high-pass at 0.5 "
                  "Hz).",
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
