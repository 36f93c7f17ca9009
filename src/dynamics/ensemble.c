/* ensemble: block bootstrap (Kuensch 1989, doi:10.1214/aos/1176347265) of a regression on sums of products.

   As many blocks as there are, drawn with replacement. Sums of eight resamples at a time are one product of matrices,
   of packed blocks and counts. Inclusion (Fasel et al. 2022, doi:10.1098/rspa.2021.0904) counts how often the whole
   choice, made anew, takes a term. Standard errors are those of least squares on the support chosen once: root mean
   square deviation from all blocks' over the resamples, times sqrt(n / (n - 1)) for n blocks, whose mean square the
   bootstrap knows with the divisor n; intervals are w +- t sd, t of n - 1 degrees of freedom because n blocks are all
   that the sd rests on. */
#include <string.h>

#include "ensemble_priv.h"

enum { TOGETHER = 8, FEWEST_BLOCKS = 4 };

typedef struct evl_ensemble_make {
  int n_blocks;
  size_t size;         /* of a packed block */
  double *packed;      /* [most_blocks][size] lower triangle of g, b, yy, n */
  double *sums;        /* [TOGETHER][size] */
  double *weight;      /* [TOGETHER][most_blocks] */
  evl_gram gram;       /* of a resample */
  evl_sparse *sparse;
  uint8_t *mask;       /* [d][p] the support */
  double *w;           /* [d][p] of a resample */
  double *centre;      /* [d][p] of all blocks, on the support */
} make;

static size_t packed_size(size_t p, size_t d) { return p * (p + 1) / 2 + d * p + d + 1; }

evl_status evl_ensemble_plan(int p, int d, int most_blocks, int n_resamples, double level, evl_arena *arena,
                             evl_ensemble **ensemble) {
  const size_t cells = (size_t)p * (size_t)d;
  evl_ensemble *e;
  make *m;
  EVL_NEW(arena, e, 1);
  EVL_NEW(arena, m, 1);
  *e = (evl_ensemble){.p = p, .d = d, .most_blocks = most_blocks, .n_resamples = n_resamples, .level = level,
                      .make = m};
  m->size = packed_size((size_t)p, (size_t)d);
  EVL_NEW(arena, e->inclusion, cells);
  EVL_NEW(arena, e->sd, cells);
  EVL_NEW(arena, e->low, cells);
  EVL_NEW(arena, e->high, cells);
  EVL_NEW(arena, m->packed, (size_t)most_blocks * m->size);
  EVL_NEW(arena, m->sums, TOGETHER * m->size);
  EVL_NEW(arena, m->weight, TOGETHER * most_blocks);
  EVL_NEW(arena, m->mask, cells);
  EVL_NEW(arena, m->w, cells);
  EVL_NEW(arena, m->centre, cells);
  EVL_TRY(evl_gram_plan(p, d, arena, &e->total));
  EVL_TRY(evl_gram_plan(p, d, arena, &m->gram));
  EVL_TRY(evl_sparse_plan(p, d, arena, &m->sparse));
  *ensemble = e;
  return EVL_OK;
}

static void pack(const evl_gram *gram, double *to) {
  const size_t p = (size_t)gram->p, d = (size_t)gram->d;
  for (size_t c = 0; c < p; c++) {
    memcpy(to, gram->g + c * p + c, (p - c) * sizeof *to);
    to += p - c;
  }
  memcpy(to, gram->b, d * p * sizeof *to);
  memcpy(to + d * p, gram->yy, d * sizeof *to);
  to[d * p + d] = gram->n;
}

static void unpack(const double *from, evl_gram *gram) {
  const size_t p = (size_t)gram->p, d = (size_t)gram->d;
  for (size_t c = 0; c < p; c++) {
    memcpy(gram->g + c * p + c, from, (p - c) * sizeof *from);
    from += p - c;
    for (size_t r = c + 1; r < p; r++) gram->g[r * p + c] = gram->g[c * p + r];
  }
  memcpy(gram->b, from, d * p * sizeof *from);
  memcpy(gram->yy, from + d * p, d * sizeof *from);
  gram->n = from[d * p + d];
}

