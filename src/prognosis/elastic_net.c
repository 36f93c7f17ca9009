/* Elastic-net logistic regression. Outer loop: quadratic approximation on a working set of columns, which grows by the
   columns that violate optimality. Inner loop: cyclic coordinate descent on its Gram matrix, ended by an exact solve
   once the signs stand, so that the outer loop converges quadratically and no separate polishing is needed. */
#include "logistic_priv.h"

#include <math.h>
#include <string.h>

typedef struct net {
  evl_problem problem;
  double tolerance;
  int n_iterations;
  double *eta, *eta_new, *residual, *weight; /* [n] */
  double *gradient, *beta_new;               /* [p + 1] */
  double *z, *start, *slope, *target;        /* [p + 1]: present point, outer point, gradient of the quadratic, solve */
  double *hessian, *system;                  /* capacity^2 */
  double *rows;                              /* n x capacity: scaled rows of the working set */
  int q, capacity;                           /* size of the working set with the intercept at 0, and its bound */
  int *set, *in_set, *active;                /* [p + 1]: columns (0: intercept); whether in; positions with z != 0 */
} net;

/* Bounds the memory where there are thousands of columns. Minima have far fewer columns than this; one that had more
   would end as not converged, because columns left outside stay violations. */
static int capacity_of(int n, int p) { return (p / 4 < n + 25 ? p : 4 * (n + 25)) + 1; }

static size_t net_work(int n, int p) {
  const size_t rows = (size_t)n, q = (size_t)p + 1, most = (size_t)capacity_of(n, p);
  const size_t integers = (3 * q * sizeof(int) + sizeof(double) - 1) / sizeof(double);
  return 4 * rows + 6 * q + 2 * most * most + rows * most + integers;
}

static void lay_out(net *e, double *work) {
  const size_t n = (size_t)e->problem.n, q = (size_t)e->problem.p + 1;
  const size_t most = (size_t)e->capacity;
  e->rows = work;
  e->hessian = e->rows + n * most;
  e->system = e->hessian + most * most;
  work = e->system + most * most;
  double **const vector_n[] = {&e->eta, &e->eta_new, &e->residual, &e->weight};
  double **const vector_q[] = {&e->gradient, &e->beta_new, &e->z, &e->start, &e->slope, &e->target};
  for (int k = 0; k < 4; k++, work += n) *vector_n[k] = work;
  for (int k = 0; k < 6; k++, work += q) *vector_q[k] = work;
  e->set = (int *)work;
  e->in_set = e->set + q;
  e->active = e->in_set + q;
}

static double l1_of(const net *e) { return e->problem.lambda * e->problem.alpha; }
static double l2_of(const net *e) { return e->problem.lambda * (1 - e->problem.alpha); }

static void enter(net *e, int column) {
  if (e->in_set[column] || e->q == e->capacity) return;
  e->in_set[column] = 1;
  e->set[e->q++] = column;
}

/* Hessian of the loss on the working set (symmetric, full), start and slope there. */
static void approximate(net *e, const double *beta) {
  const int n = e->problem.n, p = e->problem.p, q = e->q;
  for (int i = 0; i < n; i++) {
    const double s = sqrt(e->weight[i] / n);
    const double *x = e->problem.x + (size_t)i * (size_t)p;
    double *row = e->rows + (size_t)i * (size_t)q;
    row[0] = s;
    for (int a = 1; a < q; a++) row[a] = s * x[e->set[a] - 1];
  }
  evl_syrk_lower(q, n, 1, e->rows, q, 0, e->hessian, q);
  for (int a = 0; a < q; a++) {
    double *column = e->hessian + (size_t)a * (size_t)q;
    for (int b = 0; b < a; b++) column[b] = e->hessian[(size_t)b * (size_t)q + (size_t)a];
    e->start[a] = e->z[a] = beta[e->set[a]];
    e->slope[a] = e->gradient[e->set[a]];
  }
}

/* Moves coordinate a of z and keeps the slope of the quadratic up to date. */
static void move(net *e, int a, double by) {
  const double *restrict h = e->hessian + (size_t)a * (size_t)e->q;
  double *restrict slope = e->slope;
  for (int b = 0; b < e->q; b++) slope[b] += by * h[b];
  e->z[a] += by;
}

