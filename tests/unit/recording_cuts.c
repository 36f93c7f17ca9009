/* Where tasks are cut changes no value: one recording with drift, task_s of 7, 20, 60 and 1000 s. */
#include "recording_help.h"

/* Offset, slow drift, alpha that waxes and wanes, a line, noise. */
static double drifting(int signal, double t_s) {
  double drift = 400 * sin(2 * M_PI * t_s / 311 + signal) + 2 * t_s / 10 - 250;
  double alpha = (20 + 10 * sin(2 * M_PI * t_s / 37)) * sin(2 * M_PI * (9.5 + 0.25 * signal) * t_s);
  return drift + alpha + 5 * sin(2 * M_PI * 50 * t_s) + noise(signal, t_s, 30);
}

enum { ANALYSES = 3 };
static const char *const average = "montage = (\"F3\", \"Fz\", \"F4\", \"Cz\"); resample_hz = 100;";
/* Of four channels less their mean a quarter of all modes is zero, to rounding: nothing to compare. */
static const char *const as_is = "montage = (\"F3\", \"Fz\", \"F4\", \"Cz\"); resample_hz = 100; reference = \"none\";";

/* All values of all analyses of a recording, [window][column] one analysis after the other; the count. */
static size_t all_values(const char *path, double task_s, double *value, int *n_columns) {
  study s;
  size_t at[ANALYSES] = {0}, end = 0;
  study_begin(&s, task_s);
  study_analysis(&s, 4, 3, average, "band_power", "");
  study_analysis(&s, 2, 0.7, average, "hjorth", "");
  study_analysis(&s, 30, 10, as_is, "var", "order = 4;");
  const evl_probe *probe = study_recording(&s, path);
  CHECK(study_plan(&s) == EVL_OK);
  for (int a = 0; a < ANALYSES; a++) {
    at[a] = end;
    n_columns[a] = s.analysis[a].layout->n_columns;
    end += (size_t)evl_windows(&s.analysis[a], probe->duration_s) * (size_t)n_columns[a];
  }
  for (int span = 0; span < study_spans(&s, 0); span++) {
    CHECK(study_windows(&s, 0, span)->status == EVL_OK);
    for (int a = 0; a < ANALYSES; a++)
      for (int64_t row = 0; row < s.section[a].n; row++) {
        memcpy(value + at[a], study_values(&s, a, row), (size_t)n_columns[a] * sizeof(double));
        at[a] += (size_t)n_columns[a];
      }
  }
  study_end(&s);
  return end;
}

/* The largest difference of a column, in its standard deviations. */
static double worst_of(const double *x, const double *y, size_t rows, int n_columns) {
  double worst = 0;
  for (int c = 0; c < n_columns; c++) {
    double sum = 0, squares = 0, off = 0, n = 0;
    for (size_t i = (size_t)c; i < rows * (size_t)n_columns; i += (size_t)n_columns) {
      if (isnan(x[i]) != isnan(y[i])) return INFINITY;
      if (isnan(x[i])) continue;
      n++;
      sum += x[i];
      squares += x[i] * x[i];
      off = fmax(off, fabs(x[i] - y[i]));
    }
    double sd = n > 1 ? sqrt(fmax(0, (squares - sum * sum / n) / (n - 1))) : 0;
    if (off > 0) worst = fmax(worst, off / sd); /* a constant column that differs: infinite */
  }
  return worst;
}

static void cuts_change_no_value(void) {
  enum { MOST = 1 << 19 };
  static const double task_s[] = {1000, 7, 20, 60};
  static double value[4][MOST];
  test_file file = {.n_signals = 4, .label = {"F3", "Fz", "F4", "Cz"}, .fs_hz = 200, .record_s = 1, .n_records = 400,
                    .wave = drifting};
  const char *path = file_write("drift.edf", &file);
  static const double window_s[ANALYSES] = {4, 2, 30}, step_s[ANALYSES] = {3, 0.7, 10};
  for (int k = 0; k < 4; k++) {
    int n_columns[ANALYSES];
    size_t n = all_values(path, task_s[k], value[k], n_columns), at = 0;
    CHECK(n > 1000 && n <= MOST);
    for (int a = 0; a < ANALYSES; a++) {
      size_t rows = (size_t)floor((400 - window_s[a]) / step_s[a] + 1e-9) + 1, finite = 0;
      double worst = worst_of(value[0] + at, value[k] + at, rows, n_columns[a]);
      for (size_t i = at; i < at + rows * (size_t)n_columns[a]; i++) finite += isfinite(value[k][i]) != 0;
      CHECK(finite > rows * (size_t)n_columns[a] / 2);
      if (k) printf("# analysis %d, tasks of %g s: %.2g sd\n", a, task_s[k], worst);
      CHECK(worst <= 1e-9);
      at += rows * (size_t)n_columns[a];
    }
    CHECK(at == n);
  }
}

int main(void) {
  scratch_begin();
  RUN(cuts_change_no_value);
  scratch_end();
  CHECK_DONE();
}
