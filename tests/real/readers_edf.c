/* Every real EDF and BDF file: header facts, and all samples against a plain decoding.
   `readers_edf samples FILE SIGNAL` and `readers_edf annotations FILE` print what the reader
   sees, for comparison with other programs (readers_against_peers.py). */
#include <glob.h>

#include "check.h"
#include "eveil/readers.h"
#include "readers_plain.h"

typedef struct fact {
  const char *path, *format;
  int n_signals, n_sampled;   /* sampled: not annotations */
  double record_s;
  long n_records;
  double fs_low_hz, fs_high_hz;
  double start_clock_s;
  int year;
  int n_annotations;
  const char *first_text, *note; /* NULL: none */
} fact;

/* Facts of the sources: the headers read by eye, and the documentation of the collections. */
static const fact facts[] = {
  {"edf/edfio/SC4001EC-Hypnogram.edf", "EDF+C", 1, 0, 0, 1, 0, 0, 58380, 1989, 154, "Sleep stage W", NULL},
  {"edf/edfio/SC4001EC-Hypnogram.bdf", "BDF+C", 1, 0, 0, 1, 0, 0, 58380, 1989, 154, "Sleep stage W", NULL},
  {"edf/edfio/mne_test.edf", "EDF+C", 140, 139, 1, 6, 512, 512, 80384, 2014, 5, "start", NULL},
  {"edf/edfio/mne_test.bdf", "BDF+C", 140, 139, 1, 6, 512, 512, 80384, 2014, 5, "start", NULL},
  {"edf/edfio/short_psg.edf", "EDF", 7, 7, 30, 10, 1, 100, 58380, 1989, 0, NULL, NULL},
  {"edf/edfio/short_psg.bdf", "BDF", 7, 7, 30, 10, 1, 100, 58380, 1989, 0, NULL, NULL},
  {"edf/edfio/test_subsecond.edf", "EDF+C", 2, 1, 1, 698, 128, 128, 14756.3945312, 2020, 4, "XLSpike", NULL},
  {"edf/edfio/test_subsecond.bdf", "BDF+C", 2, 1, 1, 698, 128, 128, 14756.394531, 2020, 4, "XLSpike", NULL},
  {"edf/mne/duplicate_channel_labels.edf", "EDF+C", 4, 3, 1, 10, 250, 250, 51164, 2018, 0, NULL, NULL},
  {"edf/mne/test.bdf", "BDF", 73, 73, 1, 1, 2048, 2048, 48106, 2013, 0, NULL, NULL},
  {"edf/mne/test.edf", "EDF+C", 140, 139, 1, 6, 512, 512, 80384, 2014, 5, "start", NULL},
  {"edf/mne/test_bdf_stim_channel.bdf", "BDF", 4, 4, 1, 10, 500, 500, 29041, 2015, 0, NULL, NULL},
  {"edf/mne/test_edf_stim_channel.edf", "EDF", 25, 25, 9.59375, 1, 128, 128, 38517, 2015, 0, NULL, NULL},
  {"edf/mne/test_stim_channel.edf", "EDF+C", 4, 3, 1, 600, 200, 200, 60492, 2019, 0, NULL, NULL},
  {"edf/mne/test_uneven_samp.edf", "EDF", 2, 2, 10, 11, 12.8, 100, 43548, 2000, 0, NULL, NULL},
  {"edf/pyedflib/test_generator.bdf", "BDF+C", 6, 5, 1, 30, 500, 1000, 0, 2000, 0, NULL, NULL},
  {"edf/pyedflib/test_generator.edf", "EDF+C", 12, 11, 1, 600, 200, 200, 46622, 2011, 2, "Recording starts", NULL},
  {"edf/pyedflib/test_generator_datarec_generator_0_5.bdf", "BDF+C", 6, 5, 0.5, 60, 1000, 2000, 0, 2000, 0, NULL, NULL},
  {"edf/pyedflib/test_generator_datarec_generator_2.bdf", "BDF+C", 6, 5, 2, 15, 250, 500, 0, 2000, 0, NULL, NULL},
  {"edf/pyedflib/test_legacy.edf", "EDF", 12, 11, 1, 600, 200, 200, 46622, 2011, 2, "Recording starts",
   "signal 12 holds annotations"},
  {"edf/pyedflib/test_subsecond.edf", "EDF+C", 2, 1, 1, 698, 128, 128, 14756.3945312, 2020, 4, "XLSpike", NULL},
  {"edf/pyedflib/test_utf8.edf", "EDF+C", 2, 1, 1, 698, 128, 128, 14756.3945312, 2020, 5, "XLSpike", NULL},
  {"eegmmidb/S001R03.edf", "EDF+C", 65, 64, 1, 125, 160, 160, 58500, 2009, 30, "T0", NULL},
  {"eegmmidb/S001R04.edf", "EDF+C", 65, 64, 1, 125, 160, 160, 58500, 2009, 30, "T0", NULL},
  {"eegmmidb/S001R05.edf", "EDF+C", 65, 64, 1, 125, 160, 160, 58500, 2009, 30, "T0", NULL},
  {"eegmmidb/S001R06.edf", "EDF+C", 65, 64, 1, 125, 160, 160, 58500, 2009, 30, "T0", NULL},
};

