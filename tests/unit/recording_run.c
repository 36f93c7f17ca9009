/* One recording through: gaps, absent and bad channels, short and damaged files, mixed rates, memory. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "recording_help.h"

/* ---- every allocation of the program, counted; the address sanitizer needs its own ---- */

static atomic_long allocations;
#ifdef __SANITIZE_ADDRESS__
enum { COUNTING = 0 };
#else
enum { COUNTING = 1 };
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
static size_t counted(size_t n) {
  allocations++;
  return n;
}
void *malloc(size_t n) { return __libc_malloc(counted(n)); }
void *calloc(size_t k, size_t n) { return __libc_calloc(k, counted(n)); }
void *realloc(void *p, size_t n) { return __libc_realloc(p, counted(n)); }
void *memalign(size_t a, size_t n) { return __libc_memalign(a, counted(n)); }
void *aligned_alloc(size_t a, size_t n) { return __libc_memalign(a, counted(n)); }
int posix_memalign(void **p, size_t a, size_t n) { return (*p = __libc_memalign(a, counted(n))) ? 0 : ENOMEM; }
void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset) {
  return (void *)syscall(SYS_mmap, at, counted(n), protection, flags, fd, offset);
}
#endif

/* ---- signals ---- */

static double waves(int signal, double t_s) {
  return 30 * sin(2 * M_PI * (6 + signal) * t_s) + noise(signal, t_s, 20);
}

enum { RECORDS = 40 };
static double onsets[RECORDS];

/* Three stretches: 0 to 15 s, 20.25 to 30.25 s, 31 to 46 s. */
static test_file with_gaps(void) {
  for (int r = 0; r < RECORDS; r++) onsets[r] = r < 15 ? r : r < 25 ? r + 5.25 : r + 6;
  return (test_file){.n_signals = 3, .label = {"Fp1", "Fp2", "Fz"}, .fs_hz = 100, .record_s = 1, .n_records = RECORDS,
                     .onset_s = onsets, .wave = waves};
}

static const double stretches[3][2] = {{0, 15}, {20.25, 30.25}, {31, 46}};

static bool in_a_stretch(double from_s, double to_s) {
  for (int s = 0; s < 3; s++)
    if (from_s >= stretches[s][0] - 1e-9 && to_s <= stretches[s][1] + 1e-9) return true;
  return false;
}

static double share_recorded(double from_s, double to_s) {
  double sum = 0;
  for (int s = 0; s < 3; s++) sum += fmax(0, fmin(to_s, stretches[s][1]) - fmax(from_s, stretches[s][0]));
  return sum / (to_s - from_s);
}

/* `n` records of 1 s without a gap. */
static test_file plain_file(double fs_hz, int n) {
  return (test_file){.n_signals = 3, .label = {"Fp1", "Fp2", "Fz"}, .fs_hz = fs_hz, .record_s = 1, .n_records = n,
                     .wave = waves};
}

static const char *const four = "montage = (\"Fp1\", \"Fp2\", \"Fz\", \"Pz\"); reference = \"none\"; notch = \"none\"; "
                                "resample_hz = 0; band_hz = (1.0, 40.0);";

/* Columns of hjorth are by channel: those of one channel of the montage. */
static int channel_of(const evl_analysis *a, int column) {
  for (int c = 0; c < a->montage->n; c++)
    if (!strcmp(a->layout->column[column].channel, a->montage->name[c])) return c;
  return -1;
}

static void check_gap_rows(study *s, int a, int *n_clean, int *n_gap) {
  const evl_analysis *analysis = &s->analysis[a];
  for (int64_t row = 0; row < s->section[a].n; row++) {
    double from_s = (double)(s->section[a].first + row) * analysis->step_s, to_s = from_s + analysis->window_s;
    bool clean = in_a_stretch(from_s, to_s);
    ++*(clean ? n_clean : n_gap);
    CHECK_NEAR(study_clean(s, a, row), share_recorded(from_s, to_s), 1e-6);
    for (int c = 0; c < analysis->layout->n_columns; c++) {
      bool absent = channel_of(analysis, c) == 3;
      CHECK(study_whys(s, a, row)[c] == (absent ? EVL_WHY_ABSENT : clean ? EVL_WHY_VALUE : EVL_WHY_ARTEFACT));
      CHECK(!isnan(study_values(s, a, row)[c]) == (clean && !absent));
    }
  }
}

