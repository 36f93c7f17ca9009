/* Rule amplitude: more than any brain. */
#include "quality_priv.h"

const evl_param evl_rule_amplitude_params[] = {
  {"amplitude_uv", EVL_REAL, "500.0", 1.0, 1e7, NULL, "uV", "largest deviation from the mean of the 2 s around"},
  {"amplitude_s", EVL_REAL, "0.3", 0.0, 2.0, NULL, "s", "marked before and behind a larger one"},
  {0}};

const evl_step evl_rule_amplitude = {
  .name = "amplitude",
  .summary = "deviations that are larger than those of any brain",
  .definition = "|x - m| > amplitude_uv, m the mean of the 21 cells around, and amplitude_s on both sides.",
  .cite = "500 uV: Ruijter et al. 2018, doi:10.1002/ana.25518",
  .version = 1,
  .params = evl_rule_amplitude_params};

enum { REACH = EVL_CELLS_S };

/* Mean of the cells around, of those that the stretch has. */
static double level(const evl_quality *q, const evl_cells *c, int64_t k) {
  int64_t a = evl_greater(k - REACH, 0), b = evl_lesser(k + REACH + 1, q->n_cells);
  double sum = 0;
  for (int64_t j = a; j < b; j++) sum += c->mean[j - q->begin];
  return sum / (double)(b - a);
}

void evl_rule_amplitude_run(evl_quality *q, int64_t from, int64_t to) {
  double most = evl_params_real(q->params, "amplitude_uv");
  int64_t beside = (int64_t)ceil(evl_params_real(q->params, "amplitude_s") * EVL_CELLS_S - 1e-9);
  for (int i = 0; i < q->n; i++) {
    const evl_cells *c = &q->looked[i].cells;
    if (!q->looked[i].brain) continue;
    for (int64_t k = evl_greater(from - beside, 0); k < evl_lesser(to + beside, q->n_cells); k++) {
      double mean = level(q, c, k);
      if (c->high[k - q->begin] - mean > most || mean - c->low[k - q->begin] > most)
        evl_mark_cells(q, &q->looked[i], k - beside, k + beside + 1, from, to, EVL_CAUSE_AMPLITUDE);
    }
  }
}
