/* The EDF+ writer against a parser of its own: what the specification says, byte by byte. */
#include "check.h"
#include "eveil/simulate.h"

#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static const char *in_folder(const char *name) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

/* ---- the parser ---- */

typedef struct parsed {
  unsigned char *bytes;
  long size;
  int n_signals, header_bytes;
  long n_records;
  double record_s;
  long samples[32], record_bytes;
} parsed;

static double number_at(const parsed *p, long at, int width) {
  char text[16] = "";
  memcpy(text, p->bytes + at, (size_t)width);
  return strtod(text, NULL);
}

static bool text_at(const parsed *p, long at, int width, const char *expected) {
  char text[96];
  memcpy(text, p->bytes + at, (size_t)width);
  text[width] = 0;
  for (int i = width - 1; i >= 0 && text[i] == ' '; i--) text[i] = 0;
  return strcmp(text, expected) == 0;
}

static long field_at(const parsed *p, long offset, int width, int s) {
  return 256 + offset * p->n_signals + (long)width * s;
}

static bool parse(const char *path, parsed *p) {
  memset(p, 0, sizeof *p);
  FILE *file = fopen(path, "rb");
  if (!file) return false;
  fseek(file, 0, SEEK_END);
  p->size = ftell(file);
  rewind(file);
  p->bytes = malloc((size_t)p->size);
  bool whole = p->bytes && fread(p->bytes, 1, (size_t)p->size, file) == (size_t)p->size;
  fclose(file);
  if (!whole) return false;
  p->n_signals = (int)number_at(p, 252, 4);
  p->header_bytes = (int)number_at(p, 184, 8);
  p->n_records = (long)number_at(p, 236, 8);
  p->record_s = number_at(p, 244, 8);
  for (int s = 0; s < p->n_signals; s++) {
    p->samples[s] = (long)number_at(p, field_at(p, 216, 8, s), 8);
    p->record_bytes += 2 * p->samples[s];
  }
  return p->header_bytes == 256 * (p->n_signals + 1) && p->size == p->header_bytes + p->n_records * p->record_bytes;
}

static double sample_uv(const parsed *p, int s, long t) {
  double low = number_at(p, field_at(p, 104, 8, s), 8), high = number_at(p, field_at(p, 112, 8, s), 8);
  double first = number_at(p, field_at(p, 120, 8, s), 8), last = number_at(p, field_at(p, 128, 8, s), 8);
  long at = p->header_bytes + t / p->samples[s] * p->record_bytes + 2 * (t % p->samples[s]);
  for (int i = 0; i < s; i++) at += 2 * p->samples[i];
  int digital = p->bytes[at] | p->bytes[at + 1] << 8;
  if (digital >= 32768) digital -= 65536;
  return low + (digital - first) * (high - low) / (last - first);
}

/* The lists of one record, NUL shown as '|', 0x14 as ';', 0x15 as '~', without the padding. */
static void lists(const parsed *p, long record, char *text, size_t size) {
  long bytes = 2 * p->samples[p->n_signals - 1];
  const unsigned char *at = p->bytes + p->header_bytes + (record + 1) * p->record_bytes - bytes;
  while (bytes > 0 && at[bytes - 1] == 0) bytes--;
  size_t n = 0;
  for (long i = 0; i < bytes && n + 1 < size; i++)
    text[n++] = at[i] == 0 ? '|' : at[i] == 0x14 ? ';' : at[i] == 0x15 ? '~' : (char)at[i];
  text[n] = 0;
}

/* ---- the cases ---- */

enum { N = 600, CHANNELS = 3 };
static const char *const label[CHANNELS] = {"EEG Fp1-Ref", "CZ", "O2"};

static void fill(double x[CHANNELS][N]) {
  for (int s = 0; s < CHANNELS; s++)
    for (int t = 0; t < N; t++) x[s][t] = (s + 1) * 40 * sin(0.1 * (s + 1) * t) + 3 * cos(1.7 * t);
  x[1][17] = -123.456;
}

