/* irasa: the aperiodic part of a spectrum, as what stays in its place when the signal is played faster and slower. */
#include <string.h>

#include "welch_priv.h"

enum { MOST_RATES = 64 };

typedef struct kernel {
  evl_products *products;
  evl_psd *psd;
  evl_welch *welch;
  evl_bins range;
  bool natural;                     /* yasa */
  int n_rates;
  size_t most;                      /* samples of a resampled signal */
  double rate[MOST_RATES];
  evl_rational *faster[MOST_RATES], *slower[MOST_RATES]; /* more samples, fewer samples */
  double *high, *low;               /* densities [bins] */
  double *mean, *sorted;            /* geometric means [n_rates][bins of range], [n_rates] */
  double *log_hz, *aperiodic;       /* [bins of range] */
} kernel;

static const evl_param params[] = {
    {"range_hz", EVL_REALS, "(1.0, 30.0)", 1e-3, 1e5, NULL, "Hz", "Range of the fit, both ends included."},
    {"rates", EVL_REALS,
     "(1.1, 1.15, 1.2, 1.25, 1.3, 1.35, 1.4, 1.45, 1.5, 1.55, 1.6, 1.65, 1.7, 1.75, 1.8, 1.85, 1.9)", 1.0001, 10.0,
     NULL, "1", "Factors h of the sampling rate, to four decimals; each is used with its inverse."},
    {"convention", EVL_STRING, "\"exponent\"", 0, 0, "exponent|yasa", "",
     "exponent: chi and the decimal offset, as aperiodic has them; yasa: the slope, which is negative, and the natural "
     "logarithm. YASA has taper = \"hamming\" and average = \"median\"."},
    EVL_PSD_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"exponent", EVL_PER_CHANNEL, NULL, false, "1", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Exponent chi of the aperiodic part (yasa: the slope, -chi)."},
    {"offset", EVL_PER_CHANNEL, NULL, false, "log10(uV^2/Hz)", -EVL_ANY_MAX, EVL_ANY_MAX,
     "log10 of the fitted aperiodic part at 1 Hz (yasa: ln)."},
    {"r2", EVL_PER_CHANNEL, NULL, false, "1", 0.0, 1.0, "Share of its logarithm's variance that the fit explains."},
    {"oscillatory", EVL_PER_CHANNEL, NULL, false, "1", -EVL_ANY_MAX, 1.0,
     "Share of the power in range_hz that is not aperiodic; below 0 by chance where nothing oscillates."},
    {0}};

static evl_status plan_rates(kernel *k, const evl_params *p, evl_arena *arena, double *highest) {
  const evl_value *rates = evl_params_value(p, "rates");
  enum { UNIT = 10000 };
  if (rates->n < 2 || rates->n > MOST_RATES)
    return evl_fail(EVL_USAGE, "irasa.rates: expected 2 to %d, found %d", (int)MOST_RATES, rates->n);
  k->n_rates = rates->n;
  for (int i = 0; i < rates->n; i++) {
    const int unit = (int)UNIT, rate = (int)round(rates->reals[i] * unit);
    EVL_TRY(evl_rational_plan(rate, unit, arena, &k->faster[i]));
    EVL_TRY(evl_rational_plan(unit, rate, arena, &k->slower[i]));
    k->rate[i] = (double)rate / unit;
    *highest = fmax(*highest, k->rate[i]);
  }
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  evl_welch_spec spec;
  double highest = 0.0;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->natural = !strcmp(evl_params_string(p, "convention"), "yasa");
  EVL_TRY(evl_psd_plan(p, shape, products, arena, &k->psd));
  EVL_TRY(evl_psd_range(k->psd, p, "irasa", "range_hz", &k->range));
  EVL_TRY(plan_rates(k, p, arena, &highest));
  EVL_TRY(evl_welch_spec_of(p, shape, &spec));
  if (spec.segment * highest > shape->n_samples)
    return evl_fail(EVL_USAGE, "irasa.segment_s: expected at most %g, the window over the highest rate",
                    shape->n_samples / shape->fs_hz / highest);
  const double high_hz = evl_params_value(p, "range_hz")->reals[1];
  k->range.complete = k->range.complete && high_hz * highest <= shape->fs_hz / 2.0;
  const int n = k->range.end - k->range.first, most = (int)ceil(shape->n_samples * highest) + 1;
  *planned = k;
  if (!k->range.complete) return EVL_OK; /* beyond half the rate: nothing is defined */
  if (n < 3) return evl_fail(EVL_USAGE, "irasa.range_hz holds %d frequencies: expected three or more", n);
  EVL_TRY(evl_welch_plan(&spec, most, arena, &k->welch));
  k->most = (size_t)most;
  for (int i = 0; i < k->n_rates; i++) {
    const size_t faster = evl_rational_work(k->faster[i], shape->n_samples);
    const size_t slower = evl_rational_work(k->slower[i], shape->n_samples);
    evl_scratch_plan(products, (k->most + (faster > slower ? faster : slower)) * sizeof(double));
  }
  EVL_NEW(arena, k->high, evl_psd_bins(k->psd));
  EVL_NEW(arena, k->low, evl_psd_bins(k->psd));
  EVL_NEW(arena, k->mean, (size_t)k->n_rates * (size_t)n);
  EVL_NEW(arena, k->sorted, k->n_rates);
  EVL_NEW(arena, k->log_hz, n);
  EVL_NEW(arena, k->aperiodic, n);
  for (int i = 0; i < n; i++) k->log_hz[i] = log((k->range.first + i) * evl_psd_step_hz(k->psd));
  return EVL_OK;
}