/* One sweep; returns the largest |move| sqrt(H_aa). */
static double sweep(net *e) {
  const double l1 = l1_of(e), l2 = l2_of(e);
  double most = 0;
  for (int a = 0; a < e->q; a++) {
    const double h = e->hessian[(size_t)a * (size_t)(e->q + 1)];
    double to;
    if (a == 0) {
      to = e->z[a] - e->slope[a] / h;
    } else {
      const double u = h * e->z[a] - e->slope[a];
      to = fabs(u) <= l1 ? 0 : (u - copysign(l1, u)) / (h + l2);
    }
    if (to == e->z[a]) continue;
    most = fmax(most, fabs(to - e->z[a]) * sqrt(h));
    move(e, a, to - e->z[a]);
    e->z[a] = to; /* zero exactly where it is zero */
  }
  return most;
}

/* Solves the quadratic exactly for the present signs, as far as no sign changes. True: the whole step was taken and the
   columns at zero want to stay there, hence z is the minimum. */
static bool solve_signs(net *e) {
  const double l1 = l1_of(e), l2 = l2_of(e);
  int m = 0;
  for (int a = 0; a < e->q; a++)
    if (a == 0 || e->z[a] != 0) e->active[m++] = a;
  for (int i = 0; i < m; i++) {
    const int a = e->active[i];
    const double *column = e->hessian + (size_t)a * (size_t)e->q;
    for (int k = i; k < m; k++) e->system[(size_t)i * (size_t)m + (size_t)k] = column[e->active[k]];
    e->target[i] = -e->slope[a];
    if (a == 0) continue;
    e->system[(size_t)i * (size_t)(m + 1)] += l2;
    e->target[i] -= l2 * e->z[a] + copysign(l1, e->z[a]);
  }
  if (evl_cholesky(m, e->system, m) != EVL_OK) { /* collinear columns: coordinate descent alone goes on */
    evl_error_clear();
    return false;
  }
  evl_cholesky_solve(m, 1, e->system, m, e->target, m);
  double t = 1;
  int first = -1;
  for (int i = 1; i < m; i++) {
    const double z = e->z[e->active[i]], d = e->target[i];
    if (z * d < 0 && fabs(d) * t > fabs(z)) {
      t = fabs(z / d);
      first = e->active[i];
    }
  }
  for (int i = 0; i < m; i++) move(e, e->active[i], t * e->target[i]);
  if (first >= 0) {
    move(e, first, -e->z[first]);
    e->z[first] = 0;
    return false;
  }
  for (int a = 1; a < e->q; a++)
    if (e->z[a] == 0 && fabs(e->slope[a]) > l1 * (1 + 1e-12)) return false;
  return true;
}

/* Minimum of the quadratic with its penalties on the working set. */
static void minimise(net *e) {
  for (int round = 0; round < 1000; round++) {
    double moved = 0;
    for (int k = 0; k < 4; k++) moved = sweep(e);
    if (moved == 0 || solve_signs(e) || moved < 1e-15) return;
  }
}

static double penalty_at(const net *e, double z) { return 0.5 * l2_of(e) * z * z + l1_of(e) * fabs(z); }

static void line_search(net *e, double *beta, double *moved) {
  const evl_problem *problem = &e->problem;
  const int p = problem->p;
  const double before = evl_problem_objective(problem, beta, e->eta), slack = 1e-14 * (1 + fabs(before));
  double expected = 0; /* first-order change of the objective over the whole step */
  for (int a = 0; a < e->q; a++) {
    expected += e->gradient[e->set[a]] * (e->z[a] - e->start[a]);
    if (a > 0) expected += penalty_at(e, e->z[a]) - penalty_at(e, e->start[a]);
  }
  memcpy(e->beta_new, beta, ((size_t)p + 1) * sizeof *beta);
  double t = 1;
  for (int half = 0; half < 50; half++, t *= 0.5) {
    for (int a = 0; a < e->q; a++)
      e->beta_new[e->set[a]] = t == 1 ? e->z[a] : e->start[a] + t * (e->z[a] - e->start[a]);
    evl_problem_eta(problem, e->beta_new, e->eta_new);
    if (evl_problem_objective(problem, e->beta_new, e->eta_new) <= before + 1e-4 * t * expected + slack) break;
  }
  *moved = 0;
  for (int j = 0; j <= p; j++) *moved = fmax(*moved, fabs(e->beta_new[j] - beta[j]) / (1 + fabs(beta[j])));
  memcpy(beta, e->beta_new, ((size_t)p + 1) * sizeof *beta);
  memcpy(e->eta, e->eta_new, (size_t)problem->n * sizeof *e->eta);
}

