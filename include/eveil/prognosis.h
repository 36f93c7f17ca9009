/* prognosis: from the tables of a store (or a CSV table) to validated probabilities. It sees no sample. */
#ifndef EVEIL_PROGNOSIS_H
#define EVEIL_PROGNOSIS_H

#include "eveil/base.h"

/* ---- learners: src/prognosis/prognosis.def ----------------------------------------------- */

/* X is row-major n x p, standardised by the caller's training fold; y is 0 or 1. */
typedef struct evl_learner {
  const char *name, *summary, *definition, *cite;
  int version;
  const evl_param *params;
  /* Penalties of the path, descending; n at most 100. */
  evl_status (*path)(const evl_params *, int n, int p, const double *x, const double *y, double *lambda, int *n_lambda);
  /* Fits at one penalty, from `beta` (p + 1: intercept first) as warm start. */
  evl_status (*fit)(const evl_params *, int n, int p, const double *x, const double *y, double lambda, double *beta, double *work);
  size_t (*work)(int n, int p);
} evl_learner;
extern const evl_learner *const evl_learners[]; /* ends with NULL */

/* ---- inference ---------------------------------------------------------------------------- */

/* score: larger means y = 1. Midranks; Sun & Xu 2014. EVL_NUMERIC where one class is empty. */
evl_status evl_auc_delong(int n, const double *score, const double *y, double *auc, double *variance, evl_arena *scratch) EVL_MUST_USE;
evl_status evl_auc_delong_covariance(int n, const double *score_a, const double *score_b, const double *y, double *covariance, evl_arena *scratch) EVL_MUST_USE;
void evl_auc_interval(double auc, double variance, double level, double *low, double *high);       /* logit */
void evl_auc_interval_wald(double auc, double variance, double level, double *low, double *high);  /* pROC's, cut to [0,1] */
double evl_brier(int n, const double *probability, const double *y);
/* Logistic recalibration of logit(p): slope, intercept. */
evl_status evl_calibration(int n, const double *probability, const double *y, double *slope, double *intercept, evl_arena *scratch) EVL_MUST_USE;
void evl_clopper_pearson(int k, int n, double level, double *low, double *high);

/* ---- the design and the run -------------------------------------------------------------------- */

typedef struct evl_design {
  int n_rows, n_columns, n_folds_groups;
  const char *const *subject;   /* [n_rows] one row a subject, unless rows were asked for */
  const char *const *site;      /* [n_rows] or NULL */
  const char *const *column;    /* [n_columns] */
  const double *x;              /* [row * n_columns + column], NaN: missing (imputed inside the fold) */
  const double *y;              /* [n_rows] 0/1 */
} evl_design;

extern const evl_param evl_prognosis_params[];

#endif
