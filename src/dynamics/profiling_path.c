/* profiling_path: the spline of one piece, by Gauss and Newton on band matrices. Coefficients stand by function, states
   within: c[j * n + i]. An interval of knots adds its data and x' - f at `degree` nodes of Gauss and Legendre, which
   depend on (degree + 1) n coefficients. */
#include <string.h>

#include "profiling_search_priv.h"

enum { DEGREE = EVL_BSPLINE_DEGREE };

static void plan_data(evl_path *a);

evl_status evl_path_plan(const evl_path_spec *spec, evl_arena *arena, evl_path **planned) {
  evl_path *a;
  EVL_NEW(arena, a, 1);
  a->spec = *spec;
  a->tolerance = 1e-14;
  const int d = spec->degree, n = a->n = spec->ode->n_states, p = a->p = spec->ode->n_parameters;
  a->q = spec->n_observed;
  for (int i = 0; i < n; i++) a->inverse_scale2[i] = spec->scale ? 1.0 / (spec->scale[i] * spec->scale[i]) : 1.0;
  a->width = (d + 1) * n;
  a->n_intervals = (spec->n_samples - 1 + spec->knot - 1) / spec->knot;
  if (a->n_intervals < 1) a->n_intervals = 1;
  a->n_coefficients = (a->n_intervals + d) * n;
  a->below = a->width - 1;
  a->ld = a->width;
  a->n_nodes = d;
  const size_t all = (size_t)a->n_coefficients;
  EVL_NEW(arena, a->data_value, (spec->knot + 1) * (d + 1));
  EVL_NEW(arena, a->node_value, a->n_nodes * (d + 1));
  EVL_NEW(arena, a->node_slope, a->n_nodes * (d + 1));
  double **const vector[] = {&a->gradient, &a->step, &a->trial};
  for (int i = 0; i < 3; i++) EVL_NEW(arena, *vector[i], all);
  EVL_NEW(arena, a->band, all * (size_t)a->ld);
  EVL_NEW(arena, a->factor, all * (size_t)a->ld);
  EVL_NEW(arena, a->data, all * (size_t)a->ld);
  EVL_NEW(arena, a->rows, a->n_nodes * n * a->width);
  EVL_NEW(arena, a->residual, a->n_nodes * n);
  EVL_NEW(arena, a->square, a->width * a->width);
  EVL_NEW(arena, a->f, n);
  double **const square[] = {&a->fx, &a->fx_near, &a->curve}, **const beside[] = {&a->fp, &a->fp_near, &a->cross};
  for (int i = 0; i < 3; i++) {
    EVL_NEW(arena, *square[i], n * n);
    EVL_NEW(arena, *beside[i], n * p);
  }
  EVL_NEW(arena, a->sensitivity, (size_t)p * all);
  EVL_NEW(arena, a->work, a->ld);
  EVL_TRY(evl_smoother_plan(spec->n_samples, spec->dt, spec->knot, d, arena, &a->smoother));
  EVL_NEW(arena, a->smooth, a->n_intervals + d);
  const evl_bspline unit = {.degree = d, .n_intervals = 1, .step = spec->knot * spec->dt};
  for (int i = 0; i <= spec->knot; i++) evl_bspline_at(&unit, i * spec->dt, 0, a->data_value + i * (d + 1));
  double node[DEGREE + 1];
  evl_gauss_legendre(a->n_nodes, node, a->node_weight);
  for (int i = 0; i < a->n_nodes; i++) {
    evl_bspline_at(&unit, node[i] * unit.step, 0, a->node_value + i * (d + 1));
    evl_bspline_at(&unit, node[i] * unit.step, 1, a->node_slope + i * (d + 1));
    a->node_weight[i] *= unit.step;
  }
  plan_data(a);
  *planned = a;
  return EVL_OK;
}

int evl_path_coefficients(const evl_path *a) { return a->n_coefficients; }

void evl_path_through(evl_path *a, const double *x, size_t ld, double *c) {
  evl_smoothed smoothed;
  const double step = a->spec.knot * a->spec.dt;
  for (int i = 0; i < a->n; i++) {
    if (evl_smoother_run(a->smoother, x + (size_t)i * ld, 1e-4 * step * step * step, a->smooth, &smoothed) != EVL_OK)
      evl_error_clear();
    for (int j = 0; j < a->n_intervals + a->spec.degree; j++) c[j * a->n + i] = a->smooth[j];
  }
}

/* Inner loops have the numbers of states and functions as arguments: constants for the most common ones. */
#define INLINE static inline __attribute__((always_inline))
INLINE void mix_of(const double *at, int n, int functions, const double *value, double *x) {
  for (int i = 0; i < n; i++) x[i] = 0.0;
  for (int b = 0; b < functions; b++)
    for (int i = 0; i < n; i++) x[i] += value[b] * at[b * n + i];
}

/* x or x' at functions `value` of interval k. */
void evl_path_mix(const evl_path *a, const double *c, int k, const double *value, double *x) {
  mix_of(c + (size_t)k * (size_t)a->n, a->n, a->spec.degree + 1, value, x);
}

