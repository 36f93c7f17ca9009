/* envelope_correlation: amplitudes of pairs of channels that rise and fall together. */
#include "analytic_priv.h"
#include "lanes_priv.h"

enum { BLOCK = 256 };

typedef struct kernel {
  evl_products *products;
  evl_analytic *analytic;
  int n_bands;
  bool log, absolute;
} kernel;

static const evl_param params[] = {
    {"log", EVL_BOOL, "false", 0, 0, NULL, "",
     "Correlate logarithms of power, as Hipp et al. 2012, instead of amplitudes."},
    {"absolute", EVL_BOOL, "false", 0, 0, NULL, "",
     "Take the magnitude of each direction's correlation before their mean, as mne_connectivity; biased upwards."},
    EVL_ANALYTIC_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"orthogonalised", EVL_PER_PAIR, "bands", false, "1", -1.0, 1.0,
     "Mean correlation of each envelope with the other signal's after the part in phase with it is removed."},
    {"plain", EVL_PER_PAIR, "bands", false, "1", -1.0, 1.0, "Correlation of the envelopes as they are."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_bands = evl_params_value(p, "bands")->n;
  k->log = evl_params_bool(p, "log");
  k->absolute = evl_params_bool(p, "absolute");
  EVL_TRY(evl_analytic_plan(p, shape, "envelope_correlation", products, arena, &k->analytic));
  evl_scratch_plan(products, (size_t)shape->n_channels * (2 * evl_analytic_most(k->analytic) + 1) * sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* Per channel: what turns |Im x conj(y)| into the envelope of x without y, a factor or (log) a term; the centred
   envelope of y; its norm. */
typedef struct envelopes { double *relative, *centred, *norm; } envelopes;

static void fill_envelope(const kernel *k, const evl_signals *s, size_t c, const envelopes *e) {
  const double *re = s->re + c * s->stride, *im = s->im + c * s->stride;
  double *relative = e->relative + c * s->stride, *centred = e->centred + c * s->stride, squares = 0.0;
  for (int t = 0; t < s->n; t++) {
    const double power = re[t] * re[t] + im[t] * im[t];
    centred[t] = k->log ? log(power) : sqrt(power);
    relative[t] = k->log ? -centred[t] : 1.0 / centred[t];
  }
  const double mean = evl_mean(centred, (size_t)s->n);
  for (int t = 0; t < s->n; t++) {
    centred[t] -= mean;
    squares += centred[t] * centred[t];
  }
  e->norm[c] = sqrt(squares);
}

/* Sums of one direction: the orthogonalised envelope, its squares, its products with the other, centred one. */
typedef struct direction { evl_lanes sum, square, product; } direction;

static void add(direction *d, const double *e, const double *centred, int n) {
  for (int t = 0; t < n; t += EVL_LANES) {
    const evl_lanes v = evl_load(e + t);
    d->sum += v;
    d->square += v * v;
    d->product += v * evl_load(centred + t);
  }
}

/* NaN where the envelope is constant but for rounding. */
static double correlation(const direction *d, double norm, int n) {
  const double sum = evl_fold(d->sum), square = evl_fold(d->square), variance = square - sum * sum / n;
  if (!(variance > 1e-12 * square) || !(norm > 0.0)) return NAN;
  return fmin(fmax(evl_fold(d->product) / (norm * sqrt(variance)), -1.0), 1.0);
}

/* Samples beyond the last of a row are zeros in `centred`; here they are made to add nothing at all. */
static double orthogonalised(const kernel *k, const evl_signals *s, const envelopes *e, size_t i, size_t j) {
  direction forth = {0}, back = {0};
  double size = 0.0, power = 0.0;
  for (size_t at = 0; at < s->stride; at += BLOCK) {
    double of_i[BLOCK], of_j[BLOCK];
    const int n = s->stride - at < BLOCK ? (int)(s->stride - at) : BLOCK;
    const int inside = s->n - (int)at < n ? s->n - (int)at : n;
    const double *xr = s->re + i * s->stride + at, *xi = s->im + i * s->stride + at, *yr = s->re + j * s->stride + at,
                 *yi = s->im + j * s->stride + at, *rx = e->relative + i * s->stride + at,
                 *ry = e->relative + j * s->stride + at;
    for (int t = 0; t < inside; t++) {
      const double across = fabs(xi[t] * yr[t] - xr[t] * yi[t]), in = xr[t] * yr[t] + xi[t] * yi[t];
      size += across;
      power += fabs(in);
      of_i[t] = k->log ? 2.0 * log(across) + ry[t] : across * ry[t];
      of_j[t] = k->log ? 2.0 * log(across) + rx[t] : across * rx[t];
    }
    for (int t = inside; t < n; t++) of_i[t] = of_j[t] = 0.0;
    add(&forth, of_i, e->centred + j * s->stride + at, n);
    add(&back, of_j, e->centred + i * s->stride + at, n);
  }
  if (!(size > 1e-10 * power)) return NAN; /* nothing but rounding is left of either */
  const double a = correlation(&forth, e->norm[j], s->n), b = correlation(&back, e->norm[i], s->n);
  return k->absolute ? 0.5 * (fabs(a) + fabs(b)) : 0.5 * (a + b);
}

static double plain(const evl_signals *s, const envelopes *e, size_t i, size_t j) {
  const double *x = e->centred + i * s->stride, *y = e->centred + j * s->stride;
  evl_lanes sum = {0};
  for (size_t t = 0; t < s->stride; t += EVL_LANES) sum += evl_load(x + t) * evl_load(y + t);
  return fmin(fmax(evl_fold(sum) / (e->norm[i] * e->norm[j]), -1.0), 1.0);
}

static void run_band(const kernel *k, const evl_signals *s, size_t n_channels, size_t at, size_t next, evl_out *out) {
  const uint8_t *usable = evl_products_usable(k->products);
  double *scratch = evl_scratch(k->products);
  const envelopes e = {scratch, scratch + n_channels * s->stride, scratch + 2 * n_channels * s->stride};
  for (size_t c = 0; c < n_channels; c++) {
    for (size_t t = (size_t)s->n; t < s->stride; t++) e.centred[c * s->stride + t] = 0.0;
    if (usable[c]) fill_envelope(k, s, c, &e);
  }
  for (size_t i = 0; i < n_channels; i++)
    for (size_t j = i + 1; j < n_channels; j++, at++) {
      if (!usable[i] || !usable[j]) continue;
      evl_put(out, at, orthogonalised(k, s, &e, i, j));
      evl_put(out, at + next, plain(s, &e, i, j));
    }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const size_t n_channels = (size_t)window->n_channels, n_pairs = n_channels * (n_channels - 1) / 2;
  for (size_t b = 0; b < (size_t)k->n_bands; b++) {
    if (evl_analytic_samples(k->analytic, (int)b) == 0) continue;
    const evl_signals s = evl_analytic_band(k->analytic, window, (int)b);
    run_band(k, &s, n_channels, b * n_pairs, (size_t)k->n_bands * n_pairs, out);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return evl_analytic_cost_us(p, shape) * (1.0 + (evl_params_bool(p, "log") ? 0.8 : 0.07) * shape->n_channels);
}

const evl_entry evl_feature_envelope_correlation = {
    .name = "envelope_correlation",
    .summary = "Correlation of the amplitudes of pairs of channels in frequency bands, orthogonalised and plain.",
    .definition = "With analytic signals x, y of a band: the part of x not in phase with y is x_y = |Im(x conj(y))| / "
                  "|y|; orthogonalised = (corr(x_y, |y|) + corr(y_x, |x|)) / 2, plain = corr(|x|, |y|), over the "
                  "window but for edge_s at both ends. What both channels see at once is in plain and not in "
                  "orthogonalised. The sign is kept by default, since magnitudes of chance correlations do not average "
                  "to 0. absolute = true, bands = { all = (0.0, half the rate); }, edges = closed, edge_s = 0 is "
                  "mne_connectivity's default.",
    .cite = "Hipp et al. 2012, doi:10.1038/nn.3101; Brookes et al. 2011, doi:10.1016/j.neuroimage.2011.02.054 "
            "(plain)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
