/* spectral_fit: posterior of a model of spectra, channel by channel. */
#include <string.h>

#include "spectral_fit_priv.h"

enum { FIT, FREEDOM, R_HAT, ESS, KL, QUANTITIES }; /* of a piece, as of the outputs */
enum { MEAN, SD, Q05, Q95, KL_OF, EACH };
enum { BOUNDS = 3, PRIOR = 2000 };

struct evl_spectral_fit {
  const evl_spectral_model *model;
  evl_welch_sum *sum;
  evl_spectral_grid grid;
  evl_posterior *posterior;
  evl_draws *summary;
  int n_channels, n_wanted, n_x, n_q; /* unknowns and quantities, with the misfit */
  int chains, draws, stored;
  double misfit_most;
  double evidence;       /* nats that what may be absent must be worth */
  int n_prior;           /* draws of the prior that have a spectrum */
  double *prior;         /* [n_q][PRIOR] their quantities, ascending */
  double *power, *fitted; /* [n], [stored][n] */
  double *place;         /* [chains * draws] among those of the prior, 0 to 1 */
};

static int wanted(const evl_params *p) {
  int first;
  return evl_welch_sum_frequencies(p, &first);
}

size_t evl_spectral_piece_size(const evl_params *p, int n_unknowns, int n_quantities) {
  return QUANTITIES + EACH * ((size_t)n_quantities + 1) + (BOUNDS + 1) * (size_t)wanted(p) +
         (size_t)evl_params_int(p, "stored_draws") * ((size_t)n_unknowns + 1);
}

evl_status evl_spectral_bounds(const evl_params *p, const char *name, bool logarithmic, int i, evl_spectral_model *m) {
  const evl_value *v = evl_params_value(p, name);
  if (v->n != 2 || v->reals[0] > v->reals[1])
    return evl_fail(EVL_USAGE, "%s.%s: expected (low, high), found %d numbers%s", m->entry, name, v->n,
                    v->n == 2 ? ", the lower not first" : "");
  m->low[i] = logarithmic ? log(v->reals[0]) : v->reals[0];
  m->high[i] = logarithmic ? log(v->reals[1]) : v->reals[1];
  return EVL_OK;
}

int evl_spectral_pieces(const evl_params *p, const evl_montage *montage) {
  (void)p;
  return montage->n;
}

/* A posterior takes a third of what it may; the sampler has its own cost. */
double evl_spectral_piece_cost_us(const evl_params *p, double likelihood_us) {
  return 0.3 * (double)evl_params_int(p, "evaluations") * (likelihood_us + 6.0);
}

evl_status evl_spectral_tensors(const evl_params *p, const evl_montage *montage, int n_unknowns,
                                const char *const *unknown, evl_arena *arena, evl_tensor **tensor, int *n) {
  static const char *const bound[BOUNDS] = {"q05", "q50", "q95"};
  const evl_dimension channel = {.name = "channel", .size = montage->n, .label = montage->name, .unit = ""};
  int first;
  evl_dimension frequency = {.name = "frequency", .size = evl_welch_sum_frequencies(p, &first), .unit = "Hz"};
  const char **name;
  double *hz;
  if (frequency.size < 1 || frequency.size > EVL_WELCH_MOST) frequency.size = 1; /* the plan refuses it */
  EVL_NEW(arena, hz, frequency.size);
  EVL_NEW(arena, name, n_unknowns + 1);
  for (int k = 0; k < frequency.size; k++) hz[k] = (first + k) / evl_params_real(p, "segment_s");
  for (int i = 0; i < n_unknowns; i++) name[i] = unknown[i];
  name[n_unknowns] = "misfit";
  frequency.coordinate = hz;
  *n = 3;
  EVL_NEW(arena, *tensor, *n);
  (*tensor)[0] = (evl_tensor){
      .name = "measured", .unit = "uV^2/Hz", .of_recording = true, .n_dimensions = 2,
      .dimension = {channel, frequency}, .size = (size_t)montage->n * (size_t)frequency.size,
      .text = "Spectrum that was fitted."};
  (*tensor)[1] = (evl_tensor){
      .name = "fitted", .unit = "uV^2/Hz", .of_recording = true, .n_dimensions = 3,
      .dimension = {channel, {.name = "bound", .size = BOUNDS, .label = bound, .unit = ""}, frequency},
      .size = (size_t)montage->n * BOUNDS * (size_t)frequency.size,
      .text = "Quantiles of the model's spectrum over the stored draws, without the misfit."};
  (*tensor)[2] = (evl_tensor){
      .name = "draws", .unit = "", .of_recording = true, .n_dimensions = 3,
      .dimension = {channel,
                    {.name = "draw", .size = (int)evl_params_int(p, "stored_draws"), .unit = ""},
                    {.name = "unknown", .size = n_unknowns + 1, .label = name, .unit = ""}},
      .size = (size_t)montage->n * (size_t)evl_params_int(p, "stored_draws") * ((size_t)n_unknowns + 1),
      .text = "Draws of the unknowns."};
  return EVL_OK;
}

