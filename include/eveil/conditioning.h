/* conditioning: montage, resampling, line, band-pass, eye and heart, bad channels, reference, as one chain of steps.

   A chain turns the signals of a file into the canonical channels of an analysis. It works on
   blocks with margins: any cut of a stretch into blocks gives the same samples to 1e-12 of
   the input's scale, and memory depends on the block, not on the recording. */
#ifndef EVEIL_CONDITIONING_H
#define EVEIL_CONDITIONING_H

#include "eveil/base.h"

/* One step of the table src/conditioning/conditioning.def, in the order of application. */
typedef struct evl_step {
  const char *name, *summary, *definition, *cite;
  int version;
  const evl_param *params; /* keys of the group `conditioning` */
} evl_step;
extern const evl_step *const evl_steps[]; /* the steps, then the rules of quality.def; ends with NULL */

/* Parameter tables of all steps and rules, for evl_group_params. */
int evl_conditioning_tables(const evl_param *const **tables);

/* ---- electrodes ---- */

/* Canonical name of an electrode label: "EEG Fp1-Ref" -> "Fp1" with reference "Ref", "T3" -> "T7",
   "Fc5." -> "FC5", "Fp1-A2" -> "Fp1" with reference "A2". Two scalp electrodes, or two ears, make a pair:
   "FP1-F7" -> name "Fp1-F7", reference "F7", not known as an electrode. Other labels ("ECG ECG", "Status")
   are returned trimmed, not known, cut to 80 bytes. */
typedef struct evl_electrode { char name[81]; char reference[81]; bool known, pair; } evl_electrode;
void evl_electrode_parse(const char *label, evl_electrode *electrode);

/* Position of a name of the 10-20, 10-10 or 10-5 system on the unit sphere (x right, y front, z up); of a pair "Fp1-F7"
   the point between. */
bool evl_electrode_position(const char *name, double xyz[3]);
/* The electrodes nearest to one of n, nearest first, of equals the first: at most `most` that are not left out, nor
   farther than the angle of least_cosine. Unit vectors. Returns how many. */
int evl_electrode_neighbours(int n, const double (*xyz)[3], const bool *left_out, int electrode, double least_cosine,
                             int most, int *near);

/* ---- montage ---- */

/* The channels that windows of this conditioning carry. "10-20": 19 names; "10-10": 64 of the
   eegmmidb set; "file": the union of `label`s as given; a list of names. The references bipolar and transverse
   give the 18 pairs of their chains ("Fp1-F7", "F7-Fp1") for "10-20", or the pairs listed. Canonical names.
   n_labels = 0: nothing is known of the files. Errors (EVL_USAGE): unknown montage, name or reference, a name
   twice or with one of "/,[]", no channel left. */
evl_status evl_montage_plan(const evl_params *params, int n_labels, const char *const *label,
                            evl_arena *arena, evl_montage **montage) EVL_MUST_USE;

/* What a signal measures that is no EEG, as _channels.tsv tells; NAMED: told by its label alone. */
typedef enum { EVL_SOURCE_NAMED, EVL_SOURCE_EOG, EVL_SOURCE_ECG, EVL_SOURCE_OTHER } evl_source_kind;

/* What is known of a signal of the file before the chain is bound. */
typedef struct evl_source {
  const char *label;
  double fs_hz;
  bool usable;     /* false: not a voltage where EEG is wanted, excluded by _channels.tsv type */
  bool bad;        /* status bad: its channels get why ARTEFACT */
  double offset;   /* of the recording, subtracted first */
  double physical_min, physical_max; /* what the converter could hold, microvolt; NaN: unknown */
  double xyz[3];   /* of the electrode in the file: right, front, up, any length; NaN or 0: unknown */
  evl_source_kind kind;
} evl_source;
/* Moves the electrodes' positions to the centre of the sphere that fits them best (8 or more) and to length 1. false:
   they lie on no sphere (flat drawings, other units); then they are unknown, 0. */
bool evl_sources_centre(int n, evl_source *source);

/* ---- eye and heart: coefficients of a recording (step regress) ---- */

typedef struct evl_regression evl_regression;
/* For the signals of one recording; n_segments and n samples: most of what will be learned from, at the highest rate of
   a usable signal. All memory from `arena`. Errors: EVL_USAGE for a word that `regress` does not know. */
evl_status evl_regression_plan(const evl_params *params, int n_sources, const evl_source *source, int n_segments, int n,
                               evl_arena *arena, evl_regression **regression) EVL_MUST_USE;
