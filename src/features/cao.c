/* cao: how distances of nearest neighbours grow with the embedding dimension. */
#include "nonlinear_priv.h"

typedef struct kernel {
  evl_reading reading;
  int n_dimensions, highest;
  int *dimension;            /* [n_dimensions] */
  const double *x;
  int *growths, *tried;      /* [highest + 2] */
  double *growth, *next;     /* [highest + 2] sums */
} kernel;

static const evl_param params[] = {
    {"dimensions", EVL_REALS, "(1, 2, 3, 4, 5, 6)", 1, 64, NULL, "", "Embedding dimensions, integers."},
    EVL_UNFOLDING_PARAMS,
    EVL_SERIES_PARAMS,
    {0}};

static const evl_output outputs[] = {
    EVL_RANKED("e1", "dimensions", "1", 0.0, EVL_ANY_MAX, "E(m + 1) / E(m): about 1 from where the dimension suffices."),
    EVL_RANKED("e2", "dimensions", "1", 0.0, EVL_ANY_MAX, "E*(m + 1) / E*(m): 1 in every dimension for white noise."),
    EVL_RANKED("e2_deviation", NULL, "1", 0.0, EVL_ANY_MAX, "Mean of |e2 - 1| over the dimensions."),
    {0}};

static void begin(void *self, const double *x, int n_vectors) {
  kernel *k = self;
  (void)n_vectors;
  k->x = x;
  for (int m = 0; m < k->highest + 2; m++) {
    k->growths[m] = k->tried[m] = 0;
    k->growth[m] = k->next[m] = 0.0;
  }
}

static void row(void *self, const evl_row *r) {
  kernel *k = self;
  const evl_embedding *e = &k->reading.embedding;
  evl_unfolding u;
  const int m = r->dimension;
  if (!evl_row_unfold(r, e, k->x, evl_series_samples(k->reading.series), &u)) return;
  const double together = e->euclidean ? hypot(u.distance, u.next) : fmax(u.distance, u.next);
  k->tried[m]++;
  k->next[m] += u.next;
  if (!(u.distance > 0.0)) return;
  k->growths[m]++;
  k->growth[m] += together / u.distance;
}

static void end(void *self, double *value) {
  const kernel *k = self;
  double deviation = 0.0;
  for (int d = 0; d < k->n_dimensions; d++) {
    const int m = k->dimension[d];
    const double e = k->growth[m] / k->growths[m], e_next = k->growth[m + 1] / k->growths[m + 1];
    const double star = k->next[m] / k->tried[m], star_next = k->next[m + 1] / k->tried[m + 1];
    value[d] = e_next / e; /* not a number where there is nothing to divide by */
    value[k->n_dimensions + d] = star_next / star;
    deviation += fabs(star_next / star - 1.0);
  }
  value[2 * k->n_dimensions] = deviation / k->n_dimensions;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)shape;
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_dimensions_of(p, "cao.dimensions", arena, &k->dimension, &k->highest));
  k->n_dimensions = evl_params_value(p, "dimensions")->n;
  EVL_NEW(arena, k->growths, k->highest + 2);
  EVL_NEW(arena, k->tried, k->highest + 2);
  EVL_NEW(arena, k->growth, k->highest + 2);
  EVL_NEW(arena, k->next, k->highest + 2);
  evl_row_reader reader = {k, 1, 2 * k->n_dimensions + 1, begin, row, end};
  EVL_TRY(evl_unfolding_plan(p, k->highest + 1, &reader, products, arena, &k->reading));
  *planned = k;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const size_t n_channels = (size_t)window->n_channels, n = (size_t)k->n_dimensions, all = 2 * n + 1;
  const int count = evl_series_count(k->reading.series);
  for (size_t c = 0; c < n_channels; c++) {
    const double *value = evl_rows_values(k->reading.rows, window, (int)c, k->reading.id);
    if (!value) continue;
    for (size_t d = 0; d < n; d++) {
      evl_put_ranked(out, d * n_channels + c, (n + d) * n_channels + c, value + d, all, count);
      evl_put_ranked(out, (2 * n + d) * n_channels + c, (3 * n + d) * n_channels + c, value + n + d, all, count);
    }
    evl_put_ranked(out, 4 * n * n_channels + c, (4 * n + 1) * n_channels + c, value + 2 * n, all, count);
  }
}

const evl_entry evl_feature_cao = {
    .name = "cao",
    .summary = "Cao's E1 and E2: embedding dimension and determinism from nearest neighbours.",
    .definition = "For each reference vector of dimension m its nearest one further than theiler away in time: E(m) = "
                  "mean of the ratio of their distance in dimension m + 1 to that in m, E*(m) = mean of |x_{i + m delay} "
                  "- x_{j + m delay}|; e1 = E(m + 1) / E(m), e2 = E*(m + 1) / E*(m). Neighbours at distance 0 have no "
                  "ratio." EVL_RANK_TEXT,
    .cite = "Cao 1997, doi:10.1016/S0167-2789(97)00118-8, eqs. 1-6; Schreiber and Schmitz 2000, "
            "doi:10.1016/S0167-2789(00)00043-9 (surrogates)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .min_window_s = 4.0,
    .usual_window_s = 10.0,
    .usual_step_s = 60.0,
    .cost_us = evl_unfolding_cost_us,
    .plan = plan,
    .run = run,
};
