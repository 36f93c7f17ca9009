/* config_params: from the settings of a group to checked values, by the tables. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config_priv.h"

typedef struct place { const char *file; int line; const char *group, *key; } place;

static evl_status wrong(const place *at, const char *expected) {
  return evl_fail(EVL_USAGE, "%s:%d: %s.%s: expected %s", at->file, at->line, at->group, at->key, expected);
}

static evl_status in_range(const place *at, const evl_param *param, double x) {
  if (!isfinite(x)) return wrong(at, "a finite number");
  if ((param->min != 0 || param->max != 0) && (x < param->min || x > param->max))
    return evl_fail(EVL_USAGE, "%s:%d: %s.%s = %.9g is outside %.9g to %.9g%s%s", at->file, at->line, at->group,
                    at->key, x, param->min, param->max, param->unit && *param->unit ? " " : "",
                    param->unit ? param->unit : "");
  return EVL_OK;
}

static evl_status real_of(const place *at, const evl_param *param, const evl_node *node, double *x) {
  evl_node_kind kind = evl_node_kind_of(node);
  if (kind != EVL_NODE_INT && kind != EVL_NODE_REAL) return wrong(at, "a number");
  *x = evl_node_real(node);
  return in_range(at, param, *x);
}

static evl_status in_choices(const place *at, const evl_param *param, const char *text) {
  if (!param->choices) return EVL_OK;
  size_t n = strlen(text);
  for (const char *c = param->choices; *c;) {
    size_t k = strcspn(c, "|");
    if (k == n && !strncmp(c, text, n)) return EVL_OK;
    c += k + (c[k] == '|');
  }
  return evl_fail(EVL_USAGE, "%s:%d: %s.%s = \"%s\" is not one of %s", at->file, at->line, at->group, at->key, text,
                  param->choices);
}

static evl_status string_of(const place *at, const evl_param *param, const evl_node *node, evl_arena *arena,
                            const char **text) {
  if (evl_node_kind_of(node) != EVL_NODE_STRING) return wrong(at, "a string");
  *text = evl_arena_text(arena, evl_node_string(node));
  return *text ? in_choices(at, param, *text) : EVL_MEMORY;
}

static evl_status reals_of(const place *at, const evl_node *node, evl_arena *arena, evl_value *value) {
  bool list = evl_node_kind_of(node) == EVL_NODE_LIST;
  value->n = list ? evl_node_count(node) : 1;
  double *x;
  EVL_NEW(arena, x, value->n);
  for (int i = 0; i < value->n; i++)
    EVL_TRY(real_of(at, value->param, list ? evl_node_element(node, i) : node, &x[i]));
  value->reals = x;
  return EVL_OK;
}

static evl_status strings_of(const place *at, const evl_node *node, evl_arena *arena, evl_value *value) {
  bool list = evl_node_kind_of(node) == EVL_NODE_LIST;
  value->n = list ? evl_node_count(node) : 1;
  const char **x;
  EVL_NEW(arena, x, value->n);
  for (int i = 0; i < value->n; i++)
    EVL_TRY(string_of(at, value->param, list ? evl_node_element(node, i) : node, arena, &x[i]));
  value->strings = x;
  return EVL_OK;
}

static evl_status bands_of(const place *at, const evl_node *node, evl_arena *arena, evl_value *value) {
  if (evl_node_kind_of(node) != EVL_NODE_GROUP) return wrong(at, "a group of bands: { alpha = (8.0, 12.0); }");
  value->n = evl_node_count(node);
  evl_band *band;
  EVL_NEW(arena, band, value->n);
  for (int i = 0; i < value->n; i++) {
    const evl_node *b = evl_node_element(node, i);
    if (evl_node_kind_of(b) != EVL_NODE_LIST || evl_node_count(b) != 2)
      return wrong(at, "a band as name = (low, high)");
    EVL_TRY(real_of(at, value->param, evl_node_element(b, 0), &band[i].low_hz));
    EVL_TRY(real_of(at, value->param, evl_node_element(b, 1), &band[i].high_hz));
    if (band[i].low_hz >= band[i].high_hz) return wrong(at, "the lower edge of a band first");
    band[i].name = evl_arena_text(arena, evl_node_name(b));
    if (!band[i].name) return EVL_MEMORY;
  }
  value->bands = band;
  return value->n ? EVL_OK : wrong(at, "at least one band");
}

/* The next pattern of `value`; without a name it is its own. */
static evl_status add_pattern(const place *at, const char *name, const evl_node *node, evl_arena *arena,
                              evl_pattern *pattern, evl_value *value) {
  const char *text;
  EVL_TRY(string_of(at, &(const evl_param){.name = at->key}, node, arena, &text));
  if (!*text) return wrong(at, "a pattern of at least one character");
  if (!name && strpbrk(text, "*?[\\"))
    return evl_fail(EVL_USAGE, "%s:%d: %s.%s: \"%s\" needs a name: %s: { some_name = \"%s\"; };", at->file, at->line,
                    at->group, at->key, text, at->key, text);
  int same = 0;
  value->patterns = pattern;
  while (same < value->n && strcmp(pattern[same].name, name ? name : text)) same++;
  int index = same < value->n ? pattern[same].name_index : evl_pattern_names(value);
  pattern[value->n] = (evl_pattern){name ? evl_arena_text(arena, name) : text, text, index};
  return pattern[value->n++].name ? EVL_OK : EVL_MEMORY;
}