/* Exactly the windows that touch a gap have why 6, wherever tasks are cut. */
static void gaps(void) {
  test_file file = with_gaps();
  const char *path = file_write("gaps.edf", &file);
  static const double task_s[] = {1, 7, 16, 600};
  for (int k = 0; k < 4; k++) {
    study s;
    int n_clean = 0, n_gap = 0;
    study_begin(&s, task_s[k]);
    study_analysis(&s, 2, 0.25, four, "hjorth", "");
    study_analysis(&s, 5, 1, four, "hjorth", "");
    const evl_probe *probe = study_recording(&s, path);
    CHECK(probe->n_stretches == 3);
    CHECK_NEAR(probe->duration_s, 46, 1e-9);
    CHECK(study_plan(&s) == EVL_OK);
    for (int span = 0; span < study_spans(&s, 0); span++) {
      const evl_task_head *head = study_windows(&s, 0, span);
      CHECK(head->status == EVL_OK && !*head->message);
      for (int a = 0; a < 2; a++) check_gap_rows(&s, a, &n_clean, &n_gap);
    }
    CHECK(n_clean > 100 && n_gap > 40 && n_clean + n_gap == 177 + 42);
    study_end(&s);
  }
}

static void bad_channels(void) {
  test_file file = with_gaps();
  study s;
  study_begin(&s, 600);
  study_analysis(&s, 2, 1, four, "hjorth", "");
  study_analysis(&s, 4, 4, four, "spectrum", "segment_s = 2.0;");
  evl_probe *probe = study_recording(&s, file_write("bad.edf", &file));
  ((evl_source *)probe->source)[1].bad = true;
  CHECK(study_plan(&s) == EVL_OK);
  CHECK(study_windows(&s, 0, 0)->status == EVL_OK);
  static const uint8_t expected[] = {EVL_WHY_VALUE, EVL_WHY_ARTEFACT, EVL_WHY_VALUE, EVL_WHY_ABSENT};
  for (int c = 0; c < s.analysis[0].layout->n_columns; c++)
    CHECK(study_whys(&s, 0, 0)[c] == expected[channel_of(&s.analysis[0], c)]);
  double *const state[] = {NULL, (double *)evl_arena_alloc(s.arena, s.analysis[1].layout->state_size * sizeof(double))};
  memcpy(state[1], s.payload + s.section[1].state, s.analysis[1].layout->state_size * sizeof(double));
  CHECK(study_finish(&s, 0, state)->status == EVL_OK);
  for (int c = 0; c < s.analysis[1].layout->n_recording_columns; c++) {
    const char *channel = s.analysis[1].layout->recording_column[c].channel;
    uint8_t why = s.payload[s.finish[1].why + (size_t)c];
    if (!strcmp(channel, "Fp2")) CHECK(why == EVL_WHY_ARTEFACT);
    else if (!strcmp(channel, "Pz")) CHECK(why == EVL_WHY_ABSENT);
    else if (strstr(s.analysis[1].layout->recording_column[c].name, ".windows")) CHECK(why == EVL_WHY_VALUE);
  }
  study_end(&s);
}

