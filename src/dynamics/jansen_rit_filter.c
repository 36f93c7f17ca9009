/* jansen_rit_filter: how the synaptic gains of a neural mass drift within a window, channel by channel, by the Kalman
   filter with the exact moments of its sigmoid. */
#include <string.h>

#include "mass_filter_priv.h"
#include "var_priv.h"

static const evl_param params[] = {
    {"scale_mv", EVL_REAL, "2.0", 1e-3, 100.0, NULL, "mV",
     "What the channel's sd in the training part is taken for, of the pyramidal cells' potential about the threshold."},
    {"gain_mv", EVL_REALS, "(21.94, 5.48, 17.55, 74.25)", 1e-3, 1e4, NULL, "mV",
     "Gains at the start, from pyramidal cells to excitatory, to inhibitory ones, from excitatory and from inhibitory "
     "ones "
     "to pyramidal ones: A / a C 2 e0 of Jansen and Rit."},
    {"gain_share", EVL_REALS, "(0.01, 0.01, 0.3, 0.3)", 1e-6, 10.0, NULL, "1",
     "Their sd at the start, in shares of them. One channel fixes hardly more than the product of the two gains on "
     "the way "
     "from pyramidal cells and back, so that the first of each two is all but held."},
    {"gain_walk", EVL_REAL, "0.03", 0.0, 10.0, NULL, "1/sqrt(s)",
     "Sd that a gain's walk has after a second, in shares of its sd at the start."},
    {"input_walk_mv", EVL_REAL, "0.2", 0.0, 100.0, NULL, "mV/sqrt(s)", "The same of the mean input."},
    {"offset_mv", EVL_REAL, "1.0", 0.0, 100.0, NULL, "mV",
     "Sd of the mean potential about the threshold at the start: an EEG has no zero to tell it."},
    {"tau_excitatory_s", EVL_REAL, "0.01", 1e-4, 1.0, NULL, "s", "Time constant of excitatory synapses, 1 / a."},
    {"tau_inhibitory_s", EVL_REAL, "0.02", 1e-4, 1.0, NULL, "s", "Time constant of inhibitory synapses, 1 / b."},
    {"threshold_mv", EVL_REAL, "6.0", -100.0, 100.0, NULL, "mV", "Potential at which cells fire at half their most."},
    {"spread_mv", EVL_REAL, "3.03", 0.01, 100.0, NULL, "mV", "Sd of thresholds: 1.699 / r for r = 0.56/mV."},
    {"noise_ratio", EVL_REALS, "(0.1, 1.0, 10.0, 100.0, 1000.0)", 1e-9, 1e9, NULL, "1",
     "Variance of the noise that drives the cells, a step, over that of the observation's: the likeliest is taken."},
    {"anneal", EVL_REAL, "1e4", 1.0, 1e12, NULL, "1",
     "The variance of that noise is as many times larger at the start, falling to itself geometrically."},
    {"anneal_share", EVL_REAL, "0.05", 0.0, 0.5, NULL, "1", 
     "Share of the window that this takes; gains are read behind."},
    {"pilot_s", EVL_REAL, "5.0", 1.0, 600.0, NULL, "s",
     "Stretch at the head of the training part on which the two noises are fitted: innovations as large as the filter "
     "says, and as likely as may be."},
    {"course", EVL_INT, "10", 1, 1000, NULL, "count", "Parts of the window for the tensor of gains over time."},
    {"train_share", EVL_REAL, "0.8", 0.1, 0.95, NULL, "1",
     "First part of the window, on which the noise is fitted and the rival; errors are of the rest."},
    {"gap_s", EVL_REAL, "1.0", 0.0, 600.0, NULL, "s", "Left out between the two parts."},
    {0}};

#define GAIN(name, text)                                                                                              \
  {name, EVL_PER_CHANNEL, NULL, false, "mV", 0.0, INFINITY, text " Mean over the window."},                           \
      {name "_sd", EVL_PER_CHANNEL, NULL, false, "mV", 0.0, INFINITY, "Rms of its posterior standard deviation."},    \
      {name "_drift", EVL_PER_CHANNEL, NULL, false, "mV/s", -INFINITY, INFINITY, "Slope of its course."},             \
      {name "_kl", EVL_PER_CHANNEL, NULL, false, "nat", 0.0, INFINITY,                                                \
       "Divergence at the window's end from what its start and walk alone say; near 0: the data say nothing of it."}

