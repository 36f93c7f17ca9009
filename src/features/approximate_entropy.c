/* approximate_entropy: regularity by templates that match, each template counted for itself. */
#include <string.h>

#include "matches_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_matching matching;
  int n_samples, ddof;
  double r, tolerance_uv;
} kernel;

static const evl_param params[] = {
    {"convention", EVL_STRING, "\"pincus\"", 0, 0, "pincus|antropy|entropyhub|mne_features", "",
     "pincus, antropy, entropyhub: differences <= r times the sd over n; mne_features: the sd over n - 1."},
    EVL_MATCH_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"entropy", EVL_PER_CHANNEL, NULL, false, "nat", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Mean logarithm of the share of matching templates, less that of templates longer by one sample."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->matching = (evl_matching){.order = (int)evl_params_int(p, "order"), .delay = (int)evl_params_int(p, "delay"),
                               .every = true};
  k->ddof = !strcmp(evl_params_string(p, "convention"), "mne_features");
  k->r = evl_params_real(p, "r");
  k->tolerance_uv = evl_params_real(p, "tolerance_uv");
  evl_scratch_plan(products, evl_matches_bytes(&k->matching, shape->n_samples));
  *planned = k;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  for (size_t c = 0; c < (size_t)window->n_channels; c++) {
    if (!usable[c]) continue;
    const double *x = window->x + c * window->ld;
    const double r = k->tolerance_uv > 0.0 ? k->tolerance_uv : evl_tolerance(x, k->n_samples, k->r, k->ddof);
    if (isnan(r)) continue;
    const evl_match_logs phi = evl_mean_logs(&k->matching, x, k->n_samples, r, evl_scratch(k->products));
    evl_put(out, c, phi.shorter - phi.longer);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = shape->n_samples, order = (double)evl_params_int(p, "order");
  return shape->n_channels * (n * (0.045 * order + 0.02) + n * n * 2.4e-6 * order);
}

const evl_entry evl_feature_approximate_entropy = {
    .name = "approximate_entropy",
    .summary = "Approximate entropy: regularity of the signal, with every template matching itself.",
    .definition = "C_i^m: share of the n - (m-1) tau templates of length m whose largest difference from template i is "
                  "at most r sd(x), itself included; Phi^m = mean_i ln C_i^m; entropy = Phi^m - Phi^{m+1}. Biased "
                  "towards regularity in short windows by the matches with itself, which keep the logarithm finite: "
                  "sample_entropy has neither. The default takes the sd of the window itself (over n). Slightly "
                  "negative values occur for nearly deterministic signals, because the two means run over different "
                  "numbers of templates.",
    .cite = "Pincus 1991, doi:10.1073/pnas.88.6.2297, definition of ApEn(m, r, N)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
