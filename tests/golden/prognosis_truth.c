/* Inference and penalised fits against pROC, R, scipy and scikit-learn, glmnet: ours, theirs, difference, verdict.
   Objectives and optimality conditions are computed here anew, not by the code under test.
   Over 400 lines: one table of verdicts for all stored values. */
#include "check.h"
#include "eveil/math.h"
#include "eveil/prognosis.h"

typedef struct { char name[120]; int n; double *value; } known;
static known *table;
static int n_known;
static evl_arena *arena;

static bool load(void) {
  const char *python = getenv("PYTHON");
  char command[300];
  snprintf(command, sizeof command, "%s tests/golden/prognosis_truth.py", python ? python : "/usr/bin/python3");
  FILE *pipe = popen(command, "r");
  if (!pipe) return false;
  known k;
  while (fscanf(pipe, "%119s %d", k.name, &k.n) == 2) {
    k.value = malloc((size_t)k.n * sizeof(double));
    for (int i = 0; i < k.n; i++)
      if (fscanf(pipe, "%lf", &k.value[i]) != 1) return false;
    table = realloc(table, (size_t)(n_known + 1) * sizeof *table);
    table[n_known++] = k;
  }
  return pclose(pipe) == 0 && n_known > 0;
}

static const known *find(const char *format, const char *a, const char *b) {
  char name[120];
  snprintf(name, sizeof name, format, a, b);
  for (int i = 0; i < n_known; i++)
    if (!strcmp(table[i].name, name)) return &table[i];
  fprintf(stderr, "no value %s\n", name);
  exit(1);
}

static double value(const char *format, const char *a, const char *b) { return find(format, a, b)->value[0]; }

/* |ours - theirs| <= tolerance max(1, |theirs|) */
static void compare(const char *what, double ours, double theirs, double tolerance) {
  double difference = fabs(ours - theirs) / fmax(1, fabs(theirs));
  bool good = difference <= tolerance;
  printf("# %-46s %24.16g %24.16g %10.2e %s\n", what, ours, theirs, difference, good ? "agrees" : "DIFFERS");
  CHECK(good);
}

/* ---- DeLong ------------------------------------------------------------------------------------- */

static void one_auc(const char *group, const char *name, const known *score, const known *y) {
  double auc, variance, low, high;
  char what[100];
  const char *quantity[] = {"auc", "var", "low95", "high95", "low90", "high90"};
  double ours[6], theirs[6];
  CHECK(evl_auc_delong(score->n, score->value, y->value, &auc, &variance, arena) == EVL_OK);
  ours[0] = auc;
  ours[1] = variance;
  evl_auc_interval_wald(auc, variance, 0.95, &low, &high);
  ours[2] = low;
  ours[3] = high;
  evl_auc_interval_wald(auc, variance, 0.9, &low, &high);
  ours[4] = low;
  ours[5] = high;
  theirs[0] = value("delong_pROC/%s/%s/auc", group, name);
  theirs[1] = value("delong_pROC/%s/%s/var", group, name);
  for (int k = 0; k < 2; k++) {
    theirs[2 + k] = find("delong_pROC/%s/%s/ci95", group, name)->value[k];
    theirs[4 + k] = find("delong_pROC/%s/%s/ci90", group, name)->value[k];
  }
  for (int k = 0; k < 6; k++) {
    snprintf(what, sizeof what, "DeLong %s %s %s", group, name, quantity[k]);
    compare(what, ours[k], theirs[k], 1e-12);
  }
}

static void one_pair(const char *group, const char *pair, const known *a, const known *b, const known *y) {
  double auc_a, auc_b, var_a, var_b, covariance;
  char what[100];
  CHECK(evl_auc_delong(a->n, a->value, y->value, &auc_a, &var_a, arena) == EVL_OK);
  CHECK(evl_auc_delong(b->n, b->value, y->value, &auc_b, &var_b, arena) == EVL_OK);
  CHECK(evl_auc_delong_covariance(a->n, a->value, b->value, y->value, &covariance, arena) == EVL_OK);
  snprintf(what, sizeof what, "DeLong %s %s covariance", group, pair);
  compare(what, covariance, value("delong_pROC/%s/%s/cov", group, pair), 1e-12);
  double z = (auc_a - auc_b) / sqrt(var_a + var_b - 2 * covariance);
  snprintf(what, sizeof what, "DeLong %s %s Z", group, pair);
  compare(what, z, value("delong_pROC/%s/%s/Z", group, pair), 1e-11); /* a quotient of small differences */
  snprintf(what, sizeof what, "DeLong %s %s p", group, pair);
  compare(what, 2 * evl_normal_cdf(-fabs(z)), value("delong_pROC/%s/%s/p", group, pair), 1e-12);
}

