/* profiling: theta by least squares along the paths that it makes, and its errors. */
#include <string.h>

#include "profiling_search_priv.h"

evl_status evl_profile_plan(const evl_path_spec *spec, int n_pieces, evl_arena *arena, evl_profile **planned) {
  evl_profile *f;
  search *s;
  EVL_NEW(arena, f, 1);
  EVL_NEW(arena, s, 1);
  f->spec = *spec;
  f->n_pieces = n_pieces;
  f->search = s;
  EVL_TRY(evl_path_plan(spec, arena, &f->path));
  const size_t p = (size_t)spec->ode->n_parameters;
  s->n_coefficients = (size_t)evl_path_coefficients(f->path);
  s->n_data = (size_t)spec->n_observed * (size_t)spec->n_samples;
  EVL_TRY(evl_least_squares_plan((int)s->n_data * n_pieces, (int)p, arena, &s->solver));
  EVL_NEW(arena, s->accepted, (size_t)n_pieces * s->n_coefficients);
  EVL_NEW(arena, s->trial, (size_t)n_pieces * s->n_coefficients);
  double **const vector[] = {&s->unknown, &s->low, &s->high, &f->theta, &f->sd, &f->robust_sd};
  for (size_t i = 0; i < sizeof vector / sizeof *vector; i++) EVL_NEW(arena, *vector[i], p);
  double **const matrix[] = {&s->bread, &s->meat, &s->robust, &s->normal, &f->covariance};
  for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++) EVL_NEW(arena, *matrix[i], p * p);
  EVL_NEW(arena, s->parts, 4 * n_pieces);
  EVL_NEW(arena, s->scores, (p + 1) * (size_t)n_pieces);
  for (int i = 0; i < 4; i++) EVL_NEW(arena, s->hessian[i], (p + 1) * (p + 1));
  for (int i = 0; i < 6; i++) EVL_NEW(arena, s->point[i], p + 1);
  EVL_NEW(arena, s->right, p + 1);
  EVL_NEW(arena, s->fitted, s->n_data);
  EVL_NEW(arena, s->moved, s->n_data);
  EVL_NEW(arena, s->slopes, p * s->n_data);
  *planned = f;
  return EVL_OK;
}

double *evl_profile_piece(evl_profile *f, int piece) {
  return f->search->accepted + (size_t)piece * f->search->n_coefficients;
}

static double within(const evl_ode_parameter *k, double value) { return fmin(fmax(value, k->low), k->high); }

bool evl_profile_solve(int p, double *matrix, double *right, double *root) {
  for (int i = 0; i < p; i++) {
    root[i] = sqrt(matrix[i * p + i]);
    if (!(root[i] > 0.0) || !isfinite(root[i])) return false;
  }
  for (int i = 0; i < p; i++) {
    right[i] /= root[i];
    for (int k = i; k < p; k++) matrix[i * p + k] /= root[i] * root[k];
  }
  const bool regular = evl_cholesky(p, matrix, p) == EVL_OK;
  if (!regular) evl_error_clear();
  for (int i = 0; i < p; i++)
    if (!regular || !(matrix[i * p + i] > 1e-7)) return false; /* what is left of a column of length 1 */
  evl_cholesky_solve(p, 1, matrix, p, right, p);
  for (int i = 0; i < p; i++) right[i] /= root[i];
  return true;
}

