/* forecast: a round of tasks on any number of ranks, event by event. Who gets what is decided by the functions of a run
   (deal); the clock, the messages and the disk are those of a machine given by figures.

   The file system is one queue: a transfer begins when those asked for before have passed, at the bandwidth of the
   whole, and is never faster than alone. Work is conserved as with fair sharing, and since a task asks piece by piece
   the mean wait is nearly that of fair sharing too, at a fraction of its events. */
#include <math.h>
#include <stdlib.h>

#include "deal_priv.h"
#include "forecast_priv.h"

enum { MASTER = 0, PIECES = 4 }; /* in which a task reads: between them it computes, as blocks of a recording do */
static const double REST_S = 75e-6; /* of a waiting rank: what a sleep of 20 us takes */

typedef enum event_kind { STEP, ASKED, SERVE, GIVEN } event_kind;
typedef struct event { double t_s; int32_t kind, rank; } event;

typedef struct worker {
  evl_hand hand, next;      /* tasks [from, from + n) left of the present; the one asked for ahead */
  bool waiting, answered;
  int piece;                /* of the present task */
  double since_s;           /* waiting */
  double synced_s, unsynced_mb, busy_s, end_s;
} worker;

typedef struct simulation {
  const evl_expected_round *round;
  const evl_forecast_machine *machine;
  evl_round_forecast *out;
  evl_deal deal;
  int ranks;
  worker *worker;
  event *heap;
  size_t n_events;
  double read_free_s, write_free_s;  /* when the file system has done all it was asked for */
  double ticks_from_s, tick_s, master_end_s; /* when the master looks for messages */
  double serving_s;                  /* until when it answers without a pause */
  int32_t *asking;                   /* [ranks] until it looks */
  int n_asking;
  int64_t *own;                      /* static: places in the list, rank by rank; hands are parts of this */
} simulation;

/* ---- the heap ---- */

/* One order for equal times too, so that a forecast is repeatable. */
static bool before(const event *a, const event *b) {
  if (a->t_s != b->t_s) return a->t_s < b->t_s;
  return a->kind != b->kind ? a->kind < b->kind : a->rank < b->rank;
}

static void push(simulation *s, double t_s, event_kind kind, int rank) {
  const event new = {t_s, kind, rank};
  size_t i = s->n_events++;
  for (; i && before(&new, &s->heap[(i - 1) / 2]); i = (i - 1) / 2) s->heap[i] = s->heap[(i - 1) / 2];
  s->heap[i] = new;
}

static event pop(simulation *s) {
  event top = s->heap[0], last = s->heap[--s->n_events];
  size_t i = 0;
  for (size_t c; (c = 2 * i + 1) < s->n_events; i = c) {
    if (c + 1 < s->n_events && before(&s->heap[c + 1], &s->heap[c])) c++;
    if (before(&last, &s->heap[c])) break;
    s->heap[i] = s->heap[c];
  }
  s->heap[i] = last;
  return top;
}

/* ---- the file system ---- */

static double transferred(double *free_s, double total_mb_s, double t_s, double mb, double alone_s) {
  if (!(total_mb_s > 0)) return t_s + alone_s;
  *free_s = fmax(*free_s, t_s) + mb / total_mb_s;
  return fmax(*free_s, t_s + alone_s);
}

static double synced(simulation *s, worker *w, double t_s) {
  double end_s = transferred(&s->write_free_s, s->machine->write_mb_s, t_s, w->unsynced_mb, 1e-3 * s->machine->sync_ms);
  w->synced_s = end_s;
  w->unsynced_mb = 0;
  s->out->n_syncs++;
  return end_s;
}

static double sync_if_due(simulation *s, worker *w, double t_s) {
  return w->unsynced_mb > 0 && t_s - w->synced_s >= s->round->flush_s ? synced(s, w, t_s) : t_s;
}

/* ---- a rank that works ---- */

static void ask(simulation *s, double t_s, int rank) { push(s, t_s + 1e-6 * s->machine->latency_us, ASKED, rank); }

static const evl_expected_task *task_of(const simulation *s, const worker *w) {
  return &s->round->task[s->own ? s->own[w->hand.from] : w->hand.from];
}

