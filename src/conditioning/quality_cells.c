/* The pass over samples: interleaved rows, tile by tile, into numbers of every cell. What a cell gets depends on the samples
   near it alone, in a fixed order, so that marks do not depend on how a stretch is cut. */
#include <string.h>

#include "quality_priv.h"

/* Longest search along a plateau, and the steepest part of an electrode pop behind an anti-alias filter. */
static const double search_s = 0.1, step_s = 0.005;
/* Where muscle is and the harmonics of the line are not; half the length of the filter for it. */
static const double fast_hz[2] = {30.0, 75.0}, fast_half_s = 0.05;
enum { TILE_CELLS = 10 };

/* Band-pass by a Hann-windowed sinc, high-pass where the rate is too low; gain 0 for a constant. tap[fast_half + 1]. */
static void plan_fast(evl_quality *q) {
  double low = fmin(2 * fast_hz[0] / q->fs_hz, 0.8), high = fmin(2 * fast_hz[1] / q->fs_hz, 1.0), sum = 0;
  int half = q->fast_half;
  for (int i = 0; i <= half; i++) {
    double window = 0.5 + 0.5 * cos(M_PI * i / (half + 1.0));
    q->fast_tap[i] = i == 0 ? high - low : window * (sin(M_PI * high * i) - sin(M_PI * low * i)) / (M_PI * i);
    sum += (i == 0 ? 1 : 2) * q->fast_tap[i];
  }
  q->fast_tap[0] -= sum;
}

evl_status evl_quality_cells_plan(evl_quality *q, evl_arena *arena) {
  int64_t room = q->chunk + 2 * q->margin;
  q->step_n = (int)fmax(1.0, round(step_s * q->fs_hz));
  if (q->set == EVL_QUALITY_neural) q->step_n = 1;
  q->search_n = (int)ceil(search_s * q->fs_hz) + 2;
  q->flat_n = (int)ceil(evl_params_real(q->params, "neural_flat_s") * q->fs_hz - 1e-9);
  q->fast_half = (int)fmax(2, round(fast_half_s * q->fs_hz));
  q->around = evl_greater(q->search_n, evl_greater(q->step_n, q->fast_half));
  EVL_NEW(arena, q->fast_tap, q->fast_half + 1);
  if (q->fs_hz > 0) plan_fast(q);
  q->turn = 2 * M_PI * q->line_hz / (q->fs_hz > 0 ? q->fs_hz : 1);
  q->rows_n = (int64_t)ceil(TILE_CELLS * q->fs_hz / EVL_CELLS_S) + 2 + 2 * q->around;
  q->rows_n = (q->rows_n + 7) / 8 * 8;
  int n_groups = (q->n + EVL_LANES - 1) / EVL_LANES, a_group = q->n ? (q->n + n_groups - 1) / n_groups : 1;
  q->lanes = (a_group + 3) / 4 * 4;
  EVL_NEW(arena, q->work, 4 * q->rows_n);
  EVL_NEW(arena, q->rows, q->rows_n * q->lanes);
  for (int i = 0; i < q->n; i++) {
    evl_cells *c = &q->looked[i].cells;
    EVL_NEW(arena, c->low, room);
    EVL_NEW(arena, c->high, room);
    EVL_NEW(arena, c->mean, room);
    EVL_NEW(arena, c->rise, room);
    EVL_NEW(arena, c->fall, room);
    EVL_NEW(arena, c->bin, room * EVL_BINS);
    EVL_NEW(arena, c->level, room);
    EVL_NEW(arena, c->fast, room);
    EVL_NEW(arena, c->square, room);
    EVL_NEW(arena, c->line, 2 * room);
    if (q->set == EVL_QUALITY_icare) EVL_NEW(arena, c->tenth, room * EVL_TENTHS);
    EVL_NEW(arena, c->plateau, room);
    EVL_NEW(arena, c->missing, room);
  }
  return EVL_OK;
}

/* ---- loading ---- */

typedef struct pass {
  evl_quality *q;
  evl_fetch fetch;
  void *context;
  int64_t from, to;    /* cells whose numbers are made */
  evl_looked *looked;  /* of the group */
  int n;               /* signals of the group */
  int64_t first, last; /* samples in `rows`: [first, last) */
} pass;

