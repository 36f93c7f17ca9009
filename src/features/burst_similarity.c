/* burst_similarity: do bursts begin alike? */
#include "background_priv.h"
#include "lanes_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_suppression *suppression;
  int n_samples, n_shape, n_lags, most;
  double alike;
  int *onset;  /* [most] */
} kernel;

static const evl_param params[] = {
    EVL_SUPPRESSION_PARAMS("amplitude"),
    {"shape_s", EVL_REAL, "0.5", 0.05, 30.0, NULL, "s",
     "The first part of bursts that is compared; shorter ones are not."},
    {"lag_s", EVL_REAL, "0.05", 0.0, 1.0, NULL, "s", "Bursts may be shifted against each other by so much."},
    {"alike", EVL_REAL, "0.75", -1.0, 1.0, NULL, "1", "Correlation above which two bursts count as identical."},
    {"most", EVL_INT, "24", 2, 1000, NULL, "count", "Bursts compared at most, spread evenly over the window."},
    {0}};

static const evl_output outputs[] = {
    {"correlation", EVL_PER_CHANNEL, NULL, false, "1", -1.0, 1.0, "Mean correlation over pairs of bursts."},
    {"identical", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0, "Share of pairs with a correlation above `alike`."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->n_shape = (int)fmax(round(evl_params_real(p, "shape_s") * shape->fs_hz), 2.0);
  k->n_lags = (int)floor(evl_params_real(p, "lag_s") * shape->fs_hz + 1e-9);
  k->alike = evl_params_real(p, "alike");
  k->most = (int)evl_params_int(p, "most");
  EVL_NEW(arena, k->onset, k->n_samples);
  EVL_TRY(evl_suppression_plan(p, shape, products, arena, &k->suppression));
  *planned = k;
  return EVL_OK;
}

/* Onsets of bursts that are long enough and far enough from the ends; at most k->most, evenly spread. */
static int find_onsets(const kernel *k, const uint8_t *mask, int first, int end) {
  int n = 0;
  for (int t = first; t < end;) {
    const evl_stretch s = evl_stretch_at(mask, t, end);
    t = s.end;
    if (mask[s.begin] || s.begin == first || s.end - s.begin < k->n_shape) continue;
    if (s.begin - k->n_lags >= first && s.begin + k->n_shape + k->n_lags <= end) k->onset[n++] = s.begin;
  }
  if (n <= k->most) return n;
  for (int i = 0; i < k->most; i++) k->onset[i] = k->onset[(int64_t)i * (n - 1) / (k->most - 1)];
  return k->most;
}

/* Pearson's correlation; NaN where either is constant. */
static double correlation(const double *a, const double *b, int n) {
  evl_lanes lane[5] = {0};
  double sum[5];
  int t = 0;
  for (; t + EVL_LANES <= n; t += EVL_LANES) {
    const evl_lanes u = evl_load(a + t) - a[0], v = evl_load(b + t) - b[0];
    lane[0] += u;
    lane[1] += v;
    lane[2] += u * u;
    lane[3] += v * v;
    lane[4] += u * v;
  }
  for (int i = 0; i < 5; i++) sum[i] = evl_fold(lane[i]);
  for (; t < n; t++) {
    const double u = a[t] - a[0], v = b[t] - b[0];
    sum[0] += u;
    sum[1] += v;
    sum[2] += u * u;
    sum[3] += v * v;
    sum[4] += u * v;
  }
  const double sa = sum[0], sb = sum[1], aa = sum[2], bb = sum[3], ab = sum[4];
  const double r = (ab - sa * sb / n) / sqrt((aa - sa * sa / n) * (bb - sb * sb / n));
  return isfinite(r) ? fmin(fmax(r, -1.0), 1.0) : NAN;
}

/* At the shift where they are most alike, NaN where there is none. */
static double best_correlation(const kernel *k, const double *a, const double *b) {
  double best = NAN;
  for (int lag = -k->n_lags; lag <= k->n_lags; lag++) {
    const double r = correlation(a, b + lag, k->n_shape);
    if (isfinite(r) && !(r <= best)) best = r;
  }
  return best;
}

static void run_channel(const kernel *k, const double *x, int n_onsets, double *mean, double *identical) {
  double sum = 0.0;
  int pairs = 0, alike = 0;
  for (int i = 0; i < n_onsets; i++)
    for (int j = i + 1; j < n_onsets; j++) {
      const double r = best_correlation(k, x + k->onset[i], x + k->onset[j]);
      if (!isfinite(r)) continue;
      sum += r;
      pairs++;
      alike += r > k->alike;
    }
  *mean = sum / pairs;
  *identical = (double)alike / pairs;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const int first = evl_suppression_first(k->suppression), end = evl_suppression_end(k->suppression);
  if (end - first < 2) return;
  for (int c = 0; c < window->n_channels; c++) {
    if (!usable[c]) continue;
    double mean, identical;
    const int n = find_onsets(k, evl_suppression_channel(k->suppression, window, c), first, end);
    run_channel(k, evl_suppression_signal(k->suppression, window, c), n, &mean, &identical);
    evl_put(out, (size_t)c, mean);
    evl_put(out, (size_t)(window->n_channels + c), identical);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double most = fmin((double)evl_params_int(p, "most"), shape->n_samples / shape->fs_hz / 3.0);
  const double lags = 2.0 * evl_params_real(p, "lag_s") * shape->fs_hz + 1.0;
  return evl_suppression_cost_us(p, shape) + 1e-3 * shape->n_channels * (double)shape->n_samples +
         shape->n_channels * 0.5 * most * most * lags * evl_params_real(p, "shape_s") * shape->fs_hz * 5e-4;
}

const evl_entry evl_feature_burst_similarity = {
    .name = "burst_similarity",
    .summary = "Identical bursts: the correlation of the first 500 ms of bursts with each other.",
    .definition = "For every pair of bursts (see rule) that begin in the window and last at least shape_s: the largest "
                  "Pearson correlation of their first shape_s over shifts up to lag_s, because a threshold finds the "
                  "begin of a burst only so well. correlation is the mean over pairs, identical the share above "
                  "`alike`. Undefined with fewer than two such bursts.",
    .cite = "Hofmeijer et al. 2014, doi:10.1016/j.clinph.2013.10.017",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .min_window_s = 30.0,
    .usual_window_s = 120.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
