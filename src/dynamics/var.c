/* var: ridge vector autoregression of a window, its eigenmodes, and how well it foretells. */
#include <string.h>

#include "var_priv.h"

typedef struct kernel {
  evl_var *var;
  evl_var_score score;
  evl_var_error error;
  evl_modes modes;
  evl_mode mode;
  const evl_value *ahead, *rank, *quantile, *bands;
  double cut;
  double *half[2];           /* coefficients of a half; before, those of the response to an impulse */
} kernel;

static const evl_param params[] = {
    EVL_VAR_PARAMS,
    {"train_share", EVL_REAL, "0.8", 0.1, 0.95, NULL, "1",
     "First part of the window, which everything is fitted on; the rest is held out."},
    {"gap_s", EVL_REAL, "1.0", 0.0, 600.0, NULL, "s", "Left out between the two parts."},
    {"ahead", EVL_REALS, "(1, 5, 25)", 1, 1e5, NULL, "samples", "How far ahead the held-out part is forecast."},
    {"mode", EVL_REALS, "(1, 2, 3, 4)", 1, 1000, NULL, "1",
     "Which oscillating modes are stored, counted from the least damped."},
    {"bands", EVL_BANDS, "{ alpha = (8.0, 13.0); }", 0.0, 1e5, NULL, "Hz",
     "Bands of whose modes the least damped one is stored; the upper edge belongs to the next band."},
    {"quantile", EVL_REALS, "(0.25, 0.5, 0.75, 0.95)", 0.0, 1.0, NULL, "1", "Quantiles of |lambda|."},
    {"cut", EVL_REAL, "0.95", 0.0, 2.0, NULL, "1", "Modes with |lambda| above it are counted."},
    {0}};

enum { ORDER, RIDGE, BIC, CHANNELS, TRAIN, HELD_OUT, PERSISTENCE, RATIO, AHEAD };
/* By their place among those of one value behind AHEAD's two. */
enum { LARGEST, TOP, ABOVE, STABILITY, STABLE, STABLE_SD, STABLE_CORRECTED, EXCITABILITY, SINGLE };
/* By their place behind those and the quantiles: each once a mode, then each once a band. */
enum { FREQUENCY, FREQUENCY_SD, DAMPING, DAMPING_SD, DAMPING_CORRECTED, OF_MODE, OF_BAND = 4 };

#define ONE(name, unit, low, high, text) {name, EVL_PER_WINDOW, NULL, false, unit, low, high, text}
#define OVER(name, over, unit, low, high, text) {name, EVL_PER_WINDOW, over, false, unit, low, high, text}
static const evl_output outputs[] = {
    ONE("order", "samples", 1.0, 64.0, "Number of lags."),
    ONE("ridge", "1", 0.0, 100.0, "Penalty of the fit."),
    ONE("bic", "1", -INFINITY, INFINITY, "BIC of the order, in nats a sample."),
    ONE("channels", "count", 1.0, INFINITY, "Channels in the fit."),
    ONE("error_train", "1", 0.0, INFINITY, "Mean squared one-step error of the fit, in units of the training "
                                           "variance."),
    ONE("error_held_out", "1", 0.0, INFINITY, "The same on the held-out part."),
    ONE("error_persistence", "1", 0.0, INFINITY, "The same for the prediction that nothing changes."),
    ONE("error_ratio", "1", 0.0, INFINITY, "Held-out error over that of persistence; below 1 the model predicts."),
    OVER("error", "ahead", "1", 0.0, INFINITY, "Mean squared error of held-out forecasts so far ahead; 1 is the "
                                               "variance."),
    OVER("persistence", "ahead", "1", 0.0, INFINITY, "The same for the forecast that nothing changes."),
    ONE("lambda_max", "1", 0.0, INFINITY, "Largest |lambda|."),
    ONE("lambda_top5", "1", 0.0, INFINITY, "Median of the largest 5 % of |lambda|."),
    ONE("lambda_above", "1", 0.0, 1.0, "Share of modes with |lambda| above the cut."),
    ONE("stability", "1", -INFINITY, 1.0, "Distance to instability, 1 - max |lambda|; negative: unstable."),
    ONE("stability_per_s", "1/s", -INFINITY, INFINITY, "The same as a rate, - ln max |lambda| times the sampling "
                                                       "rate."),
    ONE("stability_per_s_sd", "1/s", 0.0, INFINITY, "Its standard error."),
    ONE("stability_per_s_corrected", "1/s", -INFINITY, INFINITY, "That rate less its bias by two halves."),
    ONE("excitability", "1", 1.0, INFINITY,
        "Energy of what an impulse at one channel brings about in all of them within a second, over the impulse's; "
        "mean over channels."),
    OVER("lambda", "quantile", "1", 0.0, INFINITY, "Quantile of |lambda|."),
    OVER("frequency", "mode", "Hz", 0.0, INFINITY, "Frequency of an oscillating mode."),
    OVER("frequency_sd", "mode", "Hz", 0.0, INFINITY, "Its standard error."),
    OVER("damping", "mode", "1/s", -INFINITY, INFINITY, "Its rate of decay; negative: it grows."),
    OVER("damping_sd", "mode", "1/s", 0.0, INFINITY, "The standard error of that."),
    OVER("damping_corrected", "mode", "1/s", -INFINITY, INFINITY, "That rate less its bias by two halves."),
    OVER("band_frequency", "bands", "Hz", 0.0, INFINITY, "Frequency of the least damped mode of a band."),
    OVER("band_frequency_sd", "bands", "Hz", 0.0, INFINITY, "Its standard error."),
    OVER("band_damping", "bands", "1/s", -INFINITY, INFINITY, "Its rate of decay."),
    OVER("band_damping_sd", "bands", "1/s", 0.0, INFINITY, "The standard error of that."),
    {0}};

