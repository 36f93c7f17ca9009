/* Conversions of made-up sources: steps, missing samples, records that do not divide, labels, annotations; read again. */
#include "check.h"
#include "eveil/readers.h"
#include "eveil/simulate.h"
#include "scratch.h"

enum { MOST = 3 };

typedef struct made {
  int64_t samples[MOST];
  double (*wave)(int signal, double t_s);
  double frame_s;
  const evl_stretch *stretch;
} made;

static evl_status read_made(void *context, int stretch, int64_t first, int64_t n, double *const *x) {
  const made *m = context;
  for (int s = 0; s < MOST && m->samples[s]; s++)
    for (int64_t i = 0; i < n * m->samples[s]; i++) {
      double frames = (double)first + (double)i / (double)m->samples[s];
      x[s][i] = m->wave(s, m->stretch[stretch].start_s + frames * m->frame_s);
    }
  return EVL_OK;
}

static evl_status convert(const evl_convert_source *source, evl_convert_format format, evl_arena *arena,
                          evl_convert_report *report) {
  evl_convert *c;
  EVL_TRY(evl_convert_plan(source, format, arena, &c, report));
  return evl_convert_write(c, scratch_path("out"), arena);
}

static evl_reader *reopened(evl_arena *arena) {
  evl_reader *reader = NULL;
  evl_status status = evl_reader_open(scratch_path("out"), NULL, 1 << 24, arena, &reader);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return reader;
}

/* One signal at 100 Hz unless said otherwise. */
static evl_convert_signal plain = {.label = "Cz", .unit = "uV", .samples = 1, .physical_min = NAN, .physical_max = NAN,
                                   .step = NAN};

static evl_convert_source source_of(made *m, const evl_convert_signal *signal, int n_signals, int n_stretches) {
  for (int s = 0; s < n_signals; s++) m->samples[s] = signal[s].samples;
  return (evl_convert_source){.path = "made", .n_signals = n_signals, .signal = signal, .frame_s = m->frame_s,
                              .n_stretches = n_stretches, .stretch = m->stretch, .read = read_made, .context = m,
                              .most_frames = 37};
}

static double tenths(int s, double t_s) { return (double)s + 0.1 * round(300 * sin(7 * t_s)); }
static double floats(int s, double t_s) { return 100 * sin(7 * t_s + s); }
static double constant(int s, double t_s) { return (void)t_s, 12345.678 * (s + 1); }
static double huge(int s, double t_s) { return (void)s, 1e9 * sin(t_s); }
static double holes(int s, double t_s) { return t_s >= 2.995 && t_s < 4.245 ? NAN : tenths(s, t_s); }
static double late(int s, double t_s) { return t_s < 1.995 ? NAN : tenths(s, t_s); }
static double one_misses(int s, double t_s) { return s == 1 && t_s >= 3 && t_s < 3.5 ? NAN : tenths(s, t_s); }
static double one_is_empty(int s, double t_s) { return s == 1 ? NAN : tenths(s, t_s); }
static double nothing(int s, double t_s) { return (void)s, (void)t_s, NAN; }

/* The samples of a reader against the source; *worst over the digital step. */
static void compare(evl_reader *reader, const made *m, int signal, int of, double from_s) {
  static double y[1 << 16];
  const evl_header *h = evl_reader_header(reader);
  double fs_hz = (double)m->samples[of] / m->frame_s, worst = 0;
  for (int k = 0; k < h->n_stretches; k++) {
    int64_t n = evl_reader_samples(reader, signal, k);
    CHECK(n < 1 << 16 && evl_reader_load(reader, k, 0, 1e9) == EVL_OK);
    CHECK(evl_reader_channel(reader, signal, 0, n, y) == EVL_OK);
    for (int64_t i = 0; i < n; i++)
      worst = fmax(worst, fabs(y[i] - m->wave(of, from_s + h->stretch[k].start_s + (double)i / fs_hz)));
  }
  CHECK(worst <= 0.5 * h->signal[signal].step * (1 + 1e-6) + 1e-9);
}

static const evl_stretch ten_s[] = {{.start_s = 0, .duration_s = 10, .n_records = 1000}};

/* Decimals of the samples are the steps: 16 bits hold them. */
static void decimals_are_steps(void) {
  evl_arena *arena = evl_arena_create();
  evl_convert_report report;
  made m = {.wave = tenths, .frame_s = 0.01, .stretch = ten_s};
  evl_convert_source source = source_of(&m, &plain, 1, 1);
  CHECK(convert(&source, EVL_CONVERT_ANY, arena, &report) == EVL_OK);
  CHECK(!report.wide && !report.gaps && report.n_stretches == 1 && !*report.note);
  evl_reader *reader = reopened(arena);
  const evl_header *h = evl_reader_header(reader);
  CHECK_TEXT(h->format, "EDF+C");
  CHECK_NEAR(h->record_s, 1, 0);
  CHECK_NEAR(h->signal[0].step, 0.1, 1e-12);
  compare(reader, &m, 0, 0, 0);
  evl_reader_close(reader);
  evl_arena_free(arena);
}

