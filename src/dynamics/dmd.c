/* dmd: dynamic mode decomposition of a window, its spread over parts of the window, and its forecasts. */
#include <string.h>

#include "dmd_priv.h"

enum { MOST_EVALUATIONS = 200 };
/* Functions nearer than that to a combination of the others have amplitudes that cancel: no modes of anything. */
static const double APART = 0.02;

typedef struct kernel {
  evl_latent *latent;
  evl_forecast *forecast;
  size_t first_own;      /* output behind those of forecasts */
  bool optimised, backward_too, stable, project, by_energy;
  int rank, delays, step, n_trials, n_chosen;
  evl_dmd_series series;
  evl_dmd_start *start;
  evl_dmd_fit *trial, *whole;
  evl_dmd_predictor predictor;
  evl_rates rates, moved;
  const evl_value *mode;
  double *share, *draw;  /* [rank]; [n_trials][2][rank] growth, turn */
  int *rank_of;          /* [rank] rates in order */
  int *part, n_kept;     /* [n_parts] */
  double *cross, *own;   /* n x n_channels, n x n: channels on coordinates */
} kernel;

static const evl_param params[] = {
    EVL_LATENT_PARAMS("4"),
    EVL_FORECAST_PARAMS,
    {"method", EVL_STRING, "\"optimised\"", 0, 0, "optimised|hankel|forward_backward|exact", "",
     "Least squares over the rates, which start from hankel; DMD under delays; forward-backward; exact. The last two "
     "take noise for decay."},
    {"fit_to", EVL_STRING, "\"covariance\"", 0, 0, "covariance|segments|window", "",
     "Lagged covariances; segments that share their rates and have amplitudes of their own; the training part as one "
     "transient."},
    {"rank", EVL_INT, "8", 1, 64, NULL, "1",
     "Eigenvalues, two a pair; of the method optimised fewer where so many are not told apart."},
    {"stable", EVL_BOOL, "true", 0, 0, NULL, "", "No eigenvalue grows."},
    {"project", EVL_BOOL, "true", 0, 0, NULL, "", "Rates from the `rank` principal directions of the series alone."},
    {"length_s", EVL_REAL, "1.0", 0.01, 60.0, NULL, "s", "Longest lag of the covariances, or length of a segment."},
    {"delays", EVL_INT, "16", 1, 200, NULL, "1", "Of hankel; fewer where the series is short."},
    {"delay_step", EVL_INT, "0", 0, 1000, NULL, "samples",
     "Between them; 0: they reach over half the series, by steps of 0.02 s at most, so that no rhythm below 25 Hz "
     "looks constant."},
    {"past", EVL_INT, "8", 1, 64, NULL, "samples", "From which forecasts are made."},
    {"order", EVL_STRING, "\"energy\"", 0, 0, "energy|frequency", "",
     "Of the modes: largest share or lowest frequency first."},
    {"mode", EVL_REALS, "(1, 2, 3, 4)", 1, 64, NULL, "1", "Which modes are stored, counted in that order."},
    {"trials", EVL_INT, "20", 0, 1000, NULL, "1", "Fits to random parts, of the method optimised; 0: none."},
    {"trial_share", EVL_REAL, "0.5", 0.05, 0.95, NULL, "1", "Of the blocks, segments or samples in each."},
    {"block_s", EVL_REAL, "1.0", 0.01, 60.0, NULL, "s", "Block of time of the covariances."},
    {0}};

enum { EIGENVALUES, RESIDUAL, FREQUENCY, OF_MODE = 8 };
#define OF_MODES(name, unit, low, high, text) {name, EVL_PER_WINDOW, "mode", false, unit, low, high, text}

