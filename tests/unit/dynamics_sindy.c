/* The entry sindy on systems with known equations: terms, coefficients, modes, the recording stage, refusals. */
#include "eveil/dynamics.h"
#include "bound_entry.h"
#include "eveil/math.h"

static const double FS_HZ = 100.0;
enum { N = 6000, WINDOWS = 8 };
#define PLANE "latent = \"channels\"; block_s = 2.0; ahead = (1, 5); resamples = 40; mode = (1); "

static bound bind(const char *config, int n_channels) {
  bound b;
  const evl_status status = bound_begin(&b, evl_model_find("sindy"), config, n_channels, N, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return b;
}

/* z(t + 1) = r R(angle) z(t) + noise, two channels [2][n]. */
static double *rotation(double r, double angle, int n, uint64_t index) {
  double *x = calloc(2 * (size_t)n, sizeof *x), a = 0.0, b = 0.0;
  evl_random random;
  evl_random_begin(&random, 4, "test", "rotation", index);
  for (int t = -500; t < n; t++) {
    const double next = r * (cos(angle) * a - sin(angle) * b) + evl_random_normal(&random);
    b = r * (sin(angle) * a + cos(angle) * b) + evl_random_normal(&random);
    a = next;
    if (t >= 0) x[t] = a, x[n + t] = b;
  }
  return x;
}

/* Tensor cell of a term by its name. */
static double cell(const bound *b, int tensor, const char *term, int equation) {
  const evl_tensor *t = &b->tensor[tensor];
  int i = 0;
  while (strcmp(t->dimension[0].label[i], term)) i++;
  return b->tensor_data[tensor][i * t->dimension[1].size + equation];
}

/* Both coordinates have the same sd, so that standardising leaves the coefficients. */
static void test_noisy_rotation(void) {
  const double r = 0.97, angle = 0.2;
  double *x = rotation(r, angle, N, 0);
  bound b = bind(PLANE "columns = [\"x0:x0\", \"F4:F3\", \"x0:F3 F4\"];", 2);
  bound_run(&b, x, N);
  CHECK(bound_value(&b, "fit", 0, 0) == 0.0);
  CHECK(bound_value(&b, "terms", 0, 0) == 4.0 && bound_value(&b, "nonlinear", 0, 0) == 0.0);
  const double want[2] = {r * cos(angle), r * sin(angle)};
  for (int i = 0; i < 2; i++) {
    const double sd = bound_value(&b, "coef_sd", i, 0);
    CHECK(sd > 0.0005 && sd < 0.01); /* sqrt((1 - r^2) / samples) = 0.0035 */
    CHECK(fabs(bound_value(&b, "coef", i, 0) - want[i]) < 5.0 * sd);
    CHECK(bound_value(&b, "inclusion", i, 0) == 1.0);
  }
  CHECK(bound_value(&b, "coef", 2, 0) == 0.0 && bound_value(&b, "coef_sd", 2, 0) == 0.0);
  CHECK(bound_value(&b, "inclusion", 2, 0) < 0.5);
  CHECK(cell(&b, 0, "F3", 1) == bound_value(&b, "coef", 1, 0));
  CHECK(cell(&b, 2, "F3", 1) < want[1] + 0.02 && cell(&b, 3, "F3", 1) > want[1] - 0.02);
  /* Of the rate -ln r fs = 3.05 1/s over 48 s: sd sqrt(2 3.05 / 48) = 0.36. */
  CHECK(fabs(bound_value(&b, "damping", 0, 0) + log(r) * FS_HZ) < 1.5);
  CHECK(fabs(bound_value(&b, "frequency", 0, 0) - angle * FS_HZ / (2.0 * M_PI)) < 0.2);
  CHECK_NEAR(bound_value(&b, "divergence", 0, 0), -2.0 * bound_value(&b, "damping", 0, 0), 1e-9);
  CHECK(bound_value(&b, "diverged", 0, 0) == 0.0);
  CHECK(bound_value(&b, "error", 0, 0) < 1.05 * bound_value(&b, "error_var", 0, 0));
  CHECK(bound_value(&b, "error", 1, 0) < bound_value(&b, "error_persistence", 1, 0));
  bound_free(&b);
  free(x);
}

/* What looks both ways in time sees the rotation, and no damping, of what noise drives. */
static void test_weak_form_of_noise_sees_no_damping(void) {
  double *x = rotation(0.97, 0.2, N, 1);
  bound b = bind(PLANE "form = \"weak\"; half_s = 0.06;", 2);
  bound_run(&b, x, N);
  CHECK(fabs(bound_value(&b, "damping", 0, 0)) < 0.5);
  CHECK(fabs(bound_value(&b, "frequency", 0, 0) - 0.2 * FS_HZ / (2.0 * M_PI)) < 0.4);
  bound_free(&b);
  free(x);
}

static void van_der_pol(void *system, int stage, const double *x, double *dx) {
  (void)system, (void)stage;
  dx[0] = 8.0 * x[1];
  dx[1] = 8.0 * (1.5 * (1.0 - x[0] * x[0]) * x[1] - x[0]);
}

/* Without noise that drives them, equations in time: those of van der Pol, in units of each coordinate's sd. */
static void test_weak_van_der_pol(void) {
  static double x[2 * N];
  double z[2] = {1.0, 0.0}, work[6];
  evl_random random;
  evl_random_begin(&random, 4, "test", "van_der_pol", 0);
  for (int t = -500; t < N; t++) {
    for (int k = 0; k < 4; k++) evl_ode_rk4(van_der_pol, NULL, 2, 0.25 / FS_HZ, z, work);
    for (int i = 0; i < 2 && t >= 0; i++) x[i * N + t] = z[i] + 0.01 * evl_random_normal(&random);
  }
  const double sx = sqrt(evl_variance(x, 4 * N / 5, 0)), sy = sqrt(evl_variance(x + N, 4 * N / 5, 0));
  bound b = bind(PLANE "form = \"weak\"; degree = 3;", 2);
  bound_run(&b, x, N);
  CHECK(bound_value(&b, "fit", 0, 0) == 0.0);
  CHECK(fabs(cell(&b, 0, "F4", 0) / (8.0 * sy / sx) - 1.0) < 0.01);
  CHECK(fabs(cell(&b, 0, "F3", 1) / (-8.0 * sx / sy) - 1.0) < 0.03);
  CHECK(fabs(cell(&b, 0, "F4", 1) / 12.0 - 1.0) < 0.05);
  CHECK(fabs(cell(&b, 0, "F3^2 F4", 1) / (-12.0 * sx * sx) - 1.0) < 0.05);
  CHECK(cell(&b, 0, "F3", 0) == 0.0 && cell(&b, 0, "F3^3", 1) == 0.0 && cell(&b, 0, "F4^3", 1) == 0.0);
  CHECK(fabs(bound_value(&b, "damping", 0, 0) + 6.0) < 0.6); /* unstable at rest: trace 12, two equal real parts */
  CHECK(bound_value(&b, "noise", 0, 0) > 0.003 && bound_value(&b, "noise", 0, 0) < 0.02);
  CHECK(bound_value(&b, "r2", 0, 0) > 0.99);
  CHECK(bound_value(&b, "error", 1, 0) < 0.1 * bound_value(&b, "error_persistence", 1, 0));
  bound_free(&b);
}

/* x [n_channels][WINDOWS * N] */
static void run_windows(bound *b, const double *x, int n_channels) {
  for (int w = 0; w < WINDOWS; w++) {
    const evl_window window = {.x = x + w * N, .ld = WINDOWS * N, .n_channels = n_channels, .n_samples = N,
                               .fs_hz = FS_HZ, .start_s = w * N / FS_HZ, .channel_why = b->channel_why,
                               .key = (uint64_t)w + 1};
    evl_products_begin(b->products, &window);
    b->entry->run(b->kernel, &window, &b->out);
  }
}

/* One fit of all windows: nearer the truth than that of one; the sums are those of the windows. */
static void test_recording_stage(void) {
  const double r = 0.97, angle = 0.2;
  double *x = rotation(r, angle, WINDOWS * N, 2);
  bound b = bind(PLANE "columns = [\"x0:x0\", \"x1:x0\"]; groups = 8;", 2);
  run_windows(&b, x, 2);
  bound_finish(&b);
  const double *value = b.recording_out.value;
  CHECK(value[bound_index(&b, "recording_fit", 0)] == 0.0);
  CHECK(value[bound_index(&b, "recording_windows", 0)] == WINDOWS && value[bound_index(&b, "recording_terms", 0)] == 4.0);
  const double want[2] = {r * cos(angle), r * sin(angle)};
  for (int i = 0; i < 2; i++) {
    const double sd = value[bound_index(&b, "recording_coef_sd", i)];
    CHECK(sd > 0.0 && sd < 0.004);
    CHECK(fabs(value[bound_index(&b, "recording_coef", i)] - want[i]) < 6.0 * sd);
  }
  const evl_tensor *own = &b.tensor[b.n_tensors - 1];
  CHECK(!strcmp(own->name, "sum_of_terms") && own->size == 36);
  const double rows = value[bound_index(&b, "recording_rows", 0)];
  CHECK(b.tensor_data[b.n_tensors - 1][0] == rows && rows == WINDOWS * (4 * N / 5 - 1));
  bound_free(&b);
  free(x);
}

static void lorenz63(void *system, int stage, const double *x, double *slope) {
  (void)system, (void)stage;
  slope[0] = 10.0 * (x[1] - x[0]);
  slope[1] = x[0] * (28.0 - x[2]) - x[1];
  slope[2] = x[0] * x[1] - 8.0 / 3.0 * x[2];
}

/* In its own units Lorenz's system has seven terms, whatever unit its channels are in, window by window and as a whole. */
static void test_own_units(void) {
  enum { STATES = 3, ALL = WINDOWS * N };
  double *x = calloc(STATES * (size_t)ALL, sizeof *x), z[STATES] = {1.0, 2.0, 25.0}, work[3 * STATES];
  evl_random random;
  evl_random_begin(&random, 6, "test", "lorenz", 0);
  for (int t = -100; t < ALL; t++) {
    for (int k = 0; k < 10; k++) evl_ode_rk4(lorenz63, NULL, STATES, 0.001, z, work);
    for (int j = 0; j < STATES && t >= 0; j++) x[j * ALL + t] = z[j] + 0.08 * evl_random_normal(&random); /* 1 % */
  }
  bound b = bind(PLANE "units = \"own\"; form = \"weak\"; columns = [\"F3:F3\", \"F3:F4\", \"F4:F3\", \"F4:F4\", "
                       "\"F4:F3 P3\", \"P3:P3\", \"P3:F3 F4\"];", STATES);
  const double want[7] = {-10.0, 10.0, 28.0, -1.0, -1.0, -8.0 / 3.0, 1.0};
  run_windows(&b, x, STATES);
  CHECK(bound_value(&b, "terms", 0, 0) == 7.0);
  for (int i = 0; i < 7; i++) CHECK(fabs(bound_value(&b, "coef", i, 0) / want[i] - 1.0) < 0.02);
  CHECK(fabs(bound_value(&b, "divergence", 0, 0) + 10.0 + 1.0 + 8.0 / 3.0) < 0.1); /* the trace */
  CHECK(bound_value(&b, "error", 0, 0) < bound_value(&b, "error_var", 0, 0));
  bound_finish(&b);
  const int first = bound_index(&b, "recording_coef", 0);
  CHECK(b.recording_out.value[bound_index(&b, "recording_terms", 0)] == 7.0);
  for (int i = 0; i < 7; i++) CHECK(fabs(b.recording_out.value[first + i] / want[i] - 1.0) < 0.01);
  bound_free(&b);
  free(x);
}

/* Components differ from window to window: no sums, and said so. */
static void test_no_recording_stage(void) {
  double *x = rotation(0.97, 0.2, N, 3);
  bound b = bind("latent = \"pca\"; dimension = 2;", 2);
  CHECK(b.n_state == 0);
  bound_run(&b, x, N);
  bound_finish(&b);
  CHECK(b.recording_out.value[bound_index(&b, "recording_fit", 0)] == 11.0);
  CHECK(b.recording_out.why[bound_index(&b, "recording_terms", 0)] == EVL_WHY_UNCONVERGED);
  bound_free(&b);
  free(x);
}

static void test_refusals(void) {
  static const char *const bad[][2] = {{PLANE "columns = [\"x0\"];", "EQUATION:TERM"},
                                       {PLANE "columns = [\"x0:x0^5\"];", "the nearest term is"},
                                       {PLANE "columns = [\"Cz:x0\"];", "EQUATION:TERM"},
                                       {"units = \"own\";", "sindy.units: expected \"sd\" with latent = \"hankel\""},
                                       {"mode = (1.5);", "sindy.mode: expected integers"},
                                       {"dimension = 2; ahead = (1.5);", "sindy.ahead: expected integers"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    bound b;
    CHECK(bound_begin(&b, evl_model_find("sindy"), bad[i][0], 2, N, FS_HZ) == EVL_USAGE);
    if (!strstr(evl_error_message(), bad[i][1])) printf("# %s\n", evl_error_message());
    CHECK(strstr(evl_error_message(), bad[i][1]) != NULL);
    bound_free(&b);
  }
  double *x = rotation(0.0, 0.0, N, 4); /* the next sample knows nothing of this one */
  bound b = bind(PLANE, 2);
  bound_run(&b, x, N);
  CHECK(bound_value(&b, "fit", 0, 0) == 9.0 && bound_why(&b, "terms", 0, 0) == EVL_WHY_UNCONVERGED);
  CHECK(bound_why(&b, "error_persistence", 0, 0) == EVL_WHY_VALUE);
  bound_free(&b);
  free(x);
}

int main(void) {
  evl_blas_one_thread();
  RUN(test_noisy_rotation);
  RUN(test_weak_form_of_noise_sees_no_damping);
  RUN(test_weak_van_der_pol);
  RUN(test_recording_stage);
  RUN(test_own_units);
  RUN(test_no_recording_stage);
  RUN(test_refusals);
  CHECK_DONE();
}
