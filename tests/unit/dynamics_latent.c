/* Latent coordinates and held-out forecasts: sources mixed into channels come back, processes with known errors. */
#include "../../src/dynamics/fit_priv.h"
#include "check.h"

enum { C = 6, N = 6000 };
static const double FS_HZ = 100.0;
static const evl_param table[] = {EVL_LATENT_PARAMS("2"), EVL_FORECAST_PARAMS, {0}};
static const evl_output outputs[] = {EVL_FORECAST_OUTPUTS, {0}};

typedef struct world {
  evl_arena *arena;
  evl_products *products;
  evl_params *params;
  evl_latent *latent;
  evl_forecast *forecast;
  evl_status status;
  evl_shape shape;
  uint8_t why[C];
  double *value;
  uint8_t *value_why;
} world;

static world begin(const char *text, int n_channels, int n) {
  static const char *const name[C] = {"F3", "F4", "C3", "C4", "O1", "O2"};
  static evl_montage montage;
  world w = {.arena = evl_arena_create()};
  evl_config *config;
  montage = (evl_montage){n_channels, name, NULL};
  const evl_param *const tables[] = {table};
  w.shape = (evl_shape){.n_channels = n_channels, .n_samples = n, .fs_hz = FS_HZ, .montage = &montage};
  CHECK(evl_config_parse(text, "test", &config) == EVL_OK);
  CHECK(evl_group_params(evl_config_root(config), "test", tables, 1, NULL, NULL, w.arena, &w.params) == EVL_OK);
  evl_config_free(config);
  CHECK(evl_products_create(&w.shape, w.arena, &w.products) == EVL_OK);
  w.status = evl_latent_plan(w.params, &w.shape, "test", w.products, w.arena, &w.latent);
  if (w.status == EVL_OK)
    w.status = evl_forecast_plan(w.params, w.latent, "test", w.products, w.arena, &w.forecast);
  const size_t most = 64;
  w.value = evl_arena_alloc(w.arena, most * sizeof *w.value);
  w.value_why = evl_arena_alloc(w.arena, most);
  return w;
}

static evl_window window_of(world *w, const double *x) {
  const evl_window window = {.x = x, .ld = (size_t)w->shape.n_samples, .n_channels = w->shape.n_channels,
                             .n_samples = w->shape.n_samples, .fs_hz = FS_HZ, .channel_why = w->why, .key = 1};
  evl_products_begin(w->products, &window);
  return window;
}

static evl_fit find(world *w, const double *x) {
  const evl_window window = window_of(w, x);
  return evl_latent_find(w->latent, &window);
}

/* Autoregressions of order one, of variance 1. */
static double *sources(int n_sources, const double *phi, int n) {
  double *s = calloc((size_t)n_sources * (size_t)n, sizeof *s);
  evl_random random;
  evl_random_begin(&random, 4, "test", "latent", 0);
  for (int i = 0; i < n_sources; i++)
    for (int t = 0; t < n; t++)
      s[i * n + t] = (t ? phi[i] * s[i * n + t - 1] : 0.0) +
                     sqrt(t ? 1.0 - phi[i] * phi[i] : 1.0) * evl_random_normal(&random);
  return s;
}

static double correlation(const double *a, const double *b, int n) {
  double ab = 0.0, aa = 0.0, bb = 0.0;
  const double ma = evl_mean(a, (size_t)n), mb = evl_mean(b, (size_t)n);
  for (int t = 0; t < n; t++) {
    ab += (a[t] - ma) * (b[t] - mb);
    aa += (a[t] - ma) * (a[t] - ma);
    bb += (b[t] - mb) * (b[t] - mb);
  }
  return ab / sqrt(aa * bb);
}

