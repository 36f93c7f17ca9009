/* spindles: their density, amplitude, duration and frequency. */
#include "filtered_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_filtered *sigma, *broad; /* NULL where half the rate is below */
  double fs_hz, core, edge, relative;
  int n_samples, n_rms, n_least, n_most;
} kernel;

enum { DENSITY, AMPLITUDE, DURATION, FREQUENCY, OUTPUTS, TIMED = OUTPUTS, SUMS }; /* TIMED: of the frequency */

static const evl_param params[] = {
    {"band_hz", EVL_REALS, "(11.0, 16.0)", 0.1, 1e5, NULL, "Hz", "Band of spindles."},
    {"broad_hz", EVL_REALS, "(1.0, 30.0)", 0.1, 1e5, NULL, "Hz", "Band that the relative power refers to."},
    {"core", EVL_REAL, "2.5", 1.0, 100.0, NULL, "1", "Rms in the band over its median at which a spindle is found."},
    {"edge", EVL_REAL, "1.5", 0.1, 100.0, NULL, "1", "Rms over its median at which it begins and ends."},
    {"relative", EVL_REAL, "0.2", 0.0, 1.0, NULL, "1", "Share of the band in the power of broad_hz, at the core."},
    {"duration_s", EVL_REALS, "(0.4, 3.0)", 0.05, 60.0, NULL, "s", "Shortest and longest spindle."},
    {0}};

static const evl_output outputs[] = {
    {"density", EVL_PER_CHANNEL, NULL, false, "1/min", 0.0, EVL_ANY_MAX, "Spindles a minute."},
    {"amplitude", EVL_PER_CHANNEL, NULL, false, "uV", 0.0, EVL_ANY_MAX, "Largest peak to trough in the band, mean."},
    {"duration", EVL_PER_CHANNEL, NULL, false, "s", 0.0, EVL_ANY_MAX, "Mean duration."},
    {"frequency", EVL_PER_CHANNEL, NULL, false, "Hz", 0.0, EVL_ANY_MAX,
     "Mean frequency: half waves in the core over twice their time."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  enum { ORDER = 3 };
  double band_hz[2], broad_hz[2], duration_s[2];
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_params_pair(p, "spindles", "band_hz", band_hz));
  EVL_TRY(evl_params_pair(p, "spindles", "broad_hz", broad_hz));
  EVL_TRY(evl_params_pair(p, "spindles", "duration_s", duration_s));
  k->products = products;
  k->fs_hz = shape->fs_hz;
  k->core = evl_params_real(p, "core");
  k->edge = evl_params_real(p, "edge");
  k->relative = evl_params_real(p, "relative");
  k->n_samples = shape->n_samples;
  k->n_rms = (int)fmax(round(0.3 * shape->fs_hz), 1.0);
  k->n_least = (int)ceil(duration_s[0] * shape->fs_hz - 1e-9);
  k->n_most = (int)floor(duration_s[1] * shape->fs_hz + 1e-9);
  evl_scratch_plan(products, 3 * (size_t)k->n_samples * sizeof(double));
  *planned = k;
  if (band_hz[1] >= shape->fs_hz / 2.0) return EVL_OK; /* undefined at this rate */
  EVL_TRY(evl_filtered_plan(ORDER, band_hz[0], band_hz[1], products, arena, &k->sigma));
  return evl_filtered_plan(ORDER, broad_hz[0], broad_hz[1], products, arena, &k->broad);
}

/* Mean square around each sample, over those of n_rms that exist. Summed anew now and then, so that rounding ends. */
static void mean_square(const kernel *k, const double *x, double *square) {
  const int n = k->n_samples, before = k->n_rms / 2, after = k->n_rms - before; /* t - before <= i < t + after */
  enum { ANEW = 256 };
  double sum = 0.0;
  for (int t = 0; t < n; t++) {
    const int from = t < before ? 0 : t - before, to = n - t < after ? n : t + after;
    if (t % ANEW == 0) {
      sum = 0.0;
      for (int i = from; i < to; i++) sum += x[i] * x[i];
    } else {
      if (t + after <= n) sum += x[t + after - 1] * x[t + after - 1];
      if (t > before) sum -= x[t - before - 1] * x[t - before - 1];
    }
    square[t] = fmax(sum, 0.0) / (to - from);
  }
}

