/* Steps between channels in the chain: interpolation, csd, rest, regression; what they need and what they say. */
#include "conditioning_help.h"

enum { MOST = 30, N = 6000 };
static const double fs_hz = 250.0;
static const char *const ten_twenty[] = {"Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz",
                                         "C4",  "T8",  "P7", "P3", "Pz", "P4", "P8", "O1", "O2"};
enum { TEN_TWENTY = 19 };

typedef struct {
  evl_arena *arena;
  int n;
  evl_source source[MOST];
  const double *signal[MOST];
  evl_montage *montage;
  evl_chain *chain;
  evl_regression *regression;
  evl_status status;
  double *x; /* [montage->n][N] */
} bench;

/* Potentials of a few sources on a sphere: smooth between electrodes, and different in time. */
static double potential(const double *xyz, int64_t t) {
  double s = (double)t / fs_hz;
  return 20 * sin(2 * M_PI * 3.1 * s) * xyz[0] + 14 * sin(2 * M_PI * 7.3 * s + 1) * xyz[1] * xyz[2] +
         9 * cos(2 * M_PI * 11.7 * s) * (xyz[2] * xyz[2] - 0.3) + 5 * sin(2 * M_PI * 1.9 * s);
}

static void begin(bench *b, int n, const char *const *label) {
  *b = (bench){.arena = evl_arena_create(), .n = n};
  for (int i = 0; i < n; i++) {
    double *x = evl_arena_alloc(b->arena, N * sizeof *x), xyz[3] = {0.1 * i, 0.3, 0.5};
    (void)evl_electrode_position(label[i], xyz);
    for (int64_t t = 0; t < N; t++) x[t] = potential(xyz, t);
    b->source[i] = (evl_source){.label = label[i], .fs_hz = fs_hz, .usable = true};
    b->signal[i] = x;
  }
}
static void end(bench *b) { evl_arena_free(b->arena); }

