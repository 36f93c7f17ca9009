/* L2-penalised logistic regression by Newton's method (IRLS). With more columns than rows the Newton system is solved
   in the rows (Woodbury), from a Gram matrix made once a path. */
#include "logistic_priv.h"

#include <math.h>
#include <string.h>

typedef struct ridge {
  evl_problem problem;
  double tolerance;
  int n_iterations;
  bool wide;                        /* p >= n: Newton in the rows */
  double *eta, *eta_new, *residual, *weight; /* [n] */
  double *gradient, *step, *beta_new;        /* [p + 1] */
  double *hessian;                  /* (p + 1)^2, or n^2 where wide */
  double *rows;                     /* scaled rows (n x (p + 1)), or the Gram matrix n x n where wide */
  double *column;                   /* wide: [2 n] right-hand sides */
  double *direction;                /* wide: [p] */
} ridge;

static bool is_wide(int n, int p) { return p >= n; }

static size_t ridge_work(int n, int p) {
  size_t rows = (size_t)n, columns = (size_t)p + 1;
  size_t vectors = 4 * rows + 3 * columns;
  if (is_wide(n, p)) return vectors + 2 * rows * rows + 2 * rows + columns;
  return vectors + columns * columns + rows * columns;
}

static void lay_out(ridge *r, double *work) {
  const size_t n = (size_t)r->problem.n, q = (size_t)r->problem.p + 1;
  double **const vector_n[] = {&r->eta, &r->eta_new, &r->residual, &r->weight};
  double **const vector_q[] = {&r->gradient, &r->step, &r->beta_new};
  r->hessian = work;
  work += r->wide ? n * n : q * q;
  r->rows = work;
  work += r->wide ? n * n : n * q;
  for (int k = 0; k < 4; k++, work += n) *vector_n[k] = work;
  for (int k = 0; k < 3; k++, work += q) *vector_q[k] = work;
  if (r->wide) {
    r->column = work;
    r->direction = work + 2 * n;
  }
}

/* Newton step where p < n: H = (1/n) [1 X]' W [1 X] + lambda (but for the intercept). */
static evl_status step_narrow(ridge *r) {
  const evl_problem *problem = &r->problem;
  const int n = problem->n, p = problem->p, q = p + 1;
  for (int i = 0; i < n; i++) {
    const double s = sqrt(r->weight[i] / n);
    double *restrict row = r->rows + (size_t)i * (size_t)q;
    const double *restrict x = problem->x + (size_t)i * (size_t)p;
    row[0] = s;
    for (int j = 0; j < p; j++) row[1 + j] = s * x[j];
  }
  evl_syrk_lower(q, n, 1, r->rows, q, 0, r->hessian, q);
  for (int j = 1; j < q; j++) r->hessian[(size_t)j * (size_t)(q + 1)] += problem->lambda;
  EVL_TRY(evl_cholesky(q, r->hessian, q));
  for (int j = 0; j < q; j++) r->step[j] = -r->gradient[j];
  evl_cholesky_solve(q, 1, r->hessian, q, r->step, q);
  return EVL_OK;
}

/* out[p] = X' (s v). */
static void transposed_times(const ridge *r, const double *v, double *out) {
  const int n = r->problem.n, p = r->problem.p;
  memset(out, 0, (size_t)p * sizeof *out);
  for (int i = 0; i < n; i++) {
    const double a = sqrt(r->weight[i] / n) * v[i];
    const double *restrict x = r->problem.x + (size_t)i * (size_t)p;
    for (int j = 0; j < p; j++) out[j] += a * x[j];
  }
}

/* Newton step where p >= n. With A = S X, S = diag(sqrt(w / n)), M = lambda I + A A':
   (lambda I + A'A)^-1 A' = A' M^-1 and (lambda I + A'A)^-1 g = (g - A' M^-1 A g) / lambda. */
static evl_status step_wide(ridge *r) {
  const evl_problem *problem = &r->problem;
  const int n = problem->n, p = problem->p;
  const double *g = r->gradient + 1;
  double *via_s = r->column, *via_g = r->column + n, *u = r->direction;
  double corner = 0;
  for (int i = 0; i < n; i++) {
    const double si = sqrt(r->weight[i] / n);
    for (int j = i; j < n; j++)
      r->hessian[(size_t)i * (size_t)n + (size_t)j] =
        si * sqrt(r->weight[j] / n) * r->rows[(size_t)i * (size_t)n + (size_t)j];
    r->hessian[(size_t)i * (size_t)(n + 1)] += problem->lambda;
    via_s[i] = si;
    via_g[i] = si * evl_dot(problem->x + (size_t)i * (size_t)p, g, p);
    corner += si * si;
  }
  EVL_TRY(evl_cholesky(n, r->hessian, n));
  evl_cholesky_solve(n, 2, r->hessian, n, r->column, n);
  /* Intercept by elimination: u = H11^-1 h10, t = H11^-1 g1, h10 = A' s. */
  transposed_times(r, via_s, u);
  transposed_times(r, via_g, r->step + 1);
  for (int j = 0; j < p; j++) r->step[1 + j] = (g[j] - r->step[1 + j]) / problem->lambda;
  double h_u = 0, h_t = 0;
  for (int i = 0; i < n; i++) {
    const double *x = problem->x + (size_t)i * (size_t)p;
    h_u += r->weight[i] / n * evl_dot(x, u, p);
    h_t += r->weight[i] / n * evl_dot(x, r->step + 1, p);
  }
  const double intercept = -(r->gradient[0] - h_t) / (corner - h_u);
  r->step[0] = intercept;
  for (int j = 0; j < p; j++) r->step[1 + j] = -r->step[1 + j] - intercept * u[j];
  return EVL_OK;
}

