/* The physics that the generators claim, measured on what they make. */
#include "simulate_help.h"

enum { SECONDS = 400 };

/* In the order of the mechanism's truths. */
typedef struct subject { double share, exponent, alpha_hz, alpha_uv, alpha_width_hz, background_uv; } subject;

static void record(made *m, const char *text, uint64_t seed, double fs_hz, subject truth) {
  make(m, text, (evl_making){.seed = seed, .fs_hz = fs_hz, .duration_s = SECONDS, .line_hz = 60},
       (const double *)&truth);
}

/* Slope of the log density from 1 to 45 Hz: the design within 0.04, 200 segments of 10 nearly
   independent bins and channels add a standard error of about 0.01. */
static void exponent(void) {
  const double chi[] = {0.7, 1.3, 1.9}, rate[] = {250, 500};
  for (int r = 0; r < 2; r++)
    for (int i = 0; i < 3; i++) {
      int n = (int)(SECONDS * rate[r]);
      made m;
      double log_hz[45], log_power[45];
      record(&m, "artefacts = [];", 11, rate[r], (subject){0, chi[i], 10, 0, 1.5, 20});
      for (int hz = 1; hz <= 45; hz++) {
        double power = 0;
        for (int c = 0; c < EVL_HEAD_CHANNELS; c += 6) power += density(make_row(&m, c), n, rate[r], 0.5, hz);
        log_hz[hz - 1] = log(hz);
        log_power[hz - 1] = log(power);
      }
      double found = -evl_slope(log_hz, log_power, 45);
      if (!(fabs(found - chi[i]) < 0.08)) printf("# chi %g at %g Hz: found %g\n", chi[i], rate[r], found);
      CHECK(fabs(found - chi[i]) < 0.08);
      make_free(&m);
    }
}

static void background_rms(void) {
  made m;
  double power = 0;
  record(&m, "artefacts = [];", 12, 250, (subject){0, 1.3, 10, 0, 1.5, 20});
  for (int i = 5; i <= 450; i++) /* trapezoid */
    for (int c = 0; c < EVL_HEAD_CHANNELS; c += 9)
      power += (i == 5 || i == 450 ? 0.05 : 0.1) * density(make_row(&m, c), (int)m.n, 250, 0.1, 0.1 * i) / 3;
  CHECK(fabs(sqrt(power) - 20) < 1.4);
  evl_coloured b;
  evl_coloured_design(1.3, 250, &b);
  CHECK_NEAR(evl_coloured_band(&b, 0.5, 45, 250), 1, 1e-9);
  make_free(&m);
}

/* Channels are correlated by distance, and no two are the same. */
static void neighbours(void) {
  made m;
  double near = 0, far = 0, self = 0, other = 0, end = 0;
  record(&m, "artefacts = [];", 13, 250, (subject){0, 0.7, 10, 0, 1.5, 20});
  for (int64_t t = 0; t < m.n; t++) { /* Fz with F3 and with O1 */
    double fz = make_row(&m, 4)[t], f3 = make_row(&m, 3)[t], o1 = make_row(&m, 17)[t];
    near += fz * f3, far += fz * o1, self += fz * fz, other += f3 * f3, end += o1 * o1;
  }
  CHECK(near / sqrt(self * other) > 0.4 && near / sqrt(self * other) < 0.95);
  CHECK(fabs(far / sqrt(self * end)) < 0.2);
  make_free(&m);
}

/* Alpha alone: its centre of power within 0.15 Hz, its rms within 8 % at the strongest channel (400
   s of 1.5 Hz width: about 1,900 independent half cycles of the envelope, standard error 2 %). */
static void alpha(void) {
  const double centre[] = {7.5, 9.5, 12};
  for (int i = 0; i < 3; i++) {
    made m;
    double sum = 0, moment = 0, strongest = 0;
    record(&m, "artefacts = [];", 14, 250, (subject){0, 1.3, centre[i], 8, 1.5, 1e-3});
    for (double hz = centre[i] - 2; hz < centre[i] + 2.01; hz += 0.25) {
      double power = density(make_row(&m, 17), (int)m.n, 250, 0.25, hz);
      sum += power;
      moment += hz * power;
    }
    CHECK(fabs(moment / sum - centre[i]) < 0.15);
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
      strongest = fmax(strongest, sqrt(evl_variance(make_row(&m, c), (size_t)m.n, 0)));
    CHECK(fabs(strongest - 8) < 0.64);
    make_free(&m);
  }
}

/* The share of the gate over whole cycles is exact but for the ramps' sampling; the signal itself:
   quarter seconds below 2.5 uV. */
