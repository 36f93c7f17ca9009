/* regularity: how evenly the power of a signal is spread over time. */
#include <string.h>

#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  int n_samples, n_points;
  bool centred;
} kernel;

static const evl_param params[] = {
    {"smooth_s", EVL_REAL, "0.5", 0.0, 60.0, NULL, "s", "Length of the moving mean of the squared signal."},
    {"average", EVL_STRING, "\"causal\"", 0, 0, "causal|centred", "",
     "Moving mean over the samples before (zeros before the first) or around each one (zeros beyond the ends). The "
     "values differ at the edges of a window only."},
    {0}};

static const evl_output outputs[] = {
    {"regularity", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0 + 1e-9,
     "1: even power, as in a continuous background; towards 0: power in a small part of the time."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->n_points = (int)fmin(fmax(round(evl_params_real(p, "smooth_s") * shape->fs_hz), 1.0), shape->n_samples);
  k->centred = !strcmp(evl_params_string(p, "average"), "centred");
  evl_scratch_plan(products, 2 * (size_t)k->n_samples * sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* q[t] = sum of the squares of the n_points samples up to t + ahead, those that exist. As the end of one block of
   n_points and the begin of the next, so that nothing is ever subtracted and a burst leaves no rounding behind. */
static void moving_squares(const kernel *k, const double *x, double scale, double *q) {
  const int n = k->n_samples, m = k->n_points, ahead = k->centred ? (m - 1) / 2 : 0;
  memset(q, 0, (size_t)n * sizeof *q);
  for (int from = 0; from < n; from += m) {
    const int to = from + m < n ? from + m : n;
    double sum = 0.0;
    for (int t = from; t < from + m && t - ahead < n; t++) { /* windows that end here begin in the block before */
      if (t < to) sum += x[t] * scale * (x[t] * scale);
      if (t >= ahead) q[t - ahead] += sum;
    }
    sum = 0.0;
    for (int t = to - 1; t > from; t--) { /* windows that begin here end in the block behind */
      sum += x[t] * scale * (x[t] * scale);
      if (t + m - 1 - ahead < n) q[t + m - 1 - ahead] += sum;
    }
  }
}

/* sqrt(sum i^2 q_i / (n^2 / 3 sum q_i)), q descending, i from 1. */
static double regularity(const double *ascending, int n) {
  double weighted = 0.0, sum = 0.0;
  for (int i = 1; i <= n; i++) {
    const double q = ascending[n - i];
    weighted += (double)i * i * q;
    sum += q;
  }
  return sqrt(weighted / ((double)n * n / 3.0 * sum));
}

/* Where all powers are equal the sum over i^2 exceeds n^3 / 3 by 3 / (2 n). */
static double at_most_one(double value) { return fmin(value, 1.0); }

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  double *q = evl_scratch(k->products), *work = q + k->n_samples;
  for (int c = 0; c < window->n_channels; c++) {
    if (!usable[c]) continue;
    const double *x = window->x + (size_t)c * window->ld;
    double most = 0.0;
    for (int t = 0; t < k->n_samples; t++) most = fmax(most, fabs(x[t]));
    moving_squares(k, x, 1.0 / most, q);
    evl_radix_sort(q, (size_t)k->n_samples, work);
    evl_put(out, (size_t)c, at_most_one(regularity(q, k->n_samples)));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return 1.6e-2 * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_regularity = {
    .name = "regularity",
    .summary = "Regularity of the Cerebral Recovery Index: how evenly power is spread over time.",
    .definition = "q_t = mean of x^2 over smooth_s; sorted in descending order, regularity = sqrt(sum_i i^2 q_i / (N^2 "
                  "/ 3 * sum_i q_i)), i = 1..N, cut at 1 (a constant q gives 1 + 3 / (4 N)). The published measure "
                  "takes windows of 5 minutes and the causal mean.",
    .cite = "Tjepkema-Cloostermans et al. 2013, doi:10.1186/cc13078",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 120.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