void evl_path_state(const evl_path *a, const double *c, int t, int derivative, double *x) {
  double value[DEGREE + 1];
  const int k = evl_bspline_at(evl_smoother_basis(a->smoother), t * a->spec.dt, derivative, value);
  evl_path_mix(a, c, k, value, x);
}

void evl_path_match(evl_path *a, const double *theta, const double *c, double *normal, double *right) {
  const int n = a->n, p = a->p, functions = a->spec.degree + 1;
  double x[EVL_ODE_STATES], slope[EVL_ODE_STATES];
  for (int k = 0; k < a->n_intervals; k++)
    for (int g = 0; g < a->n_nodes; g++) {
      evl_path_mix(a, c, k, a->node_value + g * functions, x);
      evl_path_mix(a, c, k, a->node_slope + g * functions, slope);
      a->spec.ode->flow(a->spec.ode->context, x, theta, a->f);
      a->spec.ode->jacobian(a->spec.ode->context, x, theta, a->fx, a->fp);
      for (int i = 0; i < n; i++) {
        const double w = a->node_weight[g] * a->inverse_scale2[i], *row = a->fp + (size_t)i * (size_t)p;
        for (int u = 0; u < p; u++) {
          if (row[u] == 0.0) continue;
          right[u] += w * row[u] * (slope[i] - a->f[i]);
          for (int v = u; v < p; v++) normal[u * p + v] += w * row[u] * row[v];
        }
      }
    }
}

/* Samples of interval k; the last one has its end. */
int evl_path_samples(const evl_path *a, int k) {
  const int left = a->spec.n_samples - k * a->spec.knot;
  return k == a->n_intervals - 1 ? left : a->spec.knot;
}

/* Adds the outer products of rows [m][width] to square [width][width]. */
INLINE void add_rows(double *square, const double *rows, int m, int width) {
  for (int r = 0; r < m; r++)
    for (int u = 0; u < width; u++) {
      const double factor = rows[r * width + u];
      for (int v = 0; v < width; v++) square[u * width + v] += factor * rows[r * width + v];
    }
}

/* Data of interval k: their part of J, and of its half gradient where that is wanted. */
INLINE double add_data(evl_path *a, const double *y, size_t ld, const double *c, int k, bool gradient, int n,
                       int functions) {
  const int m = evl_path_samples(a, k);
  double x[EVL_ODE_STATES], sum = 0.0, *to = a->gradient + k * n;
  for (int t = 0; t < m; t++) {
    const double *value = a->data_value + t * functions;
    mix_of(c + k * n, n, functions, value, x);
    for (int o = 0; o < a->q; o++) {
      double e = -y[(size_t)o * ld + (size_t)(k * a->spec.knot + t)];
      for (int i = 0; i < n; i++) e += a->spec.observe[o * n + i] * x[i];
      sum += e * e;
      for (int i = 0; gradient && i < n; i++) {
        const double part = e * a->spec.observe[o * n + i];
        for (int b = 0; b < functions; b++) to[b * n + i] += value[b] * part;
      }
    }
  }
  return sum;
}

/* x' - f at the nodes of interval k, weighted: their part of J, and `rows`, their derivatives by c, where wanted. */
INLINE double nodes(evl_path *a, const double *theta, double lambda, const double *c, int k, double *residual,
                    double *rows, int n, int functions) {
  const int width = n * functions;
  double x[EVL_ODE_STATES], slope[EVL_ODE_STATES], root[EVL_ODE_STATES], sum = 0.0;
  for (int g = 0; g < a->n_nodes; g++) {
    const double *value = a->node_value + g * functions, *change = a->node_slope + g * functions;
    mix_of(c + k * n, n, functions, value, x);
    mix_of(c + k * n, n, functions, change, slope);
    a->spec.ode->flow(a->spec.ode->context, x, theta, a->f);
    for (int i = 0; i < n; i++) {
      root[i] = sqrt(lambda * a->node_weight[g] * a->inverse_scale2[i]);
      residual[g * n + i] = root[i] * (slope[i] - a->f[i]);
      sum += residual[g * n + i] * residual[g * n + i];
    }
    if (!rows) continue;
    a->spec.ode->jacobian(a->spec.ode->context, x, theta, a->fx, a->fp);
    for (int i = 0; i < n; i++) {
      double *row = rows + (g * n + i) * width;
      for (int b = 0; b < functions; b++) {
        for (int l = 0; l < n; l++) row[b * n + l] = -root[i] * value[b] * a->fx[i * n + l];
        row[b * n + i] += root[i] * change[b];
      }
    }
  }
  return sum;
}

