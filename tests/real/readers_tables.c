/* Text series and arrays of real data sets: every file of the Bonn set, the series of SKAB, the array of the PLRNN
   papers. `dump PATH FORMATS [PIECE_S]` prints what is in a file, for tests in other languages. */
#include <glob.h>

#include "check.h"
#include "readers_any.h"

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void each_file(const char *pattern, size_t expected, void (*look)(const char *path)) {
  char path[4096];
  glob_t found;
  snprintf(path, sizeof path, "%s/%s", check_data(), pattern);
  CHECK(glob(path, 0, NULL, &found) == 0 && found.gl_pathc == expected);
  qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, compare);
  for (size_t i = 0; i < found.gl_pathc; i++) look(found.gl_pathv[i]);
  globfree(&found);
}

/* As fscanf reads it. */
static void look_at_bonn(const char *path) {
  evl_arena *arena = evl_arena_create();
  evl_reader *reader = any_open(path, "text: { fs_hz = 173.61; };", arena);
  CHECK(reader != NULL);
  FILE *file = fopen(path, "r");
  if (reader && file) {
    const evl_header *h = evl_reader_header(reader);
    CHECK(h->n_signals == 1 && h->n_records == 4097 && h->n_stretches == 1 && h->signal[0].fs_hz == 173.61);
    int64_t n;
    double *x = any_samples(reader, 0, 0, 5.0, &n), y;
    bool same = x && n == 4097;
    for (int64_t i = 0; same && i < n; i++) same = fscanf(file, "%lf", &y) == 1 && x[i] == y;
    CHECK(same && fscanf(file, "%lf", &y) == EOF);
    free(x);
  }
  if (file) fclose(file);
  evl_reader_close(reader);
  evl_arena_free(arena);
}

static void bonn(void) {
  if (!check_data()) SKIP("no real recordings");
  each_file("bonn/*/*.[tT][xX][tT]", 500, look_at_bonn);
}

/* One row a second, but for those that are missing. */
static void look_at_skab(const char *path) {
  evl_arena *arena = evl_arena_create();
  evl_reader *reader = any_open(path, "text: { unit = \"uV\"; };", arena);
  CHECK(reader != NULL);
  if (reader) {
    const evl_header *h = evl_reader_header(reader);
    int64_t rows = 0;
    CHECK(h->n_signals == 10 && h->signal[0].fs_hz == 1.0 && h->year == 2020 && h->n_stretches > 40);
    CHECK_TEXT(h->signal[0].label, "Accelerometer1RMS");
    for (int i = 0; i < h->n_stretches; i++) {
      rows += h->stretch[i].n_records;
      CHECK(i == 0 || h->stretch[i].start_s >= h->stretch[i - 1].start_s + h->stretch[i - 1].duration_s + 1.0);
    }
    CHECK(rows == h->n_records && h->duration_s > 1100 && h->duration_s < 1300);
  }
  evl_reader_close(reader);
  evl_arena_free(arena);
}

static void skab(void) {
  if (!check_data()) SKIP("no real recordings");
  each_file("skab/data/valve1/*.csv", 16, look_at_skab);
}

/* z-scored channels: mean 0 and variance 1 in single precision. */
static void look_at_array(const char *path) {
  evl_arena *arena = evl_arena_create();
  evl_reader *reader = any_open(path, "npy: { fs_hz = 160; unit = \"\"; };", arena);
  CHECK(reader != NULL);
  if (reader) {
    const evl_header *h = evl_reader_header(reader);
    CHECK(h->n_signals == 64 && h->n_records == 9640 && h->signal[63].kind == EVL_SIGNAL_OTHER);
    for (int s = 0; s < 64; s += 21) {
      int64_t n;
      double *x = any_samples(reader, s, 0, 0, &n), sum = 0, squares = 0;
      for (int64_t i = 0; x && i < n; i++) sum += x[i], squares += x[i] * x[i];
      CHECK(n == 9640 && fabs(sum / 9640) < 1e-5 && fabs(squares / 9640 - 1) < 1e-3);
      free(x);
    }
  }
  evl_reader_close(reader);
  evl_arena_free(arena);
}

static void plrnn_array(void) {
  if (!check_data()) SKIP("no real recordings");
  each_file("plrnn_eeg/*.npy", 1, look_at_array);
}

int main(int argc, char **argv) {
  if (argc > 3) return any_dump(argv[2], argv[3], argc > 4 ? atof(argv[4]) : 0);
  RUN(bonn);
  RUN(skab);
  RUN(plrnn_array);
  CHECK_DONE();
}
