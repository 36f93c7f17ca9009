/* parts: epochs of a window that are described one by one, and how their values become the window's. */
#include <string.h>

#include "parts_priv.h"

int evl_parts_length(const evl_params *params, const evl_shape *shape) {
  const double seconds = evl_params_real(params, "epoch_s");
  return seconds > 0.0 ? (int)fmax(1.0, round(seconds * shape->fs_hz)) : shape->n_samples;
}

static evl_reduce_rule reduction_of(const char *name) {
  if (!strcmp(name, "mean")) return EVL_REDUCE_MEAN;
  return strcmp(name, "median") ? EVL_REDUCE_TRIMMED : EVL_REDUCE_MEDIAN;
}

evl_status evl_parts_plan(const evl_params *params, const char *entry, const evl_shape *shape, evl_arena *arena,
                           evl_parts **epochs) {
  const int length = evl_parts_length(params, shape);
  if (length > shape->n_samples)
    return evl_fail(EVL_USAGE, "%s.epoch_s = %g: expected at most the window, %g s", entry,
                    evl_params_real(params, "epoch_s"), shape->n_samples / shape->fs_hz);
  evl_parts *e;
  EVL_NEW(arena, e, 1);
  e->length = length;
  e->n = shape->n_samples / length;
  e->reduction = reduction_of(evl_params_string(params, "reduce"));
  EVL_NEW(arena, e->block, (size_t)e->n * EVL_PART_LANES);
  *epochs = e;
  return EVL_OK;
}

void evl_parts_alive(const evl_parts *e, const double *x, uint8_t *alive) {
  for (int i = 0; i < e->n; i++) alive[i] = !evl_is_flat(x + (size_t)i * (size_t)e->length, (size_t)e->length);
}

/* Epochs alive of up to EVL_PART_LANES columns, one behind the other; their number. */
static int gather(const evl_parts *e, const uint8_t *alive, const double *v, size_t ld, int columns,
                  const double *divisor) {
  double *to = e->block;
  for (int i = 0; i < e->n; i++) {
    if (!alive[i]) continue;
    const double *from = v + (size_t)i * ld, by = divisor ? divisor[i] : 1.0;
    if (columns == EVL_PART_LANES)
      for (int k = 0; k < EVL_PART_LANES; k++) to[k] = from[k] / by;
    else
      for (int k = 0; k < EVL_PART_LANES; k++) to[k] = k < columns ? from[k] / by : 0.0;
    to += EVL_PART_LANES;
  }
  return (int)((to - e->block) / EVL_PART_LANES);
}

void evl_parts_reduce(const evl_parts *e, const uint8_t *alive, const double *v, size_t ld, int columns,
                       const double *divisor, double *out) {
  for (int k = 0; k < columns; k += EVL_PART_LANES) {
    double reduced[EVL_PART_LANES];
    const int width = columns - k < EVL_PART_LANES ? columns - k : EVL_PART_LANES;
    const int n = gather(e, alive, v + k, ld, width, divisor);
    if (n > 0) evl_reduce_columns(e->reduction, e->block, n, reduced);
    for (int i = 0; i < width; i++) out[k + i] = n > 0 ? reduced[i] : NAN;
  }
}

double evl_mean_of_channels(const double *value, int n_channels) {
  double sum = 0.0;
  int n = 0;
  for (int c = 0; c < n_channels; c++)
    if (!isnan(value[c])) sum += value[c], n++;
  return n > 0 ? sum / n : NAN;
}
