/* text_header: what stands before the rows: comments, a header line; which column is what. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text_priv.h"

typedef struct first_lines {
  const char *line[2], *end[2]; /* the first lines that are no comments; NULL */
  int64_t offset[2];
  int64_t number;               /* of the first */
} first_lines;

static bool is_comment(const char *line, const char *end) { return line < end && (*line == '#' || *line == '%'); }

/* The lines stay in the buffer: what comes before the rows must fit into it. */
static evl_status read_first(const evl_reader *reader, first_lines *first) {
  evl_text *text = reader->state;
  const char *line, *end;
  int n = 0;
  evl_lines_seek(&text->lines, 0);
  EVL_TRY(evl_lines_next(reader, &text->lines, &line, &end));
  if (line && end - line >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) line += 3;
  if (line && end - line >= 2 && (memcmp(line, "\xFF\xFE", 2) == 0 || memcmp(line, "\xFE\xFF", 2) == 0))
    return evl_fail(EVL_FORMAT, "%s: expected UTF-8 or latin-1, found UTF-16", reader->path);
  first->number = 1;
  while (line && n < 2 && text->lines.offset == 0) {
    if (n || !is_comment(line, end)) {
      first->line[n] = line;
      first->end[n] = end;
      first->offset[n++] = line - text->lines.buffer;
    } else {
      first->number++;
    }
    if (n < 2) EVL_TRY(evl_lines_next(reader, &text->lines, &line, &end));
  }
  if (n > 0 && text->lines.offset == 0) return EVL_OK;
  return evl_fail(EVL_FORMAT, "%s: expected rows of numbers in the first %d bytes, found %s", reader->path,
                  EVL_TEXT_BLOCK, n ? "longer lines" : "none");
}

/* ---- delimiter ---- */

