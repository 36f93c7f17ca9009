/* neighbours: the distances between all vectors of an embedding, row by row, for all entries that read them. A row is
   made and read while it is in the first-level cache; no matrix is kept. */
#include <string.h>
#ifdef __AVX__
#include <immintrin.h>
#endif

#include "nonlinear_priv.h"

enum { BLOCK = EVL_ROW_BLOCK, MOST_READERS = 16 };

struct evl_rows {
  evl_products *products;
  evl_series *series;
  evl_embedding embedding;
  int n_vectors, n_blocks;    /* of the first dimension whose rows are read, where they are most */
  double *x;                  /* [n_samples + BLOCK] the series, then zeros: blocks read beyond its end */
  double *distance, *least;   /* [n_blocks * BLOCK], [n_blocks] */
  int n_readers;
  evl_row_reader reader[MOST_READERS];
  double *value[MOST_READERS]; /* [n_channels][count][n_values] */
  uint64_t serial;
};

evl_embedding evl_embedding_of(const evl_params *params, int dimension, bool unfold, const evl_series *series) {
  const double rate = evl_series_rate_hz(series);
  evl_embedding e;
  memset(&e, 0, sizeof e); /* compared as bytes */
  e.dimension = dimension;
  e.unfold = unfold;
  e.delay = (int)fmin(fmax(round(evl_params_real(params, "delay_s") * rate), 1.0), 1e6);
  e.theiler = (int)fmin(round(evl_params_real(params, "theiler_s") * rate), 1e6);
  e.euclidean = !strcmp(evl_params_string(params, "norm"), "euclidean");
  return e;
}

int evl_embedding_vectors(const evl_embedding *e, int n_samples) {
  const long long n = n_samples - (e->dimension - 1LL) * e->delay;
  return n > 0 ? (int)n : 0;
}

double evl_embedding_distance(const evl_embedding *e, const double *x, int i, int j) {
  double d = 0.0;
  for (int k = 0; k < e->dimension; k++) {
    const double step = fabs(x[i + k * e->delay] - x[j + k * e->delay]);
    if (e->euclidean) d += step * step;
    else d = step > d ? step : d;
  }
  return d;
}

typedef struct rows_spec { evl_series *series; evl_embedding embedding; } rows_spec;

evl_status evl_rows_plan(evl_series *series, const evl_embedding *embedding, evl_products *products, evl_arena *arena,
                         evl_rows **rows) {
  rows_spec spec;
  memset(&spec, 0, sizeof spec);
  spec.series = series;
  spec.embedding = *embedding;
  evl_product *product;
  EVL_TRY(evl_product_find(products, "neighbours", &spec, sizeof spec, arena, &product));
  *rows = product->own;
  if (*rows) return EVL_OK;
  evl_rows *r;
  EVL_NEW(arena, r, 1);
  r->products = products;
  r->series = series;
  r->embedding = *embedding;
  r->n_vectors = embedding->unfold ? evl_series_samples(series)
                                   : evl_embedding_vectors(embedding, evl_series_samples(series));
  r->n_blocks = (r->n_vectors + BLOCK - 1) / BLOCK;
  EVL_NEW(arena, r->x, evl_series_samples(series) + BLOCK);
  EVL_NEW(arena, r->distance, (size_t)r->n_blocks * BLOCK + BLOCK);
  EVL_NEW(arena, r->least, r->n_blocks + 1);
  product->own = *rows = r;
  return EVL_OK;
}

evl_status evl_rows_add(evl_rows *rows, const evl_row_reader *reader, evl_arena *arena, int *id) {
  if (rows->n_readers == MOST_READERS)
    return evl_fail(EVL_LIMIT, "more than %d entries read the same embedding", MOST_READERS);
  *id = rows->n_readers;
  rows->reader[*id] = *reader;
  EVL_NEW(arena, rows->value[*id], (size_t)evl_products_shape(rows->products)->n_channels *
          (size_t)evl_series_count(rows->series) * (size_t)reader->n_values);
  rows->n_readers++;
  return EVL_OK;
}

/* Four distances at once, as a type, because compilers see the minima only so. */
typedef double quad __attribute__((vector_size(32), aligned(8), may_alias));
enum { QUADS = BLOCK / 4 };

static inline quad load(const double *x) { return *(const quad *)x; }
static inline quad larger(quad a, quad b) {
#ifdef __AVX__
  return _mm256_max_pd(a, b);
#else
  for (int i = 0; i < 4; i++) a[i] = a[i] > b[i] ? a[i] : b[i];
  return a;
#endif
}
static inline quad smaller(quad a, quad b) {
#ifdef __AVX__
  return _mm256_min_pd(a, b);
#else
  for (int i = 0; i < 4; i++) a[i] = a[i] < b[i] ? a[i] : b[i];
  return a;
#endif
}
static inline quad apart(quad a, quad b) { return larger(a - b, b - a); }

