/* Linear mechanisms against closed forms: spectra of long runs, planted modes, spindles. */
#include "simulate_help.h"

enum { FS = 250, LENGTH = 10 * FS, SECONDS = 3600, HEAD = EVL_HEAD_CHANNELS };
static const int far[] = {0, 6, 12, 18}; /* four electrodes with little in common */

/* Largest difference in dB of a measured spectrum from `power(hz)`, in bands of 0.5 Hz from 1 to 45 Hz. */
static double worst_db(const double *psd, double (*power)(void *, double), void *context) {
  double worst = 0;
  for (int band = 2; band < 90; band++) {
    double found = 0, expected = 0;
    for (int i = 5 * band; i < 5 * band + 5; i++) {
      found += psd[i];
      expected += power(context, i * (double)FS / LENGTH);
    }
    worst = fmax(worst, fabs(10 * log10(found / expected)));
  }
  return worst;
}

static void spectrum_of(const made *m, double psd[LENGTH / 2 + 1]) {
  memset(psd, 0, sizeof(double) * (LENGTH / 2 + 1));
  for (int k = 0; k < 4; k++) add_spectrum(make_row(m, far[k]), m->n, LENGTH, FS, psd);
}

/* ---- background ---- */

typedef struct cortex { double exponent, background_uv, alpha_hz, alpha_width_hz, alpha_uv; } cortex;

/* |H|^2 of the coloured cascade and of the AR(2) resonator through the maps. */
static double cortex_power(void *context, double hz) {
  const cortex *truth = context;
  double mix[EVL_HEAD_CORTEX][EVL_HEAD_BACKGROUND], background = 0, alpha = 0, pi = acos(-1.0);
  evl_coloured coloured;
  evl_coloured_design(truth->exponent, FS, &coloured);
  evl_head_mix(mix);
  for (int k = 0; k < EVL_HEAD_CORTEX; k++)
    for (int e = 0; e < 4; e++) *(k < EVL_HEAD_BACKGROUND ? &background : &alpha) += mix[k][far[e]] * mix[k][far[e]];
  double r = exp(-pi * truth->alpha_width_hz / FS), a1 = 2 * r * cos(2 * pi * truth->alpha_hz / FS), a2 = r * r;
  double variance = (1 + a2) / ((1 - a2) * ((1 + a2) * (1 + a2) - a1 * a1)), w = 2 * pi * hz / FS;
  double re = 1 - a1 * cos(w) + a2 * cos(2 * w), im = a1 * sin(w) - a2 * sin(2 * w);
  return 2.0 / FS * (background * pow(truth->background_uv, 2) * evl_coloured_power(&coloured, hz, FS) +
                     alpha * pow(truth->alpha_uv, 2) / variance / (re * re + im * im));
}

/* 360 segments, 5 bins, 4 channels: a standard error of about 0.08 dB in each of 88 bands. */
static void background_spectrum(void) {
  static double psd[LENGTH / 2 + 1];
  cortex truth = {1.4, 25, 9.5, 1.2, 12};
  const double truths[] = {
      0, truth.exponent, truth.alpha_hz, truth.alpha_uv, truth.alpha_width_hz, truth.background_uv};
  made *m = malloc(sizeof *m);
  make(m, "artefacts = [];", (evl_making){.seed = 31, .fs_hz = FS, .duration_s = SECONDS, .line_hz = 50}, truths);
  spectrum_of(m, psd);
  double worst = worst_db(psd, cortex_power, &truth);
  printf("# background: largest difference from the analytic spectrum %.2f dB\n", worst);
  CHECK(worst < 0.5);
  make_free(m);
  free(m);
}

/* ---- var ---- */

typedef struct modes { const double *truth; const double *uv; double rest_per_s, rest_uv; } modes;

/* One-sided density of a resonance of unit variance a dimension: z(t+1) = rho exp(i w0) z(t) + noise. */
static double resonance(double per_s, double f0_hz, double hz) {
  double rho = exp(-per_s / FS), w = 2 * acos(-1.0) * (hz - f0_hz) / FS;
  return 2 * (1 - rho * rho) / (1 - 2 * rho * cos(w) + rho * rho) / FS;
}

/* A mode with the map a + ib: Re((a - ib) z), so |a - ib|^2 / 4 (P(f) + P(-f)) with P of a variance of 2; per channel.
 */
static double var_power(void *context, double hz) {
  const modes *m = context;
  bool taken[HEAD] = {false};
  double power = 0;
  for (int k = 0; k < 9; k++) {
    const double *t = m->truth + 4 * k;
    int a = (int)t[2], b = (int)t[3];
    double strongest = 0, square = 0;
    taken[a] = taken[b] = true;
    for (int c = 0; c < HEAD; c++)
      strongest = fmax(strongest, hypot(evl_head_spread(a, c, 0.5), evl_head_spread(b, c, 0.5)));
    for (int e = 0; e < 4; e++)
      square += pow(evl_head_spread(a, far[e], 0.5), 2) + pow(evl_head_spread(b, far[e], 0.5), 2);
    power += square * pow(m->uv[k] / strongest, 2) / 2 * (resonance(t[1], t[0], hz) + resonance(t[1], -t[0], hz));
  }
  for (int s = 0; s < HEAD; s++)
    if (!taken[s])
      for (int e = 0; e < 4; e++)
        power += pow(m->rest_uv * evl_head_spread(s, far[e], 0.5), 2) * resonance(m->rest_per_s, 0, hz);
  return power;
}

