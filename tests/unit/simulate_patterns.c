/* Coma patterns: what each claims to be, measured on what it makes and on the truth that it tells. */
#include "simulate_help.h"
#include "../../src/simulate/patterns_priv.h"

#define QUIET "artefacts = []; truths = [\"age\"]; coefficients = [1.0]; "

static evl_making making(uint64_t seed, double duration_s) {
  return (evl_making){.seed = seed, .fs_hz = 250, .duration_s = duration_s, .line_hz = 50, .start_h = 24};
}

static const char *const chain[4][5] = {{"Fp1", "F7", "T7", "P7", "O1"},
                                        {"Fp1", "F3", "C3", "P3", "O1"},
                                        {"Fp2", "F4", "C4", "P4", "O2"},
                                        {"Fp2", "F8", "T8", "P8", "O2"}};

static int channel(const char *name) {
  int c = 0;
  while (strcmp(evl_head_name[c], name) != 0) c++;
  return c;
}

/* Largest peak-to-trough of the longitudinal bipolar montage in seconds [from, to). */
static double peak_to_trough(const made *m, double from_s, double to_s) {
  double most = 0;
  for (int i = 0; i < 4; i++)
    for (int k = 0; k < 4; k++) {
      const double *a = make_row(m, channel(chain[i][k])), *b = make_row(m, channel(chain[i][k + 1]));
      double low = INFINITY, high = -INFINITY;
      for (int64_t t = (int64_t)(from_s * 250); t < (int64_t)(to_s * 250); t++) {
        low = fmin(low, a[t] - b[t]);
        high = fmax(high, a[t] - b[t]);
      }
      most = fmax(most, high - low);
    }
  return most;
}

/* A recording of which every second's courses are kept: course[second * n + i]. */
static void make_told(made *m, const char *text, evl_making what, const double *truth, double *course, int n_courses) {
  make_plan(m, text, what, truth);
  CHECK(evl_generator_plan(&m->spec, m->arena, &m->generator) == EVL_OK);
  m->x = evl_arena_alloc(m->arena, sizeof *m->x * EVL_HEAD_CHANNELS * (size_t)m->n);
  int64_t second = 0;
  for (int64_t t = 0; t < m->n;) {
    int n = m->n - t < EVL_GENERATOR_BLOCK ? (int)(m->n - t) : EVL_GENERATOR_BLOCK;
    CHECK(evl_generator_run(m->generator, m->x + t, (size_t)m->n, n, made_hear, m) == EVL_OK);
    t += n;
    for (; (second + 1) * 250 <= t; second++) evl_generator_course(m->generator, second, course + second * n_courses);
  }
  for (int64_t i = 0; i < EVL_HEAD_CHANNELS * m->n; i++)
    if (!(fabs(m->x[i]) < evl_generator_limit_uv(m->generator))) check_failures++;
}

/* Below 2, 5 and 10 uV for 200 s, and no flatter than it need be: 10 s reach a third of the limit. */
static void suppressed_below_its_limit(void) {
  const double limit_uv[] = {2, 5, 10};
  for (int i = 0; i < 3; i++) {
    made m;
    make(&m, QUIET "mechanism = \"suppressed\";", making(1, 200), &limit_uv[i]);
    CHECK(peak_to_trough(&m, 0, 200) < limit_uv[i]);
    CHECK(peak_to_trough(&m, 100, 110) > limit_uv[i] / 3);
    make_free(&m);
  }
}

/* Share and lengths against the law: suppressions of least + Erlang-2 times, so the sd of a mean over k of them is
   (mean - least) / sqrt(2 k); the share varies by its derivative. 3.5 standard errors. */
