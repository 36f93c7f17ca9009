/* What the files quality*.c share: one pass over the samples makes numbers of every cell; rules read those. */
#ifndef EVEIL_QUALITY_PRIV_H
#define EVEIL_QUALITY_PRIV_H

#include "conditioning_priv.h"

enum { EVL_CELLS_S = 10, EVL_BINS = 5, EVL_BINS_S = EVL_CELLS_S * EVL_BINS, EVL_TENTHS = 10 }; /* cells, bins a cell, bins a second */

/* What a signal did in the cells held, microvolt without offset; missing samples count as 0. Index 0 is cell
   evl_quality.begin. */
typedef struct evl_cells {
  double *low, *high, *mean, *square; /* square: mean of the bins' squares */
  double *rise, *fall; /* largest and smallest x[t] - x[t - step_n] */
  double *bin;         /* [cell][EVL_BINS] means of 20 ms */
  double *fast;        /* mean power from 30 to 75 Hz, the line included */
  double *line;        /* [cell][2] means of the same times cosine and sine of the line */
  double *tenth;       /* [cell][EVL_TENTHS] means of 10 ms; for "icare" alone */
  int *plateau;        /* samples of a plateau in the cell, EVL_AT_LIMIT at the converter's limit, 0: none; for "neural":
                          those of a run of equal samples as long as neural_flat_s */
  double *level;       /* its value */
  bool *missing;
} evl_cells;
enum { EVL_AT_LIMIT = -1 };

enum { EVL_NEIGHBOURS = 4 };

typedef struct evl_blink evl_blink; /* quality_blink_priv.h */

/* A signal that is looked at. */
typedef struct evl_looked {
  int source;
  char name[81];      /* canonical */
  bool brain;         /* not known as another sensor */
  bool placed;
  double xyz[3];      /* on the unit sphere */
  double offset;
  double near_min, near_max; /* at the converter's limits from here on; infinite where they are not known */
  int n_neighbours, neighbour[EVL_NEIGHBOURS]; /* nearest first */
  evl_cells cells;
  uint16_t *mark;     /* [max_cells] */
  /* scales of the recording */
  double unit_uv;         /* smallest difference between samples; 0: unknown */
  double typical_step_uv; /* median over cells of the largest step */
  double typical_fast_uv, typical_line_uv; /* medians: rms from 30 to 75 Hz without the line, amplitude of the line */
  int n_flat, n_saturated, n_large; /* learned cells */
  double fit[EVL_NEIGHBOURS]; /* sums over segments of the correlation with each neighbour; "neural": with all others, in fit[0] */
  uint16_t bad;
} evl_looked;

struct evl_quality {
  const evl_params *params;
  int set;             /* EVL_QUALITY_* */
  double fs_hz, line_hz;
  int n_sources, *looked_of; /* [n_sources], -1: not looked at */
  int n;
  evl_looked *looked;  /* [n] */
  uint16_t *none;      /* [max_cells] zeros */
  /* cells of the present stretch */
  int64_t margin;      /* that rules read on each side */
  int64_t chunk, max_cells; /* cells marked at once; in a run */
  int64_t stretch_in, n_cells; /* samples and cells of the stretch */
  int64_t begin, end;  /* cells held */
  int64_t marks_first; /* cell of mark[0] */
  /* the pass over samples */
  int lanes;           /* of a group, a multiple of four */
  int fast_half;
  double *fast_tap;    /* [fast_half + 1] of the symmetric band-pass */
  double turn;         /* of the line from sample to sample, radian */
  int flat_n;          /* samples of the shortest flat run; for "neural" alone */
  int step_n, search_n; /* samples of a step; searched along a plateau, each way */
  double saturation_uv;
  int64_t around;      /* samples needed on each side of a tile */
  int64_t rows_n;
  double *work;        /* [4][rows_n] */
  double *rows;        /* [rows_n][lanes] */
  /* learning */
  int n_learned_cells;
  int n_segments;
  double *learned[3];  /* [n][EVL_LEARN_SEGMENTS * EVL_LEARN_CELLS] steps, fast rms, line */
  double typical_fit, typical_fast_uv; /* medians over signals: of the largest mean correlation with a neighbour, of the one above */
  evl_blink *blink;
};
#define EVL_LEAST_TYPICAL_FIT 0.4 /* below, the signals of a recording are independent anyway */
enum { EVL_LEARN_CELLS = EVL_LEARN_S * EVL_CELLS_S };

