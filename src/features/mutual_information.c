/* mutual_information: what two channels tell of each other at the same time. */
#include <string.h>

#include "information_priv.h"

typedef struct kernel {
  evl_decimated *series;
  evl_ksg ksg;
  int n_channels, n_bins;
  evl_tree *joint, **margin; /* margin [n_channels] */
  uint8_t *bin;              /* [n_channels][length]; NULL: by neighbours */
  uint32_t *count;           /* [n_bins^2] */
} kernel;

static const evl_param params[] = {
    {"estimator", EVL_STRING, "\"ksg1\"", 0, 0, "ksg1|ksg2|binned", "",
     "ksg1, ksg2: the algorithms of Kraskov et al.; binned: counts in bins of equal width between the smallest and the "
     "largest value, less the bias of Miller and Madow."},
    {"k", EVL_INT, "4", 1, EVL_TREE_NEIGHBOURS, NULL, "count", "Nearest neighbours; more: less variance, more bias."},
    {"bins", EVL_INT, "16", 2, 255, NULL, "count", "Bins a channel of the binned estimator."},
    {"theiler_s", EVL_REAL, "0.1", 0.0, 60.0, NULL, "s",
     "Points that are nearer in time are no neighbours, because they are near for being the same stretch of signal; 0: "
     "none but the point itself."},
    EVL_DECIMATED_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"information", EVL_PER_PAIR, NULL, false, "nats", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Mutual information; around 0, also below, for independent channels."},
    {"coefficient", EVL_PER_PAIR, NULL, false, "1", 0.0, 1.0,
     "sqrt(1 - exp(-2 I)): the size of the correlation of normal variables that share as much; 0 where I is below 0."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const char *estimator = evl_params_string(p, "estimator");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->n_channels = shape->n_channels;
  k->n_bins = (int)evl_params_int(p, "bins");
  EVL_TRY(evl_decimated_plan(p, shape, products, arena, &k->series));
  const int n = evl_decimated_length(k->series);
  *planned = k;
  if (!strcmp(estimator, "binned")) {
    EVL_NEW(arena, k->bin, (size_t)k->n_channels * (size_t)n);
    EVL_NEW(arena, k->count, k->n_bins * k->n_bins);
    return EVL_OK;
  }
  const double apart = round(evl_params_real(p, "theiler_s") * evl_decimated_rate_hz(k->series));
  EVL_TRY(evl_ksg_plan(&k->ksg, n, (int)evl_params_int(p, "k"), strcmp(estimator, "ksg1") ? 2 : 1,
                       (int)fmin(apart, shape->n_samples), arena));
  EVL_TRY(evl_tree_plan(n, 2, arena, &k->joint));
  EVL_NEW(arena, k->margin, k->n_channels);
  for (int c = 0; c < k->n_channels; c++) EVL_TRY(evl_tree_plan(n, 1, arena, &k->margin[c]));
  return EVL_OK;
}

static void fill_bins(const kernel *k, const double *x, int c) {
  const int n = evl_decimated_length(k->series);
  double low = x[0], high = x[0];
  for (int t = 1; t < n; t++) low = fmin(low, x[t]), high = fmax(high, x[t]);
  for (int t = 0; t < n; t++) {
    const int bin = (int)((x[t] - low) / (high - low) * k->n_bins);
    k->bin[(size_t)c * (size_t)n + (size_t)t] = (uint8_t)(bin < k->n_bins ? bin : k->n_bins - 1);
  }
}

/* n ln n, 0 for 0; and whether there is any. */
static double term(uint32_t n, int *occupied) {
  *occupied += n > 0;
  return n > 0 ? n * log(n) : 0.0;
}

static double binned(const kernel *k, int a, int b) {
  const size_t n = (size_t)evl_decimated_length(k->series), bins = (size_t)k->n_bins;
  const uint8_t *x = k->bin + (size_t)a * n, *y = k->bin + (size_t)b * n;
  double sum = (double)n * log((double)n);
  int n_x = 0, n_y = 0, n_xy = 0;
  memset(k->count, 0, bins * bins * sizeof *k->count);
  for (size_t t = 0; t < n; t++) k->count[x[t] * bins + y[t]]++;
  for (size_t i = 0; i < bins; i++) {
    uint32_t row = 0, column = 0;
    for (size_t j = 0; j < bins; j++) {
      row += k->count[i * bins + j];
      column += k->count[j * bins + i];
      sum += term(k->count[i * bins + j], &n_xy);
    }
    sum -= term(row, &n_x) + term(column, &n_y);
  }
  return sum / (double)n - (n_xy - n_x - n_y + 1) / (2.0 * (double)n);
}

static double by_neighbours(kernel *k, const double *x, const double *y, int a, int b) {
  const evl_points joint = {.n = evl_decimated_length(k->series), .dimension = 2, .column = {x, y}};
  evl_tree_build(k->joint, &joint);
  return evl_ksg_estimate(&k->ksg, k->joint, k->margin[a], k->margin[b]);
}

static void prepare(kernel *k, const double *x, int c) {
  if (k->bin) {
    fill_bins(k, x, c);
    return;
  }
  const evl_points alone = {.n = evl_decimated_length(k->series), .dimension = 1, .column = {x}};
  evl_tree_build(k->margin[c], &alone);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  const size_t pairs = (size_t)k->n_channels * (size_t)(k->n_channels - 1) / 2;
  for (int c = 0; c < k->n_channels; c++) {
    const double *x = evl_decimated_channel(k->series, window, c);
    if (x) prepare(k, x, c);
  }
  size_t pair = 0;
  for (int a = 0; a < k->n_channels; a++)
    for (int b = a + 1; b < k->n_channels; b++, pair++) {
      const double *x = evl_decimated_channel(k->series, window, a), *y = evl_decimated_channel(k->series, window, b);
      if (!x || !y) continue;
      const double information = k->bin ? binned(k, a, b) : by_neighbours(k, x, y, a, b);
      evl_put(out, pair, information);
      if (isfinite(information)) evl_put(out, pairs + pair, sqrt(-expm1(-2.0 * fmax(information, 0.0))));
    }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double pairs = shape->n_channels * (shape->n_channels - 1.0) / 2.0;
  const double each = strcmp(evl_params_string(p, "estimator"), "binned") ? 1.0 : 2e-3;
  return pairs * evl_decimated_length_of(p, shape) * each;
}

const evl_entry evl_feature_mutual_information = {
    .name = "mutual_information",
    .summary = "Mutual information of channels, from nearest neighbours or bins.",
    .definition =
        "I(x; y) in nats, channels standardised. ksg1: the mean over points of psi(k) - psi(n_x + 1) - psi(n_y + 1) + "
        "psi(N), n the numbers of points nearer than the k-th neighbour in the plane, maximum norm; ksg2: psi(k) - 1/k "
        "- psi(n_x) - psi(n_y) + psi(N), counted up to the extent of the k neighbours in each direction. Points that "
        "repeat exactly count as such, so no noise is added. The first is the default for its smaller variance. "
        "binned: sum p_ij ln(p_ij / p_i p_j) - (B_xy - B_x - B_y + 1) / 2N, B the numbers of occupied bins.",
    .cite = "Kraskov et al. 2004, doi:10.1103/PhysRevE.69.066138, eq. 8 and 9; Joe 1989, "
            "doi:10.1080/01621459.1989.10478751 (coefficient); Miller 1955 in Roulston 1999, "
            "doi:10.1016/S0167-2789(98)00269-3 (bias); Mesner and Shalizi 2020, doi:10.1109/TIT.2020.3024886 (ties)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .usual_step_s = 300.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
