/* Clipping: samples beyond the amplifier's rail stay at it. */
#include <math.h>

#include "artefacts_priv.h"

#define JOIN_S 0.02 /* runs so near to each other are one event */

static const evl_param params[] = {
    {"rail_uv", EVL_REALS, "(80.0, 200.0)", 0.1, 1e6, NULL, "uV",
     "The rail, behind the gain, of a recording: lowest, highest, uniform in the logarithm."},
    {0}};

typedef struct clip {
  double fs_hz, rail_uv;
  int64_t end; /* samples of the recording */
  int64_t from[EVL_HEAD_CHANNELS], to[EVL_HEAD_CHANNELS]; /* the run under way; to 0: none */
} clip;

static evl_status plan(const evl_params *p, const evl_making *making, evl_arena *arena, void **state) {
  clip *s;
  double range_uv[2];
  EVL_NEW(arena, s, 1);
  EVL_TRY(evl_slots_range(p, "rail_uv", range_uv));
  s->fs_hz = making->fs_hz;
  s->rail_uv = evl_slots_own(making, "rail_uv", range_uv, true);
  s->end = llround(making->duration_s * making->fs_hz);
  *state = s;
  return EVL_OK;
}

static evl_status end_run(clip *s, int c, evl_tell *tell, void *context) {
  evl_event event = {.kind = "clip",
                     .onset_s = (double)s->from[c] / s->fs_hz,
                     .duration_s = (double)(s->to[c] - s->from[c]) / s->fs_hz,
                     .height_uv = s->rail_uv,
                     .channels = 1u << c};
  s->to[c] = 0;
  return tell(context, &event);
}

static evl_status run(void *state, int64_t first, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  clip *s = state;
  int64_t join = (int64_t)ceil(JOIN_S * s->fs_hz);
  for (int t = 0; t < n; t++)
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
      double *v = x + (size_t)c * ld + (size_t)t;
      if (fabs(*v) > s->rail_uv) {
        *v = copysign(s->rail_uv, *v);
        if (!s->to[c]) s->from[c] = first + t;
        s->to[c] = first + t + 1;
      } else if (s->to[c] && first + t - s->to[c] >= join) EVL_TRY(end_run(s, c, tell, context));
    }
  for (int c = 0; c < EVL_HEAD_CHANNELS && first + n >= s->end; c++)
    if (s->to[c]) EVL_TRY(end_run(s, c, tell, context));
  return EVL_OK;
}

static double limit_uv(const void *state) { return (void)state, 0; }

const evl_artefact evl_artefact_clip = {
    .name = "clip",
    .summary = "samples beyond the amplifier's rail stay at it",
    .definition =
        "|x| > rail becomes the rail. Mask: those samples of each channel, runs less than 20 ms apart joined; told "
        "when a run is over.",
    .cite = "Tatum et al. 2011, doi:10.1097/WNP.0b013e31821c3c93",
    .version = 1,
    .of_device = true,
    .params = params,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
