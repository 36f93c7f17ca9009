/* Text series inside: one row a sample, one column a channel. */
#ifndef EVEIL_TEXT_PRIV_H
#define EVEIL_TEXT_PRIV_H

#include "series_priv.h"

enum { EVL_TEXT_BLOCK = 1 << 18, EVL_TEXT_CELLS = 16384, EVL_TEXT_HEAD = 1025, EVL_TEXT_MARKS = 1 << 16 };
enum { EVL_CELL_LEFT_OUT = -1, EVL_CELL_TIME = -2 };

typedef struct evl_lines {
  int64_t offset;          /* in the file, of buffer[0] */
  size_t n, at;            /* bytes in the buffer; of the next line */
  bool ended;              /* the file has no more bytes */
  char *buffer;            /* [EVL_TEXT_BLOCK + 1] */
} evl_lines;

typedef struct evl_text {
  evl_series series;
  char delimiter;          /* ' ': any run of blanks and tabs; '\n': one cell a row */
  int n_cells;             /* of a row */
  int *channel;            /* [n_cells] or EVL_CELL_* */
  const char **name;       /* [n_cells] of the header line; NULL: it has none */
  int time_cell;           /* -1: none */
  double time_unit_s;
  bool clock, dated;       /* times are times of day; with their date */
  int64_t start, first_line; /* of the first row: bytes from the start of the file; number of its line, from 1 */
  int64_t n_rows;
  int64_t interval;        /* rows between marks */
  int n_marks, room;
  int64_t *mark;           /* [room] offset of row i * interval */
  double *row;             /* [n_channels] */
  evl_lines lines;
} evl_text;

/* ---- text_lines.c ---- */
void evl_lines_seek(evl_lines *lines, int64_t offset);
/* The next line without its end; *line NULL behind the last. EVL_FORMAT: longer than the buffer. */
evl_status evl_lines_next(const evl_reader *reader, evl_lines *lines, const char **line, const char **end) EVL_MUST_USE;
int64_t evl_lines_offset(const evl_lines *lines); /* of the next line */
/* The next cell from *at on, blanks and quotes around it cut; false where the row has ended. */
bool evl_cell_next(char delimiter, const char **at, const char *row_end, const char **cell, const char **end);
bool evl_cell_missing(const char *cell, const char *end); /* "", NaN, NA, n/a in any case */
bool evl_cell_numeric(const char *cell, const char *end); /* made of digits, signs, points, commas, exponents */
/* A number alone; NaN where it is missing. */
bool evl_cell_value(const char *cell, const char *end, double *value);

/* ---- text_cells.c ---- */
/* A row to text->row and *time_s (NAN: no time column). `line`: its number, for messages. */
evl_status evl_text_row(const evl_reader *reader, const char *row, const char *end, int64_t line,
                        double *time_s) EVL_MUST_USE;
/* Its time alone. */
evl_status evl_text_row_time(const evl_reader *reader, const char *row, const char *end, int64_t line,
                             double *time_s) EVL_MUST_USE;
/* "2020-03-09 14:34:41.5" (T or a blank), "2020/03/09 ..." or "14:34:41.5" in seconds since 1970 or midnight. */
bool evl_cell_clock(const char *cell, const char *end, double *seconds, bool *dated);

/* ---- text_header.c ---- */
/* Delimiter, header line, columns, what the first row says. */
evl_status evl_text_header(evl_reader *reader) EVL_MUST_USE;

/* ---- text_scan.c ---- */
/* Looks through the whole file: rows, marks, with a time column its stretches and rate. `check`: every cell. Fills
   header and stretches. */
evl_status evl_text_scan(evl_reader *reader, bool check) EVL_MUST_USE;

#endif
