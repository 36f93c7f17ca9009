/* Designs from a store made here: selection of recordings, what is left out, names; then a run, its file, and the file
 * read back. */
#include "check.h"
#include "eveil/prognosis.h"
#include "eveil/store.h"
#include "scratch.h"

enum { R = 7, P = 6, C = 2, K = 2, W = 8 };

static evl_arena *arena;
static char store_path[4200];

/* s1: three recordings; s2: one too late; s3: none; s4: no outcome; s5: one without a value; s6: one. */
static void write_store(void) {
  static const int32_t index[W] = {0, 1, 2, 3, 4, 5, 6, 7};
  static const char *subject[R] = {"s1", "s1", "s1", "s2", "s4", "s5", "s6"};
  static const double start_h[R] = {80, 74, 100, 200, 80, 80, 75};
  static const char *person[P] = {"s6", "s1", "s2", "s3", "s4", "s5"},
                    *outcome[P] = {"good", "poor", "good", "good", "", "poor"};
  static const double age[P] = {60, 40, 50, 51, 52, NAN};
  static const char *column[C] = {"band_power.db_alpha[Fz]", "hjorth.mobility[Fz]"}, *statistic[K] = {"mean", "median"};
  static double summary[R][C][K];
  static const int32_t window_recording[W] = {0, 0, 1, 1, 2, 3, 5, 6};
  static const float clean[W] = {0.5f, 0.5f, 0.9f, 0.7f, 0.8f, 1, 0, 1};
  for (int r = 0; r < R; r++)
    for (int c = 0; c < C; c++)
      for (int k = 0; k < K; k++) summary[r][c][k] = r == 5 ? NAN : 100 * r + 10 * c + k;
  summary[2][1][1] = NAN;
#define AXIS(path_, n_) {.path = path_, .type = EVL_I32, .n_dims = 1, .dim = {n_}, .is_scale = true, .data = index}
  const evl_dataset dataset[] = {
      AXIS("/recordings/recording", R),
      AXIS("/participants/participant", P),
      AXIS("/analyses/spectral/recording", R),
      AXIS("/analyses/spectral/column", C),
      AXIS("/analyses/spectral/statistic", K),
      AXIS("/analyses/spectral/window", W),
      {.path = "/recordings/subject",
       .type = EVL_TEXT,
       .n_dims = 1,
       .dim = {R},
       .scale = {"/recordings/recording"},
       .data = subject},
      {.path = "/recordings/start_h",
       .type = EVL_F64,
       .n_dims = 1,
       .dim = {R},
       .scale = {"/recordings/recording"},
       .data = start_h},
      {.path = "/participants/subject",
       .type = EVL_TEXT,
       .n_dims = 1,
       .dim = {P},
       .scale = {"/participants/participant"},
       .data = person},
      {.path = "/participants/columns/outcome",
       .type = EVL_TEXT,
       .n_dims = 1,
       .dim = {P},
       .scale = {"/participants/participant"},
       .data = outcome},
      {.path = "/participants/columns/age",
       .type = EVL_F64,
       .n_dims = 1,
       .dim = {P},
       .scale = {"/participants/participant"},
       .data = age},
      {.path = "/analyses/spectral/column_name",
       .type = EVL_TEXT,
       .n_dims = 1,
       .dim = {C},
       .scale = {"/analyses/spectral/column"},
       .data = column},
      {.path = "/analyses/spectral/summary_statistic",
       .type = EVL_TEXT,
       .n_dims = 1,
       .dim = {K},
       .scale = {"/analyses/spectral/statistic"},
       .data = statistic},
      {.path = "/analyses/spectral/summary",
       .type = EVL_F64,
       .n_dims = 3,
       .dim = {R, C, K},
       .scale = {"/analyses/spectral/recording", "/analyses/spectral/column", "/analyses/spectral/statistic"},
       .data = summary},
      {.path = "/analyses/spectral/window_recording",
       .type = EVL_I32,
       .n_dims = 1,
       .dim = {W},
       .scale = {"/analyses/spectral/window"},
       .data = window_recording},
      {.path = "/analyses/spectral/window_clean",
       .type = EVL_F32,
       .n_dims = 1,
       .dim = {W},
       .scale = {"/analyses/spectral/window"},
       .data = clean}};
  const evl_store_plan plan = {.path = store_path, .n_datasets = sizeof dataset / sizeof *dataset, .dataset = dataset,
                               .compress = true, .memory_bytes = 1 << 20};
  evl_status status = evl_store_write(&plan, NULL, NULL);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
}