/* Numbers without steps: 24 bits, or 16 with the loss said. */
static void floats_need_bdf(void) {
  evl_arena *arena = evl_arena_create();
  evl_convert_report report;
  made m = {.wave = floats, .frame_s = 0.01, .stretch = ten_s};
  evl_convert_source source = source_of(&m, &plain, 1, 1);
  CHECK(convert(&source, EVL_CONVERT_ANY, arena, &report) == EVL_OK);
  CHECK(report.wide && strstr(report.note, "24 bits, because 16 would lose digits of 1 signal"));
  evl_reader *reader = reopened(arena);
  CHECK_TEXT(evl_reader_header(reader)->format, "BDF+C");
  compare(reader, &m, 0, 0, 0);
  evl_reader_close(reader);
  CHECK(convert(&source, EVL_CONVERT_EDF, arena, &report) == EVL_OK);
  CHECK(!report.wide && strstr(report.note, "16 bits lose digits of 1 signal: steps of 0.00305 uV in Cz"));
  reader = reopened(arena);
  compare(reader, &m, 0, 0, 0);
  evl_reader_close(reader);
  evl_arena_free(arena);
}

static void constants_and_ranges(void) {
  evl_arena *arena = evl_arena_create();
  evl_convert_report report;
  made m = {.wave = constant, .frame_s = 0.01, .stretch = ten_s};
  evl_convert_source source = source_of(&m, &plain, 1, 1);
  CHECK(convert(&source, EVL_CONVERT_EDF, arena, &report) == EVL_OK);
  evl_reader *reader = reopened(arena);
  compare(reader, &m, 0, 0, 0);
  evl_reader_close(reader);
  m.wave = huge;
  CHECK(convert(&source, EVL_CONVERT_ANY, arena, &report) == EVL_LIMIT);
  CHECK(strstr(evl_error_message(), "made: signal Cz: a range of") && strstr(evl_error_message(), "8 characters"));
  evl_arena_free(arena);
}

/* What all signals miss is a gap, to the sample; times are those of the source. */
static void missing_samples_are_gaps(void) {
  evl_arena *arena = evl_arena_create();
  evl_convert_report report;
  evl_convert_signal signal[2] = {plain, plain};
  signal[1].label = "Pz";
  made m = {.wave = holes, .frame_s = 0.01, .stretch = ten_s};
  evl_convert_source source = source_of(&m, signal, 2, 1);
  const evl_edf_annotation marks[] = {{0.5, -1, "a"}, {3.5, 2, "in the gap"}, {9.99, -1, "b"}};
  source.annotation = marks;
  source.n_annotations = 3;
  CHECK(convert(&source, EVL_CONVERT_ANY, arena, &report) == EVL_OK);
  CHECK(report.gaps && report.n_stretches == 2);
  evl_reader *reader = reopened(arena);
  const evl_header *h = evl_reader_header(reader);
  CHECK_TEXT(h->format, "EDF+D");
  CHECK(h->n_stretches == 2);
  CHECK_NEAR(h->stretch[0].duration_s, 3, 1e-9);
  CHECK_NEAR(h->stretch[1].start_s, 4.25, 1e-9);
  CHECK_NEAR(h->duration_s, 10, 1e-9);
  compare(reader, &m, 0, 0, 0);
  compare(reader, &m, 1, 1, 0);
  evl_reader_close(reader);
  m.wave = late;
  CHECK(convert(&source, EVL_CONVERT_ANY, arena, &report) == EVL_OK);
  CHECK_NEAR(report.start_s, 2, 1e-9);
  CHECK(!report.gaps && strstr(report.note, "the first 2 s are missing") != NULL);
  reader = reopened(arena);
  compare(reader, &m, 0, 0, 2);
  evl_reader_close(reader);
  evl_arena_free(arena);
}

static void some_signals_miss(void) {
  evl_arena *arena = evl_arena_create();
  evl_convert_report report;
  evl_convert_signal signal[2] = {plain, plain};
  signal[1].label = "Pz";
  made m = {.wave = one_misses, .frame_s = 0.01, .stretch = ten_s};
  evl_convert_source source = source_of(&m, signal, 2, 1);
  remove(scratch_path("out"));
  CHECK(convert(&source, EVL_CONVERT_ANY, arena, &report) == EVL_FORMAT);
  CHECK(strstr(evl_error_message(), "made: signal Pz has no sample at 3 s where others have") != NULL);
  CHECK(access(scratch_path("out"), F_OK) != 0);
  m.wave = one_is_empty;
  CHECK(convert(&source, EVL_CONVERT_ANY, arena, &report) == EVL_OK);
  CHECK(report.n_signals == 1 && strstr(report.note, "signal Pz has no sample and is left out"));
  m.wave = nothing;
  CHECK(convert(&source, EVL_CONVERT_ANY, arena, &report) == EVL_FORMAT);
  evl_arena_free(arena);
}

