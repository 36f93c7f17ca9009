/* Entries of stimuli and of the heart, on signals of known values. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "eveil/math.h"

enum { FS = 250, MOST = 300 * FS, MOMENTS = 400 };
static double x[MOST];
static evl_moment moment[MOMENTS];

static bound bind(const char *entry, const char *config, int n_channels, int n_samples) {
  bound b;
  const evl_status status = bound_begin(&b, evl_feature_find(entry), config, n_channels, n_samples, FS);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return b;
}

static void run_with(bound *b, const double *from, int n_moments, const evl_moment *moments) {
  evl_window window = bound_window(b, from, MOST);
  window.n_moments = n_moments;
  window.moment = moments;
  bound_clear(b);
  evl_products_begin(b->products, &window);
  b->entry->run(b->kernel, &window, &b->out);
}

static void finish(bound *b) { b->entry->finish(b->kernel, &(evl_stage){.state = b->out.state, .channel_why = b->channel_why, .key = 1}, &b->recording_out); }

static void white(uint64_t index, double sd) {
  evl_random random;
  evl_random_begin(&random, 5, "test", "events", index);
  for (int t = 0; t < MOST; t++) x[t] = sd * evl_random_normal(&random);
}

/* Every 2 s from 1 s on; kinds in turn. */
static int moments_of(int seconds) {
  int n = 0;
  for (int s = 1; s + 2 <= seconds; s += 2, n++) moment[n] = (evl_moment){s, 0.0, n % 2};
  return n;
}

/* A half sine of 0.4 s behind every moment of a kind. */
static void add_template(int n, int kind, double height_uv) {
  for (int i = 0; i < n; i++)
    for (int t = 0; moment[i].kind == kind && t <= FS * 2 / 5; t++)
      x[(int)(moment[i].onset_s * FS) + t] += height_uv * sin(M_PI * t / (FS * 0.4));
}

#define PARTS "windows: { top = (0.16, 0.24); late = (0.6, 1.0); }; to_s = 1.0;"

/* ---- evoked, contrast ---- */

static void evoked_template(void) {
  enum { SECONDS = 300 };
  const int n = moments_of(SECONDS);
  for (int t = 0; t < MOST; t++) x[t] = 12.5;
  add_template(n, 0, 8.0);
  bound b = bind("evoked", PARTS "kinds = [\"standard\"];", 1, SECONDS * FS);
  run_with(&b, x, n, moment);
  double mean = 0.0;
  for (int t = FS * 4 / 25; t <= FS * 6 / 25; t++) mean += 8.0 * sin(M_PI * t / (FS * 0.4)) / (FS * 2 / 25 + 1);
  CHECK_NEAR(bound_value(&b, "amplitude", 0, 0), mean, 1e-12);
  CHECK_NEAR(bound_value(&b, "peak", 0, 0), 8.0, 1e-12);
  CHECK_NEAR(bound_value(&b, "latency", 0, 0), 0.2, 1e-12);
  CHECK_NEAR(bound_value(&b, "amplitude", 1, 0), 0.0, 1e-12);
  CHECK(bound_value(&b, "trials", 0, 0) == 75.0);
  bound_free(&b);
}

/* In noise of sd s the mean over m samples of n trials has sd s sqrt(1/m + 1/b) / sqrt(n), b samples of baseline; the
   trimmed mean of normal values is 3 % worse. */
static void evoked_in_noise(void) {
  enum { SECONDS = 300 };
  const int n = moments_of(SECONDS);
  white(1, 20.0);
  bound b = bind("evoked", PARTS, 1, SECONDS * FS);
  const double error = 1.03 * 20.0 * sqrt(1.0 / 101 + 1.0 / 51) / sqrt(n);
  run_with(&b, x, n, moment);
  CHECK(fabs(bound_value(&b, "amplitude", 1, 0)) < 3.5 * error);
  finish(&b);
  CHECK(fabs(b.recording_out.value[bound_index(&b, "recording_t", 1)]) < 3.5);
  CHECK(b.recording_out.value[bound_index(&b, "recording_trials", 0)] == n);
  for (int kind = 0; kind < 2; kind++) add_template(n, kind, 8.0);
  run_with(&b, x, n, moment);
  CHECK_NEAR(bound_value(&b, "amplitude", 0, 0), 8.0 * 0.967, (3.5 * 1.03 * 20.0 * sqrt(1.0 / 21 + 1.0 / 51) / sqrt(n)) / 7.7);
  bound_free(&b);
}

