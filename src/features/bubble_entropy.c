/* bubble_entropy: growth with the order of the entropy of the swaps that sort a pattern. */
#include <string.h>

#include "count_entropy_priv.h"

enum { BLOCK = 512, MOST_ORDER = 30, MOST_SWAPS = (MOST_ORDER + 1) * MOST_ORDER / 2 };

typedef struct kernel {
  evl_products *products;
  int n_samples, order, delay;
} kernel;

static const evl_param params[] = {
    {"order", EVL_INT, "10", 2, MOST_ORDER, NULL, "samples", "Length m of the shorter patterns."},
    {"delay", EVL_INT, "1", 1, 10000, NULL, "samples", "Between the samples of a pattern."},
    {0}};

static const evl_output outputs[] = {
    {"entropy", EVL_PER_CHANNEL, NULL, false, "1", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Entropy of swaps at order m + 1 less that at order m, over the same of white noise for large m."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->order = (int)evl_params_int(p, "order");
  k->delay = (int)evl_params_int(p, "delay");
  *planned = k;
  return EVL_OK;
}

/* swaps[t]: pairs of the pattern from x + t on whose earlier sample is larger; those that sample `last` adds. */
static void add_swaps(const double *x, int n, int last, int delay, double *swaps) {
  const double *later = x + (long long)last * delay;
  for (int i = 0; i < last; i++) {
    const double *earlier = x + (long long)i * delay;
    for (int t = 0; t < n; t++) swaps[t] += earlier[t] > later[t] ? 1.0 : 0.0;
  }
}

/* Counts of swaps of orders m and m + 1, which has `delay` patterns less. */
static void count_swaps(const kernel *k, const double *x, int patterns, uint32_t *shorter, uint32_t *longer) {
  double swaps[BLOCK];
  memset(shorter, 0, (MOST_SWAPS + 1) * sizeof *shorter);
  memset(longer, 0, (MOST_SWAPS + 1) * sizeof *longer);
  for (int first = 0; first < patterns; first += BLOCK) {
    const int some = patterns - first < BLOCK ? patterns - first : BLOCK;
    const int both = patterns - k->delay - first;
    memset(swaps, 0, sizeof swaps);
    for (int last = 1; last < k->order; last++) add_swaps(x + first, some, last, k->delay, swaps);
    for (int t = 0; t < some; t++) shorter[(int)swaps[t]]++;
    if (both <= 0) continue;
    add_swaps(x + first, both < some ? both : some, k->order, k->delay, swaps);
    for (int t = 0; t < some && t < both; t++) longer[(int)swaps[t]]++;
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const long long patterns = k->n_samples - (k->order - 1LL) * k->delay;
  const int kinds = (k->order + 1) * k->order / 2 + 1;
  if (patterns - k->delay < kinds) return;
  for (size_t c = 0; c < (size_t)window->n_channels; c++) {
    uint32_t shorter[MOST_SWAPS + 1], longer[MOST_SWAPS + 1];
    if (!usable[c]) continue;
    count_swaps(k, window->x + c * window->ld, (int)patterns, shorter, longer);
    evl_put(out, c, (evl_count_collision_entropy(longer, MOST_SWAPS + 1) -
                     evl_count_collision_entropy(shorter, MOST_SWAPS + 1)) / log((k->order + 1.0) / (k->order - 1.0)));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double order = (double)evl_params_int(p, "order");
  return shape->n_channels * (double)shape->n_samples * (1.2e-3 + 8e-5 * order * (order + 1.0));
}

const evl_entry evl_feature_bubble_entropy = {
    .name = "bubble_entropy",
    .summary = "Bubble entropy: how the entropy of the swaps that sort a pattern grows with its length.",
    .definition = "n_t: swaps of neighbours that bubble sort needs for (x_t, x_{t+tau}, ..., x_{t+(m-1)tau}), equal "
                  "values staying; H_m = -ln sum_k P(n_t = k)^2 (Renyi, order 2); entropy = (H_{m+1} - H_m) / "
                  "ln((m+1) / (m-1)). Has neither tolerance nor classes to choose. Undefined with fewer patterns "
                  "than numbers of swaps.",
    .cite = "Manis, Aktaruzzaman and Sassi 2017, doi:10.1109/TBME.2017.2664105, definition of bEn",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
