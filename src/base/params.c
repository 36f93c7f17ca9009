/* params: values by name, and their hash. */
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
  }
}

void evl_params_hash(const evl_params *params, evl_sha256 *hash) {
  for (int i = 0; i < params->n; i++) {
    evl_sha256_text(hash, params->value[i].param->name);
    add_int(hash, params->value[i].n); /* where lists end */
    add_value(hash, &params->value[i]);
  }
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
  }
  return 0;
}

/* Twice: once to count, once to write. */
static size_t print_params(const evl_params *params, char *to, size_t size) {
  size_t n = 0;
  for (int p = 0; p < params->n; p++) {
    const evl_value *v = &params->value[p];
    bool list = v->param->type == EVL_REALS || v->param->type == EVL_STRINGS, bands = v->param->type == EVL_BANDS;
    n += (size_t)snprintf(to ? to + n : NULL, to ? size - n : 0, "%s%s %s", p ? " " : "", v->param->name,
                          bands ? ": { " : list ? "= (" : "= ");
    for (int i = 0; i < (list || bands ? v->n : 1); i++)
      n += (size_t)print_value(to ? to + n : NULL, to ? size - n : 0, v, i);
    n += (size_t)snprintf(to ? to + n : NULL, to ? size - n : 0, "%s;", bands ? "}" : list ? ")" : "");
  }
  return n;
}

const char *evl_params_text(const evl_params *params, evl_arena *arena) {
  size_t size = print_params(params, NULL, 0) + 1;
  char *text = evl_arena_alloc(arena, size);
  if (text) print_params(params, text, size);
  return text;
}
