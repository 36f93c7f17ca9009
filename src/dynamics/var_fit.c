/* var_fit: ridge least squares for all orders at once.

   Least squares, not Yule-Walker: its taper-free covariances would pull slow and sharp modes of short windows
   inwards, which is what the modes are to show. Every order is fitted on the same samples t = P .. n_train - 1, so
   that information criteria compare. The normal matrix has blocks S_ij = sum_t z(t-i) z(t-j)'; only S_i0 is summed,
   the others follow by shifting the range by one sample:
     S_{i+1,j+1} = S_ij + z(P-1-i) z(P-1-j)' - z(n_train-1-i) z(n_train-1-j)'.
   Lags are ordered outermost, so one Cholesky factor L of S + ridge n I holds those of all lower orders in its
   corner, and with W = inv(L) s the penalised residual of order p is S_00 - W_p' W_p (W_p the first p blocks).

   The ridge is relative to unit variance. It is what makes collinear channels (average reference, bridged electrodes)
   regular: along a direction without variance the coefficients are zero and the eigenvalues vanish. The same ridge
   is added to residual covariances under the determinant, where such a direction then adds the same constant to
   every order. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "var_priv.h"

int evl_var_lags(const evl_params *params) {
  const int order = (int)evl_params_int(params, "order");
  return order > 0 ? order : (int)evl_params_int(params, "max_order");
}

evl_status evl_var_plan(const evl_params *params, const evl_shape *shape, int n_train, int n_gap, evl_var *var,
                        evl_arena *arena) {
  *var = (evl_var){.n_channels = shape->n_channels,
                   .n_samples = shape->n_samples,
                   .n_train = n_train,
                   .n_gap = n_gap,
                   .max_order = evl_var_lags(params),
                   .choose_order = evl_params_int(params, "order") == 0,
                   .ridge = evl_params_real(params, "ridge")};
  return evl_var_fit_plan(var, arena);
}

evl_status evl_var_fit_plan(evl_var *v, evl_arena *arena) {
  const size_t c = (size_t)v->n_channels, lags = (size_t)v->max_order * c;
  if (lags > 2048)
    return evl_fail(EVL_USAGE, "var: %d lags of %d channels: expected at most 2048 in all", v->max_order,
                    v->n_channels);
  v->ld = ((size_t)v->n_samples + 7) / 8 * 8;
  EVL_NEW(arena, v->z, c * v->ld);
  EVL_NEW(arena, v->gram, (lags + c) * (lags + c));
  EVL_NEW(arena, v->half, lags * c);
  EVL_NEW(arena, v->beta, lags * c);
  EVL_NEW(arena, v->residual, 2 * c * c);
  EVL_NEW(arena, v->error, (size_t)(v->n_samples - v->n_train) * c);
  EVL_NEW(arena, v->used, c);
  EVL_NEW(arena, v->sd, c);
  return EVL_OK;
}

/* Present channels that move in the training part, less their mean, over their sd. */
static void standardise(evl_var *v, const evl_window *window) {
  const size_t n_train = (size_t)v->n_train;
  v->n_used = 0;
  for (int c = 0; c < v->n_channels; c++) {
    const double *x = window->x + (size_t)c * window->ld;
    if (window->channel_why[c] != 0 || evl_is_flat(x, n_train)) continue;
    const double mean = evl_mean(x, n_train), sd = sqrt(evl_variance(x, n_train, 0));
    if (!isfinite(sd)) continue;
    double *z = v->z + (size_t)v->n_used * v->ld;
    for (int t = 0; t < v->n_samples; t++) z[t] = (x[t] - mean) / sd;
    v->sd[v->n_used] = sd;
    v->used[v->n_used++] = c;
  }
}

static int gram_ld(const evl_var *v, int lags) { return (lags + 1) * v->n_used; }

