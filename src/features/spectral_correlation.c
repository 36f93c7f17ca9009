/* spectral_correlation: how alike the spectra of pairs of channels are. */
#include <string.h>

#include "correlation_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_psd *psd;
  evl_correlation *correlation;
  evl_bins bins;
  bool db;
} kernel;

static const evl_param params[] = {
    {"range_hz", EVL_REALS, "(1.0, 45.0)", 0.0, 1e5, NULL, "Hz", "Frequencies that are compared, both edges included."},
    {"db", EVL_BOOL, "true", 0, 0, NULL, "",
     "Compare decibels: of densities as they are (mne-features) only the highest peaks count."},
    EVL_CORRELATION_PARAMS,
    EVL_PSD_PARAMS,
    {0}};

static const evl_output outputs[] = {EVL_CORRELATION_OUTPUTS("spectra"), {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->db = evl_params_bool(p, "db");
  *planned = k;
  EVL_TRY(evl_psd_plan(p, shape, products, arena, &k->psd));
  EVL_TRY(evl_psd_range(k->psd, p, "spectral_correlation", "range_hz", &k->bins));
  return evl_correlation_plan(p, "spectral_correlation", k->bins.end - k->bins.first, products, arena,
                              &k->correlation);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  if (!k->bins.complete) return;
  for (int c = 0; c < window->n_channels; c++) {
    if (!usable[c]) continue;
    const double *density = evl_psd_channel(k->psd, window, c) + k->bins.first;
    double *row = evl_correlation_row(k->correlation, c);
    const int n = k->bins.end - k->bins.first;
    if (!k->db) memcpy(row, density, (size_t)n * sizeof *row);
    else /* an empty frequency counts as the least that there is */
      for (int i = 0; i < n; i++) row[i] = 10.0 * log10(fmax(density[i], 1e-300));
  }
  evl_correlation_put(k->correlation, out);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double bins = 0.5 * fmin(shape->fs_hz * evl_params_real(p, "segment_s"), shape->n_samples);
  return evl_psd_cost_us(p, shape) + evl_correlation_cost_us(shape->n_channels, (int)bins);
}

const evl_entry evl_feature_spectral_correlation = {
    .name = "spectral_correlation",
    .summary = "Correlation of the power spectra of pairs of channels, and the largest eigenvalues of their matrix.",
    .definition = "correlation = Pearson's r over the frequencies of range_hz of the densities of two channels, in "
                  "decibels; eigenvalue: of the matrix of all usable channels. db = false, across_channels = true, "
                  "range_hz from 0 to half the rate, taper = hamming, segment_s of 256 samples, overlap = 0 is "
                  "mne-features' spect_corr.",
    .cite = "Welch 1967, doi:10.1109/TAU.1967.1161901; Schindler et al. 2007, doi:10.1093/brain/awl304 (eigenvalues)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 30.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