static char delimiter_by_key(const char *key) {
  static const struct { const char *name; char byte; } known[] = {
    {"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"blank", ' '}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(key, known[i].name) == 0) return known[i].byte;
  return 0;
}

/* The last line that was looked at holds numbers, if any does. */
static evl_status find_delimiter(const evl_reader *reader, const first_lines *first) {
  evl_text *text = reader->state;
  int row = first->line[1] && first->line[1] < first->end[1];
  const char *line = first->line[row], *end = first->end[row];
  size_t n = (size_t)(end - line);
  text->delimiter = delimiter_by_key(evl_params_string(reader->params, "delimiter"));
  if (text->delimiter) return EVL_OK;
  text->delimiter = memchr(line, '\t', n) ? '\t' : memchr(line, ';', n) ? ';' : memchr(line, ',', n) ? ',' : ' ';
  if (text->delimiter != ',') return EVL_OK;
  const char *comma = memchr(line, ',', n);
  if (memchr(comma + 1, ',', (size_t)(end - comma - 1)) || memchr(line, '.', n)) return EVL_OK;
  double value;
  size_t n_first = (size_t)(first->end[0] - first->line[0]);
  bool two_names = row && memchr(first->line[0], ',', n_first) &&
                   !evl_text_number(first->line[0], first->end[0], &value);
  if (two_names) return EVL_OK;
  return evl_fail(EVL_FORMAT, "%s: line %lld: found \"%.*s\": a number with a decimal comma (decimals have a point), or "
                  "two numbers (then set formats.text.delimiter = \"comma\")", reader->path,
                  (long long)first->number + row, n < 24 ? (int)n : 24, line);
}

static int count_cells(char delimiter, const char *line, const char *end) {
  const char *at = line, *cell, *stop;
  int n = 0;
  while (n <= EVL_TEXT_CELLS && evl_cell_next(delimiter, &at, end, &cell, &stop)) n++;
  return n;
}

/* ---- header line ---- */

typedef struct tally { int words, numbers, missing, counting; } tally;

/* What the first line consists of. Dates count as numbers; `counting`: cells that say 0, 1, 2, ... or 1, 2, 3, ... */
static tally look_at(char delimiter, const char *line, const char *end) {
  const char *at = line, *cell, *stop;
  tally t = {0};
  double value, start = NAN;
  bool dated;
  while (evl_cell_next(delimiter, &at, end, &cell, &stop)) {
    if (evl_cell_missing(cell, stop)) t.missing++;
    else if (evl_text_number(cell, stop, &value) == stop) {
      if (t.numbers++ == 0) start = value;
      t.counting += value == start + t.numbers - 1 && (start == 0 || start == 1);
    } else if (evl_cell_clock(cell, stop, &value, &dated) || evl_cell_numeric(cell, stop)) t.numbers++;
    else t.words++;
  }
  return t;
}

static evl_status find_header(const evl_reader *reader, const first_lines *first, bool *header) {
  const evl_text *text = reader->state;
  const char *key = evl_params_string(reader->params, "header");
  tally t = look_at(text->delimiter, first->line[0], first->end[0]);
  *header = strcmp(key, "yes") == 0;
  if (strcmp(key, "auto") != 0) return EVL_OK;
  *header = t.words > 0 && t.numbers == 0;
  bool mixed = t.words > 0 && t.numbers > 0;
  /* Tables with numbered columns have an empty or named corner. */
  bool numbered = !t.words && t.missing == 1 && t.numbers > 1 && t.counting == t.numbers;
  if (!mixed && !numbered) return EVL_OK;
  return evl_fail(EVL_FORMAT, "%s: line %lld: expected names or numbers, found %s: set formats.text.header", reader->path,
                  (long long)first->number, mixed ? "both" : "what may be numbers of columns");
}

static evl_status take_names(const evl_reader *reader, const char *line, const char *end) {
  evl_text *text = reader->state;
  const char *at = line, *cell, *stop;
  EVL_NEW(reader->arena, text->name, text->n_cells);
  for (int i = 0; i < text->n_cells && evl_cell_next(text->delimiter, &at, end, &cell, &stop); i++) {
    char name[sizeof((evl_signal *)0)->label];
    evl_text_utf8((const uint8_t *)cell, (size_t)(stop - cell), name, sizeof name);
    if (!(text->name[i] = evl_arena_text(reader->arena, name))) return EVL_MEMORY;
  }
  return EVL_OK;
}

/* ---- columns ---- */

/* A column by its name or its number from 1; -1: there is none. */
static int find_column(const evl_text *text, const char *word) {
  for (int i = 0; text->name && i < text->n_cells; i++)
    if (text->name[i] && strcmp(text->name[i], word) == 0) return i;
  char *end;
  long number = strtol(word, &end, 10);
  return *word && !*end && number >= 1 && number <= text->n_cells ? (int)number - 1 : -1;
}

static evl_status no_column(const evl_reader *reader, const char *key, const char *word) {
  const evl_text *text = reader->state;
  evl_guess guess = {.word = word};
  for (int i = 0; text->name && i < text->n_cells; i++)
    if (text->name[i]) evl_guess_try(&guess, text->name[i]);
  return evl_fail(EVL_USAGE, "%s: formats.text.%s: expected a name of the header line or a number from 1 to %d, found "
                  "\"%s\"%s%s%s", reader->path, key, text->n_cells, word, guess.best ? "; did you mean \"" : "",
                  guess.best ? guess.best : "", guess.best ? "\"?" : "");
}

static evl_status find_time(const evl_reader *reader) {
  static const char *const names[] = {"time", "times", "timestamp", "datetime", "date_time", "date time"};
  evl_text *text = reader->state;
  const char *key = evl_params_string(reader->params, "time"), *unit = evl_params_string(reader->params, "time_unit");
  text->time_cell = -1;
  text->time_unit_s = strcmp(unit, "s") == 0 ? 1 : strcmp(unit, "ms") == 0 ? 1e-3 : 1e-6;
  if (strcmp(key, "none") == 0) return EVL_OK;
  if (strcmp(key, "auto") != 0) {
    text->time_cell = find_column(text, key);
    return text->time_cell < 0 ? no_column(reader, "time", key) : EVL_OK;
  }
  for (int i = 0; text->name && i < text->n_cells; i++)
    for (size_t k = 0; text->time_cell < 0 && text->name[i] && k < sizeof names / sizeof *names; k++)
      if (strcasecmp(text->name[i], names[k]) == 0) text->time_cell = i;
  return EVL_OK;
}

/* Every column gets its place among the channels; *n of them. */
static evl_status deal_columns(const evl_reader *reader, int *n) {
  evl_text *text = reader->state;
  const evl_value *columns = evl_params_value(reader->params, "columns");
  EVL_NEW(reader->arena, text->channel, text->n_cells);
  for (int i = 0; i < text->n_cells; i++) text->channel[i] = EVL_CELL_LEFT_OUT;
  if (text->time_cell >= 0) text->channel[text->time_cell] = EVL_CELL_TIME;
  *n = 0;
  for (int i = 0; !columns->n && i < text->n_cells; i++)
    if (text->channel[i] == EVL_CELL_LEFT_OUT) text->channel[i] = (*n)++;
  for (int k = 0; k < columns->n; k++) {
    int i = find_column(text, columns->strings[k]);
    if (i < 0) return no_column(reader, "columns", columns->strings[k]);
    if (text->channel[i] != EVL_CELL_LEFT_OUT)
      return evl_fail(EVL_USAGE, "%s: formats.text.columns: found \"%s\" twice, or the time", reader->path,
                      columns->strings[k]);
    text->channel[i] = (*n)++;
  }
  return *n ? EVL_OK : evl_fail(EVL_FORMAT, "%s: expected a column with samples, found none", reader->path);
}

/* Whether the first row's time is a number or a date. */
static void look_at_time(evl_text *text, const char *row, const char *end) {
  const char *at = row, *cell, *stop;
  double seconds;
  for (int i = 0; i <= text->time_cell; i++)
    if (!evl_cell_next(text->delimiter, &at, end, &cell, &stop)) return; /* the row is short, and will be refused */
  text->clock = text->time_cell >= 0 && evl_cell_clock(cell, stop, &seconds, &text->dated);
}

evl_status evl_text_header(evl_reader *reader) {
  evl_text *text = reader->state;
  first_lines first = {.number = 0};
  bool header;
  int n_channels;
  EVL_TRY(read_first(reader, &first));
  EVL_TRY(find_delimiter(reader, &first));
  EVL_TRY(find_header(reader, &first, &header));
  if (header && !first.line[1])
    return evl_fail(EVL_FORMAT, "%s: expected rows behind the header line, found none", reader->path);
  text->n_cells = count_cells(text->delimiter, first.line[0], first.end[0]);
  if (text->n_cells < 1 || text->n_cells > EVL_TEXT_CELLS)
    return evl_fail(EVL_FORMAT, "%s: line %lld: expected 1 to %d cells, found %s", reader->path,
                    (long long)first.number, EVL_TEXT_CELLS, text->n_cells ? "more" : "an empty line");
  if (header) EVL_TRY(take_names(reader, first.line[0], first.end[0]));
  EVL_TRY(find_time(reader));
  EVL_TRY(deal_columns(reader, &n_channels));
  look_at_time(text, first.line[header], first.end[header]);
  text->start = first.offset[header];
  text->first_line = first.number + header;
  reader->header.n_signals = n_channels;
  EVL_NEW(reader->arena, text->row, n_channels);
  return EVL_OK;
}
