/* What simulate writes, the readers read: labels, rates, samples, annotations. */
#include "check.h"
#include "eveil/readers.h"
#include "eveil/simulate.h"

#include "scratch.h"

enum { N = 2000, CHANNELS = 2 };

static evl_status see(void *context, double onset_s, double duration_s, const char *text) {
  int *seen = context;
  if (fabs(onset_s - 3.25) < 1e-9 && fabs(duration_s - 0.5) < 1e-9 && strcmp(text, "pop Cz") == 0) ++*seen;
  return EVL_OK;
}

static void written_then_read(void) {
  static double x[CHANNELS][N], y[N];
  const char *path = scratch_path("plain.edf");
  for (int t = 0; t < N; t++) x[0][t] = 80 * sin(0.05 * t), x[1][t] = 5 * cos(0.2 * t) - 40;
  evl_arena *arena = evl_arena_create();
  const char *const label[CHANNELS] = {"EEG Fp1-Ref", "T3"};
  evl_edf_annotation note = {3.25, 0.5, "pop Cz"};
  evl_edf_spec spec = {.n_signals = CHANNELS, .label = label, .fs_hz = 250, .record_s = 1, .n_annotations = 1,
                       .annotation = &note};
  CHECK(evl_edf_write(path, &spec, &x[0][0], N, N, arena) == EVL_OK);
  evl_reader *reader;
  CHECK(evl_reader_open(path, NULL, 1 << 20, arena, &reader) == EVL_OK);
  const evl_header *header = evl_reader_header(reader);
  CHECK_TEXT(header->format, "EDF+C");
  CHECK(header->n_records == 8 && header->n_stretches == 1 && !header->truncated);
  CHECK_NEAR(header->duration_s, 8, 0);
  CHECK(evl_reader_load(reader, 0, 0, 8) == EVL_OK);
  for (int s = 0; s < CHANNELS; s++) {
    double worst = 0;
    CHECK_TEXT(header->signal[s].label, label[s]);
    CHECK(header->signal[s].kind == EVL_SIGNAL_VOLTAGE);
    CHECK_NEAR(header->signal[s].fs_hz, 250, 0);
    CHECK(evl_reader_channel(reader, s, 0, N, y) == EVL_OK);
    for (int t = 0; t < N; t++) worst = fmax(worst, fabs(x[s][t] - y[t]));
    CHECK(worst <= 80.001 / 32767 / 2);
  }
  int seen = 0;
  CHECK(evl_reader_annotations(reader, see, &seen) == EVL_OK);
  CHECK(seen == 1);
  evl_reader_close(reader);
  evl_arena_free(arena);
}

/* Steps of 0.5 uV, and of a millionth of a degree where there are 24 bits. */
static const evl_edf_track tracks[CHANNELS] = {{"Cz", "uV", 20, -1000, 1000, -2000, 2000},
                                               {"Temp rectal", "DegC", 2, 30, 45, 0, 30000}};

static evl_edf_writer *begin(const char *path, bool wide, evl_arena *arena) {
  evl_edf_track track[CHANNELS];
  evl_edf_writer *writer;
  memcpy(track, tracks, sizeof track);
  if (wide) track[1].digital_max = 8000000;
  evl_edf_spec spec = {.n_signals = CHANNELS, .record_s = 0.1, .track = track, .wide = wide};
  CHECK(evl_edf_begin(path, &spec, arena, &writer) == EVL_OK);
  return writer;
}

static double wave(int64_t t) { return 0.5 * (double)(t * 7919 % 4001 - 2000); }
static double warmth(int64_t t) { return 36 + 1e-3 * (double)(t % 997); }

