/* weak: sums of the weak form. Filters of a dozen windows side by side are one matrix, so that a chunk of windows is a
   few products of matrices, small enough for the cache. */
#include <string.h>

#include "weak_priv.h"

enum { CHUNK = 96, SIDE = 12 }; /* windows of a chunk, and of one matrix of filters */
static const double MOST_VALUES = 2.5e7; /* 200 MB */
enum { POWER = 4, NARROWEST = 3, BLOCK = 4 }; /* BLOCK: samples of a block at least, in half widths */

typedef struct evl_weak_make {
  int p, d, most, span;       /* blocks; span: samples of SIDE windows */
  int n_series;
  bool corrected;
  evl_noise *noise;
  double repeats;             /* windows that say the same */
  double *phi, *slope;        /* [2 half + 1] of sums 1 and, times samples, -1 */
  double *filter, *derivative; /* [SIDE][span] */
  size_t ld;                  /* of a chunk's samples */
  double *theta, *sample_weight; /* [p][ld], [ld] */
  double *rows, *targets;     /* [p][CHUNK], [d][CHUNK] */
  double *samples;            /* p x p */
} make;

static int most_span(const evl_weak_spec *s, int windows) {
  return (windows - 1) * (s->most_half / 8 + 1) + 2 * s->most_half + 1;
}

evl_status evl_weak_plan(const evl_weak_spec *spec, int most_series, evl_arena *arena, evl_weak **weak) {
  const evl_library_spec *library = evl_library_specification(spec->library);
  evl_weak *w;
  make *m;
  EVL_NEW(arena, w, 1);
  EVL_NEW(arena, m, 1);
  w->spec = *spec;
  w->make = m;
  if (w->spec.power == 0) w->spec.power = POWER;
  if (w->spec.most_half < NARROWEST) w->spec.most_half = NARROWEST;
  spec = &w->spec;
  const size_t p = (size_t)(m->p = evl_library_terms(spec->library)), d = (size_t)(m->d = library->n_states);
  m->most = spec->most_blocks + most_series;
  if ((double)m->most * (double)(p * p) > MOST_VALUES)
    return evl_fail(EVL_USAGE, "weak form: expected at most %.0f values in blocks, found %d blocks of %zu^2: fewer "
                    "terms or longer blocks", MOST_VALUES, m->most, p);
  m->ld = ((size_t)most_span(spec, CHUNK) + 7) / 8 * 8;
  EVL_NEW(arena, w->block, m->most);
  for (int k = 0; k < m->most; k++) EVL_TRY(evl_gram_plan(m->p, m->d, arena, &w->block[k]));
  EVL_NEW(arena, w->series, m->most);
  EVL_NEW(arena, w->shape, p * p);
  EVL_NEW(arena, m->phi, 2 * spec->most_half + 1);
  EVL_NEW(arena, m->slope, 2 * spec->most_half + 1);
  EVL_NEW(arena, m->filter, SIDE * most_span(spec, SIDE));
  EVL_NEW(arena, m->derivative, SIDE * most_span(spec, SIDE));
  EVL_NEW(arena, m->theta, p * m->ld);
  EVL_NEW(arena, m->sample_weight, m->ld);
  EVL_NEW(arena, m->rows, p * CHUNK);
  EVL_NEW(arena, m->targets, d * CHUNK);
  EVL_NEW(arena, m->samples, p * p);
  if (library->n_delays == 0) EVL_TRY(evl_noise_plan(spec->library, arena, &m->noise));
  *weak = w;
  return EVL_OK;
}

/* phi by trapezoids (0 at both ends) of sum 1, and -phi' dt times a + b u^2 for which t and t^3 have their derivatives
   exactly: trapezoids alone err there by 1 % of the slope for half widths of 3 and by 3e-4 for those of 8. */
static void make_windows(evl_weak *w) {
  make *m = w->make;
  const int half = w->half, power = w->spec.power;
  double sum = 0.0, square = 0.0, moment[3] = {0.0}; /* of u^2, u^4, u^6 */
  for (int k = -half; k <= half; k++) {
    const double u = (double)k / half, v = 1.0 - u * u, phi = pow(v, power), slope = u * pow(v, power - 1);
    m->phi[half + k] = phi;
    m->slope[half + k] = slope;
    sum += phi;
    square += u * u * phi;
    for (int i = 0; i < 3; i++) moment[i] += pow(u, 2 * i + 1) * slope;
  }
  /* a moment[0] + b moment[1] = sum, a moment[1] + b moment[2] = 3 square, in units of half */
  const double determinant = moment[0] * moment[2] - moment[1] * moment[1], scale = 1.0 / (sum * half * w->spec.dt_s);
  const double a = scale * (sum * moment[2] - 3.0 * square * moment[1]) / determinant;
  const double b = scale * (3.0 * square * moment[0] - sum * moment[1]) / determinant;
  for (int k = 0; k <= 2 * half; k++) {
    const double u = (double)(k - half) / half;
    m->phi[k] /= sum;
    m->slope[k] *= a + b * u * u;
  }
}

