/* wfdb_header: the text header of a record (header(5)).

   Fields that fail are refused, never guessed. Messages show a field only where it looks like a number or a file's
   name: comments may hold what is a patient's. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wfdb_priv.h"

enum { MOST_LINES = 9999, MOST_PER_FRAME = 1 << 20, MOST_SEGMENTS = 1 << 18 };

typedef struct parser {
  const char *path;
  char *rest;              /* text behind the present line */
  int line;                /* its number */
  char *at;                /* next field of it */
  evl_arena *arena;
  evl_wfdb_header *header;
} parser;

static evl_status wrong(const parser *p, const char *expected, const char *found) {
  bool numeric = strlen(found) < 40;
  for (const char *c = found; *c; c++) numeric &= strchr("0123456789+-.eEx:/()", *c) != NULL;
  if (!*found) return evl_fail(EVL_FORMAT, "%s: line %d: expected %s, found no more", p->path, p->line, expected);
  return evl_fail(EVL_FORMAT,
                  numeric ? "%s: line %d: expected %s, found \"%s\"" : "%s: line %d: expected %s, found other text",
                  p->path, p->line, expected, found);
}

/* ---- lines and fields ---- */

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* I-CARE's "Start time" counts from the arrest and is no time of day. */
static void see_comment(evl_wfdb_header *header, const char *text) {
  int hertz;
  if (sscanf(text, " Utility frequency: %5d", &hertz) == 1 && (hertz == 50 || hertz == 60)) header->line_hz = hertz;
}

/* The next line with content, without its end; false behind the last. */
static bool next_line(parser *p) {
  while (*p->rest) {
    char *line = p->rest;
    size_t n = strcspn(line, "\n");
    p->rest = line + n + (line[n] == '\n');
    line[n] = 0;
    if (n > 0 && line[n - 1] == '\r') line[n - 1] = 0;
    p->line++;
    while (is_blank(*line)) line++;
    if (*line == '#') see_comment(p->header, line + 1);
    if (!*line || *line == '#') continue;
    p->at = line;
    return true;
  }
  p->line++;
  p->at = p->rest;
  return false;
}

/* The next field, "" where the line has no more. */
static char *field(parser *p) {
  char *from = p->at;
  p->at += strcspn(p->at, " \t");
  if (*p->at) *p->at++ = 0;
  while (is_blank(*p->at)) p->at++;
  return from;
}

/* A whole number at *c, moved behind it. */
static bool whole(char **c, int64_t *value) {
  char *end;
  long long v = strtoll(*c, &end, 10);
  if (end == *c || is_blank(**c) || v > INT64_MAX / 4 || v < INT64_MIN / 4) return false;
  *value = v;
  *c = end;
  return true;
}

static bool real(char **c, double *value) {
  size_t n = strspn(*c, "0123456789+-.eE");
  char kept = (*c)[n];
  (*c)[n] = 0;
  bool good = n > 0 && evl_cell_number(*c, value);
  (*c)[n] = kept;
  *c += n;
  return good;
}

/* The next field as a whole number; `fallback` where the line has no more. */
static evl_status whole_field(parser *p, const char *what, int64_t fallback, int64_t *value) {
  char *text = field(p), *c = text;
  *value = fallback;
  if (!*text || (whole(&c, value) && !*c)) return EVL_OK;
  return wrong(p, what, text);
}

/* ---- record line ---- */

static void read_clock(evl_wfdb_header *header, const char *text) {
  int hour, minute, used = 0;
  double second;
  if (*text == '[') text++;
  if (sscanf(text, "%5d:%5d:%lf%n", &hour, &minute, &second, &used) != 3 || (text[used] && text[used] != ']')) return;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || !(second >= 0 && second < 60)) return;
  header->start_clock_s = 3600.0 * hour + 60.0 * minute + second;
}

static void read_date(evl_wfdb_header *header, const char *text) {
  int day, month, year;
  if (sscanf(text, "%5d/%5d/%5d", &day, &month, &year) != 3) return;
  if (day < 1 || day > 31 || month < 1 || month > 12 || year < 1800 || year > 9999) return;
  header->day = day;
  header->month = month;
  header->year = year;
}

static evl_status read_record_line(parser *p) {
  evl_wfdb_header *header = p->header;
  if (!next_line(p)) return wrong(p, "a record line", "");
  char *name = field(p), *slash = strchr(name, '/');
  int64_t n_segments = 0, n_lines = 0;
  if (slash) {
    char *c = slash + 1;
    if (!whole(&c, &n_segments) || *c || n_segments < 1 || n_segments > MOST_SEGMENTS)
      return wrong(p, "a number of segments", slash + 1);
  }
  char *text = field(p), *c = text;
  if (!whole(&c, &n_lines) || *c || n_lines < 0 || n_lines > MOST_LINES) return wrong(p, "a number of signals", text);
  header->n_segments = (int)n_segments;
  header->n_lines = (int)n_lines;
  text = c = field(p);
  header->fs_hz = 250; /* the standard's, where nothing is told */
  if (*text && (!real(&c, &header->fs_hz) || (*c && *c != '/') || !(header->fs_hz > 0)))
    return wrong(p, "a sampling frequency above 0 Hz", text);
  EVL_TRY(whole_field(p, "a number of samples", 0, &header->n_frames));
  if (header->n_frames < 0) return wrong(p, "a number of samples of 0 or more", "-");
  read_clock(header, field(p));
  read_date(header, field(p));
  return EVL_OK;
}

/* ---- signal lines ---- */

