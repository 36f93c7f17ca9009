/* correlation_dimension: how the number of near pairs grows with the radius (Grassberger and Procaccia). */
#include <string.h>

#include "nonlinear_priv.h"

enum { MOST_RADII = 512 };

typedef struct kernel {
  evl_reading reading;
  bool nolds;
  double low, high;          /* of the correlation sum in the fit */
  int n_vectors, n_radii;
  double *radius;            /* [n_radii] ascending */
  double *level;             /* [n_radii] as rows hold distances */
  int64_t *count;            /* [n_radii + 1] pairs of which this is the first radius not below them */
} kernel;

static const evl_param params[] = {
    {"radius_low", EVL_REAL, "0.05", 1e-9, 1e3, NULL, "sd", "Smallest radius, over the standard deviation."},
    {"radius_high", EVL_REAL, "1.2", 1e-9, 1e3, NULL, "sd", "Largest radius."},
    {"radius_ratio", EVL_REAL, "1.15", 1.001, 10.0, NULL, "1", "Ratio of neighbouring radii."},
    {"fit", EVL_REALS, "(0.001, 0.1)", 0.0, 1.0, NULL, "1",
     "Correlation sums between which the line is fitted: below, pairs are too few, above, the size of the set shows."},
    {"convention", EVL_STRING, "\"theiler\"", 0, 0, "theiler|nolds", "",
     "theiler: pairs apart in time; nolds: the standard deviation has n - 1, and each vector counts as a neighbour of "
     "itself, which flattens the line at small radii (a set of dimension 10 seems to have 0.5)."},
    EVL_EMBEDDING_PARAMS,
    EVL_SERIES_PARAMS,
    {0}};

static const evl_output outputs[] = {
    EVL_RANKED("dimension", NULL, "1", -EVL_ANY_MAX, EVL_ANY_MAX, "Slope of ln C(r) over ln r."),
    EVL_RANKED("sum", NULL, "1", 0.0, 1.0, "Correlation sum at the largest radius."),
    {0}};

static void begin(void *self, const double *x, int n_vectors) {
  kernel *k = self;
  (void)x;
  (void)n_vectors;
  memset(k->count, 0, (size_t)(k->n_radii + 1) * sizeof *k->count);
}

/* The first radius that is not below the distance. */
static int radius_of(const kernel *k, double distance) {
  int low = 0, high = k->n_radii;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (k->level[middle] < distance) low = middle + 1;
    else high = middle;
  }
  return low;
}

static void row(void *self, const evl_row *r) {
  kernel *k = self;
  const double most = k->level[k->n_radii - 1];
  for (int b = (r->i + 1) / EVL_ROW_BLOCK; b * EVL_ROW_BLOCK < r->n; b++) {
    if (r->least[b] > most) continue;
    const int from = b * EVL_ROW_BLOCK > r->i ? b * EVL_ROW_BLOCK : r->i + 1;
    const int to = (b + 1) * EVL_ROW_BLOCK < r->n ? (b + 1) * EVL_ROW_BLOCK : r->n;
    for (int j = from; j < to; j++)
      if (r->distance[j] <= most) k->count[radius_of(k, r->distance[j])]++;
  }
}

static void end(void *self, double *value) {
  kernel *k = self;
  const double apart = k->n_vectors - 1.0 - k->reading.embedding.theiler;
  if (!(apart > 0.0)) return;
  const double pairs = 0.5 * apart * (apart + 1.0);
  double x[MOST_RADII], y[MOST_RADII], below = k->nolds ? 0.5 * k->n_vectors : 0.0;
  size_t n = 0;
  for (int i = 0; i < k->n_radii; i++) {
    below += (double)k->count[i];
    const double sum = below / pairs;
    if (!(sum > 0.0) || sum < k->low || sum > k->high) continue;
    x[n] = log(k->radius[i]);
    y[n++] = log(sum);
  }
  if (n > 2) value[0] = evl_slope(x, y, n);
  value[1] = fmin(below / pairs, 1.0);
}

static evl_status plan_radii(kernel *k, const evl_params *p, evl_arena *arena) {
  const double low = evl_params_real(p, "radius_low"), high = evl_params_real(p, "radius_high");
  const double ratio = evl_params_real(p, "radius_ratio"), n = evl_series_samples(k->reading.series);
  const double steps = floor(log(high / low) / log(ratio));
  if (!(low < high) || steps + 1.0 > MOST_RADII)
    return evl_fail(EVL_USAGE, "correlation_dimension.radius_low, radius_high, radius_ratio: expected 1 to %d radii in "
                    "order, found %g to %g by %g", MOST_RADII, low, high, ratio);
  const double sd = k->nolds && n > 1.0 ? sqrt(n / (n - 1.0)) : 1.0; /* of the standardised series */
  k->n_radii = (int)steps + 1;
  EVL_NEW(arena, k->radius, k->n_radii);
  EVL_NEW(arena, k->level, k->n_radii);
  EVL_NEW(arena, k->count, k->n_radii + 1);
  for (int i = 0; i < k->n_radii; i++) {
    k->radius[i] = sd * low * pow(ratio, i);
    k->level[i] = evl_embedding_level(&k->reading.embedding, k->radius[i]);
  }
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)shape;
  const evl_value *fit = evl_params_value(p, "fit");
  kernel *k;
  EVL_NEW(arena, k, 1);
  if (fit->n != 2 || !(fit->reals[0] < fit->reals[1]))
    return evl_fail(EVL_USAGE, "correlation_dimension.fit: expected two correlation sums in order");
  k->low = fit->reals[0];
  k->high = fit->reals[1];
  k->nolds = !strcmp(evl_params_string(p, "convention"), "nolds");
  const evl_row_reader reader = {k, 1, 2, begin, row, end};
  EVL_TRY(evl_reading_plan(p, &reader, products, arena, &k->reading));
  k->n_vectors = evl_embedding_vectors(&k->reading.embedding, evl_series_samples(k->reading.series));
  EVL_TRY(plan_radii(k, p, arena));
  *planned = k;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  evl_reading_put(&k->reading, window, out);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = evl_series_samples_at(p, shape);
  return evl_rows_cost_us(p, shape) +
         shape->n_channels * (1.0 + (double)evl_params_int(p, "surrogates")) * n * (1.0 + 4e-4 * n);
}

const evl_entry evl_feature_correlation_dimension = {
    .name = "correlation_dimension",
    .summary = "Correlation dimension by the correlation sum, pairs near in time left out.",
    .definition = "C(r) = share of pairs i, j with |i - j| > theiler whose embedding vectors are at most r apart; "
                  "dimension = least-squares slope of ln C over ln r where C lies within fit. Noise fills the "
                  "embedding space: its dimension is about the embedding's, less at radii near the size of the set. "
                  "Without the Theiler window the continuity of the signal alone gives small dimensions." EVL_RANK_TEXT,
    .cite = "Grassberger and Procaccia 1983, doi:10.1016/0167-2789(83)90298-1, eq. 2.3; Theiler 1986, "
            "doi:10.1103/PhysRevA.34.2427; Schreiber and Schmitz 2000, doi:10.1016/S0167-2789(00)00043-9 (surrogates)",
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
