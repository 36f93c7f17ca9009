/* dfa: detrended fluctuation analysis. */
#include <string.h>

#include "detrend_priv.h"

typedef enum { ADJACENT, OVERLAPPING, PYEEG } box_rule;

typedef struct kernel {
  evl_products *products;
  int n;
  box_rule boxes;
  evl_detrend detrend;
  double *log_size, *log_fluctuation; /* [n_sizes] */
} kernel;

static const evl_param params[] = {
    {"smallest", EVL_INT, "10", 4, 100000, NULL, "samples",
     "Shortest box. Straight lines fit boxes of a few samples too well, which makes the exponent too large."},
    {"largest", EVL_REAL, "0.1", 0.01, 0.5, NULL, "window", "Longest box, as a share of the window."},
    {"ratio", EVL_REAL, "1.2", 1.01, 4.0, NULL, "", "Of neighbouring box lengths."},
    {"order", EVL_INT, "1", 1, EVL_DETREND_MOST_ORDER, NULL, "", "Degree of the trends."},
    {"boxes", EVL_STRING, "\"adjacent\"", 0, 0, "adjacent|overlapping|pyeeg", "",
     "adjacent: from the start of the window, a remainder is left out (antropy: with smallest = 4); overlapping: one "
     "every half length (nolds: with smallest = 4); pyeeg: N / 16, N / 32, ... samples whatever the parameters above, "
     "no box at the end of the window, squares over N although boxes have fewer samples."},
    {0}};

static const evl_output outputs[] = {
    {"exponent", EVL_PER_CHANNEL, NULL, false, "1", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Slope of ln F(n) on ln n: 0.5 for white noise, H for fractional Gaussian noise, H + 1 for its sum."},
    {"fit", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0,
     "Squared correlation of ln F(n) and ln n: lower where there is no single exponent."},
    {0}};

static evl_status plan_pyeeg(kernel *k, int order, evl_arena *arena) {
  int size[32], n_sizes = 0;
  for (int e = (int)log2(k->n) - 5; e >= 4; e--) size[n_sizes++] = k->n >> e;
  return evl_detrend_plan_sizes(size, n_sizes, order, arena, &k->detrend);
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const char *boxes = evl_params_string(p, "boxes");
  const int smallest = (int)evl_params_int(p, "smallest"), order = (int)evl_params_int(p, "order");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n = shape->n_samples;
  k->boxes = !strcmp(boxes, "adjacent") ? ADJACENT : !strcmp(boxes, "overlapping") ? OVERLAPPING : PYEEG;
  if (smallest < order + 3)
    return evl_fail(EVL_USAGE, "dfa.smallest: expected at least %d for trends of degree %d, found %d", order + 3, order,
                    smallest);
  if (k->boxes == PYEEG)
    EVL_TRY(plan_pyeeg(k, order, arena));
  else
    EVL_TRY(evl_detrend_plan(smallest, evl_params_real(p, "largest") * k->n, evl_params_real(p, "ratio"), order, arena,
                             &k->detrend));
  EVL_NEW(arena, k->log_size, k->detrend.n_sizes);
  EVL_NEW(arena, k->log_fluctuation, k->detrend.n_sizes);
  for (int i = 0; i < k->detrend.n_sizes; i++) k->log_size[i] = log(k->detrend.size[i]);
  evl_scratch_plan(products, (size_t)k->n * sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* ln F of one box length. */
static double log_fluctuation(const kernel *k, int i, const double *walk) {
  const int n = k->detrend.size[i], step = k->boxes == OVERLAPPING ? n / 2 : n;
  const int end = k->boxes == ADJACENT ? k->n - n + 1 : k->n - n; /* of the boxes' starts */
  double squares = 0.0;
  int64_t samples = 0;
  for (int start = 0; start < end; start += step) {
    squares += evl_detrend_box(&k->detrend, i, walk + start);
    samples += n;
  }
  return 0.5 * log(squares / (double)(k->boxes == PYEEG ? k->n : samples));
}

static double fit(const double *x, const double *y, size_t n) {
  return n < 2 ? NAN : fmin(evl_slope(x, y, n) * evl_slope(y, x, n), 1.0);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels, n_sizes = (size_t)k->detrend.n_sizes;
  double *walk = evl_scratch(k->products);
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c]) continue;
    evl_detrend_walk(window->x + c * window->ld, k->n, walk);
    for (int i = 0; i < k->detrend.n_sizes; i++) k->log_fluctuation[i] = log_fluctuation(k, i, walk);
    evl_put(out, c, evl_slope(k->log_size, k->log_fluctuation, n_sizes));
    evl_put(out, n_channels + c, fit(k->log_size, k->log_fluctuation, n_sizes));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = shape->n_samples, smallest = (double)evl_params_int(p, "smallest");
  const double span = fmax(evl_params_real(p, "largest") * n / smallest, 1.0);
  const double sizes = 1.0 + log(span) / log(evl_params_real(p, "ratio"));
  const double each = (0.5 + 0.3 * (double)evl_params_int(p, "order")) * 6e-4;
  return shape->n_channels * n * (2e-3 + sizes * each * (strcmp(evl_params_string(p, "boxes"), "overlapping") ? 1 : 2));
}

const evl_entry evl_feature_dfa = {
    .name = "dfa",
    .summary = "Detrended fluctuation analysis: exponent of long-range correlation.",
    .definition = "y_t = sum_{s<=t} (x_s - mean x) is cut into boxes of n samples; F(n)^2 = mean square of y about its "
                  "least-squares polynomial in each box; exponent = slope of ln F(n) on ln n over box lengths from "
                  "smallest to largest of the window, equally apart in ln n. The line is fitted by least squares: "
                  "nolds' own default draws random subsets (RANSAC) and is not repeatable.",
    .cite = "Peng et al. 1994, doi:10.1103/PhysRevE.49.1685; Hardstone et al. 2012, doi:10.3389/fphys.2012.00450 "
            "(range of boxes)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .min_window_s = 4.0,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
