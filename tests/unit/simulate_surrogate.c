/* Circles and surrogates: the same cross-spectra, no jump, other dynamics; near-duplicates; amplifiers. */
#include "eveil/readers.h"
#include "simulate_help.h"

#include <unistd.h>

enum { FS = 250, SECONDS = 60, HEAD = EVL_HEAD_CHANNELS };
static const char text[] = "artefacts = [];";
static const evl_making making = {.seed = 41, .fs_hz = FS, .duration_s = SECONDS, .line_hz = 50};

static void make_kind(made *m, evl_brain_kind kind) {
  make_plan(m, text, making, NULL);
  m->spec.brain = kind;
  make_run(m, 0);
}

/* Complex spectra of all channels, [channel][bin], interleaved. */
static double *spectra(const made *m) {
  evl_fft *fft;
  size_t stride;
  int n = (int)m->n, bins = n / 2 + 1;
  double *out = malloc(sizeof *out * 2 * HEAD * (size_t)bins);
  CHECK(evl_fft_plan(n, m->arena, &fft) == EVL_OK);
  for (int c = 0; c < HEAD; c++) {
    memcpy(evl_fft_input(fft, &stride), make_row(m, c), sizeof(double) * (size_t)n);
    memcpy(out + 2 * (size_t)c * (size_t)bins, evl_fft_forward(fft, &stride), sizeof(double) * 2 * (size_t)bins);
  }
  return out;
}

/* Largest difference of the cross-spectra over all pairs and bins, relative to the largest power of the two channels.
 */
static double cross_difference(const double *x, const double *y, int bins) {
  double worst = 0, most[HEAD] = {0};
  for (int c = 0; c < HEAD; c++)
    for (int k = 0; k < bins; k++)
      most[c] = fmax(most[c], pow(x[2 * (c * bins + k)], 2) + pow(x[2 * (c * bins + k) + 1], 2));
  for (int a = 0; a < HEAD; a++)
    for (int b = 0; b <= a; b++)
      for (int k = 0; k < bins; k++) {
        const double *p = x + 2 * (a * bins + k), *q = x + 2 * (b * bins + k);
        const double *r = y + 2 * (a * bins + k), *s = y + 2 * (b * bins + k);
        double re = p[0] * q[0] + p[1] * q[1] - r[0] * s[0] - r[1] * s[1];
        double im = p[1] * q[0] - p[0] * q[1] - r[1] * s[0] + r[0] * s[1];
        worst = fmax(worst, hypot(re, im) / sqrt(most[a] * most[b]));
      }
  return worst;
}

static double fourth_moment(const double *x, int64_t n) {
  double two = 0, four = 0;
  for (int64_t t = 0; t < n; t++) two += x[t] * x[t] / (double)n, four += pow(x[t], 4) / (double)n;
  return four / (two * two);
}

static void same_cross_spectra(void) {
  made *a = malloc(sizeof *a), *b = malloc(sizeof *b);
  make_kind(a, EVL_BRAIN_CIRCLE);
  make_kind(b, EVL_BRAIN_SURROGATE);
  double *x = spectra(a), *y = spectra(b), worst = cross_difference(x, y, (int)a->n / 2 + 1);
  printf("# cross-spectra of a surrogate and its original: largest difference %.1e of the largest power\n", worst);
  CHECK(worst < 1e-12);
  CHECK(evl_generator_limit_uv(a->generator) == evl_generator_limit_uv(b->generator)); /* the same digits in the file */
  CHECK(memcmp(a->x, b->x, sizeof(double) * (size_t)a->n) != 0);
  /* Suppressions make heavy tails; a surrogate of many channels has fewer. */
  CHECK(fourth_moment(make_row(a, 9), a->n) > fourth_moment(make_row(b, 9), b->n) + 0.3);
  CHECK(evl_generator_courses(a->generator) == 1 && evl_generator_courses(b->generator) == 0);
  free(x), free(y);
  make_free(a), make_free(b);
  free(a), free(b);
}

