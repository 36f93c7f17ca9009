/* sparse_stepwise: one term less at a time.

   From the inverse Q of A = G + ridge and the weights w = Q b everything about a smaller model is known: without term k
   the objective E = y'y - b'w grows by w_k^2 / Q_kk, log det A by log Q_kk, and
     w -= Q_k w_k / Q_kk,  Q -= Q_k Q_k' / Q_kk.
   So the whole way down costs p^3 / 3 operations a target, and the start is shared by all targets.

   Stepwise sparse regression (Boninsegna, Nueske & Clementi 2018, doi:10.1063/1.5018409) drops the smallest weight, or the
   term whose loss costs least, and chooses a size on the way.

   Evidence: the model with prior w_i ~ N(0, s^2 / ridge_i), noise N(0, s^2), has
     2 log p(y) = -log det A + sum_i log ridge_i - E / s^2 + ...        s^2 known (Mackay 1992, doi:10.1162/neco.1992.4.3.415)
     2 log p(y) = -log det A + sum_i log ridge_i - n log E + ...        s^2 integrated out (prior 1 / s^2)
   of which the term whose loss raises it most is dropped until none does. With alpha = 1 and columns of length 1 the
   second prior tells as much as one row (unit information, Kass & Wasserman 1995, doi:10.1080/01621459.1995.10476592). */
#include "sparse_priv.h"

typedef struct down {
  evl_sparse *s;
  const evl_gram *gram;
  int m;            /* terms left */
  int *term;        /* [m] in s->index */
  double *q;        /* [m][ld], lower triangle, of terms scaled to unit diagonal */
  double *w;        /* [m] scaled likewise */
  double *row;      /* [m] */
  size_t ld;
  double objective; /* E */
} down;

static double *entry(const down *d, int i, int k) {
  return d->q + (i > k ? (size_t)k * d->ld + (size_t)i : (size_t)i * d->ld + (size_t)k);
}

static double rise(const down *d, int k) { return d->w[k] * d->w[k] / *entry(d, k, k); }

/* Inverse of G + ridge to s->a, its scales to s->scale: shared by all targets. */
static bool start(evl_sparse *s, const evl_gram *gram) {
  const int m = evl_sparse_terms(gram, NULL, s->index);
  if (!evl_sparse_factor(s, gram, m)) return false;
  evl_cholesky_inverse(m, s->a, m);
  return true;
}

static down begin(evl_sparse *s, const evl_gram *gram, int j) {
  const size_t p = (size_t)gram->p;
  const double *b = gram->b + (size_t)j * p;
  down d = {.s = s, .gram = gram, .m = gram->p, .term = s->index, .q = s->q, .w = s->w, .row = s->work, .ld = p,
            .objective = gram->yy[j]};
  memcpy(d.q, s->a, p * p * sizeof *d.q);
  for (int i = 0; i < d.m; i++) {
    d.term[i] = i;
    double sum = 0.0;
    for (int k = 0; k < d.m; k++) sum = fma(*entry(&d, i, k), b[k] / s->scale[k], sum);
    d.w[i] = sum;
    d.objective -= sum * b[i] / s->scale[i];
  }
  return d;
}

/* RSS of the ridge solution: E less the penalty. */
static double residual(const down *d) {
  double sum = d->objective;
  for (int i = 0; i < d->m; i++) {
    const double w = d->w[i] / d->s->scale[d->term[i]];
    sum -= d->s->ridge[d->term[i]] * w * w;
  }
  return fmax(sum, 0.0);
}

/* Term k leaves; the last one takes its place. */
static void drop(down *d, int k) {
  const int last = d->m - 1;
  const double own = *entry(d, k, k), w = d->w[k];
  d->objective += rise(d, k);
  for (int i = 0; i < d->m; i++) d->row[i] = *entry(d, i, k);
  for (int i = 0; i < last; i++)
    if (i != k) *entry(d, i, k) = *entry(d, i, last);
  *entry(d, k, k) = *entry(d, last, last);
  d->row[k] = d->row[last];
  d->w[k] = d->w[last];
  d->term[k] = d->term[last];
  d->m = last;
  for (int c = 0; c < last; c++) {
    const double f = d->row[c] / own;
    double *restrict column = d->q + (size_t)c * d->ld;
    const double *restrict row = d->row;
    d->w[c] = fma(-f, w, d->w[c]);
    for (int i = c; i < last; i++) column[i] = fma(-f, row[i], column[i]);
  }
}

static int cheapest(const down *d, bool by_residual) {
  int best = 0;
  double least = INFINITY;
  for (int k = 0; k < d->m; k++) {
    const int i = d->term[k];
    const double cost = by_residual ? rise(d, k) : fabs(d->w[k]) / d->s->scale[i] * d->s->length[i];
    if (cost < least || (cost == least && i < d->term[best])) least = cost, best = k;
  }
  return best;
}

/* All the way: order [p], rss [p + 1]. */
static void descend(evl_sparse *s, const evl_gram *gram, int j, bool by_residual, int *order, double *rss) {
  down d = begin(s, gram, j);
  rss[d.m] = residual(&d);
  for (int i = 0; d.m > 0; i++) {
    const int k = cheapest(&d, by_residual);
    order[i] = d.term[k];
    drop(&d, k);
    rss[d.m] = d.m > 0 ? residual(&d) : gram->yy[j];
  }
}

