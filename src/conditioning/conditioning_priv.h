/* What the files of src/conditioning share. */
#ifndef EVEIL_CONDITIONING_PRIV_H
#define EVEIL_CONDITIONING_PRIV_H

#include <math.h>
#ifdef __FMA__
#include <immintrin.h>
#endif

#include "eveil/conditioning.h"
#include "eveil/math.h"

#define X(name)                       \
  extern const evl_step evl_step_##name; \
  extern const evl_param evl_step_##name##_params[];
#include "conditioning.def"
#undef X

/* Filters work on up to 4 EVL_QUADS signals at a time, interleaved: row t holds sample t of each, in `quads`
   vectors of four; the arithmetic of a lane does not depend on its neighbours. Five fit the registers. */
enum { EVL_QUADS = 5, EVL_LANES = 4 * EVL_QUADS };
#define EVL_EACH_QUAD(X) X(0) X(1) X(2) X(3) X(4)
typedef double evl_quad __attribute__((vector_size(32), may_alias));

static inline evl_quad evl_quad_of(double x) { return (evl_quad){x, x, x, x}; }
static inline evl_quad evl_quad_fma(evl_quad a, evl_quad b, evl_quad c) {
#ifdef __FMA__
  return _mm256_fmadd_pd(a, b, c);
#else
  for (int i = 0; i < 4; i++) c[i] = fma(a[i], b[i], c[i]);
  return c;
#endif
}

static inline evl_quad evl_quad_max(evl_quad a, evl_quad b) {
#ifdef __FMA__
  return _mm256_max_pd(a, b);
#else
  for (int i = 0; i < 4; i++) a[i] = a[i] > b[i] ? a[i] : b[i];
  return a;
#endif
}
static inline evl_quad evl_quad_min(evl_quad a, evl_quad b) {
#ifdef __FMA__
  return _mm256_min_pd(a, b);
#else
  for (int i = 0; i < 4; i++) a[i] = a[i] < b[i] ? a[i] : b[i];
  return a;
#endif
}

/* ---- electrode.c ---- */

/* Whether a parsed label stands for channel `name`; `common` is the scalp electrode that all pairs of
   the file end in (evl_electrode_common), or NULL. */
bool evl_electrode_is(const evl_electrode *electrode, const char *common, const char *name);
/* Known to measure no EEG: heart, eyes, muscles, breath, triggers. */
bool evl_electrode_is_sensor(const evl_electrode *electrode);
/* "Cz" where at least EVL_COMMON_PAIRS labels are pairs and all of them end in Cz: then it is the
   amplifier's reference, since no chain of pairs looks so. NULL otherwise. */
enum { EVL_COMMON_PAIRS = 4 };
const char *evl_electrode_common(const evl_electrode *electrode, int n);

/* ---- position.c ---- */

/* The canonical spelling of a name of the 10-5 system in any case; false where it is none. */
bool evl_position_name(const char *word, char name[8]);
/* The unit vector along `from`; false where that is 0 or not finite. */
bool evl_position_direction(const double from[3], double xyz[3]);
double evl_position_cosine(const double a[3], const double b[3]); /* of unit vectors, within -1 and 1 */

/* ---- montage.c ---- */

/* The montage is a named set of scalp positions ("10-20", "10-10"). */
bool evl_montage_is_standard(const evl_params *params);
/* The pairs of the longitudinal chains of the 10-20 system. */
const char *const *evl_montage_chains(int *n);

/* ---- resample.c ---- */

/* Output k lies at input position k * down / up. up = down: no filter (taps 0). */
typedef struct evl_resampler {
  int up, down;
  double fs_hz;       /* of the output */
  int half;           /* taps reach from -half + 1 to half around floor(k * down / up) */
  int n_taps;         /* those that are not zero in every phase */
  const int *place;   /* [n_taps] rows behind the first */
  const double *taps; /* [up][n_taps], phase-major */
} evl_resampler;

/* band_high_hz: end of the band that must pass, 0 where there is none. removed_hz: of evl_band_removed. */
evl_status evl_resampler_plan(const evl_params *params, double fs_in_hz, double band_high_hz, double removed_hz,
                              evl_arena *arena, evl_resampler *resampler) EVL_MUST_USE;
