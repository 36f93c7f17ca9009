/* wfdb_files: signal files against what the header promises. */
#include <string.h>

#include "wfdb_priv.h"

enum { MATLAB_BYTES = 20, SUSPICIOUS_FRAMES = 64 };

/* MATLAB's level 4: type, rows, columns, imaginary, length of the name; then the name; then samples by columns. */
evl_status evl_wfdb_matlab(evl_reader *reader, const evl_wfdb_group *group, int64_t n_frames) {
  static const struct { int number, digit; } precision[] = {{80, 5}, {16, 3}, {160, 4}, {32, 2}};
  const char *path = reader->header.file[group->file].path;
  uint32_t word[5];
  size_t n = strlen(path);
  if (n < 4 || strcmp(path + n - 4, ".mat") != 0 || group->offset < MATLAB_BYTES) return EVL_OK;
  if (reader->header.file[group->file].bytes < MATLAB_BYTES)
    return evl_fail(EVL_FORMAT, "%s: expected a MATLAB header of %d bytes, found a file of %lld", path, MATLAB_BYTES,
                    (long long)reader->header.file[group->file].bytes);
  EVL_TRY(evl_reader_file_bytes(reader, group->file, 0, word, sizeof word));
  if (memcmp(word, "MATLAB 5", 8) == 0)
    return evl_fail(EVL_FORMAT, "%s: expected a matrix of MATLAB level 4 behind a WFDB header, found level 5", path);
  uint32_t digit = UINT32_MAX;
  for (size_t i = 0; i < sizeof precision / sizeof *precision; i++)
    if (precision[i].number == group->format->number) digit = (uint32_t)precision[i].digit;
  if (word[0] != 10 * digit)
    return evl_fail(EVL_FORMAT, "%s: expected a little-endian MATLAB matrix of WFDB format %d (type %u), found type %u",
                    path, group->format->number, 10 * digit, word[0]);
  if (word[3] != 0 || MATLAB_BYTES + (int64_t)word[4] != group->offset)
    return evl_fail(EVL_FORMAT, "%s: expected samples from byte %lld, as the WFDB header says, found a MATLAB header "
                    "that ends at byte %lld", path, (long long)group->offset, (long long)MATLAB_BYTES + word[4]);
  if ((int64_t)word[1] != group->per_frame || (n_frames > 0 && (int64_t)word[2] != n_frames))
    return evl_fail(EVL_FORMAT, "%s: expected a matrix of %lld x %lld, as the WFDB header says, found %u x %u", path,
                    (long long)group->per_frame, (long long)(n_frames > 0 ? n_frames : word[2]), word[1], word[2]);
  return EVL_OK;
}

static evl_status begin_group(evl_reader *reader, const evl_wfdb_header *header, int first, evl_wfdb_part *part) {
  const evl_wfdb_line *line = &header->line[first];
  evl_wfdb_group *group = &part->group[part->n_groups++];
  *group = (evl_wfdb_group){.first_line = first, .format = line->format, .offset = line->offset};
  EVL_TRY(evl_reader_add_file(reader, "the header", line->file, &group->file));
  for (int i = 0; i < part->n_groups - 1; i++)
    if (part->group[i].file == group->file)
      return evl_fail(EVL_FORMAT, "%s: expected the signals of a file in lines that follow each other, found signal %d "
                      "of an earlier file", reader->path, first + 1);
  return EVL_OK;
}

static evl_status make_groups(evl_reader *reader, evl_wfdb_part *part) {
  const evl_wfdb_header *header = part->header;
  EVL_NEW(reader->arena, part->group, header->n_lines);
  for (int i = 0; i < header->n_lines; i++) {
    evl_wfdb_line *line = &header->line[i];
    if (strcmp(line->file, "~") == 0) continue;
    bool begins = i == 0 || strcmp(line->file, line[-1].file) != 0;
    if (begins) EVL_TRY(begin_group(reader, header, i, part));
    evl_wfdb_group *group = &part->group[part->n_groups - 1];
    if (line->format != group->format || (line->offset != group->offset && line->offset != 0))
      return evl_fail(EVL_FORMAT, "%s: expected one format and offset for all signals of a file, found others for "
                      "signal %d", reader->path, i + 1);
    line->position = group->per_frame;
    group->per_frame += line->per_frame;
    group->n_lines++;
  }
  return EVL_OK;
}

/* Frames of a group's file. A size that fits another number of signals exactly is a wrong header, not a short file. */
static evl_status count_frames(evl_reader *reader, evl_wfdb_group *group, int64_t promised) {
  const evl_file *file = &reader->header.file[group->file];
  int64_t bytes = file->bytes - group->offset, samples = bytes > 0 ? evl_wfdb_samples_in(group->format, bytes) : 0;
  group->frames_there = samples / group->per_frame;
  if (promised < SUSPICIOUS_FRAMES || group->frames_there == promised) return EVL_OK;
  int64_t others = samples / promised;
  if (others > 0 && others != group->per_frame && evl_wfdb_bytes_of(group->format, others * promised) == bytes)
    return evl_fail(EVL_FORMAT, "%s: expected %lld samples in each of %lld frames, as the header says, found the bytes "
                    "of %lld", file->path, (long long)group->per_frame, (long long)promised, (long long)others);
  return EVL_OK;
}

static evl_status start_differences(evl_reader *reader, const evl_wfdb_header *header, evl_wfdb_group *group) {
  if (!group->format->differences) return EVL_OK;
  EVL_NEW(reader->arena, group->value, group->n_lines);
  EVL_NEW(reader->arena, group->initial, group->n_lines);
  for (int i = 0; i < group->n_lines; i++)
    group->value[i] = group->initial[i] = (int32_t)header->line[group->first_line + i].initial;
  return EVL_OK;
}

evl_status evl_wfdb_files(evl_reader *reader, evl_wfdb_part *part) {
  const evl_wfdb_header *header = part->header;
  int64_t promised = header->n_frames, there = INT64_MAX;
  EVL_TRY(make_groups(reader, part));
  for (int g = 0; g < part->n_groups; g++) {
    evl_wfdb_group *group = &part->group[g];
    EVL_TRY(evl_wfdb_matlab(reader, group, promised));
    EVL_TRY(count_frames(reader, group, promised));
    EVL_TRY(start_differences(reader, header, group));
    int64_t bytes = reader->header.file[group->file].bytes - group->offset;
    int64_t kept = promised > 0 && promised < group->frames_there ? promised : group->frames_there;
    int64_t more = bytes - evl_wfdb_bytes_of(group->format, kept * group->per_frame);
    if (promised == 0 && more > 0) {
      part->truncated = true;
      evl_reader_note(reader, "the last frame is cut and left out");
    } else if (promised > 0 && kept == promised && more >= group->format->bytes) {
      evl_reader_note(reader, "%lld bytes after the last frame are ignored", (long long)more);
    }
    if (group->frames_there < there) there = group->frames_there;
  }
  if (part->n_groups == 0) there = promised;
  part->n = promised > 0 && promised < there ? promised : there;
  if (part->n < promised) {
    part->truncated = true;
    evl_reader_note(reader, "truncated: %lld of %lld frames are there", (long long)part->n, (long long)promised);
  }
  return EVL_OK;
}
