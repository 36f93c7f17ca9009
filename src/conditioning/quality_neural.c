/* The rules of NEURAL, for `artefacts = "neural"`. */
#include "quality_priv.h"

const evl_param evl_rule_neural_params[] = {
  {"neural_amplitude_uv", EVL_REAL, "1500.0", 1.0, 1e7, NULL, "uV", "NEURAL: largest magnitude"},
  {"neural_amplitude_s", EVL_REAL, "10.0", 0.0, 10.0, NULL, "s", "NEURAL: marked on both sides of it"},
  {"neural_change_uv", EVL_REAL, "200.0", 1.0, 1e7, NULL, "uV", "NEURAL: largest change from sample to sample"},
  {"neural_change_s", EVL_REAL, "0.5", 0.0, 10.0, NULL, "s", "NEURAL: marked on both sides of it"},
  {"neural_flat_s", EVL_REAL, "0.1", 0.01, 0.1, NULL, "s", "NEURAL: shortest run of equal samples"},
  {"neural_correlation", EVL_REAL, "0.15", -1.0, 1.0, NULL, "", "NEURAL: least mean correlation with the other signals"},
  {0}};

const evl_step evl_rule_neural = {
  .name = "neural",
  .summary = "the rules of NEURAL (in place of the robust ones)",
  .definition = "|x| > 1500 uV and 10 s on both sides; |x[t] - x[t-1]| > 200 uV and 0.5 s on both sides; runs of equal samples of 0.1 s "
                "and more. A whole signal is bad where the mean over the learned segments of its mean correlation with all "
                "other signals (bins of 20 ms, referential) is below 0.15. Sides are rounded to cells of 0.1 s.",
  .cite = "O'Toole & Boylan 2017, arXiv:1704.05694, neural_parameters.m",
  .version = 1,
  .params = evl_rule_neural_params};

static void mark_sides(const evl_quality *q, evl_looked *looked, int64_t k, int64_t sides, int64_t from, int64_t to,
                       uint16_t cause) {
  evl_mark_cells(q, looked, k - sides, k + sides + 1, from, to, cause);
}

void evl_rule_neural_run(evl_quality *q, int64_t from, int64_t to) {
  double most = evl_params_real(q->params, "neural_amplitude_uv"), change = evl_params_real(q->params, "neural_change_uv");
  int64_t wide = (int64_t)ceil(evl_params_real(q->params, "neural_amplitude_s") * EVL_CELLS_S - 1e-9);
  int64_t near = (int64_t)ceil(evl_params_real(q->params, "neural_change_s") * EVL_CELLS_S - 1e-9);
  int64_t reach = evl_greater(wide, near);
  for (int i = 0; i < q->n; i++) {
    evl_looked *looked = &q->looked[i];
    const evl_cells *c = &looked->cells;
    if (!looked->brain) continue;
    for (int64_t k = evl_greater(from - reach, 0); k < evl_lesser(to + reach, q->n_cells); k++) {
      int64_t j = k - q->begin;
      if (c->high[j] > most || c->low[j] < -most) mark_sides(q, looked, k, wide, from, to, EVL_CAUSE_AMPLITUDE);
      if ((c->rise[j] > change || c->fall[j] < -change) && !c->missing[j])
        mark_sides(q, looked, k, near, from, to, EVL_CAUSE_STEP);
      if (c->plateau[j] && !c->missing[j]) mark_sides(q, looked, k, 0, from, to, EVL_CAUSE_FLAT);
    }
  }
}
