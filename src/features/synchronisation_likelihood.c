/* synchronisation_likelihood: how often two channels return to earlier states at the same times. */
#include <string.h>

#include "information_priv.h"

typedef struct embedding { int lag, dimension, theiler, reach; } embedding;

typedef struct kernel {
  evl_products *products;
  int n_channels, n_samples, step, n_bands;
  double p_ref;
  const evl_value *bands;
  embedding *embedding;  /* [n_bands] */
  evl_biquad *section;   /* [n_bands][EVL_MAX_SECTIONS] */
  int *n_sections, pad;
  double *filtered;      /* [n_samples + 2 pad] */
  double *x;             /* [n_channels][n_samples] filtered, standardised */
  uint8_t *usable;       /* [n_channels] */
  double *distance;      /* [2 reach + 1] */
  double *nearest;       /* [most] smallest distances, ascending */
  int *where;            /* [most] and where */
  uint64_t *recurs;      /* [n_channels][words] bit j: state j is near state i */
  uint64_t *common;      /* [pairs] */
} kernel;

static const evl_param params[] = {
    {"bands", EVL_BANDS,
     "{ delta = (1.0, 4.0); theta = (4.0, 8.0); alpha = (8.0, 12.0); beta = (12.0, 30.0); gamma = (30.0, 45.0); }",
     0.01, 1e5, NULL, "Hz", "Bands that the signal is filtered to; they fix the embedding."},
    {"p_ref", EVL_REAL, "0.01", 1e-4, 0.5, NULL, "1", "Share of the candidates that count as returns."},
    {"recurrences", EVL_INT, "10", 1, 1000, NULL, "count", "Returns looked for on each side of a state."},
    {"reference_s", EVL_REAL, "0.1", 0.0, 60.0, NULL, "s", "Between the states that are looked at; 0: all."},
    {0}};

static const evl_output outputs[] = {
    {"likelihood", EVL_PER_PAIR, "bands", false, "1", 0.0, 1.0,
     "Share of the returns of one channel at which the other returns too; p_ref for independent ones, 1 for equal."},
    {0}};

/* Montez et al. 2006: the lag resolves the highest frequency, the vector spans the lowest one. */
static embedding embed(const kernel *k, const evl_params *p, const evl_band *band, double fs_hz) {
  embedding e;
  e.lag = (int)fmax(round(fs_hz / (3.0 * band->high_hz)), 1.0);
  e.dimension = (int)ceil(3.0 * band->high_hz / band->low_hz) + 1;
  e.theiler = 2 * e.lag * (e.dimension - 1);
  e.reach = e.theiler + (int)round((double)evl_params_int(p, "recurrences") / k->p_ref);
  return e;
}

static evl_status plan_band(kernel *k, const evl_params *p, const evl_shape *shape, int b, int *reach) {
  const evl_band *band = &k->bands->bands[b];
  if (3.0 * band->high_hz / band->low_hz > 100.0)
    return evl_fail(EVL_USAGE,
                    "synchronisation_likelihood.bands: %s (%g to %g Hz): expected an upper edge of at most 33 times "
                    "the lower one",
                    band->name, band->low_hz, band->high_hz);
  k->embedding[b] = embed(k, p, band, shape->fs_hz);
  if (k->embedding[b].reach > *reach) *reach = k->embedding[b].reach;
  if (band->high_hz >= 0.5 * shape->fs_hz) return EVL_OK; /* undefined there */
  return evl_butterworth_band(3, band->low_hz, band->high_hz, shape->fs_hz, k->section + (size_t)b * EVL_MAX_SECTIONS,
                              &k->n_sections[b]);
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_channels = shape->n_channels;
  k->n_samples = shape->n_samples;
  k->p_ref = evl_params_real(p, "p_ref");
  k->step = (int)fmax(round(evl_params_real(p, "reference_s") * shape->fs_hz), 1.0);
  k->bands = evl_params_value(p, "bands");
  k->n_bands = k->bands->n;
  k->pad = (int)fmin(round(3.0 * shape->fs_hz), shape->n_samples - 1.0);
  EVL_NEW(arena, k->embedding, k->n_bands);
  EVL_NEW(arena, k->section, (size_t)k->n_bands * EVL_MAX_SECTIONS);
  EVL_NEW(arena, k->n_sections, k->n_bands);
  int reach = 0;
  for (int b = 0; b < k->n_bands; b++) EVL_TRY(plan_band(k, p, shape, b, &reach));
  const size_t c = (size_t)k->n_channels, width = 2 * (size_t)reach + 1;
  EVL_NEW(arena, k->filtered, k->n_samples + 2 * k->pad);
  EVL_NEW(arena, k->x, c * (size_t)k->n_samples);
  EVL_NEW(arena, k->usable, c);
  EVL_NEW(arena, k->distance, width);
  EVL_NEW(arena, k->nearest, width);
  EVL_NEW(arena, k->where, width);
  EVL_NEW(arena, k->recurs, c * (width / 64 + 1));
  EVL_NEW(arena, k->common, c * c / 2 + 1);
  *planned = k;
  return EVL_OK;
}