static const evl_output outputs[] = {
    EVL_FORECAST_OUTPUTS,
    {"eigenvalues", EVL_PER_WINDOW, NULL, false, "count", 1.0, 64.0, "Eigenvalues of the fit, at most the rank."},
    {"residual", EVL_PER_WINDOW, NULL, false, "1", 0.0, 1.0,
     "Share of the series' sum of squares that no mode explains."},
    OF_MODES("frequency", "Hz", 0.0, INFINITY, "Frequency of a mode; 0: a real eigenvalue."),
    OF_MODES("damping", "1/s", -INFINITY, INFINITY, "Its rate of decay; negative: it grows."),
    OF_MODES("amplitude", "1", 0.0, INFINITY,
             "In sd of the coordinates: at the start of the window, root mean square over segments, or standing."),
    OF_MODES("share", "1", 0.0, INFINITY, "Share of the series' sum of squares in it alone."),
    OF_MODES("frequency_mean", "Hz", 0.0, INFINITY, "Mean frequency over the trials."),
    OF_MODES("frequency_sd", "Hz", 0.0, INFINITY, "Standard error of the frequency, from the trials."),
    OF_MODES("damping_mean", "1/s", -INFINITY, INFINITY, "Mean rate of decay over the trials."),
    OF_MODES("damping_sd", "1/s", 0.0, INFINITY, "Standard error of the rate of decay, from the trials."),
    {0}};

static evl_status tensors(const evl_params *p, const evl_montage *montage, evl_arena *arena, evl_tensor **tensor,
                          int *n) {
  static const char *const part[] = {"real", "imaginary"}, *const rate[] = {"frequency", "damping"};
  const int rank = (int)evl_params_int(p, "rank"), trials = (int)evl_params_int(p, "trials");
  double *number, *trial;
  EVL_NEW(arena, *tensor, 3);
  EVL_NEW(arena, number, rank);
  EVL_NEW(arena, trial, trials + 1);
  for (int i = 0; i < rank; i++) number[i] = i + 1;
  for (int i = 0; i < trials; i++) trial[i] = i + 1;
  const evl_dimension modes = {.name = "mode", .size = rank, .coordinate = number, .unit = ""};
  const evl_dimension rates = {.name = "rate", .size = 2, .label = rate, .unit = ""};
  (*tensor)[0] = (evl_tensor){
      .name = "modes", .unit = "1",
      .text = "Pattern of a mode over the channels, in their units, of length 1, real at the largest; NaN beyond the "
              "last mode and for channels not used.",
      .n_dimensions = 3,
      .dimension = {modes, {.name = "part", .size = 2, .label = part, .unit = ""},
                    {.name = "channel", .size = montage->n, .label = montage->name, .unit = ""}},
      .size = (size_t)rank * 2 * (size_t)montage->n};
  (*tensor)[1] = (evl_tensor){.name = "rates", .unit = "1/s",
                              .text = "Frequency (in Hz) and damping of all modes, in order.",
                              .n_dimensions = 2, .dimension = {modes, rates}, .size = (size_t)rank * 2};
  (*tensor)[2] = (evl_tensor){
      .name = "trials", .unit = "1/s",
      .text = "Frequency (in Hz) and damping of every trial; NaN where one did not settle.",
      .n_dimensions = 3,
      .dimension = {{.name = "trial", .size = trials, .coordinate = trial, .unit = ""}, modes, rates},
      .size = (size_t)trials * (size_t)rank * 2};
  *n = trials ? 3 : 2;
  return EVL_OK;
}

static int word(const evl_params *p, const char *name, const char *const *of) {
  int i = 0;
  while (strcmp(evl_params_string(p, name), of[i])) i++;
  return i;
}

/* Delays of the start that leave columns enough. */
static void plan_delays(kernel *k, const evl_params *p, double fs_hz) {
  const int length = k->series.length;
  k->delays = (int)evl_params_int(p, "delays");
  if (k->delays > length / 4) k->delays = length / 4 > 1 ? length / 4 : 1;
  k->step = (int)evl_params_int(p, "delay_step");
  if (k->step == 0) k->step = (int)fmin(length / 2 / k->delays, 0.02 * fs_hz);
  if (k->step < 1) k->step = 1;
}