static void all_channels_bad(void) {
  test_file file = with_gaps();
  study s;
  study_begin(&s, 600);
  study_analysis(&s, 2, 1, four, "hjorth", "");
  study_analysis(&s, 4, 4, four, "spectrum", "segment_s = 2.0;");
  evl_probe *probe = study_recording(&s, file_write("all_bad.edf", &file));
  for (int i = 0; i < 3; i++) ((evl_source *)probe->source)[i].bad = true;
  CHECK(study_plan(&s) == EVL_OK);
  CHECK(study_windows(&s, 0, 0)->status == EVL_OK);
  for (int64_t row = 0; row < s.section[0].n; row++)
    for (int c = 0; c < s.analysis[0].layout->n_columns; c++)
      CHECK(study_whys(&s, 0, row)[c] == (channel_of(&s.analysis[0], c) == 3 ? EVL_WHY_ABSENT : EVL_WHY_ARTEFACT) &&
            isnan(study_values(&s, 0, row)[c]));
  double *const state[] = {NULL, (double *)evl_arena_alloc(s.arena, s.analysis[1].layout->state_size * sizeof(double))};
  CHECK(study_finish(&s, 0, state)->status == EVL_OK);
  for (int c = 0; c < s.analysis[1].layout->n_recording_columns; c++) {
    bool absent = !strcmp(s.analysis[1].layout->recording_column[c].channel, "Pz");
    CHECK(s.payload[s.finish[1].why + (size_t)c] == (absent ? EVL_WHY_ABSENT : EVL_WHY_ARTEFACT));
  }
  study_end(&s);
}

static void shorter_than_a_window(void) {
  test_file file = plain_file(100, 3);
  study s;
  study_begin(&s, 600);
  study_analysis(&s, 4, 2, four, "spectrum", "segment_s = 2.0;");
  study_recording(&s, file_write("short.edf", &file));
  CHECK(study_plan(&s) == EVL_OK && study_spans(&s, 0) == 0);
  double *const state[] = {(double *)evl_arena_alloc(s.arena, s.analysis[0].layout->state_size * sizeof(double))};
  const evl_task_head *head = study_finish(&s, 0, state);
  CHECK(head->status == EVL_OK);
  for (int c = 0; c < s.analysis[0].layout->n_recording_columns; c++)
    if (strcmp(s.analysis[0].layout->recording_column[c].channel, "Pz"))
      CHECK(s.payload[s.finish[0].why + (size_t)c] == EVL_WHY_UNDEFINED);
  uint8_t nothing[32] = {0};
  CHECK(memcmp(head->sha256, nothing, 32));
  study_end(&s);
}

/* Windows of 102.5 samples every 2.5: the last one ends with the recording and is a window all the same. */
static void windows_of_part_samples(void) {
  test_file file = plain_file(250, 5);
  study s;
  study_begin(&s, 600);
  study_analysis(&s, 0.41, 0.01, four, "hjorth", "");
  study_recording(&s, file_write("odd.edf", &file));
  CHECK(study_plan(&s) == EVL_OK);
  CHECK(study_windows(&s, 0, 0)->status == EVL_OK && s.section[0].n == 460);
  for (int64_t row = 0; row < s.section[0].n; row++) CHECK(study_whys(&s, 0, row)[0] == EVL_WHY_VALUE);
  study_end(&s);
}

/* ---- files that are not what they were ---- */

static void failed(study *s, const char *say) {
  const evl_task_head *head = study_windows(s, 0, 0);
  CHECK(head->status == EVL_FORMAT || head->status == EVL_IO);
  CHECK(s->bytes == sizeof *head && head->seconds >= 0);
  if (!strstr(head->message, say)) printf("# %s\n", head->message);
  CHECK(strstr(head->message, s->path[0]) && strstr(head->message, say));
}

