/* microstates: short stretches of time in which the scalp field keeps its shape. */
#include "microstates_priv.h"

#include <string.h>

typedef enum { CANONICAL, WINDOW, GIVEN } source;

typedef struct kernel {
  evl_products *products;
  source source;
  bool every_sample;
  int n_channels, n_samples, n_states, restarts;
  double fs_hz;
  double *given;       /* [n_states][n_channels]: of the file, or the canonical ones; NaN where there is no value */
  int *channel;        /* [n_channels] */
  double *mean, *gfp;  /* [n_channels], [n_samples] */
  int n_peaks, *peak;  /* [n_samples] */
  double *v;           /* [n_samples][channels of the field] fields at peaks, mean 0 */
  double *like;        /* [max(n_states, 4)][n_channels] what is given, of the field's channels */
  double *weight;      /* [n_states] */
  double *scratch;     /* [n_states][n_channels] */
  evl_kmeans kmeans;
  uint8_t *label;      /* [n_samples]; of peaks or of samples */
} kernel;

static const evl_param params[] = {
    {"maps", EVL_STRING, "\"canonical\"", 0, 0, NULL, "",
     "canonical: four fields of single dipoles; window: fitted to the window; else a table (TSV) with the columns "
     "channel and one for each microstate, as analysis/python/microstate_maps.py writes from training subjects. A "
     "changed table needs another name, since finished windows are known by it."},
    {"states", EVL_STRINGS, "[\"A\", \"B\", \"C\", \"D\"]", 0, 0, NULL, "",
     "Names of the microstates, columns of the table; their number is that of fitted maps. Fitted ones take the order "
     "of the canonical ones that they are most like, so that columns mean the same in every patient."},
    {"assign", EVL_STRING, "\"peaks\"", 0, 0, "peaks|samples", "",
     "peaks: each peak of global field power has the state of the nearest map, which lasts to half-way to the next "
     "peak; samples: each sample by itself, with many short stretches where the field is weak."},
    {"restarts", EVL_INT, "10", 1, 1000, NULL, "count", "Random starts of the fit to a window; the best one counts."},
    {0}};

enum { EXPLAINED, PEAKS, CHANGES, BY_STATE };

static const evl_output outputs[] = {
    [EXPLAINED] = {"explained", EVL_PER_WINDOW, NULL, false, "1", 0.0, 1.0,
                   "Global explained variance: share of the squared field at peaks of GFP that the maps explain."},
    [PEAKS] = {"peaks", EVL_PER_WINDOW, NULL, false, "count", 2.0, EVL_ANY_MAX, "Peaks of global field power."},
    [CHANGES] = {"changes", EVL_PER_WINDOW, NULL, false, "1/s", 0.0, EVL_ANY_MAX, "Changes of state a second."},
    [BY_STATE] = {"coverage", EVL_PER_WINDOW, "states", false, "1", 0.0, 1.0, "Share of time in the state."},
    {"occurrence", EVL_PER_WINDOW, "states", false, "1/s", 0.0, EVL_ANY_MAX, "Stretches of the state a second."},
    {"duration", EVL_PER_WINDOW, "states", false, "s", 0.0, EVL_ANY_MAX,
     "Mean length of its stretches; undefined where it does not occur."},
    {"explained_by", EVL_PER_WINDOW, "states", false, "1", 0.0, 1.0, "Its part of the explained variance."},
    {0}};

static evl_status tensors(const evl_params *p, const evl_montage *montage, evl_arena *arena, evl_tensor **tensor,
                          int *n) {
  const evl_value *states = evl_params_value(p, "states");
  const evl_dimension from = {.name = "state", .size = states->n, .label = states->strings, .unit = ""};
  evl_dimension to = from;
  to.name = "state_b";
  EVL_NEW(arena, *tensor, 2);
  (*tensor)[0] = (evl_tensor){
      .name = "transitions", .unit = "1", .n_dimensions = 2, .dimension = {from, to},
      .text = "Probability that state_b follows when state ends; NaN where state never ends.",
      .size = (size_t)states->n * (size_t)states->n};
  (*tensor)[1] = (evl_tensor){
      .name = "maps", .unit = "1", .n_dimensions = 2,
      .dimension = {from, {.name = "channel", .size = montage->n, .label = montage->name, .unit = ""}},
      .text = "Maps that were used, mean 0 and length 1; NaN for channels that are not in the field.",
      .size = (size_t)states->n * (size_t)montage->n};
  *n = 2;
  return EVL_OK;
}

