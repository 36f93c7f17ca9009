/* choice: the support from the moments of a weak form and their covariance over blocks.

   The covariance is that of sums over blocks of a series, neighbours counted together, because one window's noise
   reaches into the next block. It is shrunk to the covariance that residuals without structure would have, the
   products of rows, by the share that makes the expected squared error least (Ledoit and Wolf 2004,
   doi:10.1016/S0047-259X(03)00096-4, eq. 14): a covariance of p moments from few blocks is else so badly known that J
   means nothing. It depends on the coefficients, hence is made anew with those found until the support stays. */
#include <string.h>

#include "weak_priv.h"

enum { FEWEST_BLOCKS = 8, ROUNDS = 5, NEAR = 16 };
static const double INEXACT = 1e-3; /* of a target's rms: residuals that the equations need not explain */
static const double RIDGE = 1e-10;  /* of a row's square, so that collinear terms have a covariance */

typedef struct evl_choice_make {
  int most_blocks, m;
  evl_subset *subset;
  int *index, *term, *before; /* [p] terms that may enter; chosen ones of these, now and a round ago */
  double *scale;             /* [p] 1 / root mean square of rows */
  double *shape, *a;         /* m x m factor of the products of rows; inv(shape) A */
  double *moment;            /* [m] inv(shape) B */
  double *score;             /* [most_blocks][m] */
  double *covariance, *white, *gram; /* m x m */
  double *white_moment, *gram_moment, *w, *variance, *unit; /* [m] */
} make;

evl_status evl_choice_plan(int p, int d, int most_blocks, evl_arena *arena, evl_choice **choice) {
  const size_t square = (size_t)p * (size_t)p, all = (size_t)p * (size_t)d;
  evl_choice *c;
  make *m;
  EVL_NEW(arena, c, 1);
  EVL_NEW(arena, m, 1);
  *c = (evl_choice){.p = p, .d = d, .make = m};
  m->most_blocks = most_blocks;
  EVL_NEW(arena, c->fit, d);
  EVL_NEW(arena, c->mask, all);
  EVL_NEW(arena, c->near, all);
  EVL_NEW(arena, c->w, all);
  EVL_NEW(arena, c->sd, all);
  EVL_NEW(arena, c->j, d);
  EVL_NEW(arena, c->score, d);
  EVL_TRY(evl_subset_plan(p, arena, &m->subset));
  EVL_NEW(arena, m->index, p);
  EVL_NEW(arena, m->term, p);
  EVL_NEW(arena, m->scale, p);
  EVL_NEW(arena, m->shape, square);
  EVL_NEW(arena, m->a, square);
  EVL_NEW(arena, m->moment, p);
  EVL_NEW(arena, m->score, (size_t)(2 * most_blocks) * (size_t)p);
  EVL_NEW(arena, m->covariance, square);
  EVL_NEW(arena, m->white, square);
  EVL_NEW(arena, m->gram, square);
  EVL_NEW(arena, m->white_moment, p);
  EVL_NEW(arena, m->gram_moment, p);
  EVL_NEW(arena, m->w, p);
  EVL_NEW(arena, m->variance, p);
  EVL_NEW(arena, m->unit, p);
  EVL_NEW(arena, m->before, p);
  *choice = c;
  return EVL_OK;
}

static double weight_of(const double *weight, int k) { return weight ? weight[k] : 1.0; }

/* Terms in use and A, made regular: in units in which rows have the products 1. */
static bool begin(make *m, const evl_weak *weak, const double *weight, const uint8_t *allowed) {
  const size_t p = (size_t)weak->block[0].p;
  m->m = 0;
  for (size_t i = 0; i < p; i++) {
    const double own = weak->shape[i * p + i];
    if ((allowed && !allowed[i]) || !(own > 0.0) || !isfinite(own)) continue;
    m->scale[m->m] = 1.0 / sqrt(own);
    m->index[m->m++] = (int)i;
  }
  const size_t n = (size_t)m->m;
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < n; i++) {
      const size_t at = (size_t)m->index[k] * p + (size_t)m->index[i];
      const double unit = m->scale[k] * m->scale[i];
      double sum = 0.0;
      for (int block = 0; block < weak->n_blocks; block++) sum += weight_of(weight, block) * weak->block[block].g[at];
      m->shape[k * n + i] = weak->shape[at] * unit + (i == k ? RIDGE : 0.0);
      m->a[k * n + i] = sum * unit;
    }
  if (n == 0 || evl_cholesky(m->m, m->shape, m->m) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  evl_solve_lower(false, m->m, m->m, m->shape, m->m, m->a, m->m);
  return true;
}

