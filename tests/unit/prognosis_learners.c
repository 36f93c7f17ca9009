/* Penalised fits: optimality computed anew here, on narrow, wide, collinear and separated problems. */
#include "check.h"
#include "eveil/math.h"
#include "eveil/prognosis.h"

static evl_arena *arena;

typedef struct { int n, p; double *x, *y; } problem;

static problem make(int n, int p, double signal, uint64_t index) {
  problem w = {n, p, evl_arena_alloc(arena, sizeof(double) * (size_t)(n * p)),
               evl_arena_alloc(arena, sizeof(double) * (size_t)n)};
  evl_random random;
  evl_random_begin(&random, 1, "learners", "data", index);
  for (int i = 0; i < n; i++) {
    double eta = 0, shared = evl_random_normal(&random);
    for (int j = 0; j < p; j++) {
      w.x[i * p + j] = 0.6 * shared + 0.8 * evl_random_normal(&random);
      if (j < 5) eta += signal * (j % 2 ? -1 : 1) * w.x[i * p + j];
    }
    w.y[i] = evl_random_uniform(&random) < evl_logistic(eta);
  }
  w.y[0] = 0;
  w.y[1] = 1;
  return w;
}

static double violation(const problem *w, const double *beta, double lambda, double alpha) {
  double *g = evl_arena_alloc(arena, sizeof(double) * (size_t)(w->p + 1)), most;
  for (int i = 0; i < w->n; i++) {
    double eta = beta[0];
    for (int j = 0; j < w->p; j++) eta += w->x[i * w->p + j] * beta[j + 1];
    double r = (1 / (1 + exp(-eta)) - w->y[i]) / w->n;
    g[0] += r;
    for (int j = 0; j < w->p; j++) g[j + 1] += r * w->x[i * w->p + j];
  }
  most = fabs(g[0]);
  for (int j = 1; j <= w->p; j++) {
    double s = g[j] + lambda * (1 - alpha) * beta[j];
    most = fmax(most, beta[j] != 0 ? fabs(s + copysign(lambda * alpha, beta[j])) : fmax(0, fabs(s) - lambda * alpha));
  }
  return most;
}

static const evl_learner *find(const char *name) {
  for (int i = 0; evl_learners[i]; i++)
    if (!strcmp(evl_learners[i]->name, name)) return evl_learners[i];
  return NULL;
}

/* Fits the learner's own path; returns the coefficients, checks every fit. alpha < 0: ridge. */
static double *check_path(const problem *w, double alpha, int *n_lambda, double *lambda) {
  const evl_learner *learner = find(alpha < 0 ? "ridge" : "elastic_net");
  evl_params *params;
  CHECK(evl_params_default(learner->params, arena, &params) == EVL_OK);
  if (alpha >= 0)
    for (int i = 0; i < params->n; i++)
      if (!strcmp(params->value[i].param->name, "alpha")) params->value[i].real = alpha;
  CHECK(learner->path(params, w->n, w->p, w->x, w->y, lambda, n_lambda) == EVL_OK);
  double *beta = evl_arena_alloc(arena, sizeof(double) * (size_t)(*n_lambda * (w->p + 1)));
  double *work = evl_arena_alloc(arena, sizeof(double) * learner->work(w->n, w->p));
  evl_status status = learner->fit(params, w->n, w->p, w->x, w->y, *n_lambda, lambda, beta, work);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  double most = 0;
  for (int k = 0; k < *n_lambda; k++) {
    if (k > 0) CHECK(lambda[k] < lambda[k - 1] || *n_lambda == 1);
    most = fmax(most, violation(w, beta + k * (w->p + 1), lambda[k], fmax(alpha, 0)));
  }
  printf("# n %d p %d alpha %g: largest violation %.2g\n", w->n, w->p, alpha, most);
  CHECK(most <= 1e-10);
  return beta;
}

static void narrow(void) {
  problem w = make(300, 20, 0.7, 0);
  double lambda[EVL_MAX_PENALTIES];
  int n;
  check_path(&w, -1, &n, lambda);
  check_path(&w, 0.5, &n, lambda);
  check_path(&w, 0.01, &n, lambda);
  double *beta = check_path(&w, 1, &n, lambda);
  for (int j = 1; j <= w.p; j++) CHECK(beta[j] == 0); /* the first penalty is the smallest that leaves nothing */
  int second = 0;
  for (int j = 1; j <= w.p; j++) second += beta[w.p + 1 + j] != 0;
  CHECK(second >= 1);
}

static void wide(void) {
  problem w = make(60, 200, 0.7, 1);
  double lambda[EVL_MAX_PENALTIES];
  int n;
  check_path(&w, -1, &n, lambda);
  check_path(&w, 0.5, &n, lambda);
  check_path(&w, 1, &n, lambda);
}

