/* Rule step: electrode pops. */
#include "quality_priv.h"

const evl_param evl_rule_step_params[] = {
  {"step_uv", EVL_REAL, "60.0", 1.0, 1e6, NULL, "uV", "smallest step within 5 ms that no neighbour shares"},
  {"step_ratio", EVL_REAL, "2.2", 1.0, 100.0, NULL, "",
   "the same as a multiple of what is common: typical largest step of this signal in 0.1 s"},
  {0}};

const evl_step evl_rule_step = {
  .name = "step",
  .summary = "steps of one electrode, and of all at once (the reference)",
  .definition = "d = largest rise or fall of x[t] - x[t - h], h = 5 ms (one sample at 300 Hz and less), in a cell of 0.1 s, "
                "less what is uncommon in its neighbours: the median over the four nearest electrodes of their largest change of "
                "the same sign in that cell and those beside it, beyond the typical one. Typical: the median over the learned cells, or 0.7 times "
                "what one in ten exceeds. A step: d > max(step_uv, step_ratio times typical). Of all at once: the median of all signals is beyond that "
                "and the middle half of them within a quarter of it. Marked from 0.1 s before until the mean has come "
                "back by 70 % or to 30 uV, at most 3 s.",
  .cite = "no publication",
  .version = 1,
  .params = evl_rule_step_params};

enum { LONGEST = 3 * EVL_CELLS_S, MOST = 256 };
static const double back_uv = 30.0, back_share = 0.3;

/* Largest change of one sign in cells k - 1 to k + 1, as a positive number. */
static double shared(const evl_quality *q, const evl_cells *c, int64_t k, bool rising) {
  double most = 0;
  for (int64_t j = evl_greater(k - 1, 0); j <= evl_lesser(k + 1, q->n_cells - 1); j++)
    most = fmax(most, rising ? c->rise[j - q->begin] : -c->fall[j - q->begin]);
  return most;
}

static double of_neighbours(const evl_quality *q, const evl_looked *looked, int64_t k, bool rising) {
  double change[EVL_NEIGHBOURS];
  if (looked->n_neighbours == 0) return 0;
  for (int i = 0; i < looked->n_neighbours; i++)
    change[i] = fmax(0, shared(q, &q->looked[looked->neighbour[i]].cells, k, rising) -
                            q->looked[looked->neighbour[i]].typical_step_uv);
  evl_sort(change, (size_t)looked->n_neighbours);
  return evl_quantile_sorted(change, (size_t)looked->n_neighbours, 0.5);
}

static bool missing_near(const evl_quality *q, const evl_cells *c, int64_t k) {
  for (int64_t j = evl_greater(k - 1, 0); j <= evl_lesser(k + 1, q->n_cells - 1); j++)
    if (c->missing[j - q->begin]) return true;
  return false;
}

static void mark_step(const evl_quality *q, evl_looked *looked, int64_t k, double height, int64_t from, int64_t to) {
  const evl_cells *c = &looked->cells;
  double before = c->mean[evl_greater(k - 2, 0) - q->begin], least = fmax(back_uv, back_share * height);
  int64_t end = evl_lesser(k + 2, q->n_cells);
  while (end < evl_lesser(k + LONGEST, q->n_cells) && fabs(c->mean[end - q->begin] - before) > least) end++;
  evl_mark_cells(q, looked, k - 1, end, from, to, EVL_CAUSE_STEP);
}

/* The median step of all signals, where they all agree; 0 elsewhere. */
static double common_step(const evl_quality *q, int64_t k, bool rising, double least, double ratio) {
  double change[MOST], typical = 0;
  int n = 0;
  for (int i = 0; i < q->n && n < MOST; i++) {
    const evl_cells *c = &q->looked[i].cells;
    if (!q->looked[i].brain) continue;
    change[n++] = rising ? c->rise[k - q->begin] : -c->fall[k - q->begin];
    typical += q->looked[i].typical_step_uv;
  }
  if (n < 4) return 0;
  evl_sort(change, (size_t)n);
  double median = evl_quantile_sorted(change, (size_t)n, 0.5);
  double half = evl_quantile_sorted(change, (size_t)n, 0.75) - evl_quantile_sorted(change, (size_t)n, 0.25);
  return median > fmax(least, ratio * typical / n) && half < 0.25 * median ? median : 0;
}

void evl_rule_step_run(evl_quality *q, int64_t from, int64_t to) {
  double least = evl_params_real(q->params, "step_uv"), ratio = evl_params_real(q->params, "step_ratio");
  for (int64_t k = evl_greater(from - LONGEST, 0); k < evl_lesser(to + 1, q->n_cells); k++) {
    int steep = 0;
    for (int i = 0; i < q->n; i++) {
      evl_looked *looked = &q->looked[i];
      const evl_cells *c = &looked->cells;
      double rise = c->rise[k - q->begin], fall = -c->fall[k - q->begin], height = fmax(rise, fall);
      if (!looked->brain || !(height > least)) continue;
      steep++;
      if (height <= ratio * looked->typical_step_uv || missing_near(q, c, k)) continue;
      if (height - of_neighbours(q, looked, k, rise >= fall) > fmax(least, ratio * looked->typical_step_uv))
        mark_step(q, looked, k, height, from, to);
    }
    if (2 * steep < q->n) continue;
    double height = fmax(common_step(q, k, true, least, ratio), common_step(q, k, false, least, ratio));
    for (int i = 0; i < q->n && height > 0; i++)
      if (q->looked[i].brain && !missing_near(q, &q->looked[i].cells, k)) mark_step(q, &q->looked[i], k, height, from, to);
  }
}
