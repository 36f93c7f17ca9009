/* The published rule sets beside reimplementations from their text, and the rules that need several signals. */
#include "quality_help.h"

enum { N = 19, RATE = 200, SECONDS = 60, SAMPLES = RATE * SECONDS, CELLS = 10 * SECONDS };
static const char *const names[N] = {"Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T3", "C3", "Cz",
                                     "C4",  "T4",  "T5", "P3", "Pz", "P4", "T6", "O1", "O2"};
static double data[N][SAMPLES];

/* Every kind of trouble somewhere, at sizes around the constants. */
static void make_trouble(uint64_t seed) {
  double *signal[N];
  evl_random random;
  for (int s = 0; s < N; s++) signal[s] = data[s];
  help_background(signal, N, SAMPLES, RATE, 40, seed);
  evl_random_begin(&random, seed, "trouble", "", 0);
  for (int i = 0; i < 40; i++) {
    double *x = data[evl_random_below(&random, N)];
    int at = (int)evl_random_below(&random, SAMPLES - 2000), n = 10 + (int)evl_random_below(&random, 1500);
    double height = 150 * pow(20, evl_random_uniform(&random));
    switch (evl_random_below(&random, 4)) {
      case 0: for (int t = at; t < at + n; t++) x[t] = x[at] + 0.3 * evl_random_normal(&random) * (double)(i % 2); break;
      case 1: for (int t = at; t < at + n; t++) x[t] += height; break;
      case 2: for (int t = at; t < at + n; t++) x[t] += height * sin(M_PI * (t - at) / n); break;
      default: for (int t = at; t < at + 10 + n / 40; t++) x[t] = x[at]; break;
    }
  }
}

static evl_arena *run_set(const char *config, help_marked *m, evl_source *source) {
  static double *signal[N];
  for (int s = 0; s < N; s++) {
    signal[s] = data[s];
    source[s] = (evl_source){.label = names[s], .fs_hz = RATE, .usable = true};
  }
  *m = (help_marked){.arena = evl_arena_create(), .n_sources = N, .fs_hz = RATE, .signal = signal, .n = SAMPLES};
  CHECK(help_learn(m, config, source, 50, SECONDS) && m->cells == CELLS);
  CHECK(help_mark(m, 0, CELLS) == EVL_OK);
  return m->arena;
}

static int differences(const help_marked *m, uint16_t (*expected)[CELLS], uint16_t causes, int *marked) {
  int wrong = 0;
  *marked = 0;
  for (int s = 0; s < N; s++)
    for (int k = 0; k < CELLS; k++) {
      wrong += (evl_quality_marks(m->quality, s)[k] & causes) != expected[s][k];
      *marked += expected[s][k] != 0;
    }
  return wrong;
}

static uint16_t expected[N][CELLS];

static void spread(uint16_t *marks, int t, double side_s, uint16_t cause) {
  int k = t * 10 / RATE, sides = (int)ceil(side_s * 10);
  for (int j = k - sides < 0 ? 0 : k - sides; j <= k + sides && j < CELLS; j++) marks[j] |= cause;
}

static void neural(void) {
  make_trouble(21);
  help_marked m;
  evl_source source[N];
  evl_arena *arena = run_set("artefacts = \"neural\";", &m, source);
  int marked;
  memset(expected, 0, sizeof expected);
  for (int s = 0; s < N; s++)
    for (int t = 0; t < SAMPLES; t++) {
      int run = 1;
      if (fabs(data[s][t]) > 1500) spread(expected[s], t, 10, EVL_CAUSE_AMPLITUDE);
      if (t > 0 && fabs(data[s][t] - data[s][t - 1]) > 200) spread(expected[s], t, 0.5, EVL_CAUSE_STEP);
      for (int a = t; a > 0 && data[s][a - 1] == data[s][t]; a--) run++;
      for (int b = t; b + 1 < SAMPLES && data[s][b + 1] == data[s][t]; b++) run++;
      if (run >= RATE / 10) spread(expected[s], t, 0, EVL_CAUSE_FLAT);
    }
  CHECK(differences(&m, expected, 0xffff, &marked) == 0);
  CHECK(marked > 500 && marked < N * CELLS / 2);
  evl_arena_free(arena);
}

static const char *const pairs[18] = {"Fp1-F7", "F7-T3", "T3-T5", "T5-O1", "Fp1-F3", "F3-C3", "C3-P3", "P3-O1", "Fz-Cz",
                                      "Cz-Pz", "Fp2-F4", "F4-C4", "C4-P4", "P4-O2", "Fp2-F8", "F8-T4", "T4-T6", "T6-O2"};

