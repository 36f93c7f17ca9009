/* welch: power spectral density of one signal, averaged over segments and tapers. */
#include <string.h>

#include "welch_priv.h"

_Static_assert(EVL_FFT_BATCH == 1, "segments are transformed one by one");

struct evl_welch {
  evl_welch_spec spec;
  int n_bins, n_tapers;
  evl_fft *fft;
  double *taper;       /* [n_tapers][segment] */
  double *weight;      /* [n_tapers] of their squared spectra */
  double *periodogram; /* [segments][n_bins], for the median; NULL */
  double *sorted;      /* [segments] */
};

static evl_taper taper_named(const char *name) {
  return !strcmp(name, "hann") ? EVL_TAPER_HANN : !strcmp(name, "hamming") ? EVL_TAPER_HAMMING : EVL_TAPER_BOXCAR;
}

evl_status evl_welch_spec_of(const evl_params *params, const evl_shape *shape, evl_welch_spec *s) {
  memset(s, 0, sizeof *s);
  s->segment = (int)fmin(round(evl_params_real(params, "segment_s") * shape->fs_hz), shape->n_samples);
  if (s->segment < 1) s->segment = 1;
  s->step = s->segment - (int)floor(evl_params_real(params, "overlap") * s->segment + 1e-9);
  s->nfft = (int)evl_params_int(params, "nfft");
  if (s->nfft == 0) s->nfft = s->segment;
  if (s->nfft < s->segment)
    return evl_fail(EVL_USAGE, "nfft = %d: expected at least the %d samples of a segment, or 0", s->nfft, s->segment);
  s->subtract_mean = !strcmp(evl_params_string(params, "detrend"), "constant");
  s->median = !strcmp(evl_params_string(params, "average"), "median");
  if (!strcmp(evl_params_string(params, "estimator"), "welch")) {
    s->taper = taper_named(evl_params_string(params, "taper"));
    return EVL_OK;
  }
  s->time_bandwidth = 0.5 * evl_params_real(params, "bandwidth_hz") * s->segment / shape->fs_hz;
  if (s->median) return evl_fail(EVL_USAGE, "average = \"median\": expected mean with estimator = \"multitaper\"");
  if (s->time_bandwidth < 1.0 || s->time_bandwidth >= s->segment / 2.0)
    return evl_fail(EVL_USAGE, "bandwidth_hz = %g: expected %g to %g with segments of %g s",
                    evl_params_real(params, "bandwidth_hz"), 2.0 * shape->fs_hz / s->segment, shape->fs_hz,
                    s->segment / shape->fs_hz);
  return EVL_OK;
}

int evl_welch_segments(const evl_welch_spec *spec, int n_samples) {
  return (n_samples - spec->segment) / spec->step + 1;
}

/* As many as lie within the band. */
static int most_tapers(const evl_welch_spec *spec) { return (int)floor(2.0 * spec->time_bandwidth + 1e-9); }

int evl_welch_transforms(const evl_welch_spec *spec, int n_samples) {
  const int tapers = spec->time_bandwidth > 0.0 ? most_tapers(spec) : 1;
  return evl_welch_segments(spec, n_samples) * tapers;
}

/* Tapers with less than 0.9 of their energy in the band leak more than they help. */
static evl_status plan_many(evl_welch *w, evl_arena *arena) {
  const int most = most_tapers(&w->spec);
  EVL_NEW(arena, w->taper, (size_t)most * (size_t)w->spec.segment);
  EVL_NEW(arena, w->weight, most);
  EVL_TRY(evl_dpss(w->spec.segment, w->spec.time_bandwidth, most, false, arena, w->taper, w->weight));
  w->n_tapers = 1;
  while (w->n_tapers < most && w->weight[w->n_tapers] > 0.9) w->n_tapers++;
  const double total = evl_sum(w->weight, w->n_tapers);
  for (int k = 0; k < w->n_tapers; k++) w->weight[k] /= total;
  return EVL_OK;
}

