/* The generators' physics against external truth, by the right-hand sides that they run, and long runs against spectra
   that are known exactly.

   Tolerances: equilibria 1e-9 (a bracketed root of the same equation), eigenvalues 1e-6 (differences for the
   Jacobian), spectra 1e-5 (near a resonance they react to the fixed point: the peer's residual is 1e-11), the trajectory
   1e-11 (the same method and step), Hopf points to the two digits known, Lyapunov exponents: the largest 2 %, sums
   1e-3 of their magnitude. Measured spectra: 0.5 dB in every hertz, over 800 s.
   Over 400 lines: one table of verdicts for all generators. */
#include <complex.h>

#include "../src/simulate/model_priv.h"
#include "simulate_help.h"
#include "truth_table.h"

enum { N = EVL_NODES, STATES = 6 };

/* ---- Jansen-Rit ---- */

static evl_jansen_rit column;

/* Of one column: y[6] to slope[6]. */
static void column_slope(const double *y, double *slope) {
  static double all[STATES * N], out[STATES * N];
  for (int i = 0; i < STATES; i++) all[i * N] = y[i];
  evl_jansen_rit_flow(&column, 0, all, out);
  for (int i = 0; i < STATES; i++) slope[i] = out[i * N];
}

/* What y0 asks of y1 and y2 at rest; the slope of y3 that is left is zero at equilibria. */
static double rest(double y0, double *y) {
  double slope[STATES];
  memset(y, 0, STATES * sizeof *y);
  y[0] = y0;
  column_slope(y, slope);
  y[1] = slope[4] / (column.a * column.a);
  y[2] = slope[5] / (column.b * column.b);
  column_slope(y, slope);
  return slope[3];
}

/* All equilibria, y0 ascending; their number. */
static int equilibria(double p, double (*y)[STATES]) {
  enum { GRID = 4000 };
  double top = column.A / column.a * 2 * column.e0, work[STATES];
  int n = 0;
  column.p = p;
  for (int i = 0; i < GRID && n < 3; i++) {
    double low = top * i / GRID, high = top * (i + 1) / GRID, sign = rest(low, work);
    if (sign * rest(high, work) > 0) continue;
    for (int k = 0; k < 200; k++) {
      double middle = 0.5 * (low + high);
      if (sign * rest(middle, work) > 0) low = middle;
      else high = middle;
    }
    rest(0.5 * (low + high), y[n++]);
  }
  return n;
}

/* Fourth-order differences; column-major. */
static void jacobian(const double *y, double *J) {
  const double scale[STATES] = {0.1, 20, 10, 5, 1000, 1000};
  for (int k = 0; k < STATES; k++) {
    double at[STATES], slope[4][STATES], h = 1e-3 * scale[k];
    for (int i = 0; i < 4; i++) {
      memcpy(at, y, sizeof at);
      at[k] += (i < 2 ? i - 2 : i - 1) * h;
      column_slope(at, slope[i]);
    }
    for (int i = 0; i < STATES; i++)
      J[k * STATES + i] = (slope[0][i] - 8 * slope[1][i] + 8 * slope[2][i] - slope[3][i]) / (12 * h);
  }
}

/* (real, imaginary), by falling real part, then falling imaginary part. */
static void eigenvalues(const double *y, double *value) {
  double J[STATES * STATES], re[STATES], im[STATES];
  double *work = malloc(evl_eigenvalues_work(STATES) * sizeof *work);
  jacobian(y, J);
  CHECK(evl_eigenvalues(STATES, J, STATES, re, im, work) == EVL_OK);
  free(work);
  for (int i = 0; i < STATES; i++) {
    int best = 0;
    for (int k = 1; k < STATES; k++)
      if (re[k] > re[best] + 1e-7 || (fabs(re[k] - re[best]) <= 1e-7 && im[k] > im[best])) best = k;
    value[2 * i] = re[best];
    value[2 * i + 1] = im[best];
    re[best] = -INFINITY;
  }
}