static const evl_output outputs[] = {
    EVL_FIT_OUTPUT(EVL_PER_CHANNEL, false),
    {"error", EVL_PER_CHANNEL, NULL, false, "1", 0.0, INFINITY,
     "Mean squared one-step error in the held-out part, in units of the training variance."},
    {"error_var", EVL_PER_CHANNEL, NULL, false, "1", 0.0, INFINITY,
     "The same of a ridge autoregression of the channel, its order by BIC up to 14, the states of the filter."},
    {"error_persistence", EVL_PER_CHANNEL, NULL, false, "1", 0.0, INFINITY,
     "The same of the forecast that nothing changes."},
    {"consistency", EVL_PER_CHANNEL, NULL, false, "1", 0.0, INFINITY,
     "Squared innovations of the held-out part over the variance that the filter gives them; 1: its sd are right."},
    {"drive", EVL_PER_CHANNEL, NULL, false, "mV/sqrt(s)", 0.0, INFINITY, "Fitted noise that drives the cells."},
    {"noise", EVL_PER_CHANNEL, NULL, false, "mV", 0.0, INFINITY, "Fitted sd of the observation's noise."},
    {"input", EVL_PER_CHANNEL, NULL, false, "mV", -INFINITY, INFINITY, "Mean input to pyramidal cells."},
    GAIN("gain_pe", "Gain from pyramidal to excitatory cells."),
    GAIN("gain_pi", "Gain from pyramidal to inhibitory cells."),
    GAIN("gain_ep", "Gain from excitatory to pyramidal cells."),
    GAIN("gain_ip", "Gain from inhibitory to pyramidal cells."),
    {0}};

enum { FIT, ERROR, ERROR_VAR, ERROR_PERSISTENCE, CONSISTENCY, DRIVE, NOISE, INPUT, GAINS, EACH = 4,
       VALUES = GAINS + EACH * EVL_SYNAPSES };
enum { FEWEST = 64, ORDER = 14 };

typedef struct kernel {
  evl_mass_filter filter;    /* as given; r and the walks by plan */
  const double *gain, *share; /* [EVL_SYNAPSES] at the start, and its sd in shares */
  const evl_value *ratio;
  double scale, offset, anneal;
  int n_samples, n_train, first_test, pilot, annealing, course;
  double *y;                 /* [ld] standardised */
  double *mean, *sd;         /* [EVL_SYNAPSES][ld] courses of the gains */
  double *seconds;           /* [n_samples] */
  size_t ld;
  evl_var *rival;            /* NULL: the window is too short for one */
  evl_var_score score;
} kernel;

static evl_status tensors(const evl_params *p, const evl_montage *montage, evl_arena *arena, evl_tensor **tensor,
                          int *n) {
  static const char *const synapse[EVL_SYNAPSES] = {"pe", "pi", "ep", "ip"};
  const int course = (int)evl_params_int(p, "course");
  EVL_NEW(arena, *tensor, 2);
  *n = 2;
  for (int i = 0; i < *n; i++)
    (*tensor)[i] = (evl_tensor){
        .name = i ? "course_sd" : "course", .unit = "mV", .n_dimensions = 3,
        .text = i ? "Posterior standard deviation of gains in equal parts of the window."
                  : "Means of gains in equal parts of the window.",
        .dimension = {{.name = "channel", .size = montage->n, .label = montage->name, .unit = ""},
                      {.name = "synapse", .size = EVL_SYNAPSES, .label = synapse, .unit = ""},
                      {.name = "part", .size = course, .unit = ""}},
        .size = (size_t)montage->n * EVL_SYNAPSES * (size_t)course};
  return EVL_OK;
}

static evl_status plan_rival(kernel *k, evl_arena *arena) {
  static const double one = 1.0;
  const evl_var_spec spec = {.n_channels = 1, .n_samples = k->n_samples, .n_train = k->n_train,
                             .n_gap = k->first_test - k->n_train, .max_order = ORDER, .choose = EVL_VAR_BIC, .as_is = 1,
                             .n_ridges = 1, .ridge = {1e-3}};
  if (k->n_train < FEWEST) return EVL_OK;
  EVL_TRY(evl_var_find(&spec, "jansen_rit_filter", NULL, arena, &k->rival));
  return evl_var_score_plan(&spec, 1, &one, &k->score, arena);
}

