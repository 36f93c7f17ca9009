/* equation_text: equations as people write them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sindy_priv.h"

typedef struct line { char *text; size_t size, length; } line;

static void put(line *l, const char *format, ...) EVL_PRINTF(2, 3);
static void put(line *l, const char *format, ...) {
  const size_t room = l->length < l->size ? l->size - l->length : 0;
  va_list arguments;
  va_start(arguments, format);
  const int n = vsnprintf(room ? l->text + l->length : NULL, room, format, arguments);
  va_end(arguments);
  if (n > 0) l->length += (size_t)n;
}

size_t evl_equation_text(const evl_library *library, int j, const double *w, bool discrete, int digits, char *text,
                         size_t size) {
  const evl_library_spec *spec = evl_library_specification(library);
  line l = {text, size, 0};
  if (spec->names) put(&l, "%s", spec->names[j]);
  else put(&l, "x%d", j);
  put(&l, discrete ? "(t+1) =" : "' =");
  bool first = true;
  for (int i = 0; i < evl_library_terms(library); i++) {
    const char *name = evl_library_name(library, i);
    char number[40];
    if (w[i] == 0.0) continue;
    snprintf(number, sizeof number, "%.*g", digits, fabs(w[i]));
    const bool constant = !strcmp(name, "1"), one = !strcmp(number, "1");
    put(&l, first ? w[i] < 0.0 ? " -" : " " : w[i] < 0.0 ? " - " : " + ");
    put(&l, "%s%s%s", one && !constant ? "" : number, one || constant ? "" : " ", constant ? "" : name);
    first = false;
  }
  if (first) put(&l, " 0");
  return l.length;
}
