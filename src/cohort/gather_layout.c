/* gather_layout: the store as a list of datasets (design, "The store"). What is small has its data here, on
   rank 0; rows come from the journals. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "costs_priv.h"
#include "gather_priv.h"

static const evl_attribute *unit_attribute(gather *g, const char *unit, int *n) {
  *n = 0;
  if (!unit || !*unit) return NULL;
  evl_attribute *attribute = evl_arena_alloc(g->arena, sizeof *attribute);
  const char **text = evl_arena_alloc(g->arena, sizeof *text);
  if (!attribute || !text) return NULL;
  *text = unit;
  *attribute = (evl_attribute){"units", EVL_TEXT, 1, text};
  *n = 1;
  return attribute;
}

/* Flag values and meanings of `why` and `status`, as the CF conventions have them. */
#define FLAG_VALUE(name, code, text) code,
#define FLAG_WORD(name, code, text) " " #name
static const uint8_t why_values[] = {EVL_WHY_LIST(FLAG_VALUE)};
static const char *const why_meanings[] = {&(EVL_WHY_LIST(FLAG_WORD))[1]};
#define STATUS_VALUE(name, code, text) EVL_##name,
static const uint8_t status_values[] = {EVL_STATUS_LIST(STATUS_VALUE)};
static const char *const status_meanings[] = {&(EVL_STATUS_LIST(FLAG_WORD))[1]};

static const evl_attribute why_attributes[] = {
    {"flag_values", EVL_U8, sizeof why_values, why_values}, {"flag_meanings", EVL_TEXT, 1, why_meanings}};
static const evl_attribute status_attributes[] = {
    {"flag_values", EVL_U8, sizeof status_values, status_values}, {"flag_meanings", EVL_TEXT, 1, status_meanings}};
static const uint8_t done_values[] = {0, 1};
static const char *const done_meanings[] = {"PENDING DONE"};
static const evl_attribute done_attributes[] = {
    {"flag_values", EVL_U8, sizeof done_values, done_values}, {"flag_meanings", EVL_TEXT, 1, done_meanings}};

evl_dataset *evl_gather_add(gather *g, evl_type type, const void *data, const char *unit, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  evl_dataset *d = &g->dataset[g->n_datasets++];
  *d = (evl_dataset){.path = evl_arena_vformat(g->arena, format, arguments), .type = type, .data = data};
  va_end(arguments);
  d->attribute = unit_attribute(g, unit, &d->n_attributes);
  return d;
}

void evl_gather_dimension(evl_dataset *d, uint64_t size, const char *scale) {
  d->dim[d->n_dims] = size;
  d->scale[d->n_dims++] = scale;
}

static void as_scale(evl_dataset *d, uint64_t size) {
  evl_gather_dimension(d, size, NULL);
  d->is_scale = true;
}

const char *evl_gather_scale(gather *g, uint64_t n, const char *path) {
  int32_t *index = evl_arena_alloc(g->arena, (n + 1) * sizeof *index);
  if (!path || !index) return NULL;
  for (uint64_t i = 0; i < n; i++) index[i] = (int32_t)i;
  as_scale(evl_gather_add(g, EVL_I32, index, NULL, "%s", path), n);
  return path;
}

/* One value a row of a table: space for the caller to fill. */
static void *table_column(gather *g, evl_type type, int n, const char *scale, const char *unit, const char *path) {
  size_t bytes = type == EVL_TEXT ? sizeof(char *) : evl_type_bytes(type);
  void *data = evl_arena_alloc(g->arena, (size_t)(n + 1) * bytes);
  evl_gather_dimension(evl_gather_add(g, type, data, unit, "%s", path), (uint64_t)n, scale);
  return data;
}

/* The meaning of the codes of the dataset added last. */
static void explain(gather *g, const evl_attribute attribute[2]) {
  evl_dataset *last = &g->dataset[g->n_datasets - 1];
  last->attribute = attribute;
  last->n_attributes = 2;
}

/* ---- /recordings, /participants, /channels, /tasks ---- */

