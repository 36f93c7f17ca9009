/* spectral_entropy: Shannon entropy of the normalised spectrum. */
#include <string.h>

#include "spectra_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_parts *epochs;
  evl_spectra *spectra;
  bool bits_without_first; /* mne_features */
  int n_channels;
  evl_bins range;
  uint8_t *alive;          /* [epochs] */
  double *of_epochs;       /* [epochs] */
  double *entropy;         /* [n_channels] */
} kernel;

static const evl_param params[] = {
    {"range_hz", EVL_REALS, "(1.0, 45.0)", 0.0, 1e5, NULL, "Hz", "Range whose power counts, both ends included."},
    {"convention", EVL_STRING, "\"normalised\"", 0, 0, "normalised|mne_features|nice", "",
     "normalised: over the logarithm of the number of bins, 0 to 1 (also antropy's); mne_features: in bits, the first "
     "bin counts in the total but not in the sum; nice: normalised, with NICE's segments, taper and the mean over epochs "
     "of 1 s where the parameters below do not say otherwise."},
    EVL_PSD_PARAMS,
    EVL_EPOCH_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"entropy", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 64.0,
     "Entropy of the spectrum, at most 1 (mne_features: bits, at most the logarithm of the number of bins)."},
    {"mean_entropy", EVL_PER_WINDOW, NULL, false, "1", 0.0, 64.0, "Mean of entropy over the channels that have one."},
    {0}};

static const evl_preset nice[] = {{"reduce", 0, "mean"}, EVL_NICE_SPECTRA, {0}};

/* In nats; 0 ln 0 = 0. */
static double entropy(const double *density, int first, int n, double total) {
  double sum = 0.0;
  for (int k = first; k < n; k++) {
    const double p = density[k] / total;
    if (p > 0.0) sum -= p * log(p);
  }
  return sum;
}

static void use(void *planned, int channel, const uint8_t *alive, const double *density, size_t ld) {
  const kernel *k = planned;
  const int n = k->range.end - k->range.first;
  if (!k->range.complete) return;
  for (int e = 0; e < k->epochs->n; e++) {
    const double *p = density + (size_t)e * ld + k->range.first, total = evl_sum(p, n);
    k->alive[e] = alive[e] && total > 0.0 && isfinite(total);
    if (!k->alive[e]) continue;
    k->of_epochs[e] = k->bits_without_first ? entropy(p, 1, n, total) / M_LN2
                                            : fmin(entropy(p, 0, n, total) / log(n), 1.0);
  }
  evl_parts_reduce(k->epochs, k->alive, k->of_epochs, 1, 1, NULL, &k->entropy[channel]);
}

static evl_status plan(const evl_params *given, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  evl_settings settings;
  const evl_params *p = evl_settings_of(given, "nice", nice, &settings);
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_channels = shape->n_channels;
  k->bits_without_first = !strcmp(evl_params_string(p, "convention"), "mne_features");
  EVL_TRY(evl_parts_plan(p, "spectral_entropy", shape, arena, &k->epochs));
  EVL_TRY(evl_spectra_plan(p, k->epochs, products, arena, use, k, &k->spectra));
  EVL_TRY(evl_spectra_range(k->spectra, p, "spectral_entropy", "range_hz", &k->range));
  if (k->range.complete && k->range.end - k->range.first < 2)
    return evl_fail(EVL_USAGE, "spectral_entropy.range_hz holds one frequency: expected two or more");
  EVL_NEW(arena, k->alive, k->epochs->n);
  EVL_NEW(arena, k->of_epochs, k->epochs->n);
  EVL_NEW(arena, k->entropy, k->n_channels);
  *planned = k;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  evl_spectra_compute(k->spectra, window);
  for (int c = 0; c < k->n_channels; c++) {
    if (!usable[c] || !k->range.complete) k->entropy[c] = NAN;
    evl_put(out, (size_t)c, k->entropy[c]);
  }
  evl_put(out, (size_t)k->n_channels, evl_mean_of_channels(k->entropy, k->n_channels));
}

static double cost_us(const evl_params *given, const evl_shape *shape) {
  evl_settings settings;
  const evl_params *p = evl_settings_of(given, "nice", nice, &settings);
  const evl_value *range = evl_params_value(p, "range_hz");
  const double bins_hz = range->n == 2 ? range->reals[1] - range->reals[0] : 0.0;
  const double epochs = fmax(floor((double)shape->n_samples / evl_parts_length(p, shape)), 1.0);
  const int64_t nfft = evl_params_int(p, "nfft");
  const double bins = bins_hz * (nfft > 0 ? (double)nfft / shape->fs_hz : evl_params_real(p, "segment_s"));
  return evl_spectra_cost_us(p, shape) + 0.008 * shape->n_channels * bins * epochs;
}

const evl_entry evl_feature_spectral_entropy = {
    .name = "spectral_entropy",
    .summary = "Shannon entropy of the normalised power spectrum.",
    .definition = "p_k = P(f_k) / sum_j P(f_j) over the n bins of range_hz; entropy = - sum_k p_k ln p_k / ln n.",
    .cite = "Inouye et al. 1991, doi:10.1016/0013-4694(91)90138-T",
    .version = 2,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
