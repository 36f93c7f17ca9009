/* profiling_marginal: theta and lambda of equations that noise drives, by the density of the data. */
#include <string.h>

#include "profiling_search_priv.h"

/* Unknowns u: theta, then ln lambda. Parts of the pieces: J and determinants at two points. */
enum { J_UP, D_UP, J_DOWN, D_DOWN, MOST_STEPS = 40 };
static double *of_piece(const search *s, int which) { return s->parts + (size_t)which * (size_t)s->n_pieces; }

/* -2 log p, and s2, at u; parts of the pieces into two rows from `row` on. Infinite where there is no density. */
static double look(evl_profile *f, const double *u, int row, double *s2) {
  search *s = f->search;
  const double n = (double)s->n_data * s->n_pieces, lambda = exp(u[f->spec.ode->n_parameters]);
  double sum = 0.0, all = 0.0, *j = of_piece(s, row), *d = of_piece(s, row + 1);
  for (int i = 0; i < s->n_pieces; i++) {
    double *c = s->trial + (size_t)i * s->n_coefficients;
    memcpy(c, evl_profile_piece(f, i), s->n_coefficients * sizeof *c);
    if (!evl_path_solve(f->path, u, lambda, s->y + s->first[i], s->ld, c) ||
        !evl_path_evidence(f->path, u, lambda, s->y + s->first[i], s->ld, c, &j[i], &d[i]))
      return INFINITY;
    sum += j[i];
    all += d[i];
  }
  *s2 = sum / n;
  const double value = n * log(*s2) + all;
  return isfinite(value) ? value : INFINITY;
}

/* Derivatives by central differences over `step`: of -2 log p, gradient [q], its diagonal second ones [q]; sum over
   pieces of the outer products of their scores, less the mean, at fixed s2. */
static bool differentiate(evl_profile *f, double *u, double value, double s2, const double *step, double *gradient,
                          double *second, double *outer) {
  search *s = f->search;
  const int q = f->spec.ode->n_parameters + 1, n = s->n_pieces;
  for (int k = 0; k < q; k++) {
    const double was = u[k];
    double there;
    u[k] = was + step[k];
    const double up = look(f, u, J_UP, &there);
    u[k] = was - step[k];
    const double down = look(f, u, J_DOWN, &there);
    u[k] = was;
    if (!isfinite(up) || !isfinite(down)) return false;
    gradient[k] = (up - down) / (2.0 * step[k]);
    second[k] = (up - 2.0 * value + down) / (step[k] * step[k]);
    for (int i = 0; i < n; i++)
      s->scores[k * n + i] = ((of_piece(s, J_UP)[i] - of_piece(s, J_DOWN)[i]) / s2 + of_piece(s, D_UP)[i] -
                              of_piece(s, D_DOWN)[i]) / (2.0 * step[k]) - gradient[k] / n;
  }
  for (int a = 0; a < q; a++)
    for (int b = 0; b < q; b++) {
      double sum = 0.0;
      for (int i = 0; i < n; i++) sum += s->scores[a * n + i] * s->scores[b * n + i];
      outer[a * q + b] = sum;
    }
  return true;
}

static double lowest(const evl_profile *f, int k) {
  return k < f->spec.ode->n_parameters ? f->spec.ode->parameter[k].low : log(1e-9);
}
static double highest(const evl_profile *f, int k) {
  return k < f->spec.ode->n_parameters ? f->spec.ode->parameter[k].high : log(1e9);
}

/* The step - inv(H + damping) gradient, unknowns at a bound left where they are. Returns the fall of -2 log p that it
   foresees, negative where there is no step. */
static double aim(evl_profile *f, const double *u, const double *gradient, const double *hessian, double damping,
                  double *delta) {
  search *s = f->search;
  const int q = f->spec.ode->n_parameters + 1;
  double *matrix = s->hessian[1], *root = s->point[4], fall = 0.0;
  memcpy(matrix, hessian, (size_t)q * (size_t)q * sizeof *matrix);
  for (int k = 0; k < q; k++) {
    const bool held = (u[k] <= lowest(f, k) && gradient[k] > 0.0) || (u[k] >= highest(f, k) && gradient[k] < 0.0);
    delta[k] = held ? 0.0 : -gradient[k];
    for (int a = 0; held && a < q; a++) matrix[k * q + a] = matrix[a * q + k] = a == k ? 1.0 : 0.0;
    matrix[k * q + k] *= 1.0 + damping;
  }
  if (!evl_profile_solve(q, matrix, delta, root)) return -1.0;
  for (int k = 0; k < q; k++) fall -= 0.5 * delta[k] * gradient[k];
  return fall;
}

