/* var_shape: one mode of a fitted autoregression.

   An eigenvalue lambda of the companion matrix makes P(lambda) = I - sum_k A_k lambda^-k singular: P w = 0, g* P = 0.
   The null vectors, found by inverse iteration on P written in real numbers, give the map w of the mode over the
   channels and, by differentiating g* P w = 0, what errors of the coefficients do to it:
     d lambda = sum_k lambda^-k g* dA_k w / D,  D = g* P'(lambda) w.
   With cov(dA) = M x N (lags x channels) the moments of d lambda are products of two quadratic forms (delta method). */
#include <complex.h>
#include <string.h>

#include "var_priv.h"

typedef double complex number;

/* Of an eigenvalue, relative to it: beyond that errors are no longer linear, and near a double one they have no bound. */
#define MOST_ERROR 0.1

evl_status evl_mode_plan(const evl_var_spec *spec, evl_mode *mode, evl_arena *arena) {
  const size_t c = (size_t)spec->n_channels, rows = (size_t)spec->max_order * c;
  EVL_NEW(arena, mode->matrix, 4 * c * c);
  EVL_NEW(arena, mode->kept, 4 * c * c);
  EVL_NEW(arena, mode->pivot, 2 * c);
  EVL_NEW(arena, mode->right, 2 * c);
  EVL_NEW(arena, mode->left, 2 * c);
  EVL_NEW(arena, mode->weight, 8 * rows);
  EVL_NEW(arena, mode->map[0], c);
  EVL_NEW(arena, mode->map[1], c);
  return EVL_OK;
}

/* Of P(lambda), or of its derivative, by 1 / lambda and coefficients shaped as v->beta. */
static number entry(const evl_var *v, const double *beta, number inverse, int a, int b, bool derivative) {
  const int m = v->n_used, rows = v->order * m;
  number sum = 0.0, power = derivative ? inverse : 1.0;
  for (int k = 1; k <= v->order; k++) {
    power *= inverse;
    sum += (derivative ? k : 1) * power * beta[a * rows + (k - 1) * m + b];
  }
  return derivative ? sum : (a == b) - sum;
}

/* Brings x towards the vector that the matrix, transposed or not, brings nearest to 0; of length 1. */
static bool null_vector(evl_mode *s, int m, bool transpose, int passes, double *x) {
  const int n = 2 * m;
  for (int pass = 0; pass < passes; pass++) {
    double largest = 0.0, square = 0.0;
    for (int c = 0; c < n; c++)
      for (int r = 0; r < n; r++) {
        s->matrix[c * n + r] = transpose ? s->kept[r * n + c] : s->kept[c * n + r];
        largest = fmax(largest, fabs(s->kept[c * n + r]));
      }
    for (int k = 0; k < n; k++) s->matrix[k * n + k] += 1e-14 * fmax(largest, 1.0); /* never exactly singular */
    if (evl_solve(n, 1, s->matrix, n, s->pivot, x, n) != EVL_OK) {
      evl_error_clear();
      return false;
    }
    for (int k = 0; k < n; k++) square += x[k] * x[k];
    if (!(square > 0.0) || !isfinite(square)) return false;
    for (int k = 0; k < n; k++) x[k] /= sqrt(square);
  }
  return true;
}

static number part(const double *x, int m, int a) { return x[a] + I * x[m + a]; }

static void fill(const evl_var *v, const double *beta, number inverse, evl_mode *s) {
  const int m = v->n_used, n = 2 * m;
  for (int a = 0; a < m; a++)
    for (int b = 0; b < m; b++) {
      const number p = entry(v, beta, inverse, a, b, false);
      s->kept[b * n + a] = s->kept[(m + b) * n + m + a] = creal(p);
      s->kept[b * n + m + a] = cimag(p);
      s->kept[(m + b) * n + a] = -cimag(p);
    }
}

/* g* P w, or g* P' w, of the null vectors found. */
static number between(const evl_var *v, const double *beta, number inverse, bool derivative, const evl_mode *s) {
  const int m = v->n_used;
  number sum = 0.0;
  for (int a = 0; a < m; a++)
    for (int b = 0; b < m; b++)
      sum += conj(part(s->left, m, a)) * entry(v, beta, inverse, a, b, derivative) * part(s->right, m, b);
  return sum;
}

