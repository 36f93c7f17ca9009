/* Generalised periodic discharges, sharp or triphasic, on suppression or a continuous background. */
#include <math.h>
#include <string.h>

#include "patterns_priv.h"

enum { MOST_A_SECOND = 4, OPEN = 8 /* discharges under way at once */ };
#define LEAST_INTERVAL_S 0.26 /* no more than MOST_A_SECOND */

static const evl_param params[] = {
    {"rate_hz", EVL_REALS, "(0.7, 2.0)", 0.2, 3, NULL, "Hz", "Discharges a second: lowest, highest."},
    {"irregularity", EVL_REALS, "(0.03, 0.12)", 0, 0.25, NULL, "",
     "Sd of the intervals over their mean: lowest, highest."},
    {"discharge_uv", EVL_REALS, "(150.0, 0.25)", 0, 1000, NULL, "uV",
     "Height of discharges at their strongest electrode: median, sd of the logarithm."},
    {"frontal", EVL_REALS, "(0.3, 0.8)", 0, 1, NULL, "",
     "Frontal predominance: lowest, highest; 0: as high at the back of the head, 1: nothing there."},
    {"shape", EVL_STRING, "\"triphasic\"", 0, 0, "triphasic|sharp", "",
     "Triphasic waves, or sharp waves with an after-wave."},
    {"background", EVL_STRING, "\"suppressed\"", 0, 0, "suppressed|continuous", "", "What stands between discharges."},
    {"suppressed_uv", EVL_REAL, "8.0", 0.1, 100, NULL, "uV",
     "Largest peak-to-trough of a suppressed background, longitudinal bipolar."},
    {"background_uv", EVL_REAL, "10.0", 0.1, 500, NULL, "uV", "Rms of a continuous background from 0.5 to 45 Hz."},
    {0}};

enum { RATE_HZ, IRREGULARITY, DISCHARGE_UV, FRONTAL };
static const evl_truth_item truths[] = {
    {"rate_hz", "Hz", "discharges a second"},
    {"irregularity", "", "sd of the intervals over their mean"},
    {"discharge_uv", "uV", "height at the strongest electrode; z of its logarithm"},
    {"frontal", "", "1 - height at the back of the head over that at the front"},
    {0}};

static const evl_truth_item courses[] = {{"discharges", "", "main phases that peak in the second, in front"},
                                         {"at_1_s", "s", "when in the second the first one peaks"},
                                         {"at_2_s", "s", "the second one"},
                                         {"at_3_s", "s", "the third one"},
                                         {"at_4_s", "s", "the fourth one"},
                                         {0}};

/* Phases of a discharge, Gaussians: centre, sd (s), height (positive: downwards on a page of EEG). The main one has
   height 1. */
typedef struct phase { double at_s, sd_s, height; } phase;
typedef struct shape {
  const char *name;
  int main;
  double length_s, delay_s; /* delay: front to back */
  phase phase[4];
} shape;
static const shape shapes[] = {
    {"triphasic", 1, 0.72, 0.08, {{0.085, 0.024, -0.45}, {0.190, 0.040, 1.0}, {0.375, 0.085, -0.65}, {0, 1, 0}}},
    {"sharp", 1, 0.46, 0.03, {{0.065, 0.018, 0.25}, {0.115, 0.020, -1.0}, {0.175, 0.024, 0.4}, {0.29, 0.045, -0.25}}}};

typedef struct discharge { double onset_s, height_uv; } discharge;
typedef struct periodic {
  evl_making making;
  evl_quiet *quiet;   /* or */
  evl_cortex *cortex; /* the background */
  const shape *shape;
  double scale;                                                /* of time: fast ones are shorter */
  double rate_hz, irregularity, height_uv;
  double weight[EVL_HEAD_CHANNELS], delay_s[EVL_HEAD_CHANNELS];
  int64_t count, done; /* discharges drawn, samples made */
  double next_s;       /* onset of the next one */
  int n_open;
  discharge open[OPEN];
  struct { int64_t second; int n; double at_s[MOST_A_SECOND]; } told[EVL_COURSE_SECONDS];
} periodic;

static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  EVL_TRY(evl_draw_between(p, "rate_hz", seed, id, &value[RATE_HZ], &z[RATE_HZ]));
  EVL_TRY(evl_draw_between(p, "irregularity", seed, id, &value[IRREGULARITY], &z[IRREGULARITY]));
  EVL_TRY(evl_draw_logarithmic(p, "discharge_uv", seed, id, &value[DISCHARGE_UV], &z[DISCHARGE_UV]));
  return evl_draw_between(p, "frontal", seed, id, &value[FRONTAL], &z[FRONTAL]);
}

/* In a straight line from Fpz to the back of the head: height 1 to 1 - frontal, and none to all of the delay; each
   electrode up to an eighth higher or lower, as heads are. */
static void plan_field(periodic *s, double frontal) {
  evl_random random;
  evl_random_begin(&random, s->making.seed, s->making.id, "field", 0);
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    double way = evl_head_angle(c, 92, 90) / acos(-1.0);
    s->weight[c] = (1 - frontal * way) * (0.88 + 0.24 * evl_random_uniform(&random));
    s->delay_s[c] = s->shape->delay_s * way;
  }
}

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  periodic *s;
  evl_random random;
  EVL_NEW(arena, s, 1);
  s->making = *making;
  s->shape = &shapes[strcmp(evl_params_string(p, "shape"), shapes[0].name) != 0];
  s->rate_hz = truth[RATE_HZ];
  s->irregularity = truth[IRREGULARITY];
  s->height_uv = truth[DISCHARGE_UV];
  s->scale = fmin(1, 0.9 / (s->rate_hz * s->shape->length_s));
  plan_field(s, truth[FRONTAL]);
  for (int i = 0; i < EVL_COURSE_SECONDS; i++) s->told[i].second = -1;
  evl_random_begin(&random, making->seed, making->id, "discharges", making->recording << 32);
  s->next_s = -(1 + evl_random_uniform(&random)) / s->rate_hz;
  *state = s;
  if (!strcmp(evl_params_string(p, "background"), "suppressed"))
    return evl_quiet_plan(evl_params_real(p, "suppressed_uv"), making, arena, &s->quiet);
  evl_cortex_spec spec = {.exponent = 1.4, .background_uv = evl_params_real(p, "background_uv"), .edge_hz = {0.6, 18}};
  return evl_cortex_plan(&spec, making, arena, &s->cortex);
}

