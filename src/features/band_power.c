/* band_power: power in frequency bands, absolute, relative and in decibels. */
#include <string.h>

#include "features_priv.h"

typedef enum { HALF_OPEN, CLOSED, NICE, SIMPSON } rule;

typedef struct kernel {
  evl_products *products;
  evl_psd *psd;
  rule rule;
  int n_bands;
  evl_bins *band; /* [n_bands] */
  evl_bins total;
} kernel;

static const evl_param params[] = {
    {"bands", EVL_BANDS,
     "{ delta = (1.0, 4.0); theta = (4.0, 8.0); alpha = (8.0, 12.0); beta = (12.0, 30.0); gamma = (30.0, 45.0); }", 0.0,
     1e5, NULL, "Hz", "Bands. The default ones are NICE's; below 1 Hz the usual high-pass filters distort."},
    {"total_hz", EVL_REALS, "(1.0, 45.0)", 0.0, 1e5, NULL, "Hz",
     "Range that relative powers refer to, edges as in a band."},
    {"convention", EVL_STRING, "\"half_open\"", 0, 0, "half_open|mne_features|nice|yasa", "",
     "Sum of bins: half_open [low, high), so that neighbouring bands share no power; mne_features [low, high]; nice "
     "[low, high], decibels of the plain sum in V^2; yasa [low, high], Simpson's rule. The segments, taper and average "
     "of these programs are set by the parameters below."},
    EVL_PSD_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"absolute", EVL_PER_CHANNEL, "bands", false, "uV^2", 0.0, EVL_ANY_MAX, "Power in the band."},
    {"relative", EVL_PER_CHANNEL, "bands", false, "1", 0.0, EVL_ANY_MAX,
     "Power in the band over the power in total_hz."},
    {"db", EVL_PER_CHANNEL, "bands", false, "dB", -EVL_ANY_MAX, EVL_ANY_MAX,
     "10 log10 of the absolute power (nice: of the sum of bins in V^2/Hz)."},
    {0}};

static rule rule_of(const char *convention) {
  if (!strcmp(convention, "nice")) return NICE;
  if (!strcmp(convention, "yasa")) return SIMPSON;
  return strcmp(convention, "half_open") ? CLOSED : HALF_OPEN;
}

/* Simpson's rule in units of the step; for an even number of points the mean of the two ways to take
   one trapezoid at an end. */
static double simpson(const double *p, int n) {
  if (n == 1) return 0.0;
  if (n == 2) return 0.5 * (p[0] + p[1]);
  if (n % 2 == 0)
    return 0.5 * (simpson(p, n - 1) + 0.5 * (p[n - 2] + p[n - 1]) + 0.5 * (p[0] + p[1]) + simpson(p + 1, n - 1));
  double sum = 0.0;
  for (int k = 0; k + 2 < n; k += 2) sum += p[k] + 4.0 * p[k + 1] + p[k + 2];
  return sum / 3.0;
}

static double integral(const kernel *k, const double *density, evl_bins bins) {
  const int n = bins.end - bins.first;
  return k->rule == SIMPSON ? simpson(density + bins.first, n) : evl_sum(density + bins.first, n);
}

static evl_status find_bins(kernel *k, const char *name, double low_hz, double high_hz, evl_bins *bins) {
  *bins = evl_psd_between(k->psd, low_hz, high_hz, k->rule != HALF_OPEN);
  const int least = k->rule == SIMPSON ? 2 : 1;
  if (bins->complete && bins->end - bins->first < least)
    return evl_fail(EVL_USAGE, "band_power: %s (%g to %g Hz) is too narrow for frequencies %g Hz apart", name, low_hz,
                    high_hz, evl_psd_step_hz(k->psd));
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  const evl_value *bands = evl_params_value(p, "bands"), *total = evl_params_value(p, "total_hz");
  if (total->n != 2 || !(total->reals[0] < total->reals[1]))
    return evl_fail(EVL_USAGE, "band_power.total_hz: expected (low, high) in Hz");
  k->products = products;
  k->rule = rule_of(evl_params_string(p, "convention"));
  k->n_bands = bands->n;
  EVL_NEW(arena, k->band, k->n_bands);
  EVL_TRY(evl_psd_plan(p, shape, products, arena, &k->psd));
  EVL_TRY(find_bins(k, "total_hz", total->reals[0], total->reals[1], &k->total));
  for (int b = 0; b < k->n_bands; b++)
    EVL_TRY(find_bins(k, bands->bands[b].name, bands->bands[b].low_hz, bands->bands[b].high_hz, &k->band[b]));
  *planned = k;
  return EVL_OK;
}

static void run_channel(const kernel *k, const double *density, size_t n_channels, size_t c, evl_out *out) {
  const double step = evl_psd_step_hz(k->psd);
  const double total = k->total.complete ? integral(k, density, k->total) : NAN;
  for (size_t b = 0; b < (size_t)k->n_bands; b++) {
    if (!k->band[b].complete) continue;
    const double sum = integral(k, density, k->band[b]);
    if (!(sum > 0.0)) continue;
    const size_t i = b * n_channels + c, next = (size_t)k->n_bands * n_channels;
    evl_put(out, i, sum * step);
    evl_put(out, i + next, sum / total);
    evl_put(out, i + 2 * next, 10.0 * log10(k->rule == NICE ? sum * 1e-12 : sum * step));
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  for (int c = 0; c < window->n_channels; c++)
    if (usable[c])
      run_channel(k, evl_psd_channel(k->psd, window, c), (size_t)window->n_channels, (size_t)c, out);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return evl_psd_cost_us(p, shape) + 0.06 * shape->n_channels * evl_params_value(p, "bands")->n;
}

const evl_entry evl_feature_band_power = {
    .name = "band_power",
    .summary = "Power in frequency bands: absolute, relative to a wider range, and in decibels.",
    .definition = "P(f): Welch's one-sided density. absolute = sum over bins low <= f_k < high of P(f_k) df; relative "
                  "= absolute / (the same over total_hz); db = 10 log10 absolute. A band that reaches beyond half the "
                  "sampling rate is undefined.",
    .cite = "Welch 1967, doi:10.1109/TAU.1967.1161901; conventions: Engemann et al. 2018, doi:10.1093/brain/awy251 "
            "(nice), Vallat and Walker 2021, doi:10.7554/eLife.70092 (yasa)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