static void shares_and_durations(void) {
  static const struct { const char *name; double truth[4]; } law[] = {{"burst_suppression", {0.6, 2, 35, 1.4}},
                                                                      {"burst_suppression", {0.9, 1.5, 35, 1.4}},
                                                                      {"discontinuous", {0.3, 6, 20, 1.6}},
                                                                      {"nearly_continuous", {0.05, 20, 20, 1.6}}};
  enum { SECONDS = 20000 };
  for (int i = 0; i < 4; i++) {
    evl_intermittent_spec spec = {0};
    evl_spells spells;
    evl_making what = making(2, SECONDS);
    what.id = "sub-0001";
    evl_intermittent_spells(law[i].truth[0], law[i].truth[1], &spec);
    evl_spells_begin(&what, "spells", spec.least_s, spec.mean_s, &spells);
    double sum[2] = {0}, square[2] = {0}, n[2] = {0};
    for (int64_t k = -1; spells.from_s < SECONDS; evl_spells_at(&spells, spells.to_s)) {
      if (spells.from_s < 0 || spells.count == k) continue;
      double length = spells.to_s - spells.from_s;
      CHECK(length >= spec.least_s[spells.state]);
      sum[spells.state] += length;
      square[spells.state] += length * length;
      n[spells.state]++;
      k = spells.count;
    }
    for (int s = 0; s < 2; s++) {
      double sd = (spec.mean_s[s] - spec.least_s[s]) / sqrt(2), mean = sum[s] / n[s];
      CHECK(fabs(mean - spec.mean_s[s]) < 3.5 * sd / sqrt(n[s]));
      CHECK(fabs(sqrt(square[s] / n[s] - mean * mean) / sd - 1) < 3.5 * 1.3 / sqrt(n[s])); /* kurtosis of Erlang-2: 6 */
    }
    CHECK_NEAR(spec.mean_s[0] / (spec.mean_s[0] + spec.mean_s[1]), law[i].truth[0], 1e-12);
  }
}

/* The courses tell the share that the law asks for, and the samples do what the courses tell. */
static void courses_tell_suppression(void) {
  static const char *const name[] = {"burst_suppression", "discontinuous"};
  const double truth[2][4] = {{0.6, 2, 35, 1.4}, {0.3, 6, 20, 1.6}};
  enum { SECONDS = 1200 };
  static double course[SECONDS];
  for (int i = 0; i < 2; i++) {
    made m;
    char text[200];
    double share = 0, mean0 = truth[i][1] * truth[i][0] / (1 - truth[i][0]);
    snprintf(text, sizeof text, QUIET "mechanism = \"%s\";", name[i]);
    make_told(&m, text, making(3, SECONDS), truth[i], course, 1);
    int whole = 0, quiet = 0, loud = 0;
    for (int s = 0; s < SECONDS; s++) {
      share += course[s] / SECONDS;
      if (course[s] == 1) {
        whole++;
        quiet += peak_to_trough(&m, s, s + 1) < 9;
      }
      if (course[s] == 0) loud += peak_to_trough(&m, s, s + 1) > 20;
    }
    /* Spells of a renewal process: sd of the share about share * sqrt(cycle / seconds). */
    CHECK(fabs(share - truth[i][0]) < 3.5 * truth[i][0] * sqrt((mean0 + truth[i][1]) / SECONDS));
    CHECK(whole > 50 && quiet == whole);
    CHECK(loud > 200);
    make_free(&m);
  }
}

/* Bursts of a recording repeat but for their height; without the option they do not. */
static void identical_bursts(void) {
  const double truth[] = {0.7, 1.5, 35, 1.4};
  for (int identical = 0; identical < 2; identical++) {
    made m;
    evl_spells spells;
    evl_intermittent_spec spec = {0};
    double onset_s[3], correlation = 0;
    int n = 0;
    make(&m, identical ? QUIET "mechanism = \"burst_suppression\"; burst_suppression: { identical = true; };"
                       : QUIET "mechanism = \"burst_suppression\";",
         making(4, 200), truth);
    evl_making what = m.spec.making;
    evl_intermittent_spells(truth[0], truth[1], &spec);
    evl_spells_begin(&what, "spells", spec.least_s, spec.mean_s, &spells);
    for (double t = 0; t < 150 && n < 3; t += 0.01)
      if (evl_spells_at(&spells, t) && spells.from_s > 0 && spells.to_s - spells.from_s > 1 &&
          (n == 0 || onset_s[n - 1] != spells.from_s))
        onset_s[n++] = spells.from_s;
    CHECK(n == 3);
    for (int b = 1; b < 3; b++) { /* 0.6 s of Cz, from the first sample of each */
      const double *p = make_row(&m, 9) + (int64_t)ceil(onset_s[0] * 250);
      const double *q = make_row(&m, 9) + (int64_t)ceil(onset_s[b] * 250);
      double pp = 0, qq = 0, pq = 0;
      for (int t = 0; t < 150; t++) pp += p[t] * p[t], qq += q[t] * q[t], pq += p[t] * q[t];
      correlation += pq / sqrt(pp * qq) / 2;
    }
    CHECK(identical ? correlation > 0.95 : correlation < 0.9);
    make_free(&m);
  }
}