static evl_status lay_variables(gather *g, const evl_variable *variable, int n_variables, int n_rows,
                                const char *scale, const char *group) {
  for (int v = 0; v < n_variables; v++) {
    const void *data = variable[v].number ? (const void *)variable[v].number : (const void *)variable[v].text;
    evl_gather_dimension(evl_gather_add(g, variable[v].number ? EVL_F64 : EVL_TEXT, data, NULL, "%s/columns/%s", group, variable[v].name),
              (uint64_t)n_rows, scale);
  }
  return EVL_OK;
}

static evl_status lay_recordings(gather *g) {
  const evl_study *s = g->study;
  const evl_manifest *m = s->manifest;
  int n = s->n_recordings;
  const char *scale = evl_gather_scale(g, (uint64_t)n, "/recordings/recording");
#define COLUMN(type, name, unit) table_column(g, type, n, scale, unit, "/recordings/" name)
  const char **id = COLUMN(EVL_TEXT, "id", NULL), **subject = COLUMN(EVL_TEXT, "subject", NULL);
  const char **session = COLUMN(EVL_TEXT, "session", NULL), **file = COLUMN(EVL_TEXT, "file", NULL);
  const char **sha = COLUMN(EVL_TEXT, "sha256", NULL), **message = COLUMN(EVL_TEXT, "message", NULL);
  int64_t *bytes = COLUMN(EVL_I64, "bytes", "byte");
  double *mtime = COLUMN(EVL_F64, "mtime", "s"), *fs = COLUMN(EVL_F64, "fs_hz", "Hz");
  double *duration = COLUMN(EVL_F64, "duration_s", "s"), *start = COLUMN(EVL_F64, "start_h", "h");
  int32_t *channels = COLUMN(EVL_I32, "n_channels", NULL);
  double *line = COLUMN(EVL_F64, "line_hz", "Hz"), *seconds = COLUMN(EVL_F64, "seconds", "s");
  uint8_t *status = COLUMN(EVL_U8, "status", NULL);
#undef COLUMN
  if (!id || !subject || !session || !file || !sha || !message || !bytes || !mtime || !fs || !duration || !start ||
      !channels || !line || !seconds || !status)
    return EVL_MEMORY;
  explain(g, status_attributes);
  EVL_TRY(evl_gather_lay_annotations(g, scale));
  for (int r = 0; r < n; r++) {
    const evl_probe *p = &s->probe[r];
    const evl_task_head *head = &g->finish[r];
    bool done = s->task[finish_task(s, r)].done || head->status != EVL_OK;
    char digest[65] = "";
    for (int i = 0; i < 32 && done; i++)
      if (head->sha256[i]) {
        evl_hex(head->sha256, 32, digest);
        break;
      }
    id[r] = m->recording[r].id;
    subject[r] = m->recording[r].subject;
    session[r] = m->recording[r].session;
    file[r] = m->recording[r].file;
    sha[r] = evl_arena_text(g->arena, digest);
    message[r] = done ? head->message : p->message;
    bytes[r] = p->bytes;
    mtime[r] = 1e-9 * (double)p->mtime_ns;
    fs[r] = p->status == EVL_OK ? p->fs_hz : NAN;
    duration[r] = p->status == EVL_OK ? p->duration_s : NAN;
    start[r] = m->recording[r].start_h;
    channels[r] = p->n_usable;
    line[r] = done && head->status == EVL_OK ? head->line_hz : NAN;
    status[r] = (uint8_t)(done ? (evl_status)head->status : p->status);
    seconds[r] = g->task_seconds[finish_task(s, r)];
    for (int64_t t = s->first_task[r]; t < s->first_task[r + 1]; t++) seconds[r] += g->task_seconds[t];
    for (int i = 0; i < s->n_pieces; i++) seconds[r] += g->task_seconds[piece_task(s, r, i)];
    if (!sha[r]) return EVL_MEMORY;
  }
  return lay_variables(g, m->column, m->n_columns, n, scale, "/recordings");
}

