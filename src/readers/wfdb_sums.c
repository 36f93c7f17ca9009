/* wfdb_sums: the checksums of a header, 16-bit sums of all samples of a signal.

   Not checked: signals without one, shifted ones, and files that are cut. */
#include <string.h>

#include "wfdb_priv.h"

enum { SMALL_FILES = 2 << 20 };

/* Of the file that is fed at present. */
struct evl_wfdb_sums {
  evl_wfdb_part *part;     /* NULL: no signal file */
  evl_wfdb_group *group;
  int64_t units, frame, position; /* of the next sample */
  int carried;
  uint8_t carry[8];
  uint16_t *sum;           /* [samples of a frame] */
  int32_t *value;          /* [lines] of differences */
  int line;                /* of the next sample, of differences */
};

evl_status evl_wfdb_sums_plan(evl_reader *reader) {
  evl_wfdb *w = reader->state;
  int64_t widest = 1;
  int lines = 1;
  for (int i = 0; i < w->n_parts; i++)
    for (int g = 0; g < w->part[i].n_groups; g++) {
      const evl_wfdb_group *group = &w->part[i].group[g];
      if (group->per_frame > widest) widest = group->per_frame;
      if (group->n_lines > lines) lines = group->n_lines;
    }
  EVL_NEW(reader->arena, w->sums, 1);
  EVL_NEW(reader->arena, w->sums->sum, widest);
  EVL_NEW(reader->arena, w->sums->value, lines);
  if (reader->header.bytes > SMALL_FILES || evl_reader_unchanged(reader)) return EVL_OK;
  return evl_reader_check_sums(reader);
}

static void begin(evl_wfdb *w, int file) {
  struct evl_wfdb_sums *s = w->sums;
  uint16_t *sum = s->sum;
  int32_t *value = s->value;
  *s = (struct evl_wfdb_sums){.sum = sum, .value = value};
  for (int i = 0; i < w->n_parts && !s->part; i++)
    for (int g = 0; g < w->part[i].n_groups; g++)
      if (w->part[i].group[g].file == file && !w->part[i].truncated) {
        s->part = &w->part[i];
        s->group = &w->part[i].group[g];
      }
  if (!s->part) return;
  memset(sum, 0, (size_t)s->group->per_frame * sizeof *sum);
  if (s->group->initial) memcpy(value, s->group->initial, (size_t)s->group->n_lines * sizeof *value);
}

#define ADD_FRAMES(type)                                                        \
  for (; f < frames; f++)                                                       \
    for (int64_t p = 0; p < per_frame; p++) sum[p] = (uint16_t)(sum[p] + ((const type *)samples)[f * per_frame + p])

static void add_frames(const void *restrict samples, size_t width, int64_t frames, int64_t per_frame,
                       uint16_t *restrict sum) {
  int64_t f = 0;
  if (width == 2) ADD_FRAMES(uint16_t);
  else ADD_FRAMES(uint32_t);
}

/* One sample at the present place. */
static void add_sample(struct evl_wfdb_sums *s, uint32_t sample) {
  if (s->frame >= s->part->n) return;
  const evl_wfdb_line *line = &s->part->header->line[s->group->first_line];
  if (s->group->format->differences) {
    if (s->position == 0) s->line = 0;
    while (s->position >= line[s->line].position + line[s->line].per_frame) s->line++;
    sample = (uint32_t)(s->value[s->line] = (int32_t)((uint32_t)s->value[s->line] + sample));
  }
  s->sum[s->position] = (uint16_t)(s->sum[s->position] + sample);
  if (++s->position < s->group->per_frame) return;
  s->position = 0;
  s->frame++;
}

/* n samples; whole frames at once. */
static void add(struct evl_wfdb_sums *s, const uint8_t *samples, size_t width, int64_t n) {
  int64_t per_frame = s->group->per_frame;
  while (n > 0) {
    int64_t frames = s->position || s->group->format->differences ? 0 : n / per_frame;
    if (frames > s->part->n - s->frame) frames = s->part->n - s->frame;
    if (frames > 0) {
      add_frames(samples, width, frames, per_frame, s->sum);
      s->frame += frames;
      samples += (size_t)(frames * per_frame) * width;
      n -= frames * per_frame;
      continue;
    }
    if (s->frame >= s->part->n) return;
    uint32_t wide = 0;
    uint16_t narrow = 0;
    memcpy(width == 2 ? (void *)&narrow : (void *)&wide, samples, width);
    add_sample(s, width == 2 ? narrow : wide);
    samples += width;
    n--;
  }
}

/* Whole units, and behind them EVL_RAW_PAD readable bytes unless they are as they should be. */
static void add_units(evl_wfdb *w, const uint8_t *bytes, int64_t n) {
  const evl_wfdb_format *format = w->sums->group->format;
  size_t width = evl_plane_width(format->type);
  int64_t most = w->most_samples / format->samples;
  while (n > 0) {
    int64_t here = n < most ? n : most;
    size_t size = (size_t)(here * format->bytes);
    memcpy(w->bytes, bytes, size);
    if (format->unpack) format->unpack(w->bytes, here, w->piece);
    add(w->sums, format->unpack ? w->piece : w->bytes, width, here * format->samples);
    bytes += size;
    n -= here;
  }
}

static evl_status compare(const evl_reader *reader, const struct evl_wfdb_sums *s, int file) {
  for (int i = 0; i < s->group->n_lines; i++) {
    const evl_wfdb_line *line = &s->part->header->line[s->group->first_line + i];
    uint16_t sum = 0;
    if (!line->has_checksum || line->skew) continue;
    for (int64_t k = 0; k < line->per_frame; k++) sum = (uint16_t)(sum + s->sum[line->position + k]);
    if (sum != line->checksum)
      return evl_fail(EVL_FORMAT, "%s: expected samples of signal %d (%s) whose checksum is %d, as the header says, "
                      "found %d: the file is damaged", reader->header.file[file].path, s->group->first_line + i + 1,
                      line->label, (int16_t)line->checksum, (int16_t)sum);
  }
  return EVL_OK;
}

evl_status evl_wfdb_check(evl_reader *reader, int file, int64_t offset, const uint8_t *bytes, size_t n) {
  evl_wfdb *w = reader->state;
  struct evl_wfdb_sums *s = w->sums;
  if (offset == 0) begin(w, file);
  if (!s->part) return EVL_OK;
  const evl_wfdb_format *format = s->group->format;
  if (n == 0) { /* a last unit in part */
    memset(s->carry + s->carried, 0, sizeof s->carry - (size_t)s->carried);
    if (s->carried) add_units(w, s->carry, 1);
    return s->frame == s->part->n ? compare(reader, s, file) : EVL_OK;
  }
  int64_t skip = s->group->offset - offset;
  if (skip >= (int64_t)n) return EVL_OK;
  if (skip > 0) bytes += skip, n -= (size_t)skip;
  while (s->carried > 0 && s->carried < (int)sizeof s->carry && n > 0) {
    s->carry[s->carried++] = *bytes++;
    n--;
    if (s->carried < format->bytes) continue;
    add_units(w, s->carry, 1);
    s->carried = 0;
  }
  int64_t whole = (int64_t)n / format->bytes;
  size_t rest = n - (size_t)(whole * format->bytes);
  add_units(w, bytes, whole);
  if (rest) memcpy(s->carry, bytes + n - rest, rest), s->carried = (int)rest;
  return EVL_OK;
}
