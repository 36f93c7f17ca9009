/* configure: the groups of a configuration, by the tables. */
#include <math.h>
#include <string.h>

#include "eveil/conditioning.h"
#include "eveil/dynamics.h"
#include "eveil/features.h"
#include "study_priv.h"

const evl_param evl_output_params[] = {
    {"store", EVL_STRING, "\"out/store.h5\"", 0, 0, NULL, "",
     "The store: one HDF5 file; journals stand beside it while a run goes on."},
    {"prognosis", EVL_STRING, "\"out/prognosis.h5\"", 0, 0, NULL, "",
     "The prognosis file, written by eveil prognose."},
    {0}};

const evl_param evl_run_params[] = {
    {"seed", EVL_INT, "20260101", 0, 9007199254740992.0, NULL, "",
     "Seed of every random number; part of every result."},
    {"schedule", EVL_STRING, "\"dynamic\"", 0, 0, "dynamic|static", "",
     "Who gives out tasks: rank 0 while working, or costs beforehand."},
    {"task_s", EVL_REAL, "600.0", 1, 86400, NULL, "s", "Length of signal that one task covers."},
    {"flush_s", EVL_REAL, "10.0", 0, 3600, NULL, "s",
     "Longest time that a finished task may wait for its sync to disk."},
    {"compress", EVL_BOOL, "true", 0, 0, NULL, "",
     "Chunks with shuffle and deflate 1; false: contiguous arrays, faster to write."},
    {"gather_mb", EVL_INT, "96", 16, 1048576, NULL, "MB",
     "Memory that a rank may use for rows while the store is written."},
    {"keep_journals", EVL_BOOL, "false", 0, 0, NULL, "",
     "Keep the journals after a complete gather, so that later patients cost only themselves."},
    {"scratch", EVL_STRING, "\"\"", 0, 0, NULL, "",
     "Folder for journals, where the output's file system is slow; empty: beside the store."},
    {"costs", EVL_STRING, "\"\"", 0, 0, NULL, "",
     "Table of measured costs, read by plans and kept by runs; empty: beside the store, as STORE.costs."},
    {0}};

const evl_param evl_analysis_params[] = {
    {"name", EVL_STRING, NULL, 0, 0, NULL, "", "Name of the analysis: its group in the store."},
    {"window_s", EVL_REAL, NULL, 0.01, 86400, NULL, "s", "Length of a window."},
    {"step_s", EVL_REAL, "0.0", 0, 86400, NULL, "s",
     "Distance of window starts, at least 0.001; 0: the length of a window."},
    {"features", EVL_STRINGS, "[]", 0, 0, NULL, "", "Features, in the order of their columns (eveil list features)."},
    {"dynamics", EVL_STRINGS, "[]", 0, 0, NULL, "", "Dynamical models, behind the features (eveil list dynamics)."},
    {"store", EVL_STRING, "\"windows\"", 0, 0, "windows|summary", "",
     "What the store keeps: all window rows, or their summary alone."},
    {"regions", EVL_PATTERNS, "()", 0, 0, NULL, "",
     "Groups of channels over which columns are reduced, more columns behind the others: { frontal = [\"F*\", \"AF*\"]; "
     "all = \"*\"; } by patterns of the shell, case ignored; pairs within a region and between two. Undefined with less "
     "than half of the channels."},
    {"regions_by", EVL_STRINGS, "[\"mean\"]", 0, 0, NULL, "", "Statistics over a region: mean, sd, median, trimmed_mean80."},
    {"precision", EVL_STRING, "\"f64\"", 0, 0, "f64|f32", "", "Numbers of window rows and tensors in the store."},
    {0}};

static const double LEAST_STEP_S = 0.001;

static evl_status from_config(const evl_study *study, const char *path, const char **out) {
  *out = evl_path_from(study->config_path, path, study->arena);
  return *out ? EVL_OK : EVL_MEMORY;
}

static evl_status check_path(const evl_params *output, const char *key, const char *where) {
  const char *path = evl_params_string(output, key);
  size_t n = strlen(path);
  if (n > 0 && path[n - 1] != '/') return EVL_OK;
  return evl_fail(EVL_USAGE, "%s: output.%s: expected the path of a file, found \"%s\"", where, key, path);
}

