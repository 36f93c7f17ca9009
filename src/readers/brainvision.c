/* brainvision: files of the BrainVision Core Data Format. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "brainvision_priv.h"

enum { MOST_HEADER_BYTES = 1 << 24, SUSPICIOUS_FRAMES = 64 };

static bool knows(const uint8_t *first, size_t n, const char *path) {
  char line[128];
  size_t skip = n > 3 && memcmp(first, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  (void)path;
  n -= skip;
  if (n > sizeof line - 1) n = sizeof line - 1;
  memcpy(line, first + skip, n);
  line[n] = 0;
  line[strcspn(line, "\r\n")] = 0;
  return (strncmp(line, "Brain Vision", 12) == 0 || strncmp(line, "BrainVision", 11) == 0) &&
         strstr(line, "Header File") != NULL;
}

/* ---- opening ---- */

/* The file that the header names ("$b" is the header's stem; a path before the name is of another machine); where it is
   not there, one with the header's stem: files renamed for BIDS keep the old names inside. False where neither is. */
static bool find_file(evl_reader *reader, const char *written, char *name, size_t size, bool *renamed) {
  const char *slash = strrchr(reader->path, '/'), *own = slash ? slash + 1 : reader->path, *dot = strrchr(own, '.');
  int stem = dot ? (int)(dot - own) : (int)strlen(own);
  const char *base = written;
  for (const char *c = written; *c; c++)
    if (*c == '/' || *c == '\\') base = c + 1;
  const char *mark = strstr(base, "$b");
  *renamed = false;
  if (mark) snprintf(name, size, "%.*s%.*s%s", (int)(mark - base), base, stem, own, mark + 2);
  else snprintf(name, size, "%s", base);
  if (evl_reader_beside(reader, name)) return true;
  const char *suffix = strrchr(base, '.');
  snprintf(name, size, "%.*s%s", stem, own, suffix ? suffix : "");
  *renamed = true;
  return suffix && evl_reader_beside(reader, name);
}

static evl_status find_files(evl_reader *reader) {
  evl_brainvision *b = reader->state;
  char name[512];
  bool renamed;
  if (!find_file(reader, b->data_file, name, sizeof name, &renamed))
    return evl_fail(EVL_IO, "%s: expected the file that DataFile names beside it, or %s, found neither", reader->path,
                    name); /* names inside may be a patient's */
  EVL_TRY(evl_reader_add_file(reader, "DataFile", name, &b->data));
  if (renamed)
    evl_reader_note(reader, "DataFile names a file that is not there; the one with the header's name is taken");
  b->markers = -1;
  if (!*b->marker_file) return EVL_OK;
  if (!find_file(reader, b->marker_file, name, sizeof name, &renamed)) {
    evl_reader_note(reader, "the marker file is not there");
    return EVL_OK;
  }
  return evl_reader_add_file(reader, "MarkerFile", name, &b->markers);
}

/* Frames by the size against DataPoints. */
static evl_status check_size(evl_reader *reader) {
  evl_brainvision *b = reader->state;
  evl_header *header = &reader->header;
  const evl_file *file = &header->file[b->data];
  int64_t width = (int64_t)evl_plane_width(b->type), frame = width * b->n_channels, there = file->bytes / frame;
  if (there == 0)
    return evl_fail(EVL_FORMAT, "%s: expected frames of %lld bytes, found a file of %lld", file->path,
                    (long long)frame, (long long)file->bytes);
  bool other = b->n_points > 0 ? file->bytes != b->n_points * frame : file->bytes % frame != 0;
  header->n_records = b->n_points > 0 && b->n_points < there ? b->n_points : there;
  if (!other) return EVL_OK;
  if (b->n_points >= SUSPICIOUS_FRAMES && file->bytes % (b->n_points * width) == 0)
    return evl_fail(EVL_FORMAT, "%s: expected %lld channels of %lld points, as the header says, found the bytes of "
                    "%lld channels", file->path, (long long)b->n_channels, (long long)b->n_points,
                    (long long)(file->bytes / (b->n_points * width)));
  if (b->n_points == 0 && b->n_said > 0 && b->n_said != b->n_channels && file->bytes % (b->n_said * width) == 0)
    return evl_fail(EVL_FORMAT, "%s: expected frames of %lld channels, found the bytes of %lld, as the header's "
                    "comment says", file->path, (long long)b->n_channels, (long long)b->n_said);
  if (b->vectorized)
    return evl_fail(EVL_FORMAT, "%s: expected whole channels, one after the other, found %lld bytes, which are not "
                    "%lld channels of %lld bytes a point: it is cut, or the header is another's", file->path,
                    (long long)file->bytes, (long long)b->n_channels, (long long)width);
  header->truncated = b->n_points == 0 || there < b->n_points;
  if (b->n_points == 0) evl_reader_note(reader, "the last frame is cut and left out");
  else if (header->truncated)
    evl_reader_note(reader, "truncated: %lld of %lld frames are there", (long long)there, (long long)b->n_points);
  else evl_reader_note(reader, "%lld bytes after the last frame are ignored",
                       (long long)(file->bytes - b->n_points * frame));
  return EVL_OK;
}

