/* graph: connectivity of all channels as a network. */
#include <string.h>

#include "graph_priv.h"

struct evl_graph {
  evl_products *products;
  evl_cross *cross;
  const char *entry;
  evl_cross_kind kind;
  int n_channels, n_bands, n_random;
  double density;
  bool binary;
  const char **band;       /* [n_bands] */
  uint8_t *placed;         /* [n_channels] */
  int *node, *label;       /* [n_channels] */
  double *raw, *weight, *shuffled, *length, *root; /* [n][n]; raw: as measured, negative and NaN too; cube roots */
  double *edge, *edge_root; /* [n (n - 1) / 2] sorted weights, their cube roots */
  int *place;              /* [n (n - 1) / 2] */
  double *work;            /* [2 n^2 + 5 n] */
};

static const evl_param params[] = {EVL_GRAPH_PARAMS("2.0"), {0}};

static const evl_output outputs[] = {
#define OUTPUT(name, unit, least, most, what) \
  {#name, EVL_PER_WINDOW, "bands", false, unit, least, most, "Network: " what "."},
    EVL_GRAPH_LIST(OUTPUT)
#undef OUTPUT
    {0}};

static evl_cross_kind kind_of(const char *measure) {
  static const struct { const char *name; evl_cross_kind kind; } known[] = {
      {"dwpli", EVL_CROSS_WPLI_DEBIASED}, {"wpli", EVL_CROSS_WPLI}, {"pli", EVL_CROSS_PLI},
      {"imaginary", EVL_CROSS_IMAGINARY}, {"coherence", EVL_CROSS_MAGNITUDE}, {"plv", EVL_CROSS_PLV}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (!strcmp(measure, known[i].name)) return known[i].kind;
  return EVL_CROSS_PPC;
}

/* Heart and eye channels have no place on the head and are no nodes of its network. */
static void find_placed(const evl_shape *shape, uint8_t *placed) {
  const evl_montage *m = shape->montage;
  bool any = false;
  for (int c = 0; c < shape->n_channels; c++) {
    placed[c] = !m || !m->xyz || m->xyz[c][0] != 0.0 || m->xyz[c][1] != 0.0 || m->xyz[c][2] != 0.0;
    any = any || placed[c];
  }
  if (!any) memset(placed, 1, (size_t)shape->n_channels);
}

evl_status evl_graph_plan(const evl_params *p, const evl_shape *shape, const char *entry, int epoch,
                          evl_products *products, evl_arena *arena, evl_graph **graph) {
  const evl_value *bands = evl_params_value(p, "bands");
  const size_t n = (size_t)shape->n_channels, n_pairs = n * (n - 1) / 2;
  evl_graph *g;
  EVL_NEW(arena, g, 1);
  g->products = products;
  g->entry = entry;
  g->kind = kind_of(evl_params_string(p, "measure"));
  g->n_channels = shape->n_channels;
  g->n_bands = bands->n;
  g->n_random = (int)evl_params_int(p, "random_graphs");
  g->density = evl_params_real(p, "density");
  g->binary = evl_params_bool(p, "binary");
  EVL_NEW(arena, g->band, bands->n);
  for (int b = 0; b < bands->n; b++) g->band[b] = bands->bands[b].name;
  EVL_NEW(arena, g->placed, n);
  find_placed(shape, g->placed);
  EVL_NEW(arena, g->node, n);
  EVL_NEW(arena, g->label, n);
  EVL_NEW(arena, g->raw, n * n);
  EVL_NEW(arena, g->weight, n * n);
  EVL_NEW(arena, g->shuffled, n * n);
  EVL_NEW(arena, g->length, n * n);
  EVL_NEW(arena, g->root, n * n);
  EVL_NEW(arena, g->edge, n_pairs + 1);
  EVL_NEW(arena, g->edge_root, n_pairs + 1);
  EVL_NEW(arena, g->place, n_pairs + 1);
  EVL_NEW(arena, g->work, 2 * n * n + 5 * n);
  *graph = g;
  return evl_cross_plan(p, shape, entry, epoch, products, arena, &g->cross);
}

int evl_graph_bands(const evl_graph *g) { return g->n_bands; }
int evl_graph_epochs(const evl_graph *g) { return evl_cross_epochs(g->cross); }

/* Nodes and their measured weights; returns how many nodes. */
static int fill_raw(evl_graph *g, const double *pair) {
  const uint8_t *usable = evl_products_usable(g->products);
  const int c = g->n_channels;
  int n = 0;
  for (int i = 0; i < c; i++)
    if (usable[i] && g->placed[i]) g->node[n++] = i;
  for (int i = 0; i < n; i++) {
    g->raw[i * n + i] = 0.0;
    for (int j = i + 1; j < n; j++) {
      const int a = g->node[i], b = g->node[j];
      g->raw[i * n + j] = g->raw[j * n + i] = pair[a * c - a * (a + 1) / 2 + b - a - 1];
    }
  }
  return n;
}

/* Edges: positive weights, the strongest ones; sorted weights of all pairs to edge. */
static void fill_weights(evl_graph *g, int n) {
  const size_t n_pairs = (size_t)n * (size_t)(n - 1) / 2;
  size_t at = 0;
  for (int i = 0; i < n; i++)
    for (int j = i + 1; j < n; j++) g->edge[at++] = g->raw[i * n + j] > 0.0 ? g->raw[i * n + j] : 0.0;
  evl_sort(g->edge, n_pairs);
  const size_t kept = (size_t)fmax(round(g->density * (double)n_pairs), 1.0);
  const double least = g->edge[n_pairs - kept];
  for (int i = 0; i < n * n; i++) {
    const bool edge = g->raw[i] > 0.0 && g->raw[i] >= least;
    g->weight[i] = !edge ? 0.0 : g->binary ? 1.0 : g->raw[i];
  }
  for (size_t k = 0; k < n_pairs; k++) {
    g->edge[k] = !(g->edge[k] > 0.0) || g->edge[k] < least ? 0.0 : g->binary ? 1.0 : g->edge[k];
    g->edge_root[k] = cbrt(g->edge[k]);
  }
}

/* Sorted weights are dealt to pairs, so that networks do not depend on the order of channels. */
static double small_worldness(evl_graph *g, int n, uint64_t key, int epoch, int band, double clustering,
                              double length) {
  const int n_pairs = n * (n - 1) / 2;
  double random_clustering = 0.0, random_length = 0.0, connected;
  evl_random random;
  evl_random_begin(&random, key, g->entry, g->band[band], (uint64_t)epoch);
  for (int r = 0; r < g->n_random; r++) {
    evl_random_permutation(&random, g->place, n_pairs);
    for (int i = 0, at = 0; i < n; i++) {
      g->shuffled[i * n + i] = 0.0;
      g->root[i * n + i] = 0.0;
      for (int j = i + 1; j < n; j++, at++) {
        g->shuffled[i * n + j] = g->shuffled[j * n + i] = g->edge[g->place[at]];
        g->root[i * n + j] = g->root[j * n + i] = g->edge_root[g->place[at]];
      }
    }
    random_clustering += evl_graph_clustering(n, g->root);
    evl_graph_lengths(n, g->shuffled, g->length);
    random_length += evl_graph_path_length(n, g->length, &connected);
  }
  return clustering / random_clustering / (length / random_length);
}

void evl_graph_epoch(evl_graph *g, const evl_window *window, int epoch, int band, double *measure) {
  const int n = fill_raw(g, evl_cross_pairs(g->cross, window, epoch, g->kind, band));
  for (int m = 0; m < EVL_GRAPH_MEASURES; m++) measure[m] = NAN;
  bool any = false; /* pair measured */
  for (int i = 0; i < n * n; i++) any = any || (i % (n + 1) != 0 && !isnan(g->raw[i]));
  if (n < 3 || !any) return;
  fill_weights(g, n);
  measure[EVL_GRAPH_strength] = 2.0 * evl_sum(g->edge, n * (n - 1) / 2) / n;
  for (int i = 0; i < n * n; i++) g->root[i] = cbrt(g->weight[i]);
  measure[EVL_GRAPH_clustering] = evl_graph_clustering(n, g->root);
  evl_graph_lengths(n, g->weight, g->length);
  measure[EVL_GRAPH_path_length] = evl_graph_path_length(n, g->length, &measure[EVL_GRAPH_connected]);
  measure[EVL_GRAPH_global_efficiency] = evl_graph_global_efficiency(n, g->length);
  measure[EVL_GRAPH_local_efficiency] = evl_graph_local_efficiency(n, g->weight, g->work);
  measure[EVL_GRAPH_modularity] = evl_graph_modularity(n, g->weight, g->label, g->work);
  if (isfinite(measure[EVL_GRAPH_modularity]))
    measure[EVL_GRAPH_participation] = evl_graph_participation(n, g->weight, g->label, g->work);
  const evl_tree tree = evl_graph_tree(n, g->raw, g->label, g->work);
  measure[EVL_GRAPH_tree_leaves] = tree.leaves;
  measure[EVL_GRAPH_tree_diameter] = tree.diameter;
  measure[EVL_GRAPH_tree_hierarchy] = tree.hierarchy;
  measure[EVL_GRAPH_small_worldness] = small_worldness(g, n, window->key, epoch, band, measure[EVL_GRAPH_clustering],
                                                       measure[EVL_GRAPH_path_length]);
}

double evl_graph_cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = shape->n_channels, random = (double)evl_params_int(p, "random_graphs");
  return evl_params_value(p, "bands")->n * n * n * n * (1e-3 * n + 3e-3 * (random + 4.0));
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  evl_graph *g;
  EVL_TRY(evl_graph_plan(p, shape, "graph", 0, products, arena, &g));
  *planned = g;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  evl_graph *g = planned;
  for (int band = 0; band < g->n_bands; band++) {
    double measure[EVL_GRAPH_MEASURES];
    evl_graph_epoch(g, window, 0, band, measure);
    for (int m = 0; m < EVL_GRAPH_MEASURES; m++) evl_put(out, (size_t)(m * g->n_bands + band), measure[m]);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return evl_cross_cost_us(p, shape) + evl_graph_cost_us(p, shape);
}

const evl_entry evl_feature_graph = {
    .name = "graph",
    .summary = "Measures of the network of all channels: clustering, paths, efficiency, modules, spanning tree.",
    .definition = "Nodes: usable channels with a place on the head. Weight w of an edge: the measure in a band over "
                  "the window; negative estimates (dwpli, ppc scatter about 0 where nothing is coupled) and undefined "
                  "ones are no edge. Length of an edge 1/w. path_length is the mean over pairs that have a path, so "
                  "that one isolated node does not make it infinite; connected says how many have, and "
                  "global_efficiency counts the others as 0. Clustering: mean of (w_ij w_jh w_hi)^(1/3) over pairs of "
                  "neighbours; modularity: sum over pairs in a module of (w_ij - s_i s_j / l) / l, l the sum of "
                  "strengths s; participation: 1 - sum_m (s_im / s_i)^2; small_worldness: (C / C_r) / (L / L_r) with "
                  "means over networks of shuffled weights. The spanning tree is of the largest weights, of any sign: "
                  "hierarchy = leaves / (2 edges max betweenness).",
    .cite = "Rubinov and Sporns 2010, doi:10.1016/j.neuroimage.2009.10.003, table A1; Onnela et al. 2005, "
            "doi:10.1103/PhysRevE.71.065103; Bullmore and Sporns 2009, doi:10.1038/nrn2575; Stam et al. 2014, "
            "doi:10.1016/j.ijpsycho.2014.04.001 (tree)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
