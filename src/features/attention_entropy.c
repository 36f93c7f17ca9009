/* attention_entropy: entropies of the intervals between turning points. */
#include <string.h>

#include "count_entropy_priv.h"

enum { MAX_MAX, MIN_MIN, MAX_MIN, MIN_MAX, INTERVALS };

typedef struct kernel {
  evl_products *products;
  int n_samples;
} kernel;

static const evl_param params[] = {{0}};

static const evl_output outputs[] = {
    {"entropy", EVL_PER_CHANNEL, NULL, false, "bit", 0.0, 64.0, "Mean of the four entropies of intervals."},
    {"max_max", EVL_PER_CHANNEL, NULL, false, "bit", 0.0, 64.0, "Of intervals from a maximum to the next maximum."},
    {"min_min", EVL_PER_CHANNEL, NULL, false, "bit", 0.0, 64.0, "Of intervals from a minimum to the next minimum."},
    {"max_min", EVL_PER_CHANNEL, NULL, false, "bit", 0.0, 64.0, "Of intervals from a maximum to the minimum after it."},
    {"min_max", EVL_PER_CHANNEL, NULL, false, "bit", 0.0, 64.0, "Of intervals from a minimum to the maximum after it."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)p;
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  evl_scratch_plan(products, INTERVALS * (size_t)shape->n_samples * sizeof(uint32_t));
  *planned = k;
  return EVL_OK;
}

/* count[i * n + d]: intervals of kind i and d samples. A flat top counts once, at its middle. */
static void count_intervals(const double *x, int n, uint32_t *count) {
  int last_max = -1, last_min = -1, plateau = 0; /* plateau: its first sample */
  bool rising = false, moving = false;
  memset(count, 0, INTERVALS * (size_t)n * sizeof *count);
  for (int t = 1; t < n; t++) {
    if (x[t] == x[t - 1]) continue;
    const bool up = x[t] > x[t - 1];
    if (moving && up != rising) {
      const int here = plateau + (t - 1 - plateau) / 2, *same = rising ? &last_max : &last_min;
      const int other = rising ? last_min : last_max;
      if (*same >= 0) count[(rising ? MAX_MAX : MIN_MIN) * (size_t)n + (size_t)(here - *same)]++;
      if (other >= 0) count[(rising ? MIN_MAX : MAX_MIN) * (size_t)n + (size_t)(here - other)]++;
      *(rising ? &last_max : &last_min) = here;
    }
    moving = true;
    rising = up;
    plateau = t;
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels, n = (size_t)k->n_samples;
  uint32_t *count = evl_scratch(k->products);
  for (size_t c = 0; c < n_channels; c++) {
    double sum = 0.0;
    if (!usable[c]) continue;
    count_intervals(window->x + c * window->ld, k->n_samples, count);
    for (size_t i = 0; i < INTERVALS; i++) {
      const double entropy = evl_count_entropy(count + i * n, n) / M_LN2;
      sum += entropy;
      evl_put(out, (i + 1) * n_channels + c, entropy);
    }
    evl_put(out, c, sum / INTERVALS);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return 8e-3 * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_attention_entropy = {
    .name = "attention_entropy",
    .summary = "Attention entropy: how irregular the intervals between turning points are.",
    .definition = "Turning points are local maxima and minima, a flat one at its middle. For the intervals from "
                  "maximum to maximum, minimum to minimum, maximum to minimum and minimum to maximum: H = -sum_d p_d "
                  "log2 p_d over lengths d in samples; entropy = their mean. It has no parameter; intervals are in "
                  "samples, so recordings compare at one rate and after one low-pass only. Undefined where a kind of "
                  "interval does not occur.",
    .cite = "Yang et al. 2023, doi:10.1109/TAFFC.2020.3031004, definition of attention entropy",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
