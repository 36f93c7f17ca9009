/* Bursts of mixed activity out of suppression, as after cardiac arrest or in deep sedation. */
#include "patterns_priv.h"

static const evl_param params[] = {
    {"suppression", EVL_REALS, "(0.5, 0.95)", 0.01, 0.99, NULL, "",
     "Share of time in suppression: lowest, highest; uniform over subjects (ACNS: burst suppression from 0.5 on)."},
    {"burst_s", EVL_REALS, "(1.0, 4.0)", 0.5, 6, NULL, "s", "Mean length of bursts: lowest, highest."},
    {"burst_uv", EVL_REALS, "(35.0, 0.3)", 0, 500, NULL, "uV",
     "Rms of bursts from 0.5 to 45 Hz: median, sd of the logarithm."},
    {"exponent", EVL_REALS, "(1.4, 0.15)", 0, 1.9, NULL, "",
     "Exponent chi of the power 1/f^chi in bursts: mean and sd over subjects."},
    {"suppressed_uv", EVL_REAL, "8.0", 0.1, 100, NULL, "uV",
     "Largest peak-to-trough in suppression, longitudinal bipolar."},
    {"identical", EVL_BOOL, "false", 0, 0, NULL, "",
     "Every burst of a recording is the same but for its height and length."},
    {0}};

enum { SUPPRESSION, BURST_S, BURST_UV, EXPONENT };
static const evl_truth_item truths[] = {
    {"suppression", "", "share of time in suppression"},
    {"burst_s", "s", "mean length of bursts"},
    {"burst_uv", "uV", "rms of bursts from 0.5 to 45 Hz; z of its logarithm"},
    {"exponent", "", "chi of the power 1/f^chi in bursts"},
    {0}};

static const evl_truth_item courses[] = {{"suppressed", "", "share of the second in suppression"}, {0}};

static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  EVL_TRY(evl_draw_between(p, "suppression", seed, id, &value[SUPPRESSION], &z[SUPPRESSION]));
  EVL_TRY(evl_draw_between(p, "burst_s", seed, id, &value[BURST_S], &z[BURST_S]));
  EVL_TRY(evl_draw_logarithmic(p, "burst_uv", seed, id, &value[BURST_UV], &z[BURST_UV]));
  return evl_draw_exponent(p, "exponent", seed, id, &value[EXPONENT], &z[EXPONENT]);
}

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  evl_intermittent *made;
  evl_intermittent_spec spec = {
      .activity = {.exponent = truth[EXPONENT], .background_uv = truth[BURST_UV], .edge_hz = {0.8, 14}},
      .quiet_uv = evl_params_real(p, "suppressed_uv"),
      .rise_s = 0.1,
      .fall_s = 0.25,
      .start = evl_params_bool(p, "identical") ? EVL_SPELLS_IDENTICAL : EVL_SPELLS_ANEW};
  evl_intermittent_spells(truth[SUPPRESSION], truth[BURST_S], &spec);
  EVL_TRY(evl_intermittent_plan(&spec, making, arena, &made));
  *state = made;
  return EVL_OK;
}

static void run(void *state, double *x, size_t ld, int n) { evl_intermittent_run(state, x, ld, n); }
static void course(void *state, int64_t second, double *value) { evl_intermittent_course(state, second, value); }
static double limit_uv(const void *state) { return evl_intermittent_limit_uv(state); }

const evl_mechanism evl_mechanism_burst_suppression = {
    .name = "burst_suppression",
    .summary = "bursts of mixed frequencies in suppression, identical ones on request",
    .definition =
        "A semi-Markov chain: suppressions of 1 s (or half their mean, if that is less) and an Erlang-2 time more, "
        "bursts of 0.5 s and an Erlang-2 time more, of means burst_s and burst_s s / (1 - s) for a share s. A burst"
        " is 1/f^chi noise from 0.8 to 14 Hz, begun from rest, of a height log-normal with sd 0.2, with cosine ramps of 0.1 and 0.25 s"
        " inside; identical bursts repeat the noise. Suppression: 1/f noise bent to within suppressed_uv / 4 a "
        "channel.",
    .cite = "Hirsch et al. 2021 (ACNS), doi:10.1097/WNP.0000000000000806; Hofmeijer et al. 2014, "
            "doi:10.1016/j.clinph.2013.10.017",
    .version = 1,
    .params = params,
    .truths = truths,
    .courses = courses,
    .draw = draw,
    .plan = plan,
    .run = run,
    .course = course,
    .limit_uv = limit_uv};
