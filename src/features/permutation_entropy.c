/* permutation_entropy: entropy of ordinal patterns, at several delays. */
#include <string.h>

#include "features_priv.h"

enum { BLOCK = 512, TABLES = 4 };

typedef struct kernel {
  evl_products *products;
  int order, n_patterns, n_delays, n_samples;
  int *delay;              /* [n_delays] samples */
  uint32_t *count;         /* [TABLES][n_patterns]: several, so that equal neighbours do not wait for each other */
  int pad;                 /* of the low-pass; 0: none */
  int *n_sections;         /* [n_delays] */
  evl_biquad *section;     /* [n_delays][EVL_MAX_SECTIONS] */
  double *filtered;        /* [n_samples + 2 pad] */
} kernel;

static const evl_param params[] = {
    {"order", EVL_INT, "3", 3, 7, NULL, "samples", "Length of a pattern."},
    {"tau", EVL_REALS, "(1, 2, 4, 8)", 1, 10000, NULL, "samples",
     "Delays between the samples of a pattern, integers; at 250 Hz and order 3 these four look at the gamma, beta, "
     "alpha and theta range."},
    {"lowpass", EVL_STRING, "\"none\"", 0, 0, "none|nice", "",
     "none: the signal as it is; nice: first a Butterworth low-pass of order 6 at rate / order / tau, forward and "
     "backward on each window (NICE itself filters the joined windows of a recording)."},
    {0}};

static const evl_output outputs[] = {
    {"entropy", EVL_PER_CHANNEL, "tau", false, "1", 0.0, 1.0,
     "Entropy of the ordinal patterns over its maximum ln order!."},
    {0}};

static evl_status plan_lowpass(kernel *k, const evl_shape *shape, evl_arena *arena) {
  enum { ORDER = 6 };
  k->pad = 3 * (ORDER + 1);
  EVL_NEW(arena, k->n_sections, k->n_delays);
  EVL_NEW(arena, k->section, (size_t)k->n_delays * EVL_MAX_SECTIONS);
  EVL_NEW(arena, k->filtered, k->n_samples + 2 * k->pad);
  for (int d = 0; d < k->n_delays; d++)
    EVL_TRY(evl_butterworth_low(ORDER, shape->fs_hz / k->order / k->delay[d], shape->fs_hz,
                                k->section + (size_t)d * EVL_MAX_SECTIONS, &k->n_sections[d]));
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const evl_value *tau = evl_params_value(p, "tau");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->order = (int)evl_params_int(p, "order");
  k->n_samples = shape->n_samples;
  k->n_patterns = 1;
  for (int i = 2; i <= k->order; i++) k->n_patterns *= i;
  k->n_delays = tau->n;
  EVL_NEW(arena, k->delay, k->n_delays);
  for (int d = 0; d < k->n_delays; d++) {
    if (tau->reals[d] != floor(tau->reals[d]))
      return evl_fail(EVL_USAGE, "permutation_entropy.tau: expected integers, found %.9g", tau->reals[d]);
    k->delay[d] = (int)tau->reals[d];
  }
  EVL_NEW(arena, k->count, TABLES * (size_t)k->n_patterns);
  if (!strcmp(evl_params_string(p, "lowpass"), "nice")) EVL_TRY(plan_lowpass(k, shape, arena));
  *planned = k;
  return EVL_OK;
}

/* Lehmer codes of n <= BLOCK patterns that begin at x, without a branch: sample i counts the later ones below it.
   Equal samples rank in order of time. Doubles hold the codes exactly and need no conversion of masks. */
static void encode(const kernel *k, const double *x, int delay, int n, double *code) {
  double weight = k->n_patterns;
  memset(code, 0, (size_t)n * sizeof *code);
  for (int i = 0; i + 1 < k->order; i++) {
    weight /= k->order - i;
    const double *earlier = x + (size_t)i * (size_t)delay;
    for (int j = i + 1; j < k->order; j++) {
      const double *later = x + (size_t)j * (size_t)delay;
      for (int t = 0; t < n; t++) code[t] += later[t] < earlier[t] ? weight : 0.0;
    }
  }
}

