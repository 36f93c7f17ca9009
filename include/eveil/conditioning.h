/* conditioning: montage, resampling, notch, band-pass, reference, as one chain of steps.

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
extern const evl_step *const evl_steps[]; /* ends with NULL */

/* Parameter tables of all steps, for evl_group_params. */
int evl_conditioning_tables(const evl_param *const **tables);

/* Canonical name of an electrode label: "EEG Fp1-Ref" -> "Fp1" with reference "Ref", "T3" -> "T7",
   "Fc5." -> "FC5", "Fp1-A2" -> "Fp1" with reference "A2". Two scalp electrodes, or two ears, make a pair:
   "FP1-F7" -> name "Fp1-F7", reference "F7", not known as an electrode. Other labels ("ECG ECG", "Status")
   are returned trimmed, not known, cut to 80 bytes. */
typedef struct evl_electrode { char name[81]; char reference[81]; bool known, pair; } evl_electrode;
void evl_electrode_parse(const char *label, evl_electrode *electrode);

/* Position of a canonical name on the unit sphere (x right, y front, z up); of a pair "Fp1-F7" the point between. */
bool evl_electrode_position(const char *name, double xyz[3]);

/* The channels that windows of this conditioning carry. "10-20": 19 names; "10-10": 64 of the
   eegmmidb set; "file": the union of `label`s as given; a list of names. Bipolar references
   give the 18 pairs of the longitudinal chains ("Fp1-F7") for "10-20", or the pairs listed. Canonical names.
   n_labels = 0: nothing is known of the files. Errors (EVL_USAGE): unknown montage, name or reference, a name
   twice or with one of "/,[]", no channel left. */
evl_status evl_montage_plan(const evl_params *params, int n_labels, const char *const *label,
                            evl_arena *arena, evl_montage **montage) EVL_MUST_USE;

/* What is known of a signal of the file before the chain is bound. */
typedef struct evl_source {
  const char *label;
  double fs_hz;
  bool usable;     /* false: not a voltage where EEG is wanted, excluded by _channels.tsv type */
  bool bad;        /* status bad: its channels get why ARTEFACT */
  double offset;   /* of the recording, subtracted first */
  double physical_min, physical_max; /* what the converter could hold, microvolt; NaN: unknown */
  double xyz[3];   /* of the electrode in the file: right, front, up, any length; NaN: unknown */
} evl_source;

typedef struct evl_chain evl_chain;

/* Binds the chain to the signals of one recording; labels and offsets are copied. line_hz: 0, 50 or 60
   (what notch = "auto" uses). max_block_s: longest output block that will be asked for. All memory from `arena`.
   Channels: missing in the file: why ABSENT; bad: ARTEFACT; all zero by construction (the reference
   electrode itself, an average over less than two channels): UNDEFINED.
   Errors: none of the montage's channels in the file, duplicate labels that both match a channel,
   mixed rates or references among the used signals (EVL_FORMAT); band above the Nyquist
   frequency, rates without rational ratio, margins beyond 20 minutes (EVL_USAGE). */
evl_status evl_chain_plan(const evl_params *params, const evl_montage *montage, int n_sources,
                          const evl_source *source, double line_hz, double max_block_s,
                          evl_arena *arena, evl_chain **chain) EVL_MUST_USE;
double evl_chain_fs_hz(const evl_chain *chain);            /* of the output */
double evl_chain_fs_in_hz(const evl_chain *chain);         /* of its signals; where all are bad, of the first usable */
const uint8_t *evl_chain_channel_why(const evl_chain *chain); /* [montage->n] */
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

#endif
