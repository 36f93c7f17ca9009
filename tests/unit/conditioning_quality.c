/* Rules on single signals by closed-form cases, and the same marks for any cut. */
#include "quality_help.h"

static const char *const heads[19] = {"Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz",
                                      "C4",  "T8",  "P7", "P3", "Pz", "P4", "P8", "O1", "O2"};

static help_marked recording(int n_sources, double fs_hz, double duration_s, double rms_uv, uint64_t seed) {
  help_marked m = {.arena = evl_arena_create(), .n_sources = n_sources, .fs_hz = fs_hz,
                   .n = (int64_t)floor(duration_s * fs_hz)};
  double **signal = evl_arena_alloc(m.arena, (size_t)n_sources * sizeof *signal);
  for (int s = 0; s < n_sources; s++) signal[s] = evl_arena_alloc(m.arena, (size_t)m.n * sizeof **signal);
  if (rms_uv > 0) help_background(signal, n_sources, m.n, fs_hz, rms_uv, seed);
  m.signal = signal;
  return m;
}

static void sources(const help_marked *m, evl_source *source) {
  for (int s = 0; s < m->n_sources; s++)
    source[s] = (evl_source){.label = heads[s % 19], .fs_hz = m->fs_hz, .usable = true};
}

static bool learn(help_marked *m, const char *config, evl_source *source) {
  return help_learn(m, config, source, 50, (double)m->n / m->fs_hz + 1);
}

/* Cells of source that carry a cause: count, first, one past the last. */
typedef struct { int64_t n, first, end; } found;
static found look(const help_marked *m, int source, uint16_t cause) {
  found f = {0, -1, -1};
  const uint16_t *mark = evl_quality_marks(m->quality, source);
  for (int64_t k = 0; k < m->cells; k++) {
    if (!(mark[k] & cause)) continue;
    if (!f.n++) f.first = k;
    f.end = k + 1;
  }
  return f;
}

static const double rates[] = {100, 128, 160, 173.61, 250, 256, 500, 512, 1000, 2000};
enum { RATES = (int)(sizeof rates / sizeof *rates) };

/* One blink in 50 windows of 4 s is what the rule may find by chance. */
static void clean_background_has_no_marks(void) {
  int blinks = 0;
  for (int r = 0; r < RATES; r++) {
    help_marked m = recording(19, rates[r], 20, 30, (uint64_t)r);
    evl_source source[19];
    sources(&m, source);
    CHECK(learn(&m, "", source) && help_mark(&m, 0, m.cells) == EVL_OK);
    CHECK(m.cells == 200);
    for (int s = 0; s < 19; s++) {
      for (int c = 0; c < EVL_CAUSES; c++) {
        found f = look(&m, s, (uint16_t)(1 << c));
        if (f.n) printf("# %g Hz, signal %d: %s in %lld cells from %lld\n", rates[r], s, evl_cause_name[c], (long long)f.n, (long long)f.first);
        if (1 << c == EVL_CAUSE_BLINK) blinks += s == 0 && f.n > 0;
        else CHECK(f.n == 0);
      }
      CHECK(evl_quality_bad(m.quality, s) == 0);
    }
    evl_arena_free(m.arena);
  }
  CHECK(blinks <= 1);
}

/* Constant from 5 to 9 s: cells 50 to 89. Suppression of 1 uV is not flat; at a resolution of 1 uV neither. */
static void flat_parts(void) {
  for (int r = 0; r < RATES; r++) {
    help_marked m = recording(3, rates[r], 20, 30, 3);
    evl_source source[3];
    sources(&m, source);
    for (int64_t t = 0; t < m.n; t++) {
      if (t >= ceil(5 * rates[r]) && t < floor(9 * rates[r])) m.signal[1][t] = -17.25;
      m.signal[2][t] /= 30;
    }
    CHECK(learn(&m, "", source) && help_mark(&m, 0, m.cells) == EVL_OK);
    found f = look(&m, 1, EVL_CAUSE_FLAT);
    CHECK(f.n >= 38 && f.n <= 40 && f.first >= 50 && f.end <= 90);
    CHECK(look(&m, 0, EVL_CAUSE_FLAT).n == 0 && look(&m, 2, EVL_CAUSE_FLAT).n == 0);
    for (int64_t t = 0; t < m.n; t++) m.signal[2][t] = round(m.signal[2][t]);
    CHECK(help_mark(&m, 0, m.cells) == EVL_OK && look(&m, 2, EVL_CAUSE_FLAT).n == 0);
    evl_arena_free(m.arena);
  }
}

