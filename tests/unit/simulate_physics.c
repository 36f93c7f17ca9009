/* The physics that the generators claim, measured on what they make. */
#include "check.h"
#include "../../src/simulate/simulate_priv.h"

enum { SECONDS = 400 };

static evl_truth subject(double exponent, double alpha_hz, double alpha_uv, double background_uv, double share) {
  evl_truth t = {.id = "sub-0001", .alpha_width_hz = 1.5};
  t.value[EVL_TRUTH_exponent] = exponent;
  t.value[EVL_TRUTH_alpha_hz] = alpha_hz;
  t.value[EVL_TRUTH_alpha_uv] = alpha_uv;
  t.value[EVL_TRUTH_background_uv] = background_uv;
  t.value[EVL_TRUTH_suppression] = share;
  return t;
}

/* All 19 channels, x[c * n + t]; the caller frees. */
static double *record(const evl_generator_spec *spec, int n) {
  evl_arena *arena = evl_arena_create();
  evl_generator *generator;
  double *x = malloc(sizeof *x * EVL_HEAD_CHANNELS * (size_t)n);
  CHECK(evl_generator_plan(spec, arena, &generator) == EVL_OK);
  for (int t = 0; t < n; t += EVL_GENERATOR_BLOCK)
    evl_generator_run(generator, x + t, (size_t)n, n - t < EVL_GENERATOR_BLOCK ? n - t : EVL_GENERATOR_BLOCK);
  for (int i = 0; i < EVL_HEAD_CHANNELS * n; i++)
    if (!(fabs(x[i]) < evl_generator_limit_uv(generator))) check_failures++;
  evl_arena_free(arena);
  return x;
}

/* One-sided power density at multiples of `step` Hz by Hann-windowed segments of 1/step s, by the definition. */
static double density(const double *x, int n, double fs_hz, double step, double hz) {
  int length = (int)(fs_hz / step + 0.5), segments = 0;
  double sum = 0, weight = 0, pi = acos(-1.0);
  for (int t = 0; t < length; t++) weight += pow(0.5 - 0.5 * cos(2 * pi * t / length), 2);
  for (int from = 0; from + length <= n; from += length, segments++) {
    double c = 0, s = 0, tc = cos(2 * pi * hz / fs_hz), ts = sin(2 * pi * hz / fs_hz), pc = 1, ps = 0;
    double wc = cos(2 * pi / length), ws = sin(2 * pi / length), qc = 1, qs = 0;
    for (int t = 0; t < length; t++) {
      double v = x[from + t] * (0.5 - 0.5 * qc), keep = pc;
      c += v * pc;
      s += v * ps;
      pc = pc * tc - ps * ts;
      ps = ps * tc + keep * ts;
      keep = qc;
      qc = qc * wc - qs * ws;
      qs = qs * wc + keep * ws;
    }
    sum += c * c + s * s;
  }
  return 2 * sum / (segments * weight * fs_hz);
}

/* Slope of the log density from 1 to 45 Hz: the design within 0.04, 200 segments of 10 nearly
   independent bins and channels add a standard error of about 0.01. */
static void exponent(void) {
  const double chi[] = {0.7, 1.3, 1.9}, rate[] = {250, 500};
  for (int r = 0; r < 2; r++)
    for (int i = 0; i < 3; i++) {
      int n = (int)(SECONDS * rate[r]);
      evl_truth truth = subject(chi[i], 10, 0, 20, 0);
      evl_generator_spec spec = {
          .seed = 11, .truth = &truth, .fs_hz = rate[r], .gain = 1, .line_hz = 50, .suppressed_uv = 1};
      double *x = record(&spec, n), log_hz[45], log_power[45];
      for (int hz = 1; hz <= 45; hz++) {
        double power = 0;
        for (int c = 0; c < EVL_HEAD_CHANNELS; c += 6) power += density(x + (size_t)c * (size_t)n, n, rate[r], 0.5, hz);
        log_hz[hz - 1] = log(hz);
        log_power[hz - 1] = log(power);
      }
      double found = -evl_slope(log_hz, log_power, 45);
      if (!(fabs(found - chi[i]) < 0.08)) printf("# chi %g at %g Hz: found %g\n", chi[i], rate[r], found);
      CHECK(fabs(found - chi[i]) < 0.08);
      free(x);
    }
}

