/* The recording's scales, and whole signals that are bad, from segments at fixed positions. */
#include <string.h>

#include "quality_priv.h"

enum { MOST_CELLS = EVL_LEARN_SEGMENTS * EVL_LEARN_CELLS };

evl_status evl_quality_learn_plan(evl_quality *q, evl_arena *arena) {
  size_t cells = (size_t)q->n * MOST_CELLS;
  EVL_NEW(arena, q->learned, cells ? cells : 1);
  return q->set == EVL_QUALITY_robust ? evl_blink_plan(q, arena) : EVL_OK;
}

/* ---- learn: a segment is a stretch of its own ---- */

typedef struct segment { const evl_quality *q; const double *x; size_t ld; } segment;

static evl_status fetch_segment(void *context, int source, int64_t first, int64_t n, double *x) {
  const segment *s = context;
  double offset = s->q->looked[s->q->looked_of[source]].offset;
  for (int64_t t = 0; t < n; t++) x[t] = s->x[(size_t)source * s->ld + (size_t)(first + t)] + offset;
  return EVL_OK;
}

/* Smallest difference between samples that differ: rounding apart, the unit of the converter. */
static void learn_unit(evl_looked *looked, const double *x, int n) {
  for (int t = 1; t < n; t++) {
    double change = fabs(x[t] - x[t - 1]);
    if (change > 1e-9 && (looked->unit_uv == 0 || change < looked->unit_uv)) looked->unit_uv = change;
  }
}

void evl_quality_learn(evl_quality *q, const double *x, size_t ld, int n) {
  if (q->set == EVL_QUALITY_none || q->n == 0 || n <= 0) return;
  segment s = {q, x, ld};
  q->stretch_in = n;
  q->n_cells = evl_lesser(evl_quality_cells(q, n), evl_lesser(EVL_LEARN_CELLS, MOST_CELLS - q->n_learned_cells));
  if (q->n_cells == 0) return;
  q->begin = q->end = 0;
  if (evl_quality_hold(q, fetch_segment, &s, 0, q->n_cells) != EVL_OK) return;
  for (int i = 0; i < q->n; i++) {
    evl_looked *looked = &q->looked[i];
    double *step = q->learned + (size_t)i * MOST_CELLS + q->n_learned_cells;
    learn_unit(looked, x + (size_t)looked->source * ld, n);
    for (int64_t k = 0; k < q->n_cells; k++) step[k] = fmax(looked->cells.rise[k], -looked->cells.fall[k]);
    for (int64_t k = 0; k < q->n_cells; k++) {
      looked->n_flat += looked->cells.high[k] - looked->cells.low[k] <= evl_params_real(q->params, "flat_uv");
      looked->n_saturated += looked->cells.plateau[k] == EVL_AT_LIMIT;
    }
  }
  q->n_learned_cells += (int)q->n_cells;
  if (q->blink) evl_blink_learn(q);
}

/* ---- settle ---- */

void evl_quality_settle(evl_quality *q) {
  int cells = q->n_learned_cells;
  for (int i = 0; i < q->n && cells > 0; i++) {
    evl_looked *looked = &q->looked[i];
    double *step = q->learned + (size_t)i * MOST_CELLS;
    evl_sort(step, (size_t)cells);
    looked->typical_step_uv = evl_quantile_sorted(step, (size_t)cells, 0.5);
    if (2 * looked->n_flat > cells) looked->bad |= EVL_CAUSE_FLAT;
    if (2 * looked->n_saturated > cells) looked->bad |= EVL_CAUSE_SATURATION;
  }
  if (q->blink) evl_blink_settle(q);
}

uint16_t evl_quality_bad(const evl_quality *q, int source) {
  int at = q->looked_of[source];
  return at >= 0 ? q->looked[at].bad : 0;
}