static void all_flat(void) {
  help_marked m = recording(19, 250, 20, 0, 0);
  evl_source source[19];
  sources(&m, source);
  CHECK(learn(&m, "", source) && help_mark(&m, 0, m.cells) == EVL_OK);
  for (int s = 0; s < 19; s++) {
    CHECK(look(&m, s, EVL_CAUSE_FLAT).n == m.cells && look(&m, s, (uint16_t)~EVL_CAUSE_FLAT).n == 0);
    CHECK(evl_quality_bad(m.quality, s) == EVL_CAUSE_FLAT);
  }
  evl_arena_free(m.arena);
}

/* A missing run from 3.21 to 4.02 s: cells 32 to 40, and no other cause. */
static void missing_samples(void) {
  help_marked m = recording(4, 500, 12, 30, 5);
  evl_source source[4];
  sources(&m, source);
  for (int64_t t = 1605; t < 2010; t++) m.signal[2][t] = NAN;
  m.signal[3][0] = INFINITY;
  m.signal[3][m.n - 1] = -INFINITY;
  CHECK(learn(&m, "", source) && help_mark(&m, 0, m.cells) == EVL_OK);
  found f = look(&m, 2, EVL_CAUSE_MISSING);
  CHECK(f.n == 9 && f.first == 32 && f.end == 41);
  CHECK(look(&m, 2, (uint16_t)~EVL_CAUSE_MISSING).n == 0);
  f = look(&m, 3, EVL_CAUSE_MISSING);
  CHECK(f.n == 2 && f.first == 0 && f.end == m.cells);
  CHECK(look(&m, 0, 0xffff).n == 0 && look(&m, 1, 0xffff).n == 0);
  evl_arena_free(m.arena);
}

/* A pop of 100 uV at 6.05 s that decays with 0.5 s, and a step of all channels at 12.05 s. */
static void steps(void) {
  for (int r = 0; r < RATES; r++) {
    help_marked m = recording(19, rates[r], 20, 20, 7);
    evl_source source[19];
    sources(&m, source);
    for (int64_t t = (int64_t)ceil(6.05 * rates[r]); t < m.n; t++)
      m.signal[8][t] += 100 * exp(-((double)t / rates[r] - 6.05) / 0.5);
    for (int s = 0; s < 19; s++)
      for (int64_t t = (int64_t)ceil(12.05 * rates[r]); t < m.n; t++) m.signal[s][t] -= 150;
    CHECK(learn(&m, "", source) && help_mark(&m, 0, m.cells) == EVL_OK);
    const uint16_t *mark = evl_quality_marks(m.quality, 8);
    CHECK((mark[60] & EVL_CAUSE_STEP) && (mark[59] & EVL_CAUSE_STEP) && (mark[62] & EVL_CAUSE_STEP));
    for (int s = 0; s < 19; s++) {
      mark = evl_quality_marks(m.quality, s);
      for (int k = 0; k < 110; k++) CHECK(s == 8 || !mark[k]);
      CHECK(mark[120] & EVL_CAUSE_STEP);
    }
    evl_arena_free(m.arena);
  }
}

/* Clipped at +-40 uV between 5 and 10 s; and at the file's range, which nothing else reaches. */
static void clipped_peaks(void) {
  for (int r = 0; r < RATES; r++) {
    help_marked m = recording(3, rates[r], 20, 60, 9);
    evl_source source[3];
    sources(&m, source);
    int64_t clipped = 0, hit = 0;
    source[1].physical_min = -300;
    source[1].physical_max = 300;
    for (int64_t t = 0; t < m.n; t++)
      for (int s = 0; s < 3; s++) m.signal[s][t] = 0.1 * round(10 * m.signal[s][t]);
    for (int64_t t = (int64_t)(5 * rates[r]); t < (int64_t)(10 * rates[r]); t++)
      m.signal[0][t] = fmax(-40, fmin(40, m.signal[0][t]));
    CHECK(learn(&m, "", source) && help_mark(&m, 0, m.cells) == EVL_OK);
    found f = look(&m, 0, EVL_CAUSE_SATURATION);
    CHECK(f.first >= 50 && f.end <= 100);
    const uint16_t *mark = evl_quality_marks(m.quality, 0);
    for (int64_t k = 50; k < 100; k++) { /* cells that are clipped for half of their time */
      int64_t at = 0, all = 0;
      for (int64_t t = (int64_t)ceil((double)k * rates[r] / 10); t < (double)(k + 1) * rates[r] / 10; t++, all++)
        at += fabs(m.signal[0][t]) >= 40;
      if (2 * at < all) continue;
      clipped++;
      hit += (mark[k] & (EVL_CAUSE_SATURATION | EVL_CAUSE_FLAT)) != 0;
    }
    printf("# %g Hz: %lld of %lld clipped cells\n", rates[r], (long long)hit, (long long)clipped);
    CHECK(clipped > 10 && 100 * hit >= (rates[r] < 200 ? 85 : 95) * clipped);
    CHECK(look(&m, 1, 0xffff).n == 0 && look(&m, 2, 0xffff).n == 0);
    m.signal[1][(int64_t)(7.05 * rates[r])] = m.signal[1][(int64_t)(7.05 * rates[r]) + 1] = 300;
    CHECK(help_mark(&m, 0, m.cells) == EVL_OK);
    f = look(&m, 1, EVL_CAUSE_SATURATION);
    CHECK(f.first == 70 && f.n >= 1 && f.n <= 2);
    evl_arena_free(m.arena);
  }
}

