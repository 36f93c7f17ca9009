/* total_variation: l1 trend filter by a primal-dual interior point method.

   The dual of min |x - s|^2 / 2 + lambda |D s|_1 (D: second differences) is min |D' z|^2 / 2 - (D x)' z, |z_i| <=
   lambda, with s = x - D' z. With f1 = z - lambda, f2 = -z - lambda and multipliers m1, m2, a Newton step of the
   conditions D D' z - D x + m1 - m2 = 0,  -m_i f_i = 1 / t
   is one system with a matrix of five diagonals, so a step costs O(n); some 10 to 40 are needed (Kim, Koh, Boyd &
   Gorinevsky 2009, doi:10.1137/070690274, section 4). */
#include <math.h>
#include <string.h>

#include "derivative_priv.h"

struct evl_total_variation {
  double *dx, *z, *m1, *m2, *gradient;  /* [n - 2], all */
  double *step, *step1, *step2, *curve; /* curve: D D' step */
  double *diagonal, *below;
};

evl_status evl_total_variation_plan(int n_samples, evl_arena *arena, evl_total_variation **variation) {
  evl_total_variation *v;
  EVL_NEW(arena, v, 1);
  double **const each[] = {&v->dx,    &v->z,     &v->m1,    &v->m2,       &v->gradient, &v->step,
                          &v->step1, &v->step2, &v->curve, &v->diagonal, &v->below};
  for (size_t i = 0; i < sizeof each / sizeof *each; i++) EVL_NEW(arena, *each[i], n_samples);
  *variation = v;
  return EVL_OK;
}

/* D D' z - D x: second differences of D' z, whose elements beyond the ends are none. */
static double dual_gradient(const double *z, const double *dx, int m, int i) {
  const double z1 = i > 0 ? z[i - 1] : 0.0, z2 = i > 1 ? z[i - 2] : 0.0;
  const double y1 = i < m - 1 ? z[i + 1] : 0.0, y2 = i < m - 2 ? z[i + 2] : 0.0;
  return 6.0 * z[i] - 4.0 * (z1 + y1) + z2 + y2 - dx[i];
}

static double transposed(const double *z, int m, int i) {
  return (i < m ? z[i] : 0.0) - 2.0 * (i >= 1 && i - 1 < m ? z[i - 1] : 0.0) + (i >= 2 ? z[i - 2] : 0.0);
}

/* Primal less dual objective, relative to the former. */
static double gap(const evl_total_variation *v, const double *x, int m, double lambda) {
  double fit = 0.0, jumps = 0.0, linear = 0.0, before = 0.0, last = 0.0;
  for (int i = 0; i < m + 2; i++) {
    const double e = transposed(v->z, m, i), s = x[i] - e;
    fit += e * e;
    if (i >= 2) jumps += fabs(s - 2.0 * last + before);
    before = last;
    last = s;
  }
  for (int i = 0; i < m; i++) linear += v->dx[i] * v->z[i];
  const double primal = 0.5 * fit + lambda * jumps, dual = linear - 0.5 * fit;
  return (primal - dual) / fmax(primal, 1e-300);
}

/* step := inv(D D' + diag(v->diagonal)) step, by L D L' of its five diagonals, whose outer ones are -4 and 1; false where
   it is not positive definite. v->diagonal becomes 1 / D, v->below the first lower diagonal of L; the second one is
   1 / D two rows before. */
static bool solve(evl_total_variation *v, int m) {
  double *inverse = v->diagonal, *below = v->below, *x = v->step;
  for (int i = 0; i < m; i++) {
    const double d1 = i > 0 ? inverse[i - 1] : 0.0, d2 = i > 1 ? inverse[i - 2] : 0.0;
    const double first = -4.0 - (i > 1 ? below[i - 1] : 0.0); /* of L D */
    below[i] = first * d1;
    const double own = 6.0 + inverse[i] - (i > 0 ? first * below[i] : 0.0) - d2;
    if (!(own > 0.0)) return false;
    inverse[i] = 1.0 / own;
    x[i] -= (i > 0 ? below[i] * x[i - 1] : 0.0) + (i > 1 ? d2 * x[i - 2] : 0.0);
  }
  for (int i = m - 1; i >= 0; i--) {
    x[i] *= inverse[i];
    if (i < m - 1) x[i] -= below[i + 1] * x[i + 1];
    if (i < m - 2) x[i] -= inverse[i] * x[i + 2];
  }
  return true;
}