static evl_status plan_maps(kernel *k, const evl_params *p, const evl_montage *montage, evl_arena *arena) {
  const char *maps = evl_params_string(p, "maps");
  const evl_value *states = evl_params_value(p, "states");
  const size_t rows = (size_t)(k->n_states > EVL_STATES_CANONICAL ? k->n_states : EVL_STATES_CANONICAL);
  k->source = !strcmp(maps, "canonical") ? CANONICAL : !strcmp(maps, "window") ? WINDOW : GIVEN;
  EVL_NEW(arena, k->given, rows * (size_t)k->n_channels);
  EVL_NEW(arena, k->like, rows * (size_t)k->n_channels);
  if (k->source == GIVEN) return evl_maps_read(maps, k->n_states, states->strings, montage, arena, k->given);
  if (k->source == CANONICAL && k->n_states != EVL_STATES_CANONICAL)
    return evl_fail(EVL_USAGE, "microstates.states: expected 4 names for the canonical maps, found %d", k->n_states);
  evl_maps_canonical(montage, k->given);
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_channels = shape->n_channels;
  k->n_samples = shape->n_samples;
  k->fs_hz = shape->fs_hz;
  k->every_sample = !strcmp(evl_params_string(p, "assign"), "samples");
  k->n_states = evl_params_value(p, "states")->n;
  k->restarts = (int)evl_params_int(p, "restarts");
  if (k->n_states < 2 || k->n_states > EVL_STATES_MOST)
    return evl_fail(EVL_USAGE, "microstates.states: expected 2 to %d names, found %d", EVL_STATES_MOST, k->n_states);
  EVL_TRY(plan_maps(k, p, shape->montage, arena));
  const size_t c = (size_t)k->n_channels, t = (size_t)k->n_samples, s = (size_t)k->n_states;
  EVL_NEW(arena, k->channel, c);
  EVL_NEW(arena, k->mean, c);
  EVL_NEW(arena, k->gfp, t);
  EVL_NEW(arena, k->peak, t);
  EVL_NEW(arena, k->label, t);
  EVL_NEW(arena, k->v, (t / 2 + 1) * c);
  EVL_NEW(arena, k->weight, s);
  EVL_NEW(arena, k->scratch, s * c);
  EVL_NEW(arena, k->kmeans.map, s * c);
  EVL_NEW(arena, k->kmeans.sum, s * c);
  EVL_NEW(arena, k->kmeans.best, s * c);
  *planned = k;
  return EVL_OK;
}

/* The field at sample t, mean 0. */
static void field_at(const kernel *k, const evl_window *window, int n, int t, double *v) {
  for (int i = 0; i < n; i++) v[i] = window->x[(size_t)k->channel[i] * window->ld + (size_t)t] - k->mean[i];
  const double mean = evl_mean(v, (size_t)n);
  for (int i = 0; i < n; i++) v[i] -= mean;
}

/* Channels of the field that every given map has a value for; the rows of `like`, of mean 0 and length 1. False where
   they are too few. A fit needs no given maps: without places there are none to be like. */