static int name_at(const char *name, size_t n) {
  for (int s = 0; s < N; s++)
    if (strlen(names[s]) == n && strncmp(names[s], name, n) == 0) return s;
  return -1;
}

/* sd of x[0..n) without the line of least squares by the normal equations. */
static double plain_sd(const double *x, int n, bool trend) {
  double s1 = 0, st = 0, stt = 0, sx = 0, stx = 0, sum = 0;
  for (int t = 0; t < n; t++) s1++, st += t, stt += (double)t * t, sx += x[t], stx += t * x[t];
  double slope = trend ? (s1 * stx - st * sx) / (s1 * stt - st * st) : 0, start = (sx - slope * st) / s1;
  for (int t = 0; t < n; t++) sum += (x[t] - start - slope * t) * (x[t] - start - slope * t);
  return sqrt(sum / n);
}

static uint16_t window_causes(const double *x) {
  double low = INFINITY, high = -INFINITY, step = 0;
  uint16_t causes = 0;
  for (int t = 0; t < 500; t++) {
    if (x[t] < low) low = x[t];
    if (x[t] > high) high = x[t];
    for (int u = t + 1; u < 500 && u <= t + 10; u++) step = fmax(step, fabs(x[u] - x[t]));
  }
  if (high - low > 1000) causes |= EVL_CAUSE_AMPLITUDE;
  if (step >= 900) causes |= EVL_CAUSE_STEP;
  if (plain_sd(x, 500, false) <= 0.5 || plain_sd(x, 200, true) <= 0.2 || plain_sd(x + 200, 200, true) <= 0.2 ||
      plain_sd(x + 300, 200, true) <= 0.2)
    causes |= EVL_CAUSE_FLAT;
  return causes;
}

static void icare(void) {
  make_trouble(22);
  for (int s = 2; s < 9; s += 6) /* F7, C3 and C3's neighbour flat together: pairs of them are */
    for (int t = 3000; t < 5000; t++) data[s][t] = data[s + 1][t] = 7;
  for (int t = 8000; t < 10000; t++) data[8][t] = data[3][t] = 1.0; /* F3-C3 */
  help_marked m;
  evl_source source[N];
  evl_arena *arena = run_set("artefacts = \"icare\";", &m, source);
  int marked;
  memset(expected, 0, sizeof expected);
  for (int p = 0; p < 18; p++) {
    const char *dash = strchr(pairs[p], '-');
    int a = name_at(pairs[p], (size_t)(dash - pairs[p])), b = name_at(dash + 1, strlen(dash + 1));
    for (int w = 0; w < SECONDS / 5; w++) {
      double x[500];
      for (int t = 0; t < 500; t++) {
        int at = w * 1000 + 2 * t;
        x[t] = (data[a][at] + data[a][at + 1]) / 2 - (data[b][at] + data[b][at + 1]) / 2;
      }
      uint16_t causes = window_causes(x);
      for (int k = 50 * w; k < 50 * w + 50; k++) expected[a][k] |= causes, expected[b][k] |= causes;
    }
  }
  CHECK(differences(&m, expected, 0xffff, &marked) == 0);
  int flat = 0;
  for (int k = 0; k < CELLS; k++) flat += (expected[3][k] & EVL_CAUSE_FLAT) != 0;
  CHECK(marked > 500 && marked < N * CELLS && flat > 0);
  evl_arena_free(arena);
}

static void none(void) {
  make_trouble(23);
  help_marked m;
  evl_source source[N];
  evl_arena *arena = run_set("artefacts = \"none\";", &m, source);
  int marked;
  memset(expected, 0, sizeof expected);
  CHECK(differences(&m, expected, 0xffff, &marked) == 0);
  evl_arena_free(arena);
}

static void quiet_head(uint64_t seed) {
  double *signal[N];
  for (int s = 0; s < N; s++) signal[s] = data[s];
  help_background(signal, N, SAMPLES, RATE, 25, seed);
}

static int64_t count(const help_marked *m, int s, uint16_t cause) {
  int64_t n = 0;
  for (int k = 0; k < CELLS; k++) n += (evl_quality_marks(m->quality, s)[k] & cause) != 0;
  return n;
}

