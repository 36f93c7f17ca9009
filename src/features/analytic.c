/* analytic: Hilbert transforms of band-passed channels in the frequency domain. The analytic signal of a band has no
   frequency but the band's: samples at twice its upper edge hold all of it, and the inverse transform is as short. */
#include <string.h>

#include "analytic_priv.h"

/* All that the values depend on; in samples of the window and bins. */
typedef struct spec { double edge_s; int n_bands, unused; evl_band_bins band[]; } spec;

typedef struct plane { evl_fft *fft; int length, first, n; } plane; /* of a band: of `length` samples n from `first` */

struct evl_analytic {
  evl_products *products;
  const spec *spec;
  int n_channels, n_samples, lowest, highest; /* bins of all bands: lowest <= k < highest */
  evl_fft *fft;
  plane *plane;        /* [n_bands] */
  double *spectrum;    /* [n_channels][highest - lowest] complex, over n_samples */
  double *unit;        /* [n_channels] */
  double *re, *im;     /* [n_channels][stride] of the present band */
  uint64_t serial, band_serial; /* of the windows that spectrum and re, im are of */
  int band;
};

/* The shortest multiple of 4 of at least `least` without prime factors over 5 (of odd lengths FFTW takes memory). */
static int short_length(int least) {
  for (int n = (least + 3) / 4 * 4;; n += 4) {
    int rest = n;
    while (rest % 2 == 0) rest /= 2;
    while (rest % 3 == 0) rest /= 3;
    while (rest % 5 == 0) rest /= 5;
    if (rest == 1) return n;
  }
}

static evl_status plan_band(evl_analytic *a, evl_band_bins bins, plane *p, const char *entry, evl_arena *arena) {
  if (bins.end == 0) return EVL_OK;
  const int enough = short_length(2 * bins.end + 2);
  p->length = enough < a->n_samples ? enough : a->n_samples;
  const double seconds = a->n_samples / evl_products_shape(a->products)->fs_hz;
  p->first = (int)ceil(a->spec->edge_s * p->length / seconds - 1e-9);
  p->n = p->length - 2 * p->first;
  if (p->n < 2)
    return evl_fail(EVL_USAGE, "%s.edge_s = %g: expected less than half the window of %g s", entry, a->spec->edge_s,
                    seconds);
  return evl_fft_plan(p->length, arena, &p->fft);
}

static evl_status plan_new(const spec *s, const char *entry, evl_products *products, evl_arena *arena,
                           evl_analytic **analytic) {
  const evl_shape *shape = evl_products_shape(products);
  evl_analytic *a;
  EVL_NEW(arena, a, 1);
  a->products = products;
  a->spec = s;
  a->n_channels = shape->n_channels;
  a->n_samples = shape->n_samples;
  a->lowest = shape->n_samples;
  EVL_NEW(arena, a->plane, s->n_bands);
  for (int b = 0; b < s->n_bands; b++) {
    EVL_TRY(plan_band(a, s->band[b], &a->plane[b], entry, arena));
    if (s->band[b].end == 0) continue;
    if (s->band[b].first < a->lowest) a->lowest = s->band[b].first;
    if (s->band[b].end > a->highest) a->highest = s->band[b].end;
  }
  EVL_TRY(evl_fft_plan(a->n_samples, arena, &a->fft));
  const size_t n_channels = (size_t)a->n_channels, most = n_channels * evl_analytic_most(a);
  if (a->highest > 0) EVL_NEW(arena, a->spectrum, 2 * n_channels * (size_t)(a->highest - a->lowest));
  EVL_NEW(arena, a->unit, n_channels);
  EVL_NEW(arena, a->re, most);
  EVL_NEW(arena, a->im, most);
  *analytic = a;
  return EVL_OK;
}

evl_status evl_analytic_plan(const evl_params *params, const evl_shape *shape, const char *entry,
                             evl_products *products, evl_arena *arena, evl_analytic **analytic) {
  const int n_bands = evl_params_value(params, "bands")->n;
  const size_t bytes = sizeof(spec) + (size_t)n_bands * sizeof(evl_band_bins);
  evl_product *product;
  spec *s = evl_arena_alloc(arena, bytes);
  if (!s) return EVL_MEMORY;
  s->edge_s = evl_params_real(params, "edge_s");
  s->n_bands = n_bands;
  EVL_TRY(evl_band_bins_find(params, shape->fs_hz, shape->n_samples, entry, s->band));
  EVL_TRY(evl_product_find(products, "analytic", s, bytes, arena, &product));
  if (!product->own) {
    EVL_TRY(plan_new(s, entry, products, arena, analytic));
    product->own = *analytic;
  }
  *analytic = product->own;
  return EVL_OK;
}

