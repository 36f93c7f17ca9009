/* spectra: densities of the epochs of a window. Long zero-padded transforms of short segments are not computed: the
   density is the transform of the segments' autocorrelations, which are zero beyond their length, so that a transform
   of twice the segment has all of it, and finer frequencies follow by Dirichlet's kernel (a matrix product). */
#include <string.h>

#include "spectra_priv.h"

typedef struct user { struct user *next; evl_spectra_use *use; void *kernel; } user;

typedef struct spectra_spec { evl_welch_spec welch; int epoch, n; } spectra_spec;

struct evl_spectra {
  evl_products *products;
  const evl_parts *epochs;
  evl_psd *psd;          /* of the window as a whole; NULL where epochs are parts of it */
  evl_welch *welch;
  double fs_hz;
  int nfft, n_bins;
  int coarse;            /* transform length of welch; nfft where it is not refined */
  double *refine;        /* [coarse / 2 + 1][n_bins]; NULL */
  double *coarse_density;/* [epochs][coarse / 2 + 1] */
  double *density;       /* [epochs][n_bins] */
  uint8_t *alive;        /* [epochs] */
  int first, end;        /* bins that are read */
  user *users;
  uint64_t serial;       /* of the window that the users have seen */
};

/* The shortest transform that holds all lags of a segment and divides nfft by a power of two; only for tapers whose side
   lobes stay far above the rounding of the largest density. */
static int coarse_length(const evl_welch_spec *spec) {
  int length = spec->nfft;
  if (spec->taper == EVL_TAPER_HANN || spec->median || spec->time_bandwidth > 0.0) return length;
  while (length % 2 == 0 && length / 2 >= 2 * spec->segment - 1) length /= 2;
  return length;
}

/* Sum of cos(2 pi l j / nfft) over the lags |l| < coarse / 2. */
static double dirichlet(int64_t j, int coarse, int nfft) {
  j = (j % nfft + nfft) % nfft;
  if (j == 0) return coarse - 1.0;
  const int64_t turned = (coarse - (int64_t)1) * j % (2 * (int64_t)nfft);
  return sin(M_PI * (double)turned / nfft) / sin(M_PI * (double)j / nfft);
}

static void fill_refine(evl_spectra *s) {
  const int step = s->nfft / s->coarse;
  for (int q = 0; q <= s->coarse / 2; q++)
    for (int k = 0; k < s->n_bins; k++) {
      const double sides = k == 0 || 2 * k == s->nfft ? 1.0 : 2.0; /* one-sided */
      const int64_t at = (int64_t)q * step;
      s->refine[(size_t)q * (size_t)s->n_bins + (size_t)k] =
          sides / (2.0 * s->coarse) * (dirichlet(at + k, s->coarse, s->nfft) + dirichlet(at - k, s->coarse, s->nfft));
    }
}

static evl_status plan_epochs(const evl_welch_spec *spec, evl_spectra *s, evl_arena *arena) {
  const size_t n = (size_t)s->epochs->n;
  evl_welch_spec coarse = *spec;
  coarse.nfft = s->coarse = coarse_length(spec);
  EVL_TRY(evl_welch_plan(&coarse, s->epochs->length, arena, &s->welch));
  EVL_NEW(arena, s->density, n * (size_t)s->n_bins);
  if (s->coarse == s->nfft) return EVL_OK;
  EVL_NEW(arena, s->coarse_density, n * ((size_t)s->coarse / 2 + 1));
  EVL_NEW(arena, s->refine, ((size_t)s->coarse / 2 + 1) * (size_t)s->n_bins);
  fill_refine(s);
  return EVL_OK;
}

static evl_shape epoch_shape(const evl_shape *shape, int length) {
  evl_shape epoch = *shape;
  epoch.n_samples = length;
  return epoch;
}

static evl_status plan_new(const evl_params *params, const evl_welch_spec *spec, const evl_parts *epochs,
                           evl_products *products, evl_arena *arena, evl_spectra **spectra) {
  const evl_shape *shape = evl_products_shape(products);
  evl_spectra *s;
  EVL_NEW(arena, s, 1);
  s->products = products;
  s->epochs = epochs;
  s->fs_hz = shape->fs_hz;
  s->nfft = spec->nfft;
  s->n_bins = spec->nfft / 2 + 1;
  s->first = s->n_bins;
  EVL_NEW(arena, s->alive, epochs->n);
  *spectra = s;
  if (epochs->n > 1) return plan_epochs(spec, s, arena);
  const evl_shape whole = epoch_shape(shape, epochs->length);
  if (epochs->length == shape->n_samples) return evl_psd_plan(params, &whole, products, arena, &s->psd);
  return plan_epochs(spec, s, arena);
}