/* A prime number of samples in one stretch, and two stretches without a common divisor. */
static void lengths_that_do_not_divide(void) {
  static const evl_stretch prime[] = {{.start_s = 0, .duration_s = 100.03, .n_records = 10007}};
  static const evl_stretch two[] = {{.start_s = 0, .duration_s = 100.03, .n_records = 10007},
                                    {.start_s = 200, .duration_s = 50.01, .n_records = 5003}};
  evl_arena *arena = evl_arena_create();
  for (int k = 0; k < 2; k++) {
    evl_convert_report report;
    made m = {.wave = tenths, .frame_s = 0.01, .stretch = k ? two : prime};
    evl_convert_source source = source_of(&m, &plain, 1, k + 1);
    CHECK(convert(&source, EVL_CONVERT_ANY, arena, &report) == EVL_OK);
    evl_reader *reader = reopened(arena);
    const evl_header *h = evl_reader_header(reader);
    CHECK(h->n_stretches == k + 1 && evl_reader_samples(reader, 0, 0) >= 10007);
    CHECK(evl_reader_samples(reader, 0, 0) < 10007 + 101);
    static double y[10007];
    CHECK(evl_reader_load(reader, 0, 0, 1e9) == EVL_OK && evl_reader_channel(reader, 0, 0, 10007, y) == EVL_OK);
    double worst = 0;
    for (int i = 0; i < 10007; i++) worst = fmax(worst, fabs(y[i] - tenths(0, i * 0.01)));
    CHECK(worst <= 0.05 * (1 + 1e-6));
    if (k) CHECK_NEAR(h->stretch[1].start_s, 200, 1e-9);
    evl_reader_close(reader);
  }
  evl_arena_free(arena);
}

/* Long labels that begin alike, one that is no ASCII, one that means annotations; units; several rates. */
static void labels_units_rates(void) {
  evl_arena *arena = evl_arena_create();
  evl_convert_report report;
  evl_convert_signal signal[MOST] = {plain, plain, plain};
  signal[0].label = "EEG channel left one", signal[1].label = "EEG channel left two", signal[2].label = "EDF Annotations";
  signal[1].samples = 4, signal[2].unit = "\xc2\xb5S";
  made m = {.wave = tenths, .frame_s = 0.02, .stretch = ten_s};
  evl_convert_source source = source_of(&m, signal, MOST, 1);
  CHECK(convert(&source, EVL_CONVERT_ANY, arena, &report) == EVL_OK);
  evl_reader *reader = reopened(arena);
  const evl_header *h = evl_reader_header(reader);
  CHECK(h->n_signals == 4);
  CHECK_TEXT(h->signal[0].label, "EEG channel left");
  CHECK_TEXT(h->signal[1].label, "EEG channel le~2");
  CHECK_TEXT(h->signal[2].label, "signal 3");
  CHECK_TEXT(h->signal[2].unit, "uS");
  CHECK_NEAR(h->signal[1].fs_hz, 200, 1e-9);
  CHECK_NEAR(h->signal[0].fs_hz, 50, 1e-9);
  for (int s = 0; s < MOST; s++) compare(reader, &m, s, s, 0);
  evl_reader_close(reader);
  evl_arena_free(arena);
}

/* A rate whose records no 8 characters hold exactly: near, and said. */
static void odd_rate(void) {
  static const evl_stretch odd[] = {{.start_s = 0, .duration_s = 4097 / 173.61, .n_records = 4097}};
  evl_arena *arena = evl_arena_create();
  evl_convert_report report;
  made m = {.wave = tenths, .frame_s = 1 / 173.61, .stretch = odd};
  evl_convert_source source = source_of(&m, &plain, 1, 1);
  CHECK(convert(&source, EVL_CONVERT_ANY, arena, &report) == EVL_OK);
  CHECK(strstr(report.note, "because a record's duration has 8 characters") != NULL);
  evl_reader *reader = reopened(arena);
  CHECK_NEAR(evl_reader_header(reader)->signal[0].fs_hz, 173.61, 1e-6);
  CHECK(evl_reader_samples(reader, 0, 0) == 4097);
  evl_reader_close(reader);
  evl_arena_free(arena);
}

/* Ten hours take the memory of one. */
static void memory_is_bounded(void) {
  size_t bytes[2];
  for (int k = 0; k < 2; k++) {
    evl_arena *arena = evl_arena_create();
    int64_t frames = k ? 720000 : 72000;
    const evl_stretch long_s = {.start_s = 0, .duration_s = (double)frames * 0.05, .n_records = frames};
    evl_convert_report report;
    made m = {.wave = tenths, .frame_s = 0.05, .stretch = &long_s};
    evl_convert_source source = source_of(&m, &plain, 1, 1);
    CHECK(convert(&source, EVL_CONVERT_ANY, arena, &report) == EVL_OK);
    bytes[k] = evl_arena_bytes(arena);
    evl_arena_free(arena);
  }
  CHECK(bytes[0] == bytes[1]);
}

int main(void) {
  scratch_begin();
  RUN(decimals_are_steps);
  RUN(floats_need_bdf);
  RUN(constants_and_ranges);
  RUN(missing_samples_are_gaps);
  RUN(some_signals_miss);
  RUN(lengths_that_do_not_divide);
  RUN(labels_units_rates);
  RUN(odd_rate);
  RUN(memory_is_bounded);
  scratch_end();
  CHECK_DONE();
}
