/* text_cells: a row of a text series to numbers, and what is wrong with a cell. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "text_priv.h"

/* ---- time of day ---- */

/* `n` digits. */
static bool digits(const char **at, const char *end, int n, int *value) {
  *value = 0;
  for (; n > 0; n--, ++*at) {
    if (*at == end || **at < '0' || **at > '9') return false;
    *value = 10 * *value + (**at - '0');
  }
  return true;
}

static bool skip(const char **at, const char *end, const char *any) {
  if (*at == end || !strchr(any, **at) || !**at) return false;
  ++*at;
  return true;
}

/* Days since 1970-01-01 of the Gregorian calendar. */
static int64_t days_since_1970(int year, int month, int day) {
  int64_t y = month > 2 ? year : year - 1, shifted = (month + 9) % 12;
  return 365 * y + y / 4 - y / 100 + y / 400 + (153 * shifted + 2) / 5 + day - 1 - 719468;
}

bool evl_cell_clock(const char *cell, const char *end, double *seconds, bool *dated) {
  const char *at = cell;
  int year, month, day, hour, minute, second;
  *seconds = 0;
  *dated = end - cell > 4 && (cell[4] == '-' || cell[4] == '/');
  if (*dated) {
    if (!digits(&at, end, 4, &year) || !skip(&at, end, "-/") || !digits(&at, end, 2, &month) ||
        !skip(&at, end, "-/") || !digits(&at, end, 2, &day) || !skip(&at, end, " T"))
      return false;
    if (month < 1 || month > 12 || day < 1 || day > 31) return false;
    *seconds = 86400.0 * (double)days_since_1970(year, month, day);
  }
  if (!digits(&at, end, 2, &hour) || !skip(&at, end, ":") || !digits(&at, end, 2, &minute) || !skip(&at, end, ":") ||
      !digits(&at, end, 2, &second) || hour > 23 || minute > 59 || second > 60)
    return false;
  double fraction = 0;
  if (at < end && *at == '.') {
    at = evl_text_number(at, end, &fraction);
    if (!at || !(fraction < 1)) return false;
  }
  if (at < end && *at == 'Z') at++;
  *seconds += 3600.0 * hour + 60.0 * minute + second + fraction;
  return at == end;
}

/* ---- rows ---- */

/* Words are shown where the column held numbers before: what a whole column says may be a name. */
static evl_status bad_cell(const evl_reader *reader, int64_t line, int i, const char *expected, const char *cell,
                           const char *end) {
  const evl_text *text = reader->state;
  size_t n = (size_t)(end - cell);
  char found[96], word[48], name[72] = "";
  evl_text_utf8((const uint8_t *)cell, n < 20 ? n : 20, word, sizeof word);
  if (memchr(cell, 0, n)) snprintf(found, sizeof found, "a NUL byte");
  else if (evl_cell_numeric(cell, end) && memchr(cell, ',', n))
    snprintf(found, sizeof found, "\"%s\": a comma; decimals have a point", word);
  else if (evl_cell_numeric(cell, end) || line > text->first_line) snprintf(found, sizeof found, "\"%s\"", word);
  else snprintf(found, sizeof found, "text of %zu bytes", n);
  if (text->name && text->name[i]) snprintf(name, sizeof name, " (%.60s)", text->name[i]);
  return evl_fail(EVL_FORMAT, "%s: line %lld, column %d%s: expected %s, found %s", reader->path, (long long)line, i + 1,
                  name, expected, found);
}

static evl_status bad_row(const evl_reader *reader, int64_t line, const char *row, const char *end) {
  const evl_text *text = reader->state;
  const char *at = row, *cell, *stop;
  int n = 0;
  while (evl_cell_next(text->delimiter, &at, end, &cell, &stop)) n++;
  if (row == end)
    return evl_fail(EVL_FORMAT, "%s: line %lld: expected %d cell%s, found an empty line", reader->path, (long long)line,
                    text->n_cells, text->n_cells == 1 ? "" : "s");
  return evl_fail(EVL_FORMAT, "%s: line %lld: expected %d cell%s as in the lines before, found %d", reader->path,
                  (long long)line, text->n_cells, text->n_cells == 1 ? "" : "s", n);
}

static evl_status time_of(const evl_reader *reader, int64_t line, const char *cell, const char *end, double *time_s) {
  const evl_text *text = reader->state;
  bool dated, good = text->clock ? evl_cell_clock(cell, end, time_s, &dated)
                                 : evl_text_number(cell, end, time_s) == end && cell < end;
  if (!good)
    return bad_cell(reader, line, text->time_cell, text->clock ? "a time as in the first row" : "a time", cell, end);
  if (!text->clock) *time_s *= text->time_unit_s;
  return EVL_OK;
}

/* The usual cell: a number that goes up to the next delimiter. */
static inline const char *plain_cell(const evl_text *text, const char *at, const char *end, double *value) {
  while (at && at < end && *at == ' ') at++;
  const char *stop = at ? evl_text_number(at, end, value) : NULL;
  return stop && (stop == end || *stop == text->delimiter) ? stop : NULL;
}

evl_status evl_text_row(const evl_reader *reader, const char *row, const char *end, int64_t line, double *time_s) {
  const evl_text *text = reader->state;
  const char *at = row, *cell, *stop;
  if (row == end) return bad_row(reader, line, row, end);
  *time_s = NAN;
  for (int i = 0; i < text->n_cells; i++) {
    int channel = text->channel[i];
    double value;
    if (channel >= 0 && (stop = plain_cell(text, at, end, &value))) {
      at = stop == end ? NULL : stop + 1;
      text->row[channel] = value;
      continue;
    }
    if (!evl_cell_next(text->delimiter, &at, end, &cell, &stop)) return bad_row(reader, line, row, end);
    if (channel == EVL_CELL_TIME) EVL_TRY(time_of(reader, line, cell, stop, time_s));
    if (channel >= 0 && !evl_cell_value(cell, stop, &text->row[channel]))
      return bad_cell(reader, line, i, "a number", cell, stop);
  }
  if (at && text->delimiter == ' ') return evl_cell_next(' ', &at, end, &cell, &stop) ? bad_row(reader, line, row, end)
                                                                                      : EVL_OK;
  return at ? bad_row(reader, line, row, end) : EVL_OK;
}

evl_status evl_text_row_time(const evl_reader *reader, const char *row, const char *end, int64_t line,
                             double *time_s) {
  const evl_text *text = reader->state;
  const char *at = row, *cell, *stop;
  for (int i = 0; i <= text->time_cell; i++)
    if (!evl_cell_next(text->delimiter, &at, end, &cell, &stop)) return bad_row(reader, line, row, end);
  return time_of(reader, line, cell, stop, time_s);
}
