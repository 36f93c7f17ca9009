/* higuchi: Higuchi's fractal dimension. */
#include <string.h>

#include "features_priv.h"

enum { MOST = 64, LANES = 4 };
typedef enum { HIGUCHI, ANTROPY, PYEEG } variant;

typedef struct kernel {
  evl_products *products;
  int n, k_max;
  variant variant;
} kernel;

static const evl_param params[] = {
    {"k_max", EVL_INT, "10", 2, MOST, NULL, "samples", "Longest step."},
    {"convention", EVL_STRING, "\"higuchi\"", 0, 0, "higuchi|antropy|pyeeg", "",
     "higuchi: all increments; antropy (mne_features does the same): the last increment of each curve is left out, but "
     "not from its norm; pyeeg: so too, without 1/k in the length (it returns the dimension less 1) and without k_max "
     "itself."},
    {0}};

static const evl_output outputs[] = {
    {"dimension", EVL_PER_CHANNEL, NULL, false, "1", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Minus the slope of ln L(k) on ln k: 1 for a smooth curve, 1.5 for Brownian motion, 2 for white noise."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const char *convention = evl_params_string(p, "convention");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n = shape->n_samples;
  k->k_max = (int)evl_params_int(p, "k_max");
  k->variant = !strcmp(convention, "higuchi") ? HIGUCHI : !strcmp(convention, "antropy") ? ANTROPY : PYEEG;
  *planned = k;
  return EVL_OK;
}

/* Sums of |x[t + k] - x[t]| over t = m, m + k, ... for each m < k. Rows of LANES k differences, so that every column
   belongs to one m. */
static void curve_lengths(const double *x, int n, int k, double *length) {
  double column[LANES * MOST] = {0};
  const int row = LANES * k, last = n - k;
  int t = 0;
  for (; t + row <= last; t += row)
    for (int i = 0; i < row; i++) column[i] += fabs(x[t + i + k] - x[t + i]);
  for (int i = 0; t < last; t++, i++) column[i] += fabs(x[t + k] - x[t]);
  for (int m = 0; m < k; m++) length[m] = (column[m] + column[m + k]) + (column[m + 2 * k] + column[m + 3 * k]);
}

/* Mean over m of the normalised lengths L_m(k). */
static double mean_length(const kernel *p, const double *x, int k) {
  double length[MOST], sum = 0.0;
  curve_lengths(x, p->n, k, length);
  for (int m = 0; m < k; m++) {
    const int increments = (p->n - 1 - m) / k;
    const int count = p->variant == PYEEG ? (p->n - m) / k : increments;
    if (p->variant == ANTROPY || (p->variant == PYEEG && count == increments))
      length[m] -= fabs(x[m + increments * k] - x[m + (increments - 1) * k]);
    sum += length[m] / count;
  }
  return sum / k * (p->n - 1.0) / (p->variant == PYEEG ? k : (double)k * k);
}

static double dimension(const kernel *p, const double *x) {
  double log_k[MOST], log_length[MOST];
  const int last = p->k_max - (p->variant == PYEEG);
  for (int k = 1; k <= last; k++) {
    log_k[k - 1] = -log(k);
    log_length[k - 1] = log(mean_length(p, x, k));
  }
  return evl_slope(log_k, log_length, (size_t)last);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *p = planned;
  const uint8_t *usable = evl_products_usable(p->products);
  if (p->n < 3 * p->k_max) return; /* two increments at least of each curve */
  for (size_t c = 0; c < (size_t)window->n_channels; c++)
    if (usable[c]) evl_put(out, c, dimension(p, window->x + c * window->ld));
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return 3.7e-4 * (double)evl_params_int(p, "k_max") * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_higuchi = {
    .name = "higuchi",
    .summary = "Higuchi's fractal dimension of the curve.",
    .definition = "L_m(k) = (N - 1) / (M k^2) sum_{i=1..M} |x(m + i k) - x(m + (i - 1) k)|, M = floor((N - m) / k), m "
                  "= 1..k; L(k) = mean over m; dimension = slope of ln L(k) on ln(1/k), k = 1..k_max. The default sums "
                  "all M increments that its norm counts, as the paper does. Undefined where some L(k) is 0.",
    .cite = "Higuchi 1988, doi:10.1016/0167-2789(88)90081-4, eq. 3 and 4",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
