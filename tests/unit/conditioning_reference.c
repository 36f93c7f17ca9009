/* References, missing and bad channels, and recordings that cannot be bound. */
#include "conditioning_help.h"

enum { N = 64, MOST = 24 };

/* A recording of labelled constants-by-sample: source i holds i + 1 + 0.1 t (i + 1)^2, so that every
   combination of sources shows. No filters: what comes out is linear in what went in. */
typedef struct {
  evl_arena *arena;
  evl_montage *montage;
  evl_chain *chain;
  evl_source source[MOST];
  int n_sources;
  double value[MOST][N];
  double x[80][N];
  evl_status status;
} bench;

static double value_of(int source, int t) { return source + 1 + 0.1 * t * (source + 1) * (source + 1); }

static void begin(bench *b, int n, const char *const *label) {
  memset(b, 0, sizeof *b);
  b->arena = evl_arena_create();
  b->n_sources = n;
  for (int i = 0; i < n; i++) {
    b->source[i] = (evl_source){.label = label[i], .fs_hz = 250.0, .usable = true};
    for (int t = 0; t < N; t++) b->value[i][t] = value_of(i, t);
  }
}

static void run(bench *b, const char *config) {
  const double *signal[MOST];
  char text[500];
  for (int i = 0; i < b->n_sources; i++) signal[i] = b->value[i];
  help_recording r = {.n_sources = b->n_sources, .signal = signal};
  snprintf(text, sizeof text, "band_hz = (); notch = \"none\"; %s", config);
  evl_params *params = help_params(b->arena, text);
  evl_error_clear();
  memset(b->x, 0xff, sizeof b->x); /* NaN: rows without a channel must be written too */
  b->status = params ? evl_montage_plan(params, 0, NULL, b->arena, &b->montage) : EVL_USAGE;
  if (b->status == EVL_OK)
    b->status = evl_chain_plan(params, b->montage, b->n_sources, b->source, NULL, 0.0, 1.0, b->arena, &b->chain);
  if (b->status == EVL_OK) b->status = help_run(b->chain, &r, N, 0, N, b->x[0], N);
}

static void end(bench *b) { evl_arena_free(b->arena); }

static uint8_t why(const bench *b, int channel) { return evl_chain_channel_why(b->chain)[channel]; }

/* Row `channel` is sum_i weight[i] * source i. */
static void check_row(const bench *b, int channel, const double *weight) {
  CHECK(b->status == EVL_OK && why(b, channel) == EVL_WHY_VALUE);
  for (int t = 0; t < N; t++) {
    double expected = 0.0;
    for (int i = 0; i < b->n_sources; i++) expected += weight[i] * value_of(i, t);
    CHECK_NEAR(b->x[channel][t], expected, 1e-12);
  }
}

static void check_empty(const bench *b, int channel, uint8_t code) {
  CHECK(b->status == EVL_OK && why(b, channel) == code);
  for (int t = 0; t < N; t++) CHECK(b->x[channel][t] == 0.0);
}

static const char *const five[] = {"EEG Fp1-Ref", "EEG T3-Ref", "EEG A1-Ref", "EEG Cz-Ref", "EEG A2-Ref"};
#define FOUR "montage = [\"Fp1\", \"T7\", \"Cz\", \"O1\"]; "

