/* cnv: the contingent negative variation, a slope over the time in which something is awaited. */
#include "trials_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_trials *trials;
  uint8_t *wanted;
  int n_channels;
  double *time_s; /* [length] from the start of the trial */
} kernel;

static const evl_param params[] = {
    {"kinds", EVL_STRINGS, "[]", 0, 0, NULL, "", "Moments by their names in annotations.keep; []: all that are kept."},
    EVL_TRIAL_PARAMS("-0.004", "0.596", "[]"),
    EVL_TRIAL_REDUCE,
    {0}};

static const evl_output outputs[] = {
    {"slope", EVL_PER_CHANNEL, NULL, false, "uV/s", -EVL_ANY_MAX, EVL_ANY_MAX, "Slopes of trials, reduced."},
    {"mean_slope", EVL_PER_WINDOW, NULL, false, "uV/s", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Mean of slope over the channels that have one."},
    {"trials", EVL_PER_WINDOW, NULL, false, "count", 0.0, EVL_ANY_MAX, "Trials of the window."},
    {"recording_slope", EVL_PER_CHANNEL, NULL, true, "uV/s", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Plain mean of the slopes of all trials of the recording, each counted once."},
    {"recording_t", EVL_PER_CHANNEL, NULL, true, "1", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Student's t of these slopes against 0."},
    {"recording_trials", EVL_PER_CHANNEL, NULL, true, "count", 1.0, EVL_ANY_MAX, "Their number."},
    {0}};

static size_t state_size(const evl_params *p, const evl_montage *montage) {
  (void)p;
  return (size_t)montage->n * EVL_TALLY;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_channels = shape->n_channels;
  EVL_TRY(evl_trials_plan(p, "cnv", shape, arena, &k->trials));
  k->trials->reduction = evl_reduce_rule_of(p);
  EVL_TRY(evl_kinds_plan(p, "cnv", "kinds", shape, arena, &k->wanted));
  EVL_NEW(arena, k->time_s, k->trials->length);
  for (int s = 0; s < k->trials->length; s++) k->time_s[s] = s / shape->fs_hz;
  evl_scratch_plan(products, (size_t)shape->n_channels * sizeof(double));
  *planned = k;
  return EVL_OK;
}

static double reduced_slope(const kernel *k, const double *x, evl_tally *tally) {
  evl_trials *t = k->trials;
  double reduced[EVL_PART_LANES];
  for (int i = 0; i < t->n; i++) {
    const double slope = evl_slope(k->time_s, x + t->at[i] + t->first, (size_t)t->length);
    for (int c = 0; c < EVL_PART_LANES; c++) t->block[i * EVL_PART_LANES + c] = slope;
    if (i < t->n_own) evl_tally_add(tally, slope);
  }
  evl_reduce_columns(t->reduction, t->block, t->n, reduced);
  return reduced[0];
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)k->n_channels;
  double *slope = evl_scratch(k->products);
  bool any = false;
  evl_trials_find(k->trials, window, k->wanted);
  for (size_t c = 0; c < n_channels; c++) {
    any |= usable[c];
    slope[c] = NAN;
    if (usable[c] && k->trials->n > 0)
      slope[c] = reduced_slope(k, window->x + c * window->ld, (evl_tally *)out->state + c);
    evl_put(out, c, slope[c]);
  }
  evl_put(out, n_channels, evl_mean_of_channels(slope, k->n_channels));
  if (any) evl_put(out, n_channels + 1, k->trials->n);
}

static void finish(void *planned, const evl_stage *stage, evl_out *out) {
  const kernel *k = planned;
  const evl_tally *tally = (const evl_tally *)stage->state;
  const size_t n_channels = (size_t)k->n_channels;
  for (size_t c = 0; c < n_channels; c++) {
    if (stage->channel_why[c] != 0 || !(tally[c].n > 0.0)) continue;
    evl_put(out, c, tally[c].sum / tally[c].n);
    evl_put(out, n_channels + c, evl_tally_t(&tally[c]));
    evl_put(out, 2 * n_channels + c, tally[c].n);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double trial_s = evl_params_real(p, "to_s") - evl_params_real(p, "from_s");
  return 1.0 + 0.003 * shape->n_channels * shape->n_samples * trial_s; /* a trial a second */
}

const evl_entry evl_feature_cnv = {
    .name = "cnv",
    .summary = "Contingent negative variation: the slope of the potential while a stimulus is awaited.",
    .definition = "In each trial i the least-squares slope b_i of x(t_i + s) = a_i + b_i s over from_s <= s <= to_s; "
                  "slope = trimmed mean of b_i. Trials and recording values as those of evoked. The default is NICE's "
                  "range, from the first to the fifth of its sounds; a slope needs no baseline.",
    .cite = "Faugeras et al. 2012, doi:10.1016/j.neuropsychologia.2011.12.015; Engemann et al. 2018, "
            "doi:10.1093/brain/awy251 (contingent negative variation)",
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
