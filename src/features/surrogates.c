/* surrogates: channels at a lower rate and their IAAFT surrogates, made once a window for all entries that ask. */
#include <string.h>

#include "nonlinear_priv.h"

enum { MOST_SAMPLES = 16384, ITERATIONS = 20, LOWPASS_ORDER = 6, PAD = 3 * (LOWPASS_ORDER + 1) };

/* All that the values depend on. */
typedef struct series_spec { double lowpass_hz, end_match; int factor, n_surrogates; } series_spec;

struct evl_series {
  evl_products *products;
  series_spec spec;
  int n_raw, n_thin, n;       /* samples of the window, of every factor-th one, and of those that stay */
  int n_channels;
  int n_sections;             /* of the low-pass; 0: none */
  evl_biquad section[EVL_MAX_SECTIONS];
  evl_surrogate *surrogate;
  double *filtered;           /* [n_raw + 2 PAD] */
  double *x;                  /* [n_channels][1 + n_surrogates][n] */
  uint8_t *defined;           /* [n_channels] */
  uint64_t serial;            /* of the window that x is of */
};

static int factor_of(const evl_params *params, double fs_hz) {
  return (int)fmax(round(fs_hz / evl_params_real(params, "rate_hz")), 1.0);
}

/* The largest length up to `most` whose transform needs no memory of its own: FFTW takes some for odd ones. */
static int smooth_length(int most) {
  static const int prime[] = {2, 3, 5, 7};
  for (int n = most - most % 4; n > 0; n -= 4) {
    int rest = n;
    for (size_t i = 0; i < sizeof prime / sizeof *prime; i++)
      while (rest % prime[i] == 0) rest /= prime[i];
    if (rest == 1) return n;
  }
  return 0;
}

static evl_status plan_lowpass(evl_series *s, const evl_shape *shape) {
  const double thin = s->spec.factor > 1 ? 0.4 * shape->fs_hz / s->spec.factor : 0.0;
  double cut = s->spec.lowpass_hz;
  if (cut >= shape->fs_hz / 2.0)
    return evl_fail(EVL_USAGE, "lowpass_hz: expected less than half the rate of %g Hz, found %g", shape->fs_hz, cut);
  if (cut == 0.0 || (thin > 0.0 && thin < cut)) cut = thin;
  if (cut == 0.0 || s->n_raw <= PAD) return EVL_OK;
  return evl_butterworth_low(LOWPASS_ORDER, cut, shape->fs_hz, s->section, &s->n_sections);
}

static evl_status plan_new(const series_spec *spec, evl_products *products, evl_arena *arena, evl_series **series) {
  const evl_shape *shape = evl_products_shape(products);
  evl_series *s;
  EVL_NEW(arena, s, 1);
  *s = (evl_series){.products = products, .spec = *spec, .n_raw = shape->n_samples, .n_channels = shape->n_channels};
  s->n_thin = (s->n_raw + spec->factor - 1) / spec->factor;
  if (s->n_thin > MOST_SAMPLES)
    return evl_fail(EVL_USAGE, "window of %.4g s at %.4g Hz: expected at most %d samples of a nonlinear measure; take "
                    "a shorter window or a lower rate_hz", s->n_raw / shape->fs_hz, shape->fs_hz / spec->factor,
                    MOST_SAMPLES);
  EVL_TRY(plan_lowpass(s, shape));
  s->n = (int)floor((1.0 - spec->end_match) * s->n_thin + 1e-9);
  if (spec->n_surrogates > 0 || spec->end_match > 0.0) s->n = smooth_length(s->n);
  if (s->n > 0 && spec->n_surrogates > 0) EVL_TRY(evl_surrogate_plan(1, s->n, arena, &s->surrogate));
  EVL_NEW(arena, s->filtered, s->n_raw + 2 * PAD);
  EVL_NEW(arena, s->x, (size_t)s->n_channels * (size_t)(1 + spec->n_surrogates) * (size_t)(s->n + 1));
  EVL_NEW(arena, s->defined, s->n_channels);
  *series = s;
  return EVL_OK;
}

evl_status evl_series_plan(const evl_params *params, double lowpass_hz, evl_products *products, evl_arena *arena,
                           evl_series **series) {
  series_spec spec;
  memset(&spec, 0, sizeof spec);
  spec.lowpass_hz = lowpass_hz;
  spec.end_match = evl_params_real(params, "end_match");
  spec.factor = factor_of(params, evl_products_shape(products)->fs_hz);
  spec.n_surrogates = (int)evl_params_int(params, "surrogates");
  evl_product *product;
  EVL_TRY(evl_product_find(products, "surrogates", &spec, sizeof spec, arena, &product));
  if (!product->own) {
    EVL_TRY(plan_new(&spec, products, arena, series));
    product->own = *series;
  }
  *series = product->own;
  return EVL_OK;
}