/* Trials out of the window, or of other kinds, are none: no value instead of 0. */
static void evoked_without_trials(void) {
  white(2, 20.0);
  bound b = bind("evoked", PARTS "kinds = [\"deviant\"];", 1, 10 * FS);
  const evl_moment edge[] = {{0.1, 0.0, 1}, {5.0, 0.0, 0}, {9.5, 0.0, 1}};
  run_with(&b, x, 3, edge);
  CHECK(bound_value(&b, "trials", 0, 0) == 0.0);
  CHECK(bound_why(&b, "amplitude", 0, 0) == EVL_WHY_UNDEFINED);
  bound_free(&b);
  CHECK(bound_begin(&b, evl_feature_find("evoked"), "kinds = [\"standart\"];", 1, 10 * FS, FS) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "did you mean \"standard\"?") != NULL);
  bound_free(&b);
}

static void contrast(void) {
  enum { SECONDS = 300 };
  const int n = moments_of(SECONDS);
  white(3, 20.0);
  bound b = bind("event_contrast", PARTS, 1, SECONDS * FS);
  run_with(&b, x, n, moment);
  CHECK(bound_value(&b, "trials_a", 0, 0) == 74.0 && bound_value(&b, "trials_b", 0, 0) == 75.0);
  for (int w = 0; w < 2; w++) CHECK(fabs(bound_value(&b, "t", w, 0)) < 3.5);
  add_template(n, 1, 8.0);
  run_with(&b, x, n, moment);
  const double error = 1.03 * 20.0 * sqrt((1.0 / 21 + 1.0 / 51) * (1.0 / 74 + 1.0 / 75));
  CHECK(fabs(bound_value(&b, "difference", 0, 0) - 7.74) < 3.5 * error);
  CHECK(fabs(bound_value(&b, "t", 0, 0) - 7.74 / error * 1.03) < 4.5);
  CHECK(fabs(bound_value(&b, "t", 1, 0)) < 3.5);
  bound_free(&b);
}

/* By hand: trials of means 3 against 1, 2 and 0: s^2 = (0 + 2) / 2, t = 2 / sqrt(1 + 1/3). */
static void contrast_by_hand(void) {
  static const double level[] = {3.0, 1.0, 2.0, 0.0};
  evl_moment four[4];
  memset(x, 0, sizeof x);
  for (int i = 0; i < 4; i++) {
    four[i] = (evl_moment){1.0 + 2 * i, 0.0, i == 0};
    for (int t = 0; t <= FS; t++) x[(int)(four[i].onset_s * FS) + t] = level[i];
  }
  bound b = bind("event_contrast", "windows: { part = (0.1, 0.9); }; to_s = 1.0; baseline_s = [];", 1, 10 * FS);
  run_with(&b, x, 4, four);
  CHECK_NEAR(bound_value(&b, "difference", 0, 0), 2.0, 1e-14);
  CHECK_NEAR(bound_value(&b, "t", 0, 0), 2.0 / sqrt(4.0 / 3.0), 1e-13);
  bound_free(&b);
}

static void cnv_of_ramps(void) {
  const int n = moments_of(60);
  for (int t = 0; t < MOST; t++) x[t] = 40.0 - 3.25 * t / FS;
  bound b = bind("cnv", "", 1, 60 * FS);
  run_with(&b, x, n, moment);
  finish(&b);
  CHECK_NEAR(bound_value(&b, "slope", 0, 0), -3.25, 1e-11);
  CHECK_NEAR(bound_value(&b, "mean_slope", 0, 0), -3.25, 1e-11);
  CHECK_NEAR(b.recording_out.value[0], -3.25, 1e-11);
  CHECK(bound_value(&b, "trials", 0, 0) == n);
  bound_free(&b);
}

/* ---- reactivity ---- */

