#include "simulate_priv.h"

#include <math.h>

#define RAMP_S 0.1
#define SHORTEST_S 1.0 /* of a suppression (ACNS: bursts apart by more than a discharge) */
#define SHORTEST_CYCLE_S 8.0

static void draw_cycle(evl_gate *g, int64_t cycle) {
  evl_random random;
  evl_random_begin(&random, g->seed, g->who, "gate", g->stream << 32 | (uint64_t)cycle);
  double length = g->share * g->cycle_s, room = g->cycle_s - length;
  g->cycle = cycle;
  g->from_s = (double)cycle * g->cycle_s + room * (0.25 + 0.5 * evl_random_uniform(&random));
  g->to_s = g->from_s + length;
}

void evl_gate_begin(uint64_t seed, const char *who, uint64_t stream, double share, double floor, evl_gate *g) {
  *g = (evl_gate){.seed = seed, .who = who, .stream = stream, .share = share, .floor = floor};
  if (share <= 0) return;
  g->cycle_s = fmax(SHORTEST_CYCLE_S, SHORTEST_S / share);
  draw_cycle(g, 0);
}

/* The logarithm of the factor goes to log(floor) and back in cosine ramps that lie half inside. */
double evl_gate_at(evl_gate *g, double t_s) {
  if (g->share <= 0) return 1;
  int64_t cycle = (int64_t)(t_s / g->cycle_s);
  if (cycle != g->cycle) draw_cycle(g, cycle);
  double inside = fmin(t_s - g->from_s, g->to_s - t_s) / RAMP_S + 0.5;
  if (inside <= 0) return 1;
  if (inside >= 1) return g->floor;
  return pow(g->floor, 0.5 - 0.5 * cos(acos(-1.0) * inside));
}
