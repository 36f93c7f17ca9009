/* eeglab_events: events of a data set, and the stretches that boundaries and trials make. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eeglab_priv.h"

enum { MOST_EVENTS = 1 << 20 };

/* A cut: before sample `at`, `removed` samples are not there. */
typedef struct cut { int64_t at; double removed; } cut;
typedef struct cuts { int n; cut *cut; } cuts;

static int64_t count_of(const evl_mat_value *value) {
  evl_mat_facts facts = evl_mat_look(value);
  return facts.kind == EVL_MAT_STRUCT ? facts.rows * facts.columns : 0;
}

/* Text or number. */
static void type_of(const evl_mat_value *value, char *text, size_t size) {
  double number = evl_mat_number(value);
  evl_mat_text(value, 0, text, size);
  if (!*text && isfinite(number)) snprintf(text, size, "%.15g", number);
}

/* Kept in order of place; places at the ends of the file cut nothing. */
static void add_cut(cuts *c, int64_t at, double removed, int64_t n_samples) {
  if (at <= 0 || at >= n_samples) return;
  int i = c->n;
  for (; i > 0 && c->cut[i - 1].at > at; i--) c->cut[i] = c->cut[i - 1];
  if (i > 0 && c->cut[i - 1].at == at) { /* the same place twice */
    memmove(&c->cut[i], &c->cut[i + 1], (size_t)(c->n - i) * sizeof *c->cut);
    c->cut[i - 1].removed += removed;
    return;
  }
  c->cut[i] = (cut){at, removed};
  c->n++;
}

/* Samples that are not there before sample `at`, where a cut before it counts. */
static double removed_before(const cuts *c, double at) {
  double sum = 0;
  for (int i = 0; i < c->n && (double)c->cut[i].at <= at; i++) sum += c->cut[i].removed;
  return sum;
}

static evl_status read_events(evl_reader *reader, const evl_mat_value *list, int64_t n, cuts *c) {
  evl_eeglab *e = reader->state;
  double most = (double)e->points * (double)e->trials;
  EVL_NEW(reader->arena, e->event, n);
  EVL_NEW(reader->arena, c->cut, n + 1);
  int without = 0;
  for (int64_t i = 0; i < n; i++) {
    char text[256];
    double latency = evl_mat_number(evl_mat_field(list, "latency", i));
    double duration = evl_mat_number(evl_mat_field(list, "duration", i));
    if (!(duration >= 0) || !isfinite(duration)) duration = 0;
    type_of(evl_mat_field(list, "type", i), text, sizeof text);
    if (!(latency >= 0.5 && latency <= most + 0.5)) {
      without++;
      continue;
    }
    if (e->trials == 1 && strcmp(text, "boundary") == 0) {
      add_cut(c, (int64_t)floor(latency), duration, e->points);
      continue;
    }
    evl_eeglab_event *event = &e->event[e->n_events++];
    *event = (evl_eeglab_event){latency - 1, duration / e->fs_hz, evl_arena_text(reader->arena, text)};
    if (!event->text) return EVL_MEMORY;
  }
  if (without) evl_reader_note(reader, "%d events without a place in the data are left out", without);
  return EVL_OK;
}

static evl_status cut_stretches(evl_reader *reader, const cuts *c) {
  const evl_eeglab *e = reader->state;
  evl_header *header = &reader->header;
  int64_t n = e->points * e->trials, n_cuts = e->trials > 1 ? e->trials - 1 : c->n, first = 0;
  double removed = 0;
  int room = 0;
  header->n_stretches = 0;
  for (int64_t i = 0; i <= n_cuts; i++) {
    int64_t end = i == n_cuts ? n : e->trials > 1 ? (i + 1) * e->points : c->cut[i].at;
    EVL_TRY(evl_reader_add_stretch(reader, &room,
                                   (evl_stretch){.start_s = ((double)first + removed) / e->fs_hz,
                                                 .duration_s = (double)(end - first) / e->fs_hz,
                                                 .first_record = first, .n_records = end - first}));
    first = end;
    if (i < c->n) removed += c->cut[i].removed;
  }
  const evl_stretch *last = &header->stretch[header->n_stretches - 1];
  header->duration_s = last->start_s + last->duration_s;
  if (e->trials > 1) evl_reader_note(reader, "%lld trials of %g s, each a stretch of its own", (long long)e->trials,
                                     (double)e->points / e->fs_hz);
  return EVL_OK;
}

evl_status evl_eeglab_events(evl_reader *reader) {
  evl_eeglab *e = reader->state;
  evl_mat_value *list = e->eeg ? evl_mat_field(e->eeg, "event", 0) : evl_mat_find(e->mat, "event");
  int64_t n = list && evl_mat_load(e->mat, list) ? count_of(list) : 0;
  cuts c = {0, NULL};
  if (n > MOST_EVENTS)
    return evl_fail(EVL_LIMIT, "%s: expected at most %d events, found %lld", reader->path, MOST_EVENTS, (long long)n);
  if (n > 0) EVL_TRY(read_events(reader, list, n, &c));
  for (int i = 0; i < e->n_events; i++) {
    double at = e->event[i].onset_s; /* in samples, up to here */
    e->event[i].onset_s = (at + removed_before(&c, at)) / e->fs_hz;
  }
  if (c.n == 0 && e->trials == 1) return EVL_OK;
  return cut_stretches(reader, &c);
}

evl_status evl_eeglab_annotations(evl_reader *reader,
                                  evl_status (*see)(void *context, double onset_s, double duration_s, const char *text),
                                  void *context) {
  const evl_eeglab *e = reader->state;
  for (int i = 0; i < e->n_events; i++)
    if (*e->event[i].text) EVL_TRY(see(context, e->event[i].onset_s, e->event[i].duration_s, e->event[i].text));
  return EVL_OK;
}