static evl_status lay_participants(gather *g) {
  const evl_manifest *m = g->study->manifest;
  const char *scale = evl_gather_scale(g, (uint64_t)m->n_participants, "/participants/participant");
  evl_gather_dimension(evl_gather_add(g, EVL_TEXT, m->subject, NULL, "/participants/subject"), (uint64_t)m->n_participants, scale);
  return lay_variables(g, m->participant_column, m->n_participant_columns, m->n_participants, scale, "/participants");
}

/* Channels of all analyses, in order of first appearance, with positions on the unit sphere where known. */
static evl_status lay_channels(gather *g) {
  const evl_study *s = g->study;
  static const char *const axis_names[] = {"x", "y", "z"};
  int most = 0, n = 0;
  for (int a = 0; a < s->n_analyses; a++) most += s->analysis[a].montage->n;
  const char **name = evl_arena_alloc(g->arena, (size_t)(most + 1) * sizeof *name);
  double *xyz = evl_arena_alloc(g->arena, (size_t)(most + 1) * 3 * sizeof *xyz);
  if (!name || !xyz) return EVL_MEMORY;
  for (int a = 0; a < s->n_analyses; a++)
    for (int c = 0; c < s->analysis[a].montage->n; c++) {
      int k = 0;
      while (k < n && strcmp(name[k], s->analysis[a].montage->name[c])) k++;
      if (k < n) continue;
      name[n] = s->analysis[a].montage->name[c];
      if (!evl_electrode_position(name[n], xyz + 3 * n)) xyz[3 * n] = xyz[3 * n + 1] = xyz[3 * n + 2] = NAN;
      n++;
    }
  const char *scale = evl_gather_scale(g, (uint64_t)n, "/channels/channel");
  as_scale(evl_gather_add(g, EVL_TEXT, axis_names, NULL, "/channels/axis"), 3);
  evl_gather_dimension(evl_gather_add(g, EVL_TEXT, name, NULL, "/channels/channel_name"), (uint64_t)n, scale);
  evl_dataset *d = evl_gather_add(g, EVL_F64, xyz, NULL, "/channels/channel_xyz");
  evl_gather_dimension(d, (uint64_t)n, scale);
  evl_gather_dimension(d, 3, "/channels/axis");
  return EVL_OK;
}

static evl_status lay_tasks(gather *g) {
  const evl_study *s = g->study;
  const char *scale = evl_gather_scale(g, (uint64_t)s->n_tasks, "/tasks/task");
  int n = (int)s->n_tasks;
  uint8_t *status = table_column(g, EVL_U8, n, scale, NULL, "/tasks/status");
  explain(g, done_attributes);
  int32_t *rank = table_column(g, EVL_I32, n, scale, NULL, "/tasks/rank");
  double *seconds = table_column(g, EVL_F64, n, scale, "s", "/tasks/seconds");
  uint8_t *code = table_column(g, EVL_U8, n, scale, NULL, "/tasks/code");
  explain(g, status_attributes);
  const char **message = table_column(g, EVL_TEXT, n, scale, NULL, "/tasks/message");
  if (!status || !rank || !seconds || !code || !message) return EVL_MEMORY;
  for (int t = 0; t < n; t++) {
    const evl_task *task = &s->task[t];
    status[t] = task->done;
    rank[t] = g->task_rank[t];
    seconds[t] = g->task_seconds[t];
    code[t] = (uint8_t)g->task_status[t];
    message[t] = task->span == FINISH && task->done ? g->finish[task->recording].message : "";
  }
  return EVL_OK;
}

/* What work took, as the table beside the store has it; known to rank 0, which lays the file out. */
static evl_status lay_costs(gather *g) {
  const evl_costs *costs = g->study->costs;
  int n = g->n_costs;
  const char *scale = evl_gather_scale(g, (uint64_t)n, "/costs/cost");
  const char **name = table_column(g, EVL_TEXT, n, scale, NULL, "/costs/name");
  const char **unit = table_column(g, EVL_TEXT, n, scale, NULL, "/costs/unit");
  const char **cpu = table_column(g, EVL_TEXT, n, scale, NULL, "/costs/cpu");
  double *seconds = table_column(g, EVL_F64, n, scale, "s", "/costs/seconds");
  double *units = table_column(g, EVL_F64, n, scale, NULL, "/costs/units");
  if (!name || !unit || !cpu || !seconds || !units) return EVL_MEMORY;
  for (int i = 0; costs && i < n; i++) {
    evl_spent spent;
    evl_costs_line(costs, i, &name[i], &unit[i], &cpu[i], &spent);
    seconds[i] = spent.seconds;
    units[i] = spent.units;
  }
  return EVL_OK;
}