static evl_status open_brainvision(evl_reader *reader) {
  evl_brainvision *b;
  evl_sha256 hash;
  char *text;
  EVL_NEW(reader->arena, b, 1);
  reader->state = b;
  reader->header.start_clock_s = NAN;
  EVL_TRY(evl_reader_text(reader, 0, MOST_HEADER_BYTES, &text));
  evl_sha256_begin(&hash);
  evl_sha256_add(&hash, text, (size_t)reader->header.bytes);
  EVL_TRY(evl_brainvision_header(reader, text));
  EVL_TRY(find_files(reader));
  EVL_TRY(check_size(reader));
  EVL_TRY(evl_brainvision_stretches(reader, &hash));
  evl_reader_key(reader, &hash);
  evl_planes_begin(reader, b->type);
  b->buffer = evl_arena_raw(reader->arena, evl_planes_buffer(reader, b->type));
  return b->buffer ? EVL_OK : EVL_MEMORY;
}

/* ---- samples ---- */

/* To little-endian, and unsigned samples to signed ones (their zero is moved). */
static void mend(const evl_brainvision *b, uint8_t *raw, int64_t n) {
  if (b->big_endian && b->type == EVL_PLANE_I16)
    for (int64_t i = 0; i < n; i++) ((uint16_t *)raw)[i] = __builtin_bswap16(((uint16_t *)raw)[i]);
  else if (b->big_endian)
    for (int64_t i = 0; i < n; i++) ((uint32_t *)raw)[i] = __builtin_bswap32(((uint32_t *)raw)[i]);
  if (b->is_unsigned)
    for (int64_t i = 0; i < n; i++) ((uint16_t *)raw)[i] ^= 0x8000;
}

static evl_status read_samples(evl_reader *reader, int64_t first, int64_t n) {
  const evl_brainvision *b = reader->state;
  int64_t width = (int64_t)evl_plane_width(b->type);
  if (!b->vectorized) {
    EVL_TRY(evl_planes_read_frames(reader, b->data, 0, b->type, first, n, b->buffer));
  } else {
    int64_t points = reader->header.file[b->data].bytes / (width * b->n_channels);
    for (int64_t c = 0; c < b->n_channels; c++)
      EVL_TRY(evl_reader_file_bytes(reader, b->data, (c * points + first) * width,
                                    reader->raw + (size_t)(c * n * width), (size_t)(n * width)));
  }
  if (b->big_endian || b->is_unsigned) mend(b, reader->raw, n * b->n_channels);
  return EVL_OK;
}

static evl_status load(evl_reader *reader, int stretch, double from_s, double to_s) {
  return evl_planes_load(reader, stretch, from_s, to_s, read_samples);
}

static evl_status channel(evl_reader *reader, int signal, int64_t first, int64_t n, double *x) {
  const evl_brainvision *b = reader->state;
  int64_t frame = reader->header.stretch[reader->loaded_stretch].first_record + first - reader->loaded_first;
  evl_planes_decode(b->type, evl_planes_at(reader, b->type, signal, frame), n, &b->scale[signal], x);
  return EVL_OK;
}

/* ---- annotations ---- */

typedef struct teller {
  const evl_header *header;
  double fs_hz;
  evl_status (*see)(void *context, double onset_s, double duration_s, const char *text);
  void *context;
} teller;

/* "Type/Description", as MNE names them. */
static evl_status tell(void *context, const evl_marker *m) {
  const teller *t = context;
  const evl_stretch *stretch = t->header->stretch;
  char text[sizeof m->type + sizeof m->text + 1];
  int low = 0, high = t->header->n_stretches - 1;
  while (low < high) { /* the last stretch that begins at or before it */
    int middle = (low + high + 1) / 2;
    if (stretch[middle].first_record <= m->position - 1) low = middle;
    else high = middle - 1;
  }
  snprintf(text, sizeof text, "%s/%s", m->type, m->text);
  double onset_s = stretch[low].start_s + (double)(m->position - 1 - stretch[low].first_record) / t->fs_hz;
  return t->see(t->context, onset_s, m->points > 0 ? (double)m->points / t->fs_hz : 0.0, text);
}

static evl_status annotations(evl_reader *reader,
                              evl_status (*see)(void *context, double onset_s, double duration_s, const char *text),
                              void *context) {
  const evl_brainvision *b = reader->state;
  teller t = {&reader->header, b->fs_hz, see, context};
  return evl_brainvision_markers(reader, tell, &t, NULL);
}

const evl_format evl_format_brainvision = {
  .name = "brainvision",
  .summary = "BrainVision: a .vhdr header, binary samples by frames or by channels, markers and segments",
  .cite = "BrainVision Core Data Format 1.0, Brain Products GmbH",
  .suffixes = ".vhdr .ahdr",
  .knows = knows,
  .open = open_brainvision,
  .load = load,
  .channel = channel,
  .annotations = annotations,
};