/* From any vectors, or from those found before. */
static bool null_vectors(const evl_var *v, const double *beta, number inverse, bool anew, evl_mode *s) {
  for (int k = 0; k < 2 * v->n_used && anew; k++) s->right[k] = s->left[k] = 1.0;
  fill(v, beta, inverse, s);
  return null_vector(s, v->n_used, false, anew ? 3 : 1, s->right) &&
         null_vector(s, v->n_used, true, anew ? 3 : 1, s->left);
}

bool evl_mode_follow(const evl_var *v, const double *beta, double *re, double *im, evl_mode *s) {
  number lambda = *re + I * *im;
  double before = INFINITY; /* steps that do not shrink wander: whose mode they would find is chance */
  for (int pass = 0; pass < 50; pass++) {
    const number inverse = 1.0 / lambda;
    if (!null_vectors(v, beta, inverse, pass == 0, s)) return false;
    const number step = between(v, beta, inverse, false, s) / between(v, beta, inverse, true, s);
    lambda -= step;
    if (!(cabs(step) < 0.5 * fmin(before, 1.0))) return false;
    before = cabs(step);
    if (cabs(step) > 1e-11 * cabs(lambda)) continue;
    *re = creal(lambda);
    *im = cimag(lambda);
    return true;
  }
  return false;
}

/* In uV, with sum of squares 1 and the largest channel at phase 0. */
static void put_map(const evl_var *v, evl_mode *s) {
  const int m = v->n_used;
  number turn = 1.0;
  double most = 0.0, square = 0.0;
  for (int a = 0; a < m; a++) {
    const number w = part(s->right, m, a) * v->sd[a];
    const double size = creal(w) * creal(w) + cimag(w) * cimag(w);
    square += size;
    if (size > most) most = size, turn = conj(w) / sqrt(size);
  }
  for (int a = 0; a < m; a++) {
    const number w = part(s->right, m, a) * v->sd[a] * turn / sqrt(square);
    s->map[0][a] = creal(w);
    s->map[1][a] = cimag(w);
  }
}

typedef struct form { double re, im, both; } form; /* x'Mx, y'My, x'My of a vector x + iy */

static form over_lags(const evl_var *v, const evl_var_error *e, evl_mode *s) {
  const int rows = v->order * v->n_used;
  const double *x = s->weight, *y = x + rows;
  double *mx = s->weight + 2 * rows, *my = mx + rows;
  form f = {0};
  evl_var_error_of(v, e, s->weight, mx, my + rows);
  for (int r = 0; r < rows; r++) {
    f.re += x[r] * mx[r];
    f.im += y[r] * my[r];
    f.both += x[r] * my[r];
  }
  return f;
}

static form over_noise(int m, const double *noise, const double *g) {
  form f = {0};
  for (int a = 0; a < m; a++)
    for (int b = 0; b < m; b++) {
      f.re += g[a] * g[b] * noise[a * m + b];
      f.im += g[m + a] * g[m + b] * noise[a * m + b];
      f.both += g[a] * g[m + b] * noise[a * m + b];
    }
  return f;
}

bool evl_mode_find(const evl_var *v, const evl_var_error *e, double re, double im, double fs_hz, evl_mode *s) {
  const int m = v->n_used, rows = v->order * m;
  const number lambda = re + I * im, inverse = 1.0 / lambda;
  if (!null_vectors(v, v->unbiased, inverse, true, s)) return false;
  const number slope = between(v, v->unbiased, inverse, true, s);
  number power = 1.0;
  for (int k = 0; k < v->order; k++) {
    power *= inverse;
    for (int b = 0; b < m; b++) {
      const number q = power * part(s->right, m, b) / slope;
      s->weight[k * m + b] = creal(q);
      s->weight[rows + k * m + b] = cimag(q);
    }
  }
  const form lags = over_lags(v, e, s), noise = over_noise(m, e->noise, s->left);
  const double size = (lags.re + lags.im) * (noise.re + noise.im) / (re * re + im * im);
  const number turned = (lags.re - lags.im + 2.0 * I * lags.both) * (noise.re - noise.im - 2.0 * I * noise.both) *
                        inverse * inverse;
  if (!(size < MOST_ERROR * MOST_ERROR)) return false;
  s->per_s_sd = fs_hz * sqrt(fmax(size + creal(turned), 0.0) / 2.0);
  s->hz_sd = fs_hz / (2.0 * M_PI) * sqrt(fmax(size - creal(turned), 0.0) / 2.0);
  put_map(v, s);
  return true;
}
