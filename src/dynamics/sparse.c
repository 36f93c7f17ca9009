/* sparse: least squares on a Gram, and which solver does what.

   (G_SS + alpha I) w = b_S. Scaling to unit diagonal comes within a factor m of the best condition that any scaling
   gives (van der Sluis 1969, doi:10.1007/BF02165096), which matters because terms of unequal degree differ by many
   orders. What Cholesky loses is won back by one step of refinement whose residual is summed in twice the precision
   (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 12.1): w then is as exact as the sums G and b
   are.

   A solver's ridge hides collinear terms and rows that are too few; a support found there says nothing. So every solver
   asks first whether all terms together are regular without one. */
#include "sparse_priv.h"

evl_status evl_sparse_plan(int p, int d, evl_arena *arena, evl_sparse **sparse) {
  evl_sparse *s;
  EVL_NEW(arena, s, 1);
  s->p = p;
  s->d = d;
  const size_t n = (size_t)p, m = (size_t)d;
  EVL_NEW(arena, s->a, n * n);
  EVL_TRY(evl_backward_plan(p, arena, &s->backward));
  EVL_NEW(arena, s->w, n * m);
  EVL_NEW(arena, s->work, n);
  EVL_NEW(arena, s->scale, n);
  EVL_NEW(arena, s->length, n);
  EVL_NEW(arena, s->ridge, n);
  EVL_NEW(arena, s->most_gain, n);
  EVL_NEW(arena, s->objective, m * (n + 1));
  EVL_NEW(arena, s->full, m * n);
  EVL_NEW(arena, s->index, n);
  EVL_NEW(arena, s->order, m * n);
  EVL_NEW(arena, s->mask, m * n);
  *sparse = s;
  return EVL_OK;
}

int evl_sparse_terms(const evl_gram *gram, const uint8_t *mask, int *index) {
  int m = 0;
  for (int i = 0; i < gram->p; i++)
    if (!mask || mask[i]) index[m++] = i;
  return m;
}

void evl_sparse_scales(evl_sparse *s, const evl_gram *gram, bool normalise, double alpha) {
  for (size_t i = 0, p = (size_t)gram->p; i < p; i++) {
    s->length[i] = normalise ? sqrt(gram->g[i * p + i]) : 1.0;
    s->ridge[i] = alpha * s->length[i] * s->length[i];
  }
}