/* What the quantities are under the prior: their divergences are from that. */
static void draw_prior(evl_spectral_fit *f) {
  const evl_spectral_model *m = f->model;
  double x[EVL_SPECTRAL_MOST], q[EVL_SPECTRAL_MOST];
  evl_random r;
  evl_random_begin(&r, 1, m->entry, "prior", 0);
  for (int tries = 0; tries < 50 * PRIOR && f->n_prior < PRIOR; tries++) {
    for (int i = 0; i < m->n_unknowns; i++) x[i] = m->low[i] + (m->high[i] - m->low[i]) * evl_random_uniform(&r);
    if (!m->power(m->context, x, &f->grid, f->power)) continue;
    m->quantities(m->context, x, q);
    for (int i = 0; i < m->n_quantities; i++) f->prior[i * PRIOR + f->n_prior] = q[i];
    f->n_prior++;
  }
  for (int i = 0; i < m->n_quantities; i++) evl_sort(f->prior + (size_t)i * PRIOR, (size_t)f->n_prior);
}

evl_status evl_spectral_grid_plan(int n, const double *hz, evl_arena *arena, evl_spectral_grid *grid) {
  double *omega, *log_hz;
  EVL_NEW(arena, omega, n);
  EVL_NEW(arena, log_hz, n);
  for (int k = 0; k < n; k++) {
    omega[k] = 2.0 * M_PI * hz[k];
    log_hz[k] = log(hz[k] / 10.0);
  }
  *grid = (evl_spectral_grid){n, hz, omega, log_hz};
  return EVL_OK;
}

static void derive(void *context, const double *x, double *quantity) {
  const evl_spectral_model *m = ((evl_spectral_data *)context)->model;
  m->quantities(m->context, x, quantity);
}

evl_status evl_spectral_plan(const evl_params *p, const evl_shape *shape, const evl_spectral_model *model,
                             evl_products *products, evl_arena *arena, evl_spectral_fit **fit) {
  evl_spectral_fit *f;
  EVL_NEW(arena, f, 1);
  f->model = model;
  f->n_channels = shape->n_channels;
  f->n_wanted = wanted(p);
  f->n_x = model->n_unknowns + 1;
  f->n_q = model->n_quantities + 1;
  f->misfit_most = evl_params_real(p, "misfit_most");
  if (model->may_be_absent) f->evidence = evl_params_real(p, "evidence");
  EVL_TRY(evl_welch_sum_plan(p, shape, model->entry, products, arena, &f->sum));
  EVL_TRY(evl_spectral_grid_plan(f->sum->n, f->sum->hz, arena, &f->grid));
  evl_posterior_spec spec = EVL_POSTERIOR_USUAL;
  spec.max_unknowns = f->n_x;
  spec.max_derived = model->n_quantities;
  spec.draws = f->draws = (int)evl_params_int(p, "draws");
  spec.most = evl_params_int(p, "evaluations");
  spec.ess = evl_params_real(p, "effective");
  spec.r_hat = evl_params_real(p, "r_hat_most");
  f->chains = spec.chains;
  f->stored = (int)evl_params_int(p, "stored_draws");
  if (f->stored > f->chains * f->draws)
    return evl_fail(EVL_USAGE, "%s.stored_draws: expected at most those of the chains, %d, found %d", model->entry,
                    f->chains * f->draws, f->stored);
  EVL_TRY(evl_posterior_plan(&spec, arena, &f->posterior));
  f->posterior->derive = derive;
  f->posterior->n_derived = model->n_quantities;
  EVL_TRY(evl_draws_plan(f->chains, f->draws, arena, &f->summary));
  const size_t all = (size_t)f->chains * (size_t)f->draws;
  EVL_NEW(arena, f->prior, (size_t)f->n_q * PRIOR);
  EVL_NEW(arena, f->power, 2 * f->grid.n);
  EVL_NEW(arena, f->fitted, (size_t)f->stored * (size_t)f->grid.n);
  EVL_NEW(arena, f->place, all);
  *fit = f;
  return EVL_OK;
}