/* Places of the outputs by the lengths of the lists. */
static int at_single(const kernel *k, int output) { return AHEAD + 2 * k->ahead->n + output; }
static int at_mode(const kernel *k, int output) { return at_single(k, SINGLE) + k->quantile->n + output * k->rank->n; }
static int at_band(const kernel *k, int output) { return at_mode(k, OF_MODE) + output * k->bands->n; }

static evl_status tensors(const evl_params *p, const evl_montage *montage, evl_arena *arena, evl_tensor **tensor,
                          int *n) {
  static const char *const part[] = {"real", "imaginary"};
  const evl_value *mode = evl_params_value(p, "mode");
  const int lags = evl_var_lags(p), c = montage->n;
  double *lag;
  EVL_NEW(arena, *tensor, 4);
  EVL_NEW(arena, lag, lags);
  for (int i = 0; i < lags; i++) lag[i] = i + 1;
  const evl_tensor of_lags = {.unit = "1",
                              .n_dimensions = 3,
                              .dimension = {{.name = "lag", .size = lags, .coordinate = lag, .unit = "samples"},
                                            {.name = "channel", .size = c, .label = montage->name, .unit = ""},
                                            {.name = "channel_b", .size = c, .label = montage->name, .unit = ""}},
                              .size = (size_t)lags * (size_t)c * (size_t)c};
  for (int i = 0; i < 3; i++) (*tensor)[i] = of_lags;
  (*tensor)[0].name = "coefficients";
  (*tensor)[0].text = "From channel_b, lag samples ago, to channel, in uV per uV; 0 for lags beyond the order, where "
                      "the model has none; NaN for channels not in the fit.";
  (*tensor)[1].name = "coefficients_unbiased";
  (*tensor)[1].text = "The same less the bias of the ridge, to third order: the modes are theirs.";
  (*tensor)[2].name = "coefficients_sd";
  (*tensor)[2].text = "Standard errors of coefficients_unbiased; white residuals are taken for granted.";
  (*tensor)[3] = (evl_tensor){
      .name = "modes",
      .unit = "1",
      .text = "Maps of the oscillating modes over the channels, in uV: sum of squares 1, the strongest channel at "
              "phase 0.",
      .n_dimensions = 3,
      .dimension = {{.name = "mode", .size = mode->n, .coordinate = mode->reals, .unit = ""},
                    {.name = "channel", .size = c, .label = montage->name, .unit = ""},
                    {.name = "part", .size = 2, .label = part, .unit = ""}},
      .size = 2 * (size_t)mode->n * (size_t)c};
  *n = 4;
  return EVL_OK;
}

