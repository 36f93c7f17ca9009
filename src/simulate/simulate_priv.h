/* The parts of a simulated recording. Sources are time-major, s[t * ld + k]: those of one sample share
   their filter coefficients and go through the filter side by side. */
#ifndef EVEIL_SIMULATE_PRIV_H
#define EVEIL_SIMULATE_PRIV_H

#include "eveil/math.h"
#include "eveil/simulate.h"

/* ---- head.c: 19 electrodes, and how sources reach them -------------------------------- */

enum {
  EVL_HEAD_CHANNELS = 19,
  EVL_HEAD_BACKGROUND = 20, /* one source below each electrode, padded */
  EVL_HEAD_RHYTHM = 4, /* three alpha generators, padded */
  EVL_HEAD_CORTEX = EVL_HEAD_BACKGROUND + EVL_HEAD_RHYTHM,
  EVL_HEAD_OUTSIDE = 8 /* not from the brain: drift (6), line noise as cosine and sine (2) */
};
extern const char *const evl_head_name[EVL_HEAD_CHANNELS]; /* "Fp1" */
extern const char *const evl_head_old_name[EVL_HEAD_CHANNELS]; /* "T3" for "T7" */
/* mix[source][channel], rms 1 in every channel for independent background sources of rms 1, and at the
   strongest channel for the alpha generators. Channels padded to EVL_HEAD_BACKGROUND. */
void evl_head_mix(double mix[EVL_HEAD_CORTEX][EVL_HEAD_BACKGROUND]);

/* ---- truth.c: what is true of a subject -------------------------------------------------- */

/* X(name, text): each has a value and a standardised value z, mean 0 and sd 1 in the population
   (normal ones cut at 2.5 sd). The texts go into truth.json. */
#define EVL_TRUTH_LIST(X)                                                                                              \
  X(suppression, "share of time in suppression")                                                                      \
  X(exponent, "chi of the background's power 1/f^chi")                                                                 \
  X(alpha_hz, "centre frequency of the alpha rhythm, Hz")                                                              \
  X(alpha_uv, "rms of the alpha rhythm at its strongest channel; z of its logarithm")                                  \
  X(background_uv, "rms of the background from 0.5 to 45 Hz; z of its logarithm")                                      \
  X(age, "years")
enum {
#define EVL_TRUTH_ENUM(name, text) EVL_TRUTH_##name,
  EVL_TRUTH_LIST(EVL_TRUTH_ENUM)
#undef EVL_TRUTH_ENUM
  EVL_TRUTHS
};
extern const char *const evl_truth_name[EVL_TRUTHS], *const evl_truth_text[EVL_TRUTHS];

typedef struct evl_truth {
  char id[16]; /* "sub-0001" */
  int site;
  bool male, poor;
  double value[EVL_TRUTHS], z[EVL_TRUTHS];
  double alpha_width_hz;
  double predictor, probability;
  double start_h; /* of the first recording */
} evl_truth;

/* What the population is: numbers taken from the parameters once. */
typedef struct evl_population {
  uint64_t seed;
  int n_sites, n_distractors;
  double share_low, share_high;
  double exponent[2], alpha_hz[2], age[2];   /* mean, sd */
  double alpha_uv[2], background_uv[2];      /* median, sd of the logarithm */
  double start_h[2];
  double intercept, coefficient[EVL_TRUTHS];
} evl_population;
void evl_truth_draw(const evl_population *population, int subject, evl_truth *truth);
double evl_truth_distractor(const evl_population *population, const evl_truth *truth, int j); /* standard normal */

/* ---- background.c: 1/f^chi ------------------------------------------------------------------ */

enum { EVL_BACKGROUND_STAGES = 8 };
/* A cascade of poles and zeros interlaced at equal ratios from 0.1 Hz to fs (Oustaloup 2000,
   doi:10.1109/81.817385; matched z). The slope of log power from 1 to 45 Hz is -chi within 0.04 at
   fs >= 250 Hz, 0.06 at 200 Hz; chi in (0, 2). */