static evl_status patterns_of(const place *at, const evl_node *node, evl_arena *arena, evl_value *value) {
  evl_node_kind kind = evl_node_kind_of(node);
  if (kind != EVL_NODE_GROUP && kind != EVL_NODE_LIST && kind != EVL_NODE_STRING)
    return wrong(at, "a group of patterns: { name = \"pattern\"; }");
  int n = kind == EVL_NODE_STRING ? 1 : evl_node_count(node), most = 0;
  for (int i = 0; i < n; i++) {
    const evl_node *item = kind == EVL_NODE_GROUP ? evl_node_element(node, i) : NULL;
    most += item && evl_node_kind_of(item) == EVL_NODE_LIST ? evl_node_count(item) : 1;
  }
  evl_pattern *pattern;
  EVL_NEW(arena, pattern, most);
  value->n = 0;
  for (int i = 0; i < n; i++) {
    const evl_node *item = kind == EVL_NODE_STRING ? node : evl_node_element(node, i);
    const char *name = kind == EVL_NODE_GROUP ? evl_node_name(item) : NULL;
    bool several = name && evl_node_kind_of(item) == EVL_NODE_LIST;
    if (several && !evl_node_count(item)) return wrong(at, "a pattern for each name");
    for (int k = 0; k < (several ? evl_node_count(item) : 1); k++)
      EVL_TRY(add_pattern(at, name, several ? evl_node_element(item, k) : item, arena, pattern, value));
  }
  return EVL_OK;
}

static evl_status read_node(const place *at, const evl_node *node, evl_arena *arena, evl_value *value) {
  evl_node_kind kind = evl_node_kind_of(node);
  switch (value->param->type) {
    case EVL_INT:
      if (kind != EVL_NODE_INT) return wrong(at, "an integer");
      value->integer = evl_node_int(node);
      value->real = (double)value->integer;
      if (value->integer > 1LL << 53 || value->integer < -(1LL << 53))
        return wrong(at, "an integer of at most 53 bits");
      return in_range(at, value->param, value->real);
    case EVL_REAL: return real_of(at, value->param, node, &value->real);
    case EVL_BOOL:
      if (kind != EVL_NODE_BOOL && !(kind == EVL_NODE_INT && (evl_node_int(node) | 1) == 1))
        return wrong(at, "true or false");
      value->integer = evl_node_int(node);
      return EVL_OK;
    case EVL_STRING: return string_of(at, value->param, node, arena, &value->string);
    case EVL_REALS: return reals_of(at, node, arena, value);
    case EVL_STRINGS: return strings_of(at, node, arena, value);
    case EVL_BANDS: return bands_of(at, node, arena, value);
    case EVL_PATTERNS: return patterns_of(at, node, arena, value);
  }
  return EVL_OK;
}