/* ---- /analyses ---- */

evl_dataset *evl_gather_add_rows(gather *g, rows what, evl_type type, const char *unit, const char *group,
                             const char *name) {
  g->rows[g->n_datasets] = what;
  evl_dataset *d = evl_gather_add(g, type, NULL, unit, "%s/%s", group, name);
  if (what.kind == ROWS_WHY || what.kind == ROWS_SUMMARY_WHY || what.kind == ROWS_RECORDING_WHY)
    explain(g, why_attributes);
  return d;
}

/* column_name, column_feature, ... with a prefix ("" or "recording_"). */
static evl_status lay_columns(gather *g, const evl_column *column, int n, const char *scale, const char *group,
                              const char *prefix) {
  static const char *const part[] = {"name", "feature", "output", "channel", "channel_b", "unit", "text", "cite"};
  for (int p = 0; p < 8; p++) {
    const char *path = evl_arena_format(g->arena, "%s/%scolumn_%s", group, prefix, part[p]);
    const char **text = path ? table_column(g, EVL_TEXT, n, scale, NULL, path) : NULL;
    if (!text) return EVL_MEMORY;
    for (int c = 0; c < n; c++) {
      const char *const of[] = {column[c].name, column[c].feature, column[c].output, column[c].channel,
                                column[c].channel_b, column[c].unit, column[c].text, column[c].cite};
      text[c] = of[p] ? of[p] : "";
    }
  }
  const char *path = evl_arena_format(g->arena, "%s/%scolumn_version", group, prefix);
  int32_t *version = path ? table_column(g, EVL_I32, n, scale, NULL, path) : NULL;
  if (!version) return EVL_MEMORY;
  for (int c = 0; c < n; c++) version[c] = column[c].version;
  return EVL_OK;
}

/* Scales of a model's tensors, one a dimension name and size. */
static const char *tensor_scale(gather *g, const char *group, const evl_dimension *dim) {
  const char *path = evl_arena_format(g->arena, "%s/%s", group, dim->name);
  for (int i = 0; path && i < g->n_datasets; i++)
    if (g->dataset[i].path && !strcmp(g->dataset[i].path, path)) return path;
  if (!path) return NULL;
  if (!dim->label && !dim->coordinate) return evl_gather_scale(g, (uint64_t)dim->size, path);
  as_scale(dim->label ? evl_gather_add(g, EVL_TEXT, dim->label, NULL, "%s", path)
                      : evl_gather_add(g, EVL_F64, dim->coordinate, dim->unit, "%s", path), (uint64_t)dim->size);
  return path;
}

static evl_status lay_tensors(gather *g, int a, const char *group, const char *window_scale, uint64_t n_windows,
                              const char *recording_scale) {
  const evl_study *s = g->study;
  const evl_layout *l = s->analysis[a].layout;
  for (int t = 0; t < l->n_tensors; t++) {
    const evl_tensor *tensor = &l->tensor[t].tensor;
    if (!tensor->of_recording && s->analysis[a].summary_only) continue;
    const char *model = evl_arena_format(g->arena, "%s/%s/%s", group,
                                         tensor->of_recording ? "recording_models" : "models", l->tensor[t].model);
    const char *scale[EVL_MAX_DIMENSIONS];
    for (int k = 0; k < tensor->n_dimensions; k++)
      if (!model || !(scale[k] = tensor_scale(g, model, &tensor->dimension[k]))) return EVL_MEMORY;
    rows what = {tensor->of_recording ? ROWS_RECORDING_TENSOR : ROWS_TENSOR, a, t};
    bool single = s->analysis[a].single && !tensor->of_recording;
    evl_dataset *d = evl_gather_add_rows(g, what, single ? EVL_F32 : EVL_F64, tensor->unit, model, tensor->name);
    if (tensor->of_recording) evl_gather_dimension(d, (uint64_t)s->n_recordings, recording_scale);
    else evl_gather_dimension(d, n_windows, window_scale);
    for (int k = 0; k < tensor->n_dimensions; k++) evl_gather_dimension(d, (uint64_t)tensor->dimension[k].size, scale[k]);
  }
  return EVL_OK;
}

