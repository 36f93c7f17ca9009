/* A design from any CSV or TSV table: a column of subjects, one of outcomes, columns of numbers or categories. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "design_priv.h"

/* The most frequent of tab, comma and semicolon in the header line. */
static evl_status separator_of(const char *path, evl_arena *arena, char *separator) {
  static const char known[] = "\t,;";
  const evl_mark mark = evl_arena_mark(arena);
  char *text;
  EVL_TRY(evl_file_text(path, arena, &text, NULL));
  int count[3] = {0}, best = 0;
  for (const char *c = text; *c && *c != '\n'; c++) {
    const char *which = strchr(known, *c);
    if (which) count[which - known]++;
  }
  for (int k = 1; k < 3; k++)
    if (count[k] > count[best]) best = k;
  *separator = known[best];
  evl_arena_release(arena, mark);
  return EVL_OK;
}

static evl_status column_of(const evl_table *table, const char *key, const char *name, int *column) {
  *column = evl_table_column(table, name);
  if (*column >= 0) return EVL_OK;
  return evl_fail(EVL_USAGE, "%s: no column \"%s\" (key %s); did you mean \"%s\"?", table->path, name, key,
                  evl_nearest(name, table->n_columns, table->name));
}

/* Numbers where every cell is one, text where none is. */
static evl_status field_of(const evl_table *table, int column, evl_arena *arena, evl_field *field) {
  double *number;
  const char **text;
  EVL_NEW(arena, number, table->n_rows);
  EVL_NEW(arena, text, table->n_rows);
  int n_numbers = 0, bad = -1;
  for (int i = 0; i < table->n_rows; i++) {
    text[i] = evl_table_cell(table, i, column);
    if (!evl_cell_number(text[i], &number[i])) bad = i;
    else if (!isnan(number[i])) n_numbers++;
  }
  if (bad >= 0 && n_numbers > 0)
    return evl_fail(EVL_USAGE, "%s:%d: column \"%s\": expected a number as in other lines, found \"%s\"", table->path,
                    table->line[bad], table->name[column], text[bad]);
  field->name = table->name[column];
  field->n = table->n_rows;
  field->number = bad >= 0 ? NULL : number;
  field->text = bad >= 0 ? text : NULL;
  return EVL_OK;
}

/* An outcome may mix numbers and words ("0", "1", "unknown"). */
static evl_status text_of(const evl_table *table, int column, evl_arena *arena, evl_field *field) {
  const char **text;
  EVL_NEW(arena, text, table->n_rows);
  for (int i = 0; i < table->n_rows; i++) text[i] = evl_table_cell(table, i, column);
  *field = (evl_field){table->name[column], table->n_rows, NULL, text};
  return EVL_OK;
}

static int by_text(const void *a, const void *b) {
  const int order = strcmp(**(const char *const *const *)a, **(const char *const *const *)b);
  if (order) return order;
  const char *const *x = *(const char *const *const *)a, *const *y = *(const char *const *const *)b;
  return (x > y) - (x < y);
}

static evl_status check_subjects(const evl_table *table, int column, bool several, evl_arena *arena) {
  const char *const **cell;
  EVL_NEW(arena, cell, table->n_rows);
  for (int i = 0; i < table->n_rows; i++) {
    cell[i] = &table->cell[(size_t)i * (size_t)table->n_columns + (size_t)column];
    if (!**cell[i])
      return evl_fail(EVL_USAGE, "%s:%d: column \"%s\": expected a subject, found an empty cell", table->path,
                      table->line[i], table->name[column]);
  }
  qsort(cell, (size_t)table->n_rows, sizeof *cell, by_text);
  for (int i = 1; i < table->n_rows && !several; i++) {
    if (strcmp(*cell[i], *cell[i - 1])) continue;
    const size_t a = (size_t)(cell[i - 1] - table->cell) / (size_t)table->n_columns;
    const size_t b = (size_t)(cell[i] - table->cell) / (size_t)table->n_columns;
    return evl_fail(EVL_USAGE, "%s: subject \"%s\" stands in lines %d and %d; expected one row a subject "
                    "(rows = \"recordings\" keeps several and holds them in one fold)", table->path, *cell[i],
                    table->line[a], table->line[b]);
  }
  return EVL_OK;
}

