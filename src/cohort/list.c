/* list: the tables of the project, and the default configuration that they make. */
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

/* ---- list ---- */

static void print_entry(const evl_entry *e, FILE *out) {
  static const char *const per[] = {"", " per channel", " per pair of channels"};
  static const struct { unsigned bit; const char *name; } invariance[] = {
      {EVL_INVARIANT_OFFSET, "offset"}, {EVL_INVARIANT_SCALE, "scale"},
      {EVL_INVARIANT_ORDER, "channel order"}, {EVL_INVARIANT_SIGN, "sign"}};
  fprintf(out, "%s (version %d)\n  %s\n\n  Definition: %s\n  Source: %s\n  Invariant to:", e->name, e->version,
          e->summary, e->definition, e->cite);
  const char *comma = " ";
  for (int i = 0; i < 4; i++)
    if (e->invariant & invariance[i].bit) {
      fprintf(out, "%s%s", comma, invariance[i].name);
      comma = ", ";
    }
  fprintf(out, "%s\n\n  Outputs\n", *comma == ' ' ? " nothing" : "");
  for (const evl_output *o = e->outputs; o && o->name; o++)
    fprintf(out, "    %s%s%s%s [%s]%s%s: %s\n", o->name, o->over ? " (for each of " : "", o->over ? o->over : "",
            o->over ? ")" : "", o->unit && *o->unit ? o->unit : "1", per[o->per],
            o->of_recording ? ", per recording" : "", o->text);
  fprintf(out, "\n  Parameters\n");
  evl_params_print(e->params, NULL, "    ", out);
}

static void print_step(const evl_step *s, FILE *out) {
  fprintf(out, "%s (version %d)\n  %s\n\n  Definition: %s\n  Source: %s\n\n  Parameters\n", s->name, s->version,
          s->summary, s->definition, s->cite);
  evl_params_print(s->params, NULL, "    ", out);
}

static int list_entries(const char *title, const evl_entry *const *table, const char *name, FILE *out) {
  int shown = 0;
  for (int i = 0; table[i]; i++) {
    if (name && strcmp(name, table[i]->name)) continue;
    if (name) print_entry(table[i], out);
    else {
      if (!shown) fprintf(out, "%s\n", title);
      fprintf(out, "  %-22s %s\n", table[i]->name, table[i]->summary);
    }
    shown++;
  }
  return shown;
}

static int list_steps(const char *name, FILE *out) {
  int shown = 0;
  for (int i = 0; evl_steps[i]; i++) {
    if (name && strcmp(name, evl_steps[i]->name)) continue;
    if (name) print_step(evl_steps[i], out);
    else {
      if (!shown) fprintf(out, "conditioning (in the order of application)\n");
      fprintf(out, "  %-22s %s\n", evl_steps[i]->name, evl_steps[i]->summary);
    }
    shown++;
  }
  return shown;
}

static void print_format(const evl_format *f, FILE *out) {
  fprintf(out, "  Suffixes: %s\n  Source: %s\n", *f->suffixes ? f->suffixes : "any, of files that recordings.tsv names",
          f->cite);
  if (!f->params) return;
  fprintf(out, "\n  Parameters (group formats.%s)\n", f->name);
  evl_params_print(f->params, NULL, "    ", out);
}

static int list_formats(const char *name, FILE *out) {
  int shown = 0;
  for (int i = 0; evl_formats[i]; i++) {
    if (name && strcmp(name, evl_formats[i]->name)) continue;
    if (!name && !shown) fprintf(out, "readers\n");
    fprintf(out, name ? "%s\n  %s\n" : "  %-22s %s\n", evl_formats[i]->name, evl_formats[i]->summary);
    if (name) print_format(evl_formats[i], out);
    shown++;
  }
  return shown;
}

static int list_kind(int kind, const char *name, FILE *out) {
  switch (kind) {
    case 0: return list_formats(name, out);
    case 1: return list_steps(name, out);
    case 2: return list_entries("features", evl_features, name, out);
    default: return list_entries("dynamics", evl_models, name, out);
  }
}

static evl_status no_entry(int kind, const char *kind_name, const char *name) {
  evl_guess guess = {.word = name};
  for (int i = 0; kind == 0 && evl_formats[i]; i++) evl_guess_try(&guess, evl_formats[i]->name);
  for (int i = 0; kind == 1 && evl_steps[i]; i++) evl_guess_try(&guess, evl_steps[i]->name);
  for (int i = 0; kind == 2 && evl_features[i]; i++) evl_guess_try(&guess, evl_features[i]->name);
  for (int i = 0; kind == 3 && evl_models[i]; i++) evl_guess_try(&guess, evl_models[i]->name);
  return evl_fail(EVL_USAGE, "no entry \"%s\" among the %s; did you mean \"%s\"?", name, kind_name, guess.best);
}

const char *const evl_list_kinds[] = {"readers", "conditioning", "features", "dynamics", NULL};

evl_status evl_list_print(const char *kind, const char *name, FILE *out) {
  for (int k = 0; evl_list_kinds[k]; k++)
    if (!kind || !strcmp(kind, evl_list_kinds[k])) {
      if (!list_kind(k, name, out)) return no_entry(k, evl_list_kinds[k], name);
    }
  return EVL_OK;
}

/* ---- default configuration ---- */

static void print_group(const char *name, const char *text, const evl_param *table, FILE *out) {
  fprintf(out, "# %s\n%s: {\n", text, name);
  evl_params_print(table, NULL, "  ", out);
  fprintf(out, "};\n\n");
}

typedef struct preset {
  const char *name;
  double window_s, step_s;
  const char *features[8], *dynamics[4], *text;
} preset;

static const preset presets[] = {
    {"spectral", 4, 2,
     {"band_power", "spectral_edge", "spectral_entropy", "hjorth", "permutation_entropy", "spectrum"}, {0},
     "Spectra and complexity on short windows."},
    {"background", 120, 120, {"burst_suppression"}, {0}, "The background pattern on long windows."},
    {"dynamics", 60, 60, {0}, {"var"}, "A dynamical model of every minute."}};

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