static bool choose_channels(kernel *k, int *n, int *n_like) {
  const int rows = k->source == GIVEN ? k->n_states : EVL_STATES_CANONICAL;
  const int all = evl_field_channels(k->products, k->channel);
  const evl_shape *shape = evl_products_shape(k->products);
  *n_like = k->source != WINDOW || (all > 0 && evl_field_has_place(shape, k->channel[0])) ? rows : 0;
  *n = 0;
  for (int i = 0; i < all; i++) {
    bool known = true;
    for (int s = 0; s < *n_like; s++) known = known && !isnan(k->given[s * k->n_channels + k->channel[i]]);
    if (known) k->channel[(*n)++] = k->channel[i];
  }
  if (*n < EVL_FIELD_FEWEST) return false;
  for (int s = 0; s < *n_like; s++) {
    for (int i = 0; i < *n; i++) k->like[s * *n + i] = k->given[s * k->n_channels + k->channel[i]];
    if (!evl_map_centre(k->like + s * *n, *n)) return false;
  }
  return true;
}

static void find_peaks(kernel *k, const evl_window *window, int n) {
  evl_field_power(window, k->channel, n, k->mean, k->gfp);
  k->n_peaks = 0;
  for (int t = 1; t + 1 < k->n_samples; t++) {
    if (!evl_is_peak(k->gfp, t)) continue;
    field_at(k, window, n, t, k->v + (size_t)k->n_peaks * (size_t)n);
    k->peak[k->n_peaks++] = t;
  }
}

static int nearest(const kernel *k, const double *v, int n, double *most) {
  int state = 0;
  *most = 0.0;
  for (int s = 0; s < k->n_states; s++) {
    const double dot = evl_map_dot(v, k->kmeans.map + s * n, n);
    if (dot * dot > *most * evl_map_slack) *most = dot * dot, state = s;
  }
  return state;
}

/* Labels of peaks and squares that each state explains; all squares. */
static double label_peaks(kernel *k, int n) {
  double all = 0.0;
  memset(k->weight, 0, (size_t)k->n_states * sizeof *k->weight);
  for (int i = 0; i < k->n_peaks; i++) {
    const double *v = k->v + (size_t)i * (size_t)n;
    double explained;
    k->label[i] = (uint8_t)nearest(k, v, n, &explained);
    k->weight[k->label[i]] += explained;
    all += evl_map_dot(v, v, n);
  }
  return all;
}

/* Maps of this window in kmeans.map, in order. */
static bool make_maps(kernel *k, const evl_window *window, int n, int n_like) {
  evl_random random;
  k->kmeans.n_channels = n;
  k->kmeans.n_states = k->n_states;
  if (k->source != WINDOW) {
    memcpy(k->kmeans.map, k->like, (size_t)k->n_states * (size_t)n * sizeof *k->like);
    return true;
  }
  k->kmeans.v = k->v;
  k->kmeans.n = k->n_peaks;
  evl_random_begin(&random, window->key, "microstates", "fit", 0);
  if (!evl_kmeans_fit(&k->kmeans, k->restarts, 1000, &random)) return false;
  label_peaks(k, n);
  evl_maps_order(k->kmeans.map, k->n_states, n, k->like, n_like, k->weight, k->scratch);
  return true;
}

/* Where the state of peak i, or of sample i, begins. */
static int begin_of(const kernel *k, int i) {
  return k->every_sample ? i : i == 0 ? k->peak[0] : (k->peak[i - 1] + k->peak[i] + 1) / 2;
}

/* Samples and stretches of each state, changes between them. */
typedef struct course { int samples[EVL_STATES_MOST], stretches[EVL_STATES_MOST], all, changes; } course;

static course follow(const kernel *k, double *transitions) {
  const int n = k->every_sample ? k->n_samples : k->n_peaks, states = k->n_states;
  const int end = k->every_sample ? k->n_samples : k->peak[k->n_peaks - 1];
  int follows[EVL_STATES_MOST][EVL_STATES_MOST] = {{0}};
  course c = {.all = end - begin_of(k, 0)};
  for (int i = 0; i < n; i++) {
    c.samples[k->label[i]] += (i + 1 < n ? begin_of(k, i + 1) : end) - begin_of(k, i);
    if (i > 0 && k->label[i] == k->label[i - 1]) continue;
    c.stretches[k->label[i]]++;
    if (i == 0) continue;
    follows[k->label[i - 1]][k->label[i]]++;
    c.changes++;
  }
  for (int a = 0; a < states; a++) {
    int ends = 0;
    for (int b = 0; b < states; b++) ends += follows[a][b];
    for (int b = 0; b < states && ends > 0; b++) transitions[a * states + b] = (double)follows[a][b] / ends;
  }
  return c;
}