static void plan_filter(const evl_params *p, const evl_shape *shape, kernel *k) {
  const double fast = evl_params_real(p, "tau_excitatory_s"), dt = 1.0 / shape->fs_hz;
  const double walk = evl_params_real(p, "gain_walk"), input = evl_params_real(p, "input_walk_mv");
  k->filter = (evl_mass_filter){.dt_s = dt, .tau_s = {fast, fast, fast, evl_params_real(p, "tau_inhibitory_s")},
                                .threshold_mv = evl_params_real(p, "threshold_mv"),
                                .spread_mv = evl_params_real(p, "spread_mv"), .q_input = input * input * dt};
  for (int n = 0; n < EVL_SYNAPSES; n++) k->filter.q_gain[n] = pow(walk * k->share[n] * k->gain[n], 2) * dt;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const evl_value *gain = evl_params_value(p, "gain_mv"), *share = evl_params_value(p, "gain_share");
  kernel *k;
  (void)products;
  EVL_NEW(arena, k, 1);
  if (gain->n != EVL_SYNAPSES || share->n != EVL_SYNAPSES)
    return evl_fail(EVL_USAGE, "jansen_rit_filter.%s: expected 4 numbers, found %d",
                    gain->n != EVL_SYNAPSES ? "gain_mv" : "gain_share", gain->n != EVL_SYNAPSES ? gain->n : share->n);
  const int n = k->n_samples = shape->n_samples;
  k->gain = gain->reals;
  k->ratio = evl_params_value(p, "noise_ratio");
  k->share = share->reals;
  k->scale = evl_params_real(p, "scale_mv");
  k->offset = evl_params_real(p, "offset_mv");
  k->anneal = evl_params_real(p, "anneal");
  k->annealing = (int)(evl_params_real(p, "anneal_share") * n);
  k->n_train = (int)(evl_params_real(p, "train_share") * n);
  k->first_test = (int)fmin(k->n_train + round(evl_params_real(p, "gap_s") * shape->fs_hz), n);
  k->pilot = (int)fmin(evl_params_real(p, "pilot_s") * shape->fs_hz, k->n_train);
  k->course = (int)evl_params_int(p, "course");
  k->ld = ((size_t)n + 7) / 8 * 8;
  EVL_NEW(arena, k->y, k->ld);
  EVL_NEW(arena, k->mean, EVL_SYNAPSES * k->ld);
  EVL_NEW(arena, k->sd, EVL_SYNAPSES * k->ld);
  EVL_NEW(arena, k->seconds, n);
  for (int t = 0; t < n; t++) k->seconds[t] = t / shape->fs_hz;
  plan_filter(p, shape, k);
  *planned = k;
  return plan_rival(k, arena);
}

/* Training mean 0 and sd 1. */
static evl_fit standardise(kernel *k, const double *x) {
  const size_t n = (size_t)k->n_train;
  if (evl_is_flat(x, n)) return EVL_FIT_CONSTANT;
  const double mean = evl_mean(x, n), sd = sqrt(evl_variance(x, n, 0));
  if (!(sd > 0.0) || !isfinite(sd)) return EVL_FIT_CONSTANT;
  for (int t = 0; t < k->n_samples; t++) k->y[t] = (x[t] - mean) / sd;
  return EVL_FIT_DONE;
}

static double inflation(const kernel *k, int t) {
  return t < k->annealing ? pow(k->anneal, 1.0 - (double)t / k->annealing) : 1.0;
}

typedef struct tally { double squares, normalised, log_likelihood; int n; } tally;