/* format[xSAMPLES][:SKEW][+OFFSET] */
static evl_status read_format(parser *p, evl_wfdb_line *line) {
  char *text = field(p), *c = text, before[80] = "";
  strncpy(before, text, sizeof before - 1);
  int64_t number = 0;
  line->per_frame = 1;
  bool good = whole(&c, &number);
  if (good && *c == 'x') c++, good = whole(&c, &line->per_frame);
  if (good && *c == ':') c++, good = whole(&c, &line->skew);
  if (good && *c == '+') c++, good = whole(&c, &line->offset);
  if (!good || *c || line->per_frame < 1 || line->per_frame > MOST_PER_FRAME || line->offset < 0)
    return wrong(p, "a sample format, as in 16 or 212x4:1+24", before);
  if (strcmp(line->file, "~") == 0) return EVL_OK;
  line->format = evl_wfdb_format_of((int)(number < 100000 ? number : 0));
  if (!line->format && (number == 508 || number == 516 || number == 524))
    return evl_fail(EVL_FORMAT, "%s: line %d: expected samples that are not compressed, found format %lld (FLAC)",
                    p->path, p->line, (long long)number);
  if (!line->format) return wrong(p, "a sample format of 8, 16, 24, 32, 61, 80, 160, 212, 310 or 311", before);
  return EVL_OK;
}

/* gain[(baseline)][/unit] */
static evl_status read_gain(parser *p, evl_wfdb_line *line, bool *has_baseline) {
  char *text = field(p), *c = text;
  line->unit = "mV";
  if (!*text) return EVL_OK;
  bool good = real(&c, &line->gain);
  if (good && *c == '(') {
    c++;
    good = whole(&c, &line->baseline) && *c == ')';
    c += good;
    *has_baseline = good;
  }
  if (good && *c == '/' && c[1]) {
    char *unit = evl_arena_alloc(p->arena, 33);
    if (!unit) return EVL_MEMORY;
    evl_text_utf8((const uint8_t *)c + 1, strlen(c + 1), unit, 33);
    line->unit = unit;
    c += strlen(c);
  }
  if (!good || (*c && strcmp(c, "/") != 0)) return wrong(p, "a gain, as in 200 or 200(1024)/uV", text);
  return EVL_OK;
}

static evl_status read_signal_line(parser *p, int index) {
  evl_wfdb_line *line = &p->header->line[index];
  bool has_baseline = false;
  int64_t resolution, checksum, block, most = (int64_t)1 << 31;
  if (!next_line(p))
    return evl_fail(EVL_FORMAT, "%s: expected %d signals, found %d", p->path, p->header->n_lines, index);
  line->file = field(p);
  EVL_TRY(read_format(p, line));
  EVL_TRY(read_gain(p, line, &has_baseline));
  EVL_TRY(whole_field(p, "a resolution in bits", 0, &resolution));
  line->resolution = resolution > 0 && resolution <= 32 ? (int)resolution : 0;
  EVL_TRY(whole_field(p, "a zero of the converter", 0, &line->zero));
  if (!has_baseline) line->baseline = line->zero;
  EVL_TRY(whole_field(p, "an initial value", line->zero, &line->initial));
  if (llabs(line->baseline) > most || llabs(line->zero) > most || llabs(line->initial) > most)
    return wrong(p, "values of up to 32 bits", "more");
  line->has_checksum = *p->at != 0;
  EVL_TRY(whole_field(p, "a checksum", 0, &checksum));
  line->checksum = (uint16_t)checksum;
  EVL_TRY(whole_field(p, "a block size", 0, &block));
  char *label = evl_arena_alloc(p->arena, 81);
  if (!label) return EVL_MEMORY;
  evl_text_utf8((const uint8_t *)p->at, strlen(p->at), label, 81);
  if (!*label) snprintf(label, 81, "signal %d", index + 1);
  line->label = label;
  return EVL_OK;
}

/* Programs that do not compute checksums write 0 for all. */
static void forget_zeros(evl_wfdb_header *header) {
  bool any = false;
  for (int i = 0; i < header->n_lines; i++) any |= header->line[i].checksum != 0;
  for (int i = 0; i < header->n_lines; i++) header->line[i].has_checksum &= any;
}

static evl_status read_segment_line(parser *p, int index) {
  evl_wfdb_segment *segment = &p->header->segment[index];
  if (!next_line(p))
    return evl_fail(EVL_FORMAT, "%s: expected %d segments, found %d", p->path, p->header->n_segments, index);
  segment->name = field(p);
  EVL_TRY(whole_field(p, "a number of samples", -1, &segment->n_frames));
  if (segment->n_frames < 0 || (segment->n_frames == 0 && index > 0))
    return wrong(p, "a number of samples of the segment above 0", "0");
  return EVL_OK;
}

evl_status evl_wfdb_header_parse(const char *path, char *text, evl_arena *arena, evl_wfdb_header **header) {
  EVL_NEW(arena, *header, 1);
  evl_wfdb_header *h = *header;
  h->start_clock_s = NAN;
  if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3;
  parser p = {path, text, 0, text, arena, h};
  EVL_TRY(read_record_line(&p));
  if (h->n_segments) {
    EVL_NEW(arena, h->segment, h->n_segments);
    for (int i = 0; i < h->n_segments; i++) EVL_TRY(read_segment_line(&p, i));
  } else {
    EVL_NEW(arena, h->line, h->n_lines);
    for (int i = 0; i < h->n_lines; i++) EVL_TRY(read_signal_line(&p, i));
    forget_zeros(h);
  }
  if (next_line(&p))
    return evl_fail(EVL_FORMAT, "%s: line %d: expected the end of the header after %d %s, found another line", path,
                    p.line, h->n_segments ? h->n_segments : h->n_lines, h->n_segments ? "segments" : "signals");
  return EVL_OK;
}
