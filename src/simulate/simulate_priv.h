/* What mechanisms, artefacts and the cohort share. */
#ifndef EVEIL_SIMULATE_PRIV_H
#define EVEIL_SIMULATE_PRIV_H

#include <stdio.h>

#include "eveil/math.h"
#include "eveil/simulate.h"

#define X(name) extern const evl_mechanism evl_mechanism_##name;
#include "mechanisms.def"
#undef X
#define X(name) extern const evl_artefact evl_artefact_##name;
#include "artefacts.def"
#undef X

/* ---- head.c: 19 electrodes, and how sources reach them -------------------------------- */

enum {
  EVL_HEAD_BACKGROUND = 20, /* one source below each electrode, padded */
  EVL_HEAD_RHYTHM = 4,      /* three alpha generators, padded */
  EVL_HEAD_CORTEX = EVL_HEAD_BACKGROUND + EVL_HEAD_RHYTHM
};
extern const char *const evl_head_name[EVL_HEAD_CHANNELS]; /* "Fp1" */
extern const char *const evl_head_old_name[EVL_HEAD_CHANNELS]; /* "T3" for "T7" */
/* exp(-angle^2 / (2 width^2)) of the angle between two electrodes; width in radian. */
double evl_head_spread(int a, int b, double width);
/* mix[source][channel], rms 1 in every channel for independent background sources of rms 1, and at the
   strongest channel for the alpha generators. Channels padded to EVL_HEAD_BACKGROUND. */
void evl_head_mix(double mix[EVL_HEAD_CORTEX][EVL_HEAD_BACKGROUND]);
/* Radians between an electrode and a place on the head: degrees from Cz, and from the right ear towards the front;
   between two electrodes. */
double evl_head_angle(int channel, double polar_deg, double azimuth_deg);
double evl_head_between(int channel, int other);
/* Where an electrode is on the unit sphere: right, front, up. */
void evl_head_point(int channel, double point[3]);

/* ---- draw.c: what differs between subjects ------------------------------------------------ */

/* Named (seed, id, what). Standard normal, cut at 2.5 sd; uniform on (0, 1). */
double evl_draw_normal(uint64_t seed, const char *id, const char *what);
double evl_draw_uniform(uint64_t seed, const char *id, const char *what);
/* By the key `name` of two numbers, for the truth of that name. Linear: mean and sd. Logarithmic: median and sd of the
   logarithm, z that of the logarithm. Between: lowest and highest, uniform. EVL_USAGE where the pair is none. */
evl_status evl_draw_pair(const evl_params *params, const char *name, double pair[2]) EVL_MUST_USE;
evl_status evl_draw_linear(const evl_params *params, const char *name, uint64_t seed, const char *id, double *value,
                           double *z) EVL_MUST_USE;
evl_status evl_draw_logarithmic(const evl_params *params, const char *name, uint64_t seed, const char *id,
                                double *value, double *z) EVL_MUST_USE;
/* Linear, of a chi that coloured.c can make: mean +- 2.5 sd between 0 and 2. */
evl_status evl_draw_exponent(const evl_params *params, const char *name, uint64_t seed, const char *id, double *value,
                             double *z) EVL_MUST_USE;
evl_status evl_draw_between(const evl_params *params, const char *name, uint64_t seed, const char *id, double *value,
                            double *z) EVL_MUST_USE;

/* ---- course.c: means over the seconds of a recording ------------------------------------------- */

enum { EVL_COURSE_SECONDS = 16 }; /* more than a block lasts at 100 Hz */
typedef struct evl_course evl_course;
evl_status evl_course_plan(int n_values, double fs_hz, evl_arena *arena, evl_course **course) EVL_MUST_USE;
void evl_course_add(evl_course *course, const double *value); /* of the next sample */
void evl_course_mean(const evl_course *course, int64_t second, double *value);

/* ---- coloured.c: 1/f^chi ------------------------------------------------------------------ */

enum { EVL_COLOURED_STAGES = 8 };
/* A cascade of poles and zeros interlaced at equal ratios from 0.1 Hz to fs (Oustaloup 2000,
   doi:10.1109/81.817385; matched z). The slope of log power from 1 to 45 Hz is -chi within 0.04 at
   fs >= 250 Hz, 0.06 at 200 Hz; chi in (0, 2). */