static void none_and_average(void) {
  bench b;
  begin(&b, 5, five);
  run(&b, FOUR "reference = \"none\";");
  check_row(&b, 0, (double[]){1, 0, 0, 0, 0});
  check_row(&b, 1, (double[]){0, 1, 0, 0, 0});
  check_row(&b, 2, (double[]){0, 0, 0, 1, 0});
  check_empty(&b, 3, EVL_WHY_ABSENT);
  run(&b, FOUR); /* over what is there, ears left out: they are not of the montage */
  check_row(&b, 0, (double[]){2 / 3., -1 / 3., 0, -1 / 3., 0});
  check_row(&b, 2, (double[]){-1 / 3., -1 / 3., 0, 2 / 3., 0});
  check_empty(&b, 3, EVL_WHY_ABSENT);
  b.source[1].bad = true;
  run(&b, FOUR);
  check_row(&b, 0, (double[]){.5, 0, 0, -.5, 0});
  check_empty(&b, 1, EVL_WHY_ARTEFACT);
  b.source[3].bad = true; /* one channel is left: minus itself */
  run(&b, FOUR);
  check_empty(&b, 0, EVL_WHY_UNDEFINED);
  CHECK(strstr(evl_chain_note(b.chain), "only one") != NULL);
  b.source[0].bad = true;
  run(&b, FOUR);
  check_empty(&b, 0, EVL_WHY_ARTEFACT);
  end(&b);
}

static void offsets(void) {
  bench b;
  begin(&b, 5, five);
  b.source[0].offset = 100.0;
  run(&b, FOUR "reference = \"none\";");
  CHECK(b.status == EVL_OK);
  for (int t = 0; t < N; t++) CHECK_NEAR(b.x[0][t], value_of(0, t) - 100.0, 1e-12);
  end(&b);
}

static void electrodes_as_reference(void) {
  bench b;
  begin(&b, 5, five);
  run(&b, FOUR "reference = \"linked\";");
  CHECK_TEXT(evl_chain_note(b.chain), "");
  check_row(&b, 0, (double[]){1, 0, -.5, 0, -.5});
  check_row(&b, 2, (double[]){0, 0, -.5, 1, -.5});
  run(&b, FOUR "reference = \"A1\";");
  check_row(&b, 1, (double[]){0, 1, -1, 0, 0});
  run(&b, FOUR "reference = \"EEG T3\";");
  check_row(&b, 0, (double[]){1, -1, 0, 0, 0});
  check_empty(&b, 1, EVL_WHY_UNDEFINED); /* T7 minus itself */
  check_empty(&b, 3, EVL_WHY_ABSENT);
  run(&b, FOUR "reference = \"Oz\";");
  for (int c = 0; c < 4; c++) check_empty(&b, c, EVL_WHY_ABSENT);
  CHECK(strstr(evl_chain_note(b.chain), "\"Oz\"") != NULL);
  b.source[4].bad = true;
  run(&b, FOUR "reference = \"linked\";");
  check_empty(&b, 0, EVL_WHY_ARTEFACT);
  check_empty(&b, 3, EVL_WHY_ABSENT);
  b.source[4].usable = false;
  run(&b, FOUR "reference = \"linked\";");
  check_empty(&b, 0, EVL_WHY_ABSENT);
  end(&b);
}

static void references_the_file_has(void) {
  static const char *const linked[] = {"Fp1-LE", "T3-LE", "Cz-LE"};
  static const char *const mastoids[] = {"Fp1", "M1", "M2", "A1"};
  bench b;
  begin(&b, 3, linked);
  run(&b, FOUR "reference = \"linked\";");
  check_row(&b, 1, (double[]){0, 1, 0});
  end(&b);
  begin(&b, 4, mastoids);
  run(&b, FOUR "reference = \"linked\";");
  check_row(&b, 0, (double[]){1, -.5, -.5, 0});
  end(&b);
}

