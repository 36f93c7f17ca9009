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

enum { MOST_NAMES = 16, MOST_KEYS = 4 };

/* An analysis of the default configuration; keys: those that are not at their entry's defaults, {entry, key, value}. */
typedef struct preset {
  const char *name;
  double window_s, step_s;
  const char *features[MOST_NAMES], *dynamics[4], *keys[MOST_KEYS][3], *conditioning, *text;
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

/* The parameters of an entry, with the preset's values in place of some defaults. */
static void print_keys(const preset *p, const evl_entry *e, FILE *out) {
  for (const evl_param *q = e->params; q->name; q++) {
    evl_param own = *q;
    for (int k = 0; k < MOST_KEYS && p->keys[k][0]; k++)
      if (!strcmp(p->keys[k][0], e->name) && !strcmp(p->keys[k][1], q->name)) own.fallback = p->keys[k][2];
    print_param(&own, !own.fallback, "      ", out);
  }
}

static void print_preset(const preset *p, bool last, FILE *out) {
  fprintf(out, "  # %s\n  { name = \"%s\";\n    window_s = %.1f;\n    step_s = %.1f;\n", p->text, p->name, p->window_s,
          p->step_s);
  if (p->conditioning) fprintf(out, "    conditioning: { %s };\n", p->conditioning);
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
      print_keys(p, e, out);
      fprintf(out, "    };\n");
    }
  fprintf(out, "  }%s\n", last ? "" : ",");
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
  print_group("run", "How a run goes.", evl_run_params, out);
  return EVL_OK;
}

/* ---- everything ---- */

static bool same_grid(const evl_entry *a, const evl_entry *b) {
  return evl_usual_window_s(a) == evl_usual_window_s(b) && evl_usual_step_s(a) == evl_usual_step_s(b);
}

static const evl_entry *entry_at(int i) {
  int features = 0;
  while (evl_features[features]) features++;
  return i < features ? evl_features[i] : evl_models[i - features];
}

static void print_like(const char *key, const evl_entry *like, const evl_entry *const *table, FILE *out) {
  int n = 0;
  for (int i = 0; table[i]; i++)
    if (same_grid(table[i], like)) fprintf(out, "%s\"%s\"", n++ ? ", " : key, table[i]->name);
  if (n) fprintf(out, "];\n");
}

void evl_config_print_full(FILE *out) {
  fprintf(out, "# Everything: all features and models with their defaults, each on the windows that it is made for: generated by\n"
               "# `eveil config full`. What every key means: config/default.cfg.\n\n"
               "cohort: { root = \".\"; };\noutput: { store = \"out/full.h5\"; };\n\nanalyses: (\n");
  int n = 0;
  for (int i = 0; entry_at(i); i++) {
    const evl_entry *first = entry_at(i);
    int before = 0;
    while (before < i && !same_grid(entry_at(before), first)) before++;
    if (before < i) continue;
    const double window_s = evl_usual_window_s(first), step_s = evl_usual_step_s(first);
    fprintf(out, "%s  { name = \"seconds_%g", n++ ? ",\n" : "", window_s);
    if (step_s != window_s) fprintf(out, "_every_%g", step_s);
    fprintf(out, "\"; window_s = %.1f; step_s = %.1f;\n", window_s, step_s);
    print_like("    features = [", first, evl_features, out);
    print_like("    dynamics = [", first, evl_models, out);
    fprintf(out, "  }");
  }
  fprintf(out, "\n);\n");
}