static inline double fold(quad v) {
  const double even = v[2] < v[0] ? v[2] : v[0], odd = v[3] < v[1] ? v[3] : v[1];
  return odd < even ? odd : even;
}

/* Stores a block and returns the least of it. */
static inline double put_block(const quad *v, double *d) {
  quad least = v[0];
  for (int q = 0; q < QUADS; q++) {
    *(quad *)(d + 4 * q) = v[q];
    least = smaller(least, v[q]);
  }
  return fold(least);
}

static double least_of(const double *d) {
  quad least = load(d);
  for (int q = 1; q < QUADS; q++) least = smaller(least, load(d + 4 * q));
  return fold(least);
}

/* One block of a row, to d; returns its least distance. The loops over quads unroll, and v stays in registers. */
static double block_max(const double *x, const double *from, int dimension, int delay, double *d) {
  quad v[QUADS], c = {*from, *from, *from, *from};
  for (int q = 0; q < QUADS; q++) v[q] = apart(load(x + 4 * q), c);
  for (int k = 1; k < dimension; k++) {
    x += delay;
    from += delay;
    c = (quad){*from, *from, *from, *from};
    for (int q = 0; q < QUADS; q++) v[q] = larger(v[q], apart(load(x + 4 * q), c));
  }
  return put_block(v, d);
}

static double block_euclidean(const double *x, const double *from, int dimension, int delay, double *d) {
  quad v[QUADS] = {{0}};
  for (int k = 0; k < dimension; k++, x += delay, from += delay) {
    const quad c = {*from, *from, *from, *from};
    for (int q = 0; q < QUADS; q++) v[q] += (load(x + 4 * q) - c) * (load(x + 4 * q) - c);
  }
  return put_block(v, d);
}

/* One coordinate more; what is infinite stays so. */
static double extend_block(const double *x, double from, bool euclidean, double *d) {
  const quad c = {from, from, from, from};
  quad v[QUADS];
  for (int q = 0; q < QUADS; q++) {
    const quad old = load(d + 4 * q), step = load(x + 4 * q) - c;
    if (euclidean) v[q] = old + step * step;
    else v[q] = larger(old, larger(step, -step));
  }
  return put_block(v, d);
}

static void fill_infinity(evl_rows *r, int from, int to) {
  for (int j = from; j < to; j++) r->distance[j] = INFINITY;
  for (int b = from / BLOCK; b * BLOCK < to; b++) r->least[b] = least_of(r->distance + (size_t)b * BLOCK);
}

/* Row i of `dimension`; where the embedding unfolds, from that of one less. Returns the vectors. */
static int make_row(evl_rows *r, int i, int dimension) {
  const evl_embedding *e = &r->embedding;
  const int back = (dimension - 1) * e->delay;
  const int n = e->unfold ? evl_series_samples(r->series) - back : r->n_vectors, n_blocks = (n + BLOCK - 1) / BLOCK;
  const bool anew = !e->unfold || dimension == 1;
  for (int b = 0; b < n_blocks; b++) {
    double *d = r->distance + (size_t)b * BLOCK;
    const double *x = r->x + (size_t)b * BLOCK;
    r->least[b] = !anew          ? extend_block(x + back, r->x[i + back], e->euclidean, d)
                  : e->euclidean ? block_euclidean(x, r->x + i, dimension, e->delay, d)
                                 : block_max(x, r->x + i, dimension, e->delay, d);
  }
  if (anew) fill_infinity(r, i > e->theiler ? i - e->theiler : 0, i + e->theiler < n ? i + e->theiler + 1 : n);
  fill_infinity(r, n, n_blocks * BLOCK);
  return n;
}

static void read_rows(evl_rows *r, int i) {
  const int most = r->embedding.dimension;
  bool wanted = false;
  for (int k = 0; k < r->n_readers; k++) wanted = wanted || i % r->reader[k].step == 0;
  for (int m = r->embedding.unfold ? 1 : most; wanted && m <= most; m++) {
    if (i + (m - 1LL) * r->embedding.delay >= evl_series_samples(r->series)) return;
    const int n = make_row(r, i, m);
    const evl_row row = {i, n, m, r->distance, r->least};
    for (int k = 0; k < r->n_readers; k++)
      if (i % r->reader[k].step == 0) r->reader[k].row(r->reader[k].self, &row);
  }
}

