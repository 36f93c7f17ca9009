/* trials_priv: stretches of a window around moments (stimuli), what is measured in each, and its mean and spread. */
#ifndef EVEIL_TRIALS_PRIV_H
#define EVEIL_TRIALS_PRIV_H

#include "parts_priv.h"

/* NICE's: 0 is the first of five sounds, 0.15 s apart. */
#define EVL_TRIAL_PARAMS(from, to, baseline)                                                                           \
  {"from_s", EVL_REAL, from, -600.0, 600.0, NULL, "s", "Start of a trial, from the moment's onset."},                  \
  {"to_s", EVL_REAL, to, -600.0, 600.0, NULL, "s", "End of a trial, that sample included."},                           \
  {"baseline_s", EVL_REALS, baseline, -600.0, 600.0, NULL, "s",                                                        \
   "Stretch from the moment's onset whose mean is subtracted from the trial; [] for none."},                           \
  {"trials_most", EVL_INT, "1000", 1, 100000, NULL, "",                                                                \
   "Trials of a window that memory is planned for; further ones do not count."}

#define EVL_TRIAL_REDUCE                                                                                               \
  {"reduce", EVL_STRING, "\"trimmed_mean80\"", 0, 0, "trimmed_mean80|mean|median", "",                                 \
   "How trials become one; trimmed_mean80 (NICE's) leaves out a tenth at either end, at every sample."}

evl_reduce_rule evl_reduce_rule_of(const evl_params *params);

/* Which kinds a list of names means: wanted [n_kinds], all where the list is empty. Errors (EVL_USAGE): a name that
   the configuration gives and annotations.keep does not; a default name that is not there means none. */
evl_status evl_kinds_plan(const evl_params *params, const char *entry, const char *name, const evl_shape *shape,
                          evl_arena *arena, uint8_t **wanted) EVL_MUST_USE;

/* In samples, from the moment's. */
typedef struct evl_trials {
  double fs_hz;
  int n_samples, step;         /* of the window; between windows */
  int first, length;
  int base_first, base_length; /* length 0: none */
  int reach_first, reach_end;  /* of trial, baseline and moment together */
  int most, n, n_own;
  int *at;                     /* [most] found: sample of the moment; own ones first */
  evl_reduce_rule reduction;
  double *level;               /* [most] baselines of one channel */
  double *block;               /* [most][EVL_PART_LANES] */
  double *value;               /* [most] for entries */
} evl_trials;

/* Errors (EVL_USAGE): an end before its start, a trial that no window holds. */
evl_status evl_trials_plan(const evl_params *params, const char *entry, const evl_shape *shape, evl_arena *arena,
                           evl_trials **trials) EVL_MUST_USE;
/* Finds the moments of the wanted kinds whose trial lies in the window as a whole. Own ones are those that begin within
   the step to the next window: over all windows of a recording each is one's own once. */
void evl_trials_find(evl_trials *trials, const evl_window *window, const uint8_t *wanted);
/* Baselines of the trials found in x [n_samples], into level. */
void evl_trials_level(evl_trials *trials, const double *x);
/* Evoked potential: the trials found in x, less their baselines, reduced at each sample. curve [length]. */
void evl_trials_curve(evl_trials *trials, const double *x, double *curve);
/* Mean of each trial found over samples first <= s < end of it, less its baseline, into value. */
void evl_trials_means(evl_trials *trials, const double *x, int first, int end);
/* A range of seconds as samples of a trial, both ends included. Errors (EVL_USAGE): not within the trial. */
evl_status evl_trials_range(const evl_trials *trials, const char *entry, const evl_band *range_s, int *first,
                            int *end) EVL_MUST_USE;

/* ---- numbers whose mean is asked, in the state of a recording ---- */

typedef struct evl_tally { double n, sum, squares; } evl_tally;
enum { EVL_TALLY = 3 }; /* doubles */
/* Numbers whose square no double holds are left out. */
void evl_tally_add(evl_tally *tally, double value);
/* Student's t of the mean against 0; NaN for fewer than two numbers, or equal ones. */
double evl_tally_t(const evl_tally *tally);
/* Student's t of the difference of means, one variance for both; NaN for fewer than three numbers, or equal ones. */
double evl_tally_difference_t(const evl_tally *a, const evl_tally *b);

#endif
