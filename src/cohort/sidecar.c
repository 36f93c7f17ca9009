/* Reads the sidecars of a recording, from its folder up to the root. */
#include "manifest_steps_priv.h"
#include "sidecar_priv.h"

#include <math.h>
#include <string.h>
#include <strings.h>

typedef struct search {
  evl_arena *arena;
  evl_sidecar *sidecar;
  const char *best[EVL_SIDECAR_KINDS]; /* names in the present folder; NULL */
} search;

static const char *file_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* Adds "FILE" and what is wrong with it. */
static evl_status note(search *s, const char *path, const char *wrong) {
  const char *before = s->sidecar->note;
  s->sidecar->note = evl_arena_format(s->arena, "%s%s%s%s", before, *before ? "; " : "", file_name(path), wrong);
  return s->sidecar->note ? EVL_OK : EVL_MEMORY;
}

/* ---- what they say ------------------------------------------------------------------------------------ */

/* A file that could not be read: the message without the folder. */
static evl_status note_error(search *s, evl_status status, const char *path) {
  if (status == EVL_MEMORY) return status;
  const char *message = evl_error_message();
  size_t n = strlen(path);
  status = note(s, path, strncmp(message, path, n) == 0 ? message + n : ": cannot be read");
  evl_error_clear();
  return status;
}

static int column(const evl_table *table, const char *name) {
  const char *const names[] = {name, NULL};
  return evl_manifest_key_column(table, names);
}

static const char *told(const evl_table *table, int row, int column_index) {
  const char *cell = column_index < 0 ? "" : evl_table_cell(table, row, column_index);
  return strcasecmp(cell, "n/a") == 0 ? "" : cell;
}

static evl_status read_channels(search *s, const char *path) {
  evl_table *table;
  evl_status status = evl_table_read(path, '\t', s->arena, &table);
  if (status != EVL_OK) return note_error(s, status, path);
  int name = column(table, "name"), type = column(table, "type"), units = column(table, "units");
  int state = column(table, "status"), rate = column(table, "sampling_frequency");
  if (name < 0) return note(s, path, ": expected a column \"name\"");
  evl_sidecar_channel *channel;
  EVL_NEW(s->arena, channel, table->n_rows);
  for (int row = 0; row < table->n_rows; row++) {
    evl_sidecar_channel *c = &channel[row];
    c->name = evl_table_cell(table, row, name);
    c->type = told(table, row, type);
    c->units = told(table, row, units);
    c->bad = strcasecmp(told(table, row, state), "bad") == 0;
    (void)evl_cell_number(told(table, row, rate), &c->fs_hz);
  }
  s->sidecar->n_channels = table->n_rows;
  s->sidecar->channel = channel;
  s->sidecar->channels_path = path;
  return EVL_OK;
}

static evl_status read_electrodes(search *s, const char *path) {
  static const char *const axis[] = {"x", "y", "z"};
  evl_table *table;
  evl_status status = evl_table_read(path, '\t', s->arena, &table);
  if (status != EVL_OK) return note_error(s, status, path);
  int name = column(table, "name"), at[3];
  for (int k = 0; k < 3; k++) at[k] = column(table, axis[k]);
  if (name < 0 || at[0] < 0 || at[1] < 0 || at[2] < 0)
    return note(s, path, ": expected columns \"name\", \"x\", \"y\", \"z\"");
  evl_sidecar_electrode *electrode;
  EVL_NEW(s->arena, electrode, table->n_rows);
  for (int row = 0; row < table->n_rows; row++) {
    electrode[row].name = evl_table_cell(table, row, name);
    for (int k = 0; k < 3; k++)
      if (!evl_cell_number(told(table, row, at[k]), &electrode[row].xyz[k])) electrode[row].xyz[k] = NAN;
  }
  s->sidecar->n_electrodes = table->n_rows;
  s->sidecar->electrode = electrode;
  s->sidecar->electrodes_path = path;
  return EVL_OK;
}

/* A positive number of the key goes to `value`; "n/a" says nothing; anything else is noted. */
static evl_status take_number(search *s, const char *path, const evl_json_item *item, double *value) {
  if (!item->found || *value > 0) return EVL_OK;
  if (item->string && item->length == 3 && strncasecmp(item->string, "n/a", 3) == 0) return EVL_OK;
  if (item->is_number && item->number > 0) {
    *value = item->number;
    return EVL_OK;
  }
  const char *wrong = evl_arena_format(s->arena, ": %s is not a positive number", item->key);
  return wrong ? note(s, path, wrong) : EVL_MEMORY;
}

