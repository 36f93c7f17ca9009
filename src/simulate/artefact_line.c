/* Power line noise. */
#include <math.h>

#include "simulate_priv.h"

static const evl_param params[] = {
    {"line_uv", EVL_REAL, "5.0", 0, 1000, NULL, "uV", "Amplitude of the line noise in every channel."},
    {0}};

typedef struct line {
  double height_uv;
  double turn[2], phase[2];              /* cosine and sine, of a step and now */
  double in[2][EVL_HEAD_CHANNELS];       /* heights of cosine and sine in each channel */
} line;

static evl_status plan(const evl_params *p, const evl_making *making, evl_arena *arena, void **state) {
  line *s;
  evl_random random;
  EVL_NEW(arena, s, 1);
  s->height_uv = evl_params_real(p, "line_uv");
  double step = 2 * acos(-1.0) * making->line_hz / making->fs_hz;
  s->turn[0] = cos(step);
  s->turn[1] = sin(step);
  s->phase[0] = 1;
  evl_random_begin(&random, making->seed, making->id, "line", making->recording);
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) { /* every channel has its own phase: no reference removes it */
    double phase = 2 * acos(-1.0) * evl_random_uniform(&random);
    s->in[0][c] = s->height_uv * cos(phase);
    s->in[1][c] = s->height_uv * sin(phase);
  }
  *state = s;
  return EVL_OK;
}

/* Rotation by one step: its rounding error is below 1e-8 of the height even after 1e8 samples. */
static evl_status run(void *state, int64_t first, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  line *s = state;
  (void)first, (void)tell, (void)context;
  if (s->height_uv == 0) return EVL_OK;
  for (int t = 0; t < n; t++) {
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
      x[(size_t)c * ld + (size_t)t] += s->in[0][c] * s->phase[0] + s->in[1][c] * s->phase[1];
    double cosine = s->phase[0] * s->turn[0] - s->phase[1] * s->turn[1];
    s->phase[1] = s->phase[1] * s->turn[0] + s->phase[0] * s->turn[1];
    s->phase[0] = cosine;
  }
  return EVL_OK;
}

static double limit_uv(const void *state) { return ((const line *)state)->height_uv; }

const evl_artefact evl_artefact_line = {
    .name = "line",
    .summary = "power line noise, in every channel with a phase of its own",
    .definition = "line_uv cos(2 pi line_hz t + phase of the channel), phases uniform.",
    .cite = "Tatum et al. 2011, doi:10.1097/WNP.0b013e31821c3c93",
    .version = 1,
    .params = params,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
