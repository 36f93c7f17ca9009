#include "patterns_priv.h"

#include <math.h>

#define LEAST_SUPPRESSION_S 1.0
#define LEAST_ACTIVITY_S 0.5 /* shorter ones are discharges (ACNS) */
#define HEIGHT_SD 0.2        /* of the logarithm, from burst to burst */

struct evl_intermittent {
  evl_intermittent_spec spec;
  evl_making making;
  evl_spells spells;
  evl_cortex *activity;
  evl_quiet *quiet;
  evl_course *course;
  double height;     /* of the present spell */
  int64_t spell;     /* that the activity was begun for */
  int64_t done;      /* samples */
  double *factor, *x; /* [EVL_GENERATOR_BLOCK], [EVL_HEAD_CHANNELS][EVL_GENERATOR_BLOCK] */
};

void evl_intermittent_spells(double share, double activity_s, evl_intermittent_spec *spec) {
  spec->mean_s[1] = activity_s;
  spec->mean_s[0] = activity_s * share / (1 - share);
  spec->least_s[0] = fmin(LEAST_SUPPRESSION_S, 0.5 * spec->mean_s[0]);
  spec->least_s[1] = fmin(LEAST_ACTIVITY_S, 0.5 * spec->mean_s[1]);
}

evl_status evl_intermittent_plan(const evl_intermittent_spec *spec, const evl_making *making, evl_arena *arena,
                                 evl_intermittent **intermittent) {
  evl_intermittent *s;
  EVL_NEW(arena, s, 1);
  EVL_NEW(arena, s->factor, EVL_GENERATOR_BLOCK);
  EVL_NEW(arena, s->x, EVL_HEAD_CHANNELS * EVL_GENERATOR_BLOCK);
  s->spec = *spec;
  s->making = *making;
  s->height = 1;
  s->spell = -1;
  evl_spells_begin(making, "spells", spec->least_s, spec->mean_s, &s->spells);
  EVL_TRY(evl_cortex_plan(&spec->activity, making, arena, &s->activity));
  EVL_TRY(evl_quiet_plan(spec->quiet_uv, making, arena, &s->quiet));
  EVL_TRY(evl_course_plan(1, making->fs_hz, arena, &s->course));
  *intermittent = s;
  return EVL_OK;
}

/* Every burst has a height of its own; identical ones the same noise. */
static void begin_activity(evl_intermittent *s) {
  evl_random random;
  uint64_t index = s->making.recording << 32 | (uint64_t)s->spells.count;
  evl_random_begin(&random, s->making.seed, s->making.id, "height", index);
  s->height = exp(HEIGHT_SD * fmax(-2.5, fmin(2.5, evl_random_normal(&random))));
  evl_cortex_restart(s->activity, &s->making, s->spec.start == EVL_SPELLS_IDENTICAL ? 0 : index);
  s->spell = s->spells.count;
}

/* Activity where there is some, t0 <= t < t1 of one spell. */
static void make_activity(evl_intermittent *s, int t0, int t1) {
  if (t1 > t0) evl_cortex_run(s->activity, s->factor + t0, s->x + t0, EVL_GENERATOR_BLOCK, t1 - t0);
}

void evl_intermittent_run(evl_intermittent *s, double *x, size_t ld, int n) {
  int from = 0; /* of the activity not made yet */
  for (int t = 0; t < n; t++) {
    double t_s = (double)(s->done + t) / s->making.fs_hz;
    double ramp = evl_spells_ramp(&s->spells, t_s, s->spec.rise_s, s->spec.fall_s);
    evl_course_add(s->course, &(double){!s->spells.state});
    if (s->spec.start != EVL_SPELLS_GATE && (!s->spells.state || s->spell != s->spells.count)) {
      make_activity(s, from, t);
      if (s->spells.state) begin_activity(s);
      for (int c = 0; c < EVL_HEAD_CHANNELS; c++) s->x[c * EVL_GENERATOR_BLOCK + t] = 0;
      from = s->spells.state ? t : t + 1;
    }
    s->factor[t] = s->height * ramp;
  }
  make_activity(s, from, n);
  s->done += n;
  evl_quiet_run(s->quiet, x, ld, n);
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
    for (int t = 0; t < n; t++) x[(size_t)c * ld + (size_t)t] += s->x[c * EVL_GENERATOR_BLOCK + t];
}

void evl_intermittent_retune(evl_intermittent *s, const evl_cortex_spec *activity,
                             const evl_intermittent_spec *spells) {
  evl_cortex_retune(s->activity, activity, s->making.fs_hz);
  for (int i = 0; i < 2; i++) {
    s->spells.least_s[i] = spells->least_s[i];
    s->spells.mean_s[i] = spells->mean_s[i];
  }
}

void evl_intermittent_course(const evl_intermittent *s, int64_t second, double *suppressed) {
  evl_course_mean(s->course, second, suppressed);
}

double evl_intermittent_limit_uv(const evl_intermittent *s) {
  double highest = s->spec.start == EVL_SPELLS_GATE ? 1 : exp(2.5 * HEIGHT_SD);
  return highest * evl_cortex_limit_uv(s->activity) + s->spec.quiet_uv;
}
