/* wfdb_assemble: a record from its header, or from the headers of its segments.

   Fixed layout: every segment has the signals of the first. Variable layout: a first segment without samples says which
   signals there are; the others have some of them, found by their descriptions. Segments without a name, and frames
   that a cut file has lost, are gaps. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wfdb_priv.h"

enum { MOST_HEADER_BYTES = 1 << 24, READ_BYTES = 1 << 18, MOST_FRAME = 1 << 22 };

/* ---- what the record's signals are ---- */

static const double STANDARD_GAIN = 200; /* DEFGAIN of the standard */

/* 0 where it is no voltage. */
static double microvolt(const evl_reader *reader, const char *unit) {
  const evl_wfdb *w = reader->state;
  return w->nu_is_microvolt && strcmp(unit, "nu") == 0 ? 1.0 : evl_unit_microvolt(unit);
}

/* Steps a unit; 0: not calibrated. */
static double gain_of(const evl_reader *reader, const evl_wfdb_line *line) {
  const evl_wfdb *w = reader->state;
  return line->gain == 0 && w->standard_gain ? STANDARD_GAIN : line->gain;
}

static evl_status make_signals(evl_reader *reader, const evl_wfdb_header *layout, double fs_hz) {
  int uncalibrated = 0, first = 0, unitless = 0, assumed = 0;
  EVL_TRY(evl_reader_signals(reader, layout->n_lines));
  for (int s = 0; s < layout->n_lines; s++) {
    const evl_wfdb_line *line = &layout->line[s];
    evl_signal *signal = &reader->header.signal[s];
    double factor = microvolt(reader, line->unit), gain = gain_of(reader, line);
    snprintf(signal->label, sizeof signal->label, "%s", line->label);
    snprintf(signal->unit, sizeof signal->unit, "%s", line->unit);
    signal->samples_per_record = line->per_frame;
    signal->fs_hz = fs_hz * (double)line->per_frame;
    signal->kind = factor > 0 && gain != 0 ? EVL_SIGNAL_VOLTAGE : EVL_SIGNAL_OTHER;
    unitless += gain != 0 && factor > 0 && strcmp(line->unit, "nu") == 0;
    assumed += line->gain == 0 && gain != 0;
    if (gain == 0 && uncalibrated++ == 0) first = s;
    if (line->resolution == 0 || gain == 0) continue;
    double half = ldexp(1.0, line->resolution - 1), scale = (factor > 0 ? factor : 1.0) / gain;
    double a = ((double)(line->zero - line->baseline) - half) * scale;
    double b = ((double)(line->zero - line->baseline) + half - 1) * scale;
    signal->physical_min = fmin(a, b);
    signal->physical_max = fmax(a, b);
    signal->step = fabs(scale);
  }
  if (uncalibrated == layout->n_lines)
    return evl_fail(EVL_FORMAT, "%s: expected a gain above 0, found 0 or none for all %d signals: they are not "
                    "calibrated", reader->path, layout->n_lines);
  if (uncalibrated)
    evl_reader_note(reader, "a gain of 0: %d signal%s not calibrated and no voltage, the first is %d", uncalibrated,
                    uncalibrated == 1 ? " is" : "s are", first + 1);
  if (assumed) evl_reader_note(reader, "a gain of 0 of %d signals taken as %g steps a unit", assumed, STANDARD_GAIN);
  if (unitless) evl_reader_note(reader, "unit \"nu\" of %d signals taken as microvolt", unitless);
  return EVL_OK;
}

/* ---- one part ---- */

static int find_line(const evl_wfdb_header *header, const char *label, const int *signal_of) {
  for (int i = 0; i < header->n_lines; i++)
    if (signal_of[i] < 0 && strcmp(header->line[i].label, label) == 0) return i;
  return -1;
}

static evl_status bind_line(evl_reader *reader, evl_wfdb_part *part, int l, int s, const char *segment) {
  const evl_wfdb_line *line = &part->header->line[l];
  const evl_signal *signal = &reader->header.signal[s];
  double factor = microvolt(reader, line->unit), known = gain_of(reader, line);
  double gain = known != 0 ? known : STANDARD_GAIN;
  bool voltage = factor > 0 && known != 0;
  if (line->per_frame != signal->samples_per_record || voltage != (signal->kind == EVL_SIGNAL_VOLTAGE) ||
      (!voltage && strcmp(line->unit, signal->unit) != 0))
    return evl_fail(EVL_FORMAT, "%s: expected signal %d of segment %s with the rate and unit that it has in the "
                    "record, found others", reader->path, l + 1, segment);
  part->signal_of[l] = s;
  if (strcmp(line->file, "~") == 0) return EVL_OK;
  part->has[s] = true;
  part->scale[s] =
    (evl_plane_scale){(double)line->baseline, (voltage ? factor : 1.0) / gain, line->format->missing};
  return EVL_OK;
}

