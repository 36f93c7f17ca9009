/* The cohort: parameters, checks, every subject's truth. */
#include "simulate_priv.h"

#include <math.h>
#include <string.h>

const evl_param evl_simulate_params[] = {
    {"subjects", EVL_INT, "24", 1, 100000, NULL, "", "Number of subjects; a larger cohort holds the smaller one."},
    {"recordings", EVL_INT, "1", 1, 1000, NULL, "", "Recordings of each subject."},
    {"mechanism", EVL_STRINGS, "[\"background\"]", 0, 0, NULL, "",
     "What makes the brain's part (eveil list mechanisms); of several each subject gets one, all equally likely."},
    {"artefacts", EVL_STRINGS, "[\"sweat\", \"pop\", \"line\"]", 0, 0, NULL, "",
     "What disturbs the recordings (eveil list artefacts), in the order of that table."},
    {"annotated", EVL_STRINGS, "[\"pop\"]", 0, 0, NULL, "",
     "Artefacts that the recording's own annotations name, too."},
    {"duration_s", EVL_REAL, "180.0", 1, 1e7, NULL, "s", "Length of each recording, a whole number of data records."},
    {"start_h", EVL_REALS, "(72.0, 96.0)", 0, 1e6, NULL, "h",
     "Hours since the event at which the first recording starts: lowest, highest."},
    {"every_h", EVL_REAL, "24.0", 0, 1e6, NULL, "h", "Hours from the start of one recording to the next."},
    {"sites", EVL_INT, "2", 1, 26, NULL, "",
     "Number of hospitals; every second one writes labels as FP1 and T3, the others as EEG Fp1-Ref and EEG T7-Ref."},
    {"fs_hz", EVL_REALS, "(250.0, 500.0)", 100, 10000, NULL, "Hz",
     "Sampling rate of each hospital; a shorter list goes round."},
    {"line_hz", EVL_REALS, "(50.0, 60.0)", 40, 70, NULL, "Hz", "Line frequency of each hospital."},
    {"gain", EVL_REALS, "(1.0, 0.8)", 0.01, 100, NULL, "", "Amplifier gain of each hospital."},
    {"age", EVL_REALS, "(60.0, 14.0)", 0, 120, NULL, "years", "Age: mean and sd."},
    {"truths", EVL_STRINGS, "[\"suppression\", \"exponent\", \"alpha_uv\", \"age\"]", 0, 0, NULL, "",
     "Truths on which the outcome depends."},
    {"coefficients", EVL_REALS, "(1.2, 0.8, -0.6, 0.5)", -100, 100, NULL, "",
     "Their coefficients: change of the log odds of a poor outcome a standard deviation."},
    {"intercept", EVL_REAL, "0.0", -100, 100, NULL, "", "Log odds of a poor outcome of the average subject."},
    {"distractors", EVL_INT, "0", 0, 10000, NULL, "", "Standard normal columns in participants.tsv that mean nothing."},
    {0}};

static evl_status take_pair(const evl_params *params, const char *name, double pair[2]) {
  evl_status status = evl_draw_pair(params, name, pair);
  return status == EVL_OK ? EVL_OK : evl_fail_in(status, "simulate");
}

static evl_status take_list(const evl_params *params, const char *name, int *n, const double **list) {
  const evl_value *v = evl_params_value(params, name);
  if (v->n < 1) return evl_fail(EVL_USAGE, "simulate.%s: expected at least one number, found none", name);
  *n = v->n;
  *list = v->reals;
  return EVL_OK;
}

static evl_status no_truth(const evl_simulation *s, const char *name, evl_arena *arena) {
  const char *known = "";
  for (int i = 0; known && i < EVL_TRAITS; i++)
    known = evl_arena_format(arena, "%s%s%s", known, *known ? ", " : "", evl_traits[i].name);
  for (int m = 0; m < s->settings.n_mechanisms; m++)
    for (const evl_truth_item *item = s->settings.mechanism[m].entry->truths; known && item->name; item++)
      known = evl_arena_format(arena, "%s, %s", known, item->name);
  return known ? evl_fail(EVL_USAGE, "simulate.truths: \"%s\" is none of %s", name, known) : EVL_MEMORY;
}

static evl_status take_coefficients(const evl_params *params, evl_arena *arena, evl_simulation *s) {
  const evl_value *truths = evl_params_value(params, "truths"), *list = evl_params_value(params, "coefficients");
  if (truths->n != list->n)
    return evl_fail(EVL_USAGE, "simulate.coefficients: expected %d numbers, one for each of simulate.truths, found %d",
                    truths->n, list->n);
  for (int j = 0; j < truths->n; j++) {
    bool known = false;
    for (int m = 0; m < s->settings.n_mechanisms; m++) known |= evl_subject_knows(s, m, truths->strings[j]);
    if (!known) return no_truth(s, truths->strings[j], arena);
  }
  s->n_truths = truths->n;
  s->truth = truths->strings;
  s->coefficient = list->reals;
  return EVL_OK;
}