typedef struct evl_coloured {
  double pole[EVL_COLOURED_STAGES], zero[EVL_COLOURED_STAGES], gain;
  double in[EVL_COLOURED_STAGES][EVL_HEAD_BACKGROUND], out[EVL_COLOURED_STAGES][EVL_HEAD_BACKGROUND];
} evl_coloured;
/* gain: so that white noise of variance 1 leaves with rms 1 between 0.5 and 45 Hz. */
void evl_coloured_design(double chi, double fs_hz, evl_coloured *coloured);
double evl_coloured_power(const evl_coloured *coloured, double hz, double fs_hz); /* |H|^2, gain included */
/* Power between two frequencies for white noise of variance 1. */
double evl_coloured_band(const evl_coloured *coloured, double low_hz, double high_hz, double fs_hz);
/* White noise in place to coloured noise; s[t * ld + k], k < EVL_HEAD_BACKGROUND. */
void evl_coloured_run(evl_coloured *coloured, double *s, size_t ld, int n);

/* ---- rhythm.c: AR(2) resonator ----------------------------------------------------------------- */

typedef struct evl_rhythm {
  double a1, a2, gain, past[2][EVL_HEAD_RHYTHM];
} evl_rhythm;
/* Half-power width `width_hz`; white noise of variance 1 leaves with rms 1. */
void evl_rhythm_design(double centre_hz, double width_hz, double fs_hz, evl_rhythm *rhythm);
void evl_rhythm_run(evl_rhythm *rhythm, double *s, size_t ld, int n);

/* ---- edges.c: a high-pass and a low-pass for all sources ------------------------------------------- */

typedef struct evl_edges {
  int n;
  evl_biquad section[2];
  double state[2][2][EVL_HEAD_BACKGROUND];
} evl_edges;
/* Butterworth of order 2 at low_hz and high_hz; 0: none, and no low-pass at or above half the rate. Clears the states. */
evl_status evl_edges_design(const double edge_hz[2], double fs_hz, evl_edges *edges) EVL_MUST_USE;
void evl_edges_run(evl_edges *edges, double *s, size_t ld, int n);

/* ---- cortex.c: coloured background and alpha at the electrodes ----------------------------------- */

typedef struct evl_cortex_spec {
  const char *purpose;                       /* names its random numbers; NULL: "background" */
  double exponent, background_uv;            /* chi; rms from 0.5 to 45 Hz */
  double edge_hz[2];                         /* of the background: Butterworth of order 2; 0: none */
  double alpha_hz, alpha_width_hz, alpha_uv; /* half-power width; rms at the strongest channel. alpha_hz 0: none */
} evl_cortex_spec;
typedef struct evl_cortex evl_cortex;
evl_status evl_cortex_plan(const evl_cortex_spec *spec, const evl_making *making, evl_arena *arena,
                           evl_cortex **cortex) EVL_MUST_USE;
/* The next n <= EVL_GENERATOR_BLOCK samples into x[channel * ld + t]; factor[t] on all channels, NULL: 1. */
void evl_cortex_run(evl_cortex *cortex, const double *factor, double *x, size_t ld, int n);
/* As from rest, with the random numbers named `index`. */
void evl_cortex_restart(evl_cortex *cortex, const evl_making *making, uint64_t index);
/* Another spec from now on; the states of the filters and the random numbers go on. */
void evl_cortex_retune(evl_cortex *cortex, const evl_cortex_spec *spec, double fs_hz); /* but for the edges */
double evl_cortex_limit_uv(const evl_cortex *cortex); /* 12 sd */

/* ---- gate.c: burst suppression ------------------------------------------------------------------- */

/* One suppression a cycle of cycle_s, of share * cycle_s, somewhere inside: the share of a long recording is exact. */
typedef struct evl_gate {
  uint64_t seed, stream;
  const char *who;
  double share, cycle_s, floor; /* floor: factor in suppression */
  int64_t cycle;
  double from_s, to_s; /* the present one */
} evl_gate;
void evl_gate_begin(uint64_t seed, const char *who, uint64_t stream, double share, double floor, evl_gate *gate);
/* The factor at a time; times must not go back beyond the present cycle. */
double evl_gate_at(evl_gate *gate, double t_s);


/* ---- settings.c: what the group simulate says ---------------------------------------------------------- */

typedef struct evl_mechanism_setting { const evl_mechanism *entry; const evl_params *params; } evl_mechanism_setting;
typedef struct evl_artefact_setting { const evl_artefact *entry; const evl_params *params; } evl_artefact_setting;
typedef struct evl_settings {
  const evl_params *own; /* evl_simulate_params */
  int n_mechanisms, n_artefacts;
  evl_mechanism_setting *mechanism; /* as listed */
  evl_artefact_setting *artefact;   /* in order of application */
} evl_settings;
evl_status evl_settings_read(evl_group *simulate, evl_arena *arena, evl_settings *settings) EVL_MUST_USE;