static evl_status read_design(const char *settings, evl_design **design) {
  char text[1000];
  evl_config *config;
  evl_group *group;
  evl_params *params, *select;
  evl_prognosis_setup *setup;
  snprintf(text, sizeof text, "p: { outcome = \"outcome\"; positive = \"poor\"; %s };", settings);
  evl_status status = evl_config_parse(text, "test.cfg", &config);
  if (status != EVL_OK) return status;
  status = evl_group_child(evl_config_root(config), "p", &group);
  if (status == EVL_OK) status = evl_prognosis_configure(group, NULL, arena, &params, &select, &setup);
  if (status == EVL_OK) status = evl_design_read(params, select, "", store_path, "test", arena, design);
  evl_config_free(config);
  return status;
}

/* First column of the row of a subject. */
static double value_of(const evl_design *d, const char *subject, int column) {
  for (int i = 0; i < d->n_rows; i++)
    if (!strcmp(d->subject[i], subject)) return d->x[i * d->n_columns + column];
  return INFINITY;
}

static int left_out(const evl_design *d, const char *reason) {
  for (int k = 0; k < d->n_left_out; k++)
    if (!strcmp(d->left_out[k].reason, reason)) return d->left_out[k].n;
  return 0;
}

static void which_recording(void) {
  static const struct { const char *which; double alpha, mobility;
  } expected[] = {{"best", 1, 11}, /* recording 1: share of clean samples .5, .8, .8: the first of the best */
                  {"first", 1, 11},
                  {"last", 2, NAN},
                  {"mean", 1, 5.5}};
  for (int k = 0; k < 4; k++) {
    char settings[100];
    evl_design *d;
    snprintf(settings, sizeof settings, "select: { recordings = \"%s\"; };", expected[k].which);
    CHECK(read_design(settings, &d) == EVL_OK);
    CHECK(d->n_columns == 2 && d->n_rows == 3);
    CHECK_TEXT(d->column[0], "spectral/band_power.db_alpha[Fz]:median");
    CHECK_NEAR(value_of(d, "s1", 0), 100 * expected[k].alpha + 1, 1e-12);
    double mobility = value_of(d, "s1", 1);
    if (k == 3) CHECK_NEAR(mobility, (11 + 111) / 2.0, 1e-12); /* of the two that have it */
    else if (isnan(expected[k].mobility)) CHECK(isnan(mobility));
    else CHECK_NEAR(mobility, 100 * expected[k].alpha + expected[k].mobility, 1e-12);
  }
}

static void hours_and_left_out(void) {
  evl_design *d;
  CHECK(read_design("select: { hours = (72, 90); recordings = \"last\"; };", &d) == EVL_OK);
  CHECK(d->n_rows == 2);
  CHECK_NEAR(value_of(d, "s1", 0), 1, 0); /* recording 0 at 80 h; 100 h is outside */
  CHECK_NEAR(value_of(d, "s6", 0), 601, 0);
  CHECK(left_out(d, "no outcome") == 1);
  CHECK(left_out(d, "no recording") == 1);
  CHECK(left_out(d, "no recording in hours") == 1);
  CHECK(left_out(d, "no usable recording") == 1);
  CHECK(read_design("select: { hours = (300, 400); };", &d) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "no subject with an outcome") &&
        strstr(evl_error_message(), "4 no recording in hours"));
}

