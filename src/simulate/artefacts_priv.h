/* artefacts_priv: what the artefacts share: slots of time that hold at most one event each, events that are a wave
   times a field over the head, and the floor of their truth masks. */
#ifndef EVEIL_ARTEFACTS_PRIV_H
#define EVEIL_ARTEFACTS_PRIV_H

#include "simulate_priv.h"

/* A mask is set from the first to the last sample in which an artefact changes a channel by more. */
#define EVL_ARTEFACT_FLOOR_UV 5.0
#define EVL_ALL_CHANNELS ((UINT32_C(1) << EVL_HEAD_CHANNELS) - 1)

/* ---- slots.c: events drawn by (seed, id, purpose, recording, slot), so that any block finds its own ------- */

typedef struct evl_slots {
  evl_making making;
  const char *purpose;
  double slot_s, chance; /* that a slot holds one */
} evl_slots;
/* per_min: mean events a minute, at most one a slot (EVL_USAGE). */
evl_status evl_slots_plan(const evl_making *making, const char *purpose, double slot_s, double per_min,
                          evl_slots *slots) EVL_MUST_USE;
/* Whether the slot holds an event; random goes on with its properties. */
bool evl_slots_draw(const evl_slots *slots, int64_t slot, evl_random *random);
/* The key `name`: lowest and highest (EVL_USAGE where they are not). */
evl_status evl_slots_range(const evl_params *params, const char *name, double range[2]) EVL_MUST_USE;
/* A recording's own value from a range (lowest, highest), uniform or uniform in the logarithm. */
double evl_slots_own(const evl_making *making, const char *what, const double range[2], bool logarithmic);

/* ---- transients.c: events that are a wave times a field ------------------------------------------------------ */

typedef struct evl_transient {
  double onset_s, length_s, height_uv; /* nothing outside [onset, onset + length) */
  double weight[EVL_HEAD_CHANNELS];    /* the largest is about 1 in size */
  double shape[4];                     /* what the wave needs */
} evl_transient;
typedef struct evl_transients {
  const char *kind;
  evl_slots slots;
  double longest_s; /* an event ends at most so long after its slot begins */
  const void *context;
  /* Of an event of the slot that begins at slot_s. */
  void (*draw)(const void *context, evl_random *random, double slot_s, evl_transient *transient);
  double (*wave)(const double shape[4], double t_s); /* since the onset; about 1 at its peak */
} evl_transients;
/* Several kinds at once, told in order of onset. Each has a mask of its own: where several overlap below the floor,
   their sum may pass it unmasked. */
evl_status evl_transients_run(const evl_transients *transients, int n_kinds, int64_t first, double *x, size_t ld, int n,
                              evl_tell *tell, void *context) EVL_MUST_USE;

/* Samples from `from_s` on, and before: of a block that begins at sample `first`, within 0 .. n. */
int evl_block_from(double from_s, double fs_hz, int64_t first, int n);

#endif
