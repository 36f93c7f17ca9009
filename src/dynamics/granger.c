/* granger: Granger causality of every pair from one fit: to drop a channel's lags from normal equations needs no fit of
   its own. With G = L L' the lag products and beta the coefficients, leaving out the rows J raises the (penalised) sum
   of squares of a target by beta_J' inv((inv G)_JJ) beta_J, exactly. */
#include <string.h>

#include "var_priv.h"

/* Normal equations solved for n channels. */
typedef struct model {
  int n, order;
  double *inverse;        /* (order n)^2: inv(L), lower */
  const double *beta;     /* (order n) x n */
  double *residual;       /* n x n penalised products */
} model;

typedef struct kernel {
  evl_var *var;
  evl_transfer transfer;
  model all, pair;
  double *gram, *beta;    /* of a pair: (2 order)^2, its factor; (2 order) x 2 */
  double *dropped;        /* order x order: (inv G)_JJ, its factor */
  double *raised;         /* order x n: a source's coefficients to all targets */
  double *causality;      /* [n] */
} kernel;

static const evl_param params[] = {EVL_VAR_PARAMS, EVL_TRANSFER_PARAMS, {0}};

enum { FORWARD, BACKWARD, PAIR_FORWARD, PAIR_BACKWARD, BAND_FORWARD, BAND_BACKWARD };

static const evl_output outputs[] = {
    [FORWARD] = {"forward", EVL_PER_PAIR, NULL, false, "nats", 0.0, INFINITY,
                 "From the first channel to the second, given the past of all others."},
    [BACKWARD] = {"backward", EVL_PER_PAIR, NULL, false, "nats", 0.0, INFINITY, "The same, second to first."},
    [PAIR_FORWARD] = {"pair_forward", EVL_PER_PAIR, NULL, false, "nats", 0.0, INFINITY,
                      "From the first channel to the second, the pair alone."},
    [PAIR_BACKWARD] = {"pair_backward", EVL_PER_PAIR, NULL, false, "nats", 0.0, INFINITY,
                       "The same, second to first."},
    [BAND_FORWARD] = {"band_forward", EVL_PER_PAIR, "bands", false, "nats", 0.0, INFINITY,
                      "Geweke's spectral measure, first to second, the pair alone: mean over the band."},
    [BAND_BACKWARD] = {"band_backward", EVL_PER_PAIR, "bands", false, "nats", 0.0, INFINITY,
                       "The same, second to first."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_var_plan(p, shape, "granger", shape->n_samples, 0, products, arena, &k->var));
  EVL_TRY(evl_transfer_plan(p, shape, "granger", &k->transfer, arena));
  const size_t c = (size_t)shape->n_channels, lags = (size_t)k->var->spec.max_order, rows = lags * c;
  EVL_NEW(arena, k->all.inverse, rows * rows);
  EVL_NEW(arena, k->all.residual, c * c);
  EVL_NEW(arena, k->pair.inverse, 4 * lags * lags);
  EVL_NEW(arena, k->pair.residual, 4);
  EVL_NEW(arena, k->gram, 4 * lags * lags);
  EVL_NEW(arena, k->beta, 4 * lags);
  EVL_NEW(arena, k->dropped, lags * lags);
  EVL_NEW(arena, k->raised, lags * c);
  EVL_NEW(arena, k->causality, c > 2 ? c : 2);
  *planned = k;
  return EVL_OK;
}

static void invert_factor(const double *factor, int ld, int rows, double *inverse) {
  memset(inverse, 0, (size_t)rows * (size_t)rows * sizeof *inverse);
  for (int r = 0; r < rows; r++) inverse[(size_t)r * (size_t)rows + (size_t)r] = 1.0;
  evl_solve_lower(false, rows, rows, factor, ld, inverse, rows);
}

static double dot(const double *a, const double *b, int n, int step) {
  double sum = 0.0;
  for (int i = 0; i < n; i++) sum += a[i * step] * b[i * step];
  return sum;
}