/* A circle is the stream but for its first seconds, and its end goes on into its start. */
static void closed(void) {
  made *a = malloc(sizeof *a), *b = malloc(sizeof *b);
  make_plan(a, text, making, NULL);
  make_run(a, 0);
  make_kind(b, EVL_BRAIN_CIRCLE);
  for (int c = 0; c < HEAD; c++) {
    const double *x = make_row(a, c), *y = make_row(b, c);
    double step = 0, power[2] = {0, 0};
    CHECK(memcmp(x + 4 * FS, y + 4 * FS, sizeof(double) * (size_t)(a->n - 4 * FS)) == 0);
    for (int64_t t = 1; t < a->n; t++) step += pow(y[t] - y[t - 1], 2) / (double)(a->n - 1);
    CHECK(fabs(y[0] - y[a->n - 1]) < 6 * sqrt(step));
    for (int t = 0; t < 4 * FS; t++) power[0] += x[t] * x[t], power[1] += y[t] * y[t];
    CHECK(power[1] > 0.01 * power[0]);
  }
  double told[2];
  for (int second = SECONDS - 8; second < SECONDS; second++) {
    evl_generator_course(a->generator, second, &told[0]);
    evl_generator_course(b->generator, second, &told[1]);
    CHECK(told[0] == told[1]);
  }
  make_free(a), make_free(b);
  free(a), free(b);
}

/* Behind an amplifier with filters both are still circles of the same cross-spectra. */
static void behind_filters(void) {
  made *m = malloc(2 * sizeof *m);
  double *x[2];
  for (int i = 0; i < 2; i++) {
    make_plan(&m[i], text, making, NULL);
    m[i].spec.brain = i ? EVL_BRAIN_SURROGATE : EVL_BRAIN_CIRCLE;
    m[i].spec.site.high_pass_hz = 0.5;
    m[i].spec.site.low_pass_hz = 30;
    m[i].spec.site.gain = 0.7;
    make_run(&m[i], 0);
    x[i] = spectra(&m[i]);
  }
  CHECK(cross_difference(x[0], x[1], (int)m[0].n / 2 + 1) < 1e-9);
  for (int i = 0; i < 2; i++) free(x[i]), make_free(&m[i]);
  free(m);
}

/* Gain and response of the amplifier, from a recording with and one without it. */
static void amplifier(void) {
  made *m = malloc(2 * sizeof *m);
  for (int i = 0; i < 2; i++) {
    make_plan(&m[i], "artefacts = []; suppression = (0.0, 0.0);",
              (evl_making){.seed = 42, .fs_hz = FS, .duration_s = 600, .line_hz = 50}, NULL);
    if (i) m[i].spec.site.high_pass_hz = 1, m[i].spec.site.low_pass_hz = 30, m[i].spec.site.gain = 0.5;
    make_run(&m[i], 0);
  }
  const double hz[] = {0.5, 1, 3, 10, 30, 45};
  for (int k = 0; k < 6; k++) {
    double warped = tan(acos(-1.0) * hz[k] / FS), low = tan(acos(-1.0) * 30 / FS), high = tan(acos(-1.0) * 1 / FS);
    double gain = 0.25 / (1 + pow(warped / low, 8)) / (1 + pow(high / warped, 2));
    double found = density(make_row(&m[1], 5), (int)m[1].n, FS, 0.05, hz[k]) /
                   density(make_row(&m[0], 5), (int)m[0].n, FS, 0.05, hz[k]);
    CHECK(fabs(10 * log10(found / gain)) < 0.5); /* the same noise: only the resolution of 0.05 Hz differs */
  }
  for (int i = 0; i < 2; i++) make_free(&m[i]);
  free(m);
}

static void near_duplicate(void) {
  made *m = malloc(2 * sizeof *m);
  for (int i = 0; i < 2; i++) {
    make_plan(&m[i], text, making, NULL);
    if (i) m[i].spec.copy_uv = 0.5, m[i].spec.copy = "sub-0002";
    make_run(&m[i], 0);
  }
  double difference = 0;
  for (int64_t i = 0; i < HEAD * m[0].n; i++) difference += pow(m[0].x[i] - m[1].x[i], 2) / (double)(HEAD * m[0].n);
  CHECK_NEAR(sqrt(difference), 0.5, 0.005);
  for (int i = 0; i < 2; i++) make_free(&m[i]);
  free(m);
}

/* ---- in files ---- */