/* Newton in the rows and Newton in the columns are the same fit: pad a narrow problem with columns of zeros. */
static void wide_equals_narrow(void) {
  problem w = make(40, 8, 0.5, 2), padded = {40, 60, evl_arena_alloc(arena, sizeof(double) * 40 * 60), w.y};
  for (int i = 0; i < 40; i++) memcpy(padded.x + i * 60, w.x + i * 8, 8 * sizeof(double));
  double a[EVL_MAX_PENALTIES], b[EVL_MAX_PENALTIES], *small, *large;
  int n;
  small = check_path(&w, -1, &n, a);
  large = check_path(&padded, -1, &n, b);
  for (int k = 0; k < n; k++) {
    CHECK_NEAR(b[k] / a[k], 1, 1e-14);
    for (int j = 0; j <= 8; j++) CHECK_NEAR(large[k * 61 + j], small[k * 9 + j], 1e-8);
    for (int j = 9; j <= 60; j++) CHECK(fabs(large[k * 61 + j]) < 1e-12);
  }
}

static void collinear(void) {
  problem w = make(200, 12, 0.6, 3);
  for (int i = 0; i < w.n; i++) {
    w.x[i * w.p + 1] = w.x[i * w.p];           /* twins */
    w.x[i * w.p + 2] = -2 * w.x[i * w.p + 3];  /* multiples */
    w.x[i * w.p + 4] = w.x[i * w.p + 5] + 1e-9 * w.x[i * w.p + 6];
  }
  double lambda[EVL_MAX_PENALTIES], *beta;
  int n;
  check_path(&w, 1, &n, lambda);
  beta = check_path(&w, 0.5, &n, lambda);
  for (int k = 0; k < n; k++) CHECK_NEAR(beta[k * 13 + 1], beta[k * 13 + 2], 1e-9); /* the quadratic part shares */
  beta = check_path(&w, -1, &n, lambda);
  for (int k = 0; k < n; k++) CHECK_NEAR(beta[k * 13 + 1], beta[k * 13 + 2], 1e-9);
}

static void separated(void) {
  problem w = make(80, 3, 0, 4);
  for (int i = 0; i < w.n; i++) w.y[i] = w.x[i * 3] > 0.1;
  double lambda[EVL_MAX_PENALTIES];
  int n;
  check_path(&w, -1, &n, lambda);
  check_path(&w, 1, &n, lambda);
}

static void no_columns_and_one(void) {
  problem w = make(50, 1, 1, 5);
  double lambda[EVL_MAX_PENALTIES];
  int n;
  check_path(&w, 0.5, &n, lambda);
  check_path(&w, -1, &n, lambda);
  w.p = 0;
  double mean = evl_mean(w.y, 50), *beta = check_path(&w, -1, &n, lambda);
  CHECK_NEAR(beta[0], log(mean / (1 - mean)), 1e-12);
  check_path(&w, 0.5, &n, lambda);
}

static void given_penalties(void) {
  problem w = make(50, 4, 1, 6);
  const evl_learner *ridge = find("ridge");
  evl_params *params;
  double lambda[EVL_MAX_PENALTIES];
  int n;
  evl_config *config;
  evl_group *group;
  CHECK(evl_config_parse("ridge: { lambda = (10, 1, 0.5); };", "test.cfg", &config) == EVL_OK);
  CHECK(evl_group_child(evl_config_root(config), "ridge", &group) == EVL_OK);
  CHECK(evl_group_params(group, "ridge", &ridge->params, 1, NULL, NULL, arena, &params) == EVL_OK);
  CHECK(ridge->path(params, w.n, w.p, w.x, w.y, lambda, &n) == EVL_OK);
  CHECK(n == 3 && lambda[0] == 10 && lambda[2] == 0.5);
  evl_config_free(config);
  CHECK(evl_config_parse("ridge: { lambda = (1, 2); };", "test.cfg", &config) == EVL_OK);
  CHECK(evl_group_child(evl_config_root(config), "ridge", &group) == EVL_OK);
  CHECK(evl_group_params(group, "ridge", &ridge->params, 1, NULL, NULL, arena, &params) == EVL_OK);
  CHECK(ridge->path(params, w.n, w.p, w.x, w.y, lambda, &n) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "descending"));
  evl_config_free(config);
}

int main(void) {
  arena = evl_arena_create();
  RUN(narrow);
  RUN(wide);
  RUN(wide_equals_narrow);
  RUN(collinear);
  RUN(separated);
  RUN(no_columns_and_one);
  RUN(given_penalties);
  evl_arena_free(arena);
  CHECK_DONE();
}