/* Sums over each block of row times residual, neighbours of a series together: score [returned][m] with the sum of
   squares sum_k s_k^2 + s_k s_{k+1}. */
static int make_scores(make *m, const evl_weak *weak, const double *weight, int j, const double *w) {
  const size_t p = (size_t)weak->block[0].p, n = (size_t)m->m;
  int rows = 0;
  for (int k = 0; k < weak->n_blocks; k++) {
    const evl_gram *block = &weak->block[k];
    const double share = sqrt(0.5 * weight_of(weight, k));
    const bool joined = k > 0 && weak->series[k] == weak->series[k - 1];
    double *before = m->score + (size_t)(joined ? rows - 1 : rows) * n, *after = before + n;
    if (!joined) memset(before, 0, n * sizeof *before);
    for (size_t i = 0; i < n; i++) {
      double score = block->b[(size_t)j * p + (size_t)m->index[i]];
      const double *row = block->g + (size_t)m->index[i] * p;
      for (size_t l = 0; l < n; l++)
        if (w[l] != 0.0) score -= row[m->index[l]] * w[l] * m->scale[l];
      score *= share * m->scale[i];
      before[i] += score;
      after[i] = score;
    }
    rows += joined ? 1 : 2;
  }
  return rows;
}

/* Their covariance over that of structureless residuals, shrunk to a multiple of 1: factor to covariance. */
static bool make_covariance(make *m, int rows, double blocks, double floor) {
  const int n = m->m;
  const size_t square = (size_t)n * (size_t)n;
  evl_solve_lower(false, n, rows, m->shape, n, m->score, n);
  evl_gemm(false, true, n, n, rows, 1.0 / blocks, m->score, n, m->score, n, 0.0, m->covariance, n);
  double mean = 0.0, spread = 0.0, squares = 0.0, fourth = 0.0;
  for (int i = 0; i < n; i++) mean += m->covariance[i * n + i] / n;
  for (size_t i = 0; i < square; i++) squares += m->covariance[i] * m->covariance[i];
  spread = squares - n * mean * mean;
  for (int r = 0; r < rows; r++) {
    double length = 0.0;
    for (int i = 0; i < n; i++) length += m->score[r * n + i] * m->score[r * n + i];
    fourth += length * length;
  }
  const double error = (fourth / blocks - squares) / blocks;
  const double share = spread > 0.0 ? fmin(1.0, fmax(0.0, error / spread)) : 1.0;
  for (size_t i = 0; i < square; i++) m->covariance[i] *= (1.0 - share) * blocks;
  for (int i = 0; i < n; i++) m->covariance[i * n + i] += share * mean * blocks + floor;
  if (evl_cholesky(n, m->covariance, n) == EVL_OK) return true;
  evl_error_clear();
  return false;
}

/* J(w) = yy - 2 w' b + w' G w, in units in which G has the diagonal 1; m->unit to those of rows. False: collinear. */
static bool make_problem(make *m, const double *factor, double *yy) {
  const int n = m->m;
  double *unit = m->unit;
  const size_t bytes = (size_t)n * (size_t)n * sizeof(double);
  memcpy(m->white, m->a, bytes);
  memcpy(m->white_moment, m->moment, (size_t)n * sizeof(double));
  if (factor) {
    evl_solve_lower(false, n, n, factor, n, m->white, n);
    evl_solve_lower(false, n, 1, factor, n, m->white_moment, n);
  }
  evl_gemm(true, false, n, n, n, 1.0, m->white, n, m->white, n, 0.0, m->gram, n);
  evl_gemm(true, false, n, 1, n, 1.0, m->white, n, m->white_moment, n, 0.0, m->gram_moment, n);
  *yy = 0.0;
  for (int i = 0; i < n; i++) *yy += m->white_moment[i] * m->white_moment[i];
  for (int i = 0; i < n; i++) {
    const double own = m->gram[i * n + i];
    if (!(own > 0.0) || !isfinite(own)) return false;
    unit[i] = 1.0 / sqrt(own);
  }
  for (int k = 0; k < n; k++) {
    for (int i = 0; i < n; i++) m->gram[k * n + i] *= unit[k] * unit[i];
    m->gram_moment[k] *= unit[k];
  }
  return true;
}

