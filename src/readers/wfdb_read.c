/* wfdb_read: frames of signal files into planes. */
#include <string.h>

#include "wfdb_priv.h"

/* Samples of a group's file, counted from its first, as the planes have them. */
typedef struct source {
  evl_reader *reader;
  evl_wfdb_group *group;
  size_t width;            /* of the planes */
} source;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Widens n samples in place. */
static void widen(void *samples, int64_t n) {
  for (int64_t i = n; i-- > 0;) ((int32_t *)samples)[i] = ((int16_t *)samples)[i];
}

/* Samples [first, first + n) from bytes that begin with the unit of `first`; they lie at *samples. */
static void unpack(const source *from, const uint8_t *bytes, int64_t first, int64_t n, const void **samples) {
  evl_wfdb *w = from->reader->state;
  const evl_wfdb_format *format = from->group->format;
  int64_t skip = first % format->samples;
  size_t width = evl_plane_width(format->type);
  *samples = bytes;
  if (format->unpack) {
    format->unpack(bytes, (skip + n + format->samples - 1) / format->samples, w->piece);
    *samples = w->piece + (size_t)skip * width;
  }
  if (width == from->width) return;
  memmove(w->piece, *samples, (size_t)n * width);
  widen(w->piece, n);
  *samples = w->piece;
}

/* Differences of n frames into samples, in place. */
static void sum_up(const evl_wfdb_group *group, const evl_wfdb_header *header, int32_t *samples, int64_t n,
                   int32_t *value) {
  for (int64_t f = 0; f < n; f++)
    for (int i = 0; i < group->n_lines; i++)
      for (int64_t k = 0; k < header->line[group->first_line + i].per_frame; k++, samples++) {
        value[i] = (int32_t)((uint32_t)value[i] + (uint32_t)*samples);
        *samples = value[i];
      }
}

/* Frames [first, first + n) of the group's file, piece by piece, each to `take`. */
typedef void take_frames(void *context, const void *samples, int64_t first, int64_t n);

static evl_status read_group(const source *from, const evl_wfdb_header *header, int64_t first, int64_t n,
                             take_frames *take, void *context) {
  evl_wfdb *w = from->reader->state;
  evl_wfdb_group *group = from->group;
  const evl_wfdb_format *format = group->format;
  int64_t per_frame = group->per_frame, file_bytes = from->reader->header.file[group->file].bytes;
  int64_t read_frames = (int64_t)w->most_bytes / format->bytes * format->samples / per_frame;
  int64_t piece_frames = (format->unpack ? w->most_samples : EVL_PIECE_BYTES / (int64_t)from->width) / per_frame;
  if (piece_frames == 0 || evl_plane_width(format->type) != from->width) piece_frames = w->most_samples / per_frame;
  for (int64_t f = first; f < first + n;) {
    int64_t many = least(read_frames, first + n - f), unit = f * per_frame / format->samples;
    int64_t start = group->offset + unit * format->bytes;
    int64_t bytes = ((f + many) * per_frame + format->samples - 1) / format->samples * format->bytes -
                    unit * format->bytes;
    int64_t there = least(bytes, file_bytes - start);
    EVL_TRY(evl_reader_file_bytes(from->reader, group->file, start, w->bytes, (size_t)there));
    memset(w->bytes + there, 0, (size_t)(bytes - there));
    for (int64_t end = f + many; f < end;) {
      int64_t piece = least(piece_frames, end - f), sample = f * per_frame;
      const void *samples;
      unpack(from, w->bytes + (sample / format->samples - unit) * format->bytes, sample, piece * per_frame, &samples);
      if (format->differences) sum_up(group, header, (int32_t *)w->piece, piece, group->value);
      take(context, samples, f, piece);
      f += piece;
    }
  }
  return EVL_OK;
}

/* ---- planes ---- */

typedef struct target {
  source from;
  const evl_wfdb_part *part;
  int64_t at;              /* loaded frame of frame 0 of the file */
  int line;                /* -1: all lines without skew */
} target;

/* Signals that follow each other in frame and record, one sample a frame. */
static int run_of_lines(const evl_wfdb_part *part, int line, int end) {
  int n = 0, signal = part->signal_of[line];
  for (int l = line; l < end && part->signal_of[l] == signal + n && part->header->line[l].per_frame == 1 &&
                     part->header->line[l].skew == 0; l++)
    n++;
  return signal < 0 ? 0 : n;
}

static void take_line(const target *to, int line, const void *samples, int64_t first, int64_t n) {
  const evl_wfdb *w = to->from.reader->state;
  const evl_wfdb_line *l = &to->part->header->line[line];
  int signal = to->part->signal_of[line];
  if (signal < 0) return;
  evl_planes_pick((const uint8_t *)samples + (size_t)l->position * to->from.width, n,
                  (size_t)to->from.group->per_frame, l->per_frame, to->from.width,
                  evl_planes_at(to->from.reader, w->type, signal, to->at + first));
}

