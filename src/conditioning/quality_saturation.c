/* Rule saturation: the converter's limits, and clipped peaks below them. */
#include "quality_priv.h"

const evl_param evl_rule_saturation_params[] = {
  {"saturation_uv", EVL_REAL, "30.0", 0.0, 1e6, NULL, "uV", "clipped peaks are looked for beyond this, from the offset"},
  {0}};

const evl_step evl_rule_saturation = {
  .name = "saturation",
  .summary = "samples at the converter's limits, and peaks cut off below them",
  .definition = "Two or more samples in a row at the file's physical minimum or maximum. Or: a run of three or more equal samples "
                "beyond saturation_uv, L long, where 4 ms from both ends the signal has fallen by at least 1 uV and 1.5 u "
                "(1 + 8 ms / L)^2, u the unit of the converter (a round peak that looks equal for L falls by at most u (1 + 8 ms / "
                "L)^2), if nothing within 1 s is more extreme and such runs of that value count at least six samples there. "
                "Cells within 1 s whose extreme is that very value are cut off as well.",
  .cite = "no publication; units of the converter are the smallest difference between samples of the learned segments",
  .version = 1,
  .params = evl_rule_saturation_params};

enum { REACH = EVL_CELLS_S, LEAST = 6 };

int evl_saturation_plateau(const evl_quality *q, const evl_looked *looked, const double *x, int stride,
                           int64_t before, int64_t after, int64_t *end) {
  int64_t a = 0, b = 0, m = (int64_t)fmax(1.0, round(0.004 * q->fs_hz));
  while (-a < before && x[(a - 1) * stride] == x[0]) a--;
  while (b + 1 < after && x[(b + 1) * stride] == x[0]) b++;
  *end = b;
  if (b - a < 2) return 0;
  bool left = m - a <= before, right = b + m < after; /* whether the ends are seen */
  double sign = x[0] > 0 ? 1 : -1, wider = 1.0 + 2.0 * (double)m / (double)(b - a);
  double least = fmax(1.0, 1.5 * looked->unit_uv * wider * wider);
  if (left && sign * (x[0] - x[(a - m) * stride]) < least) return 0;
  if (right && sign * (x[0] - x[(b + m) * stride]) < least) return 0;
  return left || right ? (int)(b - a + 1) : 0;
}

bool evl_saturation_limit(const evl_looked *looked, double before, double x) {
  return (x >= looked->near_max && before >= looked->near_max) || (x <= looked->near_min && before <= looked->near_min);
}

/* Whether the plateau of cell k is the extreme of the second around, and long enough together with others of that value. */
static bool cut_off(const evl_quality *q, const evl_cells *c, int64_t k) {
  double level = c->level[k - q->begin];
  int samples = 0;
  if (c->plateau[k - q->begin] == EVL_AT_LIMIT) return true;
  for (int64_t j = evl_greater(k - REACH, 0) - q->begin; j < evl_lesser(k + REACH + 1, q->n_cells) - q->begin; j++) {
    if (level > 0 ? c->high[j] > level : c->low[j] < level) return false;
    if (c->plateau[j] && c->level[j] == level) samples += c->plateau[j];
  }
  return samples >= LEAST;
}

void evl_rule_saturation_run(evl_quality *q, int64_t from, int64_t to) {
  int64_t low = evl_greater(from - REACH, 0), high = evl_lesser(to + REACH, q->n_cells);
  for (int i = 0; i < q->n; i++) {
    evl_looked *looked = &q->looked[i];
    const evl_cells *c = &looked->cells;
    for (int64_t k = low; k < high; k++) {
      if (!c->plateau[k - q->begin] || !cut_off(q, c, k)) continue;
      double level = c->level[k - q->begin];
      for (int64_t other = evl_greater(k - REACH, from); other < evl_lesser(k + REACH + 1, to); other++)
        if (other == k || c->high[other - q->begin] == level || c->low[other - q->begin] == level)
          evl_mark_cells(q, looked, other, other + 1, from, to, EVL_CAUSE_SATURATION);
    }
  }
}