static void test_equilibria_and_eigenvalues(void) {
  static const char *const input[] = {"0", "50", "89.83", "100", "120", "150", "220", "315.7", "320", "400"};
  for (size_t j = 0; j < sizeof input / sizeof *input; j++) {
    double y[3][STATES], value[2 * STATES];
    int n = equilibria(atof(input[j]), y);
    CHECK(n == (j < 4 ? 3 : 1));
    for (int i = 0; i < n; i++) {
      char name[64];
      snprintf(name, sizeof name, "equilibrium_p=%s_%d", input[j], i);
      truth_compare("jansen_rit", "nmm", name, 1, 0, y[i], STATES, 1e-9);
      eigenvalues(y[i], value);
      snprintf(name, sizeof name, "eigenvalues_p=%s_%d", input[j], i);
      truth_compare("jansen_rit", "nmm", name, 1, 0, value, 2 * STATES, 1e-6);
    }
  }
}

static double growth(double p) { /* of the highest equilibrium */
  double y[3][STATES], value[2 * STATES];
  eigenvalues(y[equilibria(p, y) - 1], value);
  return value[0];
}

static void test_hopf_points(void) {
  double point[2], low[2] = {86, 312}, high[2] = {94, 319};
  for (int i = 0; i < 2; i++) {
    double sign = growth(low[i]);
    CHECK(sign * growth(high[i]) < 0);
    for (int k = 0; k < 40; k++) {
      double middle = 0.5 * (low[i] + high[i]);
      if (sign * growth(middle) > 0) low[i] = middle;
      else high[i] = middle;
    }
    point[i] = low[i];
  }
  truth_compare("jansen_rit", "nmm", "hopf", 1, 0, point, 2, 0.01 / 315.70);
}

/* |H|^2 from the input to y1 - y2 at an equilibrium, by elimination. */
static double column_power(const double *J, double hz) {
  double complex m[STATES][STATES + 1] = {{0}};
  for (int i = 0; i < STATES; i++) {
    for (int k = 0; k < STATES; k++) m[i][k] = (i == k ? 2 * M_PI * hz * I : 0) - J[k * STATES + i];
    m[i][STATES] = i == 4 ? column.A * column.a : 0;
  }
  for (int k = 0; k < STATES; k++) {
    int pivot = k;
    for (int i = k; i < STATES; i++) pivot = cabs(m[i][k]) > cabs(m[pivot][k]) ? i : pivot;
    for (int j = 0; j <= STATES; j++) {
      double complex keep = m[k][j];
      m[k][j] = m[pivot][j];
      m[pivot][j] = keep;
    }
    for (int i = 0; i < STATES; i++) {
      double complex factor = i == k ? 0 : m[i][k] / m[k][k];
      for (int j = k; j <= STATES; j++) m[i][j] -= factor * m[k][j];
    }
  }
  double size = cabs(m[1][STATES] / m[1][1] - m[2][STATES] / m[2][2]);
  return size * size;
}

static void test_column_spectra(void) {
  static const struct { const char *name; double p; int equilibrium; } is[] = {
      {"spectrum_p=50_eq0", 50, 0}, {"spectrum_p=50_eq1", 50, 2}, {"spectrum_p=400_eq0", 400, 0}};
  double hz[100], power[100], y[3][STATES], J[STATES * STATES];
  int n = truth_values("nmm", "frequencies", hz, 100);
  for (int j = 0; j < 3; j++) {
    CHECK(equilibria(is[j].p, y) > is[j].equilibrium);
    jacobian(y[is[j].equilibrium], J);
    for (int i = 0; i < n; i++) power[i] = column_power(J, hz[i]);
    truth_compare("jansen_rit", "nmm", is[j].name, 1, 0, power, n, 1e-5);
  }
}

static void test_column_trajectory(void) {
  static double y[STATES * N], work[3 * STATES * N], seen[20];
  column.p = 120;
  for (int step = 1; step <= 20000; step++) {
    evl_ode_rk4(evl_jansen_rit_flow, &column, STATES * N, 1e-4, y, work);
    if (step % 1000 == 0) seen[step / 1000 - 1] = y[N] - y[2 * N];
  }
  truth_compare("jansen_rit", "nmm", "trajectory", 1, 0, seen, 20, 1e-11);
}

/* ---- Robinson ---- */