static void delong(void) {
  const known *y = find("asah/y", "", "");
  const char *asah[] = {"s100b", "ndka", "wfns"};
  for (int i = 0; i < 3; i++) one_auc("aSAH", asah[i], find("asah/%s", asah[i], ""), y);
  one_pair("aSAH", "s100b_vs_wfns", find("asah/s100b", "", ""), find("asah/wfns", "", ""), y);
  one_pair("aSAH", "s100b_vs_ndka", find("asah/s100b", "", ""), find("asah/ndka", "", ""), y);
  one_pair("aSAH", "wfns_vs_ndka", find("asah/wfns", "", ""), find("asah/ndka", "", ""), y);
  y = find("cohort/y", "", "");
  one_auc("cohort", "A", find("cohort/scoreA", "", ""), y);
  one_auc("cohort", "B", find("cohort/scoreB", "", ""), y);
  one_pair("cohort", "A_vs_B", find("cohort/scoreA", "", ""), find("cohort/scoreB", "", ""), y);
  y = find("oof/y", "", "");
  const char *oof[] = {"lr_nested", "rf", "xgb", "mlp"};
  for (int i = 0; i < 4; i++) one_auc("wdbc", oof[i], find("oof/%s", oof[i], ""), y);
  one_pair("wdbc", "lr_vs_rf", find("oof/lr_nested", "", ""), find("oof/rf", "", ""), y);
  one_pair("wdbc", "lr_vs_xgb", find("oof/lr_nested", "", ""), find("oof/xgb", "", ""), y);
  one_pair("wdbc", "lr_vs_mlp", find("oof/lr_nested", "", ""), find("oof/mlp", "", ""), y);
}

/* ---- calibration, proportions --------------------------------------------------------------------- */

static void calibration_of(const char *name, const known *p, const known *y) {
  double slope, intercept, offset;
  CHECK(evl_calibration(p->n, p->value, y->value, &slope, &intercept, arena) == EVL_OK);
  CHECK(evl_calibration_in_the_large(p->n, p->value, y->value, &offset, arena) == EVL_OK);
  double g0 = 0, g1 = 0;
  for (int i = 0; i < p->n; i++) {
    double z = log(p->value[i] / (1 - p->value[i])), r = evl_logistic(intercept + slope * z) - y->value[i];
    g0 += r / p->n;
    g1 += r * z / p->n;
  }
  compare("calibration: its gradient", fmax(fabs(g0), fabs(g1)), 0, 1e-14);
  /* R's glm stops when the deviance (here 400 to 500) changes by less than 1e-8 of itself: 2e-3 standard errors in the
     step, whose square is what is left. */
  compare("calibration slope", slope, value("calibration_tests_R/%s/slope", name, ""), 1e-7);
  compare("calibration intercept", intercept, value("calibration_tests_R/%s/intercept_joint", name, ""), 1e-7);
  compare("calibration in the large", offset, value("calibration_tests_R/%s/citl_offset", name, ""), 1e-7);
}

static void calibration(void) {
  const known *p = find("cohort/probA", "", ""), *y = find("cohort/y", "", "");
  compare("Brier cohort", evl_brier(p->n, p->value, y->value),
          value("stats_reference/calibration_cohort_probA/brier", "", ""), 1e-13);
  compare("log loss cohort", evl_log_loss(p->n, p->value, y->value),
          value("stats_reference/calibration_cohort_probA/logloss", "", ""), 1e-13);
  calibration_of("cohort_probA", p, y);
  calibration_of("wdbc_lr_nested", find("oof/lr_nested", "", ""), find("oof/y", "", ""));
}

static void proportions(void) {
  int found = 0;
  for (int i = 0; i < n_known; i++) {
    int k, n, end = 0;
    sscanf(table[i].name, "stats_reference/proportion_ci_95/values/%d/%d/beta%n", &k, &n, &end);
    if (end == 0) continue;
    double low, high;
    char what[60];
    evl_clopper_pearson(k, n, 0.95, &low, &high);
    snprintf(what, sizeof what, "Clopper-Pearson %d/%d low", k, n);
    compare(what, low, table[i].value[0], 1e-12);
    snprintf(what, sizeof what, "Clopper-Pearson %d/%d high", k, n);
    compare(what, high, table[i].value[1], 1e-12);
    found++;
  }
  CHECK(found >= 11);
}

