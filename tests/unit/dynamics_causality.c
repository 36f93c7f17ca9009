/* Granger causality, directed transfer, partial directed coherence: regressions written out, closed forms, a published
   network. */
#include <complex.h>

#include "eveil/dynamics.h"
#include "bound_entry.h"
#include "eveil/math.h"

static const double FS_HZ = 250.0;

static bound bind(const char *entry, const char *config, int n_channels, int n_samples) {
  bound b;
  const evl_status status = bound_begin(&b, evl_model_find(entry), config, n_channels, n_samples, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return b;
}

/* x_c(t) = sum_k sum_d a[k][c][d] x_d(t - k - 1) + sd_c noise; [c][n], to be freed. */
static double *simulate(int c, int order, const double *a, const double *sd, int n, uint64_t index) {
  evl_random random;
  evl_random_begin(&random, 8, "test", "causality", index);
  double *x = calloc((size_t)c * (size_t)n, sizeof *x);
  for (int t = 0; t < n; t++)
    for (int i = 0; i < c; i++) {
      double v = sd[i] * evl_random_normal(&random);
      for (int k = 0; k < order && k < t; k++)
        for (int j = 0; j < c; j++) v += a[(k * c + i) * c + j] * x[j * n + t - k - 1];
      x[i * n + t] = v;
    }
  return x;
}

static int pair_of(int n, int a, int b) {
  int pair = 0;
  for (int i = 0; i < a; i++) pair += n - 1 - i;
  return pair + b - a - 1;
}

/* ---- regressions written out ------------------------------------------------------------ */

/* Residual sum of squares of channel `to` of z on `lags` lags of the channels in `set`. */
static double residual(const double *z, int n, int lags, int to, const int *set, int n_set) {
  enum { MOST = 16 };
  double a[MOST][MOST + 1] = {{0}}, rss = 0.0;
  const int rows = n_set * lags;
  for (int t = lags; t < n; t++) {
    double x[MOST + 1];
    for (int p = 0; p < rows; p++) x[p] = z[set[p % n_set] * n + t - 1 - p / n_set];
    x[rows] = z[to * n + t];
    for (int p = 0; p < rows; p++)
      for (int q = 0; q <= rows; q++) a[p][q] += x[p] * x[q];
    rss += x[rows] * x[rows];
  }
  double product[MOST];
  for (int p = 0; p < rows; p++) product[p] = a[p][rows];
  for (int p = 0; p < rows; p++)
    for (int q = 0; q < rows; q++) {
      if (q == p) continue;
      const double factor = a[q][p] / a[p][p];
      for (int k = p; k <= rows; k++) a[q][k] -= factor * a[p][k];
    }
  for (int p = 0; p < rows; p++) rss -= a[p][rows] / a[p][p] * product[p];
  return rss;
}

static const double coupled[2][4][4] = {
    {{0.6, 0.0, 0.1, 0.0}, {0.3, 0.5, 0.0, 0.0}, {0.0, 0.4, 0.3, 0.0}, {0.0, 0.0, -0.2, 0.7}},
    {{-0.3, 0.0, 0.0, 0.1}, {0.0, -0.2, 0.0, 0.0}, {0.1, 0.0, -0.4, 0.0}, {0.2, 0.0, 0.0, -0.5}}};

static void test_against_regressions(void) {
  enum { N = 800, C = 4, LAGS = 3 };
  static const double sd[C] = {1.0, 2.0, 30.0, 0.5};
  double *x = simulate(C, 2, &coupled[0][0][0], sd, N, 0), z[C * N];
  bound b = bind("granger", "order = 3; ridge = 0.0;", C, N);
  bound_run(&b, x, N);
  for (int c = 0; c < C; c++) {
    const double mean = evl_mean(x + c * N, N), scale = sqrt(evl_variance(x + c * N, N, 0));
    for (int t = 0; t < N; t++) z[c * N + t] = (x[c * N + t] - mean) / scale;
  }
  for (int from = 0; from < C; from++)
    for (int to = 0; to < C; to++) {
      if (from == to) continue;
      int all[C] = {0, 1, 2, 3}, others[C], n_others = 0, both[2] = {from, to};
      for (int c = 0; c < C; c++)
        if (c != from) others[n_others++] = c;
      const double given = log(residual(z, N, LAGS, to, others, C - 1) / residual(z, N, LAGS, to, all, C));
      const double alone = log(residual(z, N, LAGS, to, &to, 1) / residual(z, N, LAGS, to, both, 2));
      const int pair = from < to ? pair_of(C, from, to) : pair_of(C, to, from);
      CHECK_NEAR(bound_value(&b, from < to ? "forward" : "backward", 0, pair), given, 1e-10);
      CHECK_NEAR(bound_value(&b, from < to ? "pair_forward" : "pair_backward", 0, pair), alone, 1e-10);
    }
  bound_free(&b);
  free(x);
}

/* ---- closed forms --------------------------------------------------------------------------- */

/* y' = 0.5 y + 0.6 x + e, x white: y alone is autoregressive, so F = ln(1 + 0.36), at every frequency too, since noise
   and drive pass the same filter. The standard error of F is about 2 sqrt(F / n) = 0.006. */
static void test_driven(void) {
  enum { N = 40000 };
  static const double a[2][2] = {{0.0, 0.0}, {0.6, 0.5}}, sd[2] = {1.0, 1.0};
  double *x = simulate(2, 1, &a[0][0], sd, N, 1);
  bound b = bind("granger", "order = 2; ridge = 1e-9;", 2, N);
  bound_run(&b, x, N);
  CHECK(fabs(bound_value(&b, "forward", 0, 0) - log(1.36)) < 0.03);
  CHECK(fabs(bound_value(&b, "pair_forward", 0, 0) - log(1.36)) < 0.03);
  CHECK(bound_value(&b, "backward", 0, 0) < 20.0 / N); /* chi-squared of 2 degrees over n */
  for (int band = 0; band < 5; band++) {
    CHECK(fabs(bound_value(&b, "band_forward", band, 0) - log(1.36)) < 0.1);
    CHECK(bound_value(&b, "band_backward", band, 0) < 0.01);
  }
  bound_free(&b);
  /* Geweke: the mean over all frequencies is the measure in time, of a model whose pair is complete. */
  b = bind("granger", "order = 2; ridge = 1e-9; step_hz = 0.1; bands: { all = (0.0, 125.0); };", 2, N);
  bound_run(&b, x, N);
  CHECK(fabs(bound_value(&b, "band_forward", 0, 0) - bound_value(&b, "pair_forward", 0, 0)) < 1e-3);
  bound_free(&b);
  free(x);
}

/* Independent white channels: n F is chi-squared with as many degrees as lags: its mean 3 and variance 6. */
static void test_null(void) {
  enum { N = 1500, REPEATS = 50, DIRECTIONS = 6, LAGS = 3 };
  static const double nothing[9] = {0.0}, sd[3] = {1.0, 1.0, 1.0};
  bound b = bind("granger", "order = 3; ridge = 0.0;", 3, N);
  double sum = 0.0, squares = 0.0;
  for (int repeat = 0; repeat < REPEATS; repeat++) {
    double *x = simulate(3, 1, nothing, sd, N, 100 + (uint64_t)repeat);
    bound_run(&b, x, N);
    for (int i = 0; i < DIRECTIONS; i++) {
      const double v = (N - LAGS) * bound_value(&b, i < 3 ? "forward" : "backward", 0, i % 3);
      sum += v;
      squares += v * v;
    }
    free(x);
  }
  const double n = REPEATS * DIRECTIONS, mean = sum / n, variance = squares / n - mean * mean;
  CHECK(fabs(mean - LAGS) < 4.0 * sqrt(2.0 * LAGS / n));
  CHECK(variance > 3.0 && variance < 10.5); /* sd of it: sqrt((12 k (k + 4) + 8 k^2) / n) = 1.0 */
  bound_free(&b);
}

/* ---- the network of Baccala and Sameshima 2001, example 3 ------------------------------------ */

enum { NODES = 5, DEPTH = 3 };
#define ROOT2 1.4142135623730951
static const double network[DEPTH][NODES][NODES] = {
    {{0.95 * ROOT2, 0, 0, 0, 0},
     {0, 0, 0, 0, 0},
     {0, 0, 0, 0, 0},
     {0, 0, 0, 0.25 * ROOT2, 0.25 * ROOT2},
     {0, 0, 0, -0.25 * ROOT2, 0.25 * ROOT2}},
    {{-0.9025, 0, 0, 0, 0}, {0.5, 0, 0, 0, 0}, {0, 0, 0, 0, 0}, {-0.5, 0, 0, 0, 0}, {0, 0, 0, 0, 0}},
    {{0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}, {-0.4, 0, 0, 0, 0}, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}};

typedef double matrix[NODES][NODES];
typedef struct measures { matrix dtf, pdc, gpdc, power; } measures;

/* Answer of channel i, `lag` samples later, to a unit of noise in channel j. */
enum { LASTING = 600 }; /* 0.95^600 = 4e-14 */
static double answer[LASTING][NODES][NODES];

static void fill_answers(void) {
  for (int t = 0; t < LASTING; t++)
    for (int i = 0; i < NODES; i++)
      for (int j = 0; j < NODES; j++) {
        answer[t][i][j] = t == 0 && i == j;
        for (int k = 0; k < DEPTH && k < t; k++)
          for (int l = 0; l < NODES; l++) answer[t][i][j] += network[k][i][l] * answer[t - k - 1][l][j];
      }
}

/* By definition at one frequency, from the true coefficients in units of the channels' sd; H from the answers in
   time. */
static void add_measures(const double *unit, const double *sd, double hz, measures *m) {
  double complex a[NODES][NODES], h[NODES][NODES] = {{0}};
  for (int i = 0; i < NODES; i++)
    for (int j = 0; j < NODES; j++) {
      a[i][j] = i == j;
      for (int k = 0; k < DEPTH; k++)
        a[i][j] -= network[k][i][j] * unit[j] / unit[i] * cexp(-2.0 * M_PI * I * hz * (k + 1) / FS_HZ);
    }
  for (int t = 0; t < LASTING; t++)
    for (int i = 0; i < NODES; i++)
      for (int j = 0; j < NODES; j++)
        h[i][j] += answer[t][i][j] * unit[j] / unit[i] * cexp(-2.0 * M_PI * I * hz * t / FS_HZ);
  for (int i = 0; i < NODES; i++)
    for (int j = 0; j < NODES; j++) {
      double row = 0.0, column = 0.0, weighted = 0.0;
      for (int k = 0; k < NODES; k++) {
        row += pow(cabs(h[i][k]), 2);
        column += pow(cabs(a[k][j]), 2);
        weighted += pow(cabs(a[k][j]) * unit[k] / sd[k], 2);
      }
      m->dtf[i][j] += pow(cabs(h[i][j]), 2) / row;
      m->power[i][j] += pow(cabs(h[i][j]), 2);
      m->pdc[i][j] += pow(cabs(a[i][j]), 2) / column;
      m->gpdc[i][j] += pow(cabs(a[i][j]) * unit[i] / sd[i], 2) / weighted;
    }
}

static void check_matrix(const bound *b, const char *forward, const char *backward, int band, double n,
                         double truth[NODES][NODES], double tolerance) {
  for (int i = 0; i < NODES; i++)
    for (int j = 0; j < NODES; j++) {
      if (i == j) continue;
      const int pair = i < j ? pair_of(NODES, i, j) : pair_of(NODES, j, i);
      const double found = bound_value(b, j < i ? forward : backward, band, pair);
      if (!(fabs(found - truth[i][j] / n) < tolerance))
        printf("# %s %d to %d: %.5f, truth %.5f\n", forward, j + 1, i + 1, found, truth[i][j] / n);
      CHECK(fabs(found - truth[i][j] / n) < tolerance);
    }
}

/* Standard errors are about 1 / sqrt(n) = 0.004. */
static void test_network(void) {
  enum { N = 60000, BANDS = 3 };
  static const double sd[NODES] = {1.0, 2.0, 1.0, 0.5, 1.0}, edge[BANDS][2] = {{5.0, 15.0}, {25.0, 40.0}, {60.0, 90.0}};
  static const char *const config =
      "order = 3; ridge = 1e-9; step_hz = 1.0;"
      "bands: { low = (5.0, 15.0); middle = (25.0, 40.0); high = (60.0, 90.0); };";
  double *x = simulate(NODES, DEPTH, &network[0][0][0], sd, N, 2), unit[NODES], inflow[NODES] = {0};
  measures m[BANDS] = {0}, all = {0};
  fill_answers();
  for (int c = 0; c < NODES; c++) unit[c] = sqrt(evl_variance(x + c * N, N, 0));
  for (int band = 0; band < BANDS; band++)
    for (double hz = edge[band][0]; hz < edge[band][1]; hz += 1.0) add_measures(unit, sd, hz, &m[band]);
  for (double hz = 5.0; hz < 90.0; hz += 1.0) add_measures(unit, sd, hz, &all);
  for (int i = 0; i < NODES; i++)
    for (int j = 0; j < NODES; j++) inflow[i] += all.power[i][j];
  bound dtf = bind("directed_transfer", config, NODES, N), pdc = bind("partial_directed_coherence", config, NODES, N);
  bound_run(&dtf, x, N);
  bound_run(&pdc, x, N);
  for (int band = 0; band < BANDS; band++) {
    const double n = edge[band][1] - edge[band][0];
    double full[NODES][NODES];
    for (int i = 0; i < NODES; i++)
      for (int j = 0; j < NODES; j++) full[i][j] = m[band].power[i][j] / inflow[i];
    check_matrix(&dtf, "forward", "backward", band, n, m[band].dtf, 0.02);
    check_matrix(&dtf, "full_forward", "full_backward", band, 1.0, full, 0.02);
    check_matrix(&pdc, "forward", "backward", band, n, m[band].pdc, 0.02);
    check_matrix(&pdc, "generalised_forward", "generalised_backward", band, n, m[band].gpdc, 0.02);
  }
  bound_free(&dtf);
  bound_free(&pdc);
  free(x);
}

/* Absent channels stay out; bands beyond half the rate and bands without a frequency. */
static void test_edges(void) {
  enum { N = 3000 };
  static const double sd[4] = {1.0, 1.0, 1.0, 1.0};
  double *x = simulate(4, 2, &coupled[0][0][0], sd, N, 3);
  for (int e = 0; e < 3; e++) {
    static const char *const entry[] = {"granger", "directed_transfer", "partial_directed_coherence"};
    static const char *const output[] = {"band_forward", "forward", "forward"};
    bound b = bind(entry[e], "bands: { here = (8.0, 12.0); beyond = (100.0, 130.0); };", 4, N);
    b.channel_why[1] = EVL_WHY_ABSENT;
    bound_run(&b, x, N);
    for (int p = 0; p < 6; p++) {
      const bool of_absent = p == 0 || p == 3 || p == 4;
      CHECK((bound_why(&b, output[e], 0, p) == EVL_WHY_VALUE) == !of_absent);
      CHECK(bound_why(&b, output[e], 1, p) == EVL_WHY_UNDEFINED);
    }
    bound_free(&b);
    CHECK(bound_begin(&b, evl_model_find(entry[e]), "bands: { narrow = (8.1, 8.3); };", 4, N, FS_HZ) == EVL_USAGE);
    CHECK(strstr(evl_error_message(), "narrow") != NULL);
    bound_free(&b);
  }
  free(x);
}

int main(void) {
  RUN(test_against_regressions);
  RUN(test_driven);
  RUN(test_null);
  RUN(test_network);
  RUN(test_edges);
  CHECK_DONE();
}