/* The signals that evl_regression_learn reads: false for all others, and for all where nothing is asked for. */
bool evl_regression_wants(const evl_regression *regression, int source);
/* A segment x[source * ld + t], t < n, of raw microvolt. One with a sample that is not finite says nothing of its
   signal. */
void evl_regression_learn(evl_regression *regression, const double *x, size_t ld, int n);
void evl_regression_settle(evl_regression *regression);

/* ---- the chain ---- */

typedef struct evl_chain evl_chain;

/* Binds the chain to the signals of one recording; labels and offsets are copied. regression: settled, or NULL for none
   (nothing is subtracted then). line_hz: 0, or the line as measured, about 50 or 60 (what notch = "auto" uses).
   max_block_s: longest output block that will be asked for. All memory from `arena`,
   the same amount whatever is bad or learned.
   Channels: missing in the file: why ABSENT; bad: ARTEFACT; all zero by construction (the reference
   electrode itself, an average over less than two channels), or without what the reference needs: UNDEFINED.
   Errors: none of the montage's channels in the file, duplicate labels that both match a channel,
   mixed rates or references among the used signals (EVL_FORMAT); band above the Nyquist
   frequency, rates without rational ratio, margins beyond 20 minutes (EVL_USAGE). */
evl_status evl_chain_plan(const evl_params *params, const evl_montage *montage, int n_sources,
                          const evl_source *source, const evl_regression *regression, double line_hz,
                          double max_block_s, evl_arena *arena, evl_chain **chain) EVL_MUST_USE;
double evl_chain_fs_hz(const evl_chain *chain);            /* of the output */
double evl_chain_fs_in_hz(const evl_chain *chain);         /* of its signals; where all are bad, of the first usable */
const uint8_t *evl_chain_channel_why(const evl_chain *chain); /* [montage->n] */
const uint8_t *evl_chain_interpolated(const evl_chain *chain); /* [montage->n] 1: made of other electrodes */
/* Whether what a source has is seen in a channel: one that the channel is the signal of or a difference of; of an
   interpolated channel the nearest electrodes. What the reference adds to all channels does not count. */
bool evl_chain_uses(const evl_chain *chain, int channel, int source);
/* "" or one sentence for the recording's message: why channels that the file has are absent all the same. */
const char *evl_chain_note(const evl_chain *chain);
/* Output samples of a stretch with n_in input samples: sample k lies k / fs_out after the first input
   sample, and before n_in / fs_in, so that windows of the whole duration fit. */
int64_t evl_chain_samples(const evl_chain *chain, int64_t n_in);
/* Input samples [*first, *first + *n) of the stretch needed for output samples [out_first, out_first + out_n). */
void evl_chain_needs(const evl_chain *chain, int64_t out_first, int64_t out_n, int64_t stretch_in,
                     int64_t *first, int64_t *n);
/* Reads one source signal's samples [first, first + n) of the stretch into x. */
typedef evl_status (*evl_fetch)(void *context, int source, int64_t first, int64_t n, double *x);
/* Output samples [out_first, out_first + out_n) of a stretch of stretch_in input samples into
   x[c * ld + t]; rows of channels with a why are zero. No allocation. `fetch` is called for pieces inside
   evl_chain_needs, in order of time but for the mirrored edges. Errors: those of fetch; a sample that
   is not finite (EVL_FORMAT); a block outside the stretch or above max_block_s (EVL_LIMIT). */
evl_status evl_chain_run(evl_chain *chain, evl_fetch fetch, void *context, int64_t stretch_in,
                         int64_t out_first, int64_t out_n, double *x, size_t ld) EVL_MUST_USE;

/* Line frequency (50, 60, or 0) from segments of one channel's raw signal: power at the line and its harmonics
   against the neighbourhood. Segments of n samples at fs_hz: 4 s or more are best, less than 2 s are not enough (0). */
typedef struct evl_line evl_line;
evl_status evl_line_plan(int n, double fs_hz, evl_arena *arena, evl_line **line) EVL_MUST_USE;
/* `x`: n_segments x n samples. Segments must be independent: no overlap, not the same time of several channels. A
   line whose amplitude is a tenth of the sd of a white background is found in 20 segments of 10 s; of EEG, in one. */
double evl_line_detect(evl_line *line, const double *x, int n_segments);
/* The line found last, 50 or 60, as it was measured: the peak of its strongest harmonic, between bins. */
double evl_line_measure(const evl_line *line, double line_hz);