static void test_field_spectrum_and_gains(void) {
  double hz[100], power[100], value[9], xyz[3];
  int n = truth_values("braintrak", "frequencies", hz, 100);
  CHECK(truth_values("braintrak", "params", value, 9) == 9);
  CHECK(truth_values("braintrak", "xyz", xyz, 3) == 3);
  evl_robinson m = {.alpha = value[5], .beta = value[6], .t0_s = value[7]};
  evl_robinson_gains(xyz[0], xyz[1], xyz[2], &m);
  const double gain[9] = {m.Gee, m.Gei, m.Ges * m.Gse, m.Ges * m.Gsr * m.Gre, m.Gsr * m.Grs,
                          m.alpha, m.beta, m.t0_s, 0};
  truth_compare("robinson", "braintrak", "params", 1, 0, gain, 9, 1e-12);
  for (int i = 0; i < n; i++) power[i] = evl_robinson_power(&m, hz[i]);
  truth_compare("robinson", "braintrak", "power", 1, 0, power, n, 1e-11);
}

static evl_robinson field(double X, double Y, double Z, double alpha, double beta, double t0_s) {
  evl_robinson m = {.alpha = alpha, .beta = beta, .t0_s = t0_s};
  evl_robinson_gains(X, Y, Z, &m);
  return m;
}

/* Stable where the peer says so; X + Y = 1 is where the slow mode loses stability (Robinson et al. 2002). */
static void test_field_stability(void) {
  static const char *const name[] = {"awakeEC", "awakeEO", "sleepN3", "nearalpha", "unstable"};
  static const double boundary[][3] = {{0.3, 0.05, 0.08}, {0.5, 0.06, 0.085}, {0.1, 0.1, 0.1}};
  for (int i = 0; i < 5; i++) {
    double v[6], stable;
    char key[64];
    snprintf(key, sizeof key, "case_%s", name[i]);
    CHECK(truth_values("braintrak", key, v, 6) == 6);
    evl_robinson m = field(v[0], v[1], v[2], v[3], v[4], v[5]);
    stable = evl_robinson_damping(&m) > 0;
    snprintf(key, sizeof key, "stable_%s", name[i]);
    truth_compare("robinson", "braintrak", key, 1, 0, &stable, 1, 0);
  }
  for (int i = 0; i < 3; i++) {
    double Y = boundary[i][0], low = 0.9 - Y, high = 1.1 - Y;
    for (int k = 0; k < 40; k++) {
      double X = 0.5 * (low + high);
      evl_robinson m = field(X, Y, boundary[i][1], 83, 769, boundary[i][2]);
      if (evl_robinson_damping(&m) > 0) low = X;
      else high = X;
    }
    printf("# %-20s %-13s X + Y at the boundary, Y = %4.1f ours %-22.16g theirs 1\n", "robinson", "theory", Y, low + Y);
    CHECK_NEAR(low + Y, 1, 1e-6);
  }
}

/* ---- Lyapunov exponents ---- */

typedef struct tangent { evl_flow *flow; void *system; int n; } tangent;

/* x and n tangent vectors; (f(x + v) - f(x - v)) / 2 is exact where f is quadratic. */
static void tangent_flow(void *state, int stage, const double *x, double *slope) {
  const tangent *t = state;
  double ahead[64], behind[64], up[64], down[64];
  t->flow(t->system, stage, x, slope);
  for (int k = 1; k <= t->n; k++) {
    for (int i = 0; i < t->n; i++) {
      ahead[i] = x[i] + x[k * t->n + i];
      behind[i] = x[i] - x[k * t->n + i];
    }
    t->flow(t->system, stage, ahead, up);
    t->flow(t->system, stage, behind, down);
    for (int i = 0; i < t->n; i++) slope[k * t->n + i] = 0.5 * (up[i] - down[i]);
  }
}

/* Benettin et al. 1980: Gram-Schmidt every `often` steps, after a tenth of the steps. */
static void exponents(evl_flow *flow, void *system, int n, double h, int steps, int often, double *value) {
  static double x[64 * 65], work[3 * 64 * 65];
  tangent t = {flow, system, n};
  memset(x, 0, sizeof x);
  for (int i = 0; i < n; i++) x[i] = 1 + 0.01 * i, x[(i + 1) * n + i] = 1, value[i] = 0;
  for (int step = -steps / 10; step < steps; step++) {
    evl_ode_rk4(tangent_flow, &t, n * (n + 1), h, x, work);
    if (step % often) continue;
    for (int k = 1; k <= n; k++) {
      double *v = x + k * n, size = 0;
      for (int j = 1; j < k; j++) {
        double product = 0;
        for (int i = 0; i < n; i++) product += v[i] * x[j * n + i];
        for (int i = 0; i < n; i++) v[i] -= product * x[j * n + i];
      }
      for (int i = 0; i < n; i++) size += v[i] * v[i];
      size = sqrt(size);
      for (int i = 0; i < n; i++) v[i] /= size;
      if (step > 0) value[k - 1] += log(size) / (steps * h);
    }
  }
}