/* Twice the amplitude after the stimulus: 6.02 dB and (4 - 1) / (4 + 1). */
static void reactivity_known(void) {
  const evl_moment one = {60.0, 0.0, 0};
  for (int t = 0; t < 120 * FS; t++) {
    x[t] = 0.0;
    for (int h = 1; h < 32; h++) x[t] += (t < 60 * FS ? 1.0 : 2.0) * cos(2.0 * M_PI * h * t / FS + h * h);
  }
  bound b = bind("reactivity", "", 1, 120 * FS);
  run_with(&b, x, 1, &one);
  for (int band = 0; band < 4; band++) {
    CHECK_NEAR(bound_value(&b, "change", band, 0), 20.0 * log10(2.0), 1e-9);
    CHECK_NEAR(bound_value(&b, "symmetry", band, 0), 0.6, 1e-9);
  }
  white(4, 10.0);
  run_with(&b, x, 1, &one);
  CHECK(fabs(bound_value(&b, "mean_change", 3, 0)) < 0.5 && bound_value(&b, "mean_symmetry", 3, 0) < 0.2);
  bound_free(&b);
}

/* ---- heart ---- */

/* R waves with T waves at known times: interval i = mean + a sin(2 pi hz time) + b (-1)^i. Returns their number. */
static int simulate_heart(double *ecg, int seconds, double mean_s, double a_s, double hz, double b_s, double *at_s) {
  int n = 0;
  memset(ecg, 0, (size_t)MOST * sizeof *ecg);
  for (double at = 0.7; at < seconds - 0.7;) {
    at_s[n++] = at;
    for (int t = (int)((at - 0.2) * FS); t < (int)((at + 0.5) * FS) && t < MOST; t++) {
      if (t < 0) continue;
      const double r = (t / (double)FS - at) / 0.012, wave = (t / (double)FS - at - 0.28) / 0.06;
      ecg[t] += 900.0 * exp(-0.5 * r * r) + 200.0 * exp(-0.5 * wave * wave);
    }
    at += mean_s + a_s * sin(2.0 * M_PI * hz * at) + (n % 2 ? b_s : -b_s);
  }
  return n;
}

#define HEART "channel = \"F3\";"
static double at_s[1000];

/* Alternating intervals 0.83 and 0.77: all differences 60 ms. */
static void heart_in_time(void) {
  const int beats = simulate_heart(x, 60, 0.8, 0.0, 0.0, 0.03, at_s);
  bound b = bind("heart", HEART, 1, 60 * FS);
  run_with(&b, x, 0, NULL);
  CHECK(bound_value(&b, "beats", 0, 0) == beats && bound_value(&b, "accepted", 0, 0) == 1.0);
  CHECK_NEAR(bound_value(&b, "rate", 0, 0), 60.0 * (beats - 1) / (at_s[beats - 1] - at_s[0]), 1e-4);
  CHECK_NEAR(bound_value(&b, "rmssd", 0, 0), 60.0, 0.01);
  CHECK_NEAR(bound_value(&b, "sdnn", 0, 0), 30.0, 0.03);
  CHECK(bound_value(&b, "pnn50", 0, 0) == 1.0);
  for (int t = 0; t < MOST; t++) x[t] = -x[t];
  const double before = bound_value(&b, "rmssd", 0, 0);
  run_with(&b, x, 0, NULL);
  CHECK_NEAR(bound_value(&b, "rmssd", 0, 0), before, 1e-9);
  bound_free(&b);
}

/* A missed beat makes one interval that does not count; an extra one goes. */
static void heart_mistakes(void) {
  const int beats = simulate_heart(x, 60, 0.8, 0.0, 0.0, 0.0, at_s);
  for (int t = (int)((at_s[20] - 0.2) * FS); t < (int)((at_s[20] + 0.5) * FS); t++) x[t] = 0.0;
  for (int t = 0; t < MOST; t++) {
    const double r = (t / (double)FS - at_s[40] - 0.4) / 0.012;
    x[t] += 900.0 * exp(-0.5 * r * r);
  }
  bound b = bind("heart", HEART, 1, 60 * FS);
  run_with(&b, x, 0, NULL);
  CHECK(bound_value(&b, "beats", 0, 0) == beats - 1);
  CHECK_NEAR(bound_value(&b, "accepted", 0, 0), (beats - 3.0) / (beats - 2.0), 1e-12);
  CHECK_NEAR(bound_value(&b, "rate", 0, 0), 75.0, 1e-4);
  CHECK_NEAR(bound_value(&b, "rmssd", 0, 0), 0.0, 0.5);
  bound_free(&b);
}