static void suppression(void) {
  const double share[] = {0.05, 0.3, 0.7};
  for (int i = 0; i < 3; i++) {
    evl_gate gate;
    double low = 0, told = 0;
    evl_gate_begin(15, "sub-0001", 0, share[i], 0.05, &gate);
    CHECK(gate.cycle_s >= 8 && gate.cycle_s * share[i] >= 1 - 1e-12);
    int steps = (int)(gate.cycle_s * 20 * 1000);
    for (int t = 0; t < steps; t++) low += evl_gate_at(&gate, t * 1e-3) < sqrt(0.05);
    CHECK_NEAR(low / steps, share[i], 5e-4);

    made m;
    record(&m, "artefacts = [];", 16, 250, (subject){share[i], 1.3, 10, 5, 1.5, 20});
    int below = 0, windows = 0;
    for (int64_t t = 0; t + 62 <= m.n; t += 62, windows++)
      below += sqrt(evl_variance(make_row(&m, 9) + t, 62, 0)) < 2.5;
    CHECK(fabs((double)below / windows - share[i]) < 0.06);
    /* The course of the last seconds tells what the samples do. */
    for (int second = SECONDS - 10; second < SECONDS; second++) {
      double course;
      evl_generator_course(m.generator, second, &course);
      told += course >= 0 && course <= 1;
      double rms = sqrt(evl_variance(make_row(&m, 9) + second * 250, 250, 0));
      if (course == 0) CHECK(rms > 5);
      if (course == 1) CHECK(rms < 5);
    }
    CHECK(told == 10);
    make_free(&m);
  }
}

/* Line noise at its frequency, with its amplitude, in every channel. */
static void line_noise(void) {
  made m;
  record(&m, "artefacts = [\"line\"]; line: { line_uv = 4.0; };", 17, 250, (subject){0.3, 1.3, 10, 5, 1.5, 20});
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    double cosine = 0, sine = 0;
    for (int64_t t = 0; t < m.n; t++) {
      cosine += make_row(&m, c)[t] * cos(2 * acos(-1.0) * 60 * (double)t / 250);
      sine += make_row(&m, c)[t] * sin(2 * acos(-1.0) * 60 * (double)t / 250);
    }
    CHECK(fabs(2 * hypot(cosine, sine) / (double)m.n - 4) < 0.1);
  }
  make_free(&m);
}

/* Without anything else: a jump of the told height at the told time. Drift stays within its bound. */
static void pops_and_drift(void) {
  made m;
  record(&m, "artefacts = [\"pop\"]; pops_per_min = 3.0;", 18, 250, (subject){0, 1.3, 10, 0, 1.5, 1e-9});
  for (int i = 0; i < m.n_events; i++) {
    const evl_event *e = &m.event[i];
    int channel = __builtin_ctz(e->channels);
    int64_t t = llround(e->onset_s * 250);
    CHECK_TEXT(e->kind, "pop");
    CHECK(e->channels == 1u << channel && fabs(e->height_uv) >= 150 * exp(-0.04) && fabs(e->height_uv) <= 400);
    if (t < 1 || t >= m.n) continue;
    const double *row = make_row(&m, channel);
    double decay_s = e->duration_s / log(fabs(e->height_uv) / 5); /* told until it is below 5 uV */
    CHECK_NEAR(row[t] - row[t - 1] * exp(-1 / (250 * decay_s)), e->height_uv, 0.05);
  }
  CHECK(m.n_events > 8 && m.n_events < 32); /* 20 expected of 40 slots, sd 3.2 */
  make_free(&m);
  record(&m, "artefacts = [\"sweat\"]; drift_uv = 30.0;", 18, 250, (subject){0, 1.3, 10, 0, 1.5, 1e-9});
  double most = 0, step = 0;
  for (int64_t i = 1; i < m.n; i++) {
    most = fmax(most, fabs(m.x[i]));
    step = fmax(step, fabs(m.x[i] - m.x[i - 1]));
  }
  CHECK(most > 5 && most <= 30 * (1 + 1e-6));
  CHECK(step <= 30 * 2 * acos(-1.0) / 30 / 250 * (1 + 1e-6));
  make_free(&m);
}

/* Same bits, and the same events, however a recording is cut into blocks: every mechanism and every artefact. */
static void cutting_of(const char *mechanism, const char *artefact) {
  made *m = malloc(2 * sizeof *m);
  char text[128];
  snprintf(text, sizeof text, "mechanism = [\"%s\"]; artefacts = [%s%s%s];", mechanism, *artefact ? "\"" : "", artefact,
           *artefact ? "\"" : "");
  for (int i = 0; i < 2; i++) {
    make_plan(&m[i], text, (evl_making){.seed = 19, .fs_hz = 250, .duration_s = 40, .line_hz = 50, .start_h = 24},
              NULL);
    make_run(&m[i], i ? 0 : 1000);
  }
  bool same = memcmp(m[0].x, m[1].x, sizeof(double) * EVL_HEAD_CHANNELS * (size_t)m[0].n) == 0;
  if (!same || m[0].n_events != m[1].n_events) printf("# %s %s differs by blocks\n", mechanism, artefact);
  CHECK(same && m[0].n_events == m[1].n_events);
  for (int i = 0; i < m[0].n_events; i++) {
    const evl_event *a = &m[0].event[i], *b = &m[1].event[i];
    CHECK(a->onset_s == b->onset_s && a->height_uv == b->height_uv && a->channels == b->channels);
  }
  for (int i = 0; i < 2; i++) make_free(&m[i]);
  free(m);
}

static void cutting(void) {
  for (int i = 0; evl_mechanisms[i]; i++) cutting_of(evl_mechanisms[i]->name, "");
  for (int i = 0; evl_artefacts[i]; i++) cutting_of("background", evl_artefacts[i]->name);
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
