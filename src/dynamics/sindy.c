/* sindy: sparse equations of a latent state. */
#include <string.h>

#include "sindy_model_priv.h"
#include "sindy_stage_priv.h"

enum { MOST_STATES_SAMPLED = 128, FIT_TENSORS = 5 };

typedef struct kernel {
  const evl_params *params;
  evl_latent *latent;
  evl_latent seen;          /* of it; with coordinates of their own zero where `own` */
  bool own;
  double *zero;             /* [d] where seen.z has the mean state */
  double *unit, *theta;     /* [d], [p] what 1 of seen.z, and of a term, is in the unit of the signal */
  evl_forecast *forecast;
  evl_library *library;
  evl_sindy_sums *sums;
  evl_sindy_chooser *chooser;
  evl_ensemble *ensemble;
  evl_sindy_flow *flow;
  evl_sindy_stage *stage;   /* NULL: no recording stage */
  const evl_value *mode;
  int n_columns, *cell;
  int p, d, first_nonlinear;
  size_t first;             /* of the outputs behind those of the forecast */
  double *w;                /* [d][p] */
  double *linear;           /* [d][p] with linear terms alone */
  double *state;            /* [d] */
  double *real, *imaginary; /* [d] */
} kernel;

static const evl_param params[] = {
    EVL_LATENT_PARAMS_OF("\"hankel\"", "4"),
    EVL_FORECAST_PARAMS,
    EVL_SINDY_LIBRARY_PARAMS,
    EVL_SINDY_SUMS_PARAMS,
    EVL_SINDY_CHOOSER_PARAMS,
    {"units", EVL_STRING, "\"sd\"", 0, 0, "sd|own", "",
     "sd: coordinates less their mean, over their sd, window by window; own: channels as they are, unit and zero."},
    {"resamples", EVL_INT, "100", 8, 100000, NULL, "", "Bootstraps of blocks of time."},
    {"level", EVL_REAL, "0.9", 0.5, 0.999, NULL, "1", "Of the intervals of coefficients."},
    {"mode", EVL_REALS, "(1, 2)", 1, 64, NULL, "1",
     "Which linear modes are stored, counted from the least damped; a conjugate pair is one."},
    {"columns", EVL_STRINGS, "[\"x0:x0\"]", 0, 0, NULL, "",
     "Coefficients that are columns too, as EQUATION:TERM: \"x0:x1 x2\"; regions and channels also by their names."},
    {"groups", EVL_INT, "16", 4, 256, NULL, "",
     "Recording stage: sums that its windows are dealt to in turn, the blocks of its bootstraps."},
    {0}};

/* Behind the outputs of the forecast. */
enum { TERMS, NONLINEAR, R2, R2_HELD_OUT, R2_LINEAR, NOISE, BLOCKS, SURE, LEAST, DIVERGENCE, REST, FREQUENCY };

