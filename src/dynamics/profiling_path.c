/* profiling_path: the spline of one piece, by Gauss and Newton on band matrices. Coefficients stand by function, states
   within: c[j * n + i]. An interval of knots gives rows r = (data, then x' - f at the nodes of Gauss and Legendre,
   degree of them), linear in its (degree + 1) n coefficients but for f. */
#include <string.h>

#include "profiling_priv.h"

enum { DEGREE = EVL_BSPLINE_DEGREE };

struct evl_path {
  evl_path_spec spec;
  double inverse_scale2[EVL_ODE_STATES]; /* 1 / scale^2 */
  int n, p, q, width;        /* states, parameters, observed; (degree + 1) n */
  int n_intervals, n_coefficients, below, ld;
  int n_nodes;
  double node_weight[DEGREE + 1];
  double *data_value;        /* [knot + 1][degree + 1] functions at the samples of an interval */
  double *node_value, *node_slope; /* [n_nodes][degree + 1] */
  double *band, *factor;     /* [coefficients][ld] */
  double *gradient, *step, *trial; /* [coefficients] */
  double *rows, *row_residual; /* [width][most_rows] of an interval: by column; [most_rows] */
  int most_rows;
  double *f, *fx, *fp, *fx_near, *fp_near, *curve, *cross;
  double *sensitivity;       /* [p][coefficients] */
  double *work;              /* [below + 1] */
  evl_smoother *smoother;
  double *smooth;            /* [functions] */
};

