/* havok_fit: regression of the derivatives of delay coordinates on themselves (Brunton et al. 2017, equation 4). */
#include <string.h>

#include "dmd_priv.h"

evl_status evl_havok_plan(int n, int most_samples, evl_arena *arena, evl_havok *h) {
  *h = (evl_havok){.n = n, .ld = ((size_t)most_samples + 7) / 8 * 8};
  EVL_NEW(arena, h->system, n * n);
  EVL_NEW(arena, h->gram, n * n);
  EVL_NEW(arena, h->slope, (size_t)n * h->ld);
  return EVL_OK;
}

static void differences(const double *v, int n, double fs_hz, int order, double *slope) {
  if (order == 4) {
    for (int t = 2; t + 2 < n; t++)
      slope[t] = (8.0 * (v[t + 1] - v[t - 1]) - (v[t + 2] - v[t - 2])) * (fs_hz / 12.0);
    return;
  }
  for (int t = 1; t + 1 < n; t++) slope[t] = (v[t + 1] - v[t - 1]) * (0.5 * fs_hz);
  slope[0] = (-1.5 * v[0] + 2.0 * v[1] - 0.5 * v[2]) * fs_hz;
  slope[n - 1] = (1.5 * v[n - 1] - 2.0 * v[n - 2] + 0.5 * v[n - 3]) * fs_hz;
}

evl_fit evl_havok_fit(evl_havok *h, const double *v, size_t ld, int n_samples, double fs_hz, int order) {
  const int n = h->n, first = order == 4 ? 2 : 0, rows = n_samples - 2 * first;
  if (rows <= n) return EVL_FIT_SHORT;
  for (int i = 0; i < n; i++) differences(v + (size_t)i * ld, n_samples, fs_hz, order, h->slope + (size_t)i * h->ld);
  evl_gemm(true, false, n, n, rows, 1.0, v + first, (int)ld, v + first, (int)ld, 0.0, h->gram, n);
  evl_gemm(true, false, n, n, rows, 1.0, v + first, (int)ld, h->slope + first, (int)h->ld, 0.0, h->system, n);
  double trace = 0.0;
  for (int i = 0; i < n; i++) trace += h->gram[i * n + i];
  if (!(trace > 0.0) || evl_cholesky(n, h->gram, n) != EVL_OK) {
    evl_error_clear();
    return EVL_FIT_COLLINEAR;
  }
  for (int i = 0; i < n; i++)
    if (!(h->gram[i * n + i] * h->gram[i * n + i] > 1e-12 * trace)) return EVL_FIT_COLLINEAR;
  evl_cholesky_solve(n, n, h->gram, n, h->system, n);
  double left[2] = {0.0, 0.0}, all[2] = {0.0, 0.0};
  for (int i = 0; i < n; i++)
    for (int t = first; t < first + rows; t++) {
      const double s = h->slope[(size_t)i * h->ld + (size_t)t];
      double e = s;
      for (int j = 0; j < n; j++) e -= h->system[i * n + j] * v[(size_t)j * ld + (size_t)t];
      left[i == n - 1] += e * e;
      all[i == n - 1] += s * s;
    }
  h->r2 = n > 1 ? 1.0 - left[0] / all[0] : NAN;
  h->r2_forcing = 1.0 - left[1] / all[1];
  return EVL_FIT_DONE;
}
