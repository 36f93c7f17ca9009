/* The penalised logistic objective, its gradient, optimality conditions and penalty path. */
#include "logistic_priv.h"

#include <math.h>
#include <string.h>

/* Eight sums side by side: the compiler may use vectors without reordering a single sum. */
double evl_dot(const double *a, const double *b, int n) {
  double sum[8] = {0};
  int i = 0;
  for (; i + 8 <= n; i += 8)
    for (int k = 0; k < 8; k++) sum[k] += a[i + k] * b[i + k];
  for (; i < n; i++) sum[i & 7] += a[i] * b[i];
  return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

void evl_problem_eta(const evl_problem *problem, const double *beta, double *eta) {
  for (int i = 0; i < problem->n; i++)
    eta[i] = beta[0] + evl_dot(problem->x + (size_t)i * (size_t)problem->p, beta + 1, problem->p);
}

static double penalty(const evl_problem *problem, const double *beta) {
  double square = 0, absolute = 0;
  for (int j = 1; j <= problem->p; j++) {
    square += beta[j] * beta[j];
    absolute += fabs(beta[j]);
  }
  return problem->lambda * (0.5 * (1 - problem->alpha) * square + problem->alpha * absolute);
}

double evl_problem_objective(const evl_problem *problem, const double *beta, const double *eta) {
  double loss = 0;
  for (int i = 0; i < problem->n; i++) {
    double e = eta[i];
    loss += log1p(exp(-fabs(e))) + (e > 0 ? e : 0) - problem->y[i] * e;
  }
  return loss / problem->n + penalty(problem, beta);
}

void evl_problem_weights(const evl_problem *problem, const double *eta, double *residual, double *weight) {
  for (int i = 0; i < problem->n; i++) {
    double p = evl_logistic(eta[i]);
    residual[i] = p - problem->y[i];
    weight[i] = fmax(p * (1 - p), 1e-15);
  }
}

void evl_problem_gradient(const evl_problem *problem, const double *residual, double *gradient) {
  const int p = problem->p;
  memset(gradient, 0, ((size_t)p + 1) * sizeof *gradient);
  double *restrict slope = gradient + 1;
  for (int i = 0; i < problem->n; i++) {
    const double *restrict row = problem->x + (size_t)i * (size_t)p;
    const double r = residual[i];
    gradient[0] += r;
    for (int j = 0; j < p; j++) slope[j] += r * row[j];
  }
  for (int j = 0; j <= p; j++) gradient[j] /= problem->n;
}

double evl_problem_violation(const evl_problem *problem, const double *beta, const double *gradient) {
  const double l1 = problem->lambda * problem->alpha, l2 = problem->lambda * (1 - problem->alpha);
  double most = fabs(gradient[0]);
  for (int j = 1; j <= problem->p; j++) {
    double smooth = gradient[j] + l2 * beta[j];
    double v = beta[j] != 0 ? fabs(smooth + copysign(l1, beta[j])) : fmax(0, fabs(smooth) - l1);
    if (!(v <= most)) most = v; /* keeps a NaN */
  }
  return most;
}

void evl_problem_null(const evl_problem *problem, double *beta) {
  double mean = evl_mean(problem->y, (size_t)problem->n);
  memset(beta, 0, ((size_t)problem->p + 1) * sizeof *beta);
  beta[0] = log(mean / (1 - mean));
}

void evl_problem_path(const evl_problem *problem, int n_lambda, double ratio, double *lambda) {
  const double mean = evl_mean(problem->y, (size_t)problem->n);
  double most = 0;
  for (int j = 0; j < problem->p; j++) {
    double slope = 0;
    for (int i = 0; i < problem->n; i++)
      slope += problem->x[(size_t)i * (size_t)problem->p + (size_t)j] * (problem->y[i] - mean);
    most = fmax(most, fabs(slope) / problem->n);
  }
  if (most == 0) most = 1; /* nothing to select from: any penalty gives the same model */
  most /= fmax(problem->alpha, 1e-3);
  for (int k = 0; k < n_lambda; k++)
    lambda[k] = n_lambda == 1 ? most : most * pow(ratio, (double)k / (n_lambda - 1));
}

evl_learner_setup evl_learner_setup_of(const evl_params *params, double alpha) {
  evl_learner_setup setup = {
    .alpha = alpha,
    .ratio = evl_params_real(params, "ratio"),
    .tolerance = evl_params_real(params, "tolerance"),
    .n_lambda = (int)evl_params_int(params, "penalties"),
    .n_iterations = (int)evl_params_int(params, "iterations"),
    .lambda = evl_params_value(params, "lambda"),
  };
  return setup;
}

evl_status evl_learner_path(const evl_learner_setup *setup, int n, int p, const double *x, const double *y,
                            double *lambda, int *n_lambda) {
  const evl_value *given = setup->lambda;
  if (given->n > EVL_MAX_PENALTIES)
    return evl_fail(EVL_USAGE, "lambda: expected at most %d penalties, found %d", EVL_MAX_PENALTIES, given->n);
  if (given->n > 0) {
    for (int k = 0; k < given->n; k++) {
      if (k > 0 && !(given->reals[k] < given->reals[k - 1]))
        return evl_fail(EVL_USAGE, "lambda: expected descending penalties, found %g after %g", given->reals[k],
                        given->reals[k - 1]);
      lambda[k] = given->reals[k];
    }
    *n_lambda = given->n;
    return EVL_OK;
  }
  const evl_problem problem = {.n = n, .p = p, .x = x, .y = y, .alpha = setup->alpha};
  *n_lambda = setup->n_lambda;
  evl_problem_path(&problem, setup->n_lambda, setup->ratio, lambda);
  return EVL_OK;
}
