/* Rules muscle and line: the fast band. */
#include "quality_priv.h"

const evl_param evl_rule_muscle_params[] = {
  {"muscle_uv", EVL_REAL, "12.0", 0.1, 1e4, NULL, "uV", "least rms from 30 to 75 Hz, the line apart, that is marked"},
  {"muscle_ratio", EVL_REAL, "3.0", 1.0, 100.0, NULL, "",
   "the same as a multiple of what is common in this signal, and of the median of all signals at the time"},
  {0}};

const evl_step evl_rule_muscle = {
  .name = "muscle",
  .summary = "bursts of fast activity that most of the head does not share",
  .definition = "rms of 0.3 s behind a band-pass of 30 to 75 Hz (Hann-windowed sinc of 0.1 s), less the power of the line's amplitude, "
                "beyond max(muscle_uv, muscle_ratio times the median of the learned cells, muscle_ratio times the median of all "
                "signals now). Bursts and discharges of the brain are in most signals at once.",
  .cite = "band and median as in Brunner et al. 1996, doi:10.1046/j.1365-2869.1996.00009.x",
  .version = 1,
  .params = evl_rule_muscle_params};

const evl_param evl_rule_line_params[] = {
  {"line_uv", EVL_REAL, "50.0", 0.1, 1e6, NULL, "uV", "largest amplitude of the power line in 1 s"},
  {0}};

const evl_step evl_rule_line = {
  .name = "line",
  .summary = "more of the power line than a notch should have to remove",
  .definition = "Amplitude 2 |mean of y exp(-2 pi i f t)| of 1 s, f the line frequency of the recording, y behind the band-pass of the "
                "rule muscle, beyond line_uv. Not looked for where the recording has no line or f is beyond half the rate.",
  .cite = "no publication",
  .version = 1,
  .params = evl_rule_line_params};

enum { HALF_SECOND = EVL_CELLS_S / 2, MOST = 512 };

double evl_line_amplitude(const evl_quality *q, const evl_cells *c, int64_t k) {
  int64_t a = evl_greater(k - HALF_SECOND, 0), b = evl_lesser(k + HALF_SECOND + 1, q->n_cells);
  double re = 0, im = 0;
  if (!(q->turn > 0 && q->turn < 0.95 * M_PI)) return 0;
  for (int64_t j = a - q->begin; j < b - q->begin; j++) {
    re += c->line[2 * j];
    im += c->line[2 * j + 1];
  }
  return 2 * sqrt(re * re + im * im) / (double)(b - a);
}

double evl_fast_rms(const evl_quality *q, const evl_cells *c, int64_t k) {
  int64_t a = evl_greater(k - 1, 0), b = evl_lesser(k + 2, q->n_cells);
  double sum = 0, line = evl_line_amplitude(q, c, k);
  for (int64_t j = a - q->begin; j < b - q->begin; j++) sum += c->fast[j];
  return sqrt(fmax(0, sum / (double)(b - a) - 0.5 * line * line));
}

/* Median over signals; the upper one of an even number. */
static double median(double *x, int n) {
  evl_sort(x, (size_t)n);
  return n >= 4 ? x[n / 2] : 0;
}

void evl_rule_muscle_run(evl_quality *q, int64_t from, int64_t to) {
  double least = evl_params_real(q->params, "muscle_uv"), ratio = evl_params_real(q->params, "muscle_ratio");
  double rms[MOST], sorted[MOST];
  int n = (int)evl_lesser(q->n, MOST);
  for (int64_t k = from; k < to; k++) {
    int brains = 0;
    bool any = false;
    for (int i = 0; i < n; i++) {
      const evl_looked *looked = &q->looked[i];
      rms[i] = looked->brain ? evl_fast_rms(q, &looked->cells, k) : 0;
      if (looked->brain) sorted[brains++] = rms[i];
      any |= rms[i] > fmax(least, ratio * looked->typical_fast_uv);
    }
    if (!any) continue;
    double all = ratio * median(sorted, brains);
    for (int i = 0; i < n; i++)
      if (rms[i] > fmax(fmax(least, all), ratio * q->looked[i].typical_fast_uv) && !q->looked[i].cells.missing[k - q->begin])
        evl_mark_cells(q, &q->looked[i], k, k + 1, from, to, EVL_CAUSE_MUSCLE);
  }
}

void evl_rule_line_run(evl_quality *q, int64_t from, int64_t to) {
  double most = evl_params_real(q->params, "line_uv");
  for (int i = 0; i < q->n; i++)
    for (int64_t k = from; k < to && q->looked[i].brain; k++)
      if (evl_line_amplitude(q, &q->looked[i].cells, k) > most && !q->looked[i].cells.missing[k - q->begin])
        evl_mark_cells(q, &q->looked[i], k, k + 1, from, to, EVL_CAUSE_LINE);
}
