/* list: the tables of the project. */
#include <math.h>
#include <string.h>

#include "eveil/conditioning.h"
#include "eveil/dynamics.h"
#include "eveil/features.h"
#include "eveil/readers.h"
#include "study_priv.h"

/* " (0 to 1)", " (0 and more)", or nothing where any number may come. */
static void print_range(double min, double max, FILE *out) {
  const bool from = isfinite(min), to = isfinite(max);
  if (from && to) fprintf(out, " (%.9g to %.9g)", min, max);
  else if (from) fprintf(out, " (%.9g and more)", min);
  else if (to) fprintf(out, " (up to %.9g)", max);
}

/* Time of a usual window of 19 channels at 250 Hz, by the estimate that plans are made from. */
static void print_cost(const evl_entry *e, FILE *out) {
  enum { CHANNELS = 19 };
  static const char *const name[CHANNELS] = {"Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz",
                                             "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2"};
  static const evl_montage montage = {.n = CHANNELS, .name = name};
  const double window_s = evl_usual_window_s(e), fs_hz = 250.0;
  const evl_shape shape = {.n_channels = CHANNELS, .n_samples = (int)(window_s * fs_hz), .fs_hz = fs_hz,
                           .montage = &montage, .step_s = window_s};
  evl_arena *arena = evl_arena_create();
  evl_params *params;
  if (arena && evl_params_default(e->params, arena, &params) == EVL_OK)
    fprintf(out, "  Cost: about %.2g ms for a window of %g s, 19 channels at 250 Hz\n", 1e-3 * e->cost_us(params, &shape),
            window_s);
  evl_arena_free(arena);
}

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
  fprintf(out, "%s\n", *comma == ' ' ? " nothing" : "");
  if (e->min_window_s > 0) fprintf(out, "  Shortest window: %g s\n", e->min_window_s);
  print_cost(e, out);
  fprintf(out, "\n  Outputs\n");
  for (const evl_output *o = e->outputs; o && o->name; o++) {
    fprintf(out, "    %s%s%s%s [%s]", o->name, o->over ? " (for each of " : "", o->over ? o->over : "",
            o->over ? ")" : "", o->unit && *o->unit ? o->unit : "1");
    print_range(o->min, o->max, out);
    fprintf(out, "%s%s: %s\n", per[o->per], o->of_recording ? ", per recording" : "", o->text);
  }
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
