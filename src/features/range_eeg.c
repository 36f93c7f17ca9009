/* range_eeg: statistics of the peak-to-peak amplitude of short segments. */
#include <string.h>

#include "filtered_priv.h"

typedef struct kernel {
  evl_products *products;
  int n_bands, n_segments, segment, step;
  evl_filtered **band; /* [n_bands]; NULL where it reaches beyond half the rate */
  bool log_linear, midpoint;
} kernel;

enum { MEAN, MEDIAN, P5, P95, WIDTH, SD, CV, ASYMMETRY, STATISTICS };

static const evl_param params[] = {
    {"bands", EVL_BANDS, "{ broad = (0.0, 1000.0); }", 0.0, 1e5, NULL, "Hz",
     "Zero-phase Butterworth filters of order 5 before. From 0: low-pass; to half the rate or beyond: high-pass; both: "
     "the signal as it is. NEURAL takes delta (0.5, 4), theta (4, 7), alpha (7, 13), beta (13, 30)."},
    {"segment_s", EVL_REAL, "2.0", 0.01, 600.0, NULL, "s", "Length of a segment."},
    {"overlap", EVL_REAL, "0.0", 0.0, 0.95, NULL, "", "Share of a segment that the next one covers."},
    {"scale", EVL_STRING, "\"linear\"", 0, 0, "linear|log_linear", "",
     "log_linear: amplitudes r over 50 uV become 50 ln r / ln 50, as aEEG is drawn."},
    {"percentile", EVL_STRING, "\"linear\"", 0, 0, "linear|midpoint", "",
     "Percentiles of n sorted values: linear, the lowest is at 0 and the highest at 1 (type 7); midpoint, value i of n "
     "is at (i - 1/2) / n (type 5), as NEURAL in MATLAB."},
    {0}};

#define AMPLITUDE(name, text) {name, EVL_PER_CHANNEL, "bands", false, "uV", 0.0, EVL_ANY_MAX, text}
static const evl_output outputs[] = {
    AMPLITUDE("mean", "Mean over segments."),
    AMPLITUDE("median", "Median over segments."),
    AMPLITUDE("p5", "Lower margin: 5th percentile."),
    AMPLITUDE("p95", "Upper margin: 95th percentile."),
    AMPLITUDE("width", "Upper less lower margin."),
    AMPLITUDE("sd", "Standard deviation, n - 1."),
    {"cv", EVL_PER_CHANNEL, "bands", false, "1", 0.0, EVL_ANY_MAX, "Standard deviation over mean."},
    {"asymmetry", EVL_PER_CHANNEL, "bands", false, "1", -1.0, 1.0,
     "(B - A) / (A + B), A = median - p5, B = p95 - median; undefined where both are 0."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  enum { ORDER = 5 };
  const evl_value *bands = evl_params_value(p, "bands");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->segment = (int)fmin(fmax(round(evl_params_real(p, "segment_s") * shape->fs_hz), 1.0), shape->n_samples);
  k->step = k->segment - (int)floor(evl_params_real(p, "overlap") * k->segment + 1e-9);
  k->n_segments = (shape->n_samples - k->segment) / k->step + 1;
  k->log_linear = !strcmp(evl_params_string(p, "scale"), "log_linear");
  k->midpoint = !strcmp(evl_params_string(p, "percentile"), "midpoint");
  k->n_bands = bands->n;
  EVL_NEW(arena, k->band, k->n_bands);
  for (int b = 0; b < k->n_bands; b++)
    if (bands->bands[b].low_hz < shape->fs_hz / 2.0)
      EVL_TRY(evl_filtered_plan(ORDER, bands->bands[b].low_hz, bands->bands[b].high_hz, products, arena, &k->band[b]));
  evl_scratch_plan(products, (size_t)k->n_segments * sizeof(double));
  *planned = k;
  return EVL_OK;
}

static double range(const double *x, int n) {
  double low = x[0], high = x[0];
  for (int t = 1; t < n; t++) {
    low = x[t] < low ? x[t] : low;
    high = x[t] > high ? x[t] : high;
  }
  return high - low;
}

static double percentile(const kernel *k, const double *sorted, double p) {
  const double n = k->n_segments;
  if (!k->midpoint || n < 2) return evl_quantile_sorted(sorted, (size_t)k->n_segments, p);
  return evl_quantile_sorted(sorted, (size_t)k->n_segments, fmin(fmax((p * n - 0.5) / (n - 1.0), 0.0), 1.0));
}

static void run_channel(const kernel *k, const double *x, double *amplitude, double value[STATISTICS]) {
  const size_t n = (size_t)k->n_segments;
  for (int s = 0; s < k->n_segments; s++) {
    amplitude[s] = range(x + (size_t)s * (size_t)k->step, k->segment);
    if (k->log_linear && amplitude[s] > 50.0) amplitude[s] = 50.0 * log(amplitude[s]) / log(50.0);
  }
  evl_sort(amplitude, n);
  value[MEAN] = evl_mean(amplitude, n);
  value[MEDIAN] = percentile(k, amplitude, 0.5);
  value[P5] = percentile(k, amplitude, 0.05);
  value[P95] = percentile(k, amplitude, 0.95);
  value[WIDTH] = value[P95] - value[P5];
  value[SD] = n < 2 ? NAN : sqrt(evl_variance(amplitude, n, 1));
  value[CV] = value[SD] / value[MEAN];
  const double below = value[MEDIAN] - value[P5], above = value[P95] - value[MEDIAN];
  value[ASYMMETRY] = (above - below) / (above + below);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels, n_bands = (size_t)k->n_bands;
  double *amplitude = evl_scratch(k->products), value[STATISTICS];
  for (size_t b = 0; b < n_bands; b++)
    for (size_t c = 0; c < n_channels; c++) {
      if (!usable[c] || !k->band[b]) continue;
      run_channel(k, evl_filtered_channel(k->band[b], window, (int)c), amplitude, value);
      for (size_t i = 0; i < STATISTICS; i++) evl_put(out, (i * n_bands + b) * n_channels + c, value[i]);
    }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const evl_value *bands = evl_params_value(p, "bands");
  double us = 0.0;
  for (int b = 0; b < bands->n; b++)
    us += evl_filtered_cost_us(5, bands->bands[b].low_hz, bands->bands[b].high_hz, shape) +
          1e-3 * shape->n_channels * (double)shape->n_samples / (1.0 - evl_params_real(p, "overlap"));
  return us;
}

const evl_entry evl_feature_range_eeg = {
    .name = "range_eeg",
    .summary = "Range EEG: statistics of the peak-to-peak amplitude of segments of 2 s.",
    .definition = "r_s = max - min of x over segment s. Its mean, median, 5th and 95th percentile, their distance, sd, "
                  "sd / mean, and asymmetry ((p95 - med) - (med - p5)) / (p95 - p5). A band that begins at or beyond "
                  "half the rate is undefined.",
    .cite = "O'Reilly et al. 2012, doi:10.1016/j.clinph.2012.02.087; O'Toole and Boylan 2017, "
            "doi:10.48550/arXiv.1704.05694 (NEURAL)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 120.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