evl_status evl_output_read(evl_config *config, evl_arena *arena, evl_params **output) {
  const evl_param *table = evl_output_params;
  evl_group *group;
  EVL_TRY(evl_group_child(evl_config_root(config), "output", &group));
  EVL_TRY(evl_group_params(group, "output", &table, 1, NULL, NULL, arena, output));
  const char *where = group ? evl_group_where(group) : evl_config_name(config);
  EVL_TRY(check_path(*output, "store", where));
  EVL_TRY(check_path(*output, "prognosis", where));
  if (strcmp(evl_params_string(*output, "store"), evl_params_string(*output, "prognosis"))) return EVL_OK;
  return evl_fail(EVL_USAGE, "%s: output.store and output.prognosis: expected two files, found \"%s\" for both", where,
                  evl_params_string(*output, "store"));
}

evl_status evl_config_check(evl_config *config, evl_arena *arena) {
  static const char *const groups[] = {"cohort",    "output", "conditioning", "analyses",
                                       "prognosis", "run",    "simulate",     "formats",  "annotations",
                                       "cohort_models", NULL};
  evl_params *none;
  return evl_group_params(evl_config_root(config), "the configuration", NULL, 0, groups, NULL, arena, &none);
}

evl_status evl_study_configure(evl_study *study) {
  evl_group *root = evl_config_root(study->config), *group;
  const evl_param *run = evl_run_params;
  evl_params *params;
  EVL_TRY(evl_output_read(study->config, study->arena, &params));
  study->output = params;
  EVL_TRY(evl_group_child(root, "run", &group));
  EVL_TRY(evl_group_params(group, "run", &run, 1, NULL, NULL, study->arena, &params));
  study->run = params;
  EVL_TRY(evl_config_keep(study->config, study->arena, &study->keep));
  EVL_TRY(evl_group_child(root, "formats", &group));
  EVL_TRY(evl_format_options_read(group, study->arena, &study->formats));
  study->seed = (uint64_t)evl_params_int(params, "seed");
  study->task_s = evl_params_real(params, "task_s");
  EVL_TRY(from_config(study, evl_params_string(study->output, "store"), &study->store));
  const char *costs = evl_params_string(params, "costs");
  if (*costs) EVL_TRY(from_config(study, costs, &study->costs_path));
  else if (!(study->costs_path = evl_arena_format(study->arena, "%s.costs", study->store))) return EVL_MEMORY;
  if (study->replay && !(study->store = evl_arena_format(study->arena, "%s.replay.h5", study->store))) return EVL_MEMORY;
  const char *scratch = evl_params_string(params, "scratch"), *base = strrchr(study->store, '/');
  if (*scratch) EVL_TRY(from_config(study, scratch, &scratch));
  study->journal_folder =
      *scratch ? evl_arena_format(study->arena, "%s/%s.journal", scratch, base ? base + 1 : study->store)
               : evl_arena_format(study->arena, "%s.journal", study->store);
  return study->journal_folder ? EVL_OK : EVL_MEMORY;
}

/* ---- analyses ---- */

static evl_status unknown_entry(const evl_group *group, const char *kind, const char *name,
                                const evl_entry *const *table) {
  evl_guess guess = {.word = name};
  for (int i = 0; table[i]; i++) evl_guess_try(&guess, table[i]->name);
  return evl_fail(EVL_USAGE, "%s: unknown %s \"%s\"%s%s%s", evl_group_where(group), kind, name,
                  guess.best ? "; did you mean \"" : "", guess.best ? guess.best : "", guess.best ? "\"?" : "");
}

/* The slots of an analysis: entries found, their parameter groups read. */
static evl_status read_slots(evl_study *study, evl_group *group, const evl_params *params, double window_s,
                             evl_slot *slot, int *n_slots) {
  const evl_value *list[2] = {evl_params_value(params, "features"), evl_params_value(params, "dynamics")};
  for (int kind = 0; kind < 2; kind++)
    for (int i = 0; i < list[kind]->n; i++) {
      const char *name = list[kind]->strings[i];
      const evl_entry *entry = kind ? evl_model_find(name) : evl_feature_find(name);
      if (!entry)
        return unknown_entry(group, kind ? "dynamical model" : "feature", name, kind ? evl_models : evl_features);
      if (window_s < entry->min_window_s)
        return evl_fail(EVL_USAGE, "%s: %s needs windows of at least %g s, found %g s", evl_group_where(group), name,
                        entry->min_window_s, window_s);
      evl_group *own;
      evl_params *own_params;
      EVL_TRY(evl_group_child(group, name, &own));
      EVL_TRY(evl_group_params(own, name, &entry->params, 1, NULL, NULL, study->arena, &own_params));
      slot[(*n_slots)++] = (evl_slot){.entry = entry, .params = own_params, .dynamic = kind == 1};
    }
  return EVL_OK;
}

