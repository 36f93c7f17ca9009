/* What quality_blink.c and quality_blink_learn.c share. */
#ifndef EVEIL_QUALITY_BLINK_PRIV_H
#define EVEIL_QUALITY_BLINK_PRIV_H

#include "quality_priv.h"

/* Electrodes used, fall-offs and durations tried, bins of a temporal filter (0.6 s on both sides). */
enum { EVL_BLINK_MOST = 32, EVL_BLINK_SHAPES = 3, EVL_BLINK_WIDTHS = 4, EVL_BLINK_LEVELS = 2, EVL_BLINK_HALF = 30,
       EVL_BLINK_TAPS = 2 * EVL_BLINK_HALF + 1, EVL_BLINK_BESIDE = 5, EVL_BLINK_POOL = 2 * EVL_BLINK_BESIDE + 1 };
extern const double evl_blink_width_s[EVL_BLINK_WIDTHS];

/* Spatial filters behind one temporal filter, for blinks of about one height: the larger a blink, the more its deviations from
   the shapes add to the background. */
typedef struct evl_blink_filters {
  double *factor;               /* [m][m] Cholesky factor of the covariance, column-major */
  double weight[EVL_BLINK_SHAPES][EVL_BLINK_MOST];   /* of unit gain */
  double whitened[EVL_BLINK_SHAPES][EVL_BLINK_MOST]; /* factor^-1 shape, of length 1 */
  double sd[EVL_BLINK_SHAPES];  /* of heights: of those below zero, where no blink is */
  double gain[EVL_BLINK_SHAPES]; /* sd as the covariance has it over that; blinks that were learned from are in the former */
  double caution;               /* 1 + m / K for a covariance of K independent values */
} evl_blink_filters;

struct evl_blink {
  bool settled;                 /* filters are made at the first run: who only asks for bad signals needs none */
  int m;                        /* electrodes; 0: too few, no blink is looked for */
  int looked[EVL_BLINK_MOST];
  double *reach;                /* [signal][EVL_BLINK_SHAPES] height of a blink, 1 at Fp1 and Fp2 */
  double tap[EVL_BLINK_WIDTHS][EVL_BLINK_TAPS];   /* temporal filters of unit gain */
  evl_blink_filters filters[EVL_BLINK_WIDTHS][EVL_BLINK_LEVELS];
  /* learning: bins of all segments */
  int n_candidates, candidate[EVL_BLINK_MOST];
  int n_segments, n_bins[EVL_LEARN_SEGMENTS];
  double *bin, *filtered;       /* [segment][candidate][EVL_LEARN_BINS] */
  bool *skip;                   /* [segment][EVL_LEARN_BINS] */
  double *scaled;               /* [EVL_LEARN_BINS][m] one segment */
  double *scratch;              /* [segment][EVL_LEARN_BINS] or [EVL_BLINK_TAPS][EVL_BLINK_TAPS] */
  /* running: bins held */
  double *source, *height, *course; /* height: the best of all, in units of its sd */
  uint8_t *which;               /* its shape, width and level */
};
enum { EVL_LEARN_BINS = EVL_LEARN_CELLS * EVL_BINS };

/* y[b] = sum of tap[i] x[b + i - EVL_BLINK_HALF] for b in [from, to); x has bins [0, n) and is continued by its ends. */
void evl_blink_filter(const double *tap, const double *x, int64_t n, int64_t from, int64_t to, double *y);
/* Patterns y[bin][electrode] behind a temporal filter (destroyed), the height sought in the middle one: that height in units
   of the background's sd, which is that of the learned segments or, where more is going on, that of everything that is not the
   shape, in the middle or on the mean of all. */
double evl_blink_excess(const evl_blink_filters *filters, int shape, int m, double (*y)[EVL_BLINK_MOST]);

#endif