static void pairs(void) {
  static const char *const chain[] = {"Fp1", "F7", "T3", "T5", "EEG P7-O1", "C4", "F4"};
  bench b;
  begin(&b, 7, chain);
  run(&b, "reference = \"bipolar\";");
  check_row(&b, 0, (double[]){1, -1, 0, 0, 0, 0, 0});  /* Fp1-F7 */
  check_row(&b, 1, (double[]){0, 1, -1, 0, 0, 0, 0});  /* F7-T7 */
  check_row(&b, 2, (double[]){0, 0, 1, -1, 0, 0, 0});  /* T7-P7 */
  check_row(&b, 3, (double[]){0, 0, 0, 0, 1, 0, 0});   /* recorded as a pair */
  check_row(&b, 11, (double[]){0, 0, 0, 0, 0, -1, 1}); /* F4-C4 */
  check_empty(&b, 4, EVL_WHY_ABSENT);                  /* Fp1-F3 */
  b.source[1].bad = true;
  run(&b, "reference = \"bipolar\";");
  check_empty(&b, 0, EVL_WHY_ARTEFACT);
  check_row(&b, 2, (double[]){0, 0, 1, -1, 0, 0, 0});
  /* A pair is left alone by an average of electrodes. */
  run(&b, "montage = [\"Fp1\", \"C4\", \"P7-O1\"];");
  check_row(&b, 0, (double[]){.5, 0, 0, 0, 0, -.5, 0});
  check_row(&b, 2, (double[]){0, 0, 0, 0, 1, 0, 0});
  end(&b);
}

/* "X-Cz" four times over is a file referred to Cz; in a chain of pairs it is not. */
static void common_reference(void) {
  static const char *const common[] = {"Fp1-Cz", "T3-Cz", "O1-Cz", "Pz-Cz"};
  static const char *const mixed[] = {"Fp1-Cz", "T3-Cz", "O1-Cz", "Pz-O2", "Cz"};
  bench b;
  begin(&b, 4, common);
  run(&b, FOUR);
  check_row(&b, 0, (double[]){2 / 3., -1 / 3., -1 / 3., 0});
  check_empty(&b, 2, EVL_WHY_ABSENT);
  run(&b, FOUR "reference = \"Cz\";");
  check_row(&b, 3, (double[]){0, 0, 1, 0});
  end(&b);
  begin(&b, 5, mixed);
  run(&b, FOUR "reference = \"none\";");
  check_empty(&b, 0, EVL_WHY_ABSENT);
  check_row(&b, 2, (double[]){0, 0, 0, 0, 1});
  end(&b);
}

/* A heart among the channels is in no reference, and keeps its own. */
static void sensors_stay(void) {
  static const char *const label[] = {"EEG Fp1-Ref", "EEG Cz-Ref", "ECG ECG", "EEG O1-Ref"};
  static const char *const kind[] = {"average", "Cz"};
  bench b;
  begin(&b, 4, label);
  for (int i = 0; i < 2; i++) {
    char config[100];
    snprintf(config, sizeof config, "montage = [\"Fp1\", \"ECG ECG\", \"O1\"]; reference = \"%s\";", kind[i]);
    run(&b, config);
    check_row(&b, 0, i ? (double[]){1, -1, 0, 0} : (double[]){0.5, 0, 0, -0.5});
    check_row(&b, 1, (double[]){0, 0, 1, 0});
  }
  end(&b);
}

static void refuse(bench *b, const char *config, evl_status status, const char *expected) {
  run(b, config);
  CHECK(b->status == status);
  if (!strstr(evl_error_message(), expected)) printf("# %s\n", evl_error_message());
  CHECK(strstr(evl_error_message(), expected) != NULL);
}

