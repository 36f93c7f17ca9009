/* text_lines: lines of a file of any size, and cells of a line. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "text_priv.h"

void evl_lines_seek(evl_lines *lines, int64_t offset) {
  lines->offset = offset;
  lines->n = lines->at = 0;
  lines->ended = false;
}

int64_t evl_lines_offset(const evl_lines *lines) { return lines->offset + (int64_t)lines->at; }

/* Moves what is left to the front and fills the rest of the buffer. */
static evl_status fill(const evl_reader *reader, evl_lines *lines) {
  size_t left = lines->n - lines->at;
  memmove(lines->buffer, lines->buffer + lines->at, left);
  lines->offset += (int64_t)lines->at;
  lines->at = 0;
  lines->n = left;
  int64_t rest = reader->header.bytes - lines->offset - (int64_t)left;
  size_t room = EVL_TEXT_BLOCK - left, n = rest < (int64_t)room ? (size_t)rest : room;
  EVL_TRY(evl_reader_bytes(reader, lines->offset + (int64_t)left, lines->buffer + left, n));
  lines->n += n;
  lines->ended = (int64_t)n == rest;
  lines->buffer[lines->n] = '\n';
  return EVL_OK;
}

evl_status evl_lines_next(const evl_reader *reader, evl_lines *lines, const char **line, const char **end) {
  const char *from = lines->buffer + lines->at, *stop = lines->n > lines->at ? memchr(from, '\n', lines->n - lines->at)
                                                                             : NULL;
  if (!stop && !lines->ended) {
    EVL_TRY(fill(reader, lines));
    from = lines->buffer;
    stop = memchr(from, '\n', lines->n);
    if (!stop && !lines->ended)
      return evl_fail(EVL_FORMAT, "%s: expected lines of at most %d bytes, found a longer one at byte %lld",
                      reader->path, EVL_TEXT_BLOCK, (long long)lines->offset);
  }
  *line = *end = NULL;
  if (!stop && lines->at == lines->n) return EVL_OK;
  if (!stop) stop = lines->buffer + lines->n; /* the last line need not end */
  lines->at = (size_t)(stop - lines->buffer) + 1;
  if (lines->at > lines->n) lines->at = lines->n;
  *line = from;
  *end = stop > from && stop[-1] == '\r' ? stop - 1 : stop;
  return EVL_OK;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* The closing quote of a cell that begins with one; NULL where there is none. */
static const char *closing(const char *at, const char *end) {
  return at < end && *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;
}

bool evl_cell_next(char delimiter, const char **at, const char *row_end, const char **cell, const char **end) {
  const char *p = *at;
  if (!p) return false;
  while (p < row_end && *p != delimiter && is_blank(*p)) p++;
  while (delimiter == ' ' && p < row_end && is_blank(*p)) p++;
  if (delimiter == ' ' && p == row_end) return false;
  const char *quote = closing(p, row_end), *stop = quote ? quote : p;
  *cell = quote ? p + 1 : p;
  while (stop < row_end && *stop != delimiter && !(delimiter == ' ' && *stop == '\t')) stop++;
  *end = quote ? quote : stop;
  while (!quote && *end > *cell && is_blank((*end)[-1])) --*end;
  *at = stop == row_end ? NULL : stop + 1;
  return true;
}

bool evl_cell_missing(const char *cell, const char *end) {
  static const char *const words[] = {"nan", "na", "n/a"};
  size_t n = (size_t)(end - cell);
  if (n == 0) return true;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (n == strlen(words[i]) && strncasecmp(cell, words[i], n) == 0) return true;
  return false;
}

bool evl_cell_numeric(const char *cell, const char *end) {
  for (const char *c = cell; c < end; c++)
    if (!*c || !strchr("0123456789+-.,eE", *c)) return false;
  return cell < end && *cell != 'e' && *cell != 'E';
}

bool evl_cell_value(const char *cell, const char *end, double *value) {
  if (evl_text_number(cell, end, value) == end && cell < end) return true;
  *value = NAN;
  return evl_cell_missing(cell, end);
}
