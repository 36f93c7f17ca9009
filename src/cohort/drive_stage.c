/* drive_stage: what the recording stage reads back from the journals: sums of windows, results of pieces. */
#include <string.h>

#include "drive_stage_priv.h"

evl_status evl_stage_reader_plan(evl_study *s, evl_stage_reader *d) {
  size_t largest = 1;
  d->study = s;
  EVL_NEW(s->arena, d->state, s->n_analyses);
  EVL_NEW(s->arena, d->pieces, s->n_analyses);
  for (int a = 0; a < s->n_analyses; a++) {
    const evl_layout *l = s->analysis[a].layout;
    EVL_NEW(s->arena, d->state[a], l->state_size + 1);
    EVL_NEW(s->arena, d->pieces[a], l->pieces_size + 1);
    if (l->state_size > largest) largest = l->state_size;
    if (l->piece_size > largest) largest = l->piece_size;
  }
  EVL_NEW(s->arena, d->part, largest * sizeof(double));
  return EVL_OK;
}

evl_status evl_stage_sum(evl_stage_reader *d, int r, evl_status *failed, char *message, size_t size) {
  evl_study *s = d->study;
  evl_section section[EVL_MOST_ANALYSES];
  for (int a = 0; a < s->n_analyses; a++)
    memset(d->state[a], 0, s->analysis[a].layout->state_size * sizeof(double));
  for (int64_t t = s->first_task[r]; t < s->first_task[r + 1]; t++) {
    const evl_task *task = &s->task[t];
    evl_task_head head;
    EVL_TRY(evl_journals_read(s->journals, &task->where, 0, &head, sizeof head));
    if (head.status != EVL_OK) {
      *failed = (evl_status)head.status;
      snprintf(message, size, "%s", head.message);
      return EVL_OK;
    }
    evl_window_sections(s->n_analyses, s->analysis, s->probe[r].duration_s, s->task_s, task->span, section);
    for (int a = 0; a < s->n_analyses; a++) {
      size_t n = s->analysis[a].layout->state_size;
      if (n == 0) continue;
      EVL_TRY(evl_journals_read(s->journals, &task->where, section[a].state, d->part, n * sizeof(double)));
      for (size_t i = 0; i < n; i++) d->state[a][i] += ((const double *)d->part)[i];
    }
  }
  return EVL_OK;
}

evl_status evl_stage_pieces(evl_stage_reader *d, int r, evl_status *failed, char *message, size_t size) {
  evl_study *s = d->study;
  size_t section[EVL_MOST_ANALYSES];
  evl_piece_sections(s->n_analyses, s->analysis, section);
  for (int i = 0; i < s->n_pieces; i++) {
    const evl_task *task = &s->task[piece_task(s, r, i)];
    evl_task_head head;
    EVL_TRY(evl_journals_read(s->journals, &task->where, 0, &head, sizeof head));
    if (head.status != EVL_OK) {
      *failed = (evl_status)head.status;
      snprintf(message, size, "%s", head.message);
      return EVL_OK;
    }
    for (int a = 0; a < s->n_analyses; a++) {
      const evl_layout *l = s->analysis[a].layout;
      if (i >= l->n_pieces) continue;
      EVL_TRY(evl_journals_read(s->journals, &task->where, section[a], d->part, l->piece_size * sizeof(double)));
      for (int k = 0; k < l->n_slots; k++) {
        const evl_slot *slot = &l->slot[k];
        if (i < slot->n_pieces)
          memcpy(d->pieces[a] + slot->pieces + (size_t)i * slot->piece_size,
                 d->part + slot->piece * sizeof(double), slot->piece_size * sizeof(double));
      }
    }
  }
  return EVL_OK;
}

bool evl_stage_intact(const evl_stage_reader *d, int r, bool with_pieces, void *scratch) {
  evl_study *s = d->study;
  bool summed = false;
  for (int a = 0; a < s->n_analyses; a++) summed = summed || s->analysis[a].layout->state_size;
  for (int64_t t = s->first_task[r]; t < s->first_task[r + 1] && summed; t++) /* else the gather looks */
    if (!evl_task_intact(s, &s->task[t], scratch, evl_worker_payload_bytes(s->worker))) return false;
  for (int i = 0; i < s->n_pieces && with_pieces; i++)
    if (!evl_task_intact(s, &s->task[piece_task(s, r, i)], scratch, evl_worker_payload_bytes(s->worker))) return false;
  return true;
}
