/* spectral_edge: the frequencies below which given shares of the power lie. */
#include <string.h>

#include "spectra_priv.h"

typedef enum { LINEAR, FIRST, NEAREST } rule;

typedef struct kernel {
  evl_products *products;
  evl_parts *epochs;
  evl_spectra *spectra;
  rule rule;
  int n_shares, n_channels;
  const double *share; /* ascending or not */
  evl_bins range;
  uint8_t *alive;      /* [epochs] */
  double *through;     /* [range]: density summed up */
  double *of_epochs;   /* [epochs][n_shares] */
  double *reduced;     /* [n_shares] */
  double *edge;        /* [n_shares][n_channels] Hz */
} kernel;

static const evl_param params[] = {
    {"share", EVL_REALS, "(0.5, 0.9, 0.95)", 0.001, 0.999, NULL, "1",
     "Shares of the power; 0.5 gives the median frequency."},
    {"range_hz", EVL_REALS, "(1.0, 45.0)", 0.0, 1e5, NULL, "Hz", "Range whose power counts, both ends included."},
    {"convention", EVL_STRING, "\"linear\"", 0, 0, "linear|mne_features|nice", "",
     "linear: the density is constant within a bin, so the edge moves smoothly with the data; mne_features: the first "
     "bin that reaches the share; nice: the bin whose cumulated share is nearest, the first of equals, "
     "with NICE's segments, taper and epochs of 1 s where the parameters below do not say otherwise."},
    EVL_PSD_PARAMS,
    EVL_EPOCH_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"edge", EVL_PER_CHANNEL, "share", false, "Hz", 0.0, EVL_ANY_MAX,
     "Frequency below which the share of the power lies."},
    {"mean_edge", EVL_PER_WINDOW, "share", false, "Hz", 0.0, EVL_ANY_MAX,
     "Mean of edge over the channels that have one."},
    {0}};

static const evl_preset nice[] = {EVL_NICE_SPECTRA, {0}};

/* The edge in bins from the first one of the range; through [n] does not fall. */
static double edge(rule by, const double *through, int n, double share) {
  const double total = through[n - 1], sought = share * total;
  int low = 0, high = n - 1; /* the first bin that reaches the share lies in [low, high] */
  while (low < high) {
    const int middle = (low + high) / 2;
    if (through[middle] >= sought) high = middle;
    else low = middle + 1;
  }
  const double below = high > 0 ? through[high - 1] : 0.0;
  if (by == FIRST) return high;
  if (by == LINEAR) return high - 0.5 + (sought - below) / (through[high] - below);
  if (high == 0 || fabs(through[high] / total - share) < fabs(below / total - share)) return high;
  for (high--; high > 0 && through[high - 1] == through[high];) high--;
  return high;
}

static void use(void *planned, int channel, const uint8_t *alive, const double *density, size_t ld) {
  const kernel *k = planned;
  const int n = k->range.end - k->range.first;
  if (!k->range.complete) return;
  for (int e = 0; e < k->epochs->n; e++) {
    const double *p = density + (size_t)e * ld + k->range.first;
    double sum = 0.0;
    for (int i = 0; i < n; i++) k->through[i] = sum += p[i];
    k->alive[e] = alive[e] && sum > 0.0 && isfinite(sum);
    for (int s = 0; s < k->n_shares && k->alive[e]; s++)
      k->of_epochs[e * k->n_shares + s] = fmax(k->range.first + edge(k->rule, k->through, n, k->share[s]), 0.0);
  }
  evl_parts_reduce(k->epochs, k->alive, k->of_epochs, (size_t)k->n_shares, k->n_shares, NULL, k->reduced);
  for (int s = 0; s < k->n_shares; s++)
    k->edge[s * k->n_channels + channel] = k->reduced[s] * evl_spectra_step_hz(k->spectra);
}

static evl_status plan(const evl_params *given, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  evl_settings settings;
  const evl_params *p = evl_settings_of(given, "nice", nice, &settings);
  const char *convention = evl_params_string(p, "convention");
  const evl_value *share = evl_params_value(p, "share");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->rule = !strcmp(convention, "nice") ? NEAREST : !strcmp(convention, "linear") ? LINEAR : FIRST;
  k->n_shares = share->n;
  k->n_channels = shape->n_channels;
  k->share = share->reals;
  EVL_TRY(evl_parts_plan(p, "spectral_edge", shape, arena, &k->epochs));
  EVL_TRY(evl_spectra_plan(p, k->epochs, products, arena, use, k, &k->spectra));
  EVL_TRY(evl_spectra_range(k->spectra, p, "spectral_edge", "range_hz", &k->range));
  EVL_NEW(arena, k->alive, k->epochs->n);
  EVL_NEW(arena, k->through, k->range.end > k->range.first ? k->range.end - k->range.first : 1);
  EVL_NEW(arena, k->of_epochs, (size_t)k->epochs->n * (size_t)k->n_shares);
  EVL_NEW(arena, k->reduced, k->n_shares);
  EVL_NEW(arena, k->edge, (size_t)k->n_shares * (size_t)k->n_channels);
  *planned = k;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const int cells = k->n_shares * k->n_channels;
  evl_spectra_compute(k->spectra, window);
  for (int i = 0; i < cells; i++) {
    if (!usable[i % k->n_channels] || !k->range.complete) k->edge[i] = NAN;
    evl_put(out, (size_t)i, k->edge[i]);
  }
  for (int s = 0; s < k->n_shares; s++)
    evl_put(out, (size_t)(cells + s), evl_mean_of_channels(k->edge + s * k->n_channels, k->n_channels));
}

static double cost_us(const evl_params *given, const evl_shape *shape) {
  evl_settings settings;
  const evl_params *p = evl_settings_of(given, "nice", nice, &settings);
  const double epochs = fmax(floor((double)shape->n_samples / evl_parts_length(p, shape)), 1.0);
  return evl_spectra_cost_us(p, shape) + 1.0 * epochs * shape->n_channels;
}

const evl_entry evl_feature_spectral_edge = {
    .name = "spectral_edge",
    .summary = "Spectral edge frequencies: below them lie given shares of the power.",
    .definition = "The f at which C(f) = share * C(high), C(f) the integral of Welch's density from low to f, the "
                  "density constant within each bin (f_k - df/2, f_k + df/2).",
    .cite = "Rampil 1998, doi:10.1097/00000542-199810000-00023; conventions: Engemann et al. 2018, "
            "doi:10.1093/brain/awy251 (nice)",
    .version = 2,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