static const char var_text[] = "mechanism = [\"var\"]; artefacts = [];";
static const double var_uv[] = {12, 8, 6, 6, 9, 4, 3, 2, 1.5};

static void var_spectrum(void) {
  static double psd[LENGTH / 2 + 1];
  made *m = malloc(sizeof *m);
  make(m, var_text, (evl_making){.seed = 32, .fs_hz = FS, .duration_s = SECONDS, .line_hz = 50}, NULL);
  modes truth = {m->truth, var_uv, 60, 3};
  spectrum_of(m, psd);
  double worst = worst_db(psd, var_power, &truth);
  printf("# var: largest difference from the analytic spectrum %.2f dB\n", worst);
  CHECK(worst < 0.5);
  make_free(m);
  free(m);
}

/* The matrix of the autoregression by least squares: its eigenvalues. */
static void fit(const made *m, double re[HEAD], double im[HEAD]) {
  static double past[HEAD * HEAD], cross[HEAD * HEAD];
  double *work = malloc(sizeof *work * evl_eigenvalues_work(HEAD));
  const double *x = m->x;
  int n = (int)m->n - 1, ld = (int)m->n; /* rows of x are columns of a column-major matrix of time x channel */
  evl_gemm(true, false, HEAD, HEAD, n, 1, x, ld, x, ld, 0, past, HEAD);
  evl_gemm(true, false, HEAD, HEAD, n, 1, x, ld, x + 1, ld, 0, cross, HEAD);
  CHECK(evl_cholesky(HEAD, past, HEAD) == EVL_OK);
  evl_cholesky_solve(HEAD, HEAD, past, HEAD, cross, HEAD); /* A' */
  CHECK(evl_eigenvalues(HEAD, cross, HEAD, re, im, work) == EVL_OK);
  free(work);
}

/* Every planted mode has a fitted one within 4.5 standard errors: sqrt(2 damping / T) in damping, that over 2 pi in
   frequency (the maximum-likelihood variance of an Ornstein-Uhlenbeck process is 2 damping / T). */
static void var_modes(void) {
  double re[HEAD], im[HEAD], pi = acos(-1.0);
  for (int subject = 1; subject <= 3; subject++) {
    char id[16];
    snprintf(id, sizeof id, "sub-%04d", subject);
    made *m = malloc(sizeof *m);
    make(m, var_text, (evl_making){.seed = 33, .id = id, .fs_hz = FS, .duration_s = 900, .line_hz = 50}, NULL);
    fit(m, re, im);
    for (int k = 0; k < 9; k++) {
      double hz = m->truth[4 * k], per_s = m->truth[4 * k + 1], error = sqrt(2 * per_s / 900), best = 1e9, at[2] = {0};
      for (int i = 0; i < HEAD; i++) {
        double f = atan2(im[i], re[i]) / (2 * pi) * FS, d = -log(hypot(re[i], im[i])) * FS;
        double distance = hypot((f - hz) * 2 * pi, d - per_s) / error;
        if (distance < best) best = distance, at[0] = f, at[1] = d;
      }
      if (!(fabs(at[0] - hz) < 4.5 * error / (2 * pi) && fabs(at[1] - per_s) < 4.5 * error))
        printf("# %s mode %d: %.3f Hz %.2f /s planted, %.3f Hz %.2f /s found\n", id, k + 1, hz, per_s, at[0], at[1]);
      CHECK(fabs(at[0] - hz) < 4.5 * error / (2 * pi));
      CHECK(fabs(at[1] - per_s) < 4.5 * error);
    }
    make_free(m);
    free(m);
  }
}

/* ---- spindles ---- */

/* Counted in the courses: as many as the rate says, of the drawn frequency; power at that frequency only inside. */
static void spindles(void) {
  made *m = malloc(sizeof *m);
  const double truths[] = {6, 13, 40, 1.5, 10};
  make_plan(m, "mechanism = [\"spindles\"]; artefacts = [];",
            (evl_making){.seed = 34, .fs_hz = FS, .duration_s = 1800, .line_hz = 50}, truths);
  m->x = evl_arena_alloc(m->arena, sizeof *m->x * HEAD * (size_t)m->n);
  CHECK(evl_generator_plan(&m->spec, m->arena, &m->generator) == EVL_OK);
  double share = 0, inside[2] = {0}, outside[2] = {0}, mean_hz = 0;
  int full = 0, in_s = 0, out_s = 0;
  for (int second = 0; second < 1800; second++) {
    double course[3], *x = m->x + second * FS;
    CHECK(evl_generator_run(m->generator, x, (size_t)m->n, FS, made_hear, m) == EVL_OK);
    evl_generator_course(m->generator, second, course);
    share += course[0] / 1800;
    CHECK(course[0] >= 0 && course[0] <= 1 && course[1] <= 40);
    double power = density(x + 9 * m->n, FS, FS, 1, 13);
    if (course[0] == 1) full++, mean_hz += course[2];
    if (course[1] > 10) inside[0] += power, in_s++;
    if (course[0] == 0) outside[0] += power, out_s++;
  }
  /* 6 a minute of 1 s each: a tenth; 180 of them, standard error of the share 0.003. */
  CHECK(fabs(share - 0.1) < 0.014);
  CHECK(full > 5 && fabs(mean_hz / full - 13) < 0.3);
  CHECK(inside[0] / in_s > 20 * outside[0] / out_s);
  make_free(m);
  free(m);
}

int main(void) {
  RUN(background_spectrum);
  RUN(var_spectrum);
  RUN(var_modes);
  RUN(spindles);
  CHECK_DONE();
}
