/* Imputation and standardisation, fitted on training rows only. */
#include <math.h>

#include "eveil/math.h"
#include "eveil/prognosis.h"

static double cell(const evl_design *design, int row, int column) {
  return design->x[(size_t)row * (size_t)design->n_columns + (size_t)column];
}

/* Of one column: median of what is present, then mean and sd after imputation. value[n]: scratch. */
static void fit_column(const evl_design *design, int n, const int *row, int j, double *value, evl_scaler *s) {
  size_t present = 0;
  for (int i = 0; i < n; i++) {
    const double x = cell(design, row[i], j);
    if (!isnan(x)) value[present++] = x;
  }
  s->median[j] = s->mean[j] = s->sd[j] = 0;
  if (present == 0) return;
  evl_sort(value, present);
  s->median[j] = evl_quantile_sorted(value, present, 0.5);
  const bool constant = value[0] == value[present - 1];
  for (int i = 0; i < n; i++) {
    const double x = cell(design, row[i], j);
    value[i] = isnan(x) ? s->median[j] : x;
  }
  s->mean[j] = evl_mean(value, (size_t)n);
  const double sd = sqrt(evl_variance(value, (size_t)n, 0));
  /* A spread at the level of rounding is no information. */
  if (!constant && isfinite(sd) && sd > 1e-12 * fabs(s->mean[j])) s->sd[j] = sd;
}

evl_status evl_scaler_fit(const evl_design *design, int n, const int *row, evl_arena *arena, evl_scaler **scaler) {
  evl_scaler *s;
  double *value;
  EVL_NEW(arena, s, 1);
  EVL_NEW(arena, s->kept, design->n_columns);
  EVL_NEW(arena, s->median, design->n_columns);
  EVL_NEW(arena, s->mean, design->n_columns);
  EVL_NEW(arena, s->sd, design->n_columns);
  EVL_NEW(arena, value, n);
  s->n_columns = design->n_columns;
  for (int j = 0; j < design->n_columns; j++) {
    fit_column(design, n, row, j, value, s);
    if (s->sd[j] > 0) s->kept[s->n_kept++] = j;
  }
  *scaler = s;
  return EVL_OK;
}

void evl_scaler_apply(const evl_scaler *s, const evl_design *design, int n, const int *row, double *z) {
  for (int i = 0; i < n; i++)
    for (int k = 0; k < s->n_kept; k++) {
      const int j = s->kept[k];
      const double x = cell(design, row[i], j);
      z[(size_t)i * (size_t)s->n_kept + (size_t)k] = ((isnan(x) ? s->median[j] : x) - s->mean[j]) / s->sd[j];
    }
}
