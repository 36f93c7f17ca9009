/* slow_waves: their density, amplitude, slope and duration. */
#include "filtered_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_filtered *slow; /* NULL where half the rate is below */
  double fs_hz, least_uv;
  int n_samples, n_least, n_most;
} kernel;

enum { DENSITY, AMPLITUDE, TROUGH, SLOPE, DURATION, OUTPUTS };

static const evl_param params[] = {
    {"band_hz", EVL_REALS, "(0.5, 4.0)", 0.01, 1e5, NULL, "Hz",
     "Band of slow waves; YASA takes (0.3, 1.5), for which the conditioning's high-pass must be lower, too."},
    {"half_wave_s", EVL_REALS, "(0.25, 1.0)", 0.01, 60.0, NULL, "s", "Shortest and longest negative half wave."},
    {"least_uv", EVL_REAL, "0.0", 0.0, 1e6, NULL, "uV", "Smallest peak to trough; YASA and Massimini take 75."},
    {0}};

static const evl_output outputs[] = {
    {"density", EVL_PER_CHANNEL, NULL, false, "1/min", 0.0, EVL_ANY_MAX, "Slow waves a minute."},
    {"amplitude", EVL_PER_CHANNEL, NULL, false, "uV", 0.0, EVL_ANY_MAX, "Mean peak to trough."},
    {"trough", EVL_PER_CHANNEL, NULL, false, "uV", 0.0, EVL_ANY_MAX, "Mean depth of the negative peak."},
    {"slope", EVL_PER_CHANNEL, NULL, false, "uV/s", 0.0, EVL_ANY_MAX,
     "Mean slope from the negative peak to the next zero crossing."},
    {"duration", EVL_PER_CHANNEL, NULL, false, "s", 0.0, EVL_ANY_MAX, "Mean length of the negative half wave."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  enum { ORDER = 2 };
  double band_hz[2], half_s[2];
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_params_pair(p, "slow_waves", "band_hz", band_hz));
  EVL_TRY(evl_params_pair(p, "slow_waves", "half_wave_s", half_s));
  k->products = products;
  k->fs_hz = shape->fs_hz;
  k->least_uv = evl_params_real(p, "least_uv");
  k->n_samples = shape->n_samples;
  k->n_least = (int)ceil(half_s[0] * shape->fs_hz - 1e-9);
  k->n_most = (int)floor(half_s[1] * shape->fs_hz + 1e-9);
  *planned = k;
  if (band_hz[1] >= shape->fs_hz / 2.0) return EVL_OK; /* undefined at this rate */
  return evl_filtered_plan(ORDER, band_hz[0], band_hz[1], products, arena, &k->slow);
}

/* Where the signal is 0 between samples t - 1 and t. */
static double crossing(const double *x, int t) { return t - x[t] / (x[t] - x[t - 1]); }

/* Adds the wave whose negative half is [begin, end), the positive one reaching to `next`. */
static void measure(const kernel *k, const double *x, int begin, int end, int next, double sum[OUTPUTS]) {
  int trough = begin;
  double high = 0.0;
  for (int t = begin; t < end; t++)
    if (x[t] < x[trough]) trough = t;
  for (int t = end; t < next; t++) high = fmax(high, x[t]);
  if (high - x[trough] < k->least_uv) return;
  sum[DENSITY] += 1.0;
  sum[AMPLITUDE] += high - x[trough];
  sum[TROUGH] -= x[trough];
  sum[SLOPE] -= x[trough] * k->fs_hz / (crossing(x, end) - trough);
  sum[DURATION] += (crossing(x, end) - crossing(x, begin)) / k->fs_hz;
}

static int end_of_half(const double *x, int t, int n) {
  const bool below = x[t] < 0.0;
  while (t < n && (x[t] < 0.0) == below) t++;
  return t;
}

static void run_channel(const kernel *k, const double *x, double sum[OUTPUTS]) {
  const int n = k->n_samples;
  for (int begin = end_of_half(x, 0, n); begin < n;) {
    const int end = end_of_half(x, begin, n);
    if (x[begin] < 0.0 && end < n && end - begin >= k->n_least && end - begin <= k->n_most) {
      const int next = end_of_half(x, end, n);
      if (next < n) measure(k, x, begin, end, next, sum);
    }
    begin = end;
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels;
  if (!k->slow || k->n_samples < 2 * k->n_most) return;
  for (size_t c = 0; c < n_channels; c++) {
    double sum[OUTPUTS] = {0};
    if (!usable[c]) continue;
    run_channel(k, evl_filtered_channel(k->slow, window, (int)c), sum);
    evl_put(out, c, 60.0 * sum[DENSITY] * k->fs_hz / k->n_samples);
    for (size_t i = AMPLITUDE; i < OUTPUTS; i++) evl_put(out, i * n_channels + c, sum[i] / sum[DENSITY]);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return evl_filtered_cost_us(2, 0.5, 4.0, shape) + 4e-3 * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_slow_waves = {
    .name = "slow_waves",
    .summary = "Slow waves: density, amplitude, slope and duration.",
    .definition = "x in band_hz (zero-phase Butterworth, order 2). A slow wave: a negative half wave between two zero "
                  "crossings half_wave_s apart and the positive one behind it, peak to trough at least least_uv. "
                  "slope: depth of the negative peak over the time from it to the zero crossing. By default without a "
                  "threshold in uV, so that a density in a low-voltage record means what it says; amplitude is a value "
                  "of its own. Without a wave only the density is defined.",
    .cite = "Riedner et al. 2007, doi:10.1093/sleep/30.12.1643; Massimini et al. 2004, "
            "doi:10.1523/JNEUROSCI.1318-04.2004; Vallat and Walker 2021, doi:10.7554/eLife.70092",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_ORDER,
    .min_window_s = 30.0,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