/* Missing samples become 0; their cells are told. */
static void fill_missing(const pass *p, evl_looked *looked, int64_t first, int64_t n, double *x) {
  const evl_quality *q = p->q;
  for (int64_t t = 0; t < n; t++) {
    if (fabs(x[t]) <= 1e100) continue;
    x[t] = 0;
    int64_t k = (int64_t)((double)(first + t) * EVL_CELLS_S / q->fs_hz);
    while (evl_sample_of(q, k + 1, EVL_CELLS_S) <= first + t) k++;
    while (evl_sample_of(q, k, EVL_CELLS_S) > first + t) k--;
    if (k >= p->from && k < p->to) looked->cells.missing[k - q->begin] = true;
  }
}

/* Samples [first, first + n) of one signal; beyond the stretch its first or last one. */
static evl_status load_signal(const pass *p, evl_looked *looked, int64_t first, int64_t n, double *x) {
  int64_t low = evl_greater(first, 0), high = evl_lesser(first + n, p->q->stretch_in), odd = 0;
  if (low >= high) { /* all beyond one edge */
    low = first < 0 ? 0 : p->q->stretch_in - 1;
    high = low + 1;
    EVL_TRY(p->fetch(p->context, looked->source, low, 1, x));
    x[0] -= looked->offset;
    if (!(fabs(x[0]) <= 1e100)) x[0] = 0;
    for (int64_t t = 1; t < n; t++) x[t] = x[0];
    return EVL_OK;
  }
  double *inside = x + (low - first);
  EVL_TRY(p->fetch(p->context, looked->source, low, high - low, inside));
  for (int64_t t = 0; t < high - low; t++) {
    inside[t] -= looked->offset;
    odd |= !(fabs(inside[t]) <= 1e100);
  }
  if (odd) fill_missing(p, looked, low, high - low, inside);
  for (int64_t t = first; t < low; t++) x[t - first] = inside[0];
  for (int64_t t = high; t < first + n; t++) x[t - first] = inside[high - 1 - low];
  return EVL_OK;
}

/* Samples [first, last) of the group into rows, of which those of the tile before are there. */
static evl_status load_rows(pass *p, int64_t first, int64_t last) {
  evl_quality *q = p->q;
  int64_t from = first;
  if (p->last > first) {
    from = p->last;
    memmove(q->rows, q->rows + (first - p->first) * q->lanes, (size_t)((from - first) * q->lanes) * sizeof *q->rows);
  }
  p->first = first;
  p->last = last;
  for (int i = 0; i < q->lanes; i += 4) {
    for (int j = 0; j < 4; j++) {
      double *column = q->work + j * q->rows_n;
      if (i + j < p->n) EVL_TRY(load_signal(p, &p->looked[i + j], from, last - from, column));
      else memset(column, 0, (size_t)(last - from) * sizeof *column);
    }
    evl_interleave(q->work, q->rows_n, last - from, q->rows + (from - first) * q->lanes + i, q->lanes);
  }
  return EVL_OK;
}

/* ---- the numbers of a cell ---- */

typedef int64_t counts __attribute__((vector_size(32)));

typedef struct extent { evl_quad low, high, rise, fall; counts run, longest; } extent;

/* Sum of rows [0, n) of four signals; x points to the first, `stride` in vectors. */
static inline evl_quad bin_run(const evl_quad *x, int stride, int64_t n, int step_n, extent *e) {
  evl_quad sum = {0}, before = x[-stride];
  extent here = *e;
  for (int64_t t = 0; t < n; t++, x += stride) {
    evl_quad now = *x, change = now - x[-step_n * stride];
    counts same = now == before;
    sum += now;
    before = now;
    here.low = evl_quad_min(here.low, now);
    here.high = evl_quad_max(here.high, now);
    here.rise = evl_quad_max(here.rise, change);
    here.fall = evl_quad_min(here.fall, change);
    here.run = (here.run + 1) & same;
    here.longest |= here.run;
  }
  *e = here;
  return sum;
}