/* Stretches of 3, 1 and 6 records with 0.25 and 7200.1 s between them, of two rates. */
static void gaps_and_rates(bool wide) {
  static const int64_t records[3] = {3, 1, 6};
  static const double start_s[3] = {0, 0.55, 7200.75};
  evl_arena *arena = evl_arena_create();
  const char *path = scratch_path("gaps.edf");
  evl_edf_writer *writer = begin(path, wide, arena);
  double x[2][200], y[200];
  int64_t t = 0, u = 0;
  for (int s = 0; s < 3; s++) {
    if (s) CHECK(evl_edf_gap(writer, start_s[s] - start_s[s - 1] - 0.1 * (double)records[s - 1]) == EVL_OK);
    for (int64_t i = 0; i < 20 * records[s]; i++) x[0][i] = wave(t++);
    for (int64_t i = 0; i < 2 * records[s]; i++) x[1][i] = warmth(u++);
    CHECK(evl_edf_records(writer, (const double *const[]){x[0], x[1]}, records[s]) == EVL_OK);
  }
  CHECK(evl_edf_end(writer) == EVL_OK);
  evl_reader *reader;
  CHECK(evl_reader_open(path, NULL, 1 << 20, arena, &reader) == EVL_OK);
  const evl_header *h = evl_reader_header(reader);
  CHECK_TEXT(h->format, wide ? "BDF+D" : "EDF+D");
  CHECK_TEXT(h->signal[1].unit, "DegC");
  CHECK_NEAR(h->signal[1].fs_hz, 20, 0);
  CHECK(h->n_stretches == 3);
  t = u = 0;
  for (int s = 0; s < 3; s++) {
    double worst = 0, worst_c = 0;
    CHECK_NEAR(h->stretch[s].start_s, start_s[s], 1e-12);
    CHECK(h->stretch[s].n_records == records[s]);
    CHECK(evl_reader_load(reader, s, 0, 1) == EVL_OK);
    CHECK(evl_reader_channel(reader, 0, 0, 20 * records[s], y) == EVL_OK);
    for (int64_t i = 0; i < 20 * records[s]; i++) worst = fmax(worst, fabs(y[i] - wave(t++)));
    CHECK(evl_reader_channel(reader, 1, 0, 2 * records[s], y) == EVL_OK);
    for (int64_t i = 0; i < 2 * records[s]; i++) worst_c = fmax(worst_c, fabs(y[i] - warmth(u++)));
    CHECK_NEAR(worst, 0, 1e-12); /* steps of the source, kept */
    CHECK(worst_c <= (wide ? 15.0 / 8e6 : 15.0 / 3e4) / 2 * (1 + 1e-9));
  }
  evl_reader_close(reader);
  evl_arena_free(arena);
}

static void gaps_and_rates_16(void) { gaps_and_rates(false); }
static void gaps_and_rates_24(void) { gaps_and_rates(true); }

static void gaps_refused(void) {
  evl_arena *arena = evl_arena_create();
  const char *path = scratch_path("refused.edf");
  evl_edf_writer *writer = begin(path, false, arena);
  double x[2][20] = {{0}, {40, 40}};
  CHECK(evl_edf_append(writer, x[0], 20, 2) == EVL_USAGE); /* two rates */
  CHECK(evl_edf_gap(writer, 0) == EVL_USAGE && evl_edf_gap(writer, NAN) == EVL_USAGE);
  x[1][1] = 45.1;
  CHECK(evl_edf_records(writer, (const double *const[]){x[0], x[1]}, 1) == EVL_LIMIT);
  CHECK(strstr(evl_error_message(), "Temp rectal is 45.1 DegC at 0.05 s") != NULL);
  evl_edf_abandon(writer);
  evl_edf_spec spec = {.n_signals = 1, .label = (const char *const[]){"Cz"}, .fs_hz = 20, .record_s = 1,
                       .physical_max_uv = 10};
  CHECK(evl_edf_begin(path, &spec, arena, &writer) == EVL_OK);
  CHECK(evl_edf_append(writer, x[0], 20, 19) == EVL_OK);
  CHECK(evl_edf_gap(writer, 1) == EVL_USAGE && strstr(evl_error_message(), "19 of 20"));
  evl_edf_abandon(writer);
  CHECK(access(path, F_OK) != 0);
  evl_arena_free(arena);
}

/* What eight characters hold: nearest, not below, not above. */
static void numbers_of_a_header(void) {
  char text[16];
  CHECK_NEAR(evl_edf_number(3276.7, 0, 8, text), 3276.7, 0);
  CHECK_TEXT(text, "3276.7");
  CHECK_NEAR(evl_edf_number(-123.4567891, 0, 8, text), -123.457, 0);
  CHECK_NEAR(evl_edf_number(-123.4567891, 1, 8, text), -123.456, 0);
  CHECK_NEAR(evl_edf_number(-123.4561, -1, 8, text), -123.457, 0);
  CHECK_NEAR(evl_edf_number(99999999, 0, 8, text), 99999999, 0);
  CHECK(isnan(evl_edf_number(-99999999, 0, 8, text)));
  CHECK_NEAR(evl_edf_number(1.23456e-9, 0, 8, text) * 1e9, 1.23, 1e-12);
  CHECK_NEAR(evl_edf_number(0, 0, 8, text), 0, 0);
  CHECK_TEXT(text, "0");
}

int main(void) {
  scratch_begin();
  RUN(written_then_read);
  RUN(gaps_and_rates_16);
  RUN(gaps_and_rates_24);
  RUN(gaps_refused);
  RUN(numbers_of_a_header);
  scratch_end();
  CHECK_DONE();
}
