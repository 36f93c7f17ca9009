/* backward_priv: a regression on sums of products that loses one term after the other. */
#ifndef EVEIL_BACKWARD_PRIV_H
#define EVEIL_BACKWARD_PRIV_H

#include "sindy_priv.h"

typedef struct evl_backward {
  int p, k;          /* terms of the library; terms left */
  double rss;        /* with those left; with a ridge, and its penalty */
  const double *ridge; /* [p] added to the diagonal of the products, set before begin; NULL: none */
  int *term;         /* [k] their numbers; the order changes as terms go */
  double *w;         /* [k] coefficients of terms scaled to length 1 */
  double *inverse;   /* lower triangle of the inverse of their products, k x k, leading dimension p */
  double *first;     /* the same of all that it began with, p x p */
  int n_first, *first_term;
  double *scale;     /* [p] 1 / length of a term, its ridge included; 0: it is zero everywhere */
  double *column;    /* [p] */
} evl_backward;

evl_status evl_backward_plan(int p, evl_arena *arena, evl_backward *backward) EVL_MUST_USE;
/* The terms with mask[p] != 0 (NULL: all) that are not zero everywhere: COLLINEAR, EMPTY, DONE. Serves all targets. */
evl_fit evl_backward_begin(evl_backward *backward, const evl_gram *gram, const uint8_t *mask);
/* All those terms again, to explain target j of the same Gram. */
void evl_backward_target(evl_backward *backward, const evl_gram *gram, int j);
/* What the residual sum of squares would gain without term number i of those left, 0 <= i < k. */
static inline double evl_backward_loss(const evl_backward *b, int i) {
  return b->w[i] * b->w[i] / b->inverse[(size_t)i * (size_t)(b->p + 1)];
}
void evl_backward_drop(evl_backward *backward, int i);
/* From all terms to none, the least loss first; left[i]: at how many terms left, 1 to k, term i was still there (term i is
   in the model of m terms if 0 < left[i] <= m); rss [k + 1] of the models of 0 ... k terms. Returns k. */
int evl_backward_path(evl_backward *backward, int *left, double *rss);

#endif