static evl_status read_fallback(const evl_param *param, const char *group, evl_arena *arena, evl_value *value) {
  char *text = evl_arena_format(arena, "value %s %s;", param->type == EVL_BANDS ? ":" : "=", param->fallback);
  if (!text) return EVL_MEMORY;
  evl_config *config;
  EVL_TRY(evl_config_parse(text, "(default)", &config));
  const place at = {"(default)", 1, group, param->name};
  evl_status status = read_node(&at, evl_node_element(evl_group_node(evl_config_root(config)), 0), arena, value);
  evl_config_free(config);
  return status;
}

static const evl_node *find(const evl_group *group, const char *key) {
  if (!group) return NULL;
  const evl_node *node = evl_group_node(group);
  for (int i = 0; i < evl_node_count(node); i++)
    if (!strcmp(evl_node_name(evl_node_element(node, i)), key)) return evl_node_element(node, i);
  return NULL;
}

static evl_status check_known(const evl_group *group, const char *where, const evl_param *const *tables, int n_tables,
                              const char *const *subgroups) {
  const evl_node *node = evl_group_node(group);
  for (int i = 0; i < evl_node_count(node); i++) {
    const evl_node *child = evl_node_element(node, i);
    evl_guess guess = {.word = evl_node_name(child)};
    for (int t = 0; t < n_tables; t++)
      for (const evl_param *p = tables[t]; p->name; p++) evl_guess_try(&guess, p->name);
    for (int s = 0; subgroups && subgroups[s]; s++) evl_guess_try(&guess, subgroups[s]);
    if (guess.best && !strcmp(guess.word, guess.best)) continue;
    return evl_fail(EVL_USAGE, "%s:%d: unknown key \"%s\" in %s%s%s%s", evl_group_file(group), evl_node_line(child),
                    guess.word, where, guess.best ? "; did you mean \"" : "", guess.best ? guess.best : "",
                    guess.best ? "\"?" : "");
  }
  return EVL_OK;
}

static const evl_value *inherited(const evl_params *above, const char *name) {
  for (int i = 0; above && i < above->n; i++)
    if (!strcmp(above->value[i].param->name, name)) return &above->value[i];
  return NULL;
}

static evl_status read_one(const evl_group *group, const char *where, const evl_param *param, const evl_params *above,
                           evl_arena *arena, evl_value *value) {
  value->param = param;
  const evl_node *node = find(group, param->name);
  if (node) {
    const place at = {evl_group_file(group), evl_node_line(node), where, param->name};
    value->given = true;
    return read_node(&at, node, arena, value);
  }
  const evl_value *from = inherited(above, param->name);
  if (from) {
    *value = *from;
    return EVL_OK;
  }
  if (param->fallback) return read_fallback(param, where, arena, value);
  return evl_fail(EVL_USAGE, "%s: %s.%s must be given: %s", evl_group_where(group), where, param->name, param->text);
}

evl_status evl_group_params(evl_group *group, const char *where, const evl_param *const *tables, int n_tables,
                            const char *const *subgroups, const evl_params *above, evl_arena *arena,
                            evl_params **params) {
  int n = 0;
  for (int t = 0; t < n_tables; t++)
    for (const evl_param *p = tables[t]; p->name; p++) n++;
  if (group) EVL_TRY(check_known(group, where, tables, n_tables, subgroups));
  evl_params *out;
  EVL_NEW(arena, out, 1);
  EVL_NEW(arena, out->value, n);
  for (int t = 0; t < n_tables; t++)
    for (const evl_param *p = tables[t]; p->name; p++)
      EVL_TRY(read_one(group, where, p, above, arena, &out->value[out->n++]));
  *params = out;
  return EVL_OK;
}

evl_status evl_params_default(const evl_param *table, evl_arena *arena, evl_params **params) {
  return evl_group_params(NULL, "", &table, 1, NULL, NULL, arena, params);
}
