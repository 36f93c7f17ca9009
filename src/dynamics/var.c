/* var: ridge vector autoregression of a window and its eigenmodes. */
#include <string.h>

#include "var_priv.h"

typedef struct kernel {
  evl_var var;
  evl_modes modes;
  const evl_value *mode, *quantile;
  double cut;
} kernel;

static const evl_param params[] = {
    EVL_VAR_PARAMS,
    {"train_share", EVL_REAL, "0.8", 0.1, 0.95, NULL, "1",
     "First part of the window, which everything is fitted on; the rest is held out."},
    {"gap_s", EVL_REAL, "1.0", 0.0, 600.0, NULL, "s", "Left out between the two parts."},
    {"mode", EVL_REALS, "(1, 2, 3, 4)", 1, 1000, NULL, "1",
     "Which oscillating modes are stored, counted from the least damped."},
    {"quantile", EVL_REALS, "(0.25, 0.5, 0.75, 0.95)", 0.0, 1.0, NULL, "1", "Quantiles of |lambda|."},
    {"cut", EVL_REAL, "0.95", 0.0, 2.0, NULL, "1", "Modes with |lambda| above it are counted."},
    {0}};

enum { ORDER, BIC, CHANNELS, TRAIN, HELD_OUT, PERSISTENCE, RATIO, LARGEST, TOP, ABOVE, RADIUS, FREQUENCY, DAMPING };

static const evl_output outputs[] = {
    [ORDER] = {"order", EVL_PER_WINDOW, NULL, false, "samples", 1.0, 64.0, "Number of lags."},
    [BIC] = {"bic", EVL_PER_WINDOW, NULL, false, "1", -INFINITY, INFINITY, "BIC of the order, in nats a sample."},
    [CHANNELS] = {"channels", EVL_PER_WINDOW, NULL, false, "count", 1.0, INFINITY, "Channels in the fit."},
    [TRAIN] = {"error_train", EVL_PER_WINDOW, NULL, false, "1", 0.0, INFINITY,
               "Mean squared one-step error of the fit, in units of the training variance."},
    [HELD_OUT] = {"error_held_out", EVL_PER_WINDOW, NULL, false, "1", 0.0, INFINITY, "The same on the held-out part."},
    [PERSISTENCE] = {"error_persistence", EVL_PER_WINDOW, NULL, false, "1", 0.0, INFINITY,
                     "The same for the prediction that nothing changes."},
    [RATIO] = {"error_ratio", EVL_PER_WINDOW, NULL, false, "1", 0.0, INFINITY,
               "Held-out error over that of persistence; below 1 the model predicts."},
    [LARGEST] = {"lambda_max", EVL_PER_WINDOW, NULL, false, "1", 0.0, INFINITY, "Largest |lambda|."},
    [TOP] = {"lambda_top5", EVL_PER_WINDOW, NULL, false, "1", 0.0, INFINITY, "Median of the largest 5 % of |lambda|."},
    [ABOVE] = {"lambda_above", EVL_PER_WINDOW, NULL, false, "1", 0.0, 1.0,
               "Share of modes with |lambda| above the cut."},
    [RADIUS] = {"lambda", EVL_PER_WINDOW, "quantile", false, "1", 0.0, INFINITY, "Quantile of |lambda|."},
    [FREQUENCY] = {"frequency", EVL_PER_WINDOW, "mode", false, "Hz", 0.0, INFINITY,
                   "Frequency of an oscillating mode."},
    [DAMPING] = {"damping", EVL_PER_WINDOW, "mode", false, "1/s", -INFINITY, INFINITY,
                 "Its rate of decay; negative: it grows."},
    {0}};

static evl_status tensors(const evl_params *p, const evl_montage *montage, evl_arena *arena, evl_tensor **tensor,
                          int *n) {
  const int lags = evl_var_lags(p);
  double *lag;
  EVL_NEW(arena, *tensor, 1);
  EVL_NEW(arena, lag, lags);
  for (int i = 0; i < lags; i++) lag[i] = i + 1;
  **tensor = (evl_tensor){
      .name = "coefficients",
      .unit = "1",
      .text = "From channel_b, lag samples ago, to channel, in uV per uV; 0 for lags beyond the order, where the model "
              "has none; NaN for channels not in the fit.",
      .n_dimensions = 3,
      .dimension = {{.name = "lag", .size = lags, .coordinate = lag, .unit = "samples"},
                    {.name = "channel", .size = montage->n, .label = montage->name, .unit = ""},
                    {.name = "channel_b", .size = montage->n, .label = montage->name, .unit = ""}},
      .size = (size_t)lags * (size_t)montage->n * (size_t)montage->n};
  *n = 1;
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)products;
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->mode = evl_params_value(p, "mode");
  k->quantile = evl_params_value(p, "quantile");
  k->cut = evl_params_real(p, "cut");
  for (int i = 0; i < k->mode->n; i++)
    if (k->mode->reals[i] != floor(k->mode->reals[i]))
      return evl_fail(EVL_USAGE, "var.mode: expected integers, found %.9g", k->mode->reals[i]);
  EVL_TRY(evl_var_plan(p, shape, (int)(evl_params_real(p, "train_share") * shape->n_samples),
                       (int)round(evl_params_real(p, "gap_s") * shape->fs_hz), &k->var, arena));
  EVL_TRY(evl_modes_plan(&k->modes, k->var.max_order * k->var.n_channels, arena));
  *planned = k;
  return EVL_OK;
}