/* Halves the step until the objective falls; *moved is the largest change of a coefficient, relative to 1 + |b|. */
static void line_search(ridge *r, double *beta, double *moved) {
  const evl_problem *problem = &r->problem;
  const int q = problem->p + 1;
  const double before = evl_problem_objective(problem, beta, r->eta);
  const double slope = evl_dot(r->gradient, r->step, q), slack = 1e-14 * (1 + fabs(before));
  double t = 1;
  for (int half = 0; half < 50; half++, t *= 0.5) {
    for (int j = 0; j < q; j++) r->beta_new[j] = beta[j] + t * r->step[j];
    evl_problem_eta(problem, r->beta_new, r->eta_new);
    if (evl_problem_objective(problem, r->beta_new, r->eta_new) <= before + 1e-4 * t * slope + slack) break;
  }
  *moved = 0;
  for (int j = 0; j < q; j++) *moved = fmax(*moved, fabs(r->beta_new[j] - beta[j]) / (1 + fabs(beta[j])));
  memcpy(beta, r->beta_new, (size_t)q * sizeof *beta);
  memcpy(r->eta, r->eta_new, (size_t)problem->n * sizeof *r->eta);
}

static evl_status fit_one(ridge *r, double *beta) {
  const evl_problem *problem = &r->problem;
  double violation = INFINITY, moved = INFINITY;
  evl_problem_eta(problem, beta, r->eta);
  for (int k = 0; k <= r->n_iterations; k++) {
    evl_problem_weights(problem, r->eta, r->residual, r->weight);
    evl_problem_gradient(problem, r->residual, r->gradient);
    violation = evl_problem_violation(problem, beta, r->gradient);
    /* A small gradient alone leaves coefficients far off where the penalty is tiny. */
    if (violation <= r->tolerance && moved <= 1e-5) return EVL_OK;
    for (int j = 1; j <= problem->p; j++) r->gradient[j] += problem->lambda * beta[j];
    EVL_TRY(r->wide ? step_wide(r) : step_narrow(r));
    line_search(r, beta, &moved);
  }
  return evl_fail(EVL_NUMERIC, "ridge: no convergence in %d iterations at lambda %g (gradient %g)", r->n_iterations,
                  problem->lambda, violation);
}

static evl_status ridge_fit(const evl_params *params, int n, int p, const double *x, const double *y, int n_lambda,
                            const double *lambda, double *beta, double *work) {
  const evl_learner_setup setup = evl_learner_setup_of(params, 0);
  ridge r = {.problem = {.n = n, .p = p, .x = x, .y = y, .alpha = 0},
             .tolerance = setup.tolerance, .n_iterations = setup.n_iterations, .wide = is_wide(n, p)};
  lay_out(&r, work);
  if (r.wide) evl_gemm(true, false, n, n, p, 1, x, p, x, p, 0, r.rows, n);
  const size_t q = (size_t)p + 1;
  for (int k = 0; k < n_lambda; k++) {
    double *b = beta + (size_t)k * q;
    r.problem.lambda = lambda[k];
    if (k == 0) evl_problem_null(&r.problem, b);
    else memcpy(b, b - q, q * sizeof *b);
    EVL_TRY(fit_one(&r, b));
  }
  return EVL_OK;
}

static evl_status ridge_path(const evl_params *params, int n, int p, const double *x, const double *y, double *lambda,
                             int *n_lambda) {
  const evl_learner_setup setup = evl_learner_setup_of(params, 0);
  return evl_learner_path(&setup, n, p, x, y, lambda, n_lambda);
}

static const evl_param ridge_params[] = {
  EVL_PATH_PARAMS("40", "1e-6"),
  {NULL}};

const evl_learner evl_learner_ridge = {
  .name = "ridge",
  .summary = "Logistic regression with a quadratic penalty, by Newton's method.",
  .definition = "minimise (1/n) sum_i [log(1 + exp(eta_i)) - y_i eta_i] + lambda/2 |b|^2, eta = b0 + X b; "
                "columns standardised in the training fold (sd with ddof 0), b0 free. "
                "Path: geometric from max_j |x_j'(y - mean y)| / (n 1e-3).",
  .cite = "Friedman, Hastie, Tibshirani 2010, doi:10.18637/jss.v033.i01, eq. 14 with alpha = 0; "
          "le Cessie, van Houwelingen 1992, doi:10.2307/2347628",
  .version = 1,
  .params = ridge_params,
  .path = ridge_path,
  .fit = ridge_fit,
  .work = ridge_work,
};
