/* Cohorts with known coefficients, for the statistical checks of the prognosis. */
#ifndef PROGNOSIS_COHORT_H
#define PROGNOSIS_COHORT_H

#include "check.h"
#include "eveil/math.h"
#include "eveil/prognosis.h"

enum { COHORT_TRUE = 5, COHORT_NOISE = 10, COHORT_COLUMNS = COHORT_TRUE + COHORT_NOISE };

typedef struct cohort {
  evl_design design;
  double *linear;   /* [n] the true linear predictor */
} cohort;

/* Coefficients .8, -.6, .5, -.4, .3 on correlated columns, ten distractors, 3 % of cells missing. */
static void cohort_make(int n, uint64_t index, evl_arena *arena, cohort *c) {
  static const double coefficient[COHORT_TRUE] = {0.8, -0.6, 0.5, -0.4, 0.3};
  const char **subject = evl_arena_alloc(arena, sizeof(char *) * (size_t)n), **column;
  double *x = evl_arena_alloc(arena, sizeof(double) * (size_t)n * COHORT_COLUMNS);
  double *y = evl_arena_alloc(arena, sizeof(double) * (size_t)n);
  column = evl_arena_alloc(arena, sizeof(char *) * COHORT_COLUMNS);
  c->linear = evl_arena_alloc(arena, sizeof(double) * (size_t)n);
  evl_random random;
  evl_random_begin(&random, 20260101, "cohort", "columns", index);
  for (int j = 0; j < COHORT_COLUMNS; j++) column[j] = evl_arena_format(arena, "x%d", j);
  for (int i = 0; i < n; i++) {
    double *row = x + i * COHORT_COLUMNS, shared = evl_random_normal(&random);
    subject[i] = evl_arena_format(arena, "sub-%04d", i);
    for (int j = 0; j < COHORT_COLUMNS; j++) {
      row[j] = 0.4 * shared + evl_random_normal(&random);
      if (j < COHORT_TRUE) c->linear[i] += coefficient[j] * row[j];
    }
    y[i] = evl_random_uniform(&random) < evl_logistic(c->linear[i] - 0.3);
    for (int j = 0; j < COHORT_COLUMNS; j++)
      if (evl_random_uniform(&random) < 0.03) row[j] = NAN;
  }
  c->design =
      (evl_design){.n_rows = n, .n_columns = COHORT_COLUMNS, .subject = subject, .column = column, .x = x, .y = y};
  CHECK(evl_design_finish(&c->design, "cohort", arena) == EVL_OK);
}

/* Settings as from a configuration. */
static evl_prognosis_setup *cohort_setup(const char *text, evl_arena *arena) {
  evl_config *config;
  evl_group *group;
  evl_params *params, *select;
  evl_prognosis_setup *setup = NULL;
  CHECK(evl_config_parse(text, "test.cfg", &config) == EVL_OK);
  CHECK(evl_group_child(evl_config_root(config), "p", &group) == EVL_OK);
  evl_status status = evl_prognosis_configure(group, NULL, arena, &params, &select, &setup);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  evl_config_free(config);
  return setup;
}

static double cohort_auc(const evl_prognosis_result *r, int learner) {
  return r->metric[learner * EVL_N_METRICS + EVL_METRIC_auc];
}

/* Mean fold-wise AUC of `n_cohorts` beside the true linear predictor's. */
static void cohort_recovery(int n_cohorts, const char *settings) {
  evl_arena *arena = evl_arena_create();
  evl_prognosis_setup *setup = cohort_setup(settings, arena);
  double sum[2] = {0}, truth = 0, pooled = 0;
  for (int k = 0; k < n_cohorts; k++) {
    evl_mark mark = evl_arena_mark(arena);
    cohort c;
    evl_prognosis_result *r;
    double auc, variance;
    cohort_make(400, (uint64_t)k, arena, &c);
    evl_status status = evl_prognosis_run(&c.design, setup, arena, &r);
    if (status != EVL_OK) printf("# %s\n", evl_error_message());
    CHECK(status == EVL_OK);
    CHECK(evl_auc_delong(400, c.linear, c.design.y, &auc, &variance, arena) == EVL_OK);
    truth += auc / n_cohorts;
    for (int l = 0; l < setup->n_learners; l++) sum[l] += cohort_auc(r, l) / n_cohorts;
    pooled += r->metric[EVL_METRIC_auc_pooled_biased] / n_cohorts;
    evl_arena_release(arena, mark);
  }
  for (int l = 0; l < setup->n_learners; l++) {
    printf("# %d cohorts of 400: true predictor %.4f, %s %.4f (pooled, first learner %.4f)\n", n_cohorts, truth,
           setup->learner[l]->name, sum[l], pooled);
    CHECK(fabs(sum[l] - truth) < 0.05);
    CHECK(sum[l] > 0.7);
  }
  evl_arena_free(arena);
}

/* Outcomes permuted: the mean over cohorts is .5 within 3.3 standard errors. */
static void cohort_null(int n_cohorts, const char *settings) {
  evl_arena *arena = evl_arena_create();
  evl_prognosis_setup *setup = cohort_setup(settings, arena);
  double sum = 0, square = 0, pooled = 0;
  CHECK(setup->permute);
  for (int k = 0; k < n_cohorts; k++) {
    evl_mark mark = evl_arena_mark(arena);
    cohort c;
    evl_prognosis_result *r;
    cohort_make(400, (uint64_t)(1000 + k), arena, &c);
    CHECK(evl_prognosis_run(&c.design, setup, arena, &r) == EVL_OK);
    double auc = cohort_auc(r, 0);
    sum += auc;
    square += auc * auc;
    pooled += r->metric[EVL_METRIC_auc_pooled_biased] / n_cohorts;
    evl_arena_release(arena, mark);
  }
  double mean = sum / n_cohorts, error = sqrt((square / n_cohorts - mean * mean) / (n_cohorts - 1));
  printf("# %d permuted cohorts, %s: mean %.5f, standard error %.5f, %.2f of them from .5 (pooled: %.5f)\n", n_cohorts,
         setup->learner[0]->name, mean, error, (mean - 0.5) / error, pooled);
  CHECK(fabs(mean - 0.5) < 3.3 * error);
  CHECK(error > 0 && error < 0.02);
  evl_arena_free(arena);
}

#endif