evl_status evl_spectra_plan(const evl_params *params, const evl_parts *epochs, evl_products *products, evl_arena *arena,
                            evl_spectra_use *use, void *kernel, evl_spectra **spectra) {
  const evl_shape epoch = epoch_shape(evl_products_shape(products), epochs->length);
  spectra_spec spec;
  evl_product *product;
  user *u;
  memset(&spec, 0, sizeof spec); /* compared as bytes */
  EVL_TRY(evl_welch_spec_of(params, &epoch, &spec.welch));
  spec.epoch = epochs->length;
  spec.n = epochs->n;
  EVL_TRY(evl_product_find(products, "spectra", &spec, sizeof spec, arena, &product));
  if (!product->own) {
    EVL_TRY(plan_new(params, &spec.welch, epochs, products, arena, spectra));
    product->own = *spectra;
  }
  *spectra = product->own;
  EVL_NEW(arena, u, 1);
  *u = (user){(*spectra)->users, use, kernel};
  (*spectra)->users = u;
  return EVL_OK;
}

double evl_spectra_step_hz(const evl_spectra *s) { return s->fs_hz / s->nfft; }

double evl_spectra_cost_us(const evl_params *params, const evl_shape *shape) {
  const int length = evl_parts_length(params, shape);
  const evl_shape epoch = epoch_shape(shape, length < shape->n_samples ? length : shape->n_samples);
  evl_welch_spec spec;
  if (evl_welch_spec_of(params, &epoch, &spec) != EVL_OK) return 1.0; /* the plan refuses it with a message */
  const int coarse = coarse_length(&spec);
  const double transforms = (double)evl_welch_transforms(&spec, epoch.n_samples) * shape->n_channels;
  const double refined = coarse < spec.nfft ? 3e-5 * coarse * spec.nfft / 8.0 * shape->n_channels : 0.0;
  return floor((double)shape->n_samples / epoch.n_samples) *
         (transforms * (coarse * (6e-4 + 1e-4 * log2(coarse)) + spec.segment * 7e-4) + refined);
}

static void remember(evl_spectra *s, evl_bins bins) {
  if (bins.first >= bins.end) return;
  if (bins.first < s->first) s->first = bins.first;
  if (bins.end > s->end) s->end = bins.end;
}

evl_bins evl_spectra_between(evl_spectra *s, double low_hz, double high_hz, bool closed) {
  const evl_bins bins = evl_bins_between(s->fs_hz, s->nfft, low_hz, high_hz, closed);
  remember(s, bins);
  return bins;
}

evl_status evl_spectra_range(evl_spectra *s, const evl_params *params, const char *entry, const char *name,
                             evl_bins *bins) {
  EVL_TRY(evl_bins_range(s->fs_hz, s->nfft, params, entry, name, bins));
  remember(s, *bins);
  return EVL_OK;
}

/* Bins first to end of all epochs. */
static void compute_epochs(evl_spectra *s, const double *x) {
  const int coarse_bins = s->coarse / 2 + 1, n = s->epochs->n, bins = s->end - s->first;
  double *coarse = s->refine ? s->coarse_density : s->density;
  for (int e = 0; e < n; e++) {
    double *to = coarse + (size_t)e * (size_t)coarse_bins;
    if (s->alive[e])
      evl_welch_run(s->welch, x + (size_t)e * (size_t)s->epochs->length, s->epochs->length, s->fs_hz, to);
    else
      memset(to, 0, (size_t)coarse_bins * sizeof *to);
  }
  if (!s->refine || bins <= 0) return;
  evl_gemm(false, false, bins, n, coarse_bins, 1.0, s->refine + s->first, s->n_bins, coarse, coarse_bins, 0.0,
           s->density + s->first, s->n_bins);
  for (int e = 0; e < n; e++)
    for (int k = s->first; k < s->end; k++) {
      double *p = &s->density[(size_t)e * (size_t)s->n_bins + (size_t)k];
      *p = *p > 0.0 ? *p : 0.0; /* rounding where there is nothing */
    }
}

void evl_spectra_compute(evl_spectra *s, const evl_window *window) {
  const uint8_t *usable = evl_products_usable(s->products);
  if (s->serial == evl_products_serial(s->products)) return;
  s->serial = evl_products_serial(s->products);
  for (int c = 0; c < window->n_channels; c++) {
    if (!usable[c]) continue;
    const double *density = s->density, *x = window->x + (size_t)c * window->ld;
    evl_parts_alive(s->epochs, x, s->alive);
    if (s->psd)
      density = evl_psd_channel(s->psd, window, c);
    else
      compute_epochs(s, x);
    for (const user *u = s->users; u; u = u->next) u->use(u->kernel, c, s->alive, density, (size_t)s->n_bins);
  }
}
