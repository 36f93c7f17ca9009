/* Electrode pops: steps that decay (an electrode that moves and is recharged by the amplifier's input). */
#include <math.h>

#include "simulate_priv.h"

enum { SLOT_S = 10, DECAYS = 6, LOOK_BACK_S = 3 /* DECAYS of the longest decay */ };
#define LEAST_UV 150.0
#define MOST_UV 400.0

static const evl_param params[] = {
    {"pops_per_min", EVL_REAL, "0.5", 0, 6, NULL, "1/min", "Electrode pops, each annotated."},
    {0}};

typedef struct pops { evl_making making; double per_min; } pops;
typedef struct jump { double onset_s, height_uv, decay_s; int channel; } jump;

/* At most one a slot: whether there is one in this slot. */
static bool draw_pop(const pops *p, int64_t slot, jump *pop) {
  evl_random random;
  evl_random_begin(&random, p->making.seed, p->making.id, "pops", p->making.recording << 32 | (uint64_t)slot);
  if (evl_random_uniform(&random) >= p->per_min * SLOT_S / 60) return false;
  pop->onset_s = SLOT_S * ((double)slot + evl_random_uniform(&random));
  pop->height_uv = LEAST_UV + (MOST_UV - LEAST_UV) * evl_random_uniform(&random);
  if (evl_random_uniform(&random) < 0.5) pop->height_uv = -pop->height_uv;
  pop->decay_s = 0.1 + 0.3 * evl_random_uniform(&random);
  pop->channel = (int)evl_random_below(&random, EVL_HEAD_CHANNELS);
  return true;
}

static evl_status plan(const evl_params *p, const evl_making *making, evl_arena *arena, void **state) {
  pops *s;
  EVL_NEW(arena, s, 1);
  *s = (pops){*making, evl_params_real(p, "pops_per_min")};
  *state = s;
  return EVL_OK;
}

static void add_pop(const jump *pop, int64_t first, double fs_hz, double *x, size_t ld, int n) {
  double begin = ceil(pop->onset_s * fs_hz) - (double)first;
  double end = (pop->onset_s + DECAYS * pop->decay_s) * fs_hz - (double)first;
  double *row = x + (size_t)pop->channel * ld;
  for (int t = begin > 0 ? (int)fmin(begin, n) : 0; t < n && t < end; t++)
    row[t] += pop->height_uv * exp(-((double)(first + t) / fs_hz - pop->onset_s) / pop->decay_s);
}

static evl_status run(void *state, int64_t first, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  const pops *s = state;
  double fs_hz = s->making.fs_hz, t0_s = (double)first / fs_hz, t1_s = (double)(first + n) / fs_hz;
  for (int64_t slot = (int64_t)(fmax(0, t0_s - LOOK_BACK_S) / SLOT_S); (double)slot * SLOT_S < t1_s; slot++) {
    jump pop;
    if (!draw_pop(s, slot, &pop)) continue;
    add_pop(&pop, first, fs_hz, x, ld, n);
    if (pop.onset_s >= t0_s && pop.onset_s < t1_s)
      EVL_TRY(tell(context, &(evl_event){"pop", pop.onset_s, pop.decay_s, pop.height_uv, 1u << pop.channel}));
  }
  return EVL_OK;
}

static double limit_uv(const void *state) { return ((const pops *)state)->per_min > 0 ? MOST_UV + 100 : 0; }

const evl_artefact evl_artefact_pop = {
    .name = "pop",
    .summary = "electrode pops: steps of 150 to 400 uV that decay within a second",
    .definition = "At most one in every slot of 10 s, on one channel: h exp(-(t - onset) / tau), |h| uniform from 150 to "
                  "400 uV, either sign, tau uniform from 0.1 to 0.4 s, for 6 tau. Told for tau.",
    .cite = "Tatum et al. 2011, doi:10.1097/WNP.0b013e31821c3c93",
    .version = 1,
    .params = params,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
