/* spectrum: the mean power spectral density of a recording, on frequencies that parameters alone fix. */
#include <string.h>

#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_psd *psd;
  int n_channels, n_frequencies;
  int n_available;     /* of the frequencies, up to half the sampling rate */
  int *below;          /* [n_available] bin at or below a frequency */
  double *weight;      /* [n_available] of the bin above it */
  double segment_s, alpha_low_hz, alpha_high_hz;
} kernel;

static const evl_param params[] = {
    {"max_hz", EVL_REAL, "45.0", 1.0, 1e5, NULL, "Hz", "Highest frequency of the spectrum."},
    {"alpha_hz", EVL_REALS, "(7.0, 13.0)", 0.1, 1e5, NULL, "Hz", "Range in which the alpha peak is looked for."},
    EVL_PSD_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"alpha_peak", EVL_PER_CHANNEL, NULL, true, "Hz", 0.0, EVL_ANY_MAX,
     "Frequency of the highest local maximum within alpha_hz, between frequencies by a parabola in log power."},
    {"windows", EVL_PER_CHANNEL, NULL, true, "count", 1.0, EVL_ANY_MAX, "Windows in the mean."},
    {0}};

/* Frequencies k / segment_s, 0 <= k < n, whatever the sampling rate. */
static int frequencies(const evl_params *p) {
  return (int)floor(evl_params_real(p, "max_hz") * evl_params_real(p, "segment_s") + 1e-9) + 1;
}

static evl_status tensors(const evl_params *p, const evl_montage *montage, evl_arena *arena, evl_tensor **tensor,
                          int *n) {
  const int n_frequencies = frequencies(p);
  double *hz;
  if (n_frequencies > 1 << 20)
    return evl_fail(EVL_USAGE, "spectrum: max_hz times segment_s = %d frequencies: expected at most %d", n_frequencies,
                    1 << 20);
  EVL_NEW(arena, *tensor, 1);
  EVL_NEW(arena, hz, n_frequencies);
  for (int k = 0; k < n_frequencies; k++) hz[k] = k / evl_params_real(p, "segment_s");
  **tensor = (evl_tensor){
      .name = "power",
      .unit = "uV^2/Hz",
      .text = "Mean over the windows of a recording of Welch's one-sided density; NaN beyond half the sampling rate.",
      .of_recording = true,
      .n_dimensions = 2,
      .dimension = {{.name = "channel", .size = montage->n, .label = montage->name, .unit = ""},
                    {.name = "frequency", .size = n_frequencies, .coordinate = hz, .unit = "Hz"}},
      .size = (size_t)montage->n * (size_t)n_frequencies};
  *n = 1;
  return EVL_OK;
}

/* Sums [channel][frequency], then windows [channel]. */
static size_t state_size(const evl_params *p, const evl_montage *montage) {
  return (size_t)montage->n * ((size_t)frequencies(p) + 1);
}

/* Linear between bins where zero padding or an odd rate puts them beside the frequencies. */
static evl_status place_frequencies(kernel *k, const evl_shape *shape, evl_arena *arena) {
  const double step = evl_psd_step_hz(k->psd), nyquist = shape->fs_hz / 2.0 * (1.0 + 1e-12);
  const int last = evl_psd_bins(k->psd) - 1;
  while (k->n_available < k->n_frequencies && k->n_available / k->segment_s <= nyquist) k->n_available++;
  EVL_NEW(arena, k->below, k->n_available);
  EVL_NEW(arena, k->weight, k->n_available);
  for (int f = 0; f < k->n_available; f++) {
    const double place = f / k->segment_s / step;
    if (fabs(place - round(place)) < 1e-9 || place >= last) {
      k->below[f] = (int)fmin(round(place), last);
    } else {
      k->below[f] = (int)place;
      k->weight[f] = place - k->below[f];
    }
  }
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const evl_value *alpha = evl_params_value(p, "alpha_hz");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_channels = shape->n_channels;
  k->n_frequencies = frequencies(p);
  k->segment_s = evl_params_real(p, "segment_s");
  if (alpha->n != 2 || !(alpha->reals[0] < alpha->reals[1]))
    return evl_fail(EVL_USAGE, "spectrum.alpha_hz: expected (low, high) in Hz");
  k->alpha_low_hz = alpha->reals[0];
  k->alpha_high_hz = alpha->reals[1];
  if (round(k->segment_s * shape->fs_hz) > shape->n_samples)
    return evl_fail(EVL_USAGE, "spectrum.segment_s = %g: expected at most the window, %g s, for its frequencies",
                    k->segment_s, shape->n_samples / shape->fs_hz);
  EVL_TRY(evl_psd_plan(p, shape, products, arena, &k->psd));
  EVL_TRY(place_frequencies(k, shape, arena));
  *planned = k;
  return EVL_OK;
}