static void count_patterns(const kernel *k, const double *x, int delay, int n) {
  double code[BLOCK];
  uint32_t *table[TABLES];
  for (int i = 0; i < TABLES; i++) table[i] = k->count + (size_t)i * (size_t)k->n_patterns;
  memset(k->count, 0, TABLES * (size_t)k->n_patterns * sizeof *k->count);
  for (int start = 0; start < n; start += BLOCK) {
    const int m = n - start < BLOCK ? n - start : BLOCK;
    encode(k, x + start, delay, m, code);
    int t = 0;
    for (; t + TABLES <= m; t += TABLES)
      for (int i = 0; i < TABLES; i++) table[i][(int)code[t + i]]++;
    for (; t < m; t++) table[0][(int)code[t]]++;
  }
}

/* Order 3 without codes. Of the outcomes of a: x_1 < x_0, b: x_2 < x_0, c: x_2 < x_1 two contradict themselves, so five
   counts tell the six patterns; as sums of comparisons they need no table. */
static void count_triples(const kernel *k, const double *x, int delay, int n) {
  const double *y = x + delay, *z = y + delay;
  int64_t a = 0, b = 0, c = 0, ab = 0, ac = 0;
  for (int t = 0; t < n; t++) {
    const int64_t at = y[t] < x[t], bt = z[t] < x[t], ct = z[t] < y[t];
    a += at;
    b += bt;
    c += ct;
    ab += at & bt;
    ac += at & ct;
  }
  const int64_t by_code[6] = {n - a - c + ac, c - ac - (b - ab), a - ab, b - ab, ab - ac, ac};
  memset(k->count, 0, TABLES * (size_t)k->n_patterns * sizeof *k->count);
  for (int i = 0; i < 6; i++) k->count[i] = (uint32_t)by_code[i];
}

/* Over its maximum: (n ln n - sum c ln c) / (n ln order!), exactly 0 for a single pattern. */
static double entropy(const kernel *k, int n) {
  double sum = n * log(n);
  for (int i = 0; i < k->n_patterns; i++) {
    uint32_t c = 0;
    for (int table = 0; table < TABLES; table++) c += k->count[table * k->n_patterns + i];
    if (c > 0) sum -= c * log(c);
  }
  return fmin(fmax(sum, 0.0) / (n * log(k->n_patterns)), 1.0);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels;
  for (int d = 0; d < k->n_delays; d++) {
    const long long n = k->n_samples - (k->order - 1LL) * k->delay[d];
    /* With fewer patterns than kinds of patterns the maximum is out of reach. */
    if (n < k->n_patterns || k->n_samples <= k->pad) continue;
    for (size_t c = 0; c < n_channels; c++) {
      if (!usable[c]) continue;
      const double *x = window->x + c * window->ld;
      if (k->pad) {
        evl_zero_phase(k->section + (size_t)d * EVL_MAX_SECTIONS, k->n_sections[d], x, k->n_samples, k->pad,
                       k->filtered);
        x = k->filtered + k->pad;
      }
      (k->order == 3 ? count_triples : count_patterns)(k, x, k->delay[d], (int)n);
      evl_put(out, (size_t)d * n_channels + c, entropy(k, (int)n));
    }
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double order = (double)evl_params_int(p, "order"), pairs = order * (order - 1.0) / 2.0;
  const double filter = strcmp(evl_params_string(p, "lowpass"), "none") ? 1.7e-2 : 0.0;
  const double samples = shape->n_channels * (double)shape->n_samples * evl_params_value(p, "tau")->n;
  return samples * (7e-4 + 2.6e-4 * pairs + filter);
}

const evl_entry evl_feature_permutation_entropy = {
    .name = "permutation_entropy",
    .summary = "Permutation entropy: how evenly ordinal patterns of the signal occur.",
    .definition = "Each (x_t, x_{t+tau}, ..., x_{t+(m-1)tau}) is replaced by the permutation that sorts it, equal "
                  "values in order of time; entropy = - sum_i p_i ln p_i / ln m!. Undefined with fewer patterns than "
                  "m!.",
    .cite = "Bandt and Pompe 2002, doi:10.1103/PhysRevLett.88.174102, eq. 2; King et al. 2013, "
            "doi:10.1016/j.cub.2013.07.075 (low-pass and delays)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
