/* summary: statistics over the windows of a recording, a column at a time, from rows in order of time. */
#include <math.h>
#include <string.h>

#include "eveil/math.h"
#include "gather_priv.h"

/* Values of a column with why 0, and their times (hours); scratch [n]. */
typedef struct series { size_t n; double *x; const double *t; double *scratch; } series;

static void statistics(const series *v, double *k) {
  for (int i = 0; i < N_STATISTICS; i++) k[i] = NAN;
  if (v->n == 0) return;
  k[STATISTIC_MEAN] = evl_mean(v->x, v->n);
  if (v->n > 1) {
    k[STATISTIC_SD] = sqrt(evl_variance(v->x, v->n, 1));
    k[STATISTIC_SLOPE] = evl_slope(v->t, v->x, v->n);
  }
  evl_radix_sort(v->x, v->n, v->scratch);
  k[STATISTIC_TRIMMED] = evl_trimmed_mean_sorted(v->x, v->n, 0.1);
  k[STATISTIC_MEDIAN] = evl_quantile_sorted(v->x, v->n, 0.5);
  k[STATISTIC_P5] = evl_quantile_sorted(v->x, v->n, 0.05);
  k[STATISTIC_P95] = evl_quantile_sorted(v->x, v->n, 0.95);
}

/* Columns [c0, c0 + width) of the n windows of a recording, in the gather's buffer. */
typedef struct block {
  int analysis, recording, c0;
  size_t n, width;
  double *t, *other;         /* [n] times in hours; scratch */
  const uint8_t *chosen;     /* [n] windows that count; NULL: all */
  double *value;             /* [width][n] */
  uint8_t *why;              /* [n][width] */
  uint8_t *any;              /* [width] some why is not 0 */
  double *tile;              /* [tile_rows][width] rows as they are stored */
  size_t tile_rows;
  uint8_t one;               /* `any` of a single column */
} block;

enum { TILE_ROWS = 64 };     /* whose lines stay in the first cache */

/* Rows are turned into columns tile by tile. */
static evl_status read_values(gather *g, const block *b) {
  size_t row_bytes = (size_t)g->study->analysis[b->analysis].layout->n_columns * sizeof(double);
  size_t offset = (size_t)b->c0 * sizeof(double), bytes = b->width * sizeof(double);
  if (b->width == 1)
    return evl_gather_windows(g, ROWS_VALUES, b->analysis, b->recording, 0, (int64_t)b->n, row_bytes, offset, bytes,
                              (uint8_t *)b->value);
  for (size_t first = 0, k; first < b->n; first += k) {
    k = b->n - first < b->tile_rows ? b->n - first : b->tile_rows;
    EVL_TRY(evl_gather_windows(g, ROWS_VALUES, b->analysis, b->recording, (int64_t)first, (int64_t)k, row_bytes, offset,
                               bytes, (uint8_t *)b->tile));
    for (size_t j = 0; j < b->width; j++)
      for (size_t i = 0; i < k; i++) b->value[j * b->n + first + i] = b->tile[i * b->width + j];
  }
  return EVL_OK;
}

static evl_status read_whys(gather *g, const block *b) {
  EVL_TRY(evl_gather_windows(g, ROWS_WHY, b->analysis, b->recording, 0, (int64_t)b->n,
                             (size_t)g->study->analysis[b->analysis].layout->n_columns, (size_t)b->c0, b->width,
                             b->why));
  memset(b->any, 0, b->width);
  for (size_t i = 0; i < b->n; i++)
    for (size_t j = 0; j < b->width; j++) b->any[j] |= b->why[i * b->width + j];
  return EVL_OK;
}

static evl_status summarise(gather *g, const block *b, double *out) {
  EVL_TRY(read_values(g, b));
  EVL_TRY(read_whys(g, b));
  for (size_t j = 0; j < b->width; j++) {
    series v = {b->n, b->value + j * b->n, b->t, b->other};
    if (b->any[j] || b->chosen) {
      v.n = 0;
      v.t = b->other;
      for (size_t i = 0; i < b->n; i++) {
        if (b->why[i * b->width + j] || (b->chosen && !b->chosen[i])) continue;
        b->other[v.n] = b->t[i];
        v.x[v.n++] = v.x[i];
      }
    }
    statistics(&v, out + j * N_STATISTICS);
  }
  return EVL_OK;
}

/* Bytes of the buffer a window: times and scratch; each column. */
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

