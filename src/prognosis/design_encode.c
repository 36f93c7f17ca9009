/* From clinical columns to numbers: names by pattern, outcomes to 0 and 1, categories to 0/1 columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "design_priv.h"

enum { MOST_CATEGORIES = 20 }; /* more are identifiers, not categories */

const char *evl_nearest(const char *name, int n, const char *const *known) {
  evl_guess guess = {.word = name};
  for (int i = 0; i < n; i++) evl_guess_try(&guess, known[i]);
  return guess.best ? guess.best : "";
}

bool evl_glob(const char *pattern, const char *text) {
  const char *star = NULL, *retry = NULL;
  while (*text) {
    if (*pattern == '*') {
      star = pattern++;
      retry = text;
    } else if (*pattern == '?' || *pattern == *text) {
      pattern++;
      text++;
    } else if (star) {
      pattern = star + 1;
      text = ++retry;
    } else {
      return false;
    }
  }
  while (*pattern == '*') pattern++;
  return !*pattern;
}

bool evl_glob_any(const evl_value *patterns, const char *text) {
  for (int i = 0; i < patterns->n; i++)
    if (evl_glob(patterns->strings[i], text)) return true;
  return false;
}

static bool is_missing(const char *text) {
  double number;
  return evl_cell_number(text, &number) && isnan(number);
}

evl_status evl_field_text(const evl_field *field, int i, evl_arena *arena, const char **text) {
  *text = "";
  if (field->text) {
    if (!is_missing(field->text[i])) *text = field->text[i];
  } else if (!isnan(field->number[i])) {
    *text = evl_arena_format(arena, "%.15g", field->number[i]);
    if (!*text) return EVL_MEMORY;
  }
  return EVL_OK;
}

static bool same_value(const char *a, const char *b) {
  double x, y;
  if (!strcmp(a, b)) return true;
  return evl_cell_number(a, &x) && evl_cell_number(b, &y) && x == y;
}

static int among(const evl_value *list, const char *text) {
  for (int i = 0; i < list->n; i++)
    if (same_value(list->strings[i], text)) return i;
  return -1;
}

/* Distinct values of a field over `row` (NULL: all n_rows), sorted; more than `most` end the search with *n = most + 1.
 */
static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static evl_status distinct(const evl_field *field, int n_rows, const int *row, int most, evl_arena *arena, int *n,
                           const char ***value) {
  EVL_NEW(arena, *value, most + 1);
  *n = 0;
  for (int i = 0; i < n_rows && *n <= most; i++) {
    const char *text;
    EVL_TRY(evl_field_text(field, row ? row[i] : i, arena, &text));
    int k = 0;
    while (k < *n && !same_value((*value)[k], text)) k++;
    if (*text && k == *n) (*value)[(*n)++] = text;
  }
  qsort(*value, (size_t)*n, sizeof **value, by_text);
  return EVL_OK;
}

static evl_status listed(int n, const char *const *value, evl_arena *arena, char **text) {
  *text = evl_arena_text(arena, "");
  for (int i = 0; *text && i < n && i < 6; i++)
    *text = evl_arena_format(arena, "%s%s\"%s\"%s", *text, i ? ", " : "", value[i], i == 5 && n > 6 ? ", ..." : "");
  return *text ? EVL_OK : EVL_MEMORY;
}

evl_status evl_outcome_code(const evl_field *field, const evl_value *positive, const evl_value *negative,
                            const char *where, evl_arena *arena, int *outcome) {
  int n_values;
  const char **value;
  char *found;
  EVL_TRY(distinct(field, field->n, NULL, MOST_CATEGORIES, arena, &n_values, &value));
  EVL_TRY(listed(n_values, value, arena, &found));
  for (int k = 0; k < positive->n; k++)
    if (among(negative, positive->strings[k]) >= 0)
      return evl_fail(EVL_USAGE, "%s: value \"%s\" of outcome \"%s\" is named positive and negative", where,
                      positive->strings[k], field->name);
  int n_positive = 0, n_other = 0;
  for (int k = 0; k < n_values; k++) {
    if (among(positive, value[k]) >= 0) n_positive++;
    else n_other++;
  }
  if (n_positive == 0)
    return evl_fail(EVL_USAGE, "%s: expected value \"%s\" in outcome \"%s\", found %s", where, positive->strings[0],
                    field->name, n_values ? found : "only missing values");
  if (negative->n == 0 && n_other > 1)
    return evl_fail(EVL_USAGE,
                    "%s: outcome \"%s\" has several values beside \"%s\" (%s); name the negative ones in \"negative\"",
                    where, field->name, positive->strings[0], found);
  for (int i = 0; i < field->n; i++) {
    const char *text;
    EVL_TRY(evl_field_text(field, i, arena, &text));
    if (!*text) outcome[i] = -1;
    else if (among(positive, text) >= 0) outcome[i] = 1;
    else outcome[i] = negative->n == 0 || among(negative, text) >= 0 ? 0 : -2;
  }
  return EVL_OK;
}

static evl_status encode_categories(const evl_field *field, int n_rows, const int *row, const char *where,
                                    evl_arena *arena, evl_encoded *encoded) {
  int n;
  const char **value;
  EVL_TRY(distinct(field, n_rows, row, MOST_CATEGORIES, arena, &n, &value));
  if (n > MOST_CATEGORIES)
    return evl_fail(EVL_USAGE,
                    "%s: column \"%s\" holds text with more than %d different values; expected numbers or categories",
                    where, field->name, MOST_CATEGORIES);
  const int first = n <= 2 ? n - 1 : 0; /* of two categories one column says all */
  encoded->n = n == 0 ? 0 : n - first;
  EVL_NEW(arena, encoded->name, encoded->n);
  EVL_NEW(arena, encoded->value, encoded->n);
  for (int k = 0; k < encoded->n; k++) {
    encoded->name[k] = evl_arena_format(arena, "%s=%s", field->name, value[first + k]);
    if (!encoded->name[k]) return EVL_MEMORY;
    EVL_NEW(arena, encoded->value[k], n_rows);
    for (int i = 0; i < n_rows; i++) {
      const char *text = field->text[row[i]];
      encoded->value[k][i] = is_missing(text) ? NAN : same_value(text, value[first + k]);
    }
  }
  return EVL_OK;
}

evl_status evl_field_encode(const evl_field *field, int n_rows, const int *row, const char *where, evl_arena *arena,
                            evl_encoded *encoded) {
  if (field->text) return encode_categories(field, n_rows, row, where, arena, encoded);
  encoded->n = 1;
  EVL_NEW(arena, encoded->name, 1);
  EVL_NEW(arena, encoded->value, 1);
  EVL_NEW(arena, encoded->value[0], n_rows);
  encoded->name[0] = field->name;
  for (int i = 0; i < n_rows; i++) encoded->value[0][i] = field->number[row[i]];
  return EVL_OK;
}

evl_status evl_design_left_out(evl_design *design, const int count[EVL_N_REASONS], evl_arena *arena) {
#define EVL_REASON_TEXT(name, text) text,
  static const char *const reason[] = {EVL_REASON_LIST(EVL_REASON_TEXT)};
#undef EVL_REASON_TEXT
  evl_left_out *left_out;
  EVL_NEW(arena, left_out, EVL_N_REASONS);
  for (int k = 0; k < EVL_N_REASONS; k++)
    if (count[k] > 0) left_out[design->n_left_out++] = (evl_left_out){reason[k], count[k]};
  design->left_out = left_out;
  return EVL_OK;
}