/* Sum over lags of the squared correlation of the noise in two windows. */
static double repeats_of(const evl_weak *w) {
  const make *m = w->make;
  double variance = 0.0, sum = 1.0;
  for (int k = 0; k <= 2 * w->half; k++) variance += m->slope[k] * m->slope[k];
  for (int lag = w->step; lag < 2 * w->half; lag += w->step) {
    double product = 0.0;
    for (int k = lag; k <= 2 * w->half; k++) product += m->slope[k] * m->slope[k - lag];
    sum += 2.0 * (product / variance) * (product / variance);
  }
  return sum;
}

void evl_weak_begin(evl_weak *w, int half, int n_samples, const double *noise_sd) {
  make *m = w->make;
  if (half < NARROWEST) half = NARROWEST;
  w->half = half;
  w->step = half / 8 > 0 ? half / 8 : 1;
  w->n_blocks = m->n_series = 0;
  const int wanted = (n_samples + w->spec.most_blocks - 1) / w->spec.most_blocks;
  w->block_samples = wanted > BLOCK * half ? wanted : BLOCK * half;
  memset(w->shape, 0, (size_t)m->p * (size_t)m->p * sizeof(double));
  make_windows(w);
  m->repeats = repeats_of(w);
  m->span = (SIDE - 1) * w->step + 2 * half + 1;
  memset(m->filter, 0, SIDE * (size_t)m->span * sizeof(double));
  memset(m->derivative, 0, SIDE * (size_t)m->span * sizeof(double));
  for (int k = 0; k < SIDE; k++) {
    const size_t at = (size_t)k * (size_t)(m->span + w->step), bytes = (size_t)(2 * half + 1) * sizeof(double);
    memcpy(m->filter + at, m->phi, bytes);
    memcpy(m->derivative + at, m->slope, bytes);
  }
  m->corrected = noise_sd != NULL;
  if (m->corrected) evl_noise_set(m->noise, noise_sd);
}

/* out[column][CHUNK] = windows [0, n) over x[column][ld]. */
static void filter(const evl_weak *w, const double *filters, const double *x, size_t ld, int columns, int n,
                   double *out) {
  for (int at = 0; at < n; at += SIDE) {
    const int side = n - at < SIDE ? n - at : SIDE, span = (side - 1) * w->step + 2 * w->half + 1;
    evl_gemm(true, false, side, columns, span, 1.0, filters, w->make->span, x + (size_t)at * (size_t)w->step, (int)ld,
             0.0, out + at, CHUNK);
  }
}

/* Adds the products of samples, weighted by what windows [0, n) make of them. Destroys theta. */
static void add_samples(evl_weak *w, int n, int span) {
  make *m = w->make;
  memset(m->sample_weight, 0, (size_t)span * sizeof(double));
  for (int k = 0; k < n; k++)
    for (int i = 0; i <= 2 * w->half; i++) m->sample_weight[k * w->step + i] += m->phi[i] * m->phi[i];
  for (int i = 0; i < span; i++) m->sample_weight[i] = sqrt(m->sample_weight[i]);
  for (int i = 0; i < m->p; i++) {
    double *theta = m->theta + (size_t)i * m->ld;
    for (int t = 0; t < span; t++) theta[t] *= m->sample_weight[t];
  }
  evl_gemm(true, false, m->p, m->p, span, 1.0, m->theta, (int)m->ld, m->theta, (int)m->ld, 1.0, m->samples, m->p);
}

/* Windows [0, n) of a block, the first beginning at sample `first`. */
static void add_block(evl_weak *w, evl_gram *block, const double *z, size_t ld, int first, int n) {
  make *m = w->make;
  const size_t square = (size_t)m->p * (size_t)m->p;
  evl_gram_clear(block);
  memset(m->samples, 0, square * sizeof(double));
  for (int at = 0; at < n; at += CHUNK) {
    const int windows = n - at < CHUNK ? n - at : CHUNK, span = (windows - 1) * w->step + 2 * w->half + 1;
    const int begin = first + at * w->step;
    evl_library_rows(w->spec.library, z, ld, begin, span, m->theta, m->ld);
    filter(w, m->filter, m->theta, m->ld, m->p, windows, m->rows);
    filter(w, m->derivative, z + begin, ld, m->d, windows, m->targets);
    evl_gram_rows(block, m->rows, CHUNK, m->targets, CHUNK, windows);
    if (m->corrected) add_samples(w, windows, span);
  }
  block->n /= m->repeats;
  for (size_t i = 0; i < square; i++) w->shape[i] += block->g[i];
  if (m->corrected) evl_noise_correct(m->noise, block, m->samples);
}

evl_fit evl_weak_add(evl_weak *w, const double *z, size_t ld, int first, int n) {
  make *m = w->make;
  const int windows = (n - 2 * w->half - 1) / w->step + 1;
  if (n < 2 * w->half + 1) return EVL_FIT_SHORT;
  int blocks = windows * w->step / w->block_samples;
  if (blocks < 1) blocks = 1;
  if (blocks > m->most - w->n_blocks) blocks = m->most - w->n_blocks;
  for (int k = 0; k < blocks; k++) {
    const int from = (int)((long long)windows * k / blocks), to = (int)((long long)windows * (k + 1) / blocks);
    w->series[w->n_blocks] = m->n_series;
    add_block(w, &w->block[w->n_blocks++], z, ld, first + from * w->step, to - from);
  }
  m->n_series++;
  return blocks > 0 ? EVL_FIT_DONE : EVL_FIT_SHORT;
}