static void damaged_and_changed_files(void) {
  test_file file = with_gaps();
  const char *path = file_write("changed.edf", &file);
  struct stat info;
  study s;
  study_begin(&s, 600);
  study_analysis(&s, 2, 1, four, "hjorth", "");
  study_recording(&s, path);
  CHECK(study_plan(&s) == EVL_OK && stat(path, &info) == 0);
  CHECK(truncate(path, info.st_size - 1000) == 0);
  failed(&s, "changed since the run was planned");
  file_write("changed.edf", &file);
  const struct timespec later[2] = {{.tv_sec = info.st_mtim.tv_sec + 5}, {.tv_sec = info.st_mtim.tv_sec + 5}};
  CHECK(utimensat(AT_FDCWD, path, later, 0) == 0);
  failed(&s, "changed since the run was planned");
  const struct timespec then[2] = {info.st_mtim, info.st_mtim};
  CHECK(utimensat(AT_FDCWD, path, then, 0) == 0);
  CHECK(study_windows(&s, 0, 0)->status == EVL_OK);
  /* Open and read: what is under its name now is not what was read. */
  CHECK(utimensat(AT_FDCWD, path, later, 0) == 0);
  double *const state[] = {NULL};
  const evl_task_head *head = study_finish(&s, 0, state);
  CHECK(head->status == EVL_FORMAT && strstr(head->message, "changed while it was read"));
  evl_worker_free(s.worker);
  s.worker = NULL;
  CHECK(study_plan(&s) == EVL_OK && unlink(path) == 0);
  failed(&s, "could not be opened");
  study_end(&s);
}

/* A path is any bytes, a text of the store is UTF-8. */
static void messages_are_utf8(void) {
  char name[220];
  memset(name, 'x', sizeof name);
  memcpy(name, "caf\xe9_\xe4\xb8\xad", 8);
  memcpy(name + sizeof name - 5, ".edf", 5);
  test_file file = with_gaps();
  const char *path = file_write(name, &file);
  study s;
  study_begin(&s, 600);
  study_analysis(&s, 2, 1, four, "hjorth", "");
  study_recording(&s, path);
  CHECK(study_plan(&s) == EVL_OK && unlink(path) == 0);
  const evl_task_head *head = study_windows(&s, 0, 0);
  CHECK(head->status == EVL_IO && strstr(head->message, "caf?_\xe4\xb8\xad"));
  CHECK(evl_utf8_valid(head->message, strlen(head->message)) == strlen(head->message));
  study_end(&s);
}

/* ---- one configuration, several rates ---- */

/* nfft = 512 holds 4 s at 100 Hz, not at 250 Hz: that recording fails with the reason, the other runs. */
static void a_rate_that_an_entry_refuses(void) {
  test_file slow = plain_file(100, 20), fast = plain_file(250, 20);
  study s;
  study_begin(&s, 600);
  study_analysis(&s, 4, 4, four, "band_power", "nfft = 512;");
  study_recording(&s, file_write("fast.edf", &fast));
  study_recording(&s, file_write("slow.edf", &slow));
  study_recording(&s, file_write("fast_too.edf", &fast));
  CHECK(study_plan(&s) == EVL_OK);
  for (int r = 0; r < 3; r++) {
    const evl_task_head *head = study_windows(&s, r, 0);
    CHECK(head->status == (r == 1 ? EVL_OK : EVL_USAGE));
    CHECK(r == 1 || (strstr(head->message, "nfft = 512") && strstr(head->message, "250 Hz")));
    CHECK(r != 1 || study_whys(&s, 0, 0)[0] == EVL_WHY_VALUE);
  }
  study_end(&s);
  study_begin(&s, 600);
  study_analysis(&s, 4, 4, four, "band_power", "nfft = 512;");
  study_recording(&s, file_write("fast.edf", &fast));
  CHECK(study_plan(&s) == EVL_USAGE && strstr(evl_error_message(), "the configuration fits no recording"));
  study_end(&s);
}

/* Of two recordings with the same signals one has its odd rate marked bad: it runs, the other is refused. */
static void mixed_rates_of_which_one_is_bad(void) {
  test_file file = plain_file(100, 20);
  file.rate[1] = 50;
  study s;
  study_begin(&s, 600);
  study_analysis(&s, 4, 4, four, "hjorth", "");
  study_recording(&s, file_write("mixed.edf", &file));
  evl_probe *marked = study_recording(&s, file_write("marked.edf", &file));
  ((evl_source *)marked->source)[1].bad = true;
  CHECK(study_plan(&s) == EVL_OK);
  CHECK(study_windows(&s, 0, 0)->status == EVL_FORMAT);
  CHECK(study_windows(&s, 1, 0)->status == EVL_OK);
  CHECK(study_whys(&s, 0, 0)[0] == EVL_WHY_VALUE);
  study_end(&s);
}

