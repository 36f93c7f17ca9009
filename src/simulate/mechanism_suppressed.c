/* Suppression throughout: below 2, 5 or 10 uV. */
#include <math.h>

#include "patterns_priv.h"

static const evl_param params[] = {
    {"limit_uv", EVL_REALS, "(2.0, 5.0, 10.0)", 0.1, 100, NULL, "uV",
     "Largest peak-to-trough, longitudinal bipolar: each subject has one of these."},
    {0}};

static const evl_truth_item truths[] = {{"limit_uv", "uV", "largest peak-to-trough, longitudinal bipolar"}, {0}};

/* z: of the place in the list, uniform on 0 .. n - 1. */
static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  const evl_value *list = evl_params_value(p, "limit_uv");
  if (list->n < 1) return evl_fail(EVL_USAGE, "limit_uv: expected at least one number, found none");
  int i = (int)(evl_draw_uniform(seed, id, "limit_uv") * list->n);
  value[0] = list->reals[i];
  z[0] = list->n > 1 ? (i - 0.5 * (list->n - 1)) / sqrt(((double)list->n * list->n - 1) / 12) : 0;
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  evl_quiet *quiet;
  (void)p;
  EVL_TRY(evl_quiet_plan(truth[0], making, arena, &quiet));
  *state = quiet;
  return EVL_OK;
}

static void run(void *state, double *x, size_t ld, int n) { evl_quiet_run(state, x, ld, n); }
static double limit_uv(const void *state) { return evl_quiet_limit_uv(state); }

const evl_mechanism evl_mechanism_suppressed = {
    .name = "suppressed",
    .summary = "suppression throughout, below 2, 5 or 10 uV",
    .definition =
        "1/f noise at the electrodes with an rms from 0.5 to 45 Hz of 0.6 m, m = limit_uv / 4, each channel x bent "
        "to m g(x / m), g(v) = v (27 + v^2) / (27 + 9 v^2) up to |v| = 3: no channel beyond m, no bipolar "
        "derivation beyond limit_uv from peak to trough.",
    .cite = "Hirsch et al. 2021 (ACNS), doi:10.1097/WNP.0000000000000806",
    .version = 1,
    .params = params,
    .truths = truths,
    .draw = draw,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
