/* criticality: how near the modes of short windows are to instability, against surrogates of the same spectra. */
#include <string.h>

#include "var_priv.h"

enum { LARGEST, TOP, ABOVE, MEAN, MEASURES };

typedef struct kernel {
  evl_var *var, *of_surrogate;
  evl_modes modes;
  evl_surrogate *surrogate; /* of one channel */
  double *y;                /* [n_channels][ld] */
  uint8_t *channel_why;     /* [n_channels] of a surrogate */
  double *found;            /* [MEASURES][n] of surrogates */
  const evl_value *quantile;
  int n;
  double cut;
  bool common;
} kernel;

static const evl_param params[] = {
    {"order", EVL_INT, "1", 1, 64, NULL, "samples", "Number of lags."},
    {"ridge", EVL_REAL, "1e-3", 0.0, 100.0, NULL, "1", "Penalty in units of a channel's variance, as in var."},
    {"cut", EVL_REAL, "0.97", 0.0, 2.0, NULL, "1", "Modes with |lambda| above it are counted."},
    {"quantile", EVL_REALS, "(0.25, 0.5, 0.75, 0.95)", 0.0, 1.0, NULL, "1", "Quantiles of |lambda|."},
    {"surrogates", EVL_INT, "19", 3, 10000, NULL, "count", "Surrogates of each window."},
    {"phases", EVL_STRING, "\"independent\"", 0, 0, "independent|common", "",
     "independent: every channel keeps its spectrum alone; common: the cross-spectra too, so that what is left is "
     "what a stationary linear process lacks."},
    {0}};

#define VALUE(name, high, text) {name, EVL_PER_WINDOW, NULL, false, "1", 0.0, high, text}
#define AGAINST(name)                                                                                             \
  {name "_z", EVL_PER_WINDOW, NULL, false, "1", -INFINITY, INFINITY,                                              \
   "Its distance from the mean of the surrogates, in their sd."},                                                 \
      {name "_rank", EVL_PER_WINDOW, NULL, false, "1", 0.0, 1.0, "Share of surrogates below it, equal ones half."}
