/* heart: rate and variability of the heart from R waves, in time. */
#include "heartbeats_priv.h"

typedef struct kernel { evl_heartbeats *beats; } kernel;

static const evl_param params[] = {EVL_HEART_PARAMS, {0}};

enum { RATE, SDNN, RMSSD, PNN50, ACCEPTED, BEATS };
static const evl_output outputs[] = {
    {"rate", EVL_PER_WINDOW, NULL, false, "1/min", 0.0, 60.0 / 0.27, "60 s over the mean accepted interval."},
    {"sdnn", EVL_PER_WINDOW, NULL, false, "ms", 0.0, EVL_ANY_MAX,
     "Standard deviation (n - 1) of the accepted intervals."},
    {"rmssd", EVL_PER_WINDOW, NULL, false, "ms", 0.0, EVL_ANY_MAX,
     "Root mean square of the differences of accepted intervals that follow each other."},
    {"pnn50", EVL_PER_WINDOW, NULL, false, "1", 0.0, 1.0, "Share of these differences that are over 50 ms."},
    {"accepted", EVL_PER_WINDOW, NULL, false, "1", 0.0, 1.0, "Share of intervals accepted."},
    {"beats", EVL_PER_WINDOW, NULL, false, "count", 2.0, EVL_ANY_MAX, "R waves found."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  *planned = k;
  return evl_heartbeats_plan(p, "heart", shape, products, arena, &k->beats);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const evl_heartbeats *b = k->beats;
  const bool known = evl_heartbeats_find(k->beats, window);
  double sum = 0.0, squares = 0.0, steps = 0.0;
  int n_steps = 0, large = 0;
  if (b->n > 1) {
    evl_put(out, ACCEPTED, (double)b->n_accepted / (b->n - 1));
    evl_put(out, BEATS, b->n);
  }
  if (!known) return;
  for (int i = 0; i + 1 < b->n; i++) {
    if (!b->accepted[i]) continue;
    sum += b->interval_s[i];
    if (i == 0 || !b->accepted[i - 1]) continue;
    const double step = b->interval_s[i] - b->interval_s[i - 1];
    steps += step * step;
    large += fabs(step) > 0.05;
    n_steps++;
  }
  const double mean = sum / b->n_accepted;
  for (int i = 0; i + 1 < b->n; i++)
    if (b->accepted[i]) squares += (b->interval_s[i] - mean) * (b->interval_s[i] - mean);
  evl_put(out, RATE, 60.0 / mean);
  evl_put(out, SDNN, 1e3 * sqrt(squares / (b->n_accepted - 1)));
  if (n_steps < 2) return;
  evl_put(out, RMSSD, 1e3 * sqrt(steps / n_steps));
  evl_put(out, PNN50, (double)large / n_steps);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return 1.0 + evl_heartbeats_cost_us(shape);
}

const evl_entry evl_feature_heart = {
    .name = "heart",
    .summary = "Heart rate and its variability in time: SDNN, RMSSD, pNN50.",
    .definition = "R waves: local maxima of the mean square over 0.1 s of the 5 to 15 Hz band, with nothing higher "
                  "within 0.27 s (a T wave there is lower than the flank of its R wave, even where it is over half "
                  "as high), over 0.15 of the median of the maxima of the eleven 2 s around; each is placed at the "
                  "extreme of that band, between samples. A beat between two short intervals that together are an "
                  "ordinary one is taken out; intervals far from the median of the eleven around (missed beats, "
                  "ectopic ones) do not count, and no other is invented. Undefined with fewer than three accepted "
                  "intervals or under half of them accepted. Windows of 5 minutes are usual for variability.",
    .cite = "Task Force of the ESC and NASPE 1996, doi:10.1161/01.CIR.93.5.1043, table 1; Pan and Tompkins 1985, "
            "doi:10.1109/TBME.1985.325532",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 300.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
