#include "artefacts_priv.h"

#include <math.h>

evl_status evl_slots_plan(const evl_making *making, const char *purpose, double slot_s, double per_min, evl_slots *s) {
  *s = (evl_slots){*making, purpose, slot_s, per_min * slot_s / 60};
  if (s->chance <= 1) return EVL_OK;
  return evl_fail(EVL_USAGE, "%s: expected at most %g a minute, found %g", purpose, 60 / slot_s, per_min);
}

bool evl_slots_draw(const evl_slots *s, int64_t slot, evl_random *random) {
  evl_random_begin(random, s->making.seed, s->making.id, s->purpose, s->making.recording << 32 | (uint64_t)slot);
  return evl_random_uniform(random) < s->chance;
}

evl_status evl_slots_range(const evl_params *params, const char *name, double range[2]) {
  EVL_TRY(evl_draw_pair(params, name, range));
  if (range[0] <= range[1]) return EVL_OK;
  return evl_fail(EVL_USAGE, "%s: expected lowest <= highest, found (%g, %g)", name, range[0], range[1]);
}

double evl_slots_own(const evl_making *making, const char *what, const double range[2], bool logarithmic) {
  evl_random random;
  evl_random_begin(&random, making->seed, making->id, what, making->recording);
  double u = evl_random_uniform(&random);
  return logarithmic && range[0] > 0 ? range[0] * pow(range[1] / range[0], u) : range[0] + (range[1] - range[0]) * u;
}
