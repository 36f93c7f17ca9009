/* welch_sum: the spectrum of a recording, summed over its windows. */
#include <string.h>

#include "welch_sum_priv.h"

typedef struct grid { int segment, step, first, n, n_wanted; } grid; /* samples; frequencies, of the state */

typedef struct evl_welch_make {
  grid grid;
  int n_channels, n_segments; /* of a window */
  evl_products *products;
  uint64_t serial;
  evl_fft *fft;
  double *taper;            /* [segment], sum of squares 2 / fs: its products with x have the one-sided density */
  double *power;            /* [n_channels][n] sums of the window */
  double *count;            /* [n_channels] segments in it */
} make;

int evl_welch_sum_frequencies(const evl_params *p, int *first) {
  const double step_hz = 1.0 / evl_params_real(p, "segment_s");
  *first = (int)fmax(1.0, ceil(evl_params_real(p, "low_hz") / step_hz - 1e-9));
  const int end = (int)floor(evl_params_real(p, "high_hz") / step_hz + 1e-9) + 1;
  return end > *first ? end - *first : 0;
}

/* Sums [channel][frequency], then segments [channel]. */
size_t evl_welch_sum_size(const evl_params *p, const evl_montage *montage) {
  int first;
  return (size_t)montage->n * ((size_t)evl_welch_sum_frequencies(p, &first) + 1);
}

/* The even length nearest to n whose factors are 2, 3, 5, 7. */
static int fast_length(int n) {
  for (int away = 0;; away++)
    for (int side = -1; side <= 1; side += 2) {
      const int length = n + side * away;
      int left = length;
      if (length < 2 || length % 2) continue;
      for (int factor = 2; factor <= 7; factor++)
        while (left % factor == 0) left /= factor;
      if (left == 1) return length;
    }
}

/* Weighted sums over bins that vary little from one to the next have the variance that independent bins of this many
   degrees of freedom would give: the squared correlations of all pairs of segments and bins, summed by Parseval. */
static double dof_of(const double *taper, int n, int step) {
  double squares = 0.0, correlated = 0.0;
  for (int t = 0; t < n; t++) squares += taper[t] * taper[t];
  for (int shift = -(n / step) * step; shift < n; shift += step)
    for (int t = 0; t < n; t++)
      if (t + shift >= 0 && t + shift < n) correlated += pow(taper[t] * taper[t + shift], 2);
  return 2.0 * squares * squares / (n * correlated);
}

static evl_status plan_new(const grid *g, const evl_shape *shape, evl_products *products, evl_arena *arena,
                           evl_welch_sum **sum) {
  const int n = g->segment;
  evl_welch_sum *s;
  make *m;
  EVL_NEW(arena, s, 1);
  EVL_NEW(arena, m, 1);
  *m = (make){.grid = *g, .n_channels = shape->n_channels, .products = products};
  const double own_s = shape->step_s > 0.0 ? shape->step_s : INFINITY; /* later starts are the next window's */
  while (m->n_segments * g->step + n <= shape->n_samples && m->n_segments * g->step < own_s * shape->fs_hz - 0.5)
    m->n_segments++;
  EVL_TRY(evl_fft_plan(n, arena, &m->fft));
  EVL_NEW(arena, m->taper, n);
  double squares = 0.0;
  for (int t = 0; t < n; t++) {
    m->taper[t] = 0.5 - 0.5 * cos(2.0 * M_PI * t / n);
    squares += m->taper[t] * m->taper[t];
  }
  for (int t = 0; t < n; t++) m->taper[t] *= sqrt(2.0 / shape->fs_hz / squares);
  EVL_NEW(arena, m->power, (size_t)m->n_channels * (size_t)g->n);
  EVL_NEW(arena, m->count, m->n_channels);
  EVL_NEW(arena, s->hz, g->n);
  for (int k = 0; k < g->n; k++) s->hz[k] = (g->first + k) * shape->fs_hz / n;
  s->n = g->n;
  s->dof_per_segment = dof_of(m->taper, n, g->step);
  s->make = m;
  *sum = s;
  return EVL_OK;
}

evl_status evl_welch_sum_plan(const evl_params *p, const evl_shape *shape, const char *entry, evl_products *products,
                              evl_arena *arena, evl_welch_sum **sum) {
  grid s;
  memset(&s, 0, sizeof s);
  const int n_wanted = s.n_wanted = evl_welch_sum_frequencies(p, &s.first);
  const double segment_s = evl_params_real(p, "segment_s");
  if (n_wanted < 1 || n_wanted > EVL_WELCH_MOST)
    return evl_fail(EVL_USAGE, "%s.high_hz: expected 1 to %d frequencies from low_hz on, found %d", entry,
                    (int)EVL_WELCH_MOST, n_wanted);
  s.segment = segment_s * shape->fs_hz < 1e6 ? fast_length((int)round(segment_s * shape->fs_hz)) : 0;
  if (s.segment < 2 || s.segment > shape->n_samples)
    return evl_fail(EVL_USAGE, "%s.segment_s: expected at most the window, %g s, found %g", entry,
                    shape->n_samples / shape->fs_hz, segment_s);
  s.step = s.segment / 2;
  s.n = s.segment / 2 - s.first < n_wanted ? s.segment / 2 - s.first : n_wanted;
  if (s.n < 1)
    return evl_fail(EVL_USAGE, "%s.low_hz: expected less than half the sampling rate, found %g", entry,
                    evl_params_real(p, "low_hz"));
  evl_product *product;
  EVL_TRY(evl_product_find(products, "welch_sum", &s, sizeof s, arena, &product));
  if (!product->own) {
    EVL_TRY(plan_new(&s, shape, products, arena, sum));
    product->own = *sum;
  }
  *sum = product->own;
  return EVL_OK;
}

