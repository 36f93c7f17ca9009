/* aperiodic: the slope of a spectrum and the peaks on it, told apart by a model of both. */
#include <string.h>

#include "aperiodic_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_psd *psd;
  evl_bins range;
  double *hz, *log_power; /* [bins of range] */
  evl_aperiodic *model;
  const evl_value *bands;
  bool knee;
} kernel;

#define SHARED_PARAMS                                                                                                  \
  {"range_hz", EVL_REALS, "(1.0, 40.0)", 1e-3, 1e5, NULL, "Hz", "Range of the model, both ends included."},            \
  {"max_peaks", EVL_INT, "6", 0, 32, NULL, "count", "Peaks at most; 0: the curve alone."},                             \
  {"width_hz", EVL_REALS, "(1.0, 12.0)", 1e-3, 1e5, NULL, "Hz",                                                        \
   "Width of a peak, two standard deviations, at least and at most."},                                                 \
  {"min_height", EVL_REAL, "0.0", 0.0, 100.0, NULL, "1", "Height of a peak, in log10 power, at least."},               \
  {"threshold", EVL_REAL, "2.0", 0.0, 100.0, NULL, "1",                                                                \
   "Height of a peak at least, in standard deviations of what is left of the spectrum."},                              \
  {"tolerance", EVL_REAL, "1e-8", 1e-14, 0.1, NULL, "1",                                                               \
   "Relative change at which the peaks' fit ends; specparam's 1e-5 ends early and moves exponents by up to 5e-4."},    \
  {"peak_bands", EVL_BANDS, "{ alpha = (7.0, 13.0); }", 0.0, 1e5, NULL, "Hz",                                          \
   "Ranges whose highest peak is told."},                                                                              \
  EVL_PSD_PARAMS,                                                                                                      \
  {0}

static const evl_param params[] = {SHARED_PARAMS};

#define CURVE_OUTPUTS                                                                                                  \
  {"exponent", EVL_PER_CHANNEL, NULL, false, "1", -EVL_ANY_MAX, EVL_ANY_MAX, "Exponent chi of the aperiodic curve."},  \
  {"offset", EVL_PER_CHANNEL, NULL, false, "log10(uV^2/Hz)", -EVL_ANY_MAX, EVL_ANY_MAX, "Offset b of the curve."}

#define PEAK_OUTPUTS                                                                                                   \
  {"error", EVL_PER_CHANNEL, NULL, false, "1", 0.0, EVL_ANY_MAX,                                                       \
   "Mean absolute difference of model and spectrum, in log10 power."},                                                 \
  {"r2", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0, "Squared correlation of model and spectrum."},                   \
  {"peaks", EVL_PER_CHANNEL, NULL, false, "count", 0.0, 32.0, "Peaks in the model."},                                  \
  {"peak_centre", EVL_PER_CHANNEL, "peak_bands", false, "Hz", 0.0, EVL_ANY_MAX,                                        \
   "Centre of the highest peak in the band; undefined where there is none."},                                          \
  {"peak_power", EVL_PER_CHANNEL, "peak_bands", false, "1", -EVL_ANY_MAX, EVL_ANY_MAX,                                 \
   "Height of the model over the curve there, in log10 power."},                                                       \
  {"peak_width", EVL_PER_CHANNEL, "peak_bands", false, "Hz", 0.0, EVL_ANY_MAX, "Two standard deviations of it."},      \
  {0}

static const evl_output outputs[] = {CURVE_OUTPUTS, PEAK_OUTPUTS};

static evl_status settings_of(const evl_params *p, const char *entry, bool knee, evl_aperiodic_settings *s) {
  const evl_value *width = evl_params_value(p, "width_hz");
  if (width->n != 2 || !(width->reals[0] < width->reals[1]))
    return evl_fail(EVL_USAGE, "%s.width_hz: expected (least, most) in Hz", entry);
  *s = (evl_aperiodic_settings){.knee = knee,
                                .max_peaks = (int)evl_params_int(p, "max_peaks"),
                                .low_width_hz = width->reals[0],
                                .high_width_hz = width->reals[1],
                                .min_height = evl_params_real(p, "min_height"),
                                .threshold = evl_params_real(p, "threshold"),
                                .tolerance = evl_params_real(p, "tolerance")};
  return EVL_OK;
}

static evl_status plan_model(const evl_params *p, const char *entry, bool knee, const evl_shape *shape,
                             evl_products *products, evl_arena *arena, void **planned) {
  evl_aperiodic_settings settings;
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->bands = evl_params_value(p, "peak_bands");
  k->knee = knee;
  EVL_TRY(settings_of(p, entry, knee, &settings));
  EVL_TRY(evl_psd_plan(p, shape, products, arena, &k->psd));
  EVL_TRY(evl_psd_range(k->psd, p, entry, "range_hz", &k->range));
  const int n = k->range.end - k->range.first;
  *planned = k;
  if (!k->range.complete) return EVL_OK; /* beyond half the rate: nothing is defined */
  if (n < 3 * settings.max_peaks + 3)
    return evl_fail(EVL_USAGE, "%s.range_hz holds %d frequencies: expected %d or more for %d peaks", entry, n,
                    3 * settings.max_peaks + 3, settings.max_peaks);
  EVL_NEW(arena, k->hz, n);
  EVL_NEW(arena, k->log_power, n);
  for (int i = 0; i < n; i++) k->hz[i] = (k->range.first + i) * evl_psd_step_hz(k->psd);
  return evl_aperiodic_plan(&settings, k->hz, n, arena, &k->model);
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  return plan_model(p, "aperiodic", false, shape, products, arena, planned);
}

