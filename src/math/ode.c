/* Steps of ordinary and stochastic differential equations. */
#include <math.h>

#include "eveil/math.h"

void evl_ode_rk4(evl_flow *flow, void *system, int n, double h, double *x, double *work) {
  double *k = work, *sum = work + n, *at = work + 2 * n;
  static const double ahead[3] = {0.5, 0.5, 1.0}, weight[4] = {1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6};
  static const int stage[4] = {0, 1, 1, 2};
  for (int i = 0; i < n; i++) at[i] = x[i], sum[i] = x[i];
  for (int s = 0; s < 4; s++) {
    flow(system, stage[s], at, k);
    for (int i = 0; i < n; i++) sum[i] = fma(h * weight[s], k[i], sum[i]);
    for (int i = 0; i < n && s < 3; i++) at[i] = fma(h * ahead[s], k[i], x[i]);
  }
  for (int i = 0; i < n; i++) x[i] = sum[i];
}

void evl_ode_heun(evl_flow *flow, void *system, int n, double h, const double *kick, double *x, double *work) {
  double *k0 = work, *k1 = work + n, *at = work + 2 * n;
  flow(system, 0, x, k0);
  for (int i = 0; i < n; i++) at[i] = fma(h, k0[i], x[i]) + kick[i];
  flow(system, 2, at, k1);
  for (int i = 0; i < n; i++) x[i] = fma(0.5 * h, k0[i] + k1[i], x[i]) + kick[i];
}
