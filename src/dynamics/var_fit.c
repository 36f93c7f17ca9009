/* var_fit: ridge least squares for all orders at once.

   Least squares, not Yule-Walker: its taper-free covariances would pull slow and sharp modes of short windows
   inwards, which is what the modes are to show. Every order is fitted on the same samples t = P .. n_train - 1, so
   that information criteria compare; their lag products are those of two halves, which are kept.
   Lags are ordered outermost, so one Cholesky factor L of S + ridge n I holds those of all lower orders in its
   corner, and with W = inv(L) s the penalised residual of order p is S_00 - W_p' W_p (W_p the first p blocks).

   The ridge is relative to unit variance. It is what makes collinear channels (average reference, bridged electrodes)
   regular: along a direction without variance the coefficients are zero and the eigenvalues vanish. The same ridge
   is added to residual covariances under the determinant, where such a direction then adds the same constant to
   every order.

   With K = inv(S + s I), s = ridge n, the fit is B = K (S B0 + noise), its bias - u B0, u = s K. B + u B + u^2 B +
   u^3 B leaves u^4 B0 (iterated Tikhonov regularisation): nothing where a direction's variance is some times the ridge,
   all where it has none. Damping of modes needs that: a ridge is noise, and noise damps. */
#include <string.h>

#include "var_priv.h"

int evl_var_lags(const evl_params *params) {
  const int order = (int)evl_params_int(params, "order");
  return order > 0 ? order : (int)evl_params_int(params, "max_order");
}

evl_status evl_var_plan(const evl_params *params, const evl_shape *shape, const char *entry, int n_train, int n_gap,
                        evl_products *products, evl_arena *arena, evl_var **var) {
  const bool held_out = !strcmp(evl_params_string(params, "choose"), "held_out");
  const evl_value *ridge = evl_params_value(params, "try_ridge");
  evl_var_spec s;
  memset(&s, 0, sizeof s);
  s.n_channels = shape->n_channels;
  s.n_samples = shape->n_samples;
  s.n_train = n_train;
  s.n_gap = n_gap;
  s.max_order = evl_var_lags(params);
  s.choose = evl_params_int(params, "order") > 0 ? EVL_VAR_GIVEN : held_out ? EVL_VAR_HELD_OUT : EVL_VAR_BIC;
  s.n_ridges = 1;
  s.ridge[0] = evl_params_real(params, "ridge");
  if (s.choose == EVL_VAR_HELD_OUT) {
    if (ridge->n > EVL_VAR_RIDGES || ridge->n < 1)
      return evl_fail(EVL_USAGE, "%s.try_ridge: expected 1 to %d numbers, found %d", entry, EVL_VAR_RIDGES, ridge->n);
    s.n_ridges = ridge->n;
    memcpy(s.ridge, ridge->reals, (size_t)s.n_ridges * sizeof *s.ridge);
  }
  return evl_var_find(&s, entry, products, arena, var);
}

static evl_status plan(evl_var *v, evl_arena *arena) {
  const size_t c = (size_t)v->spec.n_channels, lags = (size_t)v->spec.max_order * c, all = (lags + c) * (lags + c);
  v->ld = ((size_t)v->spec.n_samples + 7) / 8 * 8;
  EVL_NEW(arena, v->z, c * v->ld);
  EVL_NEW(arena, v->half[0], all);
  EVL_NEW(arena, v->half[1], all);
  EVL_NEW(arena, v->gram, all);
  if (v->spec.choose == EVL_VAR_HELD_OUT) EVL_NEW(arena, v->valid, all);
  EVL_NEW(arena, v->solved, lags * c);
  EVL_NEW(arena, v->beta, lags * c);
  EVL_NEW(arena, v->unbiased, lags * c);
  EVL_NEW(arena, v->residual, 2 * c * c);
  EVL_NEW(arena, v->work, lags * c);
  EVL_NEW(arena, v->used, c);
  EVL_NEW(arena, v->sd, c);
  return EVL_OK;
}

