/* detrend: boxes of a walk without their polynomial trends, for the fluctuation analyses. */
#ifndef EVEIL_DETREND_PRIV_H
#define EVEIL_DETREND_PRIV_H

#include "features_priv.h"

enum { EVL_DETREND_MOST_ORDER = 5 };

typedef struct evl_detrend {
  int n_sizes, order;
  int *size;             /* [n_sizes] samples of a box, ascending */
  const double **basis;  /* [n_sizes][(order) * size]: orthonormal polynomials of degree 1.. of each size */
} evl_detrend;

/* The different whole parts of smallest * ratio^i that are not above `largest`; their number, which may be 0. */
enum { EVL_MOST_SIZES = 2000 };
int evl_log_sizes(int smallest, double largest, double ratio, int size[EVL_MOST_SIZES]);

/* For these sizes. */
evl_status evl_detrend_plan(int smallest, double largest, double ratio, int order, evl_arena *arena,
                            evl_detrend *detrend) EVL_MUST_USE;
/* The same for sizes of the caller's [n_sizes], each above the order. */
evl_status evl_detrend_plan_sizes(const int *size, int n_sizes, int order, evl_arena *arena,
                                  evl_detrend *detrend) EVL_MUST_USE;

/* Sum of squares of size[i] samples of the walk about their least-squares polynomial. */
double evl_detrend_box(const evl_detrend *detrend, int i, const double *walk);

/* Largest less smallest of walk[t] - origin - slope * p[t], n > 0. */
double evl_range_about(const double *walk, const double *p, double origin, double slope, int n);

/* walk[t] = sum of x[0..t] about their mean. */
void evl_detrend_walk(const double *x, int n, double *walk);

#endif
