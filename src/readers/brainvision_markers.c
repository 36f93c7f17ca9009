/* brainvision_markers: the marker file, line by line, and the stretches that it tells of. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "brainvision_priv.h"

enum { LINE_BYTES = 2048, WINDOW = 1 << 14, MOST_STRETCHES = 1 << 18 };

/* ---- lines ---- */

/* A field up to a comma, "\1" for a comma in it; *c moves behind the comma. */
static void take_field(const char **c, char *text, size_t size) {
  char raw[LINE_BYTES];
  size_t n = 0;
  while (**c && **c != ',') {
    bool comma = (*c)[0] == '\\' && (*c)[1] == '1';
    raw[n++] = comma ? ',' : **c;
    *c += comma ? 2 : 1;
  }
  *c += **c == ',';
  evl_text_utf8((const uint8_t *)raw, n, text, size);
}

static int64_t take_number(const char **c) {
  char text[32];
  double number;
  take_field(c, text, sizeof text);
  return evl_text_decimal(text, strlen(text), &number) && fabs(number) < 9e15 ? (int64_t)number : 0;
}

/* YYYYMMDDhhmmssuuuuuu; without any other form the marker has no date. */
static void take_date(const char *c, evl_marker *m) {
  int hour, minute, second, micro;
  m->year = 0;
  if (strspn(c, "0123456789") != 20) return;
  if (sscanf(c, "%4d%2d%2d%2d%2d%2d%6d", &m->year, &m->month, &m->day, &hour, &minute, &second, &micro) != 7 ||
      m->year < 1900 || m->month < 1 || m->month > 12 || m->day < 1 || m->day > 31 || hour > 23 || minute > 59 ||
      second > 60) {
    m->year = 0;
    return;
  }
  m->microsecond = ((hour * 60 + minute) * (int64_t)60 + second) * 1000000 + micro;
}

static bool parse_marker(const char *line, evl_marker *m) {
  const char *c = strchr(line, '=');
  if (strncasecmp(line, "Mk", 2) != 0 || !c) return false;
  c++;
  take_field(&c, m->type, sizeof m->type);
  take_field(&c, m->text, sizeof m->text);
  m->position = take_number(&c);
  m->points = take_number(&c);
  (void)take_number(&c);
  take_date(c, m);
  return m->position >= 1;
}

typedef struct scanner {
  evl_status (*see)(void *context, const evl_marker *marker);
  void *context;
  bool inside;             /* [Marker Infos] */
  size_t n;
  char line[LINE_BYTES];
} scanner;

static evl_status end_line(scanner *s) {
  evl_marker marker;
  s->line[s->n] = 0;
  while (s->n > 0 && strchr(" \t\r", s->line[s->n - 1])) s->line[--s->n] = 0;
  s->n = 0;
  if (*s->line == '[') s->inside = strcasecmp(s->line, "[Marker Infos]") == 0;
  if (!s->inside || *s->line == ';' || !parse_marker(s->line, &marker)) return EVL_OK;
  return s->see(s->context, &marker);
}

evl_status evl_brainvision_markers(evl_reader *reader, evl_status (*see)(void *context, const evl_marker *marker),
                                   void *context, evl_sha256 *hash) {
  const evl_brainvision *b = reader->state;
  scanner s = {.see = see, .context = context};
  uint8_t window[WINDOW];
  if (b->markers < 0) return EVL_OK;
  int64_t bytes = reader->header.file[b->markers].bytes;
  for (int64_t at = 0; at < bytes; at += WINDOW) {
    size_t n = bytes - at < WINDOW ? (size_t)(bytes - at) : WINDOW;
    EVL_TRY(evl_reader_file_bytes(reader, b->markers, at, window, n));
    if (hash) evl_sha256_add(hash, window, n);
    for (size_t i = 0; i < n; i++) {
      if (window[i] == '\n') EVL_TRY(end_line(&s));
      else if (s.n < sizeof s.line - 1 && window[i]) s.line[s.n++] = (char)window[i]; /* longer ones are cut */
    }
  }
  return end_line(&s);
}

/* ---- stretches ---- */

typedef struct segment { int64_t point; double clock_s; } segment; /* first point, from 0; clock NaN: no date */

typedef struct segments {
  evl_reader *reader;
  int n, room;
  segment *list;
} segments;

