/* Slow drift, as of sweating skin. */
#include <math.h>

#include "simulate_priv.h"

enum { DRIFTS = 3 };

static const evl_param params[] = {
    {"drift_uv", EVL_REAL, "30.0", 0, 10000, NULL, "uV", "Largest slow drift, periods from 30 to 600 s."},
    {0}};

typedef struct sweat {
  double height_uv, turn[DRIFTS][2], phase[DRIFTS][2]; /* cosine and sine, of a step and now */
  double in[2 * DRIFTS][EVL_HEAD_CHANNELS];            /* heights of each cosine and sine */
} sweat;

static evl_status plan(const evl_params *p, const evl_making *making, evl_arena *arena, void **state) {
  sweat *s;
  evl_random random;
  EVL_NEW(arena, s, 1);
  s->height_uv = evl_params_real(p, "drift_uv");
  evl_random_begin(&random, making->seed, making->id, "sweat", making->recording);
  for (int i = 0; i < DRIFTS; i++) {
    double period_s = 30 * pow(20, (i + evl_random_uniform(&random)) / DRIFTS); /* 30 to 600 s */
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
  (void)first, (void)tell, (void)context;
  if (s->height_uv == 0) return EVL_OK;
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
    .definition = "Three cosines with periods log-uniform in 30 to 600 s, a third each, every channel with a phase of its "
                  "own, together at most drift_uv.",
    .cite = "Tatum et al. 2011, doi:10.1097/WNP.0b013e31821c3c93",
    .version = 1,
    .params = params,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
