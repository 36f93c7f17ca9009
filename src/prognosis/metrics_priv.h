/* From out-of-fold probabilities to what is reported. */
#ifndef EVEIL_METRICS_PRIV_H
#define EVEIL_METRICS_PRIV_H

#include "fold_fit_priv.h"

/* Fills fold_auc, metric, low and high from fold and prediction. */
evl_status evl_prognosis_metrics(const evl_cohort_view *view, evl_prognosis_result *result,
                                 evl_arena *arena) EVL_MUST_USE;

#endif
