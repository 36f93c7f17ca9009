/* auto_mutual_information: what the signal tells of itself some time later. */
#include <string.h>

#include "nonlinear_priv.h"

typedef struct kernel {
  evl_series *series;
  int n_lags, bins, most_lag;
  bool by_rank;
  int *lag;               /* [n_lags] samples */
  double *information;    /* [most_lag + 2] of one series, bit */
  double *value;          /* [1 + surrogates][n_lags + 1] */
  double *sorted;         /* [samples] */
  uint16_t *early, *late; /* [samples] bins of the two stretches */
  uint32_t *joint;        /* [bins][bins] */
  uint32_t *of_early, *of_late; /* [bins] */
  double *c_log_c;        /* [samples + 1] */
} kernel;

static const evl_param params[] = {
    {"lag_s", EVL_REALS, "(0.008, 0.024, 0.048, 0.096)", 0.0, 3600.0, NULL, "s", "Lags, rounded to samples."},
    {"most_lag_s", EVL_REAL, "0.4", 0.0, 3600.0, NULL, "s", "Longest lag at which the first minimum is looked for."},
    {"bins", EVL_INT, "16", 2, 1024, NULL, "", "Bins of each of the two variables."},
    {"binning", EVL_STRING, "\"equal_share\"", 0, 0, "equal_share|equal_width", "",
     "equal_share: bins hold equally many samples, so that a single outlier or a monotonic distortion changes nothing; "
     "equal_width: bins between the extremes of each stretch."},
    EVL_SERIES_PARAMS,
    {0}};

static const evl_output outputs[] = {
    EVL_RANKED("information", "lag_s", "bit", 0.0, EVL_ANY_MAX, "Mutual information of x_t and x_{t + lag}."),
    EVL_RANKED("first_minimum", NULL, "s", 0.0, EVL_ANY_MAX, "First lag with less information than its neighbours."),
    {0}};

static evl_status plan_tables(kernel *k, evl_arena *arena) {
  const int n = evl_series_samples(k->series);
  EVL_NEW(arena, k->information, k->most_lag + 2);
  EVL_NEW(arena, k->value, evl_series_count(k->series) * (k->n_lags + 1));
  EVL_NEW(arena, k->sorted, n + 1);
  EVL_NEW(arena, k->early, n + 1);
  EVL_NEW(arena, k->late, n + 1);
  EVL_NEW(arena, k->joint, (size_t)k->bins * (size_t)k->bins);
  EVL_NEW(arena, k->of_early, k->bins);
  EVL_NEW(arena, k->of_late, k->bins);
  EVL_NEW(arena, k->c_log_c, n + 1);
  for (int c = 2; c <= n; c++) k->c_log_c[c] = c * log2(c);
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)shape;
  const evl_value *list = evl_params_value(p, "lag_s");
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_series_plan(p, 0.0, products, arena, &k->series));
  const double rate = evl_series_rate_hz(k->series);
  k->bins = (int)evl_params_int(p, "bins");
  k->by_rank = !strcmp(evl_params_string(p, "binning"), "equal_share");
  k->n_lags = list->n;
  EVL_NEW(arena, k->lag, k->n_lags);
  for (int l = 0; l < k->n_lags; l++) k->lag[l] = (int)fmin(round(list->reals[l] * rate), 1e6);
  k->most_lag = (int)fmin(round(evl_params_real(p, "most_lag_s") * rate), 1e5);
  EVL_TRY(plan_tables(k, arena));
  *planned = k;
  return EVL_OK;
}

/* Bins of equal width between the extremes, the last one closed. */
static void by_width(const double *x, int n, int bins, uint16_t *bin) {
  double low = x[0], high = x[0];
  for (int t = 1; t < n; t++) {
    low = x[t] < low ? x[t] : low;
    high = x[t] > high ? x[t] : high;
  }
  const double scale = high > low ? bins / (high - low) : 0.0;
  for (int t = 0; t < n; t++) {
    const int b = (int)((x[t] - low) * scale);
    bin[t] = (uint16_t)(b < bins ? b : bins - 1);
  }
}

/* Bins between the quantiles; equal values share one. */
static void by_rank(const kernel *k, const double *x, int n, uint16_t *bin) {
  double *sorted = k->sorted;
  memcpy(sorted, x, (size_t)n * sizeof *x);
  evl_sort(sorted, (size_t)n);
  for (int t = 0; t < n; t++) {
    int low = 0, high = k->bins; /* the number of lower edges that do not exceed x_t */
    while (high - low > 1) {
      const int middle = (low + high) / 2;
      if (sorted[(int64_t)middle * n / k->bins] <= x[t]) low = middle;
      else high = middle;
    }
    bin[t] = (uint16_t)low;
  }
}

