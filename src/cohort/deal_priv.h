/* The decision who gets which tasks: of a run and of its forecast. */
#ifndef EVEIL_DEAL_PRIV_H
#define EVEIL_DEAL_PRIV_H

#include "eveil/base.h"

typedef struct evl_deal {
  int64_t n, next;        /* tasks in order of preference; the first `next` are given */
  const float *cost_us;   /* [n] expected */
  double left_us;         /* of those not given */
  int ranks;
} evl_deal;

typedef struct evl_hand { int64_t from, n; } evl_hand; /* tasks [from, from + n) of the list; n = 0: nothing is left */

void evl_deal_begin(evl_deal *deal, int64_t n, const float *cost_us, int ranks);
/* The next tasks for a rank that asks: one, or more where so many ranks ask that the master could not bear it, fewer
   towards the end. The master takes one at a time, since it must answer in between. */
evl_hand evl_deal_next(evl_deal *deal, bool to_master);
double evl_deal_request_us(void); /* what answering a request takes the master, on the safe side */
/* Whether rank 0 computes too: among very many ranks its share is less than what waiting for it costs. */
bool evl_deal_master_works(int ranks);
/* The static schedule: dearest first to the least loaded rank; owner [n]. */
evl_status evl_deal_beforehand(int64_t n, const float *cost_us, int ranks, int32_t *owner) EVL_MUST_USE;

#endif
