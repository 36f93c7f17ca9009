/* spectral_peak: the rhythm of a band: its frequency, power and width, where there is one. */
#include <string.h>

#include "features_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_psd *psd;
  evl_bins range, around;
  bool whole_power;                 /* klimesch */
  double least_db;
  double *log_hz;                   /* [bins of around] */
  double *line_hz, *line_power;     /* [bins of around], those outside range */
  double *background;               /* [bins of around] */
} kernel;

static const evl_param params[] = {
    {"range_hz", EVL_REALS, "(7.0, 13.0)", 0.1, 1e5, NULL, "Hz", "Where the peak is looked for, both ends included."},
    {"background_hz", EVL_REALS, "(2.0, 30.0)", 0.1, 1e5, NULL, "Hz",
     "Range without range_hz that the background is fitted to, both ends included."},
    {"least_db", EVL_REAL, "3.0", 0.0, 100.0, NULL, "dB", "Height over the background below which there is no peak."},
    {"convention", EVL_STRING, "\"excess\"", 0, 0, "excess|klimesch", "",
     "Centre of gravity of the power over the background (excess), which the fall of the spectrum does not draw down, "
     "or of all power in range_hz (klimesch)."},
    EVL_PSD_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"frequency", EVL_PER_CHANNEL, NULL, false, "Hz", 0.0, EVL_ANY_MAX,
     "Peak frequency, of alpha the individual alpha frequency, between bins by a parabola in log power."},
    {"centre", EVL_PER_CHANNEL, NULL, false, "Hz", 0.0, EVL_ANY_MAX, "Centre of gravity within range_hz."},
    {"height", EVL_PER_CHANNEL, NULL, false, "dB", 0.0, EVL_ANY_MAX, "Height of the peak over the background."},
    {"power", EVL_PER_CHANNEL, NULL, false, "uV^2", 0.0, EVL_ANY_MAX, "Power over the background within range_hz."},
    {"width", EVL_PER_CHANNEL, NULL, false, "Hz", 0.0, EVL_ANY_MAX,
     "Full width at half of the peak's density over the background; includes that of the taper."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->least_db = evl_params_real(p, "least_db");
  k->whole_power = !strcmp(evl_params_string(p, "convention"), "klimesch");
  EVL_TRY(evl_psd_plan(p, shape, products, arena, &k->psd));
  EVL_TRY(evl_psd_range(k->psd, p, "spectral_peak", "range_hz", &k->range));
  EVL_TRY(evl_psd_range(k->psd, p, "spectral_peak", "background_hz", &k->around));
  *planned = k;
  k->range.complete = k->range.complete && k->around.complete;
  if (!k->range.complete) return EVL_OK; /* beyond half the rate: nothing is defined */
  if (k->around.first > k->range.first - 2 || k->around.end < k->range.end + 2)
    return evl_fail(EVL_USAGE,
                    "spectral_peak.background_hz: expected two frequencies or more on both sides of range_hz");
  const int n = k->around.end - k->around.first;
  double **const row[] = {&k->log_hz, &k->line_hz, &k->line_power, &k->background};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) EVL_NEW(arena, *row[i], n);
  for (int i = 0; i < n; i++) k->log_hz[i] = log((k->around.first + i) * evl_psd_step_hz(k->psd));
  return EVL_OK;
}

/* A power law through the bins on both sides of range. */
static void fit_background(const kernel *k, const double *density) {
  int n = 0;
  for (int b = k->around.first; b < k->around.end; b++) {
    if (b >= k->range.first && b < k->range.end) continue;
    k->line_hz[n] = k->log_hz[b - k->around.first];
    k->line_power[n++] = log(density[b]);
  }
  const evl_straight line = evl_straight_fit(k->line_hz, k->line_power, (size_t)n);
  for (int i = 0; i < k->around.end - k->around.first; i++)
    k->background[i] = exp(line.intercept + line.slope * k->log_hz[i]);
}

static double excess(const kernel *k, const double *density, int bin) {
  return density[bin] - k->background[bin - k->around.first];
}

/* The local maximum that stands highest over the background in dB, -1 where none is high enough. */
static int find_peak(const kernel *k, const double *density, double *height_db) {
  int best = -1;
  *height_db = k->least_db;
  for (int b = k->range.first; b < k->range.end; b++) {
    if (!(density[b] > density[b - 1] && density[b] >= density[b + 1])) continue;
    const double db = 10.0 * log10(density[b] / k->background[b - k->around.first]);
    if (!(db > *height_db)) continue;
    *height_db = db;
    best = b;
  }
  return best;
}

/* Bins from the peak to half its excess, towards `step`; NaN where the background ends before. */
static double to_half(const kernel *k, const double *density, int peak, int step) {
  const double half = 0.5 * excess(k, density, peak);
  for (int b = peak + step; b >= k->around.first && b < k->around.end; b += step) {
    const double here = excess(k, density, b), before = excess(k, density, b - step);
    if (here <= half) return fabs((double)(b - step - peak)) + (before - half) / (before - here);
  }
  return NAN;
}

static void put_peak(const kernel *k, const double *density, size_t n_channels, size_t c, evl_out *out) {
  const double step = evl_psd_step_hz(k->psd);
  double height_db, power = 0.0, weight = 0.0, moment = 0.0;
  fit_background(k, density);
  const int peak = find_peak(k, density, &height_db);
  if (peak < 0) return;
  const double a = log(density[peak - 1]), b = log(density[peak]), d = log(density[peak + 1]);
  for (int bin = k->range.first; bin < k->range.end; bin++) {
    const double over = fmax(excess(k, density, bin), 0.0), w = k->whole_power ? density[bin] : over;
    power += over * step;
    weight += w;
    moment += w * bin;
  }
  evl_put(out, c, (peak + 0.5 * (a - d) / (a - 2.0 * b + d)) * step);
  evl_put(out, n_channels + c, moment / weight * step);
  evl_put(out, 2 * n_channels + c, height_db);
  evl_put(out, 3 * n_channels + c, power);
  evl_put(out, 4 * n_channels + c, (to_half(k, density, peak, -1) + to_half(k, density, peak, 1)) * step);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  for (int c = 0; c < window->n_channels; c++)
    if (usable[c] && k->range.complete)
      put_peak(k, evl_psd_channel(k->psd, window, c), (size_t)window->n_channels, (size_t)c, out);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const evl_value *range = evl_params_value(p, "background_hz");
  const double bins_hz = range->n == 2 ? range->reals[1] - range->reals[0] : 0.0;
  return evl_psd_cost_us(p, shape) + 0.03 * shape->n_channels * bins_hz * evl_params_real(p, "segment_s");
}

const evl_entry evl_feature_spectral_peak = {
    .name = "spectral_peak",
    .summary = "The peak of a band, by default of alpha: frequency, centre of gravity, height, power, width.",
    .definition = "Background B(f): the least-squares line through ln P on ln f over background_hz without range_hz. "
                  "The peak is the local maximum of P in range_hz with the largest 10 log10(P / B), if over least_db; "
                  "centre = sum f (P - B)+ / sum (P - B)+ over range_hz; power = sum (P - B)+ df; width: between the "
                  "points where P - B falls to half. All are undefined without a peak.",
    .cite = "Klimesch 1999, doi:10.1016/S0165-0173(98)00056-3 (peak, centre of gravity); Corcoran et al. 2018, "
            "doi:10.1111/psyp.13064 (no value without a peak)",
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