/* The rate that a resampler will make of fs_in_hz. */
double evl_resampler_rate(const evl_params *params, double fs_in_hz);
/* First and one-past-last input sample that outputs [first, first + n) read; n > 0. */
void evl_resampler_span(const evl_resampler *resampler, int64_t first, int64_t n, int64_t *begin, int64_t *end);
/* Outputs [first, first + n) from interleaved rows of `quads` vectors, row 0 being input sample `begin`. */
void evl_resampler_run(const evl_resampler *resampler, int quads, int64_t first, int64_t n, const double *rows,
                       int64_t begin, double *out);

/* ---- band.c, notch.c ---- */

/* Edges of band_hz; 0 for an open end. */
evl_status evl_band_edges(const evl_params *params, double *low_hz, double *high_hz) EVL_MUST_USE;
/* Sections for signals at fs_hz that hold nothing above top_hz. section[EVL_MAX_SECTIONS]. */
evl_status evl_band_sections(const evl_params *params, double fs_hz, double top_hz, evl_biquad *section,
                             int *n) EVL_MUST_USE;
/* Frequency from which on the band-pass at fs_hz leaves less than 1e-5 in both directions; INFINITY where it has no
   upper edge, or none below half the rate. */
double evl_band_removed(const evl_params *params, double fs_hz);
/* The line to remove and its harmonics, as far as the n_band sections of the band leave them. hz[EVL_MAX_SECTIONS].
   exact: line_hz as it is, else 50 or 60 where it is near. */
evl_status evl_notch_lines(const evl_params *params, double line_hz, double fs_hz, double top_hz,
                           const evl_biquad *band, int n_band, bool exact, double *hz, int *n) EVL_MUST_USE;
/* Whether lines are fitted instead of notched. */
bool evl_notch_fits(const evl_params *params);
/* Sections of those lines. section[EVL_MAX_SECTIONS]. */
evl_status evl_notch_sections(const evl_params *params, double line_hz, double fs_hz, double top_hz,
                              const evl_biquad *band, int n_band, evl_biquad *section, int *n) EVL_MUST_USE;

/* ---- cascade.c: the recursive filters, forward and backward ---- */

typedef struct evl_cascade {
  int n, quads;
  evl_biquad section[2 * EVL_MAX_SECTIONS]; /* b0 = 1 */
  double gain; /* what the output of both directions lacks */
  double rest_1[2 * EVL_MAX_SECTIONS], rest_2[2 * EVL_MAX_SECTIONS]; /* states for a constant input of 1 */
  evl_quad state_1[2 * EVL_MAX_SECTIONS][EVL_QUADS], state_2[2 * EVL_MAX_SECTIONS][EVL_QUADS];
} evl_cascade;

/* `section` and `n` as designed. */
void evl_cascade_plan(evl_cascade *cascade);
/* States as after an endless constant input of that row. */
void evl_cascade_settle(evl_cascade *cascade, const double *row);
/* Filters rows [0, n) in place, in order of time or against it. */
void evl_cascade_forward(evl_cascade *cascade, double *rows, int64_t n);
void evl_cascade_backward(evl_cascade *cascade, double *rows, int64_t n);

/* ---- signals.c: the sources of a file by name ---- */

/* One signal to filter: the weighted sum of one or two sources. */
typedef struct evl_lane {
  int n, source[2];
  double weight[2];
  int channel; /* row of the window; -1 - k: row k of those beside the window */
} evl_lane;

typedef struct evl_signals {
  int n;
  const evl_source *source;
  evl_electrode *electrode; /* [n] */
  const char *common;       /* the scalp electrode that all pairs end in; NULL */
} evl_signals;

evl_status evl_signals_read(int n, const evl_source *source, evl_arena *arena, evl_signals *signals) EVL_MUST_USE;
/* Index of the usable source that is `name`, -1 where there is none. EVL_FORMAT where there are two. */
evl_status evl_signals_find(const evl_signals *signals, const char *name, int *found) EVL_MUST_USE;
evl_status evl_signals_check_layout(const evl_params *params, const evl_signals *signals) EVL_MUST_USE;
/* What is combined must be measured against one point; `members`: of the lanes, those that the reference changes. */
evl_status evl_signals_same_reference(const evl_signals *signals, const evl_lane *lane, int n_lanes,
                                      bool members) EVL_MUST_USE;

/* ---- reference.c: which signals make a channel ---- */

typedef enum {
  EVL_REFERENCE_NONE, EVL_REFERENCE_AVERAGE, EVL_REFERENCE_LINKED, EVL_REFERENCE_BIPOLAR, EVL_REFERENCE_TRANSVERSE,
  EVL_REFERENCE_REST, EVL_REFERENCE_CSD, EVL_REFERENCE_ELECTRODE
} evl_reference_kind;

