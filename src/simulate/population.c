/* The cohort: parameters, checks, every subject's truth. */
#include "simulate_priv.h"

#include <math.h>

#define WHOLE_SAMPLES_MOST 1e8 /* of a channel; a surrogate takes about a kilobyte for each */
#define COPY_UV 0.5 /* noise of a near-duplicate: far below the EEG, far above a digit */

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
    {"surrogate", EVL_STRING, "\"none\"", 0, 0, "none|all|outcome", "",
     "Which subjects get multivariate IAAFT surrogates of what their mechanism makes; not none: all recordings are "
     "closed to a circle first, and whole in memory."},
    {"surrogate_iterations", EVL_INT, "100", 1, 100000, NULL, "", "Most iterations of a surrogate."},
    {"sites", EVL_INT, "2", 1, 26, NULL, "", "Number of hospitals; subjects go to them in turn."},
    {"fs_hz", EVL_REALS, "(250.0, 500.0)", 100, 10000, NULL, "Hz",
     "Sampling rate of each hospital; this and every list of hospitals goes round where it is shorter."},
    {"line_hz", EVL_REALS, "(50.0, 60.0)", 40, 70, NULL, "Hz", "Line frequency of each hospital."},
    {"gain", EVL_REALS, "(1.0, 0.8)", 0.01, 100, NULL, "", "Amplifier gain of each hospital."},
    {"high_pass_hz", EVL_REALS, "(0.0)", 0, 100, NULL, "Hz",
     "Corner of each amplifier's high-pass, first order; 0: none."},
    {"low_pass_hz", EVL_REALS, "(0.0)", 0, 5000, NULL, "Hz",
     "Corner of each amplifier's low-pass, Butterworth of order 4; 0: none."},
    {"montage", EVL_STRINGS, "[\"10-20\"]", 0, 0, "10-20|reduced|bipolar", "",
     "What each hospital records: 19 electrodes, 8 of them, or 18 pairs of the longitudinal bipolar montage."},
    {"labels", EVL_STRINGS, "[\"ref\", \"old\"]", 0, 0, "ref|old|plain", "",
     "How each hospital writes a channel: EEG T7-Ref, T3 in capitals, T7."},
    {"age", EVL_REALS, "(60.0, 14.0)", 0, 120, NULL, "years", "Age: mean and sd."},
    {"rosc_min", EVL_REALS, "(20.0, 0.6)", 0, 1000, NULL, "min",
     "Time to return of circulation: median, sd of the logarithm."},
    {"shockable", EVL_REAL, "0.6", 0, 1, NULL, "", "Share of shockable first rhythms."},
    {"ttm_33", EVL_REAL, "0.5", 0, 1, NULL, "", "Share of subjects cooled to 33 degrees; the others 36."},
    {"sedation_mg_kg_h", EVL_REALS, "(0.0, 4.0)", 0, 100, NULL, "mg/kg/h", "Dose of propofol: lowest, highest."},
    {"clinical", EVL_BOOL, "false", 0, 0, NULL, "",
     "Whether participants.tsv has rosc_min, shockable, ttm_c, sedation_mg_kg_h and cpc."},
    {"missing_share", EVL_REAL, "0.0", 0, 0.6, NULL, "", "Share of missing values (n/a) of every covariate but cpc."},
    {"missing_by", EVL_STRING, "\"chance\"", 0, 0, "chance|severity", "",
     "Severity: 1.5 times the share where the latent outcome is poor, half of it where it is good."},
    {"outcome_law", EVL_STRING, "\"truths\"", 0, 0, "truths|spectral|dynamics|both|none|site", "",
     "What the latent outcome depends on; truth.json states the law."},
    {"truths", EVL_STRINGS, "[\"suppression\", \"exponent\", \"alpha_uv\", \"age\"]", 0, 0, NULL, "",
     "Truths on which the outcome depends."},
    {"coefficients", EVL_REALS, "(1.2, 0.8, -0.6, 0.5)", -100, 100, NULL, "",
     "Their coefficients: change of the log odds of a poor outcome a standard deviation."},
    {"intercept", EVL_REAL, "0.0", -100, 100, NULL, "", "Log odds of a poor outcome of the average subject."},
    {"site_effect", EVL_REAL, "2.0", -100, 100, NULL, "",
     "Law site: change of the log odds a standard deviation of the hospital's number."},
    {"wlst_share", EVL_REAL, "0.0", 0, 0.9, NULL, "",
     "Share of subjects from whom treatment is withdrawn because a poor outcome is predicted; theirs is poor."},
    {"wlst_by", EVL_STRING, "\"\"", 0, 0, NULL, "",
     "Truth by which it is predicted; empty: the linear predictor of the law."},
    {"wlst_noise", EVL_REAL, "1.0", 0.001, 1000, NULL, "",
     "Noise of that prediction, in standard deviations of the truth."},
    {"leak_two_ids", EVL_REAL, "0.0", 0, 0.5, NULL, "",
     "Share of subjects who are an earlier one under a second id, with recordings of their own."},
    {"leak_duplicates", EVL_REAL, "0.0", 0, 0.5, NULL, "",
     "Share of subjects whose recordings are near-duplicates of an earlier one's: the same with 0.5 uV of noise "
     "added."},
    {"leak_post_outcome", EVL_BOOL, "false", 0, 0, NULL, "",
     "Whether participants.tsv has length_of_stay_d, which is known only after the outcome and depends on it."},
    {"distractors", EVL_INT, "0", 0, 10000, NULL, "", "Standard normal columns in participants.tsv that mean nothing."},
    {0}};