typedef struct seen { int n; char first[64]; } seen;

static evl_status see(void *context, double onset_s, double duration_s, const char *text) {
  seen *s = context;
  (void)onset_s, (void)duration_s;
  if (s->n++ == 0) snprintf(s->first, sizeof s->first, "%s", text);
  return EVL_OK;
}

static evl_reader *open_at(const char *path, bool load, evl_arena *arena) {
  evl_reader *reader = NULL;
  if (evl_reader_open(path, NULL, 0, arena, &reader) != EVL_OK) return NULL;
  if (!load) return reader;
  size_t raw = evl_reader_raw_bytes(reader, 2.0 * evl_reader_header(reader)->duration_s + 1.0);
  evl_reader_close(reader);
  return evl_reader_open(path, NULL, raw, arena, &reader) == EVL_OK ? reader : NULL;
}

/* Largest difference of all samples of the first stretch from the plain decoding, relative to the
   physical range. */
static double difference(evl_reader *reader, const char *path) {
  const evl_header *header = evl_reader_header(reader);
  size_t n;
  uint8_t *bytes = plain_file(path, &n);
  plain p = plain_open(bytes, n);
  double worst = 0.0;
  for (int s = 0; s < header->n_signals; s++) {
    if (header->signal[s].kind == EVL_SIGNAL_ANNOTATION) continue;
    int64_t samples = evl_reader_samples(reader, s, 0);
    double *x = malloc((size_t)samples * sizeof *x);
    CHECK(samples == header->n_records * plain_samples(&p, s));
    CHECK(evl_reader_channel(reader, s, 0, samples, x) == EVL_OK);
    double factor = plain_factor(&p, s);
    CHECK((header->signal[s].kind == EVL_SIGNAL_VOLTAGE) == (factor > 0.0));
    if (!(factor > 0.0)) factor = 1.0;
    plain_scale scale = plain_signal(&p, s);
    double range = plain_range(&p, &scale, factor);
    for (int64_t i = 0; i < samples; i++) {
      double d = fabs(x[i] - plain_sample(&p, &scale, (long)i, factor)) / range;
      if (!(d <= worst)) worst = d;
    }
    free(x);
  }
  free(bytes);
  return worst;
}

static void check_file(const char *folder, const fact *f) {
  char path[4096];
  evl_arena *arena = evl_arena_create();
  snprintf(path, sizeof path, "%s/%s", folder, f->path);
  check_case = f->path;
  evl_reader *reader = open_at(path, f->n_sampled > 0, arena);
  CHECK(reader != NULL);
  if (!reader) {
    printf("# %s\n", evl_error_message());
    evl_arena_free(arena);
    return;
  }
  const evl_header *h = evl_reader_header(reader);
  double low = HUGE_VAL, high = 0.0;
  int sampled = 0;
  for (int s = 0; s < h->n_signals; s++) {
    if (h->signal[s].kind == EVL_SIGNAL_ANNOTATION) continue;
    sampled++;
    low = fmin(low, h->signal[s].fs_hz);
    high = fmax(high, h->signal[s].fs_hz);
  }
  CHECK_TEXT(h->format, f->format);
  CHECK(h->n_signals == f->n_signals && sampled == f->n_sampled);
  CHECK(h->record_s == f->record_s && h->n_records == f->n_records);
  CHECK(h->duration_s == f->record_s * (double)f->n_records);
  CHECK(h->n_stretches == (f->n_sampled > 0));
  if (f->n_sampled > 0) {
    CHECK(low == f->fs_low_hz && high == f->fs_high_hz);
    CHECK(evl_reader_load(reader, 0, 0.0, h->duration_s) == EVL_OK);
    CHECK(difference(reader, path) < 1e-15);
  }
  CHECK_NEAR(h->start_clock_s, f->start_clock_s, 1e-12);
  CHECK(h->year == f->year && !h->truncated);
  CHECK(f->note ? strstr(h->note, f->note) != NULL : h->note[0] == 0);
  seen s = {0, ""};
  CHECK(evl_reader_annotations(reader, see, &s) == EVL_OK);
  CHECK(s.n == f->n_annotations);
  if (s.n != f->n_annotations) printf("# %d annotations\n", s.n);
  if (f->first_text) CHECK_TEXT(s.first, f->first_text);
  evl_reader_close(reader);
  evl_arena_free(arena);
}