INLINE double assemble_of(evl_path *a, const double *theta, double lambda, const double *y, size_t ld, const double *c,
                          int n, int functions) {
  const int width = n * functions, m = a->n_nodes * n;
  double sum = 0.0;
  for (int k = 0; k < a->n_intervals; k++) {
    sum += add_data(a, y, ld, c, k, true, n, functions);
    sum += nodes(a, theta, lambda, c, k, a->residual, a->rows, n, functions);
    memset(a->square, 0, (size_t)width * (size_t)width * sizeof *a->square);
    add_rows(a->square, a->rows, m, width);
    double *band = a->band + (size_t)(k * n) * (size_t)width, *gradient = a->gradient + k * n;
    for (int u = 0; u < width; u++)
      for (int v = u; v < width; v++) band[u * width + v - u] += a->square[u * width + v];
    for (int r = 0; r < m; r++)
      for (int u = 0; u < width; u++) gradient[u] += a->rows[r * width + u] * a->residual[r];
  }
  return sum;
}

INLINE double objective_of(evl_path *a, const double *theta, double lambda, const double *y, size_t ld, const double *c,
                           int n, int functions) {
  double sum = 0.0;
  for (int k = 0; k < a->n_intervals; k++)
    sum += add_data(a, y, ld, c, k, false, n, functions) +
           nodes(a, theta, lambda, c, k, a->residual, NULL, n, functions);
  return sum;
}

static double objective(evl_path *a, const double *theta, double lambda, const double *y, size_t ld, const double *c) {
  return a->n == 2 && a->spec.degree == 3 ? objective_of(a, theta, lambda, y, ld, c, 2, 4)
                                          : objective_of(a, theta, lambda, y, ld, c, a->n, a->spec.degree + 1);
}

/* Gradient and Gauss-Newton matrix of J / 2; returns J. */
double evl_path_assemble(evl_path *a, const double *theta, double lambda, const double *y, size_t ld, const double *c) {
  memset(a->gradient, 0, (size_t)a->n_coefficients * sizeof *a->gradient);
  memcpy(a->band, a->data, (size_t)a->n_coefficients * (size_t)a->ld * sizeof *a->band);
  return a->n == 2 && a->spec.degree == 3 ? assemble_of(a, theta, lambda, y, ld, c, 2, 4)
                                          : assemble_of(a, theta, lambda, y, ld, c, a->n, a->spec.degree + 1);
}

/* What the data alone add to the matrix: the same for any c. */
static void plan_data(evl_path *a) {
  const int functions = a->spec.degree + 1, width = a->width;
  double *row = a->rows;
  for (int k = 0; k < a->n_intervals; k++)
    for (int t = 0; t < evl_path_samples(a, k); t++)
      for (int o = 0; o < a->q; o++) {
        for (int u = 0; u < width; u++)
          row[u] = a->data_value[t * functions + u / a->n] * a->spec.observe[o * a->n + u % a->n];
        for (int u = 0; u < width; u++)
          for (int v = u; v < width; v++) a->data[(k * a->n + u) * a->ld + v - u] += row[u] * row[v];
      }
}

/* The factor of band + damping diag(band). */
bool evl_path_factorise(evl_path *a, double damping) {
  memcpy(a->factor, a->band, (size_t)a->n_coefficients * (size_t)a->ld * sizeof *a->band);
  for (int j = 0; j < a->n_coefficients; j++) a->factor[(size_t)j * (size_t)a->ld] *= 1.0 + damping;
  if (evl_band_cholesky(a->n_coefficients, a->below, a->factor, a->ld) == EVL_OK) return true;
  evl_error_clear();
  return false;
}

void evl_path_tolerance(evl_path *a, double tolerance) { a->tolerance = tolerance; }

bool evl_path_solve(evl_path *a, const double *theta, double lambda, const double *y, size_t ld, double *c) {
  enum { MOST = 100 };
  const size_t bytes = (size_t)a->n_coefficients * sizeof *c;
  double damping = 0.0, j = evl_path_assemble(a, theta, lambda, y, ld, c);
  for (int calls = 0; calls < MOST && isfinite(j); calls++) {
    double fall = 0.0, there = INFINITY;
    if (evl_path_factorise(a, damping)) {
      for (int k = 0; k < a->n_coefficients; k++) a->step[k] = -a->gradient[k];
      evl_band_solve(a->n_coefficients, a->below, 1, a->factor, a->ld, a->step, a->n_coefficients);
      for (int k = 0; k < a->n_coefficients; k++) {
        fall -= a->step[k] * a->gradient[k];
        a->trial[k] = c[k] + a->step[k];
      }
      if (fall <= a->tolerance * j) { /* its gradient to a root of that: one step more */
        memcpy(c, a->trial, bytes);
        return true;
      }
      there = objective(a, theta, lambda, y, ld, a->trial);
    }
    if (there < j) {
      memcpy(c, a->trial, bytes);
      damping = damping < 1e-6 ? 0.0 : 0.1 * damping;
      j = evl_path_assemble(a, theta, lambda, y, ld, c);
    } else {
      if (fall < 1e-10 * j && damping == 0.0) return true; /* no fall is left above rounding */
      damping = fmax(1e-5, 10.0 * damping);
      if (damping > 1e8) return false;
    }
  }
  return false;
}