static void lay_windows(gather *g, int a, const char *group, const char *window, const char *column, uint64_t w,
                        uint64_t c) {
  bool single = g->study->analysis[a].single;
  evl_gather_dimension(evl_gather_add_rows(g, (rows){ROWS_RECORDING, a, 0}, EVL_I32, NULL, group, "window_recording"), w, window);
  evl_gather_dimension(evl_gather_add_rows(g, (rows){ROWS_START, a, 0}, EVL_F64, "s", group, "window_start_s"), w, window);
  evl_gather_dimension(evl_gather_add_rows(g, (rows){ROWS_CLEAN, a, 0}, EVL_F32, NULL, group, "window_clean"), w, window);
  evl_gather_lay_chosen(g, a, group, window, w);
  evl_dataset *d = evl_gather_add_rows(g, (rows){ROWS_VALUES, a, 0}, single ? EVL_F32 : EVL_F64, NULL, group, "values");
  evl_gather_dimension(d, w, window);
  evl_gather_dimension(d, c, column);
  d = evl_gather_add_rows(g, (rows){ROWS_WHY, a, 0}, EVL_U8, NULL, group, "why");
  evl_gather_dimension(d, w, window);
  evl_gather_dimension(d, c, column);
}

static evl_status lay_summary(gather *g, int a, const char *group, const char *column, const char *recording) {
#define STATISTIC_NAME(name, text) text,
  static const char *const names[] = {EVL_STATISTIC_LIST(STATISTIC_NAME)};
#undef STATISTIC_NAME
  uint64_t c = (uint64_t)g->study->analysis[a].layout->n_columns, n = (uint64_t)g->study->n_recordings;
  const char *statistic = evl_gather_scale(g, N_STATISTICS, evl_arena_format(g->arena, "%s/statistic", group));
  evl_gather_dimension(evl_gather_add(g, EVL_TEXT, names, NULL, "%s/summary_statistic", group), N_STATISTICS, statistic);
  evl_dataset *d = evl_gather_add_rows(g, (rows){ROWS_SUMMARY, a, 0}, EVL_F64, NULL, group, "summary");
  evl_gather_dimension(d, n, recording);
  evl_gather_dimension(d, c, column);
  evl_gather_dimension(d, N_STATISTICS, statistic);
  d = evl_gather_add_rows(g, (rows){ROWS_COUNT, a, 0}, EVL_U32, NULL, group, "summary_count");
  evl_gather_dimension(d, n, recording);
  evl_gather_dimension(d, c, column);
  d = evl_gather_add_rows(g, (rows){ROWS_SUMMARY_WHY, a, 0}, EVL_U8, NULL, group, "summary_why");
  evl_gather_dimension(d, n, recording);
  evl_gather_dimension(d, c, column);
  return EVL_OK;
}

static evl_status lay_recording_stage(gather *g, int a, const char *group, const char *recording) {
  const evl_layout *l = g->study->analysis[a].layout;
  uint64_t n = (uint64_t)g->study->n_recordings, c = (uint64_t)l->n_recording_columns;
  if (c == 0) return EVL_OK;
  const char *column = evl_gather_scale(g, c, evl_arena_format(g->arena, "%s/recording_column", group));
  EVL_TRY(lay_columns(g, l->recording_column, (int)c, column, group, "recording_"));
  evl_dataset *d = evl_gather_add_rows(g, (rows){ROWS_RECORDING_VALUES, a, 0}, EVL_F64, NULL, group, "recording_values");
  evl_gather_dimension(d, n, recording);
  evl_gather_dimension(d, c, column);
  d = evl_gather_add_rows(g, (rows){ROWS_RECORDING_WHY, a, 0}, EVL_U8, NULL, group, "recording_why");
  evl_gather_dimension(d, n, recording);
  evl_gather_dimension(d, c, column);
  return EVL_OK;
}