/* One signal sample by sample, only where the vectors saw three equal samples or a limit: evl_cells.plateau and level. */
static int plateau(const evl_quality *q, const evl_looked *looked, const double *x, int64_t n, bool runs, int64_t before,
                   int64_t after, double *level) {
  int samples = 0;
  for (int64_t t = 0; t < n; t++) {
    const double *now = x + t * q->lanes;
    if (evl_saturation_limit(looked, now[-q->lanes], *now)) {
      *level = *now;
      return EVL_AT_LIMIT;
    }
    if (!runs || fabs(*now) < q->saturation_uv || *now != now[-q->lanes]) continue;
    int64_t end;
    int length = evl_saturation_plateau(q, looked, now, q->lanes, evl_lesser(before + t, q->search_n),
                                        evl_lesser(after + n - t, q->search_n), &end);
    if (length && (!samples || fabs(*now) > fabs(*level))) samples = length, *level = *now;
    else if (length && *now == *level) samples += length;
    t += end;
  }
  return samples;
}

/* Mean power of four signals in the fast band, and their means times cosine and sine of the line. */
static void fast_run(const evl_quality *q, const evl_quad *row, int64_t first, int64_t n, evl_quad *power, evl_quad *line) {
  int stride = q->lanes / 4;
  double begin = fmod((double)first * q->line_hz / q->fs_hz, 1.0) * 2 * M_PI;
  double c = cos(begin), s = sin(begin), turn_c = cos(q->turn), turn_s = sin(q->turn);
  *power = line[0] = line[1] = evl_quad_of(0);
  for (int64_t t = 0; t < n; t++, row += stride) {
    evl_quad even = row[0] * q->fast_tap[0], odd = {0};
    int i = 1;
    for (; i < q->fast_half; i += 2) {
      even = evl_quad_fma(evl_quad_of(q->fast_tap[i]), row[-i * stride] + row[i * stride], even);
      odd = evl_quad_fma(evl_quad_of(q->fast_tap[i + 1]), row[-(i + 1) * stride] + row[(i + 1) * stride], odd);
    }
    if (i == q->fast_half) even = evl_quad_fma(evl_quad_of(q->fast_tap[i]), row[-i * stride] + row[i * stride], even);
    even += odd;
    *power = evl_quad_fma(even, even, *power);
    line[0] = evl_quad_fma(even, evl_quad_of(c), line[0]);
    line[1] = evl_quad_fma(even, evl_quad_of(s), line[1]);
    double next = c * turn_c - s * turn_s;
    s = s * turn_c + c * turn_s;
    c = next;
  }
  *power /= (double)n;
  line[0] /= (double)n;
  line[1] /= (double)n;
}

/* Length of a run of equal samples in the cell as long as the flat ones of "neural"; 0: none. */
static int equal_run(const evl_quality *q, const double *x, int64_t n, int64_t before, int64_t after) {
  for (int64_t t = 0; t < n; t++) {
    const double *now = x + t * q->lanes;
    int64_t a = 0, b = 0;
    while (-a < evl_lesser(before + t, q->search_n) && now[(a - 1) * q->lanes] == *now) a--;
    while (b + 1 < evl_lesser(after + n - t, q->search_n) && now[(b + 1) * q->lanes] == *now) b++;
    if (b - a + 1 >= q->flat_n) return (int)(b - a + 1);
    t += b;
  }
  return 0;
}

/* Means of 10 ms of one signal in cell k; of 100 samples a second and less the sample at the time. */
static void tenths_run(const evl_quality *q, int64_t k, const double *x, int64_t first, int64_t last, double *tenth) {
  for (int i = 0; i < EVL_TENTHS; i++) {
    int64_t a = evl_sample_of(q, k * EVL_TENTHS + i, EVL_CELLS_S * EVL_TENTHS);
    int64_t b = evl_lesser(evl_sample_of(q, k * EVL_TENTHS + i + 1, EVL_CELLS_S * EVL_TENTHS), last);
    a = evl_lesser(evl_greater(a, first), last - 1);
    double sum = 0;
    for (int64_t t = a; t < b; t++) sum += x[(t - first) * q->lanes];
    tenth[i] = b > a ? sum / (double)(b - a) : x[(a - first) * q->lanes];
  }
}