/* A modulation of 30 ms at a frequency: 30^2 / 2 ms^2 in its band, next to nothing in the other. */
static void heart_by_frequency(void) {
  static const double hz[2] = {0.095, 0.26};
  bound b = bind("heart_spectrum", HEART, 1, 300 * FS);
  for (int band = 0; band < 2; band++) {
    simulate_heart(x, 300, 0.8, 0.03, hz[band], 0.0, at_s);
    run_with(&b, x, 0, NULL);
    CHECK_NEAR(bound_value(&b, "power", band, 0), 450.0, 0.05);
    CHECK(bound_value(&b, "power", 1 - band, 0) < 0.05 * 450.0);
    CHECK(band ? bound_value(&b, "ratio", 0, 0) < 0.05 : bound_value(&b, "ratio", 0, 0) > 20.0);
  }
  bound_free(&b);
}

/* No channel of the heart: no values by default, a mistake where the configuration names one. */
static void no_heart(void) {
  bound b = bind("heart", "", 4, 60 * FS);
  static double four[4][MOST];
  for (int c = 0; c < 4; c++) simulate_heart(four[c], 60, 0.8, 0.0, 0.0, 0.0, at_s);
  run_with(&b, four[0], 0, NULL);
  for (int i = 0; i < b.n_values; i++) CHECK(b.out.why[i] == EVL_WHY_UNDEFINED);
  bound_free(&b);
  CHECK(bound_begin(&b, evl_feature_find("heart"), "channel = \"ECG*\";", 4, 60 * FS, FS) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "heart.channel: expected a pattern") != NULL);
  bound_free(&b);
}

/* Alpha whose amplitude follows the heart by one segment: to_brain, not to_heart; and a wave behind each beat. */
static void brain_and_heart(void) {
  static double two[2][MOST];
  evl_random random;
  evl_random_begin(&random, 6, "test", "brain_heart", 0);
  double drift = 0.0, rate[152] = {0};
  int n = 0;
  memset(two, 0, sizeof two);
  for (double at = 0.7; at < 299.0;) {
    const int segment = (int)(at / 2.0);
    if (rate[segment + 1] == 0.0) {
      drift = 0.5 * drift + 0.06 * evl_random_normal(&random);
      rate[segment + 1] = drift;
    }
    at_s[n++] = at;
    for (int t = (int)((at - 0.1) * FS); t < (int)((at + 0.6) * FS) && t < MOST; t++) {
      const double r = (t / (double)FS - at) / 0.012, s = t / (double)FS - at;
      two[0][t] += 900.0 * exp(-0.5 * r * r);
      if (s >= 0.2) two[1][t] += 5.0;
    }
    at += 0.8 * exp(-drift);
  }
  for (int t = 0; t < MOST; t++)
    two[1][t] += 10.0 * exp(3.0 * rate[t / (2 * FS)]) * sin(2.0 * M_PI * 10.0 * t / FS) + evl_random_normal(&random);
  bound b = bind("brain_heart", HEART, 2, 300 * FS);
  run_with(&b, two[0], 0, NULL);
  CHECK_NEAR(bound_value(&b, "evoked", 0, 1), 5.0, 0.2);
  CHECK(bound_value(&b, "to_brain", 2, 1) > 0.7);
  CHECK(fabs(bound_value(&b, "to_heart", 2, 1)) < 0.3); /* sd 0.08 */
  bound_free(&b);
}

int main(void) {
  RUN(evoked_template);
  RUN(evoked_in_noise);
  RUN(evoked_without_trials);
  RUN(contrast);
  RUN(contrast_by_hand);
  RUN(cnv_of_ramps);
  RUN(reactivity_known);
  RUN(heart_in_time);
  RUN(heart_mistakes);
  RUN(heart_by_frequency);
  RUN(no_heart);
  RUN(brain_and_heart);
  CHECK_DONE();
}
