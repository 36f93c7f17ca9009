/* bursts: how many, how long, how high, and the intervals between them. */
#include <string.h>

#include "background_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_suppression *suppression;
  double fs_hz;
  int n_samples, n_least, n_most, min_phases;
  int n_bands, segment;
  evl_fft *fft;        /* of segments, for the power in bursts */
  double *taper;       /* [segment] */
  double *periodogram; /* [segment / 2 + 1] */
  const evl_band *band;
} kernel;

enum { RATIO, RATE, DISCHARGES, BURST_MEAN, BURST_SD, SUPPRESSION_MEAN, SUPPRESSION_SD, IBI_MEDIAN, IBI_P95, BURST_UV,
       BURST_RMS, SCALARS };

static const evl_param params[] = {
    EVL_SUPPRESSION_PARAMS("amplitude"),
    {"burst_s", EVL_REALS, "(0.5, 30.0)", 0.0, 3600.0, NULL, "s",
     "Shortest and longest activity that is a burst: shorter is a discharge, longer a background (ACNS)."},
    {"min_phases", EVL_INT, "4", 0, 1000, NULL, "count",
     "Phases of a burst at least, crossings of its mean and one more; less is a discharge (ACNS)."},
    {"bands", EVL_BANDS, "{ delta = (1.0, 4.0); theta = (4.0, 8.0); alpha = (8.0, 13.0); beta = (13.0, 30.0); }", 0.0,
     1e5, NULL, "Hz", "Bands of the power in activity, lower edge included."},
    {"segment_s", EVL_REAL, "1.0", 0.1, 60.0, NULL, "s", "Length of the segments whose spectra make that power."},
    {0}};

#define SECONDS(name, text) {name, EVL_PER_CHANNEL, NULL, false, "s", 0.0, EVL_ANY_MAX, text}
static const evl_output outputs[] = {
    {"suppression_ratio", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0, "Share of time in suppression."},
    {"rate", EVL_PER_CHANNEL, NULL, false, "1/min", 0.0, EVL_ANY_MAX, "Bursts that begin, a minute."},
    {"discharge_rate", EVL_PER_CHANNEL, NULL, false, "1/min", 0.0, EVL_ANY_MAX,
     "Discharges that begin, a minute: activity too short or with too few phases for a burst."},
    SECONDS("burst_mean", "Mean length of bursts, of those that begin and end in the window."),
    SECONDS("burst_sd", "Standard deviation of these lengths, n - 1."),
    SECONDS("suppression_mean", "Mean length of suppressions that begin and end in the window."),
    SECONDS("suppression_sd", "Standard deviation of these lengths, n - 1."),
    SECONDS("ibi_median", "Inter-burst intervals, from the end of a burst to the begin of the next: median."),
    SECONDS("ibi_p95", "95th percentile of the inter-burst intervals."),
    {"burst_uv", EVL_PER_CHANNEL, NULL, false, "uV", 0.0, EVL_ANY_MAX, "Peak to trough of bursts, mean."},
    {"burst_rms", EVL_PER_CHANNEL, NULL, false, "uV", 0.0, EVL_ANY_MAX, "Rms of bursts about their means, pooled."},
    {"power", EVL_PER_CHANNEL, "bands", false, "uV^2", 0.0, EVL_ANY_MAX, "Power of the activity between suppressions."},
    {0}};

