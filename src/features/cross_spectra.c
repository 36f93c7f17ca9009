/* cross_spectra: spectra of segments and tapers, products of all pairs of channels, measures averaged over bands. */
#include <string.h>

#include "cross_spectra_priv.h"
#include "lanes_priv.h"

typedef enum { WELCH, MULTITAPER, SPECTRAL_CONNECTIVITY, MNE_CONNECTIVITY } estimator;

/* All that the values depend on; in samples and bins. */
typedef struct spec {
  int estimator, segment, step, epoch, n_bands, unused;
  double half_bandwidth;
  evl_band_bins band[];
} spec;

struct evl_cross {
  evl_products *products;
  const spec *spec;
  int n_channels, n_pairs, n_epochs, n_segments; /* segments of an epoch */
  int within, across;     /* tapers whose cross-spectra are summed, and those that are observations each */
  int n_bins, *bin;       /* [n_bins]: those of any band */
  evl_fft *fft;
  double *taper;          /* [within * across][segment] */
  double *scale;          /* [n_channels] powers of two that bring samples near 1 */
  uint8_t *live;          /* [n_channels][n_segments]: not flat */
  double *block;          /* [n_bins][n_channels][within][re, im][EVL_CROSS_BLOCK] */
  double *power;          /* [n_bins][n_channels] */
  evl_cross_sums *sums;   /* [n_bins][n_pairs] */
  double *measure;        /* [EVL_CROSS_KINDS][n_bands][n_pairs] */
  uint64_t serial;        /* of the window and the epoch that they are of */
  int epoch;
};

static estimator estimator_of(const char *name) {
  if (!strcmp(name, "mne_connectivity")) return MNE_CONNECTIVITY;
  if (!strcmp(name, "spectral_connectivity")) return SPECTRAL_CONNECTIVITY;
  return strcmp(name, "welch") ? MULTITAPER : WELCH;
}

static void segments_of(const evl_params *params, const evl_shape *shape, int *segment, int *step) {
  *segment = (int)fmax(round(evl_params_real(params, "segment_s") * shape->fs_hz), 1.0);
  *step = *segment - (int)floor(evl_params_real(params, "overlap") * *segment + 1e-9);
}

static evl_status make_spec(const evl_params *params, const evl_shape *shape, const char *entry, int epoch,
                            evl_arena *arena, spec **made, size_t *bytes) {
  const int n_bands = evl_params_value(params, "bands")->n;
  *bytes = sizeof(spec) + (size_t)n_bands * sizeof(evl_band_bins);
  spec *s = evl_arena_alloc(arena, *bytes);
  if (!s) return EVL_MEMORY;
  segments_of(params, shape, &s->segment, &s->step);
  s->estimator = (int)estimator_of(evl_params_string(params, "estimator"));
  s->epoch = epoch > 0 ? epoch : shape->n_samples;
  s->n_bands = n_bands;
  if (s->estimator != WELCH) s->half_bandwidth = evl_params_real(params, "half_bandwidth");
  if (s->epoch > shape->n_samples || s->epoch < s->segment + s->step)
    return evl_fail(EVL_USAGE, "%s: expected two segments of %g s or more, found %g s in a window of %g s", entry,
                    s->segment / shape->fs_hz, s->epoch / shape->fs_hz, shape->n_samples / shape->fs_hz);
  *made = s;
  return evl_band_bins_find(params, shape->fs_hz, s->segment, entry, s->band);
}

/* Prolate tapers that hold most of their energy in the band, as a rule all but the last of 2 half_bandwidth. */
static evl_status plan_prolate(evl_cross *x, evl_arena *arena, int *n_tapers) {
  const spec *s = x->spec;
  const double least = 0.9;
  const int most = (int)fmin(fmax(2.0 * s->half_bandwidth, 1.0), s->segment);
  double *concentration;
  EVL_NEW(arena, concentration, most);
  EVL_NEW(arena, x->taper, (size_t)most * (size_t)s->segment);
  EVL_TRY(evl_dpss(s->segment, s->half_bandwidth, most, s->estimator != SPECTRAL_CONNECTIVITY, arena, x->taper,
                   concentration));
  *n_tapers = 1;
  while (*n_tapers < most && concentration[*n_tapers] > least) ++*n_tapers;
  if (s->estimator == MNE_CONNECTIVITY)
    for (size_t k = 0, n = (size_t)s->segment; k < (size_t)*n_tapers; k++)
      for (size_t t = 0; t < n; t++) x->taper[k * n + t] *= sqrt(concentration[k]);
  return EVL_OK;
}

