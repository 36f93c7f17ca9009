/* sindy_priv: sparse identification of dynamics. A library of terms (library.c) of a state, sums of products of terms
   and of what they are to explain (gram.c; from derivatives or from the weak form), and everything else on those sums:
   solvers, choice, ensembles. Sums of blocks of time, windows, recordings and subjects add up. */
#ifndef EVEIL_SINDY_PRIV_H
#define EVEIL_SINDY_PRIV_H

#include "fit_priv.h"

/* ---- library.c: terms of a state of n coordinates ---------------------------------------------------- */

typedef struct evl_library evl_library;
typedef struct evl_library_spec {
  int n_states;
  int degree;        /* of the polynomial, in graded order 1, x, y, xx, xy, yy, ... */
  bool constant;     /* the term 1 */
  int n_frequencies; /* sin(k x), cos(k x), k = 1..n_frequencies, of each coordinate; 0: none */
  bool products;     /* of the trigonometric terms with the linear ones */
  int n_delays, delay; /* coordinates `delay`, 2 `delay`, ... samples ago join the state; 0: none */
  int n_inputs;      /* rows of z behind the states that force it and have no equation */
  const char *const *names; /* of the rows of z: [n_states + n_inputs]; NULL: x0, x1, ..., u0, u1, ... */
} evl_library_spec;
#define EVL_MOST_DEGREE 8
/* Terms in the order: 1; monomials; for each k and variable sin, cos; products. Variables: states, states `delay` ago,
   ..., inputs. Errors: a degree or a number of terms too large, or no term (EVL_USAGE). */
evl_status evl_library_plan(const evl_library_spec *spec, evl_arena *arena, evl_library **library) EVL_MUST_USE;
int evl_library_terms(const evl_library *library);
const evl_library_spec *evl_library_specification(const evl_library *library);
/* "x0 x1^2", "x0(t-5)", "x1 sin(2 x0)"; of the library's arena. */
const char *evl_library_name(const evl_library *library, int term);
/* All terms of samples [first, first + n) of z[row][ld], first at least n_delays * delay: theta[term][ld_theta]. */
void evl_library_rows(const evl_library *library, const double *z, size_t ld, int first, int n, double *theta,
                      size_t ld_theta);
/* All terms of one state (its delays behind it, then inputs): theta[term]. */
void evl_library_at(const evl_library *library, const double *state, double *theta);
int evl_library_variables(const evl_library *library);
/* The derivative of a term by a variable, sum of factor[i] times term of[i], i below the number returned (at most 2). */
int evl_library_derivative(const evl_library *library, int term, int variable, int of[2], double factor[2]);

/* ---- gram.c: sums of a regression y = theta w, of n rows, p terms, d targets -------------------------------- */

typedef struct evl_gram {
  int p, d;
  double n;     /* rows: effective ones where they are correlated */
  double *g;    /* p x p theta' theta, both triangles */
  double *b;    /* [d][p] theta' y */
  double *yy;   /* [d] y' y */
} evl_gram;
evl_status evl_gram_plan(int p, int d, evl_arena *arena, evl_gram *gram) EVL_MUST_USE;
void evl_gram_clear(evl_gram *gram);
/* sum += weight * part */
void evl_gram_add(evl_gram *sum, double weight, const evl_gram *part);
/* Adds rows theta[term][ld_theta], y[target][ld_y], n of them. */
void evl_gram_rows(evl_gram *gram, const double *theta, size_t ld_theta, const double *y, size_t ld_y, int n);
/* Residual sum of squares of target j with weights w [p]. */
double evl_gram_rss(const evl_gram *gram, int j, const double *w);

/* ---- solvers (sparse*.c): on a Gram alone; coefficients w[d][p], 0 where a term is out -------------------------- */