evl_status evl_var_find(const evl_var_spec *spec, const char *entry, evl_products *products, evl_arena *arena,
                        evl_var **var) {
  evl_product *product = NULL;
  if (spec->max_order * (int64_t)spec->n_channels > 2048)
    return evl_fail(EVL_USAGE, "%s: %d lags of %d channels: expected at most 2048 in all", entry, spec->max_order,
                    spec->n_channels);
  if (products) EVL_TRY(evl_product_find(products, "var", spec, sizeof *spec, arena, &product));
  if (product && (*var = product->own)) return EVL_OK;
  EVL_NEW(arena, *var, 1);
  (*var)->spec = *spec;
  (*var)->products = products;
  EVL_TRY(plan(*var, arena));
  if (product) product->own = *var;
  return EVL_OK;
}

static int gram_ld(const evl_var *v) { return (v->n_lags + 1) * v->n_used; }

/* Factor of the lag products with a ridge for n samples, in place behind block 0; W into solved. */
static bool factorise(evl_var *v, double *gram, double ridge, int n) {
  const int m = v->n_used, ld = gram_ld(v), rows = v->n_lags * m;
  double *factor = gram + (size_t)m * (size_t)ld + m;
  for (int k = 0; k < rows; k++) factor[(size_t)k * (size_t)ld + (size_t)k] += ridge * n;
  if (evl_cholesky(rows, factor, ld) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  for (int b = 0; b < m; b++)
    memcpy(v->solved + (size_t)b * (size_t)rows, gram + (size_t)b * (size_t)ld + m, (size_t)rows * sizeof(double));
  evl_solve_lower(false, rows, m, factor, ld, v->solved, rows);
  return true;
}

/* Coefficients of order p by that factor. */
static void coefficients(const evl_var *v, const double *gram, int p, double *beta) {
  const int m = v->n_used, ld = gram_ld(v), rows = v->n_lags * m, kept = p * m;
  for (int b = 0; b < m; b++)
    memcpy(beta + (size_t)b * (size_t)kept, v->solved + (size_t)b * (size_t)rows, (size_t)kept * sizeof(double));
  evl_solve_lower(true, kept, m, gram + (size_t)m * (size_t)ld + m, ld, beta, kept);
}

static void unbias(const double *factor, int ld, int rows, int m, double s, double *beta, double *work) {
  const size_t n = (size_t)rows * (size_t)m;
  memcpy(work, beta, n * sizeof *work);
  for (int step = 0; step < 3; step++) {
    for (size_t k = 0; k < n; k++) work[k] *= s;
    evl_cholesky_solve(rows, m, factor, ld, work, rows);
    for (size_t k = 0; k < n; k++) beta[k] += work[k];
  }
}

/* ---- order and ridge by the error in the last quarter ---- */

/* Sum of squares that coefficients of order p leave of lag products whose blocks are all filled. */
static double left_over(const evl_var *v, const double *gram, int p, const double *beta, double *work) {
  const int m = v->n_used, ld = gram_ld(v), kept = p * m;
  double sum = 0.0;
  evl_gemm(false, false, kept, m, kept, 1.0, gram + (size_t)m * (size_t)ld + m, ld, beta, kept, 0.0, work, kept);
  for (int a = 0; a < m; a++) {
    const double *s = gram + (size_t)a * (size_t)ld;
    sum += s[a];
    for (int k = 0; k < kept; k++) sum += beta[a * kept + k] * (work[a * kept + k] - 2.0 * s[m + k]);
  }
  return sum;
}

static int first_quarters(const evl_var *v) { return v->spec.n_train / 4 * 3; }

static bool has_last_quarter(const evl_var *v) {
  enum { FEWEST = 16 };
  const int end = first_quarters(v), lags = v->n_lags;
  return v->spec.n_train - (end + v->spec.n_gap + lags) >= FEWEST && end - lags >= 2 * lags * v->n_used;
}

/* False where no factor is regular. */
static bool choose_held_out(evl_var *v, int *order) {
  const int lags = v->n_lags, ld = gram_ld(v), end = first_quarters(v);
  const int first = end + v->spec.n_gap + lags, n = end - lags;
  double best = INFINITY;
  evl_var_products(v, lags, first, v->spec.n_train, v->valid);
  for (int c = 0; c < ld; c++)
    for (int r = c + 1; r < ld; r++)
      v->valid[(size_t)r * (size_t)ld + (size_t)c] = v->valid[(size_t)c * (size_t)ld + (size_t)r];
  evl_var_products(v, lags, lags, end, v->half[0]);
  for (int r = 0; r < v->spec.n_ridges; r++) {
    memcpy(v->gram, v->half[0], (size_t)ld * (size_t)ld * sizeof *v->gram);
    if (!factorise(v, v->gram, v->spec.ridge[r], n)) continue;
    for (int p = 1; p <= lags; p++) {
      coefficients(v, v->gram, p, v->beta);
      const double error = left_over(v, v->valid, p, v->beta, v->work);
      if (!(error < best)) continue;
      best = error;
      *order = p;
      v->ridge = v->spec.ridge[r];
    }
  }
  return best < INFINITY;
}

/* ---- order by the criterion ---- */

/* BIC a sample: ln det(residual / n + ridge I) + p m^2 ln n / n (Schwarz 1978). False where the determinant fails. */
static bool criterion(evl_var *v, int p, double *bic) {
  const size_t m = (size_t)v->n_used;
  double *factor = v->residual + m * m;
  for (size_t k = 0; k < m * m; k++) factor[k] = v->residual[k] / v->n_fit;
  for (size_t a = 0; a < m; a++) factor[a * m + a] += v->ridge;
  if (evl_cholesky(v->n_used, factor, v->n_used) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  *bic = evl_cholesky_log_determinant(v->n_used, factor, v->n_used) + p * (double)(m * m) * log(v->n_fit) / v->n_fit;
  return true;
}

/* Order by the criterion, or the one given, whose criterion may fail (a perfect fit without ridge); the training error
   with it. */
static bool choose_order(evl_var *v, int given) {
  const int m = v->n_used, ld = gram_ld(v), lags = v->n_lags, rows = lags * m;
  for (int b = 0; b < m; b++)
    memcpy(v->residual + (size_t)b * (size_t)m, v->gram + (size_t)b * (size_t)ld, (size_t)m * sizeof(double));
  double best = INFINITY;
  v->order = 0;
  for (int p = 1; p <= (given > 0 ? given : lags); p++) {
    const double *block = v->solved + (size_t)(p - 1) * (size_t)m;
    double bic = NAN;
    evl_gemm(true, false, m, m, m, -1.0, block, rows, block, rows, 1.0, v->residual, m);
    if (given > 0 && p < given) continue;
    if (!criterion(v, p, &bic) && given == 0) return false;
    if (given == 0 && !(bic < best)) continue;
    best = v->bic = bic;
    v->order = p;
    v->mse_train = 0.0;
    for (int a = 0; a < m; a++) v->mse_train += v->residual[(size_t)a * (size_t)m + (size_t)a];
  }
  return v->order > 0;
}

static bool solve(evl_var *v) {
  const int m = v->n_used, ld = gram_ld(v), lags = v->n_lags, middle = lags + v->n_fit / 2;
  int given = v->spec.choose == EVL_VAR_GIVEN ? lags : 0;
  v->ridge = v->spec.ridge[0];
  if (v->spec.choose == EVL_VAR_HELD_OUT && !choose_held_out(v, &given)) return false;
  evl_var_products(v, lags, lags, middle, v->half[0]);
  evl_var_products(v, lags, middle, v->spec.n_train, v->half[1]);
  for (size_t k = 0; k < (size_t)ld * (size_t)ld; k++) v->gram[k] = v->half[0][k] + v->half[1][k];
  if (!factorise(v, v->gram, v->ridge, v->n_fit) || !choose_order(v, given)) return false;
  coefficients(v, v->gram, v->order, v->beta);
  memcpy(v->unbiased, v->beta, (size_t)(v->order * m * m) * sizeof *v->beta);
  unbias(v->gram + (size_t)m * (size_t)ld + m, ld, v->order * m, m, v->ridge * v->n_fit, v->unbiased, v->work);
  double squares = 0.0;
  for (int k = 0; k < v->order * m * m; k++) squares += v->beta[k] * v->beta[k];
  v->mse_train = (v->mse_train - v->ridge * v->n_fit * squares) / ((double)v->n_fit * m); /* less the penalty */
  return true;
}

static int fit(evl_var *v, const evl_window *window) {
  const evl_var_spec *s = &v->spec;
  evl_var_standardise(v, window);
  if (v->n_used == 0) return EVL_WHY_UNDEFINED;
  /* At least two samples for each coefficient of an equation. */
  int lags = s->max_order;
  while (lags > 0 && s->n_train - lags < 2 * lags * v->n_used) lags--;
  if (lags == 0 || (s->choose == EVL_VAR_GIVEN && lags < s->max_order)) return EVL_WHY_UNDEFINED;
  v->n_fit = s->n_train - lags;
  v->n_lags = lags;
  if (s->choose == EVL_VAR_HELD_OUT && !has_last_quarter(v)) return EVL_WHY_UNDEFINED;
  return solve(v) ? EVL_WHY_VALUE : EVL_WHY_UNCONVERGED;
}

int evl_var_fit(evl_var *v, const evl_window *window) {
  const uint64_t serial = v->products ? evl_products_serial(v->products) : 0;
  if (v->products && v->serial == serial) return v->why;
  v->serial = serial;
  return v->why = fit(v, window);
}

const double *evl_var_factor(const evl_var *v, int *ld) {
  *ld = gram_ld(v);
  return v->gram + (size_t)v->n_used * (size_t)*ld + v->n_used;
}

const double *evl_var_solved(const evl_var *v, int *ld) {
  *ld = v->n_lags * v->n_used;
  return v->solved;
}

void evl_var_residual(const evl_var *v, double *products) {
  const int m = v->n_used, ld = gram_ld(v), rows = v->n_lags * m;
  for (int b = 0; b < m; b++)
    memcpy(products + (size_t)b * (size_t)m, v->gram + (size_t)b * (size_t)ld, (size_t)m * sizeof(double));
  evl_gemm(true, false, m, m, v->order * m, -1.0, v->solved, rows, v->solved, rows, 1.0, products, m);
}

bool evl_var_half(evl_var *v, int half, double *unbiased) {
  const int m = v->n_used, ld = gram_ld(v), kept = v->order * m;
  double *gram = v->half[half], *factor = gram + (size_t)m * (size_t)ld + m;
  const int n = half == 0 ? v->n_fit / 2 : v->n_fit - v->n_fit / 2;
  for (int k = 0; k < kept; k++) factor[(size_t)k * (size_t)ld + (size_t)k] += v->ridge * n;
  if (evl_cholesky(kept, factor, ld) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  for (int b = 0; b < m; b++)
    memcpy(unbiased + (size_t)b * (size_t)kept, gram + (size_t)b * (size_t)ld + m, (size_t)kept * sizeof(double));
  evl_cholesky_solve(kept, m, factor, ld, unbiased, kept);
  unbias(factor, ld, kept, m, v->ridge * n, unbiased, v->work);
  return true;
}

double evl_var_cost_us(const evl_params *p, const evl_shape *shape) {
  const double c = shape->n_channels, lags = evl_var_lags(p), n = shape->n_samples;
  const double passes = strcmp(evl_params_string(p, "choose"), "held_out") ? 1.0 : 2.0;
  return 5e-3 * n * c + passes * (4e-5 * n * c * c * (lags + 1.0) + 2e-5 * c * c * c * lags * lags * lags);
}
