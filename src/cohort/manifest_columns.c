/* Columns of a table as numbers or as text. */
#include "manifest_steps_priv.h"

#include <math.h>
#include <string.h>

/* Digits that stand for a thing and not for an amount: 0284, -01, or more of them than a double holds. */
static bool is_identifier(const char *cell, double number) {
  if (*cell == '+' || *cell == '-') cell++;
  if (cell[0] == '0' && cell[1] >= '0' && cell[1] <= '9') return true;
  return fabs(number) > 9007199254740992.0 && !strpbrk(cell, ".eE");
}

typedef struct census { int n_numbers, n_identifiers, n_texts, first_text; } census;

static census take_census(const evl_table *table, int column) {
  census c = {.first_text = -1};
  for (int row = 0; row < table->n_rows; row++) {
    const char *cell = evl_table_cell(table, row, column);
    double number;
    if (!evl_cell_number(cell, &number)) {
      if (c.n_texts++ == 0) c.first_text = row;
    } else if (!isnan(number)) {
      c.n_numbers++;
      c.n_identifiers += is_identifier(cell, number);
    }
  }
  return c;
}

static evl_status fill_numbers(evl_draft *draft, const evl_table *table, int column, evl_variable *out) {
  double *number;
  EVL_NEW(draft->arena, number, table->n_rows);
  for (int row = 0; row < table->n_rows; row++) (void)evl_cell_number(evl_table_cell(table, row, column), &number[row]);
  out->number = number;
  return EVL_OK;
}

static evl_status fill_texts(evl_draft *draft, const evl_table *table, int column, evl_variable *out) {
  const char **text;
  EVL_NEW(draft->arena, text, table->n_rows);
  for (int row = 0; row < table->n_rows; row++) text[row] = evl_table_cell(table, row, column);
  out->text = text;
  return EVL_OK;
}

/* start_h is a number or a mistake; every cell is judged for itself. */
static evl_status fill_start_h(evl_draft *draft, const evl_table *table, int column, evl_variable *out) {
  EVL_TRY(fill_numbers(draft, table, column, out));
  for (int row = 0; row < table->n_rows; row++) {
    const char *cell = evl_table_cell(table, row, column);
    double number;
    if (!evl_cell_number(cell, &number))
      EVL_TRY(evl_complain(draft, EVL_COMPLAINT_START_H, "\"%s\" in line %d", cell, table->line[row]));
    else if (isnan(number))
      EVL_TRY(evl_complain(draft, EVL_COMPLAINT_START_H_UNKNOWN, "line %d", table->line[row]));
  }
  return EVL_OK;
}

static evl_status fill_column(evl_draft *draft, const evl_table *table, int column, evl_variable *out) {
  out->name = table->name[column];
  if (strchr(out->name, '/') || strcmp(out->name, ".") == 0)
    EVL_TRY(evl_complain(draft, EVL_COMPLAINT_COLUMN_NAME, "\"%s\" of %s", out->name, table->path));
  if (strcmp(out->name, "start_h") == 0) return fill_start_h(draft, table, column, out);
  census c = take_census(table, column);
  if (c.n_texts == 0 && c.n_identifiers == 0) return fill_numbers(draft, table, column, out);
  if (c.n_texts > 0 && c.n_texts < c.n_numbers && c.n_identifiers == 0)
    EVL_TRY(evl_complain(draft, EVL_COMPLAINT_NEARLY_NUMBERS, "%s (%d of %d, first \"%s\" in line %d)", out->name,
                         c.n_texts, table->n_rows, evl_table_cell(table, c.first_text, column),
                         table->line[c.first_text]));
  return fill_texts(draft, table, column, out);
}

static bool is_key(int column, const int *key, int n_keys) {
  for (int k = 0; k < n_keys; k++)
    if (key[k] == column) return true;
  return false;
}

evl_status evl_columns_read(evl_draft *draft, const evl_table *table, const int *key, int n_keys, int *n,
                            evl_variable **column) {
  evl_variable *out;
  EVL_NEW(draft->arena, out, table->n_columns);
  *n = 0;
  for (int i = 0; i < table->n_columns; i++)
    if (!is_key(i, key, n_keys)) EVL_TRY(fill_column(draft, table, i, &out[(*n)++]));
  *column = out;
  return EVL_OK;
}
