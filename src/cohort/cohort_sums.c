/* cohort_sums: sums of products of a subject, from the recording stages of its recordings. */
#include <math.h>
#include <string.h>

#include "cohort_models_priv.h"

static const evl_place *place_of(const evl_layout *l, const evl_slot *slot, const char *name) {
  for (int i = slot->tensor; i < slot->tensor + slot->n_tensors; i++)
    if (l->tensor[i].tensor.of_recording && !strcmp(l->tensor[i].tensor.name, name)) return &l->tensor[i];
  return NULL;
}

static int column_of(const evl_layout *l, const evl_slot *slot, const char *output) {
  int c = slot->recording_column;
  while (strcmp(l->recording_column[c].output, output)) c++;
  return c;
}

void evl_cohort_shape(const evl_study *s, const evl_cohort_model *model, evl_cohort_fit *f) {
  const evl_layout *l = s->analysis[model->analysis].layout;
  const evl_tensor *t = &place_of(l, &l->slot[model->slot], "sum_with_targets")->tensor;
  f->p = t->dimension[0].size;
  f->d = t->dimension[1].size;
  f->term = t->dimension[0].label;
  f->coordinate = t->dimension[1].label;
}

typedef struct source { evl_study *study; const evl_task *task; size_t tensors; } source;

static evl_status read_tensor(const source *from, const evl_place *place, double *out) {
  return evl_journals_read(from->study->journals, &from->task->where, from->tensors + place->offset * sizeof(double), out,
                           place->tensor.size * sizeof(double));
}

/* scratch [p][p]. */
static evl_status add_recording(gather *g, const evl_cohort_model *model, const evl_cohort_fit *f, int recording,
                                evl_cohort_sums *sums, double *scratch) {
  evl_study *s = g->study;
  const evl_layout *l = s->analysis[model->analysis].layout;
  const evl_slot *slot = &l->slot[model->slot];
  const evl_task *task = &s->task[finish_task(s, recording)];
  if (evl_recording_why(g, recording) || !task->done) return EVL_OK;
  evl_finish_section section[EVL_MOST_ANALYSES];
  evl_finish_sections(s->n_analyses, s->analysis, section);
  const evl_finish_section *at = &section[model->analysis];
  const source from = {s, task, at->tensor};
  const size_t p = (size_t)f->p, d = (size_t)f->d;
  double n_rows;
  EVL_TRY(evl_journals_read(s->journals, &task->where,
                            at->value + (size_t)column_of(l, slot, "recording_rows") * sizeof(double), &n_rows, sizeof n_rows));
  if (!(n_rows > 0.0)) return EVL_OK; /* no fit, no sums */
  sums->rows += n_rows;
  EVL_TRY(read_tensor(&from, place_of(l, slot, "sum_of_targets"), scratch));
  for (size_t j = 0; j < d; j++) sums->squares[j] += scratch[j];
  EVL_TRY(read_tensor(&from, place_of(l, slot, "sum_with_targets"), scratch));
  for (size_t j = 0; j < d; j++)
    for (size_t i = 0; i < p; i++) sums->targets[j * p + i] += scratch[i * d + j];
  EVL_TRY(read_tensor(&from, place_of(l, slot, "sum_of_terms"), scratch));
  for (size_t i = 0; i < p * p; i++) sums->terms[i] += scratch[i];
  return EVL_OK;
}

evl_status evl_cohort_subject_sums(gather *g, const evl_cohort_model *model, const evl_cohort_fit *f, int subject,
                                   evl_cohort_sums *sums, double *scratch) {
  const size_t p = (size_t)f->p, d = (size_t)f->d;
  sums->rows = 0.0;
  memset(sums->terms, 0, p * p * sizeof(double));
  memset(sums->targets, 0, d * p * sizeof(double));
  memset(sums->squares, 0, d * sizeof(double));
  for (int r = 0; r < g->study->n_recordings; r++)
    if (g->study->manifest->recording[r].participant == subject)
      EVL_TRY(add_recording(g, model, f, r, sums, scratch));
  return EVL_OK;
}