/* Attributes of the group: the grid, and the conditioning as it was understood. */
static evl_status describe_analysis(gather *g, int a, const char *group) {
  typedef struct described { const char *text, *epochs; evl_attribute attribute[4]; } described;
  const evl_analysis *analysis = &g->study->analysis[a];
  described *d;
  EVL_NEW(g->arena, d, 1);
  if (!(d->text = evl_params_text(analysis->conditioning, g->arena))) return EVL_MEMORY;
  d->attribute[0] = (evl_attribute){"window_s", EVL_F64, 1, &analysis->window_s};
  d->attribute[1] = (evl_attribute){"step_s", EVL_F64, 1, &analysis->step_s};
  d->attribute[2] = (evl_attribute){"conditioning", EVL_TEXT, 1, &d->text};
  d->epochs = analysis->epochs ? analysis->epochs->text : "all windows";
  d->attribute[3] = (evl_attribute){"epochs", EVL_TEXT, 1, &d->epochs};
  g->group[g->n_groups++] = (evl_group_attributes){group, 4, d->attribute};
  return EVL_OK;
}

static evl_status lay_analysis(gather *g, int a) {
  const evl_study *s = g->study;
  const evl_analysis *analysis = &s->analysis[a];
  const char *group = evl_arena_format(g->arena, "/analyses/%s", analysis->name);
  if (!group) return EVL_MEMORY;
  uint64_t w = (uint64_t)s->first_window[a][s->n_recordings], c = (uint64_t)analysis->layout->n_columns;
  const char *recording = evl_gather_scale(g, (uint64_t)s->n_recordings, evl_arena_format(g->arena, "%s/recording", group));
  const char *column = evl_gather_scale(g, c, evl_arena_format(g->arena, "%s/column", group));
  const char *window = evl_arena_format(g->arena, "%s/window", group);
  window = analysis->summary_only ? NULL : evl_gather_scale(g, w, window);
  if (!window && !analysis->summary_only) return EVL_MEMORY;
  EVL_TRY(describe_analysis(g, a, group));
  EVL_TRY(lay_columns(g, analysis->layout->column, (int)c, column, group, ""));
  if (window) lay_windows(g, a, group, window, column, w, c);
  EVL_TRY(lay_summary(g, a, group, column, recording));
  EVL_TRY(lay_recording_stage(g, a, group, recording));
  EVL_TRY(evl_gather_lay_quality(g, a, group, recording));
  return lay_tensors(g, a, group, window, w, recording);
}

evl_status evl_gather_layout(gather *g) {
  const evl_study *s = g->study;
  g->capacity = 80 + s->manifest->n_columns + s->manifest->n_participant_columns;
  for (int a = 0; a < s->n_analyses; a++) g->capacity += 80 + 4 * s->analysis[a].layout->n_tensors;
  g->capacity += EVL_COHORT_DATASETS * s->n_cohort_models;
  EVL_NEW(g->arena, g->dataset, g->capacity);
  EVL_NEW(g->arena, g->rows, g->capacity);
  EVL_NEW(g->arena, g->group, s->n_analyses + s->n_cohort_models);
  evl_gather_add(g, EVL_TEXT, &s->config_text, NULL, "/config");
  EVL_TRY(lay_recordings(g));
  EVL_TRY(lay_participants(g));
  EVL_TRY(lay_channels(g));
  EVL_TRY(lay_tasks(g));
  EVL_TRY(lay_costs(g));
  for (int a = 0; a < s->n_analyses; a++) EVL_TRY(lay_analysis(g, a));
  EVL_TRY(evl_gather_lay_cohort_models(g));
  for (int i = 0; i < g->n_datasets; i++)
    if (!g->dataset[i].path) return EVL_MEMORY;
  return EVL_OK;
}
