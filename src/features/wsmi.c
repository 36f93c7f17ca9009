/* wsmi: symbolic mutual information of pairs of channels, plain and weighted, at several delays. */
#include <string.h>

#include "symbols_priv.h"

enum { KINDS = 6, ORDER_MOST = 5 };

typedef struct kernel {
  evl_products *products;
  evl_parts *epochs;
  bool with_itself;       /* medians over channels count the zero of the channel with itself */
  int n_channels, n_pairs, n_delays, kinds;
  evl_symbols **symbols;  /* [n_delays] */
  double *ln, *x_ln_x;    /* [samples of an epoch + 1]: of counts, 0 of 0 */
  uint8_t *alive;         /* [n_channels][epochs] */
  uint8_t *both;          /* [epochs] */
  uint32_t *count;        /* [n_channels][kinds] of an epoch */
  uint32_t *joint;        /* [kinds][kinds], zeros between pairs; NULL for order 3 */
} kernel;

static const evl_param params[] = {
    {"convention", EVL_STRING, "\"plain\"", 0, 0, "plain|nice|mne_connectivity", "",
     "plain: the window as a whole, medians over the other channels; nice: epochs of 1 s, their trimmed mean, and "
     "medians that count the zero of a channel with itself; mne_connectivity: epochs of 1 s and their mean. Epochs and "
     "reduction as the parameters below say where they do."},
    EVL_SYMBOL_PARAMS(ORDER_MOST, "\"nice\""),
    EVL_EPOCH_PARAMS,
    {0}};

static const evl_preset nice[] = {{"epoch_s", 1.0, NULL}, {"reduce", 0, "trimmed_mean80"}, {0}};
static const evl_preset mne[] = {{"epoch_s", 1.0, NULL}, {"reduce", 0, "mean"}, {0}};

/* A part of a sum of p ln (p / q) is at least - 1 / e. */
#define LEAST (-0.21)

static const evl_output outputs[] = {
    {"weighted", EVL_PER_PAIR, "tau", false, "1", LEAST, 1.0,
     "wSMI: mutual information of the symbols without pairs of equal and of reversed symbols, over ln order!."},
    {"mutual", EVL_PER_PAIR, "tau", false, "1", 0.0, 1.0, "SMI: mutual information of the symbols over ln order!."},
    {"channel_weighted", EVL_PER_CHANNEL, "tau", false, "1", LEAST, 1.0, "Median of weighted over the other channels."},
    {"channel_mutual", EVL_PER_CHANNEL, "tau", false, "1", 0.0, 1.0, "Median of mutual over the other channels."},
    {"mean_weighted", EVL_PER_WINDOW, "tau", false, "1", LEAST, 1.0, "Mean of channel_weighted."},
    {"mean_mutual", EVL_PER_WINDOW, "tau", false, "1", 0.0, 1.0, "Mean of channel_mutual."},
    {0}};

static const evl_params *settle(const evl_params *given, evl_settings *settings) {
  const evl_params *p = evl_settings_of(given, "nice", nice, settings);
  return p == given ? evl_settings_of(given, "mne_connectivity", mne, settings) : p;
}

static evl_status plan_tables(kernel *k, int order, evl_arena *arena) {
  EVL_NEW(arena, k->ln, k->epochs->length + 1);
  EVL_NEW(arena, k->x_ln_x, k->epochs->length + 1);
  for (int i = 1; i <= k->epochs->length; i++) {
    k->ln[i] = log(i);
    k->x_ln_x[i] = i * log(i);
  }
  k->kinds = 1;
  for (int i = 2; i <= order; i++) k->kinds *= i;
  EVL_NEW(arena, k->count, (size_t)k->n_channels * (size_t)k->kinds);
  if (order > 3) EVL_NEW(arena, k->joint, (size_t)k->kinds * (size_t)k->kinds);
  return EVL_OK;
}

