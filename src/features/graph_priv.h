/* graph_priv: measures of weighted, undirected networks (Rubinov & Sporns 2010, doi:10.1016/j.neuroimage.2009.10.003).
   Weights [n][n] are symmetric with a diagonal of 0; 0 is no edge, none is negative unless it is said. */
#ifndef EVEIL_GRAPH_PRIV_H
#define EVEIL_GRAPH_PRIV_H

#include "cross_spectra_priv.h"

/* ---- graph_measures.c -------------------------------------------------------------- */

/* Mean over nodes of the geometric mean of the weights of triangles (Onnela et al. 2005,
   doi:10.1103/PhysRevE.71.065103, weights as they are) of their cube roots; nodes with fewer than two edges
   count 0. */
double evl_graph_clustering(int n, const double *root);
/* Lengths of shortest paths over edges of length 1 / weight; INFINITY where there is none. */
void evl_graph_lengths(int n, const double *weight, double *length);
/* Mean length over the pairs that have a path, NaN where none has; their share of all pairs. */
double evl_graph_path_length(int n, const double *length, double *connected);
/* Mean of 1 / length over all pairs. */
double evl_graph_global_efficiency(int n, const double *length);
/* Mean over nodes of sum_jh (w_ij w_ih / l_jh)^(1/3) / (k (k - 1)), l within the k neighbours of i; work
   [2 n^2 + n]. */
double evl_graph_local_efficiency(int n, const double *weight, double *work);

/* ---- graph_modules.c --------------------------------------------------------------- */

/* Newman's modularity of the modules found, label [n]; NaN without an edge. Modules are merged in pairs as long as that
   helps (Clauset et al. 2004, doi:10.1103/PhysRevE.70.066111), then single nodes are moved where that helps most: no
   chance and, but for ties, no order of nodes. work [n^2 + 2 n]. */
double evl_graph_modularity(int n, const double *weight, int *label, double *work);
/* Mean over nodes with edges of 1 - sum over modules of (strength towards the module / strength)^2; work [n]. */
double evl_graph_participation(int n, const double *weight, const int *label, double *work);

/* ---- graph_tree.c ------------------------------------------------------------------ */

/* Leaves over edges, longest path over edges, and leaves / (2 edges * largest betweenness). */
typedef struct evl_tree { double leaves, diameter, hierarchy; } evl_tree;
/* Of the spanning tree of the largest weights, which may be negative here: only their order counts. NaN where no tree
   without a NaN weight spans all nodes, or n < 3. parent and work [n], [5 n]. */
evl_tree evl_graph_tree(int n, const double *weight, int *parent, double *work);

/* ---- graph.c: all of them ------------------------------------------------------------ */

#define EVL_GRAPH_PARAMS(segment)                                                                                      \
  {"measure", EVL_STRING, "\"dwpli\"", 0, 0, "dwpli|wpli|pli|imaginary|coherence|plv|ppc", "",                         \
   "Weight of an edge, as phase_lag, coherence and phase_locking have it."},                                           \
  {"density", EVL_REAL, "1.0", 0.01, 1.0, NULL, "1", "Share of all pairs that may be edges, the strongest ones."},     \
  {"binary", EVL_BOOL, "false", 0, 0, NULL, "", "Edges of weight 1 instead of their own."},                            \
  {"random_graphs", EVL_INT, "10", 0, 1000, NULL, "",                                                                  \
   "Networks with the weights shuffled over all pairs that small_worldness compares with; 0: undefined."},             \
  EVL_CROSS_PARAMS(segment)

/* X(name, unit, least, most, what) */
#define EVL_GRAPH_LIST(X)                                                                                              \
  X(strength, "1", 0.0, EVL_ANY_MAX, "mean sum of the weights of a node's edges")                                      \
  X(clustering, "1", 0.0, 1.0, "mean clustering coefficient (Onnela)")                                                 \
  X(path_length, "1", 1.0, EVL_ANY_MAX, "characteristic path length over the pairs that have a path")                  \
  X(connected, "1", 0.0, 1.0, "share of pairs that have a path")                                                       \
  X(global_efficiency, "1", 0.0, 1.0, "mean inverse path length, 0 where there is no path")                            \
  X(local_efficiency, "1", 0.0, 1.0, "mean efficiency among the neighbours of a node")                                 \
  X(modularity, "1", -0.5, 1.0, "modularity of the best modules found")                                                \
  X(participation, "1", 0.0, 1.0, "mean participation coefficient in these modules")                                   \
  X(small_worldness, "1", 0.0, EVL_ANY_MAX, "clustering over path length, each over that of shuffled weights")         \
  X(tree_leaves, "1", 0.0, 1.0, "leaves of the maximum spanning tree over its edges")                                  \
  X(tree_diameter, "1", 0.0, 1.0, "longest path of the tree over its edges")                                           \
  X(tree_hierarchy, "1", 0.0, 1.0, "leaves over twice the edges times the largest betweenness")

enum {
#define EVL_GRAPH_ENUM(name, unit, least, most, what) EVL_GRAPH_##name,
  EVL_GRAPH_LIST(EVL_GRAPH_ENUM)
#undef EVL_GRAPH_ENUM
  EVL_GRAPH_MEASURES
};

typedef struct evl_graph evl_graph;
/* Networks of the usable channels that have a place on the head, or of all usable ones where none has. `entry` names it
   in errors and keys its random numbers; `epoch` as evl_cross_plan. */
evl_status evl_graph_plan(const evl_params *params, const evl_shape *shape, const char *entry, int epoch,
                          evl_products *products, evl_arena *arena, evl_graph **graph);
int evl_graph_bands(const evl_graph *graph);
int evl_graph_epochs(const evl_graph *graph);
/* All measures [EVL_GRAPH_MEASURES] of one epoch in one band, NaN where undefined. */
void evl_graph_epoch(evl_graph *graph, const evl_window *window, int epoch, int band, double *measure);
double evl_graph_cost_us(const evl_params *params, const evl_shape *shape); /* of one network a band */

#endif
