/* EDF+C writer (Kemp & Olivan 2003, doi:10.1016/S1388-2457(03)00123-8; the EDF+ specification at edfplus.info).
   A record holds each signal's samples, then the annotation signal, whose first list keeps the time of the record. */
#include "eveil/simulate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  DIGITAL_MAX = 32767,
  BLOCK_BYTES = 1 << 20,
  LEAST_ANNOTATION_BYTES = 120,
  WAITING_BYTES = 1 << 16,
  TIME_BYTES = 48
};
#define MOST_RECORDS 99999999

struct evl_edf_writer {
  char *path, *aside;
  int file; /* -1: none */
  int n_signals;
  const char *const *label;
  double fs_hz, record_s, *limit_uv, *scale; /* [n_signals]; scale: digital units a microvolt */
  int64_t per_record; /* samples of a signal */
  int64_t n_records; /* finished, the block's included */
  int64_t filled; /* samples in the record under way */
  size_t record_bytes, annotation_bytes, block_records, block_used;
  uint8_t *block; /* [block_records][record_bytes] */
  char *waiting; /* annotation lists that wait for a record, each ended by NUL */
  size_t waiting_used;
};

static evl_status write_all(evl_edf_writer *w, const void *data, size_t bytes, int64_t at) {
  const uint8_t *next = data;
  while (bytes > 0) {
    ssize_t done = at < 0 ? write(w->file, next, bytes) : pwrite(w->file, next, bytes, at);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0)
      return evl_fail(EVL_IO, "%s: cannot write: %s", w->aside, done < 0 ? strerror(errno) : "no progress");
    next += done;
    bytes -= (size_t)done;
    if (at >= 0) at += done;
  }
  return EVL_OK;
}

/* A header field: left-justified, padded with blanks. */
static char *put_field(char *at, size_t width, const char *text) {
  memset(at, ' ', width);
  memcpy(at, text, strnlen(text, width));
  return at + width;
}

/* A positive number in at most `width` characters without exponent, never smaller than `value`; returns it as a reader
   will see it, 0 where it does not fit. */
static double put_rounded_up(double value, int width, char text[32]) {
  for (int decimals = width - 2; decimals >= 0; decimals--) {
    double unit = pow(10, decimals), units = rint(value * unit);
    snprintf(text, 32, "%.*f", decimals, units / unit);
    if (strtod(text, NULL) < value) snprintf(text, 32, "%.*f", decimals, (units + 1) / unit);
    if ((int)strlen(text) > width) continue;
    if (decimals > 0) {
      char *last = text + strlen(text) - 1;
      while (*last == '0') *last-- = 0;
      if (*last == '.') *last = 0;
    }
    return strtod(text, NULL);
  }
  return 0;
}

static evl_status check_spec(const char *path, const evl_edf_spec *spec, int64_t *per_record) {
  if (spec->n_signals < 1 || spec->n_signals > 9998)
    return evl_fail(EVL_USAGE, "%s: expected 1 to 9998 signals, found %d", path, spec->n_signals);
  if (spec->annotation_bytes > WAITING_BYTES)
    return evl_fail(EVL_LIMIT, "%s: expected at most %d bytes of annotations a record, found %d", path, WAITING_BYTES,
                    spec->annotation_bytes);
  if (!(spec->fs_hz > 0 && spec->record_s > 0 && isfinite(spec->fs_hz) && isfinite(spec->record_s)))
    return evl_fail(EVL_USAGE, "%s: expected a positive rate and record duration, found %g Hz and %g s", path,
                    spec->fs_hz, spec->record_s);
  double samples = spec->fs_hz * spec->record_s;
  if (!(samples >= 1 && samples < 1e7) || fabs(samples - round(samples)) > 1e-6)
    return evl_fail(EVL_USAGE, "%s: a record of %g s at %g Hz has %g samples, expected a whole number", path,
                    spec->record_s, spec->fs_hz, samples);
  *per_record = (int64_t)llround(samples);
  for (int s = 0; s < spec->n_signals; s++) {
    const char *label = spec->label[s];
    size_t n = strlen(label);
    for (size_t i = 0; i < n; i++)
      if (label[i] < 32 || label[i] > 126) n = 99;
    if (n < 1 || n > 16)
      return evl_fail(EVL_USAGE, "%s: label of signal %d: expected 1 to 16 printable ASCII characters", path, s);
  }
  return EVL_OK;
}

static evl_status plan_signal(evl_edf_writer *w, int s, double max_uv) {
  char text[32];
  if (!(max_uv > 0 && max_uv < 1e6))
    return evl_fail(EVL_USAGE, "%s: signal %s: expected a physical range above 0 and below 1e6 uV, found %g", w->path,
                    w->label[s], max_uv);
  w->limit_uv[s] = put_rounded_up(max_uv, 7, text); /* 7: the minimum has a sign */
  w->scale[s] = DIGITAL_MAX / w->limit_uv[s];
  return EVL_OK;
}