evl_fit evl_sparse_backward(evl_sparse *s, const evl_gram *gram, int j, double alpha, bool normalise,
                            bool by_residual, int *order, double *rss) {
  const evl_fit fit = evl_sparse_regular(s, gram);
  if (fit != EVL_FIT_DONE) return fit;
  evl_sparse_scales(s, gram, normalise, alpha);
  if (!start(s, gram)) return EVL_FIT_COLLINEAR;
  descend(s, gram, j, by_residual, order, rss);
  return EVL_FIT_DONE;
}

/* Size of the path rss[p + 1], 1 to p. Below what the sums can tell apart (`floor`), one residual is as good as another. */
static int choose(const double *rss, int p, double term_cost, double floor) {
  int best = p;
  double least = INFINITY, largest = 1.0;
  for (int m = p; m >= 1; m--) {
    if (term_cost > 0.0) {
      if (rss[m] + term_cost * m < least) least = rss[m] + term_cost * m, best = m;
    } else if (m > 1) {
      const double factor = fmax(rss[m - 1], floor) / fmax(rss[m], floor);
      if (factor > largest) largest = factor, best = m;
    }
  }
  return best;
}

/* Terms of s->mask[j], with the ridge as it is or without one. */
static evl_fit refit(evl_sparse *s, const evl_gram *gram, int j, bool unbias, double *w) {
  const size_t p = (size_t)gram->p;
  const uint8_t *mask = s->mask + (size_t)j * p;
  const int n = evl_sparse_terms(gram, mask, s->index);
  if (n == 0) return EVL_FIT_DONE;
  if (unbias) return evl_sparse_least_squares(s, gram, j, mask, 0.0, w);
  if (!evl_sparse_factor(s, gram, n)) return EVL_FIT_COLLINEAR;
  evl_sparse_from_factor(s, gram, gram->b + (size_t)j * p, n, true, s->w);
  for (int k = 0; k < n; k++) w[s->index[k]] = s->w[k];
  return EVL_FIT_DONE;
}

static evl_fit refit_all(evl_sparse *s, const evl_gram *gram, bool unbias, double *w) {
  for (int j = 0; j < gram->d; j++) {
    const evl_fit fit = refit(s, gram, j, unbias, w + (size_t)j * (size_t)gram->p);
    if (fit != EVL_FIT_DONE) return fit;
  }
  return EVL_FIT_DONE;
}

/* What differences of sums of squares resolve. */
static double resolved(double yy) { return 1e-15 * yy; }

evl_fit evl_sparse_stepwise(evl_sparse *s, const evl_gram *gram, const evl_sparse_options *o, double *w) {
  const size_t p = (size_t)gram->p, d = (size_t)gram->d;
  evl_sparse_scales(s, gram, o->normalise, o->alpha);
  if (!start(s, gram)) return EVL_FIT_COLLINEAR;
  for (size_t j = 0; j < d; j++)
    descend(s, gram, (int)j, o->by_residual, s->order + j * p, s->objective + j * (p + 1));
  int together = 0;
  if (o->together) {
    double yy = gram->yy[0];
    for (size_t j = 1; j < d; j++) {
      yy += gram->yy[j];
      for (size_t m = 0; m <= p; m++) s->objective[m] += s->objective[j * (p + 1) + m];
    }
    together = choose(s->objective, gram->p, o->term_cost * (double)d, resolved(yy));
  }
  memset(s->mask, 0, d * p);
  for (size_t j = 0; j < d; j++) {
    const int m = o->together ? together
                              : choose(s->objective + j * (p + 1), gram->p, o->term_cost, resolved(gram->yy[j]));
    for (size_t i = p - (size_t)m; i < p; i++) s->mask[j * p + (size_t)s->order[j * p + i]] = 1;
  }
  return refit_all(s, gram, o->unbias, w);
}

/* Terms of target j whose loss would lower the evidence, to its mask. */
static void keep_evident(evl_sparse *s, const evl_gram *gram, int j, double variance) {
  down d = begin(s, gram, j);
  const double floor = resolved(gram->yy[j]);
  while (d.m > 0) {
    double most = 0.0;
    int best = -1;
    for (int k = 0; k < d.m; k++) {
      const int i = d.term[k];
      const double prior = log(s->scale[i] * s->scale[i] / (s->ridge[i] * *entry(&d, k, k)));
      const double misfit = variance > 0.0 ? rise(&d, k) / variance : gram->n * log1p(rise(&d, k) / fmax(d.objective, floor));
      if (prior - misfit > most) most = prior - misfit, best = k;
    }
    if (best < 0) break;
    drop(&d, best);
  }
  uint8_t *mask = s->mask + (size_t)j * (size_t)gram->p;
  memset(mask, 0, (size_t)gram->p);
  for (int k = 0; k < d.m; k++) mask[d.term[k]] = 1;
}

evl_fit evl_sparse_evidence(evl_sparse *s, const evl_gram *gram, const evl_sparse_options *o, double *w) {
  const double rows = o->normalise ? gram->n : 1.0;
  evl_sparse_scales(s, gram, o->normalise, o->variance > 0.0 ? o->alpha * o->variance : o->alpha / rows);
  if (!start(s, gram)) return EVL_FIT_COLLINEAR;
  for (int j = 0; j < gram->d; j++) keep_evident(s, gram, j, o->variance);
  return refit_all(s, gram, o->unbias, w);
}