/* Causality of channel j on every channel of the model: ln of the residuals without its lags over those with. False
   where (inv G)_JJ is not regular. */
static bool drop(kernel *k, const model *m, int j) {
  const int p = m->order, n = m->n, rows = p * n;
  for (int b = 0; b < p; b++)
    for (int a = b; a < p; a++) {
      const int first = a * n + j; /* above it the inverse is 0 */
      const double *x = m->inverse + (size_t)first * (size_t)rows;
      const double *y = m->inverse + (size_t)(b * n + j) * (size_t)rows;
      k->dropped[b * p + a] = dot(x + first, y + first, rows - first, 1);
    }
  if (evl_cholesky(p, k->dropped, p) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  for (int i = 0; i < n; i++)
    for (int a = 0; a < p; a++) k->raised[i * p + a] = m->beta[i * rows + a * n + j];
  evl_solve_lower(false, p, n, k->dropped, p, k->raised, p);
  for (int i = 0; i < n; i++)
    k->causality[i] = log1p(dot(k->raised + i * p, k->raised + i * p, p, 1) / m->residual[i * n + i]);
  return true;
}

/* Normal equations of channels a and b of the fit: their lag products are rows of L times rows of L. */
static bool fit_pair(kernel *k, int a, int b) {
  const evl_var *v = k->var;
  const int channel[2] = {a, b}, rows = 2 * v->order, m = v->n_used;
  int ld, ld_half;
  const double *factor = evl_var_factor(v, &ld), *half = evl_var_solved(v, &ld_half);
  for (int s = 0; s < rows; s++) {
    const int at_s = s / 2 * m + channel[s % 2];
    for (int r = s; r < rows; r++) {
      const int at_r = r / 2 * m + channel[r % 2], most = at_r < at_s ? at_r : at_s;
      k->gram[s * rows + r] = dot(factor + at_r, factor + at_s, most + 1, ld);
    }
    for (int i = 0; i < 2; i++) {
      const double *column = half + (size_t)channel[i] * (size_t)ld_half;
      double sum = 0.0;
      for (int t = 0; t <= at_s; t++) sum += factor[(size_t)t * (size_t)ld + (size_t)at_s] * column[t];
      k->beta[i * rows + s] = sum;
    }
  }
  if (evl_cholesky(rows, k->gram, rows) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  evl_solve_lower(false, rows, 2, k->gram, rows, k->beta, rows);
  const double *present = v->gram; /* products of the present with itself */
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++)
      k->pair.residual[i * 2 + j] =
          present[(size_t)channel[i < j ? i : j] * (size_t)(ld) + (size_t)channel[i < j ? j : i]] -
          dot(k->beta + i * rows, k->beta + j * rows, rows, 1);
  evl_solve_lower(true, rows, 2, k->gram, rows, k->beta, rows);
  invert_factor(k->gram, rows, rows, k->pair.inverse);
  k->pair.n = 2;
  k->pair.order = v->order;
  k->pair.beta = k->beta;
  return k->pair.residual[0] > 0.0 && k->pair.residual[3] > 0.0;
}

/* ln(S_ii / (S_ii less what channel j's own noise brings)), Geweke's eq. for a pair; i, j = 0, 1. */
static double spectral(const kernel *k, int i, int j) {
  const double *r = k->pair.residual, *re = k->transfer.h, *im = k->transfer.h + 4;
  const double shared = r[i * 2 + j] / r[i * 2 + i];
  const double own = hypot(re[i * 2 + i] + shared * re[i * 2 + j], im[i * 2 + i] + shared * im[i * 2 + j]);
  const double other = hypot(re[i * 2 + j], im[i * 2 + j]);
  const double alone = fmax(r[j * 2 + j] - r[i * 2 + j] * shared, 0.0); /* rounding, where the noises are the same */
  return log1p(alone * other * other / (r[i * 2 + i] * own * own));
}

static void put_bands(kernel *k, size_t pairs, size_t pair, evl_out *out) {
  evl_transfer *t = &k->transfer;
  const size_t n_bands = (size_t)t->n_bands;
  for (size_t b = 0; b < n_bands; b++) {
    double forward = 0.0, backward = 0.0;
    if (t->band[b].end == 0) continue;
    for (int f = t->band[b].first; f < t->band[b].end; f++) {
      if (!evl_transfer_at(t, k->beta, 2 * k->var->order, 2, k->var->order, f)) forward = NAN;
      forward += spectral(k, 1, 0);
      backward += spectral(k, 0, 1);
    }
    const int n = t->band[b].end - t->band[b].first;
    evl_put(out, (BAND_FORWARD + b) * pairs + pair, forward / n);
    evl_put(out, (BAND_FORWARD + n_bands + b) * pairs + pair, isfinite(forward) ? backward / n : NAN);
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  const evl_var *v = k->var;
  const int n = window->n_channels, why = evl_var_fit(k->var, window);
  const size_t pairs = (size_t)n * (size_t)(n - 1) / 2;
  if (why != EVL_WHY_VALUE) {
    memset(out->why, why, (BAND_FORWARD + 2 * (size_t)k->transfer.n_bands) * pairs);
    return;
  }
  int ld;
  const double *factor = evl_var_factor(v, &ld);
  k->all.n = v->n_used;
  k->all.order = v->order;
  k->all.beta = v->beta;
  evl_var_residual(v, k->all.residual);
  invert_factor(factor, ld, v->order * v->n_used, k->all.inverse);
  for (int j = 0; j < v->n_used; j++) {
    if (!drop(k, &k->all, j)) continue;
    for (int i = 0; i < v->n_used; i++) {
      if (i < j) evl_put(out, BACKWARD * pairs + evl_var_pair(n, v->used[i], v->used[j]), k->causality[i]);
      if (i > j) evl_put(out, FORWARD * pairs + evl_var_pair(n, v->used[j], v->used[i]), k->causality[i]);
    }
  }
  for (int a = 0; a < v->n_used; a++)
    for (int b = a + 1; b < v->n_used; b++) {
      const size_t pair = evl_var_pair(n, v->used[a], v->used[b]);
      if (!fit_pair(k, a, b)) continue;
      if (drop(k, &k->pair, 0)) evl_put(out, PAIR_FORWARD * pairs + pair, k->causality[1]);
      if (drop(k, &k->pair, 1)) evl_put(out, PAIR_BACKWARD * pairs + pair, k->causality[0]);
      put_bands(k, pairs, pair, out);
    }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double c = shape->n_channels, lags = evl_var_lags(p), rows = c * lags;
  return evl_transfer_cost_us(p, shape) + 1e-4 * rows * rows * rows +
         c * (c - 1.0) * (10.0 + 3e-4 * lags * lags * rows);
}

const evl_entry evl_model_granger = {
    .name = "granger",
    .summary = "Granger causality between channels, given all others and in pairs, in time and by frequency.",
    .definition =
        "forward: F_{x -> y | z} = ln(s_y(without the past of x) / s_y), s_y the residual variance of y in the vector "
        "autoregression of all channels (see var), both fits by the same normal equations; n F of independent channels "
        "is chi-squared with as many degrees as lags. pair_forward: the same in the model of two channels. "
        "band_forward: mean over the band of f_{x -> y}(f) = ln(S_yy / (S_yy - (s_xx - s_xy^2 / s_yy) |H_yx|^2)). The "
        "whole window is fitted. An average reference makes each channel minus the sum of the others, so that given "
        "all others nothing is left to tell: take another reference for forward and backward. Sampling much faster than "
        "the signal changes asks for high orders: resample to about three times the highest frequency of interest.",
    .cite = "Granger 1969, doi:10.2307/1912791; Geweke 1982, doi:10.1080/01621459.1982.10477803 (pairs, frequencies); "
            "Geweke 1984, doi:10.1080/01621459.1984.10477110 (given the others); Barnett and Seth 2014, "
            "doi:10.1016/j.jneumeth.2013.10.018",
    .version = 2,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
