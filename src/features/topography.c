/* topography: how band power changes over the head, from front to back and from left to right. */
#include <string.h>

#include "field_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_psd *psd;
  int n_bands, n_channels;
  evl_bins *band;  /* [n_bands] */
  int *channel;    /* [n_channels] */
  double *level;   /* [n_channels] dB */
} kernel;

static const evl_param params[] = {
    {"bands", EVL_BANDS,
     "{ delta = (1.0, 4.0); theta = (4.0, 8.0); alpha = (8.0, 12.0); beta = (12.0, 30.0); gamma = (30.0, 45.0); "
     "broad = (1.0, 45.0); }",
     0.0, 1e5, NULL, "Hz", "Bands; the upper edge does not belong to a band."},
    EVL_PSD_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"anterior_posterior", EVL_PER_WINDOW, "bands", false, "dB", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Rise of the level towards the front, over one radius of the head; below 0: more power behind, as in alpha."},
    {"left_right", EVL_PER_WINDOW, "bands", false, "dB", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Rise of the level towards the right, over one radius of the head."},
    {"explained", EVL_PER_WINDOW, "bands", false, "1", 0.0, 1.0,
     "Share of the variance of levels over channels that the two gradients explain."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const evl_value *bands = evl_params_value(p, "bands");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_bands = bands->n;
  k->n_channels = shape->n_channels;
  EVL_TRY(evl_psd_plan(p, shape, products, arena, &k->psd));
  EVL_NEW(arena, k->band, k->n_bands);
  EVL_NEW(arena, k->channel, k->n_channels);
  EVL_NEW(arena, k->level, k->n_channels);
  for (int b = 0; b < k->n_bands; b++) {
    const evl_band *band = &bands->bands[b];
    k->band[b] = evl_psd_between(k->psd, band->low_hz, band->high_hz, false);
    if (k->band[b].complete && k->band[b].end <= k->band[b].first)
      return evl_fail(EVL_USAGE, "topography: %s (%g to %g Hz) is too narrow for frequencies %g Hz apart", band->name,
                      band->low_hz, band->high_hz, evl_psd_step_hz(k->psd));
  }
  *planned = k;
  return EVL_OK;
}

/* Least squares of y = a + b right + c front. */
typedef struct plane { double right, front, explained; } plane;

static bool fit_plane(const kernel *k, int n, plane *fit) {
  const double(*xyz)[3] = evl_products_shape(k->products)->montage->xyz;
  double mx = 0.0, my = 0.0, mv = 0.0, xx = 0.0, xy = 0.0, yy = 0.0, xv = 0.0, yv = 0.0, vv = 0.0;
  for (int i = 0; i < n; i++) {
    mx += xyz[k->channel[i]][0] / n;
    my += xyz[k->channel[i]][1] / n;
    mv += k->level[i] / n;
  }
  for (int i = 0; i < n; i++) {
    const double x = xyz[k->channel[i]][0] - mx, y = xyz[k->channel[i]][1] - my, v = k->level[i] - mv;
    xx += x * x, xy += x * y, yy += y * y;
    xv += x * v, yv += y * v, vv += v * v;
  }
  const double determinant = xx * yy - xy * xy;
  if (!(determinant > 1e-6 * xx * yy)) return false; /* channels on a line */
  fit->right = (xv * yy - yv * xy) / determinant;
  fit->front = (yv * xx - xv * xy) / determinant;
  fit->explained = fmin((fit->right * xv + fit->front * yv) / vv, 1.0);
  return true;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  enum { FEWEST = 4 };
  kernel *k = planned;
  const evl_shape *shape = evl_products_shape(k->products);
  const int n = evl_field_channels(k->products, k->channel);
  if (n < FEWEST || !evl_field_has_place(shape, k->channel[0])) return;
  for (int b = 0; b < k->n_bands; b++) {
    plane fit;
    if (!k->band[b].complete) continue;
    for (int i = 0; i < n; i++) {
      const double *density = evl_psd_channel(k->psd, window, k->channel[i]) + k->band[b].first;
      k->level[i] = 10.0 * log10(evl_sum(density, k->band[b].end - k->band[b].first) * evl_psd_step_hz(k->psd));
    }
    if (!fit_plane(k, n, &fit)) continue;
    evl_put(out, (size_t)b, fit.front);
    evl_put(out, (size_t)(k->n_bands + b), fit.right);
    evl_put(out, (size_t)(2 * k->n_bands + b), fmax(fit.explained, 0.0));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return evl_psd_cost_us(p, shape) + 0.06 * shape->n_channels * evl_params_value(p, "bands")->n;
}

const evl_entry evl_feature_topography = {
    .name = "topography",
    .summary = "Gradients of band power over the head, from back to front and from left to right.",
    .definition =
        "L_c = 10 log10 of Welch's band power of channel c; anterior_posterior and left_right are the coefficients b_y "
        "and b_x of the least-squares plane L_c = a + b_x x_c + b_y y_c, with x to the right and y to the front on the "
        "unit sphere; levels, since power changes by factors and not by sums; explained = 1 - residual / total sum of "
        "squares, undefined where all levels are the same. Channels with a place on the head, at least four, not on a "
        "line.",
    .cite = "Chennu et al. 2014, doi:10.1371/journal.pcbi.1003887 (anterior and posterior alpha in disorders of "
            "consciousness); Welch 1967, doi:10.1109/TAU.1967.1161901",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
