/* reactivity: how the spectrum after a stimulus differs from that before. */
#include <string.h>

#include "trials_priv.h"
#include "welch_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_welch *welch;
  uint8_t *wanted;
  int n_channels, n_bands, n_bins, length, least, gap;
  double fs_hz;
  evl_bins *band;            /* [n_bands] */
  double *before, *after;    /* [n_bins] */
  double *symmetry, *change; /* [n_bands] sums over stimuli */
} kernel;

static const evl_param params[] = {
    {"kinds", EVL_STRINGS, "[]", 0, 0, NULL, "", "Stimuli by their names in annotations.keep; []: all that are kept."},
    {"length_s", EVL_REAL, "60.0", 1.0, 3600.0, NULL, "s",
     "Time before and after onset; both are cut to what the window has on the shorter side."},
    {"least_s", EVL_REAL, "4.0", 0.5, 3600.0, NULL, "s", "Stimuli with less on a side do not count."},
    {"gap_s", EVL_REAL, "0.0", 0.0, 600.0, NULL, "s",
     "Time after onset left out, such as that of the stimulus's artefact."},
    {"segment_s", EVL_REAL, "2.0", 0.1, 60.0, NULL, "s", "Length of a Welch segment, half overlapping, Hann's taper."},
    {"bands", EVL_BANDS, "{ delta = (1.0, 4.0); theta = (4.0, 8.0); alpha = (8.0, 13.0); beta = (13.0, 30.0); }", 0.0,
     1e5, NULL, "Hz", "Bands, lower edge included."},
    {0}};

