/* sparse_threshold: sequentially thresholded least squares (Brunton, Proctor & Kutz 2016,
   doi:10.1073/pnas.1517384113): w = argmin |y - theta_S w|^2 + alpha |w|^2, S = {i in S: |w_i| >= threshold}, until S
   stays. The first solution, of all terms, is one factor for all targets. */
#include "sparse_priv.h"

/* Weights of the m terms of index below the threshold leave the mask; how many. */
static int cut(evl_sparse *s, const evl_sparse_options *o, int m, double *x, uint8_t *mask) {
  int out = 0;
  for (int k = 0; k < m; k++) {
    const int i = s->index[k];
    if (fabs(x[k]) * s->length[i] >= o->threshold) continue;
    mask[i] = 0;
    x[k] = 0.0;
    out++;
  }
  return out;
}

/* DONE where S stayed. */
static evl_fit iterate(evl_sparse *s, const evl_gram *gram, const evl_sparse_options *o, int j, double *w) {
  const size_t p = (size_t)gram->p;
  uint8_t *mask = s->mask + (size_t)j * p;
  double *x = s->w + (size_t)j * p;
  int m = evl_sparse_terms(gram, NULL, s->index);
  bool stays = cut(s, o, m, x, mask) == 0;
  for (int k = 1; !stays && (o->most == 0 || k < o->most); k++) {
    m = evl_sparse_terms(gram, mask, s->index);
    if (m > 0 && !evl_sparse_factor(s, gram, m)) return EVL_FIT_COLLINEAR;
    if (m > 0) evl_sparse_from_factor(s, gram, gram->b + (size_t)j * p, m, true, x);
    stays = cut(s, o, m, x, mask) == 0;
  }
  for (int k = 0; k < m; k++) w[s->index[k]] = x[k];
  return stays ? EVL_FIT_DONE : EVL_FIT_UNSETTLED;
}

evl_fit evl_sparse_threshold(evl_sparse *s, const evl_gram *gram, const evl_sparse_options *o, double *w) {
  const size_t p = (size_t)gram->p;
  const int m = evl_sparse_terms(gram, NULL, s->index);
  evl_sparse_scales(s, gram, o->normalise, o->alpha);
  if (!evl_sparse_factor(s, gram, m)) return EVL_FIT_COLLINEAR;
  for (int j = 0; j < gram->d; j++)
    evl_sparse_from_factor(s, gram, gram->b + (size_t)j * p, m, true, s->w + (size_t)j * p);
  memset(s->mask, 1, (size_t)gram->d * p);
  evl_fit all = EVL_FIT_DONE;
  for (int j = 0; j < gram->d; j++) {
    const evl_fit fit = iterate(s, gram, o, j, w + (size_t)j * p);
    if (fit == EVL_FIT_COLLINEAR) return fit;
    if (fit != EVL_FIT_DONE) all = fit;
  }
  const evl_fit unbiased = o->unbias ? evl_sparse_unbias(s, gram, w) : EVL_FIT_DONE;
  return unbiased == EVL_FIT_DONE ? all : unbiased;
}
