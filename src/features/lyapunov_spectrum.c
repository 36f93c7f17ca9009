/* lyapunov_spectrum: several Lyapunov exponents from linear maps fitted to neighbourhoods (Eckmann et al.). */
#include <string.h>

#include "nonlinear_priv.h"

enum { MOST = 8, MOST_NEIGHBOURS = 64 }; /* coordinates of the maps */

typedef struct kernel {
  evl_reading reading;
  int n;                /* coordinates of the maps */
  int stride;           /* samples between them: the time that a map spans */
  int least;            /* neighbours */
  int n_followed;       /* vectors whose images are in the series */
  int n_exponents;
  const int *exponent;  /* [n_exponents] from 0 */
  double rate_hz;
  const double *x;
  double q[MOST][MOST]; /* rows: the vectors carried along */
  double sum[MOST];
  int count[MOST];
  double (*equation)[MOST + 1]; /* [samples] left sides and right side */
} kernel;

static const evl_param params[] = {
    {"exponents", EVL_REALS, "(1, 2, 3, 4)", 1, MOST, NULL, "", "Which exponents, 1 the largest; integers."},
    {"matrix_dimension", EVL_INT, "4", 2, MOST, NULL, "", "Coordinates of the maps, the number of exponents."},
    {"neighbours", EVL_INT, "8", 2, MOST_NEIGHBOURS, NULL, "",
     "Neighbours that a map is fitted to; equally near ones too."},
    {"convention", EVL_STRING, "\"eckmann\"", 0, 0, "eckmann|nolds", "",
     "eckmann: each map begins where the last one ended; nolds: maps begin at every sample although each spans "
     "several, and no vector is left out for being near in time unless theiler_s says so."},
    {"dimension", EVL_INT, "10", 2, 64, NULL, "",
     "Samples of the vectors that neighbours are found by; one less must be a multiple of matrix_dimension less one."},
    {"theiler_s", EVL_REAL, "0.25", 0.0, 3600.0, NULL, "s",
     "Vectors that are not further apart in time are no neighbours."},
    EVL_SERIES_PARAMS,
    {0}};

static const evl_output outputs[] = {
    EVL_RANKED("exponent", "exponents", "1/s", -EVL_ANY_MAX, EVL_ANY_MAX, "Lyapunov exponent, by size."),
    {0}};

static void begin(void *self, const double *x, int n_vectors) {
  kernel *k = self;
  k->x = x;
  k->n_followed = n_vectors - k->stride;
  memset(k->q, 0, sizeof k->q);
  for (int a = 0; a < MOST; a++) k->q[a][a] = 1.0, k->sum[a] = 0.0, k->count[a] = 0;
}

/* Householder's least squares of m equations in n unknowns; false where they do not determine them. */
static bool solve(double (*equation)[MOST + 1], int m, int n, double *solution) {
  double largest = 0.0;
  for (int c = 0; c < n; c++) {
    double square = 0.0;
    for (int r = c; r < m; r++) square += equation[r][c] * equation[r][c];
    const double norm = equation[c][c] > 0.0 ? -sqrt(square) : sqrt(square);
    largest = fmax(largest, fabs(norm));
    if (!(fabs(norm) > 1e-14 * largest)) return false;
    const double head = equation[c][c] - norm, scale = 1.0 / (norm * head);
    equation[c][c] = head;
    for (int other = c + 1; other <= n; other++) {
      double dot = 0.0;
      for (int r = c; r < m; r++) dot += equation[r][c] * equation[r][other];
      dot *= scale;
      for (int r = c; r < m; r++) equation[r][other] += dot * equation[r][c];
    }
    equation[c][c] = norm;
  }
  for (int c = n - 1; c >= 0; c--) {
    double rest = equation[c][n];
    for (int other = c + 1; other < n; other++) rest -= equation[c][other] * solution[other];
    solution[c] = rest / equation[c][c];
  }
  return true;
}

/* The vectors one map further, made orthogonal again (Gram-Schmidt, twice); the logarithms of their lengths add up. */
static void carry(kernel *k, const double *last_row) {
  const int n = k->n;
  for (int a = 0; a < n; a++) {
    double *v = k->q[a], dot = 0.0;
    for (int c = 0; c < n; c++) dot += last_row[c] * v[c];
    memmove(v, v + 1, (size_t)(n - 1) * sizeof *v);
    v[n - 1] = dot;
  }
  for (int a = 0; a < n; a++) {
    double *v = k->q[a], length = 0.0;
    for (int twice = 0; twice < 2; twice++)
      for (int b = 0; b < a; b++) {
        double dot = 0.0;
        for (int c = 0; c < n; c++) dot += v[c] * k->q[b][c];
        for (int c = 0; c < n; c++) v[c] -= dot * k->q[b][c];
      }
    for (int c = 0; c < n; c++) length += v[c] * v[c];
    length = sqrt(length);
    if (!(length > 0.0)) continue;
    for (int c = 0; c < n; c++) v[c] /= length;
    k->sum[a] += log(length);
    k->count[a]++;
  }
}

/* Differences to vector j of the maps' coordinates, and of what comes after them. */
static void difference(const kernel *k, int i, int j, double *equation) {
  for (int c = 0; c <= k->n; c++) equation[c] = k->x[j + c * k->stride] - k->x[i + c * k->stride];
}

