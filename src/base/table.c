/* Text files and tables with a header line. Cells are cut out of the text in place: one copy of
   the file, one pointer a cell. */
#include "eveil/base.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define CELLS_MAX ((size_t)1 << 28) /* 2 GiB of pointers */
#define LINES_SHOWN 20

/* ---- whole files ------------------------------------------------------------------------- */

static evl_status read_all(int file, const char *path, char *text, size_t size, size_t *got) {
  *got = 0;
  while (*got < size) {
    ssize_t n = read(file, text + *got, size - *got);
    if (n == 0) break;
    if (n > 0) *got += (size_t)n;
    else if (errno != EINTR) return evl_fail(EVL_IO, "%s: cannot be read: %s", path, strerror(errno));
  }
  return EVL_OK;
}

evl_status evl_file_text(const char *path, evl_arena *arena, char **text, size_t *bytes) {
  /* Without O_NONBLOCK opening a pipe would wait for its writer. */
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return evl_fail(EVL_IO, "%s: cannot be opened: %s", path, strerror(errno));
  struct stat info;
  evl_status status = EVL_OK;
  size_t got = 0;
  if (fstat(file, &info) != 0) {
    status = evl_fail(EVL_IO, "%s: cannot be read: %s", path, strerror(errno));
  } else if (!S_ISREG(info.st_mode)) {
    status = evl_fail(EVL_IO, "%s: expected a file, found a %s", path,
                      S_ISDIR(info.st_mode) ? "folder" : "device or pipe");
  } else if (!(*text = evl_arena_alloc(arena, (size_t)info.st_size + 1))) {
    status = EVL_MEMORY;
  } else {
    status = read_all(file, path, *text, (size_t)info.st_size, &got);
    (*text)[got] = '\0';
  }
  close(file);
  if (bytes) *bytes = got;
  return status;
}

size_t evl_utf8_valid(const char *text, size_t bytes) {
  const uint8_t *t = (const uint8_t *)text;
  size_t i = 0;
  while (i < bytes) {
    size_t more = t[i] < 0x80 ? 0 : t[i] < 0xc2 ? 9 : t[i] < 0xe0 ? 1 : t[i] < 0xf0 ? 2 : t[i] < 0xf5 ? 3 : 9;
    if (more > bytes - 1 - i) break;
    /* Over-long forms, surrogates and numbers beyond U+10FFFF differ in the second byte. */
    uint8_t low = t[i] == 0xe0 ? 0xa0 : t[i] == 0xf0 ? 0x90 : 0x80;
    uint8_t high = t[i] == 0xed ? 0x9f : t[i] == 0xf4 ? 0x8f : 0xbf;
    size_t k = 1;
    for (; k <= more; k++, low = 0x80, high = 0xbf)
      if (t[i + k] < low || t[i + k] > high) break;
    if (k <= more) break;
    i += more + 1;
  }
  return i;
}

/* ---- cells ---------------------------------------------------------------------------------- */

typedef struct cursor { char *at; char separator; int line; } cursor;

typedef struct span {
  char *begin, *end; /* without quotes and outer blanks */
  bool quoted;
  char after;        /* separator, '\n', or 0 at the end of the text */
} span;

static bool is_blank(const cursor *c, char byte) { return byte == ' ' || (byte == '\t' && c->separator != '\t'); }

/* At `p`, after a cell: blanks, then its end. NULL where other text follows. */
static char *after_cell(const cursor *c, char *p) {
  while (is_blank(c, *p)) p++;
  if (*p == '\r' && (p[1] == '\n' || p[1] == '\0')) p++;
  return *p == c->separator || *p == '\n' || *p == '\0' ? p : NULL;
}

/* The closing quote of a cell whose text begins at `p`; NULL where there is none. A quote in a TSV
   file is one only if it encloses a whole cell of one line (R writes such); others are text. */
static char *closing_quote(const cursor *c, char *p) {
  for (; *p; p++) {
    if (*p == '\n' && c->separator == '\t') return NULL;
    if (*p != '"') continue;
    if (p[1] != '"') return c->separator != '\t' || after_cell(c, p + 1) ? p : NULL;
    p++;
  }
  return NULL;
}

