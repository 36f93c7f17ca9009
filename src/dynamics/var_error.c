/* var_error: how far the coefficients may be off.

   Of B = (1 + u + u^2 + u^3) K (G B0 + noise), u = s K, K = inv(G + s I), s = ridge n (var_fit.c), the covariance of an
   equation over the variance of its noise is (1 + u + u^2 + u^3)^2 K G K = K (1 + u) (1 + u^2)^2 (1 - u^2), since all
   these commute. The residuals are taken as white, their variances by n less the effective number of coefficients. */
#include <string.h>

#include "var_priv.h"

evl_status evl_var_error_plan(const evl_var_spec *spec, evl_products *products, evl_arena *arena, evl_var_error *e) {
  const size_t c = (size_t)spec->n_channels, rows = (size_t)spec->max_order * c;
  e->products = products;
  EVL_NEW(arena, e->inverse, rows * rows);
  EVL_NEW(arena, e->sd, rows * c);
  EVL_NEW(arena, e->noise, c * c);
  evl_scratch_plan(products, 3 * rows * rows * sizeof(double));
  return EVL_OK;
}

static void invert(const evl_var *v, int rows, double *inverse) {
  int ld;
  const double *factor = evl_var_factor(v, &ld);
  memset(inverse, 0, (size_t)rows * (size_t)rows * sizeof *inverse);
  for (int r = 0; r < rows; r++) inverse[(size_t)r * (size_t)rows + (size_t)r] = 1.0;
  evl_cholesky_solve(rows, rows, factor, ld, inverse, rows);
}

static void noise_covariance(const evl_var *v, int rows, evl_var_error *e) {
  const int m = v->n_used;
  const double s = v->ridge * v->n_fit;
  double trace = 0.0;
  evl_var_residual(v, e->noise);
  evl_gemm(true, false, m, m, rows, -s, v->beta, rows, v->beta, rows, 1.0, e->noise, m);
  for (int r = 0; r < rows; r++) trace += e->inverse[(size_t)r * (size_t)rows + (size_t)r];
  const double freedom = v->n_fit - (rows - s * trace);
  for (int k = 0; k < m * m; k++) e->noise[k] /= freedom;
}

static double dot(const double *a, const double *b, int n) {
  double sum = 0.0;
  for (int k = 0; k < n; k++) sum += a[k] * b[k];
  return sum;
}

/* Diagonal of K (1 + u + u^2 + u^3 - u^4 - u^5 - u^6 - u^7), with powers of K whose rows are multiplied. */
void evl_var_error_find(const evl_var *v, evl_var_error *e) {
  const int m = v->n_used, rows = v->order * m;
  const double s = v->ridge * v->n_fit;
  double *power[5] = {NULL, e->inverse};
  for (int k = 0; k < 3; k++)
    power[2 + k] = (double *)evl_scratch(e->products) + (size_t)k * (size_t)rows * (size_t)rows;
  invert(v, rows, e->inverse);
  noise_covariance(v, rows, e);
  for (int k = 2; k < 5; k++) /* K u^(k-1) */
    evl_gemm(false, false, rows, rows, rows, s, e->inverse, rows, power[k - 1], rows, 0.0, power[k], rows);
  for (int r = 0; r < rows; r++) {
    const double *row[5];
    for (int k = 1; k < 5; k++) row[k] = power[k] + (size_t)r * (size_t)rows;
    double each = row[1][r] + row[2][r] + row[3][r] + row[4][r];
    for (int k = 1; k < 5; k++) each -= s * dot(row[k], row[4], rows);
    for (int a = 0; a < m; a++) e->sd[a * rows + r] = sqrt(fmax(each, 0.0) * e->noise[a * m + a]);
  }
}

void evl_var_error_of(const evl_var *v, const evl_var_error *e, const double *x, double *to, double *work) {
  const int rows = v->order * v->n_used;
  const double s = v->ridge * v->n_fit;
  evl_gemm(false, false, rows, 2, rows, 1.0, e->inverse, rows, x, rows, 0.0, to, rows);
  double *power = work, *next = work + 2 * rows;
  memcpy(power, to, 2 * (size_t)rows * sizeof *power);
  for (int k = 1; k < 8; k++) {
    evl_gemm(false, false, rows, 2, rows, s, e->inverse, rows, power, rows, 0.0, next, rows);
    for (int r = 0; r < 2 * rows; r++) to[r] += k < 4 ? next[r] : -next[r];
    double *t = power;
    power = next, next = t;
  }
}