static double sum_c_log_c(const kernel *k, const uint32_t *count, int n) {
  double sum = 0.0;
  for (int i = 0; i < n; i++) sum += k->c_log_c[count[i]];
  return sum;
}

/* In bit. */
static double information(kernel *k, const double *x, int n, int lag) {
  const size_t bins = (size_t)k->bins;
  const int pairs = n - lag;
  const uint16_t *early = k->early, *late = k->early + lag;
  if (!k->by_rank) {
    by_width(x, pairs, k->bins, k->early);
    by_width(x + lag, pairs, k->bins, k->late);
    late = k->late;
  }
  memset(k->joint, 0, bins * bins * sizeof *k->joint);
  memset(k->of_early, 0, bins * sizeof *k->of_early);
  memset(k->of_late, 0, bins * sizeof *k->of_late);
  for (int t = 0; t < pairs; t++) {
    k->joint[early[t] * bins + late[t]]++;
    k->of_early[early[t]]++;
    k->of_late[late[t]]++;
  }
  const double sum = k->c_log_c[pairs] + sum_c_log_c(k, k->joint, k->bins * k->bins) -
                     sum_c_log_c(k, k->of_early, k->bins) - sum_c_log_c(k, k->of_late, k->bins);
  return fmax(sum / pairs, 0.0);
}

/* The lags asked for, then the first minimum. */
static void measure(kernel *k, const double *x, int n, double *value) {
  enum { LEAST = 50 };
  for (int l = 0; l <= k->n_lags; l++) value[l] = NAN;
  if (k->by_rank) by_rank(k, x, n, k->early);
  for (int l = 0; l < k->n_lags; l++)
    if (n - k->lag[l] >= LEAST) value[l] = information(k, x, n, k->lag[l]);
  for (int lag = 0; lag <= k->most_lag + 1 && n - lag >= LEAST; lag++) {
    k->information[lag] = information(k, x, n, lag);
    const double *now = k->information + lag - 1;
    if (lag < 2 || !(now[0] < now[-1] && now[0] < now[1])) continue;
    value[k->n_lags] = (lag - 1) / evl_series_rate_hz(k->series);
    return;
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  const int n = evl_series_samples(k->series), count = evl_series_count(k->series);
  const size_t n_channels = (size_t)window->n_channels, lags = (size_t)k->n_lags, all = lags + 1;
  for (size_t c = 0; c < n_channels; c++) {
    if (!evl_series_get(k->series, window, (int)c, 0)) continue;
    for (int s = 0; s < count; s++)
      measure(k, evl_series_get(k->series, window, (int)c, s), n, k->value + (size_t)s * all);
    for (size_t l = 0; l < lags; l++)
      evl_put_ranked(out, l * n_channels + c, (lags + l) * n_channels + c, k->value + l, all, count);
    evl_put_ranked(out, 2 * lags * n_channels + c, (2 * lags + 1) * n_channels + c, k->value + lags, all, count);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double bins = (double)evl_params_int(p, "bins"), n = evl_series_samples_at(p, shape);
  return evl_series_cost_us(p, shape) +
         shape->n_channels * (1.0 + (double)evl_params_int(p, "surrogates")) *
         (0.03 * n + 12.0 * (2e-3 * n + 5e-4 * bins * bins));
}

const evl_entry evl_feature_auto_mutual_information = {
    .name = "auto_mutual_information",
    .summary = "Auto mutual information of the signal and its first minimum.",
    .definition = "information = sum p(a, b) log2 (p(a, b) / (p(a) p(b))) over the bins a of x_t and b of x_{t + lag}; "
                  "first_minimum: the first lag >= 1 with less than the lags before and after it, undefined where there is "
                  "none up to most_lag_s. Too large by about (bins - 1)^2 / (2 N ln 2) bit of N pairs, in signal and "
                  "surrogates alike." EVL_RANK_TEXT,
    .cite = "Fraser and Swinney 1986, doi:10.1103/PhysRevA.33.1134, eq. 4; Schreiber and Schmitz 2000, "
            "doi:10.1016/S0167-2789(00)00043-9 (surrogates)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER,
    .min_window_s = 2.0,
    .usual_window_s = 10.0,
    .usual_step_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
