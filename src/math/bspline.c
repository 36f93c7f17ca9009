/* bspline: B-splines on uniform knots, their band matrices, and the smoothing spline. */
#include <math.h>
#include <string.h>

#include "eveil/math.h"

enum { DEGREE = EVL_BSPLINE_DEGREE };

/* Functions of one degree at u in [0, 1] of an interval of length 1, by the recurrence of de Boor and Cox. */
static void values(int degree, double u, double *value) {
  value[0] = 1.0;
  for (int k = 1; k <= degree; k++) {
    double carried = 0.0;
    for (int j = 0; j < k; j++) {
      const double right = (j + 1) - u, left = u + (k - 1 - j), part = value[j] / k;
      value[j] = carried + right * part;
      carried = left * part;
    }
    value[k] = carried;
  }
}

/* d/du B_j of a degree is B_{j-1} - B_j of one less. */
static void derive(int degree, int derivative, double u, double step, double *value) {
  if (derivative > degree) {
    memset(value, 0, (size_t)(degree + 1) * sizeof *value);
    return;
  }
  values(degree - derivative, u, value);
  for (int k = degree - derivative; k < degree; k++) {
    value[k + 1] = value[k] / step;
    for (int j = k; j > 0; j--) value[j] = (value[j - 1] - value[j]) / step;
    value[0] = -value[0] / step;
  }
}

int evl_bspline_at(const evl_bspline *s, double t, int derivative, double *value) {
  const double place = (t - s->first) / s->step;
  const int interval = (int)fmin(fmax(floor(place), 0.0), s->n_intervals - 1.0);
  derive(s->degree, derivative, place - interval, s->step, value);
  return interval;
}

double evl_bspline_value(const evl_bspline *s, const double *c, size_t stride, double t, int derivative) {
  double value[DEGREE + 1], sum = 0.0;
  const int interval = evl_bspline_at(s, t, derivative, value);
  for (int a = 0; a <= s->degree; a++) sum += c[(size_t)(interval + a) * stride] * value[a];
  return sum;
}

void evl_gauss_legendre(int n, double *node, double *weight) {
  for (int i = 0; i < n; i++) {
    double x = -cos(M_PI * (i + 0.75) / (n + 0.5)), slope = 1.0;
    for (int step = 0; step < 20; step++) {
      double p = 1.0, before = 0.0;
      for (int k = 1; k <= n; k++) {
        const double next = ((2 * k - 1) * x * p - (k - 1) * before) / k;
        before = p;
        p = next;
      }
      slope = n * (x * p - before) / (x * x - 1.0);
      x -= p / slope;
    }
    node[i] = 0.5 * (1.0 + x);
    weight[i] = 1.0 / ((1.0 - x * x) * slope * slope);
  }
}

void evl_bspline_gram(const evl_bspline *s, int derivative, double *band, int ld) {
  const int d = s->degree, n = evl_bspline_functions(s);
  double node[DEGREE + 1], weight[DEGREE + 1], part[DEGREE + 1][DEGREE + 1] = {{0}};
  evl_gauss_legendre(d + 1, node, weight);
  for (int q = 0; q <= d; q++) {
    double value[DEGREE + 1];
    derive(d, derivative, node[q], s->step, value);
    for (int a = 0; a <= d; a++)
      for (int b = 0; b <= a; b++) part[a][b] += weight[q] * s->step * value[a] * value[b];
  }
  memset(band, 0, (size_t)n * (size_t)ld * sizeof *band);
  for (int i = 0; i < s->n_intervals; i++)
    for (int b = 0; b <= d; b++)
      for (int a = b; a <= d; a++) band[(i + b) * ld + a - b] += part[a][b];
}

/* Z = inv(L L') from the last column on: Z_jj = 1/l_jj^2 - sum_k l_kj Z_kj / l_jj, Z_ij = - sum_k l_kj Z_ik / l_jj. */
void evl_band_inverse(int n, int below, double *band, int ld, double *work) {
  for (int j = n - 1; j >= 0; j--) {
    double *column = band + (size_t)j * (size_t)ld;
    const int most = n - 1 - j < below ? n - 1 - j : below;
    for (int k = 0; k <= most; k++) work[k] = column[k];
    for (int i = 1; i <= most; i++) {
      double sum = 0.0;
      for (int k = 1; k <= most; k++) {
        const int low = i < k ? i : k, high = i < k ? k : i;
        sum += work[k] * band[(size_t)(j + low) * (size_t)ld + (size_t)(high - low)];
      }
      column[i] = -sum / work[0];
    }
    double sum = 1.0 / work[0];
    for (int k = 1; k <= most; k++) sum -= work[k] * column[k];
    column[0] = sum / work[0];
  }
}

/* ---- the smoothing spline ------------------------------------------------------------------------------ */

struct evl_smoother {
  evl_bspline basis;
  int n_samples, knot;
  double *value;                           /* [knot + 1][degree + 1] functions at the samples of an interval */
  double *samples, *rough, *band, *moment; /* B'B, the penalty, both: [functions][degree + 1]; B'y */
  double work[DEGREE + 1];
};

static int interval_of(const evl_smoother *s, int i) {
  const int interval = i / s->knot;
  return interval < s->basis.n_intervals ? interval : s->basis.n_intervals - 1;
}
static const double *values_of(const evl_smoother *s, int i) {
  return s->value + (size_t)(i - interval_of(s, i) * s->knot) * (size_t)(s->basis.degree + 1);
}

