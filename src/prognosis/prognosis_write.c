/* The prognosis file: names, shapes and scales of what a run found. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "eveil/parallel.h"
#include "eveil/prognosis.h"
#include "eveil/store.h"

enum { MOST_DATASETS = 40, MOST_DIMS = 3 };

typedef enum { ROW, COLUMN, LEARNER, REPEAT, FOLD, METRIC, INTERVAL, REASON, N_SCALES, NONE } scale;

typedef struct writer {
  evl_arena *arena;
  const evl_prognosis_result *result;
  const char *scale_path[N_SCALES];
  int size[N_SCALES];
  evl_dataset *dataset;
  int *n;
  evl_status status;          /* the first failure; later calls do nothing */
} writer;

static const char *const scale_name[N_SCALES] = {"row",  "column", "learner",  "repeat",
                                                 "fold", "metric", "interval", "reason"};

static const char *path_of(writer *w, const char *name) {
  const char *path = evl_arena_format(w->arena, "/%s/%s", w->result->name, name);
  if (!path) w->status = EVL_MEMORY;
  return path;
}

/* Attributes come as pairs name, text, ended by NULL. */
static void put(writer *w, const char *name, evl_type type, const void *data, const scale dims[MOST_DIMS], ...) {
  evl_dataset *d = &w->dataset[*w->n];
  evl_attribute *attribute = evl_arena_alloc(w->arena, 4 * sizeof *attribute);
  const char **text = evl_arena_alloc(w->arena, 4 * sizeof *text);
  if (w->status != EVL_OK || !attribute || !text) {
    w->status = w->status != EVL_OK ? w->status : EVL_MEMORY;
    return;
  }
  *d = (evl_dataset){.path = path_of(w, name), .type = type, .data = data, .attribute = attribute};
  for (int k = 0; k < MOST_DIMS && dims[k] != NONE; k++, d->n_dims++) {
    d->dim[k] = (uint64_t)w->size[dims[k]];
    d->scale[k] = w->scale_path[dims[k]];
  }
  va_list list;
  va_start(list, dims);
  for (const char *key; d->n_attributes < 4 && (key = va_arg(list, const char *)); d->n_attributes++) {
    text[d->n_attributes] = va_arg(list, const char *);
    attribute[d->n_attributes] = (evl_attribute){key, EVL_TEXT, 1, &text[d->n_attributes]};
  }
  va_end(list);
  (*w->n)++;
}

#define DIMS(...) ((const scale[]){__VA_ARGS__, NONE, NONE, NONE})

static void put_scales(writer *w) {
  const evl_prognosis_result *r = w->result;
  const int size[N_SCALES] = {r->design->n_rows, r->design->n_columns, r->setup->n_learners, r->setup->n_repeats,
                              r->setup->n_folds, EVL_N_METRICS, EVL_N_INTERVALS, r->design->n_left_out};
  for (int s = 0; s < N_SCALES; s++) {
    int32_t *index = evl_arena_alloc(w->arena, (size_t)size[s] * sizeof *index);
    if (!index) {
      w->status = EVL_MEMORY;
      return;
    }
    w->size[s] = size[s];
    w->scale_path[s] = path_of(w, scale_name[s]);
    if (size[s] == 0) continue; /* nobody was left out */
    for (int i = 0; i < size[s]; i++) index[i] = i;
    put(w, scale_name[s], EVL_I32, index, (const scale[]){NONE, NONE, NONE}, NULL);
    if (w->status != EVL_OK) return;
    evl_dataset *d = &w->dataset[*w->n - 1];
    d->n_dims = 1;
    d->dim[0] = (uint64_t)size[s];
    d->is_scale = true;
  }
}

