/* lyapunov_rosenstein: largest Lyapunov exponent by the divergence of nearest neighbours. */
#include "nonlinear_priv.h"

typedef struct kernel {
  evl_reading reading;
  int first, steps;   /* of the fit: first <= step < steps */
  int n;              /* vectors that can be followed for `steps` */
  double rate_hz;
  const double *x;
  int *neighbour;     /* [n]; -1: none */
  double *at, *mean;  /* [steps] */
} kernel;

static const evl_param params[] = {
    {"fit_s", EVL_REALS, "(0.0, 0.12)", 0.0, 3600.0, NULL, "s",
     "Times from the start between which the line is fitted, the second left out: after the initial transient and "
     "before the distances reach the size of the set. Neighbours are followed to its end."},
    EVL_EMBEDDING_PARAMS,
    EVL_SERIES_PARAMS,
    {0}};

static const evl_output outputs[] = {
    EVL_RANKED("exponent", NULL, "1/s", -EVL_ANY_MAX, EVL_ANY_MAX, "Slope of the mean logarithm of the distance."),
    {0}};

static void begin(void *self, const double *x, int n_vectors) {
  kernel *k = self;
  k->x = x;
  k->n = n_vectors - k->steps + 1;
}

static void row(void *self, const evl_row *r) {
  kernel *k = self;
  double distance;
  if (r->i < k->n && !evl_row_nearest(r, k->n, 1, &k->neighbour[r->i], &distance)) k->neighbour[r->i] = -1;
}

static void end(void *self, double *value) {
  kernel *k = self;
  const evl_embedding *e = &k->reading.embedding;
  size_t n = 0;
  for (int step = k->first; step < k->steps; step++) {
    evl_log_sum sum = {.product = 1.0};
    for (int i = 0; i < k->n; i++) {
      if (k->neighbour[i] < 0) return; /* a vector without a neighbour: the series is too short */
      const double d = evl_embedding_distance(e, k->x, i + step, k->neighbour[i] + step);
      if (d > 0.0) evl_log_add(&sum, d);
    }
    if (sum.n == 0) continue;
    k->at[n] = step / k->rate_hz;
    k->mean[n++] = evl_log_mean(&sum) * (e->euclidean ? 0.5 : 1.0);
  }
  if (n > 1) value[0] = evl_slope(k->at, k->mean, n);
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)shape;
  const evl_value *fit = evl_params_value(p, "fit_s");
  kernel *k;
  EVL_NEW(arena, k, 1);
  const evl_row_reader reader = {k, 1, 1, begin, row, end};
  EVL_TRY(evl_reading_plan(p, &reader, products, arena, &k->reading));
  k->rate_hz = evl_series_rate_hz(k->reading.series);
  EVL_TRY(evl_fit_steps(fit, k->rate_hz, "lyapunov_rosenstein.fit_s", &k->first, &k->steps));
  EVL_NEW(arena, k->neighbour, evl_series_samples(k->reading.series));
  EVL_NEW(arena, k->at, k->steps);
  EVL_NEW(arena, k->mean, k->steps);
  *planned = k;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  evl_reading_put(&k->reading, window, out);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = evl_series_samples_at(p, shape);
  const double steps = evl_params_value(p, "fit_s")->reals[1] * evl_params_real(p, "rate_hz");
  return evl_rows_cost_us(p, shape) +
         shape->n_channels * (1.0 + (double)evl_params_int(p, "surrogates")) * n * (0.1 + 0.01 * steps);
}

const evl_entry evl_feature_lyapunov_rosenstein = {
    .name = "lyapunov_rosenstein",
    .summary = "Largest Lyapunov exponent by Rosenstein's divergence of nearest neighbours.",
    .definition = "j(i): the nearest embedding vector of i further than theiler away in time; exponent = least-squares "
                  "slope over k of the mean over i of ln d(i + k, j(i) + k), distances of zero left out. Noise "
                  "diverges too; only the rank says whether it does so faster or slower than linear noise of the same "
                  "spectrum. nolds: norm = \"euclidean\", dimension = 10, fit_s of 20 samples, end_match = 0, rate_hz "
                  "that of the recording, and the value per sample." EVL_RANK_TEXT,
    .cite = "Rosenstein et al. 1993, doi:10.1016/0167-2789(93)90009-P, eq. 12; Schreiber and Schmitz 2000, "
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