static evl_status plan_memory(kernel *k, const evl_params *p, const evl_montage *montage, evl_arena *arena) {
  const evl_dmd_series *s = &k->series;
  const int n = k->latent->n, rank = k->rank, rows = k->project ? rank : s->n_rows;
  EVL_TRY(evl_dmd_start_plan(rank < s->n_rows ? rank : s->n_rows, k->delays, rank, arena, &k->start));
  EVL_TRY(evl_dmd_fit_plan(rows < s->n_rows ? rows : s->n_rows, s->length, rank, arena, &k->trial));
  EVL_TRY(evl_dmd_fit_plan(s->n_rows, s->length, rank, arena, &k->whole));
  EVL_TRY(evl_dmd_predictor_plan(n, (int)evl_params_int(p, "past"), rank, arena, &k->predictor));
  EVL_TRY(evl_rates_plan(rank, arena, &k->rates));
  EVL_TRY(evl_rates_plan(rank, arena, &k->moved));
  EVL_NEW(arena, k->share, rank);
  EVL_NEW(arena, k->draw, 2 * rank * (k->n_trials + 1));
  EVL_NEW(arena, k->rank_of, rank);
  EVL_NEW(arena, k->part, 2 * s->n_parts);
  EVL_NEW(arena, k->cross, n * montage->n);
  EVL_NEW(arena, k->own, n * n);
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  static const char *const methods[] = {"optimised", "hankel", "forward_backward", "exact"};
  static const char *const kinds[] = {"covariance", "segments", "window"};
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_latent_plan(p, shape, "dmd", products, arena, &k->latent));
  EVL_TRY(evl_forecast_plan(p, k->latent, "dmd", products, arena, &k->forecast));
  k->first_own = evl_forecast_outputs(p);
  const int method = word(p, "method", methods), n = k->latent->n;
  const evl_dmd_kind kind = (evl_dmd_kind)word(p, "fit_to", kinds);
  k->optimised = method == 0;
  k->backward_too = method == 2;
  k->rank = (int)evl_params_int(p, "rank");
  k->stable = evl_params_bool(p, "stable");
  k->project = evl_params_bool(p, "project");
  k->by_energy = !strcmp(evl_params_string(p, "order"), "energy");
  k->mode = evl_params_value(p, "mode");
  k->n_trials = k->optimised ? (int)evl_params_int(p, "trials") : 0;
  for (int i = 0; i < k->mode->n; i++)
    if (k->mode->reals[i] != floor(k->mode->reals[i]) || k->mode->reals[i] > k->rank)
      return evl_fail(EVL_USAGE, "dmd.mode: expected integers up to rank, %d, found %.9g", k->rank, k->mode->reals[i]);
  if (n > 64) return evl_fail(EVL_USAGE, "dmd.latent: expected at most 64 coordinates, found %d", n);
  if (n * (int)evl_params_int(p, "past") < k->rank)
    return evl_fail(EVL_USAGE, "dmd.past: expected at least rank, %d, over the coordinates, %d, found %d", k->rank, n,
                    (int)evl_params_int(p, "past"));
  EVL_TRY(evl_dmd_series_plan(kind, n, k->latent->n_train, (int)round(evl_params_real(p, "length_s") * shape->fs_hz),
                              (int)fmax(1.0, round(evl_params_real(p, "block_s") * shape->fs_hz)), k->rank, arena,
                              &k->series));
  *planned = k;
  if (k->series.length == 0) return EVL_OK;
  plan_delays(k, p, shape->fs_hz);
  if (method >= 2) k->delays = k->step = 1;
  k->n_chosen = (int)round(evl_params_real(p, "trial_share") * k->series.n_parts);
  if (k->n_chosen < 1 || k->n_chosen >= k->series.n_parts) k->n_trials = 0;
  return plan_memory(k, p, shape->montage, arena);
}

/* Growth of a stable system is none; of one that need not be, no more than tenfold over the series. */
static evl_fit hold(const kernel *k, evl_rates *rates) {
  for (int i = 0; i < rates->n; i++) {
    if (k->stable) rates->growth[i] = fmin(rates->growth[i], 0.0);
    if (rates->growth[i] * k->series.length > log(10.0)) return EVL_FIT_UNSTABLE;
  }
  return EVL_FIT_DONE;
}

