/* config_print: the configurations that the tables make: the default one with every key explained, and everything. */
#include <string.h>

#include "eveil/conditioning.h"
#include "eveil/dynamics.h"
#include "eveil/features.h"
#include "eveil/readers.h"
#include "study_priv.h"

/* ---- parameters as libconfig text ---- */

static void print_param(const evl_param *p, bool open, const char *indent, FILE *out) {
  fprintf(out, "%s# %s", indent, p->text);
  if (p->unit && *p->unit) fprintf(out, " [%s]", p->unit);
  if (p->min != 0 || p->max != 0) fprintf(out, " (%.9g to %.9g)", p->min, p->max);
  if (p->choices) fprintf(out, " (%s)", p->choices);
  fprintf(out, "\n%s%s%s %s %s;\n", indent, open ? "# " : "", p->name, p->type == EVL_BANDS ? ":" : "=",
          open ? "..." : p->fallback);
}

static bool is_in(const evl_param *table, const char *name) {
  for (; table && table->name; table++)
    if (!strcmp(table->name, name)) return true;
  return false;
}

void evl_params_print(const evl_param *table, const evl_param *above, const char *indent, FILE *out) {
  for (const evl_param *p = table; p->name; p++) print_param(p, !p->fallback || is_in(above, p->name), indent, out);
}

static void print_group(const char *name, const char *text, const evl_param *table, FILE *out) {
  fprintf(out, "# %s\n%s: {\n", text, name);
  evl_params_print(table, NULL, "  ", out);
  fprintf(out, "};\n\n");
}

enum { MOST_NAMES = 16 };

/* An analysis of the default configuration; its entries are at their defaults. */
typedef struct preset {
  const char *name;
  double window_s, step_s;
  const char *features[MOST_NAMES], *dynamics[4], *text;
} preset;

static const preset presets[] = {
    {.name = "spectral", .window_s = 4, .step_s = 2,
     .features = {"band_power", "spectral_edge", "spectral_entropy", "spectral_ratio", "hjorth", "permutation_entropy",
                  "spectrum"},
     .text = "Spectra on short windows."},
    {.name = "complexity", .window_s = 10, .step_s = 10, .features = {"lempel_ziv", "higuchi", "dfa", "sample_entropy"},
     .text = "How irregular the signal is."},
    {.name = "background", .window_s = 120, .step_s = 120,
     .features = {"burst_suppression", "background_continuity", "bursts", "voltage_fraction", "range_eeg", "regularity",
                  "amplitude_entropy", "periodic_discharges", "brain_symmetry_index", "seizure_index"},
     .text = "The background pattern on long windows: suppression, continuity, bursts, discharges."},
    {.name = "network", .window_s = 60, .step_s = 60,
     .features = {"wsmi", "phase_lag", "graph", "aperiodic"},
     .text = "What channels share, its graphs, and the shape of the spectrum, of every minute."},
    {.name = "dynamics", .window_s = 60, .step_s = 60, .dynamics = {"var"}, .text = "A dynamical model of every minute."}};

static void print_formats(FILE *out) {
  fprintf(out, "# How files are read that do not say everything themselves.\nformats: {\n");
  for (int i = 0; evl_formats[i]; i++) {
    if (!evl_formats[i]->params) continue;
    fprintf(out, "  # %s\n  %s: {\n", evl_formats[i]->summary, evl_formats[i]->name);
    evl_params_print(evl_formats[i]->params, NULL, "    ", out);
    fprintf(out, "  };\n");
  }
  fprintf(out, "};\n\n");
}

static void print_list(const char *key, const char *const *names, FILE *out) {
  fprintf(out, "    %s = [", key);
  for (int i = 0; names[i]; i++) fprintf(out, "%s\"%s\"", i ? ", " : "", names[i]);
  fprintf(out, "];\n");
}

static void print_preset(const preset *p, bool last, FILE *out) {
  fprintf(out, "  # %s\n  { name = \"%s\";\n    window_s = %.1f;\n    step_s = %.1f;\n", p->text, p->name, p->window_s,
          p->step_s);
  if (p->features[0]) print_list("features", p->features, out);
  if (p->dynamics[0]) print_list("dynamics", p->dynamics, out);
  for (const evl_param *q = evl_analysis_params; q->name; q++)
    if (!strcmp(q->name, "store") || !strcmp(q->name, "precision")) print_param(q, false, "    ", out);
  fprintf(out, "    epochs: {\n");
  evl_params_print(evl_epoch_params, NULL, "      ", out);
  fprintf(out, "    };\n");
  for (int kind = 0; kind < 2; kind++)
    for (const char *const *name = kind ? p->dynamics : p->features; *name; name++) {
      const evl_entry *e = kind ? evl_model_find(*name) : evl_feature_find(*name);
      if (!e || !e->params->name) continue;
      fprintf(out, "    %s: {\n", *name);
      evl_params_print(e->params, NULL, "      ", out);
      fprintf(out, "    };\n");
    }
  fprintf(out, "  }%s\n", last ? "" : ",");
}

/* As comments: which analysis they take is the study's own. */
static void print_cohort_models(FILE *out) {
  fprintf(out, "# Models of the whole cohort, fitted when the store is gathered:\n"
               "# cohort_models: ( { name = \"shared\"; analysis = \"dynamics\"; group = \"outcome\"; } );\n");
  for (const evl_param *q = evl_cohort_model_params; q->name; q++)
    fprintf(out, "#   %s%s%s: %s\n", q->name, q->fallback ? " = " : "", q->fallback ? q->fallback : "", q->text);
  fprintf(out, "\n");
}