static void roundtrip(void) {
  static double x[CHANNELS][N];
  fill(x);
  evl_arena *arena = evl_arena_create();
  evl_edf_annotation notes[3] = {{2.25, 0.5, "pop Fp1"}, {0.00001, -1, "start"}, {2.5, 0, "caf\xc3\xa9"}};
  evl_edf_spec spec = {.n_signals = CHANNELS,
                       .label = label,
                       .fs_hz = 200,
                       .record_s = 0.5,
                       .physical_max_uv = 150,
                       .n_annotations = 3,
                       .annotation = notes};
  const char *path = in_folder("a.edf");
  CHECK(evl_edf_write(path, &spec, &x[0][0], N, N, arena) == EVL_OK);
  parsed p;
  CHECK(parse(path, &p));
  CHECK(p.n_signals == CHANNELS + 1);
  CHECK(p.n_records == 6);
  CHECK_NEAR(p.record_s, 0.5, 0);
  CHECK(text_at(&p, 0, 8, "0"));
  CHECK(text_at(&p, 8, 80, "X X X X"));
  CHECK(text_at(&p, 88, 80, "Startdate 01-JAN-2000 X X X"));
  CHECK(text_at(&p, 168, 8, "01.01.00"));
  CHECK(text_at(&p, 176, 8, "00.00.00"));
  CHECK(text_at(&p, 192, 44, "EDF+C"));
  for (int s = 0; s < CHANNELS; s++) {
    CHECK(text_at(&p, field_at(&p, 0, 16, s), 16, label[s]));
    CHECK(text_at(&p, field_at(&p, 96, 8, s), 8, "uV"));
    CHECK(text_at(&p, field_at(&p, 104, 8, s), 8, "-150"));
    CHECK(text_at(&p, field_at(&p, 112, 8, s), 8, "150"));
    CHECK(p.samples[s] == 100);
    double worst = 0;
    for (int t = 0; t < N; t++) worst = fmax(worst, fabs(sample_uv(&p, s, t) - x[s][t]));
    CHECK(worst <= 150.0 / 32767 / 2 * (1 + 1e-9));
  }
  CHECK(text_at(&p, field_at(&p, 0, 16, CHANNELS), 16, "EDF Annotations"));
  char text[300];
  lists(&p, 0, text, sizeof text);
  CHECK_TEXT(text, "+0;;|+0.00001;start;");
  lists(&p, 3, text, sizeof text);
  CHECK_TEXT(text, "+1.5;;");
  lists(&p, 4, text, sizeof text);
  CHECK_TEXT(text, "+2;;|+2.25~0.5;pop Fp1;");
  lists(&p, 5, text, sizeof text);
  CHECK_TEXT(text, "+2.5;;|+2.5~0;caf\xc3\xa9;");
  for (int i = 0; i < p.header_bytes; i++) CHECK(p.bytes[i] >= 32 && p.bytes[i] < 127);
  free(p.bytes);
  evl_arena_free(arena);
}

static void own_range_of_each_signal(void) {
  static double x[CHANNELS][N];
  fill(x);
  memset(x[2], 0, sizeof x[2]);
  evl_arena *arena = evl_arena_create();
  evl_edf_spec spec = {.n_signals = CHANNELS, .label = label, .fs_hz = 200, .record_s = 1};
  const char *path = in_folder("b.edf");
  CHECK(evl_edf_write(path, &spec, &x[0][0], N, N, arena) == EVL_OK);
  parsed p;
  CHECK(parse(path, &p));
  for (int s = 0; s < CHANNELS; s++) {
    double most = 0, worst = 0, high = number_at(&p, field_at(&p, 112, 8, s), 8);
    for (int t = 0; t < N; t++) {
      most = fmax(most, fabs(x[s][t]));
      worst = fmax(worst, fabs(sample_uv(&p, s, t) - x[s][t]));
    }
    CHECK_NEAR(number_at(&p, field_at(&p, 104, 8, s), 8), -high, 0);
    CHECK(s == 2 ? high == 1 : high >= most && high < most * 1.00001);
    CHECK(worst <= high / 32767 / 2 * (1 + 1e-9));
  }
  free(p.bytes);
  evl_arena_free(arena);
}

/* Pieces of any size give the bytes of one piece. */
static void pieces(void) {
  static double x[CHANNELS][N];
  fill(x);
  evl_arena *arena = evl_arena_create();
  evl_edf_spec spec = {.n_signals = CHANNELS,
                       .label = label,
                       .fs_hz = 200,
                       .record_s = 1,
                       .physical_max_uv = 200,
                       .annotation_bytes = 121};
  evl_edf_writer *writer;
  char whole[128];
  snprintf(whole, sizeof whole, "%s", in_folder("whole.edf"));
  CHECK(evl_edf_begin(whole, &spec, arena, &writer) == EVL_OK);
  CHECK(evl_edf_append(writer, &x[0][0], N, N) == EVL_OK);
  CHECK(access(whole, F_OK) != 0);
  CHECK(evl_edf_end(writer) == EVL_OK);
  const char *path = in_folder("pieces.edf");
  CHECK(evl_edf_begin(path, &spec, arena, &writer) == EVL_OK);
  for (int t = 0, n = 1; t < N; t += n, n = 3 * n % 97 + 1)
    CHECK(evl_edf_append(writer, &x[0][t], N, n < N - t ? n : N - t) == EVL_OK);
  CHECK(evl_edf_end(writer) == EVL_OK);
  parsed a, b;
  CHECK(parse(whole, &a) && parse(path, &b));
  CHECK(a.size == b.size && memcmp(a.bytes, b.bytes, (size_t)a.size) == 0);
  CHECK(a.samples[CHANNELS] == 61);
  free(a.bytes);
  free(b.bytes);
  evl_arena_free(arena);
}

