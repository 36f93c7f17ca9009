/* Samples, gaps and annotations of small files that are made here. */
#include "check.h"
#include "eveil/readers.h"
#include "readers_make.h"
#include "scratch.h"

static evl_arena *arena;
static evl_reader *reader;

static evl_status open_made(size_t raw_bytes) {
  evl_reader_close(reader);
  return evl_reader_open(scratch_bytes("made.edf", make_bytes, make_n), NULL, raw_bytes, arena, &reader);
}

/* ---- samples -------------------------------------------------------------------------- */

static void extreme_values(int width) {
  int32_t half = width == 3 ? 1 << 23 : 1 << 15;
  int32_t digital[8] = {-half, half - 1, 0, -1, 1, 10, 13, half / 2};
  make m = {.bdf = width == 3, .n = 2, .signal = {
    {"a", "uV", "-100", "100", width == 3 ? "-8388608" : "-32768", width == 3 ? "8388607" : "32767", "8"},
    {"b", "mV", "2", "-3", width == 3 ? "-8388608" : "-32768", width == 3 ? "8388607" : "32767", "8"}}};
  make_header(&m);
  for (int s = 0; s < 2; s++)
    for (int t = 0; t < 8; t++) make_sample(digital[t], width);
  CHECK(open_made(1 << 10) == EVL_OK && evl_reader_load(reader, 0, 0.0, 1.0) == EVL_OK);
  double a[8], b[8];
  CHECK(evl_reader_channel(reader, 0, 0, 8, a) == EVL_OK && evl_reader_channel(reader, 1, 0, 8, b) == EVL_OK);
  CHECK(a[0] == -100.0 && b[0] == 2000.0); /* reversed polarity keeps its sign */
  for (int t = 0; t < 8; t++) {
    double share = ((double)digital[t] + half) / (2.0 * half - 1.0);
    CHECK_NEAR(a[t], -100.0 + 200.0 * share, 1e-14);
    CHECK_NEAR(b[t], 2000.0 - 5000.0 * share, 1e-14);
  }
}

static void sixteen_bits(void) { extreme_values(2); }
static void twenty_four_bits(void) { extreme_values(3); }

static void parts_equal_the_whole(void) {
  enum { RECORDS = 60 };
  make m = {.n = 2, .n_records = "60", .record_s = "0.3", .signal = {MAKE_EEG, MAKE_EEG}};
  m.signal[1].samples = "3";
  make_header(&m);
  for (int r = 0; r < RECORDS; r++) {
    for (int t = 0; t < 8; t++) make_sample(100 * r + t, 2);
    for (int t = 0; t < 3; t++) make_sample(-100 * r - t, 2);
  }
  CHECK(open_made(0) == EVL_OK);
  const evl_header *h = evl_reader_header(reader);
  CHECK_NEAR(h->signal[0].fs_hz, 8 / 0.3, 1e-15);
  CHECK_NEAR(h->signal[1].fs_hz, 3 / 0.3, 1e-15);
  CHECK_NEAR(h->duration_s, 18.0, 1e-15);
  CHECK(evl_reader_load(reader, 0, 0.0, 1.0) == EVL_LIMIT);
  size_t raw = evl_reader_raw_bytes(reader, 1.3);
  CHECK(raw == 22 * 7 && evl_reader_raw_bytes(reader, 1e9) == 22 * RECORDS && evl_reader_raw_bytes(reader, 0.0) == 0);
  CHECK(open_made(raw) == EVL_OK);
  double x[8 * RECORDS];
  CHECK(evl_reader_channel(reader, 0, 0, 1, x) == EVL_USAGE);
  double fs[2] = {8 / 0.3, 3 / 0.3};
  for (int first = 0; first < 8 * RECORDS - 34; first++) {
    int n = 34; /* 1.275 s */
    CHECK(evl_reader_load(reader, 0, first / fs[0], (first + n) / fs[0]) == EVL_OK);
    CHECK(evl_reader_channel(reader, 0, first, n, x) == EVL_OK);
    for (int i = 0; i < n; i++) CHECK_NEAR(x[i], 10.0 * ((first + i) / 8) + 0.1 * ((first + i) % 8), 1e-12);
    int low = (int)ceil(first / fs[0] * fs[1] - 1e-9), high = (int)floor((first + n) / fs[0] * fs[1] - 1e-9);
    CHECK(evl_reader_channel(reader, 1, low, high - low, x) == EVL_OK);
    for (int i = 0; i < high - low; i++) CHECK_NEAR(x[i], -10.0 * ((low + i) / 3) - 0.1 * ((low + i) % 3), 1e-12);
  }
  CHECK(evl_reader_load(reader, 0, 17.9, 99.0) == EVL_OK); /* cut to the stretch */
  CHECK(evl_reader_channel(reader, 0, 8 * RECORDS - 1, 1, x) == EVL_OK);
  CHECK(evl_reader_channel(reader, 0, 8 * RECORDS - 1, 2, x) == EVL_USAGE);
  CHECK(evl_reader_channel(reader, 0, -1, 1, x) == EVL_USAGE);
  CHECK(evl_reader_channel(reader, 0, 8 * RECORDS - 1, INT64_MAX, x) == EVL_USAGE);
  CHECK(evl_reader_channel(reader, 2, 0, 1, x) == EVL_USAGE && evl_reader_load(reader, 1, 0.0, 1.0) == EVL_USAGE);
  CHECK(evl_reader_load(reader, 0, NAN, 1.0) == EVL_USAGE && evl_reader_load(reader, 0, 18.0, 19.0) == EVL_USAGE);
  CHECK(evl_reader_load(reader, 0, 1.0, 1.0) == EVL_USAGE && evl_reader_load(reader, 0, 0.0, 10.0) == EVL_LIMIT);
}

