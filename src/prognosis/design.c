/* The design: groups by identity, and everything that makes a validation impossible is refused here. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "design_priv.h"

typedef struct { const char *subject; int row; } named_row;

static int by_subject_then_row(const void *a, const void *b) {
  const named_row *x = a, *y = b;
  const int order = strcmp(x->subject, y->subject);
  return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* Groups are numbered by identity, so that nothing downstream depends on the order of rows. */
static evl_status find_groups(evl_design *design, evl_arena *arena) {
  named_row *named;
  int *group, *group_row, n = 0;
  EVL_NEW(arena, named, design->n_rows);
  EVL_NEW(arena, group, design->n_rows);
  EVL_NEW(arena, group_row, design->n_rows);
  for (int i = 0; i < design->n_rows; i++) named[i] = (named_row){design->subject[i], i};
  qsort(named, (size_t)design->n_rows, sizeof *named, by_subject_then_row);
  for (int i = 0; i < design->n_rows; i++) {
    if (i == 0 || strcmp(named[i].subject, named[i - 1].subject)) group_row[n++] = named[i].row;
    group[named[i].row] = n - 1;
  }
  design->n_groups = n;
  design->group = group;
  design->group_row = group_row;
  return EVL_OK;
}

static evl_status check_outcomes(const evl_design *design, const char *where) {
  int n_positive = 0;
  for (int i = 0; i < design->n_rows; i++) {
    const double y = design->y[i];
    if (y != 0 && y != 1)
      return evl_fail(EVL_USAGE, "%s: subject \"%s\": expected outcome 0 or 1, found %g", where, design->subject[i], y);
    if (y != design->y[design->group_row[design->group[i]]])
      return evl_fail(EVL_USAGE, "%s: subject \"%s\" has two outcomes; expected one a subject", where,
                      design->subject[i]);
  }
  for (int g = 0; g < design->n_groups; g++) n_positive += design->y[design->group_row[g]] != 0;
  if (design->n_groups == 1)
    return evl_fail(EVL_USAGE, "%s: expected several subjects with an outcome, found one (\"%s\")", where,
                    design->subject[0]);
  if (n_positive == 0 || n_positive == design->n_groups)
    return evl_fail(EVL_USAGE, "%s: expected both outcomes, found all %d subjects %s", where, design->n_groups,
                    n_positive ? "positive" : "negative");
  return EVL_OK;
}

static evl_status check_columns(const evl_design *design, const char *where) {
  int n_varying = 0;
  if (design->n_columns == 0) return evl_fail(EVL_USAGE, "%s: expected at least one column, found none", where);
  for (int j = 0; j < design->n_columns; j++) {
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < design->n_rows; i++) {
      const double x = design->x[(size_t)i * (size_t)design->n_columns + (size_t)j];
      if (isinf(x))
        return evl_fail(EVL_USAGE,
                        "%s: column \"%s\", subject \"%s\": expected a finite number or a missing one, found %g", where,
                        design->column[j], design->subject[i], x);
      if (x < low) low = x;
      if (x > high) high = x;
    }
    n_varying += low < high;
  }
  if (n_varying == 0)
    return evl_fail(EVL_USAGE, "%s: none of the %d columns varies over the %d rows", where, design->n_columns,
                    design->n_rows);
  return EVL_OK;
}

evl_status evl_design_finish(evl_design *design, const char *where, evl_arena *arena) {
  if (design->n_rows == 0) {
    char reasons[400] = "";
    size_t used = 0;
    for (int k = 0; k < design->n_left_out && used < sizeof reasons; k++)
      used += (size_t)snprintf(reasons + used, sizeof reasons - used, "%s%d %s", k ? ", " : "; left out: ",
                               design->left_out[k].n, design->left_out[k].reason);
    return evl_fail(EVL_USAGE, "%s: no subject with an outcome and a recording%s", where, reasons);
  }
  EVL_TRY(find_groups(design, arena));
  EVL_TRY(check_outcomes(design, where));
  return check_columns(design, where);
}