/* Values of `artefacts`. */
enum { EVL_QUALITY_none, EVL_QUALITY_robust, EVL_QUALITY_icare, EVL_QUALITY_neural, EVL_QUALITY_every };

/* A rule marks cells [from, to) of the stretch; it may read the cells within `margin` of them, but not the marks. */
#define X(name, set)                                 \
  extern const evl_step evl_rule_##name;             \
  extern const evl_param evl_rule_##name##_params[]; \
  void evl_rule_##name##_run(evl_quality *quality, int64_t from, int64_t to);
#include "quality.def"
#undef X

static inline int64_t evl_lesser(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t evl_greater(int64_t a, int64_t b) { return a > b ? a : b; }

/* First sample at or after time `i / per_s`. */
static inline int64_t evl_sample_of(const evl_quality *q, int64_t i, int per_s) {
  return (int64_t)ceil((double)i * q->fs_hz / per_s - 1e-9);
}

/* Sets a cause in cells [begin, end) as far as they lie in [from, to). */
static inline void evl_mark_cells(const evl_quality *q, evl_looked *looked, int64_t begin, int64_t end, int64_t from,
                                  int64_t to, uint16_t cause) {
  for (int64_t k = evl_greater(begin, from); k < evl_lesser(end, to); k++) looked->mark[k - q->marks_first] |= cause;
}

/* ---- quality.c ---- */

/* Holds the numbers of cells [from, to) and the margins; of what was held before, the same cells are kept. */
evl_status evl_quality_hold(evl_quality *quality, evl_fetch fetch, void *context, int64_t from, int64_t to) EVL_MUST_USE;

/* ---- quality_learn.c ---- */

evl_status evl_quality_learn_plan(evl_quality *quality, evl_arena *arena) EVL_MUST_USE;

/* ---- quality_cells.c: the pass over samples ---- */

evl_status evl_quality_cells_plan(evl_quality *quality, evl_arena *arena) EVL_MUST_USE;
/* Numbers of cells [from, to) of the stretch, for all signals. */
evl_status evl_quality_cells_run(evl_quality *quality, evl_fetch fetch, void *context, int64_t from,
                                 int64_t to) EVL_MUST_USE;

/* ---- quality_saturation.c: along one signal ---- */

/* Length of the run of equal samples through sample 0 of x (steps of `stride`) if it looks like a clipped peak, 0 elsewhere;
   there are samples -before to after - 1. *end: its last sample. */
int evl_saturation_plateau(const evl_quality *quality, const evl_looked *looked, const double *x, int stride,
                           int64_t before, int64_t after, int64_t *end);
/* Whether two samples in a row lie at one of the converter's limits. */
bool evl_saturation_limit(const evl_looked *looked, double before, double x);

/* ---- quality_blink_learn.c ---- */

evl_status evl_blink_plan(evl_quality *quality, evl_arena *arena) EVL_MUST_USE;
/* Takes the bins of the cells held, a segment. */
void evl_blink_learn(evl_quality *quality);
/* After whole signals were found bad. */
void evl_blink_settle(evl_quality *quality);

/* ---- quality_muscle.c, quality_correlation.c: numbers that are learned too; cell k must be held ---- */

/* Amplitude of the line in the second around cell k; rms of the fast band in the three cells around without it. */
double evl_line_amplitude(const evl_quality *quality, const evl_cells *cells, int64_t k);
double evl_fast_rms(const evl_quality *quality, const evl_cells *cells, int64_t k);
/* Correlation of two signals in cells [from, to); 0 where one of them is constant. */
double evl_correlation(const evl_quality *quality, const evl_looked *a, const evl_looked *b, int64_t from, int64_t to);
/* Mean correlation of signal `at` with all others of the brain; 1 where there is none. */
double evl_mean_correlation(const evl_quality *quality, int at, int64_t from, int64_t to);

/* ---- quality_places.c: which signals are looked at, and who is near whom ---- */

evl_status evl_quality_places(evl_quality *quality, int n_sources, const evl_source *source,
                              evl_arena *arena) EVL_MUST_USE;
/* Cosine of the angle between two placed signals. */
static inline double evl_looked_cosine(const evl_looked *a, const evl_looked *b) {
  return a->xyz[0] * b->xyz[0] + a->xyz[1] * b->xyz[1] + a->xyz[2] * b->xyz[2];
}

#endif