static void shift_block(const evl_var *v, int lags, int i, int j) {
  const int m = v->n_used, ld = gram_ld(v, lags);
  const double *from = v->gram + (size_t)(j - 1) * (size_t)m * (size_t)ld + (size_t)(i - 1) * (size_t)m;
  double *to = v->gram + (size_t)j * (size_t)m * (size_t)ld + (size_t)i * (size_t)m;
  const double *in_i = v->z + lags - i, *in_j = v->z + lags - j;
  const double *out_i = v->z + v->n_train - i, *out_j = v->z + v->n_train - j;
  for (int b = 0; b < m; b++)
    for (int a = 0; a < m; a++) {
      const size_t za = (size_t)a * v->ld, zb = (size_t)b * v->ld, k = (size_t)b * (size_t)ld + (size_t)a;
      to[k] = from[k] + (in_i[za] * in_j[zb] - out_i[za] * out_j[zb]);
    }
}

/* Sums over time in slices that stay in the cache for all lags. */
static void lag_products(evl_var *v, int lags) {
  enum { SLICE = 1024 };
  const int m = v->n_used, ld = gram_ld(v, lags);
  for (int t = lags; t < v->n_train; t += SLICE) {
    const int n = v->n_train - t < SLICE ? v->n_train - t : SLICE;
    for (int i = 0; i <= lags; i++)
      evl_gemm(true, false, m, m, n, 1.0, v->z + t - i, (int)v->ld, v->z + t, (int)v->ld, t > lags ? 1.0 : 0.0,
               v->gram + (size_t)i * (size_t)m, ld);
  }
  for (int j = 1; j <= lags; j++)
    for (int i = j; i <= lags; i++) shift_block(v, lags, i, j);
}

/* Residual products of order p from those of order p - 1: less W_p' W_p of its block. */
static void take_block(evl_var *v, int lags, int p) {
  const int m = v->n_used, rows = lags * m;
  const double *block = v->half + (size_t)(p - 1) * (size_t)m;
  evl_gemm(true, false, m, m, m, -1.0, block, rows, block, rows, 1.0, v->residual, m);
}

