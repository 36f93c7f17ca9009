/* event_contrast: how the evoked potentials of two sets of moments differ. */
#include "trials_priv.h"

enum { SIDES = 2 };

typedef struct kernel {
  evl_products *products;
  evl_trials *trials[SIDES];
  uint8_t *wanted[SIDES];
  int n_channels, n_windows;
  int *first, *end;      /* [n_windows] samples of a trial */
  double *curve[SIDES];  /* [length] */
} kernel;

static const evl_param params[] = {
    {"kinds_a", EVL_STRINGS, "[\"deviant\"]", 0, 0, NULL, "",
     "Moments of one side by their names in annotations.keep; []: all. NICE's LD-LS: [\"LDGS\", \"LDGD\"]."},
    {"kinds_b", EVL_STRINGS, "[\"standard\"]", 0, 0, NULL, "",
     "Moments of the other side. NICE's LD-LS: [\"LSGS\", \"LSGD\"]."},
    {"windows", EVL_BANDS,
     "{ MMN = (0.736, 0.788); P3a = (0.876, 0.936); P3b = (0.996, 1.196); all = (-0.2, 1.2); }", -600.0, 600.0, NULL,
     "s",
     "Stretches of time from onset, both ends included. The default ones are NICE's, where the fifth sound comes after "
     "0.6 s."},
    EVL_TRIAL_PARAMS("-0.2", "1.2", "(-0.2, 0.0)"),
    EVL_TRIAL_REDUCE,
    {0}};

static const evl_output outputs[] = {
    {"difference", EVL_PER_CHANNEL, "windows", false, "uV", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Mean over the stretch of the evoked potential of a minus that of b."},
    {"t", EVL_PER_CHANNEL, "windows", false, "1", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Student's t of the trials' means over the stretch, a against b, one variance for both."},
    {"trials_a", EVL_PER_WINDOW, NULL, false, "count", 0.0, EVL_ANY_MAX, "Trials of a."},
    {"trials_b", EVL_PER_WINDOW, NULL, false, "count", 0.0, EVL_ANY_MAX, "Trials of b."},
    {"recording_difference", EVL_PER_CHANNEL, "windows", true, "uV", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Difference of the plain means over all trials of the recording, each counted once."},
    {"recording_t", EVL_PER_CHANNEL, "windows", true, "1", -EVL_ANY_MAX, EVL_ANY_MAX, "Student's t of these trials."},
    {0}};

/* [side][window][channel] */
static size_t state_size(const evl_params *p, const evl_montage *montage) {
  return SIDES * (size_t)evl_params_value(p, "windows")->n * (size_t)montage->n * EVL_TALLY;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  static const char *const kinds[SIDES] = {"kinds_a", "kinds_b"};
  const evl_value *windows = evl_params_value(p, "windows");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_channels = shape->n_channels;
  k->n_windows = windows->n;
  for (int s = 0; s < SIDES; s++) {
    EVL_TRY(evl_trials_plan(p, "event_contrast", shape, arena, &k->trials[s]));
    EVL_TRY(evl_kinds_plan(p, "event_contrast", kinds[s], shape, arena, &k->wanted[s]));
    k->trials[s]->reduction = evl_reduce_rule_of(p);
    EVL_NEW(arena, k->curve[s], k->trials[s]->length);
  }
  EVL_NEW(arena, k->first, k->n_windows);
  EVL_NEW(arena, k->end, k->n_windows);
  for (int w = 0; w < k->n_windows; w++)
    EVL_TRY(evl_trials_range(k->trials[0], "event_contrast", &windows->bands[w], &k->first[w], &k->end[w]));
  *planned = k;
  return EVL_OK;
}

static void measure(const kernel *k, const double *x, size_t c, evl_out *out) {
  const size_t n_channels = (size_t)k->n_channels, cells = (size_t)k->n_windows * n_channels;
  evl_tally *all = (evl_tally *)out->state;
  const bool both = k->trials[0]->n > 0 && k->trials[1]->n > 0;
  for (int s = 0; s < SIDES; s++) {
    evl_trials_level(k->trials[s], x);
    if (both) evl_trials_curve(k->trials[s], x, k->curve[s]);
  }
  for (int w = 0; w < k->n_windows; w++) {
    const size_t i = (size_t)w * n_channels + c, n = (size_t)(k->end[w] - k->first[w]);
    evl_tally here[SIDES] = {{0.0, 0.0, 0.0}};
    for (int s = 0; s < SIDES; s++) {
      evl_trials_means(k->trials[s], x, k->first[w], k->end[w]);
      for (int j = 0; j < k->trials[s]->n; j++) {
        evl_tally_add(&here[s], k->trials[s]->value[j]);
        if (j < k->trials[s]->n_own) evl_tally_add(&all[(size_t)s * cells + i], k->trials[s]->value[j]);
      }
    }
    if (!both) continue;
    evl_put(out, i, evl_mean(k->curve[0] + k->first[w], n) - evl_mean(k->curve[1] + k->first[w], n));
    evl_put(out, cells + i, evl_tally_difference_t(&here[0], &here[1]));
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  bool any = false;
  for (int s = 0; s < SIDES; s++) evl_trials_find(k->trials[s], window, k->wanted[s]);
  for (size_t c = 0; c < (size_t)k->n_channels; c++) {
    any |= usable[c];
    if (usable[c]) measure(k, window->x + c * window->ld, c, out);
  }
  for (int s = 0; any && s < SIDES; s++)
    evl_put(out, 2 * (size_t)k->n_windows * (size_t)k->n_channels + (size_t)s, k->trials[s]->n);
}

static void finish(void *planned, const evl_stage *stage, evl_out *out) {
  const kernel *k = planned;
  const size_t n_channels = (size_t)k->n_channels, cells = (size_t)k->n_windows * n_channels;
  const evl_tally *a = (const evl_tally *)stage->state, *b = a + cells;
  for (size_t i = 0; i < cells; i++) {
    if (stage->channel_why[i % n_channels] != 0 || !(a[i].n > 0.0 && b[i].n > 0.0)) continue;
    evl_put(out, i, a[i].sum / a[i].n - b[i].sum / b[i].n);
    evl_put(out, cells + i, evl_tally_difference_t(&a[i], &b[i]));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double trial_s = evl_params_real(p, "to_s") - evl_params_real(p, "from_s");
  const double trials = shape->n_samples / shape->fs_hz; /* one a second */
  return 1.0 + 0.006 * shape->n_channels * (trials + 20.0) * trial_s * shape->fs_hz;
}

const evl_entry evl_feature_event_contrast = {
    .name = "event_contrast",
    .summary = "Difference of the evoked potentials of two sets of stimuli, with Student's t.",
    .definition = "With e of evoked over the trials of kinds_a and of kinds_b: difference = mean over the stretch of "
                  "e_a - e_b; t = (m_a - m_b) / (s sqrt(1/n_a + 1/n_b)) of the trials' means over the stretch, s^2 = "
                  "(SS_a + SS_b) / (n_a + n_b - 2). One variance is the default, because deviants are few. NICE's "
                  "contrasts: LD-LS, GD-GS and the two diagonals by the four kinds LSGS, LSGD, LDGS, LDGD; its MMN, "
                  "P3a, P3b are stretches of time of these. Undefined where one side has no trial. Trials and "
                  "recording values as those of evoked.",
    .cite = "Bekinschtein et al. 2009, doi:10.1073/pnas.0809667106; Engemann et al. 2018, doi:10.1093/brain/awy251 "
            "(contrasts)",
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