static evl_status read_json(search *s, const char *path) {
  char *text;
  size_t bytes;
  evl_json_item item[] = {{.key = "PowerLineFrequency"}, {.key = "SamplingFrequency"}};
  int line = 1;
  evl_status status = evl_file_text(path, s->arena, &text, &bytes);
  if (status != EVL_OK) return note_error(s, status, path);
  const char *problem = strlen(text) < bytes ? "a NUL byte" : evl_json_scan(text, item, 2, &line);
  if (problem) {
    const char *wrong = evl_arena_format(s->arena, ":%d: expected JSON, found %s", line, problem);
    return wrong ? note(s, path, wrong) : EVL_MEMORY;
  }
  EVL_TRY(take_number(s, path, &item[0], &s->sidecar->line_hz));
  return take_number(s, path, &item[1], &s->sidecar->fs_hz);
}

static evl_status read_level(search *s, const char *folder) {
  evl_sidecar *sidecar = s->sidecar;
  for (int k = 0; k < EVL_SIDECAR_KINDS; k++) {
    if (!s->best[k]) continue;
    const char *path = evl_arena_format(s->arena, "%s/%s", folder, s->best[k]);
    if (!path) return EVL_MEMORY;
    if (k == EVL_SIDECAR_JSON) EVL_TRY(read_json(s, path));
    else if (k == EVL_SIDECAR_CHANNELS && !*sidecar->channels_path) EVL_TRY(read_channels(s, path));
    else if (k == EVL_SIDECAR_ELECTRODES && !*sidecar->electrodes_path) EVL_TRY(read_electrodes(s, path));
    else if (k == EVL_SIDECAR_EVENTS && !*sidecar->events_path) sidecar->events_path = path;
  }
  return EVL_OK;
}

/* ---- the walk upwards ---------------------------------------------------------------------------------- */

static char *stem_of(const char *path, evl_arena *arena) {
  char *stem = evl_arena_text(arena, file_name(path));
  char *dot = stem ? strrchr(stem, '.') : NULL;
  if (dot) *dot = '\0';
  size_t n = stem ? strlen(stem) : 0;
  if (n > 4 && strcmp(stem + n - 4, "_eeg") == 0) stem[n - 4] = '\0';
  return stem;
}

evl_status evl_sidecars_read(evl_sidecars *sidecars, const char *path, evl_arena *arena, evl_sidecar **sidecar) {
  search s = {.arena = arena};
  EVL_NEW(arena, s.sidecar, 1);
  s.sidecar->note = s.sidecar->channels_path = s.sidecar->events_path = "";
  s.sidecar->electrodes_path = "";
  const char *stem = stem_of(path, arena), *root = evl_sidecars_root(sidecars);
  char *folder = evl_arena_format(arena, "%s%s", strchr(path, '/') ? "" : "./", path);
  if (!stem || !folder) return EVL_MEMORY;
  size_t n_root = strlen(root);
  for (char *slash; (slash = strrchr(folder, '/'));) {
    *slash = '\0';
    EVL_TRY(evl_sidecars_apply(sidecars, folder, stem, s.best));
    EVL_TRY(read_level(&s, folder));
    bool below_root = strncmp(folder, root, n_root) == 0 && folder[n_root] == '/';
    /* A stem without pairs may occur in many folders; what stands above says nothing of it. */
    if (!below_root || !strchr(stem, '-')) break;
  }
  *sidecar = s.sidecar;
  return EVL_OK;
}

evl_status evl_sidecar_read(const char *path, const char *root, evl_arena *arena, evl_sidecar **sidecar) {
  evl_sidecars *sidecars;
  EVL_TRY(evl_sidecars_create(root, &sidecars));
  evl_status status = evl_sidecars_read(sidecars, path, arena, sidecar);
  evl_sidecars_free(sidecars);
  return status;
}

const double *evl_sidecar_position(const evl_sidecar *sidecar, const char *label) {
  for (int i = 0; i < sidecar->n_electrodes; i++)
    if (strcmp(sidecar->electrode[i].name, label) == 0) return sidecar->electrode[i].xyz;
  for (int i = 0; i < sidecar->n_electrodes; i++)
    if (strcasecmp(sidecar->electrode[i].name, label) == 0) return sidecar->electrode[i].xyz;
  return NULL;
}

int evl_sidecar_find(const evl_sidecar *sidecar, const char *label) {
  for (int i = 0; i < sidecar->n_channels; i++)
    if (strcmp(sidecar->channel[i].name, label) == 0) return i;
  for (int i = 0; i < sidecar->n_channels; i++)
    if (strcasecmp(sidecar->channel[i].name, label) == 0) return i;
  return -1;
}
