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
                "Not where the signals of the recording are independent anyway (median over signals of the largest |mean r| below 0.4), "
                "nor of quiet signals: the noise of a suppressed brain is that of the amplifiers. A whole signal is bad for it where "
                "the largest |mean over the learned segments of r| is as low.",
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

/* From what cells hold: of bins but for the rounding of their lengths. */
static double sd(const evl_quality *q, const evl_looked *looked, int64_t from, int64_t to) {
  double sum = 0, squares = 0, n = (double)(to - from);
  for (int64_t j = from - q->begin; j < to - q->begin; j++) {
    sum += looked->cells.mean[j];
    squares += looked->cells.square[j];
  }
  return sqrt(fmax(0, squares / n - sum * sum / (n * n)));
}

double evl_correlation(const evl_quality *q, const evl_looked *a, const evl_looked *b, int64_t from, int64_t to) {
  int64_t at = (from - q->begin) * EVL_BINS, n = (to - from) * EVL_BINS;
  const double *x = a->cells.bin + at, *y = b->cells.bin + at;
  moments mine = sums(x, n), other = sums(y, n);
  double xy = 0, count = (double)n;
  for (int64_t t = 0; t < n; t++) xy += x[t] * y[t];
  double power = (mine.xx - mine.x * mine.x / count) * (other.xx - other.x * other.x / count);
  return power > 0 ? (xy - mine.x * other.x / count) / sqrt(power) : 0;
}

/* Largest in magnitude with one of the neighbours. */
static double neighbour_fit(const evl_quality *q, const evl_looked *looked, int64_t from, int64_t to) {
  double best = 0;
  for (int i = 0; i < looked->n_neighbours; i++)
    best = fmax(best, fabs(evl_correlation(q, looked, &q->looked[looked->neighbour[i]], from, to)));
  return best;
}

double evl_mean_correlation(const evl_quality *q, int at, int64_t from, int64_t to) {
  double sum = 0;
  int others = 0;
  for (int i = 0; i < q->n; i++) {
    if (i == at || !q->looked[i].brain) continue;
    sum += evl_correlation(q, &q->looked[at], &q->looked[i], from, to);
    others++;
  }
  return others ? sum / others : 1;
}

static bool is_odd(const evl_quality *q, const evl_looked *looked, double least_uv, double least, int64_t from, int64_t to) {
  double rms[EVL_NEIGHBOURS], mine = sd(q, looked, from, to);
  if (!(mine > least_uv)) return false;
  for (int i = 0; i < looked->n_neighbours; i++) rms[i] = sd(q, &q->looked[looked->neighbour[i]], from, to);
  evl_sort(rms, (size_t)looked->n_neighbours);
  return mine > larger * evl_quantile_sorted(rms, (size_t)looked->n_neighbours, 0.5) &&
         neighbour_fit(q, looked, from, to) < least;
}

void evl_rule_correlation_run(evl_quality *q, int64_t from, int64_t to) {
  if (!(q->typical_fit >= EVL_LEAST_TYPICAL_FIT)) return;
  double least = evl_params_real(q->params, "correlation_least"), least_uv = evl_params_real(q->params, "correlation_uv");
  for (int64_t k = evl_greater(from - EVERY, 0) / EVERY * EVERY; k < to; k += EVERY) { /* for cells [k, k + EVERY) */
    int64_t a = evl_greater(k + EVERY / 2 - HALF, 0), b = evl_lesser(k + EVERY / 2 + HALF, q->n_cells);
    for (int i = 0; i < q->n && b - a >= HALF; i++)
      if (q->looked[i].n_neighbours >= 2 && is_odd(q, &q->looked[i], least_uv, least, a, b))
        evl_mark_cells(q, &q->looked[i], k, k + EVERY, from, to, EVL_CAUSE_CORRELATION);
  }
}
