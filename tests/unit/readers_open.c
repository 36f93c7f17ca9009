/* What is refused when a recording is opened, what is tolerated, and what is said about it. */
#include "check.h"
#include "eveil/readers.h"
#include "readers_make.h"
#include "scratch.h"

static evl_arena *arena;
static evl_reader *reader;

static evl_status open_bytes(const make *m, size_t extra_data) {
  make_header(m);
  for (size_t i = 0; i < extra_data; i++) make_bytes[make_n++] = (uint8_t)(7 * i % 251);
  evl_reader_close(reader);
  return evl_reader_open(scratch_bytes("file.edf", make_bytes, make_n), NULL, 0, arena, &reader);
}

/* Refused with a message that names the file and says `expected`, and no free text of the header. */
static bool refused(const make *m, size_t data, const char *expected) {
  evl_status status = open_bytes(m, data);
  const char *message = evl_error_message();
  bool good = status == EVL_FORMAT && strstr(message, "file.edf") && strstr(message, expected) &&
              !strstr(message, "Secret");
  if (!good) printf("# status %d, message: %s\n", status, message);
  return good;
}

static const make one = {.n = 1, .signal = {MAKE_EEG}};

static void no_recording(void) {
  CHECK(evl_reader_open(scratch_path("absent.edf"), NULL, 0, arena, &reader) == EVL_IO && !reader);
  CHECK(strstr(evl_error_message(), "absent.edf") != NULL);
  CHECK(evl_reader_open(scratch_path(""), NULL, 0, arena, &reader) == EVL_IO && !reader);
  CHECK(strstr(evl_error_message(), "directory") != NULL);
  const char *path = scratch_path("pipe.edf");
  CHECK(mkfifo(path, 0600) == 0 && evl_reader_open(path, NULL, 0, arena, &reader) == EVL_IO);
  unlink(path);
  CHECK(evl_reader_open(scratch_bytes("empty.edf", make_bytes, 0), NULL, 0, arena, &reader) == EVL_FORMAT);
  CHECK(strstr(evl_error_message(), "empty") != NULL);
  make_header(&one);
  CHECK(evl_reader_open(scratch_bytes("short.edf", make_bytes, 255), NULL, 0, arena, &reader) == EVL_FORMAT);
  CHECK(evl_reader_open(scratch_bytes("cut.edf", make_bytes, 300), NULL, 0, arena, &reader) == EVL_FORMAT);
  make_bytes[0] = 'P';
  CHECK(evl_reader_open(scratch_bytes("other.edf", make_bytes, make_n), NULL, 0, arena, &reader) == EVL_FORMAT && !reader);
  CHECK(strstr(evl_error_message(), "known formats: edf") != NULL);
  if (geteuid() != 0) { /* root may read everything */
    path = scratch_bytes("locked.edf", make_bytes, make_n);
    chmod(path, 0);
    CHECK(evl_reader_open(path, NULL, 0, arena, &reader) == EVL_IO);
  }
}

static void bad_fields(void) {
  make m = one;
  CHECK(open_bytes(&one, 16) == EVL_OK);
  m.n_signals = "0";
  CHECK(refused(&m, 16, "at least 1 signal, found \"0   \""));
  m.n_signals = "Sec";
  CHECK(refused(&m, 16, "found other text"));
  m.n_signals = "9999";
  CHECK(refused(&m, 16, "header of 2560000 bytes"));
  m.n_signals = "1e3";
  CHECK(refused(&m, 16, "header of"));
  m = one, m.header_bytes = "768";
  CHECK(refused(&m, 16, "expected a header of 512 bytes for 1 signals, found 768"));
  m = one, m.n_records = "x";
  CHECK(refused(&m, 16, "number of data records"));
  m.n_records = "1.5";
  CHECK(refused(&m, 16, "found \"1.5     \""));
  m.n_records = "0";
  CHECK(refused(&m, 16, "at least 1 data record"));
  m.n_records = "-2";
  CHECK(refused(&m, 16, "number of data records"));
  m = one, m.record_s = "nan";
  CHECK(refused(&m, 16, "record duration"));
  m.record_s = "-1";
  CHECK(refused(&m, 16, "record duration"));
  m.record_s = "0";
  CHECK(refused(&m, 16, "record duration above 0 s"));
  m = one, m.signal[0].samples = "0";
  CHECK(refused(&m, 16, "at least 1 sample a record of signal 1"));
  m.signal[0].samples = "99999999";
  CHECK(refused(&m, 16, "expected data records of 199999998 bytes, found 16"));
  m.signal[0].samples = "9e15";
  CHECK(refused(&m, 16, "at least 1 sample a record"));
  m.signal[0].samples = "9e14";
  CHECK(refused(&m, 16, "less than 1 TiB"));
  m = one, m.signal[0].digital_min = "32767";
  CHECK(refused(&m, 16, "digital range of signal 1"));
  m.signal[0].digital_min = "1e";
  CHECK(refused(&m, 16, "digital minimum of signal 1"));
  m = one, m.signal[0].physical_max = "1,5";
  CHECK(refused(&m, 16, "physical maximum of signal 1, found other text"));
  CHECK(refused(&one, 15, "expected data records of 16 bytes, found 15"));
}