/* Cell k of four signals; row 0 of x is its first sample. */
static void cell_run(const pass *p, int64_t k, int group, const double *x) {
  const evl_quality *q = p->q;
  const evl_quad *row = (const evl_quad *)(x + group);
  int64_t first = evl_sample_of(q, k, EVL_CELLS_S), last = evl_lesser(evl_sample_of(q, k + 1, EVL_CELLS_S), q->stretch_in);
  int stride = q->lanes / 4;
  evl_quad sum = {0}, square = {0}, bin[EVL_BINS], power, line[2];
  extent e = {.low = row[0], .high = row[0], .rise = evl_quad_of(-INFINITY), .fall = evl_quad_of(INFINITY)};
  e.run = (row[-stride] == row[-2 * stride]) & 1;
  int64_t at = first;
  for (int b = 0; b < EVL_BINS; b++) {
    int64_t end = b + 1 == EVL_BINS ? last : evl_sample_of(q, k * EVL_BINS + b + 1, EVL_BINS_S);
    end = evl_lesser(evl_greater(end, at), last);
    evl_quad here = bin_run(row + (at - first) * stride, stride, end - at, q->step_n, &e);
    sum += here;
    if (end > at) bin[b] = here / (double)(end - at);
    else bin[b] = row[(evl_lesser(at, last - 1) - first) * stride]; /* fewer than 50 samples a second */
    at = end;
  }
  sum /= (double)(last - first);
  for (int b = 0; b < EVL_BINS; b++) square = evl_quad_fma(bin[b], bin[b], square);
  fast_run(q, row, first, last - first, &power, line);
  for (int i = 0; i < 4 && group + i < p->n; i++) {
    evl_looked *looked = &p->looked[group + i];
    evl_cells *c = &looked->cells;
    int64_t j = k - q->begin;
    c->low[j] = e.low[i];
    c->high[j] = e.high[i];
    c->mean[j] = sum[i];
    c->rise[j] = e.rise[i];
    c->fall[j] = e.fall[i];
    c->fast[j] = power[i];
    c->square[j] = square[i] / EVL_BINS;
    c->line[2 * j] = line[0][i];
    c->line[2 * j + 1] = line[1][i];
    for (int b = 0; b < EVL_BINS; b++) c->bin[j * EVL_BINS + b] = bin[b][i];
    bool runs = e.longest[i] > 1 && fmax(e.high[i], -e.low[i]) >= q->saturation_uv;
    bool limits = e.high[i] >= looked->near_max || e.low[i] <= looked->near_min;
    if (c->tenth) tenths_run(q, k, x + group + i, first, last, c->tenth + j * EVL_TENTHS);
    if (q->set == EVL_QUALITY_neural) {
      c->plateau[j] = equal_run(q, x + group + i, last - first, first, q->stretch_in - last);
      continue;
    }
    c->plateau[j] = !runs && !limits ? 0
                                     : plateau(q, looked, x + group + i, last - first, runs, first, q->stretch_in - last,
                                               &c->level[j]);
  }
}

evl_status evl_quality_cells_run(evl_quality *q, evl_fetch fetch, void *context, int64_t from, int64_t to) {
  for (int i = 0; i < q->n; i++) memset(q->looked[i].cells.missing + (from - q->begin), 0, (size_t)(to - from));
  for (int first = 0; first < q->n; first += q->lanes) {
    pass p = {q, fetch, context, from, to, q->looked + first, (int)evl_lesser(q->lanes, q->n - first), 0, INT64_MIN};
    for (int64_t k = from; k < to; k += TILE_CELLS) {
      int64_t end = evl_lesser(k + TILE_CELLS, to);
      EVL_TRY(load_rows(&p, evl_sample_of(q, k, EVL_CELLS_S) - q->around,
                        evl_lesser(evl_sample_of(q, end, EVL_CELLS_S), q->stretch_in) + q->around));
      for (int64_t j = k; j < end; j++)
        for (int i = 0; i < p.n; i += 4)
          cell_run(&p, j, i, q->rows + (evl_sample_of(q, j, EVL_CELLS_S) - p.first) * q->lanes);
    }
  }
  return EVL_OK;
}
