/* The rules of the I-CARE pipeline, for `artefacts = "icare"`. */
#include <string.h>

#include "quality_priv.h"

const evl_param evl_rule_icare_params[] = {
  {"icare_amplitude_uv", EVL_REAL, "500.0", 1.0, 1e7, NULL, "uV", "I-CARE: half of the largest range in 5 s"},
  {"icare_flat_2s_uv", EVL_REAL, "0.2", 0.0, 1e4, NULL, "uV", "I-CARE: sd of 2 s without trend that counts as flat"},
  {"icare_flat_5s_uv", EVL_REAL, "0.5", 0.0, 1e4, NULL, "uV", "I-CARE: sd of 5 s that counts as flat"},
  {"icare_change", EVL_REAL, "1.8", 0.1, 10.0, NULL, "", "I-CARE: change within 0.1 s, as a multiple of the amplitude"},
  {0}};

const evl_step evl_rule_icare = {
  .name = "icare",
  .summary = "the rules of the I-CARE pipeline on 5 s (in place of the robust ones)",
  .definition = "The 18 pairs of the longitudinal bipolar chains, means of 10 ms (100 Hz), windows of 5 s from the start of a stretch (the "
                "last one ends with it). Amplitude: max - min > 1000 uV. Flat: sd of 2 s (0-2, 2-4, 3-5) without linear trend <= 0.2 uV, or "
                "sd of 5 s <= 0.5 uV. Step: a change of at least 900 uV within 0.1 s. A mark of a pair goes to both its electrodes, for "
                "the whole window (the last one: its part behind the one before). Missing samples: the cell, and no other rule. The spectral rules of the pipeline (staircase, peaks every 1 Hz) are "
                "not part of this.",
  .cite = "Zheng et al. 2021, doi:10.1016/j.resuscitation.2021.10.034, segment_EEG.py",
  .version = 1,
  .params = evl_rule_icare_params};

enum { WINDOW = 5 * EVL_CELLS_S, POINTS = WINDOW * EVL_TENTHS, TREND = 2 * EVL_CELLS_S * EVL_TENTHS };

/* sd of n values, of what a straight line leaves where `trend`. */
static double sd_of(const double *x, int n, bool trend) {
  double mean = evl_mean(x, (size_t)n), middle = 0.5 * (n - 1), tt = 0, tx = 0, sum = 0;
  for (int t = 0; t < n && trend; t++) {
    tt += (t - middle) * (t - middle);
    tx += (t - middle) * (x[t] - mean);
  }
  double slope = tt > 0 ? tx / tt : 0;
  for (int t = 0; t < n; t++) {
    double rest = x[t] - mean - slope * (t - middle);
    sum += rest * rest;
  }
  return sqrt(sum / n);
}

typedef struct limits { double range, flat_2s, flat_5s, change; } limits;

static uint16_t causes_of(const double *x, int n, const limits *most) {
  double low = x[0], high = x[0], step = 0;
  uint16_t causes = 0;
  for (int t = 0; t < n; t++) {
    low = fmin(low, x[t]);
    high = fmax(high, x[t]);
    for (int back = 1; back <= EVL_TENTHS && back <= t; back++) step = fmax(step, fabs(x[t] - x[t - back]));
  }
  if (high - low > most->range) causes |= EVL_CAUSE_AMPLITUDE;
  if (step >= most->change) causes |= EVL_CAUSE_STEP;
  if (sd_of(x, n, false) <= most->flat_5s) causes |= EVL_CAUSE_FLAT;
  for (int start = 0; start + TREND <= n; start += TREND)
    if (sd_of(x + start, TREND, true) <= most->flat_2s) causes |= EVL_CAUSE_FLAT;
  if (n == POINTS && sd_of(x + n - TREND, TREND, true) <= most->flat_2s) causes |= EVL_CAUSE_FLAT;
  return causes;
}

static int find(const evl_quality *q, const char *name, size_t length) {
  for (int i = 0; i < q->n; i++)
    if (strlen(q->looked[i].name) == length && memcmp(q->looked[i].name, name, length) == 0) return i;
  return -1;
}

static bool any_missing(const evl_quality *q, const evl_looked *looked, int64_t a, int64_t b) {
  for (int64_t k = a; k < b; k++)
    if (looked->cells.missing[k - q->begin]) return true;
  return false;
}

/* The pair first - second in cells [a, b); a file of pairs has it as one signal. */
static void look_at_pair(evl_quality *q, const char *pair, const limits *most, int64_t a, int64_t b, int64_t from,
                         int64_t to) {
  const char *dash = strchr(pair, '-');
  double x[POINTS] = {0};
  int whole = find(q, pair, strlen(pair)), n = (int)(b - a) * EVL_TENTHS;
  int first = whole >= 0 ? whole : find(q, pair, (size_t)(dash - pair));
  int second = whole >= 0 ? whole : find(q, dash + 1, strlen(dash + 1));
  if (first < 0 || second < 0) return;
  evl_looked *one = &q->looked[first], *two = &q->looked[second];
  if (any_missing(q, one, a, b) || any_missing(q, two, a, b)) return;
  const double *p = one->cells.tenth + (a - q->begin) * EVL_TENTHS, *r = two->cells.tenth + (a - q->begin) * EVL_TENTHS;
  for (int t = 0; t < n; t++) x[t] = whole >= 0 ? p[t] : p[t] - r[t];
  uint16_t causes = causes_of(x, n, most);
  if (!causes) return;
  evl_mark_cells(q, one, a, b, from, to, causes);
  evl_mark_cells(q, two, a, b, from, to, causes);
}

void evl_rule_icare_run(evl_quality *q, int64_t from, int64_t to) {
  double amplitude = evl_params_real(q->params, "icare_amplitude_uv");
  const limits most = {2 * amplitude, evl_params_real(q->params, "icare_flat_2s_uv"),
                       evl_params_real(q->params, "icare_flat_5s_uv"), evl_params_real(q->params, "icare_change") * amplitude};
  int n_pairs;
  const char *const *pair = evl_montage_chains(&n_pairs);
  for (int64_t a = from / WINDOW * WINDOW; a < to; a += WINDOW) {
    int64_t b = a + WINDOW, begin = a;
    if (b > q->n_cells) b = q->n_cells, begin = evl_greater(b - WINDOW, 0);
    for (int i = 0; i < n_pairs; i++) look_at_pair(q, pair[i], &most, begin, b, evl_greater(a, from), to);
  }
}