static const evl_output outputs[] = {
    EVL_FORECAST_OUTPUTS,
    {"terms", EVL_PER_WINDOW, NULL, false, "count", 0.0, INFINITY, "Terms in all equations together."},
    {"nonlinear", EVL_PER_WINDOW, NULL, false, "1", 0.0, 1.0, "Share of these that are nonlinear."},
    {"r2", EVL_PER_WINDOW, NULL, false, "1", -INFINITY, 1.0,
     "Share that the equations explain of what they are fitted to (form), in the training part."},
    {"r2_held_out", EVL_PER_WINDOW, NULL, false, "1", -INFINITY, 1.0, "The same in the held-out part."},
    {"r2_linear", EVL_PER_WINDOW, NULL, false, "1", -INFINITY, 1.0,
     "The same in the held-out part of all linear terms and no others: the linear rival."},
    {"noise", EVL_PER_WINDOW, NULL, false, "1", 0.0, INFINITY,
     "Sd of white noise in the coordinates, in their sd; at most what differences of neighbouring samples have."},
    {"blocks", EVL_PER_WINDOW, NULL, false, "count", 4.0, INFINITY, "Blocks of time, on which intervals rest."},
    {"sure", EVL_PER_WINDOW, NULL, false, "1", 0.0, 1.0,
     "Share of all candidate terms that at least 95 % of the bootstraps agree on, in or out."},
    {"inclusion_least", EVL_PER_WINDOW, NULL, false, "1", 0.0, 1.0,
     "Inclusion probability of the least certain term of the equations."},
    {"divergence", EVL_PER_WINDOW, NULL, false, "1/s", -INFINITY, INFINITY,
     "Rate at which volumes of the state space grow, mean over the training part: the trace of the Jacobian."},
    {"rest", EVL_PER_WINDOW, NULL, false, "1", 0.0, 10.0,
     "Distance from the mean state, in sd, of the point about which modes are linear: the fixed point next to it, or, "
     "where there is none within 10 sd, the mean itself, 0."},
    {"frequency", EVL_PER_WINDOW, "mode", false, "Hz", 0.0, INFINITY,
     "Frequency of a linear mode at that point; 0 where it does not oscillate."},
    {"damping", EVL_PER_WINDOW, "mode", false, "1/s", -INFINITY, INFINITY, "Its rate of decay; negative: it grows."},
    {"coef", EVL_PER_WINDOW, "columns", false, "1", -INFINITY, INFINITY,
     "A coefficient, of coordinates in units of their sd (units); 0 where the term is out. Forms weak and derivative: 1/s."},
    {"coef_sd", EVL_PER_WINDOW, "columns", false, "1", 0.0, INFINITY,
     "Its standard error, given the terms; 0 where the term is out."},
    {"inclusion", EVL_PER_WINDOW, "columns", false, "1", 0.0, 1.0,
     "Share of bootstraps whose equations have the term."},
    EVL_SINDY_STAGE_OUTPUTS,
    {0}};

static evl_status library_of(const evl_params *p, const evl_montage *montage, evl_arena *arena,
                             evl_library **library) {
  evl_library_spec spec;
  EVL_TRY(evl_sindy_specification(p, montage, arena, &spec));
  return evl_library_plan(&spec, arena, library);
}

static evl_status tensors(const evl_params *p, const evl_montage *montage, evl_arena *arena, evl_tensor **tensor,
                          int *n) {
  static const char *const name[FIT_TENSORS] = {"coefficients", "coef_sd", "coef_low", "coef_high", "inclusion"};
  static const char *const text[FIT_TENSORS] = {
      "Of a term in the equation of a coordinate, in units of their sd (units); 0 where it is out.",
      "Standard errors of these, by bootstraps of blocks of time; 0 where the term is out.",
      "Lower ends of their intervals.", "Upper ends of their intervals.",
      "Share of bootstraps whose equations, chosen anew, have the term."};
  evl_library *library;
  EVL_TRY(library_of(p, montage, arena, &library));
  const int stages = evl_sindy_is_common(p) ? 2 : 1;
  EVL_NEW(arena, *tensor, 2 * FIT_TENSORS + EVL_SINDY_SUM_TENSORS);
  for (int k = 0; k < stages * FIT_TENSORS; k++) {
    evl_tensor *t = &(*tensor)[k];
    *t = (evl_tensor){.name = name[k % FIT_TENSORS], .text = text[k % FIT_TENSORS],
                      .unit = k % FIT_TENSORS == FIT_TENSORS - 1 || evl_sindy_is_discrete(p) ? "1" : "1/s",
                      .of_recording = k >= FIT_TENSORS};
    EVL_TRY(evl_sindy_dimensions(library, false, arena, t));
  }
  *n = stages * FIT_TENSORS;
  return stages == 2 ? evl_sindy_stage_tensors(library, arena, *tensor, n) : EVL_OK;
}

