/* brain_heart: how the EEG goes with the heart, beat by beat and over seconds. */
#include <string.h>

#include "heartbeats_priv.h"
#include "trials_priv.h"
#include "welch_priv.h"

enum { LEAST_SEGMENTS = 10 };

typedef struct kernel {
  evl_products *products;
  evl_heartbeats *beats;
  evl_trials *trials;
  evl_welch *welch;
  int n_channels, n_bands, segment, n_segments;
  evl_bins *band;    /* [n_bands] */
  double *curve;     /* [trial] */
  double *rate;      /* [n_segments] 1/min; NaN outside the beats */
  double *density;   /* [bins] */
  double *power;     /* [n_bands][n_segments] dB */
} kernel;

static const evl_param params[] = {
    EVL_HEART_PARAMS,
    {"bands", EVL_BANDS, "{ delta = (1.0, 4.0); theta = (4.0, 8.0); alpha = (8.0, 12.0); beta = (12.0, 30.0); }", 0.0,
     1e5, NULL, "Hz", "Bands, lower edge included."},
    {"segment_s", EVL_REAL, "2.0", 0.5, 60.0, NULL, "s",
     "Length of the segments of power and rate; they do not overlap."},
    EVL_TRIAL_PARAMS("0.2", "0.6", "(-0.2, -0.05)"),
    EVL_TRIAL_REDUCE,
    {0}};

static const evl_output outputs[] = {
    {"evoked", EVL_PER_CHANNEL, NULL, false, "uV", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Heartbeat-evoked potential: mean over from_s to_s behind the R wave."},
    {"correlation", EVL_PER_CHANNEL, "bands", false, "1", -1.0, 1.0,
     "Of the power in dB and the heart rate, over segments."},
    {"to_heart", EVL_PER_CHANNEL, "bands", false, "1", -1.0, 1.0,
     "Partial correlation of the rate with the power one segment before, given the rate then."},
    {"to_brain", EVL_PER_CHANNEL, "bands", false, "1", -1.0, 1.0,
     "Partial correlation of the power with the rate one segment before, given the power then."},
    {0}};

static evl_status plan_bands(kernel *k, const evl_params *p, const evl_shape *shape, evl_arena *arena) {
  const evl_value *bands = evl_params_value(p, "bands");
  evl_welch_spec spec;
  memset(&spec, 0, sizeof spec);
  k->segment = (int)lround(evl_params_real(p, "segment_s") * shape->fs_hz);
  k->n_segments = shape->n_samples / k->segment;
  k->n_bands = bands->n;
  spec.segment = spec.step = spec.nfft = k->segment;
  spec.taper = EVL_TAPER_HANN;
  spec.subtract_mean = 1;
  if (k->n_segments < LEAST_SEGMENTS + 1)
    return evl_fail(EVL_USAGE, "brain_heart.segment_s = %g: expected at least %d segments in the window, %g s",
                    evl_params_real(p, "segment_s"), LEAST_SEGMENTS + 1, shape->n_samples / shape->fs_hz);
  EVL_TRY(evl_welch_plan(&spec, k->segment, arena, &k->welch));
  EVL_NEW(arena, k->band, k->n_bands);
  EVL_NEW(arena, k->rate, k->n_segments);
  EVL_NEW(arena, k->density, k->segment / 2 + 1);
  EVL_NEW(arena, k->power, (size_t)k->n_bands * (size_t)k->n_segments);
  for (int b = 0; b < k->n_bands; b++) {
    k->band[b] = evl_bins_between(shape->fs_hz, k->segment, bands->bands[b].low_hz, bands->bands[b].high_hz, false);
    if (k->band[b].complete && k->band[b].first >= k->band[b].end)
      return evl_fail(EVL_USAGE, "brain_heart.bands: %s: no frequency of segments of %g s lies within",
                      bands->bands[b].name, k->segment / shape->fs_hz);
  }
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_channels = shape->n_channels;
  EVL_TRY(evl_heartbeats_plan(p, "brain_heart", shape, products, arena, &k->beats));
  EVL_TRY(evl_trials_plan(p, "brain_heart", shape, arena, &k->trials));
  k->trials->reduction = evl_reduce_rule_of(p);
  EVL_NEW(arena, k->curve, k->trials->length);
  *planned = k;
  return plan_bands(k, p, shape, arena);
}

/* Mean over the segment of the rate that lasts from beat to beat, accepted intervals only. */
static void find_rate(const kernel *k) {
  const evl_heartbeats *b = k->beats;
  for (int s = 0; s < k->n_segments; s++) {
    const double from = s * k->segment / b->fs_hz, to = (s + 1) * k->segment / b->fs_hz;
    double seconds = 0.0, beats = 0.0;
    for (int i = 0; i + 1 < b->n; i++) {
      const double shared = fmin(to, b->at_s[i + 1]) - fmax(from, b->at_s[i]);
      if (!(shared > 0.0) || !b->accepted[i]) continue;
      seconds += shared;
      beats += shared / b->interval_s[i];
    }
    k->rate[s] = seconds > 0.5 * (to - from) ? 60.0 * beats / seconds : NAN;
  }
}

static void find_power(const kernel *k, const double *x) {
  for (int s = 0; s < k->n_segments; s++) {
    evl_welch_run(k->welch, x + (size_t)s * (size_t)k->segment, k->segment, k->beats->fs_hz, k->density);
    for (int b = 0; b < k->n_bands; b++) {
      const double sum = evl_sum(k->density + k->band[b].first, k->band[b].end - k->band[b].first);
      k->power[b * k->n_segments + s] = k->band[b].complete && sum > 0.0 && isfinite(sum) ? 10.0 * log10(sum) : NAN;
    }
  }
}

/* Correlations of three series over the segments in which all have a number: r[0] of a and b, r[1] of a and c, r[2]
   of b and c; false where there are too few or one is constant. */
static bool correlations(const double *a, const double *b, const double *c, int n, double r[3]) {
  double mean[3] = {0}, product[3][3] = {{0}};
  int count = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (int i = 0; i < n; i++) {
      const double v[3] = {a[i], b[i], c[i]};
      if (!isfinite(v[0] + v[1] + v[2])) continue;
      count += pass == 0;
      for (int p = 0; p < 3; p++) {
        if (pass == 0) mean[p] += v[p];
        for (int q = 0; pass == 1 && q <= p; q++) product[p][q] += (v[p] - mean[p]) * (v[q] - mean[q]);
      }
    }
    if (count < LEAST_SEGMENTS) return false;
    for (int p = 0; pass == 0 && p < 3; p++) mean[p] /= count;
  }
  for (int p = 0; p < 3; p++)
    if (!(product[p][p] > 1e-20 * count * (1.0 + mean[p] * mean[p]))) return false;
  r[0] = product[1][0] / sqrt(product[0][0] * product[1][1]);
  r[1] = product[2][0] / sqrt(product[0][0] * product[2][2]);
  r[2] = product[2][1] / sqrt(product[1][1] * product[2][2]);
  return true;
}

