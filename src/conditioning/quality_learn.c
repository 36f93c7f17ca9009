/* The recording's scales, and whole signals that are bad, from segments at fixed positions. */
#include <string.h>

#include "quality_priv.h"

enum { MOST_CELLS = EVL_LEARN_SEGMENTS * EVL_LEARN_CELLS };
enum { STEP, FAST, LINE }; /* what is kept of every cell */

/* A signal is bad for the whole recording where this share of its cells is; where its fast activity or line is typically that
   much beyond what is marked. */
static const double bad_share = 0.5, bad_times = 2.0;

evl_status evl_quality_learn_plan(evl_quality *q, evl_arena *arena) {
  size_t cells = (size_t)q->n * MOST_CELLS;
  for (int i = 0; i < 3; i++) EVL_NEW(arena, q->learned[i], cells ? cells : 1);
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

static void learn_cells(evl_quality *q, int i) {
  evl_looked *looked = &q->looked[i];
  const evl_cells *c = &looked->cells;
  double flat_uv = evl_params_real(q->params, "flat_uv"), most_uv = evl_params_real(q->params, "amplitude_uv");
  size_t at = (size_t)i * MOST_CELLS + (size_t)q->n_learned_cells;
  for (int64_t k = 0; k < q->n_cells; k++) {
    q->learned[STEP][at + (size_t)k] = fmax(c->rise[k], -c->fall[k]);
    q->learned[FAST][at + (size_t)k] = evl_fast_rms(q, c, k);
    q->learned[LINE][at + (size_t)k] = evl_line_amplitude(q, c, k);
    looked->n_flat += c->high[k] - c->low[k] <= flat_uv;
    looked->n_saturated += c->plateau[k] == EVL_AT_LIMIT;
    looked->n_large += fmax(c->high[k], -c->low[k]) > most_uv;
  }
  if (q->set == EVL_QUALITY_neural) looked->fit[0] += evl_mean_correlation(q, i, 0, q->n_cells);
  for (int j = 0; j < looked->n_neighbours && q->set == EVL_QUALITY_robust; j++)
    looked->fit[j] += evl_correlation(q, looked, &q->looked[looked->neighbour[j]], 0, q->n_cells);
}

bool evl_quality_learns(const evl_quality *q) { return q->set != EVL_QUALITY_none && q->n > 0; }

void evl_quality_learn(evl_quality *q, const double *x, size_t ld, int n) {
  if (!evl_quality_learns(q) || n <= 0 || q->n_segments == EVL_LEARN_SEGMENTS) return;
  segment s = {q, x, ld};
  q->stretch_in = n;
  q->n_cells = evl_lesser(evl_quality_cells(q, n), EVL_LEARN_CELLS);
  q->begin = q->end = 0;
  if (evl_quality_hold(q, fetch_segment, &s, 0, q->n_cells) != EVL_OK) return;
  for (int i = 0; i < q->n; i++) {
    learn_unit(&q->looked[i], x + (size_t)q->looked[i].source * ld, n);
    learn_cells(q, i);
  }
  q->n_learned_cells += (int)q->n_cells;
  q->n_segments++;
  if (q->blink) evl_blink_learn(q);
}

/* ---- settle ---- */

/* Of n values, which are sorted. */
static double median(double *x, int n) {
  evl_sort(x, (size_t)n);
  return n ? evl_quantile_sorted(x, (size_t)n, 0.5) : 0;
}

/* The median, and more where a signal that is mostly quiet has bursts: of sorted cells. */
static double typical_step(double *x, int n) {
  const double often = 0.9, share = 0.7;
  double middle = median(x, n);
  return n ? fmax(middle, share * evl_quantile_sorted(x, (size_t)n, often)) : 0;
}

/* Largest mean correlation with a neighbour. */
static double typical_fit(const evl_quality *q, const evl_looked *looked) {
  double best = 0;
  for (int j = 0; j < looked->n_neighbours; j++) best = fmax(best, fabs(looked->fit[j]) / q->n_segments);
  return best;
}

static uint16_t bad_causes(const evl_quality *q, const evl_looked *looked) {
  double share = bad_share * q->n_learned_cells;
  uint16_t bad = 0;
  if (looked->n_flat > share) bad |= EVL_CAUSE_FLAT;
  if (looked->n_saturated > share) bad |= EVL_CAUSE_SATURATION;
  if (q->set == EVL_QUALITY_neural && looked->brain &&
      looked->fit[0] < q->n_segments * evl_params_real(q->params, "neural_correlation"))
    bad |= EVL_CAUSE_CORRELATION;
  if (bad || !looked->brain || q->set != EVL_QUALITY_robust) return bad;
  if (looked->n_large > share) bad |= EVL_CAUSE_AMPLITUDE;
  if (looked->typical_fast_uv > bad_times * evl_params_real(q->params, "muscle_uv") &&
      looked->typical_fast_uv > evl_params_real(q->params, "muscle_ratio") * q->typical_fast_uv)
    bad |= EVL_CAUSE_MUSCLE;
  if (looked->typical_line_uv > bad_times * evl_params_real(q->params, "line_uv")) bad |= EVL_CAUSE_LINE;
  if (looked->n_neighbours >= 2 && q->typical_fit >= EVL_LEAST_TYPICAL_FIT &&
      typical_fit(q, looked) < evl_params_real(q->params, "correlation_least"))
    bad |= EVL_CAUSE_CORRELATION;
  return bad;
}

/* Bad signals say nothing about their neighbours. */
static void drop_bad_neighbours(evl_quality *q) {
  for (int i = 0; i < q->n; i++) {
    evl_looked *looked = &q->looked[i];
    int n = 0;
    for (int j = 0; j < looked->n_neighbours; j++)
      if (!q->looked[looked->neighbour[j]].bad) looked->neighbour[n++] = looked->neighbour[j];
    looked->n_neighbours = n;
  }
}

/* Medians over the signals, each by its own median; scratch of q->learned, no longer needed. */
static void settle_recording(evl_quality *q) {
  double *fit = q->learned[STEP], *fast = q->learned[FAST];
  int fits = 0, brains = 0;
  for (int i = 0; i < q->n; i++) {
    evl_looked *looked = &q->looked[i];
    if (!looked->brain) continue;
    fast[brains++] = looked->typical_fast_uv;
    if (looked->n_neighbours >= 2 && 2 * looked->n_flat <= q->n_learned_cells) fit[fits++] = typical_fit(q, looked);
  }
  q->typical_fit = median(fit, fits);
  q->typical_fast_uv = median(fast, brains);
}

void evl_quality_settle(evl_quality *q) {
  int cells = q->n_learned_cells;
  for (int i = 0; i < q->n && cells > 0; i++) {
    evl_looked *looked = &q->looked[i];
    size_t at = (size_t)i * MOST_CELLS;
    looked->typical_step_uv = typical_step(q->learned[STEP] + at, cells);
    looked->typical_fast_uv = median(q->learned[FAST] + at, cells);
    looked->typical_line_uv = median(q->learned[LINE] + at, cells);
  }
  if (cells > 0) {
    settle_recording(q);
    for (int i = 0; i < q->n; i++) q->looked[i].bad = bad_causes(q, &q->looked[i]);
    drop_bad_neighbours(q);
  }
}

uint16_t evl_quality_bad(const evl_quality *q, int source) {
  int at = q->looked_of[source];
  return at >= 0 ? q->looked[at].bad : 0;
}
