/* spline: spherical splines, from values at electrodes to values and currents anywhere on the head.

   V(r) = c_0 + sum_i c_i g(r . r_i), sum c_i = 0, g(x) = 1/(4 pi) sum_{n=1}^{50} (2n + 1) / (n (n + 1))^m P_n(x);
   minus the surface Laplacian of g is h, with the power m - 1. Perrin et al. 1989, doi:10.1016/0013-4694(89)90180-6,
   eqs. 1 to 5. lambda on the diagonal of G smooths. Since all coefficients of g are positive, G + lambda I is positive
   definite, and with G x = v, G y = 1: c = x - y (1'x) / (1'y), c_0 = (1'x) / (1'y). */
#include <math.h>
#include <string.h>

#include "conditioning_priv.h"

static const double pi = 3.14159265358979323846;

double evl_legendre_sum(const double *coefficient, int terms, double x) {
  double sum = 0, before = 1, now = x;
  for (int n = 1; n <= terms; n++) {
    sum += coefficient[n] * now;
    double next = ((2 * n + 1) * x * now - n * before) / (n + 1);
    before = now;
    now = next;
  }
  return sum;
}

static void coefficients(int power, double *c) {
  for (int n = 1; n <= EVL_SPLINE_TERMS; n++) c[n] = (2 * n + 1) / (pow((double)n * (n + 1), power) * 4 * pi);
}

/* inv(G + lambda I) and its row sums, over the sum of all of them. The inverse is symmetric. */
static evl_status invert(int n, const double (*xyz)[3], const double *c, double lambda, double *g, double *inverse,
                         double *sums, double *total) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      g[i * n + j] = evl_legendre_sum(c, EVL_SPLINE_TERMS, evl_position_cosine(xyz[i], xyz[j])) + (i == j ? lambda : 0);
      inverse[i * n + j] = i == j;
    }
  EVL_TRY(evl_cholesky(n, g, n));
  evl_cholesky_solve(n, n, g, n, inverse, n);
  *total = 0;
  for (int i = 0; i < n; i++) {
    sums[i] = 0;
    for (int j = 0; j < n; j++) sums[i] += inverse[i * n + j];
    *total += sums[i];
  }
  return EVL_OK;
}

size_t evl_spline_work(int n) { return 2 * (size_t)n * (size_t)n + (size_t)n; }

evl_status evl_spline_interpolate(int n, const double (*from)[3], int m, const double (*to)[3], double lambda,
                                  double *work, double *weight) {
  double c[EVL_SPLINE_TERMS + 1], *g = work, *inverse = g + (size_t)n * (size_t)n, total;
  double *sums = inverse + (size_t)n * (size_t)n;
  coefficients(EVL_SPLINE_STIFFNESS, c);
  EVL_TRY(invert(n, from, c, lambda, g, inverse, sums, &total));
  for (int k = 0; k < m; k++) {
    double *near = g, left = 1; /* g is spent */
    for (int i = 0; i < n; i++) {
      near[i] = evl_legendre_sum(c, EVL_SPLINE_TERMS, evl_position_cosine(to[k], from[i]));
      left -= near[i] * sums[i];
    }
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int i = 0; i < n; i++) sum += near[i] * inverse[i * n + j];
      weight[k * n + j] = sum + left * sums[j] / total;
    }
  }
  return EVL_OK;
}

evl_status evl_spline_csd(int n, const double (*xyz)[3], int stiffness, double lambda, double radius_m, double *work,
                          double *matrix) {
  double c[EVL_SPLINE_TERMS + 1], *g = work, *inverse = g + (size_t)n * (size_t)n, total;
  double *sums = inverse + (size_t)n * (size_t)n;
  coefficients(stiffness, c);
  EVL_TRY(invert(n, xyz, c, lambda, g, inverse, sums, &total));
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) inverse[i * n + j] -= sums[i] * sums[j] / total;
  coefficients(stiffness - 1, c);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++)
      g[j] = evl_legendre_sum(c, EVL_SPLINE_TERMS, evl_position_cosine(xyz[i], xyz[j])) / (radius_m * radius_m);
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int k = 0; k < n; k++) sum += g[k] * inverse[k * n + j];
      matrix[i * n + j] = sum;
    }
  }
  return EVL_OK;
}
