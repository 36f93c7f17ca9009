/* nonlinear_interdependence: whether states that are close for one channel are close for another one. */
#include <stdlib.h>
#include <string.h>

#include "bands_priv.h"

typedef struct kernel {
  evl_products *products;
  bool mne_features;
  int n_channels, dimension, delay, neighbours, theiler;
  int n, step;        /* vectors, and samples between them */
  int *nearest;       /* [n_channels][n][neighbours] */
  double *own;        /* [n_channels][n]: mean squared distance of a vector from its nearest */
  bool *has;          /* [n_channels]: every vector has that many neighbours */
} kernel;

static const evl_param params[] = {
    {"dimension", EVL_INT, "10", 1, 64, NULL, "", "Coordinates of an embedding vector."},
    {"delay_s", EVL_REAL, "0.008", 0.0, 60.0, NULL, "s", "Delay between them, rounded to samples, at least one."},
    {"neighbours", EVL_INT, "5", 1, 1000, NULL, "", "Nearest vectors that are looked at."},
    {"theiler_s", EVL_REAL, "0.1", 0.0, 3600.0, NULL, "s",
     "Vectors that are not further apart in time are no neighbours."},
    {"vectors", EVL_INT, "1000", 10, 100000, NULL, "",
     "At most so many vectors, evenly spaced over the window; time grows with the square."},
    {"convention", EVL_STRING, "\"arnhold\"", 0, 0, "arnhold|mne_features", "",
     "arnhold: mean over vectors of the ratio of distances; mne_features: ratio of the mean distances, a vector counts "
     "as its own nearest neighbour and theiler_s not at all."},
    {0}};

static const evl_output outputs[] = {
    {"s", EVL_PER_PAIR, NULL, false, "1", 0.0, EVL_ANY_MAX,
     "Mean of both directions; near 0 for unrelated channels, 1 for identical states (mne-features: the sum)."},
    {0}};

