/* profiling_search_priv: memory of the path and of the searches for theta, and the algebra that they share. */
#ifndef EVEIL_PROFILING_SEARCH_PRIV_H
#define EVEIL_PROFILING_SEARCH_PRIV_H

#include "profiling_priv.h"

struct evl_path {
  evl_path_spec spec;
  double inverse_scale2[EVL_ODE_STATES]; /* 1 / scale^2 */
  double tolerance;          /* of J, relative */
  int n, p, q, width;        /* states, parameters, observed; (degree + 1) n */
  int n_intervals, n_coefficients, below, ld;
  int n_nodes;
  double node_weight[EVL_BSPLINE_DEGREE + 1];
  double *data_value;        /* [knot + 1][degree + 1] functions at the samples of an interval */
  double *node_value, *node_slope; /* [n_nodes][degree + 1] */
  double *band, *factor;     /* [coefficients][ld] */
  double *gradient, *step, *trial; /* [coefficients] */
  double *data;              /* [coefficients][ld] the part of `band` that the data make */
  double *rows, *residual, *square; /* of an interval's nodes: [nodes n][width], [nodes n]; width^2 */
  double *f, *fx, *fp, *fx_near, *fp_near, *curve, *cross;
  double *sensitivity;       /* [p][coefficients] */
  double *work;              /* [below + 1] */
  evl_smoother *smoother;
  double *smooth;            /* [functions] */
};

/* x or x' at functions `value` of interval k. */
void evl_path_mix(const evl_path *path, const double *c, int k, const double *value, double *x);
int evl_path_samples(const evl_path *path, int k); /* of interval k; the last one has its end */
/* Gradient and Gauss-Newton matrix of J / 2; returns J. */
double evl_path_assemble(evl_path *path, const double *theta, double lambda, const double *y, size_t ld,
                         const double *c);
/* The factor of band + damping diag(band); false where it has none. */
bool evl_path_factorise(evl_path *path, double damping);

typedef struct evl_profile_search {
  evl_least_squares *solver;
  size_t n_coefficients, n_data; /* of a piece: coefficients; observed values */
  double *accepted, *trial;      /* [n_pieces][n_coefficients] paths */
  double *unknown, *low, *high;  /* [p] theta over its typical size */
  double *fitted, *slopes, *moved; /* of a piece: [n_data], [p][n_data], [n_data] */
  double *bread, *meat, *robust; /* p x p */
  double *normal, *right;        /* p x p, [p] */
  /* the marginal density's, of p + 1 unknowns */
  double *parts, *scores;        /* [4][n_pieces], [p + 1][n_pieces] */
  double *hessian[4];            /* (p + 1)^2 */
  double *point[6];              /* [p + 1] */
  /* of the run */
  double lambda;
  const double *y;
  size_t ld;
  const int *first;
  int n_pieces;
} search;

/* Solves for `right` in place with the lower triangle of `matrix`, which becomes the Cholesky factor of itself scaled
   to unit diagonal by root [p]; false where it is singular. */
bool evl_profile_solve(int p, double *matrix, double *right, double *root);
/* filling := inv(bread) filling inv(bread), bread being such a factor; turned: p x p of scratch. */
void evl_profile_sandwich(int p, const double *factor, const double *root, double *filling, double *turned);

#endif