void evl_spectral_run(evl_spectral_fit *f, const evl_window *window, evl_out *out) {
  evl_welch_sum_add(f->sum, window, out->state);
}

double evl_spectral_log_density(void *context, const double *x) {
  const evl_spectral_data *d = context;
  const double misfit = x[d->model->n_unknowns], shape = 1.0 / (2.0 / d->dof + misfit * misfit);
  const int n = d->grid->n;
  if (!d->model->power(d->model->context, x, d->grid, d->fitted)) return -INFINITY;
  const double constant = n * (shape * log(shape) - lgamma(shape)) + (shape - 1.0) * d->sum_log;
  if (!d->model->any_scale) return constant + evl_whittle(d->fitted, d->power, n, 2.0 * shape);
  double logarithms, ratios; /* integral of A^(-n shape) exp(-shape ratios / A) dA / A */
  evl_whittle_sums(d->fitted, d->power, n, &logarithms, &ratios);
  return constant - shape * logarithms + lgamma(n * shape) - n * shape * log(shape * ratios);
}

/* Mean of the bins within half a Hz. */
static double mean_around(const double *power, const double *hz, int n, int at, int *bins) {
  double sum = 0.0;
  *bins = 0;
  for (int k = 0; k < n; k++)
    if (fabs(hz[k] - hz[at]) <= 0.5 + 1e-9) sum += power[k], ++*bins;
  return sum / *bins;
}

bool evl_spectral_peak(const double *power, const double *hz, int n, double dof, double low_hz, double high_hz) {
  const double reach_hz = 4.0, errors = 4.0;
  int top = -1, bins;
  double highest = 0.0, lowest[2] = {INFINITY, INFINITY};
  for (int k = 0; k < n; k++) {
    if (hz[k] < low_hz || hz[k] > high_hz) continue;
    const double mean = mean_around(power, hz, n, k, &bins);
    if (mean > highest) highest = mean, top = k;
  }
  if (top < 0) return false;
  for (int k = 0; k < n; k++)
    if (fabs(hz[k] - hz[top]) <= reach_hz)
      lowest[k > top] = fmin(lowest[k > top], mean_around(power, hz, n, k, &bins));
  mean_around(power, hz, n, top, &bins);
  return log(highest / fmax(lowest[0], lowest[1])) > errors * sqrt(2.0 * 2.0 / (dof * bins));
}

static evl_status draw(evl_spectral_fit *f, evl_spectral_data *data, bool without, uint64_t key) {
  const evl_spectral_model *m = f->model;
  double low[EVL_SPECTRAL_MOST + 1], high[EVL_SPECTRAL_MOST + 1];
  for (int i = 0; i < m->n_unknowns; i++) {
    const bool held = without && !isnan(m->without[i]);
    low[i] = held ? m->without[i] : m->low[i];
    high[i] = held ? m->without[i] : m->high[i];
  }
  low[m->n_unknowns] = 0.0;
  high[m->n_unknowns] = f->misfit_most;
  const evl_status status =
      evl_posterior_run(f->posterior, evl_spectral_log_density, data, f->n_x, low, high, key);
  if (status != EVL_OK) evl_error_clear();
  return status;
}

