#include "artefacts_priv.h"

#include <math.h>

int evl_block_from(double from_s, double fs_hz, int64_t first, int n) {
  double at = ceil(from_s * fs_hz) - (double)first;
  return at <= 0 ? 0 : at >= n ? n : (int)at;
}

/* From the first to the last sample in which the strongest channel is changed by more than the floor. */
static bool mask(const evl_transients *s, const evl_transient *e, int64_t *first, int64_t *end, evl_event *event) {
  double fs_hz = s->slots.making.fs_hz, most = 0;
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) most = fmax(most, fabs(e->weight[c]));
  int64_t t = (int64_t)ceil(e->onset_s * fs_hz), last = (int64_t)ceil((e->onset_s + e->length_s) * fs_hz);
  int64_t whole = (int64_t)llround(s->slots.making.duration_s * fs_hz);
  double peak = 0;
  *first = *end = -1;
  for (t = t > 0 ? t : 0; t < last && t < whole; t++) {
    double value = fabs(e->height_uv * s->wave(e->shape, (double)t / fs_hz - e->onset_s));
    peak = fmax(peak, value);
    if (most * value <= EVL_ARTEFACT_FLOOR_UV) continue;
    if (*first < 0) *first = t;
    *end = t + 1;
  }
  *event = (evl_event){.kind = s->kind, .height_uv = copysign(most * peak, e->height_uv)};
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
    if (fabs(e->weight[c]) * peak > EVL_ARTEFACT_FLOOR_UV) event->channels |= 1u << c;
  event->onset_s = (double)*first / fs_hz;
  event->duration_s = (double)(*end - *first) / fs_hz;
  return *first >= 0;
}

static void add(const evl_transients *s, const evl_transient *e, int64_t first, double *x, size_t ld, int n) {
  double fs_hz = s->slots.making.fs_hz;
  int from = evl_block_from(e->onset_s, fs_hz, first, n);
  int to = evl_block_from(e->onset_s + e->length_s, fs_hz, first, n);
  for (int t = from; t < to; t++) {
    double value = e->height_uv * s->wave(e->shape, (double)(first + t) / fs_hz - e->onset_s);
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
      if (e->weight[c] != 0) x[(size_t)c * ld + (size_t)t] += e->weight[c] * value;
  }
}

enum { MOST_TOLD = 256 }; /* in a block */
typedef struct list { int n; evl_event event[MOST_TOLD]; } list;

static evl_status remember(list *told, const evl_event *event) {
  if (told->n == MOST_TOLD)
    return evl_fail(EVL_LIMIT, "%s: more than %d events begin within %d samples", event->kind, (int)MOST_TOLD,
                    (int)EVL_GENERATOR_BLOCK);
  int i = told->n++;
  for (; i > 0 && told->event[i - 1].onset_s > event->onset_s; i--) told->event[i] = told->event[i - 1];
  told->event[i] = *event;
  return EVL_OK;
}

static evl_status run_kind(const evl_transients *s, int64_t first, double *x, size_t ld, int n, list *told) {
  double fs_hz = s->slots.making.fs_hz, slot_s = s->slots.slot_s;
  int64_t slot = (int64_t)(fmax(0, (double)first / fs_hz - s->longest_s) / slot_s);
  for (; (double)slot * slot_s < (double)(first + n) / fs_hz; slot++) {
    evl_random random;
    evl_transient e = {0};
    evl_event event;
    int64_t from, end;
    if (!evl_slots_draw(&s->slots, slot, &random)) continue;
    s->draw(s->context, &random, (double)slot * slot_s, &e);
    add(s, &e, first, x, ld, n);
    if ((e.onset_s + e.length_s) * fs_hz < (double)first || !mask(s, &e, &from, &end, &event)) continue;
    if (from >= first && from < first + n) EVL_TRY(remember(told, &event));
  }
  return EVL_OK;
}

evl_status evl_transients_run(const evl_transients *s, int n_kinds, int64_t first, double *x, size_t ld, int n,
                              evl_tell *tell, void *context) {
  list told;
  told.n = 0;
  for (int k = 0; k < n_kinds; k++) EVL_TRY(run_kind(&s[k], first, x, ld, n, &told));
  for (int i = 0; i < told.n; i++) EVL_TRY(tell(context, &told.event[i]));
  return EVL_OK;
}
