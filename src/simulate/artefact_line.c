/* Power line noise. */
#include <math.h>

#include "artefacts_priv.h"

enum { MOST_HARMONICS = 10 };
#define WANDER_S 20.0 /* time of the frequency's wander */

static const evl_param params[] = {
    {"line_uv", EVL_REAL, "5.0", 0, 1000, NULL, "uV", "Amplitude of the line noise in every channel."},
    {"line_wander_hz", EVL_REAL, "0.0", 0, 1, NULL, "Hz", "Sd of the line's frequency, which wanders within 20 s."},
    {"harmonics", EVL_REALS, "[]", 0, 10, NULL, "",
     "Amplitudes at twice, three times ... the frequency, of that of the line; none above half the rate."},
    {0}};

typedef struct line {
  evl_making making;
  double height_uv[MOST_HARMONICS + 1], in[2 * (MOST_HARMONICS + 1)][EVL_HEAD_CHANNELS]; /* of cosines and sines */
  int n; /* with harmonics */
  double turn[2], phase[2]; /* cosine and sine, of a step and now */
  double step, wander, keep, push; /* radian a sample; an AR(1) */
  evl_random random;
} line;

static void plan_wander(line *s, double wander_hz) {
  evl_random_begin(&s->random, s->making.seed, s->making.id, "line_wander", s->making.recording);
  s->keep = exp(-1 / (WANDER_S * s->making.fs_hz));
  s->push = 2 * acos(-1.0) * wander_hz / s->making.fs_hz * sqrt(1 - s->keep * s->keep);
  if (wander_hz > 0) s->wander = s->push / sqrt(1 - s->keep * s->keep) * evl_random_normal(&s->random);
}

static evl_status plan(const evl_params *p, const evl_making *making, evl_arena *arena, void **state) {
  line *s;
  evl_random random;
  EVL_NEW(arena, s, 1);
  const evl_value *harmonics = evl_params_value(p, "harmonics");
  if (harmonics->n > MOST_HARMONICS)
    return evl_fail(EVL_USAGE, "harmonics: expected at most %d, found %d", MOST_HARMONICS, harmonics->n);
  s->making = *making;
  s->height_uv[0] = evl_params_real(p, "line_uv");
  s->n = 1;
  for (int i = 0; i < harmonics->n && (i + 2) * making->line_hz < making->fs_hz / 2; i++)
    s->height_uv[s->n++] = s->height_uv[0] * harmonics->reals[i];
  s->step = 2 * acos(-1.0) * making->line_hz / making->fs_hz;
  s->turn[0] = cos(s->step);
  s->turn[1] = sin(s->step);
  s->phase[0] = 1;
  plan_wander(s, evl_params_real(p, "line_wander_hz"));
  evl_random_begin(&random, making->seed, making->id, "line", making->recording);
  for (int k = 0; k < s->n; k++)
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++) { /* every channel has its own phase: no reference removes it */
      double phase = 2 * acos(-1.0) * evl_random_uniform(&random);
      s->in[2 * k][c] = s->height_uv[k] * cos(phase);
      s->in[2 * k + 1][c] = s->height_uv[k] * sin(phase);
    }
  *state = s;
  return EVL_OK;
}

/* Rotation by one step: its rounding error is below 1e-8 of the height even after 1e8 samples. */
static void advance(line *s) {
  double c = s->turn[0], d = s->turn[1];
  if (s->push > 0) {
    s->wander = s->keep * s->wander + s->push * evl_random_normal(&s->random);
    c = cos(s->step + s->wander);
    d = sin(s->step + s->wander);
  }
  double cosine = s->phase[0] * c - s->phase[1] * d;
  s->phase[1] = s->phase[1] * c + s->phase[0] * d;
  s->phase[0] = cosine;
}

static evl_status tell_whole(const line *s, int64_t first, evl_tell *tell, void *context) {
  evl_event event = {.kind = "line", .duration_s = s->making.duration_s, .channels = EVL_ALL_CHANNELS};
  for (int k = 0; k < s->n; k++) event.height_uv += s->height_uv[k];
  return first == 0 && event.height_uv > EVL_ARTEFACT_FLOOR_UV ? tell(context, &event) : EVL_OK;
}

static evl_status run(void *state, int64_t first, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  line *s = state;
  if (s->height_uv[0] == 0) return EVL_OK;
  EVL_TRY(tell_whole(s, first, tell, context));
  for (int t = 0; t < n; t++) {
    double now[2] = {s->phase[0], s->phase[1]};
    for (int k = 0; k < s->n; k++) {
      for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
        x[(size_t)c * ld + (size_t)t] += s->in[2 * k][c] * now[0] + s->in[2 * k + 1][c] * now[1];
      double cosine = now[0] * s->phase[0] - now[1] * s->phase[1];
      now[1] = now[1] * s->phase[0] + now[0] * s->phase[1];
      now[0] = cosine;
    }
    advance(s);
  }
  return EVL_OK;
}

static double limit_uv(const void *state) {
  const line *s = state;
  double sum = 0;
  for (int k = 0; k < s->n; k++) sum += s->height_uv[k];
  return sum;
}

const evl_artefact evl_artefact_line = {
    .name = "line",
    .summary = "power line noise with its harmonics, in every channel with a phase of its own",
    .definition =
        "line_uv cos(p(t) + phase of the channel), phases uniform, p advancing by line_hz and a wander, an AR(1) of"
        " sd line_wander_hz and 20 s; harmonics at multiples of p. Mask, where the amplitudes together are above 5 "
        "uV: the whole recording.",
    .cite = "Tatum et al. 2011, doi:10.1097/WNP.0b013e31821c3c93",
    .version = 2,
    .params = params,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