/* The first H: correlations of the scores (Berndt, Hall, Hall and Hausman), on the diagonal the second derivatives, or
   the scores' where those are not positive. */
static void guess(int q, const double *second, const double *outer, double *root, double *hessian) {
  for (int k = 0; k < q; k++) root[k] = second[k] > 0.0 ? sqrt(second[k] / outer[k * q + k]) : M_SQRT1_2;
  for (int k = 0; k < q * q; k++) hessian[k] = outer[k] * root[k / q] * root[k % q];
}

/* H learns from the change of the gradient over a step (Broyden, Fletcher, Goldfarb and Shanno); a step along which it
   does not rise teaches nothing. */
static void learn(int q, const double *step, const double *change, double *image, double *hessian) {
  double curvature = 0.0, own = 0.0;
  for (int a = 0; a < q; a++) {
    image[a] = 0.0;
    for (int b = 0; b < q; b++) image[a] += hessian[a * q + b] * step[b];
    curvature += change[a] * step[a];
    own += image[a] * step[a];
  }
  if (!(curvature > 1e-3 * own) || !(own > 0.0)) return;
  for (int a = 0; a < q; a++)
    for (int b = 0; b < q; b++)
      hessian[a * q + b] += change[a] * change[b] / curvature - image[a] * image[b] / own;
}

/* From u to the maximum, to a hundredth of a unit of -2 log p: a tenth of a standard error. */
static evl_fit climb(evl_profile *f, double *u, double *value, double *s2, double *gradient, double *outer) {
  search *s = f->search;
  const int q = f->spec.ode->n_parameters + 1;
  double *delta = s->point[1], *trial = s->point[2], *step = s->point[3], *second = s->point[5];
  double *hessian = s->hessian[3], damping = 1e-4;
  const size_t all = (size_t)s->n_pieces * s->n_coefficients * sizeof(double), bytes = (size_t)q * sizeof *u;
  *value = look(f, u, J_UP, s2);
  for (int calls = 0; calls < MOST_STEPS && isfinite(*value); calls++) {
    memcpy(s->accepted, s->trial, all);
    for (int k = 0; k < q; k++)
      step[k] = k == q - 1 ? 0.05 : 1e-2 * fmax(0.1 * fabs(u[k]), fabs(f->spec.ode->parameter[k].typical));
    memcpy(s->point[4], gradient, bytes);
    if (!differentiate(f, u, *value, *s2, step, gradient, second, outer)) return EVL_FIT_UNSETTLED;
    if (calls == 0) {
      guess(q, second, outer, trial, hessian);
    } else {
      for (int k = 0; k < q; k++) trial[k] = gradient[k] - s->point[4][k];
      learn(q, delta, trial, second, hessian);
    }
    for (bool down = false; !down; damping *= 10.0) {
      const double fall = aim(f, u, gradient, hessian, damping, delta);
      if (fall >= 0.0 && (fall < 1e-4 || (fall < 0.01 && damping < 0.1))) return EVL_FIT_DONE;
      if (damping > 1e6) return EVL_FIT_UNSETTLED;
      if (fall < 0.0) continue;
      for (int k = 0; k < q; k++) {
        trial[k] = fmin(fmax(u[k] + delta[k], lowest(f, k)), highest(f, k));
        delta[k] = trial[k] - u[k];
      }
      double there;
      const double found = look(f, trial, J_UP, &there);
      if (!(found < *value)) continue;
      memcpy(u, trial, bytes);
      *value = found;
      *s2 = there;
      damping *= 1e-2;
      down = true;
    }
    damping = fmax(0.1 * damping, 1e-4);
  }
  return EVL_FIT_UNSETTLED;
}