/* One piece: read, then work. */
static void step(simulation *s, int rank, double t_s) {
  worker *w = &s->worker[rank];
  const evl_expected_task *task = task_of(s, w);
  double alone_s = (double)task->read_s / PIECES, mb = (double)task->read_mb / PIECES;
  double read_s = transferred(&s->read_free_s, s->machine->read_mb_s, t_s, mb, alone_s);
  double end_s = read_s + (double)task->work_s / PIECES;
  s->out->read_s += read_s - t_s;
  s->out->work_s += end_s - read_s;
  w->busy_s += end_s - t_s;
  if (rank == MASTER) {
    s->ticks_from_s = read_s + (double)task->silent_s / PIECES;
    s->tick_s = (double)task->tick_s;
    s->master_end_s = end_s;
  }
  push(s, end_s, STEP, rank);
}

static void begin_task(simulation *s, int rank, double t_s) {
  worker *w = &s->worker[rank];
  w->piece = 0;
  if (s->round->dynamic && rank != MASTER && w->hand.n == 1) {
    w->answered = false;
    ask(s, t_s, rank);
  }
  step(s, rank, t_s);
}

static void end_of(simulation *s, int rank, double t_s) {
  s->worker[rank].end_s = t_s;
  if (rank == MASTER) { /* from now on it only answers */
    s->ticks_from_s = t_s;
    s->tick_s = REST_S;
    s->master_end_s = INFINITY;
  }
}

static void next_task(simulation *s, int rank, double t_s) {
  worker *w = &s->worker[rank];
  if (w->hand.n == 0 && rank == MASTER && s->round->dynamic) {
    if (evl_deal_master_works(s->ranks)) w->hand = evl_deal_next(&s->deal, true);
  } else if (w->hand.n == 0 && w->answered) {
    w->hand = w->next;
    w->answered = false;
    w->next.n = 0;
  } else if (w->hand.n == 0 && s->round->dynamic) {
    w->waiting = true;
    w->since_s = t_s;
    return;
  }
  if (w->hand.n) begin_task(s, rank, t_s);
  else end_of(s, rank, t_s);
}

/* The record goes into the journal. */
static void end_task(simulation *s, int rank, double t_s) {
  worker *w = &s->worker[rank];
  double mb = (double)task_of(s, w)->journal_mb;
  double end_s = t_s + mb / s->machine->journal_mb_s;
  w->unsynced_mb += mb;
  end_s = sync_if_due(s, w, end_s);
  s->out->journal_s += end_s - t_s;
  w->hand.from++;
  w->hand.n--;
  next_task(s, rank, end_s);
}

static void end_step(simulation *s, int rank, double t_s) {
  worker *w = &s->worker[rank];
  if (rank == MASTER && s->round->dynamic && t_s < s->master_end_s) { /* answers have delayed it */
    push(s, s->master_end_s, STEP, rank);
    return;
  }
  double end_s = sync_if_due(s, w, t_s);
  s->out->journal_s += end_s - t_s;
  if (++w->piece < PIECES) step(s, rank, end_s);
  else end_task(s, rank, end_s);
}

static void given(simulation *s, int rank, double t_s) {
  worker *w = &s->worker[rank];
  w->answered = true;
  if (!w->waiting) return;
  /* It looks again and again, with a rest in between. */
  double now_s = w->since_s + ceil((t_s - w->since_s) / REST_S) * REST_S;
  w->waiting = false;
  s->out->master_s += now_s - w->since_s;
  next_task(s, rank, now_s);
}

/* ---- the master ---- */

static void answer(simulation *s, int rank, double t_s) {
  double request_s = 1e-6 * s->machine->request_us;
  s->serving_s = fmax(s->serving_s, t_s) + request_s;
  s->ticks_from_s += request_s;
  s->master_end_s += request_s;
  s->out->n_requests++;
  s->worker[rank].next = evl_deal_next(&s->deal, false);
  push(s, s->serving_s + 1e-6 * s->machine->latency_us, GIVEN, rank);
}

/* When the master looks for messages next: between its windows, behind its task, or after a rest. */
static double looks_s(const simulation *s, double t_s) {
  if (t_s <= s->ticks_from_s) return fmin(s->ticks_from_s, s->master_end_s);
  return fmin(s->ticks_from_s + ceil((t_s - s->ticks_from_s) / s->tick_s) * s->tick_s, s->master_end_s);
}