static void take(void *context, const void *samples, int64_t first, int64_t n) {
  const target *to = context;
  const evl_reader *reader = to->from.reader;
  const evl_wfdb *w = reader->state;
  const evl_wfdb_group *group = to->from.group;
  if (to->line >= 0) {
    take_line(to, to->line, samples, first, n);
    return;
  }
  for (int l = group->first_line; l < group->first_line + group->n_lines;) {
    int run = run_of_lines(to->part, l, group->first_line + group->n_lines);
    if (run > 1)
      evl_planes_split((const uint8_t *)samples + (size_t)to->part->header->line[l].position * to->from.width, n,
                       (size_t)group->per_frame, run, to->from.width,
                       evl_planes_at(reader, w->type, to->part->signal_of[l], to->at + first),
                       (size_t)reader->loaded_records);
    else if (to->part->header->line[l].skew == 0)
      take_line(to, l, samples, first, n);
    l += run > 1 ? run : 1;
  }
}

/* Differences are summed from the start of the file, or from where the last load ended. */
static void skip_frames(void *context, const void *samples, int64_t first, int64_t n) {
  (void)context, (void)samples, (void)first, (void)n;
}

static evl_status read_frames(const target *to, int64_t first, int64_t n) {
  evl_wfdb_group *group = to->from.group;
  if (group->format->differences) {
    if (group->at > first) {
      group->at = 0;
      memcpy(group->value, group->initial, (size_t)group->n_lines * sizeof *group->value);
    }
    int64_t at = group->at;
    group->at = -1; /* after an error the sums are of no frame */
    if (at < 0) at = 0, memcpy(group->value, group->initial, (size_t)group->n_lines * sizeof *group->value);
    EVL_TRY(read_group(&to->from, to->part->header, at, first - at, skip_frames, NULL));
  }
  EVL_TRY(read_group(&to->from, to->part->header, first, n, take, (void *)to));
  if (group->format->differences) group->at = first + n;
  return EVL_OK;
}

/* What the file does not hold of a shifted signal is missing. */
static void fill_missing(const target *to, int64_t first, int64_t n) {
  const evl_wfdb *w = to->from.reader->state;
  const evl_wfdb_line *l = &to->part->header->line[to->line];
  int signal = to->part->signal_of[to->line];
  uint8_t *plane = evl_planes_at(to->from.reader, w->type, signal, to->at + first);
  for (int64_t i = 0; i < n * l->per_frame; i++) {
    if (to->from.width == 2) ((int16_t *)plane)[i] = (int16_t)l->format->missing;
    else ((int32_t *)plane)[i] = (int32_t)l->format->missing;
  }
}

/* A signal's sample of frame 0 is in frame `skew` of its file. */
static evl_status read_skewed(target *to, int64_t first, int64_t n) {
  const evl_wfdb_line *l = &to->part->header->line[to->line];
  if (to->part->signal_of[to->line] < 0) return EVL_OK;
  int64_t from = first + l->skew, end = from + n, there = to->from.group->frames_there;
  int64_t low = from < 0 ? least(0, end) : from, high = end > there ? there : end;
  if (low > there) low = there;
  to->at -= l->skew;
  if (low < 0) low = end; /* all of it lies before the file */
  if (high < low) high = low;
  fill_missing(to, from, low - from);
  if (high > low) EVL_TRY(read_frames(to, low, high - low));
  fill_missing(to, high, end - high);
  to->at += l->skew;
  return EVL_OK;
}

static evl_status read_part(evl_reader *reader, const evl_wfdb_part *part, int64_t first, int64_t n, int64_t loaded) {
  const evl_wfdb *w = reader->state;
  for (int g = 0; g < part->n_groups; g++) {
    evl_wfdb_group *group = &part->group[g];
    target to = {{reader, group, evl_plane_width(w->type)}, part, loaded - first, -1};
    bool straight = false;
    for (int l = group->first_line; l < group->first_line + group->n_lines; l++) {
      to.line = l;
      if (part->header->line[l].skew == 0) straight = true;
      else EVL_TRY(read_skewed(&to, first, n));
    }
    to.line = -1;
    if (straight) EVL_TRY(read_frames(&to, first, n));
  }
  return EVL_OK;
}

evl_status evl_wfdb_read(evl_reader *reader, int64_t first, int64_t n) {
  const evl_wfdb *w = reader->state;
  for (int i = 0; i < w->n_parts; i++) {
    const evl_wfdb_part *part = &w->part[i];
    int64_t low = first > part->first ? first : part->first, high = least(first + n, part->first + part->n);
    if (low < high) EVL_TRY(read_part(reader, part, low - part->first, high - low, low - first));
  }
  return EVL_OK;
}
