/* prognosis: from the tables of a store (or a CSV table) to validated probabilities. It sees no sample.

   Everything that is fitted (medians, standardisation, penalties, coefficients) is fitted inside the
   training rows of a fold. Folds hold whole subjects by construction. */
#ifndef EVEIL_PROGNOSIS_H
#define EVEIL_PROGNOSIS_H

#include "eveil/base.h"

/* ---- learners: src/prognosis/prognosis.def ----------------------------------------------- */

enum { EVL_MAX_PENALTIES = 100 };

/* x is row-major n x p, standardised on the training rows; y is 0 or 1 and holds both; p may be 0. */
typedef struct evl_learner {
  const char *name, *summary, *definition, *cite;
  int version;
  const evl_param *params;
  /* Penalties of the path, descending; lambda[EVL_MAX_PENALTIES]. EVL_USAGE where given ones do not descend. */
  evl_status (*path)(const evl_params *, int n, int p, const double *x, const double *y, double *lambda, int *n_lambda);
  /* Fits a whole path, each penalty from the one before: beta[n_lambda][p + 1], intercept first.
     work: work(n, p) doubles. EVL_NUMERIC where a fit does not converge. */
  evl_status (*fit)(const evl_params *, int n, int p, const double *x, const double *y, int n_lambda,
                    const double *lambda, double *beta, double *work);
  size_t (*work)(int n, int p);
} evl_learner;
extern const evl_learner *const evl_learners[]; /* ends with NULL */

/* ---- inference ---------------------------------------------------------------------------- */

/* AUC = P(score of a positive > score of a negative), ties one half, never turned round, with DeLong's variance:
   midranks, Sun & Xu 2014, doi:10.1109/LSP.2014.2337313. EVL_NUMERIC where a class is empty or a score is NaN. With one
   member in a class the variance is NaN. */
evl_status evl_auc_delong(int n, const double *score, const double *y, double *auc, double *variance,
                          evl_arena *scratch) EVL_MUST_USE;
evl_status evl_auc_delong_covariance(int n, const double *score_a, const double *score_b, const double *y,
                                     double *covariance, evl_arena *scratch) EVL_MUST_USE;
/* Interval on the logit scale; NaN where AUC is 0 or 1 or the variance 0: DeLong's variance says nothing there. */
void evl_auc_interval(double auc, double variance, double level, double *low, double *high);
void evl_auc_interval_wald(double auc, double variance, double level, double *low, double *high); /* cut to [0, 1] */
double evl_brier(int n, const double *probability, const double *y);    /* mean (p - y)^2 */
double evl_log_loss(int n, const double *probability, const double *y); /* mean, probabilities kept 1e-15 off 0 and 1 */
/* Logistic recalibration (Cox 1958): logit P(y) = intercept + slope logit(p), and, with the slope held at 1,
   calibration in the large. EVL_NUMERIC where there is no finite estimate. */
evl_status evl_calibration(int n, const double *probability, const double *y, double *slope, double *intercept,
                           evl_arena *scratch) EVL_MUST_USE;
evl_status evl_calibration_in_the_large(int n, const double *probability, const double *y, double *offset,
                                        evl_arena *scratch) EVL_MUST_USE;
/* Exact interval of k of n (Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404). */
void evl_clopper_pearson(int k, int n, double level, double *low, double *high);

/* ---- the design ------------------------------------------------------------------------------- */

typedef struct evl_left_out { const char *reason; int n; } evl_left_out;

typedef struct evl_design {
  int n_rows, n_columns;
  const char *const *subject;   /* [n_rows] identity; rows of one subject always share a fold */
  const char *const *site;      /* [n_rows] or NULL */
  const char *const *column;    /* [n_columns] */
  const double *x;              /* [row * n_columns + column], NaN: missing (imputed inside the fold) */
  const double *y;              /* [n_rows] 0/1, equal over the rows of a subject */
  int n_left_out;
  const evl_left_out *left_out; /* subjects by reason */
  /* Made by evl_design_finish alone, from `subject`: */
  int n_groups;
  const int *group;             /* [n_rows] index of the row's subject */
  const int *group_row;         /* [n_groups] first row of a subject */
} evl_design;

/* Derives the groups and refuses (EVL_USAGE) what cannot be validated: no rows, one subject, infinite values, outcomes
   other than 0 and 1, different outcomes in one subject, all outcomes equal, no column that varies. `where` opens
   messages. */
evl_status evl_design_finish(evl_design *design, const char *where, evl_arena *arena) EVL_MUST_USE;

/* Keys of one element of the list `prognosis`, and of its group `select`. */
extern const evl_param evl_prognosis_params[];
extern const evl_param evl_prognosis_select_params[];

/* Local. Reads the design of one element from its `table` (a relative path starts at `folder`), or from the store (then
   `store_path` is opened read-only). `where` opens messages. */
evl_status evl_design_read(const evl_params *params, const evl_params *select, const char *folder,
                           const char *store_path, const char *where, evl_arena *arena,
                           evl_design **design) EVL_MUST_USE;
/* Collective. The design that rank 0 has becomes the design of all. */
evl_status evl_design_broadcast(evl_design **design, evl_arena *arena) EVL_MUST_USE;

/* ---- inside a fold ------------------------------------------------------------------------------ */

/* Median imputation, then standardisation with ddof 0; columns constant in the training rows are dropped. */
typedef struct evl_scaler {
  int n_columns, n_kept;
  int *kept;                    /* [n_kept] */
  double *median, *mean, *sd;   /* [n_columns]; sd 0: dropped */
} evl_scaler;
evl_status evl_scaler_fit(const evl_design *design, int n, const int *row, evl_arena *arena,
                          evl_scaler **scaler) EVL_MUST_USE;