static void add_segment(const make *m, const double *x, double *power) {
  const int n = m->grid.segment;
  size_t in_stride, out_stride;
  double *row = evl_fft_input(m->fft, &in_stride);
  const double mean = evl_mean(x, (size_t)n);
  for (int t = 0; t < n; t++) row[t] = (x[t] - mean) * m->taper[t];
  const double *bin = evl_fft_forward(m->fft, &out_stride) + 2 * m->grid.first;
  for (int k = 0; k < m->grid.n; k++) power[k] += bin[2 * k] * bin[2 * k] + bin[2 * k + 1] * bin[2 * k + 1];
}

static void compute(make *m, const evl_window *window) {
  const uint8_t *usable = evl_products_usable(m->products);
  memset(m->power, 0, (size_t)m->n_channels * (size_t)m->grid.n * sizeof *m->power);
  for (int c = 0; c < m->n_channels; c++) {
    double *power = m->power + (size_t)c * (size_t)m->grid.n, whole = 0.0;
    m->count[c] = 0.0;
    if (!usable[c]) continue;
    for (int s = 0; s < m->n_segments; s++)
      add_segment(m, window->x + (size_t)c * window->ld + (size_t)s * (size_t)m->grid.step, power);
    for (int k = 0; k < m->grid.n; k++) whole += power[k];
    if (whole < 1e300) m->count[c] = m->n_segments; /* NaN is not */
  }
}

void evl_welch_sum_add(evl_welch_sum *sum, const evl_window *window, double *state) {
  make *m = sum->make;
  if (m->serial != evl_products_serial(m->products)) compute(m, window);
  m->serial = evl_products_serial(m->products);
  double *count = state + (size_t)m->n_channels * (size_t)m->grid.n_wanted;
  for (int c = 0; c < m->n_channels; c++) {
    if (!(m->count[c] > 0.0)) continue;
    for (int k = 0; k < m->grid.n; k++) state[c * m->grid.n_wanted + k] += m->power[c * m->grid.n + k];
    count[c] += m->count[c];
  }
}

double evl_welch_sum_power(const evl_welch_sum *sum, const double *state, int channel, double *power, double *scale) {
  const make *m = sum->make;
  const double *from = state + (size_t)channel * (size_t)m->grid.n_wanted;
  const double count = state[(size_t)m->n_channels * (size_t)m->grid.n_wanted + (size_t)channel];
  *scale = NAN;
  if (!(count > 0.0)) return 0.0;
  const double mean = evl_mean(from, (size_t)sum->n);
  for (int k = 0; k < sum->n; k++)
    if (!(from[k] > 1e-20 * mean) || !(from[k] < 1e300)) return 0.0; /* a bin without noise is rounding */
  for (int k = 0; k < sum->n; k++) power[k] = from[k] / mean;
  *scale = mean / count;
  return count * sum->dof_per_segment;
}

double evl_welch_sum_cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = evl_params_real(p, "segment_s") * shape->fs_hz;
  return 2.0 * shape->n_samples / n * shape->n_channels * n * (1.3e-3 + 1e-4 * log2(n + 1.0));
}

void evl_whittle_sums(const double *model, const double *power, int n, double *logarithms, double *ratios) {
  enum { LANES = 8 }; /* one logarithm for as many bins */
  double product[LANES], sum[LANES] = {0}, logs = 0.0;
  for (int k = 0; k < n;) {
    for (int i = 0; i < LANES; i++) product[i] = 1.0;
    for (int times = 0; times < 4 && k + LANES <= n; times++, k += LANES)
      for (int i = 0; i < LANES; i++) {
        product[i] *= model[k + i];
        sum[i] += power[k + i] / model[k + i];
      }
    for (int i = 0; k + i < n && n - k < LANES; i++) {
      product[i] *= model[k + i];
      sum[i] += power[k + i] / model[k + i];
    }
    if (n - k < LANES) k = n;
    for (int i = 0; i < LANES; i += 2) logs += log(product[i] * product[i + 1]);
  }
  const double four = (sum[0] + sum[4]) + (sum[1] + sum[5]), others = (sum[2] + sum[6]) + (sum[3] + sum[7]);
  *logarithms = logs;
  *ratios = four + others;
}

double evl_whittle(const double *model, const double *power, int n, double dof) {
  double logarithms, ratios;
  evl_whittle_sums(model, power, n, &logarithms, &ratios);
  return -0.5 * dof * (logarithms + ratios);
}
