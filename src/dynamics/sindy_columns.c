/* sindy_columns: "x0:x1 x2", the coefficient of the term x1 x2 in the equation of x0, which a column was asked for. */
#include <string.h>

#include "sindy_model_priv.h"

/* The coordinate of this name, or of the name x0, x1, ...; -1: none. */
static int coordinate(const evl_library *library, const evl_library *plain, const char *name, size_t length) {
  const int n = evl_library_specification(library)->n_states;
  const char *const *names = evl_library_specification(library)->names;
  for (int k = 0; names && k < n; k++)
    if (strlen(names[k]) == length && !memcmp(names[k], name, length)) return k;
  const int first = evl_library_specification(plain)->constant;
  for (int k = 0; k < n; k++) {
    const char *x = evl_library_name(plain, first + k);
    if (strlen(x) == length && !memcmp(x, name, length)) return k;
  }
  return -1;
}

static int term_of(const evl_library *library, const char *name) {
  for (int i = 0; i < evl_library_terms(library); i++)
    if (!strcmp(evl_library_name(library, i), name)) return i;
  return -1;
}

evl_status evl_sindy_columns_plan(const evl_value *columns, const evl_library *library, evl_arena *arena, int **cell) {
  evl_library_spec spec = *evl_library_specification(library);
  evl_library *plain;
  spec.names = NULL;
  EVL_TRY(evl_library_plan(&spec, arena, &plain));
  EVL_NEW(arena, *cell, columns->n);
  for (int k = 0; k < columns->n; k++) {
    const char *text = columns->strings[k], *colon = strchr(text, ':');
    const int j = colon ? coordinate(library, plain, text, (size_t)(colon - text)) : -1;
    int i = colon ? term_of(library, colon + 1) : -1;
    if (colon && i < 0) i = term_of(plain, colon + 1);
    if (j < 0 || i < 0) {
      evl_guess guess = {.word = colon ? colon + 1 : text};
      for (int t = 0; t < evl_library_terms(library); t++) evl_guess_try(&guess, evl_library_name(library, t));
      return evl_fail(EVL_USAGE,
                      "sindy.columns: expected EQUATION:TERM, such as \"%s:%s\", of coordinates and terms of the "
                      "library, found \"%s\"%s%s%s", spec.n_states ? evl_library_name(library, spec.constant) : "x0",
                      evl_library_name(library, evl_library_terms(library) - 1), text,
                      guess.best ? "; the nearest term is \"" : "", guess.best ? guess.best : "", guess.best ? "\"" : "");
    }
    (*cell)[k] = j * evl_library_terms(library) + i;
  }
  return EVL_OK;
}