/* 80 uV of line at one electrode for 20 s; of all the time at another: bad. */
static void line_noise(void) {
  quiet_head(31);
  for (int t = 0; t < SAMPLES; t++) {
    if (t >= 20 * RATE && t < 40 * RATE) data[8][t] += 80 * sin(2 * M_PI * 50.0 * t / RATE);
    data[12][t] += 150 * sin(2 * M_PI * 50.0 * t / RATE);
  }
  help_marked m;
  evl_source source[N];
  evl_arena *arena = run_set("", &m, source);
  CHECK(count(&m, 8, EVL_CAUSE_LINE) >= 190 && count(&m, 8, EVL_CAUSE_LINE) <= 206 && count(&m, 8, EVL_CAUSE_MUSCLE) <= 12);
  CHECK(count(&m, 12, EVL_CAUSE_LINE) == CELLS);
  for (int s = 0; s < N; s++) {
    CHECK(evl_quality_bad(m.quality, s) == (s == 12 ? EVL_CAUSE_LINE : 0));
    CHECK(s == 8 || s == 12 || count(&m, s, EVL_CAUSE_LINE) == 0);
  }
  evl_arena_free(arena);
}

/* White noise of 60 uV rms for 2 s at T7: muscle; a large slow signal of its own at P4 all the time: odd. */
static void muscle_and_odd_signals(void) {
  quiet_head(32);
  evl_random random;
  evl_random_begin(&random, 5, "muscle", "", 0);
  double slow = 0;
  for (int t = 30 * RATE; t < 32 * RATE; t++) data[7][t] += 60 * evl_random_normal(&random);
  for (int t = 0; t < SAMPLES; t++) {
    slow = 0.97 * slow + 25 * evl_random_normal(&random);
    data[15][t] = slow;
  }
  help_marked m;
  evl_source source[N];
  evl_arena *arena = run_set("", &m, source);
  CHECK(count(&m, 7, EVL_CAUSE_MUSCLE) >= 19 && count(&m, 7, EVL_CAUSE_MUSCLE) <= 24);
  for (int k = 301; k < 319; k++) CHECK(evl_quality_marks(m.quality, 7)[k] & EVL_CAUSE_MUSCLE);
  CHECK(evl_quality_bad(m.quality, 15) == EVL_CAUSE_CORRELATION);
  CHECK(count(&m, 15, EVL_CAUSE_CORRELATION) > 0);
  for (int s = 0; s < N; s++) {
    CHECK(s == 15 || evl_quality_bad(m.quality, s) == 0);
    CHECK(s == 7 || s == 15 || count(&m, s, 0xffff) == 0);
  }
  evl_arena_free(arena);
}

/* Blinks of 150 uV, 0.3 s, every 5 s: marked at Fp1 and Fp2, not at O1; without the front's electrodes none is. */
static void blinks(void) {
  for (int back = 0; back < 2; back++) {
    quiet_head(33);
    int found = 0;
    help_marked m;
    evl_source source[N];
    for (int s = 0; s < N; s++) {
      double xyz[3], fp[3], far = -1;
      CHECK(evl_electrode_position(names[s][0] == 'T' ? (s == 7 ? "T7" : s == 11 ? "T8" : s == 12 ? "P7" : "P8") : names[s], xyz));
      for (int e = 1; e <= 2; e++) {
        evl_electrode_position(e == 1 ? "Fp1" : "Fp2", fp);
        far = fmax(far, xyz[0] * fp[0] + xyz[1] * fp[1] + xyz[2] * fp[2]);
      }
      double height = 150 * exp(-acos(fmin(1, far)) / 0.6);
      for (int i = 0; i < 11; i++)
        for (int t = 0; t < 60; t++) data[s][(3 + 5 * i) * RATE + t] += height * pow(sin(M_PI * t / 60), 2);
    }
    if (back)
      for (int s = 0; s < 2; s++)
        for (int t = 0; t < SAMPLES; t++) data[s][t] = 0;
    evl_arena *arena = run_set("", &m, source);
    for (int i = 0; i < 11; i++) {
      int k = 10 * (3 + 5 * i) + 1;
      found += evl_quality_marks(m.quality, 0)[k] & evl_quality_marks(m.quality, 1)[k] & EVL_CAUSE_BLINK ? 1 : 0;
    }
    CHECK(found == (back ? 0 : 11));
    CHECK(count(&m, 0, EVL_CAUSE_BLINK) <= 11 * 8 && count(&m, 17, EVL_CAUSE_BLINK) == 0);
    for (int s = 2; s < N && back; s++) CHECK(count(&m, s, EVL_CAUSE_BLINK) == 0);
    evl_arena_free(arena);
  }
}

int main(void) {
  RUN(neural);
  RUN(icare);
  RUN(none);
  RUN(line_noise);
  RUN(muscle_and_odd_signals);
  RUN(blinks);
  CHECK_DONE();
}