static void density_at(const kernel *k, evl_rational *rational, const evl_window *window, const double *x, double fs_hz,
                       double *density) {
  double *resampled = evl_scratch(k->products);
  evl_rational_run(rational, x, window->n_samples, resampled + k->most, resampled);
  evl_welch_run(k->welch, resampled, evl_rational_samples(rational, window->n_samples), fs_hz, density);
}

/* Bin by bin the median over rates of the geometric mean of both densities. */
static void find_aperiodic(const kernel *k, const evl_window *window, const double *x) {
  const int n = k->range.end - k->range.first;
  for (int r = 0; r < k->n_rates; r++) {
    density_at(k, k->faster[r], window, x, window->fs_hz * k->rate[r], k->high);
    density_at(k, k->slower[r], window, x, window->fs_hz / k->rate[r], k->low);
    for (int i = 0; i < n; i++) k->mean[r * n + i] = sqrt(k->high[k->range.first + i] * k->low[k->range.first + i]);
  }
  for (int i = 0; i < n; i++) {
    for (int r = 0; r < k->n_rates; r++) k->sorted[r] = k->mean[r * n + i];
    evl_sort(k->sorted, (size_t)k->n_rates);
    k->aperiodic[i] = evl_quantile_sorted(k->sorted, (size_t)k->n_rates, 0.5);
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const int n = k->range.end - k->range.first;
  const size_t n_channels = (size_t)window->n_channels;
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c] || !k->range.complete) continue;
    find_aperiodic(k, window, window->x + c * window->ld);
    const double all = evl_sum(evl_psd_channel(k->psd, window, (int)c) + k->range.first, n);
    const double share = 1.0 - evl_sum(k->aperiodic, n) / all;
    for (int i = 0; i < n; i++) k->aperiodic[i] = log(k->aperiodic[i]);
    const evl_straight line = evl_straight_fit(k->log_hz, k->aperiodic, (size_t)n);
    if (!isfinite(line.slope)) continue;
    evl_put(out, c, k->natural ? line.slope : -line.slope);
    evl_put(out, n_channels + c, k->natural ? line.intercept : line.intercept / M_LN10);
    evl_put(out, 2 * n_channels + c, line.r2);
    evl_put(out, 3 * n_channels + c, share);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const evl_value *rates = evl_params_value(p, "rates");
  double samples = 0.0;
  for (int i = 0; i < rates->n; i++)
    samples += (rates->reals[i] + 1.0 / rates->reals[i]) * shape->n_samples * shape->n_channels;
  return evl_psd_cost_us(p, shape) * (1.0 + 2.2 * rates->n) + 8e-3 * samples;
}

const evl_entry evl_feature_irasa = {
    .name = "irasa",
    .summary = "Exponent of the aperiodic part of the spectrum by irregular resampling.",
    .definition = "A(f) = median over h of sqrt(P_h(f) P_1/h(f)), P_h the density of it resampled by h, read as "
                  "if it were not: power laws stay, peaks move to h f and f / h. ln A = offset - chi ln f by least "
                  "squares; oscillatory = 1 - sum A / sum P. Needs power up to the highest rate times range_hz.",
    .cite = "Wen and Liu 2016, doi:10.1007/s10548-015-0448-0, eq. 4 to 8; Vallat and Walker 2021, "
            "doi:10.7554/eLife.70092 (yasa)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .usual_step_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