static void draw_at(const evl_spectral_fit *f, int i, double *x) {
  const size_t all = (size_t)f->chains * (size_t)f->draws;
  for (int k = 0; k < f->n_x; k++) x[k] = f->posterior->draw[(size_t)k * all + (size_t)i];
}

/* Share of the prior below a value, between its draws linearly. */
static double place_of(const double *prior, int n, double value) {
  int low = 0, high = n; /* the first not below it */
  while (low < high) {
    const int middle = (low + high) / 2;
    if (prior[middle] < value)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0 || low == n) return (low + 0.5) / (n + 1.0);
  const double step = prior[low] - prior[low - 1];
  return (low + (step > 0.0 ? (value - prior[low - 1]) / step : 0.5)) / (n + 1.0);
}

static void summarise(evl_spectral_fit *f, double scale, double *result) {
  const evl_spectral_model *m = f->model;
  const evl_posterior *p = f->posterior;
  const size_t all = (size_t)f->chains * (size_t)f->draws;
  for (int k = 0; k < f->n_q; k++) {
    const bool own = k < m->n_quantities;
    const double *of = own ? p->derived + (size_t)k * all : p->draw + (size_t)m->n_unknowns * all;
    const double unit = own ? pow(scale, m->amplitude[k]) : 1.0, *prior = f->prior + (size_t)k * PRIOR;
    const evl_summary s = own ? p->derived_summary[k] : p->summary[m->n_unknowns];
    double *to = result + QUANTITIES + EACH * k;
    to[MEAN] = s.mean * unit;
    to[SD] = s.sd * unit;
    to[Q05] = s.q05 * unit;
    to[Q95] = s.q95 * unit;
    for (size_t i = 0; i < all && own; i++) f->place[i] = place_of(prior, f->n_prior, of[i]);
    const bool held = own && !(prior[0] < prior[f->n_prior - 1]);
    to[KL_OF] = held ? NAN : own ? evl_draws_summary(f->summary, f->place, 0.0, 1.0).kl : s.kl;
  }
}

/* Behind the values: measured [n_wanted], fitted [BOUNDS][n_wanted], draws [stored][n_x]. */
static void store(evl_spectral_fit *f, double scale, double *to) {
  const int n = f->grid.n, all = f->chains * f->draws;
  double *fitted = to + f->n_wanted, *kept = fitted + BOUNDS * f->n_wanted;
  for (int k = 0; k < n; k++) to[k] = f->power[k] * scale;
  for (int i = 0; i < f->stored; i++) {
    double *x = kept + (size_t)i * (size_t)f->n_x;
    draw_at(f, (int)((int64_t)i * all / f->stored), x);
    double *one = f->fitted + (size_t)i * (size_t)n, logarithms, ratios = n;
    f->model->power(f->model->context, x, &f->grid, one);
    if (f->model->any_scale) evl_whittle_sums(one, f->power, n, &logarithms, &ratios); /* the factor's mean: ratios / n */
    for (int k = 0; k < n; k++) one[k] *= ratios / n;
  }
  for (int k = 0; k < n; k++) {
    for (int i = 0; i < f->stored; i++) f->place[i] = f->fitted[i * n + k];
    evl_sort(f->place, (size_t)f->stored);
    for (int b = 0; b < BOUNDS; b++)
      fitted[b * f->n_wanted + k] = scale * evl_quantile_sorted(f->place, (size_t)f->stored, 0.05 + 0.45 * b);
  }
}