/* ---- penalised fits --------------------------------------------------------------------------------- */

typedef struct { int n, p; double *x, *raw, *y, *mean, *sd; } problem;

static problem wdbc(void) {
  problem w = {0, 0, NULL, NULL, NULL, NULL, NULL};
  const known *column[64] = {NULL};
  for (int i = 0; i < n_known; i++) {
    if (strncmp(table[i].name, "wdbc/", 5)) continue;
    if (!strcmp(table[i].name, "wdbc/y")) w.y = table[i].value;
    else column[w.p++] = &table[i];
  }
  w.n = column[0]->n;
  w.x = malloc(sizeof(double) * (size_t)w.n * (size_t)w.p);
  w.raw = malloc(sizeof(double) * (size_t)w.n * (size_t)w.p);
  w.mean = malloc(sizeof(double) * (size_t)w.p);
  w.sd = malloc(sizeof(double) * (size_t)w.p);
  for (int j = 0; j < w.p; j++) {
    w.mean[j] = evl_mean(column[j]->value, (size_t)w.n);
    w.sd[j] = sqrt(evl_variance(column[j]->value, (size_t)w.n, 0));
    for (int i = 0; i < w.n; i++) {
      w.raw[i * w.p + j] = column[j]->value[i];
      w.x[i * w.p + j] = (column[j]->value[i] - w.mean[j]) / w.sd[j];
    }
  }
  return w;
}

static long double objective(const problem *w, const double *beta, double lambda, double alpha, double *violation) {
  long double loss = 0, square = 0, absolute = 0;
  long double *gradient = calloc((size_t)w->p + 1, sizeof *gradient);
  for (int i = 0; i < w->n; i++) {
    long double eta = beta[0];
    for (int j = 0; j < w->p; j++) eta += (long double)w->x[i * w->p + j] * beta[j + 1];
    loss += log1pl(expl(-fabsl(eta))) + (eta > 0 ? eta : 0) - w->y[i] * eta;
    long double r = 1 / (1 + expl(-eta)) - w->y[i];
    gradient[0] += r / w->n;
    for (int j = 0; j < w->p; j++) gradient[j + 1] += r * w->x[i * w->p + j] / w->n;
  }
  long double most = fabsl(gradient[0]);
  for (int j = 1; j <= w->p; j++) {
    square += (long double)beta[j] * beta[j];
    absolute += fabsl(beta[j]);
    long double g = gradient[j] + lambda * (1 - alpha) * beta[j];
    long double v =
        beta[j] != 0 ? fabsl(g + (beta[j] > 0 ? 1 : -1) * lambda * alpha) : fmaxl(0, fabsl(g) - lambda * alpha);
    if (v > most) most = v;
  }
  free(gradient);
  *violation = (double)most;
  return loss / w->n + lambda * ((1 - alpha) / 2 * square + alpha * absolute);
}

static const evl_learner *learner(const char *name) {
  for (int i = 0; evl_learners[i]; i++)
    if (!strcmp(evl_learners[i]->name, name)) return evl_learners[i];
  return NULL;
}

/* alpha 0: ridge. beta[n_lambda][p + 1] on standardised columns. */
static double *fit(const problem *w, double alpha, int n_lambda, const double *lambda) {
  const evl_learner *l = learner(alpha == 0 ? "ridge" : "elastic_net");
  evl_params *params;
  double *beta = calloc((size_t)n_lambda * ((size_t)w->p + 1), sizeof *beta);
  double *work = calloc(l->work(w->n, w->p), sizeof *work);
  CHECK(evl_params_default(l->params, arena, &params) == EVL_OK);
  for (int i = 0; i < params->n; i++)
    if (!strcmp(params->value[i].param->name, "alpha")) params->value[i].real = alpha;
  CHECK(l->fit(params, w->n, w->p, w->x, w->y, n_lambda, lambda, beta, work) == EVL_OK);
  free(work);
  return beta;
}

