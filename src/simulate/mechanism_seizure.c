/* Electrographic seizures that evolve in frequency, height and place, on a slow background. */
#include <math.h>

#include "patterns_priv.h"

enum { WAVE_POINTS = 1024 };
#define LEAST_SEIZURE_S 10.0 /* ACNS */
#define RISE_S 1.5
#define FALL_S 0.4        /* seizures end at once */
#define FIRST_SPREAD 0.35 /* radian */
#define LAST_SPREAD 1.5
#define FIRST_HEIGHT 0.25 /* of the largest */
#define LAG_S 0.03        /* a radian, away from the focus */
#define DURING 0.4        /* factor of the background */
#define AFTER 0.3         /* right after; then it recovers */
#define AFTER_S 20.0

static const evl_param params[] = {
    {"seizures_per_h", EVL_REALS, "(4.0, 14.0)", 0.1, 60, NULL, "1/h", "Seizures an hour: lowest, highest."},
    {"seizure_s", EVL_REALS, "(30.0, 120.0)", 12, 600, NULL, "s", "Their mean length: lowest, highest."},
    {"seizure_uv", EVL_REALS, "(110.0, 0.25)", 0, 1000, NULL, "uV",
     "Largest height at the focus: median, sd of the logarithm."},
    {"first_hz", EVL_REALS, "(7.0, 11.0)", 2.6, 20, NULL, "Hz", "Frequency at the start: lowest, highest."},
    {"last_hz", EVL_REALS, "(1.5, 3.0)", 0.5, 20, NULL, "Hz", "Frequency at the end: lowest, highest."},
    {"background_uv", EVL_REALS, "(18.0, 0.25)", 0, 500, NULL, "uV",
     "Rms of the background from 0.5 to 45 Hz: median, sd of the logarithm."},
    {0}};

enum { SEIZURES_PER_H, SEIZURE_S, SEIZURE_UV, FIRST_HZ, LAST_HZ, BACKGROUND_UV, FOCUS };
static const evl_truth_item truths[] = {
    {"seizures_per_h", "1/h", "seizures an hour"},
    {"seizure_s", "s", "their mean length"},
    {"seizure_uv", "uV", "largest height at the focus; z of its logarithm"},
    {"first_hz", "Hz", "frequency at the start"},
    {"last_hz", "Hz", "frequency at the end"},
    {"background_uv", "uV", "rms of the background from 0.5 to 45 Hz; z of its logarithm"},
    {"focus", "", "head channel where seizures begin: 0 Fp1 ... 18 O2"},
    {0}};

enum { SEIZURE, FREQUENCY_HZ, HEIGHT_UV, CHANNELS, COURSES };
static const evl_truth_item courses[] = {{"seizure", "", "share of the second in a seizure"},
                                         {"frequency_hz", "Hz", "of the seizure; 0 outside"},
                                         {"height_uv", "uV", "at the focus"},
                                         {"channels", "", "channels that see at least half of it"},
                                         {0}};

typedef struct seizure {
  evl_making making;
  evl_random random;
  evl_spells spells;
  evl_cortex *cortex;
  evl_course *course;
  int64_t count, done; /* of the spell whose phase runs; samples */
  double first_hz, last_hz, height_uv, phase;
  double wander, after; /* of the frequency; what a seizure takes from the background */
  double angle[EVL_HEAD_CHANNELS], *factor, limit_uv;        /* factor [EVL_GENERATOR_BLOCK] */
  double wave[WAVE_POINTS + 1], *x;                          /* x [EVL_HEAD_CHANNELS][EVL_GENERATOR_BLOCK] */
} seizure;

/* Of the keys, not of a subject's draw: a cohort is refused before it is begun, whatever its subjects. */
static evl_status check(const evl_params *p) {
  double per_h[2], length_s[2];
  EVL_TRY(evl_draw_pair(p, "seizures_per_h", per_h));
  EVL_TRY(evl_draw_pair(p, "seizure_s", length_s));
  if (per_h[1] * length_s[1] < 1800) return EVL_OK;
  return evl_fail(EVL_USAGE, "seizures_per_h: %g seizures of %g s an hour fill more than half of it", per_h[1],
                  length_s[1]);
}