typedef struct evl_reference {
  bool average, common;  /* what to subtract: the mean of the members, or the first row beside the window */
  bool refused;          /* there is no such reference in the file */
  int n_lanes;
  evl_lane *lane;
  int n_extra;           /* rows beside the window */
  int most_lanes, most_extra; /* whatever is bad: what memory is planned for */
  int n_channels, n_members;
  bool *member;          /* [n_channels] single electrodes; pairs and sensors do not change with the reference */
  bool *sensor;          /* [n_channels] evl_electrode_is_sensor */
  uint8_t *channel_why;  /* [n_channels] */
  uint8_t *interpolated; /* [n_channels] */
  double *matrix;        /* [n_channels][most_lanes] channels from lanes, all steps from regress on; NULL where the
                            lanes are the channels and the reference is a mean or one signal */
  double *work;          /* for splines; NULL where no key asks for them */
  const char *note;      /* "" or why channels are missing that the file seems to have */
} evl_reference;

evl_reference_kind evl_reference_of(const evl_params *params);
evl_status evl_reference_plan(const evl_params *params, const evl_montage *montage, int n_sources,
                              const evl_source *source, const evl_regression *regression, evl_arena *arena,
                              evl_reference *reference) EVL_MUST_USE;
/* Adds a sentence to the note. */
evl_status evl_reference_note(evl_reference *reference, evl_arena *arena, const char *format, ...)
    EVL_PRINTF(3, 4) EVL_MUST_USE;
/* Subtracts the average or the row `common` from the members among the rows x[c * ld + t], first <= t < first + n. */
void evl_reference_run(const evl_reference *reference, const double *common, int64_t first, int64_t n, double *x,
                       size_t ld);

/* ---- interpolate.c: bad channels from good ones ---- */

/* Lanes beside the window that it may add, at most. */
int evl_interpolate_most(const evl_montage *montage);
/* Fills the matrix rows of bad channels with the lanes of good ones. Lanes beside the window are added where pairs need
   them. */
evl_status evl_interpolate_plan(const evl_montage *montage, const evl_signals *signals, evl_arena *arena,
                                evl_reference *reference) EVL_MUST_USE;
/* Directions of n electrodes by name; source[i]: their signals, -1 where they have none. The file's positions where it
   has as many as there are names of the 10-5 system among them, else those of the names. 0: unknown. */
void evl_interpolate_places(const evl_signals *signals, int n, const char *const *name, const int *source,
                            double (*xyz)[3]);
/* The first of those electrodes that a spline may stand on: position known, none before within half a degree. */
bool evl_interpolate_stands(int electrode, const double (*xyz)[3]);

/* ---- spatial.c: the matrix of all steps behind the filters ---- */

/* Turns the rows of reference->matrix, which stand for channels before the reference, into channels. */
evl_status evl_spatial_reference(const evl_params *params, const evl_montage *montage, const evl_signals *signals,
                                 evl_arena *arena, evl_reference *reference) EVL_MUST_USE;
/* Adds the lanes of the regressors and their columns. */
evl_status evl_spatial_regress(const evl_regression *regression, evl_reference *reference) EVL_MUST_USE;

typedef struct evl_spatial {
  int n_lanes, n_blocks; /* blocks of EVL_SPATIAL_ROWS channels, the last one filled with zeros */
  const int *channel;    /* [n_blocks][ROWS] -1: none */
  const double *weight;  /* [n_blocks][n_lanes][ROWS] */
  double *tile;          /* [n_lanes][EVL_SPATIAL_TILE] */
} evl_spatial;
enum { EVL_SPATIAL_ROWS = 4, EVL_SPATIAL_TILE = 48 };

/* Memory for the most lanes, whatever the matrix. */
evl_status evl_spatial_plan(const evl_reference *reference, evl_arena *arena, evl_spatial *spatial) EVL_MUST_USE;
/* Samples [first, first + n) of every channel, from those of the lanes: row[lane] + t, in place where they are rows
   of x[c * ld + t] themselves. */
void evl_spatial_run(const evl_spatial *spatial, const double *const *row, int64_t first, int64_t n, double *x,
                     size_t ld);

/* ---- regress.c ---- */

