/* schedule: who runs which task. Dynamic: rank 0 deals tasks out and works too, answering between windows; workers ask
   ahead by one. Static: shared out beforehand, no messages but of a stop. */
#include <stdlib.h>
#include <time.h>

#include "deal_priv.h"
#include "eveil/parallel.h"
#include "study_priv.h"

enum { TAG_ASK = 11, TAG_GIVE = 12, TAG_STOP = 13 };

typedef struct ask { int64_t finished; int32_t stop; } ask;

typedef struct scheduler {
  const evl_round *round;
  evl_deal deal;            /* master */
  int64_t finished;         /* on all ranks, as reported */
  int released;             /* workers that were told there is nothing left */
  bool stopping;
} scheduler;

static scheduler *present;  /* the tick has no other way to the round that it serves */

static void rest(scheduler *s) {
  const struct timespec pause = {0, 20000};
  double began_s = evl_seconds();
  nanosleep(&pause, NULL);
  s->round->report->wait_s += evl_seconds() - began_s;
}

static evl_status work(scheduler *s, int64_t place) {
  evl_status status = s->round->work(s->round->context, s->round->task[place]);
  s->finished += status == EVL_OK;
  return status;
}

/* ---- master ---- */

static evl_hand next_hand(scheduler *s, bool to_master) {
  if (evl_stop_asked()) s->stopping = true;
  return s->stopping ? (evl_hand){0, 0} : evl_deal_next(&s->deal, to_master);
}

static void serve(scheduler *s) {
  ask question;
  int from;
  size_t bytes;
  while (evl_message_poll(TAG_ASK, &from, &question, sizeof question, &bytes)) {
    s->finished += question.finished;
    if (question.stop) s->stopping = true;
    evl_hand hand = next_hand(s, false);
    if (!hand.n) s->released++;
    s->round->report->requests++;
    evl_message_send(from, TAG_GIVE, &hand, sizeof hand);
  }
}

static evl_status run_master(scheduler *s) {
  evl_status status = EVL_OK;
  evl_deal_begin(&s->deal, s->round->n, s->round->cost_us, evl_size());
  while (evl_deal_master_works(evl_size())) {
    evl_hand hand = next_hand(s, true);
    if (!hand.n) break;
    status = work(s, hand.from);
    if (status != EVL_OK) s->stopping = true;
    serve(s);
    s->round->progress(s->round->context, s->finished, s->round->n);
  }
  while (s->released < evl_size() - 1 && evl_parallel_status() == EVL_OK) {
    serve(s);
    s->round->progress(s->round->context, s->finished, s->round->n);
    rest(s);
  }
  return status;
}

/* ---- worker ---- */

static void send_ask(scheduler *s, bool stop) {
  const ask question = {s->finished, stop};
  s->finished = 0;
  evl_message_send(0, TAG_ASK, &question, sizeof question);
}

static evl_hand await(scheduler *s) {
  evl_hand hand;
  int from;
  size_t bytes;
  while (!evl_message_poll(TAG_GIVE, &from, &hand, sizeof hand, &bytes)) {
    if (evl_parallel_status() != EVL_OK) return (evl_hand){0, 0};
    s->round->progress(s->round->context, 0, s->round->n);
    rest(s);
  }
  return hand;
}

static evl_status run_worker(scheduler *s) {
  evl_status status = EVL_OK;
  send_ask(s, false);
  for (evl_hand hand; (hand = await(s)).n;)
    for (int64_t i = 0; i < hand.n; i++) {
      bool stop = evl_stop_asked() || status != EVL_OK;
      if (stop || i == hand.n - 1) send_ask(s, stop);
      if (stop) break; /* given before the stop was known: left for another run */
      status = work(s, hand.from + i);
    }
  return status;
}

/* ---- static ---- */

/* Along a binary tree of ranks, so that no rank sends more than three messages. */
static void pass_stop_on(scheduler *s, bool stop) {
  int from, me = evl_rank(), neighbour[3] = {(me - 1) / 2, 2 * me + 1, 2 * me + 2};
  char word;
  size_t bytes;
  while (evl_message_poll(TAG_STOP, &from, &word, 1, &bytes)) stop = true;
  if (!stop || s->stopping) return;
  s->stopping = true;
  for (int i = me == 0; i < 3; i++)
    if (neighbour[i] < evl_size()) evl_message_send(neighbour[i], TAG_STOP, "", 1);
}

static evl_status run_static(scheduler *s) {
  const evl_round *round = s->round;
  int32_t *owner = malloc((size_t)round->n * sizeof *owner);
  evl_status status = owner ? evl_deal_beforehand(round->n, round->cost_us, evl_size(), owner)
                            : evl_fail(EVL_MEMORY, "no memory to share %lld tasks out", (long long)round->n);
  for (int64_t i = 0; i < round->n && status == EVL_OK; i++) {
    if (owner[i] != evl_rank()) continue;
    pass_stop_on(s, evl_stop_asked());
    if (s->stopping) break;
    status = work(s, i);
    round->progress(round->context, s->finished, (round->n + evl_size() - 1) / evl_size());
  }
  free(owner);
  pass_stop_on(s, status != EVL_OK);
  return status;
}

/* ---- both ---- */

void evl_schedule_tick(void *context) {
  (void)context;
  if (present && present->round->dynamic && evl_rank() == 0) serve(present);
}

/* A rank that has nothing left still passes stops on, syncs its journal and hears signals. */
static void meanwhile(void *context) {
  scheduler *s = context;
  if (!s->round->dynamic) pass_stop_on(s, evl_stop_asked());
  s->round->progress(s->round->context, s->finished, s->round->n);
  rest(s);
}

evl_status evl_schedule_round(const evl_round *round) {
  scheduler s = {.round = round};
  present = &s;
  evl_status status = !round->dynamic ? run_static(&s) : evl_rank() == 0 ? run_master(&s) : run_worker(&s);
  present = NULL;
  evl_barrier_while(meanwhile, &s);
  pass_stop_on(&s, false);
  EVL_TRY(evl_agree(status));
  if (evl_max_i64(evl_stop_asked() || s.stopping))
    return evl_fail(EVL_STOPPED, "stopped on request; run again to go on");
  return EVL_OK;
}
