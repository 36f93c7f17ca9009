/* Frames taken apart into planes. `readers_planes dump FILE BLOCK_S` prints what a reader sees of any recording: the
   header as a line of JSON, then all samples as doubles (stretch by stretch, signal by signal), fetched in blocks of
   BLOCK_S seconds; `readers_planes check FILE` what the checksums of its files say. */
#include "../src/readers/planes_priv.h"
#include "check.h"

enum { MOST_FRAMES = 67, MOST_SIGNALS = 41 };

static uint8_t from[8 * (MOST_FRAMES + 1) * (MOST_SIGNALS + 5)], to[8 * MOST_FRAMES * MOST_SIGNALS + 64];

/* Every number of frames and signals, next to and far from the blocks of the kernels. */
static void split(void) {
  static const size_t widths[] = {2, 4, 8};
  for (size_t w = 0; w < 3; w++)
    for (int signals = 1; signals <= MOST_SIGNALS; signals++)
      for (int64_t n = 1; n <= MOST_FRAMES; n += n < 18 ? 1 : 7) {
        size_t width = widths[w], stride = (size_t)signals + 3;
        for (size_t i = 0; i < sizeof from; i++) from[i] = (uint8_t)(i * 2654435761u >> 13);
        memset(to, 0xA5, sizeof to);
        evl_planes_split(from + width, n, stride, signals, width, to, (size_t)n);
        bool same = true;
        for (int s = 0; s < signals; s++)
          for (int64_t f = 0; f < n; f++)
            same &= memcmp(to + ((size_t)s * (size_t)n + (size_t)f) * width,
                           from + (1 + (size_t)f * stride + (size_t)s) * width, width) == 0;
        size_t end = (size_t)signals * (size_t)n * width;
        for (size_t i = end; i < end + 64 && i < sizeof to; i++) same &= to[i] == 0xA5;
        CHECK(same);
      }
}

