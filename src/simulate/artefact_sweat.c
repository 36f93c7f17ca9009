/* Slow drift, as of sweating skin. */
#include <math.h>

#include "artefacts_priv.h"

enum { DRIFTS = 3 };

static const evl_param params[] = {
    {"drift_uv", EVL_REAL, "30.0", 0, 10000, NULL, "uV", "Largest slow drift."},
    {"drift_period_s", EVL_REALS, "(30.0, 600.0)", 1, 1e5, NULL, "s",
     "Its periods: lowest, highest; (2.0, 8.0) is the sway of wet skin."},
    {0}};

typedef struct sweat {
  double duration_s, height_uv, turn[DRIFTS][2], phase[DRIFTS][2]; /* cosine and sine, of a step and now */
  double in[2 * DRIFTS][EVL_HEAD_CHANNELS];            /* heights of each cosine and sine */
} sweat;

static evl_status plan(const evl_params *p, const evl_making *making, evl_arena *arena, void **state) {
  sweat *s;
  evl_random random;
  EVL_NEW(arena, s, 1);
  double period[2];
  EVL_TRY(evl_slots_range(p, "drift_period_s", period));
  s->duration_s = making->duration_s;
  s->height_uv = evl_params_real(p, "drift_uv");
  evl_random_begin(&random, making->seed, making->id, "sweat", making->recording);
  for (int i = 0; i < DRIFTS; i++) {
    double period_s = period[0] * pow(period[1] / period[0], (i + evl_random_uniform(&random)) / DRIFTS);
    double step = 2 * acos(-1.0) / (period_s * making->fs_hz);
    s->turn[i][0] = cos(step);
    s->turn[i][1] = sin(step);
    s->phase[i][0] = 1;
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++) { /* every channel has its own phase: no reference removes it */
      double phase = 2 * acos(-1.0) * evl_random_uniform(&random);
      s->in[2 * i][c] = s->height_uv / DRIFTS * cos(phase);
      s->in[2 * i + 1][c] = s->height_uv / DRIFTS * sin(phase);
    }
  }
  *state = s;
  return EVL_OK;
}

static evl_status run(void *state, int64_t first, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  sweat *s = state;
  if (s->height_uv == 0) return EVL_OK;
  if (first == 0 && s->height_uv > EVL_ARTEFACT_FLOOR_UV)
    EVL_TRY(tell(context, &(evl_event){"sweat", 0, s->duration_s, s->height_uv, EVL_ALL_CHANNELS, NULL}));
  for (int t = 0; t < n; t++)
    for (int i = 0; i < DRIFTS; i++) {
      double *now = s->phase[i];
      for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
        x[(size_t)c * ld + (size_t)t] += s->in[2 * i][c] * now[0] + s->in[2 * i + 1][c] * now[1];
      double cosine = now[0] * s->turn[i][0] - now[1] * s->turn[i][1];
      now[1] = now[1] * s->turn[i][0] + now[0] * s->turn[i][1];
      now[0] = cosine;
    }
  return EVL_OK;
}

static double limit_uv(const void *state) { return ((const sweat *)state)->height_uv; }

const evl_artefact evl_artefact_sweat = {
    .name = "sweat",
    .summary = "slow drift of the electrodes, as of sweating skin",
    .definition =
        "Three cosines with periods log-uniform in the thirds of drift_period_s, a third of the height each, every "
        "channel with a phase of its own, together at most drift_uv. Mask, where that is above 5 uV: the whole "
        "recording.",
    .cite = "Tatum et al. 2011, doi:10.1097/WNP.0b013e31821c3c93",
    .version = 2,
    .params = params,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
