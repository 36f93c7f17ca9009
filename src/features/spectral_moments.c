/* spectral_moments: where a spectrum's power lies and how far it spreads. */
#include <string.h>

#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_psd *psd;
  evl_bins range;
  bool plain_sums; /* mne_features */
} kernel;

static const evl_param params[] = {
    {"range_hz", EVL_REALS, "(1.0, 45.0)", 0.0, 1e5, NULL, "Hz", "Range whose power counts, both ends included."},
    {"convention", EVL_STRING, "\"hjorth\"", 0, 0, "hjorth|mne_features", "",
     "hjorth: mobility and complexity as of the signal in time; mne_features: the sums of P f^2 and of P f^4 over bins "
     "instead, neither normalised nor times the step."},
    EVL_PSD_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"centroid", EVL_PER_CHANNEL, NULL, false, "Hz", 0.0, EVL_ANY_MAX, "Mean frequency of the power."},
    {"spread", EVL_PER_CHANNEL, NULL, false, "Hz", 0.0, EVL_ANY_MAX, "Standard deviation of frequency about it."},
    {"mobility", EVL_PER_CHANNEL, NULL, false, "1/s", 0.0, EVL_ANY_MAX,
     "Hjorth's mobility of the range: mean angular frequency (mne_features: see convention)."},
    {"complexity", EVL_PER_CHANNEL, NULL, false, "1", 0.0, EVL_ANY_MAX,
     "Hjorth's complexity of the range, 1 for a line (mne_features: see convention)."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->plain_sums = !strcmp(evl_params_string(p, "convention"), "mne_features");
  EVL_TRY(evl_psd_plan(p, shape, products, arena, &k->psd));
  EVL_TRY(evl_psd_range(k->psd, p, "spectral_moments", "range_hz", &k->range));
  *planned = k;
  return EVL_OK;
}

/* Sums of P, P f, P f^2, P f^4; then of P (f - mean)^2. */
typedef struct moments { double m0, m1, m2, m4, about; } moments;

static moments sums(const double *density, evl_bins range, double step_hz) {
  moments m = {0};
  for (int k = range.first; k < range.end; k++) {
    const double hz = k * step_hz, square = hz * hz;
    m.m0 += density[k];
    m.m1 += density[k] * hz;
    m.m2 += density[k] * square;
    m.m4 += density[k] * square * square;
  }
  for (int k = range.first; k < range.end; k++) {
    const double from = k * step_hz - m.m1 / m.m0;
    m.about += density[k] * from * from;
  }
  return m;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels;
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c] || !k->range.complete) continue;
    const moments m = sums(evl_psd_channel(k->psd, window, (int)c), k->range, evl_psd_step_hz(k->psd));
    if (!(m.m0 > 0.0)) continue;
    evl_put(out, c, m.m1 / m.m0);
    evl_put(out, n_channels + c, sqrt(m.about / m.m0));
    evl_put(out, 2 * n_channels + c, k->plain_sums ? m.m2 : 2.0 * M_PI * sqrt(m.m2 / m.m0));
    evl_put(out, 3 * n_channels + c, k->plain_sums ? m.m4 : sqrt(m.m4 / m.m2) / sqrt(m.m2 / m.m0));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const evl_value *range = evl_params_value(p, "range_hz");
  const double bins_hz = range->n == 2 ? range->reals[1] - range->reals[0] : 0.0;
  return evl_psd_cost_us(p, shape) + 4e-3 * shape->n_channels * bins_hz * evl_params_real(p, "segment_s");
}

const evl_entry evl_feature_spectral_moments = {
    .name = "spectral_moments",
    .summary = "Moments of the power spectrum: centroid, spread, Hjorth's mobility and complexity.",
    .definition = "m_j = sum over bins of range_hz of P(f_k) f_k^j. centroid = m_1 / m_0; spread = sqrt(sum P (f - "
                  "centroid)^2 / m_0); mobility = 2 pi sqrt(m_2 / m_0); complexity = sqrt(m_4 m_0) / m_2, which are "
                  "those of hjorth for a signal of this range.",
    .cite = "Hjorth 1970, doi:10.1016/0013-4694(70)90143-4, eq. 1 to 5; Mormann et al. 2007, "
            "doi:10.1093/brain/awl241 (mne_features)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
