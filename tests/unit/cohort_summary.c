/* Statistics over the windows of a recording against plain formulas; counts and the reason of empty columns. */
#include "../../src/cohort/gather_priv.h"
#include "check.h"

enum { WINDOWS = 333, COLUMNS = 23 };

static double value[WINDOWS][COLUMNS];
static uint8_t whys[WINDOWS][COLUMNS];
static uint8_t whole; /* why of the recording */

uint8_t evl_recording_why(const gather *g, int recording) {
  (void)g, (void)recording;
  return whole;
}

/* Stands in for the journals. */
evl_status evl_gather_windows(gather *g, rows_kind kind, int a, int r, int64_t first, int64_t n, size_t row_bytes,
                              size_t offset, size_t bytes, uint8_t *out) {
  const uint8_t *from = kind == ROWS_VALUES ? (const uint8_t *)value : (const uint8_t *)whys;
  (void)g, (void)a;
  CHECK(r == 0 && (kind == ROWS_VALUES || kind == ROWS_WHY) && first >= 0 && first + n <= WINDOWS);
  CHECK(row_bytes == COLUMNS * (kind == ROWS_VALUES ? sizeof(double) : 1) && offset + bytes <= row_bytes);
  for (int64_t i = 0; i < n; i++)
    memcpy(out + (size_t)i * bytes, from + (size_t)(first + i) * row_bytes + offset, bytes);
  return EVL_OK;
}

static evl_layout layout = {.n_columns = COLUMNS};
static evl_analysis analysis = {.name = "test", .step_s = 2.5, .layout = &layout};
static int64_t first_window[2] = {0, WINDOWS};
static int64_t *first_windows[1] = {first_window};
static evl_study study = {.config_path = "test.cfg", .n_recordings = 1, .n_analyses = 1, .analysis = &analysis,
                          .first_window = first_windows};

/* ---- the same by plain formulas ---- */

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double quantile(const double *sorted, int n, double p) {
  double at = p * (n - 1);
  int below = (int)floor(at);
  return below + 1 < n ? sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]) : sorted[n - 1];
}

static void expected(int column, double k[N_STATISTICS]) {
  double x[WINDOWS], t[WINDOWS], sum = 0, sum_t = 0, xx = 0, tx = 0, tt = 0, trimmed = 0;
  int n = 0;
  for (int i = 0; i < N_STATISTICS; i++) k[i] = NAN;
  for (int i = 0; i < WINDOWS; i++) {
    if (whys[i][column]) continue;
    sum += x[n] = value[i][column];
    sum_t += t[n++] = i * 2.5 / 3600;
  }
  if (n == 0) return;
  for (int i = 0; i < n; i++) {
    xx += (x[i] - sum / n) * (x[i] - sum / n);
    tx += (t[i] - sum_t / n) * (x[i] - sum / n);
    tt += (t[i] - sum_t / n) * (t[i] - sum_t / n);
  }
  k[STATISTIC_MEAN] = sum / n;
  if (n > 1) k[STATISTIC_SD] = sqrt(xx / (n - 1));
  if (n > 1) k[STATISTIC_SLOPE] = tx / tt;
  qsort(x, (size_t)n, sizeof *x, ascending);
  int cut = (int)(0.1 * n);
  for (int i = cut; i < n - cut; i++) trimmed += x[i];
  k[STATISTIC_TRIMMED] = trimmed / (n - 2 * cut);
  k[STATISTIC_MEDIAN] = quantile(x, n, 0.5);
  k[STATISTIC_P5] = quantile(x, n, 0.05);
  k[STATISTIC_P95] = quantile(x, n, 0.95);
}

/* ---- cases ---- */

/* Column c: every (c + 1)th window has a value, column 20 one, column 21 none, column 22 all. */
static void fill(void) {
  uint64_t seed = 11;
  for (int i = 0; i < WINDOWS; i++)
    for (int c = 0; c < COLUMNS; c++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      value[i][c] = (double)(seed >> 40) / 1000.0 * (c + 1) + 0.5 * i;
      bool has = c == 20 ? i == 100 : c == 21 ? false : c == 22 || i % (c + 1) == 0;
      whys[i][c] = has ? EVL_WHY_VALUE : i % 3 ? EVL_WHY_ARTEFACT : EVL_WHY_UNDEFINED;
      if (!has) value[i][c] = NAN;
    }
}

static void same(double found, double wanted) {
  if (isnan(wanted)) CHECK(isnan(found));
  else CHECK_NEAR(found, wanted, 1e-11);
}