/* Amplitudes and cross-spectra of two EDF+ files of a cohort; their step in microvolt. */
static double *file_spectra(const char *path, evl_arena *arena, int n, double *step_uv) {
  evl_reader *reader;
  evl_fft *fft;
  size_t stride;
  int bins = n / 2 + 1;
  double *out = calloc((size_t)(2 * HEAD * bins), sizeof *out);
  CHECK(evl_reader_open(path, NULL, 1 << 22, arena, &reader) == EVL_OK);
  CHECK(evl_reader_load(reader, 0, 0, n / (double)FS) == EVL_OK);
  CHECK(evl_fft_plan(n, arena, &fft) == EVL_OK);
  *step_uv = evl_reader_header(reader)->signal[0].physical_max / 32767;
  for (int c = 0; c < HEAD; c++) {
    CHECK(evl_reader_channel(reader, c, 0, n, evl_fft_input(fft, &stride)) == EVL_OK);
    memcpy(out + 2 * c * bins, evl_fft_forward(fft, &stride), sizeof(double) * 2 * (size_t)bins);
  }
  evl_reader_close(reader);
  return out;
}

/* A file rounds to a step q: white noise of q^2 / 12, so in a bin of n samples an exponential |E|^2 of mean n q^2 / 12.
   Cross-spectra differ by at most what 7 times its root does, in two files (less than once in e^40 bins). */
static void in_files(void) {
  enum { LENGTH = 20 * FS, BINS = LENGTH / 2 + 1 };
  static const char *const kinds[] = {"all", "outcome"};
  evl_arena *arena = evl_arena_create();
  char folder[80], command[100];
  const char *path[2];
  int subject = -1;
  double *x[2], step_uv[2];
  snprintf(folder, sizeof folder, "%s/eveil_simulate_surrogate.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
  CHECK(mkdtemp(folder) != NULL);
  for (int i = 0; i < 2; i++) {
    evl_config *config;
    evl_group *group;
    evl_simulation *s;
    char *settings = evl_arena_format(arena, "simulate: { artefacts = []; subjects = 8; sites = 1; duration_s = 20.0; "
                                             "surrogate = \"%s\"; };", kinds[i]);
    CHECK(evl_config_parse(settings, "test.cfg", &config) == EVL_OK);
    CHECK(evl_group_child(evl_config_root(config), "simulate", &group) == EVL_OK);
    CHECK(evl_simulation_plan(group, 43, arena, &s) == EVL_OK);
    evl_config_free(config);
    for (int k = 0; k < 8 && subject < 0; k++)
      if (!s->subject[k].poor) subject = k;
    CHECK(subject >= 0 && evl_subject_surrogate(s, &s->subject[subject]) == (i == 0));
    char *root = evl_arena_format(arena, "%s/%s", folder, kinds[i]), stem[96];
    CHECK(evl_simulation_write(s, root, subject, arena) == EVL_OK);
    evl_simulation_stem(s, subject, stem);
    path[i] = evl_arena_format(arena, "%s/%s_eeg.edf", root, stem);
    x[i] = file_spectra(path[i], arena, LENGTH, &step_uv[i]);
  }
  CHECK(step_uv[0] == step_uv[1] && step_uv[0] > 0);
  double noise = 7 * step_uv[0] * sqrt(LENGTH / 12.0), largest = 0;
  for (int a = 0; a < HEAD; a++)
    for (int b = 0; b <= a; b++)
      for (int k = 0; k < BINS; k++) {
        const double *p = x[0] + 2 * (a * BINS + k), *q = x[0] + 2 * (b * BINS + k);
        const double *r = x[1] + 2 * (a * BINS + k), *s = x[1] + 2 * (b * BINS + k);
        double re = p[0] * q[0] + p[1] * q[1] - r[0] * s[0] - r[1] * s[1];
        double im = p[1] * q[0] - p[0] * q[1] - r[1] * s[0] + r[0] * s[1];
        double bound = 2 * noise * (hypot(p[0], p[1]) + hypot(q[0], q[1]) + noise);
        largest = fmax(largest, hypot(re, im) / bound);
      }
  printf("# files of a surrogate and its original: cross-spectra differ by at most %.2f of the bound by rounding\n",
         largest);
  CHECK(largest < 1);
  for (int i = 0; i < 2; i++) free(x[i]);
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  CHECK(system(command) == 0);
  evl_arena_free(arena);
}

int main(void) {
  RUN(same_cross_spectra);
  RUN(closed);
  RUN(behind_filters);
  RUN(amplifier);
  RUN(near_duplicate);
  RUN(in_files);
  CHECK_DONE();
}