typedef struct evl_background {
  double pole[EVL_BACKGROUND_STAGES], zero[EVL_BACKGROUND_STAGES], gain;
  double in[EVL_BACKGROUND_STAGES][EVL_HEAD_BACKGROUND], out[EVL_BACKGROUND_STAGES][EVL_HEAD_BACKGROUND];
} evl_background;
/* gain: so that white noise of variance 1 leaves with rms 1 between 0.5 and 45 Hz. */
void evl_background_design(double chi, double fs_hz, evl_background *background);
double evl_background_power(const evl_background *background, double hz, double fs_hz); /* |H|^2, gain included */
/* Power between two frequencies for white noise of variance 1. */
double evl_background_band(const evl_background *background, double low_hz, double high_hz, double fs_hz);
/* White noise in place to coloured noise; s[t * ld + k], k < EVL_HEAD_BACKGROUND. */
void evl_background_run(evl_background *background, double *s, size_t ld, int n);

/* ---- rhythm.c: AR(2) resonator ----------------------------------------------------------------- */

typedef struct evl_rhythm {
  double a1, a2, gain, past[2][EVL_HEAD_RHYTHM];
} evl_rhythm;
/* Half-power width `width_hz`; white noise of variance 1 leaves with rms 1. */
void evl_rhythm_design(double centre_hz, double width_hz, double fs_hz, evl_rhythm *rhythm);
void evl_rhythm_run(evl_rhythm *rhythm, double *s, size_t ld, int n);

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

/* ---- pops.c: electrode pops ------------------------------------------------------------------------ */

enum { EVL_POPS_SLOT_S = 10 };
typedef struct evl_pop {
  double onset_s, height_uv, decay_s;
  int channel;
} evl_pop;
/* At most one a slot of EVL_POPS_SLOT_S: whether there is one in this slot. */
bool evl_pops_draw(uint64_t seed, const char *who, uint64_t stream, double per_min, int64_t slot, evl_pop *pop);
/* Adds to x[channel * ld + t], t < n, which is sample first + t of the recording. */
void evl_pops_add(const evl_pop *pop, double gain, int64_t first, double fs_hz, double *x, size_t ld, int n);

/* ---- generator.c: a recording, block by block --------------------------------------------------------- */

typedef struct evl_generator_spec {
  uint64_t seed, recording; /* recording: number within the subject */
  const evl_truth *truth;
  double fs_hz, gain, line_hz, line_uv, drift_uv, suppressed_uv, pops_per_min;
} evl_generator_spec;
typedef struct evl_generator evl_generator;
enum { EVL_GENERATOR_BLOCK = 1024 };
evl_status evl_generator_plan(const evl_generator_spec *spec, evl_arena *arena, evl_generator **generator) EVL_MUST_USE;
/* The next n <= EVL_GENERATOR_BLOCK samples, microvolt, x[channel * ld + t]. */
void evl_generator_run(evl_generator *generator, double *x, size_t ld, int n);
/* A bound that samples reach with negligible probability (12 sd). */
double evl_generator_limit_uv(const evl_generator *generator);

/* ---- population.c: the cohort ---------------------------------------------------------------------------- */

struct evl_simulation {
  evl_population population;
  int n_subjects, n_recordings; /* recordings a subject */
  double duration_s, every_h, line_uv, drift_uv, suppressed_uv, pops_per_min;
  int n_fs, n_line, n_gain; /* lists go round the sites */
  const double *fs_hz, *line_hz, *gain;
  evl_truth *truth; /* [n_subjects] */
  const char *summary;
};
double evl_simulation_fs_hz(const evl_simulation *simulation, int site);
double evl_simulation_line_hz(const evl_simulation *simulation, int site);
double evl_simulation_gain(const evl_simulation *simulation, int site);
double
evl_simulation_record_s(double fs_hz); /* shortest whole number of seconds that holds whole samples; 0: none up to 10 */

/* ---- recording_write.c ------------------------------------------------------------------------------------- */

/* Makes the folders above a path. */
evl_status evl_simulation_folders(const char *path, evl_arena *scratch) EVL_MUST_USE;

/* ---- site.c: names -------------------------------------------------------------------------------------------- */

void evl_site_name(int site, char name[16]); /* "hospital_A" */
void evl_site_label(int site, int channel, char label[17]); /* "EEG Fp1-Ref" at even sites, "FP1" at odd ones */
/* "sub-0001/eeg/sub-0001_task-rest" (session directory and part only where a subject has several). */
void evl_site_stem(const evl_simulation *simulation, int i, char stem[96]);

#endif