void evl_ensemble_begin(evl_ensemble *e, int n_blocks, const evl_gram *block) {
  make *m = e->make;
  m->n_blocks = n_blocks;
  evl_gram_clear(&e->total);
  for (int k = 0; k < n_blocks; k++) {
    evl_gram_add(&e->total, 1.0, &block[k]);
    pack(&block[k], m->packed + (size_t)k * m->size);
  }
}

double evl_student_bound(double level, double degrees) {
  const double x = evl_beta_quantile(1.0 - level, 0.5 * degrees, 0.5);
  return sqrt(degrees * (1.0 - x) / x);
}

static void draw(const make *m, double *weight, evl_random *random) {
  for (int k = 0; k < m->n_blocks; k++) weight[k] = 0.0;
  for (int k = 0; k < m->n_blocks; k++) weight[evl_random_below(random, (uint64_t)m->n_blocks)] += 1.0;
}

/* The present resample, chosen anew: adds to the counts. */
static void choose_again(evl_ensemble *e, const double *weight, evl_ensemble_choose *choose, void *context) {
  make *m = e->make;
  if (choose(context, weight, &m->gram, m->w) != EVL_FIT_DONE) return;
  e->n_done++;
  for (size_t i = 0; i < (size_t)e->p * (size_t)e->d; i++) e->inclusion[i] += m->w[i] != 0.0;
}

/* Least squares on the support. False: collinear there. */
static bool refit(evl_ensemble *e, const evl_gram *gram, double *w) {
  make *m = e->make;
  for (int j = 0; j < e->d; j++) {
    const size_t at = (size_t)j * (size_t)e->p;
    const evl_fit fit = evl_sparse_least_squares(m->sparse, gram, j, m->mask + at, 0.0, w + at);
    if (fit != EVL_FIT_DONE && fit != EVL_FIT_EMPTY) return false;
  }
  return true;
}

/* The present resample on the support: adds squared deviations to sd. */
static bool spread(evl_ensemble *e) {
  make *m = e->make;
  if (!refit(e, &m->gram, m->w)) return false;
  for (size_t i = 0; i < (size_t)e->p * (size_t)e->d; i++)
    e->sd[i] += (m->w[i] - m->centre[i]) * (m->w[i] - m->centre[i]);
  return true;
}

evl_fit evl_ensemble_run(evl_ensemble *e, const double *w, evl_ensemble_choose *choose, void *context,
                         evl_random *random) {
  make *m = e->make;
  const size_t cells = (size_t)e->p * (size_t)e->d;
  const int n = m->n_blocks;
  int refitted = 0;
  memset(e->inclusion, 0, cells * sizeof(double));
  memset(e->sd, 0, cells * sizeof(double));
  e->n_done = 0;
  if (n < FEWEST_BLOCKS) return EVL_FIT_SHORT;
  for (size_t i = 0; i < cells; i++) m->mask[i] = w[i] != 0.0;
  if (!refit(e, &e->total, m->centre)) return EVL_FIT_COLLINEAR;
  for (int first = 0; first < e->n_resamples; first += TOGETHER) {
    const int together = e->n_resamples - first < TOGETHER ? e->n_resamples - first : TOGETHER;
    for (int k = 0; k < together; k++) draw(m, m->weight + k * n, random);
    evl_gemm(false, false, (int)m->size, together, n, 1.0, m->packed, (int)m->size, m->weight, n, 0.0, m->sums,
             (int)m->size);
    for (int k = 0; k < together; k++) {
      unpack(m->sums + (size_t)k * m->size, &m->gram);
      choose_again(e, m->weight + k * n, choose, context);
      refitted += spread(e);
    }
  }
  if (2 * e->n_done < e->n_resamples || 2 * refitted < e->n_resamples) return EVL_FIT_UNSETTLED;
  const double t = evl_student_bound(e->level, n - 1.0);
  for (size_t i = 0; i < cells; i++) {
    e->inclusion[i] /= e->n_done;
    e->sd[i] = sqrt(e->sd[i] / refitted * n / (n - 1.0));
    e->low[i] = w[i] - t * e->sd[i];
    e->high[i] = w[i] + t * e->sd[i];
  }
  return EVL_FIT_DONE;
}