static evl_status plan(const evl_params *given, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  evl_settings settings;
  const evl_params *p = settle(given, &settings);
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->with_itself = !strcmp(evl_params_string(p, "convention"), "nice");
  k->n_channels = shape->n_channels;
  k->n_pairs = shape->n_channels * (shape->n_channels - 1) / 2;
  k->n_delays = evl_params_value(p, "tau")->n;
  EVL_TRY(evl_parts_plan(p, "wsmi", shape, arena, &k->epochs));
  EVL_TRY(plan_tables(k, (int)evl_params_int(p, "order"), arena));
  EVL_NEW(arena, k->symbols, k->n_delays);
  EVL_NEW(arena, k->alive, (size_t)k->n_channels * (size_t)k->epochs->n);
  EVL_NEW(arena, k->both, k->epochs->n);
  for (int d = 0; d < k->n_delays; d++)
    EVL_TRY(evl_symbols_plan(p, "wsmi", d, k->epochs, EVL_SYMBOLS_KEPT, products, arena, &k->symbols[d]));
  const size_t pairs = (size_t)k->n_pairs, channels = (size_t)k->n_channels;
  evl_scratch_plan(products, ((size_t)k->epochs->n * 2 * pairs + 2 * pairs + 2 * channels) * sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* wSMI and SMI of a pair in an epoch. */
typedef struct information { double weighted, mutual; } information;

/* Counts of pairs of the first five kinds; the others follow from the counts of each channel. */
static inline void count_five(const uint64_t *x, const uint64_t *y, size_t words, uint32_t joint[KINDS][KINDS]) {
  for (size_t i = 0; i < KINDS - 1; i++)
    for (size_t j = 0; j < KINDS - 1; j++) {
      int sum = 0;
      for (size_t w = 0; w < words; w++) sum += __builtin_popcountll(x[i * words + w] & y[j * words + w]);
      joint[i][j] = (uint32_t)sum;
    }
}

static void count_joint(const uint64_t *x, const uint64_t *y, size_t words, const uint32_t *of_x, const uint32_t *of_y,
                        uint32_t joint[KINDS][KINDS]) {
  enum { LAST = KINDS - 1 };
  if (words == 4) /* 1 s at 250 Hz */
    count_five(x, y, 4, joint);
  else
    count_five(x, y, words, joint);
  for (int j = 0; j < LAST; j++) joint[LAST][j] = of_y[j];
  joint[LAST][LAST] = of_x[LAST];
  for (int i = 0; i < LAST; i++) {
    joint[i][LAST] = of_x[i];
    for (int j = 0; j < LAST; j++) {
      joint[i][LAST] -= joint[i][j];
      joint[LAST][j] -= joint[i][j];
    }
  }
  for (int j = 0; j < LAST; j++) joint[LAST][LAST] -= joint[LAST][j];
}

/* With counts c and n = sum c: n SMI = sum c ln c - sum c_x ln c_x - sum c_y ln c_y + n ln n; wSMI has the cells of weight
   one alone, and of each margin what these have of it. */
static information of_order_three(const kernel *k, const uint64_t *x, const uint64_t *y, size_t words,
                                  const uint32_t *of_x, const uint32_t *of_y, int n) {
  uint32_t joint[KINDS][KINDS];
  double kept = 0.0, left_out = 0.0, margins = 0.0, kept_margins = 0.0;
  uint32_t n_kept = (uint32_t)n;
  count_joint(x, y, words, of_x, of_y, joint);
  for (int i = 0; i < KINDS; i++) {
    const int r = KINDS - 1 - i;
    const uint32_t out_x = joint[i][i] + joint[i][r], out_y = joint[i][i] + joint[r][i];
    left_out += k->x_ln_x[joint[i][i]] + k->x_ln_x[joint[i][r]];
    for (int j = 0; j < KINDS; j++)
      if (j != i && j != r) kept += k->x_ln_x[joint[i][j]];
    margins += k->x_ln_x[of_x[i]] + k->x_ln_x[of_y[i]];
    kept_margins += k->ln[of_x[i]] * (of_x[i] - out_x) + k->ln[of_y[i]] * (of_y[i] - out_y);
    n_kept -= out_x;
  }
  return (information){kept + k->ln[n] * n_kept - kept_margins, kept + left_out + k->x_ln_x[n] - margins};
}

/* Each cell when its first pattern comes by; leaves zeros. */
static information of_codes(const kernel *k, const uint16_t *x, const uint16_t *y, const uint32_t *of_x,
                            const uint32_t *of_y, int n) {
  information sum = {0.0, 0.0};
  for (int t = 0; t < n; t++) k->joint[x[t] * k->kinds + y[t]]++;
  for (int t = 0; t < n; t++) {
    uint32_t *cell = &k->joint[x[t] * k->kinds + y[t]];
    if (*cell == 0) continue;
    const double term = *cell * (k->ln[*cell] + k->ln[n] - k->ln[of_x[x[t]]] - k->ln[of_y[y[t]]]);
    sum.mutual += term;
    if (x[t] != y[t] && x[t] + y[t] != k->kinds - 1) sum.weighted += term;
    *cell = 0;
  }
  return sum;
}

/* Counts of a channel's symbols in an epoch. */
static void count_channel(const kernel *k, const evl_symbols *s, int epoch, int channel, uint32_t *count) {
  if (k->joint) {
    const uint16_t *code = evl_symbols_codes(s, epoch, channel);
    memset(count, 0, (size_t)k->kinds * sizeof *count);
    for (int t = 0; t < evl_symbols_patterns(s); t++) count[code[t]]++;
    return;
  }
  const uint64_t *planes = evl_symbols_planes(s, epoch, channel);
  const size_t words = evl_symbols_words(s);
  for (size_t i = 0; i < KINDS; i++) {
    int sum = 0;
    for (size_t w = 0; w < words; w++) sum += __builtin_popcountll(planes[i * words + w]);
    count[i] = (uint32_t)sum;
  }
}

/* All pairs of an epoch: value [n_pairs][2], weighted and mutual; 0 where a channel is flat. */
static void run_epoch(const kernel *k, const evl_symbols *s, int epoch, double *value) {
  const int n = evl_symbols_patterns(s);
  const double unit = 1.0 / (n * log(k->kinds));
  for (int c = 0; c < k->n_channels; c++)
    if (k->alive[c * k->epochs->n + epoch]) count_channel(k, s, epoch, c, k->count + c * k->kinds);
  for (int a = 0; a < k->n_channels; a++)
    for (int b = a + 1; b < k->n_channels; b++, value += 2) {
      information i = {0.0, 0.0};
      const uint32_t *of_a = k->count + a * k->kinds, *of_b = k->count + b * k->kinds;
      if (k->alive[a * k->epochs->n + epoch] && k->alive[b * k->epochs->n + epoch])
        i = k->joint ? of_codes(k, evl_symbols_codes(s, epoch, a), evl_symbols_codes(s, epoch, b), of_a, of_b, n)
                     : of_order_three(k, evl_symbols_planes(s, epoch, a), evl_symbols_planes(s, epoch, b),
                                      evl_symbols_words(s), of_a, of_b, n);
      value[0] = i.weighted * unit;
      value[1] = fmin(fmax(i.mutual * unit, 0.0), 1.0);
    }
}

/* Epochs that every channel has; false where channels differ. */
static bool find_alive(const kernel *k, const evl_window *window) {
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n = (size_t)k->epochs->n;
  bool same = true;
  for (int c = 0; c < k->n_channels; c++) {
    memset(k->alive + (size_t)c * n, 0, n);
    if (usable[c]) evl_parts_alive(k->epochs, window->x + (size_t)c * window->ld, k->alive + (size_t)c * n);
    same = same && !memcmp(k->alive, k->alive + (size_t)c * n, n);
  }
  return same;
}

/* Values of all epochs to those of the window, [n_pairs][2]; NaN where no epoch has both channels. */
static void reduce_pairs(const kernel *k, bool same, const double *value, double *reduced) {
  const int n = k->epochs->n, columns = 2 * k->n_pairs;
  if (same) {
    evl_parts_reduce(k->epochs, k->alive, value, (size_t)columns, columns, NULL, reduced);
    return;
  }
  int pair = 0;
  for (int a = 0; a < k->n_channels; a++)
    for (int b = a + 1; b < k->n_channels; b++, pair++) {
      for (int e = 0; e < n; e++) k->both[e] = k->alive[a * n + e] & k->alive[b * n + e];
      evl_parts_reduce(k->epochs, k->both, value + 2 * pair, (size_t)columns, 2, NULL, reduced + 2 * pair);
    }
}

static int pair_of(const kernel *k, int a, int b) {
  if (a > b) return pair_of(k, b, a);
  return a * k->n_channels - a * (a + 1) / 2 + b - a - 1;
}

/* Median over the channels that share a value with channel c; row [n_channels]. */
static double median_of_row(const kernel *k, const double *reduced, int c, double *row) {
  size_t n = 0;
  for (int other = 0; other < k->n_channels; other++)
    if (other != c && !isnan(reduced[2 * pair_of(k, c, other)])) row[n++] = reduced[2 * pair_of(k, c, other)];
  if (n == 0) return NAN;
  if (k->with_itself) row[n++] = 0.0;
  evl_sort(row, n);
  return evl_quantile_sorted(row, n, 0.5);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const size_t pairs = (size_t)k->n_pairs, channels = (size_t)k->n_channels, delays = (size_t)k->n_delays;
  double *reduced = evl_scratch(k->products), *row = reduced + 2 * pairs, *of_channel = row + channels;
  double *value = of_channel + channels;
  const bool same = find_alive(k, window);
  for (size_t d = 0; d < delays; d++) {
    if (evl_symbols_patterns(k->symbols[d]) == 0) continue;
    evl_symbols_compute(k->symbols[d], window);
    for (int e = 0; e < k->epochs->n; e++) run_epoch(k, k->symbols[d], e, value + (size_t)e * 2 * pairs);
    reduce_pairs(k, same, value, reduced);
    for (size_t m = 0; m < 2; m++) {
      const size_t per_channel = 2 * delays * pairs, per_window = per_channel + 2 * delays * channels;
      for (size_t i = 0; i < pairs; i++) evl_put(out, (m * delays + d) * pairs + i, reduced[2 * i + m]);
      for (size_t c = 0; c < channels; c++) {
        of_channel[c] = median_of_row(k, reduced + m, (int)c, row);
        evl_put(out, per_channel + (m * delays + d) * channels + c, of_channel[c]);
      }
      evl_put(out, per_window + m * delays + d, evl_mean_of_channels(of_channel, k->n_channels));
    }
  }
}

static double cost_us(const evl_params *given, const evl_shape *shape) {
  evl_settings settings;
  const evl_params *p = settle(given, &settings);
  const int length = evl_parts_length(p, shape), order = (int)evl_params_int(p, "order");
  const double pairs = 0.5 * shape->n_channels * (shape->n_channels - 1.0), epochs = floor(shape->n_samples / length);
  const double each = order == 3 ? 0.06 + 25.0 * 4e-4 * ceil(length / 64.0) : 4e-3 * length;
  return evl_symbols_cost_us(p, shape, EVL_SYMBOLS_KEPT) + pairs * epochs * evl_params_value(p, "tau")->n * each;
}

const evl_entry evl_feature_wsmi = {
    .name = "wsmi",
    .summary = "Symbolic mutual information of pairs of channels, plain (SMI) and weighted (wSMI).",
    .definition = "Signals behind the low-pass become ordinal symbols (see permutation_entropy). mutual = sum_{i,j} "
                  "p_ij ln(p_ij / (p_i p_j)) / ln m!; weighted = the same sum without i = j and without i the reverse "
                  "of j, which a common source of either sign gives. In epochs: each by itself, then reduced; an epoch "
                  "in which a channel is flat does not count. The default takes the window as a whole, because the "
                  "estimate of few patterns is biased upwards by about (m! - 1)^2 / (2 n ln m!), and medians over the "
                  "other channels, because the zero of a channel with itself says nothing about the channel.",
    .cite = "King et al. 2013, doi:10.1016/j.cub.2013.07.075, supplement; conventions: Engemann et al. 2018, "
            "doi:10.1093/brain/awy251 (nice)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