static double within(double r) { return fmax(-1.0, fmin(1.0, r)); }

/* Of `later` with `other` one segment before, given `later` then. */
static double partial(const double *later, const double *other, int n) {
  double r[3];
  if (!correlations(later + 1, other, later, n - 1, r)) return NAN;
  const double left = (1.0 - r[1] * r[1]) * (1.0 - r[2] * r[2]);
  return left > 1e-12 ? within((r[0] - r[1] * r[2]) / sqrt(left)) : NAN;
}

static void measure(const kernel *k, const double *x, size_t c, evl_out *out) {
  const size_t n_channels = (size_t)k->n_channels, cells = n_channels * (size_t)k->n_bands;
  double r[3];
  if (k->trials->n > 0) {
    evl_trials_level(k->trials, x);
    evl_trials_curve(k->trials, x, k->curve);
    evl_put(out, c, evl_mean(k->curve, (size_t)k->trials->length));
  }
  find_power(k, x);
  for (size_t b = 0; b < (size_t)k->n_bands; b++) {
    const double *power = k->power + b * (size_t)k->n_segments;
    const size_t i = n_channels + b * n_channels + c;
    if (correlations(power, k->rate, k->rate, k->n_segments, r)) evl_put(out, i, within(r[0]));
    evl_put(out, cells + i, partial(k->rate, power, k->n_segments));
    evl_put(out, 2 * cells + i, partial(power, k->rate, k->n_segments));
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  evl_trials *t = k->trials;
  if (!evl_heartbeats_find(k->beats, window)) return;
  t->n = 0;
  for (int i = 0; i < k->beats->n && t->n < t->most; i++) {
    const int at = (int)lround(k->beats->at_s[i] * t->fs_hz);
    if (at + t->reach_first >= 0 && at + t->reach_end <= t->n_samples) t->at[t->n++] = at;
  }
  find_rate(k);
  for (size_t c = 0; c < (size_t)k->n_channels; c++)
    if (usable[c]) measure(k, window->x + c * window->ld, c, out);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return evl_heartbeats_cost_us(shape) +
         shape->n_channels * (0.01 * shape->n_samples + 2.0 * evl_params_value(p, "bands")->n);
}

const evl_entry evl_feature_brain_heart = {
    .name = "brain_heart",
    .summary = "Brain-heart coupling: heartbeat-evoked potential, and band power against heart rate in both "
               "directions.",
    .definition = "R waves as heart has them. evoked: mean over from_s to_s of the trimmed mean over beats of x less "
                  "its baseline. With p_s = dB of band power and h_s = mean heart rate of segment s: correlation "
                  "r(p_s, h_s); to_heart r(h_s, p_{s-1} | h_{s-1}); to_brain r(p_s, h_{s-1} | p_{s-1}), |: partial. "
                  "These are the standardised lag-one couplings that the synthetic data generation model of "
                  "Catrambone et al. has in its half from heart to brain; its other half divides pulse-modulation "
                  "coefficients by EEG power, whose values follow that power even without coupling, so partial "
                  "correlations stand for both directions here. Segments do not overlap, because shared samples would "
                  "be a lag-one coupling. The channel of the heart has values as any other.",
    .cite = "Schandry et al. 1986, doi:10.1007/BF01106413 (evoked); Catrambone et al. 2019, "
            "doi:10.1007/s10439-019-02251-y; Hermann et al. 2024, doi:10.1002/acn3.52000",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_ORDER,
    .min_window_s = 60.0,
    .usual_window_s = 300.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