static size_t state_size(const evl_params *p, const evl_montage *montage) {
  return evl_sindy_is_common(p) ? evl_sindy_stage_size(p, montage) : 0;
}

static evl_status plan_parts(kernel *k, const evl_params *p, evl_arena *arena) {
  const evl_latent *l = k->latent;
  EVL_TRY(evl_sindy_sums_plan(p, k->library, l, arena, &k->sums));
  const int window_blocks = evl_sindy_most_blocks(p, l), groups = (int)evl_params_int(p, "groups");
  const int most = evl_sindy_is_common(p) && groups > window_blocks ? groups : window_blocks;
  EVL_TRY(evl_sindy_chooser_plan(p, k->p, k->d, most, arena, &k->chooser));
  EVL_TRY(evl_ensemble_plan(k->p, k->d, most, (int)evl_params_int(p, "resamples"), evl_params_real(p, "level"), arena,
                            &k->ensemble));
  EVL_TRY(evl_sindy_flow_plan(k->library, evl_sindy_is_discrete(p), 1.0 / l->fs_hz, arena, &k->flow));
  if (evl_sindy_is_common(p)) EVL_TRY(evl_sindy_stage_plan(p, k->p, k->d, arena, &k->stage));
  return evl_sindy_columns_plan(evl_params_value(p, "columns"), k->library, arena, &k->cell);
}

static evl_status plan_units(kernel *k, const evl_params *p, evl_arena *arena) {
  k->own = !strcmp(evl_params_string(p, "units"), "own");
  if (k->own && strcmp(evl_params_string(p, "latent"), "channels"))
    return evl_fail(EVL_USAGE, "sindy.units: expected \"sd\" with latent = \"%s\", found \"own\": channels alone have "
                               "units of their own", evl_params_string(p, "latent"));
  if (k->own && evl_params_int(p, "frequencies") > 0)
    return evl_fail(EVL_USAGE, "sindy.units: expected \"sd\" with frequencies, found \"own\"");
  k->seen = *k->latent;
  if (k->own) EVL_NEW(arena, k->seen.z, (size_t)k->d * k->latent->ld);
  EVL_NEW(arena, k->zero, k->d);
  EVL_NEW(arena, k->unit, k->d);
  EVL_NEW(arena, k->theta, k->p);
  return EVL_OK;
}

/* After the latent coordinates were found. */
static const evl_latent *see(kernel *k) {
  const evl_latent *l = k->latent;
  for (int j = 0; j < k->d; j++) {
    k->unit[j] = k->own ? l->channel_sd[j] : 1.0;
    k->zero[j] = k->own ? l->channel_mean[j] / l->channel_sd[j] : 0.0;
    const size_t row = (size_t)j * l->ld;
    for (int t = 0; k->own && t < l->n_samples; t++) k->seen.z[row + (size_t)t] = l->z[row + (size_t)t] + k->zero[j];
  }
  if (k->own) evl_library_at(k->library, k->unit, k->theta);
  for (int i = 0; i < k->p && !k->own; i++) k->theta[i] = 1.0;
  return &k->seen;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->params = p;
  EVL_TRY(evl_latent_plan(p, shape, "sindy", products, arena, &k->latent));
  EVL_TRY(evl_forecast_plan(p, k->latent, "sindy", products, arena, &k->forecast));
  EVL_TRY(library_of(p, shape->montage, arena, &k->library));
  k->mode = evl_params_value(p, "mode");
  k->n_columns = evl_params_value(p, "columns")->n;
  k->p = evl_library_terms(k->library);
  k->d = k->latent->n;
  k->first_nonlinear = k->d + evl_library_specification(k->library)->constant;
  k->first = evl_forecast_outputs(p);
  for (int i = 0; i < k->mode->n; i++)
    if (k->mode->reals[i] != floor(k->mode->reals[i]))
      return evl_fail(EVL_USAGE, "sindy.mode: expected integers, found %.9g", k->mode->reals[i]);
  EVL_TRY(plan_units(k, p, arena));
  EVL_NEW(arena, k->w, k->p * k->d);
  EVL_NEW(arena, k->linear, k->p * k->d);
  EVL_NEW(arena, k->state, k->d);
  EVL_NEW(arena, k->real, k->d);
  EVL_NEW(arena, k->imaginary, k->d);
  *planned = k;
  return plan_parts(k, p, arena);
}

