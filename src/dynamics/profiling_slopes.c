/* profiling_slopes: what follows of a path found: its evidence, its derivatives by theta and by the data. */
#include <string.h>

#include "profiling_search_priv.h"

static double observed(const evl_path *a, int o, const double *x) {
  double sum = 0.0;
  for (int i = 0; i < a->n; i++) sum += a->spec.observe[o * a->n + i] * x[i];
  return sum;
}

static double log_determinant(const evl_path *a) {
  double sum = 0.0;
  for (int j = 0; j < a->n_coefficients; j++) sum += log(a->factor[(size_t)j * (size_t)a->ld]);
  return 2.0 * sum;
}

bool evl_path_evidence(evl_path *a, const double *theta, double lambda, const double *y, size_t ld, const double *c,
                       double *j, double *log_determinants) {
  const double vague = 1e-3; /* times the noise of the data is the precision of x(0) */
  *j = evl_path_assemble(a, theta, lambda, y, ld, c);
  for (int b = 0; b <= a->spec.degree; b++)
    for (int i = 0; i < a->n; i++)
      a->band[(size_t)(b * a->n + i) * (size_t)a->ld] += vague * a->data_value[b];
  if (!evl_path_factorise(a, 0.0)) return false;
  *log_determinants = log_determinant(a);
  for (int k = 0; k < a->n_coefficients * a->ld; k++) a->band[k] -= a->data[k];
  if (!evl_path_factorise(a, 0.0)) return false;
  *log_determinants -= log_determinant(a);
  return isfinite(*j) && isfinite(*log_determinants);
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
    evl_path_mix(a, c, k, value, x);
    evl_path_mix(a, c, k, change, slope);
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
    for (int t = 0; t < evl_path_samples(a, k); t++) {
      evl_path_mix(a, c, k, a->data_value + t * (a->spec.degree + 1), x);
      for (int o = 0; o < a->q; o++)
        fitted[(size_t)o * (size_t)a->spec.n_samples + (size_t)(k * a->spec.knot + t)] = observed(a, o, x);
    }
}

bool evl_path_slopes(evl_path *a, const double *theta, double lambda, const double *y, size_t ld, const double *c,
                     double *fitted, double *slopes) {
  observe(a, c, fitted);
  if (!slopes) return true;
  const size_t all = (size_t)a->n_coefficients, each = (size_t)a->q * (size_t)a->spec.n_samples;
  evl_path_assemble(a, theta, lambda, y, ld, c);
  memset(a->sensitivity, 0, (size_t)a->p * all * sizeof *a->sensitivity);
  for (int k = 0; k < a->n_intervals; k++) add_second(a, theta, lambda, c, k);
  if (!evl_path_factorise(a, 0.0)) return false;
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
    for (int t = 0; t < evl_path_samples(a, k); t++)
      for (int o = 0; o < a->q; o++)
        for (int b = 0; b < functions; b++)
          for (int i = 0; i < n; i++)
            a->step[(k + b) * n + i] += a->data_value[t * functions + b] * a->spec.observe[o * n + i] *
                                        v[(size_t)o * n_samples + (size_t)(k * a->spec.knot + t)];
  evl_band_solve(a->n_coefficients, a->below, 1, a->factor, a->ld, a->step, a->n_coefficients);
  double x[EVL_ODE_STATES];
  for (int k = 0; k < a->n_intervals; k++)
    for (int t = 0; t < evl_path_samples(a, k); t++) {
      evl_path_mix(a, a->step, k, a->data_value + t * functions, x);
      for (int o = 0; o < a->q; o++)
        v[(size_t)o * n_samples + (size_t)(k * a->spec.knot + t)] -= observed(a, o, x);
    }
}

double evl_path_freedom(evl_path *a) {
  const int functions = a->spec.degree + 1, n = a->n;
  double row[(EVL_BSPLINE_DEGREE + 1) * EVL_ODE_STATES], sum = 0.0;
  evl_band_inverse(a->n_coefficients, a->below, a->factor, a->ld, a->work);
  for (int k = 0; k < a->n_intervals; k++)
    for (int t = 0; t < evl_path_samples(a, k); t++)
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
