/* The damped oscillator below a Hopf bifurcation: planted rhythms come back within their posterior, what is none is
   said to be none. */
#include "../../src/dynamics/spectral_fit_priv.h"
#include "bound_entry.h"

enum { C = 3, N = 15000, WINDOWS = 4 };
static const double FS_HZ = 250.0;

/* Re z of dz = (a + i w) z dt + sigma dW, sampled exactly, and white noise of that density, uV^2/Hz. */
static void simulate(double a, double hz, double sigma, double floor, uint64_t index, int n, double *x) {
  evl_random r;
  evl_random_begin(&r, 5, "test", "stuart_landau", index);
  const double decay = exp(a / FS_HZ), turn = 2.0 * M_PI * hz / FS_HZ, c = decay * cos(turn), s = decay * sin(turn);
  const double kick = sigma * sqrt((1.0 - decay * decay) / (-2.0 * a)), white = sqrt(floor * FS_HZ / 2.0);
  double re = 0.0, im = 0.0;
  for (int t = -1000; t < n; t++) {
    const double next = c * re - s * im + kick * evl_random_normal(&r);
    im = s * re + c * im + kick * evl_random_normal(&r);
    re = next;
    if (t >= 0) x[t] = re + white * evl_random_normal(&r);
  }
}

static bound begin(const char *more) {
  bound b;
  char config[256];
  snprintf(config, sizeof config, "draws = 400; effective = 200.0; r_hat_most = 1.02; %s", more);
  const evl_status status = bound_begin(&b, evl_model_find("stuart_landau"), config, C, N, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return b;
}

static int why_of(const bound *b, const char *name, int channel) {
  return b->recording_out.why[bound_index(b, name, 0) + channel];
}

/* Four posterior sd and the bias of a spectrum whose bins are 0.25 Hz wide. */
static void test_planted_rhythm(void) {
  static const double growth[C] = {-8.0, -20.0, -5.0}, hz[C] = {10.0, 8.5, 6.0}, sigma = 60.0;
  static double x[C * N * WINDOWS];
  for (int c = 0; c < C; c++) simulate(growth[c], hz[c], sigma, 1.0, (uint64_t)c, N * WINDOWS, x + c * N * WINDOWS);
  bound b = begin("exponent = (-1.0, 4.0);");
  for (int w = 0; w < WINDOWS; w++) bound_run(&b, x + w * N, N * WINDOWS);
  bound_finish(&b);
  for (int c = 0; c < C; c++) {
    const double truth[4] = {growth[c], hz[c], sigma, sigma / sqrt(-2.0 * growth[c])};
    static const char *const name[4] = {"growth", "frequency", "sigma", "rms"};
    CHECK(bound_recording_value(&b, "fit", c) == EVL_FIT_DONE);
    printf("# channel %d: r_hat %.4f, ess %.0f, kl %.1f, freedom %.0f, misfit %.3f\n", c,
           bound_recording_value(&b, "r_hat", c), bound_recording_value(&b, "ess", c),
           bound_recording_value(&b, "kl", c),
           bound_recording_value(&b, "freedom", c), bound_recording_value(&b, "misfit", c));
    CHECK(bound_recording_value(&b, "r_hat", c) < 1.02 && bound_recording_value(&b, "ess", c) >= 200.0);
    for (int i = 0; i < 4; i++) {
      char of[32];
      const double mean = bound_recording_value(&b, name[i], c);
      snprintf(of, sizeof of, "%s_sd", name[i]);
      const double sd = bound_recording_value(&b, of, c);
      printf("#   %s %.3f, found %.3f +- %.3f\n", name[i], truth[i], mean, sd);
      CHECK(fabs(mean - truth[i]) < 4.0 * sd + 0.03 * fabs(truth[i]));
      snprintf(of, sizeof of, "%s_kl", name[i]);
      CHECK(bound_recording_value(&b, of, c) > 0.5);
      snprintf(of, sizeof of, "%s_q05", name[i]);
      CHECK(bound_recording_value(&b, of, c) < mean);
    }
  }
  const double *fitted = b.tensor_data[1], *measured = b.tensor_data[0];
  const int n = b.tensor[0].dimension[1].size;
  double distance = 0.0;
  for (int k = 0; k < n; k++) distance += fabs(log(fitted[n + k] / measured[k])) / n;
  CHECK(distance < 0.2); /* the sampling error's mean size is 0.08 */
  bound_free(&b);
}

/* Twice the signal: the same law, twice the amplitude. */
static void test_scale(void) {
  static double x[C * N], y[C * N];
  for (int c = 0; c < C; c++) simulate(-10.0, 10.0, 40.0, 1.0, 7 + (uint64_t)c, N, x + c * N);
  for (int i = 0; i < C * N; i++) y[i] = 2.0 * x[i];
  bound a = begin(""), b = begin("");
  bound_run(&a, x, N);
  bound_run(&b, y, N);
  bound_finish(&a);
  bound_finish(&b);
  for (int c = 0; c < C; c++) {
    CHECK(bound_recording_value(&a, "fit", c) == EVL_FIT_DONE);
    CHECK_NEAR(bound_recording_value(&b, "growth", c), bound_recording_value(&a, "growth", c), 1e-9);
    CHECK_NEAR(bound_recording_value(&b, "sigma", c), 2.0 * bound_recording_value(&a, "sigma", c), 1e-9);
    CHECK_NEAR(bound_recording_value(&b, "growth_kl", c), bound_recording_value(&a, "growth_kl", c), 1e-9);
  }
  bound_free(&a);
  bound_free(&b);
}

/* White noise has no rhythm; a flat channel no spectrum; an absent one nothing. */
static void test_no_rhythm(void) {
  static double x[C * N];
  evl_random r;
  evl_random_begin(&r, 5, "test", "no rhythm", 0);
  for (int t = 0; t < N; t++) x[t] = 10.0 * evl_random_normal(&r);
  simulate(-10.0, 10.0, 40.0, 1.0, 0, N, x + 2 * N);
  bound b = begin("");
  b.channel_why[2] = EVL_WHY_ABSENT;
  bound_run(&b, x, N);
  bound_finish(&b);
  CHECK(bound_recording_value(&b, "fit", 0) == EVL_FIT_NO_PEAK);
  CHECK(bound_recording_value(&b, "fit", 1) == EVL_FIT_CONSTANT);
  for (int c = 0; c < 2; c++)
    CHECK(why_of(&b, "growth", c) == EVL_WHY_UNCONVERGED && isnan(bound_recording_value(&b, "growth", c)));
  CHECK(why_of(&b, "fit", 2) == EVL_WHY_UNDEFINED && why_of(&b, "growth", 2) == EVL_WHY_UNDEFINED);
  bound_free(&b);
}

/* Too few evaluations for chains to agree: no number. */
static void test_unmixed(void) {
  static double x[C * N];
  for (int c = 0; c < C; c++) simulate(-10.0, 10.0, 40.0, 1.0, 20 + (uint64_t)c, N, x + c * N);
  bound b = begin("evaluations = 1000; evidence = -1e6;");
  bound_run(&b, x, N);
  bound_finish(&b);
  for (int c = 0; c < C; c++) {
    CHECK(bound_recording_value(&b, "fit", c) == EVL_FIT_UNMIXED);
    CHECK(why_of(&b, "frequency", c) == EVL_WHY_UNCONVERGED);
  }
  bound_free(&b);
}

static void test_refused_parameters(void) {
  bound b;
  CHECK(bound_begin(&b, evl_model_find("stuart_landau"), "frequency_hz = (9.0, 5.0);", C, N, FS_HZ) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "stuart_landau.frequency_hz") != NULL);
  bound_free(&b);
  CHECK(bound_begin(&b, evl_model_find("stuart_landau"), "segment_s = 60.0;", C, 1000, FS_HZ) == EVL_USAGE);
  bound_free(&b);
}

int main(void) {
  RUN(test_planted_rhythm);
  RUN(test_scale);
  RUN(test_no_rhythm);
  RUN(test_unmixed);
  RUN(test_refused_parameters);
  CHECK_DONE();
}