/* Share of the targets' squares that w explains. */
static double explained(const evl_gram *gram, const double *w) {
  double left = 0.0, all = 0.0;
  for (int j = 0; j < gram->d; j++) {
    left += evl_gram_rss(gram, j, w + (size_t)j * (size_t)gram->p);
    all += gram->yy[j];
  }
  return 1.0 - left / all;
}

static bool ahead(void *model, const evl_latent *latent, int t, int steps, double *states) {
  kernel *k = model;
  for (int j = 0; j < k->d; j++) k->state[j] = latent->z[(size_t)j * latent->ld + (size_t)t] + k->zero[j];
  const bool arrived = evl_sindy_flow_ahead(k->flow, k->state, steps, states);
  for (int i = 0; i < steps * k->d; i++) states[i] -= k->zero[i % k->d];
  return arrived;
}

static double mean_divergence(kernel *k) {
  const evl_latent *l = &k->seen;
  const int n = l->n_train < MOST_STATES_SAMPLED ? l->n_train : MOST_STATES_SAMPLED;
  double sum = 0.0;
  for (int i = 0; i < n; i++) {
    const size_t t = (size_t)((int64_t)i * l->n_train / n);
    for (int j = 0; j < k->d; j++) k->state[j] = l->z[(size_t)j * l->ld + t];
    sum += evl_sindy_flow_divergence(k->flow, k->state);
  }
  return sum / n;
}

static void put_modes(kernel *k, evl_out *out) {
  const double far = 10.0; /* sd */
  double square = 0.0;
  memcpy(k->state, k->zero, (size_t)k->d * sizeof *k->state);
  if (!evl_sindy_flow_rest(k->flow, k->state, far)) memcpy(k->state, k->zero, (size_t)k->d * sizeof *k->state);
  for (int j = 0; j < k->d; j++) square += (k->state[j] - k->zero[j]) * (k->state[j] - k->zero[j]);
  const int n = evl_sindy_flow_modes(k->flow, k->state, k->real, k->imaginary);
  const size_t frequency = k->first + FREQUENCY, damping = frequency + (size_t)k->mode->n;
  evl_put(out, k->first + REST, sqrt(square));
  for (int i = 0; i < k->mode->n; i++) {
    const int rank = (int)k->mode->reals[i];
    if (rank > n) continue;
    evl_put(out, frequency + (size_t)i, k->imaginary[rank - 1] / (2.0 * M_PI));
    evl_put(out, damping + (size_t)i, -k->real[rank - 1]);
  }
}

static void put_sureness(const kernel *k, evl_out *out) {
  const double *inclusion = k->ensemble->inclusion;
  double sure = 0.0, least = 1.0;
  const int cells = k->p * k->d;
  for (int i = 0; i < cells; i++) {
    sure += inclusion[i] >= 0.95 || inclusion[i] <= 0.05;
    if (k->w[i] != 0.0) least = fmin(least, inclusion[i]);
  }
  evl_put(out, k->first + SURE, sure / cells);
  evl_put(out, k->first + LEAST, least);
}

static void count_terms(const kernel *k, int *terms, int *nonlinear) {
  *terms = *nonlinear = 0;
  for (int j = 0; j < k->d; j++)
    for (int i = 0; i < k->p; i++) {
      const bool in = k->w[j * k->p + i] != 0.0;
      *terms += in;
      *nonlinear += in && i >= k->first_nonlinear;
    }
}