static void amplitudes(void) {
  help_marked m = recording(2, 250, 20, 30, 11);
  evl_source source[2];
  sources(&m, source);
  for (int64_t t = 2500; t < 2530; t++) m.signal[0][t] -= 900 * sin(M_PI * (double)(t - 2500) / 30); /* 10 to 10.12 s */
  CHECK(learn(&m, "", source) && help_mark(&m, 0, m.cells) == EVL_OK);
  found f = look(&m, 0, EVL_CAUSE_AMPLITUDE);
  CHECK(f.n >= 7 && f.n <= 8 && f.first == 97 && look(&m, 1, 0xffff).n == 0);
  evl_arena_free(m.arena);
}

/* A messy recording in random cuts, by several plans: the same marks, and evl_quality_needs holds. */
static void one_cut(const char *config, double fs_hz, double duration_s, uint64_t seed) {
  enum { SOURCES = 21 };
  help_marked m = recording(SOURCES, fs_hz, duration_s, 40, seed);
  evl_source source[SOURCES];
  evl_random random;
  evl_random_begin(&random, seed, "mess", "", 0);
  sources(&m, source);
  source[19].label = "ECG";
  source[20].label = "A2-A1";
  for (int s = 0; s < SOURCES; s++) source[s].offset = 1e6 * (s % 3);
  for (int s = 0; s < SOURCES; s++)
    for (int64_t t = 0; t < m.n; t++) m.signal[s][t] += source[s].offset;
  for (int i = 0; i < (int)duration_s; i++) {
    double *x = m.signal[evl_random_below(&random, SOURCES)];
    int64_t at = (int64_t)evl_random_below(&random, (uint64_t)m.n), n = (int64_t)(fs_hz * 3 * evl_random_uniform(&random));
    int kind = (int)evl_random_below(&random, 5);
    for (int64_t t = at; t < at + n && t < m.n; t++)
      x[t] = kind == 0 ? x[at] : kind == 1 ? NAN : kind == 2 ? x[t] + 300 : kind == 3 ? fmin(x[t], x[at]) : x[t] + 2000;
  }
  CHECK(help_learn(&m, config, source, 50, duration_s));
  CHECK(help_mark(&m, 0, m.cells) == EVL_OK);
  uint16_t *whole = evl_arena_alloc(m.arena, (size_t)(SOURCES * m.cells) * sizeof *whole);
  int64_t marked = 0;
  for (int s = 0; s < SOURCES; s++) memcpy(whole + s * m.cells, evl_quality_marks(m.quality, s), (size_t)m.cells * sizeof *whole);
  for (int64_t i = 0; i < SOURCES * m.cells; i++) marked += whole[i] != 0;
  CHECK(marked > 0 || duration_s < 3);
  for (int64_t k = 0; k < m.cells;) {
    int64_t most = evl_random_below(&random, 4) ? 300 : 5, n = 1 + (int64_t)evl_random_below(&random, (uint64_t)most);
    if (n > m.cells - k) n = m.cells - k;
    CHECK(help_mark(&m, k, n) == EVL_OK);
    for (int s = 0; s < SOURCES; s++)
      CHECK(memcmp(whole + s * m.cells + k, evl_quality_marks(m.quality, s), (size_t)n * sizeof *whole) == 0);
    k += n;
  }
  evl_arena_free(m.arena);
}

static const char *const sets[] = {"", "artefacts = \"icare\";", "artefacts = \"neural\";"};
static void same_marks_for_any_cut(void) {
  for (int s = 0; s < 3; s++) {
    one_cut(sets[s], 250, 200, 1);
    one_cut(sets[s], 173.61, 100, 2);
    one_cut(sets[s], 2000, 15, 3);
    one_cut(sets[s], 100, 7, 4);
    one_cut(sets[s], 500, 0.05, 5);
    one_cut(sets[s], 30, 20, 6);
  }
}

int main(void) {
  RUN(clean_background_has_no_marks);
  RUN(flat_parts);
  RUN(all_flat);
  RUN(missing_samples);
  RUN(steps);
  RUN(clipped_peaks);
  RUN(amplitudes);
  RUN(same_marks_for_any_cut);
  CHECK_DONE();
}