/* Discharges where the truth says: their number, the spread of the intervals, and the sign of the main phase. */
static void discharge_times(void) {
  enum { SECONDS = 600 };
  static double course[SECONDS][5];
  const double truth[] = {1.5, 0.1, 150, 0.6};
  for (int sharp = 0; sharp < 2; sharp++) {
    made m;
    make_told(&m, sharp ? QUIET "mechanism = \"periodic_discharges\"; periodic_discharges: { shape = \"sharp\"; };"
                        : QUIET "mechanism = \"periodic_discharges\";",
              making(5, SECONDS), truth, &course[0][0], 5);
    double last = -1, sum = 0, square = 0;
    int n = 0, seen = 0;
    for (int s = 0; s < SECONDS; s++) {
      CHECK(course[s][0] >= 0 && course[s][0] <= 4);
      for (int k = 0; k < 4; k++) {
        double at_s = s + course[s][1 + k];
        CHECK((k < course[s][0]) == (course[s][1 + k] >= 0));
        if (k >= course[s][0]) continue;
        if (last >= 0) sum += at_s - last, square += (at_s - last) * (at_s - last), n++;
        last = at_s;
        double here = make_row(&m, channel("Fp1"))[(int64_t)(at_s * 250)];
        seen += sharp ? here < -90 : here > 90;
      }
    }
    double mean = sum / n, cv = sqrt(square / n - mean * mean) / mean;
    CHECK(fabs(mean * 1.5 - 1) < 3.5 * 0.1 / sqrt(n));
    CHECK(fabs(cv / 0.1 - 1) < 3.5 / sqrt(2.0 * n) + 0.02); /* normal cut at 2.5 sd: 1 % less */
    CHECK(seen > 0.97 * n);
    make_free(&m);
  }
}

/* Cycles counted by upward crossings of the focus's trace, within seconds of seizure, against the course. */
static void seizures_evolve(void) {
  enum { SECONDS = 1200 };
  static double course[SECONDS][4];
  const double truth[] = {20, 80, 200, 8, 2, 5, 6}; /* focus F8 */
  made m;
  make_told(&m, QUIET "mechanism = \"seizure\";", making(6, SECONDS), truth, &course[0][0], 4);
  double counted = 0, told = 0, share = 0, first = 0, last = 0;
  int seconds = 0, seizures = 0;
  for (int s = 1; s + 1 < SECONDS; s++) {
    share += course[s][0] / SECONDS;
    if (course[s][0] > 0 && course[s - 1][0] == 0) seizures++;
    if (course[s][0] == 1 && course[s - 1][0] == 1 && course[s - 1][3] > course[s][3] + 1e-9) CHECK(!"spread shrinks");
    if (course[s - 1][0] == 0 && course[s][0] > 0) first += course[s + 1][1];
    if (course[s][0] > 0 && course[s + 1][0] == 0) last += course[s - 1][1];
    if (course[s][0] < 1 || course[s][2] < 100) continue;
    const double *x = make_row(&m, 6);
    for (int t = 0; t < 250; t++) /* through half of a spike, and not again within 60 ms */
      if (x[s * 250 + t - 1] > -0.45 * course[s][2] && x[s * 250 + t] <= -0.45 * course[s][2]) {
        counted++;
        t += 15;
      }
    told += course[s][1];
    seconds++;
  }
  CHECK(seizures >= 3 && seconds > 100);
  CHECK(fabs(counted / told - 1) < 0.03);
  CHECK(fabs(first / seizures - 8) < 1.2 && fabs(last / seizures - 2) < 0.4);
  CHECK(fabs(share - 20 * 80 / 3600.0) < 0.3);
  make_free(&m);
}

