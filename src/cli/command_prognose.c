/* eveil prognose CFG: validated probabilities from a store or a table, folds spread over the ranks. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command_priv.h"
#include "eveil/cohort.h"
#include "eveil/parallel.h"
#include "eveil/prognosis.h"
#include "eveil/store.h"

typedef struct job {
  evl_arena *arena;
  evl_config *config;
  const char *text, *folder, *store, *prognosis;
  int n;
  evl_params **params, **select;
  evl_prognosis_setup **setup;
  evl_prognosis_result **result;
} job;

static evl_status folder_of(job *j, const char *path) {
  const char *slash = strrchr(path, '/');
  j->folder = slash ? evl_arena_format(j->arena, "%.*s", slash == path ? 1 : (int)(slash - path), path) : "";
  return j->folder ? EVL_OK : EVL_MEMORY;
}

static evl_status configure(job *j, const char *path) {
  evl_group *root, *group;
  evl_params *output, *run;
  const evl_param *run_table = evl_run_params;
  EVL_TRY(folder_of(j, path));
  root = evl_config_root(j->config);
  EVL_TRY(evl_output_read(j->config, j->arena, &output));
  EVL_TRY(evl_group_child(root, "run", &group));
  EVL_TRY(evl_group_params(group, "run", &run_table, 1, NULL, NULL, j->arena, &run));
  j->store = evl_path_from(path, evl_params_string(output, "store"), j->arena);
  j->prognosis = evl_path_from(path, evl_params_string(output, "prognosis"), j->arena);
  if (!j->store || !j->prognosis) return EVL_MEMORY;
  EVL_TRY(evl_group_list(root, "prognosis", &j->n));
  if (j->n == 0)
    return evl_fail(EVL_USAGE, "%s: expected a list prognosis: ( { outcome = ...; positive = ...; } ), found none",
                    path);
  EVL_NEW(j->arena, j->params, j->n);
  EVL_NEW(j->arena, j->select, j->n);
  EVL_NEW(j->arena, j->setup, j->n);
  EVL_NEW(j->arena, j->result, j->n);
  for (int k = 0; k < j->n; k++) {
    EVL_TRY(evl_group_item(root, "prognosis", k, &group));
    EVL_TRY(evl_prognosis_configure(group, run, j->arena, &j->params[k], &j->select[k], &j->setup[k]));
    for (int before = 0; before < k; before++)
      if (!strcmp(j->setup[before]->name, j->setup[k]->name))
        return evl_fail(EVL_USAGE, "%s: two elements of prognosis are named \"%s\"", evl_group_where(group),
                        j->setup[k]->name);
  }
  return EVL_OK;
}

static void print_measure(FILE *out, const char *what, double value, double low, double high) {
  fprintf(out, "    %-27s %.3f ", what, value);
  if (isnan(low)) fprintf(out, "(no interval: complete separation)\n");
  else fprintf(out, "[%.3f, %.3f]\n", low, high);
}

static void print_result(const evl_prognosis_result *r, FILE *out) {
  const evl_design *d = r->design;
  fprintf(out, "prognosis \"%s\": %d subjects (%d positive), %d rows, %d columns, %d folds x %d repeats%s\n", r->name,
          d->n_groups, r->n_positive, d->n_rows, d->n_columns, r->setup->n_folds, r->setup->n_repeats,
          r->setup->permute ? ", OUTCOMES PERMUTED" : "");
  fprintf(out, "  left out:");
  for (int k = 0; k < d->n_left_out; k++)
    fprintf(out, "%s %d %s", k ? "," : "", d->left_out[k].n, d->left_out[k].reason);
  fprintf(out, "%s\n", d->n_left_out ? "" : " none");
  for (int l = 0; l < r->setup->n_learners; l++) {
    const double *m = r->metric + (size_t)l * EVL_N_METRICS;
    const double *low = r->low + (size_t)l * EVL_N_INTERVALS, *high = r->high + (size_t)l * EVL_N_INTERVALS;
    fprintf(out, "  %s\n", r->setup->learner[l]->name);
    fprintf(out, "    AUC, mean of folds          %.3f (sd of folds %.3f, %g left out)\n", m[EVL_METRIC_auc],
            m[EVL_METRIC_auc_fold_sd], m[EVL_METRIC_folds_left_out]);
    print_measure(out, "AUC, pooled (biased)", m[EVL_METRIC_auc_pooled_biased],
                  low[EVL_INTERVAL_auc_pooled_biased_logit],
                  high[EVL_INTERVAL_auc_pooled_biased_logit]);
    fprintf(out, "    Brier, log loss             %.3f, %.3f\n", m[EVL_METRIC_brier], m[EVL_METRIC_log_loss]);
    if (isnan(m[EVL_METRIC_calibration_slope])) fprintf(out, "    calibration slope           no finite estimate\n");
    else fprintf(out, "    calibration slope, in large %.3f, %.3f\n", m[EVL_METRIC_calibration_slope],
            m[EVL_METRIC_calibration_in_the_large]);
    print_measure(out, "sensitivity at 0.5", m[EVL_METRIC_sensitivity], low[EVL_INTERVAL_sensitivity],
                  high[EVL_INTERVAL_sensitivity]);
    print_measure(out, "specificity at 0.5", m[EVL_METRIC_specificity], low[EVL_INTERVAL_specificity],
                  high[EVL_INTERVAL_specificity]);
  }
}

static evl_status work(job *j, const char *path) {
  EVL_TRY(evl_config_read(path, j->arena, &j->text, &j->config));
  EVL_TRY(evl_agree(configure(j, path)));
  for (int k = 0; k < j->n; k++) {
    evl_design *design = NULL;
    const char *where = evl_arena_format(j->arena, "%s: prognosis \"%s\"", path, j->setup[k]->name);
    evl_status status = where ? EVL_OK : EVL_MEMORY;
    if (status == EVL_OK && evl_rank() == 0)
      status = evl_design_read(j->params[k], j->select[k], j->folder, j->store, where, j->arena, &design);
    EVL_TRY(evl_agree(status));
    EVL_TRY(evl_design_broadcast(&design, j->arena));
    if (k == 0) EVL_TRY(evl_agree(evl_rank() == 0 ? evl_folder_of_make(j->prognosis) : EVL_OK)); /* before the work */
    EVL_TRY(evl_prognosis_run(design, j->setup[k], j->arena, &j->result[k]));
  }
  EVL_TRY(evl_prognosis_write(j->prognosis, j->n, j->result, j->text, j->arena));
  for (int k = 0; k < j->n && evl_rank() == 0; k++) print_result(j->result[k], stdout);
  return EVL_OK;
}

static evl_status run(const evl_arguments *arguments) {
  job j = {.arena = evl_arena_create()};
  if (!j.arena) return evl_fail(EVL_MEMORY, "out of memory");
  evl_status status = work(&j, arguments->operand[0]);
  evl_config_free(j.config);
  evl_arena_free(j.arena);
  return status;
}

const evl_command evl_command_prognose = {
    "prognose", "CFG", "train and validate on the store, or on any CSV table", NULL, true, 1, 1, run};
