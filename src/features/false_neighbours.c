/* false_neighbours: share of nearest neighbours that a further coordinate drives apart. */
#include "nonlinear_priv.h"

enum { LEAST_REFERENCES = 10 };

typedef struct kernel {
  evl_reading reading;
  int n_dimensions;
  int *dimension;        /* [n_dimensions] */
  double apart, size;    /* thresholds */
  const double *x;
  int *tried, *parted;   /* [highest dimension + 1] */
  int highest;
} kernel;

static const evl_param params[] = {
    {"dimensions", EVL_REALS, "(1, 2, 3, 4, 5, 6)", 1, 64, NULL, "", "Embedding dimensions, integers."},
    {"apart", EVL_REAL, "15.0", 1.0, 1e6, NULL, "1",
     "A neighbour is false if the next coordinates differ by more than so many times its distance, or"},
    {"size", EVL_REAL, "2.0", 0.1, 1e6, NULL, "sd",
     "if its distance with the next coordinate exceeds so many standard deviations (noise is far from its nearest "
     "neighbour in every dimension)."},
    EVL_UNFOLDING_PARAMS,
    EVL_SERIES_PARAMS,
    {0}};

static const evl_output outputs[] = {
    EVL_RANKED("fraction", "dimensions", "1", 0.0, 1.0, "Share of false nearest neighbours."),
    {0}};

static void begin(void *self, const double *x, int n_vectors) {
  kernel *k = self;
  (void)n_vectors;
  k->x = x;
  for (int m = 0; m <= k->highest; m++) k->tried[m] = k->parted[m] = 0;
}

static void row(void *self, const evl_row *r) {
  kernel *k = self;
  const evl_embedding *e = &k->reading.embedding;
  evl_unfolding u;
  if (r->dimension > k->highest) return;
  if (!evl_row_unfold(r, e, k->x, evl_series_samples(k->reading.series), &u)) return;
  const double together = e->euclidean ? hypot(u.distance, u.next) : fmax(u.distance, u.next);
  k->tried[r->dimension]++;
  k->parted[r->dimension] += u.next > k->apart * u.distance || together > k->size;
}

static void end(void *self, double *value) {
  const kernel *k = self;
  for (int d = 0; d < k->n_dimensions; d++) {
    const int m = k->dimension[d];
    if (k->tried[m] >= LEAST_REFERENCES) value[d] = (double)k->parted[m] / k->tried[m];
  }
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)shape;
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_dimensions_of(p, "false_neighbours.dimensions", arena, &k->dimension, &k->highest));
  k->n_dimensions = evl_params_value(p, "dimensions")->n;
  k->apart = evl_params_real(p, "apart");
  k->size = evl_params_real(p, "size");
  EVL_NEW(arena, k->tried, k->highest + 1);
  EVL_NEW(arena, k->parted, k->highest + 1);
  evl_row_reader reader = {k, 1, k->n_dimensions, begin, row, end};
  EVL_TRY(evl_unfolding_plan(p, k->highest + 1, &reader, products, arena, &k->reading));
  *planned = k;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const size_t n_channels = (size_t)window->n_channels, n = (size_t)k->n_dimensions;
  for (size_t c = 0; c < n_channels; c++) {
    const double *value = evl_rows_values(k->reading.rows, window, (int)c, k->reading.id);
    for (size_t d = 0; value && d < n; d++)
      evl_put_ranked(out, d * n_channels + c, (n + d) * n_channels + c, value + d, n,
                     evl_series_count(k->reading.series));
  }
}

const evl_entry evl_feature_false_neighbours = {
    .name = "false_neighbours",
    .summary = "False nearest neighbours: how many dimensions it takes to tell the states of the signal apart.",
    .definition = "For each reference vector of dimension m its nearest one further than theiler away in time, at "
                  "distance d; e: how far their next coordinates x_{i + m delay} differ. False if e > apart d, or if the "
                  "distance with the next coordinate exceeds size standard deviations; fraction = false / all. It falls to "
                  "0 where m suffices for a deterministic signal. Kennel et al.: norm = \"euclidean\", references = all."
                  EVL_RANK_TEXT,
    .cite = "Kennel et al. 1992, doi:10.1103/PhysRevA.45.3403, eqs. 4 and 5; Schreiber and Schmitz 2000, "
            "doi:10.1016/S0167-2789(00)00043-9 (surrogates)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .min_window_s = 4.0,
    .usual_window_s = 10.0,
    .usual_step_s = 60.0,
    .cost_us = evl_unfolding_cost_us,
    .plan = plan,
    .run = run,
};
