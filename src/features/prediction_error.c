/* prediction_error: how badly the futures of near neighbours predict the signal. */
#include "nonlinear_priv.h"

enum { MOST_NEIGHBOURS = 64, LEAST_PREDICTIONS = 20 };

typedef struct kernel {
  evl_reading reading;
  int neighbours, horizon, n; /* n: vectors whose future is in the series */
  const double *future;       /* of each vector */
  double squares, sum, own_squares;
  int predictions;
} kernel;

static const evl_param params[] = {
    {"neighbours", EVL_INT, "8", 1, MOST_NEIGHBOURS, NULL, "", "Nearest neighbours whose futures are averaged."},
    {"horizon_s", EVL_REAL, "0.04", 0.0, 3600.0, NULL, "s", "How far ahead, rounded to samples, at least one."},
    EVL_EMBEDDING_PARAMS,
    EVL_SERIES_PARAMS,
    {0}};

static const evl_output outputs[] = {
    EVL_RANKED("error", NULL, "1", 0.0, EVL_ANY_MAX,
               "Root mean square error over the standard deviation of what was to be predicted; 1: no better than its "
               "mean."),
    {0}};

static void begin(void *self, const double *x, int n_vectors) {
  kernel *k = self;
  const evl_embedding *e = &k->reading.embedding;
  k->future = x + (e->dimension - 1) * e->delay + k->horizon;
  k->n = n_vectors - k->horizon;
  k->squares = k->sum = k->own_squares = 0.0;
  k->predictions = 0;
}

static void row(void *self, const evl_row *r) {
  kernel *k = self;
  int index[MOST_NEIGHBOURS];
  double distance[MOST_NEIGHBOURS], mean = 0.0;
  if (r->i >= k->n || evl_row_nearest(r, k->n, k->neighbours, index, distance) < k->neighbours) return;
  for (int j = 0; j < k->neighbours; j++) mean += k->future[index[j]];
  const double is = k->future[r->i], error = is - mean / k->neighbours;
  k->squares += error * error;
  k->sum += is;
  k->own_squares += is * is;
  k->predictions++;
}

static void end(void *self, double *value) {
  const kernel *k = self;
  if (k->predictions < LEAST_PREDICTIONS) return;
  const double variance = k->own_squares - k->sum * k->sum / k->predictions;
  if (variance > 1e-12 * k->own_squares) value[0] = sqrt(k->squares / variance);
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)shape;
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->neighbours = (int)evl_params_int(p, "neighbours");
  const evl_row_reader reader = {k, 1, 1, begin, row, end};
  EVL_TRY(evl_reading_plan(p, &reader, products, arena, &k->reading));
  const double horizon = round(evl_params_real(p, "horizon_s") * evl_series_rate_hz(k->reading.series));
  k->horizon = (int)fmin(fmax(horizon, 1.0), 1e6);
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
         shape->n_channels * (1.0 + (double)evl_params_int(p, "surrogates")) * n *
         (0.05 * (double)evl_params_int(p, "neighbours") + 1e-4 * n);
}

const evl_entry evl_feature_prediction_error = {
    .name = "prediction_error",
    .summary = "Nonlinear prediction error: how badly the futures of near neighbours predict the signal.",
    .definition = "For each embedding vector the value horizon after its last sample is predicted by the mean of the "
                  "values horizon after its nearest neighbours, none of them within theiler in time; error = rms of "
                  "the errors over the standard deviation of the predicted values. Less than that of the surrogates: "
                  "the signal is more predictable than a linear process. The most powerful of the statistics that "
                  "Schreiber and Schmitz compared." EVL_RANK_TEXT,
    .cite = "Farmer and Sidorowich 1987, doi:10.1103/PhysRevLett.59.845; Schreiber and Schmitz 1997, "
            "doi:10.1103/PhysRevE.55.5443 (power); 2000, doi:10.1016/S0167-2789(00)00043-9 (surrogates)",
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
