/* What the penalised logistic learners share. The objective is glmnet's (Friedman, Hastie, Tibshirani 2010,
   doi:10.18637/jss.v033.i01, eq. 14): f(b0, b) = (1/n) sum_i [log(1 + exp(eta_i)) - y_i eta_i] + lambda [(1 - alpha)/2
   |b|^2 + alpha |b|_1],  eta = b0 + X b. */
#ifndef EVEIL_LOGISTIC_PRIV_H
#define EVEIL_LOGISTIC_PRIV_H

#include "eveil/math.h"
#include "eveil/prognosis.h"

typedef struct evl_problem {
  int n, p;
  const double *x;  /* row-major n x p */
  const double *y;  /* [n], 0 or 1 */
  double alpha, lambda;
} evl_problem;

double evl_dot(const double *a, const double *b, int n);
/* eta[n] = beta[0] + X beta[1..p]. */
void evl_problem_eta(const evl_problem *problem, const double *beta, double *eta);
/* The objective above. */
double evl_problem_objective(const evl_problem *problem, const double *beta, const double *eta);
/* residual[n] = p_i - y_i, weight[n] = p_i (1 - p_i), kept above a floor so that Newton matrices stay definite. */
void evl_problem_weights(const evl_problem *problem, const double *eta, double *residual, double *weight);
/* gradient[p + 1] of the loss without penalty, intercept first. */
void evl_problem_gradient(const evl_problem *problem, const double *residual, double *gradient);
/* Largest violation of the optimality conditions, given that gradient. */
double evl_problem_violation(const evl_problem *problem, const double *beta, const double *gradient);
/* beta[0] = logit of the mean of y, the rest 0. y must hold both classes. */
void evl_problem_null(const evl_problem *problem, double *beta);
/* Penalties from the smallest that empties the model (at alpha, not below 1e-3) down to `ratio` of it. */
void evl_problem_path(const evl_problem *problem, int n_lambda, double ratio, double *lambda);

/* Parameters that both learners have, with their own defaults of the number of penalties and of their ratio. */
#define EVL_PATH_PARAMS(n_lambda, ratio_)                                                                              \
  {"penalties", EVL_INT, n_lambda, 1, EVL_MAX_PENALTIES, NULL, "", "Number of penalties on the path."},                \
  {"ratio", EVL_REAL, ratio_, 1e-12, 1, NULL, "", "Smallest penalty as a share of the largest."},                      \
  {"lambda", EVL_REALS, "()", 1e-12, 1e12, NULL, "", "Penalties, descending, in place of the path."},                  \
  {"tolerance", EVL_REAL, "1e-10", 1e-13, 1e-3, NULL, "", "Largest violation of optimality at which a fit ends."},     \
  {"iterations", EVL_INT, "100", 1, 100000, NULL, "", "Most Newton steps a penalty."}

typedef struct evl_learner_setup {
  double alpha, ratio, tolerance;
  int n_lambda, n_iterations;
  const evl_value *lambda; /* given penalties; n = 0: a path is made */
} evl_learner_setup;
evl_learner_setup evl_learner_setup_of(const evl_params *params, double alpha);
evl_status evl_learner_path(const evl_learner_setup *setup, int n, int p, const double *x, const double *y,
                            double *lambda, int *n_lambda) EVL_MUST_USE;

#endif
