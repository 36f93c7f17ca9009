/* sparse_priv: the workspace that the solvers on Grams share (sparse*.c). */
#ifndef EVEIL_SPARSE_PRIV_H
#define EVEIL_SPARSE_PRIV_H

#include <string.h>

#include "backward_priv.h"

struct evl_sparse {
  int p, d;
  evl_backward backward;
  double *a;         /* [p][p] a factor */
  double *w;         /* [p][d] of terms in use */
  double *work;      /* [p] */
  double *scale;     /* [p] square roots of the diagonal */
  double *length;    /* [p] of the columns where they are normalised, else 1 */
  double *ridge;     /* [p] added to the diagonal */
  double *most_gain; /* [p] of evidence without a term that explains nothing and resembles none */
  double *objective; /* [d][p + 1] of a path */
  double *full;      /* [d][p] SR3: w; the result is its sparse part v */
  int *index;        /* [p] terms in use */
  int *order;        /* [d][p] of a path */
  uint8_t *mask;     /* [d][p] */
};

struct evl_constraints {
  int p, d, n;
  double *c;         /* [n][d][p] */
  double *value;     /* [n] */
  double *inverse_c; /* [n][d][p] inv(H) c */
  double *schur;     /* [n][n] Cholesky factor of C inv(H) C' */
  double *lagrange;  /* [n] */
};

/* Below this share of a column's own length beyond the columns before it, what is left of it is rounding: products of
   1e4 to 1e6 rows carry relative errors of 1e-14 to 1e-13. */
#define EVL_COLLINEAR 1e-12

/* Terms with mask[term] != 0 (NULL: all) to index; their number. */
int evl_sparse_terms(const evl_gram *gram, const uint8_t *mask, int *index);
/* s->a [m][m], lower triangle: Cholesky factor of G + ridge of the m terms of s->index, scaled to unit diagonal by
   1 / s->scale [m]. False: collinear. */
bool evl_sparse_factor(evl_sparse *s, const evl_gram *gram, int m);
/* Weights x [m] of right-hand side b [p] from that factor; refine: one step. */
void evl_sparse_from_factor(evl_sparse *s, const evl_gram *gram, const double *b, int m, bool refine, double *x);
/* s->length and s->ridge of a Gram. */
void evl_sparse_scales(evl_sparse *s, const evl_gram *gram, bool normalise, double alpha);
/* SHORT, COLLINEAR or DONE of all terms, without ridge. */
evl_fit evl_sparse_regular(evl_sparse *s, const evl_gram *gram);
/* w[d][p] = least squares on its own support. */
evl_fit evl_sparse_unbias(evl_sparse *s, const evl_gram *gram, double *w);

evl_fit evl_sparse_threshold(evl_sparse *s, const evl_gram *gram, const evl_sparse_options *o, double *w);
evl_fit evl_sparse_relaxed(evl_sparse *s, const evl_gram *gram, const evl_sparse_options *o, double *w);
evl_fit evl_sparse_stepwise(evl_sparse *s, const evl_gram *gram, const evl_sparse_options *o, double *w);
evl_fit evl_sparse_forward(evl_sparse *s, const evl_gram *gram, const evl_sparse_options *o, double *w);
evl_fit evl_sparse_evidence(evl_sparse *s, const evl_gram *gram, const evl_sparse_options *o, double *w);

#endif