static evl_fit optimise(kernel *k, evl_rates *rates) {
  const evl_dmd_series *s = &k->series;
  return evl_dmd_optimise(k->trial, s->chosen, s->chosen_ld, s->chosen_rows, s->chosen_length, s->first, s->sample,
                          k->stable, MOST_EVALUATIONS, rates);
}

/* A pair that hardly turns over the series, or hardly differs from alternation, has a sine that is none. */
static bool told_apart(const kernel *k) {
  static const double LEAST = 0.1; /* rad */
  for (int i = 0; i < k->rates.n; i++) {
    const double turn = k->rates.turn[i];
    if (evl_rate_is_pair(&k->rates, i) && fmin(turn, M_PI - turn) * k->series.length < LEAST) return false;
  }
  return k->whole->apart >= APART;
}

/* Rates and amplitudes of the whole series at one rank. */
static evl_fit find_at_rank(kernel *k, int rank) {
  evl_dmd_series *s = &k->series;
  evl_dmd_series_choose(s, NULL, s->n_parts);
  if (!evl_dmd_series_reduce(s, rank)) return EVL_FIT_UNSETTLED;
  evl_fit fit = evl_dmd_start_find(k->start, k->backward_too, s->chosen, s->chosen_ld, s->chosen_rows, s->chosen_length,
                                   k->delays, k->step, rank, &k->rates);
  if (fit != EVL_FIT_DONE) return fit;
  if (!k->project) evl_dmd_series_choose(s, NULL, s->n_parts);
  if (k->optimised) fit = optimise(k, &k->rates);
  if (fit == EVL_FIT_DONE) fit = hold(k, &k->rates);
  if (fit != EVL_FIT_DONE) return fit;
  fit = evl_dmd_amplitudes(k->whole, s->y, s->ld, s->n_rows, s->length, s->first, NULL, &k->rates);
  return fit == EVL_FIT_DONE && !told_apart(k) ? EVL_FIT_COLLINEAR : fit;
}

/* The highest rank up to that given whose modes are told apart; the first rank's code where there is none. */
static evl_fit find_rates(kernel *k) {
  evl_fit first = EVL_FIT_DONE;
  for (int rank = k->rank; rank > 0; rank--) {
    const evl_fit fit = find_at_rank(k, rank);
    if (fit == EVL_FIT_DONE)
      return evl_dmd_predictor_fit(&k->predictor, &k->series, k->latent->z, k->latent->ld, k->whole, &k->rates);
    if (rank == k->rank) first = fit;
    if (!k->optimised || (fit != EVL_FIT_COLLINEAR && fit != EVL_FIT_UNSETTLED)) return first;
  }
  return first;
}

static bool comes_before(const kernel *k, int a, int b) {
  return k->by_energy ? k->share[a] > k->share[b] : k->rates.turn[a] < k->rates.turn[b];
}

static void sort_modes(kernel *k) {
  for (int i = 0; i < k->rates.n; i++) {
    k->share[i] = evl_dmd_share(k->whole, &k->rates, i);
    int at = i;
    for (; at > 0 && comes_before(k, i, k->rank_of[at - 1]); at--) k->rank_of[at] = k->rank_of[at - 1];
    k->rank_of[at] = i;
  }
}

/* n_chosen of the parts, ascending. */
static void draw_parts(kernel *k, const evl_window *window, int trial) {
  const int n = k->series.n_parts;
  int *order = k->part, *chosen = k->part + n, count = 0;
  evl_random random;
  evl_random_begin(&random, window->key, "dmd", "trial", (uint64_t)trial);
  evl_random_permutation(&random, order, n);
  for (int i = 0; i < n; i++) chosen[i] = 0;
  for (int i = 0; i < k->n_chosen; i++) chosen[order[i]] = 1;
  for (int i = 0; i < n; i++)
    if (chosen[i]) order[count++] = i;
}