/* The next cell, nothing changed in the text. What is wrong, or NULL. */
static const char *next_cell(cursor *c, span *cell) {
  char *p = c->at, *stop;
  while (is_blank(c, *p)) p++;
  char *quote = *p == '"' ? closing_quote(c, p + 1) : NULL;
  if (*p == '"' && !quote && c->separator != '\t') return "a quote that is never closed";
  cell->quoted = quote != NULL;
  if (quote) {
    cell->begin = p + 1;
    cell->end = quote;
    for (char *q = p; q < quote; q++) c->line += *q == '\n';
    stop = after_cell(c, quote + 1);
    if (!stop) return "text behind a closing quote";
  } else {
    for (stop = p; *stop && *stop != c->separator && *stop != '\n' && *stop != '\r';) stop++;
    cell->begin = p;
    cell->end = stop;
    while (cell->end > p && is_blank(c, cell->end[-1])) cell->end--;
    if (*stop == '\r') stop = after_cell(c, stop);
    if (!stop) return "a carriage return inside a line (expected lines that end in LF or CR LF)";
  }
  cell->after = *stop;
  c->line += *stop == '\n';
  c->at = *stop ? stop + 1 : stop;
  return NULL;
}

/* Ends the text of a cell, for which the cursor must have passed it. */
static const char *cut_cell(const span *cell) {
  char *to = cell->begin;
  if (cell->quoted) {
    for (const char *from = cell->begin; from < cell->end; from++) {
      *to++ = *from;
      from += *from == '"';
    }
  } else {
    to = cell->end;
  }
  *to = '\0';
  return cell->begin;
}

/* One row into `into` (up to `room` cells, NULL: only counted). Cells found; -1 and `problem` where broken. */
static int next_row(cursor *c, const char **into, int room, bool *empty, const char **problem) {
  int n = 0;
  span cell;
  *empty = true;
  do {
    if ((*problem = next_cell(c, &cell))) return -1;
    if (cell.end > cell.begin || cell.quoted) *empty = false;
    if (into && n < room) into[n] = cut_cell(&cell);
    if (++n == INT32_MAX) { *problem = "too many cells"; return -1; }
  } while (cell.after == c->separator);
  return n;
}

/* ---- tables ------------------------------------------------------------------------------------ */

static int line_of(const char *text, size_t offset) {
  int line = 1;
  for (size_t i = 0; i < offset; i++) line += text[i] == '\n';
  return line;
}

static evl_status check_bytes(const char *path, const char *text, size_t bytes) {
  const uint8_t *t = (const uint8_t *)text;
  if (bytes >= 2 && ((t[0] == 0xff && t[1] == 0xfe) || (t[0] == 0xfe && t[1] == 0xff)))
    return evl_fail(EVL_FORMAT, "%s: expected UTF-8 text, found UTF-16; save it as UTF-8", path);
  const char *nul = memchr(text, 0, bytes);
  if (nul)
    return evl_fail(EVL_FORMAT, "%s:%d: expected text, found a NUL byte", path, line_of(text, (size_t)(nul - text)));
  size_t valid = evl_utf8_valid(text, bytes);
  if (valid < bytes)
    return evl_fail(EVL_FORMAT, "%s:%d: expected UTF-8 text, found the byte 0x%02x; save it as UTF-8", path,
                    line_of(text, valid), t[valid]);
  return EVL_OK;
}

/* By the suffix; a .csv whose header line holds ';' but no ',' was written where the comma is decimal. */
static char guess_separator(const char *path, const char *text) {
  const char *dot = strrchr(path, '.');
  if (!dot || strcasecmp(dot, ".csv") != 0) return '\t';
  size_t header = strcspn(text, "\n");
  return !memchr(text, ',', header) && memchr(text, ';', header) ? ';' : ',';
}

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static evl_status check_names(const evl_table *table, evl_arena *arena) {
  const char **sorted;
  EVL_NEW(arena, sorted, table->n_columns);
  for (int i = 0; i < table->n_columns; i++) {
    sorted[i] = table->name[i];
    if (!*table->name[i])
      return evl_fail(EVL_FORMAT, "%s: column %d of %d has no name", table->path, i + 1, table->n_columns);
  }
  qsort(sorted, (size_t)table->n_columns, sizeof *sorted, by_text);
  for (int i = 1; i < table->n_columns; i++)
    if (strcmp(sorted[i - 1], sorted[i]) == 0)
      return evl_fail(EVL_FORMAT, "%s: two columns are named \"%s\"", table->path, sorted[i]);
  return EVL_OK;
}

