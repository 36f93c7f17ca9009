/* keys: a key is content: recording, what changes values, span. Never where the data lie. */
#include <string.h>

#include "study_priv.h"

static void add_layout(evl_sha256 *hash, const evl_analysis *analysis) {
  const evl_layout *l = analysis->layout;
  for (int c = 0; c < l->n_columns; c++) evl_sha256_text(hash, l->column[c].name);
  for (int c = 0; c < l->n_recording_columns; c++) evl_sha256_text(hash, l->recording_column[c].name);
  for (int r = 0; l->regions && r < l->regions->n; r++) {
    const evl_region *region = &l->regions->region[r];
    evl_sha256_add(hash, &region->n, sizeof region->n);
    evl_sha256_add(hash, region->channel, (size_t)region->n * sizeof *region->channel);
  }
  for (int t = 0; t < l->n_tensors; t++) {
    evl_sha256_text(hash, l->tensor[t].model);
    evl_sha256_text(hash, l->tensor[t].tensor.name);
    evl_sha256_add(hash, &l->tensor[t].tensor.size, sizeof(size_t));
  }
}

static void add_analysis(evl_sha256 *hash, const evl_analysis *analysis, const evl_keep *keep) {
  evl_sha256_text(hash, analysis->name);
  evl_sha256_add(hash, &analysis->window_s, sizeof(double));
  evl_sha256_add(hash, &analysis->step_s, sizeof(double));
  evl_params_hash(analysis->conditioning, hash);
  evl_epochs_hash(analysis->epochs, keep, hash);
  for (int s = 0; s < analysis->layout->n_slots; s++)
    if (analysis->layout->slot[s].entry->sees_moments) evl_keep_hash(keep, hash);
  for (int s = 0; evl_steps[s]; s++) evl_sha256_add(hash, &evl_steps[s]->version, sizeof(int));
  for (int c = 0; c < analysis->montage->n; c++) evl_sha256_text(hash, analysis->montage->name[c]);
  for (int s = 0; s < analysis->layout->n_slots; s++) {
    const evl_slot *slot = &analysis->layout->slot[s];
    evl_sha256_text(hash, slot->entry->name);
    evl_sha256_add(hash, &slot->entry->version, sizeof(int));
    evl_params_hash(slot->params, hash);
  }
  add_layout(hash, analysis);
}

evl_key evl_values_key(const evl_study *study) {
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  evl_sha256_text(&hash, EVL_VERSION);
  if (study->replay) evl_sha256_text(&hash, "replay");
  evl_sha256_add(&hash, &study->seed, sizeof study->seed);
  evl_sha256_add(&hash, &study->task_s, sizeof study->task_s);
  for (int a = 0; a < study->n_analyses; a++) add_analysis(&hash, &study->analysis[a], &study->keep);
  return evl_sha256_key(&hash);
}

evl_key evl_layout_key(const evl_study *study) {
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  for (int a = 0; a < study->n_analyses; a++) {
    evl_sha256_text(&hash, study->analysis[a].name);
    add_layout(&hash, &study->analysis[a]);
  }
  return evl_sha256_key(&hash);
}

evl_key evl_input_key(const evl_study *study, int r) {
  const evl_probe *p = &study->probe[r];
  const char *path = study->manifest->recording[r].path, *message = p->status == EVL_OK ? "" : p->message;
  if (!strncmp(message, path, strlen(path))) message += strlen(path);
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  evl_sha256_text(&hash, study->manifest->recording[r].id);
  evl_sha256_add(&hash, &p->bytes, sizeof p->bytes);
  evl_sha256_add(&hash, &p->mtime_ns, sizeof p->mtime_ns);
  evl_sha256_add(&hash, &p->header_key, sizeof p->header_key);
  evl_sha256_add(&hash, &p->sidecar_line_hz, sizeof p->sidecar_line_hz);
  for (int a = 0; a < study->n_analyses; a++)
    if (study->analysis[a].epochs && study->analysis[a].epochs->hours)
      evl_sha256_add(&hash, &p->start_h, sizeof p->start_h);
  evl_sha256_text(&hash, message);
  for (int i = 0; i < p->n_sources; i++) {
    const evl_source *s = &p->source[i];
    const uint8_t flags[3] = {s->usable, s->bad, (uint8_t)s->kind};
    evl_sha256_add(&hash, flags, sizeof flags);
    evl_sha256_add(&hash, s->xyz, sizeof s->xyz);
  }
  return evl_sha256_key(&hash);
}

evl_key evl_task_key(const evl_study *study, const evl_key *input, int span) {
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  evl_sha256_add(&hash, &study->values_key, sizeof study->values_key);
  evl_sha256_add(&hash, input, sizeof *input);
  evl_sha256_add(&hash, &span, sizeof span);
  if (span == FINISH) evl_keep_hash(&study->keep, &hash);
  return evl_sha256_key(&hash);
}

static void add_variables(evl_sha256 *hash, const evl_variable *variable, int n, int n_rows) {
  for (int v = 0; v < n; v++) {
    evl_sha256_text(hash, variable[v].name);
    for (int r = 0; r < n_rows && variable[v].text; r++) evl_sha256_text(hash, variable[v].text[r]);
    if (variable[v].number) evl_sha256_add(hash, variable[v].number, (size_t)n_rows * sizeof(double));
  }
}

evl_key evl_plan_key(const evl_study *study) {
  const evl_manifest *m = study->manifest;
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  for (int64_t t = 0; t < study->n_tasks; t++) evl_sha256_add(&hash, &study->task[t].key, sizeof(evl_key));
  for (int r = 0; r < m->n_recordings; r++) {
    evl_sha256_text(&hash, m->recording[r].id);
    evl_sha256_text(&hash, m->recording[r].subject);
    evl_sha256_text(&hash, m->recording[r].session);
    evl_sha256_add(&hash, &m->recording[r].start_h, sizeof(double));
  }
  add_variables(&hash, m->column, m->n_columns, m->n_recordings);
  for (int p = 0; p < m->n_participants; p++) evl_sha256_text(&hash, m->subject[p]);
  add_variables(&hash, m->participant_column, m->n_participant_columns, m->n_participants);
  for (int a = 0; a < study->n_analyses; a++) {
    evl_sha256_text(&hash, study->analysis[a].epochs ? study->analysis[a].epochs->text : "");
    const uint8_t kept[2] = {study->analysis[a].summary_only, study->analysis[a].single};
    evl_sha256_add(&hash, kept, 2);
  }
  evl_cohort_models_hash(study, &hash);
  return evl_sha256_key(&hash);
}
