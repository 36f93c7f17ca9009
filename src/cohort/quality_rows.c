/* quality_rows: of each recording the share of time that each cause marked, and what became of its channels. */
#include <math.h>
#include <string.h>

#include "gather_priv.h"

/* Counts of the finished spans of a recording, summed; in order of time. */
static evl_status sum_counts(gather *g, int a, int r, uint64_t *sum, evl_arena *scratch) {
  evl_study *s = g->study;
  size_t n = (size_t)s->analysis[a].montage->n * EVL_QUALITY_COUNTS;
  evl_section section[EVL_MOST_ANALYSES];
  uint32_t *count;
  EVL_NEW(scratch, count, n);
  for (int64_t t = s->first_task[r]; t < s->first_task[r + 1]; t++) {
    const evl_task *task = &s->task[t];
    if (!task->done) continue;
    evl_window_sections(s->n_analyses, s->analysis, s->probe[r].duration_s, s->task_s, task->span, section);
    EVL_TRY(evl_journals_read(s->journals, &task->where, section[a].quality, count, n * sizeof *count));
    for (size_t i = 0; i < n; i++) sum[i] += count[i];
  }
  return EVL_OK;
}

static evl_status shares(gather *g, int a, int r, float *share, evl_arena *scratch) {
  size_t channels = (size_t)g->study->analysis[a].montage->n;
  uint64_t *sum;
  EVL_NEW(scratch, sum, channels * EVL_QUALITY_COUNTS);
  if (!evl_recording_why(g, r)) EVL_TRY(sum_counts(g, a, r, sum, scratch));
  for (size_t c = 0; c < channels; c++) {
    const uint64_t *of = sum + c * EVL_QUALITY_COUNTS;
    for (size_t i = 0; i < EVL_QUALITIES; i++)
      share[c * EVL_QUALITIES + i] = of[0] ? (float)((double)of[1 + i] / (double)of[0]) : NAN;
  }
  return EVL_OK;
}

evl_status evl_gather_quality(gather *g, int a, int r, float *share) {
  evl_mark mark = evl_arena_mark(g->arena);
  evl_status status = shares(g, a, r, share, g->arena);
  evl_arena_release(g->arena, mark);
  return status;
}

evl_status evl_gather_channels(gather *g, int a, int r, uint8_t *status, uint32_t *causes) {
  evl_study *s = g->study;
  int n = s->analysis[a].montage->n;
  const evl_task *task = &s->task[finish_task(s, r)];
  evl_finish_section section[EVL_MOST_ANALYSES];
  for (int c = 0; status && c < n; c++) status[c] = EVL_CHANNEL_UNKNOWN;
  for (int c = 0; causes && c < n; c++) causes[c] = 0;
  if (evl_recording_why(g, r) || !task->done) return EVL_OK;
  evl_finish_sections(s->n_analyses, s->analysis, section);
  if (status) EVL_TRY(evl_journals_read(s->journals, &task->where, section[a].channel, status, (size_t)n));
  for (int c = 0; causes && c < n; c++) {
    uint16_t bits;
    EVL_TRY(evl_journals_read(s->journals, &task->where, section[a].causes + (size_t)c * sizeof bits, &bits,
                              sizeof bits));
    causes[c] = bits;
  }
  return EVL_OK;
}
