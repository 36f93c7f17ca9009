/* The worker's parts, shared by plan, opening and running. */
#ifndef EVEIL_WORKER_PRIV_H
#define EVEIL_WORKER_PRIV_H

#include "eveil/readers.h"
#include "eveil/recording.h"

/* Entries of one analysis bound to one rate. */
typedef struct kernel_set {
  int analysis;
  double fs_hz;
  int n_samples;            /* of a window */
  const char *refusal;      /* why an entry cannot run at this rate; NULL: all can */
  evl_products *products;
  void **kernel;            /* [layout->n_slots] */
  struct kernel_set *next;
} kernel_set;

/* Groups with the same rules of quality share its marks. */
typedef struct quality_group {
  const evl_params *params;
  evl_key key;
  evl_quality *quality;     /* of the open recording */
  int64_t first_cell, n_cells; /* of the last run, from the start of the stretch */
} quality_group;

/* Analyses with the same conditioning and montage share one pass of the chain. */
typedef struct chain_group {
  const evl_params *params;
  const evl_montage *montage;
  int quality;              /* index of its quality_group */
  evl_chain *chain;         /* of the open recording, like the regression */
  evl_regression *regression;
} chain_group;

struct evl_worker {
  int n_analyses;
  const evl_analysis *analysis;
  double task_s;
  double window_s;          /* of the longest windows */
  double block_s;           /* longest output block */
  double load_s;            /* longest input block: with margins */
  evl_arena *arena;         /* of the plan */
  int n_groups;
  chain_group *group;
  int *group_of;            /* [n_analyses] */
  int n_qualities;
  quality_group *quality;
  uint16_t *marks;          /* [channel][marks_ld] of the group at hand: causes, cell by cell */
  size_t marks_ld;
  uint8_t *window_why;      /* [channel] of the window at hand */
  kernel_set *kernels;
  size_t payload_bytes;
  evl_section *section;     /* [n_analyses] */
  evl_finish_section *finish; /* [n_analyses] */
  double *x;                /* conditioned block; before that, the segments of the facts */
  size_t x_size;            /* doubles */
  double **tensor;          /* pointers for evl_out */
  double *reduced;          /* cells of one region */
  uint8_t *io;              /* for hashing a file */
  void *damage;
  void (*tick)(void *context);
  void *tick_context;
  const evl_keep *keep;     /* NULL: no annotations */
  int n_costs;
  evl_cost *cost;           /* [n_costs] */
  evl_spent *spent;         /* [n_costs] since the plan */
  int *cost_of_group, *cost_of_slots; /* [n_groups], [n_analyses]: of the first slot */
  int *cost_of_pieces;      /* [n_analyses] of the first slot, those without pieces counted */
  int cost_of_quality;      /* of the first quality group */
  double accounted_s;       /* of the present task, already in `spent` */
  /* the open recording */
  evl_arena *own;           /* reset for each */
  evl_mark mark;
  const evl_probe *probe;   /* NULL: none open */
  const char *path;
  evl_reader *reader;
  evl_source *source;       /* with offsets */
  evl_annotations annotations; /* once they are known */
  bool annotations_known;
  double longest_annotation_s;
  evl_moment *moment;       /* of the window at hand */
  bool any_chosen;          /* a window of the present task */
  evl_source *view;         /* the same as a quality group sees them */
  int learn_n;              /* samples of a segment */
  double *learn_x;          /* [n_sources][learn_n]; NULL where nothing is learned */
  double from_s, to_s;      /* what is loaded, from the start of its stretch */
  int stretch;
  double line_hz, line_exact_hz; /* nominal, and as measured */
};

enum { HASH_BLOCK = 1 << 20 };
enum { COST_OPEN, COST_READ, COST_HASH, COST_FINISH, COST_FIXED }; /* the first of the costs */

/* What windows of an analysis are at the rate of a kernel set. */
evl_shape evl_worker_shape(const evl_worker *worker, const evl_analysis *analysis, const kernel_set *kernels);
evl_status evl_worker_plan_costs(evl_worker *worker) EVL_MUST_USE;
/* Adds what a span asks for to the units of reading and conditioning. */
void evl_worker_count(evl_worker *worker, const evl_probe *probe, int span);
/* Adds the time since began_s to a cost; the time now. */
double evl_worker_spend(evl_worker *worker, int cost, double began_s, double units);

/* Binds the worker to a recording: header compared with the probe, facts measured, chains planned. */
evl_status evl_worker_open(evl_worker *worker, const char *path, const evl_probe *probe) EVL_MUST_USE;
void evl_worker_shut(evl_worker *worker);
size_t evl_worker_raw_bytes(const evl_worker *worker, const evl_probe *probe);
/* Offsets of all usable sources and the line frequency, from fixed positions. */
evl_status evl_worker_facts(evl_worker *worker) EVL_MUST_USE;

/* ---- run.c ---- */
/* why of expanded outputs of a slot: that of their channels, if they are not usable. */
void evl_worker_mark_absent(const evl_slot *slot, const evl_montage *montage, const uint8_t *channel_why,
                            bool of_recording, uint8_t *why);
