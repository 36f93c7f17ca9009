/* switching_priv: a series whose dynamics are one of a few autoregressions at a time (switching_fit.c), for the entry
   switching_var. Time is cut into segments; a hidden Markov chain says which regime each of them is in. */
#ifndef EVEIL_SWITCHING_PRIV_H
#define EVEIL_SWITCHING_PRIV_H

#include <math.h>

#include "eveil/math.h"

typedef struct evl_switching {
  /* by plan */
  int n, order, length;      /* coordinates, lags, samples of a segment */
  int most, most_segments;   /* regimes, segments */
  int wide;                  /* (order + 1) n */
  double ridge;              /* also the variance below which no residual is told apart */
  /* of the series: sums of (z(t), z(t-1), ...) times itself over each segment, wide x wide */
  double *gram;              /* [most_segments][wide^2] */
  /* of the fit */
  int n_regimes;
  double *beta;              /* [most] (order n) x n: row (lag - 1) n + from, column to */
  double *factor;            /* [most] n x n Cholesky factor of the residuals' covariance */
  double *log_determinant;   /* [most] */
  double *transition;        /* [most][most] from one segment to the next */
  double *share;             /* [most] of the fitted segments */
  double *weight;            /* [most_segments][most] probability of the regime, given all that was fitted */
  double *likelihood;        /* [most_segments][most] logarithm */
  double *forward, *backward, *work, *sum;
} evl_switching;

/* Errors: more than 256 lags and coordinates together (EVL_USAGE, `entry` names it), memory. */
evl_status evl_switching_plan(evl_switching *s, const char *entry, evl_arena *arena) EVL_MUST_USE;
/* Sums over samples [first, first + length) of rows z[c * ld + t], first >= order. */
void evl_switching_sum(const evl_switching *s, const double *z, size_t ld, int first, double *gram);
/* Regimes by expectation and maximisation over segments [0, n), each further regime begun with the segments that the
   others explain worst. False where one has too few samples or no regular covariance; then the fit is none. */
bool evl_switching_fit(evl_switching *s, int n, int n_regimes);
/* ln p(segment | those before it, from `first` on) of segments [first, end), into ahead[0 .. end - first). */
void evl_switching_foretell(evl_switching *s, int first, int end, double *ahead);
/* ln p(segment | regime) of sums made by evl_switching_sum. */
double evl_switching_likelihood(evl_switching *s, const double *gram, int regime);
/* Mean over pairs of regimes of their symmetrised divergence over segments [0, n), nats a sample; 0 for one regime. */
double evl_switching_distance(const evl_switching *s, int n);
int evl_switching_likeliest(const evl_switching *s, int segment);

#endif
