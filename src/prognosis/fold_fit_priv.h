/* One training set: everything is fitted here and nowhere else. */
#ifndef EVEIL_FOLD_FIT_PRIV_H
#define EVEIL_FOLD_FIT_PRIV_H

#include "eveil/prognosis.h"

/* The design as the run sees it: rows in the order of their subjects' identities, outcomes permuted where asked for. */
typedef struct evl_cohort_view {
  const evl_design *design;
  const char *const *subject; /* [n_groups] */
  const double *y_group;      /* [n_groups] */
  const double *y;            /* [n_rows] */
  const int *order;           /* [n_rows] rows by group, then as they stand */
} evl_cohort_view;

typedef struct evl_fitted {
  evl_scaler *scaler;
  double lambda;
  double *beta;               /* [n_kept + 1] on standardised columns */
} evl_fitted;

/* Mean over the rows of a subject of p and y, in order of groups: [at most n]. Returns their number. row: as in
 * `order`. */
int evl_group_means(const evl_cohort_view *view, int n, const int *row, const double *p, double *group_p,
                    double *group_y);

/* Chooses the penalty by inner folds of the subjects in `row`, then fits on all of them. `index` keys the inner folds.
 */
evl_status evl_fold_fit(const evl_cohort_view *view, const evl_prognosis_setup *setup, int learner, int n,
                        const int *row, uint64_t index, evl_arena *arena, evl_fitted *fitted) EVL_MUST_USE;
evl_status evl_fold_predict(const evl_cohort_view *view, const evl_fitted *fitted, int n, const int *row,
                            evl_arena *arena, double *probability) EVL_MUST_USE;

#endif
