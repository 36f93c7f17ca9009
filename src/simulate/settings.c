/* What the group `simulate` says: its own keys, and a group for every mechanism and artefact, by the tables. */
#include "simulate_priv.h"

#include <string.h>

/* Keys that may stand in `simulate` itself, too. */
static const char *const lifted[] = {"suppression", "suppressed_uv", "exponent",     "alpha_hz", "alpha_uv",
                                     "background_uv", "drift_uv",    "pops_per_min", "line_uv",  NULL};

typedef struct shelf {
  evl_param *table; /* the lifted keys */
  int n, capacity;
} shelf;

static void lift(const evl_param *params, shelf *s) {
  for (const evl_param *p = params; p->name; p++)
    for (int i = 0; lifted[i]; i++)
      if (!strcmp(lifted[i], p->name) && s->n < s->capacity) s->table[s->n++] = *p;
}

static evl_status lift_all(evl_arena *arena, shelf *s) {
  s->n = 0;
  s->capacity = (int)(sizeof lifted / sizeof *lifted) - 1;
  EVL_NEW(arena, s->table, s->capacity + 1);
  lift(evl_mechanism_background.params, s);
  lift(evl_artefact_sweat.params, s);
  lift(evl_artefact_pop.params, s);
  lift(evl_artefact_line.params, s);
  return EVL_OK;
}

static evl_status subgroup_names(evl_arena *arena, const char ***names) {
  int n = 0;
  for (int i = 0; evl_mechanisms[i]; i++) n++;
  for (int i = 0; evl_artefacts[i]; i++) n++;
  EVL_NEW(arena, *names, n + 1);
  n = 0;
  for (int i = 0; evl_mechanisms[i]; i++) (*names)[n++] = evl_mechanisms[i]->name;
  for (int i = 0; evl_artefacts[i]; i++) (*names)[n++] = evl_artefacts[i]->name;
  return EVL_OK;
}

/* The parameters of an entry: its group, then what `simulate` says for it, then the defaults. */
static evl_status read_entry(evl_group *simulate, const char *name, const evl_param *table, const evl_params *above,
                             evl_arena *arena, const evl_params **params) {
  evl_group *group;
  evl_params *read, own = {0, NULL};
  const char *where = evl_arena_format(arena, "simulate.%s", name);
  if (!where) return EVL_MEMORY;
  EVL_NEW(arena, own.value, above->n);
  for (int i = 0; i < above->n; i++)
    for (int k = 0; lifted[k]; k++)
      if (above->value[i].given && !strcmp(above->value[i].param->name, lifted[k]))
        own.value[own.n++] = above->value[i];
  EVL_TRY(evl_group_child(simulate, name, &group));
  EVL_TRY(evl_group_params(group, where, &table, 1, NULL, &own, arena, &read));
  *params = read;
  return EVL_OK;
}

static evl_status unknown(const char *key, const char *name, const evl_guess *guess) {
  return evl_fail(EVL_USAGE, "simulate.%s: no entry \"%s\" in the table; did you mean \"%s\"?", key, name, guess->best);
}

static evl_status check_names(const char *key, const evl_value *list) {
  for (int i = 0; i < list->n; i++)
    for (int k = 0; k < i; k++)
      if (!strcmp(list->strings[i], list->strings[k]))
        return evl_fail(EVL_USAGE, "simulate.%s: \"%s\" is listed twice", key, list->strings[i]);
  return EVL_OK;
}

static evl_status take_mechanisms(evl_group *group, const evl_params *own, evl_arena *arena, evl_settings *s) {
  const evl_value *list = evl_params_value(own, "mechanism");
  EVL_TRY(check_names("mechanism", list));
  if (list->n < 1) return evl_fail(EVL_USAGE, "simulate.mechanism: expected at least one name, found none");
  EVL_NEW(arena, s->mechanism, list->n);
  for (int i = 0; i < list->n; i++) {
    evl_guess guess = {.word = list->strings[i]};
    for (int k = 0; evl_mechanisms[k]; k++) evl_guess_try(&guess, evl_mechanisms[k]->name);
    s->mechanism[i].entry = evl_mechanism_find(list->strings[i]);
    if (!s->mechanism[i].entry) return unknown("mechanism", list->strings[i], &guess);
  }
  s->n_mechanisms = list->n;
  for (int k = 0; evl_mechanisms[k]; k++) { /* all groups are checked, whatever is listed */
    const evl_params *params;
    EVL_TRY(read_entry(group, evl_mechanisms[k]->name, evl_mechanisms[k]->params, own, arena, &params));
    for (int i = 0; i < s->n_mechanisms; i++)
      if (s->mechanism[i].entry == evl_mechanisms[k]) s->mechanism[i].params = params;
  }
  return EVL_OK;
}

static evl_status take_artefacts(evl_group *group, const evl_params *own, evl_arena *arena, evl_settings *s) {
  const evl_value *list = evl_params_value(own, "artefacts");
  EVL_TRY(check_names("artefacts", list));
  EVL_NEW(arena, s->artefact, list->n);
  for (int i = 0; i < list->n; i++) {
    evl_guess guess = {.word = list->strings[i]};
    for (int k = 0; evl_artefacts[k]; k++) evl_guess_try(&guess, evl_artefacts[k]->name);
    if (!evl_artefact_find(list->strings[i])) return unknown("artefacts", list->strings[i], &guess);
  }
  for (int k = 0; evl_artefacts[k]; k++) {
    const evl_params *params;
    EVL_TRY(read_entry(group, evl_artefacts[k]->name, evl_artefacts[k]->params, own, arena, &params));
    for (int i = 0; i < list->n; i++)
      if (!strcmp(list->strings[i], evl_artefacts[k]->name))
        s->artefact[s->n_artefacts++] = (evl_artefact_setting){evl_artefacts[k], params};
  }
  return EVL_OK;
}

evl_status evl_settings_read(evl_group *simulate, evl_arena *arena, evl_settings *settings) {
  shelf above;
  const char **names;
  evl_params *own;
  *settings = (evl_settings){0};
  EVL_TRY(lift_all(arena, &above));
  EVL_TRY(subgroup_names(arena, &names));
  const evl_param *const tables[] = {evl_simulate_params, above.table};
  EVL_TRY(evl_group_params(simulate, "simulate", tables, 2, names, NULL, arena, &own));
  settings->own = own;
  EVL_TRY(take_mechanisms(simulate, own, arena, settings));
  return take_artefacts(simulate, own, arena, settings);
}