enum { OWN_GROUPS = 2 };

/* Keys that a group of an analysis may have beside its own: conditioning, epochs and the entries it names. */
static evl_status subgroups_of(evl_study *study, const char ***names) {
  int n = 0;
  for (int i = 0; evl_features[i]; i++) n++;
  for (int i = 0; evl_models[i]; i++) n++;
  const char **name;
  EVL_NEW(study->arena, name, n + OWN_GROUPS + 1);
  n = 0;
  name[n++] = "conditioning";
  name[n++] = "epochs";
  for (int i = 0; evl_features[i]; i++) name[n++] = evl_features[i]->name;
  for (int i = 0; evl_models[i]; i++) name[n++] = evl_models[i]->name;
  *names = name;
  return EVL_OK;
}

/* A parameter group of an entry that the analysis does not run is a mistake. */
static evl_status check_used(evl_group *group, const evl_slot *slot, int n_slots, const char *const *names) {
  for (int i = OWN_GROUPS; names[i]; i++) {
    evl_group *own;
    EVL_TRY(evl_group_child(group, names[i], &own));
    bool used = false;
    for (int s = 0; s < n_slots; s++) used = used || !strcmp(slot[s].entry->name, names[i]);
    if (own && !used)
      return evl_fail(EVL_USAGE, "%s: parameters for %s, which this analysis does not run", evl_group_where(own),
                      names[i]);
  }
  return EVL_OK;
}

static bool valid_name(const char *name) {
  size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
  return n > 0 && !name[n];
}

/* Labels of all recordings in order of first appearance: what montage = "file" becomes. */
static evl_status all_labels(const evl_study *study, const char ***label, int *n) {
  const evl_source *before = NULL;
  int capacity = 0;
  *label = NULL;
  *n = 0;
  for (int r = 0; r < study->n_recordings; r++) {
    const evl_probe *p = &study->probe[r];
    if (p->status != EVL_OK || p->source == before) continue;
    before = p->source; /* equal lists are one list */
    for (int i = 0; i < p->n_sources; i++) {
      if (!p->source[i].usable) continue;
      int k = 0;
      while (k < *n && strcmp((*label)[k], p->source[i].label)) k++;
      if (k < *n) continue;
      if (*n == capacity) {
        const char **wider;
        capacity = 4 * capacity + 256;
        EVL_NEW(study->arena, wider, capacity);
        if (*n) memcpy(wider, *label, (size_t)*n * sizeof *wider);
        *label = wider;
      }
      (*label)[(*n)++] = p->source[i].label;
    }
  }
  return EVL_OK;
}

static evl_status take_grid(const evl_group *group, const evl_params *params, evl_analysis *analysis) {
  analysis->name = evl_params_string(params, "name");
  analysis->window_s = evl_params_real(params, "window_s");
  analysis->step_s = evl_params_real(params, "step_s");
  if (analysis->step_s <= 0) analysis->step_s = analysis->window_s;
  analysis->summary_only = !strcmp(evl_params_string(params, "store"), "summary");
  analysis->single = !strcmp(evl_params_string(params, "precision"), "f32");
  if (!valid_name(analysis->name))
    return evl_fail(EVL_USAGE, "%s: analysis name \"%s\": use letters, digits, _ and -", evl_group_where(group),
                    analysis->name);
  if (analysis->step_s < LEAST_STEP_S)
    return evl_fail(EVL_USAGE, "%s: analysis \"%s\": step_s = %g: expected 0 or at least %g s", evl_group_where(group),
                    analysis->name, analysis->step_s, LEAST_STEP_S);
  return EVL_OK;
}

static evl_status read_epochs(evl_study *study, evl_group *group, evl_analysis *analysis) {
  const evl_param *table = evl_epoch_params;
  evl_group *inner;
  evl_params *params;
  EVL_TRY(evl_group_child(group, "epochs", &inner));
  if (!inner) return EVL_OK;
  EVL_TRY(evl_group_params(inner, "epochs", &table, 1, NULL, NULL, study->arena, &params));
  return evl_epochs_plan(params, &study->keep, analysis->window_s, evl_group_where(inner), study->arena,
                         &analysis->epochs);
}

