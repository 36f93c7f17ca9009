/* lempel_ziv_joint: Lempel-Ziv complexity of all channels as one sequence. */
#include <string.h>

#include "lempel_ziv_priv.h"

typedef struct kernel {
  evl_products *products;
  size_t n, most;        /* samples; of all channels */
  evl_lz_parse parse;
  bool by_median, shuffled;
} kernel;

static const evl_param params[] = {
    {"threshold", EVL_STRING, "\"mean\"", 0, 0, "median|mean", "",
     "A sample is 1 where it is above this of its channel and window."},
    {"parse", EVL_STRING, "\"lz78\"", 0, 0, "lz76|lz78|schartner", "",
     "How words are found; schartner: as the published program, whose next word begins with the symbol that ended the "
     "last one."},
    {"norm", EVL_STRING, "\"length\"", 0, 0, "length|shuffled", "",
     "length: words times log2(n) / n; shuffled: words over those of the same bits in random order."},
    {0}};

static const evl_output outputs[] = {
    {"complexity", EVL_PER_WINDOW, NULL, false, "1", 0.0, EVL_ANY_MAX,
     "Words of the sequence that takes all channels sample by sample, normalised."},
    {0}};

static size_t work_bytes(const kernel *k) {
  const size_t parse = evl_lz_bytes(k->parse, k->most), sort = 2 * k->n * sizeof(double);
  return parse > sort ? parse : sort;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const char *parse = evl_params_string(p, "parse");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n = (size_t)shape->n_samples;
  k->most = k->n * (size_t)shape->n_channels;
  if (k->most > INT32_MAX / 2 - 1)
    return evl_fail(EVL_USAGE, "lempel_ziv_joint: expected below 2^30 samples in a window, found %zu", k->most);
  k->parse = !strcmp(parse, "lz76") ? EVL_LZ76 : !strcmp(parse, "lz78") ? EVL_LZ78 : EVL_LZW;
  k->by_median = !strcmp(evl_params_string(p, "threshold"), "median");
  k->shuffled = !strcmp(evl_params_string(p, "norm"), "shuffled");
  evl_scratch_plan(products, work_bytes(k) + k->most);
  *planned = k;
  return EVL_OK;
}

static void shuffle(uint8_t *bit, size_t n, uint64_t key) {
  evl_random random;
  evl_random_begin(&random, key, "lempel_ziv_joint", "shuffled", 0);
  for (size_t i = n; i-- > 1;) {
    const size_t k = (size_t)evl_random_below(&random, i + 1);
    const uint8_t swap = bit[i];
    bit[i] = bit[k];
    bit[k] = swap;
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  void *work = evl_scratch(k->products);
  uint8_t *bit = (uint8_t *)work + work_bytes(k);
  size_t channels = 0, filled = 0;
  for (int c = 0; c < window->n_channels; c++) channels += usable[c];
  if (channels == 0 || k->n < 2) return;
  for (size_t c = 0; c < (size_t)window->n_channels; c++)
    if (usable[c])
      evl_lz_binarise(window->x + c * window->ld, k->n, k->by_median, work, bit + filled++, channels);
  const size_t n = channels * k->n;
  const int64_t phrases = evl_lz_phrases(k->parse, bit, n, work);
  if (k->shuffled) {
    shuffle(bit, n, window->key);
    evl_put(out, 0, (double)phrases / (double)evl_lz_phrases(k->parse, bit, n, work));
  } else {
    evl_put(out, 0, evl_lz_normalised(phrases, n));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double parse = strcmp(evl_params_string(p, "parse"), "lz76") ? 0.012 : 0.12;
  const bool shuffled = !strcmp(evl_params_string(p, "norm"), "shuffled");
  return (shuffled ? 0.02 + 2.0 * parse : parse) * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_lempel_ziv_joint = {
    .name = "lempel_ziv_joint",
    .summary = "Lempel-Ziv complexity of all channels together.",
    .definition = "s = bits of all usable channels at the first sample, then at the second, ...; a bit is 1 where its "
                  "sample is above the mean of the channel; value = c log2(n) / n for c words of s. Diversity in time "
                  "and between channels lower it alike; another order of channels gives a slightly other value.",
    .cite = "Schartner et al. 2015, doi:10.1371/journal.pone.0133532, section LZc; Ziv and Lempel 1978, "
            "doi:10.1109/TIT.1978.1055934",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
