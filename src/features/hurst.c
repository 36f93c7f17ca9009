/* hurst: rescaled range analysis. */
#include <string.h>

#include "detrend_priv.h"

typedef enum { BLOCKS, NOLDS, MNE_FEATURES, PYEEG } method;

typedef struct kernel {
  evl_products *products;
  method method;
  bool corrected;
  int n, n_sizes;
  int *size;              /* [n_sizes] */
  double *log_size;       /* [n_sizes], or of 1..n where prefixes are analysed */
  double *log_expected;   /* [n_sizes] of white noise; zeros where not corrected */
  double *log_ratio;      /* like log_size */
  double *ramp;           /* [n] 1, 2, ... */
  int32_t *upper, *lower; /* [n] hulls of prefixes (pyeeg) */
} kernel;

static const evl_param params[] = {
    {"smallest", EVL_INT, "16", 4, 100000, NULL, "samples", "Shortest block."},
    {"largest", EVL_REAL, "0.1", 0.01, 1.0, NULL, "window", "Longest block, as a share of the window."},
    {"ratio", EVL_REAL, "1.2", 1.01, 4.0, NULL, "", "Of neighbouring block lengths."},
    {"corrected", EVL_BOOL, "true", 0, 0, NULL, "",
     "Divide R/S by its expectation for white noise and add 0.5 to the slope; of blocks only."},
    {"convention", EVL_STRING, "\"blocks\"", 0, 0, "blocks|nolds|mne_features|pyeeg", "",
     "blocks: as above; nolds: 15 lengths in the middle quarter of ln N (its fit = \"poly\"; its default draws random "
     "subsets of the points); mne_features: 20 lengths from 16 to N / 2, mean over all prefixes of all blocks; pyeeg: "
     "prefixes of the window, each about its own mean, not corrected."},
    {0}};

static const evl_output outputs[] = {
    {"exponent", EVL_PER_CHANNEL, NULL, false, "1", -EVL_ANY_MAX, EVL_ANY_MAX,
     "0.5 without memory, more where high values follow high values for long."},
    {0}};

/* E[R/S] of n independent normal values (Anis and Lloyd 1976, with Peters' factor, as Weron 2002, eq. 5, prints it).
   mne_features has the factor twice for large n. */
static double expected_ratio(int n, bool twice) {
  enum { SMALL = 340 };
  double sum = 0.0;
  for (int i = 1; i < n; i++) sum += sqrt((double)(n - i) / i);
  const double front = n <= SMALL ? tgamma(0.5 * (n - 1)) / (sqrt(M_PI) * tgamma(0.5 * n)) : 1.0 / sqrt(n * M_PI * 0.5);
  return (n - 0.5) / n * front * sum * (twice && n > SMALL ? (n - 0.5) / n : 1.0);
}

/* Whole numbers equally apart in their logarithm: in the middle quarter of 0..ln N, rounded; from 16 to N / 2, cut. */
static int sizes_of(method m, int n, int *size) {
  const int steps = m == NOLDS ? 15 : 20;
  int count = 0;
  for (int i = 0; i < steps; i++) {
    const double next = m == NOLDS ? nearbyint(exp(log(n) * (0.375 + 0.25 * i / steps)))
                                   : floor(exp2(4.0 + (log2(0.5 * n) - 4.0) * i / (steps - 1)));
    if (next >= 2.0 && (count == 0 || (int)next > size[count - 1])) size[count++] = (int)next;
  }
  return count;
}

