/* psd: Welch's power spectral density, shared by all entries of a window that ask for the same one. */
#include <string.h>

#include "features_priv.h"

typedef enum { EVL_TAPER_HANN, EVL_TAPER_HAMMING, EVL_TAPER_BOXCAR } evl_taper;

/* All that the values depend on; in samples. */
typedef struct evl_psd_spec { int segment, step, nfft, taper, subtract_mean, median; } evl_psd_spec;

struct evl_psd {
  evl_products *products;
  evl_psd_spec spec;
  double fs_hz, scale;       /* scale: |X|^2 to density of an inner bin */
  int n_segments, n_bins;
  evl_fft *fft;
  double *taper;             /* [segment] */
  double *density;           /* [n_channels][n_bins] */
  double *periodogram;       /* [n_segments][n_bins] of one channel, for the median; NULL */
  double *sorted;            /* [n_segments] */
  uint64_t serial;           /* of the window that density is of */
};

static evl_psd_spec spec_of(const evl_params *params, const evl_shape *shape) {
  const char *taper = evl_params_string(params, "taper");
  evl_psd_spec s;
  memset(&s, 0, sizeof s); /* compared as bytes */
  s.segment = (int)fmin(round(evl_params_real(params, "segment_s") * shape->fs_hz), shape->n_samples);
  if (s.segment < 1) s.segment = 1;
  s.step = s.segment - (int)floor(evl_params_real(params, "overlap") * s.segment + 1e-9);
  s.nfft = (int)evl_params_int(params, "nfft");
  if (s.nfft == 0) s.nfft = s.segment;
  s.taper = !strcmp(taper, "hann") ? EVL_TAPER_HANN : !strcmp(taper, "hamming") ? EVL_TAPER_HAMMING : EVL_TAPER_BOXCAR;
  s.subtract_mean = !strcmp(evl_params_string(params, "detrend"), "constant");
  s.median = !strcmp(evl_params_string(params, "average"), "median");
  return s;
}

static int segments_of(const evl_psd_spec *spec, int n_samples) { return (n_samples - spec->segment) / spec->step + 1; }

static void fill_taper(const evl_psd_spec *spec, double *taper) {
  const double centre = spec->taper == EVL_TAPER_HANN ? 0.5 : spec->taper == EVL_TAPER_HAMMING ? 0.54 : 1.0;
  for (int t = 0; t < spec->segment; t++) taper[t] = centre - (1.0 - centre) * cos(2.0 * M_PI * t / spec->segment);
}

/* Mean over median of n independent exponential variables (Allen et al. 2012, doi:10.1103/PhysRevD.85.122006). */
static double median_bias(int n) {
  double bias = 1.0;
  for (int i = 1; i <= (n - 1) / 2; i++) bias += 1.0 / (2 * i + 1) - 1.0 / (2 * i);
  return bias;
}

static evl_status plan_new(const evl_psd_spec *spec, evl_products *products, evl_arena *arena, evl_psd **psd) {
  const evl_shape *shape = evl_products_shape(products);
  evl_psd *p;
  EVL_NEW(arena, p, 1);
  p->products = products;
  p->spec = *spec;
  p->fs_hz = shape->fs_hz;
  p->n_segments = segments_of(spec, shape->n_samples);
  p->n_bins = spec->nfft / 2 + 1;
  EVL_TRY(evl_fft_plan(spec->nfft, arena, &p->fft));
  EVL_NEW(arena, p->taper, spec->segment);
  EVL_NEW(arena, p->density, (size_t)shape->n_channels * (size_t)p->n_bins);
  if (spec->median) {
    EVL_NEW(arena, p->periodogram, (size_t)p->n_segments * (size_t)p->n_bins);
    EVL_NEW(arena, p->sorted, p->n_segments);
  }
  fill_taper(spec, p->taper);
  double squares = 0.0;
  for (int t = 0; t < spec->segment; t++) squares += p->taper[t] * p->taper[t];
  const double average = spec->median ? 1.0 / median_bias(p->n_segments) : 1.0 / p->n_segments;
  p->scale = 2.0 * average / (shape->fs_hz * squares);
  *psd = p;
  return EVL_OK;
}

evl_status evl_psd_plan(const evl_params *params, const evl_shape *shape, evl_products *products, evl_arena *arena,
                        evl_psd **psd) {
  const evl_psd_spec spec = spec_of(params, shape);
  if (spec.nfft < spec.segment)
    return evl_fail(EVL_USAGE, "nfft = %d: expected at least the %d samples of a segment, or 0", spec.nfft,
                    spec.segment);
  evl_product *product;
  EVL_TRY(evl_product_find(products, "psd", &spec, sizeof spec, arena, &product));
  if (!product->own) {
    EVL_TRY(plan_new(&spec, products, arena, psd));
    product->own = *psd;
  }
  *psd = product->own;
  return EVL_OK;
}

double evl_psd_step_hz(const evl_psd *psd) { return psd->fs_hz / psd->spec.nfft; }
int evl_psd_bins(const evl_psd *psd) { return psd->n_bins; }

double evl_psd_cost_us(const evl_params *params, const evl_shape *shape) {
  const evl_psd_spec spec = spec_of(params, shape);
  const double transforms = (double)segments_of(&spec, shape->n_samples) * shape->n_channels;
  const double padded = ceil(transforms / EVL_FFT_BATCH) * EVL_FFT_BATCH;
  return padded * spec.nfft * (6e-4 + 1e-4 * log2(spec.nfft)) + transforms * spec.segment * 7e-4;
}

