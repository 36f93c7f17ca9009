/* wavelet_energy: energy of wavelet coefficients by level. */
#include <string.h>

#include "wavelet_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_wavelet *wavelet;
  const evl_value *levels;
  bool sums; /* mne_features */
} kernel;

static const evl_param params[] = {
    {"levels", EVL_REALS, "(1, 2, 3, 4, 5, 6)", 1.0, EVL_WAVELET_DEEPEST, NULL, "",
     "Levels of detail; level l is from fs / 2^(l + 1) to fs / 2^l."},
    {"convention", EVL_STRING, "\"mean_square\"", 0, 0, "mean_square|mne_features", "",
     "mean_square: per sample of the window, so that windows compare and all levels add up to the mean square; "
     "mne_features: the plain sum of squared coefficients."},
    {0}};

static const evl_output outputs[] = {
    {"energy", EVL_PER_CHANNEL, "levels", false, "uV^2", 0.0, EVL_ANY_MAX, "Energy of the level."},
    {"relative", EVL_PER_CHANNEL, "levels", false, "1", 0.0, 1.0, "Share of the level in the energy of all levels."},
    {"entropy", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0,
     "Shannon entropy of the shares over its greatest value; 0 where one level has all."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)shape;
  kernel *k;
  int deepest;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->levels = evl_params_value(p, "levels");
  k->sums = !strcmp(evl_params_string(p, "convention"), "mne_features");
  EVL_TRY(evl_wavelet_levels(p, "wavelet_energy", 1, &deepest));
  EVL_TRY(evl_wavelet_plan(deepest, products, arena, &k->wavelet));
  *planned = k;
  return EVL_OK;
}

static double sum_of_squares(const double *x, int n) {
  enum { LANES = 8 };
  double lane[LANES] = {0};
  for (int t = 0; t < n; t += LANES)
    for (int i = 0; i < LANES && t + i < n; i++) lane[i] += x[t + i] * x[t + i];
  return evl_sum(lane, LANES);
}

static void run_channel(const kernel *k, const evl_window *window, size_t c, evl_out *out) {
  const size_t n_channels = (size_t)window->n_channels, n_levels = (size_t)k->levels->n;
  double total = 0.0, entropy = 0.0;
  bool all = true;
  for (size_t l = 0; l < n_levels; l++) {
    const int level = (int)k->levels->reals[l];
    if (level > evl_wavelet_depth(k->wavelet)) {
      all = false; /* the window is too short for it */
      continue;
    }
    int n;
    const double *x = evl_wavelet_level(k->wavelet, window, (int)c, level, &n);
    const double energy = sum_of_squares(x, n) / (k->sums ? 1.0 : window->n_samples);
    evl_put(out, l * n_channels + c, energy);
    total += energy;
  }
  if (!all || !(total > 0.0) || !isfinite(total)) return;
  for (size_t l = 0; l < n_levels; l++) {
    const double share = out->value[l * n_channels + c] / total;
    evl_put(out, (n_levels + l) * n_channels + c, share);
    if (share > 0.0) entropy -= share * log(share);
  }
  if (n_levels > 1) evl_put(out, 2 * n_levels * n_channels + c, fmin(entropy / log((double)n_levels), 1.0));
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  for (int c = 0; c < window->n_channels; c++)
    if (usable[c]) run_channel(k, window, (size_t)c, out);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return evl_wavelet_cost_us(shape) + 5e-4 * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_wavelet_energy = {
    .name = "wavelet_energy",
    .summary = "Energy of wavelet coefficients by level, their shares, and the wavelet entropy.",
    .definition = "d_l(k): details of level l of the discrete transform by Daubechies' wavelet with four vanishing "
                  "moments. energy = sum_k d_l(k)^2 / n; relative p_l = energy / its sum over levels; entropy = - "
                  "sum_l p_l ln p_l / ln(number of levels). Levels halve the frequency, so their edges follow the "
                  "sampling rate: resample first where rates differ.",
    .cite = "Rosso et al. 2001, doi:10.1016/S0165-0270(00)00356-3, eq. 5 to 8; Teixeira et al. 2011, "
            "doi:10.1016/j.jneumeth.2011.07.002 (mne_features)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
