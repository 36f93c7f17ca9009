/* brain_symmetry_index: how much the spectra of the hemispheres differ. */
#include <string.h>

#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_psd *psd;
  bool pairwise;
  int n_pairs, n_bands;
  evl_homologues *pair; /* [n_pairs] */
  evl_bins *band;       /* [n_bands] */
} kernel;

static const evl_param params[] = {
    {"bands", EVL_BANDS, "{ broad = (1.0, 25.0); }", 0.0, 1e5, NULL, "Hz",
     "Bands, lower edge included. NEURAL takes delta (0.5, 4), theta (4, 7), alpha (7, 13), beta (13, 30)."},
    {"convention", EVL_STRING, "\"revised\"", 0, 0, "revised|pairwise", "",
     "revised (2007): spectra are averaged over each hemisphere first; pairwise (2004): asymmetries are averaged over "
     "pairs first."},
    {"tolerance", EVL_REAL, "0.15", 0.0, 1.0, NULL, "radius",
     "How far from its partner's mirror image a channel may be, head radius 1."},
    EVL_PSD_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"index", EVL_PER_WINDOW, "bands", false, "1", 0.0, 1.0, "0: symmetric; 1: power in one hemisphere only."},
    {"lateralisation", EVL_PER_WINDOW, "bands", false, "1", -1.0, 1.0,
     "The same with its sign: above 0, more power in the right hemisphere."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const evl_value *bands = evl_params_value(p, "bands");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->pairwise = !strcmp(evl_params_string(p, "convention"), "pairwise");
  k->n_bands = bands->n;
  EVL_NEW(arena, k->band, k->n_bands);
  EVL_TRY(evl_psd_plan(p, shape, products, arena, &k->psd));
  EVL_TRY(evl_homologues_find(shape->montage, evl_params_real(p, "tolerance"), arena, &k->n_pairs, &k->pair));
  for (int b = 0; b < k->n_bands; b++)
    k->band[b] = evl_psd_between(k->psd, bands->bands[b].low_hz, bands->bands[b].high_hz, false);
  *planned = k;
  return EVL_OK;
}

/* (right - left) / (right + left) of a bin by the convention; NaN where there is no power. */
static double asymmetry(const kernel *k, const evl_window *window, const uint8_t *usable, int bin) {
  double left = 0.0, right = 0.0, sum = 0.0;
  int n = 0;
  for (int i = 0; i < k->n_pairs; i++) {
    const evl_homologues *p = &k->pair[i];
    if (!usable[p->left] || !usable[p->right]) continue;
    const double l = evl_psd_channel(k->psd, window, p->left)[bin], r = evl_psd_channel(k->psd, window, p->right)[bin];
    left += l;
    right += r;
    if (!(l + r > 0.0)) continue;
    sum += (r - l) / (r + l);
    n++;
  }
  return k->pairwise ? sum / n : (right - left) / (right + left);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  for (int b = 0; b < k->n_bands; b++) {
    double size = 0.0, sum = 0.0;
    int n = 0;
    for (int bin = k->band[b].first; k->band[b].complete && bin < k->band[b].end; bin++) {
      const double a = asymmetry(k, window, usable, bin);
      if (!isfinite(a)) continue;
      size += fabs(a);
      sum += a;
      n++;
    }
    evl_put(out, (size_t)b, size / n);
    evl_put(out, (size_t)(k->n_bands + b), sum / n);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return evl_psd_cost_us(p, shape) + 1.0 * shape->n_channels * evl_params_value(p, "bands")->n;
}

const evl_entry evl_feature_brain_symmetry_index = {
    .name = "brain_symmetry_index",
    .summary = "Brain symmetry index: the mean relative difference between the spectra of the hemispheres.",
    .definition = "revised: mean over bins of |R(f) - L(f)| / (R(f) + L(f)), R and L the powers summed over the right "
                  "and the left channels of all pairs; pairwise: mean over bins of |mean over pairs of (R_p - L_p) / "
                  "(R_p + L_p)|. Pairs are channels at mirrored places, or by name without places; both must be "
                  "usable. Undefined without a pair. The revised index is the default: weak channels do not weigh as "
                  "much as strong ones.",
    .cite = "van Putten 2007, doi:10.1016/j.clinph.2007.07.019; van Putten et al. 2004, "
            "doi:10.1161/01.STR.0000144649.49861.1d",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