static void add_density(const kernel *k, const double *density, double *sum) {
  for (int f = 0; f < k->n_available; f++) {
    const double *bin = density + k->below[f];
    sum[f] += k->weight[f] == 0.0 ? bin[0] : bin[0] + k->weight[f] * (bin[1] - bin[0]);
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  double *count = out->state + (size_t)k->n_channels * (size_t)k->n_frequencies;
  for (int c = 0; c < k->n_channels; c++) {
    if (!usable[c]) continue;
    const double *density = evl_psd_channel(k->psd, window, c);
    if (!isfinite(evl_sum(density, evl_psd_bins(k->psd)))) continue; /* squares beyond a double spoil one window only */
    add_density(k, density, out->state + (size_t)c * (size_t)k->n_frequencies);
    count[c] += 1.0;
  }
}

/* Index of the highest local maximum in [first, end), -1 where there is none. */
static int highest_peak(const double *p, int first, int end) {
  int best = -1;
  for (int f = first; f < end; f++)
    if (p[f] > p[f - 1] && p[f] >= p[f + 1] && (best < 0 || p[f] > p[best])) best = f;
  return best;
}

static double alpha_peak(const kernel *k, const double *power) {
  const int first = (int)fmax(ceil(k->alpha_low_hz * k->segment_s - 1e-9), 1.0);
  const int end = (int)fmin(floor(k->alpha_high_hz * k->segment_s + 1e-9) + 1.0, k->n_available - 1);
  const int f = highest_peak(power, first, end);
  if (f < 0 || !(power[f - 1] > 0.0 && power[f + 1] > 0.0)) return NAN;
  const double a = log(power[f - 1]), b = log(power[f]), c = log(power[f + 1]);
  return (f + 0.5 * (a - c) / (a - 2.0 * b + c)) / k->segment_s;
}

static void finish(void *planned, const evl_stage *stage, evl_out *out) {
  const kernel *k = planned;
  const size_t n_frequencies = (size_t)k->n_frequencies, n_channels = (size_t)k->n_channels;
  const double *count = stage->state + n_channels * n_frequencies;
  for (size_t c = 0; c < n_channels; c++) {
    if (stage->channel_why[c] != 0 || !(count[c] > 0.0)) continue;
    double *power = out->tensor[0] + c * n_frequencies;
    for (int f = 0; f < k->n_available; f++) power[f] = stage->state[c * n_frequencies + (size_t)f] / count[c];
    evl_put(out, c, alpha_peak(k, power));
    evl_put(out, n_channels + c, count[c]);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return evl_psd_cost_us(p, shape) + 5e-3 * shape->n_channels * frequencies(p);
}

const evl_entry evl_feature_spectrum = {
    .name = "spectrum",
    .summary = "Mean power spectral density of a recording, and its alpha peak.",
    .definition = "power(c, f_k) = mean over windows of Welch's one-sided density of channel c at f_k = k / segment_s, "
                  "up to max_hz. Flat windows of a channel do not count.",
    .cite = "Welch 1967, doi:10.1109/TAU.1967.1161901",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .tensors = tensors,
    .state_size = state_size,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
    .finish = finish,
};