static evl_status write_header(evl_edf_writer *w, evl_arena *arena) {
  int n = w->n_signals + 1;
  size_t bytes = 256 * ((size_t)n + 1);
  char *header, text[32], low[40];
  EVL_NEW(arena, header, bytes);
  char *at = put_field(header, 8, "0");
  at = put_field(at, 80, "X X X X");
  at = put_field(at, 80, "Startdate 01-JAN-2000 X X X");
  at = put_field(at, 8, "01.01.00");
  at = put_field(at, 8, "00.00.00");
  snprintf(text, sizeof text, "%zu", bytes);
  at = put_field(at, 8, text);
  at = put_field(at, 44, "EDF+C");
  at = put_field(at, 8, "-1"); /* number of records, written last */
  if (put_rounded_up(w->record_s, 8, text) != w->record_s)
    return evl_fail(EVL_USAGE, "%s: a record duration of %.17g s does not fit into 8 characters", w->path, w->record_s);
  at = put_field(at, 8, text);
  snprintf(text, sizeof text, "%d", n);
  at = put_field(at, 4, text);
  for (int s = 0; s < n; s++) at = put_field(at, 16, s < n - 1 ? w->label[s] : "EDF Annotations");
  for (int s = 0; s < n; s++) at = put_field(at, 80, s < n - 1 ? "electrode" : "");
  for (int s = 0; s < n; s++) at = put_field(at, 8, s < n - 1 ? "uV" : "");
  for (int sign = -1; sign <= 1; sign += 2)
    for (int s = 0; s < n; s++) {
      put_rounded_up(s < n - 1 ? w->limit_uv[s] : 1, 7, text);
      snprintf(low, sizeof low, "%s%s", sign < 0 ? "-" : "", text);
      at = put_field(at, 8, low);
    }
  for (int s = 0; s < n; s++) at = put_field(at, 8, s < n - 1 ? "-32767" : "-32768");
  for (int s = 0; s < n; s++) at = put_field(at, 8, "32767");
  for (int s = 0; s < n; s++) at = put_field(at, 80, "");
  for (int s = 0; s < n; s++) {
    snprintf(text, sizeof text, "%lld", s < n - 1 ? (long long)w->per_record : (long long)(w->annotation_bytes / 2));
    at = put_field(at, 8, text);
  }
  for (int s = 0; s < n; s++) at = put_field(at, 32, "");
  return write_all(w, header, bytes, -1);
}

/* Seconds without exponent and without trailing zeros. */
static void put_time(double time_s, bool with_sign, char text[TIME_BYTES]) {
  snprintf(text, TIME_BYTES, with_sign ? "%+.6f" : "%.6f", time_s);
  char *last = text + strlen(text) - 1;
  while (*last == '0') *last-- = 0;
  if (*last == '.') *last = 0;
}

/* A time-stamped annotation list: onset, 0x15 and duration, 0x14, text, 0x14, NUL. -1 where it does not fit. */
static int put_list(char *to, size_t size, const evl_edf_annotation *a) {
  char onset[TIME_BYTES], duration[TIME_BYTES];
  put_time(a->onset_s, true, onset);
  put_time(a->duration_s, false, duration);
  bool timed = a->duration_s >= 0;
  int n = snprintf(to, size, "%s%s%s\x14%s\x14", onset, timed ? "\x15" : "", timed ? duration : "", a->text);
  return n < 0 || (size_t)n >= size ? -1 : n + 1;
}

