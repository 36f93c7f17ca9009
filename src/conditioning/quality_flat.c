/* Rules missing and flat. */
#include "quality_priv.h"

const evl_param evl_rule_missing_params[] = {
  {"artefacts", EVL_STRING, "\"robust\"", 0, 0, "robust|icare|neural|none", "",
   "rules that mark artefacts: robust: of this project; icare, neural: as published; none"},
  {"artefact_share", EVL_REAL, "0.1", 0.0, 1.0, NULL, "",
   "largest share of a window that may be marked in a channel; beyond it the channel has why 6 in this window"},
  {0}};

const evl_step evl_rule_missing = {
  .name = "missing",
  .summary = "samples that the recording does not have",
  .definition = "Cells of 0.1 s with a sample that is not finite. Marks of all rules are set in such cells, counted from the "
                "start of a stretch.",
  .cite = "IEEE 754",
  .version = 1,
  .params = evl_rule_missing_params};

const evl_param evl_rule_flat_params[] = {
  {"flat_uv", EVL_REAL, "0.5", 0.0, 1000.0, NULL, "uV", "a flat signal stays within this in each 0.1 s"},
  {"flat_s", EVL_REAL, "1.0", 0.1, 2.0, NULL, "s", "shortest flat part that is marked"},
  {0}};

const evl_step evl_rule_flat = {
  .name = "flat",
  .summary = "no signal: a range that no electrode on a living head has",
  .definition = "At least flat_s in which every cell of 0.1 s has max - min <= flat_uv and the means of successive cells change "
                "by at most flat_uv more or less than before. The noise of an amplifier on a suppressed brain (1 uV rms) has a "
                "range of several uV in 1 s and is not flat.",
  .cite = "after Zheng et al. 2021, doi:10.1016/j.resuscitation.2021.10.034 (standard deviation of 2 s at most 0.2 uV)",
  .version = 1,
  .params = evl_rule_flat_params};

void evl_rule_missing_run(evl_quality *q, int64_t from, int64_t to) {
  for (int i = 0; i < q->n; i++)
    for (int64_t k = from; k < to; k++)
      if (q->looked[i].cells.missing[k - q->begin])
        evl_mark_cells(q, &q->looked[i], k, k + 1, from, to, EVL_CAUSE_MISSING);
}

/* Change of the mean from cell to cell, against the change before. */
static bool steady(const evl_cells *c, int64_t j, double most) {
  return fabs(c->mean[j] - 2 * c->mean[j - 1] + c->mean[j - 2]) <= most;
}

void evl_rule_flat_run(evl_quality *q, int64_t from, int64_t to) {
  double most = evl_params_real(q->params, "flat_uv");
  int64_t need = (int64_t)ceil(evl_params_real(q->params, "flat_s") * EVL_CELLS_S - 1e-9);
  int64_t low = evl_greater(from - need, 0), high = evl_lesser(to + need, q->n_cells);
  for (int i = 0; i < q->n; i++) {
    const evl_cells *c = &q->looked[i].cells;
    int64_t quiet = 0, even = 0; /* cells in a row up to k */
    for (int64_t k = low; k < high; k++) {
      int64_t j = k - q->begin;
      bool missing = c->missing[j];
      quiet = !missing && c->high[j] - c->low[j] <= most ? quiet + 1 : 0;
      even = k >= 2 && steady(c, j, most) ? even + 1 : 0;
      if (quiet >= need && even >= need - 2)
        evl_mark_cells(q, &q->looked[i], k - need + 1, k + 1, from, to, EVL_CAUSE_FLAT);
    }
  }
}
