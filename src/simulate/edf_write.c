/* edf_write: records into a file. A record holds each signal's samples, then the annotation signal, whose first list
   keeps the time of the record. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "edf_write_priv.h"

enum { BLOCK_BYTES = 1 << 20, LEAST_ANNOTATION_BYTES = 120 };
#define MOST_RECORDS 99999999

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

/* ---- begin ---- */

/* Seconds without exponent and without trailing zeros. */
void evl_edf_put_time(double time_s, bool with_sign, char text[EVL_EDF_TIME_BYTES]) {
  snprintf(text, EVL_EDF_TIME_BYTES, with_sign ? "%+.7f" : "%.7f", time_s);
  char *last = text + strlen(text) - 1;
  while (*last == '0') *last-- = 0;
  if (*last == '.') *last = 0;
}

static evl_status plan_coders(evl_edf_writer *w, evl_arena *arena) {
  EVL_NEW(arena, w->coder, w->n_signals);
  w->per_record = w->track[0].samples;
  for (int s = 0; s < w->n_signals; s++) {
    const evl_edf_track *t = &w->track[s];
    double scale = (double)(t->digital_max - t->digital_min) / (t->physical_max - t->physical_min);
    bool symmetric = t->physical_min == -t->physical_max && t->digital_min == -t->digital_max;
    w->coder[s].scale = symmetric ? t->digital_max / t->physical_max : scale;
    w->coder[s].zero = symmetric ? 0 : (double)t->digital_min - t->physical_min * scale;
    w->coder[s].offset = w->record_bytes;
    w->record_bytes += (size_t)w->width * (size_t)t->samples;
    if (t->samples != w->per_record) w->per_record = 0;
  }
  return EVL_OK;
}