bool evl_sparse_factor(evl_sparse *s, const evl_gram *gram, int m) {
  const size_t p = (size_t)gram->p;
  const int *index = s->index;
  for (int k = 0; k < m; k++) {
    const double own = gram->g[(size_t)index[k] * p + (size_t)index[k]] + s->ridge[index[k]];
    if (!(own > 0.0) || !isfinite(own)) return false;
    s->scale[k] = sqrt(own);
  }
  for (int k = 0; k < m; k++) {
    const double *column = gram->g + (size_t)index[k] * p;
    double *to = s->a + (size_t)k * (size_t)m;
    to[k] = 1.0;
    for (int i = k + 1; i < m; i++) to[i] = column[index[i]] / (s->scale[i] * s->scale[k]);
  }
  if (evl_cholesky(m, s->a, m) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  for (size_t k = 0; k < (size_t)m; k++) {
    const double pivot = s->a[k * (size_t)m + k];
    if (!(pivot * pivot > EVL_COLLINEAR)) return false;
  }
  return true;
}

/* sum += a b, its error to the second part (Ogita, Rump & Oishi 2005, doi:10.1137/030601818, algorithm 5.3). */
static void add_product(double *sum, double *beyond, double a, double b) {
  const double product = a * b, lost = fma(a, b, -product), next = *sum + product, part = next - *sum;
  *beyond += ((*sum - (next - part)) + (product - part)) + lost;
  *sum = next;
}

void evl_sparse_from_factor(evl_sparse *s, const evl_gram *gram, const double *b, int m, bool refine, double *x) {
  const size_t p = (size_t)gram->p;
  const int *index = s->index;
  for (int k = 0; k < m; k++) x[k] = b[index[k]] / s->scale[k];
  evl_cholesky_solve(m, 1, s->a, m, x, m);
  for (int k = 0; k < m; k++) x[k] /= s->scale[k];
  if (!refine) return;
  for (int k = 0; k < m; k++) {
    const double *column = gram->g + (size_t)index[k] * p;
    double sum = b[index[k]], beyond = 0.0;
    for (int i = 0; i < m; i++) add_product(&sum, &beyond, -column[index[i]], x[i]);
    add_product(&sum, &beyond, -s->ridge[index[k]], x[k]);
    s->work[k] = (sum + beyond) / s->scale[k];
  }
  evl_cholesky_solve(m, 1, s->a, m, s->work, m);
  for (int k = 0; k < m; k++) x[k] += s->work[k] / s->scale[k];
}

evl_fit evl_sparse_least_squares(evl_sparse *s, const evl_gram *gram, int j, const uint8_t *mask, double alpha,
                                 double *w) {
  const size_t p = (size_t)gram->p;
  const int m = evl_sparse_terms(gram, mask, s->index);
  memset(w, 0, p * sizeof *w);
  if (m == 0) return EVL_FIT_EMPTY;
  evl_sparse_scales(s, gram, false, alpha);
  if (!evl_sparse_factor(s, gram, m)) return EVL_FIT_COLLINEAR;
  evl_sparse_from_factor(s, gram, gram->b + (size_t)j * p, m, true, s->w);
  for (int k = 0; k < m; k++) w[s->index[k]] = s->w[k];
  return EVL_FIT_DONE;
}

evl_fit evl_sparse_regular(evl_sparse *s, const evl_gram *gram) {
  if (!(gram->n >= gram->p)) return EVL_FIT_SHORT;
  evl_sparse_scales(s, gram, false, 0.0);
  const int m = evl_sparse_terms(gram, NULL, s->index);
  return evl_sparse_factor(s, gram, m) ? EVL_FIT_DONE : EVL_FIT_COLLINEAR;
}

evl_fit evl_sparse_unbias(evl_sparse *s, const evl_gram *gram, double *w) {
  const size_t p = (size_t)gram->p;
  for (int j = 0; j < gram->d; j++) {
    double *of = w + (size_t)j * p;
    uint8_t *mask = s->mask + (size_t)j * p;
    for (size_t i = 0; i < p; i++) mask[i] = of[i] != 0.0;
    const evl_fit fit = evl_sparse_least_squares(s, gram, j, mask, 0.0, of);
    if (fit != EVL_FIT_DONE && fit != EVL_FIT_EMPTY) return fit;
  }
  return EVL_FIT_DONE;
}

evl_sparse_options evl_sparse_defaults(evl_sparse_method method) {
  evl_sparse_options o = {.method = method, .alpha = 0.05, .unbias = true, .most = 20, .threshold = 0.1};
  switch (method) {
  case EVL_STLSQ: break;
  case EVL_SR3:
    o = (evl_sparse_options){.method = method, .most = 30, .weight = 0.005, .nu = 1.0, .tolerance = 1e-5};
    break;
  case EVL_SSR: break;
  case EVL_FROLS: o.most = 0; break;
  default: o.alpha = 1.0, o.normalise = true; /* EVL_EVIDENCE */
  }
  return o;
}

evl_fit evl_sparse_solve(evl_sparse *s, const evl_gram *gram, const evl_sparse_options *o, double *w) {
  static evl_fit (*const solver[])(evl_sparse *, const evl_gram *, const evl_sparse_options *, double *) = {
      [EVL_STLSQ] = evl_sparse_threshold, [EVL_SR3] = evl_sparse_relaxed,       [EVL_SSR] = evl_sparse_stepwise,
      [EVL_FROLS] = evl_sparse_forward,   [EVL_EVIDENCE] = evl_sparse_evidence,
  };
  const size_t n = (size_t)gram->d * (size_t)gram->p;
  evl_fit fit = evl_sparse_regular(s, gram);
  memset(w, 0, n * sizeof *w);
  if (fit != EVL_FIT_DONE) return fit;
  fit = solver[o->method](s, gram, o, w);
  bool empty = true, finite = true;
  for (size_t k = 0; k < n; k++) empty &= w[k] == 0.0, finite &= isfinite(w[k]) != 0;
  if (fit != EVL_FIT_DONE && fit != EVL_FIT_UNSETTLED) memset(w, 0, n * sizeof *w);
  if (!finite) memset(w, 0, n * sizeof *w), fit = EVL_FIT_COLLINEAR;
  return fit == EVL_FIT_DONE && empty ? EVL_FIT_EMPTY : fit;
}