static void put_terms(kernel *k, evl_out *out) {
  int terms, nonlinear;
  count_terms(k, &terms, &nonlinear);
  evl_put(out, k->first + TERMS, terms);
  evl_put(out, k->first + NONLINEAR, (double)nonlinear / terms);
  evl_put(out, k->first + R2, explained(&k->ensemble->total, k->w));
  evl_put(out, k->first + NOISE, k->sums->noise);
  evl_put(out, k->first + BLOCKS, k->sums->n_blocks);
  if (!(k->sums->held_out.n > 0.0)) return;
  evl_put(out, k->first + R2_HELD_OUT, explained(&k->sums->held_out, k->w));
  if (evl_sindy_linear(k->chooser, &k->ensemble->total, k->first_nonlinear, k->linear) == EVL_FIT_DONE)
    evl_put(out, k->first + R2_LINEAR, explained(&k->sums->held_out, k->linear));
}

/* Of a coefficient of seen.z, at [d][p], in the units asked for. */
static double unit_of(const kernel *k, int at) { return k->unit[at / k->p] / k->theta[at % k->p]; }

static void put_cells(const kernel *k, size_t first, evl_out *out) {
  const size_t n = (size_t)k->n_columns;
  for (size_t i = 0; i < n; i++) {
    const int at = k->cell[i];
    evl_put(out, first + i, unit_of(k, at) * k->w[at]);
    evl_put(out, first + n + i, unit_of(k, at) * k->ensemble->sd[at]);
    evl_put(out, first + 2 * n + i, k->ensemble->inclusion[at]);
  }
}

/* Of what was fitted last, as term x coordinate. */
static void put_tensors(const kernel *k, evl_out *out) {
  const evl_ensemble *e = k->ensemble;
  const double *const from[FIT_TENSORS] = {k->w, e->sd, e->low, e->high, e->inclusion};
  for (int n = 0; n < FIT_TENSORS; n++)
    for (int i = 0; i < k->p; i++)
      for (int j = 0; j < k->d; j++)
        out->tensor[n][i * k->d + j] =
            from[n][j * k->p + i] * (n + 1 < FIT_TENSORS ? unit_of(k, j * k->p + i) : 1.0); /* the last are shares */
}

/* Chooses, then resamples, the blocks. */
static evl_fit fit(kernel *k, evl_gram *block, int n_blocks, int *series, double *shape, uint64_t key) {
  evl_random random;
  evl_random_begin(&random, key, "sindy", "blocks", 0);
  evl_ensemble_begin(k->ensemble, n_blocks, block);
  evl_sindy_chooser_begin(k->chooser, block, n_blocks, series, shape);
  const evl_fit chosen = evl_sindy_choose(k->chooser, NULL, &k->ensemble->total, k->w);
  return chosen != EVL_FIT_DONE ? chosen
                                : evl_ensemble_run(k->ensemble, k->w, evl_sindy_choose, k->chooser, &random);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  const size_t cells = k->first + FREQUENCY + 2 * (size_t)k->mode->n, end = cells + 3 * (size_t)k->n_columns;
  evl_fit found = evl_latent_find(k->latent, window);
  if (found == EVL_FIT_DONE) found = evl_sindy_sums_find(k->sums, see(k));
  if (found == EVL_FIT_DONE && k->stage)
    evl_sindy_stage_add(k->stage, k->sums->block, k->sums->n_blocks, k->unit, k->theta, window, out->state);
  if (found == EVL_FIT_DONE)
    found = fit(k, k->sums->block, k->sums->n_blocks, k->sums->series, k->sums->shape, window->key);
  evl_sindy_flow_set(k->flow, k->w);
  evl_forecast_put(k->forecast, found, ahead, k, window, out);
  if (found != EVL_FIT_DONE) {
    evl_fit_refuse(out, k->first, end);
    return;
  }
  put_terms(k, out);
  put_sureness(k, out);
  evl_put(out, k->first + DIVERGENCE, mean_divergence(k));
  put_modes(k, out);
  put_cells(k, cells, out);
  put_tensors(k, out);
}