int evl_series_samples(const evl_series *series) { return series->n; }
int evl_series_count(const evl_series *series) { return 1 + series->spec.n_surrogates; }
double evl_series_rate_hz(const evl_series *series) {
  return evl_products_shape(series->products)->fs_hz / series->spec.factor;
}

static double *place_of(const evl_series *s, int channel, int which) {
  return s->x + ((size_t)channel * (size_t)(1 + s->spec.n_surrogates) + (size_t)which) * (size_t)s->n;
}

/* Where to begin so that the stretch continues best into its own start: value and slope, both in units of x. */
static int matched_start(const double *x, int stride, int n, int n_thin) {
  int best = 0;
  double least = INFINITY;
  for (int a = 0; a + n <= n_thin && n > 1; a++) {
    const double *first = x + (ptrdiff_t)a * stride, *last = first + (ptrdiff_t)(n - 1) * stride;
    const double jump = *first - *last, turn = (first[stride] - *first) - (*last - last[-stride]);
    const double misfit = jump * jump + turn * turn;
    if (misfit < least) least = misfit, best = a;
  }
  return best;
}

/* The channel itself: filtered, thinned, mean 0, sd 1. False where nothing is left of it. */
static bool prepare(evl_series *s, const double *x, double *y) {
  const double *from = x;
  if (s->n_sections > 0) {
    evl_zero_phase(s->section, s->n_sections, x, s->n_raw, PAD, s->filtered);
    from = s->filtered + PAD;
  }
  const size_t n = (size_t)s->n;
  const int start = matched_start(from, s->spec.factor, s->n, s->n_thin);
  for (size_t t = 0; t < n; t++) y[t] = from[((size_t)start + t) * (size_t)s->spec.factor];
  if (evl_is_flat(y, n)) return false;
  const double mean = evl_mean(y, n), sd = sqrt(evl_variance(y, n, 0));
  const double before = sqrt(evl_variance(x, (size_t)s->n_raw, 0));
  if (!isfinite(1.0 / sd) || !isfinite(sd) || !(sd > 1e-9 * before)) return false;
  for (size_t t = 0; t < n; t++) y[t] = (y[t] - mean) / sd;
  return true;
}

static void compute(evl_series *s, const evl_window *window) {
  const uint8_t *usable = evl_products_usable(s->products);
  const evl_montage *montage = evl_products_shape(s->products)->montage;
  for (int c = 0; c < s->n_channels; c++) {
    double *x = place_of(s, c, 0);
    s->defined[c] = usable[c] && s->n > 1 && prepare(s, window->x + (size_t)c * window->ld, x);
    for (int i = 1; s->defined[c] && i <= s->spec.n_surrogates; i++) {
      evl_random random;
      evl_random_begin(&random, window->key, "surrogate", montage->name[c], (uint64_t)i);
      evl_surrogate_run(s->surrogate, x, (size_t)s->n, ITERATIONS, &random, place_of(s, c, i), (size_t)s->n);
    }
  }
}

const double *evl_series_get(evl_series *series, const evl_window *window, int channel, int which) {
  if (series->serial != evl_products_serial(series->products)) compute(series, window);
  series->serial = evl_products_serial(series->products);
  return series->defined[channel] ? place_of(series, channel, which) : NULL;
}

void evl_put_ranked(evl_out *out, size_t i, size_t j, const double *value, size_t stride, int count) {
  double below = 0.0;
  evl_put(out, i, value[0]);
  if (!isfinite(value[0]) || count < 2) return;
  for (int s = 1; s < count; s++) {
    const double other = value[(size_t)s * stride];
    if (!isfinite(other)) return;
    below += other < value[0] ? 1.0 : other == value[0] ? 0.5 : 0.0;
  }
  evl_put(out, j, (1.0 + below) / count);
}

double evl_series_samples_at(const evl_params *params, const evl_shape *shape) {
  return (1.0 - evl_params_real(params, "end_match")) * shape->n_samples / factor_of(params, shape->fs_hz);
}

double evl_series_cost_us(const evl_params *params, const evl_shape *shape) {
  const double n = evl_series_samples_at(params, shape);
  return shape->n_channels * (0.03 * shape->n_samples + (double)evl_params_int(params, "surrogates") * ITERATIONS *
                              (6.0 + 0.03 * n));
}