/* Counts the rows that hold something; all rows with too many cells are named together. */
static evl_status count_rows(const char *path, cursor c, int n_columns, int *n_rows) {
  char lines[LINES_SHOWN * 12 + 1] = "";
  size_t used = 0;
  int n_long = 0;
  *n_rows = 0;
  while (*c.at) {
    int line = c.line;
    bool empty;
    const char *problem;
    int n = next_row(&c, NULL, 0, &empty, &problem);
    if (n < 0) return evl_fail(EVL_FORMAT, "%s:%d: %s", path, line, problem);
    *n_rows += !empty;
    if (empty || n <= n_columns) continue;
    if (n_long++ < LINES_SHOWN)
      used += (size_t)snprintf(lines + used, sizeof lines - used, "%s%d", used ? " " : "", line);
  }
  if (n_long > 0)
    return evl_fail(EVL_FORMAT, "%s: %d row(s) with more cells than the header's %d, in line(s) %s%s", path, n_long,
                    n_columns, lines, n_long > LINES_SHOWN ? " and more" : "");
  if ((size_t)*n_rows * (size_t)n_columns > CELLS_MAX)
    return evl_fail(EVL_LIMIT, "%s: %d rows of %d columns, expected at most %zu cells", path, *n_rows, n_columns,
                    CELLS_MAX);
  return EVL_OK;
}

static evl_status read_header(evl_table *table, cursor *c, evl_arena *arena) {
  bool empty = true;
  const char *problem;
  cursor header = *c, ahead = *c;
  while (empty && *ahead.at) {
    header = ahead;
    table->n_columns = next_row(&ahead, NULL, 0, &empty, &problem);
    if (table->n_columns < 0) return evl_fail(EVL_FORMAT, "%s:%d: %s", table->path, header.line, problem);
  }
  if (empty) return evl_fail(EVL_FORMAT, "%s: expected a header line with column names, found nothing", table->path);
  EVL_NEW(arena, table->name, table->n_columns);
  *c = header;
  next_row(c, table->name, table->n_columns, &empty, &problem);
  return check_names(table, arena);
}

evl_status evl_table_read(const char *path, char separator, evl_arena *arena, evl_table **result) {
  char *text;
  size_t bytes;
  EVL_TRY(evl_file_text(path, arena, &text, &bytes));
  EVL_TRY(check_bytes(path, text, bytes));
  if (bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) text += 3;
  evl_table *table;
  EVL_NEW(arena, table, 1);
  if (!(table->path = evl_arena_text(arena, path))) return EVL_MEMORY;
  cursor c = {.at = text, .separator = separator ? separator : guess_separator(path, text), .line = 1};
  EVL_TRY(read_header(table, &c, arena));
  EVL_TRY(count_rows(path, c, table->n_columns, &table->n_rows));
  size_t n_columns = (size_t)table->n_columns, n_cells = (size_t)table->n_rows * n_columns;
  int *line;
  EVL_NEW(arena, table->cell, n_cells);
  EVL_NEW(arena, line, table->n_rows);
  table->line = line;
  for (size_t i = 0; i < n_cells; i++) table->cell[i] = "";
  for (int row = 0; row < table->n_rows;) {
    bool empty;
    const char *problem;
    line[row] = c.line;
    next_row(&c, table->cell + (size_t)row * n_columns, table->n_columns, &empty, &problem);
    row += !empty;
  }
  *result = table;
  return EVL_OK;
}

int evl_table_column(const evl_table *table, const char *name) {
  for (int i = 0; i < table->n_columns; i++)
    if (strcmp(table->name[i], name) == 0) return i;
  return -1;
}

/* ---- numbers -------------------------------------------------------------------------------------- */

static const char *skip_digits(const char *p, int *n) {
  for (; *p >= '0' && *p <= '9'; p++) ++*n;
  return p;
}

/* [+-] digits [. digits] [e [+-] digits] and nothing else: strtod alone takes hexadecimal numbers and infinities. */
static bool is_decimal(const char *p) {
  int digits = 0, exponent = 0;
  p += *p == '+' || *p == '-';
  p = skip_digits(p, &digits);
  if (*p == '.') p = skip_digits(p + 1, &digits);
  if (digits == 0) return false;
  if (*p != 'e' && *p != 'E') return *p == '\0';
  p += p[1] == '+' || p[1] == '-' ? 2 : 1;
  p = skip_digits(p, &exponent);
  return exponent > 0 && *p == '\0';
}

bool evl_cell_number(const char *cell, double *number) {
  *number = NAN;
  static const char *const missing[] = {"", "n/a", "na", "nan"};
  for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
    if (strcasecmp(cell, missing[i]) == 0) return true;
  if (!is_decimal(cell)) return false;
  double value = strtod(cell, NULL);
  if (!isfinite(value)) return false;
  *number = value;
  return true;
}
