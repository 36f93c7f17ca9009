/* Conditioning of real recordings: every channel found, blocks agree, the line of each place told. */
#include "conditioning_help.h"
#include "readers_plain.h"

enum { MOST = 80 };

/* One EDF file in memory, decoded the plain way. */
typedef struct {
  evl_arena *arena;
  int n_signals;
  int64_t n; /* samples of each EEG signal */
  double fs_hz;
  char label[MOST][17];
  const char *labels[MOST];
  double *signal[MOST];
  evl_source source[MOST];
} file;

static bool open_file(file *f, const char *name) {
  char path[600], *bytes;
  size_t size;
  const char *folder = check_data();
  *f = (file){.arena = evl_arena_create()};
  snprintf(path, sizeof path, "%s/%s", folder ? folder : "", name);
  if (!folder || evl_file_text(path, f->arena, &bytes, &size) != EVL_OK) {
    evl_arena_free(f->arena);
    return false;
  }
  plain p = plain_open((const uint8_t *)bytes, size);
  for (int i = 0; i < p.n_signals && f->n_signals < MOST; i++) {
    char label[17];
    plain_text(&p, 0, 16, i, label);
    double factor = plain_factor(&p, i);
    if (factor == 0.0) continue;
    plain_scale scale = plain_signal(&p, i);
    int s = f->n_signals++;
    f->n = scale.per_record * p.n_records;
    f->fs_hz = (double)scale.per_record / p.record_s;
    f->signal[s] = evl_arena_alloc(f->arena, (size_t)f->n * sizeof(double));
    for (int64_t t = 0; t < f->n; t++) f->signal[s][t] = plain_sample(&p, &scale, t, factor);
    f->labels[s] = strcpy(f->label[s], label);
    f->source[s] = (evl_source){f->label[s], f->fs_hz, .usable = strncmp(label, "ECG", 3) != 0,
                                .offset = evl_mean(f->signal[s], (size_t)f->n)};
  }
  return true;
}

/* Line by the vote of six channels, ten seconds a segment, as a recording is looked at. */
static double line_of(const file *f) {
  int votes[2] = {0, 0}, n = (int)(10.0 * f->fs_hz);
  evl_arena *scratch = evl_arena_create();
  evl_line *detector;
  CHECK(evl_line_plan(n, f->fs_hz, scratch, &detector) == EVL_OK);
  for (int s = 0; s < 6; s++) {
    double line = evl_line_detect(detector, f->signal[s], (int)(f->n / n));
    if (line > 0.0) votes[line > 55.0]++;
  }
  evl_arena_free(scratch);
  return votes[0] >= 3 ? 50.0 : votes[1] >= 3 ? 60.0 : 0.0;
}

/* All channels of the montage carry values; the average is zero; random cuts agree. Returns channels found. */
static int check_chain(file *f, const char *config) {
  evl_montage *montage;
  evl_chain *chain;
  int found = 0;
  double worst = 0.0;
  evl_params *params = help_params(f->arena, config);
  help_recording r = {.n_sources = f->n_signals, .signal = (const double *const *)f->signal};
  CHECK(params && evl_montage_plan(params, f->n_signals, f->labels, f->arena, &montage) == EVL_OK);
  double seconds = (double)f->n / f->fs_hz;
  evl_status status = evl_chain_plan(params, montage, f->n_signals, f->source, NULL, 50.0, seconds, f->arena, &chain);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  if (status != EVL_OK) return 0;
  size_t ld = (size_t)evl_chain_samples(chain, f->n), size = (size_t)montage->n * ld;
  double *whole = evl_arena_alloc(f->arena, size * sizeof *whole), *cut = evl_arena_alloc(f->arena, size * sizeof *cut);
  CHECK(help_run(chain, &r, f->n, 0, (int64_t)ld, whole, ld) == EVL_OK);
  for (int64_t t = 0, m = 977; t < (int64_t)ld; t += m, m = 4001 < (int64_t)ld - t ? 4001 : (int64_t)ld - t)
    CHECK(help_run(chain, &r, f->n, t, m, cut + t, ld) == EVL_OK);
  for (int c = 0; c < montage->n; c++) {
    const double *a = whole + (size_t)c * ld, *b = cut + (size_t)c * ld, sd = sqrt(evl_variance(a, ld, 0));
    found += evl_chain_channel_why(chain)[c] == EVL_WHY_VALUE && sd > 0.1 && sd < 1000.0;
    for (size_t t = 0; t < ld; t++) worst = fmax(worst, fabs(a[t] - b[t]) / sd);
  }
  CHECK(worst < 1e-9);
  for (size_t t = 0; t < ld; t += 101) {
    double sum = 0.0;
    for (int c = 0; c < montage->n; c++) sum += whole[(size_t)c * ld + t];
    CHECK_NEAR(sum, 0.0, 1e-9);
  }
  return found;
}

static void mental_arithmetic(void) {
  file f;
  if (!open_file(&f, "eegmat/data/Subject02_1.edf")) SKIP("no eegmat recordings");
  CHECK(f.n_signals == 21 && check_chain(&f, "") == 19);
  evl_arena_free(f.arena);
}

