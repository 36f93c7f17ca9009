/* deal: who gets which tasks next. It knows neither clock nor messages, so that a forecast deals as a run does. */
#include <stdlib.h>

#include "eveil/base.h"
#include "deal_priv.h"

/* What a request takes the master at most (make scaling measures it); it is asked half as often as it could bear. */
static const double REQUEST_US = 50;

void evl_deal_begin(evl_deal *deal, int64_t n, const float *cost_us, int ranks) {
  *deal = (evl_deal){.n = n, .cost_us = cost_us, .ranks = ranks};
  for (int64_t i = 0; i < n; i++) deal->left_us += (double)cost_us[i];
}

double evl_deal_request_us(void) { return REQUEST_US; }

bool evl_deal_master_works(int ranks) { return ranks < 128; }

evl_hand evl_deal_next(evl_deal *deal, bool to_master) {
  evl_hand hand = {deal->next, 0};
  /* Long enough that the master is not asked too often; short enough that the end stays level. */
  double most_us = 2 * deal->ranks * REQUEST_US, level_us = deal->left_us / (2.0 * deal->ranks), sum_us = 0;
  if (level_us < most_us) most_us = level_us;
  while (deal->next < deal->n) {
    double cost_us = (double)deal->cost_us[deal->next];
    if (hand.n && (to_master || sum_us + cost_us > most_us)) break;
    sum_us += cost_us;
    deal->next++;
    hand.n++;
  }
  deal->left_us -= sum_us;
  return hand;
}

/* ---- beforehand ---- */

typedef struct load { double cost_us; int rank; } load;

static bool lighter(const load *a, const load *b) {
  return a->cost_us < b->cost_us || (a->cost_us == b->cost_us && a->rank < b->rank);
}

static void sink(load *heap, int n, int i) {
  for (;;) {
    int least = i, left = 2 * i + 1;
    for (int c = left; c < n && c <= left + 1; c++)
      if (lighter(&heap[c], &heap[least])) least = c;
    if (least == i) return;
    load t = heap[i];
    heap[i] = heap[least];
    heap[least] = t;
    i = least;
  }
}

evl_status evl_deal_beforehand(int64_t n, const float *cost_us, int ranks, int32_t *owner) {
  load *heap = malloc((size_t)ranks * sizeof *heap);
  if (!heap) return evl_fail(EVL_MEMORY, "no memory to share %lld tasks out", (long long)n);
  for (int r = 0; r < ranks; r++) heap[r] = (load){0, r};
  for (int64_t i = 0; i < n; i++) {
    owner[i] = heap[0].rank;
    heap[0].cost_us += (double)cost_us[i];
    sink(heap, ranks, 0);
  }
  free(heap);
  return EVL_OK;
}
