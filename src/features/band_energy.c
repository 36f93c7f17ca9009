/* band_energy: power of the signal behind band-pass filters of linear phase. */
#include <string.h>

#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  int n_samples, n_bands, pad;   /* pad: half of the longest filter */
  bool differences, sums;        /* mne_features */
  const evl_band *band;
  bool *possible;                /* [n_bands] within half the rate, no longer than the window */
  evl_fft *fft;
  double **response;             /* [n_bands][length / 2 + 1], real: no delay */
} kernel;

static const evl_param params[] = {
    {"bands", EVL_BANDS,
     "{ delta = (1.0, 4.0); theta = (4.0, 8.0); alpha = (8.0, 13.0); beta = (13.0, 30.0); gamma = (30.0, 45.0); }",
     1e-3, 1e5, NULL, "Hz", "Bands; a filter passes them whole and falls to nothing beyond (see the definition)."},
    {"convention", EVL_STRING, "\"power\"", 0, 0, "power|mne_features", "",
     "power: mean square of the filtered signal; mne_features: sum of squares of x_(t+1) - x_(t-1), filtered."},
    {0}};

static const evl_output outputs[] = {
    {"energy", EVL_PER_CHANNEL, "bands", false, "uV^2", 0.0, EVL_ANY_MAX, "Power behind the band's filter."},
    {0}};

/* ---- filters: MNE-Python's default design, whose formulas these are -------------------------- */

static const double HAMMING_LENGTH = 3.3; /* of a filter, over width of its slope times the sampling interval */

static int taps_of(double slope_hz, double fs_hz) {
  const int n = (int)rint(HAMMING_LENGTH * fs_hz / slope_hz);
  return n + (n + 1) % 2;
}

static double hamming_sinc(int t, int n, double cut) {
  const double sinc = t == 0 ? 1.0 : sin(M_PI * cut * t) / (M_PI * cut * t);
  return cut * sinc * (0.54 + 0.46 * cos(2.0 * M_PI * t / (n - 1)));
}

/* Adds sign times a low-pass of unit gain at zero, its centre at tap[0], indices modulo length. */
static void add_low_pass(double cut_hz, double slope_hz, double fs_hz, double sign, double *tap, int length) {
  const int n = taps_of(slope_hz, fs_hz), half = n / 2;
  double sum = 0.0;
  for (int t = -half; t <= half; t++) sum += hamming_sinc(t, n, 2.0 * cut_hz / fs_hz);
  for (int t = -half; t <= half; t++)
    tap[(t + length) % length] += sign / sum * hamming_sinc(t, n, 2.0 * cut_hz / fs_hz);
}

/* Slopes lie outside the band: a quarter of its edge, at least 2 Hz, as far as there is room. */
static double low_slope(const evl_band *b) { return fmin(fmax(0.25 * b->low_hz, 2.0), b->low_hz); }
static double high_slope(const evl_band *b, double fs_hz) {
  return fmin(fmax(0.25 * b->high_hz, 2.0), 0.5 * fs_hz - b->high_hz);
}

static int longest(const evl_band *b, double fs_hz) {
  const int low = taps_of(low_slope(b), fs_hz), high = taps_of(high_slope(b, fs_hz), fs_hz);
  return low > high ? low : high;
}

/* The next length whose prime factors are 2, 3 and 5. */
static int fast_length(int n) {
  for (;; n++) {
    int rest = n;
    while (rest % 2 == 0) rest /= 2;
    while (rest % 3 == 0) rest /= 3;
    while (rest % 5 == 0) rest /= 5;
    if (rest == 1) return n;
  }
}