static void asked(simulation *s, int rank, double t_s) {
  if (t_s <= s->serving_s) {
    answer(s, rank, t_s);
    return;
  }
  s->asking[s->n_asking++] = rank;
  if (s->n_asking == 1) push(s, looks_s(s, t_s), SERVE, MASTER);
}

static void serve(simulation *s, double t_s) {
  for (int i = 0; i < s->n_asking; i++) answer(s, s->asking[i], t_s);
  s->n_asking = 0;
}

/* ---- the round ---- */

/* Shares of the static schedule, as hands of a list of their own. */
static evl_status share_out(simulation *s) {
  int64_t n = s->round->n;
  int32_t *owner = malloc(((size_t)n + 1) * sizeof *owner);
  s->own = malloc(((size_t)n + 1) * sizeof *s->own);
  evl_status status = owner && s->own ? evl_deal_beforehand(n, s->round->cost_us, s->ranks, owner)
                                      : evl_fail(EVL_MEMORY, "no memory to share %lld tasks out", (long long)n);
  for (int64_t i = 0; i < n && status == EVL_OK; i++) s->worker[owner[i]].hand.n++;
  int64_t from = 0;
  for (int r = 0; r < s->ranks && status == EVL_OK; r++) {
    s->worker[r].hand.from = from;
    from += s->worker[r].hand.n;
    s->worker[r].next.from = s->worker[r].hand.from; /* where its next one goes */
  }
  for (int64_t i = 0; i < n && status == EVL_OK; i++) s->own[s->worker[owner[i]].next.from++] = i;
  free(owner);
  return status;
}

static void begin(simulation *s) {
  evl_deal_begin(&s->deal, s->round->n, s->round->cost_us, s->ranks);
  for (int r = 0; r < s->ranks; r++) {
    worker *w = &s->worker[r];
    if (!s->round->dynamic || r == MASTER) {
      next_task(s, r, 0);
    } else {
      w->waiting = true;
      ask(s, 0, r);
    }
  }
}

/* All wait for the last, which then syncs its journal as all do. */
static void finish(simulation *s) {
  double last_s = 0, left_mb = 0;
  for (int r = 0; r < s->ranks; r++) {
    last_s = fmax(last_s, s->worker[r].end_s);
    left_mb += s->worker[r].unsynced_mb;
  }
  for (int r = 0; r < s->ranks; r++) {
    s->out->end_s += last_s - s->worker[r].end_s;
    s->out->busiest_s = fmax(s->out->busiest_s, s->worker[r].busy_s);
  }
  double sync_s = transferred(&s->write_free_s, s->machine->write_mb_s, last_s, left_mb, 1e-3 * s->machine->sync_ms);
  s->out->journal_s += s->ranks * (sync_s - last_s);
  s->out->length_s = sync_s + 1e-6 * s->machine->latency_us * ceil(log2(s->ranks));
}

static evl_status simulate(simulation *s) {
  if (!s->round->dynamic) EVL_TRY(share_out(s));
  begin(s);
  while (s->n_events) {
    event e = pop(s);
    switch ((event_kind)e.kind) {
      case STEP: end_step(s, e.rank, e.t_s); break;
      case ASKED: asked(s, e.rank, e.t_s); break;
      case SERVE: serve(s, e.t_s); break;
      case GIVEN: given(s, e.rank, e.t_s); break;
    }
  }
  finish(s);
  return EVL_OK;
}

evl_status evl_forecast_round(const evl_expected_round *round, const evl_forecast_machine *machine, int ranks,
                              evl_round_forecast *forecast) {
  simulation s = {.round = round, .machine = machine, .out = forecast, .ranks = ranks};
  *forecast = (evl_round_forecast){0};
  if (round->n == 0) return EVL_OK;
  s.worker = calloc((size_t)ranks, sizeof *s.worker);
  s.heap = malloc((2 * (size_t)ranks + 2) * sizeof *s.heap); /* a rank works and asks; the master looks */
  s.asking = malloc((size_t)ranks * sizeof *s.asking);
  evl_status status = s.worker && s.heap && s.asking ? simulate(&s)
                                                     : evl_fail(EVL_MEMORY, "no memory for %d ranks", ranks);
  free(s.worker);
  free(s.heap);
  free(s.asking);
  free(s.own);
  return status;
}
