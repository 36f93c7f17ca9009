/* multifractal_dfa: how fluctuations of every size scale. */
#include "detrend_priv.h"

typedef struct kernel {
  evl_products *products;
  int n, n_q;
  double *q;             /* [n_q] ascending */
  evl_detrend detrend;
  double *log_size;      /* [n_sizes] */
  double *log_moment;    /* [n_q][n_sizes] ln F_q(n) */
  double *hurst;         /* [n_q] */
} kernel;

static const evl_param params[] = {
    {"q", EVL_REALS, "(-5, -3, -1, 0, 1, 2, 3, 5)", -20.0, 20.0, NULL, "",
     "Orders of the moments, ascending; 2 is plain DFA, negative ones weigh the quietest boxes."},
    {"smallest", EVL_INT, "16", 4, 100000, NULL, "samples", "Shortest box."},
    {"largest", EVL_REAL, "0.1", 0.01, 0.5, NULL, "window", "Longest box, as a share of the window."},
    {"ratio", EVL_REAL, "1.2", 1.01, 4.0, NULL, "", "Of neighbouring box lengths."},
    {"order", EVL_INT, "1", 1, EVL_DETREND_MOST_ORDER, NULL, "", "Degree of the trends."},
    {0}};

static const evl_output outputs[] = {
    {"hurst", EVL_PER_CHANNEL, "q", false, "1", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Generalised Hurst exponent h(q): the same for all q where one exponent rules, falling with q where many do."},
    {"range", EVL_PER_CHANNEL, NULL, false, "1", -EVL_ANY_MAX, EVL_ANY_MAX,
     "h of the smallest q less h of the largest."},
    {"width", EVL_PER_CHANNEL, NULL, false, "1", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Width of the singularity spectrum: alpha of the smallest q less alpha of the largest, alpha = d(q h(q)) / dq "
     "between neighbouring q."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const evl_value *q = evl_params_value(p, "q");
  const int smallest = (int)evl_params_int(p, "smallest"), order = (int)evl_params_int(p, "order");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n = shape->n_samples;
  k->n_q = q->n;
  EVL_NEW(arena, k->q, k->n_q);
  for (int i = 0; i < k->n_q; i++) k->q[i] = q->reals[i];
  for (int i = 0; i < k->n_q; i++)
    if (k->n_q < 2 || (i > 0 && !(k->q[i] > k->q[i - 1])))
      return evl_fail(EVL_USAGE, "multifractal_dfa.q: expected two or more numbers, ascending");
  if (smallest < order + 3)
    return evl_fail(EVL_USAGE, "multifractal_dfa.smallest: expected at least %d for trends of degree %d, found %d",
                    order + 3, order, smallest);
  EVL_TRY(evl_detrend_plan(smallest, evl_params_real(p, "largest") * k->n, evl_params_real(p, "ratio"), order, arena,
                           &k->detrend));
  EVL_NEW(arena, k->log_size, k->detrend.n_sizes);
  EVL_NEW(arena, k->log_moment, (size_t)k->n_q * (size_t)k->detrend.n_sizes);
  EVL_NEW(arena, k->hurst, k->n_q);
  for (int i = 0; i < k->detrend.n_sizes; i++) k->log_size[i] = log(k->detrend.size[i]);
  evl_scratch_plan(products, 2 * (size_t)k->n * sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* ln of the mean square of every box, from the start and from the end of the walk; their number. */
static int log_squares(const kernel *k, int i, const double *walk, double *squares) {
  const int size = k->detrend.size[i], count = k->n / size, rest = k->n - count * size;
  for (int b = 0; b < count; b++) {
    squares[2 * b] = log(evl_detrend_box(&k->detrend, i, walk + (size_t)b * (size_t)size) / size);
    squares[2 * b + 1] = log(evl_detrend_box(&k->detrend, i, walk + rest + (size_t)b * (size_t)size) / size);
  }
  return 2 * count;
}

/* ln F_q from logarithms of squares, about the largest term; q = 0 is the limit. A box without fluctuation makes
   moments of q <= 0 infinite. */
static double log_moment(const double *squares, int n, double q) {
  double sum = 0.0, shift = -INFINITY;
  if (q == 0.0) return 0.5 * evl_mean(squares, (size_t)n);
  for (int i = 0; i < n; i++) shift = fmax(shift, 0.5 * q * squares[i]);
  for (int i = 0; i < n; i++) sum += exp(0.5 * q * squares[i] - shift);
  return (log(sum / n) + shift) / q;
}

/* d(q h) / dq between q[i] and q[i + 1]. */
static double alpha(const kernel *k, int i) {
  return (k->q[i + 1] * k->hurst[i + 1] - k->q[i] * k->hurst[i]) / (k->q[i + 1] - k->q[i]);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels, n_sizes = (size_t)k->detrend.n_sizes, n_q = (size_t)k->n_q;
  double *walk = evl_scratch(k->products), *squares = walk + k->n;
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c]) continue;
    evl_detrend_walk(window->x + c * window->ld, k->n, walk);
    for (size_t i = 0; i < n_sizes; i++) {
      const int n = log_squares(k, (int)i, walk, squares);
      for (size_t j = 0; j < n_q; j++) k->log_moment[j * n_sizes + i] = log_moment(squares, n, k->q[j]);
    }
    for (size_t j = 0; j < n_q; j++) {
      k->hurst[j] = evl_slope(k->log_size, k->log_moment + j * n_sizes, n_sizes);
      evl_put(out, j * n_channels + c, k->hurst[j]);
    }
    evl_put(out, n_q * n_channels + c, k->hurst[0] - k->hurst[n_q - 1]);
    evl_put(out, (n_q + 1) * n_channels + c, alpha(k, 0) - alpha(k, k->n_q - 2));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = shape->n_samples, smallest = (double)evl_params_int(p, "smallest");
  const double ratio = evl_params_real(p, "ratio"), span = fmax(evl_params_real(p, "largest") * n / smallest, 1.0);
  const double sizes = 1.0 + log(span) / log(ratio), boxes = 2.0 * n / smallest / (1.0 - 1.0 / ratio);
  const double squares = 2.0 * n * sizes * (0.5 + 0.3 * (double)evl_params_int(p, "order")) * 6e-4;
  return shape->n_channels * (n * 2e-3 + squares + boxes * 1e-2 * (2 + evl_params_value(p, "q")->n));
}

const evl_entry evl_feature_multifractal_dfa = {
    .name = "multifractal_dfa",
    .summary = "Multifractal detrended fluctuation analysis: Hurst exponents of small and large fluctuations.",
    .definition = "F^2(v, n): mean square of the walk of dfa about its trend in box v of n samples, boxes from the "
                  "start and from the end; F_q(n) = (mean_v F^2(v, n)^{q/2})^{1/q}, for q = 0 exp(mean_v ln F^2 / 2); "
                  "h(q) = slope of ln F_q(n) on ln n. Boxes that lie on their trend leave h undefined for q <= 0.",
    .cite = "Kantelhardt et al. 2002, doi:10.1016/S0378-4371(02)01383-3, eq. 2 to 6, 14 and 15",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .min_window_s = 10.0,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
