/* The cohort: parameters, checks, every subject's truth. */
#include "simulate_priv.h"

#include <math.h>
#include <string.h>

const evl_param evl_simulate_params[] = {
    {"subjects", EVL_INT, "24", 1, 100000, NULL, "", "Number of subjects; a larger cohort holds the smaller one."},
    {"recordings", EVL_INT, "1", 1, 1000, NULL, "", "Recordings of each subject."},
    {"duration_s", EVL_REAL, "180.0", 1, 1e7, NULL, "s", "Length of each recording, a whole number of data records."},
    {"start_h", EVL_REALS, "(72.0, 96.0)", 0, 1e6, NULL, "h",
     "Hours since the event at which the first recording starts: lowest, highest."},
    {"every_h", EVL_REAL, "24.0", 0, 1e6, NULL, "h", "Hours from the start of one recording to the next."},
    {"sites", EVL_INT, "2", 1, 26, NULL, "",
     "Number of hospitals; every second one writes labels as FP1 and T3, the others as EEG Fp1-Ref and EEG T7-Ref."},
    {"fs_hz", EVL_REALS, "(250.0, 500.0)", 100, 10000, NULL, "Hz",
     "Sampling rate of each hospital; a shorter list goes round."},
    {"line_hz", EVL_REALS, "(50.0, 60.0)", 40, 70, NULL, "Hz", "Line frequency of each hospital."},
    {"gain", EVL_REALS, "(1.0, 0.8)", 0.01, 100, NULL, "", "Amplifier gain of each hospital, on all but the drift."},
    {"line_uv", EVL_REAL, "5.0", 0, 1000, NULL, "uV", "Amplitude of the line noise in every channel."},
    {"drift_uv", EVL_REAL, "30.0", 0, 10000, NULL, "uV", "Largest slow drift, periods from 30 to 600 s."},
    {"pops_per_min", EVL_REAL, "0.5", 0, 6, NULL, "1/min", "Electrode pops, each annotated."},
    {"suppression", EVL_REALS, "(0.05, 0.7)", 0, 0.95, NULL, "",
     "Share of time in suppression: lowest, highest; uniform over subjects. (0, 0): none."},
    {"suppressed_uv", EVL_REAL, "1.0", 0, 100, NULL, "uV", "Rms of the background in suppression."},
    {"exponent", EVL_REALS, "(1.3, 0.25)", 0, 1.9, NULL, "",
     "Exponent chi of the background's power 1/f^chi: mean and sd over subjects."},
    {"alpha_hz", EVL_REALS, "(10.0, 0.8)", 0, 40, NULL, "Hz", "Alpha frequency: mean and sd."},
    {"alpha_uv", EVL_REALS, "(10.0, 0.5)", 0, 200, NULL, "uV",
     "Rms of alpha at its strongest channel: median, sd of the logarithm."},
    {"background_uv", EVL_REALS, "(30.0, 0.25)", 0, 200, NULL, "uV",
     "Rms of the background from 0.5 to 45 Hz: median, sd of the logarithm."},
    {"age", EVL_REALS, "(60.0, 14.0)", 0, 120, NULL, "years", "Age: mean and sd."},
    {"truths", EVL_STRINGS, "[\"suppression\", \"exponent\", \"alpha_uv\", \"age\"]", 0, 0, NULL, "",
     "Truths on which the outcome depends."},
    {"coefficients", EVL_REALS, "(1.2, 0.8, -0.6, 0.5)", -100, 100, NULL, "",
     "Their coefficients: change of the log odds of a poor outcome a standard deviation."},
    {"intercept", EVL_REAL, "0.0", -100, 100, NULL, "", "Log odds of a poor outcome of the average subject."},
    {"distractors", EVL_INT, "0", 0, 10000, NULL, "", "Standard normal columns in participants.tsv that mean nothing."},
    {0}};

static evl_status take_pair(const evl_params *params, const char *name, double pair[2]) {
  const evl_value *v = evl_params_value(params, name);
  if (v->n != 2) return evl_fail(EVL_USAGE, "simulate.%s: expected two numbers, found %d", name, v->n);
  pair[0] = v->reals[0];
  pair[1] = v->reals[1];
  return EVL_OK;
}

static evl_status take_list(const evl_params *params, const char *name, int *n, const double **list) {
  const evl_value *v = evl_params_value(params, name);
  if (v->n < 1) return evl_fail(EVL_USAGE, "simulate.%s: expected at least one number, found none", name);
  *n = v->n;
  *list = v->reals;
  return EVL_OK;
}

static evl_status take_coefficients(const evl_params *params, evl_population *p) {
  const evl_value *truths = evl_params_value(params, "truths"), *list = evl_params_value(params, "coefficients");
  if (truths->n != list->n)
    return evl_fail(EVL_USAGE, "simulate.coefficients: expected %d numbers, one for each of simulate.truths, found %d",
                    truths->n, list->n);
  for (int j = 0; j < truths->n; j++) {
    int i = 0;
    while (i < EVL_TRUTHS && strcmp(evl_truth_name[i], truths->strings[j]) != 0) i++;
    if (i == EVL_TRUTHS)
      return evl_fail(EVL_USAGE,
                      "simulate.truths: \"%s\" is none of suppression, exponent, alpha_hz, alpha_uv, background_uv, "
                      "age",
                      truths->strings[j]);
    p->coefficient[i] += list->reals[j];
  }
  return EVL_OK;
}