/* ---- site.c: hospitals and their devices ------------------------------------------------------------------- */

typedef struct evl_site {
  double fs_hz, line_hz, gain;
  double high_pass_hz, low_pass_hz; /* 0: none */
  const char *montage, *labels;     /* as in the configuration */
} evl_site;
enum { EVL_SITE_TRACKS = EVL_HEAD_CHANNELS }; /* of a recording, at most */
evl_status evl_sites_read(const evl_params *params, int n_sites, evl_arena *arena, evl_site **site) EVL_MUST_USE;
void evl_site_name(int site, char name[16]); /* "hospital_A" */
/* The tracks of a site's recordings: head channel a, less head channel b where that is >= 0. */
int evl_site_tracks(const evl_site *site, int a[EVL_SITE_TRACKS], int b[EVL_SITE_TRACKS]);
void evl_site_label(const evl_site *site, int a, int b, char label[17]); /* "EEG Fp1-Ref", "FP1", "FP1-F7" */
/* Shortest whole number of seconds that holds whole samples; 0: none up to 10. */
double evl_site_record_s(const evl_site *site);

/* ---- device.c: amplifiers ------------------------------------------------------------------------------------ */

typedef struct evl_device evl_device;
evl_status evl_device_plan(const evl_site *site, evl_arena *arena, evl_device **device) EVL_MUST_USE;
void evl_device_run(evl_device *device, double *x, size_t ld, int n); /* in place; any cut gives the same bits */
int64_t evl_device_memory(const evl_device *device); /* samples after which the start is forgotten to 1e-12 */

/* ---- brain.c: what the mechanism makes, streamed or whole ------------------------------------------------------ */

typedef enum { EVL_BRAIN_STREAM, EVL_BRAIN_CIRCLE, EVL_BRAIN_SURROGATE } evl_brain_kind;
typedef struct evl_generator_spec evl_generator_spec;
typedef struct evl_brain evl_brain;
/* Circles and surrogates are made here, whole in memory. */
evl_status evl_brain_plan(const evl_generator_spec *spec, evl_arena *arena, evl_brain **brain) EVL_MUST_USE;
void evl_brain_run(evl_brain *brain, double *x, size_t ld, int n);
const double *evl_brain_whole(const evl_brain *brain, int64_t *n); /* x[channel * n + t]; NULL where streamed */
int evl_brain_courses(const evl_brain *brain); /* none of a surrogate */
void evl_brain_course(const evl_brain *brain, int64_t second, double *value);
double evl_brain_limit_uv(const evl_brain *brain);

/* ---- generator.c: a recording, block by block ------------------------------------------------------------------ */

struct evl_generator_spec {
  evl_making making;
  evl_mechanism_setting mechanism;
  const double *truth; /* of the mechanism */
  evl_brain_kind brain;
  int iterations;      /* of a surrogate, at most */
  int n_artefacts;
  const evl_artefact_setting *artefact;
  evl_site site;
  double copy_uv;   /* noise that makes a near-duplicate of another recording; 0: none */
  const char *copy; /* id that names that noise */
};
typedef struct evl_generator evl_generator;
evl_status evl_generator_plan(const evl_generator_spec *spec, evl_arena *arena, evl_generator **generator) EVL_MUST_USE;
/* The next n <= EVL_GENERATOR_BLOCK samples, microvolt, x[channel * ld + t]; tells the artefacts that begin in them. */
evl_status evl_generator_run(evl_generator *generator, double *x, size_t ld, int n, evl_tell *tell,
                             void *context) EVL_MUST_USE;
int evl_generator_courses(const evl_generator *generator);
void evl_generator_course(const evl_generator *generator, int64_t second, double *value);
double evl_generator_limit_uv(const evl_generator *generator);

/* ---- subject.c: what is true of a subject ------------------------------------------------------------------ */

/* X(name, unit, text): truths that no mechanism makes, each with a standardised value. */
#define EVL_TRAIT_LIST(X)                                                       \
  X(age, "years", "age")                                                        \
  X(rosc_min, "min", "time to return of spontaneous circulation; z of its logarithm") \
  X(shockable, "", "first rhythm was shockable: 1, or not: 0")                  \
  X(ttm_c, "deg C", "target temperature, 33 or 36")                             \
  X(sedation_mg_kg_h, "mg/kg/h", "dose of propofol")
enum {
#define X(name, unit, text) EVL_TRAIT_##name,
  EVL_TRAIT_LIST(X)
#undef X
  EVL_TRAITS
};
extern const evl_truth_item evl_traits[EVL_TRAITS + 1];