static void pick(void) {
  const uint16_t frames[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  uint16_t plane[4];
  evl_planes_pick(frames + 1, 2, 5, 2, 2, plane);
  CHECK(plane[0] == 2 && plane[1] == 3 && plane[2] == 7 && plane[3] == 8);
}

static void decode(void) {
  const int16_t narrow[] = {-32768, -32767, 0, 32767};
  const int32_t wide[] = {INT32_MIN, -8388608, 8388607, INT32_MAX};
  const float single[] = {1.5f, NAN, INFINITY, -2.0f};
  const double real[] = {-INFINITY, 1e300, NAN, 3.0};
  evl_plane_scale scale = {2.0, 0.5, -32768};
  double x[4];
  evl_planes_decode(EVL_PLANE_I16, narrow, 4, &scale, x);
  CHECK(isnan(x[0]) && x[1] == -16384.5 && x[2] == -1.0 && x[3] == 16382.5);
  scale.missing = EVL_NONE_MISSING;
  evl_planes_decode(EVL_PLANE_I16, narrow, 4, &scale, x);
  CHECK(x[0] == -16385.0 && x[3] == 16382.5);
  evl_planes_decode(EVL_PLANE_I32, wide, 4, &scale, x);
  CHECK(x[0] == -1073741825.0 && x[1] == -4194305.0);
  scale.missing = -8388608;
  evl_planes_decode(EVL_PLANE_I32, wide, 4, &scale, x);
  CHECK(x[0] == -1073741825.0 && isnan(x[1]) && x[2] == 4194302.5 && x[3] == 1073741822.5);
  evl_planes_decode(EVL_PLANE_F32, single, 4, &scale, x);
  CHECK(x[0] == -0.25 && isnan(x[1]) && isnan(x[2]) && x[3] == -2.0);
  evl_planes_decode(EVL_PLANE_F64, real, 4, &scale, x);
  CHECK(isnan(x[0]) && x[1] == 5e299 && isnan(x[2]) && x[3] == 0.5);
}

/* ---- for other programs ---- */

static void print_number(const char *name, double value) {
  if (isnan(value)) printf(", \"%s\": null", name);
  else printf(", \"%s\": %.17g", name, value);
}

static void print_text(const char *name, const char *text) {
  printf(", \"%s\": \"", name);
  for (; *text; text++) printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
  printf("\"");
}

static evl_status print_annotation(void *context, double onset_s, double duration_s, const char *text) {
  printf("%s{\"onset_s\": %.17g, \"duration_s\": %.17g", (*(int *)context)++ ? ", " : "", onset_s, duration_s);
  print_text("text", text);
  printf("}");
  return EVL_OK;
}

static evl_status print_header(evl_reader *reader) {
  const evl_header *h = evl_reader_header(reader);
  int n = 0;
  printf("{\"n_records\": %lld, \"truncated\": %d, \"n_files\": %d, \"year\": %d, \"month\": %d, \"day\": %d",
         (long long)h->n_records, h->truncated, h->n_files, h->year, h->month, h->day);
  print_text("format", h->format);
  print_text("note", h->note);
  print_number("duration_s", h->duration_s);
  print_number("start_clock_s", h->start_clock_s);
  print_number("line_hz", h->line_hz);
  printf(", \"signals\": [");
  for (int s = 0; s < h->n_signals; s++) {
    const evl_signal *signal = &h->signal[s];
    printf("%s{\"kind\": %d", s ? ", " : "", signal->kind);
    print_text("label", signal->label);
    print_text("unit", signal->unit);
    print_number("fs_hz", signal->fs_hz);
    print_number("physical_min", signal->physical_min);
    print_number("physical_max", signal->physical_max);
    for (int i = 0; i < 3; i++) print_number((const char *[]){"x", "y", "z"}[i], signal->xyz[i]);
    printf("}");
  }
  printf("], \"stretches\": [");
  for (int s = 0; s < h->n_stretches; s++)
    printf("%s[%.17g, %.17g, %lld]", s ? ", " : "", h->stretch[s].start_s, h->stretch[s].duration_s,
           (long long)evl_reader_samples(reader, 0, s));
  printf("], \"annotations\": [");
  EVL_TRY(evl_reader_annotations(reader, print_annotation, &n));
  printf("]}\n");
  return EVL_OK;
}

static evl_status fetch_stretch(evl_reader *reader, int stretch, double block_s, double **x) {
  const evl_header *h = evl_reader_header(reader);
  double length_s = h->stretch[stretch].duration_s;
  int64_t records = h->stretch[stretch].n_records, block = (int64_t)ceil(block_s / h->record_s);
  for (int64_t first = 0; first < records; first += block) {
    int64_t n = first + block > records ? records - first : block;
    double from_s = (double)first * h->record_s, to_s = fmin((double)(first + n) * h->record_s, length_s);
    EVL_TRY(evl_reader_load(reader, stretch, from_s, to_s));
    for (int s = 0; s < h->n_signals; s++) {
      int64_t each = h->signal[s].samples_per_record;
      if (h->signal[s].kind != EVL_SIGNAL_ANNOTATION)
        EVL_TRY(evl_reader_channel(reader, s, first * each, n * each, x[s] + first * each));
    }
  }
  return EVL_OK;
}

static evl_status dump(evl_reader *reader, double block_s, evl_arena *arena) {
  const evl_header *h = evl_reader_header(reader);
  EVL_TRY(print_header(reader));
  double **x;
  EVL_NEW(arena, x, h->n_signals);
  for (int i = 0; i < h->n_stretches; i++) {
    for (int s = 0; s < h->n_signals; s++) EVL_NEW(arena, x[s], evl_reader_samples(reader, s, i));
    EVL_TRY(fetch_stretch(reader, i, block_s, x));
    for (int s = 0; s < h->n_signals; s++)
      fwrite(x[s], sizeof **x, (size_t)evl_reader_samples(reader, s, i), stdout);
  }
  return EVL_OK;
}

/* In blocks of several sizes, as a program that hashes would feed them. */
static evl_status check_sums(evl_reader *reader) {
  const evl_header *h = evl_reader_header(reader);
  static const size_t blocks[] = {1, 1021, 1 << 20};
  static uint8_t bytes[1 << 20];
  for (int b = 0; b < 3; b++)
    for (int f = 0; f < h->n_files; f++) {
      FILE *file = fopen(h->file[f].path, "rb");
      int64_t at = 0;
      evl_status status = EVL_OK;
      for (size_t n = 1; n > 0 && status == EVL_OK; at += (int64_t)n) {
        n = fread(bytes, 1, blocks[b], file);
        status = evl_reader_check(reader, f, at, bytes, n);
      }
      fclose(file);
      EVL_TRY(status);
    }
  return EVL_OK;
}

int main(int argc, char **argv) {
  if (argc > 2) {
    evl_arena *arena = evl_arena_create();
    evl_reader *reader;
    evl_status status = evl_reader_open(argv[2], NULL, (size_t)256 << 20, arena, &reader);
    if (status == EVL_OK) status = argc > 3 ? dump(reader, atof(argv[3]), arena) : check_sums(reader);
    if (status != EVL_OK) fprintf(stderr, "%s\n", evl_error_message());
    evl_reader_close(status == EVL_OK ? reader : NULL);
    evl_arena_free(arena);
    return status != EVL_OK;
  }
  RUN(split);
  RUN(pick);
  RUN(decode);
  CHECK_DONE();
}