static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  EVL_TRY(check(p));
  EVL_TRY(evl_draw_between(p, "seizures_per_h", seed, id, &value[SEIZURES_PER_H], &z[SEIZURES_PER_H]));
  EVL_TRY(evl_draw_between(p, "seizure_s", seed, id, &value[SEIZURE_S], &z[SEIZURE_S]));
  EVL_TRY(evl_draw_logarithmic(p, "seizure_uv", seed, id, &value[SEIZURE_UV], &z[SEIZURE_UV]));
  EVL_TRY(evl_draw_between(p, "first_hz", seed, id, &value[FIRST_HZ], &z[FIRST_HZ]));
  EVL_TRY(evl_draw_between(p, "last_hz", seed, id, &value[LAST_HZ], &z[LAST_HZ]));
  EVL_TRY(evl_draw_logarithmic(p, "background_uv", seed, id, &value[BACKGROUND_UV], &z[BACKGROUND_UV]));
  value[FOCUS] = (double)(int)(evl_draw_uniform(seed, id, "focus") * EVL_HEAD_CHANNELS);
  z[FOCUS] = (value[FOCUS] - 0.5 * (EVL_HEAD_CHANNELS - 1)) / sqrt((EVL_HEAD_CHANNELS * EVL_HEAD_CHANNELS - 1.0) / 12);
  return EVL_OK;
}

/* One cycle: a sharp negative spike, then a slow wave; mean 0, from -1. */
static void plan_wave(double wave[WAVE_POINTS + 1]) {
  double mean = 0, most = 0;
  for (int i = 0; i < WAVE_POINTS; i++) {
    double phase = 2 * acos(-1.0) * i / WAVE_POINTS;
    wave[i] = -exp(5 * (cos(phase) - 1)) + 0.35 * exp(1.5 * (cos(phase - 2.2) - 1));
    mean += wave[i] / WAVE_POINTS;
  }
  for (int i = 0; i < WAVE_POINTS; i++) {
    wave[i] -= mean;
    most = fmax(most, -wave[i]);
  }
  for (int i = 0; i < WAVE_POINTS; i++) wave[i] /= most;
  wave[WAVE_POINTS] = wave[0];
}

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  seizure *s;
  double least_s[2] = {20, LEAST_SEIZURE_S}, mean_s[2] = {0, truth[SEIZURE_S]};
  (void)p;
  EVL_NEW(arena, s, 1);
  EVL_NEW(arena, s->factor, EVL_GENERATOR_BLOCK);
  EVL_NEW(arena, s->x, EVL_HEAD_CHANNELS * EVL_GENERATOR_BLOCK);
  s->making = *making;
  s->first_hz = truth[FIRST_HZ];
  s->last_hz = truth[LAST_HZ];
  s->height_uv = truth[SEIZURE_UV];
  mean_s[0] = 3600 / truth[SEIZURES_PER_H] - truth[SEIZURE_S];
  evl_spells_begin(making, "seizures", least_s, mean_s, &s->spells);
  evl_random_begin(&s->random, making->seed, making->id, "wander", making->recording);
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) s->angle[c] = evl_head_between(c, (int)truth[FOCUS]);
  plan_wave(s->wave);
  EVL_TRY(evl_course_plan(COURSES, making->fs_hz, arena, &s->course));
  evl_cortex_spec spec = {.exponent = 1.5, .background_uv = truth[BACKGROUND_UV], .edge_hz = {0.6, 20}};
  EVL_TRY(evl_cortex_plan(&spec, making, arena, &s->cortex));
  s->limit_uv = 2 * s->height_uv + evl_cortex_limit_uv(s->cortex);
  *state = s;
  return EVL_OK;
}

/* Frequency: first to last, its logarithm in a straight line over the seizure. Height: a quarter to the whole by its
   middle. Spread: the width of the field grows. */
