/* heart_spectrum: slow and fast variability of the heart's intervals. */
#include "heartbeats_priv.h"

typedef struct kernel {
  evl_heartbeats *beats;
  int n_bands;
  const evl_band *band;
  double *at_s, *value; /* [most] accepted intervals, less their trend, ms */
} kernel;

static const evl_param params[] = {
    EVL_HEART_PARAMS,
    {"bands", EVL_BANDS, "{ lf = (0.04, 0.15); hf = (0.15, 0.4); }", 1e-3, 2.0, NULL, "Hz",
     "Bands, lower edge included."},
    {0}};

static const evl_output outputs[] = {
    {"power", EVL_PER_WINDOW, "bands", false, "ms^2", 0.0, EVL_ANY_MAX, "Variance of the intervals in the band."},
    {"share", EVL_PER_WINDOW, "bands", false, "1", 0.0, 1.0, "Power in the band over that in all bands."},
    {"ratio", EVL_PER_WINDOW, NULL, false, "1", 0.0, EVL_ANY_MAX,
     "Power in the first band over that in the second (LF/HF)."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->n_bands = evl_params_value(p, "bands")->n;
  k->band = evl_params_value(p, "bands")->bands;
  EVL_TRY(evl_heartbeats_plan(p, "heart_spectrum", shape, products, arena, &k->beats));
  EVL_NEW(arena, k->at_s, k->beats->most);
  EVL_NEW(arena, k->value, k->beats->most);
  evl_scratch_plan(products, (size_t)k->n_bands * sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* Lomb's periodogram, eq. 6 and 7: the mean of sine and cosine parts, each over its own sum of squares. */
static double periodogram(const kernel *k, int n, double hz) {
  const double w = 2.0 * M_PI * hz;
  double sin2 = 0.0, cos2 = 0.0, xc = 0.0, xs = 0.0, cc = 0.0, ss = 0.0;
  for (int i = 0; i < n; i++) {
    sin2 += sin(2.0 * w * k->at_s[i]);
    cos2 += cos(2.0 * w * k->at_s[i]);
  }
  const double phase = 0.5 * atan2(sin2, cos2);
  for (int i = 0; i < n; i++) {
    const double c = cos(w * k->at_s[i] - phase), s = sin(w * k->at_s[i] - phase);
    xc += k->value[i] * c;
    xs += k->value[i] * s;
    cc += c * c;
    ss += s * s;
  }
  return 0.5 * ((cc > 0.0 ? xc * xc / cc : 0.0) + (ss > 0.0 ? xs * xs / ss : 0.0));
}

static int take_intervals(const kernel *k) {
  const evl_heartbeats *b = k->beats;
  int n = 0;
  for (int i = 0; i + 1 < b->n; i++) {
    if (!b->accepted[i]) continue;
    k->at_s[n] = b->at_s[i + 1] - b->at_s[0];
    k->value[n++] = 1e3 * b->interval_s[i];
  }
  const evl_straight line = evl_straight_fit(k->at_s, k->value, (size_t)n);
  for (int i = 0; i < n; i++) k->value[i] -= line.intercept + line.slope * k->at_s[i];
  return n;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  enum { FINER = 4 }; /* than the resolution, so that bands hold whole peaks */
  const kernel *k = planned;
  if (!evl_heartbeats_find(k->beats, window)) return;
  double *power = evl_scratch(k->beats->products), all = 0.0;
  const int n = take_intervals(k);
  const double span_s = k->at_s[n - 1] - k->at_s[0], step_hz = 1.0 / (FINER * span_s);
  if (2 * n < k->beats->n || span_s < 0.5 * window->n_samples / window->fs_hz) return;
  for (int b = 0; b < k->n_bands; b++) {
    power[b] = 0.0;
    for (int f = (int)ceil(k->band[b].low_hz / step_hz); f * step_hz < k->band[b].high_hz; f++)
      power[b] += periodogram(k, n, f * step_hz);
    power[b] *= 2.0 * span_s / n * step_hz;
    all += power[b];
  }
  for (int b = 0; b < k->n_bands; b++) {
    evl_put(out, (size_t)b, power[b]);
    if (all > 0.0) evl_put(out, (size_t)(k->n_bands + b), power[b] / all);
  }
  if (k->n_bands > 1 && power[1] > 0.0) evl_put(out, 2 * (size_t)k->n_bands, power[0] / power[1]);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  const double seconds = shape->n_samples / shape->fs_hz;
  return evl_heartbeats_cost_us(shape) + 0.15 * seconds * seconds;
}

const evl_entry evl_feature_heart_spectrum = {
    .name = "heart_spectrum",
    .summary = "Heart rate variability by frequency: LF, HF and their ratio.",
    .definition = "P(f): Lomb's periodogram of the accepted intervals (those of heart) at the times at which they "
                  "end, less their straight line, times twice the mean distance; power = sum over the band of P(f) "
                  "df, df a quarter of the resolution: a sinusoid of amplitude a has a^2 / 2. Lomb's instead of a "
                  "resampled series, because splines through gaps invent slow power and damp fast. The Task Force "
                  "asks 1 minute of HF and 2 of LF, and takes 5; shorter windows than one minute are refused.",
    .cite = "Lomb 1976, doi:10.1007/BF00648343, eq. 6 and 7; Task Force of the ESC and NASPE 1996, "
            "doi:10.1161/01.CIR.93.5.1043, table 2",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .min_window_s = 60.0,
    .usual_window_s = 300.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
