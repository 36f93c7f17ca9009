/* graph_measures: clustering, shortest paths and efficiencies of a network. */
#include "graph_priv.h"

double evl_graph_clustering(int n, const double *root) {
  double total = 0.0;
  for (int i = 0; i < n; i++) {
    const double *row = root + (size_t)i * (size_t)n;
    double triangles = 0.0;
    int k = 0;
    for (int j = 0; j < n; j++) {
      if (!(row[j] > 0.0)) continue;
      const double *other = root + (size_t)j * (size_t)n;
      double both = 0.0;
      for (int h = 0; h < n; h++) both += row[h] * other[h];
      triangles += row[j] * both;
      k++;
    }
    if (k > 1) total += triangles / ((double)k * (k - 1));
  }
  return total / n;
}

void evl_graph_lengths(int n, const double *weight, double *length) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) length[i * n + j] = i == j ? 0.0 : 1.0 / weight[i * n + j];
  for (int via = 0; via < n; via++) {
    const double *onward = length + (size_t)via * (size_t)n;
    for (int i = 0; i < n; i++) {
      double *row = length + (size_t)i * (size_t)n;
      const double first = row[via];
      if (i == via || isinf(first)) continue;
      for (int j = 0; j < n; j++) row[j] = first + onward[j] < row[j] ? first + onward[j] : row[j];
    }
  }
}

double evl_graph_path_length(int n, const double *length, double *connected) {
  double sum = 0.0;
  int pairs = 0;
  for (int i = 0; i < n; i++)
    for (int j = i + 1; j < n; j++) {
      if (isinf(length[i * n + j])) continue;
      sum += length[i * n + j];
      pairs++;
    }
  *connected = pairs / (0.5 * n * (n - 1));
  return sum / pairs;
}

double evl_graph_global_efficiency(int n, const double *length) {
  double sum = 0.0;
  for (int i = 0; i < n; i++)
    for (int j = i + 1; j < n; j++) sum += 1.0 / length[i * n + j];
  return sum / (0.5 * n * (n - 1));
}

double evl_graph_local_efficiency(int n, const double *weight, double *work) {
  double *among = work, *length = among + (size_t)n * (size_t)n, *spoke = length + (size_t)n * (size_t)n, total = 0.0;
  for (int i = 0; i < n; i++) {
    const double *row = weight + (size_t)i * (size_t)n;
    int k = 0;
    for (int j = 0; j < n; j++)
      if (row[j] > 0.0) spoke[k++] = row[j];
    if (k < 2) continue;
    for (int j = 0, a = 0; j < n; j++) {
      if (!(row[j] > 0.0)) continue;
      for (int h = 0, b = 0; h < n; h++)
        if (row[h] > 0.0) among[a * k + b++] = weight[j * n + h];
      a++;
    }
    evl_graph_lengths(k, among, length);
    double sum = 0.0;
    for (int a = 0; a < k; a++)
      for (int b = a + 1; b < k; b++) sum += cbrt(spoke[a] * spoke[b] / length[a * k + b]);
    total += sum / (0.5 * k * (k - 1));
  }
  return total / n;
}