/* What rules before the run left out has its why; what was run and is not among the cleanest has none. NULL where all
   windows that ran count, or none did. */
static evl_status cleanest(gather *g, int a, int r, int64_t n, const uint8_t **chosen) {
  const evl_epochs *epochs = g->study->analysis[a].epochs;
  *chosen = NULL;
  if (!epochs || !epochs->cleanest) return EVL_OK;
  EVL_TRY(evl_gather_chosen(g, a, r, chosen));
  if (!memchr(*chosen, 1, (size_t)n)) *chosen = NULL;
  return EVL_OK;
}

/* As many of `columns` as fit; an eighth of the buffer is for tiles. */
static int place(const gather *g, int columns, block *b) {
  size_t most = g->buffer_bytes - g->buffer_bytes / 8, each = b->n * CELL_BYTES + 1, fixed = b->n * SERIES_BYTES;
  size_t fits = most > fixed ? (most - fixed) / each : 0;
  b->width = fits < 1 ? 1 : fits < (size_t)columns ? fits : (size_t)columns;
  b->t = (double *)g->buffer;
  b->other = b->t + b->n;
  b->value = b->other + b->n;
  b->tile = b->value + b->width * b->n;
  size_t tall = g->buffer_bytes / 8 / (b->width * sizeof(double) + 1);
  b->tile_rows = b->width == 1 ? 0 : tall < 1 ? 1 : tall < TILE_ROWS ? tall : TILE_ROWS;
  b->why = (uint8_t *)(b->tile + b->tile_rows * b->width);
  b->any = b->width == 1 ? &b->one : b->why + b->n * b->width;
  return (int)b->width;
}

evl_status evl_gather_summary(gather *g, int a, int r, double *statistic) {
  const evl_study *s = g->study;
  int c = s->analysis[a].layout->n_columns;
  int64_t n = s->first_window[a][r + 1] - s->first_window[a][r];
  if (n == 0 || evl_recording_why(g, r)) {
    for (int i = 0; i < c * N_STATISTICS; i++) statistic[i] = NAN;
    return EVL_OK;
  }
  for (int c0 = 0, width; c0 < c; c0 += width) {
    block b = {.analysis = a, .recording = r, .c0 = c0, .n = (size_t)n};
    EVL_TRY(cleanest(g, a, r, n, &b.chosen));
    width = place(g, c - c0, &b);
    for (int64_t i = 0; c0 == 0 && i < n; i++) b.t[i] = (double)i * s->analysis[a].step_s / 3600.0;
    EVL_TRY(summarise(g, &b, statistic + (size_t)c0 * N_STATISTICS));
  }
  return EVL_OK;
}

/* The most frequent reason where a column has no value at all, of the windows that were chosen if any was; of equals
   the lower code. */
static uint8_t main_why(const tally n) {
  int best = EVL_WHY_ABSENT;
  for (int k = EVL_WHY_ABSENT; k < EVL_WHY_UNCHOSEN; k++)
    if (n[k] > n[best]) best = k;
  return n[best] ? (uint8_t)best : EVL_WHY_UNCHOSEN;
}

static bool all_values(const uint8_t *why, int n) {
  uint8_t any = 0;
  for (int j = 0; j < n; j++) any |= why[j];
  return any == EVL_WHY_VALUE;
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
  uint32_t whole_rows = 0;
  const uint8_t *chosen;
  EVL_TRY(cleanest(g, a, r, n, &chosen));
  memset(of, 0, (size_t)c * sizeof *of);
  for (int64_t first = 0; first < n; first += rows_n) {
    int64_t k = n - first < rows_n ? n - first : rows_n;
    EVL_TRY(evl_gather_windows(g, ROWS_WHY, a, r, first, k, (size_t)c, 0, (size_t)c, g->buffer));
    for (int64_t i = 0; i < k; i++) {
      if (chosen && !chosen[first + i]) continue;
      const uint8_t *row = g->buffer + i * c;
      if (all_values(row, c)) whole_rows++;
      else for (int j = 0; j < c; j++) of[j][row[j] & 7]++;
    }
  }
  for (int j = 0; j < c; j++) of[j][EVL_WHY_VALUE] += whole_rows;
  for (int j = 0; j < c; j++) {
    if (count) count[j] = of[j][EVL_WHY_VALUE];
    if (why) why[j] = of[j][EVL_WHY_VALUE] ? EVL_WHY_VALUE : main_why(of[j]);
  }
  return EVL_OK;
}