static const evl_output outputs[] = {
    {"symmetry", EVL_PER_CHANNEL, "bands", false, "1", 0.0, 1.0,
     "Spectral temporal asymmetry: 0 where the spectra before and after are the same, 1 where one has no power."},
    {"change", EVL_PER_CHANNEL, "bands", false, "dB", -EVL_ANY_MAX, EVL_ANY_MAX, "Power after over power before."},
    {"mean_symmetry", EVL_PER_WINDOW, "bands", false, "1", 0.0, 1.0,
     "Mean of symmetry over the channels that have one."},
    {"mean_change", EVL_PER_WINDOW, "bands", false, "dB", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Mean of change over the channels that have one."},
    {"stimuli", EVL_PER_WINDOW, NULL, false, "count", 0.0, EVL_ANY_MAX, "Stimuli in the means."},
    {0}};

static evl_status plan_bands(kernel *k, const evl_params *p, const evl_shape *shape, evl_arena *arena) {
  const evl_value *bands = evl_params_value(p, "bands");
  const int segment = (int)lround(evl_params_real(p, "segment_s") * shape->fs_hz);
  evl_welch_spec spec;
  memset(&spec, 0, sizeof spec);
  spec.segment = spec.nfft = segment;
  spec.step = segment - segment / 2;
  spec.taper = EVL_TAPER_HANN;
  spec.subtract_mean = 1;
  if (segment > k->least || segment < 2)
    return evl_fail(EVL_USAGE, "reactivity.segment_s = %g: expected at most least_s = %g", segment / shape->fs_hz,
                    k->least / shape->fs_hz);
  k->n_bands = bands->n;
  k->n_bins = segment / 2 + 1;
  EVL_TRY(evl_welch_plan(&spec, shape->n_samples, arena, &k->welch));
  EVL_NEW(arena, k->band, k->n_bands);
  for (int b = 0; b < k->n_bands; b++) {
    k->band[b] = evl_bins_between(shape->fs_hz, segment, bands->bands[b].low_hz, bands->bands[b].high_hz, false);
    if (k->band[b].complete && k->band[b].first >= k->band[b].end)
      return evl_fail(EVL_USAGE, "reactivity.bands: %s: no frequency of segments of %g s lies within",
                      bands->bands[b].name, segment / shape->fs_hz);
  }
  EVL_NEW(arena, k->before, k->n_bins);
  EVL_NEW(arena, k->after, k->n_bins);
  EVL_NEW(arena, k->symmetry, k->n_bands);
  EVL_NEW(arena, k->change, k->n_bands);
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_channels = shape->n_channels;
  k->fs_hz = shape->fs_hz;
  k->length = (int)lround(evl_params_real(p, "length_s") * shape->fs_hz);
  k->least = (int)lround(evl_params_real(p, "least_s") * shape->fs_hz);
  k->gap = (int)lround(evl_params_real(p, "gap_s") * shape->fs_hz);
  EVL_TRY(evl_kinds_plan(p, "reactivity", "kinds", shape, arena, &k->wanted));
  evl_scratch_plan(products, 2 * (size_t)evl_params_value(p, "bands")->n * (size_t)shape->n_channels * sizeof(double));
  *planned = k;
  return plan_bands(k, p, shape, arena);
}

/* Samples on either side of the stimulus, 0 where it does not count. */
static int length_of(const kernel *k, const evl_window *window, const evl_moment *moment, int *at) {
  const double sample = round(moment->onset_s * k->fs_hz);
  const double most = fmin(fmin(k->length, sample), window->n_samples - sample - k->gap);
  if (!k->wanted[moment->kind] || most < k->least) return 0;
  *at = (int)sample;
  return (int)most;
}

/* Adds one stimulus to the sums; what is without power makes them no number. */
static void add(const kernel *k, const double *x, int at, int length) {
  evl_welch_run(k->welch, x + at - length, length, k->fs_hz, k->before);
  evl_welch_run(k->welch, x + at + k->gap, length, k->fs_hz, k->after);
  for (int b = 0; b < k->n_bands; b++) {
    double before = 0.0, after = 0.0, symmetry = 0.0;
    for (int f = k->band[b].first; f < k->band[b].end; f++) {
      const double sum = k->before[f] + k->after[f];
      before += k->before[f];
      after += k->after[f];
      symmetry += fabs(k->after[f] - k->before[f]) / (sum > 0.0 ? sum : NAN);
    }
    k->symmetry[b] += symmetry / (k->band[b].end - k->band[b].first);
    k->change[b] += 10.0 * log10(after / before);
  }
}

static int measure(const kernel *k, const evl_window *window, const double *x) {
  int at, n = 0;
  memset(k->symmetry, 0, (size_t)k->n_bands * sizeof *k->symmetry);
  memset(k->change, 0, (size_t)k->n_bands * sizeof *k->change);
  for (int i = 0; i < window->n_moments; i++) {
    const int length = length_of(k, window, &window->moment[i], &at);
    if (length > 0) add(k, x, at, length);
    n += length > 0;
  }
  return n;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)k->n_channels, n_bands = (size_t)k->n_bands, cells = n_bands * n_channels;
  double *symmetry = evl_scratch(k->products), *change = symmetry + cells;
  int n = 0;
  bool any = false;
  for (size_t i = 0; i < 2 * cells; i++) symmetry[i] = NAN;
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c]) continue;
    any = true;
    n = measure(k, window, window->x + c * window->ld);
    for (size_t b = 0; n > 0 && b < n_bands; b++) {
      const bool known = k->band[b].complete && isfinite(k->change[b]) && isfinite(k->symmetry[b]);
      symmetry[b * n_channels + c] = known ? fmin(k->symmetry[b] / n, 1.0) : NAN;
      change[b * n_channels + c] = known ? k->change[b] / n : NAN;
    }
  }
  for (size_t i = 0; i < 2 * cells; i++) evl_put(out, i, symmetry[i]);
  for (size_t b = 0; b < n_bands; b++) {
    evl_put(out, 2 * cells + b, evl_mean_of_channels(symmetry + b * n_channels, k->n_channels));
    evl_put(out, 2 * cells + n_bands + b, evl_mean_of_channels(change + b * n_channels, k->n_channels));
  }
  if (any) evl_put(out, 2 * (cells + n_bands), n);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return 1.0 + shape->n_channels * (0.01 * shape->n_samples + 1.0 * evl_params_value(p, "bands")->n);
}

const evl_entry evl_feature_reactivity = {
    .name = "reactivity",
    .summary = "Reactivity: how the spectra of the minute before and after a stimulus differ in each band.",
    .definition = "A(f), B(f): Welch's densities of equal times after and before the onset; symmetry = mean over the "
                  "band's f of |A - B| / (A + B), change = 10 log10 (sum A / sum B), each averaged over the window's "
                  "stimuli. A minute on either side is the published length: windows of 3 minutes every minute hold "
                  "each stimulus with both once at least. Equal spectra estimated from n independent segments have a "
                  "symmetry near 0.56 / sqrt(n), so that it is to be compared among equal lengths.",
    .cite = "Hermans et al. 2016, doi:10.1016/j.clinph.2015.06.024 (spectral temporal symmetry)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 180.0,
    .usual_step_s = 60.0,
    .sees_moments = true,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