static evl_status integers(const evl_value *list) {
  for (int i = 0; i < list->n; i++)
    if (list->reals[i] != floor(list->reals[i]))
      return evl_fail(EVL_USAGE, "var.%s: expected integers, found %.9g", list->param->name, list->reals[i]);
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->ahead = evl_params_value(p, "ahead");
  k->rank = evl_params_value(p, "mode");
  k->quantile = evl_params_value(p, "quantile");
  k->bands = evl_params_value(p, "bands");
  k->cut = evl_params_real(p, "cut");
  EVL_TRY(integers(k->rank));
  EVL_TRY(integers(k->ahead));
  EVL_TRY(evl_var_plan(p, shape, "var", (int)(evl_params_real(p, "train_share") * shape->n_samples),
                       (int)round(evl_params_real(p, "gap_s") * shape->fs_hz), products, arena, &k->var));
  const evl_var_spec *s = &k->var->spec;
  const int rows = s->max_order * s->n_channels;
  EVL_TRY(evl_var_score_plan(s, k->ahead->n, k->ahead->reals, &k->score, arena));
  EVL_TRY(evl_var_error_plan(s, products, arena, &k->error));
  EVL_TRY(evl_modes_plan(&k->modes, rows, arena));
  EVL_TRY(evl_mode_plan(s, &k->mode, arena));
  for (int h = 0; h < 2; h++) EVL_NEW(arena, k->half[h], rows * s->n_channels);
  *planned = k;
  return EVL_OK;
}

static void put_errors(kernel *k, evl_out *out) {
  static const double one = 1.0;
  const evl_var *v = k->var;
  double model, persistence;
  evl_var_score s = k->score;
  s.n = 1, s.ahead = &one, s.model = &model, s.persistence = &persistence;
  const int first = v->spec.n_train + v->spec.n_gap;
  evl_var_score_run(v, first, v->spec.n_samples, &s);
  evl_put(out, TRAIN, v->mse_train);
  evl_put(out, HELD_OUT, model);
  evl_put(out, PERSISTENCE, persistence);
  evl_put(out, RATIO, model / persistence);
  evl_var_score_run(v, first, v->spec.n_samples, &k->score);
  for (int i = 0; i < k->ahead->n; i++) {
    evl_put(out, (size_t)(AHEAD + i), k->score.model[i]);
    evl_put(out, (size_t)(AHEAD + k->ahead->n + i), k->score.persistence[i]);
  }
}

/* Decay of eigenvalue j less what the mean of the halves says is bias: one that falls with the length, such as that of
   least squares, is in them twice (Quenouille 1956). NaN where a half has no such mode. */
static double corrected(kernel *k, int j, double fs_hz) {
  double sum = 0.0;
  for (int h = 0; h < 2; h++) {
    double re = k->modes.real[j], im = k->modes.imaginary[j];
    if (!evl_mode_follow(k->var, k->half[h], &re, &im, &k->mode)) return NAN;
    sum -= log(hypot(re, im)) * fs_hz;
  }
  return 2.0 * evl_modes_per_s(&k->modes, j, fs_hz) - 0.5 * sum;
}

static void put_spectrum(kernel *k, double fs_hz, bool halves, evl_out *out) {
  const evl_modes *m = &k->modes;
  const size_t n = (size_t)m->n, top = n / 20 > 0 ? n / 20 : 1;
  size_t above = 0;
  while (above < n && m->radius[n - 1 - above] > k->cut) above++;
  evl_put(out, (size_t)at_single(k, LARGEST), m->radius[n - 1]);
  evl_put(out, (size_t)at_single(k, TOP), evl_quantile_sorted(m->radius + n - top, top, 0.5));
  evl_put(out, (size_t)at_single(k, ABOVE), (double)above / (double)n);
  evl_put(out, (size_t)at_single(k, STABILITY), 1.0 - m->radius[n - 1]);
  evl_put(out, (size_t)at_single(k, STABLE), evl_modes_per_s(m, m->largest, fs_hz));
  if (evl_mode_find(k->var, &k->error, m->real[m->largest], m->imaginary[m->largest], fs_hz, &k->mode))
    evl_put(out, (size_t)at_single(k, STABLE_SD), k->mode.per_s_sd);
  if (halves) evl_put(out, (size_t)at_single(k, STABLE_CORRECTED), corrected(k, m->largest, fs_hz));
  for (int i = 0; i < k->quantile->n; i++)
    evl_put(out, (size_t)(at_single(k, SINGLE) + i), evl_quantile_sorted(m->radius, n, k->quantile->reals[i]));
}

