/* teager_kaiser: energy of an oscillation from three neighbouring samples. */
#include "wavelet_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_wavelet *wavelet;
  const evl_value *levels;
} kernel;

static const evl_param params[] = {
    {"levels", EVL_REALS, "(0, 1, 2, 3, 4, 5, 6)", 0.0, EVL_WAVELET_DEEPEST, NULL, "",
     "Levels of db4 wavelet coefficients whose energy is told too: details 1, 2, ...; 0: the approximation below the "
     "deepest of these. mne_features has 6 levels and the approximation."},
    {0}};

static const evl_output outputs[] = {
    {"mean", EVL_PER_CHANNEL, NULL, false, "uV^2", -EVL_ANY_MAX, EVL_ANY_MAX, "Mean energy of the signal."},
    {"sd", EVL_PER_CHANNEL, NULL, false, "uV^2", 0.0, EVL_ANY_MAX, "Its standard deviation over time."},
    {"wavelet_mean", EVL_PER_CHANNEL, "levels", false, "uV^2", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Mean energy of the level's coefficients."},
    {"wavelet_sd", EVL_PER_CHANNEL, "levels", false, "uV^2", 0.0, EVL_ANY_MAX, "Its standard deviation over them."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  int deepest;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->levels = evl_params_value(p, "levels");
  EVL_TRY(evl_wavelet_levels(p, "teager_kaiser", 0, &deepest));
  EVL_TRY(evl_wavelet_plan(deepest, products, arena, &k->wavelet));
  evl_scratch_plan(products, (size_t)shape->n_samples * sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* Mean and sd (n - 1) of x_t^2 - x_(t-1) x_(t+1) of x - level; energy [n - 2]. */
static void put_energy(const double *x, int n, double level, double *energy, evl_out *out, size_t mean, size_t sd) {
  if (n < 4) return;
  for (int t = 1; t + 1 < n; t++)
    energy[t - 1] = (x[t] - level) * (x[t] - level) - (x[t - 1] - level) * (x[t + 1] - level);
  evl_put(out, mean, evl_mean(energy, (size_t)(n - 2)));
  evl_put(out, sd, sqrt(evl_variance(energy, (size_t)(n - 2), 1)));
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels, n_levels = (size_t)k->levels->n;
  double *energy = evl_scratch(k->products);
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c]) continue;
    const double *x = window->x + c * window->ld;
    put_energy(x, window->n_samples, evl_mean(x, (size_t)window->n_samples), energy, out, c, n_channels + c);
    for (size_t l = 0; l < n_levels; l++) {
      const int level = (int)k->levels->reals[l];
      int n;
      if (level > evl_wavelet_depth(k->wavelet) || evl_wavelet_depth(k->wavelet) == 0) continue;
      const double *coefficient = evl_wavelet_level(k->wavelet, window, (int)c, level, &n);
      put_energy(coefficient, n, 0.0, energy, out, (2 + l) * n_channels + c, (2 + n_levels + l) * n_channels + c);
    }
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return evl_wavelet_cost_us(shape) + 4e-3 * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_teager_kaiser = {
    .name = "teager_kaiser",
    .summary = "Teager and Kaiser's energy of the signal and of its wavelet coefficients.",
    .definition = "psi_t = x_t^2 - x_(t-1) x_(t+1), x without its mean: A^2 sin^2(2 pi f / fs) for a sine of amplitude "
                  "A and frequency f. Mean and sd (n - 1) over time; the same of db4 wavelet coefficients, level by "
                  "level.",
    .cite = "Kaiser 1990, doi:10.1109/ICASSP.1990.115702, eq. 7; Badani et al. 2017, "
            "doi:10.1109/CALCON.2017.8280719 (wavelet levels, mne_features)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