static void filter(kernel *k, const evl_window *window, int band) {
  const uint8_t *usable = evl_products_usable(k->products);
  for (int c = 0; c < k->n_channels; c++) {
    double *y = k->x + (size_t)c * (size_t)k->n_samples;
    k->usable[c] = usable[c];
    if (!usable[c]) continue;
    memcpy(y, window->x + (size_t)c * window->ld, (size_t)k->n_samples * sizeof *y);
    k->usable[c] = evl_standardise(y, k->n_samples); /* before the filter, whose recursion would lose digits */
    if (!k->usable[c]) continue;
    evl_zero_phase(k->section + (size_t)band * EVL_MAX_SECTIONS, k->n_sections[band], y, k->n_samples, k->pad,
                   k->filtered);
    memcpy(y, k->filtered + k->pad, (size_t)k->n_samples * sizeof *y);
    k->usable[c] = evl_standardise(y, k->n_samples);
  }
}

/* States j: from `first` to `end` - 1, but for those within the Theiler window of i. */
typedef struct candidates { int i, first, end, gap_first, gap_end; } candidates;

static candidates around(const embedding *e, int i, int states) {
  candidates c = {.i = i, .first = i - e->reach + 1, .end = i + e->reach};
  c.gap_first = i - e->theiler;
  c.gap_end = i + e->theiler + 1;
  if (c.first < 0) c.first = 0;
  if (c.end > states) c.end = states;
  if (c.gap_first < c.first) c.gap_first = c.first;
  if (c.gap_end > c.end) c.gap_end = c.end;
  return c;
}

static int count_of(const candidates *c) { return (c->gap_first - c->first) + (c->end - c->gap_end); }

/* Squared Euclidean distances of the states from state i. */
static void distances(const double *x, const embedding *e, const candidates *c, double *distance) {
  const int n = c->end - c->first;
  memset(distance, 0, (size_t)n * sizeof *distance);
  for (int d = 0; d < e->dimension; d++) {
    const double *there = x + c->first + d * e->lag, here = x[c->i + d * e->lag];
    for (int j = 0; j < n; j++) distance[j] += (there[j] - here) * (there[j] - here);
  }
}

/* Marks the `most` nearest candidates; of equally near ones the earlier. */
static void mark_nearest(kernel *k, const candidates *c, int most, uint64_t *recurs) {
  int n = 0;
  for (int j = c->first; j < c->end; j++) {
    if (j == c->gap_first) j = c->gap_end;
    if (j >= c->end) break;
    const double d = k->distance[j - c->first];
    if (n == most && !(d < k->nearest[n - 1])) continue;
    int at = n < most ? n++ : n - 1;
    for (; at > 0 && d < k->nearest[at - 1]; at--) {
      k->nearest[at] = k->nearest[at - 1];
      k->where[at] = k->where[at - 1];
    }
    k->nearest[at] = d;
    k->where[at] = j - c->first;
  }
  memset(recurs, 0, ((size_t)(c->end - c->first) / 64 + 1) * sizeof *recurs);
  for (int i = 0; i < n; i++) recurs[k->where[i] / 64] |= 1ULL << (k->where[i] % 64);
}