/* ---- quality*.c: where a recording is not brain ------------------------------------------------ */

/* X(name, text): why a cell is marked, one bit each, bit by place in this list. */
#define EVL_CAUSE_LIST(X)      \
  X(MISSING, "missing")         \
  X(FLAT, "flat")               \
  X(SATURATION, "saturation")   \
  X(AMPLITUDE, "amplitude")     \
  X(STEP, "step")               \
  X(BLINK, "blink")             \
  X(MUSCLE, "muscle")           \
  X(LINE, "line")               \
  X(CORRELATION, "correlation")
enum {
#define EVL_CAUSE_PLACE(name, text) EVL_CAUSE_PLACE_##name,
  EVL_CAUSE_LIST(EVL_CAUSE_PLACE)
#undef EVL_CAUSE_PLACE
  EVL_CAUSES
};
enum {
#define EVL_CAUSE_BIT(name, text) EVL_CAUSE_##name = 1 << EVL_CAUSE_PLACE_##name,
  EVL_CAUSE_LIST(EVL_CAUSE_BIT)
#undef EVL_CAUSE_BIT
};
extern const char *const evl_cause_name[EVL_CAUSES];

/* Marks are set for cells of this length; cell k of a stretch holds the samples t with
   floor(t / (fs_hz * EVL_CELL_S)) = k. */
#define EVL_CELL_S 0.1

/* Marks of the signals of one recording by the rules that `artefacts` chooses. Signals of other rates than most usable
   ones, and unusable ones, are never marked. Labels of other sensors (ECG, EOG, EMG, respiration) are looked at for missing,
   flat and saturated samples alone. */
typedef struct evl_quality evl_quality;
/* line_hz: 0 where there is none. max_block_s: the most that one run is asked for. Labels are copied. All memory from
   `arena`, independent of the length of the recording but for the marks of a block.
   Errors: EVL_USAGE (impossible keys), EVL_LIMIT (max_block_s). */
evl_status evl_quality_plan(const evl_params *params, int n_sources, const evl_source *source, double line_hz,
                            double max_block_s, evl_arena *arena, evl_quality **quality) EVL_MUST_USE;
/* Of the rules and their keys: conditionings with the same key share their marks. */
evl_key evl_quality_key(const evl_params *params);
double evl_quality_fs_hz(const evl_quality *quality); /* of the signals looked at; 0: none is, nothing is marked */
/* The recording's scales, from segments at fixed positions, EVL_LEARN_SEGMENTS of up to EVL_LEARN_S at most (more are ignored),
   in order of time: offsets removed, x[source * ld + t], t < n; other signals hold zeros, missing samples NaN.
   Then settle, once: without any segment all scales are those of the keys, and no whole signal is bad. */
enum { EVL_LEARN_SEGMENTS = 16, EVL_LEARN_S = 4 };
bool evl_quality_learns(const evl_quality *quality); /* false: segments would tell nothing */
void evl_quality_learn(evl_quality *quality, const double *x, size_t ld, int n);
void evl_quality_settle(evl_quality *quality);
/* Causes for which a whole signal is bad; 0: good. */
uint16_t evl_quality_bad(const evl_quality *quality, int source);
/* Cells of a stretch of stretch_in samples at evl_quality_fs_hz; the last one may be short. */
int64_t evl_quality_cells(const evl_quality *quality, int64_t stretch_in);
/* Input samples [*first, *first + *n) of the stretch that marks of cells [first_cell, first_cell + n_cells) need. */
void evl_quality_needs(const evl_quality *quality, int64_t first_cell, int64_t n_cells, int64_t stretch_in,
                       int64_t *first, int64_t *n);
/* Marks those cells: the same marks for any cut of the stretch. No allocation. Samples as in the file, offsets
   included; those that are not finite are marked as missing. `fetch` is called for pieces inside
   evl_quality_needs, for signals at evl_quality_fs_hz alone. Errors: those of fetch; cells outside the stretch or more than
   max_block_s (EVL_LIMIT). */
evl_status evl_quality_run(evl_quality *quality, evl_fetch fetch, void *context, int64_t stretch_in,
                           int64_t first_cell, int64_t n_cells) EVL_MUST_USE;
const uint16_t *evl_quality_marks(const evl_quality *quality, int source); /* [n_cells] causes, of the last run */

#endif