static void motor_imagery(void) {
  file f;
  if (!open_file(&f, "eegmmidb/S001R03.edf")) SKIP("no eegmmidb recordings");
  CHECK(check_chain(&f, "montage = \"10-10\";") == 64);
  CHECK(line_of(&f) == 60.0);
  evl_arena_free(f.arena);
}

/* A hardware notch took 50 Hz from all of these; 100 Hz tells it in some. No one has 60 Hz. */
/* Power of channel rows in [low, high] Hz by segments of 8 s, Hann. */
static double power(const double *x, size_t n, double fs_hz, double low_hz, double high_hz) {
  int length = (int)(8 * fs_hz);
  evl_arena *arena = evl_arena_create();
  evl_fft *fft;
  size_t stride;
  double sum = 0;
  CHECK(evl_fft_plan(length, arena, &fft) == EVL_OK);
  for (size_t first = 0; first + (size_t)length <= n; first += (size_t)length / 2) {
    double *input = evl_fft_input(fft, &stride);
    for (int t = 0; t < length; t++)
      input[t] = x[first + (size_t)t] * (0.5 - 0.5 * cos(2 * M_PI * (t + 0.5) / length));
    const double *bins = evl_fft_forward(fft, &stride);
    for (int k = (int)ceil(low_hz * 8); k <= (int)floor(high_hz * 8); k++)
      sum += bins[2 * k] * bins[2 * k] + bins[2 * k + 1] * bins[2 * k + 1];
  }
  evl_arena_free(arena);
  return sum;
}

/* The 60 Hz of a recording that is full of it: what regression leaves at the line and 1 Hz beside it, all channels. */
static void line_by_regression(void) {
  static const char *const config[2] = {"montage = \"10-10\"; reference = \"none\"; resample_hz = 0; band_hz = (1, 0); ",
                                        "notch_method = \"regression\";"};
  file f;
  if (!open_file(&f, "eegmmidb/S001R03.edf")) SKIP("no eegmmidb recordings");
  double at[2] = {0, 0}, beside[2] = {0, 0}, worst = 0, one[2][64];
  for (int method = 0; method < 2; method++) {
    char text[300];
    evl_montage *montage;
    evl_chain *chain;
    snprintf(text, sizeof text, "%s%s", config[0], method ? config[1] : "notch = \"none\";");
    evl_params *params = help_params(f.arena, text);
    help_recording r = {.n_sources = f.n_signals, .signal = (const double *const *)f.signal};
    CHECK(params && evl_montage_plan(params, f.n_signals, f.labels, f.arena, &montage) == EVL_OK);
    CHECK(evl_chain_plan(params, montage, f.n_signals, f.source, NULL, 60.0, (double)f.n / f.fs_hz, f.arena, &chain) ==
          EVL_OK);
    size_t n = (size_t)f.n;
    double *x = evl_arena_alloc(f.arena, (size_t)montage->n * n * sizeof *x);
    CHECK(help_run(chain, &r, f.n, 0, f.n, x, n) == EVL_OK);
    for (int c = 0; c < montage->n; c++) {
      at[method] += power(x + (size_t)c * n, n, f.fs_hz, 59.9, 60.1);
      one[method][c] = power(x + (size_t)c * n, n, f.fs_hz, 58, 59) + power(x + (size_t)c * n, n, f.fs_hz, 61, 62);
      beside[method] += one[method][c];
      if (method) worst = fmax(worst, fabs(10 * log10(one[1][c] / one[0][c])));
    }
  }
  printf("# 60 Hz: %.1f dB; 58 to 59 and 61 to 62 Hz: %.3f dB, worst channel %.3f dB\n", 10 * log10(at[1] / at[0]),
         10 * log10(beside[1] / beside[0]), worst);
  CHECK(10 * log10(at[1] / at[0]) < -20 && worst < 0.1);
  evl_arena_free(f.arena);
}

static void line_behind_a_hardware_notch(void) {
  int n = 0, fifty = 0, sixty = 0;
  for (int subject = 0; subject < 36; subject++)
    for (int run = 1; run <= 2; run++) {
      char name[60];
      file f;
      snprintf(name, sizeof name, "eegmat/data/Subject%02d_%d.edf", subject, run);
      if (!open_file(&f, name)) continue;
      double line = line_of(&f);
      n++, fifty += line == 50.0, sixty += line == 60.0;
      CHECK(strcmp(name, "eegmat/data/Subject02_1.edf") != 0 || line == 50.0);
      evl_arena_free(f.arena);
    }
  if (n == 0) SKIP("no eegmat recordings");
  printf("# %d recordings: 50 Hz in %d, 60 Hz in %d\n", n, fifty, sixty);
  CHECK(sixty == 0);
}

int main(void) {
  RUN(mental_arithmetic);
  RUN(motor_imagery);
  RUN(line_by_regression);
  RUN(line_behind_a_hardware_notch);
  CHECK_DONE();
}
