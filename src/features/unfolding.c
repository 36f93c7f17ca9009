/* unfolding: nearest neighbours in every dimension of an embedding, for entries that ask which dimension suffices. */
#include "nonlinear_priv.h"

evl_status evl_unfolding_plan(const evl_params *params, int dimension, evl_row_reader *reader, evl_products *products,
                              evl_arena *arena, evl_reading *reading) {
  EVL_TRY(evl_series_plan(params, 0.0, products, arena, &reading->series));
  const int references = (int)evl_params_int(params, "references");
  reader->step = (evl_series_samples(reading->series) + references - 1) / references;
  if (reader->step < 1) reader->step = 1;
  reading->embedding = evl_embedding_of(params, dimension, true, reading->series);
  reading->n_values = reader->n_values;
  EVL_TRY(evl_rows_plan(reading->series, &reading->embedding, products, arena, &reading->rows));
  return evl_rows_add(reading->rows, reader, arena, &reading->id);
}

bool evl_row_unfold(const evl_row *row, const evl_embedding *e, const double *x, int n_samples, evl_unfolding *u) {
  const int ahead = row->dimension * e->delay, end = n_samples - ahead;
  int j;
  if (row->i >= end || !evl_row_nearest(row, end, 1, &j, &u->distance)) return false;
  if (e->euclidean) u->distance = sqrt(u->distance);
  u->next = fabs(x[row->i + ahead] - x[j + ahead]);
  return true;
}

evl_status evl_dimensions_of(const evl_params *params, const char *name, evl_arena *arena, int **dimension,
                             int *highest) {
  const evl_value *list = evl_params_value(params, "dimensions");
  EVL_NEW(arena, *dimension, list->n);
  *highest = 1;
  for (int d = 0; d < list->n; d++) {
    if (list->reals[d] != floor(list->reals[d]))
      return evl_fail(EVL_USAGE, "%s: expected integers, found %.9g", name, list->reals[d]);
    (*dimension)[d] = (int)list->reals[d];
    if ((*dimension)[d] > *highest) *highest = (*dimension)[d];
  }
  return EVL_OK;
}

double evl_unfolding_cost_us(const evl_params *params, const evl_shape *shape) {
  const evl_value *list = evl_params_value(params, "dimensions");
  const double n = evl_series_samples_at(params, shape), references = (double)evl_params_int(params, "references");
  return evl_series_cost_us(params, shape) +
         shape->n_channels * (1.0 + (double)evl_params_int(params, "surrogates")) * references * (list->n + 1.0) *
         (0.05 + 3e-4 * n);
}
