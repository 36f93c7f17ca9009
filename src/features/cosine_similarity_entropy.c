/* cosine_similarity_entropy: entropy of whether two templates point in about the same direction. */
#include <string.h>

#include "features_priv.h"

enum { MOST_ORDER = 10 };

typedef struct kernel {
  evl_products *products;
  int n_samples, order, delay;
  double largest;    /* angle that still is similar, radian */
  enum { MEDIAN, MEAN, NONE } centre;
} kernel;

static const evl_param params[] = {
    {"convention", EVL_STRING, "\"chanwimalueang\"", 0, 0, "chanwimalueang|entropyhub", "",
     "chanwimalueang: angles up to r; entropyhub: angles below r, cosines rounded to 8 digits, angles over pi to 6."},
    {"order", EVL_INT, "2", 2, MOST_ORDER, NULL, "samples",
     "Length m of a template; the time grows with n log n for 2, with n^2 above."},
    {"delay", EVL_INT, "1", 1, 10000, NULL, "samples", "Between the samples of a template."},
    {"r", EVL_REAL, "0.1", 1e-5, 0.99, NULL, "pi", "Angle up to which two templates are similar."},
    {"centre", EVL_STRING, "\"median\"", 0, 0, "median|mean|none", "", "What is subtracted from the window first."},
    {0}};

static const evl_output outputs[] = {
    {"entropy", EVL_PER_CHANNEL, NULL, false, "bit", 0.0, 1.0,
     "Entropy of the two outcomes, similar and not; 0 where all pairs or none are."},
    {"similar", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0, "Share of pairs of templates that are similar."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const char *centre = evl_params_string(p, "centre");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->order = (int)evl_params_int(p, "order");
  k->delay = (int)evl_params_int(p, "delay");
  k->centre = !strcmp(centre, "median") ? MEDIAN : !strcmp(centre, "mean") ? MEAN : NONE;
  k->largest = M_PI * evl_params_real(p, "r");
  if (!strcmp(evl_params_string(p, "convention"), "entropyhub"))
    k->largest = acos((floor(cos(k->largest - M_PI * 0.5e-6) * 1e8) + 0.5) * 1e-8);
  evl_scratch_plan(products, (2 + (size_t)k->order) * (size_t)shape->n_samples * sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* y = x about its centre. work [n] */
static void centre(const kernel *k, const double *x, double *y, double *work) {
  const size_t n = (size_t)k->n_samples;
  double middle = k->centre == MEAN ? evl_mean(x, n) : 0.0;
  if (k->centre == MEDIAN) {
    memcpy(y, x, n * sizeof *y);
    evl_radix_sort(y, n, work);
    middle = evl_quantile_sorted(y, n, 0.5);
  }
  for (size_t t = 0; t < n; t++) y[t] = x[t] - middle;
}

/* Pairs of n_templates templates of two samples, by their angles in the plane. */
static double pairs_by_angle(const kernel *k, const double *y, int n_templates, double *angle, double *work) {
  int n = 0, to = 0;
  double pairs = 0.0;
  for (int t = 0; t < n_templates; t++)
    if (y[t] != 0.0 || y[t + k->delay] != 0.0) angle[n++] = atan2(y[t + k->delay], y[t]);
  evl_radix_sort(angle, (size_t)n, work);
  for (int i = 0; i < n; i++) { /* those ahead within reach, once round */
    if (to <= i) to = i + 1;
    while (to < i + n && (to < n ? angle[to] - angle[i] : angle[to - n] + 2.0 * M_PI - angle[i]) <= k->largest) to++;
    pairs += to - i - 1;
  }
  return pairs;
}

/* Pairs by their products; unit [order][n_templates]. */
static double pairs_by_product(const kernel *k, const double *y, int n_templates, double *unit) {
  const double least = cos(k->largest);
  const size_t n = (size_t)n_templates;
  double pairs = 0.0;
  for (size_t t = 0; t < n; t++) {
    double length = 0.0;
    for (int j = 0; j < k->order; j++) length = hypot(length, y[t + (size_t)(j * k->delay)]);
    for (int j = 0; j < k->order; j++)
      unit[(size_t)j * n + t] = length > 0.0 ? y[t + (size_t)(j * k->delay)] / length : 0.0;
  }
  for (size_t i = 0; i < n; i++) {
    double similar = 0.0;
    for (size_t t = i + 1; t < n; t++) {
      double product = 0.0;
      for (int j = 0; j < k->order; j++) product = fma(unit[(size_t)j * n + i], unit[(size_t)j * n + t], product);
      similar += product >= least ? 1.0 : 0.0;
    }
    pairs += similar;
  }
  return pairs;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels, n = (size_t)k->n_samples;
  const long long templates = k->n_samples - (k->order - 1LL) * k->delay;
  double *y = evl_scratch(k->products), *work = y + n, *unit = work + n;
  if (templates < 2) return;
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c]) continue;
    centre(k, window->x + c * window->ld, y, work);
    const double pairs = k->order == 2 ? pairs_by_angle(k, y, (int)templates, unit, work)
                                       : pairs_by_product(k, y, (int)templates, unit);
    const double p = pairs / (0.5 * (double)templates * (double)(templates - 1)), q = 1.0 - p;
    const double entropy = p > 0.0 && q > 0.0 ? -(p * log2(p) + q * log2(q)) : 0.0;
    evl_put(out, c, entropy);
    evl_put(out, n_channels + c, p);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = shape->n_samples, order = (double)evl_params_int(p, "order");
  return shape->n_channels * (order > 2.0 ? n * n * 2e-4 * order : 0.08 * n);
}

const evl_entry evl_feature_cosine_similarity_entropy = {
    .name = "cosine_similarity_entropy",
    .summary = "Cosine similarity entropy: whether templates point in the same direction, whatever their size.",
    .definition = "With templates u_i = (x_i, ..., x_{i+(m-1)tau}) about the window's median and their angle a_{ij} "
                  "= arccos(u_i . u_j / |u_i| |u_j|) / pi: similar = p = share of pairs i < j with a_{ij} <= r; "
                  "entropy = -p log2 p - (1 - p) log2(1 - p). Blind to amplitude, so bursts and what lies between "
                  "them count alike. Templates of two samples are counted by sorting their angles, exactly. A "
                  "template of zeros is similar to none.",
    .cite = "Chanwimalueang and Mandic 2017, doi:10.3390/e19120652, definition of CSE",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