evl_status evl_edf_begin_ranges(const char *path, const evl_edf_spec *spec, const double *range_uv, evl_arena *arena,
                                evl_edf_writer **writer) {
  evl_edf_writer *w;
  char *header;
  size_t bytes;
  *writer = NULL;
  EVL_NEW(arena, w, 1);
  *w = (evl_edf_writer){.file = -1, .wide = spec->wide, .width = spec->wide ? 3 : 2, .n_signals = spec->n_signals,
                        .record_s = spec->record_s};
  EVL_TRY(evl_edf_tracks(path, spec, range_uv, arena, &w->track));
  w->path = evl_arena_text(arena, path);
  w->aside = evl_arena_format(arena, "%s.tmp", path);
  if (!w->path || !w->aside) return EVL_MEMORY;
  EVL_TRY(plan_coders(w, arena));
  size_t least = spec->annotation_bytes > LEAST_ANNOTATION_BYTES ? (size_t)spec->annotation_bytes
                                                                 : LEAST_ANNOTATION_BYTES;
  w->annotation_bytes = (least + (size_t)w->width - 1) / (size_t)w->width * (size_t)w->width;
  w->record_bytes += w->annotation_bytes;
  w->block_records = w->record_bytes < BLOCK_BYTES ? BLOCK_BYTES / w->record_bytes : 1;
  EVL_NEW(arena, w->block, w->block_records * w->record_bytes);
  EVL_NEW(arena, w->waiting, EVL_EDF_WAITING_BYTES);
  EVL_TRY(evl_edf_header_text(w, arena, &header, &bytes));
  w->file = open(w->aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (w->file < 0) return evl_fail(EVL_IO, "%s: cannot create: %s", w->aside, strerror(errno));
  evl_status status = write_all(w, header, bytes, -1);
  if (status != EVL_OK) evl_edf_abandon(w);
  else *writer = w;
  return status;
}

evl_status evl_edf_begin(const char *path, const evl_edf_spec *spec, evl_arena *arena, evl_edf_writer **writer) {
  return evl_edf_begin_ranges(path, spec, NULL, arena, writer);
}

/* ---- annotations ---- */

int evl_edf_put_list(char *to, size_t size, const evl_edf_annotation *a) {
  char onset[EVL_EDF_TIME_BYTES], duration[EVL_EDF_TIME_BYTES];
  evl_edf_put_time(a->onset_s, true, onset);
  evl_edf_put_time(a->duration_s, false, duration);
  bool timed = a->duration_s >= 0;
  int n = snprintf(to, size, "%s%s%s\x14%s\x14", onset, timed ? "\x15" : "", timed ? duration : "", a->text);
  return n < 0 || (size_t)n >= size ? -1 : n + 1;
}

int evl_edf_annotation_bytes(const evl_edf_annotation *a) {
  char onset[EVL_EDF_TIME_BYTES], duration[EVL_EDF_TIME_BYTES] = "";
  evl_edf_put_time(a->onset_s, true, onset);
  if (a->duration_s >= 0) evl_edf_put_time(a->duration_s, false, duration);
  return (int)(strlen(onset) + (a->duration_s >= 0) + strlen(duration) + strlen(a->text)) + 3;
}

evl_status evl_edf_annotate(evl_edf_writer *w, const evl_edf_annotation *a) {
  if (!(fabs(a->onset_s) < 1e10 && a->duration_s < 1e10) || strpbrk(a->text, "\x14\x15"))
    return evl_fail(EVL_USAGE, "%s: an annotation at %g s for %g s is not one that EDF+ can hold", w->path, a->onset_s,
                    a->duration_s);
  int n = evl_edf_put_list(w->waiting + w->waiting_used, EVL_EDF_WAITING_BYTES - w->waiting_used, a);
  if (n < 0)
    return evl_fail(EVL_LIMIT, "%s: more than %d bytes of annotations wait at %g s", w->path, EVL_EDF_WAITING_BYTES,
                    a->onset_s);
  if ((size_t)n + EVL_EDF_TIME_BYTES > w->annotation_bytes)
    return evl_fail(EVL_LIMIT, "%s: an annotation of %d bytes does not fit into the %zu of a record", w->path, n,
                    w->annotation_bytes);
  w->waiting_used += (size_t)n;
  return EVL_OK;
}

static void fill_annotations(evl_edf_writer *w, char *at) {
  char *end = at + w->annotation_bytes;
  memset(at, 0, w->annotation_bytes);
  char time[EVL_EDF_TIME_BYTES];
  evl_edf_put_time((double)w->n_records * w->record_s + w->gaps_s, true, time);
  at += snprintf(at, EVL_EDF_TIME_BYTES + 2, "%s\x14\x14", time) + 1;
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

/* ---- samples ---- */

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

evl_status evl_edf_gap(evl_edf_writer *w, double seconds) {
  if (w->filled)
    return evl_fail(EVL_USAGE, "%s: a gap starts between records, found %lld of %lld samples in the present one",
                    w->path, (long long)w->filled, (long long)w->per_record);
  if (!(seconds > 0 && seconds < 1e9))
    return evl_fail(EVL_USAGE, "%s: expected a gap of more than 0 s, found %g s", w->path, seconds);
  w->gaps_s += seconds;
  w->gaps = true;
  return EVL_OK;
}

static evl_status refuse_sample(const evl_edf_writer *w, int s, double value, int64_t i) {
  const evl_edf_track *t = &w->track[s];
  double at_s = (double)w->n_records * w->record_s + w->gaps_s + (double)i * w->record_s / (double)t->samples;
  if (isnan(value)) return evl_fail(EVL_NUMERIC, "%s: signal %s is not a number at %g s", w->path, t->label, at_s);
  return evl_fail(EVL_LIMIT, "%s: signal %s is %g %s at %g s, beyond its range of %g to %g %s", w->path, t->label,
                  value, t->unit, at_s, t->physical_min, t->physical_max, t->unit);
}

/* n samples of a signal into the record under way, from its sample `from` on; little-endian on every machine. */
static evl_status code_samples(evl_edf_writer *w, int s, int64_t from, const double *x, int64_t n) {
  const evl_edf_track *t = &w->track[s];
  const evl_edf_coder *c = &w->coder[s];
  uint8_t *to = w->block + w->block_used * w->record_bytes + c->offset + (size_t)from * (size_t)w->width;
  const double low = t->digital_min, high = t->digital_max, scale = c->scale, zero = c->zero;
  for (int64_t i = 0; i < n; i++) {
    double digital = nearbyint(x[i] * scale + zero);
    if (!(digital >= low && digital <= high)) return refuse_sample(w, s, x[i], from + i);
    uint32_t bits = (uint32_t)(int32_t)digital;
    to[0] = (uint8_t)bits;
    to[1] = (uint8_t)(bits >> 8);
    if (w->wide) to[2] = (uint8_t)(bits >> 16);
    to += w->wide ? 3 : 2;
  }
  return EVL_OK;
}

evl_status evl_edf_append(evl_edf_writer *w, const double *x, size_t ld, int64_t n) {
  if (w->per_record == 0) return evl_fail(EVL_USAGE, "%s: signals of several rates are written by records", w->path);
  while (n > 0) {
    int64_t m = w->per_record - w->filled < n ? w->per_record - w->filled : n;
    for (int s = 0; s < w->n_signals; s++) EVL_TRY(code_samples(w, s, w->filled, x + (size_t)s * ld, m));
    x += m;
    n -= m;
    w->filled += m;
    if (w->filled == w->per_record) EVL_TRY(finish_record(w));
  }
  return EVL_OK;
}

evl_status evl_edf_records(evl_edf_writer *w, const double *const *x, int64_t n) {
  if (w->filled) return evl_fail(EVL_USAGE, "%s: the present record is filled by samples", w->path);
  for (int64_t r = 0; r < n; r++) {
    for (int s = 0; s < w->n_signals; s++)
      EVL_TRY(code_samples(w, s, 0, x[s] + r * w->track[s].samples, w->track[s].samples));
    EVL_TRY(finish_record(w));
  }
  return EVL_OK;
}

/* ---- end ---- */

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
  if (w->gaps) EVL_TRY(write_all(w, "D", 1, EVL_EDF_RESERVED + 4));
  snprintf(text, sizeof text, "%lld", (long long)w->n_records);
  evl_edf_field(field, sizeof field, text);
  EVL_TRY(write_all(w, field, sizeof field, EVL_EDF_RECORDS));
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
