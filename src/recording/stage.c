/* stage: the recording stage: its pieces, and its end. No allocation. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eveil/math.h"
#include "worker_priv.h"

static evl_stage stage_of(const evl_worker *w, int a, const evl_slot *slot, const double *state, const double *pieces) {
  return (evl_stage){.state = state + slot->state,
                     .channel_why = evl_chain_channel_why(w->group[w->group_of[a]].chain),
                     .key = evl_random_key(w->probe->random_key, w->analysis[a].name, "recording", 0),
                     .piece = pieces ? pieces + slot->pieces : NULL,
                     .tick = w->tick,
                     .tick_context = w->tick_context};
}

static void run_pieces(evl_worker *w, int a, const double *state, int piece, double *result) {
  const evl_layout *l = w->analysis[a].layout;
  const chain_group *group = &w->group[w->group_of[a]];
  const kernel_set *k = evl_worker_kernels(w, a, evl_chain_fs_hz(group->chain));
  if (!evl_worker_any_channel(group)) return;
  double began_s = evl_seconds();
  for (int s = 0; s < l->n_slots; s++) {
    const evl_slot *slot = &l->slot[s];
    if (piece >= slot->n_pieces) continue;
    const evl_stage stage = stage_of(w, a, slot, state, NULL);
    slot->entry->piece(k->kernel[s], &stage, piece, result + slot->piece);
    began_s = evl_worker_spend(w, w->cost_of_pieces[a] + s, began_s, 1);
  }
}

static void finish_analysis(evl_worker *w, int a, const double *state, const double *pieces, uint8_t *payload) {
  const evl_analysis *analysis = &w->analysis[a];
  const evl_layout *l = analysis->layout;
  const chain_group *group = &w->group[w->group_of[a]];
  const kernel_set *k = evl_worker_kernels(w, a, evl_chain_fs_hz(group->chain));
  const uint8_t *channel_why = evl_chain_channel_why(group->chain);
  bool any = evl_worker_any_channel(group);
  double *value = (double *)(payload + w->finish[a].value), *tensor = (double *)(payload + w->finish[a].tensor);
  uint8_t *why = payload + w->finish[a].why;
  for (int c = 0; c < l->n_recording_columns; c++) value[c] = NAN;
  memset(why, any ? EVL_WHY_UNDEFINED : EVL_WHY_ARTEFACT, (size_t)l->n_recording_columns);
  for (size_t i = 0; i < l->recording_tensor_size; i++) tensor[i] = NAN;
  for (int c = 0; c < analysis->montage->n; c++)
    payload[w->finish[a].channel + (size_t)c] =
        evl_worker_channel_state(w, w->group_of[a], c, (uint16_t *)(payload + w->finish[a].causes) + c);
  for (int s = 0; s < l->n_slots; s++) {
    const evl_slot *slot = &l->slot[s];
    evl_out out = {value + slot->recording_column, why + slot->recording_column,
                   evl_worker_tensors(w, l, slot, true, tensor), NULL};
    const evl_stage stage = stage_of(w, a, slot, state, pieces);
    if (any && slot->entry->finish) slot->entry->finish(k->kernel[s], &stage, &out);
    evl_worker_mark_absent(slot, analysis->montage, channel_why, true, out.why);
    evl_worker_settle(out.value, out.why, slot->n_recording_columns);
  }
}

/* What is odd about a recording that ran: of its header, then of its chains. */
static const char *notes(const evl_worker *w, const evl_probe *probe, char *note, size_t size) {
  size_t n = (size_t)snprintf(note, size, "%s", probe->message);
  for (int g = 0; g < w->n_groups; g++) {
    const char *more = evl_chain_note(w->group[g].chain);
    if (*more && n < size && !strstr(note, more))
      n += (size_t)snprintf(note + n, size - n, "%s%s", n ? "; " : "", more);
  }
  int64_t left = w->annotations.kept - w->annotations.n;
  if (left && n < size)
    snprintf(note + n, size - n, "%s%lld annotations beyond the first %d (annotations.most)", n ? "; " : "",
             (long long)left, w->annotations.n);
  return note;
}

evl_status evl_worker_piece(evl_worker *w, const char *path, const evl_probe *probe, evl_status status,
                            const char *message, double *const *state, int piece, void *payload, size_t *bytes) {
  double began_s = evl_worker_begin(w);
  size_t section[EVL_MOST_ANALYSES];
  *bytes = evl_piece_sections(w->n_analyses, w->analysis, section);
  memset(payload, 0, *bytes);
  if (status == EVL_OK) {
    status = evl_worker_open(w, path, probe);
    if (status == EVL_MEMORY) return status;
    for (int a = 0; a < w->n_analyses && status == EVL_OK; a++)
      run_pieces(w, a, state[a], piece, (double *)((uint8_t *)payload + section[a]));
    message = status == EVL_OK ? "" : evl_error_message();
  }
  if (status != EVL_OK) *bytes = sizeof(evl_task_head);
  evl_worker_head(payload, status, message, began_s);
  evl_worker_account_rest(w, COST_OPEN, began_s);
  return EVL_OK;
}

evl_status evl_worker_finish(evl_worker *w, const char *path, const evl_probe *probe, evl_status status,
                             const char *message, double *const *state, double *const *pieces, void *payload,
                             size_t *bytes) {
  double began_s = evl_worker_begin(w);
  char note[sizeof((evl_task_head *)0)->message];
  *bytes = evl_finish_sections(w->n_analyses, w->analysis, w->finish);
  memset(payload, 0, *bytes);
  evl_task_head *head = payload;
  if (status == EVL_OK) {
    status = evl_worker_open(w, path, probe);
    double read_s = evl_seconds();
    if (status == EVL_OK) status = evl_worker_hash_file(w, path, head->sha256);
    if (status == EVL_OK) evl_worker_spend(w, COST_HASH, read_s, 1e-6 * (double)probe->bytes);
    if (status == EVL_OK) status = evl_worker_annotations(w);
    if (status == EVL_MEMORY) return status;
    for (int a = 0; a < w->n_analyses && status == EVL_OK; a++) finish_analysis(w, a, state[a], pieces ? pieces[a] : NULL, payload);
    if (status == EVL_OK) *bytes += evl_worker_put_annotations(w, (uint8_t *)payload + *bytes);
    message = status == EVL_OK ? notes(w, probe, note, sizeof note) : evl_error_message();
    head->line_hz = status == EVL_OK ? w->line_hz : 0;
  }
  if (status != EVL_OK) *bytes = sizeof(evl_task_head);
  evl_worker_head(payload, status, message, began_s);
  evl_worker_account_rest(w, COST_FINISH, began_s);
  return EVL_OK;
}