/* Solves a x = b in place by elimination with pivots; a is m x m. */
static void eliminate(int m, long double *a, long double *b) {
  for (int k = 0; k < m; k++) {
    int pivot = k;
    for (int i = k + 1; i < m; i++)
      if (fabsl(a[i * m + k]) > fabsl(a[pivot * m + k])) pivot = i;
    for (int j = 0; j < m; j++) {
      long double keep = a[k * m + j];
      a[k * m + j] = a[pivot * m + j];
      a[pivot * m + j] = keep;
    }
    long double keep = b[k];
    b[k] = b[pivot];
    b[pivot] = keep;
    for (int i = k + 1; i < m; i++) {
      long double f = a[i * m + k] / a[k * m + k];
      for (int j = k; j < m; j++) a[i * m + j] -= f * a[k * m + j];
      b[i] -= f * b[k];
    }
  }
  for (int k = m - 1; k >= 0; k--) {
    for (int j = k + 1; j < m; j++) b[k] -= a[k * m + j] * b[j];
    b[k] /= a[k * m + k];
  }
}

/* Takes the peer's own stopping error away: Newton steps in long double on the peer's nonzero columns, signs as they
 * are. */
static void polish(const problem *w, double lambda, double alpha, double *beta) {
  enum { MOST = 40 };
  for (int step = 0; step < 4; step++) {
    int set[MOST], m = 0;
    static long double a[MOST * MOST], b[MOST], row[MOST];
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    for (int j = 0; j <= w->p; j++)
      if (j == 0 || beta[j] != 0) set[m++] = j;
    for (int i = 0; i < w->n; i++) {
      long double eta = 0;
      for (int k = 0; k < m; k++) {
        row[k] = set[k] ? w->x[i * w->p + set[k] - 1] : 1;
        eta += row[k] * beta[set[k]];
      }
      long double prob = 1 / (1 + expl(-eta));
      for (int k = 0; k < m; k++) {
        b[k] -= (prob - w->y[i]) * row[k] / w->n;
        for (int l = 0; l < m; l++) a[k * m + l] += prob * (1 - prob) * row[k] * row[l] / w->n;
      }
    }
    for (int k = 1; k < m; k++) {
      a[k * m + k] += lambda * (1 - alpha);
      b[k] -= lambda * (1 - alpha) * beta[set[k]] + lambda * alpha * (beta[set[k]] > 0 ? 1 : -1);
    }
    eliminate(m, a, b);
    for (int k = 0; k < m; k++) beta[set[k]] += (double)b[k];
  }
}

/* Both on standardised columns. Objective at or below theirs (to the rounding of a double), gradient at most 1e-10, and
   coefficients to 1e-8 once the peer's own stopping error is taken away; what they differ by before that is printed:
   where columns are nearly collinear (wdbc: radius, perimeter, area) a gradient of 1e-8 still leaves 1e-4 of a
   coefficient open. Where the peer's stored gradient bounds that (`tolerance` >= 0), the plain difference is held to
   it. */
static void compare_fit(const char *what, const problem *w, double lambda, double alpha, const double *ours,
                        double *theirs, double tolerance) {
  double violation, violation_theirs, plain = 0, polished = 0;
  long double f = objective(w, ours, lambda, alpha, &violation);
  long double f_theirs = objective(w, theirs, lambda, alpha, &violation_theirs);
  for (int j = 0; j <= w->p; j++) plain = fmax(plain, fabs(ours[j] - theirs[j]));
  polish(w, lambda, alpha, theirs);
  for (int j = 0; j <= w->p; j++) polished = fmax(polished, fabs(ours[j] - theirs[j]));
  bool good = f <= f_theirs + 1e-16L && violation <= 1e-10 && polished <= 1e-8 && (tolerance < 0 || plain <= tolerance);
  printf("# %-34s lambda %-9.3g objective %.15Lf %+.1Le  gradient %.1e (theirs %.1e)  coefficients %.1e%s, "
         "polished %.1e  %s\n", what, lambda, f, f - f_theirs, violation, violation_theirs, plain,
         plain <= 2e-6 ? "" : " (beyond 2e-6)", polished, good ? "agrees" : "DIFFERS");
  CHECK(good);
}

