/* summary: statistics over the windows of a recording, a column at a time, from rows in order of time. */
#include <math.h>
#include <string.h>

#include "eveil/math.h"
#include "gather_priv.h"

/* Column values with why 0 into x, their times (hours) into t. */
typedef struct series { size_t n; double *x, *t; } series;

static void statistics(series *v, double *k) {
  for (int i = 0; i < N_STATISTICS; i++) k[i] = NAN;
  if (v->n == 0) return;
  k[STATISTIC_MEAN] = evl_mean(v->x, v->n);
  if (v->n > 1) {
    k[STATISTIC_SD] = sqrt(evl_variance(v->x, v->n, 1));
    k[STATISTIC_SLOPE] = evl_slope(v->t, v->x, v->n);
  }
  evl_sort(v->x, v->n);
  k[STATISTIC_TRIMMED] = evl_trimmed_mean_sorted(v->x, v->n, 0.1);
  k[STATISTIC_MEDIAN] = evl_quantile_sorted(v->x, v->n, 0.5);
  k[STATISTIC_P5] = evl_quantile_sorted(v->x, v->n, 0.05);
  k[STATISTIC_P95] = evl_quantile_sorted(v->x, v->n, 0.95);
}

/* Values and whys of columns [c0, c0 + width) of all windows, then one column after the other. */
static evl_status block(gather *g, int a, int r, int64_t n, int c0, int width, double *out) {
  const evl_study *s = g->study;
  size_t c = (size_t)s->analysis[a].layout->n_columns, w = (size_t)width, rows_n = (size_t)n;
  double *value = (double *)g->buffer, *x = value + rows_n * w, *t = x + rows_n;
  uint8_t *why = (uint8_t *)(t + rows_n);
  EVL_TRY(evl_gather_windows(g, ROWS_VALUES, a, r, 0, n, c * sizeof(double), (size_t)c0 * sizeof(double),
                             w * sizeof(double), g->buffer));
  EVL_TRY(evl_gather_windows(g, ROWS_WHY, a, r, 0, n, c, (size_t)c0, w, why));
  for (size_t j = 0; j < w; j++) {
    series v = {0, x, t};
    for (size_t i = 0; i < rows_n; i++) {
      if (why[i * w + j]) continue;
      v.t[v.n] = (double)i * s->analysis[a].step_s / 3600.0;
      v.x[v.n++] = value[i * w + j];
    }
    statistics(&v, out + j * N_STATISTICS);
  }
  return EVL_OK;
}

/* Bytes of the buffer a window: values and times of one column; each column as read. */
enum { SERIES_BYTES = 2 * sizeof(double), CELL_BYTES = sizeof(double) + 1 };
typedef uint32_t tally[8]; /* windows of a column, by why */

evl_status evl_gather_fits(const evl_study *s, int a, int64_t most_windows) {
  const evl_layout *l = s->analysis[a].layout;
  size_t c = (size_t)l->n_columns, row = (c > l->window_tensor_size ? c : l->window_tensor_size) * sizeof(double);
  size_t need = (size_t)most_windows * (SERIES_BYTES + CELL_BYTES), counts = 2 * c * sizeof(tally);
  need = need > counts ? need : counts;
  need = need > row ? need : row;
  if (need <= evl_gather_buffer_bytes(s)) return EVL_OK;
  long long mb = evl_params_int(s->run, "gather_mb");
  return evl_fail(EVL_USAGE, "%s: run.gather_mb = %lld is too small for analysis \"%s\": expected at least %zu",
                  s->config_path, mb, s->analysis[a].name, (need >> 19) + 1);
}

evl_status evl_gather_summary(gather *g, int a, int r, double *statistic) {
  const evl_study *s = g->study;
  int c = s->analysis[a].layout->n_columns;
  int64_t n = s->first_window[a][r + 1] - s->first_window[a][r];
  if (n == 0 || evl_recording_why(g, r)) {
    for (int i = 0; i < c * N_STATISTICS; i++) statistic[i] = NAN;
    return EVL_OK;
  }
  size_t fits = (g->buffer_bytes / (size_t)n - SERIES_BYTES) / CELL_BYTES;
  int width = fits < (size_t)c ? (int)fits : c;
  for (int c0 = 0; c0 < c; c0 += width) {
    int w = c - c0 < width ? c - c0 : width;
    EVL_TRY(block(g, a, r, n, c0, w, statistic + (size_t)c0 * N_STATISTICS));
  }
  return EVL_OK;
}

/* The most frequent reason where a column has no value at all; of equals the lower code. */
static uint8_t main_why(const tally n) {
  int best = EVL_WHY_ABSENT;
  for (int k = EVL_WHY_ABSENT; k < 8; k++)
    if (n[k] > n[best]) best = k;
  return (uint8_t)best;
}

evl_status evl_gather_counts(gather *g, int a, int r, uint32_t *count, uint8_t *why) {
  const evl_study *s = g->study;
  int c = s->analysis[a].layout->n_columns;
  int64_t n = s->first_window[a][r + 1] - s->first_window[a][r];
  uint8_t whole = evl_recording_why(g, r);
  for (int j = 0; j < c; j++) {
    if (count) count[j] = 0;
    if (why) why[j] = whole ? whole : EVL_WHY_UNDEFINED;
  }
  if (n == 0 || whole) return EVL_OK;
  int64_t rows_n = (int64_t)(g->buffer_bytes / 2 / (size_t)(c + 1));
  tally *of = (tally *)(g->buffer + g->buffer_bytes / 2);
  memset(of, 0, (size_t)c * sizeof *of);
  for (int64_t first = 0; first < n; first += rows_n) {
    int64_t k = n - first < rows_n ? n - first : rows_n;
    EVL_TRY(evl_gather_windows(g, ROWS_WHY, a, r, first, k, (size_t)c, 0, (size_t)c, g->buffer));
    for (int64_t i = 0; i < k; i++)
      for (int j = 0; j < c; j++) of[j][g->buffer[i * c + j] & 7]++;
  }
  for (int j = 0; j < c; j++) {
    if (count) count[j] = of[j][EVL_WHY_VALUE];
    if (why) why[j] = of[j][EVL_WHY_VALUE] ? EVL_WHY_VALUE : main_why(of[j]);
  }
  return EVL_OK;
}
