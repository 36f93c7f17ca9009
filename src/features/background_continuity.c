/* background_continuity: how much of a window is not suppressed, and how high bursts rise over suppressions. */
#include "background_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_suppression *suppression;
  double low, high;
} kernel;

static const evl_param params[] = {
    EVL_SUPPRESSION_PARAMS("amplitude"),
    {"ratio_between", EVL_REALS, "(0.01, 0.99)", 0.0, 1.0, NULL, "1",
     "Continuity within which the amplitude ratio is computed; it is 1 beyond."},
    {0}};

static const evl_output outputs[] = {
    {"continuity", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0,
     "Background continuity index: the share of time that is not suppressed."},
    {"amplitude_ratio", EVL_PER_CHANNEL, NULL, false, "1", 0.0, EVL_ANY_MAX,
     "Burst-suppression amplitude ratio: sd of the signal in bursts over that in suppressions."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  double between[2];
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_params_pair(p, "background_continuity", "ratio_between", between));
  k->products = products;
  k->low = between[0];
  k->high = between[1];
  EVL_TRY(evl_suppression_plan(p, shape, products, arena, &k->suppression));
  *planned = k;
  return EVL_OK;
}

/* Variance of the samples of one state, of which there are some; stretches are summed by themselves. */
static double variance(const double *x, const uint8_t *mask, int n, uint8_t state) {
  double sum = 0.0, square = 0.0;
  int64_t count = 0;
  for (evl_stretch s = {0, 0}; s.end < n;) {
    s = evl_stretch_at(mask, s.end, n);
    if (mask[s.begin] != state) continue;
    sum += evl_sum(x + s.begin, s.end - s.begin);
    count += s.end - s.begin;
  }
  const double mean = sum / (double)count;
  for (evl_stretch s = {0, 0}; s.end < n;) {
    s = evl_stretch_at(mask, s.end, n);
    if (mask[s.begin] != state) continue;
    double own = 0.0;
    for (int t = s.begin; t < s.end; t++) own += (x[t] - mean) * (x[t] - mean);
    square += own;
  }
  return square / (double)count;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const int first = evl_suppression_first(k->suppression), n = evl_suppression_end(k->suppression) - first;
  if (n < 1) return;
  for (int c = 0; c < window->n_channels; c++) {
    if (!usable[c]) continue;
    const uint8_t *mask = evl_suppression_channel(k->suppression, window, c) + first;
    const double *x = evl_suppression_signal(k->suppression, window, c) + first;
    int64_t suppressed = 0;
    for (int t = 0; t < n; t++) suppressed += mask[t];
    const double continuity = (double)(n - suppressed) / n;
    const bool both = suppressed > 0 && suppressed < n && continuity >= k->low && continuity <= k->high;
    const double ratio = both ? sqrt(variance(x, mask, n, 0) / variance(x, mask, n, 1)) : 1.0;
    evl_put(out, (size_t)c, continuity);
    evl_put(out, (size_t)(window->n_channels + c), ratio);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return evl_suppression_cost_us(p, shape) + 5e-3 * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_background_continuity = {
    .name = "background_continuity",
    .summary = "Background continuity index and burst-suppression amplitude ratio, the two of Ruijter.",
    .definition = "continuity = 1 - share of samples in suppression (see rule); amplitude_ratio = sd(x in bursts) / "
                  "sd(x in suppressions) where continuity is within ratio_between, else 1. As published with rule = "
                  "\"ruijter\". The default rule is the same without a filter of its own: the conditioning has "
                  "filtered with margins, so that no edge is lost. Channels with artefacts are the conditioning's "
                  "business, too.",
    .cite = "Ruijter et al. 2018, doi:10.1016/j.clinph.2018.04.745",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 120.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