/* Weights of k terms of the present problem to w, 0 elsewhere, and their variances. */
static bool solve(make *m, const int *term, int k, double *w, double *variance) {
  const int n = m->m;
  const double *unit = m->unit;
  double *g = m->white, *e = m->score; /* what made the problem is done with */
  for (int a = 0; a < k; a++)
    for (int b = 0; b < k; b++) g[a * k + b] = m->gram[term[a] * n + term[b]];
  memset(w, 0, (size_t)n * sizeof *w);
  if (variance) memset(variance, 0, (size_t)n * sizeof *variance);
  if (k == 0) return true;
  if (evl_cholesky(k, g, k) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  for (int a = 0; a < k; a++) w[a] = m->gram_moment[term[a]];
  evl_cholesky_solve(k, 1, g, k, w, k);
  for (int a = k - 1; a >= 0; a--) {
    const double value = w[a] * unit[term[a]];
    w[a] = 0.0;
    w[term[a]] = value;
  }
  for (int a = 0; variance && a < k; a++) {
    memset(e, 0, (size_t)k * sizeof *e);
    e[a] = 1.0;
    evl_solve_lower(false, k, 1, g, k, e, k);
    for (int i = a; i < k; i++) variance[term[a]] += e[i] * e[i];
    variance[term[a]] *= unit[term[a]] * unit[term[a]];
  }
  return true;
}

/* Of the coefficients of all terms. */
static double mean_log_variance(make *m) {
  const int n = m->m;
  double sum = 0.0;
  memcpy(m->white, m->gram, (size_t)n * (size_t)n * sizeof(double));
  if (evl_cholesky(n, m->white, n) != EVL_OK) {
    evl_error_clear();
    return INFINITY;
  }
  for (int i = 0; i < n; i++) sum += 2.0 * log(m->unit[i] * m->scale[i]);
  return (sum - evl_cholesky_log_determinant(n, m->white, n)) / n;
}

static void refuse(evl_choice *c, int j, evl_fit fit) {
  const size_t p = (size_t)c->p;
  c->fit[j] = fit;
  c->j[j] = c->score[j] = NAN;
  memset(c->mask + (size_t)j * p, 0, p);
  memset(c->near + (size_t)j * p, 0, p);
  memset(c->w + (size_t)j * p, 0, p * sizeof(double));
  memset(c->sd + (size_t)j * p, 0, p * sizeof(double));
}

/* The chosen terms, and those that would lower J most beside them. */
static void put_near(evl_choice *c, int j, int k) {
  const make *m = c->make;
  uint8_t *near = c->near + (size_t)j * (size_t)c->p;
  int also[NEAR];
  const int n = evl_subset_next(m->subset, m->m, m->gram, m->gram_moment, m->term, k, also, NEAR);
  for (int a = 0; a < k; a++) near[m->index[m->term[a]]] = 1;
  for (int a = 0; a < n; a++) near[m->index[also[a]]] = 1;
}

static void put(evl_choice *c, int j, int k, double residual, double score) {
  const make *m = c->make;
  refuse(c, j, k > 0 ? EVL_FIT_DONE : EVL_FIT_EMPTY);
  c->j[j] = residual;
  c->score[j] = score;
  for (int a = 0; a < k; a++) {
    const int i = m->term[a];
    const size_t at = (size_t)j * (size_t)c->p + (size_t)m->index[i];
    c->mask[at] = 1;
    c->w[at] = m->w[i] * m->scale[i];
    c->sd[at] = sqrt(m->variance[i]) * m->scale[i];
  }
  put_near(c, j, k);
}

static bool same(const int *a, int na, const int *b, int nb) {
  return na == nb && !memcmp(a, b, (size_t)na * sizeof *a);
}

/* Moments of target j, what a term costs, and the weights of all terms under the covariance of structureless
   residuals. */
static bool begin_target(const evl_choice *c, const evl_weak *weak, const double *weight, int j, double *floor,
                         double *price) {
  make *m = c->make;
  double yy = 0.0, n = 0.0, residual;
  for (int i = 0; i < m->m; i++) m->moment[i] = 0.0;
  for (int k = 0; k < weak->n_blocks; k++) {
    const evl_gram *block = &weak->block[k];
    const double times = weight_of(weight, k), *b = block->b + (size_t)j * (size_t)c->p;
    yy += times * block->yy[j];
    n += times * block->n;
    for (int i = 0; i < m->m; i++) m->moment[i] += times * b[m->index[i]] * m->scale[i];
  }
  evl_solve_lower(false, m->m, 1, m->shape, m->m, m->moment, m->m);
  *floor = INEXACT * INEXACT * yy / n;
  *price = log(n) + 2.0 * log((double)c->p * c->d);
  for (int i = 0; i < m->m; i++) m->term[i] = i;
  return make_problem(m, NULL, &residual) && solve(m, m->term, m->m, m->w, NULL);
}

/* The problem under the covariance that goes with the present weights. */
static bool begin_round(make *m, const evl_weak *weak, const double *weight, int j, double floor, double *residual) {
  const int rows = make_scores(m, weak, weight, j, m->w);
  double blocks = 0.0;
  for (int k = 0; k < weak->n_blocks; k++) blocks += weight_of(weight, k);
  return make_covariance(m, rows, blocks, floor) && make_problem(m, m->covariance, residual);
}

static void choose(evl_choice *c, const evl_weak *weak, const double *weight, int j) {
  make *m = c->make;
  double floor, price, residual, found = NAN;
  int k = m->m, before = -1;
  bool regular = begin_target(c, weak, weight, j, &floor, &price);
  for (int round = 0; regular && round < ROUNDS && !same(m->term, k, m->before, before); round++) {
    before = k;
    memcpy(m->before, m->term, (size_t)k * sizeof *m->term);
    if (!(regular = begin_round(m, weak, weight, j, floor, &residual))) break;
    k = evl_subset_search(m->subset, m->m, m->gram, m->gram_moment, residual, price, m->term, &found);
    regular = solve(m, m->term, k, m->w, m->variance);
  }
  if (!regular) {
    refuse(c, j, EVL_FIT_COLLINEAR);
    return;
  }
  put(c, j, k, found, found + price * k);
}

static bool enough(const evl_choice *c, const evl_weak *weak) {
  return weak->n_blocks >= FEWEST_BLOCKS && weak->n_blocks <= c->make->most_blocks;
}

void evl_choice_run(evl_choice *c, const evl_weak *weak, const double *weight, const uint8_t *allowed) {
  bool regular = false;
  for (int j = 0; j < c->d; j++) {
    if (enough(c, weak) && (j == 0 || allowed))
      regular = begin(c->make, weak, weight, allowed ? allowed + (size_t)j * (size_t)c->p : NULL);
    if (regular) choose(c, weak, weight, j);
    else refuse(c, j, enough(c, weak) ? EVL_FIT_COLLINEAR : EVL_FIT_SHORT);
  }
}

double evl_choice_variance(evl_choice *c, const evl_weak *weak) {
  make *m = c->make;
  double floor, price, residual, sum = 0.0;
  if (!enough(c, weak) || !begin(m, weak, NULL, NULL)) return INFINITY;
  for (int j = 0; j < c->d; j++) {
    if (!begin_target(c, weak, NULL, j, &floor, &price) || !begin_round(m, weak, NULL, j, floor, &residual))
      return INFINITY;
    sum += mean_log_variance(m);
  }
  return sum / c->d;
}