static void fill_row(const evl_psd *psd, const double *x, double *row) {
  const int n = psd->spec.segment;
  const double mean = psd->spec.subtract_mean ? evl_mean(x, (size_t)n) : 0.0;
  for (int t = 0; t < n; t++) row[t] = (x[t] - mean) * psd->taper[t];
}

static void add_squares(const double *spectrum, int n_bins, double *sum) {
  for (int k = 0; k < n_bins; k++)
    sum[k] += spectrum[2 * k] * spectrum[2 * k] + spectrum[2 * k + 1] * spectrum[2 * k + 1];
}

static void take_median(evl_psd *psd, double *density) {
  const size_t n = (size_t)psd->n_segments;
  for (int k = 0; k < psd->n_bins; k++) {
    for (size_t s = 0; s < n; s++) psd->sorted[s] = psd->periodogram[s * (size_t)psd->n_bins + (size_t)k];
    evl_sort(psd->sorted, n);
    density[k] = evl_quantile_sorted(psd->sorted, n, 0.5);
  }
}

static void scale_density(const evl_psd *psd, double *density) {
  for (int k = 0; k < psd->n_bins; k++) density[k] *= psd->scale;
  density[0] *= 0.5; /* the zero and the Nyquist frequency have no mirror image */
  if (psd->spec.nfft % 2 == 0) density[psd->n_bins - 1] *= 0.5;
}

/* A row of the batch: segment `segment` of channel `channel`. */
typedef struct row { int channel, segment; } row;

static void absorb(evl_psd *psd, row r, const double *spectrum) {
  double *density = psd->density + (size_t)r.channel * (size_t)psd->n_bins;
  double *sum = psd->periodogram ? psd->periodogram + (size_t)r.segment * (size_t)psd->n_bins : density;
  if (r.segment == 0 || psd->periodogram) memset(sum, 0, (size_t)psd->n_bins * sizeof *sum);
  add_squares(spectrum, psd->n_bins, sum);
  if (r.segment + 1 < psd->n_segments) return;
  if (psd->periodogram) take_median(psd, density);
  scale_density(psd, density);
}

/* Rows are independent of their place in a batch, so channels follow each other without gaps; the last batch is
   filled up with zeros. */
static void compute(evl_psd *psd, const evl_window *window) {
  const uint8_t *usable = evl_products_usable(psd->products);
  size_t in_stride, out_stride;
  double *input = evl_fft_input(psd->fft, &in_stride);
  row batch[EVL_FFT_BATCH];
  int filled = 0, c = 0, s = 0;
  while (c < window->n_channels && !usable[c]) c++;
  while (c < window->n_channels) {
    batch[filled] = (row){c, s};
    fill_row(psd, window->x + (size_t)c * window->ld + (size_t)s * (size_t)psd->spec.step,
             input + (size_t)filled * in_stride);
    filled++;
    if (++s == psd->n_segments)
      for (s = 0, c++; c < window->n_channels && !usable[c];) c++;
    if (filled < EVL_FFT_BATCH && c < window->n_channels) continue;
    memset(input + (size_t)filled * in_stride, 0, (size_t)(EVL_FFT_BATCH - filled) * in_stride * sizeof *input);
    const double *output = evl_fft_forward(psd->fft, &out_stride);
    for (int i = 0; i < filled; i++) absorb(psd, batch[i], output + 2 * (size_t)i * out_stride);
    filled = 0;
  }
}

const double *evl_psd_channel(evl_psd *psd, const evl_window *window, int channel) {
  if (psd->serial != evl_products_serial(psd->products)) compute(psd, window);
  psd->serial = evl_products_serial(psd->products);
  return psd->density + (size_t)channel * (size_t)psd->n_bins;
}

evl_bins evl_psd_between(const evl_psd *psd, double low_hz, double high_hz, bool closed) {
  const double step = evl_psd_step_hz(psd), slack = 1e-9; /* of a bin: edges that are bins count as such */
  const double first = ceil(low_hz / step - slack);
  const double end = closed ? floor(high_hz / step + slack) + 1.0 : ceil(high_hz / step - slack);
  return (evl_bins){
      .first = (int)fmin(fmax(first, 0.0), psd->n_bins),
      .end = (int)fmin(fmax(end, 0.0), psd->n_bins),
      .complete = high_hz <= psd->fs_hz / 2.0 * (1.0 + 1e-12),
  };
}

evl_status evl_psd_range(const evl_psd *psd, const evl_params *params, const char *entry, const char *name,
                         evl_bins *bins) {
  const evl_value *v = evl_params_value(params, name);
  if (v->n != 2 || !(v->reals[0] < v->reals[1]))
    return evl_fail(EVL_USAGE, "%s.%s: expected (low, high) in Hz, found %d numbers%s", entry, name, v->n,
                    v->n == 2 ? ", the lower not first" : "");
  *bins = evl_psd_between(psd, v->reals[0], v->reals[1], true);
  if (bins->complete && bins->first >= bins->end)
    return evl_fail(EVL_USAGE, "%s.%s = (%g, %g): no frequency lies within; they are %g Hz apart", entry, name,
                    v->reals[0], v->reals[1], evl_psd_step_hz(psd));
  return EVL_OK;
}

double evl_sum(const double *x, int n) {
  enum { LANES = 4 };
  double lane[LANES] = {0};
  int k = 0;
  for (; k + LANES <= n; k += LANES)
    for (int i = 0; i < LANES; i++) lane[i] += x[k + i];
  for (int i = 0; k + i < n; i++) lane[i] += x[k + i];
  return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}