static evl_status plan_tapers(evl_cross *x, evl_arena *arena) {
  const spec *s = x->spec;
  x->within = x->across = 1;
  if (s->estimator == MNE_CONNECTIVITY) return plan_prolate(x, arena, &x->within);
  if (s->estimator != WELCH) return plan_prolate(x, arena, &x->across);
  EVL_NEW(arena, x->taper, s->segment);
  for (int t = 0; t < s->segment; t++) x->taper[t] = 0.5 - 0.5 * cos(2.0 * M_PI * t / s->segment);
  return EVL_OK;
}

static evl_status plan_bins(evl_cross *x, evl_arena *arena) {
  const spec *s = x->spec;
  EVL_NEW(arena, x->bin, s->segment / 2 + 1);
  for (int k = 0; k <= s->segment / 2; k++) {
    bool wanted = false;
    for (int b = 0; b < s->n_bands; b++) wanted = wanted || (k >= s->band[b].first && k < s->band[b].end);
    if (wanted) x->bin[x->n_bins++] = k;
  }
  return EVL_OK;
}

static evl_status plan_new(const spec *s, evl_products *products, evl_arena *arena, evl_cross **cross) {
  const evl_shape *shape = evl_products_shape(products);
  evl_cross *x;
  EVL_NEW(arena, x, 1);
  x->products = products;
  x->spec = s;
  x->n_channels = shape->n_channels;
  x->n_pairs = shape->n_channels * (shape->n_channels - 1) / 2;
  x->n_epochs = shape->n_samples / s->epoch;
  x->n_segments = (s->epoch - s->segment) / s->step + 1;
  EVL_TRY(plan_tapers(x, arena));
  EVL_TRY(plan_bins(x, arena));
  EVL_TRY(evl_fft_plan(s->segment, arena, &x->fft));
  const size_t n_channels = (size_t)x->n_channels, n_bins = (size_t)x->n_bins, n_pairs = (size_t)x->n_pairs;
  EVL_NEW(arena, x->scale, n_channels);
  EVL_NEW(arena, x->live, n_channels * (size_t)x->n_segments);
  EVL_NEW(arena, x->block, n_bins * n_channels * (size_t)x->within * 2 * EVL_CROSS_BLOCK);
  EVL_NEW(arena, x->power, n_bins * n_channels);
  EVL_NEW(arena, x->sums, n_bins * n_pairs);
  EVL_NEW(arena, x->measure, EVL_CROSS_KINDS * (size_t)s->n_bands * n_pairs);
  *cross = x;
  return EVL_OK;
}

evl_status evl_cross_plan(const evl_params *params, const evl_shape *shape, const char *entry, int epoch,
                          evl_products *products, evl_arena *arena, evl_cross **cross) {
  spec *s = NULL;
  size_t bytes;
  evl_product *product;
  EVL_TRY(make_spec(params, shape, entry, epoch, arena, &s, &bytes));
  EVL_TRY(evl_product_find(products, "cross_spectra", s, bytes, arena, &product));
  if (!product->own) {
    EVL_TRY(plan_new(s, products, arena, cross));
    product->own = *cross;
  }
  *cross = product->own;
  return EVL_OK;
}

int evl_cross_epochs(const evl_cross *cross) { return cross->n_epochs; }

/* ---- one epoch --------------------------------------------------------------------- */

static double *place(const evl_cross *x, int bin, int channel) {
  return x->block + ((size_t)bin * (size_t)x->n_channels + (size_t)channel) * (size_t)x->within * 2 * EVL_CROSS_BLOCK;
}

