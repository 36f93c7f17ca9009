/* The power line by regression: what goes, what stays, at edges, in short stretches, for any cut; its frequency. */
#include "conditioning_help.h"

enum { N = 60000 };
static const double fs_hz = 250.0;
static double in[N], out[N], other[N];

static const char *const config = "band_hz = (); notch_method = \"regression\";";

static double rms(const double *x, int64_t from, int64_t to) {
  double sum = 0;
  for (int64_t t = from; t < to; t++) sum += x[t] * x[t];
  return sqrt(sum / (double)(to - from));
}

static double decibel(double after, double before) { return 20 * log10(after / before + 1e-15); }

/* Change of a sine at hz, dB, over the whole stretch, edges included or not. */
static double change(double hz, double line_hz, int64_t n, int64_t edge) {
  for (int64_t t = 0; t < n; t++) in[t] = sin(2 * M_PI * hz * (double)t / fs_hz + 0.4);
  CHECK(help_channel(config, fs_hz, line_hz, in, n, out) == n);
  return decibel(rms(out, edge, n - edge), rms(in, edge, n - edge));
}

/* The line and its harmonic go; 1 Hz beside them, and everywhere farther, nothing changes by more than 0.1 dB. */
static void what_goes_and_what_stays(void) {
  double worst = 0, edges = 0;
  CHECK(change(50, 50, 30000, 0) < -200 && change(100, 50, 30000, 0) < -200);
  for (double off = -20; off <= 20; off += off < -2.05 || off > 1.95 ? 1.7 : 0.05) {
    if (fabs(off) < 0.999) continue;
    worst = fmax(worst, fmax(fabs(change(50 + off, 50, 30000, 1000)), fabs(change(100 + off, 50, 30000, 1000))));
    edges = fmax(edges, fabs(change(50 + off, 50, 30000, 0)));
  }
  printf("# 1 Hz and farther from the line: %.3f dB at most, edges of 2 min included %.3f dB\n", worst, edges);
  CHECK(worst < 0.1);
  double tenth = change(50.1, 50, 30000, 1000), half = change(50.05, 50, 30000, 1000);
  printf("# a line 0.05 Hz beside the frequency told: %.0f dB, 0.1 Hz: %.0f dB\n", half, tenth);
  CHECK(half < -55 && tenth < -40);
  CHECK(fabs(change(50, 0, 30000, 0)) < 1e-9); /* no line in the recording */
}

/* Frequency wandering by +-0.05 Hz in 2 min, amplitude by a half. The method is linear: the line alone tells what is
   left of it, a background alone what is lost. */
static void a_line_that_drifts(void) {
  evl_random random;
  evl_random_begin(&random, 11, "line", "drift", 0);
  double phase = 0;
  for (int t = 0; t < N; t++) {
    double s = t / fs_hz;
    phase += 2 * M_PI * (50.0 + 0.05 * sin(2 * M_PI * s / 120)) / fs_hz;
    in[t] = (30 + 15 * sin(2 * M_PI * s / 45)) * sin(phase) + 12 * sin(2 * phase + 1);
    other[t] = 10 * evl_random_normal(&random);
  }
  CHECK(help_channel(config, fs_hz, 50, in, N, out) == N);
  printf("# drifting line and its harmonic: %.1f uV before, %.2f uV after\n", rms(in, 0, N), rms(out, 0, N));
  CHECK(decibel(rms(out, 0, N), rms(in, 0, N)) < -32);
  CHECK(help_channel(config, fs_hz, 50, other, N, out) == N);
  double lost = 0;
  for (int t = 0; t < N; t++) lost += pow(out[t] - other[t], 2);
  printf("# of a white background: %.2f %% of the power\n", 100 * lost / N / pow(rms(other, 0, N), 2));
  CHECK(lost / N < 0.015 * pow(rms(other, 0, N), 2));
}