static void background_rms(void) {
  int n = SECONDS * 250;
  evl_truth truth = subject(1.3, 10, 0, 20, 0);
  evl_generator_spec spec = {.seed = 12, .truth = &truth, .fs_hz = 250, .gain = 0.5, .line_hz = 50, .suppressed_uv = 1};
  double *x = record(&spec, n), power = 0;
  for (int i = 5; i <= 450; i++) /* trapezoid */
    for (int c = 0; c < EVL_HEAD_CHANNELS; c += 9)
      power += (i == 5 || i == 450 ? 0.05 : 0.1) * density(x + (size_t)c * (size_t)n, n, 250, 0.1, 0.1 * i) / 3;
  CHECK(fabs(sqrt(power) - 10) < 0.7);
  evl_background b;
  evl_background_design(1.3, 250, &b);
  CHECK_NEAR(evl_background_band(&b, 0.5, 45, 250), 1, 1e-9);
  free(x);
}

/* Channels are correlated by distance, and no two are the same. */
static void neighbours(void) {
  int n = SECONDS * 250;
  evl_truth truth = subject(0.7, 10, 0, 20, 0);
  evl_generator_spec spec = {.seed = 13, .truth = &truth, .fs_hz = 250, .gain = 1, .line_hz = 50, .suppressed_uv = 1};
  double *x = record(&spec, n), near = 0, far = 0, self = 0, other = 0, end = 0;
  for (int t = 0; t < n; t++) { /* Fz with F3 and with O1 */
    double fz = x[4 * (size_t)n + (size_t)t], f3 = x[3 * (size_t)n + (size_t)t], o1 = x[17 * (size_t)n + (size_t)t];
    near += fz * f3, far += fz * o1, self += fz * fz, other += f3 * f3, end += o1 * o1;
  }
  CHECK(near / sqrt(self * other) > 0.4 && near / sqrt(self * other) < 0.95);
  CHECK(fabs(far / sqrt(self * end)) < 0.2);
  free(x);
}

/* Alpha alone: its centre of power within 0.15 Hz, its rms within 8 % at the strongest channel (400
   s of 1.5 Hz width: about 1,900 independent half cycles of the envelope, standard error 2 %). */
static void alpha(void) {
  const double centre[] = {7.5, 9.5, 12};
  int n = SECONDS * 250;
  for (int i = 0; i < 3; i++) {
    evl_truth truth = subject(1.3, centre[i], 8, 1e-3, 0);
    evl_generator_spec spec = {.seed = 14, .truth = &truth, .fs_hz = 250, .gain = 1, .line_hz = 50, .suppressed_uv = 1};
    double *x = record(&spec, n), sum = 0, moment = 0, strongest = 0;
    for (double hz = centre[i] - 2; hz < centre[i] + 2.01; hz += 0.25) {
      double power = density(x + 17 * (size_t)n, n, 250, 0.25, hz);
      sum += power;
      moment += hz * power;
    }
    CHECK(fabs(moment / sum - centre[i]) < 0.15);
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
      strongest = fmax(strongest, sqrt(evl_variance(x + (size_t)c * (size_t)n, (size_t)n, 0)));
    CHECK(fabs(strongest - 8) < 0.64);
    free(x);
  }
}

/* The share of the gate over whole cycles is exact but for the ramps' sampling; the signal itself:
   quarter seconds below 2.5 uV. */
static void suppression(void) {
  const double share[] = {0.05, 0.3, 0.7};
  int n = SECONDS * 250;
  for (int i = 0; i < 3; i++) {
    evl_gate gate;
    double low = 0;
    evl_gate_begin(15, "sub-0001", 0, share[i], 0.05, &gate);
    CHECK(gate.cycle_s >= 8 && gate.cycle_s * share[i] >= 1 - 1e-12);
    int steps = (int)(gate.cycle_s * 20 * 1000);
    for (int t = 0; t < steps; t++) low += evl_gate_at(&gate, t * 1e-3) < sqrt(0.05);
    CHECK_NEAR(low / steps, share[i], 5e-4);

    evl_truth truth = subject(1.3, 10, 5, 20, share[i]);
    evl_generator_spec spec = {.seed = 16, .truth = &truth, .fs_hz = 250, .gain = 1, .line_hz = 50, .suppressed_uv = 1};
    double *x = record(&spec, n);
    int below = 0, windows = 0;
    for (int t = 0; t + 62 <= n; t += 62, windows++) below += sqrt(evl_variance(x + 9 * (size_t)n + t, 62, 0)) < 2.5;
    CHECK(fabs((double)below / windows - share[i]) < 0.06);
    free(x);
  }
}

