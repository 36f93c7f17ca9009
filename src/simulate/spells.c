#include "patterns_priv.h"

#include <math.h>

enum { CYCLES_BEFORE = 8 }; /* until the start is forgotten: spells vary by half their mean */

static void draw_next(evl_spells *s) {
  evl_random random;
  s->count++;
  s->state = 1 - s->state;
  evl_random_begin(&random, s->making.seed, s->making.id, s->purpose,
                   s->making.recording << 32 | (uint64_t)s->count);
  double scale = 0.5 * (s->mean_s[s->state] - s->least_s[s->state]);
  double length = s->least_s[s->state] - scale * log(evl_random_uniform(&random) * evl_random_uniform(&random));
  s->from_s = s->to_s;
  s->to_s += length;
}

void evl_spells_begin(const evl_making *making, const char *purpose, const double least_s[2], const double mean_s[2],
                      evl_spells *s) {
  evl_random random;
  *s = (evl_spells){.making = *making, .purpose = purpose, .state = 1};
  for (int i = 0; i < 2; i++) {
    s->least_s[i] = least_s[i];
    s->mean_s[i] = mean_s[i];
  }
  evl_random_begin(&random, making->seed, making->id, purpose, making->recording << 32);
  s->to_s = -(CYCLES_BEFORE + evl_random_uniform(&random)) * (mean_s[0] + mean_s[1]);
  draw_next(s);
}

int evl_spells_at(evl_spells *s, double t_s) {
  while (t_s >= s->to_s) draw_next(s);
  return s->state;
}

double evl_spells_ramp(evl_spells *s, double t_s, double rise_s, double fall_s) {
  if (!evl_spells_at(s, t_s)) return 0;
  double inside = fmin((t_s - s->from_s) / rise_s, (s->to_s - t_s) / fall_s);
  return inside >= 1 ? 1 : 0.5 - 0.5 * cos(acos(-1.0) * inside);
}