/* Samples [0, end); innovations from `first` on are counted. False where it diverges. */
static bool filter_to(kernel *k, evl_mass_filter *f, int first, int end, tally *tally_of) {
  evl_mass_filter_begin(f, k->gain, k->share, k->offset);
  *tally_of = (tally){0};
  for (int t = 0; t < end; t++) {
    double variance;
    evl_mass_filter_predict(f);
    const double e = evl_mass_filter_update(f, f->threshold_mv + k->scale * k->y[t], inflation(k, t), &variance);
    if (!(variance > 0.0) || !(e * e < 1e12)) return false;
    for (int n = 0; n < EVL_SYNAPSES; n++) {
      const double var = f->p[EVL_FILTER_GAIN + n][EVL_FILTER_GAIN + n];
      if (!(var > 0.0)) return false;
      k->mean[(size_t)n * k->ld + (size_t)t] = f->mean[EVL_FILTER_GAIN + n];
      k->sd[(size_t)n * k->ld + (size_t)t] = sqrt(var);
    }
    if (t < first) continue;
    tally_of->squares += e * e / (k->scale * k->scale);
    tally_of->normalised += e * e / variance;
    tally_of->log_likelihood -= 0.5 * (log(variance) + e * e / variance);
    tally_of->n++;
  }
  return true;
}

/* Noises in that ratio by which the innovations of samples [end / 4, end) are as large as the filter says: all
   variances of a linear filter are in proportion. False where it diverges. */
static bool scale_noise(kernel *k, evl_mass_filter *f, double ratio, int end, int rounds, tally *innovations) {
  for (int i = 0; i <= rounds; i++) {
    f->q_rush = ratio * f->r;
    if (!filter_to(k, f, end / 4, end, innovations)) return false;
    if (i < rounds) f->r *= fmin(fmax(innovations->normalised / innovations->n, 1e-4), 1e4);
  }
  return true;
}

/* The ratio on the pilot; then both on all of the training part, where the gains have settled. */
static evl_fit fit_noise(kernel *k, evl_mass_filter *f) {
  double best = -INFINITY, ratio = 0.0, r = 0.0;
  tally innovations;
  for (int i = 0; i < k->ratio->n; i++) {
    const double trial = k->ratio->reals[i];
    f->r = 1e-2 * k->scale * k->scale / (1.0 + 0.01 * trial);
    if (!scale_noise(k, f, trial, k->pilot, 2, &innovations) || !(innovations.log_likelihood > best)) continue;
    best = innovations.log_likelihood;
    ratio = trial;
    r = f->r;
  }
  f->r = r;
  if (!(best > -INFINITY) || !scale_noise(k, f, ratio, k->n_train, 2, &innovations)) return EVL_FIT_DIVERGED;
  const double consistency = innovations.normalised / innovations.n;
  return consistency > 0.5 && consistency < 2.0 ? EVL_FIT_DONE : EVL_FIT_UNSETTLED;
}

static void put_gain(const kernel *k, const evl_mass_filter *f, int n, int channel, int n_channels, evl_out *out) {
  const int first = k->annealing, m = k->n_samples - first, at = GAINS + EACH * n;
  const double *mean = k->mean + (size_t)n * k->ld + first, *sd = k->sd + (size_t)n * k->ld + first;
  double squares = 0.0;
  for (int t = 0; t < m; t++) squares += sd[t] * sd[t] / m;
  const double start = pow(k->share[n] * k->gain[n], 2) + k->n_samples * f->q_gain[n];
  const double end = f->p[EVL_FILTER_GAIN + n][EVL_FILTER_GAIN + n], off = f->mean[EVL_FILTER_GAIN + n] - k->gain[n];
  const double kl = 0.5 * (end / start + off * off / start - 1.0 - log(end / start));
  const double value[EACH] = {evl_mean(mean, (size_t)m), sqrt(squares), evl_slope(k->seconds + first, mean, (size_t)m),
                              fmax(kl, 0.0)};
  for (int i = 0; i < EACH; i++) evl_put(out, (size_t)((at + i) * n_channels + channel), value[i]);
  for (int part = 0; part < k->course; part++) {
    const int64_t from = (int64_t)part * k->n_samples / k->course, to = (int64_t)(part + 1) * k->n_samples / k->course;
    const size_t place = (size_t)((channel * EVL_SYNAPSES + n) * k->course + part);
    if (to <= from) continue;
    out->tensor[0][place] = evl_mean(k->mean + (size_t)n * k->ld + from, (size_t)(to - from));
    out->tensor[1][place] = evl_mean(k->sd + (size_t)n * k->ld + from, (size_t)(to - from));
  }
}