/* Spectrum of a segment under one taper as observation `o` of a block. */
static void transform(evl_cross *x, const double *segment, double scale, const double *taper, int channel, int within,
                      int o) {
  const int n = x->spec->segment;
  size_t stride;
  double *input = evl_fft_input(x->fft, &stride);
  const double mean = evl_mean(segment, (size_t)n);
  for (int t = 0; t < n; t++) input[t] = (segment[t] - mean) * scale * taper[t];
  const double *spectrum = evl_fft_forward(x->fft, &stride);
  for (int b = 0; b < x->n_bins; b++) {
    double *to = place(x, b, channel) + 2 * within * EVL_CROSS_BLOCK + o;
    to[0] = spectrum[2 * x->bin[b]];
    to[EVL_CROSS_BLOCK] = spectrum[2 * x->bin[b] + 1];
  }
}

static int block_size(const evl_cross *x, int first) {
  const int left = x->n_segments * x->across - first;
  return left < EVL_CROSS_BLOCK ? left : EVL_CROSS_BLOCK;
}

static void put_nothing(evl_cross *x, int channel, int o) {
  for (int b = 0; b < x->n_bins; b++)
    for (int part = 0; part < 2 * x->within; part++) place(x, b, channel)[part * EVL_CROSS_BLOCK + o] = 0.0;
}

/* Observations first .. of a channel; those of flat segments and past the last, to a whole vector, are zeros. */
static void fill_block(evl_cross *x, const double *samples, int channel, int first) {
  const spec *s = x->spec;
  const int n = block_size(x, first);
  const uint8_t *live = x->live + (size_t)channel * (size_t)x->n_segments;
  for (int o = 0; o < n; o++) {
    const int segment = (first + o) / x->across;
    if (!live[segment]) {
      put_nothing(x, channel, o);
      continue;
    }
    for (int k = 0; k < x->within; k++) {
      const int taper = x->within > 1 ? k : (first + o) % x->across;
      transform(x, samples + (size_t)segment * (size_t)s->step, x->scale[channel],
                x->taper + (size_t)taper * (size_t)s->segment, channel, k, o);
    }
  }
  for (int o = n; o % EVL_LANES != 0; o++) put_nothing(x, channel, o);
}

static void add_block(evl_cross *x, const uint8_t *usable, int n) {
  for (int b = 0; b < x->n_bins; b++) {
    evl_cross_sums *sums = x->sums + (size_t)b * (size_t)x->n_pairs;
    for (int i = 0; i < x->n_channels; i++) {
      if (usable[i]) x->power[b * x->n_channels + i] += evl_cross_power(place(x, b, i), x->within, n);
      for (int j = i + 1; j < x->n_channels; j++, sums++)
        if (usable[i] && usable[j]) evl_cross_add(place(x, b, i), place(x, b, j), x->within, n, sums);
    }
  }
}

/* Observations in which neither channel is flat. */
static int observations(const evl_cross *x, int i, int j) {
  const uint8_t *a = x->live + (size_t)i * (size_t)x->n_segments, *b = x->live + (size_t)j * (size_t)x->n_segments;
  int n = 0;
  for (int s = 0; s < x->n_segments; s++) n += a[s] & b[s];
  return n * x->across;
}

static void average_pair(evl_cross *x, int i, int j, int pair) {
  const int n = observations(x, i, j);
  const size_t each = (size_t)x->spec->n_bands * (size_t)x->n_pairs;
  for (int band = 0; band < x->spec->n_bands; band++) {
    const evl_band_bins range = x->spec->band[band];
    double mean[EVL_CROSS_KINDS] = {0}, one[EVL_CROSS_KINDS];
    for (int b = 0; b < x->n_bins; b++) {
      if (x->bin[b] < range.first || x->bin[b] >= range.end) continue;
      const double *power = x->power + b * x->n_channels;
      evl_cross_measures(x->sums + (size_t)b * (size_t)x->n_pairs + pair, power[i], power[j], n, one);
      for (int k = 0; k < EVL_CROSS_KINDS; k++) mean[k] += one[k];
    }
    for (int k = 0; k < EVL_CROSS_KINDS; k++)
      x->measure[(size_t)k * each + (size_t)band * (size_t)x->n_pairs + (size_t)pair] =
          mean[k] / (range.end - range.first); /* a band beyond half the rate: 0 / 0 */
  }
}

