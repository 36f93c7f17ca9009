/* windows: the grid of an analysis, its cut into spans, and the places of a payload. */
#include <float.h>
#include <math.h>

#include "eveil/recording.h"

/* Times are decimal numbers: a count of steps that misses a whole number by no more than its rounding does not. */
static double slack_of(double steps) { return 1e-9 + 4 * DBL_EPSILON * fabs(steps); }

int64_t evl_windows(const evl_analysis *analysis, double duration_s) {
  double room = (duration_s - analysis->window_s) / analysis->step_s, most = 1e15; /* far above any limit */
  room += slack_of(room);
  return room >= 0 ? (int64_t)floor(fmin(room, most)) + 1 : 0;
}

/* The first window that starts at or after the start of a span. */
static int64_t first_in_span(const evl_analysis *analysis, int64_t n, double task_s, int span) {
  double steps = (double)span * task_s / analysis->step_s;
  int64_t first = (int64_t)ceil(steps - slack_of(steps));
  return first < n ? first : n;
}

int evl_spans(int n_analyses, const evl_analysis *analysis, double duration_s, double task_s) {
  int spans = 0;
  for (int a = 0; a < n_analyses; a++) {
    int64_t n = evl_windows(&analysis[a], duration_s);
    if (!n) continue;
    int last = (int)floor((double)(n - 1) * analysis[a].step_s / task_s);
    while (first_in_span(&analysis[a], n, task_s, last + 1) < n) last++;
    while (last > 0 && first_in_span(&analysis[a], n, task_s, last) >= n) last--;
    if (last + 1 > spans) spans = last + 1;
  }
  return spans;
}

void evl_span_windows(const evl_analysis *analysis, double duration_s, double task_s, int span, int64_t *first,
                      int64_t *n) {
  int64_t all = evl_windows(analysis, duration_s);
  *first = first_in_span(analysis, all, task_s, span);
  *n = first_in_span(analysis, all, task_s, span + 1) - *first;
}

int evl_window_span(const evl_analysis *analysis, double duration_s, double task_s, int64_t window, int64_t *first,
                    int64_t *n) {
  int span = (int)floor((double)window * analysis->step_s / task_s);
  for (;;) {
    evl_span_windows(analysis, duration_s, task_s, span, first, n);
    if (window < *first) span--;
    else if (window >= *first + *n) span++;
    else return span;
  }
}

static size_t padded(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

size_t evl_window_sections(int n_analyses, const evl_analysis *analysis, double duration_s, double task_s, int span,
                           evl_section *section) {
  size_t at = padded(sizeof(evl_task_head));
  for (int a = 0; a < n_analyses; a++) {
    const evl_layout *l = analysis[a].layout;
    evl_section *s = &section[a];
    evl_span_windows(&analysis[a], duration_s, task_s, span, &s->first, &s->n);
    size_t n = (size_t)s->n, c = (size_t)l->n_columns;
    s->clean = at;
    s->chosen = padded(s->clean + n * sizeof(float));
    s->value = padded(s->chosen + n);
    s->why = padded(s->value + n * c * sizeof(double));
    s->tensor = padded(s->why + n * c);
    s->state = padded(s->tensor + n * l->window_tensor_size * sizeof(double));
    s->quality = padded(s->state + l->state_size * sizeof(double));
    s->end = at = padded(s->quality + (size_t)analysis[a].montage->n * EVL_QUALITY_COUNTS * sizeof(uint32_t));
  }
  return at;
}

int evl_pieces(int n_analyses, const evl_analysis *analysis) {
  int most = 0;
  for (int a = 0; a < n_analyses; a++)
    if (analysis[a].layout->n_pieces > most) most = analysis[a].layout->n_pieces;
  return most;
}

size_t evl_piece_sections(int n_analyses, const evl_analysis *analysis, size_t *section) {
  size_t at = padded(sizeof(evl_task_head));
  for (int a = 0; a < n_analyses; a++) {
    section[a] = at;
    at = padded(at + analysis[a].layout->piece_size * sizeof(double));
  }
  return at;
}

size_t evl_finish_sections(int n_analyses, const evl_analysis *analysis, evl_finish_section *section) {
  size_t at = padded(sizeof(evl_task_head));
  for (int a = 0; a < n_analyses; a++) {
    const evl_layout *l = analysis[a].layout;
    size_t c = (size_t)l->n_recording_columns;
    section[a].value = at;
    section[a].why = padded(at + c * sizeof(double));
    section[a].tensor = padded(section[a].why + c);
    section[a].channel = padded(section[a].tensor + l->recording_tensor_size * sizeof(double));
    section[a].causes = padded(section[a].channel + (size_t)analysis[a].montage->n);
    section[a].end = at = padded(section[a].causes + (size_t)analysis[a].montage->n * sizeof(uint16_t));
  }
  return at;
}