static void label_samples(kernel *k, const evl_window *window, int n) {
  for (int t = 0; t < k->n_samples; t++) {
    double explained;
    field_at(k, window, n, t, k->scratch);
    k->label[t] = (uint8_t)nearest(k, k->scratch, n, &explained);
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  const int states = k->n_states;
  int n, n_like;
  if (!choose_channels(k, &n, &n_like)) return;
  find_peaks(k, window, n);
  if (k->n_peaks < 2 || !make_maps(k, window, n, n_like)) return;
  const double all = label_peaks(k, n);
  if (!(all > 0.0) || !isfinite(all)) return;
  double explained = 0.0;
  for (int s = 0; s < states; s++) {
    explained += k->weight[s];
    evl_put(out, (size_t)(BY_STATE + 3 * states + s), k->weight[s] / all);
    for (int i = 0; i < n; i++) out->tensor[1][s * k->n_channels + k->channel[i]] = k->kmeans.map[s * n + i];
  }
  if (k->every_sample) label_samples(k, window, n);
  const course c = follow(k, out->tensor[0]);
  const double seconds = c.all / k->fs_hz;
  evl_put(out, EXPLAINED, fmin(explained / all, 1.0));
  evl_put(out, PEAKS, k->n_peaks);
  evl_put(out, CHANGES, c.changes / seconds);
  for (int s = 0; s < states; s++) {
    evl_put(out, (size_t)(BY_STATE + s), (double)c.samples[s] / c.all);
    evl_put(out, (size_t)(BY_STATE + states + s), c.stretches[s] / seconds);
    if (c.stretches[s] > 0)
      evl_put(out, (size_t)(BY_STATE + 2 * states + s), c.samples[s] / k->fs_hz / c.stretches[s]);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double states = evl_params_value(p, "states")->n, values = shape->n_channels * (double)shape->n_samples;
  const bool fitted = !strcmp(evl_params_string(p, "maps"), "window");
  const double fit = fitted ? 1e-2 * (double)evl_params_int(p, "restarts") : 0.0;
  const double labels = strcmp(evl_params_string(p, "assign"), "samples") ? 0.0 : 1e-3;
  return values * (2e-3 + states * (fit + labels));
}

const evl_entry evl_feature_microstates = {
    .name = "microstates",
    .summary = "Microstates of the scalp field: explained variance, coverage, duration, occurrence, transitions.",
    .definition =
        "Fields v(t), each channel less its mean over the window and the mean over channels, at the peaks of global "
        "field power belong to the map Gamma_k with the largest (v . Gamma_k)^2, |Gamma_k| = 1, so polarity does not "
        "count; explained = sum (v . Gamma_k)^2 / sum |v|^2 over peaks. Maps: canonical, A to D as fields r . d of "
        "dipoles in the centre of the head, pointing to the right front (A), the left front (B), the front (C) and "
        "the top (D), which need no data and hence leak nothing; window: modified k-means, maps that minimise what is not "
        "explained, from random starts named by the window; a table: group maps of training subjects only, from the "
        "tensor maps of a run with maps = \"window\" by analysis/python/microstate_maps.py. Canonical maps are the "
        "default for meaning the same everywhere; a table explains more. Stretches at the ends of the window count as "
        "they are. The literature's durations of 60 to 120 ms are of 2 to 20 Hz (conditioning.band_hz): wider bands have "
        "more peaks and shorter stretches.",
    .cite = "Pascual-Marqui et al. 1995, doi:10.1109/10.391164, eq. 5 to 15; Lehmann et al. 1987, "
            "doi:10.1016/0013-4694(87)90025-3; Koenig et al. 2002, doi:10.1006/nimg.2002.1070 (A to D); Michel and "
            "Koenig 2018, doi:10.1016/j.neuroimage.2017.11.062",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 10.0,
    .tensors = tensors,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
