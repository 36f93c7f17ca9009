/* Electrode pops: steps that decay (an electrode that moves and is recharged by the amplifier's input). */
#include <math.h>

#include "artefacts_priv.h"

enum { SLOT_S = 10, DECAYS = 6 };
#define LEAST_DECAY_S 0.1
#define MOST_DECAY_S 0.4

static const evl_param params[] = {
    {"pops_per_min", EVL_REAL, "0.5", 0, 6, NULL, "1/min", "Electrode pops."},
    {"pop_uv", EVL_REALS, "(150.0, 400.0)", 0, 10000, NULL, "uV", "Their height: lowest, highest."},
    {0}};

typedef struct pops {
  evl_transients made;
  double height_uv[2];
} pops;

static void draw(const void *context, evl_random *random, double slot_s, evl_transient *pop) {
  const pops *s = context;
  pop->onset_s = slot_s + SLOT_S * evl_random_uniform(random);
  pop->height_uv = s->height_uv[0] + (s->height_uv[1] - s->height_uv[0]) * evl_random_uniform(random);
  if (evl_random_uniform(random) < 0.5) pop->height_uv = -pop->height_uv;
  pop->shape[0] = LEAST_DECAY_S + (MOST_DECAY_S - LEAST_DECAY_S) * evl_random_uniform(random);
  pop->length_s = DECAYS * pop->shape[0];
  pop->weight[evl_random_below(random, EVL_HEAD_CHANNELS)] = 1;
}

static double wave(const double shape[4], double t_s) { return exp(-t_s / shape[0]); }

static evl_status plan(const evl_params *p, const evl_making *making, evl_arena *arena, void **state) {
  pops *s;
  EVL_NEW(arena, s, 1);
  EVL_TRY(evl_slots_range(p, "pop_uv", s->height_uv));
  s->made = (evl_transients){
      .kind = "pop", .longest_s = SLOT_S + DECAYS * MOST_DECAY_S, .context = s, .draw = draw, .wave = wave};
  *state = s;
  return evl_slots_plan(making, "pops", SLOT_S, evl_params_real(p, "pops_per_min"), &s->made.slots);
}

static evl_status run(void *state, int64_t first, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  return evl_transients_run(&((pops *)state)->made, 1, first, x, ld, n, tell, context);
}

static double limit_uv(const void *state) {
  const pops *s = state;
  return s->made.slots.chance > 0 ? 1.25 * s->height_uv[1] : 0;
}

const evl_artefact evl_artefact_pop = {
    .name = "pop",
    .summary = "electrode pops: steps that decay within a second or two",
    .definition =
        "At most one in every slot of 10 s, on one channel: h exp(-(t - onset) / tau), |h| uniform in pop_uv, "
        "either sign, tau uniform from 0.1 to 0.4 s, for 6 tau. Mask: above 5 uV.",
    .cite = "Tatum et al. 2011, doi:10.1097/WNP.0b013e31821c3c93",
    .version = 2,
    .params = params,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