static void known_files(void) {
  const char *folder = check_data();
  if (!folder) SKIP("no real recordings");
  for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) check_file(folder, &facts[i]);
}

static void eegmat(void) {
  const char *folder = check_data();
  if (!folder) SKIP("no real recordings");
  char pattern[4096];
  glob_t found;
  snprintf(pattern, sizeof pattern, "%s/eegmat/data/*.edf", folder);
  if (glob(pattern, 0, NULL, &found) != 0) SKIP("no eegmat recordings");
  for (size_t i = 0; i < found.gl_pathc; i++) {
    evl_arena *arena = evl_arena_create();
    evl_reader *reader = open_at(found.gl_pathv[i], true, arena);
    CHECK(reader != NULL);
    if (reader) {
      const evl_header *h = evl_reader_header(reader);
      CHECK(h->n_signals == 22 && h->duration_s == 62.0 && h->signal[0].fs_hz == 500.0);
      CHECK(h->signal[0].kind == EVL_SIGNAL_VOLTAGE && h->signal[21].kind == EVL_SIGNAL_ANNOTATION);
      CHECK_TEXT(h->signal[20].unit, "mV");
      CHECK(h->signal[20].kind == EVL_SIGNAL_VOLTAGE);
      CHECK(evl_reader_load(reader, 0, 0.0, 62.0) == EVL_OK);
      CHECK(difference(reader, found.gl_pathv[i]) < 1e-15);
      evl_reader_close(reader);
    }
    evl_arena_free(arena);
  }
  globfree(&found);
}

/* One test of the whole collection says which files are not in `facts`. */
static void no_file_left_out(void) {
  const char *folder = check_data();
  if (!folder) SKIP("no real recordings");
  char pattern[4096];
  glob_t found;
  snprintf(pattern, sizeof pattern, "%s/edf/*/*.[eb]df", folder);
  if (glob(pattern, 0, NULL, &found) != 0) SKIP("no edf folder");
  for (size_t i = 0; i < found.gl_pathc; i++) {
    bool known = false;
    for (size_t f = 0; f < sizeof facts / sizeof *facts; f++) known |= strstr(found.gl_pathv[i], facts[f].path) != NULL;
    CHECK(known);
    if (!known) printf("# %s\n", found.gl_pathv[i]);
  }
  globfree(&found);
}

static evl_status print_annotation(void *context, double onset_s, double duration_s, const char *text) {
  (void)context;
  printf("%.9f\t%.9f\t%s\n", onset_s, duration_s, text);
  return EVL_OK;
}

static int print_samples(evl_reader *reader, int signal) {
  const evl_header *h = evl_reader_header(reader);
  if (signal >= h->n_signals || evl_reader_load(reader, 0, 0.0, h->duration_s) != EVL_OK) return 1;
  int64_t n = evl_reader_samples(reader, signal, 0);
  double *x = malloc((size_t)n * sizeof *x);
  int failed = !x || evl_reader_channel(reader, signal, 0, n, x) != EVL_OK;
  if (!failed) failed = fwrite(x, sizeof *x, (size_t)n, stdout) != (size_t)n;
  free(x);
  return failed;
}

int main(int argc, char **argv) {
  if (argc > 2) {
    bool samples = strcmp(argv[1], "samples") == 0;
    evl_arena *arena = evl_arena_create();
    evl_reader *reader = open_at(argv[2], samples, arena);
    int failed = 1;
    if (reader && samples && argc > 3) failed = print_samples(reader, atoi(argv[3]));
    else if (reader && !samples) failed = evl_reader_annotations(reader, print_annotation, NULL) != EVL_OK;
    evl_reader_close(reader);
    evl_arena_free(arena);
    return failed;
  }
  RUN(known_files);
  RUN(eegmat);
  RUN(no_file_left_out);
  CHECK_DONE();
}