static void row(void *self, const evl_row *r) {
  kernel *k = self;
  int index[MOST_NEIGHBOURS], m = 0;
  double distance[MOST_NEIGHBOURS], solution[MOST];
  if (r->i >= k->n_followed) return;
  if (evl_row_nearest(r, k->n_followed, k->least, index, distance) < k->least) return;
  for (int b = 0; b * EVL_ROW_BLOCK < k->n_followed; b++) { /* in order of time, ties included */
    if (r->least[b] > distance[0]) continue;
    const int to = (b + 1) * EVL_ROW_BLOCK < k->n_followed ? (b + 1) * EVL_ROW_BLOCK : k->n_followed;
    for (int j = b * EVL_ROW_BLOCK; j < to; j++)
      if (r->distance[j] <= distance[0]) difference(k, r->i, j, k->equation[m++]);
  }
  if (solve(k->equation, m, k->n, solution)) carry(k, solution);
}

static void end(void *self, double *value) {
  const kernel *k = self;
  for (int e = 0; e < k->n_exponents; e++) {
    const int a = k->exponent[e];
    if (k->count[a] > 0) value[e] = k->sum[a] / k->count[a] * k->rate_hz / k->stride;
  }
}

static evl_status plan_exponents(kernel *k, const evl_value *list, evl_arena *arena) {
  int *exponent;
  EVL_NEW(arena, exponent, list->n);
  for (int e = 0; e < list->n; e++) {
    if (list->reals[e] != floor(list->reals[e]) || list->reals[e] > k->n)
      return evl_fail(EVL_USAGE, "lyapunov_spectrum.exponents: expected integers up to matrix_dimension = %d, found "
                      "%.9g", k->n, list->reals[e]);
    exponent[e] = (int)list->reals[e] - 1;
  }
  k->n_exponents = list->n;
  k->exponent = exponent;
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)shape;
  kernel *k;
  EVL_NEW(arena, k, 1);
  evl_reading *const reading = &k->reading;
  const int dimension = (int)evl_params_int(p, "dimension");
  k->n = (int)evl_params_int(p, "matrix_dimension");
  k->least = (int)evl_params_int(p, "neighbours");
  k->stride = (dimension - 1) / (k->n - 1);
  if (k->stride * (k->n - 1) != dimension - 1)
    return evl_fail(EVL_USAGE, "lyapunov_spectrum.dimension: expected 1 + a multiple of %d, found %d", k->n - 1,
                    dimension);
  if (k->least < k->n)
    return evl_fail(EVL_USAGE, "lyapunov_spectrum.neighbours: expected at least matrix_dimension = %d, found %d", k->n,
                    k->least);
  EVL_TRY(plan_exponents(k, evl_params_value(p, "exponents"), arena));
  EVL_TRY(evl_series_plan(p, 0.0, products, arena, &reading->series));
  k->rate_hz = evl_series_rate_hz(reading->series);
  memset(&reading->embedding, 0, sizeof reading->embedding);
  reading->embedding.dimension = dimension;
  reading->embedding.delay = 1;
  reading->embedding.theiler = (int)fmin(round(evl_params_real(p, "theiler_s") * k->rate_hz), 1e6);
  const bool every = !strcmp(evl_params_string(p, "convention"), "nolds");
  const evl_row_reader reader = {k, every ? 1 : k->stride, k->n_exponents, begin, row, end};
  EVL_TRY(evl_rows_plan(reading->series, &reading->embedding, products, arena, &reading->rows));
  EVL_TRY(evl_rows_add(reading->rows, &reader, arena, &reading->id));
  EVL_NEW(arena, k->equation, evl_series_samples(reading->series) + 1);
  *planned = k;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const size_t n_channels = (size_t)window->n_channels, n = (size_t)k->n_exponents;
  for (size_t c = 0; c < n_channels; c++) {
    const double *value = evl_rows_values(k->reading.rows, window, (int)c, k->reading.id);
    for (size_t e = 0; value && e < n; e++)
      evl_put_ranked(out, e * n_channels + c, (n + e) * n_channels + c, value + e, n,
                     evl_series_count(k->reading.series));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = evl_series_samples_at(p, shape), stride = (double)(evl_params_int(p, "dimension") - 1) /
                   (double)(evl_params_int(p, "matrix_dimension") - 1);
  return evl_rows_cost_us(p, shape) / stride +
         shape->n_channels * (1.0 + (double)evl_params_int(p, "surrogates")) * n / stride * 2.0;
}

const evl_entry evl_feature_lyapunov_spectrum = {
    .name = "lyapunov_spectrum",
    .summary = "Lyapunov exponents by Eckmann's maps fitted to neighbourhoods.",
    .definition = "For vector i of `dimension` samples the nearest neighbours j (max norm) give by least squares a with "
                  "x_{j+nm} - x_{i+nm} = sum_k a_k (x_{j+km} - x_{i+km}), m = (dimension - 1)/(matrix_dimension - 1); "
                  "the companion matrices of a, each from i to i + m, multiply an orthogonal frame that is made "
                  "orthogonal again after each; exponents = mean logarithms of its stretching over m samples. Those "
                  "beyond the true dimension are spurious, and noise gives positive ones: see the ranks. nolds' "
                  "values are per sample." EVL_RANK_TEXT,
    .cite = "Eckmann et al. 1986, doi:10.1103/PhysRevA.34.4971, section III; Schreiber and Schmitz 2000, "
            "doi:10.1016/S0167-2789(00)00043-9 (surrogates)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .min_window_s = 4.0,
    .usual_window_s = 10.0,
    .usual_step_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
