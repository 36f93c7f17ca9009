/* amplitude: what the values of a window are like, whatever their order, and how much they go up and down. */
#include <string.h>

#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  int n_samples, ddof;
  bool raw_crossings, zeros_cross; /* counts about zero (antropy); samples at zero count too (mne_features) */
  double length_scale;             /* of the sum of steps */
  const evl_value *quantiles;
} kernel;

static const evl_param params[] = {
    {"quantiles", EVL_REALS, "(0.05, 0.25, 0.5, 0.75, 0.95)", 0.0, 1.0, NULL, "1", "Shares of samples below."},
    {"convention", EVL_STRING, "\"rate\"", 0, 0, "rate|antropy|mne_features", "",
     "rate: line length and crossings of the mean per second, so that windows and rates compare, n in variances (also "
     "tsfresh's); antropy: number of changes of sign of the raw values; mne_features: line length per step, number of "
     "changes of sign and of zeros of the raw values, n - 1 in variances."},
    {0}};

static const evl_output outputs[] = {
    {"mean", EVL_PER_CHANNEL, NULL, false, "uV", -EVL_ANY_MAX, EVL_ANY_MAX, "Mean of the samples."},
    {"sd", EVL_PER_CHANNEL, NULL, false, "uV", 0.0, EVL_ANY_MAX, "Standard deviation."},
    {"variance", EVL_PER_CHANNEL, NULL, false, "uV^2", 0.0, EVL_ANY_MAX, "Variance."},
    {"skewness", EVL_PER_CHANNEL, NULL, false, "1", -EVL_ANY_MAX, EVL_ANY_MAX, "Third standardised moment."},
    {"kurtosis", EVL_PER_CHANNEL, NULL, false, "1", 1.0, EVL_ANY_MAX, "Fourth standardised moment, 3 for normal values."},
    {"rms", EVL_PER_CHANNEL, NULL, false, "uV", 0.0, EVL_ANY_MAX, "Root of the mean square, the mean included."},
    {"minimum", EVL_PER_CHANNEL, NULL, false, "uV", -EVL_ANY_MAX, EVL_ANY_MAX, "Lowest value."},
    {"maximum", EVL_PER_CHANNEL, NULL, false, "uV", -EVL_ANY_MAX, EVL_ANY_MAX, "Highest value."},
    {"peak_to_peak", EVL_PER_CHANNEL, NULL, false, "uV", 0.0, EVL_ANY_MAX, "Highest minus lowest value."},
    {"quantile", EVL_PER_CHANNEL, "quantiles", false, "uV", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Value below which the share of the samples lies, linear between samples."},
    {"line_length", EVL_PER_CHANNEL, NULL, false, "uV/s", 0.0, EVL_ANY_MAX,
     "Sum of absolute steps over the duration (mne_features: over their number, in uV)."},
    {"zero_crossings", EVL_PER_CHANNEL, NULL, false, "1/s", 0.0, EVL_ANY_MAX,
     "Crossings of the mean a second (antropy, mne_features: see convention)."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const char *convention = evl_params_string(p, "convention");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->zeros_cross = !strcmp(convention, "mne_features");
  k->raw_crossings = strcmp(convention, "rate") != 0;
  k->ddof = k->zeros_cross ? 1 : 0;
  k->length_scale = (k->zeros_cross ? 1.0 : shape->fs_hz) / (shape->n_samples - 1);
  k->quantiles = evl_params_value(p, "quantiles");
  evl_scratch_plan(products, 2 * (size_t)shape->n_samples * sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* Fixed lanes, which compilers turn into vectors. */
enum { LANES = 8 };

static double fold(const double *lane) {
  return ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

/* Means of the second to fourth powers of (x - mean) * scale. */
typedef struct powers { double second, third, fourth; } powers;

static powers mean_powers(const double *x, int n, double mean, double scale) {
  double second[LANES] = {0}, third[LANES] = {0}, fourth[LANES] = {0};
  for (int t = 0; t < n; t += LANES)
    for (int k = 0; k < LANES && t + k < n; k++) {
      const double v = (x[t + k] - mean) * scale, square = v * v;
      second[k] += square;
      third[k] += square * v;
      fourth[k] += square * square;
    }
  return (powers){fold(second) / n, fold(third) / n, fold(fourth) / n};
}

static double mean_square(const double *x, int n) {
  double lane[LANES] = {0};
  for (int t = 0; t < n; t += LANES)
    for (int k = 0; k < LANES && t + k < n; k++) lane[k] += x[t + k] * x[t + k];
  return fold(lane) / n;
}

static double sum_of_steps(const double *x, int n) {
  double lane[LANES] = {0};
  for (int t = 1; t < n; t += LANES)
    for (int k = 0; k < LANES && t + k < n; k++) lane[k] += fabs(x[t + k] - x[t + k - 1]);
  return fold(lane);
}

static double crossings(const double *x, int n, double level) {
  int count = 0;
  for (int t = 1; t < n; t++) count += (x[t] < level) != (x[t - 1] < level);
  return count;
}

/* A sample at zero counts once, whatever its neighbours are. */
static double crossings_and_zeros(const double *x, int n) {
  int count = x[n - 1] == 0.0;
  for (int t = 0; t + 1 < n; t++) count += x[t] == 0.0 || x[t] * x[t + 1] < 0.0;
  return count;
}

static void put_moments(const kernel *k, const double *x, size_t n_channels, size_t c, evl_out *out) {
  const int n = k->n_samples;
  const double mean = evl_mean(x, (size_t)n), variance = evl_variance(x, (size_t)n, 0), sd = sqrt(variance);
  evl_put(out, c, mean);
  evl_put(out, n_channels + c, sqrt(variance * n / (n - k->ddof)));
  evl_put(out, 2 * n_channels + c, variance * n / (n - k->ddof));
  const powers m = mean_powers(x, n, mean, 1.0 / sd);
  evl_put(out, 3 * n_channels + c, m.third / (m.second * sqrt(m.second)));
  const double kurtosis = m.fourth / (m.second * m.second);
  evl_put(out, 4 * n_channels + c, kurtosis < 1.0 ? 1.0 : kurtosis); /* by rounding */
  evl_put(out, 5 * n_channels + c, sqrt(mean_square(x, n)));
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels, n_quantiles = (size_t)k->quantiles->n, n = (size_t)k->n_samples;
  double *sorted = evl_scratch(k->products);
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c]) continue;
    const double *x = window->x + c * window->ld;
    put_moments(k, x, n_channels, c, out);
    memcpy(sorted, x, n * sizeof *x);
    evl_radix_sort(sorted, n, sorted + n);
    evl_put(out, 6 * n_channels + c, sorted[0]);
    evl_put(out, 7 * n_channels + c, sorted[n - 1]);
    evl_put(out, 8 * n_channels + c, sorted[n - 1] - sorted[0]);
    for (size_t q = 0; q < n_quantiles; q++)
      evl_put(out, (9 + q) * n_channels + c, evl_quantile_sorted(sorted, n, k->quantiles->reals[q]));
    const size_t after = (9 + n_quantiles) * n_channels + c;
    evl_put(out, after, sum_of_steps(x, (int)n) * k->length_scale);
    evl_put(out, after + n_channels,
            k->zeros_cross     ? crossings_and_zeros(x, (int)n)
            : k->raw_crossings ? crossings(x, (int)n, 0.0)
                               : crossings(x, (int)n, evl_mean(x, n)) * window->fs_hz / (double)(n - 1));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return 0.02 * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_amplitude = {
    .name = "amplitude",
    .summary = "Moments, quantiles, extremes, line length and crossings of the values of a window.",
    .definition = "sd, skewness and kurtosis: m_2^(1/2), m_3 / m_2^(3/2), m_4 / m_2^2 with m_j = mean (x - mean x)^j; "
                  "rms = sqrt(mean x^2); line_length = sum |x_t - x_(t-1)| fs / (n - 1); zero_crossings = number of t "
                  "with x_t and x_(t-1) on different sides of the mean, times fs / (n - 1).",
    .cite = "Esteller et al. 2001, doi:10.1109/IEMBS.2001.1020545 (line length); Joanes and Gill 1998, "
            "doi:10.1111/1467-9884.00122 (skewness g_1, kurtosis b_2 = g_2 + 3)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_ORDER,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
