/* band_power: power in frequency bands, absolute, relative and in decibels. */
#include <string.h>

#include "spectra_priv.h"

typedef enum { HALF_OPEN, CLOSED, NICE, SIMPSON } rule;

typedef struct kernel {
  evl_products *products;
  evl_parts *epochs;
  evl_spectra *spectra;
  rule rule;
  int n_bands, n_channels;
  evl_bins *band; /* [n_bands] */
  evl_bins total, all;
  uint8_t *alive; /* [epochs] */
  double *sum;    /* [epochs]: over total */
  double *plain, *share; /* [all]: reduced over epochs, the densities and their shares in the total */
  double *absolute, *relative; /* [n_bands][n_channels], in units of the step */
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
     "of mne_features and yasa are set by the parameters below; nice has its own, with epochs of 1 s, where these do not "
     "say otherwise."},
    EVL_PSD_PARAMS,
    EVL_EPOCH_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"absolute", EVL_PER_CHANNEL, "bands", false, "uV^2", 0.0, EVL_ANY_MAX, "Power in the band."},
    {"relative", EVL_PER_CHANNEL, "bands", false, "1", 0.0, EVL_ANY_MAX,
     "Power in the band over the power in total_hz."},
    {"db", EVL_PER_CHANNEL, "bands", false, "dB", -EVL_ANY_MAX, EVL_ANY_MAX,
     "10 log10 of the absolute power (nice: of the sum of bins in V^2/Hz)."},
    {"mean_absolute", EVL_PER_WINDOW, "bands", false, "uV^2", 0.0, EVL_ANY_MAX,
     "Mean of absolute over the channels that have one."},
    {"mean_relative", EVL_PER_WINDOW, "bands", false, "1", 0.0, EVL_ANY_MAX,
     "Mean of relative over the channels that have one."},
    {"mean_db", EVL_PER_WINDOW, "bands", false, "dB", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Decibels of mean_absolute, as db (the mean before the logarithm, as NICE has it)."},
    {0}};

static const evl_preset nice[] = {EVL_NICE_SPECTRA, {0}};

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
  *bins = evl_spectra_between(k->spectra, low_hz, high_hz, k->rule != HALF_OPEN);
  if (bins->first < bins->end) {
    k->all.first = bins->first < k->all.first ? bins->first : k->all.first;
    k->all.end = bins->end > k->all.end ? bins->end : k->all.end;
  }
  const int least = k->rule == SIMPSON ? 2 : 1;
  if (bins->complete && bins->end - bins->first < least)
    return evl_fail(EVL_USAGE, "band_power: %s (%g to %g Hz) is too narrow for frequencies %g Hz apart", name, low_hz,
                    high_hz, evl_spectra_step_hz(k->spectra));
  return EVL_OK;
}

/* Over the epochs first, bin by bin; sums follow. */
static void use(void *planned, int channel, const uint8_t *alive, const double *density, size_t ld) {
  const kernel *k = planned;
  const int n = k->all.end - k->all.first;
  const double *first = density + k->all.first;
  memcpy(k->alive, alive, (size_t)k->epochs->n);
  if (k->total.complete)
    for (int e = 0; e < k->epochs->n; e++) {
      k->sum[e] = integral(k, density + (size_t)e * ld, k->total);
      k->alive[e] = k->alive[e] && k->sum[e] > 0.0;
    }
  evl_parts_reduce(k->epochs, k->alive, first, ld, n, NULL, k->plain);
  if (k->total.complete) evl_parts_reduce(k->epochs, k->alive, first, ld, n, k->sum, k->share);
  for (int b = 0; b < k->n_bands; b++) {
    const int i = b * k->n_channels + channel;
    if (!k->band[b].complete) continue;
    k->absolute[i] = integral(k, k->plain - k->all.first, k->band[b]);
    if (k->total.complete) k->relative[i] = integral(k, k->share - k->all.first, k->band[b]);
  }
}

static evl_status plan_memory(kernel *k, evl_arena *arena) {
  const size_t bins = k->all.end > k->all.first ? (size_t)(k->all.end - k->all.first) : 1;
  EVL_NEW(arena, k->alive, k->epochs->n);
  EVL_NEW(arena, k->sum, k->epochs->n);
  EVL_NEW(arena, k->plain, bins);
  EVL_NEW(arena, k->share, bins);
  EVL_NEW(arena, k->absolute, (size_t)k->n_bands * (size_t)k->n_channels);
  EVL_NEW(arena, k->relative, (size_t)k->n_bands * (size_t)k->n_channels);
  return EVL_OK;
}

