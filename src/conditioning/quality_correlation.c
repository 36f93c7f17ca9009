/* Rule correlation: a signal that is large and unlike all its neighbours. */
#include "quality_priv.h"

const evl_param evl_rule_correlation_params[] = {
  {"correlation_least", EVL_REAL, "0.15", 0.0, 1.0, NULL, "", "largest correlation with a neighbour below which a signal is odd"},
  {"correlation_uv", EVL_REAL, "20.0", 0.0, 1e6, NULL, "uV", "rms below which it is not marked for that"},
  {0}};

const evl_step evl_rule_correlation = {
  .name = "correlation",
  .summary = "signals that are large and have nothing in common with their neighbours",
  .definition = "Every 0.5 s, of the 4 s around (bins of 20 ms, means subtracted): the largest |r| with one of the four nearest "
                "electrodes is below correlation_least, the rms beyond correlation_uv and twice the median of the neighbours'. "
                "Not where the signals of the recording are independent anyway (typical |r| below 0.4), nor of quiet signals: the noise "
                "of a suppressed brain is that of the amplifiers. A whole signal is bad for it where its typical |r| is as low.",
  .cite = "threshold: NEURAL, O'Toole & Boylan 2017, arXiv:1704.05694; maximum instead of mean: Bigdely-Shamlo et al. 2015, "
          "doi:10.3389/fninf.2015.00016",
  .version = 1,
  .params = evl_rule_correlation_params};

enum { EVERY = 5, HALF = 20 };
static const double larger = 2.0;

typedef struct moments { double x, xx; } moments;

static moments sums(const double *x, int64_t n) {
  moments m = {0, 0};
  for (int64_t b = 0; b < n; b++) {
    m.x += x[b];
    m.xx += x[b] * x[b];
  }
  return m;
}

static double sd(const evl_quality *q, const evl_looked *looked, int64_t from, int64_t to) {
  int64_t n = (to - from) * EVL_BINS;
  moments m = sums(looked->cells.bin + (from - q->begin) * EVL_BINS, n);
  return sqrt(fmax(0, m.xx / (double)n - m.x * m.x / ((double)n * (double)n)));
}

double evl_neighbour_fit(const evl_quality *q, const evl_looked *looked, int64_t from, int64_t to) {
  const double *x = looked->cells.bin + (from - q->begin) * EVL_BINS;
  int64_t n = (to - from) * EVL_BINS;
  moments mine = sums(x, n);
  double best = looked->n_neighbours == 0;
  for (int i = 0; i < looked->n_neighbours; i++) {
    const double *y = q->looked[looked->neighbour[i]].cells.bin + (from - q->begin) * EVL_BINS;
    moments other = sums(y, n);
    double xy = 0, count = (double)n;
    for (int64_t b = 0; b < n; b++) xy += x[b] * y[b];
    double power = (mine.xx - mine.x * mine.x / count) * (other.xx - other.x * other.x / count);
    if (power > 0) best = fmax(best, fabs(xy - mine.x * other.x / count) / sqrt(power));
  }
  return best;
}

static bool is_odd(const evl_quality *q, const evl_looked *looked, int64_t from, int64_t to) {
  double rms[EVL_NEIGHBOURS], mine = sd(q, looked, from, to);
  if (!(mine > evl_params_real(q->params, "correlation_uv"))) return false;
  for (int i = 0; i < looked->n_neighbours; i++) rms[i] = sd(q, &q->looked[looked->neighbour[i]], from, to);
  evl_sort(rms, (size_t)looked->n_neighbours);
  return mine > larger * evl_quantile_sorted(rms, (size_t)looked->n_neighbours, 0.5) &&
         evl_neighbour_fit(q, looked, from, to) < evl_params_real(q->params, "correlation_least");
}

void evl_rule_correlation_run(evl_quality *q, int64_t from, int64_t to) {
  if (!(q->typical_fit >= EVL_LEAST_TYPICAL_FIT)) return;
  for (int64_t k = evl_greater(from - EVERY, 0) / EVERY * EVERY; k < to; k += EVERY) { /* for cells [k, k + EVERY) */
    int64_t a = evl_greater(k + EVERY / 2 - HALF, 0), b = evl_lesser(k + EVERY / 2 + HALF, q->n_cells);
    for (int i = 0; i < q->n && b - a >= HALF; i++)
      if (q->looked[i].n_neighbours >= 2 && is_odd(q, &q->looked[i], a, b))
        evl_mark_cells(q, &q->looked[i], k, k + EVERY, from, to, EVL_CAUSE_CORRELATION);
  }
}
