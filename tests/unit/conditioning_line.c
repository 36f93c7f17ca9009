/* Power line: found where it is, not where it is not. */
#include "conditioning_help.h"

enum { SECONDS = 10, MOST = 24, FS = 250 };
static double x[MOST * SECONDS * 1000];

typedef enum { WHITE, EEG, NOTCHED } background;

/* Segments of sd 10. EEG: 1/f-like (two one-pole filters) with an alpha rhythm; NOTCHED: white behind a hardware
   notch at 50 Hz. */
static void make(background kind, int n_segments, double fs_hz, double line_hz, double amplitude, uint64_t seed) {
  int n = (int)(SECONDS * fs_hz);
  evl_random random;
  evl_biquad notch = evl_notch_design(50.0, 10.0, fs_hz);
  evl_random_begin(&random, seed, "line", kind == WHITE ? "white" : "eeg", 0);
  for (int s = 0; s < n_segments; s++) {
    double *segment = x + (size_t)s * (size_t)n, slow = 0.0, fast = 0.0, s1 = 0.0, s2 = 0.0;
    double phase = 2 * M_PI * evl_random_uniform(&random);
    for (int t = 0; t < n; t++) {
      double noise = evl_random_normal(&random);
      slow = 0.98 * slow + noise;
      fast = 0.6 * fast + noise;
      segment[t] = kind == EEG ? slow + fast + 4.0 * sin(2 * M_PI * 10.1 * t / fs_hz + phase) : noise;
      if (kind == NOTCHED) {
        double y = notch.b0 * noise + s1;
        s1 = notch.b1 * noise - notch.a1 * y + s2;
        s2 = notch.b2 * noise - notch.a2 * y;
        segment[t] = y;
      }
    }
    double scale = 10.0 / sqrt(evl_variance(segment, (size_t)n, 0));
    for (int t = 0; t < n; t++)
      segment[t] = 5000.0 + scale * segment[t] + amplitude * sin(2 * M_PI * line_hz * t / fs_hz + 3 * phase);
  }
}

static double detect_in(int n_segments, int n, double fs_hz) {
  evl_arena *arena = evl_arena_create();
  evl_line *line;
  double found = NAN;
  CHECK(evl_line_plan(n, fs_hz, arena, &line) == EVL_OK);
  size_t planned = evl_arena_bytes(arena);
  found = evl_line_detect(line, x, n_segments);
  CHECK(evl_line_detect(line, x, n_segments) == found && evl_arena_bytes(arena) == planned);
  evl_arena_free(arena);
  return found;
}

static double detect(int n_segments, double fs_hz) { return detect_in(n_segments, (int)(SECONDS * fs_hz), fs_hz); }

static void found_at_a_tenth(void) {
  static const double nominal[] = {50.0, 60.0}, drift[] = {0.0, 0.13, -0.2};
  for (uint64_t seed = 0; seed < 20; seed++)
    for (int i = 0; i < 2; i++) {
      make(EEG, 1, FS, nominal[i] + drift[seed % 3], 1.0, seed);
      CHECK(detect(1, FS) == nominal[i]);
      make(EEG, 6, 500.0, nominal[i] + drift[seed % 3], 1.0, seed);
      CHECK(detect(6, 500.0) == nominal[i]);
      make(WHITE, 20, FS, nominal[i] + drift[seed % 3], 1.0, seed);
      CHECK(detect(20, FS) == nominal[i]);
    }
}

/* 600 clean recordings: at 1e-6 for each of about 60 frequencies one false line is expected in 17,000. */
static void none_in_clean_noise(void) {
  int false_lines = 0;
  for (uint64_t seed = 0; seed < 100; seed++) {
    for (int kind = WHITE; kind <= NOTCHED; kind++) {
      make((background)kind, 1, FS, 0.0, 0.0, 1000 + seed);
      false_lines += detect(1, FS) != 0.0;
      make((background)kind, 6, FS, 0.0, 0.0, 2000 + seed);
      false_lines += detect(6, FS) != 0.0;
    }
  }
  CHECK(false_lines == 0);
}

/* A hardware notch took 50 Hz; its harmonic at 100 Hz still tells. Other tones do not. */
static void harmonics_and_other_tones(void) {
  make(NOTCHED, 6, 500.0, 100.0, 2.0, 5);
  CHECK(detect(6, 500.0) == 50.0);
  make(EEG, 6, FS, 53.0, 5.0, 6);
  CHECK(detect(6, FS) == 0.0);
  make(EEG, 6, FS, 10.0, 50.0, 7);
  CHECK(detect(6, FS) == 0.0);
}

static void degenerate_segments(void) {
  memset(x, 0, sizeof x);
  CHECK(detect_in(4, 2500, 250.0) == 0.0); /* flat */
  make(EEG, 1, FS, 50.0, 20.0, 8);
  CHECK(detect_in(1, 400, 250.0) == 0.0);  /* 1.6 s */
  CHECK(detect_in(0, 2500, 250.0) == 0.0);
  CHECK(detect_in(1, 2500, 0.0) == 0.0);
  CHECK(detect_in(1, 2500, 100.0) == 0.0); /* nothing of 50 Hz can be seen at 100 Hz */
  x[17] = NAN;
  CHECK(detect_in(1, 2500, 250.0) == 0.0);
}

int main(void) {
  RUN(found_at_a_tenth);
  RUN(none_in_clean_noise);
  RUN(harmonics_and_other_tones);
  RUN(degenerate_segments);
  CHECK_DONE();
}