typedef struct evl_subject {
  char id[16];          /* "sub-0001" */
  int patient, copy_of; /* subjects: who it is (itself, but for a second id), whose recordings it has (-1: its own) */
  int brain;            /* subject whose id names the random numbers of its recordings */
  uint64_t first;       /* number of its first recording among those of that brain */
  int site, mechanism;  /* mechanism: of the settings */
  bool male, poor;      /* poor: the latent outcome */
  double *value, *z;    /* [truths of the mechanism] */
  double trait[EVL_TRAITS], z_trait[EVL_TRAITS];
  double predictor, probability;
  double wlst_probability; /* of withdrawal of treatment */
  bool wlst, observed_poor;
  int cpc;              /* 1 to 5, of the observed outcome */
  double start_h;       /* of the first recording */
} evl_subject;

/* ---- law.c: outcomes ------------------------------------------------------------------------------------------ */

typedef enum { EVL_SURROGATE_NONE, EVL_SURROGATE_ALL, EVL_SURROGATE_OUTCOME } evl_surrogate_share;
typedef struct evl_law {
  const char *name;
  bool by_truths, by_site; /* what the linear predictor holds */
  evl_surrogate_share surrogate;
  double intercept, site_effect;
  int n_truths;
  const char *const *truth;
  const double *coefficient;
  double wlst_share, wlst_noise;
  const char *wlst_by; /* "": the linear predictor */
} evl_law;
evl_status evl_law_read(const evl_simulation *simulation, evl_arena *arena, evl_law *law) EVL_MUST_USE;
/* Predictor, probability, outcome, withdrawal, observed outcome, cpc. */
void evl_law_decide(const evl_simulation *simulation, evl_subject *subject);
const char *evl_law_text(const evl_law *law);

/* ---- population.c: the cohort ------------------------------------------------------------------------------- */

struct evl_simulation {
  evl_settings settings;
  uint64_t seed;
  int n_subjects, n_recordings /* of a subject */, n_sites, n_distractors;
  double duration_s, every_h, start_h[2];
  evl_site *site; /* [n_sites] */
  evl_law law;
  double twice_share, copy_share; /* planted leaks */
  evl_subject *subject; /* [n_subjects] */
  const char *summary;
};
double evl_simulation_start_h(const evl_simulation *simulation, int i); /* of recording i */
evl_generator_spec evl_simulation_spec(const evl_simulation *simulation, int i); /* of recording i */

/* Subject i; the earlier ones are drawn. */
evl_status evl_subject_draw(const evl_simulation *simulation, int i, evl_arena *arena,
                            evl_subject *subject) EVL_MUST_USE;
/* Whether subjects of a mechanism (of the settings) have a truth of that name: the mechanism's, a trait, or the name of
   one of the mechanisms. */
bool evl_subject_knows(const evl_simulation *simulation, int mechanism, const char *name);
/* Its z; 0 where the subject has none. Membership in a mechanism is standardised, too. */
double evl_subject_z(const evl_simulation *simulation, const evl_subject *subject, const char *name);
/* Standard normal. */
double evl_subject_distractor(const evl_simulation *simulation, const evl_subject *subject, int j);
bool evl_subject_surrogate(const evl_simulation *simulation, const evl_subject *subject);

/* ---- covariates.c: the columns of participants.tsv ------------------------------------------------------------ */

evl_status evl_participants_write(const evl_simulation *simulation, const char *root, evl_arena *scratch) EVL_MUST_USE;

/* ---- recording_write.c ------------------------------------------------------------------------------------- */

/* Makes the folders above a path. */
evl_status evl_simulation_folders(const char *path, evl_arena *scratch) EVL_MUST_USE;

/* ---- text_write.c: text files that appear whole ------------------------------------------------------------ */

typedef struct evl_text_file { FILE *file; const char *path, *aside; } evl_text_file;
/* Makes the folders above; the path is `root/name`, or `name` where root is NULL. */
evl_status evl_text_begin(const char *root, const char *name, evl_arena *scratch, evl_text_file *text) EVL_MUST_USE;
evl_status evl_text_end(evl_text_file *text) EVL_MUST_USE; /* renames */
void evl_text_abandon(evl_text_file *text);

/* ---- truth_write.c: truth.tsv and truth.json ---------------------------------------------------------------- */

evl_status evl_truth_write(const evl_simulation *simulation, const char *root, evl_arena *scratch) EVL_MUST_USE;

/* ---- tables_write.c ----------------------------------------------------------------------------------------- */

/* "sub-0001/eeg/sub-0001_task-rest" (session directory and part only where a subject has several). */
void evl_simulation_stem(const evl_simulation *simulation, int i, char stem[96]);

#endif