static evl_status take_population(const evl_params *params, uint64_t seed, evl_population *p) {
  double share[2] = {0, 0};
  p->seed = seed;
  p->n_sites = (int)evl_params_int(params, "sites");
  p->n_distractors = (int)evl_params_int(params, "distractors");
  p->intercept = evl_params_real(params, "intercept");
  EVL_TRY(take_pair(params, "suppression", share));
  EVL_TRY(take_pair(params, "start_h", p->start_h));
  EVL_TRY(take_pair(params, "exponent", p->exponent));
  EVL_TRY(take_pair(params, "alpha_hz", p->alpha_hz));
  EVL_TRY(take_pair(params, "alpha_uv", p->alpha_uv));
  EVL_TRY(take_pair(params, "background_uv", p->background_uv));
  EVL_TRY(take_pair(params, "age", p->age));
  p->share_low = share[0];
  p->share_high = share[1];
  if (share[0] > share[1])
    return evl_fail(EVL_USAGE, "simulate.suppression: expected lowest <= highest, found (%g, %g)",
                    share[0], share[1]);
  if (p->start_h[0] > p->start_h[1])
    return evl_fail(EVL_USAGE, "simulate.start_h: expected lowest <= highest, found (%g, %g)", p->start_h[0],
                    p->start_h[1]);
  double low = p->exponent[0] - 2.5 * p->exponent[1], high = p->exponent[0] + 2.5 * p->exponent[1];
  if (low <= 0 || high >= 2)
    return evl_fail(EVL_USAGE, "simulate.exponent: mean +- 2.5 sd must lie between 0 and 2, found %g to %g", low, high);
  low = p->alpha_hz[0] - 2.5 * p->alpha_hz[1];
  if (low <= 0) return evl_fail(EVL_USAGE, "simulate.alpha_hz: mean - 2.5 sd must be above 0, found %g", low);
  if (p->background_uv[0] <= 0)
    return evl_fail(EVL_USAGE, "simulate.background_uv: expected a median above 0, found %g", p->background_uv[0]);
  return take_coefficients(params, p);
}

double evl_simulation_fs_hz(const evl_simulation *s, int site) { return s->fs_hz[site % s->n_fs]; }
double evl_simulation_line_hz(const evl_simulation *s, int site) { return s->line_hz[site % s->n_line]; }
double evl_simulation_gain(const evl_simulation *s, int site) { return s->gain[site % s->n_gain]; }

double evl_simulation_record_s(double fs_hz) {
  for (int seconds = 1; seconds <= 10; seconds++)
    if (fabs(fs_hz * seconds - round(fs_hz * seconds)) < 1e-9 * fs_hz) return seconds;
  return 0;
}

static evl_status check_rates(const evl_simulation *s) {
  for (int site = 0; site < s->population.n_sites; site++) {
    double fs_hz = evl_simulation_fs_hz(s, site), record_s = evl_simulation_record_s(fs_hz);
    if (record_s <= 0)
      return evl_fail(EVL_USAGE, "simulate.fs_hz: %g Hz puts no whole number of samples into a record of 1 to 10 s",
                      fs_hz);
    if (fmod(s->duration_s, record_s) > 0)
      return evl_fail(EVL_USAGE, "simulate.duration_s: expected a whole number of records of %g s (%g Hz), found %g s",
                      record_s, fs_hz, s->duration_s);
    if (evl_simulation_line_hz(s, site) >= fs_hz / 2 ||
        s->population.alpha_hz[0] + 2.5 * s->population.alpha_hz[1] >= fs_hz / 2)
      return evl_fail(EVL_USAGE, "simulate.fs_hz: line noise and alpha must lie below half of %g Hz", fs_hz);
  }
  return EVL_OK;
}

evl_status evl_simulation_plan(const evl_params *params, uint64_t seed, evl_arena *arena, evl_simulation **simulation) {
  evl_simulation *s;
  EVL_NEW(arena, s, 1);
  EVL_TRY(take_population(params, seed, &s->population));
  s->n_subjects = (int)evl_params_int(params, "subjects");
  s->n_recordings = (int)evl_params_int(params, "recordings");
  s->duration_s = evl_params_real(params, "duration_s");
  s->every_h = evl_params_real(params, "every_h");
  s->line_uv = evl_params_real(params, "line_uv");
  s->drift_uv = evl_params_real(params, "drift_uv");
  s->suppressed_uv = evl_params_real(params, "suppressed_uv");
  s->pops_per_min = evl_params_real(params, "pops_per_min");
  EVL_TRY(take_list(params, "fs_hz", &s->n_fs, &s->fs_hz));
  EVL_TRY(take_list(params, "line_hz", &s->n_line, &s->line_hz));
  EVL_TRY(take_list(params, "gain", &s->n_gain, &s->gain));
  EVL_TRY(check_rates(s));
  EVL_NEW(arena, s->truth, s->n_subjects);
  int poor = 0;
  for (int i = 0; i < s->n_subjects; i++) {
    evl_truth_draw(&s->population, i, &s->truth[i]);
    poor += s->truth[i].poor;
  }
  s->summary = evl_arena_format(arena, "%d subjects (%d poor), %d sites, %d recordings of %g s", s->n_subjects, poor,
                                s->population.n_sites, evl_simulation_recordings(s), s->duration_s);
  if (!s->summary) return EVL_MEMORY;
  *simulation = s;
  return EVL_OK;
}

int evl_simulation_recordings(const evl_simulation *s) { return s->n_subjects * s->n_recordings; }
const char *evl_simulation_summary(const evl_simulation *s) { return s->summary; }