/* Channels and columns of an analysis whose entries are known. */
static evl_status lay_out(const evl_study *study, const evl_params *params, int n_labels, const char *const *label,
                          int n_slots, const evl_slot *slot, evl_analysis *analysis) {
  const evl_value *patterns = evl_params_value(params, "regions");
  evl_montage *montage;
  evl_layout *layout;
  evl_regions *regions = NULL;
  EVL_TRY(evl_montage_plan(analysis->conditioning, n_labels, label, study->arena, &montage));
  if (patterns->n > 0)
    EVL_TRY(evl_regions_plan(patterns, evl_params_value(params, "regions_by"), montage, study->arena, &regions));
  EVL_TRY(evl_layout_plan(n_slots, slot, montage, regions, study->arena, &layout));
  analysis->montage = montage;
  analysis->layout = layout;
  return EVL_OK;
}

static evl_status read_analysis(evl_study *study, evl_group *group, const evl_params *above, const char *const *label,
                                int n_labels, evl_analysis *analysis) {
  const evl_param *const *tables, *own = evl_analysis_params;
  int n_tables = evl_conditioning_tables(&tables), n_slots = 0;
  const char **names;
  evl_params *params, *conditioning;
  evl_group *inner;
  evl_slot *slot;
  EVL_TRY(subgroups_of(study, &names));
  EVL_TRY(evl_group_params(group, "analysis", &own, 1, names, NULL, study->arena, &params));
  EVL_TRY(evl_group_child(group, "conditioning", &inner));
  EVL_TRY(evl_group_params(inner, "conditioning", tables, n_tables, NULL, above, study->arena, &conditioning));
  analysis->conditioning = conditioning;
  EVL_TRY(take_grid(group, params, analysis));
  EVL_TRY(read_epochs(study, group, analysis));
  int asked = evl_params_value(params, "features")->n + evl_params_value(params, "dynamics")->n;
  if (asked == 0)
    return evl_fail(EVL_USAGE, "%s: analysis \"%s\" names no feature and no model", evl_group_where(group),
                    analysis->name);
  EVL_NEW(study->arena, slot, asked);
  EVL_TRY(read_slots(study, group, params, analysis->window_s, slot, &n_slots));
  EVL_TRY(check_used(group, slot, n_slots, names));
  evl_status status = lay_out(study, params, n_labels, label, n_slots, slot, analysis);
  return status == EVL_OK ? EVL_OK : evl_fail_in(status, "%s: analysis \"%s\"", evl_group_where(group), analysis->name);
}

evl_status evl_study_analyses(evl_study *study) {
  evl_group *root = evl_config_root(study->config), *group;
  const evl_param *const *tables;
  int n_tables = evl_conditioning_tables(&tables), n_labels;
  evl_params *conditioning;
  const char **label;
  EVL_TRY(evl_group_child(root, "conditioning", &group));
  EVL_TRY(evl_group_params(group, "conditioning", tables, n_tables, NULL, NULL, study->arena, &conditioning));
  EVL_TRY(evl_group_list(root, "analyses", &study->n_analyses));
  if (study->n_analyses == 0)
    return evl_fail(EVL_USAGE, "%s: no analyses: expected analyses: ( { name = ...; window_s = ...; "
                    "features = [...]; } );", study->config_path);
  if (study->n_analyses > EVL_MOST_ANALYSES)
    return evl_fail(EVL_LIMIT, "%s: more than %d analyses", study->config_path, EVL_MOST_ANALYSES);
  EVL_TRY(all_labels(study, &label, &n_labels));
  EVL_NEW(study->arena, study->analysis, study->n_analyses);
  for (int a = 0; a < study->n_analyses; a++) {
    EVL_TRY(evl_group_item(root, "analyses", a, &group));
    EVL_TRY(read_analysis(study, group, conditioning, label, n_labels, &study->analysis[a]));
    for (int b = 0; b < a; b++)
      if (!strcmp(study->analysis[a].name, study->analysis[b].name))
        return evl_fail(EVL_USAGE, "%s: a second analysis named \"%s\"", evl_group_where(group),
                        study->analysis[a].name);
  }
  return EVL_OK;
}
