/* derivative_priv: derivatives of sampled series by time. */
#ifndef EVEIL_DERIVATIVE_PRIV_H
#define EVEIL_DERIVATIVE_PRIV_H

#include "fit_priv.h"

/* Their order is that of EVL_DERIVATIVES, a parameter's choices. */
#define EVL_DERIVATIVES "difference|smoothed|savitzky_golay|spline|variation"
typedef enum { EVL_DIFFERENCE, EVL_SMOOTHED, EVL_SAVITZKY_GOLAY, EVL_SPLINE, EVL_VARIATION } evl_derivative_method;
typedef struct evl_derivative_spec {
  evl_derivative_method method;
  int order;      /* DIFFERENCE, SMOOTHED: 2, 4, 6 */
  int window;     /* SMOOTHED, SAVITZKY_GOLAY: odd number of samples */
  int polynomial; /* SMOOTHED, SAVITZKY_GOLAY: its degree */
  double lambda;  /* SPLINE: weight of the curvature in samples^3, 0: by cross-validation. VARIATION: weight of the
                     jumps of the slope, in units of the series, 0: so that as much is taken off as there is white
                     noise */
} evl_derivative_spec;

typedef struct evl_derivative evl_derivative;
/* Of series of up to n_samples. Errors: EVL_USAGE, an order or window that is none, or more of it than samples. */
evl_status evl_derivative_plan(const evl_derivative_spec *spec, int n_samples, const char *entry, evl_arena *arena,
                               evl_derivative **derivative) EVL_MUST_USE;
/* Of n samples of x, dt_s apart: the derivative by time to slope [n], and what it is the derivative of to smooth [n]
   (x, or x smoothed: what a library is to be made of). False: a search that did not settle. */
bool evl_derivative_run(evl_derivative *derivative, const double *x, int n, double dt_s, double *smooth, double *slope);

/* stencil.c */

/* stencil[k][width]: weights of samples 0 .. width - 1, one apart, in the derivative at sample k, exact for
   polynomials of degree width - 1; width at most 9. */
enum { EVL_STENCIL = 9 };
void evl_difference_stencil(int width, double *stencil);
/* value[k][width], slope[k][width]: weights in the polynomial of that degree fitted to samples 0 .. width - 1 by least
   squares, and in its derivative, at sample k. work [(degree + 1) * width * 2]. */
void evl_polynomial_stencil(int width, int degree, double *work, double *value, double *slope);
/* y[i]: the middle row on all samples that have a whole window around them, the outer rows on the first and last
   window. */
void evl_stencil_run(int width, const double *stencil, const double *x, int n, double *y);

/* total_variation.c */

/* Piecewise linear s of least sum (x - s)^2 / 2 + lambda sum |second difference of s|: its slope has the least total
   variation. (Kim et al. 2009, doi:10.1137/070690274.) */
typedef struct evl_total_variation evl_total_variation;
evl_status evl_total_variation_plan(int n_samples, evl_arena *arena, evl_total_variation **variation) EVL_MUST_USE;
/* Duality gap below 1e-8 of the objective, or false. */
bool evl_total_variation_run(evl_total_variation *variation, const double *x, int n, double lambda, double *smooth);

#endif
