/* acns_background: continuity and voltage in the classes of the American Clinical Neurophysiology Society. */
#include <string.h>

#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  int n_samples, block, n_blocks, n_period; /* a period is n_period blocks */
  double suppressed_uv, normal_uv, attenuated;
} kernel;

#define BLOCK_S 0.1 /* how finely begins and ends of suppressions are told */

static const evl_param params[] = {
    {"suppressed_uv", EVL_REAL, "10.0", 1e-3, 1e6, NULL, "uV", "Peak to trough below which the record is suppressed."},
    {"normal_uv", EVL_REAL, "20.0", 1e-3, 1e6, NULL, "uV", "Peak to trough from which on voltage is normal."},
    {"attenuated", EVL_REAL, "0.5", 0.01, 1.0, NULL, "1",
     "Share of the background's voltage below which it is attenuated."},
    {"period_s", EVL_REAL, "1.0", 0.1, 60.0, NULL, "s", "Shortest suppression or attenuation that counts."},
    {0}};

static const evl_output outputs[] = {
    {"suppressed", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0, "Share of time suppressed."},
    {"attenuated", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0, "Share of time attenuated and not suppressed."},
    {"voltage", EVL_PER_CHANNEL, NULL, false, "uV", 0.0, EVL_ANY_MAX,
     "Peak to trough of the background: median over periods that are not suppressed, or all if all are."},
    {"voltage_class", EVL_PER_CHANNEL, NULL, false, "class", 0.0, 2.0, "0 suppressed, 1 low, 2 normal."},
    {"continuity_2012", EVL_PER_CHANNEL, NULL, false, "class", 0.0, 4.0,
     "0 continuous, 1 nearly continuous, 2 discontinuous, 3 burst suppression or attenuation, 4 suppression: all of "
     "it."},
    {"continuity_2021", EVL_PER_CHANNEL, NULL, false, "class", 0.0, 4.0,
     "The same by the edition of 2021: continuous below 1 %, suppression or attenuation above 99 %."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->block = (int)fmax(round(BLOCK_S * shape->fs_hz), 1.0);
  k->n_blocks = shape->n_samples / k->block;
  k->n_period = (int)fmax(round(evl_params_real(p, "period_s") * shape->fs_hz / k->block), 1.0);
  k->suppressed_uv = evl_params_real(p, "suppressed_uv");
  k->normal_uv = evl_params_real(p, "normal_uv");
  k->attenuated = evl_params_real(p, "attenuated");
  if (k->normal_uv < k->suppressed_uv)
    return evl_fail(EVL_USAGE, "acns_background.normal_uv: expected at least suppressed_uv = %g, found %g",
                    k->suppressed_uv, k->normal_uv);
  evl_scratch_plan(products, (size_t)k->n_blocks * (4 * sizeof(double) + sizeof(uint8_t)));
  *planned = k;
  return EVL_OK;
}

/* height[i]: peak to trough of the period that begins with block i; returns the number of periods. */
static int heights(const kernel *k, const double *x, double *low, double *high, double *height) {
  for (int b = 0; b < k->n_blocks; b++) {
    const double *v = x + (size_t)b * (size_t)k->block;
    low[b] = high[b] = v[0];
    for (int t = 1; t < k->block; t++) {
      low[b] = v[t] < low[b] ? v[t] : low[b];
      high[b] = v[t] > high[b] ? v[t] : high[b];
    }
  }
  const int n = k->n_blocks - k->n_period + 1;
  for (int i = 0; i < n; i++) {
    double least = low[i], most = high[i];
    for (int b = i + 1; b < i + k->n_period; b++) {
      least = fmin(least, low[b]);
      most = fmax(most, high[b]);
    }
    height[i] = most - least;
  }
  return n;
}

/* Share of blocks in a period lower than `limit_uv`. */
static double share_below(const kernel *k, const double *height, int n, double limit_uv, uint8_t *within) {
  for (int b = 0; b < k->n_blocks; b++) within[b] = 0;
  for (int i = 0; i < n; i++)
    if (height[i] < limit_uv) memset(within + i, 1, (size_t)k->n_period);
  int64_t blocks = 0;
  for (int b = 0; b < k->n_blocks; b++) blocks += within[b];
  return (double)blocks / k->n_blocks;
}

static double background_voltage(const kernel *k, const double *height, int n, double *sorted) {
  size_t m = 0;
  for (int i = 0; i < n; i++)
    if (height[i] >= k->suppressed_uv) sorted[m++] = height[i];
  if (m == 0) memcpy(sorted, height, (m = (size_t)n) * sizeof *sorted);
  evl_sort(sorted, m);
  return evl_quantile_sorted(sorted, m, 0.5);
}

static double class_2012(double share) {
  return share == 0.0 ? 0.0 : share < 0.1 ? 1.0 : share < 0.5 ? 2.0 : share < 1.0 ? 3.0 : 4.0;
}

static double class_2021(double share) {
  return share < 0.01 ? 0.0 : share < 0.1 ? 1.0 : share < 0.5 ? 2.0 : share <= 0.99 ? 3.0 : 4.0;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels, n_blocks = (size_t)k->n_blocks;
  double *low = evl_scratch(k->products), *high = low + n_blocks, *height = high + n_blocks;
  double *sorted = height + n_blocks;
  uint8_t *within = (uint8_t *)(sorted + n_blocks);
  if (k->n_blocks < k->n_period) return;
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c]) continue;
    const int n = heights(k, window->x + c * window->ld, low, high, height);
    const double voltage = background_voltage(k, height, n, sorted);
    const double suppressed = share_below(k, height, n, k->suppressed_uv, within);
    const double quiet = share_below(k, height, n, fmax(k->suppressed_uv, k->attenuated * voltage), within);
    evl_put(out, c, suppressed);
    evl_put(out, n_channels + c, quiet - suppressed);
    evl_put(out, 2 * n_channels + c, voltage);
    evl_put(out, 3 * n_channels + c, voltage < k->suppressed_uv ? 0.0 : voltage < k->normal_uv ? 1.0 : 2.0);
    evl_put(out, 4 * n_channels + c, class_2012(quiet));
    evl_put(out, 5 * n_channels + c, class_2021(quiet));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return 6e-3 * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_acns_background = {
    .name = "acns_background",
    .summary = "Continuity and voltage of the background in the classes of the ACNS, editions 2012 and 2021.",
    .definition =
        "Suppressed: in a period of at least period_s whose peak to trough is below suppressed_uv; attenuated: not "
        "that, but below `attenuated` times the background's voltage. Of the share s of both: 2012, continuous s = 0, "
        "nearly s < 0.1, discontinuous s < 0.5, burst suppression or attenuation s < 1, suppression s = 1; 2021, s < "
        "0.01, < 0.1, < 0.5, <= 0.99, above. The terminology is of a longitudinal bipolar montage: use it in an "
        "analysis with reference = \"bipolar\", and reduce classes over channels by their median.",
    .cite = "Hirsch et al. 2013 (ACNS 2012), doi:10.1097/WNP.0b013e3182784729; Hirsch et al. 2021, "
            "doi:10.1097/WNP.0000000000000806",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .min_window_s = 10.0,
    .usual_window_s = 120.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