static void average_pairs(evl_cross *x, const uint8_t *usable) {
  for (int i = 0, pair = 0; i < x->n_channels; i++)
    for (int j = i + 1; j < x->n_channels; j++, pair++) {
      if (usable[i] && usable[j]) {
        average_pair(x, i, j, pair);
        continue;
      }
      for (int k = 0; k < EVL_CROSS_KINDS * x->spec->n_bands; k++)
        x->measure[(size_t)k * (size_t)x->n_pairs + (size_t)pair] = NAN;
    }
}

static void compute(evl_cross *x, const evl_window *window, int epoch) {
  const spec *s = x->spec;
  const uint8_t *usable = evl_products_usable(x->products);
  memset(x->power, 0, (size_t)x->n_bins * (size_t)x->n_channels * sizeof *x->power);
  memset(x->sums, 0, (size_t)x->n_bins * (size_t)x->n_pairs * sizeof *x->sums);
  for (int c = 0; c < x->n_channels; c++) {
    if (!usable[c]) continue;
    const double *samples = window->x + (size_t)c * window->ld + (size_t)epoch * (size_t)s->epoch;
    x->scale[c] = evl_near_one(samples, s->epoch);
    for (int i = 0; i < x->n_segments; i++)
      x->live[c * x->n_segments + i] = !evl_is_flat(samples + (size_t)i * (size_t)s->step, (size_t)s->segment);
  }
  for (int first = 0; first < x->n_segments * x->across; first += EVL_CROSS_BLOCK) {
    for (int c = 0; c < x->n_channels; c++)
      if (usable[c])
        fill_block(x, window->x + (size_t)c * window->ld + (size_t)epoch * (size_t)s->epoch, c, first);
    add_block(x, usable, block_size(x, first));
  }
  average_pairs(x, usable);
}

const double *evl_cross_pairs(evl_cross *x, const evl_window *window, int epoch, evl_cross_kind kind, int band) {
  const uint64_t serial = evl_products_serial(x->products);
  if (x->serial != serial || x->epoch != epoch) compute(x, window, epoch);
  x->serial = serial;
  x->epoch = epoch;
  return x->measure + ((size_t)kind * (size_t)x->spec->n_bands + (size_t)band) * (size_t)x->n_pairs;
}

void evl_cross_put(evl_cross *x, const evl_window *window, const evl_cross_kind *kind, int n_kinds, evl_out *out) {
  size_t at = 0;
  for (int k = 0; k < n_kinds; k++)
    for (int band = 0; band < x->spec->n_bands; band++) {
      const double *pair = evl_cross_pairs(x, window, 0, kind[k], band);
      for (int p = 0; p < x->n_pairs; p++) evl_put(out, at++, pair[p]);
    }
}

double evl_cross_cost_us(const evl_params *params, const evl_shape *shape) {
  int segment, step;
  segments_of(params, shape, &segment, &step);
  const bool one = estimator_of(evl_params_string(params, "estimator")) == WELCH;
  const double tapers = one ? 1.0 : fmax(2.0 * evl_params_real(params, "half_bandwidth") - 1.0, 1.0);
  const double spectra = tapers * fmax((shape->n_samples - (double)segment) / step + 1.0, 0.0);
  const evl_value *bands = evl_params_value(params, "bands");
  double n_bins = 0.0;
  for (int b = 0; b < bands->n; b++)
    n_bins += (bands->bands[b].high_hz - bands->bands[b].low_hz) * segment / shape->fs_hz;
  const double pairs = shape->n_channels * (shape->n_channels - 1.0) / 2.0;
  return shape->n_channels * spectra * segment * 2.5e-3 + pairs * n_bins * (spectra * 2.5e-3 + 0.1);
}