/* The first three channels are one source, the others another: two components say everything. */
static void test_components(void) {
  static const double phi[2] = {0.9, 0.5};
  double *s = sources(2, phi, N), *x = calloc((size_t)C * N, sizeof *x);
  for (int c = 0; c < C; c++)
    for (int t = 0; t < N; t++) x[c * N + t] = 100.0 * c + (c + 1.0) * s[(c < 4 ? 0 : 1) * N + t];
  world w = begin("latent = \"pca\";", C, N);
  CHECK(w.status == EVL_OK && find(&w, x) == EVL_FIT_DONE);
  CHECK(w.latent->n == 2 && w.latent->n_train == 4800 && w.latent->first_test == 4900);
  CHECK_NEAR(w.latent->explained, 1.0, 1e-8);
  CHECK_NEAR(w.latent->explained_held_out, 1.0, 1e-8);
  CHECK(fabs(correlation(w.latent->z, s, N)) > 0.999);
  CHECK(fabs(correlation(w.latent->z + w.latent->ld, s + N, N)) > 0.999);
  for (int i = 0; i < 2; i++) {
    const double *z = w.latent->z + (size_t)i * w.latent->ld;
    CHECK_NEAR(evl_mean(z, 4800), 0.0, 1e-12);
    CHECK_NEAR(evl_variance(z, 4800, 0), 1.0, 1e-12);
  }
  evl_arena_free(w.arena);
  w = begin("latent = \"pca\"; dimension = 3;", C, N); /* a third one is rounding alone */
  CHECK(find(&w, x) == EVL_FIT_RANK);
  evl_arena_free(w.arena);
  free(s), free(x);
}

static void test_regions(void) {
  static const double phi[C] = {0.9, 0.8, 0.7, 0.6, 0.5, 0.4};
  double *x = sources(C, phi, N);
  world w = begin("latent = \"regions\";", C, N);
  CHECK(find(&w, x) == EVL_FIT_DONE && w.latent->n == 3);
  double *mean = calloc(N, sizeof *mean);
  const double a = evl_variance(x, 4800, 0), b = evl_variance(x + N, 4800, 0);
  for (int t = 0; t < N; t++) mean[t] = x[t] / sqrt(a) + x[N + t] / sqrt(b);
  CHECK_NEAR(correlation(w.latent->z, mean, N), 1.0, 1e-12);
  CHECK(w.latent->explained > 0.45 && w.latent->explained < 0.55); /* one of two directions in each region */
  w.why[4] = w.why[5] = EVL_WHY_ABSENT;
  CHECK(find(&w, x) == EVL_FIT_CONSTANT); /* no posterior channel */
  evl_arena_free(w.arena);
  free(x), free(mean);
}

static void test_delays(void) {
  static const double phi[1] = {0.9};
  double *x = sources(1, phi, N);
  world w = begin("latent = \"delays\"; dimension = 3; delay_s = 0.05;", 1, N);
  CHECK(find(&w, x) == EVL_FIT_DONE);
  CHECK(w.latent->n_samples == N - 10 && w.latent->n_train == 4790);
  for (int k = 0; k < 3; k++) CHECK_NEAR(correlation(w.latent->z + (size_t)k * w.latent->ld, x + 10 - 5 * k, N - 10), 1.0, 1e-12);
  evl_arena_free(w.arena);
  free(x);
}

/* A sinusoid has two Hankel directions, and no third. */
static void test_hankel(void) {
  double *x = calloc(N, sizeof *x);
  for (int t = 0; t < N; t++) x[t] = sin(2.0 * M_PI * 0.07 * t);
  world w = begin("latent = \"hankel\"; dimension = 2; hankel_rows = 20;", 1, N);
  CHECK(find(&w, x) == EVL_FIT_DONE);
  CHECK_NEAR(w.latent->explained, 1.0, 1e-6);
  CHECK(fabs(correlation(w.latent->z, w.latent->z + w.latent->ld, 4000)) < 1e-2);
  evl_arena_free(w.arena);
  w = begin("latent = \"hankel\"; dimension = 4; hankel_rows = 20;", 1, N);
  CHECK(find(&w, x) == EVL_FIT_RANK);
  evl_arena_free(w.arena);
  free(x);
}

/* Of an autoregression of order one with factor phi: h steps ahead the best forecast errs by 1 - phi^2h, persistence by
   2 (1 - phi^h). The model here says phi^h z; it may also be made to diverge. */
typedef struct model { double phi; int diverges_after; } model;

static bool ahead(void *context, const evl_latent *l, int t, int steps, double *to) {
  const model *m = context;
  for (int h = 0; h < steps; h++) {
    if (m->diverges_after && h >= m->diverges_after) return false;
    for (int c = 0; c < l->n; c++) to[h * l->n + c] = pow(m->phi, h + 1) * l->z[(size_t)c * l->ld + (size_t)t];
  }
  return true;
}

