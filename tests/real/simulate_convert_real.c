/* Every real file that is readable, converted and read again: samples within half a digital step, times of stretches
   and annotations kept. */
#include <ftw.h>

#include "check.h"
#include "eveil/readers.h"
#include "eveil/simulate.h"
#include "scratch.h"

enum { MOST_FILES = 4000, MOST_NOTES = 4000 };
static char *file[MOST_FILES];
static int n_files;

static int collect(const char *path, const struct stat *info, int kind, struct FTW *walk) {
  (void)info, (void)walk;
  if (kind == FTW_F && n_files < MOST_FILES) file[n_files++] = strdup(path);
  return 0;
}

typedef struct notes { int n; evl_edf_annotation item[MOST_NOTES]; char text[MOST_NOTES][24]; } notes;

/* Plain names in place of free text, as a configuration would give. */
static evl_status note(void *context, double onset_s, double duration_s, const char *text) {
  notes *to = context;
  if (to->n == MOST_NOTES || !strcmp(text, "padding")) return EVL_OK;
  int k = to->n++;
  snprintf(to->text[k], sizeof to->text[k], "kind %d", (int)(strlen(text) % 7));
  to->item[k] = (evl_edf_annotation){onset_s, duration_s > 0 ? duration_s : -1, to->text[k]};
  return EVL_OK;
}

static int by_onset(const void *a, const void *b) {
  const evl_edf_annotation *x = a, *y = b;
  return (x->onset_s > y->onset_s) - (x->onset_s < y->onset_s);
}

static void sort(notes *n) { qsort(n->item, (size_t)n->n, sizeof *n->item, by_onset); }

/* The stretch of the source in which a time lies. */
static int stretch_at(const evl_header *h, double at_s) {
  int s = 0;
  while (s + 1 < h->n_stretches && h->stretch[s + 1].start_s <= at_s + 1e-6) s++;
  return s;
}

/* One signal of one stretch of the copy against the source. */
static void compare(evl_convert_input *source, evl_reader *copy, int of, int signal, int stretch, double from_s,
                    const char *path) {
  const evl_header *h = evl_reader_header(copy), *from = source->header;
  static double x[1 << 16], y[1 << 16];
  double fs_hz = from->signal[of].fs_hz, rate_hz = h->signal[signal].fs_hz, start_s = h->stretch[stretch].start_s + from_s;
  int64_t n = evl_reader_samples(copy, signal, stretch), most = (int64_t)fmax(1, fmin(4 * fs_hz, 1 << 16));
  double step = h->signal[signal].step, worst = 0;
  for (int64_t t = 0, m; t < n; t += m) {
    int k = stretch_at(from, start_s + (double)t / fs_hz);
    int64_t first = llround((start_s - from->stretch[k].start_s) * fs_hz) + t;
    m = evl_reader_samples(source->reader, of, k) - first;
    if (m <= 0) break; /* filled up */
    m = m < n - t ? m : n - t;
    m = m < most ? m : most;
    CHECK(evl_reader_load(source->reader, k, (double)first / fs_hz, (double)(first + m) / fs_hz) == EVL_OK);
    CHECK(evl_reader_channel(source->reader, of, first, m, x) == EVL_OK);
    CHECK(evl_reader_load(copy, stretch, (double)t / rate_hz, (double)(t + m) / rate_hz) == EVL_OK);
    CHECK(evl_reader_channel(copy, signal, t, m, y) == EVL_OK);
    for (int64_t i = 0; i < m; i++) worst = fmax(worst, fabs(x[i] - y[i]) - 1e-9 * fabs(x[i]));
  }
  if (!(worst <= 0.5 * step * (1 + 1e-6))) printf("# %s: signal %d: %g off, steps of %g\n", path, of, worst, step);
  CHECK(worst <= 0.5 * step * (1 + 1e-6));
}

