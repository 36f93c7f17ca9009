/* var_error: how far the coefficients may be off.

   With G the lag products, K = inv(G + s I), s = ridge n, the fit is B = K (G B0 + noise): its bias is - s K B0. One step
   back, B + s K B, leaves s^2 K^2 B0 and has the covariance P K G K P of each equation, P = I + s K, times that of the
   residuals; all these commute, so that P K G K P = K + s K^2 - s^2 K^3 - s^3 K^4. The residuals are taken as white, their
   variances by n less the effective number of coefficients, tr(G K). */
#include <string.h>

#include "var_priv.h"

evl_status evl_var_error_plan(const evl_var_spec *spec, evl_var_error *e, evl_arena *arena) {
  const size_t c = (size_t)spec->n_channels, rows = (size_t)spec->max_order * c;
  EVL_NEW(arena, e->inverse, rows * rows);
  EVL_NEW(arena, e->square, rows * rows);
  EVL_NEW(arena, e->unbiased, rows * c);
  EVL_NEW(arena, e->sd, rows * c);
  EVL_NEW(arena, e->noise, c * c);
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

void evl_var_error_find(const evl_var *v, evl_var_error *e) {
  const int m = v->n_used, rows = v->order * m;
  const double s = v->ridge * v->n_fit;
  invert(v, rows, e->inverse);
  noise_covariance(v, rows, e);
  evl_gemm(false, false, rows, rows, rows, 1.0, e->inverse, rows, e->inverse, rows, 0.0, e->square, rows);
  memcpy(e->unbiased, v->beta, (size_t)rows * (size_t)m * sizeof *e->unbiased);
  evl_gemm(false, false, rows, m, rows, s, e->inverse, rows, v->beta, rows, 1.0, e->unbiased, rows);
  for (int r = 0; r < rows; r++) {
    const double *first = e->inverse + (size_t)r * (size_t)rows, *second = e->square + (size_t)r * (size_t)rows;
    double third = 0.0, fourth = 0.0;
    for (int k = 0; k < rows; k++) {
      third += first[k] * second[k];
      fourth += second[k] * second[k];
    }
    const double each = fmax(first[r] + s * (second[r] - s * (third + s * fourth)), 0.0);
    for (int a = 0; a < m; a++) e->sd[a * rows + r] = sqrt(each * e->noise[a * m + a]);
  }
}
