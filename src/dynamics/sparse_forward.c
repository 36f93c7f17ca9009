/* sparse_forward: forward regression with orthogonal least squares (Billings 2013, Nonlinear System Identification,
   section 3.2; Chen, Billings & Luo 1989, doi:10.1080/00207178908953472).

   What is left of term i after those chosen, q_i, explains the share ERR_i = <q_i, y>^2 / (<q_i, q_i> y'y) of y; the
   largest comes next. On the Gram this is a Cholesky factorisation that chooses its pivots. It ends where the
   unexplained share 1 - sum ERR falls below `rest`, or all the way, and then the size of least n log(RSS / n) + m log
   n is taken (Schwarz 1978, doi:10.1214/aos/1176344136). */
#include "sparse_priv.h"

typedef struct up {
  evl_sparse *s;
  const evl_gram *gram;
  double *left, *with_y; /* [p] <q_i, q_i>, <q_i, y> */
  int n;                 /* chosen: order [n], columns [n][p] of the factor in s->a */
} up;

/* The next term, or -1: what is left of the others is rounding. */
static int best_of(const up *u, const uint8_t *taken) {
  int best = -1;
  double most = 0.0;
  for (int i = 0; i < u->gram->p; i++) {
    const double own = u->gram->g[(size_t)i * (size_t)(u->gram->p + 1)];
    if (taken[i] || !(u->left[i] > EVL_COLLINEAR * own)) continue;
    const double share = u->with_y[i] * u->with_y[i] / u->left[i];
    if (share > most) most = share, best = i;
  }
  return best;
}

static void take(up *u, int t) {
  const size_t p = (size_t)u->gram->p;
  double *column = u->s->a + (size_t)u->n * p;
  memcpy(column, u->gram->g + (size_t)t * p, p * sizeof *column);
  for (int k = 0; k < u->n; k++) {
    const double *before = u->s->a + (size_t)k * p;
    const double f = before[t];
    for (size_t i = 0; i < p; i++) column[i] = fma(-f, before[i], column[i]);
  }
  const double root = sqrt(u->left[t]), g = u->with_y[t] / root;
  for (size_t i = 0; i < p; i++) column[i] /= root;
  for (size_t i = 0; i < p; i++) {
    u->left[i] = fma(-column[i], column[i], u->left[i]);
    u->with_y[i] = fma(-column[i], g, u->with_y[i]);
  }
  u->n++;
}

/* Terms of target j to its mask. */
static void ascend(evl_sparse *s, const evl_gram *gram, const evl_sparse_options *o, int j) {
  const size_t p = (size_t)gram->p;
  const double yy = gram->yy[j], n = gram->n;
  uint8_t *mask = s->mask + (size_t)j * p;
  int *order = s->order + (size_t)j * p, kept = 0;
  up u = {.s = s, .gram = gram, .left = s->work, .with_y = s->w};
  for (size_t i = 0; i < p; i++) u.left[i] = gram->g[i * (p + 1)];
  memcpy(u.with_y, gram->b + (size_t)j * p, p * sizeof *u.with_y);
  memset(mask, 0, p);
  double rest = yy, least = INFINITY;
  const int most = o->most > 0 && o->most < gram->p ? o->most : gram->p;
  while (u.n < most && !(o->rest > 0.0 && rest < o->rest * yy)) {
    const int t = best_of(&u, mask);
    if (t < 0) break;
    rest -= u.with_y[t] * u.with_y[t] / u.left[t];
    mask[t] = 1;
    order[u.n] = t;
    take(&u, t);
    const double bic = n * log(fmax(rest, 1e-15 * yy) / n) + u.n * log(n);
    if (o->rest > 0.0 || bic < least) least = bic, kept = u.n;
  }
  memset(mask, 0, p);
  if (o->rest > 0.0 || least < n * log(yy / n))
    for (int k = 0; k < kept; k++) mask[order[k]] = 1;
}

evl_fit evl_sparse_forward(evl_sparse *s, const evl_gram *gram, const evl_sparse_options *o, double *w) {
  const size_t p = (size_t)gram->p;
  for (int j = 0; j < gram->d; j++) {
    ascend(s, gram, o, j);
    const evl_fit fit = evl_sparse_least_squares(s, gram, j, s->mask + (size_t)j * p, 0.0, w + (size_t)j * p);
    if (fit != EVL_FIT_DONE && fit != EVL_FIT_EMPTY) return fit;
  }
  return EVL_FIT_DONE;
}