static void file_that_shrinks(void) {
  make m = {.n = 1, .n_records = "4", .signal = {MAKE_EEG}};
  make_header(&m);
  for (int t = 0; t < 32; t++) make_sample(t, 2);
  CHECK(open_made(1 << 10) == EVL_OK);
  CHECK(truncate(scratch_path("made.edf"), (off_t)make_n - 20) == 0);
  CHECK(evl_reader_load(reader, 0, 0.0, 4.0) == EVL_IO);
  CHECK(strstr(evl_error_message(), "shorter") != NULL);
}

/* ---- gaps ------------------------------------------------------------------------------- */

/* Records of 1 s of one EEG signal of 8 Hz at these onsets. */
static void make_discontinuous(const double *onset_s, int n) {
  char count[16], text[32];
  snprintf(count, sizeof count, "%d", n);
  make m = {.n = 2, .reserved = "EDF+D", .n_records = count, .signal = {MAKE_EEG, MAKE_TAL}};
  m.signal[1].samples = "8";
  make_header(&m);
  for (int r = 0; r < n; r++) {
    for (int t = 0; t < 8; t++) make_sample(r, 2);
    snprintf(text, sizeof text, "+%.7g\x14\x14", onset_s[r]);
    make_annotation(text, 16);
  }
}

static void gaps(void) {
  /* jitter of less than half a sample (62.5 ms) is no gap */
  double onset[] = {0.25, 1.25, 2.26, 3.25, 10.0, 11.0, 12.5, 100.25};
  make_discontinuous(onset, 8);
  CHECK(open_made(1 << 10) == EVL_OK);
  const evl_header *h = evl_reader_header(reader);
  CHECK_TEXT(h->format, "EDF+D");
  CHECK(h->n_stretches == 4 && h->duration_s == 101.0);
  CHECK_NEAR(h->start_clock_s, 13 * 3600 + 14 * 60 + 15 + 0.25, 1e-15);
  static const evl_stretch expected[] = {{0.0, 4.0, 0, 4}, {9.75, 2.0, 4, 2}, {12.25, 1.0, 6, 1}, {100.0, 1.0, 7, 1}};
  for (int i = 0; i < h->n_stretches && i < 4; i++) {
    CHECK(h->stretch[i].start_s == expected[i].start_s && h->stretch[i].duration_s == expected[i].duration_s);
    CHECK(h->stretch[i].first_record == expected[i].first_record && h->stretch[i].n_records == expected[i].n_records);
    CHECK(evl_reader_samples(reader, 0, i) == 8 * expected[i].n_records && evl_reader_samples(reader, 1, i) == 0);
  }
  double x[16];
  CHECK(evl_reader_load(reader, 1, 0.5, 2.0) == EVL_OK && evl_reader_channel(reader, 0, 4, 12, x) == EVL_OK);
  CHECK_NEAR(x[0], 0.4, 1e-12);
  CHECK_NEAR(x[11], 0.5, 1e-12);
}

static void overlaps_are_refused(void) {
  double onset[] = {0.0, 1.0, 1.5, 2.5};
  make_discontinuous(onset, 4);
  CHECK(open_made(0) == EVL_FORMAT && strstr(evl_error_message(), "overlap"));
  double back[] = {0.0, 5.0, 1.0, 8.0};
  make_discontinuous(back, 4);
  CHECK(open_made(0) == EVL_FORMAT && strstr(evl_error_message(), "overlap"));
  double fine[] = {0.0, 1.0, 2.0};
  make_discontinuous(fine, 3);
  memset(make_bytes + make_n - 32 - 16, 0, 16);
  CHECK(open_made(0) == EVL_FORMAT && strstr(evl_error_message(), "time-keeping annotation in record 1"));
}

