/* cohort_models_priv: models of a whole cohort, fitted when the store is gathered. */
#ifndef EVEIL_COHORT_MODELS_PRIV_H
#define EVEIL_COHORT_MODELS_PRIV_H

#include "gather_priv.h"

/* One of the list `cohort_models`: sindy with one set of terms for all subjects, or one a group. */
struct evl_cohort_model {
  const char *name;
  int analysis, slot;        /* of sindy, with a recording stage */
  int column;                /* of the participants, by which they are grouped; -1: one group */
  int n_folds, n_resamples;
  const evl_params *params;
};

/* What was found; everything on all ranks. */
typedef struct evl_cohort_fit {
  int p, d, n_groups, n_folds, n_subjects;
  const char *const *group_name; /* [n_groups] */
  const char *const *term, *const *coordinate; /* [p], [d] */
  int32_t *group, *fold;     /* [n_subjects] -1: none */
  uint8_t *used;             /* [n_subjects] takes part in the fits */
  uint8_t *support;          /* [n_groups][p][d] */
  double *inclusion;         /* [n_groups][p][d] */
  uint8_t *fold_support;     /* [n_groups][n_folds][p][d] */
  double *coefficients, *coef_sd;    /* [n_subjects][p][d] on the support of the own group */
  double *held_out;          /* [n_subjects][p][d] on that which was found without the subject's fold */
  double *bic;               /* [n_subjects][n_groups] a row, on supports found without the subject */
} evl_cohort_fit;

/* ---- cohort_sums.c ---- */
typedef struct evl_cohort_sums { double rows, *terms, *targets, *squares; } evl_cohort_sums; /* [p][p], [d][p], [d] */
/* Local. p, d and their names. */
void evl_cohort_shape(const evl_study *study, const evl_cohort_model *model, evl_cohort_fit *fit);
/* Local. Over the finished recordings of a subject, in their order; rows 0: there are none. scratch [p][max(p, d)]. */
evl_status evl_cohort_subject_sums(gather *g, const evl_cohort_model *model, const evl_cohort_fit *fit, int subject,
                                   evl_cohort_sums *sums, double *scratch) EVL_MUST_USE;

/* ---- cohort_groups.c ---- */
/* Local. Groups and folds of subjects, by the seed and their names alone; needs `used`. */
evl_status evl_cohort_group(gather *g, const evl_cohort_model *model, evl_cohort_fit *fit) EVL_MUST_USE;

/* ---- cohort_supports.c ---- */
/* Collective. All of the fit. The same bits for any number of ranks: subjects are summed in blocks of 8, blocks in their
   order. */
evl_status evl_cohort_model_fit(gather *g, const evl_cohort_model *model, evl_cohort_fit *fit) EVL_MUST_USE;

#endif
