/* One training set: imputation, standardisation, the penalty by inner folds, the fit. */
#include "fold_fit_priv.h"

#include <math.h>
#include <string.h>

#include "logistic_priv.h"

typedef struct path_fit {     /* a whole path fitted on some rows */
  evl_scaler *scaler;
  int n_lambda;
  double *beta;               /* [n_lambda][n_kept + 1] */
} path_fit;

int evl_group_means(const evl_cohort_view *view, int n, const int *row, const double *p, double *group_p,
                    double *group_y) {
  const int *group = view->design->group;
  int n_groups = 0;
  for (int i = 0, end; i < n; i = end) {
    double sum = 0;
    for (end = i; end < n && group[row[end]] == group[row[i]]; end++) sum += p[end];
    group_p[n_groups] = sum / (end - i);
    group_y[n_groups++] = view->y[row[i]];
  }
  return n_groups;
}

/* lambda NULL: the learner makes its path, into lambda_made. */
static evl_status fit_path(const evl_cohort_view *view, const evl_learner *learner, const evl_params *params, int n,
                           const int *row, int n_lambda, const double *lambda, double *lambda_made, evl_arena *arena,
                           path_fit *fit) {
  double *z, *y, *work;
  EVL_TRY(evl_scaler_fit(view->design, n, row, arena, &fit->scaler));
  const int p = fit->scaler->n_kept;
  EVL_NEW(arena, z, (size_t)n * (size_t)p);
  EVL_NEW(arena, y, n);
  evl_scaler_apply(fit->scaler, view->design, n, row, z);
  for (int i = 0; i < n; i++) y[i] = view->y[row[i]];
  if (!lambda) {
    EVL_TRY(learner->path(params, n, p, z, y, lambda_made, &fit->n_lambda));
    return EVL_OK;
  }
  fit->n_lambda = n_lambda;
  EVL_NEW(arena, fit->beta, (size_t)n_lambda * ((size_t)p + 1));
  EVL_NEW(arena, work, learner->work(n, p));
  return learner->fit(params, n, p, z, y, n_lambda, lambda, fit->beta, work);
}

static evl_status path_probabilities(const evl_cohort_view *view, const evl_scaler *scaler, int n_lambda,
                                     const double *beta, int n, const int *row, evl_arena *arena, double *probability) {
  const int p = scaler->n_kept;
  double *z;
  EVL_NEW(arena, z, (size_t)n * (size_t)p);
  evl_scaler_apply(scaler, view->design, n, row, z);
  for (int k = 0; k < n_lambda; k++) {
    const double *b = beta + (size_t)k * ((size_t)p + 1);
    for (int i = 0; i < n; i++)
      probability[(size_t)k * (size_t)n + (size_t)i] =
          evl_logistic(b[0] + evl_dot(b + 1, z + (size_t)i * (size_t)p, p));
  }
  return EVL_OK;
}

/* Adds to loss[n_lambda] what one inner fold says: mean deviance, or 1 - AUC over subjects. */
static evl_status add_inner_fold(const evl_cohort_view *view, const evl_prognosis_setup *setup, int learner, int n,
                                 const int *row, const int *inner, int fold, int n_lambda, const double *lambda,
                                 evl_arena *arena, double *loss) {
  int *train, *test, n_train = 0, n_test = 0;
  double *probability, *group_p, *group_y;
  path_fit fit = {0};
  EVL_NEW(arena, train, n);
  EVL_NEW(arena, test, n);
  EVL_NEW(arena, group_p, n);
  EVL_NEW(arena, group_y, n);
  for (int i = 0; i < n; i++) {
    if (inner[view->design->group[row[i]]] == fold) test[n_test++] = row[i];
    else train[n_train++] = row[i];
  }
  EVL_TRY(fit_path(view, setup->learner[learner], setup->params[learner], n_train, train, n_lambda, lambda, NULL, arena,
                   &fit));
  EVL_NEW(arena, probability, (size_t)n_lambda * (size_t)n_test);
  EVL_TRY(path_probabilities(view, fit.scaler, n_lambda, fit.beta, n_test, test, arena, probability));
  for (int k = 0; k < n_lambda; k++) {
    const double *p = probability + (size_t)k * (size_t)n_test;
    const int n_groups = evl_group_means(view, n_test, test, p, group_p, group_y);
    double auc, variance;
    if (setup->choose_auc) {
      EVL_TRY(evl_auc_delong(n_groups, group_p, group_y, &auc, &variance, arena));
      loss[k] += 1 - auc;
    } else {
      loss[k] += 2 * evl_log_loss(n_groups, group_p, group_y);
    }
  }
  return EVL_OK;
}

/* Sums of equal values may differ in rounding: the larger penalty is kept unless another is better by more. */
static int best_of(int n, const double *loss) {
  int best = 0;
  for (int k = 1; k < n; k++)
    if (loss[k] < loss[best] - 1e-12 * (1 + fabs(loss[best]))) best = k;
  return best;
}

static evl_status choose(const evl_cohort_view *view, const evl_prognosis_setup *setup, int learner, int n,
                         const int *row, uint64_t index, int n_lambda, const double *lambda, evl_arena *arena,
                         int *best) {
  const evl_design *design = view->design;
  double *loss;
  bool *in;
  int *inner, *row_fold;
  *best = 0;
  if (n_lambda == 1) return EVL_OK;
  EVL_NEW(arena, loss, n_lambda);
  EVL_NEW(arena, in, design->n_groups);
  EVL_NEW(arena, inner, design->n_groups);
  EVL_NEW(arena, row_fold, design->n_rows);
  for (int i = 0; i < n; i++) in[design->group[row[i]]] = true;
  EVL_TRY(evl_folds_assign(design->n_groups, view->subject, view->y_group, in, setup->n_inner, setup->seed,
                           "inner folds", index, arena, inner));
  for (int i = 0; i < design->n_rows; i++) row_fold[i] = inner[design->group[i]];
  EVL_TRY(evl_folds_check(design, row_fold, arena));
  for (int f = 0; f < setup->n_inner; f++) {
    const evl_mark mark = evl_arena_mark(arena);
    EVL_TRY(add_inner_fold(view, setup, learner, n, row, inner, f, n_lambda, lambda, arena, loss));
    evl_arena_release(arena, mark);
  }
  *best = best_of(n_lambda, loss);
  return EVL_OK;
}

evl_status evl_fold_fit(const evl_cohort_view *view, const evl_prognosis_setup *setup, int learner, int n,
                        const int *row, uint64_t index, evl_arena *arena, evl_fitted *fitted) {
  double lambda[EVL_MAX_PENALTIES];
  path_fit fit = {0};
  int best;
  EVL_TRY(fit_path(view, setup->learner[learner], setup->params[learner], n, row, 0, NULL, lambda, arena, &fit));
  EVL_TRY(choose(view, setup, learner, n, row, index, fit.n_lambda, lambda, arena, &best));
  /* From the top of the path, so that the fit has the same warm starts whatever comes after the chosen penalty. */
  EVL_TRY(fit_path(view, setup->learner[learner], setup->params[learner], n, row, best + 1, lambda, NULL, arena, &fit));
  fitted->scaler = fit.scaler;
  fitted->lambda = lambda[best];
  fitted->beta = fit.beta + (size_t)best * ((size_t)fit.scaler->n_kept + 1);
  return EVL_OK;
}

evl_status evl_fold_predict(const evl_cohort_view *view, const evl_fitted *fitted, int n, const int *row,
                            evl_arena *arena, double *probability) {
  return path_probabilities(view, fitted->scaler, 1, fitted->beta, n, row, arena, probability);
}
