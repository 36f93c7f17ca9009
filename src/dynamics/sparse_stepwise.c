/* sparse_stepwise: one term less at a time, by downdating (backward.c), with a ridge: without term k the objective
   E = y'y - b'w grows by w_k^2 / Q_kk, Q the inverse of A = G + ridge, and log det A by log Q_kk.

   Stepwise sparse regression (Boninsegna, Nueske & Clementi 2018, doi:10.1063/1.5018409) drops the smallest weight, or
   the term whose loss costs least, and chooses a size on the way.

   Evidence: the model with prior w_i ~ N(0, s^2 / ridge_i) and noise N(0, s^2) has
     2 log p(y) = -log det A + sum_i log ridge_i - E / s^2 + ...
   where s^2 is known (MacKay 1992, doi:10.1162/neco.1992.4.3.415), and integrated out (prior 1 / s^2)
     2 log p(y) = -log det A + sum_i log ridge_i - n log E + ...
   of which the term whose loss raises it most is dropped until none does. With alpha = 1 and columns of length 1 the
   second prior tells as much as one row (unit information, Kass & Wasserman 1995,
   doi:10.1080/01621459.1995.10476592). */
#include "sparse_priv.h"

static evl_fit start(evl_sparse *s, const evl_gram *gram) {
  s->backward.ridge = s->ridge;
  return evl_backward_begin(&s->backward, gram, NULL);
}

/* RSS of the ridge solution: E less the penalty. */
static double residual(const evl_sparse *s) {
  const evl_backward *b = &s->backward;
  double sum = b->rss;
  for (int i = 0; i < b->k; i++) {
    const double w = b->w[i] * b->scale[b->term[i]];
    sum -= s->ridge[b->term[i]] * w * w;
  }
  return fmax(sum, 0.0);
}

static int cheapest(const evl_sparse *s, bool by_residual) {
  const evl_backward *b = &s->backward;
  int best = 0;
  double least = INFINITY;
  for (int k = 0; k < b->k; k++) {
    const int i = b->term[k];
    const double cost = by_residual ? evl_backward_loss(b, k) : fabs(b->w[k]) * b->scale[i] * s->length[i];
    if (cost < least) least = cost, best = k;
  }
  return best;
}

/* All the way: order [p] from the first dropped on, rss [p + 1] by terms left. */
static void descend(evl_sparse *s, const evl_gram *gram, int j, bool by_residual, int *order, double *rss) {
  evl_backward *b = &s->backward;
  evl_backward_target(b, gram, j);
  rss[b->k] = residual(s);
  for (int i = 0; b->k > 0; i++) {
    const int k = cheapest(s, by_residual);
    order[i] = b->term[k];
    evl_backward_drop(b, k);
    rss[b->k] = b->k > 0 ? residual(s) : gram->yy[j];
  }
}

/* Size of the path rss[p + 1], 1 to p. Below what the sums can tell apart (`floor`), one residual is as good as
   another. */
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
  const evl_fit fit = start(s, gram);
  if (fit != EVL_FIT_DONE) return fit;
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
  evl_backward *b = &s->backward;
  const size_t p = (size_t)gram->p;
  const double floor = resolved(gram->yy[j]);
  evl_backward_target(b, gram, j);
  while (b->k > 0) {
    double most = 0.0;
    int best = -1;
    const double unit = variance > 0.0 ? variance : fmax(b->rss, floor);
    for (int k = 0; k < b->k; k++) {
      const int i = b->term[k];
      const double inverse = b->inverse[(size_t)k * (p + 1)], square = b->w[k] * b->w[k]; /* of the term at length 1 */
      /* gain <= most_gain - n x / (1 + x) or - x, x = square / (inverse unit), for log(1 + x) >= x / (1 + x), and no
         element of the inverse is below that of the term alone. */
      const double room = s->most_gain[i] - most, known = room * inverse * unit;
      if (variance > 0.0 ? known <= square : known + room * square <= gram->n * square) continue;
      const double share = square / (inverse * unit);
      const double gain = s->most_gain[i] - log(inverse) - (variance > 0.0 ? share : gram->n * log1p(share));
      if (gain > most) most = gain, best = k;
    }
    if (best < 0) break;
    evl_backward_drop(b, best);
  }
  uint8_t *mask = s->mask + (size_t)j * p;
  memset(mask, 0, p);
  for (int k = 0; k < b->k; k++) mask[b->term[k]] = 1;
}

evl_fit evl_sparse_evidence(evl_sparse *s, const evl_gram *gram, const evl_sparse_options *o, double *w) {
  const double rows = o->normalise ? gram->n : 1.0;
  evl_sparse_scales(s, gram, o->normalise, o->variance > 0.0 ? o->alpha * o->variance : o->alpha / rows);
  const evl_fit fit = start(s, gram);
  if (fit != EVL_FIT_DONE) return fit;
  for (size_t i = 0, p = (size_t)gram->p; i < p; i++)
    s->most_gain[i] = log((gram->g[i * (p + 1)] + s->ridge[i]) / s->ridge[i]);
  for (int j = 0; j < gram->d; j++) keep_evident(s, gram, j, o->variance);
  return refit_all(s, gram, o->unbias, w);
}