void evl_scaler_apply(const evl_scaler *scaler, const evl_design *design, int n, const int *row, double *z);

/* fold[n_groups] in 0..n_folds-1, or -1 where `in` is false (NULL: all in). Classes are spread evenly: sizes of a class
   differ by at most one. Keyed by (seed, subject, purpose, index): order of rows does not matter and one more subject
   moves few others. y[n_groups]. EVL_USAGE where a class has fewer subjects than folds. */
evl_status evl_folds_assign(int n_groups, const char *const *subject, const double *y, const bool *in, int n_folds,
                            uint64_t seed, const char *purpose, uint64_t index, evl_arena *scratch,
                            int *fold) EVL_MUST_USE;
/* EVL_USAGE where rows of one subject (compared by identity) stand in two folds. row_fold[n_rows]. */
evl_status evl_folds_check(const evl_design *design, const int *row_fold, evl_arena *scratch) EVL_MUST_USE;

/* ---- the run ---------------------------------------------------------------------------------------- */

typedef struct evl_prognosis_setup {
  const char *name;
  uint64_t seed;
  int n_folds, n_repeats, n_inner;
  bool permute;                 /* outcomes permuted among subjects: a null check */
  bool choose_auc;              /* penalty by mean inner AUC, otherwise by mean inner deviance */
  int n_learners;
  const evl_learner *const *learner;
  const evl_params *const *params;  /* of each learner */
} evl_prognosis_setup;

/* Keys of an element, its learners' groups included. `group` NULL: all defaults. */
evl_status evl_prognosis_configure(evl_group *group, const evl_params *above, evl_arena *arena, evl_params **params,
                                   evl_params **select, evl_prognosis_setup **setup) EVL_MUST_USE;

/* X(name, unit, text): metrics of a learner, mean over repeats unless they say otherwise. */
#define EVL_METRIC_LIST(X)                                                                                           \
  X(auc, "1", "AUC of each fold's test subjects, mean over folds and repeats: the primary measure")                  \
  X(auc_fold_sd, "1", "standard deviation of those AUC over folds and repeats (not a standard error)")               \
  X(auc_pooled_biased, "1", "AUC of all out-of-fold probabilities pooled: biased, below .5 under the null")          \
  X(brier, "1", "mean squared difference between probability and outcome")                                           \
  X(log_loss, "1", "mean negative log-likelihood")                                                                   \
  X(calibration_slope, "1", "slope of the outcome on logit(probability); 1 is calibrated")                           \
  X(calibration_intercept, "1", "intercept beside that slope")                                                       \
  X(calibration_in_the_large, "1", "intercept with the slope held at 1")                                             \
  X(sensitivity, "1", "share of positives with probability >= 0.5, first repeat")                                    \
  X(specificity, "1", "share of negatives with probability < 0.5, first repeat")                                     \
  X(folds_left_out, "1", "number of folds without both classes or without a value")

typedef enum evl_metric {
#define EVL_METRIC_ENUM(name, unit, text) EVL_METRIC_##name,
  EVL_METRIC_LIST(EVL_METRIC_ENUM)
#undef EVL_METRIC_ENUM
  EVL_N_METRICS
} evl_metric;

/* Intervals of 95 %. */
#define EVL_INTERVAL_LIST(X)                                                                                         \
  X(auc_pooled_biased_logit, "DeLong on the logit scale, mean variance over repeats, of the pooled AUC")             \
  X(auc_pooled_biased_wald, "DeLong, Wald, cut to [0, 1], of the pooled AUC")                                        \
  X(sensitivity, "Clopper-Pearson, first repeat")                                                                    \
  X(specificity, "Clopper-Pearson, first repeat")

typedef enum evl_interval {
#define EVL_INTERVAL_ENUM(name, text) EVL_INTERVAL_##name,
  EVL_INTERVAL_LIST(EVL_INTERVAL_ENUM)
#undef EVL_INTERVAL_ENUM
  EVL_N_INTERVALS
} evl_interval;

typedef struct evl_prognosis_result {
  const char *name;
  const evl_design *design;
  const evl_prognosis_setup *setup;
  const double *y;          /* [n_rows] as used: permuted where that was asked for */
  int n_positive;           /* subjects */
  int *fold;                /* [repeat][row] */
  double *prediction;       /* [learner][repeat][row] probability while the row was outside the training fold */
  double *fold_auc;         /* [learner][repeat][fold], over subjects (mean probability of their rows) */
  double *fold_lambda;      /* [learner][repeat][fold] penalty chosen by the inner folds */
  double *metric;           /* [learner][EVL_N_METRICS] */
  double *low, *high;       /* [learner][EVL_N_INTERVALS] */
  /* Refitted on all rows, never validated as such: */
  double *coefficient;      /* [learner][column] of standardised columns; 0 where the column was dropped */
  double *intercept, *lambda; /* [learner] */
  double *median, *mean, *sd; /* [column] */
} evl_prognosis_result;

/* Collective. Folds are spread over ranks and gathered: all ranks hold the same result, bit for bit the same for any
 * number of ranks. */
evl_status evl_prognosis_run(const evl_design *design, const evl_prognosis_setup *setup, evl_arena *arena,
                             evl_prognosis_result **result) EVL_MUST_USE;

/* Collective. Writes the prognosis file: /config and one group a result,
   /NAME/{design, folds, predictions, metrics, intervals, model}. */
evl_status evl_prognosis_write(const char *path, int n_results, evl_prognosis_result *const *result,
                               const char *config_text, evl_arena *arena) EVL_MUST_USE;

#endif