static void put_design(writer *w) {
  const evl_design *d = w->result->design;
  put(w, "design/x", EVL_F64, d->x, DIMS(ROW, COLUMN), "text",
      "columns as they entered; NaN: missing, imputed by the median of the training rows", NULL);
  put(w, "design/y", EVL_F64, w->result->y, DIMS(ROW), "units", "1", "text",
      w->result->setup->permute ? "outcome, permuted among subjects" : "outcome, 1: positive", NULL);
  put(w, "design/subject", EVL_TEXT, d->subject, DIMS(ROW), NULL);
  put(w, "design/column_name", EVL_TEXT, d->column, DIMS(COLUMN), NULL);
  if (d->site) put(w, "design/site", EVL_TEXT, d->site, DIMS(ROW), NULL);
  if (d->n_left_out == 0) return;
  const char **reason = evl_arena_alloc(w->arena, (size_t)d->n_left_out * sizeof *reason);
  int32_t *count = evl_arena_alloc(w->arena, (size_t)d->n_left_out * sizeof *count);
  if (!reason || !count) {
    w->status = EVL_MEMORY;
    return;
  }
  for (int k = 0; k < d->n_left_out; k++) {
    reason[k] = d->left_out[k].reason;
    count[k] = d->left_out[k].n;
  }
  put(w, "design/left_out_reason", EVL_TEXT, reason, DIMS(REASON), NULL);
  put(w, "design/left_out", EVL_I32, count, DIMS(REASON), "units", "1", "text", "subjects left out", NULL);
}

static uint8_t *why_of(writer *w, const double *value, int n) {
  uint8_t *why = evl_arena_alloc(w->arena, (size_t)n);
  if (!why) {
    w->status = EVL_MEMORY;
    return NULL;
  }
  for (int i = 0; i < n; i++) why[i] = isnan(value[i]) ? EVL_WHY_UNDEFINED : EVL_WHY_VALUE;
  return why;
}

static void put_why(writer *w, const char *name, const double *value, const scale dims[MOST_DIMS]) {
  static const uint8_t flag[] = {EVL_WHY_VALUE, EVL_WHY_UNDEFINED};
  int n = 1;
  for (int k = 0; k < MOST_DIMS && dims[k] != NONE; k++) n *= w->size[dims[k]];
  const uint8_t *why = why_of(w, value, n);
  if (!why) return;
  put(w, name, EVL_U8, why, dims, "flag_meanings", "value undefined", NULL);
  if (w->status != EVL_OK) return;
  evl_dataset *d = &w->dataset[*w->n - 1];
  ((evl_attribute *)d->attribute)[d->n_attributes++] = (evl_attribute){"flag_values", EVL_U8, 2, flag};
}

static void put_found(writer *w) {
#define TEXT_OF_METRIC(name, unit, text) text,
#define NAME_OF_METRIC(name, unit, text) #name,
#define TEXT_OF_INTERVAL(name, text) text,
#define NAME_OF_INTERVAL(name, text) #name,
  static const char *const metric_name[] = {EVL_METRIC_LIST(NAME_OF_METRIC)};
  static const char *const metric_text[] = {EVL_METRIC_LIST(TEXT_OF_METRIC)};
  static const char *const interval_name[] = {EVL_INTERVAL_LIST(NAME_OF_INTERVAL)};
  static const char *const interval_text[] = {EVL_INTERVAL_LIST(TEXT_OF_INTERVAL)};
  const evl_prognosis_result *r = w->result;
  put(w, "folds", EVL_I32, r->fold, DIMS(REPEAT, ROW), "text",
      "fold in which the row was tested; rows of a subject share it", NULL);
  put(w, "predictions", EVL_F64, r->prediction, DIMS(LEARNER, REPEAT, ROW), "units", "1", "text",
      "probability of the positive outcome, out of fold", NULL);
  put(w, "metrics/metric_name", EVL_TEXT, metric_name, DIMS(METRIC), NULL);
  put(w, "metrics/metric_text", EVL_TEXT, metric_text, DIMS(METRIC), NULL);
  put(w, "metrics/value", EVL_F64, r->metric, DIMS(LEARNER, METRIC), "units", "1", NULL);
  put_why(w, "metrics/why", r->metric, DIMS(LEARNER, METRIC));
  put(w, "metrics/fold_auc", EVL_F64, r->fold_auc, DIMS(LEARNER, REPEAT, FOLD), "units", "1", "text",
      "AUC of the fold's test subjects", NULL);
  put_why(w, "metrics/fold_auc_why", r->fold_auc, DIMS(LEARNER, REPEAT, FOLD));
  put(w, "metrics/fold_lambda", EVL_F64, r->fold_lambda, DIMS(LEARNER, REPEAT, FOLD), "units", "1", "text",
      "penalty chosen inside the training fold", NULL);
  put(w, "intervals/interval_name", EVL_TEXT, interval_name, DIMS(INTERVAL), NULL);
  put(w, "intervals/interval_text", EVL_TEXT, interval_text, DIMS(INTERVAL), NULL);
  put(w, "intervals/low", EVL_F64, r->low, DIMS(LEARNER, INTERVAL), "units", "1", "level", "0.95", NULL);
  put(w, "intervals/high", EVL_F64, r->high, DIMS(LEARNER, INTERVAL), "units", "1", "level", "0.95", NULL);
  put_why(w, "intervals/why", r->low, DIMS(LEARNER, INTERVAL));
}