static void test_forecasts(void) {
  static const double phi[2] = {0.8, 0.8};
  enum { LONG = 60000 };
  double *x = sources(2, phi, LONG);
  world w = begin("latent = \"channels\"; ahead = (1, 5, 25);", 2, LONG);
  evl_out out = {w.value, w.value_why, NULL, NULL};
  const evl_window window = window_of(&w, x);
  const evl_entry entry = {.outputs = outputs};
  CHECK(evl_forecast_outputs(w.params) == 13);
  CHECK(evl_entry_columns(&entry, w.params, w.shape.montage, false) == 13);
  CHECK(evl_latent_find(w.latent, &window) == EVL_FIT_DONE);
  model m = {.phi = 0.8};
  evl_forecast_put(w.forecast, EVL_FIT_DONE, ahead, &m, &window, &out);
  const double h[3] = {1, 5, 25}; /* 256 starts of two coordinates: a standard error of about 9 % */
  for (int i = 0; i < 3; i++) {
    const double best = 1.0 - pow(0.8, 2.0 * h[i]), persistence = 2.0 * (1.0 - pow(0.8, h[i]));
    CHECK(fabs(w.value[3 + i] / best - 1.0) < 0.3);
    CHECK(fabs(w.value[6 + i] / w.value[3 + i] - 1.0) < 0.05); /* the VAR finds the same */
    CHECK(fabs(w.value[9 + i] / persistence - 1.0) < 0.35);
  }
  CHECK(w.value[0] == 0.0 && w.value[12] == 0.0);
  m.diverges_after = 10;
  evl_forecast_put(w.forecast, EVL_FIT_DONE, ahead, &m, &window, &out);
  CHECK(w.value_why[4] == EVL_WHY_VALUE && w.value_why[5] == EVL_WHY_UNCONVERGED && isnan(w.value[5]));
  CHECK(w.value[12] == 1.0);
  evl_forecast_put(w.forecast, EVL_FIT_COLLINEAR, ahead, &m, &window, &out);
  CHECK(w.value[0] == EVL_FIT_COLLINEAR && w.value_why[3] == EVL_WHY_UNCONVERGED && w.value_why[6] == EVL_WHY_VALUE);
  evl_arena_free(w.arena);
  free(x);
}

/* What was found is kept for the window, and shared by equal specifications alone. */
static void test_sharing(void) {
  world w = begin("latent = \"pca\";", C, N);
  evl_latent *again;
  CHECK(evl_latent_plan(w.params, &w.shape, "other", w.products, w.arena, &again) == EVL_OK && again == w.latent);
  evl_arena_free(w.arena);
  w = begin("latent = \"pca\"; dimension = 7;", C, N);
  CHECK(w.status == EVL_USAGE);
  CHECK_TEXT(evl_error_message(), "test.dimension: expected at most the number of channels, 6, found 7");
  evl_error_clear();
  evl_arena_free(w.arena);
  w = begin("latent = \"channels\"; ahead = (1.5);", C, N);
  CHECK(w.status == EVL_USAGE);
  evl_error_clear();
  evl_arena_free(w.arena);
}

static void test_bad_input(void) {
  double *x = calloc((size_t)C * N, sizeof *x);
  world w = begin("latent = \"pca\";", C, N);
  CHECK(find(&w, x) == EVL_FIT_CONSTANT);
  for (int c = 0; c < C; c++)
    for (int t = 0; t < N; t++) x[c * N + t] = (c + 1.0) * sin(0.1 * t); /* one direction */
  CHECK(find(&w, x) == EVL_FIT_RANK);
  evl_arena_free(w.arena);
  w = begin("latent = \"pca\";", C, 12);
  CHECK(find(&w, x) == EVL_FIT_SHORT);
  evl_arena_free(w.arena);
  free(x);
}

int main(void) {
  RUN(test_components);
  RUN(test_regions);
  RUN(test_delays);
  RUN(test_hankel);
  RUN(test_forecasts);
  RUN(test_sharing);
  RUN(test_bad_input);
  CHECK_DONE();
}