static evl_status plan_power(kernel *k, const evl_params *p, const evl_shape *shape, evl_arena *arena) {
  const evl_value *bands = evl_params_value(p, "bands");
  k->n_bands = bands->n;
  k->band = bands->bands;
  k->segment = (int)fmin(fmax(round(evl_params_real(p, "segment_s") * shape->fs_hz), 1.0), shape->n_samples);
  EVL_TRY(evl_fft_plan(k->segment, arena, &k->fft));
  EVL_NEW(arena, k->taper, k->segment);
  EVL_NEW(arena, k->periodogram, k->segment / 2 + 1);
  for (int t = 0; t < k->segment; t++) k->taper[t] = 0.5 - 0.5 * cos(2.0 * M_PI * (t + 0.5) / k->segment);
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  double burst_s[2];
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_params_pair(p, "bursts", "burst_s", burst_s));
  k->products = products;
  k->fs_hz = shape->fs_hz;
  k->n_samples = shape->n_samples;
  k->n_least = (int)ceil(burst_s[0] * shape->fs_hz - 1e-9);
  k->n_most = (int)floor(burst_s[1] * shape->fs_hz + 1e-9);
  k->min_phases = (int)evl_params_int(p, "min_phases");
  EVL_TRY(evl_suppression_plan(p, shape, products, arena, &k->suppression));
  EVL_TRY(plan_power(k, p, shape, arena));
  evl_scratch_plan(products, 3 * (size_t)k->n_samples * sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* ---- stretches ------------------------------------------------------------------- */

/* Lengths in samples of what a channel did, and the heights of its bursts. */
typedef struct events {
  int n_bursts, n_suppressions, n_intervals, n_begun, n_discharges, n_high;
  double *burst, *suppression, *interval; /* complete ones */
  double height, square, samples;         /* sums over all bursts, complete or not */
} events;

static int phases(const double *x, evl_stretch s, double mean) {
  int n = 1;
  for (int t = s.begin + 1; t < s.end; t++) n += (x[t] > mean) != (x[t - 1] > mean);
  return n;
}

static bool is_burst(const kernel *k, const double *x, evl_stretch s, double mean) {
  const int n = s.end - s.begin;
  return n >= k->n_least && n <= k->n_most && phases(x, s, mean) >= k->min_phases;
}

static void add_heights(const double *x, evl_stretch s, double mean, events *e) {
  double low = x[s.begin], high = x[s.begin];
  for (int t = s.begin; t < s.end; t++) {
    low = fmin(low, x[t]);
    high = fmax(high, x[t]);
    e->square += (x[t] - mean) * (x[t] - mean);
  }
  e->height += high - low;
  e->samples += s.end - s.begin;
  e->n_high++;
}

/* Walks over first <= t < end. An interval begins where a burst ended and ends with the next one: discharges within do
   not divide it. */
static void walk(const kernel *k, const double *x, const uint8_t *mask, int first, int end, events *e) {
  int burst_end = -1;
  for (int t = first; t < end;) {
    const evl_stretch s = evl_stretch_at(mask, t, end);
    const bool complete = s.begin > first && s.end < end;
    const int n = s.end - s.begin;
    t = s.end;
    if (mask[s.begin]) {
      if (complete) e->suppression[e->n_suppressions++] = n;
      continue;
    }
    const double mean = evl_mean(x + s.begin, (size_t)n);
    if (is_burst(k, x, s, mean)) {
      add_heights(x, s, mean, e);
      if (complete) e->burst[e->n_bursts++] = n;
      if (s.begin > first) e->n_begun++;
      if (burst_end >= 0) e->interval[e->n_intervals++] = s.begin - burst_end;
      burst_end = s.end;
    } else if (n > k->n_most) {
      burst_end = -1;
    } else if (complete) {
      e->n_discharges++;
    }
  }
}

static void put_lengths(const double *length, int n, double fs_hz, double *mean, double *sd) {
  *mean = n > 0 ? evl_mean(length, (size_t)n) / fs_hz : NAN;
  *sd = n > 1 ? sqrt(evl_variance(length, (size_t)n, 1)) / fs_hz : NAN;
}

static void summarise(const kernel *k, events *e, double seconds, double value[SCALARS]) {
  value[RATE] = 60.0 * e->n_begun / seconds;
  value[DISCHARGES] = 60.0 * e->n_discharges / seconds;
  put_lengths(e->burst, e->n_bursts, k->fs_hz, &value[BURST_MEAN], &value[BURST_SD]);
  put_lengths(e->suppression, e->n_suppressions, k->fs_hz, &value[SUPPRESSION_MEAN], &value[SUPPRESSION_SD]);
  evl_sort(e->interval, (size_t)e->n_intervals);
  for (int i = IBI_MEDIAN; i <= IBI_P95; i++)
    value[i] = e->n_intervals < 1 ? NAN
                                  : evl_quantile_sorted(e->interval, (size_t)e->n_intervals,
                                                        i == IBI_MEDIAN ? 0.5 : 0.95) / k->fs_hz;
  value[BURST_UV] = e->height / e->n_high;
  value[BURST_RMS] = sqrt(e->square / e->samples);
}

/* ---- power in activity -------------------------------------------------------------- */

/* Mean over the activity's samples: segments that overlap by half are tapered and cut to the activity, and the sum of
   their periodograms divided by that of the squares of what was left of the taper. */
static bool activity_spectrum(const kernel *k, const double *x, const uint8_t *mask, int first, int end) {
  const int n_bins = k->segment / 2 + 1, step = (k->segment + 1) / 2;
  double weight = 0.0;
  size_t row, stride;
  memset(k->periodogram, 0, (size_t)n_bins * sizeof *k->periodogram);
  for (int from = first; from + k->segment <= end; from += step) {
    double *input = evl_fft_input(k->fft, &row), squares = 0.0;
    memset(input, 0, EVL_FFT_BATCH * row * sizeof *input);
    for (int t = 0; t < k->segment; t++) {
      const double taper = mask[from + t] ? 0.0 : k->taper[t];
      input[t] = taper * x[from + t];
      squares += taper * taper;
    }
    if (squares == 0.0) continue;
    weight += squares;
    const double *z = evl_fft_forward(k->fft, &stride);
    for (int f = 0; f < n_bins; f++) k->periodogram[f] += z[2 * f] * z[2 * f] + z[2 * f + 1] * z[2 * f + 1];
  }
  for (int f = 0; f < n_bins; f++) /* one-sided, times the width of a bin */
    k->periodogram[f] *= (f == 0 || 2 * f == k->segment ? 1.0 : 2.0) / (weight * k->segment);
  return weight > 0.0;
}

static double band_power(const kernel *k, const evl_band *band) {
  const double step_hz = k->fs_hz / k->segment;
  const int first = (int)ceil(band->low_hz / step_hz - 1e-9), end = (int)ceil(band->high_hz / step_hz - 1e-9);
  if (band->high_hz > k->fs_hz / 2.0 * (1.0 + 1e-12) || end <= first) return NAN;
  return evl_sum(k->periodogram + first, (end <= k->segment / 2 + 1 ? end : k->segment / 2 + 1) - first);
}

/* ------------------------------------------------------------------------------------ */

static void run_channel(const kernel *k, const evl_window *window, int channel, evl_out *out) {
  const size_t n_channels = (size_t)window->n_channels, c = (size_t)channel;
  const int first = evl_suppression_first(k->suppression), end = evl_suppression_end(k->suppression);
  const uint8_t *mask = evl_suppression_channel(k->suppression, window, channel);
  const double *x = evl_suppression_signal(k->suppression, window, channel);
  double *work = evl_scratch(k->products), value[SCALARS];
  events e = {.burst = work, .suppression = work + k->n_samples, .interval = work + 2 * (size_t)k->n_samples};
  int64_t suppressed = 0;
  for (int t = first; t < end; t++) suppressed += mask[t];
  value[RATIO] = (double)suppressed / (end - first);
  walk(k, x, mask, first, end, &e);
  summarise(k, &e, (end - first) / k->fs_hz, value);
  for (size_t i = 0; i < SCALARS; i++) evl_put(out, i * n_channels + c, value[i]);
  if (!activity_spectrum(k, x, mask, first, end)) return;
  for (size_t b = 0; b < (size_t)k->n_bands; b++)
    evl_put(out, (SCALARS + b) * n_channels + c, band_power(k, &k->band[b]));
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  if (evl_suppression_end(k->suppression) - evl_suppression_first(k->suppression) < 2) return;
  for (int c = 0; c < window->n_channels; c++)
    if (usable[c]) run_channel(k, window, c, out);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return evl_suppression_cost_us(p, shape) + 1.6e-2 * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_bursts = {
    .name = "bursts",
    .summary = "Bursts and suppressions: shares, rates, lengths, inter-burst intervals, amplitude and power of bursts.",
    .definition =
        "The window is cut into suppressions and activity (see rule). Activity is a burst where it lasts burst_s and "
        "has min_phases; shorter or simpler, it is a discharge. Lengths are of what begins and ends in the window; "
        "inter-burst intervals go from burst to burst, over discharges. I-CARE's events: rule = \"icare\", burst_s = "
        "(0.0, 3600.0), min_phases = 0. power(band) = sum over segments of |FFT(x w m)|^2 over sum (w m)^2, w a Hann "
        "taper, m 1 in activity, so that suppressions do not dilute it.",
    .cite = "Hirsch et al. 2021 (ACNS), doi:10.1097/WNP.0000000000000806; Amorim et al. 2023, "
            "doi:10.1097/CCM.0000000000006074; Westover et al. 2013, doi:10.1016/j.jneumeth.2013.07.003",
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
