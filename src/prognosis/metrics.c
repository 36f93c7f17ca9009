/* Measures of out-of-fold probabilities. Subjects are the units: rows of one are averaged first. */
#include "metrics_priv.h"

#include <math.h>

#include "eveil/math.h"

typedef struct tally {          /* of one learner over repeats */
  double sum[EVL_N_METRICS];
  int n[EVL_N_METRICS];
  double pooled_variance;
} tally;

static void add(tally *t, evl_metric metric, double value) {
  if (isnan(value)) return;
  t->sum[metric] += value;
  t->n[metric]++;
}

/* AUC of each fold's own test subjects. */
static evl_status fold_aucs(const evl_cohort_view *view, const evl_prognosis_result *result, const double *prediction,
                            const int *fold, double *fold_auc, evl_arena *arena, double *p, double *y, tally *t) {
  const evl_design *d = view->design;
  int *row;
  double *value;
  EVL_NEW(arena, row, d->n_rows);
  EVL_NEW(arena, value, d->n_rows);
  for (int f = 0; f < result->setup->n_folds; f++) {
    int n = 0;
    double variance;
    for (int i = 0; i < d->n_rows; i++) {
      const int at = view->order[i];
      if (fold[at] != f) continue;
      value[n] = prediction[at];
      row[n++] = at;
    }
    const int n_groups = evl_group_means(view, n, row, value, p, y);
    if (evl_auc_delong(n_groups, p, y, &fold_auc[f], &variance, arena) !=
        EVL_OK) { /* one class: left out and counted */
      evl_error_clear();
      fold_auc[f] = NAN;
      t->sum[EVL_METRIC_folds_left_out]++;
    }
    add(t, EVL_METRIC_auc, fold_auc[f]);
  }
  return EVL_OK;
}

static void calibration(int n, const double *p, const double *y, evl_arena *arena, tally *t) {
  double slope, intercept, offset;
  if (evl_calibration(n, p, y, &slope, &intercept, arena) == EVL_OK) {
    add(t, EVL_METRIC_calibration_slope, slope);
    add(t, EVL_METRIC_calibration_intercept, intercept);
  }
  if (evl_calibration_in_the_large(n, p, y, &offset, arena) == EVL_OK)
    add(t, EVL_METRIC_calibration_in_the_large, offset);
  evl_error_clear();
}

static void threshold(int n, const double *p, const double *y, evl_prognosis_result *result, int learner, tally *t) {
  int right[2] = {0}, all[2] = {0};
  for (int i = 0; i < n; i++) {
    const int positive = y[i] != 0;
    all[positive]++;
    right[positive] += (p[i] >= 0.5) == positive;
  }
  double *low = result->low + (size_t)learner * EVL_N_INTERVALS,
         *high = result->high + (size_t)learner * EVL_N_INTERVALS;
  add(t, EVL_METRIC_sensitivity, (double)right[1] / all[1]);
  add(t, EVL_METRIC_specificity, (double)right[0] / all[0]);
  evl_clopper_pearson(right[1], all[1], 0.95, &low[EVL_INTERVAL_sensitivity], &high[EVL_INTERVAL_sensitivity]);
  evl_clopper_pearson(right[0], all[0], 0.95, &low[EVL_INTERVAL_specificity], &high[EVL_INTERVAL_specificity]);
}

static evl_status one_repeat(const evl_cohort_view *view, evl_prognosis_result *result, int learner, int repeat,
                             evl_arena *arena, tally *t) {
  const evl_design *d = view->design;
  const size_t at = (size_t)learner * (size_t)result->setup->n_repeats + (size_t)repeat, rows = (size_t)d->n_rows;
  const double *prediction = result->prediction + at * rows;
  double *ordered, *p, *y, auc, variance;
  EVL_NEW(arena, ordered, rows);
  EVL_NEW(arena, p, rows);
  EVL_NEW(arena, y, rows);
  EVL_TRY(fold_aucs(view, result, prediction, result->fold + (size_t)repeat * rows,
                    result->fold_auc + at * (size_t)result->setup->n_folds, arena, p, y, t));
  for (size_t i = 0; i < rows; i++) ordered[i] = prediction[view->order[i]];
  const int n = evl_group_means(view, d->n_rows, view->order, ordered, p, y);
  EVL_TRY(evl_auc_delong(n, p, y, &auc, &variance, arena));
  add(t, EVL_METRIC_auc_pooled_biased, auc);
  t->pooled_variance += variance;
  add(t, EVL_METRIC_brier, evl_brier(n, p, y));
  add(t, EVL_METRIC_log_loss, evl_log_loss(n, p, y));
  calibration(n, p, y, arena, t);
  if (repeat == 0) threshold(n, p, y, result, learner, t);
  return EVL_OK;
}

static double spread(const double *value, int n, double mean) {
  double sum = 0;
  int count = 0;
  for (int i = 0; i < n; i++) {
    if (isnan(value[i])) continue;
    sum += (value[i] - mean) * (value[i] - mean);
    count++;
  }
  return count > 1 ? sqrt(sum / (count - 1)) : NAN;
}

evl_status evl_prognosis_metrics(const evl_cohort_view *view, evl_prognosis_result *result, evl_arena *arena) {
  const int repeats = result->setup->n_repeats, folds = result->setup->n_folds;
  for (int learner = 0; learner < result->setup->n_learners; learner++) {
    tally t = {{0}, {0}, 0};
    for (int repeat = 0; repeat < repeats; repeat++) {
      const evl_mark mark = evl_arena_mark(arena);
      EVL_TRY(one_repeat(view, result, learner, repeat, arena, &t));
      evl_arena_release(arena, mark);
    }
    double *metric = result->metric + (size_t)learner * EVL_N_METRICS;
    double *low = result->low + (size_t)learner * EVL_N_INTERVALS,
           *high = result->high + (size_t)learner * EVL_N_INTERVALS;
    for (int m = 0; m < EVL_N_METRICS; m++) metric[m] = t.n[m] ? t.sum[m] / t.n[m] : NAN;
    metric[EVL_METRIC_folds_left_out] = t.sum[EVL_METRIC_folds_left_out];
    metric[EVL_METRIC_auc_fold_sd] =
      spread(result->fold_auc + (size_t)learner * (size_t)(repeats * folds), repeats * folds, metric[EVL_METRIC_auc]);
    const double pooled = metric[EVL_METRIC_auc_pooled_biased], variance = t.pooled_variance / repeats;
    evl_auc_interval(pooled, variance, 0.95, &low[EVL_INTERVAL_auc_pooled_biased_logit],
                     &high[EVL_INTERVAL_auc_pooled_biased_logit]);
    evl_auc_interval_wald(pooled, variance, 0.95, &low[EVL_INTERVAL_auc_pooled_biased_wald],
                          &high[EVL_INTERVAL_auc_pooled_biased_wald]);
  }
  return EVL_OK;
}
