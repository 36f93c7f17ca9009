/* params: values by name, and their hash. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eveil/base.h"

const evl_value *evl_params_value(const evl_params *params, const char *name) {
  for (int i = 0; i < params->n; i++)
    if (!strcmp(params->value[i].param->name, name)) return &params->value[i];
  /* An entry asks for a parameter that its own table lacks. */
  abort();
}

int64_t evl_params_int(const evl_params *params, const char *name) { return evl_params_value(params, name)->integer; }
double evl_params_real(const evl_params *params, const char *name) { return evl_params_value(params, name)->real; }
bool evl_params_bool(const evl_params *params, const char *name) { return evl_params_int(params, name) != 0; }
const char *evl_params_string(const evl_params *params, const char *name) {
  return evl_params_value(params, name)->string;
}

bool evl_pattern_is_like(const evl_pattern *pattern, const char *text) {
  return !fnmatch(pattern->pattern, text, FNM_CASEFOLD);
}

const evl_pattern *evl_pattern_find(const evl_value *v, const char *text) {
  char plain[2048];
  text += strspn(text, " \t");
  size_t n = strlen(text);
  while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t')) n--;
  snprintf(plain, sizeof plain, "%.*s", n < sizeof plain ? (int)n : (int)sizeof plain - 1, text);
  for (int i = 0; i < v->n; i++)
    if (evl_pattern_is_like(&v->patterns[i], plain)) return &v->patterns[i];
  return NULL;
}

int evl_pattern_names(const evl_value *v) {
  int n = 0;
  for (int i = 0; i < v->n; i++)
    if (v->patterns[i].name_index >= n) n = v->patterns[i].name_index + 1;
  return n;
}

static void add_real(evl_sha256 *hash, double x) {
  char text[40];
  snprintf(text, sizeof text, "%.17g", x);
  evl_sha256_text(hash, text);
}

static void add_int(evl_sha256 *hash, int64_t i) {
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)i);
  evl_sha256_text(hash, text);
}

static void add_value(evl_sha256 *hash, const evl_value *v) {
  switch (v->param->type) {
    case EVL_INT:
    case EVL_BOOL: add_int(hash, v->integer); break;
    case EVL_REAL: add_real(hash, v->real); break;
    case EVL_STRING: evl_sha256_text(hash, v->string); break;
    case EVL_REALS:
      for (int i = 0; i < v->n; i++) add_real(hash, v->reals[i]);
      break;
    case EVL_STRINGS:
      for (int i = 0; i < v->n; i++) evl_sha256_text(hash, v->strings[i]);
      break;
    case EVL_BANDS:
      for (int i = 0; i < v->n; i++) {
        evl_sha256_text(hash, v->bands[i].name);
        add_real(hash, v->bands[i].low_hz);
        add_real(hash, v->bands[i].high_hz);
      }
      break;
    case EVL_PATTERNS:
      for (int i = 0; i < v->n; i++) {
        evl_sha256_text(hash, v->patterns[i].name);
        evl_sha256_text(hash, v->patterns[i].pattern);
      }
      break;
  }
}

void evl_params_hash(const evl_params *params, evl_sha256 *hash) {
  for (int i = 0; i < params->n; i++) {
    evl_sha256_text(hash, params->value[i].param->name);
    add_int(hash, params->value[i].n); /* where lists end */
    add_value(hash, &params->value[i]);
  }
}

/* Patterns that are their own names: a plain list. */
static bool is_plain_list(const evl_value *v) {
  for (int i = 0; i < v->n; i++)
    if (strcmp(v->patterns[i].name, v->patterns[i].pattern)) return false;
  return true;
}

static int print_pattern(char *to, size_t size, const evl_value *v, int i) {
  const evl_pattern *p = &v->patterns[i];
  if (is_plain_list(v)) return snprintf(to, size, "%s\"%s\"", i ? ", " : "", p->pattern);
  bool first = i == 0 || p->name_index != p[-1].name_index, last = i + 1 == v->n || p->name_index != p[1].name_index;
  return snprintf(to, size, "%s%s\"%s\"%s", first ? p->name : "", first ? " = (" : ", ", p->pattern,
                  last ? "); " : "");
}

static int print_value(char *to, size_t size, const evl_value *v, int i) {
  switch (v->param->type) {
    case EVL_INT: return snprintf(to, size, "%lld", (long long)v->integer);
    case EVL_BOOL: return snprintf(to, size, "%s", v->integer ? "true" : "false");
    case EVL_REAL: return snprintf(to, size, "%.17g", v->real);
    case EVL_STRING: return snprintf(to, size, "\"%s\"", v->string);
    case EVL_REALS: return snprintf(to, size, "%s%.17g", i ? ", " : "", v->reals[i]);
    case EVL_STRINGS: return snprintf(to, size, "%s\"%s\"", i ? ", " : "", v->strings[i]);
    case EVL_BANDS:
      return snprintf(to, size, "%s = (%.17g, %.17g); ", v->bands[i].name, v->bands[i].low_hz, v->bands[i].high_hz);
    case EVL_PATTERNS: return print_pattern(to, size, v, i);
  }
  return 0;
}

/* Twice: once to count, once to write. */
static size_t print_params(const evl_params *params, char *to, size_t size) {
  size_t n = 0;
  for (int p = 0; p < params->n; p++) {
    const evl_value *v = &params->value[p];
    evl_param_type type = v->param->type;
    bool plain = type == EVL_PATTERNS && is_plain_list(v), list = type == EVL_REALS || type == EVL_STRINGS || plain;
    bool group = type == EVL_BANDS || (type == EVL_PATTERNS && !plain);
    n += (size_t)snprintf(to ? to + n : NULL, to ? size - n : 0, "%s%s %s", p ? " " : "", v->param->name,
                          group ? ": { " : list ? "= (" : "= ");
    for (int i = 0; i < (list || group ? v->n : 1); i++)
      n += (size_t)print_value(to ? to + n : NULL, to ? size - n : 0, v, i);
    n += (size_t)snprintf(to ? to + n : NULL, to ? size - n : 0, "%s;", group ? "}" : list ? ")" : "");
  }
  return n;
}

const char *evl_params_text(const evl_params *params, evl_arena *arena) {
  size_t size = print_params(params, NULL, 0) + 1;
  char *text = evl_arena_alloc(arena, size);
  if (text) print_params(params, text, size);
  return text;
}