static void put_map(const kernel *k, int i, double *tensor) {
  const evl_var *v = k->var;
  for (int a = 0; a < v->n_used; a++)
    for (int part = 0; part < 2; part++)
      tensor[(i * v->spec.n_channels + v->used[a]) * 2 + part] = k->mode.map[part][a];
}

static void put_modes(kernel *k, double fs_hz, bool halves, evl_out *out) {
  const evl_modes *m = &k->modes;
  for (int i = 0; i < k->rank->n; i++) {
    const int rank = (int)k->rank->reals[i];
    if (rank > m->n_oscillating) continue;
    const int j = m->oscillating[rank - 1];
    evl_put(out, (size_t)(at_mode(k, FREQUENCY) + i), evl_modes_hz(m, j, fs_hz));
    evl_put(out, (size_t)(at_mode(k, DAMPING) + i), evl_modes_per_s(m, j, fs_hz));
    if (halves) evl_put(out, (size_t)(at_mode(k, DAMPING_CORRECTED) + i), corrected(k, j, fs_hz));
    if (!evl_mode_find(k->var, &k->error, m->real[j], m->imaginary[j], fs_hz, &k->mode)) continue;
    evl_put(out, (size_t)(at_mode(k, FREQUENCY_SD) + i), k->mode.hz_sd);
    evl_put(out, (size_t)(at_mode(k, DAMPING_SD) + i), k->mode.per_s_sd);
    put_map(k, i, out->tensor[3]);
  }
}

static void put_bands(kernel *k, double fs_hz, evl_out *out) {
  const evl_modes *m = &k->modes;
  for (int b = 0; b < k->bands->n; b++) {
    const evl_band *band = &k->bands->bands[b];
    int i = 0;
    while (i < m->n_oscillating) {
      const double hz = evl_modes_hz(m, m->oscillating[i], fs_hz);
      if (hz >= band->low_hz && hz < band->high_hz) break;
      i++;
    }
    if (i == m->n_oscillating) continue;
    const int j = m->oscillating[i];
    evl_put(out, (size_t)(at_band(k, FREQUENCY) + b), evl_modes_hz(m, j, fs_hz));
    evl_put(out, (size_t)(at_band(k, DAMPING) + b), evl_modes_per_s(m, j, fs_hz));
    if (!evl_mode_find(k->var, &k->error, m->real[j], m->imaginary[j], fs_hz, &k->mode)) continue;
    evl_put(out, (size_t)(at_band(k, FREQUENCY_SD) + b), k->mode.hz_sd);
    evl_put(out, (size_t)(at_band(k, DAMPING_SD) + b), k->mode.per_s_sd);
  }
}

/* Steps as a forecast does: the response after h samples is what the forecast over h takes from the present. */
static double excitability(kernel *k, double fs_hz) {
  const evl_var *v = k->var;
  const int m = v->n_used, rows = v->order * m;
  double energy = m, *now = k->half[0], *next = k->half[1];
  memcpy(now, v->unbiased, (size_t)(rows * m) * sizeof *now);
  for (int h = 1; h <= (int)fs_hz; h++) {
    for (int a = 0; a < m; a++)
      for (int b = 0; b < m; b++) energy += now[a * rows + b] * now[a * rows + b];
    evl_var_step(v, v->unbiased, now, next);
    double *t = now;
    now = next, next = t;
  }
  return energy / m;
}

static void put_coefficients(const evl_var *v, const double *beta, double *tensor) {
  const size_t c = (size_t)v->spec.n_channels, m = (size_t)v->n_used, rows = (size_t)v->order * m;
  for (size_t i = 0; i < (size_t)v->spec.max_order; i++)
    for (size_t a = 0; a < m; a++)
      for (size_t b = 0; b < m; b++)
        tensor[(i * c + (size_t)v->used[a]) * c + (size_t)v->used[b]] =
            i < (size_t)v->order ? beta[a * rows + i * m + b] * v->sd[a] / v->sd[b] : 0.0;
}