/* Columns chosen by pattern and as covariates, encoded over the rows kept. */
static evl_status fill(const evl_params *params, const evl_table *table, const int special[3], int n_rows,
                       const int *row, const char *where, evl_arena *arena, evl_design *design) {
  const evl_value *patterns = evl_params_value(params, "columns"), *covariates = evl_params_value(params, "covariates");
  evl_encoded *part;
  int n_parts = 0, n = 0, ignored;
  EVL_NEW(arena, part, table->n_columns);
  for (int k = 0; k < covariates->n; k++) EVL_TRY(column_of(table, "covariates", covariates->strings[k], &ignored));
  for (int j = 0; j < table->n_columns; j++) {
    bool wanted = evl_glob_any(patterns, table->name[j]) && j != special[2], named = false;
    for (int k = 0; k < covariates->n; k++) named |= !strcmp(covariates->strings[k], table->name[j]);
    if (j == special[0] || j == special[1] || !(wanted || named)) {
      if (named)
        return evl_fail(EVL_USAGE, "%s: column \"%s\" cannot be outcome or subject and a covariate", where,
                        table->name[j]);
      continue;
    }
    evl_field field;
    EVL_TRY(field_of(table, j, arena, &field));
    EVL_TRY(evl_field_encode(&field, n_rows, row, where, arena, &part[n_parts]));
    n += part[n_parts++].n;
  }
  if (n == 0)
    return evl_fail(EVL_USAGE, "%s: no column of %s matches \"%s\"%s", where, table->path,
                    patterns->n ? patterns->strings[0] : "", patterns->n > 1 ? " or the other patterns" : "");
  double *x;
  const char **name;
  EVL_NEW(arena, x, (size_t)n_rows * (size_t)n);
  EVL_NEW(arena, name, n);
  for (int p = 0, j = 0; p < n_parts; p++)
    for (int k = 0; k < part[p].n; k++, j++) {
      name[j] = part[p].name[k];
      for (int i = 0; i < n_rows; i++) x[(size_t)i * (size_t)n + (size_t)j] = part[p].value[k][i];
    }
  design->n_columns = n;
  design->column = name;
  design->x = x;
  return EVL_OK;
}

evl_status evl_design_from_table(const evl_params *params, const char *path, const char *where, evl_arena *arena,
                                 evl_design *design) {
  const char *site = evl_params_string(params, "site");
  evl_table *table;
  evl_field outcome_field;
  char separator;
  int special[3] = {-1, -1, -1}, *outcome, *row, n = 0, count[EVL_N_REASONS] = {0};
  EVL_TRY(separator_of(path, arena, &separator));
  EVL_TRY(evl_table_read(path, separator, arena, &table));
  EVL_TRY(column_of(table, "subject", evl_params_string(params, "subject"), &special[0]));
  EVL_TRY(column_of(table, "outcome", evl_params_string(params, "outcome"), &special[1]));
  if (*site) EVL_TRY(column_of(table, "site", site, &special[2]));
  EVL_TRY(check_subjects(table, special[0], !strcmp(evl_params_string(params, "rows"), "recordings"), arena));
  EVL_NEW(arena, outcome, table->n_rows);
  EVL_NEW(arena, row, table->n_rows);
  EVL_TRY(text_of(table, special[1], arena, &outcome_field));
  EVL_TRY(evl_outcome_code(&outcome_field, evl_params_value(params, "positive"), evl_params_value(params, "negative"),
                           where, arena, outcome));
  for (int i = 0; i < table->n_rows; i++) {
    if (outcome[i] >= 0) row[n++] = i;
    else count[outcome[i] == -1 ? EVL_REASON_OUTCOME_MISSING : EVL_REASON_OUTCOME_UNKNOWN]++;
  }
  EVL_TRY(evl_design_left_out(design, count, arena));
  const char **subject, **site_of;
  double *y;
  EVL_NEW(arena, subject, n);
  EVL_NEW(arena, site_of, n);
  EVL_NEW(arena, y, n);
  for (int i = 0; i < n; i++) {
    subject[i] = evl_table_cell(table, row[i], special[0]);
    if (*site) site_of[i] = evl_table_cell(table, row[i], special[2]);
    y[i] = outcome[row[i]];
  }
  design->n_rows = n;
  design->subject = subject;
  design->site = *site ? site_of : NULL;
  design->y = y;
  return fill(params, table, special, n, row, where, arena, design);
}