static void refused_recordings(void) {
  static const char *const twice[] = {"EEG T3-Ref", "Fp1", "T7"};
  static const char *const ears[] = {"Fp1-A2", "T3-A1", "Cz"};
  static const char *const cap[] = {"A1", "A2", "B1", "B2", "C3", "F4"};
  static const char *const other[] = {"ECG", "Status"};
  bench b;
  begin(&b, 3, twice);
  refuse(&b, FOUR, EVL_FORMAT, "found \"EEG T3-Ref\" and \"T7\"");
  b.source[2].usable = false;
  run(&b, FOUR);
  CHECK(b.status == EVL_OK);
  b.source[1].fs_hz = 500.0;
  refuse(&b, FOUR, EVL_FORMAT, "different rates");
  b.source[0].fs_hz = b.source[1].fs_hz = 0.0;
  refuse(&b, FOUR, EVL_FORMAT, "sampling rate");
  b.source[0].fs_hz = b.source[1].fs_hz = NAN;
  refuse(&b, "montage = [\"T7\"];", EVL_FORMAT, "sampling rate");
  end(&b);
  begin(&b, 3, ears);
  refuse(&b, FOUR, EVL_FORMAT, "different references");
  refuse(&b, "montage = [\"Fp1-T7\"];", EVL_FORMAT, "different references");
  run(&b, FOUR "reference = \"none\";");
  check_row(&b, 0, (double[]){1, 0, 0});
  end(&b);
  begin(&b, 6, cap);
  refuse(&b, "", EVL_FORMAT, "lettering of its own");
  run(&b, "montage = [\"A1\", \"B1\"]; reference = \"none\";");
  check_row(&b, 1, (double[]){0, 0, 1, 0, 0, 0});
  end(&b);
  begin(&b, 2, other);
  refuse(&b, "", EVL_FORMAT, "none of the 19 channels");
  b.n_sources = 0;
  refuse(&b, "", EVL_FORMAT, "none of the 19 channels");
  end(&b);
}

static void refused_rates_and_bands(void) {
  bench b;
  begin(&b, 5, five);
  for (int i = 0; i < 5; i++) b.source[i].fs_hz = 250.0 * M_SQRT2;
  refuse(&b, FOUR, EVL_USAGE, "no ratio");
  for (int i = 0; i < 5; i++) b.source[i].fs_hz = 250.0 * 65001.0 / 65003.0;
  refuse(&b, FOUR, EVL_LIMIT, "filter taps");
  for (int i = 0; i < 5; i++) b.source[i].fs_hz = 1e300;
  refuse(&b, FOUR, EVL_USAGE, "no ratio");
  for (int i = 0; i < 5; i++) b.source[i].fs_hz = 1e-300;
  refuse(&b, FOUR, EVL_USAGE, "no ratio");
  end(&b);
}

static void refused_filters(void) {
  static const struct {
    const char *config;
    double fs_hz, line_hz;
    evl_status status;
    const char *expected;
  } cases[] = {
    {"band_hz = (0.5, 45.0);", 80.0, 0, EVL_USAGE, "Nyquist"},
    {"band_hz = (45.0, 0.5);", 250.0, 0, EVL_USAGE, "low < high"},
    {"band_hz = (0.5, 10, 45.0);", 250.0, 0, EVL_USAGE, "two numbers"},
    {"band_hz = (0.001, 45.0);", 250.0, 0, EVL_USAGE, "remembers"},
    {"resample_hz = 0; band_hz = ();", 5000.0, 50, EVL_USAGE, "harmonics"},
    {"band_hz = ();", 250.0, 3, EVL_USAGE, "line frequency"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    evl_arena *arena = evl_arena_create();
    evl_montage *montage;
    evl_chain *chain;
    evl_source source = {.label = "Cz", .fs_hz = cases[i].fs_hz, .usable = true};
    evl_params *params = help_params(arena, cases[i].config);
    CHECK(params && evl_montage_plan(params, 0, NULL, arena, &montage) == EVL_OK);
    if (params)
      CHECK(evl_chain_plan(params, montage, 1, &source, NULL, cases[i].line_hz, 1.0, arena, &chain) == cases[i].status);
    if (!strstr(evl_error_message(), cases[i].expected)) printf("# %s\n", evl_error_message());
    CHECK(strstr(evl_error_message(), cases[i].expected) != NULL);
    evl_arena_free(arena);
  }
}

int main(void) {
  RUN(none_and_average);
  RUN(offsets);
  RUN(electrodes_as_reference);
  RUN(sensors_stay);
  RUN(references_the_file_has);
  RUN(pairs);
  RUN(common_reference);
  RUN(refused_recordings);
  RUN(refused_rates_and_bands);
  RUN(refused_filters);
  CHECK_DONE();
}
