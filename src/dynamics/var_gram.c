/* var_gram: standardised channels and the products of their lags.

   The normal matrix has blocks S_ij = sum_t z(t-i) z(t-j)'; only S_i0 is summed, the others follow by shifting the
   range by one sample:
     S_{i+1,j+1} = S_ij + z(first-1-i) z(first-1-j)' - z(end-1-i) z(end-1-j)'. */
#include <string.h>

#include "var_priv.h"

/* Present channels that move in the training part, less their mean, over their sd. */
void evl_var_standardise(evl_var *v, const evl_window *window) {
  const size_t n_train = (size_t)v->spec.n_train;
  v->n_used = 0;
  for (int c = 0; c < v->spec.n_channels; c++) {
    const double *x = window->x + (size_t)c * window->ld;
    if (window->channel_why[c] != 0 || evl_is_flat(x, n_train)) continue;
    const double mean = v->spec.as_is ? 0.0 : evl_mean(x, n_train);
    const double sd = v->spec.as_is ? 1.0 : sqrt(evl_variance(x, n_train, 0));
    if (!isfinite(sd)) continue;
    double *z = v->z + (size_t)v->n_used * v->ld;
    for (int t = 0; t < v->spec.n_samples; t++) z[t] = (x[t] - mean) / sd;
    v->sd[v->n_used] = sd;
    v->used[v->n_used++] = c;
  }
}

static void shift_block(const evl_var *v, int lags, int i, int j, int first, int end, double *gram) {
  const int m = v->n_used, ld = (lags + 1) * m;
  const double *from = gram + (size_t)(j - 1) * (size_t)m * (size_t)ld + (size_t)(i - 1) * (size_t)m;
  double *to = gram + (size_t)j * (size_t)m * (size_t)ld + (size_t)i * (size_t)m;
  const double *in_i = v->z + first - i, *in_j = v->z + first - j;
  const double *out_i = v->z + end - i, *out_j = v->z + end - j;
  for (int b = 0; b < m; b++)
    for (int a = 0; a < m; a++) {
      const size_t za = (size_t)a * v->ld, zb = (size_t)b * v->ld, k = (size_t)b * (size_t)ld + (size_t)a;
      to[k] = from[k] + (in_i[za] * in_j[zb] - out_i[za] * out_j[zb]);
    }
}

/* Sums over time in slices that stay in the cache for all lags. */
void evl_var_products(const evl_var *v, int lags, int first, int end, double *gram) {
  enum { SLICE = 1024 };
  const int m = v->n_used, ld = (lags + 1) * m;
  for (int t = first; t < end; t += SLICE) {
    const int n = end - t < SLICE ? end - t : SLICE;
    for (int i = 0; i <= lags; i++)
      evl_gemm(true, false, m, m, n, 1.0, v->z + t - i, (int)v->ld, v->z + t, (int)v->ld, t > first ? 1.0 : 0.0,
               gram + (size_t)i * (size_t)m, ld);
  }
  for (int j = 1; j <= lags; j++)
    for (int i = j; i <= lags; i++) shift_block(v, lags, i, j, first, end, gram);
}
