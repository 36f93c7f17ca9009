/* What discontinuous and nearly continuous backgrounds share; they differ in their keys' defaults. */
#include "patterns_priv.h"

enum { SUPPRESSION, ACTIVITY_S, BACKGROUND_UV, EXPONENT };
const evl_truth_item evl_interrupted_truths[] = {
    {"suppression", "", "share of time in suppression"},
    {"activity_s", "s", "mean time between suppressions"},
    {"background_uv", "uV", "rms of the background from 0.5 to 45 Hz; z of its logarithm"},
    {"exponent", "", "chi of the background's power 1/f^chi"},
    {0}};

const evl_truth_item evl_interrupted_courses[] = {{"suppressed", "", "share of the second in suppression"}, {0}};

evl_status evl_interrupted_draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  EVL_TRY(evl_draw_between(p, "suppression", seed, id, &value[SUPPRESSION], &z[SUPPRESSION]));
  EVL_TRY(evl_draw_between(p, "activity_s", seed, id, &value[ACTIVITY_S], &z[ACTIVITY_S]));
  EVL_TRY(evl_draw_logarithmic(p, "background_uv", seed, id, &value[BACKGROUND_UV], &z[BACKGROUND_UV]));
  return evl_draw_exponent(p, "exponent", seed, id, &value[EXPONENT], &z[EXPONENT]);
}

evl_status evl_interrupted_plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                                void **state) {
  evl_intermittent *made;
  evl_intermittent_spec spec = {
      .activity = {.exponent = truth[EXPONENT], .background_uv = truth[BACKGROUND_UV], .edge_hz = {0.6, 18}},
      .quiet_uv = evl_params_real(p, "suppressed_uv"),
      .rise_s = 0.3,
      .fall_s = 0.3,
      .start = EVL_SPELLS_GATE};
  evl_intermittent_spells(truth[SUPPRESSION], truth[ACTIVITY_S], &spec);
  EVL_TRY(evl_intermittent_plan(&spec, making, arena, &made));
  *state = made;
  return EVL_OK;
}

void evl_interrupted_run(void *state, double *x, size_t ld, int n) { evl_intermittent_run(state, x, ld, n); }

void evl_interrupted_course(void *state, int64_t second, double *value) {
  evl_intermittent_course(state, second, value);
}

double evl_interrupted_limit_uv(const void *state) { return evl_intermittent_limit_uv(state); }