static evl_status add_segment(segments *all, int64_t point, double clock_s) {
  if (all->n == all->room) {
    if (all->room >= MOST_STRETCHES)
      return evl_fail(EVL_LIMIT, "%s: expected at most %d segments, found more", all->reader->path, MOST_STRETCHES);
    segment *wider;
    int room = all->room ? 4 * all->room : 16;
    EVL_NEW(all->reader->arena, wider, room);
    if (all->n) memcpy(wider, all->list, (size_t)all->n * sizeof *wider);
    all->list = wider;
    all->room = room;
  }
  all->list[all->n++] = (segment){point, clock_s};
  return EVL_OK;
}

/* Days of the Gregorian calendar, from some day. */
static int64_t day_number(int year, int month, int day) {
  int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
  return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day;
}

static evl_status see_segment(void *context, const evl_marker *m) {
  segments *all = context;
  evl_header *header = &all->reader->header;
  if (strcasecmp(m->type, "New Segment") != 0 || m->position > header->n_records) return EVL_OK;
  double clock_s = NAN;
  if (m->year) {
    clock_s = 86400.0 * (double)(day_number(m->year, m->month, m->day) - day_number(2000, 1, 1)) +
              1e-6 * (double)m->microsecond;
    if (m->position == 1) {
      header->year = m->year;
      header->month = m->month;
      header->day = m->day;
      header->start_clock_s = 1e-6 * (double)m->microsecond;
    }
  }
  return add_segment(all, m->position - 1, clock_s);
}

/* By point; of the same point, those with a date first, the earliest of them. */
static int by_point(const void *a, const void *b) {
  const segment *x = a, *y = b;
  if (x->point != y->point) return x->point < y->point ? -1 : 1;
  if (isnan(x->clock_s) || isnan(y->clock_s)) return !!isnan(x->clock_s) - !!isnan(y->clock_s);
  return (x->clock_s > y->clock_s) - (x->clock_s < y->clock_s);
}

/* A segment begins where its date says, if that is not before the end of the one before; where it says nothing, at
   that end. A date that differs by less than half a sample continues the segment before. */
static evl_status place(segments *all) {
  evl_header *header = &all->reader->header;
  const evl_brainvision *b = all->reader->state;
  int undated = 0, early = 0;
  EVL_NEW(all->reader->arena, header->stretch, all->n);
  for (int i = 0; i < all->n; i++) {
    const segment *s = &all->list[i];
    if (i > 0 && s->point == s[-1].point) continue;
    evl_stretch *last = header->n_stretches ? &header->stretch[header->n_stretches - 1] : NULL;
    double start_s = last ? last->start_s + (double)(s->point - last->first_record) / b->fs_hz : 0.0;
    double dated_s = s->clock_s - all->list[0].clock_s;
    if (last && fabs(dated_s - start_s) <= 0.5 / b->fs_hz) continue;
    if (last && isnan(dated_s)) undated++;
    else if (last && dated_s < start_s) early++;
    else if (last) start_s = dated_s;
    header->stretch[header->n_stretches++] = (evl_stretch){.start_s = start_s, .first_record = s->point};
  }
  if (undated)
    evl_reader_note(all->reader, "%d segments without a date: the gaps before them are not known", undated);
  if (early)
    evl_reader_note(all->reader, "%d segments dated before the end of those before them: put behind these", early);
  return EVL_OK;
}

evl_status evl_brainvision_stretches(evl_reader *reader, evl_sha256 *hash) {
  evl_header *header = &reader->header;
  const evl_brainvision *b = reader->state;
  segments all = {.reader = reader};
  EVL_TRY(evl_brainvision_markers(reader, see_segment, &all, hash));
  EVL_TRY(add_segment(&all, 0, NAN));
  if (b->segmented && b->segment_points > 0)
    for (int64_t p = b->segment_points; p < header->n_records; p += b->segment_points)
      EVL_TRY(add_segment(&all, p, NAN));
  qsort(all.list, (size_t)all.n, sizeof *all.list, by_point);
  EVL_TRY(place(&all));
  for (int i = 0; i < header->n_stretches; i++) {
    evl_stretch *stretch = &header->stretch[i];
    stretch->n_records = (i + 1 < header->n_stretches ? stretch[1].first_record : header->n_records) -
                         stretch->first_record;
    stretch->duration_s = (double)stretch->n_records / b->fs_hz;
  }
  const evl_stretch *end = &header->stretch[header->n_stretches - 1];
  header->duration_s = end->start_s + end->duration_s;
  return EVL_OK;
}
