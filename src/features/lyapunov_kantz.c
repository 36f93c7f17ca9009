/* lyapunov_kantz: largest Lyapunov exponent by the spreading of whole neighbourhoods. */
#include <string.h>

#include "nonlinear_priv.h"

enum { LEAST_VECTORS = 20 }; /* neighbourhoods of a mean */

typedef struct kernel {
  evl_reading reading;
  int first, steps, least;   /* steps of the fit; neighbours that a neighbourhood needs */
  int n;                     /* vectors that can be followed for `steps` */
  double level, rate_hz;
  const double *now;         /* the last coordinate of each vector */
  double *spread;            /* [steps] of one neighbourhood */
  evl_log_sum *sum;          /* [steps] */
  double *at, *mean;         /* [steps] */
} kernel;

static const evl_param params[] = {
    {"radius", EVL_REAL, "0.5", 1e-9, 1e3, NULL, "sd", "Radius of a neighbourhood, over the standard deviation."},
    {"least", EVL_INT, "3", 1, 10000, NULL, "", "Neighbours that a vector needs to count."},
    {"fit_s", EVL_REALS, "(0.0, 0.12)", 0.0, 3600.0, NULL, "s",
     "Times from the start between which the line is fitted, the second left out."},
    EVL_EMBEDDING_PARAMS,
    EVL_SERIES_PARAMS,
    {0}};

static const evl_output outputs[] = {
    EVL_RANKED("exponent", NULL, "1/s", -EVL_ANY_MAX, EVL_ANY_MAX, "Slope of the mean logarithm of the spread."),
    {0}};

static void begin(void *self, const double *x, int n_vectors) {
  kernel *k = self;
  const evl_embedding *e = &k->reading.embedding;
  k->now = x + (e->dimension - 1) * e->delay;
  k->n = n_vectors - k->steps + 1;
  for (int s = 0; s < k->steps; s++) k->sum[s] = (evl_log_sum){.product = 1.0};
}

static void row(void *self, const evl_row *r) {
  kernel *k = self;
  if (r->i >= k->n) return;
  const double *from = k->now + r->i;
  int n = 0;
  memset(k->spread, 0, (size_t)k->steps * sizeof *k->spread);
  for (int b = 0; b * EVL_ROW_BLOCK < k->n; b++) {
    if (r->least[b] > k->level) continue;
    const int to = (b + 1) * EVL_ROW_BLOCK < k->n ? (b + 1) * EVL_ROW_BLOCK : k->n;
    for (int j = b * EVL_ROW_BLOCK; j < to; j++) {
      if (r->distance[j] > k->level) continue;
      const double *other = k->now + j;
      for (int s = 0; s < k->steps; s++) k->spread[s] += fabs(other[s] - from[s]);
      n++;
    }
  }
  if (n < k->least) return;
  for (int s = k->first; s < k->steps; s++)
    if (k->spread[s] > 0.0) evl_log_add(&k->sum[s], k->spread[s] / n);
}

static void end(void *self, double *value) {
  kernel *k = self;
  size_t n = 0;
  for (int s = k->first; s < k->steps; s++) {
    if (k->sum[s].n < LEAST_VECTORS) continue;
    k->at[n] = s / k->rate_hz;
    k->mean[n++] = evl_log_mean(&k->sum[s]);
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
  k->least = (int)evl_params_int(p, "least");
  k->level = evl_embedding_level(&k->reading.embedding, evl_params_real(p, "radius"));
  EVL_TRY(evl_fit_steps(fit, k->rate_hz, "lyapunov_kantz.fit_s", &k->first, &k->steps));
  EVL_NEW(arena, k->spread, k->steps);
  EVL_NEW(arena, k->sum, k->steps);
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
  return evl_rows_cost_us(p, shape) +
         shape->n_channels * (1.0 + (double)evl_params_int(p, "surrogates")) * n * (0.1 + 5e-4 * n);
}

const evl_entry evl_feature_lyapunov_kantz = {
    .name = "lyapunov_kantz",
    .summary = "Largest Lyapunov exponent by Kantz's spreading of neighbourhoods.",
    .definition = "U_i: vectors within radius of vector i and further than theiler away in time; S(k) = mean over i of "
                  "ln (mean over j in U_i of |x_{i'+k} - x_{j'+k}|), i' the last sample of vector i; exponent = "
                  "least-squares slope of S over k. The mean within the logarithm damps noise that a single nearest "
                  "neighbour (lyapunov_rosenstein) takes along." EVL_RANK_TEXT,
    .cite = "Kantz 1994, doi:10.1016/0375-9601(94)90991-1, eq. 5; Schreiber and Schmitz 2000, "
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
