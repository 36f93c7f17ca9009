/* Slow recovery: over hours since the event suppressions give way to a continuous background that grows, flattens its
   spectrum and finds its alpha again. */
#include <math.h>

#include "patterns_priv.h"

enum { RETUNE_S = 60 };

static const evl_param params[] = {
    {"half_h", EVL_REALS, "(12.0, 48.0)", 0, 1000, NULL, "h",
     "Hours since the event at half of the recovery: lowest, highest."},
    {"extent", EVL_REALS, "(0.2, 1.0)", 0, 1, NULL, "", "How far recovery goes in the end: lowest, highest."},
    {"time_h", EVL_REAL, "8.0", 0.1, 1000, NULL, "h", "Time constant of the recovery."},
    {"suppression", EVL_REALS, "(0.9, 0.01)", 0.001, 0.99, NULL, "",
     "Share of suppression: before and after a full recovery."},
    {"activity_s", EVL_REALS, "(2.0, 60.0)", 0.5, 1000, NULL, "s", "Mean time between suppressions: before, after."},
    {"exponent", EVL_REALS, "(1.85, 1.4)", 0.05, 1.9, NULL, "",
     "Exponent chi of the background's power: before, after."},
    {"background_uv", EVL_REALS, "(12.0, 14.0)", 0.1, 500, NULL, "uV",
     "Rms of the background from 0.5 to 45 Hz: before, after."},
    {"alpha_uv", EVL_REALS, "(0.0, 14.0)", 0, 200, NULL, "uV",
     "Rms of alpha at its strongest channel: before, after."},
    {"alpha_hz", EVL_REALS, "(7.0, 10.0)", 3, 14, NULL, "Hz", "Alpha frequency: before, after."},
    {"suppressed_uv", EVL_REAL, "8.0", 0.1, 100, NULL, "uV",
     "Largest peak-to-trough in suppression, longitudinal bipolar."},
    {0}};

enum { HALF_H, EXTENT };
static const evl_truth_item truths[] = {{"half_h", "h", "hours since the event at half of the recovery"},
                                        {"extent", "", "how far recovery goes in the end"},
                                        {0}};

enum { RECOVERY, SUPPRESSED, SUPPRESSION, LAW_EXPONENT, LAW_ALPHA_UV };
static const evl_truth_item courses[] = {{"recovery", "", "0 before, 1 after a full recovery"},
                                         {"suppressed", "", "share of the second in suppression"},
                                         {"suppression", "", "share of time in suppression that the law asks for"},
                                         {"exponent", "", "chi of the background"},
                                         {"alpha_uv", "uV", "rms of alpha at its strongest channel"},
                                         {0}};

/* What is so at a time. */
typedef struct moment {
  double recovery, suppression;
  evl_cortex_spec activity;
  evl_intermittent_spec spells;
} moment;

typedef struct recovery {
  evl_making making;
  evl_intermittent *made;
  double half_h, extent, time_h;
  double suppression[2], activity_s[2], exponent[2], background_uv[2], alpha_uv[2], alpha_hz[2]; /* before, after */
  int64_t done, next; /* samples made; at which to tune next */
  double limit_uv;
} recovery;

static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  EVL_TRY(evl_draw_between(p, "half_h", seed, id, &value[HALF_H], &z[HALF_H]));
  return evl_draw_between(p, "extent", seed, id, &value[EXTENT], &z[EXTENT]);
}

static double between(const double pair[2], double way) { return pair[0] + way * (pair[1] - pair[0]); }
static double between_logs(const double pair[2], double way) { return pair[0] * pow(pair[1] / pair[0], way); }

static moment moment_at(const recovery *s, double h) {
  moment m = {.recovery = s->extent * evl_logistic((h - s->half_h) / s->time_h)};
  m.suppression = between(s->suppression, m.recovery);
  m.activity = (evl_cortex_spec){.exponent = between(s->exponent, m.recovery),
                                 .background_uv = between(s->background_uv, m.recovery),
                                 .edge_hz = {0.5, 70},
                                 .alpha_hz = between(s->alpha_hz, m.recovery),
                                 .alpha_width_hz = 1.5,
                                 .alpha_uv = between(s->alpha_uv, m.recovery)};
  evl_intermittent_spells(m.suppression, between_logs(s->activity_s, m.recovery), &m.spells);
  return m;
}