static evl_status plan(const evl_params *given, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  evl_settings settings;
  const evl_params *p = evl_settings_of(given, "nice", nice, &settings);
  const evl_value *bands = evl_params_value(p, "bands"), *total = evl_params_value(p, "total_hz");
  kernel *k;
  EVL_NEW(arena, k, 1);
  if (total->n != 2 || !(total->reals[0] < total->reals[1]))
    return evl_fail(EVL_USAGE, "band_power.total_hz: expected (low, high) in Hz");
  k->products = products;
  k->rule = rule_of(evl_params_string(p, "convention"));
  k->n_bands = bands->n;
  k->n_channels = shape->n_channels;
  k->all.first = INT32_MAX;
  EVL_NEW(arena, k->band, k->n_bands);
  EVL_TRY(evl_parts_plan(p, "band_power", shape, arena, &k->epochs));
  EVL_TRY(evl_spectra_plan(p, k->epochs, products, arena, use, k, &k->spectra));
  EVL_TRY(find_bins(k, "total_hz", total->reals[0], total->reals[1], &k->total));
  for (int b = 0; b < k->n_bands; b++)
    EVL_TRY(find_bins(k, bands->bands[b].name, bands->bands[b].low_hz, bands->bands[b].high_hz, &k->band[b]));
  if (k->all.first > k->all.end) k->all.first = k->all.end;
  *planned = k;
  return plan_memory(k, arena);
}

static double decibels(const kernel *k, double sum) {
  return sum > 0.0 ? 10.0 * log10(k->rule == NICE ? sum * 1e-12 : sum * evl_spectra_step_hz(k->spectra)) : NAN;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const size_t n_channels = (size_t)k->n_channels, n_bands = (size_t)k->n_bands, cells = n_bands * n_channels;
  const double step = evl_spectra_step_hz(k->spectra);
  const uint8_t *usable = evl_products_usable(k->products);
  evl_spectra_compute(k->spectra, window);
  for (size_t i = 0; i < cells; i++) {
    const bool known = usable[i % n_channels] && k->band[i / n_channels].complete && k->absolute[i] > 0.0;
    if (!known) k->absolute[i] = NAN;
    if (!known || !k->total.complete) k->relative[i] = NAN;
    evl_put(out, i, k->absolute[i] * step);
    evl_put(out, cells + i, k->relative[i]);
    evl_put(out, 2 * cells + i, decibels(k, k->absolute[i]));
  }
  for (size_t b = 0; b < n_bands; b++) {
    const double absolute = evl_mean_of_channels(k->absolute + b * n_channels, k->n_channels);
    evl_put(out, 3 * cells + b, absolute * step);
    evl_put(out, 3 * cells + n_bands + b, evl_mean_of_channels(k->relative + b * n_channels, k->n_channels));
    evl_put(out, 3 * cells + 2 * n_bands + b, decibels(k, absolute));
  }
}

static double cost_us(const evl_params *given, const evl_shape *shape) {
  evl_settings settings;
  const evl_params *p = evl_settings_of(given, "nice", nice, &settings);
  const double epochs = fmax(floor((double)shape->n_samples / evl_parts_length(p, shape)), 1.0);
  return evl_spectra_cost_us(p, shape) + 0.06 * shape->n_channels * evl_params_value(p, "bands")->n +
         (epochs > 1.0 ? 2.5 * shape->n_channels * epochs : 0.0);
}

const evl_entry evl_feature_band_power = {
    .name = "band_power",
    .summary = "Power in frequency bands: absolute, relative to a wider range, and in decibels.",
    .definition = "P(f): Welch's one-sided density. absolute = sum over bins low <= f_k < high of P(f_k) df; relative "
                  "= absolute / (the same over total_hz); db = 10 log10 absolute. A band that reaches beyond half the "
                  "sampling rate is undefined. In epochs: densities, and their shares in the epoch's total, are reduced over the "
                  "epochs bin by bin, then summed. half_open is the default, because then powers of neighbouring bands add "
                  "up.",
    .cite = "Welch 1967, doi:10.1109/TAU.1967.1161901; conventions: Engemann et al. 2018, doi:10.1093/brain/awy251 "
            "(nice), Vallat and Walker 2021, doi:10.7554/eLife.70092 (yasa)",
    .version = 2,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
