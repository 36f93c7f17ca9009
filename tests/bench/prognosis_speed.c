/* Times of the prognosis kernels on the wdbc table of $EVEIL_TRUTH (default ../shared/truth), best of several. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eveil/math.h"
#include "eveil/prognosis.h"

enum { REPEATS = 7 };

static void must(evl_status status) {
  if (status == EVL_OK) return;
  fprintf(stderr, "%s\n", evl_error_message());
  exit(1);
}

static const evl_learner *learner(const char *name) {
  for (int i = 0; evl_learners[i]; i++)
    if (!strcmp(evl_learners[i]->name, name)) return evl_learners[i];
  exit(1);
}

static void time_delong(evl_arena *arena) {
  enum { N = 50000 };
  double *score = evl_arena_alloc(arena, N * sizeof *score), *y = evl_arena_alloc(arena, N * sizeof *y), auc, variance,
         best = 1e9;
  evl_random random;
  evl_random_begin(&random, 1, "bench", "delong", 0);
  for (int i = 0; i < N; i++) {
    y[i] = i % 3 == 0;
    score[i] = evl_random_normal(&random) + y[i];
  }
  for (int k = 0; k < REPEATS; k++) {
    double t = evl_seconds();
    must(evl_auc_delong(N, score, y, &auc, &variance, arena));
    t = evl_seconds() - t;
    best = t < best ? t : best;
  }
  printf("delong_50000_ms %.3f\n", 1e3 * best);
}

static void time_path(const char *name, int n_lambda, const double *x, const double *y, int n, int p,
                      evl_arena *arena) {
  const evl_learner *l = learner(name);
  evl_params *params;
  double lambda[EVL_MAX_PENALTIES], best = 1e9;
  int made;
  must(evl_params_default(l->params, arena, &params));
  for (int i = 0; i < params->n; i++) {
    if (!strcmp(params->value[i].param->name, "penalties")) params->value[i].integer = n_lambda;
    if (!strcmp(params->value[i].param->name, "ratio")) params->value[i].real = 1e-4;
  }
  double *beta = evl_arena_alloc(arena, sizeof *beta * (size_t)(n_lambda * (p + 1))),
         *work = evl_arena_alloc(arena, sizeof *work * l->work(n, p));
  for (int k = 0; k < REPEATS; k++) {
    double t = evl_seconds();
    must(l->path(params, n, p, x, y, lambda, &made));
    must(l->fit(params, n, p, x, y, made, lambda, beta, work));
    t = evl_seconds() - t;
    best = t < best ? t : best;
  }
  printf("%s_path_%d_ms %.3f\n", name, n_lambda, 1e3 * best);
}

static void time_nested(const evl_design *design, evl_arena *arena) {
  const char *text = "p: { outcome = \"y\"; positive = \"1\"; repeats = 1; choose = \"auc\";"
                     "ridge: { lambda = (20, 2, 0.2, 0.02, 2e-3, 2e-4, 2e-5, 2e-6, 2e-7); }; };";
  evl_config *config;
  evl_group *group;
  evl_params *params, *select;
  evl_prognosis_setup *setup;
  evl_prognosis_result *result;
  double best = 1e9;
  must(evl_config_parse(text, "bench", &config));
  must(evl_group_child(evl_config_root(config), "p", &group));
  must(evl_prognosis_configure(group, NULL, arena, &params, &select, &setup));
  for (int k = 0; k < 3; k++) {
    double t = evl_seconds();
    must(evl_prognosis_run(design, setup, arena, &result));
    t = evl_seconds() - t;
    best = t < best ? t : best;
  }
  printf("nested_5x5x9_s %.3f (AUC %.5f)\n", best, result->metric[EVL_METRIC_auc]);
  evl_config_free(config);
}

int main(void) {
  evl_arena *arena = evl_arena_create();
  const char *truth = getenv("EVEIL_TRUTH");
  char path[1000];
  evl_table *table;
  snprintf(path, sizeof path, "%s/trust/inputs/wdbc.csv", truth ? truth : "../shared/truth");
  time_delong(arena);
  must(evl_table_read(path, ',', arena, &table));
  const int n = table->n_rows, p = table->n_columns - 1, outcome = evl_table_column(table, "y");
  double *x = evl_arena_alloc(arena, sizeof *x * (size_t)(n * p)), *y = evl_arena_alloc(arena, sizeof *y * (size_t)n);
  double *z = evl_arena_alloc(arena, sizeof *z * (size_t)(n * p));
  const char **subject = evl_arena_alloc(arena, sizeof *subject * (size_t)n);
  int *row = evl_arena_alloc(arena, sizeof *row * (size_t)n);
  evl_scaler *scaler;
  for (int i = 0; i < n; i++) {
    subject[i] = evl_arena_format(arena, "%d", i);
    row[i] = i;
    for (int j = 0, k = 0; j < table->n_columns; j++)
      if (!evl_cell_number(evl_table_cell(table, i, j), j == outcome ? &y[i] : &x[i * p + k++])) exit(1);
  }
  evl_design design = {.n_rows = n, .n_columns = p, .subject = subject, .column = table->name, .x = x, .y = y};
  must(evl_design_finish(&design, "bench", arena));
  must(evl_scaler_fit(&design, n, row, arena, &scaler));
  evl_scaler_apply(scaler, &design, n, row, z);
  time_path("elastic_net", 50, z, y, n, p, arena);
  time_path("elastic_net", 100, z, y, n, p, arena);
  time_path("ridge", 50, z, y, n, p, arena);
  time_nested(&design, arena);
  evl_arena_free(arena);
  return 0;
}
