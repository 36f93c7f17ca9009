/* patterns_priv: what the coma patterns share: spells of activity, a quiet floor, activity that comes and goes. */
#ifndef EVEIL_PATTERNS_PRIV_H
#define EVEIL_PATTERNS_PRIV_H

#include "simulate_priv.h"

/* ---- spells.c: two states in turn, a semi-Markov chain ---------------------------------------------- */

/* A spell of state s lasts least_s[s] and an Erlang-2 time more: mean mean_s[s], variance (mean - least)^2 / 2. */
typedef struct evl_spells {
  evl_making making;
  const char *purpose;
  double least_s[2], mean_s[2]; /* may be changed: spells drawn later obey */
  int64_t count;                /* number of the present spell */
  int state;
  double from_s, to_s; /* of the present spell */
} evl_spells;
/* Starts long before 0 s, so that the recording begins in the middle of the process. */
void evl_spells_begin(const evl_making *making, const char *purpose, const double least_s[2], const double mean_s[2],
                      evl_spells *spells);
/* The state at a time; times must not go back. */
int evl_spells_at(evl_spells *spells, double t_s);
/* 0 in state 0; in state 1 rises from 0 to 1 and falls back in cosine ramps inside the spell. */
double evl_spells_ramp(evl_spells *spells, double t_s, double rise_s, double fall_s);

/* ---- quiet.c: what is left in suppression --------------------------------------------------------------- */

/* 1/f noise whose peak-to-trough in a bipolar montage cannot exceed limit_uv: every channel is bent to within a
   quarter of it; within 10 s it takes about half of it. */
typedef struct evl_quiet evl_quiet;
evl_status evl_quiet_plan(double limit_uv, const evl_making *making, evl_arena *arena, evl_quiet **quiet) EVL_MUST_USE;
/* The next n <= EVL_GENERATOR_BLOCK samples into x[channel * ld + t]. */
void evl_quiet_run(evl_quiet *quiet, double *x, size_t ld, int n);
double evl_quiet_limit_uv(const evl_quiet *quiet); /* of a channel */

/* ---- intermittent.c: activity in spells on a quiet floor --------------------------------------------------- */

enum { EVL_SPELLS_GATE, EVL_SPELLS_ANEW, EVL_SPELLS_IDENTICAL }; /* activity goes on unseen; is new; is the same */
typedef struct evl_intermittent_spec {
  evl_cortex_spec activity;
  double quiet_uv;              /* limit in suppression */
  double least_s[2], mean_s[2]; /* of suppression and activity */
  double rise_s, fall_s;
  int start; /* of an activity: EVL_SPELLS_... */
} evl_intermittent_spec;
typedef struct evl_intermittent evl_intermittent;
evl_status evl_intermittent_plan(const evl_intermittent_spec *spec, const evl_making *making, evl_arena *arena,
                                 evl_intermittent **intermittent) EVL_MUST_USE;
void evl_intermittent_run(evl_intermittent *intermittent, double *x, size_t ld, int n);
/* From now on; the present spell and the filters' states go on. */
void evl_intermittent_retune(evl_intermittent *intermittent, const evl_cortex_spec *activity,
                             const evl_intermittent_spec *spells);
/* Share of a second in suppression. */
void evl_intermittent_course(const evl_intermittent *intermittent, int64_t second, double *suppressed);
double evl_intermittent_limit_uv(const evl_intermittent *intermittent);
/* Mean and least spells for a share of time in suppression and a mean length of activity; suppressions of 1 s at
   least, activity of 0.5 s, where the means allow. */
void evl_intermittent_spells(double share, double activity_s, evl_intermittent_spec *spec);

/* ---- interrupted.c: a background with suppressions, as mechanisms of other shares ----------------------------- */

/* Keys, truths and functions of such a mechanism. share, activity: default ranges; acns: what the share means. */
#define EVL_INTERRUPTED_PARAMS(share, activity, acns)                                                                 \
  {"suppression", EVL_REALS, share, 0.001, 0.99, NULL, "",                                                            \
   "Share of time in suppression: lowest, highest; uniform over subjects (ACNS: " acns ")."},                         \
  {"activity_s", EVL_REALS, activity, 0.5, 1000, NULL, "s", "Mean time between suppressions: lowest, highest."},      \
  {"background_uv", EVL_REALS, "(20.0, 0.25)", 0, 500, NULL, "uV",                                                    \
   "Rms of the background from 0.5 to 45 Hz: median, sd of the logarithm."},                                          \
  {"exponent", EVL_REALS, "(1.6, 0.12)", 0, 1.9, NULL, "",                                                            \
   "Exponent chi of the background's power 1/f^chi: mean and sd over subjects."},                                     \
  {"suppressed_uv", EVL_REAL, "9.0", 0.1, 100, NULL, "uV",                                                            \
   "Largest peak-to-trough in suppression, longitudinal bipolar."}
extern const evl_truth_item evl_interrupted_truths[], evl_interrupted_courses[];
evl_status evl_interrupted_draw(const evl_params *params, uint64_t seed, const char *id, double *value, double *z);
evl_status evl_interrupted_plan(const evl_params *params, const double *truth, const evl_making *making,
                                evl_arena *arena, void **state);
void evl_interrupted_run(void *state, double *x, size_t ld, int n);
void evl_interrupted_course(void *state, int64_t second, double *value);
double evl_interrupted_limit_uv(const void *state);
#define EVL_INTERRUPTED_DEFINITION                                                                                    \
  "A semi-Markov chain: suppressions of 1 s (or half their mean, if that is less) and an Erlang-2 time more, "        \
  "activity of 0.5 s and an Erlang-2 time more, of means activity_s and activity_s s / (1 - s) for a share s. "       \
  "Activity is 1/f^chi noise from 0.6 to 18 Hz, with cosine ramps of 0.3 s inside. Suppression: 1/f noise bent to "   \
  "within suppressed_uv / 4 a channel."

#endif