static const evl_gaussian *highest_in(const evl_aperiodic_fit *fit, const evl_band *band) {
  const evl_gaussian *best = NULL;
  for (int i = 0; i < fit->n_peaks; i++) {
    const evl_gaussian *g = &fit->peak[i];
    if (g->centre_hz >= band->low_hz && g->centre_hz <= band->high_hz && (!best || g->height > best->height)) best = g;
  }
  return best;
}

static void put_fit(const kernel *k, const evl_aperiodic_fit *fit, size_t n_channels, size_t c, evl_out *out) {
  size_t i = c;
  evl_put(out, i, fit->exponent);
  evl_put(out, i += n_channels, fit->offset);
  if (k->knee) {
    evl_put(out, i += n_channels, fit->knee);
    evl_put(out, i += n_channels, fit->exponent > 0.0 ? pow(fit->knee, 1.0 / fit->exponent) : NAN);
  }
  evl_put(out, i += n_channels, fit->error);
  evl_put(out, i += n_channels, fit->r2);
  evl_put(out, i += n_channels, fit->n_peaks);
  i += n_channels;
  const size_t next = (size_t)k->bands->n * n_channels;
  for (int b = 0; b < k->bands->n; b++, i += n_channels) {
    const evl_gaussian *g = highest_in(fit, &k->bands->bands[b]);
    if (!g) continue;
    const double bin = round((g->centre_hz - k->hz[0]) / evl_psd_step_hz(k->psd));
    evl_put(out, i, g->centre_hz);
    evl_put(out, i + next, fit->flat[(int)bin]);
    evl_put(out, i + 2 * next, 2.0 * g->sd_hz);
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const int n = k->range.end - k->range.first;
  const size_t n_channels = (size_t)window->n_channels;
  const size_t columns = (k->knee ? 7 : 5) + 3 * (size_t)k->bands->n;
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c] || !k->model) continue;
    const double *density = evl_psd_channel(k->psd, window, (int)c) + k->range.first;
    double sum = 0.0;
    for (int i = 0; i < n; i++) sum += k->log_power[i] = log10(density[i]);
    if (!isfinite(sum)) continue;
    evl_aperiodic_fit fit;
    if (evl_aperiodic_run(k->model, k->log_power, &fit) == EVL_OK) {
      put_fit(k, &fit, n_channels, c, out);
    } else {
      for (size_t i = 0; i < columns; i++) out->why[i * n_channels + c] = EVL_WHY_UNCONVERGED;
    }
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return evl_psd_cost_us(p, shape) + shape->n_channels * (50.0 + 150.0 * (double)evl_params_int(p, "max_peaks"));
}

const evl_entry evl_feature_aperiodic = {
    .name = "aperiodic",
    .summary = "Exponent and offset of the aperiodic part of the spectrum, and the peaks above it.",
    .definition = "log10 P(f) = b - chi log10 f + sum_j a_j exp(-(f - c_j)^2 / (2 w_j^2)): a line through the points "
                  "below a first line; peaks from the highest on, each taken away as it is found, while they stand out "
                  "of the rest; all of them fitted together within bounds; the line again, on the spectrum without "
                  "them. specparam's values: tolerance = 1e-5, segment_s = 2.",
    .cite = "Donoghue et al. 2020, doi:10.1038/s41593-020-00744-x, Methods, eq. 1 to 3",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .usual_step_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};

/* ---- the same with a knee --------------------------------------------------------------- */

static const evl_output knee_outputs[] = {
    CURVE_OUTPUTS,
    {"knee", EVL_PER_CHANNEL, NULL, false, "Hz^chi", 0.0, EVL_ANY_MAX, "Knee k of the curve; 0 where it is straight."},
    {"knee_hz", EVL_PER_CHANNEL, NULL, false, "Hz", 0.0, EVL_ANY_MAX,
     "Frequency k^(1/chi) at which it bends; undefined for a rising spectrum."},
    PEAK_OUTPUTS};

static double knee_cost_us(const evl_params *p, const evl_shape *shape) { /* a bent curve takes many steps */
  return cost_us(p, shape) + 5000.0 * shape->n_channels;
}

static evl_status plan_knee(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                            void **planned) {
  return plan_model(p, "aperiodic_knee", true, shape, products, arena, planned);
}

const evl_entry evl_feature_aperiodic_knee = {
    .name = "aperiodic_knee",
    .summary = "As aperiodic, for wide ranges in which the aperiodic part bends.",
    .definition = "log10 P(f) = b - log10(k + f^chi) + the peaks of aperiodic, k >= 0 (specparam leaves k free, and "
                  "negative knees have a pole). k and chi trade against each other where the range has no bend.",
    .cite = "Donoghue et al. 2020, doi:10.1038/s41593-020-00744-x, Methods, eq. 1 to 3",
    .version = 1,
    .params = params,
    .outputs = knee_outputs,
    .invariant = EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .usual_step_s = 60.0,
    .cost_us = knee_cost_us,
    .plan = plan_knee,
    .run = run,
};
