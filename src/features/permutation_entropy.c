/* permutation_entropy: entropy of ordinal patterns, plain and weighted, at several delays. */
#include "symbols_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_parts *epochs;
  int n_delays;
  evl_symbols **symbols; /* [n_delays] */
  uint8_t *alive;        /* [epochs] */
} kernel;

static const evl_param params[] = {
    {"convention", EVL_STRING, "\"bandt_pompe\"", 0, 0, "bandt_pompe|nice", "",
     "bandt_pompe: the window as it is; nice: low-pass, epochs of 1 s and trimmed mean of NICE, where the parameters "
     "below do not say otherwise."},
    EVL_SYMBOL_PARAMS(EVL_SYMBOL_ORDER_MOST, "\"none\""),
    EVL_EPOCH_PARAMS,
    {0}};

static const evl_preset nice[] = {{"lowpass", 0, "nice"}, {"epoch_s", 1.0, NULL}, {"reduce", 0, "trimmed_mean80"}, {0}};

static const evl_output outputs[] = {
    {"entropy", EVL_PER_CHANNEL, "tau", false, "1", 0.0, 1.0,
     "Entropy of the ordinal patterns over its maximum ln order!."},
    {"weighted", EVL_PER_CHANNEL, "tau", false, "1", 0.0, 1.0,
     "The same, each pattern counted by the variance of its samples (weighted permutation entropy)."},
    {"mean_entropy", EVL_PER_WINDOW, "tau", false, "1", 0.0, 1.0, "Mean of entropy over the channels that have one."},
    {"mean_weighted", EVL_PER_WINDOW, "tau", false, "1", 0.0, 1.0, "Mean of weighted over the channels that have one."},
    {0}};

static evl_status plan(const evl_params *given, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  evl_settings settings;
  const evl_params *p = evl_settings_of(given, "nice", nice, &settings);
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_delays = evl_params_value(p, "tau")->n;
  EVL_NEW(arena, k->symbols, k->n_delays);
  EVL_TRY(evl_parts_plan(p, "permutation_entropy", shape, arena, &k->epochs));
  EVL_NEW(arena, k->alive, k->epochs->n);
  for (int d = 0; d < k->n_delays; d++)
    EVL_TRY(evl_symbols_plan(p, "permutation_entropy", d, k->epochs, EVL_SYMBOLS_ENTROPY | EVL_SYMBOLS_WEIGHTED,
                             products, arena, &k->symbols[d]));
  evl_scratch_plan(products, ((size_t)k->epochs->n + (size_t)shape->n_channels + 1) * 2 * (size_t)k->n_delays *
                                 sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* Values of all epochs, a column for each delay, entropies first; to the channel's column of `reduced`. */
static void reduce_channel(const kernel *k, const evl_window *window, int channel, double *matrix, double *reduced) {
  const int columns = 2 * k->n_delays, n = k->epochs->n;
  double *of_window = matrix + n * columns;
  for (int d = 0; d < k->n_delays; d++) {
    const bool defined = evl_symbols_patterns(k->symbols[d]) > 0;
    const double *plain = defined ? evl_symbols_entropy(k->symbols[d], channel) : NULL;
    const double *weighted = defined ? evl_symbols_weighted(k->symbols[d], channel) : NULL;
    for (int e = 0; e < n; e++) {
      matrix[e * columns + d] = defined ? plain[e] : NAN;
      matrix[e * columns + k->n_delays + d] = defined ? weighted[e] : NAN;
    }
  }
  evl_parts_alive(k->epochs, window->x + (size_t)channel * window->ld, k->alive);
  evl_parts_reduce(k->epochs, k->alive, matrix, (size_t)columns, columns, NULL, of_window);
  for (int i = 0; i < columns; i++) reduced[i * window->n_channels + channel] = of_window[i];
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const int columns = 2 * k->n_delays, n_channels = window->n_channels;
  double *reduced = evl_scratch(k->products), *matrix = reduced + columns * n_channels;
  for (int d = 0; d < k->n_delays; d++) evl_symbols_compute(k->symbols[d], window);
  for (int i = 0; i < columns * n_channels; i++) reduced[i] = NAN;
  for (int c = 0; c < n_channels; c++)
    if (usable[c]) reduce_channel(k, window, c, matrix, reduced);
  for (int i = 0; i < columns * n_channels; i++) evl_put(out, (size_t)i, reduced[i]);
  for (int i = 0; i < columns; i++)
    evl_put(out, (size_t)(columns * n_channels + i), evl_mean_of_channels(reduced + i * n_channels, n_channels));
}

static double cost_us(const evl_params *given, const evl_shape *shape) {
  evl_settings settings;
  const evl_params *p = evl_settings_of(given, "nice", nice, &settings);
  return evl_symbols_cost_us(p, shape, EVL_SYMBOLS_ENTROPY | EVL_SYMBOLS_WEIGHTED);
}

const evl_entry evl_feature_permutation_entropy = {
    .name = "permutation_entropy",
    .summary = "Permutation entropy: how evenly ordinal patterns of the signal occur, plain and weighted.",
    .definition = "Each (x_t, x_{t+tau}, ..., x_{t+(m-1)tau}) is replaced by the permutation that sorts it, equal "
                  "values in order of time; entropy = - sum_i p_i ln p_i / ln m!. weighted: p_i = the sum of the "
                  "variances of the patterns i over the sum of all. Undefined with fewer patterns than m!. In epochs: "
                  "each by itself, then reduced; an epoch in which the channel is flat does not count. The default "
                  "takes the window as a whole, because an entropy of few patterns is biased, and without low-pass, "
                  "because patterns of noise are what the measure is meant to see.",
    .cite = "Bandt and Pompe 2002, doi:10.1103/PhysRevLett.88.174102, eq. 2; Fadlallah et al. 2013, "
            "doi:10.1103/PhysRevE.87.022911, eq. 5 and 6 (weighted); King et al. 2013, doi:10.1016/j.cub.2013.07.075 "
            "(low-pass and delays)",
    .version = 2,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
