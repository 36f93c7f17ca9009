/* Spindles on a coloured background. */
#include <math.h>

#include "simulate_priv.h"

#define LEAST_GAP_S 0.5

static const evl_param params[] = {
    {"exponent", EVL_REALS, "(1.5, 0.15)", 0, 1.9, NULL, "", "Exponent of the background: mean and sd over subjects."},
    {"background_uv", EVL_REALS, "(20.0, 0.25)", 0.001, 200, NULL, "uV",
     "Rms of the background from 0.5 to 45 Hz: median, sd of the logarithm."},
    {"spindle_per_min", EVL_REALS, "(2.0, 8.0)", 0, 30, NULL, "1/min", "Spindles: lowest, highest."},
    {"spindle_hz", EVL_REALS, "(13.0, 0.6)", 0, 40, NULL, "Hz", "Their frequency: mean and sd over subjects."},
    {"spindle_hz_jitter", EVL_REAL, "0.3", 0, 5, NULL, "Hz", "Sd of it over the spindles of a subject, cut at 2.5 sd."},
    {"spindle_s", EVL_REALS, "(0.6, 1.4)", 0.1, 10, NULL, "s", "Their duration: lowest, highest; uniform."},
    {"spindle_uv", EVL_REALS, "(30.0, 0.3)", 0, 500, NULL, "uV",
     "Their largest height at the strongest channel: median, sd of the logarithm over subjects."},
    {0}};

enum { PER_MIN, SPINDLE_HZ, SPINDLE_UV, EXPONENT, BACKGROUND_UV };
static const evl_truth_item truths[] = {
    {"spindle_per_min", "1/min", "spindles a minute"},
    {"spindle_hz", "Hz", "their mean frequency"},
    {"spindle_uv", "uV", "their largest height; z of its logarithm"},
    {"exponent", "", "chi of the background's power 1/f^chi"},
    {"background_uv", "uV", "rms of the background from 0.5 to 45 Hz; z of its logarithm"},
    {0}};
static const evl_truth_item courses[] = {{"spindle", "", "share of the second inside a spindle"},
                                         {"envelope_uv", "uV", "mean height of its envelope"},
                                         {"frequency_hz", "Hz", "its frequency times that share"},
                                         {0}};

static evl_status check(const evl_params *p) {
  double pair[2], most[2];
  EVL_TRY(evl_draw_pair(p, "exponent", pair));
  if (pair[0] - 2.5 * pair[1] <= 0 || pair[0] + 2.5 * pair[1] >= 2)
    return evl_fail(EVL_USAGE, "exponent: mean +- 2.5 sd must lie between 0 and 2, found %g to %g",
                    pair[0] - 2.5 * pair[1], pair[0] + 2.5 * pair[1]);
  EVL_TRY(evl_draw_pair(p, "spindle_hz", pair));
  if (pair[0] <= 2.5 * (pair[1] + evl_params_real(p, "spindle_hz_jitter")))
    return evl_fail(EVL_USAGE, "spindle_hz: mean - 2.5 sd and jitter must be above 0, found %g +- %g Hz", pair[0],
                    2.5 * (pair[1] + evl_params_real(p, "spindle_hz_jitter")));
  EVL_TRY(evl_draw_pair(p, "spindle_s", pair));
  if (pair[0] > pair[1])
    return evl_fail(EVL_USAGE, "spindle_s: expected lowest <= highest, found (%g, %g)", pair[0], pair[1]);
  EVL_TRY(evl_draw_pair(p, "spindle_per_min", most));
  if (most[1] > 0 && 60 / most[1] < (pair[0] + pair[1]) / 2 + LEAST_GAP_S)
    return evl_fail(EVL_USAGE, "spindle_per_min: %g of %g s each do not fit into a minute with gaps of %g s", most[1],
                    (pair[0] + pair[1]) / 2, LEAST_GAP_S);
  return EVL_OK;
}

static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  EVL_TRY(check(p));
  EVL_TRY(evl_draw_between(p, "spindle_per_min", seed, id, &value[PER_MIN], &z[PER_MIN]));
  EVL_TRY(evl_draw_linear(p, "spindle_hz", seed, id, &value[SPINDLE_HZ], &z[SPINDLE_HZ]));
  EVL_TRY(evl_draw_logarithmic(p, "spindle_uv", seed, id, &value[SPINDLE_UV], &z[SPINDLE_UV]));
  EVL_TRY(evl_draw_linear(p, "exponent", seed, id, &value[EXPONENT], &z[EXPONENT]));
  return evl_draw_logarithmic(p, "background_uv", seed, id, &value[BACKGROUND_UV], &z[BACKGROUND_UV]);
}