/* BIC a sample: ln det(residual / n + ridge I) + p m^2 ln n / n (Schwarz 1978). False where the determinant fails. */
static bool criterion(evl_var *v, int p, double *bic) {
  const size_t m = (size_t)v->n_used;
  double *factor = v->residual + m * m;
  for (size_t k = 0; k < m * m; k++) factor[k] = v->residual[k] / v->n_fit;
  for (size_t a = 0; a < m; a++) factor[a * m + a] += v->ridge;
  if (evl_cholesky(v->n_used, factor, v->n_used) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  *bic = evl_cholesky_log_determinant(v->n_used, factor, v->n_used) + p * (double)(m * m) * log(v->n_fit) / v->n_fit;
  return true;
}

/* Order by the criterion, or the one given, whose criterion may fail (a perfect fit without ridge); the training error
   with it. */
static bool choose_order(evl_var *v, int lags) {
  const int m = v->n_used, ld = gram_ld(v, lags);
  for (int b = 0; b < m; b++)
    memcpy(v->residual + (size_t)b * (size_t)m, v->gram + (size_t)b * (size_t)ld, (size_t)m * sizeof(double));
  double best = INFINITY;
  v->order = 0;
  for (int p = 1; p <= lags; p++) {
    double bic = NAN;
    take_block(v, lags, p);
    if (!v->choose_order && p < lags) continue;
    if (!criterion(v, p, &bic) && v->choose_order) return false;
    if (v->choose_order && !(bic < best)) continue;
    best = v->bic = bic;
    v->order = p;
    v->mse_train = 0.0;
    for (int a = 0; a < m; a++) v->mse_train += v->residual[(size_t)a * (size_t)m + (size_t)a];
  }
  return v->order > 0;
}

static bool solve(evl_var *v, int lags) {
  const int m = v->n_used, ld = gram_ld(v, lags), rows = lags * m;
  double *factor = v->gram + (size_t)m * (size_t)ld + m;
  for (int k = 0; k < rows; k++) factor[(size_t)k * (size_t)ld + (size_t)k] += v->ridge * v->n_fit;
  if (evl_cholesky(rows, factor, ld) != EVL_OK) return false;
  for (int b = 0; b < m; b++)
    memcpy(v->half + (size_t)b * (size_t)rows, v->gram + (size_t)b * (size_t)ld + m, (size_t)rows * sizeof(double));
  evl_solve_lower(false, rows, m, factor, ld, v->half, rows);
  if (!choose_order(v, lags)) return false;
  const int kept = v->order * m;
  for (int b = 0; b < m; b++)
    memcpy(v->beta + (size_t)b * (size_t)kept, v->half + (size_t)b * (size_t)rows, (size_t)kept * sizeof(double));
  evl_solve_lower(true, kept, m, factor, ld, v->beta, kept);
  double squares = 0.0;
  for (int k = 0; k < kept * m; k++) squares += v->beta[k] * v->beta[k];
  v->mse_train = (v->mse_train - v->ridge * v->n_fit * squares) / ((double)v->n_fit * m); /* less the penalty */
  return true;
}

/* One-step errors behind the gap, where every predictor lies behind it too. */
static void hold_out(evl_var *v) {
  enum { FEWEST = 16 };
  const int m = v->n_used, first = v->n_train + v->n_gap + v->order, n = v->n_samples - first, rows = v->order * m;
  v->mse_test = v->mse_persistence = NAN;
  if (n < FEWEST) return;
  double persistence = 0.0, squares = 0.0;
  for (int a = 0; a < m; a++) {
    const double *z = v->z + (size_t)a * v->ld + first;
    memcpy(v->error + (size_t)a * (size_t)n, z, (size_t)n * sizeof *z);
    for (int t = 0; t < n; t++) persistence += (z[t] - z[t - 1]) * (z[t] - z[t - 1]);
  }
  for (int i = 1; i <= v->order; i++)
    evl_gemm(false, false, n, m, m, -1.0, v->z + first - i, (int)v->ld, v->beta + (size_t)(i - 1) * (size_t)m, rows,
             1.0, v->error, n);
  for (size_t k = 0; k < (size_t)n * (size_t)m; k++) squares += v->error[k] * v->error[k];
  v->mse_test = squares / ((double)n * m);
  v->mse_persistence = persistence / ((double)n * m);
}

int evl_var_fit(evl_var *v, const evl_window *window) {
  standardise(v, window);
  if (v->n_used == 0) return EVL_WHY_UNDEFINED;
  /* At least two samples for each coefficient of an equation. */
  int lags = v->max_order;
  while (lags > 0 && v->n_train - lags < 2 * lags * v->n_used) lags--;
  if (lags == 0 || (!v->choose_order && lags < v->max_order)) return EVL_WHY_UNDEFINED;
  v->n_fit = v->n_train - lags;
  v->n_lags = lags;
  lag_products(v, lags);
  if (!solve(v, lags)) {
    evl_error_clear();
    return EVL_WHY_UNCONVERGED;
  }
  hold_out(v);
  return EVL_WHY_VALUE;
}

const double *evl_var_factor(const evl_var *v, int *ld) {
  *ld = gram_ld(v, v->n_lags);
  return v->gram + (size_t)v->n_used * (size_t)*ld + v->n_used;
}

const double *evl_var_half(const evl_var *v, int *ld) {
  *ld = v->n_lags * v->n_used;
  return v->half;
}

void evl_var_residual(const evl_var *v, double *products) {
  const int m = v->n_used, ld = gram_ld(v, v->n_lags), rows = v->n_lags * m;
  for (int b = 0; b < m; b++)
    memcpy(products + (size_t)b * (size_t)m, v->gram + (size_t)b * (size_t)ld, (size_t)m * sizeof(double));
  evl_gemm(true, false, m, m, v->order * m, -1.0, v->half, rows, v->half, rows, 1.0, products, m);
}
