/* ensemble_priv: how sure a sparse regression is of its terms and coefficients, by resampling blocks of time. A
   resample is a weighted sum of the blocks' sums of products: no sample is touched again. */
#ifndef EVEIL_ENSEMBLE_PRIV_H
#define EVEIL_ENSEMBLE_PRIV_H

#include "sindy_priv.h"

/* Chooses terms and coefficients w[d][p], 0 where a term is out, of blocks that count weight[block] times each; their
   sum is `sum`. Not DONE: this resample has none. */
typedef evl_fit evl_ensemble_choose(void *context, const double *weight, const evl_gram *sum, double *w);

typedef struct evl_ensemble {
  int p, d, most_blocks, n_resamples;
  double level;        /* of the intervals */
  evl_gram total;      /* of all blocks */
  /* after a run, [d][p] */
  double *inclusion;   /* share of resamples that chose a term */
  double *sd;          /* of the coefficients of a fixed support over resamples; 0 where a term is out */
  double *low, *high;  /* interval around the coefficients; 0 where a term is out */
  int n_done;          /* resamples that had a choice */
  struct evl_ensemble_make *make;
} evl_ensemble;

evl_status evl_ensemble_plan(int p, int d, int most_blocks, int n_resamples, double level, evl_arena *arena,
                             evl_ensemble **ensemble) EVL_MUST_USE;
/* Takes the blocks and sums them to `total`; n_blocks at most most_blocks. */
void evl_ensemble_begin(evl_ensemble *ensemble, int n_blocks, const evl_gram *block);
/* Resamples the blocks of the last begin, choosing anew each time, and refits the support of w[d][p], whose intervals
   are asked for. SHORT: fewer than 4 blocks; COLLINEAR: that support; UNSETTLED: less than half of the resamples had a
   choice. */
evl_fit evl_ensemble_run(evl_ensemble *ensemble, const double *w, evl_ensemble_choose *choose, void *context,
                         evl_random *random);
/* Two-sided quantile of Student's t: |t| exceeds it with probability 1 - level. */
double evl_student_bound(double level, double degrees);

#endif