static const evl_output outputs[] = {
    VALUE("lambda_max", INFINITY, "Largest |lambda|."),
    AGAINST("lambda_max"),
    VALUE("lambda_top5", INFINITY, "Median of the largest 5 % of |lambda|, at least one."),
    AGAINST("lambda_top5"),
    VALUE("lambda_above", 1.0, "Share of modes with |lambda| above the cut."),
    {"lambda_above_rank", EVL_PER_WINDOW, NULL, false, "1", 0.0, 1.0,
     "Share of surrogates below it, equal ones half."},
    VALUE("lambda_mean", INFINITY, "Mean |lambda|."),
    AGAINST("lambda_mean"),
    {"stability_per_s", EVL_PER_WINDOW, NULL, false, "1/s", -INFINITY, INFINITY,
     "Distance to instability, - ln max |lambda| times the sampling rate; negative: unstable."},
    {"lambda", EVL_PER_WINDOW, "quantile", false, "1", 0.0, INFINITY, "Quantile of |lambda|."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  const int order = (int)evl_params_int(p, "order");
  const evl_var_spec spec = {.n_channels = shape->n_channels, .n_samples = shape->n_samples,
                             .n_train = shape->n_samples, .max_order = order, .choose = EVL_VAR_GIVEN, .n_ridges = 1,
                             .ridge = {evl_params_real(p, "ridge")}};
  k->n = (int)evl_params_int(p, "surrogates");
  k->cut = evl_params_real(p, "cut");
  k->common = !strcmp(evl_params_string(p, "phases"), "common");
  k->quantile = evl_params_value(p, "quantile");
  EVL_TRY(evl_var_find(&spec, "criticality", products, arena, &k->var));
  EVL_TRY(evl_var_find(&spec, "criticality", NULL, arena, &k->of_surrogate));
  EVL_TRY(evl_modes_plan(&k->modes, order * shape->n_channels, arena));
  EVL_TRY(evl_surrogate_plan(1, shape->n_samples, arena, &k->surrogate));
  EVL_NEW(arena, k->y, (size_t)shape->n_channels * k->var->ld);
  EVL_NEW(arena, k->channel_why, shape->n_channels);
  EVL_NEW(arena, k->found, MEASURES * k->n);
  *planned = k;
  return EVL_OK;
}

static void measure(const kernel *k, double *to, int step) {
  const evl_modes *m = &k->modes;
  const size_t n = (size_t)m->n, top = (n + 19) / 20;
  size_t above = 0;
  while (above < n && m->radius[n - 1 - above] > k->cut) above++;
  to[LARGEST * step] = m->radius[n - 1];
  to[TOP * step] = evl_quantile_sorted(m->radius + n - top, top, 0.5);
  to[ABOVE * step] = (double)above / (double)n;
  to[MEAN * step] = evl_mean(m->radius, n);
}

/* The fitted channels with phases by chance. */
static bool fit_surrogate(kernel *k, const evl_window *window, int s) {
  const evl_var *v = k->var;
  evl_random random;
  evl_random_begin(&random, window->key, "criticality", "phases", (uint64_t)s);
  for (int a = 0; a < v->n_used; a++) {
    evl_random same = random;
    evl_surrogate_run(k->surrogate, v->z + (size_t)a * v->ld, v->ld, 0, k->common ? &same : &random,
                      k->y + (size_t)a * v->ld, v->ld);
  }
  for (int c = 0; c < window->n_channels; c++) k->channel_why[c] = c < v->n_used ? 0 : EVL_WHY_ABSENT;
  const evl_window y = {.x = k->y, .ld = v->ld, .n_channels = window->n_channels, .n_samples = window->n_samples,
                        .fs_hz = window->fs_hz, .channel_why = k->channel_why, .key = window->key};
  const evl_var *of = k->of_surrogate;
  if (evl_var_fit(k->of_surrogate, &y) != EVL_WHY_VALUE || of->n_used != v->n_used ||
      evl_modes_find(&k->modes, of->unbiased, of->n_used, of->order) != EVL_WHY_VALUE)
    return false;
  measure(k, k->found + s, k->n);
  return true;
}

/* z (not of the share above the cut, which has few values) and rank of a value among the surrogates. */
static size_t put_against(const kernel *k, int measure, double value, size_t at, evl_out *out) {
  const double *found = k->found + measure * k->n;
  const double mean = evl_mean(found, (size_t)k->n), sd = sqrt(evl_variance(found, (size_t)k->n, 1));
  double below = 0.0;
  for (int s = 0; s < k->n; s++) below += found[s] < value ? 1.0 : found[s] > value ? 0.0 : 0.5;
  if (measure != ABOVE) {
    if (sd > 1e-12 * fabs(mean)) evl_put(out, at, (value - mean) / sd);
    at++;
  }
  evl_put(out, at++, below / k->n);
  return at;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  const size_t n_values = 12 + (size_t)k->quantile->n;
  double value[MEASURES];
  int why = evl_var_fit(k->var, window);
  if (why == EVL_WHY_VALUE) why = evl_modes_find(&k->modes, k->var->unbiased, k->var->n_used, k->var->order);
  if (why != EVL_WHY_VALUE) {
    memset(out->why, why, n_values);
    return;
  }
  measure(k, value, 1);
  evl_put(out, 11, evl_modes_per_s(&k->modes, k->modes.largest, window->fs_hz));
  for (int i = 0; i < k->quantile->n; i++)
    evl_put(out, (size_t)(12 + i), evl_quantile_sorted(k->modes.radius, (size_t)k->modes.n, k->quantile->reals[i]));
  bool all = true;
  for (int s = 0; s < k->n && all; s++) all = fit_surrogate(k, window, s);
  size_t at = 0;
  for (int m = 0; m < MEASURES; m++) {
    evl_put(out, at++, value[m]);
    if (all)
      at = put_against(k, m, value[m], at, out);
    else
      at += m == ABOVE ? 1 : 2;
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double c = shape->n_channels, n = shape->n_samples, order = (double)evl_params_int(p, "order");
  const double rows = c * order, modes = 6e-3 * rows * rows * rows + 0.1 * rows * rows;
  const double fit = 5e-3 * n * c + 4e-5 * n * c * c * (order + 1.0) + 10.0 + modes;
  return fit + (double)evl_params_int(p, "surrogates") * (fit + 0.06 * n * c);
}

const evl_entry evl_model_criticality = {
    .name = "criticality",
    .summary = "Distribution of the moduli of the modes of short windows, against phase-randomised surrogates.",
    .definition =
        "z(t) = A z(t-1) + e(t) by ridge least squares on the whole window of standardised channels (see var; order "
        "above 1: the companion matrix); lambda the eigenvalues of A. Near 1 a perturbation lasts. Surrogates have "
        "the channels' spectra with phases by chance, and go through the same fit: its bias, the ridge and the "
        "window's length are theirs too. Short windows push |lambda| outwards the more channels there are: compare "
        "equal lengths and montages. Windows of 0.5 to 1 s, in which the brain may be taken as stationary, are "
        "usual; 19 surrogates are the fewest with a rank of 5 %; the cut 0.97 is a decay time of 33 samples.",
    .cite = "Solovey et al. 2015, doi:10.1523/JNEUROSCI.4895-14.2015; Alonso et al. 2014, "
            "doi:10.3389/fncir.2014.00020; Theiler et al. 1992, doi:10.1016/0167-2789(92)90102-S (surrogates)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_SIGN,
    .usual_window_s = 1.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