static void say_why(int why, int first, int end, evl_out *out) {
  for (int i = first; i < end; i++) out->why[i] = (uint8_t)why;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  const evl_var *v = k->var;
  int why = evl_var_fit(k->var, window);
  if (why != EVL_WHY_VALUE) {
    say_why(why, 0, at_band(k, OF_BAND), out);
    return;
  }
  evl_put(out, ORDER, v->order);
  evl_put(out, RIDGE, v->ridge);
  evl_put(out, BIC, v->bic);
  evl_put(out, CHANNELS, v->n_used);
  put_errors(k, out);
  evl_var_error_find(v, &k->error);
  put_coefficients(v, v->beta, out->tensor[0]);
  put_coefficients(v, v->unbiased, out->tensor[1]);
  put_coefficients(v, k->error.sd, out->tensor[2]);
  evl_put(out, (size_t)at_single(k, EXCITABILITY), excitability(k, window->fs_hz));
  why = evl_modes_find(&k->modes, v->unbiased, v->n_used, v->order);
  if (why != EVL_WHY_VALUE) {
    say_why(why, at_single(k, LARGEST), at_single(k, EXCITABILITY), out);
    say_why(why, at_single(k, SINGLE), at_band(k, OF_BAND), out);
    return;
  }
  const bool halves = evl_var_half(k->var, 0, k->half[0]) && evl_var_half(k->var, 1, k->half[1]);
  put_spectrum(k, window->fs_hz, halves, out);
  put_modes(k, window->fs_hz, halves, out);
  put_bands(k, window->fs_hz, out);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double c = shape->n_channels, rows = c * evl_var_lags(p), n = shape->n_samples;
  const double found = evl_params_value(p, "mode")->n + evl_params_value(p, "bands")->n + 1.0;
  return evl_var_cost_us(p, shape) + 3.5e-3 * rows * rows * rows + 3e-4 * shape->fs_hz * c * rows +
         found * (0.2 * c * rows + 0.1 * c * c * c) +
         1e-5 * n * c * rows;
}

const evl_entry evl_model_var = {
    .name = "var",
    .summary = "Vector autoregression with a ridge, its eigenmodes and its held-out errors.",
    .definition =
        "z(t) = sum_{k=1..p} A_k z(t-k) + e(t), z the m channels standardised in the training part; A by least "
        "squares with penalty ridge n |A|^2; p minimises ln det(S_e + ridge I) + p m^2 ln n / n, or with choose = "
        "\"held_out\" the one-step error in the last quarter of the training part. Modes: eigenvalues lambda of the "
        "companion matrix; frequency = |arg lambda| fs / 2 pi, damping = - ln |lambda| fs. A ridge damps modes as "
        "noise would: modes, maps, excitability and standard errors are those of B + u B + u^2 B + u^3 B, u = ridge "
        "n inv(G + ridge n I), G the lag products and B the fit, which has lost that bias in all directions whose "
        "variance is some times the ridge; those of less, as of filtered or collinear channels, stay suppressed, and "
        "no interval holds them. Standard errors: residuals taken as white; of modes by the delta method with the "
        "null vectors of I - sum_k A_k lambda^-k. Least squares itself errs by about 1 / n: compare windows of the "
        "same length, channels and order; damping_corrected = 2 damping - the mean of both halves of the training "
        "part takes that away at the price of a larger variance, the halves' mode being the one that Newton's method "
        "finds from the whole's. Observation noise of v % in variance biases like a ridge of v %. excitability: "
        "sum_{h=0..1 s} |Psi_h|_F^2 / m, Psi_h the response h samples after an impulse.",
    .cite = "Neumaier and Schneider 2001, doi:10.1145/382043.382304; Solovey et al. 2015, "
            "doi:10.1523/JNEUROSCI.4895-14.2015 (distribution of |lambda|); Schwarz 1978, "
            "doi:10.1214/aos/1176344136; Quenouille 1956, doi:10.1093/biomet/43.3-4.353 (halves); Luetkepohl 2005, "
            "doi:10.1007/978-3-540-27752-1, section 3.7 (functions of the coefficients)",
    .version = 2,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .tensors = tensors,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
