/* graph_variability: how the network of channels changes within a window. */
#include "graph_priv.h"

typedef struct kernel { evl_graph *graph; double *value; } kernel; /* [EVL_GRAPH_MEASURES][n_bands][n_epochs] */

static const evl_param params[] = {
    {"epoch_s", EVL_REAL, "5.0", 0.1, 3600.0, NULL, "s", "Length of the parts of a window that are a network each."},
    EVL_GRAPH_PARAMS("1.0"),
    {0}};

static const evl_output outputs[] = {
#define OUTPUT(name, unit, least, most, what) \
  {#name "_sd", EVL_PER_WINDOW, "bands", false, unit, 0.0, EVL_ANY_MAX, "Standard deviation over epochs: " what "."},
    EVL_GRAPH_LIST(OUTPUT)
#undef OUTPUT
    {0}};

static int epoch_of(const evl_params *p, const evl_shape *shape) {
  return (int)fmax(round(evl_params_real(p, "epoch_s") * shape->fs_hz), 1.0);
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_graph_plan(p, shape, "graph_variability", epoch_of(p, shape), products, arena, &k->graph));
  EVL_NEW(arena, k->value, (size_t)EVL_GRAPH_MEASURES * (size_t)evl_graph_bands(k->graph) *
                               (size_t)evl_graph_epochs(k->graph));
  *planned = k;
  return EVL_OK;
}

/* Of the epochs that have a value, if at least half of all and three have. */
static double spread(double *value, int n) {
  int found = 0;
  for (int e = 0; e < n; e++)
    if (isfinite(value[e])) value[found++] = value[e];
  return found >= 3 && 2 * found >= n ? sqrt(evl_variance(value, (size_t)found, 1)) : NAN;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const int n_bands = evl_graph_bands(k->graph), n_epochs = evl_graph_epochs(k->graph);
  for (int e = 0; e < n_epochs; e++)
    for (int band = 0; band < n_bands; band++) {
      double measure[EVL_GRAPH_MEASURES];
      evl_graph_epoch(k->graph, window, e, band, measure);
      for (int m = 0; m < EVL_GRAPH_MEASURES; m++) k->value[(m * n_bands + band) * n_epochs + e] = measure[m];
    }
  for (int i = 0; i < EVL_GRAPH_MEASURES * n_bands; i++)
    evl_put(out, (size_t)i, spread(k->value + i * n_epochs, n_epochs));
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double epochs = ceil(shape->n_samples / (double)epoch_of(p, shape));
  return evl_cross_cost_us(p, shape) + evl_graph_cost_us(p, shape) * epochs;
}

const evl_entry evl_feature_graph_variability = {
    .name = "graph_variability",
    .summary = "Variation over time of the measures of the network of all channels.",
    .definition = "The window is cut into epochs; x_sd is the standard deviation over epochs of the measure x of "
                  "graph, n - 1 in the denominator, over epochs where it is defined (at least three and half of all). "
                  "Kustermann et al. found more variance of path_length in the first day of coma of patients with a "
                  "favourable outcome (epochs of 5 s, dwpli). The scatter of the estimate is in it too: compare epochs "
                  "of equal length.",
    .cite = "Kustermann et al. 2020, doi:10.1016/j.nicl.2020.102295; Rubinov and Sporns 2010, "
            "doi:10.1016/j.neuroimage.2009.10.003",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .min_window_s = 20.0,
    .usual_window_s = 120.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