/* Line noise at its frequency, with its amplitude times the gain, in every channel. */
static void line_noise(void) {
  int n = SECONDS * 250;
  evl_truth truth = subject(1.3, 10, 5, 20, 0.3);
  evl_generator_spec spec = {.seed = 17,
                             .truth = &truth,
                             .fs_hz = 250,
                             .gain = 0.8,
                             .line_hz = 60,
                             .line_uv = 5,
                             .drift_uv = 30,
                             .suppressed_uv = 1};
  double *x = record(&spec, n);
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    double cosine = 0, sine = 0;
    for (int t = 0; t < n; t++) {
      cosine += x[(size_t)c * (size_t)n + (size_t)t] * cos(2 * acos(-1.0) * 60 * t / 250);
      sine += x[(size_t)c * (size_t)n + (size_t)t] * sin(2 * acos(-1.0) * 60 * t / 250);
    }
    CHECK(fabs(2 * hypot(cosine, sine) / n - 4) < 0.1);
  }
  free(x);
}

/* Without anything else: a jump of the drawn height at the drawn time, gone after six decays. Drift
   stays within its bound. */
static void pops_and_drift(void) {
  int n = SECONDS * 250, drawn = 0;
  evl_truth truth = subject(1.3, 10, 0, 1e-9, 0);
  evl_generator_spec spec = {
      .seed = 18, .truth = &truth, .fs_hz = 250, .gain = 2, .line_hz = 50, .suppressed_uv = 1, .pops_per_min = 3};
  double *x = record(&spec, n);
  for (int slot = 0; slot < SECONDS / EVL_POPS_SLOT_S; slot++) {
    evl_pop pop;
    if (!evl_pops_draw(18, "sub-0001", 0, 3, slot, &pop)) continue;
    drawn++;
    int t = (int)ceil(pop.onset_s * 250);
    if (t >= n) continue;
    const double *row = x + (size_t)pop.channel * (size_t)n;
    double height = row[t] - (t > 0 ? row[t - 1] : 0) * exp(-1 / (250 * pop.decay_s));
    CHECK(fabs(height) > 2 * 150 * 0.9 && fabs(height) < 2 * 400 * 1.1);
    CHECK_NEAR(2 * pop.height_uv * exp(-(t / 250.0 - pop.onset_s) / pop.decay_s), height, 0.15);
  }
  CHECK(drawn > 8 && drawn < 32); /* 20 expected of 40 slots, sd 3.2 */
  free(x);
  spec.pops_per_min = 0;
  spec.drift_uv = 30;
  x = record(&spec, n);
  double most = 0, step = 0;
  for (int i = 1; i < n; i++) {
    most = fmax(most, fabs(x[i]));
    step = fmax(step, fabs(x[i] - x[i - 1]));
  }
  CHECK(most > 5 && most <= 30 * (1 + 1e-9));
  CHECK(step <= 30 * 2 * acos(-1.0) / 30 / 250);
  free(x);
}

/* Same bits however a recording is cut into blocks. */
static void cutting(void) {
  enum { LENGTH = 5000 };
  static double a[EVL_HEAD_CHANNELS][LENGTH], b[EVL_HEAD_CHANNELS][LENGTH];
  evl_arena *arena = evl_arena_create();
  evl_truth truth = subject(1.3, 10, 5, 20, 0.3);
  evl_generator_spec spec = {.seed = 19,
                             .truth = &truth,
                             .fs_hz = 250,
                             .gain = 0.8,
                             .line_hz = 60,
                             .line_uv = 5,
                             .drift_uv = 30,
                             .suppressed_uv = 1,
                             .pops_per_min = 6};
  evl_generator *g;
  CHECK(evl_generator_plan(&spec, arena, &g) == EVL_OK);
  for (int t = 0; t < LENGTH; t += 1000) evl_generator_run(g, &a[0][t], LENGTH, 1000);
  CHECK(evl_generator_plan(&spec, arena, &g) == EVL_OK);
  for (int t = 0, n = 1; t < LENGTH; t += n, n = 5 * n % 997 + 1)
    evl_generator_run(g, &b[0][t], LENGTH, n < LENGTH - t ? n : LENGTH - t);
  CHECK(memcmp(a, b, sizeof a) == 0);
  evl_arena_free(arena);
}

int main(void) {
  RUN(exponent);
  RUN(background_rms);
  RUN(neighbours);
  RUN(alpha);
  RUN(suppression);
  RUN(line_noise);
  RUN(pops_and_drift);
  RUN(cutting);
  CHECK_DONE();
}
