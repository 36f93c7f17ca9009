/* Coloured background with alpha and a gate of suppressions. */
#include <math.h>

#include "simulate_priv.h"

static const evl_param params[] = {
    {"suppression", EVL_REALS, "(0.05, 0.7)", 0, 0.95, NULL, "",
     "Share of time in suppression: lowest, highest; uniform over subjects. (0, 0): none."},
    {"suppressed_uv", EVL_REAL, "1.0", 0, 100, NULL, "uV", "Rms of the background in suppression."},
    {"exponent", EVL_REALS, "(1.3, 0.25)", 0, 1.9, NULL, "",
     "Exponent chi of the background's power 1/f^chi: mean and sd over subjects."},
    {"alpha_hz", EVL_REALS, "(10.0, 0.8)", 0, 40, NULL, "Hz", "Alpha frequency: mean and sd."},
    {"alpha_uv", EVL_REALS, "(10.0, 0.5)", 0, 200, NULL, "uV",
     "Rms of alpha at its strongest channel: median, sd of the logarithm."},
    {"alpha_width_hz", EVL_REALS, "(1.0, 2.0)", 0.05, 20, NULL, "Hz",
     "Half-power width of the alpha peak: lowest, highest."},
    {"background_uv", EVL_REALS, "(30.0, 0.25)", 0, 200, NULL, "uV",
     "Rms of the background from 0.5 to 45 Hz: median, sd of the logarithm."},
    {0}};

enum { SUPPRESSION, EXPONENT, ALPHA_HZ, ALPHA_UV, ALPHA_WIDTH_HZ, BACKGROUND_UV };
static const evl_truth_item truths[] = {
    {"suppression", "", "share of time in suppression"},
    {"exponent", "", "chi of the background's power 1/f^chi"},
    {"alpha_hz", "Hz", "centre frequency of the alpha rhythm"},
    {"alpha_uv", "uV", "rms of the alpha rhythm at its strongest channel; z of its logarithm"},
    {"alpha_width_hz", "Hz", "half-power width of the alpha rhythm"},
    {"background_uv", "uV", "rms of the background from 0.5 to 45 Hz; z of its logarithm"},
    {0}};

static const evl_truth_item courses[] = {{"suppressed", "", "share of the second in suppression"}, {0}};

static evl_status check(const evl_params *p) {
  double pair[2];
  EVL_TRY(evl_draw_pair(p, "alpha_hz", pair));
  if (pair[0] - 2.5 * pair[1] <= 0)
    return evl_fail(EVL_USAGE, "alpha_hz: mean - 2.5 sd must be above 0, found %g", pair[0] - 2.5 * pair[1]);
  EVL_TRY(evl_draw_pair(p, "background_uv", pair));
  if (pair[0] <= 0) return evl_fail(EVL_USAGE, "background_uv: expected a median above 0, found %g", pair[0]);
  return EVL_OK;
}

static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  EVL_TRY(check(p));
  EVL_TRY(evl_draw_between(p, "suppression", seed, id, &value[SUPPRESSION], &z[SUPPRESSION]));
  EVL_TRY(evl_draw_exponent(p, "exponent", seed, id, &value[EXPONENT], &z[EXPONENT]));
  EVL_TRY(evl_draw_linear(p, "alpha_hz", seed, id, &value[ALPHA_HZ], &z[ALPHA_HZ]));
  EVL_TRY(evl_draw_logarithmic(p, "alpha_uv", seed, id, &value[ALPHA_UV], &z[ALPHA_UV]));
  EVL_TRY(evl_draw_between(p, "alpha_width_hz", seed, id, &value[ALPHA_WIDTH_HZ], &z[ALPHA_WIDTH_HZ]));
  return evl_draw_logarithmic(p, "background_uv", seed, id, &value[BACKGROUND_UV], &z[BACKGROUND_UV]);
}

typedef struct background {
  evl_cortex *cortex;
  evl_gate gate;
  evl_course *course;
  double fs_hz, *factor; /* [EVL_GENERATOR_BLOCK] */
  int64_t done;          /* samples */
} background;

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  background *b;
  double highest[2];
  EVL_TRY(evl_draw_pair(p, "alpha_hz", highest));
  if (highest[0] + 2.5 * highest[1] >= making->fs_hz / 2)
    return evl_fail(EVL_USAGE, "alpha_hz: alpha must lie below half of %g Hz", making->fs_hz);
  EVL_NEW(arena, b, 1);
  EVL_NEW(arena, b->factor, EVL_GENERATOR_BLOCK);
  EVL_TRY(evl_course_plan(1, making->fs_hz, arena, &b->course));
  b->fs_hz = making->fs_hz;
  evl_cortex_spec spec = {.exponent = truth[EXPONENT],
                          .background_uv = truth[BACKGROUND_UV],
                          .alpha_hz = truth[ALPHA_HZ],
                          .alpha_width_hz = truth[ALPHA_WIDTH_HZ],
                          .alpha_uv = truth[ALPHA_UV]};
  double floor = fmin(1, evl_params_real(p, "suppressed_uv") / truth[BACKGROUND_UV]);
  evl_gate_begin(making->seed, making->id, making->recording, truth[SUPPRESSION], floor, &b->gate);
  *state = b;
  return evl_cortex_plan(&spec, making, arena, &b->cortex);
}

static void run(void *state, double *x, size_t ld, int n) {
  background *b = state;
  for (int t = 0; t < n; t++) {
    b->factor[t] = evl_gate_at(&b->gate, (double)(b->done + t) / b->fs_hz);
    evl_course_add(b->course, &(double){b->factor[t] * b->factor[t] < b->gate.floor});
  }
  evl_cortex_run(b->cortex, b->factor, x, ld, n);
  b->done += n;
}

static void course(void *state, int64_t second, double *value) {
  evl_course_mean(((background *)state)->course, second, value);
}

static double limit_uv(const void *state) { return evl_cortex_limit_uv(((const background *)state)->cortex); }

const evl_mechanism evl_mechanism_background = {
    .name = "background",
    .summary = "1/f background, alpha of individual peak and width, suppressions",
    .definition =
        "Below every electrode a source of white noise through 8 poles and zeros interlaced from 0.1 Hz to fs: "
        "power 1/f^chi; alpha: AR(2) resonators below O1, O2 and Pz. Sources reach the electrodes with a "
        "Gaussian of their angular distance. One suppression a cycle of 8 s or longer, of the subject's share of "
        "the cycle, multiplies all by suppressed_uv / background_uv, with cosine ramps of 0.1 s of its "
        "logarithm.",
    .cite = "Oustaloup 2000, doi:10.1109/81.817385; Box & Jenkins 1976, section 3.2.4",
    .version = 1,
    .params = params,
    .truths = truths,
    .courses = courses,
    .draw = draw,
    .plan = plan,
    .run = run,
    .course = course,
    .limit_uv = limit_uv};