/* The Hessian over steps of a third of a standard error, and errors from it. */
static evl_fit errors(evl_profile *f, double *u, double value, double s2, double *gradient, double *outer) {
  search *s = f->search;
  const int p = f->spec.ode->n_parameters, q = p + 1;
  double *hessian = s->hessian[2], *meat = s->hessian[3], *second = s->point[1], *right = s->point[2],
         *step = s->point[3], *root = s->point[4];
  memcpy(hessian, outer, (size_t)q * (size_t)q * sizeof *hessian);
  memset(right, 0, (size_t)q * sizeof *right);
  if (!evl_profile_solve(q, hessian, right, root)) return EVL_FIT_COLLINEAR;
  memset(meat, 0, (size_t)q * (size_t)q * sizeof *meat);
  for (int k = 0; k < q; k++) meat[k * q + k] = outer[k * q + k];
  for (int k = 0; k < q; k++) step[k] = 0.33 * 2.0 / sqrt(outer[k * q + k]);
  if (!differentiate(f, u, value, s2, step, gradient, second, meat)) return EVL_FIT_UNSETTLED;
  for (int a = 0; a < q; a++)
    for (int b = 0; b <= a; b++) {
      double entry = second[a], there;
      if (b < a) {
        const double at = u[a], bt = u[b];
        u[a] = at + step[a], u[b] = bt + step[b];
        const double up = look(f, u, J_UP, &there);
        u[a] = at - step[a], u[b] = bt - step[b];
        const double down = look(f, u, J_UP, &there);
        u[a] = at, u[b] = bt;
        entry = ((up - 2.0 * value + down) / (step[a] * step[b]) - second[a] * step[a] / step[b] -
                 second[b] * step[b] / step[a]) / 2.0;
      }
      if (!isfinite(entry)) return EVL_FIT_UNSETTLED;
      hessian[b * q + a] = 0.5 * entry;
    }
  for (int k = 0; k < q * q; k++) meat[k] *= 0.25;
  memset(right, 0, (size_t)q * sizeof *right);
  if (!evl_profile_solve(q, hessian, right, root)) return EVL_FIT_COLLINEAR;
  double *inverse = s->hessian[1], *turned = s->hessian[0];
  memset(inverse, 0, (size_t)q * (size_t)q * sizeof *inverse);
  for (int k = 0; k < q; k++) inverse[k * q + k] = 1.0;
  for (int k = 0; k < q * q; k++) inverse[k] /= root[k % q];
  evl_cholesky_solve(q, q, hessian, q, inverse, q);
  for (int k = 0; k < q * q; k++) inverse[k] /= root[k % q];
  evl_profile_sandwich(q, hessian, root, meat, turned);
  const double n = s->n_pieces;
  for (int k = 0; k < p; k++) {
    for (int a = 0; a < p; a++) f->covariance[k * p + a] = inverse[k * q + a];
    f->sd[k] = sqrt(inverse[k * q + k]);
    f->robust_sd[k] = n >= q + 1 ? sqrt(meat[k * q + k] * n / (n - q)) : NAN;
  }
  return EVL_FIT_DONE;
}

evl_fit evl_profile_marginal(evl_profile *f, double lambda, const double *y, size_t ld, const int *first,
                             int n_pieces) {
  search *s = f->search;
  const int p = f->spec.ode->n_parameters;
  double *u = s->point[0], *outer = s->hessian[0], *gradient = s->right, value, s2 = NAN;
  s->y = y;
  s->ld = ld;
  s->first = first;
  s->n_pieces = n_pieces;
  memcpy(u, f->theta, (size_t)p * sizeof *u);
  u[p] = log(lambda);
  evl_path_tolerance(f->path, 1e-9);
  evl_fit fit = climb(f, u, &value, &s2, gradient, outer);
  if (fit == EVL_FIT_DONE) fit = errors(f, u, value, s2, gradient, outer);
  if (fit != EVL_FIT_DONE) return fit;
  memcpy(f->theta, u, (size_t)p * sizeof *u);
  f->lambda = exp(u[p]);
  f->sigma = sqrt(s2);
  return EVL_FIT_DONE;
}
