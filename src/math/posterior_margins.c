/* posterior_margins: coordinates in which every margin of the points is about standard normal, z = z(y) with straight lines
   between quantiles; bounds make margins skew, which mixtures are slow to learn. */
#include <string.h>

#include "posterior_priv.h"

enum { KNOTS = EVL_MARGIN_KNOTS };
static const double knot[KNOTS] = {-2.0, -1.25, -0.6, 0.0, 0.6, 1.25, 2.0};

evl_status evl_margins_plan(int max_n, int max_points, evl_arena *arena, evl_margins *m) {
  *m = (evl_margins){0};
  EVL_NEW(arena, m->at, max_n * KNOTS);
  EVL_NEW(arena, m->work, 2 * max_points);
  return EVL_OK;
}

double evl_margins_fit(evl_margins *m, int n, const double *z, int points, bool plain) {
  double sum = 0.0;
  m->n = n;
  for (int i = 0; i < n; i++) {
    double *at = m->at + i * KNOTS;
    if (plain) memcpy(at, knot, sizeof knot);
    if (plain) continue;
    for (int p = 0; p < points; p++) m->work[p] = z[p * n + i];
    evl_radix_sort(m->work, (size_t)points, m->work + points);
    for (int k = 0; k < KNOTS; k++) at[k] = evl_quantile_sorted(m->work, (size_t)points, evl_normal_cdf(knot[k]));
    const double least = 0.05 * (at[KNOTS - 1] - at[0]) / (knot[KNOTS - 1] - knot[0]) + 1e-12; /* repeated points */
    for (int k = 1; k < KNOTS; k++) at[k] = fmax(at[k], at[k - 1] + least * (knot[k] - knot[k - 1]));
    for (int p = 0, k = 0; p < points; p++) { /* sorted */
      while (k < KNOTS - 2 && m->work[p] > at[k + 1]) k++;
      sum += log((at[k + 1] - at[k]) / (knot[k + 1] - knot[k]));
    }
  }
  return sum / points;
}

double evl_margins_place(const evl_margins *m, const double *y, double *z) {
  double product = 1.0;
  for (int i = 0; i < m->n; i++) {
    const double *at = m->at + i * KNOTS;
    int k = 0; /* beyond the ends the last lines go on */
    while (k < KNOTS - 2 && y[i] > knot[k + 1]) k++;
    const double slope = (at[k + 1] - at[k]) / (knot[k + 1] - knot[k]);
    z[i] = at[k] + slope * (y[i] - knot[k]);
    product *= slope;
  }
  return log(product);
}

void evl_margins_find(const evl_margins *m, const double *z, double *y) {
  for (int i = 0; i < m->n; i++) {
    const double *at = m->at + i * KNOTS;
    int k = 0;
    while (k < KNOTS - 2 && z[i] > at[k + 1]) k++;
    y[i] = knot[k] + (z[i] - at[k]) * (knot[k + 1] - knot[k]) / (at[k + 1] - at[k]);
  }
}