static double sum_of(const double *value, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += value[i];
  return sum;
}

static void test_lyapunov_exponents(void) {
  double value[40], sum;
  evl_lorenz63 lorenz = {10, 28, 8.0 / 3};
  exponents(evl_lorenz63_flow, &lorenz, 3, 0.01, 400000, 10, value);
  sum = sum_of(value, 3);
  truth_compare("lorenz63", "sprott", "lorenz_largest", 1, 0, value, 1, 0.02);
  truth_compare("lorenz63", "sprott", "lorenz_sum", 1, 0, &sum, 1, 1e-3);
  evl_roessler roessler = {0.2, 0.2, 5.7};
  exponents(evl_roessler_flow, &roessler, 3, 0.02, 2500000, 50, value);
  sum = sum_of(value, 3);
  truth_compare("roessler", "sprott", "roessler_largest", 1, 0, value, 1, 0.02);
  truth_compare("roessler", "sprott", "roessler_sum", 1, 0, &sum, 1, 1e-3);
  evl_lorenz96 ring = {19, 8};
  exponents(evl_lorenz96_flow, &ring, 19, 0.02, 20000, 5, value);
  printf("# %-20s %-13s sum of 19 exponents          ours %-22.16g theirs -19 (the trace); largest %.3f\n", "lorenz96",
         "theory", sum_of(value, 19), value[0]);
  CHECK_NEAR(sum_of(value, 19), -19, 1e-3);
  CHECK(value[0] > 1 && value[0] < 2.5);
}

/* ---- long runs ---- */

enum { SEGMENT = 5000, LAST_HZ = 40 };
static made run;

/* Means over channels and over every hertz, in dB, of Hann-windowed segments of 20 s that overlap by half. */
static void measured(const char *text, const double *truth, double seconds, double *db) {
  static double power[SEGMENT];
  size_t stride;
  evl_fft *fft;
  evl_making making = {.seed = 11, .fs_hz = 250, .duration_s = seconds, .line_hz = 50};
  make(&run, text, making, truth);
  CHECK(evl_fft_plan(SEGMENT, run.arena, &fft) == EVL_OK);
  memset(power, 0, sizeof power);
  int segments = 0;
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
    for (int64_t from = 0; from + SEGMENT <= run.n; from += SEGMENT / 2, segments++) {
      double *in = evl_fft_input(fft, &stride);
      for (int t = 0; t < SEGMENT; t++) in[t] = make_row(&run, c)[from + t] * (0.5 - 0.5 * cos(2 * M_PI * t / SEGMENT));
      const double *out = evl_fft_forward(fft, &stride);
      for (int k = 0; k <= SEGMENT / 2; k++) power[k] += out[2 * k] * out[2 * k] + out[2 * k + 1] * out[2 * k + 1];
    }
  for (int hz = 1; hz <= LAST_HZ; hz++) {
    double sum = 0;
    for (int k = 20 * hz - 10; k < 20 * hz + 10; k++) sum += power[k];
    db[hz] = 10 * log10(sum / 20 * 2 / (segments * 0.375 * SEGMENT * 250));
  }
  make_free(&run);
}

typedef double one_sided(double hz);

/* Largest difference in dB from 1 to 40 Hz. Where noise is large the sigmoids bend, and nothing is claimed: printed. */
static double differ(const char *text, const double *truth, double seconds, one_sided *expected, const char *what) {
  double db[LAST_HZ + 1], worst = 0;
  int at = 0;
  measured(text, truth, seconds, db);
  for (int hz = 1; hz <= LAST_HZ; hz++) {
    double sum = 0;
    for (int k = -10; k < 10; k++) sum += expected(hz + k / 20.0);
    double d = db[hz] - 10 * log10(sum / 20);
    if (fabs(d) > fabs(worst)) worst = d, at = hz;
  }
  printf("# %-62s largest difference from the linear spectrum %+.2f dB, at %d Hz\n", what, worst, at);
  return fabs(worst);
}