static evl_status plan_blocks(kernel *k, const evl_params *p, evl_arena *arena) {
  int size[EVL_MOST_SIZES];
  if (k->method != BLOCKS)
    k->n_sizes = sizes_of(k->method, k->n, size);
  else
    k->n_sizes = evl_log_sizes((int)evl_params_int(p, "smallest"), evl_params_real(p, "largest") * k->n,
                               evl_params_real(p, "ratio"), size);
  k->corrected = evl_params_bool(p, "corrected");
  EVL_NEW(arena, k->size, k->n_sizes);
  EVL_NEW(arena, k->log_size, k->n_sizes);
  EVL_NEW(arena, k->log_ratio, k->n_sizes);
  EVL_NEW(arena, k->log_expected, k->n_sizes);
  for (int i = 0; i < k->n_sizes; i++) {
    k->size[i] = size[i];
    k->log_size[i] = log(size[i]);
    k->log_expected[i] = k->corrected ? log(expected_ratio(size[i], k->method == MNE_FEATURES)) : 0.0;
  }
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const char *convention = evl_params_string(p, "convention");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n = shape->n_samples;
  k->method = !strcmp(convention, "blocks") ? BLOCKS : !strcmp(convention, "nolds") ? NOLDS
              : !strcmp(convention, "pyeeg") ? PYEEG : MNE_FEATURES;
  EVL_NEW(arena, k->ramp, k->n);
  for (int t = 0; t < k->n; t++) k->ramp[t] = t + 1;
  evl_scratch_plan(products, (size_t)k->n * sizeof(double));
  *planned = k;
  if (k->method != PYEEG) return plan_blocks(k, p, arena);
  EVL_NEW(arena, k->log_size, k->n);
  EVL_NEW(arena, k->log_ratio, k->n);
  EVL_NEW(arena, k->upper, k->n);
  EVL_NEW(arena, k->lower, k->n);
  for (int t = 0; t < k->n; t++) k->log_size[t] = log(t + 1.0);
  return EVL_OK;
}

/* Mean R/S of the blocks of one length whose range is not 0. */
static double mean_ratio(const kernel *k, const double *x, const double *walk, int size) {
  double sum = 0.0;
  int count = 0;
  for (int start = 0; start + size <= k->n; start += size) {
    const double origin = start ? walk[start - 1] : 0.0, step = (walk[start + size - 1] - origin) / size;
    const double variance = evl_variance(x + start, (size_t)size, 1);
    if (!(variance > 0.0)) continue;
    sum += evl_range_about(walk + start, k->ramp, origin, step, size) / sqrt(variance);
    count++;
  }
  return sum / count;
}

/* Sum of squares about the mean of ever more samples (Welford 1962, doi:10.1080/00401706.1962.10490022). */
typedef struct spread { double mean, squares; } spread;
static void widen(spread *s, double x, int count) {
  const double away = x - s->mean;
  s->mean += away / count;
  s->squares += away * (x - s->mean);
}

/* Mean over all blocks of one length and all their prefixes of two and more samples: range of the prefix's part of the
   block's walk over the prefix's sd. */
static double mean_prefix_ratio(const kernel *k, const double *x, const double *walk, int size) {
  (void)walk;
  double sum = 0.0;
  int64_t count = 0;
  for (int start = 0; start + size <= k->n; start += size) {
    const double *block = x + start, mean = evl_mean(block, (size_t)size);
    spread s = {block[0], 0.0};
    double v = block[0] - mean, low = v, high = v;
    for (int t = 1; t < size; t++) {
      v += block[t] - mean;
      low = v < low ? v : low;
      high = v > high ? v : high;
      widen(&s, block[t], t + 1);
      if (!(s.squares > 0.0)) continue;
      sum += (high - low) / sqrt(s.squares / t);
      count++;
    }
  }
  return sum / (double)count;
}

static double of_blocks(const kernel *k, const double *x, const double *walk) {
  double (*ratio)(const kernel *, const double *, const double *, int) =
      k->method == MNE_FEATURES ? mean_prefix_ratio : mean_ratio;
  for (int i = 0; i < k->n_sizes; i++) k->log_ratio[i] = log(ratio(k, x, walk, k->size[i])) - k->log_expected[i];
  return evl_slope(k->log_size, k->log_ratio, (size_t)k->n_sizes) + (k->corrected ? 0.5 : 0.0);
}

