/* distribution_entropy: entropy of the distances between all templates. */
#include <string.h>

#include "count_entropy_priv.h"
#include "stretches_priv.h"

enum { BLOCK = 512, TABLES = 8, MOST_BINS = 4096 };

typedef struct kernel {
  evl_products *products;
  int n_stretches, stretch, templates, order, delay, bins;
  uint32_t *count;  /* [TABLES][bins]: several, so that equal neighbours do not wait for each other */
} kernel;

static const evl_param params[] = {
    {"order", EVL_INT, "2", 1, 10, NULL, "samples", "Length m of a template."},
    {"delay", EVL_INT, "1", 1, 10000, NULL, "samples", "Between the samples of a template."},
    {"bins", EVL_INT, "0", 0, MOST_BINS, NULL, "",
     "Of the histogram between the smallest and the largest distance; 0: Sturges' number, ceil(1 + log2 of the "
     "number of distances)."},
    EVL_STRETCH_PARAM("2.0"),
    {0}};

static const evl_output outputs[] = {
    {"entropy", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0, "Entropy of the histogram over its maximum, ln B."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->order = (int)evl_params_int(p, "order");
  k->delay = (int)evl_params_int(p, "delay");
  k->stretch = evl_stretch(p, shape);
  k->n_stretches = shape->n_samples / k->stretch;
  const long long templates = k->stretch - (k->order - 1LL) * k->delay;
  k->templates = templates > 0 ? (int)templates : 0;
  k->bins = (int)evl_params_int(p, "bins");
  const double distances = 0.5 * k->n_stretches * (double)k->templates * (k->templates - 1.0);
  if (distances > UINT32_MAX)
    return evl_fail(EVL_USAGE, "distribution_entropy.stretch_s: expected at most 2^32 distances, found %.3g",
                    distances);
  if (k->bins == 0) k->bins = distances > 1.0 ? (int)ceil(1.0 + log2(distances)) : 2;
  if (k->bins < 2) return evl_fail(EVL_USAGE, "distribution_entropy.bins: expected 0, or 2 or more, found %d", k->bins);
  EVL_NEW(arena, k->count, TABLES * (size_t)k->bins);
  *planned = k;
  return EVL_OK;
}

/* Distances of n templates at a from those at b. */
static inline __attribute__((always_inline)) void distances_of(const double *a, const double *b, int n, const int order,
                                                               const int delay, double *d) {
  for (int t = 0; t < n; t++) {
    double largest = fabs(a[t] - b[t]);
    for (int j = 1; j < order; j++) {
      const double gap = fabs(a[t + j * delay] - b[t + j * delay]);
      largest = gap > largest ? gap : largest;
    }
    d[t] = largest;
  }
}

static void distances(const kernel *k, const double *a, const double *b, int n, double *d) {
  if (k->order == 2 && k->delay == 1) distances_of(a, b, n, 2, 1, d); /* known to the compiler: vectors */
  else distances_of(a, b, n, k->order, k->delay, d);
}

/* Smallest and largest distance, by place in a block: a single running minimum would wait for itself. */
typedef struct range { double low[BLOCK], high[BLOCK]; } range;

static void widen(const double *d, int n, range *r) {
  for (int t = 0; t < n; t++) {
    r->low[t] = d[t] < r->low[t] ? d[t] : r->low[t];
    r->high[t] = d[t] > r->high[t] ? d[t] : r->high[t];
  }
}

static void add(const kernel *k, const double *d, int n, double low, double bins_a_unit) {
  int32_t bin[BLOCK];
  const double top = k->bins - 1;
  uint32_t *table[TABLES];
  for (int i = 0; i < TABLES; i++) table[i] = k->count + (size_t)i * (size_t)k->bins;
  for (int t = 0; t < n; t++) {
    const double at = (d[t] - low) * bins_a_unit;
    bin[t] = (int32_t)(at < top ? at : top);
  }
  int t = 0;
  for (; t + TABLES <= n; t += TABLES)
    for (int i = 0; i < TABLES; i++) table[i][bin[t + i]]++;
  for (; t < n; t++) table[0][bin[t]]++;
}

/* All distances: widens `r`, or where it is NULL counts them. */
static void pass(const kernel *k, const double *x, range *r, double low, double bins_a_unit) {
  double d[BLOCK];
  for (int s = 0; s < k->n_stretches; s++)
    for (int lag = 1; lag < k->templates; lag++)
      for (int first = 0; first < k->templates - lag; first += BLOCK) {
        const int left = k->templates - lag - first, n = left < BLOCK ? left : BLOCK;
        const double *a = x + (size_t)s * (size_t)k->stretch + first;
        distances(k, a, a + lag, n, d);
        if (r) widen(d, n, r);
        else add(k, d, n, low, bins_a_unit);
      }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  if (k->templates < 2) return;
  for (size_t c = 0; c < (size_t)window->n_channels; c++) {
    const double *x = window->x + c * window->ld;
    double low = INFINITY, high = 0.0;
    range r;
    if (!usable[c]) continue;
    for (int t = 0; t < BLOCK; t++) r.low[t] = INFINITY, r.high[t] = 0.0;
    pass(k, x, &r, 0.0, 0.0);
    for (int t = 0; t < BLOCK; t++) {
      low = fmin(low, r.low[t]);
      high = fmax(high, r.high[t]);
    }
    const double bins_a_unit = k->bins / (high - low);
    if (!(high > low) || !isfinite(bins_a_unit)) continue;
    memset(k->count, 0, TABLES * (size_t)k->bins * sizeof *k->count);
    pass(k, x, NULL, low, bins_a_unit);
    for (int i = 1; i < TABLES; i++)
      for (int b = 0; b < k->bins; b++) k->count[b] += k->count[i * k->bins + b];
    evl_put(out, c, fmin(evl_count_entropy(k->count, (size_t)k->bins) / log(k->bins), 1.0));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double stretch = evl_stretch(p, shape), pairs = 0.5 * shape->n_samples * stretch;
  return shape->n_channels * pairs * 1.8e-3;
}

const evl_entry evl_feature_distribution_entropy = {
    .name = "distribution_entropy",
    .summary = "Distribution entropy: how evenly the distances between templates of the signal are distributed.",
    .definition = "Distances d_{ij} = max_k |x_{i+k tau} - x_{j+k tau}|, k = 0..m-1, of templates i < j of a "
                  "stretch; their histogram p_b of B equal bins between the smallest and the largest of the window; "
                  "entropy = -sum_b p_b ln p_b / ln B. There is no tolerance to choose, so it is stable in short "
                  "windows; stretches of two seconds are enough for it and keep its cost in proportion to the "
                  "window. Undefined where all distances are equal.",
    .cite = "Li et al. 2015, doi:10.1007/s11517-014-1216-0, algorithm of DistEn",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