static double hours(const recovery *s, double t_s) { return s->making.start_h + t_s / 3600; }

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  recovery *s;
  EVL_NEW(arena, s, 1);
  s->making = *making;
  s->half_h = truth[HALF_H];
  s->extent = truth[EXTENT];
  s->time_h = evl_params_real(p, "time_h");
  EVL_TRY(evl_draw_pair(p, "suppression", s->suppression));
  EVL_TRY(evl_draw_pair(p, "activity_s", s->activity_s));
  EVL_TRY(evl_draw_pair(p, "exponent", s->exponent));
  EVL_TRY(evl_draw_pair(p, "background_uv", s->background_uv));
  EVL_TRY(evl_draw_pair(p, "alpha_uv", s->alpha_uv));
  EVL_TRY(evl_draw_pair(p, "alpha_hz", s->alpha_hz));
  moment now = moment_at(s, making->start_h);
  evl_intermittent_spec spec = now.spells;
  spec.activity = now.activity;
  spec.quiet_uv = evl_params_real(p, "suppressed_uv");
  spec.rise_s = spec.fall_s = 0.25;
  spec.start = EVL_SPELLS_GATE;
  EVL_TRY(evl_intermittent_plan(&spec, making, arena, &s->made));
  double highest = fmax(s->background_uv[0], s->background_uv[1]) + fmax(s->alpha_uv[0], s->alpha_uv[1]);
  s->limit_uv = 25 * highest + spec.quiet_uv; /* total rms below twice that from 0.5 to 45 Hz */
  *state = s;
  return EVL_OK;
}

static void run(void *state, double *x, size_t ld, int n) {
  recovery *s = state;
  for (int t = 0; t < n;) {
    if (s->done == s->next) {
      moment now = moment_at(s, hours(s, (double)s->done / s->making.fs_hz));
      evl_intermittent_retune(s->made, &now.activity, &now.spells);
      s->next += (int64_t)(RETUNE_S * s->making.fs_hz);
    }
    int m = s->next - s->done < n - t ? (int)(s->next - s->done) : n - t;
    evl_intermittent_run(s->made, x + t, ld, m);
    s->done += m;
    t += m;
  }
}

static void course(void *state, int64_t second, double *value) {
  const recovery *s = state;
  moment then = moment_at(s, hours(s, (double)second + 0.5));
  value[RECOVERY] = then.recovery;
  evl_intermittent_course(s->made, second, &value[SUPPRESSED]);
  value[SUPPRESSION] = then.suppression;
  value[LAW_EXPONENT] = then.activity.exponent;
  value[LAW_ALPHA_UV] = then.activity.alpha_uv;
}

static double limit_uv(const void *state) { return ((const recovery *)state)->limit_uv; }

const evl_mechanism evl_mechanism_recovery = {
    .name = "recovery",
    .summary = "slow recovery over days: continuity, amplitude, spectrum and alpha by the hours since the event",
    .definition =
        "r(h) = extent / (1 + exp(-(h - half_h) / time_h)), h hours since the event: each recording begins at its "
        "own start_h. Share of suppression, exponent, rms of the background, rms and frequency of alpha: before + r"
        " (after - before); time between suppressions alike in its logarithm. Tuned anew every minute. Spells as "
        "in discontinuous; background from 0.5 to 70 Hz.",
    .cite = "Hofmeijer et al. 2015, doi:10.1212/WNL.0000000000001742; Cloostermans et al. 2012, "
            "doi:10.1097/CCM.0b013e31825b94f0",
    .version = 1,
    .params = params,
    .truths = truths,
    .courses = courses,
    .draw = draw,
    .plan = plan,
    .run = run,
    .course = course,
    .limit_uv = limit_uv};