static evl_status take_pair(const evl_params *params, const char *name, double pair[2]) {
  evl_status status = evl_draw_pair(params, name, pair);
  return status == EVL_OK ? EVL_OK : evl_fail_in(status, "simulate");
}

static evl_status check_memory(const evl_simulation *s) {
  for (int i = 0; i < s->n_sites; i++)
    if (s->duration_s * s->site[i].fs_hz > WHOLE_SAMPLES_MOST)
      return evl_fail(
          EVL_USAGE,
          "simulate.surrogate: recordings are held whole: expected at most %g samples of a channel, found %g s "
          "at %g Hz",
          WHOLE_SAMPLES_MOST, s->duration_s, s->site[i].fs_hz);
  return EVL_OK;
}

static evl_status take_keys(const evl_params *params, evl_arena *arena, evl_simulation *s) {
  s->n_subjects = (int)evl_params_int(params, "subjects");
  s->n_recordings = (int)evl_params_int(params, "recordings");
  s->n_sites = (int)evl_params_int(params, "sites");
  s->n_distractors = (int)evl_params_int(params, "distractors");
  s->duration_s = evl_params_real(params, "duration_s");
  s->every_h = evl_params_real(params, "every_h");
  s->twice_share = evl_params_real(params, "leak_two_ids");
  s->copy_share = evl_params_real(params, "leak_duplicates");
  EVL_TRY(take_pair(params, "start_h", s->start_h));
  if (s->start_h[0] > s->start_h[1])
    return evl_fail(EVL_USAGE, "simulate.start_h: expected lowest <= highest, found (%g, %g)", s->start_h[0],
                    s->start_h[1]);
  EVL_TRY(evl_sites_read(params, s->n_sites, arena, &s->site));
  for (int i = 0; i < s->n_sites; i++)
    if (fmod(s->duration_s, evl_site_record_s(&s->site[i])) > 0)
      return evl_fail(EVL_USAGE, "simulate.duration_s: expected a whole number of records of %g s (%g Hz), found %g s",
                      evl_site_record_s(&s->site[i]), s->site[i].fs_hz, s->duration_s);
  EVL_TRY(evl_law_read(s, arena, &s->law));
  return s->law.surrogate == EVL_SURROGATE_NONE ? EVL_OK : check_memory(s);
}

double evl_simulation_start_h(const evl_simulation *s, int i) {
  return s->subject[i / s->n_recordings].start_h + i % s->n_recordings * s->every_h;
}

static evl_brain_kind brain_kind(const evl_simulation *s, const evl_subject *t) {
  if (s->law.surrogate == EVL_SURROGATE_NONE) return EVL_BRAIN_STREAM;
  return evl_subject_surrogate(s, t) ? EVL_BRAIN_SURROGATE : EVL_BRAIN_CIRCLE;
}

evl_generator_spec evl_simulation_spec(const evl_simulation *s, int i) {
  const evl_subject *t = &s->subject[i / s->n_recordings];
  const evl_site *site = &s->site[t->site];
  return (evl_generator_spec){.making = {.seed = s->seed,
                                         .recording = t->first + (uint64_t)(i % s->n_recordings),
                                         .id = s->subject[t->brain].id,
                                         .fs_hz = site->fs_hz,
                                         .duration_s = s->duration_s,
                                         .line_hz = site->line_hz,
                                         .start_h = evl_simulation_start_h(s, i)},
                              .mechanism = s->settings.mechanism[t->mechanism],
                              .truth = t->value,
                              .brain = brain_kind(s, t),
                              .iterations = (int)evl_params_int(s->settings.own, "surrogate_iterations"),
                              .n_artefacts = s->settings.n_artefacts,
                              .artefact = s->settings.artefact,
                              .site = *site,
                              .copy_uv = t->copy_of >= 0 ? COPY_UV : 0,
                              .copy = t->id};
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
    spec.brain = EVL_BRAIN_STREAM;
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
