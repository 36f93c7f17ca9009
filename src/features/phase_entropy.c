/* phase_entropy: spread of the angles of the second-order difference plot. */
#include <string.h>

#include "features_priv.h"

enum { MOST_SECTORS = 360 };

typedef struct kernel {
  evl_products *products;
  int n_samples, sectors, delay;
} kernel;

static const evl_param params[] = {
    {"sectors", EVL_INT, "16", 2, MOST_SECTORS, NULL, "",
     "Sectors K of the plane, from the positive axis on; multiples of four are symmetric."},
    {"delay", EVL_INT, "1", 1, 10000, NULL, "samples", "Between the samples of a difference."},
    {0}};

static const evl_output outputs[] = {
    {"entropy", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0,
     "Entropy of the angles' sums over sectors, over its maximum ln K."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->sectors = (int)evl_params_int(p, "sectors");
  k->delay = (int)evl_params_int(p, "delay");
  *planned = k;
  return EVL_OK;
}

/* weight[s]: sum of the angles in sector s. */
static void sum_angles(const kernel *k, const double *x, double *weight) {
  memset(weight, 0, (size_t)k->sectors * sizeof *weight);
  for (int t = 0; t < k->n_samples - 2 * k->delay; t++) {
    const double before = x[t + k->delay] - x[t], after = x[t + 2 * k->delay] - x[t + k->delay];
    double angle = atan2(after, before);
    if (angle < 0.0) angle += 2.0 * M_PI;
    const int sector = (int)(angle * k->sectors / (2.0 * M_PI));
    weight[sector < k->sectors ? sector : k->sectors - 1] += angle;
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  for (size_t c = 0; c < (size_t)window->n_channels; c++) {
    double weight[MOST_SECTORS], entropy = 0.0;
    if (!usable[c] || k->delay > (k->n_samples - 1) / 2) continue;
    sum_angles(k, window->x + c * window->ld, weight);
    const double all = evl_sum(weight, k->sectors);
    if (!(all > 0.0)) continue;
    for (int s = 0; s < k->sectors; s++)
      if (weight[s] > 0.0) entropy -= weight[s] / all * log(weight[s] / all);
    evl_put(out, c, fmin(fmax(entropy / log(k->sectors), 0.0), 1.0));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return 0.03 * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_phase_entropy = {
    .name = "phase_entropy",
    .summary = "Phase entropy: how the angles of successive differences spread over the plane.",
    .definition = "theta_t in [0, 2 pi): angle of (x_{t+tau} - x_t, x_{t+2tau} - x_{t+tau}); S_k the sum of the "
                  "angles in sector k of K, p_k = S_k / sum S; entropy = -sum_k p_k ln p_k / ln K. The weight of an "
                  "angle is the angle, as published, so that falling and rising stretches count differently. A pause "
                  "(both differences 0) weighs nothing.",
    .cite = "Rohila and Sharma 2019, doi:10.1088/1361-6579/ab499e, definition of PhEn",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
