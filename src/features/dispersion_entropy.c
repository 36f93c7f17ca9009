/* dispersion_entropy: entropy of words of amplitude classes. */
#include <string.h>

#include "count_entropy_priv.h"

enum { MOST_CLASSES = 100, MOST_KINDS = 1 << 20 };

typedef struct kernel {
  evl_products *products;
  int n_samples, order, delay, classes;
  bool linear, fluctuation;
  size_t kinds;
  double border[MOST_CLASSES]; /* [classes - 1] between classes, in sd about the mean */
} kernel;

static const evl_param params[] = {
    {"order", EVL_INT, "2", 1, 10, NULL, "samples", "Length m of a word."},
    {"classes", EVL_INT, "6", 2, MOST_CLASSES, NULL, "", "Amplitude classes c; c^m at most 2^20."},
    {"delay", EVL_INT, "1", 1, 10000, NULL, "samples", "Between the samples of a word."},
    {"transform", EVL_STRING, "\"ncdf\"", 0, 0, "ncdf|linear", "",
     "ncdf: classes that a normal distribution of the window's mean and sd fills equally; linear: of equal width "
     "between minimum and maximum, which one artefact stretches."},
    {"fluctuation", EVL_BOOL, "false", 0, 0, NULL, "",
     "Words of differences between neighbouring classes (Azami and Escudero 2018), blind to slow drifts."},
    {0}};

static const evl_output outputs[] = {
    {"entropy", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0,
     "Entropy of the words over its maximum, the logarithm of the number of kinds."},
    {"reverse", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0,
     "Reverse dispersion entropy: squared distance of the distribution of words from an even one, over its maximum."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->order = (int)evl_params_int(p, "order");
  k->delay = (int)evl_params_int(p, "delay");
  k->classes = (int)evl_params_int(p, "classes");
  k->linear = !strcmp(evl_params_string(p, "transform"), "linear");
  k->fluctuation = evl_params_bool(p, "fluctuation");
  if (k->fluctuation && k->order < 2)
    return evl_fail(EVL_USAGE, "dispersion_entropy.order: expected 2 or more with fluctuation, found %d", k->order);
  k->kinds = k->fluctuation ? evl_kinds_of_words(2 * (size_t)k->classes - 1, k->order - 1, MOST_KINDS)
                            : evl_kinds_of_words((size_t)k->classes, k->order, MOST_KINDS);
  if (k->kinds == 0)
    return evl_fail(EVL_USAGE, "dispersion_entropy.order: expected at most 2^20 kinds, found %d classes, m = %d",
                    k->classes, k->order);
  for (int i = 1; i < k->classes; i++) /* the middle exactly, for signals that take their mean's value */
    k->border[i - 1] = 2 * i == k->classes ? 0.0 : evl_normal_quantile((double)i / k->classes);
  evl_scratch_plan(products, k->kinds * sizeof(uint32_t) + (size_t)shape->n_samples);
  *planned = k;
  return EVL_OK;
}

/* class[t]: how many of the borders are at or below x[t]. */
static void classify(const double *x, int n, const double *border, int n_borders, uint8_t *class) {
  enum { BLOCK = 512 };
  double above[BLOCK];
  for (int first = 0; first < n; first += BLOCK) {
    const int some = n - first < BLOCK ? n - first : BLOCK;
    memset(above, 0, sizeof above);
    for (int b = 0; b < n_borders; b++)
      for (int i = 0; i < some; i++) above[i] += x[first + i] >= border[b] ? 1.0 : 0.0;
    for (int i = 0; i < some; i++) class[first + i] = (uint8_t)(int)above[i];
  }
}

/* In the unit of the signal; false where the signal has no sd. */
static bool borders_of(const kernel *k, const double *x, double *border) {
  const size_t n = (size_t)k->n_samples;
  if (k->linear) {
    double low = x[0], high = x[0];
    for (size_t t = 1; t < n; t++) {
      low = fmin(low, x[t]);
      high = fmax(high, x[t]);
    }
    for (int i = 1; i < k->classes; i++) border[i - 1] = low + i * ((high - low) / k->classes);
    return isfinite(high - low);
  }
  const double mean = evl_mean(x, n), sd = sqrt(evl_variance(x, n, 0));
  for (int i = 1; i < k->classes; i++) border[i - 1] = mean + sd * k->border[i - 1];
  return isfinite(sd) && sd > 0.0;
}

static void put_words(const kernel *k, uint8_t *class, uint32_t *count, double words, size_t c, size_t n_channels,
                      evl_out *out) {
  const double kinds = (double)k->kinds;
  int n = k->n_samples, letters = k->classes, length = k->order;
  if (k->fluctuation) {
    n -= k->delay;
    for (int t = 0; t < n; t++) class[t] = (uint8_t)(class[t + k->delay] - class[t] + letters - 1);
    letters = 2 * letters - 1;
    length--;
  }
  evl_count_words(class, n, letters, length, k->delay, count, k->kinds);
  double squares = 0.0;
  for (size_t i = 0; i < k->kinds; i++) squares += (count[i] / words - 1.0 / kinds) * (count[i] / words - 1.0 / kinds);
  evl_put(out, c, fmin(evl_count_entropy(count, k->kinds) / log(kinds), 1.0));
  evl_put(out, n_channels + c, fmin(squares / (1.0 - 1.0 / kinds), 1.0));
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels;
  uint32_t *count = evl_scratch(k->products);
  uint8_t *class = (uint8_t *)(count + k->kinds);
  const double words = (double)k->n_samples - (k->order - 1.0) * k->delay;
  if (words < (double)k->kinds) return;
  for (size_t c = 0; c < n_channels; c++) {
    const double *x = window->x + c * window->ld;
    double border[MOST_CLASSES];
    if (!usable[c] || !borders_of(k, x, border)) continue;
    classify(x, k->n_samples, border, k->classes - 1, class);
    put_words(k, class, count, words, c, n_channels, out);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double work = 2.0 + 0.3 * (double)evl_params_int(p, "classes") + 0.3 * (double)evl_params_int(p, "order");
  return shape->n_channels * (double)shape->n_samples * 1e-3 * work;
}

const evl_entry evl_feature_dispersion_entropy = {
    .name = "dispersion_entropy",
    .summary = "Dispersion entropy: how evenly words of amplitude classes occur.",
    .definition = "z_t = 1 + floor(c Phi((x_t - mean) / sd)), Phi the normal distribution function; words (z_t, "
                  "z_{t+tau}, ..., z_{t+(m-1)tau}); entropy = -sum_w p_w ln p_w / ln c^m; reverse = sum_w (p_w - "
                  "c^-m)^2 / (1 - c^-m). Unlike permutation entropy it sees amplitudes, and small noise moves few "
                  "words. Six classes and m = 2 as in the paper; undefined with fewer words than kinds.",
    .cite = "Rostaghi and Azami 2016, doi:10.1109/LSP.2016.2542881, definition of DispEn; Azami and Escudero 2018, "
            "doi:10.3390/e20030210 (fluctuation); Li et al. 2019, doi:10.3390/s19235203 (reverse)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