/* Rates of the trials that settle, every one from those of the whole. */
static void run_trials(kernel *k, const evl_window *window) {
  evl_dmd_series *s = &k->series;
  k->n_kept = 0;
  for (int trial = 0; trial < k->n_trials; trial++) {
    double *draw = k->draw + (size_t)trial * 2 * (size_t)k->rank;
    for (int i = 0; i < 2 * k->rank; i++) draw[i] = NAN;
    draw_parts(k, window, trial);
    evl_dmd_series_choose(s, k->part, k->n_chosen);
    if (k->project && !evl_dmd_series_reduce(s, k->rank)) continue;
    evl_rates_copy(&k->moved, &k->rates);
    if (optimise(k, &k->moved) != EVL_FIT_DONE) continue;
    for (int i = 0; i < k->rates.n; i++) {
      draw[i] = k->moved.turn[i];
      draw[k->rank + i] = -k->moved.growth[i];
    }
    k->n_kept++;
  }
}

/* Mean over the trials, and the standard error of the whole: parts without replacement vary by (1 - share) / share of
   its variance (Wu 1986, delete-d jackknife). NaN where fewer than half of them settled. */
static void spread(const kernel *k, int at, double *mean, double *sd) {
  *mean = *sd = NAN;
  if (k->n_kept < 2 || 2 * k->n_kept < k->n_trials) return;
  double sum = 0.0, square = 0.0;
  for (int trial = 0; trial < k->n_trials; trial++) {
    const double x = k->draw[(size_t)trial * 2 * (size_t)k->rank + (size_t)at];
    if (!isnan(x)) sum += x;
  }
  *mean = sum / k->n_kept;
  for (int trial = 0; trial < k->n_trials; trial++) {
    const double x = k->draw[(size_t)trial * 2 * (size_t)k->rank + (size_t)at] - *mean;
    if (!isnan(x)) square += x * x;
  }
  *sd = sqrt(square / (k->n_kept - 1) * k->n_chosen / (k->series.n_parts - k->n_chosen));
}

/* Norm of the amplitudes of rate i: of a transient, root mean square over segments, root of a covariance. */
static double amplitude(const kernel *k, int i) {
  const evl_dmd_series *s = &k->series;
  const int r = k->rates.n_basis, width = evl_rate_is_pair(&k->rates, i) ? 2 : 1;
  int at = 0;
  for (int j = 0; j < i; j++) at += evl_rate_is_pair(&k->rates, j) ? 2 : 1;
  double square = 0.0;
  for (int row = 0; row < s->n_rows; row++)
    for (int j = 0; j < width; j++) square += pow(k->whole->amplitude[row * r + at + j], 2.0);
  return s->kind == EVL_DMD_COVARIANCE ? sqrt(sqrt(square)) : sqrt(square * s->n / s->n_rows);
}

static void put_modes(const kernel *k, double fs_hz, evl_out *out) {
  const size_t first = k->first_own + FREQUENCY, n = (size_t)k->mode->n;
  const double hz = fs_hz / (2.0 * M_PI);
  evl_put(out, k->first_own + EIGENVALUES, k->rates.n_basis);
  evl_put(out, k->first_own + RESIDUAL, fmin(fmax(k->whole->residual, 0.0), 1.0));
  for (size_t m = 0; m < n; m++) {
    const int number = (int)k->mode->reals[m];
    for (size_t o = 0; o < OF_MODE; o++) out->why[first + o * n + m] = EVL_WHY_UNDEFINED;
    if (number > k->rates.n) continue;
    const int i = k->rank_of[number - 1];
    double turn, turn_sd, fall, fall_sd;
    spread(k, i, &turn, &turn_sd);
    spread(k, k->rank + i, &fall, &fall_sd);
    const double value[OF_MODE] = {k->rates.turn[i] * hz, -k->rates.growth[i] * fs_hz, amplitude(k, i), k->share[i],
                                   turn * hz, turn_sd * hz, fall * fs_hz, fall_sd * fs_hz};
    for (size_t o = 0; o < OF_MODE; o++) evl_put(out, first + o * n + m, value[o]);
  }
}

