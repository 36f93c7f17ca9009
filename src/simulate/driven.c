/* Systems of a few states, driven by noise and seen by all electrodes. */
#include <math.h>
#include <string.h>

#include "model_priv.h"

void evl_driven_mix(int n, const double *sd, double uv, double (*mix)[EVL_HEAD_BACKGROUND]) {
  const double spread = 0.7;
  for (int j = 0; j < n; j++)
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
      double angle = evl_head_between(EVL_HEAD_CHANNELS * j / n, c);
      mix[j][c] = uv / sd[j] * exp(-angle * angle / (2 * spread * spread));
    }
}

typedef struct driven {
  evl_sampler *sampler;
  evl_random random;
  evl_flow *flow;
  void *system;
  int n;
  double h;
  double *x, *kick, *kick_sd, *work; /* [n], work [3 n] */
} driven;

static void step(void *state, double *source) {
  driven *s = state;
  evl_ode_rk4(s->flow, s->system, s->n, s->h, s->x, s->work);
  evl_random_increments(&s->random, s->kick, s->n);
  for (int i = 0; i < s->n; i++) source[i] = s->x[i] = fma(s->kick_sd[i], s->kick[i], s->x[i]);
}

evl_status evl_driven_plan(const evl_driven_spec *spec, const evl_making *making, evl_arena *arena, void **state) {
  driven *s;
  double(*mix)[EVL_HEAD_BACKGROUND];
  size_t n = (size_t)spec->n;
  const double warm_up = 100, apart = 0.1; /* units of the model's time; of the sd */
  EVL_NEW(arena, s, 1);
  *s = (driven){.flow = spec->flow, .n = spec->n, .h = spec->h};
  s->system = evl_arena_alloc(arena, spec->system_bytes);
  if (!s->system) return EVL_MEMORY;
  memcpy(s->system, spec->system, spec->system_bytes);
  EVL_NEW(arena, s->x, n);
  EVL_NEW(arena, s->kick, n);
  EVL_NEW(arena, s->kick_sd, n);
  EVL_NEW(arena, s->work, 3 * n);
  EVL_NEW(arena, mix, n);
  evl_random_begin(&s->random, making->seed, making->id, spec->name, making->recording);
  for (int i = 0; i < spec->n; i++) {
    s->x[i] = spec->start[i] + apart * spec->sd[i] * evl_random_normal(&s->random);
    s->kick_sd[i] = spec->process * spec->sd[i] * sqrt(spec->h);
  }
  evl_driven_mix(spec->n, spec->sd, spec->amplitude_uv, mix);
  evl_sampler_spec seen = {.making = making, .model_hz = spec->units_per_s / spec->h, .n_sources = spec->n,
                           .mix = &mix[0][0], .noise_uv = spec->observation_uv,
                           .warm_up_s = warm_up / spec->units_per_s};
  *state = s;
  return evl_sampler_plan(&seen, step, s, arena, &s->sampler);
}

void evl_driven_run(void *state, double *x, size_t ld, int n) { evl_sampler_run(((driven *)state)->sampler, x, ld, n); }

double evl_driven_limit_uv(const void *state) {
  return evl_sampler_limit_uv(((const driven *)state)->sampler, -INFINITY, INFINITY);
}

evl_status evl_driven_draw(const evl_params *p, const char *name, uint64_t seed, const char *id, double *value,
                           double *z) {
  EVL_TRY(evl_draw_logarithmic(p, "units_per_s", seed, id, &value[0], &z[0]));
  EVL_TRY(evl_draw_logarithmic(p, "amplitude_uv", seed, id, &value[1], &z[1]));
  if (!(value[0] > 0)) return evl_fail(EVL_USAGE, "units_per_s: expected a median above 0, found %g", value[0]);
  return evl_draw_linear(p, name, seed, id, &value[2], &z[2]);
}