static evl_status bind_lines(evl_reader *reader, evl_wfdb_part *part, bool variable, const char *segment) {
  const evl_wfdb_header *header = part->header;
  int n = reader->header.n_signals;
  EVL_NEW(reader->arena, part->signal_of, header->n_lines);
  EVL_NEW(reader->arena, part->scale, n);
  EVL_NEW(reader->arena, part->has, n);
  for (int l = 0; l < header->n_lines; l++) part->signal_of[l] = -1;
  if (!variable && header->n_lines != n)
    return evl_fail(EVL_FORMAT, "%s: expected the record's %d signals in segment %s, found %d", reader->path, n,
                    segment, header->n_lines);
  for (int s = 0; s < n; s++) {
    int l = variable ? find_line(header, reader->header.signal[s].label, part->signal_of) : s;
    if (l >= 0) EVL_TRY(bind_line(reader, part, l, s, segment));
  }
  return EVL_OK;
}

/* ---- segments ---- */

static evl_status read_segment(evl_reader *reader, const evl_wfdb_segment *segment, double fs_hz, evl_sha256 *hash,
                               evl_wfdb_header **header) {
  int file;
  char *text;
  const char *name = evl_arena_format(reader->arena, "%s.hea", segment->name);
  if (!name) return EVL_MEMORY;
  EVL_TRY(evl_reader_add_file(reader, "the list of segments", name, &file));
  EVL_TRY(evl_reader_text(reader, file, MOST_HEADER_BYTES, &text));
  evl_sha256_text(hash, text);
  const char *path = reader->header.file[file].path;
  EVL_TRY(evl_wfdb_header_parse(path, text, reader->arena, header));
  if ((*header)->n_segments)
    return evl_fail(EVL_FORMAT, "%s: expected a segment without segments, found %d", path, (*header)->n_segments);
  if ((*header)->fs_hz != fs_hz)
    return evl_fail(EVL_FORMAT, "%s: expected the record's %g Hz, found %g Hz", path, fs_hz, (*header)->fs_hz);
  if (segment->n_frames > 0 && (*header)->n_frames == 0) (*header)->n_frames = segment->n_frames;
  if ((*header)->n_frames != segment->n_frames)
    return evl_fail(EVL_FORMAT, "%s: expected %lld samples, as the list of segments says, found %lld", path,
                    (long long)segment->n_frames, (long long)(*header)->n_frames);
  return EVL_OK;
}

static evl_status assemble_segments(evl_reader *reader, const evl_wfdb_header *header, evl_sha256 *hash) {
  evl_wfdb *w = reader->state;
  bool variable = header->segment[0].n_frames == 0;
  int64_t start = 0;
  EVL_NEW(reader->arena, w->part, header->n_segments);
  for (int i = 0; i < header->n_segments; i++) {
    const evl_wfdb_segment *segment = &header->segment[i];
    if (segment->n_frames > INT64_MAX / 4 - start)
      return evl_fail(EVL_FORMAT, "%s: expected fewer samples in all segments, found more than can be", reader->path);
    if (strcmp(segment->name, "~") != 0) {
      evl_wfdb_header *own;
      EVL_TRY(read_segment(reader, segment, header->fs_hz, hash, &own));
      if (!reader->header.signal) EVL_TRY(make_signals(reader, own, header->fs_hz));
      if (i > 0 || !variable) {
        evl_wfdb_part *part = &w->part[w->n_parts++];
        *part = (evl_wfdb_part){.header = own, .start = start};
        EVL_TRY(bind_lines(reader, part, variable, segment->name));
        EVL_TRY(evl_wfdb_files(reader, part));
      }
    }
    start += segment->n_frames;
  }
  if (header->n_frames > 0 && header->n_frames != start)
    return evl_fail(EVL_FORMAT, "%s: expected %lld samples in all segments, found %lld", reader->path,
                    (long long)header->n_frames, (long long)start);
  if (reader->header.n_signals != header->n_lines)
    return evl_fail(EVL_FORMAT, "%s: expected %d signals, found %d in the first segment", reader->path, header->n_lines,
                    reader->header.n_signals);
  return EVL_OK;
}

static evl_status assemble_one(evl_reader *reader, const evl_wfdb_header *header) {
  evl_wfdb *w = reader->state;
  EVL_NEW(reader->arena, w->part, 1);
  w->n_parts = 1;
  w->part->header = header;
  EVL_TRY(make_signals(reader, header, header->fs_hz));
  EVL_TRY(bind_lines(reader, w->part, false, ""));
  return evl_wfdb_files(reader, w->part);
}

