/* delta_coherence: how alike the slow activity of all channels is. */
#include <string.h>

#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_fft *fft;
  int n_channels, segment, step, n_segments, first, n_bins; /* bins first .. first + n_bins - 1 */
  double zero; /* coherences below count as 0 */
  bool complete;
  double *taper; /* [segment] */
} kernel;

static const evl_param params[] = {
    {"range_hz", EVL_REALS, "(0.5, 4.0)", 0.0, 1e5, NULL, "Hz", "Range of frequencies, both ends included."},
    {"segment_s", EVL_REAL, "4.0", 0.1, 3600.0, NULL, "s", "Length of a segment, cut to the window."},
    {"overlap", EVL_REAL, "0.5", 0.0, 0.95, NULL, "", "Share of a segment that the next one covers."},
    {"taper", EVL_STRING, "\"hann\"", 0, 0, "hann|boxcar", "", "Taper of a segment."},
    {"zero_alpha", EVL_REAL, "0.0", 0.0, 0.5, NULL, "1",
     "Coherences that chance exceeds with this probability count as 0; 0: none. NEURAL: 0.05, with segments of 8 s, "
     "boxcar, no overlap."},
    {0}};

static const evl_output outputs[] = {
    {"coherence", EVL_PER_WINDOW, NULL, false, "1", 0.0, 1.0,
     "Mean magnitude-squared coherence over all pairs of channels and frequencies."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  double range_hz[2];
  const double alpha = evl_params_real(p, "zero_alpha");
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_params_pair(p, "delta_coherence", "range_hz", range_hz));
  k->products = products;
  k->n_channels = shape->n_channels;
  k->segment = (int)fmin(fmax(round(evl_params_real(p, "segment_s") * shape->fs_hz), 1.0), shape->n_samples);
  k->step = k->segment - (int)floor(evl_params_real(p, "overlap") * k->segment + 1e-9);
  k->n_segments = (shape->n_samples - k->segment) / k->step + 1;
  k->complete = range_hz[1] <= shape->fs_hz / 2.0 * (1.0 + 1e-12);
  const double step_hz = shape->fs_hz / k->segment;
  k->first = (int)ceil(range_hz[0] / step_hz - 1e-9);
  k->n_bins = (int)fmin(floor(range_hz[1] / step_hz + 1e-9), k->segment / 2) - k->first + 1;
  if (k->n_bins < 0) k->n_bins = 0;
  k->zero = alpha > 0.0 && k->n_segments > 1 ? 1.0 - pow(alpha, 1.0 / (k->n_segments - 1.0)) : 0.0;
  EVL_TRY(evl_fft_plan(k->segment, arena, &k->fft));
  EVL_NEW(arena, k->taper, k->segment);
  const bool hann = !strcmp(evl_params_string(p, "taper"), "hann");
  for (int t = 0; t < k->segment; t++) k->taper[t] = hann ? 0.5 - 0.5 * cos(2.0 * M_PI * t / k->segment) : 1.0;
  evl_scratch_plan(products, 2 * sizeof(double) * (size_t)k->n_bins * (size_t)k->n_segments * (size_t)k->n_channels +
                                 sizeof(double) * (size_t)k->n_bins * (size_t)k->n_channels);
  *planned = k;
  return EVL_OK;
}

/* Real and imaginary parts of a channel at a bin, [2][n_segments]. */
static double *parts(const kernel *k, double *all, int channel, int bin) {
  return all + 2 * ((size_t)channel * (size_t)k->n_bins + (size_t)bin) * (size_t)k->n_segments;
}

static void transform(const kernel *k, const double *x, int channel, double *all) {
  size_t row, stride;
  double *input = evl_fft_input(k->fft, &row);
  for (int s = 0; s < k->n_segments; s++) {
    const double *v = x + (size_t)s * (size_t)k->step, mean = evl_mean(v, (size_t)k->segment);
    memset(input, 0, EVL_FFT_BATCH * row * sizeof *input);
    for (int t = 0; t < k->segment; t++) input[t] = k->taper[t] * (v[t] - mean);
    const double *z = evl_fft_forward(k->fft, &stride) + 2 * k->first;
    for (int f = 0; f < k->n_bins; f++) {
      parts(k, all, channel, f)[s] = z[2 * f];
      parts(k, all, channel, f)[k->n_segments + s] = z[2 * f + 1];
    }
  }
}

static double power(const double *a, int n) {
  double sum = 0.0;
  for (int s = 0; s < 2 * n; s++) sum += a[s] * a[s];
  return sum;
}

/* |sum a conj(b)|^2 */
static double cross_power(const double *a, const double *b, int n) {
  double re = 0.0, im = 0.0;
  for (int s = 0; s < n; s++) {
    re += a[s] * b[s] + a[n + s] * b[n + s];
    im += a[n + s] * b[s] - a[s] * b[n + s];
  }
  return re * re + im * im;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  double *all = evl_scratch(k->products);
  double *own = all + 2 * (size_t)k->n_bins * (size_t)k->n_segments * (size_t)k->n_channels; /* [channel][bin] */
  if (!k->complete || k->n_bins < 1 || k->n_segments < 2) return;
  for (int c = 0; c < k->n_channels; c++) {
    if (!usable[c]) continue;
    transform(k, window->x + (size_t)c * window->ld, c, all);
    for (int f = 0; f < k->n_bins; f++) own[c * k->n_bins + f] = power(parts(k, all, c, f), k->n_segments);
  }
  double sum = 0.0;
  int64_t n = 0;
  for (int a = 0; a < k->n_channels; a++)
    for (int b = a + 1; b < k->n_channels; b++)
      for (int f = 0; f < k->n_bins && usable[a] && usable[b]; f++) {
        const double cross = cross_power(parts(k, all, a, f), parts(k, all, b, f), k->n_segments);
        const double coherence = cross / (own[a * k->n_bins + f] * own[b * k->n_bins + f]);
        if (!isfinite(coherence)) continue; /* no power there */
        sum += coherence >= k->zero ? fmin(coherence, 1.0) : 0.0;
        n++;
      }
  if (n > 0) evl_put(out, 0, sum / (double)n);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double segment = fmin(evl_params_real(p, "segment_s") * shape->fs_hz, shape->n_samples);
  const double segments = shape->n_samples / (segment * (1.0 - evl_params_real(p, "overlap")));
  const double bins = evl_params_value(p, "range_hz")->n > 1 ? evl_params_value(p, "range_hz")->reals[1] : 4.0;
  return shape->n_channels * segments * segment * (2e-3 + 1e-4 * log2(segment + 1.0)) +
         0.5 * shape->n_channels * shape->n_channels * bins * segment / shape->fs_hz * segments * 2e-3;
}

const evl_entry evl_feature_delta_coherence = {
    .name = "delta_coherence",
    .summary = "Coherence in the delta range, averaged over all pairs of channels.",
    .definition = "C_ab(f) = |sum_s X_a X_b*|^2 / (sum_s |X_a|^2 sum_s |X_b|^2) over tapered segments s without their "
                  "means; coherence = mean over f in range_hz and pairs a < b of usable channels. Independent channels "
                  "give about 1 / segments, not 0. With zero_alpha = a, values below 1 - a^(1 / (segments - 1)) count "
                  "as 0 (exact for segments that do not overlap).",
    .cite = "Tjepkema-Cloostermans et al. 2013, doi:10.1186/cc13078; O'Toole and Boylan 2017, "
            "doi:10.48550/arXiv.1704.05694; Halliday et al. 1995, doi:10.1016/S0079-6107(96)00009-0 (threshold)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