static void long_file_with_gaps(void) {
  enum { N = 20000 };
  static double onset[N];
  int gap = 0, expected = 1;
  for (int r = 0; r < N; r++) {
    if (r % 3000 == 2999 || r == 7 || r == 8) gap += 100, expected++;
    onset[r] = r + gap;
  }
  make_discontinuous(onset, N);
  CHECK(open_made(1 << 16) == EVL_OK);
  const evl_header *h = evl_reader_header(reader);
  CHECK(h->n_stretches == expected && h->stretch[0].n_records == 7 && h->stretch[1].n_records == 1);
  CHECK(h->stretch[3].first_record == 2999 && h->stretch[3].start_s == 2999 + 300);
  CHECK(h->stretch[expected - 1].first_record == 17999 && h->duration_s == N + gap);
  /* A gap and an overlap that make up for each other hide from the search; loading finds them. */
  for (int r = 0; r < N; r++) onset[r] = r + (r >= 5001 && r < 5003 ? 3 : 0);
  make_discontinuous(onset, N);
  CHECK(open_made(1 << 16) == EVL_OK && evl_reader_header(reader)->n_stretches == 1);
  CHECK(evl_reader_load(reader, 0, 4000.0, 4100.0) == EVL_OK);
  CHECK(evl_reader_load(reader, 0, 4990.0, 5010.0) == EVL_FORMAT);
  CHECK(strstr(evl_error_message(), "expected record 5001 to start at 5001.0") != NULL);
}

/* ---- annotations ---------------------------------------------------------------------------- */

static char seen[4096];

static evl_status see(void *context, double onset_s, double duration_s, const char *text) {
  size_t used = strlen(seen);
  if (context && --*(int *)context < 0) return evl_fail(EVL_STOPPED, "enough");
  snprintf(seen + used, sizeof seen - used, "%g+%g %.40s|", onset_s, duration_s, text);
  return EVL_OK;
}

static void annotations(void) {
  make m = {.n = 3, .reserved = "EDF+C", .n_records = "3", .signal = {MAKE_TAL, MAKE_EEG, MAKE_TAL}};
  m.signal[0].samples = "40";
  make_header(&m);
  static const char *first[] = {"+0.5\x14\x14\1+1\x15" "2.5\x14Pain\x14Sound\x14\1",
                                "+1.5\x14\x14\1+1.75\x14\xE9pilepsie\x14",
                                "+2.5\x14\x14\1+x\x14lost\x14\1-3\x15\x14lost\x14\1+3\x14\xE5\x85\xAB\x14\1"};
  static const char *second[] = {"", "+2\x15" "1e\x14no\x14\1+2.5\x14\x14\1+2.5\x14yes\x14\1",
                                 "+4\x14" "cut at the end"};
  for (int r = 0; r < 3; r++) {
    make_annotation(first[r], 80);
    for (int t = 0; t < 8; t++) make_sample(t, 2);
    make_annotation(second[r], 64);
  }
  CHECK(open_made(0) == EVL_OK);
  CHECK_NEAR(evl_reader_header(reader)->start_clock_s, 13 * 3600 + 14 * 60 + 15.5, 1e-15);
  seen[0] = 0;
  CHECK(evl_reader_annotations(reader, see, NULL) == EVL_OK);
  CHECK_TEXT(seen, "0.5+2.5 Pain|0.5+2.5 Sound|1.25+0 \xC3\xA9pilepsie|2+0 yes|2.5+0 \xE5\x85\xAB|");
  int most = 2;
  CHECK(evl_reader_annotations(reader, see, &most) == EVL_STOPPED);
}

static void long_annotation(void) {
  make m = {.n = 1, .reserved = "EDF+C", .record_s = "0", .signal = {MAKE_TAL}};
  m.signal[0].samples = "100000";
  make_header(&m);
  make_annotation("+0\x14\x14\1+7\x14", 200000);
  memset(make_bytes + 512 + 8, 'x', 150000); /* longer than anything that is kept */
  strcpy((char *)make_bytes + 512 + 150000, "\x14");
  memcpy(make_bytes + 512 + 150100, "+9\x14" "after\x14", 10);
  CHECK(open_made(0) == EVL_OK && evl_reader_header(reader)->n_stretches == 0);
  CHECK(evl_reader_header(reader)->duration_s == 0.0);
  seen[0] = 0;
  CHECK(evl_reader_annotations(reader, see, NULL) == EVL_OK);
  CHECK_TEXT(seen, "7+0 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx|9+0 after|");
}

static void label_without_annotations(void) {
  make m = {.n = 2, .signal = {MAKE_EEG, MAKE_TAL}};
  m.signal[1].samples = "8";
  make_header(&m);
  for (int t = 0; t < 16; t++) make_sample(1000 + t, 2);
  CHECK(open_made(0) == EVL_OK && evl_reader_header(reader)->signal[1].kind == EVL_SIGNAL_OTHER);
  CHECK_TEXT(evl_reader_header(reader)->note, "");
}

int main(void) {
  arena = evl_arena_create();
  scratch_begin();
  RUN(sixteen_bits);
  RUN(twenty_four_bits);
  RUN(parts_equal_the_whole);
  RUN(file_that_shrinks);
  RUN(gaps);
  RUN(overlaps_are_refused);
  RUN(long_file_with_gaps);
  RUN(annotations);
  RUN(long_annotation);
  RUN(label_without_annotations);
  evl_reader_close(reader);
  evl_arena_free(arena);
  scratch_end();
  CHECK_DONE();
}