/* range_uv: of each signal, or NULL for that of the spec. */
static evl_status begin(const char *path, const evl_edf_spec *spec, const double *range_uv, evl_arena *arena,
                        evl_edf_writer **writer) {
  evl_edf_writer *w;
  *writer = NULL;
  EVL_NEW(arena, w, 1);
  w->file = -1;
  EVL_TRY(check_spec(path, spec, &w->per_record));
  w->path = evl_arena_text(arena, path);
  w->aside = evl_arena_format(arena, "%s.tmp", path);
  if (!w->path || !w->aside) return EVL_MEMORY;
  w->n_signals = spec->n_signals;
  w->label = spec->label;
  w->fs_hz = spec->fs_hz;
  w->record_s = spec->record_s;
  EVL_NEW(arena, w->limit_uv, w->n_signals);
  EVL_NEW(arena, w->scale, w->n_signals);
  for (int s = 0; s < w->n_signals; s++) EVL_TRY(plan_signal(w, s, range_uv ? range_uv[s] : spec->physical_max_uv));
  w->annotation_bytes = spec->annotation_bytes > LEAST_ANNOTATION_BYTES ? ((size_t)spec->annotation_bytes + 1) / 2 * 2
                                                                        : LEAST_ANNOTATION_BYTES;
  w->record_bytes = 2 * (size_t)w->n_signals * (size_t)w->per_record + w->annotation_bytes;
  w->block_records = w->record_bytes < BLOCK_BYTES ? BLOCK_BYTES / w->record_bytes : 1;
  EVL_NEW(arena, w->block, w->block_records * w->record_bytes);
  EVL_NEW(arena, w->waiting, WAITING_BYTES);
  w->file = open(w->aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (w->file < 0) return evl_fail(EVL_IO, "%s: cannot create: %s", w->aside, strerror(errno));
  evl_status status = write_header(w, arena);
  if (status != EVL_OK) evl_edf_abandon(w);
  else *writer = w;
  return status;
}

evl_status evl_edf_begin(const char *path, const evl_edf_spec *spec, evl_arena *arena, evl_edf_writer **writer) {
  return begin(path, spec, NULL, arena, writer);
}

evl_status evl_edf_annotate(evl_edf_writer *w, const evl_edf_annotation *a) {
  if (!(fabs(a->onset_s) < 1e10 && a->duration_s < 1e10) || strpbrk(a->text, "\x14\x15"))
    return evl_fail(EVL_USAGE, "%s: an annotation at %g s for %g s is not one that EDF+ can hold", w->path, a->onset_s,
                    a->duration_s);
  int n = put_list(w->waiting + w->waiting_used, WAITING_BYTES - w->waiting_used, a);
  if (n < 0)
    return evl_fail(EVL_LIMIT, "%s: more than %d bytes of annotations wait at %g s", w->path, WAITING_BYTES,
                    a->onset_s);
  if ((size_t)n + TIME_BYTES > w->annotation_bytes)
    return evl_fail(EVL_LIMIT, "%s: an annotation of %d bytes does not fit into the %zu of a record", w->path, n,
                    w->annotation_bytes);
  w->waiting_used += (size_t)n;
  return EVL_OK;
}

static void fill_annotations(evl_edf_writer *w, char *at) {
  char *end = at + w->annotation_bytes;
  memset(at, 0, w->annotation_bytes);
  char time[TIME_BYTES];
  put_time((double)w->n_records * w->record_s, true, time);
  at += snprintf(at, TIME_BYTES + 2, "%s\x14\x14", time) + 1;
  size_t taken = 0;
  while (taken < w->waiting_used) {
    size_t n = strlen(w->waiting + taken) + 1;
    if (n > (size_t)(end - at)) break;
    memcpy(at, w->waiting + taken, n);
    at += n;
    taken += n;
  }
  memmove(w->waiting, w->waiting + taken, w->waiting_used - taken);
  w->waiting_used -= taken;
}

static evl_status finish_record(evl_edf_writer *w) {
  uint8_t *record = w->block + w->block_used * w->record_bytes;
  if (w->n_records == MOST_RECORDS) return evl_fail(EVL_LIMIT, "%s: more than %d records", w->path, MOST_RECORDS);
  fill_annotations(w, (char *)record + w->record_bytes - w->annotation_bytes);
  w->filled = 0;
  w->n_records++;
  if (++w->block_used < w->block_records) return EVL_OK;
  w->block_used = 0;
  return write_all(w, w->block, w->block_records * w->record_bytes, -1);
}

static evl_status refuse_sample(const evl_edf_writer *w, int s, double value, int64_t i) {
  double at_s = (double)(w->n_records * w->per_record + w->filled + i) / w->fs_hz;
  if (isnan(value)) return evl_fail(EVL_NUMERIC, "%s: signal %s is not a number at %g s", w->path, w->label[s], at_s);
  return evl_fail(EVL_LIMIT, "%s: signal %s is %g uV at %g s, beyond its range of %g uV", w->path, w->label[s], value,
                  at_s, w->limit_uv[s]);
}

evl_status evl_edf_append(evl_edf_writer *w, const double *x, size_t ld, int64_t n) {
  while (n > 0) {
    int64_t m = w->per_record - w->filled < n ? w->per_record - w->filled : n;
    for (int s = 0; s < w->n_signals; s++) {
      const double *from = x + (size_t)s * ld;
      uint8_t *to =
          w->block + w->block_used * w->record_bytes + 2 * ((size_t)s * (size_t)w->per_record + (size_t)w->filled);
      double limit = w->limit_uv[s], scale = w->scale[s];
      for (int64_t i = 0; i < m; i++) {
        if (!(fabs(from[i]) <= limit)) return refuse_sample(w, s, from[i], i);
        uint16_t digital = (uint16_t)(int16_t)nearbyint(from[i] * scale);
        to[2 * i] = (uint8_t)digital; /* little-endian on every machine */
        to[2 * i + 1] = (uint8_t)(digital >> 8);
      }
    }
    x += m;
    n -= m;
    w->filled += m;
    if (w->filled == w->per_record) EVL_TRY(finish_record(w));
  }
  return EVL_OK;
}

void evl_edf_abandon(evl_edf_writer *w) {
  if (!w || w->file < 0) return;
  close(w->file);
  w->file = -1;
  unlink(w->aside);
}

static evl_status finish_file(evl_edf_writer *w) {
  char text[24], field[8];
  if (w->filled)
    return evl_fail(EVL_USAGE, "%s: the last record has %lld of %lld samples", w->path, (long long)w->filled,
                    (long long)w->per_record);
  if (w->waiting_used)
    return evl_fail(EVL_LIMIT, "%s: %zu bytes of annotations found no room; raise annotation_bytes", w->path,
                    w->waiting_used);
  EVL_TRY(write_all(w, w->block, w->block_used * w->record_bytes, -1));
  snprintf(text, sizeof text, "%lld", (long long)w->n_records);
  put_field(field, sizeof field, text);
  EVL_TRY(write_all(w, field, sizeof field, 236));
  int closed = close(w->file);
  w->file = -1;
  if (closed == 0 && rename(w->aside, w->path) == 0) return EVL_OK;
  evl_status status = evl_fail(EVL_IO, "%s: cannot finish the file: %s", w->path, strerror(errno));
  unlink(w->aside);
  return status;
}

evl_status evl_edf_end(evl_edf_writer *w) {
  evl_status status = finish_file(w);
  if (status != EVL_OK) evl_edf_abandon(w);
  return status;
}

/* Annotations by the record of their onset: first[record], next[annotation], -1 at the end. */
typedef struct {
  int *first, *next;
  int bytes; /* that the fullest record needs */
} placement;

static evl_status place_annotations(const evl_edf_spec *spec, int64_t n_records, evl_arena *arena, placement *place) {
  int64_t *sum;
  EVL_NEW(arena, sum, n_records + 1);
  EVL_NEW(arena, place->first, n_records + 1);
  EVL_NEW(arena, place->next, spec->n_annotations + 1);
  for (int64_t r = 0; r <= n_records; r++) place->first[r] = -1;
  int64_t most = 0;
  for (int i = spec->n_annotations - 1; i >= 0; i--) { /* backwards: the lists keep the order given */
    double record = floor(spec->annotation[i].onset_s / spec->record_s);
    int64_t r = record >= 0 && record < (double)n_records ? (int64_t)record : 0;
    sum[r] += (int64_t)strlen(spec->annotation[i].text) + 2 * TIME_BYTES;
    if (sum[r] > most) most = sum[r];
    place->next[i] = place->first[r];
    place->first[r] = i;
  }
  place->bytes = (int)(most + TIME_BYTES < INT_MAX ? most + TIME_BYTES : INT_MAX);
  return EVL_OK;
}

static void own_ranges(const evl_edf_spec *spec, const double *x, size_t ld, int64_t n, double *range_uv) {
  for (int s = 0; s < spec->n_signals; s++) {
    double most = 0;
    for (int64_t t = 0; t < n; t++) most = fmax(most, fabs(x[(size_t)s * ld + (size_t)t]));
    range_uv[s] = spec->physical_max_uv > 0 ? spec->physical_max_uv : most > 0 ? most : 1;
  }
}

static evl_status write_records(evl_edf_writer *w, const evl_edf_spec *spec, const placement *place, const double *x,
                                size_t ld, int64_t n) {
  for (int64_t r = 0; r * w->per_record < n; r++) {
    for (int i = place->first[r]; i >= 0; i = place->next[i]) EVL_TRY(evl_edf_annotate(w, &spec->annotation[i]));
    int64_t left = n - r * w->per_record;
    EVL_TRY(evl_edf_append(w, x + r * w->per_record, ld, left < w->per_record ? left : w->per_record));
  }
  return EVL_OK;
}

evl_status evl_edf_write(const char *path, const evl_edf_spec *spec, const double *x, size_t ld, int64_t n,
                         evl_arena *arena) {
  evl_edf_writer *w;
  evl_edf_spec full = *spec;
  placement place;
  int64_t per_record;
  double *range_uv;
  EVL_TRY(check_spec(path, spec, &per_record));
  EVL_TRY(place_annotations(spec, n / per_record, arena, &place));
  EVL_NEW(arena, range_uv, spec->n_signals);
  own_ranges(spec, x, ld, n, range_uv);
  if (full.annotation_bytes <= 0) full.annotation_bytes = place.bytes;
  EVL_TRY(begin(path, &full, range_uv, arena, &w));
  evl_status status = write_records(w, &full, &place, x, ld, n);
  if (status == EVL_OK) return evl_edf_end(w);
  evl_edf_abandon(w);
  return status;
}