/* Adds what pairs share at state i. */
static void add_state(kernel *k, const embedding *e, const candidates *c, int most) {
  const size_t words = (size_t)(c->end - c->first) / 64 + 1;
  for (int a = 0; a < k->n_channels; a++) {
    if (!k->usable[a]) continue;
    distances(k->x + (size_t)a * (size_t)k->n_samples, e, c, k->distance);
    mark_nearest(k, c, most, k->recurs + (size_t)a * words);
  }
  size_t pair = 0;
  for (int a = 0; a < k->n_channels; a++)
    for (int b = a + 1; b < k->n_channels; b++, pair++) {
      if (!k->usable[a] || !k->usable[b]) continue;
      const uint64_t *x = k->recurs + (size_t)a * words, *y = k->recurs + (size_t)b * words;
      int both = 0;
      for (size_t w = 0; w < words; w++) both += __builtin_popcountll(x[w] & y[w]);
      k->common[pair] += (uint64_t)both;
    }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  const size_t pairs = (size_t)k->n_channels * (size_t)(k->n_channels - 1) / 2;
  for (int band = 0; band < k->n_bands; band++) {
    const embedding *e = &k->embedding[band];
    const int states = k->n_samples - (e->dimension - 1) * e->lag;
    uint64_t returns = 0;
    if (k->n_sections[band] == 0 || states < 1) continue;
    filter(k, window, band);
    memset(k->common, 0, pairs * sizeof *k->common);
    for (int i = 0; i < states; i += k->step) {
      const candidates c = around(e, i, states);
      const int most = (int)floor(k->p_ref * count_of(&c) + 1e-9);
      if (most < 1) continue;
      add_state(k, e, &c, most);
      returns += (uint64_t)most;
    }
    size_t pair = 0;
    for (int a = 0; a < k->n_channels && returns > 0; a++)
      for (int b = a + 1; b < k->n_channels; b++, pair++)
        if (k->usable[a] && k->usable[b])
          evl_put(out, (size_t)band * pairs + pair, (double)k->common[pair] / (double)returns);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const kernel k = {.p_ref = evl_params_real(p, "p_ref")};
  const evl_value *bands = evl_params_value(p, "bands");
  const double step = fmax(round(evl_params_real(p, "reference_s") * shape->fs_hz), 1.0);
  double sum = 0.0;
  for (int b = 0; b < bands->n; b++) {
    const embedding e = embed(&k, p, &bands->bands[b], shape->fs_hz);
    const double width = fmin(2.0 * e.reach, shape->n_samples);
    sum += shape->n_channels * width * (2e-4 * e.dimension + 1.5e-3) +
           shape->n_channels * (shape->n_channels - 1.0) / 2.0 * width / 64.0 * 6e-4;
  }
  return sum * shape->n_samples / step + bands->n * 0.05 * shape->n_channels * shape->n_samples;
}

const evl_entry evl_feature_synchronisation_likelihood = {
    .name = "synchronisation_likelihood",
    .summary = "Synchronisation likelihood: returns to earlier states that two channels make at the same times.",
    .definition =
        "Filtered to a band (low, high), a channel's state at i is X_i = (x_i, x_{i+l}, ..., x_{i+(m-1)l}) with l = fs "
        "/ (3 high) and m = 3 high / low + 1 (rounded up). Candidates are the states j with w1 < |i - j| < w2, w1 = 2 l "
        "(m - 1), w2 = w1 + recurrences / p_ref; a channel returns to X_i at the share p_ref of them that are nearest "
        "to X_i (Euclidean). likelihood = the number of (i, j) at which both channels return over that at which one "
        "does. Each channel has its own radius at each state, so that only times count and not amplitudes.",
    .cite = "Stam and van Dijk 2002, doi:10.1016/S0167-2789(01)00386-4, eq. 3 to 7; Montez et al. 2006, "
            "doi:10.1016/j.neuroimage.2006.06.066 (lag, dimension and windows from the band)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .usual_step_s = 300.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