int evl_analytic_samples(const evl_analytic *a, int band) { return a->plane[band].n; }

size_t evl_analytic_stride(const evl_analytic *a, int band) { return ((size_t)a->plane[band].n + 3) / 4 * 4; }

size_t evl_analytic_most(const evl_analytic *a) {
  size_t most = 0;
  for (int b = 0; b < a->spec->n_bands; b++)
    if (evl_analytic_stride(a, b) > most) most = evl_analytic_stride(a, b);
  return most;
}

/* The mean goes a way of its own, so that nothing is rounded off under a large offset. */
static void transform(evl_analytic *a, const double *x, int channel) {
  const int n = a->n_samples;
  size_t stride;
  double *input = evl_fft_input(a->fft, &stride);
  const double mean = evl_mean(x, (size_t)n), scale = evl_near_one(x, n);
  for (int t = 0; t < n; t++) input[t] = (x[t] - mean) * scale;
  evl_fft_forward(a->fft, &stride);
  double *z = evl_fft_spectrum(a->fft, &stride);
  double *to = a->spectrum + 2 * (size_t)channel * (size_t)(a->highest - a->lowest);
  for (int k = 0; k < 2 * (a->highest - a->lowest); k++) to[k] = z[2 * a->lowest + k] / n;
  if (a->lowest == 0) to[0] = mean * scale;
  a->unit[channel] = 1.0 / scale;
}

/* The band's frequencies times 1 or, for the imaginary part, -i; those of one part only stay real. */
static void fill_spectrum(const evl_analytic *a, const double *from, evl_band_bins bins, bool imaginary, double *z) {
  for (int k = bins.first; k < bins.end; k++) {
    const double re = from[2 * (k - a->lowest)], im = from[2 * (k - a->lowest) + 1];
    const bool single = k == 0 || 2 * k == a->n_samples;
    z[2 * k] = imaginary ? (single ? 0.0 : im) : re;
    z[2 * k + 1] = imaginary ? (single ? 0.0 : -re) : im;
  }
}

static void inverse(evl_analytic *a, int channel, int band, bool imaginary, double *row) {
  const plane *p = &a->plane[band];
  size_t stride;
  double *z = evl_fft_spectrum(p->fft, &stride);
  memset(z, 0, 2 * ((size_t)p->length / 2 + 1) * sizeof *z);
  fill_spectrum(a, a->spectrum + 2 * (size_t)channel * (size_t)(a->highest - a->lowest), a->spec->band[band],
                imaginary, z);
  evl_fft_backward(p->fft);
  memcpy(row, evl_fft_input(p->fft, &stride) + p->first, (size_t)p->n * sizeof *row);
  for (size_t t = (size_t)p->n; t < evl_analytic_stride(a, band); t++) row[t] = 0.0;
}

evl_signals evl_analytic_band(evl_analytic *a, const evl_window *window, int band) {
  const uint64_t serial = evl_products_serial(a->products);
  const uint8_t *usable = evl_products_usable(a->products);
  const size_t stride = evl_analytic_stride(a, band);
  if (a->serial != serial)
    for (int c = 0; c < a->n_channels; c++)
      if (usable[c]) transform(a, window->x + (size_t)c * window->ld, c);
  a->serial = serial;
  if (a->band_serial != serial || a->band != band)
    for (int c = 0; c < a->n_channels; c++) {
      if (!usable[c]) continue;
      inverse(a, c, band, false, a->re + (size_t)c * stride);
      inverse(a, c, band, true, a->im + (size_t)c * stride);
    }
  a->band_serial = serial;
  a->band = band;
  return (evl_signals){a->plane[band].n, stride, a->re, a->im, a->unit};
}

double evl_analytic_cost_us(const evl_params *params, const evl_shape *shape) {
  const evl_value *bands = evl_params_value(params, "bands");
  double samples = shape->n_samples; /* transformed, forward and back */
  for (int b = 0; b < bands->n; b++)
    samples += 2.0 * shape->n_samples * fmin(2.0 * bands->bands[b].high_hz / shape->fs_hz, 1.0);
  return shape->n_channels * samples * (1.8e-3 + 2e-4 * log2(shape->n_samples + 1.0));
}
