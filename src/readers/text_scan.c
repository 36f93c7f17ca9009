/* text_scan: one look through a whole text: where its rows are, and when. */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "text_priv.h"

enum { FIRST_INTERVAL = 1024 };

/* Of a time column: steps from row to row, and what they say of the rate. */
typedef struct steps {
  double step_s;           /* expected */
  double first_s, last_s;  /* time of the first row, of the row before */
  double start_s;          /* time of the stretch's first row */
  int64_t start_row, regular;
  double regular_s;        /* sum of the regular steps */
  int room;
} steps;

/* ---- marks ---- */

static void mark_row(evl_text *text, int64_t offset) {
  if (text->n_rows % text->interval) return;
  if (text->n_marks == text->room) { /* every other one goes */
    for (int i = 0; i < text->room / 2; i++) text->mark[i] = text->mark[2 * i];
    text->n_marks = text->room / 2;
    text->interval *= 2;
    if (text->n_rows % text->interval) return;
  }
  text->mark[text->n_marks++] = offset;
}

static evl_status plan_marks(evl_reader *reader) {
  evl_text *text = reader->state;
  int64_t most = reader->header.bytes / (2 * FIRST_INTERVAL) + 2; /* a row has at least 2 bytes */
  text->room = most < EVL_TEXT_MARKS ? (int)most + (int)(most % 2) : EVL_TEXT_MARKS;
  text->interval = FIRST_INTERVAL;
  EVL_NEW(reader->arena, text->mark, text->room);
  return EVL_OK;
}

/* ---- time ---- */

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median of the first steps: times may be rounded, and rows may be missing. */
static evl_status first_steps(evl_reader *reader, steps *s) {
  evl_text *text = reader->state;
  double step[EVL_TEXT_HEAD], before = 0, time_s, fs_hz = evl_params_real(reader->params, "fs_hz");
  int n = 0;
  evl_lines_seek(&text->lines, text->start);
  for (int64_t row = 0; row < EVL_TEXT_HEAD; row++) {
    const char *line, *end;
    EVL_TRY(evl_lines_next(reader, &text->lines, &line, &end));
    if (!line || line == end) break;
    EVL_TRY(evl_text_row_time(reader, line, end, text->first_line + row, &time_s));
    if (row == 0) s->first_s = time_s;
    else step[n++] = time_s - before;
    before = time_s;
  }
  if (n == 0)
    return evl_fail(EVL_FORMAT, "%s: expected at least two rows with times, found fewer", reader->path);
  qsort(step, (size_t)n, sizeof *step, by_size);
  s->step_s = step[n / 2];
  if (!(s->step_s > 0))
    return evl_fail(EVL_FORMAT, "%s: expected times that grow, found a median step of %g s", reader->path, s->step_s);
  if (!(fs_hz > 0)) return EVL_OK;
  if (!(fabs(s->step_s * fs_hz - 1) <= 0.5))
    return evl_fail(EVL_USAGE, "%s: expected steps of %g s (formats.text.fs_hz = %g), found %g s in the time column",
                    reader->path, 1 / fs_hz, fs_hz, s->step_s);
  s->step_s = 1 / fs_hz;
  return EVL_OK;
}

/* start_s: in the file's time, as long as the rate is not known. */
static evl_status end_stretch(evl_reader *reader, steps *s) {
  const evl_text *text = reader->state;
  return evl_reader_add_stretch(reader, &s->room,
                                (evl_stretch){.start_s = s->start_s, .duration_s = s->last_s - s->start_s,
                                              .first_record = s->start_row,
                                              .n_records = text->n_rows - s->start_row});
}

static evl_status take_time(evl_reader *reader, steps *s, double time_s) {
  const evl_text *text = reader->state;
  double step = time_s - s->last_s;
  if (text->n_rows == 0) {
    s->start_s = s->last_s = time_s;
    return EVL_OK;
  }
  if (!(step > 0.5 * s->step_s))
    return evl_fail(EVL_FORMAT, "%s: line %lld, column %d: expected a time about %g s after that of the row before, "
                    "found %g s", reader->path, (long long)(text->first_line + text->n_rows), text->time_cell + 1,
                    s->step_s, step);
  if (step > 1.5 * s->step_s) {
    EVL_TRY(end_stretch(reader, s));
    s->start_s = time_s;
    s->start_row = text->n_rows;
  } else {
    s->regular++;
    s->regular_s += step;
  }
  s->last_s = time_s;
  return EVL_OK;
}