typedef struct spindles {
  evl_cortex *cortex;
  evl_course *course;
  evl_random random;
  double fs_hz, per_min, hz, jitter_hz, uv, lowest_s, highest_s;
  double onset_s, end_s, now_hz, phase; /* of the spindle that is, or is next */
  double map[2][EVL_HEAD_CHANNELS];     /* around Cz and around Fz */
  int centre;
  int64_t done; /* samples */
} spindles;

/* The next one: a gap of LEAST_GAP_S and an exponential time, so that the mean rate is the subject's. */
static void draw_next(spindles *s) {
  double mean_s = (s->lowest_s + s->highest_s) / 2, wait_s = 60 / s->per_min - mean_s - LEAST_GAP_S;
  s->onset_s = s->end_s + LEAST_GAP_S - wait_s * log(evl_random_uniform(&s->random));
  s->end_s = s->onset_s + s->lowest_s + (s->highest_s - s->lowest_s) * evl_random_uniform(&s->random);
  s->now_hz = s->hz + s->jitter_hz * fmin(2.5, fmax(-2.5, evl_random_normal(&s->random)));
  s->phase = 2 * acos(-1.0) * evl_random_uniform(&s->random);
  s->centre = (int)evl_random_below(&s->random, 2);
}

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  enum { CZ = 9, FZ = 4 };
  spindles *s;
  double pair[2];
  EVL_NEW(arena, s, 1);
  EVL_TRY(evl_draw_pair(p, "spindle_s", pair));
  *s = (spindles){.fs_hz = making->fs_hz, .per_min = truth[PER_MIN], .hz = truth[SPINDLE_HZ], .uv = truth[SPINDLE_UV],
                  .jitter_hz = evl_params_real(p, "spindle_hz_jitter"), .lowest_s = pair[0], .highest_s = pair[1],
                  .onset_s = INFINITY, .end_s = INFINITY};
  EVL_TRY(evl_draw_pair(p, "spindle_hz", pair));
  if (pair[0] + 2.5 * (pair[1] + s->jitter_hz) >= making->fs_hz / 2)
    return evl_fail(EVL_USAGE, "spindle_hz: spindles must lie below half of %g Hz", making->fs_hz);
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    s->map[0][c] = evl_head_spread(CZ, c, 0.8);
    s->map[1][c] = evl_head_spread(FZ, c, 0.8);
  }
  evl_random_begin(&s->random, making->seed, making->id, "spindles", making->recording);
  if (s->per_min > 0) {
    s->end_s = -60 / s->per_min * evl_random_uniform(&s->random);
    draw_next(s);
  }
  EVL_TRY(evl_course_plan(3, making->fs_hz, arena, &s->course));
  evl_cortex_spec cortex = {.exponent = truth[EXPONENT], .background_uv = truth[BACKGROUND_UV], .alpha_hz = 10,
                            .alpha_width_hz = 1, .alpha_uv = 0};
  *state = s;
  return evl_cortex_plan(&cortex, making, arena, &s->cortex);
}

static void run(void *state, double *x, size_t ld, int n) {
  spindles *s = state;
  evl_cortex_run(s->cortex, NULL, x, ld, n);
  for (int t = 0; t < n; t++) {
    double t_s = (double)(s->done + t) / s->fs_hz, value[3] = {0};
    while (t_s >= s->end_s) draw_next(s);
    if (t_s >= s->onset_s) {
      double inside = (t_s - s->onset_s) / (s->end_s - s->onset_s), pi = acos(-1.0), rise = sin(pi * inside);
      double envelope = s->uv * rise * rise, now = envelope * cos(2 * pi * s->now_hz * (t_s - s->onset_s) + s->phase);
      for (int c = 0; c < EVL_HEAD_CHANNELS; c++) x[(size_t)c * ld + (size_t)t] += now * s->map[s->centre][c];
      value[0] = 1;
      value[1] = envelope;
      value[2] = s->now_hz;
    }
    evl_course_add(s->course, value);
  }
  s->done += n;
}

static void course(void *state, int64_t second, double *value) {
  evl_course_mean(((spindles *)state)->course, second, value);
}

static double limit_uv(const void *state) {
  const spindles *s = state;
  return evl_cortex_limit_uv(s->cortex) + s->uv;
}

const evl_mechanism evl_mechanism_spindles = {
    .name = "spindles",
    .summary = "spindles of individual rate and frequency on a 1/f background",
    .definition =
        "Background as in mechanism background, without alpha and suppressions. Spindles u sin^2(pi (t - onset) / "
        "duration) cos(2 pi f t + phase) around Cz or Fz, a Gaussian of the angular distance (0.8 rad); from the "
        "end of one to the next 0.5 s and an exponential time that makes the mean rate the subject's.",
    .cite = "Warby et al. 2014, doi:10.1038/nmeth.2855 (durations and frequencies)",
    .version = 1,
    .params = params,
    .truths = truths,
    .courses = courses,
    .draw = draw,
    .plan = plan,
    .run = run,
    .course = course,
    .limit_uv = limit_uv};