static void read_series(evl_rows *r, const double *x, int channel, int which) {
  memcpy(r->x, x, (size_t)evl_series_samples(r->series) * sizeof *x);
  for (int k = 0; k < r->n_readers; k++) r->reader[k].begin(r->reader[k].self, r->x, r->n_vectors);
  for (int i = 0; i < r->n_vectors; i++) read_rows(r, i);
  for (int k = 0; k < r->n_readers; k++) {
    const int n = r->reader[k].n_values;
    double *value = r->value[k] + ((size_t)channel * (size_t)evl_series_count(r->series) + (size_t)which) * (size_t)n;
    for (int v = 0; v < n; v++) value[v] = NAN;
    r->reader[k].end(r->reader[k].self, value);
  }
}

const double *evl_rows_values(evl_rows *r, const evl_window *window, int channel, int id) {
  const int count = evl_series_count(r->series);
  if (r->serial != evl_products_serial(r->products)) {
    for (int c = 0; c < window->n_channels; c++)
      for (int s = 0; s < count && evl_series_get(r->series, window, c, s); s++)
        read_series(r, evl_series_get(r->series, window, c, s), c, s);
    r->serial = evl_products_serial(r->products);
  }
  if (!evl_series_get(r->series, window, channel, 0)) return NULL;
  return r->value[id] + (size_t)channel * (size_t)count * (size_t)r->reader[id].n_values;
}

evl_status evl_reading_plan(const evl_params *params, const evl_row_reader *reader, evl_products *products,
                            evl_arena *arena, evl_reading *reading) {
  EVL_TRY(evl_series_plan(params, 0.0, products, arena, &reading->series));
  reading->embedding = evl_embedding_of(params, (int)evl_params_int(params, "dimension"), false, reading->series);
  reading->n_values = reader->n_values;
  EVL_TRY(evl_rows_plan(reading->series, &reading->embedding, products, arena, &reading->rows));
  return evl_rows_add(reading->rows, reader, arena, &reading->id);
}

void evl_reading_put(const evl_reading *reading, const evl_window *window, evl_out *out) {
  const size_t n_channels = (size_t)window->n_channels, n_values = (size_t)reading->n_values;
  for (size_t c = 0; c < n_channels; c++) {
    const double *value = evl_rows_values(reading->rows, window, (int)c, reading->id);
    for (size_t v = 0; value && v < n_values; v++)
      evl_put_ranked(out, 2 * v * n_channels + c, (2 * v + 1) * n_channels + c, value + v, n_values,
                     evl_series_count(reading->series));
  }
}

/* The furthest of those kept comes first, so that it is known which one has to go. */
static void sift(int n, int *index, double *distance) {
  const double d = distance[0];
  const int i = index[0];
  int at = 0;
  for (int child = 1; child < n; child = 2 * at + 1) {
    if (child + 1 < n && distance[child + 1] > distance[child]) child++;
    if (!(distance[child] > d)) break;
    distance[at] = distance[child];
    index[at] = index[child];
    at = child;
  }
  distance[at] = d;
  index[at] = i;
}

static void keep(double d, int j, int most, int *n, int *index, double *distance) {
  if (*n < most) { /* to the end, and up */
    int at = (*n)++;
    for (; at > 0 && distance[(at - 1) / 2] < d; at = (at - 1) / 2) {
      distance[at] = distance[(at - 1) / 2];
      index[at] = index[(at - 1) / 2];
    }
    distance[at] = d;
    index[at] = j;
  } else if (d < distance[0]) {
    distance[0] = d;
    index[0] = j;
    sift(most, index, distance);
  }
}

int evl_row_nearest(const evl_row *row, int end, int most, int *index, double *distance) {
  int n = 0;
  for (int b = 0; b * BLOCK < end; b++) {
    if (n == most ? !(row->least[b] < distance[0]) : !isfinite(row->least[b])) continue;
    const int stop = (b + 1) * BLOCK < end ? (b + 1) * BLOCK : end;
    for (int j = b * BLOCK; j < stop; j++)
      if (row->distance[j] < (n == most ? distance[0] : INFINITY)) keep(row->distance[j], j, most, &n, index, distance);
  }
  return n;
}

evl_status evl_fit_steps(const evl_value *fit_s, double rate_hz, const char *name, int *first, int *steps) {
  const double from = fit_s->n == 2 ? round(fit_s->reals[0] * rate_hz) : 0.0;
  const double to = fit_s->n == 2 ? round(fit_s->reals[1] * rate_hz) : 0.0;
  if (!(to - from >= 2.0 && to < 1e6))
    return evl_fail(EVL_USAGE, "%s: expected two times in order and two samples at %g Hz between them", name, rate_hz);
  *first = (int)from;
  *steps = (int)to;
  return EVL_OK;
}

double evl_rows_cost_us(const evl_params *params, const evl_shape *shape) {
  const double n = evl_series_samples_at(params, shape), series = 1.0 + (double)evl_params_int(params, "surrogates");
  return evl_series_cost_us(params, shape) +
         shape->n_channels * series * n * n * (1e-4 + 1.5e-4 * (double)evl_params_int(params, "dimension"));
}