/* A value has why 0 and is finite; everything else becomes NaN with its why. */
void evl_worker_settle(double *value, uint8_t *why, int n);
double **evl_worker_tensors(evl_worker *worker, const evl_layout *layout, const evl_slot *slot, bool of_recording,
                            double *base);
bool evl_worker_any_channel(const chain_group *group);
double evl_worker_begin(evl_worker *worker); /* a task; the time */
/* What no part of the task has taken. */
void evl_worker_account_rest(evl_worker *worker, int cost, double began_s);

/* ---- learn.c ---- */
/* Memory for what is learned of a recording with these sources. */
evl_status evl_worker_learn_plan(evl_worker *worker, const evl_probe *probe, const evl_source *source,
                                 evl_arena *arena) EVL_MUST_USE;
/* Learns from a segment that is loaded. */
evl_status evl_worker_learn(evl_worker *worker, int stretch, double from_s) EVL_MUST_USE;
void evl_worker_learn_settle(evl_worker *worker);

/* ---- reduce.c ---- */
/* Memory for the largest region of any analysis. */
evl_status evl_worker_plan_reductions(evl_worker *worker) EVL_MUST_USE;
/* The columns of a row that are reductions of others. */
void evl_worker_reduce(evl_worker *worker, const evl_layout *layout, double *value, uint8_t *why);

/* ---- worker_annotations.c ---- */
evl_status evl_worker_plan_annotations(evl_worker *worker) EVL_MUST_USE; /* once the payload is known */
/* Whether an entry of an analysis sees what happened. */
bool evl_worker_wants_moments(const evl_worker *worker, int analysis);
/* Those in [from_s, to_s), or reaching into it, from its start; their number. */
int evl_worker_moments(evl_worker *worker, double from_s, double to_s);
evl_status evl_worker_annotations(evl_worker *worker) EVL_MUST_USE; /* reads them, once a recording */
bool evl_worker_choose(const evl_worker *worker, int analysis, int64_t window); /* by those, where its rules need them */
size_t evl_worker_put_annotations(const evl_worker *worker, uint8_t *to); /* head and items; their bytes */

/* ---- samples.c ---- */
/* Raw bytes of [from_s, to_s) of a stretch. */
evl_status evl_worker_load(evl_worker *worker, int stretch, double from_s, double to_s) EVL_MUST_USE;
/* Signal samples [first, first + n) of the loaded stretch; missing ones are not finite. */
evl_status evl_worker_fetch_raw(void *context, int source, int64_t first, int64_t n, double *x) EVL_MUST_USE;
/* The same; missing ones lie on a straight line between those beside them. */
evl_status evl_worker_fetch(void *context, int source, int64_t first, int64_t n, double *x) EVL_MUST_USE;

/* ---- facts.c ---- */
/* The segments' places: the same fractions of the recorded time in every run; their number. */
typedef struct fact_segment { int stretch; double from_s; } fact_segment;
int evl_worker_segments(const evl_worker *worker, fact_segment segment[]);
evl_status evl_worker_load_segment(evl_worker *worker, const fact_segment *segment) EVL_MUST_USE;
/* Samples of one source that a segment has, and the first of them. */
int64_t evl_worker_segment_samples(const evl_worker *worker, int source, const fact_segment *segment, int64_t *first);

/* ---- scales.c ---- */
/* Scales and bad channels for the rules of quality; after the facts. */
evl_status evl_worker_scales(evl_worker *worker) EVL_MUST_USE;
size_t evl_worker_scales_samples(const evl_probe *probe); /* doubles that it needs in `x` */
/* The sources in `view`, with the channels that the rules found bad. */
void evl_worker_view(evl_worker *worker, const quality_group *quality);

/* ---- marks.c ---- */
/* Runs all rules on what the windows of a span need of a stretch. */
evl_status evl_worker_mark(evl_worker *worker, int stretch, int span) EVL_MUST_USE;
/* After that: the marks of a group's channels. */
void evl_worker_mark_channels(evl_worker *worker, int group);
/* window_why of the window [from_s, to_s) of the stretch; the share of its channels' time that is clean. */
float evl_worker_window_why(evl_worker *worker, int group, double from_s, double to_s);
/* Adds to count[channel][EVL_QUALITY_COUNTS]. */
void evl_worker_count_marks(evl_worker *worker, int analysis, const evl_stretch *stretch, int span, uint32_t *count);
/* What became of a channel of the open recording (EVL_CHANNEL_*), and the causes found for it as a whole. */
uint8_t evl_worker_channel_state(const evl_worker *worker, int group, int channel, uint16_t *causes);

/* SHA-256 of the open recording's files, one after the other; EVL_FORMAT where a checksum is wrong or the bytes speak
   for a text-mode transfer. */
evl_status evl_worker_hash_file(evl_worker *worker, const char *path, uint8_t digest[32]) EVL_MUST_USE;
void evl_worker_head(void *payload, evl_status status, const char *message, double began_s);
/* NULL where that rate was not planned for. */
const kernel_set *evl_worker_kernels(const evl_worker *worker, int analysis, double fs_hz);

/* Facts are measured on at most FACT_SEGMENTS segments of FACT_SEGMENT_S. */
enum { FACT_SEGMENTS = 16, FACT_SEGMENT_S = 4, LINE_CHANNELS = 4 };

#endif
