/* dynamics: one file a dynamical model, fitted to a window, with its tensors. */
#ifndef EVEIL_DYNAMICS_H
#define EVEIL_DYNAMICS_H

#include "eveil/base.h"

extern const evl_entry *const evl_models[]; /* src/dynamics/dynamics.def; ends with NULL */
const evl_entry *evl_model_find(const char *name);

/* ---- common_support.c: one set of terms for the equations of many subjects ----------------------------- */

/* Of one subject: the recording tensors of sindy, p terms and d coordinates, summed over recordings. */
typedef struct evl_subject_sums {
  double rows;           /* recording_rows */
  const double *terms;   /* [p][p] sum_of_terms */
  const double *targets; /* [d][p] sum_with_targets, transposed */
  const double *squares; /* [d] sum_of_targets */
} evl_subject_sums;

/* Backward elimination by all subjects together. Leaving a term out of equation j costs
     sum over subjects of weight (rows ln(RSS without / RSS with) - ln rows),
   the change of their BIC (Schwarz 1978, doi:10.1214/aos/1176344136), each with a noise of its own; the term that costs
   least goes next, and the best set on the way is the support. Subjects may be anywhere: the caller adds their costs. */
typedef struct evl_common evl_common;
/* For n subjects. */
evl_status evl_common_plan(int p, int d, int n_subjects, evl_arena *arena, evl_common **common) EVL_MUST_USE;
/* False, and it takes no part: fewer rows than terms, collinear terms. */
bool evl_common_subject(evl_common *common, int subject, const evl_subject_sums *sums);
double evl_common_rows(const evl_common *common, int subject);
/* All terms again, in equation j of this subject. */
void evl_common_begin(evl_common *common, int subject, int j);
/* cost [p] += weight times what leaving each term out costs. */
void evl_common_costs(const evl_common *common, int subject, double weight, double *cost);
void evl_common_drop(evl_common *common, int subject, int term);
/* Least squares of equation j on the terms with mask[p] != 0: coefficients w [p], 0 where a term is out, their standard
   errors sd [p], and the residual sum of squares. NaN for a subject that takes no part. */
double evl_common_fit(evl_common *common, int subject, int j, const uint8_t *mask, double *w, double *sd);

#endif
