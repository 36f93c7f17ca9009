/* spectral_asymmetry: band power of the right against the left, and of the front against the back. */
#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_psd *psd;
  int n_channels, n_bands, n_pairs;
  evl_homologues *pair;   /* [n_pairs] */
  int *side;              /* [n_channels] 1: anterior, -1: posterior, 0: neither */
  evl_bins *band;         /* [n_bands] */
  double *log_power;      /* [n_channels] of a band; NaN where there is none */
} kernel;

static const evl_param params[] = {
    {"bands", EVL_BANDS,
     "{ delta = (1.0, 4.0); theta = (4.0, 8.0); alpha = (8.0, 13.0); beta = (13.0, 30.0); }", 0.0, 1e5, NULL, "Hz",
     "Bands, low <= f < high."},
    {"tolerance", EVL_REAL, "0.15", 0.0, 1.0, NULL, "radius",
     "How far from its partner's mirror image a channel may be, and how far from the middle it must be."},
    EVL_PSD_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"left_right", EVL_PER_WINDOW, "bands", false, "1", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Mean over pairs of ln power of the right minus the left electrode."},
    {"left_right_size", EVL_PER_WINDOW, "bands", false, "1", 0.0, EVL_ANY_MAX,
     "Mean over pairs of its size, which focal asymmetries of either side raise."},
    {"anterior_posterior", EVL_PER_WINDOW, "bands", false, "1", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Mean ln power of the anterior minus that of the posterior electrodes."},
    {0}};

static evl_status find_sides(kernel *k, const evl_montage *montage, double tolerance, evl_arena *arena) {
  EVL_NEW(arena, k->side, k->n_channels);
  for (int c = 0; montage && montage->xyz && c < k->n_channels; c++)
    k->side[c] = (montage->xyz[c][1] > tolerance) - (montage->xyz[c][1] < -tolerance);
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const evl_value *bands = evl_params_value(p, "bands");
  const double tolerance = evl_params_real(p, "tolerance");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_channels = shape->n_channels;
  k->n_bands = bands->n;
  EVL_NEW(arena, k->band, k->n_bands);
  EVL_NEW(arena, k->log_power, k->n_channels);
  EVL_TRY(evl_psd_plan(p, shape, products, arena, &k->psd));
  EVL_TRY(evl_homologues_find(shape->montage, tolerance, arena, &k->n_pairs, &k->pair));
  EVL_TRY(find_sides(k, shape->montage, tolerance, arena));
  for (int b = 0; b < k->n_bands; b++) {
    const evl_band *band = &bands->bands[b];
    k->band[b] = evl_psd_between(k->psd, band->low_hz, band->high_hz, false);
    if (k->band[b].complete && k->band[b].first >= k->band[b].end)
      return evl_fail(EVL_USAGE, "spectral_asymmetry: %s (%g to %g Hz) is too narrow for frequencies %g Hz apart",
                      band->name, band->low_hz, band->high_hz, evl_psd_step_hz(k->psd));
  }
  *planned = k;
  return EVL_OK;
}

static void find_power(const kernel *k, const evl_window *window, evl_bins band) {
  const uint8_t *usable = evl_products_usable(k->products);
  for (int c = 0; c < k->n_channels; c++) {
    const double sum =
        usable[c] ? evl_sum(evl_psd_channel(k->psd, window, c) + band.first, band.end - band.first) : 0.0;
    k->log_power[c] = sum > 0.0 && isfinite(sum) ? log(sum) : NAN;
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const size_t n_bands = (size_t)k->n_bands;
  for (size_t b = 0; b < n_bands; b++) {
    if (!k->band[b].complete) continue;
    find_power(k, window, k->band[b]);
    double sum = 0.0, size = 0.0, front = 0.0, back = 0.0;
    int pairs = 0, n_front = 0, n_back = 0;
    for (int i = 0; i < k->n_pairs; i++) {
      const double difference = k->log_power[k->pair[i].right] - k->log_power[k->pair[i].left];
      if (isnan(difference)) continue;
      sum += difference;
      size += fabs(difference);
      pairs++;
    }
    for (int c = 0; c < k->n_channels; c++) {
      if (isnan(k->log_power[c])) continue;
      if (k->side[c] > 0) front += k->log_power[c], n_front++;
      if (k->side[c] < 0) back += k->log_power[c], n_back++;
    }
    evl_put(out, b, sum / pairs);
    evl_put(out, n_bands + b, size / pairs);
    evl_put(out, 2 * n_bands + b, front / n_front - back / n_back);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return evl_psd_cost_us(p, shape) + 0.05 * shape->n_channels * evl_params_value(p, "bands")->n;
}

const evl_entry evl_feature_spectral_asymmetry = {
    .name = "spectral_asymmetry",
    .summary = "Asymmetry of band power between homologous electrodes, and between front and back.",
    .definition = "P_c: the density of channel c summed over the band. left_right = mean over pairs of ln P_right - "
                  "ln P_left; left_right_size = mean of its absolute value; anterior_posterior = mean ln P over the "
                  "channels in front - mean ln P over those behind. Logarithms make an electrode with twice the power "
                  "weigh as much as one with half. Undefined without pairs, or without places.",
    .cite = "Allen et al. 2004, doi:10.1016/j.biopsycho.2004.03.002 (ln right - ln left)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
