/* stencil: weights of samples in derivatives and in fitted polynomials; at both ends the outermost window serves all
   its samples. */
#include <math.h>
#include <string.h>

#include "derivative_priv.h"

/* Fornberg 1988 (doi:10.1090/S0025-5718-1988-0935077-0), derivatives 0 and 1 at t on the nodes 0 .. width - 1. */
static void weights_at(double t, int width, double *slope) {
  double c[2][EVL_STENCIL] = {{1.0}}, before = 1.0, c4 = -t;
  for (int i = 1; i < width; i++) {
    double product = 1.0;
    const double c5 = c4;
    c4 = i - t;
    for (int j = 0; j < i; j++) {
      const double apart = i - j;
      product *= apart;
      if (j == i - 1) {
        c[1][i] = before * (c[0][i - 1] - c5 * c[1][i - 1]) / product;
        c[0][i] = -before * c5 * c[0][i - 1] / product;
      }
      c[1][j] = (c4 * c[1][j] - c[0][j]) / apart;
      c[0][j] = c4 * c[0][j] / apart;
    }
    before = product;
  }
  memcpy(slope, c[1], (size_t)width * sizeof *slope);
}

void evl_difference_stencil(int width, double *stencil) {
  for (int k = 0; k < width; k++) weights_at(k, width, stencil + k * width);
}

/* Orthonormal polynomials of the samples by their three-term recurrence (Forsythe 1957, doi:10.1137/0105007):
   b q_m = t q_{m-1} - b' q_{m-2}; the samples are symmetric about 0. */
void evl_polynomial_stencil(int width, int degree, double *work, double *value, double *slope) {
  double *q = work, *dq = work + (degree + 1) * width, before = 0.0;
  const double middle = 0.5 * (width - 1);
  for (int m = 0; m <= degree; m++) {
    double *at = q + m * width, *d = dq + m * width, sum = 0.0;
    for (int i = 0; i < width; i++) {
      const double t = (i - middle) / width;
      at[i] = m == 0 ? 1.0 : t * at[i - width] - (m > 1 ? before * at[i - 2 * width] : 0.0);
      d[i] = m == 0 ? 0.0 : at[i - width] / width + t * d[i - width] - (m > 1 ? before * d[i - 2 * width] : 0.0);
      sum += at[i] * at[i];
    }
    const double length = sqrt(sum);
    for (int i = 0; i < width; i++) at[i] /= length, d[i] /= length;
    if (m > 0) before = length;
  }
  for (int k = 0; k < width; k++)
    for (int i = 0; i < width; i++) {
      double v = 0.0, s = 0.0;
      for (int m = 0; m <= degree; m++) {
        v = fma(q[m * width + k], q[m * width + i], v);
        s = fma(dq[m * width + k], q[m * width + i], s);
      }
      value[k * width + i] = v;
      slope[k * width + i] = s;
    }
}

static double apply(int width, const double *weight, const double *x) {
  double sum = 0.0;
  for (int i = 0; i < width; i++) sum = fma(weight[i], x[i], sum);
  return sum;
}

void evl_stencil_run(int width, const double *stencil, const double *x, int n, double *y) {
  const int half = width / 2, last = n - width;
  const double *middle = stencil + half * width;
  for (int k = 0; k < half; k++) {
    y[k] = apply(width, stencil + k * width, x);
    y[n - 1 - k] = apply(width, stencil + (width - 1 - k) * width, x + last);
  }
  double *restrict inner = y + half;
  for (int t = 0; t <= last; t++) inner[t] = 0.0;
  for (int i = 0; i < width; i++) {
    const double weight = middle[i], *restrict from = x + i;
    for (int t = 0; t <= last; t++) inner[t] = fma(weight, from[t], inner[t]);
  }
}