static void put_tensors(kernel *k, const evl_window *window, evl_out *out) {
  const size_t c = (size_t)window->n_channels;
  const double fs_hz = window->fs_hz, hz = fs_hz / (2.0 * M_PI);
  const bool regressed = evl_dmd_channels(k->latent, window, k->own, k->cross);
  for (int m = 0; m < k->rates.n; m++) {
    const int i = k->rank_of[m];
    double *modes = out->tensor[0] + (size_t)m * 2 * c;
    if (regressed) evl_dmd_pattern(&k->predictor, i, k->cross, window, modes, modes + c);
    out->tensor[1][2 * m] = k->rates.turn[i] * hz;
    out->tensor[1][2 * m + 1] = -k->rates.growth[i] * fs_hz;
    for (int trial = 0; trial < k->n_trials; trial++) {
      const double *draw = k->draw + (size_t)trial * 2 * (size_t)k->rank;
      double *to = out->tensor[2] + ((size_t)trial * (size_t)k->rank + (size_t)m) * 2;
      to[0] = draw[i] * hz;
      to[1] = draw[k->rank + i] * fs_hz;
    }
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  evl_fit fit = evl_latent_find(k->latent, window);
  if (fit == EVL_FIT_DONE && k->series.length == 0) fit = EVL_FIT_SHORT;
  if (fit == EVL_FIT_DONE) {
    evl_dmd_series_fill(&k->series, k->latent->z, k->latent->ld);
    fit = find_rates(k);
  }
  evl_fit_refuse(out, k->first_own, k->first_own + FREQUENCY + OF_MODE * (size_t)k->mode->n);
  evl_forecast_put(k->forecast, fit, evl_dmd_ahead, &k->predictor, window, out);
  if (fit != EVL_FIT_DONE) return;
  sort_modes(k);
  run_trials(k, window);
  put_modes(k, window->fs_hz, out);
  put_tensors(k, window, out);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = evl_latent_dimension(p, shape->montage), r = (double)evl_params_int(p, "rank");
  const double lags = evl_params_real(p, "length_s") * shape->fs_hz, trials = 1.0 + (double)evl_params_int(p, "trials");
  return evl_latent_cost_us(p, shape) + evl_forecast_cost_us(p, shape) + 2e-4 * shape->n_samples * n * n * lags +
         trials * (30.0 * r * r + 0.1 * lags * r * r);
}

const evl_entry evl_model_dmd = {
    .name = "dmd",
    .summary = "Dynamic mode decomposition: damped oscillations with their spread, patterns and held-out forecasts.",
    .definition =
        "y(t) = sum_j b_j exp(lambda_j t), lambda = - damping +- 2 pi i frequency, conjugate pairs because signals "
        "are real; rates by least squares with the amplitudes eliminated (variable projection), started from the "
        "eigenvalues of DMD under delays. Exact DMD regresses noise on noise and reports it as decay, 25 times the "
        "truth at noise 0.5, and is never the default. y is the covariances <z_i(t + lag) z_j(t)>, lags 1 to "
        "length_s, of the training part: EEG is no transient but the response to a drive without end, whose samples "
        "do not decay, while its covariances do, at the rates of the system (James et al. 1993), and without the "
        "noise of sensors, which is in lag 0 alone; length_s = 1 s, beyond which little but sampling error is left "
        "of rhythms that decay. `segments` fits a sum of decays to segments with amplitudes of their own, for "
        "responses to events; `window` to the whole. The rank falls until the search settles and no function is "
        "within 2 % of a combination of the others. Each of the trials fits half of the blocks of time (bagging); "
        "the standard error is the delete-half jackknife's. Forecasts are the best linear ones from the last `past` "
        "samples under the fitted covariances, with a ridge chosen in the training part.",
    .cite = "Askham and Kutz 2018, doi:10.1137/M1124176 (variable projection); Sashidhar and Kutz 2022, "
            "doi:10.1098/rsta.2021.0199 (bagging); Le Clainche and Vega 2017, doi:10.1137/15M1054924, equation 2.15 "
            "(delays); Dawson et al. 2016, doi:10.1007/s00348-016-2127-7, equation 17 (forward-backward); Tu et al. "
            "2014, doi:10.3934/jcd.2014.1.391 (exact); James et al. 1993, Natural excitation technique, SAND92-1666",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_SIGN, /* offset and scale up to the last digits of searches in flat valleys */
    .tensors = tensors,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