/* Newton's direction; false where its matrix is none. */
static bool find_step(evl_total_variation *v, int m, double lambda, double t) {
  for (int i = 0; i < m; i++) {
    const double f1 = v->z[i] - lambda, f2 = -v->z[i] - lambda;
    v->gradient[i] = dual_gradient(v->z, v->dx, m, i);
    v->step[i] = -(v->gradient[i] - 1.0 / (t * f1) + 1.0 / (t * f2));
    v->diagonal[i] = -v->m1[i] / f1 - v->m2[i] / f2;
  }
  if (!solve(v, m)) return false;
  for (int i = 0; i < m; i++) {
    const double f1 = v->z[i] - lambda, f2 = -v->z[i] - lambda;
    v->step1[i] = -v->m1[i] - (1.0 / t + v->m1[i] * v->step[i]) / f1;
    v->step2[i] = -v->m2[i] - (1.0 / t - v->m2[i] * v->step[i]) / f2;
    v->curve[i] = dual_gradient(v->step, v->dx, m, i) + v->dx[i];
  }
  return true;
}

/* Squared residual of the conditions, h of the step ahead. */
static double residual(const evl_total_variation *v, int m, double lambda, double t, double h) {
  double sum = 0.0;
  for (int i = 0; i < m; i++) {
    const double z = fma(h, v->step[i], v->z[i]), m1 = fma(h, v->step1[i], v->m1[i]);
    const double m2 = fma(h, v->step2[i], v->m2[i]);
    const double dual = fma(h, v->curve[i], v->gradient[i]) + m1 - m2;
    const double c1 = -m1 * (z - lambda) - 1.0 / t, c2 = -m2 * (-z - lambda) - 1.0 / t;
    sum += dual * dual + c1 * c1 + c2 * c2;
  }
  return sum;
}

/* The longest step that keeps multipliers and z inside, shortened until the residual falls. */
static void advance(evl_total_variation *v, int m, double lambda, double t) {
  double h = 1.0;
  for (int i = 0; i < m; i++) {
    const double room = lambda - (v->step[i] > 0.0 ? v->z[i] : -v->z[i]), way = fabs(v->step[i]);
    if (-h * v->step1[i] > 0.99 * v->m1[i]) h = -0.99 * v->m1[i] / v->step1[i];
    if (-h * v->step2[i] > 0.99 * v->m2[i]) h = -0.99 * v->m2[i] / v->step2[i];
    if (h * way > 0.99 * room) h = 0.99 * room / way;
  }
  const double now = residual(v, m, lambda, t, 0.0);
  for (int k = 0; k < 20 && residual(v, m, lambda, t, h) > (1.0 - 0.02 * h) * (1.0 - 0.02 * h) * now; k++) h *= 0.5;
  for (int i = 0; i < m; i++) {
    v->z[i] = fma(h, v->step[i], v->z[i]);
    v->m1[i] = fma(h, v->step1[i], v->m1[i]);
    v->m2[i] = fma(h, v->step2[i], v->m2[i]);
  }
}

bool evl_total_variation_run(evl_total_variation *v, const double *x, int n, double lambda, double *smooth) {
  enum { MOST = 200 };
  const int m = n - 2;
  const double enough = 1e-8;
  memcpy(smooth, x, (size_t)n * sizeof *x);
  if (m < 1 || !(lambda > 0.0)) return true;
  for (int i = 0; i < m; i++) {
    v->dx[i] = x[i] - 2.0 * x[i + 1] + x[i + 2];
    v->z[i] = 0.0;
    v->m1[i] = v->m2[i] = 1.0;
  }
  for (int k = 0; k < MOST; k++) {
    if (gap(v, x, m, lambda) < enough) {
      for (int i = 0; i < n; i++) smooth[i] = x[i] - transposed(v->z, m, i);
      return true;
    }
    double complementary = 0.0;
    for (int i = 0; i < m; i++)
      complementary += v->m1[i] * (lambda - v->z[i]) + v->m2[i] * (lambda + v->z[i]);
    const double t = 10.0 * 2.0 * m / complementary;
    if (!find_step(v, m, lambda, t)) return false;
    advance(v, m, lambda, t);
  }
  return false;
}