static void bind(bench *b, const char *config) {
  char text[600];
  const char *label[MOST];
  for (int i = 0; i < b->n; i++) label[i] = b->source[i].label;
  snprintf(text, sizeof text, "notch = \"none\"; %s", config);
  evl_params *params = help_params(b->arena, text);
  evl_error_clear();
  b->status = params ? evl_montage_plan(params, b->n, label, b->arena, &b->montage) : EVL_USAGE;
  if (b->status == EVL_OK)
    b->status = evl_chain_plan(params, b->montage, b->n, b->source, b->regression, 0.0, N / fs_hz, b->arena, &b->chain);
  if (b->status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(b->status == EVL_OK);
}

static void run(bench *b, const char *config) {
  bind(b, config);
  if (b->status != EVL_OK) return;
  help_recording r = {.n_sources = b->n, .signal = b->signal};
  b->x = evl_arena_alloc(b->arena, (size_t)b->montage->n * N * sizeof *b->x);
  CHECK(help_run(b->chain, &r, N, 0, N, b->x, N) == EVL_OK);
}

static int channel(const bench *b, const char *name) {
  for (int c = 0; c < b->montage->n; c++)
    if (strcmp(b->montage->name[c], name) == 0) return c;
  CHECK(false);
  return 0;
}
static uint8_t why(const bench *b, const char *name) { return evl_chain_channel_why(b->chain)[channel(b, name)]; }
static int made(const bench *b, const char *name) { return evl_chain_interpolated(b->chain)[channel(b, name)]; }
static bool says(const bench *b, const char *what) {
  bool found = strstr(evl_chain_note(b->chain), what) != NULL;
  if (!found) printf("# note: %s\n", evl_chain_note(b->chain));
  return found;
}

static double between(const double *a, const double *other) {
  double worst = 0;
  for (int t = 0; t < N; t++) worst = fmax(worst, fabs(a[t] - other[t]));
  return worst;
}
static double *row(const bench *b, const char *name) { return b->x + (size_t)channel(b, name) * N; }

#define NO_FILTER "band_hz = (); "

static void bad_channels(void) {
  bench b;
  begin(&b, TEN_TWENTY, ten_twenty);
  b.source[8].bad = true; /* C3 */
  run(&b, NO_FILTER "reference = \"none\";");
  CHECK(why(&b, "C3") == EVL_WHY_ARTEFACT && !made(&b, "C3"));
  run(&b, NO_FILTER "reference = \"none\"; interpolate = true;");
  CHECK(why(&b, "C3") == EVL_WHY_VALUE && made(&b, "C3") && !made(&b, "C4"));
  CHECK_TEXT(evl_chain_note(b.chain), "interpolated: C3");
  CHECK(between(row(&b, "C4"), b.signal[10]) == 0);
  double worst = between(row(&b, "C3"), b.signal[8]);
  printf("# C3 from the others: within %.2f of 37 uV\n", worst);
  CHECK(worst > 1e-6 && worst < 4);
  run(&b, NO_FILTER "interpolate = true;"); /* the average is over all 19 */
  double sum = 0;
  for (int c = 0; c < TEN_TWENTY; c++) sum += b.x[c * N + 777];
  CHECK_NEAR(sum, 0, 1e-10);
  CHECK(made(&b, "C3"));
  run(&b, NO_FILTER "interpolate = true; reference = \"Cz\";");
  CHECK(why(&b, "Cz") == EVL_WHY_UNDEFINED && why(&b, "C3") == EVL_WHY_VALUE);
  CHECK_NEAR(row(&b, "C4")[100], b.signal[10][100] - b.signal[9][100], 1e-12);
  b.source[9].bad = true; /* the reference itself */
  run(&b, NO_FILTER "interpolate = true; reference = \"Cz\";");
  CHECK(why(&b, "C3") == EVL_WHY_ARTEFACT && why(&b, "C4") == EVL_WHY_ARTEFACT && says(&b, "marked bad"));
  end(&b);
}

static void pairs_with_a_bad_electrode(void) {
  bench b;
  begin(&b, TEN_TWENTY, ten_twenty);
  run(&b, NO_FILTER "reference = \"bipolar\"; interpolate = true;");
  double *good = row(&b, "F4-C4");
  b.source[3].bad = true; /* F3 */
  run(&b, NO_FILTER "reference = \"bipolar\"; interpolate = true;");
  CHECK(made(&b, "Fp1-F3") && made(&b, "F3-C3") && !made(&b, "C3-P3") && !made(&b, "F4-C4"));
  CHECK(between(row(&b, "F4-C4"), good) == 0);
  double chain[2] = {0, 0}; /* Fp1 - O1 along both chains */
  static const char *const left[2][4] = {{"Fp1-F7", "F7-T7", "T7-P7", "P7-O1"}, {"Fp1-F3", "F3-C3", "C3-P3", "P3-O1"}};
  for (int k = 0; k < 2; k++)
    for (int i = 0; i < 4; i++) chain[k] += row(&b, left[k][i])[1234];
  CHECK_NEAR(chain[0], chain[1], 1e-10);
  run(&b, NO_FILTER "reference = \"transverse\"; interpolate = true;");
  CHECK(made(&b, "F7-F3") && made(&b, "F3-Fz") && !made(&b, "Fz-F4"));
  end(&b);
}

static void what_cannot_be_interpolated(void) {
  static const char *const odd[] = {"E1", "E2", "E3", "E4", "E5", "E6"};
  bench b;
  begin(&b, 6, odd); /* no position by name, none in the file */
  b.source[2].bad = true;
  run(&b, NO_FILTER "montage = \"file\"; interpolate = true;");
  CHECK(why(&b, "E3") == EVL_WHY_ARTEFACT && says(&b, "0 good electrodes with positions, 4 are needed"));
  for (int i = 0; i < 6; i++) {
    const double xyz[3] = {cos(i), sin(i), 0.5 + 0.1 * i};
    memcpy(b.source[i].xyz, xyz, sizeof xyz);
  }
  run(&b, NO_FILTER "montage = \"file\"; interpolate = true;");
  CHECK(why(&b, "E3") == EVL_WHY_VALUE && made(&b, "E3"));
  memcpy(b.source[1].xyz, b.source[0].xyz, sizeof b.source[0].xyz); /* two at one place count once */
  b.source[5].xyz[0] = NAN;
  run(&b, NO_FILTER "montage = \"file\"; interpolate = true;");
  CHECK(why(&b, "E3") == EVL_WHY_ARTEFACT && says(&b, "3 good electrodes"));
  b.source[5].xyz[0] = 0.4;
  for (int k = 0; k < 3; k++) b.source[2].xyz[k] = 0;
  run(&b, NO_FILTER "montage = \"file\"; interpolate = true;");
  CHECK(why(&b, "E3") == EVL_WHY_ARTEFACT && says(&b, "no position of E3"));
  for (int i = 0; i < 6; i++) b.source[i].bad = true;
  run(&b, NO_FILTER "montage = \"file\"; interpolate = true;");
  for (int c = 0; c < 6; c++) CHECK(evl_chain_channel_why(b.chain)[c] == EVL_WHY_ARTEFACT && b.x[c * N + 5] == 0);
  end(&b);
  begin(&b, 12, ten_twenty); /* the others are absent, and stay so */
  b.source[0].bad = true;
  run(&b, "interpolate = true;");
  CHECK(made(&b, "Fp1") && why(&b, "O1") == EVL_WHY_ABSENT && !made(&b, "O1"));
  end(&b);
}

static void csd_and_its_needs(void) {
  static const char *const labels[] = {"Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3",
                                       "Cz",  "C4",  "T8", "ECG", "F3-C3"};
  bench b;
  begin(&b, 14, labels);
  run(&b, NO_FILTER "montage = \"file\"; reference = \"csd\";");
  CHECK(why(&b, "ECG") == EVL_WHY_VALUE && why(&b, "F3-C3") == EVL_WHY_UNDEFINED);
  CHECK(why(&b, "Cz") == EVL_WHY_VALUE && between(row(&b, "ECG"), b.signal[12]) == 0); /* as recorded */
  run(&b, NO_FILTER "montage = \"file\"; reference = \"rest\";");
  CHECK(why(&b, "F3-C3") == EVL_WHY_VALUE && why(&b, "ECG") == EVL_WHY_VALUE);
  CHECK(between(row(&b, "F3-C3"), b.signal[13]) == 0); /* pairs are left alone */
  for (int i = 0; i < 4; i++) b.source[i].bad = true;
  run(&b, NO_FILTER "montage = \"file\"; reference = \"csd\";");
  CHECK(why(&b, "Cz") == EVL_WHY_UNDEFINED && why(&b, "Fp1") == EVL_WHY_ARTEFACT && says(&b, "9 are needed"));
  for (int i = 0; i < 14; i++) b.source[i].bad = true;
  run(&b, NO_FILTER "montage = \"file\"; reference = \"csd\"; interpolate = true;");
  CHECK(why(&b, "Cz") == EVL_WHY_ARTEFACT);
  run(&b, NO_FILTER "montage = \"file\"; reference = \"rest\";");
  CHECK(why(&b, "Cz") == EVL_WHY_ARTEFACT);
  end(&b);
}

/* Matrices do not care for time: any cut gives the same samples, and planning takes the same memory whatever is bad. */
static void cuts_and_memory(void) {
  static const char *const config[] = {"reference = \"csd\"; interpolate = true;",
                                       "reference = \"rest\"; interpolate = true;",
                                       "reference = \"bipolar\"; interpolate = true;", "interpolate = true;"};
  for (int i = 0; i < 4; i++) {
    size_t planned[2];
    for (int bad = 0; bad < 2; bad++) {
      bench b;
      begin(&b, TEN_TWENTY, ten_twenty);
      b.source[4].bad = b.source[12].bad = bad;
      evl_arena *own = b.arena, *measured = evl_arena_create();
      bind(&b, config[i]); /* messages and parameters */
      evl_params *params = help_params(own, config[i]);
      size_t before = evl_arena_bytes(measured);
      CHECK(evl_chain_plan(params, b.montage, b.n, b.source, NULL, 50.0, 100.0, measured, &b.chain) == EVL_OK);
      planned[bad] = evl_arena_bytes(measured) - before;
      help_recording r = {.n_sources = b.n, .signal = b.signal};
      size_t size = (size_t)b.montage->n * N * sizeof(double);
      double *x = evl_arena_alloc(own, size), *cut = evl_arena_alloc(own, size), worst = 0, scale = 0;
      CHECK(help_run(b.chain, &r, N, 0, N, x, N) == EVL_OK);
      for (int t = 0, m; t < N; t += m) {
        m = t % 7 ? 1001 : 37;
        if (m > N - t) m = N - t;
        CHECK(help_run(b.chain, &r, N, t, m, cut + t, N) == EVL_OK);
      }
      for (int k = 0; k < b.montage->n * N; k++) {
        worst = fmax(worst, fabs(x[k] - cut[k]));
        scale = fmax(scale, fabs(x[k]));
      }
      printf("# %s: %.1g of the largest sample\n", config[i], worst / scale);
      CHECK(worst < 1e-9 * scale);
      evl_arena_free(measured);
      end(&b);
    }
    CHECK(planned[0] == planned[1]);
  }
}

/* ---- regression ---- */

enum { SEGMENT = 1000, SEGMENTS = 6 };

/* Blinks, a pulse, and background of its own in every signal; the segments are the whole signal, cut. */
static void add_eye_and_heart(bench *b, const double *share_eye, const double *share_heart) {
  for (int i = 0; i < b->n; i++) {
    double *x = (double *)(uintptr_t)b->signal[i];
    evl_random random;
    evl_random_begin(&random, 5, b->source[i].label, "regress", 0);
    for (int t = 0; t < N; t++) {
      double blink = 200 * exp(-0.5 * pow((t % 700 - 350) / 20.0, 2));
      double pulse = 300 * exp(-0.5 * pow((t % 190 - 90) / 5.0, 2));
      x[t] = 3 * evl_random_normal(&random) + 50 + share_eye[i] * blink + share_heart[i] * pulse;
    }
  }
}

static void learn(bench *b, const char *config) {
  evl_params *params = help_params(b->arena, config);
  double *x = evl_arena_alloc(b->arena, (size_t)b->n * SEGMENT * sizeof *x);
  CHECK(params && evl_regression_plan(params, b->n, b->source, SEGMENTS, SEGMENT, b->arena, &b->regression) == EVL_OK);
  for (int s = 0; s < SEGMENTS; s++) {
    for (int i = 0; i < b->n; i++) memcpy(x + i * SEGMENT, b->signal[i] + s * SEGMENT, SEGMENT * sizeof *x);
    evl_regression_learn(b->regression, x, SEGMENT, SEGMENT);
  }
  evl_regression_settle(b->regression);
}

static void eye_and_heart(void) {
  static const char *const labels[] = {"Fp1", "Fp2", "Cz", "O1", "EOG left", "ECG1", "Resp"};
  static const double eye[] = {0.4, 0.35, 0.1, 0.01, 1, 0, 0}, heart[] = {0.02, 0.05, 0.1, 0.2, 0, 1, 0};
  const char *config = NO_FILTER "reference = \"none\"; montage = [\"Fp1\", \"Fp2\", \"Cz\", \"O1\"]; regress = ";
  char text[300];
  bench b;
  begin(&b, 7, labels);
  add_eye_and_heart(&b, eye, heart);
  b.source[5].kind = EVL_SOURCE_ECG; /* told by its type: not an EEG channel */
  b.source[5].usable = false;
  snprintf(text, sizeof text, "%s[\"eog\", \"ecg\"];", config);
  learn(&b, text);
  CHECK(evl_regression_wants(b.regression, 0) && evl_regression_wants(b.regression, 4));
  CHECK(evl_regression_wants(b.regression, 5));
  run(&b, text);
  CHECK_TEXT(evl_chain_note(b.chain), "");
  for (int c = 0; c < 4; c++) { /* nothing but a background is left */
    double sd = sqrt(evl_variance(b.x + c * N, N, 0));
    printf("# %s: %.1f uV before, %.2f after\n", labels[c], sqrt(evl_variance(b.signal[c], N, 0)), sd);
    CHECK(sd < 3.5);
  }
  snprintf(text, sizeof text, "%s\"eog\";", config);
  learn(&b, text);
  run(&b, text);
  CHECK(sqrt(evl_variance(b.x, N, 0)) < 3.5 && sqrt(evl_variance(b.x + 3 * N, N, 0)) > 8);
  end(&b);
}

static void nothing_to_regress(void) {
  static const char *const labels[] = {"Fp1", "Fp2", "Cz", "O1", "EOG"};
  const char *config = NO_FILTER "montage = [\"Fp1\", \"Fp2\", \"Cz\", \"O1\"]; regress = [\"ecg\"];";
  bench b;
  begin(&b, 5, labels);
  learn(&b, config);
  run(&b, config);
  CHECK(says(&b, "no good EOG or ECG") && !evl_regression_wants(b.regression, 0));
  config = NO_FILTER "montage = [\"Fp1\", \"Fp2\", \"Cz\", \"O1\"]; regress = [\"eog\"]; reference = \"none\";";
  double *flat = (double *)(uintptr_t)b.signal[4];
  for (int t = 0; t < N; t++) flat[t] = 7;
  learn(&b, config);
  run(&b, config);
  CHECK(between(row(&b, "Cz"), b.signal[2]) < 1e-9);
  for (int t = 0; t < N; t++) flat[t] = t == 2500 ? NAN : sin(t); /* a segment that says nothing */
  learn(&b, config);
  CHECK(help_params(b.arena, "regress = [\"emg\"];") == NULL && strstr(evl_error_message(), "eog") != NULL);
  end(&b);
}

int main(void) {
  RUN(bad_channels);
  RUN(pairs_with_a_bad_electrode);
  RUN(what_cannot_be_interpolated);
  RUN(csd_and_its_needs);
  RUN(cuts_and_memory);
  RUN(eye_and_heart);
  RUN(nothing_to_regress);
  CHECK_DONE();
}
