/* reduce: columns that are statistics of other columns over regions. */
#include <math.h>

#include "eveil/math.h"
#include "worker_priv.h"

evl_status evl_worker_plan_reductions(evl_worker *w) {
  int most = 1;
  for (int a = 0; a < w->n_analyses; a++) {
    const int n = w->analysis[a].montage->n, pairs = n * (n - 1) / 2;
    if (w->analysis[a].layout->n_reductions && n + pairs > most) most = n + pairs;
  }
  EVL_NEW(w->arena, w->reduced, most);
  return EVL_OK;
}

static double statistic_of(evl_over statistic, double *x, size_t n) {
  if (statistic == EVL_OVER_MEAN) return evl_mean(x, n);
  if (statistic == EVL_OVER_SD) return n > 1 ? sqrt(evl_variance(x, n, 1)) : NAN;
  evl_sort(x, n);
  return statistic == EVL_OVER_MEDIAN ? evl_quantile_sorted(x, n, 0.5) : evl_trimmed_mean_sorted(x, n, 0.1);
}

void evl_worker_reduce(evl_worker *w, const evl_layout *l, double *value, uint8_t *why) {
  for (int i = 0; i < l->n_reductions; i++) {
    const evl_reduction *r = &l->reduction[i];
    const int all = r->cells.n;
    uint8_t reason = EVL_WHY_UNDEFINED; /* of the first cell without a value, where none has one */
    int n = 0;
    for (int k = all - 1; k >= 0; k--) {
      const int column = r->from + r->cells.cell[k];
      if (why[column] == EVL_WHY_VALUE) w->reduced[n++] = value[column];
      else reason = why[column];
    }
    const double x = n > 0 && 2 * n >= all ? statistic_of(r->statistic, w->reduced, (size_t)n) : NAN;
    value[r->column] = isfinite(x) ? x : NAN;
    why[r->column] = isfinite(x) ? EVL_WHY_VALUE : n ? EVL_WHY_UNDEFINED : reason;
  }
}
