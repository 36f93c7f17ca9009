/* sparse_relaxed: sparse relaxed regularised regression (Zheng et al. 2019, doi:10.1109/ACCESS.2018.2886528), with
   linear constraints (Champion et al. 2020, doi:10.1109/ACCESS.2020.3023625):
     min |y - theta w|^2 / 2 + lambda R(v) + |w - v|^2 / (2 nu), C w = c,
   by turns: w = inv(H) (b + v / nu), where H = G + I / nu is one Cholesky factor for all turns and targets, and
   v = prox(w). L0: w where |w| > sqrt(2 lambda nu); L1: w moved lambda nu towards 0; L2: w / (1 + 2 lambda nu). With
   constraints
     w += inv(H) C' inv(C inv(H) C') (c - C w).
   The result is v, of which the constraints hold as far as nothing was cut; with `unbias` it is least squares on the
   support of v, where they hold exactly. */
#include "sparse_priv.h"

evl_status evl_constraints_plan(int p, int d, int n, evl_arena *arena, evl_constraints **constraints) {
  evl_constraints *c;
  EVL_NEW(arena, c, 1);
  c->p = p;
  c->d = d;
  c->n = n;
  const size_t row = (size_t)p * (size_t)d, rows = (size_t)n;
  EVL_NEW(arena, c->c, rows * row);
  EVL_NEW(arena, c->value, rows);
  EVL_NEW(arena, c->inverse_c, rows * row);
  EVL_NEW(arena, c->schur, rows * rows);
  EVL_NEW(arena, c->lagrange, rows);
  *constraints = c;
  return EVL_OK;
}

double *evl_constraints_row(evl_constraints *c, int i) { return c->c + (size_t)i * (size_t)c->d * (size_t)c->p; }
void evl_constraints_value(evl_constraints *c, int i, double value) { c->value[i] = value; }

static double dot(const double *a, const double *b, size_t n) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum = fma(a[i], b[i], sum);
  return sum;
}

/* inverse_c of target j by the factor in s of m terms; 0 where a term is out. */
static void invert_target(evl_sparse *s, const evl_gram *gram, int j, int m, evl_constraints *c) {
  const size_t p = (size_t)c->p, row = p * (size_t)c->d;
  for (size_t i = 0; i < (size_t)c->n; i++) {
    double *to = c->inverse_c + i * row + (size_t)j * p;
    memset(to, 0, p * sizeof *to);
    evl_sparse_from_factor(s, gram, c->c + i * row + (size_t)j * p, m, true, s->w);
    for (int k = 0; k < m; k++) to[s->index[k]] = s->w[k];
  }
}

/* False: constraints that depend on one another, or that terms left out had to meet. */
static bool factor_constraints(evl_constraints *c) {
  const size_t n = (size_t)c->n, row = (size_t)c->p * (size_t)c->d;
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < n; k++) c->schur[i * n + k] = dot(c->c + i * row, c->inverse_c + k * row, row);
  for (size_t i = 0; i < n; i++)
    if (c->schur[i * n + i] == 0.0 && c->value[i] == 0.0) c->schur[i * n + i] = 1.0; /* met by terms that are all out */
  if (evl_cholesky(c->n, c->schur, c->n) == EVL_OK) return true;
  evl_error_clear();
  return false;
}

/* w[d][p] to the nearest, in the metric of H, that meets the constraints. */
static void meet(evl_constraints *c, double *w) {
  const size_t n = (size_t)c->n, row = (size_t)c->p * (size_t)c->d;
  for (size_t i = 0; i < n; i++) c->lagrange[i] = c->value[i] - dot(c->c + i * row, w, row);
  evl_cholesky_solve(c->n, 1, c->schur, c->n, c->lagrange, c->n);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < row; k++) w[k] = fma(c->lagrange[i], c->inverse_c[i * row + k], w[k]);
}

static double prox(const evl_sparse_options *o, double x) {
  const double step = o->weight * o->nu;
  switch (o->prox) {
  case EVL_PROX_L0: return fabs(x) > sqrt(2.0 * step) ? x : 0.0;
  case EVL_PROX_L1: return copysign(fmax(fabs(x) - step, 0.0), x);
  default: return x / (1.0 + 2.0 * step);
  }
}

/* One turn: s->full from v, then v from s->full; how far v went. */
static double turn(evl_sparse *s, const evl_gram *gram, const evl_sparse_options *o, evl_constraints *c, double *v) {
  const size_t p = (size_t)gram->p, d = (size_t)gram->d;
  double moved = 0.0;
  for (size_t j = 0; j < d; j++) {
    double *b = s->objective;
    for (size_t i = 0; i < p; i++) b[i] = gram->b[j * p + i] + s->ridge[i] * v[j * p + i];
    evl_sparse_from_factor(s, gram, b, gram->p, false, s->full + j * p);
  }
  if (c) meet(c, s->full);
  for (size_t j = 0; j < d; j++)
    for (size_t i = 0; i < p; i++) {
      const double next = prox(o, s->full[j * p + i] * s->length[i]) / s->length[i];
      const double step = (next - v[j * p + i]) * s->length[i];
      moved += step * step;
      v[j * p + i] = next;
    }
  return sqrt(moved);
}

/* Least squares on the support of w that meets the constraints. */
static evl_fit unbias(evl_sparse *s, const evl_gram *gram, evl_constraints *c, double *w) {
  const size_t p = (size_t)gram->p;
  if (!c) return evl_sparse_unbias(s, gram, w);
  memset(c->inverse_c, 0, (size_t)c->n * p * (size_t)c->d * sizeof(double));
  for (int j = 0; j < gram->d; j++) {
    double *of = w + (size_t)j * p;
    for (size_t i = 0; i < p; i++) s->mask[i] = of[i] != 0.0;
    const evl_fit fit = evl_sparse_least_squares(s, gram, j, s->mask, 0.0, of);
    if (fit == EVL_FIT_DONE) invert_target(s, gram, j, evl_sparse_terms(gram, s->mask, s->index), c);
    else if (fit != EVL_FIT_EMPTY) return fit;
  }
  if (!factor_constraints(c)) return EVL_FIT_COLLINEAR;
  meet(c, w);
  return EVL_FIT_DONE;
}

evl_fit evl_sparse_relaxed(evl_sparse *s, const evl_gram *gram, const evl_sparse_options *o, double *v) {
  const size_t p = (size_t)gram->p;
  evl_constraints *c = o->constraints;
  for (int j = 0; j < gram->d; j++) {
    const evl_fit fit = evl_sparse_least_squares(s, gram, j, NULL, 0.0, v + (size_t)j * p);
    if (fit != EVL_FIT_DONE) return fit;
  }
  evl_sparse_scales(s, gram, o->normalise, 1.0 / o->nu);
  if (!evl_sparse_factor(s, gram, evl_sparse_terms(gram, NULL, s->index))) return EVL_FIT_COLLINEAR;
  for (int j = 0; c && j < gram->d; j++) invert_target(s, gram, j, gram->p, c);
  if (c && !factor_constraints(c)) return EVL_FIT_COLLINEAR;
  evl_fit all = EVL_FIT_UNSETTLED;
  for (int k = 0; all != EVL_FIT_DONE && k < o->most; k++)
    if (turn(s, gram, o, c, v) < o->tolerance * o->nu) all = EVL_FIT_DONE;
  const evl_fit unbiased = o->unbias ? unbias(s, gram, c, v) : EVL_FIT_DONE;
  return unbiased == EVL_FIT_DONE ? all : unbiased;
}
