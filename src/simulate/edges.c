#include "simulate_priv.h"

#include <math.h>

evl_status evl_edges_design(const double edge_hz[2], double fs_hz, evl_edges *edges) {
  int n;
  *edges = (evl_edges){0};
  if (edge_hz[0] > 0) {
    EVL_TRY(evl_butterworth_high(2, edge_hz[0], fs_hz, &edges->section[edges->n], &n));
    edges->n++;
  }
  if (edge_hz[1] <= 0 || edge_hz[1] >= 0.5 * fs_hz) return EVL_OK;
  EVL_TRY(evl_butterworth_low(2, edge_hz[1], fs_hz, &edges->section[edges->n], &n));
  edges->n++;
  return EVL_OK;
}

/* Transposed direct form II, all sources side by side. */
void evl_edges_run(evl_edges *edges, double *s, size_t ld, int n) {
  for (int i = 0; i < edges->n; i++) {
    evl_biquad b = edges->section[i];
    double *p = edges->state[i][0], *q = edges->state[i][1];
    for (int t = 0; t < n; t++) {
      double *x = s + (size_t)t * ld;
      for (int k = 0; k < EVL_HEAD_BACKGROUND; k++) {
        double y = b.b0 * x[k] + p[k];
        p[k] = b.b1 * x[k] - b.a1 * y + q[k];
        q[k] = b.b2 * x[k] - b.a2 * y;
        x[k] = y;
      }
    }
  }
}
