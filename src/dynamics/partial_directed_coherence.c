/* partial_directed_coherence: the partial directed coherence of every pair, plain and generalised, in bands. */
#include <string.h>

#include "var_priv.h"

typedef struct kernel {
  evl_var *var;
  evl_transfer transfer;
  double *residual; /* n x n */
  double *column;   /* [2][n] squares of the outflow of a source: plain, generalised */
  double *sum;      /* [2][n][n] over the band: plain, generalised; to, from */
} kernel;

static const evl_param params[] = {EVL_VAR_PARAMS, EVL_TRANSFER_PARAMS, {0}};

enum { KINDS = 2 };

static const evl_output outputs[] = {
    {"forward", EVL_PER_PAIR, "bands", false, "1", 0.0, 1.0,
     "From the first channel to the second: mean over the band of the share of the first's outflow."},
    {"backward", EVL_PER_PAIR, "bands", false, "1", 0.0, 1.0, "The same, second to first."},
    {"generalised_forward", EVL_PER_PAIR, "bands", false, "1", 0.0, 1.0,
     "The same, first to second, in units of the sd of the targets' noise."},
    {"generalised_backward", EVL_PER_PAIR, "bands", false, "1", 0.0, 1.0, "The same, second to first."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_var_plan(p, shape, "partial_directed_coherence", shape->n_samples, 0, products, arena, &k->var));
  EVL_TRY(evl_transfer_plan(p, shape, "partial_directed_coherence", &k->transfer, arena));
  const size_t c = (size_t)shape->n_channels;
  EVL_NEW(arena, k->residual, c * c);
  EVL_NEW(arena, k->column, 2 * c);
  EVL_NEW(arena, k->sum, 2 * c * c);
  *planned = k;
  return EVL_OK;
}

static double square(const evl_transfer *t, int n, int i, int j) {
  const double re = t->a[i * n + j], im = t->a[n * n + i * n + j];
  return re * re + im * im;
}

static void add_frequency(kernel *k) {
  const evl_transfer *t = &k->transfer;
  const int n = k->var->n_used;
  double *plain = k->column, *generalised = k->column + n;
  memset(k->column, 0, 2 * (size_t)n * sizeof *k->column);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      plain[j] += square(t, n, i, j);
      generalised[j] += square(t, n, i, j) / k->residual[i * n + i];
    }
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      k->sum[i * n + j] += square(t, n, i, j) / plain[j];
      k->sum[n * n + i * n + j] += square(t, n, i, j) / k->residual[i * n + i] / generalised[j];
    }
}

static void put_band(const kernel *k, int n_channels, int b, evl_out *out) {
  const evl_transfer *t = &k->transfer;
  const evl_var *v = k->var;
  const size_t pairs = (size_t)n_channels * (size_t)(n_channels - 1) / 2, bands = (size_t)t->n_bands;
  const int n = v->n_used, width = t->band[b].end - t->band[b].first;
  for (size_t kind = 0; kind < KINDS; kind++) {
    const double *sum = k->sum + kind * (size_t)(n * n);
    for (int x = 0; x < n; x++)
      for (int y = x + 1; y < n; y++) {
        const size_t pair = evl_var_pair(n_channels, v->used[x], v->used[y]);
        evl_put(out, (2 * kind * bands + (size_t)b) * pairs + pair, sum[y * n + x] / width);
        evl_put(out, ((2 * kind + 1) * bands + (size_t)b) * pairs + pair, sum[x * n + y] / width);
      }
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  evl_transfer *t = &k->transfer;
  const evl_var *v = k->var;
  const size_t pairs = (size_t)window->n_channels * (size_t)(window->n_channels - 1) / 2;
  const int why = evl_var_fit(k->var, window);
  if (why != EVL_WHY_VALUE) {
    memset(out->why, why, 2 * KINDS * (size_t)t->n_bands * pairs);
    return;
  }
  evl_var_residual(v, k->residual);
  for (int b = 0; b < t->n_bands; b++) {
    if (t->band[b].end == 0) continue;
    memset(k->sum, 0, 2 * (size_t)v->n_used * (size_t)v->n_used * sizeof *k->sum);
    for (int f = t->band[b].first; f < t->band[b].end; f++) {
      evl_transfer_denominator(t, v->beta, v->order * v->n_used, v->n_used, v->order, f);
      add_frequency(k);
    }
    put_band(k, window->n_channels, b, out);
  }
}

const evl_entry evl_model_partial_directed_coherence = {
    .name = "partial_directed_coherence",
    .summary = "Partial directed coherence between channels, plain and generalised, in bands.",
    .definition =
        "A(f) = I - sum_k A_k exp(-2 pi i f k / fs) of the vector autoregression of the standardised channels (see "
        "var; the whole window is fitted). forward, x to y: mean over the band of |A_yx(f)|^2 / sum_k |A_kx(f)|^2, the "
        "square of Baccala and Sameshima's measure, so that the shares of a source add up to 1; generalised_forward: with "
        "|A_yx|^2 / s_y in place of |A_yx|^2, s_y the residual variance of y.",
    .cite = "Baccala and Sameshima 2001, doi:10.1007/PL00007990, eq. 18; Baccala et al. 2007, "
            "doi:10.1109/ICDSP.2007.4288544 (generalised)",
    .version = 2,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .cost_us = evl_transfer_cost_us,
    .plan = plan,
    .run = run,
};
