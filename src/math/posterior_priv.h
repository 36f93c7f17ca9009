/* posterior_priv: the parts of the sampler. Everything runs in the coordinates z in which the uniform law of the box is the
   standard normal one: x = low + (high - low) Phi(z). */
#ifndef EVEIL_POSTERIOR_PRIV_H
#define EVEIL_POSTERIOR_PRIV_H

#include <math.h>

#include "eveil/math.h"

/* The density asked for, in z. */
typedef struct evl_target {
  evl_log_density *function;
  void *context;
  int n, n_all;            /* unknowns, with fixed ones */
  int *active;             /* [n] places in x */
  const double *low, *high; /* [n_all] */
  double *x;               /* [n_all] */
  int64_t evaluations;
  void (*tick)(void *context);
  void *tick_context;
} evl_target;

/* Fills target->x. */
void evl_target_place(evl_target *target, const double *z);
/* The log density at z without that of the normal law; -INFINITY for none. */
double evl_target_log(evl_target *target, const double *z);
double evl_normal_log(const double *z, int n); /* of the standard normal law, without its constant */

/* ---- posterior_margins.c: coordinates y in which margins are about normal ---------------------------- */

enum { EVL_MARGIN_KNOTS = 7 };
typedef struct evl_margins { int n; double *at, *work; } evl_margins; /* [n][knots] */
evl_status evl_margins_plan(int max_n, int max_points, evl_arena *arena, evl_margins *margins);
/* z [n_points][n]; `plain`: y = z. Returns the mean of log |dz / dy| over the points. */
double evl_margins_fit(evl_margins *margins, int n, const double *z, int n_points, bool plain);
/* z of y; returns the logarithm of |dz / dy|. */
double evl_margins_place(const evl_margins *margins, const double *y, double *z);
void evl_margins_find(const evl_margins *margins, const double *z, double *y); /* y of z */

/* ---- posterior_mixture.c: what the shape of the density is learnt in ------------------------------- */

enum { EVL_MIXTURE_MOST = 9 };
/* Student's t of EVL_MIXTURE_DF degrees of freedom: tails heavier than what it proposes for. */
enum { EVL_MIXTURE_DF = 6 };
typedef struct evl_mixture {
  int n, k, max_n, max_points;
  double *weight, *log_scale;   /* [k] */
  double *mean, *root, *inverse; /* [k][n], [k][n][n] lower triangles L and inv(L) */
  double *share, *white, *away, *sum; /* work: [k][points], [n][points], [n][points], [points] */
  double *keep;                 /* parameters of the best fit so far */
} evl_mixture;
evl_status evl_mixture_plan(int max_n, int max_points, evl_arena *arena, evl_mixture *mixture);
/* By expectation and maximisation from points z [n_points][n], as many components as AIC wants of points that are worth
   `effective` independent ones; another one, wide, of all points. Returns AIC; INFINITY where their covariance is
   singular. */
double evl_mixture_fit(evl_mixture *mixture, int n, const double *z, int n_points, double effective, evl_random *random);
double evl_mixture_log(const evl_mixture *mixture, const double *z); /* normalised */
void evl_mixture_draw(const evl_mixture *mixture, evl_random *random, double *z);
/* A step whose law does not depend on where it starts: scale times a normal one of a component's covariance. */
void evl_mixture_step(const evl_mixture *mixture, double scale, evl_random *random, double *step);

/* ---- posterior_population.c: from the box to the density, by temperatures ----------------------------- */

typedef struct evl_population {
  int size;             /* particles */
  double *z, *next;     /* [size][n] */
  double *log_density, *next_log; /* [size] */
  double *weight;       /* [size] */
  double *start;        /* [n] a particle from before the end: further out than the density is */
} evl_population;
evl_status evl_population_plan(int size, int max_n, evl_arena *arena, evl_population *population);
/* Errors: EVL_NUMERIC where no point of the box has a density, or after `most` evaluations. */
evl_status evl_population_run(evl_population *population, evl_target *target, evl_random *random, int64_t most);

#endif