evl_fit evl_profile_match(evl_profile *f, int n_pieces) {
  enum { MOST = 30 };
  search *s = f->search;
  const evl_ode *ode = f->spec.ode;
  const int p = ode->n_parameters;
  for (int step = 0; step < MOST; step++) {
    memset(s->normal, 0, (size_t)p * (size_t)p * sizeof *s->normal);
    memset(s->right, 0, (size_t)p * sizeof *s->right);
    for (int i = 0; i < n_pieces; i++)
      evl_path_match(f->path, f->theta, evl_profile_piece(f, i), s->normal, s->right);
    if (!evl_profile_solve(p, s->normal, s->right, s->unknown)) return EVL_FIT_COLLINEAR;
    double moved = 0.0;
    for (int k = 0; k < p; k++) {
      const double to = within(&ode->parameter[k], f->theta[k] + s->right[k]);
      if (!isfinite(to)) return EVL_FIT_UNSETTLED;
      moved = fmax(moved, fabs(to - f->theta[k]) / fmax(fabs(to), 1e-3 * fabs(ode->parameter[k].typical)));
      f->theta[k] = to;
    }
    if (moved < 1e-6) return EVL_FIT_DONE;
  }
  return EVL_FIT_UNSETTLED;
}

static const double *piece_of(const search *s, int i) { return s->y + s->first[i]; }

static void theta_of(const evl_profile *f, const double *unknown) {
  for (int k = 0; k < f->spec.ode->n_parameters; k++)
    f->theta[k] = unknown[k] * f->spec.ode->parameter[k].typical;
}

/* Residuals along the paths of theta; a trial begins at the accepted paths, its derivatives where it ended. */
static void residuals(void *context, const double *unknown, double *residual, double *jacobian) {
  evl_profile *f = context;
  search *s = f->search;
  const int p = f->spec.ode->n_parameters;
  const size_t n = s->n_data, m = n * (size_t)s->n_pieces, bytes = s->n_coefficients * sizeof(double);
  theta_of(f, unknown);
  for (int i = 0; i < s->n_pieces; i++) {
    double *accepted = evl_profile_piece(f, i), *trial = s->trial + (size_t)i * s->n_coefficients;
    if (!jacobian) memcpy(trial, accepted, bytes);
    bool fine = evl_path_solve(f->path, f->theta, s->lambda, piece_of(s, i), s->ld, trial);
    if (jacobian) memcpy(accepted, trial, bytes);
    fine = evl_path_slopes(f->path, f->theta, s->lambda, piece_of(s, i), s->ld, trial, s->fitted,
                           jacobian ? s->slopes : NULL) && fine;
    const int n_samples = f->spec.n_samples;
    for (size_t j = 0; j < n; j++) {
      const size_t o = j / (size_t)n_samples, t = j % (size_t)n_samples;
      residual[(size_t)i * n + j] = fine ? s->fitted[j] - piece_of(s, i)[o * s->ld + t] : NAN;
    }
    for (int k = 0; jacobian && k < p; k++)
      for (size_t j = 0; j < n; j++)
        jacobian[(size_t)k * m + (size_t)i * n + j] =
            fine ? s->slopes[(size_t)k * n + j] * f->spec.ode->parameter[k].typical : NAN;
  }
}

static double dot(const double *a, const double *b, size_t n) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

/* bread = sum X'X, meat = sum X'(I - S)'(I - S) X, robust = sum over pieces of X'e e'X; freedom, rss. */
static bool gather(evl_profile *f) {
  search *s = f->search;
  const size_t p = (size_t)f->spec.ode->n_parameters, n = s->n_data, bytes = p * p * sizeof(double);
  memset(s->bread, 0, bytes);
  memset(s->meat, 0, bytes);
  memset(s->robust, 0, bytes);
  f->freedom = f->rss = 0.0;
  for (int i = 0; i < s->n_pieces; i++) {
    const double *y = piece_of(s, i);
    if (!evl_path_slopes(f->path, f->theta, s->lambda, y, s->ld, evl_profile_piece(f, i), s->fitted, s->slopes))
      return false;
    for (size_t j = 0; j < n; j++) {
      s->moved[j] = s->fitted[j] - y[j / (size_t)f->spec.n_samples * s->ld + j % (size_t)f->spec.n_samples];
      f->rss += s->moved[j] * s->moved[j];
    }
    for (size_t u = 0; u < p; u++) s->right[u] = dot(s->slopes + u * n, s->moved, n);
    for (size_t u = 0; u < p; u++)
      for (size_t v = 0; v < p; v++) {
        s->bread[u * p + v] += dot(s->slopes + u * n, s->slopes + v * n, n);
        s->robust[u * p + v] += s->right[u] * s->right[v];
      }
    for (size_t u = 0; u < p; u++) evl_path_residual(f->path, s->slopes + u * n);
    for (size_t u = 0; u < p; u++)
      for (size_t v = 0; v < p; v++) s->meat[u * p + v] += dot(s->slopes + u * n, s->slopes + v * n, n);
    f->freedom += evl_path_freedom(f->path);
  }
  return true;
}