static evl_status plan_one(evl_welch *w, evl_arena *arena) {
  const int n = w->spec.segment;
  EVL_NEW(arena, w->taper, n);
  EVL_NEW(arena, w->weight, 1);
  w->n_tapers = 1;
  const double centre = w->spec.taper == EVL_TAPER_HANN ? 0.5 : w->spec.taper == EVL_TAPER_HAMMING ? 0.54 : 1.0;
  double squares = 0.0;
  for (int t = 0; t < n; t++) { /* periodic */
    w->taper[t] = centre - (1.0 - centre) * cos(2.0 * M_PI * t / n);
    squares += w->taper[t] * w->taper[t];
  }
  w->weight[0] = 1.0 / squares;
  return EVL_OK;
}

evl_status evl_welch_plan(const evl_welch_spec *spec, int max_samples, evl_arena *arena, evl_welch **welch) {
  evl_welch *w;
  EVL_NEW(arena, w, 1);
  w->spec = *spec;
  w->n_bins = spec->nfft / 2 + 1;
  EVL_TRY(evl_fft_plan(spec->nfft, arena, &w->fft));
  EVL_TRY(spec->time_bandwidth > 0.0 ? plan_many(w, arena) : plan_one(w, arena));
  if (spec->median) {
    const int segments = evl_welch_segments(spec, max_samples);
    EVL_NEW(arena, w->periodogram, (size_t)segments * (size_t)w->n_bins);
    EVL_NEW(arena, w->sorted, segments);
  }
  *welch = w;
  return EVL_OK;
}

/* Mean over median of n independent exponential variables (Allen et al. 2012, doi:10.1103/PhysRevD.85.122006). */
static double median_bias(int n) {
  double bias = 1.0;
  for (int i = 1; i <= (n - 1) / 2; i++) bias += 1.0 / (2 * i + 1) - 1.0 / (2 * i);
  return bias;
}

static void fill_row(const evl_welch *w, const double *x, double mean, const double *taper, double *row) {
  for (int t = 0; t < w->spec.segment; t++) row[t] = (x[t] - mean) * taper[t];
  memset(row + w->spec.segment, 0, (size_t)(w->spec.nfft - w->spec.segment) * sizeof *row);
}

static void add_squares(const double *spectrum, int n_bins, double weight, double *sum) {
  for (int k = 0; k < n_bins; k++)
    sum[k] += weight * (spectrum[2 * k] * spectrum[2 * k] + spectrum[2 * k + 1] * spectrum[2 * k + 1]);
}

static void take_median(const evl_welch *w, int n_segments, double *density) {
  const size_t n = (size_t)n_segments;
  for (int k = 0; k < w->n_bins; k++) {
    for (size_t s = 0; s < n; s++) w->sorted[s] = w->periodogram[s * (size_t)w->n_bins + (size_t)k];
    evl_sort(w->sorted, n);
    density[k] = evl_quantile_sorted(w->sorted, n, 0.5);
  }
}

void evl_welch_run(evl_welch *w, const double *x, int n_samples, double fs_hz, double *density) {
  const int n = w->spec.segment, n_segments = evl_welch_segments(&w->spec, n_samples);
  size_t in_stride, out_stride;
  double *row = evl_fft_input(w->fft, &in_stride);
  if (!w->periodogram) memset(density, 0, (size_t)w->n_bins * sizeof *density);
  for (int s = 0; s < n_segments; s++) {
    const double *segment = x + (size_t)s * (size_t)w->spec.step;
    const double mean = w->spec.subtract_mean ? evl_mean(segment, (size_t)n) : 0.0;
    double *sum = density;
    if (w->periodogram) {
      sum = w->periodogram + (size_t)s * (size_t)w->n_bins;
      memset(sum, 0, (size_t)w->n_bins * sizeof *sum);
    }
    for (int k = 0; k < w->n_tapers; k++) {
      fill_row(w, segment, mean, w->taper + (size_t)k * (size_t)n, row);
      add_squares(evl_fft_forward(w->fft, &out_stride), w->n_bins, w->weight[k], sum);
    }
  }
  if (w->periodogram) take_median(w, n_segments, density);
  const double scale = 2.0 / fs_hz / (w->periodogram ? median_bias(n_segments) : n_segments);
  for (int k = 0; k < w->n_bins; k++) density[k] *= scale;
  density[0] *= 0.5; /* the zero and the Nyquist frequency have no mirror image */
  if (w->spec.nfft % 2 == 0) density[w->n_bins - 1] *= 0.5;
}