evl_status evl_path_plan(const evl_path_spec *spec, evl_arena *arena, evl_path **planned) {
  evl_path *a;
  EVL_NEW(arena, a, 1);
  a->spec = *spec;
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
  a->most_rows = (a->n_nodes * n + (spec->knot + 1) * a->q + 3) / 4 * 4;
  const size_t all = (size_t)a->n_coefficients;
  EVL_NEW(arena, a->data_value, (spec->knot + 1) * (d + 1));
  EVL_NEW(arena, a->node_value, a->n_nodes * (d + 1));
  EVL_NEW(arena, a->node_slope, a->n_nodes * (d + 1));
  double **const vector[] = {&a->gradient, &a->step, &a->trial};
  for (int i = 0; i < 3; i++) EVL_NEW(arena, *vector[i], all);
  EVL_NEW(arena, a->band, all * (size_t)a->ld);
  EVL_NEW(arena, a->factor, all * (size_t)a->ld);
  EVL_NEW(arena, a->rows, a->most_rows * a->width);
  EVL_NEW(arena, a->row_residual, a->most_rows);
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

/* x or x' at functions `value` of interval k. */
static void mix(const evl_path *a, const double *c, int k, const double *value, double *x) {
  const double *at = c + (size_t)k * (size_t)a->n;
  for (int i = 0; i < a->n; i++) x[i] = 0.0;
  for (int b = 0; b <= a->spec.degree; b++)
    for (int i = 0; i < a->n; i++) x[i] += value[b] * at[b * a->n + i];
}

void evl_path_state(const evl_path *a, const double *c, double t, double *x) {
  const evl_bspline basis = {.degree = a->spec.degree, .n_intervals = a->n_intervals, .step = a->spec.knot};
  double value[DEGREE + 1];
  mix(a, c, evl_bspline_at(&basis, t, 0, value), value, x);
}

void evl_path_match(evl_path *a, const double *theta, const double *c, double *normal, double *right) {
  const int n = a->n, p = a->p, functions = a->spec.degree + 1;
  double x[EVL_ODE_STATES], slope[EVL_ODE_STATES];
  for (int k = 0; k < a->n_intervals; k++)
    for (int g = 0; g < a->n_nodes; g++) {
      mix(a, c, k, a->node_value + g * functions, x);
      mix(a, c, k, a->node_slope + g * functions, slope);
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
static int samples_of(const evl_path *a, int k) {
  const int left = a->spec.n_samples - k * a->spec.knot;
  return k == a->n_intervals - 1 ? left : a->spec.knot;
}

static double observed(const evl_path *a, int o, const double *x) {
  double sum = 0.0;
  for (int i = 0; i < a->n; i++) sum += a->spec.observe[o * a->n + i] * x[i];
  return sum;
}

/* Half of J's sum of squares of interval k goes into row_residual; with `rows` their derivatives by c too. Returns the
   rows. */
static int interval(evl_path *a, const double *theta, double lambda, const double *y, size_t ld, const double *c, int k,
                    bool rows) {
  const int n = a->n, functions = a->spec.degree + 1, m = samples_of(a, k);
  double x[EVL_ODE_STATES], slope[EVL_ODE_STATES];
  int r = 0;
  if (rows) memset(a->rows, 0, (size_t)a->most_rows * (size_t)a->width * sizeof *a->rows);
  for (int t = 0; t < m; t++) {
    const double *value = a->data_value + t * functions;
    mix(a, c, k, value, x);
    for (int o = 0; o < a->q; o++, r++) {
      a->row_residual[r] = observed(a, o, x) - y[(size_t)o * ld + (size_t)(k * a->spec.knot + t)];
      for (int b = 0; rows && b < functions; b++)
        for (int i = 0; i < n; i++)
          a->rows[(b * n + i) * a->most_rows + r] = value[b] * a->spec.observe[o * n + i];
    }
  }
  for (int g = 0; g < a->n_nodes; g++, r += n) {
    const double *value = a->node_value + g * functions, *change = a->node_slope + g * functions;
    mix(a, c, k, value, x);
    mix(a, c, k, change, slope);
    a->spec.ode->flow(a->spec.ode->context, x, theta, a->f);
    double root[EVL_ODE_STATES];
    for (int i = 0; i < n; i++) {
      root[i] = sqrt(lambda * a->node_weight[g] * a->inverse_scale2[i]);
      a->row_residual[r + i] = root[i] * (slope[i] - a->f[i]);
    }
    if (!rows) continue;
    a->spec.ode->jacobian(a->spec.ode->context, x, theta, a->fx, a->fp);
    for (int b = 0; b < functions; b++)
      for (int l = 0; l < n; l++)
        for (int i = 0; i < n; i++)
          a->rows[(b * n + l) * a->most_rows + r + i] =
              root[i] * ((i == l ? change[b] : 0.0) - value[b] * a->fx[i * n + l]);
  }
  return r;
}

static double objective(evl_path *a, const double *theta, double lambda, const double *y, size_t ld, const double *c) {
  double sum = 0.0;
  for (int k = 0; k < a->n_intervals; k++) {
    const int m = interval(a, theta, lambda, y, ld, c, k, false);
    for (int r = 0; r < m; r++) sum += a->row_residual[r] * a->row_residual[r];
  }
  return sum;
}

static double product(const double *u, const double *v, int n) {
  double lane[4] = {0};
  for (int i = 0; i < n; i += 4)
    for (int s = 0; s < 4; s++) lane[s] += u[i + s] * v[i + s];
  return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

/* Sums of interval k into band and gradient. */
static void add_interval(evl_path *a, int k, int m) {
  const int padded = (m + 3) / 4 * 4;
  for (int r = m; r < padded; r++) a->row_residual[r] = 0.0;
  for (int u = 0; u < a->width; u++) {
    const double *row = a->rows + (size_t)u * (size_t)a->most_rows;
    double *column = a->band + (size_t)(k * a->n + u) * (size_t)a->ld;
    for (int v = u; v < a->width; v++)
      column[v - u] += product(row, a->rows + (size_t)v * (size_t)a->most_rows, padded);
    a->gradient[k * a->n + u] += product(row, a->row_residual, padded);
  }
}

/* Gradient and Gauss-Newton matrix of J / 2; returns J. */
static double assemble(evl_path *a, const double *theta, double lambda, const double *y, size_t ld, const double *c) {
  double sum = 0.0;
  memset(a->band, 0, (size_t)a->n_coefficients * (size_t)a->ld * sizeof *a->band);
  memset(a->gradient, 0, (size_t)a->n_coefficients * sizeof *a->gradient);
  for (int k = 0; k < a->n_intervals; k++) {
    const int m = interval(a, theta, lambda, y, ld, c, k, true);
    for (int r = 0; r < m; r++) sum += a->row_residual[r] * a->row_residual[r];
    add_interval(a, k, m);
  }
  return sum;
}

/* The factor of band + damping diag(band). */
static bool factorise(evl_path *a, double damping) {
  memcpy(a->factor, a->band, (size_t)a->n_coefficients * (size_t)a->ld * sizeof *a->band);
  for (int j = 0; j < a->n_coefficients; j++) a->factor[(size_t)j * (size_t)a->ld] *= 1.0 + damping;
  if (evl_band_cholesky(a->n_coefficients, a->below, a->factor, a->ld) == EVL_OK) return true;
  evl_error_clear();
  return false;
}

bool evl_path_solve(evl_path *a, const double *theta, double lambda, const double *y, size_t ld, double *c) {
  enum { MOST = 100 };
  const size_t bytes = (size_t)a->n_coefficients * sizeof *c;
  double damping = 0.0, j = assemble(a, theta, lambda, y, ld, c);
  for (int calls = 0; calls < MOST && isfinite(j); calls++) {
    double fall = 0.0, there = INFINITY;
    if (factorise(a, damping)) {
      for (int k = 0; k < a->n_coefficients; k++) a->step[k] = -a->gradient[k];
      evl_band_solve(a->n_coefficients, a->below, 1, a->factor, a->ld, a->step, a->n_coefficients);
      for (int k = 0; k < a->n_coefficients; k++) {
        fall -= a->step[k] * a->gradient[k];
        a->trial[k] = c[k] + a->step[k];
      }
      if (fall <= 1e-14 * j) { /* J to rounding, its gradient to a root of that: one step more */
        memcpy(c, a->trial, bytes);
        return true;
      }
      there = objective(a, theta, lambda, y, ld, a->trial);
    }
    if (there < j) {
      memcpy(c, a->trial, bytes);
      damping = damping < 1e-6 ? 0.0 : 0.1 * damping;
      j = assemble(a, theta, lambda, y, ld, c);
    } else {
      if (fall < 1e-10 * j && damping == 0.0) return true; /* no fall is left above rounding */
      damping = fmax(1e-5, 10.0 * damping);
      if (damping > 1e8) return false;
    }
  }
  return false;
}

/* What Gauss and Newton leave out, at node g of interval k: curve = sum_i v_i d2 f_i / dx dx, cross = sum_i v_i
   d2 f_i / dx dtheta, v = weighted x' - f; by differences of the Jacobian. */
static void second(evl_path *a, const double *theta, const double *x, const double *v) {
  const int n = a->n, p = a->p;
  double near[EVL_ODE_STATES];
  memcpy(near, x, (size_t)n * sizeof *near);
  for (int l = 0; l < n; l++) {
    const double h = 1e-4 * fmax(fabs(x[l]), 1.0 / sqrt(a->inverse_scale2[l]));
    near[l] = x[l] + h;
    a->spec.ode->jacobian(a->spec.ode->context, near, theta, a->fx, a->fp);
    near[l] = x[l] - h;
    a->spec.ode->jacobian(a->spec.ode->context, near, theta, a->fx_near, a->fp_near);
    near[l] = x[l];
    for (int k = 0; k < n; k++) {
      double sum = 0.0;
      for (int i = 0; i < n; i++) sum += v[i] * (a->fx[i * n + k] - a->fx_near[i * n + k]);
      a->curve[l * n + k] = sum / (2.0 * h);
    }
    for (int k = 0; k < p; k++) {
      double sum = 0.0;
      for (int i = 0; i < n; i++) sum += v[i] * (a->fp[i * p + k] - a->fp_near[i * p + k]);
      a->cross[l * p + k] = sum / (2.0 * h);
    }
  }
}

/* Adds the second derivatives of f to band (all of J / 2 then) and d gradient / d theta to sensitivity. */
static void add_second(evl_path *a, const double *theta, double lambda, const double *c, int k) {
  const int n = a->n, p = a->p, functions = a->spec.degree + 1;
  double x[EVL_ODE_STATES], slope[EVL_ODE_STATES], v[EVL_ODE_STATES], weight[EVL_ODE_STATES];
  for (int g = 0; g < a->n_nodes; g++) {
    const double *value = a->node_value + g * functions, *change = a->node_slope + g * functions;
    mix(a, c, k, value, x);
    mix(a, c, k, change, slope);
    a->spec.ode->flow(a->spec.ode->context, x, theta, a->f);
    for (int i = 0; i < n; i++) {
      weight[i] = lambda * a->node_weight[g] * a->inverse_scale2[i];
      v[i] = weight[i] * (slope[i] - a->f[i]);
    }
    second(a, theta, x, v);
    a->spec.ode->jacobian(a->spec.ode->context, x, theta, a->fx, a->fp);
    for (int b = 0; b < functions; b++)
      for (int l = 0; l < n; l++) {
        double *column = a->band + (size_t)((k + b) * n + l) * (size_t)a->ld;
        for (int s = b; s < functions; s++)
          for (int i = s == b ? l : 0; i < n; i++)
            column[(s - b) * n + i - l] -= value[b] * value[s] * 0.5 * (a->curve[l * n + i] + a->curve[i * n + l]);
        for (int t = 0; t < p; t++) {
          double sum = -change[b] * weight[l] * a->fp[l * p + t] - value[b] * a->cross[l * p + t];
          for (int i = 0; i < n; i++) sum += value[b] * a->fx[i * n + l] * weight[i] * a->fp[i * p + t];
          a->sensitivity[(size_t)t * (size_t)a->n_coefficients + (size_t)((k + b) * n + l)] += sum;
        }
      }
  }
}

/* C x at all samples. */
static void observe(const evl_path *a, const double *c, double *fitted) {
  double x[EVL_ODE_STATES];
  for (int k = 0; k < a->n_intervals; k++)
    for (int t = 0; t < samples_of(a, k); t++) {
      mix(a, c, k, a->data_value + t * (a->spec.degree + 1), x);
      for (int o = 0; o < a->q; o++)
        fitted[(size_t)o * (size_t)a->spec.n_samples + (size_t)(k * a->spec.knot + t)] = observed(a, o, x);
    }
}

bool evl_path_slopes(evl_path *a, const double *theta, double lambda, const double *y, size_t ld, const double *c,
                     double *fitted, double *slopes) {
  observe(a, c, fitted);
  if (!slopes) return true;
  const size_t all = (size_t)a->n_coefficients, each = (size_t)a->q * (size_t)a->spec.n_samples;
  assemble(a, theta, lambda, y, ld, c);
  memset(a->sensitivity, 0, (size_t)a->p * all * sizeof *a->sensitivity);
  for (int k = 0; k < a->n_intervals; k++) add_second(a, theta, lambda, c, k);
  if (!factorise(a, 0.0)) return false;
  evl_band_solve(a->n_coefficients, a->below, a->p, a->factor, a->ld, a->sensitivity, a->n_coefficients);
  for (int t = 0; t < a->p; t++) {
    double *s = a->sensitivity + (size_t)t * all;
    for (size_t j = 0; j < all; j++) s[j] = -s[j];
    observe(a, s, slopes + (size_t)t * each);
  }
  return true;
}

void evl_path_residual(evl_path *a, double *v) {
  const int functions = a->spec.degree + 1, n = a->n;
  const size_t n_samples = (size_t)a->spec.n_samples;
  memset(a->step, 0, (size_t)a->n_coefficients * sizeof *a->step);
  for (int k = 0; k < a->n_intervals; k++)
    for (int t = 0; t < samples_of(a, k); t++)
      for (int o = 0; o < a->q; o++)
        for (int b = 0; b < functions; b++)
          for (int i = 0; i < n; i++)
            a->step[(k + b) * n + i] += a->data_value[t * functions + b] * a->spec.observe[o * n + i] *
                                        v[(size_t)o * n_samples + (size_t)(k * a->spec.knot + t)];
  evl_band_solve(a->n_coefficients, a->below, 1, a->factor, a->ld, a->step, a->n_coefficients);
  double x[EVL_ODE_STATES];
  for (int k = 0; k < a->n_intervals; k++)
    for (int t = 0; t < samples_of(a, k); t++) {
      mix(a, a->step, k, a->data_value + t * functions, x);
      for (int o = 0; o < a->q; o++)
        v[(size_t)o * n_samples + (size_t)(k * a->spec.knot + t)] -= observed(a, o, x);
    }
}

double evl_path_freedom(evl_path *a) {
  const int functions = a->spec.degree + 1, n = a->n;
  double row[(DEGREE + 1) * EVL_ODE_STATES], sum = 0.0;
  evl_band_inverse(a->n_coefficients, a->below, a->factor, a->ld, a->work);
  for (int k = 0; k < a->n_intervals; k++)
    for (int t = 0; t < samples_of(a, k); t++)
      for (int o = 0; o < a->q; o++) {
        for (int b = 0; b < functions; b++)
          for (int i = 0; i < n; i++) row[b * n + i] = a->data_value[t * functions + b] * a->spec.observe[o * n + i];
        for (int u = 0; u < a->width; u++) {
          const double *column = a->factor + (size_t)(k * n + u) * (size_t)a->ld;
          for (int v = u; v < a->width; v++) sum += (v == u ? 1.0 : 2.0) * row[u] * row[v] * column[v - u];
        }
      }
  return sum;
}