/* One fit of all windows, whose groups are the blocks. */
static void finish(void *planned, const evl_stage *stage, evl_out *out) {
  enum { FIT, WINDOWS, ROWS, ALL, CURVED };
  kernel *k = planned;
  evl_gram *block;
  int n_blocks, *series;
  double windows;
  evl_fit found = EVL_FIT_UNCOMMON;
  if (k->stage) found = evl_sindy_stage_blocks(k->stage, stage->state, &block, &series, &n_blocks, &windows);
  if (found == EVL_FIT_DONE) found = fit(k, block, n_blocks, series, k->ensemble->total.g, stage->key);
  evl_fit_refuse(out, WINDOWS, EVL_SINDY_STAGE_CELLS + 3 * (size_t)k->n_columns);
  evl_put(out, FIT, found);
  if (found != EVL_FIT_DONE) return;
  /* Sums of all windows are in the units asked for. */
  for (int i = 0; i < k->p; i++) k->theta[i] = k->unit[i % k->d] = 1.0;
  int terms, nonlinear;
  count_terms(k, &terms, &nonlinear);
  evl_put(out, WINDOWS, windows);
  evl_put(out, ROWS, k->ensemble->total.n);
  evl_put(out, ALL, terms);
  evl_put(out, CURVED, (double)nonlinear / terms);
  put_cells(k, EVL_SINDY_STAGE_CELLS, out);
  put_tensors(k, out);
  evl_sindy_stage_put_sums(&k->ensemble->total, out->tensor + FIT_TENSORS);
}

const evl_entry evl_model_sindy = {
    .name = "sindy",
    .summary = "Sparse nonlinear equations of a latent state: terms chosen from a library, how sure they are, what "
               "they foretell.",
    .definition =
        "Form discrete: z_j(t + 1/fs) = sum_i w_ji theta_i(z(t)), theta the monomials up to `degree` (and waves). "
        "Form weak: dz_j/dt = sum_i w_ji theta_i(z), with test functions phi(u) = (1 - u^2)^4 on overlapping "
        "windows: sum phi theta_i(z) are the rows and - sum phi' z the targets; white noise of the coordinates, "
        "found from differences of neighbouring samples, is taken off the sums. Weak and derivative look both ways "
        "in time: of a stationary rhythm that noise drives they see the rotation alone, for the mean of z dz/dt is "
        "0, and no damping. Hence discrete for EEG, on coordinates that hold a past (latent hankel): components of "
        "one instant say next to nothing of the next. Everything rests on the sums of products of rows and targets "
        "by blocks of block_s: terms are chosen on the sum of all blocks; `resamples` sums of blocks drawn with "
        "replacement give the inclusion of a term, chosen anew each time, and standard errors of the coefficients "
        "on the terms chosen; intervals are w +- t sd, t of Student with blocks - 1 degrees of freedom. Blocks of 2 "
        "s are long against the correlation of EEG and give 24 in a minute's training part. Degree 2 and 4 "
        "coordinates are 15 candidates an equation: more rarely survive on EEG. Free runs: Runge-Kutta, two steps a "
        "sample, of forms in time. Recording stage, where coordinates mean the same in every window (latent regions "
        "or channels; else fit = 11): sums of all windows, dealt to `groups` blocks in turn, and one fit; the sums "
        "are kept for models of the cohort.",
    .cite = "Brunton, Proctor and Kutz 2016, doi:10.1073/pnas.1517384113; Messenger and Bortz 2021, "
            "doi:10.1137/20M1343166 (weak form, eq. 2.5 to 2.9); Fasel et al. 2022, doi:10.1098/rspa.2021.0904 "
            "(ensembles)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .tensors = tensors,
    .state_size = state_size,
    .cost_us = evl_sindy_cost_us,
    .plan = plan,
    .run = run,
    .finish = finish,
};
