/* irreversibility: whether the signal would look different run backwards. */
#include "nonlinear_priv.h"

typedef struct kernel {
  evl_series *series;
  int n_delays;
  int *delay;     /* [n_delays] samples */
  double *value;  /* [1 + surrogates][n_delays] */
} kernel;

static const evl_param params[] = {
    {"delay_s", EVL_REALS, "(0.008, 0.024, 0.048)", 0.0, 3600.0, NULL, "s",
     "Delays of the differences, rounded to samples, at least one."},
    EVL_SERIES_PARAMS,
    {0}};

static const evl_output outputs[] = {
    EVL_RANKED("asymmetry", "delay_s", "1", -EVL_ANY_MAX, EVL_ANY_MAX,
               "Skewness of the differences; 0 for a signal that is the same backwards, positive where it rises faster "
               "than it falls."),
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)shape;
  const evl_value *list = evl_params_value(p, "delay_s");
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_series_plan(p, 0.0, products, arena, &k->series));
  k->n_delays = list->n;
  EVL_NEW(arena, k->delay, k->n_delays);
  for (int d = 0; d < k->n_delays; d++)
    k->delay[d] = (int)fmin(fmax(round(list->reals[d] * evl_series_rate_hz(k->series)), 1.0), 1e6);
  EVL_NEW(arena, k->value, evl_series_count(k->series) * k->n_delays);
  *planned = k;
  return EVL_OK;
}

static double asymmetry(const double *x, int n, int delay) {
  enum { LEAST = 20 };
  double square = 0.0, cube = 0.0;
  if (n - delay < LEAST) return NAN;
  for (int t = 0; t < n - delay; t++) {
    const double step = x[t + delay] - x[t];
    square += step * step;
    cube += step * step * step;
  }
  square /= n - delay;
  return cube / (n - delay) / (square * sqrt(square));
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const int n = evl_series_samples(k->series), count = evl_series_count(k->series);
  const size_t n_channels = (size_t)window->n_channels, n_delays = (size_t)k->n_delays;
  for (size_t c = 0; c < n_channels; c++) {
    if (!evl_series_get(k->series, window, (int)c, 0)) continue;
    for (int s = 0; s < count; s++)
      for (size_t d = 0; d < n_delays; d++)
        k->value[(size_t)s * n_delays + d] = asymmetry(evl_series_get(k->series, window, (int)c, s), n, k->delay[d]);
    for (size_t d = 0; d < n_delays; d++)
      evl_put_ranked(out, d * n_channels + c, (n_delays + d) * n_channels + c, k->value + d, n_delays, count);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return evl_series_cost_us(p, shape) +
         shape->n_channels * (1.0 + (double)evl_params_int(p, "surrogates")) * evl_series_samples_at(p, shape) * 3e-3 *
         evl_params_value(p, "delay_s")->n;
}

const evl_entry evl_feature_irreversibility = {
    .name = "irreversibility",
    .summary = "Time irreversibility: skewness of the differences of the signal.",
    .definition = "asymmetry = <(x_{t+d} - x_t)^3> / <(x_{t+d} - x_t)^2>^{3/2}. A linear Gaussian process, also one seen "
                  "through a monotonic function, is the same backwards, so a rank at either end (two-sided) speaks "
                  "against it." EVL_RANK_TEXT,
    .cite = "Schreiber and Schmitz 1997, doi:10.1103/PhysRevE.55.5443, eq. 5; 2000, "
            "doi:10.1016/S0167-2789(00)00043-9 (surrogates)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER,
    .min_window_s = 1.0,
    .usual_window_s = 10.0,
    .usual_step_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