static void embed(const evl_params *p, const evl_shape *shape, kernel *k) {
  k->dimension = (int)evl_params_int(p, "dimension");
  k->delay = (int)fmax(round(evl_params_real(p, "delay_s") * shape->fs_hz), 1.0);
  const long long all = shape->n_samples - (k->dimension - 1LL) * k->delay, most = evl_params_int(p, "vectors");
  k->step = all > most ? (int)((all + most - 1) / most) : 1;
  k->n = all > 0 ? (int)((all - 1) / k->step + 1) : 0;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->mne_features = strcmp(evl_params_string(p, "convention"), "arnhold") != 0;
  k->n_channels = shape->n_channels;
  k->neighbours = (int)evl_params_int(p, "neighbours");
  embed(p, shape, k);
  k->theiler = (int)floor(evl_params_real(p, "theiler_s") * shape->fs_hz / k->step + 1e-9);
  if (k->mne_features) k->theiler = -1;
  const size_t n = (size_t)k->n, n_channels = (size_t)k->n_channels;
  EVL_NEW(arena, k->nearest, n_channels * n * (size_t)k->neighbours + 1);
  EVL_NEW(arena, k->own, n_channels * n + 1);
  EVL_NEW(arena, k->has, n_channels);
  evl_scratch_plan(products, (n_channels * (size_t)k->dimension + 1) * n * sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* Coordinates [dimension][n] of the vectors of a channel, brought near 1. */
static void fill_vectors(const kernel *k, const double *x, int n_samples, double *v) {
  const double scale = evl_near_one(x, n_samples);
  for (int d = 0; d < k->dimension; d++)
    for (int i = 0; i < k->n; i++)
      v[(size_t)d * (size_t)k->n + (size_t)i] = (x[d * k->delay + i * k->step] - x[0]) * scale;
}

static void fill_distances(const kernel *k, const double *v, int i, double *distance) {
  memset(distance, 0, (size_t)k->n * sizeof *distance);
  for (int d = 0; d < k->dimension; d++, v += k->n) {
    const double here = v[i];
    for (int j = 0; j < k->n; j++) distance[j] += (v[j] - here) * (v[j] - here);
  }
}

static double distance_between(const kernel *k, const double *v, int i, int j) {
  double sum = 0.0;
  for (int d = 0; d < k->dimension; d++, v += k->n) sum += (v[j] - v[i]) * (v[j] - v[i]);
  return sum;
}

/* The nearest vectors in order of distance, earlier ones first among equals; false where there are too few. */
static bool find_nearest(const kernel *k, const double *distance, int i, int *nearest) {
  int found = 0;
  double worst = INFINITY;
  for (int j = 0; j < k->n; j++) {
    if ((found == k->neighbours && !(distance[j] < worst)) || abs(i - j) <= k->theiler) continue;
    int at = found < k->neighbours ? found++ : found - 1;
    for (; at > 0 && distance[nearest[at - 1]] > distance[j]; at--) nearest[at] = nearest[at - 1];
    nearest[at] = j;
    worst = distance[nearest[found - 1]];
  }
  return found == k->neighbours;
}

static void find_all(const kernel *k, const double *v, int channel, double *distance) {
  k->has[channel] = k->n > 0;
  for (int i = 0; i < k->n && k->has[channel]; i++) {
    const size_t at = (size_t)channel * (size_t)k->n + (size_t)i;
    int *nearest = k->nearest + at * (size_t)k->neighbours;
    fill_distances(k, v, i, distance);
    k->has[channel] = find_nearest(k, distance, i, nearest);
    if (!k->has[channel]) break;
    double sum = 0.0;
    for (int m = 0; m < k->neighbours; m++) sum += distance[nearest[m]];
    k->own[at] = sum / k->neighbours;
  }
}

/* Distances of channel x's vectors from their own nearest, over those from the nearest in y. */
static double one_way(const kernel *k, const double *v, int x, int y) {
  double ratios = 0.0, own = 0.0, others = 0.0;
  for (int i = 0; i < k->n; i++) {
    const int *nearest = k->nearest + ((size_t)y * (size_t)k->n + (size_t)i) * (size_t)k->neighbours;
    double sum = 0.0;
    for (int m = 0; m < k->neighbours; m++) sum += distance_between(k, v, i, nearest[m]);
    const double mean = k->own[(size_t)x * (size_t)k->n + (size_t)i];
    ratios += mean * k->neighbours / sum;
    own += mean;
    others += sum / k->neighbours;
  }
  return k->mne_features ? own / others : ratios / k->n;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t each = (size_t)k->dimension * (size_t)k->n;
  double *distance = evl_scratch(k->products), *v = distance + k->n;
  for (int c = 0; c < k->n_channels; c++) {
    k->has[c] = false;
    if (!usable[c]) continue;
    fill_vectors(k, window->x + (size_t)c * window->ld, window->n_samples, v + (size_t)c * each);
    find_all(k, v + (size_t)c * each, c, distance);
  }
  for (int i = 0, pair = 0; i < k->n_channels; i++)
    for (int j = i + 1; j < k->n_channels; j++, pair++) {
      if (!k->has[i] || !k->has[j]) continue;
      const double sum = one_way(k, v + (size_t)i * each, i, j) + one_way(k, v + (size_t)j * each, j, i);
      evl_put(out, (size_t)pair, k->mne_features ? sum : 0.5 * sum);
    }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  kernel k = {0};
  embed(p, shape, &k);
  const double n = k.n, c = shape->n_channels;
  return c * n * n * (4e-4 * k.dimension + 1.5e-3) +
         c * (c - 1.0) * n * (double)evl_params_int(p, "neighbours") * k.dimension * 1e-3;
}

const evl_entry evl_feature_nonlinear_interdependence = {
    .name = "nonlinear_interdependence",
    .summary = "Nonlinear interdependence of pairs of channels: closeness of states in one seen from the other.",
    .definition = "R_i(X): mean squared distance of embedding vector i of X from its nearest ones, R_i(X|Y): from the "
                  "vectors at the times of the nearest ones in Y; S(X|Y) = mean over i of R_i(X) / R_i(X|Y), s = "
                  "(S(X|Y) + S(Y|X)) / 2. Undefined where vectors coincide (quantised or constant stretches).",
    .cite = "Arnhold et al. 1999, doi:10.1016/S0167-2789(99)00140-2",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 30.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