static void edges_and_short_stretches(void) {
  static const int64_t length[] = {30000, 2501, 1250, 1001, 1000, 999, 600, 250};
  for (size_t i = 0; i < sizeof length / sizeof *length; i++) CHECK(change(50, 50, length[i], 0) < -100);
  CHECK(fabs(change(50, 50, 249, 0)) < 1e-9); /* below a second it stays */
  CHECK(fabs(change(10, 50, 600, 0)) < 0.1);
}

/* Blocks of any length give the samples of one block. */
static void any_cut(void) {
  static const char *const labels[] = {"Fp1", "Fp2", "F3", "F4", "Cz", "O1"};
  static double signal[6][20000], whole[6 * 20000], cut[6 * 20000];
  const double *rows[6];
  evl_source source[6];
  static const int64_t lengths[] = {20000, 1003, 700};
  evl_random random;
  evl_random_begin(&random, 12, "line", "cuts", 0);
  for (int c = 0; c < 6; c++) {
    for (int t = 0; t < 20000; t++)
      signal[c][t] = 300 * c + 8 * evl_random_normal(&random) + 20 * sin(0.4 * M_PI * t + c);
    rows[c] = signal[c];
    source[c] = (evl_source){.label = labels[c], .fs_hz = fs_hz, .usable = true, .offset = 300 * c};
  }
  for (int k = 0; k < 3; k++) {
    evl_arena *arena = evl_arena_create();
    evl_montage *montage;
    evl_chain *chain;
    help_recording r = {.n_sources = 6, .signal = rows};
    evl_params *params = help_params(arena, "montage = \"file\"; band_hz = (1, 0); notch_method = \"regression\";");
    CHECK(params && evl_montage_plan(params, 6, labels, arena, &montage) == EVL_OK);
    CHECK(evl_chain_plan(params, montage, 6, source, NULL, 49.97, 100, arena, &chain) == EVL_OK);
    int64_t n = lengths[k];
    double worst = 0;
    CHECK(help_run(chain, &r, n, 0, n, whole, (size_t)n) == EVL_OK);
    for (int64_t t = 0, m; t < n; t += m) {
      m = 1 + (int64_t)evl_random_below(&random, 3000);
      if (m > n - t) m = n - t;
      CHECK(help_run(chain, &r, n, t, m, cut + t, (size_t)n) == EVL_OK);
    }
    for (int64_t i = 0; i < 6 * n; i++) worst = fmax(worst, fabs(whole[i] - cut[i]));
    printf("# %lld samples: %.1g uV between cuts\n", (long long)n, worst);
    CHECK(worst < 1e-9);
    evl_arena_free(arena);
  }
}

/* Frequencies between bins, of lines whose fundamental a hardware notch took away. */
static void measured_frequency(void) {
  static double x[16 * 1000];
  double worst = 0;
  for (int trial = 0; trial < 40; trial++) {
    evl_arena *arena = evl_arena_create();
    evl_line *line;
    evl_random random;
    evl_random_begin(&random, 13, "line", "frequency", (uint64_t)trial);
    double nominal = trial % 2 ? 60 : 50, hz = nominal + 0.2 * (evl_random_uniform(&random) - 0.5);
    int harmonic = trial % 3 == 2 ? 2 : 1;
    for (int s = 0; s < 16; s++)
      for (int t = 0; t < 1000; t++)
        x[s * 1000 + t] = 10 * evl_random_normal(&random) + 8 * sin(2 * M_PI * harmonic * hz * (t / fs_hz + 37.7 * s));
    CHECK(evl_line_plan(1000, fs_hz, arena, &line) == EVL_OK);
    CHECK(evl_line_measure(line, 50) == 50); /* nothing detected yet */
    double found = evl_line_detect(line, x, 16);
    CHECK(found == nominal);
    worst = fmax(worst, fabs(evl_line_measure(line, found) - hz));
    evl_arena_free(arena);
  }
  printf("# the line's frequency: within %.4f Hz\n", worst);
  CHECK(worst < 0.01);
}

int main(void) {
  RUN(what_goes_and_what_stays);
  RUN(a_line_that_drifts);
  RUN(edges_and_short_stretches);
  RUN(any_cut);
  RUN(measured_frequency);
  CHECK_DONE();
}
