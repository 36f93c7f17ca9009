/* correlation: correlation coefficients of all pairs of rows, and the eigenvalues of their matrix. */
#include <string.h>

#include "correlation_priv.h"
#include "lanes_priv.h"

struct evl_correlation {
  evl_products *products;
  bool across_channels;
  int n_channels, n_points, n_ranks;
  size_t stride;
  int *rank, *row;           /* [n_ranks]; [n_channels]: channels with variance */
  double *matrix, *value, *work;
};

evl_status evl_correlation_plan(const evl_params *params, const char *entry, int n_points, evl_products *products,
                                evl_arena *arena, evl_correlation **correlation) {
  const evl_value *ranks = evl_params_value(params, "rank");
  evl_correlation *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->across_channels = evl_params_bool(params, "across_channels");
  k->n_channels = evl_products_shape(products)->n_channels;
  k->n_points = n_points;
  k->stride = ((size_t)n_points + EVL_LANES - 1) / EVL_LANES * EVL_LANES;
  k->n_ranks = ranks->n;
  EVL_NEW(arena, k->rank, ranks->n);
  for (int i = 0; i < ranks->n; i++) {
    if (ranks->reals[i] != floor(ranks->reals[i]))
      return evl_fail(EVL_USAGE, "%s.rank: expected integers, found %.9g", entry, ranks->reals[i]);
    k->rank[i] = (int)ranks->reals[i];
  }
  EVL_NEW(arena, k->row, k->n_channels);
  EVL_NEW(arena, k->matrix, (size_t)k->n_channels * (size_t)k->n_channels);
  EVL_NEW(arena, k->value, k->n_channels);
  EVL_NEW(arena, k->work, evl_symmetric_work(k->n_channels));
  evl_scratch_plan(products, (size_t)k->n_channels * k->stride * sizeof(double));
  *correlation = k;
  return EVL_OK;
}

double *evl_correlation_row(const evl_correlation *k, int channel) {
  return (double *)evl_scratch(k->products) + (size_t)channel * k->stride;
}

/* Mean 0 and sd 1 over the usable channels at every point; where they are all equal, 0. */
static void standardise_across(const evl_correlation *k, const uint8_t *usable) {
  for (int t = 0; t < k->n_points; t++) {
    double sum = 0.0, squares = 0.0;
    int n = 0;
    for (int c = 0; c < k->n_channels; c++)
      if (usable[c]) sum += evl_correlation_row(k, c)[t], n++;
    for (int c = 0; c < k->n_channels; c++) {
      if (!usable[c]) continue;
      double *v = evl_correlation_row(k, c) + t;
      *v -= sum / n;
      squares += *v * *v;
    }
    const double inverse = squares > 0.0 ? 1.0 / sqrt(squares / n) : 0.0;
    for (int c = 0; c < k->n_channels; c++)
      if (usable[c]) evl_correlation_row(k, c)[t] *= inverse;
  }
}

/* To mean 0 and a sum of squares of 1; false where there is no variance. */
static bool standardise(const evl_correlation *k, double *row) {
  const size_t n = (size_t)k->n_points;
  double largest = 0.0;
  if (evl_is_flat(row, n)) return false;
  const double mean = evl_mean(row, n);
  for (size_t t = 0; t < n; t++) {
    row[t] -= mean;
    largest = fmax(largest, fabs(row[t]));
  }
  if (!(largest > 0.0)) return false;
  const double scale = ldexp(1.0, -ilogb(largest)); /* squares stay in the range of a double */
  for (size_t t = 0; t < n; t++) row[t] *= scale;
  for (size_t t = n; t < k->stride; t++) row[t] = 0.0;
  const double inverse = 1.0 / sqrt(evl_variance(row, n, 0) * (double)n);
  for (size_t t = 0; t < n; t++) row[t] *= inverse;
  return isfinite(inverse);
}

static double product(const double *x, const double *y, size_t n) {
  evl_lanes sum = {0};
  for (size_t t = 0; t < n; t += EVL_LANES) sum += evl_load(x + t) * evl_load(y + t);
  return fmin(fmax(evl_fold(sum), -1.0), 1.0);
}

static void put_eigenvalues(evl_correlation *k, int n, size_t at, evl_out *out) {
  if (n < 2 || evl_symmetric(n, k->matrix, k->n_channels, k->value, k->work) != EVL_OK) return;
  for (int i = 0; i < k->n_ranks; i++) /* none is negative but by rounding */
    if (k->rank[i] <= n) evl_put(out, at + (size_t)i, fmax(k->value[n - k->rank[i]], 0.0));
}

void evl_correlation_put(evl_correlation *k, evl_out *out) {
  const uint8_t *usable = evl_products_usable(k->products);
  int n = 0;
  if (k->across_channels) standardise_across(k, usable);
  for (int c = 0; c < k->n_channels; c++)
    if (usable[c] && standardise(k, evl_correlation_row(k, c))) k->row[n++] = c;
  for (int i = 0; i < n; i++) {
    k->matrix[i * k->n_channels + i] = 1.0;
    for (int j = i + 1; j < n; j++) {
      const int a = k->row[i], b = k->row[j];
      const double r = product(evl_correlation_row(k, a), evl_correlation_row(k, b), k->stride);
      k->matrix[i * k->n_channels + j] = k->matrix[j * k->n_channels + i] = r;
      evl_put(out, (size_t)(a * k->n_channels - a * (a + 1) / 2 + b - a - 1), r);
    }
  }
  put_eigenvalues(k, n, (size_t)(k->n_channels * (k->n_channels - 1) / 2), out);
}

double evl_correlation_cost_us(int n_channels, int n_points) {
  const double c = n_channels;
  return c * n_points * (4e-3 + 4e-4 * c) + 0.02 * c * c * c;
}
