/* graph_tree: the spanning tree of the largest weights and its shape (Stam et al. 2014,
   doi:10.1016/j.ijpsycho.2014.04.001). */
#include "graph_priv.h"

/* Prim's algorithm from node 0; in order [n] the nodes as they join, parents before children. */
static bool span(int n, const double *weight, int *parent, int *order, double *nearest) {
  for (int i = 0; i < n; i++) {
    parent[i] = i == 0 ? -1 : 0;
    nearest[i] = i == 0 ? INFINITY : weight[i];
    if (isnan(nearest[i])) nearest[i] = -INFINITY;
  }
  order[0] = 0;
  for (int joined = 1; joined < n; joined++) {
    int next = -1;
    for (int i = 1; i < n; i++)
      if (nearest[i] < INFINITY && (next < 0 || nearest[i] > nearest[next])) next = i;
    if (!(nearest[next] > -INFINITY)) return false;
    order[joined] = next;
    nearest[next] = INFINITY; /* a node of the tree */
    for (int i = 1; i < n; i++) {
      if (!(nearest[i] < weight[next * n + i])) continue;
      nearest[i] = weight[next * n + i];
      parent[i] = next;
    }
  }
  return true;
}

evl_tree evl_graph_tree(int n, const double *weight, int *parent, double *work) {
  const evl_tree none = {NAN, NAN, NAN};
  double *nearest = work, *height = nearest + n, *below = height + n, *through = below + n;
  int *order = (int *)(through + n), leaves = 0;
  double longest = 0.0, most = 0.0;
  if (n < 3 || !span(n, weight, parent, order, nearest)) return none;
  /* through: pairs of other nodes whose path leads through a node. Begin with all, take those on one side of it. */
  const double others = 0.5 * (n - 1.0) * (n - 2.0);
  for (int i = 0; i < n; i++) {
    height[i] = 0.0;
    below[i] = 1.0;
    through[i] = others;
    nearest[i] = 0.0; /* edges at the node */
  }
  for (int k = n - 1; k > 0; k--) {
    const int i = order[k], up = parent[i];
    longest = fmax(longest, height[up] + height[i] + 1.0);
    height[up] = fmax(height[up], height[i] + 1.0);
    below[up] += below[i];
    through[up] -= 0.5 * below[i] * (below[i] - 1.0);
    through[i] -= 0.5 * (n - below[i]) * (n - below[i] - 1.0);
    nearest[i]++;
    nearest[up]++;
  }
  for (int i = 0; i < n; i++) {
    leaves += nearest[i] == 1.0;
    most = fmax(most, through[i]);
  }
  const double edges = n - 1.0;
  return (evl_tree){leaves / edges, longest / edges, leaves / (2.0 * edges * (most / others))};
}