/* A rate above any electroencephalograph, or years of gaps: a header that is wrong fails its file only. */
static void absurd_headers(void) {
  test_file file = with_gaps();
  evl_arena *arena = evl_arena_create();
  evl_probe probe;
  onsets[RECORDS - 1] = 4e7;
  CHECK(evl_recording_probe(file_write("years.edf", &file), NULL, arena, &probe, NULL, NULL) == EVL_OK);
  CHECK(probe.status == EVL_FORMAT && strstr(probe.message, "duration"));
  test_file fast = {.n_signals = 1, .label = {"Fp1"}, .fs_hz = 2e7, .record_s = 0.001, .n_records = 2, .wave = waves};
  CHECK(evl_recording_probe(file_write("fast.edf", &fast), NULL, arena, &probe, NULL, NULL) == EVL_OK);
  CHECK(probe.status == EVL_FORMAT && strstr(probe.message, "2e+07 Hz"));
  evl_arena_free(arena);
}

/* ---- memory ---- */

static void no_allocation_between_tasks(void) {
  if (!COUNTING) SKIP("allocations cannot be counted under this sanitizer");
  test_file file = plain_file(200, 90);
  static const char *const usual = "montage = (\"Fp1\", \"Fp2\", \"Fz\"); resample_hz = 100;";
  static const char *const features[] = {"band_power", "spectrum", "permutation_entropy"};
  study s;
  study_begin(&s, 30);
  for (int a = 0; a < 3; a++) study_analysis(&s, 4, 2, usual, features[a], "");
  study_analysis(&s, 20, 20, usual, "var", "");
  study_recording(&s, file_write("memory.edf", &file));
  CHECK(study_plan(&s) == EVL_OK && study_spans(&s, 0) == 3);
  long before = allocations;
  free(malloc(100));
  CHECK(allocations == before + 1); /* the counter works */
  study_windows(&s, 0, 0);
  double *state[4];
  for (int a = 0; a < 4; a++)
    state[a] = evl_arena_alloc(s.arena, s.analysis[a].layout->state_size * sizeof(double) + 1);
  before = allocations;
  for (int span = 1; span < 3; span++) CHECK(study_windows(&s, 0, span)->status == EVL_OK);
  CHECK(study_finish(&s, 0, state)->status == EVL_OK);
  CHECK(allocations == before);
  study_end(&s);
}

/* Raw bytes, chain and blocks are bounded by the task, not by the recording. */
static void memory_does_not_grow_with_the_recording(void) {
  size_t bytes[2];
  for (int k = 0; k < 2; k++) {
    study s;
    test_file file = plain_file(100, k ? 3000 : 300);
    study_begin(&s, 60);
    study_analysis(&s, 4, 2, four, "hjorth", "");
    study_recording(&s, file_write("long.edf", &file));
    CHECK(study_plan(&s) == EVL_OK);
    bytes[k] = evl_arena_bytes(s.arena);
    CHECK(study_windows(&s, 0, study_spans(&s, 0) - 1)->status == EVL_OK);
    study_end(&s);
  }
  CHECK(bytes[0] == bytes[1]);
}

int main(void) {
  scratch_begin();
  RUN(gaps);
  RUN(bad_channels);
  RUN(all_channels_bad);
  RUN(shorter_than_a_window);
  RUN(windows_of_part_samples);
  RUN(damaged_and_changed_files);
  RUN(messages_are_utf8);
  RUN(a_rate_that_an_entry_refuses);
  RUN(mixed_rates_of_which_one_is_bad);
  RUN(absurd_headers);
  RUN(no_allocation_between_tasks);
  RUN(memory_does_not_grow_with_the_recording);
  scratch_end();
  CHECK_DONE();
}