evl_status evl_config_print(FILE *out) {
  fprintf(out, "# The default configuration, with every key explained: generated by `eveil config`.\n"
               "# Numbers may be written as integers; lists in ( ) or [ ]. Keys left out have these values.\n\n");
  print_group("cohort", "Where the recordings are.", evl_cohort_params, out);
  print_group("output", "Where results go.", evl_output_params, out);
  print_formats(out);
  print_group("annotations", "Which annotations of the files are kept.", evl_annotation_params, out);
  fprintf(out, "# What is done to every recording before windows are cut; an analysis may override keys in a group of "
               "its own.\nconditioning: {\n");
  for (int i = 0; evl_steps[i]; i++) evl_params_print(evl_steps[i]->params, NULL, "  ", out);
  fprintf(out, "};\n\n# What is computed: one window grid each. A group named after a feature or model holds its "
               "parameters.\nanalyses: (\n");
  int n = (int)(sizeof presets / sizeof *presets);
  for (int i = 0; i < n; i++) print_preset(&presets[i], i + 1 == n, out);
  fprintf(out, ");\n\n");
  print_cohort_models(out);
  print_group("run", "How a run goes.", evl_run_params, out);
  return EVL_OK;
}

/* ---- all features, all models ---- */

static const evl_entry *entry_at(int i, bool *model) {
  int features = 0;
  while (evl_features[features]) features++;
  *model = i >= features;
  return *model ? evl_models[i - features] : evl_features[i];
}

static bool has_pairs(const evl_entry *e) {
  for (const evl_output *o = e->outputs; o->name; o++)
    if (o->per == EVL_PER_PAIR) return true;
  return false;
}

/* The default set of models, which a cohort can afford: seconds a patient. */
static const char *const affordable[] = {"var", "criticality", "sindy", "dmd", "havok", "robinson"};

static bool is_affordable(const evl_entry *e) {
  for (size_t i = 0; i < sizeof affordable / sizeof *affordable; i++)
    if (!strcmp(affordable[i], e->name)) return true;
  return false;
}

/* What a model says of pairs of channels is a measure like those of the catalogue. */
static bool belongs(const evl_entry *e, bool model, evl_config_set set) {
  const bool alone = model && !has_pairs(e);
  return set == EVL_CONFIG_FULL ? !alone : alone && (set == EVL_CONFIG_MODELS || is_affordable(e));
}

typedef struct set_words { const char *word, *of; } set_words;
static const set_words words[] = {
    [EVL_CONFIG_FULL] = {"full", "All features, and what models say of pairs of channels"},
    [EVL_CONFIG_DYNAMICS] = {"dynamics", "The default set of dynamical models"},
    [EVL_CONFIG_MODELS] = {"models", "All dynamical models, dear ones too"}};

bool evl_config_set_find(const char *word, evl_config_set *set) {
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strcmp(words[i].word, word)) {
      *set = (evl_config_set)i;
      return true;
    }
  return false;
}

static bool same_grid(const evl_entry *a, const evl_entry *b) {
  return evl_usual_window_s(a) == evl_usual_window_s(b) && evl_usual_step_s(a) == evl_usual_step_s(b);
}

static void print_like(const char *key, const evl_entry *like, bool models, evl_config_set set, FILE *out) {
  bool model;
  int n = 0;
  for (int i = 0; entry_at(i, &model); i++) {
    const evl_entry *e = entry_at(i, &model);
    if (model == models && belongs(e, model, set) && same_grid(e, like))
      fprintf(out, "%s\"%s\"", n++ ? ", " : key, e->name);
  }
  if (n) fprintf(out, "];\n");
}

/* No entry of the set before it has its windows. */
static bool is_first(int i, evl_config_set set) {
  bool model;
  const evl_entry *first = entry_at(i, &model);
  for (int before = 0; before < i; before++) {
    const evl_entry *e = entry_at(before, &model);
    if (belongs(e, model, set) && same_grid(e, first)) return false;
  }
  return true;
}

void evl_config_print_set(evl_config_set set, FILE *out) {
  const char *name = words[set].word;
  fprintf(out, "# %s, with their defaults, each on the windows that it is made for: generated by\n"
               "# `eveil config %s`. What every key means: config/default.cfg.\n\n"
               "cohort: { root = \".\"; };\noutput: { store = \"out/%s.h5\"; };\n\nanalyses: (\n",
          words[set].of, name, name);
  int n = 0;
  bool model;
  for (int i = 0; entry_at(i, &model); i++) {
    const evl_entry *first = entry_at(i, &model);
    if (!belongs(first, model, set) || !is_first(i, set)) continue;
    const double window_s = evl_usual_window_s(first), step_s = evl_usual_step_s(first);
    fprintf(out, "%s  { name = \"%sseconds_%g", n++ ? ",\n" : "", set == EVL_CONFIG_FULL ? "" : "models_", window_s);
    if (step_s != window_s) fprintf(out, "_every_%g", step_s);
    fprintf(out, "\"; window_s = %.1f; step_s = %.1f;\n", window_s, step_s);
    print_like("    features = [", first, false, set, out);
    print_like("    dynamics = [", first, true, set, out);
    fprintf(out, "  }");
  }
  fprintf(out, "\n);\n");
}
