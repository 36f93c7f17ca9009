/* sparse: least squares on a Gram.

   (G_SS + alpha I) w = b_S. Scaling to unit diagonal comes within a factor m of the best condition that any scaling gives
   (van der Sluis 1969, doi:10.1007/BF02165096), which matters because terms of unequal degree differ by many orders.
   What Cholesky loses is won back by one step of refinement whose residual is summed in twice the precision (Higham
   2002, Accuracy and Stability of Numerical Algorithms, section 12.1): w then is as exact as the sums G and b are. */
#include "sparse_priv.h"

evl_status evl_sparse_plan(int p, int d, evl_arena *arena, evl_sparse **sparse) {
  evl_sparse *s;
  EVL_NEW(arena, s, 1);
  s->p = p;
  s->d = d;
  EVL_NEW(arena, s->a, p * p);
  EVL_NEW(arena, s->rhs, p * d);
  EVL_NEW(arena, s->residual, p);
  EVL_NEW(arena, s->scale, p);
  EVL_NEW(arena, s->index, p);
  EVL_NEW(arena, s->mask, p);
  *sparse = s;
  return EVL_OK;
}

int evl_sparse_terms(const evl_gram *gram, const uint8_t *mask, int *index) {
  int m = 0;
  for (int i = 0; i < gram->p; i++)
    if (!mask || mask[i]) index[m++] = i;
  return m;
}

bool evl_sparse_factor(const evl_gram *gram, const int *index, int m, double alpha, double *a, double *scale) {
  const size_t p = (size_t)gram->p;
  for (int k = 0; k < m; k++) {
    const double own = gram->g[(size_t)index[k] * p + (size_t)index[k]] + alpha;
    if (!(own > 0.0) || !isfinite(own)) return false;
    scale[k] = sqrt(own);
  }
  for (int k = 0; k < m; k++) {
    const double *column = gram->g + (size_t)index[k] * p;
    double *to = a + (size_t)k * (size_t)m;
    to[k] = 1.0;
    for (int i = k + 1; i < m; i++) to[i] = column[index[i]] / (scale[i] * scale[k]);
  }
  if (evl_cholesky(m, a, m) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  for (size_t k = 0; k < (size_t)m; k++)
    if (!(a[k * (size_t)m + k] * a[k * (size_t)m + k] > EVL_COLLINEAR)) return false;
  return true;
}

/* sum += a b, its error to the second part (Ogita, Rump & Oishi 2005, doi:10.1137/030601818, algorithm 5.3). */
static void add_product(double *sum, double *beyond, double a, double b) {
  const double product = a * b, lost = fma(a, b, -product), next = *sum + product, part = next - *sum;
  *beyond += ((*sum - (next - part)) + (product - part)) + lost;
  *sum = next;
}

void evl_sparse_from_factor(const evl_gram *gram, int j, const int *index, int m, double alpha, const double *a,
                            const double *scale, double *work, double *x) {
  const size_t p = (size_t)gram->p;
  const double *b = gram->b + (size_t)j * p;
  for (int k = 0; k < m; k++) x[k] = b[index[k]] / scale[k];
  evl_cholesky_solve(m, 1, a, m, x, m);
  for (int k = 0; k < m; k++) x[k] /= scale[k];
  for (int k = 0; k < m; k++) {
    const double *column = gram->g + (size_t)index[k] * p;
    double sum = b[index[k]], beyond = 0.0;
    for (int i = 0; i < m; i++) add_product(&sum, &beyond, -column[index[i]], x[i]);
    add_product(&sum, &beyond, -alpha, x[k]);
    work[k] = (sum + beyond) / scale[k];
  }
  evl_cholesky_solve(m, 1, a, m, work, m);
  for (int k = 0; k < m; k++) x[k] += work[k] / scale[k];
}

evl_fit evl_sparse_least_squares(evl_sparse *s, const evl_gram *gram, int j, const uint8_t *mask, double alpha,
                                 double *w) {
  const int m = evl_sparse_terms(gram, mask, s->index);
  memset(w, 0, (size_t)gram->p * sizeof *w);
  if (m == 0) return EVL_FIT_EMPTY;
  if (!evl_sparse_factor(gram, s->index, m, alpha, s->a, s->scale)) return EVL_FIT_COLLINEAR;
  evl_sparse_from_factor(gram, j, s->index, m, alpha, s->a, s->scale, s->residual, s->rhs);
  for (int k = 0; k < m; k++) w[s->index[k]] = s->rhs[k];
  return EVL_FIT_DONE;
}