static void glmnet_path(const problem *w, const char *name, double alpha, bool user) {
  const known *lambda = find("glmnet_cox_ordinal/%s/lambda", name, "");
  double *beta = fit(w, alpha, lambda->n, lambda->value);
  if (!user) {
    double largest = 0;
    const double mean_y = evl_mean(w->y, (size_t)w->n);
    for (int j = 0; j < w->p; j++) {
      double s = 0;
      for (int i = 0; i < w->n; i++) s += w->x[i * w->p + j] * (w->y[i] - mean_y);
      largest = fmax(largest, fabs(s) / w->n);
    }
    compare("first penalty of the path", largest / fmax(alpha, 1e-3), lambda->value[0], 1e-12);
  }
  for (int c = 0;; c++) {
    char index[16], what[60];
    snprintf(index, sizeof index, "%d", c);
    int column = c;
    if (!user) {
      const known *which = find("glmnet_cox_ordinal/%s/col_index_1based", name, "");
      if (c == which->n) break;
      column = (int)which->value[c] - 1;
      if (alpha == 0 && column == 0) continue; /* an artefact of glmnet: its first ridge penalty is infinite inside */
    } else if (c == lambda->n) break;
    const known *coef = find("glmnet_cox_ordinal/%s/coef/%s", name, index);
    double *theirs = malloc(((size_t)w->p + 1) * sizeof *theirs);
    theirs[0] = coef->value[0];
    for (int j = 0; j < w->p; j++) {
      theirs[j + 1] = coef->value[j + 1] * w->sd[j];
      theirs[0] += coef->value[j + 1] * w->mean[j];
    }
    snprintf(what, sizeof what, "glmnet %s", name);
    compare_fit(what, w, lambda->value[column], alpha, beta + column * (w->p + 1), theirs, -1);
    free(theirs);
  }
  free(beta);
}

static void glmnet(void) {
  problem w = wdbc();
  glmnet_path(&w, "binomial_alpha1", 1, false);
  glmnet_path(&w, "binomial_alpha0.5", 0.5, false);
  glmnet_path(&w, "binomial_alpha0", 0, false);
  glmnet_path(&w, "binomial_alpha0.5_user_lambda", 0.5, true);
}

static void scikit_learn(void) {
  problem w = wdbc();
  static const struct { const char *name; double c, alpha; } peer[] = {
    {"logistic_l2_C0.01", 0.01, 0}, {"logistic_l2_C1.0", 1, 0}, {"logistic_l2_C100.0", 100, 0},
    {"logistic_enet_C1_l1r0.5", 1, 0.5}};
  for (int k = 0; k < 4; k++) {
    /* C sum(loss) + penalty is n C times our objective with lambda = 1 / (n C). */
    const double lambda = 1 / (w.n * peer[k].c);
    double *ours = fit(&w, peer[k].alpha, 1, &lambda), *theirs = malloc(((size_t)w.p + 1) * sizeof *theirs), violation;
    theirs[0] = value("models_sklearn/%s/intercept", peer[k].name, "");
    memcpy(theirs + 1, find("models_sklearn/%s/coef", peer[k].name, "")->value, (size_t)w.p * sizeof *theirs);
    (void)objective(&w, theirs, lambda, peer[k].alpha, &violation); /* in the peer's scale: times n C */
    double stored = peer[k].alpha == 0 ? value("models_sklearn/%s/max_abs_grad", peer[k].name, "") : violation / lambda;
    compare_fit(peer[k].name, &w, lambda, peer[k].alpha, ours, theirs, fmax(1e-8, 2 * stored));
    free(ours);
    free(theirs);
  }
}

/* ---- nested cross-validation on stored folds -------------------------------------------------------------- */

static double auc_of(int n, const double *score, const double *y) {
  double auc = NAN, variance;
  CHECK(evl_auc_delong(n, score, y, &auc, &variance, arena) == EVL_OK);
  return auc;
}