static void put_modes(const kernel *k, double fs_hz, evl_out *out) {
  const evl_modes *m = &k->modes;
  const size_t n = (size_t)m->n, top = n / 20 > 0 ? n / 20 : 1;
  size_t above = 0;
  while (above < n && m->radius[n - 1 - above] > k->cut) above++;
  evl_put(out, LARGEST, m->radius[n - 1]);
  evl_put(out, TOP, evl_quantile_sorted(m->radius + n - top, top, 0.5));
  evl_put(out, ABOVE, (double)above / (double)n);
  for (int i = 0; i < k->quantile->n; i++)
    evl_put(out, (size_t)(RADIUS + i), evl_quantile_sorted(m->radius, n, k->quantile->reals[i]));
  const int frequency = RADIUS + k->quantile->n, damping = frequency + k->mode->n;
  for (int i = 0; i < k->mode->n; i++) {
    const int rank = (int)k->mode->reals[i];
    if (rank > m->n_oscillating) continue;
    const int j = m->oscillating[rank - 1];
    evl_put(out, (size_t)(frequency + i), atan2(m->imaginary[j], m->real[j]) / (2.0 * M_PI) * fs_hz);
    evl_put(out, (size_t)(damping + i), -log(hypot(m->real[j], m->imaginary[j])) * fs_hz);
  }
}

static void put_coefficients(const evl_var *v, double *tensor) {
  const size_t c = (size_t)v->n_channels, m = (size_t)v->n_used, rows = (size_t)v->order * m;
  for (size_t i = 0; i < (size_t)v->max_order; i++)
    for (size_t a = 0; a < m; a++)
      for (size_t b = 0; b < m; b++)
        tensor[(i * c + (size_t)v->used[a]) * c + (size_t)v->used[b]] =
            i < (size_t)v->order ? v->beta[a * rows + i * m + b] * v->sd[a] / v->sd[b] : 0.0;
}

static void say_why(int why, const kernel *k, int first, evl_out *out) {
  const int end = RADIUS + k->quantile->n + 2 * k->mode->n;
  for (int i = first; i < end; i++) out->why[i] = (uint8_t)why;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  const evl_var *v = &k->var;
  int why = evl_var_fit(&k->var, window);
  if (why != EVL_WHY_VALUE) {
    say_why(why, k, 0, out);
    return;
  }
  evl_put(out, ORDER, v->order);
  evl_put(out, BIC, v->bic);
  evl_put(out, CHANNELS, v->n_used);
  evl_put(out, TRAIN, v->mse_train);
  evl_put(out, HELD_OUT, v->mse_test);
  evl_put(out, PERSISTENCE, v->mse_persistence);
  evl_put(out, RATIO, v->mse_test / v->mse_persistence);
  put_coefficients(v, out->tensor[0]);
  why = evl_modes_find(&k->modes, v);
  if (why == EVL_WHY_VALUE)
    put_modes(k, window->fs_hz, out);
  else
    say_why(why, k, LARGEST, out);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double c = shape->n_channels, lags = evl_var_lags(p), modes = c * lags, n = shape->n_samples;
  return 5e-3 * n * c + 6.5e-5 * n * c * c * (lags + 1.0) + 2.7e-3 * modes * modes * modes;
}

const evl_entry evl_model_var = {
    .name = "var",
    .summary = "Vector autoregression with a ridge, its eigenmodes and its held-out one-step error.",
    .definition =
        "z(t) = sum_{k=1..p} A_k z(t-k) + e(t), z the m channels standardised in the training part; A by least squares "
        "with penalty ridge n |A|^2; p minimises ln det(S_e + ridge I) + p m^2 ln n / n. Modes: eigenvalues lambda of "
        "the companion matrix; frequency = |arg lambda| fs / 2 pi, damping = - ln |lambda| fs.",
    .cite = "Neumaier and Schneider 2001, doi:10.1145/382043.382304; Solovey et al. 2015, "
            "doi:10.1523/JNEUROSCI.4895-14.2015 (distribution of |lambda|); Schwarz 1978, doi:10.1214/aos/1176344136",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .tensors = tensors,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