static void odd_sizes(void) {
  make m = one;
  m.n_records = "4";
  CHECK(open_bytes(&m, 64) == EVL_OK);
  const evl_header *h = evl_reader_header(reader);
  CHECK(h->n_records == 4 && !h->truncated && h->duration_s == 4.0);
  CHECK_TEXT(h->note, "");
  CHECK(h->year == 2015 && h->month == 3 && h->day == 2 && h->start_clock_s == 13 * 3600 + 14 * 60 + 15);
  CHECK(open_bytes(&m, 63) == EVL_OK);
  h = evl_reader_header(reader);
  CHECK(h->n_records == 3 && h->truncated && h->duration_s == 3.0);
  CHECK_TEXT(h->note, "truncated: 3 of 4 records are there");
  CHECK(open_bytes(&m, 70) == EVL_OK);
  h = evl_reader_header(reader);
  CHECK(h->n_records == 4 && !h->truncated);
  CHECK_TEXT(h->note, "6 bytes after the last record are ignored");
  m.n_records = "-1";
  CHECK(open_bytes(&m, 48) == EVL_OK);
  h = evl_reader_header(reader);
  CHECK(h->n_records == 3 && !h->truncated && strstr(h->note, "3 by the size"));
  CHECK(open_bytes(&m, 50) == EVL_OK);
  h = evl_reader_header(reader);
  CHECK(h->n_records == 3 && h->truncated);
  make_header(&one);
  make_field(168, 16, "xx.03.1513.74.15");
  CHECK(evl_reader_open(scratch_bytes("date.edf", make_bytes, make_n + 16), NULL, 0, arena, &reader) == EVL_OK);
  h = evl_reader_header(reader);
  CHECK(h->year == 0 && h->month == 0 && h->day == 0 && isnan(h->start_clock_s));
}

static void units_and_labels(void) {
  static const struct { const char *unit; evl_signal_kind kind; double factor; } unit[] = {
    {"uV", EVL_SIGNAL_VOLTAGE, 1.0},      {"mV", EVL_SIGNAL_VOLTAGE, 1e3},  {"V", EVL_SIGNAL_VOLTAGE, 1e6},
    {"nV", EVL_SIGNAL_VOLTAGE, 1e-3},     {" UV ", EVL_SIGNAL_VOLTAGE, 1.0}, {"\xB5V", EVL_SIGNAL_VOLTAGE, 1.0},
    {"\xC2\xB5V", EVL_SIGNAL_VOLTAGE, 1.0}, {"\xCE\xBCv", EVL_SIGNAL_VOLTAGE, 1.0}, {"", EVL_SIGNAL_OTHER, 1.0},
    {"DegC", EVL_SIGNAL_OTHER, 1.0},      {"%", EVL_SIGNAL_OTHER, 1.0},     {"Boolean", EVL_SIGNAL_OTHER, 1.0}};
  for (size_t i = 0; i < sizeof unit / sizeof *unit; i++) {
    make m = one;
    double x[8];
    m.signal[0].unit = unit[i].unit;
    make_header(&m);
    for (int t = 0; t < 8; t++) make_sample(-400 + 100 * t, 2);
    CHECK(evl_reader_open(scratch_bytes("unit.edf", make_bytes, make_n), NULL, 16, arena, &reader) == EVL_OK);
    CHECK(evl_reader_header(reader)->signal[0].kind == unit[i].kind);
    CHECK(evl_reader_load(reader, 0, 0.0, 1.0) == EVL_OK && evl_reader_channel(reader, 0, 0, 8, x) == EVL_OK);
    for (int t = 0; t < 8; t++) CHECK_NEAR(x[t] / unit[i].factor, -40.0 + 10.0 * t, 1e-12);
    evl_reader_close(reader);
  }
  make m = {.n = 3, .signal = {MAKE_EEG, MAKE_EEG, MAKE_EEG}};
  m.signal[0].label = "\xC9lectrode 1";     /* latin-1 */
  m.signal[1].label = "\xE5\x85\xAB";       /* UTF-8 */
  m.signal[2].label = "EEG\tFp1\xFF";       /* a control character; not UTF-8 */
  m.signal[2].physical_max = m.signal[2].physical_min;
  CHECK(open_bytes(&m, 48) == EVL_OK);
  const evl_header *h = evl_reader_header(reader);
  CHECK_TEXT(h->signal[0].label, "\xC3\x89lectrode 1");
  CHECK_TEXT(h->signal[1].label, "\xE5\x85\xAB");
  CHECK_TEXT(h->signal[2].label, "EEG Fp1\xC3\xBF");
  CHECK_TEXT(h->note, "signal 3 has no physical range and is constant");
}

static void odd_paths(void) {
  make_header(&one);
  for (int t = 0; t < 8; t++) make_sample(t, 2);
  const char *path = scratch_bytes("a b \xC3\xA9\xE5\x85\xAB.edf", make_bytes, make_n);
  CHECK(evl_reader_open(path, NULL, 0, arena, &reader) == EVL_OK);
  evl_reader_close(reader);
  reader = NULL;
}

static void memory_goes_back(void) {
  evl_mark before = evl_arena_mark(arena);
  make m = one;
  m.signal[0].samples = "x";
  CHECK(open_bytes(&m, 16) == EVL_FORMAT);
  evl_mark after = evl_arena_mark(arena);
  CHECK(before.block == after.block && before.used == after.used);
}

int main(void) {
  arena = evl_arena_create();
  scratch_begin();
  RUN(no_recording);
  RUN(bad_fields);
  RUN(odd_sizes);
  RUN(units_and_labels);
  RUN(odd_paths);
  RUN(memory_goes_back);
  evl_arena_free(arena);
  scratch_end();
  CHECK_DONE();
}
