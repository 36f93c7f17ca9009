/* directed_transfer: the directed transfer function of every pair, in bands. */
#include <string.h>

#include "var_priv.h"

typedef struct kernel {
  evl_var *var;
  evl_transfer transfer;
  double *share;  /* [n_bands][n][n] sums over the band of |H|^2 / row sum: to, from */
  double *power;  /* [n_bands][n][n] sums over the band of |H|^2 */
  double *inflow; /* [n] sum over all frequencies and sources of |H|^2 */
} kernel;

static const evl_param params[] = {EVL_VAR_PARAMS, EVL_TRANSFER_PARAMS, {0}};

enum { KINDS = 2 };

static const evl_output outputs[] = {
    {"forward", EVL_PER_PAIR, "bands", false, "1", 0.0, 1.0,
     "From the first channel to the second: mean over the band of the share of the second's inflow."},
    {"backward", EVL_PER_PAIR, "bands", false, "1", 0.0, 1.0, "The same, second to first."},
    {"full_forward", EVL_PER_PAIR, "bands", false, "1", 0.0, 1.0,
     "Full-frequency variant, first to second: the band's share of the second's inflow at all frequencies."},
    {"full_backward", EVL_PER_PAIR, "bands", false, "1", 0.0, 1.0, "The same, second to first."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_var_plan(p, shape, "directed_transfer", shape->n_samples, 0, products, arena, &k->var));
  EVL_TRY(evl_transfer_plan(p, shape, "directed_transfer", &k->transfer, arena));
  const size_t c = (size_t)shape->n_channels, each = (size_t)k->transfer.n_bands * c * c;
  EVL_NEW(arena, k->share, each);
  EVL_NEW(arena, k->power, each);
  EVL_NEW(arena, k->inflow, c);
  *planned = k;
  return EVL_OK;
}

/* One frequency: into the inflow, and into the bands that it belongs to. */
static void add_frequency(kernel *k, int f) {
  const evl_transfer *t = &k->transfer;
  const int n = k->var->n_used;
  for (int i = 0; i < n; i++) {
    const double *re = t->h + i * n, *im = t->h + n * n + i * n;
    double row = 0.0;
    for (int j = 0; j < n; j++) row += re[j] * re[j] + im[j] * im[j];
    k->inflow[i] += row;
    for (int b = 0; b < t->n_bands; b++) {
      if (f < t->band[b].first || f >= t->band[b].end) continue;
      double *share = k->share + (b * n + i) * n, *power = k->power + (b * n + i) * n;
      for (int j = 0; j < n; j++) {
        const double h = re[j] * re[j] + im[j] * im[j];
        share[j] += h / row;
        power[j] += h;
      }
    }
  }
}

static bool add_frequencies(kernel *k) {
  evl_transfer *t = &k->transfer;
  const evl_var *v = k->var;
  const size_t each = (size_t)t->n_bands * (size_t)v->n_used * (size_t)v->n_used;
  int first = t->n_frequencies;
  for (int b = 0; b < t->n_bands; b++)
    if (t->band[b].end > 0 && t->band[b].first < first) first = t->band[b].first;
  memset(k->share, 0, each * sizeof *k->share);
  memset(k->power, 0, each * sizeof *k->power);
  memset(k->inflow, 0, (size_t)v->n_used * sizeof *k->inflow);
  for (int f = first; f < t->n_frequencies; f++) {
    if (!evl_transfer_at(t, v->beta, v->order * v->n_used, v->n_used, v->order, f)) return false;
    add_frequency(k, f);
  }
  return true;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  const evl_transfer *t = &k->transfer;
  const evl_var *v = k->var;
  const int n = window->n_channels, bands = t->n_bands;
  const size_t pairs = (size_t)n * (size_t)(n - 1) / 2;
  const int why = evl_var_fit(k->var, window);
  if (why != EVL_WHY_VALUE) memset(out->why, why, 2 * KINDS * (size_t)bands * pairs);
  if (why != EVL_WHY_VALUE || !add_frequencies(k)) return;
  for (int b = 0; b < bands; b++)
    for (int x = 0; x < v->n_used && t->band[b].end > 0; x++)
      for (int y = x + 1; y < v->n_used; y++) {
        const size_t pair = evl_var_pair(n, v->used[x], v->used[y]);
        const int width = t->band[b].end - t->band[b].first;
        const int forward = (b * v->n_used + y) * v->n_used + x, backward = (b * v->n_used + x) * v->n_used + y;
        evl_put(out, (size_t)b * pairs + pair, k->share[forward] / width);
        evl_put(out, (size_t)(bands + b) * pairs + pair, k->share[backward] / width);
        evl_put(out, (size_t)(2 * bands + b) * pairs + pair, k->power[forward] / k->inflow[y]);
        evl_put(out, (size_t)(3 * bands + b) * pairs + pair, k->power[backward] / k->inflow[x]);
      }
}

const evl_entry evl_model_directed_transfer = {
    .name = "directed_transfer",
    .summary = "Directed transfer function between channels, plain and full-frequency, in bands.",
    .definition =
        "H(f) = inv(I - sum_k A_k exp(-2 pi i f k / fs)) of the vector autoregression of the standardised channels "
        "(see var; the whole window is fitted). forward, x to y: mean over the band of |H_yx(f)|^2 / sum_k |H_yk(f)|^2; "
        "full_forward: sum over the band of |H_yx(f)|^2 / sum over the frequencies from the lowest to the highest band "
        "and over k of |H_yk(f)|^2. It tells of paths of any length; partial_directed_coherence of direct ones.",
    .cite = "Kaminski and Blinowska 1991, doi:10.1007/BF00198091, eq. 10; Korzeniewska et al. 2003, "
            "doi:10.1016/S0165-0270(03)00052-9, eq. 8 (full-frequency)",
    .version = 2,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .cost_us = evl_transfer_cost_us,
    .plan = plan,
    .run = run,
};
