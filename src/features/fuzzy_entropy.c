/* fuzzy_entropy: sample entropy with a match that fades with the distance. */
#include <string.h>

#include "stretches_priv.h"

enum { BLOCK = 512 };

typedef struct kernel {
  evl_products *products;
  int n_samples, n_stretches, stretch, templates, order, delay, exponent;
  bool entropyhub;
  enum { LOCAL, GLOBAL } centre;
  double r;
} kernel;

static const evl_param params[] = {
    {"convention", EVL_STRING, "\"chen\"", 0, 0, "chen|entropyhub", "",
     "chen: a match is exp(-(d / (r sd))^n), so amplitude does not matter; entropyhub: exp(-d^n / r), d in uV."},
    {"order", EVL_INT, "2", 1, 10, NULL, "samples", "Length m of the shorter templates."},
    {"delay", EVL_INT, "1", 1, 10000, NULL, "samples", "Between the samples of a template."},
    {"r", EVL_REAL, "0.2", 1e-6, 1e6, NULL, "sd", "Width of a match."},
    {"exponent", EVL_INT, "2", 1, 2, NULL, "", "n: 1 exponential, 2 Gaussian."},
    {"centre", EVL_STRING, "\"local\"", 0, 0, "local|global", "",
     "local: each template about its own mean, so that shape counts; global: as they are."},
    EVL_STRETCH_PARAM("1.0"),
    {0}};

static const evl_output outputs[] = {
    {"entropy", EVL_PER_CHANNEL, NULL, false, "nat", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Logarithm of the mean match of templates, less that of templates longer by one sample."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->order = (int)evl_params_int(p, "order");
  k->delay = (int)evl_params_int(p, "delay");
  k->exponent = (int)evl_params_int(p, "exponent");
  k->entropyhub = !strcmp(evl_params_string(p, "convention"), "entropyhub");
  k->centre = !strcmp(evl_params_string(p, "centre"), "local") ? LOCAL : GLOBAL;
  k->r = evl_params_real(p, "r");
  k->stretch = evl_stretch(p, shape);
  k->n_stretches = shape->n_samples / k->stretch;
  const long long templates = k->stretch - (long long)k->order * k->delay;
  k->templates = templates > 0 ? (int)templates : 0;
  *planned = k;
  return EVL_OK;
}

/* Distances of n templates at a from those at b, after their own means if local, to minus the power times `slope`. */
static inline __attribute__((always_inline)) void arguments(const kernel *k, const double *a, const double *b, int n,
                                                            double slope, int length, int delay, double *d) {
  const double share = k->centre == LOCAL ? 1.0 / length : 0.0;
  const bool square = k->exponent == 2;
  for (int t = 0; t < n; t++) {
    double mean = 0.0, largest = 0.0;
    for (int j = 0; j < length; j++) mean += a[t + j * delay] - b[t + j * delay];
    mean *= share;
    for (int j = 0; j < length; j++) {
      const double off = fabs(a[t + j * delay] - b[t + j * delay] - mean);
      largest = off > largest ? off : largest;
    }
    d[t] = -slope * (square ? largest * largest : largest);
  }
}

/* Sums of the matches of all pairs of a stretch at both lengths. */
static void add_stretch(const kernel *k, const double *x, double slope, double *shorter, double *longer) {
  double d[2 * BLOCK];
  for (int lag = 1; lag < k->templates; lag++)
    for (int first = 0; first < k->templates - lag; first += BLOCK) {
      const int left = k->templates - lag - first, n = left < BLOCK ? left : BLOCK;
      const double *a = x + first, *b = a + lag;
      if (k->order == 2 && k->delay == 1) { /* lengths known to the compiler become vectors */
        arguments(k, a, b, n, slope, 2, 1, d);
        arguments(k, a, b, n, slope, 3, 1, d + n);
      } else {
        arguments(k, a, b, n, slope, k->order, k->delay, d);
        arguments(k, a, b, n, slope, k->order + 1, k->delay, d + n);
      }
      evl_exponential(d, 2 * (size_t)n);
      *shorter += evl_sum(d, n);
      *longer += evl_sum(d + n, n);
    }
}

/* What the power of a distance is multiplied by. */
static double slope_of(const kernel *k, const double *x) {
  if (k->entropyhub) return 1.0 / k->r;
  const double width = k->r * sqrt(evl_variance(x, (size_t)k->n_samples, 0));
  return k->exponent == 2 ? 1.0 / (width * width) : 1.0 / width;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  for (size_t c = 0; c < (size_t)window->n_channels; c++) {
    const double *x = window->x + c * window->ld;
    double shorter = 0.0, longer = 0.0;
    if (!usable[c] || k->templates < 2) continue;
    const double slope = slope_of(k, x);
    if (!isfinite(slope) || !(slope > 0.0)) continue;
    for (int s = 0; s < k->n_stretches; s++)
      add_stretch(k, x + (size_t)s * (size_t)k->stretch, slope, &shorter, &longer);
    if (longer > 0.0) evl_put(out, c, log(shorter) - log(longer));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double pairs = 0.5 * shape->n_samples * (double)evl_stretch(p, shape);
  return shape->n_channels * pairs * (4e-3 + 4e-4 * (double)evl_params_int(p, "order"));
}

const evl_entry evl_feature_fuzzy_entropy = {
    .name = "fuzzy_entropy",
    .summary = "Fuzzy entropy: sample entropy whose matches fade with the distance instead of breaking off.",
    .definition = "Templates u_i of m samples about their own mean, d_{ij} = max_k |u_{i,k} - u_{j,k}|, phi^m = mean "
                  "over pairs i < j of a stretch of exp(-(d_{ij} / (r sd))^n); entropy = ln phi^m - ln phi^{m+1}, "
                  "both over n - m tau templates. No pair stands on a border, so short windows have a value and "
                  "noise changes it smoothly. The sd is the window's; stretches of one second, as long as the series "
                  "that it was made for, bound the cost, which is that of two exponentials a pair.",
    .cite = "Chen et al. 2007, doi:10.1109/TNSRE.2007.897025, definition of FuzzyEn",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
