/* lempel_ziv: Lempel-Ziv complexities of each channel. */
#include <string.h>

#include "lempel_ziv_priv.h"

typedef struct kernel {
  evl_products *products;
  size_t n;
  bool by_median;
} kernel;

static const evl_param params[] = {
    {"threshold", EVL_STRING, "\"median\"", 0, 0, "median|mean", "",
     "A sample is 1 where it is above this of its channel and window."},
    {0}};

static const evl_output outputs[] = {
    {"lz76", EVL_PER_CHANNEL, NULL, false, "1", 0.0, EVL_ANY_MAX,
     "Phrases of the exhaustive history times log2(n) / n; about 1 for coins, near 0 for periodic signals."},
    {"lz78", EVL_PER_CHANNEL, NULL, false, "1", 0.0, EVL_ANY_MAX,
     "Phrases of the incremental dictionary times log2(n) / n; converges to 1 for coins from above, slowly."},
    {0}};

/* Scratch: [2 n] numbers or a parser's work, then the bits. */
static size_t work_bytes(size_t n) {
  const size_t lz76 = evl_lz_bytes(EVL_LZ76, n), sort = 2 * n * sizeof(double);
  return lz76 > sort ? lz76 : sort;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n = (size_t)shape->n_samples;
  if (k->n > INT32_MAX / 2 - 1)
    return evl_fail(EVL_USAGE, "lempel_ziv: expected windows below 2^30 samples, found %zu", k->n);
  k->by_median = !strcmp(evl_params_string(p, "threshold"), "median");
  evl_scratch_plan(products, work_bytes(k->n) + k->n);
  *planned = k;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  void *work = evl_scratch(k->products);
  uint8_t *bit = (uint8_t *)work + work_bytes(k->n);
  for (size_t c = 0; c < (size_t)window->n_channels; c++) {
    if (!usable[c]) continue;
    evl_lz_binarise(window->x + c * window->ld, k->n, k->by_median, work, bit, 1);
    evl_put(out, c, evl_lz_normalised(evl_lz_phrases(EVL_LZ76, bit, k->n, work), k->n));
    evl_put(out, (size_t)window->n_channels + c,
            evl_lz_normalised(evl_lz_phrases(EVL_LZ78, bit, k->n, work), k->n));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return 0.048 * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_lempel_ziv = {
    .name = "lempel_ziv",
    .summary = "Lempel-Ziv complexity of the binarised signal: number of new words, by both of their definitions.",
    .definition = "s_t = 1 where x_t > median x. lz76: s is cut from the left into the shortest words that did not "
                  "begin earlier in s (a word may overlap its earlier copy); lz78: into the shortest words that no "
                  "earlier cut gave; value = c log2(n) / n for c words, an unfinished last one included. The median "
                  "makes both symbols equally frequent, so that the value is about their order alone; antropy's "
                  "lziv_complexity(x > median, normalize=True) is lz76. Two symbols are counted in the norm even where "
                  "only one occurs.",
    .cite = "Lempel and Ziv 1976, doi:10.1109/TIT.1976.1055501, section II; Ziv and Lempel 1978, "
            "doi:10.1109/TIT.1978.1055934; Zhang et al. 2001, doi:10.1109/10.966601 (norm)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
