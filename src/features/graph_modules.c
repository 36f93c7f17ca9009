/* graph_modules: modules of a network, how clearly they are apart and how nodes take part in several. */
#include "graph_priv.h"

static const double least_gain = 1e-12; /* of modularity: smaller ones are rounding */

/* Strengths of the nodes; returns their sum, twice the weight of all edges. */
static double fill_strength(int n, const double *weight, double *strength) {
  double sum = 0.0;
  for (int i = 0; i < n; i++) {
    strength[i] = 0.0;
    for (int j = 0; j < n; j++) strength[i] += weight[i * n + j];
    sum += strength[i];
  }
  return sum;
}

/* Merges modules, all nodes at first, by the pair that gains most; between [n][n]: weights between modules. */
static void merge(int n, double sum, int *label, double *between, double *strength) {
  for (;;) {
    double best = least_gain;
    int into = -1, from = -1;
    for (int a = 0; a < n; a++)
      for (int b = a + 1; b < n; b++) {
        const double gain = 2.0 * (between[a * n + b] - strength[a] * strength[b] / sum) / sum;
        if (!(gain > best)) continue;
        best = gain;
        into = a;
        from = b;
      }
    if (into < 0) return;
    for (int c = 0; c < n; c++) {
      if (c != into) between[into * n + c] = between[c * n + into] += between[from * n + c];
      between[from * n + c] = between[c * n + from] = 0.0;
      if (label[c] == from) label[c] = into;
    }
    strength[into] += strength[from];
    strength[from] = 0.0;
  }
}

/* The move of one node into another module, or an empty one, that gains most; false where none does. */
static bool move(int n, double sum, const double *weight, int *label, const double *strength, double *module) {
  double best = least_gain;
  int node = -1, to = -1;
  for (int m = 0; m < n; m++) module[m] = 0.0;
  for (int i = 0; i < n; i++) module[label[i]] += strength[i];
  for (int i = 0; i < n; i++) {
    const double rest = module[label[i]] - strength[i];
    for (int m = 0; m < n; m++) {
      if (m == label[i]) continue;
      double closer = 0.0;
      for (int j = 0; j < n; j++)
        if (j != i) closer += label[j] == m ? weight[i * n + j] : label[j] == label[i] ? -weight[i * n + j] : 0.0;
      const double gain = 2.0 * (closer - strength[i] * (module[m] - rest) / sum) / sum;
      if (!(gain > best)) continue;
      best = gain;
      node = i;
      to = m;
    }
  }
  if (node >= 0) label[node] = to;
  return node >= 0;
}

double evl_graph_modularity(int n, const double *weight, int *label, double *work) {
  double *between = work, *strength = between + (size_t)n * (size_t)n, *module = strength + n;
  const double sum = fill_strength(n, weight, strength);
  if (!(sum > 0.0)) return NAN;
  for (int i = 0; i < n * n; i++) between[i] = weight[i];
  for (int i = 0; i < n; i++) label[i] = i;
  merge(n, sum, label, between, strength);
  fill_strength(n, weight, strength);
  for (int left = 100 * n; left > 0 && move(n, sum, weight, label, strength, module); left--) {}
  double quality = 0.0;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      if (label[i] == label[j]) quality += (weight[i * n + j] - strength[i] * strength[j] / sum) / sum;
  return fmin(fmax(quality, -0.5), 1.0);
}

double evl_graph_participation(int n, const double *weight, const int *label, double *work) {
  double total = 0.0;
  int nodes = 0;
  for (int i = 0; i < n; i++) {
    double strength = 0.0, squares = 0.0;
    for (int m = 0; m < n; m++) work[m] = 0.0;
    for (int j = 0; j < n; j++) {
      work[label[j]] += weight[i * n + j];
      strength += weight[i * n + j];
    }
    if (!(strength > 0.0)) continue;
    for (int m = 0; m < n; m++) squares += work[m] / strength * (work[m] / strength);
    total += fmax(1.0 - squares, 0.0);
    nodes++;
  }
  return total / nodes;
}
