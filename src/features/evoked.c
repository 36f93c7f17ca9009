/* evoked: the mean potential around moments, in windows of time. */
#include "trials_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_trials *trials;
  uint8_t *wanted;
  int n_channels, n_windows;
  int *first, *end;  /* [n_windows] samples of a trial */
  double *curve;     /* [length] */
} kernel;

static const evl_param params[] = {
    {"kinds", EVL_STRINGS, "[]", 0, 0, NULL, "", "Moments by their names in annotations.keep; []: all that are kept."},
    {"windows", EVL_BANDS, "{ P1 = (0.064, 0.112); P3a = (0.876, 0.936); P3b = (0.996, 1.196); }", -600.0, 600.0, NULL,
     "s", "Stretches of time from onset, both ends included. The default ones are NICE's, where the fifth sound comes "
          "after 0.6 s."},
    EVL_TRIAL_PARAMS("-0.2", "1.2", "(-0.2, 0.0)"),
    EVL_TRIAL_REDUCE,
    {0}};

static const evl_output outputs[] = {
    {"amplitude", EVL_PER_CHANNEL, "windows", false, "uV", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Mean of the evoked potential over the stretch of time."},
    {"peak", EVL_PER_CHANNEL, "windows", false, "uV", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Its value that is farthest from 0 there, with its sign."},
    {"latency", EVL_PER_CHANNEL, "windows", false, "s", -600.0, 600.0, "Where the peak is, from onset."},
    {"trials", EVL_PER_WINDOW, NULL, false, "count", 0.0, EVL_ANY_MAX, "Trials in the mean."},
    {"recording_amplitude", EVL_PER_CHANNEL, "windows", true, "uV", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Plain mean of amplitude over all trials of the recording, each counted once."},
    {"recording_t", EVL_PER_CHANNEL, "windows", true, "1", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Student's t of these trials against 0."},
    {"recording_trials", EVL_PER_CHANNEL, "windows", true, "count", 1.0, EVL_ANY_MAX, "Their number."},
    {0}};

static size_t state_size(const evl_params *p, const evl_montage *montage) {
  return (size_t)evl_params_value(p, "windows")->n * (size_t)montage->n * EVL_TALLY;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const evl_value *windows = evl_params_value(p, "windows");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_channels = shape->n_channels;
  k->n_windows = windows->n;
  EVL_TRY(evl_trials_plan(p, "evoked", shape, arena, &k->trials));
  k->trials->reduction = evl_reduce_rule_of(p);
  EVL_TRY(evl_kinds_plan(p, "evoked", "kinds", shape, arena, &k->wanted));
  EVL_NEW(arena, k->first, k->n_windows);
  EVL_NEW(arena, k->end, k->n_windows);
  EVL_NEW(arena, k->curve, k->trials->length);
  for (int w = 0; w < k->n_windows; w++)
    EVL_TRY(evl_trials_range(k->trials, "evoked", &windows->bands[w], &k->first[w], &k->end[w]));
  *planned = k;
  return EVL_OK;
}

static void measure(const kernel *k, int channel, int w, evl_out *out) {
  const size_t cells = (size_t)k->n_windows * (size_t)k->n_channels;
  const size_t i = (size_t)w * (size_t)k->n_channels + (size_t)channel;
  int best = k->first[w];
  for (int s = best + 1; s < k->end[w]; s++)
    if (fabs(k->curve[s]) > fabs(k->curve[best])) best = s;
  evl_put(out, i, evl_mean(k->curve + k->first[w], (size_t)(k->end[w] - k->first[w])));
  evl_put(out, cells + i, k->curve[best]);
  if (isfinite(k->curve[best])) evl_put(out, 2 * cells + i, (k->trials->first + best) / k->trials->fs_hz);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)k->n_channels;
  evl_tally *tally = (evl_tally *)out->state;
  bool any = false;
  evl_trials_find(k->trials, window, k->wanted);
  for (size_t c = 0; c < n_channels; c++) {
    const double *x = window->x + c * window->ld;
    any |= usable[c];
    if (!usable[c] || k->trials->n == 0) continue;
    evl_trials_level(k->trials, x);
    evl_trials_curve(k->trials, x, k->curve);
    for (int w = 0; w < k->n_windows; w++) {
      measure(k, (int)c, w, out);
      evl_trials_means(k->trials, x, k->first[w], k->end[w]);
      for (int i = 0; i < k->trials->n_own; i++) evl_tally_add(&tally[(size_t)w * n_channels + c], k->trials->value[i]);
    }
  }
  if (any) evl_put(out, 3 * (size_t)k->n_windows * n_channels, k->trials->n);
}

static void finish(void *planned, const evl_stage *stage, evl_out *out) {
  const kernel *k = planned;
  const evl_tally *tally = (const evl_tally *)stage->state;
  const size_t n_channels = (size_t)k->n_channels, cells = (size_t)k->n_windows * n_channels;
  for (size_t i = 0; i < cells; i++) {
    if (stage->channel_why[i % n_channels] != 0 || !(tally[i].n > 0.0)) continue;
    evl_put(out, i, tally[i].sum / tally[i].n);
    evl_put(out, cells + i, evl_tally_t(&tally[i]));
    evl_put(out, 2 * cells + i, tally[i].n);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double trial_s = evl_params_real(p, "to_s") - evl_params_real(p, "from_s");
  const double trials = shape->n_samples / shape->fs_hz; /* one a second */
  return 1.0 + 0.006 * shape->n_channels * (trials + 10.0) * trial_s * shape->fs_hz;
}

const evl_entry evl_feature_evoked = {
    .name = "evoked",
    .summary = "Evoked potentials: the mean signal around stimuli, its amplitude and peak in windows of time.",
    .definition = "e(s) = trimmed mean over the trials i of x(t_i + s) - mean of x over t_i + baseline_s, at every s; "
                  "amplitude = mean of e over the stretch. A trial is a moment of one of the kinds with all of from_s "
                  "to to_s, the baseline and the onset within the window. Recording values count a trial in the window "
                  "in which it begins before the next window does: with windows that overlap by a trial's length none "
                  "is lost, but those that begin behind the last window's step. NICE's order of things (trim at each "
                  "sample, then the mean over time) is the default, because an artefact seldom lasts a trial.",
    .cite = "Sitt et al. 2014, doi:10.1093/brain/awu141; Engemann et al. 2018, doi:10.1093/brain/awy251 (P1, P3a, "
            "P3b); Bekinschtein et al. 2009, doi:10.1073/pnas.0809667106",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_ORDER,
    .usual_window_s = 60.0,
    .usual_step_s = 58.0,
    .sees_moments = true,
    .state_size = state_size,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
    .finish = finish,
};
