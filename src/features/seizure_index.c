/* seizure_index: rhythmic activity that evolves in frequency, as electrographic seizures do. */
#include "background_priv.h"

typedef struct kernel {
  evl_products *products;
  double rate_hz, threshold;       /* of the averaged signal */
  int n_samples, block, n_blocks;  /* samples a block, blocks a window */
  int epoch, step, n_epochs;       /* in blocks */
  int first, last;                 /* lags */
  int stretch;                     /* epochs */
} kernel;

#define EPOCH_S 2.0
#define STEP_S 1.0
#define CHANCE 0.4 /* what the autocorrelation of 2 s of 1/f noise reaches without a rhythm */

static const evl_param params[] = {
    {"rhythm_hz", EVL_REALS, "(1.0, 12.0)", 0.6, 15.0, NULL, "Hz", "Frequencies of rhythms that are looked for."},
    {"stretch_s", EVL_REAL, "20.0", 5.0, 300.0, NULL, "s", "Over which a rhythm must evolve."},
    {"threshold", EVL_REAL, "0.15", 0.0, 1.0, NULL, "1", "Index from which on a stretch counts as a seizure's."},
    {0}};

static const evl_output outputs[] = {
    {"index", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0, "Largest index of a stretch in the window."},
    {"share", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0,
     "Share of time with a rhythm in stretches whose index reaches the threshold."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  double rhythm_hz[2];
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_params_pair(p, "seizure_index", "rhythm_hz", rhythm_hz));
  k->products = products;
  k->n_samples = shape->n_samples;
  k->threshold = evl_params_real(p, "threshold");
  k->block = (int)fmax(round(shape->fs_hz / 60.0), 1.0);
  k->rate_hz = shape->fs_hz / k->block;
  k->n_blocks = shape->n_samples / k->block;
  k->epoch = (int)round(EPOCH_S * k->rate_hz);
  k->step = (int)fmax(round(STEP_S * k->rate_hz), 1.0);
  k->n_epochs = k->n_blocks >= k->epoch ? (k->n_blocks - k->epoch) / k->step + 1 : 0;
  k->first = (int)floor(k->rate_hz / rhythm_hz[1]);
  k->last = (int)fmin(ceil(k->rate_hz / rhythm_hz[0]), 0.85 * k->epoch);
  k->stretch = (int)round(evl_params_real(p, "stretch_s") / STEP_S);
  evl_scratch_plan(products, ((size_t)k->n_blocks + EVL_PERIODICITY_WORK(k->epoch) + 2 * (size_t)k->n_epochs) *
                                 sizeof(double) + (size_t)k->n_epochs);
  *planned = k;
  return EVL_OK;
}

/* Rhythmicity times how far the frequency moved, in octaves up to 1, times the share of its variance that a straight
   line over time explains. height (over chance) and octave [stretch]; epochs without a rhythm have height 0. */
static double stretch_index(const double *height, const double *octave, int n) {
  double weight = 0.0, t1 = 0.0, y1 = 0.0, tt = 0.0, ty = 0.0, yy = 0.0;
  for (int i = 0; i < n; i++) {
    weight += height[i];
    t1 += height[i] * i;
    y1 += height[i] * octave[i];
  }
  if (!(weight > 0.0)) return 0.0;
  t1 /= weight;
  y1 /= weight;
  for (int i = 0; i < n; i++) {
    const double t = i - t1, y = octave[i] - y1;
    tt += height[i] * t * t;
    ty += height[i] * t * y;
    yy += height[i] * y * y;
  }
  if (!(tt > 0.0 && yy > 0.0)) return 0.0;
  const double moved = fabs(ty / tt) * (n - 1), explained = fmin(ty * ty / (tt * yy), 1.0);
  return fmin(weight / n * fmin(moved, 1.0) * explained, 1.0);
}

static void run_channel(const kernel *k, const double *x, double *work, double *index, double *share) {
  double *mean = work, *periodicity = mean + k->n_blocks;
  double *height = periodicity + EVL_PERIODICITY_WORK(k->epoch), *octave = height + k->n_epochs;
  uint8_t *within = (uint8_t *)(octave + k->n_epochs);
  for (int b = 0; b < k->n_blocks; b++) {
    mean[b] = 0.0;
    for (int t = b * k->block; t < (b + 1) * k->block; t++) mean[b] += x[t] / k->block; /* no sum beyond a double */
  }
  for (int e = 0; e < k->n_epochs; e++) {
    const double period = evl_periodicity(mean + (size_t)e * (size_t)k->step, k->epoch, k->first, k->last, periodicity,
                                          &height[e]);
    height[e] = isfinite(period) ? fmax((height[e] - CHANCE) / (1.0 - CHANCE), 0.0) : 0.0;
    octave[e] = isfinite(period) ? log2(k->rate_hz / period) : 0.0;
    within[e] = 0;
  }
  *index = *share = 0.0;
  for (int e = 0; e + k->stretch <= k->n_epochs; e++) {
    const double here = stretch_index(height + e, octave + e, k->stretch);
    *index = fmax(*index, here);
    for (int i = e; i < e + k->stretch && here >= k->threshold; i++) within[i] = height[i] > 0.0;
  }
  for (int e = 0; e < k->n_epochs; e++) *share += (double)within[e] / k->n_epochs;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  if (k->n_epochs < k->stretch || k->first < 2 || k->last <= k->first || k->last + 1 >= k->epoch) return;
  for (int c = 0; c < window->n_channels; c++) {
    double index, share;
    if (!usable[c]) continue;
    run_channel(k, window->x + (size_t)c * window->ld, evl_scratch(k->products), &index, &share);
    evl_put(out, (size_t)c, index);
    evl_put(out, (size_t)(window->n_channels + c), fmin(share, 1.0));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return shape->n_channels * (7e-4 * shape->n_samples + 2.7 * shape->n_samples / shape->fs_hz);
}

const evl_entry evl_feature_seizure_index = {
    .name = "seizure_index",
    .summary = "Electrographic-seizure index: rhythmic activity whose frequency evolves.",
    .definition =
        "In epochs of 2 s every second (of x averaged to about 60 Hz): r, the first major maximum of the "
        "autocorrelation in rhythm_hz, and its frequency f; h = max(0, (r - 0.4) / 0.6), because noise reaches 0.4. "
        "Over stretch_s: index = mean(h) * min(1, octaves) * R^2, octaves and R^2 those of the line through log2 f "
        "against time, weighted by h; the largest over the window. What sets seizures apart from other rhythms is "
        "evolution (ACNS: consecutive changes of frequency in one direction): a steady rhythm, however strong, moves "
        "through no octaves, and noise neither keeps a rhythm nor a direction. An index, no diagnosis.",
    .cite = "Hirsch et al. 2021 (ACNS, evolution), doi:10.1097/WNP.0000000000000806; Gotman 1982, "
            "doi:10.1016/0013-4694(82)90038-4 (rhythmicity)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .min_window_s = 30.0,
    .usual_window_s = 120.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
