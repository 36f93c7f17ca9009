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

/* Analyses with the same conditioning and montage share one pass of the chain. */
typedef struct chain_group {
  const evl_params *params;
  const evl_montage *montage;
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
  kernel_set *kernels;
  size_t payload_bytes;
  evl_section *section;     /* [n_analyses] */
  evl_finish_section *finish; /* [n_analyses] */
  double *x;                /* conditioned block */
  size_t x_size;            /* doubles */
  double **tensor;          /* pointers for evl_out */
  uint8_t *io;              /* for hashing a file */
  void *damage;
  void (*tick)(void *context);
  void *tick_context;
  int n_costs;
  evl_cost *cost;           /* [n_costs] */
  evl_spent *spent;         /* [n_costs] since the plan */
  int *cost_of_group, *cost_of_slots; /* [n_groups], [n_analyses]: of the first slot */
  double accounted_s;       /* of the present task, already in `spent` */
  /* the open recording */
  evl_arena *own;           /* reset for each */
  evl_mark mark;
  const evl_probe *probe;   /* NULL: none open */
  const char *path;
  evl_reader *reader;
  evl_source *source;       /* with offsets */
  int learn_n;              /* samples of a segment */
  double *learn_x;          /* [n_sources][learn_n]; NULL where nothing is learned */
  double from_s, to_s;      /* what is loaded, from the start of its stretch */
  int stretch;
  double line_hz;
};

enum { HASH_BLOCK = 1 << 20 };
enum { COST_OPEN, COST_READ, COST_HASH, COST_FINISH, COST_FIXED }; /* the first of the costs */

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

/* ---- learn.c ---- */
/* Memory for what is learned of a recording with these sources. */
evl_status evl_worker_learn_plan(evl_worker *worker, const evl_probe *probe, const evl_source *source,
                                 evl_arena *arena) EVL_MUST_USE;
/* Learns from a segment that is loaded. */
evl_status evl_worker_learn(evl_worker *worker, int stretch, double from_s) EVL_MUST_USE;
void evl_worker_learn_settle(evl_worker *worker);

/* ---- samples.c ---- */
/* Raw bytes of [from_s, to_s) of a stretch. */
evl_status evl_worker_load(evl_worker *worker, int stretch, double from_s, double to_s) EVL_MUST_USE;
/* Signal samples [first, first + n) of the loaded stretch; missing ones are not finite. */
evl_status evl_worker_fetch_raw(void *context, int source, int64_t first, int64_t n, double *x) EVL_MUST_USE;
/* The same; missing ones lie on a straight line between those beside them. */
evl_status evl_worker_fetch(void *context, int source, int64_t first, int64_t n, double *x) EVL_MUST_USE;

/* SHA-256 of the open recording's files, one after the other; EVL_FORMAT where a checksum is wrong or the bytes speak
   for a text-mode transfer. */
evl_status evl_worker_hash_file(evl_worker *worker, const char *path, uint8_t digest[32]) EVL_MUST_USE;
void evl_worker_head(void *payload, evl_status status, const char *message, double began_s);
/* NULL where that rate was not planned for. */
const kernel_set *evl_worker_kernels(const evl_worker *worker, int analysis, double fs_hz);

/* Facts are measured on at most FACT_SEGMENTS segments of FACT_SEGMENT_S. */
enum { FACT_SEGMENTS = 16, FACT_SEGMENT_S = 4, LINE_CHANNELS = 4 };

#endif
