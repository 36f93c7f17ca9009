/* spectral_edge: the frequencies below which given shares of the power lie. */
#include <string.h>

#include "features_priv.h"

typedef enum { LINEAR, FIRST, NEAREST } rule;

typedef struct kernel {
  evl_products *products;
  evl_psd *psd;
  rule rule;
  int n_shares;
  const double *share; /* ascending or not */
  evl_bins range;
} kernel;

static const evl_param params[] = {
    {"share", EVL_REALS, "(0.5, 0.9, 0.95)", 0.001, 0.999, NULL, "1",
     "Shares of the power; 0.5 gives the median frequency."},
    {"range_hz", EVL_REALS, "(1.0, 45.0)", 0.0, 1e5, NULL, "Hz", "Range whose power counts, both ends included."},
    {"convention", EVL_STRING, "\"linear\"", 0, 0, "linear|mne_features|nice", "",
     "linear: the density is constant within a bin, so the edge moves smoothly with the data; mne_features: the first "
     "bin that reaches the share; nice: the bin whose cumulated share is nearest, the first of equals."},
    EVL_PSD_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"edge", EVL_PER_CHANNEL, "share", false, "Hz", 0.0, EVL_ANY_MAX,
     "Frequency below which the share of the power lies."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const char *convention = evl_params_string(p, "convention");
  const evl_value *share = evl_params_value(p, "share");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->rule = !strcmp(convention, "nice") ? NEAREST : !strcmp(convention, "linear") ? LINEAR : FIRST;
  k->n_shares = share->n;
  k->share = share->reals;
  EVL_TRY(evl_psd_plan(p, shape, products, arena, &k->psd));
  EVL_TRY(evl_psd_range(k->psd, p, "spectral_edge", "range_hz", &k->range));
  *planned = k;
  return EVL_OK;
}

/* The edge in bins from the first one of the range. */
static double edge(rule by, const double *density, int n, double share) {
  const double total = evl_sum(density, n);
  double below = 0.0, nearest = INFINITY;
  int best = n - 1;
  for (int k = 0; k < n; k++) {
    const double through = below + density[k];
    if (by == NEAREST && fabs(through / total - share) < nearest) {
      nearest = fabs(through / total - share);
      best = k;
    }
    if (by == FIRST && through >= share * total) return k;
    if (by == LINEAR && through >= share * total) return k - 0.5 + (share * total - below) / density[k];
    below = through;
  }
  return best;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const int n = k->range.end - k->range.first;
  for (int c = 0; c < window->n_channels; c++) {
    if (!usable[c] || !k->range.complete) continue;
    const double *density = evl_psd_channel(k->psd, window, c) + k->range.first;
    if (!(evl_sum(density, n) > 0.0)) continue;
    for (int s = 0; s < k->n_shares; s++) {
      const double bin = k->range.first + edge(k->rule, density, n, k->share[s]);
      evl_put(out, (size_t)s * (size_t)window->n_channels + (size_t)c, fmax(bin, 0.0) * evl_psd_step_hz(k->psd));
    }
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return evl_psd_cost_us(p, shape) + 0.5 * shape->n_channels * evl_params_value(p, "share")->n;
}

const evl_entry evl_feature_spectral_edge = {
    .name = "spectral_edge",
    .summary = "Spectral edge frequencies: below them lie given shares of the power.",
    .definition = "The f at which C(f) = share * C(high), C(f) the integral of Welch's density from low to f, the "
                  "density constant within each bin (f_k - df/2, f_k + df/2).",
    .cite = "Rampil 1998, doi:10.1097/00000542-199810000-00023; conventions: Engemann et al. 2018, "
            "doi:10.1093/brain/awy251 (nice)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