/* Fits on `train`, scores (linear) of `test`: [n_c][n_test]. */
static void fold_scores(const evl_design *d, int n_train, const int *train, int n_test, const int *test, int n_c,
                        const double *c, double *score) {
  const evl_learner *l = learner("ridge");
  evl_scaler *scaler;
  evl_params *params;
  CHECK(evl_scaler_fit(d, n_train, train, arena, &scaler) == EVL_OK);
  CHECK(evl_params_default(l->params, arena, &params) == EVL_OK);
  const int p = scaler->n_kept;
  double *z = evl_arena_alloc(arena, sizeof(double) * (size_t)d->n_rows * (size_t)p),
         *y = evl_arena_alloc(arena, sizeof(double) * (size_t)n_train);
  double *lambda = evl_arena_alloc(arena, sizeof(double) * (size_t)n_c),
         *work = evl_arena_alloc(arena, sizeof(double) * l->work(n_train, p));
  double *beta = evl_arena_alloc(arena, sizeof(double) * (size_t)(n_c * (p + 1)));
  evl_scaler_apply(scaler, d, n_train, train, z);
  for (int i = 0; i < n_train; i++) y[i] = d->y[train[i]];
  for (int k = 0; k < n_c; k++) lambda[k] = 1 / (n_train * c[k]);
  CHECK(l->fit(params, n_train, p, z, y, n_c, lambda, beta, work) == EVL_OK);
  evl_scaler_apply(scaler, d, n_test, test, z);
  for (int k = 0; k < n_c; k++)
    for (int i = 0; i < n_test; i++) {
      double eta = beta[k * (p + 1)];
      for (int j = 0; j < p; j++) eta += beta[k * (p + 1) + 1 + j] * z[i * p + j];
      score[k * n_test + i] = eta;
    }
}

static void split(const known *fold, int which, bool only_inside, int *n_train, int *train, int *n_test, int *test) {
  *n_train = *n_test = 0;
  for (int i = 0; i < fold->n; i++) {
    if (only_inside && fold->value[i] < 0) continue;
    if ((int)fold->value[i] == which) test[(*n_test)++] = i;
    else train[(*n_train)++] = i;
  }
}

static void nested(void) {
  problem w = wdbc();
  const known *c = find("models_sklearn/nested_cv_logistic_l2/C_grid", "", ""), *outer = find("folds/outer", "", "");
  evl_design d = {.n_rows = w.n, .n_columns = w.p, .x = w.raw, .y = w.y};
  int train[600], test[600], n_train, n_test;
  static double score[9 * 600], pooled[600];
  double y_test[600], sum = 0;
  for (int f = 0; f < 5; f++) {
    char number[16];
    double inner_auc[9] = {0};
    snprintf(number, sizeof number, "%d", f);
    evl_mark mark = evl_arena_mark(arena);
    for (int g = 0; g < 5; g++) {
      split(find("folds/inner_of_outer%s", number, ""), g, true, &n_train, train, &n_test, test);
      fold_scores(&d, n_train, train, n_test, test, c->n, c->value, score);
      for (int i = 0; i < n_test; i++) y_test[i] = w.y[test[i]];
      for (int k = 0; k < c->n; k++) inner_auc[k] += auc_of(n_test, score + k * n_test, y_test) / 5;
    }
    int best = 0;
    for (int k = 1; k < c->n; k++)
      if (inner_auc[k] > inner_auc[best] + 1e-12) best = k; /* ties of sums in rounding */
    for (int k = 0; k < c->n; k++)
      compare("inner AUC", inner_auc[k], find("nested/%s/inner_mean_auc", number, "")->value[k], 1e-12);
    compare("chosen C", c->value[best], value("nested/%s/best_C", number, ""), 0);
    split(outer, f, false, &n_train, train, &n_test, test);
    fold_scores(&d, n_train, train, n_test, test, 1, &c->value[best], score);
    for (int i = 0; i < n_test; i++) {
      y_test[i] = w.y[test[i]];
      pooled[test[i]] = evl_logistic(score[i]);
    }
    double auc = auc_of(n_test, score, y_test);
    compare("outer fold AUC", auc, value("nested/%s/test_auc", number, ""), 1e-12);
    sum += auc / 5;
    evl_arena_release(arena, mark);
  }
  compare("mean of folds", sum, value("models_sklearn/nested_cv_logistic_l2/mean_auc", "", ""), 1e-12);
  compare("pooled AUC", auc_of(w.n, pooled, w.y), value("models_sklearn/nested_cv_logistic_l2/pooled_auc", "", ""),
          1e-12);
  compare("pooled Brier", evl_brier(w.n, pooled, w.y),
          value("models_sklearn/nested_cv_logistic_l2/pooled_brier", "", ""), 1e-10);
}

int main(void) {
  arena = evl_arena_create();
  if (!load()) {
    printf("skip prognosis_truth: no values in $EVEIL_TRUTH or ../shared/truth\n");
    return 0;
  }
  printf("# %-46s %24s %24s %10s\n", "what", "ours", "theirs", "difference");
  RUN(delong);
  RUN(calibration);
  RUN(proportions);
  RUN(glmnet);
  RUN(scikit_learn);
  RUN(nested);
  CHECK_DONE();
}