static void columns_statistics_covariates(void) {
  evl_design *d;
  CHECK(read_design("columns = (\"hjorth.*\"); statistics = (\"*\"); covariates = (\"age\");", &d) == EVL_OK);
  CHECK(d->n_columns == 3);
  CHECK_TEXT(d->column[0], "spectral/hjorth.mobility[Fz]:mean");
  CHECK_TEXT(d->column[2], "age");
  CHECK_NEAR(value_of(d, "s6", 2), 60, 0);
  CHECK(read_design("columns = (); covariates = (\"age\");", &d) == EVL_OK); /* clinical columns need no recording */
  CHECK(d->n_rows == 5 && d->n_columns == 1 && isnan(value_of(d, "s5", 0)));
  CHECK(read_design("columns = (\"hjort.mobility*\");", &d) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "the nearest column is \"hjorth.mobility[Fz]\""));
  CHECK(read_design("analyses = (\"x\");", &d) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "no analysis of the store matches \"x\""));
  CHECK(read_design("covariates = (\"agee\");", &d) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "did you mean \"age\"?"));
}

static void rows_of_recordings(void) {
  evl_design *d;
  CHECK(read_design("rows = \"recordings\";", &d) == EVL_OK);
  CHECK(d->n_rows == 5 && d->n_groups == 3);
  CHECK(read_design("rows = \"recordings\"; folds_by = \"row\";", &d) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "two folds"));
}

/* A run on a table of its own, written and read back. */
static void file_of_a_run(void) {
  enum { N = 60 };
  static double x[N][2], y[N];
  static char name[N][16];
  static const char *subject[N], *column[] = {"a", "b"};
  evl_design d = {.n_rows = N, .n_columns = 2, .subject = subject, .column = column, .x = x[0], .y = y};
  for (int i = 0; i < N; i++) {
    snprintf(name[i], sizeof name[i], "s%d", i);
    subject[i] = name[i];
    y[i] = i % 2;
    x[i][0] = y[i] + 2 * sin(i * 1.7);
    x[i][1] = cos(i * 0.9);
  }
  evl_config *config;
  evl_params *params, *select;
  evl_prognosis_setup *setup;
  evl_prognosis_result *r;
  evl_group *group;
  evl_store *store;
  char path[4200];
  snprintf(path, sizeof path, "%s", scratch_path("p.h5"));
  CHECK(evl_config_parse(
            "p: { outcome = \"o\"; positive = \"1\"; repeats = 2; learners = (\"ridge\", \"elastic_net\"); };",
            "test.cfg", &config) == EVL_OK);
  CHECK(evl_group_child(evl_config_root(config), "p", &group) == EVL_OK);
  CHECK(evl_prognosis_configure(group, NULL, arena, &params, &select, &setup) == EVL_OK);
  CHECK(evl_design_finish(&d, "test", arena) == EVL_OK);
  CHECK(evl_prognosis_run(&d, setup, arena, &r) == EVL_OK);
  evl_status status = evl_prognosis_write(path, 1, &r, "the text", arena);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  if (status != EVL_OK) return;
  double prediction[2][2][N], auc[2][2][5];
  uint64_t n;
  const char **text;
  CHECK(evl_store_open(path, &store) == EVL_OK);
  CHECK(evl_store_read(store, "/main/predictions", EVL_F64, 0, 2, prediction) == EVL_OK);
  CHECK(!memcmp(prediction, r->prediction, sizeof prediction));
  CHECK(evl_store_read(store, "/main/metrics/fold_auc", EVL_F64, 0, 2, auc) == EVL_OK);
  double mean = 0;
  for (int k = 0; k < 10; k++) mean += auc[1][k / 5][k % 5] / 10;
  CHECK_NEAR(mean, r->metric[EVL_N_METRICS + EVL_METRIC_auc], 1e-14);
  CHECK(evl_store_texts(store, "/main/design/subject", arena, &n, &text) == EVL_OK);
  CHECK(n == N);
  CHECK_TEXT(text[7], "s7");
  for (int i = 0; i < 4 * N; i++) CHECK(r->prediction[i] > 0 && r->prediction[i] < 1);
  evl_store_close(store);
  evl_config_free(config);
}

int main(int argc, char **argv) {
  (void)argc, (void)argv;
  arena = evl_arena_create();
  scratch_begin();
  snprintf(store_path, sizeof store_path, "%s", scratch_path("store.h5"));
  write_store();
  RUN(which_recording);
  RUN(hours_and_left_out);
  RUN(columns_statistics_covariates);
  RUN(rows_of_recordings);
  RUN(file_of_a_run);
  scratch_end();
  evl_arena_free(arena);
  CHECK_DONE();
}