/* Adds the spindle [begin, end) of the filtered signal to the sums. Noise draws the frequency to the middle of the
   band, so it is measured in the core. */
static void measure(const kernel *k, const double *x, const double *square, double core, int begin, int end,
                    double sum[SUMS]) {
  double low = 0.0, high = 0.0, largest = 0.0, previous = NAN, halves = 0.0, samples = 0.0;
  for (int t = begin; t < end; t++) {
    if (t > begin && (x[t] > 0.0) != (x[t - 1] > 0.0)) {
      largest = fmax(largest, high - low); /* neighbouring half waves */
      if (x[t] > 0.0) high = 0.0;
      else low = 0.0;
      const double now = square[t] > core ? t - x[t] / (x[t] - x[t - 1]) : NAN;
      if (isfinite(now - previous)) {
        halves += 1.0;
        samples += now - previous;
      }
      previous = now;
    }
    low = fmin(low, x[t]);
    high = fmax(high, x[t]);
  }
  sum[DENSITY] += 1.0;
  sum[AMPLITUDE] += fmax(largest, high - low);
  sum[DURATION] += (end - begin) / k->fs_hz;
  if (!(samples > 0.0)) return;
  sum[FREQUENCY] += 0.5 * halves * k->fs_hz / samples;
  sum[TIMED] += 1.0;
}

static void run_channel(const kernel *k, const double *sigma, const double *broad, double *work, double sum[SUMS]) {
  const size_t n = (size_t)k->n_samples;
  double *square = work, *all = square + n, *sorted = all + n;
  mean_square(k, sigma, square);
  mean_square(k, broad, all);
  size_t m = 0;
  for (size_t t = 0; t < n; t += (size_t)k->n_rms / 2 + 1) sorted[m++] = square[t];
  evl_sort(sorted, m);
  const double median = evl_quantile_sorted(sorted, m, 0.5);
  const double core = k->core * k->core * median, edge = k->edge * k->edge * median;
  for (int t = 0; t < k->n_samples;) {
    if (!(square[t] > edge)) {
      t++;
      continue;
    }
    const int begin = t;
    bool found = false;
    for (; t < k->n_samples && square[t] > edge; t++)
      found = found || (square[t] > core && square[t] >= k->relative * all[t]);
    if (found && begin > 0 && t < k->n_samples && t - begin >= k->n_least && t - begin <= k->n_most)
      measure(k, sigma, square, core, begin, t, sum);
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels;
  if (!k->sigma || k->n_samples < 4 * k->n_rms) return;
  for (size_t c = 0; c < n_channels; c++) {
    double sum[SUMS] = {0};
    if (!usable[c]) continue;
    run_channel(k, evl_filtered_channel(k->sigma, window, (int)c), evl_filtered_channel(k->broad, window, (int)c),
                evl_scratch(k->products), sum);
    evl_put(out, c, 60.0 * sum[DENSITY] * k->fs_hz / k->n_samples);
    for (size_t i = AMPLITUDE; i < FREQUENCY; i++) evl_put(out, i * n_channels + c, sum[i] / sum[DENSITY]);
    evl_put(out, FREQUENCY * n_channels + c, sum[FREQUENCY] / sum[TIMED]);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return 2.0 * evl_filtered_cost_us(3, 11.0, 16.0, shape) + 1.6e-2 * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_spindles = {
    .name = "spindles",
    .summary = "Sleep spindles: density, amplitude, duration and frequency.",
    .definition = "s: x in band_hz (zero-phase Butterworth, order 3); r_t: rms of s over 0.3 s around t. A spindle: r "
                  "> edge times its median, for duration_s, somewhere r > core times its median and r^2 >= relative "
                  "times the mean square of x in broad_hz. The median in place of the usual mean and sd, so that many "
                  "spindles do not raise the threshold against themselves. Without a spindle only the density is "
                  "defined.",
    .cite = "Warby et al. 2014, doi:10.1038/nmeth.2855; Vallat and Walker 2021, doi:10.7554/eLife.70092; Ferrarelli et "
            "al. 2007, doi:10.1176/ajp.2007.164.3.483",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .min_window_s = 30.0,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