enum { EVL_MOST_REGRESSORS = 8 };
int evl_regression_most(const evl_params *params, int n_sources, const evl_source *source);
/* 0 for NULL, and where nothing was learned. */
int evl_regression_count(const evl_regression *regression);
int evl_regression_source(const evl_regression *regression, int k);
double evl_regression_offset(const evl_regression *regression, int k);
double evl_regression_weight(const evl_regression *regression, int source, int k);
const char *evl_regression_note(const evl_regression *regression);

/* ---- spline.c, rest.c ---- */

enum { EVL_SPLINE_STIFFNESS = 4, EVL_SPLINE_TERMS = 50 };
/* Fewer electrodes than harmonics up to degree 1 have no gradient, up to degree 2 no curvature. */
enum { EVL_SPLINE_LEAST = 4, EVL_CSD_LEAST = 9 };
double evl_legendre_sum(const double *coefficient, int terms, double x); /* sum_{n=1}^terms c[n] P_n(x) */
/* Doubles of `work` for n electrodes. */
size_t evl_spline_work(int n);
/* weight[m][n]: values at directions `to` from those at `from`. All unit vectors, those of `from` distinct. */
evl_status evl_spline_interpolate(int n, const double (*from)[3], int m, const double (*to)[3], double lambda,
                                  double *work, double *weight) EVL_MUST_USE;
/* matrix[n][n]: current source density, minus the surface Laplacian on a sphere of that radius, from values. */
evl_status evl_spline_csd(int n, const double (*xyz)[3], int stiffness, double lambda, double radius_m, double *work,
                          double *matrix) EVL_MUST_USE;
/* a[1..terms]: potential on the outermost of concentric spheres of a unit radial dipole at radius r in the innermost,
   as a Legendre series of the angle between. Radii ascending. */
void evl_rest_field(int shells, const double *radius, const double *sigma, double r, int terms, double *a);
/* weight[n] of the potential at infinity among the values; work[n][n]. */
evl_status evl_rest_weights(int n, const double (*xyz)[3], double *work, double *weight) EVL_MUST_USE;

/* ---- line_fit.c: the power line by regression of sinusoids ---- */

typedef struct evl_line_fit {
  int n_lines, lanes;      /* lanes of the interleaved rows */
  int window, hop, least;  /* samples */
  int reach;               /* samples on each side of a block that its windows may hold */
  double *cycles;          /* [n_lines] a sample */
  double *gram;
  double *basis, *dual;    /* [window][functions] */
  double *short_basis, *short_dual; /* of a stretch shorter than a window */
  int64_t most_windows, *start; /* first samples of windows */
  double *coefficient;     /* [window][function][lane] */
} evl_line_fit;

/* n_lines = 0: nothing is subtracted. most: lanes that memory is planned for. */
evl_status evl_line_fit_plan(int n_lines, const double *line_hz, double fs_hz, int64_t max_out, int lanes, int most,
                             evl_arena *arena, evl_line_fit *fit) EVL_MUST_USE;
/* Subtracts the lines from samples [a, b) of a stretch of n samples; row 0 is sample `first`, and rows reach from
   larger(0, a - reach) to smaller(n, b + reach). */
evl_status evl_line_fit_run(evl_line_fit *fit, int64_t n, int64_t first, int64_t a, int64_t b,
                            double *rows) EVL_MUST_USE;

/* ---- extension.c: the signal of a stretch, continued beyond its edges ---- */

typedef struct evl_extension {
  evl_fetch fetch;
  void *context;
  const evl_source *source;
  int64_t n;     /* input samples */
  int64_t reach; /* samples of odd extension at each edge, at most n - 1; constant beyond */
  double gain;
} evl_extension;

/* gain times samples [first, first + n) of a lane, offsets removed, into x[n]. work[n].
   EVL_FORMAT for a sample that is not finite. */
evl_status evl_extension_load(const evl_extension *extension, const evl_lane *lane, int64_t first, int64_t n,
                              double *work, double *x) EVL_MUST_USE;

/* ---- line.c ---- */

int evl_smooth_length(int n); /* the smallest number from n on with no prime factor over 5 */

/* ---- interleave.c ---- */

/* Four columns column[i * ld + t], t < n, into row[t * stride + i] and back. Rows are aligned to 32 bytes. */
void evl_interleave(const double *column, int64_t ld, int64_t n, double *row, int stride);
void evl_deinterleave(const double *row, int stride, int64_t n, double *const column[4]);

static inline int64_t evl_floor_divide(int64_t a, int64_t b) { /* b > 0 */
  return a / b - (a % b < 0);
}

#endif