static void refusals(void) {
  static double x[CHANNELS][N];
  fill(x);
  evl_arena *arena = evl_arena_create();
  char path[128], aside[140];
  snprintf(path, sizeof path, "%s", in_folder("refused.edf"));
  snprintf(aside, sizeof aside, "%s.tmp", path);
  const evl_edf_spec good = {
      .n_signals = CHANNELS, .label = label, .fs_hz = 200, .record_s = 1, .physical_max_uv = 200};
  evl_edf_spec spec = good;
  spec.physical_max_uv = 100;
  CHECK(evl_edf_write(path, &spec, &x[0][0], N, N, arena) == EVL_LIMIT);
  CHECK(strstr(evl_error_message(), "CZ") && strstr(evl_error_message(), "100 uV"));
  x[2][5] = NAN;
  CHECK(evl_edf_write(path, &good, &x[0][0], N, N, arena) == EVL_NUMERIC);
  fill(x);
  CHECK(evl_edf_write(path, &good, &x[0][0], N, N - 1, arena) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "199 of 200") != NULL);
  spec = good, spec.fs_hz = 200.5;
  CHECK(evl_edf_write(path, &spec, &x[0][0], N, N, arena) == EVL_USAGE);
  spec = good, spec.record_s = 0;
  CHECK(evl_edf_write(path, &spec, &x[0][0], N, N, arena) == EVL_USAGE);
  spec = good, spec.fs_hz = 3 * 64, spec.record_s = 1.0 / 3;
  CHECK(evl_edf_write(path, &spec, &x[0][0], N, 576, arena) == EVL_USAGE);
  spec = good, spec.n_signals = 0;
  CHECK(evl_edf_write(path, &spec, &x[0][0], N, N, arena) == EVL_USAGE);
  const char *const bad[CHANNELS] = {"A label of seventeen", "CZ", "O2"};
  spec = good, spec.label = bad;
  CHECK(evl_edf_write(path, &spec, &x[0][0], N, N, arena) == EVL_USAGE);
  evl_edf_annotation odd = {1, 0,
                            "a\x14"
                            "b"};
  spec = good, spec.n_annotations = 1, spec.annotation = &odd;
  CHECK(evl_edf_write(path, &spec, &x[0][0], N, N, arena) == EVL_USAGE);
  odd = (evl_edf_annotation){NAN, 0, "x"};
  CHECK(evl_edf_write(path, &spec, &x[0][0], N, N, arena) == EVL_USAGE);
  CHECK(evl_edf_write("/no/such/folder/x.edf", &good, &x[0][0], N, N, arena) == EVL_IO);
  evl_edf_writer *writer;
  spec = good, spec.physical_max_uv = 0;
  CHECK(evl_edf_begin(path, &spec, arena, &writer) == EVL_USAGE && !writer);
  CHECK(evl_edf_begin(path, &good, arena, &writer) == EVL_OK);
  CHECK(access(aside, F_OK) == 0);
  evl_edf_abandon(writer);
  CHECK(access(path, F_OK) != 0 && access(aside, F_OK) != 0);
  evl_arena_free(arena);
}

/* More notes than a record holds go into later ones, in order; too many at the end are refused. */
static void crowded_notes(void) {
  static double x[CHANNELS][N];
  fill(x);
  evl_arena *arena = evl_arena_create();
  evl_edf_spec spec = {.n_signals = CHANNELS, .label = label, .fs_hz = 200, .record_s = 1, .physical_max_uv = 200};
  evl_edf_writer *writer;
  char text[200];
  const char *path = in_folder("crowded.edf");
  CHECK(evl_edf_begin(path, &spec, arena, &writer) == EVL_OK);
  memset(text, 'a', 60);
  text[60] = 0;
  for (int i = 0; i < 3; i++) {
    text[0] = (char)('A' + i);
    CHECK(evl_edf_annotate(writer, &(evl_edf_annotation){0.1, -1, text}) == EVL_OK);
  }
  CHECK(evl_edf_append(writer, &x[0][0], N, N) == EVL_OK);
  CHECK(evl_edf_end(writer) == EVL_OK);
  parsed p;
  CHECK(parse(path, &p));
  for (int r = 0; r < 3; r++) {
    lists(&p, r, text, sizeof text);
    CHECK(strlen(text) > 12 && strchr(text, 'A' + r) != NULL);
  }
  free(p.bytes);
  CHECK(evl_edf_begin(path, &spec, arena, &writer) == EVL_OK);
  CHECK(evl_edf_append(writer, &x[0][0], N, N) == EVL_OK);
  CHECK(evl_edf_annotate(writer, &(evl_edf_annotation){0.1, -1, "late"}) == EVL_OK);
  CHECK(evl_edf_end(writer) == EVL_LIMIT);
  CHECK(access(path, F_OK) == 0); /* the earlier file stays */
  evl_arena_free(arena);
}

static void nothing_left_behind(void) { CHECK(rmdir(folder) == 0); }

int main(void) {
  snprintf(folder, sizeof folder, "%s/eveil_simulate_edf.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
  if (!mkdtemp(folder)) return 1;
  RUN(roundtrip);
  RUN(own_range_of_each_signal);
  RUN(pieces);
  RUN(refusals);
  RUN(crowded_notes);
  const char *const made[] = {"a.edf", "b.edf", "whole.edf", "pieces.edf", "crowded.edf"};
  for (size_t i = 0; i < sizeof made / sizeof *made; i++) unlink(in_folder(made[i]));
  RUN(nothing_left_behind);
  CHECK_DONE();
}