/* screen: columns whose |gradient| reaches it enter at once (strong rule); optimality is checked over all columns
 * anyway. */
static evl_status fit_one(net *e, double *beta, double screen) {
  const evl_problem *problem = &e->problem;
  double violation = INFINITY, moved = INFINITY;
  memset(e->in_set, 0, ((size_t)problem->p + 1) * sizeof *e->in_set);
  e->q = 0;
  enter(e, 0);
  evl_problem_eta(problem, beta, e->eta);
  for (int k = 0; k <= e->n_iterations; k++) {
    evl_problem_weights(problem, e->eta, e->residual, e->weight);
    evl_problem_gradient(problem, e->residual, e->gradient);
    violation = evl_problem_violation(problem, beta, e->gradient);
    if (violation <= e->tolerance && moved <= 1e-5) return EVL_OK;
    for (int j = 1; j <= problem->p; j++)
      if (beta[j] != 0 || fabs(e->gradient[j]) > l1_of(e) || (k == 0 && fabs(e->gradient[j]) >= screen)) enter(e, j);
    approximate(e, beta);
    minimise(e);
    line_search(e, beta, &moved);
  }
  return evl_fail(EVL_NUMERIC, "elastic_net: no convergence in %d iterations at lambda %g (violation %g)",
                  e->n_iterations, problem->lambda, violation);
}

static evl_status net_fit(const evl_params *params, int n, int p, const double *x, const double *y, int n_lambda,
                          const double *lambda, double *beta, double *work) {
  const evl_learner_setup setup = evl_learner_setup_of(params, evl_params_real(params, "alpha"));
  net e = {.problem = {.n = n, .p = p, .x = x, .y = y, .alpha = setup.alpha},
           .tolerance = setup.tolerance, .n_iterations = setup.n_iterations, .capacity = capacity_of(n, p)};
  lay_out(&e, work);
  const size_t q = (size_t)p + 1;
  for (int k = 0; k < n_lambda; k++) {
    double *b = beta + (size_t)k * q;
    e.problem.lambda = lambda[k];
    if (k == 0) evl_problem_null(&e.problem, b);
    else memcpy(b, b - q, q * sizeof *b);
    const double screen = k == 0 ? INFINITY : setup.alpha * (2 * lambda[k] - lambda[k - 1]);
    EVL_TRY(fit_one(&e, b, screen));
  }
  return EVL_OK;
}

static evl_status net_path(const evl_params *params, int n, int p, const double *x, const double *y, double *lambda,
                           int *n_lambda) {
  const evl_learner_setup setup = evl_learner_setup_of(params, evl_params_real(params, "alpha"));
  return evl_learner_path(&setup, n, p, x, y, lambda, n_lambda);
}

static const evl_param net_params[] = {
  {"alpha", EVL_REAL, "0.5", 0.001, 1, NULL, "", "Share of the absolute penalty: 1 is the lasso."},
  EVL_PATH_PARAMS("50", "1e-3"),
  {NULL}};

const evl_learner evl_learner_elastic_net = {
    .name = "elastic_net",
    .summary = "Logistic regression with absolute and quadratic penalties, by coordinate descent.",
    .definition =
        "minimise (1/n) sum_i [log(1 + exp(eta_i)) - y_i eta_i] + lambda [(1 - alpha)/2 |b|^2 + alpha |b|_1], "
        "eta = b0 + X b; columns standardised in the training fold (sd with ddof 0), b0 free. "
        "Path: geometric from max_j |x_j'(y - mean y)| / (n alpha), the smallest penalty that leaves no column.",
    .cite =
        "Friedman, Hastie, Tibshirani 2010, doi:10.18637/jss.v033.i01, eq. 14; "
        "screening: Tibshirani et al. 2012, doi:10.1111/j.1467-9868.2011.01004.x",
    .version = 1,
    .params = net_params,
    .path = net_path,
    .fit = net_fit,
    .work = net_work,
};
