/* slope_entropy: entropy of words of classes of slope. */
#include <string.h>

#include "count_entropy_priv.h"

enum { MOST_LEVELS = 20, MOST_KINDS = 1 << 20 };

typedef struct kernel {
  evl_products *products;
  int n_samples, order, delay, n_levels;
  bool of_sd;
  size_t kinds;
  double level[MOST_LEVELS]; /* differences that part the classes */
} kernel;

static const evl_param params[] = {
    {"order", EVL_INT, "4", 2, 10, NULL, "samples", "Length m of a pattern: m - 1 slopes; kinds at most 2^20."},
    {"delay", EVL_INT, "1", 1, 10000, NULL, "samples", "Between the samples of a slope."},
    {"levels_deg", EVL_REALS, "(5, 20)", 1e-6, 89.999, NULL, "deg",
     "Angles, ascending, that part the classes of slope on either side; below the first one it counts as level."},
    {"amplitude", EVL_STRING, "\"sd\"", 0, 0, "sd|uv", "",
     "What a rise of 45 degrees is in `delay` samples: one standard deviation of the window, or one microvolt."},
    {0}};

static const evl_output outputs[] = {
    {"entropy", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0,
     "Entropy of the words of slopes over its maximum, the logarithm of the number of kinds."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const evl_value *levels = evl_params_value(p, "levels_deg");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->order = (int)evl_params_int(p, "order");
  k->delay = (int)evl_params_int(p, "delay");
  k->of_sd = !strcmp(evl_params_string(p, "amplitude"), "sd");
  k->n_levels = levels->n;
  if (levels->n < 1 || levels->n > MOST_LEVELS)
    return evl_fail(EVL_USAGE, "slope_entropy.levels_deg: expected 1 to %d angles, found %d", MOST_LEVELS, levels->n);
  for (int i = 0; i < levels->n; i++) {
    if (i && levels->reals[i] <= levels->reals[i - 1])
      return evl_fail(EVL_USAGE, "slope_entropy.levels_deg: expected ascending angles, found %g after %g",
                      levels->reals[i], levels->reals[i - 1]);
    k->level[i] = tan(levels->reals[i] * M_PI / 180.0);
  }
  k->kinds = evl_kinds_of_words(2 * (size_t)k->n_levels + 1, k->order - 1, MOST_KINDS);
  if (k->kinds == 0)
    return evl_fail(EVL_USAGE, "slope_entropy.order: expected at most 2^20 kinds of words, found %d levels, order %d",
                    k->n_levels, k->order);
  evl_scratch_plan(products, k->kinds * sizeof(uint32_t) + (size_t)shape->n_samples);
  *planned = k;
  return EVL_OK;
}

/* Classes 0 (steepest fall) to 2 n_levels of n slopes. */
static void classify(const kernel *k, const double *x, int n, double unit, uint8_t *class) {
  enum { BLOCK = 512 };
  double above[BLOCK];
  for (int first = 0; first < n; first += BLOCK) {
    const int some = n - first < BLOCK ? n - first : BLOCK;
    const double *here = x + first, *next = here + k->delay;
    for (int i = 0; i < some; i++) above[i] = k->n_levels;
    for (int l = 0; l < k->n_levels; l++) {
      const double level = k->level[l] * unit;
      for (int i = 0; i < some; i++) {
        const double rise = next[i] - here[i];
        above[i] += (rise > level ? 1.0 : 0.0) - (rise < -level ? 1.0 : 0.0);
      }
    }
    for (int i = 0; i < some; i++) class[first + i] = (uint8_t)(int)above[i];
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  uint32_t *count = evl_scratch(k->products);
  uint8_t *class = (uint8_t *)(count + k->kinds);
  const int n = k->n_samples;
  if (n - (k->order - 1.0) * k->delay < (double)k->kinds) return;
  for (size_t c = 0; c < (size_t)window->n_channels; c++) {
    const double *x = window->x + c * window->ld;
    if (!usable[c]) continue;
    const double unit = k->of_sd ? sqrt(evl_variance(x, (size_t)n, 0)) : 1.0;
    if (!isfinite(unit) || !(unit > 0.0)) continue;
    classify(k, x, n - k->delay, unit, class);
    evl_count_words(class, n - k->delay, 2 * k->n_levels + 1, k->order - 1, k->delay, count, k->kinds);
    evl_put(out, c, fmin(evl_count_entropy(count, k->kinds) / log((double)k->kinds), 1.0));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return shape->n_channels * (double)shape->n_samples * (1e-3 + 5e-4 * evl_params_value(p, "levels_deg")->n);
}

const evl_entry evl_feature_slope_entropy = {
    .name = "slope_entropy",
    .summary = "Slope entropy: how evenly words of steep, gentle and level slopes occur.",
    .definition = "Each slope x_{t+tau} - x_t becomes a letter by the levels it exceeds, up or down (2 L + 1 "
                  "letters); words of m - 1 of them; entropy = -sum_w p_w ln p_w / ln (2 L + 1)^{m-1}. Slopes are in "
                  "standard deviations of the window by default, so that amplifiers and skulls do not matter; at 250 "
                  "Hz a 10 Hz rhythm rises by a quarter of an sd a sample, which the levels of 5 and 20 degrees "
                  "(0.09 and 0.36) enclose. With amplitude = uv and levels (5, 45) it is that of EntropyHub. "
                  "Undefined with fewer words than kinds.",
    .cite = "Cuesta-Frau 2019, doi:10.3390/e21121167, definition of SlopEn",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