static double column_J[STATES * STATES], noise, gain_uv;
static double column_density(double hz) { return 2 * gain_uv * gain_uv * noise * noise * column_power(column_J, hz); }

static void test_column_runs(void) {
  double y[3][STATES], truth[4] = {400, 3.25, 22, 10};
  CHECK(equilibria(400, y) == 1);
  jacobian(y[0], column_J);
  gain_uv = 10;
  noise = 0.05;
  const char *quiet = "mechanism = [\"jansen_rit\"]; artefacts = []; jansen_rit: { noise = 0.05; sensor_uv = 0.0; };";
  CHECK(differ(quiet, truth, 800, column_density, "jansen_rit, p = 400, noise 0.05 1/s/sqrt(Hz)") < 0.5);
  noise = 1.8;
  const char *loud = "mechanism = [\"jansen_rit\"]; artefacts = []; jansen_rit: { noise = 1.8; sensor_uv = 0.0; };";
  CHECK(isfinite(differ(loud, truth, 200, column_density, "the same, noise 1.8: the sigmoid bends")));
}

static evl_robinson model;
static double field_density(double hz) {
  const double slope = 10 * (1 - 10.0 / 340) / 3.8; /* of the sigmoid at the default rate */
  double drive = gain_uv * model.Ges * slope * noise;
  return 2 * drive * drive * evl_robinson_power(&model, hz) / EVL_ROBINSON_GRID;
}

static void test_field_runs(void) {
  const double truth[6] = {0.40, 0.50, 0.06, 84, 0, 40};
  model = field(0.40, 0.50, 0.06, 83, 769, 0.084);
  gain_uv = 40;
  noise = 0.02;
  const char *quiet = "mechanism = [\"robinson\"]; artefacts = []; robinson: { noise = 0.02; sensor_uv = 0.0; };";
  CHECK(differ(quiet, truth, 800, field_density, "robinson, X 0.40, Y 0.50, Z 0.06, noise 0.02 mV/sqrt(Hz)") < 0.5);
  noise = 1.5;
  const char *loud = "mechanism = [\"robinson\"]; artefacts = []; robinson: { noise = 1.5; sensor_uv = 0.0; };";
  CHECK(isfinite(differ(loud, truth, 200, field_density, "the same, noise 1.5, the default: far from linear")));
}

static double lorentzian(double hz) {
  double w = 2 * M_PI * hz, at = 2 * M_PI * 10, a = 10;
  return gain_uv * gain_uv * noise * noise *
         (1 / ((w - at) * (w - at) + a * a) + 1 / ((w + at) * (w + at) + a * a));
}

static void test_oscillator_runs(void) {
  const double truth[5] = {10, -10, 0, 8, 20};
  gain_uv = 20;
  noise = 0.1;
  const char *quiet = "mechanism = [\"stuart_landau\"]; artefacts = []; stuart_landau: { noise = 0.1; detuning_hz = 0.0; "
                      "sensor_uv = 0.0; };";
  CHECK(differ(quiet, truth, 800, lorentzian, "stuart_landau, a = -10/s, 10 Hz, noise 0.1: a Lorentzian") < 0.5);
  noise = 2;
  const char *loud = "mechanism = [\"stuart_landau\"]; artefacts = []; stuart_landau: { noise = 2.0; detuning_hz = 0.0; "
                     "sensor_uv = 0.0; };";
  CHECK(isfinite(differ(loud, truth, 200, lorentzian, "the same, noise 2: |z|^2 z damps, too")));
}

int main(int n_arguments, char **argument) {
  (void)n_arguments;
  char path[1200];
  snprintf(path, sizeof path, "%s/dynamics/dynamics_reference.json", truth_folder());
  FILE *file = fopen(path, "r");
  if (!file) {
    printf("skip simulate_truth: no %s\n", path);
    return 0;
  }
  fclose(file);
  truth_make(argument[0], "simulate_values.py", "dynamics/dynamics_reference.json");
  column = evl_jansen_rit_standard;
  RUN(test_equilibria_and_eigenvalues);
  RUN(test_hopf_points);
  RUN(test_column_spectra);
  RUN(test_column_trajectory);
  RUN(test_field_spectrum_and_gains);
  RUN(test_field_stability);
  RUN(test_lyapunov_exponents);
  RUN(test_column_runs);
  RUN(test_field_runs);
  RUN(test_oscillator_runs);
  CHECK_DONE();
}