/* Held-out errors of the autoregression and of persistence. */
static void score_rival(kernel *k, const evl_window *window, double *rival, double *persistence) {
  static const uint8_t used = 0;
  const evl_window series = {.x = k->y, .ld = k->ld, .n_channels = 1, .n_samples = k->n_samples, .fs_hz = window->fs_hz,
                             .channel_why = &used, .key = window->key};
  *rival = *persistence = NAN;
  if (!k->rival || evl_var_fit(k->rival, &series) != EVL_WHY_VALUE) return;
  evl_var_score_run(k->rival, k->first_test, k->n_samples, &k->score);
  *rival = k->score.model[0];
  *persistence = k->score.persistence[0];
}

static evl_fit run_channel(kernel *k, const evl_window *window, int c, evl_out *out) {
  const int n = window->n_channels;
  evl_mass_filter f = k->filter;
  tally held_out;
  if (k->pilot < FEWEST || k->n_samples - k->first_test < FEWEST / 4) return EVL_FIT_SHORT;
  evl_fit fit = standardise(k, window->x + (size_t)c * window->ld);
  if (fit == EVL_FIT_DONE) fit = fit_noise(k, &f);
  if (fit == EVL_FIT_DONE && !filter_to(k, &f, k->first_test, k->n_samples, &held_out)) fit = EVL_FIT_DIVERGED;
  if (fit != EVL_FIT_DONE) return fit;
  double value[GAINS] = {[FIT] = EVL_FIT_DONE, [ERROR] = held_out.squares / held_out.n,
                         [CONSISTENCY] = held_out.normalised / held_out.n, [DRIVE] = sqrt(f.q_rush / f.dt_s),
                         [NOISE] = sqrt(f.r), [INPUT] = f.mean[EVL_FILTER_INPUT]};
  score_rival(k, window, &value[ERROR_VAR], &value[ERROR_PERSISTENCE]);
  for (int i = 0; i < GAINS; i++) evl_put(out, (size_t)(i * n + c), value[i]);
  for (int s = 0; s < EVL_SYNAPSES; s++) put_gain(k, &f, s, c, n, out);
  return EVL_FIT_DONE;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const size_t n = (size_t)window->n_channels;
  for (size_t c = 0; c < n; c++) {
    if (window->channel_why[c] != 0) continue;
    const evl_fit fit = run_channel(planned, window, (int)c, out);
    if (fit == EVL_FIT_DONE) continue;
    evl_put(out, c, fit);
    for (size_t i = ERROR; i < VALUES; i++) evl_fit_refuse(out, i * n + c, i * n + c + 1);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double pilots = 3.0 * evl_params_value(p, "noise_ratio")->n * evl_params_real(p, "pilot_s") * shape->fs_hz;
  return shape->n_channels * (3.4 * shape->n_samples + pilots) * 1.95;
}

const evl_entry evl_model_jansen_rit_filter = {
    .name = "jansen_rit_filter",
    .summary = "Synaptic gains of a neural mass over the window, by a Kalman filter with exact moments of its sigmoid.",
    .definition =
        "tau^2 v_n'' = g_n Phi((m_n - threshold) / spread) - 2 tau v_n' - v_n for the synapses pe, pi, ep, ip; m_n "
        "the potential of the cells before: pyramidal v_ep - v_ip + input, excitatory v_pe, inhibitory v_pi. Gains "
        "and input walk at random, white noise drives v_ep'. The channel, of training mean 0 and sd scale_mv, is the "
        "pyramidal potential less the threshold, plus a constant and white noise. Steps are exact for a rate constant "
        "over a sample; mean and covariance go through gain times Phi exactly for a Gaussian state (error functions, "
        "Stein's lemma, Owen's integral for pairs of cells by six nodes of Gauss and Legendre in asin rho). The "
        "noises of drive and observation are those of the likeliest ratio by which squared innovations over their "
        "variances are 1 on average, then scaled on all of the training part. The observation's noise is annealed from "
        "`anneal` times its variance. Gains that would be negative are projected to 0. sd are the filter's own, given "
        "all else. One channel fixes few of the four gains: mind kl.",
    .cite = "Freestone et al. 2014, doi:10.3389/fnins.2014.00383; Karoly et al. 2018, "
            "doi:10.1371/journal.pcbi.1006403; Jansen and Rit 1995, doi:10.1007/BF00199471 (gains)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER,
    .usual_window_s = 60.0,
    .tensors = tensors,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