/* ---- frames, stretches and memory ---- */

/* Parts that follow each other in time are one stretch. */
static evl_status make_stretches(evl_reader *reader, double fs_hz) {
  evl_header *header = &reader->header;
  const evl_wfdb *w = reader->state;
  int64_t end = -1;
  EVL_NEW(reader->arena, header->stretch, w->n_parts);
  for (int i = 0; i < w->n_parts; i++) {
    evl_wfdb_part *part = &w->part[i];
    header->truncated |= part->truncated;
    part->first = header->n_records;
    if (part->n == 0) continue;
    if (part->start != end)
      header->stretch[header->n_stretches++] =
        (evl_stretch){.start_s = (double)part->start / fs_hz, .first_record = part->first};
    evl_stretch *stretch = &header->stretch[header->n_stretches - 1];
    stretch->n_records += part->n;
    stretch->duration_s = (double)stretch->n_records / fs_hz;
    header->n_records += part->n;
    end = part->start + part->n;
  }
  if (header->n_records == 0)
    return evl_fail(EVL_FORMAT, "%s: expected frames of samples, found none in its signal files", reader->path);
  header->duration_s = (double)end / fs_hz;
  return EVL_OK;
}

static evl_status plan_memory(evl_reader *reader) {
  evl_wfdb *w = reader->state;
  int64_t widest = 1;
  w->type = EVL_PLANE_I16;
  for (int i = 0; i < w->n_parts; i++)
    for (int g = 0; g < w->part[i].n_groups; g++) {
      const evl_wfdb_group *group = &w->part[i].group[g];
      if (group->format->type == EVL_PLANE_I32) w->type = EVL_PLANE_I32;
      if (group->per_frame > widest) widest = group->per_frame;
    }
  if (widest > MOST_FRAME)
    return evl_fail(EVL_FORMAT, "%s: expected at most %d samples a frame, found %lld", reader->path, MOST_FRAME,
                    (long long)widest);
  w->most_samples = widest > EVL_PIECE_BYTES / 4 ? widest : EVL_PIECE_BYTES / 4;
  w->most_bytes = (size_t)(widest > READ_BYTES / 4 ? 4 * widest : READ_BYTES);
  w->bytes = evl_arena_raw(reader->arena, w->most_bytes + 8 + EVL_RAW_PAD);
  w->piece = evl_arena_raw(reader->arena, 4 * ((size_t)w->most_samples + 8));
  return w->bytes && w->piece ? EVL_OK : EVL_MEMORY;
}

/* Annotation files of the record, by the usual names of annotators. */
static evl_status find_annotations(evl_reader *reader) {
  static const char *const annotators[EVL_WFDB_ANNOTATORS] = {"atr", "ann", "st", "event"};
  evl_wfdb *w = reader->state;
  const char *slash = strrchr(reader->path, '/'), *name = slash ? slash + 1 : reader->path;
  for (int i = 0; i < EVL_WFDB_ANNOTATORS; i++) {
    const char *beside = evl_arena_format(reader->arena, "%.*s.%s", (int)(strlen(name) - 4), name, annotators[i]);
    if (!beside) return EVL_MEMORY;
    if (evl_reader_beside(reader, beside))
      EVL_TRY(evl_reader_add_file(reader, "the record", beside, &w->annotation_file[w->n_annotations++]));
  }
  return EVL_OK;
}

evl_status evl_wfdb_assemble(evl_reader *reader, const evl_wfdb_header *header) {
  evl_header *h = &reader->header;
  evl_wfdb *w = reader->state;
  evl_sha256 hash;
  h->format = header->n_segments ? "WFDB segments" : "WFDB";
  h->record_s = 1.0 / header->fs_hz;
  h->start_clock_s = header->start_clock_s;
  h->line_hz = header->line_hz;
  h->year = header->year;
  h->month = header->month;
  h->day = header->day;
  if (header->n_lines == 0)
    return evl_fail(EVL_FORMAT, "%s: expected at least 1 signal, found 0", reader->path);
  evl_sha256_begin(&hash);
  EVL_TRY(header->n_segments ? assemble_segments(reader, header, &hash) : assemble_one(reader, header));
  EVL_TRY(make_stretches(reader, header->fs_hz));
  EVL_TRY(plan_memory(reader));
  evl_planes_begin(reader, w->type);
  EVL_TRY(find_annotations(reader));
  evl_sha256_add(&hash, &h->header_key, sizeof h->header_key);
  evl_reader_key(reader, &hash);
  return EVL_OK;
}