void evl_profile_sandwich(int p, const double *factor, const double *root, double *filling, double *turned) {
  for (int side = 0; side < 2; side++) {
    for (int i = 0; i < p * p; i++) turned[i] = filling[i % p * p + i / p] / root[i % p];
    evl_cholesky_solve(p, p, factor, p, turned, p);
    for (int i = 0; i < p * p; i++) filling[i] = turned[i] / root[i % p];
  }
}

static evl_fit errors(evl_profile *f) {
  search *s = f->search;
  const int p = f->spec.ode->n_parameters;
  if (!gather(f)) return EVL_FIT_UNSETTLED;
  const double left = (double)s->n_data * s->n_pieces - f->freedom - p, pieces = s->n_pieces;
  f->sigma = left > 0.0 ? sqrt(f->rss / left) : NAN;
  memset(s->right, 0, (size_t)p * sizeof *s->right);
  if (!evl_profile_solve(p, s->bread, s->right, s->unknown)) return EVL_FIT_COLLINEAR;
  evl_profile_sandwich(p, s->bread, s->unknown, s->meat, s->normal);
  evl_profile_sandwich(p, s->bread, s->unknown, s->robust, s->normal);
  for (int i = 0; i < p * p; i++) f->covariance[i] = f->sigma * f->sigma * s->meat[i];
  for (int k = 0; k < p; k++) {
    f->sd[k] = sqrt(f->covariance[k * p + k]);
    f->robust_sd[k] = pieces >= p + 2 ? sqrt(s->robust[k * p + k] * pieces / (pieces - p)) : NAN;
  }
  return EVL_FIT_DONE;
}

evl_fit evl_profile_run(evl_profile *f, double lambda, const double *y, size_t ld, const int *first, int n_pieces,
                        double tolerance) {
  enum { MOST = 200 };
  search *s = f->search;
  const evl_ode *ode = f->spec.ode;
  const int p = ode->n_parameters, m = (int)s->n_data * n_pieces;
  s->lambda = lambda;
  s->y = y;
  s->ld = ld;
  s->first = first;
  s->n_pieces = n_pieces;
  if (m <= p) return EVL_FIT_SHORT;
  for (int i = 0; i < n_pieces; i++) { /* a start from which theta can be sought */
    double *c = evl_profile_piece(f, i);
    if (!evl_path_solve(f->path, f->theta, lambda, piece_of(s, i), ld, c)) return EVL_FIT_UNSETTLED;
    memcpy(s->trial + (size_t)i * s->n_coefficients, c, s->n_coefficients * sizeof *c);
  }
  for (int k = 0; k < p; k++) {
    const double typical = ode->parameter[k].typical;
    s->unknown[k] = f->theta[k] / typical;
    s->low[k] = ode->parameter[k].low / typical;
    s->high[k] = ode->parameter[k].high / typical;
  }
  if (evl_least_squares_run(s->solver, residuals, f, m, p, s->unknown, s->low, s->high, tolerance, MOST) != EVL_OK) {
    evl_error_clear();
    return EVL_FIT_UNSETTLED;
  }
  theta_of(f, s->unknown);
  for (int i = 0; i < n_pieces; i++)
    if (!evl_path_solve(f->path, f->theta, lambda, piece_of(s, i), ld, evl_profile_piece(f, i)))
      return EVL_FIT_UNSETTLED;
  return errors(f);
}
