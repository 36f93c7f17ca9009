/* sparse_priv: the workspace that the solvers on Grams share (sparse*.c). */
#ifndef EVEIL_SPARSE_PRIV_H
#define EVEIL_SPARSE_PRIV_H

#include <string.h>

#include "sindy_priv.h"

struct evl_sparse {
  int p, d;
  double *a;         /* [p][p] a factor, an inverse */
  double *rhs;       /* [p][d] */
  double *residual;  /* [p] */
  double *scale;     /* [p] square roots of the diagonal */
  int *index;        /* [p] terms in use */
  uint8_t *mask;     /* [p] */
};

/* Below this share of a column's own length beyond the columns before it, what is left of it is rounding: products of
   1e4 to 1e6 rows carry relative errors of 1e-14 to 1e-13. */
#define EVL_COLLINEAR 1e-12

/* Terms with mask[term] != 0 (NULL: all) to index; their number. */
int evl_sparse_terms(const evl_gram *gram, const uint8_t *mask, int *index);
/* a [m][m], lower triangle: Cholesky factor of (G + alpha I) of the m terms of index, scaled to unit diagonal by
   1 / scale [m]. False: collinear. */
bool evl_sparse_factor(const evl_gram *gram, const int *index, int m, double alpha, double *a, double *scale);
/* Weights x [m] of target j from that factor, one step of refinement; work [m]. */
void evl_sparse_from_factor(const evl_gram *gram, int j, const int *index, int m, double alpha, const double *a,
                            const double *scale, double *work, double *x);

#endif