/* Alpha at its frequency, over the whole head and highest in front, without waxing: its envelope varies little. */
static void alpha_is_monotonous(void) {
  const double truth[] = {9.5, 0.4, 35, 5};
  made m;
  make(&m, QUIET "mechanism = \"alpha_coma\";", making(7, 300), truth);
  double front = 0, back = 0, peak = 0, at = 0;
  for (double hz = 6; hz <= 13; hz += 0.5) {
    double power = density(make_row(&m, channel("F3")), (int)m.n, 250, 0.5, hz);
    if (power > peak) peak = power, at = hz;
  }
  CHECK(fabs(at - 9.5) < 0.6);
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    double rms = sqrt(evl_variance(make_row(&m, c), (size_t)m.n, 0));
    CHECK(rms > 5);
    if (c < 2) front += rms / 2;
    if (c > 16) back += rms / 2;
  }
  CHECK(front > 2 * back && fabs(front / 35 - 1) < 0.25);
  double low = 1e9, high = 0; /* of 2 s */
  for (int64_t t = 0; t + 500 <= m.n; t += 500) {
    double rms = sqrt(evl_variance(make_row(&m, 3) + t, 500, 0));
    low = fmin(low, rms);
    high = fmax(high, rms);
  }
  CHECK(high < 3.5 * low);
  make_free(&m);
}

/* Recordings at 6 h and at 100 h of a subject who recovers, and of one who does not. */
static void recovery_over_hours(void) {
  enum { SECONDS = 1200 };
  static double course[SECONDS][5];
  double suppressed[2][2] = {{0}};
  for (int recovers = 0; recovers < 2; recovers++)
    for (int late = 0; late < 2; late++) {
      const double truth[] = {30, recovers ? 1 : 0.1};
      made m;
      evl_making what = making(8, SECONDS);
      what.start_h = late ? 100 : 6;
      what.recording = (uint64_t)late;
      make_told(&m, QUIET "mechanism = \"recovery\";", what, truth, &course[0][0], 5);
      for (int s = 0; s < SECONDS; s++) {
        suppressed[recovers][late] += course[s][1] / SECONDS;
        CHECK_NEAR(course[s][0], truth[1] / (1 + exp(-(what.start_h + (s + 0.5) / 3600 - 30) / 8)), 1e-12);
      }
      CHECK_NEAR(course[SECONDS - 1][2], 0.9 - 0.89 * course[SECONDS - 1][0], 1e-9);
      make_free(&m);
    }
  CHECK(suppressed[1][0] > 0.7 && suppressed[1][1] < 0.1);
  CHECK(suppressed[0][0] > 0.7 && suppressed[0][1] > 0.6);
}

/* Every mechanism of this kind: the same bits however it is cut, other ones for another subject. */
static void cutting(void) {
  static const char *const name[] = {"burst_suppression", "suppressed", "periodic_discharges", "discontinuous",
                                     "nearly_continuous", "alpha_coma", "seizure", "recovery"};
  for (int i = 0; i < 8; i++) {
    made m[3];
    char text[120];
    snprintf(text, sizeof text, QUIET "mechanism = \"%s\";", name[i]);
    for (int k = 0; k < 3; k++) {
      evl_making what = making(9, 200);
      what.id = k == 2 ? "sub-0002" : "sub-0001";
      make_plan(&m[k], text, what, NULL);
      make_run(&m[k], k == 1 ? 0 : 1000);
    }
    size_t bytes = sizeof(double) * EVL_HEAD_CHANNELS * (size_t)m[0].n;
    if (memcmp(m[0].x, m[1].x, bytes) != 0) printf("# %s: cutting changes the bits\n", name[i]);
    CHECK(memcmp(m[0].x, m[1].x, bytes) == 0);
    CHECK(memcmp(m[0].x, m[2].x, bytes) != 0);
    for (int k = 0; k < 3; k++) make_free(&m[k]);
  }
}

int main(void) {
  RUN(suppressed_below_its_limit);
  RUN(shares_and_durations);
  RUN(courses_tell_suppression);
  RUN(identical_bursts);
  RUN(discharge_times);
  RUN(seizures_evolve);
  RUN(alpha_is_monotonous);
  RUN(recovery_over_hours);
  RUN(cutting);
  CHECK_DONE();
}