/* The rate of all regular steps; what is within 1e-4 of a whole number is that number, for times are rounded. */
static double rate_of(const evl_reader *reader, const steps *s) {
  double fs_hz = evl_params_real(reader->params, "fs_hz");
  if (fs_hz > 0) return fs_hz;
  fs_hz = s->regular ? (double)s->regular / s->regular_s : 1 / s->step_s;
  return round(fs_hz) >= 1 && fabs(fs_hz / round(fs_hz) - 1) < 1e-4 ? round(fs_hz) : fs_hz;
}

/* Stretches from the time of the first row, as long as their samples; the rate must hold in each. */
static evl_status place_stretches(evl_reader *reader, const steps *s, evl_stretch *stretch, int n, double fs_hz) {
  evl_header *header = &reader->header;
  const evl_text *text = reader->state;
  for (int i = 0; i < n; i++) {
    double elapsed_s = stretch[i].duration_s, expected_s = (double)(stretch[i].n_records - 1) / fs_hz;
    if (!(fabs(elapsed_s - expected_s) <= fmax(1.5 / fs_hz, 1e-3 * elapsed_s)))
      return evl_fail(EVL_FORMAT, "%s: expected %lld rows from line %lld on to last %g s at %g Hz, found %g s in the time "
                      "column", reader->path, (long long)stretch[i].n_records,
                      (long long)(text->first_line + stretch[i].first_record), expected_s, fs_hz, elapsed_s);
    double after_s = i ? stretch[i - 1].start_s + stretch[i - 1].duration_s : 0;
    stretch[i].start_s = fmax(after_s, stretch[i].start_s - s->first_s);
    stretch[i].duration_s = (double)stretch[i].n_records / fs_hz;
  }
  header->stretch = stretch;
  header->n_stretches = n;
  header->duration_s = stretch[n - 1].start_s + stretch[n - 1].duration_s;
  return EVL_OK;
}

static void take_start(evl_reader *reader, double first_s) {
  const evl_text *text = reader->state;
  evl_header *header = &reader->header;
  if (!text->clock) return;
  double days = floor(first_s / 86400);
  header->start_clock_s = first_s - 86400 * days;
  if (!text->dated) return;
  time_t day = (time_t)(86400 * days);
  struct tm date;
  if (!gmtime_r(&day, &date)) return;
  header->year = 1900 + date.tm_year;
  header->month = 1 + date.tm_mon;
  header->day = date.tm_mday;
}

/* ---- the scan ---- */

static evl_status scan_rows(evl_reader *reader, bool check, steps *s) {
  evl_text *text = reader->state;
  evl_lines_seek(&text->lines, text->start);
  for (int64_t empty = 0;; ) {
    int64_t offset = evl_lines_offset(&text->lines), line_number = text->first_line + text->n_rows;
    const char *line, *end;
    double time_s = NAN;
    EVL_TRY(evl_lines_next(reader, &text->lines, &line, &end));
    if (!line) return EVL_OK;
    if (line == end && ++empty) continue; /* at the end of the file that is nothing */
    if (empty)
      return evl_fail(EVL_FORMAT, "%s: line %lld: expected %d cell%s, found an empty line", reader->path,
                      (long long)line_number, text->n_cells, text->n_cells == 1 ? "" : "s");
    if (check) EVL_TRY(evl_text_row(reader, line, end, line_number, &time_s));
    else if (text->time_cell >= 0) EVL_TRY(evl_text_row_time(reader, line, end, line_number, &time_s));
    if (text->time_cell >= 0) EVL_TRY(take_time(reader, s, time_s));
    mark_row(text, offset);
    text->n_rows++;
  }
}

evl_status evl_text_scan(evl_reader *reader, bool check) {
  evl_text *text = reader->state;
  evl_header *header = &reader->header;
  steps s = {0};
  double fs_hz = 0;
  EVL_TRY(plan_marks(reader));
  if (text->time_cell >= 0) EVL_TRY(first_steps(reader, &s));
  else EVL_TRY(evl_series_rate(reader, 0, &fs_hz));
  EVL_TRY(scan_rows(reader, check, &s));
  if (text->n_rows == 0) return evl_fail(EVL_FORMAT, "%s: expected rows of numbers, found none", reader->path);
  if (text->time_cell < 0) return evl_series_header(reader, header->n_signals, text->n_rows, fs_hz);
  EVL_TRY(end_stretch(reader, &s));
  evl_stretch *stretch = header->stretch;
  int n = header->n_stretches;
  fs_hz = rate_of(reader, &s);
  EVL_TRY(evl_series_header(reader, header->n_signals, text->n_rows, fs_hz));
  EVL_TRY(place_stretches(reader, &s, stretch, n, fs_hz));
  take_start(reader, s.first_s);
  return EVL_OK;
}
