/* Alpha coma: alpha everywhere, strongest in front, that neither waxes nor reacts. */
#include <math.h>

#include "patterns_priv.h"

enum { GENERATORS = 3 };
#define SPREAD 0.8          /* radian, of a generator's field */
#define MODULATION_SD 0.12  /* of the height */
#define MODULATION_S 1.5    /* its time */

static const evl_param params[] = {
    {"alpha_hz", EVL_REALS, "(9.5, 0.8)", 0, 14, NULL, "Hz", "Alpha frequency: mean and sd."},
    {"alpha_width_hz", EVL_REALS, "(0.2, 0.6)", 0.01, 5, NULL, "Hz", "Half-power width of the peak: lowest, highest."},
    {"alpha_uv", EVL_REALS, "(35.0, 0.25)", 0, 200, NULL, "uV",
     "Rms of alpha at its strongest channel: median, sd of the logarithm."},
    {"background_uv", EVL_REALS, "(5.0, 0.2)", 0, 200, NULL, "uV",
     "Rms of the background from 0.5 to 45 Hz: median, sd of the logarithm."},
    {0}};

enum { ALPHA_HZ, ALPHA_WIDTH_HZ, ALPHA_UV, BACKGROUND_UV };
static const evl_truth_item truths[] = {
    {"alpha_hz", "Hz", "mean frequency of alpha"},
    {"alpha_width_hz", "Hz", "half-power width of its peak"},
    {"alpha_uv", "uV", "rms of alpha at its strongest channel; z of its logarithm"},
    {"background_uv", "uV", "rms of the background from 0.5 to 45 Hz; z of its logarithm"},
    {0}};

/* Left and right frontal, and a weaker one behind the vertex: degrees (polar, azimuth), weight. */
static const double place[GENERATORS][3] = {{75, 120, 1}, {75, 60, 1}, {40, 270, 0.5}};

typedef struct alpha {
  evl_random random;
  evl_cortex *cortex;
  double step, jitter;                /* radian a sample: mean, sd */
  double keep, push;                  /* of the modulation, an AR(1) */
  double phase[GENERATORS], height[GENERATORS];
  double field[GENERATORS][EVL_HEAD_CHANNELS], limit_uv;
} alpha;

static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  EVL_TRY(evl_draw_linear(p, "alpha_hz", seed, id, &value[ALPHA_HZ], &z[ALPHA_HZ]));
  EVL_TRY(evl_draw_between(p, "alpha_width_hz", seed, id, &value[ALPHA_WIDTH_HZ], &z[ALPHA_WIDTH_HZ]));
  EVL_TRY(evl_draw_logarithmic(p, "alpha_uv", seed, id, &value[ALPHA_UV], &z[ALPHA_UV]));
  return evl_draw_logarithmic(p, "background_uv", seed, id, &value[BACKGROUND_UV], &z[BACKGROUND_UV]);
}

/* Rms alpha_uv at the strongest electrode, the generators being independent. */
static void plan_fields(alpha *s, double alpha_uv) {
  double strongest = 0;
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    double power = 0;
    for (int g = 0; g < GENERATORS; g++) {
      double angle = evl_head_angle(c, place[g][0], place[g][1]);
      s->field[g][c] = place[g][2] * exp(-angle * angle / (2 * SPREAD * SPREAD));
      power += s->field[g][c] * s->field[g][c];
    }
    strongest = fmax(strongest, sqrt(power));
  }
  double scale = alpha_uv * sqrt(2 / (1 + MODULATION_SD * MODULATION_SD)) / strongest;
  for (int g = 0; g < GENERATORS; g++)
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++) s->field[g][c] *= scale;
}

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  alpha *s;
  (void)p;
  EVL_NEW(arena, s, 1);
  double pi = acos(-1.0);
  evl_random_begin(&s->random, making->seed, making->id, "alpha", making->recording);
  s->step = 2 * pi * truth[ALPHA_HZ] / making->fs_hz;
  s->jitter = sqrt(2 * pi * truth[ALPHA_WIDTH_HZ] / making->fs_hz); /* a phase that diffuses: a Lorentzian */
  s->keep = exp(-1 / (MODULATION_S * making->fs_hz));
  s->push = MODULATION_SD * sqrt(1 - s->keep * s->keep);
  for (int g = 0; g < GENERATORS; g++) {
    s->phase[g] = 2 * pi * evl_random_uniform(&s->random);
    s->height[g] = MODULATION_SD * evl_random_normal(&s->random);
  }
  plan_fields(s, truth[ALPHA_UV]);
  evl_cortex_spec spec = {.exponent = 1.2, .background_uv = truth[BACKGROUND_UV], .edge_hz = {0.6, 25}};
  EVL_TRY(evl_cortex_plan(&spec, making, arena, &s->cortex));
  s->limit_uv = 5 * truth[ALPHA_UV] + evl_cortex_limit_uv(s->cortex);
  *state = s;
  return EVL_OK;
}

static void run(void *state, double *x, size_t ld, int n) {
  alpha *s = state;
  double pi = acos(-1.0);
  evl_cortex_run(s->cortex, NULL, x, ld, n);
  for (int t = 0; t < n; t++)
    for (int g = 0; g < GENERATORS; g++) {
      s->phase[g] += s->step + s->jitter * evl_random_normal(&s->random);
      if (s->phase[g] > pi) s->phase[g] -= 2 * pi;
      s->height[g] = s->keep * s->height[g] + s->push * evl_random_normal(&s->random);
      double now = (1 + s->height[g]) * cos(s->phase[g]);
      for (int c = 0; c < EVL_HEAD_CHANNELS; c++) x[(size_t)c * ld + (size_t)t] += s->field[g][c] * now;
    }
}

static double limit_uv(const void *state) { return ((const alpha *)state)->limit_uv; }

const evl_mechanism evl_mechanism_alpha_coma = {
    .name = "alpha_coma",
    .summary = "monotonous alpha over the whole head, strongest in front, on a low background",
    .definition =
        "Three generators (in front of F3 and F4 and, at half, behind the vertex) of Gaussian fields of 0.8 radian:"
        " (1 + a) cos(phi), phi advancing by alpha_hz with a diffusion that makes the half-power width, a an AR(1) "
        "of sd 0.12 and 1.5 s; 1/f^1.2 background, 0.6 to 25 Hz.",
    .cite = "Hirsch et al. 2021 (ACNS), doi:10.1097/WNP.0000000000000806; Westmoreland et al. 1975, "
            "Archives of Neurology 32, 713-718",
    .version = 1,
    .params = params,
    .truths = truths,
    .draw = draw,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
