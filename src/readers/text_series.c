/* text_series: one row a sample, one column a channel. The file is never held as a whole: every so many rows a mark
   tells where to go on reading. */
#include <string.h>

#include <strings.h>

#include "text_priv.h"

enum { KEY_BYTES = 4096 };

static const evl_param params[] = {
  EVL_SERIES_PARAMS,
  {"delimiter", EVL_STRING, "\"auto\"", 0, 0, "auto|comma|semicolon|tab|blank", "",
   "What stands between cells; auto: the first of tab, semicolon, comma that a row has, else blanks."},
  {"header", EVL_STRING, "\"auto\"", 0, 0, "auto|yes|no", "",
   "Whether the first line names the columns; auto: where it holds no number."},
  {"columns", EVL_STRINGS, "[]", 0, 0, NULL, "",
   "Columns that are channels, by name or number from 1, in this order; none: all but the time."},
  {"time", EVL_STRING, "\"auto\"", 0, 0, NULL, "",
   "Column of the time, by name or number from 1, as a number or as 2020-03-09 14:34:41.5; none; auto: one named time, "
   "timestamp or datetime. Rows that are missing in it are gaps."},
  {"time_unit", EVL_STRING, "\"s\"", 0, 0, "s|ms|us", "", "Unit of a time that is a number."},
  {0}};

static bool knows(const uint8_t *first, size_t n, const char *path) {
  static const char *const suffixes[] = {".txt", ".csv", ".tsv", ".asc"};
  size_t length = strlen(path);
  (void)first, (void)n;
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
    if (length > 4 && strcasecmp(path + length - 4, suffixes[i]) == 0) return true;
  return false;
}

static evl_status name_signals(evl_reader *reader) {
  const evl_text *text = reader->state;
  if (!text->name || evl_params_value(reader->params, "labels")->n) return EVL_OK;
  for (int i = 0; i < text->n_cells; i++)
    if (text->channel[i] >= 0 && text->name[i] && *text->name[i]) {
      char *label = reader->header.signal[text->channel[i]].label;
      memcpy(label, text->name[i], strlen(text->name[i]) + 1); /* names were cut to labels */
    }
  return EVL_OK;
}

static evl_status hash_start(evl_reader *reader) {
  uint8_t bytes[KEY_BYTES];
  size_t n = reader->header.bytes < KEY_BYTES ? (size_t)reader->header.bytes : KEY_BYTES;
  evl_sha256 hash;
  EVL_TRY(evl_reader_bytes(reader, 0, bytes, n));
  evl_sha256_begin(&hash);
  evl_sha256_add(&hash, bytes, n);
  evl_reader_key(reader, &hash);
  return EVL_OK;
}

/* Rows [first, first + n) to raw, channel after channel. */
static evl_status fetch(evl_reader *reader, int64_t first, int64_t n) {
  evl_text *text = reader->state;
  double *to = (double *)(void *)reader->raw, time_s;
  int n_channels = reader->header.n_signals;
  int64_t row = first - first % text->interval;
  evl_lines_seek(&text->lines, text->mark[first / text->interval]);
  for (; row < first + n; row++) {
    const char *line, *end;
    EVL_TRY(evl_lines_next(reader, &text->lines, &line, &end));
    if (!line)
      return evl_fail(EVL_FORMAT, "%s: expected %lld rows, found %lld: the file has changed", reader->path,
                      (long long)text->n_rows, (long long)row);
    if (row < first) continue;
    EVL_TRY(evl_text_row(reader, line, end, text->first_line + row, &time_s));
    for (int c = 0; c < n_channels; c++) to[c * n + row - first] = text->row[c];
  }
  return EVL_OK;
}

static evl_status open_text(evl_reader *reader) {
  evl_text *text;
  EVL_NEW(reader->arena, text, 1);
  reader->state = text;
  reader->header.format = "text";
  text->series = (evl_series){.type = EVL_PLANE_F64, .fetch = fetch};
  EVL_NEW(reader->arena, text->lines.buffer, EVL_TEXT_BLOCK + 1);
  EVL_TRY(hash_start(reader));
  EVL_TRY(evl_text_header(reader));
  EVL_TRY(evl_text_scan(reader, !evl_reader_unchanged(reader)));
  return name_signals(reader);
}

const evl_format evl_format_text = {
  .name = "text",
  .summary = "Text series (.txt .csv .tsv .asc): one row a sample, one column a channel",
  .cite = "RFC 4180 for commas and quotes; other delimiters alike",
  .suffixes = "",
  .params = params,
  .knows = knows,
  .open = open_text,
  .load = evl_series_load,
  .channel = evl_series_channel,
  .annotations = evl_series_no_annotations,
};