static void check_copy(evl_convert_input *source, const evl_convert_report *report, const notes *told,
                       const char *out, evl_arena *arena) {
  static notes found;
  evl_reader *copy;
  const char *path = source->source.path;
  evl_status status = evl_reader_open(out, NULL, 1 << 25, arena, &copy);
  if (status != EVL_OK) printf("# %s: %s\n", path, evl_error_message());
  CHECK(status == EVL_OK);
  if (status != EVL_OK) return;
  const evl_header *h = evl_reader_header(copy);
  CHECK(h->n_stretches == report->n_stretches && h->n_signals == report->n_signals + 1);
  for (int k = 0; k < h->n_stretches && h->n_stretches == source->header->n_stretches; k++)
    CHECK_NEAR(h->stretch[k].start_s, source->header->stretch[k].start_s - report->start_s, 2e-7);
  for (int s = 0, of = 0; s < report->n_signals; s++, of++) {
    const evl_header *from = source->header;
    while (from->signal[source->of[of]].kind == EVL_SIGNAL_ANNOTATION) of++;
    CHECK_NEAR(h->signal[s].fs_hz / from->signal[source->of[of]].fs_hz, 1, 2e-6);
    for (int k = 0; k < h->n_stretches; k++) compare(source, copy, source->of[of], s, k, report->start_s, path);
  }
  found.n = 0;
  CHECK(evl_reader_annotations(copy, note, &found) == EVL_OK);
  sort(&found);
  CHECK(found.n == told->n);
  for (int i = 0; i < told->n && i < found.n; i++) {
    CHECK(fabs(found.item[i].onset_s - (told->item[i].onset_s - report->start_s)) <= 2e-7);
    CHECK(fabs(found.item[i].duration_s - told->item[i].duration_s) <= 2e-7);
  }
  evl_reader_close(copy);
}

/* False where the file is not a recording. */
static bool round_trip(const char *path, evl_convert_format format) {
  static notes told;
  evl_arena *arena = evl_arena_create();
  evl_convert_input source;
  evl_convert *convert;
  evl_convert_report report;
  const evl_format_options options = {.told_hz = 250};
  const char *out = scratch_path("copy");
  evl_status status = evl_convert_open(path, &options, arena, &source);
  if (status == EVL_OK) {
    told.n = 0;
    CHECK(evl_reader_annotations(source.reader, note, &told) == EVL_OK);
    sort(&told);
    source.source.n_annotations = told.n;
    source.source.annotation = told.item;
    status = evl_convert_plan(&source.source, format, arena, &convert, &report);
    if (status == EVL_OK) status = evl_convert_write(convert, out, arena);
    if (status == EVL_OK) check_copy(&source, &report, &told, out, arena);
    else printf("# %s\n", evl_error_message());
    CHECK(status == EVL_OK || status == EVL_FORMAT);
  }
  evl_convert_close(&source);
  evl_arena_free(arena);
  return status == EVL_OK;
}

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), k = strlen(end);
  return n >= k && !strcmp(text + n - k, end);
}

static void every_file(void) {
  const char *data = check_data();
  int n = 0, bonn = 0;
  if (!data) SKIP("no real recordings (EVEIL_TEST_DATA)");
  nftw(data, collect, 16, FTW_PHYS);
  for (int i = 0; i < n_files; i++) {
    bool of_bonn = strstr(file[i], "/bonn/") != NULL, plain = ends_with(file[i], ".tsv") || ends_with(file[i], ".md");
    if (plain || ends_with(file[i], ".gz") || ends_with(file[i], "subject-info-dev.csv")) continue;
    if (of_bonn && bonn++ % 100) continue; /* five sets alike */
    if (strstr(file[i], "/eegmat/") && !strstr(file[i], "Subject0")) continue;
    n += round_trip(file[i], EVL_CONVERT_ANY);
    if (strstr(file[i], "pyedflib") || strstr(file[i], "brainvision")) round_trip(file[i], EVL_CONVERT_EDF);
    if (strstr(file[i], "S001R03")) round_trip(file[i], EVL_CONVERT_BDF);
  }
  printf("# %d recordings converted and read again\n", n);
  CHECK(n >= 30);
  for (int i = 0; i < n_files; i++) free(file[i]);
}

int main(void) {
  scratch_begin();
  RUN(every_file);
  scratch_end();
  CHECK_DONE();
}
