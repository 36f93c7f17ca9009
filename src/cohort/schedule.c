/* schedule: who runs which task. Dynamic: rank 0 gives tasks out and works too, answering between windows;
   workers ask ahead by one. Static: longest task first to the least loaded rank, no messages. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eveil/parallel.h"
#include "study_priv.h"

enum { TAG_ASK = 11, TAG_GIVE = 12, TAG_STOP = 13 };
static const int64_t NOTHING = -1;

typedef struct ask { int64_t finished; int32_t stop; } ask;

typedef struct scheduler {
  const evl_round *round;
  int64_t next, finished;   /* master: next task to give; finished on all ranks (as reported) */
  int released;             /* workers that were told there is nothing left */
  bool stopping;
} scheduler;

static scheduler *present;  /* the tick has no other way to the round that it serves */

static void rest(void) {
  const struct timespec pause = {0, 20000};
  nanosleep(&pause, NULL);
}

/* ---- master ---- */

static int64_t take(scheduler *s) {
  if (evl_stop_asked()) s->stopping = true;
  return s->stopping || s->next == s->round->n ? NOTHING : s->round->task[s->next++];
}

static void serve(scheduler *s) {
  ask question;
  int from;
  size_t bytes;
  while (evl_message_poll(TAG_ASK, &from, &question, sizeof question, &bytes)) {
    s->finished += question.finished;
    if (question.stop) s->stopping = true;
    int64_t task = take(s);
    if (task == NOTHING) s->released++;
    evl_message_send(from, TAG_GIVE, &task, sizeof task);
  }
}

static evl_status run_master(scheduler *s) {
  evl_status status = EVL_OK;
  for (int64_t task; (task = take(s)) != NOTHING;) {
    status = s->round->work(s->round->context, task);
    if (status != EVL_OK) s->stopping = true;
    s->finished += status == EVL_OK;
    serve(s);
    s->round->progress(s->round->context, s->finished, s->round->n);
  }
  while (s->released < evl_size() - 1 && evl_parallel_status() == EVL_OK) {
    serve(s);
    s->round->progress(s->round->context, s->finished, s->round->n);
    rest();
  }
  return status;
}

/* ---- worker ---- */

static void send_ask(int64_t finished, bool stop) {
  const ask question = {finished, stop};
  evl_message_send(0, TAG_ASK, &question, sizeof question);
}

static int64_t await(scheduler *s) {
  int64_t task;
  int from;
  size_t bytes;
  while (!evl_message_poll(TAG_GIVE, &from, &task, sizeof task, &bytes)) {
    if (evl_parallel_status() != EVL_OK) return NOTHING;
    s->round->progress(s->round->context, 0, s->round->n);
    rest();
  }
  return task;
}

static evl_status run_worker(scheduler *s) {
  evl_status status = EVL_OK;
  int64_t finished = 0;
  send_ask(0, false);
  for (int64_t task; (task = await(s)) != NOTHING;) {
    bool stop = evl_stop_asked() || status != EVL_OK;
    send_ask(finished, stop);
    finished = 0;
    if (stop) continue; /* given before the stop was known: left for another run */
    status = s->round->work(s->round->context, task);
    finished = status == EVL_OK;
  }
  return status;
}

/* ---- static ---- */

typedef struct load { double cost; int rank; } load;

static void sink(load *heap, int n, int i) {
  for (;;) {
    int least = i, left = 2 * i + 1;
    for (int c = left; c < n && c <= left + 1; c++)
      if (heap[c].cost < heap[least].cost || (heap[c].cost == heap[least].cost && heap[c].rank < heap[least].rank))
        least = c;
    if (least == i) return;
    load t = heap[i];
    heap[i] = heap[least];
    heap[least] = t;
    i = least;
  }
}

static void pass_stop_on(scheduler *s) {
  int from;
  char word;
  size_t bytes;
  while (evl_message_poll(TAG_STOP, &from, &word, 1, &bytes)) s->stopping = true;
  if (evl_stop_asked() && !s->stopping) {
    s->stopping = true;
    for (int r = 0; r < evl_size(); r++)
      if (r != evl_rank()) evl_message_send(r, TAG_STOP, "", 1);
  }
}

static evl_status run_static(scheduler *s) {
  const evl_round *round = s->round;
  load *heap = malloc((size_t)evl_size() * sizeof *heap);
  if (!heap) return evl_fail(EVL_MEMORY, "out of memory");
  for (int r = 0; r < evl_size(); r++) heap[r] = (load){0, r};
  evl_status status = EVL_OK;
  for (int64_t i = 0; i < round->n && status == EVL_OK; i++) {
    bool mine = heap[0].rank == evl_rank();
    heap[0].cost += round->study->task[round->task[i]].cost_us;
    sink(heap, evl_size(), 0);
    if (!mine) continue;
    pass_stop_on(s);
    if (s->stopping) break;
    status = round->work(round->context, round->task[i]);
    s->finished += status == EVL_OK;
    round->progress(round->context, s->finished, (round->n + evl_size() - 1) / evl_size());
  }
  free(heap);
  if (status != EVL_OK)
    for (int r = 0; r < evl_size(); r++)
      if (r != evl_rank()) evl_message_send(r, TAG_STOP, "", 1);
  return status;
}

/* ---- both ---- */

void evl_schedule_tick(void *context) {
  (void)context;
  if (present && present->round->dynamic && evl_rank() == 0) serve(present);
}

evl_status evl_schedule_round(const evl_round *round) {
  scheduler s = {.round = round};
  present = &s;
  evl_status status = !round->dynamic ? run_static(&s) : evl_rank() == 0 ? run_master(&s) : run_worker(&s);
  present = NULL;
  evl_barrier();
  int from;
  char word;
  size_t bytes;
  while (evl_message_poll(TAG_STOP, &from, &word, 1, &bytes)) s.stopping = true;
  EVL_TRY(evl_agree(status));
  if (evl_max_i64(evl_stop_asked() || s.stopping))
    return evl_fail(EVL_STOPPED, "stopped on request; run again to go on");
  return EVL_OK;
}