/* Convex hull of the points (t, walk[t]) so far, from above (sign 1) or below (-1). */
typedef struct hull { int32_t *point; int count; double sign; } hull;

static void extend(hull *h, const double *walk, int t) {
  while (h->count > 1) {
    const int a = h->point[h->count - 2], b = h->point[h->count - 1];
    if (h->sign * ((walk[t] - walk[b]) * (b - a) - (walk[b] - walk[a]) * (t - b)) < 0.0) break;
    h->count--;
  }
  h->point[h->count++] = t;
}

/* Largest distance, upwards by the sign, from the line through the origin; by bisection of the hull's slopes. */
static double farthest(const hull *h, const double *walk, const double *ramp, double slope) {
  int first = 0, last = h->count - 1;
  while (first < last) {
    const int middle = (first + last) / 2, a = h->point[middle], b = h->point[middle + 1];
    if (h->sign * (walk[b] - walk[a] - slope * (b - a)) > 0.0)
      first = middle + 1;
    else
      last = middle;
  }
  return walk[h->point[first]] - slope * ramp[h->point[first]];
}

/* Every prefix about its own mean, which tilts the walk: its range is seen on the hulls, in n log n steps. */
static double of_prefixes(const kernel *k, const double *x, const double *walk) {
  spread s = {x[0], 0.0};
  hull upper = {k->upper, 0, 1.0}, lower = {k->lower, 0, -1.0};
  extend(&upper, walk, 0);
  extend(&lower, walk, 0);
  for (int t = 1; t < k->n; t++) {
    widen(&s, x[t], t + 1);
    extend(&upper, walk, t);
    extend(&lower, walk, t);
    const double slope = walk[t] / (t + 1);
    const double range = farthest(&upper, walk, k->ramp, slope) - farthest(&lower, walk, k->ramp, slope);
    k->log_ratio[t] = log(range / sqrt(s.squares / (t + 1)));
  }
  return evl_slope(k->log_size + 1, k->log_ratio + 1, (size_t)k->n - 1);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  double *walk = evl_scratch(k->products);
  if (k->n < 4) return;
  for (size_t c = 0; c < (size_t)window->n_channels; c++) {
    if (!usable[c]) continue;
    const double *x = window->x + c * window->ld;
    evl_detrend_walk(x, k->n, walk);
    evl_put(out, c, (k->method == PYEEG ? of_prefixes : of_blocks)(k, x, walk));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const char *convention = evl_params_string(p, "convention");
  const double n = shape->n_samples, smallest = (double)evl_params_int(p, "smallest");
  const double span = fmax(evl_params_real(p, "largest") * n / smallest, 1.0);
  const double sizes = 1.0 + log(span) / log(evl_params_real(p, "ratio"));
  const double each = !strcmp(convention, "blocks")         ? 2e-3 * sizes
                      : !strcmp(convention, "nolds")        ? 2.1e-2
                      : !strcmp(convention, "mne_features") ? 0.2
                                                            : 6.6e-2;
  return shape->n_channels * n * each;
}

const evl_entry evl_feature_hurst = {
    .name = "hurst",
    .summary = "Hurst's exponent by rescaled ranges.",
    .definition = "R/S of a block of n samples: range of the sums of deviations from the block's mean, over its sd (n "
                  "- 1); (R/S)_n: mean over adjacent blocks; exponent = 0.5 + slope of ln((R/S)_n / E_n) on ln n, E_n "
                  "the expectation for independent normal values, without which short blocks give 0.6 for white noise. "
                  "Blocks without spread are left out. Prefixes of one window overlap almost wholly and weigh its "
                  "longest lengths most, which is why they are not the default.",
    .cite = "Hurst 1951, doi:10.1061/TACEAT.0006518; Weron 2002, doi:10.1016/S0378-4371(02)00961-5, eq. 4 and 5",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .min_window_s = 4.0,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