/* A buffer that holds one column at a time, some, or all: the same bits. */
static void statistics_by_plain_formulas(void) {
  static uint64_t buffer[WINDOWS * (2 + 2 * COLUMNS)];
  static const size_t bytes[] = {WINDOWS * 25, WINDOWS * 25 + 500, WINDOWS * (16 + 9 * 7), sizeof buffer};
  double k[4][COLUMNS][N_STATISTICS], wanted[N_STATISTICS];
  fill();
  for (int b = 0; b < 4; b++) {
    gather g = {.study = &study, .buffer = (uint8_t *)buffer, .buffer_bytes = bytes[b]};
    CHECK(evl_gather_summary(&g, 0, 0, k[b][0]) == EVL_OK);
    CHECK(!memcmp(k[b], k[0], sizeof k[0]));
  }
  for (int c = 0; c < COLUMNS; c++) {
    expected(c, wanted);
    for (int i = 0; i < N_STATISTICS; i++) same(k[0][c][i], wanted[i]);
  }
  CHECK(!isnan(k[0][20][STATISTIC_MEAN]) && isnan(k[0][20][STATISTIC_SD]) && isnan(k[0][20][STATISTIC_SLOPE]));
  CHECK(isnan(k[0][21][STATISTIC_MEAN]) && !isnan(k[0][22][STATISTIC_SLOPE]));
}

static void counts_and_reasons(void) {
  static uint64_t buffer[2 * COLUMNS * 8];
  uint32_t count[COLUMNS];
  uint8_t why[COLUMNS];
  gather g = {.study = &study, .buffer = (uint8_t *)buffer, .buffer_bytes = sizeof buffer};
  fill();
  CHECK(evl_gather_counts(&g, 0, 0, count, why) == EVL_OK);
  for (int c = 0; c < COLUMNS; c++) {
    uint32_t n = 0;
    for (int i = 0; i < WINDOWS; i++) n += !whys[i][c];
    CHECK(count[c] == n && why[c] == (n ? EVL_WHY_VALUE : EVL_WHY_ARTEFACT));
  }
  /* As many of one reason as of the other: the lower code. */
  for (int i = 0; i < WINDOWS; i++) whys[i][21] = i % 2 ? EVL_WHY_ABSENT : EVL_WHY_UNCONVERGED;
  whys[0][21] = EVL_WHY_PENDING;
  CHECK(evl_gather_counts(&g, 0, 0, NULL, why) == EVL_OK && why[21] == EVL_WHY_ABSENT);
}

static void failed_and_empty_recordings(void) {
  double k[COLUMNS][N_STATISTICS];
  uint32_t count[COLUMNS];
  uint8_t why[COLUMNS];
  gather g = {.study = &study};
  whole = EVL_WHY_FAILED;
  for (int pass = 0; pass < 2; pass++) {
    CHECK(evl_gather_summary(&g, 0, 0, k[0]) == EVL_OK && evl_gather_counts(&g, 0, 0, count, why) == EVL_OK);
    for (int c = 0; c < COLUMNS; c++) {
      CHECK(count[c] == 0 && why[c] == (pass ? EVL_WHY_UNDEFINED : EVL_WHY_FAILED));
      for (int i = 0; i < N_STATISTICS; i++) CHECK(isnan(k[c][i]));
    }
    whole = EVL_WHY_VALUE;
    first_window[1] = 0; /* readable, but shorter than a window */
  }
  first_window[1] = WINDOWS;
}

/* What does not fit is told before anything runs, with the number that would. */
static void memory_that_fits(void) {
  evl_arena *arena = evl_arena_create();
  evl_params *run = NULL;
  CHECK(evl_params_default(evl_run_params, arena, &run) == EVL_OK);
  study.run = run;
  CHECK(evl_gather_fits(&study, 0, 2000000) == EVL_OK);
  CHECK(evl_gather_fits(&study, 0, 4000000) == EVL_USAGE && strstr(evl_error_message(), "at least 191"));
  layout.window_tensor_size = 10000000;
  CHECK(evl_gather_fits(&study, 0, 1) == EVL_USAGE && strstr(evl_error_message(), "at least 153"));
  layout.window_tensor_size = 0;
  evl_arena_free(arena);
}

int main(void) {
  RUN(statistics_by_plain_formulas);
  RUN(counts_and_reasons);
  RUN(failed_and_empty_recordings);
  RUN(memory_that_fits);
  CHECK_DONE();
}