static evl_status plan_responses(kernel *k, double fs_hz, evl_arena *arena) {
  const int length = fast_length(k->n_samples + 2 * k->pad);
  EVL_TRY(evl_fft_plan(length, arena, &k->fft));
  EVL_NEW(arena, k->response, k->n_bands);
  for (int b = 0; b < k->n_bands; b++) {
    if (!k->possible[b]) continue;
    size_t stride;
    double *tap = evl_fft_input(k->fft, &stride);
    const double low = low_slope(&k->band[b]), high = high_slope(&k->band[b], fs_hz);
    memset(tap, 0, (size_t)length * sizeof *tap);
    add_low_pass(k->band[b].high_hz + 0.5 * high, high, fs_hz, 1.0, tap, length);
    add_low_pass(k->band[b].low_hz - 0.5 * low, low, fs_hz, -1.0, tap, length);
    const double *spectrum = evl_fft_forward(k->fft, &stride);
    EVL_NEW(arena, k->response[b], length / 2 + 1);
    for (int i = 0; i <= length / 2; i++) k->response[b][i] = spectrum[2 * i] / length;
  }
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const evl_value *bands = evl_params_value(p, "bands");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->n_bands = bands->n;
  k->band = bands->bands;
  k->differences = k->sums = !strcmp(evl_params_string(p, "convention"), "mne_features");
  EVL_NEW(arena, k->possible, k->n_bands);
  for (int b = 0; b < k->n_bands; b++) {
    if (!(k->band[b].high_hz < 0.5 * shape->fs_hz) || longest(&k->band[b], shape->fs_hz) > shape->n_samples) continue;
    k->possible[b] = true;
    const int half = longest(&k->band[b], shape->fs_hz) / 2;
    if (half > k->pad) k->pad = half;
  }
  EVL_TRY(plan_responses(k, shape->fs_hz, arena));
  const size_t spectrum = 2 * ((size_t)evl_fft_length(k->fft) / 2 + 1);
  evl_scratch_plan(products, (spectrum + (size_t)k->n_samples) * sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* ---- windows ------------------------------------------------------------------------------------ */

/* Central differences, the end samples repeated beyond the ends. */
static void difference(const double *x, int n, double *d) {
  d[0] = x[1] - x[0];
  for (int t = 1; t + 1 < n; t++) d[t] = x[t + 1] - x[t - 1];
  d[n - 1] = x[n - 1] - x[n - 2];
}

/* Transform of the signal turned about its end samples, so that filters see it go on; to spectrum. */
static void transform(const kernel *k, const double *x, double *spectrum) {
  size_t stride;
  const int n = k->n_samples, length = evl_fft_length(k->fft);
  double *row = evl_fft_input(k->fft, &stride);
  memset(row, 0, (size_t)length * sizeof *row);
  memcpy(row + k->pad, x, (size_t)n * sizeof *x);
  for (int t = 1; t <= k->pad && t < n; t++) {
    row[k->pad - t] = 2.0 * x[0] - x[t];
    row[k->pad + n - 1 + t] = 2.0 * x[n - 1] - x[n - 1 - t];
  }
  memcpy(spectrum, evl_fft_forward(k->fft, &stride), 2 * ((size_t)length / 2 + 1) * sizeof *spectrum);
}

static double filtered_squares(const kernel *k, const double *spectrum, const double *response) {
  size_t stride;
  double *product = evl_fft_spectrum(k->fft, &stride);
  for (int i = 0; i <= evl_fft_length(k->fft) / 2; i++) {
    product[2 * i] = spectrum[2 * i] * response[i];
    product[2 * i + 1] = spectrum[2 * i + 1] * response[i];
  }
  evl_fft_backward(k->fft);
  enum { LANES = 8 };
  const double *y = evl_fft_input(k->fft, &stride) + k->pad;
  double lane[LANES] = {0};
  for (int t = 0; t < k->n_samples; t += LANES)
    for (int i = 0; i < LANES && t + i < k->n_samples; i++) lane[i] += y[t + i] * y[t + i];
  return evl_sum(lane, LANES);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels;
  double *spectrum = evl_scratch(k->products), *steps = spectrum + 2 * ((size_t)evl_fft_length(k->fft) / 2 + 1);
  for (size_t c = 0; c < n_channels && k->pad > 0; c++) {
    if (!usable[c]) continue;
    const double *x = window->x + c * window->ld;
    if (k->differences) difference(x, k->n_samples, steps);
    transform(k, k->differences ? steps : x, spectrum);
    for (int b = 0; b < k->n_bands; b++) {
      if (!k->possible[b]) continue;
      const double sum = filtered_squares(k, spectrum, k->response[b]);
      evl_put(out, (size_t)b * n_channels + c, k->sums ? sum : sum / k->n_samples);
    }
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double transforms = shape->n_channels * (1.0 + evl_params_value(p, "bands")->n);
  return transforms * shape->n_samples * (2e-3 + 4e-4 * log2(shape->n_samples + 1.0));
}

const evl_entry evl_feature_band_energy = {
    .name = "band_energy",
    .summary = "Power of the signal behind band-pass filters.",
    .definition = "energy = mean_t y_t^2, y the signal through a symmetric filter without delay: the difference of two "
                  "low-passes, sinc times Hamming's window of 3.3 fs / slope taps, that pass the band whole and fall "
                  "outside it within slope = max(f / 4, 2 Hz), at most f below and fs / 2 - f above. The signal is "
                  "continued by turning it about its ends. Undefined where a filter is longer than the window.",
    .cite = "Widmann et al. 2015, doi:10.1016/j.jneumeth.2014.08.002 (filters); Kharbouch et al. 2011, "
            "doi:10.1016/j.yebeh.2011.08.031 (mne_features)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