static evl_fit fit_channel(evl_spectral_fit *f, const evl_stage *stage, int channel, double *result) {
  const evl_spectral_model *m = f->model;
  evl_spectral_data data = {.model = m, .grid = &f->grid, .power = f->power, .fitted = f->power + f->grid.n};
  double scale;
  data.dof = evl_welch_sum_power(f->sum, stage->state, channel, f->power, &scale);
  if (!(data.dof > 0.0)) return EVL_FIT_CONSTANT;
  if (f->grid.n <= f->n_x) return EVL_FIT_SHORT;
  if (f->n_prior == 0) return EVL_FIT_UNSTABLE;
  for (int k = 0; k < f->grid.n; k++) data.sum_log += log(f->power[k]);
  result[FREEDOM] = data.dof;
  const uint64_t key = evl_random_key(stage->key, m->entry, "posterior", (uint64_t)channel);
  double plain = -INFINITY;
  if (m->may_be_absent) {
    if (draw(f, &data, true, key + 1) != EVL_OK) return EVL_FIT_UNMIXED;
    plain = f->posterior->log_evidence;
  }
  const bool mixed = draw(f, &data, false, key) == EVL_OK;
  result[R_HAT] = f->posterior->r_hat;
  result[ESS] = f->posterior->ess;
  if (f->posterior->log_evidence - plain < f->evidence) return m->absent;
  if (!mixed) return EVL_FIT_UNMIXED;
  result[KL] = f->posterior->kl;
  summarise(f, scale, result);
  store(f, scale, result + QUANTITIES + EACH * f->n_q);
  if (m->peak_high_hz > 0.0 && !evl_spectral_peak(f->power, f->grid.hz, f->grid.n, data.dof, m->peak_low_hz, m->peak_high_hz))
    return EVL_FIT_NO_PEAK;
  return EVL_FIT_DONE;
}

void evl_spectral_piece(evl_spectral_fit *f, const evl_stage *stage, int channel, double *result) {
  if (stage->channel_why[channel] != 0) return;
  if (f->n_prior == 0) draw_prior(f); /* once; plans are made for less than a fit */
  evl_posterior_tick(f->posterior, stage->tick, stage->tick_context);
  result[FIT] = fit_channel(f, stage, channel, result);
}

static void put(evl_spectral_fit *f, int c, const double *result, evl_out *out) {
  const int n_values = QUANTITIES + EACH * f->n_q;
  const size_t n = (size_t)f->n_wanted, kept = (size_t)f->stored * (size_t)f->n_x;
  const double *measured = result + n_values;
  for (int i = 0; i < n_values; i++) evl_put(out, (size_t)(i * f->n_channels + c), result[i]);
  for (size_t k = 0; k < (size_t)f->grid.n; k++) out->tensor[0][(size_t)c * n + k] = measured[k];
  for (size_t b = 0; b < BOUNDS; b++)
    for (size_t k = 0; k < (size_t)f->grid.n; k++)
      out->tensor[1][((size_t)c * BOUNDS + b) * n + k] = measured[(1 + b) * n + k];
  memcpy(out->tensor[2] + (size_t)c * kept, measured + (1 + BOUNDS) * n, kept * sizeof(double));
}

/* What depends on a peak that is not there. */
static void refuse_peak(const evl_spectral_fit *f, size_t c, evl_out *out) {
  const size_t n = (size_t)f->n_channels;
  for (int k = 0; k < f->model->n_quantities; k++)
    for (size_t e = 0; e < EACH && f->model->of_peak[k]; e++) {
      const size_t i = (QUANTITIES + EACH * (size_t)k + e) * n + c;
      evl_fit_refuse(out, i, i + 1);
    }
}

/* No channel with a spectrum: there was no window, or none that moves. */
void evl_spectral_finish(evl_spectral_fit *f, const evl_stage *stage, evl_out *out) {
  const int n_values = QUANTITIES + EACH * f->n_q;
  const size_t n = (size_t)f->n_channels;
  const size_t size = (size_t)n_values + (BOUNDS + 1) * (size_t)f->n_wanted + (size_t)f->stored * (size_t)f->n_x;
  bool windows = false;
  for (size_t c = 0; c < n; c++)
    windows = windows || stage->state[n * (size_t)f->n_wanted + c] > 0.0;
  for (size_t c = 0; c < n && windows; c++) {
    const double *result = stage->piece + c * size;
    if (stage->channel_why[c] != 0) continue;
    if (result[FIT] == EVL_FIT_DONE || (result[FIT] == EVL_FIT_NO_PEAK && !f->model->may_be_absent)) {
      put(f, (int)c, result, out);
      if (result[FIT] != EVL_FIT_DONE) refuse_peak(f, c, out);
      continue;
    }
    evl_put(out, c, result[FIT]);
    for (int i = FREEDOM; i < n_values; i++) evl_fit_refuse(out, (size_t)i * n + c, (size_t)i * n + c + 1);
  }
}