static void add_seizure(seizure *s, double t_s, double ramp, double *x, double told[COURSES]) {
  double way = (t_s - s->spells.from_s) / (s->spells.to_s - s->spells.from_s);
  double hz = s->first_hz * pow(s->last_hz / s->first_hz, way);
  double height_uv = ramp * s->height_uv * (FIRST_HEIGHT + (1 - FIRST_HEIGHT) * fmin(1, 2 * way));
  double spread = FIRST_SPREAD + (LAST_SPREAD - FIRST_SPREAD) * way * way;
  double keep = exp(-1 / (0.5 * s->making.fs_hz));
  if (s->count != s->spells.count) s->phase = 0;
  s->count = s->spells.count;
  s->wander = keep * s->wander + 0.04 * sqrt(1 - keep * keep) * evl_random_normal(&s->random);
  hz *= 1 + s->wander;
  s->phase += hz / s->making.fs_hz;
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    double seen = exp(-s->angle[c] * s->angle[c] / (2 * spread * spread));
    double cycles = s->phase - hz * LAG_S * s->angle[c], place = (cycles - floor(cycles)) * WAVE_POINTS;
    int i = (int)place;
    x[(size_t)c * EVL_GENERATOR_BLOCK] += height_uv * seen * (s->wave[i] + (place - i) * (s->wave[i + 1] - s->wave[i]));
    told[CHANNELS] += seen >= 0.5;
  }
  told[SEIZURE] = 1;
  told[FREQUENCY_HZ] = hz;
  told[HEIGHT_UV] = height_uv;
}

static void run(void *state, double *x, size_t ld, int n) {
  seizure *s = state;
  double back = exp(-1 / (AFTER_S * s->making.fs_hz)), down = exp(-1 / (RISE_S * s->making.fs_hz));
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
    for (int t = 0; t < n; t++) s->x[c * EVL_GENERATOR_BLOCK + t] = 0;
  for (int t = 0; t < n; t++) {
    double t_s = (double)(s->done + t) / s->making.fs_hz, told[COURSES] = {0};
    double ramp = evl_spells_ramp(&s->spells, t_s, RISE_S, FALL_S);
    if (s->spells.state) {
      add_seizure(s, t_s, ramp, s->x + t, told);
      s->after = 1 - DURING - (1 - DURING - s->after) * down;
      if (s->spells.to_s - t_s < FALL_S) s->after = 1 - AFTER;
    } else s->after *= back;
    s->factor[t] = 1 - s->after;
    evl_course_add(s->course, told);
  }
  s->done += n;
  evl_cortex_run(s->cortex, s->factor, x, ld, n);
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
    for (int t = 0; t < n; t++) x[(size_t)c * ld + (size_t)t] += s->x[c * EVL_GENERATOR_BLOCK + t];
}

/* Frequency and height of a second that is partly a seizure are those of its part. */
static void course(void *state, int64_t second, double *value) {
  evl_course_mean(((seizure *)state)->course, second, value);
  for (int i = FREQUENCY_HZ; i < COURSES; i++)
    if (value[SEIZURE] > 0) value[i] /= value[SEIZURE];
}

static double limit_uv(const void *state) { return ((const seizure *)state)->limit_uv; }

const evl_mechanism evl_mechanism_seizure = {
    .name = "seizure",
    .summary = "electrographic seizures that slow down, grow and spread from a focus",
    .definition =
        "Spells of 10 s and an Erlang-2 time more. Over a seizure, way w from 0 to 1: frequency first_hz (last_hz /"
        " first_hz)^w, wandering by 4 % (0.5 s); height at the focus from a quarter of seizure_uv to the whole at w"
        " = 0.5; field exp(-angle^2 / (2 r^2)), r = 0.35 + 1.15 w^2 radian; 30 ms a radian later away from the "
        "focus. A cycle is a spike exp(5 (cos p - 1)) and a slow wave 0.35 exp(1.5 (cos(p - 2.2) - 1)) of the other"
        " sign. The background, 1/f^1.5 from 0.6 to 20 Hz, falls to 0.4 in a seizure, to 0.3 at its end and recovers with 20 s.",
    .cite = "Hirsch et al. 2021 (ACNS), doi:10.1097/WNP.0000000000000806",
    .version = 1,
    .params = params,
    .truths = truths,
    .courses = courses,
    .draw = draw,
    .plan = plan,
    .run = run,
    .course = course,
    .limit_uv = limit_uv};
