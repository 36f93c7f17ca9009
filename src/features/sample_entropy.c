/* sample_entropy: how seldom templates that match go on matching, from an exact count of pairs. */
#include <string.h>

#include "matches_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_matching matching;
  int n_samples, ddof;
  double r, tolerance_uv;
} kernel;

static const evl_param params[] = {
    {"convention", EVL_STRING, "\"richman\"", 0, 0, "richman|antropy|entropyhub|mne_features|nolds|pyeeg", "",
     "richman, entropyhub: differences <= r times the sd over n, n - m delay templates of both lengths; antropy: < "
     "below 5000 samples; mne_features: sd over n - 1; nolds: < r / 0.2 times 0.1164 (0.5627 ln m + 1.3334) times "
     "the sd over n - 1; pyeeg: one template more of the shorter length."},
    EVL_MATCH_PARAMS,
    {"border", EVL_STRING, "\"convention\"", 0, 0, "convention|closed|open", "",
     "Whether a difference of exactly the tolerance is a match (closed) or none (open); quantised signals have many."},
    {0}};

static const evl_output outputs[] = {
    {"entropy", EVL_PER_CHANNEL, NULL, false, "nat", 0.0, EVL_ANY_MAX,
     "Minus the logarithm of the share of matching pairs that match in one sample more."},
    {0}};

static bool is_open(const char *border, const char *convention, int n) {
  if (strcmp(border, "convention")) return !strcmp(border, "open");
  return !strcmp(convention, "nolds") || (!strcmp(convention, "antropy") && n < 5000);
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const char *convention = evl_params_string(p, "convention");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->matching = (evl_matching){.order = (int)evl_params_int(p, "order"), .delay = (int)evl_params_int(p, "delay"),
                               .open = is_open(evl_params_string(p, "border"), convention, shape->n_samples),
                               .every = !strcmp(convention, "pyeeg")};
  k->ddof = !strcmp(convention, "mne_features") || !strcmp(convention, "nolds");
  k->r = evl_params_real(p, "r");
  if (!strcmp(convention, "nolds")) k->r *= 0.1164 * (0.5627 * log(k->matching.order) + 1.3334) / 0.2;
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
    const evl_match_pairs pairs = evl_count_pairs(&k->matching, x, k->n_samples, r, evl_scratch(k->products));
    if (pairs.longer > 0) evl_put(out, c, -log((double)pairs.longer / (double)pairs.shorter));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = shape->n_samples, order = (double)evl_params_int(p, "order");
  return shape->n_channels * (n * 0.045 * order + n * n * 1.2e-6 * order);
}

const evl_entry evl_feature_sample_entropy = {
    .name = "sample_entropy",
    .summary = "Sample entropy: how seldom stretches of the signal that look alike go on alike.",
    .definition = "With templates u_i = (x_i, x_{i+tau}, ..., x_{i+(m-1)tau}), B the number of pairs i < j with "
                  "max_k |u_{i,k} - u_{j,k}| <= r sd(x), and A that of templates longer by one sample, both over n - "
                  "m tau templates: entropy = -ln(A / B). Counted exactly for any length. The default is the "
                  "definition of 2000: closed tolerance, the same templates in A and B; the sd is that of the window "
                  "itself (over n). Meant for windows of 10^m samples and more. Undefined where no longer pair "
                  "matches: the logarithm has no value there, and any number put in its place would depend on the "
                  "length alone.",
    .cite = "Richman and Moorman 2000, doi:10.1152/ajpheart.2000.278.6.H2039, definition of SampEn",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