void evl_smoother_length(evl_smoother *s, int n_samples) {
  const int d = s->basis.degree, ld = d + 1, intervals = (n_samples - 1 + s->knot - 1) / s->knot;
  s->n_samples = n_samples;
  s->basis.n_intervals = intervals > 0 ? intervals : 1;
  evl_bspline_gram(&s->basis, 2, s->rough, ld);
  memset(s->samples, 0, (size_t)evl_bspline_functions(&s->basis) * (size_t)ld * sizeof *s->samples);
  for (int i = 0; i < n_samples; i++) {
    const double *v = values_of(s, i);
    for (int b = 0; b <= d; b++)
      for (int a = b; a <= d; a++) s->samples[(interval_of(s, i) + b) * ld + a - b] += v[a] * v[b];
  }
}

evl_status evl_smoother_plan(int n_samples, double dt, int knot, int degree, evl_arena *arena, evl_smoother **planned) {
  evl_smoother *s;
  EVL_NEW(arena, s, 1);
  const int ld = degree + 1, most = n_samples > 2 ? n_samples : 2;
  s->knot = knot;
  s->basis = (evl_bspline){.degree = degree, .n_intervals = (most - 1 + knot - 1) / knot, .step = knot * dt};
  const size_t n = (size_t)evl_bspline_functions(&s->basis);
  EVL_NEW(arena, s->value, (knot + 1) * ld);
  double **const band[] = {&s->samples, &s->rough, &s->band};
  for (int i = 0; i < 3; i++) EVL_NEW(arena, *band[i], n * (size_t)ld);
  EVL_NEW(arena, s->moment, n);
  for (int i = 0; i <= knot; i++) values(degree, (double)i / knot, s->value + i * ld);
  evl_smoother_length(s, n_samples);
  *planned = s;
  return EVL_OK;
}

const evl_bspline *evl_smoother_basis(const evl_smoother *s) { return &s->basis; }

/* Coefficients, and what follows of them; false where the matrix is not positive definite. */
static bool smooth(evl_smoother *s, const double *y, double lambda, double *c, evl_smoothed *result) {
  const int d = s->basis.degree, ld = d + 1, n = evl_bspline_functions(&s->basis);
  for (int i = 0; i < n * ld; i++) s->band[i] = fma(lambda, s->rough[i], s->samples[i]);
  if (evl_band_cholesky(n, d, s->band, ld) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  memcpy(c, s->moment, (size_t)n * sizeof *c);
  evl_band_solve(n, d, 1, s->band, ld, c, n);
  evl_band_inverse(n, d, s->band, ld, s->work);
  double freedom = 0.0, rss = 0.0;
  for (int j = 0; j < n; j++)
    for (int k = 0; k <= d; k++) freedom += (k ? 2.0 : 1.0) * s->band[j * ld + k] * s->samples[j * ld + k];
  for (int i = 0; i < s->n_samples; i++) {
    const double *v = values_of(s, i), *at = c + interval_of(s, i);
    double e = y[i];
    for (int a = 0; a <= d; a++) e -= v[a] * at[a];
    rss += e * e;
  }
  const double left = s->n_samples - freedom;
  *result = (evl_smoothed){lambda, freedom, s->n_samples * rss / (left * left), rss};
  return left > 0.0 && isfinite(result->gcv);
}

evl_status evl_smoother_run(evl_smoother *s, const double *y, double lambda, double *c, evl_smoothed *smoothed) {
  const int d = s->basis.degree, n = evl_bspline_functions(&s->basis);
  memset(s->moment, 0, (size_t)n * sizeof *s->moment);
  for (int i = 0; i < s->n_samples; i++)
    for (int a = 0; a <= d; a++) s->moment[interval_of(s, i) + a] += values_of(s, i)[a] * y[i];
  if (lambda > 0.0) {
    if (smooth(s, y, lambda, c, smoothed)) return EVL_OK;
    return evl_fail(EVL_NUMERIC, "smoothing spline of %d samples: lambda %g is out of range", s->n_samples, lambda);
  }
  /* The criterion may have several minima: a grid from interpolation to a straight line, then the best one refined. */
  enum { GRID = 33, FINER = 12 };
  const double scale = s->samples[(n / 2) * (d + 1)] / s->rough[(n / 2) * (d + 1)], ratio = 2.5;
  evl_smoothed trial, best = {0.0, 0.0, INFINITY, 0.0};
  for (int i = 0; i < GRID; i++)
    if (smooth(s, y, scale * pow(ratio, i - 8), c, &trial) && trial.gcv < best.gcv) best = trial;
  if (!(best.lambda > 0.0))
    return evl_fail(EVL_NUMERIC, "smoothing spline of %d samples: no lambda fits", s->n_samples);
  double step = sqrt(ratio);
  for (int i = 0; i < FINER; i++, step = sqrt(step)) {
    const double centre = best.lambda;
    for (int side = -1; side <= 1; side += 2)
      if (smooth(s, y, centre * (side < 0 ? 1.0 / step : step), c, &trial) && trial.gcv < best.gcv) best = trial;
  }
  if (smooth(s, y, best.lambda, c, smoothed)) return EVL_OK;
  return evl_fail(EVL_NUMERIC, "smoothing spline of %d samples: no lambda fits", s->n_samples);
}