static void tell(periodic *s, double peak_s) {
  if (peak_s < 0) return;
  int64_t second = (int64_t)peak_s;
  int row = (int)(second % EVL_COURSE_SECONDS);
  if (s->told[row].second != second) s->told[row].n = 0;
  s->told[row].second = second;
  if (s->told[row].n < MOST_A_SECOND) s->told[row].at_s[s->told[row].n++] = peak_s - (double)second;
}

/* The next discharge, and when the one after it begins. */
static discharge draw_discharge(periodic *s) {
  evl_random random;
  uint64_t index = s->making.recording << 32 | (uint64_t)++s->count;
  evl_random_begin(&random, s->making.seed, s->making.id, "discharges", index);
  double vary = fmin(2.5, fmax(-2.5, evl_random_normal(&random)));
  discharge d = {s->next_s, s->height_uv * (1 + 0.12 * fmin(2.5, fmax(-2.5, evl_random_normal(&random))))};
  s->next_s += fmax(LEAST_INTERVAL_S, (1 + s->irregularity * vary) / s->rate_hz);
  tell(s, d.onset_s + s->scale * s->shape->phase[s->shape->main].at_s);
  return d;
}

static double wave(const periodic *s, double t_s) {
  double u = t_s / s->scale, sum = 0;
  if (u < 0 || u > s->shape->length_s) return 0;
  for (int i = 0; i < 4; i++) {
    double v = (u - s->shape->phase[i].at_s) / s->shape->phase[i].sd_s;
    sum += s->shape->phase[i].height * exp(-0.5 * v * v);
  }
  return sum;
}

/* Adds what falls into [t0, t0 + n); returns whether more follows. */
static bool add(const periodic *s, const discharge *d, double *x, size_t ld, int n) {
  double fs_hz = s->making.fs_hz, longest_s = s->scale * s->shape->length_s + s->shape->delay_s;
  double begin = ceil(d->onset_s * fs_hz) - (double)s->done, end = (d->onset_s + longest_s) * fs_hz - (double)s->done;
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    double *row = x + (size_t)c * ld, height_uv = d->height_uv * s->weight[c];
    for (int t = begin > 0 ? (int)fmin(begin, n) : 0; t < n && t < end; t++)
      row[t] += height_uv * wave(s, (double)(s->done + t) / fs_hz - d->onset_s - s->delay_s[c]);
  }
  return end > n;
}

static void run(void *state, double *x, size_t ld, int n) {
  periodic *s = state;
  if (s->quiet) evl_quiet_run(s->quiet, x, ld, n);
  else evl_cortex_run(s->cortex, NULL, x, ld, n);
  int kept = 0;
  for (int i = 0; i < s->n_open; i++)
    if (add(s, &s->open[i], x, ld, n)) s->open[kept++] = s->open[i];
  while (s->next_s < (double)(s->done + n) / s->making.fs_hz) {
    discharge d = draw_discharge(s);
    if (add(s, &d, x, ld, n)) s->open[kept++] = d;
  }
  s->n_open = kept;
  s->done += n;
}

static void course(void *state, int64_t second, double *value) {
  const periodic *s = state;
  int row = (int)(second % EVL_COURSE_SECONDS), n = s->told[row].second == second ? s->told[row].n : 0;
  value[0] = n;
  for (int i = 0; i < MOST_A_SECOND; i++) value[1 + i] = i < n ? s->told[row].at_s[i] : NAN;
}

/* Two discharges may overlap; each is at most 1.3 * 1.2 of its height. */
static double limit_uv(const void *state) {
  const periodic *s = state;
  return 4 * s->height_uv + (s->quiet ? evl_quiet_limit_uv(s->quiet) : evl_cortex_limit_uv(s->cortex));
}

const evl_mechanism evl_mechanism_periodic_discharges = {
    .name = "periodic_discharges",
    .summary = "generalised periodic discharges, triphasic or sharp, on suppression or a continuous background",
    .definition =
        "Intervals (1 + irregularity z) / rate_hz, z normal within 2.5. A discharge is a sum of Gaussians (time s, "
        "sd s, height): triphasic (0.085, 0.024, -0.45), (0.19, 0.04, 1), (0.375, 0.085, -0.65); sharp (0.065, "
        "0.018, 0.25), (0.115, 0.02, -1), (0.175, 0.024, 0.4), (0.29, 0.045, -0.25); shortened where it would last "
        "longer than 0.9 of an interval. It falls off from the front to the back of the head, which it reaches 80 "
        "ms (triphasic) or 30 ms later.",
    .cite = "Hirsch et al. 2021 (ACNS), doi:10.1097/WNP.0000000000000806; Foreman et al. 2016, "
            "doi:10.1016/j.clinph.2015.07.018",
    .version = 1,
    .params = params,
    .truths = truths,
    .courses = courses,
    .draw = draw,
    .plan = plan,
    .run = run,
    .course = course,
    .limit_uv = limit_uv};