static void put_model(writer *w) {
  static const char validated[] = "no: refitted on all rows; the metrics are of the procedure, not of this model";
  const evl_prognosis_result *r = w->result;
  const char **learner = evl_arena_alloc(w->arena, (size_t)r->setup->n_learners * sizeof *learner);
  if (!learner) {
    w->status = EVL_MEMORY;
    return;
  }
  for (int k = 0; k < r->setup->n_learners; k++) learner[k] = r->setup->learner[k]->name;
  put(w, "learner_name", EVL_TEXT, learner, DIMS(LEARNER), NULL);
  put(w, "model/coefficients", EVL_F64, r->coefficient, DIMS(LEARNER, COLUMN), "validated", validated, "text",
      "of (x imputed by medians - means) / sds, on the logit scale; 0 where a column was dropped", NULL);
  put(w, "model/intercept", EVL_F64, r->intercept, DIMS(LEARNER), "validated", validated, NULL);
  put(w, "model/lambda", EVL_F64, r->lambda, DIMS(LEARNER), "validated", validated, NULL);
  put(w, "model/medians", EVL_F64, r->median, DIMS(COLUMN), "validated", validated, NULL);
  put(w, "model/means", EVL_F64, r->mean, DIMS(COLUMN), "validated", validated, NULL);
  put(w, "model/sds", EVL_F64, r->sd, DIMS(COLUMN), "validated", validated, "text", "0: constant column, dropped",
      NULL);
}

evl_status evl_prognosis_write(const char *path, int n_results, evl_prognosis_result *const *result,
                               const char *config_text, evl_arena *arena) {
  evl_dataset *dataset;
  int n = 0;
  EVL_NEW(arena, dataset, (size_t)n_results * MOST_DATASETS + 1);
  dataset[n++] = (evl_dataset){.path = "/config", .type = EVL_TEXT, .data = &config_text};
  for (int k = 0; k < n_results; k++) {
    writer w = {.arena = arena, .result = result[k], .dataset = dataset, .n = &n};
    put_scales(&w);
    put_design(&w);
    put_found(&w);
    put_model(&w);
    EVL_TRY(w.status);
  }
  static const char *const version = EVL_VERSION;
  const char *library = evl_store_library();
  const evl_attribute attribute[] = {{"eveil_version", EVL_TEXT, 1, &version}, {"libraries", EVL_TEXT, 1, &library}};
  const evl_store_plan plan = {.path = path, .n_datasets = n, .dataset = dataset, .n_attributes = 2,
                               .attribute = attribute, .compress = true, .memory_bytes = (size_t)64 << 20};
  return evl_store_write(&plan, NULL, NULL);
}