typedef struct evl_sparse evl_sparse; /* workspace */
evl_status evl_sparse_plan(int p, int d, evl_arena *arena, evl_sparse **sparse) EVL_MUST_USE;
/* Least squares of target j on the terms with mask[p] != 0 (NULL: all), plus alpha |w|^2: by Cholesky of the Gram
   scaled to unit diagonal, one step of refinement. DONE, COLLINEAR, EMPTY. */
evl_fit evl_sparse_least_squares(evl_sparse *sparse, const evl_gram *gram, int j, const uint8_t *mask, double alpha,
                                 double *w);

/* Their order is that of EVL_SPARSE_METHODS, a parameter's choices. */
#define EVL_SPARSE_METHODS "stlsq|sr3|ssr|frols|evidence"
typedef enum { EVL_STLSQ, EVL_SR3, EVL_SSR, EVL_FROLS, EVL_EVIDENCE } evl_sparse_method;
typedef enum { EVL_PROX_L0, EVL_PROX_L1, EVL_PROX_L2 } evl_prox;
typedef struct evl_constraints evl_constraints;
typedef struct evl_sparse_options {
  evl_sparse_method method;
  double alpha;     /* STLSQ, SSR: ridge, absolute. EVIDENCE: prior precision of weights; where the variance is not
                       given, as a multiple of that of one row (normalise) or of the noise's (not) */
  bool normalise;   /* threshold, alpha and what is smallest refer to weights of columns of length 1 */
  bool unbias;      /* STLSQ, SR3, SSR, EVIDENCE: least squares on the support at the end */
  int most;         /* iterations of STLSQ and SR3; terms a target of FROLS; 0: as many as there are */
  double threshold; /* STLSQ: of |w| */
  evl_prox prox;    /* SR3 */
  double weight;    /* SR3: lambda; L0 cuts at sqrt(2 lambda nu) */
  double nu;        /* SR3: how far w may be from its sparse part */
  double tolerance; /* SR3: ends where |v - v before| / nu is below */
  evl_constraints *constraints; /* SR3; or NULL */
  bool by_residual; /* SSR: drop the term whose loss raises the residual least, not the smallest */
  double term_cost; /* SSR: least RSS + term_cost * terms; 0: where the next step raises the residual by the largest
                       factor */
  bool together;    /* SSR: equally many terms in every equation, chosen by their sum, as PySINDy does */
  double rest;      /* FROLS: ends where the unexplained share of y'y is below; 0: the least BIC of the path */
  double variance;  /* EVIDENCE: of the noise; 0: integrated out */
} evl_sparse_options;
/* STLSQ, SR3, SSR: those of PySINDy (but `together`). FROLS: by BIC. EVIDENCE: unit information. */
evl_sparse_options evl_sparse_defaults(evl_sparse_method method);
/* DONE; SHORT: fewer rows than terms; COLLINEAR: terms that depend on others; EMPTY: no term in any equation;
   UNSETTLED: no end after `most` iterations, w as it is then. w is 0 unless DONE or UNSETTLED. */
evl_fit evl_sparse_solve(evl_sparse *sparse, const evl_gram *gram, const evl_sparse_options *options, double *w);

/* n linear constraints sum_ji c[i][j][k] w[j][k] = value[i]: fill c and value, both zero at first. */
evl_status evl_constraints_plan(int p, int d, int n, evl_arena *arena, evl_constraints **constraints) EVL_MUST_USE;
double *evl_constraints_row(evl_constraints *constraints, int i); /* [d][p] */
void evl_constraints_value(evl_constraints *constraints, int i, double value);

/* ---- equation_text.c -------------------------------------------------------------------------------- */

/* The equation of state j as people write it, "x0' = -9.98 x0 + 9.98 x1" or, of the next sample, "x0(t+1) = 4 x0 - 4
   x0^2", with weights w [p] to that many significant digits, terms in the order of the library, to text [size].
   Returns its length; from `size` on it was cut off. */
size_t evl_equation_text(const evl_library *library, int j, const double *w, bool discrete, int digits, char *text,
                         size_t size);

#endif