static evl_status take_keys(const evl_params *params, evl_arena *arena, evl_simulation *s) {
  s->n_subjects = (int)evl_params_int(params, "subjects");
  s->n_recordings = (int)evl_params_int(params, "recordings");
  s->n_sites = (int)evl_params_int(params, "sites");
  s->n_distractors = (int)evl_params_int(params, "distractors");
  s->duration_s = evl_params_real(params, "duration_s");
  s->every_h = evl_params_real(params, "every_h");
  s->intercept = evl_params_real(params, "intercept");
  EVL_TRY(take_pair(params, "start_h", s->start_h));
  if (s->start_h[0] > s->start_h[1])
    return evl_fail(EVL_USAGE, "simulate.start_h: expected lowest <= highest, found (%g, %g)", s->start_h[0],
                    s->start_h[1]);
  EVL_TRY(take_list(params, "fs_hz", &s->n_fs, &s->fs_hz));
  EVL_TRY(take_list(params, "line_hz", &s->n_line, &s->line_hz));
  EVL_TRY(take_list(params, "gain", &s->n_gain, &s->gain));
  return take_coefficients(params, arena, s);
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
  for (int site = 0; site < s->n_sites; site++) {
    double fs_hz = evl_simulation_fs_hz(s, site), record_s = evl_simulation_record_s(fs_hz);
    if (record_s <= 0)
      return evl_fail(EVL_USAGE, "simulate.fs_hz: %g Hz puts no whole number of samples into a record of 1 to 10 s",
                      fs_hz);
    if (fmod(s->duration_s, record_s) > 0)
      return evl_fail(EVL_USAGE, "simulate.duration_s: expected a whole number of records of %g s (%g Hz), found %g s",
                      record_s, fs_hz, s->duration_s);
    if (evl_simulation_line_hz(s, site) >= fs_hz / 2)
      return evl_fail(EVL_USAGE, "simulate.fs_hz: line noise must lie below half of %g Hz", fs_hz);
  }
  return EVL_OK;
}

double evl_simulation_start_h(const evl_simulation *s, int i) {
  return s->subject[i / s->n_recordings].start_h + i % s->n_recordings * s->every_h;
}

evl_generator_spec evl_simulation_spec(const evl_simulation *s, int i) {
  const evl_subject *t = &s->subject[i / s->n_recordings];
  return (evl_generator_spec){.making = {.seed = s->seed,
                                         .recording = (uint64_t)(i % s->n_recordings),
                                         .id = t->id,
                                         .fs_hz = evl_simulation_fs_hz(s, t->site),
                                         .duration_s = s->duration_s,
                                         .line_hz = evl_simulation_line_hz(s, t->site),
                                         .start_h = evl_simulation_start_h(s, i)},
                              .mechanism = s->settings.mechanism[t->mechanism],
                              .truth = t->value,
                              .n_artefacts = s->settings.n_artefacts,
                              .artefact = s->settings.artefact,
                              .gain = evl_simulation_gain(s, t->site)};
}

/* Keys that a generator refuses are found before anything is written: the first subject of each mechanism at each
   hospital is planned. */
static evl_status try_generators(const evl_simulation *s, evl_arena *arena) {
  int n = s->n_sites * s->settings.n_mechanisms;
  bool *tried;
  EVL_NEW(arena, tried, n);
  for (int i = 0; i < s->n_subjects && n > 0; i++) {
    const evl_subject *t = &s->subject[i];
    bool *pair = &tried[t->site * s->settings.n_mechanisms + t->mechanism];
    if (*pair) continue;
    *pair = true;
    n--;
    evl_generator_spec spec = evl_simulation_spec(s, i * s->n_recordings);
    evl_generator *generator;
    evl_mark mark = evl_arena_mark(arena);
    evl_status status = evl_generator_plan(&spec, arena, &generator);
    evl_arena_release(arena, mark);
    EVL_TRY(status);
  }
  return EVL_OK;
}

static evl_status draw_cohort(evl_simulation *s, evl_arena *arena) {
  EVL_TRY(take_keys(s->settings.own, arena, s));
  EVL_TRY(check_rates(s));
  EVL_NEW(arena, s->subject, s->n_subjects);
  int poor = 0;
  for (int i = 0; i < s->n_subjects; i++) {
    EVL_TRY(evl_subject_draw(s, i, arena, &s->subject[i]));
    poor += s->subject[i].poor;
  }
  s->summary = evl_arena_format(arena, "%d subjects (%d poor), %d sites, %d recordings of %g s", s->n_subjects, poor,
                                s->n_sites, evl_simulation_recordings(s), s->duration_s);
  return s->summary ? try_generators(s, arena) : EVL_MEMORY;
}

evl_status evl_simulation_plan(evl_group *group, uint64_t seed, evl_arena *arena, evl_simulation **simulation) {
  evl_simulation *s;
  EVL_NEW(arena, s, 1);
  s->seed = seed;
  EVL_TRY(evl_settings_read(group, arena, &s->settings));
  evl_status status = draw_cohort(s, arena);
  if (status == EVL_USAGE) return evl_fail_in(status, "%s", evl_group_where(group));
  *simulation = s;
  return status;
}

int evl_simulation_recordings(const evl_simulation *s) { return s->n_subjects * s->n_recordings; }
const char *evl_simulation_summary(const evl_simulation *s) { return s->summary; }
