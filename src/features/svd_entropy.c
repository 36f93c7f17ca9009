/* svd_entropy: entropy and Fisher information of the singular values of the embedded signal. */
#include <string.h>

#include "features_priv.h"

enum { ROWS = 512, MOST_ORDER = 50 };

typedef struct kernel {
  evl_products *products;
  int n_samples, order, delay, ld;
  bool centre;
  double *stack;   /* [order][ld]: the triangle so far on top of the next rows, column-major */
  double *square;  /* [order][order] */
  double *value, *work;
} kernel;

static const evl_param params[] = {
    {"order", EVL_INT, "10", 2, MOST_ORDER, NULL, "samples", "Length m of an embedded vector."},
    {"delay", EVL_INT, "2", 1, 10000, NULL, "samples", "Between the samples of a vector."},
    {"centre", EVL_BOOL, "true", 0, 0, NULL, "",
     "Subtract the window's mean first. mne-features, antropy and pyeeg do not, so that an offset raises their first "
     "singular value."},
    {0}};

static const evl_output outputs[] = {
    {"entropy", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0,
     "Entropy of the singular values as shares of their sum, over its maximum ln m."},
    {"fisher", EVL_PER_CHANNEL, NULL, false, "1", 0.0, EVL_ANY_MAX,
     "Fisher information: squared differences of neighbouring shares over the larger share."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->order = (int)evl_params_int(p, "order");
  k->delay = (int)evl_params_int(p, "delay");
  k->centre = evl_params_bool(p, "centre");
  k->ld = ROWS + k->order;
  const size_t order = (size_t)k->order, qr = evl_qr_work(k->order), svd = evl_singular_values_work(k->order);
  EVL_NEW(arena, k->stack, order * (size_t)k->ld);
  EVL_NEW(arena, k->square, order * order);
  EVL_NEW(arena, k->value, order);
  EVL_NEW(arena, k->work, qr > svd ? qr : svd);
  *planned = k;
  return EVL_OK;
}

/* The triangle of the vectors from x on, ROWS at a time under what came before, into k->square. */
static void decompose(const kernel *k, const double *x, int vectors, double mean) {
  const size_t order = (size_t)k->order, ld = (size_t)k->ld;
  memset(k->square, 0, order * order * sizeof(double));
  for (int first = 0; first < vectors; first += ROWS) {
    const int some = vectors - first < ROWS ? vectors - first : ROWS;
    for (size_t j = 0; j < order; j++) {
      const double *from = x + first + (long long)j * k->delay;
      double *column = k->stack + j * ld;
      memcpy(column, k->square + j * order, order * sizeof(double));
      for (int i = 0; i < some; i++) column[order + (size_t)i] = from[i] - mean;
    }
    evl_qr(k->order + some, k->order, k->stack, k->ld, k->work);
    for (size_t j = 0; j < order; j++) memcpy(k->square + j * order, k->stack + j * ld, (j + 1) * sizeof(double));
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels;
  const long long vectors = k->n_samples - (k->order - 1LL) * k->delay;
  if (vectors < k->order) return;
  for (size_t c = 0; c < n_channels; c++) {
    const double *x = window->x + c * window->ld;
    double entropy = 0.0, fisher = 0.0;
    if (!usable[c]) continue;
    decompose(k, x, (int)vectors, k->centre ? evl_mean(x, (size_t)k->n_samples) : 0.0);
    if (evl_singular_values(k->order, k->square, k->order, k->value, k->work) != EVL_OK) {
      out->why[c] = out->why[n_channels + c] = EVL_WHY_UNCONVERGED;
      continue;
    }
    const double all = evl_sum(k->value, k->order);
    if (!(all > 0.0) || !isfinite(all)) continue;
    for (int i = 0; i < k->order; i++) {
      const double share = k->value[i] / all, next = i + 1 < k->order ? k->value[i + 1] / all : share;
      if (!(share > 0.0)) continue;
      entropy -= share * log(share);
      fisher += (next - share) * (next - share) / share;
    }
    evl_put(out, c, fmin(entropy / log(k->order), 1.0));
    evl_put(out, n_channels + c, fisher);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double order = (double)evl_params_int(p, "order");
  return shape->n_channels * (double)shape->n_samples * 1e-3 * (2.0 + 0.3 * order * order);
}

const evl_entry evl_feature_svd_entropy = {
    .name = "svd_entropy",
    .summary = "SVD entropy and Fisher information: in how many directions the embedded signal extends.",
    .definition = "s_1 >= ... >= s_m: singular values of the matrix whose rows are (x_t, x_{t+tau}, ..., "
                  "x_{t+(m-1)tau}), p_i = s_i / sum s; entropy = -sum_i p_i ln p_i / ln m; fisher = sum_i (p_{i+1} - "
                  "p_i)^2 / p_i. By orthogonal transformations of the signal itself, never of its covariance, which "
                  "would lose the small values. Ten samples two apart reach over 72 ms at 250 Hz. The mean is taken "
                  "off, so that an electrode's offset is no component.",
    .cite = "Roberts, Penny and Rezek 1999, doi:10.1007/BF02513272 (entropy); James and Lowe 2003, "
            "doi:10.1016/S0933-3657(03)00037-X (Fisher information of the embedding)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
